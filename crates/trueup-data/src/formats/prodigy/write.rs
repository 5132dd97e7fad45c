//! Records become Prodigy tasks, a line an answer.

use serde_json::{Map, Value, json};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::{COMMENT, DETAILS, REJECTED_SPANS, SETTING};
use crate::corpus::{Answer, Choice, Mark, Outline, Place, Record, Response, Status};
use crate::error::DataError;
use crate::formats::Writer;
use crate::formats::tasks::{number_or_text, push_line, put_metadata};
use crate::holds::{Loss, Losses};
use crate::output::Output;

/// Fields with a meaning, which metadata must not take the place of.
const TAKEN: &[&str] = &[
    "text",
    "id",
    "label",
    "answer",
    "accept",
    "tokens",
    "spans",
    "image",
    "audio",
    "video",
    "_annotator_id",
    "_time",
    "_seconds",
    "_answer_id",
    COMMENT,
];

/// With more options than these a task lists those that were chosen, so that the file does not explode.
const MOST_OPTIONS: usize = 1_000;

/// Begins to write.
pub(super) fn writer(outline: &Outline) -> Box<dyn Writer> {
    let setting = outline.setting(SETTING);
    let word = |key| setting.and_then(|s| s.get(key)).and_then(Value::as_str).map(str::to_owned);
    let binary = match (word("yes"), word("no")) {
        (Some(yes), Some(no)) => Some(Binary { yes, no, label: word("label") }),
        _ => None,
    };
    let options = match setting.and_then(|s| s.get("options")).and_then(Value::as_array) {
        Some(options) => options.clone(),
        None => outline.all_labels().iter().map(|label| option(label)).collect(),
    };
    let ids = options.iter().filter_map(|o| o.get("id")).filter_map(crate::json::scalar).collect();
    let style = if outline.is_multilabel() { "multiple" } else { "single" };
    let one = setting.is_some_and(|s| s.get("one").is_some());
    Box::new(Tasks { binary, one, options, ids, style, answered: false, drafts: Vec::new() })
}

/// The one question of a file that is answered with yes or no.
struct Binary {
    yes: String,
    no: String,
    label: Option<String>,
}

struct Tasks {
    binary: Option<Binary>,
    /// Whether each task asks for one label.
    one: bool,
    options: Vec<Value>,
    ids: rustc_hash::FxHashSet<String>,
    style: &'static str,
    /// Whether a task has been answered.
    answered: bool,
    /// Where the first drafts stand.
    drafts: Vec<Place>,
}

/// How many places of drafts are kept.
const DRAFTS: usize = 10;

fn option(label: &str) -> Value {
    json!({"id": label, "text": label})
}

impl Writer for Tasks {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        if let Some(gold) = &record.gold {
            push_line(out.buffer(), &self.task(record, Some(gold), None, losses));
        }
        self.answered |= record.gold.is_some() || record.responses.iter().any(|r| r.status != Status::Draft);
        for response in &record.responses {
            if response.status == Status::Draft && self.drafts.len() < DRAFTS {
                self.drafts.push(record.place.clone());
            }
            if response.annotator.is_none() && response.status == Status::Accepted {
                losses.add(Loss::Responses, &record.place, || {
                    "an answer without a name, which stands where the reference does".to_owned()
                });
            }
            push_line(out.buffer(), &self.task(record, Some(&response.answer), Some(response), losses));
        }
        if record.gold.is_none() && record.responses.is_empty() {
            push_line(out.buffer(), &self.task(record, None, None, losses));
        }
        out.flush_if_full()
    }

    fn finish(&mut self, _: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        if !self.answered {
            for place in &self.drafts {
                let what = || "drafts alone, which nothing tells from tasks with labels that are given".to_owned();
                losses.add(Loss::Statuses, place, what);
            }
        }
        Ok(())
    }
}

impl Tasks {
    fn task(
        &self,
        record: &Record,
        answer: Option<&Answer>,
        response: Option<&Response>,
        losses: &mut Losses,
    ) -> Map<String, Value> {
        let mut task = Map::new();
        task.insert("text".to_owned(), Value::from(record.text()));
        if let Some(id) = &record.id {
            task.insert("id".to_owned(), Value::from(id.as_str()));
        }
        self.metadata(record, answer, response, &mut task, losses);
        if !record.tokens.is_empty() {
            task.insert("tokens".to_owned(), tokens(record));
        }
        if let Some(answer) = answer {
            self.answer(record, answer, response, &mut task, losses);
        }
        if let Some(response) = response {
            details(record, response, &mut task, losses);
        }
        task
    }

