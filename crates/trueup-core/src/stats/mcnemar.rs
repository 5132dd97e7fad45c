//! Two systems on the same examples: McNemar's test of their shares of right answers, and intervals of the difference.
//!
//! Only examples that one system has right and the other wrong tell them apart (McNemar 1947, "Note on the sampling
//! error of the difference between correlated proportions or percentages").

use super::tails::{exact_interval, upper_tail};
use super::{Z95, normal_cdf, normal_quantile, score_interval};

/// Which version of the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum McNemar {
    /// The exact binomial test. Its level is at most 5 %, often well below.
    Exact,
    /// The same with half of the probability of what was seen: level near 5 % (Fagerland, Lydersen and Laake 2013, "The
    /// McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact conditional").
    MidP,
}

impl McNemar {
    /// The two-sided p-value that neither system is better, where `only_a` examples are right in A alone and `only_b`
    /// in B alone: twice the smaller tail of the binomial distribution, at most 1; 1 when they agree everywhere. As
    /// statsmodels' `mcnemar(exact=True)`.
    pub fn p_value(self, only_a: u64, only_b: u64) -> f64 {
        let (more, all) = (only_a.max(only_b), only_a + only_b);
        if all == 0 { 1.0 } else { (2.0 * upper_tail(more, all, 0.5, self.share())).min(1.0) }
    }

    /// The one-sided p-value that B is at least as good as A: small where it is shown to be worse; 1 when they agree
    /// everywhere.
    pub fn p_less(self, only_a: u64, only_b: u64) -> f64 {
        if only_a + only_b == 0 { 1.0 } else { upper_tail(only_a, only_a + only_b, 0.5, self.share()).min(1.0) }
    }

    fn share(self) -> f64 {
        match self {
            Self::Exact => 1.0,
            Self::MidP => 0.5,
        }
    }

    /// The 95 % interval of (right in B - right in A) / `n` that excludes 0 exactly where [`p_value`](Self::p_value)
    /// is below 0.05.
    ///
    /// The difference is D (2 T - 1): D the share of examples on which one alone is right, T the share of these that
    /// B has. T has Clopper and Pearson's interval (or its mid-p kind), which inverts the test; D has Wilson's. They are
    /// independent, and are joined by propagating imprecision (Newcombe 2011, "Propagating imprecision: combining
    /// confidence intervals from independent sources"): the limits are the extremes of the product over the curve on
    /// which the squares of both parameters' shares of their own arms add up to 1. As D is never 0 on it, the product
    /// changes sign only where T passes one half. `None` when `n` is 0 or less than `only_a + only_b`.
    pub fn interval(self, only_a: u64, only_b: u64, n: u64) -> Option<(f64, f64)> {
        self.interval_at(only_a, only_b, n, 0.95)
    }

    /// The same of another `level` in (0, 1): it excludes 0 exactly where [`p_value`](Self::p_value) is below 1 - `level`.
    pub fn interval_at(self, only_a: u64, only_b: u64, n: u64, level: f64) -> Option<(f64, f64)> {
        let discordant = only_a + only_b;
        if n == 0 || discordant > n {
            return None;
        }
        let d = discordant as f64 / n as f64;
        let of_d = score_interval(d, n as f64, z_of(level));
        if discordant == 0 {
            return Some((-of_d.1, of_d.1));
        }
        let of_t = exact_interval(only_b, discordant, self.share(), level)?;
        // One order of the systems for both limits, so that exchanging the systems mirrors the interval.
        let high = greatest(d, of_d, only_b, discordant, of_t.1);
        let low = -greatest(d, of_d, only_a, discordant, 1.0 - of_t.0);
        let value = (only_b as f64 - only_a as f64) / n as f64;
        Some((low.min(value), high.max(value)))
    }
}

