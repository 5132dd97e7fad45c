//! Train: models for a review, with their curves, on a given split or in folds.
//!
//! The roles are strict. A test set is only predicted. Early stopping, temperature and the learning curve use the
//! validation data given, else a tenth of the training data; then the model is fitted again on all training data for as
//! many passes as were found best. In folds the same happens inside each fold's training part, so no example helps to
//! train, stop or calibrate the model that answers it.

mod curve;
mod learner;

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use trueup_core::counts::Tallies;
use trueup_core::document::{FoldScore, LearningPoint, Training};
use trueup_core::fingerprint::{digest, fingerprint};
use trueup_core::{Dataset, Estimate, Example, Predictions, Scores, Task};
use trueup_model::{Progress, Silent};

pub use learner::{Learner, LearnerChoice, Trained};

use crate::error::Error;
use crate::observe::Observer;
use crate::split::Stratification;

/// One in so many training examples is watched by early stopping when no validation data is given.
const VALID_PART: usize = 10;

/// A model's answers and how it was trained.
#[derive(Debug)]
pub struct Outcome {
    /// The answers to the evaluated examples, in their order.
    pub predictions: Predictions,
    /// The record of the training.
    pub training: Training,
}

/// Trains on `train` and answers `test`.
///
/// `clusters` numbers the twins in `train`, which stay on one side of early stopping too.
///
/// # Errors
///
/// When there is nothing to learn from.
pub fn on_split(
    learner: &Learner,
    train: &Dataset,
    clusters: &[u32],
    valid: Option<&Dataset>,
    test: &[&Example],
    seed: u64,
    observer: &dyn Observer,
) -> Result<Outcome, Error> {
    let all: Vec<usize> = (0..train.len()).collect();
    let valid: Option<Vec<&Example>> = valid.map(|data| data.examples.iter().collect());
    let watch = Watch { observer, done: AtomicU64::new(0), total: u64::from(learner.most_epochs()) * 3 };
    let search = search(learner, train, clusters, &all, valid.as_deref(), seed, &watch)?;
    let examples: Vec<&Example> = train.examples.iter().collect();
    let fitted = learner.as_found(&search.found).fit(train.task, &train.labels, &examples, None, &watch)?;
    let predictions = fitted.predict(test);
    let training = Training { features: fitted.features, ..record(learner, train, seed, search, Vec::new()) };
    Ok(Outcome { predictions, training })
}

/// Answers every example of `data` by a model that was trained on the other folds. `fold_of` names each row's fold.
///
/// # Errors
///
/// When there is nothing to learn from in some fold's training part.
pub fn out_of_fold(
    learner: &Learner,
    data: &Dataset,
    clusters: &[u32],
    fold_of: &[usize],
    seed: u64,
    observer: &dyn Observer,
) -> Result<Outcome, Error> {
    let folds = fold_of.iter().max().map_or(0, |f| f + 1);
    let watch = Watch { observer, done: AtomicU64::new(0), total: u64::from(learner.most_epochs()) * folds as u64 * 2 };
    let parts: Vec<(Vec<usize>, Predictions, Search, u64)> = (0..folds)
        .into_par_iter()
        .map(|fold| {
            let (held, kept): (Vec<usize>, Vec<usize>) = (0..data.len()).partition(|&row| fold_of[row] == fold);
            // The learning curve is drawn once, in the first fold.
            let search = if fold == 0 {
                search(learner, data, clusters, &kept, None, seed, &watch)?
            } else {
                stop_early(learner, data, clusters, &kept, None, seed, &watch)?.0
            };
            let fitted =
                learner.as_found(&search.found).fit(data.task, &data.labels, &pick(data, &kept), None, &watch)?;
            let answers = fitted.predict(&pick(data, &held));
            Ok((held, answers, search, fitted.features))
        })
        .collect::<Result<_, Error>>()?;
    let scores = parts
        .iter()
        .enumerate()
        .map(|(fold, (held, answers, _, _))| FoldScore {
            fold: fold as u32 + 1,
            examples: held.len() as u64,
            score: curve::score(data.task, &tallies(data, held, answers)),
        })
        .collect();
    let predictions = assemble(data, parts.iter().map(|(held, answers, _, _)| (held.as_slice(), answers)));
    let (_, _, first, features) = parts.into_iter().next().expect("at least one fold");
    let training = Training { features, ..record(learner, data, seed, first, scores) };
    Ok(Outcome { predictions, training })
}

/// What the search for the best number of passes found.
struct Search {
    found: Trained,
    learning: Vec<LearningPoint>,
    last_doubling: Option<Estimate>,
}

/// Trains on `rows` with early stopping, and on a half and a quarter of them for the learning curve.
fn search(
    learner: &Learner,
    data: &Dataset,
    clusters: &[u32],
    rows: &[usize],
    valid: Option<&[&Example]>,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Search, Error> {
    let (mut search, fit_rows, held) = stop_early(learner, data, clusters, rows, valid, seed, progress)?;
    let valid: Vec<&Example> = valid.map_or_else(|| pick(data, &held), <[&Example]>::to_vec);
    let quarters = quarters(data, clusters, &fit_rows, seed);
    let part = |n: usize| -> Vec<usize> {
        fit_rows.iter().zip(&quarters).filter(|&(_, &q)| q < n).map(|(&row, _)| row).collect()
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
    let whole = (fit_rows.len() as u64, search.found.predict(&valid));
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

/// Trains on `rows` with early stopping on `valid`, or on a tenth of the rows when there is none; also returns the rows
/// trained on and those held out.
fn stop_early(
    learner: &Learner,
    data: &Dataset,
    clusters: &[u32],
    rows: &[usize],
    valid: Option<&[&Example]>,
    seed: u64,
    progress: &dyn Progress,
) -> Result<(Search, Vec<usize>, Vec<usize>), Error> {
    let (fit_rows, held) = match valid {
        Some(_) => (rows.to_vec(), Vec::new()),
        None => {
            let (part, clusters) = part(data, clusters, rows);
            let (kept, held) = Stratification::new(&part, &clusters, seed).hold_out(VALID_PART);
            let back = |picked: Vec<usize>| picked.into_iter().map(|i| rows[i]).collect::<Vec<_>>();
            (back(kept), back(held))
        }
    };
    let held_examples = pick(data, &held);
    let watched = valid.unwrap_or(&held_examples);
    let found = learner.fit(data.task, &data.labels, &pick(data, &fit_rows), Some(watched), progress)?;
    Ok((Search { found, learning: Vec::new(), last_doubling: None }, fit_rows, held))
}

/// The quarter (0 to 3) of each of `rows`, stratified.
fn quarters(data: &Dataset, clusters: &[u32], rows: &[usize], seed: u64) -> Vec<usize> {
    let (part, clusters) = part(data, clusters, rows);
    Stratification::new(&part, &clusters, seed ^ 0x51).folds(4)
}

fn part(data: &Dataset, clusters: &[u32], rows: &[usize]) -> (Dataset, Vec<u32>) {
    let examples = rows.iter().map(|&row| data.examples[row].clone()).collect();
    let part = Dataset { examples, labels: data.labels.clone(), columns: vec![], tags: vec![], ..*data };
    (part, rows.iter().map(|&row| clusters[row]).collect())
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
fn assemble<'a>(data: &Dataset, parts: impl Iterator<Item = (&'a [usize], &'a Predictions)>) -> Predictions {
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
