//! What a comparison can show: power, the least difference that it detects, and the examples that it needs.
//!
//! All at the two-sided level of 5 %.

use super::{McNemar, Z95, binomial_at_least, binomial_probability, normal_cdf, normal_quantile};

/// Above this many discordant examples expected, the normal formula is as good as the sum.
const MANY: f64 = 5_000.0;

/// The chance that McNemar's exact test on `n` examples finds a `difference` of the shares of right answers, where the
/// systems part (one right, one wrong) on a share `discordance`.
///
/// The sum over the numbers of discordant examples and their splits; with over 5,000 expected, Connor's formula
/// (Connor 1987, "Sample size for testing differences in proportions for the paired-sample design"). `None` unless
/// 0 <= |difference| <= discordance <= 1.
pub fn mcnemar_power(n: u64, discordance: f64, difference: f64) -> Option<f64> {
    let d = difference.abs();
    if !(d <= discordance && discordance <= 1.0) {
        return None;
    }
    if discordance <= 0.0 || n == 0 {
        return Some(0.0);
    }
    let share = 0.5 * (1.0 + d / discordance);
    let expected = n as f64 * discordance;
    if expected > MANY {
        let spread = (discordance - d * d).max(f64::MIN_POSITIVE).sqrt();
        let shift = d * (n as f64).sqrt();
        let tail = |sign: f64| normal_cdf((sign * shift - Z95 * discordance.sqrt()) / spread);
        return Some((tail(1.0) + tail(-1.0)).min(1.0));
    }
    // Beyond nine standard deviations nothing is left to sum.
    let reach = 9.0 * (expected * (1.0 - discordance)).sqrt() + 9.0;
    let (from, to) = ((expected - reach).max(0.0) as u64, ((expected + reach) as u64).min(n));
    let mut least = 0;
    let mut power = 0.0;
    for discordant in from..=to {
        // The least majority that rejects; it rises by at most one a step.
        least = least.max(discordant.div_ceil(2));
        while least <= discordant && McNemar::Exact.p_value(discordant - least, least) >= 0.05 {
            least += 1;
        }
        if least <= discordant {
            let rejects =
                binomial_at_least(least, discordant, share) + binomial_at_least(least, discordant, 1.0 - share);
            power += binomial_probability(discordant, n, discordance) * rejects;
        }
    }
    Some(power.min(1.0))
}

/// The least difference of the shares of right answers that McNemar's exact test on `n` examples finds with chance
/// `power`, where the systems part on a share `discordance`. `None` when not even the greatest, `discordance` itself, is
/// found so often, or an argument is outside (0, 1).
pub fn paired_detectable(n: u64, discordance: f64, power: f64) -> Option<f64> {
    if !(inside(power) && discordance > 0.0 && discordance <= 1.0) {
        return None;
    }
    let of = |difference: f64| mcnemar_power(n, discordance, difference).unwrap_or(0.0);
    least(|d| of(d) >= power, discordance)
}

/// How many examples McNemar's exact test needs to find a `difference` with chance `power`, where the systems part on
/// a share `discordance`. `None` unless 0 < |difference| <= discordance <= 1 and power lies in (0, 1), or when more
/// than 10^12 are needed.
///
/// The power of an exact test is not quite even in n, so a few examples fewer may do as well.
pub fn paired_examples(discordance: f64, difference: f64, power: f64) -> Option<u64> {
    if !inside(power) || difference == 0.0 || mcnemar_power(1, discordance, difference).is_none() {
        return None;
    }
    let enough = |n: u64| mcnemar_power(n, discordance, difference).is_some_and(|found| found >= power);
    fewest(enough)
}

