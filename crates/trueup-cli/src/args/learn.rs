//! What can be typed after `trueup train` and `trueup predict`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use trueup::data::Format;
use trueup::external::External;
use trueup::options::{AbstainChoice, CalibrationChoice, CostOption, ModelChoice, ThresholdChoice};

use super::{JudgeArgs, ReadArgs, WorkArgs};

/// How programs are run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Work")]
pub struct ProgramArgs {
    /// How long a program may take for a call or a training, such as 30s, 5m or 2h [default: 10m for a call, 24h for a training]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub time_limit: Option<Duration>,
}

/// Classes of words where no number is asked for.
pub const CLUSTERS: u32 = 500;

/// What a learner is given beside the texts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Learning")]
pub struct ResourceArgs {
    /// A column whose values a linear model learns from too, beside the text; repeatable, or separated by commas
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub metadata: Vec<String>,
    /// A list of names, one a line, whose finds in a text crf learns from; repeatable
    #[arg(long, value_name = "FILE")]
    pub gazetteer: Vec<PathBuf>,
    /// Texts without labels (.txt of one a line, or any format), from whose words classes are learned that crf learns from: words
    /// that are used alike. Not the texts that the model is measured on
    #[arg(long, value_name = "FILE")]
    pub clusters: Option<PathBuf>,
    /// How many classes of words
    #[arg(long, value_name = "N", requires = "clusters", default_value_t = CLUSTERS, value_parser = clap::value_parser!(u32).range(2..=4096))]
    pub cluster_count: u32,
}

/// What a model learns with, and what becomes of its scores.
#[derive(Debug, Args)]
#[command(next_help_heading = "Learning")]
pub struct LearnArgs {
    /// A setting of the learner, such as l2=0.1; repeatable. `trueup tune` finds good ones
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// What it is given.
    #[command(flatten)]
    pub resources: ResourceArgs,
    /// Train on from the linear model in this folder: what it has learned stays where the data does not say otherwise, and its
    /// labels and features are kept beside the new ones
    #[arg(long, value_name = "MODEL")]
    pub from_model: Option<PathBuf>,
    /// What examples of a label weigh: balanced (rare labels as much as frequent ones), or LABEL=NUMBER, several separated by
    /// commas
    #[arg(long, value_name = "WEIGHTS")]
    pub class_weight: Option<String>,
    /// So many models that answer as one, each trained without one fold
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "5", value_parser = members)]
    pub ensemble: Option<usize>,
    /// What makes scores probabilities: own (what the learner does), temperature, platt, isotonic, or best of these. Found on
    /// folds of what is learned from
    #[arg(long, value_name = "METHOD", default_value = "own")]
    pub calibration: CalibrationChoice,
    /// From which probability on a label is answered: tuned (for macro-F1, on folds of what is learned from), costs (by
    /// --cost), or LABEL=NUMBER, several separated by commas
    #[arg(long, value_name = "RULE", default_value = "usual")]
    pub thresholds: ThresholdChoice,
    /// Leave answers of lower confidence than this to people; right=0.95 finds the confidence from which so many are right
    #[arg(long, value_name = "CONFIDENCE")]
    pub abstain: Option<AbstainChoice>,
}

/// Reads how many models an ensemble has.
fn members(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| (2..=50).contains(n)).ok_or_else(|| "it is a number of models from 2 to 50".to_owned())
}

/// `trueup train`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trueup train tickets.csv -o models/tickets                     measured in five folds, trained on all of it
  trueup train train.csv --test test.csv -o models/tickets       measured on a test set
  trueup train train.conll --valid dev.conll -o models/entities  entities
  trueup train big.parquet -o models/big --no-review             trained and kept, not measured
  trueup train mails.csv -o models/mails --thresholds tuned      thresholds of the best macro-F1, label by label
  trueup train mails.csv -o models/mails --abstain right=0.95    doubtful answers are left to people

Ctrl-C while the model that is kept is trained keeps the best so far; once more ends at once.

