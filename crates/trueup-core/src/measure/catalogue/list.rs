//! The list of metrics.

use super::{Better, Metric};
use crate::Task;

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
    Metric {
        two: true,
        ..share(
            "f1",
            "F1",
            ALONE,
            "harmonic mean of precision and recall: of the positive label; of all spans together (NER)",
        )
    },
    Metric {
        two: true,
        ..share(
            "precision",
            "precision",
            ALONE,
            "share of predictions that are right: of the positive label; of all spans (NER)",
        )
    },
    Metric {
        two: true,
        ..share("recall", "recall", ALONE, "share of gold that is found: of the positive label; of all spans (NER)")
    },
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
    Metric { named: LABEL, ..share("jaccard_macro", "macro Jaccard", SETS, "mean over labels of TP / (TP + FP + FN)") },
    Metric {
        named: LABEL,
        ..loss("hamming_loss", "Hamming loss", SETS, 1.0, "share of example-label cells that are wrong")
    },
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
    Metric {
        two: true,
        ..share("roc_auc", "ROC AUC", LABEL, "chance that a positive example scores above a negative one")
    },
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
    Metric {
        named: SETS,
        ..loss(
            "brier_score",
            "Brier score",
            LABEL,
            2.0,
            "mean squared error of the probabilities, summed over labels (two labels: of one)",
        )
    },
    loss(
        "ece",
        "calibration error",
        LABELS,
        1.0,
        "mean gap between confidence and accuracy over 15 bins of the top label's probability (label sets: of every cell's)",
    ),
    loss(
        "expected_cost",
        "expected cost",
        AVERAGED,
        f64::INFINITY,
        "mean cost of the mistakes on an example, by the costs stated",
    ),
    named(loss(
        "zero_one_loss",
        "zero-one loss",
        LABELS,
        1.0,
        "share of examples whose answer is not right as a whole",
    )),
    alone(share(
        "specificity",
        "specificity",
        LABELS,
        "share of examples without the positive label that are answered without it",
    )),
    alone(share(
        "npv",
        "negative predictive value",
        LABELS,
        "share of answers without the positive label that are right",
    )),
    alone(share("jaccard", "Jaccard", LABELS, "TP / (TP + FP + FN) of the positive label")),
    named(share("jaccard_micro", "micro Jaccard", LABELS, "TP / (TP + FP + FN) of the counts of all labels together")),
    named(share(
        "jaccard_weighted",
        "weighted Jaccard",
        LABELS,
        "mean over labels of TP / (TP + FP + FN), weighted by support",
    )),
    named(share(
        "jaccard_samples",
        "sample Jaccard",
        SETS,
        "mean over examples of the Jaccard index of their label sets; 0 where both are empty",
    )),
    betas(Metric {
        two: true,
        ..share(
            "f{beta}",
            "F-beta",
            AVERAGED,
            "mean of precision and recall in which recall counts beta times as much: of the positive label; of all spans (NER)",
        )
    }),
    betas(share("f{beta}_macro", "macro F-beta", AVERAGED, "mean F-beta over the labels that occur")),
    betas(share("f{beta}_micro", "micro F-beta", LABELS, "F-beta of the counts of all labels together")),
    betas(share("f{beta}_weighted", "weighted F-beta", AVERAGED, "mean F-beta over labels, weighted by support")),
    betas(share(
        "f{beta}_samples",
        "sample F-beta",
        SETS,
        "mean over examples of the F-beta of their label sets; 0 where both are empty",
    )),
    named(Metric {
        low: -1.0,
        ..share(
            "cohen_kappa_linear",
            "linear kappa",
            LABEL,
            "Cohen's kappa of labels in label order, a mistake weighing as many steps as it goes",
        )
    }),
    named(Metric {
        low: -1.0,
        ..share(
            "cohen_kappa_quadratic",
            "quadratic kappa",
            LABEL,
            "Cohen's kappa of labels in label order, a mistake weighing the square of its steps",
        )
    }),
    named(share(
        "hierarchical_precision",
        "hierarchical precision",
        LABELS,
        "share of the predicted labels and their ancestors (`a` and `a:b` of `a:b:c`) that gold has",
    )),
    named(share(
        "hierarchical_recall",
        "hierarchical recall",
        LABELS,
        "share of the gold labels and their ancestors that are predicted",
    )),
    named(share("hierarchical_f1", "hierarchical F1", LABELS, "harmonic mean of hierarchical precision and recall")),
    family(
        &[5.0],
        share(
            "top_{k}_accuracy",
            "top-k accuracy",
            LABEL,
            "share of examples whose gold label is among the k most probable; ties by label order",
        ),
    ),
    named(share(
        "roc_auc_ovr_weighted",
        "weighted ROC AUC",
        LABELS,
        "mean over the labels in gold of the one-versus-rest ROC AUC, weighted by support",
    )),
    named(share(
        "roc_auc_ovo",
        "one-versus-one ROC AUC",
        LABEL,
        "mean over the pairs of labels in gold of the ROC AUC of telling one from the other",
    )),
    named(share(
        "roc_auc_ovo_weighted",
        "weighted one-versus-one ROC AUC",
        LABEL,
        "the same, each pair weighted by its share of the examples",
    )),
    named(share("roc_auc_micro", "micro ROC AUC", SETS, "ROC AUC over all cells of examples and labels together")),
    family(
        &[0.1],
        Metric {
            two: true,
            ..share(
                "roc_auc_partial_{fpr}",
                "partial ROC AUC",
                LABEL,
                "ROC AUC of the positive label up to the false positive rate given, standardised so that 0.5 is chance and 1 is perfect",
            )
        },
    ),
    alone(share(
        "average_precision",
        "average precision",
        LABELS,
        "mean of the precision at each example of the positive label, examples in order of score",
    )),
    named(share(
        "average_precision_macro",
        "macro average precision",
        LABELS,
        "mean average precision over the labels in gold",
    )),
    named(share(
        "average_precision_micro",
        "micro average precision",
        SETS,
        "average precision over all cells of examples and labels together",
    )),
    named(share(
        "average_precision_weighted",
        "weighted average precision",
        LABELS,
        "mean average precision over the labels in gold, weighted by support",
    )),
    named(share(
        "average_precision_samples",
        "sample average precision",
        SETS,
        "mean over examples of the average precision of their labels; 0 where gold is empty",
    )),
    family(
        &[0.9],
        Metric {
            two: true,
            ..share(
                "precision_at_recall_{recall}",
                "precision at recall",
                LABEL,
                "greatest precision of the positive label at a threshold that reaches the recall given",
            )
        },
    ),
    family(
        &[0.9],
        Metric {
            two: true,
            ..share(
                "recall_at_precision_{precision}",
                "recall at precision",
                LABEL,
                "greatest recall of the positive label at a threshold that reaches the precision given",
            )
        },
    ),
    named(loss(
        "hinge_loss",
        "hinge loss",
        LABEL,
        2.0,
        "mean of what the probability of gold lacks of leading the next by 1",
    )),
    named(Metric {
        low: f64::NEG_INFINITY,
        ..share(
            "d2_log_loss",
            "log loss explained",
            LABEL,
            "share of the log loss of the labels' frequencies that the probabilities save: 0 is no better, 1 is perfect",
        )
    }),
    named(loss(
        "mce",
        "greatest calibration error",
        LABELS,
        1.0,
        "greatest gap between confidence and accuracy over 15 bins of equal width",
    )),
    named(loss(
        "ace",
        "adaptive calibration error",
        LABELS,
        1.0,
        "mean gap between confidence and accuracy over 15 bins of as many examples each",
    )),
    named(loss(
        "aurc",
        "area under the risk-coverage curve",
        LABEL,
        1.0,
        "mean error rate of the most confident answers over all coverages",
    )),
    named(loss(
        "e_aurc",
        "excess area under the risk-coverage curve",
        LABEL,
        1.0,
        "the same above that of the best order of the same answers",
    )),
];

const fn share(name: &'static str, title: &'static str, tasks: &'static [Task], meaning: &'static str) -> Metric {
    Metric {
        name,
        title,
        better: Better::Higher,
        low: 0.0,
        high: 1.0,
        meaning,
        tasks,
        named: &[],
        two: false,
        numbers: &[],
    }
}

const fn loss(
    name: &'static str,
    title: &'static str,
    tasks: &'static [Task],
    high: f64,
    meaning: &'static str,
) -> Metric {
    Metric { name, title, better: Better::Lower, low: 0.0, high, meaning, tasks, named: &[], two: false, numbers: &[] }
}

/// A metric that is measured when it is named.
const fn named(metric: Metric) -> Metric {
    Metric { tasks: &[], named: metric.tasks, ..metric }
}

/// One of the positive label, or of each label.
const fn alone(metric: Metric) -> Metric {
    Metric { two: true, ..named(metric) }
}

/// One with a number in its name.
const fn family(numbers: &'static [f64], metric: Metric) -> Metric {
    Metric { numbers, ..named(metric) }
}

const fn betas(metric: Metric) -> Metric {
    family(&[0.5, 2.0], metric)
}
