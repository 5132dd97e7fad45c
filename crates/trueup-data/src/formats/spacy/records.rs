//! The documents of a DocBin become records.

use rustc_hash::FxHashSet;
use serde_json::{Value, json};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::cats;
use super::layout::is_space;
use super::pack::{Item, Unpack};
use super::read::{Bin, COLUMNS, Doc, VALID, groups};
use super::strings;
use crate::corpus::{Answer, Key, Mark, Place, Record, TokenMark};
use crate::error::{DataError, quote};
use crate::options::count;
use crate::reading::Reading;

/// Metadata that say what a writer of the same format needs.
pub(super) const UNKNOWN_SPACES: &str = "has_unknown_spaces";
pub(super) const MISSING: &str = "missing_entities";
/// The group of spans that are known to be no entities, by Prodigy's and spaCy's custom.
pub(super) const INCORRECT: &str = "incorrect_spans";
/// The setting that names the groups of spans.
pub(super) const GROUPS: &str = "span_groups";

/// What is remarked of all documents of an input.
#[derive(Debug, Default)]
pub(super) struct Seen {
    labels: FxHashSet<String>,
    groups: Vec<String>,
    predicted: cats::Predicted,
    unknown_strings: (usize, Option<Place>),
    foreign: (usize, Option<Place>),
    partial: (usize, Option<Place>),
}

fn first(seen: &mut (usize, Option<Place>), place: &Place) {
    seen.0 += 1;
    seen.1.get_or_insert_with(|| place.clone());
}

impl Seen {
    /// States what was seen, and declares the groups.
    pub fn finish(self, reading: &mut Reading) {
        self.predicted.note(reading);
        let mut note = |seen: (usize, Option<Place>), noun: &str, what: &str| {
            if let (n, Some(place)) = seen {
                reading.note(format!("{} {what} (first at {place})", count(n, noun)));
            }
        };
        note(self.partial, "document", "with words of which it is not known whether they are entities: read as none");
        note(self.unknown_strings, "value", "whose string the file lacks, left empty");
        note(self.foreign, "value", "of user data without a form in JSON, left out");
        if !self.groups.is_empty() {
            reading.outline.settings.push((GROUPS.into(), json!(self.groups)));
        }
    }
}

/// Hands the documents on as records.
pub(super) fn read(
    bin: &Bin,
    used: [bool; 8],
    split: Option<&Key>,
    file: Option<&Key>,
    seen: &mut Seen,
    reading: &mut Reading,
) -> Result<(), DataError> {
    let orth = bin.column(strings::ORTH).unwrap_or_default();
    for (number, doc) in (1..).zip(&bin.docs) {
        let place = Place { file: file.cloned(), ..Place::document(number) };
        match (Maker { bin, used, orth, place: &place, seen }).record(doc, split, reading) {
            Ok(record) => reading.push(record)?,
            Err(found) => reading.remarks.skip_malformed_at(&place, found, VALID)?,
        }
    }
    Ok(())
}

struct Maker<'a> {
    bin: &'a Bin<'a>,
    used: [bool; 8],
    orth: usize,
    place: &'a Place,
    seen: &'a mut Seen,
}

