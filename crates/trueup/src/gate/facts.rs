//! What a gate looks at, made by the flow.

use std::collections::BTreeMap;

use trueup_core::compare::{LabelLaws, Law, MetricLaw};
use trueup_core::document::{ComparedCost, Estimate, LabelRow};
use trueup_core::{LabelSet, Task};

use super::policy::{LabelFigure, SliceVeto};

/// Everything that is known of a candidate and its baseline.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The kind of task.
    pub task: Task,
    /// The labels.
    pub labels: &'a LabelSet,
    /// The metric that decides.
    pub primary: &'a MetricLaw,
    /// All metrics compared.
    pub metrics: &'a [MetricLaw],
    /// The candidate's own figures, each with its interval.
    pub alone: &'a BTreeMap<String, Estimate>,
    /// Every label under both models, in label order.
    pub label_laws: &'a [LabelLaws],
    /// The candidate's own figures of every label, in label order.
    pub label_rows: &'a [LabelRow],
    /// The slices that the policy names, in its order; a column has one for each value.
    pub slices: Vec<SliceFacts<'a>>,
    /// What became of the examples that must be answered rightly.
    pub must_pass: Option<MustPassFacts>,
    /// What the models cost.
    pub costs: &'a [ComparedCost],
    /// Examples compared.
    pub examples: u64,
    /// Independent units among them.
    pub units: u64,
    /// What one example is called: `example`, `sentence`.
    pub noun: &'a str,
    /// How many candidates this one was chosen from.
    pub candidates: usize,
}

/// A slice that a policy names.
#[derive(Debug, Clone)]
pub struct SliceFacts<'a> {
    /// Which demand it is for.
    pub veto: &'a SliceVeto,
    /// The slice in words.
    pub name: String,
    /// Examples in it.
    pub n: u64,
    /// Its figure under both models.
    pub figure: MetricLaw,
    /// The candidate's own figure with its interval.
    pub own: Estimate,
}

/// What became of the examples that must be answered rightly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MustPassFacts {
    /// The file.
    pub file: String,
    /// How many there are.
    pub examples: u64,
    /// Ids of those that the candidate answers wrongly.
    pub failed: Vec<String>,
}

/// What is known of a first model, which has nothing to be compared with.
#[derive(Debug, Clone)]
pub struct FirstFacts<'a> {
    /// The metric that decides, by name.
    pub metric: &'a str,
    /// Whether more of it is better.
    pub higher_is_better: bool,
    /// What the best constant answer scores on it, and which answer that is.
    pub constant: Option<(f64, String)>,
    /// The model's own figures, each with its interval.
    pub alone: &'a BTreeMap<String, Estimate>,
    /// The same of every label, in label order.
    pub label_rows: &'a [LabelRow],
    /// The slices that the policy names.
    pub slices: Vec<FirstSlice<'a>>,
    /// What became of the examples that must be answered rightly.
    pub must_pass: Option<MustPassFacts>,
    /// What the model costs; the baseline's is unknown.
    pub costs: &'a [ComparedCost],
    /// Examples measured on.
    pub examples: u64,
}

/// A slice of a first model.
#[derive(Debug, Clone)]
pub struct FirstSlice<'a> {
    /// Which demand it is for.
    pub veto: &'a SliceVeto,
    /// The slice in words.
    pub name: String,
    /// The model's own figure with its interval.
    pub own: Estimate,
}

impl LabelFigure {
    /// The figure of a label under both models.
    pub(super) fn of(self, laws: &LabelLaws) -> &(Option<f64>, Option<f64>, Law) {
        match self {
            Self::Precision => &laws.precision,
            Self::Recall => &laws.recall,
            Self::F1 => &laws.f1,
        }
    }

    /// The figure of a label alone.
    pub(super) fn alone(self, row: &LabelRow) -> &Estimate {
        match self {
            Self::Precision => &row.precision,
            Self::Recall => &row.recall,
            Self::F1 => &row.f1,
        }
    }
}
