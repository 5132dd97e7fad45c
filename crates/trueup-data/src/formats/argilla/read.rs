//! Argilla's records become records.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::questions::{Kind, Questions};
use super::{NOBODY, REJECTED, SETTING, is_flat, is_one, one};
use crate::columns::TEXT_NAMES;
use crate::corpus::{Answer, Choice, Key, Mark, Place, Prediction, Record, Response, Status};
use crate::error::{DataError, list, quote};
use crate::formats::tasks::{Keys, SpanCheck, objects, position};
use crate::input::Input;
use crate::json::{Object, scalar, shape};
use crate::options::ReadOptions;
use crate::reading::Reading;

pub(super) const VALID: &str = "a record of Argilla with 'fields' of text, 'responses' and 'suggestions'";

/// One answer of a person to a question.
struct Given {
    question: String,
    value: Value,
    user: Option<String>,
    status: Option<String>,
}

/// What a model answered to a question.
struct Suggested {
    question: String,
    value: Value,
    score: Option<Value>,
    agent: Option<String>,
    extra: Vec<(String, Value)>,
}

/// A record taken apart.
struct Parts {
    place: Place,
    id: Option<String>,
    fields: Map<String, Value>,
    given: Vec<Given>,
    suggested: Vec<Suggested>,
    status: Option<String>,
    rejected: Vec<String>,
    metadata: Vec<(Key, Value)>,
}

/// Reads Argilla's records of either version.
pub(super) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let objects = objects(input.text()?, reading.remarks)?;
    let total = objects.len() + reading.remarks.skipped.len();
    if objects.first().is_some_and(|object| is_one(&object.fields)) {
        return one::read(objects, total, options, reading);
    }
    let mut keys = Keys::default();
    let mut all = Vec::with_capacity(objects.len());
    for object in objects {
        let place = Place::line(object.line);
        match take_apart(object, options.text.as_deref(), &mut keys) {
            Ok(parts) => all.push(parts),
            Err(found) => reading.remarks.skip_malformed_at(&place, found, VALID)?,
        }
    }
    let text = text_field(&all, options, reading)?;
    let answers = all.iter().flat_map(|parts| {
        let given = parts.given.iter().map(|g| (g.question.as_str(), &g.value));
        given.chain(parts.suggested.iter().map(|s| (s.question.as_str(), &s.value)))
    });
    let questions = Questions::of(answers);
    declare(&questions, &text, options.label.as_deref(), &all, reading);
    let mut reader = Reader { text, questions, keys, spans: SpanCheck::default() };
    for parts in all {
        let place = parts.place.clone();
        match reader.record(parts, reading)? {
            Ok(record) => reading.push(record)?,
            Err(found) => reading.remarks.skip_malformed_at(&place, found, VALID)?,
        }
    }
    reading.remarks.check_malformed(total, VALID, "is it another format? try --from")?;
    reader.spans.say(reading)
}

/// States which questions hold labels, and keeps what the writer needs.
fn declare(questions: &Questions, text: &str, asked: Option<&str>, all: &[Parts], reading: &mut Reading) {
    if !questions.all.is_empty() {
        let kinds: Vec<String> = questions.all.iter().map(|q| format!("'{}' asks for {}", q.name, q.words)).collect();
        reading.guess(format!("by their answers, {}", list(&kinds)), None);
    }
    if all.iter().any(|parts| !parts.given.is_empty())
        && all.iter().flat_map(|parts| &parts.given).all(|given| given.status.is_none())
    {
        reading.guess("responses have no status, and count as submitted", None);
    }
    let single = questions.named(&[Kind::Label]);
    // Of several questions the first is taken where none is asked for.
    let labels = questions.named(&[Kind::Label, Kind::Labels]);
    let asked = labels.iter().find(|name| Some(**name) == asked).or(labels.first());
    if let Some(name) = asked {
        reading.outline.several = Some(questions.kind(name) == Kind::Labels);
    }
    let setting = json!({
        "text": text,
        "label": questions.label,
        "spans": questions.spans,
        "single": single,
        "other": questions.named(&[Kind::Other]),
    });
    reading.outline.settings.push((SETTING.into(), setting));
}

