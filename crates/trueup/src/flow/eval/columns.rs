//! The evaluation of Parquet from its columns: labels as codes, probabilities as they are.

use std::collections::BTreeMap;
use std::path::Path;

use trueup_core::counts::ConfusionCounts;
use trueup_core::document::{Evaluated, Guess, SplitSummary};
use trueup_core::measure::{MeasureOptions, Measures, measure, measure_counts};
use trueup_core::spans::Way;
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Task, words};
use trueup_data::ReadOptions;
use trueup_data::scan::{self, GroupBy, Probabilities, ScanOptions, Scanned};

use super::rows::full;
use super::{Measured, Measuring, document, figures_of};
use crate::error::Error;
use crate::evaluate;
use crate::observe::Observer;
use crate::options::EvalOptions;

/// Whether nothing was asked that needs more than columns.
fn is_plain(options: &EvalOptions) -> bool {
    let read = &options.read;
    let ReadOptions { label, label_level: None, label_names: None, filter: None, .. } = read else {
        return false;
    };
    let rest = ReadOptions { label: label.clone(), task: read.task, strict: read.strict, ..ReadOptions::default() };
    let rows = options.weights.is_some() || options.way != Way::Strict || options.train.is_some();
    !rows && *read == rest && read.task.is_none_or(|task| task == Task::Classification)
}

/// The figures by columns alone; `None` where that is not possible.
pub(super) fn of_columns(
    path: &Path,
    options: &EvalOptions,
    observer: &dyn Observer,
) -> Result<Option<Measured>, Error> {
    let by: Option<Vec<GroupBy>> = options.by.iter().map(|by| GroupBy::parse(by)).collect();
    let Some(by) = by.filter(|_| is_plain(options)) else {
        return Ok(None);
    };
    let asked = ScanOptions { gold: options.read.label.clone(), prediction: options.predicted.clone(), by };
    if asked.by.is_empty()
        && let Some(table) = scan::probabilities(path, &asked)
    {
        observer.stage("evaluate");
        return of_probabilities(path, table, options).map(Some);
    }
    // Counts have no curves: the usual way says so.
    if options.curves {
        return Ok(None);
    }
    let Some(scanned) = scan::scan(path, &asked).filter(|scanned| scanned.rows > 0) else {
        return Ok(None);
    };
    observer.stage("evaluate");
    let Scanned { labels, groups, rows, unlabelled, columns } = scanned;
    let labels = LabelSet::new(labels);
    let measuring = Measuring::new(options, Task::Classification, &labels)?;
    let mut all = ConfusionCounts::new(labels.len());
    let mut figures = Vec::new();
    for group in groups {
        let counts = ConfusionCounts::from_cells(labels.len(), group.cells);
        if !options.by.is_empty() {
            let (examples, measures) = (counts.total(), measure_counts(&labels, &counts, &measuring.asked));
            figures.push(figures_of(&options.by, group.values, examples, measures));
        }
        all.merge(&counts);
    }
    let mut summary = summary(path, rows, &columns);
    if unlabelled > 0 {
        let what = format!("{} without gold left out", words::counted(unlabelled, "row"));
        summary.guesses.push(Guess { what, option: None });
    }
    let measures = measure_counts(&labels, &all, &measuring.all);
    let how = format!("predictions in {}", path.display());
    let compat = match &options.compat {
        None => None,
        Some(name) if name == "sklearn" => {
            let plain = MeasureOptions { intervals: false, ..MeasureOptions::default() };
            let report = measure_counts(&labels, &all, &plain);
            Some(evaluate::sklearn(&labels, Task::Classification, &report))
        }
        // The usual way refuses it in its words.
        Some(_) => return Ok(None),
    };
    let start = |measures| document(Task::Classification, summary, how, BTreeMap::new(), measures, figures, compat);
    Ok(Some(finish(&measuring, measures, rows, options, start).into()))
}

/// The document of labels of which the counts are known.
fn finish(
    measuring: &Measuring,
    mut measures: Measures,
    rows: u64,
    options: &EvalOptions,
    start: impl FnOnce(Measures) -> Evaluated,
) -> Evaluated {
    let all = measuring.take(&mut measures);
    let shares = |by| measures.confusion.as_ref().map(|confusion| evaluate::shares(confusion, None, by));
    let confusion_shares = options.normalise.and_then(shares);
    let plan = evaluate::plan(Task::Classification, all.get("accuracy"), rows, true);
    Evaluated { confusion_shares, plan, ..start(measures) }
}

fn of_probabilities(path: &Path, table: Probabilities, options: &EvalOptions) -> Result<Measured, Error> {
    let Probabilities { labels, gold, predicted, scores, columns } = table;
    let measuring = Measuring::new(options, Task::Classification, &labels)?;
    let summary = summary(path, gold.len() as u64, &columns);
    let gold: Vec<Annotation> = gold.into_iter().map(Annotation::Label).collect();
    let answers = predicted.into_iter().map(Annotation::Label).collect();
    let predictions = Predictions { labels: labels.clone(), answers, scores: Some(scores), span_scores: None };
    let file = path.display().to_string();
    let pair = Pair::new(Task::Classification, &labels, &gold, &predictions, None).map_err(|cause| {
        let place = cause.row().map_or_else(String::new, |row| format!(", row {}", row + 1));
        Error::Answer { file, place, cause }
    })?;
    let how = format!("predictions in {}", path.display());
    let measures = measure(&pair, &measuring.all);
    let named = |name: &String| evaluate::compat(name, &pair, &full(&measures, &pair, options), None);
    let compat = options.compat.as_ref().map(named).transpose()?;
    let metrics = measures.metrics.clone();
    let start = |measures| document(Task::Classification, summary, how, BTreeMap::new(), measures, Vec::new(), compat);
    let mut document = finish(&measuring, measures, pair.len() as u64, options, start);
    if measuring.calibration {
        let metric = |name: &str| metrics.get(name).cloned();
        document.calibration = evaluate::probabilities::calibration(&pair, &metric);
    }
    let curves = options.curves.then(|| evaluate::probabilities::curves(&pair)).flatten();
    Ok(Measured { document, curves })
}

/// What is said of a table of which columns were read.
fn summary(path: &Path, examples: u64, columns: &[String]) -> SplitSummary {
    let said = [("gold", "--label"), ("prediction", "--predicted")];
    let guess = |((role, option), column): (&(&str, &str), &String)| Guess {
        what: format!("{role} is column '{}'", words::printable(column)),
        option: Some((*option).to_owned()),
    };
    SplitSummary {
        name: "test".into(),
        file: path.display().to_string(),
        format: "parquet".into(),
        examples,
        spans: None,
        guesses: said.iter().zip(columns).map(guess).collect(),
        skipped: Vec::new(),
    }
}
