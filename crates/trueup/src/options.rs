//! What a review is asked to do, after what was typed has been checked.

mod compare;
mod learn;

use std::path::PathBuf;

use trueup_core::measure::confusion::Normalise;
use trueup_core::spans::Way;
use trueup_data::{Format, ReadOptions};

use crate::external::External;
pub use compare::{CompareOptions, ContestantChoice, CorrectionChoice, GateOptions};
pub use learn::{AbstainChoice, CalibrationChoice, LearnOptions, Resources, ThresholdChoice};

/// Which model is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ModelChoice {
    /// The learner that suits the task: `linear` for labels, `crf` for spans.
    #[default]
    Auto,
    /// Word and character n-grams with logistic regression.
    Linear,
    /// A linear-chain CRF.
    Crf,
    /// The model kept in a folder.
    Kept(PathBuf),
    /// A program that answers: `command:PROGRAM`.
    Command(String),
}

impl ModelChoice {
    /// As it is typed.
    pub fn name(&self) -> String {
        match self {
            Self::Auto => "auto".to_owned(),
            Self::Linear => "linear".to_owned(),
            Self::Crf => "crf".to_owned(),
            Self::Kept(folder) => folder.display().to_string(),
            Self::Command(name) => name.clone(),
        }
    }
}

impl std::str::FromStr for ModelChoice {
    type Err = String;

    /// Reads `auto`, `linear`, `crf`, the folder of a model, or `command:PROGRAM`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "linear" => Ok(Self::Linear),
            "crf" => Ok(Self::Crf),
            program if External::is_named(program) => {
                External::parse(program).map_err(|e| e.to_string())?;
                Ok(Self::Command(program.to_owned()))
            }
            folder if std::path::Path::new(folder).is_dir() || folder.starts_with("program:") => {
                Ok(Self::Kept(folder.into()))
            }
            _ => Err("it is auto, linear, crf, the folder of a model that `trueup train` wrote (program:FOLDER where it is a \
                      program), or command:PROGRAM"
                .to_owned()),
        }
    }
}

/// Where the predictions to review come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A model trained here.
    Train {
        /// The labelled data to learn from (and, without `test`, to evaluate by folds).
        data: PathBuf,
        /// The test set.
        test: Option<PathBuf>,
        /// The validation set.
        valid: Option<PathBuf>,
        /// Whether splits that the data names itself are no reason to take a test set from it.
        ignore_splits: bool,
        /// How the model is learned, or one that was kept.
        learn: Box<LearnOptions>,
    },
    /// A file of predictions.
    Predictions {
        /// The gold of the evaluated examples.
        gold: PathBuf,
        /// The predictions for them.
        predictions: PathBuf,
        /// The column of the answers in that file.
        predicted: Option<String>,
        /// What the model was trained on, if it is known.
        train: Option<PathBuf>,
    },
}

/// What an evaluation is asked to do.
#[derive(Debug, Clone)]
pub struct EvalOptions {
    /// What holds gold and predictions.
    pub source: EvalSource,
    /// The column of the answers.
    pub predicted: Option<String>,
    /// How the files are read.
    pub read: ReadOptions,
    /// What the examples are grouped by: columns, `date(COLUMN)`, or SQL conditions.
    pub by: Vec<String>,
    /// The metrics to measure, by name; none for those of a review. `all` for all.
    pub metrics: Vec<String>,
    /// The column of the weights of examples.
    pub weights: Option<String>,
    /// What counts as a right span.
    pub way: Way,
    /// What the model was trained on, to tell seen mentions from unseen ones.
    pub train: Option<PathBuf>,
    /// What the counts of the confusion matrix are divided by.
    pub normalise: Option<Normalise>,
    /// Whether to make curves over all thresholds.
    pub curves: bool,
    /// The tool whose figures are wanted beside ours: `seqeval`, `sklearn` and others.
    pub compat: Option<String>,
    /// What mistakes cost.
    pub costs: Vec<CostOption>,
    /// The positive label of two.
    pub positive: Option<String>,
    /// Whether to make intervals.
    pub intervals: bool,
    /// Seed of the resamples.
    pub seed: u64,
}

