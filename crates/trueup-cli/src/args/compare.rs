//! What can be typed after `trueup compare` and `trueup gate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use trueup::options::{ContestantChoice, CorrectionChoice, CostOption};

use super::{OutputArgs, ProgramArgs, ReadArgs, WorkArgs};

/// `trueup compare`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trueup compare --gold test.csv --baseline old.csv --candidate new.csv       two files of predictions
  trueup compare --gold test.csv --baseline model-1 --candidate model-2 --latency   two kept models
  trueup compare --baseline old.csv --candidate new.csv                       gold and prediction in each file
  trueup compare --gold test.conll --baseline old.conll --candidate a.conll --candidate b.conll

`trueup gate` decides by a policy whether the candidate goes in.")]
pub struct CompareArgs {
    /// What is compared.
    #[command(flatten)]
    pub contest: ContestArgs,
    /// What stands now: a file of predictions, the folder of a model (program:FOLDER where it is a program), or command:PROGRAM
    #[arg(long, value_name = "MODEL")]
    pub baseline: ContestantChoice,
    /// How the files are read.
    #[command(flatten)]
    pub read: ReadArgs,
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

/// `trueup gate`.
#[derive(Debug, Args)]
#[command(
    override_usage = "trueup gate [OPTIONS] --gold <FILE> --baseline <MODEL> --candidate <MODEL>\n       trueup gate [OPTIONS] --gold <FILE> --first --candidate <MODEL>\n       trueup gate --plan --effect <NUMBER>"
)]
#[command(after_help = "Examples:
  trueup gate --gold test.csv --baseline old.csv --candidate new.csv
  trueup gate --gold test.csv --baseline model-1 --candidate model-2 --policy trueup.toml --markdown comment.md
  trueup gate --gold test.csv --first --candidate model-1       nothing stands yet
  trueup gate --plan --effect 0.02                              how large a test set must be

docs/gate.md describes policies. Exit codes: 0 promote, 1 reject, 3 undecided, 2 bad use or bad input.")]
pub struct GateArgs {
    /// What is compared.
    #[command(flatten)]
    pub contest: GateContestArgs,
    /// What stands now: a file of predictions, the folder of a model (program:FOLDER where it is a program), or command:PROGRAM
    #[arg(long, value_name = "MODEL", required_unless_present_any = ["first", "plan"])]
    pub baseline: Option<ContestantChoice>,
    /// Nothing stands yet: the policy's rule for a first model decides
    #[arg(long, conflicts_with = "baseline")]
    pub first: bool,
    /// What is demanded [default: [gate] of a trueup.toml beside the gold, else that it is better and no label falls far]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Say how many test examples it takes to find a difference, and compare nothing
    #[arg(long, requires = "effect", conflicts_with_all = ["baseline", "candidate", "gold", "first"])]
    pub plan: bool,
    /// The difference of the share of right answers that is to be found, such as 0.02
    #[arg(long, value_name = "NUMBER", requires = "plan", value_parser = share)]
    pub effect: Option<f64>,
    /// The share of examples on which one model is right and the other wrong, if it is known
    #[arg(long, value_name = "NUMBER", requires = "plan", value_parser = share)]
    pub discordance: Option<f64>,
    /// How the files are read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Where the result goes.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Write the demands as JUnit test cases
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub junit: Option<PathBuf>,
    /// How programs are run.
    #[command(flatten)]
    pub program: ProgramArgs,
    /// How the work is done.
    #[command(flatten)]
    pub work: WorkArgs,
}

/// A number between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|n: &f64| *n > 0.0 && *n < 1.0);
    number.ok_or_else(|| "it is a number between 0 and 1".to_owned())
}

/// The candidates of a comparison, which must be there.
#[derive(Debug, Args)]
pub struct ContestArgs {
    /// What wants in: as the baseline; repeatable, and the best of several is corrected for the choice
    #[arg(long, value_name = "MODEL", required = true)]
    pub candidate: Vec<ContestantChoice>,
    /// Everything else.
    #[command(flatten)]
    pub more: MoreArgs,
}

