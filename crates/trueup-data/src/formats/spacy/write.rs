//! Writes DocBin files. What a file holds in common (categories, groups of spans) is known when all records are, so the
//! documents wait in a compact form.

use std::collections::BTreeSet;

use serde_json::Value;
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::cats::Labels;
use super::layout::{Layout, Piece, lay_out};
use super::packer::Packer;
use super::read::COLUMNS;
use super::records::{GROUPS, INCORRECT, MISSING, UNKNOWN_SPACES, offset};
use super::strings;
use crate::corpus::{Key, Mark, Outline, Record};
use crate::error::quote;
use crate::holds::{Loss, Losses};

/// A span in tokens and code points.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub tokens: (u32, u32),
    pub points: (u32, u32),
    pub label: u64,
    pub kb_id: u64,
    pub id: u64,
}

/// A document that waits to be written.
#[derive(Debug)]
pub(super) struct Doc {
    /// The name of its file, where there are several.
    pub split: Option<Key>,
    pub words: Vec<u64>,
    pub spaces: Vec<bool>,
    pub unknown_spaces: bool,
    /// The values of [`COLUMNS`], by token; empty where nothing is said.
    pub columns: Vec<[u64; 8]>,
    /// Spans without a group, when spans were asked for.
    pub entities: Option<Vec<Span>>,
    /// Tokens of which it is not known whether they are entities.
    pub missing: Vec<(u32, u32)>,
    pub groups: Vec<(Key, Vec<Span>)>,
    pub labels: Option<Vec<usize>>,
    pub user_data: Vec<(String, Value)>,
}

/// Documents and what they have in common.
#[derive(Debug)]
pub(super) struct Docs {
    pub waiting: Vec<Doc>,
    pub labels: Labels,
    pub groups: Vec<Key>,
    /// Whether spans without a group overlap anywhere: then none of them can be an entity.
    pub overlap: bool,
    pub strings: BTreeSet<Key>,
    /// Which of [`COLUMNS`] each column of a token is.
    pub columns: Vec<Option<usize>>,
    pub column_names: Vec<Key>,
}

impl Docs {
    /// For records of such an input.
    pub fn new(outline: &Outline) -> Self {
        let kind = |name: &Key| {
            let lower = name.to_ascii_lowercase();
            let name = match lower.as_str() {
                "upos" => "pos",
                "xpos" => "tag",
                "feats" => "morph",
                name => name,
            };
            COLUMNS.iter().position(|(_, column)| *column == name)
        };
        let groups = outline.setting(GROUPS).and_then(Value::as_array).into_iter().flatten();
        Self {
            waiting: Vec::new(),
            labels: Labels::new(outline),
            groups: groups.filter_map(Value::as_str).map(Key::from).collect(),
            overlap: false,
            strings: BTreeSet::from(["".into()]),
            columns: outline.token_columns.iter().map(kind).collect(),
            column_names: outline.token_columns.clone(),
        }
    }

    /// The number of a string, which the file will list.
    fn number(&mut self, text: &str) -> u64 {
        if !self.strings.contains(text) {
            self.strings.insert(text.into());
        }
        strings::number(text)
    }

