//! JSON lines (or one JSON array of objects) become a data set.

use serde_json::{Map, Value};
use trueup_core::{Dataset, Task};

use crate::answers::{self, RawAnswer, answer};
use crate::collect::{Collector, Record, check_ids};
use crate::columns::{self, ID_NAMES, LABEL_NAMES, TEXT_NAMES};
use crate::error::{DataError, list, quote};
use crate::formats::Spec;
use crate::formats::tagged;
use crate::head::{Confidence, Json};
use crate::holds::Holds;
use crate::json::{Object, objects, scalar};
use crate::options::{ReadOptions, Remarks, count};
use crate::source::Source;

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
    read: |input, options, reading| {
        let source = Source { name: input.name.clone(), text: input.text()?.to_owned() };
        let (data, ids) = read(&source, options, reading.remarks)?;
        crate::bridge::records(data, ids, reading)
    },
    write: None,
    folder: false,
};

/// Field names in order of first occurrence.
pub(crate) fn names(objects: &[Object]) -> Vec<String> {
    let mut seen = rustc_hash::FxHashSet::default();
    let mut names = Vec::new();
    for key in objects.iter().flat_map(|o| o.fields.keys()) {
        if seen.insert(key.as_str()) {
            names.push(key.clone());
        }
    }
    names
}

/// The fields that hold each role.
struct Fields {
    text: Option<String>,
    label: String,
    id: Option<String>,
    group: Option<String>,
    time: Option<String>,
    metadata: Vec<String>,
}

/// Reads JSON lines as a data set; also whether ids come from a field.
pub(crate) fn read(
    source: &Source,
    options: &ReadOptions,
    remarks: &mut Remarks,
) -> Result<(Dataset, bool), DataError> {
    let objects = objects(&source.text, remarks)?;
    let broken = remarks.skipped.len();
    let names = names(&objects);
    if let Some(dataset) = tagged::read_token_lists(&objects, options, remarks)? {
        return Ok((dataset, false));
    }
    let fields = fields(&objects, &names, options, remarks)?;
    let parsed: Vec<Result<RawAnswer, String>> =
        objects.iter().map(|o| o.fields.get(&fields.label).map_or(Ok(RawAnswer::Missing), answer)).collect();
    let task = options.task.unwrap_or_else(|| task(&parsed, &fields.label, remarks));
    let mut collector = Collector::new(task, options.label_level);
    collector.has_text = fields.text.is_some();
    collector.columns.clone_from(&fields.metadata);
    let by_id = fields.id.is_some();
    let valid = match task {
        Task::Classification => "one label",
        Task::Multilabel => "a list of labels",
        Task::Ner => answers::SPAN_SHAPE,
    };
    let separator = options.label_separator.as_deref();
    for (object, raw) in objects.iter().zip(parsed) {
        let field = |name: &Option<String>| name.as_ref().and_then(|name| object.fields.get(name)).and_then(scalar);
        if let Some(answer @ ("reject" | "ignore")) = object.fields.get("answer").and_then(Value::as_str) {
            remarks.skip(object.line, format!("an annotation answered '{answer}'"), "an accepted annotation")?;
            continue;
        }
        let text = field(&fields.text).unwrap_or_default();
        let raw = match (task, raw, separator) {
            (Task::Multilabel, Ok(RawAnswer::Label(label)), Some(by)) => {
                Ok(RawAnswer::Labels(label.split(by).map(|l| l.trim().to_owned()).collect()))
            }
            (_, raw, _) => raw,
        };
        // Prodigy leaves the spans out where an annotator accepted a text without any.
        let raw = match raw {
            Ok(RawAnswer::Missing) if task == Task::Ner && object.fields.contains_key("answer") => {
                Ok(RawAnswer::Spans(Vec::new()))
            }
            raw => raw,
        };
        let gold = match raw.and_then(|raw| collector.answer(&raw, &text)) {
            Ok(Some(gold)) => gold,
            Ok(None) => {
                remarks.skip(object.line, format!("no '{}'", quote(&fields.label)), "a label on every record")?;
                continue;
            }
            Err(found) => {
                remarks.skip_malformed(object.line, format!("{found} in '{}'", quote(&fields.label)), valid)?;
                continue;
            }
        };
        let record = Record {
            id: field(&fields.id),
            number: object.number,
            line: object.line,
            text,
            group: field(&fields.group),
            time: field(&fields.time),
            metadata: fields.metadata.iter().map(|name| metadata(object, name)).collect(),
            tokens: Vec::new(),
        };
        collector.push(record, gold);
    }
    let records = objects.len() + broken;
    remarks.check_malformed(records, valid, "name the field with --label, or the kind with --task")?;
    Ok((collector.finish(remarks)?, by_id))
}

