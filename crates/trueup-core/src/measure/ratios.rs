//! Metrics that are one ratio of counts over units: accuracy, micro averages, the positive label, hierarchical scores,
//! expected cost.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::units::KindView;
use super::{Context, Metrics};
use crate::counts::WeightedTally;
use crate::document::Estimate;
use crate::stats::Ratio;
use crate::{Annotation, LabelId, Task};

/// Jaccard's index as F1: 2J / (1 + J).
pub(super) fn f1_of_jaccard(j: f64) -> f64 {
    2.0 * j / (1.0 + j)
}

pub(super) fn metrics(context: &Context, metrics: &mut Metrics) {
    match context.task {
        Task::Classification => {
            let accuracy = accuracy(context);
            // Each example has one gold and one predicted label: all of these are the share of right answers.
            for name in ["precision_micro", "recall_micro", "f1_micro", "recall_weighted"] {
                metrics.insert(name, accuracy.clone());
            }
            for (name, _) in context.family("f{beta}_micro") {
                metrics.insert(&name, accuracy.clone());
            }
            metrics.insert("zero_one_loss", complement(&accuracy));
            // A cell of the wrong label is wrong twice of K cells; scikit-learn counts an example once.
            metrics.insert("hamming_loss", complement(&accuracy));
            // Of n examples, c right: c / (2 n - c).
            metrics.insert("jaccard_micro", mapped(&accuracy, |share| share / (2.0 - share)));
            metrics.insert("accuracy", accuracy);
            if let Some(positive) = context.positive() {
                let [precision, recall, f1] = label(context, positive);
                metrics.insert("precision", precision);
                metrics.insert("recall", recall);
                metrics.insert("f1", f1);
            }
        }
        Task::Multilabel => {
            let accuracy = accuracy(context);
            metrics.insert("zero_one_loss", complement(&accuracy));
            metrics.insert("accuracy", accuracy);
            let [precision, recall, f1] = micro(context);
            // Support-weighted recall is Σ TP / Σ support.
            metrics.insert("recall_weighted", recall.clone());
            metrics.insert("precision_micro", precision);
            metrics.insert("recall_micro", recall);
            metrics.insert("f1_micro", f1);
            let (all, counts) = context.total();
            if context.wants("jaccard_micro") {
                let ratio = context.units.ratio(|kind| kind.total().tp, |kind| kind.total().either());
                let occurring = counts.tp + counts.fp + counts.fn_;
                metrics.insert("jaccard_micro", context.proportion(all.jaccard(), occurring, ratio, false, |p| p));
            }
            for (name, beta) in context.family("f{beta}_micro") {
                metrics.insert(&name, micro_f_beta(context, beta));
            }
            let k = context.labels.len() as f64;
            let wrong = |kind: &KindView| {
                let total = kind.total();
                total.fp + total.fn_
            };
            let ratio = context.units.ratio(wrong, |kind| kind.examples * k);
            let n = context.len;
            metrics.insert("hamming_loss", context.proportion(ratio.map(|r| r.value), n, ratio, false, |p| p));
        }
        Task::Ner => {
            let [precision, recall, f1] = micro(context);
            metrics.insert("precision", precision);
            metrics.insert("recall", recall);
            metrics.insert("f1", f1);
            for (name, beta) in context.family("f{beta}") {
                metrics.insert(&name, micro_f_beta(context, beta));
            }
        }
    }
    if context.task != Task::Ner {
        by_label(context, metrics);
        hierarchical(context, metrics);
    }
    expected_cost(context, metrics);
}

/// One less the figure.
fn complement(estimate: &Estimate) -> Estimate {
    let (low, high) = (estimate.high.map(|high| 1.0 - high), estimate.low.map(|low| 1.0 - low));
    Estimate { value: estimate.value.map(|value| 1.0 - value), low, high, ..estimate.clone() }
}

/// A rising function of the figure.
fn mapped(estimate: &Estimate, map: fn(f64) -> f64) -> Estimate {
    Estimate {
        value: estimate.value.map(map),
        low: estimate.low.map(map),
        high: estimate.high.map(map),
        ..estimate.clone()
    }
}

