//! Answers as JSON, for the columns that hold what plain columns cannot: who said what, relations, attributes.
//!
//! Offsets count code points, as in the other columns.

use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

use crate::corpus::{Answer, Choice, Key, Mark, Prediction, Relation, Response, Status};

/// Whether labels and spans in plain columns say all of it.
pub(super) fn is_plain(answer: &Answer) -> bool {
    answer.relations.is_empty()
        && answer.comment.is_none()
        && answer.labels.iter().flatten().all(|c| c.field.is_none() && c.score.is_none())
        && answer.spans.iter().flatten().all(|m| {
            let bare = m.pieces.is_empty() && m.id.is_none() && m.field.is_none() && m.score.is_none();
            bare && m.attributes.is_empty()
        })
}

/// What the plain columns say of an answer.
pub(super) fn plain(answer: &Answer) -> Answer {
    let choice = |c: &Choice| Choice { label: c.label.clone(), ..Choice::default() };
    Answer {
        labels: answer.labels.as_ref().map(|labels| labels.iter().map(choice).collect()),
        spans: answer
            .spans
            .as_ref()
            .map(|spans| spans.iter().map(|m| Mark::new(m.start, m.end, m.label.clone())).collect()),
        ..Answer::default()
    }
}

/// Writes and reads the answers to one text.
pub(super) struct Said<'a> {
    offsets: Offsets<'a>,
}

type Read<T> = Result<T, String>;

impl<'a> Said<'a> {
    /// For the answers to `text`.
    pub fn new(text: &'a str) -> Self {
        Self { offsets: Offsets::new(text, OffsetUnit::CodePoint) }
    }

    /// The code point of a byte.
    pub fn point(&self, byte: usize) -> usize {
        self.offsets.from_byte(byte).unwrap_or(self.offsets.len())
    }

    pub fn answer(&self, answer: &Answer) -> Value {
        let mut out = Map::new();
        self.put(answer, &mut out);
        Value::Object(out)
    }

    fn put(&self, answer: &Answer, out: &mut Map<String, Value>) {
        if let Some(labels) = &answer.labels {
            let labels = labels.iter().map(|choice| {
                let mut one = Map::new();
                one.insert("label".to_owned(), choice.label.clone().into());
                set(&mut one, "field", choice.field.as_deref());
                set(&mut one, "score", choice.score);
                Value::Object(one)
            });
            out.insert("labels".to_owned(), labels.collect());
        }
        if let Some(spans) = &answer.spans {
            out.insert("spans".to_owned(), spans.iter().map(|mark| self.mark(mark)).collect());
        }
        if !answer.relations.is_empty() {
            let relations = answer.relations.iter().map(|relation| {
                let mut one = Map::new();
                set(&mut one, "id", relation.id.as_deref());
                one.insert("kind".to_owned(), relation.kind.clone().into());
                let arguments =
                    relation.arguments.iter().map(|(role, id)| Value::from(vec![role.as_str(), id.as_str()]));
                one.insert("arguments".to_owned(), arguments.collect());
                put_pairs(&mut one, "attributes", &relation.attributes);
                Value::Object(one)
            });
            out.insert("relations".to_owned(), relations.collect());
        }
        set(out, "comment", answer.comment.as_deref());
    }

    fn mark(&self, mark: &Mark) -> Value {
        let mut one = Map::new();
        one.insert("start".to_owned(), self.point(mark.start).into());
        one.insert("end".to_owned(), self.point(mark.end).into());
        one.insert("label".to_owned(), mark.label.clone().into());
        if !mark.pieces.is_empty() {
            let pieces = mark.pieces.iter().map(|&(from, to)| Value::from(vec![self.point(from), self.point(to)]));
            one.insert("pieces".to_owned(), pieces.collect());
        }
        set(&mut one, "id", mark.id.as_deref());
        set(&mut one, "field", mark.field.as_deref());
        set(&mut one, "score", mark.score);
        put_pairs(&mut one, "attributes", &mark.attributes);
        Value::Object(one)
    }

    pub fn response(&self, response: &Response) -> Value {
        let mut out = Map::new();
        set(&mut out, "annotator", response.annotator.as_deref());
        if response.status != Status::Accepted {
            out.insert("status".to_owned(), response.status.name().into());
        }
        self.put(&response.answer, &mut out);
        set(&mut out, "time", response.time.as_deref());
        set(&mut out, "seconds", response.seconds);
        set(&mut out, "id", response.id.as_deref());
        put_pairs(&mut out, "extra", &response.extra);
        Value::Object(out)
    }

    pub fn prediction(&self, prediction: &Prediction) -> Value {
        let mut out = Map::new();
        set(&mut out, "model", prediction.model.as_deref());
        self.put(&prediction.answer, &mut out);
        set(&mut out, "score", prediction.score);
        if !prediction.scores.is_empty() {
            let scores = prediction
                .scores
                .iter()
                .map(|(label, score)| Value::from(vec![Value::from(label.as_str()), (*score).into()]));
            out.insert("scores".to_owned(), scores.collect());
        }
        set(&mut out, "time", prediction.time.as_deref());
        set(&mut out, "id", prediction.id.as_deref());
        put_pairs(&mut out, "extra", &prediction.extra);
        Value::Object(out)
    }

