//! Reading CoNLL-U.

use serde_json::{Value, json};
use trueup_core::scheme::{Style, Tag};

use super::{COLUMNS, COMMENTS, ENTITIES, GROUP, ROWS, SETTING, misc_value};
use crate::corpus::{Key, Place, Record, TokenMark};
use crate::error::{DataError, quote};
use crate::formats::tagged::{self, Keys, Unit};
use crate::formats::{is_blank, lines};
use crate::input::Input;
use crate::options::{ReadOptions, count};
use crate::reading::Reading;

const VALID: &str = "ten columns set apart by tabs: the number of the word from 1 (2-3 for a range, 1.1 for an empty \
                     node), the form, and so on to the last one, with _ for what is empty";

/// What a row's first column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowId {
    /// A word.
    Word(usize),
    /// A token of several words: the first and the last.
    Range(usize, usize),
    /// An empty node after a word.
    Empty(usize),
}

impl RowId {
    /// Reads it.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| {
            let digits = (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse::<usize>().ok()).flatten()
        };
        if let Some((first, last)) = text.split_once('-') {
            let (first, last) = (number(first)?, number(last)?);
            return (first > 0 && first <= last).then_some(Self::Range(first, last));
        }
        if let Some((word, _)) = text.split_once('.').filter(|(_, index)| number(index).is_some()) {
            return number(word).map(Self::Empty);
        }
        number(text).filter(|&n| n > 0).map(Self::Word)
    }
}

/// A piece of the text: a word, or several words written as one.
struct Surface<'a> {
    form: &'a str,
    /// The first word and one past the last.
    words: (usize, usize),
    space: bool,
}

/// A sentence under construction.
#[derive(Default)]
struct Sentence<'a> {
    line: Option<u64>,
    id: Option<&'a str>,
    text: Option<&'a str>,
    text_line: Option<&'a str>,
    comments: Vec<Value>,
    rows: Vec<Value>,
    surfaces: Vec<Surface<'a>>,
    /// The columns of each word.
    words: Vec<Vec<&'a str>>,
    broken: Option<(u64, String)>,
}

/// What is counted over the file.
#[derive(Default)]
struct Counts {
    sentences: usize,
    document: Option<String>,
    documents: usize,
    /// Sentences whose text is not what their words spell.
    other_text: usize,
    first_other: Option<u64>,
    /// By name of [`ENTITIES`]: how many values, how many of them tags.
    entities: Vec<(usize, usize)>,
}

/// Reads a file.
pub(super) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let text = input.text()?;
    let names: Vec<&str> = match &options.label {
        Some(label) => vec![label],
        None => ENTITIES.to_vec(),
    };
    let mut counts = Counts { entities: vec![(0, 0); names.len()], ..Counts::default() };
    let (mut records, mut keys) = (Vec::new(), Keys::default());
    let mut sentence = Sentence::default();
    for (number, line) in lines(text).chain([(0, "")]) {
        if is_blank(line) {
            let done = std::mem::take(&mut sentence);
            records.extend(done.finish(&mut counts, &mut keys, reading)?);
        } else if let Some(comment) = line.strip_prefix('#') {
            sentence.comment(line, comment, &mut counts);
        } else {
            sentence.row(number, line, &names, &mut counts);
        }
    }
    reading.remarks.check_malformed(counts.sentences, VALID, "is it another format? try --from")?;
    if let Some(line) = counts.first_other {
        let what = count(counts.other_text, "sentence");
        reading.note(format!(
            "{what} whose '# text' is not what the words spell (first at line {line}): built of the words"
        ));
    }
    if records.iter().all(|r| r.id.is_some()) && !records.is_empty() {
        let mut ids: Vec<&str> = records.iter().filter_map(|r| r.id.as_deref()).collect();
        ids.sort_unstable();
        reading.ids_from_column = ids.windows(2).all(|two| two[0] != two[1]);
    }
    if counts.documents > 0 {
        reading.outline.group = Some(GROUP.into());
    }
    reading.outline.token_columns = COLUMNS.iter().map(|&name| name.into()).collect();
    entities(&mut records, &names, &counts, &mut keys, options, reading)?;
    records.into_iter().try_for_each(|record| reading.push(record))
}

