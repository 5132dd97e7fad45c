//! Tuning: load, make folds, search.

use trueup_data::ReadOptions;

use super::plan;
use super::review::{by_own_splits, can_learn};
use crate::error::Error;
use crate::load;
use crate::observe::Observer;
use crate::options::{ModelChoice, TuneOptions};
use crate::review::{SideName, Twins};
use crate::train::{self, Field, Learner, Tuned};

/// Searches the settings of a learner on folds of labelled data; a test set that the data names itself is left out.
///
/// # Errors
///
/// When the file cannot be read, or there is too little to learn from.
pub fn tune(options: &TuneOptions, observer: &dyn Observer) -> Result<Tuned, Error> {
    observer.stage("read");
    if let ModelChoice::Command(name) = &options.model {
        let valid = "auto, linear or crf: of a program no settings are known".to_owned();
        return Err(Error::Option { option: "--model", found: name.clone(), valid });
    }
    let read = ReadOptions { reserved: options.resources.metadata.clone(), ..options.read.clone() };
    let mut data = load::read(&[&options.data], &read, observer)?.remove(0);
    if let Some(rows) = load::named(&data, true).filter(|_| !options.ignore_splits) {
        data = by_own_splits(&data, None, rows).0;
    }
    can_learn(&data, observer)?;
    let mut learner = Learner::with(&options.model, None, &options.settings, data.data.task, options.seed)?;
    learner.give(&options.resources)?;
    load::lead([&mut data], learner.columns())?;
    observer.stage("compare texts");
    let clusters = Twins::new(vec![(SideName::Train, &data.data)]).clusters(SideName::Train);
    let plan::Folded { folds, clusters, .. } = plan::folded(&data, clusters, plan::FOLDS, options.seed)?;
    let field = Field { learner: &learner, data: &data.data, folds: &folds, clusters: &clusters, seed: options.seed };
    train::tune(&field, options.budget, observer)
}
