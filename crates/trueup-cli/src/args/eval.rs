//! What can be typed after `trueup eval`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use trueup::core::measure::confusion::Normalise;
use trueup::core::spans::Way;
use trueup::options::CostOption;

use super::{ReadArgs, WorkArgs};

/// `trueup eval`.
#[derive(Debug, Args)]
#[command(
    override_usage = "trueup eval [OPTIONS] --gold <FILE> --predictions <FILE>\n       trueup eval [OPTIONS] <FILE>"
)]
#[command(after_help = "Examples:
  trueup eval --gold test.csv --predictions answers.csv     matched by id, else by row
  trueup eval answers.parquet                               one file with gold (label) and prediction in two columns
  trueup eval output.conll                                  gold and prediction in the last two columns
  trueup eval log.parquet --by lang --by \"date(sent)\"       the figures of each language and day
  trueup eval answers.csv --metrics f1_macro,log_loss --json -
  trueup eval answers.csv --weights weight --curves curves.csv --confusion confusion.csv
  trueup eval output.conll --match partial --train train.conll

`trueup review` judges the same figures, finds faults and says what to do next.")]
pub struct EvalArgs {
    /// One file with gold and prediction in two columns; of CoNLL the last two
    #[arg(value_name = "FILE", required_unless_present = "gold", conflicts_with_all = ["gold", "predictions"])]
    pub file: Option<PathBuf>,
    /// Gold of the examples that a model has answered
    #[arg(long, value_name = "FILE", requires = "predictions")]
    pub gold: Option<PathBuf>,
    /// The model's answers: matched by id, else by row
    #[arg(long, value_name = "FILE", requires = "gold")]
    pub predictions: Option<PathBuf>,
    /// Column (name, or number from 1) of the answers
    #[arg(long, value_name = "COLUMN")]
    pub predicted: Option<String>,
    /// Figures for each value of a column, each day of `date(COLUMN)`, or both sides of an SQL condition; repeatable
    #[arg(long, value_name = "COLUMN|EXPR", help_heading = "Measuring")]
    pub by: Vec<String>,
    /// Measure only these metrics, by name, or `all`; repeatable, or separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Measuring")]
    pub metrics: Vec<String>,
    /// Column of the examples' weights, beside the gold: what scikit-learn calls sample_weight
    #[arg(long, value_name = "COLUMN", help_heading = "Measuring")]
    pub weights: Option<String>,
    /// What makes a predicted span right
    #[arg(long = "match", value_name = "HOW", value_parser = way(), default_value = "strict", help_heading = "Measuring")]
    pub matching: Way,
    /// What the model was trained on: spans seen and unseen in it, and by how consistently it labels them
    #[arg(long, value_name = "FILE", help_heading = "Measuring")]
    pub train: Option<PathBuf>,
    /// Print the confusion matrix as shares: of each gold label (true), of each predicted label (pred), of all
    #[arg(long, value_name = "BY", value_enum, help_heading = "Measuring")]
    pub normalize: Option<NormalizeArg>,
    /// The figures of another tool too, and where it is wrong: seqeval, seqeval-strict, conlleval, spacy, nervaluate, sklearn
    #[arg(long = "as", value_name = "TOOL", help_heading = "Measuring")]
    pub compat: Option<String>,
    /// What mistakes about a label cost, such as fraud:miss=50,false-alarm=1; repeatable
    #[arg(long, value_name = "LABEL:miss=N,false-alarm=N", help_heading = "Measuring")]
    pub cost: Vec<CostOption>,
    /// The positive label of two [default: the rarer]
    #[arg(long, value_name = "LABEL", help_heading = "Measuring")]
    pub positive: Option<String>,
    /// Make no intervals
    #[arg(long, help_heading = "Measuring")]
    pub no_intervals: bool,
    /// How the files are read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// How the work is done.
    #[command(flatten)]
    pub work: WorkArgs,
    /// Write the figures as JSON; `-` prints them and nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub json: Option<PathBuf>,
    /// Write the confusion matrix as CSV: gold in rows, predictions in columns; shares with --normalize
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub confusion: Option<PathBuf>,
    /// Write ROC, precision-recall, DET, reliability and risk-coverage curves as JSON, or as CSV to a name in .csv
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub curves: Option<PathBuf>,
    /// Print no talk and no progress
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}

/// Reads the name of a way of matching; help lists each with its meaning.
fn way() -> impl TypedValueParser<Value = Way> {
    let shown = Way::ALL.map(|way| PossibleValue::new(way.name()).help(way.meaning()));
    PossibleValuesParser::new(shown).try_map(|name| Way::from_name(&name).ok_or("no such way"))
}

/// What the counts of a confusion matrix are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NormalizeArg {
    /// The sum of the row: shares of each gold label
    True,
    /// The sum of the column: shares of each predicted label
    Pred,
    /// The sum of all
    All,
}

impl From<NormalizeArg> for Normalise {
    fn from(by: NormalizeArg) -> Self {
        match by {
            NormalizeArg::True => Self::Gold,
            NormalizeArg::Pred => Self::Predicted,
            NormalizeArg::All => Self::All,
        }
    }
}
