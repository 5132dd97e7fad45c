//! Records of any format become a data set: labels interned and sorted at the end, ids checked.

use rustc_hash::FxHashMap;
use trueup_core::offsets::{OffsetUnit, Offsets};
use trueup_core::{Annotation, Dataset, Example, Span, Task, Token};

use crate::answers::{RawAnswer, RawSpan};
use crate::error::{DataError, quote};
use crate::labels::{Interner, at_level};
use crate::options::{Remarks, count};

/// The parts of a record that every format gives.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The id, or `None` for the record number.
    pub id: Option<String>,
    /// 1-based number of the record in the file.
    pub number: u64,
    /// 1-based line where it starts.
    pub line: u64,
    /// The text.
    pub text: String,
    /// The group.
    pub group: Option<String>,
    /// The time.
    pub time: Option<String>,
    /// The other columns.
    pub metadata: Vec<String>,
    /// Tokens, where the format has them.
    pub tokens: Vec<Token>,
}

/// Collects records with provisional label ids.
#[derive(Debug)]
pub(crate) struct Collector {
    task: Task,
    level: Option<usize>,
    labels: Interner,
    examples: Vec<Example>,
    repeated_spans: usize,
    /// Whether there is a text column.
    pub has_text: bool,
    /// Names of the metadata columns.
    pub columns: Vec<String>,
    /// Raw tags.
    pub tags: Vec<String>,
}

impl Collector {
    /// Nothing collected yet.
    pub fn new(task: Task, level: Option<usize>) -> Self {
        Self {
            task,
            level,
            labels: Interner::default(),
            examples: Vec::new(),
            repeated_spans: 0,
            has_text: true,
            columns: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// The provisional id of a label, cut to the level asked for.
    pub fn label(&mut self, name: &str) -> u32 {
        self.labels.id(at_level(name, self.level))
    }

    /// The provisional id of a span type, which has no levels.
    pub fn kind(&mut self, name: &str) -> u32 {
        self.labels.id(name)
    }

    /// The sorted set of labels of a list.
    pub fn set<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> Annotation {
        let mut ids: Vec<u32> = names.into_iter().map(|name| self.label(name)).collect();
        ids.sort_unstable();
        ids.dedup();
        Annotation::Labels(ids)
    }

    /// Spans in code points of `text` as an annotation; an error is a noun phrase.
    pub fn spans(&mut self, text: &str, raw: &[RawSpan]) -> Result<Annotation, String> {
        let offsets = Offsets::new(text, OffsetUnit::CodePoint);
        let mut spans: Vec<Span> = raw
            .iter()
            .map(|span| {
                let (start, end) = offsets.range(span.start, span.end)?;
                Ok(Span { start: start as u32, end: end as u32, label: self.labels.id(&span.label) })
            })
            .collect::<Result<_, String>>()?;
        spans.sort_unstable();
        spans.dedup();
        self.repeated_spans += raw.len() - spans.len();
        Ok(Annotation::Spans(spans))
    }

    /// An answer of a JSON value under this task; `None` when it is missing, an error when it is of another kind.
    pub fn answer(&mut self, raw: &RawAnswer, text: &str) -> Result<Option<Annotation>, String> {
        Ok(Some(match (self.task, raw) {
            (_, RawAnswer::Missing) => return Ok(None),
            (Task::Classification, RawAnswer::Label(label)) => Annotation::Label(self.label(label)),
            (Task::Classification, RawAnswer::Labels(labels)) => match labels.as_slice() {
                [one] => Annotation::Label(self.label(one)),
                several => return Err(format!("a list of {}", count(several.len(), "label"))),
            },
            (Task::Multilabel, RawAnswer::Label(label)) => self.set([label.as_str()]),
            (Task::Multilabel, RawAnswer::Labels(labels)) => self.set(labels.iter().map(String::as_str)),
            (Task::Ner, RawAnswer::Spans(spans)) => self.spans(text, spans)?,
            (Task::Ner, RawAnswer::Labels(labels)) if labels.is_empty() => Annotation::Spans(Vec::new()),
            (Task::Ner, RawAnswer::Label(label)) => return Err(format!("the label '{}'", quote(label))),
            (Task::Ner, RawAnswer::Labels(_)) => return Err("a list of labels".to_owned()),
            (_, RawAnswer::Spans(_)) => return Err("a list of spans".to_owned()),
        }))
    }

    /// Takes a record.
    pub fn push(&mut self, record: Record, gold: Annotation) {
        self.examples.push(Example {
            id: record.id.unwrap_or_else(|| record.number.to_string()),
            text: record.text,
            gold,
            tokens: record.tokens,
            group: record.group,
            time: record.time,
            metadata: record.metadata,
            line: record.line,
        });
    }

    /// Sorts the labels and hands the data set out; an error when nothing is left or nothing is labelled.
    pub fn finish(self, remarks: &mut Remarks) -> Result<Dataset, DataError> {
        if self.labels.names().is_empty() && !self.examples.is_empty() {
            let noun = if self.task == Task::Ner { "span" } else { "label" };
            let found = format!("no {noun} in {}", count(self.examples.len(), "record"));
            let (path, valid) = (remarks.path.clone(), "at least one".to_owned());
            return Err(DataError::Content { path, found, valid, hint: None });
        }
        self.finish_any(remarks)
    }

    /// As [`Self::finish`], but nothing labelled is fine: a model may find nothing.
    pub fn finish_any(self, remarks: &mut Remarks) -> Result<Dataset, DataError> {
        let path = remarks.path.clone();
        if self.examples.is_empty() {
            let found = match remarks.skipped.first() {
                Some(first) => {
                    format!("no usable record; the first one, at line {}, holds {}", first.line, first.reason)
                }
                None => "no record".to_owned(),
            };
            let valid = "at least one labelled record".to_owned();
            return Err(DataError::Content { path, found, valid, hint: None });
        }
        let (labels, map) = self.labels.finish();
        if self.repeated_spans > 0 {
            remarks.notes.push(format!("{} counted once", count(self.repeated_spans, "repeated span")));
        }
        let mut examples = self.examples;
        for example in &mut examples {
            example.gold = example.gold.relabel(&map);
        }
        let (task, columns, tags, has_text) = (self.task, self.columns, self.tags, self.has_text);
        Ok(Dataset { task, labels, examples, columns, tags, has_text })
    }
}

/// Fails on the first id that comes twice or is empty.
pub(crate) fn check_ids<'a>(path: &str, ids: impl Iterator<Item = (&'a str, u64)>) -> Result<(), DataError> {
    let mut seen: FxHashMap<&str, u64> = FxHashMap::default();
    for (id, line) in ids {
        if id.is_empty() {
            let valid = "an id on every record".to_owned();
            return Err(DataError::Record {
                path: path.to_owned(),
                line,
                found: "an empty id".to_owned(),
                valid,
                hint: None,
            });
        }
        if let Some(first) = seen.insert(id, line) {
            return Err(DataError::RepeatedId { path: path.to_owned(), line, id: quote(id), first });
        }
    }
    Ok(())
}
