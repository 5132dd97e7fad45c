//! Out-of-fold answers are those of models fitted fold by fold.
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use trueup_core::{Annotation, Example, LabelSet, Rng, Task};
use trueup_model::linear::{LinearParams, fit, out_of_fold};
use trueup_model::{ModelError, Predictor, Progress, Silent};

fn drawn(n: usize, labels: u32, several: bool, seed: u64) -> Vec<Example> {
    let mut rng = Rng::new(seed);
    (0..n)
        .map(|_| {
            let label = rng.below(labels as usize) as u32;
            // Some words are so rare that they are features of some folds' models only.
            let words: Vec<String> =
                (0..8).map(|_| format!("w{label}x{}{}", rng.below(9), ["", "q"][rng.below(30) / 29])).collect();
            Example {
                id: String::new(),
                text: words.join(" "),
                gold: if several { Annotation::Labels(vec![label]) } else { Annotation::Label(label) },
                tokens: Vec::new(),
                group: None,
                time: None,
                metadata: Vec::new(),
                line: 1,
            }
        })
        .collect()
}

fn names(n: u32) -> LabelSet {
    LabelSet::new((0..n).map(|i| format!("label {i}")))
}

#[test]
fn each_fold_is_a_fit_of_its_own() {
    for (task, labels, min_df) in [
        (Task::Classification, 2, 2),
        (Task::Classification, 5, 3),
        (Task::Multilabel, 4, 1),
        (Task::Classification, 5, 900),
    ] {
        let data = drawn(400, labels, task == Task::Multilabel, 7);
        let all: Vec<&Example> = data.iter().collect();
        let mut rng = Rng::new(1);
        // Fold 1 of 0 to 3 is empty.
        let folds: Vec<u32> = (0..400).map(|_| [0, 2, 3][rng.below(3)]).collect();
        let hashing = (min_df == 1).then_some(11);
        let params = LinearParams { epochs: 3, min_df, hashing, ..LinearParams::default() };
        let (found, records) = out_of_fold(task, &names(labels), &all, &folds, None, &params, &Silent).unwrap();
        assert_eq!(records.iter().map(|r| r.fold).collect::<Vec<_>>(), [0, 2, 3]);
        assert_eq!(records.iter().map(|r| r.answered).sum::<usize>(), 400);
        for record in records {
            let outside: Vec<&Example> = (0..400).filter(|&i| folds[i] != record.fold).map(|i| all[i]).collect();
            let inside: Vec<usize> = (0..400).filter(|&i| folds[i] == record.fold).collect();
            let own = fit(task, &names(labels), &outside, None, &params, &Silent).unwrap();
            let wanted = own.model.predict(&inside.iter().map(|&i| all[i]).collect::<Vec<_>>());
            assert_eq!(found.select(&inside), wanted);
            assert_eq!((record.trained_on, record.features), (outside.len(), own.features));
            let right = inside.iter().zip(&wanted.answers).filter(|(i, a)| all[**i].gold == **a).count();
            assert_eq!(record.accuracy.to_bits(), (right as f64 / inside.len() as f64).to_bits());
        }
    }
}

/// Every ninth example outside of each fold.
fn watched(folds: &[u32]) -> Vec<Vec<usize>> {
    let most = folds.iter().max().copied().unwrap();
    (0..=most).map(|fold| (0..folds.len()).filter(|&i| folds[i] != fold && i % 9 == 4).collect()).collect()
}

