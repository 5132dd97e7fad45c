//! The figures of a review against scikit-learn's and seqeval's, for labels, label sets and spans.
//!
//! Where Trueup means something else by a name, a test below says what and why, with the peer's number.

use serde::Deserialize;
use serde_json::Value;
use trueup_core::measure::{MeasureOptions, Measures, measure};
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Scores, Span, Task};

use crate::compare::{self, Oracle, Tally, same};

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
    differences: Vec<Difference>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    task: Task,
    labels: Vec<String>,
    gold: Vec<Value>,
    predicted: Vec<Value>,
    scores: Option<Vec<Vec<f64>>>,
    expected: std::collections::BTreeMap<String, Option<f64>>,
    /// Precision, recall, F1 and ROC AUC of each label.
    rows: Vec<[Option<f64>; 4]>,
    confusion: Option<Vec<Vec<u64>>>,
}

#[derive(Deserialize)]
struct Difference {
    reason: String,
    case: String,
    metric: String,
    theirs: f64,
    ours: Option<f64>,
}

fn committed() -> Oracle<Cases> {
    compare::small(include_str!("small/review.json"))
}

fn answer(task: Task, value: &Value) -> Annotation {
    let ids = |value: &Value| -> Vec<u32> { serde_json::from_value(value.clone()).unwrap() };
    match task {
        Task::Classification => Annotation::Label(value.as_u64().unwrap() as u32),
        Task::Multilabel => Annotation::Labels(ids(value)),
        Task::Ner => {
            let mut spans: Vec<Span> = value
                .as_array()
                .unwrap()
                .iter()
                .map(|span| {
                    let [start, end, label] = ids(span)[..] else { panic!("a span has three numbers") };
                    Span { start, end, label }
                })
                .collect();
            spans.sort_unstable();
            Annotation::Spans(spans)
        }
    }
}

impl Case {
    fn measure(&self, options: &MeasureOptions) -> Measures {
        let labels = LabelSet::new(self.labels.clone());
        assert_eq!(labels.names(), self.labels, "the oracle sorts its labels");
        let gold: Vec<Annotation> = self.gold.iter().map(|g| answer(self.task, g)).collect();
        let predictions = Predictions {
            labels: labels.clone(),
            answers: self.predicted.iter().map(|p| answer(self.task, p)).collect(),
            scores: self.scores.as_ref().map(|rows| Scores::from_cells(labels.len(), rows.concat())),
            span_scores: None,
        };
        let pair = Pair::new(self.task, &labels, &gold, &predictions, None).unwrap();
        measure(&pair, options)
    }
}

fn check(oracle: &Oracle<Cases>) -> Tally {
    let mut tally = Tally::default();
    let options = MeasureOptions { intervals: false, ..MeasureOptions::default() };
    for case in &oracle.cases.cases {
        tally.cases += 1;
        let measures = case.measure(&options);
        for (name, expected) in &case.expected {
            let ours = measures.metrics.get(name).unwrap_or_else(|| panic!("{}: no {name}", case.name)).value;
            tally.figure(|| format!("{}: {name}", case.name), ours, *expected);
        }
        for (name, estimate) in &measures.metrics {
            let known = case.expected.contains_key(name) || estimate.value.is_none();
            assert!(known, "{}: {name} has a value that the oracle lacks", case.name);
        }
        for (row, expected) in measures.labels.iter().zip(&case.rows) {
            let ours =
                [row.precision.value, row.recall.value, row.f1.value, row.roc_auc.as_ref().and_then(|a| a.value)];
            for (ours, expected) in ours.iter().zip(expected) {
                tally.figure(|| format!("{}: row of {}", case.name, row.label), *ours, *expected);
            }
        }
        if let Some(expected) = &case.confusion {
            assert_eq!(&measures.confusion.unwrap().counts, expected, "{}", case.name);
            tally.equal(expected.len() * expected.len());
        }
    }
    tally
}

#[test]
fn agrees_with_the_committed_values() {
    let tally = check(&committed());
    assert!(tally.cases > 12 && tally.figures > 400, "{tally:?}");
}

