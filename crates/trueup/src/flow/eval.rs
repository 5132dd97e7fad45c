//! The evaluation: gold and predictions, from one file or two, become figures; nothing is judged.

mod tags;

use std::collections::BTreeMap;
use std::path::Path;

use trueup_core::counts::ConfusionCounts;
use trueup_core::document::{
    CompatFigures, Data, Evaluated, Evaluation, GroupFigures, Guess, LabelRow, SCHEMA, SplitSummary, Tool,
};
use trueup_core::measure::{Costs, MeasureOptions, Measures, Selection, measure, measure_counts};
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Task, words};
use trueup_data::ReadOptions;
use trueup_data::scan::{self, GroupBy, Probabilities, ScanOptions, Scanned};

use super::judge::{costs, groups as clusters, positive};
use crate::error::Error;
use crate::evaluate::{self, Judged};
use crate::load::{self, Part};
use crate::observe::Observer;
use crate::options::{EvalOptions, EvalSource};
use trueup_core::fingerprint::fingerprint;

/// Evaluates answers against gold.
///
/// Columns of Parquet are counted without a record a row where that is possible; the figures are the same.
///
/// # Errors
///
/// When a file cannot be read, gold and predictions do not belong together, or an option names what there is not.
pub fn eval(options: &EvalOptions, observer: &dyn Observer) -> Result<Evaluated, Error> {
    observer.stage("read");
    if let EvalSource::File(path) = &options.source {
        if is_plain(&options.read)
            && let Some(evaluated) = of_columns(path, options, observer)?
        {
            return Ok(evaluated);
        }
        if let Some(evaluated) = tags::of_tags(path, options, observer)? {
            return Ok(evaluated);
        }
    }
    let (gold, predictions, how) = load(options, observer)?;
    observer.stage("evaluate");
    let data = &gold.data;
    let measuring = measuring(options, data.task, &data.labels)?;
    let golds = data.examples.iter().map(|example| &example.gold);
    let pair = Pair::new(data.task, &data.labels, golds, &predictions, clusters(data)).map_err(|cause| {
        let example = cause.row().and_then(|row| data.examples.get(row));
        let place =
            example.map_or_else(String::new, |e| format!(", the answer to example '{}'", words::printable(&e.id)));
        Error::Answer { file: how.clone(), place, cause }
    })?;
    let mut groups = Vec::new();
    if !options.by.is_empty() {
        let correct: Vec<bool> =
            pair.gold().iter().zip(pair.predicted()).map(|(gold, answer)| gold == answer).collect();
        let all: Vec<usize> = (0..pair.len()).collect();
        let judged = Judged { data, predictions: &predictions, pair: &pair, correct: &correct, counted: &all };
        for group in evaluate::groups(&judged, &options.by)? {
            let measures = measure(&pair.select(&group.rows), &measuring);
            groups.push(figures_of(&options.by, group.values, group.rows.len() as u64, measures));
        }
    }
    let fingerprints = BTreeMap::from([("test".to_owned(), fingerprint(data))]);
    let measures = measure(&pair, &measuring);
    let named = |name: &String| evaluate::compat(name, &pair, &full(&measures, &pair, options), gold.scheme);
    let compat = options.compat.as_ref().map(named).transpose()?;
    Ok(document(data.task, gold.summary.clone(), how, fingerprints, measures, groups, compat))
}

/// The measures that another tool's report is made from, whatever metrics were asked for.
fn full(measures: &Measures, pair: &Pair, options: &EvalOptions) -> Measures {
    if options.metrics.is_empty() {
        return measures.clone();
    }
    measure(pair, &MeasureOptions { intervals: false, ..MeasureOptions::default() })
}

/// The examples and the answers to them, and where the answers come from.
fn load(options: &EvalOptions, observer: &dyn Observer) -> Result<(Part, Predictions, String), Error> {
    let (gold, predictions) = match &options.source {
        EvalSource::File(path) => (path, path),
        EvalSource::Pair { gold, predictions } => (gold, predictions),
    };
    if gold == predictions && gold.as_os_str() == "-" {
        return Err(Error::Option {
            option: "FILE",
            found: "-".into(),
            valid: "gold and predictions are read one after the other: name a file".into(),
        });
    }
    let (part, _) = load::read_gold(gold, None, &options.read, observer)?;
    let mut part = part.named("test");
    let predicted = options.predicted.as_deref();
    let mut answers = load::predictions(predictions, &mut part, &mut [], &options.read, predicted, observer)?;
    if gold == predictions {
        let of = |label: &Annotation, answer: &Annotation| label == answer;
        let same = part.data.examples.iter().zip(&answers.answers).all(|(example, answer)| of(&example.gold, answer));
        let label = part.summary.guesses.iter().find(|guess| guess.option.as_deref() == Some("--label"));
        if same && predicted.is_none() && label.is_some() {
            observer.note(&format!(
                "{}: every answer equals the gold: is it the same column? --label and --predicted name them",
                gold.display()
            ));
        }
    }
    if let Some(expression) = &options.read.filter {
        load::keep(&mut part, &mut answers, &mut [], expression)?;
    }
    let how = format!("predictions for {}", part.summary.file);
    Ok((part, answers, how))
}