/// The share of examples whose answer is right as a whole.
fn accuracy(context: &Context) -> Estimate {
    let ratio = context.units.ratio(|kind| kind.right, |kind| kind.examples);
    context.proportion(ratio.map(|r| r.value), context.len, ratio, true, |p| p)
}

/// Precision, recall and F1 of all labels together, their cells being clustered by unit.
fn micro(context: &Context) -> [Estimate; 3] {
    let (all, counts) = context.total();
    let ratio = |whole: fn(&WeightedTally) -> f64| {
        context.units.ratio(|kind| kind.total().tp, move |kind| whole(&kind.total()))
    };
    [
        context.proportion(all.precision(), counts.predicted(), ratio(WeightedTally::predicted), false, |p| p),
        context.proportion(all.recall(), counts.support(), ratio(WeightedTally::support), false, |p| p),
        context.proportion(all.f1(), counts.support(), ratio(WeightedTally::either), false, f1_of_jaccard),
    ]
}

fn micro_f_beta(context: &Context, beta: f64) -> Estimate {
    let (all, counts) = context.total();
    let ratio = context.units.ratio(|kind| kind.total().tp, |kind| kind.total().f_beta_whole(beta));
    let ratio = ratio.map(|ratio| Ratio { whole: all.either(), ..ratio });
    context.proportion(all.f_beta(beta), counts.support(), ratio, false, |p| p)
}

/// Precision, recall and F1 of one label. In the label tasks an example is one trial of a label at most.
pub(super) fn label(context: &Context, label: LabelId) -> [Estimate; 3] {
    let (tally, counts) = (context.units.tallies[label as usize], context.units.counts[label as usize]);
    let ratio = |whole: fn(&WeightedTally) -> f64| context.units.label_ratio(label, |t| t.tp, whole);
    [
        context.proportion(tally.precision(), counts.predicted(), ratio(WeightedTally::predicted), true, |p| p),
        context.proportion(tally.recall(), counts.support(), ratio(WeightedTally::support), true, |p| p),
        context.proportion(tally.f1(), counts.support(), ratio(WeightedTally::either), true, f1_of_jaccard),
    ]
}

/// A metric of one label.
type Figure<'a> = Box<dyn Fn(LabelId) -> Estimate + Sync + 'a>;

/// Metrics of one label against the rest: for each label, and for the positive one of two.
fn by_label(context: &Context, metrics: &mut Metrics) {
    let units = &context.units;
    let n = |label: LabelId| context.len - units.counts[label as usize].support();
    let mut figures: Vec<(String, Figure)> = vec![
        ("specificity".into(), Box::new(|label| absent(context, label, |t| t.fp, n(label)))),
        (
            "npv".into(),
            Box::new(|label| {
                let predicted = units.counts[label as usize].predicted();
                absent(context, label, |t| t.fn_, context.len - predicted)
            }),
        ),
        (
            "jaccard".into(),
            Box::new(|label| {
                let (tally, counts) = (units.tallies[label as usize], units.counts[label as usize]);
                let ratio = units.label_ratio(label, |t| t.tp, WeightedTally::either);
                let occurring = counts.tp + counts.fp + counts.fn_;
                context.proportion(tally.jaccard(), occurring, ratio, true, |p| p)
            }),
        ),
    ];
    for (name, beta) in context.family("f{beta}") {
        figures.push((
            name,
            Box::new(move |label| {
                let (tally, counts) = (units.tallies[label as usize], units.counts[label as usize]);
                let ratio = units.label_ratio(label, |t| t.tp, move |t| t.f_beta_whole(beta));
                // A mistake of the kind that counts less is a trial all the same.
                let ratio = ratio.map(|ratio| Ratio { whole: tally.either(), ..ratio });
                context.proportion(tally.f_beta(beta), counts.support(), ratio, false, |p| p)
            }),
        ));
    }
    for (name, figure) in figures {
        if context.wants(&name) {
            let rows: Vec<Estimate> = (0..context.labels.len() as LabelId).into_par_iter().map(&figure).collect();
            metrics.one_of_two(context, &name, rows);
        }
    }
}

