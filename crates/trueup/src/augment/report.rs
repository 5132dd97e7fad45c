//! What came of augmenting, as `trueup augment --json` writes it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use trueup_core::Estimate;
use trueup_core::document::{Guess, Skipped};

use super::refuse::Refused;

/// What came of augmenting.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AugmentReport {
    /// `trueup.augment/1`.
    pub schema: String,
    /// The file that was read.
    pub file: String,
    /// Its format.
    pub format: String,
    /// `classification`, `multilabel` or `ner`.
    pub task: String,
    /// The seed.
    pub seed: u64,
    /// Examples read.
    pub examples: u64,
    /// Of these, those that new examples could be made of: labelled, of no test or validation split, not made by
    /// augmenting themselves, and with a label of `--only`.
    pub sources: u64,
    /// New examples.
    pub added: u64,
    /// New examples by method, in the order of the methods; those that gave none too.
    pub methods: Vec<MethodCount>,
    /// Examples that hold each label (or a span of each type) before and after, labels by code point.
    pub labels: Vec<LabelGrowth>,
    /// What was refused.
    pub refused: Refused,
    /// What could not be made in the number asked for.
    pub short: Vec<Short>,
    /// A new example of each method that gave one, with what it was made of.
    pub samples: Vec<Sample>,
    /// What the new examples gained in folds, where that was measured.
    pub gain: Option<Gain>,
    /// Where it was written.
    pub written: Option<String>,
    /// The format it was written in.
    pub written_as: Option<String>,
    /// What that format could not hold, by kind.
    pub losses: BTreeMap<String, LossCount>,
    /// What was decided from the content.
    pub guesses: Vec<Guess>,
    /// Records left out on reading.
    pub skipped: Vec<Skipped>,
    /// Anything else worth saying.
    pub notes: Vec<String>,
}

/// A method and what it gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MethodCount {
    /// The method.
    pub method: String,
    /// What it does.
    pub does: String,
    /// New examples.
    pub added: u64,
}

/// A label before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LabelGrowth {
    /// The label, or the type of spans.
    pub label: String,
    /// Examples to learn from that held it.
    pub before: u64,
    /// Examples to learn from that hold it now.
    pub after: u64,
}

/// Fewer than asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Short {
    /// The label of a target; nothing for the examples altogether.
    pub label: Option<String>,
    /// New examples that were asked for.
    pub asked: u64,
    /// New examples that could be made.
    pub made: u64,
}

/// A new example beside what it was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sample {
    /// The method.
    pub method: String,
    /// The id of the source, or the file and line of the template.
    pub from: String,
    /// The text it was made of.
    pub before: String,
    /// The new text.
    pub after: String,
}

/// What the new examples gained, by folds of the data that was read: the same folds with and without them, new examples
/// of held-out ones in no training part.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Gain {
    /// The metric, by name: the primary one of the task.
    pub metric: String,
    /// Its name for people.
    pub title: String,
    /// The score without the new examples.
    pub without: Option<f64>,
    /// The score with them.
    pub with: Option<f64>,
    /// With less without, and its paired 95 % interval.
    pub difference: Estimate,
    /// How many folds.
    pub folds: u64,
    /// The model.
    pub model: String,
}

/// What a format could not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LossCount {
    /// How often.
    pub count: u64,
    /// What the first one was, in words.
    pub first: String,
}
