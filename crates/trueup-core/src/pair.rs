//! The one strict door: gold and predictions become a [`Pair`] or an error, and every metric starts from a pair.

use crate::{Annotation, LabelSet, Predictions, Task};

/// Why gold and predictions cannot be measured together.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DoorError {
    /// The numbers of examples differ.
    #[error("{gold} gold examples but {predicted} predictions; they must be the same number in the same order")]
    Length {
        /// Gold examples.
        gold: usize,
        /// Predictions.
        predicted: usize,
    },
    /// An answer is not of the task's kind.
    #[error("the {side} answer is not a {task} answer")]
    Kind {
        /// 0-based row.
        row: usize,
        /// `gold` or `predicted`.
        side: &'static str,
        /// The task expected.
        task: Task,
    },
    /// A label id is outside the label set, or the score table has another width.
    #[error("{what} does not belong to the {labels} labels of the task")]
    Label {
        /// 0-based row.
        row: usize,
        /// What was found.
        what: String,
        /// Size of the label set.
        labels: usize,
    },
    /// A score is not a number in [0, 1].
    #[error("score {value} of label '{label}' is not a number from 0 to 1")]
    Score {
        /// 0-based row.
        row: usize,
        /// The label of the column.
        label: String,
        /// What was found.
        value: f64,
    },
    /// A row of probabilities does not sum to 1 within 1e-6.
    #[error("the scores sum to {sum}, not to 1 within 1e-6")]
    Sum {
        /// 0-based row.
        row: usize,
        /// The sum found.
        sum: f64,
    },
    /// A weight is negative, infinite or no number.
    #[error("weight {value} is not a finite number of at least 0")]
    Weight {
        /// 0-based row.
        row: usize,
        /// What was found.
        value: f64,
    },
    /// A span is empty or reversed.
    #[error("the {side} span {start}..{end} is empty or reversed")]
    Span {
        /// 0-based row.
        row: usize,
        /// `gold` or `predicted`.
        side: &'static str,
        /// First byte.
        start: u32,
        /// End byte.
        end: u32,
    },
}

impl DoorError {
    /// The 0-based row that it is about.
    pub fn row(&self) -> Option<usize> {
        match self {
            Self::Length { .. } => None,
            Self::Kind { row, .. }
            | Self::Label { row, .. }
            | Self::Score { row, .. }
            | Self::Sum { row, .. }
            | Self::Weight { row, .. }
            | Self::Span { row, .. } => Some(*row),
        }
    }
}

/// Gold and predictions of the same examples, checked.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    task: Task,
    labels: &'a LabelSet,
    gold: Vec<&'a Annotation>,
    predicted: Vec<&'a Annotation>,
    scores: Option<Vec<&'a [f64]>>,
    clusters: Option<Vec<u32>>,
    weights: Option<Vec<f64>>,
}

impl<'a> Pair<'a> {
    /// Checks everything that a metric relies on.
    ///
    /// `clusters`, when given, holds one number a row; rows with the same number are dependent (sentences of a
    /// document, messages of a thread) and form one unit of the intervals.
    ///
    /// # Errors
    ///
    /// The first [`DoorError`] found, in row order.
    pub fn new(
        task: Task,
        labels: &'a LabelSet,
        gold: impl IntoIterator<Item = &'a Annotation>,
        predictions: &'a Predictions,
        clusters: Option<Vec<u32>>,
    ) -> Result<Self, DoorError> {
        let gold: Vec<_> = gold.into_iter().collect();
        let predicted: Vec<_> = predictions.answers.iter().collect();
        if gold.len() != predicted.len() {
            return Err(DoorError::Length { gold: gold.len(), predicted: predicted.len() });
        }
        for (side, answers) in [("gold", &gold), ("predicted", &predicted)] {
            for (row, answer) in answers.iter().enumerate() {
                check_answer(task, labels, row, side, answer)?;
            }
        }
        let scores = match &predictions.scores {
            None => None,
            Some(scores) => {
                if scores.labels() != labels.len() || scores.len() != gold.len() {
                    let what = format!("a score table of {} columns", scores.labels());
                    return Err(DoorError::Label { row: 0, what, labels: labels.len() });
                }
                let rows: Vec<_> = (0..scores.len()).map(|r| scores.row(r)).collect();
                for (row, cells) in rows.iter().enumerate() {
                    check_scores(task, labels, row, cells)?;
                }
                Some(rows)
            }
        };
        if let Some(clusters) = &clusters {
            assert_eq!(clusters.len(), gold.len(), "one cluster number a row");
        }
        Ok(Self { task, labels, gold, predicted, scores, clusters, weights: None })
    }

