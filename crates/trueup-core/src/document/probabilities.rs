//! Probabilities in the document: whether they can be believed, and curves over all thresholds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Estimate;

/// Whether probabilities can be believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CalibrationFigures {
    /// What has a probability: `answers` (the predicted label of each example), `cells` (each label of each example), or
    /// `spans` (each predicted span).
    pub of: String,
    /// How many there are.
    pub n: u64,
    /// Expected calibration error over 15 bins of equal width.
    pub ece: Estimate,
    /// The greatest gap of a bin.
    pub mce: Estimate,
    /// The area under the curve of risk and coverage; absent for `cells`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub aurc: Option<Estimate>,
    /// The bins that hold any, by rising confidence.
    pub bins: Vec<Bin>,
}

/// A bin of confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bin {
    /// It holds the confidences above this (the first bin also 0)...
    pub above: f64,
    /// ... up to this.
    pub up_to: f64,
    /// What is in it: how many, or the sum of their weights.
    pub weight: f64,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share that is right.
    pub accuracy: f64,
}

/// Curves over all thresholds: what `trueup eval --curves` writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Curves {
    /// The version of the layout: `trueup.curves/1`.
    pub schema: String,
    /// Each label against the rest, in label order; empty for spans.
    pub labels: Vec<LabelCurves>,
    /// Confidence against the share of right answers: one point a bin that holds any.
    pub reliability: Vec<Bin>,
    /// The error rate among the most confident answers; empty for sets of labels.
    pub risk_coverage: Vec<RiskCoveragePoint>,
}

/// The curves of a label against the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LabelCurves {
    /// The label.
    pub label: String,
    /// From nothing answered to everything; empty where the label has gold of one kind only.
    pub roc: Vec<RocPoint>,
    /// From everything answered to nothing; empty without gold.
    pub precision_recall: Vec<PrecisionRecallPoint>,
    /// Both error rates; empty where the label has gold of one kind only.
    pub det: Vec<DetPoint>,
    /// The probability of the label against the share of examples that have it.
    pub reliability: Vec<Bin>,
}

/// A point of a ROC curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RocPoint {
    /// From this probability on the label is answered; `null` where it never is.
    pub threshold: Option<f64>,
    /// FP / negatives.
    pub false_positive_rate: f64,
    /// TP / positives.
    pub true_positive_rate: f64,
}

/// A point of a curve of precision and recall.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PrecisionRecallPoint {
    /// From this probability on the label is answered; `null` where it never is.
    pub threshold: Option<f64>,
    /// TP / (TP + FP); 1 where nothing is answered.
    pub precision: f64,
    /// TP / positives.
    pub recall: f64,
}

/// A point of a detection error trade-off curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DetPoint {
    /// From this probability on the label is answered; `null` where it never is.
    pub threshold: Option<f64>,
    /// FP / negatives.
    pub false_positive_rate: f64,
    /// FN / positives.
    pub false_negative_rate: f64,
}

/// What is wrong of the answers that are kept when those below a confidence are left out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RiskCoveragePoint {
    /// The least confidence kept.
    pub threshold: f64,
    /// The share of the answers that is kept.
    pub coverage: f64,
    /// The share of wrong ones among them.
    pub risk: f64,
    /// For spans: the share of gold spans that they find.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recall: Option<f64>,
}

/// The version of the layout of [`Curves`].
pub const CURVES: &str = "trueup.curves/1";
