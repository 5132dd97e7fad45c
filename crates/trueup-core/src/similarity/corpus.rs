//! Texts prepared once, and every question about their twins.

use rayon::prelude::*;

use super::Similar;
use super::clusters;
use super::duplicates::{Distinct, ExactGroup};
use super::jaccard::{Threshold, jaccard, overlap};
use super::join::{Index, NO_GROUP, Partners};
use super::shingles::Shingles;

/// Sets that one task of a parallel join probes at least, so that its working memory pays.
const TASK: usize = 128;

/// Texts, normalised and cut into sets of character 5-grams, each distinct text once.
///
/// All indices are those of the texts given. Pairs are over distinct texts: the lowest index stands for the exact
/// duplicates of a text, and [`Corpus::members`] lists them, because a thousand copies of two near-duplicates would make a
/// million pairs.
#[derive(Debug)]
pub struct Corpus {
    distinct: Distinct,
    sets: Shingles,
}

impl Corpus {
    /// Prepares `texts` as they are; they need not be normalised.
    pub fn new(texts: &[&str]) -> Self {
        let distinct = Distinct::new(texts);
        let sets = Shingles::new(&distinct.texts);
        Self { distinct, sets }
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.distinct.of.len()
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.distinct.of.is_empty()
    }

    /// Text `text`, normalised.
    pub fn normalised(&self, text: u32) -> &str {
        &self.distinct.texts[self.distinct.of[text as usize] as usize]
    }

    /// The texts that are equal to text `text` once normalised, itself among them; ascending.
    pub fn members(&self, text: u32) -> &[u32] {
        self.distinct.members(self.distinct.of[text as usize])
    }

    /// The groups of exact duplicates, by first member.
    pub fn exact_groups(&self) -> Vec<ExactGroup> {
        self.distinct.groups()
    }

    /// The Jaccard similarity of two texts, from 0 to 1.
    pub fn similarity(&self, a: u32, b: u32) -> f64 {
        let (a, b) = (self.distinct.of[a as usize], self.distinct.of[b as usize]);
        if a == b {
            return 1.0;
        }
        let shared = overlap(self.sets.set(a), self.sets.set(b), 0).unwrap_or(0);
        jaccard(shared, self.sets.size(a), self.sets.size(b))
    }

    /// All pairs of different texts with a similarity of at least `threshold` (above 0, at most 1; panics otherwise),
    /// `a < b`, sorted.
    ///
    /// A set of n mutual near-duplicates has n²/2 pairs, and they are all listed. Where the texts may come from one
    /// template, ask [`Corpus::clusters`] or [`Corpus::best_partners`], whose answers grow with the texts.
    pub fn near_pairs(&self, threshold: f64) -> Vec<Similar> {
        let every = (0..self.sets.len() as u32).collect();
        let index = Index::new(&self.sets, every, Threshold::new(threshold), Partners::NotSmaller);
        let found: Vec<Vec<Similar>> = (0..self.sets.len())
            .into_par_iter()
            .with_min_len(TASK)
            .map_init(
                || index.scratch(),
                |scratch, rank| {
                    let id = index.order()[rank];
                    let mut found = Vec::new();
                    // Each pair is found from its larger member.
                    let ranks = index.ranks(id).start..rank as u32;
                    index.probe(id, ranks, NO_GROUP, scratch, |other, need| {
                        if let Some(similarity) = self.verified(id, other, need) {
                            let (a, b) = (self.distinct.members(id)[0], self.distinct.members(other)[0]);
                            found.push(Similar { a: a.min(b), b: a.max(b), similarity });
                        }
                    });
                    found
                },
            )
            .collect();
        sorted(found)
    }

    /// All pairs of a text of the left side (`a`) and a different one of the right side (`b`) with a similarity of at
    /// least `threshold` (above 0, at most 1; panics otherwise), sorted. On each side the lowest index stands for the
    /// exact duplicates on that side. A text may be on both sides.
    pub fn pairs_between(
        &self,
        threshold: f64,
        left: impl Fn(u32) -> bool + Sync,
        right: impl Fn(u32) -> bool + Sync,
    ) -> Vec<Similar> {
        let lefts = self.first_members(left);
        let rights = self.first_members(right);
        let index = Index::new(&self.sets, present(&rights), Threshold::new(threshold), Partners::All);
        let found: Vec<Vec<Similar>> = present(&lefts)
            .into_par_iter()
            .with_min_len(TASK)
            .map_init(
                || index.scratch(),
                |scratch, id| {
                    let mut found = Vec::new();
                    index.probe(id, index.ranks(id), NO_GROUP, scratch, |other, need| {
                        if other == id {
                            return;
                        }
                        let (Some(a), Some(b)) = (lefts[id as usize], rights[other as usize]) else {
                            return;
                        };
                        if let Some(similarity) = self.verified(id, other, need) {
                            found.push(Similar { a, b, similarity });
                        }
                    });
                    found
                },
            )
            .collect();
        sorted(found)
    }

