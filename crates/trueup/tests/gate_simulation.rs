//! The whole default policy on data whose truth is known: how often it decides wrongly between models that are alike, and how
//! often it finds a difference that is there.
//!
//! `cargo test -p trueup --release --test gate_simulation -- --ignored --nocapture` draws 10,000 test sets a cell and prints the
//! table of docs/gate.md; the other tests draw a few hundred.

#![allow(clippy::print_stdout, reason = "it prints the tables of the guide")]

use std::collections::BTreeMap;

use rayon::prelude::*;
use trueup::core::compare::{CompareOptions, Duel, Law, MetricLaw};
use trueup::core::document::Decision;
use trueup::core::stats::{Figure, mcnemar_power, normal_cdf};
use trueup::core::{Annotation, LabelSet, Pair, Predictions, Rng, Span, Task};
use trueup::gate::{Facts, Policy, decide};

/// Labels of every world.
const LABELS: usize = 20;

/// What decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deciding {
    Accuracy,
    MacroF1,
    SpanF1,
}

/// A world: what decides, how many examples or sentences, by how much the candidate is more often right.
#[derive(Debug, Clone, Copy)]
struct World {
    deciding: Deciding,
    n: usize,
    better: f64,
}

/// How often the baseline is right about a label, by label: some are harder.
fn right(label: usize) -> f64 {
    0.95 - 0.3 * label as f64 / LABELS as f64
}

/// A label, frequent ones first: the last is seven times as rare as the first.
fn label(rng: &mut Rng) -> u32 {
    let weight = |l: usize| 1.0 / (3.0 + l as f64);
    let total: f64 = (0..LABELS).map(weight).sum();
    let mut left = rng.unit() * total;
    for l in 0..LABELS {
        left -= weight(l);
        if left < 0.0 {
            return l as u32;
        }
    }
    LABELS as u32 - 1
}

/// The answers of both models to one gold label. Most examples are as hard for the one as for the other: with 7 of 10 both
/// models have the same luck. The candidate mends some of the baseline's mistakes where it is `better`.
fn answers(rng: &mut Rng, gold: u32, better: f64) -> (u32, u32) {
    let share = right(gold as usize);
    let mut one = |luck: f64, share: f64| if luck < share { gold } else { other(rng, gold) };
    // The draws come in a fixed order, so that a seed is a world.
    let (first, wrong_first) = (one(0.0, 1.0), one(1.0, 0.0));
    let wrong_second = one(1.0, 0.0);
    let (luck, same, again) = (rng.unit(), rng.unit() < 0.7, rng.unit());
    let a = if luck < share { first } else { wrong_first };
    let second = if same { luck } else { again };
    let share_b = (share + better).min(1.0);
    let b = if second < share_b {
        gold
    } else if same {
        wrong_first
    } else {
        wrong_second
    };
    (a, b)
}

/// A wrong label, the next ones being the likeliest.
fn other(rng: &mut Rng, gold: u32) -> u32 {
    let step = if rng.unit() < 0.6 { 1 } else { 1 + rng.below(LABELS - 1) as u32 };
    (gold + step) % LABELS as u32
}

/// Gold and both models' answers.
type Drawn = (Vec<Annotation>, Vec<Annotation>, Vec<Annotation>);

fn draw(world: World, rng: &mut Rng) -> Drawn {
    let mut drawn: Drawn = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..world.n {
        if world.deciding != Deciding::SpanF1 {
            let gold = label(rng);
            let (a, b) = answers(rng, gold, world.better);
            drawn.0.push(Annotation::Label(gold));
            drawn.1.push(Annotation::Label(a));
            drawn.2.push(Annotation::Label(b));
            continue;
        }
        // A sentence of none to three spans; a wrong label stands for a span of another type, of which some are missed.
        let spans = rng.below(4) as u32;
        let (mut gold, mut a, mut b) = (Vec::new(), Vec::new(), Vec::new());
        for at in 0..spans {
            let of = label(rng);
            let (in_a, in_b) = answers(rng, of, world.better);
            let span = |label: u32| Span { start: 10 * at, end: 10 * at + 4, label };
            gold.push(span(of));
            for (answer, into) in [(in_a, &mut a), (in_b, &mut b)] {
                if answer == of || answer % 2 == 0 {
                    into.push(span(answer));
                }
            }
        }
        for (spans, into) in [(gold, &mut drawn.0), (a, &mut drawn.1), (b, &mut drawn.2)] {
            into.push(Annotation::Spans(spans));
        }
    }
    drawn
}

/// Beyond these numbers of standard errors resampling never overturns what the jackknife's error says, which
/// [`the_short_way_decides_as_the_whole_one`] holds: what lies between is resampled, and the rest decided at once.
const CLEAR: (f64, f64) = (1.2, 3.5);

