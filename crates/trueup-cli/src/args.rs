//! What can be typed. The help texts here are the source of the CLI reference.

mod augment;
mod compare;
mod data;
mod eval;
mod learn;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use trueup::core::Task;
use trueup::core::document::Severity;
use trueup::core::scheme::Scheme;
use trueup::data::Format;
use trueup::flow::Document;
use trueup::options::{CostOption, ModelChoice, Target};

pub use augment::AugmentArgs;
pub use compare::{CompareArgs, CorrectionArg, GateArgs, MoreArgs};
pub use data::{AgreementArgs, ConsensusArg, ConvertArgs, LevelArg, SplitArgs, SplitByArg, StatsArgs};
pub use eval::EvalArgs;
pub use learn::{CLUSTERS, CalibrateArgs, LearnArgs, PredictArgs, ProgramArgs, ResourceArgs, TrainArgs, TuneArgs};

/// Review and improve text classification and entity recognition models: measure, find faults, say what to do next.
#[derive(Debug, Parser)]
#[command(name = "trueup", version, arg_required_else_help = true, propagate_version = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Review a model: train a baseline on labelled data, or take predictions, and judge them
    Review(Box<ReviewArgs>),
    /// Measure a model's answers: every metric with its interval, nothing judged
    Eval(Box<EvalArgs>),
    /// Compare models on the same test set: what moved, and whether that is more than chance
    Compare(Box<CompareArgs>),
    /// Decide by a policy whether a candidate replaces the baseline: promote, reject, or undecided
    Gate(Box<GateArgs>),
    /// Train a model, measure it, and keep it in a folder with its card
    Train(Box<TrainArgs>),
    /// Answer a file of any size with a model
    Predict(Box<PredictArgs>),
    /// Search the settings of a learner on folds, and say what they are worth
    Tune(Box<TuneArgs>),
    /// Make the scores of a kept model honest, set thresholds, leave doubtful answers to people
    Calibrate(Box<CalibrateArgs>),
    /// Say what is in a file: sizes, labels, lengths, languages, duplicates, annotators, what is odd
    Stats(Box<StatsArgs>),
    /// Say how far annotators agree, on what, who is how good, and what the likeliest answers are
    Agreement(Box<AgreementArgs>),
    /// Convert between annotation formats, and say what could not be held
    Convert(Box<ConvertArgs>),
    /// Split data into train, valid and test, or into folds, keeping together what belongs together
    Split(Box<SplitArgs>),
    /// Make new training examples of those there are: typos, case, other names, templates
    Augment(Box<AugmentArgs>),
    /// Write two small data sets with known faults, review them, and say what to try next
    Demo(DemoArgs),
    /// List the rules
    Rules(RulesArgs),
    /// Print the page of a rule
    Explain(ExplainArgs),
    /// Print the JSON schema of a document
    Schema(SchemaArgs),
    /// Print the completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
    /// Print the reference of all commands in Markdown
    #[command(hide = true)]
    DocsCli,
}

/// `trueup review`.
#[derive(Debug, Args)]
#[command(
    override_usage = "trueup review [OPTIONS] <DATA>\n       trueup review [OPTIONS] --gold <FILE> --predictions <FILE>"
)]
#[command(after_help = "Examples:
  trueup review tickets.csv                         five folds of one labelled file
  trueup review train.csv --test test.csv -o out    a given test set; page, Markdown and JSON into out/
  trueup review train.conll --test test.conll       entities
  trueup review --gold test.csv --predictions p.csv any model, from its predictions

