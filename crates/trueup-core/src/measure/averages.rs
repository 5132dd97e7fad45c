//! Metrics that join the counts of many labels: averages over labels, and Matthews' and Cohen's coefficients. Their
//! intervals come from the bootstrap over units.
//!
//! # Labels that a resample loses
//!
//! A label of m units is missing from a share of about exp(-m) of the resamples: 14 % for two. Were the mean there to
//! run over the other labels, it would estimate something else, and jump: 200 right `ok` and 2 missed `fraud` have a
//! macro F1 of 0.50, and the resamples without `fraud` one of 1, which made the interval 0.49 to 1. A label of the sample
//! therefore keeps a term in every resample: where it vanishes, its term in the sample, as if nothing new were known of
//! it. The interval of the example is then 0.49 to 0.89, whose upper arm is that of Wilson's interval for 0 of 2.
//!
//! Coverage of 95 % intervals and their mean arms, of the mean over the labels of the sample, in 2,000 samples
//! (`rare_labels_cover` and its neighbours in this crate's coverage tests; a label of share 0.01 beside two frequent
//! ones), when a lost label is dropped, and when it is kept:
//!
//! | macro F1 | dropped | kept |
//! |---|---|---|
//! | found 3 times in 5, n = 200 | 0.979 (-0.165, +0.159) | 0.973 (-0.161, +0.134) |
//! | found 3 times in 5, n = 500 | 0.970 (-0.173, +0.119) | 0.969 (-0.172, +0.114) |
//! | found once in 10, n = 200 | 0.974 (-0.071, +0.289) | 0.974 (-0.065, +0.222) |
//! | found once in 10, n = 500 | 0.997 (-0.061, +0.211) | 0.997 (-0.061, +0.196) |
//! | 50 labels of share 1 / rank, n = 500 | 0.912 (-0.047, +0.069) | 0.859 (-0.040, +0.062) |
//!
//! Macro precision, macro recall and balanced accuracy of the kept kind cover 0.942 to 1.000 in all five, the weighted
//! means 0.938 to 0.955 as before. A lost label keeps a support weight of one, without which resamples that lose the
//! missed `fraud` reach a weighted F1 of 1.
//!
//! The last row is a limit of the sample: with half of fifty labels at five examples or fewer, F1, a concave function
//! of counts, comes out too low on average, so intervals that miss lie below. Dropping labels covered more there by
//! chance: it pulls replicates towards the labels that are left. Two other ways did worse for that row and no better
//! for the others: to take the sample's term wherever a resample's is 0/0 (macro precision 0.889 and macro recall
//! 0.892, from 0.942 and 0.947), and to hold the terms of labels of up to three or six trials fixed and give them the
//! arms of their own intervals (macro F1 0.800 and 0.681).

use super::ratios::{either, f1_of_jaccard};
use super::units::Units;
use super::{Context, Metrics};
use crate::counts::Tally;
use crate::document::{Estimate, IntervalKind};
use crate::stats::{Resampled, Statistics, bootstrap};
use crate::{LabelId, Task};

/// A figure made of the counts of all labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Average {
    /// The weighted mean of one ratio a label.
    Mean(Term, Weight),
    /// Matthews' correlation coefficient of many labels (Gorodkin 2004, "Comparing two K-category assignments by a
    /// K-category correlation coefficient").
    Matthews,
    /// Cohen's kappa (Cohen 1960, "A coefficient of agreement for nominal scales").
    Kappa,
}

/// The ratio of a label that is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    Precision,
    Recall,
    F1,
    Jaccard,
}

/// How much a label weighs in the mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// 1 for the labels that occur in gold or prediction.
    Occurring,
    /// 1 for the labels that occur in gold.
    Gold,
    /// The label's support.
    Support,
}

const LABEL: &[(&str, Average)] = &[
    ("precision_macro", Average::Mean(Term::Precision, Weight::Occurring)),
    ("recall_macro", Average::Mean(Term::Recall, Weight::Occurring)),
    ("f1_macro", Average::Mean(Term::F1, Weight::Occurring)),
    ("f1_weighted", Average::Mean(Term::F1, Weight::Support)),
    ("precision_weighted", Average::Mean(Term::Precision, Weight::Support)),
    ("balanced_accuracy", Average::Mean(Term::Recall, Weight::Gold)),
    ("matthews_corrcoef", Average::Matthews),
    ("cohen_kappa", Average::Kappa),
];

const SETS: &[(&str, Average)] = &[
    ("precision_macro", Average::Mean(Term::Precision, Weight::Occurring)),
    ("recall_macro", Average::Mean(Term::Recall, Weight::Occurring)),
    ("f1_macro", Average::Mean(Term::F1, Weight::Occurring)),
    ("f1_weighted", Average::Mean(Term::F1, Weight::Support)),
    ("precision_weighted", Average::Mean(Term::Precision, Weight::Support)),
    ("jaccard_macro", Average::Mean(Term::Jaccard, Weight::Occurring)),
];

