//! Reading an input: the one entry for every format.

use std::path::Path;

use trueup_core::document::{Guess, Skipped};
use trueup_core::scheme::Scheme;
use trueup_core::{Dataset, Task};

use crate::corpus::{Corpus, Outline, Record, dataset};
use crate::error::DataError;
use crate::formats::{self, Format};
use crate::head::Confidence;
use crate::input::Input;
use crate::label_names;
use crate::options::{ReadOptions, Remarks};
use crate::query;
use crate::reading::Reading;

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

/// The records of an input and how it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The records, with what is true of all of them.
    pub corpus: Corpus,
    /// The format it was read as.
    pub format: Format,
    /// How sure that was; certain when the caller said it.
    pub confidence: Confidence,
    /// The scheme under which tags became spans, for formats with tags.
    pub scheme: Option<Scheme>,
    /// What was decided from the content, with the option that overrides each.
    pub guesses: Vec<Guess>,
    /// Records left out, by line.
    pub skipped: Vec<Skipped>,
    /// Anything else worth saying.
    pub notes: Vec<String>,
}

/// Reads labelled data from `path`; `-` is standard input, gzip and Zstandard are unpacked.
pub fn read_dataset(path: &Path, options: &ReadOptions) -> Result<Loaded, DataError> {
    load(&Input::open(path)?, options)
}

/// As [`read_dataset`], from bytes in memory; `name` is used in messages.
pub fn read_bytes(name: &str, bytes: Vec<u8>, options: &ReadOptions) -> Result<Loaded, DataError> {
    load(&Input::memory(name, bytes), options)
}

/// Reads everything that `path`, a file or folder, holds, whether labelled or not.
pub fn read_corpus(path: &Path, options: &ReadOptions) -> Result<Read, DataError> {
    corpus(&Input::open(path)?, options)
}

/// As [`read_corpus`], from bytes in memory; `name` is used in messages.
pub fn read_corpus_bytes(name: &str, bytes: Vec<u8>, options: &ReadOptions) -> Result<Read, DataError> {
    corpus(&Input::memory(name, bytes), options)
}

/// The format asked for, else the likeliest, which is remarked.
fn format_of(input: &Input, options: &ReadOptions, remarks: &mut Remarks) -> Result<(Format, Confidence), DataError> {
    if let Some(format) = options.from {
        return Ok((format, Confidence::Certain));
    }
    let found = formats::detect(input)?;
    let first = found[0];
    let others: Vec<&str> = found[1..].iter().map(|c| c.format.name()).collect();
    let sure = match (first.confidence, others.as_slice()) {
        (Confidence::Certain, _) | (_, []) => String::new(),
        (sure, others) => format!(" ({}; it may be {} too)", sure.name(), others.join(" or ")),
    };
    remarks.guess(format!("the format is {}{sure}", first.format), Some("--from"));
    remarks.others = others;
    Ok((first.format, first.confidence))
}

/// An error of reading in a guessed format names what else the input may be.
fn with_others(error: DataError, remarks: &Remarks) -> DataError {
    if remarks.others.is_empty() {
        error
    } else {
        error.with_hint(&format!("it may be {} too: say so with --from", remarks.others.join(" or ")))
    }
}

/// Reads the records of an input.
pub(crate) fn corpus(input: &Input, options: &ReadOptions) -> Result<Read, DataError> {
    let mut records: Vec<Record> = Vec::new();
    let mut take = |record| {
        records.push(record);
        Ok(())
    };
    let mut read = each(input, options, &mut take)?;
    let mut remarks = Remarks::new(&input.name, options.strict);
    if let Some(names) = &options.label_names {
        label_names::apply(&mut records, &mut read.corpus.outline, names, &mut remarks)?;
    }
    if let Some(expression) = &options.filter {
        query::apply_to_records(&mut records, &mut read.corpus.outline, expression, &mut remarks)?;
    }
    read.guesses.extend(remarks.guesses);
    read.notes.extend(remarks.notes);
    read.corpus.records = records;
    Ok(read)
}

/// Reads the records of an input one by one; the answer holds all but the records.
pub(crate) fn each(
    input: &Input,
    options: &ReadOptions,
    take: &mut dyn FnMut(Record) -> Result<(), DataError>,
) -> Result<Read, DataError> {
    let options = &ReadOptions { unlabelled: true, ..options.clone() };
    let mut remarks = Remarks::new(&input.name, options.strict);
    let (format, confidence) = format_of(input, options, &mut remarks)?;
    let mut reading = Reading::new(&mut remarks, take);
    let result = (format.spec().read)(input, options, &mut reading);
    let (outline, scheme): (Outline, _) = (std::mem::take(&mut reading.outline), reading.scheme);
    result.map_err(|error| with_others(error, &remarks))?;
    input.remark_encoding(&mut remarks);
    remarks.skipped.sort_by_key(|skipped| skipped.line);
    let Remarks { guesses, skipped, notes, .. } = remarks;
    let corpus = Corpus { outline, records: Vec::new() };
    Ok(Read { corpus, format, confidence, scheme, guesses, skipped, notes })
}

