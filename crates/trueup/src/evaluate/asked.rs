//! The slices that were asked for: the examples for which an SQL expression is true, and the values of a column.

use std::collections::BTreeMap;

use trueup_core::{Annotation, Dataset, Pair, Predictions, Task};
use trueup_data::DataError;
use trueup_data::query::{Cell, QueryError, Table};

use super::slices::{MOST_VALUES, Part, by_length};
use crate::error::Error;

/// A column that was asked for makes at most so many slices.
const MOST_ASKED: usize = 100;

/// Answers beside their gold.
#[derive(Clone, Copy)]
pub struct Judged<'a> {
    /// The evaluated examples.
    pub data: &'a Dataset,
    /// The answers to them.
    pub predictions: &'a Predictions,
    /// Both, through the door.
    pub pair: &'a Pair<'a>,
    /// Which answers equal the gold.
    pub correct: &'a [bool],
    /// Rows that count (those that do not leak), ascending.
    pub counted: &'a [usize],
}

/// The columns of the examples, with `prediction`, `score` (where the model gives them) and `correct`. Without answers
/// these three are there and empty.
pub(super) fn table<'a>(data: &'a Dataset, judged: Option<Judged<'a>>, scored: bool) -> Table<'a> {
    let mut table = Table::of_dataset(data);
    match judged {
        Some(judged) => table.annotations(data, "prediction", |row| &judged.predictions.answers[row]),
        None => table.text("prediction", |_| None),
    }
    if scored {
        table.real("score", move |row| judged.and_then(|judged| judged.predictions.confidence(row)));
    }
    table.integer("correct", move |row| judged.map(|judged| usize::from(judged.correct[row])));
    table
}

/// Refuses slices that this data cannot have, before any work is done. `scored` says whether answers will have scores.
///
/// # Errors
///
/// As [`super::slices`].
pub fn known_slices(data: &Dataset, scored: bool, given: &[String], by: &[String]) -> Result<(), Error> {
    if given.is_empty() && by.is_empty() {
        return Ok(());
    }
    let table = table(data, None, scored);
    for expression in given {
        table.check(expression).map_err(|cause| refused("--slice", cause))?;
    }
    for column in by {
        by_values(&table, data, None, column)?;
    }
    Ok(())
}

/// The slices by expressions, then those by columns, in the order asked for.
pub(super) fn parts_asked(judged: &Judged<'_>, given: &[String], by: &[String]) -> Result<Vec<Part>, Error> {
    let mut parts = Vec::new();
    if given.is_empty() && by.is_empty() {
        return Ok(parts);
    }
    let scored = judged.predictions.scores.is_some() || judged.predictions.span_scores.is_some();
    let table = table(judged.data, Some(*judged), scored);
    for expression in given {
        let inside = table.rows(expression).map_err(|cause| refused("--slice", cause))?;
        let rows = (0..inside.len()).filter(|&row| inside[row]).collect();
        parts.push(Part { by: "sql".into(), name: expression.trim().to_owned(), rows });
    }
    for column in by {
        parts.extend(by_values(&table, judged.data, Some(judged.predictions), column)?);
    }
    Ok(parts)
}

pub(super) fn refused(option: &str, cause: QueryError) -> Error {
    DataError::Expression { place: option.to_owned(), cause }.into()
}

