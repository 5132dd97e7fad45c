//! Binomial random numbers.

use statrs::function::factorial::ln_factorial;

use crate::Rng;

/// How many of `n` independent trials succeed, each with probability `p`: one random number.
///
/// Inversion outwards from the mode: the expected number of steps is of the order of the standard deviation, so a
/// million trials cost some hundred steps, and nothing is approximated.
pub fn binomial(rng: &mut Rng, n: u64, p: f64) -> u64 {
    if n == 0 || p <= 0.0 {
        return 0;
    }
    if p >= 1.0 {
        return n;
    }
    let odds = p / (1.0 - p);
    let mode = (((n + 1) as f64 * p) as u64).min(n);
    let ln_mode = ln_factorial(n) - ln_factorial(mode) - ln_factorial(n - mode)
        + mode as f64 * p.ln()
        + (n - mode) as f64 * (-p).ln_1p();
    let (mut low, mut high) = (mode, mode);
    let (mut p_low, mut p_high) = (ln_mode.exp(), ln_mode.exp());
    let mut left = rng.unit() - p_low;
    if left < 0.0 {
        return mode;
    }
    loop {
        let mut moved = false;
        if low > 0 && p_low > 0.0 {
            p_low *= low as f64 / ((n - low + 1) as f64 * odds);
            low -= 1;
            left -= p_low;
            moved = true;
            if left < 0.0 {
                return low;
            }
        }
        if high < n && p_high > 0.0 {
            p_high *= (n - high) as f64 * odds / (high + 1) as f64;
            high += 1;
            left -= p_high;
            moved = true;
            if left < 0.0 {
                return high;
            }
        }
        if !moved {
            // The probabilities sum to 1 short of rounding; what rounding leaves over belongs to the mode.
            return mode;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let mut rng = Rng::new(7);
        for (n, p) in [(1, 0.3), (10, 0.5), (40, 0.02), (1_000, 0.97), (1_000_000, 0.2)] {
            let draws: Vec<f64> = (0..4_000).map(|_| binomial(&mut rng, n, p) as f64).collect();
            let mean = draws.iter().sum::<f64>() / 4_000.0;
            let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 4_000.0;
            let (expected, spread) = (n as f64 * p, n as f64 * p * (1.0 - p));
            assert!((mean - expected).abs() < 4.0 * (spread / 4_000.0).sqrt(), "{n} {p}: {mean}");
            assert!((variance / spread - 1.0).abs() < 0.15, "{n} {p}: {variance}");
        }
        assert_eq!(binomial(&mut rng, 5, 0.0), 0);
        assert_eq!(binomial(&mut rng, 5, 1.0), 5);
    }

    #[test]
    fn small_cases_have_their_probabilities() {
        let mut rng = Rng::new(3);
        let mut seen = [0u32; 4];
        for _ in 0..80_000 {
            seen[binomial(&mut rng, 3, 0.5) as usize] += 1;
        }
        for (count, expected) in seen.iter().zip([10_000.0, 30_000.0, 30_000.0, 10_000.0]) {
            assert!((f64::from(*count) - expected).abs() < 600.0, "{seen:?}");
        }
    }
}
