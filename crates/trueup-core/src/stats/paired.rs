//! Two systems compared on the same units: the paired bootstrap and approximate randomisation.
//!
//! Units on which both systems have the same counts as on another are one *kind*, as in [`super::bootstrap()`]. The
//! difference is that of B less A everywhere.

use rayon::prelude::*;

use super::bootstrap::Drawn;
use super::{Sampling, Statistics, binomial};
use crate::Rng;

/// Up to this many ways of exchanging the systems are all looked at, instead of a sample of them.
const EXACT: u64 = 1 << 14;

/// Figures of two systems on a sample of units. An undefined one is written as NaN.
pub trait PairedStatistics: Sync {
    /// How many figures a system has.
    fn count(&self) -> usize;

    /// Writes the figures of A and of B for the sample that holds unit kind `i` `kept[i]` times as it is and
    /// `swapped[i]` times with the two systems' answers exchanged. `a` and `b` are [`count`](Self::count) long.
    fn evaluate(&self, kept: &[u64], swapped: &[u64], a: &mut [f64], b: &mut [f64]);

    /// The same for `times` less one unit of `kind`, of which there is one at least; nothing exchanged.
    fn without(&self, times: &[u64], kind: usize, a: &mut [f64], b: &mut [f64]) {
        let mut fewer = times.to_vec();
        fewer[kind] -= 1;
        self.evaluate(&fewer, &vec![0; times.len()], a, b);
    }

    /// Whether both systems have the same counts on units of `kind`, so that exchanging them changes nothing.
    fn same(&self, kind: usize) -> bool;
}

/// What the paired bootstrap says of one figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The figure of A; `None` when undefined.
    pub a: Option<f64>,
    /// The figure of B; `None` when undefined.
    pub b: Option<f64>,
    /// B less A with its intervals and p-values; `None` when either is undefined, or it is the same without any one of
    /// the units, so that resampling cannot know how it varies.
    pub difference: Option<Sampling>,
    /// Whether units are so many that the jackknife's standard error is used alone.
    pub jackknife: bool,
}

/// Every figure of two systems and their difference, by resampling units of both together (Efron and Tibshirani 1993,
/// "An introduction to the bootstrap"; for text, Koehn 2004, "Statistical significance tests for machine translation
/// evaluation"). The sample holds unit kind `i` `times[i]` times. The same seed gives the same result at any number of
/// threads.
pub fn paired_bootstrap<S: PairedStatistics>(times: &[u64], resamples: u32, seed: u64, figures: &S) -> Vec<Compared> {
    let both = Both { figures, none: vec![0; times.len()] };
    let drawn = Drawn::new(times, resamples, seed, &both);
    let width = figures.count();
    (0..width)
        .map(|s| {
            let (a, b) = (drawn.values[s], drawn.values[width + s]);
            let minus = |pair: (f64, f64)| pair.1 - pair.0;
            let (of_a, of_b) = (drawn.left_out(times, s), drawn.left_out(times, width + s));
            let without: Vec<(f64, f64)> = of_a.iter().zip(&of_b).map(|(a, b)| (minus((a.0, b.0)), a.1)).collect();
            let replicates = drawn.replicates(s).into_iter().zip(drawn.replicates(width + s)).map(minus).collect();
            let defined = |value: f64| value.is_finite().then_some(value);
            Compared {
                a: defined(a),
                b: defined(b),
                difference: Sampling::new(b - a, replicates, &without),
                jackknife: drawn.jackknife,
            }
        })
        .collect()
}

/// The figures of A, then those of B.
struct Both<'a, S> {
    figures: &'a S,
    none: Vec<u64>,
}

impl<S: PairedStatistics> Statistics for Both<'_, S> {
    fn count(&self) -> usize {
        2 * self.figures.count()
    }

    fn evaluate(&self, counts: &[u64], out: &mut [f64]) {
        let (a, b) = out.split_at_mut(self.figures.count());
        self.figures.evaluate(counts, &self.none, a, b);
    }

    fn without(&self, counts: &[u64], kind: usize, out: &mut [f64]) {
        let (a, b) = out.split_at_mut(self.figures.count());
        self.figures.without(counts, kind, a, b);
    }
}

/// What approximate randomisation says of one figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Randomised {
    /// B less A; `None` when either is undefined.
    pub difference: Option<f64>,
    /// The two-sided p-value that the systems are alike; `None` without a difference.
    pub p: Option<f64>,
    /// Whether all ways of exchanging were looked at, so that the p-value has no error of simulation.
    pub exact: bool,
}

