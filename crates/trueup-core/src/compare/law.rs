//! What the examples tell of a paired difference: its interval at any level, its p-values, what would be found, and how
//! many examples would tell.

use crate::document::{PairedTest, Standing};
use crate::stats::{
    McNemar, Sampling, detectable, normal_cdf, normal_quantile, paired_detectable, paired_examples, student_cdf,
    student_quantile, tango, wilson,
};

/// More further examples than this are no plan.
const MOST_NEEDED: f64 = 1e7;

/// What is known of a difference, B less A.
#[derive(Debug, Clone, PartialEq)]
pub enum Law {
    /// Of examples that are right or wrong as a whole: how many A alone has right, how many B alone, of how many.
    Discordant {
        /// Right in A alone.
        only_a: u64,
        /// Right in B alone.
        only_b: u64,
        /// Examples.
        n: u64,
    },
    /// By resampling units, with the p-value of approximate randomisation.
    Sampled {
        /// The difference over resamples.
        sampling: Sampling,
        /// The chance of a difference as large if the answers to each unit were exchanged at the toss of a coin.
        randomised: Option<f64>,
    },
    /// By a standard error.
    Normal {
        /// The difference.
        value: f64,
        /// Its standard error, at least 0.
        error: f64,
        /// Degrees of freedom of Student's t; infinite for the normal distribution.
        freedom: f64,
        /// Where the error comes from.
        test: PairedTest,
    },
    /// On none of so many units do the models differ in what counts.
    Alike {
        /// The units.
        units: u64,
    },
    /// A figure of one of the models has no value.
    Undefined,
}

