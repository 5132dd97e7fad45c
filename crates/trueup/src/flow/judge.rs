//! From answers to the document: measures, evidence, findings, verdict.

use std::collections::{BTreeMap, BTreeSet};

use trueup_core::document::{Evaluation, Finding, Review, SCHEMA, Subject, Tool, Verdict};
use trueup_core::measure::{Costs, MeasureOptions, Measures, measure};
use trueup_core::{Dataset, DoorError, Estimate, Example, LabelSet, Pair, Task, words};

use super::document::{data, examples, leakage};
use super::review::Answered;
use crate::error::Error;
use crate::evaluate;
use crate::observe::Observer;
use crate::options::{CostOption, ReviewOptions};
use crate::review::{self, Evidence, Figures, Outcome, Primary, RULES, Rule, Side, SideName, StatedCosts, Twins};

/// Makes the evidence, lets the rules judge it, and writes the document.
pub(super) fn judge(
    answered: &Answered,
    rules: &[&Rule],
    options: &ReviewOptions,
    observer: &dyn Observer,
) -> Result<Review, Error> {
    let task = answered.test.data.task;
    let labels = &answered.test.data.labels;
    observer.stage("evaluate");
    let costs = costs(labels, &options.costs)?;
    let measuring = MeasureOptions {
        seed: options.seed,
        positive: positive(labels, options.positive.as_deref())?,
        costs: costs.as_ref().map(|c| Costs { miss: c.miss.clone(), false_alarm: c.false_alarm.clone() }),
        ..MeasureOptions::default()
    };
    let gold = answered.test.data.examples.iter().map(|example| &example.gold);
    let pair = Pair::new(task, labels, gold, &answered.predictions, groups(&answered.test.data))
        .map_err(|cause| wrong_answer(cause, answered))?;
    let all = measure(&pair, &measuring);

    observer.stage("compare texts");
    let mut named = vec![(SideName::Test, &answered.test.data)];
    named.extend(answered.train.as_ref().map(|part| (SideName::Train, &part.data)));
    named.extend(answered.valid.as_ref().map(|part| (SideName::Valid, &part.data)));
    named.sort_by_key(|(name, _)| *name);
    let twins = Twins::new(named);
    let leaks = twins.leaks();
    let leaked: BTreeSet<usize> = leaks.iter().map(|leak| leak.test).collect();
    let unleaked: Vec<usize> = (0..pair.len()).filter(|row| !leaked.contains(row)).collect();
    let clean = (!leaked.is_empty()).then(|| measure(&pair.select(&unleaked), &measuring));

    observer.stage("judge");
    let learned = answered.train.as_ref().unwrap_or(&answered.test);
    let counting = clean.as_ref().unwrap_or(&all);
    let counted = if clean.is_some() { pair.select(&unleaked) } else { pair.clone() };
    let asked = options.target.as_ref().map(|target| target.metric.as_str()).or(options.metric.as_deref());
    let target = options.target.as_ref().map(|target| target.value);
    let primary = primary(&learned.data, &answered.test.data, &counted, counting, &measuring, (asked, target))?;
    let correct: Vec<bool> = pair.gold().iter().zip(pair.predicted()).map(|(gold, answer)| gold == answer).collect();
    let judged = evaluate::Judged {
        data: &answered.test.data,
        predictions: &answered.predictions,
        pair: &pair,
        correct: &correct,
        counted: &unleaked,
    };
    let slices = evaluate::slices(&judged, &options.slices, &options.slices_by, options.seed)?;
    for slice in slices.iter().filter(|slice| slice.row.given && slice.row.n == 0) {
        observer.note(&format!("the slice {} holds no example", words::printable(&slice.row.name)));
    }
    // Ids of two files may be the same; those of one file are not.
    let apart = answered.train.as_ref().is_some_and(|train| train.summary.file != answered.test.summary.file);
    let (test_prefix, test_file) = (apart.then_some("test"), answered.test.summary.file.clone());
    let train_side = match (&answered.train, answered.evaluation) {
        (Some(part), _) => Some(Side::new(&part.data, apart.then_some("train"), part.summary.file.clone())),
        (None, Evaluation::OutOfFold) => Some(Side::new(&answered.test.data, None, test_file.clone())),
        (None, _) => None,
    };
    let support = train_side.as_ref().map(|side| side.support.clone());
    let evidence = Evidence {
        task,
        noun: if task == Task::Ner { "sentence" } else { "example" },
        unit: if task == Task::Ner { "span" } else { "example" },
        labels,
        evaluation: answered.evaluation,
        train: train_side,
        valid: answered.valid.as_ref().map(|part| Side::new(&part.data, Some("valid"), part.summary.file.clone())),
        test: Side::new(&answered.test.data, test_prefix, test_file),
        figures: figures(all, support.as_deref()),
        clean: clean.map(|measures| figures(measures, support.as_deref())),
        primary,
        outcomes: (0..pair.len())
            .map(|row| Outcome { row, correct: correct[row], score: answered.predictions.confidence(row) })
            .collect(),
        predicted: &answered.predictions.answers,
        duplicates: twins.duplicates(),
        near: twins.near(),
        leaks,
        slice_rows: slices.iter().map(|slice| slice.rows.clone()).collect(),
        slices: slices.into_iter().map(|slice| slice.row).collect(),
        training: answered.training.clone(),
        versus: None,
        costs,
        command: options.command.clone(),
    };
    let mut findings: Vec<_> = rules.iter().flat_map(|rule| rule.judge(&evidence)).collect();
    findings.sort_by(|a, b| (a.severity, &a.code).cmp(&(b.severity, &b.code)));
    let errors = review::errors(&evidence);
    let examples = examples(&evidence, &answered.predictions, &findings, &errors, !options.no_text);
    let leakage = evidence.has_split().then(|| leakage(&evidence, unleaked.len() as u64));
    Ok(Review {
        schema: SCHEMA.to_owned(),
        tool: Tool { name: "trueup".into(), version: env!("CARGO_PKG_VERSION").into() },
        subject: Subject {
            kind: "model".into(),
            model: answered.model.clone(),
            command: options.command.clone(),
            seed: options.seed,
            noun: evidence.noun.into(),
        },
        task,
        data: data(answered),
        verdict: verdict(&evidence, &findings, rules.len()),
        next: review::next(&evidence, &findings),
        metrics: evidence.figures.metrics.clone(),
        labels: evidence.figures.labels.clone(),
        confusion: evidence.figures.confusion.clone(),
        findings,
        errors,
        examples,
        slices: evidence.slices.clone(),
        leakage,
        training: evidence.training.clone(),
        comparison: None,
        run: None,
    })
}

