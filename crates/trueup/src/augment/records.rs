//! New records of the records of a file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trueup_core::fingerprint::text_key;
use trueup_core::{Task, words};
use trueup_data::corpus::{AUGMENTED_FROM, Answer, Key, Record, Split, settle};
use trueup_data::{Read, text_of};

use super::draw::{self, Drawer, OF_TEMPLATE, Origin, Quota, Source};
use super::edits::Marked;
use super::mentions::Mentions;
use super::methods::{METHODS, Means, SPECIAL, TEMPLATE};
use super::options::AugmentOptions;
use super::refuse::Gate;
use super::report::{AugmentReport, LabelGrowth, MethodCount, Sample, Short};
use super::templates::Templates;
use crate::error::Error;

/// The metadata column of the method; `augmented_by` where the data has a column of this name.
pub const METHOD: &str = "method";
/// Remarks of a format on a record, which are not true of another text.
const REMARKS: &str = "comments";

/// A new example.
#[derive(Debug, Clone, PartialEq)]
pub struct New {
    /// The record.
    pub record: Record,
    /// The places of the records that it owes something to, set by set: its source alone; for each mention that was put
    /// in, the records that hold it. It may train a model only if of each set one may.
    pub owes: Vec<Vec<usize>>,
}

/// New examples and what is to be said of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Augmented {
    /// In the order of their sources in the file, those of templates last.
    pub new: Vec<New>,
    /// Nothing of it is written yet.
    pub report: AugmentReport,
}

/// What may be learned from: a record's place, id and answer.
struct Learnable<'a> {
    place: usize,
    id: String,
    text: &'a str,
    answer: Answer,
    record: &'a Record,
}

/// Makes new examples of the records of `file`. None is a twin of a text of `test`, nor of a record that the file itself
/// puts in a test or validation split; those are no sources either.
///
/// # Errors
///
/// When an option names what there is not, or there is nothing to make examples of.
pub fn augment(
    file: &str,
    read: &Read,
    test: &[String],
    templates: Option<&Templates>,
    options: &AugmentOptions,
) -> Result<Augmented, Error> {
    let task = options.read.task.unwrap_or_else(|| task_of(read));
    let methods = options.chosen(task == Task::Ner)?;
    let records = &read.corpus.records;
    let held_out =
        |record: &Record| record.split.as_deref().and_then(Split::of).is_some_and(|split| split != Split::Train);
    let learnable = learnable(records, &held_out);
    let none = Templates::default();
    let templates = templates.unwrap_or(&none);
    known_labels(task, &learnable, templates, options)?;
    let marked: Vec<Marked<'_>> =
        learnable.iter().map(|l| Marked { text: l.text, answer: &l.answer, tokens: &l.record.tokens }).collect();
    let mentions = Mentions::new(learnable.iter().zip(&marked).map(|(l, marked)| (l.place, *marked)));
    templates.check(task, &mentions)?;
    let wanted = |l: &Learnable<'_>| {
        let made = l.record.value(AUGMENTED_FROM).is_some_and(|value| !text_of(value).is_empty());
        !made && (options.only.is_empty() || labels(&l.answer, task).iter().any(|label| options.only.contains(label)))
    };
    let mut sources: Vec<Source<'_>> = Vec::new();
    for (l, marked) in learnable.iter().zip(&marked).filter(|(l, _)| wanted(l)) {
        // Numbers are places in the file, which decide nothing.
        let id = l.record.id.as_deref().unwrap_or_default();
        let key = text_key(&format!("{id}\u{0}{}", l.text), options.seed);
        sources.push(Source { origin: Origin::Example(*marked), place: l.place, key });
    }
    if methods.iter().any(|method| method.name == TEMPLATE) {
        for (number, template) in templates.all.iter().enumerate() {
            let key = text_key(&template.source, options.seed);
            sources.push(Source { origin: Origin::Template(template), place: records.len() + number, key });
        }
    }
    let for_examples: Vec<_> = methods.iter().copied().filter(|method| method.name != TEMPLATE).collect();
    if for_examples.is_empty() {
        sources.retain(|source| matches!(source.origin, Origin::Template(_)));
    }
    sources.sort_by_key(|source| (source.key, source.place));
    let examples = sources.iter().filter(|source| matches!(source.origin, Origin::Example(_))).count() as u64;
    if sources.is_empty() {
        return Err(Error::TooLittle {
            file: file.to_owned(),
            found: format!("{}, none to make others of", words::counted(records.len() as u64, "record")),
            needed: "it takes labelled texts that are in no test or validation split and not augmented themselves"
                .into(),
            hint: "--label and --text say which columns they are; --only names labels that there are".into(),
        });
    }
    let out = records.iter().filter(|record| held_out(record)).map(Record::text);
    let test: Vec<&str> = test.iter().map(String::as_str).chain(out).collect();
    let mut gate = Gate::new(records.iter().map(Record::text).enumerate(), test);
    let means = Means { share: options.share, mentions: &mentions };
    let tried = vec![0; sources.len()];
    let mut drawer =
        Drawer { sources: &sources, methods: &for_examples, means: &means, templates, task, tried, made: Vec::new() };
    let before = count_labels(learnable.iter().map(|l| &l.answer), task);
    let short = fill(&mut drawer, &mut gate, &before, learnable.len() as u64, options);
    let mut made = std::mem::take(&mut drawer.made);
    made.sort_by_key(|new| new.source);
    let mut report = report(file, read, task, options, &methods);
    report.sources = examples;
    report.short = short;
    report.refused = gate.refused;
    let new = finish(records, &learnable, &mentions, templates, made, &mut report);
    let answers = learnable.iter().map(|l| &l.answer).chain(new.iter().filter_map(|new| new.record.gold.as_ref()));
    let after = count_labels(answers, task);
    report.labels = after
        .into_iter()
        .map(|(label, after)| LabelGrowth { before: before.get(&label).copied().unwrap_or(0), after, label })
        .collect();
    report.added = new.len() as u64;
    Ok(Augmented { new, report })
}

