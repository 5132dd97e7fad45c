//! Twins: which examples repeat, within a side and across.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use trueup_core::document::LeakKind;
use trueup_core::similarity::Corpus;
use trueup_core::{Annotation, Dataset};

use super::evidence::{DuplicateGroup, LeakPair, NearPair, Place, SideName};
use super::rules::recurs_naturally;

/// Jaccard of character 5-grams from which two texts are near duplicates.
pub const NEAR: f64 = 0.8;

/// The most pairs that are listed in full: a few hundred thousand texts of ordinary data stay below it.
const MOST_PAIRS: u64 = 2_000_000;

/// The texts of all sides, prepared once, and where each stands.
pub struct Twins<'a> {
    sides: Vec<(SideName, &'a Dataset)>,
    places: Vec<Place>,
    corpus: Corpus,
}

impl<'a> Twins<'a> {
    /// Prepares the texts of `sides`; a side without texts takes no part.
    pub fn new(sides: Vec<(SideName, &'a Dataset)>) -> Self {
        let with_text = || sides.iter().filter(|(_, data)| data.has_text);
        let places =
            with_text().flat_map(|&(side, data)| (0..data.len()).map(move |row| Place { side, row })).collect();
        let texts: Vec<&str> =
            with_text().flat_map(|(_, data)| data.examples.iter().map(|e| e.text.as_str())).collect();
        let corpus = Corpus::new(&texts);
        Self { sides, places, corpus }
    }

    fn is(&self, text: u32, side: SideName) -> bool {
        self.places[text as usize].side == side
    }

    fn example(&self, place: Place) -> &'a trueup_core::Example {
        let (_, data) = self.sides.iter().find(|(side, _)| *side == place.side).expect("places come from the sides");
        &data.examples[place.row]
    }

    /// Whether both have the same gold. Spans of texts that differ stand at other places, so spans are compared by what
    /// they say.
    fn same_gold(&self, a: Place, b: Place) -> bool {
        let (a, b) = (self.example(a), self.example(b));
        let said = |example: &'a trueup_core::Example| {
            example.gold.spans().iter().map(|span| (span.label, &example.text[span.range()])).collect::<Vec<_>>()
        };
        match &a.gold {
            Annotation::Spans(_) => said(a) == said(b),
            gold => *gold == b.gold,
        }
    }

    /// Whether the text at `place` recurs by itself, so that a twin is no leak.
    fn recurs(&self, place: Place) -> bool {
        recurs_naturally(self.sides[0].1.task, &self.example(place).text)
    }

    /// One number a row of `side`: rows with the same number are twins, directly or by way of others.
    pub fn clusters(&self, side: SideName) -> Vec<u32> {
        self.numbers(side, || self.corpus.clusters(NEAR))
    }

    /// One number a row of `side`: rows with the same number are exact duplicates.
    pub fn exact_clusters(&self, side: SideName) -> Vec<u32> {
        self.numbers(side, || (0..self.places.len() as u32).map(|text| self.corpus.members(text)[0]).collect())
    }

    fn numbers(&self, side: SideName, all: impl Fn() -> Vec<u32>) -> Vec<u32> {
        let data = self.sides.iter().find(|(name, _)| *name == side).map(|(_, data)| data);
        if data.is_none_or(|data| !data.has_text) {
            return (0..data.map_or(0, |data| data.len()) as u32).collect();
        }
        self.places.iter().zip(all()).filter(|(place, _)| place.side == side).map(|(_, cluster)| cluster).collect()
    }

    /// Groups of equal normalised text over all sides. Empty texts are no duplicates of each other.
    pub fn duplicates(&self) -> Vec<DuplicateGroup> {
        let groups = self.corpus.exact_groups().into_iter();
        groups
            .filter(|group| !self.corpus.normalised(group.members[0]).is_empty())
            .map(|group| {
                let members: Vec<Place> = group.members.iter().map(|&m| self.places[m as usize]).collect();
                let same_gold = members.iter().all(|&place| self.same_gold(members[0], place));
                DuplicateGroup { byte_equal: group.byte_equal(), same_gold, members }
            })
            .collect()
    }

    /// All pairs of near duplicates on the same side, every pair once. Where texts come from a template, so that the
    /// pairs would outnumber the texts by far, each example's closest one only.
    pub fn near(&self) -> Vec<NearPair> {
        let mut sizes: FxHashMap<u32, u64> = FxHashMap::default();
        self.corpus.clusters(NEAR).into_iter().for_each(|cluster| *sizes.entry(cluster).or_default() += 1);
        // A sum of whole numbers is the same in any order.
        #[allow(clippy::iter_over_hash_type)]
        let most: u64 = sizes.values().map(|size| size * (size - 1) / 2).sum();
        let mut pairs: Vec<(Place, Place, f64)> = Vec::new();
        for &(side, _) in &self.sides {
            let on = |text: u32| self.is(text, side);
            let found = if most <= MOST_PAIRS {
                self.corpus.pairs_between(NEAR, on, on)
            } else {
                self.corpus.best_partners(NEAR, on, on)
            };
            for found in found {
                let (a, b) = (self.places[found.a as usize], self.places[found.b as usize]);
                pairs.push((a.min(b), a.max(b), found.similarity));
            }
        }
        pairs.sort_by_key(|pair| (pair.0, pair.1));
        pairs.dedup_by_key(|pair| (pair.0, pair.1));
        pairs
            .into_iter()
            .map(|(a, b, similarity)| NearPair { a, b, similarity, same_gold: self.same_gold(a, b) })
            .collect()
    }

    /// Each evaluated example that has a twin in training, with the closest one: exact before near, exact first in the
    /// list, then by row.
    pub fn leaks(&self) -> Vec<LeakPair> {
        let mut leaks = Vec::new();
        let mut leaked = BTreeSet::new();
        for (text, place) in self.places.iter().enumerate().filter(|(_, place)| place.side == SideName::Test) {
            let text = text as u32;
            if self.recurs(*place) {
                continue;
            }
            let twins = self.corpus.members(text).iter().filter(|&&m| self.is(m, SideName::Train));
            let example = self.example(*place);
            // The twin that is equal byte by byte, if there is one; else the first.
            let best = twins
                .map(|&m| self.places[m as usize])
                .min_by_key(|&twin| (self.example(twin).text != example.text, twin));
            if let Some(twin) = best {
                leaked.insert(place.row);
                leaks.push(LeakPair {
                    test: place.row,
                    train: twin.row,
                    kind: LeakKind::Exact,
                    similarity: 1.0,
                    byte_equal: self.example(twin).text == example.text,
                    same_gold: self.same_gold(twin, *place),
                });
            }
        }
        let near = self.corpus.best_partners(NEAR, |t| self.is(t, SideName::Test), |t| self.is(t, SideName::Train));
        for found in near {
            let (place, twin) = (self.places[found.a as usize], self.places[found.b as usize]);
            if !self.recurs(place) && leaked.insert(place.row) {
                leaks.push(LeakPair {
                    test: place.row,
                    train: twin.row,
                    kind: LeakKind::Near,
                    similarity: found.similarity,
                    byte_equal: false,
                    same_gold: self.same_gold(twin, place),
                });
            }
        }
        leaks
    }
}
