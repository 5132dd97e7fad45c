//! Tests, intervals and plans for comparisons against SciPy and statsmodels.

use serde_json::Value;
use trueup_core::compare::{CompareOptions, Duel};
use trueup_core::measure::{MeasureOptions, measure};
use trueup_core::stats::{self, Correction, McNemar, PairedStatistics, Sampling};
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Scores, Task};

use crate::compare::{self, Sides, Tally};

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

fn pair((low, high): (f64, f64)) -> Vec<f64> {
    vec![low, high]
}

/// The values of a case from a place on.
fn from(case: &Value, at: usize) -> Vec<f64> {
    case.as_array().unwrap()[at..].iter().map(f).collect()
}

/// What a duel of two models' probabilities finds: p of accuracy; difference, p and interval of log loss and Brier score.
fn duel(gold: &Value, a: &Value, b: &Value) -> Vec<f64> {
    let labels = LabelSet::new(["0", "1", "2"]);
    let gold: Vec<Annotation> = gold.as_array().unwrap().iter().map(|l| Annotation::Label(u(l) as u32)).collect();
    let predictions = |rows: &Value| {
        let (mut answers, mut scores) = (Vec::new(), Scores::new(3));
        for row in rows.as_array().unwrap() {
            let row = fs(row);
            let top = (1..3).fold(0, |top, l| if row[l] > row[top] { l } else { top });
            answers.push(Annotation::Label(top as u32));
            scores.push(&row);
        }
        Predictions { labels: labels.clone(), answers, scores: Some(scores), span_scores: None }
    };
    let (a, b) = (predictions(a), predictions(b));
    let pair = |of| Pair::new(Task::Classification, &labels, &gold, of, None).unwrap();
    let options = CompareOptions { resamples: 20, rounds: 0, ..CompareOptions::default() };
    let (a, b) = (pair(&a), pair(&b));
    let alone = |pair: &Pair| measure(pair, &MeasureOptions { intervals: false, ..options.measuring() });
    let metrics = Duel::new(a.clone(), b.clone()).unwrap().metrics(&alone(&a), &alone(&b), &options);
    let of = |name: &str| metrics.iter().find(|metric| metric.name == name).unwrap();
    let mut found = vec![of("accuracy").law.p().unwrap()];
    for name in ["log_loss", "brier_score"] {
        let metric = of(name);
        let (low, high) = metric.law.interval(0.95).unwrap();
        found.extend([metric.b.unwrap() - metric.a.unwrap(), metric.law.p().unwrap(), low, high]);
    }
    found
}

