//! A `trueup.toml` beside the data: what its `[data]` section says of how the data are read.
//!
//! ```toml
//! [data]
//! format = "jsonl"
//! text = "userInput.text"
//!
//! [data.spans]
//! field = "labels"
//! start = "valueSpan.startIndex"
//! end = "valueSpan.endIndex"
//! label = "slot"
//! ```
//!
//! The words are those of the options, and an option wins over the file. Other sections are for other commands.

use serde_json::{Map, Value};
use trueup_core::Task;
use trueup_core::offsets::{OffsetUnit, Offsets};

use crate::corpus::{Answer, Choice, Key, Mark, Response};
use crate::error::{DataError, list, quote};
use crate::input::{Folder, Input};
use crate::json::{scalar, shape};
use crate::label_names;
use crate::options::{ReadOptions, Remarks};
use crate::settings::{NAME, Section, Setting, Settings};

/// The words of `[data]`.
const WORDS: &[&str] = &[
    "annotator",
    "answers",
    "format",
    "group",
    "header",
    "id",
    "label",
    "label_level",
    "label_names",
    "label_separator",
    "scheme",
    "spans",
    "split",
    "task",
    "text",
    "time",
];
/// The words of `[data.spans]`.
const SPAN_WORDS: &[&str] = &["end", "end_inclusive", "field", "label", "start", "unit"];
/// The words of `[data.answers]`.
const ANSWER_WORDS: &[&str] = &["annotator", "fields"];
/// The units of offsets.
const UNITS: [(&str, OffsetUnit); 4] = [
    ("code-point", OffsetUnit::CodePoint),
    ("utf-16", OffsetUnit::Utf16),
    ("byte", OffsetUnit::Byte),
    ("grapheme", OffsetUnit::Grapheme),
];

/// How the records of a JSON file say their answers, where that is not one of the usual ways.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    /// How spans are said.
    pub spans: Option<SpanFields>,
    /// How annotators' answers are said.
    pub answers: Option<AnswerFields>,
}

/// How a record says its spans: a list of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanFields {
    /// The field with the list.
    pub field: String,
    /// Where an object has the first position, such as `valueSpan.startIndex`; an absent one is 0.
    pub start: String,
    /// Where it has the last position.
    pub end: String,
    /// Where it has the type.
    pub label: String,
    /// What positions count.
    pub unit: OffsetUnit,
    /// Whether the last position belongs to the span.
    pub end_inclusive: bool,
}

/// How a record says what annotators answered: a field for each label, which lists who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerFields {
    /// The fields, which are the labels.
    pub fields: Vec<String>,
    /// Where an element of the list, when it is an object, has the annotator; else it is the annotator.
    pub annotator: String,
}

/// The value that a name such as `valueSpan.startIndex` leads to; a field of that very name comes first.
fn at<'a>(map: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    map.get(path).or_else(|| {
        let (outer, inner) = path.split_once('.')?;
        at(map.get(outer)?.as_object()?, inner)
    })
}

/// The field that such a name begins with.
fn outer<'a>(map: &Map<String, Value>, path: &'a str) -> &'a str {
    if map.contains_key(path) { path } else { path.split('.').next().unwrap_or(path) }
}

