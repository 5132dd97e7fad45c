//! Calibration: what becomes of the scores of a kept model, found on labelled data that it has not learned from.

use std::collections::BTreeMap;

use trueup_core::document::{Decided, Tool, Training};
use trueup_core::fingerprint::fingerprint;
use trueup_core::{Annotation, Dataset, Example, LabelSet, Predictions};
use trueup_data::ReadOptions;
use trueup_data::write::check_folder;

use super::plan;
use crate::error::Error;
use crate::external::External;
use crate::load;
use crate::models::{self, About, Kept, Model, Program, TrainedOn};
use crate::observe::Observer;
use crate::options::CalibrateOptions;
use crate::review::{SideName, Twins};
use crate::split::Stratification;
use crate::tell;
use crate::train::{self, HeldOut, Recipe};

/// A model that was calibrated and kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// What it is.
    pub about: About,
    /// What becomes of its scores, and what that brings.
    pub decided: Decided,
    /// Bytes that it takes on the disk.
    pub bytes: u64,
}

/// Finds what becomes of the scores of the model in a folder on labelled data, and keeps the model with it in another folder.
///
/// What is shown of it is cross-fitted over five folds of the data; what is kept is found on all of it.
///
/// # Errors
///
/// When the model cannot be opened, the data cannot be read, is what the model was trained on, or poses another task, or the
/// folder cannot be written.
pub fn calibrate(options: &CalibrateOptions, observer: &dyn Observer) -> Result<Calibrated, Error> {
    models::check_name(&options.out)?;
    check_folder(&options.out)?;
    let program = options.model.to_str().filter(|name| External::is_named(name));
    let opened = match program {
        None => Some((models::open(&options.model)?, models::training(&options.model)?)),
        Some(_) => None,
    };
    observer.stage("read");
    let reserved = opened.as_ref().map_or_else(Vec::new, |(kept, _)| kept.model.reserved());
    let read = ReadOptions { reserved, ..options.read.clone() };
    let mut part = load::read(&[&options.data], &read, observer)?.remove(0);
    let (kept, training, given) = match (opened, program) {
        (Some((kept, training)), _) => (kept, training, None),
        (None, name) => {
            let (kept, training, answers) = as_kept(name.unwrap_or_default(), &part.data, options)?;
            (kept, training, Some(answers))
        }
    };
    let shown = options.data.display().to_string();
    if kept.about.task != part.data.task {
        let valid = format!("{} data, which the model answers", kept.about.task);
        return Err(Error::Option { option: "DATA", found: format!("{shown}: {} data", part.data.task), valid });
    }
    if fingerprint(&part.data) == kept.about.data.fingerprint {
        let valid = "labelled data that the model has not learned from: on what it has, it looks surer than it is";
        return Err(Error::Option { option: "DATA", found: shown, valid: valid.to_owned() });
    }
    observer.stage("predict");
    let model = kept.model.undecided().clone();
    let rows: Vec<&Example> = part.data.examples.iter().collect();
    let mut answers = match given {
        Some(answers) => answers,
        None => model.answer(&shown, &part.data.columns, &rows)?,
    };
    // The decision is about the labels of the model, and others of the data are never answered.
    let all = LabelSet::union([model.labels(), &part.data.labels]);
    if all != *model.labels() {
        let strange = part.data.labels.names().iter().filter(|name| model.labels().id(name).is_none());
        let strange: Vec<&str> = strange.map(String::as_str).collect();
        let valid = format!(
            "data of the labels of the model alone; --where \"label NOT IN ('{}')\" leaves them out",
            strange.join("', '")
        );
        return Err(Error::Option {
            option: "DATA",
            found: format!("{shown}: labels that the model does not know"),
            valid,
        });
    }
    part.data.relabel(&all);
    answers.relabel(&all);
    observer.stage("calibrate");
    let clusters = Twins::new(vec![(SideName::Test, &part.data)]).exact_clusters(SideName::Test);
    let places: Vec<usize> = (0..part.data.len()).collect();
    let strata = Stratification::new(&part.data, &clusters, &places, options.seed);
    let gold: Vec<&Annotation> = part.data.examples.iter().map(|example| &example.gold).collect();
    let folds = strata.folds(strata.units().clamp(1, plan::FOLDS));
    let recipe = Recipe::wanted(&options.learn, part.data.task, &all, &options.costs)?;
    let clusters = Some(clusters);
    let held = HeldOut { task: part.data.task, labels: &all, gold, answers, folds, clusters };
    let settled = held.settle(&recipe, options.seed);
    observer.stage("keep");
    let task = kept.about.task;
    let model = model.with_decision(task, settled.decision);
    let tool = Tool { name: "trueup".into(), version: env!("CARGO_PKG_VERSION").into() };
    let about = About { tool, command: options.command.clone(), ..kept.about };
    let labels = model.labels().names().to_vec();
    let name = super::train::name_of(&options.out);
    let card = tell::card(&name, &about, &labels, &training, None, Some(&settled.report));
    let kept = Kept { about, model };
    let bytes = models::save(&options.out, &kept, &training, &card)?;
    Ok(Calibrated { about: kept.about, decided: settled.report, bytes })
}

/// A program that comes trained, as a kept model, and its answers to the data. Its labels are those of the data and what else it
/// answers or scores there; what it was trained on is not known.
fn as_kept(name: &str, data: &Dataset, options: &CalibrateOptions) -> Result<(Kept, Training, Predictions), Error> {
    let external = External::parse(name)?;
    let rows: Vec<&Example> = data.examples.iter().collect();
    let answers = external.predict_any(data.task, &data.columns, &rows)?;
    let labels = LabelSet::union([&data.labels, &answers.labels]);
    let params = BTreeMap::from([("command".to_owned(), external.name())]);
    let model = Model::Program(Box::new(Program::new(external, data.task, labels, data.columns.clone())));
    let about = About {
        schema: models::SCHEMA.to_owned(),
        tool: Tool { name: "trueup".into(), version: env!("CARGO_PKG_VERSION").into() },
        learner: model.learner().to_owned(),
        task: data.task,
        data: TrainedOn { file: "(not known)".to_owned(), examples: 0, fingerprint: String::new() },
        command: options.command.clone(),
        settings: serde_json::Value::Null,
    };
    Ok((Kept { about, model }, train::unknown(params, data.task, options.seed), answers))
}
