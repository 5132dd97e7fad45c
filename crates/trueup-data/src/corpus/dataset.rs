//! Records become examples of one task over one label set: which answer counts, what kind it is, what is left out.

use rustc_hash::FxHashSet;
use serde_json::Value;
use trueup_core::{Annotation, Dataset, Example, Span, Task, Token};

use super::{AUGMENTED_FROM, Answer, Gold, Record, settle};
use crate::columns::resolve;
use crate::corpus::{Key, Outline};
use crate::error::{DataError, list, quote};
use crate::holds::text_of;
use crate::labels::{Interner, at_level};
use crate::options::{ReadOptions, Remarks, count};

/// What a span looks like, for messages.
const VALID_SPANS: &str = "spans";

/// The metadata columns with a role.
struct Roles {
    group: Option<Key>,
    time: Option<Key>,
    /// Whether the column of what examples were made of is the group.
    origin: bool,
}

/// Makes the data set. Records without gold, or with gold of another kind than the task's, are left out and listed.
pub(crate) fn dataset(
    records: Vec<Record>,
    outline: &Outline,
    options: &ReadOptions,
    demand: bool,
    remarks: &mut Remarks,
) -> Result<Dataset, DataError> {
    with_splits(records, outline, options, demand, remarks).map(|(dataset, _)| dataset)
}

/// As [`dataset`], with the split of each example; none when no record has one.
pub(crate) fn with_splits(
    records: Vec<Record>,
    outline: &Outline,
    options: &ReadOptions,
    demand: bool,
    remarks: &mut Remarks,
) -> Result<(Dataset, Vec<Option<Key>>), DataError> {
    let path = remarks.path.clone();
    let mut records = records;
    let all_columns = flatten(&mut records, outline, remarks);
    let names: Vec<String> = all_columns.iter().map(ToString::to_string).collect();
    let role = |asked: &Option<String>, role| -> Result<Option<Key>, DataError> {
        let place = asked.as_deref().map(|asked| resolve(asked, role, &names, &path)).transpose()?;
        Ok(place.map(|i| all_columns[i].clone()))
    };
    let known = |known: &Option<Key>, asked, name| if known.is_some() { Ok(known.clone()) } else { role(asked, name) };
    let group = known(&outline.group, &options.group, "group")?;
    let origin = group.is_none() && all_columns.iter().any(|column| &**column == AUGMENTED_FROM);
    let roles = Roles { group, time: known(&outline.time, &options.time, "time")?, origin };
    let columns: Vec<Key> = all_columns
        .iter()
        .filter(|c| roles.group.as_ref() != Some(c) && roles.time.as_ref() != Some(c))
        .cloned()
        .collect();
    let task = match options.task {
        Some(task) => task,
        None => task_of(&records, outline, remarks),
    };
    let field = field_of(&records, task, options, remarks)?;
    let has_text = outline.occurs.texts > 0 || records.is_empty();
    let mut maker = Maker {
        task,
        has_text,
        level: options.label_level,
        field,
        labels: Interner::default(),
        tags: Interner::default(),
        repeated: 0,
        gaps: 0,
        majority: 0,
        ties: 0,
        unlabelled: 0,
    };
    let total = records.len();
    let mut examples = Vec::with_capacity(total);
    let mut splits = Vec::new();
    for (number, record) in (1u64..).zip(records) {
        let number = if record.number > 0 { record.number } else { number };
        let split = record.split.clone();
        if let Some(example) = maker.example(number, record, &roles, &columns, remarks)? {
            examples.push(example);
            splits.push(split);
        }
    }
    let valid = match task {
        Task::Classification => "one label",
        Task::Multilabel => "a list of labels",
        Task::Ner => VALID_SPANS,
    };
    remarks.check_malformed(total, valid, "name the field with --label, or the kind with --task")?;
    maker.say(remarks);
    if examples.is_empty() {
        let found = match remarks.skipped.first() {
            Some(first) => format!("no usable record; the first one, at line {}, holds {}", first.line, first.reason),
            None => "no record".to_owned(),
        };
        let valid = "at least one labelled record".to_owned();
        return Err(DataError::Content { path, found, valid, hint: remarks.hint.take() });
    }
    if demand && maker.labels.names().is_empty() {
        let noun = if task == Task::Ner { "span" } else { "label" };
        let found = format!("no {noun} in {}", count(examples.len(), "record"));
        return Err(DataError::Content { path, found, valid: "at least one".to_owned(), hint: None });
    }
    let (labels, map) = maker.labels.finish();
    for example in &mut examples {
        example.gold = example.gold.relabel(&map);
    }
    let columns = columns.iter().map(ToString::to_string).collect();
    if splits.iter().all(Option::is_none) {
        splits.clear();
    }
    Ok((Dataset { task, labels, examples, columns, tags: maker.tags.names().to_vec(), has_text }, splits))
}