/// The kind of answers that the file has.
fn task_of(read: &Read) -> Task {
    let occurs = &read.corpus.outline.occurs;
    if occurs.spans > 0 && (occurs.marks > 0 || occurs.labels == 0) {
        Task::Ner
    } else if read.corpus.outline.is_multilabel() {
        Task::Multilabel
    } else {
        Task::Classification
    }
}

fn learnable<'a>(records: &'a [Record], held_out: &dyn Fn(&Record) -> bool) -> Vec<Learnable<'a>> {
    let of = |(place, record): (usize, &'a Record)| {
        let gold = settle(record);
        let mut answer = gold.answer()?.clone();
        // A remark is about the text as it was, and scores are those of a model for it.
        answer.comment = None;
        answer.labels.iter_mut().flatten().for_each(|choice| choice.score = None);
        answer.spans.iter_mut().flatten().for_each(|mark| mark.score = None);
        let number = if record.number > 0 { record.number } else { place as u64 + 1 };
        let id = record.id.clone().unwrap_or_else(|| number.to_string());
        let text = record.text.as_deref().filter(|text| !text.trim().is_empty())?;
        (!held_out(record)).then_some(Learnable { place, id, text, answer, record })
    };
    records.iter().enumerate().filter_map(of).collect()
}

/// The labels of an answer, or the types of its spans; each once, sorted.
fn labels(answer: &Answer, task: Task) -> BTreeSet<String> {
    match task {
        Task::Ner => answer.spans.iter().flatten().map(|mark| mark.label.clone()).collect(),
        _ => answer.labels.iter().flatten().map(|choice| choice.label.clone()).collect(),
    }
}

/// How many answers hold each label.
fn count_labels<'a>(answers: impl Iterator<Item = &'a Answer>, task: Task) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for label in answers.flat_map(|answer| labels(answer, task)) {
        *counts.entry(label).or_insert(0) += 1;
    }
    counts
}

/// Refuses options that name labels that there are not.
fn known_labels(
    task: Task,
    learnable: &[Learnable<'_>],
    templates: &Templates,
    options: &AugmentOptions,
) -> Result<(), Error> {
    let mut known: BTreeSet<String> = learnable.iter().flat_map(|l| labels(&l.answer, task)).collect();
    known.extend(templates.all.iter().flat_map(|template| template.labels.iter().cloned()));
    let only = options.only.iter().map(|label| ("--only", label));
    let asked = only.chain(options.targets.iter().map(|target| ("--target", &target.label)));
    for (option, label) in asked {
        if !known.contains(label) {
            let names: Vec<&String> = known.iter().collect();
            let valid = format!("the labels are {}", words::printable(&words::list(&names, 100)));
            return Err(Error::Option { option, found: label.clone(), valid });
        }
    }
    Ok(())
}

/// Meets what was asked for; says what could not be met.
fn fill(
    drawer: &mut Drawer<'_>,
    gate: &mut Gate<'_>,
    before: &BTreeMap<String, u64>,
    examples: u64,
    options: &AugmentOptions,
) -> Vec<Short> {
    let mut short = Vec::new();
    let mut meet = |drawer: &mut Drawer<'_>, label: Option<&str>, quota: &Quota| {
        let made = drawer.fill(quota, gate);
        if made < quota.need {
            short.push(Short { label: label.map(str::to_owned), asked: quota.need, made });
        }
    };
    let all: Vec<usize> = (0..drawer.sources.len()).collect();
    if let Some(factor) = options.factor {
        let need = ((factor - 1.0) * examples as f64).round() as u64;
        meet(drawer, None, &Quota { sources: all, need, cap: options.per_example });
    } else if options.targets.is_empty() {
        let cap = options.per_example.unwrap_or(1);
        let of = |source: &Source<'_>| match source.origin {
            Origin::Example(_) => cap,
            Origin::Template(_) => cap.saturating_mul(OF_TEMPLATE),
        };
        let need = drawer.sources.iter().map(of).fold(0, u64::saturating_add);
        meet(drawer, None, &Quota { sources: all, need, cap: Some(cap) });
    }
    // In the order of labels, whatever the order they were typed in.
    let targets: BTreeMap<&str, u64> = options.targets.iter().map(|t| (t.label.as_str(), t.examples)).collect();
    for (label, wanted) in targets {
        let made = count_labels(drawer.made.iter().map(|new| &new.edited.answer), drawer.task);
        let there = before.get(label).copied().unwrap_or(0) + made.get(label).copied().unwrap_or(0);
        let holds = |&source: &usize| match drawer.sources[source].origin {
            Origin::Example(marked) => labels(marked.answer, drawer.task).contains(label),
            Origin::Template(template) => template.holds(label, drawer.task),
        };
        let sources = (0..drawer.sources.len()).filter(holds).collect();
        let quota = Quota { sources, need: wanted.saturating_sub(there), cap: options.per_example };
        meet(drawer, Some(label), &quota);
    }
    short
}

