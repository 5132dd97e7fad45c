//! Columns of Parquet files as codes, without a record a row: what an evaluation of millions of rows counts.
//!
//! Only what is plain goes this way: one gold label and one predicted label a row, each of a few thousand texts or whole
//! numbers. The answer is `None` for everything else (another format, lists, missing predictions, damage), and the caller
//! reads the file the usual way, which reads more and has the messages.
//!
//! The row groups of all files are counted side by side. Counts are whole numbers, so the order in which they are added
//! does not matter; labels and groups are sorted by name at the end.

mod codes;
mod count;
mod probabilities;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use rayon::prelude::*;

use count::Counter;
pub use probabilities::{Probabilities, probabilities};

pub use crate::formats::conll::codes::TagColumns;

use crate::columns::{self, LABEL_NAMES};
use crate::corpus::Key;
use crate::formats::{self, Format, columnar, conll};
use crate::input::Input;
use crate::predictions::PREDICTED_NAMES;

/// Rows a batch: large, since a batch is a few codes a row.
const BATCH: usize = 65_536;

/// Which columns are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanOptions {
    /// The gold label; by its usual names when not given.
    pub gold: Option<String>,
    /// The predicted label; by its usual names when not given.
    pub prediction: Option<String>,
    /// What rows are grouped by.
    pub by: Vec<GroupBy>,
}

/// What rows are grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupBy {
    /// The values of a column.
    Column(String),
    /// The days (UTC) of a column of times: `date(COLUMN)`.
    Day(String),
}

impl GroupBy {
    /// Reads a column's name or `date(COLUMN)`; `None` for other expressions.
    pub fn parse(text: &str) -> Option<Self> {
        let name = |text: &str| {
            let text = text.trim();
            let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
            let plain = !inner.is_empty() && inner.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ' '));
            plain.then(|| inner.to_owned())
        };
        let text = text.trim();
        match text.get(..5).filter(|head| head.eq_ignore_ascii_case("date(")) {
            Some(_) => name(text[5..].strip_suffix(')')?).map(Self::Day),
            None => name(text).map(Self::Column),
        }
    }

    fn column(&self) -> &str {
        match self {
            Self::Column(name) | Self::Day(name) => name,
        }
    }
}

/// How often each gold label was answered by each label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The labels of gold and prediction, sorted.
    pub labels: Vec<String>,
    /// The groups, sorted by their values; one without values when nothing is grouped by.
    pub groups: Vec<Group>,
    /// Rows counted.
    pub rows: u64,
    /// Rows without gold, which are left out.
    pub unlabelled: u64,
    /// The columns that were taken: gold and prediction.
    pub columns: [String; 2],
}

/// The rows of which the columns grouped by have the same values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The values, in the order of the columns; `None` where there is none.
    pub values: Vec<Option<String>>,
    /// Rows by gold (row) and prediction (column): as many rows and columns as labels.
    pub cells: Vec<u64>,
}

/// Counts the rows of a Parquet file, or of all Parquet files of a folder or pattern; `None` when they are not that plain.
pub fn scan(path: &Path, options: &ScanOptions) -> Option<Scanned> {
    let files = files(path)?;
    let first = open(files.first()?, &[])?;
    let names: Vec<String> = first.schema().fields().iter().map(|field| field.name().clone()).collect();
    // With probabilities there is more to measure than counts tell.
    if names.iter().any(|name| name.starts_with(probabilities::PREFIX)) {
        return None;
    }
    let gold = column(options.gold.as_deref(), LABEL_NAMES, &names, None)?;
    let predicted = column(options.prediction.as_deref(), PREDICTED_NAMES, &names, Some(&gold))?;
    let mut wanted = vec![gold, predicted];
    wanted.extend(options.by.iter().map(|by| by.column().to_owned()));
    let tasks: Vec<(usize, usize)> = files
        .iter()
        .enumerate()
        .map(|(i, file)| Some((i, open(file, &[])?.metadata().num_row_groups())))
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .flat_map(|(file, groups)| (0..groups).map(move |group| (file, group)))
        .collect();
    let counted = tasks
        .into_par_iter()
        .try_fold(
            || Counter::new(&options.by),
            |mut counter, (file, group)| {
                let (reader, classes) = rows(&files[file], &wanted, group)?;
                guarded(|| counter.add(reader, &wanted, &classes))??;
                Some(counter)
            },
        )
        .try_reduce(|| Counter::new(&options.by), Counter::merge)?;
    wanted.truncate(2);
    let columns = <[String; 2]>::try_from(wanted).ok()?;
    let scanned = counted.finish(columns);
    // Of two labels one score a row tells both probabilities.
    let scored = scanned.labels.len() == 2 && names.iter().any(|name| name.eq_ignore_ascii_case("score"));
    (!scored).then_some(scanned)
}

