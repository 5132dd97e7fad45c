//! What each gold and each predicted span is in the comparison: a match, missed, spurious, or half right and how.

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

/// Compares two sets of spans. Each span is used once: equal spans are matches; equal ranges of other types are wrong
/// types; then overlapping spans are paired, same type before other type and larger overlap before smaller, as boundary
/// (or type-and-boundary) mistakes; the rest are missed or spurious. A pair with different ranges gives two entries.
pub fn compare(gold: &[Span], predicted: &[Span]) -> Vec<Marked> {
    let mut pairs: Vec<(u8, std::cmp::Reverse<u32>, usize, usize)> = Vec::new();
    for (g, a) in gold.iter().enumerate() {
        for (p, b) in predicted.iter().enumerate() {
            let overlap = a.end.min(b.end).saturating_sub(a.start.max(b.start));
            if overlap == 0 {
                continue;
            }
            let same_range = (a.start, a.end) == (b.start, b.end);
            let rank = match (same_range, a.label == b.label) {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => 2,
                (false, false) => 3,
            };
            pairs.push((rank, std::cmp::Reverse(overlap), g, p));
        }
    }
    pairs.sort_unstable();
    let (mut gold_free, mut predicted_free) = (vec![true; gold.len()], vec![true; predicted.len()]);
    let mut marked = Vec::with_capacity(gold.len() + predicted.len());
    let one = |span: &Span, is_gold: bool, mark| Marked {
        start: span.start,
        end: span.end,
        gold: is_gold.then_some(span.label),
        predicted: (!is_gold).then_some(span.label),
        mark,
    };
    for (rank, _, g, p) in pairs {
        if !(gold_free[g] && predicted_free[p]) {
            continue;
        }
        (gold_free[g], predicted_free[p]) = (false, false);
        if rank < 2 {
            let mark = if rank == 0 { Mark::Match } else { Mark::WrongType };
            marked.push(Marked { predicted: Some(predicted[p].label), ..one(&gold[g], true, mark) });
        } else {
            let mark = if rank == 2 { Mark::Boundary } else { Mark::TypeAndBoundary };
            marked.push(one(&gold[g], true, mark));
            marked.push(one(&predicted[p], false, mark));
        }
    }
    for (span, _) in gold.iter().zip(&gold_free).filter(|(_, free)| **free) {
        marked.push(one(span, true, Mark::Missed));
    }
    for (span, _) in predicted.iter().zip(&predicted_free).filter(|(_, free)| **free) {
        marked.push(one(span, false, Mark::Spurious));
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
