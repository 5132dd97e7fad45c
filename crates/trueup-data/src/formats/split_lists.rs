//! One JSON object of splits, each a list of `[text, label]` or of `{"text", "label"}`: so CLINC150 is published
//! ("An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction", `data_full.json`).
//!
//! The object is read element by element, so that every record has its line and memory stays near the file's size.

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::corpus::{Answer, Key, Outline, Place, Record};
use crate::error::{DataError, quote};
use crate::formats::{Spec, Writer};
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Loss, Losses, Metadata};
use crate::input::Input;
use crate::json::{push_string, reason, scalar, shape};
use crate::options::ReadOptions;
use crate::output::Output;
use crate::reading::Reading;

/// A list of records a split.
pub(crate) const SPEC: Spec = Spec {
    name: "split-lists",
    aliases: &["clinc"],
    title: "one JSON object: split -> list of [text, label]",
    ending: ".json",
    holds: Holds { ids: true, splits: true, unlabelled: true, metadata: Metadata::Any, ..Holds::LABEL },
    sniff,
    read,
    write: Some(|outline| Box::new(Lists::new(outline))),
    folder: false,
};

/// The one key of a file without splits.
const WHOLE: &str = "data";
/// Words of the names of splits.
const SPLITS: &[&str] = &["train", "training", "test", "testing", "dev", "val", "valid", "validation", "eval"];
/// What an element must be, for messages.
const VALID: &str = "[text, label], or an object with \"text\" and \"label\"";
/// What the whole must be, for messages.
const WHOLE_VALID: &str = "one JSON object: {split: [[text, label], ...], ...}";
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

/// Walks over a JSON object of arrays.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// The line of `counted`.
    line: u64,
    counted: usize,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, counted: 0 }
    }

    /// The next byte that is no white space, and its line.
    fn peek(&mut self) -> (Option<u8>, u64) {
        let bytes = self.text.as_bytes();
        self.at += bytes[self.at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.line += memchr::memchr_iter(b'\n', &bytes[self.counted..self.at]).count() as u64;
        self.counted = self.at;
        (bytes.get(self.at).copied(), self.line)
    }

    /// Steps over one of `wanted`, and says which.
    fn step(&mut self, wanted: &[u8], reading: &Reading) -> Result<u8, DataError> {
        let (next, line) = self.peek();
        if let Some(byte) = next.filter(|byte| wanted.contains(byte)) {
            self.at += 1;
            return Ok(byte);
        }
        let found = if next.is_none() {
            "the end of the file".to_owned()
        } else {
            let rest: String = self.text[self.at..].chars().take(61).collect();
            format!("'{}'", quote(&rest))
        };
        let wanted: Vec<String> = wanted.iter().map(|&byte| format!("'{}'", char::from(byte))).collect();
        let found = format!("{found} where {} is needed", wanted.join(" or "));
        Err(reading.error(&Place::line(line), found, WHOLE_VALID))
    }

    /// The next value, and its line.
    fn value<T: for<'de> Deserialize<'de>>(&mut self, reading: &Reading) -> Result<(u64, T), DataError> {
        let (_, line) = self.peek();
        let mut stream = serde_json::Deserializer::from_str(&self.text[self.at..]).into_iter::<T>();
        let found = match stream.next() {
            Some(Ok(value)) => {
                self.at += stream.byte_offset();
                return Ok((line, value));
            }
            Some(Err(error)) => {
                // The line of the mistake, counted from that of the value.
                let line = line + error.line().saturating_sub(1) as u64;
                return Err(reading.error(
                    &Place::line(line),
                    format!("broken JSON ({})", reason(&error)),
                    WHOLE_VALID,
                ));
            }
            None => "the end of the file",
        };
        Err(reading.error(&Place::line(line), found, WHOLE_VALID))
    }
}

