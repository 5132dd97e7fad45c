//! Tune: settings are tried on folds of the training data, never on a test set, and what choosing them gains is told
//! without the luck of having chosen.
//!
//! Every candidate answers every example by models that never saw it, over the same folds. From the defaults the search
//! moves along one setting at a time, the one that matters most first, and takes what scores better. The best of many
//! scores is partly luck, so its own score says too much: the gain is estimated by choosing anew in each of many
//! resamples and measuring on the examples left out of it ([`gain`]).

mod gain;
mod space;

use std::collections::BTreeMap;

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trueup_core::{Dataset, Estimate, Predictions};
use trueup_model::Silent;

use super::{Fold, Learner, assemble, pick, refit, stop_early};
use crate::error::Error;
use crate::observe::Observer;
use gain::Outcomes;

/// What was tried and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tuned {
    /// `linear` or `crf`.
    pub learner: String,
    /// The score: `f1_macro`, or `f1` for NER.
    pub score: String,
    /// How many folds.
    pub folds: u64,
    /// Trainings that were made: two a fold and candidate.
    pub fits: u64,
    /// Trainings that were allowed.
    pub budget: u64,
    /// The candidates in the order they were tried; the first is the defaults.
    pub tried: Vec<Tried>,
    /// The place in `tried` of the one with the best score.
    pub best: usize,
    /// What choosing by this search gains over the defaults on new data.
    pub gain: Forecast,
    /// The place in `tried` of the one to take: the best one where its gain is to be expected, else the defaults.
    pub chosen: usize,
    /// How much each setting mattered: the range of scores along it, at its place in the search.
    pub mattered: Vec<Mattered>,
}

/// A figure that is expected of new data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Forecast {
    /// What is expected.
    pub value: f64,
    /// The lower end of its interval; absent where there are too few examples for one.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// How often the interval is to hold: 0.9.
    pub level: f64,
}

/// Settings that were tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// What differs from the defaults; nothing for the defaults.
    pub settings: BTreeMap<String, String>,
    /// The score over all folds.
    pub score: f64,
    /// Its score less that of the defaults, with a paired 95 % interval.
    pub difference: Estimate,
}

/// How much a setting mattered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mattered {
    /// The setting, or several that were moved together.
    pub setting: String,
    /// The best value found.
    pub best: String,
    /// The worst value tried.
    pub worst: String,
    /// The difference of their scores.
    pub range: f64,
}

/// Searches the settings of `learner` on `folds` of `data`, in at most `budget` trainings. `clusters` says which rows belong
/// together.
///
/// # Errors
///
/// When there is nothing to learn from, or the budget is too small for a single candidate beside the defaults.
pub fn tune(
    learner: &Learner,
    data: &Dataset,
    folds: &[Fold],
    clusters: &[u32],
    budget: u64,
    seed: u64,
    observer: &dyn Observer,
) -> Result<Tuned, Error> {
    let each = folds.len() as u64 * 2;
    if budget < each * 2 {
        return Err(Error::Option {
            option: "--budget",
            found: budget.to_string(),
            valid: format!("{} trainings or more: two a fold, for the defaults and one other", each * 2),
        });
    }
    let most = budget / each;
    let mut search = Search { learner, data, folds, most, outcomes: Outcomes::new(data, clusters), tried: Vec::new() };
    observer.stage("tune");
    search.attempt(&BTreeMap::new(), observer)?;
    let mut at = 0;
    let mut mattered = Vec::new();
    for line in space::lines(learner) {
        let mut seen = vec![(line.here(&search.tried[at].0, learner), search.tried[at].1)];
        for step in line.steps(&search.tried[at].0, learner) {
            if search.tried.len() as u64 >= most {
                break;
            }
            let settings = space::moved(&search.tried[at].0, &step, learner);
            if search.tried.iter().any(|(known, _)| *known == settings) {
                continue;
            }
            let place = search.attempt(&settings, observer)?;
            seen.push((space::shown(&step), search.tried[place].1));
        }
        // The first of equals, so that nothing moves without a reason.
        for place in 0..search.tried.len() {
            if search.tried[place].1 > search.tried[at].1 {
                at = place;
            }
        }
        mattered.extend(space::range(line, &seen));
    }
    let Search { outcomes, tried, .. } = search;
    let gain = outcomes.gain(seed);
    let chosen = if gain.value > 0.0 { at } else { 0 };
    let rows = tried.into_iter().enumerate().map(|(place, (settings, score))| Tried {
        settings,
        score,
        difference: outcomes.difference(place, seed),
    });
    let tried: Vec<Tried> = rows.collect();
    Ok(Tuned {
        learner: learner.name().to_owned(),
        score: outcomes.score_name().to_owned(),
        folds: folds.len() as u64,
        fits: tried.len() as u64 * each,
        budget,
        tried,
        best: at,
        gain,
        chosen,
        mattered,
    })
}

/// The state of a search.
struct Search<'a> {
    learner: &'a Learner,
    data: &'a Dataset,
    folds: &'a [Fold],
    most: u64,
    outcomes: Outcomes,
    /// Settings and their score.
    tried: Vec<(BTreeMap<String, String>, f64)>,
}

impl Search<'_> {
    /// Tries settings; their place in what was tried.
    fn attempt(&mut self, settings: &BTreeMap<String, String>, observer: &dyn Observer) -> Result<usize, Error> {
        let mut learner = self.learner.clone();
        settings.iter().try_for_each(|(name, value)| learner.set(name, value))?;
        let answers = answers(&learner, self.data, self.folds)?;
        let score = self.outcomes.push(self.data, &answers);
        self.tried.push((settings.clone(), score));
        observer.progress(self.tried.len() as u64, self.most);
        Ok(self.tried.len() - 1)
    }
}

/// The answers to all examples by models of their folds.
fn answers(learner: &Learner, data: &Dataset, folds: &[Fold]) -> Result<Predictions, Error> {
    let parts: Vec<Predictions> = folds
        .par_iter()
        .map(|fold| {
            let search = stop_early(learner, data, &fold.plan, None, &Silent)?;
            let fitted = refit(learner, data, &fold.plan, &search, &Silent)?;
            Ok(fitted.predict(&pick(data, &fold.held)))
        })
        .collect::<Result<_, Error>>()?;
    Ok(assemble(data, folds.iter().map(|fold| fold.held.as_slice()).zip(&parts)))
}