/// What is wrong with an answer, with the file and the example it is for.
fn wrong_answer(cause: DoorError, answered: &Answered) -> Error {
    let example = cause.row().and_then(|row| answered.test.data.examples.get(row));
    let place = example.map_or_else(String::new, |e| format!(", the answer to example '{}'", words::printable(&e.id)));
    Error::Answer { file: answered.model.clone(), place, cause }
}

/// The verdict, which says when it rests on some of the rules only.
fn verdict(evidence: &Evidence<'_>, findings: &[Finding], run: usize) -> Verdict {
    let mut verdict = review::verdict(evidence, findings);
    let left = (RULES.len() - run) as u64;
    if left > 0 {
        verdict.summary += &format!(" {} not run.", words::agree(left, "1 rule was", &format!("{left} rules were")));
    }
    verdict
}

/// Cluster numbers from the groups, when there are any: rows of one group are one unit of the intervals, and a row
/// without a group stands alone.
pub(super) fn groups<'a>(data: &'a Dataset) -> Option<Vec<u32>> {
    data.examples.iter().any(|example| example.group.is_some()).then(|| {
        let mut numbers: BTreeMap<&'a str, u32> = BTreeMap::new();
        // The first row of a group gives it its number.
        let number = |(row, example): (usize, &'a Example)| match example.group.as_deref() {
            Some(group) => *numbers.entry(group).or_insert(row as u32),
            None => row as u32,
        };
        data.examples.iter().enumerate().map(number).collect()
    })
}

pub(super) fn figures(measures: Measures, train_support: Option<&[u64]>) -> Figures {
    let mut labels = measures.labels;
    if let Some(support) = train_support {
        for (row, &n) in labels.iter_mut().zip(support) {
            row.train_support = Some(n);
        }
    }
    Figures { metrics: measures.metrics, labels, confusion: measures.confusion }
}

/// The deciding metric with what it must beat.
pub(super) fn primary(
    learned: &Dataset,
    evaluated: &Dataset,
    counted: &Pair<'_>,
    counting: &Measures,
    measuring: &MeasureOptions,
    (asked, target): (Option<&str>, Option<f64>),
) -> Result<Primary, Error> {
    let imbalanced = review::imbalance(&learned.support()).is_some();
    let present: Vec<&str> = counting.metrics.keys().map(String::as_str).collect();
    let choice = evaluate::choose(learned.task, asked, measuring.costs.is_some(), imbalanced, &present)?;
    let trivial = evaluate::trivial(learned, evaluated, counted, measuring.costs.as_ref(), &choice);
    let estimate = counting.metrics.get(&choice.name).cloned();
    Ok(Primary {
        estimate: estimate.unwrap_or_else(|| Estimate::undefined(counted.len() as u64)),
        name: choice.name,
        title: choice.title,
        higher_is_better: choice.higher_is_better,
        baseline: trivial.value,
        baseline_answer: trivial.answer,
        baseline_accuracy: trivial.accuracy,
        target,
    })
}

pub(super) fn known(labels: &LabelSet, option: &'static str, name: &str) -> Result<u32, Error> {
    labels.id(name).ok_or_else(|| Error::Option {
        option,
        found: name.to_owned(),
        valid: format!("the labels are {}", words::printable(&words::list(labels.names(), 100))),
    })
}

/// The costs stated, by label id.
pub(super) fn costs(labels: &LabelSet, options: &[CostOption]) -> Result<Option<StatedCosts>, Error> {
    if options.is_empty() {
        return Ok(None);
    }
    let mut costs = StatedCosts { miss: vec![0.0; labels.len()], false_alarm: vec![0.0; labels.len()], named: vec![] };
    for option in options {
        let label = known(labels, "--cost", &option.label)?;
        costs.miss[label as usize] = option.miss;
        costs.false_alarm[label as usize] = option.false_alarm;
        costs.named.push(label);
    }
    Ok(Some(costs))
}

/// The id of the positive label named.
pub(super) fn positive(labels: &LabelSet, name: Option<&str>) -> Result<Option<u32>, Error> {
    name.map(|name| known(labels, "--positive", name)).transpose()
}
