//! Wilson's score interval of a proportion (Wilson 1927, "Probable inference, the law of succession, and statistical
//! inference").
//!
//! Unlike the plain normal interval it never leaves [0, 1], has a width at 0 and 1, and keeps its coverage from ten
//! trials or fewer on (Brown, Cai and DasGupta 2001, "Interval estimation for a binomial proportion").

use super::Z95;

/// The 95 % interval of a proportion seen as `k` successes of `n` independent trials; (0, 1) without trials.
pub fn wilson(k: u64, n: u64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    wilson_effective(k as f64 / n as f64, n as f64)
}

/// The 95 % interval of a proportion `p` that is as uncertain as one of `n` independent trials, where `n` need not be
/// whole: dependent trials are worth fewer than their number (Korn and Graubard 1998, "Confidence intervals for
/// proportions with small expected number of positive counts estimated from survey data").
pub fn wilson_effective(p: f64, n: f64) -> (f64, f64) {
    score_interval(p, n, Z95)
}

/// The same with `z` in the place of 1.96: the standard normal quantile of another level.
pub fn score_interval(p: f64, n: f64, z: f64) -> (f64, f64) {
    let z2 = z * z;
    let centre = (p * n + 0.5 * z2) / (n + z2);
    let half = z / (n + z2) * (p * (1.0 - p) * n + 0.25 * z2).max(0.0).sqrt();
    // At p = 0 and p = 1 an end is the value itself, which rounding would miss.
    ((centre - half).min(p).max(0.0), (centre + half).max(p).min(1.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn known_intervals() {
        // 40 of 40, and the worked example of Newcombe 1998 (81 of 263).
        let (low, high) = wilson(40, 40);
        assert!((low - 0.912_375).abs() < 1e-5 && high == 1.0, "{low} {high}");
        let (low, high) = wilson(81, 263);
        assert!((low - 0.255_3).abs() < 1e-4 && (high - 0.366_2).abs() < 1e-4, "{low} {high}");
        assert_eq!(wilson(0, 0), (0.0, 1.0));
        assert_eq!(wilson(0, 40).0, 0.0);
    }

    proptest::proptest! {
        #[test]
        fn contains_the_share_and_narrows(n in 1u64..2_000, share in 0.0f64..=1.0) {
            let k = (share * n as f64).round() as u64;
            let (low, high) = wilson(k, n);
            let p = k as f64 / n as f64;
            proptest::prop_assert!(0.0 <= low && low <= p && p <= high && high <= 1.0);
            let (closer, nearer) = wilson(4 * k, 4 * n);
            proptest::prop_assert!(nearer - closer < high - low);
        }
    }
}