/// The metadata columns, those inside an object as `outer.inner`. Lists are left out, and this is said.
fn flatten(records: &mut [Record], outline: &Outline, remarks: &mut Remarks) -> Vec<Key> {
    let nested = |value: &Value| matches!(value, Value::Object(_) | Value::Array(_));
    if !records.iter().flat_map(|r| &r.metadata).any(|(_, value)| nested(value)) {
        return outline.columns.clone();
    }
    let mut columns: Vec<Key> = Vec::new();
    let mut seen: FxHashSet<Key> = FxHashSet::default();
    let mut lists: Vec<(Key, usize)> = Vec::new();
    for record in records {
        let mut flat: Vec<(Key, Value)> = Vec::with_capacity(record.metadata.len());
        for (key, value) in record.metadata.drain(..) {
            match value {
                Value::Object(map) => {
                    let inner = map.into_iter().filter(|(_, value)| !nested(value));
                    flat.extend(inner.map(|(name, value)| (Key::from(format!("{key}.{name}")), value)));
                }
                Value::Array(_) => match lists.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, n)) => *n += 1,
                    None => lists.push((key, 1)),
                },
                value => flat.push((key, value)),
            }
        }
        for (key, _) in &flat {
            if seen.insert(key.clone()) {
                columns.push(key.clone());
            }
        }
        record.metadata = flat;
    }
    for (key, n) in lists {
        remarks.notes.push(format!(
            "field '{}' of {} holds lists or objects and was left out",
            quote(&key),
            count(n, "record")
        ));
    }
    columns
}

/// The kind of answer that most records have.
fn task_of(records: &[Record], outline: &Outline, remarks: &mut Remarks) -> Task {
    let (mut labels, mut spans, mut some_labels, mut some_spans) = (0usize, 0usize, 0usize, 0usize);
    for answer in records.iter().flat_map(|r| r.gold.iter().chain(r.responses.iter().map(|x| &x.answer))) {
        labels += usize::from(answer.labels.is_some());
        spans += usize::from(answer.spans.is_some());
        some_labels += usize::from(answer.labels.as_ref().is_some_and(|l| !l.is_empty()));
        some_spans += usize::from(answer.spans.as_ref().is_some_and(|s| !s.is_empty()));
    }
    if some_spans > 0 && (spans >= labels || some_labels == 0) || labels == 0 && spans > 0 {
        let beside = if some_labels > 0 { ", and labels beside them" } else { "" };
        remarks.guess(format!("the task is ner: records hold spans{beside}"), Some("--task"));
        return Task::Ner;
    }
    let (multilabel, why) = match outline.several {
        Some(true) => (true, "records may have several labels"),
        Some(false) => (false, ""),
        None => (outline.occurs.not_one > 0, "records hold lists of labels"),
    };
    if multilabel {
        remarks.guess(format!("the task is multilabel: {why}"), Some("--task"));
        Task::Multilabel
    } else {
        Task::Classification
    }
}

/// The question whose answers are taken, where the records answer several.
fn field_of(
    records: &[Record],
    task: Task,
    options: &ReadOptions,
    remarks: &mut Remarks,
) -> Result<Option<Key>, DataError> {
    let mut fields: Vec<Key> = Vec::new();
    let mut see = |field: &Option<Key>| {
        if let Some(field) = field
            && !fields.contains(field)
        {
            fields.push(field.clone());
        }
    };
    for answer in records.iter().flat_map(Record::answers) {
        if task == Task::Ner {
            answer.spans.iter().flatten().for_each(|mark| see(&mark.field));
        } else {
            answer.labels.iter().flatten().for_each(|choice| see(&choice.field));
        }
    }
    if let Some(asked) = &options.label
        && !fields.is_empty()
    {
        let names: Vec<String> = fields.iter().map(ToString::to_string).collect();
        return Ok(Some(fields[resolve(asked, "label", &names, &remarks.path)?].clone()));
    }
    if fields.len() > 1 {
        let others: Vec<&str> = fields[1..].iter().map(|f| &**f).collect();
        remarks.guess(
            format!("the answers are those to '{}'; there are also {}", quote(&fields[0]), list(&others)),
            Some("--label"),
        );
        return Ok(Some(fields[0].clone()));
    }
    Ok(None)
}

struct Maker {
    task: Task,
    /// Whether there are texts at all.
    has_text: bool,
    level: Option<usize>,
    field: Option<Key>,
    labels: Interner,
    tags: Interner,
    repeated: usize,
    gaps: usize,
    majority: usize,
    ties: usize,
    unlabelled: usize,
}

