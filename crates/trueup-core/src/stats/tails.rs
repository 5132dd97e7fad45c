//! Exact binomial probabilities, their tails, the binomial test and the interval that inverts it.
//!
//! A probability is computed by Loader's saddle-point expansion (Loader 2000, "Fast and accurate computation of
//! binomial probabilities"), which keeps its relative accuracy for millions of trials where differences of log
//! factorials lose theirs. A tail is that probability times a sum of ratios, so it is exact to rounding as well.

use super::Z95;

/// ln(n!) less Stirling's formula for it.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        // Factorials up to 15 are exact as f64.
        let factorial: f64 = (1..=n as u32).map(f64::from).product();
        let stirling = (n + 0.5) * n.ln() - n + 0.5 * (2.0 * std::f64::consts::PI).ln();
        return if n == 0.0 { 0.0 } else { factorial.ln() - stirling };
    }
    let n2 = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1_260.0 - (1.0 / 1_680.0 - 1.0 / 1_188.0 / n2) / n2) / n2) / n2) / n
}

/// x ln(x / m) + m - x without the loss of figures near x = m.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() < 0.1 * (x + m) {
        let v = (x - m) / (x + m);
        let mut sum = (x - m) * v;
        let mut term = 2.0 * x * v;
        let mut odd = 3.0;
        loop {
            term *= v * v;
            let next = sum + term / odd;
            if next.to_bits() == sum.to_bits() {
                return sum;
            }
            sum = next;
            odd += 2.0;
        }
    }
    x * (x / m).ln() + m - x
}

/// The probability of exactly `k` successes in `n` independent trials of probability `p` in [0, 1]; 0 for `k` above
/// `n`. As SciPy's `binom.pmf`.
pub fn binomial_probability(k: u64, n: u64, p: f64) -> f64 {
    if k > n {
        return 0.0;
    }
    if p <= 0.0 || p >= 1.0 {
        let certain = if p <= 0.0 { 0 } else { n };
        return f64::from(u8::from(k == certain));
    }
    let (trials, q) = (n as f64, 1.0 - p);
    if k == 0 {
        return (trials * (-p).ln_1p()).exp();
    }
    if k == n {
        return (trials * p.ln()).exp();
    }
    let (x, y) = (k as f64, (n - k) as f64);
    let ln = stirling_error(trials)
        - stirling_error(x)
        - stirling_error(y)
        - deviance(x, trials * p)
        - deviance(y, trials * q);
    ln.exp() * (trials / (2.0 * std::f64::consts::PI * x * y)).sqrt()
}

/// The probability of `k` or fewer successes. As SciPy's `binom.cdf`.
pub fn binomial_at_most(k: u64, n: u64, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    if (k as f64) < n as f64 * p { falling(k, n, p) } else { 1.0 - falling(n - k - 1, n, 1.0 - p) }
}

/// The probability of `k` or more successes. As SciPy's `binom.sf` of `k - 1`.
pub fn binomial_at_least(k: u64, n: u64, p: f64) -> f64 {
    if k > n { 0.0 } else { binomial_at_most(n - k, n, 1.0 - p) }
}

/// The sum of the probabilities of `k`, `k - 1`, ..., 0, which fall when `k` lies below the mean.
fn falling(k: u64, n: u64, p: f64) -> f64 {
    let odds = (1.0 - p) / p;
    let (mut sum, mut term) = (1.0, 1.0);
    for i in (1..=k).rev() {
        term *= i as f64 / (n - i + 1) as f64 * odds;
        sum += term;
        if term < 1e-17 * sum {
            break;
        }
    }
    (sum * binomial_probability(k, n, p)).min(1.0)
}

