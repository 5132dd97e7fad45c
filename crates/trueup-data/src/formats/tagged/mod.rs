//! Tokens with tags, whatever file they come from, become records with spans.
//!
//! Reading takes two passes: which scheme the tags follow is told by all of them, and only then do they become spans.
//! A reader makes its records with the raw tag on every token ([`record`] does so from strings), and [`decode`] sets
//! the spans of all of them under one scheme. Readers with several sequences a record (a document of sentences, an
//! answer of each worker) do the same steps with a [`TagReader`].

mod inventory;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde_json::{Value, json};
use trueup_core::scheme::{self, Decoded, OUTSIDE, Scheme, Style, Tag};

use crate::corpus::{Answer, Key, Mark, Outline, Place, Record, TokenMark};
use crate::error::{DataError, quote};

use crate::options::{ReadOptions, Remarks, count};
use crate::reading::Reading;

pub(super) use inventory::Inventory;
use inventory::Tags;

/// What a tag must be, for messages.
pub(crate) const VALID_TAG: &str = "O, or a letter of B I E S L U with a type: B-PER, PER-B";

/// The setting of the outline that says how the tags of the input were written.
pub(super) const TAGS: &str = "tags";

/// Tags and columns repeat: each is kept once.
#[derive(Debug, Default)]
pub(super) struct Keys {
    known: FxHashSet<Key>,
    /// The one asked for last, which most often is the next one too.
    last: Option<Key>,
}

impl Keys {
    /// The one key of that text.
    pub fn key(&mut self, text: &str) -> Key {
        if let Some(last) = self.last.as_ref().filter(|last| ***last == *text) {
            return last.clone();
        }
        let key = self.known.get(text).cloned().unwrap_or_else(|| {
            let key: Key = text.into();
            self.known.insert(key.clone());
            key
        });
        self.last = Some(key.clone());
        key
    }
}

/// Adds a token to a text that is made of its tokens, one space between them.
pub(super) fn push_token(text: &mut String, tokens: &mut Vec<TokenMark>, token: &str, tag: Option<Key>) {
    if !tokens.is_empty() {
        text.push(' ');
    }
    let start = text.len();
    text.push_str(token);
    tokens.push(TokenMark { start, end: text.len(), tag, columns: Box::default() });
}

/// A record of tokens and as many raw tags; its text is the tokens joined by one space. Gold is set by [`decode`].
pub(super) fn record<'a>(
    place: Place,
    tokens: impl IntoIterator<Item = &'a str>,
    tags: impl IntoIterator<Item = &'a str>,
    keys: &mut Keys,
) -> Record {
    let (mut text, mut marks) = (String::new(), Vec::new());
    for (token, tag) in tokens.into_iter().zip(tags) {
        push_token(&mut text, &mut marks, token, Some(keys.key(tag)));
    }
    Record { place, text: Some(text), tokens: marks, ..Record::default() }
}

/// What one token takes up in the file, for the places in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A line: the place of a token counts on from that of its record.
    Line,
    /// A part of its record, whose place stands for all of its tokens.
    Part,
}

/// Sets the gold of every record to the spans of its tokens' tags, under the one scheme that all of them point to.
pub(super) fn decode(
    records: &mut [Record],
    unit: Unit,
    options: &ReadOptions,
    reading: &mut Reading,
) -> Result<(), DataError> {
    let mut inventory = Inventory::default();
    records.iter().for_each(|record| inventory.sequence(&record.place, unit, &record.tokens));
    let mut tags = TagReader::new(inventory, unit, options, reading.remarks)?;
    tags.all(records);
    tags.finish(reading);
    Ok(())
}

/// How the tags of an input are written, and what became of them.
#[derive(Debug)]
pub(super) struct TagReader {
    tags: Tags,
    coding: Coding,
    unit: Unit,
    invalid: Invalid,
}

/// Tags that are invalid under the scheme: how many, and the first.
#[derive(Debug, Default)]
pub(super) struct Invalid {
    count: usize,
    first: Option<(Place, Key)>,
}

impl Invalid {
    /// Adds those of later sequences.
    fn append(&mut self, after: Self) {
        self.count += after.count;
        self.first = self.first.take().or(after.first);
    }
}

/// What is used again from sequence to sequence.
pub(super) type Scratch = (Vec<Tag<u32>>, Decoded<u32>);

/// How many sequences one thread takes at once.
const SEQUENCES: usize = 1024;

impl TagReader {
    /// Tells the scheme from all tags of an input; a column full of what is no tag has no tags, which is an error.
    pub fn new(
        inventory: Inventory,
        unit: Unit,
        options: &ReadOptions,
        remarks: &mut Remarks,
    ) -> Result<Self, DataError> {
        let style = inventory.style();
        inventory.strays(style, remarks)?;
        let (tags, detected) = inventory.read(style);
        let scheme = options.scheme.unwrap_or_else(|| {
            let side = if style == Style::Suffix { ", the letter after the type" } else { "" };
            remarks.guess(format!("tags are {detected}{side}"), Some("--scheme"));
            detected
        });
        let coding = Coding { scheme, style, lenient: options.lenient_tags };
        Ok(Self { tags, coding, unit, invalid: Invalid::default() })
    }