/// Makes spans of the entity tags in the last column, where there are any.
fn entities(
    records: &mut [Record],
    names: &[&str],
    counts: &Counts,
    keys: &mut Keys,
    options: &ReadOptions,
    reading: &mut Reading,
) -> Result<(), DataError> {
    let found = names.iter().zip(&counts.entities).find(|(_, (all, tags))| *all > 0 && tags * 10 >= all * 9);
    let Some((name, _)) = found else {
        records.iter_mut().for_each(|record| plain(record, None));
        reading.remarks.hint = Some(
            "this is CoNLL-U, which has no entity tags unless the last column holds them, as NER=B-PER".to_owned(),
        );
        return Ok(());
    };
    reading.guess(format!("entity tags stand as '{}' in the last column", quote(name)), Some("--label"));
    let tag = |token: &TokenMark| token.columns.get(COLUMNS.len() - 1).is_some_and(|m| misc_value(m, name).is_some());
    // Where every sentence has tags on all of its words or on none, the words outside say so themselves, and a sentence
    // without tags has no gold. Else words outside go without a tag.
    let explicit = records.iter().all(|r| r.tokens.iter().all(tag) || !r.tokens.iter().any(tag));
    reading.outline.settings.push((SETTING.into(), json!({"key": name, "explicit": explicit})));
    let outside = keys.key("O");
    let (mut labelled, mut at) = (Vec::new(), Vec::new());
    for (i, record) in records.iter_mut().enumerate() {
        let mut any = !explicit;
        for token in &mut record.tokens {
            let value = token.columns.get(COLUMNS.len() - 1).and_then(|misc| misc_value(misc, name));
            any |= value.is_some();
            token.tag = Some(value.map_or_else(|| outside.clone(), |tag| keys.key(tag)));
        }
        if any {
            labelled.push(std::mem::take(record));
            at.push(i);
        } else {
            record.tokens.iter_mut().for_each(|token| token.tag = None);
        }
    }
    records.iter_mut().chain(&mut labelled).for_each(|record| plain(record, Some(name)));
    tagged::decode(&mut labelled, Unit::Part, options, reading)?;
    for (i, record) in at.into_iter().zip(labelled) {
        records[i] = record;
    }
    Ok(())
}

/// Takes the columns from words of which the file says nothing but what the record says anyway.
fn plain(record: &mut Record, key: Option<&str>) {
    for i in 0..record.tokens.len() {
        let joined = record.tokens.get(i + 1).is_some_and(|next| next.start == record.tokens[i].end);
        let columns = &record.tokens[i].columns;
        let Some((misc, others)) = columns.split_last().filter(|_| columns.len() == COLUMNS.len()) else {
            continue;
        };
        let tag = key.and_then(|key| misc_value(misc, key).map(|tag| format!("{key}={tag}")));
        let expected = match (tag, joined) {
            (None, false) => "_".to_owned(),
            (None, true) => "SpaceAfter=No".to_owned(),
            (Some(tag), false) => tag,
            (Some(tag), true) => tag + "|SpaceAfter=No",
        };
        if others.iter().all(|column| &**column == "_") && **misc == expected {
            record.tokens[i].columns = Box::default();
        }
    }
}

