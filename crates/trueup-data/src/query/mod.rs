//! Which examples an SQL expression holds for: `--where`, `--slice`.
//!
//! The expression is SQLite's, evaluated over one row an example: its columns by name, operators, `CASE`, functions of
//! text, numbers, dates and JSON, `REGEXP`. It is an expression and nothing more. No statement, subquery, aggregate,
//! file or setting can be reached, and nothing that differs from one run to the next (`random()`, `'now'`): SQLite
//! itself enforces the last, because the expression is evaluated as a generated column, where it allows none.
//!
//! ```
//! use trueup_data::query::Table;
//!
//! let texts = ["Where is my money?", "Refund!", ""];
//! let sources = ["mail", "chat", "mail"];
//! let mut table = Table::new(3);
//! table.text("text", |row| Some(texts[row].into()));
//! table.metadata("source", |row| sources[row].into());
//! assert_eq!(table.rows("length(text) > 10 AND source = 'mail'").unwrap(), [true, false, false]);
//!
//! let error = table.rows("sorce = 'mail'").unwrap_err().to_string();
//! assert_eq!(error, "no column 'sorce' (character 1); valid: text, source; hint: source is nearly that name");
//! ```
//!
//! # Columns
//!
//! A name is first a column that the table has (`text`, `label`, ...), then a column of the file's metadata.
//! `meta.NAME` is the file's in any case. Names with other characters stand in double quotes, names with dots as they
//! are: `"sent by" = 'x' AND user.name = 'y'`. Upper and lower case are one, as everywhere in SQL.
//!
//! An empty cell is NULL. A metadata column all of whose other cells are numbers, written as numbers are (no leading
//! zeros), holds numbers; any other holds text.

mod columns;
mod engine;
mod words;

use std::borrow::Cow;

use trueup_core::Dataset;

use crate::corpus::{Occurs, Outline, Record};
use crate::error::{DataError, escape};
use crate::options::Remarks;
use words::Words;

/// A value of a column for one example.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Text.
    Text(Cow<'a, str>),
}

impl<'a, T: Into<Cow<'a, str>>> From<Option<T>> for Cell<'a> {
    fn from(text: Option<T>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.into()))
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    /// Text that may be numbers throughout.
    Metadata,
}

type Cells<'a> = Box<dyn Fn(usize) -> Cell<'a> + 'a>;

struct Column<'a> {
    name: String,
    kind: Kind,
    cells: Cells<'a>,
}

/// The columns that an expression may use. A column's values are asked for only when an expression names it.
pub struct Table<'a> {
    rows: usize,
    columns: Vec<Column<'a>>,
}

/// Why an expression cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found}; valid: {valid}{}", hint.as_ref().map_or_else(String::new, |hint| format!("; hint: {hint}")))]
pub struct QueryError {
    /// What is wrong, and where.
    pub found: String,
    /// What would be right.
    pub valid: String,
    /// What to try.
    pub hint: Option<String>,
}

impl<'a> Table<'a> {
    /// A table of so many rows, without columns.
    pub fn new(rows: usize) -> Self {
        Self { rows, columns: Vec::new() }
    }

    /// The table of the examples: id, text, length, label and labels, or spans and types, group, time, metadata.
    pub fn of_dataset(data: &'a Dataset) -> Self {
        columns::of_dataset(data)
    }

    /// The table of records: as [`Self::of_dataset`], and split and annotators.
    pub fn of_records(records: &'a [Record], outline: &'a Outline) -> Self {
        columns::of_records(records, outline)
    }

    /// Adds a column of text; names are in lower case.
    pub fn text(&mut self, name: &str, cells: impl Fn(usize) -> Option<Cow<'a, str>> + 'a) {
        self.push(name, Kind::Text, move |row| cells(row).into());
    }