impl SpanFields {
    /// The spans that a record has; `None` when the field is absent, an error is a noun phrase.
    pub(crate) fn marks(&self, fields: &Map<String, Value>, text: &str) -> Result<Option<Vec<Mark>>, String> {
        let within = |found: String| format!("{found} in '{}'", quote(&self.field));
        let items = match at(fields, &self.field) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(within(format!("{} where a list of spans is needed", shape(other)))),
        };
        let offsets = Offsets::new(text, self.unit);
        items.iter().map(|item| self.mark(item, &offsets)).collect::<Result<_, _>>().map(Some).map_err(within)
    }

    fn mark(&self, item: &Value, offsets: &Offsets) -> Result<Mark, String> {
        let Value::Object(map) = item else {
            return Err(format!("{} where a span is needed", shape(item)));
        };
        let position = |path: &str, absent: Option<usize>| match (at(map, path), absent) {
            (None | Some(Value::Null), Some(absent)) => Ok(absent),
            (None, None) => Err(format!("a span without '{}'", quote(path))),
            (Some(value), _) => value
                .as_u64()
                .and_then(|n| usize::try_from(n).ok())
                .ok_or_else(|| format!("{} as '{}' of a span", shape(value), quote(path))),
        };
        let (start, end) = (position(&self.start, Some(0))?, position(&self.end, None)?);
        let (start, end) = offsets.range(start, end.saturating_add(usize::from(self.end_inclusive)))?;
        let label = at(map, &self.label).and_then(scalar).map(|label| label.trim().to_owned());
        let label = label.filter(|label| !label.is_empty());
        let label = label.ok_or_else(|| format!("a span without '{}'", quote(&self.label)))?;
        let used = [&self.start, &self.end, &self.label].map(|path| outer(map, path));
        let rest = map.iter().filter(|(key, _)| !used.contains(&key.as_str()));
        let attributes = rest.map(|(key, value)| (key.as_str().into(), value.clone())).collect();
        Ok(Mark { attributes, ..Mark::new(start, end, &label) })
    }
}

impl AnswerFields {
    /// What annotators answered, in the order in which they come; an error is a noun phrase. What else is said of an
    /// answer stands under its label.
    pub(crate) fn responses(&self, fields: &Map<String, Value>) -> Result<Vec<Response>, String> {
        let mut responses: Vec<Response> = Vec::new();
        for label in &self.fields {
            let within = |found: String| format!("{found} in '{}'", quote(label));
            let items = match fields.get(label) {
                None | Some(Value::Null) => continue,
                Some(Value::Array(items)) => items,
                Some(other) => return Err(within(format!("{} where a list of answers is needed", shape(other)))),
            };
            for item in items {
                let who = match item {
                    Value::Object(map) => at(map, &self.annotator),
                    other => Some(other),
                };
                let who = who.and_then(scalar);
                let who = who.ok_or_else(|| within(format!("an answer without '{}'", quote(&self.annotator))))?;
                // Few annotate one text.
                let place = responses.iter().position(|r| r.annotator.as_ref() == Some(&who));
                let place = place.unwrap_or_else(|| {
                    let answer = Answer { labels: Some(Vec::new()), ..Answer::default() };
                    responses.push(Response { annotator: Some(who), answer, ..Response::default() });
                    responses.len() - 1
                });
                let response = &mut responses[place];
                let labels = response.answer.labels.get_or_insert_default();
                if !labels.iter().any(|choice| choice.label == *label) {
                    labels.push(Choice { label: label.clone(), ..Choice::default() });
                }
                self.keep(&mut response.extra, label, item);
            }
        }
        Ok(responses)
    }

    /// Keeps what else an element says: an object, or a list of them where an annotator gives a label twice.
    fn keep(&self, extra: &mut Vec<(Key, Value)>, label: &str, item: &Value) {
        let Value::Object(map) = item else {
            return;
        };
        let mut rest = map.clone();
        rest.shift_remove(outer(map, &self.annotator));
        if rest.is_empty() {
            return;
        }
        let rest = Value::Object(rest);
        match extra.iter_mut().find(|(key, _)| **key == *label) {
            None => extra.push((label.into(), rest)),
            Some((_, Value::Array(all))) => all.push(rest),
            Some((_, one)) => *one = Value::Array(vec![one.take(), rest]),
        }
    }
}

