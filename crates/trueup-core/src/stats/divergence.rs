//! How far two distributions lie apart.

/// The Jensen-Shannon divergence of two distributions over the same cells, in bits: 0 for equal ones, 1 for disjoint
/// ones (Lin 1991, "Divergence measures based on the Shannon entropy").
///
/// This is the divergence, not its square root; SciPy's `jensenshannon` is the root (the distance). Weights need not
/// sum to 1; they are normalised. `None` when either holds no weight. Panics when the lengths differ.
pub fn jensen_shannon(p: &[f64], q: &[f64]) -> Option<f64> {
    assert_eq!(p.len(), q.len(), "distributions over the same cells");
    let (sum_p, sum_q): (f64, f64) = (p.iter().sum(), q.iter().sum());
    if sum_p <= 0.0 || sum_q <= 0.0 {
        return None;
    }
    let term = |a: f64, m: f64| if a > 0.0 { a * (a / m).log2() } else { 0.0 };
    let bits: f64 = p
        .iter()
        .zip(q)
        .map(|(&a, &b)| {
            let (a, b) = (a / sum_p, b / sum_q);
            let m = 0.5 * (a + b);
            0.5 * (term(a, m) + term(b, m))
        })
        .sum();
    Some(bits.clamp(0.0, 1.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn from_equal_to_disjoint() {
        assert_eq!(jensen_shannon(&[1.0, 3.0], &[2.0, 6.0]), Some(0.0));
        assert_eq!(jensen_shannon(&[1.0, 0.0], &[0.0, 5.0]), Some(1.0));
        let some = jensen_shannon(&[0.5, 0.5], &[0.9, 0.1]).unwrap();
        assert!((some - jensen_shannon(&[0.9, 0.1], &[0.5, 0.5]).unwrap()).abs() < 1e-15 && some > 0.1);
        assert_eq!(jensen_shannon(&[0.0], &[1.0]), None);
    }
}
