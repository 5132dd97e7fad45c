//! Scores of entities, and areas of labels, against spaCy's Scorer.

use std::collections::BTreeMap;

use trueup_core::LabelSet;
use trueup_core::scheme::Scheme;
use trueup_core::spans::{Compat, CompatCounts, cats_macro_auc};

use crate::compare::{self, Oracle, Tally, same};
use crate::nervaluate::spans;

#[derive(serde::Deserialize)]
struct Cases {
    types: Vec<String>,
    spans: Vec<Case>,
    cats: Vec<Cats>,
}

#[derive(serde::Deserialize)]
struct Case {
    documents: Vec<[Vec<[u32; 3]>; 2]>,
    figures: Ents,
}

#[derive(serde::Deserialize)]
struct Ents {
    #[serde(rename = "ents_p")]
    precision: Option<f64>,
    #[serde(rename = "ents_r")]
    recall: Option<f64>,
    #[serde(rename = "ents_f")]
    f1: Option<f64>,
    #[serde(rename = "ents_per_type")]
    types: Option<BTreeMap<String, BTreeMap<String, f64>>>,
}

#[derive(serde::Deserialize)]
struct Cats {
    gold: Vec<Vec<u8>>,
    scores: Vec<Vec<f64>>,
    #[serde(rename = "cats_macro_auc")]
    mean: f64,
    auc: Vec<Option<f64>>,
}

fn committed() -> Oracle<Cases> {
    compare::small(include_str!("small/spacy.json"))
}

fn check(cases: &Cases) -> Tally {
    let labels = LabelSet::new(cases.types.clone());
    let mut tally = Tally::default();
    for Case { documents, figures } in &cases.spans {
        tally.cases += 1;
        let mut counts = CompatCounts::new(Compat::Spacy, &labels, None, Scheme::Iob2);
        documents.iter().for_each(|[gold, predicted]| counts.add_spans(&spans(gold), &spans(predicted)));
        let report = counts.report();
        for (name, theirs) in [("ents_p", figures.precision), ("ents_r", figures.recall), ("ents_f", figures.f1)] {
            tally.figure(|| name.to_owned(), report.figure(name), theirs);
        }
        let types = figures.types.clone().unwrap_or_default();
        for (kind, figures) in &types {
            for (name, theirs) in figures {
                let ours = report.figure(&format!("ents_per_type {kind} {name}"));
                tally.figure(|| format!("{kind} {name}"), ours, Some(*theirs));
            }
        }
        assert_eq!(report.figures.len(), 3 + 3 * types.len());
    }
    for case in &cases.cats {
        tally.cases += 1;
        for (label, area) in case.auc.iter().enumerate() {
            let scores: Vec<f64> = case.scores.iter().map(|row| row[label]).collect();
            let positive: Vec<bool> = case.gold.iter().map(|row| row[label] == 1).collect();
            let ours = trueup_core::stats::auc(&scores, &positive).map(|area| area.value);
            tally.figure(|| format!("area of {label}"), ours, *area);
        }
        tally.figure(|| "cats_macro_auc".into(), cats_macro_auc(&case.auc).theirs, Some(case.mean));
    }
    tally
}

#[test]
fn agrees_with_the_committed_values() {
    let tally = check(&committed().cases);
    assert!(tally.figures > 40, "{tally:?}");
}

#[test]
fn agrees_with_the_generated_values() {
    let Some(oracle) = compare::live::<Cases>("spacy") else { return };
    let tally = check(&oracle.cases);
    assert!(tally.figures > 2_000, "{tally:?}");
    tally.record("spacy", &oracle.peers);
}

/// spaCy's `cats_macro_auc` counts 0 for a label that has no area, because its gold is all of one kind. Here it is left
/// out.
#[test]
fn difference_spacy_counts_0_for_labels_without_an_area() {
    let mut lower = 0;
    for case in &committed().cases.cats {
        let figure = cats_macro_auc(&case.auc);
        assert!(same(figure.theirs, Some(case.mean)), "{figure:?}");
        if case.auc.iter().any(Option::is_none) && case.auc.iter().any(Option::is_some) {
            assert!(figure.ours.unwrap() > figure.theirs.unwrap());
            lower += 1;
        }
        assert_eq!(figure.ours.is_none(), case.auc.iter().all(Option::is_none));
    }
    assert!(lower > 0 && cats_macro_auc(&[]).theirs.is_none());
}
