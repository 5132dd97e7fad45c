//! The evaluation of a CoNLL file with gold and prediction side by side, from its tags alone.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use trueup_core::counts::{Outcome, Tally, walk};
use trueup_core::document::{Confusion, ConfusionAxes, Evaluated, Guess, SplitSummary};
use trueup_core::measure::{UnitCounts, measure_units};
use trueup_core::scheme::{self, Chunk, Decoded, Scheme, Style, Tag, decode_into};
use trueup_core::spans::{CompatCounts, TagTable};
use trueup_core::{LabelId, Task, words};
use trueup_data::ReadOptions;
use trueup_data::scan::{self, TagColumns};

use super::{document, measuring};
use crate::error::Error;
use crate::evaluate;
use crate::observe::Observer;
use crate::options::EvalOptions;

/// How many sentences one thread takes at once.
const SENTENCES: usize = 8_192;

/// The figures by tags alone; `None` where that is not possible.
pub(super) fn of_tags(path: &Path, options: &EvalOptions, observer: &dyn Observer) -> Result<Option<Evaluated>, Error> {
    let ReadOptions { scheme, strict, ref task, .. } = options.read;
    let plain = ReadOptions { scheme, strict, task: *task, ..ReadOptions::default() };
    let asked = options.by.is_empty() && options.predicted.is_none() && options.costs.is_empty();
    if options.read != plain || !asked || task.is_some_and(|task| task != Task::Ner) {
        return Ok(None);
    }
    let Some(columns) = scan::tags(path) else {
        return Ok(None);
    };
    let style = scheme::detect_style(columns.names.iter().map(String::as_str));
    let table = TagTable::read(&columns.names, style);
    if !table.not_tags.is_empty() || table.labels.is_empty() {
        return Ok(None);
    }
    observer.stage("evaluate");
    let ranges: Vec<_> = columns.sentences().collect();
    let read = |numbers: &[u32]| numbers.iter().map(|&number| table.tags[number as usize]).collect::<Vec<Tag<u32>>>();
    let scheme =
        scheme.unwrap_or_else(|| scheme::detect(ranges.iter().map(|range| read(&columns.gold[range.clone()]))));
    let tool = options.compat.as_ref().map(|name| evaluate::of_spans(name, Some(scheme))).transpose()?;
    let new = || Counted::new(&table, scheme, tool.map(|t| CompatCounts::new(t, &table.labels, table.bare, scheme)));
    let parts: Vec<Counted> = ranges
        .par_chunks(SENTENCES)
        .map(|ranges| {
            let mut counted = new();
            for range in ranges {
                counted.add(&columns.gold[range.clone()], &columns.predicted[range.clone()]);
            }
            counted
        })
        .collect();
    let mut all = new();
    parts.into_iter().for_each(|part| all.merge(part));
    let Counted { kinds, confusion, invalid, compat, .. } = all;
    say(path, &columns, scheme, invalid, observer);
    let measuring = measuring(options, Task::Ner, &table.labels)?;
    let mut names = table.labels.names().to_vec();
    names.push("(none)".to_owned());
    let spans: u64 = confusion[..table.labels.len()].iter().flatten().sum();
    let confusion = Confusion { labels: names, counts: confusion, axes: ConfusionAxes::default() };
    let kinds = kinds.into_iter().map(|(cells, times)| (UnitCounts { cells }, times));
    let measures = measure_units(&table.labels, kinds, Some(confusion), &measuring);
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
    Ok(Some(document(Task::Ner, summary, how, BTreeMap::new(), measures, Vec::new(), compat)))
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

/// Counts of sentences; two of them can be merged.
struct Counted<'a> {
    table: &'a TagTable,
    scheme: Scheme,
    /// How many sentences have such counts of the labels that occur in them.
    kinds: FxHashMap<Vec<(LabelId, Tally)>, u64>,
    /// Gold types by predicted types; the last of each is none.
    confusion: Vec<Vec<u64>>,
    /// Tags of gold and prediction that may not stand where they are.
    invalid: [u64; 2],
    compat: Option<CompatCounts>,
    tags: Vec<Tag<u32>>,
    gold: Decoded<u32>,
    predicted: Decoded<u32>,
    cells: Vec<(LabelId, Tally)>,
    apart: [Vec<Chunk<u32>>; 2],
}

