//! What the chain sees of a token: facts of the words around it, by template.
//!
//! A template is a list of (offset, fact) pairs; a feature is a template with its values, known by a 64-bit hash. Most
//! templates look at one word, so what they give is worked out once a distinct word and not once a token. The rest, pairs
//! and runs of words and finds in lists of names, are a token's own.

use rustc_hash::FxHashMap;

use super::clusters::Clusters;
use super::facts::{FACTS, Fact, Facts, beyond, facts, stir};
use super::gazetteer::Gazetteer;

use Fact::{
    Always, Case, Cluster, Digits, Hyphen, Lower, Masked, Outline, Prefix1, Prefix2, Prefix3, Prefix4, Punctuation,
    Shape, Suffix1, Suffix2, Suffix3, Suffix4, Word,
};

/// Templates over one word: the facts looked at, by offset; first those that the shape of the word settles.
const SINGLE: [(isize, &[Fact], &[Fact]); 5] = [
    (-2, &[Outline], &[Lower, Cluster]),
    (-1, &[Outline, Case], &[Word, Lower, Suffix3, Cluster]),
    (
        0,
        &[Always, Shape, Outline, Case, Digits, Hyphen, Punctuation],
        &[Word, Lower, Masked, Prefix1, Prefix2, Prefix3, Prefix4, Suffix1, Suffix2, Suffix3, Suffix4, Cluster],
    ),
    (1, &[Outline, Case], &[Word, Lower, Suffix3, Cluster]),
    (2, &[Outline], &[Lower, Cluster]),
];

/// Templates over several words.
const JOINT: [&[(isize, Fact)]; 5] = [
    &[(-1, Lower), (0, Lower)],
    &[(0, Lower), (1, Lower)],
    &[(-1, Outline), (0, Outline)],
    &[(0, Outline), (1, Outline)],
    &[(-1, Outline), (0, Outline), (1, Outline)],
];

/// Places from which a word is seen: two before to two after.
pub(super) const SLOTS: usize = SINGLE.len();

/// The offset of a slot.
pub(super) fn offset(slot: usize) -> isize {
    SINGLE[slot].0
}

/// What the hashes of a slot's features of a fact start from.
const SEEDS: [[u64; FACTS]; SLOTS] = {
    let mut seeds = [[0; FACTS]; SLOTS];
    let mut at = 0;
    while at < SLOTS * FACTS {
        seeds[at / FACTS][at % FACTS] = stir(at as u64, 0x51);
        at += 1;
    }
    seeds
};

fn of(facts: &Facts, slot: usize, wanted: &'static [Fact]) -> impl Iterator<Item = (Fact, u64)> {
    wanted
        .iter()
        .filter(|&&fact| facts[fact as usize] != 0)
        .map(move |&fact| (fact, stir(SEEDS[slot][fact as usize], facts[fact as usize])))
}

/// The features of a word seen from `slot` that all words of its shape ([`shape`]) have: which fact, and the hash.
pub(super) fn of_shape(facts: &Facts, slot: usize) -> impl Iterator<Item = (Fact, u64)> {
    of(facts, slot, SINGLE[slot].1)
}

/// The other features of a word seen from `slot`.
pub(super) fn of_word(facts: &Facts, slot: usize) -> impl Iterator<Item = (Fact, u64)> {
    of(facts, slot, SINGLE[slot].2)
}

/// All of them.
pub(super) fn single(facts: &Facts, slot: usize) -> impl Iterator<Item = (Fact, u64)> {
    of_shape(facts, slot).chain(of_word(facts, slot))
}

/// What settles the features of [`of_shape`]. The places beyond a sentence have no shape, but each an outline of its own.
pub(super) fn shape(facts: &Facts) -> u64 {
    if facts[Shape as usize] == 0 { facts[Outline as usize] } else { facts[Shape as usize] }
}

/// The facts that a joint template looks at, by offset; `None` beyond the last template.
pub(super) fn looks_at(template: usize) -> Option<&'static [(isize, Fact)]> {
    JOINT.get(template).copied()
}

/// Hash of the feature of a joint template; `None` where a word lacks the fact.
pub(super) fn joint(template: usize, words: &[u32], at: usize, facts: &[Facts]) -> Option<u64> {
    let mut hash = stir(template as u64, 0x4a);
    for &(offset, fact) in JOINT[template] {
        let value = facts[neighbour(words, at, offset)][fact as usize];
        if value == 0 {
            return None;
        }
        hash = stir(hash, value);
    }
    Some(hash)
}

/// The word at `offset` from token `at` of a sentence.
pub(super) fn neighbour(words: &[u32], at: usize, offset: isize) -> usize {
    match at.checked_add_signed(offset) {
        None => 0,
        Some(i) => words.get(i).map_or(1, |&word| word as usize),
    }
}

/// The distinct words met so far. Words 0 and 1 stand for the places before and after a sentence.
pub(super) struct Lexicon<'a, 'c> {
    clusters: &'c Clusters,
    ids: FxHashMap<&'a str, u32>,
    pub(super) facts: Vec<Facts>,
    lower: String,
}

impl<'a, 'c> Lexicon<'a, 'c> {
    /// One that has met no word.
    pub fn new(clusters: &'c Clusters) -> Self {
        Self { clusters, ids: FxHashMap::default(), facts: vec![beyond(1), beyond(2)], lower: String::new() }
    }

    /// The id of `word`, given when it is met first.
    pub fn id(&mut self, word: &'a str) -> u32 {
        let next = self.facts.len() as u32;
        let id = *self.ids.entry(word).or_insert(next);
        if id == next {
            let mut facts = facts(word, &mut self.lower);
            self.clusters.tell(&mut facts);
            self.facts.push(facts);
        }
        id
    }
}

/// The features of one sentence that a token has of its own.
pub(super) struct Own {
    /// Of the lists of names, as (token, hash), ascending.
    listed: Vec<(u32, u64)>,
    next: usize,
}

impl Own {
    /// Looks the sentence up in `gazetteer`.
    pub fn new(words: &[u32], lexicon: &Lexicon<'_, '_>, gazetteer: &Gazetteer) -> Self {
        let mut listed = Vec::new();
        gazetteer.find(words.len(), |i| lexicon.facts[words[i] as usize][Lower as usize], &mut listed);
        listed.sort_unstable();
        Self { listed, next: 0 }
    }

    /// Hands the features of token `at` to `take`; tokens must be asked for in order.
    pub fn each(&mut self, words: &[u32], at: usize, lexicon: &Lexicon<'_, '_>, mut take: impl FnMut(u64)) {
        (0..JOINT.len()).filter_map(|template| joint(template, words, at, &lexicon.facts)).for_each(&mut take);
        while let Some(&(_, hash)) = self.listed.get(self.next).filter(|(token, _)| *token as usize == at) {
            take(hash);
            self.next += 1;
        }
    }
}
