//! Calibration errors: of the top label of single-label tasks, of the cells of label sets.

use super::curves::{Bins, bins_of};
use super::{Context, Metrics};
use crate::document::Estimate;

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
/// Intervals are the delta method's: a row adds its difference with the sign of its bin. The figures themselves are biased
/// upwards in small samples, as differences that are chance count too; the intervals do not correct this.
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
            metrics.insert("ece", expected(&bins));
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