    /// Adds a column of counts.
    pub fn integer(&mut self, name: &str, cells: impl Fn(usize) -> Option<usize> + 'a) {
        let cell = |n| Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX));
        self.push(name, Kind::Number, move |row| cells(row).map_or(Cell::Null, cell));
    }

    /// Adds a column of numbers.
    pub fn real(&mut self, name: &str, cells: impl Fn(usize) -> Option<f64> + 'a) {
        self.push(name, Kind::Number, move |row| cells(row).map_or(Cell::Null, Cell::Real));
    }

    /// Adds a column of the file's metadata.
    pub fn metadata(&mut self, name: &str, cells: impl Fn(usize) -> Cow<'a, str> + 'a) {
        self.push(name, Kind::Metadata, move |row| Some(cells(row)).filter(|text| !text.is_empty()).into());
    }

    fn push(&mut self, name: &str, kind: Kind, cells: impl Fn(usize) -> Cell<'a> + 'a) {
        self.columns.push(Column { name: name.to_owned(), kind, cells: Box::new(cells) });
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The names of the columns as an expression writes them.
    pub fn names(&self) -> Vec<String> {
        let shadowed = |column: &Column| {
            column.kind == Kind::Metadata
                && self.columns.iter().any(|c| c.kind != Kind::Metadata && c.name.eq_ignore_ascii_case(&column.name))
        };
        let written = |column: &Column| {
            let name = if shadowed(column) { format!("meta.{}", column.name) } else { column.name.clone() };
            if words::is_plain(&name) { name } else { words::quoted(&name) }
        };
        self.columns.iter().map(written).collect()
    }

    /// The values of the column that `name` means in an expression (without quotes): numbers where all are.
    pub fn values(&self, name: &str) -> Result<Vec<Cell<'a>>, QueryError> {
        let found = self.find(name).ok_or_else(|| self.no_column(name, None))?;
        let numbers = self.holds_numbers(found);
        let column = &self.columns[found];
        Ok((0..self.rows).map(|row| as_number((column.cells)(row), numbers)).collect())
    }

    /// For each row, whether the expression is true; NULL is not.
    pub fn rows(&self, expression: &str) -> Result<Vec<bool>, QueryError> {
        engine::run(self, &Words::read(expression, self)?, self.rows)
    }

    /// Whether the expression can be evaluated, without evaluating it.
    pub fn check(&self, expression: &str) -> Result<(), QueryError> {
        engine::run(self, &Words::read(expression, self)?, 0).map(|_| ())
    }

    /// The column that a name means: the table's own, then metadata, then `meta.NAME`, then metadata in other case.
    fn find(&self, name: &str) -> Option<usize> {
        let own = |c: &Column| c.kind != Kind::Metadata && c.name.eq_ignore_ascii_case(name);
        let exact = |name: &str| self.columns.iter().position(|c| c.kind == Kind::Metadata && c.name == name);
        let near = |name: &str| {
            self.columns.iter().position(|c| c.kind == Kind::Metadata && c.name.eq_ignore_ascii_case(name))
        };
        let meta = name.get(..5).filter(|start| start.eq_ignore_ascii_case("meta.")).map(|_| &name[5..]);
        self.columns
            .iter()
            .position(own)
            .or_else(|| exact(name))
            .or_else(|| meta.and_then(|name| exact(name).or_else(|| near(name))))
            .or_else(|| near(name))
    }

    /// Whether the column holds numbers and nothing else.
    fn holds_numbers(&self, column: usize) -> bool {
        let column = &self.columns[column];
        let number = |row| match (column.cells)(row) {
            Cell::Text(text) => number(&text).is_some(),
            _ => true,
        };
        column.kind == Kind::Number || column.kind == Kind::Metadata && (0..self.rows).all(number)
    }

    fn no_column(&self, name: &str, place: Option<usize>) -> QueryError {
        let names = self.names();
        let lower = name.to_lowercase();
        let near = names
            .iter()
            .map(|known| (crate::source::distance(&known.to_lowercase(), &lower), known))
            .min()
            .filter(|&(away, _)| away <= 2 && away < lower.chars().count());
        QueryError {
            found: format!("no column '{}'{}", crate::error::quote(name), at(place)),
            valid: crate::error::list(&names),
            hint: near.map(|(_, known)| format!("{} is nearly that name", escape(known))),
        }
    }

    /// What an expression looks like, with columns that there are.
    fn valid(&self) -> String {
        let has = |name| self.columns.iter().any(|c| c.kind != Kind::Metadata && c.name == name);
        let mut example = Vec::new();
        if has("length") {
            example.push("length > 200".to_owned());
        }
        let named = self.columns.iter().zip(self.names()).find(|(c, name)| match c.kind {
            Kind::Metadata => words::is_plain(name),
            _ => c.name == "label",
        });
        match named {
            Some((column, _)) if column.name == "label" => example.push("label <> 'other'".to_owned()),
            Some((_, name)) => example.push(format!("{name} IS NOT NULL")),
            None => {}
        }
        let example =
            if example.is_empty() { String::new() } else { format!(", such as {}", escape(&example.join(" AND "))) };
        format!("an SQL expression over {}{example}", crate::error::list(&self.names()))
    }
}

/// ` (character 17)`.
fn at(place: Option<usize>) -> String {
    place.map_or_else(String::new, |place| format!(" (character {place})"))
}