impl<'a> Sentence<'a> {
    fn comment(&mut self, line: &'a str, comment: &'a str, counts: &mut Counts) {
        let (key, value) = match comment.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.strip_prefix(' ').unwrap_or(value))),
            None => (comment.trim(), None),
        };
        match (key, value) {
            ("sent_id", Some(id)) if self.id.is_none() && !id.trim().is_empty() => self.id = Some(id.trim()),
            ("text", Some(text)) if self.text.is_none() => (self.text, self.text_line) = (Some(text), Some(line)),
            ("newdoc" | "newdoc id", _) => {
                counts.documents += 1;
                let name = value.map(str::trim).filter(|name| !name.is_empty());
                counts.document = Some(name.map_or_else(|| format!("doc {}", counts.documents), str::to_owned));
            }
            _ => self.comments.push(Value::String(line.to_owned())),
        }
    }

    fn row(&mut self, number: u64, line: &'a str, names: &[&str], counts: &mut Counts) {
        self.line.get_or_insert(number);
        let fields: Vec<&str> = line.split('\t').collect();
        let id = RowId::parse(fields[0]);
        let next = self.words.len() + 1;
        let in_order = match id {
            Some(RowId::Word(n)) => n == next,
            Some(RowId::Range(first, _)) => first == next && self.surfaces.last().is_none_or(|s| s.words.1 < next),
            Some(RowId::Empty(after)) => after + 1 == next,
            None => false,
        };
        let form = fields.get(1).copied().unwrap_or_default();
        if fields.len() != 10 || !in_order || form.is_empty() {
            self.broken.get_or_insert_with(|| {
                let columns = count(fields.len(), "column");
                let what = if fields.len() == 10 { format!("where word {next} comes next") } else { columns };
                (number, format!("'{}', {what}", quote(line)))
            });
            return;
        }
        let space = misc_value(fields[9], "SpaceAfter") != Some("No");
        match id {
            Some(RowId::Range(first, last)) => {
                self.rows.push(Value::String(line.to_owned()));
                self.surfaces.push(Surface { form, words: (first - 1, last), space });
            }
            Some(RowId::Word(n)) => {
                if self.surfaces.last().is_none_or(|s| s.words.1 < n) {
                    self.surfaces.push(Surface { form, words: (n - 1, n), space });
                }
                for (name, (all, tags)) in names.iter().zip(&mut counts.entities) {
                    if let Some(value) = misc_value(fields[9], name) {
                        let tag = [Style::Prefix, Style::Suffix].iter().any(|&s| Tag::parse(value, s).is_some());
                        *all += 1;
                        *tags += usize::from(tag);
                    }
                }
                self.words.push(fields);
            }
            _ => self.rows.push(Value::String(line.to_owned())),
        }
    }

    /// Where each surface stands in a text that spells them with white space between.
    fn find(&self, text: &str) -> Option<Vec<(usize, usize)>> {
        let mut at = 0;
        let mut places = Vec::with_capacity(self.surfaces.len());
        for surface in &self.surfaces {
            let rest = &text[at..];
            at += rest.len() - rest.trim_start().len();
            text[at..].starts_with(surface.form).then_some(())?;
            places.push((at, at + surface.form.len()));
            at += surface.form.len();
        }
        text[at..].trim().is_empty().then_some(places)
    }

    /// The text of the surfaces, a space after each that has one.
    fn spell(&self) -> (String, Vec<(usize, usize)>) {
        let mut text = String::new();
        let mut places = Vec::with_capacity(self.surfaces.len());
        for (i, surface) in self.surfaces.iter().enumerate() {
            let start = text.len();
            text.push_str(surface.form);
            places.push((start, text.len()));
            if surface.space && i + 1 < self.surfaces.len() {
                text.push(' ');
            }
        }
        (text, places)
    }

    fn finish(
        mut self,
        counts: &mut Counts,
        keys: &mut Keys,
        reading: &mut Reading,
    ) -> Result<Option<Record>, DataError> {
        let Some(line) = self.line else {
            return Ok(None);
        };
        counts.sentences += 1;
        if self.broken.is_none() && self.surfaces.last().is_some_and(|s| s.words.1 > self.words.len()) {
            self.broken = Some((line, "a range of words that goes on after the last word".to_owned()));
        }
        if let Some((number, found)) = self.broken {
            reading.remarks.skip_malformed(number, found, VALID)?;
            return Ok(None);
        }
        let found = self.text.and_then(|text| self.find(text).map(|places| (text.to_owned(), places)));
        if let Some(line_of_text) = self.text_line.filter(|_| found.is_none()) {
            counts.other_text += 1;
            counts.first_other.get_or_insert(line);
            self.comments.push(Value::String(line_of_text.to_owned()));
        }
        let (text, places) = found.unwrap_or_else(|| self.spell());
        let tokens = self.tokens(&text, &places, keys);
        let mut metadata: Vec<(Key, Value)> = Vec::new();
        if let Some(document) = &counts.document {
            metadata.push((keys.key(GROUP), Value::String(document.clone())));
        }
        if !self.comments.is_empty() {
            metadata.push((keys.key(COMMENTS), Value::Array(self.comments)));
        }
        if !self.rows.is_empty() {
            metadata.push((keys.key(ROWS), Value::Array(self.rows)));
        }
        Ok(Some(Record {
            id: self.id.map(str::to_owned),
            place: Place::line(line),
            number: counts.sentences as u64,
            text: Some(text),
            tokens,
            metadata,
            ..Record::default()
        }))
    }

    /// The words with their places. Words written as one have places of their own where they spell it, such as `do` and
    /// `n't`; else all have its place (`du`: `de`, `le`), and their form is kept as one more column.
    fn tokens(&self, text: &str, places: &[(usize, usize)], keys: &mut Keys) -> Vec<TokenMark> {
        let mut tokens = Vec::with_capacity(self.words.len());
        for (surface, &(start, end)) in self.surfaces.iter().zip(places) {
            let words = self.words.get(surface.words.0..surface.words.1).unwrap_or_default();
            let spelled = words.iter().map(|fields| fields[1]).collect::<String>() == surface.form;
            let mut at = start;
            for fields in words {
                let place = if spelled { (at, at + fields[1].len()) } else { (start, end) };
                at += fields[1].len();
                let mut columns: Vec<Key> = fields[2..].iter().map(|field| keys.key(field)).collect();
                if text.get(place.0..place.1) != Some(fields[1]) {
                    columns.push(keys.key(fields[1]));
                }
                tokens.push(TokenMark { start: place.0, end: place.1, tag: None, columns: columns.into() });
            }
        }
        tokens
    }
}
