//! Tune: settings are tried on folds of the training data, never on a test set, and what choosing them gains is told
//! without the luck of having chosen.
//!
//! Every candidate answers every example by models that never saw it, over the same folds. From the defaults the search
//! moves along one setting at a time, the one that matters most first, and takes what scores better; then an ensemble and
//! thresholds are tried. The best of many
//! scores is partly luck, so its own score says too much: the gain is estimated by choosing anew in each of many
//! resamples and measuring on the examples left out of it ([`gain`]).

mod gain;
mod space;

use std::collections::BTreeMap;

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trueup_core::{Dataset, Estimate, Predictions};
use trueup_model::{Silent, ensemble};

use super::{Fold, HeldOut, Learner, Wanted, WantedRule, answers_of, assemble, fit, pick};
use crate::error::Error;
use crate::observe::Observer;
use crate::options::{LearnOptions, ThresholdChoice};
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
    /// Trainings that were made: two a fold and candidate, five of an ensemble.
    pub fits: u64,
    /// Trainings that were allowed.
    pub budget: u64,
    /// Whether the search ended by itself: one that time ended may find something else another time.
    pub reproducible: bool,
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

/// The setting that stands for an ensemble, in what was tried.
const ENSEMBLE: &str = "ensemble";
/// The setting that stands for tuned thresholds.
const THRESHOLDS: &str = "thresholds";
/// Members of the ensemble that is tried.
const MEMBERS: usize = 5;

impl Tried {
    /// The options of `trueup train` that take it: `--set l2=0.2`.
    pub fn options(&self) -> Vec<(String, String)> {
        let option = |(name, value): (&String, &String)| match name.as_str() {
            ENSEMBLE | THRESHOLDS => (format!("--{name}"), value.clone()),
            _ => ("--set".to_owned(), format!("{name}={value}")),
        };
        self.settings.iter().map(option).collect()
    }
}

impl Tuned {
    /// `options` with what was chosen.
    pub fn applied(&self, options: &LearnOptions) -> LearnOptions {
        let mut options = options.clone();
        for (name, value) in &self.tried[self.chosen].settings {
            match name.as_str() {
                ENSEMBLE => options.ensemble = value.parse().ok(),
                THRESHOLDS => options.thresholds = ThresholdChoice::Tuned,
                _ => options.settings.push((name.clone(), value.clone())),
            }
        }
        options
    }
}

/// What is tuned, and on what.
pub struct Field<'a> {
    /// The learner with the settings that the search begins from.
    pub learner: &'a Learner,
    /// The labelled data.
    pub data: &'a Dataset,
    /// Its folds; an ensemble is tried where their plans have folds of their own.
    pub folds: &'a [Fold],
    /// Which rows belong together.
    pub clusters: &'a [u32],
    /// The seed.
    pub seed: u64,
}

/// Searches the settings of a learner in at most `budget` trainings, or until the observer says to stop.
///
/// # Errors
///
/// When there is nothing to learn from, or the budget is too small for a single candidate beside the defaults.
pub fn tune(field: &Field, budget: u64, observer: &dyn Observer) -> Result<Tuned, Error> {
    let (learner, folds) = (field.learner, field.folds.len() as u64);
    if budget < folds * 4 {
        return Err(Error::Option {
            option: "--budget",
            found: budget.to_string(),
            valid: format!("{} trainings or more: two a fold, for the defaults and one other", folds * 4),
        });
    }
    let outcomes = Outcomes::new(field.data, field.clusters);
    let mut search = Search { field, budget, fits: 0, outcomes, tried: Vec::new(), best: None, observer, ended: false };
    observer.stage("tune");
    observer.may_stop(true);
    search.attempt(&BTreeMap::new())?;
    let mut mattered = Vec::new();
    for line in space::lines(learner) {
        let from = search.at().clone();
        let mut seen = vec![(line.here(&from, learner), search.tried[search.place()].1)];
        for step in line.steps(&from, learner) {
            if let Some(place) = search.attempt(&space::moved(&from, &step, learner))? {
                seen.push((space::shown(&step), search.tried[place].1));
            }
        }
        mattered.extend(space::range(line, &seen));
    }
    let mut with = search.at().clone();
    with.insert(ENSEMBLE.to_owned(), MEMBERS.to_string());
    if field.folds.iter().all(|fold| fold.plan.folds.len() > 1) {
        search.attempt(&with)?;
    }
    search.thresholds();
    observer.may_stop(false);
    let (at, reproducible) = (search.place(), !search.ended);
    let Search { outcomes, tried, fits, .. } = search;
    let gain = outcomes.gain(field.seed);
    let chosen = if gain.value > 0.0 { at } else { 0 };
    let rows = tried.into_iter().enumerate().map(|(place, (settings, score))| Tried {
        settings,
        score,
        difference: outcomes.difference(place, field.seed),
    });
    Ok(Tuned {
        learner: learner.name().to_owned(),
        score: outcomes.score_name().to_owned(),
        folds,
        fits,
        budget,
        reproducible,
        tried: rows.collect(),
        best: at,
        gain,
        chosen,
        mattered,
    })
}

