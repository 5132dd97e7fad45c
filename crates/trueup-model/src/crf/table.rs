//! Hashes and where to find what belongs to each: the features of a trained model, the entries of its lists of names.
//!
//! Only the first bits of a hash are kept, sorted: an index of the very first tells where to look, and some further bits
//! tell hashes apart. An index of one entry for two to four hashes leaves a chance of about 3 in two to the power of
//! those bits that a hash that is not there is taken for one that is.
//!
//! As the kept bits are sorted, a file can hold the gaps between them alone: they take 17 to 18 bits each with
//! [`FEATURE_BITS`], index and all.

use crate::bits::{Reader, Writer};
use crate::{Array, ModelError, Parts};

/// Hashes an entry of the index, about.
const BUCKET: usize = 4;

/// Keys looked at together.
const WINDOW: usize = 8;

/// Bits that tell features apart. Of the features that a token shows and a model lacks, one in some 40,000 is then taken for
/// another, on one token in two thousand.
pub(super) const FEATURE_BITS: u32 = 17;

/// Bits that tell the entries of lists apart; an entry too many is a fault that shows.
pub(super) const ENTRY_BITS: u32 = 32;

/// Things by hash. The id of a thing is its place in `keys`.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Bits of a hash that the index goes by, 1 to 28.
    bits: u32,
    /// Bits of a hash that follow them and are kept, 1 to 32.
    key_bits: u32,
    /// Where the things of an entry of the index start, and where the last ends.
    starts: Array<u32>,
    /// The kept bits of each hash, ascending within an entry.
    keys: Array<u32>,
}

/// Bits of the index of a table of so many things.
fn index_bits(len: usize) -> u32 {
    (len / BUCKET).max(2).next_power_of_two().ilog2().min(28)
}

impl Table {
    /// A table of things (hash, anything), of at most 2^32 - 2, with that anything in the order of ids. Of hashes that the
    /// kept bits cannot tell apart the first is found.
    pub fn new<T: Ord + Copy>(mut things: Vec<(u64, T)>, key_bits: u32) -> (Self, Vec<T>) {
        things.sort_unstable();
        let bits = index_bits(things.len());
        let table = Self::of_prefixes(things.iter().map(|(hash, _)| hash >> (64 - bits - key_bits)), bits, key_bits);
        (table, things.into_iter().map(|(_, value)| value).collect())
    }

