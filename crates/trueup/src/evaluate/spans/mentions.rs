//! Figures by a property of the mention: its length, and what training has of it.

use trueup_core::document::{Estimate, IntervalKind, MentionRow};
use trueup_core::spans::{Breakdown, ConsistencyBucket, LengthBucket, Seen, TrainingIndex};
use trueup_core::stats::Ratio;
use trueup_core::{Dataset, Pair, Token, text};

/// The tokens of each example: those of the file, else those of its text; none without texts.
pub struct Mentions<'a> {
    data: &'a Dataset,
    /// By example.
    pub tokens: Vec<Vec<Token>>,
}

impl<'a> Mentions<'a> {
    /// Cuts texts into tokens where the file has not.
    pub fn new(data: &'a Dataset) -> Self {
        let tokens = if data.has_text { data.examples.iter().map(tokens_of).collect() } else { Vec::new() };
        Self { data, tokens }
    }

    /// By length in tokens.
    pub fn by_length(&self, pair: &Pair, intervals: bool) -> Vec<MentionRow> {
        if self.tokens.is_empty() {
            return Vec::new();
        }
        let mut breakdown: Breakdown<LengthBucket> = Breakdown::new();
        for (row, tokens) in self.tokens.iter().enumerate() {
            let bucket = |span: &trueup_core::Span| LengthBucket::of_span(span, tokens);
            breakdown.add(pair.gold()[row].spans(), pair.predicted()[row].spans(), bucket);
        }
        mention_rows(&breakdown, |bucket| bucket.name(), intervals)
    }

    /// By whether training has the mention, and by how consistently it has its type.
    pub fn by_training(&self, train: &Dataset, pair: &Pair, intervals: bool) -> [Vec<MentionRow>; 2] {
        let mut index = TrainingIndex::new();
        for example in &train.examples {
            index.add_document(&example.text, example.gold.spans());
        }
        for example in &train.examples {
            index.add_unlabelled(&example.text, &tokens_of(example), example.gold.spans());
        }
        let (mut seen, mut consistent) = (Breakdown::<Seen>::new(), Breakdown::<ConsistencyBucket>::new());
        for (row, example) in self.data.examples.iter().enumerate() {
            let (gold, predicted) = (pair.gold()[row].spans(), pair.predicted()[row].spans());
            seen.add(gold, predicted, |span| index.seen_span(&example.text, span));
            consistent.add(gold, predicted, |span| index.consistency_of_span(&example.text, span));
        }
        [
            mention_rows(&seen, |bucket| bucket.name(), intervals),
            mention_rows(&consistent, |bucket| bucket.name(), intervals),
        ]
    }
}

fn tokens_of(example: &trueup_core::Example) -> Vec<Token> {
    if !example.tokens.is_empty() {
        return example.tokens.clone();
    }
    text::tokenise(&example.text).into_iter().map(|(start, end)| Token { start, end, tag: None }).collect()
}

/// The rows of a breakdown.
pub fn mention_rows<B: Ord + Clone>(
    breakdown: &Breakdown<B>,
    name: impl Fn(&B) -> &'static str,
    intervals: bool,
) -> Vec<MentionRow> {
    let estimate = |ratio: Option<Ratio>, n: u64| match ratio {
        None => Estimate::undefined(n),
        Some(ratio) if !intervals => Estimate::point(ratio.value, n),
        Some(ratio) => Estimate::new(ratio.value, ratio.proportion(), n, IntervalKind::Delta),
    };
    breakdown
        .buckets()
        .map(|(bucket, counts)| MentionRow {
            part: name(bucket).to_owned(),
            gold: counts.gold,
            predicted: counts.predicted,
            precision: estimate(counts.precision_ratio(), counts.predicted),
            recall: estimate(counts.recall_ratio(), counts.gold),
            f1: counts.f1(),
        })
        .collect()
}