    /// The spans of one sequence; tags that are invalid under the scheme are counted.
    pub fn marks(&mut self, place: &Place, tokens: &[TokenMark]) -> Vec<Mark> {
        let mut invalid = Invalid::default();
        let marks = self.marks_of(place, tokens, &mut Scratch::default(), &mut invalid);
        self.invalid.append(invalid);
        marks
    }

    /// Sets the spans of gold in all records, each one sequence.
    pub fn all(&mut self, records: &mut [Record]) {
        let read: Vec<Invalid> = records
            .par_chunks_mut(SEQUENCES)
            .map(|records| {
                let (mut scratch, mut invalid) = (Scratch::default(), Invalid::default());
                for record in records {
                    self.gold(record, &mut scratch, &mut invalid);
                }
                invalid
            })
            .collect();
        self.count(read);
    }

    /// Sets the spans of gold in a record that is one sequence.
    pub fn gold(&self, record: &mut Record, scratch: &mut Scratch, invalid: &mut Invalid) {
        let marks = self.marks_of(&record.place, &record.tokens, scratch, invalid);
        record.gold.get_or_insert_with(Answer::default).spans = Some(marks);
    }

    /// Counts invalid tags, those of earlier sequences first.
    pub fn count(&mut self, invalid: impl IntoIterator<Item = Invalid>) {
        invalid.into_iter().for_each(|invalid| self.invalid.append(invalid));
    }

    fn marks_of(&self, place: &Place, tokens: &[TokenMark], scratch: &mut Scratch, invalid: &mut Invalid) -> Vec<Mark> {
        let (tags, decoded) = scratch;
        self.tags.of(tokens, tags);
        scheme::decode_into(tags, self.coding.scheme, !self.coding.lenient, decoded);
        invalid.count += decoded.invalid.len();
        if let Some(&at) = decoded.invalid.first().filter(|_| invalid.first.is_none()) {
            let tag = tokens.get(at).and_then(|t| t.tag.clone()).unwrap_or_else(|| "O".into());
            invalid.first = Some((self.unit.place(place, at), tag));
        }
        let mark = |&(first, last, kind): &(usize, usize, u32)| {
            Mark::new(tokens[first].start, tokens[last - 1].end, self.tags.kind(kind))
        };
        decoded.chunks.iter().map(mark).collect()
    }

    /// Says what was invalid, and keeps for a writer how the tags were written.
    pub fn finish(self, reading: &mut Reading) {
        let Coding { scheme, style, lenient } = self.coding;
        if let Some((place, tag)) = self.invalid.first {
            let read = if lenient { "read as near as they come" } else { "left out of every span" };
            let what = count(self.invalid.count, "tag");
            reading.note(format!("{what} invalid under {scheme} (first '{}' at {place}): {read}", quote(&tag)));
        }
        reading.scheme = Some(scheme);
        let style = if style == Style::Suffix { "suffix" } else { "prefix" };
        let setting = json!({"scheme": scheme.name(), "style": style, "lenient": lenient});
        reading.outline.settings.push((TAGS.into(), setting));
    }
}

impl Unit {
    /// The place of the token at `position` of a sequence that begins at `place`.
    fn place(self, place: &Place, position: usize) -> Place {
        let further = if self == Self::Line { position as u64 } else { 0 };
        Place { number: place.number + further, ..place.clone() }
    }
}

fn parse(tokens: &[TokenMark], style: Style) -> Vec<Tag<&str>> {
    let tags = tokens.iter().map(|token| token.tag.as_deref().and_then(|raw| Tag::parse(raw, style)));
    tags.map(|tag| tag.unwrap_or(OUTSIDE)).collect()
}

/// How spans are written as tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Coding {
    /// The scheme.
    pub scheme: Scheme,
    /// Where the letter stands.
    pub style: Style,
    /// Whether invalid tags were read as near as they come.
    pub lenient: bool,
}

impl Coding {
    /// As the tags of the input were written; IOB2 where it had none.
    pub fn of(outline: &Outline) -> Self {
        let setting = outline.setting(TAGS);
        let text = |name: &str| setting.and_then(|s| s.get(name)).and_then(Value::as_str);
        Self {
            scheme: text("scheme").and_then(|name| name.parse().ok()).unwrap_or(Scheme::Iob2),
            style: if text("style") == Some("suffix") { Style::Suffix } else { Style::Prefix },
            lenient: setting.and_then(|s| s.get("lenient")).and_then(Value::as_bool) == Some(true),
        }
    }

    /// The spans that raw tags stand for.
    pub fn read(self, tokens: &[TokenMark]) -> Vec<(usize, usize, &str)> {
        scheme::decode(&parse(tokens, self.style), self.scheme, !self.lenient).chunks
    }

    /// The tags of chunks, in order and without overlap, over `tokens` tokens.
    pub fn write(self, chunks: &[(usize, usize, &str)], tokens: usize) -> Vec<String> {
        let name = |tag: Tag<&str>| match (tag.letter, self.style) {
            (b'O', _) => "O".to_owned(),
            (letter, Style::Prefix) => format!("{}-{}", char::from(letter), tag.kind),
            (letter, Style::Suffix) => format!("{}-{}", tag.kind, char::from(letter)),
        };
        scheme::encode(chunks, tokens, self.scheme).into_iter().map(name).collect()
    }
}
