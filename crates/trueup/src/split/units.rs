//! What of a file's records must stay together, and what each unit holds of every label.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Serialize;
use trueup_core::fingerprint::{digest, text_key};
use trueup_core::similarity::{Corpus, NEAR};
use trueup_core::text::normalise;
use trueup_data::corpus::{AUGMENTED_FROM, Key, Record, said, settle};
use trueup_data::text_of;

use super::Sets;

/// What was kept in one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Kept {
    /// Units: what one part gets as a whole.
    pub units: u64,
    /// Clusters of near-duplicates (equal texts included).
    pub twin_clusters: u64,
    /// Examples in them.
    pub twins: u64,
    /// Groups of two examples or more.
    pub groups: u64,
    /// Examples in them.
    pub grouped: u64,
}

/// What keeps texts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alike {
    /// Near-duplicates.
    Near,
    /// Equal normalised texts.
    Equal,
    /// Nothing.
    Nothing,
}

/// The units of some records. Strata are the labels in the order of their names, then what was found to have none, then
/// what nobody has labelled.
#[derive(Debug)]
pub(super) struct Units {
    /// The rows of each unit.
    pub rows: Vec<Vec<u32>>,
    /// A hash of each unit's content under the seed.
    pub keys: Vec<u64>,
    /// How much each unit holds of which strata, by stratum.
    pub strata: Vec<Vec<(usize, u64)>>,
    /// How many strata are labels.
    pub labels: usize,
    /// What was kept together.
    pub kept: Kept,
}

impl Units {
    /// How many strata there are.
    pub fn count(&self) -> usize {
        self.labels + 2
    }
}

/// How often a record's reference answer holds each label or type of span; `None` without one.
pub(super) fn marks(record: &Record) -> Option<BTreeMap<String, u64>> {
    let gold = settle(record);
    let answer = gold.answer()?;
    let mut marks: BTreeMap<String, u64> = BTreeMap::new();
    let labels = answer.labels.iter().flatten().map(|choice| &choice.label);
    for label in labels.chain(answer.spans.iter().flatten().map(|mark| &mark.label)) {
        *marks.entry(label.clone()).or_default() += 1;
    }
    Some(marks)
}

/// The value of the group of each record; none where the cell is empty. Without a column, augmented examples are in the
/// group of what they were made of.
pub(super) fn groups(records: &[Record], column: Option<&Key>) -> Vec<Option<String>> {
    if column.is_none() && records.iter().any(|record| record.value(AUGMENTED_FROM).is_some()) {
        let of = |(number, record): (u64, &Record)| {
            let number = if record.number > 0 { record.number } else { number };
            let own = || record.id.clone().unwrap_or_else(|| number.to_string());
            record.value(AUGMENTED_FROM).map(text_of).filter(|id| !id.is_empty()).unwrap_or_else(own)
        };
        return (1u64..).zip(records).map(|row| Some(of(row))).collect();
    }
    let value = |record: &Record| column.and_then(|column| record.value(column)).map(text_of);
    records.iter().map(|record| value(record).filter(|text| !text.trim().is_empty())).collect()
}

/// The number of each record's cluster of texts that are alike; `None` for records without text.
fn clusters(records: &[Record], alike: Alike) -> Vec<Option<u32>> {
    let mut clusters = vec![None; records.len()];
    if alike == Alike::Nothing {
        return clusters;
    }
    let rows: Vec<usize> = (0..records.len()).filter(|&row| !normalise(records[row].text()).is_empty()).collect();
    let texts: Vec<&str> = rows.iter().map(|&row| records[row].text()).collect();
    let corpus = Corpus::new(&texts);
    let numbers = match alike {
        Alike::Near => corpus.clusters(NEAR),
        _ => (0..texts.len() as u32).map(|text| corpus.members(text)[0]).collect(),
    };
    rows.into_iter().zip(numbers).for_each(|(row, number)| clusters[row] = Some(number));
    clusters
}

/// Joins rows of the same value; how many values two rows or more have, and how many rows that is.
fn join<K: std::hash::Hash + Eq>(sets: &mut Sets, values: impl Iterator<Item = Option<K>>) -> (u64, u64) {
    let mut first: FxHashMap<K, (u32, u64)> = FxHashMap::default();
    let (mut several, mut rows) = (0, 0);
    for (row, value) in values.enumerate() {
        let Some(value) = value else {
            continue;
        };
        let (first, count) = first.entry(value).or_insert((row as u32, 0));
        *count += 1;
        match *count {
            1 => {}
            2 => (several, rows) = (several + 1, rows + 2),
            _ => rows += 1,
        }
        sets.join(*first, row as u32);
    }
    (several, rows)
}

/// The units of `records`, which the values of `groups` and texts that are `alike` keep together.
pub(super) fn units(records: &[Record], groups: &[Option<String>], alike: Alike, seed: u64) -> Units {
    let mut sets = Sets::new(records.len());
    let (twin_clusters, twins) = join(&mut sets, clusters(records, alike).into_iter());
    let (groups, grouped) = join(&mut sets, groups.iter().map(Option::as_deref));
    let mut index: FxHashMap<u32, usize> = FxHashMap::default();
    let mut rows: Vec<Vec<u32>> = Vec::new();
    for (row, root) in (0..).zip(sets.roots()) {
        let unit = *index.entry(root).or_insert_with(|| {
            rows.push(Vec::new());
            rows.len() - 1
        });
        rows[unit].push(row);
    }
    let answers: Vec<Option<BTreeMap<String, u64>>> = records.iter().map(marks).collect();
    let names: std::collections::BTreeSet<&str> = answers.iter().flatten().flatten().map(|(n, _)| n.as_str()).collect();
    let ids: FxHashMap<&str, usize> = names.into_iter().zip(0..).collect();
    let labels = ids.len();
    let strata = |unit: &Vec<u32>| {
        let mut of: BTreeMap<usize, u64> = BTreeMap::new();
        for &row in unit {
            match &answers[row as usize] {
                None => *of.entry(labels + 1).or_default() += 1,
                Some(marks) if marks.is_empty() => *of.entry(labels).or_default() += 1,
                Some(marks) => marks.iter().for_each(|(name, n)| *of.entry(ids[name.as_str()]).or_default() += n),
            }
        }
        of.into_iter().collect()
    };
    // Adding the hashes makes a unit's key independent of the order of its rows. Answers and ids count, so that only
    // records that are the same in all of it are told apart by their place.
    let key = |row: &u32| text_key(&content(&records[*row as usize]), seed);
    let kept = Kept { units: rows.len() as u64, twin_clusters, twins, groups, grouped };
    Units {
        strata: rows.iter().map(strata).collect(),
        keys: rows.iter().map(|unit| unit.iter().map(key).fold(0, u64::wrapping_add)).collect(),
        rows,
        labels,
        kept,
    }
}

/// What tells a record from others, in short.
fn content(record: &Record) -> String {
    let gold = settle(record);
    let mut pieces = vec![record.id.clone().unwrap_or_default(), record.text().to_owned()];
    for (start, end, label) in said(gold.answer()) {
        pieces.extend([start.to_string(), end.to_string(), label.to_owned()]);
    }
    digest(pieces)
}