#[test]
fn agrees_with_the_generated_values() {
    let Some(oracle) = compare::live("review") else { return };
    let tally = check(&oracle);
    assert!(tally.cases > 250 && tally.figures > 15_000, "{tally:?}");
    tally.record("review", &oracle.peers);
}

/// The differences listed under `reason`, each asserted to be one: the peer's number is not ours.
fn differences(reason: &str) -> Vec<(Difference, Measures)> {
    let oracle = committed().cases;
    let options = MeasureOptions { intervals: false, ..MeasureOptions::default() };
    let found: Vec<_> = oracle
        .differences
        .into_iter()
        .filter(|d| d.reason == reason)
        .map(|d| {
            let case = oracle.cases.iter().find(|c| c.name == d.case).unwrap();
            assert!(!same(Some(d.theirs), d.ours));
            let measures = case.measure(&options);
            (d, measures)
        })
        .collect();
    assert!(!found.is_empty(), "no case shows '{reason}'");
    found
}

/// scikit-learn writes 0 when gold or predictions are all of one label. A correlation with a constant is 0/0, and 0
/// would read as "no better than chance".
#[test]
fn difference_matthews_of_a_constant_has_no_value() {
    for (difference, measures) in differences("0/0 has no value: Matthews") {
        assert_eq!((difference.theirs, measures.metrics["matthews_corrcoef"].value), (0.0, None));
    }
}

/// scikit-learn writes 0, with a warning, for the precision of a label never predicted. Nothing is known of it; macro
/// precision still counts it 0, as scikit-learn's does, and names it.
#[test]
fn difference_precision_without_predictions_has_no_value() {
    for (difference, measures) in differences("0/0 has no value: precision") {
        let label: usize = difference.metric.rsplit(' ').next().unwrap().parse().unwrap();
        let row = &measures.labels[label];
        assert_eq!((difference.theirs, row.precision.value, row.f1.value), (0.0, None, Some(0.0)));
        assert!(measures.metrics["precision_macro"].undefined.contains(&row.label));
    }
}

/// scikit-learn counts a column that occurs in neither gold nor prediction as 0 in multi-label macro averages, so that
/// an unused label in the list lowers the score. In single-label tasks it leaves such labels out, and so does Trueup
/// everywhere.
#[test]
fn difference_macro_averages_run_over_labels_that_occur() {
    for (difference, measures) in differences("macro over the labels that occur") {
        let ours = measures.metrics[&difference.metric].value;
        assert!(same(ours, difference.ours) && ours.unwrap() > difference.theirs);
    }
}

/// scikit-learn gives ties at the third place to the label that sorts last, Trueup to the one that sorts first, as it
/// does when the most probable label is picked.
#[test]
fn difference_ties_of_top_k_go_by_label_order() {
    for (difference, measures) in differences("ties of top-k go by label order") {
        assert!(same(measures.metrics["top_3_accuracy"].value, difference.ours));
    }
}

/// seqeval's default reads stray I- tags as spans. Trueup's spans are strict IOB2, seqeval's `mode="strict"`, which the
/// cases above agree with.
#[test]
fn difference_spans_are_strict() {
    for (difference, measures) in differences("spans are strict") {
        assert!(same(measures.metrics["f1"].value, difference.ours));
    }
}

/// scikit-learn refuses one-versus-rest areas when a label has no gold. Trueup averages over the labels present and
/// names the absent.
#[test]
fn difference_areas_run_over_labels_in_gold() {
    let case = committed().cases.cases.into_iter().find(|c| c.name == "one gold class").unwrap();
    let measures = case.measure(&MeasureOptions::default());
    assert_eq!(measures.metrics["roc_auc_ovr"].value, None);
    assert_eq!(measures.metrics["roc_auc_ovr"].undefined, ["l0", "l1", "l2"]);
    let case = committed().cases.cases.into_iter().find(|c| c.name == "one example").unwrap();
    assert_eq!(case.measure(&MeasureOptions::default()).metrics["roc_auc_ovr"].undefined.len(), 5);
}
