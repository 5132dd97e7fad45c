//! Do 95 % intervals cover? Many samples are drawn from a population whose figures are known.
//!
//! The quick test runs always; the thorough ones with `cargo test -p trueup-core --test coverage -- --ignored --nocapture`,
//! which prints the table of coverages.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;

use trueup_core::document::LabelRow;
use trueup_core::measure::{MeasureOptions, Measures, Selection, measure};
use trueup_core::{Annotation, Estimate, LabelSet, Pair, Predictions, Rng, Scores, Span, Task};

/// How examples come about: `n` units drawn with `seed`.
type Population = fn(seed: u64, n: usize) -> Drawn;

struct Drawn {
    task: Task,
    labels: LabelSet,
    gold: Vec<Annotation>,
    predictions: Predictions,
    clusters: Option<Vec<u32>>,
}

impl Drawn {
    fn measures(&self, options: &MeasureOptions) -> Measures {
        let pair = Pair::new(self.task, &self.labels, &self.gold, &self.predictions, self.clusters.clone()).unwrap();
        measure(&pair, options)
    }
}

/// The metrics, and F1 and recall of each label.
fn estimates(measures: &Measures) -> BTreeMap<String, Estimate> {
    let mut all = measures.metrics.clone();
    for row in &measures.labels {
        all.insert(format!("{} f1", row.label), row.f1.clone());
        all.insert(format!("{} recall", row.label), row.recall.clone());
    }
    all
}

/// Four labels of shares 0.5, 0.3, 0.15 and 0.05, right four times in five; probabilities that know a little.
fn labelled(seed: u64, n: usize) -> Drawn {
    let mut rng = Rng::new(seed);
    let labels = LabelSet::new(["a", "b", "c", "d"]);
    let (mut gold, mut answers, mut scores) = (Vec::new(), Vec::new(), Scores::new(4));
    for _ in 0..n {
        let draw = rng.unit();
        let g = [0.5, 0.8, 0.95].iter().filter(|&&edge| draw >= edge).count();
        let raw: Vec<f64> = (0..4).map(|l| (2.0 * rng.unit() + if l == g { 1.6 } else { 0.0 }).exp()).collect();
        let sum: f64 = raw.iter().sum();
        let row: Vec<f64> = raw.iter().map(|x| x / sum).collect();
        let p = (0..4).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
        gold.push(Annotation::Label(g as u32));
        answers.push(Annotation::Label(p as u32));
        scores.push(&row);
    }
    let predictions = Predictions { labels: labels.clone(), answers, scores: Some(scores), span_scores: None };
    Drawn { task: Task::Classification, labels, gold, predictions, clusters: None }
}

/// The same in documents of one to eight examples, each hard or easy as a whole.
fn clustered(seed: u64, n: usize) -> Drawn {
    let mut rng = Rng::new(seed);
    let labels = LabelSet::new(["a", "b"]);
    let (mut gold, mut answers, mut clusters, mut scores) = (Vec::new(), Vec::new(), Vec::new(), Scores::new(2));
    for document in 0..n {
        let ease = if rng.unit() < 0.3 { 0.5 } else { 0.95 };
        for _ in 0..=rng.below(8) {
            let g = u32::from(rng.unit() < 0.4);
            let p = if rng.unit() < ease { g } else { 1 - g };
            let sure = 0.5 + 0.5 * rng.unit();
            gold.push(Annotation::Label(g));
            answers.push(Annotation::Label(p));
            scores.push(&if p == 0 { [sure, 1.0 - sure] } else { [1.0 - sure, sure] });
            clusters.push(document as u32);
        }
    }
    let predictions = Predictions { labels: labels.clone(), answers, scores: Some(scores), span_scores: None };
    Drawn { task: Task::Classification, labels, gold, predictions, clusters: Some(clusters) }
}

