//! Tests of the formats of Prodigy on inline records.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::SPEC;
use crate::corpus::{Answer, Corpus, Mark, Outline, Status, settle};
use crate::formats::tasks::real;
use crate::formats::testing::{self, read_text};
use crate::options::ReadOptions;
use crate::read::read_bytes;

proptest! {
    #[test]
    fn prodigy_round_trip(records in testing::records(SPEC.holds)) {
        testing::assert_round_trip("prodigy", records);
    }
}

fn written(text: &str) -> String {
    let read = read_text("prodigy", text).unwrap();
    let (files, losses) = testing::write("prodigy", &read.corpus);
    assert!(losses.is_empty(), "{losses:?}");
    String::from_utf8(files[""].clone()).unwrap()
}

#[test]
fn prodigy_rejections_of_the_only_label_are_answers() {
    let text = "{\"text\":\"a\",\"label\":\"DOC\",\"meta\":{\"url\":\"u\"},\"_task_hash\":7,\"answer\":\"accept\"}\n\
                {\"text\":\"b\",\"label\":\"DOC\",\"answer\":\"reject\"}\n\
                {\"text\":\"c\",\"label\":\"DOC\",\"answer\":\"ignore\"}\n";
    let read = read_text("prodigy", text).unwrap();
    let [a, b, c] = read.corpus.records.as_slice() else { panic!("three records") };
    assert_eq!(a.gold, Some(Answer::labels(["DOC"])));
    assert_eq!(a.value("meta.url"), Some(&"u".into()));
    assert_eq!(b.gold, Some(Answer::labels(["not DOC"])));
    assert_eq!((&c.gold, c.responses[0].status), (&None, Status::Ignored));
    assert!(read.guesses.iter().any(|g| g.what.contains("'DOC', 'not DOC'")), "{:?}", read.guesses);
    let back = written(text);
    let second = "{\"text\":\"b\",\"label\":\"DOC\",\"answer\":\"reject\"}";
    assert_eq!(back.lines().nth(1), Some(second), "{back}");
    assert_eq!(read_text("prodigy", &back).unwrap().corpus.records, read.corpus.records);
    let data = read_bytes("f", text.as_bytes().to_vec(), &ReadOptions::default()).unwrap();
    assert_eq!((data.dataset.len(), data.dataset.labels.names().len(), data.skipped.len()), (2, 2, 1));
}

#[test]
fn prodigy_answers_of_several_people_to_a_text_are_one_record() {
    let line = |who: &str, answer: &str| {
        format!(
            "{{\"text\":\"a\",\"_input_hash\":1,\"_task_hash\":2,\"label\":\"X\",\"answer\":\"{answer}\",\
             \"_timestamp\":5,\"_annotator_id\":\"{who}\",\"_session_id\":\"s\"}}\n"
        )
    };
    let text = line("ann", "accept") + &line("bob", "reject") + &line("cem", "accept") + &line("ann", "reject");
    let read = read_text("prodigy", &text).unwrap();
    let [record] = read.corpus.records.as_slice() else { panic!("one record") };
    assert_eq!(record.responses.len(), 4);
    assert_eq!(record.responses[0].time.as_deref(), Some("5"));
    // The second answer of the first annotator is the one that counts.
    assert_eq!(settle(record).answer(), Some(&Answer::labels(["not X"])));
    assert_eq!(read_text("prodigy", &written(&text)).unwrap().corpus.records, read.corpus.records);
}

#[test]
fn prodigy_answers_to_several_labels_merge_only_when_all_were_asked() {
    let line =
        |label: &str, answer: &str| format!("{{\"text\":\"a\",\"label\":\"{label}\",\"answer\":\"{answer}\"}}\n");
    let whole = line("A", "accept") + &line("B", "reject") + &line("C", "accept");
    let read = read_text("prodigy", &whole).unwrap();
    assert_eq!(read.corpus.records.len(), 1);
    assert_eq!(read.corpus.records[0].gold, Some(Answer::labels(["A", "C"])));
    assert_eq!(read.corpus.outline.several, Some(true));
    let part = whole + &line("A", "reject").replace("\"a\"", "\"b\"");
    let read = read_text("prodigy", &part).unwrap();
    assert_eq!(read.corpus.records.len(), 4);
    assert_eq!(read.corpus.records[1].gold, None);
    assert_eq!(read.corpus.records[1].responses[0].status, Status::Rejected);
    assert_eq!(read_text("prodigy", &written(&part)).unwrap().corpus.records, read.corpus.records);
}

