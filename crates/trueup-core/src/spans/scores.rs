//! Micro, macro and weighted averages over types.

use super::TypeCounts;
use crate::LabelId;

/// Precision, recall and F1 of all types together, in one way of averaging.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Average {
    /// `None` for 0/0.
    pub precision: Option<f64>,
    /// `None` for 0/0.
    pub recall: Option<f64>,
    /// `None` for 0/0.
    pub f1: Option<f64>,
    /// Types that take part and whose precision is 0/0: they count 0.
    pub undefined_precision: Vec<LabelId>,
    /// Types that take part and whose recall is 0/0: they count 0.
    pub undefined_recall: Vec<LabelId>,
}

/// Every score that derives from the counts of types.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpanScores {
    /// The counts of all types together.
    pub total: TypeCounts,
    /// Of the counts of all types together.
    pub micro: Average,
    /// The mean over the types that occur in gold or prediction.
    pub macro_: Average,
    /// The mean weighted by the gold spans of each type; without gold there is none.
    pub weighted: Average,
    /// The counts by type (label id): precision, recall and F1 are theirs to tell.
    pub types: Vec<TypeCounts>,
}

impl SpanScores {
    /// The scores of counts by type.
    pub fn new(types: Vec<TypeCounts>) -> Self {
        let mut total = TypeCounts::default();
        types.iter().for_each(|&counts| total.merge(counts));
        let micro =
            Average { precision: total.precision(), recall: total.recall(), f1: total.f1(), ..Average::default() };
        let macro_ = mean(&types, |counts| f64::from(u8::from(counts.occurs())));
        let weighted = mean(&types, |counts| counts.gold.spans() as f64);
        Self { total, micro, macro_, weighted, types }
    }
}

/// The weighted mean over types; scikit-learn's and seqeval's number, where a term of 0/0 counts 0.
fn mean(types: &[TypeCounts], weight: impl Fn(&TypeCounts) -> f64) -> Average {
    let mut average = Average::default();
    let (mut sums, mut weights) = ([0.0; 3], 0.0);
    for (label, counts) in types.iter().enumerate().filter(|(_, counts)| weight(counts) > 0.0) {
        let w = weight(counts);
        weights += w;
        for (sum, term) in sums.iter_mut().zip([counts.precision(), counts.recall(), counts.f1()]) {
            *sum += w * term.unwrap_or(0.0);
        }
        if counts.precision().is_none() {
            average.undefined_precision.push(label as LabelId);
        }
        if counts.recall().is_none() {
            average.undefined_recall.push(label as LabelId);
        }
    }
    if weights > 0.0 {
        let [precision, recall, f1] = sums.map(|sum| Some(sum / weights));
        (average.precision, average.recall, average.f1) = (precision, recall, f1);
    }
    average
}
