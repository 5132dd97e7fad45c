//! Models: what a learner leaves, one face for all of them, and the folder in which a model is kept.
//!
//! A folder holds `config.json` (what the model is: [`About`]), `model.safetensors` (its numbers), `training.json` (how
//! it was trained), `README.md` (its card) and `run.json` (what training it cost). It is opened by a memory map in milliseconds, and
//! nothing in it can run, but where the model is a program ([`Program`]): such a folder is opened by a name that says that it is
//! trusted.

mod folder;
mod program;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trueup_core::document::Tool;
use trueup_core::{Annotation, Example, LabelSet, Predictions, Scores, Task, words};
use trueup_model::crf::CrfModel;
use trueup_model::decision::Decision;
use trueup_model::ensemble;
use trueup_model::linear::LinearModel;
use trueup_model::{ModelError, Parts, Predictor};

use crate::error::{Error, columns_of};

pub use folder::{CONFIG, bytes, check_name, is_kept, open, place, run, run_of_file, save, save_run, training};
pub use program::Program;

/// The schema of `config.json`.
pub const SCHEMA: &str = "trueup.model/1";

/// The setting that says what becomes of a model's scores.
const DECISION: &str = "decision";

/// A trained model of any learner.
#[derive(Debug, Clone)]
pub enum Model {
    /// A text classifier over n-grams.
    Linear(Box<LinearModel>),
    /// A chain over tokens.
    Crf(Box<CrfModel>),
    /// Always the same answer: of training data with one label.
    Constant(Constant),
    /// Several models that answer as one.
    Ensemble(Ensemble),
    /// A model whose scores become answers in another way than its own.
    Decided(Box<Decided>),
    /// A program in any language.
    Program(Box<Program>),
}

/// Models of the same labels that answer as one.
#[derive(Debug, Clone)]
pub struct Ensemble {
    /// What kind of answer they give.
    pub task: Task,
    /// The models, one or more.
    pub members: Vec<Model>,
}

/// A model, and what becomes of its scores.
#[derive(Debug, Clone)]
pub struct Decided {
    /// What kind of answer it gives.
    pub task: Task,
    /// The model.
    pub model: Model,
    /// What becomes of its scores.
    pub decision: Decision,
}

/// What always gives the same answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// The labels.
    pub labels: LabelSet,
    /// The answer.
    pub answer: Annotation,
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

impl Model {
    /// What it answers to examples whose metadata are the values of `columns`; those that it reads ([`Model::columns`]) come
    /// first among them. [`Model::answer`] sees to that.
    ///
    /// # Errors
    ///
    /// When it is a program, and that fails or answers wrongly.
    pub fn predict(&self, columns: &[String], examples: &[&Example]) -> Result<Predictions, Error> {
        match self {
            Self::Linear(model) => Ok(model.predict(examples)),
            Self::Crf(model) => Ok(model.predict(examples)),
            Self::Constant(model) => Ok(model.predict(examples)),
            Self::Ensemble(Ensemble { task, members }) => {
                let parts = members.iter().map(|member| member.predict(columns, examples));
                Ok(ensemble::mean(*task, &parts.collect::<Result<Vec<Predictions>, _>>()?))
            }
            Self::Decided(decided) => {
                let mut predictions = decided.model.predict(columns, examples)?;
                decided.decision.apply(decided.task, &mut predictions);
                Ok(predictions)
            }
            Self::Program(program) => program.predict(columns, examples),
        }
    }

    /// The columns that stand for themselves wherever it is asked: no guess may take them for something else.
    pub fn reserved(&self) -> Vec<String> {
        let programs = self.programs().into_iter().flat_map(|program| &program.columns);
        self.columns().iter().chain(programs).cloned().collect()
    }

    /// The programs in it.
    pub fn programs(&self) -> Vec<&Program> {
        match self {
            Self::Program(program) => vec![program],
            Self::Ensemble(ensemble) => ensemble.members.iter().flat_map(Self::programs).collect(),
            Self::Decided(decided) => decided.model.programs(),
            Self::Linear(_) | Self::Crf(_) | Self::Constant(_) => Vec::new(),
        }
    }

