//! Agreement on sets of marks, such as spans: pairwise F1.
//!
//! Where nobody can count what was rightly left unmarked, chance cannot be corrected for, and F1 of one annotator against
//! the other is the measure (Hripcsak and Rothschild 2005, "Agreement, the F-Measure, and Reliability in Information
//! Retrieval"). It does not matter which of the two is taken for gold.

use std::collections::BTreeMap;

use super::{Coefficient, Undefined, resamples};
use crate::stats::{Statistics, bootstrap};

/// The marks of each annotator of each item. A mark is whatever has to be equal: (start, end, type) of a span, the same
/// trimmed, or (token, type). An annotator who marked nothing in an item has an empty set there, which is an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks<M> {
    /// (annotator, marks) of each item, annotators each once, marks sorted and each once.
    items: Vec<Vec<(u32, Vec<M>)>>,
}

impl<M: Ord + Clone> Marks<M> {
    /// The table of (annotator, marks) by item; marks in any order, an annotator once an item.
    pub fn new(mut items: Vec<Vec<(u32, Vec<M>)>>) -> Self {
        for item in &mut items {
            item.sort_by_key(|(annotator, _)| *annotator);
            for (_, marks) in item {
                marks.sort_unstable();
                marks.dedup();
            }
        }
        Self { items }
    }

    /// The marks by item and annotator.
    pub fn items(&self) -> &[Vec<(u32, Vec<M>)>] {
        &self.items
    }

    /// Only the marks that are `wanted`.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(&M) -> bool) -> Self {
        let keep = |marks: &Vec<M>| marks.iter().filter(|mark| wanted(mark)).cloned().collect();
        let items = self.items.iter().map(|item| item.iter().map(|(a, marks)| (*a, keep(marks))).collect()).collect();
        Self { items }
    }
}

/// F1 of all pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct PairwiseF1 {
    /// The mean of the pairs' F1, each pair counting once; in [0, 1]. Pairs that marked nothing in the items they share
    /// are left out.
    pub mean: Coefficient,
    /// F1 over all pairs together, each mark counting once a pair: 2 TP / (marks of the one + marks of the other).
    pub pooled: Coefficient,
    /// All pairs that share an item, by annotators.
    pub pairs: Vec<F1Pair>,
}

/// Two annotators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct F1Pair {
    /// The one of the lower number.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// Items that both answered.
    pub shared: u64,
    /// Marks of both.
    pub both: u64,
    /// Marks of the one.
    pub of_a: u64,
    /// Marks of the other.
    pub of_b: u64,
}

impl F1Pair {
    /// 2 TP / (2 TP + FP + FN); `None` when neither marked anything.
    pub fn f1(&self) -> Option<f64> {
        f1(self.both as f64, (self.of_a + self.of_b) as f64)
    }
}

fn f1(both: f64, marks: f64) -> Option<f64> {
    (marks > 0.0).then(|| 2.0 * both / marks)
}

/// What two annotators marked in one item.
struct Shared {
    item: u32,
    both: f64,
    marks: f64,
}

