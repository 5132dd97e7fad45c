//! Training: pass by pass, a curve point each, until a validation part says stop.

use rayon::prelude::*;
use trueup_core::counts::Tallies;
use trueup_core::document::CurvePoint;
use trueup_core::{Annotation, LabelSet, Rng};

use super::corpus::{Chosen, Corpus};
use super::gazetteer::Gazetteer;
use super::lattice::Lattice;
use super::lbfgs::Lbfgs;
use super::learner::{Learner, Work};
use super::model::CrfModel;
use super::table::{FEATURE_BITS, Table};
use super::tags::{Alignment, Tags, to_spans};
use super::transitions::Transitions;
use super::weights::{Row8, Small};
use super::{CrfParams, Optimiser};
use crate::{Fitted, ModelError, Progress};

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
    fn add(&mut self, job: &Job<'_, '_>, sentence: usize, loss: f64, states: &[usize]) {
        self.loss += loss;
        self.tokens += states.len() as u64;
        let gold = &job.gold[sentence];
        self.right += states.iter().zip(gold).filter(|(a, b)| a == b).count() as u64;
        let spans = to_spans(&job.tags.decode(states), &job.corpus.placed[sentence].tokens);
        self.spans.add(job.corpus.gold(sentence), &Annotation::Spans(spans));
    }

    fn mean_loss(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.loss / self.tokens as f64)
    }

    fn accuracy(&self) -> Option<f64> {
        trueup_core::counts::ratio(self.right, self.tokens)
    }
}

/// What is learnt from.
struct Job<'c, 'a> {
    corpus: &'c Corpus<'a>,
    tags: Tags,
    /// Gold states by sentence of the corpus; empty for sentences of neither part.
    gold: Vec<Vec<usize>>,
    labels: usize,
}

/// A model at the end of a pass.
struct Snapshot {
    small: Small,
    transitions: Transitions,
    hashes: Vec<u64>,
}

impl Snapshot {
    /// Answers sentences.
    fn evaluate(&self, job: &Job<'_, '_>, chosen: &Chosen, sentences: &[usize]) -> Tallied {
        let one = |lattice: &mut Lattice, &sentence: &usize| {
            self.small.score(job.corpus, chosen, sentence, &self.transitions, lattice);
            judge(lattice, &self.transitions, &job.gold[sentence])
        };
        let answers: Vec<(f64, Vec<usize>)> = sentences.par_iter().map_init(Lattice::default, one).collect();
        let mut tallied = Tallied::new(job.labels);
        for (&sentence, (loss, states)) in sentences.iter().zip(&answers) {
            tallied.add(job, sentence, *loss, states);
        }
        tallied
    }

    /// The features that have a weight, in the order in which they are kept, and their weights.
    fn kept(&self) -> (Table, Vec<Row8>) {
        let rows: Vec<&[Row8]> = self.small.weights.chunks_exact(self.transitions.vectors()).collect();
        let some = (0u32..).zip(&rows).filter(|(_, row)| row.as_flattened().iter().any(|w| *w != 0));
        let features = some.map(|(id, _)| (self.hashes[id as usize], id)).collect();
        let (table, order) = Table::new(features, FEATURE_BITS);
        (table, order.iter().flat_map(|&id| rows[id as usize]).copied().collect())
    }
}

/// Negative log likelihood of `gold` (nats) and the best states, of scores that are in place.
pub(super) fn judge(lattice: &mut Lattice, transitions: &Transitions, gold: &[usize]) -> (f64, Vec<usize>) {
    let loss = lattice.forward(transitions) - lattice.path_score(transitions, gold);
    // Rounding can take the loss of a certain path below 0. A loss that is no number stays one.
    let loss = if loss < 0.0 { 0.0 } else { loss };
    // A path of more than half of the probability is the best one; most of training is this case.
    let states = if loss < std::f64::consts::LN_2 { gold.to_vec() } else { lattice.viterbi(transitions) };
    (loss, states)
}

/// One way to learn, pass by pass.
trait Passes {
    /// Runs pass `epoch` (from 1). Answers what it counted, and whether there is anything left to learn.
    fn pass(&mut self, epoch: u32) -> (Tallied, bool);
    /// The model as it is.
    fn snapshot(&self) -> Snapshot;
    /// Its features.
    fn chosen(&self) -> &Chosen;
}

/// A step a sentence.
struct Sentences<'j, 'c, 'a> {
    job: &'j Job<'c, 'a>,
    params: &'j CrfParams,
    chosen: Chosen,
    learner: Learner<'j>,
    work: Work,
    order: Vec<usize>,
}

impl Passes for Sentences<'_, '_, '_> {
    fn pass(&mut self, epoch: u32) -> (Tallied, bool) {
        if epoch == self.params.prune_after.saturating_add(1) && self.params.keep < 1.0 {
            self.learner.narrow(&mut self.chosen);
        }
        let mut tallied = Tallied::new(self.job.labels);
        Rng::stream(self.params.seed, u64::from(epoch)).shuffle(&mut self.order);
        for &sentence in &self.order {
            let gold = &self.job.gold[sentence];
            let (loss, states) = self.learner.step(&self.chosen, self.job.corpus, sentence, gold, &mut self.work);
            tallied.add(self.job, sentence, loss, &states);
        }
        (tallied, true)
    }

    fn snapshot(&self) -> Snapshot {
        let hashes = self.chosen.hashes.clone();
        Snapshot { small: self.learner.small(), transitions: self.learner.transitions.clone(), hashes }
    }

    fn chosen(&self) -> &Chosen {
        &self.chosen
    }
}

