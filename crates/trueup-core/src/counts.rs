//! Mergeable counts: the only thing that scans answers. Every ratio derives from them.
//!
//! A count is a monoid: empty, add an answer, merge with the count of another part, finish. Halves merged equal the
//! whole, in any order, so the same state serves a loop, threads, a bootstrap over clusters and a cluster of machines.

use std::cmp::Ordering;

use crate::{Annotation, LabelId};

/// What became of one label of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Predicted and gold.
    Hit,
    /// Predicted, not gold.
    FalseAlarm,
    /// Gold, not predicted.
    Miss,
}

/// True positives, false positives and false negatives of one label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tally {
    /// Predicted and gold.
    pub tp: u64,
    /// Predicted, not gold.
    pub fp: u64,
    /// Gold, not predicted.
    pub fn_: u64,
}

impl Tally {
    /// TP / (TP + FP); `None` when never predicted.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fp)
    }

    /// TP / (TP + FN); `None` without gold.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fn_)
    }

    /// 2 TP / (2 TP + FP + FN); `None` when the label occurs in neither gold nor prediction.
    pub fn f1(&self) -> Option<f64> {
        ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn_)
    }

    /// TP / (TP + FP + FN), Jaccard's index; `None` when the label occurs in neither gold nor prediction.
    pub fn jaccard(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fp + self.fn_)
    }

    /// Whether the label occurs in gold or prediction.
    pub fn occurs(&self) -> bool {
        self.tp + self.fp + self.fn_ > 0
    }

    /// Counts one outcome.
    pub fn record(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Hit => self.tp += 1,
            Outcome::FalseAlarm => self.fp += 1,
            Outcome::Miss => self.fn_ += 1,
        }
    }

    /// Gold of the label.
    pub fn support(&self) -> u64 {
        self.tp + self.fn_
    }

    /// How often the label was predicted.
    pub fn predicted(&self) -> u64 {
        self.tp + self.fp
    }

    /// Adds another part's counts.
    pub fn merge(&mut self, other: Tally) {
        self.tp += other.tp;
        self.fp += other.fp;
        self.fn_ += other.fn_;
    }
}

/// `a / b`, or `None` for 0/0. A count over zero cannot occur here: the numerator is part of the denominator.
pub fn ratio(a: u64, b: u64) -> Option<f64> {
    (b > 0).then(|| a as f64 / b as f64)
}

/// Tells `record` the outcome of every label (or span, by strict match) in `gold` and `predicted`. Panics when the two
/// answers are of different kinds, which [`crate::Pair`] rules out.
pub fn outcomes(gold: &Annotation, predicted: &Annotation, mut record: impl FnMut(LabelId, Outcome)) {
    match (gold, predicted) {
        (Annotation::Label(g), Annotation::Label(p)) => {
            if g == p {
                record(*g, Outcome::Hit);
            } else {
                record(*g, Outcome::Miss);
                record(*p, Outcome::FalseAlarm);
            }
        }
        (Annotation::Labels(g), Annotation::Labels(p)) => walk(g, p, |&label, outcome| record(label, outcome)),
        (Annotation::Spans(g), Annotation::Spans(p)) => walk(g, p, |span, outcome| record(span.label, outcome)),
        _ => unreachable!("the pair was checked"),
    }
}

/// One walk over two sorted sets.
pub fn walk<T: Ord>(gold: &[T], predicted: &[T], mut record: impl FnMut(&T, Outcome)) {
    let (mut g, mut p) = (0, 0);
    while g < gold.len() || p < predicted.len() {
        let order = match (gold.get(g), predicted.get(p)) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        match order {
            Ordering::Less => {
                record(&gold[g], Outcome::Miss);
                g += 1;
            }
            Ordering::Greater => {
                record(&predicted[p], Outcome::FalseAlarm);
                p += 1;
            }
            Ordering::Equal => {
                record(&gold[g], Outcome::Hit);
                g += 1;
                p += 1;
            }
        }
    }
}

/// The [`Tally`] of every label, for any task: labels, label sets, spans by strict match (start, end and type).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tallies {
    labels: Vec<Tally>,
}

impl Tallies {
    /// Nothing counted yet, for `labels` labels.
    pub fn new(labels: usize) -> Self {
        Self { labels: vec![Tally::default(); labels] }
    }

    /// The counts of labels 0, 1 and so on.
    pub fn from_labels(labels: Vec<Tally>) -> Self {
        Self { labels }
    }

    /// Counts one example. Panics when the two answers are of different kinds, which [`crate::Pair`] rules out.
    pub fn add(&mut self, gold: &Annotation, predicted: &Annotation) {
        outcomes(gold, predicted, |label, outcome| {
            self.labels[label as usize].record(outcome);
        });
    }

    /// Adds another part's counts, of the same labels.
    pub fn merge(&mut self, other: &Tallies) {
        for (mine, theirs) in self.labels.iter_mut().zip(&other.labels) {
            mine.merge(*theirs);
        }
    }

