//! Areas under the ROC curve: of each label against the rest, their mean, and of the positive label.

use rayon::prelude::*;

use super::{Context, Metrics};
use crate::document::{Estimate, IntervalKind};
use crate::stats::{Auc, auc, auc_interval, auc_unseen, wilson_effective};
use crate::{Annotation, LabelId};

/// Labels whose influences are held at a time, so that memory does not grow with the number of labels.
const BLOCK: usize = 16;

/// Adds the areas to `metrics` and returns that of each label; `None` without scores.
pub(super) fn metrics(context: &Context, metrics: &mut Metrics) -> Option<Vec<Estimate>> {
    let n = context.pair.len() as u64;
    if context.pair.scores().is_none() {
        metrics.insert("roc_auc_ovr", Estimate::undefined(n));
        if context.positive().is_some() {
            metrics.insert("roc_auc", Estimate::undefined(n));
        }
        return None;
    }
    let mut rows = Vec::with_capacity(context.pair.labels().len());
    let mut mean = Mean { influence: vec![0.0; context.pair.len()], ..Mean::default() };
    let labels: Vec<LabelId> = context.pair.labels().ids().collect();
    for block in labels.chunks(BLOCK) {
        let areas: Vec<_> = block.par_iter().map(|&label| area(context, label)).collect();
        for (&label, area) in block.iter().zip(areas) {
            match area {
                None => {
                    mean.absent.push(label);
                    rows.push(Estimate::undefined(n));
                }
                Some(Area { auc, estimate, fewer }) => {
                    mean.add(&auc, fewer);
                    rows.push(estimate);
                }
            }
        }
    }
    metrics.insert("roc_auc_ovr", mean.estimate(context));
    if let Some(positive) = context.positive() {
        metrics.insert("roc_auc", rows[positive as usize].clone());
    }
    Some(rows)
}

/// The area of one label with the number of its positives or negatives, whichever are fewer.
struct Area {
    auc: Auc,
    estimate: Estimate,
    fewer: f64,
}

fn area(context: &Context, label: LabelId) -> Option<Area> {
    let column: Vec<f64> = context.pair.scores()?.iter().map(|row| row[label as usize]).collect();
    let positive: Vec<bool> = context
        .pair
        .gold()
        .iter()
        .map(|gold| match gold {
            Annotation::Label(gold) => *gold == label,
            Annotation::Labels(gold) => gold.binary_search(&label).is_ok(),
            Annotation::Spans(_) => false,
        })
        .collect();
    let area = auc(&column, &positive)?;
    let n = context.pair.len() as u64;
    let (variance, fewer, kind) = match &context.units.cluster_of {
        None => (area.variance, area.positives.min(area.negatives) as f64, IntervalKind::Delong),
        Some(of) => {
            let fewer = holders(of, &positive, true, context.units.clusters).min(holders(
                of,
                &positive,
                false,
                context.units.clusters,
            ));
            (Some(influence_variance(context, &area.influence)), fewer as f64, IntervalKind::Delta)
        }
    };
    let estimate = if context.intervals() {
        Estimate::new(area.value, auc_interval(area.value, variance, fewer), n, kind)
    } else {
        Estimate::point(area.value, n)
    };
    Some(Area { auc: area, estimate, fewer })
}

/// How many clusters hold an example whose mark is `wanted`.
fn holders(of: &[u32], positive: &[bool], wanted: bool, clusters: usize) -> usize {
    let mut held = vec![false; clusters];
    of.iter().zip(positive).filter(|&(_, &p)| p == wanted).for_each(|(&cluster, _)| held[cluster as usize] = true);
    held.iter().filter(|&&h| h).count()
}

/// The variance of a figure from the influence of each example, summed within units.
fn influence_variance(context: &Context, influence: &[f64]) -> f64 {
    let squares: f64 = match &context.units.cluster_of {
        None => influence.iter().map(|i| i * i).sum(),
        Some(of) => {
            let mut sums = vec![0.0; context.units.clusters];
            of.iter().zip(influence).for_each(|(&cluster, i)| sums[cluster as usize] += i);
            sums.iter().map(|s| s * s).sum()
        }
    };
    let units = context.units.total as f64;
    squares * units / (units - 1.0)
}

/// The mean area over the labels that have one.
#[derive(Default)]
struct Mean {
    sum: f64,
    count: f64,
    influence: Vec<f64>,
    /// Variance that influences cannot show: of areas with a single positive or negative at its bound, of the others what
    /// an example on the wrong side that the sample does not hold would add.
    hidden: f64,
    /// Squared arms of the labels' own Wilson intervals, for when all areas are perfect.
    below: f64,
    above: f64,
    absent: Vec<LabelId>,
}

impl Mean {
    fn add(&mut self, area: &Auc, fewer: f64) {
        self.sum += area.value;
        self.count += 1.0;
        self.influence.iter_mut().zip(&area.influence).for_each(|(sum, i)| *sum += i);
        if area.variance.is_none() {
            self.hidden += area.value * (1.0 - area.value) / fewer;
        } else {
            self.hidden += auc_unseen(area.value, fewer);
        }
        let (low, high) = wilson_effective(area.value, fewer);
        self.below += (area.value - low).powi(2);
        self.above += (high - area.value).powi(2);
    }

    fn estimate(self, context: &Context) -> Estimate {
        let n = context.pair.len() as u64;
        let mut estimate = if self.count == 0.0 {
            Estimate::undefined(n)
        } else {
            let value = self.sum / self.count;
            if context.intervals() {
                let influence: Vec<f64> = self.influence.iter().map(|i| i / self.count).collect();
                let variance = influence_variance(context, &influence) + self.hidden / (self.count * self.count);
                let clustered = context.units.cluster_of.is_some();
                let kind = if clustered { IntervalKind::Delta } else { IntervalKind::Delong };
                let ends = if variance > 1e-24 && value > 0.0 && value < 1.0 {
                    auc_interval(value, Some(variance), 0.0)
                } else {
                    let arm = |squares: f64| squares.sqrt() / self.count;
                    ((value - arm(self.below)).max(0.0), (value + arm(self.above)).min(1.0))
                };
                Estimate::new(value, ends, n, kind)
            } else {
                Estimate::point(value, n)
            }
        };
        estimate.undefined = context.names(self.absent);
        estimate
    }
}
