//! Packs documents into the bytes of a DocBin.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::Value;

use super::read::COLUMNS;
use super::records::{INCORRECT, parse_key};
use super::write::{Doc, Docs, Span};
use super::{pack, strings};
use crate::corpus::Key;

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

/// Packs one file.
pub(super) struct Packer<'a> {
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

impl<'a> Packer<'a> {
    /// Of these documents, with the group that spans without one go to if they overlap, and whether tokens say which of
    /// them are entities.
    pub fn new(docs: &'a Docs, overlapping: Option<&'a str>, entities: bool) -> Self {
        let out = ZlibEncoder::new(Vec::new(), Compression::default());
        Self { docs, overlapping, entities, order: docs.labels.order(), out, buffer: Vec::new() }
    }

    fn flush(&mut self) {
        // Memory takes everything.
        let _ = self.out.write_all(&self.buffer);
        self.buffer.clear();
    }

    fn key(&mut self, key: &str) {
        self.flush();
        pack::text(&mut self.buffer, key);
    }

    /// The bytes of the file.
    pub fn file(mut self, docs: &[&Doc]) -> Vec<u8> {
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
            self.buffer.extend((doc.words.len() as u32).to_le_bytes());
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
        self.out.finish().unwrap_or_default()
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
