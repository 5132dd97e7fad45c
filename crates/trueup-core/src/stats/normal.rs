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

/// The distribution function of Student's t of `freedom` degrees at `t`; the normal one where `freedom` is not above 0 or
/// infinite.
pub fn student_cdf(t: f64, freedom: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(student) if freedom.is_finite() => student.cdf(t),
        _ => normal_cdf(t),
    }
}

/// The `p` quantile of Student's t with `freedom` degrees of freedom, `p` in (0, 1); the normal quantile when `freedom`
/// is not above 0.
///
/// Above 200 degrees by the expansion around the normal quantile (Abramowitz and Stegun 1964, 26.7.5), good to 1e-10
/// there; below by bisection of the distribution function. `statrs` has an inverse, but its search does not end for
/// some millions of degrees.
pub fn student_quantile(p: f64, freedom: f64) -> f64 {
    let z = normal_quantile(p);
    if freedom > 200.0 {
        let z2 = z * z;
        let g1 = z * (z2 + 1.0) / 4.0;
        let g2 = z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
        let g3 = z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
        let g4 = z * ((((79.0 * z2 + 776.0) * z2 + 1_482.0) * z2 - 1_920.0) * z2 - 945.0) / 92_160.0;
        return z + (g1 + (g2 + (g3 + g4 / freedom) / freedom) / freedom) / freedom;
    }
    if p < 0.5 {
        return -student_quantile(1.0 - p, freedom);
    }
    let Ok(student) = StudentsT::new(0.0, 1.0, freedom) else {
        return z;
    };
    // The tails of t are heavier than those of the normal.
    let (mut low, mut high) = (z, 2.0 * z + 1.0);
    while student.cdf(high) < p && high < 1e12 {
        low = high;
        high *= 2.0;
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if student.cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
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
        for (p, freedom, expected) in [(0.975, 1.0, 12.706_204_7), (0.8, 2.0, 1.060_660_17), (0.975, 30.0, 2.042_272_5)]
        {
            let t = student_quantile(p, freedom);
            assert!((t - expected).abs() < 1e-6, "{p} {freedom}: {t}");
            assert!((student_quantile(1.0 - p, freedom) + t).abs() < 1e-8);
        }
        let (below, above) = (student_quantile(0.975, 200.0), student_quantile(0.975, 200.0 + 1e-9));
        assert!((below - above).abs() < 1e-10, "{below} {above}");
        assert!((student_quantile(0.975, 1e7) - Z95).abs() < 1e-6);
    }
}