/// Where gold and predictions stand.
#[derive(Debug, Clone)]
pub enum EvalSource {
    /// Both in one file: two columns of a table, the last two columns of CoNLL.
    File(PathBuf),
    /// In two files, matched by id, else by row.
    Pair {
        /// The gold.
        gold: PathBuf,
        /// The answers.
        predictions: PathBuf,
    },
}

/// What mistakes about one label cost.
#[derive(Debug, Clone, PartialEq)]
pub struct CostOption {
    /// The label.
    pub label: String,
    /// Cost of missing one gold of it; 0 when not stated.
    pub miss: f64,
    /// Cost of one false alarm of it; 0 when not stated.
    pub false_alarm: f64,
}

impl std::str::FromStr for CostOption {
    type Err = String;

    /// Reads `LABEL:miss=50,false-alarm=1`; the label may hold colons.
    fn from_str(text: &str) -> Result<Self, String> {
        let form = "it is LABEL:miss=NUMBER,false-alarm=NUMBER";
        let (label, costs) = text.rsplit_once(':').ok_or_else(|| format!("'{text}' names no cost; {form}"))?;
        let mut option = Self { label: label.to_owned(), miss: 0.0, false_alarm: 0.0 };
        for cost in costs.split(',') {
            let (kind, value) = cost.split_once('=').ok_or_else(|| format!("'{cost}' is no cost; {form}"))?;
            let number = value.parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0);
            let number = number.ok_or_else(|| format!("'{value}' is not a number of 0 or more; {form}"))?;
            match kind {
                "miss" => option.miss = number,
                "false-alarm" => option.false_alarm = number,
                other => return Err(format!("'{other}' is neither miss nor false-alarm; {form}")),
            }
        }
        Ok(option)
    }
}

/// A metric to reach: `f1_macro=0.85`.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The metric; it becomes the primary one.
    pub metric: String,
    /// The value to reach.
    pub value: f64,
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "it is METRIC=NUMBER, such as f1_macro=0.85";
        let (metric, value) = text.split_once('=').ok_or_else(|| format!("'{text}' names no value; {form}"))?;
        let value = value.parse().ok().filter(|n: &f64| n.is_finite());
        let value = value.ok_or_else(|| format!("'{text}' holds no number; {form}"))?;
        Ok(Self { metric: metric.to_owned(), value })
    }
}

/// Everything that shapes a review.
#[derive(Debug, Clone)]
pub struct ReviewOptions {
    /// Where the predictions come from.
    pub source: Source,
    /// How files are read.
    pub read: ReadOptions,
    /// The primary metric, instead of the usual one.
    pub metric: Option<String>,
    /// What to reach.
    pub target: Option<Target>,
    /// What mistakes cost.
    pub costs: Vec<CostOption>,
    /// The positive label of a binary task, instead of the rarer one.
    pub positive: Option<String>,
    /// Codes (or their beginnings) of the rules to run; all when empty.
    pub select: Vec<String>,
    /// Codes (or their beginnings) of the rules not to run.
    pub ignore: Vec<String>,
    /// SQL expressions, each of which makes a slice (see [`trueup_data::query`]).
    pub slices: Vec<String>,
    /// Columns, each of which makes a slice a value, or quarters where it holds many numbers.
    pub slices_by: Vec<String>,
    /// The seed of folds, training and resampling.
    pub seed: u64,
    /// Whether texts stay out of the document.
    pub no_text: bool,
    /// The command that was typed, without its output options.
    pub command: String,
}

/// How a model is trained and kept.
#[derive(Debug, Clone)]
pub struct TrainOptions {
    /// What to train on and how it is judged.
    pub review: ReviewOptions,
    /// The folder to keep it in.
    pub out: PathBuf,
    /// Whether its quality is measured: on the test set, or in folds.
    pub evaluate: bool,
    /// So many trainings to search the settings with, on folds of what is learned from.
    pub budget: Option<u64>,
}

