//! Every metric once: what it is called, which way is better, between which ends it lies and what it means.
//!
//! Renderers take titles, order and direction from here, and the documentation its table. A name with a part in braces,
//! as `top_{k}_accuracy`, is a family: a number stands in its place, `top_5_accuracy`.

mod list;

use crate::Task;
pub use list::METRICS;

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
    /// The tasks that have it unless other metrics are named.
    pub tasks: &'static [Task],
    /// The tasks that have it when it is named, or all are.
    pub named: &'static [Task],
    /// Whether it stands for one label of two; with other numbers of labels it is of each label alone
    /// ([`Measures::by_label`](super::Measures::by_label) or the row of the label).
    pub two: bool,
    /// The numbers of a family that are measured when all metrics are, or the family as such is named.
    pub numbers: &'static [f64],
}

impl Metric {
    /// Whether `task` has it at all.
    pub fn is_of(&self, task: Task) -> bool {
        self.tasks.contains(&task) || self.named.contains(&task)
    }

    /// The name of a family with `number` in its place; the name itself of any other metric.
    pub fn with(&self, number: f64) -> String {
        match self.parts() {
            Some((before, after)) => format!("{before}{number}{after}"),
            None => self.name.to_owned(),
        }
    }

    /// What stands before and behind the number of a family.
    fn parts(&self) -> Option<(&'static str, &'static str)> {
        let (before, rest) = self.name.split_once('{')?;
        Some((before, rest.split_once('}')?.1))
    }

    /// The number in `name`, where that is of this family.
    pub fn number(&self, name: &str) -> Option<f64> {
        let (before, after) = self.parts()?;
        let text = name.strip_prefix(before)?.strip_suffix(after)?;
        let number: f64 = text.parse().ok().filter(|_| text.starts_with(|c: char| c.is_ascii_digit()))?;
        let valid = match (self.name, number) {
            ("top_{k}_accuracy", k) => k >= 1.0 && k.fract() == 0.0 && k < 1e9,
            (name, beta) if name.starts_with("f{") => beta > 0.0 && beta < 1e6,
            (_, share) => share > 0.0 && share <= 1.0,
        };
        valid.then_some(number)
    }

    /// Whether `a` is better than `b`.
    pub fn is_better(&self, a: f64, b: f64) -> bool {
        match self.better {
            Better::Higher => a > b,
            Better::Lower => a < b,
        }
    }
}

/// The metric called `name`, or the family that it is of.
pub fn find(name: &str) -> Option<&'static Metric> {
    let exact = METRICS.iter().find(|metric| metric.name == name);
    exact.or_else(|| METRICS.iter().find(|metric| metric.number(name).is_some()))
}

/// The position of the metric called `name` in the order of display; unknown names come last.
pub fn order(name: &str) -> usize {
    let of = find(name).map(|metric| metric.name);
    METRICS.iter().position(|metric| Some(metric.name) == of).unwrap_or(METRICS.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    const TASKS: [Task; 3] = [Task::Classification, Task::Multilabel, Task::Ner];

    #[test]
    fn families_are_found_by_their_numbers() {
        let found = |name| find(name).map(|metric| metric.name);
        assert_eq!(found("f0.5"), Some("f{beta}"));
        assert_eq!(found("f2_macro"), Some("f{beta}_macro"));
        assert_eq!((found("f1"), found("f1_macro")), (Some("f1"), Some("f1_macro")));
        assert_eq!(
            (found("top_5_accuracy"), found("top_3_accuracy")),
            (Some("top_{k}_accuracy"), Some("top_3_accuracy"))
        );
        assert_eq!(found("recall_at_precision_0.95"), Some("recall_at_precision_{precision}"));
        for none in ["f-1", "f", "finf", "top_0_accuracy", "top_2.5_accuracy", "recall_at_precision_1.5", "f0"] {
            assert_eq!(found(none), None, "{none}");
        }
        assert_eq!(find("f2_macro").unwrap().with(2.0), "f2_macro");
        assert!(order("f2") < METRICS.len() && order("nothing") == METRICS.len());
    }

    #[test]
    fn each_metric_stands_once() {
        for (at, metric) in METRICS.iter().enumerate() {
            assert_eq!(order(metric.name), at, "{} stands twice", metric.name);
            assert_eq!(find(metric.name), Some(metric));
            assert!(
                metric.low < metric.high
                    && TASKS.iter().any(|task| metric.is_of(*task))
                    && !metric.meaning.ends_with('.')
            );
        }
        assert_eq!(find("accuracy_score"), None);
        assert!(find("log_loss").unwrap().is_better(0.1, 0.2));
    }
}
