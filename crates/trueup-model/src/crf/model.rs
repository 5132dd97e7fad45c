//! The trained chain and its answers.

use rayon::prelude::*;
use trueup_core::{Annotation, Example, LabelSet, Predictions};

use super::features::{Encoded, Encoder, FeatureMap};
use super::lattice::Lattice;
use super::tags::{Alignment, Tags, to_spans};
use super::transitions::{LANES, Row32, Transitions};
use crate::Predictor;

/// Distinct words a thread remembers before it starts afresh: some 30 MB. It changes the time of an answer only.
const REMEMBERED: usize = 100_000;

/// A linear-chain CRF that finds spans.
#[derive(Debug, Clone)]
pub struct CrfModel {
    pub(crate) labels: LabelSet,
    pub(crate) tags: Tags,
    pub(crate) features: FeatureMap,
    /// A row of states for each feature.
    pub(crate) weights: Vec<Row32>,
    pub(crate) transitions: Transitions,
    pub(crate) alignment: Alignment,
}

impl CrfModel {
    /// How the gold spans of the training part met its tokens.
    pub fn alignment(&self) -> Alignment {
        self.alignment
    }
}

/// Byte ranges of an example's tokens: its own when the source came tokenised, else those of its text.
pub(crate) fn tokens(example: &Example) -> Vec<(u32, u32)> {
    if example.tokens.is_empty() {
        trueup_core::text::tokenise(&example.text)
    } else {
        example.tokens.iter().map(|t| (t.start, t.end)).collect()
    }
}

/// The words at `tokens` of `text`.
pub(crate) fn words<'a>(text: &'a str, tokens: &[(u32, u32)]) -> Vec<&'a str> {
    tokens.iter().map(|&(start, end)| &text[start as usize..end as usize]).collect()
}

/// The features of the sentence at hand, token after token.
#[derive(Debug, Default)]
pub(crate) struct Active {
    ids: Vec<u32>,
    ends: Vec<usize>,
}

impl Active {
    /// Takes the features of `sentence`.
    pub fn fill(&mut self, encoder: &Encoder<'_, '_>, sentence: &Encoded) {
        self.ids.clear();
        self.ends.clear();
        for at in 0..sentence.len() {
            encoder.features(sentence, at, &mut self.ids);
            self.ends.push(self.ids.len());
        }
    }

    /// The features of each token.
    pub fn tokens(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.ids[start..end])
    }

    /// Writes the scores of every token and state to `lattice`. Rows of `weights` are `stride` vectors apart.
    pub fn score(&self, weights: &[Row32], stride: usize, transitions: &Transitions, lattice: &mut Lattice) {
        lattice.resize(self.ends.len(), transitions);
        for (token, ids) in self.tokens().enumerate() {
            for (v, out) in lattice.scores_mut(token).iter_mut().enumerate() {
                let mut sum = [0.0; LANES];
                for &id in ids {
                    let row = &weights[id as usize * stride + v];
                    for l in 0..LANES {
                        sum[l] += row[l];
                    }
                }
                *out = sum;
            }
        }
    }
}

/// What a thread keeps from example to example.
struct Workspace<'m, 'a> {
    encoder: Encoder<'m, 'a>,
    active: Active,
    lattice: Lattice,
}

impl CrfModel {
    fn answer<'m, 'a>(&'m self, example: &'a Example, work: &mut Workspace<'m, 'a>) -> (Annotation, Vec<f64>) {
        if work.encoder.words() > REMEMBERED {
            work.encoder = Encoder::new(&self.features);
        }
        let tokens = tokens(example);
        let sentence = work.encoder.encode(&words(&example.text, &tokens));
        work.active.fill(&work.encoder, &sentence);
        work.active.score(&self.weights, self.transitions.vectors(), &self.transitions, &mut work.lattice);
        let segments = self.tags.decode(&work.lattice.viterbi(&self.transitions));
        let mut scores = Vec::with_capacity(segments.len());
        if !segments.is_empty() {
            work.lattice.forward(&self.transitions);
            work.lattice.backward(&self.transitions, None);
            scores.extend(segments.iter().map(|&s| work.lattice.segment(&self.transitions, &self.tags, s)));
        }
        (Annotation::Spans(to_spans(&segments, &tokens)), scores)
    }
}

impl Predictor for CrfModel {
    fn predict(&self, examples: &[&Example]) -> Predictions {
        let work = || Workspace {
            encoder: Encoder::new(&self.features),
            active: Active::default(),
            lattice: Lattice::default(),
        };
        let (answers, scores) = examples.par_iter().map_init(work, |work, example| self.answer(example, work)).unzip();
        Predictions { labels: self.labels.clone(), answers, scores: None, span_scores: Some(scores) }
    }
}
