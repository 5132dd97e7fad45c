//! What JSON-MIN and the tables share: a row holds the task and one annotation; rows of one task are one record.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::read::Spans;
use super::results::{self, Tally, Target};
use super::task::Asked;
use super::{COMMENT, Keys, RESULTS, choices_name};
use crate::corpus::{Answer, Choice, Key, Mark, Place, Record, Response};
use crate::error::DataError;
use crate::reading::Reading;

/// The columns that every row has.
pub(super) const OWN: &[&str] = &["id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"];

/// What a row's output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Spans.
    Spans,
    /// Labels of the text.
    Labels,
    /// Anything else.
    Other,
}

/// What a value of an output is, where it shows it.
pub(super) fn kind(value: &Value) -> Option<Kind> {
    let of = |value: &Value| {
        let has = |key: &str| value.get(key).is_some_and(Value::is_array);
        if value.get("start").is_some() && (has("labels") || has("hypertextlabels")) {
            Kind::Spans
        } else if value.get("start").is_none() && (has("choices") || has("taxonomy")) || value.is_string() {
            Kind::Labels
        } else {
            Kind::Other
        }
    };
    match value {
        Value::Null => None,
        Value::Array(list) => {
            let first = of(list.first()?);
            Some(if list.iter().all(|value| of(value) == first) { first } else { Kind::Other })
        }
        value => Some(of(value)),
    }
}

/// Who made a row's annotation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum By {
    /// The row does not say: the reference, or no annotation at all.
    #[default]
    Nobody,
    /// The row says that it is not known.
    Unknown,
    /// That name.
    Name(String),
}

/// A row.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub id: Option<String>,
    pub text: String,
    pub metadata: Vec<(Key, Value)>,
    pub by: By,
    pub response: Response,
    /// Whether there is an annotation at all, as far as outputs tell.
    pub answered: bool,
    /// The parts that the row says were not asked.
    pub not_asked: Asked,
    pub tally: Tally,
}

/// What an output is called, what it is and its value.
pub(super) type Output = (String, Kind, Value);

/// Outputs of one annotation become an answer.
pub(super) fn take(outputs: Vec<Output>, row: &mut Row, unit: OffsetUnit, keys: &mut Keys) {
    let mut list = Vec::new();
    let text = std::mem::take(&mut row.text);
    let mut answer = Answer::default();
    for (name, kind, value) in outputs {
        row.answered |= !value.is_null();
        let result = |value: Value, kind: &str| serde_json::json!({"from_name": name, "to_name": "text", "type": kind, "value": value});
        match (kind, value) {
            (Kind::Spans, Value::Null) => row.not_asked.spans = true,
            (Kind::Labels, Value::Null) => row.not_asked.labels = true,
            (_, Value::Null) => {}
            (Kind::Labels, Value::String(comment)) if name == COMMENT => answer.comment = Some(comment),
            (Kind::Labels, value) => {
                answer.labels.get_or_insert_default();
                let items = match value {
                    Value::Array(items) => items,
                    one => vec![one],
                };
                for item in items {
                    let kind = if item.get("taxonomy").is_some() { "taxonomy" } else { "choices" };
                    let item = if item.is_object() { item } else { serde_json::json!({ "choices": [item] }) };
                    list.push(result(item, kind));
                }
            }
            (Kind::Spans, Value::Array(items)) => {
                answer.spans.get_or_insert_default();
                for item in items {
                    let kind = if item.get("hypertextlabels").is_some() { "hypertextlabels" } else { "labels" };
                    list.push(result(item, kind));
                }
            }
            (_, value) => row.response.extra.push((keys.get(&name), value)),
        }
    }
    {
        let offsets = Offsets::new(&text, unit);
        let other = if unit == OffsetUnit::Utf16 { OffsetUnit::CodePoint } else { OffsetUnit::Utf16 };
        let other = text.bytes().any(|b| b >= 0xf0).then(|| Offsets::new(&text, other));
        let is_elsewhere = |_: &str| false;
        let target = Target {
            text: &text,
            offsets: &offsets,
            other: other.as_ref(),
            to_name: "text",
            is_elsewhere: &is_elsewhere,
        };
        let taken = results::take(list, &target, keys, &mut row.tally);
        answer.labels = join(answer.labels, taken.answer.labels);
        answer.spans = join(answer.spans, taken.answer.spans);
        // Which levels are those of a taxonomy is all that is kept of labels here.
        let kept: Vec<Value> = taken.kept.into_iter().filter(|entry| entry.get("value").is_some()).collect();
        if !kept.is_empty() {
            row.response.extra.push((keys.get(RESULTS), Value::Array(kept)));
        }
    }
    row.text = text;
    row.response.answer = answer;
}

fn join<T>(asked: Option<Vec<T>>, found: Option<Vec<T>>) -> Option<Vec<T>> {
    found.or(asked)
}

