//! Tests and measures of association in tables of counts.

use statrs::distribution::{ChiSquared, ContinuousCDF};
use statrs::function::factorial::ln_factorial;

/// The two-sided p-value that `k1` of `n1` and `k2` of `n2` share one proportion: Fisher's exact test, mid-p.
///
/// Of all tables with the same margins, those less probable than the one seen count in full and the one seen counts
/// half. The plain exact test counts it in full and rejects far too seldom in small samples; mid-p keeps close to its
/// level there and needs no large-sample formula (Lydersen, Fagerland and Laake 2009, "Recommended tests for
/// association in 2 x 2 tables"). 1 when the margins allow one table only. Panics when a count exceeds its total.
pub fn two_proportions(k1: u64, n1: u64, k2: u64, n2: u64) -> f64 {
    assert!(k1 <= n1 && k2 <= n2, "no more successes than trials");
    let k = k1 + k2;
    if n1 == 0 || n2 == 0 || k == 0 || k == n1 + n2 {
        return 1.0;
    }
    let ln_choose = |n: u64, k: u64| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let ln_total = ln_choose(n1 + n2, k);
    let ln_p = |x: u64| ln_choose(n1, x) + ln_choose(n2, k - x) - ln_total;
    let seen = ln_p(k1);
    // Mirror-image tables have equal probability but rounding may part them; SciPy uses the same guard.
    let bound = seen + 1e-7;
    let mut sum = 0.0;
    for x in k.saturating_sub(n2)..=k.min(n1) {
        let p = ln_p(x);
        if p <= bound {
            sum += p.exp();
        }
    }
    (sum - 0.5 * seen.exp()).clamp(0.0, 1.0)
}

/// Pearson's chi-squared test that the rows of `observed` share one distribution: (statistic, degrees of freedom, p).
///
/// Rows and columns without counts are left out, as they say nothing. No continuity correction. `None` when fewer than
/// two rows or columns remain. Panics when the rows differ in length.
pub fn chi_squared(observed: &[Vec<u64>]) -> Option<(f64, u64, f64)> {
    let columns = observed.first().map_or(0, Vec::len);
    assert!(observed.iter().all(|row| row.len() == columns), "rows of one length");
    let row_sums: Vec<u64> = observed.iter().map(|row| row.iter().sum()).collect();
    let column_sums: Vec<u64> = (0..columns).map(|c| observed.iter().map(|row| row[c]).sum()).collect();
    let total = row_sums.iter().sum::<u64>() as f64;
    let filled = |sums: &[u64]| sums.iter().filter(|&&s| s > 0).count() as u64;
    let (r, c) = (filled(&row_sums), filled(&column_sums));
    if r < 2 || c < 2 {
        return None;
    }
    let mut statistic = 0.0;
    for (row, &row_sum) in observed.iter().zip(&row_sums) {
        for (&cell, &column_sum) in row.iter().zip(&column_sums) {
            let expected = row_sum as f64 * column_sum as f64 / total;
            if expected > 0.0 {
                statistic += (cell as f64 - expected).powi(2) / expected;
            }
        }
    }
    let freedom = (r - 1) * (c - 1);
    let p = ChiSquared::new(freedom as f64).map_or(1.0, |d| d.sf(statistic));
    Some((statistic, freedom, p))
}

/// Cramér's V of a table: the strength of the association, 0 none to 1 complete, whatever the size of the table
/// (Cramér 1946, "Mathematical methods of statistics"; without bias correction). `None` as in [`chi_squared`].
pub fn cramers_v(observed: &[Vec<u64>]) -> Option<f64> {
    let (statistic, _, _) = chi_squared(observed)?;
    let rows = observed.iter().filter(|row| row.iter().any(|&c| c > 0)).count();
    let columns = (0..observed[0].len()).filter(|&c| observed.iter().any(|row| row[c] > 0)).count();
    let total = observed.iter().flatten().sum::<u64>() as f64;
    Some((statistic / (total * (rows.min(columns) - 1) as f64)).sqrt().min(1.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn proportions() {
        // Fisher's tea: 3 of 4 against 1 of 4 has p 34/70; half of the seen table's 16/70 comes off.
        assert!((two_proportions(3, 4, 1, 4) - 26.0 / 70.0).abs() < 1e-12);
        assert!((two_proportions(1, 4, 3, 4) - 26.0 / 70.0).abs() < 1e-12);
        assert_eq!(two_proportions(0, 0, 3, 4), 1.0);
        assert_eq!(two_proportions(5, 5, 4, 4), 1.0);
        assert!(two_proportions(400, 1000, 500, 1000) < 1e-4);
        assert!(two_proportions(4_000, 100_000, 4_010, 100_000) > 0.8);
    }

    #[test]
    fn association() {
        let (statistic, freedom, p) = chi_squared(&[vec![10, 20, 0], vec![20, 10, 0]]).unwrap();
        assert!((statistic - 20.0 / 3.0).abs() < 1e-12 && freedom == 1 && (p - 0.009_823_3).abs() < 1e-6, "{p}");
        assert!((cramers_v(&[vec![10, 20, 0], vec![20, 10, 0]]).unwrap() - (1.0f64 / 9.0).sqrt()).abs() < 1e-12);
        assert_eq!(cramers_v(&[vec![5, 0], vec![0, 5]]), Some(1.0));
        assert_eq!(chi_squared(&[vec![5, 0], vec![3, 0]]), None);
        assert_eq!(chi_squared(&[]), None);
    }

    #[test]
    fn the_level_is_kept_in_small_samples() {
        // Over all tables of 12 + 9 trials under one proportion: the chance of p <= 0.05, exactly.
        let binomial = |n: u64, k: u64, q: f64| {
            (ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)).exp()
                * q.powi(k as i32)
                * (1.0 - q).powi((n - k) as i32)
        };
        for q in [0.1, 0.3, 0.5, 0.8] {
            let mut level = 0.0;
            for a in 0..=12 {
                for b in 0..=9 {
                    if two_proportions(a, 12, b, 9) <= 0.05 {
                        level += binomial(12, a, q) * binomial(9, b, q);
                    }
                }
            }
            assert!(level < 0.06, "{q}: {level}");
        }
    }
}
