//! JSON-MIN: an array of objects, each a task's data with one annotation's answers by the name of their control, then
//! `annotator`, `annotation_id`, `created_at`, `updated_at` and `lead_time`.

use serde_json::{Map, Value};
use trueup_core::offsets::OffsetUnit;

use super::config::Config;
use super::plan::{config_beside, use_config};
use super::read::{self, Element, elements, placer, problem};
use super::rows::{self, Kind, OWN, Row, kind};
use super::task::id_value;
use super::{COMMENT, Keys, Names, TASK, choices_name};
use crate::columns::{self, TEXT_NAMES};
use crate::corpus::{Answer, Outline, Place, Record, Response};
use crate::error::{DataError, list, quote};
use crate::formats::Writer;
use crate::head::{Confidence, Head, Json};
use crate::holds::{Loss, Losses};
use crate::input::Input;
use crate::options::ReadOptions;
use crate::output::Output;
use crate::reading::Reading;

/// What a row must be, for messages.
const VALID: &str = "an object with a task's text and one annotation, as in {\"text\": ..., \"id\": 1, \"label\": ..., \"annotator\": 1}";
/// How many rows are looked at to decide what holds for all.
const PROBE: usize = 200;

pub(super) fn sniff(head: &Head) -> Confidence {
    let is_row = |row: &Map<String, Value>| {
        let has = |key: &str| row.contains_key(key);
        has("id") && has("annotator") && (has("annotation_id") || has("lead_time")) && !has("annotations")
    };
    if head.json != Json::No && head.all_objects(is_row) { Confidence::Certain } else { Confidence::No }
}

/// What the columns are.
pub(super) struct Columns {
    pub text: String,
    /// Outputs, in order, with what each is.
    pub outputs: Vec<(String, Kind)>,
}

impl Columns {
    /// Whether there is one question of a kind alone.
    pub fn is_alone(&self, kind: Kind) -> bool {
        kind != Kind::Other && self.outputs.iter().filter(|(_, other)| *other == kind).count() == 1
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        self.outputs.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind)
    }
}

/// Columns as a configuration beside the file has them, where one fits.
pub(super) fn by_config(
    input: &Input,
    names: &[String],
    reading: &mut Reading,
) -> Option<(Config, Vec<(String, Kind)>)> {
    let has = |name: &str| names.iter().any(|known| known == name);
    let (file, text, config) = config_beside(input, |config| {
        config.controls.iter().any(|control| has(&control.name)) && config.objects.iter().any(|o| has(&o.field))
    })?;
    use_config(&file, text, &config, reading);
    let of = |name: &str| {
        if config.spans().any(|control| control.name == name) {
            Kind::Spans
        } else if config.choices().any(|control| control.name == name) {
            Kind::Labels
        } else {
            Kind::Other
        }
    };
    let outputs = config.controls.iter().filter(|control| has(&control.name));
    let outputs = outputs.map(|control| (control.name.clone(), of(&control.name))).collect();
    Some((config, outputs))
}

/// The column of the text among names that are no outputs: as asked, as the configuration has it, by usual names, or the
/// longest.
pub(super) fn text_column(
    names: &[(String, usize)],
    config: Option<&Config>,
    input: &Input,
    options: &ReadOptions,
    reading: &mut Reading,
) -> Result<String, DataError> {
    let all: Vec<String> = names.iter().map(|(name, _)| name.clone()).collect();
    if let Some(asked) = &options.text {
        return Ok(all[columns::resolve(asked, "text", &all, &input.name)?].clone());
    }
    let configured = config.and_then(|config| {
        let shown = config.objects.iter().filter(|object| config.is_text(&object.name));
        shown.map(|object| object.field.clone()).find(|field| all.contains(field))
    });
    let usual = || {
        columns::by_name(all.iter().enumerate().map(|(i, name)| (i, name.as_str())), TEXT_NAMES, false)
            .map(|i| all[i].clone())
    };
    let longest = || names.iter().max_by_key(|(_, length)| *length).map(|(name, _)| name.clone());
    let Some(text) = configured.or_else(usual).or_else(longest) else {
        return Err(reading.error(&Place::line(1), "no field that could be a text: this is not a text task", VALID));
    };
    reading.guess(format!("text is '{}'", quote(&text)), Some("--text"));
    Ok(text)
}

