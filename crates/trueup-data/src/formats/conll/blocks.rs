//! Telling the lines of a file apart: sentences, the documents and comments that they stand under.

use super::read::Layout;
use super::{DOCUMENT, like_tag, split};
use crate::formats::is_blank;

/// The lines of one sentence.
#[derive(Debug)]
pub(super) struct Sentence<'a> {
    /// The line where it begins, from 1.
    pub line: u64,
    /// Its lines.
    pub lines: &'a str,
    /// The number of its document, from 0.
    pub document: usize,
    /// The comments above it.
    pub comments: Vec<&'a str>,
}

impl<'a> Sentence<'a> {
    /// Its lines one by one, as [`str::lines`].
    pub fn each(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (text, mut at) = (self.lines, 0);
        std::iter::from_fn(move || {
            let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
            let Some(end) = rest.bytes().position(|b| b == b'\n') else {
                at = text.len();
                return Some(rest);
            };
            at += end + 1;
            let line = &rest[..end];
            Some(line.strip_suffix('\r').unwrap_or(line))
        })
    }
}

/// The sentences of a text, and whether it says where documents begin; what is seen of the layout is set.
pub(super) fn sentences<'a>(text: &'a str, layout: &mut Layout) -> (Vec<Sentence<'a>>, bool) {
    let mut found: Vec<Sentence> = Vec::new();
    let (mut first_blank, mut first_document): (Option<&str>, Option<&str>) = (None, None);
    let (mut after_document, mut at_end) = (false, "");
    let (mut document, mut fresh_document) = (0, false);
    let mut comments = Vec::new();
    // Where the open sentence begins: its line and byte.
    let mut open: Option<(u64, usize)> = None;
    let mut fields = Vec::new();
    let (mut at, mut number) = (0, 0);
    while at < text.len() {
        let start = at;
        let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |i| at + i);
        at = end + 1;
        number += 1;
        let line = &text[start..end];
        // A carriage return ends the line with the line feed; alone at the end of a file it stands for itself.
        let line = if end < text.len() { line.strip_suffix('\r').unwrap_or(line) } else { line };
        at_end = line;
        let blank = is_blank(line);
        let is_document = !blank && line.trim_ascii_start().starts_with(DOCUMENT) && {
            split(line, layout.tabs, &mut fields);
            fields[0] == DOCUMENT
        };
        if (blank || is_document)
            && let Some((line, from)) = open.take()
        {
            let comments = std::mem::take(&mut comments);
            found.push(Sentence { line, lines: &text[from..start], document, comments });
            first_blank = first_blank.or(blank.then_some(at_end));
        }
        if blank {
            after_document = false;
        } else if is_document {
            if first_document.is_none() {
                layout.document_first = found.is_empty();
                first_document = Some(line);
            }
            // A document without a sentence counts as none.
            document += usize::from(!fresh_document && !found.is_empty());
            fresh_document = true;
            after_document = true;
        } else {
            if after_document {
                layout.document_blank = false;
                after_document = false;
            }
            if open.is_none() {
                if line.starts_with('#') {
                    split(line, layout.tabs, &mut fields);
                    let tag = fields.get(layout.tag).map_or("", |tag| tag.trim());
                    let equal = fields.len() == layout.columns;
                    if !equal || (!layout.tabs && !like_tag(tag)) {
                        comments.push(line);
                        continue;
                    }
                }
                fresh_document = false;
                open = Some((number, start));
            }
        }
    }
    if let Some((line, from)) = open {
        found.push(Sentence { line, lines: &text[from..], document, comments });
    }
    layout.blank_at_end = is_blank(at_end);
    first_blank.unwrap_or_default().clone_into(&mut layout.blank);
    if let Some(line) = first_document {
        line.clone_into(&mut layout.document);
        layout.document_last = fresh_document && !layout.document_first;
    }
    (found, first_document.is_some())
}