/// The law of a figure of counts: by resampling where that can matter, or wherever `whole` asks for it.
fn law(duel: &Duel<'_>, figure: Figure, seed: u64, whole: bool) -> Law {
    let options = CompareOptions { seed, resamples: 500, rounds: 999, ..CompareOptions::default() };
    let short = duel.figure(figure, &CompareOptions { resamples: 0, rounds: 0, ..options.clone() });
    let sure = short.value().zip(short.error()).is_none_or(|(value, error)| {
        let z = (value / error).abs();
        // Of few units the jackknife's error can be far too small.
        z < CLEAR.0 || z > CLEAR.1 && duel.units() >= 1_000
    });
    if sure && !whole { short } else { duel.figure(figure, &options) }
}

/// What the policy decides of a draw, and the law of what decides.
fn decided(
    world: World,
    drawn: &Drawn,
    labels: &LabelSet,
    policy: &Policy,
    (seed, whole): (u64, bool),
) -> (Decision, Law) {
    let predictions = |answers: &Vec<Annotation>| Predictions {
        labels: labels.clone(),
        answers: answers.clone(),
        scores: None,
        span_scores: None,
    };
    let (a, b) = (predictions(&drawn.1), predictions(&drawn.2));
    let task = if world.deciding == Deciding::SpanF1 { Task::Ner } else { Task::Classification };
    let pair = |predictions| Pair::new(task, labels, &drawn.0, predictions, None).expect("a good pair");
    let duel = Duel::new(pair(&a), pair(&b)).expect("one gold");
    let (name, law) = match world.deciding {
        Deciding::Accuracy => ("accuracy", duel.overall().law),
        Deciding::MacroF1 => ("f1_macro", law(&duel, Figure::F1Macro, seed, whole)),
        Deciding::SpanF1 => ("f1", law(&duel, Figure::F1Micro, seed, whole)),
    };
    let primary = MetricLaw { name: name.to_owned(), higher_is_better: true, a: Some(0.5), b: Some(0.5), law };
    let label_laws = duel.labels();
    let facts = Facts {
        task,
        labels,
        primary: &primary,
        metrics: &[],
        alone: &BTreeMap::new(),
        label_laws: &label_laws,
        label_rows: &[],
        slices: Vec::new(),
        must_pass: None,
        costs: &[],
        examples: world.n as u64,
        units: duel.units(),
        noun: "example",
        candidates: 1,
    };
    (decide(policy, &facts).decision, primary.law)
}

/// How often the policy promotes and rejects, with the differences found.
struct Shares {
    promoted: f64,
    rejected: f64,
    /// Standard deviation and mean of the differences.
    spread: f64,
    mean: f64,
    discordance: f64,
}

