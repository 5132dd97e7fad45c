//! Reading an input: the one entry for every format.

use std::path::Path;

use trueup_core::document::{Guess, Skipped};
use trueup_core::scheme::Scheme;
use trueup_core::{Dataset, Task};

use crate::columns::resolve;
use crate::corpus::{Corpus, Key, Outline, Record, dataset};
use crate::error::DataError;
use crate::formats::{self, Format};
use crate::head::Confidence;
use crate::input::Input;
use crate::label_names;
use crate::labels::at_level;
use crate::many::Many;
use crate::mapping;
use crate::options::{ReadOptions, Remarks};
use crate::query;
use crate::reading::Reading;

/// A data set and how it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The examples.
    pub dataset: Dataset,
    /// The split that the file assigns each example to; empty when it assigns none.
    pub splits: Vec<Option<Key>>,
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

impl Read {
    /// The metadata column that `asked` names: its name in any case, or its number from 1. `role` says what for, and
    /// `path` names the file in messages.
    pub fn column(&self, asked: &str, role: &'static str, path: &str) -> Result<Key, DataError> {
        let columns = &self.corpus.outline.columns;
        let names: Vec<String> = columns.iter().map(ToString::to_string).collect();
        Ok(columns[resolve(asked, role, &names, path)?].clone())
    }
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

/// As [`read_corpus`], but hands the records to `take` one after another, in order, so that of a file of lines or rows never
/// more than a block is in memory; what is returned holds all but the records.
///
/// Options that look at all records at once (a filter, names or levels of labels) take the memory of all.
///
/// # Errors
///
/// As [`read_corpus`], and what `take` returns; records may have been handed on before.
pub fn read_each(
    path: &Path,
    options: &ReadOptions,
    take: &mut dyn FnMut(Record) -> Result<(), DataError>,
) -> Result<Read, DataError> {
    let input = Input::open(path)?;
    let mut remarks = Remarks::new(&input.name, options.strict);
    let options = mapping::beside(&input, options, &mut remarks)?;
    let mut read = if options.needs_all() {
        let mut read = corpus(&input, &options)?;
        std::mem::take(&mut read.corpus.records).into_iter().try_for_each(take)?;
        read
    } else {
        each(&input, &options, take)?
    };
    read.guesses.splice(0..0, remarks.guesses);
    Ok(read)
}

/// The data set that records are, as [`read_dataset`] makes it of those of a file: records without a reference answer, or
/// with one of another kind than the task's, are left out. `name` is used in messages, `outline` is that of the records.
///
/// # Errors
///
/// When no record can be used, or an option names what there is not.
pub fn dataset_of(
    name: &str,
    records: Vec<Record>,
    outline: &Outline,
    options: &ReadOptions,
) -> Result<Dataset, DataError> {
    let mut remarks = Remarks::new(name, options.strict);
    dataset::dataset(records, outline, options, true, &mut remarks)
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
        input.gather(&mut records, record);
        Ok(())
    };
    let mut remarks = Remarks::new(&input.name, options.strict);
    let options = &mapping::beside(input, options, &mut remarks)?;
    let mut read = each(input, options, &mut take)?;
    if let Some(names) = &options.label_names {
        label_names::apply(&mut records, &mut read.corpus.outline, names, &mut remarks)?;
    }
    cut_levels(&mut records, options.label_level);
    if let Some(expression) = &options.filter {
        query::apply_to_records(&mut records, &mut read.corpus.outline, expression, &mut remarks)?;
    }
    read.guesses.extend(remarks.guesses);
    read.notes.extend(remarks.notes);
    read.corpus.records = records;
    Ok(read)
}

/// Keeps so many levels of labels such as `COARSE:fine`; labels that become one count once in an answer.
fn cut_levels(records: &mut [Record], level: Option<usize>) {
    if level.is_none() {
        return;
    }
    for labels in records.iter_mut().flat_map(Record::answers_mut).filter_map(|answer| answer.labels.as_mut()) {
        let mut seen = std::collections::BTreeSet::new();
        for choice in labels.iter_mut() {
            choice.label.truncate(at_level(&choice.label, level).len());
        }
        labels.retain(|choice| seen.insert(choice.label.clone()));
    }
}

