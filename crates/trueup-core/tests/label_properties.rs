//! Properties that hold of every metric of labels in the catalogue: of weights, of order, of names.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use trueup_core::measure::catalogue::find;
use trueup_core::measure::{MeasureOptions, Measures, Selection, measure};
use trueup_core::{Annotation, Estimate, LabelSet, Pair, Predictions, Rng, Scores, Task};

const TASKS: [Task; 2] = [Task::Classification, Task::Multilabel];

#[derive(Clone)]
struct Sample {
    task: Task,
    k: usize,
    gold: Vec<Annotation>,
    answers: Vec<Annotation>,
    scores: Vec<Vec<f64>>,
    clusters: Option<Vec<u32>>,
    weights: Option<Vec<f64>>,
}

impl Sample {
    /// Random rows; scores tie often unless `apart`.
    fn new(task: Task, k: usize, n: usize, seed: u64, apart: bool) -> Self {
        let mut rng = Rng::new(seed);
        let mut sample = Self { task, k, gold: vec![], answers: vec![], scores: vec![], clusters: None, weights: None };
        for _ in 0..n {
            let mut row: Vec<f64> =
                (0..k).map(|_| if apart { rng.unit() } else { rng.below(5) as f64 / 8.0 }).collect();
            let set: Vec<u32> = (0..k as u32).filter(|_| rng.unit() < 0.4).collect();
            let other: Vec<u32> = (0..k as u32).filter(|l| set.contains(l) != (rng.unit() < 0.2)).collect();
            if task == Task::Classification {
                let gold = rng.below(k) as u32;
                row[gold as usize] += 0.25;
                let sum: f64 = row.iter().sum();
                row.iter_mut().for_each(|p| *p /= sum);
                sample.gold.push(Annotation::Label(gold));
                sample.answers.push(Annotation::Label(if rng.below(3) > 0 { gold } else { rng.below(k) as u32 }));
            } else {
                sample.gold.push(Annotation::Labels(set));
                sample.answers.push(Annotation::Labels(other));
            }
            sample.scores.push(row);
        }
        sample
    }

    fn rows(&self, rows: &[usize]) -> Self {
        Self {
            gold: rows.iter().map(|&r| self.gold[r].clone()).collect(),
            answers: rows.iter().map(|&r| self.answers[r].clone()).collect(),
            scores: rows.iter().map(|&r| self.scores[r].clone()).collect(),
            clusters: self.clusters.as_ref().map(|c| rows.iter().map(|&r| c[r]).collect()),
            weights: self.weights.as_ref().map(|w| rows.iter().map(|&r| w[r]).collect()),
            ..self.clone()
        }
    }

    fn weighted(&self, weights: Vec<f64>) -> Self {
        Self { weights: Some(weights), ..self.clone() }
    }

    fn measure(&self) -> Measures {
        self.measure_with(&MeasureOptions { resamples: 50, metrics: Selection::All, ..MeasureOptions::default() })
    }

    fn measure_with(&self, options: &MeasureOptions) -> Measures {
        let labels = LabelSet::new((0..self.k).map(|i| format!("l{i}")));
        let predictions = Predictions {
            labels: labels.clone(),
            answers: self.answers.clone(),
            scores: Some(Scores::from_cells(self.k, self.scores.concat())),
            span_scores: None,
        };
        let mut pair = Pair::new(self.task, &labels, &self.gold, &predictions, self.clusters.clone()).unwrap();
        if let Some(weights) = &self.weights {
            pair = pair.with_weights(weights).unwrap();
        }
        measure(&pair, options)
    }
}

