//! Stats: what is in a file, before anything is done with it: sizes, answers, lengths, languages, duplicates, and what is
//! odd.
//!
//! Everything is counted over all records but the languages, which are judged on a sample. Nothing is judged good or
//! bad here; that is the job of a review.

mod languages;
mod lengths;
mod odd;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashMap};
use schemars::JsonSchema;
use serde::Serialize;
use trueup_core::document::{Guess, Skipped};
use trueup_core::fingerprint::text_hash;
use trueup_core::text::normalise;
use trueup_data::corpus::{Gold, Record, Status, fingerprint, said, settle};
use trueup_data::{Read, text_of};

pub use lengths::Lengths;
pub use odd::Odd;

/// A column with more distinct values than this is not listed by value.
const MOST_VALUES: usize = 20;

/// What is in a file. `trueup stats FILE --json -` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Stats {
    /// `trueup.stats/1`.
    pub schema: String,
    /// The file or folder as it was named.
    pub file: String,
    /// The format it was read as.
    pub format: String,
    /// How sure that is: `certain`, `likely`, `possible`.
    pub confidence: String,
    /// Examples: annotated units, whether they are labelled yet or not. Markers such as `-DOCSTART-` and texts that a
    /// project does not list are none.
    pub examples: u64,
    /// Examples without a reference answer: nobody answered, or no answer was given most often.
    pub unlabelled: u64,
    /// Labels, or types of spans, that occur in gold or in answers; where there are neither, those of models.
    pub labels: u64,
    /// Spans in the reference answers.
    pub spans: u64,
    /// Tokens, where the file has them.
    pub tokens: u64,
    /// Answers of people, one each an example and person. Drafts, and what nobody signed nor accepted, only count by their
    /// status.
    pub answers: u64,
    /// People who answered.
    pub annotators: u64,
    /// Answers of models.
    pub predictions: u64,
    /// Files of a project's folder that the project does not list.
    pub unlisted: u64,
    /// Examples a split, where the file names splits.
    pub splits: BTreeMap<String, u64>,
    /// Reference answers a label (spans a type).
    pub label_counts: BTreeMap<String, u64>,
    /// Labels and types that the file declares, in its order, whether they occur or not.
    pub declared: Vec<String>,
    /// How many examples have how many labels; only where it is not always one.
    pub labels_per_example: BTreeMap<u64, u64>,
    /// Answers by person.
    pub answers_by: BTreeMap<String, u64>,
    /// Answers by what became of them: `accepted`, `rejected`, `ignored`, `skipped`, `draft`.
    pub answers_by_status: BTreeMap<String, u64>,
    /// Lengths of texts in code points.
    pub characters: Option<Lengths>,
    /// Lengths of texts in tokens: the file's, else Unicode words.
    pub words: Option<Lengths>,
    /// Share of texts a language (ISO 639-3), in a sample of at most 1,000 texts spread over the file. A guess by the
    /// frequency of letters among 69 languages; texts too short to tell, and files in a language that is none of those,
    /// count as `unclear`.
    pub languages: BTreeMap<String, f64>,
    /// Examples whose normalised text stands in an earlier example too.
    pub duplicates: u64,
    /// Of these, examples whose answer differs from the earlier one's.
    pub conflicts: u64,
    /// The other columns.
    pub columns: Vec<Column>,
    /// What is odd, in the order of places.
    pub odd: Vec<Odd>,
    /// What was decided from the content.
    pub guesses: Vec<Guess>,
    /// Records left out.
    pub skipped: Vec<Skipped>,
    /// Anything else worth saying.
    pub notes: Vec<String>,
    /// Order-free hash of texts and answers: 32 hexadecimal digits.
    pub fingerprint: String,
}

/// A metadata column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Examples with a value.
    pub filled: u64,
    /// Distinct values.
    pub distinct: u64,
    /// How often each value occurs, where there are at most 20.
    pub values: BTreeMap<String, u64>,
}

