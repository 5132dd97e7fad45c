//! Properties of all metrics together.

#![allow(clippy::unwrap_used, clippy::float_cmp)]

use std::collections::BTreeSet;

use super::catalogue::{METRICS, find};
use super::*;
use crate::{Annotation, LabelSet, Predictions, Rng, Scores, Span};

/// Gold and predictions of random examples.
struct Sample {
    task: Task,
    labels: LabelSet,
    gold: Vec<Annotation>,
    predictions: Predictions,
    clusters: Option<Vec<u32>>,
}

impl Sample {
    fn new(task: Task, k: u32, n: usize, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let labels = LabelSet::new((0..k).map(|i| format!("l{i:03}")));
        let mut scores = Scores::new(k as usize);
        let (mut gold, mut answers) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let right = rng.unit() < 0.8;
            let row: Vec<f64> = (0..k).map(|_| rng.unit() + 1e-3).collect();
            let one = |rng: &mut Rng| rng.below(k as usize) as u32;
            match task {
                Task::Classification => {
                    // The first label is the most frequent by far.
                    let g = if rng.unit() < 0.4 { 0 } else { one(&mut rng) };
                    let p = if right { g } else { one(&mut rng) };
                    gold.push(Annotation::Label(g));
                    answers.push(Annotation::Label(p));
                    let mut row = row;
                    row[p as usize] += 1.0;
                    let sum: f64 = row.iter().sum();
                    scores.push(&row.iter().map(|x| x / sum).collect::<Vec<_>>());
                }
                Task::Multilabel => {
                    let set: Vec<u32> = (0..k).filter(|_| rng.unit() < 0.3).collect();
                    let other = (0..k).filter(|l| set.contains(l) != (rng.unit() < 0.1)).collect();
                    gold.push(Annotation::Labels(set.clone()));
                    answers.push(Annotation::Labels(if right { set } else { other }));
                    scores.push(&row.iter().map(|x| (x * 0.9).min(1.0)).collect::<Vec<_>>());
                }
                Task::Ner => {
                    let mut spans = Vec::new();
                    let mut found = Vec::new();
                    for at in 0..rng.below(4) as u32 {
                        let span = Span { start: at * 10, end: at * 10 + 4, label: one(&mut rng) };
                        spans.push(span);
                        if rng.unit() < 0.85 {
                            let label = if rng.unit() < 0.1 { one(&mut rng) } else { span.label };
                            found.push(Span { label, ..span });
                        }
                    }
                    gold.push(Annotation::Spans(spans));
                    answers.push(Annotation::Spans(found));
                }
            }
        }
        let scores = (task != Task::Ner).then_some(scores);
        let predictions = Predictions { labels: labels.clone(), answers, scores, span_scores: None };
        Self { task, labels, gold, predictions, clusters: None }
    }

    fn rows(&self, rows: &[usize]) -> Self {
        Self {
            task: self.task,
            labels: self.labels.clone(),
            gold: rows.iter().map(|&r| self.gold[r].clone()).collect(),
            predictions: self.predictions.select(rows),
            clusters: self.clusters.as_ref().map(|c| rows.iter().map(|&r| c[r]).collect()),
        }
    }

    fn measure(&self, options: &MeasureOptions) -> Measures {
        let pair = Pair::new(self.task, &self.labels, &self.gold, &self.predictions, self.clusters.clone()).unwrap();
        measure(&pair, options)
    }
}

fn quick() -> MeasureOptions {
    MeasureOptions { resamples: 200, ..MeasureOptions::default() }
}

fn every() -> MeasureOptions {
    MeasureOptions { metrics: Selection::All, ..quick() }
}

fn with_costs(k: usize) -> MeasureOptions {
    MeasureOptions { costs: Some(Costs { miss: vec![2.0; k], false_alarm: vec![0.5; k] }), ..quick() }
}

/// Every estimate of `measures`, with its name.
fn estimates(measures: &Measures) -> Vec<(String, &Estimate)> {
    let mut all: Vec<_> = measures.metrics.iter().map(|(name, e)| (name.clone(), e)).collect();
    for row in &measures.labels {
        all.extend(
            [("precision", &row.precision), ("recall", &row.recall), ("f1", &row.f1)].map(|(n, e)| (n.into(), e)),
        );
        all.extend(row.roc_auc.iter().map(|e| ("roc_auc".into(), e)));
    }
    for (name, rows) in &measures.by_label {
        all.extend(rows.iter().map(|e| (name.clone(), e)));
    }
    all
}

