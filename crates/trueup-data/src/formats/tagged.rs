//! Tokens with tags, whatever file they come from, become sentences with spans.

use rustc_hash::FxHashMap;
use serde_json::Value;
use trueup_core::scheme::{self, OUTSIDE, Scheme, Style, Tag};
use trueup_core::{Annotation, Dataset, Span, Task, Token};

use crate::collect::{Collector, Record};
use crate::error::{DataError, list, quote};
use crate::json::{Object, scalar};
use crate::options::{ReadOptions, Remarks, count};

/// What a tag must be, for messages.
const VALID_TAG: &str = "O, or a letter of B I E S L U with a type: B-PER, PER-B";

/// A sentence: its tokens and tags as positions in [`Tagged`].
#[derive(Debug, Clone, Default)]
pub(super) struct Sentence {
    /// Its first token.
    pub first: usize,
    /// One past its last token.
    pub last: usize,
    /// 1-based line where it starts.
    pub line: u64,
    /// 1-based number of its document.
    pub document: usize,
    /// Its first broken line, and what stands there.
    pub broken: Option<(u64, String)>,
}

/// All tokens of a file.
#[derive(Debug, Default)]
pub(super) struct Tagged<'a> {
    /// Tokens in file order.
    pub tokens: Vec<&'a str>,
    /// The raw tag of each token, as a position in `names`.
    pub tags: Vec<u32>,
    /// Distinct raw tags by first occurrence.
    pub names: Vec<&'a str>,
    /// The position of each raw tag in `names`.
    pub ids: FxHashMap<&'a str, u32>,
    /// Sentences in file order.
    pub sentences: Vec<Sentence>,
    /// Whether the file says where documents begin.
    pub documents: bool,
}

impl<'a> Tagged<'a> {
    /// Adds a token.
    pub fn push(&mut self, token: &'a str, tag: &'a str) {
        let next = self.names.len() as u32;
        let id = *self.ids.entry(tag).or_insert(next);
        if id == next {
            self.names.push(tag);
        }
        self.tokens.push(token);
        self.tags.push(id);
    }
}

/// Sentences and spans out of tokens and tags.
pub(super) fn dataset(
    tagged: &Tagged,
    options: &ReadOptions,
    gold: bool,
    remarks: &mut Remarks,
) -> Result<(Dataset, Scheme), DataError> {
    let style = scheme::detect_style(tagged.names.iter().copied());
    let read: Vec<Option<Tag>> = tagged.names.iter().map(|name| Tag::parse(name, style)).collect();
    strays(tagged, &read, remarks)?;
    let tags: Vec<Tag> = tagged.tags.iter().map(|&id| read[id as usize].unwrap_or(OUTSIDE)).collect();
    let scheme = options.scheme.unwrap_or_else(|| {
        let detected = scheme::detect(tagged.sentences.iter().map(|s| &tags[s.first..s.last]));
        let side = if style == Style::Suffix { ", the letter after the type" } else { "" };
        remarks.guess(format!("tags are {detected}{side}"), Some("--scheme"));
        detected
    });
    let mut collector = Collector::new(Task::Ner, None);
    collector.tags = tagged.names.iter().map(|&name| name.to_owned()).collect();
    let (mut invalid, mut first_invalid) = (0, None);
    let valid = "the same number of columns on every line";
    for (number, sentence) in (1..).zip(&tagged.sentences) {
        if let Some((line, found)) = &sentence.broken {
            remarks.skip_malformed(*line, found.clone(), valid)?;
            continue;
        }
        let mut text = String::new();
        let places: Vec<Token> = (sentence.first..sentence.last)
            .map(|i| {
                if i > sentence.first {
                    text.push(' ');
                }
                let start = text.len() as u32;
                text.push_str(tagged.tokens[i]);
                Token { start, end: text.len() as u32, tag: Some(tagged.tags[i]) }
            })
            .collect();
        let decoded = scheme::decode(&tags[sentence.first..sentence.last], scheme, !options.lenient_tags);
        invalid += decoded.invalid.len();
        if let Some(at) = decoded.invalid.first().filter(|_| first_invalid.is_none()) {
            first_invalid = Some((sentence.line + *at as u64, tagged.names[tagged.tags[sentence.first + at] as usize]));
        }
        let spans = decoded
            .chunks
            .iter()
            .map(|&(first, last, kind)| Span {
                start: places[first].start,
                end: places[last - 1].end,
                label: collector.kind(kind),
            })
            .collect();
        let record = Record {
            number,
            line: sentence.line,
            text,
            group: tagged.documents.then(|| format!("doc {}", sentence.document)),
            tokens: places,
            ..Record::default()
        };
        collector.push(record, Annotation::Spans(spans));
    }
    remarks.check_malformed(tagged.sentences.len(), valid, "is it another format? try --from")?;
    if let Some((line, tag)) = first_invalid {
        let read = if options.lenient_tags { "read as near as they come" } else { "left out of every span" };
        let what = count(invalid, "tag");
        remarks.notes.push(format!("{what} invalid under {scheme} (first '{}' at line {line}): {read}", quote(tag)));
    }
    let dataset = if gold { collector.finish(remarks)? } else { collector.finish_any(remarks)? };
    Ok((dataset, scheme))
}