/// The options with what a `trueup.toml` beside the input says where they say nothing, which is remarked.
pub(crate) fn beside(input: &Input, options: &ReadOptions, remarks: &mut Remarks) -> Result<ReadOptions, DataError> {
    let folder = match input.paths().first() {
        Some(first) => {
            let parent = first.parent().filter(|p| !p.as_os_str().is_empty());
            Some(Folder::open(parent.unwrap_or(std::path::Path::new(".")))?)
        }
        None => None,
    };
    let folder = folder.as_ref().or_else(|| input.folder()).or_else(|| input.beside());
    match folder.filter(|folder| folder.has(NAME)) {
        None => Ok(options.clone()),
        Some(folder) => {
            let file = folder.read(NAME)?;
            apply(&file, folder, options, remarks)
        }
    }
}

fn apply(
    input: &Input,
    folder: &Folder,
    options: &ReadOptions,
    remarks: &mut Remarks,
) -> Result<ReadOptions, DataError> {
    let text = match input.text() {
        Err(DataError::Empty { .. }) => return Ok(options.clone()),
        other => other?,
    };
    let settings = Settings::parse(&input.name, text)?;
    let Some(data) = settings.root().get("data") else {
        return Ok(options.clone());
    };
    let data = data.section(WORDS)?;
    let mut read = options.clone();
    let mut said: Vec<String> = Vec::new();
    let mut take = |word: &str, into: &mut Option<String>| -> Result<(), DataError> {
        if let Some(value) = data.get(word) {
            let value = value.name()?;
            if into.is_none() {
                said.push(format!("{word} is '{}'", quote(&value)));
                *into = Some(value);
            }
        }
        Ok(())
    };
    take("text", &mut read.text)?;
    take("label", &mut read.label)?;
    take("id", &mut read.id)?;
    take("group", &mut read.group)?;
    take("time", &mut read.time)?;
    take("split", &mut read.split)?;
    take("annotator", &mut read.annotator)?;
    take("label_separator", &mut read.label_separator)?;
    if let Some(value) = data.get("format") {
        let format = value.one_of(|name| name.parse().map_err(|e: crate::UnknownFormatName| e.valid))?;
        if read.from.is_none() {
            said.push(format!("format is {format}"));
            read.from = Some(format);
        }
    }
    if let Some(value) = data.get("task") {
        let tasks = [Task::Classification, Task::Multilabel, Task::Ner];
        let valid = || tasks.map(Task::name).join(", ");
        let task = value.one_of(|name| tasks.into_iter().find(|task| task.name() == name).ok_or_else(valid))?;
        if read.task.is_none() {
            said.push(format!("task is {task}"));
            read.task = Some(task);
        }
    }
    if let Some(value) = data.get("scheme") {
        let valid = || "IOB1, IOB2, IOE1, IOE2, IOBES, BILOU".to_owned();
        let scheme = value.one_of(|name| name.parse().map_err(|_| valid()))?;
        if read.scheme.is_none() {
            said.push(format!("scheme is {scheme}"));
            read.scheme = Some(scheme);
        }
    }
    if let Some(value) = data.get("label_level") {
        let level = value.count(1)? as usize;
        if read.label_level.is_none() {
            said.push(format!("label_level is {level}"));
            read.label_level = Some(level);
        }
    }
    if let Some(value) = data.get("header") {
        let header = value.flag()?;
        if read.header.is_none() {
            said.push(format!("header is {header}"));
            read.header = Some(header);
        }
    }
    if let Some(value) = data.get("label_names") {
        let names = if value.is_list() {
            let names: Result<Vec<_>, _> = value.items("")?.iter().map(Setting::name).collect();
            names?.into_iter().map(|name| (String::new(), name)).collect()
        } else {
            label_names::parse(&folder.read(&value.name()?)?)?
        };
        if read.label_names.is_none() {
            said.push(format!("label_names are {}", names.len()));
            read.label_names = Some(names);
        }
    }
    let mapping = Mapping {
        spans: data.get("spans").map(|value| span_fields(&value.section(SPAN_WORDS)?)).transpose()?,
        answers: data.get("answers").map(|value| answer_fields(&value.section(ANSWER_WORDS)?)).transpose()?,
    };
    if read.mapping.is_none() && mapping != Mapping::default() {
        if let Some(spans) = &mapping.spans {
            said.push(format!("spans are in '{}'", quote(&spans.field)));
        }
        if let Some(answers) = &mapping.answers {
            said.push(format!("annotators' answers are in {}", list(&answers.fields)));
        }
        read.mapping = Some(mapping);
    }
    if !said.is_empty() {
        remarks.guess(format!("{} says: {}", input.name, said.join(", ")), None);
    }
    Ok(read)
}

