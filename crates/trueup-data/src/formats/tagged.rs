//! Tokens with tags, whatever file they come from, become records with spans.
//!
//! Reading takes two passes: which scheme the tags follow is told by all of them, and only then do they become spans.
//! A reader makes its records with the raw tag on every token ([`record`] does so from strings), and [`decode`] sets
//! the spans of all of them under one scheme. Readers with several sequences a record (a document of sentences, an
//! answer of each worker) do the same steps with a [`TagReader`].

use rustc_hash::FxHashSet;
use serde_json::{Value, json};
use trueup_core::scheme::{self, OUTSIDE, Scheme, Style, Tag};

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
pub(super) struct Keys(FxHashSet<Key>);

impl Keys {
    /// The one key of that text.
    pub fn key(&mut self, text: &str) -> Key {
        if let Some(key) = self.0.get(text) {
            return key.clone();
        }
        let key: Key = text.into();
        self.0.insert(key.clone());
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
    let sequences = records.iter().map(|r| (&r.place, r.tokens.as_slice()));
    let mut tags = TagReader::new(sequences, unit, options, reading.remarks)?;
    for record in records.iter_mut() {
        let spans = tags.marks(&record.place, &record.tokens);
        record.gold.get_or_insert_with(Answer::default).spans = Some(spans);
    }
    tags.finish(reading);
    Ok(())
}

/// How the tags of an input are written, and what became of them.
#[derive(Debug)]
pub(super) struct TagReader {
    coding: Coding,
    unit: Unit,
    invalid: usize,
    first_invalid: Option<(Place, Key)>,
}

impl TagReader {
    /// The first pass: counts what is no tag (a column full of it has no tags, which is an error) and tells the scheme.
    /// A sequence is a sentence: its place and its tokens, of which those without a tag count as `O`.
    pub fn new<'a>(
        sequences: impl Iterator<Item = (&'a Place, &'a [TokenMark])> + Clone,
        unit: Unit,
        options: &ReadOptions,
        remarks: &mut Remarks,
    ) -> Result<Self, DataError> {
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        let mut names: Vec<&str> = Vec::new();
        for tag in sequences.clone().flat_map(|(_, tokens)| tokens).filter_map(|t| t.tag.as_deref()) {
            if seen.insert(tag) {
                names.push(tag);
            }
        }
        let style = scheme::detect_style(names.iter().copied());
        strays(sequences.clone(), &names, style, unit, remarks)?;
        let scheme = options.scheme.unwrap_or_else(|| {
            let detected = scheme::detect(sequences.map(|(_, tokens)| parse(tokens, style)));
            let side = if style == Style::Suffix { ", the letter after the type" } else { "" };
            remarks.guess(format!("tags are {detected}{side}"), Some("--scheme"));
            detected
        });
        let coding = Coding { scheme, style, lenient: options.lenient_tags };
        Ok(Self { coding, unit, invalid: 0, first_invalid: None })
    }

    /// The spans of one sequence; tags that are invalid under the scheme are counted.
    pub fn marks(&mut self, place: &Place, tokens: &[TokenMark]) -> Vec<Mark> {
        let tags = parse(tokens, self.coding.style);
        let decoded = scheme::decode(&tags, self.coding.scheme, !self.coding.lenient);
        self.invalid += decoded.invalid.len();
        if let Some(&at) = decoded.invalid.first().filter(|_| self.first_invalid.is_none()) {
            let tag = tokens.get(at).and_then(|t| t.tag.clone()).unwrap_or_else(|| "O".into());
            self.first_invalid = Some((self.unit.place(place, at), tag));
        }
        let chunks = decoded.chunks.iter();
        chunks.map(|&(first, last, kind)| Mark::new(tokens[first].start, tokens[last - 1].end, kind)).collect()
    }

    /// Says what was invalid, and keeps for a writer how the tags were written.
    pub fn finish(self, reading: &mut Reading) {
        let Coding { scheme, style, lenient } = self.coding;
        if let Some((place, tag)) = self.first_invalid {
            let read = if lenient { "read as near as they come" } else { "left out of every span" };
            let what = count(self.invalid, "tag");
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

fn parse(tokens: &[TokenMark], style: Style) -> Vec<Tag<'_>> {
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
        let name = |tag: Tag| match (tag.letter, self.style) {
            (b'O', _) => "O".to_owned(),
            (letter, Style::Prefix) => format!("{}-{}", char::from(letter), tag.kind),
            (letter, Style::Suffix) => format!("{}-{}", tag.kind, char::from(letter)),
        };
        scheme::encode(chunks, tokens, self.scheme).into_iter().map(name).collect()
    }
}
