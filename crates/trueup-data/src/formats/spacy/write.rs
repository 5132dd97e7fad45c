//! Writes DocBin files. What a file holds in common (categories, groups of spans) is known when all records are, so the
//! documents wait in a compact form.

use std::collections::BTreeSet;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::Value;
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::cats::Labels;
use super::layout::{Layout, Piece, lay_out};
use super::records::{GROUPS, INCORRECT, MISSING, UNKNOWN_SPACES, parse_key};
use super::{pack, read::COLUMNS, strings};
use crate::corpus::{Key, Mark, Outline, Record};
use crate::error::quote;
use crate::holds::{Loss, Losses};

/// The attributes in the order in which spaCy writes them: ORTH first, then by number.
const ATTRIBUTES: [u64; 13] = [
    strings::ORTH,
    strings::NORM,
    strings::LEMMA,
    strings::POS,
    strings::TAG,
    strings::DEP,
    strings::ENT_IOB,
    strings::ENT_TYPE,
    strings::HEAD,
    strings::SENT_START,
    strings::ENT_KB_ID,
    strings::MORPH,
    strings::ENT_ID,
];

/// A span in tokens and code points.
#[derive(Debug, Clone)]
struct Span {
    tokens: (u32, u32),
    points: (u32, u32),
    label: u64,
    kb_id: u64,
    id: u64,
}

/// A document that waits to be written.
#[derive(Debug)]
struct Doc {
    /// The name of its file, where there are several.
    split: Option<Key>,
    words: Vec<u64>,
    spaces: Vec<bool>,
    unknown_spaces: bool,
    /// The values of [`COLUMNS`], by token; empty where nothing is said.
    columns: Vec<[u64; 8]>,
    /// Spans without a group, when spans were asked for.
    entities: Option<Vec<Span>>,
    /// Tokens of which it is not known whether they are entities.
    missing: Vec<(u32, u32)>,
    groups: Vec<(Key, Vec<Span>)>,
    labels: Option<Vec<usize>>,
    user_data: Vec<(String, Value)>,
}

/// Documents and what they have in common.
#[derive(Debug)]
pub(super) struct Docs {
    docs: Vec<Doc>,
    labels: Labels,
    groups: Vec<Key>,
    /// Whether spans without a group overlap anywhere: then none of them can be an entity.
    overlap: bool,
    strings: BTreeSet<Key>,
    /// Which of [`COLUMNS`] each column of a token is.
    columns: Vec<Option<usize>>,
    column_names: Vec<Key>,
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
            docs: Vec::new(),
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
        self.docs.push(doc);
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
                        head.map(|head| (head as i64 - i as i64) as u64)
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
        for doc in &self.docs {
            if !splits.contains(&doc.split) {
                splits.push(doc.split.clone());
            }
        }
        splits
    }

    /// The bytes of a file of the documents of a split.
    pub fn file(&self, split: Option<&Key>) -> Vec<u8> {
        let docs: Vec<&Doc> = self.docs.iter().filter(|doc| doc.split.as_ref() == split).collect();
        // Spans that overlap go to the group that spaCy's span categoriser learns from, unless that is taken.
        let free =
            ["sc", "spans", "overlapping_spans"].into_iter().find(|name| !self.groups.iter().any(|g| &**g == *name));
        let mut writer = Packer {
            docs: self,
            overlapping: self.overlap.then(|| free.unwrap_or("all_overlapping_spans")),
            entities: !self.overlap
                && (self.groups.iter().all(|group| &**group == INCORRECT)
                    || self.docs.iter().any(|doc| doc.entities.as_ref().is_some_and(|e| !e.is_empty()))),
            order: self.labels.order(),
            out: ZlibEncoder::new(Vec::new(), Compression::default()),
            buffer: Vec::new(),
        };
        writer.file(&docs)
    }
}