/// What holds of any estimate: known to the catalogue, in its range, inside its interval.
fn assert_sane(measures: &Measures) {
    for (name, estimate) in estimates(measures) {
        let metric = find(&name).unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        let range = metric.low - 1e-12..=metric.high + 1e-12;
        match estimate.value {
            None => assert!(estimate.low.is_none() && estimate.high.is_none(), "{name}: {estimate:?}"),
            Some(value) => {
                assert!(range.contains(&value), "{name}: {estimate:?}");
                if estimate.interval == IntervalKind::None {
                    assert!(estimate.low.is_none() && estimate.high.is_none(), "{name}: {estimate:?}");
                } else {
                    assert!(estimate.contains(value), "{name}: {estimate:?}");
                    let (low, high) = (estimate.low.unwrap(), estimate.high.unwrap());
                    assert!(low.is_finite() && high.is_finite(), "{name}: {estimate:?}");
                    // A cost has no upper end but its interval may reach below 0 by nothing.
                    assert!(range.contains(&low) && range.contains(&high), "{name}: {estimate:?}");
                }
            }
        }
    }
}

const TASKS: [Task; 3] = [Task::Classification, Task::Multilabel, Task::Ner];

#[test]
fn the_catalogue_and_the_measures_name_the_same_metrics() {
    let mut seen = BTreeSet::new();
    for task in TASKS {
        for k in [2, 7] {
            let sample = Sample::new(task, k, 60, 1);
            let options = with_costs(k as usize);
            let default = sample.measure(&options);
            let all = sample.measure(&MeasureOptions { metrics: Selection::All, ..options });
            for (name, estimate) in &all.metrics {
                let metric = find(name).unwrap_or_else(|| panic!("{name} is not in the catalogue"));
                assert!(metric.is_of(task), "{name} is said not to be of {task}");
                seen.insert(metric.name);
                // A figure does not depend on which others are measured.
                let same = default.metrics.get(name).is_none_or(|other| other == estimate);
                assert!(same, "{name} of {task}, {k}: {estimate:?}");
            }
            for metric in METRICS.iter().filter(|m| m.is_of(task)) {
                let of_each = task == Task::Multilabel || task == Task::Classification && k > 2;
                let expected = !(metric.two && of_each);
                let names: Vec<String> =
                    Selection::All.names(task).into_iter().filter(|n| find(n) == Some(metric)).collect();
                assert!(!names.is_empty());
                for name in names {
                    let fits = k > 5 || !name.starts_with("top_");
                    assert_eq!(all.metrics.contains_key(&name), expected && fits, "{name} of {task}, {k}");
                    let of_default = expected && fits && metric.tasks.contains(&task);
                    assert_eq!(default.metrics.contains_key(&name), of_default, "{name} of {task}, {k}");
                }
            }
        }
    }
    assert_eq!(seen.len(), METRICS.len());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

    #[test]
    fn intervals_contain_their_values(seed in 0u64..1_000_000, task in 0usize..3, k in 1u32..6, n in 0usize..40) {
        let mut sample = Sample::new(TASKS[task], k, n, seed);
        let costs = MeasureOptions { metrics: Selection::All, ..with_costs(k as usize) };
        assert_sane(&sample.measure(&costs));
        assert_sane(&sample.measure(&MeasureOptions { macro_defined: true, ..every() }));
        sample.clusters = Some((0..n as u32).map(|row| row / 4).collect());
        assert_sane(&sample.measure(&costs));
    }

    #[test]
    fn the_order_of_examples_does_not_matter(seed in 0u64..1_000_000, task in 0usize..3, clustered in 0u8..2) {
        let mut sample = Sample::new(TASKS[task], 4, 50, seed);
        if clustered == 1 {
            sample.clusters = Some((0..50).map(|row| row / 3).collect());
        }
        let mut rows: Vec<usize> = (0..50).collect();
        Rng::new(seed).shuffle(&mut rows);
        let (one, other) = (sample.measure(&every()), sample.rows(&rows).measure(&every()));
        proptest::prop_assert_eq!(&one.confusion, &other.confusion);
        proptest::prop_assert_eq!(&one.tallies, &other.tallies);
        for ((name, a), (_, b)) in estimates(&one).into_iter().zip(estimates(&other)) {
            for (a, b) in [(a.value, b.value), (a.low, b.low), (a.high, b.high)] {
                let near = a.is_none() == b.is_none() && (a.unwrap_or(0.0) - b.unwrap_or(0.0)).abs() < 1e-9;
                proptest::prop_assert!(near, "{}: {:?} {:?}", name, a, b);
            }
        }
    }

    #[test]
    fn doubling_keeps_values_and_clusters_keep_intervals(seed in 0u64..1_000_000, task in 0usize..3) {
        let mut sample = Sample::new(TASKS[task], 3, 40, seed);
        sample.clusters = Some((0..40).collect());
        let twice: Vec<usize> = (0..80).map(|i| i / 2).collect();
        let (one, two) = (sample.measure(&quick()), sample.rows(&twice).measure(&quick()));
        for ((name, a), (_, b)) in estimates(&one).into_iter().zip(estimates(&two)) {
            proptest::prop_assert!(a.value.is_none() == b.value.is_none(), "{}", name);
            proptest::prop_assert!((a.value.unwrap_or(0.0) - b.value.unwrap_or(0.0)).abs() < 1e-9, "{}", name);
            // A copy of every example in its own cluster says nothing new, so intervals stay. Only where the bound on
            // what dependent trials are worth, their number, holds an interval wide do copies loosen it: they double the
            // bound, which narrows the interval to 1/√2 at the least; and a label that a resample lost counts as one example,
            // which weighs half as much beside copies.
            if let (Some(low), Some(high)) = (a.low, a.high) {
                let (width, doubled) = (high - low, b.high.unwrap() - b.low.unwrap());
                let least = if a.interval == IntervalKind::Delta { std::f64::consts::FRAC_1_SQRT_2 - 0.01 } else { 0.95 };
                proptest::prop_assert!(doubled >= least * width - 1e-9, "{}: {:?} {:?}", name, a, b);
                proptest::prop_assert!(doubled <= 1.05 * width + 1e-9, "{}: {:?} {:?}", name, a, b);
            }
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let sample = Sample::new(Task::Classification, 7, 400, 3);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| sample.measure(&every()))
    };
    assert_eq!(with(1), with(4));
}

