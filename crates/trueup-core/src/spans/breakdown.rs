//! Scores by a property of the mention: seen in training or not, its length, its label consistency.

use std::collections::BTreeMap;

use super::{Seen, TrainingIndex};
use crate::counts::ratio;
use crate::stats::Ratio;
use crate::{Span, Token};

/// Counts of strict matches in one bucket: gold spans of the bucket, predicted spans of the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BucketCounts {
    /// Gold spans.
    pub gold: u64,
    /// Those that were predicted.
    pub gold_right: u64,
    /// Predicted spans.
    pub predicted: u64,
    /// Those that are gold.
    pub predicted_right: u64,
    /// Over documents, for intervals: those of recall, then those of precision.
    moments: [Moments; 2],
}

/// Sums over documents of a part and a whole, as whole numbers, so that they can be merged in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Moments {
    units: u64,
    part_squared: u64,
    product: u64,
    whole_squared: u64,
}

impl Moments {
    fn add(&mut self, part: u64, whole: u64) {
        self.units += u64::from(whole > 0);
        self.part_squared += part * part;
        self.product += part * whole;
        self.whole_squared += whole * whole;
    }

    fn merge(&mut self, other: Self) {
        self.units += other.units;
        self.part_squared += other.part_squared;
        self.product += other.product;
        self.whole_squared += other.whole_squared;
    }

    /// The ratio of the sums as [`Ratio::new`] has it: its variance is that of the linearised ratio, here in moments.
    fn ratio(&self, part: u64, whole: u64) -> Option<Ratio> {
        let value = ratio(part, whole)?;
        let (p, w) = (i128::from(part), i128::from(whole));
        let moments = [self.part_squared, self.product, self.whole_squared].map(i128::from);
        // In whole numbers, so that what cancels out does: Σ (part - value · whole)², times the whole squared.
        let squares = moments[0] * w * w - 2 * p * w * moments[1] + p * p * moments[2];
        let (units, whole) = (self.units as f64, whole as f64);
        let squares = squares as f64 / (whole * whole);
        let error = (units > 1.0).then(|| (squares * units / (units - 1.0)).sqrt() / whole);
        Some(Ratio { value, error, units, whole })
    }
}

impl BucketCounts {
    /// The share of predicted spans that is right; `None` without any.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.predicted_right, self.predicted)
    }

    /// The share of gold spans that was found; `None` without any.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.gold_right, self.gold)
    }

    /// Recall with its spread over documents; `None` without gold.
    pub fn recall_ratio(&self) -> Option<Ratio> {
        self.moments[0].ratio(self.gold_right, self.gold)
    }

    /// Precision with its spread over documents; `None` without predictions.
    pub fn precision_ratio(&self) -> Option<Ratio> {
        self.moments[1].ratio(self.predicted_right, self.predicted)
    }

    fn merge(&mut self, other: &Self) {
        self.gold += other.gold;
        self.gold_right += other.gold_right;
        self.predicted += other.predicted;
        self.predicted_right += other.predicted_right;
        self.moments.iter_mut().zip(other.moments).for_each(|(mine, theirs)| mine.merge(theirs));
    }

    /// 2 TP / (gold + predicted); `None` for an empty bucket. An equal gold and predicted span are in the same bucket, so
    /// that both sides have the same TP.
    pub fn f1(&self) -> Option<f64> {
        ratio(self.gold_right + self.predicted_right, self.gold + self.predicted)
    }
}

/// Counts by bucket; mergeable, the order of documents does not matter. A bucket is a function of range and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakdown<B: Ord> {
    buckets: BTreeMap<B, BucketCounts>,
}

impl<B: Ord> Default for Breakdown<B> {
    fn default() -> Self {
        Self { buckets: BTreeMap::new() }
    }
}

impl<B: Ord + Clone> Breakdown<B> {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a document by strict matching; documents are the units of the intervals. Lists are sorted and without
    /// repeats, as in [`crate::Annotation::Spans`].
    pub fn add(&mut self, gold: &[Span], predicted: &[Span], mut bucket: impl FnMut(&Span) -> B) {
        let mut here: BTreeMap<B, BucketCounts> = BTreeMap::new();
        for span in gold {
            let counts = here.entry(bucket(span)).or_default();
            counts.gold += 1;
            counts.gold_right += u64::from(predicted.binary_search(span).is_ok());
        }
        for span in predicted {
            let counts = here.entry(bucket(span)).or_default();
            counts.predicted += 1;
            counts.predicted_right += u64::from(gold.binary_search(span).is_ok());
        }
        for (bucket, counts) in here {
            self.add_counts(bucket, counts);
        }
    }