    /// The counts by label id.
    pub fn labels(&self) -> &[Tally] {
        &self.labels
    }

    /// The counts of all labels together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.labels.iter().for_each(|&t| total.merge(t));
        total
    }

    /// Mean F1 over the labels that occur in gold or prediction; `None` when none does.
    pub fn f1_macro(&self) -> Option<f64> {
        let (mut sum, mut n) = (0.0, 0u32);
        for f1 in self.labels.iter().filter_map(Tally::f1) {
            sum += f1;
            n += 1;
        }
        (n > 0).then(|| sum / f64::from(n))
    }

    /// F1 of the counts of all labels together.
    pub fn f1_micro(&self) -> Option<f64> {
        self.total().f1()
    }
}

/// The counts of gold against prediction of a single-label task, K labels squared: all that a count-based metric needs,
/// without any row (see [`measure_counts`](crate::measure::measure_counts)).
///
/// Rows are gold labels, columns predicted ones, both in label order. Counts of parts [`merge`](Self::merge) to those of
/// the whole, in any order.
///
/// # Example
///
/// ```
/// use trueup_core::counts::ConfusionCounts;
///
/// let mut counts = ConfusionCounts::new(2);
/// counts.add(0, 0);
/// counts.add_times(1, 0, 3);
/// assert_eq!((counts.get(1, 0), counts.total()), (3, 4));
/// assert_eq!(counts.tallies().labels()[1].recall(), Some(0.0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfusionCounts {
    labels: usize,
    cells: Vec<u64>,
}

impl ConfusionCounts {
    /// Nothing counted yet, for `labels` labels.
    pub fn new(labels: usize) -> Self {
        Self { labels, cells: vec![0; labels * labels] }
    }

    /// From the K x K counts, gold row by gold row; panics when there are not K x K.
    pub fn from_cells(labels: usize, cells: Vec<u64>) -> Self {
        assert_eq!(cells.len(), labels * labels, "one count for each pair of labels");
        Self { labels, cells }
    }

    /// Counts one example. Panics when a label is not below K.
    pub fn add(&mut self, gold: LabelId, predicted: LabelId) {
        self.add_times(gold, predicted, 1);
    }

    /// Counts `times` examples of the same answers. Panics when a label is not below K.
    pub fn add_times(&mut self, gold: LabelId, predicted: LabelId, times: u64) {
        assert!((predicted as usize) < self.labels, "a label of the set");
        self.cells[gold as usize * self.labels + predicted as usize] += times;
    }

    /// Adds another part's counts; panics when they are of another number of labels.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.labels, other.labels, "counts of the same labels");
        self.cells.iter_mut().zip(&other.cells).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// How many labels there are: K.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// How many examples of gold label `gold` were answered `predicted`.
    pub fn get(&self, gold: LabelId, predicted: LabelId) -> u64 {
        self.cells[gold as usize * self.labels + predicted as usize]
    }

    /// The counts, gold row by gold row.
    pub fn cells(&self) -> &[u64] {
        &self.cells
    }

    /// How many examples were counted.
    pub fn total(&self) -> u64 {
        self.cells.iter().sum()
    }

    /// Rows of gold, columns of predicted labels.
    pub fn rows(&self) -> Vec<Vec<u64>> {
        (0..self.labels).map(|g| self.cells[g * self.labels..(g + 1) * self.labels].to_vec()).collect()
    }

    /// True positives, false positives and false negatives of every label.
    pub fn tallies(&self) -> Tallies {
        let mut tallies = vec![Tally::default(); self.labels];
        for gold in 0..self.labels {
            for predicted in 0..self.labels {
                let count = self.cells[gold * self.labels + predicted];
                if gold == predicted {
                    tallies[gold].tp += count;
                } else {
                    tallies[gold].fn_ += count;
                    tallies[predicted].fp += count;
                }
            }
        }
        Tallies { labels: tallies }
    }
}

/// Sums of weights in the place of counts: the true positives, false positives and false negatives of one label over
/// weighted examples. Whole numbers up to 2^53 are exact.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct WeightedTally {
    /// Predicted and gold.
    pub tp: f64,
    /// Predicted, not gold.
    pub fp: f64,
    /// Gold, not predicted.
    pub fn_: f64,
}

impl WeightedTally {
    /// The counts, each example times `weight`.
    pub fn of(tally: Tally, weight: f64) -> Self {
        Self { tp: tally.tp as f64 * weight, fp: tally.fp as f64 * weight, fn_: tally.fn_ as f64 * weight }
    }

    /// TP / (TP + FP); `None` when never predicted.
    pub fn precision(&self) -> Option<f64> {
        share(self.tp, self.tp + self.fp)
    }

    /// TP / (TP + FN); `None` without gold.
    pub fn recall(&self) -> Option<f64> {
        share(self.tp, self.tp + self.fn_)
    }

