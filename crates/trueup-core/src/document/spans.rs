//! What becomes of spans: figures by what counts as right, kinds of mistakes, types taken for each other, mentions by
//! what training has seen of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CalibrationFigures, Estimate};

/// What there is to say of spans besides the metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpanFigures {
    /// What counts as right in `metrics`, `labels` and `groups`: `strict`, unless another was asked for (`--match`).
    #[serde(rename = "match")]
    pub matching: String,
    /// Precision, recall and F1 of all spans for each way of telling what is right.
    pub matchings: Vec<MatchRow>,
    /// The kinds of mistakes that occur, in a fixed order.
    pub mistakes: Vec<Mistake>,
    /// Which type is taken for which, by the pairs of overlapping spans.
    pub types: Vec<TypeCell>,
    /// Tags that may not stand where they are; absent where there are no tags.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub invalid_tags: Option<InvalidTags>,
    /// Strict figures by the length of the mention in tokens; empty where there are no tokens.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub by_length: Vec<MentionRow>,
    /// Strict figures by whether training has the mention (`--train`).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub by_seen: Vec<MentionRow>,
    /// Strict figures by the share of the mention's training occurrences that have its type (`--train`).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub by_consistency: Vec<MentionRow>,
    /// Whether the scores of predicted spans can be believed; absent without scores.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub calibration: Option<CalibrationFigures>,
}

/// Figures of all spans together for one way of telling what is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MatchRow {
    /// `strict`, `exact`, `partial`, `type`, `conlleval`, `token` or `character`.
    #[serde(rename = "match")]
    pub matching: String,
    /// What counts as right, in a sentence.
    pub meaning: String,
    /// Right of the predicted.
    pub precision: Estimate,
    /// Right of the gold.
    pub recall: Estimate,
    /// Their harmonic mean.
    pub f1: Estimate,
}

/// A kind of mistake. Of a pair of spans it counts once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mistake {
    /// `missed`, `spurious`, `wrong-type`, `boundary`, `type-and-boundary`, `split` or `merged`.
    pub kind: String,
    /// Of boundary mistakes: which edges of the predicted span are not those of the gold one: `left`, `right`, `both`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub edges: Option<String>,
    /// Of boundary mistakes: whether the predicted span is `longer`, `shorter` or `shifted`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub extent: Option<String>,
    /// How often it occurs: pairs; gold spans that are missed or split; predicted ones that are spurious or merge others.
    pub count: u64,
    /// Its share of all mistakes.
    pub share: f64,
    /// Gold spans that it touches.
    pub gold: u64,
    /// Predicted spans that it touches.
    pub predicted: u64,
    /// The first few.
    pub examples: Vec<SpanPair>,
}

/// How often a gold type was predicted as a type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TypeCell {
    /// The gold type; `null` for spurious spans.
    pub gold: Option<String>,
    /// The predicted type; `null` for missed spans.
    pub predicted: Option<String>,
    /// Pairs of overlapping spans, or spans that are missed or spurious.
    pub count: u64,
    /// Pairs of equal range among them.
    pub equal: u64,
    /// The first few; none of pairs that are right.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub examples: Vec<SpanPair>,
}

/// A gold and a predicted span that belong together, or one that stands alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SpanPair {
    /// The id of the example.
    pub id: String,
    /// What is right; absent for a spurious span.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gold: Option<QuotedSpan>,
    /// What was predicted; absent for a missed span.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub predicted: Option<QuotedSpan>,
}

/// A span with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuotedSpan {
    /// Its type.
    pub label: String,
    /// Its words as they stand in the text.
    pub text: String,
}

/// Tags that are in no span because they may not stand where they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvalidTags {
    /// The scheme under which they are invalid.
    pub scheme: String,
    /// Among gold tags.
    pub gold: u64,
    /// Among predicted tags; `null` where predictions have none.
    pub predicted: Option<u64>,
}

/// Figures of the mentions in one part of them, by strict matching.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MentionRow {
    /// The part: `1`, `4-5` (tokens), `seen`, `unseen`, `0-0.5`.
    pub part: String,
    /// Gold spans in it.
    pub gold: u64,
    /// Predicted spans in it.
    pub predicted: u64,
    /// Right of its predicted spans.
    pub precision: Estimate,
    /// Found of its gold spans.
    pub recall: Estimate,
    /// 2 TP / (gold + predicted); without an interval.
    pub f1: Option<f64>,
}
