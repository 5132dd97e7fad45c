//! The interval of a calibration error.
//!
//! A calibration error is a mean of absolute gaps, so chance alone makes it larger than 0: with fifteen bins of forty
//! answers each, a model without any error shows 0.03 to 0.06. An interval around that figure would never contain the
//! truth. The one here asks instead which true errors could have given the figure.

use super::{Z95, normal_cdf, normal_quantile, score_interval};

/// What one bin of confidences holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationBin {
    /// Σ (confidence - right) over the bin.
    pub gap: f64,
    /// How many answers, or what weight of them, the bin has.
    pub weight: f64,
    /// The weight of those that are right.
    pub right: f64,
    /// How many independent units they come from.
    pub units: f64,
    /// The variance of that sum, found in the sample.
    pub variance: f64,
    /// The variance if the confidences were right: Σ c (1 - c). It stands in for the sample's where that is smaller, as
    /// it is 0 in a bin whose answers all happen to be right.
    pub stated: f64,
}

/// The expected calibration error Σ |gap| / `n` of `n` answers with its 95 % interval. `None` without answers, or when a
/// number is not one.
///
/// The gaps are taken as normal with the bins' variances. Candidates for the true gaps are the gaps found, each pulled
/// towards 0 by the same number of its standard errors, or pushed away from it (soft thresholding: Donoho 1995,
/// "De-noising by soft-thresholding"); they run from no error at all to an arbitrarily large one. For each candidate the
/// figure has the mean and the variance of a sum of folded normal variables (Leone, Nelson and Nottingham 1961, "The
/// folded normal distribution"). The interval holds the errors of those candidates that the figure does not reject at 5 %,
/// and the figure itself.
///
/// Far from 0 a candidate is rejected by a figure 1.96 standard deviations above its mean or below it. An error cannot
/// be less than 0, so no figure is too low for candidates that differ from none by less than 1.645 standard deviations;
/// they are rejected from 1.645 above on. Between there and 3 the one passes into the other (after Feldman and Cousins
/// 1998, "Unified approach to the classical statistical analysis of small signals").
pub fn calibration_interval(bins: &[CalibrationBin], n: f64) -> Option<(f64, (f64, f64))> {
    let usable = |bin: &CalibrationBin| bin.gap.is_finite() && bin.variance >= 0.0 && bin.stated >= 0.0;
    if !(n > 0.0 && n.is_finite() && bins.iter().all(usable)) {
        return None;
    }
    let gaps: Vec<(f64, f64)> =
        bins.iter().map(|bin| (bin.gap.abs() / n, bin.variance.max(bin.stated).sqrt() / n)).collect();
    let value: f64 = gaps.iter().map(|gap| gap.0).sum();
    let pulled = |by: f64| gaps.iter().map(move |&(gap, error)| ((gap - by * error).max(0.0), error));
    let error_of = |by: f64| pulled(by).map(|(gap, _)| gap).sum::<f64>();
    // Mean and standard deviation of the figure under a candidate.
    let under = |by: f64| {
        let (mut mean, mut variance) = (0.0, 0.0);
        for (gap, error) in pulled(by) {
            let (m, v) = folded(gap, error);
            mean += m;
            variance += v;
        }
        (mean, variance.sqrt())
    };
    // Pulled by so much that nothing is left, but where the error is known.
    let all = gaps.iter().filter(|gap| gap.1 > 0.0).map(|&(gap, error)| gap / error).fold(0.0, f64::max);
    let (noise, _) = under(all);
    let too_high = |by: f64| {
        let (mean, deviation) = under(by);
        value > mean + limits(mean - noise, deviation).1 * deviation
    };
    let too_low = |by: f64| {
        let (mean, deviation) = under(by);
        value < mean - limits(mean - noise, deviation).0 * deviation
    };
    // The pull at which a candidate begins to be `rejected`: those before it are not.
    let edge = |rejected: &dyn Fn(f64) -> bool, mut kept: f64, mut gone: f64| {
        for _ in 0..60 {
            let middle = 0.5 * (kept + gone);
            if rejected(middle) {
                gone = middle;
            } else {
                kept = middle;
            }
        }
        error_of(kept)
    };
    let certain: f64 = gaps.iter().filter(|gap| gap.1 <= 0.0).map(|gap| gap.0).sum();
    let low = if too_high(all) { edge(&too_high, 0.0, all) } else { certain };
    // Pushed away by ten standard errors a bin, the mean lies far above the figure.
    let high = edge(&too_low, all, -10.0);
    Some((value, (low.min(value), high.max(value).min(1.0).max(value))))
}

/// The greatest calibration error of a bin, |gap| / weight, with its 95 % interval. `None` without answers, or when a number
/// is not one.
///
/// The share of right answers of each bin has Wilson's interval, for as many trials as its variance says, and with it the
/// distance from the confidence stated. The greatest true distance is at least any lower limit that holds for all bins
/// together (2.5 % divided by their number: Bonferroni), and at most the greatest upper limit (2.5 %, of the one bin that
/// has it). A bin of few answers leaves open how far off it is, and the interval with it.
pub fn greatest_gap_interval(bins: &[CalibrationBin]) -> Option<(f64, (f64, f64))> {
    let held: Vec<&CalibrationBin> = bins.iter().filter(|bin| bin.weight != 0.0).collect();
    let usable =
        |bin: &&CalibrationBin| bin.gap.is_finite() && bin.weight > 0.0 && bin.right >= 0.0 && bin.variance >= 0.0;
    if held.is_empty() || !held.iter().all(usable) {
        return None;
    }
    let for_all = -normal_quantile(0.025 / held.len() as f64);
    let (mut value, mut low, mut high) = (0.0, 0.0, 0.0);
    for bin in held {
        let share = (bin.right / bin.weight).min(1.0);
        let stated = share + bin.gap / bin.weight;
        let spread = share * (1.0 - share) * bin.weight * bin.weight;
        let trials = if spread > 0.0 && bin.variance > 0.0 { spread / bin.variance } else { bin.units };
        let trials = trials.min(bin.units);
        let (least, greatest) = score_interval(share, trials, for_all);
        low = f64::max(low, (stated - greatest).max(least - stated));
        let (least, greatest) = score_interval(share, trials, Z95);
        high = f64::max(high, (stated - least).max(greatest - stated));
        value = f64::max(value, (bin.gap / bin.weight).abs());
    }
    Some((value, (low.min(value), high.clamp(value, 1.0))))
}

