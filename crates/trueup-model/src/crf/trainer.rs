//! Training: one sentence at a time, AdaGrad per weight, a curve point a pass.

use rayon::prelude::*;
use trueup_core::counts::Tallies;
use trueup_core::document::CurvePoint;
use trueup_core::{Annotation, Example, LabelSet, Rng};

use super::CrfParams;
use super::features::{Encoded, Encoder, FeatureMap};
use super::lattice::Lattice;
use super::model::{Active, CrfModel, tokens, words};
use super::tags::{Alignment, Segment, Tags, place, to_spans};
use super::transitions::{LANES, Row32, TransitionCounts, Transitions};
use crate::{Fitted, ModelError, Progress};

/// Where the sums of squared gradients start: the first step of a weight is then the learning rate itself for any
/// gradient worth the name, and none divides by 0.
const FIRST_SQUARE: f32 = 1e-8;

/// A token whose gold state has at least 1 minus this probability is left as it is: what it would still change is
/// nothing beside the cost of changing it.
const SETTLED: f32 = 1e-3;

/// A sentence with its gold.
struct Sentence<'a> {
    example: &'a Example,
    tokens: Vec<(u32, u32)>,
    encoded: Encoded,
    gold: Vec<usize>,
}

/// What a pass over sentences adds up.
struct Tallied {
    /// Negative log likelihood of the gold tags, nats.
    loss: f64,
    tokens: u64,
    right: u64,
    spans: Tallies,
}

impl Tallied {
    fn new(labels: usize) -> Self {
        Self { loss: 0.0, tokens: 0, right: 0, spans: Tallies::new(labels) }
    }

    /// Counts one sentence answered with `states`.
    fn add(&mut self, tags: &Tags, sentence: &Sentence<'_>, loss: f64, states: &[usize]) {
        self.loss += loss;
        self.tokens += states.len() as u64;
        self.right += states.iter().zip(&sentence.gold).filter(|(a, b)| a == b).count() as u64;
        let answer = Annotation::Spans(to_spans(&tags.decode(states), &sentence.tokens));
        self.spans.add(&sentence.example.gold, &answer);
    }

    fn mean_loss(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.loss / self.tokens as f64)
    }

    fn accuracy(&self) -> Option<f64> {
        trueup_core::counts::ratio(self.right, self.tokens)
    }
}

/// The weights while they learn.
struct Learner<'p> {
    params: &'p CrfParams,
    tags: Tags,
    transitions: Transitions,
    /// For each feature its weights, then the sums of their squared gradients: side by side, for they are touched
    /// together.
    rows: Vec<Row32>,
    transition_squares: [Vec<f32>; 3],
    lattice: Lattice,
    active: Active,
}

impl<'p> Learner<'p> {
    fn new(params: &'p CrfParams, tags: Tags, features: usize) -> Self {
        let transitions = Transitions::new(&tags);
        let vectors = transitions.vectors();
        let mut rows = vec![[0.0; LANES]; features * 2 * vectors];
        for row in rows.chunks_exact_mut(2 * vectors) {
            row[vectors..].fill([FIRST_SQUARE; LANES]);
        }
        let counts = TransitionCounts::new(&transitions);
        Self {
            params,
            tags,
            transitions,
            rows,
            transition_squares: counts.tables.map(|t| vec![FIRST_SQUARE; t.len()]),
            lattice: Lattice::default(),
            active: Active::default(),
        }
    }