    /// Counts the spans of one document that are in `bucket`: gold ones, predicted ones, and those on both sides.
    pub fn add_unit(&mut self, bucket: B, gold: u64, predicted: u64, right: u64) {
        let counts =
            BucketCounts { gold, gold_right: right, predicted, predicted_right: right, ..BucketCounts::default() };
        self.add_counts(bucket, counts);
    }

    fn add_counts(&mut self, bucket: B, mut counts: BucketCounts) {
        counts.moments[0].add(counts.gold_right, counts.gold);
        counts.moments[1].add(counts.predicted_right, counts.predicted);
        self.buckets.entry(bucket).or_default().merge(&counts);
    }

    /// Adds another part's counts.
    pub fn merge(&mut self, other: &Self) {
        other.buckets.iter().for_each(|(bucket, theirs)| {
            self.buckets.entry(bucket.clone()).or_default().merge(theirs);
        });
    }

    /// The buckets that occur, in order.
    pub fn buckets(&self) -> impl Iterator<Item = (&B, &BucketCounts)> {
        self.buckets.iter()
    }

    /// The counts of one bucket.
    pub fn get(&self, bucket: &B) -> BucketCounts {
        self.buckets.get(bucket).copied().unwrap_or_default()
    }
}

/// The length of a mention in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LengthBucket {
    /// It overlaps no token.
    None,
    /// 1
    One,
    /// 2
    Two,
    /// 3
    Three,
    /// 4 or 5
    FourOrFive,
    /// 6 or more
    More,
}

impl LengthBucket {
    /// The bucket of a length.
    pub fn of(tokens: usize) -> Self {
        match tokens {
            0 => Self::None,
            1 => Self::One,
            2 => Self::Two,
            3 => Self::Three,
            4 | 5 => Self::FourOrFive,
            _ => Self::More,
        }
    }

    /// The bucket of a span, by the tokens that it overlaps; these are in order.
    pub fn of_span(span: &Span, tokens: &[Token]) -> Self {
        let first = tokens.partition_point(|token| token.end <= span.start);
        Self::of(tokens[first..].iter().take_while(|token| token.start < span.end).count())
    }

    /// Its name: `0`, `1`, `2`, `3`, `4-5`, `6+`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "0",
            Self::One => "1",
            Self::Two => "2",
            Self::Three => "3",
            Self::FourOrFive => "4-5",
            Self::More => "6+",
        }
    }
}

/// Label consistency of a mention with training (see [`TrainingIndex::consistency`]), in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsistencyBucket {
    /// Its surface was not seen.
    Unseen,
    /// Seen, never with this type.
    Never,
    /// With this type in at most half of the occurrences.
    Low,
    /// In more than half, not in all.
    High,
    /// In all of them.
    Always,
}

impl ConsistencyBucket {
    /// The bucket of a share.
    pub fn of(consistency: Option<f64>) -> Self {
        match consistency {
            None => Self::Unseen,
            Some(share) if share <= 0.0 => Self::Never,
            Some(share) if share <= 0.5 => Self::Low,
            Some(share) if share < 1.0 => Self::High,
            Some(_) => Self::Always,
        }
    }

    /// Its name: `unseen`, `0`, `(0, 0.5]`, `(0.5, 1)`, `1`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unseen => "unseen",
            Self::Never => "0",
            Self::Low => "(0, 0.5]",
            Self::High => "(0.5, 1)",
            Self::Always => "1",
        }
    }
}

impl TrainingIndex {
    /// How a span of a text relates to training; a span outside the text is unseen.
    pub fn seen_span(&self, text: &str, span: &Span) -> Seen {
        text.get(span.range()).map_or(Seen::Unseen, |surface| self.seen(surface, span.label))
    }

    /// The consistency of a span of a text with training.
    pub fn consistency_of_span(&self, text: &str, span: &Span) -> ConsistencyBucket {
        ConsistencyBucket::of(text.get(span.range()).and_then(|surface| self.consistency(surface, span.label)))
    }
}