/// The candidates of a gate, which a plan does without.
#[derive(Debug, Args)]
pub struct GateContestArgs {
    /// What wants in: as the baseline; repeatable, and the best of several is corrected for the choice
    #[arg(long, value_name = "MODEL", required_unless_present = "plan")]
    pub candidate: Vec<ContestantChoice>,
    /// Everything else.
    #[command(flatten)]
    pub more: MoreArgs,
}

/// How models are compared.
#[derive(Debug, Args)]
pub struct MoreArgs {
    /// Gold of the test set; without it every file of predictions holds its own, and they must be the same
    #[arg(long, value_name = "FILE")]
    pub gold: Option<PathBuf>,
    /// Column (name, or number from 1) of the answers in files of predictions
    #[arg(long, value_name = "COLUMN")]
    pub predicted: Option<String>,
    /// What the candidate was trained on: test examples that stand in it do not count
    #[arg(long, value_name = "FILE")]
    pub train: Option<PathBuf>,
    /// Compare the examples that both hold where the test sets differ
    #[arg(long)]
    pub common: bool,
    /// Column of the examples' weights, beside the gold
    #[arg(long, value_name = "COLUMN", help_heading = "Comparing")]
    pub weights: Option<String>,
    /// The metric that decides, such as accuracy or f1_macro
    #[arg(long, value_name = "METRIC", help_heading = "Comparing")]
    pub metric: Option<String>,
    /// What mistakes about a label cost, such as fraud:miss=50,false-alarm=1; repeatable. The expected cost then decides
    #[arg(long, value_name = "LABEL:miss=N,false-alarm=N", help_heading = "Comparing")]
    pub cost: Vec<CostOption>,
    /// The positive label of two [default: the rarer]
    #[arg(long, value_name = "LABEL", help_heading = "Comparing")]
    pub positive: Option<String>,
    /// Compare the examples for which this SQL expression is true; repeatable
    #[arg(long, value_name = "EXPR", help_heading = "Comparing")]
    pub slice: Vec<String>,
    /// Compare the examples of each value of this column, or quarters of its numbers; repeatable
    #[arg(long, value_name = "COLUMN", help_heading = "Comparing")]
    pub slice_by: Vec<String>,
    /// How p-values are corrected for the number of labels and slices
    #[arg(long, value_name = "METHOD", value_enum, default_value = "holm", help_heading = "Comparing")]
    pub correction: CorrectionArg,
    /// Measure the time of single answers of kept models; the document is then not the same each time
    #[arg(long, help_heading = "Comparing")]
    pub latency: bool,
    /// What training the baseline cost: a run.json, or a document with a `run` [default: that beside a kept model]
    #[arg(long, value_name = "FILE", help_heading = "Comparing")]
    pub baseline_run: Option<PathBuf>,
    /// What training the candidate cost
    #[arg(long, value_name = "FILE", help_heading = "Comparing")]
    pub candidate_run: Option<PathBuf>,
    /// Run only the rules whose code begins so; repeatable, or separated by commas [default: those of comparisons]
    #[arg(long, value_name = "CODE", value_delimiter = ',', help_heading = "Comparing")]
    pub select: Vec<String>,
    /// Do not run the rules whose code begins so
    #[arg(long, value_name = "CODE", value_delimiter = ',', help_heading = "Comparing")]
    pub ignore: Vec<String>,
}

/// How p-values of several labels or slices are corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CorrectionArg {
    /// The chance of any false alarm
    Holm,
    /// The share of false alarms among the alarms
    BenjaminiHochberg,
}

impl From<CorrectionArg> for CorrectionChoice {
    fn from(arg: CorrectionArg) -> Self {
        match arg {
            CorrectionArg::Holm => Self::Holm,
            CorrectionArg::BenjaminiHochberg => Self::BenjaminiHochberg,
        }
    }
}
