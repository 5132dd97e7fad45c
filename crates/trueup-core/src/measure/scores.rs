//! Metrics of the probabilities of a single-label task: losses, top-k accuracy, and what `calibration` and `confidence`
//! make of the most probable label.

use rayon::prelude::*;

use super::{Context, Metrics, calibration, confidence};
use crate::document::Estimate;
use crate::{Annotation, LabelId};

/// Up to this many rows the spread that the probabilities state stands in for that of mistakes which the sample does not
/// show; it costs a logarithm a cell, and with more rows the sample shows them.
const FEW: usize = 10_000;

/// The log loss of an event that happened and had probability `p`, clipped at the f64 epsilon as scikit-learn does.
pub(crate) fn log_loss_cell(p: f64) -> f64 {
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
    stated: Losses,
    /// What the probability of gold lacks of leading the next by 1.
    hinge: f64,
    /// The greatest probability, and whether its label (the first of several) is gold.
    top: f64,
    top_right: bool,
    /// How many labels are more probable than gold, equal ones that sort before it included.
    ahead: u32,
}

/// A figure of each loss.
#[derive(Debug, Clone, Copy, Default)]
struct Losses {
    log_loss: f64,
    brier: f64,
    hinge: f64,
}

const NAMES: [&str; 9] =
    ["log_loss", "brier_score", "hinge_loss", "d2_log_loss", "ece", "mce", "ace", "aurc", "e_aurc"];

pub(super) fn metrics(context: &Context, metrics: &mut Metrics) {
    let n = context.len;
    let k = context.labels.len();
    // Among as many labels as there are, gold is always found.
    let mut top: Vec<(String, f64)> = context.family("top_{k}_accuracy");
    top.push(("top_3_accuracy".to_owned(), 3.0));
    top.retain(|(name, most)| context.wants(name) && k as f64 > *most);
    let Some(scores) = context.scores() else {
        for name in NAMES.into_iter().chain(top.iter().map(|(name, _)| name.as_str())) {
            metrics.insert(name, Estimate::undefined(n));
        }
        return;
    };
    if top.is_empty() && !NAMES.iter().any(|name| context.wants(name)) {
        return;
    }
    let few = n as usize <= FEW;
    let rows: Vec<Row> = scores
        .par_iter()
        .zip(context.gold())
        .with_min_len(256)
        .map(|(scores, gold)| match gold {
            Annotation::Label(gold) => row(scores, *gold, k == 2, few),
            _ => Row::default(),
        })
        .collect();

    let weights = context.units.weights.as_deref();
    let mean = |value: fn(&Row) -> f64, ends: fn(&Row) -> (f64, f64), stated: fn(&Row) -> f64| {
        let values: Vec<f64> = rows.iter().map(value).collect();
        let (mut least, mut greatest) = (0.0, 0.0);
        for (row, (low, high)) in rows.iter().map(ends).enumerate() {
            let weight = weights.map_or(1.0, |w| w[row]);
            least += weight * low;
            greatest += weight * high;
        }
        let error = stated_error(context, |row| stated(&rows[row]));
        let ratio = context.units.mean(&values, None).map(|ratio| ratio.error_at_least(error));
        context.mean(ratio, n, (least / n as f64, greatest / n as f64))
    };
    let below = |mut estimate: Estimate, most: f64| {
        estimate.high = estimate.high.map(|high| high.min(most));
        estimate
    };
    if context.wants("log_loss") {
        metrics.insert("log_loss", mean(|r| r.log_loss, |r| r.log_loss_ends, |r| r.stated.log_loss));
    }
    if context.wants("brier_score") {
        let most = if k == 2 { 1.0 } else { 2.0 };
        metrics.insert("brier_score", below(mean(|r| r.brier, |r| r.brier_ends, |r| r.stated.brier), most));
    }
    if context.wants("hinge_loss") {
        metrics.insert("hinge_loss", below(mean(|r| r.hinge, |_| (0.0, 2.0), |r| r.stated.hinge), 2.0));
    }
    if context.wants("d2_log_loss") {
        metrics.insert("d2_log_loss", explained(context, &rows));
    }
    let confidence: Vec<f64> = rows.iter().map(|row| row.top).collect();
    let right: Vec<bool> = rows.iter().map(|row| row.top_right).collect();
    calibration::metrics(context, metrics, &confidence, &right, 1);
    confidence::metrics(context, metrics, &confidence, &right);
    for (name, most) in top {
        let values: Vec<f64> = rows.iter().map(|r| f64::from(u8::from(f64::from(r.ahead) < most))).collect();
        let ratio = context.units.mean(&values, None);
        metrics.insert(&name, context.proportion(ratio.map(|r| r.value), n, ratio, true, |p| p));
    }
}