impl Law {
    /// B less A; `None` when a figure has no value.
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Discordant { only_a, only_b, n } => Some((*only_b as f64 - *only_a as f64) / *n as f64),
            Self::Sampled { sampling, .. } => Some(sampling.value()),
            Self::Normal { value, .. } => Some(*value),
            Self::Alike { .. } => Some(0.0),
            Self::Undefined => None,
        }
    }

    /// How it is tested.
    pub fn test(&self) -> PairedTest {
        match self {
            Self::Discordant { .. } => PairedTest::Mcnemar,
            Self::Sampled { .. } => PairedTest::Resampling,
            Self::Normal { test, .. } => *test,
            Self::Alike { .. } | Self::Undefined => PairedTest::None,
        }
    }

    /// The interval of `level` in (0, 1); it excludes 0 exactly where [`Self::p`] is below 1 - `level`.
    ///
    /// - Resampled, it is the BCa interval; where approximate randomisation does not reject that the models are alike and
    ///   that interval leaves out 0, it is extended to 0. Randomisation keeps its level exactly, however few the units.
    /// - Where no unit differs, it is what Wilson's interval leaves to differ of as many.
    pub fn interval(&self, level: f64) -> Option<(f64, f64)> {
        match self {
            Self::Discordant { only_a, only_b, n } => McNemar::Exact.interval_at(*only_a, *only_b, *n, level),
            Self::Sampled { sampling, randomised } => {
                let (low, high) = sampling.bca(level);
                let alike = randomised.is_some_and(|p| p >= 1.0 - level);
                Some(if alike { (low.min(0.0), high.max(0.0)) } else { (low, high) })
            }
            Self::Normal { value, error, freedom, test } => {
                let half = quantile(0.5 + 0.5 * level, *freedom) * error;
                let (low, high) = (value - half, value + half);
                // Shares differ by 1 at most.
                let of_shares = matches!(test, PairedTest::Delta | PairedTest::Delong);
                Some(if of_shares { (low.max(-1.0), high.min(1.0)) } else { (low, high) })
            }
            Self::Alike { units } => {
                let most = wilson(0, *units).1;
                Some((-most, most))
            }
            Self::Undefined => None,
        }
    }

    /// The two-sided p-value that there is no difference.
    pub fn p(&self) -> Option<f64> {
        match self {
            Self::Discordant { only_a, only_b, .. } => Some(McNemar::Exact.p_value(*only_a, *only_b)),
            Self::Sampled { sampling, randomised } => Some(sampling.p_value(0.0).max(randomised.unwrap_or(0.0))),
            Self::Normal { .. } => Some((2.0 * self.p_below(0.0)?.min(self.p_above(0.0)?)).min(1.0)),
            Self::Alike { .. } => Some(1.0),
            Self::Undefined => None,
        }
    }

    /// The one-sided p-value that the difference is at least `null`: small where it is shown to be below. Of examples that
    /// are right or wrong as a whole by the exact test at 0, by Tango's score test elsewhere.
    pub fn p_below(&self, null: f64) -> Option<f64> {
        match self {
            Self::Discordant { only_a, only_b, n } => discordant_below(*only_a, *only_b, *n, null),
            Self::Sampled { sampling, .. } => Some(sampling.p_less(null)),
            Self::Normal { value, error, freedom, .. } => Some(tail(value - null, *error, *freedom)),
            Self::Alike { .. } => Some(f64::from(u8::from(null <= 0.0))),
            Self::Undefined => None,
        }
    }

    /// The one-sided p-value that the difference is at most `null`: small where it is shown to be above.
    pub fn p_above(&self, null: f64) -> Option<f64> {
        match self {
            Self::Discordant { only_a, only_b, n } => discordant_below(*only_b, *only_a, *n, -null),
            Self::Sampled { sampling, .. } => Some(sampling.p_greater(null)),
            Self::Normal { value, error, freedom, .. } => Some(tail(null - value, *error, *freedom)),
            Self::Alike { .. } => Some(f64::from(u8::from(null >= 0.0))),
            Self::Undefined => None,
        }
    }

    /// The standard error; `None` where nothing varies.
    pub fn error(&self) -> Option<f64> {
        let error = match self {
            Self::Discordant { only_a, only_b, n } => {
                let (n, d) = (*n as f64, (*only_b as f64 - *only_a as f64) / *n as f64);
                (((*only_a + *only_b) as f64 / n - d * d) / n).max(0.0).sqrt()
            }
            Self::Sampled { sampling, .. } => sampling.error(),
            Self::Normal { error, .. } => *error,
            Self::Alike { .. } | Self::Undefined => return None,
        };
        (error > 0.0).then_some(error)
    }

    /// The least difference that as many examples show with chance `power`; `None` where it cannot be told.
    pub fn detectable(&self, power: f64) -> Option<f64> {
        match self {
            Self::Discordant { only_a, only_b, n } => {
                paired_detectable(*n, (*only_a + *only_b) as f64 / *n as f64, power)
            }
            _ => detectable(self.error()?, power),
        }
    }

    /// How many further units would show with chance `power`, at `level`, that the difference is not `null`, if it is what it
    /// seems; of `units` now. `None` where it seems to be `null`, or more than 10^7 would be needed.
    pub fn needed(&self, null: f64, level: f64, power: f64, units: u64) -> Option<u64> {
        let gap = self.value()? - null;
        if let (Self::Discordant { only_a, only_b, n }, true) = (self, null == 0.0 && (level - 0.95).abs() < 1e-12) {
            let all = paired_examples((*only_a + *only_b) as f64 / *n as f64, gap, power)?;
            // Examples are whole units here, or none of them would be discordant as such.
            return (all as f64 <= MOST_NEEDED + *n as f64).then(|| all.saturating_sub(*n).max(1));
        }
        let arms = normal_quantile(0.5 + 0.5 * level) + normal_quantile(power);
        let all = units as f64 * (arms * self.error()? / gap).powi(2);
        (all.is_finite() && all - units as f64 <= MOST_NEEDED).then(|| (all.ceil() as u64).saturating_sub(units).max(1))
    }

    /// The same difference of figures of which less is better, so that more of it is: the models' places exchanged.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        match self.clone() {
            Self::Discordant { only_a, only_b, n } => Self::Discordant { only_a: only_b, only_b: only_a, n },
            Self::Sampled { sampling, randomised } => Self::Sampled { sampling: sampling.mirrored(), randomised },
            Self::Normal { value, error, freedom, test } => Self::Normal { value: -value, error, freedom, test },
            other => other,
        }
    }

    /// The same in the direction in which more is better.
    #[must_use]
    pub fn oriented(&self, higher_is_better: bool) -> Self {
        if higher_is_better { self.clone() } else { self.mirrored() }
    }

    /// What became of the figure: by the interval of `level`, and by `p_adjusted` where several were looked at; `within` is
    /// what makes no difference in practice.
    pub fn standing(&self, higher_is_better: bool, level: f64, within: f64, p_adjusted: Option<f64>) -> Standing {
        let law = self.oriented(higher_is_better);
        let Some((low, high)) = law.interval(level) else { return Standing::Unclear };
        let shown = p_adjusted.is_none_or(|p| p < 1.0 - level);
        if low > 0.0 && shown {
            Standing::Better
        } else if high < 0.0 && shown {
            Standing::Worse
        } else if low > -within && high < within {
            Standing::Same
        } else {
            Standing::Unclear
        }
    }
}