fn fixed(task: Task, names: &[&str], gold: Vec<Annotation>, answers: Vec<Annotation>) -> Sample {
    let labels = LabelSet::new(names.iter().copied());
    let predictions = Predictions { labels: labels.clone(), answers, scores: None, span_scores: None };
    Sample { task, labels, gold, predictions, clusters: None }
}

fn label_sample(names: &[&str], rows: &[(u32, u32, usize)]) -> Sample {
    let side = |pick: fn(&(u32, u32, usize)) -> u32| -> Vec<Annotation> {
        rows.iter().flat_map(|row| std::iter::repeat_n(Annotation::Label(pick(row)), row.2)).collect()
    };
    fixed(Task::Classification, names, side(|r| r.0), side(|r| r.1))
}

#[test]
fn all_right_on_forty_is_not_certain() {
    let measures = label_sample(&["a", "b"], &[(0, 0, 38), (1, 1, 2)]).measure(&MeasureOptions::default());
    let low = |name: &str| measures.metrics[name].low.unwrap();
    assert!((low("accuracy") - 0.912).abs() < 1e-3);
    // Two examples of the second label leave its F1 open from about 0.5, and so the mean from about 0.75.
    assert!((0.70..0.80).contains(&low("f1_macro")), "{}", low("f1_macro"));
    assert!((0.60..0.70).contains(&low("balanced_accuracy")), "{}", low("balanced_accuracy"));
    assert!((0.90..0.96).contains(&low("f1_weighted")), "{}", low("f1_weighted"));
    for name in ["matthews_corrcoef", "cohen_kappa"] {
        assert!((0.0..0.3).contains(&low(name)), "{name} {}", low(name));
    }
    assert!(measures.metrics.values().all(|e| e.value.is_none() || e.high == Some(1.0)));
    let rare = &measures.labels[1];
    assert!((rare.recall.low.unwrap() - 0.342).abs() < 1e-3 && (rare.f1.low.unwrap() - 0.51).abs() < 0.01);

    // With even supports, more examples bring the low end up.
    let ends: Vec<f64> = [20, 200, 2_000]
        .map(|n| label_sample(&["a", "b"], &[(0, 0, n), (1, 1, n)]).measure(&quick()).metrics["f1_macro"].low.unwrap())
        .into();
    assert!(ends[0] > 0.85 && ends[1] > 0.98 && ends[2] > 0.998 && ends[2] < 1.0, "{ends:?}");
}

