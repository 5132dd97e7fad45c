//! Metrics of two labels that rest on the thresholds of the positive one: partial areas, precision at recall.

use super::areas::share;
use super::curves::Sweep;
use super::{Context, Metrics};
use crate::document::{Estimate, IntervalKind};
use crate::stats::{Ratio, auc_unseen, wilson_effective};
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

/// A figure at a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    Precision,
    Recall,
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
        // A negative above all positives takes its share off the whole region.
        let value = standard(area).clamp(0.0, 1.0);
        let (positives, negatives) = self.sweep.totals();
        let dearest = slope * (1.0 / negatives).max(most / positives);
        let unseen = auc_unseen(value * dearest, 1.0);
        share(context, value, &influence, unseen, self.fewer(), n)
    }

    fn fewer(&self) -> f64 {
        let positives = self.marks.iter().filter(|p| **p).count();
        positives.min(self.marks.len() - positives) as f64
    }

    /// The greatest precision at a threshold that reaches `recall`.
    fn precision_at(&self, context: &Context, recall: f64) -> Estimate {
        self.best(context, recall, Figure::Recall, Figure::Precision)
    }

    /// The greatest recall at a threshold of at least `precision`; no value when none has it.
    fn recall_at(&self, context: &Context, precision: f64) -> Estimate {
        self.best(context, precision, Figure::Precision, Figure::Recall)
    }

    /// The greatest `figure` at a threshold whose `other` figure is `least` at least.
    ///
    /// Two things vary with the sample: the figure at the threshold, and which threshold it is. The first has the interval of
    /// a share. For the second, the threshold could be any whose other figure has an interval that holds `least`: the
    /// greatest figure where the lower end of that interval reaches `least` is the least that it may be, the greatest where
    /// the upper end does is the most. Both move together, so their arms are joined half way between independence (the
    /// method of variance estimates recovery; Zou and Donner 2008, "Construction of confidence limits about effect
    /// measures") and their sum.
    fn best(&self, context: &Context, least: f64, other: Figure, figure: Figure) -> Estimate {
        let Some((value, at)) = self.greatest(figure, |at| self.figure(other, at) >= least - 1e-12) else {
            return Estimate::undefined(context.len);
        };
        let threshold = self.sweep.thresholds[at];
        let (whole, ratio) = self.ratio(context, threshold, figure);
        if !context.intervals() {
            return Estimate::point(value, whole);
        }
        let interval = |ratio: Ratio| {
            if context.units.independent { wilson_effective(ratio.value, ratio.whole) } else { ratio.proportion() }
        };
        let (low, high) = ratio.map_or((0.0, 1.0), interval);
        // What an example is worth of an independent one at this threshold, it is taken to be at the others.
        let worth = match self.ratio(context, threshold, other).1 {
            Some(ratio) if !context.units.independent => ratio.worth() / self.whole(other, at),
            _ => 1.0,
        };
        let of_other =
            |at: usize| wilson_effective(self.figure(other, at).clamp(0.0, 1.0), self.whole(other, at) * worth);
        let stricter = self.greatest(figure, |at| of_other(at).0 >= least - 1e-12).map_or(0.0, |(value, _)| value);
        let laxer = self.greatest(figure, |at| of_other(at).1 >= least - 1e-12).map_or(value, |(value, _)| value);
        let joined = |a: f64, b: f64| (a * a + a * b + b * b).sqrt();
        let below = joined((value - low).max(0.0), (value - stricter).max(0.0));
        let above = joined((high - value).max(0.0), (laxer - value).max(0.0));
        let ends = ((value - below).max(0.0), (value + above).min(1.0));
        Estimate::new(value, ends, whole, IntervalKind::Delta)
    }

    /// The greatest `figure`, with its threshold (of several the highest), where it is `allowed`.
    fn greatest(&self, figure: Figure, allowed: impl Fn(usize) -> bool) -> Option<(f64, usize)> {
        if self.sweep.totals().0 <= 0.0 {
            return None;
        }
        let mut best: Option<(f64, usize)> = None;
        for at in (0..self.sweep.thresholds.len()).filter(|&at| allowed(at)) {
            let value = self.figure(figure, at);
            if value.is_finite() && best.is_none_or(|(most, _)| value > most) {
                best = Some((value, at));
            }
        }
        best
    }

    /// What a figure is a share of at a threshold: the weight of the examples answered, or of the positives.
    fn whole(&self, figure: Figure, at: usize) -> f64 {
        match figure {
            Figure::Precision => self.sweep.true_positives[at] + self.sweep.false_positives[at],
            Figure::Recall => self.sweep.totals().0,
        }
    }

    fn figure(&self, figure: Figure, at: usize) -> f64 {
        self.sweep.true_positives[at] / self.whole(figure, at)
    }

    /// A figure at a threshold as a ratio over units, and how many examples it is of.
    fn ratio(&self, context: &Context, threshold: f64, figure: Figure) -> (u64, Option<Ratio>) {
        let (mut parts, mut shares) = (Vec::new(), Vec::new());
        for (&score, &positive) in self.scores.iter().zip(&self.marks) {
            let answered = score >= threshold;
            shares.push(f64::from(u8::from(if figure == Figure::Recall { positive } else { answered })));
            parts.push(f64::from(u8::from(answered && positive)));
        }
        (shares.iter().sum::<f64>() as u64, context.units.mean(&parts, Some(&shares)))
    }
}