/// Reads the records of an input one by one; the answer holds all but the records.
pub(crate) fn each(
    input: &Input,
    options: &ReadOptions,
    take: &mut dyn FnMut(Record) -> Result<(), DataError>,
) -> Result<Read, DataError> {
    let mut remarks = Remarks::new(&input.name, options.strict);
    let options = &ReadOptions { unlabelled: true, ..mapping::beside(input, options, &mut remarks)? };
    let Got { format, confidence, outline, scheme, .. } = files(input, options, &mut remarks, take)?;
    let Remarks { guesses, skipped, notes, .. } = remarks;
    let corpus = Corpus { outline, records: Vec::new() };
    Ok(Read { corpus, format, confidence, scheme, guesses, skipped, notes })
}

/// What is true of an input as a whole.
pub(crate) struct Got {
    /// The format it was read as.
    pub format: Format,
    /// How sure that was.
    pub confidence: Confidence,
    /// What occurs and what was declared.
    pub outline: Outline,
    /// The scheme under which tags became spans.
    pub scheme: Option<Scheme>,
    /// Whether ids come from a column.
    pub ids_from_column: bool,
}

/// Reads a file, a folder, or several files as one.
fn files(
    input: &Input,
    options: &ReadOptions,
    remarks: &mut Remarks,
    take: &mut dyn FnMut(Record) -> Result<(), DataError>,
) -> Result<Got, DataError> {
    if !input.paths().is_empty() {
        return Many::of_paths(input.paths()).read(options, remarks, take);
    }
    if input.folder().is_some() {
        // Formats of folders come first.
        let unclaimed = if options.from.is_some() { None } else { formats::detect(input).err() };
        let many = if options.from.is_some() || unclaimed.is_some() { Many::of_folder(input, options)? } else { None };
        match (many.filter(|many| many.is_known(options)), unclaimed) {
            (Some(many), _) => return many.read(options, remarks, take),
            (None, Some(error)) => return Err(error),
            (None, None) => {}
        }
    }
    one(input, options, remarks, take)
}

/// Reads one file, or a folder that is a format.
pub(crate) fn one(
    input: &Input,
    options: &ReadOptions,
    remarks: &mut Remarks,
    take: &mut dyn FnMut(Record) -> Result<(), DataError>,
) -> Result<Got, DataError> {
    let (format, confidence) = format_of(input, options, remarks)?;
    if options.mapping.is_some() && format != Format::JSONL {
        remarks
            .notes
            .push(format!("[data.spans] and [data.answers] are for JSON records and were not used for {format}"));
    }
    let mut reading = Reading::new(remarks, take);
    let result = (format.spec().read)(input, options, &mut reading);
    let (outline, scheme, ids_from_column) =
        (std::mem::take(&mut reading.outline), reading.scheme, reading.ids_from_column);
    result.map_err(|error| with_others(error, remarks))?;
    input.remark_encoding(remarks);
    remarks.skipped.sort_by_key(|skipped| skipped.line);
    Ok(Got { format, confidence, outline, scheme, ids_from_column })
}

/// Reads a data set from an input.
pub(crate) fn load(input: &Input, options: &ReadOptions) -> Result<Loaded, DataError> {
    let mut remarks = Remarks::new(&input.name, options.strict);
    let options = &mapping::beside(input, options, &mut remarks)?;
    let mut records: Vec<Record> = Vec::new();
    let mut take = |record| {
        input.gather(&mut records, record);
        Ok(())
    };
    let Got { format, mut outline, ids_from_column, scheme, .. } = files(input, options, &mut remarks, &mut take)?;
    if let Some(names) = &options.label_names {
        label_names::apply(&mut records, &mut outline, names, &mut remarks)?;
    }
    // Where every answer came as tags there is nothing to guess about the kind of answer.
    let tags = scheme.is_some() && outline.occurs.labels == 0;
    let task = options.task.or(tags.then_some(Task::Ner));
    let options = ReadOptions { task, ..options.clone() };
    let (mut dataset, mut splits) = dataset::with_splits(records, &outline, &options, true, &mut remarks)?;
    if let Some(expression) = &options.filter {
        let keep = query::apply(&mut dataset, expression, &mut remarks)?;
        let mut keep = keep.into_iter();
        splits.retain(|_| keep.next().unwrap_or(false));
    }
    if input.paths().is_empty() {
        remarks.skipped.sort_by_key(|skipped| skipped.line);
    }
    let Remarks { guesses, skipped, notes, .. } = remarks;
    Ok(Loaded { dataset, splits, format, scheme, guesses, skipped, ids_from_column, notes })
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
                if i.is_multiple_of(11) { "\n" } else { "" },
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
