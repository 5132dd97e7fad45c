//! Whether the scores of predicted spans can be believed.

use trueup_core::document::{CalibrationFigures, RiskCoveragePoint};
use trueup_core::measure::curves::{Bins, reliability};
use trueup_core::measure::{MeasureOptions, Measures, Selection, measure};
use trueup_core::spans::SpanCalibration;
use trueup_core::{Annotation, Estimate, LabelSet, Pair, Predictions, Scores, Task};

use super::super::probabilities::{BINS, bins};

/// The calibration of the scores of predicted spans, and the curve of risk and coverage; `None` without scores.
///
/// Spans are the trials; those of one document, or of one cluster of documents, belong together.
pub fn calibration(
    pair: &Pair,
    predictions: &Predictions,
    options: &MeasureOptions,
) -> Option<(CalibrationFigures, Vec<RiskCoveragePoint>)> {
    let scores = predictions.span_scores.as_ref()?;
    let mut curve = SpanCalibration::new();
    let (mut confidence, mut right, mut units) = (Vec::new(), Vec::new(), Vec::new());
    for (row, (gold, answer)) in pair.gold().iter().zip(pair.predicted()).enumerate() {
        let (gold, answer, scores) = (gold.spans(), answer.spans(), &scores[row]);
        // Scores that are none were refused when the answers were read.
        curve.add(gold, answer, scores).ok()?;
        confidence.extend_from_slice(scores);
        right.extend(answer.iter().map(|span| gold.binary_search(span).is_ok()));
        units.extend(answer.iter().map(|_| pair.clusters().map_or(row as u32, |clusters| clusters[row])));
    }
    if confidence.is_empty() {
        return None;
    }
    let report = curve.report(BINS);
    let points = report.risk_coverage.iter().map(|point| RiskCoveragePoint {
        threshold: point.threshold,
        coverage: point.coverage,
        risk: point.risk,
        recall: point.recall,
    });
    let [ece, mce, aurc] = figures(&confidence, &right, &units, options);
    let figures = CalibrationFigures {
        of: "spans".into(),
        n: confidence.len() as u64,
        ece,
        mce,
        aurc: Some(aurc),
        bins: bins(&reliability(&confidence, &right, None, BINS, Bins::EqualWidth)),
    };
    Some((figures, points.collect()))
}

/// ECE and MCE are those of sets of one label, which a right span has; for the area the order of the scores is enough, so
/// that a span is a question of two answers of which the right one is always the more probable.
fn figures(confidence: &[f64], right: &[bool], units: &[u32], options: &MeasureOptions) -> [Estimate; 3] {
    let n = confidence.len();
    let of = |measures: Option<Measures>, name: &str| {
        measures.and_then(|mut m| m.metrics.remove(name)).unwrap_or_else(|| Estimate::undefined(n as u64))
    };
    let measured = |task: Task, names: &[&str], labels: &LabelSet, gold: &[Annotation], predictions: &Predictions| {
        let options = MeasureOptions {
            metrics: Selection::named(task, names).ok()?,
            intervals: options.intervals,
            seed: options.seed,
            ..MeasureOptions::default()
        };
        let pair = Pair::new(task, labels, gold, predictions, Some(units.to_vec())).ok()?;
        Some(measure(&pair, &options))
    };
    let one = LabelSet::new(["right"]);
    let gold: Vec<Annotation> =
        right.iter().map(|&right| Annotation::Labels(if right { vec![0] } else { Vec::new() })).collect();
    let scores = Some(Scores::from_cells(1, confidence.to_vec()));
    let answers = vec![Annotation::Labels(vec![0]); n];
    let predictions = Predictions { labels: one.clone(), answers, scores, span_scores: None };
    let cells = measured(Task::Multilabel, &["ece", "mce"], &one, &gold, &predictions);
    let two = LabelSet::new(["right", "wrong"]);
    let gold: Vec<Annotation> = right.iter().map(|&right| Annotation::Label(u32::from(!right))).collect();
    let more = |p: &f64| 0.5 + 0.5 * p;
    let scores = Some(Scores::from_cells(2, confidence.iter().flat_map(|p| [more(p), 1.0 - more(p)]).collect()));
    let predictions =
        Predictions { labels: two.clone(), answers: vec![Annotation::Label(0); n], scores, span_scores: None };
    let area = measured(Task::Classification, &["aurc"], &two, &gold, &predictions);
    [of(cells.clone(), "ece"), of(cells, "mce"), of(area, "aurc")]
}
