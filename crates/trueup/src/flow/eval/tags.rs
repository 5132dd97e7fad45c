//! The evaluation of a CoNLL file with gold and prediction side by side, from its tags alone.

mod count;

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use trueup_core::document::{Confusion, ConfusionAxes, Evaluated, Guess, SpanFigures, SplitSummary};
use trueup_core::measure::{Measures, measure_units};
use trueup_core::scheme::{self, Scheme, Style, Tag};
use trueup_core::spans::{CompatCounts, LengthBucket, Mistakes, TagTable, Way};
use trueup_core::{LabelSet, Span, Task, words};
use trueup_data::ReadOptions;
use trueup_data::scan::{self, TagColumns, Tags};

use super::spans::{invalid_tags, matchings};
use super::{Measuring, document};
use crate::error::Error;
use crate::evaluate;
use crate::evaluate::spans::{mention_rows, mistakes, strict_row, type_cells};
use crate::observe::Observer;
use crate::options::EvalOptions;
use count::Counted;

/// How many sentences one thread takes at once.
const SENTENCES: usize = 8_192;

/// Whether nothing was asked that needs more than tags.
fn is_plain(options: &EvalOptions) -> bool {
    let ReadOptions { scheme, strict, ref task, .. } = options.read;
    let plain = ReadOptions { scheme, strict, task: *task, ..ReadOptions::default() };
    let rows = options.way != Way::Strict || options.train.is_some() || options.weights.is_some() || options.curves;
    let asked = options.by.is_empty() && options.predicted.is_none() && options.costs.is_empty() && !rows;
    asked && options.read == plain && task.is_none_or(|task| task == Task::Ner)
}

/// The figures by tags alone; `None` where that is not possible.
pub(super) fn of_tags(path: &Path, options: &EvalOptions, observer: &dyn Observer) -> Result<Option<Evaluated>, Error> {
    let Some(tags) = is_plain(options).then(|| scan::tags(path)).flatten() else {
        return Ok(None);
    };
    let columns = &tags.columns;
    let style = scheme::detect_style(columns.names.iter().map(String::as_str));
    let table = TagTable::read(&columns.names, style);
    if !table.not_tags.is_empty() || table.labels.is_empty() {
        return Ok(None);
    }
    observer.stage("evaluate");
    let ranges: Vec<_> = columns.sentences().enumerate().collect();
    let read = |numbers: &[u32]| numbers.iter().map(|&number| table.tags[number as usize]).collect::<Vec<Tag<u32>>>();
    let detect = || scheme::detect(ranges.iter().map(|(_, range)| read(&columns.gold[range.clone()])));
    let scheme = options.read.scheme.unwrap_or_else(detect);
    let tool = options.compat.as_ref().map(|name| evaluate::of_spans(name, Some(scheme))).transpose()?;
    let new = || Counted::new(&table, scheme, tool.map(|t| CompatCounts::new(t, &table.labels, table.bare, scheme)));
    let parts: Vec<Counted> = ranges
        .par_chunks(SENTENCES)
        .map(|ranges| {
            let mut counted = new();
            ranges.iter().for_each(|(number, range)| counted.add(*number as u32, columns, range.clone()));
            counted
        })
        .collect();
    let mut all = new();
    parts.into_iter().for_each(|part| all.merge(part));
    let count::Finished { kinds, confusion, invalid, compat, units, mistakes, lengths } = all.finish();
    say(path, columns, scheme, invalid, observer);
    let measuring = Measuring::new(options, Task::Ner, &table.labels)?;
    let mut names = table.labels.names().to_vec();
    names.push("(none)".to_owned());
    let spans: u64 = confusion[..table.labels.len()].iter().flatten().sum();
    let confusion = Confusion { labels: names, counts: confusion, axes: ConfusionAxes::default() };
    let mut measures = measure_units(&table.labels, kinds, Some(confusion), &measuring.all);
    let metrics = measuring.take(&mut measures);
    leave_out_unused(&mut measures);
    let [gold, predicted] = invalid;
    let (kinds, types) = quoted(&tags, &mistakes, &table.labels);
    let figures = SpanFigures {
        matching: Way::Strict.name().to_owned(),
        matchings: matchings(strict_row(Way::Strict, &metrics), &units, None, None, options.intervals),
        mistakes: kinds,
        types,
        invalid_tags: Some(invalid_tags(scheme, gold, Some(predicted))),
        by_length: mention_rows(&lengths, |bucket: &LengthBucket| bucket.name(), options.intervals),
        by_seen: Vec::new(),
        by_consistency: Vec::new(),
        calibration: None,
    };
    let shares = |by| measures.confusion.as_ref().map(|confusion| evaluate::shares(confusion, None, by));
    let confusion_shares = options.normalise.and_then(shares);
    let plan = evaluate::plan(Task::Ner, metrics.get("f1"), ranges.len() as u64, false);
    let side = if style == Style::Suffix { ", the letter after the type" } else { "" };
    let guess = |what: String, option: &str| Guess { what, option: Some(option.to_owned()) };
    let [gold, predicted] = columns.columns;
    let both = format!("column {gold} holds gold and column {predicted}, with the same types, what a model predicted");
    let summary = SplitSummary {
        name: "test".into(),
        file: path.display().to_string(),
        format: "conll".into(),
        examples: ranges.len() as u64,
        spans: Some(spans),
        guesses: vec![guess(both, "--label"), guess(format!("tags are {scheme}{side}"), "--scheme")],
        skipped: Vec::new(),
    };
    let compat = tool.zip(compat).map(|(tool, counts)| evaluate::of_counts(tool, &counts));
    let how = format!("predictions in {}", path.display());
    let document = document(Task::Ner, summary, how, BTreeMap::new(), measures, Vec::new(), compat);
    Ok(Some(Evaluated { spans: Some(figures), confusion_shares, plan, ..document }))
}

