//! Calibration errors: of the top label of single-label tasks, of the cells of label sets.

use super::curves::{Bins, bins_of};
use super::{Context, Metrics};
use crate::document::{Estimate, IntervalKind};
use crate::stats::{CalibrationBin, calibration_interval, greatest_gap_interval};

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
/// The figures are biased upwards in small samples, as differences that are chance count too. Their intervals hold the
/// errors that could have given them ([`calibration_interval`], [`greatest_gap_interval`]).
pub(super) fn metrics(context: &Context, metrics: &mut Metrics, confidence: &[f64], right: &[bool], per_row: usize) {
    let cells = Cells { context, confidence, right, per_row: per_row.max(1) };
    if context.wants("ece") || context.wants("mce") {
        let gaps = cells.gaps(&bins_of(confidence, None, BINS, Bins::EqualWidth));
        metrics.insert("ece", cells.expected(&gaps));
        metrics.insert("mce", cells.greatest(&gaps));
    }
    if context.wants("ace") {
        let weights: Option<Vec<f64>> =
            context.units.weights.as_ref().map(|_| (0..confidence.len()).map(|cell| cells.weight(cell)).collect());
        let gaps = cells.gaps(&bins_of(confidence, weights.as_deref(), BINS, Bins::EqualMass));
        metrics.insert("ace", cells.expected(&gaps));
    }
}

/// Cells of (confidence, whether it came true), row by row.
struct Cells<'a> {
    context: &'a Context<'a>,
    confidence: &'a [f64],
    right: &'a [bool],
    per_row: usize,
}

/// The gaps of the bins, and what of each bin they are made of: Σ weights, and how many cells there are.
struct Gaps {
    bins: Vec<CalibrationBin>,
    cells: Vec<u64>,
}

impl Cells<'_> {
    fn weight(&self, cell: usize) -> f64 {
        self.context.units.weights.as_ref().map_or(1.0, |weights| weights[cell / self.per_row])
    }

    fn difference(&self, cell: usize) -> f64 {
        self.confidence[cell] - f64::from(u8::from(self.right[cell]))
    }

    /// The sums of each bin, with their variance over the units: as the sample has it, and as the confidences say. The
    /// cells of a row are then right or wrong each for itself, the rows of a cluster together.
    fn gaps(&self, bins: &[u32]) -> Gaps {
        let (mut gaps, mut weights, mut right, mut cells) = ([0.0; BINS], [0.0; BINS], [0.0; BINS], vec![0; BINS]);
        for (cell, &bin) in bins.iter().enumerate() {
            let (at, weight) = (bin as usize, self.weight(cell));
            gaps[at] += weight * self.difference(cell);
            weights[at] += weight;
            right[at] += if self.right[cell] { weight } else { 0.0 };
            cells[at] += 1;
        }
        let (mut squares, mut stated, mut units) = ([0.0; BINS], [0.0; BINS], [0.0; BINS]);
        let mut add = |at: usize, sum: f64, error: f64| {
            squares[at] += sum * sum;
            stated[at] += error * error;
            units[at] += 1.0;
        };
        let of_cell = |cell: usize| {
            let (at, weight, p) = (bins[cell] as usize, self.weight(cell), self.confidence[cell]);
            // Rounding may put a probability past 1.
            let stated = weight * (p * (1.0 - p)).max(0.0).sqrt();
            (at, weight * (self.difference(cell) - gaps[at] / weights[at]), stated)
        };
        // What a row adds to each bin that it has cells of.
        let of_row = |row: usize| {
            let mut sums = [None::<(f64, f64)>; BINS];
            for cell in row * self.per_row..(row + 1) * self.per_row {
                let (at, sum, error) = of_cell(cell);
                let held = sums[at].get_or_insert((0.0, 0.0));
                *held = (held.0 + sum, held.1 + error * error);
            }
            sums.into_iter().enumerate().filter_map(|(at, held)| held.map(|(sum, squares)| (at, sum, squares.sqrt())))
        };
        let rows = bins.len() / self.per_row;
        match &self.context.units.cluster_of {
            None => (0..rows).flat_map(of_row).for_each(|(at, sum, error)| add(at, sum, error)),
            Some(of) => {
                let mut sums = vec![[None::<(f64, f64)>; BINS]; self.context.units.clusters];
                for (row, &cluster) in of.iter().enumerate() {
                    for (at, sum, error) in of_row(row) {
                        let held = sums[cluster as usize][at].get_or_insert((0.0, 0.0));
                        *held = (held.0 + sum, held.1 + error);
                    }
                }
                for (at, held) in sums.iter().flat_map(|sums| sums.iter().enumerate()) {
                    if let Some((sum, error)) = *held {
                        add(at, sum, error);
                    }
                }
            }
        }
        let bin = |at: usize| CalibrationBin {
            gap: gaps[at],
            weight: weights[at],
            right: right[at],
            units: units[at],
            variance: squares[at] * units[at] / f64::max(units[at] - 1.0, 1.0),
            stated: stated[at],
        };
        Gaps { bins: (0..BINS).map(bin).collect(), cells }
    }

    /// Σ |gap| / n.
    fn expected(&self, gaps: &Gaps) -> Estimate {
        let n: f64 = gaps.bins.iter().map(|bin| bin.weight).sum();
        self.estimate(calibration_interval(&gaps.bins, n), self.context.len)
    }

    /// The greatest |gap| / weight of a bin; of several the first. Its `n` is that of the bin.
    fn greatest(&self, gaps: &Gaps) -> Estimate {
        let gap = |at: usize| (gaps.bins[at].gap / gaps.bins[at].weight).abs();
        let held = (0..BINS).filter(|at| gaps.cells[*at] > 0);
        let worst = held.max_by(|a, b| gap(*a).total_cmp(&gap(*b)).then(b.cmp(a)));
        let n = worst.map_or(self.context.len, |worst| gaps.cells[worst]);
        self.estimate(greatest_gap_interval(&gaps.bins), n)
    }

    fn estimate(&self, found: Option<(f64, (f64, f64))>, n: u64) -> Estimate {
        match found {
            Some((value, (low, high))) if self.context.intervals() => {
                let ends = if high > low { (low, high) } else { self.context.unseen(value, (0.0, 1.0)) };
                Estimate::new(value, (ends.0.min(value), ends.1.max(value)), n, IntervalKind::Delta)
            }
            Some((value, _)) => Estimate::point(value, n),
            None => Estimate::undefined(self.context.len),
        }
    }
}
