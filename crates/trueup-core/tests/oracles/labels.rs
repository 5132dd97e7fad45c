//! Every metric of labels against scikit-learn's, over random cases with ties, missing labels, one label, and weights.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use trueup_core::document::LabelRow;
use trueup_core::measure::curves::Sweep;
use trueup_core::measure::{MeasureOptions, Measures, Selection, measure};
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Scores, Task};

use crate::compare::{self, Oracle, Tally, same};

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Case {
    task: Task,
    labels: Vec<String>,
    gold: Vec<Value>,
    predicted: Vec<Value>,
    scores: Vec<Vec<f64>>,
    weights: Option<Vec<f64>>,
    expected: BTreeMap<String, Option<f64>>,
    rows: BTreeMap<String, Vec<Option<f64>>>,
    curves: BTreeMap<String, Vec<Vec<Option<f64>>>>,
    empty: bool,
}

/// What the families are asked for beyond the numbers of the catalogue.
const MORE: [&str; 4] = ["all", "top_1_accuracy", "top_2_accuracy", "roc_auc_partial_0.5"];

/// Scores of which scikit-learn refuses the one of a cell, which is `bad`.
#[derive(Deserialize)]
struct Refused {
    task: Task,
    labels: Vec<String>,
    gold: Vec<Value>,
    scores: Vec<Vec<f64>>,
    at: [usize; 2],
    bad: String,
}

fn answers(task: Task, side: &[Value]) -> Vec<Annotation> {
    let answer = |value: &Value| match task {
        Task::Classification => Annotation::Label(value.as_u64().unwrap() as u32),
        _ => Annotation::Labels(serde_json::from_value(value.clone()).unwrap()),
    };
    side.iter().map(answer).collect()
}

impl Case {
    fn measure(&self, intervals: bool) -> Measures {
        let labels = LabelSet::new(self.labels.clone());
        assert_eq!(labels.names(), self.labels, "the oracle sorts its labels");
        let gold = answers(self.task, &self.gold);
        let predictions = Predictions {
            labels: labels.clone(),
            answers: answers(self.task, &self.predicted),
            scores: Some(Scores::from_cells(labels.len(), self.scores.concat())),
            span_scores: None,
        };
        let mut pair = Pair::new(self.task, &labels, &gold, &predictions, None).unwrap();
        if let Some(weights) = &self.weights {
            pair = pair.with_weights(weights).unwrap();
        }
        let metrics =
            Selection::named(self.task, if self.task == Task::Classification { &MORE } else { &MORE[..1] }).unwrap();
        measure(
            &pair,
            &MeasureOptions { positive: Some(1), intervals, metrics, resamples: 50, ..MeasureOptions::default() },
        )
    }

    fn check(&self, at: usize, seen: &mut BTreeSet<String>, tally: &mut Tally) {
        tally.cases += 1;
        let measures = self.measure(at.is_multiple_of(16));
        if self.empty {
            let without = |name: &str| measures.metrics[name].value.is_none();
            assert!(measures.metrics.keys().all(|name| without(name)), "case {at}");
            tally.equal(measures.metrics.len());
            return;
        }
        for (name, expected) in &self.expected {
            let ours = measures.metrics.get(name).unwrap_or_else(|| panic!("case {at}: no {name}")).value;
            tally.figure(|| format!("case {at}: {name}"), ours, *expected);
            seen.insert(name.clone());
        }
        for (name, expected) in &self.rows {
            let area = |row: &LabelRow| row.roc_auc.as_ref().and_then(|area| area.value);
            let ours: Vec<Option<f64>> = match name.as_str() {
                "roc_auc" => measures.labels.iter().map(area).collect(),
                _ => measures.by_label[name].iter().map(|estimate| estimate.value).collect(),
            };
            assert_eq!(ours.len(), expected.len());
            for (label, (ours, expected)) in ours.iter().zip(expected).enumerate() {
                tally.figure(|| format!("case {at}: {name} of {label}"), *ours, *expected);
            }
        }
        if !self.curves.is_empty() {
            self.check_curves(at, tally);
        }
    }

