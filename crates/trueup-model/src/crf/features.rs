//! What the chain sees of a token: facts of the words around it, by template.
//!
//! A template is a list of (offset, fact) pairs; a feature is a template with its values, known by a 64-bit hash.
//! [`FeatureMap`] gives the features of the training part dense ids. Most templates look at one word, so their ids are
//! worked out once a distinct word ([`Encoder`]) and not once a token.

use rustc_hash::FxHashMap;

use super::facts::{FACTS, Fact, Facts, beyond, facts, stir};

use Fact::{
    Always, Case, Digits, Hyphen, Lower, Masked, Outline, Prefix1, Prefix2, Prefix3, Prefix4, Punctuation, Shape,
    Suffix1, Suffix2, Suffix3, Suffix4, Word,
};

/// Templates over one word: the facts looked at, by offset.
const SINGLE: [(isize, &[Fact]); 5] = [
    (-2, &[Lower, Outline]),
    (-1, &[Word, Lower, Outline, Suffix3, Case]),
    (
        0,
        &[
            Always,
            Word,
            Lower,
            Masked,
            Shape,
            Outline,
            Case,
            Digits,
            Hyphen,
            Punctuation,
            Prefix1,
            Prefix2,
            Prefix3,
            Prefix4,
            Suffix1,
            Suffix2,
            Suffix3,
            Suffix4,
        ],
    ),
    (1, &[Word, Lower, Outline, Suffix3, Case]),
    (2, &[Lower, Outline]),
];

/// Templates over several words.
const JOINT: [&[(isize, Fact)]; 5] = [
    &[(-1, Lower), (0, Lower)],
    &[(0, Lower), (1, Lower)],
    &[(-1, Outline), (0, Outline)],
    &[(0, Outline), (1, Outline)],
    &[(-1, Outline), (0, Outline), (1, Outline)],
];

/// A joint feature that training did not see.
const UNSEEN: u32 = u32::MAX;

/// Hashes of the features of a word seen from `slot` of [`SINGLE`].
fn single(facts: &Facts, slot: usize) -> impl Iterator<Item = u64> {
    SINGLE[slot]
        .1
        .iter()
        .filter(|&&fact| facts[fact as usize] != 0)
        .map(move |&fact| stir(stir((slot * FACTS + fact as usize) as u64, 0x51), facts[fact as usize]))
}

/// Hash of the feature of a joint template; `None` where a word lacks the fact.
fn joint(template: usize, facts_at: impl Fn(isize) -> usize, words: &[Facts]) -> Option<u64> {
    let mut hash = stir(template as u64, 0x4a);
    for &(offset, fact) in JOINT[template] {
        let value = words[facts_at(offset)][fact as usize];
        if value == 0 {
            return None;
        }
        hash = stir(hash, value);
    }
    Some(hash)
}

/// The distinct words met so far. Words 0 and 1 stand for the places before and after a sentence.
struct Lexicon<'a> {
    ids: FxHashMap<&'a str, u32>,
    facts: Vec<Facts>,
    lower: String,
}

impl<'a> Lexicon<'a> {
    fn new() -> Self {
        Self { ids: FxHashMap::default(), facts: vec![beyond(1), beyond(2)], lower: String::new() }
    }

    fn id(&mut self, word: &'a str) -> u32 {
        let next = self.facts.len() as u32;
        let id = *self.ids.entry(word).or_insert(next);
        if id == next {
            self.facts.push(facts(word, &mut self.lower));
        }
        id
    }
}

/// The word at `offset` from token `at` of a sentence.
fn neighbour(words: &[u32], at: usize, offset: isize) -> usize {
    match at.checked_add_signed(offset) {
        None => 0,
        Some(i) => words.get(i).map_or(1, |&word| word as usize),
    }
}

/// Ids of the features that training saw often enough.
#[derive(Debug, Clone)]
pub(crate) struct FeatureMap {
    ids: FxHashMap<u64, u32>,
}

impl FeatureMap {
    /// Features with at least `min_count` uses in the sentences (each a list of words). Ids go by first use.
    pub fn build(sentences: &[Vec<&str>], min_count: u32) -> Self {
        let mut lexicon = Lexicon::new();
        let encoded: Vec<Vec<u32>> =
            sentences.iter().map(|words| words.iter().map(|word| lexicon.id(word)).collect()).collect();
        let mut uses = vec![[0u32; SINGLE.len()]; lexicon.facts.len()];
        for words in &encoded {
            for at in 0..words.len() {
                for (slot, (offset, _)) in SINGLE.iter().enumerate() {
                    uses[neighbour(words, at, *offset)][slot] += 1;
                }
            }
        }

        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        let mut order = Vec::new();
        let mut count = |hash: u64, n: u32| {
            let sum = counts.entry(hash).or_insert(0);
            if *sum == 0 {
                order.push(hash);
            }
            *sum += n;
        };
        for (facts, uses) in lexicon.facts.iter().zip(&uses) {
            for (slot, &n) in uses.iter().enumerate().filter(|&(_, &n)| n > 0) {
                single(facts, slot).for_each(|hash| count(hash, n));
            }
        }
        for words in &encoded {
            for at in 0..words.len() {
                for template in 0..JOINT.len() {
                    if let Some(hash) = joint(template, |offset| neighbour(words, at, offset), &lexicon.facts) {
                        count(hash, 1);
                    }
                }
            }
        }
        order.retain(|hash| counts[hash] >= min_count);
        Self { ids: order.into_iter().zip(0..).collect() }
    }

