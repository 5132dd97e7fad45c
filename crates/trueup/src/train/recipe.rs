//! A recipe: a learner, how many of its models answer as one, and what becomes of their scores.

use std::collections::BTreeMap;

use trueup_core::{LabelId, LabelSet, Task, words};
use trueup_model::decision::{Costs, Rule, Thresholds};
use trueup_model::linear::{ClassWeights, LinearParams};

use super::Learner;
use crate::error::Error;
use crate::models;
use crate::options::{AbstainChoice, CalibrationChoice, CostOption, LearnOptions, ThresholdChoice};

/// How a model is made.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// What learns.
    pub learner: Learner,
    /// So many models answer as one, each trained without one fold.
    pub members: Option<usize>,
    /// What becomes of the scores.
    pub wanted: Wanted,
}

/// What is to become of scores; it is found on answers to examples that training has not seen.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What makes them probabilities.
    pub calibration: CalibrationChoice,
    /// Which labels are answered.
    pub rule: WantedRule,
    /// Which answers are left to people.
    pub abstain: Option<AbstainChoice>,
}

/// Which labels are to be answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum WantedRule {
    /// The likeliest.
    #[default]
    Usual,
    /// Those that give the highest F1.
    Tuned,
    /// By this rule.
    Fixed(Rule),
}

impl Recipe {
    /// A learner alone.
    pub fn plain(learner: Learner) -> Self {
        Self { learner, members: None, wanted: Wanted::default() }
    }

    /// What `options` ask for, for data of this task and these labels.
    ///
    /// # Errors
    ///
    /// When the learner cannot do the task or has no such setting, a label is unknown, or costs decide and none are stated.
    pub fn new(
        options: &LearnOptions,
        task: Task,
        labels: &LabelSet,
        costs: &[CostOption],
        seed: u64,
    ) -> Result<Self, Error> {
        let mut learner =
            Learner::with(&options.model, options.train_command.as_deref(), &options.settings, task, seed)?;
        if let Some(folder) = &options.from {
            learner = learner.training_on(&models::open(folder)?.model, &folder.display().to_string())?;
        }
        learner.give(&options.resources)?;
        if let Learner::Linear(LinearParams { class_weights: ClassWeights::ByLabel(weights), .. }) = &learner {
            weights.keys().try_for_each(|name| known(labels, name, "--class-weight").map(drop))?;
        }
        Ok(Self { learner, members: options.ensemble, wanted: Self::wanted(options, task, labels, costs)? })
    }

    /// What `options` want to become of scores, for data of this task and these labels.
    ///
    /// # Errors
    ///
    /// When a label is unknown, or costs decide and none are stated.
    pub fn wanted(
        options: &LearnOptions,
        task: Task,
        labels: &LabelSet,
        costs: &[CostOption],
    ) -> Result<Wanted, Error> {
        let rule = match &options.thresholds {
            ThresholdChoice::Usual => WantedRule::Usual,
            ThresholdChoice::Tuned => WantedRule::Tuned,
            ThresholdChoice::Costs => {
                if costs.is_empty() {
                    return Err(Error::Option {
                        option: "--thresholds",
                        found: "costs".to_owned(),
                        valid: "with the costs stated, such as --cost fraud:miss=50,false-alarm=1".to_owned(),
                    });
                }
                let mut of = vec![None; labels.len()];
                for cost in costs {
                    of[known(labels, &cost.label, "--cost")? as usize] = Some((cost.miss, cost.false_alarm));
                }
                WantedRule::Fixed(Rule::Costs(Costs::new(of)))
            }
            ThresholdChoice::Given(given) => {
                let mut of = vec![0.5; labels.len()];
                for (label, threshold) in given {
                    of[known(labels, label, "--thresholds")? as usize] = *threshold;
                }
                // Of two labels, what the one does not reach is the other's.
                if let ([(label, threshold)], Task::Classification, 2) = (given.as_slice(), task, labels.len()) {
                    let other = 1 - known(labels, label, "--thresholds")?;
                    of[other as usize] = (1.0 - threshold).max(1e-4);
                }
                WantedRule::Fixed(Rule::Thresholds(Thresholds::new(of)))
            }
        };
        Ok(Wanted { calibration: options.calibration, rule, abstain: options.abstain })
    }

    /// Whether a model of it is searched for by itself: all but ensembles of programs, of which the members are all there is.
    pub fn alone(&self) -> bool {
        self.members.is_none() || !self.learner.is_program()
    }

    /// The word for what it makes.
    pub fn name(&self) -> &'static str {
        if self.members.is_some() { "ensemble" } else { self.learner.name() }
    }

    /// All settings by name, for the record of a training run.
    pub fn describe(&self) -> BTreeMap<String, String> {
        let mut settings = self.learner.describe();
        if let Some(members) = self.members {
            settings.insert("ensemble".to_owned(), members.to_string());
            settings.insert("learner".to_owned(), self.learner.name().to_owned());
        }
        if let Learner::Adapted(..) = &self.learner {
            settings.insert("from".to_owned(), "an earlier model".to_owned());
        }
        if self.wanted.calibration != CalibrationChoice::Own {
            settings.insert("calibration".to_owned(), self.wanted.calibration.name().to_owned());
        }
        let rule = match &self.wanted.rule {
            WantedRule::Usual => None,
            WantedRule::Tuned => Some("tuned"),
            WantedRule::Fixed(Rule::Costs(_)) => Some("costs"),
            WantedRule::Fixed(_) => Some("given"),
        };
        settings.extend(rule.map(|rule| ("thresholds".to_owned(), rule.to_owned())));
        settings.extend(self.wanted.abstain.map(|abstain| ("abstain".to_owned(), abstain.name())));
        settings
    }

    /// Whether a model of it needs folds of what it learns from.
    pub fn needs_folds(&self) -> bool {
        self.members.is_some() || self.wanted.needs_answers()
    }

    /// Into how many folds what it learns from is parted.
    pub fn folds(&self, usual: usize) -> usize {
        if self.needs_folds() { self.members.unwrap_or(usual) } else { 0 }
    }
}

/// The id of the label that an option names.
fn known(labels: &LabelSet, name: &str, option: &'static str) -> Result<LabelId, Error> {
    let names = || words::list(labels.names(), 20);
    labels.id(name).ok_or_else(|| Error::Option {
        option,
        found: name.to_owned(),
        valid: format!("a label of the data: {}", names()),
    })
}

impl Wanted {
    /// Whether anything is wanted but what the model does itself.
    pub fn is_plain(&self) -> bool {
        self.calibration == CalibrationChoice::Own && self.rule == WantedRule::Usual && self.abstain.is_none()
    }

    /// Whether it takes answers to examples that training has not seen to find it.
    pub fn needs_answers(&self) -> bool {
        self.calibration != CalibrationChoice::Own
            || self.rule == WantedRule::Tuned
            || matches!(self.abstain, Some(AbstainChoice::Right(_)))
    }
}