/// Every estimate with its name.
fn estimates(measures: &Measures) -> Vec<(String, &Estimate)> {
    let mut all: Vec<_> = measures.metrics.iter().map(|(name, e)| (name.clone(), e)).collect();
    for (name, rows) in &measures.by_label {
        all.extend(rows.iter().enumerate().map(|(label, e)| (format!("{name} of {label}"), e)));
    }
    for row in &measures.labels {
        all.extend([&row.precision, &row.recall, &row.f1].map(|e| (format!("row {}", row.label), e)));
        all.extend(row.roc_auc.iter().map(|e| (format!("area of {}", row.label), e)));
    }
    all
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    a.is_none() == b.is_none() && (a.unwrap_or(0.0) - b.unwrap_or(0.0)).abs() < 1e-9
}

fn assert_same_figures(one: &Measures, other: &Measures, but: &[&str], ends: bool) {
    let (one, other) = (estimates(one), estimates(other));
    assert_eq!(one.len(), other.len());
    for ((name, a), (_, b)) in one.into_iter().zip(other) {
        if but.contains(&name.as_str()) {
            continue;
        }
        assert!(near(a.value, b.value), "{name}: {a:?} {b:?}");
        assert!(!ends || near(a.low, b.low) && near(a.high, b.high), "{name}: {a:?} {b:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn weights_of_one_are_none(seed in 0u64..1_000_000, task in 0usize..2, k in 2usize..6, n in 0usize..30) {
        let sample = Sample::new(TASKS[task], k, n, seed, false);
        prop_assert_eq!(sample.weighted(vec![1.0; n]).measure(), sample.measure());
    }

    #[test]
    fn rows_of_weight_zero_are_absent(seed in 0u64..1_000_000, task in 0usize..2, k in 2usize..6, clustered in any::<bool>()) {
        let mut sample = Sample::new(TASKS[task], k, 30, seed, false);
        sample.clusters = clustered.then(|| (0..30).map(|row| row / 4).collect());
        let mut rng = Rng::new(seed);
        let weights: Vec<f64> = (0..30).map(|_| rng.below(3) as f64 * 0.5).collect();
        let kept: Vec<usize> = (0..30).filter(|&row| weights[row] > 0.0).collect();
        let weighted = sample.weighted(weights);
        prop_assert_eq!(weighted.measure(), weighted.rows(&kept).measure());
    }

    /// `aurc` is a sum over single examples, which copies cut finer: two copies of a mistake come one after the other.
    #[test]
    fn a_weight_counts_as_so_many_copies(seed in 0u64..1_000_000, task in 0usize..2, k in 2usize..6, n in 1usize..30) {
        let sample = Sample::new(TASKS[task], k, n, seed, false);
        let mut rng = Rng::new(seed);
        let times: Vec<usize> = (0..n).map(|_| rng.below(4)).collect();
        let copies: Vec<usize> = (0..n).flat_map(|row| std::iter::repeat_n(row, times[row])).collect();
        let options = MeasureOptions { intervals: false, metrics: Selection::All, positive: Some(1), ..MeasureOptions::default() };
        let weighted = sample.weighted(times.iter().map(|&t| t as f64).collect()).measure_with(&options);
        let copied = sample.rows(&copies).measure_with(&options);
        assert_same_figures(&weighted, &copied, &["aurc", "e_aurc"], false);
        // The counts of rows stay those of the rows; the sums of weights are those of the copies.
        let counted: u64 = copied.tallies.labels().iter().map(trueup_core::counts::Tally::support).sum();
        let summed: Option<f64> = weighted.weighted.as_ref().map(|all| all.iter().map(trueup_core::counts::WeightedTally::support).sum());
        prop_assert!(summed.is_none_or(|sum| (sum - counted as f64).abs() < 1e-9));
    }

    #[test]
    fn weights_count_relative_to_each_other(seed in 0u64..1_000_000, task in 0usize..2, k in 2usize..6) {
        let sample = Sample::new(TASKS[task], k, 25, seed, false);
        let mut rng = Rng::new(seed);
        let weights: Vec<f64> = (0..25).map(|_| (1 + rng.below(6)) as f64).collect();
        let fourfold = weights.iter().map(|w| w * 4.0).collect();
        assert_same_figures(&sample.weighted(weights).measure(), &sample.weighted(fourfold).measure(), &[], true);
        // All of one size change no figure; the intervals are then the delta method's in the place of Wilson's.
        assert_same_figures(&sample.weighted(vec![3.0; 25]).measure(), &sample.measure(), &[], false);
    }

    #[test]
    fn the_order_of_weighted_rows_does_not_matter(seed in 0u64..1_000_000, task in 0usize..2, clustered in any::<bool>()) {
        let mut rng = Rng::new(seed);
        let mut sample = Sample::new(TASKS[task], 4, 40, seed, false);
        sample.weights = Some((0..40).map(|_| 0.25 + rng.below(8) as f64 / 4.0).collect());
        sample.clusters = clustered.then(|| (0..40).map(|row| row / 3).collect());
        let mut rows: Vec<usize> = (0..40).collect();
        rng.shuffle(&mut rows);
        assert_same_figures(&sample.measure(), &sample.rows(&rows).measure(), &[], false);
    }

    /// The ordinal kappas go by the order of labels, and the ties of scores (here there are none) by it too.
    #[test]
    fn the_names_of_labels_do_not_matter(seed in 0u64..1_000_000, task in 0usize..2, k in 2usize..6) {
        let sample = Sample::new(TASKS[task], k, 40, seed, true);
        let mut to: Vec<u32> = (0..k as u32).collect();
        Rng::new(seed).shuffle(&mut to);
        let map: Vec<Option<u32>> = to.iter().map(|&label| Some(label)).collect();
        let mut other = sample.clone();
        for answer in other.gold.iter_mut().chain(&mut other.answers) {
            *answer = answer.relabel(&map);
        }
        for (row, scores) in other.scores.iter_mut().zip(&sample.scores) {
            (0..k).for_each(|label| row[to[label] as usize] = scores[label]);
        }
        let with = |positive| MeasureOptions { positive: Some(positive), intervals: false, metrics: Selection::All, ..MeasureOptions::default() };
        let (one, two) = (sample.measure_with(&with(0)), other.measure_with(&with(to[0])));
        for (name, a) in &one.metrics {
            let ordinal = name == "cohen_kappa_linear" || name == "cohen_kappa_quadratic";
            prop_assert!(ordinal || near(a.value, two.metrics[name].value), "{}: {:?} {:?}", name, a, two.metrics[name]);
        }
        for (name, rows) in &one.by_label {
            for label in 0..k {
                prop_assert!(near(rows[label].value, two.by_label[name][to[label] as usize].value), "{}", name);
            }
        }
    }
}

/// Where a weight says how much an example matters, few heavy ones say less than as many of one weight.
#[test]
fn uneven_weights_widen_the_interval() {
    let sample = Sample::new(Task::Classification, 3, 400, 1, true);
    let width = |measures: &Measures, name: &str| {
        let estimate = &measures.metrics[name];
        estimate.high.unwrap() - estimate.low.unwrap()
    };
    let even = sample.measure();
    let uneven = sample.weighted((0..400).map(|row| if row % 10 == 0 { 20.0 } else { 1.0 }).collect()).measure();
    for name in ["accuracy", "f1_macro", "log_loss", "roc_auc_ovr", "average_precision_macro", "f2_macro"] {
        let ratio = width(&uneven, name) / width(&even, name);
        assert!((1.3..5.0).contains(&ratio), "{name}: {ratio}");
        assert!(find(name).is_some());
    }
    // The same as copies would narrow it.
    let copies: Vec<usize> = (0..400).flat_map(|row| std::iter::repeat_n(row, 4)).collect();
    assert!(width(&sample.rows(&copies).measure(), "accuracy") < 0.6 * width(&even, "accuracy"));
    let fourfold = sample.weighted(vec![4.0; 400]).measure();
    assert!((width(&fourfold, "accuracy") / width(&even, "accuracy") - 1.0).abs() < 0.02);
}