/// A step a pass over the whole part.
struct Whole<'j, 'c, 'a> {
    job: &'j Job<'c, 'a>,
    train: &'j [usize],
    chosen: &'j Chosen,
    lbfgs: Lbfgs<'j, 'a>,
    /// [`CrfParams::weights`].
    most: f32,
}

impl Passes for Whole<'_, '_, '_> {
    fn pass(&mut self, _: u32) -> (Tallied, bool) {
        let more = self.lbfgs.step();
        let mut tallied = Tallied::new(self.job.labels);
        for (&sentence, looked) in self.train.iter().zip(self.lbfgs.looked()) {
            tallied.add(self.job, sentence, looked.loss, &looked.states);
        }
        (tallied, more)
    }

    fn snapshot(&self) -> Snapshot {
        let hashes = self.chosen.hashes.clone();
        Snapshot { small: self.lbfgs.small(self.most), transitions: self.lbfgs.transitions.clone(), hashes }
    }

    fn chosen(&self) -> &Chosen {
        self.chosen
    }
}

/// What training leaves.
struct Run {
    epochs: u32,
    snapshot: Snapshot,
    curve: Vec<CurvePoint>,
}

/// Runs passes until they are done, or until the validation part or who watches says stop.
fn run(
    job: &Job<'_, '_>,
    passes: &mut dyn Passes,
    valid: Option<&[usize]>,
    params: &CrfParams,
    progress: &dyn Progress,
) -> Run {
    let mut curve: Vec<CurvePoint> = Vec::new();
    // Validation loss, pass and model of the best pass.
    let mut best: Option<(f64, u32, Snapshot)> = None;
    for epoch in 1..=params.epochs {
        let (tallied, more) = passes.pass(epoch);
        let snapshot = valid.map(|_| passes.snapshot());
        let held_out = snapshot.as_ref().zip(valid).map(|(s, valid)| s.evaluate(job, passes.chosen(), valid));
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
        progress.epoch(epoch, params.epochs, valid_loss.unwrap_or(train_loss));
        // Leaving features behind takes the loss up for a while, but only what comes after is a small model: passes
        // before are not compared with those after.
        let prunes = params.optimiser == Optimiser::Adagrad && params.keep < 1.0 && params.epochs > params.prune_after;
        let candidate = !prunes || epoch > params.prune_after;
        if let (Some(loss), Some(snapshot), true) = (valid_loss, snapshot, candidate) {
            if best.as_ref().is_none_or(|(lowest, ..)| loss < *lowest) {
                best = Some((loss, epoch, snapshot));
            } else if best.as_ref().is_some_and(|(_, at, ..)| epoch - at >= params.patience) {
                break;
            }
        }
        if !more || progress.stopped() {
            break;
        }
    }
    let last = || (curve.len() as u32, passes.snapshot());
    let (epochs, snapshot) = best.map_or_else(last, |(_, epoch, snapshot)| (epoch, snapshot));
    Run { epochs, snapshot, curve }
}

/// Trains on the examples `train` of `corpus`; see [`super::fit`].
pub(super) fn train(
    corpus: &Corpus<'_>,
    labels: &LabelSet,
    gazetteer: &Gazetteer,
    train: &[usize],
    valid: Option<&[usize]>,
    params: &CrfParams,
    progress: &dyn Progress,
) -> Result<Fitted<CrfModel>, ModelError> {
    let examples = train.len();
    let (train, valid) = (corpus.sentences(train), valid.map(|valid| corpus.sentences(valid)));
    let (train, valid) = (train.as_slice(), valid.as_deref());
    let mut alignment = Alignment::default();
    let mut seen = Vec::new();
    for &sentence in train {
        alignment.merge(corpus.placed[sentence].alignment);
        seen.extend(corpus.placed[sentence].segments.iter().map(|s| s.label));
    }
    seen.sort_unstable();
    seen.dedup();
    let chosen = Chosen::new(corpus, train, params.min_count);
    if alignment.spans > 0 && chosen.len() == 0 {
        return Err(ModelError::NoFeatures { examples });
    }
    if seen.is_empty() {
        return Err(ModelError::NoSpans { examples });
    }

    let tags = Tags::new(seen);
    let mut gold = vec![Vec::new(); corpus.placed.len()];
    for &sentence in train.iter().chain(valid.unwrap_or_default()) {
        let placed = &corpus.placed[sentence];
        gold[sentence] = tags.encode(placed.tokens.len(), &placed.segments);
    }
    let job = Job { corpus, tags, gold, labels: labels.len() };

    let run = match params.optimiser {
        Optimiser::Adagrad => {
            let learner = Learner::new(params, &job.tags, chosen.len());
            let mut passes =
                Sentences { job: &job, params, chosen, learner, work: Work::default(), order: train.to_vec() };
            run(&job, &mut passes, valid, params, progress)
        }
        Optimiser::Lbfgs => {
            let lbfgs = Lbfgs::new(corpus, &chosen, train, &job.gold, &job.tags, params.l2.into());
            run(
                &job,
                &mut Whole { job: &job, train, chosen: &chosen, lbfgs, most: params.weights },
                valid,
                params,
                progress,
            )
        }
    };
    let Run { epochs, snapshot, curve } = run;
    let (table, weights) = snapshot.kept();
    let (tags, features) = (job.tags, table.len() as u64);
    let model = CrfModel {
        labels: labels.clone(),
        tags,
        table,
        weights,
        scale: snapshot.small.scale,
        transitions: snapshot.transitions,
        gazetteer: gazetteer.clone(),
        clusters: params.clusters.clone(),
        alignment,
    };
    Ok(Fitted { model, epochs, features, curve })
}