    fn check_curves(&self, at: usize, tally: &mut Tally) {
        let kept = |row: &usize| self.weights.as_ref().is_none_or(|w| w[*row] > 0.0);
        let rows: Vec<usize> = (0..self.gold.len()).filter(kept).collect();
        let scores: Vec<f64> = rows.iter().map(|&row| self.scores[row][1]).collect();
        let positive: Vec<bool> = rows.iter().map(|&row| self.gold[row].as_u64() == Some(1)).collect();
        let weights: Option<Vec<f64>> = self.weights.as_ref().map(|w| rows.iter().map(|&row| w[row]).collect());
        let sweep = Sweep::new(&scores, &positive, weights.as_deref());
        for (name, expected) in &self.curves {
            let (kind, drop) = name.split_once(' ').unwrap();
            let drop = drop == "True";
            let ours = match kind {
                "roc" => {
                    let roc = sweep.roc(drop).unwrap();
                    [roc.false_positive_rate, roc.true_positive_rate, roc.thresholds]
                }
                "det" => {
                    let det = sweep.det(drop).unwrap();
                    [det.false_positive_rate, det.false_negative_rate, det.thresholds]
                }
                _ => {
                    let curve = sweep.precision_recall(drop).unwrap();
                    [curve.precision, curve.recall, curve.thresholds]
                }
            };
            for (ours, expected) in ours.iter().zip(expected) {
                assert_eq!(ours.len(), expected.len(), "case {at}: {name}");
                for (ours, expected) in ours.iter().zip(expected) {
                    tally.figure(|| format!("case {at}: {name}"), ours.is_finite().then_some(*ours), *expected);
                }
            }
        }
    }
}

/// Scores that scikit-learn refuses are refused; with the cell mended they are taken.
fn check_refused(case: &Refused, tally: &mut Tally) {
    tally.cases += 1;
    let labels = LabelSet::new(case.labels.clone());
    let gold = answers(case.task, &case.gold);
    let taken = |cell: f64| {
        let mut scores = case.scores.clone();
        scores[case.at[0]][case.at[1]] = cell;
        let scores = Some(Scores::from_cells(labels.len(), scores.concat()));
        let predictions = Predictions { labels: labels.clone(), answers: gold.clone(), scores, span_scores: None };
        Pair::new(case.task, &labels, &gold, &predictions, None).map(|_| ()).map_err(|error| error.to_string())
    };
    let bad = match case.bad.as_str() {
        "nan" => f64::NAN,
        "inf" => f64::INFINITY,
        _ => f64::NEG_INFINITY,
    };
    let refusal = taken(bad).unwrap_err();
    assert!(refusal.contains("score") || refusal.contains("probabilit"), "{refusal}");
    let rest: f64 = case.scores[case.at[0]].iter().sum();
    let whole = if case.task == Task::Classification { 1.0 - rest } else { 0.5 };
    assert_eq!(taken(whole), Ok(()));
    tally.equal(1);
}

fn check(oracle: &Oracle<Cases>) -> (Tally, BTreeSet<String>) {
    let (mut tally, mut seen) = (Tally::default(), BTreeSet::new());
    for (at, case) in oracle.cases.cases.iter().enumerate() {
        case.check(at, &mut seen, &mut tally);
    }
    for case in &oracle.cases.refused {
        check_refused(case, &mut tally);
    }
    (tally, seen)
}

#[test]
fn agrees_with_the_committed_values() {
    let (tally, _) = check(&compare::small(include_str!("small/labels.json")));
    assert!(tally.figures > 300, "{tally:?}");
}

#[test]
fn agrees_with_the_generated_values() {
    let Some(oracle) = compare::live("labels") else { return };
    let (tally, seen) = check(&oracle);
    // Every metric of labels has been compared, but the cost, which no other tool has.
    for task in [Task::Classification, Task::Multilabel] {
        for name in Selection::All.names(task).iter().filter(|name| *name != "expected_cost") {
            assert!(seen.contains(name), "{name} was never compared");
        }
    }
    assert!(tally.cases > 1_000 && tally.figures > 50_000, "{tally:?}");
    tally.record("labels", &oracle.peers);
}

