//! Writes one object a line, in Trueup's own shape.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

use crate::answers::spans_value;
use crate::corpus::{Answer, Choice, Key, Outline, Prediction, Record, Relation, Response};
use crate::error::{DataError, quote};
use crate::formats;
use crate::holds::{Loss, Losses};
use crate::output::Output;

/// Names of fields that are not metadata.
const RESERVED: &[&str] = &[
    "id",
    "text",
    "label",
    "labels",
    "spans",
    "entities",
    "relations",
    "comment",
    "split",
    "tokens",
    "responses",
    "predictions",
    "metadata",
];

/// Writes JSON lines.
pub(super) struct Writer {
    several: bool,
    /// Whether there are texts at all, so that a record without one says so.
    has_texts: bool,
}

impl Writer {
    /// For records of such an outline.
    pub fn new(outline: &Outline) -> Self {
        // An input may declare one label and hold several: then all go under one name.
        let several = outline.is_multilabel() || outline.occurs.not_one > 0;
        Self { several, has_texts: outline.occurs.texts > 0 }
    }
}

impl formats::Writer for Writer {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let mut names = FxHashSet::default();
        if let Some((repeated, _)) = record.metadata.iter().find(|(name, _)| !names.insert(name)) {
            losses.add(Loss::Metadata, &record.place, || format!("a second column '{}'", quote(repeated)));
        }
        let value = self.object(record);
        // Writing JSON into memory does not fail.
        let _ = serde_json::to_writer(&mut *out.buffer(), &value);
        out.buffer().push(b'\n');
        out.flush_if_full()
    }

    fn finish(&mut self, _out: &mut Output, _losses: &mut Losses) -> Result<(), DataError> {
        Ok(())
    }
}

impl Writer {
    fn object(&self, record: &Record) -> Value {
        let mut map = Map::new();
        if let Some(id) = &record.id {
            map.insert("id".to_owned(), id.as_str().into());
        }
        if let Some(text) = &record.text {
            map.insert("text".to_owned(), text.as_str().into());
        } else if self.has_texts {
            map.insert("text".to_owned(), Value::Null);
        }
        if let Some(gold) = &record.gold {
            self.answer(gold, record.text(), &mut map);
        }
        if let Some(split) = &record.split {
            map.insert("split".to_owned(), (**split).into());
        }
        if !record.tokens.is_empty() {
            map.insert("tokens".to_owned(), tokens(record));
        }
        if !record.responses.is_empty() {
            let responses = record.responses.iter().map(|r| self.response(r, record.text()));
            map.insert("responses".to_owned(), responses.collect());
        }
        if !record.predictions.is_empty() {
            let predictions = record.predictions.iter().map(|p| self.prediction(p, record.text()));
            map.insert("predictions".to_owned(), predictions.collect());
        }
        // Names that have a meaning of their own go one level down.
        let mut below = Map::new();
        for (key, value) in &record.metadata {
            let reserved = RESERVED.contains(&&**key);
            let into = if reserved { &mut below } else { &mut map };
            into.insert(key.to_string(), value.clone());
        }
        if !below.is_empty() {
            map.insert("metadata".to_owned(), below.into());
        }
        Value::Object(map)
    }

    fn answer(&self, answer: &Answer, text: &str, map: &mut Map<String, Value>) {
        if let Some(labels) = &answer.labels {
            match labels.as_slice() {
                [one] if !self.several && one.field.is_none() && one.score.is_none() => {
                    map.insert("label".to_owned(), one.label.as_str().into());
                }
                several => {
                    map.insert("labels".to_owned(), several.iter().map(choice).collect());
                }
            }
        }
        if let Some(spans) = &answer.spans {
            map.insert("spans".to_owned(), spans_value(text, spans));
        }
        if !answer.relations.is_empty() {
            map.insert("relations".to_owned(), answer.relations.iter().map(relation).collect());
        }
        if let Some(comment) = &answer.comment {
            map.insert("comment".to_owned(), comment.as_str().into());
        }
    }

    fn response(&self, response: &Response, text: &str) -> Value {
        let mut map = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                map.insert(name.to_owned(), value);
            }
        };
        put("annotator", response.annotator.as_deref().map(Value::from));
        put("status", Some(response.status.name().into()));
        put("time", response.time.as_deref().map(Value::from));
        put("seconds", response.seconds.map(Value::from));
        put("id", response.id.as_deref().map(Value::from));
        self.answer(&response.answer, text, &mut map);
        extra(&response.extra, map)
    }

    fn prediction(&self, prediction: &Prediction, text: &str) -> Value {
        let mut map = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                map.insert(name.to_owned(), value);
            }
        };
        put("model", prediction.model.as_deref().map(Value::from));
        put("score", prediction.score.map(Value::from));
        put("time", prediction.time.as_deref().map(Value::from));
        put("id", prediction.id.as_deref().map(Value::from));
        if !prediction.scores.is_empty() {
            let scores: Map<String, Value> =
                prediction.scores.iter().map(|(label, score)| (label.clone(), (*score).into())).collect();
            put("scores", Some(scores.into()));
        }
        self.answer(&prediction.answer, text, &mut map);
        extra(&prediction.extra, map)
    }
}

fn extra(extra: &[(Key, Value)], mut map: Map<String, Value>) -> Value {
    for (key, value) in extra {
        map.entry(key.to_string()).or_insert_with(|| value.clone());
    }
    Value::Object(map)
}

fn choice(choice: &Choice) -> Value {
    if choice.field.is_none() && choice.score.is_none() {
        return choice.label.as_str().into();
    }
    let mut map = Map::new();
    map.insert("label".to_owned(), choice.label.as_str().into());
    if let Some(field) = &choice.field {
        map.insert("field".to_owned(), (**field).into());
    }
    if let Some(score) = choice.score {
        map.insert("score".to_owned(), score.into());
    }
    Value::Object(map)
}

fn relation(relation: &Relation) -> Value {
    let mut map = Map::new();
    if let Some(id) = &relation.id {
        map.insert("id".to_owned(), id.as_str().into());
    }
    map.insert("kind".to_owned(), relation.kind.as_str().into());
    let arguments: Vec<Value> =
        relation.arguments.iter().map(|(role, id)| vec![role.as_str(), id.as_str()].into()).collect();
    map.insert("arguments".to_owned(), arguments.into());
    if !relation.attributes.is_empty() {
        let attributes: Map<String, Value> =
            relation.attributes.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
        map.insert("attributes".to_owned(), attributes.into());
    }
    Value::Object(map)
}

fn tokens(record: &Record) -> Value {
    let offsets = Offsets::new(record.text(), OffsetUnit::CodePoint);
    let point = |byte| Value::from(offsets.from_byte(byte).unwrap_or_default());
    let token = |token: &crate::corpus::TokenMark| {
        let mut map = Map::new();
        map.insert("start".to_owned(), point(token.start));
        map.insert("end".to_owned(), point(token.end));
        if let Some(tag) = &token.tag {
            map.insert("tag".to_owned(), (**tag).into());
        }
        if !token.columns.is_empty() {
            let columns: Vec<&str> = token.columns.iter().map(|c| &**c).collect();
            map.insert("columns".to_owned(), columns.into());
        }
        Value::Object(map)
    };
    record.tokens.iter().map(token).collect()
}

#[cfg(test)]
mod tests {
    use crate::formats::testing::{assert_round_trip, records};
    use crate::holds::Holds;

    proptest::proptest! {
        #[test]
        fn everything_comes_back(records in records(Holds::ALL)) {
            assert_round_trip("jsonl", records);
        }
    }
}
