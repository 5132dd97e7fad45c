//! The formats, one file each, and how an input's content tells which one it is.
//!
//! A format is a [`Spec`]: a constant of its file, with what it is called, what it can hold, how it is recognised, read
//! and written. The table below is the only list of them; detection, `--from`, `--to`, the docs' matrix and the
//! round-trip tests are made from it.

pub(crate) mod argilla;
pub(crate) mod azure;
pub(crate) mod brat;
pub(crate) mod columnar;
pub(crate) mod comprehend;
pub(crate) mod conll;
pub(crate) mod conllu;
pub(crate) mod delimited;
pub(crate) mod doccano;
pub(crate) mod excel;
pub(crate) mod fasttext;
mod iob_lines;
pub(crate) mod jsonl;
pub(crate) mod label_folders;
pub(crate) mod label_studio;
pub(crate) mod label_text;
pub(crate) mod numpy;
#[cfg(test)]
mod pairs;
pub(crate) mod parallel;
mod pieces;
pub(crate) mod prodigy;
mod project;
pub(crate) mod rasa;
mod spacy;
pub(crate) mod split_lists;
pub(crate) mod tagged;
mod tasks;
#[cfg(test)]
pub(crate) mod testing;

use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::corpus::{Outline, Record};
use crate::error::{DataError, quote};
pub(crate) use crate::head::head;
use crate::head::{Confidence, Head};
use crate::holds::{Holds, Losses};
use crate::input::Input;
use crate::options::ReadOptions;
use crate::output::Output;
use crate::reading::Reading;

/// A format: what it is called, what it holds, how it is recognised, read and written.
pub(crate) struct Spec {
    /// The name of `--from` and `--to`.
    pub name: &'static str,
    /// Other names it goes by.
    pub aliases: &'static [&'static str],
    /// What it is, in a few words, for lists.
    pub title: &'static str,
    /// What the names of its files end in, with the dot; empty for a folder.
    pub ending: &'static str,
    /// What it can hold.
    pub holds: Holds,
    /// Whether an input is its own.
    pub sniff: fn(&Head) -> Confidence,
    /// Reads an input.
    pub read: fn(&Input, &ReadOptions, &mut Reading) -> Result<(), DataError>,
    /// Begins to write; `None` for formats that are only read.
    pub write: Option<Begin>,
    /// Whether a folder is written.
    pub folder: bool,
}

/// Makes the writer for records of an outline.
pub(crate) type Begin = fn(&Outline) -> Box<dyn Writer>;

/// Writes records, already cut to what the format holds ([`crate::holds::restrict`]).
pub(crate) trait Writer {
    /// Writes one record; what the format cannot hold of it beyond its table is noted in `losses`.
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError>;

    /// Writes what comes last.
    fn finish(&mut self, out: &mut Output, losses: &mut Losses) -> Result<(), DataError>;
}

/// All formats, those with the surest marks first: of equally confident ones the first is taken.
const SPECS: &[&Spec] = &[
    &columnar::PARQUET,
    &columnar::HF_DISK,
    &columnar::ARROW,
    &spacy::SPEC,
    &spacy::FOLDER,
    &spacy::training_json::SPEC,
    &spacy::tuples::SPEC,
    &numpy::SPEC,
    &excel::SPEC,
    &fasttext::SPEC,
    &label_studio::SPEC,
    &label_studio::MIN,
    &label_studio::TABLE,
    &prodigy::SPEC,
    &doccano::SPEC,
    &argilla::SPEC,
    &azure::SPEC,
    &brat::SPEC,
    &rasa::SPEC,
    &comprehend::MANIFEST,
    &comprehend::ENTITIES,
    &comprehend::CLASSES,
    &split_lists::SPEC,
    &conll::crowd::SPEC,
    &conll::folder::SPEC,
    &parallel::SPEC,
    &label_folders::SPEC,
    &jsonl::SPEC,
    &label_text::SPEC,
    &conllu::SPEC,
    &iob_lines::SPEC,
    &conll::SPEC,
    &delimited::CSV,
    &delimited::TSV,
];

/// One of the formats.
#[derive(Clone, Copy)]
pub struct Format(&'static Spec);

/// A name that is none of the formats.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{found}' is no format; valid: {valid}")]
pub struct UnknownFormatName {
    /// What was given.
    pub found: String,
    /// The names there are.
    pub valid: String,
}

impl Format {
    /// Comma-separated tables.
    pub const CSV: Self = Self(&delimited::CSV);
    /// Tab-separated tables.
    pub const TSV: Self = Self(&delimited::TSV);
    /// JSON lines.
    pub const JSONL: Self = Self(&jsonl::SPEC);
    /// Lines that begin with their label.
    pub const LABEL_TEXT: Self = Self(&label_text::SPEC);
    /// Tokens with tags.
    pub const CONLL: Self = Self(&conll::SPEC);

    /// Parquet.
    pub const PARQUET: Self = Self(&columnar::PARQUET);

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        SPECS.iter().map(|spec| Self(spec))
    }

    /// The name used by `--from`, `--to` and in the document.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What it is, in a few words.
    pub fn title(self) -> &'static str {
        self.0.title
    }

    /// What it can hold.
    pub fn holds(self) -> &'static Holds {
        &self.0.holds
    }

    /// Whether it can be written.
    pub fn is_written(self) -> bool {
        self.0.write.is_some()
    }

    /// Whether a folder is written.
    pub fn is_folder(self) -> bool {
        self.0.folder
    }

    /// What the names of its files end in, with the dot; empty for a folder.
    pub fn ending(self) -> &'static str {
        self.0.ending
    }

    pub(crate) fn spec(self) -> &'static Spec {
        self.0
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Format {}

