//! Answers for all examples, each by a model that has not seen its fold.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;
use trueup_core::{Annotation, Example, LabelSet, Predictions, Rng, Scores, Task};

use super::classes::{Classes, Score};
use super::features::Analyser;
use super::model::answer;
use super::rows::{MOST_COLUMNS, Rows};
use super::trainer::{Problem, Trainer};
use super::vocabulary::Folded;
use super::weights::stride_of;
use super::{LEAST_L2, LinearParams, MOST_WEIGHTS, score, texts, unwatched};
use crate::{ModelError, Progress};

/// What became of one fold.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldRecord {
    /// Its number.
    pub fold: u32,
    /// Examples outside of it, which its model was trained on.
    pub trained_on: usize,
    /// Examples in it, which its model answered.
    pub answered: usize,
    /// Features of its model.
    pub features: u64,
    /// Mean loss of its answers in nats, 0 or more, as [`CurvePoint`](trueup_core::document::CurvePoint) has it.
    pub loss: f64,
    /// Share of its answers that are wholly right, in [0, 1].
    pub accuracy: f64,
}

/// Answers each example by a model trained on the other folds; example `i` is in fold `folds[i]`.
///
/// The answers are those of [`super::fit`] on the examples of the other folds, in their order and without validation data
/// (so with exactly [`LinearParams::epochs`] passes, and temperature 1 unless one is given), bit by bit. The n-grams are
/// counted once for all folds, and folds are trained in parallel. Folds without examples have no record.
///
/// # Errors
///
/// Those of [`super::fit`], for the first fold that has one.
///
/// # Panics
///
/// When there is not one fold an example, and for [`Task::Ner`].
pub fn out_of_fold(
    task: Task,
    labels: &LabelSet,
    examples: &[&Example],
    folds: &[u32],
    params: &LinearParams,
    progress: &dyn Progress,
) -> Result<(Predictions, Vec<FoldRecord>), ModelError> {
    assert_eq!(examples.len(), folds.len(), "one fold an example");
    let analyser = Analyser { words: params.word_ngrams, chars: params.char_ngrams };
    let folded = Folded::count(analyser, &texts(examples), folds, params.min_df);
    let numbers: Vec<u32> = (0..=folds.iter().max().copied().unwrap_or(0)).filter(|f| folds.contains(f)).collect();
    let done = AtomicU32::new(0);
    let heard = |loss: f64| {
        let all = params.epochs * numbers.len() as u32;
        progress.epoch(done.fetch_add(1, Ordering::Relaxed) + 1, all, loss);
    };
    let answered: Result<Vec<Answered>, ModelError> = numbers
        .par_iter()
        .map(|&fold| Run { task, labels, examples, folds, params }.answer(&folded, fold, &heard))
        .collect();
    let width = labels.len();
    let mut answers = vec![Annotation::Labels(Vec::new()); examples.len()];
    let mut cells = vec![0.0; examples.len() * width];
    let mut records = Vec::new();
    for (record, some, scores) in answered? {
        let places = (0..examples.len()).filter(|&i| folds[i] == record.fold);
        for ((place, answer), scores) in places.zip(some).zip(scores.chunks_exact(width)) {
            answers[place] = answer;
            cells[place * width..][..width].copy_from_slice(scores);
        }
        records.push(record);
    }
    let scores = Some(Scores::from_cells(width.max(1), cells));
    Ok((Predictions { labels: labels.clone(), answers, scores, span_scores: None }, records))
}

/// The record of a fold, its answers and its scores.
type Answered = (FoldRecord, Vec<Annotation>, Vec<f64>);

/// What all folds share.
struct Run<'a> {
    task: Task,
    labels: &'a LabelSet,
    examples: &'a [&'a Example],
    folds: &'a [u32],
    params: &'a LinearParams,
}

impl Run<'_> {
    /// Trains on the other folds and answers this one.
    fn answer(&self, folded: &Folded, fold: u32, heard: &(dyn Fn(f64) + Sync)) -> Result<Answered, ModelError> {
        let params = self.params;
        let (inside, outside): (Vec<_>, Vec<_>) =
            self.examples.iter().copied().zip(self.folds).partition(|&(_, &f)| f == fold);
        let (inside, outside): (Vec<&Example>, Vec<&Example>) =
            (inside.into_iter().map(|e| e.0).collect(), outside.into_iter().map(|e| e.0).collect());
        let classes = Classes::of(self.task, self.labels, &outside)?;
        let (targets, columns) = (classes.targets(&outside), classes.columns());
        if columns > MOST_COLUMNS {
            return Err(ModelError::ManyLabels { labels: columns, most: MOST_COLUMNS });
        }
        let (features, matrix, rows) = folded.fold(fold, params.min_df, MOST_WEIGHTS / stride_of(columns));
        if features == 0 {
            return Err(ModelError::NoFeatures { examples: outside.len() });
        }
        let l2 = params.l2.max(LEAST_L2) as f32;
        let costs = params.class_weights.costs(&classes, self.labels, &targets, outside.len());
        let link = classes.link;
        let costs = costs.as_ref();
        let problem = Problem { matrix: &matrix, targets: &targets, link, columns, features, l2, costs };
        let mut trainer = Trainer::new(problem);
        for epoch in 1..=params.epochs {
            trainer.pass(&mut Rng::stream(params.seed, u64::from(epoch)));
            heard(score(&classes, &trainer.seen(), &targets, &outside).point(epoch).train_loss);
        }
        let weights = Rows::of(&trainer.weights(), unwatched(params));
        drop(trainer);
        let temperature = params.temperature.unwrap_or(1.0);
        let (answers, scores) = answer(&classes, &weights, temperature, self.labels.len(), &rows);
        let gold = classes.targets(&inside);
        let mut judged = Score::new(&classes);
        for (i, logits) in weights.all_logits(&rows).chunks_exact(columns).enumerate() {
            judged.add(logits, &gold, i, &inside[i].gold);
        }
        let point = judged.point(params.epochs);
        let record = FoldRecord {
            fold,
            trained_on: outside.len(),
            answered: inside.len(),
            features: features as u64,
            loss: point.train_loss,
            accuracy: point.train_accuracy,
        };
        Ok((record, answers, scores))
    }
}