/// The standard error of a mean over rows whose values have the variances `stated`, those of a cluster rising and falling
/// together.
pub(super) fn stated_error(context: &Context, stated: impl Fn(usize) -> f64) -> f64 {
    let n = context.len as usize;
    let spread = |row: usize| context.units.weights.as_ref().map_or(1.0, |w| w[row]) * stated(row).sqrt();
    let squares: f64 = match &context.units.cluster_of {
        None => (0..n).map(|row| spread(row).powi(2)).sum(),
        Some(of) => {
            let mut sums = vec![0.0; context.units.clusters];
            of.iter().enumerate().for_each(|(row, &cluster)| sums[cluster as usize] += spread(row));
            sums.iter().map(|sum| sum * sum).sum()
        }
    };
    squares.sqrt() / n as f64
}

#[allow(clippy::float_cmp)] // ties are equal scores, to the last bit
fn row(scores: &[f64], gold: LabelId, binary: bool, few: bool) -> Row {
    let gold = gold as usize;
    let of_gold = scores[gold];
    let (mut top, mut least, mut ahead) = (0, 0, 0);
    let (mut squares, mut other) = (0.0, f64::NEG_INFINITY);
    for (label, &p) in scores.iter().enumerate() {
        if p > scores[top] {
            top = label;
        }
        if p < scores[least] {
            least = label;
        }
        if label != gold && p > other {
            other = p;
        }
        ahead += u32::from(p > of_gold || (p == of_gold && label < gold));
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
    let stated = if few { stated(scores, squares, binary) } else { Losses::default() };
    Row {
        stated,
        log_loss: log_loss_cell(of_gold),
        brier: exact,
        log_loss_ends: (log_loss_cell(scores[top]), log_loss_cell(scores[least])),
        brier_ends: (brier(top), brier(least)),
        // A single label leads by all it has; rounding may put a probability past 1.
        hinge: (1.0 - (of_gold - other.max(0.0))).clamp(0.0, 2.0),
        top: scores[top],
        top_right: top == gold,
        ahead,
    }
}

/// The variances of the losses of a row if gold came with the stated probabilities.
fn stated(scores: &[f64], squares: f64, binary: bool) -> Losses {
    let (mut loss, mut loss2, mut cubes) = (0.0, 0.0, 0.0);
    let (mut first, mut second) = (0.0, 0.0);
    for &p in scores {
        (first, second) = if p > first { (p, first) } else { (first, f64::max(second, p)) };
        let cell = log_loss_cell(p);
        loss += p * cell;
        loss2 += p * cell * cell;
        cubes += p * p * p;
    }
    let brier = (cubes - squares * squares).max(0.0);
    // The first of the greatest leads by what it has over the next.
    let top = scores.iter().position(|p| *p >= first);
    let (mut hinge, mut hinge2) = (0.0, 0.0);
    for (label, &p) in scores.iter().enumerate() {
        let cell = 1.0 - (p - if Some(label) == top { second } else { first });
        hinge += p * cell;
        hinge2 += p * cell * cell;
    }
    Losses {
        log_loss: (loss2 - loss * loss).max(0.0),
        brier: if binary { brier } else { 4.0 * brier },
        hinge: (hinge2 - hinge * hinge).max(0.0),
    }
}

/// The share of the log loss of the labels' frequencies that the probabilities save (scikit-learn `d2_log_loss_score`);
/// no value when gold is all of one label, which frequencies tell without loss. The frequencies vary with the sample as
/// the losses do: the delta method's interval counts both.
fn explained(context: &Context, rows: &[Row]) -> Estimate {
    let n = context.len;
    let frequency = |label: LabelId| context.units.tallies[label as usize].support() / context.units.examples;
    let plain: Vec<f64> = context
        .gold()
        .iter()
        .map(|gold| if let Annotation::Label(gold) = gold { -frequency(*gold).ln() } else { 0.0 })
        .collect();
    let losses: Vec<f64> = rows.iter().map(|row| row.log_loss).collect();
    let mean = |rows: &[f64]| context.units.mean(rows, None).map(|ratio| ratio.value);
    let (Some(loss), Some(without)) = (mean(&losses), mean(&plain)) else {
        return Estimate::undefined(n);
    };
    if context.units.counts.iter().filter(|tally| tally.support() > 0).count() < 2 {
        return Estimate::undefined(n);
    }
    let share = loss / without;
    if !context.intervals() {
        return Estimate::point(1.0 - share, n);
    }
    let moved = |(l, p): (&f64, &f64)| share + (l - loss) / without - share / without * (p - without);
    let moved: Vec<f64> = losses.iter().zip(&plain).map(moved).collect();
    let error = stated_error(context, |row| rows[row].stated.log_loss) / without;
    let ratio = context.units.mean(&moved, None).map(|ratio| ratio.error_at_least(error));
    match ratio.and_then(|ratio| ratio.mean()) {
        Some((low, high)) => {
            Estimate::new(1.0 - share, (1.0 - high, (1.0 - low).min(1.0)), n, crate::document::IntervalKind::Delta)
        }
        None => Estimate::point(1.0 - share, n),
    }
}
