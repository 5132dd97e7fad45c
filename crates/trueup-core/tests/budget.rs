//! The time that measuring takes, at the sizes of real data sets.
//!
//! `cargo test -p trueup-core --test budget -- --ignored --nocapture` prints the table.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::{Duration, Instant};

use trueup_core::measure::{MeasureOptions, measure};
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Rng, Scores, Span, Task};

/// `n` examples of `k` labels, right six times in seven, with probabilities.
fn labelled(n: usize, k: usize, clusters: Option<u32>) -> Duration {
    let mut rng = Rng::new(1);
    let labels = LabelSet::new((0..k).map(|i| format!("label {i:03}")));
    let (mut gold, mut answers, mut scores) = (Vec::new(), Vec::new(), Scores::new(k));
    for _ in 0..n {
        let g = rng.below(k);
        let p = if rng.below(7) > 0 { g } else { rng.below(k) };
        let mut row: Vec<f64> = (0..k).map(|_| rng.unit()).collect();
        row[p] += 2.0;
        let sum: f64 = row.iter().sum();
        for x in &mut row {
            *x /= sum;
        }
        gold.push(Annotation::Label(g as u32));
        answers.push(Annotation::Label(p as u32));
        scores.push(&row);
    }
    let predictions = Predictions { labels: labels.clone(), answers, scores: Some(scores), span_scores: None };
    let clusters = clusters.map(|size| (0..n as u32).map(|row| row / size).collect());
    time(Task::Classification, &labels, &gold, &predictions, clusters)
}

/// `n` examples of `k` labels, 1.2 of them each.
fn sets(n: usize, k: usize) -> Duration {
    let mut rng = Rng::new(1);
    let labels = LabelSet::new((0..k).map(|i| format!("label {i:03}")));
    let (mut gold, mut answers, mut scores) = (Vec::new(), Vec::new(), Scores::new(k));
    for _ in 0..n {
        let pick = |rng: &mut Rng| (0..k as u32).filter(|_| rng.unit() < 1.2 / k as f64).collect::<Vec<_>>();
        let set = pick(&mut rng);
        answers.push(Annotation::Labels(if rng.below(2) == 0 { set.clone() } else { pick(&mut rng) }));
        gold.push(Annotation::Labels(set));
        scores.push(&(0..k).map(|_| rng.unit()).collect::<Vec<_>>());
    }
    let predictions = Predictions { labels: labels.clone(), answers, scores: Some(scores), span_scores: None };
    time(Task::Multilabel, &labels, &gold, &predictions, None)
}

/// `n` sentences of up to five spans of `k` types.
fn spans(n: usize, k: usize) -> Duration {
    let mut rng = Rng::new(1);
    let labels = LabelSet::new((0..k).map(|i| format!("type {i:03}")));
    let (mut gold, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let count = rng.below(6) as u32;
        let side: Vec<Span> =
            (0..count).map(|at| Span { start: 10 * at, end: 10 * at + 5, label: rng.below(k) as u32 }).collect();
        answers.push(Annotation::Spans(side.iter().filter(|_| rng.below(5) > 0).copied().collect()));
        gold.push(Annotation::Spans(side));
    }
    let predictions = Predictions { labels: labels.clone(), answers, scores: None, span_scores: None };
    time(Task::Ner, &labels, &gold, &predictions, None)
}

fn time(
    task: Task,
    labels: &LabelSet,
    gold: &[Annotation],
    predictions: &Predictions,
    clusters: Option<Vec<u32>>,
) -> Duration {
    let pair = Pair::new(task, labels, gold, predictions, clusters).unwrap();
    let start = Instant::now();
    let measures = measure(&pair, &MeasureOptions::default());
    let took = start.elapsed();
    assert!(measures.metrics["f1_macro"].low.is_some());
    took
}

#[test]
#[ignore = "measures time, which a busy machine makes meaningless"]
fn measuring_stays_in_its_budget() {
    let rows = [
        ("3,080 x 77 labels", labelled(3_080, 77, None), 500),
        ("10,003 x 77 labels", labelled(10_003, 77, None), 1_500),
        ("10,003 x 77 labels, 2,501 clusters", labelled(10_003, 77, Some(4)), 1_500),
        ("13,000 x 2 labels", labelled(13_000, 2, None), 300),
        ("1,000,000 x 2 labels", labelled(1_000_000, 2, None), 5_000),
        ("5,427 x 28 label sets", sets(5_427, 28), 500),
        ("1,000 sentences, 6 types", spans(1_000, 6), 200),
        ("50,000 sentences, 6 types", spans(50_000, 6), 2_000),
    ];
    for (name, took, budget) in rows {
        println!("{name:<36} {:>7.1} ms of {budget}", took.as_secs_f64() * 1e3);
    }
    for (name, took, budget) in rows {
        assert!(took < Duration::from_millis(budget), "{name} took {took:?}");
    }
}