/// The field with the text: the one named like a text, else the first that holds text in every record.
fn text_field(all: &[Parts], options: &ReadOptions, reading: &mut Reading) -> Result<String, DataError> {
    let Some(first) = all.first() else {
        return Ok("text".to_owned());
    };
    let mut names: Vec<&String> = Vec::new();
    for name in all.iter().flat_map(|parts| parts.fields.keys()) {
        if !names.contains(&name) && names.len() < 1_000 {
            names.push(name);
        }
    }
    if let Some(asked) = &options.text {
        let names: Vec<String> = names.into_iter().cloned().collect();
        return Ok(names[crate::columns::resolve(asked, "text", &names, &reading.remarks.path)?].clone());
    }
    let media = |text: &str| text.starts_with("data:image/") || text.starts_with("data:audio/");
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !media(text));
    names.retain(|name| all.iter().filter_map(|parts| parts.fields.get(*name)).any(is_text));
    let usual = TEXT_NAMES.iter().find_map(|usual| names.iter().find(|name| name.eq_ignore_ascii_case(usual)));
    let Some(text) = usual.or(names.first()) else {
        return Err(reading.error(&first.place, "records without a field of text", VALID));
    };
    if names.len() > 1 {
        let others: Vec<&String> = names.iter().filter(|name| *name != text).copied().collect();
        reading.guess(format!("text is field '{}'; there are also {}", quote(text), list(&others)), Some("--text"));
    }
    Ok((*text).clone())
}

/// Takes a record apart; an error is a noun phrase.
fn take_apart(object: Object, text: Option<&str>, keys: &mut Keys) -> Result<Parts, String> {
    let record = if is_flat(&object.fields) { nest(&object.fields, text) } else { object.fields };
    let mut parts = Parts {
        place: Place::line(object.line),
        id: None,
        fields: Map::new(),
        given: Vec::new(),
        suggested: Vec::new(),
        status: None,
        rejected: Vec::new(),
        metadata: Vec::new(),
    };
    for (key, value) in record {
        match (key.as_str(), value) {
            (_, Value::Null) => {}
            ("fields", Value::Object(fields)) => parts.fields = fields,
            ("id" | "external_id", value) if scalar(&value).is_some() => parts.id = scalar(&value),
            ("status", Value::String(status)) => parts.status = Some(status),
            ("responses", value) => parts.given = responses(value)?,
            ("suggestions", value) => parts.suggested = suggestions(value)?,
            ("metadata", Value::Object(metadata)) => {
                for (key, value) in metadata {
                    parts.metadata.push((keys.get(&key), value));
                }
            }
            ("vectors", Value::Object(vectors)) if vectors.is_empty() => {}
            (REJECTED, Value::Array(names)) => parts.rejected = names.iter().filter_map(scalar).collect(),
            (_, value) => parts.metadata.push((keys.get(&key), value)),
        }
    }
    if parts.fields.is_empty() {
        return Err("no 'fields'".to_owned());
    }
    Ok(parts)
}

