//! A review of a model that is a program: it is trained where a command for that is given, and answers.

use trueup_core::document::Evaluation;
use trueup_core::{Example, Predictions};

use super::plan;
use super::review::{Answered, can_learn};
use crate::error::Error;
use crate::external::External;
use crate::load::Part;
use crate::observe::Observer;
use crate::review::{SideName, Twins};
use crate::train;

/// A program, and how it is trained.
pub(super) struct Program<'a> {
    /// `command:PROGRAM`.
    pub name: &'a str,
    /// The command that trains it; without one it comes trained.
    pub train: Option<&'a str>,
    /// The seed of folds.
    pub seed: u64,
}

/// Lets a program answer: the test set, or all of the data; where it is trained and there is no test set, each fold by a
/// model that never saw it.
pub(super) fn answered(
    data: Part,
    test: Option<(Part, &str)>,
    valid: Option<Part>,
    program: &Program,
    observer: &dyn Observer,
) -> Result<Answered, Error> {
    let external = External::parse(program.name)?;
    let model = external.name();
    let answer = |external: &External, part: &Part, rows: &[&Example]| {
        external.predict(&part.data.labels, part.data.task, &part.data.columns, rows).map_err(Error::from)
    };
    let (train, test, predictions, evaluation, how) = match (program.train, test) {
        (None, test) => {
            let (train, test, how) = match test {
                Some((test, how)) => (Some(data.named("train")), test.named("test"), how.to_owned()),
                None => (None, data.named("test"), "given data".to_owned()),
            };
            observer.stage("predict");
            let rows: Vec<&Example> = test.data.examples.iter().collect();
            let predictions = answer(&external, &test, &rows)?;
            (train, test, predictions, Evaluation::Test, how)
        }
        (Some(command), Some((test, how))) => {
            observer.stage("train");
            let rows: Vec<&Example> = data.data.examples.iter().collect();
            let watched: Option<Vec<&Example>> = valid.as_ref().map(|part| part.data.examples.iter().collect());
            let trained = external.train(command, &data.data, &rows, watched.as_deref(), None)?;
            observer.stage("predict");
            let rows: Vec<&Example> = test.data.examples.iter().collect();
            let predictions = answer(&trained, &test, &rows)?;
            (Some(data.named("train")), test.named("test"), predictions, Evaluation::Test, how.to_owned())
        }
        (Some(command), None) => {
            can_learn(&data, observer)?;
            observer.stage("compare texts");
            let clusters = Twins::new(vec![(SideName::Train, &data.data)]).clusters(SideName::Train);
            let plan::Folded { folds, how, .. } = plan::folded(&data, clusters, 0, program.seed)?;
            observer.stage("train");
            let pick = |rows: &[usize]| rows.iter().map(|&row| &data.data.examples[row]).collect::<Vec<_>>();
            let mut parts: Vec<Predictions> = Vec::new();
            for (number, fold) in folds.iter().enumerate() {
                observer.progress(number as u64, folds.len() as u64);
                let (fit, watched) = (pick(&fold.plan.fit), pick(&fold.plan.watched));
                let trained = external.train(command, &data.data, &fit, Some(&watched), None)?;
                parts.push(answer(&trained, &data, &pick(&fold.held))?);
            }
            let held = folds.iter().map(|fold| fold.held.as_slice());
            let predictions = train::assemble(&data.data, held.zip(&parts));
            (None, data.named("all"), predictions, Evaluation::OutOfFold, how)
        }
    };
    Ok(Answered {
        train,
        valid,
        test,
        predictions,
        training: None,
        evaluation,
        how,
        model,
        kept: None,
        decided: None,
        tuned: None,
    })
}
