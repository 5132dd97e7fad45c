//! What can go wrong with a program, with the end of what it said.

use trueup_core::words;
use trueup_data::DataError;

/// Why a program gave no answers.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// It is not named rightly.
    #[error("'{}': found {found}; valid: command:PROGRAM, such as command:python3 predict.py", words::printable(name))]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        found: &'static str,
    },
    /// The files for it cannot be written.
    #[error("cannot write the files for the program: {cause}")]
    Files {
        /// Why.
        cause: std::io::Error,
    },
    /// It cannot be started.
    #[error("{}: cannot start it: {cause}; valid: a program on the path, or its place", words::printable(command))]
    Start {
        /// The command.
        command: String,
        /// Why.
        cause: std::io::Error,
    },
    /// It ended with an error.
    #[error("{}: it ended with {status}{}", words::printable(command), tail(said))]
    Failed {
        /// The command.
        command: String,
        /// `exit code 1`, `signal 9`.
        status: String,
        /// The last lines of its standard error.
        said: Vec<String>,
    },
    /// It took too long, and was ended.
    #[error(
        "{}: it took longer than {seconds} s and was ended{}\nhint: --time-limit 1h allows it more",
        words::printable(command),
        tail(said)
    )]
    TimeLimit {
        /// The command.
        command: String,
        /// The limit.
        seconds: f64,
        /// The last lines of its standard error.
        said: Vec<String>,
    },
    /// It answered wrongly.
    #[error("{cause}{}", tail(said))]
    Answer {
        /// What is wrong, with the line of its output.
        cause: Box<DataError>,
        /// The last lines of its standard error.
        said: Vec<String>,
    },
}

/// The last lines of standard error, below the message.
fn tail(said: &[String]) -> String {
    if said.is_empty() {
        return "; it said nothing on standard error".to_owned();
    }
    let lines: Vec<String> = said.iter().map(|line| format!("\n  | {}", words::printable(line))).collect();
    format!("; on standard error it said last:{}", lines.concat())
}