#[test]
fn a_search_in_each_fold_is_a_fit_and_a_refit() {
    for (task, labels, min_df) in [
        (Task::Classification, 2, 2),
        (Task::Classification, 5, 1),
        (Task::Multilabel, 4, 3),
        (Task::Classification, 3, 900),
    ] {
        let data = drawn(400, labels, task == Task::Multilabel, 11);
        let all: Vec<&Example> = data.iter().collect();
        let mut rng = Rng::new(5);
        let folds: Vec<u32> = (0..400).map(|_| rng.below(3) as u32).collect();
        let mut watched = watched(&folds);
        // Nothing is watched in the last fold.
        watched.pop();
        let params = LinearParams { min_df, ..LinearParams::default() };
        let (found, records) =
            out_of_fold(task, &names(labels), &all, &folds, Some(&watched), &params, &Silent).unwrap();
        for record in &records {
            let watched: &[usize] = watched.get(record.fold as usize).map_or(&[], Vec::as_slice);
            let pick = |keep: &dyn Fn(usize) -> bool| -> Vec<&Example> {
                (0..400).filter(|&i| keep(i)).map(|i| all[i]).collect()
            };
            let outside = |i: usize| folds[i] != record.fold;
            let valid: Vec<&Example> = watched.iter().map(|&i| all[i]).collect();
            let train = pick(&|i| outside(i) && !watched.contains(&i));
            let search = fit(task, &names(labels), &train, Some(&valid), &params, &Silent).unwrap();
            let calibrator = search.model.calibrator().clone();
            let again = LinearParams { epochs: search.epochs, calibrator: Some(calibrator.clone()), ..params.clone() };
            let own = fit(task, &names(labels), &pick(&outside), None, &again, &Silent).unwrap();
            let inside: Vec<usize> = (0..400).filter(|&i| !outside(i)).collect();
            let wanted = own.model.predict(&pick(&|i| !outside(i)));
            assert_eq!(found.select(&inside), wanted);
            assert_eq!((record.epochs, record.features), (search.epochs, own.features));
            assert_eq!(record.calibrator, calibrator);
            assert_eq!(record.curve, search.curve);
        }
    }
}

#[test]
#[should_panic(expected = "outside of its fold")]
fn what_is_watched_is_outside_of_the_fold() {
    let data = drawn(30, 2, false, 3);
    let all: Vec<&Example> = data.iter().collect();
    let folds: Vec<u32> = (0..30).map(|i| i % 2).collect();
    let watched = [vec![0], vec![]];
    let _ =
        out_of_fold(Task::Classification, &names(2), &all, &folds, Some(&watched), &LinearParams::default(), &Silent);
}

#[test]
fn same_bytes_at_any_thread_count() {
    let data = drawn(300, 3, false, 2);
    let all: Vec<&Example> = data.iter().collect();
    let folds: Vec<u32> = (0..300).map(|i| i % 5).collect();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            out_of_fold(
                Task::Classification,
                &names(3),
                &all,
                &folds,
                Some(&watched(&folds)),
                &LinearParams::default(),
                &Silent,
            )
            .unwrap()
        })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(4));
}

struct Stopped(Mutex<u32>);

impl Progress for Stopped {
    fn epoch(&self, _: u32, _: u32, _: f64) {
        *self.0.lock().unwrap() += 1;
    }

    fn stopped(&self) -> bool {
        true
    }
}

#[test]
fn every_training_ends_after_a_pass_when_told_to() {
    let data = drawn(200, 3, false, 2);
    let all: Vec<&Example> = data.iter().collect();
    let folds: Vec<u32> = (0..200).map(|i| i % 4).collect();
    let run = |params: &LinearParams, progress: &dyn Progress| {
        out_of_fold(Task::Classification, &names(3), &all, &folds, Some(&watched(&folds)), params, progress).unwrap()
    };
    let stopped = Stopped(Mutex::new(0));
    let found = run(&LinearParams::default(), &stopped);
    // One pass of each search and of each training on all.
    assert_eq!(*stopped.0.lock().unwrap(), 8);
    assert_eq!(found, run(&LinearParams { epochs: 1, ..LinearParams::default() }, &Silent));
}

#[test]
fn a_label_of_one_fold_alone_cannot_be_learnt() {
    let data = drawn(60, 2, false, 3);
    let all: Vec<&Example> = data.iter().collect();
    let folds: Vec<u32> = data.iter().map(|e| e.gold.labels()[0]).collect();
    let result = out_of_fold(Task::Classification, &names(2), &all, &folds, None, &LinearParams::default(), &Silent);
    assert!(matches!(result, Err(ModelError::Labels { .. })));
}