/// The chance that the test of two proportions on `n1` and `n2` separate examples finds p + `difference` against `p`: as
/// statsmodels' `power_proportions_2indep` (variance pooled under the hypothesis, its own under the alternative).
/// `None` unless both proportions lie in [0, 1], not both at one end, and there are examples of both.
pub fn two_proportions_power(p: f64, difference: f64, n1: u64, n2: u64) -> Option<f64> {
    let other = p + difference;
    if !((0.0..=1.0).contains(&p) && (0.0..=1.0).contains(&other)) || n1 == 0 || n2 == 0 {
        return None;
    }
    let (n1, n2) = (n1 as f64, n2 as f64);
    let pooled = (other * n1 + p * n2) / (n1 + n2);
    let under = (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt();
    let spread = (other * (1.0 - other) / n1 + p * (1.0 - p) / n2).sqrt();
    if under <= 0.0 {
        return None;
    }
    if spread <= 0.0 {
        // From 0 to 1: found if the test can reject at all.
        return Some(f64::from(u8::from(difference.abs() > Z95 * under)));
    }
    let tail = |sign: f64| normal_cdf((sign * difference - Z95 * under) / spread);
    Some((tail(1.0) + tail(-1.0)).min(1.0))
}

/// The least rise from `p` (or, with `fall`, the least fall) that the test of two proportions on `n1` and `n2` separate
/// examples finds with chance `power`. `None` when none does, or an argument is out of range.
pub fn unpaired_detectable(p: f64, n1: u64, n2: u64, power: f64, fall: bool) -> Option<f64> {
    if !inside(power) || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let (room, sign) = if fall { (p, -1.0) } else { (1.0 - p, 1.0) };
    let of = |d: f64| two_proportions_power(p, sign * d, n1, n2).unwrap_or(0.0);
    least(|d| of(d) >= power, room)
}

/// How many examples of each of two separate groups find p + `difference` against `p` with chance `power`. `None` as in
/// [`two_proportions_power`], for a difference of 0, or when more than 10^12 are needed.
pub fn unpaired_examples(p: f64, difference: f64, power: f64) -> Option<u64> {
    if !inside(power) || difference == 0.0 {
        return None;
    }
    two_proportions_power(p, difference, 1, 1)?;
    fewest(|n| two_proportions_power(p, difference, n, n).is_some_and(|found| found >= power))
}

/// The least difference that a figure whose difference has standard error `error` must have to be found with chance
/// `power` by a two-sided test at 5 %: (z at 97.5 % + z at `power`) · error, for any figure of a bootstrap. `None`
/// unless the error is above 0 and power in (0, 1).
pub fn detectable(error: f64, power: f64) -> Option<f64> {
    (error > 0.0 && error.is_finite() && inside(power)).then(|| (Z95 + normal_quantile(power)) * error)
}

fn inside(share: f64) -> bool {
    share > 0.0 && share < 1.0
}

/// The least number in (0, `most`] that is `enough`, to 1e-12; what is above it is taken to be enough too.
fn least(enough: impl Fn(f64) -> bool, most: f64) -> Option<f64> {
    if !enough(most) {
        return None;
    }
    let (mut low, mut high) = (0.0, most);
    while high - low > 1e-12 {
        let middle = 0.5 * (low + high);
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// The first whole number found to be `enough` by doubling and halving.
fn fewest(enough: impl Fn(u64) -> bool) -> Option<u64> {
    let mut high = 1;
    while !enough(high) {
        high *= 2;
        if high > 1 << 40 {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::Rng;
    use crate::stats::binomial;

    #[test]
    fn power_is_the_share_of_samples_that_decide() {
        let mut rng = Rng::new(4);
        for (n, discordance, difference) in [(100u64, 0.2, 0.1), (400, 0.1, 0.04), (40, 0.5, 0.5), (300, 0.3, 0.0)] {
            let expected = mcnemar_power(n, discordance, difference).unwrap();
            let rounds = 6_000;
            let found = (0..rounds)
                .filter(|_| {
                    let parted = binomial(&mut rng, n, discordance);
                    let of_b = binomial(&mut rng, parted, 0.5 * (1.0 + difference / discordance));
                    McNemar::Exact.p_value(parted - of_b, of_b) < 0.05
                })
                .count();
            let share = found as f64 / f64::from(rounds);
            let error = (expected * (1.0 - expected) / f64::from(rounds)).sqrt();
            assert!((share - expected).abs() < 4.0 * error + 1e-3, "{n} {discordance}: {share} {expected}");
        }
    }

    #[test]
    fn the_formula_takes_over_smoothly() {
        let (below, above) = (mcnemar_power(49_000, 0.1, 0.004).unwrap(), mcnemar_power(51_000, 0.1, 0.004).unwrap());
        assert!(above > below - 0.005 && above < below + 0.04, "{below} {above}");
    }

    #[test]
    fn plans_hold_what_they_promise() {
        let d = paired_detectable(500, 0.12, 0.8).unwrap();
        assert!((mcnemar_power(500, 0.12, d).unwrap() - 0.8).abs() < 1e-6);
        let n = paired_examples(0.12, d, 0.8).unwrap();
        assert!(n.abs_diff(500) < 25, "{n}");
        assert_eq!(paired_detectable(5, 0.1, 0.8), None);
        assert_eq!(paired_examples(0.1, 0.2, 0.8), None);
        assert_eq!(paired_examples(0.1, 0.0, 0.8), None);
        let d = unpaired_detectable(0.8, 500, 700, 0.8, false).unwrap();
        assert!((two_proportions_power(0.8, d, 500, 700).unwrap() - 0.8).abs() < 1e-6);
        let fall = unpaired_detectable(0.8, 500, 700, 0.8, true).unwrap();
        assert!(fall > d, "a fall has more variance: {fall} {d}");
        // Fleiss 1981: 0.6 against 0.5 without correction needs 387 (or 388) of each.
        assert!(unpaired_examples(0.5, 0.1, 0.8).unwrap().abs_diff(388) <= 1);
        assert_eq!(unpaired_detectable(0.95, 10, 10, 0.8, false), None);
        assert_eq!(two_proportions_power(0.9, 0.2, 10, 10), None);
        assert!((detectable(0.01, 0.8).unwrap() - 0.028_016).abs() < 1e-5);
        assert_eq!(detectable(0.0, 0.8), None);
    }
}
