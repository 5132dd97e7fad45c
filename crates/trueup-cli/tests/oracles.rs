//! Real sets with a model's predictions: what `trueup eval` prints of them is what scikit-learn, seqeval, nervaluate and
//! spaCy say.
//!
//! `cargo xtask test` trains the models and asks the tools where Python and the real data are there (`real_cases.py`
//! beside the other scripts); `--full` asks nervaluate and spaCy too. Without their files the tests say that they are
//! skipped.

#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::print_stdout)]

#[path = "../../trueup-core/tests/oracles/compare.rs"]
#[allow(dead_code, reason = "there are no committed cases of real sets")]
mod compare;
#[path = "harness/mod.rs"]
mod harness;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use compare::{Oracle, Tally};
use harness::data::{folder, root};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Value;

type Figures = BTreeMap<String, Option<f64>>;

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(default)]
    task: String,
    #[serde(default)]
    rows: u64,
    /// As typed behind `trueup eval`; `DATA` and `OUT` stand for folders.
    arguments: Vec<String>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    metrics: Figures,
    /// Support, predictions, precision, recall, F1 and ROC AUC of each label; of spans support, precision, recall, F1.
    #[serde(default)]
    by_label: Vec<Vec<Option<f64>>>,
    confusion: Option<Vec<Vec<u64>>>,
    /// Figures by tool; null where the tool stops with an error.
    #[serde(rename = "as")]
    tools: BTreeMap<String, Option<Figures>>,
}

/// What the families of metrics are asked for beyond the numbers of the catalogue.
const MORE: [&str; 3] = ["top_1_accuracy", "top_2_accuracy", "roc_auc_partial_0.5"];

/// Runs `trueup eval` on a case; the document.
fn eval(case: &Case, arguments: &[String], more: &[&str]) -> Value {
    let out = compare::folder().unwrap().join("real");
    let place = |word: &String| {
        let (folder, rest): (&Path, &str) = match word.split_once('/') {
            Some(("DATA", rest)) => (&root(), rest),
            Some(("OUT", rest)) => (&out, rest),
            _ => return word.into(),
        };
        folder.join(rest).into_os_string()
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_trueup"));
    command.arg("eval").args(arguments.iter().map(place)).args(more);
    let finished = command.args(["--quiet", "--json", "-", "--threads", "1"]).output().unwrap();
    let said = String::from_utf8_lossy(&finished.stderr);
    assert!(finished.status.success(), "{}: {command:?}\n{said}", case.name);
    serde_json::from_slice(&finished.stdout).unwrap()
}

fn number(value: &Value) -> Option<f64> {
    assert!(value.is_number() || value.is_null(), "{value}");
    value.as_f64()
}

fn check_metrics(case: &Case, document: &Value, tally: &mut Tally) {
    for (name, theirs) in &case.metrics {
        let found = &document["metrics"][name];
        assert!(found.is_object(), "{}: no {name}", case.name);
        tally.figure(|| format!("{}: {name}", case.name), number(&found["value"]), *theirs);
    }
    // What the tools have no figure of is few, and said here.
    for (name, found) in document["metrics"].as_object().unwrap() {
        let slow = case.labels.len() > 100 && name.starts_with("roc_auc_ovo");
        let of_spans = case.task == "ner" && (name.starts_with("f0.5") || name.starts_with("f2"));
        let known = case.metrics.contains_key(name) || slow || of_spans || found["value"].is_null();
        assert!(known, "{}: {name} was not compared", case.name);
    }
}

fn check_labels(case: &Case, document: &Value, tally: &mut Tally) {
    let rows = document["labels"].as_array().unwrap();
    let named: Vec<&str> = rows.iter().map(|row| row["label"].as_str().unwrap()).collect();
    assert_eq!(named, case.labels, "{}", case.name);
    for (row, theirs) in rows.iter().zip(&case.by_label) {
        let ratio = |name: &str| number(&row[name]["value"]);
        let ours = if case.task == "ner" {
            // seqeval writes 0 for 0/0.
            let shares = ["precision", "recall", "f1"].map(|name| Some(ratio(name).unwrap_or(0.0)));
            [&[number(&row["support"])], shares.as_slice()].concat()
        } else {
            let shares = ["precision", "recall", "f1", "roc_auc"].map(ratio);
            [&[number(&row["support"]), number(&row["predicted"])], shares.as_slice()].concat()
        };
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            tally.figure(|| format!("{}: row of {}", case.name, row["label"]), ours, *theirs);
        }
    }
    if let Some(theirs) = &case.confusion {
        let ours: Vec<Vec<u64>> = serde_json::from_value(document["confusion"]["counts"].clone()).unwrap();
        assert_eq!(&ours, theirs, "{}", case.name);
        tally.equal(theirs.len() * theirs.len());
    }
}

