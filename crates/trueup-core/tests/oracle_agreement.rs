//! Parity of agreement and consensus with krippendorff, statsmodels, irrCAC, scikit-learn and crowd-kit.
//!
//! `oracles/agreement.py` wrote `oracles/agreement.json`, with versions and date. Where Trueup differs on purpose, a test
//! below says what and why.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use trueup_core::agreement::consensus::{EmOptions, MaceOptions, MaceStart, dawid_skene, mace, majority, one_coin};
use trueup_core::agreement::{
    Coefficient, Consensus, Distance, LabelSets, Ratings, Undefined, Votes, Weights, coefficients, cohen, jaccard, masi,
};

#[derive(Deserialize)]
struct Oracle {
    values: Vec<f64>,
    sets: Vec<Vec<u32>>,
    steps: u32,
    cases: Vec<Case>,
    disordered: Disordered,
    snow2008: BTreeMap<String, Snow>,
}

/// Plain, linear, quadratic.
type Kappas = [Option<f64>; 3];

/// A model by expectation maximisation.
type Method = fn(&Ratings, EmOptions) -> Consensus;

#[derive(Deserialize)]
struct Case {
    answers: Vec<(u32, u32, u32)>,
    alpha: BTreeMap<String, Option<f64>>,
    fleiss: Option<f64>,
    fleiss_complete: Option<f64>,
    ac1: Option<f64>,
    ac2_ordinal: Option<f64>,
    ac2_quadratic: Option<f64>,
    /// Annotators, shared items, kappas (plain, linear, quadratic) of scikit-learn and of statsmodels.
    cohen: Vec<(u32, u32, u64, Kappas, Kappas)>,
    dawid_skene: Vec<Vec<f64>>,
    one_coin: Vec<Vec<f64>>,
    mace: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Disordered {
    answers: Vec<(u32, u32, u32)>,
    mace: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Snow {
    items: usize,
    annotators: usize,
    labels: usize,
    answers: usize,
    alpha_nominal: f64,
    alpha_ordinal: f64,
    alpha_interval: f64,
    fleiss: Option<f64>,
    cohen_mean: Option<f64>,
    cohen_pairs: Option<u64>,
    dawid_skene: Option<Model>,
    one_coin: Option<Model>,
    dawid_skene_default: Option<Model>,
}

#[derive(Deserialize)]
struct Model {
    right: usize,
    checksum: Option<f64>,
}

fn oracle() -> Oracle {
    serde_json::from_str(include_str!("oracles/agreement.json")).unwrap()
}

fn table(answers: &[(u32, u32, u32)]) -> Ratings {
    let size = |of: fn(&(u32, u32, u32)) -> u32| answers.iter().map(of).max().unwrap() as usize + 1;
    Ratings::new(size(|a| a.0), size(|a| a.1), size(|a| a.2), answers.iter().copied()).unwrap()
}

#[track_caller]
fn same(what: &str, ours: Option<f64>, theirs: Option<f64>) {
    let equal = match (ours, theirs) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9,
        (None, None) => true,
        _ => false,
    };
    assert!(equal, "{what}: ours {ours:?}, theirs {theirs:?}");
}

/// Steps of estimation without an early end, as the peers took.
fn steps(iterations: u32) -> EmOptions {
    EmOptions { iterations, tolerance: -1.0 }
}

fn start(ratings: &Ratings, iterations: u32) -> MaceOptions {
    let (n, k) = (ratings.annotators(), ratings.categories());
    let habits = (0..n).flat_map(|a| {
        let row: Vec<f64> = (0..k).map(|c| 1.0 + ((a + c) % 3) as f64).collect();
        let sum: f64 = row.iter().sum();
        row.into_iter().map(move |x| x / sum)
    });
    let spamming = (0..n).map(|a| 0.3 + 0.05 * (a % 5) as f64).collect();
    let start = MaceStart::Given { spamming, habits: habits.collect() };
    MaceOptions { iterations, tolerance: -1.0, start, ..MaceOptions::default() }
}

/// The largest difference of two posteriors.
fn apart(ours: &Consensus, theirs: &[Vec<f64>]) -> f64 {
    let theirs: Vec<f64> = theirs.iter().flatten().copied().collect();
    assert_eq!(ours.posterior.len(), theirs.len());
    ours.posterior.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn coefficients_are_those_of_krippendorff_irrcac_and_statsmodels() {
    let oracle = oracle();
    assert!(oracle.cases.len() >= 10);
    let mut complete = 0;
    for (number, case) in oracle.cases.iter().enumerate() {
        let votes = Votes::of(&table(&case.answers));
        let k = votes.categories();
        let of = |distance: &Distance| coefficients(&votes, distance, None, 42);
        let nominal = of(&Distance::Nominal);
        let ordinal = of(&Distance::Ordinal);
        let interval = of(&Distance::Interval(oracle.values[..k].to_vec()));
        let sets = |likeness: fn(&[u32], &[u32]) -> f64| {
            of(&Distance::Sets(LabelSets::new(oracle.sets[..k].to_vec(), likeness))).alpha
        };
        let alphas: [(&str, Coefficient); 5] = [
            ("nominal", nominal.alpha.clone()),
            ("ordinal", ordinal.alpha.clone()),
            ("interval", interval.alpha.clone()),
            ("masi", sets(masi)),
            ("jaccard", sets(jaccard)),
        ];
        for (name, ours) in alphas {
            same(&format!("case {number}: alpha {name}"), ours.value(), case.alpha[name]);
        }
        same(&format!("case {number}: Fleiss"), nominal.fleiss.value(), case.fleiss);
        same(&format!("case {number}: AC1"), nominal.gwet.value(), case.ac1);
        same(&format!("case {number}: AC2 ordinal"), ordinal.gwet.value(), case.ac2_ordinal);
        same(&format!("case {number}: AC2 quadratic"), interval.gwet.value(), case.ac2_quadratic);
        if let Some(theirs) = case.fleiss_complete {
            complete += 1;
            same(&format!("case {number}: Fleiss, complete"), nominal.fleiss.value(), Some(theirs));
        }
    }
    assert!(complete >= 3);
}

#[test]
fn cohens_kappas_are_those_of_scikit_learn_and_statsmodels() {
    let (mut compared, mut undefined) = (0, 0);
    for case in oracle().cases {
        let ratings = table(&case.answers);
        let ranks: Vec<f64> = (0..ratings.categories()).map(|c| c as f64).collect();
        let weights = [Weights::Plain, Weights::Linear(ranks.clone()), Weights::Quadratic(ranks)];
        for (w, weights) in weights.iter().enumerate() {
            let found = cohen(&ratings, weights, 1, 42);
            assert_eq!(found.pairs.len(), case.cohen.len());
            for (pair, (a, b, shared, sklearn, statsmodels)) in found.pairs.iter().zip(&case.cohen) {
                assert_eq!((pair.a, pair.b, pair.shared), (*a, *b, *shared));
                match pair.kappa {
                    Some(_) => {
                        compared += 1;
                        same("scikit-learn", pair.kappa, sklearn[w]);
                        same("statsmodels", pair.kappa, statsmodels[w]);
                    }
                    None => undefined += 1,
                }
            }
            let defined: Vec<f64> = found.pairs.iter().filter_map(|pair| pair.kappa).collect();
            let mean = (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64);
            same("mean", found.mean.value(), mean);
        }
    }
    assert!(compared > 100, "{compared} compared, {undefined} undefined");
}

#[test]
fn posteriors_are_those_of_crowd_kit() {
    let oracle = oracle();
    for (number, case) in oracle.cases.iter().enumerate() {
        let ratings = table(&case.answers);
        let full = apart(&dawid_skene(&ratings, steps(oracle.steps)), &case.dawid_skene);
        assert!(full < 1e-9, "case {number}: Dawid-Skene {full}");
        let coin = apart(&one_coin(&ratings, steps(oracle.steps)), &case.one_coin);
        assert!(coin < 1e-9, "case {number}: one-coin {coin}");
        let mace = apart(&mace(&ratings, &start(&ratings, oracle.steps)), &case.mace);
        assert!(mace < 1e-9, "case {number}: MACE {mace}");
    }
}

/// crowd-kit 1.4.2 counts habits by sorted names of annotators and labels but looks them up in the order in which the
/// names first occur. Where these orders differ, annotators get the habits of others. Ours do not depend on names.
#[test]
fn crowd_kits_mace_depends_on_the_order_of_names_and_ours_does_not() {
    let oracle = oracle();
    let ratings = table(&oracle.disordered.answers);
    let ours = mace(&ratings, &start(&ratings, oracle.steps));
    assert!(apart(&ours, &oracle.disordered.mace) > 1e-3);
    let ordered = oracle.cases.iter().find(|case| case.answers == oracle.disordered.answers).unwrap();
    assert!(apart(&ours, &ordered.mace) < 1e-9);
}

/// krippendorff 0.9.0 raises an error, statsmodels and scikit-learn give NaN or 1.0 (with a warning), where only one
/// label was given: 0/0. Ours has no figure and says why.
#[test]
fn one_label_alone_has_no_coefficient_but_a_reason() {
    let ratings = table(&[(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0)]);
    let found = coefficients(&Votes::of(&ratings), &Distance::Nominal, None, 42);
    for figure in [&found.alpha, &found.fleiss, &found.gwet] {
        assert_eq!((figure.value(), figure.undefined), (None, Some(Undefined::OneLabel)));
    }
    assert_eq!(cohen(&ratings, &Weights::Plain, 1, 42).pairs[0].kappa, None);
    same("percent", found.percent.value(), Some(1.0));
}

/// crowd-kit takes one of several categories that tie, by the order of its table or at random. Ours decides nothing and lists them, so that
/// nobody takes a coin's side for a consensus.
#[test]
fn ties_are_not_decided() {
    let found = majority(&table(&[(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1)]));
    assert_eq!((found.decided, found.ties), (vec![None, Some(1)], vec![0]));
}

/// One of the sets of Snow et al. 2008: table, values of the labels, and the gold of each item.
fn snow(name: &str) -> Option<(Ratings, Vec<f64>, Vec<Option<u32>>)> {
    let folder = std::env::var_os("TRUEUP_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join(format!("snow2008/{name}.standardized.tsv"))) else {
        eprintln!("snow2008 {name} skipped: no data");
        return None;
    };
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let sorted = |column: usize| {
        let mut all: Vec<&str> = rows.iter().map(|row| row[column]).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let (items, annotators) = (sorted(2), sorted(1));
    // 05 and 5 are one answer, and so are -0 and 0.
    let value = |label: &str| -> f64 { label.parse().unwrap() };
    let mut labels: Vec<f64> = sorted(3).into_iter().map(value).collect();
    labels.sort_by(f64::total_cmp);
    labels.dedup();
    let label = |name: &str| {
        let number: f64 = name.parse().ok()?;
        labels.iter().position(|l| (l - number).abs() < 1e-9).map(|c| c as u32)
    };
    let mut gold = vec![None; items.len()];
    let mut cells = BTreeMap::new();
    for row in &rows {
        let item = items.binary_search(&row[2]).unwrap() as u32;
        gold[item as usize] = label(row[4]);
        cells.insert((item, annotators.binary_search(&row[1]).unwrap() as u32), label(row[3]).unwrap());
    }
    let answers = cells.into_iter().map(|((item, annotator), category)| (item, annotator, category));
    let ratings = Ratings::new(items.len(), annotators.len(), labels.len(), answers).unwrap();
    Some((ratings, labels, gold))
}

fn right(found: &Consensus, gold: &[Option<u32>]) -> usize {
    found.decided.iter().zip(gold).filter(|(decided, gold)| decided.is_some() && decided == gold).count()
}

#[test]
fn the_sets_of_snow_and_others_have_the_peers_figures() {
    for (name, theirs) in oracle().snow2008 {
        let Some((ratings, values, gold)) = snow(&name) else { continue };
        let found = (ratings.items(), ratings.annotators(), ratings.categories(), ratings.len());
        assert_eq!(found, (theirs.items, theirs.annotators, theirs.labels, theirs.answers), "{name}");
        let votes = Votes::of(&ratings);
        let nominal = coefficients(&votes, &Distance::Nominal, None, 42);
        same(&name, nominal.alpha.value(), Some(theirs.alpha_nominal));
        same(&name, coefficients(&votes, &Distance::Ordinal, None, 42).alpha.value(), Some(theirs.alpha_ordinal));
        let interval = coefficients(&votes, &Distance::Interval(values), None, 42);
        same(&name, interval.alpha.value(), Some(theirs.alpha_interval));
        let (low, high) = (nominal.alpha.estimate.low.unwrap(), nominal.alpha.estimate.high.unwrap());
        assert!(low < theirs.alpha_nominal && theirs.alpha_nominal < high && high - low < 0.2, "{name}: {low} {high}");
        if let Some(fleiss) = theirs.fleiss {
            same(&name, nominal.fleiss.value(), Some(fleiss));
            let kappas = cohen(&ratings, &Weights::Plain, 5, 42);
            same(&name, kappas.mean.value(), theirs.cohen_mean);
            assert_eq!(Some(kappas.averaged), theirs.cohen_pairs);
        }
        let models: [(Option<Model>, Method); 2] = [(theirs.dawid_skene, dawid_skene), (theirs.one_coin, one_coin)];
        for (model, method) in models {
            let Some(model) = model else { continue };
            let found = method(&ratings, steps(20));
            let checksum: f64 = found.posterior.iter().enumerate().map(|(i, p)| p * ((i + 1) % 97) as f64).sum();
            assert!((checksum - model.checksum.unwrap()).abs() < 1e-4, "{name}: {checksum}");
            assert_eq!(right(&found, &gold), model.right, "{name}");
        }
        if let Some(model) = theirs.dawid_skene_default {
            assert_eq!(right(&dawid_skene(&ratings, EmOptions::default()), &gold), model.right, "{name}");
        }
    }
}

/// Dawid and Skene's model reached 0.92 to 0.93 on textual entailment and 0.94 on temporal order (Snow et al. 2008; Hovy
/// et al. 2013 for MACE).
#[test]
fn models_are_as_accurate_on_snow_as_published() {
    for (name, least) in [("rte", 0.92), ("temp", 0.94)] {
        let Some((ratings, _, gold)) = snow(name) else { continue };
        let share = |found: &Consensus| right(found, &gold) as f64 / gold.len() as f64;
        let full = share(&dawid_skene(&ratings, EmOptions::default()));
        assert!(full >= least, "{name}: Dawid-Skene {full}");
        let mace = share(&mace(&ratings, &MaceOptions::default()));
        assert!(mace >= least - 0.002, "{name}: MACE {mace}");
        let coin = share(&one_coin(&ratings, EmOptions::default()));
        assert!(coin >= least - 0.002, "{name}: one-coin {coin}");
        let plain = share(&majority(&ratings));
        assert!(plain < full, "{name}: majority {plain}");
    }
}

/// `cargo test -p trueup-core --test oracle_agreement -- --ignored --nocapture` prints how long the models take.
#[test]
#[ignore = "a timing"]
fn time_of_the_models() {
    for name in ["rte", "temp", "wsd"] {
        let Some((ratings, ..)) = snow(name) else { continue };
        let time = |what: &str, work: &dyn Fn() -> u32| {
            let start = std::time::Instant::now();
            let steps = (0..20).map(|_| work()).sum::<u32>() / 20;
            let each = start.elapsed().as_secs_f64() / 20.0;
            eprintln!("{name} {what}: {:.2} ms, {steps} steps", each * 1e3);
        };
        time("majority", &|| majority(&ratings).iterations);
        time("dawid-skene", &|| dawid_skene(&ratings, EmOptions::default()).iterations);
        time("one-coin", &|| one_coin(&ratings, EmOptions::default()).iterations);
        time("mace", &|| mace(&ratings, &MaceOptions::default()).iterations);
        let votes = Votes::of(&ratings);
        time("coefficients", &|| coefficients(&votes, &Distance::Nominal, None, 42).labels.len() as u32);
        time("cohen", &|| cohen(&ratings, &Weights::Plain, 5, 42).pairs.len() as u32);
    }
}