/// Puts the parts of a flat record where they belong. Which of its other columns are fields it does not say: the text is.
fn nest(flat: &Map<String, Value>, text: Option<&str>) -> Map<String, Value> {
    let usual = TEXT_NAMES.iter().find(|name| flat.get(**name).is_some_and(Value::is_string)).copied();
    let first = || flat.iter().find(|(key, v)| v.is_string() && !key.contains('.') && *key != "id" && *key != "status");
    let text = text.or(usual).map(str::to_owned).or_else(|| first().map(|(key, _)| key.clone())).unwrap_or_default();
    let (mut fields, mut metadata) = (Map::new(), Map::new());
    let (mut given, mut suggested, mut record) = (Vec::new(), Map::new(), Map::new());
    for (key, value) in flat {
        if let Some(question) = key.strip_suffix(".responses") {
            let beside = |end: &str| flat.get(&format!("{key}.{end}")).and_then(Value::as_array);
            for (i, value) in value.as_array().into_iter().flatten().enumerate() {
                let part = |end| beside(end).and_then(|list: &Vec<Value>| list.get(i)).cloned().unwrap_or(Value::Null);
                let (user, status) = (part("users"), part("status"));
                let values = json!({question: {"value": value}});
                given.push(json!({"user_id": user, "status": status, "values": values}));
            }
        } else if let Some(question) = key.strip_suffix(".suggestion") {
            if !value.is_null() {
                let part = |end: &str| flat.get(&format!("{key}.{end}")).cloned().unwrap_or(Value::Null);
                let whole = json!({"value": value, "score": part("score"), "agent": part("agent")});
                suggested.insert(question.to_owned(), whole);
            }
        } else if [".users", ".status", ".score", ".agent"].iter().any(|end| key.ends_with(end)) && key.contains('.') {
            // Taken with what they stand beside.
        } else if matches!(key.as_str(), "id" | "status" | "_server_id") {
            record.insert(key.clone(), value.clone());
        } else if *key == text {
            fields.insert(key.clone(), value.clone());
        } else if !value.is_null() {
            metadata.insert(key.clone(), value.clone());
        }
    }
    record.insert("fields".to_owned(), Value::Object(fields));
    record.insert("metadata".to_owned(), Value::Object(metadata));
    record.insert("responses".to_owned(), Value::Array(given));
    record.insert("suggestions".to_owned(), Value::Object(suggested));
    record
}

/// Responses by question, or (the server's) by user.
fn responses(value: Value) -> Result<Vec<Given>, String> {
    let mut all = Vec::new();
    let text = |item: &Value, key: &str| item.get(key).and_then(scalar);
    match value {
        Value::Object(questions) => {
            for (question, items) in questions {
                let Value::Array(items) = items else {
                    return Err(format!("{} as responses to '{}'", shape(&items), quote(&question)));
                };
                for mut item in items {
                    let (user, status) = (text(&item, "user_id"), text(&item, "status"));
                    let Some(value) = item.get_mut("value").map(Value::take) else {
                        return Err(format!("{} as a response", shape(&item)));
                    };
                    all.push(Given { question: question.clone(), value, user, status });
                }
            }
        }
        Value::Array(items) => {
            for mut item in items {
                let (user, status) = (text(&item, "user_id"), text(&item, "status"));
                let values = item.get_mut("values").map(Value::take);
                let Some(Value::Object(values)) = values else {
                    if matches!(values, None | Some(Value::Null)) && status.is_some() {
                        continue;
                    }
                    return Err(format!("{} as a response", shape(&item)));
                };
                for (question, mut value) in values {
                    let value = value.get_mut("value").map(Value::take).unwrap_or(value);
                    all.push(Given { question, value, user: user.clone(), status: status.clone() });
                }
            }
        }
        other => return Err(format!("{} as responses", shape(&other))),
    }
    all.retain(|given| !given.value.is_null());
    Ok(all)
}

