//! How a figure varies from sample to sample, as resampling tells: its intervals and its p-values.

use super::bootstrap::spread;
use super::{normal_cdf, normal_quantile};

/// A figure with its bootstrap replicates and what the jackknife says of it.
///
/// Without replicates, as when units are too many to draw them, the figure is taken to be normal with the jackknife's
/// standard error. Each p-value inverts its interval: an end of the interval of level 1 - p falls on the null value, so
/// an interval of level 95 % leaves out 0 where the p-value of 0 is below 0.05. The least p-value that B replicates
/// can show is about 1 / (B + 1) a side.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    value: f64,
    error: f64,
    acceleration: f64,
    bias: f64,
    replicates: Vec<f64>,
}

impl Sampling {
    /// A figure of the given value from its bootstrap `replicates` (NaN where undefined: left out) and its values
    /// without one unit, each with the number of units it stands for. `None` when these are all equal, so that nothing
    /// is known of how the figure varies, or the value is not finite.
    pub fn new(value: f64, mut replicates: Vec<f64>, without: &[(f64, f64)]) -> Option<Self> {
        let (error, acceleration) = spread(without)?;
        if !value.is_finite() {
            return None;
        }
        replicates.retain(|r| r.is_finite());
        replicates.sort_unstable_by(f64::total_cmp);
        let mut bias = 0.0;
        if !replicates.is_empty() {
            let n = replicates.len() as f64;
            // Counts make ties: a replicate equal to the value counts half, short of rounding.
            let slack = 1e-12 * value.abs().max(1.0);
            let below = replicates.partition_point(|&r| r < value - slack) as f64;
            let up_to = replicates.partition_point(|&r| r <= value + slack) as f64;
            bias = normal_quantile((0.5 * (below + up_to) / n).clamp(0.5 / n, 1.0 - 0.5 / n));
        }
        Some(Self { value, error, acceleration, bias, replicates })
    }

    /// What is known of the figure times -1.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self {
            value: -self.value,
            error: self.error,
            acceleration: -self.acceleration,
            bias: -self.bias,
            replicates: self.replicates.iter().rev().map(|r| -r).collect(),
        }
    }

    /// The figure of the sample itself.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The jackknife's standard error.
    pub fn error(&self) -> f64 {
        self.error
    }

    /// The acceleration: a sixth of the skewness of the jackknife values (Efron 1987).
    pub fn acceleration(&self) -> f64 {
        self.acceleration
    }

    /// The replicates from the least on; empty when the normal distribution stands in for them.
    pub fn replicates(&self) -> &[f64] {
        &self.replicates
    }

    /// The bias-corrected and accelerated interval of `level` in (0, 1); as SciPy's `bootstrap(method="BCa")`, but for
    /// containing the value always.
    pub fn bca(&self, level: f64) -> (f64, f64) {
        let z = normal_quantile(0.5 + 0.5 * level);
        if self.replicates.is_empty() {
            return (self.value - z * self.error, self.value + z * self.error);
        }
        let end = |z: f64| {
            let shifted = self.bias + z;
            let scale = 1.0 - self.acceleration * shifted;
            // A scale at or below 0 means that the acceleration is beyond the method: the level runs into its end.
            let level =
                if scale <= 0.0 { f64::from(u8::from(z > 0.0)) } else { normal_cdf(self.bias + shifted / scale) };
            quantile(&self.replicates, level)
        };
        (end(-z).min(self.value), end(z).max(self.value))
    }

    /// The percentile interval of `level` in (0, 1): the middle of the replicates (Efron 1979). As SciPy's
    /// `bootstrap(method="percentile")`. It need not contain the value.
    pub fn percentile(&self, level: f64) -> (f64, f64) {
        if self.replicates.is_empty() {
            return self.bca(level);
        }
        (quantile(&self.replicates, 0.5 - 0.5 * level), quantile(&self.replicates, 0.5 + 0.5 * level))
    }

    /// The p-value that the figure is at most `null`, against its being greater: non-inferiority by a margin m asks for
    /// `null` = -m.
    pub fn p_greater(&self, null: f64) -> f64 {
        if self.replicates.is_empty() {
            return normal_cdf((null - self.value) / self.error);
        }
        normal_cdf(self.standing(null, true) - self.bias)
    }

    /// The p-value that the figure is at least `null`, against its being less.
    pub fn p_less(&self, null: f64) -> f64 {
        if self.replicates.is_empty() {
            return normal_cdf((self.value - null) / self.error);
        }
        normal_cdf(self.bias - self.standing(null, false))
    }

    /// The two-sided p-value that the figure is `null`.
    pub fn p_value(&self, null: f64) -> f64 {
        (2.0 * self.p_greater(null).min(self.p_less(null))).min(1.0)
    }

    /// The two-sided p-value of the percentile method: twice the smaller share of replicates on one side of `null`,
    /// each share with one added above and below (Davison and Hinkley 1997, section 4.2).
    pub fn p_percentile(&self, null: f64) -> f64 {
        if self.replicates.is_empty() {
            return self.p_value(null);
        }
        let n = self.replicates.len();
        let up_to = self.replicates.partition_point(|&r| r <= null);
        let from = n - self.replicates.partition_point(|&r| r < null);
        (2.0 * (1.0 + up_to.min(from) as f64) / (1.0 + n as f64)).min(1.0)
    }

    /// The shifted normal quantile b + z at which the interval's end falls on `null`: the inverse of the steps of
    /// [`Self::bca`]. Where many replicates equal `null`, the last of them (or the first).
    fn standing(&self, null: f64, last: bool) -> f64 {
        let n = self.replicates.len() as f64;
        let level = level(&self.replicates, null, last).clamp(1.0 / (n + 1.0), n / (n + 1.0));
        let w = normal_quantile(level) - self.bias;
        let scale = 1.0 + self.acceleration * w;
        if scale <= 0.0 { f64::INFINITY.copysign(w) } else { w / scale }
    }
}

