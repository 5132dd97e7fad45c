//! Augmented manifests: one JSON object a line, with what each labelling job answered.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};
use trueup_core::offsets::{OffsetUnit, Offsets};

use crate::corpus::{Answer, Choice, Key, Mark, Outline, Place, Record};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::formats::project::{SpanFaults, verb};
use crate::holds::Losses;
use crate::input::Input;
use crate::json;
use crate::options::ReadOptions;
use crate::output::Output;
use crate::reading::Reading;

const VALID: &str = "an object with 'source' and, for each job, its answer and '<job>-metadata'";
const VALID_SPAN: &str = "an entity with 'startOffset', 'endOffset' and 'label', in characters of the text";
/// The end of the name that holds what is said of a job's answer.
const METADATA: &str = "-metadata";
/// The keys of the outline's settings: the names of the jobs, the numbers of the classes.
const JOBS: &str = "comprehend.jobs";
const NUMBERS: &str = "comprehend.classes";
/// The key of columns whose names a line needs itself.
const COLUMNS: &str = "trueup-columns";
/// What the writer calls jobs that have no name.
const LABELS_JOB: &str = "classification";
const SPANS_JOB: &str = "entities";

/// The names of a line's jobs: those that have an answer and its metadata.
pub(super) fn jobs(line: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let is_job = |name: &&str| line.contains_key(*name);
    line.iter().filter(|(_, v)| v.is_object()).filter_map(|(key, _)| key.strip_suffix(METADATA)).filter(is_job)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Label,
    Labels,
    Spans,
}

impl Kind {
    /// The name of the kind in manifests.
    fn name(self) -> &'static str {
        match self {
            Self::Label => "groundtruth/text-classification",
            Self::Labels => "groundtruth/text-classification-multilabel",
            Self::Spans => "groundtruth/text-span",
        }
    }
}

/// The kind of a job; `Err` is a type that is no text task, or an answer of no known shape.
fn kind_of(answer: &Value, metadata: &Value) -> Result<Kind, String> {
    if let Some(named) = metadata.get("type").and_then(Value::as_str)
        && named.starts_with("groundtruth/")
        && !named.starts_with("groundtruth/text-")
    {
        return Err(format!("the type '{}', which is no text task", quote(named)));
    }
    match answer {
        Value::Number(_) => Ok(Kind::Label),
        Value::Array(_) => Ok(Kind::Labels),
        Value::Object(object) if object.contains_key("annotations") => Ok(Kind::Spans),
        other => Err(format!("{} as the answer of a job", json::shape(other))),
    }
}

/// Reads a manifest.
pub(super) fn read(input: &Input, _: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let objects = json::objects(input.text()?, reading.remarks)?;
    let mut reader = Reader::default();
    // Jobs of one kind that are several answer several questions.
    for object in &objects {
        for job in jobs(&object.fields) {
            let Ok(kind) = kind_of(&object.fields[job], &object.fields[&format!("{job}{METADATA}")]) else {
                continue;
            };
            let names = if kind == Kind::Spans { &mut reader.spans_jobs } else { &mut reader.labels_jobs };
            if !names.iter().any(|name| &**name == job) {
                names.push(job.into());
            }
        }
    }
    let total = objects.len();
    for object in objects {
        let place = Place::line(object.line);
        match reader.record(object.fields, &place, reading)? {
            Ok(record) => reading.push(record)?,
            Err(found) => reading.remarks.skip_malformed_at(&place, found, VALID)?,
        }
    }
    reading.remarks.check_malformed(total, VALID, "is it another kind of JSON lines? try --from jsonl")?;
    let mut names = Map::new();
    for (key, jobs) in [("labels", &reader.labels_jobs), ("spans", &reader.spans_jobs)] {
        names.extend(jobs.first().map(|job| (key.to_owned(), Value::String(job.to_string()))));
    }
    if !names.is_empty() {
        reading.outline.settings.push((JOBS.into(), Value::Object(names)));
    }
    if !reader.numbers.is_empty() {
        reading.outline.settings.push((NUMBERS.into(), Value::Object(reader.numbers)));
    }
    reading.outline.several = reader.several;
    reading.ids_from_column = reader.ids > 0 && reader.ids == total;
    if reader.automatic > 0 {
        let records = verb(reader.automatic, "record", "was", "were");
        reading.note(format!("{records} labelled by the service, not by people (human-annotated: no)"));
    }
    reader.faults.finish(reading);
    Ok(())
}

