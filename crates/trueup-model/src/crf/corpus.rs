//! Examples made ready to learn from: tokens, gold as segments, features by id.
//!
//! Everything that does not depend on which examples are learnt from is worked out once, for all folds of a data set;
//! [`Chosen`] then gives the features that one training part holds ids of their own.

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use trueup_core::{Annotation, Example, Span};

use super::clusters::Clusters;
use super::features::{Lexicon, Own, SLOTS, neighbour, offset, single};
use super::gazetteer::Gazetteer;
use super::model::{tokens, words};
use super::pieces::pieces;
use super::tags::{Alignment, Segment, place};

/// A feature that has no id in a choice.
const NONE: u32 = u32::MAX;

/// Lists of features of a token: one a slot, and its own.
const LISTS: usize = SLOTS + 1;

/// Lists of feature ids, one after the other.
#[derive(Debug, Clone)]
struct Lists {
    ids: Vec<u32>,
    /// Where list `i` starts; it ends where the next one starts.
    starts: Vec<u32>,
}

impl Lists {
    fn new() -> Self {
        Self { ids: Vec::new(), starts: vec![0] }
    }

    /// Ends the list that the ids pushed last belong to.
    fn end(&mut self) {
        self.starts.push(u32::try_from(self.ids.len()).expect("fewer than 2^32 feature uses"));
    }

    #[inline]
    fn list(&self, i: usize) -> &[u32] {
        &self.ids[self.starts[i] as usize..self.starts[i + 1] as usize]
    }

    /// The same lists with `to[id]` for each id, without those that become [`NONE`].
    fn map(&self, to: &[u32]) -> Self {
        let mut out = Self { ids: Vec::new(), starts: Vec::with_capacity(self.starts.len()) };
        out.starts.push(0);
        for pair in self.starts.windows(2) {
            let ids = self.ids[pair[0] as usize..pair[1] as usize].iter().map(|&id| to[id as usize]);
            out.ids.extend(ids.filter(|&id| id != NONE));
            out.end();
        }
        out.ids.shrink_to_fit();
        out
    }
}

/// A sentence to learn from: an example, or a piece of a long one. Its tokens and its gold as segments of them.
pub(super) struct Placed {
    /// Which example.
    pub example: usize,
    /// The gold of a piece, where it is not the whole example.
    pub gold: Option<Annotation>,
    pub tokens: Vec<(u32, u32)>,
    pub segments: Vec<Segment>,
    pub alignment: Alignment,
}

/// The sentences of an example: itself, or its pieces. A gold span belongs to the piece that it starts in or before.
fn placed(number: usize, example: &Example) -> Vec<Placed> {
    let tokens = tokens(example);
    let pieces = pieces(&example.text, &tokens);
    if pieces.len() <= 1 {
        let (segments, alignment) = place(example.gold.spans(), &tokens);
        return vec![Placed { example: number, gold: None, tokens, segments, alignment }];
    }
    let mut from = 0;
    let piece = |range: Range<usize>| {
        let to = tokens.get(range.end).map_or(u32::MAX, |next| next.0);
        let gold = example.gold.spans().iter().filter(|span| (from..to).contains(&span.start));
        let gold: Vec<Span> = gold.copied().collect();
        from = to;
        let tokens = tokens[range].to_vec();
        let (segments, alignment) = place(&gold, &tokens);
        Placed { example: number, gold: Some(Annotation::Spans(gold)), tokens, segments, alignment }
    };
    pieces.into_iter().map(piece).collect()
}

/// Examples with their tokens, gold and features.
pub(super) struct Corpus<'a> {
    pub examples: Vec<&'a Example>,
    pub placed: Vec<Placed>,
    /// The sentences of each example.
    pub sentences: Vec<Range<usize>>,
    /// The words of all sentences; sentence `i` starts at `starts[i]`.
    words: Vec<u32>,
    starts: Vec<usize>,
    /// Features of (word, slot), and of each token its own.
    slots: Lists,
    own: Lists,
    /// The hash of each feature.
    hashes: Vec<u64>,
}

