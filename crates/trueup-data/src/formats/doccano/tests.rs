//! Tests of the formats of doccano on inline records.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::SPEC;
use crate::corpus::{Answer, Record};
use crate::formats::tasks::real;
use crate::formats::testing::{self, read_text};
use crate::options::ReadOptions;

proptest! {
    #[test]
    fn doccano_round_trip(records in testing::records(SPEC.holds)) {
        testing::assert_round_trip("doccano", records);
    }
}

fn covered(record: &Record, answer: &Answer) -> Vec<(String, String)> {
    let marks = answer.spans.iter().flatten();
    marks.map(|m| (record.text()[m.start..m.end].to_owned(), m.label.clone())).collect()
}

fn written(text: &str) -> String {
    let read = read_text("doccano", text).unwrap();
    let (files, losses) = testing::write("doccano", &read.corpus);
    assert!(losses.is_empty(), "{losses:?}");
    String::from_utf8(files[""].clone()).unwrap()
}

#[test]
fn doccano_every_shape_is_read_and_written_in_its_own() {
    for text in [
        "{\"id\":5,\"text\":\"😀 Anna\",\"label\":[[2,6,\"PER\"]]}\n{\"text\":\"x\",\"label\":[]}\n{\"text\":\"y\"}\n",
        "{\"text\":\"a\",\"source\":\"web\",\"meta\":{\"n\":1},\"label\":[\"x\",\"y\"],\"Comments\":[\"odd\"]}\n",
        "{\"text\":\"Fly to Rome\",\"entities\":[[7,11,\"City\"]],\"cats\":[\"flight\"]}\n",
        "{\"text\":\"Al hit Bo\",\"entities\":[{\"id\":3,\"label\":\"P\",\"start_offset\":0,\"end_offset\":2},\
         {\"id\":9,\"label\":\"P\",\"start_offset\":7,\"end_offset\":9}],\
         \"relations\":[{\"id\":1,\"from_id\":3,\"to_id\":9,\"type\":\"hits\"}]}\n",
    ] {
        assert_eq!(written(text), text);
    }
}

#[test]
fn doccano_annotations_of_users_are_responses() {
    let text = "{\"id\":1,\"text\":\"Anna met Bob\",\"meta\":{},\"annotation_approver\":null,\"annotations\":[\
                {\"label\":4,\"start_offset\":0,\"end_offset\":4,\"user\":1},\
                {\"label\":4,\"start_offset\":9,\"end_offset\":12,\"user\":2},\
                {\"label\":5,\"start_offset\":9,\"end_offset\":12,\"user\":1}]}\n\
                {\"text\":\"none\",\"annotations\":[]}\n";
    let read = read_text("doccano", text).unwrap();
    let record = &read.corpus.records[0];
    let people: Vec<_> = record.responses.iter().map(|r| r.annotator.as_deref().unwrap()).collect();
    assert_eq!(people, ["1", "2"]);
    let first = [("Anna".to_owned(), "4".to_owned()), ("Bob".to_owned(), "5".to_owned())];
    assert_eq!(covered(record, &record.responses[0].answer), first);
    assert_eq!(read.corpus.records[1].gold, Some(Answer::spans(Vec::new())));
    assert!(read.notes[0].contains("the labels of 3 answers are numbers"), "{:?}", read.notes);
}

#[test]
fn doccano_ids_that_are_no_numbers_get_some() {
    let mut a = crate::corpus::Mark::new(0, 1, "X");
    a.id = Some("T1".to_owned());
    let record = Record { text: Some("a".to_owned()), gold: Some(Answer::spans(vec![a])), ..Record::default() };
    let (files, _) = testing::write("doccano", &testing::corpus_of(vec![record]));
    let line = String::from_utf8(files[""].clone()).unwrap();
    let span = "{\"id\":0,\"name\":\"T1\",\"label\":\"X\",\"start_offset\":0,\"end_offset\":1}";
    assert_eq!(line, format!("{{\"text\":\"a\",\"entities\":[{span}],\"relations\":[]}}\n"));
}

