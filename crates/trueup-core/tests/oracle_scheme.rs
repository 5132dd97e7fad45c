//! Strict decoding of tags against seqeval's strict mode.
//!
//! `oracles/generate.py` writes seeded random sequences with seqeval's entities. The small file committed beside it is
//! always checked; the large one when `TRUEUP_ORACLE` names it.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;

use trueup_core::scheme::{Chunk, Scheme, Style, Tag, decode};

/// Scheme, then sequences: tags set apart by spaces, and seqeval's entities.
type Decodings = BTreeMap<String, Vec<(String, Vec<(usize, usize, String)>)>>;

#[derive(serde::Deserialize)]
struct Oracle {
    decodings: Decodings,
}

fn fixture() -> Decodings {
    serde_json::from_str(include_str!("oracles/decodings.json")).unwrap()
}

/// Every sequence of `scheme`: its tags, our strict chunks, seqeval's entities.
fn each(
    decodings: &Decodings,
    scheme: Scheme,
    mut check: impl FnMut(&[Tag<&str>], &[Chunk<&str>], &[Chunk<&str>]),
) -> usize {
    let cases = &decodings[scheme.name()];
    for (text, entities) in cases {
        let tags: Vec<Tag<&str>> = text.split(' ').map(|tag| Tag::parse(tag, Style::Prefix).unwrap()).collect();
        let theirs: Vec<Chunk<&str>> =
            entities.iter().map(|(start, end, kind)| (*start, *end, kind.as_str())).collect();
        check(&tags, &decode(&tags, scheme, true).chunks, &theirs);
    }
    cases.len()
}

/// Compares all schemes but IOE1; the number of sequences.
fn agree(decodings: &Decodings) -> usize {
    let schemes = Scheme::ALL.into_iter().filter(|&scheme| scheme != Scheme::Ioe1);
    schemes
        .map(|scheme| each(decodings, scheme, |tags, ours, theirs| assert_eq!(ours, theirs, "{scheme} {tags:?}")))
        .sum()
}

/// seqeval's IOE1 is marked unfinished in its source: `E` opens no chunk there. Ours also has the chunks of one token
/// that another of the same type follows, and is the same in all else. The number of such chunks.
fn ioe1_differs_by_chunks_of_one_token(decodings: &Decodings) -> usize {
    let mut more = 0;
    each(decodings, Scheme::Ioe1, |tags, ours, theirs| {
        let opened_by_e = |chunk: &&Chunk<&str>| tags[chunk.0].letter == b'E' && !theirs.contains(chunk);
        for &(start, end, kind) in ours.iter().filter(opened_by_e) {
            assert!(end == start + 1 && tags[end].kind == kind, "{tags:?}");
            more += 1;
        }
        let rest: Vec<Chunk<&str>> = ours.iter().filter(|chunk| !opened_by_e(chunk)).copied().collect();
        assert_eq!(rest, theirs, "{tags:?}");
    });
    more
}

#[test]
fn strict_chunks_are_those_of_seqeval() {
    assert_eq!(agree(&fixture()), 5 * 40);
}

#[test]
fn difference_ioe1_has_chunks_of_one_token_before_another() {
    assert!(ioe1_differs_by_chunks_of_one_token(&fixture()) > 0);
}

#[test]
fn strict_chunks_are_those_of_seqeval_on_many_sequences() {
    let Some(path) = std::env::var_os("TRUEUP_ORACLE") else {
        println!("1 skipped: no oracle");
        return;
    };
    let oracle: Oracle = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let compared = agree(&oracle.decodings);
    let more = ioe1_differs_by_chunks_of_one_token(&oracle.decodings);
    assert!(compared > 10_000 && more > 0, "{compared} sequences, {more} chunks");
    println!("{compared} sequences agree; under IOE1 {more} chunks of one token more");
}
