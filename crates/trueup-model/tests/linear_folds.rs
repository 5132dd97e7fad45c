//! Out-of-fold answers are those of models fitted fold by fold.
#![allow(clippy::unwrap_used)]

use trueup_core::{Annotation, Example, LabelSet, Rng, Task};
use trueup_model::linear::{LinearParams, fit, out_of_fold};
use trueup_model::{ModelError, Predictor, Silent};

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
        let params = LinearParams { epochs: 3, min_df, ..LinearParams::default() };
        let (found, records) = out_of_fold(task, &names(labels), &all, &folds, &params, &Silent).unwrap();
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

#[test]
fn same_bytes_at_any_thread_count() {
    let data = drawn(300, 3, false, 2);
    let all: Vec<&Example> = data.iter().collect();
    let folds: Vec<u32> = (0..300).map(|i| i % 5).collect();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            out_of_fold(Task::Classification, &names(3), &all, &folds, &LinearParams::default(), &Silent).unwrap()
        })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(4));
}

#[test]
fn a_label_of_one_fold_alone_cannot_be_learnt() {
    let data = drawn(60, 2, false, 3);
    let all: Vec<&Example> = data.iter().collect();
    let folds: Vec<u32> = data.iter().map(|e| e.gold.labels()[0]).collect();
    let result = out_of_fold(Task::Classification, &names(2), &all, &folds, &LinearParams::default(), &Silent);
    assert!(matches!(result, Err(ModelError::Labels { .. })));
}
