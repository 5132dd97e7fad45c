//! Who is taken for whom: confusion matrices, their shares, and what label sets have in their place.

use crate::counts::{Outcome, Tallies, walk};
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

/// What the counts of a confusion matrix are divided by (scikit-learn `confusion_matrix(normalize=...)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalise {
    /// The sum of the row: the shares of a gold label (`true`).
    Gold,
    /// The sum of the column: the shares of a predicted label (`pred`).
    Predicted,
    /// The sum of all cells (`all`).
    All,
}

/// The shares of the cells of a confusion matrix, `shares[gold][predicted]` from 0 to 1. A cell of a row, or a column,
/// without any count has none, where scikit-learn writes 0.
pub fn normalised(counts: &[Vec<u64>], by: Normalise) -> Vec<Vec<Option<f64>>> {
    let columns = counts.first().map_or(0, Vec::len);
    let column = |at: usize| counts.iter().map(|row| row[at]).sum::<u64>();
    let (columns, all): (Vec<u64>, u64) = ((0..columns).map(column).collect(), counts.iter().flatten().sum());
    let shares = |row: &Vec<u64>| {
        let of_row: u64 = row.iter().sum();
        let share = |(at, &count): (usize, &u64)| match by {
            Normalise::Gold => crate::counts::ratio(count, of_row),
            Normalise::Predicted => crate::counts::ratio(count, columns[at]),
            Normalise::All => crate::counts::ratio(count, all),
        };
        row.iter().enumerate().map(share).collect()
    };
    counts.iter().map(shares).collect()
}

/// The confusion matrix of each label against the rest, `[[TN, FP], [FN, TP]]`, of `examples` examples of a label task
/// (scikit-learn `multilabel_confusion_matrix`).
pub fn of_each_label(tallies: &Tallies, examples: u64) -> Vec<[[u64; 2]; 2]> {
    tallies.labels().iter().map(|t| [[examples - t.tp - t.fp - t.fn_, t.fp], [t.fn_, t.tp]]).collect()
}

/// Which labels are missed together with which spurious ones, for label sets: what of a confusion matrix they have.
///
/// `counts[m][s]`, of K + 1 rows and columns of which the last is `(none)`, is the number of examples whose gold has m,
/// whose prediction lacks m, has s, and whose gold lacks s: m may have been taken for s. The diagonal counts hits. A missed
/// label in an example without a spurious one stands in the column `(none)`, a spurious one in an example without a missed
/// one in the row `(none)`. An example of two missed and three spurious labels counts in six cells, so that rows do not sum
/// to support. Empty for other tasks.
pub fn missed_with_spurious(pair: &Pair) -> Confusion {
    let mut names = pair.labels().names().to_vec();
    names.push("(none)".to_owned());
    let none = pair.labels().len();
    let mut counts = vec![vec![0u64; none + 1]; none + 1];
    for (gold, predicted) in pair.gold().iter().zip(pair.predicted()) {
        let (Annotation::Labels(gold), Annotation::Labels(predicted)) = (gold, predicted) else { continue };
        let (mut missed, mut spurious) = (Vec::new(), Vec::new());
        walk(gold, predicted, |&label, outcome| match outcome {
            Outcome::Hit => counts[label as usize][label as usize] += 1,
            Outcome::Miss => missed.push(label as usize),
            Outcome::FalseAlarm => spurious.push(label as usize),
        });
        if missed.is_empty() {
            missed.push(none);
        }
        if spurious.is_empty() {
            spurious.push(none);
        }
        for &m in missed.iter().filter(|_| missed != spurious) {
            spurious.iter().for_each(|&s| counts[m][s] += 1);
        }
    }
    Confusion { labels: names, counts, axes: ConfusionAxes::default() }
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
    use crate::{LabelSet, Predictions};

    #[test]
    fn shares_sum_to_one_where_there_are_any() {
        let counts = [vec![3, 1, 0], vec![0, 0, 0], vec![2, 0, 4]];
        let of = |by| normalised(&counts, by);
        assert_eq!(of(Normalise::Gold)[0], [Some(0.75), Some(0.25), Some(0.0)]);
        assert_eq!(of(Normalise::Gold)[1], [None; 3]);
        assert_eq!(of(Normalise::Predicted)[2], [Some(0.4), Some(0.0), Some(1.0)]);
        assert_eq!(of(Normalise::All)[2], [Some(0.2), Some(0.0), Some(0.4)]);
        assert_eq!(normalised(&[], Normalise::All), Vec::<Vec<Option<f64>>>::new());
    }

    #[test]
    fn sets_have_a_matrix_a_label_and_one_of_what_goes_with_what() {
        let labels = LabelSet::new(["a", "b", "c"]);
        let set = |labels: &[u32]| Annotation::Labels(labels.to_vec());
        let gold = [set(&[0, 1]), set(&[0]), set(&[]), set(&[2]), set(&[])];
        let answers = vec![set(&[0, 2]), set(&[]), set(&[1]), set(&[2]), set(&[])];
        let predictions = Predictions { labels: labels.clone(), answers, scores: None, span_scores: None };
        let pair = Pair::new(Task::Multilabel, &labels, &gold, &predictions, None).unwrap();
        let together = missed_with_spurious(&pair);
        assert_eq!(together.counts, [[1, 0, 0, 1], [0, 0, 1, 0], [0, 0, 1, 0], [0, 1, 0, 0]]);
        assert_eq!(together.labels[3], "(none)");
        let mut tallies = Tallies::new(3);
        gold.iter().zip(pair.predicted()).for_each(|(g, p)| tallies.add(g, p));
        assert_eq!(of_each_label(&tallies, 5), [[[3, 0], [1, 1]], [[3, 1], [1, 0]], [[3, 1], [0, 1]]]);
    }

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