    /// Takes a record; `splits` when there is a file for each split.
    pub fn add(&mut self, record: &Record, splits: bool, losses: &mut Losses) {
        let Some(text) = record.text.as_deref().filter(|text| u32::try_from(text.len()).is_ok()) else {
            losses.add(Loss::Record, &record.place, || "a record without text".to_owned());
            return;
        };
        let offsets = Offsets::new(text, OffsetUnit::CodePoint);
        let gold = record.gold.as_ref();
        let marks = gold.and_then(|gold| gold.spans.as_deref());
        let incorrect = incorrect(record, &offsets);
        let layout = lay_out(text, &record.tokens, marks.unwrap_or_default().iter().chain(&incorrect));
        if layout.changed > 0 {
            let n = layout.changed;
            losses.add(Loss::Tokens, &record.place, || {
                format!("the edges of {n} tokens: those of spans lie inside, or text lies between")
            });
        }
        let mut doc = Doc {
            split: record.split.clone().filter(|_| splits),
            words: layout.pieces.iter().map(|piece| self.number(&text[piece.start..piece.end])).collect(),
            spaces: layout.pieces.iter().map(|piece| piece.space).collect(),
            unknown_spaces: record.value(UNKNOWN_SPACES) == Some(&Value::Bool(true))
                && layout.pieces.iter().all(|piece| piece.space),
            columns: self.columns_of(record, &layout, losses),
            entities: marks.map(|_| Vec::new()),
            missing: missing(record, &offsets, &layout.pieces),
            groups: Vec::new(),
            labels: None,
            user_data: Vec::new(),
        };
        for mark in marks.unwrap_or_default() {
            let Some(span) = self.span(mark, &layout, &offsets, record, losses) else {
                continue;
            };
            match &mark.field {
                None => doc.entities.get_or_insert_default().push(span),
                Some(group) => self.group(&mut doc, group, span),
            }
        }
        for mark in &incorrect {
            if let Some(span) = self.span(mark, &layout, &offsets, record, losses) {
                self.group(&mut doc, &INCORRECT.into(), span);
            }
        }
        if let Some(entities) = &mut doc.entities {
            entities.sort_by_key(|span| span.tokens);
            self.overlap |= entities.windows(2).any(|pair| pair[1].tokens.0 < pair[0].tokens.1);
        }
        doc.labels = self.labels.of(record, losses);
        doc.user_data = user_data(record, &doc, losses);
        self.waiting.push(doc);
    }

    fn group(&mut self, doc: &mut Doc, group: &Key, span: Span) {
        if !self.groups.contains(group) {
            self.groups.push(group.clone());
        }
        match doc.groups.iter_mut().find(|(name, _)| name == group) {
            Some((_, spans)) => spans.push(span),
            None => doc.groups.push((group.clone(), vec![span])),
        }
    }

    fn span(
        &mut self,
        mark: &Mark,
        layout: &Layout,
        offsets: &Offsets,
        record: &Record,
        losses: &mut Losses,
    ) -> Option<Span> {
        let points = (offsets.from_byte(mark.start), offsets.from_byte(mark.end));
        let (Some((first, last)), (Some(start), Some(end))) = (layout.range(mark.start, mark.end), points) else {
            losses.add(Loss::Spans, &record.place, || format!("an empty span '{}'", quote(&mark.label)));
            return None;
        };
        let mut ids = [0, 0];
        for (name, value) in &mark.attributes {
            match (["kb_id", "ent_id"].iter().position(|known| *known == &**name), value) {
                (Some(i), Value::String(value)) => ids[i] = self.number(value),
                _ => losses.add(Loss::Attributes, &record.place, || format!("'{}' of a span", quote(name))),
            }
        }
        Some(Span {
            tokens: (first as u32, last as u32),
            points: (start as u32, end as u32),
            label: self.number(&mark.label),
            kb_id: ids[0],
            id: ids[1],
        })
    }

    fn columns_of(&mut self, record: &Record, layout: &Layout, losses: &mut Losses) -> Vec<[u64; 8]> {
        if record.tokens.iter().all(|token| token.columns.is_empty()) {
            return Vec::new();
        }
        let columns = self.columns.clone();
        let widest = record.tokens.iter().map(|token| token.columns.len()).max().unwrap_or_default();
        if let Some(i) = (0..widest).find(|&i| !matches!(columns.get(i), Some(Some(_)))) {
            losses.add(Loss::TokenColumns, &record.place, || match self.column_names.get(i) {
                Some(name) => format!("the column '{}', which spaCy's tokens do not have", quote(name)),
                None => "a column of tokens without a name".to_owned(),
            });
        }
        // The piece that each token begins, for the heads.
        let mut pieces: Vec<Option<usize>> = vec![None; record.tokens.len()];
        for (i, piece) in layout.pieces.iter().enumerate() {
            if let Some(token) = piece.token {
                pieces[token] = Some(i);
            }
        }
        let mut rows = vec![[0; 8]; layout.pieces.len()];
        for (i, piece) in layout.pieces.iter().enumerate() {
            let Some(token) = piece.token else {
                continue;
            };
            for (cell, column) in record.tokens[token].columns.iter().zip(&columns) {
                let Some(column) = column.filter(|_| !cell.is_empty()) else {
                    continue;
                };
                let value = match COLUMNS[column].0 {
                    strings::HEAD => {
                        let head = cell.parse().ok().and_then(|n: isize| token.checked_add_signed(n));
                        let head = head.and_then(|head| *pieces.get(head)?);
                        head.map(|head| offset(i, head).cast_unsigned())
                    }
                    strings::SENT_START => cell.parse().ok().filter(|n: &i64| (-1..=1).contains(n)).map(|n| n as u64),
                    strings::POS => Some(strings::number(cell)).filter(|n| strings::PARTS_OF_SPEECH.contains(n)),
                    _ => Some(self.number(cell)),
                };
                rows[i][column] = value.unwrap_or_default();
                if value.is_none() {
                    losses.add(Loss::TokenColumns, &record.place, || {
                        format!("the {} '{}', which spaCy does not know", COLUMNS[column].1, quote(cell))
                    });
                }
            }
        }
        rows
    }

