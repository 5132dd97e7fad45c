//! What can be typed after the commands that look at data: `stats`, `agreement`, `convert` and `split`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use trueup::agreement::Method;
use trueup::core::agreement::Level;
use trueup::data::Format;
use trueup::options::SplitBy;

use super::ReadArgs;

/// `trueup stats`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trueup stats tickets.csv
  trueup stats export.json --json -      the same as data
  trueup stats corpus/                   a folder: brat, an Azure project, a save_to_disk folder, texts by label, ...")]
pub struct StatsArgs {
    /// Any annotated data; a file, a folder, or `-` for stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How the file is read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Write the figures as JSON; `-` prints them and nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub json: Option<PathBuf>,
}

/// `trueup agreement`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trueup agreement answers.csv                          one answer a row: item, annotator, label
  trueup agreement export.json                          Label Studio, Prodigy, doccano, ... with several people
  trueup agreement answers.csv --consensus mace         whom to trust, by another model
  trueup agreement answers.csv -o consensus.jsonl       the data with the likeliest answers as gold
  trueup agreement ratings.csv --level ordinal          numbers that are ranks

Only accepted answers count, of each person the last to an item. docs/agreement.md explains the figures.")]
pub struct AgreementArgs {
    /// Data with answers of several people; a file, a folder, or `-` for stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What labels are [default: nominal; interval where all are numbers, six or more different ones]
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub level: Option<LevelArg>,
    /// How the likeliest answer is found [default: dawid-skene; majority of little data; the median of ratings]
    #[arg(long, value_name = "METHOD", value_enum)]
    pub consensus: Option<ConsensusArg>,
    /// Seed of resampling and of MACE's starts
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
    /// How the file is read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Write the data with the consensus as gold
    #[arg(short = 'o', long = "out", value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// The format of that file [default: by its name]
    #[arg(long, value_name = "FORMAT", requires = "out", help_heading = "Output")]
    pub to: Option<Format>,
    /// Write the figures as JSON; `-` prints them and nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub json: Option<PathBuf>,
    /// Print nothing but what --json asks for
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}

/// What labels are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LevelArg {
    /// Names
    Nominal,
    /// Ranks
    Ordinal,
    /// Numbers whose differences count
    Interval,
}

impl From<LevelArg> for Level {
    fn from(arg: LevelArg) -> Self {
        match arg {
            LevelArg::Nominal => Self::Nominal,
            LevelArg::Ordinal => Self::Ordinal,
            LevelArg::Interval => Self::Interval,
        }
    }
}

/// How the likeliest answer is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConsensusArg {
    /// The answer given most often; ties stay open
    Majority,
    /// A confusion matrix an annotator (Dawid and Skene 1979)
    DawidSkene,
    /// One accuracy an annotator
    OneCoin,
    /// Annotators know or spam (Hovy et al. 2013)
    Mace,
}

impl From<ConsensusArg> for Method {
    fn from(arg: ConsensusArg) -> Self {
        match arg {
            ConsensusArg::Majority => Self::Majority,
            ConsensusArg::DawidSkene => Self::DawidSkene,
            ConsensusArg::OneCoin => Self::OneCoin,
            ConsensusArg::Mace => Self::Mace,
        }
    }
}

/// `trueup convert`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trueup convert export.json train.conll              Label Studio to CoNLL
  trueup convert train.csv - --to jsonl               to stdout
  trueup convert corpus/ train.spacy --strict         brat to spaCy; refused if anything would be lost

What the target cannot hold is reported on stderr, by kind, with the places; --strict refuses it.")]
pub struct ConvertArgs {
    /// Any annotated data; a file, a folder, or `-` for stdin
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// Where to write; a folder for formats of several files; `-` is stdout
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// The format to write [default: by the ending of OUT]
    #[arg(long, value_name = "FORMAT")]
    pub to: Option<Format>,
    /// How the input is read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Write the loss report as JSON; `-` prints it
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Print no talk
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}

/// `trueup split`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trueup split tickets.csv -o parts                              four fifths to learn from, one to test
  trueup split tickets.csv -o parts --valid 0.1 --group customer customers stay whole
  trueup split tickets.csv -o parts --by hash                    adding rows later moves none
  trueup split tickets.csv -o parts --by time --time sent        the newest are tested
  trueup split data.json -o parts --by column                    the splits that the file names
  trueup split tickets.csv -o parts --folds 5                    only folds.csv: id, fold

With --by stratified every label is spread evenly, and near-duplicates and groups stay in one part.")]
pub struct SplitArgs {
    /// Any annotated data; a file, a folder, or `-` for stdin
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// The folder that the parts are written into
    #[arg(short = 'o', long = "out", value_name = "DIR")]
    pub out: PathBuf,
    /// What decides which part an example goes to
    #[arg(long, value_name = "WAY", default_value = "stratified", value_enum)]
    pub by: SplitByArg,
    /// Share of the test set [default: 0.2]
    #[arg(long, value_name = "SHARE")]
    pub test: Option<f64>,
    /// Share of the validation set [default: 0, no such part]
    #[arg(long, value_name = "SHARE")]
    pub valid: Option<f64>,
    /// Write only which of so many folds each example is in
    #[arg(long, value_name = "K", conflicts_with_all = ["test", "valid", "to"])]
    pub folds: Option<usize>,
    /// Seed of what is drawn
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
    /// Let near-duplicates stand in two parts
    #[arg(long)]
    pub ignore_twins: bool,
    /// The format of the parts [default: that of DATA]
    #[arg(long, value_name = "FORMAT")]
    pub to: Option<Format>,
    /// How the data is read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Write what came of it as JSON; `-` prints it and nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub json: Option<PathBuf>,
    /// Print no talk
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}

/// What decides which part an example goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SplitByArg {
    /// Every label spread evenly; near-duplicates and groups stay together
    Stratified,
    /// The hash of its text, or group: adding examples moves none
    Hash,
    /// The hash of its id
    Id,
    /// Its time: the newest are tested
    Time,
    /// The split that the file names
    Column,
}

impl From<SplitByArg> for SplitBy {
    fn from(arg: SplitByArg) -> Self {
        match arg {
            SplitByArg::Stratified => Self::Stratified,
            SplitByArg::Hash => Self::Hash,
            SplitByArg::Id => Self::Id,
            SplitByArg::Time => Self::Time,
            SplitByArg::Column => Self::Column,
        }
    }
}
