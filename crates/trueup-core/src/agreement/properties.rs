//! What holds whatever the data: order, names, perfect agreement, halves.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::consensus::{EmOptions, MaceOptions, dawid_skene, mace, majority, one_coin};
use super::*;

/// Sparse tables of up to 12 items, 5 annotators, 4 categories.
fn tables() -> impl Strategy<Value = Vec<(u32, u32, u32)>> {
    proptest::collection::btree_map((0..12u32, 0..5u32), 0..4u32, 0..50)
        .prop_map(|cells| cells.into_iter().map(|((item, annotator), category)| (item, annotator, category)).collect())
}

fn table(answers: &[(u32, u32, u32)]) -> Ratings {
    Ratings::new(12, 5, 4, answers.iter().copied()).unwrap()
}

fn distances() -> Vec<Distance> {
    let sets = LabelSets::new(vec![vec![0], vec![0, 1], vec![], vec![1, 2]], masi);
    vec![Distance::Nominal, Distance::Ordinal, Distance::Interval(vec![-1.0, 0.5, 2.0, 7.0]), Distance::Sets(sets)]
}

fn figures(found: &Coefficients) -> Vec<Option<f64>> {
    let four = [&found.percent, &found.fleiss, &found.alpha, &found.gwet].map(Coefficient::value);
    four.into_iter().chain(found.labels.iter().flat_map(|l| [l.agreement.value(), l.alpha.value()])).collect()
}

