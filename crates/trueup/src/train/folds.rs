//! Folds in one call: what all folds of a data set share is worked out once.

use rayon::prelude::*;
use trueup_core::document::CurvePoint;
use trueup_core::{Dataset, Example, Predictions};
use trueup_model::crf::{self, CrfParams};
use trueup_model::linear::{self, LinearParams};
use trueup_model::{ModelError, Predictor, Progress, Silent};

use super::{Fold, pick};

/// What became of one fold.
pub struct InFold {
    /// The answers to its rows.
    pub answers: Predictions,
    /// Passes that its model has seen.
    pub epochs: u32,
    /// Features of its model.
    pub features: u64,
    /// The curve of the search for the number of passes.
    pub curve: Vec<CurvePoint>,
    /// Answers to the watched rows by models of smaller parts, then by that of the search; `None` where a part has nothing to
    /// learn from. Of the first fold alone, where smaller parts were asked for.
    pub learning: Vec<Option<Predictions>>,
}

/// Folds that are the parts of a whole: each row of it is held out once, and learned from in all other folds.
pub(super) struct Whole<'a> {
    data: &'a Dataset,
    folds: &'a [Fold],
    examples: Vec<&'a Example>,
    /// The place of each row of the data among `examples`.
    place: Vec<usize>,
}

/// Marks a row that is in no fold.
const NOWHERE: usize = usize::MAX;

impl<'a> Whole<'a> {
    /// The whole that `folds` are the parts of, if they are.
    pub fn of(data: &'a Dataset, folds: &'a [Fold]) -> Option<Self> {
        let mut rows: Vec<usize> = folds.iter().flat_map(|fold| fold.held.iter().copied()).collect();
        let held = rows.len();
        rows.sort_unstable();
        rows.dedup();
        let mut place = vec![NOWHERE; data.len()];
        rows.iter().enumerate().for_each(|(at, &row)| place[row] = at);
        let complete = |fold: &Fold| {
            let plan = &fold.plan;
            plan.all.len() + fold.held.len() == held
                && plan.fit.len() + plan.watched.len() == plan.all.len()
                && plan.all.iter().all(|&row| place[row] != NOWHERE)
        };
        let is_whole = rows.len() == held && folds.len() > 1 && folds.iter().all(complete);
        is_whole.then(|| Self { data, folds, examples: pick(data, &rows), place })
    }

    fn places(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|&row| self.place[row]).collect()
    }

    fn answers(&self, all: &Predictions, fold: &Fold) -> Predictions {
        all.select(&self.places(&fold.held))
    }

    pub fn linear(
        &self,
        params: &LinearParams,
        smaller: &[Vec<usize>],
        progress: &dyn Progress,
    ) -> Result<Vec<InFold>, ModelError> {
        let Self { data, folds, examples, place } = self;
        let mut fold_of = vec![0; examples.len()];
        for (number, fold) in folds.iter().enumerate() {
            fold.held.iter().for_each(|&row| fold_of[place[row]] = number as u32);
        }
        let watched: Vec<Vec<usize>> = folds.iter().map(|fold| self.places(&fold.plan.watched)).collect();
        let (all, records) =
            linear::out_of_fold(data.task, &data.labels, examples, &fold_of, Some(&watched), params, progress)?;
        let mut found: Vec<InFold> = folds
            .iter()
            .zip(records)
            .map(|(fold, record)| InFold {
                answers: self.answers(&all, fold),
                epochs: record.epochs,
                features: record.features,
                curve: record.curve,
                learning: Vec::new(),
            })
            .collect();
        if !smaller.is_empty() {
            let plan = &folds[0].plan;
            let watched = pick(data, &plan.watched);
            let parts: Vec<&[usize]> = smaller.iter().map(Vec::as_slice).chain([plan.fit.as_slice()]).collect();
            let answered = parts.par_iter().map(|rows| {
                let fitted =
                    linear::fit(data.task, &data.labels, &pick(data, rows), Some(&watched), params, &Silent).ok()?;
                Some(fitted.model.predict(&watched))
            });
            found[0].learning = answered.collect();
        }
        Ok(found)
    }

    pub fn crf(
        &self,
        params: &CrfParams,
        smaller: &[Vec<usize>],
        progress: &dyn Progress,
    ) -> Result<Vec<InFold>, ModelError> {
        let folds: Vec<crf::Fold> = self
            .folds
            .iter()
            .enumerate()
            .map(|(number, fold)| crf::Fold {
                all: self.places(&fold.plan.all),
                fit: self.places(&fold.plan.fit),
                watched: self.places(&fold.plan.watched),
                smaller: if number == 0 { smaller.iter().map(|rows| self.places(rows)).collect() } else { Vec::new() },
                held: self.places(&fold.held),
            })
            .collect();
        let (all, records) = crf::out_of_fold(&self.data.labels, &self.examples, &folds, params, progress)?;
        let found = self.folds.iter().zip(records).map(|(fold, record)| InFold {
            answers: self.answers(&all, fold),
            epochs: record.epochs,
            features: record.features,
            curve: record.curve,
            learning: record.learning,
        });
        Ok(found.collect())
    }
}