#[test]
fn prodigy_options_are_labels_by_their_ids() {
    let text = "{\"text\":\"a\",\"options\":[{\"id\":0,\"text\":\"Happy\"},{\"id\":1,\"text\":\"Sad\"}],\
                \"accept\":[1],\"config\":{\"choice_style\":\"single\"},\"answer\":\"accept\"}\n\
                {\"text\":\"b\",\"options\":[{\"id\":0,\"text\":\"Happy\"},{\"id\":1,\"text\":\"Sad\"}],\
                \"accept\":[],\"config\":{\"choice_style\":\"single\"},\"answer\":\"reject\"}\n";
    let read = read_text("prodigy", text).unwrap();
    assert_eq!(read.corpus.records[0].gold, Some(Answer::labels(["1"])));
    assert_eq!(read.corpus.records[1].responses[0].status, Status::Rejected);
    assert_eq!(read.corpus.outline.declared_labels, ["0", "1"]);
    assert_eq!(read.corpus.outline.several, Some(false));
    assert_eq!(written(text), text);
}

#[test]
fn prodigy_spans_are_counted_in_code_points_and_repaired_by_their_text() {
    let text = "{\"text\":\"😀 Anna met Bob\",\"spans\":[{\"start\":2,\"end\":6,\"label\":\"PER\"},\
                {\"start\":12,\"end\":15,\"text\":\"Bob\",\"label\":\"PER\",\"score\":0.5,\"source\":\"m\"}],\
                \"answer\":\"accept\"}\n{\"text\":\"none\",\"answer\":\"accept\"}\n";
    let read = read_text("prodigy", text).unwrap();
    let spans = read.corpus.records[0].gold.as_ref().unwrap().spans.as_ref().unwrap();
    let covered: Vec<&str> = spans.iter().map(|m| &read.corpus.records[0].text()[m.start..m.end]).collect();
    assert_eq!(covered, ["Anna", "Bob"]);
    assert_eq!((spans[1].score, &*spans[1].attributes[0].0), (Some(0.5), "source"));
    assert!(read.notes[0].starts_with("1 span did not cover its quoted text and was moved"), "{:?}", read.notes);
    // An accepted text without spans has none.
    assert_eq!(read.corpus.records[1].gold, Some(Answer::spans(Vec::new())));
}

#[test]
fn prodigy_a_rejected_span_is_no_gold() {
    let text = "{\"text\":\"a b\",\"spans\":[{\"start\":0,\"end\":1,\"label\":\"P\",\"answer\":\"reject\"}],\"answer\":\"reject\"}\n\
                {\"text\":\"c d\",\"spans\":[{\"start\":0,\"end\":1,\"label\":\"P\",\"answer\":\"accept\"},\
                {\"start\":2,\"end\":3,\"label\":\"P\",\"answer\":\"reject\"}],\"answer\":\"accept\"}\n";
    let read = read_text("prodigy", text).unwrap();
    assert_eq!(read.corpus.records[0].gold, None);
    assert_eq!(read.corpus.records[0].responses[0].status, Status::Rejected);
    assert_eq!(read.corpus.records[1].gold.as_ref().unwrap().spans.as_ref().unwrap().len(), 1);
    assert!(read.notes.iter().any(|n| n.starts_with("2 answers to proposed spans one by one")), "{:?}", read.notes);
    assert_eq!(read_text("prodigy", &written(text)).unwrap().corpus.records, read.corpus.records);
}

#[test]
fn prodigy_tokens_and_spans_are_written_with_token_numbers() {
    let mut record = crate::corpus::Record { text: Some("Anna met  Bob".to_owned()), ..Default::default() };
    record.tokens = [(0, 4), (5, 8), (10, 13)]
        .map(|(start, end)| crate::corpus::TokenMark { start, end, ..Default::default() })
        .to_vec();
    record.gold = Some(Answer::spans(vec![Mark::new(0, 8, "X")]));
    let (files, _) = testing::write("prodigy", &testing::corpus_of(vec![record]));
    let line = String::from_utf8(files[""].clone()).unwrap();
    assert!(line.contains("{\"text\":\"met\",\"start\":5,\"end\":8,\"id\":1,\"ws\":true}"), "{line}");
    assert!(line.contains("{\"start\":0,\"end\":8,\"token_start\":0,\"token_end\":1,\"label\":\"X\"}"), "{line}");
    assert!(line.contains("{\"text\":\"Bob\",\"start\":10,\"end\":13,\"id\":2,\"ws\":false}"), "{line}");
}