    fn metadata(
        &self,
        record: &Record,
        answer: Option<&Answer>,
        response: Option<&Response>,
        task: &mut Map<String, Value>,
        losses: &mut Losses,
    ) {
        // The details of an answer with a name stand with it, and spans that are no answer (highlights) beside labels.
        let named = response.is_some_and(|r| r.annotator.is_some());
        let kept = |key: &str| key == REJECTED_SPANS || (named && (DETAILS.contains(&key) || key == "_timestamp"));
        let raw = |key: &str, value: &Value| {
            let free = answer.is_none_or(|a| a.spans.is_none());
            key == "spans" && free && value.is_array() || key == "label" && self.is_choice(answer)
        };
        if record.metadata.iter().any(|(key, value)| kept(key) || raw(key, value)) {
            for (key, value) in record.metadata.iter().filter(|(key, value)| raw(key, value)) {
                task.insert(key.to_string(), value.clone());
            }
            let others = record.metadata.iter().filter(|(key, value)| !kept(key) && !raw(key, value));
            let metadata = others.cloned().collect();
            let bare = Record { metadata, place: record.place.clone(), ..Record::default() };
            put_metadata(task, &bare, TAKEN, losses);
        } else {
            put_metadata(task, record, TAKEN, losses);
        }
    }

    fn is_choice(&self, answer: Option<&Answer>) -> bool {
        let labels = answer.and_then(|a| a.labels.as_ref());
        labels.is_some_and(|labels| self.plain(labels).is_none())
    }

    /// The label and the answer of a task with a single label; `None` when it takes options.
    fn plain(&self, labels: &[Choice]) -> Option<(Option<String>, &'static str)> {
        let [one] = labels else {
            return None;
        };
        match &self.binary {
            Some(binary) if one.label == binary.yes => Some((binary.label.clone(), "accept")),
            Some(binary) if one.label == binary.no => Some((binary.label.clone(), "reject")),
            Some(_) => None,
            None => self.one.then(|| (Some(one.label.clone()), "accept")),
        }
    }

    fn answer(
        &self,
        record: &Record,
        answer: &Answer,
        response: Option<&Response>,
        task: &mut Map<String, Value>,
        losses: &mut Losses,
    ) {
        let status = response.map_or(Status::Accepted, |r| r.status);
        let mut word = "accept";
        if let Some(labels) = &answer.labels {
            if labels.iter().any(|choice| choice.score.is_some()) {
                losses.add(Loss::Scores, &record.place, || "the score of a label".to_owned());
            }
            let plain = self.plain(labels).filter(|_| answer.spans.is_none());
            if let Some((label, given)) = plain {
                word = given;
                task.extend(label.map(|label| ("label".to_owned(), Value::from(label))));
            } else {
                self.choice(labels, task);
            }
        }
        if let Some(marks) = &answer.spans {
            let mut spans = spans(record, marks);
            let rejected = response.map_or(&record.metadata, |r| &r.extra).iter();
            let rejected = rejected.filter(|(key, _)| &**key == REJECTED_SPANS).filter_map(|(_, v)| v.as_array());
            spans.extend(rejected.flatten().cloned());
            task.insert("spans".to_owned(), Value::Array(spans));
        }
        if let Some(comment) = &answer.comment {
            task.insert(COMMENT.to_owned(), Value::from(comment.as_str()));
        }
        let word = match status {
            Status::Accepted => word,
            Status::Rejected => "reject",
            Status::Ignored => "ignore",
            Status::Skipped => {
                losses.add(Loss::Statuses, &record.place, || "a skipped answer became an ignored one".to_owned());
                "ignore"
            }
            Status::Draft => return,
        };
        task.insert("answer".to_owned(), Value::from(word));
    }

