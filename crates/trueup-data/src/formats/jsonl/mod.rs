//! JSON lines, or one JSON array of objects: Trueup's own shape, which holds everything, and whatever else has a text
//! and an answer under usual names.

mod fields;
mod record;
mod write;

use serde_json::Value;

pub(crate) use fields::names;

use crate::answers::{RawAnswer, answer};
use crate::error::DataError;
use crate::formats::{Spec, tagged};
use crate::head::{Confidence, Json};
use crate::holds::Holds;
use crate::input::Input;
use crate::json;
use crate::options::{ReadOptions, count};
use crate::reading::Reading;

/// JSON lines, or an array of objects.
pub(crate) const SPEC: Spec = Spec {
    name: "jsonl",
    aliases: &["json"],
    title: "JSON lines, or an array of objects",
    ending: ".jsonl",
    holds: Holds::ALL,
    sniff: |head| match head.json {
        Json::No => Confidence::No,
        Json::Object => Confidence::Possible,
        Json::Lines | Json::Array => Confidence::Likely,
    },
    read,
    write: Some(|outline| Box::new(write::Writer::new(outline))),
    folder: false,
};

fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let objects = json::objects(input.text()?, reading.remarks)?;
    let broken = reading.remarks.skipped.len();
    if let Some(data) = tagged::read_token_lists(&objects, options, reading.remarks)? {
        return crate::bridge::records(data, false, reading);
    }
    let plan = fields::decide(&objects, options, reading.remarks)?;
    reading.ids_from_column = plan.id.is_some();
    reading.outline.group = plan.group.as_deref().map(Into::into);
    reading.outline.time = plan.time.as_deref().map(Into::into);
    // A field of lists of strings that is called `labels` may hold several.
    let lists = |o: &json::Object| {
        let raw = o.fields.get(plan.label.as_deref().unwrap_or_default()).map(answer);
        matches!(raw, Some(Ok(RawAnswer::Labels(_))))
    };
    if plan.label.as_deref() == Some("labels") && objects.iter().any(lists) {
        reading.outline.several = Some(true);
    }
    let total = objects.len() + broken;
    let (mut repaired, mut first_repaired) = (0, 0);
    for object in objects {
        let line = object.line;
        let before = repaired;
        match record::read(object, &plan, options, &mut repaired) {
            Ok(record) => reading.push(record)?,
            Err(found) => reading.remarks.skip_malformed(line, found, record::VALID)?,
        }
        if before == 0 && repaired > 0 {
            first_repaired = line;
        }
    }
    if repaired > 0 {
        let what = count(repaired, "span");
        reading.note(format!("{what} did not cover the text quoted beside and moved to it (first at line {first_repaired})"));
    }
    reading.remarks.check_malformed(total, record::VALID, "name the field with --label, or the kind with --task")
}

/// Whether a value is a list of which all elements fulfil `test`.
fn all(value: &Value, test: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(test))
}
