//! What each gold and each predicted span is in the comparison: a match, missed, spurious, or half right and how.

use super::{DocumentErrors, SpanSide};
use crate::document::Mark;
use crate::{LabelId, Span};

/// A range of the text with the types that gold and prediction give it, and what that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// The gold type, if gold has this range.
    pub gold: Option<LabelId>,
    /// The predicted type, if the prediction has this range.
    pub predicted: Option<LabelId>,
    /// What it is.
    pub mark: Mark,
}

/// Compares two sets of spans, paired as in [`DocumentErrors`]: equal spans are matches, equal ranges of other types
/// wrong types, other pairs boundary (or type-and-boundary) mistakes; the rest is missed or spurious. A pair with
/// different ranges gives two entries.
pub fn compare(gold: &[Span], predicted: &[Span]) -> Vec<Marked> {
    let errors = DocumentErrors::of(gold, predicted);
    let mut marked = Vec::with_capacity(gold.len() + predicted.len());
    for (span, &(kind, partner)) in gold.iter().zip(&errors.gold) {
        let other = partner.map(|place| predicted[place as usize]);
        let mark = kind.mark(SpanSide::Gold, partner, other.is_some_and(|other| other.label == span.label));
        let both = other.filter(|other| other.range() == span.range()).map(|other| other.label);
        marked.push(Marked { start: span.start, end: span.end, gold: Some(span.label), predicted: both, mark });
    }
    for (span, &(kind, partner)) in predicted.iter().zip(&errors.predicted) {
        let other = partner.map(|place| gold[place as usize]);
        if other.is_some_and(|other| other.range() == span.range()) {
            continue;
        }
        let mark = kind.mark(SpanSide::Predicted, partner, other.is_some_and(|other| other.label == span.label));
        marked.push(Marked { start: span.start, end: span.end, gold: None, predicted: Some(span.label), mark });
    }
    marked.sort_unstable_by_key(|m| (m.start, m.end, m.gold.is_none(), m.gold, m.predicted));
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u32, end: u32, label: u32) -> Span {
        Span { start, end, label }
    }

    #[test]
    fn every_kind_of_mistake_has_its_mark() {
        let gold = [span(0, 4, 0), span(5, 9, 0), span(10, 14, 0), span(20, 24, 0), span(30, 34, 0)];
        let predicted = [span(0, 4, 0), span(5, 9, 1), span(10, 16, 0), span(18, 24, 1), span(40, 44, 1)];
        let marks: Vec<_> = compare(&gold, &predicted).iter().map(|m| (m.start, m.mark)).collect();
        assert_eq!(
            marks,
            [
                (0, Mark::Match),
                (5, Mark::WrongType),
                (10, Mark::Boundary),
                (10, Mark::Boundary),
                (18, Mark::TypeAndBoundary),
                (20, Mark::TypeAndBoundary),
                (30, Mark::Missed),
                (40, Mark::Spurious),
            ]
        );
    }

    #[test]
    fn a_span_is_used_once_and_the_larger_overlap_wins() {
        let marked = compare(&[span(0, 10, 0)], &[span(0, 3, 0), span(3, 10, 0)]);
        let spurious: Vec<_> = marked.iter().filter(|m| m.mark == Mark::Spurious).map(|m| m.start).collect();
        assert_eq!(spurious, [0]);
    }

    proptest::proptest! {
        #[test]
        fn every_span_appears_exactly_once(
            gold in proptest::collection::btree_set((0u32..20, 1u32..6, 0u32..3), 0..6),
            predicted in proptest::collection::btree_set((0u32..20, 1u32..6, 0u32..3), 0..6),
        ) {
            let spans = |set: &std::collections::BTreeSet<(u32, u32, u32)>| {
                set.iter().map(|&(s, n, l)| span(s, s + n, l)).collect::<Vec<_>>()
            };
            let (gold, predicted) = (spans(&gold), spans(&predicted));
            let marked = compare(&gold, &predicted);
            proptest::prop_assert_eq!(marked.iter().filter(|m| m.gold.is_some()).count(), gold.len());
            proptest::prop_assert_eq!(marked.iter().filter(|m| m.predicted.is_some()).count(), predicted.len());
            let matches = marked.iter().filter(|m| m.mark == Mark::Match).count();
            proptest::prop_assert_eq!(matches, gold.iter().filter(|s| predicted.contains(s)).count());
        }
    }
}
