//! Reading sentences of tokens and tags.

use rayon::prelude::*;
use serde_json::{Value, json};
use trueup_core::Task;

use super::beside;
use super::blocks::{self, Sentence};
use super::{COMMENTS, DOCUMENT, GROUP, layout, split};
use crate::columns::resolve;
use crate::corpus::{Key, Place, Record};
use crate::error::{DataError, quote};
use crate::formats::tagged::{Invalid, Inventory, Keys, Scratch, TagReader, Unit, push_token};
use crate::formats::{head, is_blank, lines};
use crate::input::Input;
use crate::options::{ReadOptions, Remarks, count};
use crate::reading::Reading;

/// What every line must be.
const VALID: &str = "the same number of columns on every line";

/// How the lines of a file are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // Each is a habit of one file or another, and none follows from the others.
pub(super) struct Layout {
    /// Whether columns are set apart by tabs, else by spaces.
    pub tabs: bool,
    /// How many columns there are.
    pub columns: usize,
    /// The column of the token.
    pub token: usize,
    /// The column of the tag.
    pub tag: usize,
    /// What stands on the line between two sentences.
    pub blank: String,
    /// Whether such a line stands after the last sentence.
    pub blank_at_end: bool,
    /// Whether lines end in a carriage return.
    pub crlf: bool,
    /// The line where a document begins.
    pub document: String,
    /// Whether the first document begins with it, or it stands between documents only.
    pub document_first: bool,
    /// Whether it also stands at the very end.
    pub document_last: bool,
    /// Whether a blank line follows it.
    pub document_blank: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            tabs: true,
            columns: 2,
            token: 0,
            tag: 1,
            blank: String::new(),
            blank_at_end: true,
            crlf: false,
            document: DOCUMENT.to_owned() + "\t-X-\tO",
            document_first: true,
            document_last: false,
            document_blank: true,
        }
    }
}

/// The setting of the outline that keeps the layout.
const LAYOUT: &str = "conll";

impl Layout {
    /// A usual file: the token, `others` columns, the tag.
    pub fn with_columns(others: usize) -> Self {
        let columns = others.min(62) + 2;
        Self { columns, tag: columns - 1, ..Self::default() }
    }

    /// Adds a column at the end of every line of the input's files, or of usual files where it was none of CoNLL.
    pub fn widen(outline: &mut crate::corpus::Outline) {
        let layout = Self::of(outline).unwrap_or_else(|| Self::with_columns(outline.token_columns.len()));
        let (name, value) = Self { columns: layout.columns + 1, ..layout }.setting();
        outline.settings.retain(|(known, _)| *known != name);
        outline.settings.push((name, value));
    }

    /// As a setting of the outline.
    fn setting(&self) -> (Key, Value) {
        let value = json!({
            "tabs": self.tabs,
            "columns": self.columns,
            "token": self.token,
            "tag": self.tag,
            "blank": self.blank,
            "blank-at-end": self.blank_at_end,
            "crlf": self.crlf,
            "document": self.document,
            "document-first": self.document_first,
            "document-last": self.document_last,
            "document-blank": self.document_blank,
        });
        (LAYOUT.into(), value)
    }

    /// That of the input, where it was CoNLL and its setting makes sense.
    pub fn of(outline: &crate::corpus::Outline) -> Option<Self> {
        let setting = outline.setting(LAYOUT)?;
        let flag = |name: &str| setting.get(name).and_then(Value::as_bool);
        let number = |name: &str| setting.get(name).and_then(Value::as_u64).map(|n| n as usize);
        let text = |name: &str| setting.get(name).and_then(Value::as_str).map(str::to_owned);
        let layout = Self {
            tabs: flag("tabs")?,
            columns: number("columns")?,
            token: number("token")?,
            tag: number("tag")?,
            blank: text("blank").filter(|line| is_blank(line) && !line.contains('\n'))?,
            blank_at_end: flag("blank-at-end")?,
            crlf: flag("crlf")?,
            document: text("document").filter(|line| line.starts_with(DOCUMENT) && !line.contains('\n'))?,
            document_first: flag("document-first")?,
            document_last: flag("document-last")?,
            document_blank: flag("document-blank")?,
        };
        let fits = (2..=64).contains(&layout.columns) && layout.token != layout.tag;
        (fits && layout.token.max(layout.tag) < layout.columns).then_some(layout)
    }
}

/// The sentences of one file, which become records when they are asked for: a file is looked at twice, first for what
/// its tags are and which of its lines cannot be read, so that its records need not all be in memory at once.
#[derive(Debug)]
pub(super) struct Part<'a> {
    sentences: Vec<Sentence<'a>>,
    /// The sentences left out: the first line that cannot be read, and what stands there.
    broken: Vec<(Place, String)>,
    tags: Inventory,
    /// How it is laid out.
    layout: Layout,
    /// Whether it says where documents begin.
    pub documents: bool,
    /// Its name, where a folder holds several.
    pub file: Option<Key>,
    /// The split that it is.
    pub split: Option<Key>,
    /// What stands before the number of a document; for itself where the file does not say where documents begin.
    pub stem: Option<String>,
}