const SPANS: &[(&str, Average)] = &[
    ("precision_macro", Average::Mean(Term::Precision, Weight::Occurring)),
    ("recall_macro", Average::Mean(Term::Recall, Weight::Occurring)),
    ("f1_macro", Average::Mean(Term::F1, Weight::Occurring)),
    ("f1_weighted", Average::Mean(Term::F1, Weight::Support)),
];

pub(super) fn metrics(context: &Context, metrics: &mut Metrics) {
    let list = match context.pair.task() {
        Task::Classification => LABEL,
        Task::Multilabel => SETS,
        Task::Ner => SPANS,
    };
    let averages = Averages::new(&context.units, list, context.options.macro_defined);
    let resampled = if context.intervals() {
        bootstrap(&context.units.times, context.options.resamples, context.options.seed, &averages)
    } else {
        let mut values = vec![f64::NAN; list.len()];
        averages.of(&context.units.tallies, &mut values);
        let point = |value: f64| (!value.is_nan()).then_some(value);
        values.into_iter().map(|v| Resampled { value: point(v), interval: None, jackknife: false }).collect()
    };
    let n = if context.pair.task() == Task::Ner {
        context.units.tallies.iter().map(Tally::support).sum()
    } else {
        context.pair.len() as u64
    };
    for (&(name, average), resampled) in list.iter().zip(resampled) {
        let mut estimate = estimate(context, average, resampled, n);
        if let Average::Mean(term, weight) = average {
            estimate.undefined = context.names(undefined(&context.units.tallies, term, weight));
        }
        metrics.insert(name, estimate);
    }
}

fn estimate(context: &Context, average: Average, resampled: Resampled, n: u64) -> Estimate {
    let Some(value) = resampled.value else {
        return Estimate::undefined(n);
    };
    if !context.intervals() {
        return Estimate::point(value, n);
    }
    let varies = resampled.interval.filter(|(low, high)| high > low);
    let kind = match varies {
        Some(_) if resampled.jackknife => IntervalKind::Delta,
        Some(_) => IntervalKind::Bootstrap,
        None if context.units.independent => IntervalKind::Wilson,
        None => IntervalKind::Delta,
    };
    let (low, high) = match average {
        Average::Mean(term, weight) => {
            let (low, high) = varies.unwrap_or((value, value));
            let (below, above) = hidden_arms(context, term, weight, varies.is_none());
            (value - (value - low).hypot(below), value + (high - value).hypot(above))
        }
        Average::Matthews | Average::Kappa => varies.unwrap_or_else(|| chance_corrected(context, value)),
    };
    let least = if matches!(average, Average::Mean(..)) { 0.0 } else { -1.0 };
    Estimate::new(value, (low.clamp(least, value), high.clamp(value, 1.0)), n, kind)
}

/// The labels whose term is 0/0 although they take part, or that a mean over gold labels leaves out.
fn undefined(tallies: &[Tally], term: Term, weight: Weight) -> Vec<LabelId> {
    let is_undefined = |tally: &Tally| match weight {
        Weight::Occurring => tally.occurs() && term.of(tally).is_none(),
        Weight::Gold => tally.occurs() && tally.support() == 0,
        Weight::Support => tally.support() > 0 && term.of(tally).is_none(),
    };
    (0..tallies.len()).filter(|&label| is_undefined(&tallies[label])).map(|label| label as LabelId).collect()
}

impl Term {
    fn of(self, tally: &Tally) -> Option<f64> {
        match self {
            Self::Precision => tally.precision(),
            Self::Recall => tally.recall(),
            Self::F1 => tally.f1(),
            Self::Jaccard => tally.jaccard(),
        }
    }

    fn whole(self) -> fn(&Tally) -> u64 {
        match self {
            Self::Precision => Tally::predicted,
            Self::Recall => Tally::support,
            Self::F1 | Self::Jaccard => either,
        }
    }
}

/// What `label` weighs and its term: 0 where it is undefined and counts, weight 0 where it takes no part.
fn weighed(tally: &Tally, term: Term, weight: Weight, macro_defined: bool) -> (f64, f64) {
    let value = term.of(tally);
    let weight = match weight {
        Weight::Occurring if macro_defined && value.is_none() => 0.0,
        Weight::Occurring => f64::from(u8::from(tally.occurs())),
        Weight::Gold => f64::from(u8::from(tally.support() > 0)),
        Weight::Support => tally.support() as f64,
    };
    (weight, value.unwrap_or(0.0))
}

/// The same for the counts that a resample leaves to a label of the given counts in the sample.
///
/// The labels that a mean runs over are those of the sample: one that vanishes from a resample, so that it would take
/// no part, keeps its weight and term of the sample. Of a support weight it keeps one: that none of it was drawn says
/// that it is rare, not that there is none.
fn kept(tally: &Tally, sample: &Tally, term: Term, weight: Weight, macro_defined: bool) -> (f64, f64) {
    let (w, value) = weighed(tally, term, weight, macro_defined);
    if w > 0.0 {
        return (w, value);
    }
    let (w, value) = weighed(sample, term, weight, macro_defined);
    (w.min(1.0), value)
}

