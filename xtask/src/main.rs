//! The chores of this workspace: `cargo xtask CHORE`.
//!
//! One file a chore. A chore says what it runs, stops with what to do next, and needs nothing but cargo; Node and
//! Python are used where they are there.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "chores talk to the person who runs them")]

mod bench;
mod build;
mod demo;
mod depcheck;
mod fuzz;
mod generate;
mod oracles;
mod page;
mod process;
mod sources;
mod steps;
mod tally;
mod test;
mod tools;
mod validate;
mod venv;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask CHORE

  build [--release]   the page and the binary; prints the binary's path last
  demo                build, then `trueup demo target/demo`
  test [--full]       every test of every kind, then generated files, format and lint; --full runs the slow ones too,
                      asks all other tools, and writes docs/oracles.md
  validate            all that a change must pass, cheapest check first, stopping at the first failure
  generate [--check]  the JSON schema, the rule pages and the CLI reference; --check only compares
  oracles [--full | --record]
                      the tests against other tools alone; --record writes the few figures that are committed
  fuzz [FORMAT] [--minutes N]
                      breaks files of every format, or of one, N minutes each (1 by default)
  depcheck            crates and stages depend downward only
  bench [NAME] [--date YYYY-MM-DD]
                      times the release binary on the real data and writes docs/benchmarks.md
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["build"] => build::chore(false),
        ["build", "--release"] => build::chore(true),
        ["demo"] => demo::chore(),
        ["test"] => test::chore(&test::Choice { slow: false, checks: true }),
        ["test", "--full"] => test::chore(&test::Choice { slow: true, checks: true }),
        ["validate"] => validate::chore(),
        ["generate"] => generate::chore(generate::Mode::Write),
        ["generate", "--check"] => generate::chore(generate::Mode::Check),
        ["oracles"] => oracles::chore(false),
        ["oracles", "--full"] => oracles::chore(true),
        ["oracles", "--record"] => oracles::record(),
        ["depcheck"] => depcheck::chore(),
        ["fuzz", rest @ ..] => fuzz::chore(rest),
        ["bench", rest @ ..] => bench::chore(rest),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => bail!("no chore is called `{}`\n\n{USAGE}", arguments.join(" ")),
    }
}
