//! The interval of a calibration error.
//!
//! A calibration error is a mean of absolute gaps, so chance alone makes it larger than 0: with fifteen bins of forty
//! answers each, a model without any error shows 0.03 to 0.06. An interval around that figure would never contain the
//! truth. The one here asks instead which true errors could have given the figure.

use super::{Z95, normal_cdf};

/// What one bin of confidences holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationBin {
    /// Σ (confidence - right) over the bin.
    pub gap: f64,
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
/// folded normal distribution"). The interval holds the errors of those candidates under which the figure lies within
/// 1.96 standard deviations of its mean, and the figure itself.
pub fn calibration_interval(bins: &[CalibrationBin], n: f64) -> Option<(f64, (f64, f64))> {
    let usable = |bin: &CalibrationBin| bin.gap.is_finite() && bin.variance >= 0.0 && bin.stated >= 0.0;
    if !(n > 0.0 && n.is_finite()) || !bins.iter().all(usable) {
        return None;
    }
    let gaps: Vec<(f64, f64)> =
        bins.iter().map(|bin| (bin.gap.abs() / n, bin.variance.max(bin.stated).sqrt() / n)).collect();
    let value: f64 = gaps.iter().map(|gap| gap.0).sum();
    let pulled = |by: f64| gaps.iter().map(move |&(gap, error)| ((gap - by * error).max(0.0), error));
    // The error of a candidate, and how many standard deviations the figure lies above its mean under it.
    let error_of = |by: f64| pulled(by).map(|(gap, _)| gap).sum::<f64>();
    let above = |by: f64| {
        let (mut mean, mut variance) = (0.0, 0.0);
        for (gap, error) in pulled(by) {
            let (m, v) = folded(gap, error);
            mean += m;
            variance += v;
        }
        if variance > 0.0 { (value - mean) / variance.sqrt() } else { 0.0 }
    };
    // Pulled by so much that nothing is left.
    let all = gaps.iter().filter(|gap| gap.1 > 0.0).map(|&(gap, error)| gap / error).fold(0.0, f64::max);
    let fixed: f64 = gaps.iter().filter(|gap| gap.1 <= 0.0).map(|gap| gap.0).sum();
    // The pull at which the figure lies `z` above: it rises with the pull.
    let pull = |z: f64, mut low: f64, mut high: f64| {
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if above(middle) > z {
                high = middle;
            } else {
                low = middle;
            }
        }
        0.5 * (low + high)
    };
    let low = if above(all) <= Z95 { fixed } else { error_of(pull(Z95, 0.0, all)) };
    // Pushed away by ten standard errors a bin, the figure lies far below the candidate's mean.
    let high = error_of(pull(-Z95, -10.0, all));
    Some((value, (low.min(value), high.max(value).min(1.0).max(value))))
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
        let bin = |gap| CalibrationBin { gap, variance: 100.0, stated: 50.0 };
        let (value, (low, high)) = calibration_interval(&[bin(200.0), bin(-300.0)], 1_000.0).unwrap();
        let half = Z95 * 200f64.sqrt() / 1_000.0;
        assert_eq!(value, 0.5);
        assert!((low - (0.5 - half)).abs() < 1e-9 && (high - (0.5 + half)).abs() < 1e-9, "{low} {high}");
        assert_eq!(calibration_interval(&[], 0.0), None);
        assert_eq!(calibration_interval(&[bin(f64::NAN)], 10.0), None);
        let certain = CalibrationBin { gap: 2.0, variance: 0.0, stated: 0.0 };
        assert_eq!(calibration_interval(&[certain], 10.0), Some((0.2, (0.2, 0.2))));
    }
}
