//! The evaluation record by record: every format, every option.

use std::collections::BTreeMap;

use trueup_core::document::{Evaluated, GroupFigures};
use trueup_core::fingerprint::fingerprint;
use trueup_core::measure::{MeasureOptions, Measures, measure};
use trueup_core::spans::{CompatCounts, Way};
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Task, words};
use trueup_data::{TagRows, query};

use super::super::judge::groups as clusters;
use super::spans::{Spans, way_figures};
use super::{Measured, Measuring, document, figures_of, fits};
use crate::error::Error;
use crate::evaluate::spans::Tagged;
use crate::evaluate::{self, Judged};
use crate::load::{self, Part};
use crate::observe::Observer;
use crate::options::{EvalOptions, EvalSource};

/// What was read.
struct Read {
    gold: Part,
    train: Option<Part>,
    predictions: Predictions,
    tags: Option<TagRows>,
    how: String,
}

/// The figures of rows.
pub(super) fn of_rows(options: &EvalOptions, observer: &dyn Observer) -> Result<Measured, Error> {
    let Read { mut gold, train, mut predictions, tags, how } = load(options, observer)?;
    let task = gold.data.task;
    fits(options, task)?;
    if let Some(part) = train.as_ref().filter(|part| !part.data.has_text || !gold.data.has_text) {
        let file = if gold.data.has_text { &part.summary.file } else { &gold.summary.file };
        return Err(Error::Unfit {
            option: "--train",
            why: format!("mentions are looked up by their words, and {file} has no texts"),
            hint: "--text names the column of texts".to_owned(),
        });
    }
    observer.stage("evaluate");
    let weights = match &options.weights {
        Some(column) => Some(Weighted::new(column, &mut gold, &mut predictions, observer)?),
        None => None,
    };
    let data = &gold.data;
    let measuring = Measuring::new(options, task, &data.labels)?;
    let golds = data.examples.iter().map(|example| &example.gold);
    let wrong = |cause: trueup_core::DoorError| {
        let example = cause.row().and_then(|row| data.examples.get(row));
        let place =
            example.map_or_else(String::new, |e| format!(", the answer to example '{}'", words::printable(&e.id)));
        Error::Answer { file: how.clone(), place, cause }
    };
    let mut pair = Pair::new(task, &data.labels, golds, &predictions, clusters(data)).map_err(wrong)?;
    if let Some(weighted) = &weights {
        pair = pair.with_weights(&weighted.weights).map_err(wrong)?;
    }
    let tagged = tags.zip(gold.scheme).and_then(|(tags, scheme)| Tagged::new(data, tags, scheme));
    let spans = (task == Task::Ner).then(|| Spans::new(data, &pair, train.as_ref().map(|part| &part.data)));
    let read: Option<(LabelSet, Vec<Annotation>, Predictions)> = match (options.way, &tagged) {
        (Way::Conlleval, None) => return Err(no_tags()),
        (Way::Conlleval, Some(tagged)) => Some(tagged.as_conlleval(data)),
        _ => None,
    };
    let read =
        read.as_ref().map(|(labels, gold, predictions)| Pair::new(task, labels, gold, predictions, clusters(data)));
    let read = read.transpose().map_err(wrong)?;
    let headline = read.as_ref().unwrap_or(&pair);
    let all: Vec<usize> = (0..pair.len()).collect();
    let by_way = !matches!(options.way, Way::Strict | Way::Conlleval);
    // Figures of some rows, by the way asked for.
    let of = |rows: Option<&[usize]>, how: &MeasureOptions| match &spans {
        Some(spans) if by_way => way_figures(options.way, spans, rows.unwrap_or(&all), &pair, how),
        _ => Ok(rows.map_or_else(|| measure(headline, how), |rows| measure(&headline.select(rows), how))),
    };
    let mut groups: Vec<GroupFigures> = Vec::new();
    if !options.by.is_empty() {
        let correct: Vec<bool> =
            pair.gold().iter().zip(pair.predicted()).map(|(gold, answer)| gold == answer).collect();
        let judged = Judged { data, predictions: &predictions, pair: &pair, correct: &correct, counted: &all };
        for group in evaluate::groups(&judged, &options.by)? {
            let measures = of(Some(&group.rows), &measuring.asked)?;
            groups.push(figures_of(&options.by, group.values, group.rows.len() as u64, measures));
        }
    }
    let mut measures = of(None, if by_way { &measuring.asked } else { &measuring.all })?;
    let compat = match (&options.compat, &tagged) {
        (Some(name), Some(tagged)) if task == Task::Ner => {
            let tool = evaluate::of_spans(name, gold.scheme)?;
            let counts = tagged.count(|labels, bare, scheme| CompatCounts::new(tool, labels, bare, scheme));
            Some(evaluate::of_counts(tool, &counts))
        }
        (Some(name), _) => Some(evaluate::compat(name, &pair, &full(&measures, &pair, options), gold.scheme)?),
        (None, _) => None,
    };
    let found = spans.as_ref().map(|spans| {
        let strict = |how: &MeasureOptions| measure(&pair, how);
        spans.figures(options, &measuring, &measures, &predictions, (tagged.as_ref(), gold.scheme), strict)
    });
    let (span_figures, confusion, points) = match found {
        Some(found) => (Some(found.figures), found.confusion, found.points),
        None => (None, None, Vec::new()),
    };
    if by_way {
        measures.confusion = confusion;
    }
    let metrics = measuring.take(&mut measures);
    let metric = |name: &str| metrics.get(name).cloned();
    let units =
        pair.clusters().map_or(pair.len(), |clusters| clusters.iter().collect::<std::collections::BTreeSet<_>>().len())
            as u64;
    let independent = pair.clusters().is_none() && pair.weights().is_none();
    let plan = evaluate::plan(task, metrics.get(evaluate::planned(task)), units, independent);
    let weights = weights.map(|w| evaluate::weight_summary(&w.column, &w.weights, w.zero, &pair, &measures));
    let calibration = measuring.calibration.then(|| evaluate::probabilities::calibration(&pair, &metric)).flatten();
    let curves = if options.curves { Some(curves(&pair, span_figures.as_ref(), &points)?) } else { None };
    let weighted = weights.as_ref().and_then(|w| w.confusion.as_ref());
    let shares = |by| measures.confusion.as_ref().map(|confusion| evaluate::shares(confusion, weighted, by));
    let confusion_shares = options.normalise.and_then(shares);
    let set_confusion = (task == Task::Multilabel).then(|| evaluate::set_confusion(&pair, &measures.tallies));
    let mut fingerprints = BTreeMap::from([("test".to_owned(), fingerprint(data))]);
    fingerprints.extend(train.as_ref().map(|part| ("train".to_owned(), fingerprint(&part.data))));
    let mut document = document(task, gold.summary.clone(), how, fingerprints, measures, groups, compat);
    document.data.train = train.map(|part| part.summary);
    let document =
        Evaluated { confusion_shares, set_confusion, spans: span_figures, calibration, weights, plan, ..document };
    Ok(Measured { document, curves })
}