    pub fn read_answer(&self, value: &Value) -> Read<Answer> {
        let list = |key: &str| -> Read<Option<&Vec<Value>>> {
            match value.get(key) {
                None | Some(Value::Null) => Ok(None),
                Some(Value::Array(items)) => Ok(Some(items)),
                Some(other) => Err(format!("{} as {key}", crate::json::shape(other))),
            }
        };
        let labels = match list("labels")? {
            Some(items) => Some(items.iter().map(choice).collect::<Read<_>>()?),
            None => None,
        };
        let spans = match list("spans")? {
            Some(items) => Some(items.iter().map(|item| self.read_mark(item)).collect::<Read<_>>()?),
            None => None,
        };
        let relations = match list("relations")? {
            Some(items) => items.iter().map(relation).collect::<Read<_>>()?,
            None => Vec::new(),
        };
        Ok(Answer { labels, spans, relations, comment: text(value, "comment") })
    }

    fn read_mark(&self, value: &Value) -> Read<Mark> {
        let range = |from: Option<&Value>, to: Option<&Value>| {
            let number = |v: Option<&Value>| v.and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
            match (number(from), number(to)) {
                (Some(from), Some(to)) if from == to => {
                    let at =
                        self.offsets.to_byte(from).ok_or_else(|| format!("the span {from}..{to} beyond the text"))?;
                    Ok((at, at))
                }
                (Some(from), Some(to)) => self.offsets.range(from, to),
                _ => Err(format!("{} where a span is needed", crate::json::shape(value))),
            }
        };
        let (start, end) = range(value.get("start"), value.get("end"))?;
        let pieces = value.get("pieces").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let pieces = pieces.iter().map(|piece| range(piece.get(0), piece.get(1))).collect::<Read<Vec<_>>>()?;
        if !crate::answers::in_order(start, end, &pieces) {
            return Err("a span whose pieces are not in order inside of it".to_owned());
        }
        Ok(Mark {
            start,
            end,
            pieces,
            label: text(value, "label").ok_or("a span without a label")?,
            id: text(value, "id"),
            field: text(value, "field").map(Key::from),
            score: value.get("score").and_then(Value::as_f64),
            attributes: pairs(value, "attributes"),
        })
    }

    pub fn read_response(&self, value: &Value) -> Read<Response> {
        Ok(Response {
            annotator: text(value, "annotator"),
            time: text(value, "time"),
            seconds: value.get("seconds").and_then(Value::as_f64),
            status: match text(value, "status") {
                Some(name) => {
                    Status::from_name(&name).ok_or_else(|| format!("the status '{}'", crate::error::quote(&name)))?
                }
                None => Status::Accepted,
            },
            answer: self.read_answer(value)?,
            id: text(value, "id"),
            extra: pairs(value, "extra"),
        })
    }

    pub fn read_prediction(&self, value: &Value) -> Read<Prediction> {
        let scores = value.get("scores").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let score = |pair: &Value| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_f64()?));
        Ok(Prediction {
            model: text(value, "model"),
            answer: self.read_answer(value)?,
            score: value.get("score").and_then(Value::as_f64),
            scores: scores
                .iter()
                .map(|s| score(s).ok_or("a score without its label".to_owned()))
                .collect::<Read<_>>()?,
            time: text(value, "time"),
            id: text(value, "id"),
            extra: pairs(value, "extra"),
        })
    }
}

fn set<T: Into<Value>>(out: &mut Map<String, Value>, key: &str, value: Option<T>) {
    if let Some(value) = value {
        out.insert(key.to_owned(), value.into());
    }
}

/// As an object, or as a list of pairs where a name comes twice.
fn put_pairs(out: &mut Map<String, Value>, key: &str, pairs: &[(Key, Value)]) {
    if pairs.is_empty() {
        return;
    }
    let map: Map<String, Value> = pairs.iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
    let value = if map.len() == pairs.len() {
        Value::Object(map)
    } else {
        pairs.iter().map(|(k, v)| Value::Array(vec![Value::from(&**k), v.clone()])).collect()
    };
    out.insert(key.to_owned(), value);
}

fn pairs(value: &Value, key: &str) -> Vec<(Key, Value)> {
    match value.get(key) {
        Some(Value::Object(map)) => map.iter().map(|(k, v)| (k.as_str().into(), v.clone())).collect(),
        Some(Value::Array(items)) => {
            items.iter().filter_map(|pair| Some((pair.get(0)?.as_str()?.into(), pair.get(1)?.clone()))).collect()
        }
        _ => Vec::new(),
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn choice(value: &Value) -> Read<Choice> {
    let label = text(value, "label").ok_or_else(|| format!("{} where a label is needed", crate::json::shape(value)))?;
    Ok(Choice { label, field: text(value, "field").map(Key::from), score: value.get("score").and_then(Value::as_f64) })
}

fn relation(value: &Value) -> Read<Relation> {
    let arguments = value.get("arguments").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let pair = |pair: &Value| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()));
    Ok(Relation {
        id: text(value, "id"),
        kind: text(value, "kind").ok_or("a relation without its kind")?,
        arguments: arguments.iter().filter_map(pair).collect(),
        attributes: pairs(value, "attributes"),
    })
}