    /// How many features there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }
}

/// A sentence ready for [`Encoder::features`].
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    words: Vec<u32>,
    /// Ids of the joint features, one a token and template.
    joint: Vec<u32>,
}

impl Encoded {
    /// Tokens.
    pub fn len(&self) -> usize {
        self.words.len()
    }
}

/// Turns words into feature ids, remembering each distinct word.
pub(crate) struct Encoder<'m, 'a> {
    map: &'m FeatureMap,
    lexicon: Lexicon<'a>,
    /// Ids of each word's features, slot by slot.
    ids: Vec<u32>,
    /// Where the list of (word, slot) ends in `ids`; it starts where the one before ends.
    ends: Vec<u32>,
}

impl<'m, 'a> Encoder<'m, 'a> {
    /// An encoder that has met no word.
    pub fn new(map: &'m FeatureMap) -> Self {
        Self { map, lexicon: Lexicon::new(), ids: Vec::new(), ends: vec![0] }
    }

    /// How many distinct words it remembers.
    pub fn words(&self) -> usize {
        self.lexicon.facts.len()
    }

    /// Looks up everything about a sentence that the map knows.
    pub fn encode(&mut self, words: &[&'a str]) -> Encoded {
        let words: Vec<u32> = words.iter().map(|word| self.lexicon.id(word)).collect();
        let known = self.ends.len() / SINGLE.len();
        for facts in &self.lexicon.facts[known..] {
            for slot in 0..SINGLE.len() {
                self.ids.extend(single(facts, slot).filter_map(|hash| self.map.ids.get(&hash)));
                self.ends.push(self.ids.len() as u32);
            }
        }
        let mut ids = Vec::with_capacity(words.len() * JOINT.len());
        for at in 0..words.len() {
            for template in 0..JOINT.len() {
                let hash = joint(template, |offset| neighbour(&words, at, offset), &self.lexicon.facts);
                ids.push(hash.and_then(|hash| self.map.ids.get(&hash).copied()).unwrap_or(UNSEEN));
            }
        }
        Encoded { words, joint: ids }
    }

    /// Writes the ids of the features of token `at` to `out`.
    pub fn features(&self, sentence: &Encoded, at: usize, out: &mut Vec<u32>) {
        for (slot, (offset, _)) in SINGLE.iter().enumerate() {
            let list = neighbour(&sentence.words, at, *offset) * SINGLE.len() + slot;
            out.extend_from_slice(&self.ids[self.ends[list] as usize..self.ends[list + 1] as usize]);
        }
        let joint = &sentence.joint[at * JOINT.len()..(at + 1) * JOINT.len()];
        out.extend(joint.iter().copied().filter(|&id| id != UNSEEN));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(encoder: &mut Encoder<'_, 'static>, words: &[&'static str]) -> Vec<Vec<u32>> {
        let encoded = encoder.encode(words);
        (0..words.len())
            .map(|at| {
                let mut ids = Vec::new();
                encoder.features(&encoded, at, &mut ids);
                ids
            })
            .collect()
    }

    #[test]
    fn ids_are_dense_and_the_same_in_context_whoever_asks() {
        let sentences = vec![vec!["Ada", "lives", "in", "Jos"], vec!["in", "Jos", "."]];
        let map = FeatureMap::build(&sentences, 1);
        let mut fresh = Encoder::new(&map);
        let mut used = Encoder::new(&map);
        listed(&mut used, &["unseen", "Jos", "Ada"]);
        for sentence in &sentences {
            assert_eq!(listed(&mut fresh, sentence), listed(&mut used, sentence));
        }
        let mut all: Vec<u32> = sentences.iter().flat_map(|s| listed(&mut fresh, s)).flatten().collect();
        all.sort_unstable();
        all.dedup();
        // Every feature counted is one that some token shows, and the other way round.
        assert_eq!(all, (0..map.len() as u32).collect::<Vec<_>>());
    }

    #[test]
    fn rare_features_are_cut_and_unseen_ones_have_no_id() {
        let sentences = vec![vec!["a", "b"], vec!["a", "c"]];
        let (all, frequent) = (FeatureMap::build(&sentences, 1), FeatureMap::build(&sentences, 2));
        assert!(frequent.len() < all.len());
        let features = |map: &FeatureMap, words: &[&'static str]| listed(&mut Encoder::new(map), words)[0].len();
        // "a" at the start: what it is stays, what follows it (once "b", once "c") does not.
        assert!(features(&frequent, &["a", "b"]) < features(&all, &["a", "b"]));
        assert!(features(&all, &["zebra", "b"]) < features(&all, &["a", "b"]));
        assert_eq!(FeatureMap::build(&sentences, 9).len(), 0);
    }

    #[test]
    fn an_empty_sentence_has_no_feature() {
        assert_eq!(FeatureMap::build(&[vec![]], 1).len(), 0);
    }
}