impl<'a> Corpus<'a> {
    /// Prepares `examples`. Ids of features go by first use.
    pub fn new(examples: Vec<&'a Example>, gazetteer: &Gazetteer, clusters: &Clusters) -> Self {
        let placed: Vec<Vec<Placed>> = examples.par_iter().enumerate().map(|(i, example)| placed(i, example)).collect();
        let mut sentences = Vec::with_capacity(examples.len());
        let mut next = 0;
        for of_example in &placed {
            sentences.push(next..next + of_example.len());
            next += of_example.len();
        }
        let placed: Vec<Placed> = placed.into_iter().flatten().collect();
        let mut lexicon = Lexicon::new(clusters);
        let (mut all, mut starts) = (Vec::new(), vec![0]);
        for placed in &placed {
            all.extend(words(&examples[placed.example].text, &placed.tokens).map(|word| lexicon.id(word)));
            starts.push(all.len());
        }

        let mut ids: FxHashMap<u64, u32> = FxHashMap::default();
        let mut hashes = Vec::new();
        let mut id = |hash: u64| {
            *ids.entry(hash).or_insert_with(|| {
                hashes.push(hash);
                hashes.len() as u32 - 1
            })
        };
        let (mut slots, mut own) = (Lists::new(), Lists::new());
        for facts in &lexicon.facts {
            for slot in 0..SLOTS {
                slots.ids.extend(single(facts, slot).map(|(_, hash)| id(hash)));
                slots.end();
            }
        }
        for bounds in starts.windows(2) {
            let words = &all[bounds[0]..bounds[1]];
            let mut features = Own::new(words, &lexicon, gazetteer);
            for at in 0..words.len() {
                features.each(words, at, &lexicon, |hash| own.ids.push(id(hash)));
                own.end();
            }
        }
        Self { examples, placed, sentences, words: all, starts, slots, own, hashes }
    }

    /// The gold of a sentence.
    pub fn gold(&self, sentence: usize) -> &Annotation {
        let placed = &self.placed[sentence];
        placed.gold.as_ref().unwrap_or(&self.examples[placed.example].gold)
    }

    /// The sentences of examples, in their order.
    pub fn sentences(&self, examples: &[usize]) -> Vec<usize> {
        examples.iter().flat_map(|&example| self.sentences[example].clone()).collect()
    }

    /// The words of a sentence, by id.
    fn words(&self, sentence: usize) -> &[u32] {
        &self.words[self.starts[sentence]..self.starts[sentence + 1]]
    }
}

/// The features that a training part holds, by dense ids of their own.
pub(super) struct Chosen {
    slots: Lists,
    own: Lists,
    /// The hash of each feature.
    pub hashes: Vec<u64>,
}

impl Chosen {
    /// Features with at least `min_count` uses in the sentences `train` of `corpus`.
    pub fn new(corpus: &Corpus<'_>, train: &[usize], min_count: u32) -> Self {
        let mut uses = vec![[0u32; SLOTS]; corpus.slots.starts.len() / SLOTS];
        let mut counts = vec![0u32; corpus.hashes.len()];
        for &sentence in train {
            let words = corpus.words(sentence);
            for at in 0..words.len() {
                for slot in 0..SLOTS {
                    uses[neighbour(words, at, offset(slot))][slot] += 1;
                }
                corpus.own.list(corpus.starts[sentence] + at).iter().for_each(|&id| counts[id as usize] += 1);
            }
        }
        for (list, n) in uses.as_flattened().iter().enumerate() {
            corpus.slots.list(list).iter().for_each(|&id| counts[id as usize] += n);
        }
        let wanted = (0u32..).zip(&counts).filter(|(_, n)| **n >= min_count.max(1));
        let keep: Vec<u32> = wanted.map(|(id, _)| id).collect();
        let to = to(&keep, corpus.hashes.len());
        let hashes = keep.iter().map(|&id| corpus.hashes[id as usize]).collect();
        Self { slots: corpus.slots.map(&to), own: corpus.own.map(&to), hashes }
    }

    /// How many features there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Leaves the features `keep` (ascending ids) alone; the id of each becomes its place there.
    pub fn narrow(&mut self, keep: &[u32]) {
        let to = to(keep, self.hashes.len());
        (self.slots, self.own) = (self.slots.map(&to), self.own.map(&to));
        self.hashes = keep.iter().map(|&id| self.hashes[id as usize]).collect();
    }

    /// The features of token `at` of a sentence, in lists.
    #[inline]
    pub fn features(&self, corpus: &Corpus<'_>, sentence: usize, at: usize) -> [&[u32]; LISTS] {
        let words = corpus.words(sentence);
        std::array::from_fn(|slot| {
            if slot == SLOTS {
                self.own.list(corpus.starts[sentence] + at)
            } else {
                self.slots.list(neighbour(words, at, offset(slot)) * SLOTS + slot)
            }
        })
    }
}

