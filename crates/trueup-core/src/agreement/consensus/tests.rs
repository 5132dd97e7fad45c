//! What the models must do whatever the data.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::Rng;

/// `n` items of `k` categories answered by annotators who are right with these chances.
fn simulated(n: usize, k: usize, skills: &[f64], seed: u64) -> (Ratings, Vec<u32>) {
    let mut rng = Rng::new(seed);
    let truth: Vec<u32> = (0..n).map(|_| rng.below(k) as u32).collect();
    let mut answers = Vec::new();
    for (item, &truth) in truth.iter().enumerate() {
        for (annotator, &skill) in skills.iter().enumerate() {
            let right = rng.unit() < skill;
            let other = (truth as usize + 1 + rng.below(k - 1)) % k;
            answers.push((item as u32, annotator as u32, if right { truth } else { other as u32 }));
        }
    }
    (Ratings::new(n, skills.len(), k, answers).unwrap(), truth)
}

fn share_right(found: &Consensus, truth: &[u32]) -> f64 {
    found.decided.iter().zip(truth).filter(|(d, t)| **d == Some(**t)).count() as f64 / truth.len() as f64
}

#[test]
fn models_find_the_one_who_knows_among_many_who_guess() {
    let (ratings, truth) = simulated(600, 4, &[0.95, 0.9, 0.3, 0.3, 0.3, 0.3, 0.3], 7);
    let plain = share_right(&majority(&ratings), &truth);
    let models = [
        ("dawid-skene", dawid_skene(&ratings, EmOptions::default())),
        ("one-coin", one_coin(&ratings, EmOptions::default())),
        ("mace", mace(&ratings, &MaceOptions::default())),
    ];
    for (name, found) in &models {
        let right = share_right(found, &truth);
        assert!(right > 0.92 && right > plain + 0.05, "{name}: {right} against {plain}");
        let accuracy = |a: usize| found.annotators[a].as_ref().unwrap().accuracy.unwrap();
        assert!((accuracy(0) - 0.95).abs() < 0.04 && (accuracy(4) - 0.3).abs() < 0.06, "{name}");
    }
    let spamming = |a: usize| models[2].1.annotators[a].as_ref().unwrap().spamming.unwrap();
    assert!(spamming(0) < 0.15 && spamming(5) > 0.8, "{} {}", spamming(0), spamming(5));
}

#[test]
fn someone_who_always_errs_the_same_way_is_understood() {
    // The third annotator swaps the two categories: Dawid and Skene's model learns it, a majority does not.
    let (ratings, truth) = simulated(400, 2, &[0.8, 0.8, 0.02], 3);
    let found = dawid_skene(&ratings, EmOptions::default());
    assert!(share_right(&found, &truth) > 0.95);
    let confusion = found.annotators[2].as_ref().unwrap().confusion.clone().unwrap();
    assert!(confusion[1] > 0.9 && confusion[2] > 0.9, "{confusion:?}");
    assert!(share_right(&majority(&ratings), &truth) < 0.8);
}

#[test]
fn ties_are_left_undecided_and_listed() {
    let ratings = Ratings::new(3, 2, 2, [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1)]).unwrap();
    let found = majority(&ratings);
    assert_eq!((found.decided, found.ties), (vec![None, Some(1), None], vec![0]));
    // Two who never agree give no reason to prefer either.
    let ratings = Ratings::new(2, 2, 2, [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]).unwrap();
    let found = dawid_skene(&ratings, EmOptions::default());
    assert_eq!(found.ties, vec![0, 1]);
    assert_eq!(one_coin(&ratings, EmOptions::default()).ties, vec![0, 1]);
}

#[test]
fn nothing_and_one_category_are_no_trouble() {
    let nobody = Ratings::new(2, 1, 2, []).unwrap();
    let one = Ratings::new(2, 2, 1, [(0, 0, 0), (0, 1, 0)]).unwrap();
    let methods: [fn(&Ratings) -> Consensus; 4] = [
        majority,
        |r| dawid_skene(r, EmOptions::default()),
        |r| one_coin(r, EmOptions::default()),
        |r| mace(r, &MaceOptions::default()),
    ];
    for method in methods {
        let found = method(&nobody);
        assert_eq!((found.decided, found.annotators), (vec![None, None], vec![None]));
        assert!(found.posterior.iter().all(|p| *p == 0.0));
        let found = method(&one);
        assert_eq!(found.decided, vec![Some(0), None]);
        assert!(found.posterior.iter().all(|p| p.is_finite()), "{:?}", found.posterior);
    }
}

#[test]
fn hundreds_of_answers_to_an_item_do_not_underflow() {
    let answers = (0..2_000u32).map(|a| (0, a, u32::from(a % 3 == 0)));
    let ratings = Ratings::new(1, 2_000, 2, answers).unwrap();
    for found in [dawid_skene(&ratings, EmOptions::default()), mace(&ratings, &MaceOptions::default())] {
        assert_eq!(found.decided, vec![Some(0)]);
        assert!(found.log_likelihood.unwrap().is_finite());
    }
}

#[test]
fn the_likelihood_never_sinks() {
    let (ratings, _) = simulated(80, 3, &[0.7, 0.6, 0.5, 0.4], 11);
    for model in [dawid_skene, one_coin] {
        let at = |iterations| model(&ratings, EmOptions { iterations, tolerance: -1.0 }).log_likelihood.unwrap();
        let path: Vec<f64> = (1..40).map(at).collect();
        // Both of the names stand for one item of the same list.
        assert!(path.windows(2).all(|two| two[1] >= two[0] - 1e-9), "{path:?}");
    }
}