impl Maker<'_> {
    fn record(&mut self, doc: &Doc, split: Option<&Key>, reading: &mut Reading) -> Result<Record, String> {
        let mut text = String::new();
        let mut bounds: Vec<(usize, usize)> = Vec::with_capacity(doc.tokens.len());
        for token in doc.tokens.clone() {
            let number = self.bin.value(token, self.orth);
            let Some(word) = self.bin.string(number) else {
                return Err(format!("a word with the number {number}, which is not among the strings"));
            };
            let start = text.len();
            text.push_str(word);
            bounds.push((start, text.len()));
            if doc.unknown_spaces || self.bin.space(token) {
                text.push(' ');
            }
        }
        let mut record = Record { place: self.place.clone(), split: split.cloned(), ..Record::default() };
        self.user_data(doc, &mut record)?;
        if doc.unknown_spaces {
            record.metadata.push((UNKNOWN_SPACES.into(), Value::Bool(true)));
        }
        let mut answer = Answer { spans: self.entities(doc, &text, &bounds, &mut record)?, ..Answer::default() };
        self.groups(doc, &text, &bounds, &mut answer, &mut record)?;
        self.cats(doc, &mut answer, &mut record, reading)?;
        record.tokens = self.tokens(doc, &text, &bounds);
        record.gold = Some(answer).filter(|answer| !answer.is_empty());
        record.text = Some(text);
        Ok(record)
    }

    /// The string of a number; an unknown one is empty, and counted.
    fn string(&mut self, number: u64) -> String {
        if let Some(text) = self.bin.string(number) {
            return text.to_owned();
        }
        first(&mut self.seen.unknown_strings, self.place);
        String::new()
    }

    /// The named entities; `None` where no token says whether it is one.
    fn entities(
        &mut self,
        doc: &Doc,
        text: &str,
        bounds: &[(usize, usize)],
        record: &mut Record,
    ) -> Result<Option<Vec<Mark>>, String> {
        let Some(iob) = self.bin.column(strings::ENT_IOB) else {
            return Ok(None);
        };
        let kind = self.bin.column(strings::ENT_TYPE);
        let mut marks: Vec<Mark> = Vec::new();
        let mut missing: Vec<(usize, usize)> = Vec::new();
        let (mut open, mut known) = (false, false);
        for (token, &(start, end)) in doc.tokens.clone().zip(bounds) {
            let value = |column: Option<usize>| column.map_or(0, |column| self.bin.value(token, column));
            let (iob, kind) = (self.bin.value(token, iob), value(kind));
            known |= iob != 0;
            match iob {
                1 => match marks.last_mut().filter(|_| open) {
                    Some(mark) => mark.end = end,
                    None => return Err("a token inside of an entity that did not begin".to_owned()),
                },
                3 if kind != 0 => {
                    let ids = [("kb_id", strings::ENT_KB_ID), ("ent_id", strings::ENT_ID)];
                    let ids = ids.map(|(name, attribute)| (name, value(self.bin.column(attribute))));
                    let mut mark = Mark::new(start, end, self.string(kind));
                    for (name, number) in ids.into_iter().filter(|&(_, number)| number != 0) {
                        mark.attributes.push((name.into(), self.string(number).into()));
                    }
                    marks.push(mark);
                }
                // 3 without a type: known to begin no entity.
                0 | 2 | 3 => {
                    if iob == 0 {
                        match missing.last_mut().filter(|(_, last)| is_space(&text[*last..start])) {
                            Some(last) => last.1 = end,
                            None => missing.push((start, end)),
                        }
                    }
                }
                other => return Err(format!("{other} where a token is 0 to 3 (unknown, inside, outside, begin)")),
            }
            open = iob == 1 || (iob == 3 && kind != 0);
        }
        if known && !missing.is_empty() {
            first(&mut self.seen.partial, self.place);
            let offsets = Offsets::new(text, OffsetUnit::CodePoint);
            let ranges: Vec<Value> =
                missing.iter().map(|&(a, b)| json!([offsets.from_byte(a), offsets.from_byte(b)])).collect();
            record.metadata.push((MISSING.into(), ranges.into()));
        }
        Ok(known.then_some(marks))
    }

    fn groups(
        &mut self,
        doc: &Doc,
        text: &str,
        bounds: &[(usize, usize)],
        answer: &mut Answer,
        record: &mut Record,
    ) -> Result<(), String> {
        for group in groups(doc.span_groups)? {
            if !group.is_entities && !self.seen.groups.contains(&group.name) {
                // A file has few groups; what is no list of names is not remembered.
                if self.seen.groups.len() < 1_000 {
                    self.seen.groups.push(group.name.clone());
                }
            }
            let field: Key = group.name.as_str().into();
            let mut marks = Vec::with_capacity(group.spans.len());
            for span in group.spans {
                let (start, end) = (span.start as usize, span.end as usize);
                if start >= end || end > bounds.len() {
                    let (group, n) = (quote(&group.name), bounds.len());
                    return Err(format!("the span {start}..{end} of the group '{group}' in {}", count(n, "token")));
                }
                let mut mark = Mark::new(bounds[start].0, bounds[end - 1].1, self.string(span.label));
                mark.field = (!group.is_entities).then(|| field.clone());
                for (name, number) in [("kb_id", span.kb_id), ("ent_id", span.id)] {
                    if number != 0 {
                        mark.attributes.push((name.into(), self.string(number).into()));
                    }
                }
                marks.push(mark);
            }
            if group.name == INCORRECT && !group.is_entities {
                if !marks.is_empty() {
                    let offsets = Offsets::new(text, OffsetUnit::CodePoint);
                    let shown = |m: &Mark| json!({"start": offsets.from_byte(m.start), "end": offsets.from_byte(m.end), "label": m.label});
                    record.metadata.push((field, marks.iter().map(shown).collect::<Vec<_>>().into()));
                }
            } else {
                answer.spans.get_or_insert_default().append(&mut marks);
            }
        }
        Ok(())
    }

    fn cats(
        &mut self,
        doc: &Doc,
        answer: &mut Answer,
        record: &mut Record,
        reading: &mut Reading,
    ) -> Result<(), String> {
        let mut values = Vec::new();
        if !doc.cats.is_empty() {
            let mut unpack = Unpack::new(doc.cats);
            for _ in 0..unpack.map()? {
                let label = unpack.string()?;
                let value = unpack.next()?;
                let number = value.number();
                let is_one = number.is_some() || value == Item::Nil;
                values.push((label, if is_one { Ok(number) } else { Err(value.shape().to_owned()) }));
            }
        }
        let (labels, prediction) = cats::read(values.into_iter(), doc.has_cats, &mut self.seen.labels, reading)?;
        answer.labels = labels;
        if let Some(prediction) = prediction {
            self.seen.predicted.add(self.place);
            record.predictions.push(prediction);
        }
        Ok(())
    }

    /// What a program kept with the document: plain keys become metadata, spaCy's extension attributes `_.name` too.
    fn user_data(&mut self, doc: &Doc, record: &mut Record) -> Result<(), String> {
        if doc.user_data.is_empty() {
            return Ok(());
        }
        let mut unpack = Unpack::new(doc.user_data);
        if unpack.next()? == Item::Nil {
            return Ok(());
        }
        let mut unpack = Unpack::new(doc.user_data);
        for _ in 0..unpack.map()? {
            let key = unpack.json()?;
            let value = unpack.json()?;
            match (key.as_ref().and_then(key_of), value) {
                (Some(key), Some(Value::String(id))) if key == "id" && record.id.is_none() => record.id = Some(id),
                (Some(key), Some(Value::Number(id))) if key == "id" && record.id.is_none() => {
                    record.id = Some(id.to_string());
                }
                (Some(key), Some(value)) => record.metadata.push((key.into(), value)),
                _ => first(&mut self.seen.foreign, self.place),
            }
        }
        Ok(())
    }

    /// The tokens but for those of white space, which a writer makes anew.
    fn tokens(&mut self, doc: &Doc, text: &str, bounds: &[(usize, usize)]) -> Vec<TokenMark> {
        // Where each token stands among those kept: its own place, or for white space that of the one before.
        let mut kept: Vec<usize> = Vec::with_capacity(bounds.len());
        let mut n = 0usize;
        for &(start, end) in bounds {
            let is_word = !is_space(&text[start..end]);
            kept.push(if is_word { n } else { n.saturating_sub(1) });
            n += usize::from(is_word);
        }
        let mut tokens = Vec::with_capacity(n);
        let mut begins = false;
        let columns: Vec<(u64, Option<usize>)> = COLUMNS
            .iter()
            .zip(self.used)
            .filter(|(_, used)| *used)
            .map(|(&(attribute, _), _)| (attribute, self.bin.column(attribute)))
            .collect();
        for (i, (token, &(start, end))) in doc.tokens.clone().zip(bounds).enumerate() {
            let value = |column: Option<usize>| column.map_or(0, |column| self.bin.value(token, column)).cast_signed();
            if is_space(&text[start..end]) {
                // A sentence that begins with white space begins with the word after it.
                begins |= columns.iter().any(|&(a, column)| a == strings::SENT_START && value(column) == 1);
                continue;
            }
            let cell = |&(attribute, column): &(u64, Option<usize>)| -> Key {
                let value = value(column);
                match attribute {
                    strings::HEAD => {
                        let head = isize::try_from(value).ok().and_then(|value| i.checked_add_signed(value));
                        let head = head.and_then(|head| kept.get(head)).copied().unwrap_or(kept[i]);
                        offset(kept[i], head).to_string().into()
                    }
                    strings::SENT_START if begins => "1".into(),
                    strings::SENT_START if value == 0 => "".into(),
                    strings::SENT_START => value.to_string().into(),
                    _ => self.bin.key(value as u64).unwrap_or_default(),
                }
            };
            let columns: Box<[Key]> = columns.iter().map(cell).collect();
            begins = false;
            tokens.push(TokenMark { start, end, tag: None, columns });
        }
        tokens
    }
}

