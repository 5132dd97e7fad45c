//! The settings that both sides are timed with.
//!
//! They were chosen by `xtask/peers/learn_search.py`, which opens no test file: by macro-F1, for entities by F1, on the
//! development part of a set, or on a fifth of the training part where it has none. Six settings were tried a side; of
//! fastText, which has more of them, nine; of spaCy two, each with the number of epochs that was best within thirty.

use super::race::{Peer, Set};

const fn peer(name: &'static str, settings: &'static [&'static str]) -> Peer {
    Peer { name, settings }
}

/// Classification.
pub const LINEAR: &[Set] = &[
    Set {
        name: "banking77",
        ours: &[],
        peers: &[peer("linearsvc", &["C=1"]), peer("fasttext", &["lr=1.0"]), peer("logreg", &["C=10"])],
        kept: 0,
    },
    Set {
        name: "clinc150",
        ours: &[],
        peers: &[peer("linearsvc", &["C=3"]), peer("fasttext", &["lr=1.0"]), peer("logreg", &["C=30"])],
        kept: 0,
    },
    Set {
        name: "trec",
        ours: &[],
        peers: &[peer("linearsvc", &["C=1"]), peer("fasttext", &["lr=0.5"]), peer("logreg", &["C=30"])],
        kept: 0,
    },
    Set {
        name: "sst2",
        ours: &[],
        peers: &[peer("linearsvc", &["C=3"]), peer("fasttext", &["lr=0.5"]), peer("logreg", &["C=30"])],
        kept: 0,
    },
    Set {
        name: "tweeteval_emoji",
        ours: &[],
        peers: &[peer("linearsvc", &["C=1"]), peer("fasttext", &["lr=0.1"]), peer("logreg", &["C=10"])],
        kept: 0,
    },
    Set {
        name: SEVERAL,
        ours: &[],
        peers: &[peer("linearsvc", &["C=1"]), peer("fasttext", &["lr=0.5"]), peer("logreg", &["C=10"])],
        kept: 0,
    },
];

/// The set of which a text can have several labels.
pub const SEVERAL: &str = "goemotions";

/// Entities.
pub const CRF: &[Set] = &[
    Set {
        name: "ncbi_disease",
        ours: &[],
        peers: &[peer("crfsuite", &["c1=0.1", "c2=0.1"]), peer("spacy", &["epochs=10", "dropout=0.2"])],
        kept: 0,
    },
    Set {
        name: "bc5cdr",
        ours: &[],
        peers: &[peer("crfsuite", &["c1=0.1", "c2=0.1"]), peer("spacy", &["epochs=10", "dropout=0.2"])],
        kept: 0,
    },
    Set { name: "wnut17", ours: &[], peers: &[peer("crfsuite", &["c1=0.1", "c2=0.1"])], kept: 0 },
    Set { name: "wikigold", ours: &[], peers: &[peer("crfsuite", &["c1=0.1", "c2=0.1"])], kept: 0 },
];
