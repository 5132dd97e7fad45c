//! The figures of a set of answers, and nothing judged: what `trueup eval --json` writes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CalibrationFigures, Confusion, Data, Estimate, LabelRow, Run, SpanFigures, Tool};
use crate::Task;

/// Every figure of a set of answers. Its fields are those of a [`super::Review`], of which it is a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluated {
    /// Always [`super::SCHEMA`].
    pub schema: String,
    /// What wrote the document.
    pub tool: Tool,
    /// The kind of task.
    pub task: Task,
    /// What data it rests on; without fingerprints where only labels were read.
    pub data: Data,
    /// Every metric by name, each with its interval.
    pub metrics: BTreeMap<String, Estimate>,
    /// Precision, recall and F1 of each label, in label order.
    pub labels: Vec<LabelRow>,
    /// Who is taken for whom; absent for multi-label tasks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confusion: Option<Confusion>,
    /// The shares of the confusion matrix, when they were asked for (`--normalize`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confusion_shares: Option<ConfusionShares>,
    /// What sets of labels have in the place of a confusion matrix; absent for other tasks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub set_confusion: Option<SetConfusion>,
    /// What became of spans; absent for other tasks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spans: Option<SpanFigures>,
    /// Whether probabilities of labels can be believed; absent without them, or when other metrics were named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub calibration: Option<CalibrationFigures>,
    /// How examples are weighted (`--weights`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub weights: Option<Weights>,
    /// What as many examples can show; absent without intervals.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub plan: Option<Plan>,
    /// The same figures of parts of the examples, when they were asked for (`--by`), sorted by their values.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub groups: Vec<GroupFigures>,
    /// The figures of another tool, when they were asked for (`--as`).
    #[serde(rename = "as", skip_serializing_if = "Option::is_none", default)]
    pub compat: Option<CompatFigures>,
    /// Every timing, memory figure and machine fact, and nothing else.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub run: Option<Run>,
}

/// The shares of a confusion matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfusionShares {
    /// What the counts are divided by: `true` (the sum of the row), `pred` (of the column) or `all`.
    pub of: String,
    /// `shares[gold][predicted]`, rows and columns as in the matrix; `null` where there is nothing to divide by.
    pub shares: Vec<Vec<Option<f64>>>,
}

/// What sets of labels have in the place of a confusion matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SetConfusion {
    /// Each label against the rest, in label order.
    pub labels: Vec<TwoByTwo>,
    /// Which labels are missed together with which spurious ones: `counts[missed][spurious]` counts examples, the
    /// diagonal hits. The last row and column are `(none)`.
    pub together: Confusion,
}

/// How often a label was right, missed, spurious and rightly absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TwoByTwo {
    /// The label.
    pub label: String,
    /// Gold and predicted.
    pub tp: u64,
    /// Predicted, not gold.
    pub fp: u64,
    /// Gold, not predicted.
    #[serde(rename = "fn")]
    pub fn_: u64,
    /// Neither.
    pub tn: u64,
}

/// How examples are weighted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Weights {
    /// The column.
    pub column: String,
    /// The sum of the weights.
    pub sum: f64,
    /// How many examples of equal weight they are worth, (Σ w)² / Σ w² (Kish).
    pub effective: f64,
    /// Examples of weight 0, which are left out.
    pub zero: u64,
    /// The sum of the weights of the gold of each label, in label order.
    pub support: Vec<f64>,
    /// The confusion matrix in weights, rows and columns as in the one of counts; absent for sets of labels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confusion: Option<Vec<Vec<f64>>>,
}

/// What as many examples can show of the metric named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The metric: `accuracy`, or `f1` and `f1_micro` where answers are not right or wrong as a whole.
    pub metric: String,
    /// How many examples, or groups of them that belong together, there are.
    pub examples: u64,
    /// The chance to find a difference.
    pub power: f64,
    /// The share of the examples on which two models are taken to part; absent where the difference is that of two models
    /// whose mistakes have nothing in common.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub discordance: Option<f64>,
    /// The least difference between two models that is found with that chance at 5 %, two-sided; `null` where none is.
    pub detectable: Option<f64>,
    /// Half the width of an interval that is narrower than the one at hand.
    pub half_width: f64,
    /// How many examples (or groups) give it; `null` where no number below 10^9 does.
    pub needed: Option<u64>,
}

/// The figures of the examples that have the same values in the columns grouped by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupFigures {
    /// What was grouped by, with the value; `null` where there is none.
    pub by: BTreeMap<String, Option<String>>,
    /// Examples in the group.
    pub examples: u64,
    /// Every metric by name.
    pub metrics: BTreeMap<String, Estimate>,
    /// Precision, recall and F1 of each label.
    pub labels: Vec<LabelRow>,
}

/// What another tool would print of the same answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompatFigures {
    /// The tool and its mode: `seqeval`, `seqeval-strict`, `conlleval`, `spacy`, `nervaluate`, `sklearn`.
    pub tool: String,
    /// What it counts as right, and how it averages.
    pub how: String,
    /// Where it would stop with an error instead.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stops: Option<String>,
    /// Its figures, in its order, by the names it gives them; `null` where it has no value.
    pub figures: Vec<CompatFigure>,
    /// Figures that the right definition changes, with the reason.
    pub differences: Vec<CompatDifference>,
}

/// A figure as another tool has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompatFigure {
    /// Its name there.
    pub name: String,
    /// Its value there.
    pub value: Option<f64>,
}

/// A figure that another tool computes otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompatDifference {
    /// Its name there.
    pub figure: String,
    /// Its value there.
    pub theirs: Option<f64>,
    /// The right value.
    pub ours: Option<f64>,
    /// Why they differ.
    pub why: String,
}