Exit codes: 0 fine, 1 --fail-on found something, 2 bad use or bad input, 130 interrupted.")]
pub struct ReviewArgs {
    /// Labelled data: CSV, TSV, JSONL, `LABEL text` lines or CoNLL, also .gz and .zst; `-` reads stdin
    #[arg(value_name = "DATA", required_unless_present = "gold")]
    pub data: Option<PathBuf>,
    /// Test set; without it the test split that DATA names is taken, else five folds of DATA are evaluated
    #[arg(long, value_name = "FILE", conflicts_with = "gold")]
    pub test: Option<PathBuf>,
    /// Validation set for early stopping and calibration; without it a tenth of DATA serves
    #[arg(long, value_name = "FILE", conflicts_with = "gold")]
    pub valid: Option<PathBuf>,
    /// Evaluate all of DATA in folds even where it names a test split itself
    #[arg(long, conflicts_with = "gold")]
    pub ignore_splits: bool,
    /// The model to train: auto, linear (labels) or crf (entities); the folder of one that `trueup train` kept; or a program in
    /// any language, as command:PROGRAM (docs/commands-as-models.md)
    #[arg(long, value_name = "MODEL", default_value = "auto")]
    pub model: ModelChoice,
    /// The command that trains the program of --model: it gets a training file, a validation file and a folder for its model
    #[arg(long, value_name = "COMMAND", conflicts_with = "gold")]
    pub train_command: Option<String>,
    /// Gold of the examples that a model has answered
    #[arg(long, value_name = "FILE", requires = "predictions", conflicts_with = "data")]
    pub gold: Option<PathBuf>,
    /// The model's answers: matched by id, else by row
    #[arg(long, value_name = "FILE", requires = "gold")]
    pub predictions: Option<PathBuf>,
    /// Column (name, or number from 1) of the answers in the predictions file
    #[arg(long, value_name = "COLUMN", requires = "predictions")]
    pub predicted: Option<String>,
    /// What the model was trained on, to look for leaks
    #[arg(long, value_name = "FILE", requires = "gold")]
    pub train: Option<PathBuf>,
    /// What a model that is trained learns with.
    #[command(flatten)]
    pub learn: LearnArgs,
    /// How the files are read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// How the model is judged.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Where the result goes.
    #[command(flatten)]
    pub output: OutputArgs,
    /// How programs are run.
    #[command(flatten)]
    pub program: ProgramArgs,
    /// How the work is done.
    #[command(flatten)]
    pub work: WorkArgs,
}

/// How files are read; what is not said is decided from the content and stated.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub struct ReadArgs {
    /// Format, such as csv, jsonl, conll, label-studio, parquet [default: by content; docs/formats.md lists all]
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<Format>,
    /// Column (name, or number from 1) of the text
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    /// Column of the label
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// Column of the id
    #[arg(long, value_name = "COLUMN")]
    pub id: Option<String>,
    /// Column of the source, author or thread: its examples stay on one side and count as one unit
    #[arg(long, value_name = "COLUMN")]
    pub group: Option<String>,
    /// Column of the time
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,
    /// Column of the split
    #[arg(long, value_name = "COLUMN")]
    pub split: Option<String>,
    /// Column of the annotator, in a table of one answer a row
    #[arg(long, value_name = "COLUMN")]
    pub annotator: Option<String>,
    /// Names of numeric labels: a file of one name a line, or of ids and names
    #[arg(long, value_name = "FILE")]
    pub label_names: Option<PathBuf>,
    /// What separates several labels of one example [default: |]
    #[arg(long, value_name = "TEXT")]
    pub label_separator: Option<String>,
    /// Keep so many levels of labels such as COARSE:fine
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub label_level: Option<usize>,
    /// Tag scheme of CoNLL data: IOB1, IOB2, IOE1, IOE2, IOBES, BILOU
    #[arg(long, value_name = "SCHEME")]
    pub scheme: Option<Scheme>,
    /// Make every record that would be left out an error
    #[arg(long)]
    pub strict: bool,
    /// The kind of task, when the content leaves it open
    #[arg(long, value_name = "TASK", value_enum)]
    pub task: Option<TaskArg>,
    /// Read only the examples for which this SQL expression is true, such as "source = 'mail' AND length > 20"
    #[arg(long = "where", value_name = "EXPR")]
    pub filter: Option<String>,
}

/// A whole number from 1.
fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| "it is a whole number from 1".to_owned())
}