#[test]
fn prodigy_broken_tasks_are_listed_with_their_place() {
    let good = "{\"text\":\"a\",\"label\":\"X\",\"answer\":\"accept\"}\n".repeat(30);
    let of = |bad: &str| read_text("prodigy", &format!("{good}{bad}\n")).unwrap();
    for (bad, found) in [
        ("{\"text\":7,\"answer\":\"accept\"}", "7 in 'text'"),
        ("{\"label\":\"X\",\"answer\":\"accept\"}", "no 'text'"),
        ("{\"text\":\"a\",\"label\":\"X\",\"answer\":\"maybe\"}", "the answer \"maybe\""),
        ("{\"text\":\"a\",\"accept\":[[1]],\"answer\":\"accept\"}", "in 'accept'"),
        ("{\"text\":\"a\",\"answer\":", "EOF while parsing"),
        ("{\"image\":\"x.png\",\"answer\":\"accept\"}", "a task on an image"),
        (
            "{\"text\":\"a\",\"spans\":[{\"start\":-1,\"end\":1,\"label\":\"X\"}],\"answer\":\"accept\"}",
            "whole numbers",
        ),
        ("{\"text\":\"a\",\"spans\":[{\"start\":0,\"end\":99999999999999999999,\"label\":\"X\"}]}", "whole numbers"),
        ("{\"text\":\"a\",\"spans\":[{\"start\":0,\"end\":9,\"label\":\"X\"}]}", "the span 0..9 in a text of 1"),
        ("{\"text\":\"a\",\"spans\":[{\"start\":0,\"end\":1}]}", "without a label"),
        ("{\"text\":\"a\",\"spans\":[7]}", "7 among the spans"),
    ] {
        let read = of(bad);
        assert_eq!(read.skipped.len(), 1, "{bad}");
        assert_eq!(read.skipped[0].line, 31);
        assert!(read.skipped[0].reason.contains(found), "{bad}: {}", read.skipped[0].reason);
    }
    let error = read_text("prodigy", "{\"image\":\"x.png\",\"answer\":\"accept\"}\n").unwrap_err().to_string();
    assert!(error.contains("line 1: found a task on an image"), "{error}");
    assert!(read_text("prodigy", "").is_err());
    assert!(read_text("prodigy", &"[".repeat(10_000)).is_err());
    assert_eq!(read_text("prodigy", "[]").unwrap().corpus, Corpus { outline: Outline::default(), records: vec![] });
}

#[test]
fn prodigy_real_files_come_back_as_they_were() {
    let folder = "formats/prodigy";
    let marks = |read: &crate::read::Read| {
        read.corpus.records.iter().filter_map(|r| r.gold.as_ref()?.spans.as_ref()).map(Vec::len).sum::<usize>()
    };
    if let Some(read) =
        real::round_trip("prodigy", &format!("{folder}/annotated_github-issues-DOCUMENTATION-textcat.jsonl"))
    {
        assert_eq!((read.corpus.records.len(), read.corpus.outline.occurs.gold), (830, 786));
    }
    if let Some(read) = real::round_trip("prodigy", &format!("{folder}/pydata-ams-2023.jsonl")) {
        assert_eq!((read.corpus.records.len(), read.corpus.outline.occurs.responses), (117, 3_372));
    }
    if let Some(read) =
        real::round_trip("prodigy", &format!("{folder}/annotated_news_headlines-ORG-PERSON-LOCATION-ner.jsonl"))
    {
        assert_eq!((read.corpus.records.len(), read.corpus.outline.occurs.gold, marks(&read)), (373, 372, 303));
        assert_eq!(read.corpus.outline.occurs.tokens, 373);
    }
    if let Some(read) = real::round_trip("prodigy", &format!("{folder}/annotated_reddit-PRODUCT-ner.head100.jsonl")) {
        assert_eq!((read.corpus.records.len(), read.corpus.outline.occurs.gold, marks(&read)), (100, 27, 28));
    }
    if let Some(read) = real::round_trip("prodigy", &format!("{folder}/ecfr_ner_labels.head60.jsonl")) {
        assert_eq!((read.corpus.records.len(), read.corpus.outline.occurs.gold, marks(&read)), (60, 60, 58));
    }
    if let Some(read) = real::round_trip("prodigy", &format!("{folder}/span-and-textcat-examples.jsonl")) {
        assert_eq!((read.corpus.records.len(), read.corpus.outline.occurs.gold), (3, 0));
    }
}
