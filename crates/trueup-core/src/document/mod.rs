//! The review document: the one result that every renderer shows and every later stage reads.
//!
//! Ids are the examples' ids, written `train/17` when a document has several splits. Offsets are code points. A figure
//! that has no value is `null`. Everything but `run` is the same bytes for the same input, seed and version.

mod comparison;
mod data;
mod decided;
mod evaluated;
mod example;
mod finding;
mod metric;
mod probabilities;
mod spans;
mod training;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use comparison::{
    Check, CheckKind, CheckState, Compared, ComparedCost, ComparedCount, ComparedLabel, ComparedMetric, ComparedSlice,
    Comparison, Contestant, Decision, Difference, Flips, Gate, LeakedComparison, ModelAgreement, PairedTest, Rival,
    Standing,
};
pub use data::{Data, Evaluation, Guess, Leak, LeakKind, Leakage, Skipped, SplitSummary};
pub use decided::{Abstained, Decided};
pub use evaluated::{
    CompatDifference, CompatFigure, CompatFigures, ConfusionShares, Evaluated, GroupFigures, Plan, SetConfusion,
    TwoByTwo, Weights,
};
pub use example::{Answer, ErrorRecord, ExampleRecord, Mark, MarkedSpan, Nearest, SpanRecord};
pub use finding::{Action, Baseline, Finding, Gain, NextStep, Severity, State, Verdict};
pub use metric::{Confusion, ConfusionAxes, Estimate, IntervalKind, LabelRow, SliceRow};
pub use probabilities::{
    Bin, CURVES, CalibrationFigures, Curves, DetPoint, LabelCurves, PrecisionRecallPoint, RiskCoveragePoint, RocPoint,
};
pub use spans::{InvalidTags, MatchRow, MentionRow, Mistake, QuotedSpan, SpanFigures, SpanPair, TypeCell};
pub use training::{CurvePoint, FoldScore, LearningPoint, Run, Training};

use crate::Task;

/// The version of the document's layout.
pub const SCHEMA: &str = "trueup.review/1";

/// What is known of a subject: a model on a data set, a comparison, a production window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// What wrote the document.
    pub tool: Tool,
    /// What is reviewed.
    pub subject: Subject,
    /// The kind of task.
    pub task: Task,
    /// What data it rests on.
    pub data: Data,
    /// The answer in one word, with its reasons.
    pub verdict: Verdict,
    /// Every metric by name, each with its interval.
    pub metrics: BTreeMap<String, Estimate>,
    /// Precision, recall and F1 of each label, in label order.
    pub labels: Vec<LabelRow>,
    /// Who is taken for whom; absent for multi-label tasks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confusion: Option<Confusion>,
    /// Judged faults, errors first.
    pub findings: Vec<Finding>,
    /// Wrong answers, surest first (the model was most confident and wrong).
    pub errors: Vec<ErrorRecord>,
    /// The evaluated examples and those that findings name, by id.
    pub examples: BTreeMap<String, ExampleRecord>,
    /// Scores on parts of the evaluated examples.
    pub slices: Vec<SliceRow>,
    /// Examples that stand on both sides, and every metric without them; absent when there is only one side.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leakage: Option<Leakage>,
    /// How the model was trained; absent when it was not trained here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub training: Option<Training>,
    /// The candidate against its baseline; absent for a model alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comparison: Option<Comparison>,
    /// What to do, best first.
    pub next: Vec<NextStep>,
    /// Every timing, memory figure and machine fact, and nothing else.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub run: Option<Run>,
}

/// What wrote a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `trueup`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What is reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// `model`, `comparison` or `window`.
    pub kind: String,
    /// The model: `linear`, `crf`, or the file of its predictions.
    pub model: String,
    /// The command that makes this document again, without its output options.
    pub command: String,
    /// The seed of folds, training and resampling.
    pub seed: u64,
    /// What one example is called in messages: `example`, or `sentence` for NER.
    pub noun: String,
}

impl Review {
    /// The number of findings of `severity`.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }
}
