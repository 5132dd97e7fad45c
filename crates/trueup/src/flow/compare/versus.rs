//! One candidate against the baseline: every difference, and what the gate decides of it.

use trueup_core::compare::{CompareOptions as How, Duel, LabelLaws, Law, MetricLaw};
use trueup_core::document::{ComparedCost, Confusion, Estimate};
use trueup_core::measure::{MeasureOptions, Measures, catalogue, measure};
use trueup_core::{Pair, Task};

use super::contestants::Answers;
use super::must_pass::must_pass;
use super::written::SliceLaw;
use super::{costs, duel};
use crate::error::Error;
use crate::evaluate::{self, Judged, Part as SlicePart};
use crate::gate::{
    Decided, Facts, FirstFacts, FirstSlice, MustPassFacts, Policy, SliceFacts, SliceVeto, decide, decide_first,
};
use crate::load::Part;
use crate::observe::Observer;
use crate::options::{CompareOptions, ContestantChoice};
use crate::review::Primary;

/// What all candidates are compared by.
pub(super) struct Setting<'s> {
    pub options: &'s CompareOptions,
    pub policy: Option<&'s Policy>,
    pub test: &'s Part,
    /// Rows that count.
    pub counted: &'s [usize],
    pub how: &'s How,
    /// The level of the intervals.
    pub level: f64,
    pub power: f64,
    /// How many candidates there are.
    pub candidates: usize,
    pub observer: &'s dyn Observer,
}

/// What was found of one candidate.
pub(super) struct Found<'a> {
    /// The duel on the rows that count; absent for a first model.
    pub duel: Option<Duel<'a>>,
    /// The candidate's own figures on these.
    pub measures: Measures,
    pub primary: Primary,
    /// The metric that decides.
    pub primary_law: MetricLaw,
    pub metrics: Vec<MetricLaw>,
    pub labels: Vec<LabelLaws>,
    pub slices: Vec<SliceLaw>,
    pub costs: Vec<ComparedCost>,
    pub decided: Option<Decided>,
    /// The baseline's confusion matrix.
    pub baseline_confusion: Option<Confusion>,
}

/// A slice that a policy names, with its rows.
struct Asked<'p> {
    veto: &'p SliceVeto,
    part: SlicePart,
}

/// Compares one candidate.
pub(super) fn found<'a>(
    setting: &Setting<'_>,
    choice: &ContestantChoice,
    answers: &Answers,
    (pairs, at): (&[Pair<'a>], usize),
    baseline: Option<&Measures>,
    measures: Measures,
    primary: Primary,
) -> Result<Found<'a>, Error> {
    let Setting { options, test, counted, how, .. } = *setting;
    let pair = &pairs[at];
    let correct: Vec<bool> = pair.gold().iter().zip(pair.predicted()).map(|(gold, answer)| gold == answer).collect();
    let judged = Judged { data: &test.data, predictions: &answers.predictions, pair, correct: &correct, counted };
    let costs = costs::costs(options, choice, test, setting.observer)?;
    let whole = baseline.is_some().then(|| duel(&pairs[0], pair));
    let (parts, given) = evaluate::parts(&judged, &options.slices, &options.slices_by)?;
    let slices: Vec<SliceLaw> = match &whole {
        None => Vec::new(),
        Some(whole) => {
            let law = |(place, part): (usize, SlicePart)| {
                let figure = whole.select(&part.rows).overall();
                SliceLaw { part, given: place < given, figure }
            };
            parts.into_iter().enumerate().map(law).collect()
        }
    };
    let all = counted.len() == pair.len();
    let clean = whole.as_ref().map(|whole| if all { whole.clone() } else { whole.select(counted) });
    let (metrics, labels) = match (&clean, baseline) {
        (Some(clean), Some(baseline)) => (clean.metrics(baseline, &measures, how), clean.labels()),
        _ => (first_metrics(&measures), Vec::new()),
    };
    let primary_law = metrics.iter().find(|metric| metric.name == primary.name).cloned().unwrap_or_else(|| {
        let value = |of: &Measures| of.metrics.get(&primary.name).and_then(|estimate| estimate.value);
        MetricLaw {
            name: primary.name.clone(),
            higher_is_better: primary.higher_is_better,
            a: baseline.and_then(value),
            b: value(&measures),
            law: Law::Undefined,
        }
    });
    let decided = match setting.policy {
        None => None,
        Some(policy) => {
            let asked = asked_slices(policy, &judged)?;
            let must = match &policy.must_pass {
                None => None,
                Some(must) => {
                    Some(must_pass(&must.file, choice, test, &answers.predictions, options, setting.observer)?)
                }
            };
            Some(match (&whole, &clean) {
                (Some(whole), Some(clean)) => {
                    let facts = Facts {
                        task: test.data.task,
                        labels: &test.data.labels,
                        primary: &primary_law,
                        metrics: &metrics,
                        alone: &measures.metrics,
                        label_laws: &labels,
                        label_rows: &measures.labels,
                        slices: asked.iter().map(|asked| slice_facts(asked, whole, pair, how)).collect(),
                        must_pass: must,
                        costs: &costs,
                        examples: clean.len() as u64,
                        units: clean.units(),
                        noun: noun(test.data.task),
                        candidates: setting.candidates,
                    };
                    decide(policy, &facts)
                }
                _ => first(setting, policy, &measures, &primary, &asked, pair, must, &costs),
            })
        }
    };
    let baseline_confusion = baseline.and_then(|of| of.confusion.clone());
    Ok(Found {
        duel: clean,
        measures,
        primary,
        primary_law,
        metrics,
        labels,
        slices,
        costs,
        decided,
        baseline_confusion,
    })
}

