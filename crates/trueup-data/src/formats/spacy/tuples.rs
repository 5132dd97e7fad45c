//! Pairs of a text and its annotations, as spaCy's first versions were trained on and as `Example.from_dict` takes them:
//! `["text", {"entities": [[0, 4, "PERSON"]], "cats": {"POSITIVE": 1.0}}]`, in one JSON array or one a line.
//!
//! The export of NER Annotator is the same in an object: `{"classes": [...], "annotations": [...]}`.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::cats::{self, Labels as Universe};
use crate::corpus::{Answer, Key, Mark, Place, Record};
use crate::error::{DataError, quote};
use crate::formats::{Spec, Writer};
use crate::head::{Confidence, Json};
use crate::holds::{Holds, Labels, Loss, Losses, Spans, Texts};
use crate::input::Input;
use crate::json::{elements, push_string, scalar, shape};
use crate::options::{ReadOptions, count};
use crate::output::Output;
use crate::reading::Reading;

/// spaCy's tuples of text and annotations.
pub(crate) const SPEC: Spec = Spec {
    name: "spacy-tuples",
    aliases: &[],
    title: "spaCy's pairs of text and annotations, as JSON",
    ending: ".json",
    holds: Holds {
        texts: Texts::Any,
        labels: Labels::Set,
        spans: Spans::Any,
        both: true,
        fields: true,
        unlabelled: true,
        ..Holds::LABEL
    },
    sniff: |head| match (head.json, head.values.as_slice()) {
        (Json::Array, [Value::String(_), ..]) if head.text.is_some_and(begins_with_pair) => Confidence::Certain,
        (Json::Array, values) if !values.is_empty() && values.iter().all(is_pair) => Confidence::Certain,
        (Json::Object, [Value::Object(fields)]) if is_annotator(fields) => Confidence::Certain,
        _ => Confidence::No,
    },
    read,
    write: Some(|outline| Box::new(Pairs { universe: Universe::new(outline), rows: Vec::new(), overlap: false })),
    folder: false,
};

const VALID: &str = "[\"text\", {\"entities\": [[start, end, label], ...], \"cats\": {label: 0 or 1}}]";
/// The group of spans that would be entities if they did not overlap.
pub(super) const OVERLAPPING: &str = "overlapping";

fn is_annotations(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| ["entities", "cats", "spans"].iter().any(|key| fields.contains_key(*key)))
}

fn is_pair(value: &Value) -> bool {
    matches!(value.as_array().map(Vec::as_slice), Some([Value::String(_), annotations]) if is_annotations(annotations))
}

/// Whether the first line is a pair.
fn begins_with_pair(text: &str) -> bool {
    let line = text.lines().find(|line| !line.trim().is_empty());
    line.and_then(|line| serde_json::from_str(line).ok()).is_some_and(|value| is_pair(&value))
}

fn is_annotator(fields: &Map<String, Value>) -> bool {
    let pairs = fields.get("annotations").and_then(Value::as_array);
    fields.contains_key("classes") && pairs.is_some_and(|pairs| pairs.iter().filter(|p| !p.is_null()).all(is_pair))
}

/// What is counted while pairs are read.
#[derive(Default)]
struct Seen {
    labels: FxHashSet<String>,
    predicted: cats::Predicted,
    broken: usize,
    first: String,
    empty: usize,
}

fn read(input: &Input, _: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let text = input.text()?;
    let mut seen = Seen::default();
    let mut number = 0;
    let start = text.trim_start();
    if start.starts_with('{') {
        let Value::Object(mut fields) = crate::json::value(text, reading.remarks)? else {
            return Err(reading.error(&Place::line(1), "no object", VALID));
        };
        for class in fields.get("classes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            reading.outline.declare_span(class);
        }
        for pair in fields.get_mut("annotations").and_then(Value::as_array_mut).into_iter().flatten() {
            number += 1;
            // Texts that nobody came to.
            if pair.is_null() {
                seen.empty += 1;
            } else {
                take(pair.take(), &Place::row(number), &mut seen, reading)?;
            }
        }
    } else if start.starts_with('[') && start[1..].trim_start().starts_with('"') {
        for (line, text) in (1..).zip(text.split('\n')).filter(|(_, text)| !text.trim().is_empty()) {
            number += 1;
            match serde_json::from_str(text) {
                Ok(pair) => take(pair, &Place::line(line), &mut seen, reading)?,
                Err(error) => {
                    let found = format!("'{}' ({})", quote(text), crate::json::reason(&error));
                    reading.remarks.skip_malformed(line, found, VALID)?;
                }
            }
        }
    } else {
        for element in elements(text) {
            let (line, pair) = element.map_err(|(line, found)| reading.remarks.error(line, found, VALID))?;
            number += 1;
            take(pair, &Place::line(line), &mut seen, reading)?;
        }
    }
    if seen.broken > 0 {
        reading.note(format!("{} left out (first: {})", count(seen.broken, "broken span"), seen.first));
    }
    if seen.empty > 0 {
        reading.note(format!("{} without annotations left out", count(seen.empty, "entry")));
    }
    seen.predicted.note(reading);
    reading.remarks.check_malformed(number as usize, VALID, "is it another format? try --from")
}