/// The state of a search.
struct Search<'a> {
    field: &'a Field<'a>,
    budget: u64,
    fits: u64,
    outcomes: Outcomes,
    /// Settings and their score.
    tried: Vec<(BTreeMap<String, String>, f64)>,
    /// The first of the best scores so far: its place, and its answers.
    best: Option<(usize, Predictions)>,
    observer: &'a dyn Observer,
    /// Whether it was ended before it was done.
    ended: bool,
}

impl Search<'_> {
    /// Where the search stands: the place of the best.
    fn place(&self) -> usize {
        self.best.as_ref().map_or(0, |best| best.0)
    }

    fn at(&self) -> &BTreeMap<String, String> {
        &self.tried[self.place()].0
    }

    /// Tries settings that were not tried; their place in what was tried. `None` where the budget or the time is spent.
    fn attempt(&mut self, settings: &BTreeMap<String, String>) -> Result<Option<usize>, Error> {
        let Field { learner, data, folds, .. } = *self.field;
        let members = settings.get(ENSEMBLE).map(|_| MEMBERS as u64);
        let cost = folds.len() as u64 * members.unwrap_or(2);
        let known = self.tried.iter().any(|(known, _)| known == settings);
        let ended = !self.tried.is_empty() && (self.observer.stopped() || self.observer.out_of_time());
        self.ended |= ended;
        if known || ended || self.fits + cost > self.budget {
            return Ok(None);
        }
        let mut learner = learner.clone();
        let own = settings.iter().filter(|(name, _)| name.as_str() != ENSEMBLE);
        own.into_iter().try_for_each(|(name, value)| learner.set(name, value))?;
        let parts = match members {
            None => answers_of(&learner, data, folds, &Silent)?,
            Some(_) => ensembles(&learner, data, folds)?,
        };
        let answers = assemble(data, folds.iter().map(|fold| fold.held.as_slice()).zip(&parts));
        self.fits += cost;
        self.observer.progress(self.fits, self.budget);
        Ok(Some(self.take(settings.clone(), answers)))
    }

    /// Adds a candidate with its answers; its place.
    fn take(&mut self, settings: BTreeMap<String, String>, answers: Predictions) -> usize {
        let score = self.outcomes.push(self.field.data, &answers);
        self.tried.push((settings, score));
        let place = self.tried.len() - 1;
        // The first of equals, so that nothing moves without a reason.
        if self.best.as_ref().is_none_or(|(best, _)| score > self.tried[*best].1) {
            self.best = Some((place, answers));
        }
        place
    }

    /// Tries tuned thresholds on the answers of the best, which takes no training.
    fn thresholds(&mut self) {
        let Some((place, answers)) = &self.best else { return };
        let data = self.field.data;
        let mut folds = vec![0; data.len()];
        for (number, fold) in self.field.folds.iter().enumerate() {
            fold.held.iter().for_each(|&row| folds[row] = number);
        }
        let held = HeldOut {
            task: data.task,
            labels: &data.labels,
            gold: data.examples.iter().map(|example| &example.gold).collect(),
            answers: answers.clone(),
            folds,
            clusters: None,
        };
        let settled = held.settle(&Wanted { rule: WantedRule::Tuned, ..Wanted::default() }, self.field.seed);
        if settled.report.rule == "tuned" {
            let mut settings = self.tried[*place].0.clone();
            settings.insert(THRESHOLDS.to_owned(), "tuned".to_owned());
            self.take(settings, settled.predictions);
        }
    }
}

/// The answers to each fold by an ensemble that was trained without it.
fn ensembles(learner: &Learner, data: &Dataset, folds: &[Fold]) -> Result<Vec<Predictions>, Error> {
    let one = |fold: &Fold| -> Result<Predictions, Error> {
        let held = pick(data, &fold.held);
        let members = fold.plan.folds.iter().map(|inner| {
            let watched = pick(data, &inner.held);
            fit(learner, data, &inner.plan.all, Some(&watched), &Silent)?.predict(data, &held)
        });
        Ok(ensemble::mean(data.task, &members.collect::<Result<Vec<_>, Error>>()?))
    };
    folds.par_iter().map(one).collect()
}
