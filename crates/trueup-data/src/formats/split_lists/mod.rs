//! One JSON object of splits, each a list of `[text, label]` or of `{"text", "label"}`: so CLINC150 is published
//! ("An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction", `data_full.json`).
//!
//! The object is read element by element, so that every record has its line and memory stays near the file's size.

mod read;
mod write;

use serde_json::Value;

use crate::formats::Spec;
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Metadata};

/// A list of records a split.
pub(crate) const SPEC: Spec = Spec {
    name: "split-lists",
    aliases: &["clinc"],
    title: "one JSON object: split -> list of [text, label]",
    ending: ".json",
    holds: Holds { ids: true, splits: true, unlabelled: true, metadata: Metadata::Any, ..Holds::LABEL },
    sniff,
    read: read::read,
    write: Some(|outline| Box::new(write::Lists::new(outline))),
    folder: false,
};

/// The one key of a file without splits.
const WHOLE: &str = "data";
/// Words of the names of splits.
const SPLITS: &[&str] = &["train", "training", "test", "testing", "dev", "val", "valid", "validation", "eval"];
/// How many elements of a split are looked at to tell the format.
const LOOKED_AT: usize = 20;

fn sniff(head: &Head) -> Confidence {
    let (Json::Object, Some(Value::Object(map))) = (head.json, head.values.first()) else {
        return Confidence::No;
    };
    let (mut pairs, mut objects) = (0usize, 0usize);
    for value in map.values() {
        let Value::Array(items) = value else {
            return Confidence::No;
        };
        for item in items.iter().take(LOOKED_AT) {
            match item {
                Value::Array(parts) => match parts.as_slice() {
                    [Value::String(_), Value::String(_) | Value::Number(_) | Value::Null] => pairs += 1,
                    _ => return Confidence::No,
                },
                Value::Object(fields) => {
                    let has = |name| fields.get(name).is_some_and(|value| value.is_string() || value.is_number());
                    if !has("text") || !has("label") {
                        return Confidence::No;
                    }
                    objects += 1;
                }
                _ => return Confidence::No,
            }
        }
    }
    let is_split = |key: &String| key.split(['_', '-', '.', ' ']).any(|word| SPLITS.contains(&&*word.to_lowercase()));
    match (pairs, objects) {
        (0, 0) => Confidence::No,
        _ if map.keys().any(is_split) => Confidence::Likely,
        (0, _) if map.len() == 1 && map.contains_key(WHOLE) => Confidence::Possible,
        (0, _) => Confidence::No,
        _ => Confidence::Possible,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::corpus::{Answer, Corpus, Record};
    use crate::formats::{detect, testing};
    use crate::input::Input;
    use crate::read::Read;

    const PAIRS: &str = "{\n \"oos_train\": [\n  [\"tell me a joke\", \"oos\"]\n ],\n \"train\": [[\"what is my balance\",\n  \"balance\"], [\"pay it\", \"pay_bill\"]], \"val\": []\n}\n";

    fn read(text: &str) -> Read {
        testing::read_text("split-lists", text).unwrap()
    }

    fn message(text: &str) -> String {
        testing::read_text("split-lists", text).unwrap_err().to_string()
    }

    fn format_of(text: &str) -> (&'static str, Confidence) {
        let first = detect(&Input::memory("f.json", text.into())).unwrap()[0];
        (first.format.name(), first.confidence)
    }

    #[test]
    fn each_key_is_a_split_and_each_pair_a_record() {
        let read = read(PAIRS);
        let seen: Vec<_> = read.corpus.records.iter().map(|r| (r.split.as_deref(), r.text(), r.place.number)).collect();
        let expected = [
            (Some("oos_train"), "tell me a joke", 3),
            (Some("train"), "what is my balance", 5),
            (Some("train"), "pay it", 6),
        ];
        assert_eq!(seen, expected);
        assert_eq!(read.corpus.records[2].gold, Some(Answer::labels(["pay_bill"])));
        assert!(read.guesses.iter().any(|g| g.what == "the keys are splits: oos_train (1), train (2), val (0)"));
    }

    #[test]
    fn objects_keep_ids_and_what_else_they_say() {
        let text =
            r#"{"data": [{"id": 7, "text": "a", "label": 3, "source": {"k": [1]}}, {"text": "b", "label": null}]}"#;
        let read = read(text);
        let [a, b] = read.corpus.records.as_slice() else { panic!() };
        assert_eq!(
            (a.id.as_deref(), a.split.as_deref(), a.gold.clone()),
            (Some("7"), None, Some(Answer::labels(["3"])))
        );
        assert_eq!(a.value("source"), Some(&serde_json::json!({"k": [1]})));
        assert_eq!((b.text(), b.gold.as_ref()), ("b", None));
        let (files, losses) = testing::write("split-lists", &read.corpus);
        assert!(losses.is_empty(), "{losses:?}");
        let written = "{\n  \"data\": [\n    {\"id\":\"7\",\"text\":\"a\",\"label\":\"3\",\"source\":{\"k\":[1]}},\n    {\"text\":\"b\",\"label\":null}\n  ]\n}\n";
        assert_eq!(String::from_utf8_lossy(&files[""]), written);
    }

    #[test]
    fn the_content_tells_the_format() {
        assert_eq!(format_of(PAIRS), ("split-lists", Confidence::Likely));
        assert_eq!(format_of(r#"{"test": [{"text": "a", "label": "b"}]}"#), ("split-lists", Confidence::Likely));
        assert_eq!(format_of(r#"{"a": [["x", "y"]]}"#), ("split-lists", Confidence::Possible));
        for other in [
            r#"{"banking": ["routing", "transfer"]}"#,
            r#"{"train": [["a", "b", "c"]]}"#,
            r#"{"text": "a", "label": "b"}"#,
            r#"{"intents": [{"text": "a", "label": "b"}]}"#,
            "{}",
        ] {
            assert_eq!(format_of(other).0, "jsonl", "{other}");
        }
    }

    #[test]
    fn broken_files_name_the_place() {
        for (text, expected) in [
            ("[1]", "f: line 1: found '[1]' where '{' is needed; valid: one JSON object"),
            ("{\"train\"\n 1}", "f: line 2: found '1}' where ':' is needed"),
            ("{\"train\": 1}", "f: line 1: found '1}' where '[' is needed"),
            ("{\"train\": [[\"a\", \"b\"]\n", "f: line 2: found the end of the file where ',' or ']' is needed"),
            ("{\"train\": [[\"a\",\n \"b]", "f: line 2: found broken JSON (EOF while parsing a string)"),
            ("{\"train\": [\n", "f: line 2: found the end of the file; valid"),
            ("{\"train\": [],}", "f: line 1: found broken JSON"),
            ("{\"train\": []} x", "f: line 1: found 'x' after the object"),
            ("{\"train\": [[1, 2]]}", "f: line 1: found the list [1,2], and 1 of 1 records are like that"),
            ("{\"train\": [[\"a\", [\"b\"]]]}", "f: line 1: found the list [\"b\"] where a label is needed"),
            ("{\"train\": [{\"label\": 1}]}", "f: line 1: found the object {\"label\":1} without 'text'"),
            ("", "f: the file is empty"),
        ] {
            let message = message(text);
            assert!(message.starts_with(expected), "{message}");
        }
        let deep = format!("{{\"train\": [{}", "[".repeat(100_000));
        assert!(message(&deep).contains("recursion limit exceeded"));
        assert!(read("{}").corpus.records.is_empty());
    }

    #[test]
    fn one_bad_element_is_listed() {
        let good = "[\"text\", \"a\"],".repeat(20);
        let read = read(&format!("{{\"train\": [{good}\n[\"only a text\"]]}}"));
        assert_eq!((read.corpus.records.len(), read.skipped.len(), read.skipped[0].line), (20, 1, 2));
    }

    #[test]
    fn what_the_keys_cannot_say_is_noted() {
        let record = |split: Option<&str>| Record {
            text: Some("t".into()),
            split: split.map(Into::into),
            metadata: vec![("label".into(), 1.into())],
            ..Record::default()
        };
        let corpus = testing::corpus_of(vec![record(None), record(Some("test"))]);
        let (_, losses) = testing::write("split-lists", &corpus);
        let kinds: Vec<_> = losses.kinds.iter().map(|(kind, lost)| (kind.name(), lost.count)).collect();
        assert_eq!(kinds, [("splits", 1), ("metadata", 2)]);
        let (files, _) = testing::write("split-lists", &Corpus::default());
        assert_eq!(files[""], b"{\n}\n");
    }

    proptest! {
        #[test]
        fn round_trip(records in testing::records(SPEC.holds)) {
            testing::assert_round_trip_by("split-lists", records, |r| r.split.clone());
        }

        #[test]
        fn nothing_panics(text in "(\\{|\\}|\\[|\\]|\"train\": ?|\"text\": ?|\"label\": ?|\"a\"|,|:|[0-9]|null|\n){0,40}") {
            let _ = testing::read_text("split-lists", &text);
        }
    }
}