/// Sentences of up to five spans of three types, found or not as a sentence, with boundary and type mistakes.
fn spans(seed: u64, n: usize) -> Drawn {
    let mut rng = Rng::new(seed);
    let labels = LabelSet::new(["LOC", "ORG", "PER"]);
    let (mut gold, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let ease = if rng.unit() < 0.3 { 0.4 } else { 0.9 };
        let (mut g, mut p) = (Vec::new(), Vec::new());
        for at in 0..rng.below(6) as u32 {
            let label = [0, 0, 0, 1, 1, 2][rng.below(6)];
            let span = Span { start: 10 * at, end: 10 * at + 5, label };
            g.push(span);
            if rng.unit() < ease {
                p.push(span);
            } else if rng.unit() < 0.5 {
                p.push(Span { end: span.end + 2, ..span });
            }
        }
        gold.push(Annotation::Spans(g));
        answers.push(Annotation::Spans(p));
    }
    let predictions = Predictions { labels: labels.clone(), answers, scores: None, span_scores: None };
    Drawn { task: Task::Ner, labels, gold, predictions, clusters: None }
}

/// Five labels of rates 0.05 to 0.45, each cell wrong one time in ten, twice as often in every fourth example.
fn sets(seed: u64, n: usize) -> Drawn {
    let mut rng = Rng::new(seed);
    let labels = LabelSet::new(["a", "b", "c", "d", "e"]);
    let (mut gold, mut answers, mut scores) = (Vec::new(), Vec::new(), Scores::new(5));
    for _ in 0..n {
        let hard = if rng.below(4) == 0 { 0.2 } else { 0.07 };
        let (mut g, mut p, mut row) = (Vec::new(), Vec::new(), Vec::new());
        for label in 0..5u32 {
            let belongs = rng.unit() < 0.05 + 0.1 * f64::from(label);
            let said = belongs != (rng.unit() < hard);
            row.push(if said { 0.5 + 0.5 * rng.unit() } else { 0.5 * rng.unit() });
            if belongs {
                g.push(label);
            }
            if said {
                p.push(label);
            }
        }
        gold.push(Annotation::Labels(g));
        answers.push(Annotation::Labels(p));
        scores.push(&row);
    }
    let predictions = Predictions { labels: labels.clone(), answers, scores: Some(scores), span_scores: None };
    Drawn { task: Task::Multilabel, labels, gold, predictions, clusters: None }
}

/// Three labels of shares 0.69, 0.3 and 0.01: the rare one is found with chance `found`, and some of the others are
/// taken for it.
fn with_a_rare_label(seed: u64, n: usize, found: f64) -> Drawn {
    let mut rng = Rng::new(seed);
    let labels = LabelSet::new(["fraud", "ok", "unsure"]);
    let (mut gold, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let draw = rng.unit();
        let g = if draw < 0.01 { 0 } else { 1 + u32::from(draw >= 0.7) };
        let luck = rng.unit();
        let p = match g {
            0 if luck < found => 0,
            0 => 1,
            _ if luck < 0.002 => 0,
            _ if luck < 0.1 => 3 - g,
            _ => g,
        };
        gold.push(Annotation::Label(g));
        answers.push(Annotation::Label(p));
    }
    let predictions = Predictions { labels: labels.clone(), answers, scores: None, span_scores: None };
    Drawn { task: Task::Classification, labels, gold, predictions, clusters: None }
}

/// The rare label is found three times in five.
fn rare(seed: u64, n: usize) -> Drawn {
    with_a_rare_label(seed, n, 0.6)
}

/// The rare label is found once in ten times, so most samples never show it found.
fn missed(seed: u64, n: usize) -> Drawn {
    with_a_rare_label(seed, n, 0.1)
}

