//! Parity of tests, intervals and plans for comparisons with SciPy and statsmodels.
//!
//! `oracles/comparison_cases.py` writes seeded cases; `comparison.json`, made with the versions and on the day that it
//! states, is always checked. With `TRUEUP_ORACLE` the many cases that SciPy makes live are checked too.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use serde_json::Value;
use trueup_core::stats::{self, Correction, McNemar, PairedStatistics, Sampling};

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1.0)
}

fn f(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn u(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn fs(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).unwrap()
}

/// Mean values of two systems on units of the given pairs.
struct Means(Vec<(f64, f64)>);

impl PairedStatistics for Means {
    fn count(&self) -> usize {
        1
    }

    fn evaluate(&self, kept: &[u64], swapped: &[u64], a: &mut [f64], b: &mut [f64]) {
        let n = (kept.iter().sum::<u64>() + swapped.iter().sum::<u64>()) as f64;
        (a[0], b[0]) = (0.0, 0.0);
        for (&(x, y), (&kept, &swapped)) in self.0.iter().zip(kept.iter().zip(swapped)) {
            a[0] += (kept as f64 * x + swapped as f64 * y) / n;
            b[0] += (kept as f64 * y + swapped as f64 * x) / n;
        }
    }

    fn same(&self, kind: usize) -> bool {
        (self.0[kind].0 - self.0[kind].1).abs() < 1e-15
    }
}

/// Compares every case with ours; how many values were compared.
fn check(cases: &Value) -> usize {
    let mut compared = 0;
    let mut each = |name: &str, values: usize, check: &dyn Fn(&Value)| {
        for case in cases.get(name).and_then(Value::as_array).into_iter().flatten() {
            check(case);
            compared += values;
        }
    };
    each("binomials", 4, &|c| {
        let (k, n, p) = (u(&c[0]), u(&c[1]), f(&c[2]));
        let ours =
            [stats::binomial_probability(k, n, p), stats::binomial_at_most(k, n, p), stats::binomial_at_least(k, n, p)];
        assert!(ours.iter().enumerate().all(|(i, &ours)| close(ours, f(&c[3 + i]))), "{c}: {ours:?}");
        if let Some(test) = c[6].as_f64() {
            let ours = stats::binomial_test(k, n, p).unwrap();
            assert!(close(ours, test), "{c}: {ours}");
        }
    });
    each("clopper_pearson", 4, &|c| {
        let (low, high) = stats::clopper_pearson(u(&c[0]), u(&c[1])).unwrap();
        assert!(close(low, f(&c[2])) && close(high, f(&c[3])), "{c}: {low} {high}");
        let (low, high) = stats::clopper_pearson_mid_p(u(&c[0]), u(&c[1])).unwrap();
        assert!(close(low, f(&c[4])) && close(high, f(&c[5])), "mid-p {c}: {low} {high}");
    });
    each("tango", 3, &|c| {
        let (a, b, n) = (u(&c[0]), u(&c[1]), u(&c[2]));
        let z = stats::tango(a, b, n, f(&c[3])).unwrap();
        let (low, high) = stats::tango_interval(a, b, n).unwrap();
        assert!(close(z, f(&c[4])) && close(low, f(&c[5])) && close(high, f(&c[6])), "{c}: {z} {low} {high}");
    });
    each("paired_differences", 6, &|c| {
        let (a, b, n) = (u(&c[0]), u(&c[1]), u(&c[2]));
        for (test, at) in [(McNemar::Exact, 3), (McNemar::MidP, 6)] {
            let (low, high) = test.interval(a, b, n).unwrap();
            let p = test.p_value(a, b);
            assert!(close(low, f(&c[at])) && close(high, f(&c[at + 1])), "{test:?} {c}: {low} {high}");
            assert!(close(p, f(&c[at + 2])), "{test:?} {c}: {p}");
        }
    });
    each("bootstraps", 8, &|c| {
        let jackknife: Vec<(f64, f64)> = fs(&c["jackknife"]).into_iter().map(|v| (v, 1.0)).collect();
        let sampling = Sampling::new(f(&c["value"]), fs(&c["replicates"]), &jackknife).unwrap();
        for level in ["0.9", "0.95"] {
            let share: f64 = level.parse().unwrap();
            for (name, (low, high)) in [("bca", sampling.bca(share)), ("percentile", sampling.percentile(share))] {
                let expected = fs(&c[&format!("{name} {level}")]);
                assert!(
                    close(low, expected[0]) && close(high, expected[1]),
                    "{name} {level}: {low} {high} {expected:?}"
                );
            }
        }
    });
    each("permutations", 1, &|c| {
        let figures = Means(fs(&c[0]).into_iter().zip(fs(&c[1])).collect());
        let found = stats::approximate_randomisation(&vec![1; figures.0.len()], 10, 1, &figures)[0];
        assert!(found.exact && close(found.p.unwrap(), f(&c[2])), "{c}: {found:?}");
    });
    each("areas", 3, &|c| {
        let positive: Vec<bool> = serde_json::from_value(c[2].clone()).unwrap();
        let ours = stats::auc_difference(&fs(&c[0]), &fs(&c[1]), &positive).unwrap();
        let same = [(ours.value, 3), (ours.variance, 4), (ours.p, 5)].iter().all(|&(ours, at)| close(ours, f(&c[at])));
        assert!(same, "{c}: {ours:?}");
    });
    each("mcnemar", 5, &|c| {
        let (a, b) = (u(&c[0]), u(&c[1]));
        let (plain, corrected) = (stats::mcnemar_chi_squared(a, b, false), stats::mcnemar_chi_squared(a, b, true));
        let ((x, p), (y, q)) = (plain.unwrap(), corrected.unwrap());
        let ours = [McNemar::Exact.p_value(a, b), x, p, y, q];
        assert!(ours.iter().enumerate().all(|(i, &ours)| close(ours, f(&c[2 + i]))), "{c}: {ours:?}");
    });
    each("corrections", 7, &|c| {
        let methods = [
            Correction::Bonferroni,
            Correction::Sidak,
            Correction::Holm,
            Correction::HolmSidak,
            Correction::Hochberg,
            Correction::BenjaminiHochberg,
            Correction::BenjaminiYekutieli,
        ];
        for (i, method) in methods.into_iter().enumerate() {
            let ours = method.adjust(&fs(&c[0])).unwrap();
            assert!(ours.iter().zip(fs(&c[1 + i])).all(|(a, b)| close(*a, b)), "{method:?} {c}: {ours:?}");
        }
    });
    each("newcombe", 6, &|c| {
        let (k1, n1) = (u(&c[0]), u(&c[1]));
        let intervals = [
            stats::newcombe(k1, n1, u(&c[2]), u(&c[3])).unwrap(),
            stats::wilson(k1, n1),
            stats::clopper_pearson(k1, n1).unwrap(),
        ];
        for (i, (low, high)) in intervals.into_iter().enumerate() {
            assert!(close(low, f(&c[4 + 2 * i])) && close(high, f(&c[5 + 2 * i])), "{c}: {low} {high}");
        }
    });
    each("equivalence", 2, &|c| {
        let ours = stats::tost(f(&c[0]), f(&c[1]), (f(&c[2]), f(&c[3])), c[4].as_f64()).unwrap();
        assert!(close(ours.p, f(&c[7])), "{c}: {ours:?}");
        if let (Some(above), Some(below)) = (c[5].as_f64(), c[6].as_f64()) {
            assert!(close(ours.above, above) && close(ours.below, below), "{c}: {ours:?}");
        }
    });
    each("powers", 1, &|c| {
        let ours = stats::two_proportions_power(f(&c[0]), f(&c[1]), u(&c[2]), u(&c[3])).unwrap();
        assert!(close(ours, f(&c[4])), "{c}: {ours}");
    });
    compared
}

#[test]
fn agrees_with_the_committed_values() {
    let recorded: Value = serde_json::from_str(include_str!("oracles/comparison.json")).unwrap();
    let cases = recorded["cases"].as_object().unwrap();
    assert!(cases.len() == 12 && cases.values().all(|cases| cases.as_array().is_some_and(|cases| !cases.is_empty())));
    let compared = check(&recorded["cases"]);
    assert!(compared > 600, "{compared} values");
    println!("{compared} values agree to 1e-9 with {} of {}", recorded["versions"], recorded["date"]);
}

#[test]
fn agrees_with_the_generated_values() {
    let Some(path) = std::env::var_os("TRUEUP_ORACLE") else {
        println!("1 skipped: no oracle");
        return;
    };
    let oracle: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let compared = check(&oracle["comparison"]);
    assert!(compared > 4_000, "{compared} values");
    println!("{compared} values agree to 1e-9");
}
