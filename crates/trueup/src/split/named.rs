//! By column: the parts that the file names itself.

use std::collections::BTreeMap;

use trueup_data::corpus::{Key, Split};

/// The part of each record (0 train, 1 valid, 2 test) by the name of its split, and how many records have which name that
/// is none of the usual ones.
pub(super) fn parts(names: &[Option<Key>]) -> (Vec<Option<usize>>, BTreeMap<String, u64>) {
    let mut others: BTreeMap<String, u64> = BTreeMap::new();
    let part = |name: &Option<Key>| {
        let name = name.as_deref().unwrap_or_default();
        let part = Split::of(name).map(|split| match split {
            Split::Train => 0,
            Split::Validation => 1,
            Split::Test => 2,
        });
        if part.is_none() {
            *others.entry(name.to_owned()).or_default() += 1;
        }
        part
    };
    let parts = names.iter().map(part).collect();
    (parts, others)
}
