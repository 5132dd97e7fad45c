//! Examples as the document shows them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An answer, written as the task writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// Single label.
    Label(String),
    /// Label set.
    Labels(Vec<String>),
    /// Spans.
    Spans(Vec<SpanRecord>),
}

/// A span in code points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpanRecord {
    /// First code point.
    pub start: u64,
    /// One past the last code point.
    pub end: u64,
    /// The type.
    pub label: String,
    /// The model's score in [0, 1], for predicted spans that have one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub score: Option<f64>,
}

/// What a span is in the comparison of gold and prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Gold and prediction agree in range and type.
    Match,
    /// Gold that no prediction touches.
    Missed,
    /// A prediction that touches no gold.
    Spurious,
    /// Same range, other type.
    WrongType,
    /// Same type, overlapping range.
    Boundary,
    /// Overlapping range and other type.
    TypeAndBoundary,
}

impl Mark {
    /// The word shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Missed => "missed",
            Self::Spurious => "spurious",
            Self::WrongType => "wrong type",
            Self::Boundary => "boundary",
            Self::TypeAndBoundary => "type and boundary",
        }
    }
}

/// A span with what it is in the comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MarkedSpan {
    /// First code point.
    pub start: u64,
    /// One past the last code point.
    pub end: u64,
    /// The gold type; `null` for a prediction without gold at this range.
    pub gold: Option<String>,
    /// The predicted type; `null` for gold without a prediction at this range.
    pub predicted: Option<String>,
    /// What it is.
    pub mark: Mark,
}

/// One example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExampleRecord {
    /// The text; absent under `--no-text` or when the source has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// `train`, `test` or `all`.
    pub split: String,
    /// 1-based line in its file.
    pub line: u64,
    /// The reference answer.
    pub gold: Answer,
    /// The model's answer; absent for examples that were not evaluated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub predicted: Option<Answer>,
    /// The model's confidence in its answer, in [0, 1].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub score: Option<f64>,
    /// Whether the answer is right as a whole; absent for examples that were not evaluated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub correct: Option<bool>,
    /// For NER: every gold and predicted span with its mark, by start.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub spans: Vec<MarkedSpan>,
    /// In a comparison the baseline's answer, `predicted` being the candidate's; absent for examples that were not compared
    /// (leaked ones too), and outside of a comparison.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub baseline: Option<Answer>,
    /// For NER, where there is a `baseline`: every gold span and span of the baseline with its mark, by start.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub baseline_spans: Vec<MarkedSpan>,
    /// Values of the metadata columns, the empty ones left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub metadata: BTreeMap<String, String>,
}

/// The training example most like a wrong one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Nearest {
    /// Its id.
    pub id: String,
    /// Its gold.
    pub gold: Answer,
    /// Cosine of the TF-IDF vectors of words, in [0, 1].
    pub similarity: f64,
}

/// A wrong answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorRecord {
    /// The example.
    pub id: String,
    /// The reference answer.
    pub gold: Answer,
    /// The model's answer.
    pub predicted: Answer,
    /// The model's confidence in its answer, in [0, 1].
    pub score: Option<f64>,
    /// The likeliest reason in words.
    pub why: String,
    /// The training example most like it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nearest: Option<Nearest>,
}