    /// The pair with one weight a row, as scikit-learn's `sample_weight`: how much the row counts in every figure.
    ///
    /// Weights are importance, not repetition: figures equal those of rows repeated as often, intervals rest on the rows
    /// there are (see [`measure`](crate::measure)). They count relative to each other; all of one size change nothing.
    /// Rows of weight 0 are left out of the pair, as if they had not been given. Weights that are all 1 are none.
    ///
    /// # Errors
    ///
    /// [`DoorError::Weight`] for the first that is negative, infinite or no number; [`DoorError::Length`] when there is not
    /// one a row.
    pub fn with_weights(self, weights: &[f64]) -> Result<Self, DoorError> {
        if weights.len() != self.len() {
            return Err(DoorError::Length { gold: self.len(), predicted: weights.len() });
        }
        if let Some(row) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
            return Err(DoorError::Weight { row, value: weights[row] });
        }
        let kept: Vec<usize> = (0..weights.len()).filter(|&row| weights[row] > 0.0).collect();
        let mut pair = if kept.len() < weights.len() { self.select(&kept) } else { self };
        #[allow(clippy::float_cmp)] // exactly 1 is what no weights mean
        let plain = kept.iter().all(|&row| weights[row] == 1.0);
        pair.weights = (!plain).then(|| kept.iter().map(|&row| weights[row]).collect());
        Ok(pair)
    }

    /// The kind of the answers.
    pub fn task(&self) -> Task {
        self.task
    }

    /// The labels that answers refer to.
    pub fn labels(&self) -> &'a LabelSet {
        self.labels
    }

    /// How many examples there are.
    pub fn len(&self) -> usize {
        self.gold.len()
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.gold.is_empty()
    }

    /// Gold answers.
    pub fn gold(&self) -> &[&'a Annotation] {
        &self.gold
    }

    /// Predicted answers.
    pub fn predicted(&self) -> &[&'a Annotation] {
        &self.predicted
    }

    /// Score rows, one cell a label, when the model gives them.
    pub fn scores(&self) -> Option<&[&'a [f64]]> {
        self.scores.as_deref()
    }

    /// Cluster numbers, when rows are dependent.
    pub fn clusters(&self) -> Option<&[u32]> {
        self.clusters.as_deref()
    }

    /// The weight of each row, above 0, when rows have weights.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The pair restricted to `rows`, in that order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            task: self.task,
            labels: self.labels,
            gold: rows.iter().map(|&r| self.gold[r]).collect(),
            predicted: rows.iter().map(|&r| self.predicted[r]).collect(),
            scores: self.scores.as_ref().map(|s| rows.iter().map(|&r| s[r]).collect()),
            clusters: self.clusters.as_ref().map(|c| rows.iter().map(|&r| c[r]).collect()),
            weights: self.weights.as_ref().map(|w| rows.iter().map(|&r| w[r]).collect()),
        }
    }
}

fn check_answer(
    task: Task,
    labels: &LabelSet,
    row: usize,
    side: &'static str,
    answer: &Annotation,
) -> Result<(), DoorError> {
    let known = |label: u32| {
        if (label as usize) < labels.len() {
            Ok(())
        } else {
            Err(DoorError::Label { row, what: format!("{side} label number {label}"), labels: labels.len() })
        }
    };
    match (task, answer) {
        (Task::Classification, Annotation::Label(label)) => known(*label),
        (Task::Multilabel, Annotation::Labels(set)) => set.iter().try_for_each(|&l| known(l)),
        (Task::Ner, Annotation::Spans(spans)) => spans.iter().try_for_each(|s| {
            if s.start >= s.end {
                return Err(DoorError::Span { row, side, start: s.start, end: s.end });
            }
            known(s.label)
        }),
        _ => Err(DoorError::Kind { row, side, task }),
    }
}

