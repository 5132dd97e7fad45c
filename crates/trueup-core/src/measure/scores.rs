//! Metrics of the probabilities of a single-label task: log loss, Brier score, calibration error, top-3 accuracy.

use rayon::prelude::*;

use super::{Context, Metrics};
use crate::document::Estimate;
use crate::{Annotation, LabelId};

/// How many bins of equal width the calibration error uses.
const ECE_BINS: usize = 15;

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
    /// The greatest probability, and whether its label (the first of several) is gold.
    top: f64,
    top_right: bool,
    /// Whether gold is among the three most probable labels.
    top_3: bool,
}

pub(super) fn metrics(context: &Context, metrics: &mut Metrics) {
    let n = context.len;
    let k = context.labels.len();
    let Some(scores) = context.scores() else {
        for name in ["log_loss", "brier_score", "ece"] {
            metrics.insert(name, Estimate::undefined(n));
        }
        if k > 3 {
            metrics.insert("top_3_accuracy", Estimate::undefined(n));
        }
        return;
    };
    let rows: Vec<Row> = scores
        .par_iter()
        .zip(context.gold())
        .with_min_len(256)
        .map(|(scores, gold)| match gold {
            Annotation::Label(gold) => row(scores, *gold, k == 2),
            _ => Row::default(),
        })
        .collect();

    let mean = |value: fn(&Row) -> f64, ends: fn(&Row) -> (f64, f64)| {
        let values: Vec<f64> = rows.iter().map(value).collect();
        let (mut least, mut greatest) = (0.0, 0.0);
        for (low, high) in rows.iter().map(ends) {
            least += low;
            greatest += high;
        }
        context.mean(context.units.mean(&values, None), n, (least / n as f64, greatest / n as f64))
    };
    metrics.insert("log_loss", mean(|r| r.log_loss, |r| r.log_loss_ends));
    let mut brier = mean(|r| r.brier, |r| r.brier_ends);
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
fn row(scores: &[f64], gold: LabelId, binary: bool) -> Row {
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
    Row {
        log_loss: log_loss_cell(of_gold),
        brier: exact,
        log_loss_ends: (log_loss_cell(scores[top]), log_loss_cell(scores[least])),
        brier_ends: (brier(top), brier(least)),
        top: scores[top],
        top_right: top == gold,
        top_3: ahead < 3,
    }
}

/// The expected calibration error of the top label: Σ over bins of |Σ (confidence - right)| / n (Guo et al. 2017, "On
/// calibration of modern neural networks"). Bins are open below and closed above.
///
/// The interval is the delta method's: a row adds its difference with the sign of its bin. The figure itself is biased
/// upwards in small samples, as differences that are chance count too; the interval does not correct this.
fn calibration_error(context: &Context, rows: &[Row]) -> Estimate {
    let bin = |top: f64| ((top * ECE_BINS as f64).ceil() as usize).clamp(1, ECE_BINS) - 1;
    let difference = |row: &Row| row.top - f64::from(u8::from(row.top_right));
    let mut sums = [0.0; ECE_BINS];
    for row in rows {
        sums[bin(row.top)] += difference(row);
    }
    let signed: Vec<f64> = rows.iter().map(|row| difference(row) * sums[bin(row.top)].signum()).collect();
    let mut estimate = context.mean(context.units.mean(&signed, None), rows.len() as u64, (0.0, 1.0));
    estimate.high = estimate.high.map(|high| high.min(1.0));
    estimate
}
