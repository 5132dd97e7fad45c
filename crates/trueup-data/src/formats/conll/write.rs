//! Writing sentences of tokens and tags, laid out as the input was where that was CoNLL too.
//!
//! Raw tags are written as they stand as long as they still say what the spans say; else the spans are encoded under the
//! scheme of the input, IOB2 where it had none.

use std::borrow::Cow;

use serde_json::Value;

use super::read::Layout;
use super::{COMMENTS, DOCUMENT, GROUP, like_tag, split};
use crate::corpus::{Key, Mark, Outline, Record};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::formats::pieces::{Pieces, edges, pieces};
use crate::formats::tagged::Coding;
use crate::holds::{Loss, Losses};
use crate::output::Output;

/// Writes the lines of sentences, into whatever file.
pub(super) struct Lines {
    layout: Layout,
    coding: Coding,
    /// Whether the number of columns is known; else the first sentence tells.
    sure: bool,
    document: Option<String>,
    documents: usize,
    begun: bool,
}

impl Lines {
    /// As the input was laid out.
    pub fn new(outline: &Outline) -> Self {
        let found = Layout::of(outline);
        let named = outline.token_columns.len();
        let sure = found.is_some() || named > 0;
        let layout = found.unwrap_or_else(|| Layout::with_columns(named));
        Self { layout, coding: Coding::of(outline), sure, document: None, documents: 0, begun: false }
    }

    /// What the columns of the file cannot hold.
    fn parts(&self) -> fn(char) -> bool {
        if self.layout.tabs { parts_tabs } else { parts_spaces }
    }

    /// Appends one sentence.
    pub fn record(&mut self, record: &Record, out: &mut Vec<u8>, losses: &mut Losses) {
        let marks = record.gold.as_ref().and_then(|gold| gold.spans.as_deref()).unwrap_or_default();
        if !self.sure {
            self.layout = Layout::with_columns(record.tokens.first().map_or(0, |t| t.columns.len()));
            self.sure = true;
        }
        let cut = pieces(record, &edges(marks), self.parts(), losses);
        cut.check_text(record, b" ", losses);
        if cut.all.is_empty() {
            losses.add(Loss::Record, &record.place, || "a record without a word".to_owned());
            return;
        }
        if self.begun {
            self.end_line(&self.layout.blank, out);
        }
        self.begun = true;
        self.begin_document(record, out, losses);
        for comment in record.value(COMMENTS).and_then(Value::as_array).into_iter().flatten() {
            self.comment(comment, record, out, losses);
        }
        let tags = self.tags(record, marks, &cut, losses);
        for (piece, tag) in cut.all.iter().zip(&tags) {
            let token = record.text().get(piece.start..piece.end).unwrap_or_default();
            let columns = piece.token.and_then(|t| record.tokens.get(t)).map_or(&[][..], |t| &t.columns);
            self.line(token, tag, columns, record, out, losses);
        }
    }

