//! The invoices hold what their list of faults says, and their spans lie where the text has them.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trueup_core::text::{byte_of_code_point, normalise};

use super::super::alike::{NEAR, grams, jaccard};
use super::invoices;
use super::layouts::VENDORS;
use crate::demo::DemoSet;

struct Row {
    id: String,
    text: String,
    /// Label, mention, byte behind it.
    spans: Vec<(String, String, usize)>,
}

fn rows(set: &DemoSet) -> Vec<Row> {
    let content = &set.files[0].1;
    content
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            let text = value["text"].as_str().unwrap().to_string();
            let byte = |value: &Value| byte_of_code_point(&text, value.as_u64().unwrap() as usize).unwrap();
            let spans = value["spans"].as_array().unwrap().iter().map(|span| {
                let (start, end) = (byte(&span["start"]), byte(&span["end"]));
                (span["label"].as_str().unwrap().to_string(), text[start..end].to_string(), end)
            });
            Row { id: value["id"].as_str().unwrap().into(), spans: spans.collect(), text: text.clone() }
        })
        .collect()
}

fn ids<'a>(set: &'a DemoSet, kind: &str) -> BTreeSet<&'a str> {
    set.faults.iter().find(|fault| fault.kind == kind).unwrap().ids.iter().map(String::as_str).collect()
}

#[test]
fn sizes_types_and_ids() {
    let rows = rows(&invoices(42));
    assert_eq!(rows.len(), 385 + 10 + 6);
    assert_eq!(rows.iter().map(|row| &row.id).collect::<BTreeSet<_>>().len(), rows.len());
    let mut support: BTreeMap<&str, usize> = BTreeMap::new();
    for (label, _, _) in rows.iter().flat_map(|row| &row.spans) {
        *support.entry(label).or_default() += 1;
    }
    let labels: Vec<_> = support.keys().copied().collect();
    assert_eq!(labels, ["AMOUNT", "DATE", "DUE_DATE", "IBAN", "INVOICE_NUMBER", "VENDOR"]);
    assert_eq!(support["IBAN"], 9);
    assert!(support.iter().all(|(label, &n)| *label == "IBAN" || n > 200), "{support:?}");
    assert!(rows.iter().any(|row| row.text.contains('🌻')) && rows.iter().any(|row| row.text.contains('Ł')));
}

#[test]
fn spans_lie_on_their_mentions() {
    let set = invoices(42);
    let off: BTreeSet<&str> = ["suspicious-boundary", "boundary-errors", "boundary-in-word"]
        .into_iter()
        .flat_map(|kind| ids(&set, kind))
        .collect();
    for row in rows(&set).iter().filter(|row| !off.contains(row.id.as_str())) {
        for (label, mention, _) in &row.spans {
            let right = match label.as_str() {
                "VENDOR" => VENDORS.contains(&mention.as_str()),
                "IBAN" => mention.len() == 24 && &mention[2..4] == "00",
                "DATE" | "DUE_DATE" => mention.contains("25") && mention.starts_with(char::is_alphanumeric),
                "AMOUNT" => {
                    ["$", "€", "EUR", "£", "CHF", "zł", "USD"].iter().any(|currency| mention.contains(currency))
                }
                "INVOICE_NUMBER" => mention.contains(|c: char| c.is_ascii_digit()),
                other => panic!("{other}"),
            };
            assert!(right, "{}: {label} {mention:?}", row.id);
        }
    }
}

#[test]
fn every_twin_is_planted_and_every_planted_twin_is_one() {
    let set = invoices(42);
    let rows = rows(&set);
    let shapes: Vec<_> = rows.iter().map(|row| (normalise(&row.text), grams(&row.text))).collect();
    let (mut exact, mut near) = (BTreeSet::new(), BTreeSet::new());
    for i in 0..rows.len() {
        for j in i + 1..rows.len() {
            let both = [rows[i].id.as_str(), rows[j].id.as_str()];
            if shapes[i].0 == shapes[j].0 {
                exact.extend(both);
            } else if jaccard(&shapes[i].1, &shapes[j].1) >= NEAR {
                near.extend(both);
            }
        }
    }
    assert_eq!((exact.len(), near.len()), (20, 12));
    assert_eq!((exact, near), (ids(&set, "exact-duplicate"), ids(&set, "near-duplicate")));
}

#[test]
fn faulty_annotations_stand_where_they_are_listed() {
    let set = invoices(42);
    let rows = rows(&set);
    let of = |kind: &str| {
        let ids = ids(&set, kind);
        rows.iter().filter(|row| ids.contains(row.id.as_str())).collect::<Vec<_>>()
    };
    let annotated: BTreeSet<&str> =
        rows.iter().flat_map(|row| &row.spans).filter(|s| s.0 == "VENDOR").map(|s| s.1.as_str()).collect();

    let silent = of("inconsistent-span");
    assert_eq!(silent.len(), 10);
    for row in silent {
        assert!(row.spans.iter().all(|span| span.0 != "VENDOR"));
        assert!(annotated.iter().any(|vendor| row.text.contains(vendor)), "{}", row.text);
    }
    let wide = of("suspicious-boundary");
    assert_eq!(wide.len(), 8);
    for row in wide {
        assert!(row.spans.iter().any(|span| span.1.ends_with([' ', ',', '.', ';', '\n'])), "{}", row.id);
    }
    let bare = of("boundary-errors");
    assert_eq!(bare.len(), 12);
    for row in bare {
        let (_, mention, _) = row.spans.iter().find(|span| span.0 == "AMOUNT").unwrap();
        assert!(mention.chars().all(|c| c.is_ascii_digit() || ".,' ".contains(c)), "{mention}");
    }
    let cut = of("boundary-in-word");
    assert_eq!(cut.len(), 3);
    for row in cut {
        let (_, mention, end) = row.spans.iter().find(|span| span.0 == "VENDOR").unwrap();
        let before = row.text[..end - mention.len()].chars().next_back();
        assert!(before.is_some_and(char::is_alphabetic), "{mention}");
    }
    // What is called DATE now stands behind the words that announce a due date.
    let exchanged = of("likely-mislabelled");
    assert_eq!(exchanged.len(), 12);
    for row in exchanged {
        let (_, mention, end) = row.spans.iter().find(|span| span.0 == "DATE").unwrap();
        let before = row.text[..end - mention.len()].trim_end_matches([' ', ':']);
        let due = ["ue", "ue date", "by", "until", "before", "on", "bis", "bis zum", "llig", "chéance", "avant le"];
        let due = due.into_iter().chain(["Vencimiento", "vence el", "płatności"]).any(|words| before.ends_with(words));
        assert!(due, "{before}");
    }
}
