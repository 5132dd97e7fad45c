//! Metrics of the probabilities of a single-label task: log loss, Brier score, calibration error, top-3 accuracy.

use rayon::prelude::*;

use super::{Context, Metrics};
use crate::document::{Estimate, IntervalKind};
use crate::stats::{CalibrationBin, calibration_interval};
use crate::{Annotation, LabelId};

/// How many bins of equal width the calibration error uses.
const ECE_BINS: usize = 15;

/// Up to this many rows the spread that the probabilities state stands in for that of mistakes which the sample does not
/// show; it costs a logarithm a cell, and with more rows the sample shows them.
const FEW: usize = 10_000;

/// The log loss of an event that happened and had probability `p`, clipped at the f64 epsilon as scikit-learn does.
pub(super) fn log_loss_cell(p: f64) -> f64 {
    -p.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

/// What one row of probabilities contributes.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    log_loss: f64,
    brier: f64,
    /// Log loss and Brier score if gold were the label that makes them least, and greatest.
    log_loss_ends: (f64, f64),
    brier_ends: (f64, f64),
    /// Their variances if gold came with the stated probabilities.
    log_loss_stated: f64,
    brier_stated: f64,
    /// The greatest probability, and whether its label (the first of several) is gold.
    top: f64,
    top_right: bool,
    /// Whether gold is among the three most probable labels.
    top_3: bool,
}

pub(super) fn metrics(context: &Context, metrics: &mut Metrics) {
    let n = context.pair.len() as u64;
    let k = context.pair.labels().len();
    let Some(scores) = context.pair.scores() else {
        for name in ["log_loss", "brier_score", "ece"] {
            metrics.insert(name, Estimate::undefined(n));
        }
        if k > 3 {
            metrics.insert("top_3_accuracy", Estimate::undefined(n));
        }
        return;
    };
    let few = n as usize <= FEW;
    let rows: Vec<Row> = scores
        .par_iter()
        .zip(context.pair.gold())
        .with_min_len(256)
        .map(|(scores, gold)| match gold {
            Annotation::Label(gold) => row(scores, *gold, k == 2, few),
            _ => Row::default(),
        })
        .collect();

    let mean = |value: fn(&Row) -> f64, ends: fn(&Row) -> (f64, f64), stated: fn(&Row) -> f64| {
        let values: Vec<f64> = rows.iter().map(value).collect();
        let (mut least, mut greatest) = (0.0, 0.0);
        for (low, high) in rows.iter().map(ends) {
            least += low;
            greatest += high;
        }
        let error = match &context.units.cluster_of {
            None => rows.iter().map(stated).sum::<f64>(),
            Some(of) => {
                // The rows of a cluster as if their losses rose and fell together.
                let mut sums = vec![0.0; context.units.clusters];
                rows.iter().zip(of).for_each(|(row, &cluster)| sums[cluster as usize] += stated(row).sqrt());
                sums.iter().map(|sum| sum * sum).sum()
            }
        };
        let error = error.sqrt() / n as f64;
        let ratio = context.units.mean(&values, None).map(|ratio| ratio.error_at_least(error));
        context.mean(ratio, n, (least / n as f64, greatest / n as f64))
    };
    metrics.insert("log_loss", mean(|r| r.log_loss, |r| r.log_loss_ends, |r| r.log_loss_stated));
    let mut brier = mean(|r| r.brier, |r| r.brier_ends, |r| r.brier_stated);
    let most = if k == 2 { 1.0 } else { 2.0 };
    brier.high = brier.high.map(|high| high.min(most));
    metrics.insert("brier_score", brier);
    metrics.insert("ece", calibration_error(context, &rows));
    if k > 3 {
        let values: Vec<f64> = rows.iter().map(|r| f64::from(u8::from(r.top_3))).collect();
        let ratio = context.units.mean(&values, None);
        metrics.insert("top_3_accuracy", context.proportion(ratio.map(|r| r.value), n, ratio, true, |p| p));
    }
}

