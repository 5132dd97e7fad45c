//! JSON lines, or one JSON array of objects: Trueup's own shape, which holds everything, and whatever else has a text
//! and an answer under usual names.

mod fields;
mod quick;
mod record;
mod tokens;
mod write;

use rayon::prelude::*;
use serde_json::Value;

pub(crate) use fields::names;

use crate::answers::{RawAnswer, answer};
use crate::corpus::{Place, Record, Row};
use crate::error::DataError;
use crate::formats::Spec;
use crate::head::{Confidence, Json};
use crate::holds::Holds;
use crate::input::{Input, Pieces};
use crate::json;
use crate::options::{ReadOptions, count};
use crate::reading::Reading;
use crate::rows::ROWS;

/// How many objects one thread takes at once.
const OBJECTS: usize = 512;

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
    let is_array = input.text_if_any().is_some_and(json::is_array);
    // An array is read whole; lines of a large file block by block, all as the first block shows.
    let mut pieces = if is_array { Pieces::Whole(Some(input.text()?)) } else { input.pieces(after_last_line)? };
    let mut state: Option<State> = None;
    let mut number = 0;
    while let Some((text, line)) = pieces.next()? {
        // What was decided holds, so that a line becomes a record at once.
        if let Some(state) = &mut state {
            number = state.lines(text, (line, number), options, reading)?;
        } else {
            let objects = if is_array {
                json::objects(text, reading.remarks)?
            } else {
                let (objects, records) = json::first_lines(text, reading.remarks)?;
                number = records;
                objects
            };
            input.expect(objects.len(), text.len());
            if options.mapping.is_none()
                && let Some(field) = tokens::field(&objects, options)
            {
                // The scheme of the tags is told from all of them.
                let objects = if input.is_large() && !is_array {
                    json::objects(input.text()?, reading.remarks)?
                } else {
                    objects
                };
                return tokens::read(objects, &field, options, reading);
            }
            let plan = fields::decide(&objects, options, reading.remarks)?;
            reading.ids_from_column = plan.id.is_some();
            reading.outline.group = plan.group.as_deref().map(Into::into);
            reading.outline.time = plan.time.as_deref().map(Into::into);
            // A field of lists of strings that is called `labels` may hold several.
            if plan.label.as_deref() == Some("labels") && objects.iter().any(holds_list) {
                reading.outline.several = Some(true);
            }
            let state = state.insert(State { plan, repaired: 0, first_repaired: 0 });
            state.records(objects, options, reading)?;
        }
    }
    let Some(State { repaired, first_repaired, .. }) = state else {
        return Ok(());
    };
    if options.rows && !is_array {
        reading.outline.settings.push((ROWS.into(), Value::Null));
    }
    if repaired > 0 {
        let what = count(repaired, "span");
        reading.note(format!(
            "{what} did not cover the text quoted beside and moved to it (first at line {first_repaired})"
        ));
    }
    let total = reading.outline.occurs.records as usize + reading.remarks.skipped.len();
    reading.remarks.check_malformed(total, record::VALID, "name the field with --label, or the kind with --task")
}

/// How many bytes of a block are whole lines.
fn after_last_line(block: &[u8]) -> usize {
    memchr::memrchr(b'\n', block).map_or(0, |i| i + 1)
}

fn holds_list(object: &json::Object) -> bool {
    matches!(object.fields.get("labels").map(answer), Some(Ok(RawAnswer::Labels(_))))
}

/// What was decided on the first block, and what was repaired so far.
struct State {
    plan: fields::Plan,
    repaired: usize,
    first_repaired: u64,
}

impl State {
    fn records(
        &mut self,
        objects: Vec<json::Object>,
        options: &ReadOptions,
        reading: &mut Reading,
    ) -> Result<(), DataError> {
        let made: Vec<Made> =
            objects.into_par_iter().with_min_len(OBJECTS).map(|object| make(object, &self.plan, options)).collect();
        made.into_iter().try_for_each(|made| self.take(made, reading))
    }