The folder holds the model (config.json, model.safetensors), how it was trained (training.json) and its card (README.md).
`trueup predict` answers files with it; `trueup review DATA --model FOLDER` reviews it.")]
pub struct TrainArgs {
    /// Labelled data: CSV, TSV, JSONL, CoNLL, Label Studio, Parquet and others; `-` reads stdin
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// The folder to keep the model in
    #[arg(short = 'o', long = "out", value_name = "MODEL")]
    pub out: PathBuf,
    /// What to train: auto, linear (labels), crf (entities), or a program in any language, as command:PROGRAM
    /// (docs/commands-as-models.md)
    #[arg(long, value_name = "KIND", default_value = "auto")]
    pub model: ModelChoice,
    /// The command that trains the program of --model: it gets a training file, a validation file and a folder for its model
    #[arg(long, value_name = "COMMAND")]
    pub train_command: Option<String>,
    /// Test set that the model is measured on; without it the test split that DATA names is taken, else five folds of DATA
    #[arg(long, value_name = "FILE")]
    pub test: Option<PathBuf>,
    /// Validation set for early stopping and calibration; without it a tenth of DATA serves
    #[arg(long, value_name = "FILE")]
    pub valid: Option<PathBuf>,
    /// Take all of DATA to learn from, even where it names a test split itself
    #[arg(long)]
    pub ignore_splits: bool,
    /// Search the settings first, in so many trainings on folds of what is learned from (see `trueup tune`); without --test one
    /// fifth of DATA then measures the model
    #[arg(long, value_name = "N")]
    pub budget: Option<u64>,
    /// End the search after so long, such as 30s or 5m; what it finds then depends on the machine
    #[arg(long, value_name = "TIME", requires = "budget", value_parser = time)]
    pub deadline: Option<Duration>,
    /// Do not measure the model, only train and keep it
    #[arg(long, conflicts_with = "test")]
    pub no_review: bool,
    /// What it learns with.
    #[command(flatten)]
    pub learn: LearnArgs,
    /// How the files are read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// How the model is judged.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Write what was made, with its review, as JSON; `-` prints it and nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub json: Option<PathBuf>,
    /// Print no talk and no progress
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// How programs are run.
    #[command(flatten)]
    pub program: ProgramArgs,
    /// How the work is done.
    #[command(flatten)]
    pub work: WorkArgs,
}

/// Reads what answers: a program, else a folder.
fn answerer(text: &str) -> Result<ModelChoice, String> {
    if External::is_named(text) { text.parse() } else { Ok(ModelChoice::Kept(text.into())) }
}

/// Reads a time: `30s`, `5m`, `1h`, or seconds.
fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.trim_end_matches(char::is_alphabetic).len());
    let unit = match unit {
        "" | "s" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" => Some(3_600.0),
        _ => None,
    };
    let seconds = unit.and_then(|unit| Some(number.parse::<f64>().ok()? * unit)).filter(|s| *s > 0.0 && *s < 1e9);
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "it is a time such as 30s, 5m or 1h".to_owned())
}

/// Reads a confidence.
fn confidence(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|n: &f64| (0.0..=1.0).contains(n));
    number.ok_or_else(|| "it is a number from 0 to 1".to_owned())
}