/// What one example is called.
pub(super) fn noun(task: Task) -> &'static str {
    if task == Task::Ner { "sentence" } else { "example" }
}

#[allow(clippy::too_many_arguments, reason = "the facts of a first model, each of its own kind")]
fn first(
    setting: &Setting<'_>,
    policy: &Policy,
    measures: &Measures,
    primary: &Primary,
    asked: &[Asked<'_>],
    pair: &Pair<'_>,
    must_pass: Option<MustPassFacts>,
    costs: &[ComparedCost],
) -> Decided {
    let slices = asked
        .iter()
        .map(|asked| FirstSlice {
            veto: asked.veto,
            name: asked.part.name.clone(),
            own: own(pair, &asked.part.rows, setting.how),
        })
        .collect();
    let facts = FirstFacts {
        metric: &primary.name,
        higher_is_better: primary.higher_is_better,
        constant: primary.baseline.map(|value| (value, primary.baseline_answer.clone())),
        alone: &measures.metrics,
        label_rows: &measures.labels,
        slices,
        must_pass,
        costs,
        examples: setting.counted.len() as u64,
    };
    decide_first(policy, &facts)
}

/// The metrics of a first model, which has nothing to be compared with.
fn first_metrics(measures: &Measures) -> Vec<MetricLaw> {
    let mut metrics: Vec<MetricLaw> = measures
        .metrics
        .iter()
        .filter(|(_, estimate)| estimate.value.is_some())
        .map(|(name, estimate)| MetricLaw {
            name: name.clone(),
            higher_is_better: catalogue::find(name).is_none_or(|of| of.better == catalogue::Better::Higher),
            a: None,
            b: estimate.value,
            law: Law::Undefined,
        })
        .collect();
    metrics.sort_by_key(|metric| catalogue::order(&metric.name));
    metrics
}

/// The slices that a policy names, in its order; a column makes one of each value.
fn asked_slices<'p>(policy: &'p Policy, judged: &Judged<'_>) -> Result<Vec<Asked<'p>>, Error> {
    let mut found = Vec::new();
    for veto in &policy.slice {
        let given: Vec<String> = veto.filter.iter().cloned().collect();
        let by: Vec<String> = veto.by.iter().cloned().collect();
        let (parts, asked) = evaluate::parts(judged, &given, &by)?;
        found.extend(parts.into_iter().take(asked).map(|part| Asked { veto, part }));
    }
    Ok(found)
}

fn slice_facts<'p>(asked: &Asked<'p>, whole: &Duel<'_>, pair: &Pair<'_>, how: &How) -> SliceFacts<'p> {
    SliceFacts {
        veto: asked.veto,
        name: asked.part.name.clone(),
        n: asked.part.rows.len() as u64,
        figure: whole.select(&asked.part.rows).overall(),
        own: own(pair, &asked.part.rows, how),
    }
}

/// A model's own figure on some rows: accuracy, or F1 of all labels or spans together.
fn own(pair: &Pair<'_>, rows: &[usize], how: &How) -> Estimate {
    let name = match pair.task() {
        Task::Classification => "accuracy",
        Task::Multilabel => "f1_micro",
        Task::Ner => "f1",
    };
    let options = MeasureOptions {
        metrics: trueup_core::measure::Selection::named(pair.task(), &[name.to_owned()]).unwrap_or_default(),
        ..how.measuring()
    };
    let measures = measure(&pair.select(rows), &options);
    measures.metrics.get(name).cloned().unwrap_or_else(|| Estimate::undefined(rows.len() as u64))
}