#[derive(Default)]
struct Reader {
    labels_jobs: Vec<Key>,
    spans_jobs: Vec<Key>,
    numbers: Map<String, Value>,
    several: Option<bool>,
    automatic: usize,
    ids: usize,
    faults: SpanFaults,
}

impl Reader {
    /// A line as a record; the inner error, a noun phrase, says why it is none.
    fn record(
        &mut self,
        mut fields: Map<String, Value>,
        place: &Place,
        reading: &mut Reading,
    ) -> Result<Result<Record, String>, DataError> {
        let text = match (fields.shift_remove("source"), fields.get("source-ref")) {
            (Some(Value::String(text)), _) => text,
            (Some(other), _) => return Ok(Err(format!("{} as 'source'", json::shape(&other)))),
            (None, Some(reference)) => {
                // What it refers to is often no text at all: say that first.
                let other =
                    jobs(&fields).find_map(|job| kind_of(&fields[job], &fields[&format!("{job}{METADATA}")]).err());
                let found = format!("'source-ref' ({}), whose text stands elsewhere", json::shape(reference));
                return Ok(Err(other.unwrap_or(found)));
            }
            (None, None) => return Ok(Err("no 'source'".to_owned())),
        };
        let names: Vec<String> = jobs(&fields).map(str::to_owned).collect();
        let mut gold: Option<Answer> = None;
        let mut record = Record { place: place.clone(), ..Record::default() };
        let mut automatic = false;
        for job in names {
            let key = format!("{job}{METADATA}");
            let (Some(answer), Some(Value::Object(mut metadata))) =
                (fields.shift_remove(&job), fields.shift_remove(&key))
            else {
                continue;
            };
            let kind = match kind_of(&answer, &Value::Object(metadata.clone())) {
                Ok(kind) => kind,
                Err(found) => return Ok(Err(found)),
            };
            let gold = gold.get_or_insert_default();
            let several = if kind == Kind::Spans { self.spans_jobs.len() } else { self.labels_jobs.len() } > 1;
            let field: Option<Key> = several.then(|| job.as_str().into());
            if kind == Kind::Spans {
                let spans = self.spans(&answer, &mut metadata, &text, field.as_ref(), place, reading)?;
                match spans {
                    Ok(spans) => gold.spans.get_or_insert_default().extend(spans),
                    Err(found) => return Ok(Err(found)),
                }
            } else {
                match self.labels(kind, &answer, &mut metadata, field.as_ref()) {
                    Ok(labels) => gold.labels.get_or_insert_default().extend(labels),
                    Err(found) => return Ok(Err(found)),
                }
            }
            automatic |= metadata.get("human-annotated").and_then(Value::as_str) == Some("no");
            if metadata != usual(&job, kind) {
                record.metadata.push((key.into(), Value::Object(metadata)));
            }
        }
        self.automatic += usize::from(automatic);
        if let Some(Value::String(id)) = fields.get("id") {
            record.id = Some(id.clone());
            fields.shift_remove("id");
            self.ids += 1;
        }
        for (key, value) in fields {
            match value {
                Value::Object(columns) if key == COLUMNS => {
                    record.metadata.extend(columns.into_iter().map(|(key, value)| (key.into(), value)));
                }
                value => record.metadata.push((key.into(), value)),
            }
        }
        (record.text, record.gold) = (Some(text), gold);
        Ok(Ok(record))
    }

    fn labels(
        &mut self,
        kind: Kind,
        answer: &Value,
        metadata: &mut Map<String, Value>,
        field: Option<&Key>,
    ) -> Result<Vec<Choice>, String> {
        let mut choices = Vec::new();
        let mut choice = |label: &str, number: &Value, score: Option<f64>| {
            self.numbers.entry(label).or_insert_with(|| number.clone());
            choices.push(Choice { label: label.to_owned(), field: field.cloned(), score });
        };
        if kind == Kind::Label {
            self.several.get_or_insert(false);
            let class = metadata.shift_remove("class-name");
            let score = metadata.shift_remove("confidence").and_then(|score| score.as_f64());
            let label = class.as_ref().and_then(Value::as_str).ok_or("no 'class-name' beside the class's number")?;
            choice(label, answer, score);
        } else {
            self.several = Some(true);
            let (map, scores) = (metadata.shift_remove("class-map"), metadata.shift_remove("confidence-map"));
            for number in answer.as_array().into_iter().flatten() {
                let key = json::scalar(number).unwrap_or_default();
                let label = map.as_ref().and_then(|map| map.get(&key)).and_then(Value::as_str);
                let score = scores.as_ref().and_then(|scores| scores.get(&key)).and_then(Value::as_f64);
                let Some(label) = label else {
                    return Err(format!("the class {}, which 'class-map' does not name", json::shape(number)));
                };
                choice(label, number, score);
            }
        }
        Ok(choices)
    }

