//! The search for the best number of passes: training that stops early, its learning curve, and training anew on everything.

use rayon::prelude::*;
use trueup_core::counts::Tallies;
use trueup_core::document::{CurvePoint, LearningPoint};
use trueup_core::{Dataset, Estimate, Example, Predictions};
use trueup_model::{ModelError, Progress, Silent};

use super::{Learner, Plan, Trained, curve, pick};
use crate::error::Error;

/// What the search for the best number of passes found.
pub(super) struct Search {
    /// The model; none where nobody asks for it.
    pub found: Option<Trained>,
    pub searched: Searched,
}

/// What is told of a search.
#[derive(Default)]
pub(super) struct Searched {
    pub epochs: u32,
    pub features: u64,
    pub curve: Vec<CurvePoint>,
    pub learning: Vec<LearningPoint>,
    pub last_doubling: Option<Estimate>,
}

/// Quarters of what is learned from that a learning curve has points for, beside the whole.
pub(super) const PARTS: [usize; 2] = [1, 2];

impl Plan {
    /// The rows of the first so many quarters of what the search learns from.
    pub(super) fn part(&self, quarters: usize) -> Vec<usize> {
        self.fit.iter().zip(&self.quarters).filter(|&(_, &quarter)| quarter < quarters).map(|(&row, _)| row).collect()
    }
}

impl Searched {
    /// Adds the learning curve: from how many examples a model learned, and what it answered to `valid`; `smaller` parts, and
    /// the whole. A part that has nothing to learn from is not among them.
    pub fn learned(
        &mut self,
        data: &Dataset,
        valid: &[&Example],
        smaller: &[(u64, Predictions)],
        whole: &(u64, Predictions),
        seed: u64,
    ) {
        let count = |answers: &Predictions| {
            let mut tallies = Tallies::new(data.labels.len());
            valid.iter().zip(&answers.answers).for_each(|(example, answer)| tallies.add(&example.gold, answer));
            tallies
        };
        for (n, answers) in smaller.iter().chain([whole]) {
            if let Some(score) = curve::score(data.task, &count(answers)) {
                self.learning.push(LearningPoint { examples: *n, score });
            }
        }
        if let [_, (_, half)] = smaller {
            self.last_doubling = curve::paired_gain(data, valid, half, &whole.1, seed);
        }
    }
}

/// Trains with early stopping, and once more on a half and on a quarter of the rows for the learning curve.
pub(super) fn search(
    learner: &Learner,
    data: &Dataset,
    plan: &Plan,
    valid: Option<&[&Example]>,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Search, Error> {
    let mut search = stop_early(learner, data, plan, valid, progress)?;
    if learner.is_program() {
        return Ok(search);
    }
    let valid: Vec<&Example> = valid.map_or_else(|| pick(data, &plan.watched), <[&Example]>::to_vec);
    let smaller: Vec<(u64, Predictions)> = PARTS
        .into_par_iter()
        .filter_map(|quarters| {
            let rows = plan.part(quarters);
            // A part that happens to hold one label only gives no point.
            let fitted = learner.fit(data, &pick(data, &rows), Some(&valid), &Silent).ok()?;
            Some((rows.len() as u64, fitted.predict(data, &valid).ok()?))
        })
        .collect();
    let Some(found) = &search.found else { return Ok(search) };
    let whole = (plan.fit.len() as u64, found.predict(data, &valid)?);
    search.searched.learned(data, &valid, &smaller, &whole, seed);
    Ok(search)
}

impl Search {
    /// No search: of an ensemble of programs each member is trained by itself, and nothing else is.
    pub fn none() -> Self {
        Self { found: None, searched: Searched::default() }
    }
}

/// Trains on `rows`; where they happen to hold one label only, as a fold can when a label has one example, the model
/// always answers that label. Data with a single label is an error all the same.
pub(super) fn fit(
    learner: &Learner,
    data: &Dataset,
    rows: &[usize],
    valid: Option<&[&Example]>,
    progress: &dyn Progress,
) -> Result<Trained, Error> {
    let examples = pick(data, rows);
    match learner.fit(data, &examples, valid, progress) {
        Err(Error::Model { cause: ModelError::Labels { .. }, .. })
            if !rows.is_empty() && data.support().iter().filter(|&&n| n > 0).count() > 1 =>
        {
            Ok(Trained::constant(&data.labels, &examples[0].gold, learner.most_epochs()))
        }
        fitted => fitted,
    }
}

/// Trains with early stopping on `valid`, or on the plan's watched rows when there is none.
pub(super) fn stop_early(
    learner: &Learner,
    data: &Dataset,
    plan: &Plan,
    valid: Option<&[&Example]>,
    progress: &dyn Progress,
) -> Result<Search, Error> {
    let watched = pick(data, &plan.watched);
    let valid = valid.unwrap_or(&watched);
    let found = fit(learner, data, &plan.fit, Some(valid), progress)?;
    let Trained { epochs, features, .. } = found;
    let searched = Searched { epochs, features, curve: found.curve.clone(), ..Searched::default() };
    Ok(Search { found: Some(found), searched })
}

/// Trains on all rows of the plan, for as many passes as were found best.
pub(super) fn refit(
    learner: &Learner,
    data: &Dataset,
    plan: &Plan,
    search: &Search,
    progress: &dyn Progress,
) -> Result<Trained, Error> {
    let learner = search.found.as_ref().map_or_else(|| learner.clone(), |found| learner.as_found(found));
    fit(&learner, data, &plan.all, None, progress)
}
