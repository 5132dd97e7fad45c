//! A linear-chain CRF over tokens, for named-entity recognition.

mod features;
mod lattice;
mod model;
mod tags;
mod trainer;

use std::collections::BTreeMap;

use trueup_core::{Example, LabelSet};

pub use model::CrfModel;
pub use tags::Alignment;

use crate::{Fitted, ModelError, Progress};

/// How a chain is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct CrfParams {
    /// Passes over the training part: exactly so many without a validation part, at most so many with one.
    pub epochs: u32,
    /// Passes without a lower validation loss after which training stops.
    pub patience: u32,
    /// AdaGrad's step size.
    pub learning_rate: f32,
    /// L2 penalty.
    pub l2: f32,
    /// Features with fewer uses in the training part are left out.
    pub min_count: u32,
    /// Seed of the order of sentences.
    pub seed: u64,
}

impl Default for CrfParams {
    fn default() -> Self {
        Self { epochs: 10, patience: 3, learning_rate: 0.1, l2: 1e-4, min_count: 1, seed: 42 }
    }
}

impl CrfParams {
    /// The parameters by name, as a document shows them.
    pub fn describe(&self) -> BTreeMap<String, String> {
        [
            ("epochs", self.epochs.to_string()),
            ("patience", self.patience.to_string()),
            ("learning_rate", self.learning_rate.to_string()),
            ("l2", self.l2.to_string()),
            ("min_count", self.min_count.to_string()),
            ("seed", self.seed.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// Trains a chain on `train`.
pub fn fit(
    labels: &LabelSet,
    train: &[&Example],
    valid: Option<&[&Example]>,
    params: &CrfParams,
    progress: &dyn Progress,
) -> Result<Fitted<CrfModel>, ModelError> {
    trainer::train(labels, train, valid, params, progress)
}
