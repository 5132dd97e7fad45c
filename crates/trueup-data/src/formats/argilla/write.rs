//! Records become Argilla's records of version 2, in one JSON array.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::questions::usual_label;
use super::{COMMENT, NOBODY, REJECTED, SETTING, SPANS};
use crate::corpus::{Answer, Choice, Key, Mark, Outline, Prediction, Record, Status};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::holds::{Loss, Losses};
use crate::output::Output;

/// Begins to write.
pub(super) fn writer(outline: &Outline) -> Box<dyn Writer> {
    let setting = outline.setting(SETTING);
    let word =
        |key: &str, usual: &str| setting.and_then(|s| s.get(key)).and_then(Value::as_str).unwrap_or(usual).to_owned();
    let words = |key: &str| {
        let list = setting.and_then(|s| s.get(key)).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    Box::new(Records {
        text: word("text", "text"),
        label: usual_label(setting),
        spans: word("spans", SPANS),
        single: setting.is_some().then(|| words("single")),
        several: outline.is_multilabel(),
        other: words("other"),
        any: false,
    })
}

struct Records {
    text: String,
    label: String,
    spans: String,
    /// The questions of one label, where the file was Argilla's.
    single: Option<Vec<String>>,
    several: bool,
    /// The questions of free text and ratings.
    other: Vec<String>,
    /// Whether a record was written.
    any: bool,
}

impl Writer for Records {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        out.buffer().extend_from_slice(if self.any { b",\n" } else { b"[" });
        self.any = true;
        let item = self.item(record, losses);
        // Writing into memory does not fail.
        let _ = serde_json::to_writer(out.buffer(), &item);
        out.flush_if_full()
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        out.write(if self.any { b"]\n" } else { b"[]\n" })
    }
}

/// The answers to one question.
type ByQuestion = Vec<(String, Value)>;