fn close(a: &[Option<f64>], b: &[Option<f64>]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|two| match two {
            (None, None) => true,
            (Some(a), Some(b)) => (a - b).abs() < 1e-9,
            _ => false,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn halves_merged_are_the_whole(answers in tables(), cut in 0..12u32) {
        let half = |low: bool| table(&answers.iter().copied().filter(|a| (a.0 < cut) == low).collect::<Vec<_>>());
        let mut merged = Votes::of(&half(true));
        merged.merge(&Votes::of(&half(false)));
        let whole = Votes::of(&table(&answers));
        prop_assert_eq!(merged.sorted(), whole.sorted());
        let mut other = Votes::of(&half(false));
        other.merge(&Votes::of(&half(true)));
        prop_assert_eq!(other.sorted(), whole.sorted());
    }

    #[test]
    fn the_order_of_items_annotators_and_answers_changes_nothing(answers in tables(), seed in 0..99u64) {
        let mut rng = crate::Rng::new(seed);
        let (mut items, mut annotators): (Vec<u32>, Vec<u32>) = ((0..12).collect(), (0..5).collect());
        rng.shuffle(&mut items);
        rng.shuffle(&mut annotators);
        let mut moved: Vec<_> =
            answers.iter().map(|&(i, a, c)| (items[i as usize], annotators[a as usize], c)).collect();
        rng.shuffle(&mut moved);
        let (one, two) = (table(&answers), table(&moved));
        for distance in distances() {
            // Intervals too: what is drawn depends on the kinds of items alone.
            prop_assert_eq!(
                coefficients(&Votes::of(&one), &distance, None, 42),
                coefficients(&Votes::of(&two), &distance, None, 42)
            );
        }
        // Of annotators the order stays, since that of the items is told by their answers.
        let turned: Vec<_> = answers.iter().map(|&(i, a, c)| (11 - i, a, c)).collect();
        let kappas = |ratings: &Ratings| cohen(ratings, &Weights::Plain, 1, 42).mean;
        prop_assert_eq!(kappas(&one), kappas(&table(&turned)));
        let mean = |ratings: &Ratings| cohen(ratings, &Weights::Plain, 1, 42).mean.value();
        prop_assert!(close(&[mean(&one)], &[mean(&two)]));
        // Few steps: where answers are in balance, each step enlarges what rounding leaves.
        let em = EmOptions { iterations: 4, tolerance: -1.0 };
        for method in [&majority as &dyn Fn(&Ratings) -> Consensus, &|r| dawid_skene(r, em), &|r| one_coin(r, em)] {
            let (a, b) = (method(&one), method(&two));
            for (item, &moved) in items.iter().enumerate() {
                let of = |found: &Consensus, item: usize| found.of_item(item).iter().map(|p| Some(*p)).collect::<Vec<_>>();
                prop_assert!(close(&of(&a, item), &of(&b, moved as usize)));
            }
        }
    }

    #[test]
    fn names_of_categories_change_nothing_where_they_are_names(answers in tables()) {
        let renamed: Vec<_> = answers.iter().map(|&(i, a, c)| (i, a, [2, 0, 3, 1][c as usize])).collect();
        let of = |answers: &[(u32, u32, u32)]| coefficients(&Votes::of(&table(answers)), &Distance::Nominal, None, 42);
        let (one, two) = (of(&answers), of(&renamed));
        prop_assert!(close(&figures(&one)[..4], &figures(&two)[..4]));
        let label = |found: &Coefficients, label| {
            found.labels.iter().find(|l| l.label == label).map(|l| (l.answers, l.agreement.value()))
        };
        for (old, new) in [2, 0, 3, 1].into_iter().enumerate() {
            let (one, two) = (label(&one, old as u32), label(&two, new));
            prop_assert_eq!(one.map(|l| l.0), two.map(|l| l.0));
            prop_assert!(close(&[one.and_then(|l| l.1)], &[two.and_then(|l| l.1)]));
        }
    }

    #[test]
    fn ranks_can_be_turned_round_and_numbers_shifted_and_stretched(answers in tables()) {
        let votes = Votes::of(&table(&answers));
        let turned = Votes::of(&table(&answers.iter().map(|&(i, a, c)| (i, a, 3 - c)).collect::<Vec<_>>()));
        let four = |votes: &Votes, distance: &Distance| figures(&coefficients(votes, distance, None, 42))[..4].to_vec();
        prop_assert!(close(&four(&votes, &Distance::Ordinal), &four(&turned, &Distance::Ordinal)));
        let values = vec![-1.0, 0.5, 2.0, 7.0];
        let moved = values.iter().map(|v| 1000.0 - 3.0 * v).collect();
        prop_assert!(close(&four(&votes, &Distance::Interval(values)), &four(&votes, &Distance::Interval(moved))));
    }

    #[test]
    fn who_agree_on_everything_agree_perfectly(truth in proptest::collection::vec(0..4u32, 2..12)) {
        let answers: Vec<_> =
            truth.iter().enumerate().flat_map(|(i, &c)| (0..3u32).map(move |a| (i as u32, a, c))).collect();
        let ratings = table(&answers);
        let several = truth.iter().any(|c| *c != truth[0]);
        for distance in distances() {
            let found = coefficients(&Votes::of(&ratings), &distance, None, 42);
            prop_assert_eq!(found.percent.value(), Some(1.0));
            for figure in [&found.fleiss, &found.alpha] {
                if several {
                    prop_assert!((figure.value().unwrap() - 1.0).abs() < 1e-12);
                } else {
                    // One label alone: 0/0, never 0 or 1 by accident.
                    prop_assert_eq!((figure.value(), figure.undefined), (None, Some(Undefined::OneLabel)));
                }
            }
        }
        let kappa = cohen(&ratings, &Weights::Plain, 1, 42).mean;
        prop_assert_eq!(kappa.value(), several.then_some(1.0));
        for found in [majority(&ratings), dawid_skene(&ratings, EmOptions::default()), mace(&ratings, &MaceOptions::default())] {
            prop_assert!(truth.iter().enumerate().all(|(i, &c)| found.decided[i] == Some(c)));
        }
    }

    #[test]
    fn marks_in_any_order_of_items_and_annotators_agree_alike(
        marks in proptest::collection::vec(proptest::collection::vec(proptest::collection::vec(0..6u32, 0..5), 3), 1..8),
        seed in 0..99u64,
    ) {
        let named = |annotators: [u32; 3], order: &[usize]| {
            let item = |i: &usize| annotators.into_iter().zip(marks[*i].clone()).collect();
            pairwise_f1(&Marks::new(order.iter().map(item).collect()), 42)
        };
        let mut order: Vec<usize> = (0..marks.len()).collect();
        let one = named([0, 1, 2], &order);
        crate::Rng::new(seed).shuffle(&mut order);
        let two = named([2, 0, 1], &order);
        prop_assert!(close(
            &[one.mean.value(), one.pooled.value()],
            &[two.mean.value(), two.pooled.value()],
        ));
        let all: usize = one.pairs.iter().map(|pair| pair.shared as usize).sum();
        prop_assert_eq!(all, 3 * marks.len());
        // Alone, each agrees with a copy of the same marks.
        let twice = Marks::new(marks.iter().map(|item| vec![(0, item[0].clone()), (1, item[0].clone())]).collect());
        let marked = marks.iter().any(|item| !item[0].is_empty());
        prop_assert_eq!(pairwise_f1(&twice, 42).mean.value(), marked.then_some(1.0));
    }
}

#[test]
fn without_a_figure_there_is_a_reason() {
    let reason = |answers: &[(u32, u32, u32)]| {
        let ratings = table(answers);
        let found = coefficients(&Votes::of(&ratings), &Distance::Nominal, None, 42);
        assert_eq!(found.alpha.value(), None);
        assert_eq!(cohen(&ratings, &Weights::Plain, 1, 42).mean.undefined, found.alpha.undefined);
        found.alpha.undefined
    };
    assert_eq!(reason(&[]), Some(Undefined::NoAnswers));
    assert_eq!(reason(&[(0, 1, 0), (1, 1, 2)]), Some(Undefined::OneAnnotator));
    assert_eq!(reason(&[(0, 0, 0), (1, 1, 2)]), Some(Undefined::NoOverlap));
    assert_eq!(reason(&[(0, 0, 3), (0, 1, 3)]), Some(Undefined::OneLabel));
    let nobody: Marks<u32> = Marks::new(vec![vec![(0, vec![]), (1, vec![])]]);
    assert_eq!(pairwise_f1(&nobody, 42).mean.undefined, Some(Undefined::NothingMarked));
}
