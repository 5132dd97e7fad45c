//! Parity of every metric of labels with scikit-learn, over random cases with ties, missing labels and weights.
//!
//! `oracles/label_cases.py` makes the cases. The few committed ones are always checked, some thousand when
//! `TRUEUP_ORACLE` names the file that `cargo xtask test` makes.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use trueup_core::measure::curves::Sweep;
use trueup_core::measure::{MeasureOptions, Measures, Selection, measure};
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Scores, Task};

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

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
        _ => false,
    }
}

impl Case {
    fn answers(&self, side: &[Value]) -> Vec<Annotation> {
        let answer = |value: &Value| match self.task {
            Task::Classification => Annotation::Label(value.as_u64().unwrap() as u32),
            _ => Annotation::Labels(serde_json::from_value(value.clone()).unwrap()),
        };
        side.iter().map(answer).collect()
    }

    fn measure(&self, intervals: bool) -> Measures {
        let labels = LabelSet::new(self.labels.clone());
        assert_eq!(labels.names(), self.labels, "the oracle sorts its labels");
        let gold = self.answers(&self.gold);
        let predictions = Predictions {
            labels: labels.clone(),
            answers: self.answers(&self.predicted),
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

    fn check(&self, at: usize, seen: &mut BTreeSet<String>) -> usize {
        let measures = self.measure(at.is_multiple_of(16));
        if self.empty {
            let without = |name: &str| measures.metrics[name].value.is_none();
            assert!(measures.metrics.keys().all(|name| without(name)), "case {at}");
            return measures.metrics.len();
        }
        let mut compared = 0;
        for (name, expected) in &self.expected {
            let ours = measures.metrics.get(name).unwrap_or_else(|| panic!("case {at}: no {name}")).value;
            assert!(close(ours, *expected), "case {at}: {name} is {ours:?}, the oracle says {expected:?}");
            seen.insert(name.clone());
            compared += 1;
        }
        for (name, expected) in &self.rows {
            for (label, (ours, expected)) in measures.by_label[name].iter().zip(expected).enumerate() {
                assert!(close(ours.value, *expected), "case {at}: {name} of {label}: {ours:?}, {expected:?}");
                compared += 1;
            }
        }
        if !self.curves.is_empty() {
            compared += self.check_curves(at);
        }
        compared
    }

    fn check_curves(&self, at: usize) -> usize {
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
                let ours: Vec<Option<f64>> = ours.iter().map(|x| x.is_finite().then_some(*x)).collect();
                let same = ours.len() == expected.len() && ours.iter().zip(expected).all(|(a, b)| close(*a, *b));
                assert!(same, "case {at}: {name}: {ours:?}, {expected:?}");
            }
        }
        self.curves.len()
    }
}

fn check(cases: &[Case]) -> (usize, BTreeSet<String>) {
    let mut seen = BTreeSet::new();
    let compared = cases.iter().enumerate().map(|(at, case)| case.check(at, &mut seen)).sum();
    (compared, seen)
}

#[test]
fn agrees_with_the_committed_values() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("oracles/labels.json")).unwrap();
    let (compared, _) = check(&cases);
    assert!(compared > 1_000, "{compared} values");
}

#[test]
fn agrees_with_the_generated_values() {
    let Some(path) = std::env::var_os("TRUEUP_ORACLE") else {
        println!("1 skipped: no oracle");
        return;
    };
    let mut oracle: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases: Vec<Case> = serde_json::from_value(oracle["labels"].take()).unwrap();
    let (compared, seen) = check(&cases);
    // Every metric of labels has been compared, but the cost, which no other tool has.
    for task in [Task::Classification, Task::Multilabel] {
        for name in Selection::All.names(task).iter().filter(|name| *name != "expected_cost") {
            assert!(seen.contains(name), "{name} was never compared");
        }
    }
    println!("{compared} values of {} cases agree to 1e-9", cases.len());
}
