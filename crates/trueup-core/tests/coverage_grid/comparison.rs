//! Two systems on the same examples: how often intervals of the difference hold it, and tests find it.

use rayon::prelude::*;
use trueup_core::Rng;
use trueup_core::counts::Tally;
use trueup_core::stats::{Figure, McNemar, PairedTallies, binomial, paired_bootstrap, tango_interval};

/// What one cell showed.
pub struct Shares {
    pub n: u64,
    pub discordance: f64,
    pub difference: f64,
    /// The share of intervals that hold the difference, and of samples in which it is found: exact, mid-p, Tango.
    pub covered: [f64; 3],
    pub found: [f64; 3],
}

/// Shares of right answers: (examples, share on which the systems part, difference).
const PAIRS: [(u64, f64, f64); 12] = [
    (50, 0.1, 0.0),
    (50, 0.3, 0.1),
    (200, 0.05, 0.0),
    (200, 0.05, 0.03),
    (200, 0.2, 0.0),
    (200, 0.2, 0.1),
    (1_000, 0.02, 0.0),
    (1_000, 0.02, 0.01),
    (1_000, 0.1, 0.0),
    (1_000, 0.1, 0.03),
    (5_000, 0.1, 0.0),
    (5_000, 0.1, 0.01),
];

pub fn accuracy(draws: u64) -> Vec<Shares> {
    PAIRS
        .iter()
        .enumerate()
        .map(|(cell, &(n, discordance, difference))| {
            let of_draw = |draw: u64| {
                let mut rng = Rng::stream(1_000 + cell as u64, draw);
                let parted = binomial(&mut rng, n, discordance);
                let b = binomial(&mut rng, parted, 0.5 * (1.0 + difference / discordance));
                let a = parted - b;
                let intervals = [
                    McNemar::Exact.interval(a, b, n).unwrap(),
                    McNemar::MidP.interval(a, b, n).unwrap(),
                    tango_interval(a, b, n).unwrap(),
                ];
                intervals.map(|(low, high)| {
                    let held = low <= difference + 1e-12 && difference <= high + 1e-12;
                    (held, low > 0.0 || high < 0.0)
                })
            };
            let all: Vec<_> = (0..draws).into_par_iter().map(of_draw).collect();
            let each = [0, 1, 2];
            Shares {
                n,
                discordance,
                difference,
                covered: each.map(|method| share(&all, |found| found[method].0)),
                found: each.map(|method| share(&all, |found| found[method].1)),
            }
        })
        .collect()
}

/// The share of `all` that are as wanted.
fn share<T>(all: &[T], wanted: impl Fn(&T) -> bool) -> f64 {
    all.iter().filter(|found| wanted(found)).count() as f64 / all.len() as f64
}

/// The paired bootstrap of macro-F1 on one cell.
pub struct Bootstrapped {
    pub n: usize,
    pub rarest: f64,
    pub right: [f64; 2],
    /// Coverage of the BCa and the percentile interval, and the share of samples with p below 0.05.
    pub covered: [f64; 2],
    pub found: f64,
}

const SHARES: [f64; 4] = [0.1, 0.2, 0.3, 0.4];

/// Macro-F1 of a system that is right with chance `right`, and else answers another label in proportion to the shares.
fn macro_f1(right: f64) -> f64 {
    let of = |label: usize| {
        let others = (0..4).filter(|&g| g != label);
        let wrong: f64 = others.map(|g| SHARES[g] * (1.0 - right) * SHARES[label] / (1.0 - SHARES[g])).sum();
        let (tp, fn_) = (SHARES[label] * right, SHARES[label] * (1.0 - right));
        2.0 * tp / (2.0 * tp + wrong + fn_)
    };
    (0..4).map(of).sum::<f64>() / 4.0
}

pub fn bootstrap(draws: u64) -> Vec<Bootstrapped> {
    let cells = [(100, [0.8, 0.8]), (100, [0.7, 0.85]), (400, [0.9, 0.9]), (400, [0.8, 0.85]), (2_000, [0.9, 0.92])];
    let label = |u: f64| {
        if u < 0.1 {
            0
        } else if u < 0.3 {
            1
        } else if u < 0.6 {
            2
        } else {
            3
        }
    };
    cells
        .iter()
        .map(|&(n, right)| {
            let truth = macro_f1(right[1]) - macro_f1(right[0]);
            let of_draw = |draw: u64| {
                let mut rng = Rng::stream(2_000 + n as u64, draw);
                let gold: Vec<u32> = (0..n).map(|_| label(rng.unit())).collect();
                let [a, b] = right.map(|right| {
                    let answer = |&gold: &u32| {
                        if rng.unit() < right {
                            return gold;
                        }
                        loop {
                            let other = label(rng.unit());
                            if other != gold {
                                return other;
                            }
                        }
                    };
                    gold.iter().map(answer).collect::<Vec<u32>>()
                });
                let (figures, times) = PairedTallies::of_labels(&gold, &a, &b, 4, vec![Figure::F1Macro]);
                let compared = paired_bootstrap(&times, 1_000, draw, &figures).remove(0);
                let sampling = compared.difference.unwrap();
                let holds = |(low, high): (f64, f64)| low <= truth && truth <= high;
                ([holds(sampling.bca(0.95)), holds(sampling.percentile(0.95))], sampling.p_value(0.0) < 0.05)
            };
            let all: Vec<_> = (0..draws).into_par_iter().map(of_draw).collect();
            Bootstrapped {
                n,
                rarest: 0.1 * n as f64,
                right,
                covered: [share(&all, |found| found.0[0]), share(&all, |found| found.0[1])],
                found: share(&all, |found| found.1),
            }
        })
        .collect()
}

/// The figure of the library is that of the formula above, on counts as large as the shares are exact.
#[test]
fn the_formula_is_the_figure() {
    let n = 1e9;
    let tallies: Vec<Tally> = (0..4)
        .map(|label| {
            let others = (0..4).filter(|&g| g != label);
            let wrong: f64 = others.map(|g| SHARES[g] * 0.2 * SHARES[label] / (1.0 - SHARES[g])).sum();
            let count = |share: f64| (share * n).round() as u64;
            Tally { tp: count(SHARES[label] * 0.8), fp: count(wrong), fn_: count(SHARES[label] * 0.2) }
        })
        .collect();
    let figure = trueup_core::counts::Tallies::from_labels(tallies).f1_macro().unwrap();
    assert!((figure - macro_f1(0.8)).abs() < 1e-8);
}