fn simulate(world: World, policy: &Policy, draws: u64) -> Shares {
    let labels = LabelSet::new((0..LABELS).map(|l| format!("label-{l:02}")));
    let found: Vec<(Decision, f64, f64)> = (0..draws)
        .into_par_iter()
        .map(|draw_number| {
            let mut rng = Rng::stream(world.n as u64 + 7, draw_number);
            let drawn = draw(world, &mut rng);
            let (decision, law) = decided(world, &drawn, &labels, policy, (draw_number, false));
            let parted = drawn.0.iter().zip(drawn.1.iter().zip(&drawn.2)).filter(|(g, (a, b))| (a == g) != (b == g));
            (decision, law.value().unwrap_or(0.0), parted.count() as f64 / world.n as f64)
        })
        .collect();
    let n = draws as f64;
    let share = |wanted| found.iter().filter(|of| of.0 == wanted).count() as f64 / n;
    let mean = found.iter().map(|of| of.1).sum::<f64>() / n;
    let spread = (found.iter().map(|of| (of.1 - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let discordance = found.iter().map(|of| of.2).sum::<f64>() / n;
    Shares { promoted: share(Decision::Promote), rejected: share(Decision::Reject), spread, mean, discordance }
}

/// The chance to find a difference of such a mean and spread at 5 %, two-sided.
fn theory(world: World, shares: &Shares) -> f64 {
    match world.deciding {
        Deciding::Accuracy => mcnemar_power(world.n as u64, shares.discordance, shares.mean).unwrap_or(0.0),
        _ => normal_cdf(shares.mean / shares.spread - 1.959_964),
    }
}

/// Models that are alike, and the least number of draws that show a fault of the level.
fn alike(deciding: Deciding, sizes: &[usize], draws: u64) {
    let policy = Policy::default();
    let mut table = String::new();
    for &n in sizes {
        let world = World { deciding, n, better: 0.0 };
        let shares = simulate(world, &policy, draws);
        let wrong = shares.promoted + shares.rejected;
        let most = policy.alpha + 2.0 * (policy.alpha * (1.0 - policy.alpha) / draws as f64).sqrt();
        let row = format!("| {deciding:?} | {n} | {:.3} | {:.3} | {wrong:.3} |\n", shares.promoted, shares.rejected);
        print!("{row}");
        table += &row;
        assert!(wrong <= most, "{deciding:?} n {n}: {wrong} wrong of {draws} draws, at most {most}\n{table}");
    }
}

/// A difference that is there.
fn power(deciding: Deciding, cells: &[(usize, f64)], draws: u64) {
    let policy = Policy::default();
    let mut table = String::new();
    for &(n, better) in cells {
        let world = World { deciding, n, better };
        let shares = simulate(world, &policy, draws);
        let theory = theory(world, &shares);
        let slack = 0.03 + 2.0 * (0.25 / draws as f64).sqrt();
        let row = format!(
            "| {deciding:?} | {n} | {:+.3} | {:.3} | {theory:.3} | {:.3} |\n",
            shares.mean, shares.promoted, shares.rejected
        );
        print!("{row}");
        table += &row;
        assert!((shares.promoted - theory).abs() <= slack, "{deciding:?} n {n} {better}: off theory\n{table}");
    }
}

#[test]
fn models_that_are_alike_are_seldom_parted() {
    alike(Deciding::Accuracy, &[60, 400], 1_000);
    alike(Deciding::MacroF1, &[60, 400], 200);
    alike(Deciding::SpanF1, &[60, 400], 200);
}

#[test]
fn differences_that_are_there_are_found_as_often_as_theory_says() {
    power(Deciding::Accuracy, &[(1_000, 0.02), (1_000, 0.05)], 400);
    power(Deciding::MacroF1, &[(1_000, 0.05)], 150);
}

#[test]
#[ignore = "10,000 draws a cell: cargo xtask test --full"]
fn the_published_error_rates_hold() {
    let sizes = [60, 200, 1_000, 3_000, 10_000];
    println!("| decides | n | promoted | rejected | wrong |");
    for deciding in [Deciding::Accuracy, Deciding::MacroF1, Deciding::SpanF1] {
        alike(deciding, &sizes, 10_000);
    }
}

#[test]
#[ignore = "10,000 draws a cell: cargo xtask test --full"]
fn the_published_power_holds() {
    println!("| decides | n | difference | promoted | theory | rejected |");
    let cells = [
        (200, 0.01),
        (200, 0.02),
        (200, 0.05),
        (1_000, 0.01),
        (1_000, 0.02),
        (1_000, 0.05),
        (5_000, 0.01),
        (5_000, 0.02),
        (5_000, 0.05),
    ];
    for deciding in [Deciding::Accuracy, Deciding::MacroF1, Deciding::SpanF1] {
        power(deciding, &cells, 10_000);
    }
}

#[test]
fn the_short_way_decides_as_the_whole_one() {
    let labels = LabelSet::new((0..LABELS).map(|l| format!("label-{l:02}")));
    let policy = Policy::default();
    for (deciding, n, better) in [
        (Deciding::MacroF1, 60, 0.0),
        (Deciding::MacroF1, 300, 0.03),
        (Deciding::SpanF1, 60, 0.0),
        (Deciding::SpanF1, 300, 0.05),
        (Deciding::MacroF1, 1_000, 0.03),
    ] {
        let world = World { deciding, n, better };
        for seed in 0..60 {
            let drawn = draw(world, &mut Rng::stream(17, seed));
            let of = |whole| decided(world, &drawn, &labels, &policy, (seed, whole)).0;
            assert_eq!(of(false), of(true), "{world:?} {seed}");
        }
    }
}

#[test]
fn a_label_that_collapses_is_rejected_however_good_the_rest() {
    // The candidate is better on all labels but the rarest, which it never finds.
    let labels = LabelSet::new((0..LABELS).map(|l| format!("label-{l:02}")));
    let policy = Policy::default();
    let mut rejected = 0;
    for seed in 0..20 {
        let world = World { deciding: Deciding::Accuracy, n: 2_000, better: 0.05 };
        let mut drawn = draw(world, &mut Rng::stream(3, seed));
        for (gold, answer) in drawn.0.iter().zip(&mut drawn.2) {
            if *gold == Annotation::Label(LABELS as u32 - 1) {
                *answer = Annotation::Label(0);
            }
        }
        let (decision, law) = decided(world, &drawn, &labels, &policy, (seed, false));
        assert!(law.value().expect("a value") > 0.0);
        rejected += u32::from(decision == Decision::Reject);
    }
    assert_eq!(rejected, 20);
}
