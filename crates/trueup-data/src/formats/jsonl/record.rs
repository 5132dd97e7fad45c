//! One object becomes one record.

use serde_json::{Map, Value};
use trueup_core::Task;
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::all;
use super::fields::Plan;
use crate::answers::{RawAnswer, answer, marks};
use crate::corpus::{Answer, Choice, Key, Place, Prediction, Record, Relation, Response, Status, TokenMark};
use crate::error::quote;
use crate::json::{Object, scalar, shape};
use crate::options::ReadOptions;

/// What an answer must be, for messages.
pub(super) const VALID: &str =
    "a label, a list of labels, or spans as {\"start\", \"end\", \"label\"} in code points, the end exclusive";

/// Reads an object; an error is a noun phrase.
pub(super) fn read(object: Object, plan: &Plan, options: &ReadOptions, repaired: &mut usize) -> Result<Record, String> {
    let Object { line, number, fields } = object;
    let text = plan.text(&fields);
    let has_text = text.is_some();
    let mut record = Record {
        id: plan.id.as_ref().and_then(|name| fields.get(name)).and_then(scalar),
        number,
        place: Place::line(line),
        split: plan.split.as_ref().and_then(|name| fields.get(name)).and_then(Value::as_str).map(Key::from),
        ..Record::default()
    };
    let text = text.unwrap_or_default();
    let mut gold = Answer::default();
    if let Some(name) = &plan.label
        && let Some(value) = fields.get(name)
    {
        add_answer(&mut gold, name, value, &text, options, repaired)?;
    }
    if let Some(spans) = &plan.mapping.spans {
        gold.spans = spans.marks(&fields, &text)?;
    }
    if let Some(answers) = &plan.mapping.answers {
        record.responses = answers.responses(&fields)?;
    }
    if plan.absent_is_empty && gold.spans.is_none() {
        gold.spans = Some(Vec::new());
    }
    let own_label = options.label.is_none() && matches!(plan.label.as_deref(), Some("label" | "labels"));
    for (name, value) in fields {
        if plan.uses(&name) {
            continue;
        }
        match (name.as_str(), value) {
            // Trueup's own records write one plain label as `label`, any other as `labels`.
            ("labels" | "label", value)
                if gold.labels.is_none() && (gold.spans.is_some() || own_label) && is_labels(&value) =>
            {
                add_answer(&mut gold, &name, &value, &text, options, repaired)?;
            }
            ("spans", value) if gold.spans.is_none() && is_spans(&value) => {
                add_answer(&mut gold, &name, &value, &text, options, repaired)?;
            }
            ("relations", Value::Array(items)) if items.iter().all(is_relation) => {
                gold.relations = items.iter().map(relation).collect();
            }
            ("comment", Value::String(comment)) if plan.label.as_deref() != Some("comment") => {
                gold.comment = Some(comment);
            }
            ("tokens", value) if all(&value, is_token) => record.tokens = tokens(&text, &value)?,
            ("responses", Value::Array(items)) if record.responses.is_empty() && items.iter().all(is_response) => {
                record.responses =
                    items.into_iter().map(|item| response(item, &text, options, repaired)).collect::<Result<_, _>>()?;
            }
            ("predictions", Value::Array(items)) if items.iter().all(Value::is_object) => {
                record.predictions = items
                    .into_iter()
                    .map(|item| prediction(item, &text, options, repaired))
                    .collect::<Result<_, _>>()?;
            }
            ("metadata", Value::Object(map)) => {
                record.metadata.extend(map.into_iter().map(|(key, value)| (Key::from(key), value)));
            }
            (_, value) => record.metadata.push((name.into(), value)),
        }
    }
    if !gold.is_empty() {
        record.gold = Some(gold);
    }
    record.text = has_text.then_some(text);
    Ok(record)
}

fn is_spans(value: &Value) -> bool {
    all(value, Value::is_object)
        && answer(value).is_ok_and(|raw| matches!(raw, RawAnswer::Spans(_) | RawAnswer::Labels(_)))
}

fn is_labels(value: &Value) -> bool {
    value.is_string() || all(value, |item| item.is_string() || is_choice(item))
}

/// `{"label", "field", "score"}`: a label of which more is said than its name.
fn is_choice(value: &Value) -> bool {
    value.as_object().is_some_and(|map| {
        map.get("label").is_some_and(Value::is_string)
            && map.keys().all(|key| matches!(key.as_str(), "label" | "field" | "score"))
    })
}

/// Reads the value of an answer's field into `into`.
pub(super) fn add_answer(
    into: &mut Answer,
    name: &str,
    value: &Value,
    text: &str,
    options: &ReadOptions,
    repaired: &mut usize,
) -> Result<(), String> {
    let place = |found: String| format!("{found} in '{}'", quote(name));
    // Labels of which more is said stand beside those of which nothing is.
    if value.as_array().is_some_and(|items| items.iter().any(is_choice)) && is_labels(value) {
        let choice = |item: &Value| Choice {
            label: item.as_str().or(item["label"].as_str()).unwrap_or_default().to_owned(),
            field: item["field"].as_str().map(Key::from),
            score: item["score"].as_f64(),
        };
        into.labels = Some(value.as_array().into_iter().flatten().map(choice).collect());
        return Ok(());
    }
    let choices = |labels: Vec<String>| labels.into_iter().map(|label| Choice { label, ..Choice::default() }).collect();
    match answer(value).map_err(place)? {
        RawAnswer::Missing => {}
        RawAnswer::Label(label) => {
            // One text holds several labels where a set was asked for.
            let by = options.label_separator.as_deref().filter(|_| options.task == Some(Task::Multilabel));
            let labels = match by {
                Some(by) => label.split(by).map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect(),
                None => vec![label],
            };
            into.labels = Some(choices(labels));
        }
        RawAnswer::Labels(labels) => {
            let of_spans = matches!(name, "spans" | "entities") || options.task == Some(Task::Ner);
            if labels.is_empty() && of_spans {
                into.spans = Some(Vec::new());
            } else {
                into.labels = Some(choices(labels));
            }
        }
        RawAnswer::Spans(spans) => into.spans = Some(marks(text, spans, repaired).map_err(place)?),
    }
    Ok(())
}

