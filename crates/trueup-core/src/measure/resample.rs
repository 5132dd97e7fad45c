//! Figures made of the counts of all labels, evaluated on resamples of the units.

use rayon::prelude::*;

use super::Context;
use super::coefficients::{Coefficient, Margins, weighted_kappa};
use super::units::Units;
use crate::LabelId;
use crate::counts::WeightedTally;
use crate::stats::{Resampled, Statistics, Z95, bootstrap};

/// Above this many units the jackknife's standard error is used alone, as [`bootstrap`] does above as many draws.
const MANY: u64 = 1_000_000;

/// The same where there are more kinds than this to draw for each resample.
const MANY_OF_KINDS: (u64, usize) = (200_000, 256);

/// A figure made of the counts of all labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Average {
    /// The weighted mean of one ratio a label.
    Mean(Term, Weight),
    /// A coefficient of the confusion matrix.
    Of(Coefficient),
}

/// The ratio of a label that is averaged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Term {
    Precision,
    Recall,
    F1,
    Jaccard,
    FBeta(f64),
}

/// How much a label weighs in the mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// 1 for the labels that occur in gold or prediction.
    Occurring,
    /// 1 for the labels that occur in gold.
    Gold,
    /// The label's support.
    Support,
}

impl Average {
    /// Whether it needs the steps between labels.
    pub fn is_ordinal(&self) -> bool {
        matches!(self, Self::Of(Coefficient::KappaLinear | Coefficient::KappaQuadratic))
    }
}

impl Term {
    pub fn of(self, tally: &WeightedTally) -> Option<f64> {
        match self {
            Self::Precision => tally.precision(),
            Self::Recall => tally.recall(),
            Self::F1 => tally.f1(),
            Self::Jaccard => tally.jaccard(),
            Self::FBeta(beta) => tally.f_beta(beta),
        }
    }

    /// What TP is a share of; for F1 as for Jaccard's index, of which it is a function.
    pub fn whole(self, tally: &WeightedTally) -> f64 {
        match self {
            Self::Precision => tally.predicted(),
            Self::Recall => tally.support(),
            Self::F1 | Self::Jaccard => tally.either(),
            Self::FBeta(beta) => tally.f_beta_whole(beta),
        }
    }
}

/// What a label weighs and its term: 0 where it is undefined and counts, weight 0 where it takes no part.
pub(super) fn weighed(tally: &WeightedTally, term: Term, weight: Weight, macro_defined: bool) -> (f64, f64) {
    let value = term.of(tally);
    let weight = match weight {
        Weight::Occurring if macro_defined && value.is_none() => 0.0,
        Weight::Occurring => f64::from(u8::from(tally.occurs())),
        Weight::Gold => f64::from(u8::from(tally.support() > 0.0)),
        Weight::Support => tally.support(),
    };
    (weight, value.unwrap_or(0.0))
}

/// The same for the counts that a resample leaves to a label of the given counts in the sample.
///
/// The labels that a mean runs over are those of the sample: one that vanishes from a resample, so that it would take
/// no part, keeps its weight and term of the sample. Of a support weight it keeps one: that none of it was drawn says
/// that it is rare, not that there is none.
fn kept(tally: &WeightedTally, sample: &WeightedTally, term: Term, weight: Weight, macro_defined: bool) -> (f64, f64) {
    let (w, value) = weighed(tally, term, weight, macro_defined);
    if w > 0.0 {
        return (w, value);
    }
    let (w, value) = weighed(sample, term, weight, macro_defined);
    (w.min(1.0), value)
}

/// The figures of `list` with their intervals, from the bootstrap over `units`.
pub(super) fn resampled(context: &Context, units: &Units, list: &[Average]) -> Vec<Resampled> {
    let averages = Averages::new(units, list, context.options.macro_defined);
    if !context.intervals() {
        let mut values = vec![f64::NAN; list.len()];
        averages.of(&units.tallies, averages.steps(&units.times), &mut values);
        let point = |value: f64| (!value.is_nan()).then_some(value);
        return values.into_iter().map(|v| Resampled { value: point(v), interval: None, jackknife: false }).collect();
    }
    let (units_of_kinds, kinds) = MANY_OF_KINDS;
    if units.total > MANY || units.total > units_of_kinds && units.times.len() > kinds {
        return jackknife(&averages);
    }
    bootstrap(&units.times, context.options.resamples, context.options.seed, &averages)
}

/// Value and normal interval of each figure by the jackknife's standard error.
fn jackknife(averages: &Averages) -> Vec<Resampled> {
    let (times, width) = (&averages.units.times, averages.list.len());
    let mut values = vec![f64::NAN; width];
    averages.evaluate(times, &mut values);
    let without: Vec<Vec<f64>> = (0..times.len())
        .into_par_iter()
        .with_min_len(64)
        .map(|kind| {
            let mut out = vec![f64::NAN; width];
            averages.without(times, kind, &mut out);
            out
        })
        .collect();
    let figure = |s: usize| {
        let value = Some(values[s]).filter(|value| value.is_finite());
        // A figure can be undefined without a unit that it hangs on; that unit says nothing of its spread.
        let defined = || without.iter().zip(times).map(|(out, &t)| (out[s], t as f64)).filter(|(v, _)| v.is_finite());
        let n: f64 = defined().map(|(_, times)| times).sum();
        let mean = defined().map(|(v, times)| v * times).sum::<f64>() / n;
        let squares: f64 = defined().map(|(v, times)| times * (mean - v).powi(2)).sum();
        // Rounding alone leaves about n (1e-16)².
        let varies = n > 1.0 && squares > n * 1e-28 * mean.abs().max(1.0);
        let half = Z95 * ((n - 1.0) / n * squares).sqrt();
        Resampled { value, interval: value.filter(|_| varies).map(|v| (v - half, v + half)), jackknife: true }
    };
    (0..width).map(figure).collect()
}

