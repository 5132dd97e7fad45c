//! Text classification by logistic regression over word and character n-grams.
//!
//! One label a text: multinomial logistic regression. Several: one logistic regression a label. Features are TF-IDF
//! weights of n-grams of 1 to 2 words and of 2 to 5 characters inside words; training is stochastic gradient descent
//! with early stopping on validation loss; probabilities are made honest by temperature scaling on the same part.
//!
//! # Example
//!
//! ```
//! use trueup_core::{Annotation, Example, LabelSet, Task};
//! use trueup_model::linear::{LinearParams, fit};
//! use trueup_model::{Predictor, Silent};
//!
//! let labels = LabelSet::new(["greeting", "order"]);
//! let texts = [("hello there", 0), ("good morning", 0), ("two coffees please", 1), ("a coffee to go", 1)];
//! let examples: Vec<Example> = texts
//!     .iter()
//!     .map(|&(text, label)| Example {
//!         id: String::new(),
//!         text: text.to_owned(),
//!         gold: Annotation::Label(label),
//!         tokens: Vec::new(),
//!         group: None,
//!         time: None,
//!         metadata: Vec::new(),
//!         line: 1,
//!     })
//!     .collect();
//! let train: Vec<&Example> = examples.iter().collect();
//! let fitted = fit(Task::Classification, &labels, &train, None, &LinearParams::default(), &Silent)?;
//! assert_eq!(fitted.model.predict(&train[3..]).answers, [Annotation::Label(1)]);
//! assert!(fitted.model.explain("coffee now", 1, 3).iter().all(|(ngram, weight)| ngram != "now" && *weight > 0.0));
//! # Ok::<(), trueup_model::ModelError>(())
//! ```

mod calibration;
mod classes;
mod features;
mod model;
mod trainer;
mod vocabulary;
mod weights;

use std::collections::BTreeMap;

use trueup_core::{Example, LabelSet, Rng, Task};

pub use model::LinearModel;

use crate::{Fitted, ModelError, Progress};
use calibration::fit_temperature;
use classes::{Classes, Score};
use features::Analyser;
use trainer::Trainer;
use vocabulary::Vocabulary;
use weights::{Weights, stride_of};

/// How to train. The defaults are one setting for all data, found on validation parts of training sets.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearParams {
    /// Passes over the training data: at most so many with validation data, exactly so many without.
    pub epochs: u32,
    /// Training stops after so many passes in a row that make no headway on validation loss.
    pub patience: u32,
    /// A pass makes headway if it lowers the validation loss by more than this share of it.
    pub tolerance: f64,
    /// Step size of AdaGrad.
    pub learning_rate: f64,
    /// Weight of the L2 penalty: `l2 / 2` times the sum of squared weights is added to the summed loss of the training
    /// examples. It is scikit-learn's `1 / C`.
    pub l2: f64,
    /// Shortest and longest n-gram of words; (0, 0) for none.
    pub word_ngrams: (usize, usize),
    /// Shortest and longest n-gram of characters inside words; (0, 0) for none.
    pub char_ngrams: (usize, usize),
    /// Training texts that an n-gram must occur in; ignored where it would leave no n-gram at all.
    pub min_df: u32,
    /// Seed of the order in which examples are seen.
    pub seed: u64,
    /// The temperature to use; `None` fits it to the validation data, and is 1 without.
    pub temperature: Option<f64>,
}

impl Default for LinearParams {
    fn default() -> Self {
        Self {
            epochs: 20,
            patience: 2,
            tolerance: 0.005,
            learning_rate: 1.0,
            l2: 0.03,
            word_ngrams: (1, 2),
            char_ngrams: (2, 5),
            min_df: 2,
            seed: 42,
            temperature: None,
        }
    }
}

