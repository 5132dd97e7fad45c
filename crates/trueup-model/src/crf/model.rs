//! The trained chain and its answers.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use trueup_core::{Annotation, Example, LabelSet, Predictions};

use super::clusters::Clusters;
use super::gazetteer::Gazetteer;
use super::lattice::Lattice;
use super::pieces::pieces;
use super::scorer::Scorer;
use super::table::Table;
use super::tags::{Alignment, Segment, Tags, to_spans};
use super::transitions::Transitions;
use super::weights::Row8;
use crate::Predictor;

/// A linear-chain CRF that finds spans.
#[derive(Debug, Clone)]
pub struct CrfModel {
    pub(super) labels: LabelSet,
    pub(super) tags: Tags,
    pub(super) table: Table,
    /// A row of states for each feature, in units of `scale`.
    pub(super) weights: Vec<Row8>,
    /// Nats; a finite number.
    pub(super) scale: f32,
    pub(super) transitions: Transitions,
    pub(super) gazetteer: Gazetteer,
    pub(super) clusters: Clusters,
    pub(super) alignment: Alignment,
}

/// Byte ranges of an example's tokens: its own when the source came tokenised, else those of its text.
pub(super) fn tokens(example: &Example) -> Vec<(u32, u32)> {
    if example.tokens.is_empty() {
        trueup_core::text::tokenise(&example.text)
    } else {
        example.tokens.iter().map(|t| (t.start, t.end)).collect()
    }
}

/// The words at `tokens` of `text`.
pub(super) fn words<'a>(text: &'a str, tokens: &[(u32, u32)]) -> impl Iterator<Item = &'a str> {
    tokens.iter().map(|&(start, end)| &text[start as usize..end as usize])
}

/// What a thread keeps from example to example.
pub(super) struct Workspace<'m, 'a> {
    model: &'m CrfModel,
    /// [`Transitions::most_gain`] of the model.
    gain: f32,
    scorer: Scorer<'m, 'a>,
    pub lattice: Lattice,
    pub tokens: Vec<(u32, u32)>,
}

impl<'m, 'a> Workspace<'m, 'a> {
    /// One that has met no example.
    pub fn new(model: &'m CrfModel) -> Self {
        let gain = model.transitions.most_gain();
        Self { model, gain, scorer: Scorer::new(model), lattice: Lattice::default(), tokens: Vec::new() }
    }

    /// Takes the tokens of `example` and scores them as one sequence.
    pub fn score(&mut self, example: &'a Example) {
        self.tokens = tokens(example);
        self.scorer.score(words(&example.text, &self.tokens), &mut self.lattice);
    }

    /// Answers `example`, piece by piece.
    fn answer(&mut self, example: &'a Example) -> (Annotation, Vec<f64>) {
        let tokens = tokens(example);
        let (mut spans, mut scores) = (Vec::new(), Vec::new());
        for piece in pieces(&example.text, &tokens) {
            let tokens = &tokens[piece];
            self.scorer.score(words(&example.text, tokens), &mut self.lattice);
            let segments = self.best(&mut scores);
            spans.extend(to_spans(&segments, tokens));
        }
        (Annotation::Spans(spans), scores)
    }

    /// The best segments of what is scored; adds their probabilities to `scores`.
    fn best(&mut self, scores: &mut Vec<f64>) -> Vec<Segment> {
        let (transitions, tags) = (&self.model.transitions, &self.model.tags);
        if self.lattice.is_outside(transitions.states, self.gain) {
            return Vec::new();
        }
        let segments = tags.decode(&self.lattice.viterbi(transitions));
        if !segments.is_empty() {
            self.lattice.forward(transitions);
            self.lattice.backward(transitions, None);
            scores.extend(segments.iter().map(|&s| self.lattice.segment(transitions, tags, s)));
        }
        segments
    }
}

impl CrfModel {
    /// The labels that it knows, those that training never saw among them.
    pub fn labels(&self) -> &LabelSet {
        &self.labels
    }

    /// How the gold spans of the training part met its tokens.
    pub fn alignment(&self) -> Alignment {
        self.alignment
    }

    /// How many features it has.
    pub fn features(&self) -> u64 {
        self.table.len() as u64
    }

    /// The weights of the feature with this hash; `None` when the model has none.
    pub(super) fn weights(&self, hash: u64) -> Option<&[Row8]> {
        let vectors = self.transitions.vectors();
        let at = self.table.id(hash)? as usize * vectors;
        self.weights.get(at..at + vectors)
    }
}

/// A workspace that goes back to the free ones when its part of the work is done.
struct Taken<'f, 'm, 'a> {
    work: Option<Workspace<'m, 'a>>,
    free: &'f Mutex<Vec<Workspace<'m, 'a>>>,
}

impl Drop for Taken<'_, '_, '_> {
    fn drop(&mut self) {
        lock(self.free).extend(self.work.take());
    }
}

/// What was pushed last is whole even if another thread panicked since.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Predictor for CrfModel {
    fn predict(&self, examples: &[&Example]) -> Predictions {
        // Work is split more often than there are threads; what they remember of words goes from part to part.
        let free = Mutex::new(Vec::new());
        let take = || Taken { work: lock(&free).pop(), free: &free };
        let answers = examples
            .par_iter()
            .map_init(take, |taken, example| taken.work.get_or_insert_with(|| Workspace::new(self)).answer(example));
        let (answers, scores) = answers.unzip();
        Predictions { labels: self.labels.clone(), answers, scores: None, span_scores: Some(scores) }
    }
}