/// Reads one file.
pub(super) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    check(options, reading.remarks)?;
    let part = part(input.text()?, None, options, reading.remarks)?;
    input.expect(part.records(), 0);
    if part.documents {
        reading.outline.group = Some(GROUP.into());
    }
    finish(vec![part], options, reading)
}

/// Refuses what tags of tokens cannot answer.
pub(super) fn check(options: &ReadOptions, remarks: &Remarks) -> Result<(), DataError> {
    if let Some(task) = options.task.filter(|&task| task != Task::Ner) {
        let found = format!("CoNLL, tags of tokens, while a {task} task was asked for");
        let valid = "--task ner, or another format".to_owned();
        return Err(DataError::Content { path: remarks.path.clone(), found, valid, hint: None });
    }
    Ok(())
}

/// Hands on the sentences of all files, their tags read under one scheme.
pub(super) fn finish(mut parts: Vec<Part>, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let mut inventory = Inventory::default();
    parts.iter_mut().for_each(|part| inventory.append(std::mem::take(&mut part.tags)));
    let mut tags = TagReader::new(inventory, Unit::Line, options, reading.remarks)?;
    if let Some(part) = parts.first() {
        reading.outline.settings.push(part.layout.setting());
    }
    let sentences = parts.iter().map(|part| part.sentences.len()).sum();
    for (place, found) in parts.iter_mut().flat_map(|part| std::mem::take(&mut part.broken)) {
        reading.remarks.skip_malformed_at(&place, found, VALID)?;
    }
    reading.remarks.check_malformed(sentences, VALID, "is it another format? try --from")?;
    let mut before = 0;
    for part in parts {
        for (i, some) in part.sentences.chunks(SENTENCES * AT_ONCE).enumerate() {
            let first = before + i * SENTENCES * AT_ONCE;
            let read: Vec<(Vec<Record>, Invalid)> = some
                .par_chunks(SENTENCES)
                .enumerate()
                .map(|(i, sentences)| part.read(sentences, first + i * SENTENCES, &tags))
                .collect();
            for (records, invalid) in read {
                records.into_iter().try_for_each(|record| reading.push(record))?;
                tags.count([invalid]);
            }
        }
        before += part.sentences.len();
    }
    tags.finish(reading);
    Ok(())
}

/// Finds the columns of the roles that the caller named; else the token is first, the tag last.
fn columns(text: &str, options: &ReadOptions, remarks: &mut Remarks) -> Result<Layout, DataError> {
    let (tabs, columns) = layout(head(text));
    if columns < 2 {
        let (line, found) = lines(text).find(|(_, line)| !is_blank(line)).unwrap_or((1, ""));
        let found = format!("'{}', one column", quote(found));
        return Err(remarks.error(line, found, "a token and its tag, set apart by a tab or a space"));
    }
    let names: Vec<String> = (1..=columns).map(|n| format!("column {n}")).collect();
    let column = |asked: &Option<String>, role, default| match asked {
        Some(asked) => resolve(asked, role, &names, &remarks.path),
        None => Ok(default),
    };
    let token = column(&options.text, "text", 0)?;
    let mut tag = column(&options.label, "label", columns - 1)?;
    if options.label.is_none() && tag != token && beside::has_predictions(head(text), tabs, columns) {
        tag = columns - 2;
        let what = format!(
            "column {} holds gold and column {columns}, with the same types, what a model predicted (kept as it is)",
            columns - 1
        );
        // Of several files it is said once.
        if !remarks.guesses.iter().any(|guess| guess.what == what) {
            remarks.guess(what, Some("--label"));
        }
    }
    for (asked, role) in [(&options.id, "id"), (&options.group, "group"), (&options.time, "time")] {
        if let Some(asked) = asked {
            let valid = "none: CoNLL has columns for tokens, not for sentences".to_owned();
            return Err(DataError::UnknownColumn { path: remarks.path.clone(), role, found: quote(asked), valid });
        }
    }
    Ok(Layout { tabs, columns, token, tag, ..Layout::default() })
}