/// Counts what stands in the tag column and is no tag; a file full of it has no tags.
fn strays(tagged: &Tagged, read: &[Option<Tag>], remarks: &mut Remarks) -> Result<(), DataError> {
    let is_stray = |i: usize| read[tagged.tags[i] as usize].is_none();
    let strays = (0..tagged.tags.len()).filter(|&i| is_stray(i)).count();
    let Some(first) = (0..tagged.tags.len()).find(|&i| is_stray(i)) else {
        return Ok(());
    };
    let sentence = tagged.sentences.iter().find(|s| s.last > first).cloned().unwrap_or_default();
    let line = sentence.line + (first - sentence.first) as u64;
    let tag = tagged.names[tagged.tags[first] as usize];
    if strays > 1 && strays * 10 > tagged.tags.len() {
        let universal = ["_", "SpaceAfter=No"].iter().all(|t| tagged.names.contains(t));
        let hint = if tag.ends_with('\\') {
            "a backslash ends the lines, as after a rich-text editor: take it away"
        } else if universal {
            "this looks like CoNLL-U, which has no entity tags"
        } else {
            "name the column of the tags with --label and its number"
        };
        return Err(DataError::TooMany {
            path: remarks.path.clone(),
            line,
            found: format!("'{}' in the tag column", quote(tag)),
            count: strays as u32,
            of: tagged.tags.len() as u32,
            unit: "tags",
            valid: VALID_TAG.to_owned(),
            hint,
        });
    }
    let names: Vec<_> = tagged.names.iter().zip(read).filter(|(_, r)| r.is_none()).map(|(name, _)| *name).collect();
    remarks.notes.push(format!(
        "{} in the tag column that no tag scheme knows ({}, first at line {line}) read as O",
        count(strays, "word"),
        list(&names)
    ));
    Ok(())
}

/// Reads JSON records with `tokens` and a list of as many tags; `None` when the records are not of that kind.
pub(crate) fn read_token_lists(
    objects: &[Object],
    options: &ReadOptions,
    remarks: &mut Remarks,
) -> Result<Option<Dataset>, DataError> {
    let strings = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    if objects.is_empty() || !objects.iter().all(|o| o.fields.get("tokens").is_some_and(strings)) {
        return Ok(None);
    }
    let wanted = ["ner_tags", "tags", "labels"];
    let asked = options.label.as_deref();
    let Some(field) = asked.or_else(|| wanted.into_iter().find(|f| objects[0].fields.contains_key(*f))) else {
        return Ok(None);
    };
    if !objects.iter().all(|o| o.fields.get(field).is_some_and(Value::is_array)) {
        return Ok(None);
    }
    let mut out = Tagged::default();
    for object in objects {
        let items = |name: &str| object.fields.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let (tokens, tags) = (items("tokens"), items(field));
        let first = out.tokens.len();
        let mut broken = None;
        if tokens.len() != tags.len() {
            let found = format!("{} and {}", count(tokens.len(), "token"), count(tags.len(), "tag"));
            broken = Some((object.line, found));
        } else if let Some(tag) = tags.iter().find(|t| !t.is_string()) {
            let name = quote(&scalar(tag).unwrap_or_else(|| tag.to_string()));
            return Err(DataError::Record {
                path: remarks.path.clone(),
                line: object.line,
                found: format!("the tag {name} in '{}', a number without its name", quote(field)),
                valid: VALID_TAG.to_owned(),
                hint: Some(
                    "write the names of the tags; they are in the features of the data set it came from".to_owned(),
                ),
            });
        } else {
            for (token, tag) in tokens.iter().zip(tags) {
                if let (Some(token), Some(tag)) = (token.as_str(), tag.as_str()) {
                    out.push(token, tag);
                }
            }
        }
        out.sentences.push(Sentence { first, last: out.tokens.len(), line: object.line, document: 1, broken });
    }
    remarks.guess(format!("sentences are lists of tokens with tags in '{}'", quote(field)), Some("--label"));
    dataset(&out, options, true, remarks).map(|(dataset, _)| Some(dataset))
}