    /// Ends the file.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let layout = &self.layout;
        let document = layout.document_last && self.document.is_some();
        if self.begun && (layout.blank_at_end || document) {
            self.end_line(&layout.blank, out);
        }
        if document {
            self.end_line(&layout.document, out);
            if layout.blank_at_end {
                self.end_line(&layout.blank, out);
            }
        }
    }

    fn end_line(&self, line: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(if self.layout.crlf { b"\r\n" } else { b"\n" });
    }

    /// Writes where a document begins. Its name is not written: it is its number when it is read.
    fn begin_document(&mut self, record: &Record, out: &mut Vec<u8>, losses: &mut Losses) {
        let Some(name) = record.value(GROUP) else {
            return;
        };
        let name = crate::holds::text_of(name);
        if self.document.as_ref() == Some(&name) {
            return;
        }
        self.documents += 1;
        if name != format!("doc {}", self.documents) {
            losses.add(Loss::Metadata, &record.place, || format!("the name of the document '{}'", quote(&name)));
        }
        if self.documents > 1 || self.layout.document_first {
            self.end_line(&self.layout.document, out);
            if self.layout.document_blank {
                self.end_line(&self.layout.blank, out);
            }
        }
        self.document = Some(name);
    }

    /// Writes a comment, unless it would be read as a token.
    fn comment(&self, comment: &Value, record: &Record, out: &mut Vec<u8>, losses: &mut Losses) {
        let text = crate::holds::text_of(comment);
        let line = if text.starts_with('#') { Cow::Borrowed(text.as_str()) } else { Cow::Owned(format!("# {text}")) };
        let mut fields = Vec::new();
        split(&line, self.layout.tabs, &mut fields);
        let tag = fields.get(self.layout.tag).map_or("", |tag| tag.trim());
        let token = fields.len() == self.layout.columns && (self.layout.tabs || like_tag(tag));
        if token || line.contains(['\n', '\r']) {
            losses.add(Loss::Metadata, &record.place, || format!("the comment '{}'", quote(&text)));
        } else {
            self.end_line(&line, out);
        }
    }

    fn tags<'a>(&self, record: &'a Record, marks: &[Mark], cut: &Pieces, losses: &mut Losses) -> Vec<Cow<'a, str>> {
        if cut.own && record.tokens.iter().all(|t| t.tag.as_ref().is_some_and(|tag| self.fits(tag))) {
            let mut raw: Vec<(usize, usize, &str)> = self.coding.read(&record.tokens);
            raw.iter_mut().for_each(|(first, last, _)| {
                (*first, *last) = (record.tokens[*first].start, record.tokens[*last - 1].end);
            });
            let mut now: Vec<_> = marks.iter().map(|m| (m.start, m.end, m.label.as_str())).collect();
            raw.sort_unstable();
            now.sort_unstable();
            now.dedup();
            if raw == now {
                return record.tokens.iter().map(|t| Cow::Borrowed(t.tag.as_deref().unwrap_or("O"))).collect();
            }
        }
        let mut names: Vec<String> = Vec::new();
        let mut chunks = cut.chunks(marks, &record.place, losses);
        for (_, _, label) in &chunks {
            names.push(self.label(label, record, losses));
        }
        for (chunk, name) in chunks.iter_mut().zip(&names) {
            chunk.2 = name;
        }
        self.coding.write(&chunks, cut.all.len()).into_iter().map(Cow::Owned).collect()
    }

    /// Whether a raw tag can stand as it is.
    fn fits(&self, tag: &str) -> bool {
        !tag.is_empty() && tag.trim() == tag && !tag.contains(self.parts())
    }

    /// A type as it can stand in a tag.
    fn label(&self, label: &str, record: &Record, losses: &mut Losses) -> String {
        if self.fits(label) {
            return label.to_owned();
        }
        let mut name = label.trim().replace(self.parts(), "_");
        if name.is_empty() {
            name.push('_');
        }
        losses.add(Loss::Spans, &record.place, || format!("the type '{}', which became '{name}'", quote(label)));
        name
    }

    fn line(&self, token: &str, tag: &str, columns: &[Key], record: &Record, out: &mut Vec<u8>, losses: &mut Losses) {
        let (parts, width) = (self.parts(), self.layout.columns);
        let separator = if self.layout.tabs { b'\t' } else { b' ' };
        if columns.len() > width - 2 {
            losses.add(Loss::TokenColumns, &record.place, || format!("the column '{}'", quote(&columns[width - 2])));
        }
        let mut others = columns.iter();
        for at in 0..width {
            if at > 0 {
                out.push(separator);
            }
            let cell = if at == self.layout.token {
                if token == DOCUMENT && at == 0 {
                    // As it stands it would begin a document.
                    losses.add(Loss::Text, &record.place, || format!("the token '{DOCUMENT}'"));
                    Cow::Borrowed("-DOCSTART")
                } else {
                    Cow::Borrowed(token)
                }
            } else if at == self.layout.tag {
                Cow::Borrowed(tag)
            } else {
                match others.next().map(|column| &**column) {
                    None => Cow::Borrowed("_"),
                    Some(column) => {
                        let empty = column.is_empty() && (!self.layout.tabs || at + 1 == width);
                        if !empty && !column.contains(parts) {
                            Cow::Borrowed(column)
                        } else {
                            losses.add(Loss::TokenColumns, &record.place, || format!("'{}' as it is", quote(column)));
                            if empty { Cow::Borrowed("_") } else { Cow::Owned(column.replace(parts, "_")) }
                        }
                    }
                }
            };
            out.extend_from_slice(cell.as_bytes());
        }
        self.end_line("", out);
    }
}

/// What a column cannot hold where tabs set columns apart.
fn parts_tabs(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r')
}

/// What a column cannot hold where spaces set columns apart.
fn parts_spaces(c: char) -> bool {
    c.is_ascii_whitespace()
}

/// Writes one file.
pub(super) struct FileWriter(Lines);

impl FileWriter {
    pub fn new(outline: &Outline) -> Self {
        Self(Lines::new(outline))
    }
}

impl Writer for FileWriter {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        self.0.record(record, out.buffer(), losses);
        out.flush_if_full()
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        self.0.finish(out.buffer());
        Ok(())
    }
}
