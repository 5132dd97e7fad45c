//! The figures of a set of answers, and nothing judged: what `trueup eval --json` writes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Confusion, Data, Estimate, LabelRow, Run, Tool};
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
