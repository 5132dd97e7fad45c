//! The features of a trained model: where the weights of each are, found without building anything on loading.
//!
//! Features are known by their hashes, sorted; an index of the first bits tells where to look, and 32 further bits tell
//! features apart. An index of one entry for some four to eight features leaves a chance of about 8 in 2^32 that a feature that
//! training did not see is taken for one that it did.

use crate::{Array, ModelError, Parts};

/// Features an entry of the index, about.
const BUCKET: usize = 4;

/// Features by hash. The id of a feature is its place in `keys`.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Bits of a hash that the index goes by, 1 to 28.
    bits: u32,
    /// Where the features of an entry of the index start, and where the last ends.
    starts: Array<u32>,
    /// The next 32 bits of each hash, ascending within an entry.
    keys: Array<u32>,
}

impl Table {
    /// A table of features (hash, anything), of at most 2^32 - 2, with that anything in the order of ids.
    pub fn new<T: Ord + Copy>(mut features: Vec<(u64, T)>) -> (Self, Vec<T>) {
        features.sort_unstable();
        let bits = (features.len() / BUCKET).max(2).next_power_of_two().ilog2().min(28);
        let mut starts = vec![0u32; (1 << bits) + 1];
        for (hash, _) in &features {
            starts[(hash >> (64 - bits)) as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let keys: Vec<u32> = features.iter().map(|(hash, _)| (hash >> (32 - bits)) as u32).collect();
        let table = Self { bits, starts: starts.into(), keys: keys.into() };
        (table, features.into_iter().map(|(_, value)| value).collect())
    }

    /// How many features there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Writes its arrays to `parts` as `NAME_starts` and `NAME_keys`.
    pub fn put(&self, parts: &mut Parts, name: &str) {
        parts.put(&format!("{name}_starts"), &[self.starts.len()], &self.starts);
        parts.put(&format!("{name}_keys"), &[self.keys.len()], &self.keys);
    }

    /// The table that [`Table::put`] wrote. What the index says is checked when it is used.
    pub fn take(parts: &mut Parts, name: &str) -> Result<Self, ModelError> {
        let starts: Array<u32> = parts.take(&format!("{name}_starts"), &[None])?;
        let keys: Array<u32> = parts.take(&format!("{name}_keys"), &[None])?;
        let entries = starts.len().wrapping_sub(1);
        if !entries.is_power_of_two() || !(2..=1 << 28).contains(&entries) || keys.len() >= u32::MAX as usize {
            return Err(ModelError::Damaged { what: format!("an index of {} features", starts.len()) });
        }
        Ok(Self { bits: entries.ilog2(), starts, keys })
    }

    /// The id of the feature with this hash; `None` when there is none.
    #[inline]
    pub fn id(&self, hash: u64) -> Option<u32> {
        let at = (hash >> (64 - self.bits)) as usize;
        let start = self.starts[at] as usize;
        let keys = self.keys.get(start..self.starts[at + 1] as usize)?;
        let key = (hash >> (32 - self.bits)) as u32;
        // So few that looking at all of them beats a search, whose branches cannot be foreseen.
        let below = keys.iter().map(|&k| u32::from(k < key)).sum::<u32>() as usize;
        (keys.get(below) == Some(&key)).then_some((start + below) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trueup_core::Rng;

    #[test]
    fn every_feature_is_found_and_no_other() {
        for n in [0, 1, 2, 17, 1_000, 40_000] {
            let mut rng = Rng::new(n);
            let hashes: Vec<u64> = (0..n).map(|_| rng.next_u64()).collect();
            let (table, order) = Table::new(hashes.iter().copied().zip(0u32..).collect());
            assert_eq!(table.len() as u64, n);
            for (i, &hash) in hashes.iter().enumerate() {
                let id = table.id(hash).map(|id| order[id as usize]);
                assert_eq!(id, Some(i as u32));
            }
            assert!((0..1_000).all(|_| table.id(rng.next_u64()).is_none()));
        }
    }
}