/// The tags of a CoNLL file, and its text for the words of some sentences.
#[derive(Debug)]
pub struct Tags {
    /// The tags of gold and prediction.
    pub columns: TagColumns,
    input: Input,
}

impl Tags {
    /// The words of some sentences, by their numbers from 0, ascending.
    pub fn words(&self, sentences: &[usize]) -> Vec<Vec<String>> {
        self.input.text().map_or_else(|_| Vec::new(), |text| conll::codes::words(text, sentences))
    }
}

/// The tags of a CoNLL file whose last two columns are gold and prediction; `None` for any other, and where the usual way
/// has more to say.
pub fn tags(path: &Path) -> Option<Tags> {
    let input = Input::open(path).ok()?;
    let is_conll = formats::detect(&input).ok()?.first()?.format == Format::CONLL;
    let columns = conll::codes::tag_columns(input.text().ok().filter(|_| is_conll)?)?;
    Some(Tags { columns, input })
}

/// The column that was asked for, else the likeliest by name that is not `taken`.
fn column(asked: Option<&str>, usual: &[&str], names: &[String], taken: Option<&String>) -> Option<String> {
    if let Some(asked) = asked {
        return columns::resolve(asked, "label", names, "").ok().map(|i| names[i].clone());
    }
    let free = names.iter().enumerate().filter(|(_, name)| Some(*name) != taken).map(|(i, name)| (i, name.as_str()));
    columns::by_name(free, usual, false).map(|i| names[i].clone())
}

/// The Parquet files that a path names, in order.
fn files(path: &Path) -> Option<Vec<PathBuf>> {
    let of_folder = || -> Option<Vec<PathBuf>> {
        let entries = std::fs::read_dir(path).ok()?;
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|file| file.file_name().is_some_and(|name| !name.to_string_lossy().starts_with(['.', '_'])));
        files.sort_unstable();
        // Anything else in it is for those who know more.
        files.iter().all(|file| file.extension().is_some_and(|end| end == "parquet")).then_some(files)
    };
    let files = if path.is_dir() {
        of_folder()?
    } else {
        crate::many::expand(path).ok()?.unwrap_or_else(|| vec![path.to_path_buf()])
    };
    let is_parquet = |file: &PathBuf| {
        let mut magic = [0; 4];
        File::open(file).is_ok_and(|mut f| std::io::Read::read_exact(&mut f, &mut magic).is_ok() && magic == *b"PAR1")
    };
    (!files.is_empty() && files.iter().all(is_parquet)).then_some(files)
}

/// The metadata of a file, the texts of `coded` columns as codes of a dictionary.
fn open(file: &Path, coded: &[String]) -> Option<ArrowReaderMetadata> {
    let options = || ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let plain = guarded(|| ArrowReaderMetadata::load(&File::open(file).ok()?, options()).ok())??;
    if coded.is_empty() {
        return Some(plain);
    }
    let code = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fields = plain.schema().fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 if coded.contains(field.name()) => Arc::new(Field::clone(field).with_data_type(code.clone())),
        _ => field.clone(),
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    guarded(|| ArrowReaderMetadata::try_new(plain.metadata().clone(), options().with_schema(schema)).ok())?
}

/// The names that the numbers of gold and prediction stand for, where the file has them.
type Classes = [Option<Arc<[Key]>>; 2];

/// The rows of one group of a file, the wanted columns alone: gold, prediction, and others.
fn rows(file: &Path, wanted: &[String], group: usize) -> Option<(ParquetRecordBatchReader, Classes)> {
    let metadata = open(file, wanted)?;
    let known = |name: &String| metadata.schema().column_with_name(name).is_some();
    if !wanted.iter().all(known) {
        return None;
    }
    let mask =
        ProjectionMask::columns(metadata.metadata().file_metadata().schema_descr(), wanted.iter().map(String::as_str));
    let said = metadata.metadata().file_metadata().key_value_metadata().into_iter().flatten();
    let features = said.filter(|pair| pair.key == columnar::FEATURES).find_map(|pair| pair.value.as_deref());
    let classes = [0, 1].map(|i| columnar::class_names(features?, wanted.get(i)?));
    let reader = guarded(|| {
        ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(file).ok()?, metadata)
            .with_row_groups(vec![group])
            .with_projection(mask)
            .with_batch_size(BATCH)
            .build()
            .ok()
    })??;
    Some((reader, classes))
}

/// Calls into a library that may panic on damaged input.
fn guarded<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_columns_or_days() {
        assert_eq!(GroupBy::parse(" lang "), Some(GroupBy::Column("lang".into())));
        assert_eq!(GroupBy::parse("date(ts)"), Some(GroupBy::Day("ts".into())));
        assert_eq!(GroupBy::parse("DATE(\"made at\")"), Some(GroupBy::Day("made at".into())));
        for other in ["length > 3", "lower(lang)", "date(ts", "", "date()"] {
            assert_eq!(GroupBy::parse(other), None, "{other}");
        }
    }
}
