//! spaCy's training JSON of version 2: documents of paragraphs of sentences of tokens, with entities as BILUO tags.
//!
//! Every paragraph is a record, as every paragraph is a `Doc` in `spacy convert`. The format is described in spaCy's API
//! documentation under data formats, and defined by its `training/gold_io.pyx`.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value, json};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::cats;
use super::layout::is_space;
use super::records::{MISSING, UNKNOWN_SPACES, offset};
use super::training_write;
use crate::corpus::{Answer, Key, Mark, Place, Record, TokenMark};
use crate::error::{DataError, quote};
use crate::formats::Spec;
use crate::head::{Confidence, Json};
use crate::holds::{Holds, Labels, Metadata, Spans, Texts};
use crate::input::Input;
use crate::json::{elements, scalar, shape};
use crate::options::{ReadOptions, count};
use crate::reading::Reading;

/// spaCy's training JSON.
pub(crate) const SPEC: Spec = Spec {
    name: "spacy-json",
    aliases: &[],
    title: "spaCy's training JSON (version 2)",
    ending: ".json",
    holds: Holds {
        texts: Texts::Any,
        ids: true,
        tokens: true,
        token_columns: true,
        labels: Labels::Set,
        spans: Spans::Flat,
        both: true,
        unlabelled: true,
        metadata: Metadata::Any,
        ..Holds::LABEL
    },
    sniff: |head| {
        let is_doc = |fields: &Map<String, Value>| fields.get("paragraphs").is_some_and(is_paragraphs);
        if head.json == Json::Array && head.all_objects(is_doc) { Confidence::Certain } else { Confidence::No }
    },
    read,
    write: Some(|outline| Box::new(training_write::Documents::new(outline))),
    folder: false,
};

/// The keys of a token that become columns, with the names of the columns, in their order; `sent_start` is made of the
/// sentences.
pub(super) const COLUMNS: [(&str, &str); 7] = [
    ("tag", "tag"),
    ("pos", "pos"),
    ("morph", "morph"),
    ("lemma", "lemma"),
    ("dep", "dep"),
    ("head", "head_offset"),
    ("", "sent_start"),
];

const VALID: &str = "[{\"id\": ..., \"paragraphs\": [{\"raw\": text, \"sentences\": [{\"tokens\": [{\"orth\": word, \"ner\": tag}]}]}]}]";

/// SQuAD has paragraphs too, of other things.
fn is_paragraphs(value: &Value) -> bool {
    let is_one = |paragraph: &Value| paragraph.get("sentences").is_some_and(Value::is_array);
    value.as_array().is_some_and(|list| list.iter().all(is_one))
}

/// The items of a list; nothing where there is none.
fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// What is counted while documents are read.
#[derive(Default)]
struct Seen {
    used: [bool; COLUMNS.len()],
    labels: FxHashSet<String>,
    predicted: cats::Predicted,
    strays: (usize, String),
    brackets: usize,
    unaligned: usize,
}

fn read(input: &Input, _: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let text = input.text()?;
    if !text.trim_start().starts_with('[') {
        return Err(reading.error(&Place::line(1), "no JSON array", VALID));
    }
    let mut seen = Seen::default();
    // Columns are those of the whole file, so it is gone through twice.
    for element in elements(text) {
        let (_, document) = element.map_err(|(line, found)| reading.remarks.error(line, found, VALID))?;
        for paragraph in list(&document, "paragraphs") {
            seen.used[COLUMNS.len() - 1] |= list(paragraph, "sentences").nth(1).is_some();
            for token in list(paragraph, "sentences").flat_map(|sentence| list(sentence, "tokens")) {
                let Some(token) = token.as_object() else {
                    continue;
                };
                for (used, (key, _)) in seen.used.iter_mut().zip(COLUMNS) {
                    *used |= token.get(key).and_then(scalar).is_some_and(|value| !value.is_empty());
                }
            }
        }
    }
    let names = COLUMNS.iter().zip(seen.used).filter(|(_, used)| *used);
    reading.outline.token_columns = names.map(|((_, name), _)| Key::from(*name)).collect();
    let mut all = 0;
    for element in elements(text) {
        let (line, document) = element.map_err(|(line, found)| reading.remarks.error(line, found, VALID))?;
        let place = Place::line(line);
        let Some(paragraphs) = document.get("paragraphs").and_then(Value::as_array) else {
            all += 1;
            reading.remarks.skip_malformed(line, format!("{} without 'paragraphs'", shape(&document)), VALID)?;
            continue;
        };
        let id = document.get("id").and_then(scalar);
        for (number, paragraph) in (1..).zip(paragraphs) {
            all += 1;
            match seen.paragraph(paragraph, &place, reading) {
                Ok(mut record) => {
                    if paragraphs.len() == 1 {
                        record.id.clone_from(&id);
                    } else if let Some(id) = &id {
                        record.id = Some(format!("{id}/{number}"));
                        record.metadata.push(("document".into(), id.clone().into()));
                    }
                    for (key, value) in document.get("meta").and_then(Value::as_object).into_iter().flatten() {
                        record.metadata.push((key.as_str().into(), value.clone()));
                    }
                    reading.push(record)?;
                }
                Err(found) => reading.remarks.skip_malformed(line, found, VALID)?,
            }
        }
    }
    seen.finish(reading);
    reading.remarks.check_malformed(all, VALID, "is it another format? try --from")
}

