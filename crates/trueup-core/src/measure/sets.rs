//! Metrics of label sets that are means over examples: the sample averages and log loss.

use super::scores::log_loss_cell;
use super::{Context, Metrics};
use crate::Annotation;
use crate::counts::{Outcome, Tally, walk};
use crate::document::Estimate;
use crate::stats::Ratio;

pub(super) fn metrics(context: &Context, metrics: &mut Metrics) {
    let predicted = context.pair().map_or(&[][..], crate::Pair::predicted);
    let tallies: Vec<Tally> = context
        .gold()
        .iter()
        .zip(predicted)
        .map(|(gold, predicted)| {
            let mut tally = Tally::default();
            walk(labels(gold), labels(predicted), |_, outcome: Outcome| {
                tally.record(outcome);
            });
            tally
        })
        .collect();
    for (name, value) in [
        ("precision_samples", Tally::precision as fn(&Tally) -> Option<f64>),
        ("recall_samples", Tally::recall),
        ("f1_samples", Tally::f1),
    ] {
        let rows: Vec<f64> = tallies.iter().map(|t| value(t).unwrap_or(0.0)).collect();
        let defined: Vec<f64> = tallies.iter().map(|t| f64::from(u8::from(value(t).is_some()))).collect();
        let weights = context.options.macro_defined.then_some(defined.as_slice());
        let ratio = context.units.mean(&rows, weights);
        let n = context.len;
        metrics.insert(name, context.proportion(ratio.map(|r| r.value), n, ratio, false, |p| p));
    }
    metrics.insert("log_loss", log_loss(context));
}

fn labels(answer: &Annotation) -> &[u32] {
    match answer {
        Annotation::Labels(labels) => labels,
        _ => &[],
    }
}

/// The mean over cells (examples times labels) of the log loss of "the label belongs" against its probability.
fn log_loss(context: &Context) -> Estimate {
    let n = context.len;
    let Some(scores) = context.scores() else {
        return Estimate::undefined(n);
    };
    let k = context.labels.len() as f64;
    let mut losses = Vec::with_capacity(scores.len());
    // The losses if every cell were as right, or as wrong, as it can be.
    let (mut least, mut greatest) = (0.0, 0.0);
    for (row, gold) in scores.iter().zip(context.gold()) {
        let gold = labels(gold);
        let mut loss = 0.0;
        for (label, &p) in row.iter().enumerate() {
            let (present, absent) = (log_loss_cell(p), log_loss_cell(1.0 - p));
            loss += if gold.binary_search(&(label as u32)).is_ok() { present } else { absent };
            least += present.min(absent);
            greatest += present.max(absent);
        }
        losses.push(loss / k);
    }
    let cells = k * n as f64;
    let ratio: Option<Ratio> = context.units.mean(&losses, None);
    context.mean(ratio, n, (least / cells, greatest / cells))
}
