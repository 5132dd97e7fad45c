//! Metrics that are one ratio of counts over units: accuracy, micro averages, the positive label, expected cost.

use super::{Context, Metrics};
use crate::Task;
use crate::counts::WeightedTally;
use crate::document::Estimate;

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
            metrics.insert("accuracy", accuracy);
            if let Some(positive) = context.positive() {
                let [precision, recall, f1] = label(context, positive);
                metrics.insert("precision", precision);
                metrics.insert("recall", recall);
                metrics.insert("f1", f1);
            }
        }
        Task::Multilabel => {
            metrics.insert("accuracy", accuracy(context));
            let [precision, recall, f1] = micro(context);
            // Support-weighted recall is Σ TP / Σ support.
            metrics.insert("recall_weighted", recall.clone());
            metrics.insert("precision_micro", precision);
            metrics.insert("recall_micro", recall);
            metrics.insert("f1_micro", f1);
            let k = context.labels.len() as f64;
            let wrong = |kind: &super::units::KindView| {
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
        }
    }
    expected_cost(context, metrics);
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

/// Precision, recall and F1 of one label. In the label tasks an example is one trial of a label at most.
pub(super) fn label(context: &Context, label: u32) -> [Estimate; 3] {
    let (tally, counts) = (context.units.tallies[label as usize], context.units.counts[label as usize]);
    let ratio = |whole: fn(&WeightedTally) -> f64| context.units.label_ratio(label, |t| t.tp, whole);
    [
        context.proportion(tally.precision(), counts.predicted(), ratio(WeightedTally::predicted), true, |p| p),
        context.proportion(tally.recall(), counts.support(), ratio(WeightedTally::support), true, |p| p),
        context.proportion(tally.f1(), counts.support(), ratio(WeightedTally::either), true, f1_of_jaccard),
    ]
}

/// The mean over examples of what their mistakes cost.
fn expected_cost(context: &Context, metrics: &mut Metrics) {
    let Some(costs) = &context.options.costs else { return };
    let cost = |kind: &super::units::KindView| -> f64 {
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
