//! A review of a model that is a program and comes trained: it answers, and nothing is learned. One that is trained here is
//! reviewed as every learner is.

use trueup_core::Example;
use trueup_core::document::Evaluation;

use super::review::Answered;
use crate::error::Error;
use crate::external::External;
use crate::load::Part;
use crate::observe::Observer;

/// Lets a program answer the test set, or else all of the data.
pub(super) fn answered(
    data: Part,
    test: Option<(Part, &str)>,
    valid: Option<Part>,
    name: &str,
    observer: &dyn Observer,
) -> Result<Answered, Error> {
    let external = External::parse(name)?;
    let (train, test, how) = match test {
        Some((test, how)) => (Some(data.named("train")), test.named("test"), how.to_owned()),
        None => (None, data.named("test"), "given data".to_owned()),
    };
    observer.stage("predict");
    let rows: Vec<&Example> = test.data.examples.iter().collect();
    let predictions = external.predict(&test.data.labels, test.data.task, &test.data.columns, &rows)?;
    Ok(Answered {
        train,
        valid,
        test,
        predictions,
        training: None,
        evaluation: Evaluation::Test,
        how,
        model: external.name(),
        kept: None,
        decided: None,
        tuned: None,
    })
}
