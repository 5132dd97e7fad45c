//! What holds of every comparison of two models, whatever their answers.

use proptest::prelude::*;
use trueup_core::compare::{CompareOptions, Duel, Flip, Law, MetricLaw};
use trueup_core::measure::{MeasureOptions, measure};
use trueup_core::{Annotation, LabelSet, Pair, Predictions, Scores, Span, Task};

/// Answers of two models with probabilities over three labels.
#[derive(Debug, Clone)]
struct World {
    task: Task,
    labels: LabelSet,
    gold: Vec<Annotation>,
    sides: [Predictions; 2],
}

/// A row: gold, two answers, two confidences.
type Row = (u32, u32, u32, f64, f64);

fn world(task: Task, rows: &[Row]) -> World {
    let labels = LabelSet::new(["a", "b", "c"]);
    let annotation = |label: u32, row: usize| match task {
        Task::Classification => Annotation::Label(label),
        // Label 2 is the empty set here, and 1 both labels.
        Task::Multilabel => Annotation::Labels(match label {
            0 => vec![0],
            1 => vec![0, 1],
            _ => vec![],
        }),
        Task::Ner => {
            let start = row as u32 % 3;
            Annotation::Spans(if label == 2 { vec![] } else { vec![Span { start, end: start + 2, label }] })
        }
    };
    let mut sides = [0, 1].map(|_| {
        let scores = (task != Task::Ner).then(|| Scores::new(3));
        Predictions { labels: labels.clone(), answers: Vec::new(), scores, span_scores: None }
    });
    let mut gold = Vec::new();
    for (at, &(of, a, b, in_a, in_b)) in rows.iter().enumerate() {
        gold.push(annotation(of, at));
        for (side, label, sure) in [(0, a, in_a), (1, b, in_b)] {
            sides[side].answers.push(annotation(label, at));
            if let Some(scores) = &mut sides[side].scores {
                let rest = 0.5 * (1.0 - sure);
                scores.push(&[0, 1, 2].map(|l| if l == label { sure } else { rest }));
            }
        }
    }
    World { task, labels, gold, sides }
}

impl World {
    fn pair(&self, side: usize, clusters: Option<Vec<u32>>) -> Pair<'_> {
        Pair::new(self.task, &self.labels, &self.gold, &self.sides[side], clusters).expect("a good pair")
    }

    fn duel(&self) -> Duel<'_> {
        Duel::new(self.pair(0, None), self.pair(1, None)).expect("one gold")
    }
}

fn few() -> CompareOptions {
    CompareOptions { resamples: 400, rounds: 100, ..CompareOptions::default() }
}

fn metrics(duel: &Duel<'_>) -> Vec<MetricLaw> {
    let alone = |pair: &Pair<'_>| measure(pair, &MeasureOptions { intervals: false, ..few().measuring() });
    duel.metrics(&alone(duel.baseline()), &alone(duel.candidate()), &few())
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec((0u32..3, 0u32..3, 0u32..3, 0.34f64..1.0, 0.34f64..1.0), 2..40)
}

fn task() -> impl Strategy<Value = Task> {
    prop_oneof![Just(Task::Classification), Just(Task::Multilabel), Just(Task::Ner)]
}

/// Laws that do not rest on random resamples.
fn fixed(law: &Law) -> bool {
    !matches!(law, Law::Sampled { .. })
}