/// How a kept model is calibrated.
#[derive(Debug, Clone)]
pub struct CalibrateOptions {
    /// The folder of the model.
    pub model: PathBuf,
    /// Labelled data that it has not learned from.
    pub data: PathBuf,
    /// How it is read.
    pub read: ReadOptions,
    /// What is to become of the scores; what learns is of no effect.
    pub learn: LearnOptions,
    /// What mistakes cost.
    pub costs: Vec<CostOption>,
    /// The folder to keep it in.
    pub out: PathBuf,
    /// The seed of folds and resampling.
    pub seed: u64,
    /// The command that was typed, without its output options.
    pub command: String,
}

/// How settings are searched.
#[derive(Debug, Clone)]
pub struct TuneOptions {
    /// The labelled data.
    pub data: PathBuf,
    /// How it is read.
    pub read: ReadOptions,
    /// What is tuned.
    pub model: ModelChoice,
    /// Settings that the search begins from, other than the defaults.
    pub settings: Vec<(String, String)>,
    /// What it is given beside the texts.
    pub resources: Resources,
    /// Whether splits that the data names itself are ignored.
    pub ignore_splits: bool,
    /// Trainings at most.
    pub budget: u64,
    /// The seed.
    pub seed: u64,
}

/// How a kept model answers a file.
#[derive(Debug, Clone, Default)]
pub struct PredictOptions {
    /// How the file is read.
    pub read: ReadOptions,
    /// The format to write, instead of the one that the name says, else the input's.
    pub to: Option<Format>,
    /// Whether the scores of all labels are written.
    pub scores: bool,
    /// Answers of lower confidence are left to people, whatever the model says of that itself.
    pub abstain: Option<f64>,
}

/// What decides which part an example goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SplitBy {
    /// Every label spread evenly; near-duplicates and groups stay together.
    #[default]
    Stratified,
    /// The hash of its text, or of its group: adding examples moves none.
    Hash,
    /// The hash of its id.
    Id,
    /// Its time: the newest are tested.
    Time,
    /// The split that the file names.
    Column,
}

impl SplitBy {
    /// The word on the command line and in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stratified => "stratified",
            Self::Hash => "hash",
            Self::Id => "id",
            Self::Time => "time",
            Self::Column => "column",
        }
    }
}

/// How data is split.
#[derive(Debug, Clone, Default)]
pub struct SplitOptions {
    /// What decides.
    pub by: SplitBy,
    /// The share of the test set; a fifth when not given.
    pub test: Option<f64>,
    /// The share of the validation set; none when not given.
    pub valid: Option<f64>,
    /// So many folds instead of parts.
    pub folds: Option<usize>,
    /// The seed.
    pub seed: u64,
    /// Whether near-duplicates may stand in two parts.
    pub ignore_twins: bool,
    /// The format of the parts, instead of the input's.
    pub to: Option<Format>,
    /// How the input is read.
    pub read: ReadOptions,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_read_with_labels_that_hold_colons() {
        let cost: CostOption = "DESC:manner:miss=50,false-alarm=1".parse().unwrap();
        assert_eq!(cost, CostOption { label: "DESC:manner".into(), miss: 50.0, false_alarm: 1.0 });
        for (bad, says) in [
            ("fraud", "names no cost"),
            ("fraud:50", "is no cost"),
            ("fraud:miss=-1", "not a number of 0 or more"),
            ("fraud:mis=1", "neither miss nor false-alarm"),
        ] {
            let message = bad.parse::<CostOption>().unwrap_err();
            assert!(message.contains(says) && message.contains("LABEL:miss=NUMBER"), "{message}");
        }
    }

    #[test]
    fn targets_name_a_metric_and_a_number() {
        assert_eq!("f1_macro=0.85".parse(), Ok(Target { metric: "f1_macro".into(), value: 0.85 }));
        assert!("f1_macro".parse::<Target>().is_err() && "f1_macro=high".parse::<Target>().is_err());
    }
}
