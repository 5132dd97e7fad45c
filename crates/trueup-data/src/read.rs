//! Reading a file of labelled data: the one entry for every format.

use std::path::Path;

use trueup_core::Dataset;
use trueup_core::document::{Guess, Skipped};
use trueup_core::scheme::Scheme;

use crate::error::DataError;
use crate::formats::{self, Format, conll, jsonl, label_text};
use crate::options::{ReadOptions, Remarks};
use crate::source::{self, Source};
use crate::tabular;

/// A data set and how it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The examples.
    pub dataset: Dataset,
    /// The format it was read as.
    pub format: Format,
    /// The scheme under which tags became spans (CoNLL only).
    pub scheme: Option<Scheme>,
    /// What was decided from the content, with the option that overrides each.
    pub guesses: Vec<Guess>,
    /// Records left out, by line.
    pub skipped: Vec<Skipped>,
    /// Whether ids come from a column; else they are record numbers.
    pub ids_from_column: bool,
    /// Anything else worth saying: invalid tags, repeated spans, empty label sets.
    pub notes: Vec<String>,
}

/// Reads labelled data from `path`; `-` is standard input, gzip and Zstandard are unpacked.
pub fn read_dataset(path: &Path, options: &ReadOptions) -> Result<Loaded, DataError> {
    read_source(&source::read(path)?, options)
}

/// As [`read_dataset`], from bytes in memory; `name` is used in messages.
pub fn read_bytes(name: &str, bytes: Vec<u8>, options: &ReadOptions) -> Result<Loaded, DataError> {
    read_source(&source::from_bytes(crate::error::escape(name), bytes)?, options)
}

fn read_source(source: &Source, options: &ReadOptions) -> Result<Loaded, DataError> {
    let mut remarks = Remarks::new(&source.name, options.strict);
    let format = if let Some(format) = options.from {
        format
    } else {
        let format = formats::detect(source)?;
        remarks.guess(format!("the format is {format}"), Some("--from"));
        format
    };
    let mut scheme = None;
    let (dataset, ids_from_column) = match format {
        Format::Csv | Format::Tsv => tabular::read(source, format, options, &mut remarks)?,
        Format::Jsonl => jsonl::read(source, options, &mut remarks)?,
        Format::LabelText => (label_text::read(source, options, &mut remarks)?, false),
        Format::Conll => {
            let (dataset, read_as) = conll::read(source, options, true, &mut remarks)?;
            scheme = Some(read_as);
            (dataset, false)
        }
    };
    remarks.skipped.sort_by_key(|skipped| skipped.line);
    let Remarks { guesses, skipped, notes, .. } = remarks;
    Ok(Loaded { dataset, format, scheme, guesses, skipped, ids_from_column, notes })
}
