//! Which metrics to measure.

use super::catalogue::{METRICS, Metric, find};
use crate::Task;

/// Which metrics to measure.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Selection {
    /// Those that a review shows.
    #[default]
    Default,
    /// Every metric that the task has; of families those of the numbers in the [`catalogue`](super::catalogue).
    All,
    /// These alone; made by [`Selection::named`].
    Named(Names),
}

/// Names of metrics that were checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Names(Vec<String>);

impl Names {
    /// The names, families with their numbers, in the order given.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

/// Why a metric cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// There is no such metric.
    #[error("there is no metric `{name}`; near it are {}", near.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Names of metrics of the task that are near it, the nearest first.
        near: Vec<String>,
    },
    /// The task does not have it.
    #[error("`{name}` is not measured of {task} data; near it are {}", near.join(", "))]
    Task {
        /// What was asked for.
        name: String,
        /// The task.
        task: Task,
        /// Names of metrics of the task that are near it, the nearest first.
        near: Vec<String>,
    },
}

impl Selection {
    /// The metrics of these names, for a task. The name of a family as such (`f{beta}`) stands for the numbers that the
    /// catalogue has for it; `default` and `all` stand for the metrics that a review shows, and for all.
    ///
    /// A metric of one label of two is measured of each label alone where labels are more.
    ///
    /// # Errors
    ///
    /// [`SelectionError`] for the first name that is none, or none of `task`; it lists near names.
    ///
    /// # Example
    ///
    /// ```
    /// use trueup_core::Task;
    /// use trueup_core::measure::Selection;
    ///
    /// assert!(Selection::named(Task::Classification, &["f0.5_macro", "top_5_accuracy"]).is_ok());
    /// let error = Selection::named(Task::Classification, &["f1_marco"]).map(|_| ()).expect_err("a wrong name");
    /// assert!(error.to_string().contains("f1_macro"));
    /// ```
    pub fn named<S: AsRef<str>>(task: Task, names: &[S]) -> Result<Self, SelectionError> {
        let mut checked = Vec::new();
        let mut add = |name: String| {
            if !checked.contains(&name) {
                checked.push(name);
            }
        };
        for name in names.iter().map(AsRef::as_ref) {
            if name == "default" || name == "all" {
                let of = METRICS.iter().filter(|m| m.tasks.contains(&task) || name == "all" && m.is_of(task));
                of.flat_map(members).for_each(&mut add);
                continue;
            }
            match find(name) {
                None => return Err(SelectionError::Unknown { name: name.to_owned(), near: near(task, name) }),
                Some(metric) if !metric.is_of(task) => {
                    return Err(SelectionError::Task { name: name.to_owned(), task, near: near(task, name) });
                }
                Some(metric) if metric.name == name => members(metric).into_iter().for_each(&mut add),
                Some(metric) => {
                    let number = metric.number(name).map_or_else(|| name.to_owned(), |number| metric.with(number));
                    add(number);
                }
            }
        }
        Ok(Self::Named(Names(checked)))
    }

    /// The names of the metrics to measure of `task`: families with their numbers.
    pub fn names(&self, task: Task) -> Vec<String> {
        match self {
            Self::Default => METRICS.iter().filter(|m| m.tasks.contains(&task)).flat_map(members).collect(),
            Self::All => METRICS.iter().filter(|m| m.is_of(task)).flat_map(members).collect(),
            Self::Named(names) => names.0.clone(),
        }
    }
}

/// The metric itself, or the members of a family that are measured by default.
fn members(metric: &Metric) -> Vec<String> {
    if metric.numbers.is_empty() {
        return vec![metric.name.to_owned()];
    }
    metric.numbers.iter().map(|&number| metric.with(number)).collect()
}

/// At most five names of metrics of `task` that are near `name`, the nearest first: those of the fewest changes of a
/// letter, a part of the other counting as near.
fn near(task: Task, name: &str) -> Vec<String> {
    let name = name.to_lowercase().replace(['-', ' '], "_");
    let mut all: Vec<(usize, &str)> = METRICS
        .iter()
        .filter(|metric| metric.is_of(task))
        .map(|metric| {
            let part = metric.name.contains(&name) || name.contains(metric.name);
            (if part { 1 } else { changes(&name, metric.name) }, metric.name)
        })
        .collect();
    all.sort_by_key(|(distance, _)| *distance);
    all.into_iter().take(5).map(|(_, name)| name.to_owned()).collect()
}

/// How many letters to insert, delete or replace (Levenshtein's distance).
fn changes(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_and_families_spelt_out() {
        let names = |list: &[&str]| Selection::named(Task::Classification, list).unwrap().names(Task::Classification);
        assert_eq!(names(&["accuracy", "f{beta}", "f2.0", "accuracy"]), ["accuracy", "f0.5", "f2"]);
        assert_eq!(names(&["default"]), Selection::Default.names(Task::Classification));
        assert_eq!(names(&["all"]), Selection::All.names(Task::Classification));
        let error = |name: &str| Selection::named(Task::Classification, &[name]).unwrap_err();
        assert!(matches!(error("acuracy"), SelectionError::Unknown { near, .. } if near[0] == "accuracy"));
        assert!(matches!(error("AUC"), SelectionError::Unknown { near, .. } if near.iter().any(|n| n == "roc_auc")));
        assert!(
            matches!(error("f1_samples"), SelectionError::Task { near, .. } if near.iter().any(|n| n == "f1_macro"))
        );
        assert!(matches!(error("top_0_accuracy"), SelectionError::Unknown { .. }));
    }
}