/// Decides from the first rows what the fields are.
fn plan(probe: &[Value], input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<Columns, DataError> {
    let mut names: Vec<String> = Vec::new();
    let mut kinds: Vec<(String, Option<Kind>)> = Vec::new();
    let mut lengths: Vec<(String, usize)> = Vec::new();
    for row in probe.iter().filter_map(Value::as_object) {
        // Outputs stand between the id and the annotator, unless the data has an `id` itself.
        let after_id = row.keys().position(|key| key == "id").unwrap_or(0);
        let before = row.keys().position(|key| key == "annotator").unwrap_or(row.len());
        for (i, (name, value)) in row.iter().enumerate() {
            if OWN.contains(&name.as_str()) {
                continue;
            }
            if !names.contains(name) {
                names.push(name.clone());
            }
            let found = kind(value);
            let shown = !value.is_string() && matches!(found, Some(Kind::Spans | Kind::Labels));
            if i > after_id && i < before || found == Some(Kind::Spans) || shown && value.is_object() {
                match kinds.iter_mut().find(|(known, _)| known == name) {
                    Some((_, kind)) => *kind = (*kind).or(found),
                    None => kinds.push((name.clone(), found)),
                }
            }
            if let Some(text) = value.as_str().filter(|text| !text.trim_start().starts_with("http")) {
                match lengths.iter_mut().find(|(known, _)| known == name) {
                    Some((_, length)) => *length += text.len(),
                    None => lengths.push((name.clone(), text.len())),
                }
            }
        }
    }
    let configured = by_config(input, &names, reading);
    let mut outputs: Vec<(String, Kind)> = if let Some((_, outputs)) = &configured {
        outputs.clone()
    } else {
        // What was always null or empty is what its name says.
        let usual = |name: &str| if name == super::SPANS { Kind::Spans } else { Kind::Labels };
        kinds
            .into_iter()
            .map(|(name, kind)| {
                let kind = kind.unwrap_or_else(|| usual(&name));
                (name, kind)
            })
            .collect()
    };
    // A text among the outputs: the data has an `id` of its own, and only what is no plain text is surely an output.
    let is_text = |name: &str| TEXT_NAMES.contains(&name) && name != COMMENT;
    if configured.is_none() && outputs.iter().any(|(name, kind)| *kind == Kind::Labels && is_text(name)) {
        let plain = |name: &str| probe.iter().filter_map(|row| row.get(name)).all(Value::is_string);
        let named = |name: &str| columns::LABEL_NAMES.contains(&name);
        outputs.retain(|(name, kind)| *kind != Kind::Other && (named(name) || !plain(name)));
    }
    lengths.retain(|(name, _)| !outputs.iter().any(|(output, _)| output == name));
    let text = text_column(&lengths, configured.as_ref().map(|(config, _)| config), input, options, reading)?;
    outputs.retain(|(name, _)| *name != text);
    let shown: Vec<&String> = outputs.iter().map(|(name, _)| name).collect();
    if configured.is_none() && !shown.is_empty() {
        reading.guess(format!("answers are in {}", list(&shown)), None);
    }
    Ok(Columns { text, outputs })
}

/// Reads JSON-MIN.
pub(super) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let (elements, in_array) = elements(input.text()?, reading)?;
    let place = placer(&elements);
    let probe: Vec<Value> =
        elements.iter().take(PROBE).map(|e: &Element| serde_json::from_str(e.text).unwrap_or_default()).collect();
    let columns = plan(&probe, input, options, reading)?;
    drop(probe);
    let all = |unit| read::parse(&elements, |value, keys| row(value, &columns, unit, keys));
    let mut found = all(OffsetUnit::Utf16);
    let fits = found.iter().flatten().fold([0, 0], |sum, row| [sum[0] + row.tally.fits[0], sum[1] + row.tally.fits[1]]);
    if fits[1] > fits[0] {
        reading.guess("offsets count code points, in which the spans cover what they quote, not UTF-16 units", None);
        found = all(OffsetUnit::CodePoint);
    }
    let mut rows = Vec::with_capacity(found.len());
    for (i, row) in found.into_iter().enumerate() {
        match row {
            Ok(row) => rows.push((place(i), row)),
            Err(found) => problem(found, &place(i), elements[i].line, in_array, VALID, reading)?,
        }
    }
    rows::push(rows, reading)?;
    Names { text: columns.text, ..Names::default() }.keep(&mut reading.outline);
    reading.remarks.check_malformed(elements.len(), VALID, "is it another format? try --from")
}

