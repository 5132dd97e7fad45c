//! Metrics of label sets that are means over examples or cells: the sample averages, losses, calibration, and areas over
//! all cells together.

use rayon::prelude::*;

use super::areas::{labels, share};
use super::curves::Sweep;
use super::placement::{Positives, Precision};
use super::scores::log_loss_cell;
use super::{Context, Metrics, calibration};
use crate::Pair;
use crate::counts::{Outcome, Tally, WeightedTally, walk};
use crate::document::Estimate;
use crate::stats::{Ratio, auc_unseen, precision_unseen};

pub(super) fn metrics(context: &Context, metrics: &mut Metrics) {
    samples(context, metrics);
    let n = context.len;
    let Some(scores) = context.scores() else {
        for name in ["log_loss", "brier_score", "ece", "mce", "ace"] {
            metrics.insert(name, Estimate::undefined(n));
        }
        return;
    };
    if context.wants("log_loss") {
        let loss = |p: f64, present: bool| log_loss_cell(if present { p } else { 1.0 - p });
        metrics.insert("log_loss", cells(context, scores, loss));
    }
    if context.wants("brier_score") {
        let mut brier = cells(context, scores, |p, present| (p - f64::from(u8::from(present))).powi(2));
        brier.high = brier.high.map(|high| high.min(1.0));
        metrics.insert("brier_score", brier);
    }
    let k = context.labels.len();
    if ["ece", "mce", "ace"].iter().any(|name| context.wants(name)) {
        let (confidence, present) = flat(context, scores);
        calibration::metrics(context, metrics, &confidence, &present, k);
    }
    together(context, metrics, scores);
    if context.wants("average_precision_samples") {
        let values: Vec<Option<f64>> = (scores.par_iter().zip(context.gold()))
            .map(|(scores, gold)| {
                let present: Vec<bool> = (0..k as u32).map(|l| labels(gold).binary_search(&l).is_ok()).collect();
                let sweep = Sweep::new(scores, &present, None);
                let curve = sweep.precision_recall(false)?;
                let steps = curve.recall.windows(2).zip(&curve.precision);
                Some(steps.map(|(recall, precision)| (recall[0] - recall[1]) * precision).sum())
            })
            .collect();
        metrics.insert("average_precision_samples", sample_mean(context, &values));
    }
}

/// A ratio of the sets of one example.
type Figure = Box<dyn Fn(&WeightedTally) -> Option<f64>>;

/// Means over examples of a ratio of their sets.
fn samples(context: &Context, metrics: &mut Metrics) {
    let predicted = context.pair().map_or(&[][..], Pair::predicted);
    let tallies: Vec<WeightedTally> = context
        .gold()
        .iter()
        .zip(predicted)
        .map(|(gold, predicted)| {
            let mut tally = Tally::default();
            walk(labels(gold), labels(predicted), |_, outcome: Outcome| {
                tally.record(outcome);
            });
            WeightedTally::of(tally, 1.0)
        })
        .collect();
    let mut figures: Vec<(String, Figure)> = vec![
        ("precision_samples".into(), Box::new(WeightedTally::precision)),
        ("recall_samples".into(), Box::new(WeightedTally::recall)),
        ("f1_samples".into(), Box::new(WeightedTally::f1)),
        ("jaccard_samples".into(), Box::new(WeightedTally::jaccard)),
    ];
    for (name, beta) in context.family("f{beta}_samples") {
        figures.push((name, Box::new(move |tally| tally.f_beta(beta))));
    }
    for (name, figure) in figures.iter().filter(|(name, _)| context.wants(name)) {
        let values: Vec<Option<f64>> = tallies.iter().map(figure).collect();
        metrics.insert(name, sample_mean(context, &values));
    }
}

/// The mean over examples of values that count 0, or take no part, where they are undefined.
fn sample_mean(context: &Context, values: &[Option<f64>]) -> Estimate {
    let rows: Vec<f64> = values.iter().map(|value| value.unwrap_or(0.0)).collect();
    let defined: Vec<f64> = values.iter().map(|value| f64::from(u8::from(value.is_some()))).collect();
    let shares = context.options.macro_defined.then_some(defined.as_slice());
    // Ratios vary less than what is right or wrong as a whole does, so an example is worth more than one trial.
    let ratio = context.units.mean(&rows, shares).map(|ratio| Ratio { whole: 4.0 * ratio.whole, ..ratio });
    context.proportion(ratio.map(|r| r.value), context.len, ratio, false, |p| p)
}