fn take(pair: Value, place: &Place, seen: &mut Seen, reading: &mut Reading) -> Result<(), DataError> {
    let (text, annotations) = match pair {
        Value::Array(parts) => match <[Value; 2]>::try_from(parts) {
            Ok([Value::String(text), Value::Object(annotations)]) => (text, annotations),
            Ok([a, b]) => {
                let found = format!("{} and {}", shape(&a), shape(&b));
                return reading.remarks.skip_malformed_at(place, found, VALID);
            }
            Err(parts) => {
                let found = format!("a list of {}", count(parts.len(), "value"));
                return reading.remarks.skip_malformed_at(place, found, VALID);
            }
        },
        other => return reading.remarks.skip_malformed_at(place, shape(&other), VALID),
    };
    let mut record = Record { place: place.clone(), ..Record::default() };
    let mut answer = Answer::default();
    let offsets = Offsets::new(&text, OffsetUnit::CodePoint);
    for (key, value) in annotations {
        let known = match (key.as_str(), &value) {
            ("entities", Value::Array(spans)) => {
                let marks = answer.spans.get_or_insert_default();
                spans.iter().for_each(|span| push(span, None, &offsets, place, marks, seen));
                true
            }
            ("spans", Value::Object(groups)) => {
                let marks = answer.spans.get_or_insert_default();
                for (group, spans) in groups {
                    let field = (group != OVERLAPPING).then(|| Key::from(group.as_str()));
                    for span in spans.as_array().into_iter().flatten() {
                        push(span, field.as_ref(), &offsets, place, marks, seen);
                    }
                }
                true
            }
            ("cats", Value::Object(values)) => {
                let values = values.iter().map(|(label, value)| (label.as_str(), cats::number(value)));
                match cats::read(values, true, &mut seen.labels, reading) {
                    Ok((labels, prediction)) => {
                        answer.labels = labels;
                        if let Some(prediction) = prediction {
                            seen.predicted.add(place);
                            record.predictions.push(prediction);
                        }
                    }
                    Err(found) => return reading.remarks.skip_malformed_at(place, found, VALID),
                }
                true
            }
            _ => false,
        };
        if !known {
            record.metadata.push((key.into(), value));
        }
    }
    record.gold = Some(answer).filter(|answer| !answer.is_empty());
    record.text = Some(text);
    reading.push(record)
}

/// Takes a span, `[start, end, label]` with or without a link to a knowledge base, or an object of these names.
fn push(span: &Value, field: Option<&Key>, offsets: &Offsets, place: &Place, marks: &mut Vec<Mark>, seen: &mut Seen) {
    let part = |i: usize, name: &str| span.get(i).or_else(|| span.get(name));
    let number = |value: Option<&Value>| value.and_then(Value::as_u64).map(|n| n as usize);
    let found = match (
        number(part(0, "start")),
        number(part(1, "end")),
        part(2, "label").map_or(Some(String::new()), scalar),
    ) {
        (Some(start), Some(end), Some(label)) => match offsets.range(start, end) {
            Ok((start, end)) => {
                let mut mark = Mark { field: field.cloned(), ..Mark::new(start, end, label) };
                if let Some(link) = part(3, "kb_id").and_then(scalar).filter(|link| !link.is_empty()) {
                    mark.attributes.push(("kb_id".into(), link.into()));
                }
                return marks.push(mark);
            }
            Err(found) => found,
        },
        _ => format!("{} where a span is [start, end, label]", shape(span)),
    };
    seen.broken += 1;
    if seen.first.is_empty() {
        seen.first = format!("{found}, at {place}");
    }
}