    fn programs_mut(&mut self) -> Vec<&mut Program> {
        match self {
            Self::Program(program) => vec![program],
            Self::Ensemble(ensemble) => ensemble.members.iter_mut().flat_map(Self::programs_mut).collect(),
            Self::Decided(decided) => decided.model.programs_mut(),
            Self::Linear(_) | Self::Crf(_) | Self::Constant(_) => Vec::new(),
        }
    }

    /// The learner's name, as `--model` takes it.
    pub fn learner(&self) -> &'static str {
        match self {
            Self::Linear(_) => "linear",
            Self::Crf(_) => "crf",
            Self::Constant(_) => "constant",
            Self::Ensemble(_) => "ensemble",
            Self::Program(_) => "program",
            Self::Decided(decided) => decided.model.learner(),
        }
    }

    /// What becomes of its scores, where that is not its own way.
    pub fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Decided(decided) => Some(&decided.decision),
            _ => None,
        }
    }

    /// The same model with another way from scores to answers.
    #[must_use]
    pub fn with_decision(self, task: Task, decision: Decision) -> Self {
        let model = match self {
            Self::Decided(decided) => decided.model,
            model => model,
        };
        Self::Decided(Box::new(Decided { task, model, decision }))
    }

    /// The model without it.
    #[must_use]
    pub fn undecided(&self) -> &Self {
        match self {
            Self::Decided(decided) => &decided.model,
            model => model,
        }
    }

    /// The columns that it reads beside the text.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Linear(model) => model.columns(),
            Self::Crf(_) | Self::Constant(_) | Self::Program(_) => &[],
            // A member that always answers the same reads none.
            Self::Ensemble(ensemble) => {
                ensemble.members.iter().map(Self::columns).find(|columns| !columns.is_empty()).unwrap_or(&[])
            }
            Self::Decided(decided) => decided.model.columns(),
        }
    }

    /// What it answers to examples of `file`, whose metadata are the values of `columns`.
    ///
    /// # Errors
    ///
    /// When a column that the model reads is not among them.
    pub fn answer(&self, file: &str, columns: &[String], examples: &[&Example]) -> Result<Predictions, Error> {
        let read = self.columns();
        let place = |name: &String| {
            columns.iter().position(|own| own == name).ok_or_else(|| Error::Option {
                option: "MODEL",
                found: format!("it reads the column '{}' beside the text", words::printable(name)),
                valid: columns_of(file, columns),
            })
        };
        let places: Vec<usize> = read.iter().map(place).collect::<Result<_, _>>()?;
        if places.iter().copied().eq(0..read.len()) {
            return self.predict(columns, examples);
        }
        let value = |example: &Example, at: usize| example.metadata.get(at).cloned().unwrap_or_default();
        let seen = |example: &&Example| Example {
            metadata: places.iter().map(|&at| value(example, at)).collect(),
            ..(*example).clone()
        };
        let seen: Vec<Example> = examples.iter().map(seen).collect();
        self.predict(read, &seen.iter().collect::<Vec<_>>())
    }

    /// The labels that it knows.
    pub fn labels(&self) -> &LabelSet {
        match self {
            Self::Linear(model) => model.labels(),
            Self::Crf(model) => model.labels(),
            Self::Constant(model) => &model.labels,
            Self::Ensemble(ensemble) => ensemble.members[0].labels(),
            Self::Program(program) => &program.labels,
            Self::Decided(decided) => decided.model.labels(),
        }
    }

    /// What it is made of.
    pub fn to_parts(&self) -> Parts {
        match self {
            Self::Linear(model) => model.to_parts(),
            Self::Crf(model) => model.to_parts(),
            Self::Constant(Constant { labels, answer }) => {
                let several = matches!(answer, Annotation::Labels(_));
                let answer: Vec<&str> = answer.labels().iter().map(|&label| labels.name(label)).collect();
                Parts::new(serde_json::json!({ "labels": labels.names(), "answer": answer, "several": several }))
            }
            Self::Ensemble(Ensemble { members, .. }) => {
                let mut parts = Parts::new(Value::Null);
                let mut of = |(number, member): (usize, &Self)| {
                    let settings = parts.put_all(&number.to_string(), member.to_parts());
                    serde_json::json!({ "learner": member.learner(), "settings": settings })
                };
                let members: Vec<Value> = members.iter().enumerate().map(&mut of).collect();
                parts.settings = serde_json::json!({ "members": members });
                parts
            }
            Self::Program(program) => program.to_parts(),
            Self::Decided(decided) => {
                let mut parts = decided.model.to_parts();
                parts.settings[DECISION] =
                    serde_json::to_value(&decided.decision).expect("it holds only numbers and lists");
                parts
            }
        }
    }

    /// The model of that learner and those parts.
    ///
    /// # Errors
    ///
    /// When there is no such learner, or the parts are not whole.
    pub fn of_parts(learner: &str, task: Task, mut parts: Parts) -> Result<Self, ModelError> {
        let damaged = |what: String| ModelError::Damaged { what };
        if let Some(decision) = parts.settings.as_object_mut().and_then(|settings| settings.remove(DECISION)) {
            let decision: Decision =
                serde_json::from_value(decision).map_err(|e| damaged(format!("its decision ({e})")))?;
            let model = Self::of_parts(learner, task, parts)?;
            if !decision.fits(model.labels().len()) {
                return Err(damaged("its decision is for other labels".to_owned()));
            }
            return Ok(model.with_decision(task, decision));
        }
        match learner {
            "linear" => Ok(Self::Linear(Box::new(LinearModel::of_parts(parts)?))),
            "crf" => Ok(Self::Crf(Box::new(CrfModel::of_parts(parts)?))),
            "program" => Ok(Self::Program(Box::new(Program::of_parts(&parts, task)?))),
            "constant" => {
                let labels = LabelSet::new(parts.setting::<Vec<String>>("labels")?);
                let names: Vec<String> = parts.setting("answer")?;
                let mut answer = names
                    .iter()
                    .map(|name| labels.id(name).ok_or_else(|| damaged(format!("'{name}' is none of its labels"))))
                    .collect::<Result<Vec<_>, _>>()?;
                answer.sort_unstable();
                let answer = match (parts.setting::<bool>("several")?, answer.as_slice()) {
                    (true, _) => Annotation::Labels(answer),
                    (false, &[label]) => Annotation::Label(label),
                    _ => return Err(damaged("not one label for one answer".to_owned())),
                };
                Ok(Self::Constant(Constant { labels, answer }))
            }
            "ensemble" => {
                #[derive(Deserialize)]
                struct Member {
                    learner: String,
                    settings: Value,
                }
                let members: Vec<Member> = parts.setting("members")?;
                let members = members.into_iter().enumerate().map(|(number, Member { learner, settings })| {
                    if learner == "ensemble" {
                        return Err(damaged("an ensemble of ensembles".to_owned()));
                    }
                    Self::of_parts(&learner, task, parts.take_all(&number.to_string(), settings))
                });
                let members = members.collect::<Result<Vec<_>, _>>()?;
                if members.is_empty() || members.iter().any(|member| member.labels() != members[0].labels()) {
                    return Err(damaged("the members of the ensemble do not fit together".to_owned()));
                }
                let mut read: Vec<&[String]> = members.iter().map(Self::columns).filter(|c| !c.is_empty()).collect();
                read.dedup();
                if read.len() > 1 {
                    return Err(damaged("the members of the ensemble read other columns".to_owned()));
                }
                Ok(Self::Ensemble(Ensemble { task, members }))
            }
            other => Err(damaged(format!("the learner '{other}' is not known to this version"))),
        }
    }
}

/// What `config.json` says of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct About {
    /// `trueup.model/1`.
    pub schema: String,
    /// What made it.
    pub tool: Tool,
    /// `linear`, `crf`, `ensemble`, `constant` or `program`.
    pub learner: String,
    /// What kind of answer it gives.
    pub task: Task,
    /// What it was trained on.
    pub data: TrainedOn,
    /// The command that made it.
    pub command: String,
    /// What the learner keeps beside its arrays of numbers.
    pub settings: Value,
}

/// What a model was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrainedOn {
    /// The file as it was named.
    pub file: String,
    /// How many examples.
    pub examples: u64,
    /// The fingerprint of the examples, whatever their order.
    pub fingerprint: String,
}

/// A model that was kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What it is.
    pub about: About,
    /// The model.
    pub model: Model,
}
