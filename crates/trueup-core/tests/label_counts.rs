//! The door for counts alone gives what the rows give, to the last bit.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use trueup_core::counts::ConfusionCounts;
use trueup_core::measure::{Costs, MeasureOptions, Measures, measure, measure_counts};
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Rng, Task};

fn by_rows(labels: &LabelSet, counts: &ConfusionCounts, seed: u64, options: &MeasureOptions) -> Measures {
    let mut rows = Vec::new();
    for gold in labels.ids() {
        for predicted in labels.ids() {
            rows.extend(std::iter::repeat_n((gold, predicted), counts.get(gold, predicted) as usize));
        }
    }
    Rng::new(seed).shuffle(&mut rows);
    let gold: Vec<Annotation> = rows.iter().map(|row| Annotation::Label(row.0)).collect();
    let answers = rows.iter().map(|row| Annotation::Label(row.1)).collect();
    let predictions = Predictions { labels: labels.clone(), answers, scores: None, span_scores: None };
    measure(&Pair::new(Task::Classification, labels, &gold, &predictions, None).unwrap(), options)
}

fn names(k: usize) -> LabelSet {
    LabelSet::new((0..k).map(|i| format!("l{i:04}")))
}

fn quick() -> MeasureOptions {
    MeasureOptions { resamples: 100, ..MeasureOptions::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn counts_measure_as_their_rows(k in 1usize..7, seed in 0u64..1_000_000, most in 1u64..12, costs in any::<bool>()) {
        let mut rng = Rng::new(seed);
        let cells = (0..k * k).map(|_| rng.below(most as usize).saturating_sub(rng.below(3)) as u64).collect();
        let counts = ConfusionCounts::from_cells(k, cells);
        let costs = costs.then(|| Costs { miss: vec![2.0; k], false_alarm: vec![0.5; k] });
        for macro_defined in [false, true] {
            let options = MeasureOptions { costs: costs.clone(), macro_defined, ..quick() };
            prop_assert_eq!(measure_counts(&names(k), &counts, &options), by_rows(&names(k), &counts, seed, &options));
        }
    }
}

/// More labels than a confusion matrix is counted whole for: the kinds of units are then looked up row by row.
#[test]
fn many_labels_measure_as_their_rows() {
    let (k, mut rng) = (1_100, Rng::new(5));
    let mut counts = ConfusionCounts::new(k);
    for _ in 0..400 {
        let gold = rng.below(k) as u32;
        counts.add_times(gold, if rng.below(3) > 0 { gold } else { rng.below(k) as u32 }, 1 + rng.below(4) as u64);
    }
    assert_eq!(measure_counts(&names(k), &counts, &quick()), by_rows(&names(k), &counts, 1, &quick()));
}

/// Of very many units the jackknife's standard error makes the intervals, near the bootstrap's of somewhat fewer.
#[test]
fn very_many_examples_have_intervals_as_narrow_as_they_should_be() {
    let cells = |times: u64| ConfusionCounts::from_cells(3, [50, 3, 2, 4, 30, 1, 2, 2, 6].map(|c| c * times).into());
    let few = measure_counts(&names(3), &cells(9_000), &MeasureOptions::default());
    let many = measure_counts(&names(3), &cells(90_000), &MeasureOptions::default());
    for name in ["f1_macro", "balanced_accuracy", "matthews_corrcoef", "cohen_kappa", "f1_weighted"] {
        let (a, b) = (&few.metrics[name], &many.metrics[name]);
        assert!((a.value.unwrap() - b.value.unwrap()).abs() < 1e-12, "{name}");
        let width = |e: &trueup_core::Estimate| e.high.unwrap() - e.low.unwrap();
        let ratio = width(a) / width(b) / 10f64.sqrt();
        assert!((ratio - 1.0).abs() < 0.08, "{name}: {ratio}");
    }
}