/// Compares every case with ours.
fn check(cases: &Value) -> Tally {
    let mut tally = Tally::default();
    let mut each = |name: &str, ours: &dyn Fn(&Value) -> Sides| {
        for case in cases.get(name).and_then(Value::as_array).into_iter().flatten() {
            let (ours, theirs) = ours(case);
            tally.cases += 1;
            tally.figures(|| format!("{name} {case}"), &ours, &theirs);
        }
    };
    each("binomials", &|c| {
        let (k, n, p) = (u(&c[0]), u(&c[1]), f(&c[2]));
        let mut ours = vec![
            stats::binomial_probability(k, n, p),
            stats::binomial_at_most(k, n, p),
            stats::binomial_at_least(k, n, p),
        ];
        let mut theirs = vec![f(&c[3]), f(&c[4]), f(&c[5])];
        if let Some(test) = c[6].as_f64() {
            ours.push(stats::binomial_test(k, n, p).unwrap());
            theirs.push(test);
        }
        (ours, theirs)
    });
    each("clopper_pearson", &|c| {
        let exact = pair(stats::clopper_pearson(u(&c[0]), u(&c[1])).unwrap());
        ([exact, pair(stats::clopper_pearson_mid_p(u(&c[0]), u(&c[1])).unwrap())].concat(), from(c, 2))
    });
    each("tango", &|c| {
        let (a, b, n) = (u(&c[0]), u(&c[1]), u(&c[2]));
        let z = stats::tango(a, b, n, f(&c[3])).unwrap();
        ([vec![z], pair(stats::tango_interval(a, b, n).unwrap())].concat(), from(c, 4))
    });
    each("paired_differences", &|c| {
        let (a, b, n) = (u(&c[0]), u(&c[1]), u(&c[2]));
        let of = |test: McNemar| [pair(test.interval(a, b, n).unwrap()), vec![test.p_value(a, b)]].concat();
        ([of(McNemar::Exact), of(McNemar::MidP)].concat(), from(c, 3))
    });
    each("bootstraps", &|c| {
        let jackknife: Vec<(f64, f64)> = fs(&c["jackknife"]).into_iter().map(|v| (v, 1.0)).collect();
        let sampling = Sampling::new(f(&c["value"]), fs(&c["replicates"]), &jackknife).unwrap();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for level in ["0.9", "0.95"] {
            let share: f64 = level.parse().unwrap();
            for (name, found) in [("bca", sampling.bca(share)), ("percentile", sampling.percentile(share))] {
                ours.extend(pair(found));
                theirs.extend(fs(&c[&format!("{name} {level}")]));
            }
        }
        (ours, theirs)
    });
    each("permutations", &|c| {
        let figures = Means(fs(&c[0]).into_iter().zip(fs(&c[1])).collect());
        let found = stats::approximate_randomisation(&vec![1; figures.0.len()], 10, 1, &figures)[0];
        assert!(found.exact, "{c}: {found:?}");
        (vec![found.p.unwrap()], vec![f(&c[2])])
    });
    each("areas", &|c| {
        let positive: Vec<bool> = serde_json::from_value(c[2].clone()).unwrap();
        let ours = stats::auc_difference(&fs(&c[0]), &fs(&c[1]), &positive).unwrap();
        (vec![ours.value, ours.variance, ours.p], from(c, 3))
    });
    each("duels", &|c| (duel(&c[0], &c[1], &c[2]), from(c, 3)));
    each("mcnemar", &|c| {
        let (a, b) = (u(&c[0]), u(&c[1]));
        let (plain, corrected) = (stats::mcnemar_chi_squared(a, b, false), stats::mcnemar_chi_squared(a, b, true));
        ([vec![McNemar::Exact.p_value(a, b)], pair(plain.unwrap()), pair(corrected.unwrap())].concat(), from(c, 2))
    });
    each("corrections", &|c| {
        let methods = [
            Correction::Bonferroni,
            Correction::Sidak,
            Correction::Holm,
            Correction::HolmSidak,
            Correction::Hochberg,
            Correction::BenjaminiHochberg,
            Correction::BenjaminiYekutieli,
        ];
        let ours = methods.iter().flat_map(|method| method.adjust(&fs(&c[0])).unwrap()).collect();
        (ours, (1..=methods.len()).flat_map(|i| fs(&c[i])).collect())
    });
    each("newcombe", &|c| {
        let (k1, n1) = (u(&c[0]), u(&c[1]));
        let intervals = [
            stats::newcombe(k1, n1, u(&c[2]), u(&c[3])).unwrap(),
            stats::wilson(k1, n1),
            stats::clopper_pearson(k1, n1).unwrap(),
        ];
        (intervals.into_iter().flat_map(pair).collect(), from(c, 4))
    });
    each("equivalence", &|c| {
        let ours = stats::tost(f(&c[0]), f(&c[1]), (f(&c[2]), f(&c[3])), c[4].as_f64()).unwrap();
        match (c[5].as_f64(), c[6].as_f64()) {
            (Some(above), Some(below)) => (vec![ours.above, ours.below, ours.p], vec![above, below, f(&c[7])]),
            _ => (vec![ours.p], vec![f(&c[7])]),
        }
    });
    each("powers", &|c| {
        (vec![stats::two_proportions_power(f(&c[0]), f(&c[1]), u(&c[2]), u(&c[3])).unwrap()], vec![f(&c[4])])
    });
    tally
}

/// The committed cases have all kinds, and the generated ones too.
#[track_caller]
fn kinds(cases: &Value, kinds: usize) {
    let cases = cases.as_object().unwrap();
    assert_eq!(cases.len(), kinds);
    assert!(cases.values().all(|cases| cases.as_array().is_some_and(|cases| !cases.is_empty())));
}

#[test]
fn agrees_with_the_committed_values() {
    for (text, number) in [(include_str!("small/comparison.json"), 8), (include_str!("small/statsmodels.json"), 5)] {
        let oracle = compare::small::<Value>(text);
        kinds(&oracle.cases, number);
        let tally = check(&oracle.cases);
        assert!(tally.figures > 80, "{tally:?}");
    }
}

#[test]
fn agrees_with_the_generated_values_of_scipy() {
    let Some(oracle) = compare::live::<Value>("comparison") else { return };
    kinds(&oracle.cases, 8);
    let tally = check(&oracle.cases);
    assert!(tally.figures > 4_000, "{tally:?}");
    tally.record("comparison", &oracle.peers);
}

#[test]
fn agrees_with_the_generated_values_of_statsmodels() {
    let Some(oracle) = compare::live::<Value>("statsmodels") else { return };
    kinds(&oracle.cases, 5);
    let tally = check(&oracle.cases);
    assert!(tally.figures > 8_000, "{tally:?}");
    tally.record("statsmodels", &oracle.peers);
}
