//! What can go wrong, in words that say what was got, what is valid and what to try.

use trueup_core::measure::SelectionError;
use trueup_core::{DoorError, Task, words};
use trueup_data::DataError;
use trueup_model::ModelError;

use crate::external::ExternalError;

/// Why a stage could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Data(Box<DataError>),
    /// A program that is a model gave no answers.
    #[error(transparent)]
    External(Box<ExternalError>),
    /// An answer cannot be measured.
    #[error("{file}{place}: {cause}")]
    Answer {
        /// The file of predictions, or the model.
        file: String,
        /// `, the answer to example '17'`, or nothing.
        place: String,
        /// What is wrong.
        cause: DoorError,
    },
    /// A model could not be trained.
    #[error("{cause}\nhint: {hint}")]
    Model {
        /// What the learner said.
        cause: ModelError,
        /// What to try.
        hint: &'static str,
    },
    /// An option names something that there is not.
    #[error("{option}: '{found}' is not valid; {valid}")]
    Option {
        /// The option: `--cost`.
        option: &'static str,
        /// What was given.
        found: String,
        /// What is valid.
        valid: String,
    },
    /// A weight is none.
    #[error(
        "{file}: line {line}: found {found} in column '{column}' of weights; valid: a finite number of at least 0\nhint: --where leaves out the examples that have none"
    )]
    Weight {
        /// The file.
        file: String,
        /// 1-based line.
        line: u64,
        /// What stands there.
        found: String,
        /// The column.
        column: String,
    },
    /// An option does not fit the data.
    #[error("{option}: {why}\nhint: {hint}")]
    Unfit {
        /// The option: `--match`.
        option: &'static str,
        /// Why it does not.
        why: String,
        /// What to do instead.
        hint: String,
    },
    /// A metric cannot be measured.
    #[error("--metrics: {cause}\nhint: `--metrics all` measures every metric of the task; docs/metrics.md lists them")]
    Metric {
        /// Which, and what is near it.
        cause: SelectionError,
    },
    /// Two files do not pose the same task.
    #[error(
        "{first} is {first_task} data but {second} is {second_task} data\nhint: --from and --label say how to read them"
    )]
    Task {
        /// One file.
        first: String,
        /// Its task.
        first_task: Task,
        /// The other file.
        second: String,
        /// Its task.
        second_task: Task,
    },
    /// A file holds too little for what was asked.
    #[error("{file}: {found}; {needed}\nhint: {hint}")]
    TooLittle {
        /// The file.
        file: String,
        /// What is there.
        found: String,
        /// What is needed.
        needed: String,
        /// What to try.
        hint: String,
    },
    /// A folder that holds no model.
    #[error(
        "{folder}: found no model there; valid: a folder with a config.json, as `trueup train DATA -o {folder}` writes it"
    )]
    NoModel {
        /// The folder.
        folder: String,
    },
    /// A kept model that cannot be opened.
    #[error("{folder}: {cause}\nhint: train it again, or take the folder from where it came")]
    Kept {
        /// The folder.
        folder: String,
        /// What is wrong.
        cause: String,
    },
    /// A kept model that is a program, and nobody said that it may run.
    #[error(
        "{folder}: this model runs the program '{command}', and a folder may come from anywhere\nhint: where you trust it, name it program:{folder}"
    )]
    Runs {
        /// The folder.
        folder: String,
        /// `command:python3 predict.py`.
        command: String,
    },
    /// Two models were not asked the same.
    #[error("{baseline} and {candidate} are over different test sets: {differs}\nhint: {hint}")]
    TestSets {
        /// The baseline's file.
        baseline: String,
        /// The candidate's.
        candidate: String,
        /// What differs.
        differs: String,
        /// What to do instead.
        hint: String,
    },
    /// The page was not built into this binary.
    #[error(
        "--html: this binary was built without the page\nhint: install Node.js 20 or later and build with `cargo xtask build`"
    )]
    NoPage,
}

/// Which columns a file has beside the text, as messages say it.
pub fn columns_of(file: &str, columns: &[String]) -> String {
    let file = words::printable(file);
    match columns {
        [] => format!("{file} has no columns beside text and label"),
        _ => format!("the columns of {file} are {}", words::printable(&words::list(columns, 50))),
    }
}

impl From<DataError> for Error {
    fn from(cause: DataError) -> Self {
        // The largest of the causes: kept small where nothing fails.
        Self::Data(Box::new(cause))
    }
}

impl From<ExternalError> for Error {
    fn from(cause: ExternalError) -> Self {
        Self::External(Box::new(cause))
    }
}

impl From<ModelError> for Error {
    fn from(cause: ModelError) -> Self {
        let hint = match cause {
            ModelError::Labels { .. } | ModelError::ManyLabels { .. } => {
                "is the right column the label? --label NAME says which"
            }
            ModelError::Damaged { .. } => "train the model again, or take it from where it was whole",
            ModelError::NoSpans { .. } => "is the tag column the last one? --scheme says how tags are read",
            ModelError::NoFeatures { .. } => "is the right column the text? --text NAME says which",
        };
        Self::Model { cause, hint }
    }
}