/// Suggestions by question, or (the server's) in a list.
fn suggestions(value: Value) -> Result<Vec<Suggested>, String> {
    let named: Vec<(Option<String>, Value)> = match value {
        Value::Object(questions) => questions.into_iter().map(|(name, value)| (Some(name), value)).collect(),
        Value::Array(items) => items.into_iter().map(|item| (None, item)).collect(),
        other => return Err(format!("{} as suggestions", shape(&other))),
    };
    let mut all = Vec::with_capacity(named.len());
    for (name, item) in named {
        let found = || format!("{} as a suggestion", shape(&item));
        let name = name.or_else(|| item.get("question_name").and_then(scalar)).ok_or_else(found)?;
        if item.is_null() {
            continue;
        }
        let Value::Object(item) = item else {
            return Err(found());
        };
        let mut one = Suggested { question: name, value: Value::Null, score: None, agent: None, extra: Vec::new() };
        for (key, value) in item {
            match key.as_str() {
                _ if value.is_null() => {}
                "value" => one.value = value,
                "score" => one.score = Some(value),
                "agent" => one.agent = scalar(&value),
                "question_name" | "question_id" | "id" => {}
                _ => one.extra.push((key, value)),
            }
        }
        if !one.value.is_null() {
            all.push(one);
        }
    }
    Ok(all)
}

struct Reader {
    text: String,
    questions: Questions,
    keys: Keys,
    spans: SpanCheck,
}

impl Reader {
    fn record(&mut self, mut parts: Parts, reading: &mut Reading) -> Result<Result<Record, String>, DataError> {
        let text = match parts.fields.shift_remove(&self.text) {
            Some(Value::String(text)) => text,
            Some(other) => return Ok(Err(format!("{} in the field '{}'", shape(&other), quote(&self.text)))),
            None => return Ok(Err(format!("no field '{}'", quote(&self.text)))),
        };
        let mut record = Record { place: parts.place, id: parts.id, ..Record::default() };
        record.metadata = parts.metadata;
        for (name, value) in parts.fields {
            record.metadata.push((self.keys.get(&format!("fields.{name}")), value));
        }
        if parts.status.as_deref().is_some_and(|status| !matches!(status, "completed" | "pending")) {
            record.metadata.push((self.keys.get("status"), parts.status.into()));
        }
        let offsets = Offsets::new(&text, OffsetUnit::CodePoint);
        let mut users: FxHashMap<Option<String>, usize> = FxHashMap::default();
        for given in parts.given {
            let status = match given.status.as_deref().unwrap_or("submitted") {
                "submitted" => Status::Accepted,
                "draft" => Status::Draft,
                "discarded" if given.user.as_ref().is_some_and(|user| parts.rejected.contains(user)) => {
                    Status::Rejected
                }
                "discarded" => Status::Ignored,
                other => return Ok(Err(format!("the status '{}'", quote(other)))),
            };
            let user = given.user.filter(|user| user != NOBODY && user != "None");
            let at = *users.entry(user.clone()).or_insert_with(|| {
                record.responses.push(Response { annotator: user, status, ..Response::default() });
                record.responses.len() - 1
            });
            let mut answer = std::mem::take(&mut record.responses[at].answer);
            let place = record.place.clone();
            let done = self.answer(&given.question, given.value, &text, &offsets, &mut answer, &place, reading)?;
            record.responses[at].answer = answer;
            match done {
                Ok(None) => {}
                Ok(Some(other)) => record.responses[at].extra.push(other),
                Err(found) => return Ok(Err(found)),
            }
        }
        // What nobody is named for is the reference.
        let nobody = |r: &Response| r.annotator.is_none() && r.status == Status::Accepted;
        if let Some(at) = record.responses.iter().position(nobody) {
            let response = record.responses.remove(at);
            let others = response.extra.into_iter();
            record.metadata.extend(others.map(|(key, value)| (self.keys.get(&format!("responses.{key}")), value)));
            record.gold = Some(response.answer).filter(|answer| !answer.is_empty());
        }
        if let Err(found) = self.suggestions(parts.suggested, &text, &offsets, &mut record, reading)? {
            return Ok(Err(found));
        }
        record.text = Some(text);
        Ok(Ok(record))
    }

