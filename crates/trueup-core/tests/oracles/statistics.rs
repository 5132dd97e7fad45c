//! Intervals, quantiles, tests and measures of association, against SciPy or the defining formula.

use serde_json::{Map, Value};
use trueup_core::stats;

use crate::compare::{self, Oracle, Sides, Tally};

type Cases = Map<String, Value>;

fn f(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn u(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn fs(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).unwrap()
}

fn check(oracle: &Oracle<Cases>) -> Tally {
    let mut tally = Tally::default();
    let mut each = |name: &str, ours: &dyn Fn(&Value) -> Sides| {
        for case in oracle.cases[name].as_array().unwrap() {
            let (ours, theirs) = ours(case);
            tally.cases += 1;
            tally.figures(|| format!("{name} {case}"), &ours, &theirs);
        }
    };
    let pair = |(low, high): (f64, f64)| vec![low, high];
    each("wilson", &|c| (pair(stats::wilson(u(&c[0]), u(&c[1]))), vec![f(&c[2]), f(&c[3])]));
    each("normal_quantile", &|c| (vec![stats::normal_quantile(f(&c[0]))], vec![f(&c[1])]));
    each("student_quantile", &|c| (vec![stats::student_quantile(f(&c[0]), f(&c[1]))], vec![f(&c[2])]));
    each("two_proportions", &|c| {
        (vec![stats::two_proportions(u(&c[0]), u(&c[1]), u(&c[2]), u(&c[3]))], vec![f(&c[4])])
    });
    each("tables", &|c| {
        let table: Vec<Vec<u64>> = serde_json::from_value(c[0].clone()).unwrap();
        let (statistic, freedom, p) = stats::chi_squared(&table).unwrap();
        let ours = vec![statistic, freedom as f64, p, stats::cramers_v(&table).unwrap()];
        (ours, c.as_array().unwrap()[1..].iter().map(f).collect())
    });
    each("jensen_shannon", &|c| (vec![stats::jensen_shannon(&fs(&c[0]), &fs(&c[1])).unwrap()], vec![f(&c[2])]));
    each("bca", &|c| {
        let jackknife: Vec<(f64, f64)> = fs(&c["jackknife"]).into_iter().map(|v| (v, 1.0)).collect();
        let ours = stats::bca(f(&c["value"]), fs(&c["replicates"]), &jackknife).unwrap();
        (pair(ours), vec![f(&c["low"]), f(&c["high"])])
    });
    each("delong", &|c| {
        let positive: Vec<bool> = serde_json::from_value(c[1].clone()).unwrap();
        let area = stats::auc(&fs(&c[0]), &positive).unwrap();
        (vec![area.value, area.variance.unwrap()], vec![f(&c[2]), f(&c[3])])
    });
    each("ratio", &|c| {
        let units: Vec<(f64, f64)> = fs(&c[0]).into_iter().zip(fs(&c[1])).collect();
        let units = units.iter().map(|&(part, whole)| stats::Unit { part, whole, times: 1.0 });
        let ratio = stats::Ratio::new(units).unwrap();
        (vec![ratio.value, ratio.error.unwrap()], vec![f(&c[2]), f(&c[3])])
    });
    each("holm", &|c| (stats::holm(&fs(&c[0])), fs(&c[1])));
    tally
}

#[test]
fn agrees_with_the_committed_values() {
    let tally = check(&compare::small(include_str!("small/statistics.json")));
    assert!(tally.figures > 80, "{tally:?}");
}

#[test]
fn agrees_with_the_generated_values() {
    let Some(oracle) = compare::live("statistics") else { return };
    let tally = check(&oracle);
    assert!(tally.figures > 4_000, "{tally:?}");
    tally.record("statistics", &oracle.peers);
}
