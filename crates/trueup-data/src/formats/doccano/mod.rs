//! doccano: JSON lines or arrays as its export writes them and its import takes them ("Export formats" and "Import
//! dataset" of its documentation), of old and new versions.
//!
//! A text with `label` (old: `labels`) as a list of labels or of `[start, end, label]`; with `entities`, as such lists or
//! as objects with ids, beside `relations` and `cats`; or with `annotations` (version 1.0), which name the user and the
//! number of the label. Offsets count code points, unless the project counts graphemes, which the file does not tell.

mod read;
#[cfg(test)]
mod tests;
mod write;

use serde_json::{Map, Value};

use crate::formats::Spec;
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Labels, Metadata, Spans, Texts};

/// doccano's JSON lines.
pub(crate) const SPEC: Spec = Spec {
    name: "doccano",
    aliases: &[],
    title: "doccano: JSON lines of an export",
    ending: ".jsonl",
    holds: Holds {
        texts: Texts::Any,
        textless: false,
        ids: true,
        splits: false,
        tokens: false,
        token_columns: false,
        labels: Labels::Set,
        spans: Spans::Any,
        both: true,
        span_ids: true,
        attributes: false,
        relations: true,
        fields: false,
        comments: true,
        responses: false,
        response_details: false,
        statuses: false,
        predictions: false,
        scores: false,
        unlabelled: true,
        metadata: Metadata::Any,
    },
    sniff,
    read: read::read,
    write: Some(write::writer),
    folder: false,
};

/// The fields that hold labels or spans.
const LABELS: &[&str] = &["label", "labels", "entities", "cats", "annotations"];

fn sniff(head: &Head) -> Confidence {
    if head.json == Json::No || !head.all_objects(|_| true) {
        return Confidence::No;
    }
    if head.all_objects(is_label_type) || head.all_objects(is_image) {
        return Confidence::Certain;
    }
    if !head.objects().any(|task| text(task).is_some()) {
        return Confidence::No;
    }
    head.objects().map(mark).max().unwrap_or(Confidence::No)
}

/// How sure one object is.
fn mark(task: &Map<String, Value>) -> Confidence {
    let items = |key: &str| task.get(key).and_then(Value::as_array).filter(|items| !items.is_empty());
    let all = |key: &str, test: fn(&Value) -> bool| items(key).is_some_and(|items| items.iter().all(test));
    let offsets = |item: &Value| item.get("start_offset").is_some() && item.get("end_offset").is_some();
    let by_user = |item: &Value| item.get("label").is_some() && item.get("user").is_some();
    let comments = task.get("Comments").is_some_and(Value::is_array);
    let sure = task.contains_key("annotation_approver") || comments || all("annotations", by_user);
    if sure || LABELS.iter().any(|key| all(key, offsets)) {
        return Confidence::Certain;
    }
    if ["label", "labels", "entities"].iter().any(|key| all(key, is_triple)) || all("cats", Value::is_string) {
        return Confidence::Likely;
    }
    Confidence::No
}

/// `[start, end, label]`.
fn is_triple(value: &Value) -> bool {
    let parts = value.as_array().map(Vec::as_slice).unwrap_or_default();
    matches!(parts, [Value::Number(_), Value::Number(_), Value::String(_)])
}

/// A definition of a label, which doccano exports and imports in files of their own.
fn is_label_type(task: &Map<String, Value>) -> bool {
    let key = |names: [&str; 2]| names.iter().any(|name| task.contains_key(*name));
    key(["background_color", "backgroundColor"]) && key(["suffix_key", "suffixKey"])
}

fn is_image(task: &Map<String, Value>) -> bool {
    task.contains_key("filename") && (task.contains_key("bbox") || task.contains_key("segmentation"))
}

/// The text of a task.
fn text(task: &Map<String, Value>) -> Option<&str> {
    task.get("text").or_else(|| task.get("data")).and_then(Value::as_str)
}
