//! Prodigy: JSON lines, an annotated task a line, as `prodigy db-out` writes and `prodigy db-in` takes them. The fields
//! are defined in its documentation under "Annotation interfaces" and "Named session and multi-annotator workflows".
//!
//! How its answers become answers of the hub:
//!
//! - A task with `spans` that was accepted holds these spans; with `options` the labels are the ids in `accept`.
//! - A task with one `label` asks whether the label holds. Where the file asks for one label only, a rejection is an
//!   answer as well, so the labels are `X` and `not X`. Where it asks for several and every person was asked for each of
//!   them once, a person's answers to a text become one label set. Otherwise a rejection says nothing of the other labels
//!   and stays a rejected proposal.
//! - A rejected span is no gold, and says nothing of the rest of the text.
//! - Answers of named annotators (`_annotator_id`) to one task become one record. Answers without a name are gold, one
//!   record a line.

mod read;
#[cfg(test)]
mod tests;
mod together;
mod write;

use serde_json::{Map, Value};

use crate::formats::Spec;
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Labels, Metadata, Spans, Texts};

/// Prodigy's JSON lines.
pub(crate) const SPEC: Spec = Spec {
    name: "prodigy",
    aliases: &[],
    title: "Prodigy: annotated tasks as JSON lines",
    ending: ".jsonl",
    holds: Holds {
        texts: Texts::Any,
        textless: false,
        ids: true,
        splits: false,
        tokens: true,
        token_columns: false,
        labels: Labels::Set,
        spans: Spans::Any,
        both: true,
        span_ids: true,
        attributes: true,
        relations: false,
        fields: false,
        comments: true,
        responses: true,
        response_details: true,
        statuses: true,
        predictions: false,
        scores: true,
        unlabelled: true,
        metadata: Metadata::Any,
    },
    sniff,
    read: read::read,
    write: Some(write::writer),
    folder: false,
};

/// The setting that keeps what the writer needs to know of the file.
const SETTING: &str = "prodigy";
/// The metadata or detail that keeps spans of a task of which other spans were accepted.
const REJECTED_SPANS: &str = "_rejected_spans";
/// Fields of an answer rather than of the text.
const DETAILS: &[&str] = &["_task_hash", "_session_id", "_view_id", "_is_binary"];
/// The field of a remark in words, as the text input interface names it by default.
const COMMENT: &str = "user_input";

fn sniff(head: &Head) -> Confidence {
    if head.json == Json::No || !head.all_objects(|task| !task.contains_key("annotations")) {
        return Confidence::No;
    }
    let hashed = |task: &Map<String, Value>| task.contains_key("_task_hash") || task.contains_key("_input_hash");
    if head.all_objects(hashed) {
        return Confidence::Certain;
    }
    if !head.all_objects(|task| task.get("text").is_some_and(Value::is_string)) {
        return Confidence::No;
    }
    let answer = |task: &Map<String, Value>| task.get("answer").and_then(Value::as_str).map(is_answer);
    if head.objects().all(|task| answer(task) != Some(false)) && head.objects().any(|task| answer(task).is_some()) {
        return Confidence::Certain;
    }
    let objects_with = |task: &Map<String, Value>, list: &str, keys: &[&str]| {
        let items = task.get(list).and_then(Value::as_array);
        items.is_some_and(|items| {
            !items.is_empty() && items.iter().all(|item| keys.iter().all(|key| item.get(key).is_some()))
        })
    };
    let marked = |task: &Map<String, Value>| {
        objects_with(task, "tokens", &["text", "start", "end", "id"])
            || objects_with(task, "options", &["id", "text"])
            || objects_with(task, "spans", &["start", "end", "token_start", "token_end"])
    };
    // Nothing but texts: what is handed to the tool.
    let bare = |task: &Map<String, Value>| task.keys().all(|key| matches!(key.as_str(), "text" | "meta"));
    if head.objects().any(marked) || head.all_objects(bare) { Confidence::Likely } else { Confidence::No }
}

fn is_answer(word: &str) -> bool {
    matches!(word, "accept" | "reject" | "ignore")
}
