//! What a gate demands, as people write it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Value, json};

/// The demands of a gate: `[gate]` in a `trueup.toml`, or a file of its own.
///
/// Every field has a default; an empty policy is a sensible one.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The metric that decides, such as `f1_macro`; the usual one of the task when it is not said: the expected cost where costs
    /// are stated, accuracy for balanced labels, `f1_macro` for imbalanced ones, `f1_micro` for sets of labels, `f1` for entities.
    pub metric: Option<String>,
    /// The chance, at most, to promote or reject one of two models that are alike. In (0, 0.5].
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 0.5))]
    pub alpha: f64,
    /// The chance to find the difference that the number of further examples is reckoned with. In [0.5, 1).
    #[schemars(extend("minimum" = 0.5, "exclusiveMaximum" = 1.0))]
    pub power: f64,
    /// The candidate may be worse by less than this (in units of the metric) and still be promoted; it is rejected when it is
    /// worse by more. Without it a candidate must be better. At least 0.
    #[schemars(range(min = 0.0))]
    pub non_inferior: Option<f64>,
    /// What metrics must reach (losses: stay under), by name: the candidate's own interval must lie on the right side.
    pub floors: BTreeMap<String, f64>,
    /// A demand on every label; `labels = false` for none.
    #[schemars(transform = or_false)]
    pub labels: Option<LabelVeto>,
    /// Demands on single labels, instead of that on every label.
    pub label: Vec<NamedLabelVeto>,
    /// Demands on parts of the test set.
    pub slice: Vec<SliceVeto>,
    /// Examples that must be answered rightly.
    pub must_pass: Option<MustPass>,
    /// How honest the scores must be.
    pub calibration: Option<CalibrationBudget>,
    /// What a model may cost.
    pub budget: Budget,
    /// What a first model must show, which has nothing to be compared with.
    pub first: FirstModel,
}

/// The figure of a label that a demand is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LabelFigure {
    /// TP / (TP + FP).
    Precision,
    /// TP / (TP + FN).
    Recall,
    /// 2 TP / (2 TP + FP + FN).
    #[default]
    F1,
}

impl LabelFigure {
    /// The word in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::F1 => "f1",
        }
    }
}

/// No label may fall by more than a margin.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LabelVeto {
    /// The figure.
    pub figure: LabelFigure,
    /// By how much it may fall. In [0, 1).
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub margin: f64,
    /// Whether it must be shown that it does not: then the gate stays undecided where the evidence does not tell. Otherwise only
    /// a fall that is shown counts.
    pub shown: bool,
    /// Labels with fewer gold examples are left alone.
    pub min_support: u64,
}

/// A label that may not fall by more than a margin, or must reach a value.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedLabelVeto {
    /// The label.
    pub label: String,
    /// The figure.
    #[serde(default)]
    pub figure: LabelFigure,
    /// By how much it may fall. In [0, 1).
    #[serde(default)]
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub margin: f64,
    /// Whether it must be shown that it does not.
    #[serde(default)]
    pub shown: bool,
    /// What it must reach.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub floor: Option<f64>,
}

/// A part of the test set on which the candidate may not fall by more than a margin: an SQL expression, or each value of a
/// column.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["where"]}, {"required": ["by"]}]))]
pub struct SliceVeto {
    /// The examples for which this SQL expression is true.
    #[serde(default, rename = "where")]
    pub filter: Option<String>,
    /// Or the examples of each value of this column.
    #[serde(default)]
    pub by: Option<String>,
    /// By how much the share of right answers (micro-F1 for sets of labels, F1 for entities) may fall. In [0, 1).
    #[serde(default)]
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub margin: f64,
    /// Whether it must be shown that it does not.
    #[serde(default)]
    pub shown: bool,
    /// What it must reach.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub floor: Option<f64>,
}

/// Examples that must be answered rightly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MustPass {
    /// A file of examples with gold; relative to the policy's folder. A model or program answers them; of predictions they are
    /// found by id.
    pub file: PathBuf,
    /// How many may be answered wrongly.
    #[serde(default)]
    pub allow: u64,
}

/// How honest the scores must be. A budget is kept when the interval does not lie wholly beyond it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1))]
pub struct CalibrationBudget {
    /// The expected calibration error at most.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_ece: Option<f64>,
    /// By how much the expected calibration error may rise.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub ece_rise: Option<f64>,
    /// By how much the log loss may rise, in nats.
    #[schemars(range(min = 0.0))]
    pub log_loss_rise: Option<f64>,
}

/// What a model may cost. A cost that is limited and not known makes the gate undecided.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1))]
pub struct Budget {
    /// Wall seconds of training.
    pub train_seconds: Option<BudgetRule>,
    /// CPU seconds of training.
    pub train_cpu_seconds: Option<BudgetRule>,
    /// Peak resident memory of training in bytes.
    pub train_peak_memory_bytes: Option<BudgetRule>,
    /// Size of the model on disk in bytes.
    pub model_bytes: Option<BudgetRule>,
    /// Median time of one answer in milliseconds.
    pub latency_p50_ms: Option<BudgetRule>,
    /// 99th percentile of the time of one answer in milliseconds.
    pub latency_p99_ms: Option<BudgetRule>,
}

/// The limits of one cost: `{ max = 50.0 }`, `{ times = 2.0 }`, or both.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1))]
pub struct BudgetRule {
    /// The most that it may be.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub max: Option<f64>,
    /// The most that it may be, as a multiple of the baseline's.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub times: Option<f64>,
}

/// What a first model must show.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FirstModel {
    /// Whether its interval must lie above what the best constant answer scores.
    pub beat_constant: bool,
    /// Examples that the test set must hold at least.
    pub min_examples: u64,
}

/// The schema of a demand that `false` turns off.
fn or_false(schema: &mut Schema) {
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.push(json!({"const": false}));
    }
}

impl Default for Policy {
    /// The candidate must be better on the usual metric of the task, and no label of 20 gold examples or more may be shown to
    /// fall by more than 0.05 of F1.
    fn default() -> Self {
        Self {
            metric: None,
            alpha: 0.05,
            power: 0.8,
            non_inferior: None,
            floors: BTreeMap::new(),
            labels: Some(LabelVeto::default()),
            label: Vec::new(),
            slice: Vec::new(),
            must_pass: None,
            calibration: None,
            budget: Budget::default(),
            first: FirstModel::default(),
        }
    }
}

impl Default for LabelVeto {
    fn default() -> Self {
        Self { figure: LabelFigure::F1, margin: 0.05, shown: false, min_support: 20 }
    }
}

impl Default for FirstModel {
    fn default() -> Self {
        Self { beat_constant: true, min_examples: 100 }
    }
}