impl Seen {
    fn finish(&self, reading: &mut Reading) {
        self.predicted.note(reading);
        let (n, first) = &self.strays;
        if *n > 0 {
            reading
                .note(format!("{} inside of no entity read as the beginning of one (first {first})", count(*n, "tag")));
        }
        if self.brackets > 0 {
            reading.note(format!("{} of syntax trees left out", count(self.brackets, "bracket")));
        }
        if self.unaligned > 0 {
            let n = count(self.unaligned, "paragraph");
            reading.note(format!("{n} whose words are not those of 'raw': the text is made of the words"));
        }
    }

    fn paragraph(&mut self, paragraph: &Value, place: &Place, reading: &mut Reading) -> Result<Record, String> {
        let mut words: Vec<(&str, &Map<String, Value>, bool)> = Vec::new();
        for sentence in list(paragraph, "sentences") {
            self.brackets += list(sentence, "brackets").count();
            for (i, token) in list(sentence, "tokens").enumerate() {
                let Some((word, token)) = token.as_object().and_then(|t| Some((t.get("orth")?.as_str()?, t))) else {
                    return Err(format!("{} where a token has 'orth'", shape(token)));
                };
                words.push((word, token, i == 0));
            }
        }
        let mut record = Record { place: place.clone(), ..Record::default() };
        let (text, bounds) = self.text(paragraph, &words, &mut record);
        let spans = self.spans(paragraph, &words, &text, &bounds, &mut record)?;
        let asked = paragraph.get("has_cats") == Some(&Value::Bool(true));
        let mut values = Vec::new();
        for cat in list(paragraph, "cats") {
            let Some(label) = cat.get("label").and_then(Value::as_str) else {
                return Err(format!("{} where a category is {{\"label\", \"value\"}}", shape(cat)));
            };
            values.push((label, cats::number(cat.get("value").unwrap_or(&Value::Null))));
        }
        let (labels, prediction) = cats::read(values.into_iter(), asked, &mut self.labels, reading)?;
        if let Some(prediction) = prediction {
            self.predicted.add(place);
            record.predictions.push(prediction);
        }
        record.gold = Some(Answer { labels, spans, ..Answer::default() }).filter(|answer| !answer.is_empty());
        record.tokens = self.tokens(&words, &text, &bounds);
        if let Some(links) = paragraph.get("links").filter(|links| links.as_array().is_some_and(|l| !l.is_empty())) {
            record.metadata.push(("links".into(), links.clone()));
        }
        record.text = Some(text);
        Ok(record)
    }

    /// The text and where each word stands in it.
    fn text(
        &mut self,
        paragraph: &Value,
        words: &[(&str, &Map<String, Value>, bool)],
        record: &mut Record,
    ) -> (String, Vec<(usize, usize)>) {
        if let Some(raw) = paragraph.get("raw").and_then(Value::as_str) {
            match align(raw, words.iter().map(|(word, ..)| *word)) {
                Some(bounds) => return (raw.to_owned(), bounds),
                None => self.unaligned += 1,
            }
        }
        let space = |token: &Map<String, Value>| token.get("space").and_then(Value::as_str).map(|s| !s.is_empty());
        let unknown = words.iter().all(|(_, token, _)| space(token).is_none());
        if unknown && !words.is_empty() {
            record.metadata.push((UNKNOWN_SPACES.into(), Value::Bool(true)));
        }
        let mut text = String::new();
        let mut bounds = Vec::with_capacity(words.len());
        for (i, (word, token, _)) in words.iter().enumerate() {
            bounds.push((text.len(), text.len() + word.len()));
            text.push_str(word);
            if space(token).unwrap_or(i + 1 < words.len()) {
                text.push(' ');
            }
        }
        (text, bounds)
    }

