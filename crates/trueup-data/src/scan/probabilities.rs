//! Gold and a probability of every label, from the columns of a Parquet file.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use rayon::prelude::*;
use trueup_core::{LabelSet, Scores};

use super::codes::{NONE, Names};
use super::{LABEL_NAMES, PREDICTED_NAMES, ScanOptions, column, files, guarded, open, rows};

/// What begins the name of a column of probabilities.
pub(super) const PREFIX: &str = "score:";

/// Gold, predictions and probabilities of the rows of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Probabilities {
    /// The labels of gold, prediction and probabilities.
    pub labels: LabelSet,
    /// Gold, as ids of `labels`.
    pub gold: Vec<u32>,
    /// The predicted labels, where a column holds them; else the likeliest.
    pub predicted: Vec<u32>,
    /// The probabilities.
    pub scores: Scores,
    /// The columns that were taken: gold, and prediction where there is one.
    pub columns: Vec<String>,
}

/// The codes of some rows and their probabilities, row by row.
struct Part {
    gold: Vec<u32>,
    predicted: Vec<u32>,
    cells: Vec<f64>,
    names: Names,
}

/// Reads a Parquet file with columns `score:LABEL`; `None` when it has none, or is not that plain (see
/// [`super::scan`]).
pub fn probabilities(path: &Path, options: &ScanOptions) -> Option<Probabilities> {
    let files = files(path)?;
    let [file] = files.as_slice() else {
        return None;
    };
    let metadata = open(file, &[])?;
    let names: Vec<String> = metadata.schema().fields().iter().map(|field| field.name().clone()).collect();
    let scored: Vec<String> = names.iter().filter(|name| name.starts_with(PREFIX)).cloned().collect();
    if scored.is_empty() {
        return None;
    }
    let gold = column(options.gold.as_deref(), LABEL_NAMES, &names, None)?;
    let predicted = column(options.prediction.as_deref(), PREDICTED_NAMES, &names, Some(&gold));
    if options.prediction.is_some() && predicted.is_none() {
        return None;
    }
    let mut wanted = vec![gold];
    wanted.extend(predicted);
    let answers = wanted.clone();
    wanted.extend(scored.iter().cloned());
    let groups = metadata.metadata().num_row_groups();
    let parts: Vec<Part> = (0..groups)
        .into_par_iter()
        .map(|group| {
            let (reader, classes) = rows(file, &wanted, group)?;
            // The second column wanted is one of probabilities where nothing is predicted.
            guarded(|| {
                let (mut gold, mut predicted, mut cells) = (Vec::new(), Vec::new(), Vec::new());
                let mut names = Names::default();
                let mut codes = Vec::new();
                for batch in reader {
                    let batch = batch.ok()?;
                    names.labels(batch.column_by_name(&answers[0])?, classes[0].as_deref(), &mut codes)?;
                    gold.extend_from_slice(&codes);
                    if let Some(name) = answers.get(1) {
                        names.labels(batch.column_by_name(name)?, classes[1].as_deref(), &mut codes)?;
                        predicted.extend_from_slice(&codes);
                    }
                    add(&batch, &scored, &mut cells)?;
                }
                (!gold.contains(&NONE) && !predicted.contains(&NONE)).then_some(Part { gold, predicted, cells, names })
            })?
        })
        .collect::<Option<_>>()?;
    let of_scores = scored.iter().map(|name| name[PREFIX.len()..].to_owned());
    let labels = LabelSet::new(of_scores.clone().chain(parts.iter().flat_map(|part| part.names.all.iter().cloned())));
    // A label without a column of its own, or two columns of one label, are for those who know more.
    let places: Vec<usize> = of_scores.map(|name| labels.id(&name).map(|id| id as usize)).collect::<Option<_>>()?;
    if labels.len() != scored.len() {
        return None;
    }
    let rows: usize = parts.iter().map(|part| part.gold.len()).sum();
    let (mut gold, mut predicted) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let mut cells = Vec::with_capacity(rows * labels.len());
    let sorted = places.is_sorted();
    let mut row = vec![0.0; labels.len()];
    for part in parts {
        let map: Vec<u32> = part.names.all.iter().map(|name| labels.id(name)).collect::<Option<_>>()?;
        gold.extend(part.gold.iter().map(|&code| map[code as usize]));
        predicted.extend(part.predicted.iter().map(|&code| map[code as usize]));
        if sorted {
            cells.extend(part.cells);
            continue;
        }
        for scores in part.cells.chunks_exact(places.len()) {
            places.iter().zip(scores).for_each(|(&place, &score)| row[place] = score);
            cells.extend_from_slice(&row);
        }
    }
    let scores = Scores::from_cells(labels.len(), cells);
    if answers.len() == 1 {
        let likeliest = |row: usize| {
            let scores = scores.row(row);
            (0..scores.len()).fold(0, |best, label| if scores[label] > scores[best] { label } else { best }) as u32
        };
        predicted = (0..rows).map(likeliest).collect();
    }
    Some(Probabilities { labels, gold, predicted, scores, columns: answers })
}

/// So many rows at once that their cells stay in the cache while column after column is written.
const ROWS: usize = 512;

/// Adds the probabilities of a batch, row by row.
fn add(batch: &RecordBatch, scored: &[String], cells: &mut Vec<f64>) -> Option<()> {
    let (start, width) = (cells.len(), scored.len());
    cells.resize(start + batch.num_rows() * width, 0.0);
    let columns: Vec<_> = scored.iter().map(|name| batch.column_by_name(name)).collect::<Option<_>>()?;
    if columns.iter().any(|column| column.null_count() > 0) {
        return None;
    }
    for (block, cells) in cells[start..].chunks_mut(ROWS * width).enumerate() {
        let from = block * ROWS;
        for (place, column) in columns.iter().enumerate() {
            let rows = cells.len() / width;
            match column.data_type() {
                DataType::Float64 => {
                    let values = &column.as_primitive::<Float64Type>().values()[from..from + rows];
                    values.iter().enumerate().for_each(|(row, &value)| cells[row * width + place] = value);
                }
                DataType::Float32 => {
                    let values = &column.as_primitive::<Float32Type>().values()[from..from + rows];
                    values.iter().enumerate().for_each(|(row, &value)| cells[row * width + place] = f64::from(value));
                }
                _ => return None,
            }
        }
    }
    Some(())
}
