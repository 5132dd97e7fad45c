//! Every metric once: what it is called, which way is better, between which ends it lies and what it means.
//!
//! Renderers take titles, order and direction from here, and the documentation its table.

use crate::Task;

/// Which way a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
}

/// A metric as readers see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// The name in documents and options; scikit-learn's scorer name where there is one.
    pub name: &'static str,
    /// The name in prose and tables.
    pub title: &'static str,
    /// Which way is better.
    pub better: Better,
    /// The least value it can have.
    pub low: f64,
    /// The greatest value it can have; infinite where there is no end.
    pub high: f64,
    /// What it says, in one line.
    pub meaning: &'static str,
    /// The tasks that have it.
    pub tasks: &'static [Task],
}

impl Metric {
    /// Whether `a` is better than `b`.
    pub fn is_better(&self, a: f64, b: f64) -> bool {
        match self.better {
            Better::Higher => a > b,
            Better::Lower => a < b,
        }
    }
}

const LABEL: &[Task] = &[Task::Classification];
const SETS: &[Task] = &[Task::Multilabel];
const LABELS: &[Task] = &[Task::Classification, Task::Multilabel];
const AVERAGED: &[Task] = &[Task::Classification, Task::Multilabel, Task::Ner];
const ALONE: &[Task] = &[Task::Classification, Task::Ner];

/// The metrics in the order in which they are shown.
pub const METRICS: &[Metric] = &[
    share(
        "accuracy",
        "accuracy",
        LABELS,
        "share of examples whose answer is right as a whole (label sets: the exact set)",
    ),
    share(
        "f1",
        "F1",
        ALONE,
        "harmonic mean of precision and recall: of the positive label; of all spans together (NER)",
    ),
    share(
        "precision",
        "precision",
        ALONE,
        "share of predictions that are right: of the positive label; of all spans (NER)",
    ),
    share("recall", "recall", ALONE, "share of gold that is found: of the positive label; of all spans (NER)"),
    share(
        "f1_macro",
        "macro-F1",
        AVERAGED,
        "mean F1 over the labels that occur in gold or prediction, each counting the same",
    ),
    share("f1_micro", "micro-F1", LABELS, "F1 of the counts of all labels together"),
    share("f1_weighted", "weighted F1", AVERAGED, "mean F1 over labels, weighted by support"),
    share("f1_samples", "sample F1", SETS, "mean over examples of the F1 of their label sets; 0 where both are empty"),
    share("balanced_accuracy", "balanced accuracy", LABEL, "mean recall over the labels that occur in gold"),
    share(
        "precision_macro",
        "macro precision",
        AVERAGED,
        "mean precision over the labels that occur; 0 for a label never predicted",
    ),
    share(
        "recall_macro",
        "macro recall",
        AVERAGED,
        "mean recall over the labels that occur; 0 for a label without gold",
    ),
    share("precision_micro", "micro precision", LABELS, "precision of the counts of all labels together"),
    share("recall_micro", "micro recall", LABELS, "recall of the counts of all labels together"),
    share("precision_weighted", "weighted precision", LABELS, "mean precision over labels, weighted by support"),
    share(
        "recall_weighted",
        "weighted recall",
        LABELS,
        "mean recall over labels, weighted by support: equals micro recall",
    ),
    share(
        "precision_samples",
        "sample precision",
        SETS,
        "mean over examples of the precision of their label sets; 0 where nothing is predicted",
    ),
    share(
        "recall_samples",
        "sample recall",
        SETS,
        "mean over examples of the recall of their label sets; 0 where gold is empty",
    ),
    share("jaccard_macro", "macro Jaccard", SETS, "mean over labels of TP / (TP + FP + FN)"),
    loss("hamming_loss", "Hamming loss", SETS, 1.0, "share of example-label cells that are wrong"),
    Metric {
        low: -1.0,
        ..share(
            "matthews_corrcoef",
            "Matthews correlation",
            LABEL,
            "correlation of gold and prediction: 0 is chance, 1 is perfect",
        )
    },
    Metric {
        low: -1.0,
        ..share(
            "cohen_kappa",
            "Cohen's kappa",
            LABEL,
            "agreement of gold and prediction beyond chance: 0 is chance, 1 is perfect",
        )
    },
    share(
        "top_3_accuracy",
        "top-3 accuracy",
        LABEL,
        "share of examples whose gold label is among the three most probable; ties by label order",
    ),
    share("roc_auc", "ROC AUC", LABEL, "chance that a positive example scores above a negative one"),
    share(
        "roc_auc_ovr",
        "mean ROC AUC",
        LABELS,
        "mean over the labels in gold of the area under the label's one-versus-rest ROC curve",
    ),
    loss(
        "log_loss",
        "log loss",
        LABELS,
        f64::INFINITY,
        "mean of -ln of the probability given to what is true (label sets: over cells)",
    ),
    loss(
        "brier_score",
        "Brier score",
        LABEL,
        2.0,
        "mean squared error of the probabilities, summed over labels (two labels: of one)",
    ),
    loss(
        "ece",
        "calibration error",
        LABEL,
        1.0,
        "mean gap between confidence and accuracy over 15 bins of the top label's probability",
    ),
    loss(
        "expected_cost",
        "expected cost",
        AVERAGED,
        f64::INFINITY,
        "mean cost of the mistakes on an example, by the costs stated",
    ),
];

const fn share(name: &'static str, title: &'static str, tasks: &'static [Task], meaning: &'static str) -> Metric {
    Metric { name, title, better: Better::Higher, low: 0.0, high: 1.0, meaning, tasks }
}

const fn loss(
    name: &'static str,
    title: &'static str,
    tasks: &'static [Task],
    high: f64,
    meaning: &'static str,
) -> Metric {
    Metric { name, title, better: Better::Lower, low: 0.0, high, meaning, tasks }
}

/// The metric called `name`.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// The position of the metric called `name` in the order of display; unknown names come last.
pub fn order(name: &str) -> usize {
    METRICS.iter().position(|metric| metric.name == name).unwrap_or(METRICS.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_stands_once() {
        for (at, metric) in METRICS.iter().enumerate() {
            assert_eq!(order(metric.name), at, "{} stands twice", metric.name);
            assert_eq!(find(metric.name), Some(metric));
            assert!(metric.low < metric.high && !metric.tasks.is_empty() && !metric.meaning.ends_with('.'));
        }
        assert_eq!(find("accuracy_score"), None);
        assert!(find("log_loss").unwrap().is_better(0.1, 0.2));
    }
}
