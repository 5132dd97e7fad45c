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

use super::catalogue::find;
use super::coefficients::{Coefficient, Margins, fall, steps};
use super::ratios::f1_of_jaccard;
use super::resample::{Average, Term, Weight, resampled, weighed};
use super::units::Units;
use super::{Context, Metrics};
use crate::counts::WeightedTally;
use crate::document::{Estimate, IntervalKind};
use crate::stats::{Resampled, auc_unseen};
use crate::{Annotation, LabelId, Task};

/// The average of a name, where it is one.
fn average(name: &str) -> Option<Average> {
    use Average::{Mean, Of};
    let beta = |family: &str| find(family)?.number(name).map(Term::FBeta);
    Some(match name {
        "precision_macro" => Mean(Term::Precision, Weight::Occurring),
        "recall_macro" => Mean(Term::Recall, Weight::Occurring),
        "f1_macro" => Mean(Term::F1, Weight::Occurring),
        "f1_weighted" => Mean(Term::F1, Weight::Support),
        "precision_weighted" => Mean(Term::Precision, Weight::Support),
        "balanced_accuracy" => Mean(Term::Recall, Weight::Gold),
        "jaccard_macro" => Mean(Term::Jaccard, Weight::Occurring),
        "jaccard_weighted" => Mean(Term::Jaccard, Weight::Support),
        "matthews_corrcoef" => Of(Coefficient::Matthews),
        "cohen_kappa" => Of(Coefficient::Kappa),
        "cohen_kappa_linear" => Of(Coefficient::KappaLinear),
        "cohen_kappa_quadratic" => Of(Coefficient::KappaQuadratic),
        _ => match (beta("f{beta}_macro"), beta("f{beta}_weighted")) {
            (Some(term), _) => Mean(term, Weight::Occurring),
            (None, Some(term)) => Mean(term, Weight::Support),
            (None, None) => return None,
        },
    })
}

pub(super) fn metrics(context: &Context, metrics: &mut Metrics) {
    let list: Vec<(&str, Average)> =
        context.wanted.iter().filter_map(|name| Some((name.as_str(), average(name)?))).collect();
    let (ordinal, plain): (Vec<_>, Vec<_>) = list.into_iter().partition(|(_, average)| average.is_ordinal());
    measured(context, &context.units, &plain, metrics);
    if !ordinal.is_empty() {
        let steps = |gold: &Annotation, predicted: &Annotation| match (gold, predicted) {
            (Annotation::Label(gold), Annotation::Label(predicted)) => steps(*gold, *predicted),
            _ => [0.0; 3],
        };
        measured(context, &context.units_with(&steps), &ordinal, metrics);
    }
}

fn measured(context: &Context, units: &Units, list: &[(&str, Average)], metrics: &mut Metrics) {
    if list.is_empty() {
        return;
    }
    let averages: Vec<Average> = list.iter().map(|(_, average)| *average).collect();
    let resampled = resampled(context, units, &averages);
    let n = if context.task == Task::Ner { context.total().1.support() } else { context.len };
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
        Average::Of(coefficient) => match varies {
            Some((low, high)) => (value - (value - low).hypot(farthest(context, coefficient)), high),
            None => chance_corrected(context, coefficient, value),
        },
    };
    let least = if matches!(average, Average::Mean(..)) { 0.0 } else { -1.0 };
    Estimate::new(value, (low.clamp(least, value), high.clamp(value, 1.0)), n, kind)
}

/// The labels whose term is 0/0 although they take part, or that a mean over gold labels leaves out.
fn undefined(tallies: &[WeightedTally], term: Term, weight: Weight) -> Vec<LabelId> {
    let is_undefined = |tally: &WeightedTally| match weight {
        Weight::Occurring => tally.occurs() && term.of(tally).is_none(),
        Weight::Gold => tally.occurs() && tally.support() <= 0.0,
        Weight::Support => tally.support() > 0.0 && term.of(tally).is_none(),
    };
    (0..tallies.len()).filter(|&label| is_undefined(&tallies[label])).map(|label| label as LabelId).collect()
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
        let ratio = context.units.label_ratio(label as LabelId, |t| t.tp, |t| term.whole(t));
        let (low, high) = ratio.map_or((0.0, 1.0), |ratio| ratio.proportion());
        let (low, high) = if term == Term::F1 { (f1_of_jaccard(low), f1_of_jaccard(high)) } else { (low, high) };
        below += (w * (value - low)).powi(2);
        above += (w * (high - value)).powi(2);
    }
    (below.sqrt() / weights, above.sqrt() / weights)
}

/// What a weighted kappa owes to a mistake of as many steps as can be that the sample does not hold: the part of its cost
/// that areas near 1 leave to such examples ([`auc_unseen`]). Most mistakes are near, so resamples of few know none.
fn farthest(context: &Context, coefficient: Coefficient) -> f64 {
    let unseen = auc_unseen(1.0, context.units.effective).sqrt();
    match coefficient {
        Coefficient::KappaLinear => unseen * fall(&context.units.tallies, false),
        Coefficient::KappaQuadratic => unseen * fall(&context.units.tallies, true),
        _ => 0.0,
    }
}

/// The interval of a chance-corrected coefficient when the share of examples that could go unseen is moved: right to
/// wrong or wrong to right, the margins staying.
fn chance_corrected(context: &Context, coefficient: Coefficient, value: f64) -> (f64, f64) {
    let tallies = &context.units.tallies;
    let by = context.unseen_share()
        * match coefficient {
            Coefficient::KappaLinear => fall(tallies, false),
            Coefficient::KappaQuadratic => fall(tallies, true),
            _ => 1.0 / (1.0 - Margins::new(tallies).by_chance()),
        };
    (value - by, value + by)
}
