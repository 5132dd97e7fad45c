//! A model that trains on from an earlier one knows what that knew, and what is new.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod made;

use std::path::PathBuf;

use serde_json::Value;
use trueup_core::{Annotation, Example, LabelSet, Rng, Task};
use trueup_model::linear::{LinearModel, LinearParams, fit};
use trueup_model::{Parts, Predictor, Silent};

use made::{example, refs};

/// Texts of words that belong to labels of `names`, and their label's id among them.
fn drawn(n: usize, names: &[&str], several: bool, seed: u64) -> (LabelSet, Vec<Example>) {
    let labels = LabelSet::new(names.iter().copied());
    let mut rng = Rng::new(seed);
    let texts = (0..n).map(|_| {
        let name = names[rng.below(names.len())];
        let words: Vec<String> = (0..6).map(|_| format!("{name}{}", rng.below(9))).collect();
        let label = labels.id(name).unwrap();
        let gold = if several { Annotation::Labels(vec![label]) } else { Annotation::Label(label) };
        example(&words.join(" "), gold)
    });
    let texts = texts.collect();
    (labels, texts)
}

/// The share of examples whose answer has the name of their gold.
fn accuracy(model: &LinearModel, labels: &LabelSet, examples: &[Example]) -> f64 {
    let answers = model.predict(&refs(examples)).answers;
    let name = |set: &LabelSet, a: &Annotation| a.labels().iter().map(|&l| set.name(l).to_owned()).collect::<Vec<_>>();
    let right = examples.iter().zip(&answers).filter(|(e, a)| name(labels, &e.gold) == name(model.labels(), a));
    right.count() as f64 / examples.len() as f64
}

#[test]
fn old_labels_stay_and_new_ones_come() {
    for (several, old, new) in [
        (false, &["aa", "cc"][..], &["bb", "cc"][..]),
        (false, &["aa", "cc", "ee"], &["bb", "dd"]),
        (true, &["aa", "cc", "ee"], &["bb", "dd", "ff"]),
    ] {
        let task = if several { Task::Multilabel } else { Task::Classification };
        let params = LinearParams::for_task(task);
        let (before, data) = drawn(300, old, several, 1);
        let model = fit(task, &before, &refs(&data), None, &params, &Silent).unwrap().model;
        let (after, fresh) = drawn(200, new, several, 2);
        let adapted = model.adapt(&after, &refs(&fresh), None, &params, &Silent).unwrap();
        let model = adapted.model;
        let mut all: Vec<String> = old.iter().chain(new).map(|&name| name.to_owned()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(model.labels().names(), all);
        for (names, seed) in [(old, 3), (new, 4)] {
            let (labels, test) = drawn(200, names, several, seed);
            let found = accuracy(&model, &labels, &test);
            assert!(found > 0.95, "{several} {names:?}: {found}");
        }
        // New words have names too, and a kept model trains on as well.
        let of = |name: &str| model.labels().id(name).unwrap();
        assert!(model.top_features(of(new[0]), 5).iter().all(|(name, _)| name.contains(&new[0][..1])));
        assert!(model.top_features(of(old[0]), 5).iter().all(|(name, _)| name.contains(&old[0][..1])));
        let parts = model.to_parts();
        let back =
            LinearModel::of_parts(Parts::of_safetensors(parts.settings.clone(), &kept(&parts)).unwrap()).unwrap();
        let again = back.adapt(&after, &refs(&fresh), None, &params, &Silent).unwrap();
        let same = model.adapt(&after, &refs(&fresh), None, &params, &Silent).unwrap();
        assert_eq!(again.model.predict(&refs(&fresh)), same.model.predict(&refs(&fresh)));
    }
}

fn kept(parts: &Parts) -> trueup_model::Bytes {
    std::sync::Arc::new(parts.to_safetensors())
}

#[test]
fn a_strong_prior_keeps_the_model_as_it_is() {
    let (labels, data) = drawn(300, &["aa", "bb", "cc"], false, 5);
    let plain = LinearParams { prune: 0.0, ..LinearParams::default() };
    let model = fit(Task::Classification, &labels, &refs(&data), None, &plain, &Silent).unwrap().model;
    // The same texts with labels that contradict.
    let turned: Vec<Example> =
        data.iter().map(|e| Example { gold: Annotation::Label((e.gold.labels()[0] + 1) % 3), ..e.clone() }).collect();
    let agree = |l2: f64| {
        let params = LinearParams { l2, ..plain.clone() };
        let adapted = model.adapt(&labels, &refs(&turned), None, &params, &Silent).unwrap().model;
        accuracy(&adapted, &labels, &data)
    };
    assert!(agree(1e5) > 0.99, "{}", agree(1e5));
    assert!(agree(0.01) < 0.1, "{}", agree(0.01));
}

/// CLINC150: `train` or `test`, without what is out of scope.
fn clinc150(split: &str) -> Option<Vec<(String, String)>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("TRUEUP_DATA").map_or_else(beside, PathBuf::from);
    let file = std::fs::read_to_string(root.join("clinc150/data_full.json")).ok()?;
    let all: Value = serde_json::from_str(&file).unwrap();
    let pair = |row: &Value| (row[0].as_str().unwrap().to_owned(), row[1].as_str().unwrap().to_owned());
    Some(all[split].as_array().unwrap().iter().map(pair).collect())
}

/// The second half of the labels of CLINC150 is learnt after the first, without a text of the first.
#[test]
fn clinc150_in_two_halves() {
    let (Some(train), Some(test)) = (clinc150("train"), clinc150("val")) else {
        println!("1 skipped: no data");
        return;
    };
    let all = LabelSet::new(train.iter().map(|row| row.1.clone()));
    let half = |rows: &[(String, String)], second: bool| -> (LabelSet, Vec<Example>) {
        let of = |name: &str| all.id(name).is_some_and(|id| (id % 2 == 1) == second);
        let rows: Vec<&(String, String)> = rows.iter().filter(|row| of(&row.1)).collect();
        let labels = LabelSet::new(rows.iter().map(|row| row.1.clone()));
        let examples = rows.iter().map(|row| example(&row.0, Annotation::Label(labels.id(&row.1).unwrap())));
        let examples = examples.collect();
        (labels, examples)
    };
    let params = LinearParams { epochs: 4, ..LinearParams::default() };
    let (old, first) = half(&train, false);
    let (new, second) = half(&train, true);
    let model = fit(Task::Classification, &old, &refs(&first), None, &params, &Silent).unwrap().model;
    let (old_test, new_test) = (half(&test, false).1, half(&test, true).1);
    let before = accuracy(&model, &old, &old_test);
    let adapted = model.adapt(&new, &refs(&second), None, &params, &Silent).unwrap().model;
    let (kept, learnt) = (accuracy(&adapted, &old, &old_test), accuracy(&adapted, &new, &new_test));
    println!("old labels: accuracy {before:.4} before, {kept:.4} after; new labels: {learnt:.4}");
    assert!(before > 0.94 && kept > 0.92 && learnt > 0.85);
}
