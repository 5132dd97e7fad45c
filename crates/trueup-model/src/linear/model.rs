//! The trained classifier: answers, probabilities, and what they rest on.

use rayon::prelude::*;
use trueup_core::{Annotation, Example, LabelId, LabelSet, Predictions, Scores};

use super::calibration::Calibrator;
use super::classes::Classes;
use super::features::{Gram, Scratch, Seen, name};
use super::names::Names;
use super::rows::Rows;
use super::vocabulary::{Matrix, Vocabulary};
use super::weights::Link;
use crate::Predictor;

/// A text classifier trained by [`super::fit`].
#[derive(Debug, Clone)]
pub struct LinearModel {
    pub(super) labels: LabelSet,
    pub(super) classes: Classes,
    /// Names of the columns that it reads beside the text.
    pub(super) columns: Vec<String>,
    pub(super) vocabulary: Vocabulary,
    pub(super) names: Names,
    pub(super) weights: Rows,
    pub(super) calibrator: Calibrator,
}

/// Texts that are vectorised and answered together.
const BLOCK: usize = 256;

impl LinearModel {
    /// The labels that it knows, those that training never saw among them.
    pub fn labels(&self) -> &LabelSet {
        &self.labels
    }

    /// The columns that it reads beside the text: the first values of [`Example::metadata`], in this order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How its logits become probabilities.
    pub fn calibrator(&self) -> &Calibrator {
        &self.calibrator
    }

    /// The features of `example` that count most for (positive) or against (negative) `label`, with their part of the
    /// label's logit, largest absolute part first; at most `n`.
    ///
    /// For single-label data a part is relative to the mean of all labels. Words stand as they are in the normalised
    /// text, joined by single spaces; a run of characters stands in brackets, with the space at a word's edge shown: `[ card]`.
    /// The value of a column is `lang=en`. What was hashed to the same feature is joined by ` | `.
    pub fn explain(&self, example: &Example, label: LabelId, n: usize) -> Vec<(String, f64)> {
        let Some(class) = self.class(label) else {
            return Vec::new();
        };
        let seen = Seen::of(example, &self.columns);
        let matrix = self.vocabulary.vectorise(&[seen]);
        let (ids, values) = matrix.row(0);
        let weighed: Vec<(u32, f64)> =
            ids.iter().zip(values).map(|(&id, &x)| (id, f64::from(x) * self.weight(id, class))).collect();
        let chosen = strongest(weighed, n, f64::abs);
        let mut names: Vec<Vec<String>> = vec![Vec::new(); chosen.len()];
        self.vocabulary.analyser().visit(seen, &mut Scratch::default(), |hash, kind, chars| {
            let place = self.vocabulary.id(hash).and_then(|id| chosen.iter().position(|c| c.0 == id));
            if let Some(names) = place.map(|at| &mut names[at]) {
                let shown = as_shown(kind, &name(kind, chars));
                if !names.contains(&shown) {
                    names.push(shown);
                }
            }
        });
        let names = names.into_iter().map(|names| names.join(" | "));
        names.zip(chosen).map(|(name, (_, part))| (name, part)).collect()
    }

    /// The n-grams with the largest weights for `label`, largest first; at most `n`. Named as in [`LinearModel::explain`];
    /// none where n-grams are hashed ([`super::LinearParams::hashing`]), since such a model does not know what they were.
    pub fn top_features(&self, label: LabelId, n: usize) -> Vec<(String, f64)> {
        let Some(class) = self.class(label).filter(|_| self.vocabulary.analyser().hashing.is_none()) else {
            return Vec::new();
        };
        let weighed = (0..self.vocabulary.len() as u32).map(|id| (id, self.weight(id, class))).collect();
        let shown = |id: u32| as_shown(Gram::of(self.vocabulary.hash(id)), self.names.get(id));
        strongest(weighed, n, |w| w).into_iter().map(|(id, weight)| (shown(id), weight)).collect()
    }

    fn class(&self, label: LabelId) -> Option<usize> {
        self.classes.labels.iter().position(|&l| l == label)
    }

    /// The weight of a feature for a class, centred over the classes where only differences between them count.
    fn weight(&self, id: u32, class: usize) -> f64 {
        let row = self.weights.row(id);
        match self.weights.link {
            // The second class has half of the difference, the first the other half.
            Link::Binary => f64::from(row[0]) * (class as f64 - 0.5),
            Link::Softmax => {
                let mean = row.iter().map(|&w| f64::from(w)).sum::<f64>() / row.len() as f64;
                f64::from(row[class]) - mean
            }
            Link::Independent => f64::from(row[class]),
        }
    }
}

/// A feature as people see it.
fn as_shown(kind: Gram, name: &str) -> String {
    match kind {
        Gram::Words | Gram::Column => name.to_owned(),
        Gram::Chars => format!("[{name}]"),
    }
}

/// The `n` features of largest key, ties by id.
fn strongest(mut weighed: Vec<(u32, f64)>, n: usize, key: impl Fn(f64) -> f64) -> Vec<(u32, f64)> {
    weighed.sort_unstable_by(|a, b| key(b.1).total_cmp(&key(a.1)).then(a.0.cmp(&b.0)));
    weighed.truncate(n);
    weighed
}

/// Answers and probabilities (one row of all labels a text) of the texts whose rows `matrix` holds.
pub(super) fn answer(
    classes: &Classes,
    weights: &Rows,
    calibrator: &Calibrator,
    matrix: &Matrix,
) -> (Vec<Annotation>, Vec<f64>) {
    let width = classes.all_labels();
    let mut scorer = weights.scorer();
    let mut logits = vec![0.0; weights.columns()];
    let mut probabilities = vec![0.0; classes.labels.len()];
    let mut cells = vec![0.0; matrix.len() * width];
    let mut decided = Vec::new();
    let mut answers = Vec::with_capacity(matrix.len());
    for (i, cells) in cells.chunks_exact_mut(width).enumerate() {
        let (ids, values) = matrix.row(i);
        scorer.logits(ids, values, &mut logits);
        calibrator.probabilities(classes, &logits, &mut probabilities);
        for (&label, &p) in classes.labels.iter().zip(&probabilities) {
            cells[label as usize] = p;
        }
        decided.clear();
        calibrator.decide(weights.link, &logits, &probabilities, &mut decided);
        answers.push(classes.annotation(&decided));
    }
    (answers, cells)
}

impl Predictor for LinearModel {
    fn predict(&self, examples: &[&Example]) -> Predictions {
        let width = self.labels.len();
        let blocks: Vec<_> = examples
            .par_chunks(BLOCK)
            .map(|block| {
                let seen: Vec<Seen> = block.iter().map(|example| Seen::of(example, &self.columns)).collect();
                let matrix = self.vocabulary.vectorise(&seen);
                answer(&self.classes, &self.weights, &self.calibrator, &matrix)
            })
            .collect();
        let mut answers = Vec::with_capacity(examples.len());
        let mut cells = Vec::with_capacity(examples.len() * width);
        for (some, row) in blocks {
            answers.extend(some);
            cells.extend(row);
        }
        Predictions {
            labels: self.labels.clone(),
            answers,
            scores: Some(Scores::from_cells(width, cells)),
            span_scores: None,
        }
    }
}