impl Maker {
    fn example(
        &mut self,
        number: u64,
        mut record: Record,
        roles: &Roles,
        columns: &[Key],
        remarks: &mut Remarks,
    ) -> Result<Option<Example>, DataError> {
        let place = record.place.clone();
        if self.has_text && record.text.is_none() {
            remarks.skip_at(&place, "no text", "a text in every record")?;
            return Ok(None);
        }
        let gold = settle(&record);
        self.majority += usize::from(matches!(gold, Gold::Majority(_)));
        let missing = match &gold {
            Gold::Tie => {
                self.ties += 1;
                Some("answers of which none was given most often")
            }
            Gold::None if record.responses.is_empty() => Some("no label"),
            Gold::None => Some("no accepted answer"),
            _ => None,
        };
        let made = gold.answer().map(|answer| self.annotation(answer));
        let gold = match (missing, made) {
            (Some(found), _) => {
                self.unlabelled += 1;
                remarks.skip_at(&place, found, "a label on every record")?;
                return Ok(None);
            }
            (None, None | Some(Ok(None))) => {
                let noun = if self.task == Task::Ner { "spans" } else { "label" };
                remarks.skip_at(&place, format!("no {noun}"), "a label on every record")?;
                return Ok(None);
            }
            (None, Some(Err(found))) => {
                let valid = match self.task {
                    Task::Classification => "one label",
                    Task::Multilabel => "labels",
                    Task::Ner => VALID_SPANS,
                };
                remarks.skip_malformed_at(&place, found, valid)?;
                return Ok(None);
            }
            (None, Some(Ok(Some(gold)))) => gold,
        };
        let value = |record: &Record, key: &Key| record.value(key).map(text_of);
        let mut group = roles.group.as_ref().and_then(|key| value(&record, key));
        if roles.origin {
            // An augmented example and the one that it was made of are never parted.
            let of = value(&record, &Key::from(AUGMENTED_FROM)).filter(|id| !id.is_empty());
            group = of.or_else(|| Some(record.id.clone().unwrap_or_else(|| number.to_string())));
        }
        let time = roles.time.as_ref().and_then(|key| value(&record, key));
        let metadata = metadata(&mut record, columns);
        let tokens = record
            .tokens
            .iter()
            .map(|t| Token {
                start: t.start as u32,
                end: t.end as u32,
                tag: t.tag.as_ref().map(|tag| self.tags.id(tag)),
            })
            .collect();
        Ok(Some(Example {
            id: record.id.unwrap_or_else(|| number.to_string()),
            text: record.text.unwrap_or_default(),
            gold,
            tokens,
            group,
            time,
            metadata,
            line: place.number,
        }))
    }

    /// The answer as the task asks for it; `None` when it was not asked.
    fn annotation(&mut self, answer: &Answer) -> Result<Option<Annotation>, String> {
        let wanted = |field: &Option<Key>| self.field.is_none() || *field == self.field;
        if self.task == Task::Ner {
            let Some(marks) = &answer.spans else {
                return match &answer.labels {
                    Some(labels) if !labels.is_empty() => Err(format!("the label '{}'", quote(&labels[0].label))),
                    _ => Ok(None),
                };
            };
            let mut spans = Vec::with_capacity(marks.len());
            for mark in marks.iter().filter(|mark| wanted(&mark.field)) {
                self.gaps += usize::from(!mark.pieces.is_empty());
                let label = self.labels.id(&mark.label);
                spans.push(Span { start: mark.start as u32, end: mark.end as u32, label });
            }
            let all = spans.len();
            spans.sort_unstable();
            spans.dedup();
            self.repeated += all - spans.len();
            return Ok(Some(Annotation::Spans(spans)));
        }
        let Some(choices) = &answer.labels else {
            return match &answer.spans {
                Some(spans) if !spans.is_empty() => Err("a list of spans".to_owned()),
                _ => Ok(None),
            };
        };
        let mut ids: Vec<u32> = Vec::with_capacity(choices.len());
        for choice in choices.iter().filter(|choice| self.field.is_none() || choice.field == self.field) {
            ids.push(self.labels.id(at_level(&choice.label, self.level)));
        }
        ids.sort_unstable();
        ids.dedup();
        match (self.task, ids.as_slice()) {
            (Task::Classification, [one]) => Ok(Some(Annotation::Label(*one))),
            (Task::Classification, []) => Ok(None),
            (Task::Classification, several) => Err(format!("a list of {}", count(several.len(), "label"))),
            _ => Ok(Some(Annotation::Labels(ids))),
        }
    }

    fn say(&self, remarks: &mut Remarks) {
        if self.repeated > 0 {
            remarks.notes.push(format!("{} counted once", count(self.repeated, "repeated span")));
        }
        if self.gaps > 0 {
            remarks.notes.push(format!("{} with gaps taken from first to last", count(self.gaps, "span")));
        }
        if self.majority > 0 || self.ties > 0 {
            let ties = if self.ties > 0 {
                format!("; {} without a most common answer left out", count(self.ties, "record"))
            } else {
                String::new()
            };
            let what = format!(
                "gold is what most annotators answered ({} not unanimous{ties})",
                count(self.majority, "record")
            );
            remarks.guess(what, None);
        }
    }
}

/// The values of the metadata columns as text, in the order of `columns`.
fn metadata(record: &mut Record, columns: &[Key]) -> Vec<String> {
    let mut values = vec![String::new(); columns.len()];
    for (i, (key, value)) in record.metadata.drain(..).enumerate() {
        // Records of tables have all columns in order.
        let place =
            if columns.get(i).is_some_and(|c| *c == key) { Some(i) } else { columns.iter().position(|c| *c == key) };
        if let Some(place) = place {
            values[place] = match value {
                Value::String(text) => text,
                other => text_of(&other),
            };
        }
    }
    values
}
