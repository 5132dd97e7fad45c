//! One task of the full export becomes a record.

use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::plan::{Ours, Plan};
use super::results::{self, Taken, Tally, Target};
use super::{ID, Keys, RESULTS, TASK, who};
use crate::corpus::{Answer, Key, Prediction, Record, Response, Status};
use crate::error::quote;
use crate::json::{scalar, shape};

/// A task as it was read, before what is true of the whole file is known.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub record: Record,
    /// The response that is marked as the reference.
    reference: Option<usize>,
    /// The answers, in the order of [`Record::answers`], that say themselves what they were asked.
    said: Vec<usize>,
    /// What was found of the spans that people marked.
    pub tally: Tally,
    /// What was found of the spans that models marked.
    pub models: Tally,
}

/// What the answers of a file hold at all.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    pub labels: bool,
    pub spans: bool,
}

impl Parsed {
    /// Takes note of what its answers hold.
    pub fn see(&self, asked: &mut Asked) {
        for answer in self.record.answers() {
            asked.labels |= answer.labels.is_some();
            asked.spans |= answer.spans.is_some();
        }
    }

    /// The record: a part that the file asks for and an answer lacks was asked and found nothing; labels under the usual
    /// name belong to no field.
    pub fn finish(mut self, asked: Asked, usual: &str) -> Record {
        let skipped = |status: Status| status == Status::Skipped;
        let first = usize::from(self.record.gold.is_some());
        let statuses: Vec<Status> = self.record.responses.iter().map(|response| response.status).collect();
        for (i, answer) in self.record.answers_mut().enumerate() {
            let status = i.checked_sub(first).and_then(|i| statuses.get(i)).copied().unwrap_or_default();
            if !skipped(status) && !self.said.contains(&i) {
                if asked.labels {
                    answer.labels.get_or_insert_default();
                }
                if asked.spans {
                    answer.spans.get_or_insert_default();
                }
            }
            for choice in answer.labels.iter_mut().flatten() {
                if choice.field.as_deref() == Some(usual) {
                    choice.field = None;
                }
            }
        }
        if self.record.gold.is_none()
            && let Some(reference) = self.reference
        {
            self.record.gold = self.record.responses.get(reference).map(|response| response.answer.clone());
        }
        self.record
    }
}

/// An annotation, before it is known whether it is gold.
struct Annotation {
    response: Response,
    /// Whether it says nothing of who answered.
    unnamed: bool,
    reference: bool,
    said: bool,
}

/// Reads a task; an error is a noun phrase.
pub(super) fn task(value: Value, plan: &Plan, unit: OffsetUnit, keys: &mut Keys) -> Result<Parsed, String> {
    let Value::Object(fields) = value else {
        return Err(format!("{} where a task is needed", shape(&value)));
    };
    let mut parsed = Parsed::default();
    let (mut data, mut annotations, mut predictions, mut drafts) = (None, Vec::new(), Vec::new(), Vec::new());
    let mut rest = Map::new();
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("id", value @ (Value::String(_) | Value::Number(_))) => parsed.record.id = scalar(&value),
            ("data", Value::Object(fields)) => data = Some(fields),
            ("data", other) => return Err(format!("a task whose 'data' is {}", shape(&other))),
            ("annotations" | "completions", Value::Array(list)) => annotations.extend(list),
            ("predictions", Value::Array(list)) => predictions = list,
            ("drafts", Value::Array(list)) => drafts = list,
            ("meta", Value::Object(mut meta)) => {
                if meta.get("split").is_some_and(Value::is_string)
                    && let Some(Value::String(split)) = meta.shift_remove("split")
                {
                    parsed.record.split = Some(keys.get(&split));
                    if meta.is_empty() {
                        continue;
                    }
                }
                rest.insert(key, Value::Object(meta));
            }
            (_, value) => {
                rest.insert(key, value);
            }
        }
    }
    let id = |record: &Record| record.id.as_ref().map_or_else(String::new, |id| format!(" with id {}", quote(id)));
    let Some(mut data) = data else {
        return Err(format!("a task{} without 'data'", id(&parsed.record)));
    };
    let text = match data.shift_remove(&plan.names.text) {
        Some(Value::String(text)) => text,
        other => {
            let found = other.as_ref().map_or_else(|| "nothing".to_owned(), shape);
            let field = quote(&plan.names.text);
            return Err(format!("a task{} with {found} in data field '{field}': not a text task", id(&parsed.record)));
        }
    };
    if data.get(ID).is_some_and(Value::is_string)
        && let Some(Value::String(id)) = data.shift_remove(ID)
    {
        parsed.record.id = Some(id);
    }
    {
        let offsets = Offsets::new(&text, unit);
        let other = if unit == OffsetUnit::Utf16 { OffsetUnit::CodePoint } else { OffsetUnit::Utf16 };
        // Beyond the basic plane characters take four bytes, and only there the two units differ.
        let other = text.bytes().any(|b| b >= 0xf0).then(|| Offsets::new(&text, other));
        let is_elsewhere = |to_name: &str| plan.is_elsewhere(to_name, &data);
        let target = Target {
            text: &text,
            offsets: &offsets,
            other: other.as_ref(),
            to_name: &plan.names.to_name,
            is_elsewhere: &is_elsewhere,
        };
        answers(annotations, drafts, &target, &mut parsed, &mut rest, keys)?;
        models(predictions, &target, &mut parsed, &mut rest, keys)?;
    }
    parsed.record.text = Some(text);
    parsed.record.metadata = data.into_iter().map(|(key, value)| (keys.get(&key), value)).collect();
    if !rest.is_empty() {
        parsed.record.metadata.push((keys.get(TASK), Value::Object(rest)));
    }
    Ok(parsed)
}

