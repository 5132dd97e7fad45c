//! Split: folds and held-out parts that keep what belongs together on one side.
//!
//! [`Stratification`] is what a review uses. [`assign`] is `trueup split`: it assigns the records of a file, labelled or
//! not, to parts or folds, [`report`] says what came of it, and `write` writes it. Each way to decide is a module:
//! `stratified`, `hashed`, `timed`, `named`.
//!
//! Folds of a review are stratified by label, seeded, and independent of the order of the rows: rows are grouped into units
//! (near-duplicates and `--group` stay together), units are ordered by a hash of their texts, and each goes where its
//! rarest label is most needed. The same function serves the five folds of a review, the 80/20 split of large data
//! and the tenth of training data that early stopping watches.

mod assign;
mod hashed;
mod named;
#[cfg(test)]
mod properties;
mod report;
mod sets;
mod stratified;
mod timed;
mod units;
mod write;

use rustc_hash::FxHashMap;
use trueup_core::fingerprint::text_key;
use trueup_core::{Dataset, LabelId};

pub use assign::{Assignment, assign};
pub use report::{Apart, LabelSpread, PartReport, SplitReport, report};
pub use units::Kept;
pub use write::write;

use sets::Sets;

/// What must stay together and what must be spread evenly, for some rows of a data set. Positions are places in the
/// list of rows given.
#[derive(Debug)]
pub struct Stratification {
    /// Positions of each unit.
    units: Vec<Vec<u32>>,
    /// The stratum of each unit: its rarest label, or the one past the last for units without any.
    strata: Vec<usize>,
    /// Hash of each unit's texts under the seed.
    keys: Vec<u64>,
    /// How many strata there are.
    count: usize,
    rows: usize,
}

impl Stratification {
    /// Groups `rows` of `data` by `clusters` (one number a row of the data; rows of the same number are twins) and by
    /// `Example::group`, and finds each unit's stratum.
    pub fn new(data: &Dataset, clusters: &[u32], rows: &[usize], seed: u64) -> Self {
        let parents = unite(data, clusters, rows);
        let mut index: FxHashMap<u32, usize> = FxHashMap::default();
        let mut units: Vec<Vec<u32>> = Vec::new();
        for (position, &root) in parents.iter().enumerate() {
            let unit = *index.entry(root).or_insert_with(|| {
                units.push(Vec::new());
                units.len() - 1
            });
            units[unit].push(position as u32);
        }
        let support = data.support();
        let none = data.labels.len();
        let example = |&position: &u32| &data.examples[rows[position as usize]];
        let rarest = |labels: Vec<LabelId>| labels.into_iter().min_by_key(|&l| (support[l as usize], l));
        let stratum = |unit: &Vec<u32>| {
            let labels = unit.iter().flat_map(|position| example(position).gold.labels()).collect();
            rarest(labels).map_or(none, |l| l as usize)
        };
        let strata = units.iter().map(stratum).collect();
        // Adding the hashes makes a unit's key independent of the order of its rows.
        let key = |position: &u32| text_key(&example(position).text, seed);
        let keys = units.iter().map(|unit| unit.iter().map(key).fold(0, u64::wrapping_add)).collect();
        Self { units, strata, keys, count: none + 1, rows: rows.len() }
    }

    /// How many units there are: the most folds that can be made.
    pub fn units(&self) -> usize {
        self.units.len()
    }

    /// The fold (from 0) of each position, for `folds` folds of about equal size and label mix. A fold can be empty only
    /// when there are fewer units than folds.
    pub fn folds(&self, folds: usize) -> Vec<usize> {
        assert!(folds > 0, "at least one fold");
        let mut order: Vec<usize> = (0..self.units.len()).collect();
        // Large units first, while every fold still has room for them; ties in an order that only the seed decides.
        order.sort_unstable_by_key(|&u| (std::cmp::Reverse(self.units[u].len()), self.keys[u], u));
        let mut by_stratum = vec![vec![0usize; folds]; self.count];
        let mut sizes = vec![0usize; folds];
        let mut fold_of = vec![0; self.rows];
        for unit in order {
            let stratum = &mut by_stratum[self.strata[unit]];
            let start = (self.keys[unit] % folds as u64) as usize;
            let fold = (0..folds)
                .map(|i| (start + i) % folds)
                .min_by_key(|&f| (stratum[f], sizes[f]))
                .expect("at least one fold");
            stratum[fold] += self.units[unit].len();
            sizes[fold] += self.units[unit].len();
            self.units[unit].iter().for_each(|&row| fold_of[row as usize] = fold);
        }
        fold_of
    }