/// The two-sided p-value that `k` successes of `n` come from trials of probability `p`: the probability of all numbers
/// of successes that are no more probable than `k` (as SciPy's `binomtest`). `None` when `k` is above `n`, or `p`
/// outside [0, 1].
pub fn binomial_test(k: u64, n: u64, p: f64) -> Option<f64> {
    if k > n || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let seen = binomial_probability(k, n, p);
    // Mirror images are equally probable, but rounding may part them; SciPy has the same guard.
    let bound = seen * (1.0 + 1e-7);
    let mean = n as f64 * p;
    let other = |j: u64| binomial_probability(j, n, p) <= bound;
    if (k as f64 - mean).abs() < f64::EPSILON * mean {
        return Some(1.0);
    }
    let value = if (k as f64) < mean {
        // The first number above the mean that is as improbable: probabilities fall from there on.
        let (mut no, mut yes) = (mean.floor() as u64, n + 1);
        while yes - no > 1 {
            let middle = no + (yes - no) / 2;
            if other(middle) { yes = middle } else { no = middle }
        }
        binomial_at_most(k, n, p) + binomial_at_least(yes, n, p)
    } else {
        let (mut yes, mut no) = (-1i64, mean.ceil() as i64);
        while no - yes > 1 {
            let middle = yes + (no - yes) / 2;
            if other(middle as u64) { yes = middle } else { no = middle }
        }
        binomial_at_least(k, n, p) + if yes < 0 { 0.0 } else { binomial_at_most(yes as u64, n, p) }
    };
    Some(value.min(1.0))
}

/// The 95 % interval of Clopper and Pearson 1934, "The use of confidence or fiducial limits": the probabilities that
/// one-sided exact tests at 2.5 % do not reject. It covers at least 95 % always, and so is wider than [`wilson`]'s.
/// (0, 1) without trials. `None` when `k` is above `n`. As SciPy's `binomtest(k, n).proportion_ci(method="exact")`.
///
/// [`wilson`]: super::wilson()
pub fn clopper_pearson(k: u64, n: u64) -> Option<(f64, f64)> {
    exact_interval(k, n, 1.0, 0.95)
}

/// The same with half of the probability of what was seen: nearer 95 % on average, below it in places (Berry and
/// Armitage 1995, "Mid-P confidence intervals: a brief review"). `None` when `k` is above `n`.
pub fn clopper_pearson_mid_p(k: u64, n: u64) -> Option<(f64, f64)> {
    exact_interval(k, n, 0.5, 0.95)
}

/// The interval of `level` in (0, 1) that counts what was seen by `share`: 1 for Clopper and Pearson's.
pub(super) fn exact_interval(k: u64, n: u64, share: f64, level: f64) -> Option<(f64, f64)> {
    // 2.5 % as it is written, where rounding of 1 - 0.95 would move a border by a bit.
    #[allow(clippy::float_cmp)]
    let tail = if level == 0.95 { 0.025 } else { 0.5 * (1.0 - level) };
    (k <= n).then(|| (lower(k, n, share, tail), 1.0 - lower(n - k, n, share, tail)))
}

/// The least probability at which `k` or more successes, `k` itself counted by `share`, have a chance of `chance`.
///
/// One half is asked first, so that on whichever side the test puts it, there it lies: [`super::McNemar`] decides by
/// the same sums.
fn lower(k: u64, n: u64, share: f64, chance: f64) -> f64 {
    if k == 0 {
        return 0.0;
    }
    let tail = |p: f64| upper_tail(k, n, p, share);
    let (mut low, mut high) = (0.0, k as f64 / n as f64);
    let mut middle = if high > 0.5 { 0.5 } else { 0.5 * (low + high) };
    while middle > low && middle < high && high - low > 1e-16 * high {
        if tail(middle) < chance {
            low = middle;
        } else {
            high = middle;
        }
        middle = 0.5 * (low + high);
    }
    middle
}

/// The probability of `k` or more successes where `k` itself counts by `share`.
pub(super) fn upper_tail(k: u64, n: u64, p: f64, share: f64) -> f64 {
    if share >= 1.0 {
        binomial_at_least(k, n, p)
    } else {
        binomial_at_least(k + 1, n, p) + share * binomial_probability(k, n, p)
    }
}