    fn spans(
        &mut self,
        answer: &Value,
        metadata: &mut Map<String, Value>,
        text: &str,
        field: Option<&Key>,
        place: &Place,
        reading: &mut Reading,
    ) -> Result<Result<Vec<Mark>, String>, DataError> {
        let annotations = &answer["annotations"];
        let declared = annotations.get("labels").and_then(Value::as_array).into_iter().flatten();
        for label in declared.filter_map(|label| label.get("label")?.as_str()) {
            reading.outline.declare_span(label);
        }
        let scores = metadata.shift_remove("entities");
        let Some(entities) = annotations.get("entities").and_then(Value::as_array) else {
            return Ok(Err("no list 'entities' in the annotations".to_owned()));
        };
        let offsets = Offsets::new(text, OffsetUnit::CodePoint);
        let mut spans = Vec::with_capacity(entities.len());
        for (i, entity) in entities.iter().enumerate() {
            let number = |key: &str| entity.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
            let label = entity.get("label").or_else(|| entity.get("type")).and_then(Value::as_str);
            let range = match (number("startOffset"), number("endOffset"), label) {
                (Some(start), Some(end), Some(label)) => offsets.range(start, end).map(|range| (range, label)),
                _ => Err(format!("{} as an entity", json::shape(entity))),
            };
            match range {
                Ok(((start, end), label)) => {
                    let score = scores.as_ref().and_then(|s| s.get(i)?.get("confidence")?.as_f64());
                    spans.push(Mark { field: field.cloned(), score, ..Mark::new(start, end, label) });
                }
                Err(found) => self.faults.broken(reading, place, found, VALID_SPAN)?,
            }
        }
        Ok(Ok(spans))
    }
}

/// What is said of an answer when nothing else is known; the writer has no clock.
fn usual(job: &str, kind: Kind) -> Map<String, Value> {
    let usual = json!({
        "job-name": format!("labeling-job/{job}"), "type": kind.name(), "human-annotated": "yes",
        "creation-date": "1970-01-01T00:00:00.000000"
    });
    usual.as_object().cloned().unwrap_or_default()
}

/// Begins a manifest.
pub(super) fn writer(outline: &Outline) -> Box<dyn Writer> {
    let name = |key: &str, usual: &str| {
        let kept = outline.setting(JOBS).and_then(|jobs| jobs.get(key)).and_then(Value::as_str);
        kept.unwrap_or(usual).to_owned()
    };
    let kept = outline.setting(NUMBERS).and_then(Value::as_object).into_iter().flatten();
    let mut numbers: FxHashMap<String, u64> = kept.filter_map(|(k, n)| Some((k.clone(), n.as_u64()?))).collect();
    let mut next = numbers.values().map(|n| n.saturating_add(1)).max().unwrap_or(0);
    for label in &outline.declared_labels {
        numbers.entry(label.clone()).or_insert_with(|| {
            next += 1;
            next - 1
        });
    }
    Box::new(Manifest {
        labels_job: name("labels", LABELS_JOB),
        spans_job: name("spans", SPANS_JOB),
        several: outline.is_multilabel(),
        declared: outline.declared_spans.clone(),
        numbers,
        next,
    })
}

struct Manifest {
    labels_job: String,
    spans_job: String,
    several: bool,
    declared: Vec<String>,
    numbers: FxHashMap<String, u64>,
    next: u64,
}

/// The answers of each job, by the question they belong to; without one, to the job of that kind.
fn by_job<'a, T>(items: &'a [T], field: impl Fn(&T) -> Option<&Key>, usual: &str) -> Vec<(String, Vec<&'a T>)> {
    let mut jobs: Vec<(String, Vec<&T>)> = Vec::new();
    for item in items {
        let name = field(item).map_or(usual, |field| &**field);
        match jobs.iter_mut().find(|(job, _)| job == name) {
            Some((_, of)) => of.push(item),
            None => jobs.push((name.to_owned(), vec![item])),
        }
    }
    if jobs.is_empty() {
        jobs.push((usual.to_owned(), Vec::new()));
    }
    jobs
}

