//! Units: what is independent of each other, with the counts of each.

use rustc_hash::FxHashMap;

use crate::counts::{Tally, outcomes};
use crate::stats::{Ratio, Unit};
use crate::{LabelId, Pair, Task};

/// The counts of a unit; many units share one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Kind {
    /// The counts of the labels that occur, by label.
    pub cells: Vec<(LabelId, Tally)>,
    /// Examples in the unit.
    pub examples: u64,
    /// Examples whose answer is right as a whole.
    pub right: u64,
}

impl Kind {
    fn add(&mut self, gold: &crate::Annotation, predicted: &crate::Annotation) {
        outcomes(gold, predicted, |label, outcome| {
            if let Some((_, tally)) = self.cells.iter_mut().find(|(l, _)| *l == label) {
                tally.record(outcome);
            } else {
                let mut tally = Tally::default();
                tally.record(outcome);
                self.cells.push((label, tally));
            }
        });
        self.examples += 1;
        self.right += u64::from(gold == predicted);
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.examples = 0;
        self.right = 0;
    }

    /// The counts of all labels together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.cells.iter().for_each(|(_, tally)| total.merge(*tally));
        total
    }
}

/// All units, grouped by kind. The order of kinds depends on the counts alone, not on the order of examples, and so
/// do the resamples drawn from them.
#[derive(Debug, Clone)]
pub(super) struct Units {
    /// The kinds, sorted.
    pub kinds: Vec<Kind>,
    /// How many units are of each kind.
    pub times: Vec<u64>,
    /// How many units there are.
    pub total: u64,
    /// The counts of each label over all units.
    pub tallies: Vec<Tally>,
    /// Whether units are single examples with labels: their intervals are Wilson's.
    pub independent: bool,
    /// For each row the number of its cluster, dense from 0; `None` when each row is a unit.
    pub cluster_of: Option<Vec<u32>>,
    /// How many clusters there are (rows when there are none).
    pub clusters: usize,
    /// For each label the kinds that hold it, with its counts there.
    by_label: Vec<Vec<(u32, Tally)>>,
}

impl Units {
    pub fn new(pair: &Pair) -> Self {
        let mut found: FxHashMap<Kind, u64> = FxHashMap::default();
        let mut kind = Kind::default();
        let mut count = |rows: &mut dyn Iterator<Item = usize>| {
            kind.clear();
            rows.for_each(|row| kind.add(pair.gold()[row], pair.predicted()[row]));
            kind.cells.sort_unstable_by_key(|(label, _)| *label);
            match found.get_mut(&kind) {
                Some(times) => *times += 1,
                None => {
                    found.insert(kind.clone(), 1);
                }
            }
        };
        let cluster_of = pair.clusters().map(dense);
        let mut clusters = pair.len();
        match &cluster_of {
            None => (0..pair.len()).for_each(|row| count(&mut std::iter::once(row))),
            Some(of) => {
                let mut rows: Vec<usize> = (0..of.len()).collect();
                rows.sort_by_key(|&row| of[row]);
                clusters = 0;
                for group in rows.chunk_by(|&a, &b| of[a] == of[b]) {
                    count(&mut group.iter().copied());
                    clusters += 1;
                }
            }
        }
        let mut found: Vec<(Kind, u64)> = found.into_iter().collect();
        found.sort_unstable();
        let (kinds, times): (Vec<Kind>, Vec<u64>) = found.into_iter().unzip();

        let k = pair.labels().len();
        let mut tallies = vec![Tally::default(); k];
        let mut by_label = vec![Vec::new(); k];
        for (i, (kind, &times)) in kinds.iter().zip(&times).enumerate() {
            for &(label, tally) in &kind.cells {
                tallies[label as usize].merge(scaled(tally, times));
                by_label[label as usize].push((i as u32, tally));
            }
        }
        Self {
            total: times.iter().sum(),
            independent: pair.task() != Task::Ner && cluster_of.is_none(),
            kinds,
            times,
            tallies,
            cluster_of,
            clusters,
            by_label,
        }
    }

    /// The ratio of two sums of a label's counts.
    pub fn label_ratio(&self, label: LabelId, part: fn(&Tally) -> u64, whole: fn(&Tally) -> u64) -> Option<Ratio> {
        Ratio::new(self.by_label[label as usize].iter().map(|(kind, tally)| Unit {
            part: part(tally) as f64,
            whole: whole(tally) as f64,
            times: self.times[*kind as usize] as f64,
        }))
    }

    /// The ratio of two sums over kinds.
    pub fn ratio(&self, part: impl Fn(&Kind) -> f64 + Copy, whole: impl Fn(&Kind) -> f64 + Copy) -> Option<Ratio> {
        Ratio::new(self.kinds.iter().zip(&self.times).map(|(kind, &times)| Unit {
            part: part(kind),
            whole: whole(kind),
            times: times as f64,
        }))
    }

    /// The mean of one number an example, examples of a cluster belonging together. An example with weight 0 takes no
    /// part.
    pub fn mean(&self, rows: &[f64], weights: Option<&[f64]>) -> Option<Ratio> {
        let weight = |row: usize| weights.map_or(1.0, |w| w[row]);
        match &self.cluster_of {
            None => Ratio::new((0..rows.len()).map(|row| Unit {
                part: rows[row] * weight(row),
                whole: weight(row),
                times: 1.0,
            })),
            Some(of) => {
                let mut sums = vec![(0.0, 0.0); self.clusters];
                for (row, &cluster) in of.iter().enumerate() {
                    let sum = &mut sums[cluster as usize];
                    sum.0 += rows[row] * weight(row);
                    sum.1 += weight(row);
                }
                Ratio::new(sums.iter().map(|&(part, whole)| Unit { part, whole, times: 1.0 }))
            }
        }
    }
}

/// Cluster numbers made dense, in the order of the numbers.
fn dense(clusters: &[u32]) -> Vec<u32> {
    let mut distinct = clusters.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    clusters.iter().map(|c| distinct.partition_point(|d| d < c) as u32).collect()
}

fn scaled(tally: Tally, times: u64) -> Tally {
    Tally { tp: tally.tp * times, fp: tally.fp * times, fn_: tally.fn_ * times }
}
