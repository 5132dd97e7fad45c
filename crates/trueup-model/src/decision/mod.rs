//! From scores to answers, whatever model gave the scores: calibration first, then a rule.
//!
//! A [`Decision`] is fitted on answers to examples that training has not seen ([`Calibration::fit`],
//! [`Thresholds::tuned`]) and then applied to every answer of the model ([`Decision::apply`]). Scores of labels are
//! probabilities (a row sums to 1 where a text has one label); those of spans are the probability that the span is right.

mod calibration;
mod costs;
mod thresholds;

use serde::{Deserialize, Serialize};
use trueup_core::{Annotation, LabelId, Predictions, Task};

pub use calibration::{Calibration, Method};
pub use costs::Costs;
pub use thresholds::Thresholds;

/// How scores become answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What makes the scores honest probabilities, where they are not already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// Which labels are answered.
    #[serde(default)]
    pub rule: Rule,
    /// Answers of lower confidence are left to people; in [0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abstain: Option<f64>,
}

/// Which labels are answered, given their probabilities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The likeliest label; of several, each of probability 0.5 or more; spans as the model found them.
    #[default]
    Likeliest,
    /// Labels that reach their thresholds.
    Thresholds(Thresholds),
    /// Labels whose expected cost is least.
    Costs(Costs),
}

impl Decision {
    /// Whether it changes nothing but what is left to people.
    pub fn is_plain(&self) -> bool {
        self.calibration.is_none() && self.rule == Rule::Likeliest
    }

    /// Whether it is one for this number of labels, with numbers that can be.
    pub fn fits(&self, labels: usize) -> bool {
        let calibrated = match &self.calibration {
            None => true,
            Some(Calibration::Temperature(t)) => *t > 0.0 && t.is_finite(),
            Some(Calibration::Platt(of)) => of.len() == labels,
            Some(Calibration::Isotonic(of)) => {
                of.len() == labels && of.iter().all(crate::calibrate::Isotonic::is_sound)
            }
        };
        calibrated
            && match &self.rule {
                Rule::Likeliest => true,
                Rule::Thresholds(thresholds) => {
                    thresholds.all().len() == labels && thresholds.all().iter().all(|t| *t > 0.0 && *t <= 1.0)
                }
                Rule::Costs(costs) => costs.len() == labels,
            }
    }

    /// Applies it to a model's answers; those without scores stay as they are.
    ///
    /// # Panics
    ///
    /// When it was fitted for another number of labels.
    pub fn apply(&self, task: Task, predictions: &mut Predictions) {
        if self.is_plain() {
            return;
        }
        if let Some(calibration) = &self.calibration {
            calibration.apply(task, predictions);
        }
        if task == Task::Ner {
            self.choose_spans(predictions);
            return;
        }
        let Predictions { answers, scores: Some(scores), .. } = predictions else { return };
        for (row, answer) in answers.iter_mut().enumerate() {
            *answer = self.choose(task, scores.row(row));
        }
    }

    /// The answer to one row of probabilities.
    fn choose(&self, task: Task, row: &[f64]) -> Annotation {
        if task == Task::Classification {
            return Annotation::Label(match &self.rule {
                Rule::Likeliest => most(row.iter().copied()),
                Rule::Thresholds(thresholds) => thresholds.best(row),
                Rule::Costs(costs) => costs.cheapest(row),
            });
        }
        let labels = row.iter().enumerate().filter(|&(label, &p)| p >= self.threshold(label as LabelId));
        Annotation::Labels(labels.map(|(label, _)| label as LabelId).collect())
    }

    /// From which probability a label is answered that is answered apart from the others.
    fn threshold(&self, label: LabelId) -> f64 {
        match &self.rule {
            Rule::Likeliest => 0.5,
            Rule::Thresholds(thresholds) => thresholds.of(label),
            Rule::Costs(costs) => costs.threshold(label),
        }
    }

    /// Leaves out spans that do not reach their thresholds.
    fn choose_spans(&self, predictions: &mut Predictions) {
        let Predictions { answers, span_scores: Some(scores), .. } = predictions else { return };
        if self.rule == Rule::Likeliest {
            return;
        }
        for (answer, scores) in answers.iter_mut().zip(scores) {
            let Annotation::Spans(spans) = answer else { continue };
            let keep: Vec<bool> =
                spans.iter().zip(scores.iter()).map(|(span, &p)| p >= self.threshold(span.label)).collect();
            let mut kept = keep.iter();
            spans.retain(|_| kept.next().copied().unwrap_or(true));
            let mut kept = keep.iter();
            scores.retain(|_| kept.next().copied().unwrap_or(true));
        }
    }
}

/// The place of the largest number, the first of equals.
fn most(values: impl Iterator<Item = f64>) -> LabelId {
    let mut best = (0, f64::NEG_INFINITY);
    for (label, value) in values.enumerate() {
        if value > best.1 {
            best = (label as LabelId, value);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use trueup_core::{LabelSet, Scores, Span};

    fn answered(task: Task, cells: &[f64]) -> Predictions {
        let labels = LabelSet::new(["a", "b", "c"]);
        let rows = cells.len() / 3;
        let empty = if task == Task::Classification { Annotation::Label(0) } else { Annotation::Labels(vec![]) };
        let scores = Some(Scores::from_cells(3, cells.to_vec()));
        Predictions { labels, answers: vec![empty; rows], scores, span_scores: None }
    }

    #[test]
    fn thresholds_and_costs_move_answers() {
        let cells = [0.5, 0.3, 0.2, 0.4, 0.4, 0.2];
        let with = |rule: Rule, task: Task| {
            let mut found = answered(task, &cells);
            Decision { rule, ..Decision::default() }.apply(task, &mut found);
            found.answers
        };
        let thresholds = || Rule::Thresholds(Thresholds::new(vec![0.5, 0.25, 0.5]));
        assert_eq!(with(thresholds(), Task::Classification), [Annotation::Label(1), Annotation::Label(1)]);
        assert_eq!(with(thresholds(), Task::Multilabel), [Annotation::Labels(vec![0, 1]), Annotation::Labels(vec![1])]);
        // Missing `c` costs 10 times what a false alarm about it costs: it is answered from 1/11 on.
        let costs = || Rule::Costs(Costs::new(vec![None, None, Some((10.0, 1.0))]));
        assert_eq!(with(costs(), Task::Classification), [Annotation::Label(2), Annotation::Label(2)]);
        assert_eq!(with(costs(), Task::Multilabel), [Annotation::Labels(vec![0, 2]), Annotation::Labels(vec![2])]);
    }

    #[test]
    fn spans_below_their_threshold_go_with_their_scores() {
        let labels = LabelSet::new(["LOC", "PER"]);
        let span = |start: u32, label: LabelId| Span { start, end: start + 2, label };
        let spans = vec![span(0, 0), span(5, 1), span(9, 1)];
        let mut found = Predictions {
            labels,
            answers: vec![Annotation::Spans(spans)],
            scores: None,
            span_scores: Some(vec![vec![0.4, 0.9, 0.6]]),
        };
        let rule = Rule::Thresholds(Thresholds::new(vec![0.3, 0.7]));
        Decision { rule, ..Decision::default() }.apply(Task::Ner, &mut found);
        assert_eq!(found.answers, [Annotation::Spans(vec![span(0, 0), span(5, 1)])]);
        assert_eq!(found.span_scores, Some(vec![vec![0.4, 0.9]]));
    }
}