fn metadata(object: &Object, name: &str) -> String {
    let direct = object.fields.get(name);
    let value = direct.or_else(|| name.split_once('.').and_then(|(outer, inner)| object.fields.get(outer)?.get(inner)));
    value.and_then(scalar).unwrap_or_default()
}

/// The kind of answer that most records have.
fn task(parsed: &[Result<RawAnswer, String>], label: &str, remarks: &mut Remarks) -> Task {
    let (mut single, mut lists, mut many, mut spans) = (0usize, 0usize, 0usize, 0usize);
    for raw in parsed.iter().flatten() {
        match raw {
            RawAnswer::Missing => {}
            RawAnswer::Label(_) => single += 1,
            RawAnswer::Labels(labels) => {
                lists += 1;
                many += usize::from(labels.len() != 1);
            }
            RawAnswer::Spans(_) => spans += 1,
        }
    }
    if spans > 0 && spans >= single || lists == many && single == 0 && matches!(label, "spans" | "entities") {
        remarks.guess("the task is ner: records hold spans", Some("--task"));
        Task::Ner
    } else if lists > 0 && (many > 0 || label == "labels") {
        remarks.guess("the task is multilabel: records hold lists of labels", Some("--task"));
        Task::Multilabel
    } else {
        if lists > 0 {
            remarks.guess("the task is classification: every list holds one label", Some("--task"));
        }
        Task::Classification
    }
}

/// The values of a field that are not null.
fn values<'a>(objects: &'a [Object], name: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter_map(move |o| o.fields.get(name)).filter(|v| !v.is_null())
}

