//! doccano's tasks become records.

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::{LABELS, is_image, is_label_type};
use crate::corpus::{Answer, Choice, Key, Mark, Place, Record, Relation, Response};
use crate::error::{DataError, quote};
use crate::formats::tasks::{Keys, SpanCheck, objects, position};
use crate::input::Input;
use crate::json::{scalar, shape};
use crate::options::{ReadOptions, count};
use crate::reading::Reading;

const VALID: &str = "a task with a 'text', and its labels, entities or annotations in lists";

/// Reads doccano's JSON lines or array.
pub(super) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let objects = objects(input.text()?, reading.remarks)?;
    let total = objects.len() + reading.remarks.skipped.len();
    if let Some(first) = objects.first() {
        let all = |test: fn(&Map<String, Value>) -> bool| objects.iter().all(|object| test(&object.fields));
        let found = match () {
            () if all(is_label_type) => "the definition of a label, and no text with labels",
            () if all(is_image) => "a task on an image",
            () => "",
        };
        if !found.is_empty() {
            return Err(reading.error(&Place::line(first.line), found, "the export of the texts"));
        }
    }
    // An empty list is of the kind that the others of its field are.
    let is_span = |item: &Value| item.is_array() || item.get("start_offset").is_some();
    let mut span_fields: FxHashSet<&str> = FxHashSet::default();
    for fields in objects.iter().map(|o| &o.fields) {
        for key in LABELS {
            if *key == "entities" || fields.get(*key).and_then(Value::as_array).is_some_and(|i| i.iter().any(is_span)) {
                span_fields.insert(key);
            }
        }
    }
    let mut reader = Reader {
        text: options.text.as_deref(),
        label: options.label.as_deref(),
        span_fields,
        keys: Keys::default(),
        spans: SpanCheck::default(),
        numbers: 0,
    };
    for object in objects {
        let place = Place::line(object.line);
        match reader.record(&place, object.fields, reading)? {
            Ok(record) => reading.push(record)?,
            Err(found) => reading.remarks.skip_malformed_at(&place, found, VALID)?,
        }
    }
    reading.remarks.check_malformed(total, VALID, "is it another format? try --from")?;
    let numbers = reader.numbers;
    reader.spans.say(reading)?;
    if numbers > 0 {
        reading.note(format!(
            "the labels of {} are numbers, since this export leaves their names in the project",
            count(numbers, "answer")
        ));
    }
    Ok(())
}

struct Reader<'a> {
    text: Option<&'a str>,
    label: Option<&'a str>,
    /// Fields that hold spans; the others hold labels.
    span_fields: FxHashSet<&'a str>,
    keys: Keys,
    spans: SpanCheck,
    /// Answers whose labels are numbers.
    numbers: usize,
}