    /// 2 TP / (2 TP + FP + FN); `None` when the label occurs in neither gold nor prediction.
    pub fn f1(&self) -> Option<f64> {
        share(2.0 * self.tp, 2.0 * self.tp + self.fp + self.fn_)
    }

    /// TP / (TP + FP + FN), Jaccard's index; `None` when the label occurs in neither gold nor prediction.
    pub fn jaccard(&self) -> Option<f64> {
        share(self.tp, self.tp + self.fp + self.fn_)
    }

    /// (1 + β²) TP / ((1 + β²) TP + β² FN + FP), recall counting β times as much as precision (van Rijsbergen 1979,
    /// "Information retrieval"; scikit-learn `fbeta_score`); `None` when the label occurs in neither gold nor prediction.
    pub fn f_beta(&self, beta: f64) -> Option<f64> {
        share(self.tp, self.f_beta_whole(beta))
    }

    /// The denominator of F-beta, divided by 1 + β², so that the numerator is TP.
    pub fn f_beta_whole(&self, beta: f64) -> f64 {
        let squared = beta * beta;
        // Of a very large β this is recall.
        let missed = if squared.is_finite() { squared / (1.0 + squared) } else { 1.0 };
        self.tp + missed * self.fn_ + (1.0 - missed) * self.fp
    }

    /// Whether the label occurs in gold or prediction.
    pub fn occurs(&self) -> bool {
        self.either() > 0.0
    }

    /// Gold of the label.
    pub fn support(&self) -> f64 {
        self.tp + self.fn_
    }

    /// How often the label was predicted.
    pub fn predicted(&self) -> f64 {
        self.tp + self.fp
    }

    /// How often it is gold or predicted.
    pub fn either(&self) -> f64 {
        self.tp + self.fp + self.fn_
    }

    /// Adds `times` times what another part holds.
    pub fn merge(&mut self, other: WeightedTally, times: f64) {
        self.tp += times * other.tp;
        self.fp += times * other.fp;
        self.fn_ += times * other.fn_;
    }
}

fn share(a: f64, b: f64) -> Option<f64> {
    (b > 0.0).then(|| a / b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;

    #[test]
    fn spans_match_strictly_as_sets() {
        let span = |start, end, label| Span { start, end, label };
        let mut tallies = Tallies::new(2);
        tallies.add(
            &Annotation::Spans(vec![span(0, 4, 0), span(5, 9, 1)]),
            &Annotation::Spans(vec![span(0, 4, 0), span(5, 8, 1), span(10, 12, 0)]),
        );
        assert_eq!(tallies.labels()[0], Tally { tp: 1, fp: 1, fn_: 0 });
        assert_eq!(tallies.labels()[1], Tally { tp: 0, fp: 1, fn_: 1 });
        assert_eq!(tallies.f1_micro(), Some(0.4));
    }

    #[test]
    fn nothing_over_nothing_has_no_value() {
        let tallies = Tallies::new(2);
        assert_eq!(tallies.f1_macro(), None);
        assert_eq!(tallies.labels()[0].precision(), None);
        // A label with gold that is never predicted has F1 0, and no precision.
        let never = Tally { tp: 0, fp: 0, fn_: 3 };
        assert_eq!((never.f1(), never.recall(), never.precision()), (Some(0.0), Some(0.0), None));
    }

    proptest::proptest! {
        #[test]
        fn halves_merged_are_the_whole(rows in proptest::collection::vec((0u32..4, 0u32..4), 0..60), cut in 0usize..60) {
            let count = |rows: &[(u32, u32)]| {
                let mut tallies = Tallies::new(4);
                for &(g, p) in rows {
                    tallies.add(&Annotation::Label(g), &Annotation::Label(p));
                }
                tallies
            };
            let cut = cut.min(rows.len());
            let mut merged = count(&rows[cut..]);
            merged.merge(&count(&rows[..cut]));
            proptest::prop_assert_eq!(merged, count(&rows));
        }

        #[test]
        fn confusions_merged_are_the_whole(rows in proptest::collection::vec((0u32..4, 0u32..4), 0..60), cut in 0usize..60) {
            let count = |rows: &[(u32, u32)]| {
                let mut counts = ConfusionCounts::new(4);
                rows.iter().for_each(|&(g, p)| counts.add(g, p));
                counts
            };
            let cut = cut.min(rows.len());
            let mut merged = count(&rows[cut..]);
            merged.merge(&count(&rows[..cut]));
            let mut tallies = Tallies::new(4);
            rows.iter().for_each(|&(g, p)| tallies.add(&Annotation::Label(g), &Annotation::Label(p)));
            proptest::prop_assert_eq!(merged.tallies(), tallies);
            let (total, of_rows) = (merged.total(), merged.rows().concat().iter().sum::<u64>());
            proptest::prop_assert_eq!((total, of_rows), (rows.len() as u64, total));
            proptest::prop_assert_eq!(merged, count(&rows));
        }
    }
}