fn same(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
        (None, None) => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn differences_are_those_of_the_figures(rows in rows(), task in task()) {
        let world = world(task, &rows);
        let duel = world.duel();
        for metric in metrics(&duel) {
            if let (Some(a), Some(b), Some(value)) = (metric.a, metric.b, metric.law.value()) {
                prop_assert!((b - a - value).abs() < 1e-9, "{metric:?}");
            }
            if let (Some((low, high)), Some(value)) = (metric.law.interval(0.95), metric.law.value()) {
                prop_assert!(low <= value + 1e-12 && value <= high + 1e-12, "{metric:?}");
            }
            if let (Some((low, high)), Some(p)) = (metric.law.interval(0.95), metric.law.p()) {
                // What the interval leaves out the p-value rejects.
                prop_assert!(!(low > 0.0 || high < 0.0) || p < 0.05 + 1e-9, "{metric:?} {p}");
            }
        }
        let measured = [0, 1].map(|side| measure(&world.pair(side, None), &MeasureOptions::default()));
        for (at, label) in duel.labels().iter().enumerate() {
            for (found, of) in [(&label.precision, 0), (&label.recall, 1), (&label.f1, 2)] {
                let figure = |side: usize| {
                    let row = &measured[side].labels[at];
                    [&row.precision, &row.recall, &row.f1][of].value
                };
                prop_assert!(same(found.0, figure(0)) && same(found.1, figure(1)), "{label:?}");
            }
        }
    }

    #[test]
    fn whatever_a_review_measures_can_be_compared(rows in rows(), task in task()) {
        let world = world(task, &rows);
        let found = metrics(&world.duel());
        for (name, estimate) in measure(&world.pair(0, None), &MeasureOptions::default()).metrics {
            prop_assert!(estimate.value.is_none() || found.iter().any(|metric| metric.name == name), "{name}");
        }
    }

    #[test]
    fn exchanging_the_models_mirrors_the_laws(rows in rows(), task in task()) {
        let world = world(task, &rows);
        let (there, back) = (world.duel(), Duel::new(world.pair(1, None), world.pair(0, None)).expect("one gold"));
        for (a, b) in metrics(&there).iter().zip(&metrics(&back)) {
            if fixed(&a.law) && fixed(&b.law) {
                let mirror = b.law.mirrored();
                prop_assert!(same(a.law.value(), mirror.value()) && same(a.law.p(), mirror.p()), "{a:?} {b:?}");
                prop_assert!(same(a.law.p_below(-0.02), mirror.p_below(-0.02)), "{a:?} {b:?}");
            }
        }
        for (a, b) in there.labels().iter().zip(&back.labels()) {
            prop_assert!(same(a.f1.2.p(), b.f1.2.p()) && same(a.recall.2.p(), b.recall.2.p()), "{a:?} {b:?}");
        }
        let (there, back) = (there.flipped(), back.flipped());
        prop_assert_eq!((there.fixed, there.broken, there.both_wrong), (back.broken, back.fixed, back.both_wrong));
        prop_assert_eq!(there.both_right + there.both_wrong + there.fixed + there.broken, rows.len() as u64);
    }

    #[test]
    fn a_unit_of_its_own_is_no_cluster(rows in rows(), task in task()) {
        let world = world(task, &rows);
        let own = || Some((0..rows.len() as u32).collect());
        let plain = world.duel();
        let clustered = Duel::new(world.pair(0, own()), world.pair(1, own())).expect("one gold");
        for (a, b) in metrics(&plain).iter().zip(&metrics(&clustered)) {
            prop_assert!(same(a.law.value(), b.law.value()) || a.law == Law::Undefined || b.law == Law::Undefined, "{a:?} {b:?}");
        }
        for (a, b) in plain.labels().iter().zip(&clustered.labels()) {
            prop_assert!(same(a.f1.2.error(), b.f1.2.error()) && same(a.precision.2.error(), b.precision.2.error()));
        }
        prop_assert_eq!(plain.units(), clustered.units());
    }

    #[test]
    fn weights_count_as_repetition_does(rows in rows(), task in task(), seed in 0usize..5) {
        let times: Vec<usize> = (0..rows.len()).map(|row| 1 + (row * 7 + seed) % 3).collect();
        let repeated: Vec<Row> = rows.iter().zip(&times).flat_map(|(row, &n)| std::iter::repeat_n(*row, n)).collect();
        // Spans stand where their row says, so rows of spans are not repeated.
        prop_assume!(task != Task::Ner);
        let (once, often) = (world(task, &rows), world(task, &repeated));
        let weights: Vec<f64> = times.iter().map(|&n| n as f64).collect();
        let weighted = |side: usize| once.pair(side, None).with_weights(&weights).expect("good weights");
        let (a, b) = (Duel::new(weighted(0), weighted(1)).expect("one gold"), often.duel());
        for (a, b) in metrics(&a).iter().zip(&metrics(&b)) {
            prop_assert!(a.name == b.name && same(a.a, b.a) && same(a.b, b.b), "{a:?} {b:?}");
            if let (Some(x), Some(y)) = (a.law.value(), b.law.value()) {
                prop_assert!((x - y).abs() < 1e-8, "{a:?} {b:?}");
            }
        }
        for (a, b) in a.labels().iter().zip(&b.labels()) {
            prop_assert!(same(a.f1.0, b.f1.0) && same(a.recall.1, b.recall.1), "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_model_does_not_differ_from_itself(rows in rows(), task in task()) {
        let world = world(task, &rows);
        let duel = Duel::new(world.pair(0, None), world.pair(0, None)).expect("one gold");
        for metric in metrics(&duel) {
            prop_assert!(metric.law.value().is_none_or(|value| value.abs() < 1e-12), "{metric:?}");
            prop_assert!(metric.law.p().is_none_or(|p| p > 0.99), "{metric:?}");
        }
        prop_assert!(duel.flips().iter().all(|flip| matches!(flip, Flip::BothRight | Flip::BothWrong)));
        prop_assert_eq!(duel.agreement().same, Some(1.0));
    }
}

#[test]
fn clusters_widen_what_moves_together() {
    // Thirty groups of ten: in each the candidate is right on all or on none of what the baseline misses.
    let rows: Vec<Row> = (0..300).map(|i| (0, 1, u32::from((i / 10) % 3 == 0), 0.9, 0.9)).collect();
    let world = world(Task::Classification, &rows);
    let groups = || Some((0..300).map(|i| i / 10).collect());
    let grouped = Duel::new(world.pair(0, groups()), world.pair(1, groups())).expect("one gold");
    let (alone, together) = (world.duel().overall().law, grouped.overall().law);
    let (narrow, wide) = (alone.error().expect("an error"), together.error().expect("an error"));
    assert!(wide > 2.0 * narrow, "{alone:?} {together:?}");
    assert_eq!(grouped.units(), 30);
}
