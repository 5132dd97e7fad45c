//! The learners behind one face: which one a task gets, fitting it, refitting it on everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use trueup_core::document::CurvePoint;
use trueup_core::{Annotation, Dataset, Example, LabelSet, Predictions, Task};
use trueup_model::crf::{self, CrfParams};
use trueup_model::linear::{self, Calibrator, LinearModel, LinearParams};
use trueup_model::{ModelError, Progress};

use super::Fold;
use super::folds::{InFold, Whole};
use crate::error::Error;
use crate::external::External;
use crate::models::{Constant, Model, Program};
use crate::options::ModelChoice;

/// A learner with its parameters.
#[derive(Debug, Clone)]
pub enum Learner {
    /// For labels.
    Linear(LinearParams),
    /// For labels, trained on from an earlier model.
    Adapted(Arc<LinearModel>, LinearParams),
    /// For spans.
    Crf(CrfParams),
    /// A program in any language, for anything.
    Program(Box<Command>),
}

/// A program that is trained by a command of its own.
#[derive(Debug, Clone)]
pub struct Command {
    /// The program, untrained.
    pub program: External,
    /// The command that trains it.
    pub train: String,
}

/// A trained model and how it came about.
#[derive(Debug)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// Passes over the training data.
    pub epochs: u32,
    /// Features of the model.
    pub features: u64,
    /// One point a pass.
    pub curve: Vec<CurvePoint>,
    /// What calibrates the model, when it has one.
    calibrator: Option<Calibrator>,
}

impl Learner {
    /// The learner of `choice` for `task`; `train` is the command that trains a program.
    ///
    /// # Errors
    ///
    /// When the learner cannot do the task, or a program has no such command.
    pub fn new(choice: &ModelChoice, train: Option<&str>, task: Task, seed: u64) -> Result<Self, Error> {
        if let ModelChoice::Command(name) = choice {
            let program = External::parse(name)?;
            return match train {
                Some(train) => Ok(Self::Program(Box::new(Command { program, train: train.to_owned() }))),
                None => Err(Error::Option {
                    option: "--model",
                    found: name.clone(),
                    valid: "to train a program, --train-command says how; `trueup calibrate` takes one that is trained"
                        .to_owned(),
                }),
            };
        }
        if let Some(train) = train {
            return Err(Error::Option {
                option: "--train-command",
                found: train.to_owned(),
                valid: "with --model command:PROGRAM, which it trains".to_owned(),
            });
        }
        let linear = || Self::Linear(LinearParams { seed, ..LinearParams::for_task(task) });
        let crf = || Self::Crf(CrfParams { seed, ..CrfParams::default() });
        match (choice, task) {
            (ModelChoice::Linear | ModelChoice::Auto, Task::Classification | Task::Multilabel) => Ok(linear()),
            (ModelChoice::Crf | ModelChoice::Auto, Task::Ner) => Ok(crf()),
            (choice, task) => Err(Error::Option {
                option: "--model",
                found: choice.name(),
                valid: format!("to train on {task} data it is {}", if task == Task::Ner { "crf" } else { "linear" }),
            }),
        }
    }

    /// The learner of `choice` for `task` with other settings than its defaults.
    ///
    /// # Errors
    ///
    /// When the learner cannot do the task, or has no such setting.
    pub fn with(
        choice: &ModelChoice,
        train: Option<&str>,
        settings: &[(String, String)],
        task: Task,
        seed: u64,
    ) -> Result<Self, Error> {
        let mut learner = Self::new(choice, train, task, seed)?;
        settings.iter().try_for_each(|(name, value)| learner.set(name, value))?;
        Ok(learner)
    }

    /// The same learner, training on from a kept model.
    ///
    /// # Errors
    ///
    /// When it cannot: the model is of another kind, or is several.
    pub fn training_on(self, from: &Model, folder: &str) -> Result<Self, Error> {
        match (self, from.undecided()) {
            (Self::Linear(params) | Self::Adapted(_, params), Model::Linear(model)) => {
                Ok(Self::Adapted(Arc::new((**model).clone()), params))
            }
            (learner, model) => Err(Error::Option {
                option: "--from-model",
                found: format!("{folder} ({})", model.learner()),
                valid: format!("a linear model, trained on from by linear; this is {}", learner.name()),
            }),
        }
    }

