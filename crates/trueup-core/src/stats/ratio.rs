//! A ratio of sums over dependent units: precision over spans of sentences, accuracy over documents.
//!
//! The variance is that of the linearised ratio, units being independent of each other but nothing being assumed
//! within them (the cluster-robust delta method; Cochran 1977, "Sampling techniques", chapter 6). It becomes an
//! interval in Wilson's shape: the variance says how many independent trials the data are worth (see
//! [`wilson_effective`]), so that the interval stays in [0, 1] and keeps a width when every unit is right.

use super::{Z95, student_quantile, wilson_effective};

/// The sums of one unit, `times` of which occur.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// Its part of the numerator.
    pub part: f64,
    /// Its part of the denominator.
    pub whole: f64,
    /// How many such units there are.
    pub times: f64,
}

/// A ratio Σ part / Σ whole with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The ratio.
    pub value: f64,
    /// Its standard error; `None` with a single unit.
    pub error: Option<f64>,
    /// How many units have a part in the denominator.
    pub units: f64,
    /// The denominator.
    pub whole: f64,
}

impl Ratio {
    /// The ratio of `units`; `None` for 0/0. Units of denominator 0 take no part.
    pub fn new(units: impl Iterator<Item = Unit> + Clone) -> Option<Self> {
        let (mut part, mut whole, mut count) = (0.0, 0.0, 0.0);
        for unit in units.clone().filter(|u| u.whole > 0.0) {
            part += unit.part * unit.times;
            whole += unit.whole * unit.times;
            count += unit.times;
        }
        if whole <= 0.0 {
            return None;
        }
        let value = part / whole;
        let squares: f64 =
            units.filter(|u| u.whole > 0.0).map(|unit| unit.times * (unit.part - value * unit.whole).powi(2)).sum();
        let error = (count > 1.0).then(|| (squares * count / (count - 1.0)).sqrt() / whole);
        Some(Self { value, error, units: count, whole })
    }

    /// The 95 % interval of a ratio that lies in [0, 1].
    ///
    /// - The trials it is worth are p (1 - p) / variance, at most the denominator, and fewer with few units (Korn and
    ///   Graubard's (z / t)², t of one degree less than there are units).
    /// - At 0 and 1, where the variance says nothing, each unit counts as one trial, as if its parts moved together.
    pub fn proportion(&self) -> (f64, f64) {
        wilson_effective(self.value.clamp(0.0, 1.0), self.worth())
    }

    /// How many independent trials a ratio that lies in [0, 1] is worth; see [`proportion`](Self::proportion).
    pub fn worth(&self) -> f64 {
        let p = self.value;
        match self.error {
            _ if p <= 0.0 || p >= 1.0 => self.units,
            None => 1.0,
            Some(error) => {
                let worth = p * (1.0 - p) / (error * error).max(f64::MIN_POSITIVE);
                worth.min(self.whole) * (Z95 / student_quantile(0.975, self.units - 1.0)).powi(2)
            }
        }
    }

    /// The 95 % interval of a mean of numbers that are not negative, such as losses; `None` with a single unit.
    ///
    /// Losses are rare and large: their variance falls and rises with their mean. With variance / mean held fixed, as
    /// it is when the mean changes by the number of losses and not by their size (a compound Poisson sum), the means not
    /// rejected by the score test solve (value - μ)² = t² μ variance / value, as in Wilson's interval. The upper arm is
    /// longer than the lower one, which stays above 0. For a value of 0 or below the interval is Student's.
    pub fn mean(&self) -> Option<(f64, f64)> {
        let half = student_quantile(0.975, self.units - 1.0) * self.error?;
        if self.value <= 0.0 {
            return Some((self.value - half, self.value + half));
        }
        let shift = 0.5 * half * half / self.value;
        let arm = (half * half + shift * shift).sqrt();
        Some((self.value + shift - arm, self.value + shift + arm))
    }

    /// The same ratio with a standard error of `least` at least: what a sample in which rare mistakes happen to be
    /// missing does not show of their spread may be known from elsewhere, such as from the probabilities that a model
    /// states. No effect with a single unit.
    #[must_use]
    pub fn error_at_least(self, least: f64) -> Self {
        Self { error: self.error.map(|error| error.max(least)), ..self }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::stats::wilson;

    fn ratio(units: &[(f64, f64, f64)]) -> Ratio {
        Ratio::new(units.iter().map(|&(part, whole, times)| Unit { part, whole, times })).unwrap()
    }

    #[test]
    fn independent_trials_give_nearly_wilson() {
        let (low, high) = ratio(&[(1.0, 1.0, 900.0), (0.0, 1.0, 100.0)]).proportion();
        let (expected_low, expected_high) = wilson(900, 1000);
        assert!((low - expected_low).abs() < 2e-4 && (high - expected_high).abs() < 2e-4, "{low} {high}");
    }

    #[test]
    fn dependence_widens() {
        let apart = ratio(&[(1.0, 1.0, 180.0), (0.0, 1.0, 20.0)]).proportion();
        // The same 200 trials, in clusters of ten that are right or wrong together.
        let together = ratio(&[(10.0, 10.0, 18.0), (0.0, 10.0, 2.0)]).proportion();
        assert!(together.0 < apart.0 - 0.1 && together.1 > apart.1, "{together:?} {apart:?}");
    }

    #[test]
    fn ends_keep_a_width() {
        assert_eq!(ratio(&[(3.0, 3.0, 40.0)]).proportion(), wilson(40, 40));
        assert_eq!(ratio(&[(0.0, 3.0, 1.0)]).proportion(), wilson(0, 1));
        assert_eq!(Ratio::new(std::iter::empty()), None);
        let (low, high) = ratio(&[(1.0, 2.0, 1.0)]).proportion();
        assert!(low < 0.1 && high > 0.9);
        assert_eq!(ratio(&[(1.0, 2.0, 1.0)]).mean(), None);
    }

    #[test]
    fn means_of_losses_reach_further_up() {
        let losses = ratio(&[(0.1, 1.0, 95.0), (4.0, 1.0, 5.0)]);
        let (low, high) = losses.mean().unwrap();
        let half = student_quantile(0.975, 99.0) * losses.error.unwrap();
        assert!(low > 0.0 && high - losses.value > losses.value - low);
        // Both ends solve the equation.
        for end in [low, high] {
            assert!(((losses.value - end).powi(2) - half * half * end / losses.value).abs() < 1e-12);
        }
        let known = losses.error_at_least(1.0);
        assert_eq!((known.error, losses.error_at_least(0.0)), (Some(1.0), losses));
        // Nearly symmetric when the spread is small.
        let even = ratio(&[(0.9, 1.0, 5_000.0), (1.1, 1.0, 5_000.0)]);
        let (low, high) = even.mean().unwrap();
        assert!((high + low - 2.0).abs() < 1e-5);
    }
}