#[test]
fn a_label_that_resamples_lose_keeps_its_term() {
    // No fraud found: nothing in the sample speaks for a mean beyond half of what Wilson's interval leaves to 0 of 2.
    let single = label_sample(&["fraud", "ok"], &[(0, 1, 2), (1, 1, 200)]);
    let as_sets = |side: &[Annotation]| {
        side.iter()
            .map(|a| match a {
                Annotation::Label(label) => Annotation::Labels(vec![*label]),
                other => other.clone(),
            })
            .collect::<Vec<_>>()
    };
    let sets = fixed(Task::Multilabel, &["fraud", "ok"], as_sets(&single.gold), as_sets(&single.predictions.answers));
    let check = |sample: &Sample, macro_defined: bool, expected: &[(&str, f64, f64)]| {
        let metrics = sample.measure(&MeasureOptions { macro_defined, ..MeasureOptions::default() }).metrics;
        for &(name, low, high) in expected {
            let (found_low, found_high) = (metrics[name].low.unwrap(), metrics[name].high.unwrap());
            let near = (found_low - low).abs() < 0.01 && (found_high - high).abs() < 0.01;
            assert!(near, "{name}, {macro_defined}: {found_low} {found_high}");
        }
    };
    // Precision of a label that is never predicted could be anything.
    let all = [("f1_macro", 0.49, 0.89), ("recall_macro", 0.49, 0.83), ("f1_weighted", 0.942, 0.995)];
    for macro_defined in [false, true] {
        check(&single, macro_defined, &all);
        check(&single, macro_defined, &[("balanced_accuracy", 0.49, 0.83)]);
        check(&sets, macro_defined, &all);
        check(&sets, macro_defined, &[("jaccard_macro", 0.49, 0.82)]);
    }
    check(&single, false, &[("precision_macro", 0.49, 0.995)]);
    check(&single, true, &[("precision_macro", 0.96, 0.995)]);
}

#[test]
fn perfect_probabilities_leave_room_for_a_loss() {
    let mut sample = label_sample(&["a", "b"], &[(0, 0, 20), (1, 1, 20)]);
    let cells = [vec![[1.0, 0.0]; 20], vec![[0.0, 1.0]; 20]].concat().concat();
    sample.predictions.scores = Some(Scores::from_cells(2, cells));
    let metrics = sample.measure(&quick()).metrics;
    assert!(metrics["log_loss"].value.unwrap() < 1e-12 && metrics["log_loss"].high.unwrap() > 1.0);
    assert!((metrics["brier_score"].high.unwrap() - 0.0876).abs() < 1e-3);
    assert!((metrics["roc_auc"].low.unwrap() - 0.839).abs() < 1e-3);
    assert!(metrics["roc_auc_ovr"].low.unwrap() < 0.95 && metrics["ece"].high.unwrap() > 0.05);
    // Probabilities of one half lose ln 2 whatever happens.
    sample.predictions.scores = Some(Scores::from_cells(2, vec![0.5; 80]));
    let loss = &sample.measure(&quick()).metrics["log_loss"];
    assert!((loss.high.unwrap() - 2f64.ln()).abs() < 1e-9 && (loss.low.unwrap() - 2f64.ln()).abs() < 1e-9);
}

#[test]
fn nothing_and_one_example() {
    let none = label_sample(&["a", "b"], &[]).measure(&with_costs(2));
    assert!(none.metrics.values().all(|e| e.value.is_none() && e.interval == IntervalKind::None));
    for task in TASKS {
        let none = Sample::new(task, 3, 0, 1).measure(&every());
        assert!(estimates(&none).iter().all(|(_, e)| e.value.is_none() && e.interval == IntervalKind::None), "{task}");
        assert!(none.metrics.len() > 10, "{task}");
    }
    let one = label_sample(&["a", "b"], &[(0, 0, 1)]).measure(&with_costs(2));
    assert_eq!(one.metrics["accuracy"].value, Some(1.0));
    assert!((one.metrics["accuracy"].low.unwrap() - 0.2065).abs() < 1e-4);
    assert_eq!(one.metrics["cohen_kappa"].value, None);
    let spans = |end| Annotation::Spans(vec![Span { start: 0, end, label: 0 }]);
    let sentence = fixed(Task::Ner, &["x"], vec![spans(3)], vec![spans(3)]).measure(&quick());
    assert_eq!(sentence.metrics["f1"], Estimate::point(1.0, 1));
}

