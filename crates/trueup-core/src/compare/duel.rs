//! Two models' answers over the same gold, and the units they are compared on.

use rustc_hash::FxHashMap;

use crate::counts::{Tally, outcomes};
use crate::document::PairedTest;
use crate::stats::{Cells, Figure, PairedTallies, Ratio, Unit};
use crate::{Annotation, LabelId, Pair, Task};

use super::Law;

/// Why two pairs cannot be compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DuelError {
    /// They answer another kind of task.
    #[error("one model answers {a} data, the other {b} data")]
    Task {
        /// Of A.
        a: Task,
        /// Of B.
        b: Task,
    },
    /// They are over other labels.
    #[error("the answers are over different sets of labels")]
    Labels,
    /// They are over a different number of examples.
    #[error("{a} examples are answered by one model, {b} by the other")]
    Length {
        /// By A.
        a: usize,
        /// By B.
        b: usize,
    },
    /// The gold of an example differs.
    #[error("the gold of example {row} differs")]
    Gold {
        /// 0-based row.
        row: usize,
    },
}

/// Weights become whole numbers of this many parts, so that counts stay integers: a relative error below 1e-9.
const PARTS: f64 = 4_294_967_296.0;

/// The answers of a baseline, A, and a candidate, B, to the same examples.
#[derive(Debug, Clone)]
pub struct Duel<'a> {
    pub(super) a: Pair<'a>,
    pub(super) b: Pair<'a>,
    /// For each row the number of its unit, dense from 0; `None` where each row is one.
    unit_of: Option<Vec<u32>>,
    units: usize,
}

impl<'a> Duel<'a> {
    /// Checks that the gold is the same. Clusters and weights are those of `a`.
    ///
    /// # Errors
    ///
    /// The first [`DuelError`] found.
    pub fn new(a: Pair<'a>, b: Pair<'a>) -> Result<Self, DuelError> {
        if a.task() != b.task() {
            return Err(DuelError::Task { a: a.task(), b: b.task() });
        }
        if a.labels() != b.labels() {
            return Err(DuelError::Labels);
        }
        if a.len() != b.len() {
            return Err(DuelError::Length { a: a.len(), b: b.len() });
        }
        if let Some(row) = a.gold().iter().zip(b.gold()).position(|(a, b)| a != b) {
            return Err(DuelError::Gold { row });
        }
        Ok(Self::of(a, b))
    }

    fn of(a: Pair<'a>, b: Pair<'a>) -> Self {
        let unit_of = a.clusters().map(|clusters| {
            let mut numbers: FxHashMap<u32, u32> = FxHashMap::default();
            let number = |cluster: &u32| {
                let next = numbers.len() as u32;
                *numbers.entry(*cluster).or_insert(next)
            };
            clusters.iter().map(number).collect::<Vec<u32>>()
        });
        let units = unit_of.as_ref().map_or(a.len(), |of| of.iter().max().map_or(0, |&last| last as usize + 1));
        Self { a, b, unit_of, units }
    }

