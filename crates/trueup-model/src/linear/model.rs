//! The trained classifier: answers, probabilities, and what they rest on.

use rayon::prelude::*;
use trueup_core::{Example, LabelId, LabelSet, Predictions, Scores};

use super::classes::Classes;
use super::features::{Gram, Scratch};
use super::vocabulary::Vocabulary;
use super::weights::{Link, Weights};
use crate::Predictor;

/// A text classifier trained by [`super::fit`].
#[derive(Debug, Clone)]
pub struct LinearModel {
    pub(super) labels: LabelSet,
    pub(super) classes: Classes,
    pub(super) vocabulary: Vocabulary,
    pub(super) weights: Weights,
    pub(super) temperature: f64,
}

/// Texts that are vectorised and answered together.
const BLOCK: usize = 256;

impl LinearModel {
    /// What logits are divided by before they become probabilities; above 1 the model was too sure of itself.
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// The n-grams of `text` that count most for (positive) or against (negative) `label`, with their part of the
    /// label's logit, largest absolute part first; at most `n`.
    ///
    /// For single-label data a part is relative to the mean of all labels. Words stand as they are in the normalised
    /// text; a run of characters stands in brackets, with the space at a word's edge shown: `[ card]`.
    pub fn explain(&self, text: &str, label: LabelId, n: usize) -> Vec<(String, f64)> {
        let Some(class) = self.class(label) else {
            return Vec::new();
        };
        let matrix = self.vocabulary.vectorise(&[text]);
        let (ids, values) = matrix.row(0);
        let weighed: Vec<(u32, f64)> =
            ids.iter().zip(values).map(|(&id, &x)| (id, f64::from(x) * self.weight(id, class))).collect();
        self.named(strongest(weighed, n, f64::abs), &[text])
    }

    /// The n-grams with the largest weights for `label`, largest first; at most `n`.
    ///
    /// A model keeps hashes of n-grams; `examples` are where their names are looked up, and those that occur in none
    /// of them are left out. Give the training examples to get all.
    pub fn top_features(&self, label: LabelId, n: usize, examples: &[&Example]) -> Vec<(String, f64)> {
        let Some(class) = self.class(label) else {
            return Vec::new();
        };
        let weighed = (0..self.vocabulary.len() as u32).map(|id| (id, self.weight(id, class))).collect();
        let texts: Vec<&str> = examples.iter().map(|e| e.text.as_str()).collect();
        self.named(strongest(weighed, n, |w| w), &texts)
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

    /// Puts names to features, found in `texts`; keeps their order.
    fn named(&self, features: Vec<(u32, f64)>, texts: &[&str]) -> Vec<(String, f64)> {
        let mut wanted: Vec<(u64, Option<String>)> =
            features.iter().map(|&(id, _)| (self.vocabulary.hash(id), None)).collect();
        let mut scratch = Scratch::default();
        let mut open = wanted.len();
        for text in texts {
            if open == 0 {
                break;
            }
            self.vocabulary.analyser().visit(text, &mut scratch, |hash, kind, chars| {
                for (_, name) in wanted.iter_mut().filter(|(h, name)| *h == hash && name.is_none()) {
                    let gram: String = chars.iter().collect();
                    *name = Some(if kind == Gram::Chars { format!("[{gram}]") } else { gram });
                    open -= 1;
                }
            });
        }
        wanted.into_iter().zip(features).filter_map(|((_, name), (_, weight))| Some((name?, weight))).collect()
    }
}

/// The `n` features of largest key, ties by id.
fn strongest(mut weighed: Vec<(u32, f64)>, n: usize, key: impl Fn(f64) -> f64) -> Vec<(u32, f64)> {
    weighed.sort_unstable_by(|a, b| key(b.1).total_cmp(&key(a.1)).then(a.0.cmp(&b.0)));
    weighed.truncate(n);
    weighed
}

impl Predictor for LinearModel {
    fn predict(&self, examples: &[&Example]) -> Predictions {
        let width = self.labels.len();
        let blocks: Vec<_> = examples
            .par_chunks(BLOCK)
            .map(|block| {
                let texts: Vec<&str> = block.iter().map(|e| e.text.as_str()).collect();
                let matrix = self.vocabulary.vectorise(&texts);
                let mut logits = vec![0.0; self.weights.stride];
                let mut probabilities = vec![0.0; self.classes.labels.len()];
                let mut cells = vec![0.0; block.len() * width];
                let mut decided = Vec::new();
                let mut answers = Vec::with_capacity(block.len());
                for (i, cells) in cells.chunks_exact_mut(width).enumerate() {
                    let (ids, values) = matrix.row(i);
                    self.weights.logits(ids, values, &mut logits);
                    let logits = &logits[..self.weights.columns];
                    self.weights.link.probabilities(logits, self.temperature, &mut probabilities);
                    for (&label, &p) in self.classes.labels.iter().zip(&probabilities) {
                        cells[label as usize] = p;
                    }
                    decided.clear();
                    self.weights.link.decide(logits, &mut decided);
                    answers.push(self.classes.annotation(&decided));
                }
                (answers, cells)
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