/// Whether nothing was asked that needs more than columns.
fn is_plain(read: &ReadOptions) -> bool {
    let ReadOptions { label, label_level: None, label_names: None, filter: None, .. } = read else {
        return false;
    };
    let rest = ReadOptions { label: label.clone(), task: read.task, strict: read.strict, ..ReadOptions::default() };
    *read == rest && read.task.is_none_or(|task| task == Task::Classification)
}

/// The figures by columns alone; `None` where that is not possible.
fn of_columns(path: &Path, options: &EvalOptions, observer: &dyn Observer) -> Result<Option<Evaluated>, Error> {
    let by: Option<Vec<GroupBy>> = options.by.iter().map(|by| GroupBy::parse(by)).collect();
    let Some(by) = by else {
        return Ok(None);
    };
    let asked = ScanOptions { gold: options.read.label.clone(), prediction: options.predicted.clone(), by };
    if asked.by.is_empty()
        && let Some(table) = scan::probabilities(path, &asked)
    {
        observer.stage("evaluate");
        return of_probabilities(path, table, options).map(Some);
    }
    let Some(scanned) = scan::scan(path, &asked).filter(|scanned| scanned.rows > 0) else {
        return Ok(None);
    };
    observer.stage("evaluate");
    let Scanned { labels, groups, rows, unlabelled, columns } = scanned;
    let labels = LabelSet::new(labels);
    let measuring = measuring(options, Task::Classification, &labels)?;
    let mut all = ConfusionCounts::new(labels.len());
    let mut figures = Vec::new();
    for group in groups {
        let counts = ConfusionCounts::from_cells(labels.len(), group.cells);
        if !options.by.is_empty() {
            let examples = counts.total();
            figures.push(figures_of(&options.by, group.values, examples, measure_counts(&labels, &counts, &measuring)));
        }
        all.merge(&counts);
    }
    let mut summary = summary(path, rows, &columns);
    if unlabelled > 0 {
        let what = format!("{} without gold left out", words::counted(unlabelled, "row"));
        summary.guesses.push(Guess { what, option: None });
    }
    let measures = measure_counts(&labels, &all, &measuring);
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
    Ok(Some(document(Task::Classification, summary, how, BTreeMap::new(), measures, figures, compat)))
}

fn of_probabilities(path: &Path, table: Probabilities, options: &EvalOptions) -> Result<Evaluated, Error> {
    let Probabilities { labels, gold, predicted, scores, columns } = table;
    let measuring = measuring(options, Task::Classification, &labels)?;
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
    let measures = measure(&pair, &measuring);
    let named = |name: &String| evaluate::compat(name, &pair, &full(&measures, &pair, options), None);
    let compat = options.compat.as_ref().map(named).transpose()?;
    Ok(document(Task::Classification, summary, how, BTreeMap::new(), measures, Vec::new(), compat))
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

fn measuring(options: &EvalOptions, task: Task, labels: &LabelSet) -> Result<MeasureOptions, Error> {
    let stated = costs(labels, &options.costs)?;
    let metrics = match options.metrics.as_slice() {
        [] => Selection::Default,
        names => Selection::named(task, names).map_err(|cause| Error::Metric { cause })?,
    };
    Ok(MeasureOptions {
        seed: options.seed,
        positive: positive(labels, options.positive.as_deref())?,
        costs: stated.map(|c| Costs { miss: c.miss, false_alarm: c.false_alarm }),
        intervals: options.intervals,
        metrics,
        ..MeasureOptions::default()
    })
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
    let metrics = measures.metrics;
    Evaluated {
        schema: SCHEMA.to_owned(),
        tool: Tool { name: "trueup".into(), version: env!("CARGO_PKG_VERSION").into() },
        task,
        data: Data { evaluation: Evaluation::Predictions, how, train: None, valid: None, test, fingerprints },
        metrics,
        labels: measures.labels,
        confusion: measures.confusion,
        groups,
        compat,
        run: None,
    }
}
