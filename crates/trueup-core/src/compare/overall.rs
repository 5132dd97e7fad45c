//! Figures of the counts of all labels.

use super::{CompareOptions, Duel, Law};
use crate::document::PairedTest;
use crate::stats::{Figure, approximate_randomisation, paired_bootstrap};
use crate::{LabelId, Task};

/// With more units than this a figure of counts is as good as normal, and exchanging answers tells nothing that its standard
/// error does not.
const MANY: u64 = 100_000;

/// Exchanges of all units' answers that are tried at most, so many kinds of units at a time.
const MOST_WORK: usize = 2_000_000_000;

/// The figures of counts that a task has, by name; `positive` is the positive label of two.
pub(super) fn figures(task: Task, positive: Option<LabelId>) -> Vec<(&'static str, Figure)> {
    let means = [
        ("precision_macro", Figure::PrecisionMacro),
        ("recall_macro", Figure::RecallMacro),
        ("f1_macro", Figure::F1Macro),
        ("f1_weighted", Figure::F1Weighted),
        ("precision_weighted", Figure::PrecisionWeighted),
        ("recall_weighted", Figure::RecallWeighted),
        ("jaccard_macro", Figure::JaccardMacro),
    ];
    let mut all = Vec::new();
    match task {
        Task::Classification => {
            all.extend(means);
            all.push(("balanced_accuracy", Figure::BalancedAccuracy));
            all.push(("matthews_corrcoef", Figure::Matthews));
            all.push(("cohen_kappa", Figure::Kappa));
            if let Some(label) = positive {
                all.push(("precision", Figure::Precision(label)));
                all.push(("recall", Figure::Recall(label)));
                all.push(("f1", Figure::F1(label)));
            }
        }
        Task::Multilabel => {
            all.push(("precision_micro", Figure::PrecisionMicro));
            all.push(("recall_micro", Figure::RecallMicro));
            all.push(("f1_micro", Figure::F1Micro));
            all.extend(means);
        }
        Task::Ner => {
            all.push(("precision", Figure::PrecisionMicro));
            all.push(("recall", Figure::RecallMicro));
            all.push(("f1", Figure::F1Micro));
            all.extend(means);
        }
    }
    all
}

impl Duel<'_> {
    /// The law of each figure: by the paired bootstrap with approximate randomisation; by the jackknife's error alone where
    /// there are very many units.
    pub(super) fn of_counts(&self, figures: &[Figure], options: &CompareOptions) -> Vec<Law> {
        let (tallies, times) = self.tallies(figures.to_vec());
        let found = paired_bootstrap(&times, options.resamples, options.seed, &tallies);
        let many = self.units() > MANY || found.iter().any(|compared| compared.jackknife);
        // Randomisation looks at every kind of unit in each round.
        let affordable = u32::try_from(MOST_WORK / (times.len() + 50 * figures.len()).max(1)).unwrap_or(u32::MAX);
        let rounds = options.rounds.min(affordable);
        let randomised = (!many && rounds > 0)
            .then(|| approximate_randomisation(&times, rounds, options.seed.wrapping_add(1), &tallies));
        let law =
            |(at, compared): (usize, &crate::stats::Compared)| match (&compared.difference, compared.a, compared.b) {
                (_, None, _) | (_, _, None) => Law::Undefined,
                (Some(sampling), ..) if many => Law::Normal {
                    value: sampling.value(),
                    error: sampling.error(),
                    freedom: f64::INFINITY,
                    test: PairedTest::Jackknife,
                },
                (Some(sampling), ..) => Law::Sampled {
                    sampling: sampling.clone(),
                    randomised: randomised.as_ref().and_then(|found| found[at].p),
                },
                (None, Some(a), Some(b)) if (b - a).abs() < 1e-12 => Law::Alike { units: self.units() },
                (None, ..) => Law::Undefined,
            };
        found.iter().enumerate().map(law).collect()
    }

    /// The law of the share of whole answers that are right.
    pub(super) fn of_right(&self) -> Law {
        self.of_share(|row| self.right(row))
    }

    /// The law of a share of rows that `right` says yes to, of A's side and of B's.
    pub(super) fn of_share(&self, right: impl Fn(usize) -> (bool, bool)) -> Law {
        let found: Vec<(bool, bool)> = (0..self.len()).map(right).collect();
        if self.is_empty() {
            return Law::Undefined;
        }
        if self.independent() {
            let only = |wanted| found.iter().filter(|pair| **pair == wanted).count() as u64;
            return Law::Discordant { only_a: only((true, false)), only_b: only((false, true)), n: self.len() as u64 };
        }
        let differences: Vec<f64> =
            found.into_iter().map(|(a, b)| f64::from(u8::from(b)) - f64::from(u8::from(a))).collect();
        self.mean(&differences, PairedTest::T)
    }

    /// The law of the recall of the positive label of two, of independent examples.
    pub(super) fn of_recall(&self, positive: LabelId) -> Law {
        let (mut only_a, mut only_b, mut n) = (0, 0, 0);
        for row in 0..self.len() {
            if let Some((gold, a, b)) = self.single(row).filter(|found| found.0 == positive) {
                n += 1;
                only_a += u64::from(a == gold && b != gold);
                only_b += u64::from(b == gold && a != gold);
            }
        }
        if n == 0 { Law::Undefined } else { Law::Discordant { only_a, only_b, n } }
    }
}
