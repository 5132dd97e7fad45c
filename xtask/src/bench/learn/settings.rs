//! The settings that both sides are timed with.
//!
//! They were chosen by `xtask/peers/learn_search.py`, which opens no test file: by macro-F1, for entities by F1, on the
//! development part of a set, or on a fifth of the training part where it has none. Up to six settings were tried a
//! side (a penalty of scikit-learn's from the strongest, until two in a row were no better); of fastText, which has more
//! of them, nine; of spaCy the number of epochs, until four in a row were no better. Not searched: logistic regression
//! on clinc150, tweeteval_emoji and goemotions, which takes an hour; its C there is a guess from that of `LinearSVC`.

use super::race::{Peer, Set};

const fn peer(name: &'static str, settings: &'static [&'static str]) -> Peer {
    Peer { name, settings, once: false }
}

/// A peer that runs once.
const fn slow(name: &'static str, settings: &'static [&'static str]) -> Peer {
    Peer { name, settings, once: true }
}

/// Classification.
pub const LINEAR: &[Set] = &[
    Set {
        name: "banking77",
        ours: &["l2=0.1"],
        peers: &[
            peer("linearsvc", &["C=1"]),
            peer("fasttext", &["lr=0.5", "epoch=50", "ngrams=2", "dim=50"]),
            slow("logreg", &["C=30"]),
        ],
        kept: 0,
    },
    Set {
        name: "clinc150",
        ours: &["l2=0.003"],
        peers: &[
            peer("linearsvc", &["C=3"]),
            peer("fasttext", &["lr=1.0", "epoch=50", "ngrams=2", "dim=100", "minn=2", "maxn=5"]),
            slow("logreg", &["C=30"]),
        ],
        kept: 0,
    },
    Set {
        name: "trec",
        ours: &[],
        peers: &[
            peer("linearsvc", &["C=1"]),
            peer("fasttext", &["lr=0.5", "epoch=25", "ngrams=2", "dim=20"]),
            slow("logreg", &["C=300"]),
        ],
        kept: 0,
    },
    Set {
        name: "sst2",
        ours: &["l2=0.2"],
        peers: &[
            peer("linearsvc", &["C=3"]),
            peer("fasttext", &["lr=0.1", "epoch=25", "ngrams=2", "dim=50", "minn=2", "maxn=5"]),
            slow("logreg", &["C=3"]),
        ],
        kept: 0,
    },
    Set {
        name: "tweeteval_emoji",
        ours: &["l2=0.0125"],
        peers: &[
            peer("linearsvc", &["C=0.3"]),
            peer("fasttext", &["lr=0.1", "epoch=25", "ngrams=2", "dim=100"]),
            slow("logreg", &["C=10"]),
        ],
        kept: 0,
    },
    Set {
        name: SEVERAL,
        ours: &["l2=0.003"],
        peers: &[
            slow("linearsvc", &["C=10"]),
            peer("fasttext", &["lr=1.0", "epoch=25", "ngrams=2", "dim=50", "minn=2", "maxn=5"]),
            slow("logreg", &["C=100"]),
        ],
        kept: 0,
    },
];

/// The set of which a text can have several labels.
pub const SEVERAL: &str = "goemotions";

/// Entities.
pub const CRF: &[Set] = &[
    Set {
        name: "ncbi_disease",
        ours: &["learning_rate=0.025"],
        peers: &[slow("crfsuite", &["c1=0", "c2=0.1"]), slow("spacy", &["epochs=4"])],
        kept: 0,
    },
    Set {
        name: "bc5cdr",
        ours: &[],
        peers: &[slow("crfsuite", &["c1=0.1", "c2=0.1"]), slow("spacy", &["epochs=8"])],
        kept: 0,
    },
    Set { name: "wnut17", ours: &["learning_rate=0.1"], peers: &[slow("crfsuite", &["c1=0.1", "c2=0.01"])], kept: 0 },
    Set { name: "wikigold", ours: &["learning_rate=0.025"], peers: &[slow("crfsuite", &["c1=0", "c2=0.1"])], kept: 0 },
];
