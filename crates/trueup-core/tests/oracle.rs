//! Parity with scikit-learn, SciPy and seqeval.
//!
//! `oracles/generate.py` writes seeded cases with the peers' values. The small file committed beside it is always
//! checked; the large one, with real data sets, when `TRUEUP_ORACLE` names it. Where Trueup means something else by a
//! name, a test below says what and why.

#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::print_stdout)]

use serde::Deserialize;
use serde_json::Value;
use trueup_core::measure::{MeasureOptions, Measures, measure};
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Scores, Span, Task, stats};

#[derive(Deserialize)]
struct Oracle {
    cases: Vec<Case>,
    differences: Vec<Difference>,
    statistics: serde_json::Map<String, Value>,
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

fn fixture() -> Oracle {
    serde_json::from_str(include_str!("oracles/fixture.json")).unwrap()
}

/// Values of 0 to some thousand agree to 1e-9, larger ones relatively.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1.0)
}

fn same(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => close(a, b),
        _ => false,
    }
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

/// Compares everything in `oracle`; the number of values compared.
fn check(oracle: &Oracle) -> usize {
    let mut compared = 0;
    let options = MeasureOptions { intervals: false, ..MeasureOptions::default() };
    for case in &oracle.cases {
        let measures = case.measure(&options);
        for (name, expected) in &case.expected {
            let ours = measures.metrics.get(name).unwrap_or_else(|| panic!("{}: no {name}", case.name)).value;
            assert!(same(ours, *expected), "{}: {name} is {ours:?}, the oracle says {expected:?}", case.name);
            compared += 1;
        }
        for (name, estimate) in &measures.metrics {
            let known = case.expected.contains_key(name) || estimate.value.is_none();
            assert!(known, "{}: {name} has a value that the oracle lacks", case.name);
        }
        for (row, expected) in measures.labels.iter().zip(&case.rows) {
            let ours =
                [row.precision.value, row.recall.value, row.f1.value, row.roc_auc.as_ref().and_then(|a| a.value)];
            for (ours, expected) in ours.iter().zip(expected) {
                assert!(same(*ours, *expected), "{}: row of {}: {ours:?}, {expected:?}", case.name, row.label);
                compared += 1;
            }
        }
        if let Some(expected) = &case.confusion {
            assert_eq!(&measures.confusion.unwrap().counts, expected, "{}", case.name);
            compared += 1;
        }
    }
    compared + check_statistics(oracle)
}

fn check_statistics(oracle: &Oracle) -> usize {
    let mut compared = 0;
    let mut each = |name: &str, check: &dyn Fn(&Value)| {
        for case in oracle.statistics[name].as_array().unwrap() {
            check(case);
            compared += 1;
        }
    };
    let f = |value: &Value| value.as_f64().unwrap();
    let u = |value: &Value| value.as_u64().unwrap();
    let fs = |value: &Value| -> Vec<f64> { serde_json::from_value(value.clone()).unwrap() };
    each("wilson", &|c| {
        let (low, high) = stats::wilson(u(&c[0]), u(&c[1]));
        assert!(close(low, f(&c[2])) && close(high, f(&c[3])), "wilson {c}: {low} {high}");
    });
    each("normal_quantile", &|c| {
        assert!(close(stats::normal_quantile(f(&c[0])), f(&c[1])), "normal {c}");
    });
    each("student_quantile", &|c| {
        let t = stats::student_quantile(f(&c[0]), f(&c[1]));
        assert!(close(t, f(&c[2])), "student {c}: {t}");
    });
    each("two_proportions", &|c| {
        let p = stats::two_proportions(u(&c[0]), u(&c[1]), u(&c[2]), u(&c[3]));
        assert!(close(p, f(&c[4])), "two proportions {c}: {p}");
    });
    each("tables", &|c| {
        let table: Vec<Vec<u64>> = serde_json::from_value(c[0].clone()).unwrap();
        let (statistic, freedom, p) = stats::chi_squared(&table).unwrap();
        assert!(close(statistic, f(&c[1])) && freedom == u(&c[2]) && close(p, f(&c[3])), "chi-squared {c}");
        assert!(close(stats::cramers_v(&table).unwrap(), f(&c[4])), "Cramér's V {c}");
    });
    each("jensen_shannon", &|c| {
        assert!(close(stats::jensen_shannon(&fs(&c[0]), &fs(&c[1])).unwrap(), f(&c[2])), "jensen-shannon {c}");
    });
    each("bca", &|c| {
        let jackknife: Vec<(f64, f64)> = fs(&c["jackknife"]).into_iter().map(|v| (v, 1.0)).collect();
        let (low, high) = stats::bca(f(&c["value"]), fs(&c["replicates"]), &jackknife).unwrap();
        assert!(close(low, f(&c["low"])) && close(high, f(&c["high"])), "BCa {low} {high} {} {}", c["low"], c["high"]);
    });
    each("delong", &|c| {
        let positive: Vec<bool> = serde_json::from_value(c[1].clone()).unwrap();
        let area = stats::auc(&fs(&c[0]), &positive).unwrap();
        assert!(close(area.value, f(&c[2])) && close(area.variance.unwrap(), f(&c[3])), "DeLong {c}");
    });
    each("ratio", &|c| {
        let units: Vec<(f64, f64)> = fs(&c[0]).into_iter().zip(fs(&c[1])).collect();
        let units = units.iter().map(|&(part, whole)| stats::Unit { part, whole, times: 1.0 });
        let ratio = stats::Ratio::new(units).unwrap();
        assert!(close(ratio.value, f(&c[2])) && close(ratio.error.unwrap(), f(&c[3])), "ratio {c}");
    });
    each("holm", &|c| {
        let ours = stats::holm(&fs(&c[0]));
        assert!(ours.iter().zip(fs(&c[1])).all(|(a, b)| close(*a, b)), "Holm {c}: {ours:?}");
    });
    compared
}

#[test]
fn agrees_with_the_committed_values() {
    let compared = check(&fixture());
    assert!(compared > 900, "{compared} values");
}

#[test]
fn agrees_with_the_generated_values() {
    let Some(path) = std::env::var_os("TRUEUP_ORACLE") else {
        println!("1 skipped: no oracle");
        return;
    };
    let oracle: Oracle = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let compared = check(&oracle);

    assert!(compared > 9_000, "{compared} values");
    println!("{compared} values of {} cases agree to 1e-9", oracle.cases.len());
}

/// The differences listed under `reason`, each asserted to be one: the peer's number is not ours.
fn differences(reason: &str) -> Vec<(Difference, Measures)> {
    let oracle = fixture();
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
    let case = fixture().cases.into_iter().find(|c| c.name == "one gold class").unwrap();
    let measures = case.measure(&MeasureOptions::default());
    assert_eq!(measures.metrics["roc_auc_ovr"].value, None);
    assert_eq!(measures.metrics["roc_auc_ovr"].undefined, ["l0", "l1", "l2"]);
    let case = fixture().cases.into_iter().find(|c| c.name == "one example").unwrap();
    assert_eq!(case.measure(&MeasureOptions::default()).metrics["roc_auc_ovr"].undefined.len(), 5);
}