fn load(input: &Input, options: &ReadOptions) -> Result<Loaded, DataError> {
    let mut remarks = Remarks::new(&input.name, options.strict);
    let (format, _) = format_of(input, options, &mut remarks)?;
    let mut records: Vec<Record> = Vec::new();
    let mut take = |record| {
        records.push(record);
        Ok(())
    };
    let mut reading = Reading::new(&mut remarks, &mut take);
    let result = (format.spec().read)(input, options, &mut reading);
    let (mut outline, ids_from_column, scheme) =
        (std::mem::take(&mut reading.outline), reading.ids_from_column, reading.scheme);
    result.map_err(|error| with_others(error, &remarks))?;
    if let Some(names) = &options.label_names {
        label_names::apply(&mut records, &mut outline, names, &mut remarks)?;
    }
    // Where every answer came as tags there is nothing to guess about the kind of answer.
    let tags = scheme.is_some() && outline.occurs.labels == 0;
    let task = options.task.or(tags.then_some(Task::Ner));
    let options = ReadOptions { task, ..options.clone() };
    let mut dataset = dataset::dataset(records, &outline, &options, true, &mut remarks)?;
    if let Some(expression) = &options.filter {
        query::apply(&mut dataset, expression, &mut remarks)?;
    }
    input.remark_encoding(&mut remarks);
    remarks.skipped.sort_by_key(|skipped| skipped.line);
    let Remarks { guesses, skipped, notes, .. } = remarks;
    Ok(Loaded { dataset, format, scheme, guesses, skipped, ids_from_column, notes })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The records of a file that is read in one piece, and of the same in blocks.
    fn both(text: &str, block: usize) -> (Read, Read) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, text).unwrap();
        let options = ReadOptions::default();
        let blocks = Input::open_by(&file, 0, block).unwrap();
        assert!(blocks.is_large());
        (corpus(&Input::open(&file).unwrap(), &options).unwrap(), corpus(&blocks, &options).unwrap())
    }

    fn lines(from: usize, to: usize) -> String {
        let bad = |i: usize| if i % 97 == 50 { "{\"text\": 1,\n" } else { "" };
        let line = |i: usize| {
            format!(
                "{{\"id\": {i}, \"text\": \"n\u{e4}chste \\\"{i}\\\"\", \"label\": \"{}\", \"n\": {}}}\n{}{}",
                i % 3,
                i % 7,
                if i % 11 == 0 { "\n" } else { "" },
                bad(i),
            )
        };
        (from..to).map(line).collect()
    }

    fn rows(from: usize, to: usize, by: &str) -> String {
        let row = |i: usize| match i % 5 {
            0 => format!("{i}{by}\"two\nlines, \"\"{i}\"\"{by}\"{by}a\r\n"),
            1 => format!("{i}{by}a 5\" pipe and \"{i}\"{by}b\r\n"),
            2 => format!("{i}{by}\"quoted {i}\"{by}c\n\n"),
            _ => format!("{i}{by}plain \u{e9} {i}{by}a{}\n", if i % 101 == 99 { by } else { "" }),
        };
        (from..to).map(row).collect()
    }

    #[test]
    fn blocks_give_the_records_of_the_whole() {
        let table = |by: &str| format!("id{by}text{by}label\n{}", rows(0, 2000, by));
        for text in [lines(0, 2000), table(","), table(";")] {
            for block in [600, 4096, 50_000] {
                let (whole, blocks) = both(&text, block);
                assert_eq!(whole.corpus.records.len(), 2000);
                assert!(whole.corpus.records == blocks.corpus.records, "{block}: {}", &text[..80]);
                assert_eq!(whole.corpus.outline, blocks.corpus.outline);
                assert_eq!(whole.skipped, blocks.skipped);
                assert_eq!(whole.guesses, blocks.guesses);
            }
        }
    }

    #[test]
    fn a_table_is_cut_where_its_rows_end() {
        // Longer than what one thread takes, so that it is taken apart in parts.
        let text = format!("id,text,label\n{}", rows(0, 120_000, ","));
        assert!(text.len() > 3 << 20);
        let read = read_corpus_bytes("f.csv", text.into_bytes(), &ReadOptions::default()).unwrap().corpus;
        assert_eq!(read.records.len(), 120_000);
        for (i, record) in read.records.iter().enumerate() {
            assert_eq!(record.id.as_deref(), Some(i.to_string().as_str()));
            assert_eq!(record.number, i as u64 + 1);
            assert!(record.text().contains(&i.to_string()));
        }
        let last = read.records.last().unwrap();
        let lines = 120_000 + 120_000 / 5 * 2 + 1;
        assert_eq!(last.place.number, lines as u64);
    }
}