impl LinearParams {
    /// Every setting by name, for the record of a training run.
    pub fn describe(&self) -> BTreeMap<String, String> {
        let range = |(from, to): (usize, usize)| format!("{from}-{to}");
        let mut settings = BTreeMap::from([
            ("epochs", self.epochs.to_string()),
            ("patience", self.patience.to_string()),
            ("tolerance", self.tolerance.to_string()),
            ("learning_rate", self.learning_rate.to_string()),
            ("l2", self.l2.to_string()),
            ("word_ngrams", range(self.word_ngrams)),
            ("char_ngrams", range(self.char_ngrams)),
            ("min_df", self.min_df.to_string()),
            ("seed", self.seed.to_string()),
        ]);
        if let Some(temperature) = self.temperature {
            settings.insert("temperature", temperature.to_string());
        }
        settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Weights of a model at most: 2^27, or 512 MiB. Beyond, the n-grams of the fewest texts are left out.
const MOST_WEIGHTS: usize = 1 << 27;

/// Trains a classifier.
///
/// With `valid`, training stops after [`LinearParams::patience`] passes without headway; the model of the pass with the
/// least validation loss is kept, and its temperature is fitted. Without, it sees exactly [`LinearParams::epochs`] passes:
/// the way to train again on all data, with the epochs and the temperature found before.
///
/// The curve has one point for every pass that was made, also those after the best. Its training figures come from the
/// running pass: each example is judged just before the model learns from it, so they lag behind the model that
/// the pass ends with, most of all in the first pass.
///
/// Labels that no training example has are never predicted, and have probability 0.
///
/// Panics for [`Task::Ner`], which has no labels of whole texts.
pub fn fit(
    task: Task,
    labels: &LabelSet,
    train: &[&Example],
    valid: Option<&[&Example]>,
    params: &LinearParams,
    progress: &dyn Progress,
) -> Result<Fitted<LinearModel>, ModelError> {
    let classes = Classes::of(task, labels, train)?;
    let (targets, columns) = (classes.targets(train), classes.columns());
    let analyser = Analyser { words: params.word_ngrams, chars: params.char_ngrams };
    let most = MOST_WEIGHTS / stride_of(columns);
    let (vocabulary, matrix) = Vocabulary::learn(analyser, &texts(train), params.min_df, most);
    if vocabulary.len() == 0 {
        return Err(ModelError::NoFeatures { examples: train.len() });
    }
    let held_out = valid
        .filter(|examples| !examples.is_empty())
        .map(|examples| (examples, vocabulary.vectorise(&texts(examples)), classes.targets(examples)));

    let weights = Weights::new(classes.link, columns, vocabulary.len());
    let mut trainer = Trainer::new(weights, params.learning_rate, params.l2 / train.len() as f64);
    let mut curve = Vec::new();
    let mut best: Option<Best> = None;
    // The last pass that made headway, and its loss.
    let mut headway: Option<(u32, f64)> = None;
    for epoch in 1..=params.epochs {
        let mut on_train = Score::new(&classes);
        let mut rng = Rng::stream(params.seed, u64::from(epoch));
        trainer.pass(&matrix, &targets, &mut rng, |i, logits| {
            on_train.add(logits, &targets, i, &train[i].gold);
        });
        let mut point = on_train.point(epoch);
        progress.epoch(epoch, params.epochs, point.train_loss);
        let Some((examples, rows, gold)) = &held_out else {
            curve.push(point);
            continue;
        };
        let logits = trainer.weights.all_logits(rows);
        let mut on_valid = Score::new(&classes);
        for (i, (row, example)) in logits.chunks_exact(columns).zip(*examples).enumerate() {
            on_valid.add(row, gold, i, &example.gold);
        }
        let at_valid = on_valid.point(epoch);
        point.valid_loss = Some(at_valid.train_loss);
        point.valid_score = Some(at_valid.train_score);
        point.valid_accuracy = Some(at_valid.train_accuracy);
        curve.push(point);
        let loss = at_valid.train_loss;
        if best.as_ref().is_none_or(|b| loss < b.loss) {
            best = Some(Best { epoch, loss, weights: trainer.weights.clone(), logits });
        }
        if headway.is_none_or(|(_, from)| loss < from * (1.0 - params.tolerance)) {
            headway = Some((epoch, loss));
        } else if headway.is_some_and(|(at, _)| epoch - at >= params.patience) {
            break;
        }
    }

    let (epochs, weights, fitted) = match (best, &held_out) {
        (Some(best), Some((_, _, gold))) => {
            let temperature = fit_temperature(classes.link, columns, &best.logits, gold);
            (best.epoch, best.weights, temperature)
        }
        _ => (params.epochs, trainer.weights, 1.0),
    };
    let features = vocabulary.len() as u64;
    let model = LinearModel {
        labels: labels.clone(),
        classes,
        vocabulary,
        weights,
        temperature: params.temperature.unwrap_or(fitted),
    };
    Ok(Fitted { model, epochs, features, curve })
}

fn texts<'a>(examples: &[&'a Example]) -> Vec<&'a str> {
    examples.iter().map(|e| e.text.as_str()).collect()
}

/// The best pass so far.
struct Best {
    epoch: u32,
    loss: f64,
    weights: Weights,
    logits: Vec<f32>,
}
