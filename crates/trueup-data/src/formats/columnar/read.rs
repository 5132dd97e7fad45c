//! Rows become records.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::cells::{Cells, Label};
use super::features::{self, Feature};
use super::open::Sink;
use super::parts::Parts;
use super::roles::{self, ENDS, Meta, Roles, SPAN_LABELS, STARTS};
use super::said::{self, Said};
use super::tokens;
use crate::corpus::{Answer, Choice, Key, Mark, Place, Record, TokenMark};
use crate::error::{DataError, list, quote};
use crate::json::{scalar, shape};
use crate::options::{ReadOptions, count};
use crate::quoted::{Quoted, place as quoted_place};
use crate::reading::Reading;

/// What a row must be, for messages.
const VALID: &str = "labels of the names that the file declares, as many tags as tokens, spans inside their text";
/// Texts that any file may hold, in bytes, and bytes a byte of the file beyond that: repeated ones take no room in it.
const FREE_TEXT: usize = 1 << 30;
const TEXT_A_BYTE: usize = 256;
/// The names under which spans quote their text.
const QUOTES: &[&str] = &["text", "word", "surface"];

/// Rows of one or several files on their way to records.
pub(super) struct Rows<'r, 'a> {
    reading: &'r mut Reading<'a>,
    options: &'r ReadOptions,
    records: Vec<Record>,
    /// Which records have tags that mean spans.
    tagged: Vec<bool>,
    seen: usize,
    text_bytes: usize,
    file: FileOf,
    row: u64,
    roles: Roles,
    features: Feature,
    names: Vec<Key>,
    /// The columns of the first file; the others must have the same.
    first: Option<Vec<String>>,
    keys: FxHashMap<String, Key>,
    left_out: FxHashSet<String>,
    repaired: Counted,
    broken: Counted,
    changed: Counted,
    unplaced: Counted,
}

/// The file at hand.
#[derive(Default)]
pub(super) struct FileOf {
    /// Its name, where there are several.
    pub name: Option<Key>,
    /// Its split.
    pub split: Option<Key>,
    /// What its folders' names say.
    pub said: Vec<(Key, String)>,
    /// Features that stand beside it.
    pub features: Option<Feature>,
    /// Its length.
    pub bytes: usize,
}

/// How many, and the first.
#[derive(Default)]
struct Counted {
    count: usize,
    first: Option<(Place, String)>,
}

impl Counted {
    fn add(&mut self, place: &Place, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some((place.clone(), what()));
        }
    }
}

impl<'r, 'a> Rows<'r, 'a> {
    /// None yet.
    pub fn new(reading: &'r mut Reading<'a>, options: &'r ReadOptions) -> Self {
        Self {
            reading,
            options,
            records: Vec::new(),
            tagged: Vec::new(),
            seen: 0,
            text_bytes: 0,
            file: FileOf::default(),
            row: 0,
            roles: Roles::default(),
            features: Feature::Plain,
            names: Vec::new(),
            first: None,
            keys: FxHashMap::default(),
            left_out: FxHashSet::default(),
            repaired: Counted::default(),
            broken: Counted::default(),
            changed: Counted::default(),
            unplaced: Counted::default(),
        }
    }

    /// Goes on to a file.
    pub fn file(&mut self, file: FileOf) {
        self.file = file;
        self.row = 0;
    }

    fn key(&mut self, name: &str) -> Key {
        if let Some(key) = self.keys.get(name) {
            return key.clone();
        }
        let key: Key = name.into();
        self.keys.insert(name.to_owned(), key.clone());
        key
    }

    /// Hands all records on.
    pub fn finish(mut self) -> Result<(), DataError> {
        if self.seen == 0 {
            return Err(DataError::Empty { path: self.reading.remarks.path.clone(), blank: false });
        }
        self.reading.remarks.check_malformed(self.seen, VALID, "name other columns with --text and --label")?;
        for (counted, what) in
            [(&self.repaired, "did not cover their quoted text and were moved to it"), (&self.broken, "left out")]
        {
            if let Some((place, first)) = &counted.first {
                let what = format!("{} {what} (first at {place}: {first})", count(counted.count, "span"));
                self.reading.remarks.notes.push(what);
            }
        }
        if let Some((place, _)) = &self.changed.first {
            let n = count(self.changed.count, "record");
            let what = format!(
                "{n} changed in the columns of labels and spans since they were written (first at {place}): what else was said of those answers is left out"
            );
            self.reading.remarks.notes.push(what);
        }
        if let Some((place, _)) = &self.unplaced.first {
            let n = count(self.unplaced.count, "record");
            self.reading
                .remarks
                .notes
                .push(format!("{n} with tokens that do not stand in the text (first at {place}): tokens left out"));
        }
        self.check_ids()?;
        if self.tagged.contains(&true) {
            tokens::decode(&mut self.records, &self.tagged, self.options, self.reading)?;
        }
        self.reading.ids_from_column = self.roles.id.is_some();
        for record in self.records {
            self.reading.push(record)?;
        }
        Ok(())
    }