    fn suggestions(
        &mut self,
        suggested: Vec<Suggested>,
        text: &str,
        offsets: &Offsets,
        record: &mut Record,
        reading: &mut Reading,
    ) -> Result<Result<(), String>, DataError> {
        let mut agents: FxHashMap<Option<String>, usize> = FxHashMap::default();
        for one in suggested {
            let at = *agents.entry(one.agent.clone()).or_insert_with(|| {
                record.predictions.push(Prediction { model: one.agent, ..Prediction::default() });
                record.predictions.len() - 1
            });
            let place = record.place.clone();
            let prediction = &mut record.predictions[at];
            let mut answer = Answer::default();
            let done = self.answer(&one.question, one.value, text, offsets, &mut answer, &place, reading)?;
            let several = match &one.score {
                Some(Value::Array(scores)) => scores.iter().map(Value::as_f64).collect(),
                _ => Vec::new(),
            };
            let fits = |n: usize| several.len() == n;
            if let Some(labels) = answer.labels.as_mut().filter(|labels| fits(labels.len())) {
                labels.iter_mut().zip(&several).for_each(|(choice, score)| choice.score = *score);
            }
            if let Some(spans) = answer.spans.as_mut().filter(|spans| fits(spans.len())) {
                spans.iter_mut().zip(&several).for_each(|(mark, score)| mark.score = *score);
            }
            prediction.score = prediction.score.or(one.score.as_ref().and_then(Value::as_f64));
            if let Some(labels) = answer.labels {
                prediction.answer.labels.get_or_insert_default().extend(labels);
            }
            if let Some(spans) = answer.spans {
                prediction.answer.spans.get_or_insert_default().extend(spans);
            }
            prediction.answer.comment = prediction.answer.comment.take().or(answer.comment);
            match done {
                Ok(other) => prediction.extra.extend(other),
                Err(found) => return Ok(Err(found)),
            }
            for (key, value) in one.extra {
                prediction.extra.push((self.keys.get(&key), value));
            }
        }
        Ok(Ok(()))
    }

    /// Adds the answer to a question; hands back what is neither labels nor spans.
    #[allow(clippy::too_many_arguments)] // The text, its offsets and its place belong together, and are used apart.
    fn answer(
        &mut self,
        question: &str,
        value: Value,
        text: &str,
        offsets: &Offsets,
        answer: &mut Answer,
        place: &Place,
        reading: &mut Reading,
    ) -> Result<Result<Option<(Key, Value)>, String>, DataError> {
        let kind = self.questions.kind(question);
        match (kind, value) {
            (Kind::Label | Kind::Labels, value) => {
                let field = self.questions.label.is_none().then(|| self.keys.get(question));
                let labels = answer.labels.get_or_insert_default();
                let values = if let Value::Array(values) = value { values } else { vec![value] };
                for value in &values {
                    let Some(label) = scalar(value) else {
                        return Ok(Err(format!("{} as an answer to '{}'", shape(value), quote(question))));
                    };
                    labels.push(Choice { label, field: field.clone(), score: None });
                }
            }
            (Kind::Spans, value) => {
                let field = self.questions.spans.is_none().then(|| self.keys.get(question));
                answer.spans.get_or_insert_default();
                for item in value.as_array().into_iter().flatten() {
                    let Some(label) = item.get("label").and_then(scalar) else {
                        self.spans.leave_out(place, format!("{} where a span is needed", shape(item)), reading)?;
                        continue;
                    };
                    let edges = (position(item.get("start")), position(item.get("end")), None);
                    if let Some((start, end)) = self.spans.range(text, offsets, edges, place, reading)? {
                        let score = item.get("score").and_then(Value::as_f64);
                        let mark = Mark { field: field.clone(), score, ..Mark::new(start, end, label) };
                        answer.spans.get_or_insert_default().push(mark);
                    }
                }
            }
            (Kind::Comment, Value::String(words)) => answer.comment = Some(words),
            (Kind::Comment | Kind::Other, value) => return Ok(Ok(Some((self.keys.get(question), value)))),
        }
        Ok(Ok(None))
    }
}
