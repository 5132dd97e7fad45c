//! Judgements: findings, the verdict, what to do next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad a finding is, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The score cannot be trusted or the model must not ship.
    Error,
    /// Worth mending before the next lap.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One judged fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule: `E402`.
    pub code: String,
    /// The rule's name: `accuracy-paradox`.
    pub name: String,
    /// How bad it is.
    pub severity: Severity,
    /// One line without a full stop: what is wrong, with its count.
    pub title: String,
    /// One to three sentences: what it means here and why it matters.
    pub message: String,
    /// How many examples (or labels, or members, as the rule's page says) it concerns.
    pub count: u64,
    /// The numbers behind it, by name.
    pub evidence: serde_json::Map<String, serde_json::Value>,
    /// Ids of the examples that show it, worst first, at most 1,000.
    pub examples: Vec<String>,
    /// What to do about it.
    pub action: Action,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// One sentence that starts with a verb.
    pub summary: String,
    /// A command that does it or shows it, when there is one.
    pub command: Option<String>,
    /// What it should bring; absent when it was not measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gain: Option<Gain>,
    /// What it costs, in words: `about 120 labels`; absent when it costs next to nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price: Option<String>,
}

/// What a step should bring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gain {
    /// The metric that should move.
    pub metric: String,
    /// By how much.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// One of the steps to take, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NextStep {
    /// 1 is the first.
    pub rank: u32,
    /// One sentence that starts with a verb.
    pub action: String,
    /// What it should bring; `null` when it was not measured.
    pub gain: Option<Gain>,
    /// What it costs, in words: `about 120 labels`; `null` when it costs next to nothing.
    pub price: Option<String>,
    /// The command that does it, when there is one.
    pub command: Option<String>,
    /// The finding it answers, when there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing was found against it.
    Ready,
    /// There is an error-level finding.
    NotReady,
    /// The evidence does not decide.
    Undecided,
}

impl State {
    /// The word shown: `READY`, `NOT READY`, `UNDECIDED`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::NotReady => "NOT READY",
            Self::Undecided => "UNDECIDED",
        }
    }
}

/// The answer, its reasons and what would decide it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The answer.
    pub state: State,
    /// Codes of the findings that decided, worst first.
    pub reasons: Vec<String>,
    /// Two or three sentences for a product owner.
    pub summary: String,
    /// Further test examples that would decide an undecided verdict.
    pub needed: Option<u64>,
    /// The name of the primary metric.
    pub metric: String,
    /// The best score without a model: what always answering `answer` would get on the primary metric.
    pub baseline: Option<Baseline>,
    /// The target asked for, if any.
    pub target: Option<f64>,
}

/// The best trivial model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// What it always answers: a label, or `nothing`.
    pub answer: String,
    /// What it would score on the primary metric.
    pub value: f64,
    /// What it would score on plain accuracy; absent for NER.
    pub accuracy: Option<f64>,
}
