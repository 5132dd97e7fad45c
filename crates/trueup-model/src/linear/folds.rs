//! Answers for all examples, each by a model that has not seen its fold.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;
use trueup_core::document::CurvePoint;
use trueup_core::{Annotation, Example, LabelSet, Predictions, Scores, Task};

use super::calibration::Calibrator;
use super::classes::Classes;
use super::learn::{Learnt, Part, Setting, learn, score};
use super::model::answer;
use super::rows::MOST_COLUMNS;
use super::vocabulary::{Folded, FoldedRows, Role};
use super::weights::stride_of;
use super::{LinearParams, MOST_WEIGHTS, seen};
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
    /// Passes of its model.
    pub epochs: u32,
    /// What calibrates its model.
    pub calibrator: Calibrator,
    /// One point a pass: of the search for the number of passes where there was one, else of the training.
    pub curve: Vec<CurvePoint>,
    /// Mean loss of its answers in nats, 0 or more, as [`CurvePoint`] has it.
    pub loss: f64,
    /// Share of its answers that are wholly right, in [0, 1].
    pub accuracy: f64,
}

/// Answers each example by a model trained on the other folds; example `i` is in fold `folds[i]`.
///
/// Without `watched` the answers are those of [`super::fit`] on the examples of the other folds, in their order and
/// without validation data (so with exactly [`LinearParams::epochs`] passes, and uncalibrated unless a calibrator is given).
///
/// With it, `watched[f]` are examples (by index) outside of fold `f`; for folds beyond its end there are none. The model of the
/// fold is then found in two trainings: one on the other examples outside the fold, with the watched ones as validation
/// data, and one on all outside the fold, with as many passes as the first found best, and its calibrator unless one is
/// given.
///
/// Either way they are the answers that the same calls of [`super::fit`] give, bit by bit. The n-grams are counted once for
/// all folds, and folds are trained in parallel. Folds without examples have no record. When [`Progress::stopped`] says so,
/// every training ends after its next pass.
///
/// # Errors
///
/// Those of [`super::fit`], for the first fold that has one.
///
/// # Panics
///
/// When there is not one fold an example, when a watched example is in its fold, and for [`Task::Ner`].
pub fn out_of_fold(
    task: Task,
    labels: &LabelSet,
    examples: &[&Example],
    folds: &[u32],
    watched: Option<&[Vec<usize>]>,
    params: &LinearParams,
    progress: &dyn Progress,
) -> Result<(Predictions, Vec<FoldRecord>), ModelError> {
    assert_eq!(examples.len(), folds.len(), "one fold an example");
    let analyser = params.analyser();
    let texts = seen(examples, &params.columns);
    let numbers: Vec<u32> = (0..=folds.iter().max().copied().unwrap_or(0)).filter(|f| folds.contains(f)).collect();
    let done = AtomicU32::new(0);
    let trainings = if watched.is_some() { 2 } else { 1 };
    let heard = |loss: f64| {
        let all = params.epochs * numbers.len() as u32 * trainings;
        progress.epoch(done.fetch_add(1, Ordering::Relaxed) + 1, all, loss);
        progress.stopped()
    };
    let answered = |least: u32| -> Result<Option<Vec<Answered>>, ModelError> {
        let grams = Folded::count(analyser, &texts, least);
        let all = Folds { task, labels, examples, fold_of: folds, params, grams: &grams, heard: &heard };
        let watched = |fold: u32| watched.map(|all| all.get(fold as usize).map_or(&[][..], Vec::as_slice));
        numbers.par_iter().map(|&fold| all.answer(fold, watched(fold))).collect()
    };
    let answered = match answered(params.min_df)? {
        Some(answered) => answered,
        // A fold whose n-grams are all rare takes them all.
        None => answered(1)?.expect("every n-gram was counted"),
    };
    let width = labels.len();
    let mut answers = vec![Annotation::Labels(Vec::new()); examples.len()];
    let mut cells = vec![0.0; examples.len() * width];
    let mut records = Vec::new();
    for (record, some, scores) in answered {
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
struct Folds<'a> {
    task: Task,
    labels: &'a LabelSet,
    examples: &'a [&'a Example],
    fold_of: &'a [u32],
    params: &'a LinearParams,
    grams: &'a Folded,
    heard: &'a (dyn Fn(f64) -> bool + Sync),
}

