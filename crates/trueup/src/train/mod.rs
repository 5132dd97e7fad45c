//! Train: models for a review, with their curves, on a given split or in folds.
//!
//! The roles are strict. A test set is only predicted. Early stopping, temperature and the learning curve use the
//! validation data given, else a tenth of the training data; then the model is fitted again on all training data for as
//! many passes as were found best. In folds the same happens inside each fold's training part, so no example helps to
//! train, stop or calibrate the model that answers it.

mod curve;
mod decide;
mod folds;
mod learner;
mod recipe;
mod resources;
mod search;
mod settings;
mod tune;
mod watch;

use std::sync::atomic::AtomicU64;

use rayon::prelude::*;
use trueup_core::counts::Tallies;
use trueup_core::document::{FoldScore, Training};
use trueup_core::fingerprint::{digest, fingerprint};
use trueup_core::{Annotation, Dataset, Example, Predictions, Scores, Task};
use trueup_model::Progress;
use trueup_model::decision::Decision;

pub use decide::{HeldOut, Settled};
pub use learner::{Learner, Trained};
pub use recipe::{Recipe, Wanted, WantedRule};
pub use tune::{Field, Forecast, Mattered, Tried, Tuned, tune};

use crate::error::Error;
use crate::models::{Ensemble, Model};
use crate::observe::Observer;
use search::{PARTS, Search, Searched, fit, refit, search, stop_early};
use watch::{Watch, passes};

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
    /// Folds of `all`: of the members of an ensemble, and of the answers that a decision is found on; where neither is asked
    /// for, none.
    pub folds: Vec<Fold>,
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
    /// What becomes of its scores, where that was asked for.
    pub settled: Option<Settled>,
}

/// Trains on `train` by `plan`, watched by `valid` if it is given, and answers `test`.
///
/// # Errors
///
/// When there is nothing to learn from, or a program fails.
pub fn on_split(
    recipe: &Recipe,
    train: &Dataset,
    plan: &Plan,
    valid: Option<&Dataset>,
    test: &Dataset,
    seed: u64,
    observer: &dyn Observer,
) -> Result<Outcome, Error> {
    let watch = Watch::new(observer, recipe, plan, 2);
    let valid: Option<Vec<&Example>> = valid.map(|data| data.examples.iter().collect());
    let search = if recipe.alone() {
        search(&recipe.learner, train, plan, valid.as_deref(), seed, &watch)?
    } else {
        Search::none()
    };
    let made = make(recipe, train, plan, &search, &watch)?;
    let settled = settled(recipe, train, plan, &made, seed, &watch)?;
    let model = decided(made.model, train, settled.as_ref());
    let predictions = model.predict(&test.columns, &test.examples.iter().collect::<Vec<_>>())?;
    let interrupted = watch.stopped();
    let training =
        Training { features: made.features, interrupted, ..record(recipe, train, seed, search.searched, Vec::new()) };
    Ok(Outcome { predictions, training, model: Some(model), settled })
}

/// Answers every example of `data` by a model that was trained without its fold. The folds hold out each row once.
///
/// # Errors
///
/// When there is nothing to learn from in some fold's training part.
pub fn out_of_fold(
    recipe: &Recipe,
    data: &Dataset,
    folds: &[Fold],
    clusters: &[u32],
    seed: u64,
    observer: &dyn Observer,
) -> Result<Outcome, Error> {
    let each = folds.first().map_or(0, |fold| fold.plan.folds.len() as u64) + 2;
    let watch = Watch { observer, done: AtomicU64::new(0), total: passes(recipe) * folds.len() as u64 * each };
    let parts = match recipe.members {
        None => in_one_call(&recipe.learner, data, folds, seed, &watch)?,
        Some(_) => None,
    };
    let parts = match parts {
        Some(parts) => parts,
        None => one_by_one(recipe, data, folds, seed, &watch)?,
    };
    let answered = || folds.iter().zip(&parts).map(|(fold, (answers, _, _))| (fold.held.as_slice(), answers));
    let mut predictions = assemble(data, answered());
    let settled = (!recipe.wanted.is_plain()).then(|| {
        let mut fold_of = vec![0; data.len()];
        folds.iter().enumerate().for_each(|(number, fold)| fold.held.iter().for_each(|&row| fold_of[row] = number));
        let held = HeldOut {
            task: data.task,
            labels: &data.labels,
            gold: data.examples.iter().map(|example| &example.gold).collect(),
            answers: predictions.clone(),
            folds: fold_of,
            clusters: Some(clusters.to_vec()),
        };
        held.settle(&recipe.wanted, seed)
    });
    if let Some(settled) = &settled {
        predictions.clone_from(&settled.predictions);
    }
    let scores = folds
        .iter()
        .enumerate()
        .map(|(number, fold)| FoldScore {
            fold: number as u32 + 1,
            examples: fold.held.len() as u64,
            score: curve::score(data.task, &tallies(data, &fold.held, &predictions.select(&fold.held))),
        })
        .collect();
    let (_, first, features) = parts.into_iter().next().expect("at least one fold");
    let training = Training { features, ..record(recipe, data, seed, first, scores) };
    Ok(Outcome { predictions, training, model: None, settled })
}