/// The figures of `--as TOOL`.
fn check_tool(case: &Case, tool: &str, theirs: Option<&Figures>, tally: &mut Tally) {
    let document = eval(case, &case.arguments, &["--as", tool, "--no-intervals"]);
    let Some(theirs) = theirs else {
        assert!(document["as"]["stops"].is_string(), "{}: {tool} stops", case.name);
        return tally.equal(1);
    };
    let ours: BTreeMap<&str, Option<f64>> = document["as"]["figures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|figure| (figure["name"].as_str().unwrap(), number(&figure["value"])))
        .collect();
    for (name, theirs) in theirs {
        // Of supports seqeval writes the same three times.
        let name = if name.ends_with("avg support") { "support" } else { name };
        let found = *ours.get(name).unwrap_or_else(|| panic!("{}: {tool} has no {name}", case.name));
        tally.figure(|| format!("{}: {tool}: {name}", case.name), found, *theirs);
    }
    for name in ours.keys() {
        let known = theirs.contains_key(*name) || ["accuracy", "support"].contains(name);
        assert!(known, "{}: {tool}: {name} was not compared", case.name);
    }
}

fn check(case: &Case) -> Tally {
    let mut tally = Tally { cases: 1, ..Tally::default() };
    if !case.metrics.is_empty() {
        let of_case = |name: &&&str| case.metrics.contains_key(**name);
        let wanted = [&["all"], MORE.iter().filter(of_case).copied().collect::<Vec<_>>().as_slice()].concat();
        let document = eval(case, &case.arguments, &["--metrics", &wanted.join(","), "--no-intervals"]);
        assert_eq!(document["task"], case.task.as_str(), "{}", case.name);
        assert_eq!(number(&document["data"]["test"]["examples"]), Some(case.rows as f64), "{}", case.name);
        check_metrics(case, &document, &mut tally);
        check_labels(case, &document, &mut tally);
    }
    for (tool, theirs) in &case.tools {
        check_tool(case, tool, theirs.as_ref(), &mut tally);
    }
    println!("{}: {} figures, greatest difference {:e}", case.name, tally.figures, tally.greatest);
    tally
}

fn check_all(family: &str, least: u64) {
    let Some(oracle): Option<Oracle<Vec<Case>>> = compare::live(&format!("real/{family}")) else { return };
    if folder("").is_none() {
        return;
    }
    let tallies: Vec<Tally> = oracle.cases.par_iter().map(check).collect();
    let tally = tallies.into_iter().fold(Tally::default(), |sum, one| Tally {
        cases: sum.cases + one.cases,
        figures: sum.figures + one.figures,
        greatest: sum.greatest.max(one.greatest),
    });
    assert!(tally.figures > least, "{tally:?}");
    tally.record(family, &oracle.peers);
}

#[test]
fn scikit_learn_and_seqeval_on_real_sets() {
    check_all("real", 30_000);
}

#[test]
fn nervaluate_on_real_sets() {
    check_all("real-nervaluate", 500);
}

#[test]
fn spacy_on_real_sets() {
    check_all("real-spacy", 50);
}
