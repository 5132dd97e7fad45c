//! What spaCy itself sees in the files that are written here. `TRUEUP_SPACY_PYTHON` names a Python with spaCy; without
//! it the test says that it was skipped.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use trueup_core::offsets::{OffsetUnit, Offsets};

use crate::corpus::{Answer, Corpus, Key, Mark, Record, TokenMark};
use crate::formats::testing::{self, corpus_of, cut, write};
use crate::input::Input;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracles/spacy_docbin.py");

fn spacy(python: &Path, files: &[PathBuf]) -> Vec<Vec<Value>> {
    let out = Command::new(python).env("PYTHONDONTWRITEBYTECODE", "1").arg(SCRIPT).args(files).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Group, start and end in code points, label, link; sorted.
type Spans = Vec<(String, u64, u64, String, String)>;

fn ours(record: &Record) -> (String, Option<Spans>, Option<Vec<String>>) {
    let text = record.text().to_owned();
    let offsets = Offsets::new(&text, OffsetUnit::CodePoint);
    let gold = record.gold.clone().unwrap_or_default();
    let spans = gold.spans.map(|marks| {
        let one = |mark: Mark| {
            let kb_id = mark.attributes.iter().find(|(name, _)| &**name == "kb_id");
            let kb_id = kb_id.map_or(String::new(), |(_, value)| value.as_str().unwrap().to_owned());
            let at = |byte| offsets.from_byte(byte).unwrap() as u64;
            (mark.field.as_deref().unwrap_or_default().to_owned(), at(mark.start), at(mark.end), mark.label, kb_id)
        };
        let mut spans: Spans = marks.into_iter().map(one).collect();
        spans.sort();
        spans
    });
    let labels = gold.labels.map(|choices| {
        let mut labels: Vec<String> = choices.into_iter().map(|choice| choice.label).collect();
        labels.sort();
        labels
    });
    (text.clone(), spans, labels)
}

fn theirs(doc: &Value) -> (String, Option<Spans>, Option<Vec<String>>) {
    let mut found: Option<Spans> = None;
    let mut take = |group: &str, spans: &Value| {
        let found = found.get_or_insert_default();
        for span in spans.as_array().unwrap() {
            let text = |i: usize| span[i].as_str().unwrap().to_owned();
            found.push((group.to_owned(), span[0].as_u64().unwrap(), span[1].as_u64().unwrap(), text(2), text(3)));
        }
    };
    if !doc["ents"].is_null() {
        take("", &doc["ents"]);
    }
    for (name, group) in doc["groups"].as_object().unwrap() {
        if name != super::records::INCORRECT {
            let is_entities = group["attrs"]["entities"] == Value::Bool(true) || name == super::tuples::OVERLAPPING;
            take(if is_entities { "" } else { name }, &group["spans"]);
        }
    }
    let spans = found.map(|mut spans| {
        spans.sort();
        spans
    });
    let cats = doc["cats"].as_object().unwrap();
    let mut labels: Vec<String> =
        cats.iter().filter(|(_, value)| value.as_f64() == Some(1.0)).map(|(label, _)| label.clone()).collect();
    labels.sort();
    (doc["text"].as_str().unwrap().to_owned(), spans, (!cats.is_empty()).then_some(labels))
}

fn compare(records: &[Record], docs: &[Value], name: &str) {
    assert_eq!(records.len(), docs.len(), "{name}");
    for (record, doc) in records.iter().zip(docs) {
        let (ours, mut theirs) = (ours(record), theirs(doc));
        // That labels were asked for, where no text of a file has one, spaCy cannot say.
        if ours.2.as_ref().is_some_and(Vec::is_empty) && theirs.2.is_none() {
            theirs.2 = Some(Vec::new());
        }
        // Words without a text are joined by spaces, and spaCy has one after the last word.
        if doc["unknown_spaces"] == Value::Bool(true) && theirs.0.strip_suffix(' ') == Some(&ours.0) {
            theirs.0 = ours.0.clone();
        }
        assert_eq!(ours, theirs, "{name}");
    }
}

/// A record with everything that a DocBin holds.
fn told() -> Corpus {
    let text = "Anna  met 😀\nBob";
    let rows = [
        ["PROPN", "NNP", "nsubj", "1"],
        ["VERB", "VBD", "ROOT", "0"],
        ["SYM", "", "dep", "-1"],
        ["PROPN", "NNP", "obj", "-2"],
    ];
    let token = |(word, row): (&str, [&str; 4])| {
        let start = text.find(word).unwrap();
        TokenMark { start, end: start + word.len(), tag: None, columns: row.map(Key::from).into() }
    };
    let mark = |start, end, label: &str, group: Option<&str>| {
        let attributes = vec![("kb_id".into(), "Q42".into()), ("ent_id".into(), "anna".into())];
        Mark { field: group.map(Key::from), attributes, ..Mark::new(start, end, label) }
    };
    let spans = vec![mark(0, 4, "PERSON", None), mark(0, 9, "X", Some("sc")), mark(6, 9, "DATE", Some("other"))];
    let record = Record {
        id: Some("7".into()),
        text: Some(text.into()),
        tokens: ["Anna", "met", "😀", "Bob"].into_iter().zip(rows).map(token).collect(),
        gold: Some(Answer { labels: Answer::labels(["ORG", "näh"]).labels, ..Answer::spans(spans) }),
        metadata: vec![("source".into(), "web".into()), ("_.tone@0:4".into(), 0.5.into())],
        ..Record::default()
    };
    let mut corpus = corpus_of(vec![record, Record { text: Some(String::new()), ..Record::default() }]);
    corpus.outline.token_columns = ["pos", "tag", "dep", "head_offset"].map(Key::from).into();
    corpus
}

#[test]
fn spacy_sees_what_is_written_and_read() {
    let Some(python) = std::env::var_os("TRUEUP_SPACY_PYTHON").map(PathBuf::from) else {
        eprintln!("skipped: TRUEUP_SPACY_PYTHON is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    let mut expected: Vec<Vec<Record>> = Vec::new();
    let mut add = |format: &str, ending: &str, corpus: &Corpus| {
        let (mut written, _) = write(format, corpus);
        let path = folder.path().join(format!("{}{ending}", files.len()));
        std::fs::write(&path, written.remove("").unwrap()).unwrap();
        files.push(path);
        let holds = format.parse::<crate::formats::Format>().unwrap();
        expected.push(cut(corpus.records.clone(), holds.holds()));
    };
    add("spacy", ".spacy", &told());
    let mut runner = TestRunner::deterministic();
    for (format, ending, holds) in [
        ("spacy", ".spacy", super::SPEC.holds),
        ("spacy-json", ".json", super::training_json::SPEC.holds),
        ("spacy-tuples", ".pairs", super::tuples::SPEC.holds),
    ] {
        let records = testing::records(holds);
        for _ in 0..60 {
            add(format, ending, &corpus_of(records.new_tree(&mut runner).unwrap().current()));
        }
    }
    // Real files, as they are and as they are written again.
    let data = std::env::var_os("TRUEUP_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    let data = data.join("formats/spacy");
    let mut real = Vec::new();
    for (format, ending, file) in [
        ("spacy", ".spacy", "ecfr/dev.spacy"),
        ("spacy", ".spacy", "ner-token-per-line.spacy"),
        ("spacy", ".spacy", "trec_textcat_sample.spacy"),
        ("spacy-json", ".json", "ner-sent-per-line.json"),
        ("spacy-json", ".json", "converted/ner-token-per-line.json"),
    ] {
        if let Ok(input) = Input::open(&data.join(file)) {
            let corpus = testing::read(format, &input).unwrap().corpus;
            for (format, ending) in [(format, ending), ("spacy", ".spacy")] {
                add(format, ending, &corpus);
            }
            real.push((data.join(file), corpus.records));
        }
    }
    files.extend(real.iter().map(|(path, _)| path.clone()));
    expected.extend(real.into_iter().map(|(_, records)| records));
    let seen = spacy(&python, &files);
    let told = &seen[0][0];
    let list = |key: &str, of: [&str; 6]| assert_eq!(told[key], serde_json::json!(of), "{key}");
    list("tokens", ["Anna", " ", "met", "😀", "\n", "Bob"]);
    list("pos", ["PROPN", "", "VERB", "SYM", "", "PROPN"]);
    list("tag", ["NNP", "", "VBD", "", "", "NNP"]);
    assert_eq!(told["heads"], serde_json::json!([2, 1, 2, 2, 4, 2]));
    assert_eq!(told["user_data"], serde_json::json!([["id", "7"], ["source", "web"], [["._.", "tone", 0, 4], 0.5]]));
    for ((docs, records), path) in seen.iter().zip(&expected).zip(&files) {
        compare(records, docs, &path.to_string_lossy());
    }
}

/// What is read from a real file, written and read again, is the same; the same bytes each time.
#[test]
fn real_files_come_back() {
    let data = std::env::var_os("TRUEUP_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    for (format, file) in [
        ("spacy", "ecfr/dev.spacy"),
        ("spacy", "ner-token-per-line.spacy"),
        ("spacy", "trec_textcat_sample.spacy"),
        ("spacy-folder", "ecfr"),
        ("spacy-json", "ner-sent-per-line.json"),
        ("spacy-json", "converted/ner-token-per-line.json"),
    ] {
        let Ok(input) = Input::open(&data.join("formats/spacy").join(file)) else {
            eprintln!("{file} skipped: no data");
            continue;
        };
        let read = testing::read(format, &input).unwrap().corpus;
        let (files, losses) = write(format, &read);
        assert!(losses.is_empty(), "{file}: {losses:?}");
        assert_eq!(write(format, &read).0, files);
        let again = testing::read(format, &testing::input(files)).unwrap().corpus;
        assert_eq!(testing::bare(again.records), testing::bare(read.records), "{file}");
        assert_eq!(again.outline.declared_labels, read.outline.declared_labels);
        assert_eq!(again.outline.token_columns, read.outline.token_columns);
        assert_eq!(again.outline.settings, read.outline.settings);
    }
}

/// No real file of another tool is taken for one of spaCy's.
#[test]
fn files_of_other_tools_are_left_to_them() {
    let data = std::env::var_os("TRUEUP_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    let Ok(folder) = crate::input::Folder::open(&data) else {
        eprintln!("skipped: no data");
        return;
    };
    let mut ours = Vec::new();
    for name in folder.names().unwrap() {
        let Ok(input) = Input::open(&data.join(&name)) else {
            continue;
        };
        let Ok(head) = crate::head::Head::new(&input) else {
            continue;
        };
        let specs =
            [super::SPEC.sniff, super::FOLDER.sniff, super::training_json::SPEC.sniff, super::tuples::SPEC.sniff];
        if specs.iter().any(|sniff| sniff(&head) > crate::head::Confidence::No) {
            ours.push(name);
        }
    }
    let others: Vec<&String> = ours.iter().filter(|name| !name.starts_with("formats/spacy/")).collect();
    assert!(others.is_empty() && ours.len() == 5, "{ours:?}");
}