    /// A table of the first bits of hashes, as many as it goes by and keeps, ascending.
    fn of_prefixes(prefixes: impl Iterator<Item = u64>, bits: u32, key_bits: u32) -> Self {
        let mut starts = vec![0u32; (1 << bits) + 1];
        let mut keys = Vec::with_capacity(prefixes.size_hint().0);
        for prefix in prefixes {
            starts[(prefix >> key_bits) as usize + 1] += 1;
            keys.push((prefix & ((1 << key_bits) - 1)) as u32);
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        Self { bits, key_bits, starts: starts.into(), keys: keys.into() }
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether both hold the same hashes.
    pub fn same(&self, other: &Self) -> bool {
        (self.key_bits, &self.starts, &self.keys) == (other.key_bits, &other.starts, &other.keys)
    }

    /// Writes its arrays to `parts` as `NAME_starts` and `NAME_keys`.
    pub fn put(&self, parts: &mut Parts, name: &str) {
        parts.put(&format!("{name}_starts"), &[self.starts.len()], &self.starts);
        parts.put(&format!("{name}_keys"), &[self.keys.len()], &self.keys);
    }

    /// The table that [`Table::put`] wrote. What the index says is checked when it is used.
    pub fn take(parts: &mut Parts, name: &str, key_bits: u32) -> Result<Self, ModelError> {
        let starts: Array<u32> = parts.take(&format!("{name}_starts"), &[None])?;
        let keys: Array<u32> = parts.take(&format!("{name}_keys"), &[None])?;
        let entries = starts.len().wrapping_sub(1);
        if !entries.is_power_of_two() || !(2..=1 << 28).contains(&entries) || keys.len() >= u32::MAX as usize {
            return Err(ModelError::Damaged { what: format!("an index of {} features", starts.len()) });
        }
        Ok(Self { bits: entries.ilog2(), key_bits, starts, keys })
    }

    /// The lowest bits of a gap that stand in its code as they are: best where gaps are of the mean length.
    fn low_bits(len: usize, width: u32) -> u32 {
        width.saturating_sub(len.max(1).ilog2() + 1)
    }

    /// Its hashes, packed.
    pub fn pack(&self) -> Vec<u8> {
        let low = Self::low_bits(self.len(), self.bits + self.key_bits);
        let (mut writer, mut last) = (Writer::default(), 0);
        for (entry, bounds) in (0u64..).zip(self.starts.windows(2)) {
            for &key in &self.keys[bounds[0] as usize..bounds[1] as usize] {
                let prefix = entry << self.key_bits | u64::from(key);
                writer.rice(prefix - last, low);
                last = prefix;
            }
        }
        writer.finish()
    }

    /// The table of `len` hashes that [`Table::pack`] wrote; `None` when the bytes are not of such.
    pub fn unpack(bytes: &[u8], len: usize, key_bits: u32) -> Option<Self> {
        // A gap takes a bit at least.
        if len / 8 > bytes.len() || len >= u32::MAX as usize {
            return None;
        }
        let bits = index_bits(len);
        let (width, low) = (bits + key_bits, Self::low_bits(len, bits + key_bits));
        let (mut reader, mut prefix, mut prefixes) = (Reader::new(bytes), 0u64, Vec::with_capacity(len));
        for _ in 0..len {
            prefix = prefix.checked_add(reader.rice(low)?).filter(|prefix| prefix >> width == 0)?;
            prefixes.push(prefix);
        }
        Some(Self::of_prefixes(prefixes.into_iter(), bits, key_bits))
    }

    /// The id of the thing with this hash; `None` when there is none.
    #[inline]
    pub fn id(&self, hash: u64) -> Option<u32> {
        let at = (hash >> (64 - self.bits)) as usize;
        let (start, end) = (self.starts[at] as usize, self.starts[at + 1] as usize);
        let key = ((hash << self.bits) >> (64 - self.key_bits)) as u32;
        // Nearly always so few that one look at all of them, and at some of the next entry, tells without a loop.
        if let Some(keys) = self.keys.get(start..).and_then(|keys| keys.first_chunk::<WINDOW>())
            && end.wrapping_sub(start) <= WINDOW
        {
            let mut found = 0u32;
            for (i, &k) in keys.iter().enumerate() {
                found |= u32::from(k == key) << i;
            }
            let first = found.trailing_zeros() as usize;
            return (start + first < end).then_some((start + first) as u32);
        }
        let place = self.keys.get(start..end)?.iter().position(|&k| k == key)?;
        Some((start + place) as u32)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use trueup_core::Rng;

    #[test]
    fn every_hash_is_found_and_no_other() {
        for n in [0, 1, 2, 17, 1_000, 40_000] {
            let mut rng = Rng::new(n);
            let hashes: Vec<u64> = (0..n).map(|_| rng.next_u64()).collect();
            let (table, order) = Table::new(hashes.iter().copied().zip(0u32..).collect(), ENTRY_BITS);
            assert_eq!(table.len() as u64, n);
            for (i, &hash) in hashes.iter().enumerate() {
                let id = table.id(hash).map(|id| order[id as usize]);
                assert_eq!(id, Some(i as u32));
            }
            assert!((0..1_000).all(|_| table.id(rng.next_u64()).is_none()));
        }
    }

    #[test]
    fn a_packed_table_is_the_same_and_small() {
        for n in [0, 1, 2, 17, 1_000, 40_000] {
            let mut rng = Rng::new(n);
            let hashes: Vec<u64> = (0..n).map(|_| rng.next_u64()).collect();
            let (table, _) = Table::new(hashes.iter().copied().zip(0u32..).collect(), FEATURE_BITS);
            let bytes = table.pack();
            let again = Table::unpack(&bytes, table.len(), FEATURE_BITS).unwrap();
            assert_eq!((&*again.starts, &*again.keys), (&*table.starts, &*table.keys));
            if n >= 1_000 {
                assert!((bytes.len() * 8) as f64 <= 18.0 * n as f64, "{} bytes for {n}", bytes.len());
                // Others are taken for those that are there about as seldom as said above.
                let wrong = (0..200_000).filter(|_| table.id(rng.next_u64()).is_some()).count();
                assert!(wrong <= 20, "{wrong}");
            }
            assert!(Table::unpack(&bytes, table.len() + 40, FEATURE_BITS).is_none());
            assert!(n < 17 || Table::unpack(&bytes[..bytes.len() / 2], table.len(), FEATURE_BITS).is_none());
        }
    }
}
