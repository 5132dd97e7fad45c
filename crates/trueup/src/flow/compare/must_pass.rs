//! The examples of a policy that must be answered rightly.

use std::collections::BTreeMap;
use std::path::Path;

use trueup_core::{LabelSet, Predictions, words};

use super::contestants::answers;
use crate::error::Error;
use crate::gate::MustPassFacts;
use crate::load::{self, Part};
use crate::observe::Observer;
use crate::options::{CompareOptions, ContestantChoice};

/// What becomes of them under the candidate: a model or program answers them; among predictions they are found by id, and it is
/// the policy's gold that counts.
pub(super) fn must_pass(
    file: &Path,
    candidate: &ContestantChoice,
    test: &Part,
    predictions: &Predictions,
    options: &CompareOptions,
    observer: &dyn Observer,
) -> Result<MustPassFacts, Error> {
    let mut read = options.read.clone();
    (read.filter, read.task, read.from) = (None, Some(test.data.task), None);
    let mut part = load::read(&[file], &read, observer)?.remove(0);
    let shown = words::printable(&file.display().to_string());
    let wrong: Vec<String> = if let ContestantChoice::Predictions(path) = candidate {
        let rows: BTreeMap<&str, usize> =
            test.data.examples.iter().enumerate().map(|(row, example)| (example.id.as_str(), row)).collect();
        part.data.relabel(&LabelSet::union([&part.data.labels, &predictions.labels]));
        let mut predictions = predictions.clone();
        predictions.relabel(&part.data.labels);
        let mut wrong = Vec::new();
        for example in &part.data.examples {
            let Some(&row) = rows.get(example.id.as_str()) else {
                return Err(Error::Unfit {
                    option: "must_pass.file",
                    why: format!(
                        "example '{}' of {shown} is not among the answers of {}",
                        words::printable(&example.id),
                        words::printable(&path.display().to_string())
                    ),
                    hint: "predictions are found by id: let the file hold examples of the test set, or compare models, which can \
                           answer others"
                        .to_owned(),
                });
            };
            if example.gold != predictions.answers[row] {
                wrong.push(example.id.clone());
            }
        }
        wrong
    } else {
        let found = answers(candidate, &mut part, &mut [], options, observer)?;
        let pairs = part.data.examples.iter().zip(&found.answers);
        pairs.filter(|(example, answer)| example.gold != **answer).map(|(example, _)| example.id.clone()).collect()
    };
    Ok(MustPassFacts { file: shown, examples: part.data.len() as u64, failed: wrong })
}
