//! Numbers with their uncertainty.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an interval was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IntervalKind {
    /// Wilson's score interval of a proportion of independent examples.
    Wilson,
    /// Bootstrap over examples or clusters, bias-corrected and accelerated.
    Bootstrap,
    /// Delta method, cluster-robust.
    Delta,
    /// DeLong's interval of an area under the ROC curve.
    Delong,
    /// There is none (no value, or a single unit).
    None,
}

/// A number with its 95 % interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The figure itself; `null` when it is undefined (0/0).
    pub value: Option<f64>,
    /// Lower end of the 95 % interval.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval.
    pub high: Option<f64>,
    /// What the figure is a share or mean of: examples, or spans, or gold of the label.
    pub n: u64,
    /// How the interval was made.
    pub interval: IntervalKind,
    /// Labels whose term is undefined (0/0) and counted 0, or left out, as the metric's page says.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub undefined: Vec<String>,
    /// Whether it rests on a label of fewer than 20 gold examples (spans), so that the interval is wide and holds the true
    /// figure less surely than 95 times of 100; how surely is in the documentation of intervals.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub wide: bool,
}

impl Estimate {
    /// A figure without a value.
    pub fn undefined(n: u64) -> Self {
        Self { value: None, low: None, high: None, n, interval: IntervalKind::None, undefined: Vec::new(), wide: false }
    }

    /// A figure with its interval.
    pub fn new(value: f64, (low, high): (f64, f64), n: u64, interval: IntervalKind) -> Self {
        Self { value: Some(value), low: Some(low), high: Some(high), n, interval, undefined: Vec::new(), wide: false }
    }

    /// A figure whose interval cannot be made.
    pub fn point(value: f64, n: u64) -> Self {
        Self {
            value: Some(value),
            low: None,
            high: None,
            n,
            interval: IntervalKind::None,
            undefined: Vec::new(),
            wide: false,
        }
    }

    /// Whether `value` lies in the interval (ends included); false without an interval.
    pub fn contains(&self, value: f64) -> bool {
        matches!((self.low, self.high), (Some(low), Some(high)) if low <= value && value <= high)
    }
}

/// Precision, recall and F1 of one label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LabelRow {
    /// The label.
    pub label: String,
    /// Gold examples (spans for NER) in the evaluated set.
    pub support: u64,
    /// How often it was predicted.
    pub predicted: u64,
    /// Gold examples (spans) in training; for out-of-fold evaluation the whole set; `null` when training is unknown.
    pub train_support: Option<u64>,
    /// TP / (TP + FP).
    pub precision: Estimate,
    /// TP / (TP + FN).
    pub recall: Estimate,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: Estimate,
    /// Area under the label's one-versus-rest ROC curve, when there are scores.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub roc_auc: Option<Estimate>,
}

/// Counts of gold against prediction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confusion {
    /// Names of rows and columns; for NER the last is `(none)`: missed gold in its column, spurious predictions in
    /// its row.
    pub labels: Vec<String>,
    /// `counts[gold][predicted]`.
    pub counts: Vec<Vec<u64>>,
    /// What rows and columns are.
    pub axes: ConfusionAxes,
}

/// What the axes of a confusion matrix are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfusionAxes {
    /// Always `gold`.
    pub rows: String,
    /// Always `prediction`.
    pub columns: String,
}

impl Default for ConfusionAxes {
    fn default() -> Self {
        Self { rows: "gold".into(), columns: "prediction".into() }
    }
}

/// The primary metric on a part of the evaluated examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SliceRow {
    /// What the slice is, in words: `over 400 characters`, `source = mail`; or the SQL expression that was given.
    pub name: String,
    /// The column or property that makes it: `length`, `source`; `sql` for an expression.
    pub by: String,
    /// Whether it was asked for, with `--slice` or `--slice-by`.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub given: bool,
    /// Examples in the slice.
    pub n: u64,
    /// The share of right answers in the slice (F1 for NER).
    pub inside: Estimate,
    /// The same on the other examples.
    pub outside: Estimate,
    /// The name of the figure: `accuracy`, or `f1` for NER.
    pub metric: String,
    /// Two-sided p-value of the difference, corrected for the number of slices looked at (Holm).
    pub p: Option<f64>,
}
