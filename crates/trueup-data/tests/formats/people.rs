//! Exports of Prodigy and doccano as data sets, counted against an independent count.

use proptest::prelude::*;
use serde_json::{Map, Value};
use trueup_core::Task;
use trueup_data::corpus::{Gold, Status, settle};
use trueup_data::{ReadOptions, read_bytes, read_corpus, read_corpus_bytes, read_dataset};

use crate::data;

#[test]
fn a_binary_prodigy_set_is_a_classification_with_a_label_and_its_negation() {
    let Some(path) = data("formats/prodigy/annotated_github-issues-DOCUMENTATION-textcat.jsonl") else { return };
    let loaded = read_dataset(&path, &ReadOptions::default()).unwrap();
    assert_eq!((loaded.format.name(), loaded.dataset.task), ("prodigy", Task::Classification));
    assert_eq!(loaded.dataset.labels.names(), ["DOCUMENTATION", "not DOCUMENTATION"]);
    assert_eq!(loaded.dataset.support(), [261, 525]);
    assert_eq!((loaded.dataset.len(), loaded.skipped.len()), (786, 44));
    assert!(loaded.guesses.iter().any(|g| g.what.contains("'not DOCUMENTATION'")));
}

#[test]
fn many_annotators_are_one_record_a_text() {
    let Some(path) = data("formats/prodigy/pydata-ams-2023.jsonl") else { return };
    let read = read_corpus(&path, &ReadOptions::default()).unwrap();
    let records = &read.corpus.records;
    let responses = || records.iter().flat_map(|r| &r.responses);
    let mut people: Vec<&str> = responses().filter_map(|r| r.annotator.as_deref()).collect();
    people.sort_unstable();
    people.dedup();
    assert_eq!((records.len(), responses().count(), people.len()), (117, 3_372, 42));
    let with = |label: &str| responses().filter(|r| r.status == Status::Accepted && says(r, label)).count();
    assert_eq!((with("new-dataset"), with("not new-dataset")), (1_705, 1_388));
    assert_eq!(responses().filter(|r| r.status == Status::Ignored).count(), 279);
    assert!(records.iter().filter(|r| settle(r) == Gold::Tie).count() < 5);
    let loaded = read_dataset(&path, &ReadOptions::default()).unwrap();
    assert_eq!(loaded.dataset.labels.names(), ["new-dataset", "not new-dataset"]);
}

fn says(response: &trueup_data::corpus::Response, label: &str) -> bool {
    response.answer.labels.iter().flatten().any(|choice| choice.label == label)
}

#[test]
fn span_tasks_are_entities() {
    let set = |file: &str| {
        let path = data(&format!("formats/prodigy/{file}"))?;
        let loaded = read_dataset(&path, &ReadOptions::default()).unwrap();
        assert_eq!((loaded.format.name(), loaded.dataset.task), ("prodigy", Task::Ner));
        Some((loaded.dataset.len(), loaded.dataset.support().iter().sum::<u64>(), loaded.skipped.len()))
    };
    let expected = [
        ("annotated_news_headlines-ORG-PERSON-LOCATION-ner.jsonl", (372, 303, 1)),
        ("annotated_reddit-PRODUCT-ner.head100.jsonl", (27, 28, 73)),
        ("ecfr_ner_labels.head60.jsonl", (60, 58, 0)),
    ];
    for (file, counts) in expected {
        if let Some(found) = set(file) {
            assert_eq!(found, counts, "{file}");
        }
    }
    let Some(path) = data("formats/prodigy/span-and-textcat-examples.jsonl") else { return };
    let error = read_dataset(&path, &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("at line 1, holds no label"), "{error}");
}

#[test]
fn doccano_files_are_told_from_plain_json_lines() {
    let of = |file: &str| {
        let path = data(&format!("formats/doccano/{file}"))?;
        let read = read_corpus(&path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{file}: {e}"));
        Some((read.format.name(), read.corpus.records.len()))
    };
    for (file, expected) in [
        ("data_export_examples/intent_detection/example.jsonl", ("doccano", 2)),
        ("data_export_examples/relation_extraction/example.jsonl", ("doccano", 1)),
        ("data_export_examples/sequence_labeling/example.jsonl", ("doccano", 3)),
        ("data_export_examples/text_classification/example.json", ("jsonl", 3)),
        ("data_export_examples/text_classification/example.jsonl", ("jsonl", 3)),
        ("data_import_examples/sequence_labeling/example.jsonl", ("jsonl", 3)),
        ("data_import_examples/text_classification/example.json", ("jsonl", 3)),
        ("data_import_tests/text_classification/example.jsonl", ("jsonl", 3)),
    ] {
        if let Some(found) = of(file) {
            assert_eq!(found, expected, "{file}");
        }
    }
}

/// The fields that the three formats know, and some values that fit none of them.
const FIELDS: &[&str] = &[
    "text",
    "data",
    "id",
    "label",
    "labels",
    "answer",
    "accept",
    "options",
    "spans",
    "tokens",
    "entities",
    "relations",
    "cats",
    "annotations",
    "Comments",
    "meta",
    "_annotator_id",
    "_input_hash",
    "_timestamp",
    "fields",
    "responses",
    "suggestions",
    "metadata",
    "vectors",
    "status",
    "annotation",
    "annotation_agent",
    "prediction",
    "inputs",
    "x.responses",
    "x.responses.users",
    "config",
    "start",
    "end",
    "start_offset",
    "end_offset",
    "user",
    "from_id",
    "to_id",
    "type",
    "value",
    "values",
    "user_id",
    "question_name",
    "score",
    "agent",
    "q",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2i64..9).prop_map(Value::from),
        Just(Value::from(1e300)),
        Just(Value::from(u64::MAX)),
        proptest::sample::select(vec!["", "a", "accept", "reject", "é😀 b", "submitted", "Validated"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(FIELDS), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn near_tasks_never_panic(
        tasks in proptest::collection::vec(
            proptest::collection::vec((proptest::sample::select(FIELDS), value()), 0..8),
            1..4,
        )
    ) {
        let mut lines = String::new();
        for fields in tasks {
            let mut task: Map<String, Value> = Map::new();
            task.insert("text".to_owned(), Value::from("é😀 b c"));
            task.extend(fields.into_iter().map(|(key, value)| (key.to_owned(), value)));
            lines += &format!("{}\n", Value::Object(task));
        }
        for format in ["prodigy", "doccano", "argilla"] {
            let options = ReadOptions { from: Some(format.parse().unwrap()), ..ReadOptions::default() };
            if let Ok(read) = read_corpus_bytes("f", lines.clone().into_bytes(), &options) {
                for record in &read.corpus.records {
                    for mark in record.answers().flat_map(|answer| answer.spans.iter().flatten()) {
                        prop_assert!(record.text().get(mark.start..mark.end).is_some_and(|covered| !covered.is_empty()));
                    }
                }
            }
            let _ = read_bytes("f", lines.clone().into_bytes(), &options);
        }
    }
}
