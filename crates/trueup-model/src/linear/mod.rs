//! Text classification by logistic regression over word and character n-grams.
//!
//! One logistic regression a label, which tells it from the rest. Where a text has one label, the answer is the label of
//! the largest logit, and the softmax of the logits its probabilities (on Banking77, CLINC150, TREC and SST-2 this scores as
//! high as one multinomial regression of all labels or higher, at a fraction of the cost). Features are TF-IDF weights
//! of n-grams of 1 to 2 words and of 2 to 5 characters inside words, and values of columns beside the text where they are
//! asked for; training is coordinate ascent in the dual, with
//! early stopping on validation loss; probabilities are made honest by temperature scaling on the same part.
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
//! assert!(fitted.model.explain(&Example { text: "coffee now".to_owned(), ..examples[0].clone() }, 1, 3).iter().all(|(ngram, weight)| ngram != "now" && *weight > 0.0));
//! # Ok::<(), trueup_model::ModelError>(())
//! ```

mod adapt;
mod calibration;
mod class_weights;
mod classes;
mod features;
mod folds;
mod keep;
mod learn;
mod model;
mod names;
mod packed;
mod rows;
mod trainer;
mod vocabulary;
mod weights;

use std::collections::BTreeMap;

use trueup_core::{Example, LabelSet, Task};

pub use calibration::{Calibration, Calibrator};
pub use class_weights::ClassWeights;
pub use folds::{FoldRecord, out_of_fold};
pub use model::LinearModel;

use crate::{Fitted, ModelError, Progress};
use classes::Classes;
use features::{Analyser, Seen};
use learn::{Part, Setting, learn};
use names::Names;
use rows::MOST_COLUMNS;
use vocabulary::{Matrix, Vocabulary};
use weights::{Weights, stride_of};

/// How to train. The defaults are those for one label a text; [`LinearParams::for_task`] has those for several.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearParams {
    /// Passes over the training data: at most so many with validation data, exactly so many without.
    pub epochs: u32,
    /// Training stops after so many passes in a row that make no headway on validation loss.
    pub patience: u32,
    /// A pass makes headway if it lowers the validation loss by more than this share of it.
    pub tolerance: f64,
    /// Weight of the L2 penalty, above 0: `l2 / 2` times the sum of squared weights is added to the summed loss of the
    /// training examples. It is scikit-learn's `1 / C` with `solver="liblinear"`.
    pub l2: f64,
    /// Weight of the L1 penalty, 0 or more: `l1` times the sum of absolute weights is added as well (the elastic net), and
    /// weights that say little become 0.
    pub l1: f64,
    /// Shortest and longest n-gram of words; (0, 0) for none.
    pub word_ngrams: (usize, usize),
    /// Shortest and longest n-gram of characters inside words; (0, 0) for none.
    pub char_ngrams: (usize, usize),
    /// n-grams are hashed into so many features, as a power of two from 10 to 24 (Weinberger and others 2009, "Feature
    /// hashing for large scale multitask learning"): the model is bounded and holds no n-gram of the texts it learnt from, but
    /// n-grams can share a feature. Without, every n-gram has a feature of its own, and its name is kept.
    pub hashing: Option<u8>,
    /// Columns whose values count beside the text: the first values of [`Example::metadata`], in this order. None by default.
    pub columns: Vec<String>,
    /// Training texts that an n-gram must occur in; ignored where it would leave no n-gram at all.
    pub min_df: u32,
    /// Seed of the order in which examples are seen.
    pub seed: u64,
    /// What the losses of the labels' examples weigh.
    pub class_weights: ClassWeights,
    /// Small weights are left out as long as that raises the validation loss by at most this share of it; 0 keeps all.
    pub prune: f64,
    /// What is fitted to the validation data so that probabilities are honest.
    pub calibration: Calibration,
    /// The calibrator to use in place of one that is fitted; without either the model is not calibrated.
    pub calibrator: Option<Calibrator>,
}

impl Default for LinearParams {
    fn default() -> Self {
        Self {
            epochs: 8,
            patience: 2,
            tolerance: 0.005,
            l2: 0.05,
            l1: 0.0,
            word_ngrams: (1, 2),
            char_ngrams: (2, 5),
            hashing: None,
            columns: Vec::new(),
            min_df: 2,
            seed: 42,
            class_weights: ClassWeights::Equal,
            prune: 0.001,
            calibration: Calibration::Temperature,
            calibrator: None,
        }
    }
}

impl LinearParams {
    /// The defaults for a task, found on validation parts of training sets.
    ///
    /// Where a text can have several labels, the labels are many and most of them rare. A weaker penalty serves them (on
    /// GoEmotions, on slots of Restaurant-8k and on kinds of entities of BC5CDR it has the higher macro-F1 and, but for the
    /// first, the lower loss), what is too sure is left to each label's temperature, and the loss falls less smoothly, so that
    /// early stopping waits for longer.
    pub fn for_task(task: Task) -> Self {
        match task {
            Task::Multilabel => Self { l2: 0.03, patience: 3, ..Self::default() },
            Task::Classification | Task::Ner => Self::default(),
        }
    }

