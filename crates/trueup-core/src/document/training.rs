//! How a model was trained, and what the run cost.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Estimate;

/// One step of the training curve. Scores are the primary metric of the task (macro-F1, or entity F1), in [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurvePoint {
    /// Passes over the training data so far.
    pub step: u32,
    /// Mean loss an example (a token for `crf`) on the training part, in nats.
    pub train_loss: f64,
    /// The same on the validation part.
    pub valid_loss: Option<f64>,
    /// Score on the training part.
    pub train_score: f64,
    /// Score on the validation part.
    pub valid_score: Option<f64>,
    /// Accuracy on the training part (of examples; of tokens for `crf`).
    pub train_accuracy: f64,
    /// Accuracy on the validation part.
    pub valid_accuracy: Option<f64>,
}

/// A point of the learning curve: the score with so many training examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LearningPoint {
    /// Training examples used.
    pub examples: u64,
    /// The score on the same held-out part of the training data.
    pub score: f64,
}

/// The score of one fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoldScore {
    /// 1-based fold.
    pub fold: u32,
    /// Examples held out.
    pub examples: u64,
    /// The score of the curves on them; `null` when undefined.
    pub score: Option<f64>,
}

/// How the model was trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Training {
    /// `linear` or `crf`.
    pub model: String,
    /// The learner's parameters, by name.
    pub params: BTreeMap<String, String>,
    /// The seed.
    pub seed: u64,
    /// Hash of the training data, parameters and seed.
    pub fingerprint: String,
    /// Training examples.
    pub examples: u64,
    /// Features of the model.
    pub features: u64,
    /// Passes over the data of the final model.
    pub epochs: u32,
    /// What the score of the curves is: `f1_macro`, or `f1` for NER.
    pub score: String,
    /// The curve of the run that found `epochs`.
    pub curve: Vec<CurvePoint>,
    /// The score by amount of training data; empty when it was not measured.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub learning: Vec<LearningPoint>,
    /// What the last doubling of the training examples brought (score with all minus score with half, both on the same
    /// held-out part, paired interval); absent when it was not measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_doubling: Option<Estimate>,
    /// Scores of the folds; empty without folds.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub folds: Vec<FoldScore>,
    /// Whether someone ended the training before it was done: the model is what was best until then, and cannot be made
    /// again byte by byte.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub interrupted: bool,
}

/// Every timing, memory figure and machine fact.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Wall seconds from process start to the document.
    pub seconds: f64,
    /// CPU seconds of the process (user and system).
    pub cpu_seconds: f64,
    /// Peak resident memory in bytes.
    pub peak_memory_bytes: u64,
    /// Worker threads.
    pub threads: usize,
    /// Wall seconds by stage, in order of first start.
    pub stages: Vec<(String, f64)>,
    /// Operating system and processor architecture.
    pub machine: String,
}
