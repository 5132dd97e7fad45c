//! Metrics that are one ratio of counts over units: accuracy, micro averages, the positive label, expected cost.

use super::{Context, Metrics};
use crate::Task;
use crate::counts::Tally;
use crate::document::Estimate;

/// Jaccard's index as F1: 2J / (1 + J).
pub(super) fn f1_of_jaccard(j: f64) -> f64 {
    2.0 * j / (1.0 + j)
}

pub(super) fn metrics(context: &Context, metrics: &mut Metrics) {
    match context.pair.task() {
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
            let k = context.pair.labels().len() as f64;
            let wrong = |kind: &super::units::Kind| {
                let total = kind.total();
                (total.fp + total.fn_) as f64
            };
            let ratio = context.units.ratio(wrong, |kind| kind.examples as f64 * k);
            let n = context.pair.len() as u64;
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
    let ratio = context.units.ratio(|kind| kind.right as f64, |kind| kind.examples as f64);
    context.proportion(ratio.map(|r| r.value), context.pair.len() as u64, ratio, true, |p| p)
}

/// Precision, recall and F1 of all labels together, their cells being clustered by unit.
fn micro(context: &Context) -> [Estimate; 3] {
    let mut all = Tally::default();
    context.units.tallies.iter().for_each(|&tally| all.merge(tally));
    let ratio = |whole: fn(&Tally) -> u64| {
        context.units.ratio(|kind| kind.total().tp as f64, move |kind| whole(&kind.total()) as f64)
    };
    [
        context.proportion(all.precision(), all.predicted(), ratio(Tally::predicted), false, |p| p),
        context.proportion(all.recall(), all.support(), ratio(Tally::support), false, |p| p),
        context.proportion(all.f1(), all.support(), ratio(either), false, f1_of_jaccard),
    ]
}

/// Precision, recall and F1 of one label. In the label tasks an example is one trial of a label at most.
pub(super) fn label(context: &Context, label: u32) -> [Estimate; 3] {
    let tally = context.units.tallies[label as usize];
    let ratio = |whole| context.units.label_ratio(label, |t| t.tp, whole);
    [
        context.proportion(tally.precision(), tally.predicted(), ratio(Tally::predicted), true, |p| p),
        context.proportion(tally.recall(), tally.support(), ratio(Tally::support), true, |p| p),
        context.proportion(tally.f1(), tally.support(), ratio(either), true, f1_of_jaccard),
    ]
}

/// How often a label is gold or predicted.
pub(super) fn either(tally: &Tally) -> u64 {
    tally.tp + tally.fp + tally.fn_
}

/// The mean over examples of what their mistakes cost.
fn expected_cost(context: &Context, metrics: &mut Metrics) {
    let Some(costs) = &context.options.costs else { return };
    let cost = |kind: &super::units::Kind| -> f64 {
        let of = |&(label, tally): &(u32, Tally)| {
            tally.fn_ as f64 * costs.miss[label as usize] + tally.fp as f64 * costs.false_alarm[label as usize]
        };
        kind.cells.iter().map(of).sum()
    };
    let ratio = context.units.ratio(cost, |kind| kind.examples as f64);
    // One label missed for another: the dearest mistake of a single answer.
    let dearest = |costs: &[f64]| costs.iter().copied().fold(0.0, f64::max);
    let ends = (0.0, dearest(&costs.miss) + dearest(&costs.false_alarm));
    metrics.insert("expected_cost", context.mean(ratio, context.pair.len() as u64, ends));
}
