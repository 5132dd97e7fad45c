//! Units: what is independent of each other, with the counts of each.

use rustc_hash::FxHashMap;

use super::UnitCounts;
use crate::counts::{ConfusionCounts, Outcome, Tally, WeightedTally, outcomes};
use crate::stats::{Ratio, Unit};
use crate::{Annotation, LabelId, Pair, Task};

/// Up to how many labels a confusion matrix is counted whole; of more, most cells would be empty.
const DENSE: usize = 1_024;

/// The counts of a unit; many units share one kind.
#[derive(Debug, Clone, PartialEq, PartialOrd, Default)]
struct Kind {
    /// The counts of the labels that occur, by label.
    cells: Vec<(LabelId, WeightedTally)>,
    /// Examples in the unit.
    examples: f64,
    /// Examples whose answer is right as a whole.
    right: f64,
    /// What [`Extra`] asks for.
    extra: [f64; 3],
}

/// Sums over examples that their counts of labels do not tell: three numbers for each pair of answers.
pub(super) type Extra<'a> = &'a dyn Fn(&Annotation, &Annotation) -> [f64; 3];

impl Kind {
    fn add(&mut self, gold: &Annotation, predicted: &Annotation, weight: f64, extra: Option<Extra>) {
        outcomes(gold, predicted, |label, outcome| {
            let at = self.cells.iter().position(|(l, _)| *l == label).unwrap_or_else(|| {
                self.cells.push((label, WeightedTally::default()));
                self.cells.len() - 1
            });
            let tally = &mut self.cells[at].1;
            match outcome {
                Outcome::Hit => tally.tp += weight,
                Outcome::FalseAlarm => tally.fp += weight,
                Outcome::Miss => tally.fn_ += weight,
            }
        });
        self.examples += weight;
        self.right += if gold == predicted { weight } else { 0.0 };
        if let Some(extra) = extra {
            self.extra.iter_mut().zip(extra(gold, predicted)).for_each(|(sum, x)| *sum += weight * x);
        }
    }

    fn clear(&mut self) {
        self.cells.clear();
        (self.examples, self.right, self.extra) = (0.0, 0.0, [0.0; 3]);
    }

    /// The bits of its numbers: equal kinds have equal bits, as no number is negative.
    fn key(&self, key: &mut Vec<u64>) {
        key.clear();
        key.extend([self.examples.to_bits(), self.right.to_bits()]);
        key.extend(self.extra.map(f64::to_bits));
        for (label, tally) in &self.cells {
            key.extend([u64::from(*label), tally.tp.to_bits(), tally.fp.to_bits(), tally.fn_.to_bits()]);
        }
    }

    /// The order of the counts as whole numbers: counts are not negative, so that bits and numbers sort alike.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal)
    }
}

/// All units, grouped by kind. The order of kinds depends on the counts alone, not on the order of examples, and so
/// do the resamples drawn from them.
#[derive(Debug, Clone)]
pub(super) struct Units {
    /// How many units are of each kind.
    pub times: Vec<u64>,
    /// How many units there are.
    pub total: u64,
    /// How many units of equal weight those are worth (Kish 1965, "Survey sampling": (Σ w)² / Σ w²); their number when
    /// there are no weights.
    pub effective: f64,
    /// The counts of each label over all units; weights have the mean 1.
    pub tallies: Vec<WeightedTally>,
    /// The same, each example counted once.
    pub counts: Vec<Tally>,
    /// How many examples there are, weights summed (of the mean 1: their number).
    pub examples: f64,
    /// Whether units are single examples with labels, all of one weight: their intervals are Wilson's.
    pub independent: bool,
    /// For each row the number of its cluster, dense from 0; `None` when each row is a unit.
    pub cluster_of: Option<Vec<u32>>,
    /// How many clusters there are (rows when there are none).
    pub clusters: usize,
    /// The weight of each row, of the mean 1, when rows have weights.
    pub weights: Option<Vec<f64>>,
    /// The mean of the weights as they were given.
    mean_weight: f64,
    /// What the examples are worth of those of one weight, as a share.
    worth: f64,
    /// The cells of all kinds one after another, and where each kind's end: a resample reads them in one sweep.
    cells: Vec<(LabelId, WeightedTally)>,
    ends: Vec<u32>,
    /// Examples, right ones and the extra sums of each kind.
    sums: Vec<[f64; 2]>,
    extra: Vec<[f64; 3]>,
    /// For each label the kinds that hold it, with its counts there.
    by_label: Vec<Vec<(u32, WeightedTally)>>,
}

