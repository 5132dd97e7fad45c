//! Round trips of everything that the formats hold, and broken input.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::corpus::{Answer, Choice, Mark, Prediction, Record, Relation, Response, Status};
use crate::formats::testing::{self, assert_round_trip, read_text};
use crate::input::Input;
use crate::read::Read;

proptest! {
    #[test]
    fn round_trip(records in testing::records(SPEC.holds)) {
        assert_round_trip("label-studio", records);
    }

    #[test]
    fn round_trip_min(records in testing::records(MIN.holds)) {
        assert_round_trip("label-studio-min", records);
    }

    #[test]
    fn round_trip_table(records in testing::records(TABLE.holds)) {
        assert_round_trip("label-studio-csv", records);
    }
}

fn full(tasks: &Value) -> Read {
    read_text("label-studio", &tasks.to_string()).unwrap()
}

fn spans(record: &Record) -> Vec<(&str, &str)> {
    let answers = record.answers().flat_map(|answer| answer.spans.iter().flatten());
    answers.map(|mark| (&record.text()[mark.start..mark.end], mark.label.as_str())).collect()
}

/// What is written of what was read, read again.
fn again(format: &str, read: &Read) -> (Read, String) {
    let (files, losses) = testing::write(format, &read.corpus);
    assert!(losses.is_empty(), "{losses:?}");
    let text = String::from_utf8(files[""].clone()).unwrap();
    (read_text(format, &text).unwrap(), text)
}

fn same(format: &str, read: &Read) -> String {
    let (back, text) = again(format, read);
    assert_eq!(testing::bare(back.corpus.records), testing::bare(read.corpus.records.clone()), "{text}");
    text
}