struct Averages<'a> {
    units: &'a Units,
    list: &'static [(&'static str, Average)],
    macro_defined: bool,
    /// The cells of all kinds one after another, and where each kind's end: a resample reads them in one sweep.
    cells: Vec<(LabelId, Tally)>,
    ends: Vec<usize>,
}

impl<'a> Averages<'a> {
    fn new(units: &'a Units, list: &'static [(&'static str, Average)], macro_defined: bool) -> Self {
        let (mut cells, mut ends) = (Vec::new(), Vec::with_capacity(units.kinds.len()));
        for kind in &units.kinds {
            cells.extend_from_slice(&kind.cells);
            ends.push(cells.len());
        }
        Self { units, list, macro_defined, cells, ends }
    }

    fn of(&self, tallies: &[Tally], out: &mut [f64]) {
        for (&(_, average), out) in self.list.iter().zip(out) {
            *out = match average {
                Average::Mean(term, weight) => {
                    let (mut sum, mut weights) = (0.0, 0.0);
                    for (tally, sample) in tallies.iter().zip(&self.units.tallies) {
                        let (w, value) = kept(tally, sample, term, weight, self.macro_defined);
                        sum += w * value;
                        weights += w;
                    }
                    sum / weights
                }
                Average::Matthews | Average::Kappa => coefficient(average, tallies),
            };
        }
    }
}

impl Statistics for Averages<'_> {
    fn count(&self) -> usize {
        self.list.len()
    }

    fn evaluate(&self, counts: &[u64], out: &mut [f64]) {
        let mut tallies = vec![Tally::default(); self.units.tallies.len()];
        let mut start = 0;
        for (&end, &times) in self.ends.iter().zip(counts) {
            if times > 0 {
                for &(label, cell) in &self.cells[start..end] {
                    let tally = &mut tallies[label as usize];
                    tally.tp += times * cell.tp;
                    tally.fp += times * cell.fp;
                    tally.fn_ += times * cell.fn_;
                }
            }
            start = end;
        }
        self.of(&tallies, out);
    }

    fn without(&self, _: &[u64], kind: usize, out: &mut [f64]) {
        let mut tallies = self.units.tallies.clone();
        for &(label, cell) in &self.units.kinds[kind].cells {
            let tally = &mut tallies[label as usize];
            tally.tp -= cell.tp;
            tally.fp -= cell.fp;
            tally.fn_ -= cell.fn_;
        }
        self.of(&tallies, out);
    }
}

/// Sums of the margins of a confusion matrix: examples, right ones, Σ gold², Σ predicted², Σ gold x predicted.
fn margins(tallies: &[Tally]) -> [f64; 5] {
    let mut sums = [0.0; 5];
    for tally in tallies {
        let (gold, predicted) = (tally.support() as f64, tally.predicted() as f64);
        sums[0] += gold;
        sums[1] += tally.tp as f64;
        sums[2] += gold * gold;
        sums[3] += predicted * predicted;
        sums[4] += gold * predicted;
    }
    sums
}

/// NaN for 0/0: all gold and all predictions (Matthews: or either) of one label.
fn coefficient(average: Average, tallies: &[Tally]) -> f64 {
    let [n, right, gold, predicted, both] = margins(tallies);
    let above = right * n - both;
    let below = match average {
        Average::Kappa => n * n - both,
        _ => ((n * n - gold) * (n * n - predicted)).sqrt(),
    };
    if below > 0.0 { above / below } else { f64::NAN }
}

/// The arms, below and above, that a mean owes to the terms whose spread resampling cannot see: those at 0 or 1 in the
/// sample, or `all`. Each such term has its own interval (an undefined one could be anything); terms are taken as
/// independent, so the squares of their arms add up.
fn hidden_arms(context: &Context, term: Term, weight: Weight, all: bool) -> (f64, f64) {
    let (mut weights, mut below, mut above) = (0.0, 0.0, 0.0);
    for (label, tally) in context.units.tallies.iter().enumerate() {
        let (w, value) = weighed(tally, term, weight, context.options.macro_defined);
        weights += w;
        if w == 0.0 || !(all || value <= 0.0 || value >= 1.0) {
            continue;
        }
        let ratio = context.units.label_ratio(label as LabelId, |t| t.tp, term.whole());
        let (low, high) = ratio.map_or((0.0, 1.0), |ratio| ratio.proportion());
        let (low, high) = if term == Term::F1 { (f1_of_jaccard(low), f1_of_jaccard(high)) } else { (low, high) };
        below += (w * (value - low)).powi(2);
        above += (w * (high - value)).powi(2);
    }
    (below.sqrt() / weights, above.sqrt() / weights)
}

/// The interval of a chance-corrected coefficient when the share of examples that could go unseen is moved: right to
/// wrong or wrong to right, the margins staying.
fn chance_corrected(context: &Context, value: f64) -> (f64, f64) {
    let [n, _, _, _, both] = margins(&context.units.tallies);
    let by = context.unseen_share() / (1.0 - both / (n * n));
    (value - by, value + by)
}