/// The share of examples without the label, in gold or in prediction, that lack it on both sides; `wrong` are the others.
fn absent(context: &Context, label: LabelId, wrong: fn(&WeightedTally) -> f64, n: u64) -> Estimate {
    let units = &context.units;
    let neither = |examples: f64, tally: &WeightedTally| examples - tally.either();
    let ratio = if units.independent {
        let tally = units.tallies[label as usize];
        let part = neither(units.examples, &tally);
        let whole = part + wrong(&tally);
        (whole > 0.0).then(|| Ratio { value: part / whole, error: None, units: whole, whole })
    } else {
        let part = |kind: &KindView| neither(kind.examples, &kind.of(label));
        units.ratio(part, |kind| part(kind) + wrong(&kind.of(label)))
    };
    context.proportion(ratio.map(|r| r.value), n, ratio, true, |p| p)
}

/// Precision, recall and F1 of the labels with their ancestors: `a:b` counts as `a` and `a:b` (Kiritchenko, Matwin and
/// Famili 2005, "Functional annotation of genes using hierarchical text categorization").
fn hierarchical(context: &Context, metrics: &mut Metrics) {
    let names = ["hierarchical_precision", "hierarchical_recall", "hierarchical_f1"];
    if !names.iter().any(|name| context.wants(name)) {
        return;
    }
    let mut ids: FxHashMap<&str, u32> = FxHashMap::default();
    let mut ancestors: Vec<Vec<u32>> = Vec::new();
    for name in context.labels.names() {
        let ends = name.match_indices(':').map(|(at, _)| at).chain(std::iter::once(name.len()));
        ancestors.push(
            ends.map(|end| {
                let next = ids.len() as u32;
                *ids.entry(&name[..end]).or_insert(next)
            })
            .collect(),
        );
    }
    let all = |answer: &Annotation| -> Vec<u32> {
        let mut all: Vec<u32> = match answer {
            Annotation::Label(label) => ancestors[*label as usize].clone(),
            Annotation::Labels(labels) => labels.iter().flat_map(|l| ancestors[*l as usize].iter().copied()).collect(),
            Annotation::Spans(_) => Vec::new(),
        };
        all.sort_unstable();
        all.dedup();
        all
    };
    let units = context.units_with(&|gold, predicted| {
        let (gold, predicted) = (all(gold), all(predicted));
        let shared = gold.iter().filter(|label| predicted.binary_search(label).is_ok()).count();
        [shared as f64, gold.len() as f64, predicted.len() as f64]
    });
    let figure = |whole: fn(&[f64; 3]) -> f64| {
        let ratio = units.ratio(|kind| kind.extra[0], move |kind| whole(&kind.extra));
        context.proportion(ratio.map(|ratio| ratio.value), context.len, ratio, false, |p| p)
    };
    metrics.insert(names[0], figure(|[_, _, predicted]| *predicted));
    metrics.insert(names[1], figure(|[_, gold, _]| *gold));
    metrics.insert(names[2], figure(|[_, gold, predicted]| 0.5 * (gold + predicted)));
}

/// The mean over examples of what their mistakes cost.
fn expected_cost(context: &Context, metrics: &mut Metrics) {
    let Some(costs) = &context.options.costs else { return };
    let cost = |kind: &KindView| -> f64 {
        let of = |&(label, tally): &(u32, WeightedTally)| {
            tally.fn_ * costs.miss[label as usize] + tally.fp * costs.false_alarm[label as usize]
        };
        kind.cells.iter().map(of).sum()
    };
    let ratio = context.units.ratio(cost, |kind| kind.examples);
    // One label missed for another: the dearest mistake of a single answer.
    let dearest = |costs: &[f64]| costs.iter().copied().fold(0.0, f64::max);
    let ends = (0.0, dearest(&costs.miss) + dearest(&costs.false_alarm));
    metrics.insert("expected_cost", context.mean(ratio, context.len, ends));
}