fn no_tags() -> Error {
    Error::Unfit {
        option: "--match",
        why: "'conlleval' is a way to read tags, and gold or predictions have none".to_owned(),
        hint: "give CoNLL files, or one with gold and prediction in its last two columns; spans that are given as such are \
               read in one way: --match strict"
            .to_owned(),
    }
}

fn curves(
    pair: &Pair,
    spans: Option<&trueup_core::document::SpanFigures>,
    points: &[trueup_core::document::RiskCoveragePoint],
) -> Result<trueup_core::document::Curves, Error> {
    let calibration = spans.and_then(|spans| spans.calibration.as_ref());
    let found = match calibration {
        Some(calibration) => Some(evaluate::probabilities::span_curves(calibration, points)),
        None => evaluate::probabilities::curves(pair),
    };
    found.ok_or_else(|| Error::Unfit {
        option: "--curves",
        why: "curves go over all thresholds of probabilities, and the predictions have none".to_owned(),
        hint: if pair.task() == Task::Ner {
            "JSON lines can have a `score` in each predicted span (docs/formats.md)"
        } else {
            "tables can have a column `score:LABEL` for each label, JSON lines `scores` (docs/formats.md)"
        }
        .to_owned(),
    })
}

/// The measures that another tool's report is made from, whatever metrics were asked for.
pub(super) fn full(measures: &Measures, pair: &Pair, options: &EvalOptions) -> Measures {
    if options.metrics.is_empty() {
        return measures.clone();
    }
    measure(pair, &MeasureOptions { intervals: false, ..MeasureOptions::default() })
}

/// The weights of the examples; those of weight 0 are left out.
struct Weighted {
    column: String,
    weights: Vec<f64>,
    zero: u64,
}

impl Weighted {
    fn new(
        column: &str,
        gold: &mut Part,
        predictions: &mut Predictions,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let all = evaluate::weights(&gold.data, &gold.summary.file, column)?;
        let kept: Vec<usize> = (0..all.len()).filter(|&row| all[row] > 0.0).collect();
        let zero = (all.len() - kept.len()) as u64;
        if zero > 0 {
            *predictions = predictions.select(&kept);
            let mut weights = all.iter();
            gold.data.examples.retain(|_| weights.next().is_some_and(|weight| *weight > 0.0));
            gold.summary.examples = gold.data.len() as u64;
            let what = format!("{} of weight 0 left out", words::counted(zero, "example"));
            observer.note(&format!("{}: {what}", gold.summary.file));
        }
        let weights = kept.iter().map(|&row| all[row]).collect();
        Ok(Self { column: column.to_owned(), weights, zero })
    }
}

/// The examples and the answers to them, and where the answers come from.
fn load(options: &EvalOptions, observer: &dyn Observer) -> Result<Read, Error> {
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
    let (part, others) = load::read_gold(gold, options.train.as_deref(), &options.read, observer)?;
    let mut part = part.named("test");
    let mut others: Vec<Part> = others.into_iter().map(|part| part.named("train")).collect();
    let predicted = options.predicted.as_deref();
    let (mut answers, mut tags) =
        load::tagged_predictions(predictions, &mut part, &mut others, &options.read, predicted, observer)?;
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
        if let Some(tags) = &mut tags {
            let mut keep = query::filter_examples(&part.data, &part.summary.file, expression)?.into_iter();
            tags.rows.retain(|_| keep.next().unwrap_or(false));
        }
        load::keep(&mut part, &mut answers, &mut others, expression)?;
    }
    let how = format!("predictions for {}", part.summary.file);
    Ok(Read { gold: part, train: others.pop(), predictions: answers, tags, how })
}
