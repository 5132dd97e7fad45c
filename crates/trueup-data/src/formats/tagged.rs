//! Tokens with tags, whatever file they come from, become records with spans.
//!
//! Reading takes two passes: which scheme the tags follow is told by all of them, and only then do they become spans.
//! A reader makes its records with the raw tag on every token ([`record`] does so from strings), and [`decode`] sets
//! the spans of all of them under one scheme. Readers with several sequences a record (a document of sentences, an
//! answer of each worker) do the same steps with a [`TagReader`].

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Value, json};
use trueup_core::scheme::{self, Decoded, OUTSIDE, Scheme, Style, Tag};

use crate::corpus::{Answer, Key, Mark, Outline, Place, Record, TokenMark};
use crate::error::{DataError, list, quote};

use crate::options::{ReadOptions, Remarks, count};
use crate::reading::Reading;

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

/// The distinct raw tags of an input, numbered, and what each stands for.
#[derive(Debug, Default)]
struct Tags {
    names: Vec<Key>,
    numbers: FxHashMap<Key, u32>,
    /// Numbers by where the text of a key lies, which is quicker than by the text. Only of keys in `kept`, so that no
    /// other key comes to lie there.
    places: FxHashMap<usize, u32>,
    kept: Vec<Key>,
    /// What each tag stands for; `None` where it is no tag. Types are places in `kinds`.
    read: Vec<Option<Tag<u32>>>,
    /// The types; the first is that of `O`.
    kinds: Vec<Key>,
}

/// Of a file whose keys are not shared, so many are known by where they lie.
const MOST_PLACES: usize = 4096;

impl Tags {
    /// Takes a tag into account.
    fn see(&mut self, tag: &Key) {
        let place = tag.as_ptr() as usize;
        if self.places.contains_key(&place) {
            return;
        }
        let next = self.names.len() as u32;
        let number = *self.numbers.entry(tag.clone()).or_insert(next);
        if number == next {
            self.names.push(tag.clone());
        }
        if self.kept.len() < MOST_PLACES {
            self.places.insert(place, number);
            self.kept.push(tag.clone());
        }
    }

    /// Reads all tags, their letters on one side.
    fn read(&mut self, style: Style) {
        self.kinds = vec!["".into()];
        for name in &self.names {
            let tag = Tag::parse(name, style).map(|Tag { letter, kind }| {
                let known = self.kinds.iter().position(|known| **known == *kind);
                let kind = known.unwrap_or_else(|| {
                    self.kinds.push(kind.into());
                    self.kinds.len() - 1
                });
                Tag { letter, kind: kind as u32 }
            });
            self.read.push(tag);
        }
    }