/// How far `to` is from `from`.
pub(super) fn offset(from: usize, to: usize) -> i64 {
    i64::try_from(to).unwrap_or(i64::MAX) - i64::try_from(from).unwrap_or(i64::MAX)
}

/// A key of user data as the name of a column: itself, or `_.name` for an extension attribute of the document, with
/// `@start` or `@start:end` (code points) for one of a token or a span.
fn key_of(key: &Value) -> Option<String> {
    match key {
        Value::String(key) => Some(key.clone()),
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(mark), Value::String(name), start, end] if mark == "._." => {
                match (start.as_u64(), end.as_u64()) {
                    (None, None) if start.is_null() && end.is_null() => Some(format!("_.{name}")),
                    (Some(start), None) if end.is_null() => Some(format!("_.{name}@{start}")),
                    (Some(start), Some(end)) => Some(format!("_.{name}@{start}:{end}")),
                    _ => None,
                }
            }
            _ => None,
        },
        _ => None,
    }
}

/// The key of user data that [`key_of`] makes this column of: the name, and the start and end of an extension.
pub(super) fn parse_key(column: &str) -> Option<(&str, Option<u64>, Option<u64>)> {
    let name = column.strip_prefix("_.")?;
    let Some((name, place)) = name.rsplit_once('@') else {
        return Some((name, None, None));
    };
    match place.split_once(':') {
        Some((start, end)) => Some((name, Some(start.parse().ok()?), Some(end.parse().ok()?))),
        None => Some((name, Some(place.parse().ok()?), None)),
    }
}