/// A text as the number it is written as: whole numbers that fit 64 bits, and decimals, without leading zeros.
fn number(text: &str) -> Option<Cell<'static>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    if whole == 0 || whole > 1 && digits.starts_with('0') {
        return None;
    }
    let rest = &digits[whole..];
    if rest.is_empty() {
        return text.parse().ok().map(Cell::Integer);
    }
    let decimals = rest.strip_prefix('.').unwrap_or(rest);
    let fraction = decimals.bytes().take_while(u8::is_ascii_digit).count();
    if rest.starts_with('.') == (fraction == 0) {
        return None;
    }
    let exponent = &decimals[fraction..];
    if let Some(power) = exponent.strip_prefix(['e', 'E']) {
        let power = power.strip_prefix(['+', '-']).unwrap_or(power);
        if power.is_empty() || !power.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
    } else if !exponent.is_empty() {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite()).map(Cell::Real)
}

fn as_number(cell: Cell<'_>, numbers: bool) -> Cell<'_> {
    match cell {
        Cell::Text(text) if numbers => number(&text).unwrap_or(Cell::Text(text)),
        cell => cell,
    }
}

/// For each record, whether the expression of `--where` is true.
///
/// # Errors
///
/// When it cannot be evaluated, or is true for none of the records.
pub fn filter_records(records: &[Record], outline: &Outline, expression: &str) -> Result<Vec<bool>, DataError> {
    kept(&Table::of_records(records, outline), None, expression, "record")
}

/// Leaves the records for which the expression is true, and counts anew what occurs; says how many they are.
pub(crate) fn apply_to_records(
    records: &mut Vec<Record>,
    outline: &mut Outline,
    expression: &str,
    remarks: &mut Remarks,
) -> Result<(), DataError> {
    let keep = kept(&Table::of_records(records, outline), Some(&remarks.path), expression, "record")?;
    remarks.guess(keeps(&keep, "record"), None);
    let mut left = keep.iter();
    records.retain(|_| left.next().copied().unwrap_or(false));
    outline.occurs = Occurs::default();
    records.iter().for_each(|record| outline.see(record));
    Ok(())
}

/// For each example, whether the expression of `--where` is true. `path` names the file in messages.
///
/// # Errors
///
/// As [`filter_records`].
pub fn filter_examples(data: &Dataset, path: &str, expression: &str) -> Result<Vec<bool>, DataError> {
    kept(&Table::of_dataset(data), Some(path), expression, "example")
}

fn kept(table: &Table<'_>, path: Option<&str>, expression: &str, noun: &str) -> Result<Vec<bool>, DataError> {
    let place = path.map_or_else(|| "--where".to_owned(), |path| format!("{path}: --where"));
    let keep = table.rows(expression).map_err(|cause| DataError::Expression { place: place.clone(), cause })?;
    if !table.is_empty() && !keep.contains(&true) {
        let cause = QueryError {
            found: format!("true for none of {}", crate::options::count(table.len(), noun)),
            valid: "an expression that is true for at least one".to_owned(),
            hint: None,
        };
        return Err(DataError::Expression { place, cause });
    }
    Ok(keep)
}

/// What `--where` did, in words: `--where keeps 1,203 of 5,574 examples`.
pub fn keeps(keep: &[bool], noun: &str) -> String {
    let n = keep.iter().filter(|&&keep| keep).count();
    format!("--where keeps {} of {}", trueup_core::words::count(n as u64), crate::options::count(keep.len(), noun))
}

/// Leaves the examples for which the expression is true, and the labels that these carry; says how many they are.
pub(crate) fn apply(data: &mut Dataset, expression: &str, remarks: &mut Remarks) -> Result<Vec<bool>, DataError> {
    let keep = filter_examples(data, &remarks.path, expression)?;
    retain(data, &keep);
    if data.labels.names().is_empty() {
        let noun = if data.task == trueup_core::Task::Ner { "span" } else { "label" };
        let found = format!("no {noun} in the {} that --where keeps", crate::options::count(data.len(), "example"));
        let valid = "at least one".to_owned();
        return Err(DataError::Content { path: remarks.path.clone(), found, valid, hint: None });
    }
    remarks.guess(keeps(&keep, "example"), None);
    Ok(keep)
}

/// Leaves the examples whose place in `keep` is true, and the labels that these carry.
pub fn retain(data: &mut Dataset, keep: &[bool]) {
    let mut keep = keep.iter();
    data.examples.retain(|_| keep.next().copied().unwrap_or(false));
    let support = data.support();
    if support.contains(&0) {
        let used = data.labels.ids().filter(|&label| support[label as usize] > 0);
        let labels = trueup_core::LabelSet::new(used.map(|label| data.labels.name(label).to_owned()));
        // Labels without support occur in no annotation, so that they need no image.
        let map = data.labels.mapping_to(&labels);
        data.examples.iter_mut().for_each(|example| example.gold = example.gold.relabel(&map));
        data.labels = labels;
    }
}

#[cfg(test)]
mod tests;
