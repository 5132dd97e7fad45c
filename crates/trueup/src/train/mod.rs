//! Train: models for a review, with their curves, on a given split or in folds.
//!
//! The roles are strict. A test set is only predicted. Early stopping, temperature and the learning curve use the
//! validation data given, else a tenth of the training data; then the model is fitted again on all training data for as
//! many passes as were found best. In folds the same happens inside each fold's training part, so no example helps to
//! train, stop or calibrate the model that answers it.

mod curve;
mod learner;
mod settings;
mod tune;

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use trueup_core::counts::Tallies;
use trueup_core::document::{FoldScore, LearningPoint, Training};
use trueup_core::fingerprint::{digest, fingerprint};
use trueup_core::{Dataset, Estimate, Example, Predictions, Scores, Task};
use trueup_model::{ModelError, Progress, Silent};

pub use learner::{Learner, Trained};
pub use tune::{Forecast, Mattered, Tried, Tuned, tune};

use crate::error::Error;
use crate::models::Model;
use crate::observe::Observer;

/// Which rows of the training data do what.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Rows that the final model learns from.
    pub all: Vec<usize>,
    /// Of those, the rows that the search for the best number of passes learns from.
    pub fit: Vec<usize>,
    /// The other rows of `all`, which early stopping watches; none when validation data is given.
    pub watched: Vec<usize>,
    /// The quarter (0 to 3) of each of `fit`, for the learning curve.
    pub quarters: Vec<usize>,
}

/// One fold: rows held out to be answered, and the plan for the rows kept.
#[derive(Debug, Clone)]
pub struct Fold {
    /// Rows that the fold's model answers and never sees.
    pub held: Vec<usize>,
    /// What the others do.
    pub plan: Plan,
}

/// A model's answers and how it was trained.
#[derive(Debug)]
pub struct Outcome {
    /// The answers to the evaluated examples, in their order.
    pub predictions: Predictions,
    /// The record of the training.
    pub training: Training,
    /// The model, where one was trained on all of the training data.
    pub model: Option<Model>,
}

/// Trains on `train` by `plan`, watched by `valid` if it is given, and answers `test`.
///
/// # Errors
///
/// When there is nothing to learn from.
pub fn on_split(
    learner: &Learner,
    train: &Dataset,
    plan: &Plan,
    valid: Option<&Dataset>,
    test: &[&Example],
    seed: u64,
    observer: &dyn Observer,
) -> Result<Outcome, Error> {
    let watch = Watch { observer, done: AtomicU64::new(0), total: u64::from(learner.most_epochs()) * 3 };
    let valid: Option<Vec<&Example>> = valid.map(|data| data.examples.iter().collect());
    let search = search(learner, train, plan, valid.as_deref(), seed, &watch)?;
    let fitted = refit(learner, train, plan, &search, &watch)?;
    let predictions = fitted.predict(test);
    let training = Training { features: fitted.features, ..record(learner, train, seed, search, Vec::new()) };
    Ok(Outcome { predictions, training, model: Some(fitted.model) })
}

/// Answers every example of `data` by a model that was trained without its fold. The folds hold out each row once.
///
/// # Errors
///
/// When there is nothing to learn from in some fold's training part.
pub fn out_of_fold(
    learner: &Learner,
    data: &Dataset,
    folds: &[Fold],
    seed: u64,
    observer: &dyn Observer,
) -> Result<Outcome, Error> {
    let total = u64::from(learner.most_epochs()) * folds.len() as u64 * 2;
    let watch = Watch { observer, done: AtomicU64::new(0), total };
    let parts: Vec<(Predictions, Search, u64)> = folds
        .par_iter()
        .enumerate()
        .map(|(number, fold)| {
            // The learning curve is drawn once, in the first fold.
            let search = match number {
                0 => search(learner, data, &fold.plan, None, seed, &watch)?,
                _ => stop_early(learner, data, &fold.plan, None, &watch)?,
            };
            let fitted = refit(learner, data, &fold.plan, &search, &watch)?;
            Ok((fitted.predict(&pick(data, &fold.held)), search, fitted.features))
        })
        .collect::<Result<_, Error>>()?;
    let answered = || folds.iter().zip(&parts).map(|(fold, (answers, _, _))| (fold.held.as_slice(), answers));
    let scores = answered()
        .enumerate()
        .map(|(number, (held, answers))| FoldScore {
            fold: number as u32 + 1,
            examples: held.len() as u64,
            score: curve::score(data.task, &tallies(data, held, answers)),
        })
        .collect();
    let predictions = assemble(data, answered());
    let (_, first, features) = parts.into_iter().next().expect("at least one fold");
    let training = Training { features, ..record(learner, data, seed, first, scores) };
    Ok(Outcome { predictions, training, model: None })
}

