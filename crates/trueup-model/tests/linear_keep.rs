//! A kept linear model is the model that was trained, and a damaged one is an error or answers anyway.
#![allow(clippy::unwrap_used)]

mod made;

use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use serde_json::Value;
use trueup_core::{Annotation, Example, LabelSet, Rng, Task};
use trueup_model::linear::{Calibration, LinearModel, LinearParams, fit};
use trueup_model::{Bytes, ModelError, Parts, Predictor, Silent};

use made::example;

/// Texts of words that belong to labels, some of two; one label in `labels` occurs in no text.
fn drawn(n: usize, labels: u32, several: bool, seed: u64) -> Vec<Example> {
    let mut rng = Rng::new(seed);
    (0..n)
        .map(|_| {
            let label = rng.below(labels as usize - 1) as u32;
            let words: Vec<String> = (0..8).map(|_| format!("w{label}x{}", rng.below(9))).collect();
            let gold = if several { Annotation::Labels(vec![label]) } else { Annotation::Label(label) };
            example(&words.join(" "), gold)
        })
        .collect()
}

fn trained(task: Task, labels: u32, calibration: Calibration) -> LinearModel {
    let several = task == Task::Multilabel;
    let (data, valid) = (drawn(300, labels, several, 1), drawn(80, labels, several, 2));
    // Every other kind hashes its n-grams.
    let hashing = labels.is_multiple_of(2).then_some(12);
    let params = LinearParams { calibration, hashing, ..LinearParams::for_task(task) };
    let names = LabelSet::new((0..labels).map(|i| format!("label {i}")));
    let (data, valid): (Vec<&Example>, Vec<&Example>) = (data.iter().collect(), valid.iter().collect());
    fit(task, &names, &data, Some(&valid), &params, &Silent).unwrap().model
}

/// Settings as text and arrays as the bytes of a file.
fn kept(model: &LinearModel) -> (String, Vec<u8>) {
    let parts = model.to_parts();
    (parts.settings.to_string(), parts.to_safetensors())
}

fn read(settings: &str, arrays: Vec<u8>) -> Result<LinearModel, ModelError> {
    let bytes: Bytes = Arc::new(arrays);
    let settings: Value =
        serde_json::from_str(settings).map_err(|e| ModelError::Damaged { what: format!("no settings ({e})") })?;
    LinearModel::of_parts(Parts::of_safetensors(settings, &bytes)?)
}

const KINDS: [(Task, u32, Calibration); 5] = [
    (Task::Classification, 3, Calibration::Temperature),
    (Task::Classification, 5, Calibration::Platt),
    (Task::Multilabel, 4, Calibration::Temperature),
    (Task::Multilabel, 3, Calibration::Isotonic),
    (Task::Classification, 20, Calibration::Isotonic),
];

#[test]
fn a_kept_model_is_the_same_model() {
    for (task, labels, calibration) in KINDS {
        let model = trained(task, labels, calibration);
        let (settings, arrays) = kept(&model);
        let back = read(&settings, arrays.clone()).unwrap();
        assert_eq!(kept(&back), (settings, arrays));
        let test = drawn(50, labels, false, 3);
        let test: Vec<&Example> = test.iter().collect();
        assert_eq!(model.predict(&test), back.predict(&test));
        assert_eq!(model.calibrator(), back.calibrator());
        for example in &test[..5] {
            assert!(!model.explain(example, 0, 9).is_empty());
            assert_eq!(model.explain(example, 0, 9), back.explain(example, 0, 9));
        }
        assert_eq!(model.top_features(1, 9), back.top_features(1, 9));
    }
}

#[test]
fn what_is_damaged_is_named() {
    let model = trained(Task::Classification, 5, Calibration::Temperature);
    let (settings, arrays) = kept(&model);
    let with = |name: &str, value: Value| {
        let mut settings: Value = serde_json::from_str(&settings).unwrap();
        settings[name] = value;
        read(&settings.to_string(), arrays.clone()).unwrap_err().to_string()
    };
    assert!(with("version", 99.into()).contains("of version 99"));
    assert!(with("model", "crf".into()).contains("'crf'"));
    assert!(with("labels", vec!["b", "a"].into()).contains("labels are not in order"));
    assert!(with("classes", vec![0, 1, 9].into()).contains("classes"));
    assert!(with("classes", vec![0, 1].into()).contains("array 'bias'"));
    assert!(with("link", "cubic".into()).contains("no link 'cubic'"));
    assert!(with("link", "binary".into()).contains("binary"));
    assert!(with("calibrator", serde_json::json!({"temperature": 0.0})).contains("calibrator"));
    assert!(with("calibrator", serde_json::json!({"temperatures": [1.0]})).contains("calibrator"));
    let curve = serde_json::json!({"scores": [1.0, 0.5], "probabilities": [0.1]});
    assert!(
        with("calibrator", serde_json::json!({"isotonic": [curve, null, null, null, null]})).contains("calibrator")
    );
    assert!(with("word_ngrams", vec![1, 1000].into()).contains("too long"));
    assert!(with("hashing", 63.into()).contains("no known way"));
    assert!(with("ngrams", vec![9000, 9, 0, 0].into()).contains("n-grams cannot be read"));
    assert!(with("ngrams", vec![u64::MAX, 9, 0, 0].into()).contains("too many"));
    assert!(read(&settings, arrays[..arrays.len() - 8].to_vec()).is_err());
}

/// A model of each kind, kept.
fn models() -> &'static [(String, Vec<u8>)] {
    static MODELS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    MODELS.get_or_init(|| {
        KINDS.iter().map(|&(task, labels, calibration)| kept(&trained(task, labels, calibration))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_makes_it_panic(which in 0..KINDS.len(), at in any::<prop::sample::Index>(), bits in 1u8.., header in any::<bool>()) {
        let (settings, mut arrays) = models()[which].clone();
        // Half of the damage goes to the description of the arrays, which is a small part of the file.
        let end = if header { 600.min(arrays.len()) } else { arrays.len() };
        arrays[at.index(end)] ^= bits;
        if let Ok(model) = read(&settings, arrays) {
            let texts = ["w0x1 w1x2 w2x3", "", "unknown", "w1x1 w1x2 w1x3 w1x4 w1x5 w1x6 w1x7"];
            let examples: Vec<Example> = texts.iter().map(|t| example(t, Annotation::Label(0))).collect();
            let predictions = model.predict(&examples.iter().collect::<Vec<_>>());
            prop_assert_eq!(predictions.len(), texts.len());
            model.explain(&examples[0], 0, 5);
        }
    }

    #[test]
    fn no_damage_of_the_settings_makes_it_panic(which in 0..KINDS.len(), at in any::<prop::sample::Index>(), to in 0x20u8..0x7f) {
        let (settings, arrays) = models()[which].clone();
        let mut settings = settings.into_bytes();
        let at = at.index(settings.len());
        settings[at] = to;
        if let Ok(model) = read(&String::from_utf8(settings).unwrap(), arrays) {
            model.predict(&[&example("w0x1 w1x2", Annotation::Label(0))]);
        }
    }
}