fn is_relation(value: &Value) -> bool {
    value.get("kind").is_some_and(Value::is_string) && value.get("arguments").is_some_and(|a| all(a, Value::is_array))
}

fn relation(value: &Value) -> Relation {
    let argument = |pair: &Value| {
        (pair[0].as_str().unwrap_or_default().to_owned(), pair[1].as_str().unwrap_or_default().to_owned())
    };
    Relation {
        id: value["id"].as_str().map(str::to_owned),
        kind: value["kind"].as_str().unwrap_or_default().to_owned(),
        arguments: value["arguments"].as_array().into_iter().flatten().map(argument).collect(),
        attributes: pairs(value.get("attributes")),
    }
}

fn pairs(value: Option<&Value>) -> Vec<(Key, Value)> {
    let map = value.and_then(Value::as_object);
    map.into_iter().flatten().map(|(key, value)| (key.as_str().into(), value.clone())).collect()
}

fn is_token(value: &Value) -> bool {
    value.get("start").is_some_and(Value::is_u64) && value.get("end").is_some_and(Value::is_u64)
}

fn tokens(text: &str, value: &Value) -> Result<Vec<TokenMark>, String> {
    let offsets = Offsets::new(text, OffsetUnit::CodePoint);
    let mut last = (0, 0);
    let token = |item: &Value| {
        let at = |name: &str| item[name].as_u64().unwrap_or_default() as usize;
        let (start, end) = offsets.range(at("start"), at("end")).map_err(|found| format!("{found} in 'tokens'"))?;
        // Words written as one have one place.
        if start < last.1 && (start, end) != last {
            return Err(format!("a token at {} that begins before the one before it ends in 'tokens'", at("start")));
        }
        last = (start, end);
        let columns = item.get("columns").and_then(Value::as_array).into_iter().flatten();
        Ok(TokenMark {
            start,
            end,
            tag: item.get("tag").and_then(Value::as_str).map(Key::from),
            columns: columns.filter_map(Value::as_str).map(Key::from).collect(),
        })
    };
    value.as_array().into_iter().flatten().map(token).collect()
}

fn is_response(value: &Value) -> bool {
    let known = |map: &Map<String, Value>| {
        map.contains_key("annotator") || map.get("status").and_then(Value::as_str).and_then(Status::from_name).is_some()
    };
    value.as_object().is_some_and(known)
}

/// The answer fields of a response or prediction; the rest stays in the map.
fn nested_answer(
    map: &mut Map<String, Value>,
    text: &str,
    options: &ReadOptions,
    repaired: &mut usize,
) -> Result<Answer, String> {
    let mut into = Answer::default();
    for name in ["label", "labels", "spans"] {
        if let Some(value) = map.shift_remove(name) {
            add_answer(&mut into, name, &value, text, options, repaired)?;
        }
    }
    if let Some(Value::Array(items)) = map.shift_remove("relations") {
        into.relations = items.iter().filter(|item| is_relation(item)).map(relation).collect();
    }
    if let Some(Value::String(comment)) = map.shift_remove("comment") {
        into.comment = Some(comment);
    }
    Ok(into)
}

fn take_string(map: &mut Map<String, Value>, name: &str) -> Option<String> {
    map.shift_remove(name).as_ref().and_then(scalar)
}

fn response(item: Value, text: &str, options: &ReadOptions, repaired: &mut usize) -> Result<Response, String> {
    let Value::Object(mut map) = item else {
        return Err(format!("{} in 'responses'", shape(&item)));
    };
    let answer = nested_answer(&mut map, text, options, repaired)?;
    let status = match map.shift_remove("status") {
        None => Status::Accepted,
        Some(value) => {
            let known = value.as_str().and_then(Status::from_name);
            known.ok_or_else(|| format!("the status {} in 'responses'", shape(&value)))?
        }
    };
    Ok(Response {
        annotator: take_string(&mut map, "annotator"),
        time: take_string(&mut map, "time"),
        seconds: map.shift_remove("seconds").and_then(|v| v.as_f64()),
        status,
        answer,
        id: take_string(&mut map, "id"),
        extra: map.into_iter().map(|(key, value)| (key.into(), value)).collect(),
    })
}

fn prediction(item: Value, text: &str, options: &ReadOptions, repaired: &mut usize) -> Result<Prediction, String> {
    let Value::Object(mut map) = item else {
        return Err(format!("{} in 'predictions'", shape(&item)));
    };
    let answer = nested_answer(&mut map, text, options, repaired)?;
    let scores = match map.shift_remove("scores") {
        Some(Value::Object(scores)) => {
            scores.into_iter().filter_map(|(label, score)| Some((label, score.as_f64()?))).collect()
        }
        _ => Vec::new(),
    };
    Ok(Prediction {
        model: take_string(&mut map, "model"),
        answer,
        score: map.shift_remove("score").and_then(|v| v.as_f64()),
        scores,
        time: take_string(&mut map, "time"),
        id: take_string(&mut map, "id"),
        extra: map.into_iter().map(|(key, value)| (key.into(), value)).collect(),
    })
}
