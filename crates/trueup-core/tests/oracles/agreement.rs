//! Agreement and consensus against krippendorff, statsmodels, irrCAC, scikit-learn and crowd-kit.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use trueup_core::agreement::consensus::{EmOptions, MaceOptions, MaceStart, dawid_skene, mace, majority, one_coin};
use trueup_core::agreement::{
    Coefficient, Consensus, Distance, LabelSets, Ratings, Undefined, Votes, Weights, coefficients, cohen, jaccard, masi,
};

use crate::compare::{self, Oracle, Tally};

#[derive(Deserialize)]
struct Tables {
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

fn committed() -> Oracle<Tables> {
    compare::small(include_str!("small/agreement.json"))
}

fn table(answers: &[(u32, u32, u32)]) -> Ratings {
    let size = |of: fn(&(u32, u32, u32)) -> u32| answers.iter().map(of).max().unwrap() as usize + 1;
    Ratings::new(size(|a| a.0), size(|a| a.1), size(|a| a.2), answers.iter().copied()).unwrap()
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

fn posteriors(what: &str, ours: &Consensus, theirs: &[Vec<f64>], tally: &mut Tally) {
    tally.figures(|| what.to_owned(), &ours.posterior, &theirs.concat());
}

fn check_coefficients(tables: &Tables, tally: &mut Tally) {
    let mut complete = 0;
    for (number, case) in tables.cases.iter().enumerate() {
        let votes = Votes::of(&table(&case.answers));
        let k = votes.categories();
        let of = |distance: &Distance| coefficients(&votes, distance, None, 42);
        let nominal = of(&Distance::Nominal);
        let ordinal = of(&Distance::Ordinal);
        let interval = of(&Distance::Interval(tables.values[..k].to_vec()));
        let sets = |likeness: fn(&[u32], &[u32]) -> f64| {
            of(&Distance::Sets(LabelSets::new(tables.sets[..k].to_vec(), likeness))).alpha
        };
        let alphas: [(&str, Coefficient); 5] = [
            ("nominal", nominal.alpha.clone()),
            ("ordinal", ordinal.alpha.clone()),
            ("interval", interval.alpha.clone()),
            ("masi", sets(masi)),
            ("jaccard", sets(jaccard)),
        ];
        for (name, ours) in alphas {
            tally.figure(|| format!("case {number}: alpha {name}"), ours.value(), case.alpha[name]);
        }
        let others = [
            ("Fleiss", &nominal.fleiss, case.fleiss),
            ("AC1", &nominal.gwet, case.ac1),
            ("AC2 ordinal", &ordinal.gwet, case.ac2_ordinal),
            ("AC2 quadratic", &interval.gwet, case.ac2_quadratic),
        ];
        for (name, ours, theirs) in others {
            tally.figure(|| format!("case {number}: {name}"), ours.value(), theirs);
        }
        if let Some(theirs) = case.fleiss_complete {
            complete += 1;
            tally.figure(|| format!("case {number}: Fleiss, complete"), nominal.fleiss.value(), Some(theirs));
        }
    }
    assert!(complete > 0);
}

fn check_kappas(tables: &Tables, tally: &mut Tally) {
    for (number, case) in tables.cases.iter().enumerate() {
        let ratings = table(&case.answers);
        let ranks: Vec<f64> = (0..ratings.categories()).map(|c| c as f64).collect();
        let weights = [Weights::Plain, Weights::Linear(ranks.clone()), Weights::Quadratic(ranks)];
        for (w, weights) in weights.iter().enumerate() {
            let found = cohen(&ratings, weights, 1, 42);
            assert_eq!(found.pairs.len(), case.cohen.len());
            for (pair, (a, b, shared, sklearn, statsmodels)) in found.pairs.iter().zip(&case.cohen) {
                assert_eq!((pair.a, pair.b, pair.shared), (*a, *b, *shared));
                // 0/0: the tools give NaN or 1, and not both the same.
                if pair.kappa.is_some() {
                    tally.figure(|| format!("case {number}: scikit-learn's kappa {w}"), pair.kappa, sklearn[w]);
                    tally.figure(|| format!("case {number}: statsmodels' kappa {w}"), pair.kappa, statsmodels[w]);
                }
            }
            let defined: Vec<f64> = found.pairs.iter().filter_map(|pair| pair.kappa).collect();
            let mean = (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64);
            assert!(compare::same(found.mean.value(), mean));
        }
    }
}

fn check_posteriors(tables: &Tables, tally: &mut Tally) {
    for (number, case) in tables.cases.iter().enumerate() {
        let ratings = table(&case.answers);
        let full = dawid_skene(&ratings, steps(tables.steps));
        posteriors(&format!("case {number}: Dawid-Skene"), &full, &case.dawid_skene, tally);
        let coin = one_coin(&ratings, steps(tables.steps));
        posteriors(&format!("case {number}: one-coin"), &coin, &case.one_coin, tally);
        let mace = mace(&ratings, &start(&ratings, tables.steps));
        posteriors(&format!("case {number}: MACE"), &mace, &case.mace, tally);
    }
}

fn check(tables: &Tables) -> Tally {
    let mut tally = Tally { cases: tables.cases.len() as u64, ..Tally::default() };
    check_coefficients(tables, &mut tally);
    check_kappas(tables, &mut tally);
    check_posteriors(tables, &mut tally);
    for (name, theirs) in &tables.snow2008 {
        check_snow(name, theirs, tables.steps, &mut tally);
    }
    tally
}

#[test]
fn agrees_with_the_committed_values() {
    let tally = check(&committed().cases);
    assert!(tally.figures > 80, "{tally:?}");
}

#[test]
fn agrees_with_the_generated_values() {
    let Some(oracle) = compare::live::<Tables>("agreement") else { return };
    let tally = check(&oracle.cases);
    assert!(tally.cases >= 100 && tally.figures > 10_000, "{tally:?}");
    tally.record("agreement", &oracle.peers);
}

/// crowd-kit 1.4.2 counts habits by sorted names of annotators and labels but looks them up in the order in which the
/// names first occur. Where these orders differ, annotators get the habits of others. Ours do not depend on names.
#[test]
fn difference_crowd_kits_mace_depends_on_the_order_of_names() {
    let tables = committed().cases;
    let ratings = table(&tables.disordered.answers);
    let ours = mace(&ratings, &start(&ratings, tables.steps));
    let theirs = tables.disordered.mace.concat();
    let apart = ours.posterior.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(apart > 1e-3, "{apart}");
    let ordered = tables.cases.iter().find(|case| case.answers == tables.disordered.answers).unwrap();
    posteriors("ordered", &ours, &ordered.mace, &mut Tally::default());
}

/// krippendorff 0.9.0 raises an error, statsmodels and scikit-learn give NaN or 1.0 (with a warning), where only one
/// label was given: 0/0. Ours has no figure and says why.
#[test]
fn difference_one_label_alone_has_no_coefficient() {
    let ratings = table(&[(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0)]);
    let found = coefficients(&Votes::of(&ratings), &Distance::Nominal, None, 42);
    for figure in [&found.alpha, &found.fleiss, &found.gwet] {
        assert_eq!((figure.value(), figure.undefined), (None, Some(Undefined::OneLabel)));
    }
    assert_eq!(cohen(&ratings, &Weights::Plain, 1, 42).pairs[0].kappa, None);
    assert_eq!(found.percent.value(), Some(1.0));
}

/// crowd-kit takes one of several categories that tie, by the order of its table or at random. Ours decides nothing and lists them, so that
/// nobody takes a coin's side for a consensus.
#[test]
fn difference_ties_of_a_majority_are_not_decided() {
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

/// The figures of one of the sets of Snow et al. 2008, where it is there.
fn check_snow(name: &str, theirs: &Snow, iterations: u32, tally: &mut Tally) {
    let Some((ratings, values, gold)) = snow(name) else { return };
    tally.cases += 1;
    let found = (ratings.items(), ratings.annotators(), ratings.categories(), ratings.len());
    assert_eq!(found, (theirs.items, theirs.annotators, theirs.labels, theirs.answers), "{name}");
    let votes = Votes::of(&ratings);
    let nominal = coefficients(&votes, &Distance::Nominal, None, 42);
    let ordinal = coefficients(&votes, &Distance::Ordinal, None, 42).alpha.value();
    let interval = coefficients(&votes, &Distance::Interval(values), None, 42).alpha.value();
    tally.figure(|| format!("{name}: nominal"), nominal.alpha.value(), Some(theirs.alpha_nominal));
    tally.figure(|| format!("{name}: ordinal"), ordinal, Some(theirs.alpha_ordinal));
    tally.figure(|| format!("{name}: interval"), interval, Some(theirs.alpha_interval));
    let (low, high) = (nominal.alpha.estimate.low.unwrap(), nominal.alpha.estimate.high.unwrap());
    assert!(low < theirs.alpha_nominal && theirs.alpha_nominal < high && high - low < 0.2, "{name}: {low} {high}");
    if let Some(fleiss) = theirs.fleiss {
        tally.figure(|| format!("{name}: Fleiss"), nominal.fleiss.value(), Some(fleiss));
        let kappas = cohen(&ratings, &Weights::Plain, 5, 42);
        tally.figure(|| format!("{name}: mean kappa"), kappas.mean.value(), theirs.cohen_mean);
        assert_eq!(Some(kappas.averaged), theirs.cohen_pairs);
    }
    let models: [(&Option<Model>, Method); 2] = [(&theirs.dawid_skene, dawid_skene), (&theirs.one_coin, one_coin)];
    for (model, method) in models {
        let Some(model) = model else { continue };
        let found = method(&ratings, steps(iterations));
        let checksum: f64 = found.posterior.iter().enumerate().map(|(i, p)| p * ((i + 1) % 97) as f64).sum();
        tally.figure(|| format!("{name}: checksum"), Some(checksum), model.checksum);
        assert_eq!(right(&found, &gold), model.right, "{name}");
    }
    if let Some(model) = &theirs.dawid_skene_default {
        assert_eq!(right(&dawid_skene(&ratings, EmOptions::default()), &gold), model.right, "{name}");
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