/// For each of `len` ids its place in `keep`, else [`NONE`].
fn to(keep: &[u32], len: usize) -> Vec<u32> {
    let mut to = vec![NONE; len];
    (0u32..).zip(keep).for_each(|(new, &old)| to[old as usize] = new);
    to
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn example(text: &str) -> Example {
        Example {
            id: String::new(),
            text: text.to_owned(),
            gold: Annotation::Spans(Vec::new()),
            tokens: Vec::new(),
            group: None,
            time: None,
            metadata: Vec::new(),
            line: 0,
        }
    }

    fn no_lists() -> Gazetteer {
        Gazetteer::new(&std::collections::BTreeMap::new())
    }

    /// The hashes of the features of each token, sorted.
    fn listed(corpus: &Corpus<'_>, chosen: &Chosen, sentence: usize) -> Vec<Vec<u64>> {
        let of = |at| {
            let ids = chosen.features(corpus, sentence, at).into_iter().flatten();
            let mut hashes: Vec<u64> = ids.map(|&id| chosen.hashes[id as usize]).collect();
            hashes.sort_unstable();
            hashes
        };
        (0..corpus.words(sentence).len()).map(of).collect()
    }

    #[test]
    fn features_of_a_part_are_those_of_a_corpus_of_its_own() {
        let texts = ["Ada lives in Jos", "the end", "in Jos .", "Ada", ""].map(example);
        let all: Vec<&Example> = texts.iter().collect();
        let corpus = Corpus::new(all.clone(), &no_lists(), &Clusters::default());
        for part in [vec![0, 2], vec![3, 1, 0], vec![4]] {
            for min_count in [1, 2] {
                let chosen = Chosen::new(&corpus, &part, min_count);
                let own = Corpus::new(part.iter().map(|&i| all[i]).collect(), &no_lists(), &Clusters::default());
                let alone = Chosen::new(&own, &(0..part.len()).collect::<Vec<_>>(), min_count);
                let sorted = |chosen: &Chosen| {
                    let mut hashes = chosen.hashes.clone();
                    hashes.sort_unstable();
                    hashes
                };
                assert_eq!(sorted(&chosen), sorted(&alone));
                for (i, &sentence) in part.iter().enumerate() {
                    assert_eq!(listed(&corpus, &chosen, sentence), listed(&own, &alone, i));
                }
            }
        }
    }

    #[test]
    fn every_feature_counted_is_one_that_some_token_shows() {
        let texts = ["Ada lives in Jos", "in Jos ."].map(example);
        let corpus = Corpus::new(texts.iter().collect(), &no_lists(), &Clusters::default());
        let chosen = Chosen::new(&corpus, &[0, 1], 1);
        let shown = (0..2).flat_map(|sentence| listed(&corpus, &chosen, sentence)).flatten();
        let shown: std::collections::BTreeSet<u64> = shown.collect();
        assert_eq!(shown, chosen.hashes.iter().copied().collect());
        assert_eq!(shown.len(), chosen.len());
    }

    #[test]
    fn rare_features_are_cut_and_narrowing_leaves_what_it_is_told() {
        let texts = ["a b", "a c"].map(example);
        let corpus = Corpus::new(texts.iter().collect(), &no_lists(), &Clusters::default());
        let (all, frequent) = (Chosen::new(&corpus, &[0, 1], 1), Chosen::new(&corpus, &[0, 1], 2));
        assert!(frequent.len() < all.len());
        // "a" at the start: what it is stays, what follows it (once "b", once "c") does not.
        assert!(listed(&corpus, &frequent, 0)[0].len() < listed(&corpus, &all, 0)[0].len());
        assert_eq!(Chosen::new(&corpus, &[0, 1], 9).len(), 0);
        let mut narrow = Chosen::new(&corpus, &[0, 1], 1);
        let keep: Vec<u32> = (0..all.len() as u32).step_by(3).collect();
        narrow.narrow(&keep);
        let kept: Vec<u64> = keep.iter().map(|&id| all.hashes[id as usize]).collect();
        assert_eq!(narrow.hashes, kept);
        let mut expected = listed(&corpus, &all, 1);
        expected.iter_mut().for_each(|hashes| hashes.retain(|hash| kept.contains(hash)));
        assert_eq!(listed(&corpus, &narrow, 1), expected);
    }
}