    /// The baseline's answers.
    pub fn baseline(&self) -> &Pair<'a> {
        &self.a
    }

    /// The candidate's answers.
    pub fn candidate(&self) -> &Pair<'a> {
        &self.b
    }

    /// The kind of the answers.
    pub fn task(&self) -> Task {
        self.a.task()
    }

    /// How many examples there are.
    pub fn len(&self) -> usize {
        self.a.len()
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.a.is_empty()
    }

    /// How many independent units there are.
    pub fn units(&self) -> u64 {
        self.units as u64
    }

    /// The duel on `rows`, in that order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self::of(self.a.select(rows), self.b.select(rows))
    }

    /// Whether each example is a unit of its own and counts as one.
    pub(super) fn independent(&self) -> bool {
        self.unit_of.is_none() && self.a.weights().is_none()
    }

    /// The unit of a row.
    pub(super) fn unit(&self, row: usize) -> usize {
        self.unit_of.as_ref().map_or(row, |of| of[row] as usize)
    }

    /// The weight of a row.
    pub(super) fn weight(&self, row: usize) -> f64 {
        self.a.weights().map_or(1.0, |weights| weights[row])
    }

    /// Whether the whole answer of each row is right, of A and of B.
    pub(super) fn right(&self, row: usize) -> (bool, bool) {
        let gold = self.a.gold()[row];
        (self.a.predicted()[row] == gold, self.b.predicted()[row] == gold)
    }

    /// The figures of counts over units, and how often each kind of unit occurs.
    pub(super) fn tallies(&self, figures: Vec<Figure>) -> (PairedTallies, Vec<u64>) {
        let labels = self.a.labels().len();
        if self.task() == Task::Classification && self.independent() {
            let label = |answer: &&Annotation| match answer {
                Annotation::Label(label) => *label,
                _ => unreachable!("the pair was checked"),
            };
            let column = |answers: &[&Annotation]| answers.iter().map(label).collect::<Vec<LabelId>>();
            let (gold, a, b) = (column(self.a.gold()), column(self.a.predicted()), column(self.b.predicted()));
            return PairedTallies::of_labels(&gold, &a, &b, labels, figures);
        }
        PairedTallies::of_units(self.cells(), labels, figures)
    }

    /// The counts by label of each unit under A and under B; in parts of one where examples have weights.
    pub(super) fn cells(&self) -> Vec<(Cells, Cells)> {
        let mean = self.a.weights().map(|weights| weights.iter().sum::<f64>() / weights.len() as f64);
        let mut units: Vec<(Cells, Cells)> = vec![(Cells::new(), Cells::new()); self.units];
        for row in 0..self.len() {
            let parts = mean.map_or(1, |mean| (self.weight(row) / mean * PARTS).round() as u64);
            let unit = &mut units[self.unit(row)];
            let gold = self.a.gold()[row];
            for (cells, answer) in [(&mut unit.0, self.a.predicted()[row]), (&mut unit.1, self.b.predicted()[row])] {
                outcomes(gold, answer, |label, outcome| {
                    let mut tally = Tally::default();
                    tally.record(outcome);
                    cells.push((label, Tally { tp: parts * tally.tp, fp: parts * tally.fp, fn_: parts * tally.fn_ }));
                });
            }
        }
        for (a, b) in &mut units {
            merge(a);
            merge(b);
        }
        units
    }

    /// The law of the mean of `differences`, one a row: by Student's t over units.
    pub(super) fn mean(&self, differences: &[f64], test: PairedTest) -> Law {
        let of = |sum: f64, whole: f64| Unit { part: sum, whole, times: 1.0 };
        let ratio = match &self.unit_of {
            None => {
                Ratio::new(differences.iter().enumerate().map(|(row, d)| of(self.weight(row) * d, self.weight(row))))
            }
            Some(unit_of) => {
                let mut sums = vec![(0.0, 0.0); self.units];
                for (row, d) in differences.iter().enumerate() {
                    let sum = &mut sums[unit_of[row] as usize];
                    *sum = (sum.0 + self.weight(row) * d, sum.1 + self.weight(row));
                }
                Ratio::new(sums.iter().map(|&(sum, whole)| of(sum, whole)))
            }
        };
        match ratio {
            Some(Ratio { value, error: Some(error), units, .. }) if error > 0.0 => {
                Law::Normal { value, error, freedom: units - 1.0, test }
            }
            Some(Ratio { value, .. }) if value.abs() < f64::MIN_POSITIVE => Law::Alike { units: self.units() },
            _ => Law::Undefined,
        }
    }

    /// The law of a difference `value` of which each row has an influence; they sum to 0, as over units.
    pub(super) fn influenced(&self, value: f64, influences: &[f64], test: PairedTest) -> Law {
        let mut sums = vec![0.0; self.units];
        influences.iter().enumerate().for_each(|(row, influence)| sums[self.unit(row)] += influence);
        let squares: f64 = sums.iter().map(|sum| sum * sum).sum();
        let n = self.units as f64;
        if squares <= 0.0 || n < 2.0 {
            return if value == 0.0 { Law::Alike { units: self.units() } } else { Law::Undefined };
        }
        Law::Normal { value, error: (squares * n / (n - 1.0)).sqrt(), freedom: n - 1.0, test }
    }
}

/// Sorts by label and adds up what is of the same label.
fn merge(cells: &mut Cells) {
    if cells.len() < 2 {
        return;
    }
    cells.sort_unstable_by_key(|cell| cell.0);
    cells.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1.merge(later.1);
        }
        same
    });
}