impl Units {
    /// The units of a pair; with the sums of `extra` when asked for.
    pub fn new(pair: &Pair, extra: Option<Extra>) -> Self {
        let (rows, k) = (pair.len(), pair.labels().len());
        let plain = pair.task() == Task::Classification && pair.clusters().is_none() && pair.weights().is_none();
        if plain && k <= DENSE {
            // Single answers need no look-up: their kinds are the cells of the confusion matrix.
            let mut counts = ConfusionCounts::new(k);
            for answers in pair.gold().iter().zip(pair.predicted()) {
                if let (Annotation::Label(gold), Annotation::Label(predicted)) = answers {
                    counts.add(*gold, *predicted);
                }
            }
            return Self::of_counts(&counts, extra);
        }
        let mean_weight = pair.weights().map_or(1.0, |weights| weights.iter().sum::<f64>() / rows as f64);
        let weights = pair.weights().map(|weights| weights.iter().map(|w| w / mean_weight).collect::<Vec<f64>>());
        let weight = |row: usize| weights.as_ref().map_or(1.0, |w| w[row]);
        let mut found: FxHashMap<Vec<u64>, usize> = FxHashMap::default();
        let mut kinds: Vec<(Kind, u64)> = Vec::new();
        let (mut kind, mut key) = (Kind::default(), Vec::new());
        let mut count = |rows: &mut dyn Iterator<Item = usize>| {
            kind.clear();
            rows.for_each(|row| kind.add(pair.gold()[row], pair.predicted()[row], weight(row), extra));
            kind.cells.sort_unstable_by_key(|(label, _)| *label);
            kind.key(&mut key);
            if let Some(&at) = found.get(&key) {
                kinds[at].1 += 1;
            } else {
                found.insert(key.clone(), kinds.len());
                kinds.push((kind.clone(), 1));
            }
        };
        let cluster_of = pair.clusters().map(dense);
        let mut clusters = rows;
        match &cluster_of {
            None => (0..rows).for_each(|row| count(&mut std::iter::once(row))),
            Some(of) => {
                let mut order: Vec<usize> = (0..of.len()).collect();
                order.sort_by_key(|&row| of[row]);
                clusters = 0;
                for group in order.chunk_by(|&a, &b| of[a] == of[b]) {
                    count(&mut group.iter().copied());
                    clusters += 1;
                }
            }
        }
        kinds.sort_unstable_by(|a, b| a.0.order(&b.0));
        let mut counts = vec![Tally::default(); pair.labels().len()];
        for (gold, predicted) in pair.gold().iter().zip(pair.predicted()) {
            outcomes(gold, predicted, |label, outcome| counts[label as usize].record(outcome));
        }
        let independent = pair.task() != Task::Ner && cluster_of.is_none() && weights.is_none();
        let mut units = Self::from_kinds(kinds, counts, independent);
        if let Some(weights) = &weights {
            units.worth = kish(weights.iter().map(|&w| (w, 1.0))) / rows as f64;
            units.effective =
                kish(units.sums.iter().zip(&units.times).map(|([examples, _], &times)| (*examples, times as f64)));
        }
        Self { cluster_of, clusters, weights, mean_weight, ..units }
    }

