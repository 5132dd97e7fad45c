//! What a model answered.

use crate::{Annotation, LabelId, LabelSet};

/// A score for each example (row) and label (column), row by row.
///
/// For single-label tasks a row is a distribution over the labels (it sums to 1 within 1e-6); for multi-label tasks
/// each cell is a probability of its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scores {
    labels: usize,
    cells: Vec<f64>,
}

impl Scores {
    /// An empty table of `labels` columns.
    pub fn new(labels: usize) -> Self {
        Self { labels, cells: Vec::new() }
    }

    /// A table from its cells, row by row; panics when they do not fill whole rows.
    pub fn from_cells(labels: usize, cells: Vec<f64>) -> Self {
        assert!(labels > 0 && cells.len().is_multiple_of(labels), "cells must fill whole rows");
        Self { labels, cells }
    }

    /// Adds a row; panics when its length is not the number of labels.
    pub fn push(&mut self, row: &[f64]) {
        assert_eq!(row.len(), self.labels, "one score a label");
        self.cells.extend_from_slice(row);
    }

    /// Replaces the scores of example `row`; panics when there is not one a label.
    pub fn set(&mut self, row: usize, scores: &[f64]) {
        self.cells[row * self.labels..(row + 1) * self.labels].copy_from_slice(scores);
    }

    /// The number of columns.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.labels).unwrap_or(0)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The scores of example `row`, one a label.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.cells[row * self.labels..(row + 1) * self.labels]
    }

    /// The score of example `row` for `label`.
    pub fn get(&self, row: usize, label: LabelId) -> f64 {
        self.cells[row * self.labels + label as usize]
    }
}

/// A model's answers for the examples of one data set, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// The labels that the answers and the columns of `scores` refer to.
    pub labels: LabelSet,
    /// One answer an example.
    pub answers: Vec<Annotation>,
    /// Scores of every label, when the model gives them (label tasks only).
    pub scores: Option<Scores>,
    /// Score of each predicted span in [0, 1], in the order of the answer's spans, when the model gives them.
    pub span_scores: Option<Vec<Vec<f64>>>,
}

impl Predictions {
    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether there is no answer.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The model's own confidence in its answer for `row`: the score of the predicted label, the least certain of the
    /// spans, or `None` without scores.
    pub fn confidence(&self, row: usize) -> Option<f64> {
        match &self.answers[row] {
            Annotation::Label(label) => self.scores.as_ref().map(|s| s.get(row, *label)),
            Annotation::Labels(_) => {
                // The cell nearest to the 0.5 threshold is the least certain decision.
                self.scores.as_ref().and_then(|s| s.row(row).iter().map(|p| p.max(1.0 - p)).min_by(f64::total_cmp))
            }
            Annotation::Spans(_) => {
                self.span_scores.as_ref().and_then(|s| s[row].iter().copied().min_by(f64::total_cmp))
            }
        }
    }

    /// Rewrites answers and score columns to the ids of `labels`, which must hold every label of this set. A label
    /// that the model does not know gets score 0.
    pub fn relabel(&mut self, labels: &LabelSet) {
        if self.labels == *labels {
            return;
        }
        let map = self.labels.mapping_to(labels);
        for answer in &mut self.answers {
            *answer = answer.relabel(&map);
        }
        if let Some(scores) = &self.scores {
            let mut wider = Scores::new(labels.len());
            let mut row = vec![0.0; labels.len()];
            for r in 0..scores.len() {
                row.fill(0.0);
                for (old, new) in map.iter().enumerate() {
                    row[new.expect("the target set holds every label") as usize] = scores.row(r)[old];
                }
                wider.push(&row);
            }
            self.scores = Some(wider);
        }
        self.labels = labels.clone();
    }

    /// The answers of `rows`, in that order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            labels: self.labels.clone(),
            answers: rows.iter().map(|&r| self.answers[r].clone()).collect(),
            scores: self.scores.as_ref().map(|scores| {
                let mut picked = Scores::new(scores.labels());
                rows.iter().for_each(|&r| picked.push(scores.row(r)));
                picked
            }),
            span_scores: self.span_scores.as_ref().map(|s| rows.iter().map(|&r| s[r].clone()).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relabel_moves_columns_and_answers_together() {
        let mut predictions = Predictions {
            labels: LabelSet::new(["b", "d"]),
            answers: vec![Annotation::Label(1), Annotation::Label(0)],
            scores: Some(Scores::from_cells(2, vec![0.25, 0.75, 0.9, 0.1])),
            span_scores: None,
        };
        let wide = LabelSet::new(["a", "b", "c", "d"]);
        predictions.relabel(&wide);
        assert_eq!(predictions.answers, [Annotation::Label(3), Annotation::Label(1)]);
        assert_eq!(predictions.scores.as_ref().map(|s| s.row(0).to_vec()), Some(vec![0.0, 0.25, 0.0, 0.75]));
        assert_eq!(predictions.confidence(1), Some(0.9));
    }
}
