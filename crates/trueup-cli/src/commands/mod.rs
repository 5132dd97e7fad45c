//! The commands, one file each: read the arguments, make one library call, print.

pub mod agreement;
pub mod augment;
pub mod calibrate;
pub mod compare;
pub mod convert;
pub mod demo;
pub mod eval;
pub mod explain;
pub mod gate;
pub mod predict;
pub mod reference;
pub mod review;
pub mod rules;
pub mod schema;
pub mod split;
pub mod stats;
pub mod train;
pub mod tune;

use trueup::data::{ReadOptions, read_label_names};
use trueup::options::{CalibrationChoice, LearnOptions, ModelChoice, Resources, ThresholdChoice};

use crate::args::{CLUSTERS, LearnArgs, ProgramArgs, ReadArgs, ResourceArgs};

/// Sets the number of worker threads.
fn set_threads(threads: Option<std::num::NonZeroUsize>) -> anyhow::Result<()> {
    if let Some(threads) = threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global()?;
    }
    Ok(())
}

/// Limits the time of programs, where that is asked for.
fn limit_programs(args: &ProgramArgs) {
    args.time_limit.into_iter().for_each(trueup::external::set_time_limit);
}

/// How files are read, as the options say.
fn read_options(args: &ReadArgs) -> anyhow::Result<ReadOptions> {
    Ok(ReadOptions {
        from: args.from,
        text: args.text.clone(),
        label: args.label.clone(),
        id: args.id.clone(),
        group: args.group.clone(),
        time: args.time.clone(),
        split: args.split.clone(),
        annotator: args.annotator.clone(),
        label_names: args.label_names.as_deref().map(read_label_names).transpose()?,
        label_separator: args.label_separator.clone(),
        label_level: args.label_level,
        scheme: args.scheme,
        strict: args.strict,
        task: args.task.map(Into::into),
        filter: args.filter.clone(),
        ..ReadOptions::default()
    })
}

/// What a learner is given, as the options say.
fn resources(args: &ResourceArgs) -> Resources {
    Resources {
        metadata: args.metadata.clone(),
        gazetteer: args.gazetteer.clone(),
        clusters: args.clusters.clone().map(|path| (path, args.cluster_count)),
    }
}

/// What a learner is given as it was typed.
fn resource_words(args: &ResourceArgs, words: &mut Vec<String>) {
    put(words, "--metadata", (!args.metadata.is_empty()).then(|| args.metadata.join(",")));
    for list in &args.gazetteer {
        put(words, "--gazetteer", Some(list.display().to_string()));
    }
    if let Some(path) = &args.clusters {
        put(words, "--clusters", Some(path.display().to_string()));
        put(words, "--cluster-count", (args.cluster_count != CLUSTERS).then(|| args.cluster_count.to_string()));
    }
}

/// How a model is learned, as the options say.
fn learn_options(model: &ModelChoice, train_command: Option<&String>, args: &LearnArgs) -> LearnOptions {
    let weights = args.class_weight.iter().map(|weights| ("class_weights".to_owned(), weights.clone()));
    LearnOptions {
        model: model.clone(),
        train_command: train_command.cloned(),
        settings: args.set.iter().cloned().chain(weights).collect(),
        resources: resources(&args.resources),
        from: args.from_model.clone(),
        ensemble: args.ensemble,
        calibration: args.calibration,
        thresholds: args.thresholds.clone(),
        abstain: args.abstain,
    }
}

/// The learning options as they were typed.
fn learn_words(learn: &LearnArgs, words: &mut Vec<String>) {
    let mut put = |option: &str, value: Option<String>| put(words, option, value);
    for (name, value) in &learn.set {
        put("--set", Some(format!("{name}={value}")));
    }
    resource_words(&learn.resources, words);
    let mut put = |option: &str, value: Option<String>| self::put(words, option, value);
    put("--from-model", learn.from_model.as_ref().map(|folder| folder.display().to_string()));
    put("--class-weight", learn.class_weight.clone());
    put("--ensemble", learn.ensemble.map(|members| members.to_string()));
    put("--calibration", (learn.calibration != CalibrationChoice::Own).then(|| learn.calibration.name().to_owned()));
    put("--thresholds", (learn.thresholds != ThresholdChoice::Usual).then(|| learn.thresholds.name()));
    put("--abstain", learn.abstain.map(trueup::options::AbstainChoice::name));
}

/// Puts an option and its value, or a value alone, behind the words of a command that can be typed again.
fn put(words: &mut Vec<String>, option: &str, value: Option<String>) {
    if let Some(value) = value {
        if !option.is_empty() {
            words.push(option.to_owned());
        }
        words.push(quoted(&value));
    }
}

/// The reading options as they were typed, but `--strict`.
fn read_words(read: &ReadArgs, words: &mut Vec<String>) {
    let mut put = |option: &str, value: Option<String>| put(words, option, value);
    put("--from", read.from.map(|from| from.name().to_owned()));
    put("--text", read.text.clone());
    put("--label", read.label.clone());
    put("--id", read.id.clone());
    put("--group", read.group.clone());
    put("--time", read.time.clone());
    put("--split", read.split.clone());
    put("--annotator", read.annotator.clone());
    put("--label-names", read.label_names.as_ref().map(|path| path.display().to_string()));
    put("--label-separator", read.label_separator.clone());
    put("--label-level", read.label_level.map(|level| level.to_string()));
    put("--scheme", read.scheme.map(|scheme| scheme.name().to_owned()));
    put("--task", read.task.map(|task| trueup::core::Task::from(task).name().to_owned()));
    put("--where", read.filter.clone());
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