impl Reader<'_> {
    /// A record; the inner error is a noun phrase that says why there is none.
    fn record(
        &mut self,
        place: &Place,
        fields: Map<String, Value>,
        reading: &mut Reading,
    ) -> Result<Result<Record, String>, DataError> {
        let names = self.text.map_or_else(|| vec!["text", "data"], |asked| vec![asked]);
        let Some((name, value)) = names.iter().find_map(|name| Some((*name, fields.get(*name)?))) else {
            return Ok(Err(format!("no '{}'", quote(names[0]))));
        };
        let Some(text) = value.as_str().map(str::to_owned) else {
            return Ok(Err(format!("{} in '{}'", shape(value), quote(name))));
        };
        let text_name = name.to_owned();
        let mut record = Record { place: place.clone(), ..Record::default() };
        let mut gold = Answer::default();
        let mut relations = Value::Null;
        let mut known: FxHashMap<String, String> = FxHashMap::default();
        for (key, value) in fields {
            if key == text_name || value.is_null() {
                continue;
            }
            let done = match key.as_str() {
                "annotations" => self.annotations(&text, &value, &mut record, &mut gold, reading)?,
                name if self.label.map_or(LABELS.contains(&name), |label| label == name) => {
                    self.labels(name, &text, &value, place, (&mut gold, &mut known), reading)?
                }
                "relations" => {
                    relations = value;
                    Ok(())
                }
                "Comments" | "comments" => {
                    let comments = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
                    let words = comments.iter().filter_map(|c| scalar(c).or_else(|| c.get("text").and_then(scalar)));
                    let words: Vec<String> = words.collect();
                    gold.comment = (!words.is_empty()).then(|| words.join("\n"));
                    Ok(())
                }
                "id" if scalar(&value).is_some() => {
                    record.id = scalar(&value);
                    Ok(())
                }
                _ => {
                    self.keys.take(&key, value, &mut record.metadata);
                    Ok(())
                }
            };
            if let Err(found) = done {
                return Ok(Err(format!("{found} in '{}'", quote(&key))));
            }
        }
        self.relations(&relations, &known, place, &mut gold, reading)?;
        record.gold = Some(gold).filter(|gold| !gold.is_empty());
        record.text = Some(text);
        Ok(Ok(record))
    }

    /// A list of labels or spans, or one label.
    fn labels(
        &mut self,
        key: &str,
        text: &str,
        value: &Value,
        place: &Place,
        (gold, known): (&mut Answer, &mut FxHashMap<String, String>),
        reading: &mut Reading,
    ) -> Result<Result<(), String>, DataError> {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            single if scalar(single).is_some() => std::slice::from_ref(single),
            other => return Ok(Err(shape(other))),
        };
        let spans = match items.first() {
            None => self.span_fields.contains(key),
            Some(first) => first.is_array() || first.is_object(),
        };
        if !spans {
            let labels = gold.labels.get_or_insert_default();
            for item in items {
                match scalar(item) {
                    Some(label) => labels.push(Choice { label, ..Choice::default() }),
                    None => return Ok(Err(format!("{} among labels", shape(item)))),
                }
            }
            return Ok(Ok(()));
        }
        let offsets = Offsets::new(text, OffsetUnit::CodePoint);
        gold.spans.get_or_insert_default();
        for item in items {
            if let Some((mark, id)) = self.span(text, &offsets, item, place, reading)? {
                if let (Some(id), Some(name)) = (id, &mark.id) {
                    known.insert(id, name.clone());
                }
                gold.spans.get_or_insert_default().push(mark);
            }
        }
        Ok(Ok(()))
    }

    /// A span and the number that relations know it by.
    fn span(
        &mut self,
        text: &str,
        offsets: &Offsets,
        item: &Value,
        place: &Place,
        reading: &mut Reading,
    ) -> Result<Option<(Mark, Option<String>)>, DataError> {
        let part = |i: usize, key: &str| item.get(i).or_else(|| item.get(key));
        let Some(label) = part(2, "label").and_then(scalar).filter(|label| !label.is_empty()) else {
            self.spans.leave_out(place, format!("{} where a span with a label is needed", shape(item)), reading)?;
            return Ok(None);
        };
        let quoted = item.get("text").and_then(Value::as_str);
        let edges = (position(part(0, "start_offset")), position(part(1, "end_offset")), quoted);
        let Some((start, end)) = self.spans.range(text, offsets, edges, place, reading)? else {
            return Ok(None);
        };
        let mut mark = Mark::new(start, end, label);
        let id = item.get("id").and_then(scalar);
        mark.id = item.get("name").and_then(scalar).or_else(|| id.clone());
        for (key, value) in item.as_object().into_iter().flatten() {
            if !matches!(key.as_str(), "id" | "name" | "label" | "start_offset" | "end_offset" | "text") {
                mark.attributes.push((self.keys.get(key), value.clone()));
            }
        }
        Ok(Some((mark, id)))
    }

    /// Annotations of version 1.0: by users, with numbers for labels.
    fn annotations(
        &mut self,
        text: &str,
        value: &Value,
        record: &mut Record,
        gold: &mut Answer,
        reading: &mut Reading,
    ) -> Result<Result<(), String>, DataError> {
        let Some(items) = value.as_array() else {
            return Ok(Err(shape(value)));
        };
        let spans = self.span_fields.contains("annotations");
        if items.is_empty() {
            *gold = if spans { Answer::spans(Vec::new()) } else { Answer::labels([""; 0]) };
        }
        let offsets = Offsets::new(text, OffsetUnit::CodePoint);
        let place = record.place.clone();
        let mut users: FxHashMap<Option<String>, usize> = FxHashMap::default();
        let mut answers: Vec<(Option<String>, Answer)> = Vec::new();
        for item in items {
            let Some(label) = item.get("label") else {
                return Ok(Err(format!("{} among annotations", shape(item))));
            };
            self.numbers += usize::from(label.is_number());
            let user = item.get("user").and_then(scalar);
            let answer = *users.entry(user.clone()).or_insert_with(|| {
                answers.push((user, Answer::default()));
                answers.len() - 1
            });
            let answer = &mut answers[answer].1;
            if item.get("start_offset").is_some() {
                answer.spans.get_or_insert_default();
                if let Some((mut mark, _)) = self.span(text, &offsets, item, &place, reading)? {
                    mark.attributes.retain(|(key, _)| &**key != "user");
                    answer.spans.get_or_insert_default().push(mark);
                }
            } else if let Some(label) = scalar(label) {
                answer.labels.get_or_insert_default().push(Choice { label, ..Choice::default() });
            } else {
                return Ok(Err(format!("{} among annotations", shape(item))));
            }
        }
        for (annotator, answer) in answers {
            match annotator {
                None => *gold = answer,
                annotator => record.responses.push(Response { annotator, answer, ..Response::default() }),
            }
        }
        Ok(Ok(()))
    }

    fn relations(
        &mut self,
        value: &Value,
        known: &FxHashMap<String, String>,
        place: &Place,
        gold: &mut Answer,
        reading: &mut Reading,
    ) -> Result<(), DataError> {
        const VALID: &str = "a relation with a 'type' between the ids of two entities";
        for item in value.as_array().into_iter().flatten() {
            let end = |key: &str| item.get(key).and_then(scalar).and_then(|id| known.get(&id).cloned());
            let (Some(from), Some(to), Some(kind)) = (end("from_id"), end("to_id"), item.get("type").and_then(scalar))
            else {
                reading.skip(place, format!("the relation {}", shape(item)), VALID)?;
                continue;
            };
            let own = |key: &str| item.get(key).and_then(scalar);
            let mut attributes: Vec<(Key, Value)> = Vec::new();
            for (key, value) in item.as_object().into_iter().flatten() {
                if !matches!(key.as_str(), "id" | "name" | "from_id" | "to_id" | "type") {
                    attributes.push((self.keys.get(key), value.clone()));
                }
            }
            gold.relations.push(Relation {
                id: own("name").or_else(|| own("id")),
                kind,
                arguments: vec![("from".to_owned(), from), ("to".to_owned(), to)],
                attributes,
            });
        }
        Ok(())
    }
}
