//! The weights of examples, from a column.

use trueup_core::document::Weights;
use trueup_core::measure::Measures;
use trueup_core::{Annotation, Dataset, Pair, words};
use trueup_data::query::{Cell, Table};

use super::asked::refused;
use crate::error::Error;

/// The weight of each example.
///
/// # Errors
///
/// When there is no such column, or a weight is missing, no number, negative or infinite, or all are 0.
pub fn weights(data: &Dataset, file: &str, column: &str) -> Result<Vec<f64>, Error> {
    let table = Table::of_dataset(data);
    let cells = table.values(column).map_err(|cause| refused("--weights", cause))?;
    let wrong = |row: usize, found: String| Error::Weight {
        file: file.to_owned(),
        line: data.examples[row].line,
        found,
        column: words::printable(column),
    };
    let weight = |(row, cell): (usize, &Cell)| {
        let value = match cell {
            Cell::Null => return Err(wrong(row, "no weight".to_owned())),
            Cell::Integer(n) => *n as f64,
            Cell::Real(x) => *x,
            Cell::Text(text) if text.trim().is_empty() => return Err(wrong(row, "no weight".to_owned())),
            Cell::Text(text) => match text.trim().parse() {
                Ok(value) => value,
                Err(_) => return Err(wrong(row, format!("'{}'", trueup_data::quote(text)))),
            },
        };
        if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(wrong(row, format!("'{value}'"))) }
    };
    let weights: Vec<f64> = cells.iter().enumerate().map(weight).collect::<Result<_, _>>()?;
    if weights.iter().all(|&weight| weight <= 0.0) {
        return Err(Error::Option {
            option: "--weights",
            found: column.to_owned(),
            valid: "every weight is 0; one at least must be above".to_owned(),
        });
    }
    Ok(weights)
}

/// What the document says of the weights of a pair; `zero` examples of weight 0 were left out.
pub fn summary(column: &str, weights: &[f64], zero: u64, pair: &Pair, measures: &Measures) -> Weights {
    let (sum, squares) = weights.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
    let k = pair.labels().len();
    let mut support = vec![0.0; k];
    let mut confusion = measures.confusion.as_ref().map(|_| vec![vec![0.0; k]; k]);
    for (row, (gold, answer)) in pair.gold().iter().zip(pair.predicted()).enumerate() {
        let weight = weights[row];
        gold.labels().iter().for_each(|&label| support[label as usize] += weight);
        if let (Some(cells), Annotation::Label(gold), Annotation::Label(answer)) = (&mut confusion, gold, answer) {
            cells[*gold as usize][*answer as usize] += weight;
        }
    }
    Weights { column: column.to_owned(), sum, effective: sum * sum / squares, zero, support, confusion }
}