    /// What the tags of a sequence stand for; no tag, and what is none, is `O`.
    fn of(&self, tokens: &[TokenMark], into: &mut Vec<Tag<u32>>) {
        let outside = Tag { letter: b'O', kind: 0 };
        let (mut last, mut last_read) = (0, outside);
        into.clear();
        into.extend(tokens.iter().map(|token| {
            let Some(tag) = &token.tag else {
                return outside;
            };
            let place = tag.as_ptr() as usize;
            if place != last {
                let number = self.places.get(&place).or_else(|| self.numbers.get(tag));
                last_read = number.and_then(|&number| self.read[number as usize]).unwrap_or(outside);
                last = place;
            }
            last_read
        }));
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
    let sequences = records.iter().map(|r| (&r.place, r.tokens.as_slice()));
    let mut tags = TagReader::new(sequences, unit, options, reading.remarks)?;
    let spans = tags.all(records);
    for (record, spans) in records.iter_mut().zip(spans) {
        record.gold.get_or_insert_with(Answer::default).spans = Some(spans);
    }
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
struct Invalid {
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
type Scratch = (Vec<Tag<u32>>, Decoded<u32>);

/// How many sequences one thread takes at once.
const SEQUENCES: usize = 1024;

impl TagReader {
    /// The first pass: counts what is no tag (a column full of it has no tags, which is an error) and tells the scheme.
    /// A sequence is a sentence: its place and its tokens, of which those without a tag count as `O`.
    pub fn new<'a>(
        sequences: impl Iterator<Item = (&'a Place, &'a [TokenMark])> + Clone,
        unit: Unit,
        options: &ReadOptions,
        remarks: &mut Remarks,
    ) -> Result<Self, DataError> {
        let mut tags = Tags::default();
        sequences.clone().flat_map(|(_, tokens)| tokens).filter_map(|t| t.tag.as_ref()).for_each(|tag| tags.see(tag));
        let names: Vec<&str> = tags.names.iter().map(|name| &**name).collect();
        let style = scheme::detect_style(names.iter().copied());
        strays(sequences.clone(), &names, style, unit, remarks)?;
        tags.read(style);
        let scheme = options.scheme.unwrap_or_else(|| {
            let detected = scheme::detect(sequences.map(|(_, tokens)| {
                let mut read = Vec::with_capacity(tokens.len());
                tags.of(tokens, &mut read);
                read
            }));
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

    /// The spans of all records, each one sequence.
    pub fn all(&mut self, records: &[Record]) -> Vec<Vec<Mark>> {
        let read: Vec<(Vec<Vec<Mark>>, Invalid)> = records
            .par_chunks(SEQUENCES)
            .map(|records| {
                let (mut scratch, mut invalid) = (Scratch::default(), Invalid::default());
                let marks = |r: &Record| self.marks_of(&r.place, &r.tokens, &mut scratch, &mut invalid);
                (records.iter().map(marks).collect(), invalid)
            })
            .collect();
        let mut all = Vec::with_capacity(records.len());
        for (marks, invalid) in read {
            all.extend(marks);
            self.invalid.append(invalid);
        }
        all
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
            Mark::new(tokens[first].start, tokens[last - 1].end, &*self.tags.kinds[kind as usize])
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

/// Counts what stands for a tag and is none; a column full of it has no tags.
fn strays<'a>(
    sequences: impl Iterator<Item = (&'a Place, &'a [TokenMark])>,
    names: &[&str],
    style: Style,
    unit: Unit,
    remarks: &mut Remarks,
) -> Result<(), DataError> {
    let stray: Vec<&str> = names.iter().copied().filter(|name| Tag::parse(name, style).is_none()).collect();
    if stray.is_empty() {
        return Ok(());
    }
    let (mut all, mut strays) = (0usize, 0usize);
    let mut first: Option<(Place, &str)> = None;
    for (place, tokens) in sequences {
        all += tokens.len();
        for (i, token) in tokens.iter().enumerate() {
            let Some(tag) = token.tag.as_deref().filter(|tag| Tag::parse(tag, style).is_none()) else {
                continue;
            };
            strays += 1;
            first.get_or_insert_with(|| (unit.place(place, i), tag));
        }
    }
    let Some((place, tag)) = first else {
        return Ok(());
    };
    if strays > 1 && strays * 10 > all {
        let universal = ["_", "SpaceAfter=No"].iter().all(|t| names.contains(t));
        let hint = if tag.ends_with('\\') {
            "a backslash ends the lines, as after a rich-text editor: take it away"
        } else if universal {
            "this looks like CoNLL-U, which has no entity tags"
        } else {
            "name the column of the tags with --label and its number"
        };
        let file = place.file.as_ref().map_or_else(String::new, |file| format!("/{}", quote(file)));
        return Err(DataError::TooMany {
            path: format!("{}{file}", remarks.path),
            line: place.number,
            found: format!("'{}' in the tag column", quote(tag)),
            count: strays as u32,
            of: all as u32,
            unit: "tags",
            valid: VALID_TAG.to_owned(),
            hint,
        });
    }
    remarks.notes.push(format!(
        "{} in the tag column that no tag scheme knows ({}, first at {place}) read as O",
        count(strays, "word"),
        list(&stray)
    ));
    Ok(())
}

/// How spans are written as tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coding {
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
