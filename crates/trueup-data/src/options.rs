//! How to read a file, where the caller says so instead of leaving it to the content.

use trueup_core::Task;
use trueup_core::document::{Guess, Skipped};
use trueup_core::scheme::Scheme;

use crate::corpus::{Place, Unit};
use crate::error::DataError;
use crate::formats::Format;
use crate::mapping::Mapping;

/// How to read labelled data. Every field left at its default is decided from the content.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // Each is a wish of its own.
pub struct ReadOptions {
    /// The format.
    pub from: Option<Format>,
    /// Whether the first row of a table is a header.
    pub header: Option<bool>,
    /// The text column: its name, or its number from 1.
    pub text: Option<String>,
    /// The label column (CoNLL: the tag column).
    pub label: Option<String>,
    /// The id column; repeated ids are an error.
    pub id: Option<String>,
    /// The column of the source, author, thread or document.
    pub group: Option<String>,
    /// The column of the time.
    pub time: Option<String>,
    /// The column of the split.
    pub split: Option<String>,
    /// The column of the annotator, in a table of one answer a row.
    pub annotator: Option<String>,
    /// Columns that no guess may take for text, label, id or anything else: a model reads them under their names. Of fields inside
    /// others, such as `meta.source`, the outer one.
    pub reserved: Vec<String>,
    /// Whether data without labels is fine: for counting, converting and predicting.
    pub unlabelled: bool,
    /// What separates the labels of one cell; `|` unless a comma is evident.
    pub label_separator: Option<String>,
    /// How many levels of labels such as `COARSE:fine` to keep, from 1; all of them by default.
    pub label_level: Option<usize>,
    /// The scheme of CoNLL tags.
    pub scheme: Option<Scheme>,
    /// Whether a record that would be skipped is an error.
    pub strict: bool,
    /// Whether invalid tags are read as far as they can be (see [`trueup_core::scheme::decode`]); they are counted
    /// either way.
    pub lenient_tags: bool,
    /// The kind of answer.
    pub task: Option<Task>,
    /// Ids of labels with their names ([`crate::read_label_names`]), where the file writes numbers for labels. An empty id
    /// counts: from 0, or from 1 where the last label so counted occurs and 0 does not.
    pub label_names: Option<Vec<(String, String)>>,
    /// How the records of a JSON file say their answers; else a `trueup.toml` beside the data is asked.
    pub mapping: Option<Mapping>,
    /// Whether each record of a table or of JSON lines is kept as it stands as well.
    pub rows: bool,
    /// An SQL expression; what it is not true for is left out (see [`crate::query`]).
    pub filter: Option<String>,
}

impl ReadOptions {
    /// Whether a column is one that no guess may take.
    pub(crate) fn reserves(&self, name: &str) -> bool {
        self.reserved.iter().any(|of| of == name || of.split_once('.').is_some_and(|(outer, _)| outer == name))
    }
}

impl ReadOptions {
    /// The columns that the caller named.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        [&self.text, &self.label, &self.id, &self.group, &self.time, &self.split, &self.annotator]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// Whether they look at all records at once.
    pub(crate) fn needs_all(&self) -> bool {
        self.label_names.is_some() || self.filter.is_some() || self.label_level.is_some()
    }
}

/// How to read predictions.
#[derive(Debug, Clone, Default)]
pub struct PredictionOptions {
    /// The format.
    pub from: Option<Format>,
    /// Whether the first row of a table is a header.
    pub header: Option<bool>,
    /// The column of the predicted label (CoNLL: of the predicted tag).
    pub label: Option<String>,
    /// The id column.
    pub id: Option<String>,
    /// What separates the labels of one cell.
    pub label_separator: Option<String>,
    /// How many levels of labels to keep; scores of the labels that become one are added.
    pub label_level: Option<usize>,
    /// The scheme of CoNLL tags; give the gold's.
    pub scheme: Option<Scheme>,
    /// As [`ReadOptions::lenient_tags`].
    pub lenient_tags: bool,
    /// The kind of answer; give the gold's.
    pub task: Option<Task>,
}

/// What was decided, left out and remarked while reading one file.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    /// The file's name for messages.
    pub path: String,
    /// Whether skipping is an error.
    pub strict: bool,
    /// Decisions, with the option that overrides each.
    pub guesses: Vec<Guess>,
    /// Records left out.
    pub skipped: Vec<Skipped>,
    /// Anything else worth saying.
    pub notes: Vec<String>,
    /// Other formats that the input may be in.
    pub others: Vec<&'static str>,
    /// What to try when no record can be used, where the reader knows.
    pub hint: Option<String>,
    /// Records left out because they could not be read: the first one's line and what was found, and how many.
    malformed: Option<(u64, String, usize)>,
}