/// Trains on all of `data` by `plan`, watched by `valid` if it is given; the model and how it was trained.
///
/// # Errors
///
/// When there is nothing to learn from.
pub fn whole(
    learner: &Learner,
    data: &Dataset,
    plan: &Plan,
    valid: Option<&Dataset>,
    seed: u64,
    observer: &dyn Observer,
) -> Result<(Model, Training), Error> {
    let watch = Watch { observer, done: AtomicU64::new(0), total: u64::from(learner.most_epochs()) * 2 };
    let valid: Option<Vec<&Example>> = valid.map(|data| data.examples.iter().collect());
    let search = stop_early(learner, data, plan, valid.as_deref(), &watch)?;
    let fitted = refit(learner, data, plan, &search, &watch)?;
    let training = Training { features: fitted.features, ..record(learner, data, seed, search, Vec::new()) };
    Ok((fitted.model, training))
}

/// What the search for the best number of passes found.
struct Search {
    found: Trained,
    learning: Vec<LearningPoint>,
    last_doubling: Option<Estimate>,
}

/// Trains with early stopping, and once more on a half and on a quarter of the rows for the learning curve.
fn search(
    learner: &Learner,
    data: &Dataset,
    plan: &Plan,
    valid: Option<&[&Example]>,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Search, Error> {
    let mut search = stop_early(learner, data, plan, valid, progress)?;
    let valid: Vec<&Example> = valid.map_or_else(|| pick(data, &plan.watched), <[&Example]>::to_vec);
    let part = |n: usize| -> Vec<usize> {
        plan.fit.iter().zip(&plan.quarters).filter(|&(_, &q)| q < n).map(|(&row, _)| row).collect()
    };
    let smaller: Vec<(u64, Predictions)> = [1, 2]
        .into_par_iter()
        .filter_map(|n| {
            let rows = part(n);
            // A part that happens to hold one label only gives no point.
            let fitted = learner.fit(data.task, &data.labels, &pick(data, &rows), Some(&valid), &Silent).ok()?;
            Some((rows.len() as u64, fitted.predict(&valid)))
        })
        .collect();
    let whole = (plan.fit.len() as u64, search.found.predict(&valid));
    let count = |answers: &Predictions| {
        let mut tallies = Tallies::new(data.labels.len());
        valid.iter().zip(&answers.answers).for_each(|(example, answer)| tallies.add(&example.gold, answer));
        tallies
    };
    for (n, answers) in smaller.iter().chain([&whole]) {
        if let Some(score) = curve::score(data.task, &count(answers)) {
            search.learning.push(LearningPoint { examples: *n, score });
        }
    }
    if let [_, (_, half)] = smaller.as_slice() {
        search.last_doubling = curve::paired_gain(data, &valid, half, &whole.1, seed);
    }
    Ok(search)
}

/// Trains on `rows`; where they happen to hold one label only, as a fold can when a label has one example, the model
/// always answers that label. Data with a single label is an error all the same.
fn fit(
    learner: &Learner,
    data: &Dataset,
    rows: &[usize],
    valid: Option<&[&Example]>,
    progress: &dyn Progress,
) -> Result<Trained, Error> {
    let examples = pick(data, rows);
    match learner.fit(data.task, &data.labels, &examples, valid, progress) {
        Err(ModelError::Labels { .. }) if !rows.is_empty() && data.support().iter().filter(|&&n| n > 0).count() > 1 => {
            Ok(Trained::constant(&data.labels, &examples[0].gold, learner.most_epochs()))
        }
        fitted => Ok(fitted?),
    }
}

/// Trains with early stopping on `valid`, or on the plan's watched rows when there is none.
fn stop_early(
    learner: &Learner,
    data: &Dataset,
    plan: &Plan,
    valid: Option<&[&Example]>,
    progress: &dyn Progress,
) -> Result<Search, Error> {
    let watched = pick(data, &plan.watched);
    let valid = valid.unwrap_or(&watched);
    let found = fit(learner, data, &plan.fit, Some(valid), progress)?;
    Ok(Search { found, learning: Vec::new(), last_doubling: None })
}

/// Trains on all rows of the plan, for as many passes as were found best.
fn refit(
    learner: &Learner,
    data: &Dataset,
    plan: &Plan,
    search: &Search,
    progress: &dyn Progress,
) -> Result<Trained, Error> {
    fit(&learner.as_found(&search.found), data, &plan.all, None, progress)
}

fn pick<'a>(data: &'a Dataset, rows: &[usize]) -> Vec<&'a Example> {
    rows.iter().map(|&row| &data.examples[row]).collect()
}

