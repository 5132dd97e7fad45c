//! The contract of the command: what it prints, writes and answers, run as people run it.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "../harness/mod.rs"]
mod harness;

mod agreement;
mod augment;
mod bad_data;
mod bad_options;
mod bad_output;
mod bad_predictions;
mod decisions;
mod demo;
mod determinism;
mod documents;
mod eval;
mod eval_labels;
mod eval_spans;
mod habits;
mod hostile;
mod interruption;
mod models;
mod programs;
mod random_files;
mod reading;
mod reference;
mod resources;
mod split;
mod sql;
mod verdicts;

use harness::CliTest;

/// Runs `review ARGS` that must be refused: exit code 2, nothing on stdout, no output and no temporary file. Returns
/// the message.
#[track_caller]
fn refused(test: &CliTest, args: &str) -> String {
    refused_words(test, &args.split_whitespace().collect::<Vec<_>>())
}

/// The same for arguments that hold spaces.
#[track_caller]
fn refused_words(test: &CliTest, args: &[&str]) -> String {
    let before = test.files();
    let outputs = ["--quiet", "--json", "out.json", "--markdown", "out.md"];
    let finished = test.run_words(&[&["review"], args, &outputs].concat()).ends_with(2);
    assert_eq!(finished.stdout, "");
    assert_eq!(test.files(), before, "files were left behind");
    finished.stderr
}
