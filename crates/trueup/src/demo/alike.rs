//! How alike two texts are, so that the only duplicates in the demo data are those that were planted.

use std::collections::BTreeSet;

use trueup_core::Rng;
use trueup_core::text::normalise;
use xxhash_rust::xxh3::xxh3_64;

/// Two texts at or above this Jaccard similarity are near duplicates (product definition: character 5-grams of the
/// normalised text).
pub const NEAR: f64 = 0.8;

/// Two texts that are no twins stay below this, well clear of [`NEAR`].
const CLEAR: f64 = 0.7;

/// Hashes of the distinct character 5-grams of the normalised text, sorted.
pub fn grams(text: &str) -> Vec<u64> {
    let normalised = normalise(text);
    let starts: Vec<usize> = normalised.char_indices().map(|(at, _)| at).chain([normalised.len()]).collect();
    let mut grams: Vec<u64> = starts.windows(6).map(|w| xxh3_64(&normalised.as_bytes()[w[0]..w[5]])).collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// Jaccard similarity of two sorted sets, in [0, 1]; 0 when both are empty.
pub fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut i, mut j, mut both) = (0, 0, 0_usize);
    while i < a.len() && j < b.len() {
        both += usize::from(a[i] == b[j]);
        let (left, right) = (a[i], b[j]);
        i += usize::from(left <= right);
        j += usize::from(right <= left);
    }
    let either = a.len() + b.len() - both;
    if either == 0 { 0.0 } else { both as f64 / either as f64 }
}

/// Texts so far, none like another.
#[derive(Default)]
pub struct Distinct {
    normalised: BTreeSet<String>,
    grams: Vec<Vec<u64>>,
}

impl Distinct {
    /// Takes `text` in, unless it is like one that is there already.
    pub fn accepts(&mut self, text: &str) -> bool {
        let normalised = normalise(text);
        let own = grams(text);
        let like = |other: &Vec<u64>| {
            let (short, long) = (own.len().min(other.len()), own.len().max(other.len()));
            // Jaccard cannot exceed the ratio of the sizes: most pairs need no counting.
            short as f64 >= CLEAR * long as f64 && jaccard(&own, other) >= CLEAR
        };
        if self.normalised.contains(&normalised) || self.grams.iter().any(like) {
            return false;
        }
        self.normalised.insert(normalised);
        self.grams.push(own);
        true
    }
}

/// A near twin of `text`: not an exact duplicate, yet at or above [`NEAR`]. `None` when `edit` finds none in 40 tries,
/// as with very short texts.
pub fn near_twin(text: &str, rng: &mut Rng, edit: impl Fn(&str, &mut Rng) -> String) -> Option<String> {
    let own = grams(text);
    (0..40).map(|_| edit(text, rng)).find(|twin| {
        let similarity = jaccard(&own, &grams(twin));
        similarity >= NEAR && normalise(twin) != normalise(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similarity_counts_shared_grams() {
        // abcdef has abcde, bcdef; abcdeg has abcde, bcdeg: one of three is shared.
        assert!((jaccard(&grams("ABCDEF"), &grams("abcdeg")) - 1.0 / 3.0).abs() < 1e-12);
        assert!((jaccard(&grams("same text"), &grams("Same  text")) - 1.0).abs() < 1e-12);
        assert!(jaccard(&grams("abc"), &grams("")).abs() < 1e-12);
    }

    #[test]
    fn the_like_are_refused() {
        let mut distinct = Distinct::default();
        assert!(distinct.accepts("I was charged twice for my order."));
        assert!(!distinct.accepts("i was CHARGED twice for my order."));
        assert!(!distinct.accepts("I was charged twice for my order!!"));
        assert!(distinct.accepts("Where is my parcel?"));
    }
}