/// How many standard deviations below its mean, and above it, a figure rejects a candidate whose mean lies `above` that
/// of no error.
fn limits(above: f64, deviation: f64) -> (f64, f64) {
    const ONE_SIDED: f64 = 1.644_853_626_951_472_2;
    let distance = if deviation > 0.0 { above / deviation } else { f64::INFINITY };
    let passed = ((distance - ONE_SIDED) / (3.0 - ONE_SIDED)).clamp(0.0, 1.0);
    let upper = ONE_SIDED + passed * (Z95 - ONE_SIDED);
    let left = 0.05 - normal_cdf(-upper);
    (if passed > 0.0 { -normal_quantile(left) } else { f64::INFINITY }, upper)
}

/// Mean and variance of the absolute value of a normal variable.
fn folded(mean: f64, error: f64) -> (f64, f64) {
    if error <= 0.0 {
        return (mean, 0.0);
    }
    let z = mean / error;
    let folded =
        error * (2.0 / std::f64::consts::PI).sqrt() * (-0.5 * z * z).exp() + mean * (1.0 - 2.0 * normal_cdf(-z));
    (folded, (mean * mean + error * error - folded * folded).max(0.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::Rng;

    /// Fifteen bins of `each` answers that are right with chance confidence - `gap`.
    fn bins(rng: &mut Rng, each: usize, gap: f64) -> Vec<CalibrationBin> {
        (0..15)
            .map(|bin| {
                let confidence = 0.4 + 0.55 * (f64::from(bin) + 0.5) / 15.0;
                let right = (0..each).filter(|_| rng.unit() < confidence - gap).count() as f64;
                let share = right / each as f64;
                CalibrationBin {
                    gap: each as f64 * confidence - right,
                    weight: each as f64,
                    right,
                    units: each as f64,
                    variance: each as f64 * share * (1.0 - share) * each as f64 / (each as f64 - 1.0),
                    stated: each as f64 * confidence * (1.0 - confidence),
                }
            })
            .collect()
    }

    #[test]
    fn intervals_cover_with_and_without_error() {
        let mut rng = Rng::new(12);
        for (each, gap) in [(20, 0.0), (20, 0.1), (200, 0.0), (200, 0.02), (200, 0.1)] {
            let held = (0..1_000)
                .filter(|_| {
                    let bins = bins(&mut rng, each, gap);
                    let (value, (low, high)) = calibration_interval(&bins, 15.0 * each as f64).unwrap();
                    assert!(0.0 <= low && low <= value && value <= high && high <= 1.0);
                    low <= gap && gap <= high
                })
                .count();
            assert!(held >= 925, "{each} {gap}: {held}");
        }
    }

    #[test]
    fn many_answers_give_the_plain_interval() {
        // Two bins far from 0: the sum of the gaps is normal.
        let bin =
            |gap| CalibrationBin { gap, weight: 500.0, right: 300.0, units: 500.0, variance: 100.0, stated: 50.0 };
        let (value, (low, high)) = calibration_interval(&[bin(200.0), bin(-300.0)], 1_000.0).unwrap();
        let half = Z95 * 200f64.sqrt() / 1_000.0;
        assert_eq!(value, 0.5);
        assert!((low - (0.5 - half)).abs() < 1e-9 && (high - (0.5 + half)).abs() < 1e-9, "{low} {high}");
        assert_eq!(calibration_interval(&[], 0.0), None);
        assert_eq!(calibration_interval(&[bin(f64::NAN)], 10.0), None);
        let certain = CalibrationBin { gap: 2.0, weight: 10.0, right: 8.0, units: 10.0, variance: 0.0, stated: 0.0 };
        assert_eq!(calibration_interval(&[certain], 10.0), Some((0.2, (0.2, 0.2))));
    }

    #[test]
    fn the_greatest_gap_covers_with_and_without_error() {
        let mut rng = Rng::new(13);
        for (each, gap) in [(20, 0.0), (20, 0.1), (200, 0.0), (200, 0.02), (200, 0.1)] {
            let held = (0..1_000)
                .filter(|_| {
                    let (value, (low, high)) = greatest_gap_interval(&bins(&mut rng, each, gap)).unwrap();
                    assert!(0.0 <= low && low <= value && value <= high && high <= 1.0);
                    low <= gap && gap <= high
                })
                .count();
            assert!(held >= 925, "{each} {gap}: {held}");
        }
        // One answer of a bin tells nothing of it.
        let alone = CalibrationBin { gap: -0.1, weight: 1.0, right: 1.0, units: 1.0, variance: 0.0, stated: 0.09 };
        let (value, (low, high)) = greatest_gap_interval(&[alone]).unwrap();
        assert!((value - 0.1).abs() < 1e-12 && low == 0.0 && high > 0.6);
        assert_eq!(greatest_gap_interval(&[]), None);
    }
}