impl Remarks {
    /// Nothing remarked yet on `path`.
    pub fn new(path: &str, strict: bool) -> Self {
        Self { path: path.to_owned(), strict, ..Self::default() }
    }

    /// Records a decision.
    pub fn guess(&mut self, what: impl Into<String>, option: Option<&str>) {
        self.guesses.push(Guess { what: what.into(), option: option.map(str::to_owned) });
    }

    /// Leaves a record out: `found` (a noun phrase) stands where `valid` is needed.
    pub fn skip(&mut self, line: u64, found: impl Into<String>, valid: &str) -> Result<(), DataError> {
        let found = found.into();
        if self.strict {
            let hint = Some("without --strict the record is skipped and listed".to_owned());
            return Err(DataError::Record { path: self.path.clone(), line, found, valid: valid.to_owned(), hint });
        }
        self.skipped.push(Skipped { line, reason: found });
        Ok(())
    }

    /// As [`Self::skip`], where the place is not a line of the one file.
    pub fn skip_at(&mut self, place: &Place, found: impl Into<String>, valid: &str) -> Result<(), DataError> {
        if place.file.is_none() && place.unit == Unit::Line {
            return self.skip(place.number, found, valid);
        }
        let found = found.into();
        if self.strict {
            let hint = Some("without --strict the record is skipped and listed".to_owned());
            let (path, place, valid) = (self.path.clone(), place.to_string().into(), valid.to_owned());
            return Err(DataError::At { path, place, found, valid, hint });
        }
        let reason = if place.file.is_none() { found } else { format!("{found} ({place})") };
        self.skipped.push(Skipped { line: place.number, reason });
        Ok(())
    }

    /// An error at a place.
    pub fn error_at(&self, place: &Place, found: impl Into<String>, valid: impl Into<String>) -> DataError {
        DataError::at(&self.path, place, found, valid)
    }

    /// As [`Self::skip`] for a record that cannot be read; many of them mean that the whole file is read wrongly.
    pub fn skip_malformed(&mut self, line: u64, found: impl Into<String>, valid: &str) -> Result<(), DataError> {
        let found = found.into();
        self.skip(line, found.clone(), valid)?;
        match &mut self.malformed {
            Some((.., count)) => *count += 1,
            none => *none = Some((line, found, 1)),
        }
        Ok(())
    }

    /// As [`Self::skip_malformed`], at a place.
    pub fn skip_malformed_at(&mut self, place: &Place, found: String, valid: &str) -> Result<(), DataError> {
        self.skip_at(place, found.clone(), valid)?;
        match &mut self.malformed {
            Some((.., count)) => *count += 1,
            none => *none = Some((place.number, found, 1)),
        }
        Ok(())
    }

    /// Fails when more than a tenth of the `records` (and more than one) could not be read.
    pub fn check_malformed(&self, records: usize, valid: &str, hint: &'static str) -> Result<(), DataError> {
        match &self.malformed {
            Some((line, found, count)) if *count > 1.max(records / 10) || *count == records => {
                Err(DataError::TooMany {
                    path: self.path.clone(),
                    line: *line,
                    found: found.clone(),
                    count: *count as u32,
                    of: records as u32,
                    unit: "records",
                    valid: valid.to_owned(),
                    hint,
                })
            }
            _ => Ok(()),
        }
    }

    /// An error at a line of this file.
    pub fn error(&self, line: u64, found: impl Into<String>, valid: impl Into<String>) -> DataError {
        DataError::Record { path: self.path.clone(), line, found: found.into(), valid: valid.into(), hint: None }
    }
}

/// `3 rows`, `1 row`, with thousands set apart by commas.
pub(crate) fn count(n: usize, noun: &str) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    format!("{out} {noun}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_few_bad_records_are_listed_and_many_are_an_error() {
        let mut remarks = Remarks::new("f", false);
        for line in 1..=2 {
            remarks.skip_malformed(line, "3 fields", "2 fields").unwrap();
        }
        assert_eq!(remarks.skipped.len(), 2);
        assert!(remarks.check_malformed(20, "2 fields", "another format?").is_ok());
        let message = remarks.check_malformed(19, "2 fields", "another format?").unwrap_err().to_string();
        assert!(message.starts_with("f: line 1: found 3 fields, and 2 of 19 records"), "{message}");
        assert!(Remarks::new("f", true).skip(4, "no label", "a label").is_err());
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(count(1_234_567, "row"), "1,234,567 rows");
        assert_eq!(count(1, "row"), "1 row");
    }
}