fn span_fields(table: &Section) -> Result<SpanFields, DataError> {
    let name = |word: &str, usual: &str| table.get(word).map_or_else(|| Ok(usual.to_owned()), |value| value.name());
    let unit = table.get("unit").map(|value| {
        let valid = || UNITS.map(|(name, _)| name).join(", ");
        let of = |name: &str| UNITS.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit);
        value.one_of(|name| of(name).ok_or_else(valid))
    });
    let inclusive = table.get("end_inclusive").map(|value| value.flag());
    Ok(SpanFields {
        field: name("field", "spans")?,
        start: name("start", "start")?,
        end: name("end", "end")?,
        label: name("label", "label")?,
        unit: unit.transpose()?.unwrap_or(OffsetUnit::CodePoint),
        end_inclusive: inclusive.transpose()?.unwrap_or(false),
    })
}

fn answer_fields(table: &Section) -> Result<AnswerFields, DataError> {
    let valid = "a list of fields, such as [\"yes\", \"no\"]";
    let listed = table.get("fields").ok_or_else(|| table.lacks("'fields'", valid))?;
    let items = listed.items(valid)?;
    if items.is_empty() {
        return Err(listed.wrong(valid));
    }
    let fields = items.iter().map(Setting::name).collect::<Result<_, _>>()?;
    let annotator = table.get("annotator").map(|value| value.name()).transpose()?;
    Ok(AnswerFields { fields, annotator: annotator.unwrap_or_else(|| "annotator".to_owned()) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::read::{Read, corpus};

    fn read_with(toml: &str, data: &str, options: &ReadOptions) -> Result<Read, DataError> {
        let beside = BTreeMap::from([(NAME.to_owned(), toml.as_bytes().to_vec())]);
        corpus(&Input::memory("d.jsonl", data.as_bytes().to_vec()).beside_memory(beside), options)
    }

    fn read(toml: &str, data: &str) -> Result<Read, DataError> {
        read_with(toml, data, &ReadOptions::default())
    }

    const SLOTS: &str = "{\"u\": {\"t\": \"é😀 to Zürich\"}, \"s\": [{\"at\": {\"from\": 7, \"to\": 12}, \"kind\": \"city\", \"n\": 1}, \
        {\"at\": {\"to\": 2}, \"kind\": \"x\"}]}\n{\"u\": {\"t\": \"no\"}}\n";

    #[test]
    fn spans_are_read_where_the_file_says() {
        let toml = "[rules]\nselect = 1\n[data]\ntext = \"u.t\"\n[data.spans]\nfield = \"s\"\nstart = \"at.from\"\n\
                    end = \"at.to\"\nlabel = \"kind\"\nunit = \"utf-16\"\nend_inclusive = true\n";
        let read = read(toml, SLOTS).unwrap();
        let record = &read.corpus.records[0];
        let spans = record.gold.as_ref().unwrap().spans.as_ref().unwrap();
        let covered: Vec<(&str, &str)> =
            spans.iter().map(|m| (&record.text()[m.start..m.end], m.label.as_str())).collect();
        assert_eq!(covered, [("Zürich", "city"), ("é😀", "x")]);
        assert_eq!(spans[0].attributes, [("n".into(), Value::from(1))]);
        assert_eq!(read.corpus.records[1].gold.as_ref().unwrap().spans, Some(Vec::new()));
        let said = &read.guesses.iter().find(|g| g.what.contains("trueup.toml")).unwrap().what;
        assert_eq!(said, "beside/trueup.toml says: text is 'u.t', spans are in 's'");
    }

    #[test]
    fn answers_are_read_where_the_file_says() {
        let data = "{\"text\": \"a b\", \"yes\": [{\"annotator\": 2, \"why\": \"w\"}, {\"annotator\": 0}], \"no\": [{\"annotator\": 2}], \
                    \"idk\": [1], \"error_labels\": \"x\"}\n{\"text\": \"c d\", \"yes\": 5}\n{\"text\": \"c d\", \"yes\": []}\n";
        let read = read("[data.answers]\nfields = [\"yes\", \"no\", \"idk\"]\n", data).unwrap();
        let answers: Vec<(&str, Vec<&str>)> = read.corpus.records[0]
            .responses
            .iter()
            .map(|r| {
                let labels = r.answer.labels.iter().flatten().map(|c| c.label.as_str()).collect();
                (r.annotator.as_deref().unwrap(), labels)
            })
            .collect();
        assert_eq!(answers, [("2", vec!["yes", "no"]), ("0", vec!["yes"]), ("1", vec!["idk"])]);
        assert_eq!(read.corpus.records[0].responses[0].extra, [("yes".into(), serde_json::json!({"why": "w"}))]);
        assert!(read.corpus.records.iter().all(|r| r.gold.is_none()));
        assert_eq!(read.skipped[0].reason, "5 where a list of answers is needed in 'yes'");
    }

    #[test]
    fn options_win_and_what_is_wrong_has_a_line() {
        let data = "{\"a\": \"one two\", \"b\": \"three four\", \"label\": \"x\"}\n";
        let options = ReadOptions { text: Some("b".into()), ..ReadOptions::default() };
        assert_eq!(read("[data]\ntext = \"a\"", data).unwrap().corpus.records[0].text(), "one two");
        assert_eq!(read_with("[data]\ntext = \"a\"", data, &options).unwrap().corpus.records[0].text(), "three four");
        for (toml, says) in [
            ("[data]\n\ntxet = \"a\"\n", "line 3, column 1: found 'txet' in [data]; valid: annotator, answers, "),
            ("[data]\ntxet = \"a\"\n", "hint: 'text' is meant?"),
            ("[data.spans]\nstrat = \"a\"\n", "line 2, column 1: found 'strat' in [data.spans]; valid: end, "),
            (
                "[data.spans]\nunit = \"chars\"\n",
                "found \"chars\" as 'unit'; valid: code-point, utf-16, byte, grapheme",
            ),
            ("[data]\nformat = \"xml\"\n", "as 'format'; valid: parquet, "),
            ("[data]\ntask = 1\n", "as 'task'; valid: classification, multilabel, ner"),
            ("[data]\nlabel_level = 0\n", "a number from 1"),
            ("[data]\nlabel_names = \"../x\"\n", "leads out of the folder"),
            ("data = 1\n", "found 1 as 'data'; valid: a table [data]"),
            ("[data.answers]\n", "[data.answers] without 'fields'"),
            ("[data\n", "beside/trueup.toml: line 1, column "),
        ] {
            let message = read(toml, data).unwrap_err().to_string();
            assert!(message.starts_with("beside") && message.contains(says), "{toml}: {message}");
        }
        assert!(read("", data).is_ok() && read("[rules]\n", data).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_file_is_too_broken_for_a_message(toml in "(\\[data(\\.spans|\\.answers)?\\]\n|[a-z_]{1,6} ?= ?|\"[a-z.]*\"|[0-9]|true|\\[|\\]|\n|,|\\PC){0,20}") {
            let _ = read(&toml, SLOTS);
        }
    }
}