    /// The units of a single-label task of which the counts alone are known: each example is one.
    pub fn of_counts(confusion: &ConfusionCounts, extra: Option<Extra>) -> Self {
        let k = confusion.labels() as LabelId;
        let mut kinds = Vec::new();
        let mut add = |gold: LabelId, predicted: LabelId| {
            let times = confusion.get(gold, predicted);
            if times == 0 {
                return;
            }
            let one = |tp, fp, fn_| WeightedTally { tp, fp, fn_ };
            let cells = match gold.cmp(&predicted) {
                std::cmp::Ordering::Equal => vec![(gold, one(1.0, 0.0, 0.0))],
                std::cmp::Ordering::Less => vec![(gold, one(0.0, 0.0, 1.0)), (predicted, one(0.0, 1.0, 0.0))],
                std::cmp::Ordering::Greater => vec![(predicted, one(0.0, 1.0, 0.0)), (gold, one(0.0, 0.0, 1.0))],
            };
            let right = f64::from(u8::from(gold == predicted));
            let answers = (Annotation::Label(gold), Annotation::Label(predicted));
            let extra = extra.map_or([0.0; 3], |extra| extra(&answers.0, &answers.1));
            kinds.push((Kind { cells, examples: 1.0, right, extra }, times));
        };
        // The order that kinds sort in: by the first label, where misses come before false alarms and both before hits.
        for first in 0..k {
            (first + 1..k).for_each(|second| add(first, second));
            (first + 1..k).for_each(|second| add(second, first));
            add(first, first);
        }
        Self::from_kinds(kinds, confusion.tallies().labels().to_vec(), true)
    }

    /// The units of a task of spans of which the counts alone are known, kind by kind.
    pub fn of_spans(kinds: impl IntoIterator<Item = (UnitCounts, u64)>, labels: usize) -> Self {
        let mut counts = vec![Tally::default(); labels];
        let mut all: Vec<(Kind, u64)> = Vec::new();
        for (unit, times) in kinds {
            let mut cells = Vec::with_capacity(unit.cells.len());
            let mut right = true;
            for (label, tally) in unit.cells {
                let (tp, fp, fn_) = (tally.tp as f64, tally.fp as f64, tally.fn_ as f64);
                cells.push((label, WeightedTally { tp, fp, fn_ }));
                right &= tally.fp + tally.fn_ == 0;
                let count = &mut counts[label as usize];
                count.tp += tally.tp * times;
                count.fp += tally.fp * times;
                count.fn_ += tally.fn_ * times;
            }
            let right = f64::from(u8::from(right));
            all.push((Kind { cells, examples: 1.0, right, extra: [0.0; 3] }, times));
        }
        all.sort_unstable_by(|a, b| a.0.order(&b.0));
        all.dedup_by(|later, kept| {
            let same = kept.0.order(&later.0).is_eq();
            kept.1 += if same { later.1 } else { 0 };
            same
        });
        Self::from_kinds(all, counts, false)
    }

    fn from_kinds(kinds: Vec<(Kind, u64)>, counts: Vec<Tally>, independent: bool) -> Self {
        let mut tallies = vec![WeightedTally::default(); counts.len()];
        let mut by_label = vec![Vec::new(); counts.len()];
        let (mut cells, mut ends, mut times) = (Vec::new(), Vec::new(), Vec::new());
        let (mut sums, mut extra, mut examples) = (Vec::new(), Vec::new(), 0.0);
        for (i, (kind, of_kind)) in kinds.into_iter().enumerate() {
            for &(label, tally) in &kind.cells {
                tallies[label as usize].merge(tally, of_kind as f64);
                by_label[label as usize].push((i as u32, tally));
            }
            cells.extend_from_slice(&kind.cells);
            ends.push(cells.len() as u32);
            times.push(of_kind);
            sums.push([kind.examples, kind.right]);
            extra.push(kind.extra);
            examples += kind.examples * of_kind as f64;
        }
        let total: u64 = times.iter().sum();
        Self {
            total,
            effective: total as f64,
            times,
            tallies,
            counts,
            examples,
            independent,
            cluster_of: None,
            clusters: total as usize,
            weights: None,
            mean_weight: 1.0,
            worth: 1.0,
            cells,
            ends,
            sums,
            extra,
            by_label,
        }
    }

    /// The sums of weights of each label, as the weights were given; `None` without.
    pub fn weighted(&self) -> Option<Vec<WeightedTally>> {
        let scaled = |tally: &WeightedTally| {
            let mut sum = WeightedTally::default();
            sum.merge(*tally, self.mean_weight);
            sum
        };
        self.weights.as_ref().map(|_| self.tallies.iter().map(scaled).collect())
    }