    fn spans(
        &mut self,
        paragraph: &Value,
        words: &[(&str, &Map<String, Value>, bool)],
        text: &str,
        bounds: &[(usize, usize)],
        record: &mut Record,
    ) -> Result<Option<Vec<Mark>>, String> {
        let tag = |token: &Map<String, Value>| {
            token.get("ner").and_then(Value::as_str).map(str::to_owned).filter(|tag| tag != "-" && !tag.is_empty())
        };
        let offsets = Offsets::new(text, OffsetUnit::CodePoint);
        if words.is_empty() {
            // Without tokens the entities stand as ranges, if at all.
            let Some(entities) = paragraph.get("entities").and_then(Value::as_array).filter(|e| !e.is_empty()) else {
                return Ok(None);
            };
            let number = |value: Option<&Value>| value.and_then(Value::as_u64).map_or(usize::MAX, |n| n as usize);
            let mark = |entity: &Value| {
                let (start, end) = offsets.range(number(entity.get(0)), number(entity.get(1)))?;
                let label = entity.get(2).and_then(scalar).ok_or_else(|| shape(entity))?;
                Ok(Mark::new(start, end, label))
            };
            return entities.iter().map(mark).collect::<Result<_, String>>().map(Some);
        }
        let mut marks: Vec<Mark> = Vec::new();
        let mut missing: Vec<(usize, usize)> = Vec::new();
        let (mut open, mut known) = (false, false);
        for ((_, token, _), &(start, end)) in words.iter().zip(bounds) {
            let Some(tag) = tag(token) else {
                open = false;
                match missing.last_mut().filter(|(_, last)| is_space(&text[*last..start])) {
                    Some(last) => last.1 = end,
                    None => missing.push((start, end)),
                }
                continue;
            };
            known = true;
            if tag == "O" {
                open = false;
                continue;
            }
            let Some((part @ ("B" | "I" | "L" | "U"), label)) = tag.split_once('-') else {
                return Err(format!("the tag '{}', where BILUO tags are O, B-X, I-X, L-X, U-X", quote(&tag)));
            };
            let goes_on = open && matches!(part, "I" | "L") && marks.last().is_some_and(|mark| mark.label == label);
            if let Some(mark) = marks.last_mut().filter(|_| goes_on) {
                mark.end = end;
            } else {
                if matches!(part, "I" | "L") {
                    self.strays.0 += 1;
                    if self.strays.0 == 1 {
                        self.strays.1 = format!("'{}' at {}", quote(&tag), record.place);
                    }
                }
                marks.push(Mark::new(start, end, label));
            }
            open = matches!(part, "B" | "I");
        }
        if known && !missing.is_empty() {
            let ranges: Vec<Value> =
                missing.iter().map(|&(a, b)| json!([offsets.from_byte(a), offsets.from_byte(b)])).collect();
            record.metadata.push((MISSING.into(), ranges.into()));
        }
        Ok(known.then_some(marks))
    }

    /// The words but for those of white space, which a writer makes anew.
    fn tokens(
        &self,
        words: &[(&str, &Map<String, Value>, bool)],
        text: &str,
        bounds: &[(usize, usize)],
    ) -> Vec<TokenMark> {
        let mut kept: Vec<usize> = Vec::with_capacity(words.len());
        let mut n = 0usize;
        for &(start, end) in bounds {
            let is_word = !is_space(&text[start..end]);
            kept.push(if is_word { n } else { n.saturating_sub(1) });
            n += usize::from(is_word);
        }
        let mut tokens = Vec::with_capacity(n);
        let mut begins = false;
        for (i, ((_, token, first), &(start, end))) in words.iter().zip(bounds).enumerate() {
            begins |= first;
            if is_space(&text[start..end]) {
                continue;
            }
            let cell = |key: &str| -> Key {
                let value = token.get(key);
                match key {
                    "" => if begins { "1" } else { "-1" }.into(),
                    "head" => match value.and_then(Value::as_i64) {
                        Some(head) => {
                            let at = isize::try_from(head).ok().and_then(|head| i.checked_add_signed(head));
                            let head = at.and_then(|at| kept.get(at)).copied().unwrap_or(kept[i]);
                            offset(kept[i], head).to_string().into()
                        }
                        None => "".into(),
                    },
                    _ => value.and_then(scalar).unwrap_or_default().into(),
                }
            };
            let columns = COLUMNS.iter().zip(self.used).filter(|(_, used)| *used);
            let columns: Box<[Key]> = columns.map(|((key, _), _)| cell(key)).collect();
            begins = false;
            tokens.push(TokenMark { start, end, tag: None, columns });
        }
        tokens
    }
}

/// Where each word stands in a text of which nothing but white space lies between words.
fn align<'a>(raw: &str, words: impl Iterator<Item = &'a str>) -> Option<Vec<(usize, usize)>> {
    let mut at = 0;
    let mut bounds = Vec::new();
    for word in words {
        let rest = &raw[at..];
        // A word of white space is spaCy's own, and stands at once, or after the space that belongs to no token.
        let skipped = if is_space(word) {
            usize::from(!rest.starts_with(word) && rest.starts_with(' '))
        } else {
            rest.len() - rest.trim_start().len()
        };
        if !rest[skipped..].starts_with(word) {
            return None;
        }
        bounds.push((at + skipped, at + skipped + word.len()));
        at += skipped + word.len();
    }
    is_space(&raw[at..]).then_some(bounds)
}
