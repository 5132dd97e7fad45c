//! The columns of examples and of records.

use trueup_core::text::code_points;
use trueup_core::{Annotation, Dataset, LabelId, Task};

use super::Table;
use crate::corpus::{Answer, Outline, Record, settle};
use crate::holds::text_of;

/// What joins several labels in one value.
const JOINT: &str = "|";

pub(super) fn of_dataset(data: &Dataset) -> Table<'_> {
    let mut table = Table::new(data.len());
    let examples = &data.examples;
    table.text("id", |row| Some(examples[row].id.as_str().into()));
    if data.has_text {
        table.text("text", |row| Some(examples[row].text.as_str().into()));
        table.integer("length", |row| Some(code_points(&examples[row].text)));
    }
    let gold = |row: usize| &examples[row].gold;
    table.annotations(data, "label", gold);
    if data.task == Task::Ner {
        table.integer("spans", move |row| Some(gold(row).spans().len()));
    } else {
        table.text("labels", move |row| Some(json(names(data, &gold(row).labels())).into()));
    }
    if examples.iter().any(|e| e.group.is_some()) {
        table.text("group", |row| examples[row].group.as_deref().map(Into::into));
    }
    if examples.iter().any(|e| e.time.is_some()) {
        table.text("time", |row| examples[row].time.as_deref().map(Into::into));
    }
    for (i, column) in data.columns.iter().enumerate() {
        table.metadata(column, move |row| examples[row].metadata.get(i).map_or("", String::as_str).into());
    }
    table
}

impl<'a> Table<'a> {
    /// Adds answers over the labels of `data` as one text each: the label, the labels joined by `|`, or the types of
    /// the spans. For gold spans the column is called `types`, for there is no one label.
    pub fn annotations(&mut self, data: &'a Dataset, name: &str, answer: impl Fn(usize) -> &'a Annotation + 'a) {
        let name = if name == "label" && data.task == Task::Ner { "types" } else { name };
        self.text(name, move |row| match answer(row) {
            Annotation::Label(label) => Some(data.labels.name(*label).into()),
            several => Some(names(data, &several.labels()).join(JOINT).into()),
        });
    }
}

fn names<'a>(data: &'a Dataset, labels: &[LabelId]) -> Vec<&'a str> {
    labels.iter().map(|&label| data.labels.name(label)).collect()
}

fn json(names: Vec<&str>) -> String {
    serde_json::Value::from(names).to_string()
}

/// The distinct names in order of first occurrence.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

pub(super) fn of_records<'a>(records: &'a [Record], outline: &'a Outline) -> Table<'a> {
    let mut table = Table::new(records.len());
    table.text("id", |row| records[row].id.as_deref().map(Into::into));
    table.text("text", |row| records[row].text.as_deref().map(Into::into));
    table.integer("length", |row| records[row].text.as_deref().map(code_points));
    let labels = |row: usize| {
        gold(&records[row], |answer| {
            answer.labels.as_ref().map(|choices| choices.iter().map(|c| c.label.clone()).collect::<Vec<_>>())
        })
    };
    table.text("label", move |row| labels(row).filter(|l| !l.is_empty()).map(|l| l.join(JOINT).into()));
    table.text("labels", move |row| labels(row).map(|l| serde_json::Value::from(l).to_string().into()));
    table.integer("spans", |row| gold(&records[row], |a| a.spans.as_ref().map(Vec::len)));
    table.text("types", |row| {
        gold(&records[row], |answer| {
            let mut types = distinct(answer.spans.as_ref()?.iter().map(|mark| mark.label.as_str()));
            types.sort_unstable();
            Some(types.join(JOINT).into())
        })
    });
    table.text("split", |row| records[row].split.as_deref().map(Into::into));
    table.integer("annotators", |row| {
        let responses = &records[row].responses;
        let named = distinct(responses.iter().filter_map(|r| r.annotator.as_deref())).len();
        Some(named + responses.iter().filter(|r| r.annotator.is_none()).count())
    });
    for column in &outline.columns {
        table.metadata(column, move |row| match records[row].value(column) {
            Some(serde_json::Value::String(text)) => text.as_str().into(),
            Some(value) => text_of(value).into(),
            None => "".into(),
        });
    }
    table
}

/// Something of a record's reference answer.
fn gold<T>(record: &Record, of: impl FnOnce(&Answer) -> Option<T>) -> Option<T> {
    settle(record).answer().and_then(of)
}
