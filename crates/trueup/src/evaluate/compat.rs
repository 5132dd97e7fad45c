//! The figures of other tools (`--as`), for answers that are spans or labels.

use trueup_core::document::{CompatDifference, CompatFigure, CompatFigures, Estimate};
use trueup_core::measure::Measures;
use trueup_core::scheme::Scheme;
use trueup_core::spans::{Compat, CompatCounts};
use trueup_core::{LabelSet, Pair, Task};

use crate::error::Error;

/// The tools of each kind of task.
const OF_SPANS: &str = "seqeval, seqeval-strict, conlleval, spacy or nervaluate";
const OF_LABELS: &str = "sklearn";
/// Why scikit-learn's figure is another one.
const ZERO: &str =
    "0/0 has no value; scikit-learn's default zero_division prints 0 (and warns), and counts it in averages";

/// A tool by its name, where answers are spans under a scheme.
///
/// # Errors
///
/// When the name is none of a tool of spans.
pub fn of_spans(name: &str, scheme: Option<Scheme>) -> Result<Compat, Error> {
    Compat::from_name(name, scheme.unwrap_or(Scheme::Iob2)).ok_or_else(|| unknown(name, OF_SPANS))
}

fn unknown(name: &str, valid: &str) -> Error {
    Error::Option { option: "--as", found: name.to_owned(), valid: format!("of this task it is {valid}") }
}

/// The figures of the tool of that name for a pair and its measures. Spans are held against each other as they are; where
/// tags were read, the tool's own reading of tags needs [`of_counts`].
///
/// # Errors
///
/// When the tool does not measure such a task.
pub fn compat(name: &str, pair: &Pair, measures: &Measures, scheme: Option<Scheme>) -> Result<CompatFigures, Error> {
    match pair.task() {
        Task::Ner => {
            let scheme = scheme.unwrap_or(Scheme::Iob2);
            let mut counts = CompatCounts::new(of_spans(name, Some(scheme))?, pair.labels(), None, scheme);
            for (gold, predicted) in pair.gold().iter().zip(pair.predicted()) {
                counts.add_spans(gold.spans(), predicted.spans());
            }
            Ok(of_counts(of_spans(name, Some(scheme))?, &counts))
        }
        _ if name == OF_LABELS => Ok(sklearn(pair.labels(), pair.task(), measures)),
        _ => Err(unknown(name, OF_LABELS)),
    }
}

/// The figures that a tool's counts amount to.
pub fn of_counts(tool: Compat, counts: &CompatCounts) -> CompatFigures {
    let report = counts.report();
    let figure = |(name, value)| CompatFigure { name, value };
    let difference = |d: trueup_core::spans::Difference| CompatDifference {
        figure: d.figure,
        theirs: d.theirs,
        ours: d.ours,
        why: d.why,
    };
    CompatFigures {
        tool: report.name.to_owned(),
        how: format!("{}; {}", tool.matching(), tool.averaging()),
        stops: report.stops,
        figures: report.figures.into_iter().map(figure).collect(),
        differences: report.differences.into_iter().map(difference).collect(),
    }
}

/// scikit-learn's `classification_report` with its defaults.
pub fn sklearn(labels: &LabelSet, task: Task, measures: &Measures) -> CompatFigures {
    let mut found =
        CompatFigures {
            tool: OF_LABELS.to_owned(),
            how: "classification_report and accuracy_score with their defaults; averages over the labels in gold or prediction".into(),
            stops: None,
            figures: Vec::new(),
            differences: Vec::new(),
        };
    let mut add = |name: String, ours: Option<f64>| {
        let theirs = ours.unwrap_or(0.0);
        if ours.is_none() {
            found.differences.push(CompatDifference {
                figure: name.clone(),
                theirs: Some(theirs),
                ours,
                why: ZERO.to_owned(),
            });
        }
        found.figures.push(CompatFigure { name, value: Some(theirs) });
    };
    for (label, row) in labels.names().iter().zip(&measures.labels).filter(|(_, row)| row.support + row.predicted > 0) {
        for (figure, estimate) in [("precision", &row.precision), ("recall", &row.recall), ("f1-score", &row.f1)] {
            add(format!("{label} {figure}"), estimate.value);
        }
    }
    let metric = |name: &str| measures.metrics.get(name).and_then(|estimate: &Estimate| estimate.value);
    add("accuracy".into(), metric("accuracy"));
    let averages: &[&str] =
        if task == Task::Multilabel { &["micro", "macro", "weighted", "samples"] } else { &["macro", "weighted"] };
    for average in averages {
        for (figure, name) in [("precision", "precision"), ("recall", "recall"), ("f1-score", "f1")] {
            add(format!("{average} avg {figure}"), metric(&format!("{name}_{average}")));
        }
    }
    found
}
