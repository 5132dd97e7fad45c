//! What a review rests on: the splits, their fingerprints, what was guessed, what leaks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Estimate, LabelRow};

/// Where the reviewed predictions come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Evaluation {
    /// Folds: each example was predicted by a model that had not seen it.
    OutOfFold,
    /// A test set, given or held out.
    Test,
    /// A file of predictions.
    Predictions,
}

/// The data of a review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Data {
    /// Where the reviewed predictions come from.
    pub evaluation: Evaluation,
    /// How the evaluation was made, in words: `5 folds, stratified`, `test.csv`, `one 80/20 split`.
    pub how: String,
    /// The training data; absent when it is unknown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub train: Option<SplitSummary>,
    /// The validation data given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub valid: Option<SplitSummary>,
    /// The evaluated data.
    pub test: SplitSummary,
    /// Order-free hash of each split's texts and annotations, by split name.
    pub fingerprints: BTreeMap<String, String>,
}

/// One split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SplitSummary {
    /// `train`, `valid`, `test` or `all`.
    pub name: String,
    /// The file as it was named.
    pub file: String,
    /// The format it was read as: `csv`, `tsv`, `jsonl`, `label-text`, `conll`.
    pub format: String,
    /// Examples in it.
    pub examples: u64,
    /// Gold spans in it; absent for label tasks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spans: Option<u64>,
    /// What was guessed when reading it.
    pub guesses: Vec<Guess>,
    /// Records left out, with the reason; never silent.
    pub skipped: Vec<Skipped>,
}

/// Something decided from the content, and how to say it otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Guess {
    /// What was decided: `text is column 2`.
    pub what: String,
    /// The option that overrides it: `--text`.
    pub option: Option<String>,
}

/// A record that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// 1-based line.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// How two examples are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeakKind {
    /// Equal normalised text.
    Exact,
    /// Jaccard of character 5-grams of the normalised text at or above 0.8, and not exact.
    Near,
}

/// An evaluated example and a training example that are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Leak {
    /// Id of the evaluated example.
    pub test: String,
    /// Id of the training example.
    pub train: String,
    /// How they are alike.
    pub kind: LeakKind,
    /// Jaccard similarity in [0.8, 1]; 1 for exact.
    pub similarity: f64,
    /// Whether the texts are equal byte by byte.
    pub byte_equal: bool,
    /// Whether both have the same gold.
    pub same_gold: bool,
}

/// What stands on both sides, and the score without it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Leakage {
    /// Evaluated examples with an exact twin in training.
    pub exact: u64,
    /// Evaluated examples with a near twin (and no exact one) in training.
    pub near: u64,
    /// All pairs, by evaluated example.
    pub pairs: Vec<Leak>,
    /// Evaluated examples without any twin.
    pub clean_examples: u64,
    /// Every metric on the examples without a twin.
    pub clean_metrics: BTreeMap<String, Estimate>,
    /// Per-label figures on the examples without a twin.
    pub clean_labels: Vec<LabelRow>,
}
