//! Losses, calibration, areas and costs.

use rayon::prelude::*;

use super::{Duel, Law};
use crate::counts::{Outcome, Tally, outcomes};
use crate::document::PairedTest;
use crate::measure::{Bins, Costs, bins_of, log_loss_cell};
use crate::stats::{auc, auc_difference};
use crate::{Annotation, LabelId, Pair, Task};

/// Bins of the expected calibration error.
const BINS: usize = 15;

/// Beyond so many scores the areas of all labels are not tested: sorting them takes longer than all else.
const MOST_SORTED: usize = 20_000_000;

impl Duel<'_> {
    /// The law of the mean of a loss of the scores, one a row.
    fn of_loss(&self, loss: impl Fn(&[f64], &Annotation) -> f64 + Sync) -> Law {
        let (Some(a), Some(b)) = (self.a.scores(), self.b.scores()) else { return Law::Undefined };
        let gold = self.a.gold();
        let differences: Vec<f64> =
            (0..self.len()).into_par_iter().map(|row| loss(b[row], gold[row]) - loss(a[row], gold[row])).collect();
        self.mean(&differences, PairedTest::T)
    }

    /// Log loss: of single labels the gold's, of sets the mean over cells.
    pub(super) fn of_log_loss(&self) -> Law {
        self.of_loss(|scores, gold| match gold {
            Annotation::Label(label) => log_loss_cell(scores[*label as usize]),
            gold => cells(scores, gold, |p, present| log_loss_cell(if present { p } else { 1.0 - p })),
        })
    }

    /// Brier score: of single labels summed over classes (of two that of the later), of sets the mean over cells.
    pub(super) fn of_brier(&self) -> Law {
        self.of_loss(|scores, gold| match gold {
            Annotation::Label(label) if scores.len() == 2 => (scores[1] - f64::from(u8::from(*label == 1))).powi(2),
            Annotation::Label(label) => {
                let cell = |(l, p): (usize, &f64)| (p - f64::from(u8::from(l == *label as usize))).powi(2);
                scores.iter().enumerate().map(cell).sum()
            }
            gold => cells(scores, gold, |p, present| (p - f64::from(u8::from(present))).powi(2)),
        })
    }

    /// The share of rows whose gold is among the `most` likeliest labels; of labels as likely, that which sorts first.
    pub(super) fn of_top(&self, most: usize) -> Law {
        let (Some(a), Some(b)) = (self.a.scores(), self.b.scores()) else { return Law::Undefined };
        let among = |scores: &[f64], gold: LabelId| {
            let of = scores[gold as usize];
            #[allow(clippy::float_cmp)] // ties are equal scores, to the last bit
            let ahead = |(label, p): (usize, &f64)| *p > of || (*p == of && label < gold as usize);
            scores.iter().enumerate().filter(|found| ahead(*found)).count() < most
        };
        self.of_share(|row| match self.a.gold()[row] {
            Annotation::Label(gold) => (among(a[row], *gold), among(b[row], *gold)),
            _ => (false, false),
        })
    }

    /// The mean over examples of a figure of their sets, 0 where it is undefined.
    pub(super) fn of_samples(&self, figure: fn(&Tally) -> Option<f64>) -> Law {
        let of = |pair: &Pair, row: usize| {
            let mut tally = Tally::default();
            outcomes(pair.gold()[row], pair.predicted()[row], |_, outcome| tally.record(outcome));
            figure(&tally).unwrap_or(0.0)
        };
        let differences: Vec<f64> = (0..self.len()).map(|row| of(&self.b, row) - of(&self.a, row)).collect();
        self.mean(&differences, PairedTest::T)
    }

    /// The share of cells (examples times labels) that are wrong.
    pub(super) fn of_hamming(&self) -> Law {
        let wrong = |pair: &Pair, row: usize| {
            let mut wrong = 0u32;
            outcomes(pair.gold()[row], pair.predicted()[row], |_, outcome| wrong += u32::from(outcome != Outcome::Hit));
            f64::from(wrong) / pair.labels().len() as f64
        };
        let differences: Vec<f64> = (0..self.len()).map(|row| wrong(&self.b, row) - wrong(&self.a, row)).collect();
        self.mean(&differences, PairedTest::T)
    }

    /// What mistakes cost, a mean over examples.
    pub(super) fn of_cost(&self, costs: &Costs) -> Law {
        let cost = |pair: &Pair, row: usize| {
            let mut sum = 0.0;
            outcomes(pair.gold()[row], pair.predicted()[row], |label, outcome| match outcome {
                Outcome::Miss => sum += costs.miss[label as usize],
                Outcome::FalseAlarm => sum += costs.false_alarm[label as usize],
                Outcome::Hit => {}
            });
            sum
        };
        let differences: Vec<f64> = (0..self.len()).map(|row| cost(&self.b, row) - cost(&self.a, row)).collect();
        self.mean(&differences, PairedTest::T)
    }

    /// The expected calibration error: a row moves it by the gap between its confidence and its being right, with the sign of
    /// the gap of its bin, less the mean of that. `value` is the difference of the errors.
    pub(super) fn of_ece(&self, value: Option<f64>) -> Law {
        let (Some(value), Some(a), Some(b)) = (value, moved(self, &self.a), moved(self, &self.b)) else {
            return Law::Undefined;
        };
        let differences: Vec<f64> = b.iter().zip(&a).map(|(b, a)| b - a).collect();
        self.influenced(value, &differences, PairedTest::Delta)
    }

    /// The area under the ROC curve: of two labels by DeLong's test, of more the mean over labels of what each row moves.
    /// `value` is the difference of the areas.
    pub(super) fn of_area(&self, value: Option<f64>, positive: Option<LabelId>) -> Law {
        let (Some(value), Some(a), Some(b)) = (value, self.a.scores(), self.b.scores()) else { return Law::Undefined };
        let k = self.a.labels().len();
        if self.a.weights().is_some() || self.len() * k > MOST_SORTED {
            return Law::Undefined;
        }
        let column = |rows: &[&[f64]], label: LabelId| rows.iter().map(|row| row[label as usize]).collect::<Vec<f64>>();
        let marks =
            |label: LabelId| -> Vec<bool> { self.a.gold().iter().map(|gold| gold.labels().contains(&label)).collect() };
        if let (Some(label), true) = (positive, self.independent()) {
            return match auc_difference(&column(a, label), &column(b, label), &marks(label)) {
                Some(found) if found.variance > 0.0 => Law::Normal {
                    value: found.value,
                    error: found.variance.sqrt(),
                    freedom: f64::INFINITY,
                    test: PairedTest::Delong,
                },
                Some(found) if found.value == 0.0 => Law::Alike { units: self.units() },
                _ => Law::Undefined,
            };
        }
        let labels: Vec<LabelId> = positive.map_or_else(|| (0..k as LabelId).collect(), |label| vec![label]);
        let of_labels: Vec<Option<Vec<f64>>> = labels
            .par_iter()
            .map(|&label| {
                let marks = marks(label);
                let (a, b) = (auc(&column(a, label), &marks)?, auc(&column(b, label), &marks)?);
                Some(b.influence.iter().zip(&a.influence).map(|(b, a)| b - a).collect())
            })
            .collect();
        let defined: Vec<&Vec<f64>> = of_labels.iter().flatten().collect();
        let mut sums = vec![0.0; self.len()];
        for influence in &defined {
            sums.iter_mut().zip(influence.iter()).for_each(|(sum, moved)| *sum += moved / defined.len() as f64);
        }
        self.influenced(value, &sums, PairedTest::Delong)
    }
}