/// Each value of a column, each label of an answer, or quarters of the length or of many numbers.
fn by_values(
    table: &Table<'_>,
    data: &Dataset,
    predictions: Option<&Predictions>,
    column: &str,
) -> Result<Vec<Part>, Error> {
    let values = table.values(column).map_err(|cause| refused("--slice-by", cause))?;
    let lower = column.to_ascii_lowercase();
    let mut parts = Vec::new();
    if lower == "length" && data.has_text {
        by_length(data, &mut parts);
        return Ok(parts);
    }
    let gold = if data.task == Task::Ner { "types" } else { "label" };
    let each = if lower == gold {
        by_label(data, column, data.examples.iter().map(|example| &example.gold))
    } else if lower == "prediction" {
        by_label(data, column, predictions.iter().flat_map(|predictions| &predictions.answers))
    } else if let Some(quarters) = quarters(&values, column) {
        quarters
    } else {
        let mut each: BTreeMap<Value<'_>, Vec<usize>> = BTreeMap::new();
        for (row, value) in values.iter().enumerate() {
            match value {
                Cell::Null => {}
                Cell::Integer(n) => each.entry(Value::Number(*n as f64)).or_default().push(row),
                Cell::Real(x) => each.entry(Value::Number(*x)).or_default().push(row),
                Cell::Text(text) => each.entry(Value::Text(text)).or_default().push(row),
            }
        }
        let part = |(value, rows)| {
            let value = match value {
                Value::Number(x) => x.to_string(),
                Value::Text(text) => text.to_owned(),
            };
            Part { by: column.to_owned(), name: format!("{column} = {value}"), rows }
        };
        each.into_iter().map(part).collect()
    };
    if each.len() > MOST_ASKED {
        let cause = QueryError {
            found: format!("{} different values of '{}'", each.len(), trueup_data::quote(column)),
            valid: format!("a column of numbers, or of at most {MOST_ASKED} values"),
            hint: Some("--slice takes an expression that names some of them".to_owned()),
        };
        return Err(refused("--slice-by", cause));
    }
    Ok(each)
}

/// A value in order: numbers, then texts.
enum Value<'a> {
    Number(f64),
    Text(&'a str),
}

impl Ord for Value<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), Self::Text(_)) => std::cmp::Ordering::Less,
            (Self::Text(_), Self::Number(_)) => std::cmp::Ordering::Greater,
        }
    }
}

impl PartialOrd for Value<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Value<'_> {}

/// The examples that carry each label, in the order of the labels.
fn by_label<'a>(data: &Dataset, column: &str, answers: impl Iterator<Item = &'a Annotation>) -> Vec<Part> {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); data.labels.len()];
    for (row, answer) in answers.enumerate() {
        answer.labels().into_iter().for_each(|label| rows[label as usize].push(row));
    }
    let carried = data.labels.ids().zip(rows).filter(|(_, rows)| !rows.is_empty());
    let part =
        |(label, rows)| Part { by: column.to_owned(), name: format!("{column} = {}", data.labels.name(label)), rows };
    carried.map(part).collect()
}

/// Quarters of a column of more numbers than [`MOST_VALUES`], cut where the number changes so that equal ones stay
/// together; `None` for other columns.
fn quarters(values: &[Cell<'_>], column: &str) -> Option<Vec<Part>> {
    let mut numbers: Vec<(f64, usize)> = Vec::new();
    for (row, value) in values.iter().enumerate() {
        match value {
            Cell::Null => {}
            Cell::Integer(n) => numbers.push((*n as f64, row)),
            Cell::Real(x) => numbers.push((*x, row)),
            Cell::Text(_) => return None,
        }
    }
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let different = numbers.windows(2).filter(|pair| pair[0].0 < pair[1].0).count() + 1;
    if different <= MOST_VALUES {
        return None;
    }
    let last = numbers.last()?.0;
    let mut edges: Vec<f64> = (1..4).map(|quarter| numbers[numbers.len() * quarter / 4].0).collect();
    edges.dedup();
    edges.retain(|&edge| edge < last);
    let mut from: Option<f64> = None;
    let mut parts = Vec::new();
    for to in edges.into_iter().map(Some).chain([None]) {
        let inside = |x: f64| from.is_none_or(|from| x > from) && to.is_none_or(|to| x <= to);
        let mut rows: Vec<usize> = numbers.iter().filter(|&&(x, _)| inside(x)).map(|&(_, row)| row).collect();
        rows.sort_unstable();
        let name = match (from, to) {
            (None, Some(to)) => format!("{column} up to {}", shown(to)),
            (Some(from), Some(to)) => format!("{column} over {} up to {}", shown(from), shown(to)),
            (Some(from), None) => format!("{column} over {}", shown(from)),
            (None, None) => column.to_owned(),
        };
        parts.push(Part { by: column.to_owned(), name, rows });
        from = to;
    }
    Some(parts)
}

/// A number with at most four decimals.
fn shown(x: f64) -> String {
    let whole = x.to_string();
    let short = format!("{x:.4}");
    if whole.len() <= short.len() { whole } else { short }
}
