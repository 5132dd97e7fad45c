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
use crate::formats::tagged::{Keys, TagReader, Unit, push_token};
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

/// A sentence with a line that cannot be read.
#[derive(Debug)]
pub(super) struct Broken {
    /// Where the line is.
    place: Place,
    /// What stands there.
    found: String,
    /// The rest of the sentence, whose tags count for what the file is.
    rest: Record,
}

/// The sentences of one file, without their spans.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The sentences.
    pub records: Vec<Record>,
    /// The sentences left out.
    pub broken: Vec<Broken>,
    /// How it is laid out.
    pub layout: Layout,
    /// Whether it says where documents begin.
    pub documents: bool,
}

/// Reads one file.
pub(super) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    check(options, reading.remarks)?;
    let part = part(input.text()?, None, options, reading.remarks)?;
    input.expect(part.records.len(), 0);
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
pub(super) fn finish(parts: Vec<Part>, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let all = parts.iter().flat_map(|part| part.records.iter().chain(part.broken.iter().map(|b| &b.rest)));
    let sequences = all.map(|r| (&r.place, r.tokens.as_slice()));
    let mut tags = TagReader::new(sequences, Unit::Line, options, reading.remarks)?;
    let sentences = parts.iter().map(|part| part.records.len() + part.broken.len()).sum();
    if let Some(part) = parts.first() {
        reading.outline.settings.push(part.layout.setting());
    }
    for part in parts {
        for broken in part.broken {
            reading.remarks.skip_malformed_at(&broken.place, broken.found, VALID)?;
        }
        let spans = tags.all(&part.records);
        for (mut record, spans) in part.records.into_iter().zip(spans) {
            record.gold = Some(crate::corpus::Answer::spans(spans));
            reading.push(record)?;
        }
    }
    reading.remarks.check_malformed(sentences, VALID, "is it another format? try --from")?;
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

/// Reads the sentences of one file; `file` is its name where a folder holds several.
///
/// First the lines are told apart into sentences, which depends on what came before; then the sentences are read side by
/// side.
pub(super) fn part(
    text: &str,
    file: Option<&Key>,
    options: &ReadOptions,
    remarks: &mut Remarks,
) -> Result<Part, DataError> {
    let mut layout = columns(text, options, remarks)?;
    layout.crlf = text.split_once('\n').is_some_and(|(first, _)| first.ends_with('\r'));
    let (sentences, documents) = blocks::sentences(text, &mut layout);
    let group = documents.then(|| Key::from(GROUP));
    let comments = Key::from(COMMENTS);
    let read: Vec<Part> = sentences
        .par_chunks(SENTENCES)
        .enumerate()
        .map(|(i, sentences)| {
            let mut keys = Keys::default();
            let mut part = Part::default();
            for (n, sentence) in sentences.iter().enumerate() {
                let (mut record, broken) = sentence_of(sentence, file, &layout, &mut keys);
                record.number = (i * SENTENCES + n) as u64 + 1;
                if let Some(group) = &group {
                    record.metadata.push((group.clone(), Value::String(format!("doc {}", sentence.document + 1))));
                }
                if let Some((place, found)) = broken {
                    part.broken.push(Broken { place, found, rest: record });
                    continue;
                }
                if !sentence.comments.is_empty() {
                    let lines = sentence.comments.iter().map(|&line| Value::String(line.to_owned())).collect();
                    record.metadata.push((comments.clone(), Value::Array(lines)));
                }
                part.records.push(record);
            }
            part
        })
        .collect();
    let mut out = Part { layout, documents, ..Part::default() };
    for part in read {
        out.records.extend(part.records);
        out.broken.extend(part.broken);
    }
    Ok(out)
}

/// How many sentences one thread takes at once.
const SENTENCES: usize = 1024;

/// Reads the lines of one sentence; also the first line that cannot be read, if any, and what stands there.
fn sentence_of(
    sentence: &Sentence,
    file: Option<&Key>,
    layout: &Layout,
    keys: &mut Keys,
) -> (Record, Option<(Place, String)>) {
    let place = |number| Place { file: file.cloned(), number, ..Place::default() };
    let mut text = String::with_capacity(sentence.lines.len());
    let (mut tokens, mut broken) = (Vec::new(), None);
    let mut fields = Vec::new();
    for (number, line) in (sentence.line..).zip(sentence.lines.lines()) {
        split(line, layout.tabs, &mut fields);
        let tag = fields.get(layout.tag).map_or("", |tag| tag.trim());
        let equal = fields.len() == layout.columns;
        let Some(token) = fields.get(layout.token).filter(|token| equal && !token.is_empty()) else {
            let columns = count(fields.len(), "column");
            let found = || format!("'{}', {columns} where most lines have {}", quote(line), layout.columns);
            broken.get_or_insert_with(|| (place(number), found()));
            continue;
        };
        push_token(&mut text, &mut tokens, token, Some(keys.key(tag)));
        if layout.columns > 2
            && let Some(mark) = tokens.last_mut()
        {
            let others = fields.iter().enumerate().filter(|(i, _)| *i != layout.token && *i != layout.tag);
            mark.columns = others.map(|(_, field)| keys.key(field)).collect();
        }
    }
    let text = (!tokens.is_empty()).then_some(text);
    (Record { place: place(sentence.line), text, tokens, ..Record::default() }, broken)
}
