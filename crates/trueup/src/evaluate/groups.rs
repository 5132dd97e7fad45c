//! Groups: the examples that have the same values in columns, or for which conditions are equally true.

use std::collections::BTreeMap;

use trueup_core::{Dataset, Predictions};
use trueup_data::query::{Cell, QueryError, Table};
use trueup_data::scan::GroupBy;

use super::asked::{Judged, refused, table};
use crate::error::Error;

/// So many groups are made at most.
const MOST_GROUPS: usize = 10_000;

/// Examples that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The value of each thing grouped by, in the order asked for.
    pub values: Vec<Option<String>>,
    /// Rows, ascending.
    pub rows: Vec<usize>,
}

/// The groups by `by`, each a column, `date(COLUMN)`, or an SQL condition (true, false or nothing), sorted by their values.
///
/// # Errors
///
/// When there is no such column, the condition cannot be evaluated, or there are more than 10,000 groups.
pub fn groups(judged: &Judged<'_>, by: &[String]) -> Result<Vec<Group>, Error> {
    let table = table(judged.data, Some(*judged), has_scores(judged.predictions));
    let columns: Vec<Vec<Option<String>>> =
        by.iter().map(|asked| values(&table, judged.data, asked)).collect::<Result<_, _>>()?;
    let mut found: BTreeMap<Vec<Option<String>>, Vec<usize>> = BTreeMap::new();
    for row in 0..judged.data.len() {
        let key = columns.iter().map(|column| column[row].clone()).collect();
        found.entry(key).or_default().push(row);
    }
    if found.len() > MOST_GROUPS {
        let cause = QueryError {
            found: format!("{} groups", found.len()),
            valid: format!("columns or conditions that make at most {MOST_GROUPS}"),
            hint: Some("--where takes a part of the examples first".to_owned()),
        };
        return Err(refused("--by", cause));
    }
    Ok(found.into_iter().map(|(values, rows)| Group { values, rows }).collect())
}

fn has_scores(predictions: &Predictions) -> bool {
    predictions.scores.is_some() || predictions.span_scores.is_some()
}

fn values(table: &Table<'_>, data: &Dataset, asked: &str) -> Result<Vec<Option<String>>, Error> {
    let text = |cell: Cell<'_>| match cell {
        Cell::Null => None,
        Cell::Integer(n) => Some(n.to_string()),
        Cell::Real(x) => Some(x.to_string()),
        Cell::Text(text) => Some(text.into_owned()),
    };
    match GroupBy::parse(asked) {
        Some(GroupBy::Column(name)) => {
            let cells = table.values(&name).map_err(|cause| refused("--by", cause))?;
            Ok(cells.into_iter().map(text).collect())
        }
        Some(GroupBy::Day(name)) => {
            let cells = table.values(&name).map_err(|cause| refused("--by", cause))?;
            cells.into_iter().map(|cell| day(text(cell)).map_err(|cause| refused("--by", cause))).collect()
        }
        None => {
            let inside = table.rows(asked).map_err(|cause| refused("--by", cause))?;
            let outside = table.rows(&format!("NOT ({asked}\n)")).map_err(|cause| refused("--by", cause))?;
            let value = |row: usize| match (inside[row], outside[row]) {
                (true, _) => Some("true".to_owned()),
                (_, true) => Some("false".to_owned()),
                _ => None,
            };
            Ok((0..data.len()).map(value).collect())
        }
    }
}

/// The day that a time begins with: `2026-01-31T10:00`.
fn day(time: Option<String>) -> Result<Option<String>, QueryError> {
    let Some(time) = time.filter(|time| !time.is_empty()) else {
        return Ok(None);
    };
    let day = time.get(..10).filter(|day| {
        day.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
    });
    day.map(|day| Some(day.to_owned())).ok_or_else(|| QueryError {
        found: format!("'{}', which does not begin with a day", trueup_data::quote(&time)),
        valid: "times such as 2026-01-31 or 2026-01-31T10:00:00Z".to_owned(),
        hint: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_the_first_ten_characters_of_times() {
        assert_eq!(day(Some("2026-01-31T10:00:00Z".into())), Ok(Some("2026-01-31".to_owned())));
        assert_eq!(day(Some(String::new())), Ok(None));
        assert!(day(Some("31.01.2026".into())).is_err());
    }
}
