//! Texts as sets of character 5-grams, rarest gram first.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Code points in a gram. A text of fewer has one gram, the text itself, which equals no gram of a longer text.
pub const GRAM: usize = 5;

/// Texts cut at a time: bounds the keys that are in memory at once.
const BLOCK: usize = 8192;

/// The gram sets of a list of texts.
///
/// Grams are numbered by ascending frequency in the whole list (ties by their characters), which is the order that a
/// prefix filter wants. Grams that occur once in the whole list cannot be shared: they count in the size of their set and
/// are not stored.
#[derive(Debug)]
pub(super) struct Shingles {
    starts: Vec<usize>,
    grams: Vec<u32>,
    sizes: Vec<u32>,
    kinds: usize,
}

impl Shingles {
    pub fn new(texts: &[String]) -> Self {
        let cutter = Cutter::new(texts);
        let mut ids: FxHashMap<u64, u32> = FxHashMap::default();
        let mut keys: Vec<u64> = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        let mut raw: Vec<u32> = Vec::new();
        let mut raw_starts = vec![0];
        for block in texts.chunks(BLOCK) {
            let cut: Vec<Vec<u64>> = block.par_iter().with_min_len(128).map(|text| cutter.cut(text)).collect();
            for text in &cut {
                for &key in text {
                    let id = *ids.entry(key).or_insert(keys.len() as u32);
                    if id as usize == keys.len() {
                        keys.push(key);
                        counts.push(0);
                    }
                    counts[id as usize] += 1;
                    raw.push(id);
                }
                raw_starts.push(raw.len());
            }
        }
        drop(ids);

        let mut order: Vec<u32> = (0..keys.len() as u32).collect();
        order.par_sort_unstable_by_key(|&id| (counts[id as usize], keys[id as usize]));
        let alone = order.partition_point(|&id| counts[id as usize] == 1);
        let mut rank = vec![0u32; keys.len()];
        for (r, &id) in order.iter().enumerate() {
            rank[id as usize] = r as u32;
        }
        drop((order, keys, counts));

        let mut sets = Self {
            starts: vec![0],
            grams: Vec::with_capacity(raw.len()),
            sizes: Vec::with_capacity(texts.len()),
            kinds: rank.len() - alone,
        };
        for block in raw_starts.windows(2).collect::<Vec<_>>().chunks(BLOCK) {
            let sorted: Vec<(u32, Vec<u32>)> = block
                .par_iter()
                .with_min_len(128)
                .map(|range| {
                    let mut set: Vec<u32> = raw[range[0]..range[1]].iter().map(|&id| rank[id as usize]).collect();
                    set.sort_unstable();
                    set.dedup();
                    let size = set.len() as u32;
                    set.retain(|&gram| gram as usize >= alone);
                    for gram in &mut set {
                        *gram -= alone as u32;
                    }
                    (size, set)
                })
                .collect();
            for (size, set) in sorted {
                sets.grams.extend(set);
                sets.starts.push(sets.grams.len());
                sets.sizes.push(size);
            }
        }
        sets
    }

    /// The number of sets.
    pub fn len(&self) -> usize {
        self.sizes.len()
    }

    /// The number of different stored grams; grams are `0..kinds`.
    pub fn kinds(&self) -> usize {
        self.kinds
    }

    /// The number of grams of set `id`, stored or not; at least 1.
    pub fn size(&self, id: u32) -> u32 {
        self.sizes[id as usize]
    }

    /// The stored grams of set `id`, ascending. They are the last ones of the whole set: what is not stored is rarer.
    pub fn set(&self, id: u32) -> &[u32] {
        &self.grams[self.starts[id as usize]..self.starts[id as usize + 1]]
    }
}

/// Numbers grams: exactly while the texts hold at most 7,130 different characters (five digits of that base fill 64 bits),
/// beyond that by a 64-bit hash, whose chance of any collision among ten million grams is 3 in a million.
struct Cutter {
    /// From code point to 1 and up, in code point order; 0 does not occur.
    codes: Vec<u32>,
    base: u64,
}

const LARGEST_BASE: u64 = 7131;

impl Cutter {
    fn new(texts: &[String]) -> Self {
        let mut codes = vec![0u32; char::MAX as usize + 1];
        for c in texts.iter().flat_map(|text| text.chars()) {
            codes[c as usize] = 1;
        }
        let mut used = 0;
        for code in codes.iter_mut().filter(|code| **code == 1) {
            used += 1;
            *code = used;
        }
        Self { codes, base: u64::from(used) + 1 }
    }

    fn key(&self, window: &[u32]) -> u64 {
        let fold = |key: u64, &code: &u32| {
            if self.base <= LARGEST_BASE {
                key * self.base + u64::from(code)
            } else {
                let mixed = (key ^ u64::from(code)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
            }
        };
        window.iter().fold(0, fold)
    }

    /// The grams of `text` with repeats; at least one.
    fn cut(&self, text: &str) -> Vec<u64> {
        let codes: Vec<u32> = text.chars().map(|c| self.codes[c as usize]).collect();
        if codes.len() < GRAM { vec![self.key(&codes)] } else { codes.windows(GRAM).map(|w| self.key(w)).collect() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sizes_count_what_is_not_stored() {
        let texts = ["abcdef", "abcdez", "ab", ""].map(String::from);
        let sets = Shingles::new(&texts);
        assert_eq!((0..4).map(|i| sets.size(i)).collect::<Vec<_>>(), [2, 2, 1, 1]);
        assert_eq!(sets.kinds(), 1);
        assert_eq!(sets.set(0), sets.set(1));
        assert!(sets.set(2).is_empty() && sets.set(3).is_empty());
    }

    #[test]
    fn large_alphabets_are_cut_alike() {
        let every: String = ('\u{4e00}'..='\u{9fff}').collect();
        assert!(every.chars().count() as u64 > LARGEST_BASE);
        let shifted: String = every.chars().skip(10).collect();
        let sets = Shingles::new(&[every.clone(), shifted]);
        let n = every.chars().count() as u32;
        assert_eq!((sets.size(0), sets.size(1)), (n - 4, n - 14));
        assert_eq!(sets.set(0), sets.set(1));
        assert_eq!(sets.kinds() as u32, n - 14);
    }
}
