//! Metrics of two labels that rest on the thresholds of the positive one: partial areas, precision at recall.

use super::areas::share;
use super::curves::Sweep;
use super::{Context, Metrics};
use crate::document::Estimate;
use crate::{Annotation, LabelId};

pub(super) fn metrics(context: &Context, metrics: &mut Metrics) {
    let Some(positive) = context.positive() else { return };
    let partial = context.family("roc_auc_partial_{fpr}");
    let at_recall = context.family("precision_at_recall_{recall}");
    let at_precision = context.family("recall_at_precision_{precision}");
    let all = || partial.iter().chain(&at_recall).chain(&at_precision);
    if all().next().is_none() {
        return;
    }
    let Some(binary) = Binary::new(context, positive) else {
        all().for_each(|(name, _)| metrics.insert(name, Estimate::undefined(context.len)));
        return;
    };
    for (name, most) in &partial {
        metrics.insert(name, binary.partial_area(context, *most));
    }
    for (name, recall) in &at_recall {
        metrics.insert(name, binary.precision_at(context, *recall));
    }
    for (name, precision) in &at_precision {
        metrics.insert(name, binary.recall_at(context, *precision));
    }
}

/// The scores of the positive label.
struct Binary {
    scores: Vec<f64>,
    marks: Vec<bool>,
    sweep: Sweep,
}

impl Binary {
    fn new(context: &Context, positive: LabelId) -> Option<Self> {
        let scores: Vec<f64> = context.scores()?.iter().map(|row| row[positive as usize]).collect();
        let marks: Vec<bool> = context.gold().iter().map(|gold| **gold == Annotation::Label(positive)).collect();
        let sweep = Sweep::new(&scores, &marks, context.units.weights.as_deref());
        Some(Self { scores, marks, sweep })
    }

    /// The area under the ROC curve up to a false positive rate, standardised (McClish 1989, "Analyzing a portion of the
    /// ROC curve"): 0.5 for chance, 1 for perfect (scikit-learn `roc_auc_score(max_fpr=...)`).
    ///
    /// The interval is the delta method's: a positive moves the area by the share of the region's negatives below it, a
    /// negative of the region by how far the share of positives above it exceeds that at the region's edge.
    fn partial_area(&self, context: &Context, most: f64) -> Estimate {
        let n = context.len;
        let (Some(roc), (positives, negatives)) = (self.sweep.roc(false), self.sweep.totals()) else {
            return Estimate::undefined(n);
        };
        let area = roc.area_up_to(most);
        let (least, greatest) = (0.5 * most * most, most);
        let standard = |area: f64| if most < 1.0 { 0.5 * (1.0 + (area - least) / (greatest - least)) } else { area };
        let slope = if most < 1.0 { 0.5 / (greatest - least) } else { 1.0 };
        // The first threshold that lets in more false positives than the region holds is its edge.
        let edge = self.sweep.false_positives.iter().position(|fp| *fp > most * negatives);
        let at_edge = edge.map_or(1.0, |edge| {
            let point = |counts: &[f64], i: usize| if i == 0 { 0.0 } else { counts[i - 1] };
            let (fp0, tp0) = (point(&self.sweep.false_positives, edge), point(&self.sweep.true_positives, edge));
            let (fp1, tp1) = (self.sweep.false_positives[edge], self.sweep.true_positives[edge]);
            (tp0 + (tp1 - tp0) * (most * negatives - fp0) / (fp1 - fp0)) / positives
        });
        let influence: Vec<f64> = (self.scores.iter().zip(&self.marks))
            .map(|(&score, &positive)| {
                let at = self.sweep.thresholds.partition_point(|t| *t > score);
                let before = |counts: &[f64]| if at == 0 { 0.0 } else { counts[at - 1] };
                // Halfway through the examples of the same score.
                let middle = |counts: &[f64]| 0.5 * (before(counts) + counts[at]);
                let fpr = middle(&self.sweep.false_positives) / negatives;
                let tpr = middle(&self.sweep.true_positives) / positives;
                slope
                    * if positive {
                        ((most - fpr).max(0.0) - area) / positives
                    } else {
                        let inside = if fpr < most { tpr - at_edge } else { 0.0 };
                        (inside - (area - most * at_edge)) / negatives
                    }
            })
            .collect();
        share(context, standard(area).clamp(0.0, 1.0), &influence, self.fewer(), n)
    }

    fn fewer(&self) -> f64 {
        let positives = self.marks.iter().filter(|p| **p).count();
        positives.min(self.marks.len() - positives) as f64
    }

    /// The greatest precision at a threshold that reaches `recall`. The interval is that of the precision at the threshold
    /// found, taken as given.
    fn precision_at(&self, context: &Context, recall: f64) -> Estimate {
        let (positives, _) = self.sweep.totals();
        self.best(
            context,
            |found, _| found / positives >= recall - 1e-12,
            |found, wrong| found / (found + wrong),
            false,
        )
    }

    /// The greatest recall at a threshold of at least `precision`; no value when none has it. It has no interval: which
    /// threshold has the precision hangs on the sample, far more than the recall at one of them does.
    fn recall_at(&self, context: &Context, precision: f64) -> Estimate {
        let (positives, _) = self.sweep.totals();
        let enough = |found: f64, wrong: f64| found / (found + wrong) >= precision - 1e-12;
        let estimate = self.best(context, enough, |found, _| found / positives, true);
        match estimate.value {
            Some(value) => Estimate::point(value, estimate.n),
            None => estimate,
        }
    }

    fn best(
        &self,
        context: &Context,
        allowed: impl Fn(f64, f64) -> bool,
        figure: impl Fn(f64, f64) -> f64,
        of_gold: bool,
    ) -> Estimate {
        let mut best: Option<(f64, usize)> = None;
        for at in 0..self.sweep.thresholds.len() {
            let (found, wrong) = (self.sweep.true_positives[at], self.sweep.false_positives[at]);
            let value = figure(found, wrong);
            if allowed(found, wrong) && value.is_finite() && best.is_none_or(|(most, _)| value > most) {
                best = Some((value, at));
            }
        }
        let Some((value, at)) = best.filter(|_| self.sweep.totals().0 > 0.0) else {
            return Estimate::undefined(context.len);
        };
        let threshold = self.sweep.thresholds[at];
        let (mut parts, mut shares) = (Vec::new(), Vec::new());
        for (&score, &positive) in self.scores.iter().zip(&self.marks) {
            let answered = score >= threshold;
            shares.push(f64::from(u8::from(if of_gold { positive } else { answered })));
            parts.push(f64::from(u8::from(answered && positive)));
        }
        let n = shares.iter().sum::<f64>() as u64;
        let ratio = context.units.mean(&parts, Some(&shares));
        context.proportion(Some(value), n, ratio, true, |p| p)
    }
}
