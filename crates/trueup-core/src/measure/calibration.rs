//! Calibration errors: of the top label of single-label tasks, of the cells of label sets.

use super::curves::{Bins, bins_of};
use super::{Context, Metrics};
use crate::document::{Estimate, IntervalKind};
use crate::stats::{CalibrationBin, calibration_interval};

/// How many bins the calibration errors use.
const BINS: usize = 15;

/// Adds the calibration errors of cells of (confidence, whether it came true), as many a row as `per_row`.
///
/// - `ece`: Σ over bins of |Σ (confidence - right)| / n (Guo and others 2017, "On calibration of modern neural networks").
///   Bins are of equal width, open below and closed above.
/// - `mce`: the greatest mean difference of a bin (same source).
/// - `ace`: as `ece` over bins of as many cells each (Nguyen and O'Connor 2015, "Posterior calibration and exploratory
///   analysis for natural language processing models"; the top label's of Nixon and others 2019, "Measuring calibration in
///   deep learning").
///
/// The figures are biased upwards in small samples, as differences that are chance count too. The interval of the top
/// label's `ece` ([`calibration_interval`]) holds the errors that could have given it. The others are the delta method's: a
/// row adds its difference with the sign of its bin, and the bias is not corrected.
pub(super) fn metrics(context: &Context, metrics: &mut Metrics, confidence: &[f64], right: &[bool], per_row: usize) {
    let weight = |cell: usize| context.units.weights.as_ref().map_or(1.0, |w| w[cell / per_row]);
    let difference = |cell: usize| confidence[cell] - f64::from(u8::from(right[cell]));
    let sums_of = |bins: &[u32]| {
        let mut sums = [(0.0, 0.0); BINS];
        for (cell, bin) in bins.iter().enumerate() {
            let sum = &mut sums[*bin as usize];
            sum.0 += weight(cell) * difference(cell);
            sum.1 += weight(cell);
        }
        sums
    };
    let bound = |mut estimate: Estimate| {
        estimate.high = estimate.high.map(|high| high.min(1.0));
        estimate
    };
    let rows = confidence.len() / per_row.max(1);
    let expected = |bins: &[u32]| {
        let sums = sums_of(bins);
        let signed = |cell: usize| difference(cell) * sums[bins[cell] as usize].0.signum();
        let of_row = |row: usize| (row * per_row..(row + 1) * per_row).map(signed).sum::<f64>() / per_row as f64;
        let signed: Vec<f64> = (0..rows).map(of_row).collect();
        bound(context.mean(context.units.mean(&signed, None), context.len, (0.0, 1.0)))
    };
    if context.wants("ece") || context.wants("mce") {
        let bins = bins_of(confidence, None, BINS, Bins::EqualWidth);
        if context.wants("ece") {
            let plain = per_row == 1 && context.units.weights.is_none();
            let estimate = if plain { top_label(context, confidence, right, &bins) } else { expected(&bins) };
            metrics.insert("ece", estimate);
        }
        let sums = sums_of(&bins);
        let gap = |bin: usize| (sums[bin].0 / sums[bin].1).abs();
        let held = (0..BINS).filter(|bin| sums[*bin].1 > 0.0);
        let worst = held.max_by(|a, b| gap(*a).total_cmp(&gap(*b)).then(b.cmp(a)));
        if let Some(worst) = worst.filter(|_| context.wants("mce")) {
            let sign = sums[worst].0.signum();
            let (mut parts, mut shares) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
            for row in 0..rows {
                let cells = || (row * per_row..(row + 1) * per_row).filter(|cell| bins[*cell] as usize == worst);
                let count = cells().count() as f64;
                shares.push(count);
                parts.push(if count > 0.0 { cells().map(difference).sum::<f64>() * sign / count } else { 0.0 });
            }
            let ratio = context.units.mean(&parts, Some(&shares));
            metrics.insert("mce", bound(context.mean(ratio, shares.iter().sum::<f64>() as u64, (0.0, 1.0))));
        } else {
            metrics.insert("mce", Estimate::undefined(context.len));
        }
    }
    if context.wants("ace") {
        let weights: Option<Vec<f64>> =
            context.units.weights.as_ref().map(|_| (0..confidence.len()).map(weight).collect());
        metrics.insert("ace", expected(&bins_of(confidence, weights.as_deref(), BINS, Bins::EqualMass)));
    }
}

/// The expected calibration error of one cell a row, with the interval of the errors that could have given it.
fn top_label(context: &Context, confidence: &[f64], right: &[bool], bins: &[u32]) -> Estimate {
    let difference = |row: usize| confidence[row] - f64::from(u8::from(right[row]));
    let (mut gaps, mut counts) = ([0.0; BINS], [0.0; BINS]);
    for (row, &bin) in bins.iter().enumerate() {
        gaps[bin as usize] += difference(row);
        counts[bin as usize] += 1.0;
    }
    // The squares of what units add to a bin, around the bin's mean; as the sample has them, and as the confidences say
    // (the rows of a cluster as if they were right or wrong together).
    let (mut squares, mut stated, mut units) = ([0.0; BINS], [0.0; BINS], [0.0; BINS]);
    let mut add = |at: usize, (sum, error): (f64, f64)| {
        squares[at] += sum * sum;
        stated[at] += error * error;
        units[at] += 1.0;
    };
    let of_row = |row: usize| {
        let at = bins[row] as usize;
        (at, (difference(row) - gaps[at] / counts[at], (confidence[row] * (1.0 - confidence[row])).sqrt()))
    };
    match &context.units.cluster_of {
        None => (0..bins.len()).for_each(|row| {
            let (at, sums) = of_row(row);
            add(at, sums);
        }),
        Some(of) => {
            let mut sums = vec![[(0.0, 0.0); BINS]; context.units.clusters];
            for (row, &cluster) in of.iter().enumerate() {
                let (at, (sum, error)) = of_row(row);
                let cell = &mut sums[cluster as usize][at];
                *cell = (cell.0 + sum, cell.1 + error);
            }
            let filled = |sums: &(f64, f64)| sums.0 != 0.0 || sums.1 != 0.0;
            sums.iter().for_each(|sums| (0..BINS).filter(|&at| filled(&sums[at])).for_each(|at| add(at, sums[at])));
        }
    }
    let held: Vec<CalibrationBin> = (0..BINS)
        .map(|at| CalibrationBin {
            gap: gaps[at],
            variance: squares[at] * units[at] / f64::max(units[at] - 1.0, 1.0),
            stated: stated[at],
        })
        .collect();
    match calibration_interval(&held, bins.len() as f64) {
        Some((value, (low, high))) if context.intervals() => {
            let ends = if high > low { (low, high) } else { context.unseen(value, (0.0, 1.0)) };
            Estimate::new(value, ends, context.len, IntervalKind::Delta)
        }
        Some((value, _)) => Estimate::point(value, context.len),
        None => Estimate::undefined(context.len),
    }
}
