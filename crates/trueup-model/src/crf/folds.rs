//! Out-of-fold answers: every example answered by a model that was trained without it.

use rayon::prelude::*;
use trueup_core::document::CurvePoint;
use trueup_core::{Annotation, Example, LabelSet, Predictions};

use super::CrfParams;
use super::corpus::Corpus;
use super::gazetteer::Gazetteer;
use super::trainer::train;
use crate::{ModelError, Predictor, Progress};

/// The rows of one fold, by their place among the examples.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fold {
    /// Learnt from, in this order.
    pub train: Vec<usize>,
    /// Watched to stop early; when empty, training runs [`CrfParams::epochs`] passes.
    pub valid: Vec<usize>,
    /// Answered.
    pub held: Vec<usize>,
}

impl Fold {
    /// One fold a number in `fold_of`: it holds its rows out and learns from all others.
    pub fn of(fold_of: &[usize]) -> Vec<Self> {
        let count = fold_of.iter().max().map_or(0, |last| last + 1);
        let fold = |number| {
            let (held, train) = (0..fold_of.len()).partition(|&row| fold_of[row] == number);
            Self { train, valid: Vec::new(), held }
        };
        (0..count).map(fold).collect()
    }
}

/// How the model of one fold was trained.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldRecord {
    /// Passes that its model has seen.
    pub epochs: u32,
    /// Features of its model.
    pub features: u64,
    /// One point a pass.
    pub curve: Vec<CurvePoint>,
}

/// Answers every example by the model of the fold that holds it out, in the order of `examples`, with a record for each
/// fold.
///
/// Tokens and features are worked out once for all folds, the folds train in parallel, and each model has the features
/// of its own training part alone: the answers are those of [`super::fit`] on the rows of each fold, bit for bit. `progress`
/// hears of the passes of all folds as they come.
///
/// # Errors
///
/// As [`super::fit`], for the first fold that has nothing to learn from.
///
/// # Panics
///
/// When a row is held out twice or never, or is not there.
pub fn out_of_fold(
    labels: &LabelSet,
    examples: &[&Example],
    folds: &[Fold],
    params: &CrfParams,
    progress: &dyn Progress,
) -> Result<(Predictions, Vec<FoldRecord>), ModelError> {
    let gazetteer = Gazetteer::new(&params.gazetteer);
    let corpus = Corpus::new(examples.to_vec(), &gazetteer);
    let one = |fold: &Fold| {
        let valid = (!fold.valid.is_empty()).then_some(fold.valid.as_slice());
        let fitted = train(&corpus, labels, &gazetteer, &fold.train, valid, params, progress)?;
        let held: Vec<&Example> = fold.held.iter().map(|&row| examples[row]).collect();
        let record = FoldRecord { epochs: fitted.epochs, features: fitted.features, curve: fitted.curve };
        Ok((fitted.model.predict(&held), record))
    };
    let parts: Vec<(Predictions, FoldRecord)> = folds.par_iter().map(one).collect::<Result<_, ModelError>>()?;

    let mut answers: Vec<Option<(Annotation, Vec<f64>)>> = vec![None; examples.len()];
    let mut records = Vec::with_capacity(parts.len());
    for (fold, (part, record)) in folds.iter().zip(parts) {
        let scores = part.span_scores.unwrap_or_default();
        for ((&row, answer), scores) in fold.held.iter().zip(part.answers).zip(scores) {
            assert!(answers[row].replace((answer, scores)).is_none(), "row {row} is held out twice");
        }
        records.push(record);
    }
    let held = answers.into_iter().enumerate();
    let all = held.map(|(row, answer)| answer.unwrap_or_else(|| panic!("row {row} is never held out")));
    let (answers, scores) = all.unzip();
    Ok((Predictions { labels: labels.clone(), answers, scores: None, span_scores: Some(scores) }, records))
}