fn quantile(p: f64, freedom: f64) -> f64 {
    if freedom.is_finite() { student_quantile(p, freedom) } else { normal_quantile(p) }
}

/// The chance of `gap` or less when its mean is 0.
fn tail(gap: f64, error: f64, freedom: f64) -> f64 {
    if error <= 0.0 {
        return if gap < 0.0 { 0.0 } else { 1.0 };
    }
    let t = gap / error;
    if freedom.is_finite() { student_cdf(t, freedom) } else { normal_cdf(t) }
}

fn discordant_below(only_a: u64, only_b: u64, n: u64, null: f64) -> Option<f64> {
    if null == 0.0 {
        return Some(McNemar::Exact.p_less(only_a, only_b));
    }
    Some(normal_cdf(tango(only_a, only_b, n, null)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn intervals_and_p_values_decide_alike() {
        let laws = [
            Law::Discordant { only_a: 3, only_b: 14, n: 200 },
            Law::Discordant { only_a: 8, only_b: 14, n: 200 },
            Law::Normal { value: 0.02, error: 0.01, freedom: 12.0, test: PairedTest::T },
            Law::Normal { value: 0.02, error: 0.01, freedom: f64::INFINITY, test: PairedTest::Delta },
            Law::Alike { units: 50 },
        ];
        for law in &laws {
            for level in [0.5, 0.8, 0.9, 0.95, 0.99] {
                let (low, high) = law.interval(level).unwrap();
                assert_eq!(low > 0.0 || high < 0.0, law.p().unwrap() < 1.0 - level, "{law:?} {level}");
                let mirror = law.mirrored();
                let (mirror_low, mirror_high) = mirror.interval(level).unwrap();
                assert!((mirror_low + high).abs() < 1e-12 && (mirror_high + low).abs() < 1e-12);
                assert!((mirror.p().unwrap() - law.p().unwrap()).abs() < 1e-12);
                assert!((mirror.p_below(-0.03).unwrap() - law.p_above(0.03).unwrap()).abs() < 1e-12, "{law:?}");
            }
        }
        assert_eq!(Law::Undefined.interval(0.95), None);
    }

    #[test]
    fn needed_examples_give_the_power_asked_for() {
        let law = Law::Discordant { only_a: 20, only_b: 30, n: 500 };
        let needed = law.needed(0.0, 0.95, 0.8, 500).unwrap();
        let scale = (500 + needed) as f64 / 500.0;
        let power = crate::stats::mcnemar_power(500 + needed, 0.1, 0.02).unwrap();
        assert!((0.79..0.82).contains(&power) && scale > 3.0, "{needed} {power}");
        let law = Law::Normal { value: 0.01, error: 0.01, freedom: f64::INFINITY, test: PairedTest::Delta };
        // (1.96 + 0.84)² times as many units.
        assert_eq!(law.needed(0.0, 0.95, 0.8, 1_000), Some(6_849));
        assert_eq!(law.needed(0.01, 0.95, 0.8, 1_000), None);
    }

    #[test]
    fn standing_is_worded_from_the_interval() {
        let law = |value: f64, error: f64| Law::Normal { value, error, freedom: f64::INFINITY, test: PairedTest::T };
        let of = |law: Law, higher| law.standing(higher, 0.95, 0.01, None);
        assert_eq!(of(law(0.03, 0.01), true), Standing::Better);
        assert_eq!(of(law(0.03, 0.01), false), Standing::Worse);
        assert_eq!(of(law(0.001, 0.002), true), Standing::Same);
        assert_eq!(of(law(0.01, 0.02), true), Standing::Unclear);
        assert_eq!(law(0.03, 0.01).standing(true, 0.95, 0.01, Some(0.2)), Standing::Unclear);
    }
}