/// The standard normal quantile of an interval of `level`; that of 95 % to the last bit of the constant.
#[allow(clippy::float_cmp)]
fn z_of(level: f64) -> f64 {
    if level == 0.95 { Z95 } else { normal_quantile(0.5 + 0.5 * level) }
}

/// The greatest product of D and 2 T - 1 as T goes up to `limit` and D to either of its limits.
fn greatest(d: f64, (d_low, d_high): (f64, f64), k: u64, of: u64, limit: f64) -> f64 {
    let t = (2.0 * k as f64 - of as f64) / of as f64;
    let arm = (2.0 * limit - 1.0) - t;
    let best = |d_arm: f64| {
        let product = |angle: f64| (t + arm * angle.sin()) * (d + d_arm * angle.cos());
        let quarter = std::f64::consts::FRAC_PI_2;
        let steps = 64;
        let at = (0..=steps)
            .max_by(|&i, &j| {
                let value = |s: i32| product(quarter * f64::from(s) / f64::from(steps));
                value(i).total_cmp(&value(j))
            })
            .unwrap_or(steps);
        // Golden section around the best of the steps; a maximum is flat, so its value is found to rounding.
        let angle = |s: i32| quarter * f64::from(s.clamp(0, steps)) / f64::from(steps);
        let (mut low, mut high) = (angle(at - 1), angle(at + 1));
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        for _ in 0..50 {
            let (left, right) = (high - golden * (high - low), low + golden * (high - low));
            if product(left) < product(right) { low = left } else { high = right }
        }
        product(0.5 * (low + high)).max(product(angle(at)))
    };
    // With T at its limit D is at its value: this end decides the sign, so it is taken without rounding of the cosine.
    best(d_high - d).max(best(d_low - d)).max((t + arm) * d)
}

/// McNemar's chi-squared test with one degree of freedom: (statistic, p-value), with Edwards' correction for continuity
/// if wanted (Edwards 1948). `None` when no example is right in one system alone. As statsmodels'
/// `mcnemar(exact=False)`. For comparison with other tools: [`McNemar`] needs no large samples.
pub fn mcnemar_chi_squared(only_a: u64, only_b: u64, correction: bool) -> Option<(f64, f64)> {
    if only_a + only_b == 0 {
        return None;
    }
    let gap = only_a.abs_diff(only_b) as f64 - f64::from(u8::from(correction));
    let statistic = gap * gap / (only_a + only_b) as f64;
    Some((statistic, (2.0 * normal_cdf(-statistic.sqrt())).min(1.0)))
}

/// Tango's score statistic of the hypothesis that (right in B - right in A) / n is `difference`: standard normal under
/// it, and the square root of McNemar's chi-squared at 0 (Tango 1998, "Equivalence test and confidence interval for the
/// difference in proportions for the paired-sample design"). `None` when `n` is 0 or less than `only_a + only_b`, or
/// `difference` is outside (-1, 1).
///
/// Non-inferiority by a margin m of B to A: p = 1 - Φ(z at -m).
pub fn tango(only_a: u64, only_b: u64, n: u64, difference: f64) -> Option<f64> {
    if n == 0 || only_a + only_b > n || !(difference > -1.0 && difference < 1.0) {
        return None;
    }
    let (a, b, n, delta) = (only_a as f64, only_b as f64, n as f64, difference);
    // The most probable share of A alone when that of B alone is larger by delta: the root of a quadratic.
    let linear = -a - b + (2.0 * n - b + a) * delta;
    let constant = -a * delta * (1.0 - delta);
    let root = ((linear * linear - 8.0 * n * constant).max(0.0).sqrt() - linear) / (4.0 * n);
    let variance = n * (2.0 * root + delta * (1.0 - delta));
    let gap = b - a - n * delta;
    if variance <= 0.0 {
        // No spread is possible: the difference is what was seen, or cannot have been seen.
        return Some(if gap == 0.0 { 0.0 } else { f64::INFINITY.copysign(gap) });
    }
    Some(gap / variance.sqrt())
}

