//! What can be typed after `trueup train` and `trueup predict`.

use std::path::PathBuf;

use clap::Args;
use trueup::data::Format;
use trueup::options::ModelChoice;

use super::{JudgeArgs, ReadArgs, WorkArgs};

/// `trueup train`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trueup train tickets.csv -o models/tickets                     measured in five folds, trained on all of it
  trueup train train.csv --test test.csv -o models/tickets       measured on a test set
  trueup train train.conll --valid dev.conll -o models/entities  entities
  trueup train big.parquet -o models/big --no-review             trained and kept, not measured

The folder holds the model (config.json, model.safetensors), how it was trained (training.json) and its card (README.md).
`trueup predict` answers files with it; `trueup review DATA --model FOLDER` reviews it.")]
pub struct TrainArgs {
    /// Labelled data: CSV, TSV, JSONL, CoNLL, Label Studio, Parquet and others; `-` reads stdin
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// The folder to keep the model in
    #[arg(short = 'o', long = "out", value_name = "MODEL")]
    pub out: PathBuf,
    /// What to train: auto, linear (labels) or crf (entities)
    #[arg(long, value_name = "KIND", default_value = "auto")]
    pub model: ModelChoice,
    /// A setting of the learner, such as l2=0.1; repeatable. `trueup tune` finds good ones
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Test set that the model is measured on; without it the test split that DATA names is taken, else five folds of DATA
    #[arg(long, value_name = "FILE")]
    pub test: Option<PathBuf>,
    /// Validation set for early stopping and calibration; without it a tenth of DATA serves
    #[arg(long, value_name = "FILE")]
    pub valid: Option<PathBuf>,
    /// Take all of DATA to learn from, even where it names a test split itself
    #[arg(long)]
    pub ignore_splits: bool,
    /// Do not measure the model, only train and keep it
    #[arg(long, conflicts_with = "test")]
    pub no_review: bool,
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
    /// How the work is done.
    #[command(flatten)]
    pub work: WorkArgs,
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
    /// The folder of the model
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
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
    /// How the data is read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Worker threads; the result is the same for any number [default: all cores]
    #[arg(long, value_name = "N", help_heading = "Work")]
    pub threads: Option<std::num::NonZeroUsize>,
    /// Print no talk
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}