    /// A named id column must not repeat; a guessed one that does is metadata.
    fn check_ids(&mut self) -> Result<(), DataError> {
        let Some(column) = self.roles.id.filter(|_| self.roles.id_named || self.roles.id_guessed) else {
            return Ok(());
        };
        let mut seen: FxHashMap<(Option<&str>, &str), &Place> = FxHashMap::default();
        let mut unfit = None;
        for record in &self.records {
            let Some(id) = &record.id else {
                unfit.get_or_insert("it has empty fields");
                continue;
            };
            // `datasets` counts ids anew in each split.
            if let Some(first) = seen.insert((record.split.as_deref(), id), &record.place) {
                if self.roles.id_named {
                    let (path, id) = (self.reading.remarks.path.clone(), quote(id));
                    return Err(DataError::RepeatedId { path, line: record.place.number, id, first: first.number });
                }
                unfit.get_or_insert("it repeats values");
            }
        }
        let name = self.names[column].clone();
        match unfit.filter(|_| self.roles.id_guessed) {
            Some(why) => {
                let what = format!("column '{}' not used as id: {why}; ids are record numbers", quote(&name));
                self.reading.guess(what, Some("--id"));
                for record in &mut self.records {
                    if let Some(id) = record.id.take() {
                        let value = id.parse::<i64>().map_or_else(|_| Value::String(id), Value::from);
                        record.metadata.insert(0, (name.clone(), value));
                    }
                }
                self.roles.id = None;
            }
            None if self.roles.id_guessed => {
                self.reading.guess(format!("id is column '{}'", quote(&name)), Some("--id"));
            }
            None => {}
        }
        Ok(())
    }

    /// One label as text; a number without a name is its digits.
    fn label(cells: &Cells, row: usize) -> Result<Option<String>, String> {
        match cells.label(row) {
            Label::Name(name) => Ok(Some(name.to_owned())),
            Label::Number(n) => Ok(Some(n.to_string())),
            Label::Unknown(n) => Err(format!("the class {n}, which has no name")),
            Label::None => Ok(match cells.value(row) {
                Some(Value::Number(n)) if matches!(cells, Cells::Float(_)) => {
                    Some(n.as_f64().map_or_else(|| n.to_string(), |f| f.to_string()))
                }
                Some(value) => scalar(&value),
                None => None,
            }),
        }
    }

    fn labels(&self, cells: &Cells, row: usize) -> Result<Option<Vec<Choice>>, String> {
        let choice = |label: String| Choice { label, ..Choice::default() };
        if self.roles.several {
            let Some((items, range)) = cells.items(row) else {
                return Ok(None);
            };
            let mut choices = Vec::with_capacity(range.len());
            for i in range {
                choices.extend(Self::label(items, i)?.map(choice));
            }
            return Ok(Some(choices));
        }
        let label = Self::label(cells, row)?.filter(|label| self.roles.own || !label.trim().is_empty());
        Ok(match (label, self.options.label_separator.as_deref()) {
            (Some(label), Some(by)) if !self.roles.own && !by.is_empty() => {
                Some(label.split(by).map(|l| choice(l.trim().to_owned())).collect())
            }
            (label, _) => label.map(|label| vec![choice(label)]),
        })
    }

    fn spans(&mut self, cells: &Cells, row: usize, text: &str, place: &Place) -> Result<Option<Vec<Mark>>, DataError> {
        let Some(parts) = Parts::new(cells, row) else {
            return Ok(None);
        };
        let offsets = Offsets::new(text, OffsetUnit::CodePoint);
        let mut marks = Vec::with_capacity(parts.len);
        for i in 0..parts.len {
            match self.span(&parts, i, text, &offsets, place) {
                Ok(mark) => marks.push(mark),
                Err(found) => {
                    if self.reading.remarks.strict {
                        self.reading.skip(place, found, "spans inside their text")?;
                        continue;
                    }
                    self.broken.add(place, || found);
                }
            }
        }
        Ok(Some(marks))
    }

