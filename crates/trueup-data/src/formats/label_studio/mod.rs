//! Label Studio: the full JSON export, the short one (JSON-MIN), the CSV and TSV exports, and the labelling configuration.
//!
//! Definition: "Export annotations" and "Label Studio JSON format of annotated tasks" in Label Studio's documentation
//! (labelstud.io/guide/export, labelstud.io/guide/tasks), and label-studio-sdk's converter. Offsets are those of
//! JavaScript strings, that is UTF-16 units; files whose spans fit in code points alone are read so, which is said.
//!
//! - An annotation without `completed_by` is gold, and so is the one marked `ground_truth`; the others are answers of
//!   people. Drafts are answers that were not handed in, cancelled annotations are skipped ones.
//! - A result with several labels is several spans of one id; written, they are one result again.
//! - What a result holds besides its label and place is kept: of a span as attributes (`value.x` for a field `x` of its
//!   value, `result.x` for one of the result, else a field of its `meta`), of anything else in `results` of the answer.
//! - Fields of the task besides `data` are kept in the metadata column `label_studio`.
//! - `from_name` is the field. Answers without a field are written as `label` (labels of the text as `choices` where
//!   there are spans too), and these names are read as no field.
//! - Ids that are no numbers, which Label Studio has no place for, are written into `data` as `trueup_id`.

mod config;
mod html;
mod min;
mod object;
mod plan;
mod read;
mod results;
mod rows;
mod table;
mod task;
#[cfg(test)]
mod tests;
mod write;

use rustc_hash::FxHashMap;
use serde_json::Value;

pub use config::{Config, Control, Object, config_for, read_config};

use crate::corpus::{Key, Outline};
use crate::formats::Spec;
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Metadata, Spans};

/// The full JSON export.
pub(crate) const SPEC: Spec = Spec {
    name: "label-studio",
    aliases: &["label-studio-json"],
    title: "Label Studio's JSON export",
    ending: ".json",
    holds: Holds { textless: false, tokens: false, token_columns: false, spans: Spans::Any, ..Holds::ALL },
    sniff,
    read: read::read,
    write: Some(write::begin),
    folder: false,
};

/// The short JSON export.
pub(crate) const MIN: Spec = Spec {
    name: "label-studio-min",
    aliases: &["json-min", "label-studio-json-min"],
    title: "Label Studio's JSON-MIN export",
    ending: ".json",
    holds: Holds {
        splits: false,
        span_ids: false,
        attributes: false,
        relations: false,
        statuses: false,
        predictions: false,
        scores: false,
        ..SPEC.holds
    },
    sniff: min::sniff,
    read: min::read,
    write: Some(min::begin),
    folder: false,
};

/// The CSV export, and the TSV export on reading.
pub(crate) const TABLE: Spec = Spec {
    name: "label-studio-csv",
    aliases: &["label-studio-tsv"],
    title: "Label Studio's CSV or TSV export",
    ending: ".csv",
    holds: Holds { fields: false, comments: false, metadata: Metadata::Text, ..MIN.holds },
    sniff: table::sniff,
    read: table::read,
    write: Some(table::begin),
    folder: false,
};

/// The control of spans that belong to no field.
const SPANS: &str = "label";
/// The field of `data` for an id that is no number.
const ID: &str = "trueup_id";
/// The field of an annotation for what Label Studio has no field for.
const OURS: &str = "trueup";
/// The metadata column of a task's own fields, and the setting with the names of the text.
const TASK: &str = "label_studio";
/// Where an answer keeps what is said of its results that are not spans.
const RESULTS: &str = "results";
/// The setting that holds the labelling configuration.
const CONFIG: &str = "label_config";
/// The field of a remark in words.
const COMMENT: &str = "comment";

/// The control of labels that belong to no field; names of controls are unique in a project.
fn choices_name(beside_spans: bool) -> &'static str {
    if beside_spans { "choices" } else { SPANS }
}

/// What the text is called: its field of `data` and its object in results.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Names {
    text: String,
    to_name: String,
}

impl Default for Names {
    fn default() -> Self {
        Self { text: "text".to_owned(), to_name: "text".to_owned() }
    }
}

impl Names {
    /// As the input had them, where it was of this format.
    fn of(outline: &Outline) -> Self {
        let setting = |key| outline.setting(TASK).and_then(|s| s.get(key)).and_then(Value::as_str).map(str::to_owned);
        let names = Self::default();
        Self { text: setting("text").unwrap_or(names.text), to_name: setting("to_name").unwrap_or(names.to_name) }
    }

    /// Keeps them for a writer.
    fn keep(&self, outline: &mut Outline) {
        outline.settings.push((TASK.into(), serde_json::json!({"text": self.text, "to_name": self.to_name})));
    }
}

/// Names that many records share, each made once.
#[derive(Default)]
struct Keys(FxHashMap<String, Key>);

impl Keys {
    fn get(&mut self, name: &str) -> Key {
        if let Some(key) = self.0.get(name) {
            return key.clone();
        }
        let key: Key = name.into();
        self.0.insert(name.to_owned(), key.clone());
        key
    }
}

/// A whole number as text, where that text is how the number is written.
fn integer(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|n| n.to_string() == text)
}

/// Who answered: a number, a name, or an object with an e-mail address.
fn who(value: &Value) -> Option<String> {
    match value {
        Value::Object(user) => {
            let known =
                ["email", "username", "id"].iter().filter_map(|key| user.get(*key)).find_map(crate::json::scalar);
            known.filter(|name| !name.is_empty())
        }
        other => crate::json::scalar(other).filter(|name| !name.is_empty()),
    }
}

/// A name as the value that Label Studio takes: a number, else an object with the name as the address.
fn user(name: &str) -> Value {
    integer(name).map_or_else(|| serde_json::json!({"email": name}), Value::from)
}

fn sniff(head: &Head) -> Confidence {
    if head.json == Json::No {
        return Confidence::No;
    }
    let mut all = true;
    for task in head.objects() {
        let data = task.get("data").is_some_and(Value::is_object);
        let lists = ["annotations", "completions", "predictions"];
        let list = || lists.iter().filter_map(|key| task.get(*key)?.as_array());
        let results = list().flatten().any(|answer| answer.get("result").is_some_and(Value::is_array));
        if data && results {
            return Confidence::Certain;
        }
        all &= data && list().next().is_some();
    }
    if all && !head.values.is_empty() { Confidence::Likely } else { Confidence::No }
}