/// How many independent examples give Wilson's 95 % interval a width (upper less lower end) of at most `width`, when
/// the share found is `p`. `None` unless `p` lies in [0, 1] and `width` in (0, 1).
///
/// The width is z / (n + z²) · √(4 p (1 - p) n + z²) (Wilson 1927), which falls with n; solved for n.
pub fn examples_for_width(p: f64, width: f64) -> Option<u64> {
    if !((0.0..=1.0).contains(&p) && width > 0.0 && width < 1.0) {
        return None;
    }
    let z2 = Z95 * Z95;
    // width² (n + z²)² = z² (4 p (1 - p) n + z²), a quadratic in n with one root above 0.
    let (a, spread) = (width * width, 4.0 * p * (1.0 - p));
    let half_b = z2 * (a - 0.5 * spread);
    let c = z2 * z2 * (a - 1.0);
    let root = (-half_b + (half_b * half_b - a * c).sqrt()) / a;
    let enough = |n: f64| {
        let (low, high) = super::wilson_effective(p, n);
        high - low <= width
    };
    // Rounding may put the root on either side of a whole number.
    let mut n = (root.floor() - 1.0).max(1.0);
    while !enough(n) && n < root + 2.0 {
        n += 1.0;
    }
    Some(n as u64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_and_small_ones_are_exact() {
        for (n, p) in [(1u64, 0.3), (7, 0.5), (40, 0.02), (300, 0.97)] {
            let sum: f64 = (0..=n).map(|k| binomial_probability(k, n, p)).sum();
            assert!((sum - 1.0).abs() < 1e-13, "{n} {p}: {sum}");
            for k in 0..=n {
                let slow: f64 = (0..=k).map(|j| binomial_probability(j, n, p)).sum();
                assert!((binomial_at_most(k, n, p) - slow).abs() < 1e-13);
                assert!((binomial_at_least(k, n, p) + slow - binomial_probability(k, n, p) - 1.0).abs() < 1e-13);
            }
        }
        assert!((binomial_probability(3, 7, 0.5) - 35.0 / 128.0).abs() < 1e-15);
        assert_eq!((binomial_probability(0, 5, 0.0), binomial_probability(4, 5, 1.0)), (1.0, 0.0));
        assert_eq!(binomial_probability(6, 5, 0.5), 0.0);
    }

    #[test]
    fn the_interval_inverts_the_tails() {
        for (k, n) in [(0u64, 5u64), (1, 1), (5, 5), (3, 10), (81, 263), (999, 1_000)] {
            let (low, high) = clopper_pearson(k, n).unwrap();
            assert!(k == 0 || (binomial_at_least(k, n, low) - 0.025).abs() < 1e-12, "{k} {n} {low}");
            assert!(k == n || (binomial_at_most(k, n, high) - 0.025).abs() < 1e-12, "{k} {n} {high}");
            let (closer, nearer) = clopper_pearson_mid_p(k, n).unwrap();
            assert!(low <= closer && nearer <= high && closer <= k as f64 / n as f64);
        }
        assert_eq!(clopper_pearson(0, 0), Some((0.0, 1.0)));
        assert_eq!((clopper_pearson(2, 1), binomial_test(2, 1, 0.5), binomial_test(1, 2, 1.5)), (None, None, None));
    }

    #[test]
    fn the_width_wanted_is_the_width_given() {
        for p in [0.0, 0.03, 0.5, 0.9, 1.0] {
            for width in [0.01, 0.05, 0.2, 0.7] {
                let n = examples_for_width(p, width).unwrap();
                let wide = |n: u64| {
                    let (low, high) = crate::stats::wilson_effective(p, n as f64);
                    high - low
                };
                assert!(wide(n) <= width && (n == 1 || wide(n - 1) > width), "{p} {width} {n}");
            }
        }
        assert_eq!(
            (examples_for_width(0.5, 0.0), examples_for_width(0.5, 1.0), examples_for_width(1.5, 0.1)),
            (None, None, None)
        );
    }
}