/// Leaves out the types that stand in invalid tags alone and so in no span.
fn leave_out_unused(measures: &mut Measures) {
    let used: Vec<bool> = measures.labels.iter().map(|row| row.support + row.predicted > 0).collect();
    if used.iter().all(|used| !used) {
        return;
    }
    let kept = |at: usize| used.get(at).copied().unwrap_or(true);
    measures.labels.retain(|row| row.support + row.predicted > 0);
    if let Some(confusion) = &mut measures.confusion {
        let parts = |list: Vec<u64>| list.into_iter().enumerate().filter(|(at, _)| kept(*at)).map(|(_, n)| n).collect();
        let rows = std::mem::take(&mut confusion.counts).into_iter().enumerate();
        confusion.counts = rows.filter(|(row, _)| kept(*row)).map(|(_, row)| parts(row)).collect();
        let labels = std::mem::take(&mut confusion.labels).into_iter().enumerate();
        confusion.labels = labels.filter(|(at, _)| kept(*at)).map(|(_, label)| label).collect();
    }
}

/// Mistakes and pairs of types with the words of their spans.
fn quoted(
    tags: &Tags,
    found: &Mistakes,
    labels: &LabelSet,
) -> (Vec<trueup_core::document::Mistake>, Vec<trueup_core::document::TypeCell>) {
    let of_kinds = found.kinds().flat_map(|(_, counts)| &counts.examples);
    let of_types = found.types().flat_map(|(.., counts)| &counts.examples);
    let mut sentences: Vec<usize> = of_kinds.chain(of_types).map(|pair| pair.document as usize).collect();
    sentences.sort_unstable();
    sentences.dedup();
    let texts: Vec<String> = tags.words(&sentences).into_iter().map(|words| words.join(" ")).collect();
    let quote = |sentence: u32, span: &Span| {
        let place = sentences.binary_search(&(sentence as usize)).ok();
        let text = place.and_then(|place| texts.get(place)?.get(span.range()));
        text.unwrap_or_default().to_owned()
    };
    // Examples without an id have the number of their record.
    let id = |sentence: u32| (u64::from(sentence) + 1).to_string();
    (mistakes(found, labels, &quote, &id), type_cells(found, labels, &quote, &id))
}

/// Says how many tags may not stand where they are.
fn say(path: &Path, columns: &TagColumns, scheme: Scheme, invalid: [u64; 2], observer: &dyn Observer) {
    for (side, (column, count)) in ["gold", "predicted"].iter().zip(columns.columns.iter().zip(invalid)) {
        if count > 0 {
            observer.note(&format!(
                "{}: {} in column {column} ({side}) invalid under {scheme}: left out of every span",
                path.display(),
                words::counted(count, "tag"),
            ));
        }
    }
}
