//! Jaccard similarity of gram sets, and what a threshold on it demands.

use std::ops::Range;

/// No set is larger, and sums of two sizes stay within `u32`.
const LARGEST: u32 = u32::MAX / 4;

/// The least Jaccard similarity, above 0 and at most 1.
///
/// All bounds are derived from the one comparison that decides, `overlap / union >= threshold` in f64, so rounding can
/// never make a filter disagree with it. Division rounds correctly: 4/5 is at threshold 0.8.
#[derive(Debug, Clone, Copy)]
pub(super) struct Threshold(f64);

impl Threshold {
    /// Panics outside (0, 1]: at 0 every pair would be similar.
    pub fn new(threshold: f64) -> Self {
        assert!(
            threshold > 0.0 && threshold <= 1.0,
            "a similarity threshold lies above 0 and is at most 1: {threshold}"
        );
        Self(threshold)
    }

    /// The least overlap that makes sets of `a` and `b` grams similar; more than the smaller one has when none does.
    pub fn overlap(self, a: u32, b: u32) -> u32 {
        let accepts = |overlap: u32| jaccard(overlap, a, b) >= self.0;
        let mut least = ((self.0 / (1.0 + self.0) * f64::from(a + b)).ceil() as u32).min(a.min(b) + 1);
        while least > 0 && accepts(least - 1) {
            least -= 1;
        }
        while least <= a.min(b) && !accepts(least) {
            least += 1;
        }
        least
    }

    /// The sizes that a set similar to one of `size` grams can have: the share of the smaller in the larger bounds the
    /// similarity.
    pub fn sizes(self, size: u32) -> Range<u32> {
        let reaches = |small: u32, large: u32| f64::from(small) / f64::from(large) >= self.0;
        let mut low = (self.0 * f64::from(size)) as u32;
        while low > 1 && reaches(low - 1, size) {
            low -= 1;
        }
        while low == 0 || !reaches(low, size) {
            low += 1;
        }
        let mut high = ((f64::from(size) / self.0) as u32).min(LARGEST);
        while high > size && !reaches(size, high) {
            high -= 1;
        }
        while high < LARGEST && reaches(size, high + 1) {
            high += 1;
        }
        low..high + 1
    }
}

/// The Jaccard similarity of sets of `a` and `b` grams, not both empty, that share `overlap`.
pub(super) fn jaccard(overlap: u32, a: u32, b: u32) -> f64 {
    f64::from(overlap) / f64::from(a + b - overlap)
}

/// How many grams two ascending sets share, if at least `need`; gives up as soon as that is out of reach.
pub(super) fn overlap(x: &[u32], y: &[u32], need: u32) -> Option<u32> {
    // Texts of one template share their most frequent grams, which come last.
    let tail = x.iter().rev().zip(y.iter().rev()).take_while(|(p, q)| p == q).count();
    let (x, y) = (&x[..x.len() - tail], &y[..y.len() - tail]);
    let (mut i, mut j, mut shared) = (0, 0, tail as u32);
    while i < x.len() && j < y.len() {
        if shared as usize + (x.len() - i).min(y.len() - j) < need as usize {
            return None;
        }
        let (p, q) = (x[i], y[j]);
        shared += u32::from(p == q);
        i += usize::from(p <= q);
        j += usize::from(q <= p);
    }
    (shared >= need).then_some(shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_agree_with_the_comparison() {
        for threshold in [0.8, 0.1, 1.0, 0.3, 2.0 / 3.0, 0.950_001] {
            let least = Threshold::new(threshold);
            for a in 1..60u32 {
                for b in 1..60 {
                    let accepted = (0..=a.min(b)).find(|&shared| jaccard(shared, a, b) >= threshold);
                    assert_eq!(least.overlap(a, b), accepted.unwrap_or(a.min(b) + 1), "{threshold} {a} {b}");
                    assert_eq!(least.sizes(a).contains(&b), accepted.is_some(), "{threshold} {a} {b}");
                }
            }
        }
        assert_eq!(Threshold::new(0.8).sizes(8), 7..11);
        assert_eq!(Threshold::new(1e-12).sizes(5), 1..LARGEST + 1);
    }

    #[test]
    fn overlaps_are_counted_or_given_up() {
        let (x, y) = ([1, 3, 5, 8, 9], [0, 3, 8, 9]);
        assert_eq!(overlap(&x, &y, 3), Some(3));
        assert_eq!(overlap(&x, &y, 4), None);
        assert_eq!(overlap(&x, &[], 0), Some(0));
    }

    #[test]
    #[should_panic(expected = "threshold")]
    fn a_threshold_of_zero_is_refused() {
        Threshold::new(0.0);
    }
}
