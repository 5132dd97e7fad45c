//! What came of a split: sizes, labels, what was kept together, and what identifies each part.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use trueup_core::document::{Guess, Skipped};
use trueup_data::corpus::{Record, fingerprint};
use trueup_data::{Losses, Read};

use super::Assignment;
use super::units::{Kept, marks};
use crate::options::SplitOptions;

/// What came of a split. `trueup split DATA -o DIR --json -` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SplitReport {
    /// `trueup.split/1`.
    pub schema: String,
    /// The file or folder as it was named.
    pub file: String,
    /// The format it was read as.
    pub format: String,
    /// What decided: `stratified`, `hash`, `id`, `time`, `column`.
    pub by: String,
    /// The seed; it plays no part where times or the file decide.
    pub seed: u64,
    /// Whether the parts are folds.
    pub folds: bool,
    /// Examples in the file.
    pub examples: u64,
    /// The parts, in order.
    pub parts: Vec<PartReport>,
    /// Each label or type of span, in the order of their names.
    pub labels: Vec<LabelSpread>,
    /// The label whose share differs most between a part and the whole.
    pub largest_difference: Option<Apart>,
    /// Labels with two examples or more that a part lacks, by part.
    pub missing: BTreeMap<String, Vec<String>>,
    /// What was kept together; absent where examples went their own way.
    pub kept: Option<Kept>,
    /// Examples in no part, by the name that the file gives their split.
    pub left_out: BTreeMap<String, u64>,
    /// Order-free hash of texts and answers of the whole file: 32 hexadecimal digits.
    pub fingerprint: String,
    /// The file that says of each example which part it is in.
    pub assignment: String,
    /// The format of the parts; absent where none were written.
    pub written_as: Option<String>,
    /// What that format cannot hold, by kind: how often, and the first.
    pub losses: BTreeMap<String, Loss>,
    /// What was decided from the content.
    pub guesses: Vec<Guess>,
    /// Records left out on reading.
    pub skipped: Vec<Skipped>,
    /// Anything else worth saying.
    pub notes: Vec<String>,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PartReport {
    /// `train`, `valid`, `test`, or the fold's number.
    pub name: String,
    /// Where it was written.
    pub file: Option<String>,
    /// Examples.
    pub examples: u64,
    /// The share of the examples that are in a part.
    pub share: f64,
    /// Examples without a reference answer.
    pub unlabelled: u64,
    /// Order-free hash of texts and answers: 32 hexadecimal digits.
    pub fingerprint: String,
}

/// How a label is spread.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LabelSpread {
    /// The label, or the type of spans.
    pub label: String,
    /// How often it is given, in all parts.
    pub count: u64,
    /// How often in each part, in the order of the parts.
    pub counts: Vec<u64>,
    /// The largest difference between its share of a part's labels and its share of all.
    pub difference: f64,
}

/// A share that differs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Apart {
    /// The label.
    pub label: String,
    /// The part.
    pub part: String,
    /// Its share of the part's labels.
    pub share: f64,
    /// Its share of all labels.
    pub of_all: f64,
}

/// What a format could not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Loss {
    /// How often.
    pub count: u64,
    /// What the first one was, in words.
    pub first: String,
}

impl SplitReport {
    /// Takes in what the writer could not hold.
    pub(super) fn lose(&mut self, losses: &Losses) {
        let of = losses.kinds.iter();
        self.losses = of
            .map(|(kind, lost)| (kind.name().to_owned(), Loss { count: lost.count, first: lost.first.clone() }))
            .collect();
    }
}

/// The report on a split of `file`, before anything is written.
pub fn report(file: &str, read: &Read, assignment: &Assignment, options: &SplitOptions) -> SplitReport {
    let records = &read.corpus.records;
    let parts = assignment.parts.len();
    let mut counts: BTreeMap<String, (Vec<u64>, u64)> = BTreeMap::new();
    let mut unlabelled = vec![0; parts];
    for (record, part) in records.iter().zip(&assignment.of) {
        let Some(part) = *part else {
            continue;
        };
        match marks(record) {
            None => unlabelled[part] += 1,
            Some(marks) => {
                for (label, n) in marks {
                    let (by_part, examples) = counts.entry(label).or_insert_with(|| (vec![0; parts], 0));
                    by_part[part] += n;
                    *examples += 1;
                }
            }
        }
    }
    let totals: Vec<u64> = (0..parts).map(|part| counts.values().map(|(by, _)| by[part]).sum()).collect();
    let all: u64 = totals.iter().sum();
    let share = |n: u64, of: u64| if of == 0 { 0.0 } else { n as f64 / of as f64 };
    let mut labels = Vec::with_capacity(counts.len());
    let mut largest: Option<(f64, Apart)> = None;
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (label, (by_part, examples)) in counts {
        let count: u64 = by_part.iter().sum();
        let of_all = share(count, all);
        let mut difference: f64 = 0.0;
        for (part, &n) in by_part.iter().enumerate().filter(|(part, _)| totals[*part] > 0) {
            let found = share(n, totals[part]);
            difference = difference.max((found - of_all).abs());
            if largest.as_ref().is_none_or(|(most, _)| (found - of_all).abs() > *most) {
                let part = assignment.parts[part].clone();
                largest = Some(((found - of_all).abs(), Apart { label: label.clone(), part, share: found, of_all }));
            }
            if n == 0 && examples > 1 && (options.folds.is_none() || examples >= parts as u64) {
                missing.entry(assignment.parts[part].clone()).or_default().push(label.clone());
            }
        }
        labels.push(LabelSpread { label, count, counts: by_part, difference });
    }
    let sizes = assignment.sizes();
    let placed: usize = sizes.iter().sum();
    let of_part = |part: usize| -> Vec<&Record> {
        records.iter().zip(&assignment.of).filter(|(_, p)| **p == Some(part)).map(|(record, _)| record).collect()
    };
    let one = |part: usize| PartReport {
        name: assignment.parts[part].clone(),
        file: None,
        examples: sizes[part] as u64,
        share: share(sizes[part] as u64, placed as u64),
        unlabelled: unlabelled[part],
        fingerprint: fingerprint(of_part(part)),
    };
    SplitReport {
        schema: "trueup.split/1".into(),
        file: file.into(),
        format: read.format.name().into(),
        by: options.by.name().into(),
        seed: options.seed,
        folds: options.folds.is_some(),
        examples: records.len() as u64,
        parts: (0..parts).map(one).collect(),
        labels,
        largest_difference: largest.map(|(_, apart)| apart).filter(|apart| (apart.share - apart.of_all).abs() > 0.0),
        missing,
        kept: Some(assignment.kept).filter(|kept| kept.units > 0),
        left_out: assignment.left_out.clone(),
        fingerprint: fingerprint(records),
        assignment: String::new(),
        written_as: None,
        losses: BTreeMap::new(),
        guesses: read.guesses.clone(),
        skipped: read.skipped.clone(),
        notes: read.notes.iter().chain(&assignment.notes).cloned().collect(),
    }
}