impl Records {
    fn item(&self, record: &Record, losses: &mut Losses) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert(self.text.clone(), Value::from(record.text()));
        let (mut metadata, mut vectors, mut server) = (Map::new(), Value::Object(Map::new()), Value::Null);
        let mut gold_extra: Vec<(Key, Value)> = Vec::new();
        let mut status = None;
        for (key, value) in &record.metadata {
            if let Some(field) = key.strip_prefix("fields.").filter(|field| !fields.contains_key(*field)) {
                fields.insert(field.to_owned(), value.clone());
            } else if let Some(question) = key.strip_prefix("responses.").filter(|_| record.gold.is_some()) {
                gold_extra.push((question.into(), value.clone()));
            } else {
                match &**key {
                    "vectors" if value.is_object() => vectors = value.clone(),
                    "_server_id" if value.is_string() => server = value.clone(),
                    "status" if value.is_string() && !matches!(value.as_str(), Some("completed" | "pending")) => {
                        status = Some(value.clone());
                    }
                    _ => {
                        metadata.insert(key.to_string(), value.clone());
                    }
                }
            }
        }
        let mut responses: Map<String, Value> = Map::new();
        let mut rejected: Vec<Value> = Vec::new();
        let mut submitted = false;
        let offsets = Offsets::new(record.text(), OffsetUnit::CodePoint);
        if let Some(gold) = &record.gold {
            submitted = true;
            if has_scores(gold) {
                losses.add(Loss::Scores, &record.place, || "scores of the reference".to_owned());
            }
            let answers = self.answers(record, gold, &gold_extra, &offsets, losses);
            respond(&mut responses, answers, NOBODY, "submitted");
        }
        // Of several answers of one user the last stands, as in the tool.
        let names = record.responses.iter().map(|response| response.annotator.as_deref());
        let mut last: FxHashMap<Option<&str>, usize> = names.enumerate().map(|(i, name)| (name, i)).collect();
        if record.gold.is_some() {
            last.remove(&None);
        }
        for (i, response) in record.responses.iter().enumerate() {
            if last.get(&response.annotator.as_deref()) != Some(&i) {
                losses.add(Loss::Responses, &record.place, || "a second answer of one user".to_owned());
                continue;
            }
            if response.time.is_some() || response.seconds.is_some() || response.id.is_some() {
                losses.add(Loss::ResponseDetails, &record.place, || "the time or id of an answer".to_owned());
            }
            if response.annotator.is_none() && response.status == Status::Accepted {
                losses.add(Loss::Responses, &record.place, || {
                    "an answer without a name, which stands where the reference does".to_owned()
                });
            }
            if has_scores(&response.answer) {
                losses.add(Loss::Scores, &record.place, || "scores of a person's answer".to_owned());
            }
            let user = response.annotator.as_deref().unwrap_or(NOBODY);
            let status = match response.status {
                Status::Accepted => "submitted",
                Status::Draft => "draft",
                Status::Rejected => {
                    rejected.push(Value::from(user));
                    "discarded"
                }
                Status::Ignored => "discarded",
                Status::Skipped => {
                    losses.add(Loss::Statuses, &record.place, || "a skipped answer became a discarded one".to_owned());
                    "discarded"
                }
            };
            submitted |= status == "submitted";
            let answers = self.answers(record, &response.answer, &response.extra, &offsets, losses);
            if answers.is_empty() {
                losses.add(Loss::Statuses, &record.place, || "an answer that holds nothing".to_owned());
            }
            respond(&mut responses, answers, user, status);
        }
        let suggestions = self.suggestions(record, &offsets, losses);
        let derived = if submitted { "completed" } else { "pending" };
        let mut item = Map::new();
        item.insert("id".to_owned(), record.id.clone().into());
        item.insert("fields".to_owned(), Value::Object(fields));
        item.insert("metadata".to_owned(), Value::Object(metadata));
        item.insert("suggestions".to_owned(), Value::Object(suggestions));
        item.insert("responses".to_owned(), Value::Object(responses));
        item.insert("vectors".to_owned(), vectors);
        item.insert("status".to_owned(), status.unwrap_or_else(|| Value::from(derived)));
        item.insert("_server_id".to_owned(), server);
        if !rejected.is_empty() {
            item.insert(REJECTED.to_owned(), Value::Array(rejected));
        }
        item
    }

    /// The answers to each question.
    fn answers(
        &self,
        record: &Record,
        answer: &Answer,
        extra: &[(Key, Value)],
        offsets: &Offsets,
        losses: &mut Losses,
    ) -> ByQuestion {
        let mut by: ByQuestion = Vec::new();
        if let Some(labels) = &answer.labels {
            for (question, labels) in grouped(labels, |choice| choice.field.as_ref(), &self.label) {
                let value = self.label_value(record, &question, &labels, losses);
                by.push((question, value));
            }
        }
        if let Some(spans) = &answer.spans {
            for (question, marks) in grouped(spans, |mark| mark.field.as_ref(), &self.spans) {
                by.push((question, marks.into_iter().map(|mark| span(mark, offsets)).collect()));
            }
        }
        if let Some(comment) = &answer.comment {
            by.push((COMMENT.to_owned(), Value::from(comment.as_str())));
        }
        for (question, value) in extra {
            if self.other.iter().any(|name| **name == **question) {
                by.push((question.to_string(), value.clone()));
            } else {
                losses.add(Loss::ResponseDetails, &record.place, || format!("'{}' of an answer", quote(question)));
            }
        }
        by
    }

    fn label_value(&self, record: &Record, question: &str, labels: &[&Choice], losses: &mut Losses) -> Value {
        let single = match &self.single {
            Some(names) => names.iter().any(|name| name == question),
            None => !self.several,
        };
        match labels {
            [one] if single => Value::from(one.label.as_str()),
            several => {
                if single && self.single.is_some() {
                    losses.add(Loss::Labels, &record.place, || "several answers to a question of one label".to_owned());
                }
                several.iter().map(|choice| Value::from(choice.label.as_str())).collect()
            }
        }
    }

    /// One suggestion a question, the first; Argilla takes no more.
    fn suggestions(&self, record: &Record, offsets: &Offsets, losses: &mut Losses) -> Map<String, Value> {
        let mut suggestions: Map<String, Value> = Map::new();
        for prediction in &record.predictions {
            if !prediction.scores.is_empty() {
                losses.add(Loss::Scores, &record.place, || "scores of labels beside the suggested ones".to_owned());
            }
            if prediction.time.is_some() || prediction.id.is_some() {
                losses.add(Loss::Predictions, &record.place, || "the time or id of a model's answer".to_owned());
            }
            let (other, rest): (Vec<_>, Vec<_>) =
                prediction.extra.iter().cloned().partition(|(key, _)| self.other.iter().any(|name| **name == **key));
            for (question, value) in self.answers(record, &prediction.answer, &other, offsets, losses) {
                if suggestions.contains_key(&question) {
                    losses.add(Loss::Predictions, &record.place, || {
                        format!("a second suggestion for the question '{}'", quote(&question))
                    });
                    continue;
                }
                let mut item = Map::new();
                let score = score(&question, &value, prediction, self);
                item.insert("value".to_owned(), value);
                item.insert("score".to_owned(), score);
                item.insert("agent".to_owned(), prediction.model.clone().into());
                for (key, value) in &rest {
                    // The only other part of a suggestion.
                    if &**key == "type" {
                        item.insert(key.to_string(), value.clone());
                    } else {
                        losses.add(Loss::Predictions, &record.place, || format!("'{}' of a suggestion", quote(key)));
                    }
                }
                suggestions.insert(question, Value::Object(item));
            }
        }
        suggestions
    }
}