/// Reads `NAME=VALUE`.
pub fn setting(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
    let (name, value) = pair.ok_or_else(|| "it is NAME=VALUE, such as l2=0.1".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// `trueup tune`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trueup tune tickets.csv                    what the settings are worth on this data
  trueup tune train.conll --budget 200       more trainings
  trueup tune tickets.csv --json tuned.json

Only DATA is used, in folds: never a test set. The gain is told without the luck of choosing the best of many.")]
pub struct TuneArgs {
    /// Labelled data; `-` reads stdin
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// What to tune: auto, linear (labels) or crf (entities)
    #[arg(long, value_name = "KIND", default_value = "auto")]
    pub model: ModelChoice,
    /// Trainings at most; a candidate takes two a fold
    #[arg(long, value_name = "N", default_value_t = 120)]
    pub budget: u64,
    /// End the search after so long, such as 30s or 5m; what it finds then depends on the machine, and is marked so
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub deadline: Option<Duration>,
    /// A setting to begin from, such as min_df=1; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// What the learner is given.
    #[command(flatten)]
    pub resources: ResourceArgs,
    /// Take all of DATA, even where it names a test split itself
    #[arg(long)]
    pub ignore_splits: bool,
    /// How the file is read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Write what was tried as JSON; `-` prints it and nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub json: Option<PathBuf>,
    /// Print no talk and no progress
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// How the work is done.
    #[command(flatten)]
    pub work: WorkArgs,
}

/// `trueup calibrate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trueup calibrate models/tickets held-out.csv -o models/tickets-2                      the method that proves best
  trueup calibrate models/mails new.csv -o models/mails-2 --thresholds tuned            thresholds of the best macro-F1
  trueup calibrate models/mails new.csv -o models/mails-2 --thresholds costs --cost fraud:miss=50,false-alarm=1
  trueup calibrate models/mails new.csv -o models/mails-2 --abstain right=0.95          doubtful answers are left to people

DATA must be labelled and not what the model has learned from. What is shown is cross-fitted over five folds of it.")]
pub struct CalibrateArgs {
    /// The folder of the model (program:FOLDER where it is a program), or a program that comes trained, as command:PROGRAM
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// Labelled data that the model has not learned from; `-` reads stdin
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// The folder to keep the model in, with what was found
    #[arg(short = 'o', long = "out", value_name = "MODEL")]
    pub out: PathBuf,
    /// What makes scores probabilities: own (what they are), temperature, platt, isotonic, or best of these
    #[arg(long, value_name = "METHOD", default_value = "best")]
    pub calibration: CalibrationChoice,
    /// From which probability on a label is answered: tuned (for macro-F1), costs (by --cost), or LABEL=NUMBER, several
    /// separated by commas
    #[arg(long, value_name = "RULE", default_value = "usual")]
    pub thresholds: ThresholdChoice,
    /// Leave answers of lower confidence than this to people; right=0.95 finds the confidence from which so many are right
    #[arg(long, value_name = "CONFIDENCE")]
    pub abstain: Option<AbstainChoice>,
    /// What mistakes about a label cost, such as fraud:miss=50,false-alarm=1; repeatable
    #[arg(long, value_name = "LABEL:miss=N,false-alarm=N")]
    pub cost: Vec<CostOption>,
    /// How the data is read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Write what was found as JSON; `-` prints it and nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub json: Option<PathBuf>,
    /// Print no talk and no progress
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// How programs are run.
    #[command(flatten)]
    pub program: ProgramArgs,
    /// How the work is done.
    #[command(flatten)]
    pub work: WorkArgs,
}

/// `trueup predict`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trueup predict models/tickets new.csv -o answers.csv             the columns of the file, and prediction and score
  trueup predict models/tickets new.jsonl -o answers.jsonl --scores  and the score of every label
  trueup predict models/entities new.conll -o answers.conll        the tags in a last column
  trueup predict models/tickets new.csv --to prodigy -o tasks.jsonl  for people to correct
  cat new.jsonl | trueup predict models/tickets - > answers.jsonl

A file of any size is answered in constant memory (CSV, TSV, JSONL).")]
pub struct PredictArgs {
    /// The folder of the model (program:FOLDER where it is a program), or a program as command:PROGRAM (docs/commands-as-models.md)
    #[arg(value_name = "MODEL", value_parser = answerer)]
    pub model: ModelChoice,
    /// The texts: any format that is read, labelled or not; `-` reads stdin
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// Where the answers go, beside what the data says; `-` is stdout
    #[arg(short = 'o', long = "out", value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
    /// The format of the answers [default: by the name of the file, else that of the data]
    #[arg(long, value_name = "FORMAT")]
    pub to: Option<Format>,
    /// Write the score of every label, not only that of the answer
    #[arg(long)]
    pub scores: bool,
    /// Leave answers of lower confidence to people: without a label, with their score [default: as the model was trained]
    #[arg(long, value_name = "CONFIDENCE", value_parser = confidence)]
    pub abstain: Option<f64>,
    /// How the data is read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Worker threads; the result is the same for any number [default: all cores]
    #[arg(long, value_name = "N", help_heading = "Work")]
    pub threads: Option<std::num::NonZeroUsize>,
    /// Print no talk
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// How programs are run.
    #[command(flatten)]
    pub program: ProgramArgs,
}