#[allow(clippy::float_cmp)] // ties are equal scores, to the last bit
fn row(scores: &[f64], gold: LabelId, binary: bool, few: bool) -> Row {
    let gold = gold as usize;
    let of_gold = scores[gold];
    let (mut top, mut least, mut ahead) = (0, 0, 0);
    let mut squares = 0.0;
    for (label, &p) in scores.iter().enumerate() {
        if p > scores[top] {
            top = label;
        }
        if p < scores[least] {
            least = label;
        }
        ahead += usize::from(p > of_gold || (p == of_gold && label < gold));
        squares += p * p;
    }
    // Σ (p - [gold])² summed over classes; of two classes both terms are equal and one is taken.
    let brier = |gold: usize| {
        let sum = squares - 2.0 * scores[gold] + 1.0;
        if binary { 0.5 * sum } else { sum }
    };
    let exact: f64 = if binary {
        // Not by the sum of squares: the two scores may sum to 1 short of rounding only.
        (scores[1] - f64::from(u8::from(gold == 1))).powi(2)
    } else {
        scores.iter().enumerate().map(|(label, p)| (p - f64::from(u8::from(label == gold))).powi(2)).sum()
    };
    let (log_loss_stated, brier_stated) = if few { stated(scores, squares, binary) } else { (0.0, 0.0) };
    Row {
        log_loss_stated,
        brier_stated,
        log_loss: log_loss_cell(of_gold),
        brier: exact,
        log_loss_ends: (log_loss_cell(scores[top]), log_loss_cell(scores[least])),
        brier_ends: (brier(top), brier(least)),
        top: scores[top],
        top_right: top == gold,
        top_3: ahead < 3,
    }
}

/// The variances of log loss and Brier score of a row if gold came with the stated probabilities.
fn stated(scores: &[f64], squares: f64, binary: bool) -> (f64, f64) {
    let (mut loss, mut loss2, mut cubes) = (0.0, 0.0, 0.0);
    for &p in scores {
        let cell = log_loss_cell(p);
        loss += p * cell;
        loss2 += p * cell * cell;
        cubes += p * p * p;
    }
    let brier = (cubes - squares * squares).max(0.0);
    ((loss2 - loss * loss).max(0.0), if binary { brier } else { 4.0 * brier })
}

/// The expected calibration error of the top label: Σ over bins of |Σ (confidence - right)| / n (Guo et al. 2017, "On
/// calibration of modern neural networks"). Bins are open below and closed above.
///
/// The figure is biased upwards in small samples, as differences that are chance count too; the interval
/// ([`calibration_interval`]) holds the errors that could have given it.
fn calibration_error(context: &Context, rows: &[Row]) -> Estimate {
    let bin = |top: f64| ((top * ECE_BINS as f64).ceil() as usize).clamp(1, ECE_BINS) - 1;
    let difference = |row: &Row| row.top - f64::from(u8::from(row.top_right));
    let (mut gaps, mut counts) = ([0.0; ECE_BINS], [0.0; ECE_BINS]);
    for row in rows {
        gaps[bin(row.top)] += difference(row);
        counts[bin(row.top)] += 1.0;
    }
    // The squares of what units add to a bin, around the bin's mean; as the sample has them, and as the confidences say
    // (the rows of a cluster as if they were right or wrong together).
    let (mut squares, mut stated, mut units) = ([0.0; ECE_BINS], [0.0; ECE_BINS], [0.0; ECE_BINS]);
    let mut add = |at: usize, (sum, error): (f64, f64)| {
        squares[at] += sum * sum;
        stated[at] += error * error;
        units[at] += 1.0;
    };
    let of_row = |row: &Row| {
        let at = bin(row.top);
        (at, (difference(row) - gaps[at] / counts[at], (row.top * (1.0 - row.top)).sqrt()))
    };
    match &context.units.cluster_of {
        None => rows.iter().for_each(|row| {
            let (at, sums) = of_row(row);
            add(at, sums);
        }),
        Some(of) => {
            let mut sums = vec![[(0.0, 0.0); ECE_BINS]; context.units.clusters];
            for (row, &cluster) in rows.iter().zip(of) {
                let (at, (sum, error)) = of_row(row);
                let cell = &mut sums[cluster as usize][at];
                *cell = (cell.0 + sum, cell.1 + error);
            }
            let filled = |sums: &(f64, f64)| sums.0 != 0.0 || sums.1 != 0.0;
            sums.iter().for_each(|sums| (0..ECE_BINS).filter(|&at| filled(&sums[at])).for_each(|at| add(at, sums[at])));
        }
    }
    let bins: Vec<CalibrationBin> = (0..ECE_BINS)
        .map(|at| CalibrationBin {
            gap: gaps[at],
            variance: squares[at] * units[at] / f64::max(units[at] - 1.0, 1.0),
            stated: stated[at],
        })
        .collect();
    let n = rows.len() as u64;
    match calibration_interval(&bins, rows.len() as f64) {
        Some((value, (low, high))) if context.intervals() => {
            let ends = if high > low { (low, high) } else { context.unseen(value, (0.0, 1.0)) };
            Estimate::new(value, ends, n, IntervalKind::Delta)
        }
        Some((value, _)) => Estimate::point(value, n),
        None => Estimate::undefined(n),
    }
}