/// Start and end in code points, and label.
type Span = (usize, usize, String);

/// A record that waits until all labels are known.
struct Row {
    text: String,
    entities: Option<Vec<Span>>,
    groups: Vec<(Key, Vec<Span>)>,
    labels: Option<Vec<usize>>,
}

/// Writes pairs, one a line of one array.
struct Pairs {
    universe: Universe,
    rows: Vec<Row>,
    /// Whether spans without a group overlap anywhere.
    overlap: bool,
}

impl Writer for Pairs {
    fn record(&mut self, record: &Record, _: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let Some(text) = record.text.clone() else {
            losses.add(Loss::Record, &record.place, || "a record without text".to_owned());
            return Ok(());
        };
        let offsets = Offsets::new(&text, OffsetUnit::CodePoint);
        let marks = record.gold.as_ref().and_then(|gold| gold.spans.as_ref());
        let (mut entities, mut groups) = (Vec::new(), Vec::<(Key, Vec<_>)>::new());
        for mark in marks.into_iter().flatten() {
            let (Some(start), Some(end)) = (offsets.from_byte(mark.start), offsets.from_byte(mark.end)) else {
                losses
                    .add(Loss::Spans, &record.place, || format!("a span '{}' outside of the text", quote(&mark.label)));
                continue;
            };
            let span = (start, end, mark.label.clone());
            match &mark.field {
                None => entities.push(span),
                Some(name) => match groups.iter_mut().find(|(group, _)| group == name) {
                    Some((_, spans)) => spans.push(span),
                    None => groups.push((name.clone(), vec![span])),
                },
            }
        }
        entities.sort_by_key(|&(start, end, _)| (start, end));
        self.overlap |= entities.windows(2).any(|pair| pair[1].0 < pair[0].1);
        let labels = self.universe.of(record, losses);
        drop(offsets);
        self.rows.push(Row { text, entities: marks.map(|_| entities), groups, labels });
        Ok(())
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        let order = self.universe.order();
        for (i, row) in self.rows.iter().enumerate() {
            let buffer = out.buffer();
            buffer.extend(if i == 0 { b"[\n[" } else { b",\n[" });
            push_string(buffer, &row.text);
            buffer.extend(b", {");
            let mut first = true;
            let mut key = |buffer: &mut Vec<u8>, key: &str| {
                buffer.extend(if std::mem::take(&mut first) { &b"\""[..] } else { b", \"" });
                buffer.extend(key.as_bytes());
                buffer.extend(b"\": ");
            };
            let mut groups: Vec<(&str, &[_])> = row.groups.iter().map(|(name, spans)| (&**name, &**spans)).collect();
            if let Some(entities) = &row.entities {
                if self.overlap {
                    groups.push((OVERLAPPING, entities));
                } else if !entities.is_empty() || groups.is_empty() {
                    key(buffer, "entities");
                    push_spans(buffer, entities);
                }
            }
            if !groups.is_empty() {
                key(buffer, "spans");
                for (j, (name, spans)) in groups.into_iter().enumerate() {
                    buffer.extend(if j == 0 { &b"{"[..] } else { b", " });
                    push_string(buffer, name);
                    buffer.extend(b": ");
                    push_spans(buffer, spans);
                }
                buffer.push(b'}');
            }
            if let Some(labels) = &row.labels {
                key(buffer, "cats");
                buffer.push(b'{');
                for (j, (label, value)) in self.universe.values(&order, labels).enumerate() {
                    buffer.extend(if j == 0 { &b""[..] } else { b", " });
                    push_string(buffer, label);
                    buffer.extend(if value { b": 1.0" } else { b": 0.0" });
                }
                buffer.push(b'}');
            }
            buffer.extend(b"}]");
            out.flush_if_full()?;
        }
        out.write(if self.rows.is_empty() { b"[]\n" } else { b"\n]\n" })
    }
}

fn push_spans(out: &mut Vec<u8>, spans: &[Span]) {
    out.push(b'[');
    for (i, (start, end, label)) in spans.iter().enumerate() {
        out.extend(format!("{}[{start}, {end}, ", if i == 0 { "" } else { ", " }).as_bytes());
        push_string(out, label);
        out.push(b']');
    }
    out.push(b']');
}
