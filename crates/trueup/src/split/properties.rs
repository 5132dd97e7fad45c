//! What holds of every split of records.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use trueup_core::similarity::{Corpus, NEAR};
use trueup_core::text::normalise;
use trueup_data::{Read, ReadOptions, read_corpus_bytes};

use super::{Assignment, assign, report};
use crate::options::{SplitBy, SplitOptions};

/// Rows as JSON lines: text, labels (none: not labelled), group, time.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    text: String,
    labels: Option<Vec<&'static str>>,
    group: String,
    time: u32,
}

fn read(rows: &[Row]) -> Read {
    let mut lines = String::new();
    for (i, row) in rows.iter().enumerate() {
        let mut object = serde_json::json!({
            "id": format!("r{i}"), "text": row.text, "group": row.group, "time": row.time.to_string(),
        });
        if let Some(labels) = &row.labels {
            object["labels"] = serde_json::json!(labels);
        }
        lines += &format!("{object}\n");
    }
    let read = ReadOptions { group: Some("group".into()), time: Some("time".into()), ..ReadOptions::default() };
    read_corpus_bytes("rows.jsonl", lines.into_bytes(), &read).unwrap()
}

fn options(by: SplitBy) -> SplitOptions {
    SplitOptions { by, seed: 42, ..SplitOptions::default() }
}

fn split(rows: &[Row], options: &SplitOptions) -> Assignment {
    assign("rows.jsonl", &read(rows), options).unwrap()
}