impl Writer for Manifest {
    fn record(&mut self, record: &Record, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        let mut line = Map::new();
        line.insert("source".to_owned(), record.text().into());
        let gold = record.gold.as_ref();
        if let Some(labels) = gold.and_then(|gold| gold.labels.as_deref()) {
            for (job, choices) in by_job(labels, |choice| choice.field.as_ref(), &self.labels_job) {
                self.labels(&job, &choices, record, &mut line);
            }
        }
        if let Some(spans) = gold.and_then(|gold| gold.spans.as_deref()) {
            let offsets = Offsets::new(record.text(), OffsetUnit::CodePoint);
            for (job, marks) in by_job(spans, |mark| mark.field.as_ref(), &self.spans_job) {
                self.spans(&job, &marks, &offsets, record, &mut line);
            }
        }
        if let Some(id) = &record.id {
            line.insert("id".to_owned(), Value::String(id.clone()));
        }
        for (key, value) in &record.metadata {
            let used = key.strip_suffix(METADATA).is_some_and(|job| line.contains_key(job) && value.is_object());
            if used {
                continue;
            }
            if line.contains_key(&**key) || ["id", "source-ref", COLUMNS].contains(&&**key) {
                let columns = line.entry(COLUMNS).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(columns) = columns {
                    columns.insert(key.to_string(), value.clone());
                }
            } else {
                line.insert(key.to_string(), value.clone());
            }
        }
        // Writing into memory does not fail.
        let _ = serde_json::to_writer(&mut *out.buffer(), &line);
        out.buffer().push(b'\n');
        out.flush_if_full()
    }

    fn finish(&mut self, _: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        Ok(())
    }
}

/// What was kept of a job's metadata, else the usual.
fn metadata_of(record: &Record, job: &str, kind: Kind) -> Map<String, Value> {
    let kept = record.value(&format!("{job}{METADATA}")).and_then(Value::as_object);
    kept.cloned().unwrap_or_else(|| usual(job, kind))
}

impl Manifest {
    fn number(&mut self, label: &str) -> u64 {
        if let Some(number) = self.numbers.get(label) {
            return *number;
        }
        self.numbers.insert(label.to_owned(), self.next);
        self.next += 1;
        self.next - 1
    }

    fn labels(&mut self, job: &str, choices: &[&Choice], record: &Record, line: &mut Map<String, Value>) {
        let (answer, metadata) = match choices {
            [one] if !self.several => {
                let mut metadata = metadata_of(record, job, Kind::Label);
                metadata.insert("class-name".to_owned(), one.label.as_str().into());
                metadata.extend(one.score.map(|score| ("confidence".to_owned(), score.into())));
                (Value::from(self.number(&one.label)), metadata)
            }
            several => {
                let mut metadata = metadata_of(record, job, Kind::Labels);
                let (mut map, mut scores, mut numbers) = (Map::new(), Map::new(), Vec::new());
                for choice in several {
                    let number = self.number(&choice.label);
                    map.insert(number.to_string(), choice.label.as_str().into());
                    scores.extend(choice.score.map(|score| (number.to_string(), score.into())));
                    numbers.push(number);
                }
                metadata.insert("class-map".to_owned(), Value::Object(map));
                if !scores.is_empty() {
                    metadata.insert("confidence-map".to_owned(), Value::Object(scores));
                }
                (Value::from(numbers), metadata)
            }
        };
        line.insert(job.to_owned(), answer);
        line.insert(format!("{job}{METADATA}"), Value::Object(metadata));
    }

    fn spans(&self, job: &str, marks: &[&Mark], offsets: &Offsets, record: &Record, line: &mut Map<String, Value>) {
        let at = |byte| offsets.from_byte(byte).unwrap_or_default();
        let entity = |m: &&Mark| json!({"endOffset": at(m.end), "startOffset": at(m.start), "label": m.label});
        let entities: Vec<Value> = marks.iter().map(entity).collect();
        let mut names: Vec<&str> = self.declared.iter().map(String::as_str).collect();
        for mark in marks {
            if !names.contains(&mark.label.as_str()) {
                names.push(&mark.label);
            }
        }
        let labels: Vec<Value> = names.into_iter().map(|name| json!({"label": name})).collect();
        let mut metadata = metadata_of(record, job, Kind::Spans);
        if marks.iter().any(|mark| mark.score.is_some()) {
            let score = |mark: &&Mark| mark.score.map_or_else(|| json!({}), |score| json!({"confidence": score}));
            metadata.insert("entities".to_owned(), marks.iter().map(score).collect());
        }
        line.insert(job.to_owned(), json!({"annotations": {"entities": entities, "labels": labels}}));
        line.insert(format!("{job}{METADATA}"), Value::Object(metadata));
    }
}
