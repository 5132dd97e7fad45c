//! Which metric decides, and the best trivial answer to hold it against.

use trueup_core::measure::{Costs, MeasureOptions, catalogue, measure};
use trueup_core::{Annotation, Dataset, LabelId, Pair, Predictions, Task};

use crate::error::Error;

/// The metric that decides.
#[derive(Debug, Clone, PartialEq)]
pub struct PrimaryChoice {
    /// Its name: `f1_macro`.
    pub name: String,
    /// Its name for people: `macro-F1`.
    pub title: String,
    /// Whether more is better.
    pub higher_is_better: bool,
}

/// Whether `asked` is a metric of `task` at all, and `target` a value that it can have; what the data allows is known
/// later.
///
/// # Errors
///
/// When it is none; the message lists those that are.
pub fn known_metric(task: Task, asked: Option<&str>, target: Option<f64>) -> Result<(), Error> {
    let of_task: Vec<&str> =
        catalogue::METRICS.iter().filter(|metric| metric.tasks.contains(&task)).map(|metric| metric.name).collect();
    let Some(name) = asked else { return Ok(()) };
    let Some(metric) = catalogue::find(name).filter(|_| of_task.contains(&name)) else {
        let option = if target.is_some() { "--target" } else { "--metric" };
        return Err(unknown_metric(option, task, name, &of_task));
    };
    match target {
        Some(target) if !(metric.low..=metric.high).contains(&target) => Err(Error::Option {
            option: "--target",
            found: format!("{name}={target}"),
            valid: format!("{} lies between {} and {}", metric.title, metric.low, metric.high),
        }),
        _ => Ok(()),
    }
}

fn unknown_metric(option: &'static str, task: Task, name: &str, valid: &[&str]) -> Error {
    let valid = format!("for {task} data it is one of {}", valid.join(", "));
    Error::Option { option, found: name.to_owned(), valid }
}

/// Chooses the primary metric: `asked` if given; the expected cost if costs are stated; else accuracy for balanced
/// labels, `f1_macro` for imbalanced ones, `f1` for NER and `f1_micro` for multi-label.
///
/// # Errors
///
/// When `asked` is not a metric of the task; the message lists those that are.
pub fn choose(
    task: Task,
    asked: Option<&str>,
    costs: bool,
    imbalanced: bool,
    present: &[&str],
) -> Result<PrimaryChoice, Error> {
    let name = match (asked, task) {
        (Some(name), _) if present.contains(&name) => name,
        (Some(name), _) => return Err(unknown_metric("--metric", task, name, present)),
        (None, _) if costs => "expected_cost",
        (None, Task::Ner) => "f1",
        (None, Task::Multilabel) => "f1_micro",
        (None, Task::Classification) if imbalanced => "f1_macro",
        (None, Task::Classification) => "accuracy",
    };
    let info = catalogue::find(name);
    Ok(PrimaryChoice {
        name: name.to_owned(),
        title: info.map_or(name, |info| info.title).to_owned(),
        higher_is_better: info.is_none_or(|info| info.better == catalogue::Better::Higher),
    })
}

/// The best model that always gives the same answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Trivial {
    /// What it answers, in words: a label, several joined by ` + `, or `nothing`.
    pub answer: String,
    /// Its score on the primary metric.
    pub value: Option<f64>,
    /// Its plain accuracy; absent for NER.
    pub accuracy: Option<f64>,
}

/// What the best constant answer scores on the evaluated examples: the better of the one that suits the training data
/// and the one that suits the evaluated data. It is the most frequent label, the cheapest label under stated costs, the
/// most frequent label set, or no span.
pub fn trivial(
    learn: &Dataset,
    evaluated: &Dataset,
    pair: &Pair<'_>,
    costs: Option<&Costs>,
    choice: &PrimaryChoice,
) -> Trivial {
    let of = |data: &Dataset| constant(data, pair, costs, &choice.name);
    let (learnt, seen) = (of(learn), of(evaluated));
    let better = match (learnt.value, seen.value) {
        (Some(a), Some(b)) if choice.higher_is_better => b > a,
        (Some(a), Some(b)) => b < a,
        _ => false,
    };
    if better { seen } else { learnt }
}

/// The answer that suits `data` best, and what always giving it scores on `pair`.
fn constant(data: &Dataset, pair: &Pair<'_>, costs: Option<&Costs>, metric: &str) -> Trivial {
    let constant = match data.task {
        Task::Ner => Annotation::Spans(Vec::new()),
        Task::Multilabel => frequent_set(data),
        Task::Classification => Annotation::Label(match costs {
            Some(costs) => cheapest_label(data, costs),
            None => frequent_label(data),
        }),
    };
    let labels = pair.labels();
    let answer = match &constant {
        Annotation::Label(label) => labels.name(*label).to_owned(),
        Annotation::Labels(set) if !set.is_empty() => {
            set.iter().map(|&l| labels.name(l)).collect::<Vec<_>>().join(" + ")
        }
        _ => "nothing".to_owned(),
    };
    let predictions =
        Predictions { labels: labels.clone(), answers: vec![constant; pair.len()], scores: None, span_scores: None };
    let Ok(constant) = Pair::new(pair.task(), labels, pair.gold().iter().copied(), &predictions, None) else {
        return Trivial { answer, value: None, accuracy: None };
    };
    let options = MeasureOptions { intervals: false, costs: costs.cloned(), ..MeasureOptions::default() };
    let measures = measure(&constant, &options);
    let value = |name: &str| measures.metrics.get(name).and_then(|estimate| estimate.value);
    // A model that never answers has precision 0/0; as a bar to clear it stands at 0.
    let score = value(metric).or((data.task == Task::Ner && metric == "f1").then_some(0.0));
    Trivial { answer, value: score, accuracy: value("accuracy") }
}

fn frequent_label(data: &Dataset) -> LabelId {
    let support = data.support();
    data.labels.ids().max_by_key(|&l| (support[l as usize], std::cmp::Reverse(l))).unwrap_or(0)
}

fn cheapest_label(data: &Dataset, costs: &Costs) -> LabelId {
    let support = data.support();
    let cost = |answer: LabelId| -> f64 {
        let n = data.len() as f64;
        let missed: f64 = data
            .labels
            .ids()
            .filter(|&l| l != answer)
            .map(|l| support[l as usize] as f64 * costs.miss[l as usize])
            .sum();
        missed + (n - support[answer as usize] as f64) * costs.false_alarm[answer as usize]
    };
    data.labels.ids().min_by(|&a, &b| cost(a).total_cmp(&cost(b))).unwrap_or(0)
}

/// The most frequent set of labels, the empty one left out (it would score 0 on every F1).
fn frequent_set(data: &Dataset) -> Annotation {
    let mut counts: std::collections::BTreeMap<&[LabelId], u64> = std::collections::BTreeMap::new();
    for example in &data.examples {
        if let Annotation::Labels(set) = &example.gold
            && !set.is_empty()
        {
            *counts.entry(set).or_insert(0) += 1;
        }
    }
    let best = counts.iter().max_by_key(|&(set, n)| (*n, std::cmp::Reverse(*set)));
    Annotation::Labels(best.map_or_else(Vec::new, |(set, _)| set.to_vec()))
}