/// The fields of records that are objects.
struct Fields<'a> {
    text: &'a str,
    label: &'a str,
    id: &'a str,
    /// The metadata columns seen, shared by all records.
    columns: FxHashMap<String, Key>,
}

fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let mut scan = Scan::new(input.text()?);
    let name = |asked: &'static str, option: &'_ Option<String>| option.clone().unwrap_or_else(|| asked.to_owned());
    let (text, label, id) = (name("text", &options.text), name("label", &options.label), name("id", &options.id));
    let mut fields = Fields { text: &text, label: &label, id: &id, columns: FxHashMap::default() };
    reading.outline.several = Some(false);
    scan.step(b"{", reading)?;
    let mut splits: Vec<(String, usize)> = Vec::new();
    let mut records = Vec::new();
    let mut all = 0;
    let mut next = if scan.peek().0 == Some(b'}') { scan.step(b"}", reading)? } else { b',' };
    while next == b',' {
        let (_, split) = scan.value::<String>(reading)?;
        scan.step(b":", reading)?;
        scan.step(b"[", reading)?;
        let key: Key = split.as_str().into();
        let first = records.len();
        let mut after = if scan.peek().0 == Some(b']') { scan.step(b"]", reading)? } else { b',' };
        while after == b',' {
            let (line, value) = scan.value::<Value>(reading)?;
            all += 1;
            match record(line, value, &mut fields) {
                Ok(record) => records.push(Record { split: Some(key.clone()), ..record }),
                Err(found) => reading.remarks.skip_malformed_at(&Place::line(line), found, VALID)?,
            }
            after = scan.step(b",]", reading)?;
        }
        splits.push((split, records.len() - first));
        next = scan.step(b",}", reading)?;
    }
    if let (Some(_), line) = scan.peek() {
        let rest: String = scan.text[scan.at..].chars().take(61).collect();
        let found = format!("'{}' after the object", quote(&rest));
        return Err(reading.error(&Place::line(line), found, WHOLE_VALID));
    }
    reading.remarks.check_malformed(all, VALID, "is it another format? try --from")?;
    let whole = matches!(splits.as_slice(), [(name, _)] if name == WHOLE);
    if !whole && !splits.is_empty() {
        let names: Vec<String> = splits.iter().map(|(name, n)| format!("{name} ({n})")).collect();
        reading.guess(format!("the keys are splits: {}", crate::error::list(&names)), Some("--from"));
    }
    for mut record in records {
        if whole {
            record.split = None;
        }
        reading.ids_from_column |= record.id.is_some();
        reading.push(record)?;
    }
    Ok(())
}

/// A record of an element; an error is a noun phrase.
fn record(line: u64, value: Value, names: &mut Fields) -> Result<Record, String> {
    let place = Place::line(line);
    let gold = |value: Option<&Value>| match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match scalar(value) {
            Some(label) => Ok(Some(Answer::labels([label]))),
            None => Err(format!("{} where a label is needed", shape(value))),
        },
    };
    match value {
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(_), label] => {
                let gold = gold(Some(label))?;
                let text = parts.into_iter().next().and_then(|text| scalar(&text));
                Ok(Record { place, text, gold, ..Record::default() })
            }
            _ => Err(shape(&Value::Array(parts))),
        },
        Value::Object(fields) if !matches!(fields.get(names.text), Some(Value::String(_))) => {
            Err(format!("{} without '{}'", shape(&Value::Object(fields)), quote(names.text)))
        }
        Value::Object(fields) => object(place, fields, names, gold),
        other => Err(shape(&other)),
    }
}

fn object(
    place: Place,
    fields: Map<String, Value>,
    names: &mut Fields,
    gold: impl Fn(Option<&Value>) -> Result<Option<Answer>, String>,
) -> Result<Record, String> {
    let mut record = Record { place, ..Record::default() };
    for (key, value) in fields {
        if key == names.text {
            record.text = scalar(&value);
        } else if key == names.label {
            record.gold = gold(Some(&value))?;
        } else if key == names.id && scalar(&value).is_some() {
            record.id = scalar(&value);
        } else {
            let column = names.columns.entry(key).or_insert_with_key(|key| key.as_str().into());
            record.metadata.push((column.clone(), value));
        }
    }
    Ok(record)
}