/// A text that is no near-duplicate of others: its words are numbers drawn for it alone.
fn alone(i: usize) -> String {
    let words: Vec<String> =
        (0..6).map(|word| format!("{:x}", (i as u64 * 6 + word + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    words.join(" ")
}

fn plain(n: usize, labels: &[&'static str]) -> Vec<Row> {
    (0..n)
        .map(|i| Row { text: alone(i), labels: Some(vec![labels[i % labels.len()]]), group: String::new(), time: 0 })
        .collect()
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let labels = prop_oneof![
        1 => Just(None),
        6 => proptest::sample::subsequence(vec!["a", "b", "c", "d"], 0..=2).prop_map(Some),
    ];
    // Some texts repeat, some nearly.
    let row = (0..60usize, 0..3u8, labels, 0..12usize, 0..20u32).prop_map(|(text, form, labels, group, time)| Row {
        text: match form {
            0 => alone(text).to_uppercase(),
            1 => alone(text) + ".",
            _ => alone(text),
        },
        labels,
        group: if group < 4 { format!("g{group}") } else { String::new() },
        time,
    });
    proptest::collection::vec(row, 40..90)
}

/// The part of each row by its id.
fn parts(assignment: &Assignment) -> Vec<usize> {
    assignment.of.iter().map(|part| part.unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn added_rows_move_nothing_by_hash(rows in rows(), cut in 1..30usize, seed in 0..9u64) {
        // A group counts where it is asked for.
        let asked = ReadOptions { group: Some("group".into()), ..ReadOptions::default() };
        let options = SplitOptions { seed, test: Some(0.4), read: asked, ..options(SplitBy::Hash) };
        let of = |rows: &[Row]| assign("f", &read(rows), &options).map(|assignment| assignment.of).ok();
        // A few rows may leave a part empty, which is refused.
        if let (Some(all), Some(less)) = (of(&rows), of(&rows[..rows.len() - cut])) {
            prop_assert_eq!(&all[..less.len()], &less[..]);
            let mut sides: BTreeMap<String, usize> = BTreeMap::new();
            for (row, part) in rows.iter().zip(all) {
                let key = if row.group.is_empty() { normalise(&row.text) } else { row.group.clone() };
                prop_assert_eq!(*sides.entry(key).or_insert(part.unwrap()), part.unwrap());
            }
        }
    }

    #[test]
    fn twins_and_groups_stay_together(rows in rows(), folds in prop_oneof![Just(None), Just(Some(3))]) {
        let parts = parts(&split(&rows, &SplitOptions { folds, ..options(SplitBy::Stratified) }));
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        let clusters = Corpus::new(&texts).clusters(NEAR);
        for a in 0..rows.len() {
            for b in 0..a {
                let grouped = rows[a].group == rows[b].group && !rows[a].group.is_empty();
                if clusters[a] == clusters[b] || grouped {
                    prop_assert_eq!(parts[a], parts[b]);
                }
            }
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(rows in rows()) {
        // Rows that are the same in all but their id may take each other's place.
        let sides = |rows: &[Row]| {
            let parts = parts(&split(rows, &options(SplitBy::Stratified)));
            let mut sides: Vec<String> = rows.iter().zip(parts).map(|(row, part)| format!("{row:?} {part}")).collect();
            sides.sort();
            sides
        };
        let mut seen = BTreeSet::new();
        let distinct: Vec<Row> = rows.into_iter().filter(|row| seen.insert(row.text.clone())).collect();
        let mut turned = distinct.clone();
        turned.reverse();
        // Ids come from the place here, and tell units apart; without them the content alone does.
        let without = |rows: &[Row]| {
            let mut read = read(rows);
            read.corpus.records.iter_mut().for_each(|record| record.id = None);
            let parts = parts(&assign("f", &read, &options(SplitBy::Stratified)).unwrap());
            let mut sides: Vec<String> = rows.iter().zip(parts).map(|(row, part)| format!("{row:?} {part}")).collect();
            sides.sort();
            sides
        };
        prop_assert_eq!(without(&distinct), without(&turned));
        prop_assert_eq!(sides(&distinct), sides(&distinct));
    }

    #[test]
    fn every_label_with_two_units_is_in_both_parts(counts in proptest::collection::vec(1..25usize, 1..12), seed in 0..99u64) {
        const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
        let labels = counts.iter().zip(NAMES).flat_map(|(&n, name)| std::iter::repeat_n(name, n));
        let rows: Vec<Row> = labels
            .enumerate()
            .map(|(i, label)| Row { text: alone(i), labels: Some(vec![label]), group: String::new(), time: 0 })
            .collect();
        prop_assume!(rows.len() > 1);
        let parts = parts(&split(&rows, &SplitOptions { seed, ..options(SplitBy::Stratified) }));
        for (name, &n) in NAMES.iter().zip(&counts).filter(|(_, n)| **n > 1) {
            let tested = (0..rows.len()).filter(|&i| rows[i].labels == Some(vec![*name]) && parts[i] == 1).count();
            prop_assert!(tested >= 1 && tested < n, "{}: {} of {}", name, tested, n);
            prop_assert!((tested as f64 - 0.2 * n as f64).abs() <= 1.0, "{}: {} of {}", name, tested, n);
        }
    }

    #[test]
    fn shares_are_met_within_a_unit(n in 20..200usize, test in 0.1..0.5f64, valid in prop_oneof![Just(None), Just(Some(0.15))]) {
        let rows = plain(n, &["a", "b"]);
        let assignment = split(&rows, &SplitOptions { test: Some(test), valid, ..options(SplitBy::Stratified) });
        let tested = *assignment.sizes().last().unwrap();
        prop_assert!((tested as f64 - test * n as f64).abs() <= 1.0, "{} of {}", tested, n);
        let folds = split(&rows, &SplitOptions { folds: Some(7), ..options(SplitBy::Stratified) });
        let sizes = folds.sizes();
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{:?}", sizes);
    }

    #[test]
    fn nothing_tested_is_older_than_what_is_learned(mut rows in rows()) {
        rows.iter_mut().for_each(|row| row.group.clear());
        let mut read = read(&rows);
        read.corpus.outline.group = None;
        let parts = parts(&assign("f", &read, &options(SplitBy::Time)).unwrap());
        let times = |part| rows.iter().zip(&parts).filter(move |(_, p)| **p == part).map(|(row, _)| row.time);
        prop_assert!(times(0).max() < times(1).min());
    }
}

#[test]
fn several_labels_are_spread_and_missing_ones_are_said() {
    let pairs = [["a", "b"], ["b", "c"], ["c", "a"]];
    let mut rows = plain(60, &["a", "b", "c"]);
    for (i, row) in rows.iter_mut().enumerate() {
        row.labels = Some(pairs[i % 3].to_vec());
    }
    rows[7].labels = Some(vec!["a", "rare"]);
    rows[8].labels = Some(vec!["b", "rare"]);
    let read = read(&rows);
    let options = options(SplitBy::Stratified);
    let assignment = assign("f", &read, &options).unwrap();
    let report = report("f", &read, &assignment, &options);
    let counts: BTreeMap<&str, &[u64]> = report.labels.iter().map(|l| (l.label.as_str(), &l.counts[..])).collect();
    assert_eq!(counts["rare"], [1, 1]);
    assert!(counts.values().take(3).all(|by| (7..=9).contains(&by[1])), "{counts:?}");
    assert!(report.missing.is_empty());
    assert_eq!(report.parts[0].examples + report.parts[1].examples, 60);
}

#[test]
fn a_time_that_cannot_be_read_is_an_error_at_its_place() {
    let mut rows = plain(5, &["a", "b"]);
    rows.iter_mut().for_each(|row| row.time = 3);
    let mut read = read(&rows);
    read.corpus.outline.group = None;
    let message = assign("f", &read, &options(SplitBy::Time)).unwrap_err().to_string();
    assert!(message.contains("too few times that differ"), "{message}");
    for record in &mut read.corpus.records[3..4] {
        record.metadata.iter_mut().for_each(|(_, value)| *value = "soon".into());
    }
    let message = assign("f", &read, &options(SplitBy::Time)).unwrap_err().to_string();
    assert!(message.starts_with("f: line 4: found the time 'soon'"), "{message}");
}