#[test]
fn undefined_terms_are_named() {
    // `b` is never predicted, `c` has no gold, `d` does not occur.
    let sample = label_sample(&["a", "b", "c", "d"], &[(0, 0, 6), (1, 0, 2), (0, 2, 1)]);
    let metrics = sample.measure(&quick()).metrics;
    assert_eq!(metrics["precision_macro"].undefined, ["b"]);
    assert!((metrics["precision_macro"].value.unwrap() - 0.75 / 3.0).abs() < 1e-12);
    assert_eq!(metrics["recall_macro"].undefined, ["c"]);
    assert_eq!(metrics["balanced_accuracy"].undefined, ["c"]);
    assert!((metrics["balanced_accuracy"].value.unwrap() - 3.0 / 7.0).abs() < 1e-12);
    assert!(metrics["f1_macro"].undefined.is_empty());
    let defined = sample.measure(&MeasureOptions { macro_defined: true, ..quick() }).metrics;
    assert_eq!(defined["precision_macro"].undefined, ["b"]);
    assert!((defined["precision_macro"].value.unwrap() - 0.75 / 2.0).abs() < 1e-12);
    assert_eq!(defined["f1_macro"].value, metrics["f1_macro"].value);
}

#[test]
fn the_positive_label_is_the_rarer_or_the_one_named() {
    let sample = label_sample(&["fraud", "ok"], &[(0, 0, 3), (0, 1, 1), (1, 1, 14), (1, 0, 2)]);
    assert_eq!(sample.measure(&quick()).metrics["recall"].value, Some(0.75));
    let other = MeasureOptions { positive: Some(1), ..quick() };
    assert_eq!(sample.measure(&other).metrics["recall"].value, Some(14.0 / 16.0));
}

#[test]
fn costs_are_counted_per_example() {
    let costs = Costs { miss: vec![10.0, 1.0], false_alarm: vec![0.5, 0.0] };
    let options = MeasureOptions { costs: Some(costs), ..quick() };
    // A missed fraud costs 10, a false alarm of fraud also misses `ok`: 0.5 + 1.
    let sample = label_sample(&["fraud", "ok"], &[(0, 0, 3), (0, 1, 1), (1, 1, 14), (1, 0, 2)]);
    let cost = &sample.measure(&options).metrics["expected_cost"];
    assert!((cost.value.unwrap() - (10.0 + 2.0 * 1.5) / 20.0).abs() < 1e-12);
    assert!(cost.low.unwrap() >= 0.0 && cost.high.unwrap() > 1.0);
    let right = label_sample(&["fraud", "ok"], &[(0, 0, 4), (1, 1, 16)]).measure(&options);
    let cost = &right.metrics["expected_cost"];
    assert!(cost.value == Some(0.0) && cost.high.unwrap() > 1.0, "{cost:?}");
}

#[test]
fn points_alone_when_no_intervals_are_asked_for() {
    for task in TASKS {
        let sample = Sample::new(task, 4, 50, 9);
        let with = sample.measure(&every());
        let without = sample.measure(&MeasureOptions { intervals: false, ..every() });
        for ((name, a), (_, b)) in estimates(&with).into_iter().zip(estimates(&without)) {
            assert_eq!(a.value, b.value, "{name}");
            assert!(b.low.is_none() && b.interval == IntervalKind::None, "{name}");
        }
        assert_eq!(with.confusion, without.confusion);
    }
}

#[test]
fn a_probability_past_1_by_rounding_leaves_no_figure_without_a_value() {
    let labels = LabelSet::new(["a", "b"]);
    let gold: Vec<Annotation> = [0, 1, 0, 1, 1, 0].map(Annotation::Label).into();
    let past = 1.0 + 4e-10;
    let cells = [past, -4e-10, 0.3, 0.7, 0.9, 0.1, 0.6, 0.4, 0.2, 0.8, 0.55, 0.45];
    let answers = [0, 1, 0, 0, 1, 0].map(Annotation::Label).into();
    let scores = Some(Scores::from_cells(2, cells.into()));
    let predictions = Predictions { labels: labels.clone(), answers, scores, span_scores: None };
    let pair = Pair::new(Task::Classification, &labels, &gold, &predictions, None).unwrap();
    let found = measure(&pair, &MeasureOptions { metrics: Selection::All, ..MeasureOptions::default() }).metrics;
    for name in ["ece", "mce", "ace", "aurc", "e_aurc", "log_loss", "brier_score", "hinge_loss", "d2_log_loss"] {
        let of = &found[name];
        let all = [of.value, of.low, of.high].map(|number| number.is_some_and(f64::is_finite));
        assert_eq!(all, [true; 3], "{name}: {of:?}");
    }
}