fn row(value: Value, columns: &Columns, unit: OffsetUnit, keys: &mut Keys) -> Result<Row, String> {
    let mut row = Row::default();
    let mut outputs = Vec::new();
    let mut text = None;
    for (name, value) in rows::fields(value)? {
        if OWN.contains(&name.as_str()) {
            rows::own(&mut row, &name, &value, keys);
        } else if name == columns.text {
            text = value.as_str().map(str::to_owned);
        } else if let Some(kind) = columns.kind(&name) {
            let shown = rows::kind(&value);
            // A question may be answered in other ways than in the first rows.
            let kind = shown.filter(|shown| *shown != kind && kind != Kind::Other).unwrap_or(kind);
            outputs.push((name, kind, value));
        } else {
            row.metadata.push((keys.get(&name), value));
        }
    }
    row.text = text.ok_or_else(|| format!("a row without a text in '{}': not a text task", quote(&columns.text)))?;
    rows::take(outputs, &mut row, unit, keys);
    Ok(row)
}

/// Begins to write.
pub(super) fn begin(outline: &Outline) -> Box<dyn Writer> {
    Box::new(Min {
        names: Names::of(outline),
        labels: outline.occurs.labels > 0,
        spans: outline.occurs.spans > 0,
        n: 0,
        first: true,
    })
}

struct Min {
    names: Names,
    labels: bool,
    spans: bool,
    n: u64,
    first: bool,
}

impl Writer for Min {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        self.n += 1;
        let mut data = Map::new();
        data.insert(self.names.text.clone(), Value::from(record.text()));
        for (key, value) in &record.metadata {
            let usual = choices_name(self.spans);
            let taken = data.contains_key(&**key) || [super::SPANS, usual].contains(&&**key) || &**key == COMMENT;
            if &**key == TASK && value.is_object() {
                losses.add(Loss::Metadata, &record.place, || "fields of the task besides its data".to_owned());
            } else if taken || OWN.contains(&&**key) {
                losses.add(Loss::Metadata, &record.place, || format!("column '{}', whose name is taken", quote(key)));
            } else {
                data.insert(key.to_string(), value.clone());
            }
        }
        data.insert("id".to_owned(), record.id.as_deref().map_or_else(|| Value::from(self.n), id_value));
        let mut rows = Vec::new();
        if let Some(gold) = &record.gold {
            let gold = Response { answer: gold.clone(), ..Response::default() };
            rows.push(self.row(&data, Some(&gold), Value::from(""), record, losses));
        }
        for response in &record.responses {
            let by = response.annotator.as_deref().map_or(Value::Null, id_value);
            rows.push(self.row(&data, Some(response), by, record, losses));
        }
        if rows.is_empty() {
            rows.push(self.row(&data, None, Value::from(""), record, losses));
        }
        let buffer = out.buffer();
        for row in rows {
            buffer.extend_from_slice(if std::mem::replace(&mut self.first, false) { b"[\n" } else { b",\n" });
            // Writing JSON into memory does not fail.
            let _ = serde_json::to_writer_pretty(&mut *buffer, &row);
        }
        out.flush_if_full()
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        out.write(if self.first { b"[]\n" } else { b"\n]\n" })
    }
}

impl Min {
    fn row(
        &self,
        data: &Map<String, Value>,
        response: Option<&Response>,
        by: Value,
        record: &Record,
        losses: &mut Losses,
    ) -> Map<String, Value> {
        let mut row = data.clone();
        let none = Response::default();
        let details = response.unwrap_or(&none);
        if response.is_some() {
            let answer: &Answer = &details.answer;
            for (name, value) in rows::outputs(answer, record.text(), self.labels, self.spans) {
                if row.contains_key(&name) || OWN.contains(&name.as_str()) {
                    losses.add(Loss::Fields, &record.place, || {
                        format!("the field '{}', whose name is taken", quote(&name))
                    });
                } else {
                    row.insert(name, value);
                }
            }
            if let Some(comment) = &answer.comment {
                row.insert(COMMENT.to_owned(), Value::from(comment.as_str()));
            }
        }
        for (key, value) in &details.extra {
            if &**key == "updated_at" {
                continue;
            }
            // Other results are read again for what they are; anything else would be taken for labels.
            if kind(value) == Some(Kind::Other)
                && value.is_array()
                && !row.contains_key(&**key)
                && &**key != super::RESULTS
            {
                row.insert(key.to_string(), value.clone());
            } else {
                losses.add(Loss::ResponseDetails, &record.place, || format!("'{}' of an answer", quote(key)));
            }
        }
        row.insert("annotator".to_owned(), by);
        row.insert("annotation_id".to_owned(), details.id.as_deref().map_or(Value::Null, id_value));
        row.insert("created_at".to_owned(), details.time.clone().map_or(Value::Null, Value::String));
        let updated = details.extra.iter().find(|(key, _)| &**key == "updated_at").map(|(_, value)| value.clone());
        row.insert("updated_at".to_owned(), updated.unwrap_or_default());
        row.insert("lead_time".to_owned(), details.seconds.map_or(Value::Null, Value::from));
        row
    }
}
