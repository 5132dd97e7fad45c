//! Reading and writing whole folders in memory, for tests and fuzz targets; no part of the interface.
//!
//! Files go by relative names. A lone file has the empty name; beside such a main file the others are those that it may
//! name; without one they are a folder.

use std::collections::BTreeMap;

use crate::convert::Converter;
use crate::corpus::Corpus;
use crate::error::DataError;
use crate::formats::Format;
use crate::input::Input;
use crate::options::ReadOptions;
use crate::output::Output;
use crate::read::{Loaded, Read, corpus, load};

/// Files by relative names; that of the main file is empty.
pub type Files = BTreeMap<String, Vec<u8>>;

fn input(name: &str, mut files: Files) -> Input {
    match files.remove("") {
        Some(main) if files.is_empty() => Input::memory(name, main),
        Some(main) => Input::memory(name, main).beside_memory(files),
        None => Input::memory_folder(name, files),
    }
}

/// As [`crate::read_corpus`].
pub fn read_corpus_folder(name: &str, files: Files, options: &ReadOptions) -> Result<Read, DataError> {
    corpus(&input(name, files), options)
}

/// As [`crate::read_dataset`].
pub fn read_dataset_folder(name: &str, files: Files, options: &ReadOptions) -> Result<Loaded, DataError> {
    load(&input(name, files), options)
}

/// Writes a corpus in a format.
pub fn write_corpus_folder(corpus: &Corpus, to: Format) -> Result<Files, DataError> {
    let mut converter = Converter::new(to, &corpus.outline, Output::memory_for("memory"))?;
    for record in corpus.records.clone() {
        converter.record(record)?;
    }
    converter.finish(false).map(|(files, ..)| files)
}