/// Tango's 95 % score interval of (right in B - right in A) / n: the differences that [`tango`] does not reject. `None`
/// as there. Its coverage is nearer 95 % than that of [`McNemar::interval`], and it may part from the exact test.
pub fn tango_interval(only_a: u64, only_b: u64, n: u64) -> Option<(f64, f64)> {
    let value = (only_b as f64 - only_a as f64) / n as f64;
    tango(only_a, only_b, n, 0.0)?;
    let end = |sign: f64| {
        let (mut inside, mut outside) = (value, sign);
        for _ in 0..60 {
            let middle = 0.5 * (inside + outside);
            if tango(only_a, only_b, n, middle).is_some_and(|z| z.abs() <= Z95) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        inside
    };
    Some((end(-1.0), end(1.0)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // 2 x binomial(1 or fewer of 6).
        assert!((McNemar::Exact.p_value(1, 5) - 14.0 / 64.0).abs() < 1e-15);
        assert!((McNemar::MidP.p_value(1, 5) - 8.0 / 64.0).abs() < 1e-15);
        assert_eq!(
            (McNemar::Exact.p_value(0, 0), McNemar::Exact.p_value(4, 4), McNemar::MidP.p_value(4, 4)),
            (1.0, 1.0, 1.0)
        );
        assert_eq!(mcnemar_chi_squared(0, 0, false), None);
        assert_eq!(mcnemar_chi_squared(10, 20, false).unwrap().0, 100.0 / 30.0);
        assert_eq!(McNemar::Exact.interval(3, 4, 6), None);
        let (low, high) = McNemar::Exact.interval(0, 0, 50).unwrap();
        assert_eq!((low, high), (-high, super::super::wilson(0, 50).1));
    }

    #[test]
    fn the_interval_decides_as_the_test() {
        for test in [McNemar::Exact, McNemar::MidP] {
            for n in [1u64, 7, 30, 400, 100_000] {
                for a in 0..=n.min(40) {
                    for b in 0..=n.min(60).saturating_sub(a) {
                        let (low, high) = test.interval(a, b, n).unwrap();
                        let value = (b as f64 - a as f64) / n as f64;
                        assert!(
                            -1.0 <= low && low <= value && value <= high && high <= 1.0,
                            "{a} {b} {n}: {low} {high}"
                        );
                        let excludes = low > 0.0 || high < 0.0;
                        assert_eq!(excludes, test.p_value(a, b) < 0.05, "{test:?} {a} {b} {n}: {low} {high}");
                        let other = test.interval_at(a, b, n, 0.99).unwrap();
                        let excludes = other.0 > 0.0 || other.1 < 0.0;
                        assert_eq!(excludes, test.p_value(a, b) < 0.01, "{test:?} {a} {b} {n}: {other:?}");
                        let (mirror_low, mirror_high) = test.interval(b, a, n).unwrap();
                        assert!((mirror_low + high).abs() < 1e-12 && (mirror_high + low).abs() < 1e-12);
                    }
                }
            }
        }
    }

    #[test]
    fn tango_is_mcnemar_at_zero_and_rejects_outside_its_interval() {
        for (a, b, n) in [(3u64, 9u64, 50u64), (0, 5, 30), (0, 0, 20), (7, 7, 14), (40, 10, 1_000)] {
            if a + b > 0 {
                let z = tango(a, b, n, 0.0).unwrap();
                assert!((z * z - mcnemar_chi_squared(a, b, false).unwrap().0).abs() < 1e-9);
            }
            let (low, high) = tango_interval(a, b, n).unwrap();
            for end in [low, high] {
                assert!((tango(a, b, n, end).unwrap().abs() - Z95).abs() < 1e-6, "{a} {b} {n} {end}");
            }
        }
        assert_eq!((tango(1, 1, 0, 0.0), tango(1, 1, 2, 1.0), tango_interval(2, 2, 3)), (None, None, None));
    }
}