/// Annotations and drafts become gold and responses.
fn answers(
    annotations: Vec<Value>,
    drafts: Vec<Value>,
    target: &Target,
    parsed: &mut Parsed,
    rest: &mut Map<String, Value>,
    keys: &mut Keys,
) -> Result<(), String> {
    let mut read = Vec::with_capacity(annotations.len());
    for value in annotations {
        read.push(annotation(value, "completed_by", target, keys, &mut parsed.tally)?);
    }
    let may_be_gold = |a: &Annotation| a.unnamed && a.response.status == Status::Accepted;
    let marked = read.iter().position(|a| may_be_gold(a) && a.reference);
    let gold = marked.or_else(|| {
        let mut unnamed = (0..read.len()).filter(|&i| may_be_gold(&read[i]));
        unnamed.next().filter(|_| unnamed.next().is_none())
    });
    if let Some(gold) = gold {
        let Annotation { response, said, .. } = read.remove(gold);
        if said {
            parsed.said.push(0);
        }
        let details = details(&response);
        parsed.record.gold = Some(response.answer);
        if !details.is_empty() {
            rest.insert("gold".to_owned(), Value::Object(details));
        }
    }
    let first = usize::from(gold.is_some());
    for mut a in read {
        let number = parsed.record.responses.len();
        if a.reference {
            if parsed.reference.is_none() && a.response.status == Status::Accepted {
                parsed.reference = Some(number);
            }
            a.response.extra.push((keys.get("ground_truth"), Value::Bool(true)));
        }
        if a.said {
            parsed.said.push(first + number);
        }
        parsed.record.responses.push(a.response);
    }
    for value in drafts {
        // What drafts are like is not for people to repair: they are not counted.
        let mut draft = annotation(value, "user", target, keys, &mut Tally::default())?;
        draft.response.status = Status::Draft;
        if draft.said {
            parsed.said.push(first + parsed.record.responses.len());
        }
        parsed.record.responses.push(draft.response);
    }
    Ok(())
}

/// What is said of an annotation besides its answer, for gold, which has no place for it.
fn details(response: &Response) -> Map<String, Value> {
    let mut details = Map::new();
    if let Some(id) = &response.id {
        details.insert("id".to_owned(), id_value(id));
    }
    if let Some(time) = &response.time {
        details.insert("created_at".to_owned(), Value::from(time.as_str()));
    }
    if let Some(seconds) = response.seconds {
        details.insert("lead_time".to_owned(), Value::from(seconds));
    }
    details.extend(response.extra.iter().map(|(key, value)| (key.to_string(), value.clone())));
    details
}

/// An id as Label Studio writes it: a number, where it is one.
pub(super) fn id_value(id: &str) -> Value {
    super::integer(id).map_or_else(|| Value::from(id), Value::from)
}