    /// Splits the positions into a kept part and a held-out part of about one in `parts`. Neither is empty when there are
    /// at least two units.
    pub fn hold_out(&self, parts: usize) -> (Vec<usize>, Vec<usize>) {
        let folds = self.folds(parts.min(self.units.len()).max(2));
        let held = (0..parts).find(|f| folds.contains(f)).unwrap_or(0);
        (0..self.rows).partition(|&row| folds[row] != held)
    }
}

/// For each position the smallest position of its unit: rows with the same cluster or the same group are one unit.
fn unite(data: &Dataset, clusters: &[u32], rows: &[usize]) -> Vec<u32> {
    let mut sets = Sets::new(rows.len());
    let mut first_of_cluster: FxHashMap<u32, u32> = FxHashMap::default();
    let mut first_of_group: FxHashMap<&str, u32> = FxHashMap::default();
    for (position, &row) in rows.iter().enumerate() {
        let position = position as u32;
        let twin = *first_of_cluster.entry(clusters[row]).or_insert(position);
        let mate = data.examples[row].group.as_deref().map(|g| *first_of_group.entry(g).or_insert(position));
        for other in [Some(twin), mate].into_iter().flatten() {
            sets.join(position, other);
        }
    }
    sets.roots()
}

#[cfg(test)]
mod tests {
    use super::*;
    use trueup_core::{Annotation, Example, LabelSet, Task};

    fn data(rows: &[(String, u32, Option<&str>)]) -> Dataset {
        Dataset {
            task: Task::Classification,
            labels: LabelSet::new(["a", "b", "c"]),
            examples: rows
                .iter()
                .enumerate()
                .map(|(i, (text, label, group))| Example {
                    id: i.to_string(),
                    text: text.clone(),
                    gold: Annotation::Label(*label),
                    tokens: vec![],
                    group: group.map(str::to_owned),
                    time: None,
                    metadata: vec![],
                    line: i as u64 + 1,
                })
                .collect(),
            columns: vec![],
            tags: vec![],
            has_text: true,
        }
    }

    fn rows(n: usize) -> Vec<(String, u32, Option<&'static str>)> {
        (0..n).map(|i| (format!("text {i}"), [0, 0, 0, 1, 1, 2][i % 6], None)).collect()
    }

    fn all(n: usize) -> Vec<usize> {
        (0..n).collect()
    }

    fn alone(n: usize) -> Vec<u32> {
        (0..n as u32).collect()
    }

    #[test]
    fn folds_hold_every_label_evenly() {
        let data = data(&rows(300));
        let folds = Stratification::new(&data, &alone(300), &all(300), 42).folds(5);
        for fold in 0..5 {
            for (label, want) in [(0, 30), (1, 20), (2, 10)] {
                let n =
                    (0..300).filter(|&r| folds[r] == fold && data.examples[r].gold == Annotation::Label(label)).count();
                assert_eq!(n, want, "fold {fold}, label {label}");
            }
        }
    }

    #[test]
    fn twins_and_groups_stay_together() {
        let mut rows = rows(60);
        rows[3].2 = Some("thread");
        rows[40].2 = Some("thread");
        let mut clusters = alone(60);
        clusters[40] = clusters[17];
        let folds = Stratification::new(&data(&rows), &clusters, &all(60), 42).folds(5);
        assert_eq!((folds[3], folds[40]), (folds[17], folds[17]));
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_the_seed_does() {
        let rows = rows(120);
        let mut turned = rows.clone();
        turned.reverse();
        let folds = |rows: &[_], seed| Stratification::new(&data(rows), &alone(120), &all(120), seed).folds(5);
        let (a, mut b) = (folds(&rows, 42), folds(&turned, 42));
        b.reverse();
        assert_eq!(a, b);
        assert_ne!(a, folds(&rows, 43));
    }

    #[test]
    fn a_held_out_part_is_never_empty() {
        for n in [2, 3, 11] {
            let (kept, held) = Stratification::new(&data(&rows(n)), &alone(n), &all(n), 42).hold_out(10);
            assert!(!kept.is_empty() && !held.is_empty() && kept.len() + held.len() == n, "{n}");
        }
    }
}