    fn span(&mut self, parts: &Parts, i: usize, text: &str, offsets: &Offsets, place: &Place) -> Result<Mark, String> {
        let number = |names: &[&str]| parts.get(names).and_then(|(cells, at)| cells.position(at + i));
        let (Some(start), Some(end)) = (number(STARTS), number(ENDS)) else {
            return Err("a span without two offsets".to_owned());
        };
        let label = match parts.get(SPAN_LABELS) {
            Some((cells, at)) => Self::label(cells, at + i)?.or_else(|| {
                // A list of labels: the first.
                cells.items(at + i).and_then(|(items, range)| Self::label(items, range.start).ok().flatten())
            }),
            None => None,
        };
        let label = label.ok_or("a span without a label")?;
        let quote = parts.get(QUOTES).and_then(|(cells, at)| cells.text(at + i));
        let (from, to) = match quote {
            Some(quoted) => match quoted_place(text, offsets, start, end, quoted) {
                Quoted::Agrees(from, to) => (from, to),
                Quoted::Repaired(from, to) => {
                    self.repaired.add(place, || format!("{start}..{end}"));
                    (from, to)
                }
                Quoted::Broken(found) => return Err(found),
            },
            None if start == end && self.roles.own => {
                let at = offsets.to_byte(start).ok_or_else(|| format!("the span {start}..{end} beyond the text"))?;
                (at, at)
            }
            None => offsets.range(start, end)?,
        };
        let mut mark = Mark::new(from, to, label);
        for (name, cells, at) in &parts.all {
            if [STARTS, ENDS, SPAN_LABELS, QUOTES].iter().any(|names| names.contains(&&***name)) {
                continue;
            }
            let Some(value) = cells.value(at + i) else { continue };
            match (&***name, &value) {
                ("id", _) if scalar(&value).is_some() => mark.id = scalar(&value),
                ("score", Value::Number(n)) => mark.score = n.as_f64(),
                _ => mark.attributes.push(((*name).clone(), value)),
            }
        }
        Ok(mark)
    }

    /// The tokens of a row with the text they stand in.
    fn tokens(&mut self, columns: &[Option<Cells>], row: usize, record: &mut Record) -> Result<(), String> {
        let cells = |column: Option<usize>| column.and_then(|c| columns[c].as_ref());
        let Some((items, range)) = cells(self.roles.tokens).and_then(|cells| cells.items(row)) else {
            return Ok(());
        };
        let words = || range.clone().map(|i| items.text(i).unwrap_or_default());
        if words().any(str::is_empty) {
            return Err("an empty token".to_owned());
        }
        let located = record.text.as_ref().map(|text| tokens::locate(text, words()));
        let mut marks: Vec<TokenMark> = match located {
            Some(Some(marks)) => marks,
            Some(None) => {
                self.unplaced.add(&record.place, String::new);
                return Ok(());
            }
            None => {
                let (text, marks) = tokens::join(words());
                record.text = Some(text);
                marks
            }
        };
        let n = marks.len();
        if let Some((tags, range)) = cells(self.roles.tags.filter(|_| !self.roles.derived)).and_then(|c| c.items(row)) {
            if range.len() != n {
                return Err(format!("{} and {}", count(n, "token"), count(range.len(), "tag")));
            }
            for (mark, i) in marks.iter_mut().zip(range) {
                mark.tag = Self::label(tags, i)?.map(|tag| self.key(&tag));
            }
        }
        let columns: Vec<(Key, usize)> = self.roles.token_columns.clone();
        let mut more: Vec<Vec<Key>> = vec![Vec::new(); if columns.is_empty() { 0 } else { n }];
        for (name, column) in &columns {
            let Some((items, range)) = cells(Some(*column)).and_then(|c| c.items(row)) else { continue };
            if range.len() != n {
                let name = quote(name);
                return Err(format!("{} and {} of '{name}'", count(n, "token"), count(range.len(), "value")));
            }
            for (values, i) in more.iter_mut().zip(range) {
                let value = Self::label(items, i)?.unwrap_or_default();
                values.push(self.key(&value));
            }
        }
        for (mark, values) in marks.iter_mut().zip(more) {
            mark.columns = values.into();
        }
        record.tokens = marks;
        Ok(())
    }

