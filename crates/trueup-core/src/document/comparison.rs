//! Two models on the same test set: what moved, whether that is more than chance, and what a gate decides.
//!
//! Differences are the candidate's figure less the baseline's, everywhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Confusion, Training};

/// A candidate against a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What stands now.
    pub baseline: Contestant,
    /// What wants in.
    pub candidate: Contestant,
    /// All candidates, when there are several: `candidate` is the best of them, and levels and p-values are corrected for
    /// choosing it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub rivals: Vec<Rival>,
    /// Examples that are compared: those of the test set, without leaked ones.
    pub examples: u64,
    /// Independent units among them: groups of examples that belong together count once.
    pub units: u64,
    /// The metric that decides.
    pub metric: String,
    /// The level of the intervals: 0.95, or more where several candidates were chosen from.
    pub level: f64,
    /// What became of the metric that decides.
    pub standing: Standing,
    /// Every metric of the checklist, the one that decides first.
    pub metrics: Vec<ComparedMetric>,
    /// Precision, recall and F1 of each label, in label order.
    pub labels: Vec<ComparedLabel>,
    /// How the p-values of labels and slices are corrected: `holm` or `benjamini-hochberg`.
    pub correction: String,
    /// Parts of the test set.
    pub slices: Vec<ComparedSlice>,
    /// The baseline's confusion matrix, over the same labels as the candidate's in the document's `confusion`; absent for sets
    /// of labels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confusion: Option<Confusion>,
    /// Which examples changed sides.
    pub flips: Flips,
    /// How far the two models answer alike, right or wrong.
    pub agreement: ModelAgreement,
    /// Wrong spans by kind, with how often each model makes them; empty for labels.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub span_errors: Vec<ComparedCount>,
    /// What the models cost, as far as it is known.
    pub costs: Vec<ComparedCost>,
    /// How the baseline was trained; the candidate's record is the document's `training`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub training: Option<Training>,
    /// The same metrics with the leaked examples; absent when none leaks, or training data is unknown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leaked: Option<LeakedComparison>,
    /// What a gate decides; absent when nothing was asked to be decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decision: Option<Decision>,
    /// Further test examples that would decide what is undecided, at the power asked for, if the difference is what it seems;
    /// `null` when it is decided, or no number that anyone can label would do.
    pub needed: Option<u64>,
    /// How the gate decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gate: Option<Gate>,
    /// Whether the same files and seed give the same document: not where latency was measured for it.
    pub reproducible: bool,
}

/// One of the models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contestant {
    /// The file, folder or command as it was named.
    pub name: String,
    /// `predictions`, `model` or `program`.
    pub kind: String,
}

/// One of several candidates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rival {
    /// The file, folder or command as it was named.
    pub name: String,
    /// What became of the metric that decides.
    #[serde(flatten)]
    pub compared: Compared,
    /// What a gate decides of it; absent without one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decision: Option<Decision>,
}

/// What became of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The interval of the difference lies wholly on the better side.
    Better,
    /// It lies within what makes no difference in practice, on both sides.
    Same,
    /// It lies wholly on the worse side.
    Worse,
    /// None of these: the examples do not tell.
    Unclear,
}

impl Standing {
    /// The word shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Same => "same",
            Self::Worse => "worse",
            Self::Unclear => "unclear",
        }
    }
}

/// How a difference was tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PairedTest {
    /// McNemar's exact test, with the interval that agrees with it.
    Mcnemar,
    /// The paired bootstrap (BCa) over units, with approximate randomisation.
    Resampling,
    /// The jackknife's standard error, of very many units.
    Jackknife,
    /// The mean of paired differences, by Student's t over units.
    T,
    /// DeLong's test of two areas.
    Delong,
    /// The linearised difference, by its standard error over units.
    Delta,
    /// None: a figure is undefined, or nothing differs.
    None,
}

/// A figure of both models and their paired difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// The baseline's; `null` when undefined.
    pub baseline: Option<f64>,
    /// The candidate's; `null` when undefined.
    pub candidate: Option<f64>,
    /// Candidate less baseline.
    pub difference: Difference,
    /// The two-sided p-value that there is no difference; `null` where none can be had.
    pub p: Option<f64>,
    /// The same corrected for the number of labels or slices looked at; absent where one figure is looked at.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p_adjusted: Option<f64>,
    /// What became of it: by the corrected p-value where there is one.
    pub standing: Standing,
}

/// A paired difference with its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Candidate less baseline; `null` when either is undefined.
    pub value: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// How it was tested.
    pub test: PairedTest,
}

/// A metric of both models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedMetric {
    /// Its name: `f1_macro`.
    pub name: String,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// Its figures.
    #[serde(flatten)]
    pub compared: Compared,
    /// The least difference that so many examples show with the chance `power` (0.8 if none was asked for); `null` where it
    /// cannot be told.
    pub detectable: Option<f64>,
}

