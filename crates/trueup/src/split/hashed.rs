//! By hash: where an example goes is decided by itself and the seed alone, so that examples that are added, removed or
//! moved move no other. Shares are met about, not exactly.

use trueup_core::fingerprint::text_key;

/// The part of each key: the number line from 0 to 1 is cut by the shares, in their order, from its upper end. A later
/// part takes the lower end, so that what follows the first part keeps its examples while it grows.
pub(super) fn parts(keys: impl Iterator<Item = impl AsRef<str>>, shares: &[f64], seed: u64) -> Vec<usize> {
    let mut edges = Vec::with_capacity(shares.len());
    let mut edge = 0.0;
    for share in shares[1..].iter().rev() {
        edge += share;
        edges.push(edge);
    }
    keys.map(|key| {
        // 53 bits fill the precision of a float.
        let at = (text_key(key.as_ref(), seed) >> 11) as f64 / (1u64 << 53) as f64;
        let below = edges.iter().position(|&edge| at < edge);
        below.map_or(0, |place| shares.len() - 1 - place)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_met_about_and_a_larger_test_set_holds_the_smaller() {
        let keys: Vec<String> = (0..10_000).map(|i| format!("text {i}")).collect();
        let parts = |shares: &[f64]| parts(keys.iter(), shares, 42);
        let (small, large) = (parts(&[0.7, 0.1, 0.2]), parts(&[0.6, 0.1, 0.3]));
        for (part, want) in [(0, 7_000), (1, 1_000), (2, 2_000)] {
            let n = small.iter().filter(|&&p| p == part).count();
            assert!(n.abs_diff(want) < 160, "{part}: {n}");
        }
        assert!(small.iter().zip(&large).all(|(s, l)| *s != 2 || *l == 2));
    }
}