/// Finds the sentences of one file; `file` is its name where a folder holds several.
///
/// First the lines are told apart into sentences, which depends on what came before; then the sentences are looked at side
/// by side.
pub(super) fn part<'a>(
    text: &'a str,
    file: Option<Key>,
    options: &ReadOptions,
    remarks: &mut Remarks,
) -> Result<Part<'a>, DataError> {
    let mut layout = columns(text, options, remarks)?;
    layout.crlf = text.split_once('\n').is_some_and(|(first, _)| first.ends_with('\r'));
    let (sentences, documents) = blocks::sentences(text, &mut layout);
    let mut part = Part {
        sentences,
        broken: Vec::new(),
        tags: Inventory::default(),
        layout,
        documents,
        file,
        split: None,
        stem: None,
    };
    let seen: Vec<_> = part.sentences.par_chunks(SENTENCES).map(|sentences| part.look(sentences)).collect();
    for (tags, broken) in seen {
        part.tags.append(tags);
        part.broken.extend(broken);
    }
    Ok(part)
}

/// How many sentences one thread takes at once.
const SENTENCES: usize = 1024;
/// How many times as many become records before these are handed on.
const AT_ONCE: usize = 16;

impl Part<'_> {
    /// How many sentences can be read.
    pub fn records(&self) -> usize {
        self.sentences.len() - self.broken.len()
    }

    fn place(&self, line: u64) -> Place {
        Place { file: self.file.clone(), number: line, ..Place::default() }
    }

    /// The token and the tag of a line, whose fields are kept; `None` where it has another number of columns.
    fn line<'a>(&self, line: &'a str, fields: &mut Vec<&'a str>) -> Option<(&'a str, &'a str)> {
        split(line, self.layout.tabs, fields);
        let token = fields.get(self.layout.token).copied().filter(|token| !token.is_empty())?;
        let tag = fields.get(self.layout.tag).filter(|_| fields.len() == self.layout.columns)?;
        Some((token, tag.trim()))
    }

    /// The tags of sentences, and the lines that cannot be read.
    fn look(&self, sentences: &[Sentence]) -> (Inventory, Vec<(Place, String)>) {
        let (mut tags, mut broken, mut fields) = (Inventory::default(), Vec::new(), Vec::new());
        for sentence in sentences {
            let mut first = None;
            let lines = sentence.each().zip(sentence.line..).filter_map(|(line, number)| {
                let read = self.line(line, &mut fields);
                if read.is_none() {
                    first.get_or_insert((number, line, fields.len()));
                }
                read.map(|(_, tag)| Some(tag))
            });
            tags.tags(lines, |i| self.place(sentence.line + i as u64));
            if let Some((number, line, columns)) = first {
                let (columns, most) = (count(columns, "column"), self.layout.columns);
                let found = format!("'{}', {columns} where most lines have {most}", quote(line));
                broken.push((self.place(number), found));
            }
        }
        (tags, broken)
    }

    /// The records of sentences; `first` is how many sentences stand before them.
    fn read(&self, sentences: &[Sentence], first: usize, tags: &TagReader) -> (Vec<Record>, Invalid) {
        let (group, comments) = (Key::from(GROUP), Key::from(COMMENTS));
        let (mut keys, mut scratch, mut invalid) = (Keys::default(), Scratch::default(), Invalid::default());
        // Both are used again, so that what is kept takes no more room than it needs.
        let (mut text, mut tokens, mut fields) = (String::new(), Vec::new(), Vec::new());
        let mut records = Vec::with_capacity(sentences.len());
        'sentences: for (number, sentence) in (first as u64 + 1..).zip(sentences) {
            text.clear();
            tokens.clear();
            for line in sentence.each() {
                let Some((token, tag)) = self.line(line, &mut fields) else {
                    continue 'sentences;
                };
                push_token(&mut text, &mut tokens, token, Some(keys.key(tag)));
                if let Some(mark) = tokens.last_mut().filter(|_| fields.len() > 2) {
                    let others = fields.iter().enumerate();
                    let others = others.filter(|(i, _)| *i != self.layout.token && *i != self.layout.tag);
                    mark.columns = others.map(|(_, field)| keys.key(field)).collect();
                }
            }
            #[allow(clippy::drain_collect)] // To take it would hand on the room that is used again.
            let tokens = tokens.drain(..).collect();
            let mut record = Record {
                number,
                place: self.place(sentence.line),
                text: Some(text.as_str().to_owned()),
                split: self.split.clone(),
                tokens,
                ..Record::default()
            };
            tags.gold(&mut record, &mut scratch, &mut invalid);
            let document = self.documents.then(|| format!("doc {}", sentence.document + 1));
            let document = match (&self.stem, document) {
                (Some(stem), Some(document)) => Some(format!("{stem} {document}")),
                (Some(stem), None) => Some(stem.clone()),
                (None, document) => document,
            };
            record.metadata.extend(document.map(|document| (group.clone(), Value::String(document))));
            if !sentence.comments.is_empty() {
                let lines = sentence.comments.iter().map(|&line| Value::String(line.to_owned())).collect();
                record.metadata.push((comments.clone(), Value::Array(lines)));
            }
            records.push(record);
        }
        (records, invalid)
    }
}
