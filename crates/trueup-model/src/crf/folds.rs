//! Out-of-fold answers: every example answered by a model that was trained without it.

use rayon::prelude::*;
use trueup_core::document::CurvePoint;
use trueup_core::{Annotation, Example, LabelSet, Predictions};

use super::corpus::Corpus;
use super::gazetteer::Gazetteer;
use super::trainer::train;
use super::{CrfModel, CrfParams};
use crate::{Fitted, ModelError, Predictor, Progress};

/// The rows of one fold, by their place among the examples.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fold {
    /// What the model that answers learns from, in this order.
    pub all: Vec<usize>,
    /// What the search for the number of passes learns from, in this order: `all` without `watched`.
    pub fit: Vec<usize>,
    /// What the search watches. When empty, nothing is searched for, and training runs [`CrfParams::epochs`] passes.
    pub watched: Vec<usize>,
    /// Smaller parts of `fit` for a learning curve: each is trained and watched like `fit`, and answers the watched rows.
    pub smaller: Vec<Vec<usize>>,
    /// What is answered.
    pub held: Vec<usize>,
}

impl Fold {
    /// One fold a number in `fold_of`: it holds its rows out and learns from all others, for a given number of passes.
    pub fn of(fold_of: &[usize]) -> Vec<Self> {
        let count = fold_of.iter().max().map_or(0, |last| last + 1);
        let fold = |number| {
            let (held, all) = (0..fold_of.len()).partition(|&row| fold_of[row] == number);
            Self { all, held, ..Self::default() }
        };
        (0..count).map(fold).collect()
    }

    /// The same fold with a search: every row of `all` for which `watched` holds is watched.
    #[must_use]
    pub fn watching(self, watched: impl Fn(usize) -> bool) -> Self {
        let (watched, fit) = self.all.iter().partition(|&&row| watched(row));
        Self { fit, watched, ..self }
    }
}

/// How the model of one fold was trained.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldRecord {
    /// Passes that its model has seen.
    pub epochs: u32,
    /// Features of its model.
    pub features: u64,
    /// One point a pass: of the search where there is one, else of the training.
    pub curve: Vec<CurvePoint>,
    /// Answers to the watched rows by the models of [`Fold::smaller`], then by that of [`Fold::fit`]; `None` where a part
    /// has nothing to learn from. Empty when there is no smaller part.
    pub learning: Vec<Option<Predictions>>,
}

/// Answers every example by the model of the fold that holds it out, in the order of `examples`, with a record for each
/// fold.
///
/// A fold that watches rows first trains on [`Fold::fit`] and stops early, then trains anew on [`Fold::all`] for as many
/// passes as were best. Tokens and features are worked out once for all trainings, the folds train in parallel, and each
/// model has the features of its own training part alone: the answers are those of [`super::fit`] on the rows of each fold,
/// bit for bit. `progress` hears of the passes of all folds as they come, without those of smaller parts; once it says stop,
/// every training ends with the pass at hand.
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
    let corpus = Corpus::new(examples.to_vec(), &gazetteer, &params.clusters);
    let data = Data { corpus, labels, gazetteer: &gazetteer, params };
    let parts: Vec<(Predictions, FoldRecord)> =
        folds.par_iter().map(|fold| data.answer(fold, progress)).collect::<Result<_, ModelError>>()?;

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

/// Passes that nobody hears of, and that end with the others.
struct Unheard<'p>(&'p dyn Progress);

impl Progress for Unheard<'_> {
    fn epoch(&self, _: u32, _: u32, _: f64) {}

    fn stopped(&self) -> bool {
        self.0.stopped()
    }
}

/// What all folds share.
struct Data<'d> {
    corpus: Corpus<'d>,
    labels: &'d LabelSet,
    gazetteer: &'d Gazetteer,
    params: &'d CrfParams,
}

impl Data<'_> {
    /// Trains and answers one fold.
    fn answer(&self, fold: &Fold, progress: &dyn Progress) -> Result<(Predictions, FoldRecord), ModelError> {
        let watched = (!fold.watched.is_empty()).then_some(fold.watched.as_slice());
        let search = watched.map(|_| self.train(&fold.fit, watched, self.params, progress)).transpose()?;
        let learning = match &search {
            Some(search) if !fold.smaller.is_empty() => {
                let unheard = Unheard(progress);
                let smaller = |rows: &Vec<usize>| self.train(rows, watched, self.params, &unheard).ok();
                let smaller: Vec<Option<Fitted<CrfModel>>> = fold.smaller.par_iter().map(smaller).collect();
                let all = smaller.iter().map(Option::as_ref).chain([Some(search)]);
                all.map(|fitted| Some(self.predict(&fitted?.model, &fold.watched))).collect()
            }
            _ => Vec::new(),
        };
        let epochs = search.as_ref().map_or(self.params.epochs, |search| search.epochs);
        let fitted = self.train(&fold.all, None, &CrfParams { epochs, ..self.params.clone() }, progress)?;
        let answers = self.predict(&fitted.model, &fold.held);
        let curve = search.map_or(fitted.curve, |search| search.curve);
        Ok((answers, FoldRecord { epochs: fitted.epochs, features: fitted.features, curve, learning }))
    }

    fn train(
        &self,
        rows: &[usize],
        watched: Option<&[usize]>,
        params: &CrfParams,
        progress: &dyn Progress,
    ) -> Result<Fitted<CrfModel>, ModelError> {
        train(&self.corpus, self.labels, self.gazetteer, rows, watched, params, progress)
    }

    fn predict(&self, model: &CrfModel, rows: &[usize]) -> Predictions {
        model.predict(&rows.iter().map(|&row| self.corpus.examples[row]).collect::<Vec<&Example>>())
    }
}
