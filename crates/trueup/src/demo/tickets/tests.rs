//! The tickets hold what their list of faults says, and no other twins.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use trueup_core::text::normalise;

use super::super::alike::{NEAR, grams, jaccard};
use super::tickets;
use crate::demo::DemoSet;

struct Row {
    id: String,
    text: String,
    label: String,
    channel: String,
    test: bool,
}

/// Reads one of our own files: the text, and only it, is quoted.
fn rows(set: &DemoSet) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, content) in &set.files {
        let (header, mut rest) = content.split_once('\n').unwrap();
        assert_eq!(header, "id,text,label,channel,created");
        while let Some((id, after)) = rest.split_once(",\"") {
            let mut end = 0;
            let bytes = after.as_bytes();
            while bytes[end] != b'"' || bytes[end + 1] == b'"' {
                end += if bytes[end] == b'"' { 2 } else { 1 };
            }
            let (columns, beyond) = after[end + 2..].split_once('\n').unwrap();
            let columns: Vec<&str> = columns.split(',').collect();
            assert_eq!(columns.len(), 3, "{columns:?}");
            rows.push(Row {
                id: id.into(),
                text: after[..end].replace("\"\"", "\""),
                label: columns[0].into(),
                channel: columns[1].into(),
                test: name.contains("test"),
            });
            rest = beyond;
        }
        assert!(rest.is_empty(), "{rest:?}");
    }
    rows
}

fn ids<'a>(set: &'a DemoSet, kind: &str) -> BTreeSet<&'a str> {
    set.faults.iter().find(|fault| fault.kind == kind).unwrap().ids.iter().map(String::as_str).collect()
}

#[test]
fn sizes_labels_and_ids() {
    let rows = rows(&tickets(42));
    assert_eq!(rows.len(), 1229 + 20 + 15 + 3 + 12 + 8 + 4);
    let test = rows.iter().filter(|row| row.test).count();
    assert_eq!(test, 301 + 20);
    assert_eq!(rows.iter().map(|row| &row.id).collect::<BTreeSet<_>>().len(), rows.len());
    let labels: BTreeSet<_> = rows.iter().map(|row| row.label.as_str()).collect();
    let expected = ["billing", "bug", "cancellation", "delivery", "feature-request", "fraud", "login", "refund"];
    assert_eq!(labels.into_iter().collect::<Vec<_>>(), expected);
    // Channel tells nothing of the label, and every label comes in by every channel but the rarest.
    let phone = rows.iter().filter(|row| row.channel == "phone").count();
    assert!((120..240).contains(&phone), "{phone}");
}

#[test]
fn fraud_is_rare_and_missing_from_the_test_file() {
    let set = tickets(42);
    let fraud: Vec<_> = rows(&set).into_iter().filter(|row| row.label == "fraud").collect();
    assert_eq!(fraud.len(), 14);
    assert!(fraud.iter().all(|row| !row.test && ids(&set, "too-few-examples").contains(row.id.as_str())));
}

#[test]
fn every_twin_is_planted_and_every_planted_twin_is_one() {
    for seed in [42, 1] {
        let set = tickets(seed);
        let rows = rows(&set);
        let shapes: Vec<_> = rows.iter().map(|row| (normalise(&row.text), grams(&row.text))).collect();
        let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut pairs: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, a) in rows.iter().enumerate() {
            for (j, b) in rows.iter().enumerate().skip(i + 1) {
                let exact = shapes[i].0 == shapes[j].0;
                if !exact && jaccard(&shapes[i].1, &shapes[j].1) < NEAR {
                    continue;
                }
                let kind = match (exact, a.test == b.test, a.label == b.label) {
                    (true, true, true) => "exact-duplicate",
                    (true, true, false) => "conflicting-duplicate",
                    (false, true, true) => "near-duplicate",
                    (true, false, true) => "exact-leak",
                    (false, false, true) => "near-duplicate-leak",
                    (false, _, false) => panic!("near twins of two labels: {} {}", a.id, b.id),
                    (true, false, false) => panic!("a leak with another label: {} {}", a.id, b.id),
                };
                *pairs.entry(kind).or_default() += 1;
                let known = found.entry(kind).or_default();
                for row in [a, b] {
                    // Of a leak, only the test's side counts.
                    if a.test == b.test || row.test {
                        known.insert(&row.id);
                    }
                }
            }
        }
        let planted = [
            ("conflicting-duplicate", 3),
            ("exact-duplicate", 20),
            ("exact-leak", 12),
            ("near-duplicate", 15),
            ("near-duplicate-leak", 8),
        ];
        assert_eq!(pairs, BTreeMap::from(planted), "seed {seed}");
        for (kind, found) in found {
            assert_eq!(found, ids(&set, kind), "seed {seed}, {kind}");
        }
    }
}

#[test]
fn wrong_labels_and_broken_texts_stand_where_they_are_listed() {
    let set = tickets(42);
    let rows = rows(&set);
    let by_id: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let wrong = ids(&set, "likely-mislabelled");
    assert_eq!(wrong.len(), 25);
    let mixed = wrong.iter().filter(|id| ["billing", "refund"].contains(&by_id[**id].label.as_str())).count();
    assert!(mixed >= 18, "{mixed}");
    assert_eq!(wrong.iter().filter(|id| by_id[**id].test).count(), 6);

    let broken: Vec<_> = ids(&set, "degenerate-text").into_iter().map(|id| by_id[id].text.as_str()).collect();
    assert_eq!(broken.len(), 4);
    assert!(broken.iter().any(|text| text.is_empty()));
    assert!(broken.iter().any(|text| text.contains('\u{1b}')));
    assert!(broken.iter().any(|text| text.contains("Ã")));
    assert!(broken.iter().any(|text| text.starts_with("<div")));
    let phone = ids(&set, "weak-slice");
    assert!(phone.len() > 50 && phone.iter().all(|id| by_id[*id].channel == "phone"), "{}", phone.len());
}