fn fields(
    objects: &[Object],
    names: &[String],
    options: &ReadOptions,
    remarks: &mut Remarks,
) -> Result<Fields, DataError> {
    let path = remarks.path.clone();
    let named = |asked: &Option<String>, role| -> Result<Option<String>, DataError> {
        let place = asked.as_deref().map(|asked| columns::resolve(asked, role, names, &path)).transpose()?;
        Ok(place.map(|i| names[i].clone()))
    };
    let (mut text, mut label) = (named(&options.text, "text")?, named(&options.label, "label")?);
    let (mut id, group, time) =
        (named(&options.id, "id")?, named(&options.group, "group")?, named(&options.time, "time")?);
    let taken: Vec<String> = [&text, &label, &id, &group, &time].into_iter().flatten().cloned().collect();
    let free = |name: &String| !taken.contains(name);
    let pick = |wanted: &[&str], fits: &dyn Fn(&str) -> bool, compound: bool| {
        let candidates = names.iter().enumerate().filter(|(_, n)| free(n) && fits(n)).map(|(i, n)| (i, n.as_str()));
        columns::by_name(candidates, wanted, compound).map(|i| names[i].clone())
    };
    let strings = |name: &str| values(objects, name).next().is_some() && values(objects, name).all(Value::is_string);
    if text.is_none() {
        let prose = |name: &str| {
            let (mut n, mut spaced) = (0usize, 0usize);
            values(objects, name).filter_map(Value::as_str).for_each(|s| {
                n += 1;
                spaced += usize::from(s.contains(' ') || !s.is_ascii());
            });
            strings(name) && spaced * 5 >= n
        };
        text = pick(TEXT_NAMES, &strings, false).or_else(|| pick(TEXT_NAMES, &prose, true));
        if text.is_none() {
            // The longest prose, whatever it is called, but not a label of several words.
            let mean = |name: &str| {
                let lengths: Vec<usize> = values(objects, name).filter_map(Value::as_str).map(str::len).collect();
                lengths.iter().sum::<usize>() / lengths.len().max(1)
            };
            let unnamed = |n: &&String| free(n) && prose(n) && !columns::is_name(n);
            text = names.iter().filter(unnamed).max_by_key(|n| mean(n)).cloned();
        }
    }
    if label.is_none() {
        // Fields with spans come first: a record with both spans and labels is a record of spans.
        let is_answer = |name: &str| text.as_deref() != Some(name) && values(objects, name).next().is_some();
        let spans = |name: &str| {
            is_answer(name)
                && values(objects, name).all(Value::is_array)
                && values(objects, name).any(|v| matches!(answer(v), Ok(RawAnswer::Spans(_))))
        };
        label = pick(&["spans", "entities", "label", "labels"], &spans, false)
            .or_else(|| pick(LABEL_NAMES, &is_answer, false))
            .or_else(|| pick(LABEL_NAMES, &is_answer, true));
    }
    let Some(label) = label else {
        let found = "no field is named like a label".to_owned();
        return Err(DataError::NoColumn { path, role: "label", found, valid: list(names) });
    };
    if options.text.is_none() {
        let what =
            text.as_ref().map_or("there is no text field".to_owned(), |t| format!("text is field '{}'", quote(t)));
        remarks.guess(what, Some("--text"));
    }
    if options.label.is_none() {
        remarks.guess(format!("label is field '{}'", quote(&label)), Some("--label"));
    }
    if id.is_some() {
        let ids: Vec<_> = objects
            .iter()
            .map(|o| (o.fields.get(id.as_deref().unwrap_or_default()).and_then(scalar).unwrap_or_default(), o.line))
            .collect();
        check_ids(&path, ids.iter().map(|(id, line)| (id.as_str(), *line)))?;
    } else if let Some(guessed) = pick(ID_NAMES, &|name| name != label && text.as_deref() != Some(name), false) {
        let ids: Vec<_> =
            objects.iter().map(|o| (o.fields.get(&guessed).and_then(scalar).unwrap_or_default(), o.line)).collect();
        if check_ids(&path, ids.iter().map(|(id, line)| (id.as_str(), *line))).is_ok() {
            remarks.guess(format!("id is field '{}'", quote(&guessed)), Some("--id"));
            id = Some(guessed);
        } else {
            let what =
                format!("'{}' not used as id: it repeats or lacks values; ids are record numbers", quote(&guessed));
            remarks.guess(what, Some("--id"));
        }
    }
    let mut metadata = Vec::new();
    for name in names {
        if [&text, &id, &group, &time].into_iter().flatten().any(|used| used == name) || *name == label {
            continue;
        }
        if values(objects, name).next().is_some() && values(objects, name).all(|v| scalar(v).is_some()) {
            metadata.push(name.clone());
        } else if matches!(name.as_str(), "meta" | "metadata") {
            // One level of a metadata object, as annotation tools write it.
            for key in values(objects, name).filter_map(Value::as_object).flat_map(Map::keys) {
                let full = format!("{name}.{key}");
                if !metadata.contains(&full) {
                    metadata.push(full);
                }
            }
        } else if values(objects, name).next().is_some() {
            let n = values(objects, name).count();
            remarks.notes.push(format!(
                "field '{}' of {} holds lists or objects and was left out",
                quote(name),
                count(n, "record")
            ));
        }
    }
    Ok(Fields { text, label, id, group, time, metadata })
}
