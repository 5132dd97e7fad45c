//! The learners of Trueup: models trained here, in seconds, on one machine.
//!
//! Two learners, one shape. [`linear`] classifies texts (one label or several) with word and character n-grams;
//! [`crf`] finds spans with a linear chain over tokens. Both train with a curve on training and validation data, stop
//! early on validation loss, and are the same bytes for the same input and seed at any thread count.
//!
//! Learners know nothing of files: they read [`Example`]s and answer with [`Predictions`].
#![warn(missing_docs)]

mod bits;
pub mod calibrate;
pub mod crf;
pub mod decision;
pub mod ensemble;
pub mod linear;
mod parts;

pub use parts::{Array, Bytes, Number, Parts};
use trueup_core::document::CurvePoint;
use trueup_core::{Example, Predictions};

/// Anything that answers examples.
pub trait Predictor: Send + Sync {
    /// One answer an example, in their order.
    fn predict(&self, examples: &[&Example]) -> Predictions;
}

/// What training says while it runs. Called from the training thread; must not block.
pub trait Progress: Sync {
    /// Pass `done` of at most `of` has ended with this mean loss: on validation data where there is some, else in training.
    fn epoch(&self, done: u32, of: u32, loss: f64);

    /// Whether training is to end after the pass that has just ended; it then leaves the best model so far. Asked after
    /// every pass.
    fn stopped(&self) -> bool {
        false
    }
}

/// Progress that nobody watches.
pub struct Silent;

impl Progress for Silent {
    fn epoch(&self, _: u32, _: u32, _: f64) {}
}

/// A trained model with the record of its training.
#[derive(Debug, Clone)]
pub struct Fitted<M> {
    /// The model.
    pub model: M,
    /// Passes over the training data that the model has seen.
    pub epochs: u32,
    /// Features of the model.
    pub features: u64,
    /// One point a pass.
    pub curve: Vec<CurvePoint>,
}

/// Why a model cannot be trained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// There is nothing to tell apart.
    #[error("training needs at least two labels; the {examples} training examples hold {found}")]
    Labels {
        /// Training examples.
        examples: usize,
        /// What labels they have: `only 'ham'`, or `none`.
        found: String,
    },
    /// More labels than a model can hold.
    #[error("training data has {labels} labels; a model holds at most {most}")]
    ManyLabels {
        /// Labels of the training examples.
        labels: usize,
        /// The most there may be.
        most: usize,
    },
    /// No gold span at all.
    #[error("training needs at least one gold span; the {examples} training sentences hold none")]
    NoSpans {
        /// Training sentences.
        examples: usize,
    },
    /// A kept model that is not whole.
    #[error("the model is damaged: {what}")]
    Damaged {
        /// What is missing or wrong.
        what: String,
    },
    /// No feature is left after pruning: the texts are empty.
    #[error("the {examples} training texts hold no word to learn from")]
    NoFeatures {
        /// Training examples.
        examples: usize,
    },
}
