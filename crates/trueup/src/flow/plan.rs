//! Plans for training, made from splits: which rows learn, which are watched, which are answered.

use trueup_core::Dataset;

use crate::split::Stratification;
use crate::train::{Fold, Plan};

/// One in so many training examples is watched by early stopping when no validation data is given.
const WATCHED_PART: usize = 10;
/// Keeps the quarters of the learning curve apart from the folds under the same seed.
const QUARTERS: u64 = 0x51;

/// The plan for training on `all` rows of `data`; twins (`clusters`, one number a row of the data) stay together. With
/// `valid` there is validation data, and no row is watched.
pub fn plan(data: &Dataset, clusters: &[u32], all: Vec<usize>, valid: bool, seed: u64) -> Plan {
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
    Plan { all, fit, watched, quarters }
}

/// The plans of all folds; `fold_of` names each row's fold, from 0.
pub fn folds(data: &Dataset, clusters: &[u32], fold_of: &[usize], seed: u64) -> Vec<Fold> {
    let count = fold_of.iter().max().map_or(0, |fold| fold + 1);
    (0..count)
        .map(|fold| {
            let (held, kept) = (0..data.len()).partition(|&row| fold_of[row] == fold);
            Fold { held, plan: plan(data, clusters, kept, false, seed) }
        })
        .collect()
}