    /// The records of a later block, which begins at a line and after a number of records; the number with its own.
    fn lines(
        &mut self,
        text: &str,
        at: (u64, u64),
        options: &ReadOptions,
        reading: &mut Reading,
    ) -> Result<u64, DataError> {
        let mut all = Vec::new();
        let plan = &self.plan;
        let is_plain = quick::fits(plan) && !options.rows;
        let number = json::each_line(
            text,
            at,
            |line, at| {
                let record = is_plain.then(|| quick::record(line, at, plan, options)).flatten()?;
                Some(Made { line: at.0, repaired: 0, no_text: false, record: Ok(record) })
            },
            |object| make(object, plan, options),
            reading.remarks,
            |made, _| {
                all.push(made);
                Ok(())
            },
        )?;
        all.into_iter().try_for_each(|made| self.take(made, reading))?;
        Ok(number)
    }

    fn take(&mut self, made: Made, reading: &mut Reading) -> Result<(), DataError> {
        if self.repaired == 0 && made.repaired > 0 {
            self.first_repaired = made.line;
        }
        self.repaired += made.repaired;
        match made.record {
            Ok(record) => reading.push(record),
            Err(found) if made.no_text => reading.skip(&Place::line(made.line), found, "a text in every record"),
            Err(found) => reading.remarks.skip_malformed(made.line, found, record::VALID),
        }
    }
}

/// What became of an object: a record, or what is wrong with it.
struct Made {
    line: u64,
    repaired: usize,
    /// Whether what is wrong is that it has no text.
    no_text: bool,
    record: Result<Record, String>,
}

fn make(object: json::Object, plan: &fields::Plan, options: &ReadOptions) -> Made {
    let (line, mut repaired) = (object.line, 0);
    if let Some(found) = plan.lacks_text(&object.fields) {
        return Made { line, repaired, no_text: true, record: Err(found) };
    }
    let row = options.rows.then(|| Box::new(Row::Object(object.fields.clone())));
    let record = record::read(object, plan, options, &mut repaired).map(|record| Record { row, ..record });
    Made { line, repaired, no_text: false, record }
}

/// Whether a value is a list of which all elements fulfil `test`.
fn all(value: &Value, test: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(test))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::formats::testing::read_text;
    use crate::options::ReadOptions;
    use crate::read::read_corpus_bytes;

    #[test]
    fn records_without_the_text_field_are_listed() {
        let text = "{\"text\": \"a b\", \"label\": \"x\"}\n{\"label\": [\"neutral\"]}\n{\"text\": null, \"label\": \"y\"}\n\
                    {\"text\": [1], \"label\": \"y\"}\n{\"text\": \"\", \"label\": \"y\"}\n";
        let read = read_text("jsonl", text).unwrap();
        let texts: Vec<&str> = read.corpus.records.iter().map(crate::corpus::Record::text).collect();
        // What says that it has no text is kept: a table of scores has rows like that.
        assert_eq!(texts, ["a b", "", ""]);
        let skipped: Vec<(u64, &str)> = read.skipped.iter().map(|s| (s.line, s.reason.as_str())).collect();
        assert_eq!(skipped[0], (2, "no 'text'"));
        assert_eq!((skipped.len(), skipped[1].0), (2, 4));
        let strict = ReadOptions { strict: true, ..ReadOptions::default() };
        let message = read_corpus_bytes("f", text.into(), &strict).unwrap_err().to_string();
        assert!(message.contains("line 2: found no 'text'; valid: a text in every record"), "{message}");
    }

    #[test]
    fn a_text_further_down_can_be_named() {
        let text = "{\"a\": {\"b\": {\"c\": \"one\"}}, \"title\": \"t\", \"label\": \"x\"}\n{\"title\": \"t\", \"label\": \"y\"}\n";
        let options = ReadOptions { text: Some("a.b.c".into()), ..ReadOptions::default() };
        let read = read_corpus_bytes("f", text.into(), &options).unwrap();
        assert_eq!(read.corpus.records[0].text(), "one");
        assert_eq!(read.skipped[0].reason, "no 'a.b.c'");
        let options = ReadOptions { text: Some("a.x".into()), ..ReadOptions::default() };
        assert!(read_corpus_bytes("f", text.into(), &options).is_err());
    }
}