/// A model trained in a fold, without what only a model that is kept needs.
struct Trained {
    classes: Classes,
    learnt: Learnt,
    rows: FoldedRows,
}

impl Folds<'_> {
    /// Trains on the other folds and answers this one; `None` when rarer n-grams are needed than were counted.
    fn answer(&self, fold: u32, watched: Option<&[usize]>) -> Result<Option<Answered>, ModelError> {
        let role = |&f: &u32| if f == fold { Role::Answer } else { Role::Learn };
        let roles: Vec<Role> = self.fold_of.iter().map(role).collect();
        let mut params = self.params.clone();
        let mut curve = None;
        if let Some(watched) = watched {
            let Some(search) = self.train(&search_roles(&roles, watched), true, &params)? else { return Ok(None) };
            params.epochs = search.learnt.epochs;
            params.calibrator = Some(search.learnt.calibrator);
            curve = Some(search.learnt.curve);
        }
        let Some(Trained { classes, learnt, rows }) = self.train(&roles, false, &params)? else { return Ok(None) };
        let (answers, scores) = answer(&classes, &learnt.weights, &learnt.calibrator, &rows.answer);
        let inside = self.pick(&roles, Role::Answer);
        let logits = learnt.weights.all_logits(&rows.answer);
        let point = score(&classes, &logits, &classes.targets(&inside), &inside).point(learnt.epochs);
        let record = FoldRecord {
            fold,
            trained_on: self.fold_of.len() - inside.len(),
            answered: inside.len(),
            features: rows.features as u64,
            epochs: learnt.epochs,
            calibrator: learnt.calibrator,
            curve: curve.unwrap_or(learnt.curve),
            loss: point.train_loss,
            accuracy: point.train_accuracy,
        };
        Ok(Some((record, answers, scores)))
    }

    /// Trains on the examples to learn from; with `watch` those to answer are validation data.
    fn train(&self, roles: &[Role], watch: bool, params: &LinearParams) -> Result<Option<Trained>, ModelError> {
        let examples = self.pick(roles, Role::Learn);
        let classes = Classes::of(self.task, self.labels, &examples)?;
        if classes.columns() > MOST_COLUMNS {
            return Err(ModelError::ManyLabels { labels: classes.columns(), most: MOST_COLUMNS });
        }
        let most = MOST_WEIGHTS / stride_of(classes.columns());
        let Some(rows) = self.grams.rows(roles, params.min_df, most) else { return Ok(None) };
        if rows.features == 0 {
            return Err(ModelError::NoFeatures { examples: examples.len() });
        }
        let watched = if watch { self.pick(roles, Role::Answer) } else { Vec::new() };
        let valid = Part { examples: &watched, matrix: &rows.answer };
        let valid = (!watched.is_empty()).then_some(&valid);
        let train = Part { examples: &examples, matrix: &rows.learn };
        let heard = |_, loss| (self.heard)(loss);
        let features = rows.features;
        let setting = Setting { classes: &classes, labels: self.labels, features, prior: None, frozen: &[] };
        let learnt = learn(&setting, &train, valid, params, &heard);
        Ok(Some(Trained { classes, learnt, rows }))
    }

    fn pick(&self, roles: &[Role], role: Role) -> Vec<&Example> {
        self.examples.iter().zip(roles).filter(|(_, r)| **r == role).map(|(e, _)| *e).collect()
    }
}

/// The roles in the search for the number of passes: the fold knows nothing of it.
fn search_roles(roles: &[Role], watched: &[usize]) -> Vec<Role> {
    let mut roles: Vec<Role> = roles.iter().map(|&r| if r == Role::Learn { r } else { Role::Aside }).collect();
    for &i in watched {
        assert!(roles[i] == Role::Learn, "an example is watched once, and outside of its fold");
        roles[i] = Role::Answer;
    }
    roles
}