/// Pairwise F1 with intervals by the bootstrap over items.
pub fn pairwise_f1<M: Ord + Clone>(marks: &Marks<M>, seed: u64) -> PairwiseF1 {
    let mut found: BTreeMap<(u32, u32), (F1Pair, Vec<Shared>)> = BTreeMap::new();
    let mut compared = 0;
    // Items by their marks, so that the resamples do not depend on the order in which they came.
    let mut items: Vec<&Vec<(u32, Vec<M>)>> = marks.items.iter().collect();
    items.sort_unstable();
    for (number, item) in items.into_iter().enumerate() {
        compared += u64::from(item.len() > 1);
        for (i, (a, of_a)) in item.iter().enumerate() {
            for (b, of_b) in &item[i + 1..] {
                let both = common(of_a, of_b);
                let (pair, shared) = found
                    .entry((*a, *b))
                    .or_insert_with(|| (F1Pair { a: *a, b: *b, shared: 0, both: 0, of_a: 0, of_b: 0 }, Vec::new()));
                pair.shared += 1;
                pair.both += both;
                pair.of_a += of_a.len() as u64;
                pair.of_b += of_b.len() as u64;
                let marks = (of_a.len() + of_b.len()) as f64;
                shared.push(Shared { item: number as u32, both: both as f64, marks });
            }
        }
    }
    let (pairs, of_pair): (Vec<F1Pair>, Vec<Vec<Shared>>) = found.into_values().unzip();
    if pairs.is_empty() {
        let mut annotators: Vec<u32> = marks.items.iter().flatten().map(|(a, _)| *a).collect();
        annotators.sort_unstable();
        annotators.dedup();
        let why = [Undefined::NoAnswers, Undefined::OneAnnotator, Undefined::NoOverlap][annotators.len().min(2)];
        return PairwiseF1 { mean: Coefficient::none(why, 0), pooled: Coefficient::none(why, 0), pairs };
    }
    let mut by_item = vec![Vec::new(); marks.items.len()];
    for (pair, shared) in of_pair.iter().enumerate() {
        shared.iter().enumerate().for_each(|(at, s)| by_item[s.item as usize].push((pair as u32, at as u32)));
    }
    let times: Vec<u64> = by_item.iter().map(|pairs| u64::from(!pairs.is_empty())).collect();
    let whole: Vec<(f64, f64)> = pairs.iter().map(|pair| (pair.both as f64, (pair.of_a + pair.of_b) as f64)).collect();
    let mut sum = Sums::default();
    whole.iter().for_each(|pair| sum.add(*pair, 1.0));
    let model = Model { of_pair, by_item, whole, sum };
    let cost = model.of_pair.iter().map(|shared| 4 + 2 * shared.len()).sum();
    let resampled = bootstrap(&times, resamples(cost), seed, &model);
    let figure = |at: usize| Coefficient::of(&resampled[at], compared, Undefined::NothingMarked);
    PairwiseF1 { mean: figure(0), pooled: figure(1), pairs }
}

fn common<M: Ord>(a: &[M], b: &[M]) -> u64 {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    common
}

struct Model {
    of_pair: Vec<Vec<Shared>>,
    /// For each item its pairs, and where it stands in theirs.
    by_item: Vec<Vec<(u32, u32)>>,
    /// (marks of both, marks of either) of each pair in the sample itself.
    whole: Vec<(f64, f64)>,
    /// All of these together.
    sum: Sums,
}

/// Sums over pairs: those with an F1, their F1, marks of both, marks of either.
#[derive(Clone, Copy, Default)]
struct Sums {
    pairs: f64,
    f1: f64,
    both: f64,
    marks: f64,
}

impl Sums {
    /// Adds a pair; with -1 takes it away.
    fn add(&mut self, (both, marks): (f64, f64), sign: f64) {
        if let Some(f1) = f1(both, marks) {
            self.pairs += sign;
            self.f1 += sign * f1;
        }
        self.both += sign * both;
        self.marks += sign * marks;
    }

    fn finish(&self, out: &mut [f64]) {
        out[0] = if self.pairs > 0.5 { self.f1 / self.pairs } else { f64::NAN };
        out[1] = f1(self.both, self.marks).unwrap_or(f64::NAN);
    }
}

impl Statistics for Model {
    fn count(&self) -> usize {
        2
    }

    fn evaluate(&self, counts: &[u64], out: &mut [f64]) {
        let mut sums = Sums::default();
        for shared in &self.of_pair {
            let of_pair = shared.iter().fold((0.0, 0.0), |(both, marks), s| {
                let times = counts[s.item as usize] as f64;
                (both + times * s.both, marks + times * s.marks)
            });
            sums.add(of_pair, 1.0);
        }
        sums.finish(out);
    }

    fn without(&self, _: &[u64], kind: usize, out: &mut [f64]) {
        // The pairs that share the item alone change.
        let mut sums = self.sum;
        for &(pair, at) in &self.by_item[kind] {
            let (both, marks) = self.whole[pair as usize];
            let s = &self.of_pair[pair as usize][at as usize];
            sums.add((both, marks), -1.0);
            sums.add((both - s.both, marks - s.marks), 1.0);
        }
        sums.finish(out);
    }
}