impl<'a> Counted<'a> {
    fn new(table: &'a TagTable, scheme: Scheme, compat: Option<CompatCounts>) -> Self {
        let none = table.labels.len();
        Self {
            table,
            scheme,
            kinds: FxHashMap::default(),
            confusion: vec![vec![0; none + 1]; none + 1],
            invalid: [0; 2],
            compat,
            tags: Vec::new(),
            gold: Decoded::default(),
            predicted: Decoded::default(),
            cells: Vec::new(),
            apart: Default::default(),
        }
    }

    fn add(&mut self, gold: &[u32], predicted: &[u32]) {
        let table = self.table;
        let tags = &mut self.tags;
        let mut read = |numbers: &[u32], into: &mut Decoded<u32>| {
            tags.clear();
            tags.extend(numbers.iter().map(|&number| table.tags[number as usize]));
            decode_into(tags, self.scheme, true, into);
        };
        read(gold, &mut self.gold);
        read(predicted, &mut self.predicted);
        self.invalid[0] += self.gold.invalid.len() as u64;
        self.invalid[1] += self.predicted.invalid.len() as u64;
        let cells = &mut self.cells;
        cells.clear();
        let [missed, spurious] = &mut self.apart;
        missed.clear();
        spurious.clear();
        walk(&self.gold.chunks, &self.predicted.chunks, |chunk, outcome| {
            let place = cells.iter().position(|(label, _)| *label == chunk.2).unwrap_or_else(|| {
                cells.push((chunk.2, Tally::default()));
                cells.len() - 1
            });
            cells[place].1.record(outcome);
            match outcome {
                Outcome::Hit => self.confusion[chunk.2 as usize][chunk.2 as usize] += 1,
                Outcome::Miss => missed.push(*chunk),
                Outcome::FalseAlarm => spurious.push(*chunk),
            }
        });
        cells.sort_unstable_by_key(|(label, _)| *label);
        match self.kinds.get_mut(cells.as_slice()) {
            Some(times) => *times += 1,
            None => _ = self.kinds.insert(cells.clone(), 1),
        }
        pair_up(missed, spurious, &mut self.confusion);
        if let Some(compat) = &mut self.compat {
            compat.add_tags(table, gold, predicted);
        }
    }

    fn merge(&mut self, other: Self) {
        // Sums of whole numbers: the order does not matter.
        #[allow(clippy::iter_over_hash_type)]
        for (kind, times) in other.kinds {
            *self.kinds.entry(kind).or_default() += times;
        }
        for (mine, theirs) in self.confusion.iter_mut().zip(other.confusion) {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
        self.invalid.iter_mut().zip(other.invalid).for_each(|(mine, theirs)| *mine += theirs);
        if let (Some(mine), Some(theirs)) = (&mut self.compat, &other.compat) {
            mine.merge(theirs);
        }
    }
}

/// Spans of one range and two types are taken for each other; others are missed or spurious. Both lists are in order and
/// without overlap.
fn pair_up(missed: &[Chunk<u32>], spurious: &[Chunk<u32>], confusion: &mut [Vec<u64>]) {
    let none = confusion.len() - 1;
    let (mut m, mut s) = (0, 0);
    while m < missed.len() || s < spurious.len() {
        let range = |chunk: &Chunk<u32>| (chunk.0, chunk.1);
        let order = match (missed.get(m), spurious.get(s)) {
            (Some(a), Some(b)) => range(a).cmp(&range(b)),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        let gold = if order.is_le() { missed[m].2 as usize } else { none };
        let predicted = if order.is_ge() { spurious[s].2 as usize } else { none };
        confusion[gold][predicted] += 1;
        m += usize::from(order.is_le());
        s += usize::from(order.is_ge());
    }
}