    /// `linear`, `crf` or `program`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Linear(_) | Self::Adapted(..) => "linear",
            Self::Crf(_) => "crf",
            Self::Program(_) => "program",
        }
    }

    /// Whether it is a program, of which nothing is known but its answers: it is trained once where others search for the best
    /// number of passes first, and one at a time.
    pub fn is_program(&self) -> bool {
        matches!(self, Self::Program(_))
    }

    /// The parameters by name.
    pub fn describe(&self) -> BTreeMap<String, String> {
        match self {
            Self::Linear(params) | Self::Adapted(_, params) => params.describe(),
            Self::Crf(params) => params.describe(),
            Self::Program(command) => BTreeMap::from([
                ("command".to_owned(), command.program.name()),
                ("train_command".to_owned(), command.train.clone()),
            ]),
        }
    }

    /// The most passes that training can take.
    pub fn most_epochs(&self) -> u32 {
        match self {
            Self::Linear(params) | Self::Adapted(_, params) => params.epochs,
            Self::Crf(params) => params.epochs,
            Self::Program(_) => 1,
        }
    }

    /// Trains on `train`, which are examples of `data`; with `valid`, early stopping watches it and keeps the best pass.
    ///
    /// # Errors
    ///
    /// When there is nothing to learn from ([`ModelError`]), or a program fails.
    pub fn fit(
        &self,
        data: &Dataset,
        train: &[&Example],
        valid: Option<&[&Example]>,
        progress: &dyn Progress,
    ) -> Result<Trained, Error> {
        let (task, labels) = (data.task, &data.labels);
        match self {
            Self::Linear(_) | Self::Adapted(..) => {
                let fitted = match self {
                    Self::Adapted(from, params) => from.adapt(labels, train, valid, params, progress)?,
                    Self::Linear(params) => linear::fit(task, labels, train, valid, params, progress)?,
                    Self::Crf(_) | Self::Program(_) => unreachable!("it is for labels"),
                };
                let calibrator = Some(fitted.model.calibrator().clone());
                let (epochs, features, curve) = (fitted.epochs, fitted.features, fitted.curve);
                Ok(Trained { model: Model::Linear(Box::new(fitted.model)), epochs, features, curve, calibrator })
            }
            Self::Crf(params) => {
                let fitted = crf::fit(labels, train, valid, params, progress)?;
                let (epochs, features, curve) = (fitted.epochs, fitted.features, fitted.curve);
                Ok(Trained { model: Model::Crf(Box::new(fitted.model)), epochs, features, curve, calibrator: None })
            }
            Self::Program(command) => {
                let external =
                    command.program.train(&command.train, data, train, valid.filter(|rows| !rows.is_empty()), None)?;
                progress.epoch(1, 1, f64::NAN);
                let model =
                    Model::Program(Box::new(Program::new(external, task, labels.clone(), data.columns.clone())));
                Ok(Trained { model, epochs: 0, features: 0, curve: Vec::new(), calibrator: None })
            }
        }
    }

    /// Answers each fold by a model that was trained without it, as a search for the best number of passes on the rows watched
    /// and a training on all rows kept would, in one call in which all folds share what they can. `smaller` are parts of what
    /// the first fold's search learns from, for its learning curve. `None` where the folds are not the parts of a whole, or
    /// where one has a single label.
    ///
    /// # Errors
    ///
    /// When there is nothing to learn from; see [`ModelError`].
    pub fn in_folds(
        &self,
        data: &Dataset,
        folds: &[Fold],
        smaller: &[Vec<usize>],
        progress: &dyn Progress,
    ) -> Result<Option<Vec<InFold>>, ModelError> {
        let Some(whole) = Whole::of(data, folds) else { return Ok(None) };
        let found = match self {
            Self::Linear(params) => whole.linear(params, smaller, progress),
            Self::Adapted(..) | Self::Program(_) => return Ok(None),
            Self::Crf(params) => whole.crf(params, smaller, progress),
        };
        match found {
            Err(ModelError::Labels { .. }) => Ok(None),
            found => found.map(Some),
        }
    }

    /// The learner that repeats `found` on other data: exactly as many passes, the same calibrator.
    #[must_use]
    pub fn as_found(&self, found: &Trained) -> Self {
        match self {
            Self::Linear(params) => Self::Linear(found.repeated(params)),
            Self::Adapted(from, params) => Self::Adapted(from.clone(), found.repeated(params)),
            Self::Crf(params) => Self::Crf(CrfParams { epochs: found.epochs, ..params.clone() }),
            Self::Program(command) => Self::Program(command.clone()),
        }
    }
}

impl Trained {
    /// The model that always gives `answer`; `epochs` is what a refit on more data may take.
    pub(super) fn constant(labels: &LabelSet, answer: &Annotation, epochs: u32) -> Self {
        let model = Model::Constant(Constant { labels: labels.clone(), answer: answer.clone() });
        Self { model, epochs, features: 0, curve: Vec::new(), calibrator: None }
    }

    /// The parameters that repeat it.
    fn repeated(&self, params: &LinearParams) -> LinearParams {
        LinearParams { epochs: self.epochs, calibrator: self.calibrator.clone(), ..params.clone() }
    }

    /// The model's answers to examples of `data`.
    ///
    /// # Errors
    ///
    /// When it is a program, and that fails.
    pub fn predict(&self, data: &Dataset, examples: &[&Example]) -> Result<Predictions, Error> {
        self.model.predict(&data.columns, examples)
    }
}