fn annotation(
    value: Value,
    by: &str,
    target: &Target,
    keys: &mut Keys,
    tally: &mut Tally,
) -> Result<Annotation, String> {
    let Value::Object(fields) = value else {
        return Err(format!("{} where an annotation is needed", shape(&value)));
    };
    let mut a = Annotation { response: Response::default(), unnamed: true, reference: false, said: false };
    let mut ours = None;
    let mut kept = Vec::new();
    for (key, value) in fields {
        let response = &mut a.response;
        match (key.as_str(), value) {
            ("id", value @ (Value::String(_) | Value::Number(_))) => response.id = scalar(&value),
            ("result", Value::Array(list)) => {
                let taken = results::take(list, target, keys, tally);
                response.answer = taken.answer;
                kept = taken.kept;
            }
            ("result", other) if !other.is_null() => {
                return Err(format!("an annotation whose 'result' is {}", shape(&other)));
            }
            (name, value) if name == by => {
                a.unnamed = false;
                response.annotator = who(&value);
                // What else is said of the person.
                if value.as_object().is_some_and(|user| user.len() > 1 || !user.contains_key("email")) {
                    response.extra.push((keys.get(by), value));
                }
            }
            ("was_cancelled" | "skipped", Value::Bool(cancelled)) => {
                if cancelled {
                    response.status = Status::Skipped;
                }
            }
            ("ground_truth", Value::Bool(reference)) => a.reference = reference,
            ("created_at", Value::String(time)) => response.time = Some(time).filter(|time| !time.is_empty()),
            ("lead_time", Value::Number(n)) => response.seconds = n.as_f64(),
            ("lead_time" | "created_at", Value::Null) => {}
            (name, value) if Ours::is(name, &value) => ours = Some(Ours::of(&value)),
            (name, value) => response.extra.push((keys.get(name), value)),
        }
    }
    if !kept.is_empty() {
        a.response.extra.push((keys.get(RESULTS), Value::Array(kept)));
    }
    if let Some(ours) = ours {
        a.response.status = ours.status.unwrap_or(a.response.status);
        a.said = said(&ours, &mut a.response.answer);
    }
    Ok(a)
}

/// An answer that says which parts were asked has these parts.
fn said(ours: &Ours, answer: &mut Answer) -> bool {
    let Some((labels, spans)) = ours.asked else {
        return false;
    };
    if labels {
        answer.labels.get_or_insert_default();
    }
    if spans {
        answer.spans.get_or_insert_default();
    }
    true
}

/// Predictions; one that is only named by its number is taken from the annotation that began with it.
fn models(
    predictions: Vec<Value>,
    target: &Target,
    parsed: &mut Parsed,
    rest: &mut Map<String, Value>,
    keys: &mut Keys,
) -> Result<(), String> {
    let before = usize::from(parsed.record.gold.is_some()) + parsed.record.responses.len();
    let mut unknown = Vec::new();
    for value in predictions {
        let fields = match value {
            Value::Object(fields) => fields,
            number @ (Value::Number(_) | Value::String(_)) => {
                let extras = parsed.record.responses.iter().flat_map(|response| &response.extra);
                let mut copies =
                    extras.filter(|(key, _)| &**key == "prediction").filter_map(|(_, value)| value.as_object());
                let copy = copies.find(|copy| copy.get("id") == Some(&number) && copy.contains_key("result"));
                let Some(copy) = copy else {
                    unknown.push(number);
                    continue;
                };
                copy.clone()
            }
            other => return Err(format!("{} where a prediction is needed", shape(&other))),
        };
        let (prediction, said) = prediction(fields, target, keys, &mut parsed.models)?;
        if said {
            parsed.said.push(before + parsed.record.predictions.len());
        }
        parsed.record.predictions.push(prediction);
    }
    if !unknown.is_empty() {
        rest.insert("predictions".to_owned(), Value::Array(unknown));
    }
    Ok(())
}

fn prediction(
    fields: Map<String, Value>,
    target: &Target,
    keys: &mut Keys,
    tally: &mut Tally,
) -> Result<(Prediction, bool), String> {
    let mut prediction = Prediction::default();
    let mut ours = None;
    let mut kept: Option<(Key, Value)> = None;
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("id", value @ (Value::String(_) | Value::Number(_))) => prediction.id = scalar(&value),
            ("model_version", Value::String(model)) => prediction.model = Some(model),
            ("score", Value::Number(n)) => prediction.score = n.as_f64(),
            ("created_at", Value::String(time)) => prediction.time = Some(time),
            ("score" | "created_at" | "model_version", Value::Null) => {}
            ("scores", Value::Object(scores)) if scores.values().all(Value::is_number) => {
                let scores = scores.into_iter().filter_map(|(label, score)| Some((label, score.as_f64()?)));
                prediction.scores = scores.collect();
            }
            ("result", Value::Array(list)) => {
                let Taken { answer, kept: more } = results::take(list, target, keys, tally);
                prediction.answer = answer;
                kept = (!more.is_empty()).then(|| (keys.get(RESULTS), Value::Array(more)));
            }
            ("result", other) if !other.is_null() => {
                return Err(format!("a prediction whose 'result' is {}", shape(&other)));
            }
            (name, value) if Ours::is(name, &value) => ours = Some(Ours::of(&value)),
            (name, value) => prediction.extra.push((keys.get(name), value)),
        }
    }
    prediction.extra.extend(kept);
    let said = ours.is_some_and(|ours| said(&ours, &mut prediction.answer));
    Ok((prediction, said))
}
