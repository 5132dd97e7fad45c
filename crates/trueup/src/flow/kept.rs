//! A review of a model that was trained before and kept in a folder.

use std::path::Path;

use trueup_core::document::Evaluation;
use trueup_core::fingerprint::fingerprint;
use trueup_core::{Example, LabelSet};

use super::review::Answered;
use crate::error::Error;
use crate::load::Part;
use crate::models;
use crate::observe::Observer;

/// Lets the model in `folder` answer the test set, or else all of the data; with a test set the data is what it was
/// trained on.
pub(super) fn answered(
    data: Part,
    test: Option<(Part, &str)>,
    folder: &Path,
    observer: &dyn Observer,
) -> Result<Answered, Error> {
    let kept = models::open(folder)?;
    let training = models::training(folder)?;
    if kept.about.task != data.data.task {
        return Err(Error::Option {
            option: "--model",
            found: folder.display().to_string(),
            valid: format!("it answers {} data, and this is {} data", kept.about.task, data.data.task),
        });
    }
    let (mut train, mut test, how) = match test {
        Some((test, how)) => (Some(data.named("train")), test.named("test"), how.to_owned()),
        // Reviewed on what it was trained on, everything leaks; as its training data it is found to.
        None if fingerprint(&data.data) == kept.about.data.fingerprint => {
            (Some(data.clone().named("train")), data.named("test"), "the data that it was trained on".to_owned())
        }
        None => (None, data.named("test"), "given data".to_owned()),
    };
    observer.stage("predict");
    let examples: Vec<&Example> = test.data.examples.iter().collect();
    let mut predictions = kept.model.answer(&test.summary.file, &test.data.columns, &examples)?;
    let all = LabelSet::union(
        [&test.data.labels, &predictions.labels].into_iter().chain(train.iter().map(|p| &p.data.labels)),
    );
    test.data.relabel(&all);
    train.iter_mut().for_each(|part| part.data.relabel(&all));
    predictions.relabel(&all);
    Ok(Answered {
        train,
        valid: None,
        test,
        predictions,
        training: Some(training),
        evaluation: Evaluation::Test,
        how,
        model: folder.display().to_string(),
        kept: None,
        decided: None,
        tuned: None,
    })
}