/// How the model is judged.
#[derive(Debug, Args)]
#[command(next_help_heading = "Judging")]
pub struct JudgeArgs {
    /// The metric that decides, such as accuracy or f1_macro
    #[arg(long, value_name = "METRIC")]
    pub metric: Option<String>,
    /// What it must reach, such as f1_macro=0.85
    #[arg(long, value_name = "METRIC=NUMBER")]
    pub target: Option<Target>,
    /// What mistakes about a label cost, such as fraud:miss=50,false-alarm=1; repeatable. The expected cost then decides
    #[arg(long, value_name = "LABEL:miss=N,false-alarm=N")]
    pub cost: Vec<CostOption>,
    /// The positive label of two [default: the rarer]
    #[arg(long, value_name = "LABEL")]
    pub positive: Option<String>,
    /// Measure the examples for which this SQL expression is true, such as "length > 400 AND score < 0.6"; repeatable
    #[arg(long, value_name = "EXPR")]
    pub slice: Vec<String>,
    /// Measure the examples of each value of this column, or quarters of its numbers; repeatable
    #[arg(long, value_name = "COLUMN")]
    pub slice_by: Vec<String>,
    /// Run only the rules whose code begins so; repeatable, or separated by commas
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Do not run the rules whose code begins so
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Exit with 1 when there is a finding as bad as this
    #[arg(long, value_name = "SEVERITY", value_enum)]
    pub fail_on: Option<FailOn>,
}

/// Where the result goes; with none of these it is printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write the page, Markdown and JSON into this folder
    #[arg(short = 'o', long = "out", value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write the JSON document; `-` prints it and nothing else
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the page: one file that works offline
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write Markdown; `-` prints it and nothing else
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Keep the texts out of what is written
    #[arg(long)]
    pub no_text: bool,
    /// Print no talk and no progress
    #[arg(short, long)]
    pub quiet: bool,
}

/// How the work is done.
#[derive(Debug, Args)]
#[command(next_help_heading = "Work")]
pub struct WorkArgs {
    /// Seed of folds, training and resampling
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
    /// Worker threads; the result is the same for any number [default: all cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<std::num::NonZeroUsize>,
}

/// `trueup schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// The document
    #[arg(value_name = "DOCUMENT", default_value = "review", value_enum)]
    pub document: DocumentArg,
}

/// The documents that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DocumentArg {
    /// What `trueup review` writes
    Review,
    /// What `trueup stats` writes
    Stats,
    /// What `trueup agreement` writes
    Agreement,
    /// What `trueup augment` writes
    Augment,
    /// What `trueup eval` writes
    Eval,
    /// What `trueup eval --curves` writes
    Curves,
    /// The `config.json` of a model that `trueup train` writes
    Model,
    /// What `trueup tune` writes
    Tune,
    /// What `trueup gate` reads: a policy
    Policy,
}

impl From<DocumentArg> for Document {
    fn from(arg: DocumentArg) -> Self {
        match arg {
            DocumentArg::Review => Self::Review,
            DocumentArg::Stats => Self::Stats,
            DocumentArg::Agreement => Self::Agreement,
            DocumentArg::Augment => Self::Augment,
            DocumentArg::Eval => Self::Eval,
            DocumentArg::Curves => Self::Curves,
            DocumentArg::Model => Self::Model,
            DocumentArg::Tune => Self::Tune,
            DocumentArg::Policy => Self::Policy,
        }
    }
}

/// `trueup demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where to write; made if it is not there
    #[arg(value_name = "DIR", default_value = "trueup-demo")]
    pub dir: PathBuf,
    /// How the work is done.
    #[command(flatten)]
    pub work: WorkArgs,
    /// Print no talk and no progress
    #[arg(short, long)]
    pub quiet: bool,
}

/// `trueup rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Print every rule's page in Markdown
    #[arg(long)]
    pub markdown: bool,
}

/// `trueup explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The rule, such as E402
    #[arg(value_name = "CODE")]
    pub code: String,
}

/// `trueup completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// The kinds of task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TaskArg {
    /// One label an example
    Classification,
    /// Any number of labels an example
    Multilabel,
    /// Entities
    Ner,
}

impl From<TaskArg> for Task {
    fn from(arg: TaskArg) -> Self {
        match arg {
            TaskArg::Classification => Self::Classification,
            TaskArg::Multilabel => Self::Multilabel,
            TaskArg::Ner => Self::Ner,
        }
    }
}

/// From which severity a review fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors and warnings
    Warning,
    /// Errors only
    Error,
}

impl From<FailOn> for Severity {
    fn from(arg: FailOn) -> Self {
        match arg {
            FailOn::Warning => Self::Warning,
            FailOn::Error => Self::Error,
        }
    }
}
