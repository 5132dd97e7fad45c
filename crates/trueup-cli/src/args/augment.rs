//! What can be typed behind `trueup augment`.

use std::path::PathBuf;

use clap::Args;
use trueup::augment::LabelTarget;
use trueup::data::Format;

use super::{ReadArgs, WorkArgs, at_least_one};

/// `trueup augment`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trueup augment train.csv -o more.csv --test test.csv          one new example of each, none a twin of a test example
  trueup augment train.csv -o more.csv --methods typo,case      some methods only
  trueup augment train.csv -o more.csv --target fraud=50        bring a rare label to 50 examples
  trueup augment train.conll -o more.conll --methods mention    other names in the same sentences
  trueup augment train.csv -o more.csv --templates slots.tsv    sentences with slots
  trueup augment train.csv -o more.csv --measure                what it gains, by folds

Methods: case-lower, case-upper, case-title, case-letter, punctuation-question, punctuation-period, punctuation-comma,
typo-neighbour, typo-swap, typo-omit, typo-double, contraction-expand, contraction-contract, dropout, mention, template.
A family such as typo stands for all of its own. docs/augment.md explains them.")]
pub struct AugmentArgs {
    /// Labelled data to learn from; a file, a folder, or `-` for stdin
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// Where to write the data with its new examples
    #[arg(short = 'o', long = "out", value_name = "OUT")]
    pub out: PathBuf,
    /// How new examples are made; several separated by commas [default: all that suit the data]
    #[arg(long, value_name = "METHOD", value_delimiter = ',')]
    pub methods: Vec<String>,
    /// New examples of each example, of a template 20 times as many [default: 1]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub per_example: Option<usize>,
    /// Make the data so many times as large
    #[arg(long, value_name = "X", conflicts_with = "target")]
    pub factor: Option<f64>,
    /// Only of examples that hold this label, or a span of this type; repeatable
    #[arg(long, value_name = "LABEL")]
    pub only: Vec<String>,
    /// Bring this label to so many examples, such as fraud=50; repeatable
    #[arg(long, value_name = "LABEL=N")]
    pub target: Vec<LabelTarget>,
    /// The share of words that typos, random letters and dropout touch
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    pub share: f64,
    /// Sentences with slots, and lists that fill them: `LABEL`, a tab, `I want to {verb} my {thing}`
    #[arg(long, value_name = "FILE")]
    pub templates: Option<PathBuf>,
    /// The test set: no new example is a duplicate or near-duplicate of one of its
    #[arg(long, value_name = "FILE")]
    pub test: Option<PathBuf>,
    /// Measure by five folds what the new examples gain
    #[arg(long)]
    pub measure: bool,
    /// How the data is read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// The format to write [default: that of DATA]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub to: Option<Format>,
    /// Write the new examples alone
    #[arg(long, help_heading = "Output")]
    pub new_only: bool,
    /// Write what came of it as JSON; `-` prints it and nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub json: Option<PathBuf>,
    /// Print no talk and no progress
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// How the work is done.
    #[command(flatten)]
    pub work: WorkArgs,
}
