//! Records of Argilla 1 (and Rubrix): text classification and token classification.

use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

use crate::columns::TEXT_NAMES;
use crate::corpus::{Answer, Choice, Mark, Place, Prediction, Record, Response, Status, TokenMark};
use crate::error::{DataError, quote};
use crate::formats::tasks::{Keys, SpanCheck, position};
use crate::json::{Object, scalar, shape};
use crate::options::ReadOptions;
use crate::reading::Reading;

const VALID: &str = "a text or token classification record of Argilla 1";

/// Reads records of version 1.
pub(super) fn read(
    objects: Vec<Object>,
    total: usize,
    options: &ReadOptions,
    reading: &mut Reading,
) -> Result<(), DataError> {
    let is_tokens = objects.iter().any(|o| o.fields.get("tokens").is_some_and(Value::is_array));
    let several = objects.iter().any(|o| {
        let labels = o.fields.get("annotation").and_then(Value::as_array);
        o.fields.get("multi_label") == Some(&Value::Bool(true)) || labels.is_some_and(|labels| labels.len() != 1)
    });
    if !is_tokens {
        reading.outline.several = Some(several);
    }
    let mut reader =
        Reader { text: options.text.as_deref(), is_tokens, keys: Keys::default(), spans: SpanCheck::default() };
    for object in objects {
        let place = Place::line(object.line);
        match reader.record(&place, object.fields, reading)? {
            Ok(record) => reading.push(record)?,
            Err(found) => reading.remarks.skip_malformed_at(&place, found, VALID)?,
        }
    }
    reading.remarks.check_malformed(total, VALID, "is it another format? try --from")?;
    reader.spans.say(reading)
}

struct Reader<'a> {
    text: Option<&'a str>,
    is_tokens: bool,
    keys: Keys,
    spans: SpanCheck,
}

