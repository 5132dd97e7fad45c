//! Tests of the formats of Argilla on inline records.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::Value;

use super::SPEC;
use crate::corpus::{Answer, Mark, Status, settle};
use crate::formats::testing::{self, read_text};
use crate::options::ReadOptions;
use crate::read::read_corpus_bytes;

proptest! {
    #[test]
    fn argilla_round_trip(records in testing::records(SPEC.holds)) {
        testing::assert_round_trip("argilla", records);
    }
}

const TWO: &str = r#"[{"id": "r1", "fields": {"text": "😀 Anna is here", "title": "Visit"}, "metadata": {"source": "web"},
  "suggestions": {"topic": {"value": "people", "score": 0.9, "agent": "m1"},
                  "ner": {"value": [{"start": 2, "end": 6, "label": "PER"}], "score": [0.7], "agent": "m1"}},
  "responses": {"topic": [{"value": "people", "user_id": "u1"}, {"value": "travel", "user_id": "u2"}],
                "ner": [{"value": [{"start": 2, "end": 6, "label": "PER"}], "user_id": "u1"}],
                "quality": [{"value": 4, "user_id": "u1"}],
                "comment": [{"value": "fine", "user_id": "u2"}]},
  "vectors": {"v": [0.5, 1.0]}, "status": "completed", "_server_id": "s1"},
 {"id": "r2", "fields": {"text": "Nothing"}, "metadata": {}, "suggestions": {},
  "responses": {"topic": [{"value": "travel", "user_id": "u1", "status": "discarded"}]},
  "vectors": {}, "status": "pending", "_server_id": null}]"#;

fn written(text: &str) -> String {
    let read = read_text("argilla", text).unwrap();
    let (files, losses) = testing::write("argilla", &read.corpus);
    assert!(losses.is_empty(), "{losses:?}");
    String::from_utf8(files[""].clone()).unwrap()
}

#[test]
fn argilla_responses_of_a_user_to_all_questions_are_one_response() {
    let read = read_corpus_bytes("f.json", TWO.as_bytes().to_vec(), &ReadOptions::default()).unwrap();
    assert_eq!(read.format.name(), "argilla");
    let [one, two] = read.corpus.records.as_slice() else { panic!("two records") };
    assert_eq!((one.id.as_deref(), one.text()), (Some("r1"), "😀 Anna is here"));
    assert_eq!(one.value("fields.title"), Some(&"Visit".into()));
    let [first, second] = one.responses.as_slice() else { panic!("two users") };
    assert_eq!(first.annotator.as_deref(), Some("u1"));
    assert_eq!(first.answer.labels, Answer::labels(["people"]).labels);
    assert_eq!(first.answer.spans, Some(vec![Mark::new(5, 9, "PER")]));
    assert_eq!(first.extra, [("quality".into(), Value::from(4))]);
    assert_eq!((second.answer.comment.as_deref(), second.status), (Some("fine"), Status::Accepted));
    assert_eq!((one.predictions.len(), one.predictions[0].score), (1, Some(0.9)));
    assert_eq!(two.responses[0].status, Status::Ignored);
    assert!(read.guesses.iter().any(|g| g.what.contains("'topic' asks for a label")), "{:?}", read.guesses);
    let back = written(TWO);
    assert!(back.contains(r#""topic":[{"value":"people","user_id":"u1","status":"submitted"}"#), "{back}");
    assert_eq!(testing::bare(read_text("argilla", &back).unwrap().corpus.records), testing::bare(read.corpus.records));
}

#[test]
fn argilla_server_and_flat_shapes_are_read() {
    let server = r#"[{"external_id": "a", "fields": {"text": "x"}, "status": "completed",
      "responses": [{"user_id": "u1", "status": "submitted", "values": {"label": {"value": ["p", "q"]}}}],
      "suggestions": [{"question_name": "label", "value": ["p"], "score": null, "agent": "m", "type": "model"}]}]"#;
    let flat = r#"{"id": "a", "status": "completed", "text": "x", "label.responses": [["p", "q"]],
      "label.responses.users": ["u1"], "label.responses.status": ["submitted"], "label.suggestion": ["p"],
      "label.suggestion.score": null, "label.suggestion.agent": "m"}"#;
    let flat = flat.replace('\n', " ");
    for text in [server, &flat] {
        let read = read_corpus_bytes("f", text.as_bytes().to_vec(), &ReadOptions::default()).unwrap();
        assert_eq!(read.format.name(), "argilla");
        let record = &read.corpus.records[0];
        assert_eq!((record.id.as_deref(), record.text()), (Some("a"), "x"));
        assert_eq!(settle(record).answer(), Some(&Answer::labels(["p", "q"])));
        assert_eq!(record.predictions[0].answer, Answer::labels(["p"]));
        assert_eq!(record.predictions[0].model.as_deref(), Some("m"));
    }
}

