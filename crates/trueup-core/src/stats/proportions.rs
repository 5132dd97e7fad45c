//! Differences of proportions on separate examples, equivalence, and what a difference says of two systems.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{normal_cdf, wilson};

/// The 95 % interval of `k2` / `n2` less `k1` / `n1` on separate examples: Newcombe's, which joins both Wilson intervals
/// by the squares of their arms (Newcombe 1998, "Interval estimation for the difference between independent
/// proportions", method 10). `None` when a number of trials is 0 or below its successes. As statsmodels'
/// `confint_proportions_2indep(method="newcomb")`.
pub fn newcombe(k1: u64, n1: u64, k2: u64, n2: u64) -> Option<(f64, f64)> {
    if n1 == 0 || n2 == 0 || k1 > n1 || k2 > n2 {
        return None;
    }
    let (p1, p2) = (k1 as f64 / n1 as f64, k2 as f64 / n2 as f64);
    let ((low1, high1), (low2, high2)) = (wilson(k1, n1), wilson(k2, n2));
    let difference = p2 - p1;
    Some((difference - (p2 - low2).hypot(high1 - p1), difference + (high2 - p2).hypot(p1 - low1)))
}

/// Two one-sided tests that a difference lies within margins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tost {
    /// The p-value that the difference is at most the lower margin: non-inferiority, when it is small.
    pub above: f64,
    /// The p-value that the difference is at least the upper margin.
    pub below: f64,
    /// The greater of the two: equivalence, when it is small.
    pub p: f64,
}

/// The two one-sided tests (Schuirmann 1987, "A comparison of the two one-sided tests procedure and the power
/// approach") of a `difference` with standard `error`: by Student's t of `freedom` degrees, by the normal distribution
/// without. `None` unless the error is above 0 and `low` below `high`. As statsmodels' `ttost_paired` (with the mean's
/// error) and `tost_proportions_2indep(method="wald")`.
pub fn tost(difference: f64, error: f64, (low, high): (f64, f64), freedom: Option<f64>) -> Option<Tost> {
    if !(error > 0.0 && error.is_finite() && difference.is_finite() && low < high) {
        return None;
    }
    let tail = |t: f64| match freedom {
        None => Some(normal_cdf(t)),
        Some(freedom) => StudentsT::new(0.0, 1.0, freedom).ok().map(|student| student.cdf(t)),
    };
    let (above, below) = (tail((low - difference) / error)?, tail((difference - high) / error)?);
    Some(Tost { above, below, p: above.max(below) })
}

/// What the 95 % interval of a difference (a new system less an old one, more being better) says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All of it lies above 0.
    Superior,
    /// All of it lies above -margin, not above 0.
    NonInferior,
    /// All of it lies below 0 (without a margin) or below -margin.
    Inferior,
    /// None of these: more examples are needed.
    Undecided,
}

/// How `(low, high)` stands to 0 and to a `margin` of non-inferiority, which is 0 where none is given. `None` when the
/// margin is negative or anything is not a number.
pub fn standing((low, high): (f64, f64), margin: f64) -> Option<Standing> {
    if low.is_nan() || high.is_nan() || !(margin >= 0.0 && margin.is_finite()) {
        return None;
    }
    Some(if low > 0.0 {
        Standing::Superior
    } else if high < -margin {
        Standing::Inferior
    } else if low > -margin {
        Standing::NonInferior
    } else {
        Standing::Undecided
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::stats::Z95;

    #[test]
    fn newcombes_example() {
        // 56 of 70 less 48 of 80 (Newcombe 1998, table II, row a, method 10).
        let (low, high) = newcombe(48, 80, 56, 70).unwrap();
        assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5, "{low} {high}");
        let (mirror_low, mirror_high) = newcombe(56, 70, 48, 80).unwrap();
        assert!((low + mirror_high).abs() < 1e-15 && (high + mirror_low).abs() < 1e-15);
        assert_eq!((newcombe(0, 0, 1, 1), newcombe(2, 1, 1, 1)), (None, None));
    }

    #[test]
    fn equivalence_takes_both_sides() {
        let found = tost(0.0, 0.01, (-0.02, 0.03), None).unwrap();
        assert_eq!(found.p, found.above);
        assert!((found.above - normal_cdf(-2.0)).abs() < 1e-15 && (found.below - normal_cdf(-3.0)).abs() < 1e-15);
        assert!(tost(0.0, 0.01, (-0.02, 0.03), Some(5.0)).unwrap().p > found.p);
        assert_eq!((tost(0.0, 0.0, (-1.0, 1.0), None), tost(0.0, 1.0, (1.0, 1.0), None)), (None, None));
        let edge = tost(0.1, 0.05, (0.1 - Z95 * 0.05, 1.0), None).unwrap();
        assert!((edge.above - 0.025).abs() < 1e-9);
    }

    #[test]
    fn standings() {
        let of = |low, high, margin| standing((low, high), margin).unwrap();
        assert_eq!(of(0.01, 0.05, 0.02), Standing::Superior);
        assert_eq!(of(-0.01, 0.05, 0.02), Standing::NonInferior);
        assert_eq!(of(-0.01, 0.05, 0.0), Standing::Undecided);
        assert_eq!(of(-0.05, -0.01, 0.0), Standing::Inferior);
        assert_eq!(of(-0.05, -0.01, 0.02), Standing::Undecided);
        assert_eq!(of(-0.05, -0.03, 0.02), Standing::Inferior);
        // Worse, and by less than the margin: not inferior by what was asked.
        assert_eq!(of(-0.015, -0.005, 0.02), Standing::NonInferior);
        assert_eq!(standing((f64::NAN, 1.0), 0.0), None);
        assert_eq!(standing((0.0, 1.0), -0.1), None);
    }
}
