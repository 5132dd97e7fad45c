//! Probabilities of labels: whether they can be believed, and the curves over all thresholds.

use rayon::prelude::*;
use trueup_core::document::{
    Bin, CURVES, CalibrationFigures, Curves, DetPoint, Estimate, LabelCurves, PrecisionRecallPoint, RiskCoveragePoint,
    RocPoint,
};
use trueup_core::measure::curves::{Bins, ReliabilityBin, Sweep, reliability, risk_coverage, thin};
use trueup_core::{Annotation, Pair, Task};

/// How many bins the calibration errors use.
pub(super) const BINS: usize = 15;
/// A curve has at most so many points.
const POINTS: usize = 2_000;

/// The metrics of [`calibration`], which are measured with the others.
pub const CALIBRATION: [&str; 3] = ["ece", "mce", "aurc"];

/// The calibration figures of a pair with probabilities, of which the metrics are measured; `None` without.
pub fn calibration(pair: &Pair, metric: &dyn Fn(&str) -> Option<Estimate>) -> Option<CalibrationFigures> {
    let (confidence, right, weights) = trials(pair)?;
    let sets = pair.task() == Task::Multilabel;
    let found = reliability(&confidence, &right, weights.as_deref(), BINS, Bins::EqualWidth);
    let undefined = || Estimate::undefined(pair.len() as u64);
    Some(CalibrationFigures {
        of: if sets { "cells" } else { "answers" }.to_owned(),
        n: confidence.len() as u64,
        ece: metric("ece").unwrap_or_else(undefined),
        mce: metric("mce").unwrap_or_else(undefined),
        aurc: metric("aurc").filter(|_| !sets),
        bins: bins(&found),
    })
}

/// What has a probability that came true or not: the most probable label of each example, each cell of sets.
#[allow(clippy::type_complexity)] // three lists of one length
fn trials(pair: &Pair) -> Option<(Vec<f64>, Vec<bool>, Option<Vec<f64>>)> {
    let scores = pair.scores()?;
    let top = |row: &[f64]| {
        row.iter().enumerate().fold((0, f64::NEG_INFINITY), |best, (i, &p)| if p > best.1 { (i, p) } else { best })
    };
    if pair.task() == Task::Classification {
        let best: Vec<(usize, f64)> = scores.iter().map(|row| top(row)).collect();
        let right = best.iter().zip(pair.gold()).map(|((label, _), gold)| **gold == Annotation::Label(*label as u32));
        let right = right.collect();
        return Some((best.into_iter().map(|(_, p)| p).collect(), right, pair.weights().map(<[f64]>::to_vec)));
    }
    let k = pair.labels().len();
    let right = pair.gold().iter().flat_map(|gold| (0..k as u32).map(|label| has(gold, label))).collect();
    let weights = pair.weights().map(|weights| weights.iter().flat_map(|&w| std::iter::repeat_n(w, k)).collect());
    Some((scores.concat(), right, weights))
}

fn has(gold: &Annotation, label: u32) -> bool {
    match gold {
        Annotation::Label(gold) => *gold == label,
        Annotation::Labels(gold) => gold.binary_search(&label).is_ok(),
        Annotation::Spans(_) => false,
    }
}

/// Bins with their edges, which their mean confidence lies between.
pub(super) fn bins(found: &[ReliabilityBin]) -> Vec<Bin> {
    let of = |bin: &ReliabilityBin| {
        // A mean may pass its upper edge by rounding.
        let place = ((bin.confidence * BINS as f64 - 1e-9).ceil() as usize).clamp(1, BINS) - 1;
        Bin {
            above: place as f64 / BINS as f64,
            up_to: (place + 1) as f64 / BINS as f64,
            weight: bin.weight,
            confidence: bin.confidence,
            accuracy: bin.accuracy,
        }
    };
    found.iter().map(of).collect()
}

/// The curves of each label against the rest, of reliability, and of risk and coverage; `None` without probabilities.
pub fn curves(pair: &Pair) -> Option<Curves> {
    let scores = pair.scores()?;
    let labels = (0..pair.labels().len())
        .into_par_iter()
        .map(|label| {
            let column: Vec<f64> = scores.iter().map(|row| row[label]).collect();
            let positive: Vec<bool> = pair.gold().iter().map(|gold| has(gold, label as u32)).collect();
            of_label(pair.labels().name(label as u32), &column, &positive, pair.weights())
        })
        .collect();
    let (confidence, right, weights) = trials(pair)?;
    let points = (pair.task() == Task::Classification).then(|| {
        let curve = risk_coverage(&confidence, &right, weights.as_deref());
        let kept = thin(&curve.coverage, &curve.risk, POINTS);
        let point = |i: usize| RiskCoveragePoint {
            threshold: curve.thresholds[i],
            coverage: curve.coverage[i],
            risk: curve.risk[i],
            recall: None,
        };
        kept.into_iter().map(point).collect()
    });
    Some(Curves {
        schema: CURVES.to_owned(),
        labels,
        reliability: bins(&reliability(&confidence, &right, weights.as_deref(), BINS, Bins::EqualWidth)),
        risk_coverage: points.unwrap_or_default(),
    })
}

/// The curves of spans with scores.
pub fn span_curves(calibration: &CalibrationFigures, points: &[RiskCoveragePoint]) -> Curves {
    let (x, y): (Vec<f64>, Vec<f64>) = points.iter().map(|point| (point.coverage, point.risk)).unzip();
    Curves {
        schema: CURVES.to_owned(),
        labels: Vec::new(),
        reliability: calibration.bins.clone(),
        risk_coverage: thin(&x, &y, POINTS).into_iter().map(|i| points[i]).collect(),
    }
}

fn of_label(label: &str, scores: &[f64], positive: &[bool], weights: Option<&[f64]>) -> LabelCurves {
    let sweep = Sweep::new(scores, positive, weights);
    let threshold = |value: f64| value.is_finite().then_some(value);
    let roc = sweep.roc(true).map_or_else(Vec::new, |curve| {
        let point = |i: usize| RocPoint {
            threshold: threshold(curve.thresholds[i]),
            false_positive_rate: curve.false_positive_rate[i],
            true_positive_rate: curve.true_positive_rate[i],
        };
        thin(&curve.false_positive_rate, &curve.true_positive_rate, POINTS).into_iter().map(point).collect()
    });
    let precision_recall = sweep.precision_recall(true).map_or_else(Vec::new, |curve| {
        let point = |i: usize| PrecisionRecallPoint {
            threshold: curve.thresholds.get(i).copied(),
            precision: curve.precision[i],
            recall: curve.recall[i],
        };
        thin(&curve.recall, &curve.precision, POINTS).into_iter().map(point).collect()
    });
    let det = sweep.det(true).map_or_else(Vec::new, |curve| {
        let point = |i: usize| DetPoint {
            threshold: threshold(curve.thresholds[i]),
            false_positive_rate: curve.false_positive_rate[i],
            false_negative_rate: curve.false_negative_rate[i],
        };
        thin(&curve.false_positive_rate, &curve.false_negative_rate, POINTS).into_iter().map(point).collect()
    });
    let reliability = bins(&reliability(scores, positive, weights, BINS, Bins::EqualWidth));
    LabelCurves { label: label.to_owned(), roc, precision_recall, det, reliability }
}