/// The score of a suggestion: one for each label or span of a list where all have one, else that of the whole.
fn score(question: &str, value: &Value, prediction: &Prediction, records: &Records) -> Value {
    let labels = prediction.answer.labels.iter().flatten();
    let labels = labels.filter(|c| c.field.as_deref().unwrap_or(&records.label) == question).map(|c| c.score);
    let spans = prediction.answer.spans.iter().flatten();
    let spans = spans.filter(|m| m.field.as_deref().unwrap_or(&records.spans) == question).map(|m| m.score);
    let scores: Option<Vec<f64>> = labels.chain(spans).collect();
    match (scores.as_deref(), prediction.score) {
        (Some(scores @ [_, ..]), _) if value.is_array() => Value::from(scores.to_vec()),
        (_, Some(whole)) => Value::from(whole),
        (Some([one]), None) => Value::from(*one),
        _ => Value::Null,
    }
}

/// Only suggestions have scores.
fn has_scores(answer: &Answer) -> bool {
    answer.labels.iter().flatten().any(|choice| choice.score.is_some())
        || answer.spans.iter().flatten().any(|mark| mark.score.is_some())
}

fn respond(responses: &mut Map<String, Value>, answers: ByQuestion, user: &str, status: &str) {
    for (question, value) in answers {
        let list = responses.entry(question).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(json!({"value": value, "user_id": user, "status": status}));
        }
    }
}

/// What belongs to each question; an empty list belongs to the usual one.
fn grouped<'a, T>(items: &'a [T], field: impl Fn(&T) -> Option<&Key>, usual: &str) -> Vec<(String, Vec<&'a T>)> {
    let mut groups: Vec<(String, Vec<&T>)> = Vec::new();
    for item in items {
        let name = field(item).map_or(usual, |name| name);
        match groups.iter_mut().find(|(known, _)| known == name) {
            Some((_, group)) => group.push(item),
            None => groups.push((name.to_owned(), vec![item])),
        }
    }
    if groups.is_empty() {
        groups.push((usual.to_owned(), Vec::new()));
    }
    groups
}

fn span(mark: &Mark, offsets: &Offsets) -> Value {
    let at = |byte| offsets.from_byte(byte).unwrap_or_default();
    json!({"start": at(mark.start), "end": at(mark.end), "label": mark.label})
}
