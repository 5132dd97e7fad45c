//! The checklist: every metric of both models with its difference.

use super::overall::figures;
use super::{Duel, Law};
use crate::counts::Tally;
use crate::measure::{Costs, MeasureOptions, Measures, catalogue};
use crate::stats::Figure;
use crate::{LabelId, Task};

/// How two models are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareOptions {
    /// Seed of the resamples and exchanges.
    pub seed: u64,
    /// How many resamples the bootstrap draws.
    pub resamples: u32,
    /// How many exchanges approximate randomisation tries.
    pub rounds: u32,
    /// The positive label of a task of two labels.
    pub positive: Option<LabelId>,
    /// What mistakes cost, when stated; adds `expected_cost`.
    pub costs: Option<Costs>,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self { seed: 42, resamples: 2_000, rounds: 10_000, positive: None, costs: None }
    }
}

impl CompareOptions {
    /// How either model is measured alone.
    pub fn measuring(&self) -> MeasureOptions {
        MeasureOptions {
            seed: self.seed,
            resamples: self.resamples,
            positive: self.positive,
            costs: self.costs.clone(),
            ..MeasureOptions::default()
        }
    }
}

/// A metric of both models with its difference.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricLaw {
    /// Its name: `f1_macro`.
    pub name: String,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// Of the baseline.
    pub a: Option<f64>,
    /// Of the candidate.
    pub b: Option<f64>,
    /// The difference.
    pub law: Law,
}

impl Duel<'_> {
    /// Every metric of the checklist, in the order of the catalogue. `a` and `b` are the measures of either model alone, by
    /// [`measure`](crate::measure::measure): figures are theirs to the last bit.
    ///
    /// # Example
    ///
    /// ```
    /// use trueup_core::compare::{CompareOptions, Duel};
    /// use trueup_core::measure::measure;
    /// use trueup_core::{Annotation, LabelSet, Pair, Predictions, Task};
    ///
    /// let labels = LabelSet::new(["ham", "spam"]);
    /// let gold: Vec<_> = [0, 0, 0, 1, 1, 1].map(Annotation::Label).into();
    /// let of = |answers: [u32; 6]| {
    ///     let answers = answers.map(Annotation::Label).into();
    ///     Predictions { labels: labels.clone(), answers, scores: None, span_scores: None }
    /// };
    /// let (old, new) = (of([0, 0, 1, 1, 0, 0]), of([0, 0, 0, 1, 1, 1]));
    /// let pair = |answers| Pair::new(Task::Classification, &labels, &gold, answers, None);
    /// let (a, b) = (pair(&old)?, pair(&new)?);
    /// let options = CompareOptions::default();
    /// let (alone_a, alone_b) = (measure(&a, &options.measuring()), measure(&b, &options.measuring()));
    /// let duel = Duel::new(a, b).expect("the same gold");
    /// let metrics = duel.metrics(&alone_a, &alone_b, &options);
    /// let accuracy = metrics.iter().find(|metric| metric.name == "accuracy").expect("single labels have it");
    /// assert_eq!(accuracy.law.value(), Some(0.5));
    /// // Three examples are right in the candidate alone, none in the baseline alone: 2 / 2³.
    /// assert!(accuracy.law.p().is_some_and(|p| (p - 0.25).abs() < 1e-12));
    /// # Ok::<(), trueup_core::DoorError>(())
    /// ```
    pub fn metrics(&self, a: &Measures, b: &Measures, options: &CompareOptions) -> Vec<MetricLaw> {
        let task = self.task();
        let positive = (task == Task::Classification && self.a.labels().len() == 2)
            .then(|| options.positive.unwrap_or_else(|| self.rarer()));
        let mut laws: Vec<(String, Law)> = Vec::new();
        let counted = figures(task, positive);
        let list: Vec<Figure> = counted.iter().map(|(_, figure)| *figure).collect();
        for ((name, figure), law) in counted.iter().zip(self.of_counts(&list, options)) {
            let law = match (figure, self.independent()) {
                (Figure::Recall(label), true) => self.of_recall(*label),
                _ => law,
            };
            laws.push(((*name).to_owned(), law));
        }
        if task != Task::Ner {
            let gap = |name: &str| {
                let value = |of: &Measures| of.metrics.get(name).and_then(|estimate| estimate.value);
                Some(value(b)? - value(a)?)
            };
            laws.push(("accuracy".to_owned(), self.of_right()));
            laws.push(("log_loss".to_owned(), self.of_log_loss()));
            laws.push(("brier_score".to_owned(), self.of_brier()));
            laws.push(("ece".to_owned(), self.of_ece(gap("ece"))));
            let area = if positive.is_some() { "roc_auc" } else { "roc_auc_ovr" };
            laws.push((area.to_owned(), self.of_area(gap(area), positive)));
        }
        match task {
            Task::Classification => {
                // Of single labels each mistake is one of both kinds, so micro averages are accuracy.
                for name in ["precision_micro", "recall_micro", "f1_micro"] {
                    laws.push((name.to_owned(), self.of_right()));
                }
                laws.push(("top_3_accuracy".to_owned(), self.of_top(3)));
            }
            Task::Multilabel => {
                laws.push(("precision_samples".to_owned(), self.of_samples(Tally::precision)));
                laws.push(("recall_samples".to_owned(), self.of_samples(Tally::recall)));
                laws.push(("f1_samples".to_owned(), self.of_samples(Tally::f1)));
                laws.push(("hamming_loss".to_owned(), self.of_hamming()));
            }
            Task::Ner => {}
        }
        if let Some(costs) = &options.costs {
            laws.push(("expected_cost".to_owned(), self.of_cost(costs)));
        }
        let mut found: Vec<MetricLaw> = laws
            .into_iter()
            .filter_map(|(name, law)| {
                let metric = catalogue::find(&name)?;
                let value = |of: &Measures| of.metrics.get(&name).and_then(|estimate| estimate.value);
                let (a, b) = (value(a), value(b));
                let known = a.is_some() || b.is_some();
                let higher_is_better = metric.better == catalogue::Better::Higher;
                known.then_some(MetricLaw { name, higher_is_better, a, b, law })
            })
            .collect();
        found.sort_by_key(|metric| catalogue::order(&metric.name));
        found
    }

    /// The label with less gold; of two as rare, the later.
    fn rarer(&self) -> LabelId {
        let first = self.a.gold().iter().filter(|gold| ***gold == crate::Annotation::Label(0)).count();
        u32::from(2 * first >= self.len())
    }
}
