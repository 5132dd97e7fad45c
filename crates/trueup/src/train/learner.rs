//! The learners behind one face: which one a task gets, fitting it, refitting it on everything.

use std::collections::BTreeMap;

use trueup_core::document::CurvePoint;
use trueup_core::{Annotation, Example, LabelSet, Predictions, Scores, Task};
use trueup_model::crf::{self, CrfParams};
use trueup_model::linear::{self, LinearParams};
use trueup_model::{ModelError, Predictor, Progress};

use crate::error::Error;
use crate::options::LearnerChoice;

/// A learner with its parameters.
#[derive(Debug, Clone)]
pub enum Learner {
    /// For labels.
    Linear(LinearParams),
    /// For spans.
    Crf(CrfParams),
}

/// A trained model and how it came about.
pub struct Trained {
    /// The model.
    pub model: Box<dyn Predictor>,
    /// Passes over the training data.
    pub epochs: u32,
    /// Features of the model.
    pub features: u64,
    /// One point a pass.
    pub curve: Vec<CurvePoint>,
    /// The temperature that calibrates the model, when it has one.
    temperature: Option<f64>,
}

impl Learner {
    /// The learner of `choice` for `task`.
    ///
    /// # Errors
    ///
    /// When the learner cannot do the task.
    pub fn new(choice: LearnerChoice, task: Task, seed: u64) -> Result<Self, Error> {
        let linear = || Self::Linear(LinearParams { seed, ..LinearParams::default() });
        let crf = || Self::Crf(CrfParams { seed, ..CrfParams::default() });
        match (choice, task) {
            (LearnerChoice::Linear | LearnerChoice::Auto, Task::Classification | Task::Multilabel) => Ok(linear()),
            (LearnerChoice::Crf | LearnerChoice::Auto, Task::Ner) => Ok(crf()),
            (choice, task) => Err(Error::Option {
                option: "--model",
                found: if choice == LearnerChoice::Crf { "crf" } else { "linear" }.into(),
                valid: format!("for {task} data it is {}", if task == Task::Ner { "crf" } else { "linear" }),
            }),
        }
    }

    /// `linear` or `crf`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Linear(_) => "linear",
            Self::Crf(_) => "crf",
        }
    }

    /// The parameters by name.
    pub fn describe(&self) -> BTreeMap<String, String> {
        match self {
            Self::Linear(params) => params.describe(),
            Self::Crf(params) => params.describe(),
        }
    }

    /// The most passes that training can take.
    pub fn most_epochs(&self) -> u32 {
        match self {
            Self::Linear(params) => params.epochs,
            Self::Crf(params) => params.epochs,
        }
    }

    /// Trains on `train`; with `valid`, early stopping watches it and keeps the best pass.
    ///
    /// # Errors
    ///
    /// When there is nothing to learn from; see [`ModelError`].
    pub fn fit(
        &self,
        task: Task,
        labels: &LabelSet,
        train: &[&Example],
        valid: Option<&[&Example]>,
        progress: &dyn Progress,
    ) -> Result<Trained, ModelError> {
        match self {
            Self::Linear(params) => {
                let fitted = linear::fit(task, labels, train, valid, params, progress)?;
                let temperature = Some(fitted.model.temperature());
                let (epochs, features, curve) = (fitted.epochs, fitted.features, fitted.curve);
                Ok(Trained { model: Box::new(fitted.model), epochs, features, curve, temperature })
            }
            Self::Crf(params) => {
                let fitted = crf::fit(labels, train, valid, params, progress)?;
                let (epochs, features, curve) = (fitted.epochs, fitted.features, fitted.curve);
                Ok(Trained { model: Box::new(fitted.model), epochs, features, curve, temperature: None })
            }
        }
    }

    /// The learner that repeats `found` on other data: exactly as many passes, the same temperature.
    #[must_use]
    pub fn as_found(&self, found: &Trained) -> Self {
        match self {
            Self::Linear(params) => {
                Self::Linear(LinearParams { epochs: found.epochs, temperature: found.temperature, ..params.clone() })
            }
            Self::Crf(params) => Self::Crf(CrfParams { epochs: found.epochs, ..params.clone() }),
        }
    }
}

/// A model that always gives the same answer.
struct Constant {
    labels: LabelSet,
    answer: Annotation,
}

impl Predictor for Constant {
    fn predict(&self, examples: &[&Example]) -> Predictions {
        let given = self.answer.labels();
        let row: Vec<f64> = self.labels.ids().map(|label| f64::from(u8::from(given.contains(&label)))).collect();
        let mut scores = Scores::new(self.labels.len());
        examples.iter().for_each(|_| scores.push(&row));
        Predictions {
            labels: self.labels.clone(),
            answers: vec![self.answer.clone(); examples.len()],
            scores: Some(scores),
            span_scores: None,
        }
    }
}

impl Trained {
    /// The model that always gives `answer`; `epochs` is what a refit on more data may take.
    pub(super) fn constant(labels: &LabelSet, answer: &Annotation, epochs: u32) -> Self {
        let model = Box::new(Constant { labels: labels.clone(), answer: answer.clone() });
        Self { model, epochs, features: 0, curve: Vec::new(), temperature: None }
    }

    /// The model's answers.
    pub fn predict(&self, examples: &[&Example]) -> Predictions {
        self.model.predict(examples)
    }
}