/// Rows of one task become one record, in the order of first rows.
pub(super) fn push(rows: Vec<(Place, Row)>, reading: &mut Reading) -> Result<(), DataError> {
    let mut asked = Asked::default();
    for (_, row) in &rows {
        asked.labels |= row.response.answer.labels.is_some();
        asked.spans |= row.response.answer.spans.is_some();
    }
    let usual = choices_name(asked.spans);
    let mut tasks: Vec<(Record, Vec<Row>)> = Vec::new();
    let mut known: FxHashMap<String, usize> = FxHashMap::default();
    let mut spans = Spans::default();
    for (place, mut row) in rows {
        spans.add(&mut row.tally, &place, reading)?;
        let same = row.id.as_ref().and_then(|id| known.get(id)).copied();
        let same = same.filter(|&i| tasks[i].0.text.as_deref() == Some(row.text.as_str()));
        let i = same.unwrap_or_else(|| {
            if let Some(id) = &row.id {
                known.insert(id.clone(), tasks.len());
            }
            let (text, metadata) = (std::mem::take(&mut row.text), std::mem::take(&mut row.metadata));
            tasks.push((
                Record { id: row.id.take(), place, text: Some(text), metadata, ..Record::default() },
                Vec::new(),
            ));
            tasks.len() - 1
        });
        tasks[i].1.push(row);
    }
    for (mut record, rows) in tasks {
        let is_gold = |row: &Row| {
            let r = &row.response;
            let details = r.id.is_some() || r.time.is_some() || r.seconds.is_some() || !r.extra.is_empty();
            row.by == By::Nobody && !details
        };
        let one = rows.iter().filter(|row| is_gold(row) && row.answered).count() == 1;
        for mut row in rows {
            let gold = is_gold(&row);
            if gold && !row.answered {
                continue;
            }
            let answer = &mut row.response.answer;
            if asked.labels && !row.not_asked.labels {
                answer.labels.get_or_insert_default();
            }
            if asked.spans && !row.not_asked.spans {
                answer.spans.get_or_insert_default();
            }
            for choice in answer.labels.iter_mut().flatten() {
                if choice.field.as_deref() == Some(usual) {
                    choice.field = None;
                }
            }
            if gold && one {
                record.gold = Some(row.response.answer);
            } else {
                if let By::Name(name) = row.by {
                    row.response.annotator = Some(name);
                }
                record.responses.push(row.response);
            }
        }
        reading.push(record)?;
    }
    spans.say("", reading);
    reading.ids_from_column = reading.outline.occurs.ids == reading.outline.occurs.records;
    Ok(())
}

/// The value of an output of spans.
pub(super) fn spans_value(marks: &[Mark], text: &str, offsets: &Offsets) -> Value {
    let value = |mark: &Mark| {
        let offset = |byte| offsets.from_byte(byte).unwrap_or(0);
        let quoted = text.get(mark.start..mark.end).unwrap_or_default();
        serde_json::json!({"start": offset(mark.start), "end": offset(mark.end), "text": quoted, "labels": [mark.label]})
    };
    Value::Array(marks.iter().map(value).collect())
}

/// The value of an output of labels: one alone as it is, others in a list.
pub(super) fn labels_value(labels: &[&Choice], plain: impl Fn(&str) -> bool) -> Value {
    match labels {
        [one] if plain(&one.label) => Value::from(one.label.as_str()),
        all => {
            let names: Vec<&str> = all.iter().map(|choice| choice.label.as_str()).collect();
            results::choices_value("choices", &names)
        }
    }
}

/// The outputs of an answer by name; a part that was not asked while others were asked for it is null.
pub(super) fn outputs(answer: &Answer, text: &str, labels: bool, spans: bool) -> Vec<(String, Value)> {
    let offsets = Offsets::new(text, OffsetUnit::Utf16);
    let mut outputs: Vec<(String, Value)> = Vec::new();
    match &answer.spans {
        Some(marks) => {
            let mut fields: Vec<&str> = Vec::new();
            for mark in marks {
                let field = mark.field.as_deref().unwrap_or(super::SPANS);
                if !fields.contains(&field) {
                    fields.push(field);
                }
            }
            if fields.is_empty() {
                fields.push(super::SPANS);
            }
            for field in fields {
                let of_field: Vec<Mark> =
                    marks.iter().filter(|m| m.field.as_deref().unwrap_or(super::SPANS) == field).cloned().collect();
                outputs.push((field.to_owned(), spans_value(&of_field, text, &offsets)));
            }
        }
        None if spans => outputs.push((super::SPANS.to_owned(), Value::Null)),
        None => {}
    }
    let usual = choices_name(spans);
    match &answer.labels {
        Some(all) => {
            let mut fields: Vec<&str> = Vec::new();
            for choice in all {
                let field = choice.field.as_deref().unwrap_or(usual);
                if !fields.contains(&field) {
                    fields.push(field);
                }
            }
            if fields.is_empty() {
                fields.push(usual);
            }
            for field in fields {
                let of_field: Vec<&Choice> =
                    all.iter().filter(|choice| choice.field.as_deref().unwrap_or(usual) == field).collect();
                outputs.push((field.to_owned(), labels_value(&of_field, |_| true)));
            }
        }
        None if labels => outputs.push((usual.to_owned(), Value::Null)),
        None => {}
    }
    outputs
}

/// Fills in what a row says of its annotation from its own columns.
pub(super) fn own(row: &mut Row, name: &str, value: &Value, keys: &mut Keys) {
    match name {
        "id" => row.id = crate::json::scalar(value),
        "annotator" => {
            row.by = match value {
                Value::Null => By::Unknown,
                value => super::who(value).map_or(By::Nobody, By::Name),
            }
        }
        "annotation_id" => row.response.id = crate::json::scalar(value).filter(|id| !id.is_empty()),
        "created_at" => row.response.time = value.as_str().filter(|time| !time.is_empty()).map(str::to_owned),
        "lead_time" => row.response.seconds = value.as_f64(),
        _ => {
            if value.as_str().is_some_and(|time| !time.is_empty()) {
                row.response.extra.push((keys.get(name), value.clone()));
            }
        }
    }
}

/// Fields of an object by name.
pub(super) fn fields(value: Value) -> Result<Map<String, Value>, String> {
    match value {
        Value::Object(fields) => Ok(fields),
        other => Err(format!("{} where an object is needed", crate::json::shape(&other))),
    }
}