    /// Learns from one sentence. Answers its loss and its best states as they were before.
    fn step(&mut self, encoder: &Encoder<'_, '_>, sentence: &Sentence<'_>) -> (f64, Vec<usize>) {
        if sentence.gold.is_empty() {
            return (0.0, Vec::new());
        }
        let vectors = self.transitions.vectors();
        self.active.fill(encoder, &sentence.encoded);
        self.active.score(&self.rows, 2 * vectors, &self.transitions, &mut self.lattice);
        let (loss, states) = judge(&mut self.lattice, &self.transitions, &sentence.gold);

        let mut counts = TransitionCounts::new(&self.transitions);
        self.lattice.backward(&self.transitions, Some(&mut counts));
        let (rate, l2) = (self.params.learning_rate, self.params.l2);
        let mut gradient = vec![[0.0; LANES]; vectors];
        for (token, ids) in self.active.tokens().enumerate() {
            let gold = sentence.gold[token];
            self.lattice.gradient(token, gold, &mut gradient);
            if gradient.as_flattened()[gold] > -SETTLED {
                continue;
            }
            for &id in ids {
                let row = &mut self.rows[id as usize * 2 * vectors..(id as usize + 1) * 2 * vectors];
                let (weights, squares) = row.split_at_mut(vectors);
                for ((w, square), g) in weights.iter_mut().zip(squares).zip(&gradient) {
                    for l in 0..LANES {
                        let g = g[l] + l2 * w[l];
                        square[l] += g * g;
                        w[l] -= rate * g / square[l].sqrt();
                    }
                }
            }
        }

        let padded = vectors * LANES;
        sentence.gold.windows(2).for_each(|p| counts.tables[0][p[0] * padded + p[1]] -= 1.0);
        counts.tables[1][sentence.gold[0]] -= 1.0;
        counts.tables[2][sentence.gold[sentence.gold.len() - 1]] -= 1.0;
        let squares = &mut self.transition_squares;
        self.transitions.change(|table, i, weight| {
            let g = counts.tables[table][i] as f32 + l2 * weight;
            squares[table][i] += g * g;
            weight - rate * g / squares[table][i].sqrt()
        });
        (loss, states)
    }

    /// Answers sentences without learning.
    fn evaluate(&self, encoder: &Encoder<'_, '_>, sentences: &[Sentence<'_>], labels: usize) -> Tallied {
        let vectors = self.transitions.vectors();
        let answers: Vec<(f64, Vec<usize>)> = sentences
            .par_iter()
            .map_init(
                || (Active::default(), Lattice::default()),
                |(active, lattice), sentence| {
                    active.fill(encoder, &sentence.encoded);
                    active.score(&self.rows, 2 * vectors, &self.transitions, lattice);
                    judge(lattice, &self.transitions, &sentence.gold)
                },
            )
            .collect();
        let mut tallied = Tallied::new(labels);
        for (sentence, (loss, states)) in sentences.iter().zip(&answers) {
            tallied.add(&self.tags, sentence, *loss, states);
        }
        tallied
    }

    /// What training leaves behind: the weights without the sums beside them, and the steps.
    fn snapshot(&self) -> (Vec<Row32>, Transitions) {
        let vectors = self.transitions.vectors();
        let weights = self.rows.chunks_exact(2 * vectors).flat_map(|row| &row[..vectors]).copied().collect();
        (weights, self.transitions.clone())
    }
}

/// Negative log likelihood of `gold` (nats) and the best states, of scores that are in place.
fn judge(lattice: &mut Lattice, transitions: &Transitions, gold: &[usize]) -> (f64, Vec<usize>) {
    let loss = lattice.forward(transitions) - lattice.path_score(transitions, gold);
    // Rounding can take the loss of a certain path below 0. A loss that is no number stays one.
    let loss = if loss < 0.0 { 0.0 } else { loss };
    // A path of more than half of the probability is the best one; most of training is this case.
    let states = if loss < std::f64::consts::LN_2 { gold.to_vec() } else { lattice.viterbi(transitions) };
    (loss, states)
}

/// Tokens of an example and its gold as segments of them.
struct Aligned {
    tokens: Vec<(u32, u32)>,
    segments: Vec<Segment>,
    alignment: Alignment,
}

fn align(examples: &[&Example]) -> Vec<Aligned> {
    let one = |example: &&Example| {
        let tokens = tokens(example);
        let (segments, alignment) = place(example.gold.spans(), &tokens);
        Aligned { tokens, segments, alignment }
    };
    examples.par_iter().map(one).collect()
}

fn prepare<'a>(
    examples: &[&'a Example],
    aligned: Vec<Aligned>,
    encoder: &mut Encoder<'_, 'a>,
    tags: &Tags,
) -> Vec<Sentence<'a>> {
    let one = |(&example, aligned): (&&'a Example, Aligned)| Sentence {
        example,
        encoded: encoder.encode(&words(&example.text, &aligned.tokens)),
        gold: tags.encode(aligned.tokens.len(), &aligned.segments),
        tokens: aligned.tokens,
    };
    examples.iter().zip(aligned).map(one).collect()
}