/// The answers to a fold, how its model was searched for, and its features.
type Part = (Predictions, Searched, u64);

/// Answers all folds, each by itself.
fn one_by_one(recipe: &Recipe, data: &Dataset, folds: &[Fold], seed: u64, watch: &Watch) -> Result<Vec<Part>, Error> {
    let one = |number: usize, fold: &Fold| {
        // The learning curve is drawn once, in the first fold.
        let search = match number {
            _ if !recipe.alone() => Search::none(),
            0 => search(&recipe.learner, data, &fold.plan, None, seed, watch)?,
            _ => stop_early(&recipe.learner, data, &fold.plan, None, watch)?,
        };
        let made = make(recipe, data, &fold.plan, &search, watch)?;
        let answers = made.model.predict(&data.columns, &pick(data, &fold.held))?;
        Ok((answers, search.searched, made.features))
    };
    each(&recipe.learner, folds, one)
}

/// Does something for each of `all`, at the same time; for a program one after the other, since it may take the whole machine.
fn each<T: Sync, R: Send>(
    learner: &Learner,
    all: &[T],
    one: impl Fn(usize, &T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    if learner.is_program() {
        return all.iter().enumerate().map(|(number, of)| one(number, of)).collect();
    }
    all.par_iter().enumerate().map(|(number, of)| one(number, of)).collect()
}

/// Answers all folds in one call, in which they share what they can; `None` where that cannot be done.
fn in_one_call(
    learner: &Learner,
    data: &Dataset,
    folds: &[Fold],
    seed: u64,
    watch: &Watch,
) -> Result<Option<Vec<Part>>, Error> {
    let first = &folds[0].plan;
    let smaller: Vec<Vec<usize>> = PARTS.map(|quarters| first.part(quarters)).to_vec();
    let Some(found) = learner.in_folds(data, folds, &smaller, watch)? else { return Ok(None) };
    let mut parts = Vec::with_capacity(found.len());
    for fold in found {
        let mut searched =
            Searched { epochs: fold.epochs, features: fold.features, curve: fold.curve, ..Searched::default() };
        if let Some((Some(whole), less)) = fold.learning.split_last() {
            let less = smaller.iter().zip(less).filter_map(|(rows, found)| Some((rows.len() as u64, found.clone()?)));
            let whole = (first.fit.len() as u64, whole.clone());
            searched.learned(data, &pick(data, &first.watched), &less.collect::<Vec<_>>(), &whole, seed);
        }
        parts.push((fold.answers, searched, fold.features));
    }
    Ok(Some(parts))
}

/// Trains on all of `data` by `plan`, watched by `valid` if it is given; the model and how it was trained. What becomes of its
/// scores is `settled` where that is known already.
///
/// # Errors
///
/// When there is nothing to learn from.
pub fn whole(
    recipe: &Recipe,
    data: &Dataset,
    plan: &Plan,
    valid: Option<&Dataset>,
    known: Option<&Settled>,
    seed: u64,
    observer: &dyn Observer,
) -> Result<(Model, Training, Option<Settled>), Error> {
    let watch = Watch::new(observer, recipe, plan, 0);
    let valid: Option<Vec<&Example>> = valid.map(|data| data.examples.iter().collect());
    let search = if recipe.alone() {
        stop_early(&recipe.learner, data, plan, valid.as_deref(), &watch)?
    } else {
        Search::none()
    };
    let made = make(recipe, data, plan, &search, &watch)?;
    let settled = match known {
        Some(known) => Some(known.clone()),
        None => settled(recipe, data, plan, &made, seed, &watch)?,
    };
    let interrupted = watch.stopped();
    let training =
        Training { features: made.features, interrupted, ..record(recipe, data, seed, search.searched, Vec::new()) };
    Ok((decided(made.model, data, settled.as_ref()), training, settled))
}

/// A model of a plan.
struct Made {
    model: Model,
    features: u64,
    /// What the members of an ensemble answered to their folds.
    held: Vec<Predictions>,
}

/// Makes the model of a plan, once the best number of passes is known.
fn make(recipe: &Recipe, data: &Dataset, plan: &Plan, search: &Search, watch: &Watch) -> Result<Made, Error> {
    if recipe.members.is_none() {
        // Who interrupts wants what is best so far, and no further training; where validation data is given, the search has
        // learned from all there is; and of a program it is not known how training would be repeated.
        let done = watch.stopped() || plan.fit.len() == plan.all.len() || recipe.learner.is_program();
        let fitted = if done { None } else { Some(refit(&recipe.learner, data, plan, search, watch)?) };
        let fitted = fitted.filter(|_| !watch.stopped());
        let fitted = fitted.as_ref().or(search.found.as_ref()).expect("a model that is alone is searched for");
        return Ok(Made { model: fitted.model.clone(), features: fitted.features, held: Vec::new() });
    }
    let members: Vec<(Trained, Predictions)> = each(&recipe.learner, &plan.folds, |_, fold| {
        let held = pick(data, &fold.held);
        let member = fit(&recipe.learner, data, &fold.plan.all, Some(&held), watch)?;
        let answers = member.predict(data, &held)?;
        Ok((member, answers))
    })?;
    let features = members.iter().map(|(member, _)| member.features).sum();
    let (members, held) = members.into_iter().map(|(member, answers)| (member.model, answers)).unzip();
    Ok(Made { model: Model::Ensemble(Ensemble { task: data.task, members }), features, held })
}

/// What becomes of the scores of a model, found on folds of what it has learned from; `None` where nothing is asked for.
fn settled(
    recipe: &Recipe,
    data: &Dataset,
    plan: &Plan,
    made: &Made,
    seed: u64,
    watch: &Watch,
) -> Result<Option<Settled>, Error> {
    if recipe.wanted.is_plain() {
        return Ok(None);
    }
    let held: Vec<Predictions> = match (&made.held, recipe.wanted.needs_answers()) {
        (held, _) if !held.is_empty() => held.clone(),
        (_, true) => answers_of(&recipe.learner, data, &plan.folds, watch)?,
        // It is known what is to become of them; what it is worth is not measured here.
        (_, false) => Vec::new(),
    };
    let (mut rows, mut folds): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    for (number, fold) in plan.folds.iter().enumerate().filter(|(number, _)| *number < held.len()) {
        rows.extend(&fold.held);
        folds.extend(fold.held.iter().map(|_| number));
    }
    let gold: Vec<&Annotation> = rows.iter().map(|&row| &data.examples[row].gold).collect();
    let held =
        HeldOut { task: data.task, labels: &data.labels, gold, answers: joined(data, &held), folds, clusters: None };
    Ok(Some(held.settle(&recipe.wanted, seed)))
}

/// The model with what becomes of its scores.
fn decided(model: Model, data: &Dataset, settled: Option<&Settled>) -> Model {
    match settled {
        Some(settled) if settled.decision != Decision::default() => {
            model.with_decision(data.task, settled.decision.clone())
        }
        _ => model,
    }
}

/// The answers to each fold by a model that was trained without it.
fn answers_of(
    learner: &Learner,
    data: &Dataset,
    folds: &[Fold],
    progress: &dyn Progress,
) -> Result<Vec<Predictions>, Error> {
    if let Some(found) = learner.in_folds(data, folds, &[], progress)? {
        return Ok(found.into_iter().map(|fold| fold.answers).collect());
    }
    each(learner, folds, |_, fold| {
        let search = stop_early(learner, data, &fold.plan, None, progress)?;
        let fitted = match search.found {
            Some(found) if learner.is_program() => found,
            found => refit(learner, data, &fold.plan, &Search { found, searched: search.searched }, progress)?,
        };
        fitted.predict(data, &pick(data, &fold.held))
    })
}

/// The answers of parts, one after the other.
fn joined(data: &Dataset, parts: &[Predictions]) -> Predictions {
    let labels = data.labels.clone();
    let answers = parts.iter().flat_map(|part| part.answers.iter().cloned()).collect();
    let scores = parts.iter().all(|part| part.scores.is_some()).then(|| {
        let mut all = Scores::new(labels.len());
        for scores in parts.iter().filter_map(|part| part.scores.as_ref()) {
            (0..scores.len()).for_each(|row| all.push(scores.row(row)));
        }
        all
    });
    let spans = parts.iter().all(|part| part.span_scores.is_some());
    let span_scores = spans.then(|| parts.iter().filter_map(|part| part.span_scores.clone()).flatten().collect());
    Predictions { labels, answers, scores, span_scores }
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

/// The record of a training of which only `params` are known.
pub fn unknown(params: std::collections::BTreeMap<String, String>, task: Task, seed: u64) -> Training {
    let named = params.iter().map(|(name, value)| format!("{name}={value}"));
    Training {
        model: "program".to_owned(),
        fingerprint: digest(named),
        score: score_of(task).to_owned(),
        params,
        seed,
        examples: 0,
        features: 0,
        epochs: 0,
        curve: Vec::new(),
        learning: Vec::new(),
        last_doubling: None,
        folds: Vec::new(),
        interrupted: false,
    }
}

/// The score that records of training tell.
fn score_of(task: Task) -> &'static str {
    if task == Task::Ner { "f1" } else { "f1_macro" }
}

fn record(recipe: &Recipe, data: &Dataset, seed: u64, searched: Searched, folds: Vec<FoldScore>) -> Training {
    let params = recipe.describe();
    let named = params.iter().map(|(name, value)| format!("{name}={value}"));
    let pieces = [fingerprint(data), recipe.name().to_owned(), seed.to_string()];
    Training {
        model: recipe.name().to_owned(),
        fingerprint: digest(pieces.into_iter().chain(named)),
        params,
        seed,
        examples: data.len() as u64,
        features: searched.features,
        epochs: searched.epochs,
        score: score_of(data.task).to_owned(),
        curve: searched.curve,
        learning: searched.learning,
        last_doubling: searched.last_doubling,
        folds,
        interrupted: false,
    }
}