#[test]
fn everything_of_a_task_comes_back() {
    let tasks = json!([{
        "id": 7, "data": {"ner": "😀 Anna met Bob", "source": "mail", "n": 3, "other": {"a": [1]}},
        "annotations": [
            {"id": 1, "completed_by": {"id": 4, "email": "a@example.org"}, "was_cancelled": false, "ground_truth": true,
             "created_at": "2026-01-05T10:00:00Z", "updated_at": "2026-01-06T10:00:00Z", "lead_time": 2.5,
             "prediction": {}, "parent_annotation": null,
             "result": [
                {"id": "a", "from_name": "label", "to_name": "txt", "type": "labels", "origin": "manual",
                 "meta": {"text": ["sure"]}, "value": {"start": 3, "end": 7, "text": "Anna", "labels": ["PER", "ORG"]}},
                {"id": "b", "from_name": "label", "to_name": "txt", "type": "labels", "score": 0.5, "odd": {"x": 1},
                 "value": {"start": 12, "end": 15, "labels": ["PER"], "more": true}},
                {"id": "c", "from_name": "mood", "to_name": "txt", "type": "choices", "value": {"choices": ["x", "y"]}},
                {"id": "d", "from_name": "kind", "to_name": "txt", "type": "taxonomy", "origin": "manual",
                 "value": {"taxonomy": [["Eukarya", "Human"], ["a:b"]]}},
                {"id": "e", "from_name": "stars", "to_name": "txt", "type": "rating", "value": {"rating": 4}},
                {"id": "a", "from_name": "sub", "to_name": "txt", "type": "choices",
                 "value": {"start": 3, "end": 7, "text": "Anna", "choices": ["of a region"]}},
                {"id": "f", "from_name": "comment", "to_name": "txt", "type": "textarea", "value": {"text": ["hm"]}},
                {"from_id": "a", "to_id": "b", "type": "relation", "direction": "left", "labels": ["knows", "met"]},
                {"from_id": "b", "to_id": "a", "type": "relation", "direction": "right"},
                {"id": "g", "from_name": "none", "to_name": "txt", "type": "choices", "value": {"choices": []}}
             ]},
            {"id": 2, "completed_by": 5, "was_cancelled": true, "result": []},
            {"id": 3, "completed_by": "eve", "result": []},
            {"id": 4, "completed_by": null, "result": []}
        ],
        "drafts": [{"id": 9, "user": "a@example.org", "created_ago": "1 minute", "result": []}],
        "predictions": [
            {"id": 11, "model_version": "v1", "score": 0.75, "created_ago": "now", "result": [
                {"from_name": "mood", "to_name": "txt", "type": "choices", "score": 0.9, "value": {"choices": ["x"]}}]},
            12
        ],
        "meta": {"split": "train", "k": 1}, "created_at": "2026-01-01T00:00:00Z", "project": 9
    }]);
    let read = full(&tasks);
    let record = &read.corpus.records[0];
    assert_eq!((record.id.as_deref(), record.text()), (Some("7"), "😀 Anna met Bob"));
    assert_eq!(record.split.as_deref(), Some("train"));
    assert_eq!(record.value("source"), Some(&json!("mail")));
    assert_eq!(spans(record)[..3], [("Anna", "PER"), ("Anna", "ORG"), ("Bob", "PER")]);
    let first = &record.responses[0];
    assert_eq!((first.annotator.as_deref(), first.seconds), (Some("a@example.org"), Some(2.5)));
    // What a person marked as the reference is gold.
    assert_eq!(record.gold.as_ref(), Some(&first.answer));
    let labels: Vec<_> = first.answer.labels.iter().flatten().map(|c| (c.field.as_deref(), c.label.as_str())).collect();
    let kind = Some("kind");
    assert_eq!(labels, [(Some("mood"), "x"), (Some("mood"), "y"), (kind, "Eukarya:Human"), (kind, "a:b")]);
    assert_eq!(first.answer.comment.as_deref(), Some("hm"));
    assert_eq!(first.answer.relations[0].kind, "knows");
    let statuses: Vec<_> = record.responses.iter().map(|r| (r.status, r.annotator.as_deref())).collect();
    let (done, skip, draft) = (Status::Accepted, Status::Skipped, Status::Draft);
    let names = [Some("a@example.org"), Some("5"), Some("eve"), None];
    assert_eq!(statuses, [(done, names[0]), (skip, names[1]), (done, names[2]), (done, names[3]), (draft, names[0])]);
    assert_eq!(record.predictions.len(), 1);
    assert_eq!(record.predictions[0].answer.labels.as_ref().unwrap()[0].score, Some(0.9));
    // Nobody marked a span, but the question was asked.
    assert_eq!(record.responses[2].answer.spans.as_deref(), Some(&[][..]));
    let text = same("label-studio", &read);
    let written: Value = serde_json::from_str(&text).unwrap();
    let (before, after) = (&tasks[0], &written[0]);
    for key in ["id", "data", "meta", "created_at", "project"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    assert_eq!(after["predictions"][1], 12);
    // Each result as it was, whatever its order.
    let results = after["annotations"][0]["result"].as_array().unwrap();
    for result in before["annotations"][0]["result"].as_array().unwrap() {
        let mut result = result.clone();
        if result["id"] == "b" {
            result["value"]["text"] = "Bob".into();
        }
        assert!(results.contains(&result), "{result}\n{text}");
    }
    for key in ["completed_by", "created_at", "updated_at", "lead_time", "ground_truth", "prediction"] {
        assert_eq!(after["annotations"][0][key], before["annotations"][0][key], "{key}");
    }
    assert_eq!(after["annotations"].as_array().unwrap().len(), 4);
}

#[test]
fn annotations_without_a_name_are_gold_when_there_is_one() {
    let choice =
        |label: &str| json!([{"from_name": "c", "to_name": "text", "type": "choices", "value": {"choices": [label]}}]);
    let read = full(&json!([
        {"data": {"text": "one"}, "annotations": [{"result": choice("a"), "lead_time": 3.0}]},
        {"data": {"text": "two"}, "completions": [{"result": choice("a")}, {"result": choice("b")}]},
        {"data": {"text": "three"}, "annotations": [{"result": choice("a"), "completed_by": 1},
                                                    {"result": choice("b"), "ground_truth": true}]},
        {"data": {"text": "four"}, "predictions": []},
    ]));
    let records = &read.corpus.records;
    assert!(records[0].gold.is_some() && records[0].responses.is_empty());
    assert!(records[1].gold.is_none() && records[1].responses.len() == 2);
    assert_eq!(records[2].gold.as_ref().unwrap().labels.as_ref().unwrap()[0].label, "b");
    assert_eq!(records[2].responses.len(), 1);
    assert!(records[3].gold.is_none());
    let (back, text) = again("label-studio", &read);
    for (a, b) in back.corpus.records.iter().zip(records) {
        assert_eq!((&a.gold, &a.responses, &a.metadata), (&b.gold, &b.responses, &b.metadata), "{text}");
    }
}

#[test]
fn what_label_studio_has_no_field_for_comes_back() {
    let mut mark =
        Mark { id: Some("T1".into()), field: Some("who".into()), score: Some(0.25), ..Mark::new(0, 4, "PER") };
    mark.attributes = vec![
        ("type".into(), json!("hypertextlabels")),
        ("result.y".into(), json!(2)),
        ("Negation".into(), json!(true)),
        ("meta.type".into(), json!("z")),
        ("value.x".into(), json!(1)),
    ];
    let relation = |arguments: &[(&str, &str)]| Relation {
        kind: "event".into(),
        arguments: arguments.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
        attributes: vec![("Speculation".into(), json!("yes"))],
        ..Relation::default()
    };
    let answer = Answer {
        spans: Some(vec![mark, Mark::new(5, 8, "X")]),
        relations: vec![
            relation(&[("trigger", "T1"), ("a", "T2"), ("b", "T3")]),
            relation(&[("from", "T1"), ("to", "T1")]),
        ],
        comment: Some("a\nb".into()),
        ..Answer::default()
    };
    let several = Answer {
        labels: Some(vec![
            Choice { label: "a".into(), field: Some("q".into()), score: Some(0.5) },
            Choice { label: "b".into(), field: Some("q".into()), score: Some(0.25) },
        ]),
        ..Answer::default()
    };
    let response = |status, id: &str| Response {
        annotator: Some("007".into()),
        id: Some(id.into()),
        status,
        answer: answer.clone(),
        extra: vec![("session".into(), json!({"a": 1}))],
        ..Response::default()
    };
    let record = Record {
        id: Some("doc/1".into()),
        text: Some("Anna met".into()),
        gold: Some(answer.clone()),
        responses: vec![response(Status::Ignored, "x"), response(Status::Rejected, "12")],
        predictions: vec![Prediction { answer: several, scores: vec![("a".into(), 0.5)], ..Prediction::default() }],
        ..Record::default()
    };
    assert_round_trip("label-studio", vec![record.clone(), Record { id: Some("5".into()), ..record }]);
}

#[test]
fn spans_that_do_not_cover_their_quote_are_counted() {
    let span = |start: u64, text: &str| {
        json!({"from_name": "label", "to_name": "text", "type": "labels",
        "value": {"start": start, "end": start + text.len() as u64, "text": text, "labels": ["PER"]}})
    };
    let result = json!([span(0, "Anna"), span(8, "Bob"), span(0, "Eve"), {"type": "labels", "value": {"start": -1, "end": 4, "labels": ["X"]}},
        {"type": "labels", "value": {"start": 2, "end": 4_000_000_000_000_u64, "labels": ["X"]}},
        {"type": "labels", "value": {"start": "a", "end": [], "labels": ["X"]}}]);
    let read =
        full(&json!([{"data": {"text": "Anna met Bob"}, "annotations": [{"completed_by": 1, "result": result}]}]));
    assert_eq!(spans(&read.corpus.records[0]), [("Anna", "PER"), ("Bob", "PER")]);
    let expected = "5 spans do not cover the quoted text: 1 moved to it, 4 left out since it could not be placed \
                    (first at line 1)";
    assert_eq!(read.notes, [expected]);
    assert_eq!(read.skipped.len(), 4);
}

#[test]
fn offsets_are_utf_16_unless_only_code_points_fit() {
    let task = |start: u64, end: u64| {
        json!([{"data": {"text": "😀 Anna met Anna"}, "annotations": [{"result": [
        {"from_name": "label", "to_name": "text", "type": "labels",
         "value": {"start": start, "end": end, "text": "Anna", "labels": ["PER"]}}]}]}])
    };
    for (start, guess) in [(3, false), (2, true), (12, false), (11, true)] {
        let read = full(&task(start, start + 4));
        let at = read.corpus.records[0].gold.as_ref().unwrap().spans.as_ref().unwrap()[0].start;
        assert_eq!(at, if start > 5 { 14 } else { 5 });
        assert_eq!(read.guesses.iter().any(|g| g.what.contains("code points")), guess, "{start}");
        assert!(read.notes.is_empty());
    }
}

#[test]
fn spans_of_hypertext_count_what_is_shown() {
    let read =
        full(&json!([{"id": 1, "data": {"html": "<p>Anna &amp; <b>Bob</b></p>"}, "annotations": [{"completed_by": 1,
        "result": [{"id": "x", "from_name": "ner", "to_name": "html", "type": "hypertextlabels", "value": {
            "start": "/p[1]/b[1]/text()[1]", "end": "/p[1]/b[1]/text()[1]", "startOffset": 0, "endOffset": 3,
            "globalOffsets": {"start": 7, "end": 10}, "text": "Bob", "hypertextlabels": ["PER"]}},
            {"id": "y", "from_name": "ner", "to_name": "html", "type": "hypertextlabels", "value": {
            "start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "startOffset": 0, "endOffset": 6,
            "globalOffsets": {"start": 0, "end": 6}, "text": "Anna &", "hypertextlabels": ["PER"]}}]}]}]));
    assert_eq!(spans(&read.corpus.records[0]), [("Bob", "PER"), ("Anna &amp;", "PER")]);
    assert!(read.notes.is_empty(), "{:?}", read.notes);
    same("label-studio", &read);
}

#[test]
fn a_configuration_beside_the_file_declares_labels_and_names_the_text() {
    let xml = r#"<View><Text name="t" value="$body"/><Text name="u" value="$title"/>
        <Labels name="label" toName="t"><Label value="PER"/><Label value="LOC"/></Labels>
        <Choices name="mood" toName="t" choice="single"><Choice value="good"/></Choices></View>"#;
    let span = |object: &str| {
        json!({"from_name": "label", "to_name": object, "type": "labels",
            "value": {"start": 0, "end": 1, "labels": ["LOC"]}})
    };
    let mood = json!({"from_name": "mood", "to_name": "t", "type": "choices", "value": {"choices": ["good"]}});
    let tasks = json!([{"data": {"title": "A long title of this", "body": "Anna"}, "annotations": [
        {"completed_by": 1, "result": [mood, span("u")]}, {"completed_by": 2, "result": [span("t"), span("t")]}]}]);
    let files = [("config.xml".to_owned(), xml.as_bytes().to_vec())].into();
    let input = Input::memory("f", tasks.to_string().into_bytes()).beside_memory(files);
    let read = testing::read("label-studio", &input).unwrap();
    let record = &read.corpus.records[0];
    assert_eq!(record.text(), "Anna");
    let outline = &read.corpus.outline;
    assert_eq!(
        (outline.declared_spans.as_slice(), outline.several),
        (&["PER".to_owned(), "LOC".into()][..], Some(false))
    );
    assert_eq!(outline.setting("label_config").and_then(Value::as_str), Some(xml));
    assert_eq!(record.responses[0].answer.spans.as_deref(), Some(&[][..]));
    assert!(read.notes[0].starts_with("1 span of other data than 'body'"), "{:?}", read.notes);
    // Another project's configuration is left alone.
    let tasks = tasks.to_string().replace("mood", "other");
    let input = Input::memory("f", tasks.into_bytes()).beside_memory([("c.xml".to_owned(), xml.into())].into());
    assert_eq!(testing::read("label-studio", &input).unwrap().corpus.outline.setting("label_config"), None);
}

#[test]
fn tasks_of_pictures_and_tasks_without_data_are_refused_with_their_place() {
    let message = |text: &str| read_text("label-studio", text).unwrap_err().to_string();
    let image = "[\n{\"data\": {\"image\": \"https://example.org/a.jpg\"}, \"annotations\": []}]";
    let said = message(image);
    assert!(said.contains("line 2") && said.contains("not a text task") && said.contains("'image'"), "{said}");
    let boxes = json!([{"data": {"image": "a b.jpg"}, "annotations": [{"result": [
        {"type": "rectanglelabels", "to_name": "image", "from_name": "l", "value": {"x": 1}}]}]}]);
    let said = message(&boxes.to_string());
    assert!(said.contains("rectanglelabels") && said.contains("not a text task"), "{said}");
    let said = message(r#"[{"text": "a"}, {"text": "b"}]"#);
    assert!(said.contains("without 'data'"), "{said}");
    let some = json!([{"data": {"text": "a"}}, {"data": {"text": 5}}, {"data": {"text": "b"}}]);
    let read = full(&some);
    assert_eq!((read.corpus.records.len(), read.skipped.len()), (2, 1));
    assert!(read.skipped[0].reason.contains("5 in data field 'text'"), "{:?}", read.skipped);
}

#[test]
fn broken_input_is_an_error_and_never_a_panic() {
    let good = json!([{"id": 1, "data": {"text": "Anna", "id": "x"}, "annotations": [{"id": 2, "completed_by": {"email": ""},
        "result": [{"id": "a", "type": "labels", "from_name": "label", "to_name": "text",
        "value": {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}}], "lead_time": 1.5}], "predictions": [3]}]);
    let text = good.to_string();
    for format in ["label-studio", "label-studio-min", "label-studio-csv"] {
        for cut in (0..text.len()).filter(|&cut| text.is_char_boundary(cut)) {
            let _ = read_text(format, &text[..cut]);
        }
        for odd in ["null", "-5", "1e400", "[]", "{}", "\"\"", "[[[]]]", "18446744073709551616", "true"] {
            for (from, to) in
                [("1", odd), ("\"Anna\"", odd), ("[{\"id\":\"a\"", "[5,{\"id\":\"a\""), ("[\"PER\"]", odd), ("0", odd)]
            {
                let _ = read_text(format, &text.replacen(from, to, 1));
                let _ = read_text(format, &text.replace(from, to));
            }
            for key in ["data", "annotations", "result", "value", "id", "completed_by", "labels", "predictions", "text"]
            {
                let _ = read_text(format, &format!("[{{\"data\":{{\"text\":\"a\"}},\"{key}\":{odd}}}]"));
                let _ = read_text(format, &format!("[{{\"text\":\"a\",\"id\":1,\"{key}\":{odd},\"annotator\":1}}]"));
            }
        }
        let deep = format!("[{{\"data\":{{\"text\":{}1{}}}}}]", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read_text(format, &deep).is_err());
        for empty in ["[]", "[ ]", "[{}]", "[null]", "{}", "[", "]"] {
            assert!(read_text(format, empty).is_err(), "{format} {empty}");
        }
    }
    let said =
        read_text("label-studio", "[\n{\"data\": {\"text\": \"a\"}},\n{\"data\": \n{bad}}]").unwrap_err().to_string();
    assert!(said.contains("line 4") && said.contains("broken JSON"), "{said}");
    let lines = "{\"data\":{\"text\":\"a\"}}\n{\"data\":{\"text\":\n{\"data\":{\"text\":\"b\"}}\n";
    let read = read_text("label-studio", lines).unwrap();
    assert_eq!((read.corpus.records.len(), read.skipped[0].line), (2, 2));
}

#[test]
fn rows_of_one_task_are_one_record() {
    let rows = json!([
        {"text": "a b", "id": 1, "sentiment": "pos", "annotator": 1, "annotation_id": 5, "created_at": "t", "updated_at": "u", "lead_time": 1.5},
        {"text": "a b", "id": 1, "sentiment": {"choices": ["pos", "neg"]}, "annotator": "eve", "annotation_id": 6, "created_at": "t", "updated_at": "u", "lead_time": 2.0},
        {"text": "c", "id": 2, "annotator": "", "annotation_id": null, "created_at": null, "updated_at": null, "lead_time": null},
        {"text": "d", "id": "x", "sentiment": "neg", "annotator": "", "annotation_id": null, "created_at": null, "lead_time": null}
    ]);
    let read = read_text("label-studio-min", &rows.to_string()).unwrap();
    let records = &read.corpus.records;
    assert_eq!(records.len(), 3);
    assert_eq!(records[0].responses.len(), 2);
    assert_eq!(records[0].responses[1].annotator.as_deref(), Some("eve"));
    assert_eq!(records[0].responses[1].answer.labels.as_ref().unwrap().len(), 2);
    assert!(records[1].gold.is_none() && records[1].responses.is_empty());
    assert!(records[2].gold.is_some());
    same("label-studio-min", &read);
    let table = "\"annotation_id\",\"annotator\",\"id\",\"lead_time\",\"mood\",\"text\",\"note\"\n\
        5,\"1\",1,1.5,\"pos\",\"a\nb\",\"x\"\n6,\"2\",1,2.0,\"neg\",\"a\nb\",\"x\"\n,\"\",2,,\"\",\"c\",\"\"\nbad\n";
    let read = read_text("label-studio-csv", table).unwrap();
    let records = &read.corpus.records;
    assert_eq!((records.len(), records[0].responses.len(), records[0].text()), (2, 2, "a\nb"));
    assert_eq!(records[0].responses[1].answer.labels.as_ref().unwrap()[0].label, "neg");
    assert_eq!((records[1].place.number, read.skipped[0].line), (6, 7));
}

/// Real files, written and read again; skipped where they are not there.
#[test]
fn real_files_come_back() {
    let folder = std::env::var_os("TRUEUP_DATA").map_or_else(
        || std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        std::path::PathBuf::from,
    );
    let folder = folder.join("formats/label_studio");
    for (file, format) in [
        ("ner_norwegian/export.37df0f5.json", "label-studio"),
        ("ner_norwegian/export.fe6460d.json", "label-studio"),
        ("choices_rte/export.json", "label-studio"),
        ("from_label_studio_tests/humor_dataset_2_annotations.json", "label-studio"),
        ("from_label_studio_tests/text_with_2_predictions.json", "label-studio"),
        ("converter_tests/test_export_csv/csv_test2.json", "label-studio"),
        ("ner_norwegian/converted/json_min.json", "label-studio-min"),
        ("choices_rte/json_min.json", "label-studio-min"),
        ("ner_norwegian/converted/result.csv", "label-studio-csv"),
        ("choices_rte/result.tsv", "label-studio-csv"),
    ] {
        let path = folder.join(file);
        if !path.exists() {
            continue;
        }
        let read = testing::read(format, &Input::open(&path).unwrap()).unwrap();
        let (mut back, text) = again(format, &read);
        let mut records = read.corpus.records;
        // An id that the file does not give is the number of the record.
        for (a, b) in back.corpus.records.iter_mut().zip(&mut records) {
            if b.id.is_none() {
                a.id = None;
            }
        }
        // Predictions that were only named by number are written whole.
        assert_eq!(testing::bare(back.corpus.records), testing::bare(records), "{file}");
        assert!(back.notes.is_empty(), "{file}: {:?}", back.notes);
        if format == "label-studio" {
            let before: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let after: Vec<Value> = serde_json::from_str(&text).unwrap();
            for (before, after) in before.iter().zip(&after) {
                for (key, value) in before.as_object().unwrap() {
                    let rest = !["annotations", "drafts", "predictions"].contains(&key.as_str());
                    assert!(!rest || after.get(key) == Some(value), "{file}: {key}");
                }
                let of = |task: &Value| task["annotations"].as_array().map_or(0, Vec::len);
                assert_eq!(of(before), of(after), "{file}");
            }
        }
    }
}