fn tallies(data: &Dataset, rows: &[usize], answers: &Predictions) -> Tallies {
    let mut tallies = Tallies::new(data.labels.len());
    rows.iter().zip(&answers.answers).for_each(|(&row, answer)| tallies.add(&data.examples[row].gold, answer));
    tallies
}

/// Puts the answers of all folds back in the order of the data.
pub fn assemble<'a>(data: &Dataset, parts: impl Iterator<Item = (&'a [usize], &'a Predictions)>) -> Predictions {
    let mut from = vec![(0usize, 0usize); data.len()];
    let mut answers: Vec<&Predictions> = Vec::new();
    for (rows, part) in parts {
        rows.iter().enumerate().for_each(|(i, &row)| from[row] = (answers.len(), i));
        answers.push(part);
    }
    let scores = answers.iter().all(|part| part.scores.is_some()).then(|| {
        let mut scores = Scores::new(data.labels.len());
        let table = |fold: usize| answers[fold].scores.as_ref().expect("every fold has scores");
        from.iter().for_each(|&(fold, i)| scores.push(table(fold).row(i)));
        scores
    });
    let span_scores = answers.iter().all(|part| part.span_scores.is_some()).then(|| {
        let table = |fold: usize| answers[fold].span_scores.as_ref().expect("every fold has span scores");
        from.iter().map(|&(fold, i)| table(fold)[i].clone()).collect()
    });
    Predictions {
        labels: data.labels.clone(),
        answers: from.iter().map(|&(fold, i)| answers[fold].answers[i].clone()).collect(),
        scores,
        span_scores,
    }
}

fn record(learner: &Learner, data: &Dataset, seed: u64, search: Search, folds: Vec<FoldScore>) -> Training {
    let params = learner.describe();
    let named = params.iter().map(|(name, value)| format!("{name}={value}"));
    let pieces = [fingerprint(data), learner.name().to_owned(), seed.to_string()];
    Training {
        model: learner.name().to_owned(),
        fingerprint: digest(pieces.into_iter().chain(named)),
        params,
        seed,
        examples: data.len() as u64,
        features: search.found.features,
        epochs: search.found.epochs,
        score: if data.task == Task::Ner { "f1" } else { "f1_macro" }.to_owned(),
        curve: search.found.curve,
        learning: search.learning,
        last_doubling: search.last_doubling,
        folds,
    }
}

/// Tells the observer how many passes are done.
struct Watch<'a> {
    observer: &'a dyn Observer,
    done: AtomicU64,
    total: u64,
}

impl Progress for Watch<'_> {
    fn epoch(&self, _: u32, _: u32, _: f64) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.observer.progress(done.min(self.total), self.total);
    }
}