/// The mean over the labels of a loss of "the label belongs" against its probability.
fn cells(scores: &[f64], gold: &Annotation, loss: impl Fn(f64, bool) -> f64) -> f64 {
    let gold = gold.labels();
    let sum: f64 = scores.iter().enumerate().map(|(l, &p)| loss(p, gold.binary_search(&(l as u32)).is_ok())).sum();
    sum / scores.len() as f64
}

/// By how much each row moves the expected calibration error of a model.
fn moved(duel: &Duel, pair: &Pair) -> Option<Vec<f64>> {
    let scores = pair.scores()?;
    let k = pair.labels().len();
    // The confidences and what they are of: the likeliest label, or each cell of a set.
    let single = pair.task() == Task::Classification;
    let width = if single { 1 } else { k };
    let mut confidence = Vec::with_capacity(width * pair.len());
    let mut right = Vec::with_capacity(width * pair.len());
    for (row, gold) in scores.iter().zip(pair.gold()) {
        if single {
            let top = (1..row.len()).fold(0, |top, l| if row[l] > row[top] { l } else { top });
            confidence.push(row[top]);
            right.push(**gold == Annotation::Label(top as u32));
        } else {
            let gold = gold.labels();
            confidence.extend_from_slice(row);
            right.extend((0..k as u32).map(|label| gold.binary_search(&label).is_ok()));
        }
    }
    let bins = bins_of(&confidence, None, BINS, Bins::EqualWidth);
    let gap = |cell: usize| confidence[cell] - f64::from(u8::from(right[cell]));
    let mut gaps = [0.0; BINS];
    let mut total = 0.0;
    for cell in 0..confidence.len() {
        let weight = duel.weight(cell / width);
        gaps[bins[cell] as usize] += weight * gap(cell);
        total += weight;
    }
    let error: f64 = gaps.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / total;
    let influence = |row: usize| -> f64 {
        let cells = row * width..(row + 1) * width;
        let sum: f64 = cells.map(|cell| gaps[bins[cell] as usize].signum() * gap(cell) - error).sum();
        duel.weight(row) * sum / total
    };
    Some((0..pair.len()).map(influence).collect())
}