/// Trains; see [`super::fit`].
pub(super) fn train<'a>(
    labels: &LabelSet,
    train: &[&'a Example],
    valid: Option<&[&'a Example]>,
    params: &CrfParams,
    progress: &dyn Progress,
) -> Result<Fitted<CrfModel>, ModelError> {
    let aligned = align(train);
    let mut alignment = Alignment::default();
    for part in &aligned {
        alignment.merge(part.alignment);
    }
    let mut seen: Vec<_> = aligned.iter().flat_map(|a| &a.segments).map(|s| s.label).collect();
    seen.sort_unstable();
    seen.dedup();
    let texts: Vec<Vec<&str>> = train.iter().zip(&aligned).map(|(e, a)| words(&e.text, &a.tokens)).collect();
    let features = FeatureMap::build(&texts, params.min_count);
    if alignment.spans > 0 && features.len() == 0 {
        return Err(ModelError::NoFeatures { examples: train.len() });
    }
    if seen.is_empty() {
        return Err(ModelError::NoSpans { examples: train.len() });
    }

    let tags = Tags::new(seen);
    let mut encoder = Encoder::new(&features);
    let sentences = prepare(train, aligned, &mut encoder, &tags);
    let held_out = valid.map(|valid| prepare(valid, align(valid), &mut encoder, &tags));

    let mut learner = Learner::new(params, tags, features.len());
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    let mut curve: Vec<CurvePoint> = Vec::new();
    // Validation loss, pass and weights of the best pass.
    let mut best: Option<(f64, u32, (Vec<Row32>, Transitions))> = None;
    for epoch in 1..=params.epochs {
        let mut tallied = Tallied::new(labels.len());
        Rng::stream(params.seed, u64::from(epoch)).shuffle(&mut order);
        for &i in &order {
            let (loss, states) = learner.step(&encoder, &sentences[i]);
            tallied.add(&learner.tags, &sentences[i], loss, &states);
        }
        let held_out = held_out.as_ref().map(|sentences| learner.evaluate(&encoder, sentences, labels.len()));
        let train_loss = tallied.mean_loss().unwrap_or(0.0);
        let valid_loss = held_out.as_ref().and_then(Tallied::mean_loss);
        curve.push(CurvePoint {
            step: epoch,
            train_loss,
            valid_loss,
            train_score: tallied.spans.f1_micro().unwrap_or(0.0),
            valid_score: held_out.as_ref().and_then(|t| t.spans.f1_micro()),
            train_accuracy: tallied.accuracy().unwrap_or(0.0),
            valid_accuracy: held_out.as_ref().and_then(Tallied::accuracy),
        });
        progress.epoch(epoch, params.epochs, train_loss);
        if let Some(loss) = valid_loss {
            if best.as_ref().is_none_or(|(lowest, ..)| loss < *lowest) {
                best = Some((loss, epoch, learner.snapshot()));
            } else if best.as_ref().is_some_and(|(_, at, ..)| epoch - at >= params.patience) {
                break;
            }
        }
    }

    let (epochs, (weights, transitions)) =
        best.map_or_else(|| (params.epochs, learner.snapshot()), |(_, epoch, snapshot)| (epoch, snapshot));
    let tags = learner.tags;
    let count = features.len() as u64;
    let model = CrfModel { labels: labels.clone(), tags, features, weights, transitions, alignment };
    Ok(Fitted { model, epochs, features: count, curve })
}
