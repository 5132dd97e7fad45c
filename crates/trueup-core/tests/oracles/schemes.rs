//! Strict decoding of tags against seqeval's strict mode, on random sequences under each scheme.

use std::collections::BTreeMap;

use trueup_core::scheme::{Chunk, Scheme, Style, Tag, decode};

use crate::compare::{self, Tally};

/// Scheme, then sequences: tags set apart by spaces, and seqeval's entities.
type Decodings = BTreeMap<String, Vec<(String, Vec<(usize, usize, String)>)>>;

fn committed() -> Decodings {
    compare::small(include_str!("small/schemes.json")).cases
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
    assert_eq!(agree(&committed()), 5 * 10);
}

#[test]
fn difference_ioe1_has_chunks_of_one_token_before_another() {
    assert!(ioe1_differs_by_chunks_of_one_token(&committed()) > 0);
}

#[test]
fn strict_chunks_are_those_of_seqeval_on_many_sequences() {
    let Some(oracle) = compare::live::<Decodings>("schemes") else { return };
    let compared = agree(&oracle.cases);
    let more = ioe1_differs_by_chunks_of_one_token(&oracle.cases);
    assert!(compared > 10_000 && more > 0, "{compared} sequences, {more} chunks");
    let chunks = oracle.cases.values().flatten().map(|(_, chunks)| chunks.len() as u64).sum();
    Tally { cases: compared as u64, figures: chunks, greatest: 0.0 }.record("schemes", &oracle.peers);
}