fn report(
    file: &str,
    read: &Read,
    task: Task,
    options: &AugmentOptions,
    methods: &[super::methods::Method],
) -> AugmentReport {
    let count = |method: &super::methods::Method| MethodCount {
        method: method.name.to_owned(),
        does: method.does.to_owned(),
        added: 0,
    };
    AugmentReport {
        schema: "trueup.augment/1".into(),
        file: file.to_owned(),
        format: read.format.name().to_owned(),
        task: task.name().to_owned(),
        seed: options.seed,
        examples: read.corpus.records.len() as u64,
        sources: 0,
        added: 0,
        methods: METHODS.iter().chain(&SPECIAL).filter(|method| methods.contains(method)).map(count).collect(),
        labels: Vec::new(),
        refused: super::Refused::default(),
        short: Vec::new(),
        samples: Vec::new(),
        gain: None,
        written: None,
        written_as: None,
        losses: BTreeMap::new(),
        guesses: read.guesses.clone(),
        skipped: read.skipped.clone(),
        notes: read.notes.clone(),
    }
}

/// Makes records of what was drawn, with ids and origins; counts them and keeps a sample of each method.
fn finish(
    records: &[Record],
    learnable: &[Learnable<'_>],
    mentions: &Mentions,
    templates: &Templates,
    made: Vec<draw::New>,
    report: &mut AugmentReport,
) -> Vec<New> {
    let mut ids: BTreeSet<String> = learnable.iter().map(|l| l.id.clone()).collect();
    ids.extend(records.iter().filter_map(|record| record.id.clone()));
    let taken = records.iter().any(|record| record.value(METHOD).is_some() && record.value(AUGMENTED_FROM).is_none());
    let method_column = Key::from(if taken { "augmented_by" } else { METHOD });
    let from_column = Key::from(AUGMENTED_FROM);
    let mut last: (usize, u64) = (usize::MAX, 0);
    let mut new = Vec::with_capacity(made.len());
    for draw::New { source, method, edited, put_in } in made {
        let base = learnable.binary_search_by_key(&source, |l| l.place).ok().map(|at| &learnable[at]);
        let template = source.checked_sub(records.len()).map(|number| &templates.all[number]);
        let (from, stem, text) = match (base, template) {
            (Some(base), _) => (base.id.clone(), base.id.clone(), base.text.to_owned()),
            (None, Some(template)) => {
                let place = format!("{}:{}", templates.file, template.line);
                (place, format!("template{}", template.line), template.source.clone())
            }
            (None, None) => unreachable!("a source is an example or a template"),
        };
        let mut number = if last.0 == source { last.1 + 1 } else { 1 };
        while !ids.insert(format!("{stem}~{number}")) {
            number += 1;
        }
        last = (source, number);
        let kept = |(key, _): &&(Key, Value)| ![REMARKS, AUGMENTED_FROM].contains(&&**key) && *key != method_column;
        let mut metadata: Vec<(Key, Value)> =
            base.iter().flat_map(|base| base.record.metadata.iter().filter(kept).cloned()).collect();
        metadata.push((from_column.clone(), from.clone().into()));
        metadata.push((method_column.clone(), method.into()));
        if let Some(count) = report.methods.iter_mut().find(|count| count.method == method) {
            if count.added == 0 {
                let (before, after) = (text, edited.text.clone());
                report.samples.push(Sample { method: method.to_owned(), from, before, after });
            }
            count.added += 1;
        }
        let record = Record {
            id: Some(format!("{stem}~{number}")),
            place: base.map(|base| base.record.place.clone()).unwrap_or_default(),
            text: Some(edited.text),
            split: base.and_then(|base| base.record.split.clone()),
            tokens: edited.tokens,
            gold: Some(edited.answer),
            metadata,
            ..Record::default()
        };
        let owes = base.iter().map(|base| vec![base.place]);
        let owes = owes.chain(put_in.iter().map(|&mention| mentions.holders(mention).to_vec())).collect();
        new.push(New { record, owes });
    }
    report.samples.sort_by_key(|sample| report.methods.iter().position(|count| count.method == sample.method));
    new
}