/// Approximate randomisation (Noreen 1989, "Computer-intensive methods for testing hypotheses"; for text, Yeh 2000,
/// "More accurate tests for the statistical significance of result differences"): if the systems were alike, their
/// answers to each unit could be exchanged at the toss of a coin. The p-value is the share of `rounds` such tosses
/// whose difference is at least as far from 0 as the one seen, with one added above and below. Where there are 2^14 ways of
/// exchanging or fewer, all are looked at and weighed, and the p-value is exact; as SciPy's `permutation_test` with
/// `permutation_type="samples"`. A toss whose difference is undefined counts as far.
///
/// For the share of right answers this is McNemar's exact test.
pub fn approximate_randomisation<S: PairedStatistics>(
    times: &[u64],
    rounds: u32,
    seed: u64,
    figures: &S,
) -> Vec<Randomised> {
    let width = figures.count();
    let evaluate = |kept: &[u64], swapped: &[u64]| {
        let (mut a, mut b) = (vec![f64::NAN; width], vec![f64::NAN; width]);
        figures.evaluate(kept, swapped, &mut a, &mut b);
        b.iter().zip(&a).map(|(b, a)| b - a).collect::<Vec<f64>>()
    };
    let seen = evaluate(times, &vec![0; times.len()]);
    let far = |found: &[f64]| -> Vec<bool> {
        // Sums in another order differ in the last bits.
        found.iter().zip(&seen).map(|(d, s)| d.is_nan() || d.abs() >= s.abs() - 1e-12 * s.abs().max(1.0)).collect()
    };
    let movable: Vec<usize> = (0..times.len()).filter(|&k| times[k] > 0 && !figures.same(k)).collect();
    let ways = movable.iter().try_fold(1u64, |ways, &k| ways.checked_mul(times[k] + 1).filter(|&w| w <= EXACT));
    let toss = |swapped: &[u64]| {
        let kept: Vec<u64> = times.iter().zip(swapped).map(|(t, s)| t - s).collect();
        far(&evaluate(&kept, swapped))
    };
    let shares: Vec<f64> = if let Some(ways) = ways {
        // The numbers exchanged of each kind are the digits of `way`; as tosses they have binomial probabilities.
        let of_way = |way: u64| {
            let (mut rest, mut weight, mut swapped) = (way, 1.0, vec![0; times.len()]);
            for &kind in &movable {
                swapped[kind] = rest % (times[kind] + 1);
                rest /= times[kind] + 1;
                weight *= super::binomial_probability(swapped[kind], times[kind], 0.5);
            }
            (weight, toss(&swapped))
        };
        let found: Vec<(f64, Vec<bool>)> = (0..ways).into_par_iter().map(of_way).collect();
        (0..width).map(|s| found.iter().map(|(weight, far)| if far[s] { *weight } else { 0.0 }).sum::<f64>()).collect()
    } else {
        let found: Vec<Vec<bool>> = (0..u64::from(rounds))
            .into_par_iter()
            .map_init(
                || vec![0; times.len()],
                |swapped, round| {
                    let mut rng = Rng::stream(seed, round);
                    for &kind in &movable {
                        swapped[kind] = coins(&mut rng, times[kind]);
                    }
                    toss(swapped)
                },
            )
            .collect();
        let share = |s: usize| (1 + found.iter().filter(|far| far[s]).count()) as f64 / (1.0 + f64::from(rounds));
        (0..width).map(share).collect()
    };
    seen.iter()
        .zip(shares)
        .map(|(d, share)| {
            let difference = d.is_finite().then_some(*d);
            Randomised { difference, p: difference.map(|_| share.min(1.0)), exact: ways.is_some() }
        })
        .collect()
}

/// How many of `n` coins fall heads up.
fn coins(rng: &mut Rng, n: u64) -> u64 {
    // A word is 64 coins; a thousand coins cost as much as one number by inversion.
    if n > 1_024 {
        return binomial(rng, n, 0.5);
    }
    let words = (0..n / 64).map(|_| u64::from(rng.next_u64().count_ones())).sum::<u64>();
    let rest = n % 64;
    if rest == 0 { words } else { words + u64::from((rng.next_u64() >> (64 - rest)).count_ones()) }
}
