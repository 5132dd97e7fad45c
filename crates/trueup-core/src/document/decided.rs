//! From scores to answers: what was found for a model, and what that is worth.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bin, Estimate};

/// What becomes of a model's scores, and what that is worth on answers to examples that training had not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    /// How many examples it was found on.
    pub examples: u64,
    /// What makes scores probabilities: `own` where the model's own are left.
    pub calibration: String,
    /// `usual`, `tuned`, `given` or `costs`.
    pub rule: String,
    /// The threshold of each label, where the rule has some.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thresholds: BTreeMap<String, f64>,
    /// The figures of the model's own scores and answers.
    pub before: BTreeMap<String, Estimate>,
    /// The same figures after it, cross-fitted.
    pub after: BTreeMap<String, Estimate>,
    /// Confidence against the share that is right, of answers (of spans, where those are found), before.
    pub reliability_before: Vec<Bin>,
    /// The same after it.
    pub reliability_after: Vec<Bin>,
    /// What is left to people, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abstain: Option<Abstained>,
    /// What was asked for and brought nothing, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What is left to people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Abstained {
    /// Answers of lower confidence are.
    pub below: f64,
    /// The share of examples that is answered.
    pub answered: Estimate,
    /// The share of those that is right.
    pub right: Estimate,
}