    /// What a column of JSON says.
    fn said<T>(
        columns: &[Option<Cells>],
        column: Option<usize>,
        row: usize,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let cells = column.and_then(|c| columns[c].as_ref());
        let Some(text) = cells.and_then(|cells| cells.text(row)) else {
            return Ok(None);
        };
        let value = serde_json::from_str(text).map_err(|_| format!("'{}', which is not JSON", quote(text)))?;
        read(&value).map(Some)
    }

    fn record(
        &mut self,
        columns: &[Option<Cells>],
        row: usize,
        place: &Place,
    ) -> Result<Result<Record, String>, DataError> {
        let cells = |column: Option<usize>| column.and_then(|c| columns[c].as_ref());
        let mut record = Record { place: place.clone(), ..Record::default() };
        record.text = cells(self.roles.text).and_then(|c| c.text(row)).map(str::to_owned);
        record.id = cells(self.roles.id).and_then(|c| c.value(row)).as_ref().and_then(scalar);
        let split = cells(self.roles.split).and_then(|c| c.text(row)).map(str::to_owned);
        record.split = split.map(|split| self.key(&split)).or_else(|| self.file.split.clone());
        if let Err(found) = self.tokens(columns, row, &mut record) {
            return Ok(Err(found));
        }
        let mut gold = Answer::default();
        if let Some(column) = cells(self.roles.label) {
            match self.labels(column, row) {
                Ok(labels) => gold.labels = labels,
                Err(found) => return Ok(Err(found)),
            }
        }
        if let Some(column) = cells(self.roles.spans) {
            gold.spans = self.spans(column, row, record.text(), place)?;
        }
        let texts = record.text.clone().unwrap_or_default();
        if self.roles.answer.or(self.roles.responses).or(self.roles.predictions).is_some() {
            let said = Said::new(&texts);
            let list = |value: &Value| {
                value.as_array().cloned().ok_or_else(|| format!("{} where a list is needed", shape(value)))
            };
            let responses = Self::said(columns, self.roles.responses, row, |value| {
                list(value)?.iter().map(|one| said.read_response(one)).collect::<Result<Vec<_>, _>>()
            });
            let predictions = Self::said(columns, self.roles.predictions, row, |value| {
                list(value)?.iter().map(|one| said.read_prediction(one)).collect::<Result<Vec<_>, _>>()
            });
            let answer = Self::said(columns, self.roles.answer, row, |value| said.read_answer(value));
            match (responses, predictions, answer) {
                (Ok(responses), Ok(predictions), Ok(answer)) => {
                    record.responses = responses.unwrap_or_default();
                    record.predictions = predictions.unwrap_or_default();
                    if let Some(answer) = answer {
                        // The plain columns are what other tools change.
                        if said::plain(&answer) == gold { gold = answer } else { self.changed.add(place, String::new) }
                    }
                }
                (Err(found), ..) | (_, Err(found), _) | (.., Err(found)) => return Ok(Err(found)),
            }
        }
        record.gold = Some(gold).filter(|gold| !gold.is_empty());
        for Meta { column, name, json, nulls } in &self.roles.metadata {
            let value = cells(Some(*column)).and_then(|c| c.value(row));
            let value = match value {
                Some(Value::String(text)) if *json => serde_json::from_str(&text).unwrap_or(Value::String(text)),
                Some(value) => value,
                None if *nulls => Value::Null,
                None => continue,
            };
            record.metadata.push((name.clone(), value));
        }
        record.metadata.extend(self.file.said.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))));
        Ok(Ok(record))
    }

    fn declare(&mut self, own: Option<&Value>, metadata: &HashMap<String, String>) {
        let names = |role: Option<usize>| {
            let feature = role.map(|c| self.features.field(&self.names[c]));
            feature.and_then(|f| f.names().map(<[Key]>::to_vec)).unwrap_or_default()
        };
        let (labels, tags) = (names(self.roles.label), names(self.roles.tags));
        let outline = &mut self.reading.outline;
        if outline.declared_labels.is_empty() {
            outline.declared_labels = labels.iter().map(ToString::to_string).collect();
        }
        let listed = |key: &str| own.and_then(|own| own.get(key)).and_then(Value::as_array);
        if let Some(kinds) = listed("declared_spans") {
            kinds.iter().filter_map(Value::as_str).for_each(|kind| outline.declare_span(kind));
        } else if own.is_none() && outline.declared_spans.is_empty() {
            outline.declared_spans = tokens::kinds(&tags);
        }
        if self.roles.label.is_some() && (own.is_none() || !labels.is_empty()) {
            outline.several = Some(self.roles.several);
        }
        if let Some(own) = own {
            outline.several = own.get("several").and_then(Value::as_bool);
        }
        outline.token_columns = self.roles.token_columns.iter().map(|(name, _)| name.clone()).collect();
        for pair in listed("settings").into_iter().flatten() {
            if let (Some(key), Some(value)) = (pair.get(0).and_then(Value::as_str), pair.get(1)) {
                outline.settings.push((key.into(), value.clone()));
            }
        }
        let info = metadata.get(features::KEY).filter(|_| own.is_none());
        if let Some(info) = info.and_then(|text| serde_json::from_str::<Value>(text).ok())
            && let Some(info) = info.get("info")
        {
            outline.settings.push((features::KEY.into(), info.clone()));
        }
    }
}

