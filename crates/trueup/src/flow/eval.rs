//! The evaluation: gold and predictions, from one file or two, become figures; nothing is judged.

mod columns;
mod rows;
mod spans;
mod tags;

use std::collections::BTreeMap;

use trueup_core::document::{
    CompatFigures, Curves, Data, Estimate, Evaluated, Evaluation, GroupFigures, LabelRow, SCHEMA, SplitSummary, Tool,
};
use trueup_core::measure::{Costs, MeasureOptions, Measures, Selection};
use trueup_core::spans::Way;
use trueup_core::{LabelSet, Task};

use super::judge::{costs, positive};
use crate::error::Error;
use crate::evaluate;
use crate::evaluate::probabilities::CALIBRATION;
use crate::observe::Observer;
use crate::options::{EvalOptions, EvalSource};

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Every figure.
    pub document: Evaluated,
    /// The curves over all thresholds, when they were asked for.
    pub curves: Option<Curves>,
}

impl From<Evaluated> for Measured {
    fn from(document: Evaluated) -> Self {
        Self { document, curves: None }
    }
}

/// Evaluates answers against gold.
///
/// Columns of Parquet and the tags of CoNLL are counted without a record a row where that is possible; the figures are the
/// same.
///
/// # Errors
///
/// When a file cannot be read, gold and predictions do not belong together, or an option names what there is not, or does
/// not fit the data.
pub fn eval(options: &EvalOptions, observer: &dyn Observer) -> Result<Measured, Error> {
    observer.stage("read");
    if let EvalSource::File(path) = &options.source {
        if let Some(measured) = columns::of_columns(path, options, observer)? {
            return Ok(measured);
        }
        if let Some(document) = tags::of_tags(path, options, observer)? {
            return Ok(document.into());
        }
    }
    rows::of_rows(options, observer)
}

/// Refuses options that say nothing of such a task.
fn fits(options: &EvalOptions, task: Task) -> Result<(), Error> {
    let unfit = |option, why: String, hint: &str| Err(Error::Unfit { option, why, hint: hint.to_owned() });
    let labels = task != Task::Ner;
    if labels && options.way != Way::Strict {
        let why = format!("'{}' says which spans are right, and this is {task} data", options.way.name());
        return unfit("--match", why, "leave it out: a label is right when it is the gold label");
    }
    if labels && options.train.is_some() {
        let why = format!("it tells seen mentions from unseen ones, and this is {task} data");
        return unfit("--train", why, "`trueup review --train` looks for test examples that stand in training");
    }
    if !labels && options.weights.is_some() {
        let why = "weights are for examples with labels; spans count one each".to_owned();
        return unfit("--weights", why, "--by and --where measure parts of the sentences");
    }
    if task == Task::Multilabel && options.normalise.is_some() {
        let why = "sets of labels have no confusion matrix: no predicted label belongs to one gold label".to_owned();
        let hint = "without it the report has the counts of each label, and which labels are missed with which others";
        return unfit("--normalize", why, hint);
    }
    Ok(())
}

/// What to measure: the metrics asked for, and beside them those that the report is made from.
struct Measuring {
    asked: MeasureOptions,
    /// The metrics asked for, and more.
    all: MeasureOptions,
    /// The names of the others.
    beside: Vec<String>,
    /// Whether calibration is shown.
    calibration: bool,
}

impl Measuring {
    fn new(options: &EvalOptions, task: Task, labels: &LabelSet) -> Result<Self, Error> {
        let stated = costs(labels, &options.costs)?;
        let selected = |names: &[String]| Selection::named(task, names).map_err(|cause| Error::Metric { cause });
        let metrics = match options.metrics.as_slice() {
            [] => Selection::Default,
            names => selected(names)?,
        };
        let of_calibration = |name: &String| {
            ["ace", "e_aurc", "default", "all"].contains(&name.as_str()) || CALIBRATION.contains(&name.as_str())
        };
        let calibration = options.metrics.is_empty() || options.metrics.iter().any(of_calibration);
        let mut names = metrics.names(task);
        let more: &[&str] = match task {
            Task::Ner => &["precision", "recall", "f1"],
            Task::Classification if calibration => &["accuracy", "ece", "mce", "aurc"],
            Task::Multilabel if calibration => &["f1_micro", "ece", "mce"],
            _ => &[evaluate::planned(task)],
        };
        let beside: Vec<String> =
            more.iter().map(|&name| name.to_owned()).filter(|name| !names.contains(name)).collect();
        names.extend_from_slice(&beside);
        let asked = MeasureOptions {
            seed: options.seed,
            positive: positive(labels, options.positive.as_deref())?,
            costs: stated.map(|c| Costs { miss: c.miss, false_alarm: c.false_alarm }),
            intervals: options.intervals,
            metrics,
            ..MeasureOptions::default()
        };
        let all = MeasureOptions { metrics: selected(&names)?, ..asked.clone() };
        Ok(Self { asked, all, beside, calibration })
    }

    /// Takes the metrics out that were not asked for; all that were measured come back.
    fn take(&self, measures: &mut Measures) -> BTreeMap<String, Estimate> {
        let all = measures.metrics.clone();
        measures.metrics.retain(|name, _| !self.beside.contains(name));
        all
    }
}

fn figures_of(by: &[String], values: Vec<Option<String>>, examples: u64, measures: Measures) -> GroupFigures {
    let by = by.iter().cloned().zip(values).collect();
    GroupFigures { by, examples, metrics: measures.metrics, labels: occurring(measures.labels) }
}

/// The labels that occur in a group.
fn occurring(mut rows: Vec<LabelRow>) -> Vec<LabelRow> {
    rows.retain(|row| row.support + row.predicted > 0);
    rows
}

fn document(
    task: Task,
    test: SplitSummary,
    how: String,
    fingerprints: BTreeMap<String, String>,
    measures: Measures,
    groups: Vec<GroupFigures>,
    compat: Option<CompatFigures>,
) -> Evaluated {
    Evaluated {
        schema: SCHEMA.to_owned(),
        tool: Tool { name: "trueup".into(), version: env!("CARGO_PKG_VERSION").into() },
        task,
        data: Data { evaluation: Evaluation::Predictions, how, train: None, valid: None, test, fingerprints },
        metrics: measures.metrics,
        labels: measures.labels,
        confusion: measures.confusion,
        confusion_shares: None,
        set_confusion: None,
        spans: None,
        calibration: None,
        weights: None,
        plan: None,
        groups,
        compat,
        run: None,
    }
}