#[test]
fn doccano_broken_tasks_are_listed_with_their_place() {
    let good = "{\"text\":\"abc\",\"label\":[[0,1,\"X\"]]}\n".repeat(30);
    for (bad, found) in [
        ("{\"label\":[[0,1,\"X\"]]}", "no 'text'"),
        ("{\"text\":[],\"label\":[]}", "in 'text'"),
        ("{\"text\":\"a\",\"label\":{\"a\":1}}", "in 'label'"),
        ("{\"text\":\"a\",\"label\":[\"a\",[0]]}", "among labels"),
        ("{\"text\":\"a\",\"label\":[[0,1]]}", "where a span with a label is needed"),
        ("{\"text\":\"a\",\"label\":[[-1,1,\"X\"]]}", "whole numbers"),
        ("{\"text\":\"a\",\"label\":[[1,1,\"X\"]]}", "empty or reversed"),
        ("{\"text\":\"a\",\"label\":[[0,7,\"X\"]]}", "the span 0..7 in a text of 1"),
        ("{\"text\":\"a\",\"entities\":[],\"relations\":[{\"from_id\":1,\"to_id\":2,\"type\":\"r\"}]}", "the relation"),
        ("{\"text\":\"a\",\"annotations\":[{\"user\":1}]}", "among annotations"),
        ("{\"text\":\"a\",", "EOF while parsing"),
    ] {
        let read = read_text("doccano", &format!("{good}{bad}\n")).unwrap();
        assert_eq!(read.skipped.len(), 1, "{bad}");
        assert_eq!(read.skipped[0].line, 31);
        assert!(read.skipped[0].reason.contains(found), "{bad}: {}", read.skipped[0].reason);
    }
    let many = "{\"text\":\"a\",\"label\":[[0,7,\"X\"],[0,1,\"X\"]]}\n".repeat(3);
    let error = read_text("doccano", &many).unwrap_err().to_string();
    assert!(error.contains("line 1: found the span 0..7") && error.contains("3 of 6 spans"), "{error}");
    let image = "{\"filename\":\"a.jpg\",\"bbox\":[]}\n";
    assert!(read_text("doccano", image).unwrap_err().to_string().contains("line 1: found a task on an image"));
}

#[test]
fn doccano_real_files_come_back_as_they_were() {
    let check = |file: &str, records: usize, spans: usize, relations: usize, skipped: usize| {
        let Some(read) = real::round_trip("doccano", &format!("formats/doccano/{file}")) else { return };
        let answers = || read.corpus.records.iter().flat_map(Record::answers);
        let found = (
            read.corpus.records.len(),
            answers().filter_map(|a| a.spans.as_ref()).map(Vec::len).sum::<usize>(),
            answers().map(|a| a.relations.len()).sum::<usize>(),
            read.skipped.len(),
        );
        assert_eq!(found, (records, spans, relations, skipped), "{file}: {:?}", read.skipped);
    };
    check("data_export_examples/intent_detection/example.jsonl", 2, 3, 0, 0);
    check("data_export_examples/relation_extraction/example.jsonl", 1, 4, 3, 0);
    check("data_export_examples/sequence_labeling/example.jsonl", 3, 4, 0, 0);
    check("data_import_examples/intent_detection/example.jsonl", 2, 3, 0, 0);
    check("data_import_examples/relation_extraction/example.jsonl", 1, 4, 3, 0);
    check("data_import_tests/intent/example.jsonl", 4, 2, 0, 1);
    check("data_import_tests/relation_extraction/example.jsonl", 1, 4, 3, 0);
    check("data_import_tests/sequence_labeling/example.jsonl", 2, 1, 0, 1);
    check("data_import_tests/sequence_labeling/example_overlapping.jsonl", 1, 2, 0, 0);
    for file in ["valid_labels.json", "invalid_labels.json"] {
        let Some(input) = real::open(&format!("formats/doccano/label_types_tests/{file}")) else { return };
        let error = crate::read::corpus(&input, &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains("line 2: found the definition of a label"), "{error}");
    }
}