/// Evaluates figures on the counts of resamples.
struct Averages<'a> {
    units: &'a Units,
    list: &'a [Average],
    macro_defined: bool,
    /// Whether a figure needs the steps between labels.
    ordinal: bool,
    /// Σ weight x term and Σ weight of each mean over the sample.
    means: Vec<(f64, f64)>,
    margins: Margins,
    sample_steps: [f64; 2],
}

impl<'a> Averages<'a> {
    fn new(units: &'a Units, list: &'a [Average], macro_defined: bool) -> Self {
        let mut averages = Self {
            units,
            list,
            macro_defined,
            ordinal: list.iter().any(Average::is_ordinal),
            means: Vec::new(),
            margins: Margins::new(&units.tallies),
            sample_steps: [0.0; 2],
        };
        averages.sample_steps = averages.steps(&units.times);
        averages.means = list.iter().map(|&average| averages.sums(average, &units.tallies)).collect();
        averages
    }

    /// Σ weight x term and Σ weight over labels of the given counts.
    fn sums(&self, average: Average, tallies: &[WeightedTally]) -> (f64, f64) {
        let Average::Mean(term, weight) = average else {
            return (0.0, 0.0);
        };
        let (mut sum, mut weights) = (0.0, 0.0);
        for (tally, sample) in tallies.iter().zip(&self.units.tallies) {
            let (w, value) = kept(tally, sample, term, weight, self.macro_defined);
            sum += w * value;
            weights += w;
        }
        (sum, weights)
    }

    /// The sum of the steps, and of their squares, between gold and predicted labels.
    fn steps(&self, counts: &[u64]) -> [f64; 2] {
        let mut sums = [0.0; 2];
        if self.ordinal {
            for (kind, &times) in self.units.kinds().zip(counts) {
                sums[0] += kind.extra[0] * times as f64;
                sums[1] += kind.extra[1] * times as f64;
            }
        }
        sums
    }

    fn of(&self, tallies: &[WeightedTally], steps: [f64; 2], out: &mut [f64]) {
        let margins = Margins::new(tallies);
        for (&average, out) in self.list.iter().zip(out) {
            *out = match average {
                Average::Mean(..) => {
                    let (sum, weights) = self.sums(average, tallies);
                    sum / weights
                }
                Average::Of(Coefficient::KappaLinear) => weighted_kappa(tallies, steps[0], false),
                Average::Of(Coefficient::KappaQuadratic) => weighted_kappa(tallies, steps[1], true),
                Average::Of(coefficient) => margins.coefficient(coefficient),
            };
        }
    }
}

impl Statistics for Averages<'_> {
    fn count(&self) -> usize {
        self.list.len()
    }

    fn evaluate(&self, counts: &[u64], out: &mut [f64]) {
        let mut tallies = vec![WeightedTally::default(); self.units.tallies.len()];
        for (kind, &times) in self.units.kinds().zip(counts) {
            if times > 0 {
                for &(label, cell) in kind.cells {
                    tallies[label as usize].merge(cell, times as f64);
                }
            }
        }
        self.of(&tallies, self.steps(counts), out);
    }

    /// Only the labels of the unit taken out change, so that the sums of the sample serve for all others.
    fn without(&self, _: &[u64], kind: usize, out: &mut [f64]) {
        let kind = self.units.kind(kind);
        let less = |&(label, cell): &(LabelId, WeightedTally)| {
            let sample = self.units.tallies[label as usize];
            let mut tally = sample;
            tally.merge(cell, -1.0);
            (sample, tally)
        };
        if self.ordinal {
            let mut tallies = self.units.tallies.clone();
            kind.cells.iter().for_each(|cell| tallies[cell.0 as usize] = less(cell).1);
            let steps = [0, 1].map(|at| self.sample_steps[at] - kind.extra[at]);
            return self.of(&tallies, steps, out);
        }
        let mut margins = self.margins;
        for (sample, tally) in kind.cells.iter().map(less) {
            margins.add(&sample, -1.0);
            margins.add(&tally, 1.0);
        }
        for ((&average, &(mut sum, mut weights)), out) in self.list.iter().zip(&self.means).zip(out) {
            *out = match average {
                Average::Of(coefficient) => margins.coefficient(coefficient),
                Average::Mean(term, weight) => {
                    for (sample, tally) in kind.cells.iter().map(less) {
                        let (w, value) = kept(&sample, &sample, term, weight, self.macro_defined);
                        sum -= w * value;
                        weights -= w;
                        let (w, value) = kept(&tally, &sample, term, weight, self.macro_defined);
                        sum += w * value;
                        weights += w;
                    }
                    sum / weights
                }
            };
        }
    }
}