impl Reader<'_> {
    fn record(
        &mut self,
        place: &Place,
        mut fields: Map<String, Value>,
        reading: &mut Reading,
    ) -> Result<Result<Record, String>, DataError> {
        let mut record = Record { place: place.clone(), ..Record::default() };
        let mut inputs = match fields.shift_remove("inputs") {
            Some(Value::Object(inputs)) => inputs,
            Some(text @ Value::String(_)) => Map::from_iter([("text".to_owned(), text)]),
            _ => Map::new(),
        };
        let usual = || TEXT_NAMES.iter().copied().find(|name| inputs.get(*name).is_some_and(Value::is_string));
        let first = || inputs.iter().find(|(_, value)| value.is_string()).map(|(key, _)| key.as_str());
        let name = self.text.filter(|text| inputs.contains_key(*text)).or_else(usual).or_else(first);
        let name = name.map(str::to_owned);
        let inside = name.and_then(|name| inputs.shift_remove(&name));
        let text = match fields.shift_remove("text").filter(|text| !text.is_null()).or(inside) {
            Some(Value::String(text)) => text,
            Some(other) => return Ok(Err(format!("{} as the text", shape(&other)))),
            None => return Ok(Err("no 'text'".to_owned())),
        };
        for (key, value) in inputs {
            if value.as_str() != Some(&text) {
                record.metadata.push((self.keys.get(&format!("fields.{key}")), value));
            }
        }
        let offsets = Offsets::new(&text, OffsetUnit::CodePoint);
        let (mut annotation, mut prediction) = (None, None);
        let (mut annotator, mut model, mut status) = (None, None, None);
        for (key, value) in fields {
            match (key.as_str(), value) {
                (_, Value::Null) | ("multi_label", _) => {}
                ("annotation", value) => annotation = Some(value),
                ("prediction", value) => prediction = Some(value),
                ("annotation_agent", value) => annotator = scalar(&value),
                ("prediction_agent", value) => model = scalar(&value),
                ("status", value) => status = scalar(&value),
                ("id", value) if scalar(&value).is_some() => record.id = scalar(&value),
                ("tokens", Value::Array(tokens)) => record.tokens = located(&text, &tokens),
                ("metadata", Value::Object(metadata)) => {
                    for (key, value) in metadata {
                        record.metadata.push((self.keys.get(&key), value));
                    }
                }
                ("vectors" | "metrics" | "explanation", Value::Object(map)) if map.is_empty() => {}
                (_, value) => record.metadata.push((self.keys.get(&key), value)),
            }
        }
        let status = match status.as_deref().unwrap_or("Default") {
            "Validated" | "Default" => Status::Accepted,
            "Edited" => Status::Draft,
            "Discarded" => Status::Ignored,
            other => return Ok(Err(format!("the status '{}'", quote(other)))),
        };
        if let Some(value) = annotation {
            let answer = match self.answer(&value, &text, &offsets, place, reading)? {
                Ok((answer, _)) => answer,
                Err(found) => return Ok(Err(found)),
            };
            if annotator.is_none() && status == Status::Accepted {
                record.gold = Some(answer);
            } else {
                record.responses.push(Response { annotator, status, answer, ..Response::default() });
            }
        } else if status == Status::Ignored {
            record.responses.push(Response { annotator, status, ..Response::default() });
        }
        if let Some(value) = prediction {
            match self.answer(&value, &text, &offsets, place, reading)? {
                Ok((answer, scores)) => {
                    let score = match answer.labels.as_deref() {
                        Some([one]) => one.score,
                        _ => None,
                    };
                    record.predictions.push(Prediction { model, answer, score, scores, ..Prediction::default() });
                }
                Err(found) => return Ok(Err(found)),
            }
        }
        record.text = Some(text);
        Ok(Ok(record))
    }

    /// An annotation, or a prediction with the scores of all labels.
    #[allow(clippy::type_complexity)] // An answer with its scores, or a noun phrase, or the end of the reading.
    fn answer(
        &mut self,
        value: &Value,
        text: &str,
        offsets: &Offsets,
        place: &Place,
        reading: &mut Reading,
    ) -> Result<Result<(Answer, Vec<(String, f64)>), String>, DataError> {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        if self.is_tokens {
            let mut marks = Vec::with_capacity(items.len());
            for item in items {
                let part = |i: usize, key: &str| item.get(i).or_else(|| item.get(key));
                let Some(label) = part(0, "label").and_then(scalar) else {
                    self.spans.leave_out(place, format!("{} where a span is needed", shape(item)), reading)?;
                    continue;
                };
                let edges = (position(part(1, "start")), position(part(2, "end")), None);
                if let Some((start, end)) = self.spans.range(text, offsets, edges, place, reading)? {
                    let score = part(3, "score").and_then(Value::as_f64);
                    marks.push(Mark { score, ..Mark::new(start, end, label) });
                }
            }
            return Ok(Ok((Answer::spans(marks), Vec::new())));
        }
        let mut choices: Vec<Choice> = Vec::with_capacity(items.len());
        for item in items {
            let part = |i: usize, key: &str| item.get(i).or_else(|| item.get(key));
            let Some(label) = scalar(item).or_else(|| part(0, "label").and_then(scalar)) else {
                return Ok(Err(format!("{} where a label is needed", shape(item))));
            };
            choices.push(Choice { label, field: None, score: part(1, "score").and_then(Value::as_f64) });
        }
        if choices.iter().all(|choice| choice.score.is_none()) {
            return Ok(Ok((Answer { labels: Some(choices), ..Answer::default() }, Vec::new())));
        }
        // All labels with their scores: those that hold are the answer.
        let scores: Vec<(String, f64)> = choices.iter().filter_map(|c| Some((c.label.clone(), c.score?))).collect();
        if reading.outline.several == Some(true) {
            choices.retain(|choice| choice.score.is_none_or(|score| score >= 0.5));
        } else {
            let best = choices.iter().enumerate().max_by(|(i, a), (j, b)| {
                let score = |choice: &Choice| choice.score.unwrap_or(0.0);
                score(a).total_cmp(&score(b)).then(j.cmp(i))
            });
            choices = best.map(|(_, choice)| choice.clone()).into_iter().collect();
        }
        let scores = if scores.len() > choices.len() { scores } else { Vec::new() };
        Ok(Ok((Answer { labels: Some(choices), ..Answer::default() }, scores)))
    }
}

/// Where tokens stand, when all of them follow one another in the text.
fn located(text: &str, tokens: &[Value]) -> Vec<TokenMark> {
    let mut at = 0;
    let mut marks = Vec::with_capacity(tokens.len());
    for token in tokens {
        let Some(found) = token.as_str().filter(|t| !t.is_empty()).and_then(|t| Some((text[at..].find(t)?, t.len())))
        else {
            return Vec::new();
        };
        let start = at + found.0;
        // Only white space may lie between tokens.
        if !text[at..start].chars().all(char::is_whitespace) {
            return Vec::new();
        }
        at = start + found.1;
        marks.push(TokenMark { start, end: at, ..TokenMark::default() });
    }
    marks
}