    /// The kinds in order.
    pub fn kinds(&self) -> impl Iterator<Item = KindView<'_>> + Clone {
        (0..self.times.len()).map(|kind| self.kind(kind))
    }

    /// One kind.
    pub fn kind(&self, kind: usize) -> KindView<'_> {
        let start = if kind == 0 { 0 } else { self.ends[kind - 1] as usize };
        let [examples, right] = self.sums[kind];
        KindView { cells: &self.cells[start..self.ends[kind] as usize], examples, right, extra: self.extra[kind] }
    }

    /// The ratio of two sums of a label's counts.
    pub fn label_ratio(
        &self,
        label: LabelId,
        part: impl Fn(&WeightedTally) -> f64 + Copy,
        whole: impl Fn(&WeightedTally) -> f64 + Copy,
    ) -> Option<Ratio> {
        self.ratio_of(self.by_label[label as usize].iter().map(|(kind, tally)| Unit {
            part: part(tally),
            whole: whole(tally),
            times: self.times[*kind as usize] as f64,
        }))
    }

    /// The ratio of two sums over kinds.
    pub fn ratio(
        &self,
        part: impl Fn(&KindView) -> f64 + Copy,
        whole: impl Fn(&KindView) -> f64 + Copy,
    ) -> Option<Ratio> {
        self.ratio_of(self.kinds().zip(&self.times).map(|(kind, &times)| Unit {
            part: part(&kind),
            whole: whole(&kind),
            times: times as f64,
        }))
    }

    /// The mean of one number an example, weights counting, examples of a cluster belonging together. An example whose
    /// `share` is 0 takes no part.
    pub fn mean(&self, rows: &[f64], shares: Option<&[f64]>) -> Option<Ratio> {
        let share = |row: usize| self.weights.as_ref().map_or(1.0, |w| w[row]) * shares.map_or(1.0, |s| s[row]);
        match &self.cluster_of {
            None => self.ratio_of((0..rows.len()).map(|row| Unit {
                part: rows[row] * share(row),
                whole: share(row),
                times: 1.0,
            })),
            Some(of) => {
                let mut sums = vec![(0.0, 0.0); self.clusters];
                for (row, &cluster) in of.iter().enumerate() {
                    let sum = &mut sums[cluster as usize];
                    sum.0 += rows[row] * share(row);
                    sum.1 += share(row);
                }
                self.ratio_of(sums.iter().map(|&(part, whole)| Unit { part, whole, times: 1.0 }))
            }
        }
    }

    /// A ratio whose units and trials are worth fewer where weights are uneven.
    fn ratio_of(&self, units: impl Iterator<Item = Unit> + Clone) -> Option<Ratio> {
        let mut ratio = Ratio::new(units.clone())?;
        if self.weights.is_some() {
            ratio.units = kish(units.map(|unit| (unit.whole, unit.times)));
            ratio.whole *= self.worth;
        }
        Some(ratio)
    }
}

/// The counts of a kind of units.
#[derive(Debug, Clone, Copy)]
pub(super) struct KindView<'a> {
    /// The counts of the labels that occur, by label.
    pub cells: &'a [(LabelId, WeightedTally)],
    /// Examples in the unit.
    pub examples: f64,
    /// Examples whose answer is right as a whole.
    pub right: f64,
    /// The sums that [`Extra`] asked for.
    pub extra: [f64; 3],
}

impl KindView<'_> {
    /// The counts of all labels together.
    pub fn total(&self) -> WeightedTally {
        let mut total = WeightedTally::default();
        self.cells.iter().for_each(|(_, tally)| total.merge(*tally, 1.0));
        total
    }

    /// The counts of one label.
    pub fn of(&self, label: LabelId) -> WeightedTally {
        let at = self.cells.binary_search_by_key(&label, |(l, _)| *l);
        at.map_or_else(|_| WeightedTally::default(), |at| self.cells[at].1)
    }
}

/// How many units of equal weight those of (weight, times) are worth.
fn kish(units: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut sum, mut squares) = (0.0, 0.0);
    for (weight, times) in units {
        sum += weight * times;
        squares += weight * weight * times;
    }
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

/// Cluster numbers made dense, in the order of the numbers.
fn dense(clusters: &[u32]) -> Vec<u32> {
    let mut distinct = clusters.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    clusters.iter().map(|c| distinct.partition_point(|d| d < c) as u32).collect()
}
