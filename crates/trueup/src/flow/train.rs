//! Training: load, train, measure unless that is not wanted, keep.

use std::path::Path;

use trueup_core::document::{Decided, Review, Tool, Training};
use trueup_core::fingerprint::fingerprint;
use trueup_core::{Dataset, Task};
use trueup_data::write::check_folder;

use super::judge::judge;
use super::plan;
use super::review::{Keep, Work, answered, can_learn, chosen, known_to, reserving};
use crate::error::Error;
use crate::load;
use crate::models::{self, About, Kept, Model, SCHEMA, TrainedOn};
use crate::observe::Observer;
use crate::options::{ModelChoice, Source, TrainOptions};
use crate::review::{SideName, Twins, rules_of};
use crate::tell;
use crate::train::{self, Learner, Recipe, Tuned};

/// A model that was trained and kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// What it is.
    pub about: About,
    /// Its labels.
    pub labels: Vec<String>,
    /// How it was trained.
    pub training: Training,
    /// What becomes of its scores, where that was asked for.
    pub decided: Option<Decided>,
    /// What was tried to choose its settings, where that was asked for.
    pub tuned: Option<Tuned>,
    /// How good it is and what is wrong with it, where that was measured.
    pub review: Option<Review>,
    /// Bytes that it takes on the disk, without its record and card.
    pub bytes: u64,
}

/// Trains a model, measures it and keeps it in a folder.
///
/// It is measured as a review measures: on the test set given, or in folds; the model that is kept has learned from all of
/// the training data.
///
/// # Errors
///
/// When a file cannot be read, there is too little to learn from, or the folder cannot be written.
pub fn train(options: &TrainOptions, observer: &dyn Observer) -> Result<Made, Error> {
    models::check_name(&options.out)?;
    check_folder(&options.out)?;
    let rules = rules_of(&options.review.select, &options.review.ignore)?;
    if let Source::Train { learn, .. } = &options.review.source
        && let ModelChoice::Command(_) = &learn.model
    {
        // A program can be reviewed without it, and not be kept.
        Learner::new(&learn.model, learn.train_command.as_deref(), Task::Classification, options.review.seed)?;
    }
    let (model, training, on, review, (decided, tuned)) = if options.evaluate {
        let mut answered = answered(&options.review, Keep::Yes { budget: options.budget }, observer)?;
        let (model, mut training) = answered.kept.take().expect("the model was to be kept");
        if let Some(measured) = &answered.training {
            training.learning.clone_from(&measured.learning);
            training.last_doubling.clone_from(&measured.last_doubling);
            training.folds.clone_from(&measured.folds);
        }
        let learned = answered.train.as_ref().unwrap_or(&answered.test);
        let on = trained_on(&learned.summary.file, &learned.data);
        let review = judge(&answered, &rules, &options.review, observer)?;
        (model, training, on, Some(review), (answered.decided, answered.tuned))
    } else {
        let (model, training, on, found) = alone(options, observer)?;
        (model, training, on, None, found)
    };
    observer.stage("keep");
    let labels =
        review.as_ref().map_or_else(Vec::new, |review| review.labels.iter().map(|row| row.label.clone()).collect());
    let labels = if labels.is_empty() { model.labels().names().to_vec() } else { labels };
    let about = About {
        schema: SCHEMA.to_owned(),
        tool: Tool { name: "trueup".into(), version: env!("CARGO_PKG_VERSION").into() },
        learner: model.learner().to_owned(),
        task: on.1,
        data: on.0,
        command: options.review.command.clone(),
        settings: serde_json::Value::Null,
    };
    let name = name_of(&options.out);
    let card = tell::card(&name, &about, &labels, &training, review.as_ref(), decided.as_ref());
    let kept = Kept { about, model };
    let bytes = models::save(&options.out, &kept, &training, &card)?;
    Ok(Made { about: kept.about, labels, training, decided, tuned, review, bytes })
}

/// What a model was trained on, and the task that it poses.
type On = (TrainedOn, Task);

fn trained_on(file: &str, data: &Dataset) -> On {
    let (examples, fingerprint) = (data.len() as u64, fingerprint(data));
    (TrainedOn { file: file.to_owned(), examples, fingerprint }, data.task)
}

/// What becomes of a model's scores, and what was tried to choose its settings.
type Found = (Option<Decided>, Option<Tuned>);

/// Trains without measuring.
fn alone(options: &TrainOptions, observer: &dyn Observer) -> Result<(Model, Training, On, Found), Error> {
    let review = &options.review;
    let Source::Train { data, valid, ignore_splits, learn, .. } = &review.source else {
        unreachable!("a model is trained on data");
    };
    observer.stage("read");
    let paths: Vec<&Path> =
        [Some(data), valid.as_ref()].into_iter().flatten().map(std::path::PathBuf::as_path).collect();
    let mut parts = load::read(&paths, &reserving(&review.read, learn)?, observer)?.into_iter();
    let mut data = parts.next().expect("one part a path");
    let mut valid = parts.next();
    if let Some(rows) = load::named(&data, valid.is_some()).filter(|_| !ignore_splits) {
        let (train, _, own, _) = super::review::by_own_splits(&data, valid, rows);
        (data, valid) = (train, own);
    }
    can_learn(&data, observer)?;
    if let Some(folder) = &learn.from {
        known_to(folder, [Some(&mut data), valid.as_mut()].into_iter().flatten())?;
    }
    let recipe = Recipe::new(learn, data.data.task, &data.data.labels, &review.costs, review.seed)?;
    load::lead([Some(&mut data), valid.as_mut()].into_iter().flatten(), recipe.learner.columns())?;
    if let Some(valid) = valid.as_mut().filter(|_| recipe.learner.is_program()) {
        valid.data.conform(&data.data.columns);
    }
    let clusters = Twins::new(vec![(SideName::Train, &data.data)]).exact_clusters(SideName::Train);
    let (recipe, tuned) = match options.budget {
        Some(budget) => {
            let (costs, seed) = (review.costs.as_slice(), review.seed);
            let work = Work { learn, costs, seed, keep: true, budget: Some(budget), observer };
            chosen(&recipe, &data, &clusters, budget, &work)?
        }
        None => (recipe, None),
    };
    observer.stage("train");
    let valid = valid.as_ref().map(|part| &part.data);
    let rows = (0..data.data.len()).collect();
    let inner = recipe.folds(plan::FOLDS);
    let plan = plan::plan(&data.data, &clusters, rows, valid.is_some(), inner, review.seed);
    observer.may_stop(!recipe.learner.is_program());
    let (model, training, settled) = train::whole(&recipe, &data.data, &plan, valid, None, review.seed, observer)?;
    observer.may_stop(false);
    Ok((model, training, trained_on(&data.summary.file, &data.data), (settled.map(|settled| settled.report), tuned)))
}

/// The name of a model by its folder.
pub(super) fn name_of(folder: &Path) -> String {
    let whole = || folder.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    name.or_else(whole).unwrap_or_else(|| "model".to_owned())
}