fn check_scores(task: Task, labels: &LabelSet, row: usize, cells: &[f64]) -> Result<(), DoorError> {
    for (label, &value) in cells.iter().enumerate() {
        // Sums of rounded probabilities may pass 1 by a rounding error.
        if !(-1e-9..=1.0 + 1e-9).contains(&value) {
            return Err(DoorError::Score { row, label: labels.name(label as u32).to_owned(), value });
        }
    }
    let sum: f64 = cells.iter().sum();
    if task == Task::Classification && (sum - 1.0).abs() > 1e-6 {
        return Err(DoorError::Sum { row, sum });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scores;

    fn predictions(labels: &LabelSet, answers: Vec<Annotation>, scores: Option<Vec<f64>>) -> Predictions {
        Predictions {
            labels: labels.clone(),
            answers,
            scores: scores.map(|cells| Scores::from_cells(labels.len(), cells)),
            span_scores: None,
        }
    }

    #[test]
    fn the_door_names_what_is_wrong() {
        let labels = LabelSet::new(["a", "b"]);
        let gold = [Annotation::Label(0), Annotation::Label(1)];
        let check = |answers, scores| {
            let predicted = predictions(&labels, answers, scores);
            Pair::new(Task::Classification, &labels, &gold, &predicted, None).map(|_| ()).map_err(|e| e.to_string())
        };
        let both = || vec![Annotation::Label(1), Annotation::Label(1)];
        assert_eq!(check(both(), None), Ok(()));
        assert_eq!(check(both(), Some(vec![0.5, 0.5, 0.0, 1.0])), Ok(()));
        let message = check(vec![Annotation::Label(1)], None).unwrap_err();
        assert!(message.contains("2 gold examples but 1 predictions"), "{message}");
        let message = check(both(), Some(vec![0.5, 0.5, 0.2, 0.2])).unwrap_err();
        assert!(message.contains("the scores sum to 0.4"), "{message}");
        let message = check(both(), Some(vec![0.5, f64::NAN, 0.0, 1.0])).unwrap_err();
        assert!(message.contains("score NaN of label 'b'"), "{message}");
        let message = check(vec![Annotation::Labels(vec![]), Annotation::Label(1)], None).unwrap_err();
        assert!(message.contains("the predicted answer is not a classification answer"), "{message}");
        assert!(check(vec![Annotation::Label(7), Annotation::Label(1)], None).is_err());
    }

    #[test]
    fn weights_are_numbers_and_those_of_zero_leave_their_rows_out() {
        let labels = LabelSet::new(["a", "b"]);
        let gold = [Annotation::Label(0), Annotation::Label(1), Annotation::Label(1)];
        let predicted = predictions(&labels, vec![Annotation::Label(0); 3], None);
        let weighted = |weights: &[f64]| {
            Pair::new(Task::Classification, &labels, &gold, &predicted, None).unwrap().with_weights(weights)
        };
        assert_eq!(weighted(&[1.0; 3]).unwrap().weights(), None);
        let pair = weighted(&[2.0, 0.0, 0.5]).unwrap();
        assert_eq!((pair.len(), pair.weights()), (2, Some([2.0, 0.5].as_slice())));
        assert_eq!(weighted(&[1.0, 0.0, 1.0]).unwrap().weights(), None);
        for (bad, text) in [(-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
            let error = weighted(&[1.0, 1.0, bad]).unwrap_err();
            assert_eq!((error.row(), error.to_string().contains(text)), (Some(2), true));
        }
        assert!(matches!(weighted(&[1.0]), Err(DoorError::Length { .. })));
    }
}
