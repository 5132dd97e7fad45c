//! The bootstrap over units, bias-corrected and accelerated (BCa; Efron 1987, "Better bootstrap confidence intervals").
//!
//! Units with equal counts are one *kind*: a resample is then a multinomial draw over the kinds, and a statistic of
//! counts is evaluated once a kind and not once a unit. Three thousand examples of a 77-label task have some four
//! hundred kinds; thirteen thousand of a binary one have four.

use rayon::prelude::*;

use super::{Sampling, Z95, binomial};
use crate::Rng;

/// Drawing one unit costs about this much less than one binomial number.
const BINOMIAL_COST: u64 = 80;

/// Above this many draws a resample the jackknife's standard error is used alone: with so many units the statistic is
/// as good as normal and the resamples would take seconds.
const MANY: u64 = 200_000;

/// Statistics of a sample that holds unit kind `i` `counts[i]` times. An undefined one is written as NaN.
pub trait Statistics: Sync {
    /// How many statistics there are.
    fn count(&self) -> usize;

    /// Writes every statistic of the sample to `out`, which is `count` long.
    fn evaluate(&self, counts: &[u64], out: &mut [f64]);

    /// The same for the sample less one unit of `kind`, of which there is one at least.
    fn without(&self, counts: &[u64], kind: usize, out: &mut [f64]) {
        let mut fewer = counts.to_vec();
        fewer[kind] -= 1;
        self.evaluate(&fewer, out);
    }
}

/// What resampling says of one statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampled {
    /// The statistic of the sample itself; `None` when undefined.
    pub value: Option<f64>,
    /// The 95 % interval; `None` when the statistic has no value, there is a single unit, or it is the same in every
    /// sample without one unit, so that resampling cannot know how it varies.
    pub interval: Option<(f64, f64)>,
    /// Whether the interval comes from the jackknife's standard error alone, as it does when units are many.
    pub jackknife: bool,
}

/// Value and interval of every statistic, over a sample that holds unit kind `i` `times[i]` times.
///
/// Resample `b` draws from its own random stream, so the result is the same at any number of threads.
pub fn bootstrap<S: Statistics>(times: &[u64], resamples: u32, seed: u64, statistics: &S) -> Vec<Resampled> {
    let drawn = Drawn::new(times, resamples, seed, statistics);
    let jackknife = drawn.jackknife;
    (0..statistics.count())
        .map(|s| {
            let value = drawn.values[s];
            if !value.is_finite() {
                return Resampled { value: None, interval: None, jackknife };
            }
            let left_out = drawn.left_out(times, s);
            let interval = if jackknife {
                spread(&left_out).map(|(error, _)| (value - Z95 * error, value + Z95 * error))
            } else {
                bca(value, drawn.replicates(s), &left_out)
            };
            Resampled { value: Some(value), interval, jackknife }
        })
        .collect()
}

/// The statistics of a sample, of the sample without each unit, and of its resamples.
pub(super) struct Drawn {
    pub values: Vec<f64>,
    /// The kinds that occur, and the statistics without one unit of each.
    kinds: Vec<usize>,
    without: Vec<Vec<f64>>,
    /// A row a resample; none when there are too many units ([`Self::jackknife`]).
    replicates: Vec<Vec<f64>>,
    pub jackknife: bool,
}

impl Drawn {
    pub fn new<S: Statistics>(times: &[u64], resamples: u32, seed: u64, statistics: &S) -> Self {
        let width = statistics.count();
        let total: u64 = times.iter().sum();
        let mut values = vec![f64::NAN; width];
        statistics.evaluate(times, &mut values);

        let kinds: Vec<usize> = (0..times.len()).filter(|&k| times[k] > 0).collect();
        let without: Vec<Vec<f64>> = kinds
            .par_iter()
            .map(|&kind| {
                let mut out = vec![f64::NAN; width];
                if total > 1 {
                    statistics.without(times, kind, &mut out);
                }
                out
            })
            .collect();
        let by_kind = kinds.len() as u64 * BINOMIAL_COST < total;
        let jackknife = if by_kind { kinds.len() as u64 * BINOMIAL_COST } else { total } > MANY;
        let replicates: Vec<Vec<f64>> = if jackknife || total < 2 {
            Vec::new()
        } else {
            let of_unit: Vec<u32> = if by_kind {
                Vec::new()
            } else {
                kinds.iter().flat_map(|&k| std::iter::repeat_n(k as u32, times[k] as usize)).collect()
            };
            (0..u64::from(resamples))
                .into_par_iter()
                .map_init(
                    || vec![0u64; times.len()],
                    |counts, b| {
                        let mut rng = Rng::stream(seed, b);
                        counts.fill(0);
                        if by_kind {
                            draw_kinds(&mut rng, times, &kinds, total, counts);
                        } else {
                            draw_units(&mut rng, &of_unit, counts);
                        }
                        let mut out = vec![f64::NAN; width];
                        statistics.evaluate(counts, &mut out);
                        out
                    },
                )
                .collect()
        };
        Self { values, kinds, without, replicates, jackknife }
    }

    /// Statistic `s` without one unit of each kind, with the number of such units.
    pub fn left_out(&self, times: &[u64], s: usize) -> Vec<(f64, f64)> {
        self.kinds.iter().zip(&self.without).map(|(&kind, out)| (out[s], times[kind] as f64)).collect()
    }