/// The probabilities of all cells, row by row, and whether the label belongs.
fn flat(context: &Context, scores: &[&[f64]]) -> (Vec<f64>, Vec<bool>) {
    let k = context.labels.len();
    let mut present = vec![false; scores.len() * k];
    for (row, gold) in context.gold().iter().enumerate() {
        labels(gold).iter().for_each(|&label| present[row * k + label as usize] = true);
    }
    (scores.concat(), present)
}

/// The mean over cells (examples times labels) of a loss of "the label belongs" against its probability.
fn cells(context: &Context, scores: &[&[f64]], loss: impl Fn(f64, bool) -> f64) -> Estimate {
    let n = context.len;
    let k = context.labels.len() as f64;
    let mut losses = Vec::with_capacity(scores.len());
    // The losses if every cell were as right, or as wrong, as it can be.
    let (mut least, mut greatest) = (0.0, 0.0);
    for (row, (cells, gold)) in scores.iter().zip(context.gold()).enumerate() {
        let weight = context.units.weights.as_ref().map_or(1.0, |w| w[row]);
        let mut gold = labels(gold).iter().copied().peekable();
        let mut sum = 0.0;
        for (label, &p) in cells.iter().enumerate() {
            let (present, absent) = (loss(p, true), loss(p, false));
            sum += if gold.next_if_eq(&(label as u32)).is_some() { present } else { absent };
            least += weight * present.min(absent);
            greatest += weight * present.max(absent);
        }
        losses.push(sum / k);
    }
    let cells = k * n as f64;
    let ratio: Option<Ratio> = context.units.mean(&losses, None);
    context.mean(ratio, n, (least / cells, greatest / cells))
}

/// The area under the ROC curve, and average precision, of all cells together (scikit-learn `average="micro"`). A row
/// moves them by the influences of all its cells.
fn together(context: &Context, metrics: &mut Metrics, scores: &[&[f64]]) {
    if !context.wants("roc_auc_micro") && !context.wants("average_precision_micro") {
        return;
    }
    let n = context.len;
    let k = context.labels.len();
    let weight = |row: usize| context.units.weights.as_ref().map_or(1.0, |w| w[row]);
    let mut found = Vec::new();
    for (row, gold) in context.gold().iter().enumerate() {
        found.extend(labels(gold).iter().map(|&label| (scores[row][label as usize], weight(row))));
    }
    let count = found.len() as f64;
    let positives = Positives::new(found);
    if positives.len() == 0 {
        metrics.insert("roc_auc_micro", Estimate::undefined(n));
        metrics.insert("average_precision_micro", Estimate::undefined(n));
        return;
    }
    // The place of every cell, and whether it is a positive.
    let places: Vec<Vec<(u32, bool)>> = (scores.par_iter().zip(context.gold()))
        .map(|(scores, gold)| {
            let mut gold = labels(gold).iter().copied().peekable();
            let place =
                |(label, score): (usize, &f64)| (positives.place(*score), gold.next_if_eq(&(label as u32)).is_some());
            scores.iter().enumerate().map(place).collect()
        })
        .collect();
    let mut others = vec![0.0; 2 * positives.len() + 1];
    for (row, places) in places.iter().enumerate() {
        places.iter().filter(|place| !place.1).for_each(|place| others[place.0 as usize] += weight(row));
    }
    let of_rows = |of_positive: &[f64], of_other: &[f64]| -> Vec<f64> {
        let of = |&(place, positive): &(u32, bool)| {
            if positive { of_positive[place as usize / 2] } else { of_other[place as usize] }
        };
        places.iter().map(|places| places.iter().map(of).sum()).collect()
    };
    let (below, negatives) = positives.others_below(&others);
    let m = positives.weight();
    let roc = if negatives > 0.0 {
        let value =
            below.iter().zip(&positives.at).map(|(below, weight)| below * weight).sum::<f64>() / (m * negatives);
        let of_positive: Vec<f64> = below.iter().map(|below| (below / negatives - value) / m).collect();
        let of_other: Vec<f64> = positives.share_above().iter().map(|above| (above - value) / negatives).collect();
        let fewer = count.min((n * k as u64) as f64 - count).min(n as f64);
        share(context, value, &of_rows(&of_positive, &of_other), auc_unseen(value, fewer), fewer, n)
    } else {
        Estimate::undefined(n)
    };
    metrics.insert("roc_auc_micro", roc);
    if let Some(precision) = Precision::new(&positives, &others) {
        let influence = of_rows(&precision.of_positive, &precision.of_other);
        let (value, trials) = (precision.value, count.min(n as f64));
        let unseen = precision_unseen(value, count);
        metrics.insert("average_precision_micro", share(context, value, &influence, unseen, trials, n));
    }
}
