//! No input makes a reader panic, and what a writer wrote is read back.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use trueup_core::{Annotation, Task};
use trueup_data::{Format, ReadOptions, read_bytes};

/// Every format forced upon the bytes, and the format left open.
fn read_every_way(bytes: &[u8]) {
    let formats = Format::all().map(Some).chain([None]);
    for from in formats {
        for strict in [false, true] {
            let options = ReadOptions { from, strict, ..ReadOptions::default() };
            match read_bytes("f\u{1b}", bytes.to_vec(), &options) {
                Ok(loaded) => {
                    for example in &loaded.dataset.examples {
                        example.gold.spans().iter().for_each(|s| assert!(example.text.get(s.range()).is_some()));
                        assert_eq!(example.metadata.len(), loaded.dataset.columns.len());
                    }
                }
                Err(error) => {
                    let message = error.to_string();
                    assert!(!message.contains(char::is_control), "{message:?}");
                    assert!(message.contains('f'), "{message}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_every_way(&bytes);
    }

    #[test]
    fn near_tables_never_panic(text in "([a-c\"\t,;| é\u{1b}\n\r]|text|label|id){0,60}") {
        read_every_way(text.as_bytes());
    }

    #[test]
    fn near_conll_never_panics(text in "((B-|I-|E-|S-|L-|U-)?(X|Y|O)[\t ]?|#|-DOCSTART-|\n|\n\n|_|\\\\){0,60}") {
        read_every_way(text.as_bytes());
    }

    #[test]
    fn near_json_never_panics(
        text in "(\\{|\\}|\\[|\\]|\"text\": ?|\"label\": ?|\"spans\": ?|\"start\": ?|\"end\": ?|\"tokens\": ?|\"tags\": ?|\"a\"|,|[0-9]|null|\n){0,40}"
    ) {
        read_every_way(text.as_bytes());
    }

    #[test]
    fn near_labelled_lines_never_panic(text in "(__label__|A:b| |é|\n|\t){0,40}") {
        read_every_way(text.as_bytes());
    }

    #[test]
    fn json_lines_are_read_back(
        rows in proptest::collection::vec(("\\PC{0,12}[\u{0}-\u{ff}]{0,6}", "[a-zé|, ]{0,4}x", 0usize..6, 1usize..6), 1..8)
    ) {
        let mut text = String::new();
        for (body, label, start, length) in &rows {
            let points = body.chars().count();
            let spans = if start + length <= points {
                serde_json::json!([{"start": start, "end": start + length, "label": label.trim()}])
            } else {
                serde_json::json!([])
            };
            text.push_str(&serde_json::json!({"text": body, "spans": spans}).to_string());
            text.push('\n');
        }
        let options = ReadOptions { task: Some(Task::Ner), strict: true, ..ReadOptions::default() };
        let Ok(loaded) = read_bytes("f", text.into_bytes(), &options) else {
            // Only a file without any span may fail.
            let spans = rows.iter().filter(|(body, _, start, length)| start + length <= body.chars().count()).count();
            prop_assert_eq!(spans, 0);
            return Ok(());
        };
        for (example, (body, label, start, length)) in loaded.dataset.examples.iter().zip(&rows) {
            prop_assert_eq!(&example.text, body);
            let Annotation::Spans(spans) = &example.gold else { panic!("spans were asked for") };
            if let Some(span) = spans.first() {
                let covered: String = body.chars().skip(*start).take(*length).collect();
                prop_assert_eq!(&body[span.range()], covered.as_str());
                prop_assert_eq!(loaded.dataset.labels.name(span.label), label.trim());
            }
        }
    }

    #[test]
    fn csv_is_read_back(
        rows in proptest::collection::vec(("[^\u{0}]{0,16}", "[a-c]"), 1..20)
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["text", "label"]).unwrap();
        // A raw formula shows that the file escapes none, so that apostrophes are text.
        let first = [("=raw".to_owned(), "a".to_owned())];
        let rows: Vec<_> = first.into_iter().chain(rows).collect();
        for (text, label) in &rows {
            writer.write_record([text, label]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let loaded = read_bytes("f.csv", bytes, &ReadOptions { strict: true, from: Some(Format::CSV), ..ReadOptions::default() });
        let loaded = loaded.unwrap();
        prop_assert_eq!(loaded.dataset.len(), rows.len());
        for (example, (text, label)) in loaded.dataset.examples.iter().zip(&rows) {
            prop_assert_eq!(&example.text, text);
            prop_assert_eq!(&example.gold, &Annotation::Label(loaded.dataset.labels.id(label).unwrap()));
        }
    }
}