    /// Statistic `s` of each resample.
    pub fn replicates(&self, s: usize) -> Vec<f64> {
        self.replicates.iter().map(|row| row[s]).collect()
    }
}

/// As many single draws as there are units; `of_unit` tells each unit's kind.
fn draw_units(rng: &mut Rng, of_unit: &[u32], counts: &mut [u64]) {
    let n = of_unit.len() as u128;
    for _ in 0..of_unit.len() {
        // Without the rejection of `Rng::below`, a unit is preferred by less than n / 2^64.
        let unit = (u128::from(rng.next_u64()) * n) >> 64;
        counts[of_unit[unit as usize] as usize] += 1;
    }
}

/// A multinomial draw of `total` units over `kinds`, one binomial number a kind.
fn draw_kinds(rng: &mut Rng, times: &[u64], kinds: &[usize], total: u64, counts: &mut [u64]) {
    let (mut units, mut mass) = (total, total);
    for &kind in kinds {
        let drawn = binomial(rng, units, times[kind] as f64 / mass as f64);
        counts[kind] = drawn;
        units -= drawn;
        mass -= times[kind];
    }
}

/// The jackknife's standard error and the acceleration, from (statistic without a unit of the kind, units of the
/// kind); `None` when the statistic does not move.
pub(super) fn spread(without: &[(f64, f64)]) -> Option<(f64, f64)> {
    // A statistic can be undefined without a unit that it hangs on; that unit says nothing of its spread.
    let defined = || without.iter().filter(|(v, _)| v.is_finite());
    let n: f64 = defined().map(|(_, times)| times).sum();
    let mean = defined().map(|(v, times)| v * times).sum::<f64>() / n;
    let squares: f64 = defined().map(|(v, times)| times * (mean - v).powi(2)).sum();
    let cubes: f64 = defined().map(|(v, times)| times * (mean - v).powi(3)).sum();
    // Rounding alone leaves about n (1e-16)².
    if n < 2.0 || squares <= n * 1e-28 * mean.abs().max(1.0) {
        return None;
    }
    Some((((n - 1.0) / n * squares).sqrt(), cubes / (6.0 * squares.powf(1.5))))
}

/// The BCa interval of a statistic from its bootstrap `replicates` (NaN where undefined) and its jackknife values,
/// each with the number of units it stands for.
///
/// `None` when the jackknife values are all equal. The interval always contains `value`. With replicates all on one
/// side of the value, the share on the other is taken as half a replicate.
pub fn bca(value: f64, replicates: Vec<f64>, without: &[(f64, f64)]) -> Option<(f64, f64)> {
    let sampling = Sampling::new(value, replicates, without)?;
    (!sampling.replicates().is_empty()).then(|| sampling.bca(0.95))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    /// The mean of the kind numbers.
    struct Mean;

    impl Statistics for Mean {
        fn count(&self) -> usize {
            1
        }

        fn evaluate(&self, counts: &[u64], out: &mut [f64]) {
            let n: u64 = counts.iter().sum();
            let sum: u64 = counts.iter().enumerate().map(|(i, &c)| i as u64 * c).sum();
            out[0] = sum as f64 / n as f64;
        }
    }

    #[test]
    fn a_mean_has_its_normal_interval() {
        // Mean 0.5, standard deviation 0.5 of 400: half a width of 0.049.
        let result = bootstrap(&[200, 200], 4_000, 42, &Mean)[0];
        let (low, high) = result.interval.unwrap();
        assert_eq!(result.value, Some(0.5));
        assert!((low - 0.451).abs() < 0.004 && (high - 0.549).abs() < 0.004, "{low} {high}");
    }

    #[test]
    fn both_ways_of_drawing_agree() {
        // The same sample as 4 kinds (binomial numbers) and as 1,200 kinds of one unit each (single draws).
        struct Modulo;
        impl Statistics for Modulo {
            fn count(&self) -> usize {
                1
            }
            fn evaluate(&self, counts: &[u64], out: &mut [f64]) {
                let n: u64 = counts.iter().sum();
                let sum: u64 = counts.iter().enumerate().map(|(i, &c)| (i % 4) as u64 * c).sum();
                out[0] = sum as f64 / n as f64;
            }
        }
        let few = bootstrap(&[300; 4], 4_000, 1, &Mean)[0].interval.unwrap();
        let many = bootstrap(&[1; 1_200], 4_000, 2, &Modulo)[0].interval.unwrap();
        assert!((few.0 - many.0).abs() < 0.006 && (few.1 - many.1).abs() < 0.006, "{few:?} {many:?}");
    }

    #[test]
    fn what_does_not_vary_has_no_interval() {
        assert_eq!(bootstrap(&[0, 40], 200, 42, &Mean)[0].interval, None);
        assert_eq!(bootstrap(&[1], 200, 42, &Mean)[0].interval, None);
        assert_eq!(bootstrap(&[], 200, 42, &Mean)[0].value, None);
    }

    #[test]
    fn the_jackknife_takes_over_when_units_are_many() {
        let times = vec![100u64; 2_600];
        let result = bootstrap(&times, 50, 42, &Mean)[0];
        let (low, high) = result.interval.unwrap();
        // Evenly spread over 0..2600: standard deviation 2600 / sqrt(12), of 260,000 units.
        let half = Z95 * 2_600.0 / 12f64.sqrt() / 260_000f64.sqrt();
        assert!(result.jackknife);
        assert!(((high - low) / 2.0 / half - 1.0).abs() < 1e-3, "{low} {high}");
    }
}