    /// The splits that files are named by, in order.
    pub fn splits(&self) -> Vec<Option<Key>> {
        let mut splits: Vec<Option<Key>> = Vec::new();
        for doc in &self.waiting {
            if !splits.contains(&doc.split) {
                splits.push(doc.split.clone());
            }
        }
        splits
    }

    /// The bytes of a file of the documents of a split.
    pub fn file(&self, split: Option<&Key>) -> Vec<u8> {
        let docs: Vec<&Doc> = self.waiting.iter().filter(|doc| doc.split.as_ref() == split).collect();
        // Spans that overlap go to the group that spaCy's span categoriser learns from, unless that is taken.
        let free =
            ["sc", "spans", "overlapping_spans"].into_iter().find(|name| !self.groups.iter().any(|g| &**g == *name));
        let entities = !self.overlap
            && (self.groups.iter().all(|group| &**group == INCORRECT)
                || self.waiting.iter().any(|doc| doc.entities.as_ref().is_some_and(|e| !e.is_empty())));
        let overlapping = self.overlap.then(|| free.unwrap_or("all_overlapping_spans"));
        Packer::new(self, overlapping, entities).file(&docs)
    }
}

/// A pair of code points as bytes.
fn range(offsets: &Offsets, start: Option<&Value>, end: Option<&Value>) -> Option<(usize, usize)> {
    offsets.range(start?.as_u64()? as usize, end?.as_u64()? as usize).ok()
}

/// Spans that the record says are no entities.
fn incorrect(record: &Record, offsets: &Offsets) -> Vec<Mark> {
    let listed = record.value(INCORRECT).and_then(Value::as_array).into_iter().flatten();
    let mark = |value: &Value| {
        let (start, end) = range(offsets, value.get("start"), value.get("end"))?;
        Some(Mark::new(start, end, value.get("label")?.as_str()?))
    };
    listed.filter_map(mark).collect()
}

/// Tokens of which the record says that nobody knows whether they are entities.
pub(super) fn missing(record: &Record, offsets: &Offsets, pieces: &[Piece]) -> Vec<(u32, u32)> {
    let listed = record.value(MISSING).and_then(Value::as_array).into_iter().flatten();
    let tokens = |value: &Value| {
        let (start, end) = range(offsets, value.get(0), value.get(1))?;
        let first = pieces.partition_point(|piece| piece.start < start);
        let last = pieces.partition_point(|piece| piece.end <= end);
        (first < last).then_some((first as u32, last as u32))
    };
    listed.filter_map(tokens).collect()
}

/// What is kept with the document: its id and metadata, but for what the document itself says.
fn user_data(record: &Record, doc: &Doc, losses: &mut Losses) -> Vec<(String, Value)> {
    let mut data: Vec<(String, Value)> = record.id.iter().map(|id| ("id".to_owned(), id.clone().into())).collect();
    for (key, value) in &record.metadata {
        let said = match &**key {
            UNKNOWN_SPACES => doc.unknown_spaces,
            INCORRECT => doc.groups.iter().any(|(name, _)| &**name == INCORRECT),
            MISSING => !doc.missing.is_empty(),
            _ => false,
        };
        if said {
            continue;
        }
        if data.iter().any(|(known, _)| **known == **key) {
            losses.add(Loss::Metadata, &record.place, || format!("a second '{}'", quote(key)));
            continue;
        }
        data.push((key.as_ref().to_owned(), value.clone()));
    }
    data
}