/// Counts what was read of `file`.
pub fn stats(file: &str, read: &Read) -> Stats {
    let records = &read.corpus.records;
    let outline = &read.corpus.outline;
    let golds: Vec<Gold> = records.par_iter().map(settle).collect();
    let mut counts: FxHashMap<&str, u64> = FxHashMap::default();
    let mut sizes: BTreeMap<u64, u64> = BTreeMap::new();
    let mut spans = 0;
    for answer in golds.iter().filter_map(Gold::answer) {
        if let Some(labels) = &answer.labels {
            *sizes.entry(labels.len() as u64).or_default() += 1;
            labels.iter().for_each(|choice| *counts.entry(&choice.label).or_default() += 1);
        }
        for mark in answer.spans.iter().flatten() {
            spans += 1;
            *counts.entry(&mark.label).or_default() += 1;
        }
    }
    let label_counts: BTreeMap<String, u64> = counts.into_iter().map(|(name, n)| (name.to_owned(), n)).collect();
    let mut names: BTreeSet<&str> = label_counts.keys().map(String::as_str).collect();
    let (mut by, mut by_status) = (BTreeMap::new(), BTreeMap::new());
    let mut answers = 0;
    let mut splits: BTreeMap<String, u64> = BTreeMap::new();
    for record in records {
        if let Some(split) = &record.split {
            match splits.get_mut(&**split) {
                Some(count) => *count += 1,
                None => _ = splits.insert(split.to_string(), 1),
            }
        }
        for response in &record.responses {
            let signed = response.annotator.as_ref().filter(|_| response.status != Status::Draft);
            answers += u64::from(signed.is_some() || response.status == Status::Accepted);
            if let Some(annotator) = signed {
                *by.entry(annotator.clone()).or_default() += 1;
            }
            *by_status.entry(response.status.name().to_owned()).or_default() += 1;
            if response.status == Status::Accepted {
                names.extend(response.answer.labels.iter().flatten().map(|choice| choice.label.as_str()));
                names.extend(response.answer.spans.iter().flatten().map(|mark| mark.label.as_str()));
            }
        }
    }
    if names.is_empty() {
        for prediction in records.iter().flat_map(|record| &record.predictions) {
            names.extend(prediction.answer.labels.iter().flatten().map(|choice| choice.label.as_str()));
            names.extend(prediction.answer.spans.iter().flatten().map(|mark| mark.label.as_str()));
            names.extend(prediction.scores.iter().map(|(label, _)| label.as_str()));
        }
    }
    let (labels, ratings) = (names.len() as u64, ratings(&names));
    let (duplicates, conflicts) = duplicates(records, &golds);
    if sizes.keys().all(|&n| n == 1) {
        sizes.clear();
    }
    let declared = outline.declared_labels.iter().chain(&outline.declared_spans).cloned().collect();
    Stats {
        schema: "trueup.stats/1".to_owned(),
        file: file.to_owned(),
        format: read.format.name().to_owned(),
        confidence: read.confidence.name().to_owned(),
        examples: records.len() as u64,
        unlabelled: golds.iter().filter(|gold| gold.answer().is_none()).count() as u64,
        labels,
        spans,
        tokens: records.iter().map(|r| r.tokens.len() as u64).sum(),
        answers,
        annotators: by.len() as u64,
        predictions: outline.occurs.predictions,
        unlisted: outline.unlisted,
        splits,
        label_counts,
        declared,
        labels_per_example: sizes,
        answers_by: by,
        answers_by_status: by_status,
        characters: lengths::characters(records),
        words: lengths::words(records),
        languages: languages::languages(records),
        duplicates,
        conflicts,
        columns: columns(read),
        odd: odd::odd(records, &golds),
        guesses: read.guesses.clone(),
        skipped: read.skipped.clone(),
        notes: read.notes.iter().cloned().chain(ratings).collect(),
        fingerprint: fingerprint(records),
    }
}

/// With so many labels that all are numbers, they are ratings rather than classes.
const MANY_NUMBERS: usize = 12;

/// What is to be said where the labels are ratings.
fn ratings(names: &BTreeSet<&str>) -> Option<String> {
    let numbers: Vec<f64> = names.iter().map_while(|name| name.trim().parse().ok()).collect();
    if numbers.len() < names.len() || numbers.len() < MANY_NUMBERS {
        return None;
    }
    let (low, high) = numbers.iter().fold((f64::MAX, f64::MIN), |(low, high), &n| (low.min(n), high.max(n)));
    Some(format!("all {} labels are numbers, {low} to {high}: ratings or ids rather than classes?", numbers.len()))
}

fn duplicates(records: &[Record], golds: &[Gold]) -> (u64, u64) {
    let keys: Vec<Option<u128>> =
        records.par_iter().map(|record| record.text.as_deref().map(|text| text_hash(&normalise(text)))).collect();
    let mut first: FxHashMap<u128, usize> = FxHashMap::with_capacity_and_hasher(keys.len(), FxBuildHasher);
    let (mut again, mut conflicts) = (0, 0);
    for (i, key) in keys.into_iter().enumerate() {
        let Some(key) = key else {
            continue;
        };
        match first.entry(key) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(i);
            }
            std::collections::hash_map::Entry::Occupied(entry) => {
                again += 1;
                conflicts += u64::from(said(golds[*entry.get()].answer()) != said(golds[i].answer()));
            }
        }
    }
    (again, conflicts)
}

fn columns(read: &Read) -> Vec<Column> {
    let mut columns = Vec::new();
    for name in &read.corpus.outline.columns {
        let mut values: FxHashMap<Cow<str>, u64> = FxHashMap::default();
        let (mut filled, mut nested) = (0, false);
        for value in read.corpus.records.iter().filter_map(|r| r.value(name)) {
            let text = value.as_str().map_or_else(|| Cow::Owned(text_of(value)), Cow::Borrowed);
            nested |= value.is_object() || value.is_array();
            if !text.is_empty() {
                filled += 1;
                *values.entry(text).or_default() += 1;
            }
        }
        let distinct = values.len() as u64;
        let listed = if values.len() <= MOST_VALUES && !nested {
            values.into_iter().map(|(value, count)| (value.into_owned(), count)).collect()
        } else {
            BTreeMap::new()
        };
        columns.push(Column { name: name.to_string(), filled, distinct, values: listed });
    }
    columns
}
