//! Who is taken for whom.

use crate::counts::{Outcome, walk};
use crate::document::{Confusion, ConfusionAxes};
use crate::{Annotation, Pair, Span, Task};

/// The counts of gold against prediction; `None` for multi-label tasks, where no prediction belongs to one gold label.
///
/// For NER, spans of equal range are paired, equal types first; a span whose range occurs on one side only is missed or
/// spurious, even where ranges overlap.
pub(super) fn confusion(pair: &Pair) -> Option<Confusion> {
    let mut names = pair.labels().names().to_vec();
    match pair.task() {
        Task::Multilabel => return None,
        Task::Classification => {}
        Task::Ner => names.push("(none)".to_owned()),
    }
    let none = pair.labels().len();
    let mut counts = vec![vec![0u64; names.len()]; names.len()];
    for (gold, predicted) in pair.gold().iter().zip(pair.predicted()) {
        match (gold, predicted) {
            (Annotation::Label(g), Annotation::Label(p)) => counts[*g as usize][*p as usize] += 1,
            _ => count_spans(gold.spans(), predicted.spans(), none, &mut counts),
        }
    }
    Some(Confusion { labels: names, counts, axes: ConfusionAxes::default() })
}

fn count_spans(gold: &[Span], predicted: &[Span], none: usize, counts: &mut [Vec<u64>]) {
    let (mut missed, mut spurious) = (Vec::new(), Vec::new());
    walk(gold, predicted, |span, outcome| match outcome {
        Outcome::Hit => counts[span.label as usize][span.label as usize] += 1,
        Outcome::Miss => missed.push(*span),
        Outcome::FalseAlarm => spurious.push(*span),
    });
    // Both lists are sorted by range; those of one range pair up in label order.
    let range = |span: &Span| (span.start, span.end);
    let (mut g, mut p) = (0, 0);
    while g < missed.len() || p < spurious.len() {
        match (missed.get(g), spurious.get(p)) {
            (Some(a), Some(b)) if range(a) == range(b) => {
                counts[a.label as usize][b.label as usize] += 1;
                g += 1;
                p += 1;
            }
            (Some(a), b) if b.is_none_or(|b| range(a) < range(b)) => {
                counts[a.label as usize][none] += 1;
                g += 1;
            }
            (_, Some(b)) => {
                counts[none][b.label as usize] += 1;
                p += 1;
            }
            _ => unreachable!("one of the lists has a span left"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn spans_pair_by_range_and_equal_types_first() {
        let span = |start, end, label| Span { start, end, label };
        let mut counts = vec![vec![0; 4]; 4];
        count_spans(
            // Two types at one range, a boundary mistake, a missed span.
            &[span(0, 4, 0), span(0, 4, 1), span(5, 9, 2), span(20, 22, 0)],
            &[span(0, 4, 1), span(0, 4, 2), span(5, 8, 2)],
            3,
            &mut counts,
        );
        assert_eq!(counts[1][1], 1);
        assert_eq!(counts[0][2], 1);
        assert_eq!((counts[2][3], counts[3][2]), (1, 1));
        assert_eq!(counts[0][3], 1);
        assert_eq!(counts.iter().flatten().sum::<u64>(), 5);
    }
}
