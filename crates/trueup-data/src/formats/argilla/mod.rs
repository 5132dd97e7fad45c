//! Argilla: records of version 2 as `dataset.records.to_json` writes and `from_json` takes them (also as the server's API
//! and `to_list(flatten=True)` give them), and text and token classification records of version 1, as JSON arrays or lines.
//!
//! A record has `fields`, and for every question of the project `responses` by user and a `suggestion`. The file says
//! nothing of the kinds of questions: spans are objects with start, end and label in code points; lists of words are sets
//! of labels; a word is a label, unless the words of a question are as varied as answers in free text; numbers are
//! ratings. Answers to questions of free text, ratings and rankings are kept beside the labels.

mod one;
mod questions;
mod read;
#[cfg(test)]
mod tests;
mod write;

use serde_json::{Map, Value};

use crate::formats::Spec;
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Labels, Metadata, Spans, Texts};

/// Argilla's records.
pub(crate) const SPEC: Spec = Spec {
    name: "argilla",
    aliases: &[],
    title: "Argilla: records with responses and suggestions as JSON",
    ending: ".json",
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
        span_ids: false,
        attributes: false,
        relations: false,
        fields: true,
        comments: true,
        responses: true,
        response_details: true,
        statuses: true,
        predictions: true,
        scores: true,
        unlabelled: true,
        metadata: Metadata::Any,
    },
    sniff,
    read: read::read,
    write: Some(write::writer),
    folder: false,
};

/// The setting that names questions and the text field.
const SETTING: &str = "argilla";
/// The user of answers without a name.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";
/// The field of a record that lists users whose discarded answers reject what was proposed; Argilla leaves it aside.
const REJECTED: &str = "_rejected_by";
/// The question of a remark in words.
const COMMENT: &str = "comment";
/// Questions of labels and spans where the records name none.
const LABEL: &str = "label";
const SPANS: &str = "spans";

fn sniff(head: &Head) -> Confidence {
    if head.json == Json::No {
        return Confidence::No;
    }
    let two = |record: &Map<String, Value>| {
        record.get("fields").is_some_and(Value::is_object)
            && (record.contains_key("responses") || record.contains_key("suggestions"))
    };
    if head.all_objects(two) || head.all_objects(is_flat) {
        return Confidence::Certain;
    }
    if head.all_objects(is_one) { Confidence::Certain } else { Confidence::No }
}

/// A record of version 2 with its parts side by side.
fn is_flat(record: &Map<String, Value>) -> bool {
    record.keys().any(|key| key.ends_with(".responses.users") || key.ends_with(".suggestion.agent"))
}

/// A record of version 1.
fn is_one(record: &Map<String, Value>) -> bool {
    let text = record.contains_key("text") || record.contains_key("inputs");
    text && (record.contains_key("annotation_agent") || record.contains_key("prediction_agent"))
}