/// scikit-learn stops at no rows, with an error. No rows are data like any other here: every figure is 0/0, or, of the
/// table of counts, 0.
#[test]
fn difference_no_rows_have_no_figures_rather_than_an_error() {
    for task in [Task::Classification, Task::Multilabel] {
        let case: Case = serde_json::from_value(serde_json::json!({
            "task": task, "labels": ["a", "b", "c"], "gold": [], "predicted": [], "scores": [], "weights": null,
            "expected": {}, "rows": {}, "curves": {}, "empty": true,
        }))
        .unwrap();
        for intervals in [false, true] {
            let measures = case.measure(intervals);
            assert!(measures.metrics.len() > 20);
            assert!(
                measures.metrics.values().all(|figure| (figure.value, figure.low, figure.high) == (None, None, None))
            );
            assert!(measures.labels.iter().all(|row| row.support == 0 && row.f1.value.is_none()));
        }
    }
}

/// scikit-learn's `log_loss` takes probabilities whose sum is not 1, with a warning, and divides them by it; so a column too
/// few, or scores of another kind, give a figure. Here they are an error that names the row.
#[test]
fn difference_probabilities_that_do_not_sum_to_1_are_refused() {
    let labels = LabelSet::new(["a", "b"]);
    let gold = [Annotation::Label(0), Annotation::Label(1)];
    let taken = |cells: Vec<f64>| {
        let scores = Some(Scores::from_cells(2, cells));
        let predictions = Predictions { labels: labels.clone(), answers: gold.to_vec(), scores, span_scores: None };
        Pair::new(Task::Classification, &labels, &gold, &predictions, None).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(taken(vec![0.75, 0.25, 0.5, 0.5]), Ok(()));
    let refusal = taken(vec![0.75, 0.25, 0.5, 0.25]).unwrap_err();
    assert!(refusal.contains("0.75") || refusal.contains("sum"), "{refusal}");
}

/// A case of sets over `a`, `b` and `c`, as scikit-learn 1.9.1 was given it in the tests below.
fn three_sets() -> Case {
    serde_json::from_value(serde_json::json!({
        "task": "multilabel", "labels": ["a", "b", "c"], "gold": [[0], [1], [0], []], "predicted": [[0], [1], [0], []],
        "scores": [[0.9, 0.2, 0.1], [0.3, 0.8, 0.4], [0.2, 0.1, 0.6], [0.4, 0.3, 0.2]],
        "weights": null, "expected": {}, "rows": {}, "curves": {}, "empty": false,
    }))
    .unwrap()
}

/// scikit-learn writes 0, with a warning, for the average precision of a label without gold, and counts it in the mean:
/// 0.5833 here. A label that cannot be found says nothing of how well labels are ranked; Trueup leaves it out and names it.
#[test]
fn difference_average_precision_runs_over_labels_in_gold() {
    let measures = three_sets().measure(false);
    let ours = &measures.metrics["average_precision_macro"];
    assert!(same(ours.value, Some(0.875)) && !same(ours.value, Some(0.583_333_333_333_333_4)));
    assert_eq!(ours.undefined, ["c"]);
    assert_eq!(measures.by_label["average_precision"][2].value, None);
}

/// scikit-learn counts an unused column 0 in the macro Jaccard index, so that a perfect answer reaches 0.6667; Trueup
/// leaves labels that do not occur out of every macro average.
#[test]
fn difference_macro_jaccard_runs_over_labels_that_occur() {
    assert!(same(three_sets().measure(false).metrics["jaccard_macro"].value, Some(1.0)));
}

/// scikit-learn's `roc_auc_score(multi_class="ovo")` refuses `sample_weight`. The area of a pair is defined with weights as
/// without; a row of weight 2 is two rows.
#[test]
fn difference_areas_one_against_one_may_have_weights() {
    let case = |rows: &[usize], weights: Option<[f64; 5]>| -> Case {
        let gold = [0, 1, 2, 0, 1];
        let scores = [[0.5, 0.25, 0.25], [0.5, 0.5, 0.0], [0.25, 0.0, 0.75], [0.25, 0.5, 0.25], [0.125, 0.625, 0.25]];
        let of = |row: &usize| (gold[*row], scores[*row]);
        let (gold, scores): (Vec<i32>, Vec<[f64; 3]>) = rows.iter().map(of).unzip();
        serde_json::from_value(serde_json::json!({
            "task": "classification", "labels": ["a", "b", "c"], "gold": gold, "predicted": gold, "scores": scores,
            "weights": weights, "expected": {}, "rows": {}, "curves": {}, "empty": false,
        }))
        .unwrap()
    };
    let weighted = case(&[0, 1, 2, 3, 4], Some([1.0, 2.0, 1.0, 3.0, 1.0])).measure(false);
    let repeated = case(&[0, 1, 1, 2, 3, 3, 3, 4], None).measure(false);
    for name in ["roc_auc_ovo", "roc_auc_ovo_weighted"] {
        let (ours, twice) = (weighted.metrics[name].value, repeated.metrics[name].value);
        assert!(ours.is_some_and(|area| area < 1.0) && same(ours, twice), "{name}: {ours:?}, {twice:?}");
    }
}

/// scikit-learn keeps a label that only rows of weight 0 have in the macro average, with F1 0: 0.4889 here, 0.7333 without
/// the row. In Trueup weight 0 is the same as absence.
#[test]
fn difference_rows_of_weight_zero_are_absent() {
    let case: Case = serde_json::from_value(serde_json::json!({
        "task": "classification", "labels": ["a", "b", "c"], "gold": [0, 0, 1, 1, 2], "predicted": [0, 1, 1, 1, 0],
        "scores": vec![[0.5, 0.25, 0.25]; 5], "weights": [1.0, 1.0, 1.0, 1.0, 0.0],
        "expected": {}, "rows": {}, "curves": {}, "empty": false,
    }))
    .unwrap();
    let ours = case.measure(false).metrics["f1_macro"].value;
    assert!(same(ours, Some(0.733_333_333_333_333_4)) && !same(ours, Some(0.488_888_888_888_888_93)));
}

/// scikit-learn writes 0 for the shares of a label without gold (`normalize="true"`); 0/0 has no value.
#[test]
fn difference_shares_of_nothing_have_no_value() {
    use trueup_core::measure::confusion::{Normalise, normalised};
    let shares = normalised(&[vec![1, 1], vec![0, 0]], Normalise::Gold);
    assert_eq!(shares, [[Some(0.5), Some(0.5)], [None, None]]);
}

/// The last point of a precision-recall curve, precision 1 at recall 0, belongs to no threshold: where no threshold has the
/// precision asked for, the recall at that precision has no value, and is not 0.
#[test]
fn difference_recall_at_a_precision_that_is_not_reached_has_no_value() {
    let case: Case = serde_json::from_value(serde_json::json!({
        "task": "classification", "labels": ["a", "b"], "gold": [0, 1, 0, 1], "predicted": [1, 1, 1, 1],
        "scores": [[0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]], "weights": null,
        "expected": {}, "rows": {}, "curves": {}, "empty": false,
    }))
    .unwrap();
    let metrics = case.measure(true).metrics;
    assert_eq!(metrics["recall_at_precision_0.9"].value, None);
    assert_eq!(metrics["precision_at_recall_0.9"].value, Some(0.5));
}

/// scikit-learn compares log loss with that of the labels' frequencies even where gold is all of one label and frequencies
/// lose nothing but the clipping: -4.7e14 for a probability of 0.9 of what is right. That is a division by nothing.
#[test]
fn difference_nothing_is_explained_where_there_is_nothing_to_explain() {
    let case: Case = serde_json::from_value(serde_json::json!({
        "task": "classification", "labels": ["a", "b"], "gold": [1, 1, 1], "predicted": [1, 1, 1],
        "scores": vec![[0.1, 0.9]; 3], "weights": null, "expected": {}, "rows": {}, "curves": {}, "empty": false,
    }))
    .unwrap();
    assert_eq!(case.measure(true).metrics["d2_log_loss"].value, None);
}
