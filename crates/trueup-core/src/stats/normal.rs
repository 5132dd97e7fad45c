//! Quantiles of the normal distribution and of Student's t.

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::erf::{erfc, erfc_inv};

/// The 97.5 % quantile of the standard normal distribution: half the width, in standard errors, of a 95 % interval.
pub const Z95: f64 = 1.959_963_984_540_054;

/// The probability that a standard normal variable is at most `z`.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// The `p` quantile of the standard normal distribution, `p` in [0, 1]; infinite at the ends.
pub fn normal_quantile(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p)
}

/// The `p` quantile of Student's t with `freedom` degrees of freedom, `p` in (0, 1), `freedom` above 0.
pub fn student_quantile(p: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or_else(|_| normal_quantile(p), |student| student.inverse_cdf(p))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_tables() {
        assert!((normal_quantile(0.975) - Z95).abs() < 1e-12);
        assert!((normal_cdf(Z95) - 0.975).abs() < 1e-10);
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        // Student 1908 and any t table.
        for (p, freedom, expected) in [
            (0.975, 1.0, 12.706_204_7),
            (0.8, 2.0, 1.060_660_17),
            (0.975, 30.0, 2.042_272_5),
        ] {
            let t = student_quantile(p, freedom);
            assert!((t - expected).abs() < 1e-6, "{p} {freedom}: {t}");
            assert!((student_quantile(1.0 - p, freedom) + t).abs() < 1e-8);
        }
        assert!((student_quantile(0.975, 1e7) - Z95).abs() < 1e-6);
    }
}
