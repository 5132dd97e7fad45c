//! Tokens and their tags: where tokens stand in their text, spans out of tags and tags out of spans.

use trueup_core::scheme::{self, OUTSIDE, Style, Tag};

use crate::corpus::{Answer, Key, Mark, Record, TokenMark};
use crate::error::{DataError, quote};
use crate::options::{ReadOptions, count};
use crate::reading::Reading;

/// Where tokens stand in their text, each after the one before; `None` when one does not.
pub(super) fn locate<'a>(text: &str, tokens: impl Iterator<Item = &'a str>) -> Option<Vec<TokenMark>> {
    let mut at = 0;
    let mut marks = Vec::new();
    for token in tokens {
        let rest = &text[at..];
        let space = rest.len() - rest.trim_start().len();
        // A token may begin with white space itself.
        let skip = if rest[space..].starts_with(token) { space } else { rest.find(token)? };
        let start = at + skip;
        at = start + token.len();
        marks.push(TokenMark { start, end: at, ..TokenMark::default() });
    }
    Some(marks)
}

/// Tokens joined by one space.
pub(super) fn join<'a>(tokens: impl Iterator<Item = &'a str>) -> (String, Vec<TokenMark>) {
    let mut text = String::new();
    let mut marks = Vec::new();
    for token in tokens {
        if !marks.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(token);
        marks.push(TokenMark { start, end: text.len(), ..TokenMark::default() });
    }
    (text, marks)
}

/// IOB2 tags of the tokens; `None` when a span does not begin and end at tokens or overlaps another.
pub(super) fn tags(tokens: &[TokenMark], spans: &[Mark]) -> Option<Vec<String>> {
    let mut tags = vec!["O".to_owned(); tokens.len()];
    for span in spans {
        let first = tokens.partition_point(|t| t.start < span.start);
        let end = tokens.partition_point(|t| t.end <= span.end);
        let fits = first < end && tokens[first].start == span.start && tokens[end - 1].end == span.end;
        if !fits || !span.pieces.is_empty() || tags[first..end].iter().any(|tag| tag != "O") {
            return None;
        }
        for (i, tag) in tags[first..end].iter_mut().enumerate() {
            *tag = format!("{}-{}", if i == 0 { 'B' } else { 'I' }, span.label);
        }
    }
    Some(tags)
}

/// The spans that the raw tags of records mean become their gold, under one scheme for all of them. `tagged` says which
/// records have tags.
pub(super) fn decode(
    records: &mut [Record],
    tagged: &[bool],
    options: &ReadOptions,
    reading: &mut Reading,
) -> Result<(), DataError> {
    let mut names: Vec<Key> = Vec::new();
    let mut seen = rustc_hash::FxHashMap::default();
    let (mut all, mut none) = (0usize, 0usize);
    for (record, _) in records.iter().zip(tagged).filter(|(_, tagged)| **tagged) {
        for tag in record.tokens.iter().filter_map(|t| t.tag.as_ref()) {
            all += 1;
            if !seen.contains_key(tag) {
                seen.insert(tag.clone(), names.len());
                names.push(tag.clone());
            }
        }
    }
    let style = scheme::detect_style(names.iter().map(|name| &**name));
    let read: Vec<Option<Tag<&str>>> = names.iter().map(|name| Tag::parse(name, style)).collect();
    let of = |token: &TokenMark| token.tag.as_ref().and_then(|tag| seen.get(tag)).map(|&i| read[i]);
    let mut sequences: Vec<Vec<Tag<&str>>> = Vec::new();
    let mut first_stray = None;
    for (record, _) in records.iter().zip(tagged).filter(|(_, tagged)| **tagged) {
        let tags = record.tokens.iter().map(|token| match of(token) {
            Some(None) => {
                none += 1;
                first_stray.get_or_insert_with(|| (record.place.clone(), token.tag.clone().unwrap_or_default()));
                OUTSIDE
            }
            Some(Some(tag)) => tag,
            None => OUTSIDE,
        });
        sequences.push(tags.collect());
    }
    if let Some((place, tag)) = first_stray {
        if none > 1 && none * 10 > all {
            let number = !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_digit() || b == b'-');
            let hint = if number {
                "the names of the tags stand in the features of the data set it came from"
            } else {
                "name the column of the tags with --label"
            };
            return Err(DataError::TooMany {
                path: reading.remarks.path.clone(),
                line: place.number,
                found: format!("'{}' as a tag", quote(&tag)),
                count: none as u32,
                of: all as u32,
                unit: "tags",
                valid: "O, or a letter of B I E S L U with a type: B-PER, PER-B".to_owned(),
                hint,
            });
        }
        let what = count(none, "tag");
        reading.note(format!("{what} that no scheme knows ('{}', first at {place}) read as O", quote(&tag)));
    }
    let scheme = options.scheme.unwrap_or_else(|| {
        let detected = scheme::detect(sequences.iter().map(Vec::as_slice));
        let side = if style == Style::Suffix { ", the letter after the type" } else { "" };
        reading.guess(format!("tags are {detected}{side}"), Some("--scheme"));
        detected
    });
    reading.scheme = Some(scheme);
    let (mut invalid, mut first_invalid) = (0, None);
    let mut sequences = sequences.iter();
    let mut made: Vec<Option<Vec<Mark>>> = Vec::with_capacity(records.len());
    for (record, tagged) in records.iter().zip(tagged) {
        let Some(tags) = tagged.then(|| sequences.next()).flatten() else {
            made.push(None);
            continue;
        };
        let decoded = scheme::decode(tags, scheme, !options.lenient_tags);
        invalid += decoded.invalid.len();
        if let Some(&at) = decoded.invalid.first() {
            let tag = record.tokens[at].tag.clone().unwrap_or_default();
            first_invalid.get_or_insert((record.place.clone(), tag));
        }
        let marks = decoded
            .chunks
            .iter()
            .map(|&(first, last, kind)| Mark::new(record.tokens[first].start, record.tokens[last - 1].end, kind));
        made.push(Some(marks.collect()));
    }
    for (record, marks) in records.iter_mut().zip(made) {
        if let Some(marks) = marks {
            record.gold.get_or_insert_with(Answer::default).spans = Some(marks);
        }
    }
    if let Some((place, tag)) = first_invalid {
        let read = if options.lenient_tags { "read as near as they come" } else { "left out of every span" };
        let what = count(invalid, "tag");
        reading.note(format!("{what} invalid under {scheme} (first '{}' at {place}): {read}", quote(&tag)));
    }
    Ok(())
}

/// The types that names of tags declare, in their order.
pub(super) fn kinds(names: &[Key]) -> Vec<String> {
    let style = scheme::detect_style(names.iter().map(|name| &**name));
    let tags = names.iter().filter_map(|name| Tag::parse(name, style)).filter(|tag| tag.letter != b'O');
    let mut kinds: Vec<String> = Vec::new();
    for tag in tags {
        if !kinds.iter().any(|kind| kind == tag.kind) {
            kinds.push(tag.kind.to_owned());
        }
    }
    kinds
}
