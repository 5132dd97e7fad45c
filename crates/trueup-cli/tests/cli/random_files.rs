//! Small files at random: whatever is in them, a review is made or refused in words; nothing panics.

use std::collections::BTreeSet;
use std::fs;

use trueup::core::Rng;
use trueup::core::document::Review;
use trueup::core::words::acts;
use trueup::observe::Unobserved;
use trueup::options::{ReviewOptions, Source};
use trueup::tell;

use crate::harness::{CliTest, make};

/// Files a format.
const FILES: u64 = 200;
/// Every how manyth file goes through the binary as well, which prints.
const PRINTED: u64 = 20;
/// Pieces that readers trip over.
const PIECES: &[&str] = &[
    "\"",
    "\"\"",
    ",",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "|",
    ":",
    "{",
    "}",
    "[]",
    "null",
    "-1",
    "1e400",
    "NaN",
    "0",
    "\u{0}",
    "\u{feff}",
    "\u{1b}[31m",
    "é",
    "\u{301}",
    "数据",
    "🙂",
    "\u{202e}",
    "__label__",
    "B-",
    "I-PER",
    "O",
    "-DOCSTART- O",
    "#",
    " ",
    "\\",
    "'",
    "text",
    "label",
    "id",
    "score:a",
    "{\"text\": \"x\", \"label\": \"y\"}\n",
    "{\"text\": 1}\n",
    "x\tB-X\n",
    "a b,c\n",
];

fn seed_file(rng: &mut Rng, format: &str, key: u64) -> String {
    let rows = 6 + rng.below(40);
    let csv = make::tickets(rows, key);
    let cells = || csv.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    match format {
        "csv" if key.is_multiple_of(3) => make::topics(rows, key),
        "csv" => csv,
        "tsv" => csv.replace(',', "\t"),
        "label-text" => cells().fold(String::new(), |out, c| {
            let mark = if key.is_multiple_of(2) { "TOPIC:" } else { "__label__" };
            out + mark + c[2] + " " + c[1] + "\n"
        }),
        "jsonl" if key.is_multiple_of(2) => cells()
            .map(|c| {
                let spans = serde_json::json!([{"start": 0, "end": c[1].find(' ').unwrap(), "label": c[2]}]);
                serde_json::json!({"id": c[0], "text": c[1], "spans": spans}).to_string() + "\n"
            })
            .collect(),
        "jsonl" => cells().map(|c| serde_json::json!({"text": c[1], "label": c[2]}).to_string() + "\n").collect(),
        _ => make::names(rows, key),
    }
}

/// `text` with a few pieces put in, cut out or doubled.
fn broken(rng: &mut Rng, text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..rng.below(6) {
        let at = rng.below(bytes.len() + 1);
        let end = (at + rng.below(40)).min(bytes.len());
        match rng.below(6) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.truncate(at.max(1)),
            2 => {
                let again = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, again));
            }
            3 if rng.below(8) == 0 => bytes.insert(at, rng.below(256) as u8),
            _ => drop(bytes.splice(at..at, make::pick(rng, PIECES).bytes())),
        }
    }
    bytes
}

fn options(test: &CliTest, rng: &mut Rng, key: u64) -> ReviewOptions {
    let (data, other) = (test.path("data"), test.path("other"));
    let source = match rng.below(3) {
        0 => Source::Predictions { gold: data, predictions: other, predicted: None, train: None },
        1 => Source::Train { data, test: Some(other), valid: None, ignore_splits: false, learn: Box::default() },
        _ => Source::Train { data, test: None, valid: None, ignore_splits: false, learn: Box::default() },
    };
    ReviewOptions {
        source,
        read: trueup::data::ReadOptions::default(),
        metric: None,
        target: (rng.below(4) == 0).then(|| "f1_macro=0.9".parse().unwrap()),
        costs: if rng.below(6) == 0 { vec!["billing:miss=5".parse().unwrap()] } else { Vec::new() },
        positive: None,
        select: Vec::new(),
        ignore: Vec::new(),
        slices: Vec::new(),
        slices_by: Vec::new(),
        seed: key,
        no_text: rng.below(4) == 0,
        command: "trueup review data".into(),
    }
}

/// Panics when a document that was read back says something else; numbers may be read to their last digit but one.
fn read_back(json: &str, again: &str) {
    let value =
        |line: &str| line.trim().trim_end_matches(',').rsplit(' ').next().and_then(|word| word.parse::<f64>().ok());
    assert_eq!(json.lines().count(), again.lines().count());
    for (one, other) in json.lines().zip(again.lines()).filter(|(one, other)| one != other) {
        let same = matches!((value(one), value(other)), (Some(a), Some(b)) if (a - b).abs() <= a.abs() * 1e-15);
        assert!(same, "{one} was read back as {other}");
    }
}

/// Reviews broken files of `format`; both outcomes must occur, or the files would be too good or too bad to tell.
fn try_all(format: &str) {
    let test = CliTest::new();
    let (mut reviewed, mut messages) = (0, BTreeSet::new());
    for key in 0..FILES {
        let mut rng = Rng::stream(17, key);
        let rng = &mut rng;
        let seed = seed_file(rng, format, key);
        fs::write(test.path("data"), broken(rng, &seed)).unwrap();
        let again = if rng.below(2) == 0 { seed } else { seed_file(rng, format, key + 1) };
        fs::write(test.path("other"), broken(rng, &again)).unwrap();
        let options = options(&test, rng, key);
        match trueup::flow::review(&options, &Unobserved) {
            Ok(review) => {
                reviewed += 1;
                let json = tell::json(&review);
                assert!(tell::markdown(&review).starts_with("# Review of "));
                let again: Review = serde_json::from_str(&json).unwrap();
                read_back(&json, &tell::json(&again));
            }
            Err(error) => {
                let message = error.to_string();
                assert!(!message.trim().is_empty());
                messages.insert(message.replace(|c: char| c.is_ascii_digit(), "0"));
            }
        }
        if key.is_multiple_of(PRINTED) {
            let finished = test.run("review data --test other");
            assert!(matches!(finished.code, 0 | 2) && !finished.stderr.contains("panicked"), "{key}: {finished}");
            let told = format!("{}{}", finished.stdout, finished.stderr);
            assert!(!told.contains(|c| acts(c) && c != '\n'), "{key}: {told:?}");
        }
    }
    eprintln!("{format}: {reviewed} reviewed, {} messages", messages.len());
    assert!(reviewed > FILES / 10, "{format}: {reviewed} of {FILES} reviewed; {messages:#?}");
    assert!(messages.len() > 3, "{format}: {messages:#?}");
}

#[test]
fn csv() {
    try_all("csv");
}

#[test]
fn tsv() {
    try_all("tsv");
}

#[test]
fn jsonl() {
    try_all("jsonl");
}

#[test]
fn label_text() {
    try_all("label-text");
}

#[test]
fn conll() {
    try_all("conll");
}
