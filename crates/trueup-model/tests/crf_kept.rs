//! A chain that was kept: the same answers, and no panic whatever happened to its file.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use serde_json::{Value, json};
use trueup_core::{Annotation, Example, LabelSet, Rng, Span};
use trueup_model::crf::{Clusters, CrfModel, CrfParams, fit};
use trueup_model::{Bytes, ModelError, Parts, Predictor, Silent};

fn sentence(words: &[(&str, Option<u32>)]) -> Example {
    let (mut text, mut spans) = (String::new(), Vec::new());
    for &(word, label) in words {
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len() as u32;
        text.push_str(word);
        spans.extend(label.map(|label| Span { start, end: text.len() as u32, label }));
    }
    Example {
        id: String::new(),
        text,
        gold: Annotation::Spans(spans),
        tokens: Vec::new(),
        group: None,
        time: None,
        metadata: Vec::new(),
        line: 0,
    }
}

fn corpus(n: usize, seed: u64) -> Vec<Example> {
    let mut rng = Rng::new(seed);
    let one = |_| {
        let city = ["Lagos", "New York", "Kano", "Oslo", "São Paulo", "Bonn"][rng.below(6)];
        let person = ["Ada", "Grace Hopper", "Bola", "Émile", "Tunde"][rng.below(5)];
        match rng.below(4) {
            0 => sentence(&[(person, Some(3)), ("lives in", None), (city, Some(1)), (".", None)]),
            1 => sentence(&[("We met", None), (person, Some(3)), ("near", None), (city, Some(1))]),
            2 => sentence(&[(city, Some(1)), ("is far, said", None), (person, Some(3))]),
            _ => sentence(&[("nothing to see in the papers of", None), (["May", "June"][rng.below(2)], None)]),
        }
    };
    (0..n).map(one).collect()
}

/// A model and the parts it was kept as.
static KEPT: LazyLock<(CrfModel, Value, Vec<u8>)> = LazyLock::new(|| {
    let train = corpus(120, 1);
    let labels = LabelSet::new(["building", "city", "month", "person"]);
    let params = CrfParams {
        epochs: 4,
        clusters: Clusters::learn(&train.iter().collect::<Vec<_>>(), 8),
        gazetteer: [("month".to_owned(), vec!["May".to_owned(), "last June".to_owned()])].into(),
        ..CrfParams::default()
    };
    let model = fit(&labels, &train.iter().collect::<Vec<_>>(), None, &params, &Silent).unwrap().model;
    let parts = model.to_parts();
    (model, parts.settings.clone(), parts.to_safetensors())
});

fn load(settings: &Value, bytes: Vec<u8>) -> Result<CrfModel, ModelError> {
    let bytes: Bytes = Arc::new(bytes);
    CrfModel::of_parts(Parts::of_safetensors(settings.clone(), &bytes)?)
}

#[test]
fn a_kept_model_answers_as_the_fitted_one() {
    let (model, settings, bytes) = &*KEPT;
    let mut test = corpus(60, 2);
    test.push(sentence(&[("words never seen, nor Ünseen places", None)]));
    test.push(sentence(&[]));
    let test: Vec<&Example> = test.iter().collect();
    // Settings survive being written as JSON.
    let settings: Value = serde_json::from_str(&settings.to_string()).unwrap();
    let kept = load(&settings, bytes.clone()).unwrap();
    let expected = model.predict(&test);
    assert!(expected.answers.iter().any(|a| !a.spans().is_empty()));
    assert_eq!(kept.predict(&test), expected);
    assert_eq!(kept.alignment(), model.alignment());
    // Kept once more it is the same file.
    assert_eq!((kept.to_parts().settings, kept.to_parts().to_safetensors()), (settings, bytes.clone()));
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let (_, settings, bytes) = &*KEPT;
    let with = |name: &str, value: Value| {
        let mut settings = settings.clone();
        settings[name] = value;
        load(&settings, bytes.clone()).map(|_| ()).unwrap_err().to_string()
    };
    assert!(with("templates", json!(999)).contains("features of kind 999"));
    assert!(with("labels", json!(["b", "a", "c", "d"])).contains("not in order"));
    assert!(with("tagged", json!([1, 4])).contains("not among its labels"));
    assert!(with("tagged", json!([3, 1])).contains("not among its labels"));
    assert!(with("tagged", json!([])).contains("not among its labels"));
    // A state more than there are weights for.
    assert!(with("tagged", json!([0, 1, 3])).contains("shape"));
    assert!(with("features", json!(u32::MAX)).contains("features cannot be read"));
    assert!(with("features", json!(-1)).contains("'features' cannot be read"));
    assert!(with("scale", json!(0.0)).contains("scale"));
    assert!(with("scale", json!("NaN")).contains("scale"));
    assert!(with("alignment", json!("none")).contains("'alignment' cannot be read"));
}

/// The answers of a damaged model are still spans of the text with probabilities.
fn answers_are_sound(model: &CrfModel) {
    let test = corpus(12, 7);
    let test: Vec<&Example> = test.iter().collect();
    let answers = model.predict(&test);
    for (i, example) in test.iter().enumerate() {
        let spans = answers.answers[i].spans();
        assert!(spans.iter().all(|s| example.text.get(s.range()).is_some_and(|t| !t.is_empty())), "{spans:?}");
        assert!(spans.windows(2).all(|w| w[0].end <= w[1].start), "{spans:?}");
        let scores = &answers.span_scores.as_ref().unwrap()[i];
        assert!(scores.iter().all(|p| (0.0..=1.0).contains(p)), "{scores:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_byte_is_an_error_or_predicts(at in any::<prop::sample::Index>(), flip in 1..=255u8) {
        let (_, settings, bytes) = &*KEPT;
        let mut bytes = bytes.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(model) = load(settings, bytes) {
            answers_are_sound(&model);
        }
    }

    #[test]
    fn many_damaged_bytes_are_an_error_or_predict(seed in any::<u64>(), step in 1..400usize) {
        let (_, settings, bytes) = &*KEPT;
        let mut bytes = bytes.clone();
        let mut rng = Rng::new(seed);
        // The header is left whole, so that the arrays are read.
        let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let mut at = header;
        while at < bytes.len() {
            bytes[at] = rng.next_u64() as u8;
            at += 1 + rng.below(step);
        }
        if let Ok(model) = load(settings, bytes) {
            answers_are_sound(&model);
        }
    }

    #[test]
    fn half_a_file_is_an_error(share in 0.0..1.0f64) {
        let (_, settings, bytes) = &*KEPT;
        prop_assert!(load(settings, bytes[..(bytes.len() as f64 * share) as usize].to_vec()).is_err());
    }
}