/// Packs one file.
struct Packer<'a> {
    docs: &'a Docs,
    /// The group of spans that would be entities if they did not overlap.
    overlapping: Option<&'a str>,
    /// Whether tokens say which of them are entities.
    entities: bool,
    /// The order of the labels.
    order: Vec<usize>,
    out: ZlibEncoder<Vec<u8>>,
    buffer: Vec<u8>,
}

impl Packer<'_> {
    fn flush(&mut self) {
        // Memory takes everything.
        let _ = self.out.write_all(&self.buffer);
        self.buffer.clear();
    }

    fn key(&mut self, key: &str) {
        self.flush();
        pack::text(&mut self.buffer, key);
    }

    fn file(&mut self, docs: &[&Doc]) -> Vec<u8> {
        let with_data = docs.iter().any(|doc| !doc.user_data.is_empty());
        pack::map(&mut self.buffer, 9 + usize::from(with_data));
        self.key("version");
        pack::text(&mut self.buffer, "0.1");
        self.key("attrs");
        pack::list(&mut self.buffer, ATTRIBUTES.len());
        ATTRIBUTES.iter().for_each(|&attribute| pack::unsigned(&mut self.buffer, attribute));
        let n: usize = docs.iter().map(|doc| doc.words.len()).sum();
        self.key("tokens");
        pack::bytes_head(&mut self.buffer, n * ATTRIBUTES.len() * 8);
        for doc in docs {
            self.tokens(doc);
            self.flush();
        }
        self.key("spaces");
        pack::bytes_head(&mut self.buffer, n);
        for doc in docs {
            self.buffer.extend(doc.spaces.iter().map(|&space| u8::from(space)));
        }
        self.key("lengths");
        pack::bytes_head(&mut self.buffer, docs.len() * 4);
        for doc in docs {
            self.buffer.extend((doc.words.len() as i32).to_le_bytes());
        }
        self.key("strings");
        pack::list(&mut self.buffer, self.docs.strings.len());
        self.docs.strings.iter().for_each(|text| pack::text(&mut self.buffer, text));
        self.key("cats");
        pack::list(&mut self.buffer, docs.len());
        for doc in docs {
            self.cats(doc);
        }
        self.key("flags");
        pack::list(&mut self.buffer, docs.len());
        for doc in docs {
            // spaCy passes over flags that it does not know.
            let mark = doc.labels.is_some() && self.docs.labels.is_empty();
            pack::map(&mut self.buffer, 1 + usize::from(mark));
            pack::text(&mut self.buffer, "has_unknown_spaces");
            pack::boolean(&mut self.buffer, doc.unknown_spaces);
            if mark {
                pack::text(&mut self.buffer, "has_cats");
                pack::boolean(&mut self.buffer, true);
            }
        }
        self.key("span_groups");
        pack::list(&mut self.buffer, docs.len());
        for doc in docs {
            let groups = self.groups(doc);
            pack::bytes(&mut self.buffer, &groups);
        }
        if with_data {
            self.key("user_data");
            pack::list(&mut self.buffer, docs.len());
            for doc in docs {
                let data = packed_user_data(&doc.user_data);
                pack::bytes(&mut self.buffer, &data);
            }
        }
        self.flush();
        let empty = ZlibEncoder::new(Vec::new(), Compression::none());
        std::mem::replace(&mut self.out, empty).finish().unwrap_or_default()
    }

    /// The matrix of a document's tokens.
    fn tokens(&mut self, doc: &Doc) {
        let n = doc.words.len();
        // Outside, unless nothing is known.
        let known = self.entities && doc.entities.is_some();
        let mut entities = vec![[if known { 2 } else { 0 }, 0, 0, 0]; n];
        if known {
            for &(first, last) in &doc.missing {
                entities[first as usize..last as usize].iter_mut().for_each(|row| row[0] = 0);
            }
            for span in doc.entities.iter().flatten() {
                let (first, last) = (span.tokens.0 as usize, span.tokens.1 as usize);
                entities[first..last].iter_mut().for_each(|row| *row = [1, span.label, span.kb_id, span.id]);
                entities[first][0] = 3;
            }
        }
        for (i, (&word, entity)) in doc.words.iter().zip(&entities).enumerate() {
            for attribute in ATTRIBUTES {
                let said = COLUMNS.iter().position(|&(column, _)| column == attribute);
                let said = said.and_then(|column| Some(doc.columns.get(i)?[column])).unwrap_or_default();
                let value = match attribute {
                    strings::ORTH => word,
                    strings::ENT_IOB => entity[0],
                    strings::ENT_TYPE => entity[1],
                    strings::ENT_KB_ID => entity[2],
                    strings::ENT_ID => entity[3],
                    // spaCy begins every document with a sentence.
                    strings::SENT_START if i == 0 && said == 0 => 1,
                    _ => said,
                };
                self.buffer.extend(value.to_le_bytes());
            }
        }
    }

    fn cats(&mut self, doc: &Doc) {
        let Some(labels) = &doc.labels else {
            return pack::map(&mut self.buffer, 0);
        };
        pack::map(&mut self.buffer, self.docs.labels.len());
        for (label, holds) in self.docs.labels.values(&self.order, labels) {
            pack::text(&mut self.buffer, label);
            pack::float(&mut self.buffer, f64::from(u8::from(holds)));
        }
    }

    /// The groups of a document's spans: where spans were asked for, all groups of the file, empty ones too.
    fn groups(&self, doc: &Doc) -> Vec<u8> {
        let mut out = Vec::new();
        let asked = doc.entities.is_some();
        let of = |name: &Key| doc.groups.iter().find(|(group, _)| group == name).map(|(_, spans)| spans.as_slice());
        let named = self.docs.groups.iter().filter(|name| asked || &***name == INCORRECT);
        let named: Vec<(&str, &[Span], bool)> =
            named.map(|name| (&**name, of(name).unwrap_or_default(), false)).collect();
        let overlapping = self.overlapping.filter(|_| asked);
        let overlapping = overlapping.map(|name| (name, doc.entities.as_deref().unwrap_or_default(), true));
        let groups: Vec<_> = overlapping.into_iter().chain(named).collect();
        if groups.is_empty() {
            // As spaCy writes no groups.
            pack::list(&mut out, 0);
            return out;
        }
        pack::map(&mut out, groups.len());
        for (name, spans, entities) in groups {
            let mut group = Vec::new();
            pack::map(&mut group, 3);
            pack::text(&mut group, "name");
            pack::text(&mut group, name);
            pack::text(&mut group, "attrs");
            pack::map(&mut group, usize::from(entities));
            if entities {
                pack::text(&mut group, "entities");
                pack::boolean(&mut group, true);
            }
            pack::text(&mut group, "spans");
            pack::list(&mut group, spans.len());
            for span in spans {
                pack::bytes_head(&mut group, 40);
                [span.id, span.kb_id, span.label].iter().for_each(|n| group.extend(n.to_be_bytes()));
                let places = [span.tokens.0, span.tokens.1, span.points.0, span.points.1];
                places.iter().for_each(|n| group.extend(n.to_be_bytes()));
            }
            pack::bytes(&mut out, &group);
            pack::list(&mut out, 1);
            pack::text(&mut out, name);
        }
        out
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

fn packed_user_data(data: &[(String, Value)]) -> Vec<u8> {
    let mut out = Vec::new();
    pack::map(&mut out, data.len());
    for (key, value) in data {
        match parse_key(key) {
            Some((name, start, end)) => {
                pack::list(&mut out, 4);
                pack::text(&mut out, "._.");
                pack::text(&mut out, name);
                for place in [start, end] {
                    match place {
                        Some(place) => pack::unsigned(&mut out, place),
                        None => pack::nil(&mut out),
                    }
                }
            }
            None => pack::text(&mut out, key),
        }
        pack::json(&mut out, value);
    }
    out
}