#[test]
fn argilla_one_records_are_read() {
    let text = r#"{"text": "Hola", "inputs": {"text": "Hola"}, "prediction": [["en", 0.1], ["es", 0.9]], "prediction_agent": "m", "annotation": "es", "annotation_agent": "ann", "multi_label": false, "id": 7, "metadata": {"n": 1}, "status": "Validated", "vectors": null}
{"text": "Hi", "prediction": [{"label": "en", "score": 0.8}], "prediction_agent": "m", "annotation": null, "annotation_agent": null, "multi_label": false, "id": 8, "metadata": {}, "status": "Default"}
{"text": "?", "prediction": null, "prediction_agent": null, "annotation": null, "annotation_agent": null, "multi_label": false, "id": 9, "metadata": {}, "status": "Discarded"}
"#;
    let read = read_corpus_bytes("f", text.as_bytes().to_vec(), &ReadOptions::default()).unwrap();
    assert_eq!(read.format.name(), "argilla");
    let [one, two, three] = read.corpus.records.as_slice() else { panic!("three records") };
    assert_eq!(one.responses[0].annotator.as_deref(), Some("ann"));
    assert_eq!(one.responses[0].answer, Answer::labels(["es"]));
    assert_eq!(one.predictions[0].score, Some(0.9));
    assert_eq!(one.predictions[0].scores, [("en".to_owned(), 0.1), ("es".to_owned(), 0.9)]);
    assert_eq!((&two.gold, two.responses.len(), two.predictions.len()), (&None, 0, 1));
    assert_eq!(three.responses[0].status, Status::Ignored);
    let tokens = r#"[{"text": "Ann is here", "tokens": ["Ann", "is", "here"], "prediction": [["PER", 0, 3, 0.5]], "prediction_agent": "m", "annotation": [["PER", 0, 3]], "annotation_agent": null, "status": "Validated"}]"#;
    let read = read_text("argilla", tokens).unwrap();
    let record = &read.corpus.records[0];
    assert_eq!(record.gold, Some(Answer::spans(vec![Mark::new(0, 3, "PER")])));
    assert_eq!(record.tokens.len(), 3);
    assert_eq!(record.predictions[0].answer.spans.as_ref().unwrap()[0].score, Some(0.5));
}

#[test]
fn argilla_free_text_is_no_label() {
    let record = |i: usize| {
        let words = format!("An answer of its own, number {i}");
        serde_json::json!({"fields": {"text": "x"}, "suggestions": {}, "responses": {
            "why": [{"value": words, "user_id": "u"}],
            "topic": [{"value": if i.is_multiple_of(2) { "a" } else { "b" }, "user_id": "u"}],
        }})
    };
    let all: Vec<Value> = (0..50).map(record).collect();
    let read = read_text("argilla", &Value::Array(all).to_string()).unwrap();
    let response = &read.corpus.records[3].responses[0];
    assert_eq!((&response.answer, &*response.extra[0].0), (&Answer::labels(["b"]), "why"));
}

#[test]
fn argilla_broken_records_are_listed_with_their_place() {
    let good =
        r#"{"fields": {"text": "abc"}, "suggestions": {}, "responses": {"label": [{"value": "x", "user_id": "u"}]}}"#;
    let good = format!("{good}\n").repeat(30);
    for (bad, found) in [
        (r#"{"fields": {"text": 7}, "responses": {}}"#, "in the field 'text'"),
        (r#"{"fields": {"other": "x"}, "responses": {}}"#, "no field 'text'"),
        (r#"{"responses": {}}"#, "no 'fields'"),
        (r#"{"fields": {"text": "a"}, "responses": {"label": 7}}"#, "7 as responses to 'label'"),
        (r#"{"fields": {"text": "a"}, "responses": 7}"#, "7 as responses"),
        (r#"{"fields": {"text": "a"}, "suggestions": {"label": 7}}"#, "7 as a suggestion"),
        (
            r#"{"fields": {"text": "a"}, "responses": {"label": [{"value": "x", "user_id": "u", "status": "gone"}]}}"#,
            "the status 'gone'",
        ),
        (r#"{"fields": {"#, "EOF while parsing"),
    ] {
        let read = read_text("argilla", &format!("{good}{bad}\n")).unwrap();
        assert_eq!(read.skipped.len(), 1, "{bad}");
        assert_eq!(read.skipped[0].line, 31);
        assert!(read.skipped[0].reason.contains(found), "{bad}: {}", read.skipped[0].reason);
    }
    let spans = r#"[{"fields": {"text": "abc"}, "responses": {"ner": [{"value": [{"start": -1, "end": 2, "label": "X"}], "user_id": "u"}]}}]"#;
    assert!(read_text("argilla", spans).unwrap().skipped[0].reason.contains("whole numbers"));
    let image = r#"[{"fields": {"image": "data:image/png;base64,xx"}, "responses": {}}]"#;
    let error = read_text("argilla", image).unwrap_err().to_string();
    assert!(error.contains("line 1: found records without a field of text"), "{error}");
}

#[test]
fn argilla_one_suggestion_a_question_is_written() {
    let mut record = crate::corpus::Record { text: Some("a".to_owned()), ..Default::default() };
    for model in ["m1", "m2"] {
        record.predictions.push(crate::corpus::Prediction {
            model: Some(model.to_owned()),
            answer: Answer::labels(["x"]),
            ..Default::default()
        });
    }
    let (files, losses) = testing::write("argilla", &testing::corpus_of(vec![record]));
    assert_eq!(losses.kinds.keys().map(|k| k.name()).collect::<Vec<_>>(), ["predictions"]);
    assert!(String::from_utf8(files[""].clone()).unwrap().contains("\"agent\":\"m1\""));
}