    fn choice(&self, labels: &[Choice], task: &mut Map<String, Value>) {
        if !task.contains_key("options") {
            let all = self.options.len() <= MOST_OPTIONS;
            let mut options = if all { self.options.clone() } else { Vec::new() };
            for choice in labels.iter().filter(|choice| !all || !self.ids.contains(&choice.label)) {
                options.push(option(&choice.label));
            }
            task.insert("options".to_owned(), Value::Array(options));
        }
        let options = task.get("options").and_then(Value::as_array);
        let accept: Vec<Value> = labels
            .iter()
            .map(|choice| {
                // Ids that are numbers stay numbers.
                let ids = options.into_iter().flatten().filter_map(|o| o.get("id"));
                let mut numbers = ids.filter(|id| id.is_number());
                numbers
                    .find(|id| id.to_string() == choice.label)
                    .cloned()
                    .unwrap_or_else(|| Value::from(choice.label.as_str()))
            })
            .collect();
        task.insert("accept".to_owned(), Value::Array(accept));
        if !task.contains_key("config") {
            task.insert("config".to_owned(), json!({"choice_style": self.style}));
        }
    }
}

fn details(record: &Record, response: &Response, task: &mut Map<String, Value>, losses: &mut Losses) {
    for (key, value) in response.extra.iter().filter(|(key, _)| &**key != REJECTED_SPANS) {
        if TAKEN.contains(&&**key) || matches!(&**key, "options" | "config" | "_timestamp") {
            losses.add(Loss::ResponseDetails, &record.place, || format!("'{key}' of an answer"));
        } else if let Some(inner) = key.strip_prefix("meta.") {
            let meta = task.entry("meta").or_insert_with(|| Value::Object(Map::new()));
            if let Some(meta) = meta.as_object_mut() {
                meta.insert(inner.to_owned(), value.clone());
            }
        } else {
            task.insert(key.to_string(), value.clone());
        }
    }
    if let Some(time) = &response.time {
        let time = number_or_text(time);
        task.insert(if time.is_number() { "_timestamp" } else { "_time" }.to_owned(), time);
    }
    if let Some(seconds) = response.seconds {
        task.insert("_seconds".to_owned(), Value::from(seconds));
    }
    if let Some(id) = &response.id {
        task.insert("_answer_id".to_owned(), Value::from(id.as_str()));
    }
    if let Some(name) = &response.annotator {
        task.insert("_annotator_id".to_owned(), Value::from(name.as_str()));
        // The review recipe tells people apart by their sessions.
        task.entry("_session_id").or_insert_with(|| Value::from(name.as_str()));
    }
}

fn tokens(record: &Record) -> Value {
    let text = record.text();
    let offsets = Offsets::new(text, OffsetUnit::CodePoint);
    let at = |byte| offsets.from_byte(byte).unwrap_or_default();
    let tokens = record.tokens.iter().enumerate().map(|(i, token)| {
        json!({
            "text": text.get(token.start..token.end).unwrap_or_default(),
            "start": at(token.start),
            "end": at(token.end),
            "id": i,
            "ws": text.as_bytes().get(token.end) == Some(&b' '),
        })
    });
    tokens.collect()
}

fn spans(record: &Record, marks: &[Mark]) -> Vec<Value> {
    let offsets = Offsets::new(record.text(), OffsetUnit::CodePoint);
    let at = |byte| offsets.from_byte(byte).unwrap_or_default();
    let mut spans = Vec::with_capacity(marks.len());
    for mark in marks {
        let mut span = Map::new();
        span.insert("start".to_owned(), Value::from(at(mark.start)));
        span.insert("end".to_owned(), Value::from(at(mark.end)));
        // Tokens are in order, and spans of the format count them, the last one included.
        let first = record.tokens.binary_search_by_key(&mark.start, |token| token.start);
        let last = record.tokens.binary_search_by_key(&mark.end, |token| token.end);
        if let (Ok(first), Ok(last)) = (first, last) {
            span.insert("token_start".to_owned(), Value::from(first));
            span.insert("token_end".to_owned(), Value::from(last));
        }
        span.insert("label".to_owned(), Value::from(mark.label.as_str()));
        span.extend(mark.id.as_ref().map(|id| ("id".to_owned(), Value::from(id.as_str()))));
        span.extend(mark.score.map(|score| ("score".to_owned(), Value::from(score))));
        for (key, value) in &mark.attributes {
            if !span.contains_key(&**key) {
                span.insert(key.to_string(), value.clone());
            }
        }
        spans.push(Value::Object(span));
    }
    spans
}
