//! The face of Trueup in the terminal: arguments are read and checked, one library call is made, the result is printed.
//!
//! Results go to stdout, talk goes to stderr. Exit codes: 0 fine; 1 it worked and the answer is no; 2 bad use or bad
//! input; 3 a gate that is undecided; 130 interrupted. A broken pipe ends quietly.

pub mod args;
mod commands;
mod exit;
mod machine;
mod output;
mod printer;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::exit::Outcome;

/// Runs the command and returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    exit::on_interrupt();
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => return exit::usage(&error),
    };
    exit::finish(dispatch(arguments))
}

fn dispatch(arguments: Arguments) -> anyhow::Result<Outcome> {
    match arguments.command {
        Command::Review(args) => commands::review::run(&args),
        Command::Eval(args) => commands::eval::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Gate(args) => commands::gate::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Predict(args) => commands::predict::run(&args),
        Command::Tune(args) => commands::tune::run(&args),
        Command::Calibrate(args) => commands::calibrate::run(&args),
        Command::Stats(args) => commands::stats::run(&args),
        Command::Agreement(args) => commands::agreement::run(&args),
        Command::Convert(args) => commands::convert::run(&args),
        Command::Split(args) => commands::split::run(&args),
        Command::Augment(args) => commands::augment::run(&args),
        Command::Demo(args) => commands::demo::run(&args),
        Command::Rules(args) => commands::rules::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Schema(args) => commands::schema::run(&args),
        Command::Completions(args) => commands::reference::completions(&args),
        Command::Man => commands::reference::man(),
        Command::DocsCli => commands::reference::markdown(),
    }
}