impl Hash for Format {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormatName;

    fn from_str(name: &str) -> Result<Self, UnknownFormatName> {
        let lower = name.to_ascii_lowercase().replace('_', "-");
        let is = |format: &Self| format.name() == lower || format.0.aliases.contains(&lower.as_str());
        Self::all().find(is).ok_or_else(|| {
            let names: Vec<_> = Self::all().map(Self::name).collect();
            UnknownFormatName { found: quote(name), valid: names.join(", ") }
        })
    }
}

/// Lines with their 1-based numbers, without line ends; blank ones included.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    text.lines().enumerate().map(|(i, line)| (i as u64 + 1, line))
}

/// Whether a line holds nothing but ASCII white space.
pub(crate) fn is_blank(line: &str) -> bool {
    line.bytes().all(|b| b.is_ascii_whitespace())
}

/// A format that an input may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The format.
    pub format: Format,
    /// How sure it is.
    pub confidence: Confidence,
}

/// The formats that an input may be in, the surest first; at least one.
pub(crate) fn detect(input: &Input) -> Result<Vec<Candidate>, DataError> {
    let head = Head::new(input)?;
    let mut found: Vec<Candidate> = Format::all()
        .map(|format| Candidate { format, confidence: (format.0.sniff)(&head) })
        .filter(|candidate| candidate.confidence > Confidence::No)
        .collect();
    // Stable: of equals the first of the table.
    found.sort_by_key(|candidate| std::cmp::Reverse(candidate.confidence));
    if !found.is_empty() {
        return Ok(found);
    }
    let path = input.name.clone();
    if let Some(files) = &head.files {
        let found = if files.is_empty() { "an empty folder".to_owned() } else { few(files) };
        let valid = "a folder in one of the formats: see docs/formats.md".to_owned();
        let hint = Some("name the format with --from, or one of the files".to_owned());
        return Err(DataError::Content { path, found, valid, hint });
    }
    // What is no text and no known binary format says so itself.
    let text = input.text()?;
    let (line, found) = lines(head.text.unwrap_or(text)).find(|(_, line)| !is_blank(line)).unwrap_or((1, ""));
    Err(DataError::UnknownFormat {
        path,
        line,
        found: quote(found),
        valid: Format::all().map(Format::name).collect::<Vec<_>>().join(", "),
        hint: "name the format with --from".to_owned(),
    })
}

/// The first few names of a folder's files, for messages.
fn few(files: &[String]) -> String {
    const SHOWN: usize = 5;
    let more = if files.len() > SHOWN { format!(" and {} more", files.len() - SHOWN) } else { String::new() };
    format!("a folder of {}{more}", crate::error::list(&files[..files.len().min(SHOWN)]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&'static str> {
        detect(&Input::memory("f", text.as_bytes().to_vec())).ok().map(|found| found[0].format.name())
    }

    #[test]
    fn the_content_tells_the_format() {
        assert_eq!(of("{\"text\": \"a\", \"label\": \"b\"}\n{\"text\": \"a\", \"label\": \"b\"}\n"), Some("jsonl"));
        assert_eq!(of("__label__a good\n__label__b bad\n"), Some("fasttext"));
        assert_eq!(of("EU B-ORG\nrejects O\n\nPeter B-PER\nB. I-PER\n"), Some("conll"));
        assert_eq!(of("text,label\nI like it,pos\nI do not,neg\n"), Some("csv"));
        assert_eq!(of("ham\tgo until jurong point, crazy\nspam\tfree entry, call\n"), Some("tsv"));
        assert_eq!(of("DESC:def What is it ?\nNUM:date When is it ?\nDESC:def Why ?\n"), Some("label-text"));
        assert_eq!(of("Just a line.\nAnd another one, longer.\nNo label here.\n"), None);
    }

    #[test]
    fn names_are_read_and_an_unknown_one_lists_the_valid() {
        for format in Format::all() {
            assert_eq!(format.name().parse(), Ok(format));
        }
        let message = "xml".parse::<Format>().unwrap_err().to_string();
        assert!(message.starts_with("'xml' is no format; valid: "), "{message}");
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> =
            SPECS.iter().flat_map(|spec| spec.aliases.iter().copied().chain([spec.name])).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