impl Sink for Rows<'_, '_> {
    fn begin(&mut self, schema: &Schema, metadata: &HashMap<String, String>) -> Result<(), DataError> {
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        self.features = match metadata.get(features::KEY) {
            Some(text) => features::parse(text),
            None => self.file.features.clone().unwrap_or(Feature::Plain),
        };
        let own = metadata.get(roles::KEY).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let own = own.filter(|own| own.get("version").and_then(Value::as_u64) == Some(1));
        let say = self.first.is_none();
        self.roles = Roles::new(schema, &self.features, own.as_ref(), self.options, say, self.reading.remarks)?;
        self.names = names.iter().map(|name| name.as_str().into()).collect();
        let media = |name: &String| self.features.field(name) == Feature::Media;
        if self.roles.text.or(self.roles.tokens).is_none() && names.iter().any(media) {
            return Err(DataError::Content {
                path: self.reading.remarks.path.clone(),
                found: "a set of pictures, sound or film without texts".to_owned(),
                valid: "a column of texts".to_owned(),
                hint: None,
            });
        }
        match &self.first {
            Some(first) if *first != names => {
                let file = self.file.name.as_deref().unwrap_or_default();
                return Err(DataError::Content {
                    path: self.reading.remarks.path.clone(),
                    found: format!("the columns {} in {}", list(&names), quote(file)),
                    valid: format!("those of the files before it: {}", list(first)),
                    hint: Some("name one of the files, or a folder below".to_owned()),
                });
            }
            Some(_) => {}
            None => {
                let own = own.filter(|_| self.roles.own);
                self.declare(own.as_ref(), metadata);
                self.first = Some(names);
            }
        }
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), DataError> {
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (name, array) in self.names.clone().iter().zip(batch.columns()) {
            let mut left_out = Vec::new();
            columns.push(Some(Cells::new(array, &self.features.field(name), &mut left_out)));
            for kind in left_out {
                let what = format!("values of type {} in column '{}' are left out", quote(&kind), quote(name));
                if self.left_out.insert(what.clone()) {
                    self.reading.note(what);
                }
            }
        }
        for row in 0..batch.num_rows() {
            self.seen += 1;
            self.row += 1;
            let place = Place { file: self.file.name.clone(), ..Place::row(self.row) };
            match self.record(&columns, row, &place)? {
                Ok(record) => {
                    let tags = self.roles.tags.is_some() && self.roles.spans.is_none() && !self.roles.own;
                    self.tagged.push(tags && record.tokens.iter().any(|t| t.tag.is_some()));
                    self.text_bytes += record.text().len();
                    if self.text_bytes > FREE_TEXT.max(self.file.bytes.saturating_mul(TEXT_A_BYTE)) {
                        let found = format!("{} bytes of text in a file of {}", self.text_bytes, self.file.bytes);
                        let valid = "texts that are not repeated without end";
                        return Err(self.reading.error(&place, found, valid));
                    }
                    self.records.push(record);
                }
                Err(found) => self.reading.remarks.skip_malformed_at(&place, found, VALID)?,
            }
        }
        Ok(())
    }
}
