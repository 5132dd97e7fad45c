//! The splits that a file names itself: which rows learn, which are watched, which are evaluated.

use std::collections::BTreeMap;

use trueup_core::document::Guess;
use trueup_core::words;
use trueup_data::corpus::Split;

use super::Part;

/// Rows of a file by the role of the split that the file assigns them to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// Rows to learn from.
    pub train: Vec<usize>,
    /// Rows to stop and calibrate by.
    pub valid: Vec<usize>,
    /// Rows to be evaluated.
    pub test: Vec<usize>,
    /// What was decided, in words.
    pub guess: Option<Guess>,
}

/// The rows by role, where the file names both a training and a test split by usual names. `valid_given` says that the
/// validation set comes from elsewhere, so that the file's is left out.
pub fn named(part: &Part, valid_given: bool) -> Option<Named> {
    let mut named = Named::default();
    // How many rows each name has, under its role; rows that take no part under `None`.
    let mut counts: BTreeMap<Option<Split>, BTreeMap<&str, u64>> = BTreeMap::new();
    for (row, split) in part.splits.iter().enumerate() {
        let name = split.as_deref().unwrap_or_default();
        let role = Split::of(name).filter(|&role| role != Split::Validation || !valid_given);
        *counts.entry(role).or_default().entry(name).or_default() += 1;
        match role {
            Some(Split::Train) => named.train.push(row),
            Some(Split::Validation) => named.valid.push(row),
            Some(Split::Test) => named.test.push(row),
            None => {}
        }
    }
    if named.train.is_empty() || named.test.is_empty() {
        return None;
    }
    let list = |role| {
        let names: Vec<String> = counts
            .get(&role)
            .into_iter()
            .flatten()
            .map(|(name, &n)| match *name {
                "" => format!("{} without a split", words::counted(n, "example")),
                name => format!("'{}' ({})", words::shorten(&words::printable(name), 40), words::count(n)),
            })
            .collect();
        names.join(" and ")
    };
    let noun = |role| words::agree(counts.get(&role).map_or(0, |names| names.len() as u64), "split", "splits");
    let mut what = format!("the test set is the {} {} of the file", noun(Some(Split::Test)), list(Some(Split::Test)));
    what += &format!(", the training set {}", list(Some(Split::Train)));
    if !named.valid.is_empty() {
        what += &format!(", the validation set {}", list(Some(Split::Validation)));
    }
    if counts.contains_key(&None) {
        what += &format!("; left out: {}", list(None));
    }
    named.guess = Some(Guess { what, option: Some("--ignore-splits".to_owned()) });
    Some(named)
}