/// The `p` quantile of sorted numbers, linear between neighbours (type 7 of Hyndman and Fan 1996).
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = p * (sorted.len() - 1) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    sorted[low] + (at - at.floor()) * (sorted[high] - sorted[low])
}

/// The p of which `x` is the [`quantile`]: the greatest where a run of equal numbers leaves a choice and `last` is set,
/// the least otherwise.
fn level(sorted: &[f64], x: f64, last: bool) -> f64 {
    let before = sorted.partition_point(|&r| if last { r <= x } else { r < x });
    if before == 0 || before == sorted.len() {
        return f64::from(u8::from(before > 0));
    }
    let (low, high) = (sorted[before - 1], sorted[before]);
    ((before - 1) as f64 + (x - low) / (high - low)) / (sorted.len() - 1) as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::Rng;

    /// Skewed replicates, some of them tied.
    fn sampling(seed: u64, round: bool) -> Sampling {
        let mut rng = Rng::new(seed);
        let draw = |rng: &mut Rng| {
            let x = -(1.0 - rng.unit()).ln() + 0.3 * rng.unit() - 0.4;
            if round { (8.0 * x).round() / 8.0 } else { x }
        };
        let replicates: Vec<f64> = (0..999).map(|_| draw(&mut rng)).collect();
        let without: Vec<(f64, f64)> = (0..40).map(|_| (0.02 * draw(&mut rng), 1.0)).collect();
        Sampling::new(0.6, replicates, &without).unwrap()
    }

    #[test]
    fn p_values_invert_the_interval() {
        for seed in 0..60 {
            let sampling = sampling(seed, seed % 2 == 0);
            for step in -20..60 {
                let null = f64::from(step) / 16.0;
                for level in [0.8, 0.95, 0.99] {
                    let (low, high) = sampling.bca(level);
                    let alpha = 0.5 * (1.0 - level);
                    let (greater, less) = (sampling.p_greater(null), sampling.p_less(null));
                    if low < 0.6 && (greater - alpha).abs() > 1e-9 {
                        assert_eq!(greater < alpha, low > null, "{seed} {null} {level}: {greater} {low}");
                    }
                    if high > 0.6 && (less - alpha).abs() > 1e-9 {
                        assert_eq!(less < alpha, high < null, "{seed} {null} {level}: {less} {high}");
                    }
                }
            }
        }
    }

    #[test]
    fn without_replicates_the_figure_is_normal() {
        let without: Vec<(f64, f64)> = [(0.4, 2.0), (0.6, 2.0)].to_vec();
        let sampling = Sampling::new(0.5, Vec::new(), &without).unwrap();
        let (low, high) = sampling.bca(0.95);
        assert!((sampling.p_value(low) - 0.05).abs() < 1e-9 && (sampling.p_value(high) - 0.05).abs() < 1e-9);
        assert_eq!(sampling.percentile(0.95), (low, high));
        assert!((sampling.p_value(0.5) - 1.0).abs() < 1e-12);
        assert_eq!(Sampling::new(0.5, Vec::new(), &[(0.5, 4.0)]), None);
        assert_eq!(Sampling::new(f64::NAN, Vec::new(), &without), None);
    }

    #[test]
    fn percentile_p_counts_replicates() {
        let without: Vec<(f64, f64)> = [(0.4, 2.0), (0.6, 2.0)].to_vec();
        let sampling =
            Sampling::new(0.5, vec![-1.0, 0.0, 0.5, 0.6, 0.7, 0.8, f64::NAN, 0.9, 1.0, 1.1], &without).unwrap();
        assert_eq!(sampling.p_percentile(0.0), 2.0 * 3.0 / 10.0);
        assert_eq!(sampling.p_percentile(-2.0), 2.0 / 10.0);
        assert_eq!(sampling.p_percentile(0.7), 1.0);
    }
}