/// Fifty labels with shares that fall as 1 / rank, right four times in five: in 500 examples half of them have a
/// support of five or less.
fn long_tail(seed: u64, n: usize) -> Drawn {
    let mut rng = Rng::new(seed);
    let labels = LabelSet::new((0..50).map(|i| format!("l{i:02}")));
    let mut ends = Vec::new();
    let mut sum = 0.0;
    for rank in 1..=50 {
        sum += 1.0 / f64::from(rank);
        ends.push(sum);
    }
    let (mut gold, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let mut draw = || {
            let at = rng.unit() * sum;
            ends.iter().filter(|&&end| at >= end).count() as u32
        };
        let (g, other) = (draw(), draw());
        // Labels differ in how hard they are.
        let ease = 0.65 + 0.3 * f64::from(g % 7) / 6.0;
        gold.push(Annotation::Label(g));
        answers.push(Annotation::Label(if rng.unit() < ease { g } else { other }));
    }
    let predictions = Predictions { labels: labels.clone(), answers, scores: None, span_scores: None };
    Drawn { task: Task::Classification, labels, gold, predictions, clusters: None }
}

/// What the intervals of many samples did.
#[derive(Debug, Default, Clone, Copy)]
struct Held {
    /// Intervals seen.
    count: f64,
    /// Those below and above the population's figure.
    low: f64,
    high: f64,
    /// Sums of the lower and the upper arms.
    below: f64,
    above: f64,
}

impl Held {
    fn share(&self) -> f64 {
        1.0 - (self.low + self.high) / self.count
    }
}

/// The population's figure of `name`. A macro average runs over the labels of the sample, so what it estimates is the
/// mean of the population's terms over those labels.
fn figure(name: &str, truth: &Measures, sample: &Measures) -> Option<f64> {
    let pick: fn(&LabelRow) -> Option<f64> = match name {
        "f1_macro" => |row| row.f1.value,
        "precision_macro" => |row| row.precision.value,
        "recall_macro" | "balanced_accuracy" => |row| row.recall.value,
        _ => return truth.metrics.get(name).and_then(|e| e.value),
    };
    let least = |row: &LabelRow| row.support + if name == "balanced_accuracy" { 0 } else { row.predicted };
    let of_sample = truth.labels.iter().zip(&sample.labels).filter(|(_, row)| least(row) > 0);
    let terms: Vec<f64> = of_sample.filter_map(|(row, _)| pick(row)).collect();
    Some(terms.iter().sum::<f64>() / terms.len() as f64)
}

/// For each metric how the intervals of `samples` samples of `n` units held the population's figure.
fn coverage(population: Population, n: usize, samples: u64, resamples: u32) -> BTreeMap<String, Held> {
    let every = || MeasureOptions { metrics: Selection::All, ..MeasureOptions::default() };
    let truth = population(1, 200_000).measures(&MeasureOptions { intervals: false, ..every() });
    let of_labels = estimates(&truth);
    let mut found: BTreeMap<String, Held> = BTreeMap::new();
    for seed in 0..samples {
        let options = MeasureOptions { seed, resamples, ..every() };
        let sample = population(1_000 + seed, n).measures(&options);
        for (name, estimate) in estimates(&sample) {
            let truth = figure(&name, &truth, &sample).or(of_labels[&name].value);
            if let (Some(value), Some(low), Some(high), Some(truth)) =
                (estimate.value, estimate.low, estimate.high, truth)
            {
                let held = found.entry(name).or_default();
                held.count += 1.0;
                held.low += f64::from(u8::from(high < truth));
                held.high += f64::from(u8::from(truth < low));
                held.below += value - low;
                held.above += high - value;
            }
        }
    }
    found
}

#[test]
fn accuracy_and_macro_f1_cover() {
    let found = coverage(labelled, 150, 200, 300);
    for name in ["accuracy", "f1_macro", "cohen_kappa", "log_loss"] {
        // 200 samples see 95 % within 2.6 standard errors: 0.91 to 0.99.
        assert!((0.91..=1.0).contains(&found[name].share()), "{name}: {:?}", found[name]);
    }
}