/// Gathers the records of each split.
struct Lists {
    /// Whether a record is an object: a pair has no room for more than text and label.
    objects: bool,
    /// Splits in the order of their first record, with their elements as JSON.
    splits: Vec<(String, Vec<u8>)>,
    by_name: FxHashMap<String, usize>,
    /// Whether other records have a split.
    with_splits: bool,
}

impl Lists {
    fn new(outline: &Outline) -> Self {
        let objects = outline.occurs.ids > 0 || !outline.columns.is_empty();
        let with_splits = outline.occurs.splits > 0;
        Self { objects, splits: Vec::new(), by_name: FxHashMap::default(), with_splits }
    }

    fn element(&self, record: &Record, losses: &mut Losses) -> Vec<u8> {
        let labels = record.gold.as_ref().and_then(|gold| gold.labels.as_ref());
        let label = labels.and_then(|labels| labels.first()).map(|choice| choice.label.as_str());
        if record.text.is_none() {
            losses.add(Loss::Text, &record.place, || "a record without text got an empty one".to_owned());
        }
        let mut out = Vec::new();
        if !self.objects {
            out.push(b'[');
            push_string(&mut out, record.text());
            out.extend_from_slice(b", ");
            match label {
                Some(label) => push_string(&mut out, label),
                None => out.extend_from_slice(b"null"),
            }
            out.push(b']');
            return out;
        }
        let mut fields = Map::new();
        if let Some(id) = &record.id {
            fields.insert("id".to_owned(), id.as_str().into());
        }
        fields.insert("text".to_owned(), record.text().into());
        fields.insert("label".to_owned(), label.into());
        for (key, value) in &record.metadata {
            if matches!(&**key, "id" | "text" | "label") || fields.contains_key(&**key) {
                losses.add(Loss::Metadata, &record.place, || format!("column '{}', a name that is taken", quote(key)));
            } else {
                fields.insert(key.to_string(), value.clone());
            }
        }
        // Writing a value into memory does not fail.
        let _ = serde_json::to_writer(&mut out, &fields);
        out
    }
}

impl Writer for Lists {
    fn record(&mut self, record: &Record, _: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let split = record.split.as_deref().unwrap_or(WHOLE);
        if record.split.is_none() && self.with_splits {
            let what = || format!("a record without split, written in '{WHOLE}'");
            losses.add(Loss::Splits, &record.place, what);
        }
        let element = self.element(record, losses);
        let place = if let Some(&place) = self.by_name.get(split) {
            place
        } else {
            self.splits.push((split.to_owned(), Vec::new()));
            self.by_name.insert(split.to_owned(), self.splits.len() - 1);
            self.splits.len() - 1
        };
        let list = &mut self.splits[place].1;
        list.extend_from_slice(if list.is_empty() { b"\n    " } else { b",\n    " });
        list.extend_from_slice(&element);
        Ok(())
    }

    fn finish(&mut self, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        if let [(name, _)] = self.splits.as_slice()
            && self.with_splits
            && name == WHOLE
        {
            let what = || format!("the split '{WHOLE}', which reads as none");
            losses.add(Loss::Splits, &Place::default(), what);
        }
        out.write(b"{")?;
        for (i, (name, list)) in self.splits.iter_mut().enumerate() {
            let mut key = if i == 0 { b"\n  ".to_vec() } else { b",\n  ".to_vec() };
            push_string(&mut key, name);
            key.extend_from_slice(b": [");
            out.write(&key)?;
            out.write(&std::mem::take(list))?;
            out.write(b"\n  ]")?;
        }
        out.write(b"\n}\n")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::corpus::Corpus;
    use crate::formats::{detect, testing};
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