    fn analyser(&self) -> Analyser {
        let hashing = self.hashing.map(|bits| bits.clamp(*HASHING.start(), *HASHING.end()));
        Analyser { words: self.word_ngrams, chars: self.char_ngrams, hashing }
    }

    /// Every setting by name, for the record of a training run.
    pub fn describe(&self) -> BTreeMap<String, String> {
        let range = |(from, to): (usize, usize)| format!("{from}-{to}");
        let mut settings = BTreeMap::from([
            ("epochs", self.epochs.to_string()),
            ("patience", self.patience.to_string()),
            ("tolerance", self.tolerance.to_string()),
            ("l2", self.l2.to_string()),
            ("l1", self.l1.to_string()),
            ("word_ngrams", range(self.word_ngrams)),
            ("char_ngrams", range(self.char_ngrams)),
            ("min_df", self.min_df.to_string()),
            ("seed", self.seed.to_string()),
            ("prune", self.prune.to_string()),
            ("calibration", self.calibration.name().to_owned()),
        ]);
        if let Some(bits) = self.hashing {
            settings.insert("hashing", bits.to_string());
        }
        if !self.columns.is_empty() {
            settings.insert("metadata", self.columns.join(", "));
        }
        if self.class_weights != ClassWeights::Equal {
            settings.insert("class_weights", self.class_weights.to_string());
        }
        if let Some(temperature) = self.calibrator.as_ref().and_then(Calibrator::temperature) {
            settings.insert("temperature", temperature.to_string());
        }
        settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Bits that n-grams can be hashed to.
const HASHING: std::ops::RangeInclusive<u8> = 10..=24;

/// Below this penalty the dual has no bound worth the name.
const LEAST_L2: f64 = 1e-6;

/// Weights of a model at most: 2^27, or 512 MiB. Beyond, the n-grams of the fewest texts are left out.
const MOST_WEIGHTS: usize = 1 << 27;

/// Trains a classifier.
///
/// With `valid`, training stops after [`LinearParams::patience`] passes without headway; the model of the pass with the
/// least validation loss is kept, and its calibrator is fitted. Without, it sees exactly [`LinearParams::epochs`] passes:
/// the way to train again on all data, with the epochs and the calibrator found before.
///
/// When [`Progress::stopped`] says so after a pass, that pass was the last, and the model is the best so far.
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
    let analyser = params.analyser();
    let most = most_features(&classes)?;
    let columns = &params.columns;
    let (vocabulary, matrix) = Vocabulary::learn(analyser, &seen(train, columns), params.min_df, most);
    if vocabulary.len() == 0 {
        return Err(ModelError::NoFeatures { examples: train.len() });
    }
    let start = Start { labels, columns, classes, vocabulary, prior: None, frozen: Vec::new() };
    Ok(train_from(start, train, &matrix, valid, params, progress))
}

/// The features that weights fit for.
fn most_features(classes: &Classes) -> Result<usize, ModelError> {
    let columns = classes.columns();
    if columns > MOST_COLUMNS {
        return Err(ModelError::ManyLabels { labels: columns, most: MOST_COLUMNS });
    }
    Ok(MOST_WEIGHTS / stride_of(columns))
}

/// What is settled before the first pass.
struct Start<'a> {
    labels: &'a LabelSet,
    columns: &'a [String],
    classes: Classes,
    vocabulary: Vocabulary,
    prior: Option<Weights>,
    frozen: Vec<bool>,
}

fn train_from(
    start: Start,
    train: &[&Example],
    matrix: &Matrix,
    valid: Option<&[&Example]>,
    params: &LinearParams,
    progress: &dyn Progress,
) -> Fitted<LinearModel> {
    let Start { labels, columns, classes, vocabulary, prior, frozen } = start;
    let held_out = valid
        .filter(|examples| !examples.is_empty())
        .map(|examples| (examples, vocabulary.vectorise(&seen(examples, columns))));
    let held_out = held_out.as_ref().map(|(examples, matrix)| Part { examples, matrix });
    let heard = |epoch, loss| {
        progress.epoch(epoch, params.epochs, loss);
        progress.stopped()
    };
    let features = vocabulary.len();
    let setting = Setting { classes: &classes, labels, features, prior: prior.as_ref(), frozen: &frozen };
    // The passes over a single column are made one after the other; the names are then found beside them.
    let (names, learnt) = rayon::join(
        || Names::of(&vocabulary, &seen(train, columns), matrix),
        || learn(&setting, &Part { examples: train, matrix }, held_out.as_ref(), params, &heard),
    );
    let (weights, calibrator) = (learnt.weights, learnt.calibrator);
    let (labels, columns) = (labels.clone(), columns.to_vec());
    let model = LinearModel { labels, classes, columns, vocabulary, names, weights, calibrator };
    Fitted { model, epochs: learnt.epochs, features: features as u64, curve: learnt.curve }
}

/// What is seen of each example.
fn seen<'a>(examples: &[&'a Example], columns: &'a [String]) -> Vec<Seen<'a>> {
    examples.iter().map(|example| Seen::of(example, columns)).collect()
}