/// How the names of metrics begin that small samples bias, as their documentation says, or of which they show too little.
const BIASED: [&str; 11] = [
    "ece",
    "mce",
    "ace",
    "top_3_accuracy",
    "precision_at_recall",
    "recall_at_precision",
    "aurc",
    "e_aurc",
    "average_precision",
    "roc_auc_partial",
    "cohen_kappa_quadratic",
];

fn thorough(population: Population, n: usize, least: f64) {
    let found = coverage(population, n, 2_000, 1_000);
    show(n, &found, |_| true);
    for (name, held) in &found {
        // The calibration error is biased upwards in small samples, and its documentation says so. Top-3 accuracy is
        // nearly 1 here, where a share of about 1 / n of mistakes is where Wilson's interval covers least.
        // The other calibration errors, the figures at a chosen threshold, areas that hang on a few confident mistakes and
        // average precision of labels of two or three examples are biased too.
        let share = held.share();
        assert!(share >= least || BIASED.iter().any(|start| name.starts_with(start)), "{name} covers {share}");
    }
}

/// Prints coverage, the shares of intervals that lie too low and too high, and the mean arms.
fn show(n: usize, found: &BTreeMap<String, Held>, wanted: fn(&str) -> bool) {
    println!("{n} units");
    for (name, held) in found.iter().filter(|(name, _)| wanted(name)) {
        let Held { count, low, high, below, above } = held;
        let (low, high, below, above) = (low / count, high / count, below / count, above / count);
        println!("  {name:<22} {:.3}  low {low:.3} high {high:.3}  arms -{below:.3} +{above:.3}", held.share());
    }
}

/// Averages over labels of which some are so rare that resamples lose them.
fn rare_averages(population: Population, n: usize, least: f64) {
    let found = coverage(population, n, 2_000, 1_000);
    let average = |name: &str| name.ends_with("_macro") || name.ends_with("_weighted") || name == "balanced_accuracy";
    show(n, &found, average);
    for (name, held) in found.iter().filter(|(name, _)| average(name)) {
        let least = if COARSE.contains(&name.as_str()) { least.min(0.85) } else { least };
        assert!(held.share() >= least, "{name} covers {}", held.share());
    }
}

/// Means over labels that cover less where some labels have a few gold examples alone: their terms are shares of fewer trials
/// than those of F1, so that one example more or less moves them further than resamples show (docs/intervals.md says so).
const COARSE: [&str; 3] = ["f0.5_macro", "f2_macro", "jaccard_macro"];

#[test]
#[ignore = "a minute: 2,000 samples of each size"]
fn labelled_examples_cover() {
    thorough(labelled, 60, 0.85);
    thorough(labelled, 400, 0.91);
}

#[test]
#[ignore = "a minute: 2,000 samples of each size"]
fn clustered_examples_cover() {
    thorough(clustered, 15, 0.85);
    thorough(clustered, 100, 0.91);
}

#[test]
#[ignore = "a minute: 2,000 samples of each size"]
fn spans_cover() {
    thorough(spans, 20, 0.85);
    thorough(spans, 200, 0.91);
}

#[test]
#[ignore = "a minute: 2,000 samples of each size"]
fn label_sets_cover() {
    thorough(sets, 40, 0.85);
    thorough(sets, 300, 0.91);
}

#[test]
#[ignore = "a minute: 2,000 samples of each size"]
fn rare_labels_cover() {
    rare_averages(rare, 200, 0.93);
    rare_averages(rare, 500, 0.93);
}

#[test]
#[ignore = "a minute: 2,000 samples of each size"]
fn missed_labels_cover() {
    rare_averages(missed, 200, 0.93);
    rare_averages(missed, 500, 0.93);
}

#[test]
#[ignore = "a minute: 2,000 samples of each size"]
fn long_tails_cover() {
    // Macro F1 is biased low by so many labels of one to five examples; see the documentation of the averages.
    rare_averages(long_tail, 500, 0.84);
}
