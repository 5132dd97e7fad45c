//! What a comparison or a gate is asked to do.

use std::path::{Path, PathBuf};

use trueup_data::ReadOptions;

use super::CostOption;
use crate::external::External;

/// One of the models that are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContestantChoice {
    /// A file of its answers.
    Predictions(PathBuf),
    /// The folder of a model that was kept.
    Model(PathBuf),
    /// A program that answers: `command:PROGRAM`.
    Program(String),
}

impl ContestantChoice {
    /// As it is typed.
    pub fn name(&self) -> String {
        match self {
            Self::Predictions(path) | Self::Model(path) => path.display().to_string(),
            Self::Program(name) => name.clone(),
        }
    }

    /// What it is: `predictions`, `model` or `program`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Predictions(_) => "predictions",
            Self::Model(_) => "model",
            Self::Program(_) => "program",
        }
    }

    /// The file or folder that it is read from.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Predictions(path) | Self::Model(path) => Some(path),
            Self::Program(_) => None,
        }
    }
}

impl std::str::FromStr for ContestantChoice {
    type Err = String;

    /// Reads a file of predictions, the folder of a model, or `command:PROGRAM`.
    fn from_str(text: &str) -> Result<Self, String> {
        if External::is_named(text) {
            External::parse(text).map_err(|e| e.to_string())?;
            return Ok(Self::Program(text.to_owned()));
        }
        let path = PathBuf::from(text);
        Ok(if crate::models::is_kept(&path) { Self::Model(path) } else { Self::Predictions(path) })
    }
}

/// How p-values of several labels or slices are corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CorrectionChoice {
    /// The chance of any false alarm among them (Holm).
    #[default]
    Holm,
    /// The share of false alarms among the alarms (Benjamini and Hochberg).
    BenjaminiHochberg,
}

impl CorrectionChoice {
    /// The word on the command line and in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holm => "holm",
            Self::BenjaminiHochberg => "benjamini-hochberg",
        }
    }
}

/// What a comparison is asked to do.
#[derive(Debug, Clone)]
pub struct CompareOptions {
    /// The gold; without it the files of predictions hold it too.
    pub gold: Option<PathBuf>,
    /// What stands now; none for a first model, which only a gate takes.
    pub baseline: Option<ContestantChoice>,
    /// What wants in: one, or several of which the best is meant.
    pub candidates: Vec<ContestantChoice>,
    /// The column of the answers in files of predictions.
    pub predicted: Option<String>,
    /// What the candidate was trained on: test examples that it holds do not count.
    pub train: Option<PathBuf>,
    /// How files are read.
    pub read: ReadOptions,
    /// The column of the weights of examples.
    pub weights: Option<String>,
    /// The metric that decides, instead of the usual one.
    pub metric: Option<String>,
    /// What mistakes cost.
    pub costs: Vec<CostOption>,
    /// The positive label of two.
    pub positive: Option<String>,
    /// Codes (or their beginnings) of the rules to run; those of comparisons when empty.
    pub select: Vec<String>,
    /// Codes (or their beginnings) of the rules not to run.
    pub ignore: Vec<String>,
    /// SQL expressions, each of which makes a slice.
    pub slices: Vec<String>,
    /// Columns, each of which makes a slice a value.
    pub slices_by: Vec<String>,
    /// How p-values of labels and slices are corrected.
    pub correction: CorrectionChoice,
    /// Whether examples that both hold are compared where the test sets differ.
    pub common: bool,
    /// What training the baseline and the candidate cost, from files, where it is not beside the models.
    pub runs: [Option<PathBuf>; 2],
    /// Whether the time of single answers is measured.
    pub latency: bool,
    /// What is to be decided; nothing for a comparison.
    pub gate: Option<GateOptions>,
    /// The seed of resamples and exchanges.
    pub seed: u64,
    /// Whether texts stay out of the document.
    pub no_text: bool,
    /// The command that was typed, without its output options.
    pub command: String,
}

/// What a gate is asked beside the comparison.
#[derive(Debug, Clone, Default)]
pub struct GateOptions {
    /// The policy; without it the `trueup.toml` beside the gold is asked, else the default holds.
    pub policy: Option<PathBuf>,
}