    /// For every query text (`a`) that has one, its most similar different partner (`b`) with a similarity of at least
    /// `threshold` (above 0, at most 1; panics otherwise); ties by the lowest index; by ascending `a`. Exact duplicates
    /// are no partners of each other here, but each query text is listed.
    pub fn best_partners(
        &self,
        threshold: f64,
        query: impl Fn(u32) -> bool + Sync,
        partner: impl Fn(u32) -> bool + Sync,
    ) -> Vec<Similar> {
        let queries = self.first_members(&query);
        let partners = self.first_members(partner);
        let index = Index::new(&self.sets, present(&partners), Threshold::new(threshold), Partners::All);
        let best: Vec<Option<(u32, f64)>> = (0..self.sets.len() as u32)
            .into_par_iter()
            .with_min_len(TASK)
            .map_init(
                || index.scratch(),
                |scratch, id| {
                    queries[id as usize]?;
                    index.best(id, scratch, |other| partners[other as usize].unwrap_or(u32::MAX))
                },
            )
            .collect();
        let of =
            |a: u32| best[self.distinct.of[a as usize] as usize].map(|(b, similarity)| Similar { a, b, similarity });
        (0..self.len() as u32).filter(|&a| query(a)).filter_map(of).collect()
    }

    /// The cluster of every text: connected components over exact duplicates and pairs with a similarity of at least
    /// `threshold` (above 0, at most 1; panics otherwise), numbered from 0 by first occurrence.
    pub fn clusters(&self, threshold: f64) -> Vec<u32> {
        let mut components = clusters::components(&self.sets, Threshold::new(threshold));
        let mut numbers = vec![u32::MAX; self.sets.len()];
        let mut next = 0;
        let mut number = |&id: &u32| {
            let number = &mut numbers[components.root(id) as usize];
            if *number == u32::MAX {
                *number = next;
                next += 1;
            }
            *number
        };
        self.distinct.of.iter().map(&mut number).collect()
    }

    fn verified(&self, a: u32, b: u32, need: u32) -> Option<f64> {
        let shared = overlap(self.sets.set(a), self.sets.set(b), need)?;
        Some(jaccard(shared, self.sets.size(a), self.sets.size(b)))
    }

    /// For each distinct text the lowest member on one side.
    fn first_members(&self, on_side: impl Fn(u32) -> bool) -> Vec<Option<u32>> {
        (0..self.sets.len() as u32).map(|id| self.distinct.members(id).iter().copied().find(|&m| on_side(m))).collect()
    }
}

/// The distinct texts that have a member.
fn present(first: &[Option<u32>]) -> Vec<u32> {
    (0..first.len() as u32).filter(|&id| first[id as usize].is_some()).collect()
}

fn sorted(found: Vec<Vec<Similar>>) -> Vec<Similar> {
    let mut pairs: Vec<Similar> = found.into_iter().flatten().collect();
    pairs.par_sort_unstable_by_key(|pair| (pair.a, pair.b));
    pairs
}

/// [`Corpus::near_pairs`] of texts that are asked one question only.
pub fn self_join(texts: &[&str], threshold: f64) -> Vec<Similar> {
    Corpus::new(texts).near_pairs(threshold)
}

/// [`Corpus::pairs_between`] two lists, `a` an index into `left` and `b` into `right`.
pub fn cross_join(left: &[&str], right: &[&str], threshold: f64) -> Vec<Similar> {
    let border = left.len() as u32;
    let corpus = Corpus::new(&[left, right].concat());
    let mut pairs = corpus.pairs_between(threshold, |text| text < border, |text| text >= border);
    for pair in &mut pairs {
        pair.b -= border;
    }
    pairs
}