/// A label under both models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedLabel {
    /// The label.
    pub label: String,
    /// Gold examples (spans for NER).
    pub support: u64,
    /// How often the baseline answers it.
    pub baseline_predicted: u64,
    /// How often the candidate answers it.
    pub candidate_predicted: u64,
    /// TP / (TP + FP).
    pub precision: Compared,
    /// TP / (TP + FN).
    pub recall: Compared,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: Compared,
}

/// A part of the test set under both models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedSlice {
    /// What the slice is, in words, or the SQL expression that was given.
    pub name: String,
    /// The column or property that makes it; `sql` for an expression.
    pub by: String,
    /// Whether it was asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub given: bool,
    /// Examples in it.
    pub n: u64,
    /// The name of the figure: `accuracy`, `f1_micro` or `f1`.
    pub metric: String,
    /// Its figures.
    #[serde(flatten)]
    pub compared: Compared,
}

/// Examples that one model has right and the other wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Flips {
    /// Wrong before, right now: ids, the candidate's surest first, at most 10,000.
    pub fixed: Vec<String>,
    /// Right before, wrong now (negative flips): ids, the candidate's surest first, at most 10,000.
    pub broken: Vec<String>,
    /// How many are fixed.
    pub fixed_count: u64,
    /// How many are broken.
    pub broken_count: u64,
    /// Right under both.
    pub both_right: u64,
    /// Wrong under both.
    pub both_wrong: u64,
    /// Of those wrong under both, answered differently.
    pub changed: u64,
}

/// How far two models answer alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelAgreement {
    /// The share of examples with the same answer.
    pub same: Option<f64>,
    /// Cohen's kappa of the two models' labels; for sets and spans the F1 of one model's labels or spans against the other's.
    pub chance_corrected: Option<f64>,
    /// What `chance_corrected` is: `cohen_kappa` or `f1`.
    pub measure: String,
}

/// How often both models do something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedCount {
    /// What: a kind of wrong span.
    pub name: String,
    /// By the baseline.
    pub baseline: u64,
    /// By the candidate.
    pub candidate: u64,
}

/// What both models cost in one respect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedCost {
    /// `train_seconds`, `train_cpu_seconds`, `train_peak_memory_bytes`, `model_bytes`, `latency_p50_ms`, `latency_p99_ms`.
    pub name: String,
    /// The baseline's; `null` when unknown.
    pub baseline: Option<f64>,
    /// The candidate's; `null` when unknown.
    pub candidate: Option<f64>,
    /// Candidate over baseline; `null` when either is unknown or the baseline's is 0.
    pub ratio: Option<f64>,
}

/// What the comparison would have said with the leaked examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeakedComparison {
    /// Test examples with an exact or near twin in the training data.
    pub examples: u64,
    /// Every metric on all test examples.
    pub metrics: Vec<ComparedMetric>,
}

/// What a gate decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The candidate goes in.
    Promote,
    /// It does not.
    Reject,
    /// The evidence does not decide.
    Undecided,
}

impl Decision {
    /// The word shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Reject => "reject",
            Self::Undecided => "undecided",
        }
    }
}

/// How a gate decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// The policy as it was applied, defaults filled in.
    pub policy: Map<String, Value>,
    /// Where the policy comes from: a file, or `default`.
    pub source: String,
    /// The chance to decide wrongly between models that are alike: of the whole policy.
    pub alpha: f64,
    /// The chance to find the difference that `needed` is reckoned with.
    pub power: f64,
    /// Everything that was asked, in the order of the policy; the metric that decides first.
    pub checks: Vec<Check>,
}

/// What one demand of a policy is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    /// The metric that decides.
    Primary,
    /// A value that a metric must reach.
    Floor,
    /// A label that must not get worse.
    Label,
    /// A slice that must not get worse.
    Slice,
    /// Examples that must be answered rightly.
    MustPass,
    /// How honest the scores must be.
    Calibration,
    /// What the model may cost.
    Budget,
}

/// What became of one demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// It is met.
    Passed,
    /// It is not.
    Failed,
    /// The evidence does not tell, and the policy asks for more.
    Unclear,
}

/// One demand of a policy, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What it is about.
    pub kind: CheckKind,
    /// The metric, label, slice, file or cost: `f1_macro`, `recall of fraud`.
    pub name: String,
    /// What is asked, in words: `may fall by 0.02 at most`.
    pub asked: String,
    /// What was found, in words.
    pub found: String,
    /// The baseline's figure; `null` where there is none.
    pub baseline: Option<f64>,
    /// The candidate's figure.
    pub candidate: Option<f64>,
    /// Candidate less baseline, with its interval; for a floor the candidate's own interval.
    pub low: Option<f64>,
    /// See `low`.
    pub high: Option<f64>,
    /// The p-value that decides, corrected for the family of vetoes.
    pub p: Option<f64>,
    /// What became of it.
    pub state: CheckState,
    /// Ids of the examples that fail it; of must-pass examples.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub examples: Vec<String>,
}
