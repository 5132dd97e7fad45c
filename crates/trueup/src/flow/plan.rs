//! Plans for training, made from splits: which rows learn, which are watched, which are answered.

use std::collections::BTreeSet;

use trueup_core::{Dataset, words};

use crate::error::Error;
use crate::load::Part;
use crate::review::{SideName, Twins};
use crate::split::Stratification;
use crate::train::{Fold, Plan};

/// Under so many examples nothing can be learned and held out at once.
const FEWEST: usize = 10;
/// Folds of a review without a test set.
pub const FOLDS: usize = 5;
/// One in so many training examples is watched by early stopping when no validation data is given.
const WATCHED_PART: usize = 10;
/// Keeps the quarters of the learning curve apart from the folds under the same seed.
const QUARTERS: u64 = 0x51;

/// Keeps the folds inside of a training part apart from those outside.
const INNER: u64 = 0x1f;

/// The plan for training on `all` rows of `data`; twins (`clusters`, one number a row of the data) stay together. With
/// `valid` there is validation data, and no row is watched. It has so many `inner` folds, or as many as the rows allow.
pub fn plan(data: &Dataset, clusters: &[u32], all: Vec<usize>, valid: bool, inner: usize, seed: u64) -> Plan {
    let (mut fit, watched) = if valid {
        (all.clone(), Vec::new())
    } else {
        let (kept, held) = Stratification::new(data, clusters, &all, seed).hold_out(WATCHED_PART);
        let rows = |positions: Vec<usize>| positions.into_iter().map(|position| all[position]).collect::<Vec<_>>();
        (rows(kept), rows(held))
    };
    if fit.is_empty() {
        // A single group cannot be parted; it is watched on itself.
        fit.clone_from(&watched);
    }
    let quarters = Stratification::new(data, clusters, &fit, seed ^ QUARTERS).folds(4);
    let mut folds = Vec::new();
    if inner > 1 {
        let strata = Stratification::new(data, clusters, &all, seed ^ INNER);
        let fold_of = strata.folds(strata.units().clamp(2, inner));
        for number in 0..=fold_of.iter().max().copied().unwrap_or(0) {
            let rows = |inside: bool| -> Vec<usize> {
                all.iter().zip(&fold_of).filter(|&(_, &f)| (f == number) == inside).map(|(&row, _)| row).collect()
            };
            let (held, kept) = (rows(true), rows(false));
            if !held.is_empty() && !kept.is_empty() {
                folds.push(Fold { held, plan: plan(data, clusters, kept, false, 0, seed) });
            }
        }
    }
    Plan { all, fit, watched, quarters, folds }
}

/// Folds of data, and what is said of them.
pub struct Folded {
    /// The folds.
    pub folds: Vec<Fold>,
    /// What each row belongs to: rows of one cluster stay in one fold.
    pub clusters: Vec<u32>,
    /// How many folds, of what.
    pub how: String,
}

/// The folds of a part whose rows belong to `clusters`; the training part of each has so many `inner` folds.
///
/// # Errors
///
/// When it cannot be parted, or is too small.
pub fn folded(part: &Part, clusters: Vec<u32>, inner: usize, seed: u64) -> Result<Folded, Error> {
    let data = &part.data;
    let rows: Vec<usize> = (0..data.len()).collect();
    let groups: BTreeSet<&str> = data.examples.iter().filter_map(|example| example.group.as_deref()).collect();
    let (mut clusters, mut apart) = (clusters, "");
    let mut strata = Stratification::new(data, &clusters, &rows, seed);
    if strata.units() < FOLDS && groups.is_empty() {
        // Texts of one template are all twins of one another; then only equal texts are kept together, and this is said.
        clusters = Twins::new(vec![(SideName::Train, data)]).exact_clusters(SideName::Train);
        strata = Stratification::new(data, &clusters, &rows, seed);
        apart = "; near twins on both sides, since nearly all are twins";
    }
    let count = strata.units().min(FOLDS);
    if count < 2 || data.len() < FEWEST {
        return Err(Error::TooLittle {
            file: part.summary.file.clone(),
            found: match groups.len() {
                _ if data.len() < FEWEST => words::counted(data.len() as u64, "example"),
                0 => "all texts are equal".to_owned(),
                n => format!("{} that must stay whole", words::counted(n as u64, "group")),
            },
            needed: format!("folds need at least {FEWEST} examples in two parts that differ"),
            hint: "label more, group more finely, or name a test set with --test".into(),
        });
    }
    let folds = words::counted(count as u64, "fold");
    let how = match groups.len() {
        0 => format!("{folds}{apart}"),
        n => format!("{folds} of {}", words::counted(n as u64, "whole group")),
    };
    let folds = self::folds(data, &clusters, &strata.folds(count), inner, seed);
    Ok(Folded { folds, clusters, how })
}

/// The plans of all folds; `fold_of` names each row's fold, from 0.
pub fn folds(data: &Dataset, clusters: &[u32], fold_of: &[usize], inner: usize, seed: u64) -> Vec<Fold> {
    let count = fold_of.iter().max().map_or(0, |fold| fold + 1);
    (0..count)
        .map(|fold| {
            let (held, kept) = (0..data.len()).partition(|&row| fold_of[row] == fold);
            Fold { held, plan: plan(data, clusters, kept, false, inner, seed) }
        })
        .collect()
}
