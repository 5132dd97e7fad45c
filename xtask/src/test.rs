//! `test`: every test of every kind, after installing what they lack; ends with the count.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps::{Outcome, Steps};
use crate::tally::{self, Runner, Tally};
use crate::{build, generate, oracles, page, process, tools, workspace};

/// Which of the tests and checks to run.
pub struct Choice {
    /// Tests marked `#[ignore]` too: the slow ones.
    pub slow: bool,
    /// Generated files, format and lint as well.
    pub checks: bool,
}

/// Browsers that the page's end-to-end tests can drive, as they are named on `PATH`.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Runs the tests of `choice` and closes with `trueup: N passed, N failed`.
pub fn chore(choice: &Choice) -> Result<()> {
    let mut steps = Steps::new(false, workspace::is_ci());
    let mut tally = Tally::default();
    let data = workspace::data();
    match &data {
        Some(dir) => eprintln!("real data: {}", dir.display()),
        None => eprintln!("real data: none (set TRUEUP_DATA); tests that need it will say that they are skipped"),
    }

    oracles::forget()?;
    steps.run("oracle figures", "look at the Python error above", || oracles::make(choice.slow))?;
    steps.run("real tools", "look at the Python error above", || Ok(tools::install()))?;
    steps.run("page", "mend the page's build in ui/", page::build)?;
    let mut binary = None;
    steps.run("compile", "mend the compile error above", || {
        binary = Some(build::everything()?);
        Ok(Outcome::Passed)
    })?;
    let Some(binary) = binary else {
        println!("{}", steps.table());
        bail!("nothing was tested: the workspace does not compile");
    };
    steps.run("rust tests", "run one test alone with `cargo nextest run -p CRATE NAME`", || {
        rust_tests(choice.slow, &mut tally)
    })?;
    if choice.slow && tally.failed == 0 {
        steps.run("page of oracles", "see which figures were not compared", oracles::publish)?;
    }
    steps.run("doc tests", "run `cargo test --doc -p CRATE`", || {
        tests(
            &mut with_data(workspace::cargo(&["test", "--quiet", "--doc", "--workspace"])),
            Runner::CargoTest,
            &mut tally,
        )
    })?;
    steps.run("page tests", "run `npm test` in ui/", || in_page(&["test"], &mut tally))?;
    steps.run("page types", "run `npm run check` in ui/", || in_page(&["run", "check"], &mut Tally::default()))?;
    steps.run("end to end", "run `npm run e2e` in ui/", || end_to_end(&binary, &mut tally))?;
    if choice.checks {
        steps.run("generated files", "run `cargo xtask generate` and commit", || {
            generate::from(&binary, generate::Mode::Check).map(|()| Outcome::Passed)
        })?;
        steps.run("format", "run `cargo fmt`", format)?;
        steps.run("lint", "run `cargo clippy --workspace --all-targets`", lint)?;
    }

    println!("{}", steps.table());
    if tally.without_data > 0 {
        println!("{} skipped: no data", tally.without_data);
    }
    let failures = steps.failures();
    println!("trueup: {} passed, {} failed", tally.passed, tally.failed);
    if !failures.is_empty() {
        bail!("failed: {}", failures.join(", "));
    }
    Ok(())
}

/// `cargo fmt --check`.
pub fn format() -> Result<Outcome> {
    process::run(&mut workspace::cargo(&["fmt", "--all", "--check", "--", "-l"]))?;
    Ok(Outcome::Passed)
}

/// Clippy on everything, warnings refused; then the libraries alone, with the bans of their `clippy.toml`: their tests
/// may read files and the environment, they may not.
pub fn lint() -> Result<Outcome> {
    let common = ["clippy", "--workspace", "--quiet"];
    let all = ["--all-targets", "--", "-D", "warnings"];
    let libraries = ["--lib", "--", "-D", "warnings", "-D", "clippy::disallowed_methods"];
    process::run(&mut workspace::cargo(&[common.as_slice(), &all].concat()))?;
    process::run(&mut workspace::cargo(&[common.as_slice(), &libraries].concat()))?;
    Ok(Outcome::Passed)
}

/// nextest where it is installed (each test its own process, with a time limit), else `cargo test`.
fn rust_tests(slow: bool, tally: &mut Tally) -> Result<Outcome> {
    if workspace::find("cargo-nextest").is_none() {
        let mut command = workspace::cargo(&["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"]);
        // Tests without data say so, but a passing test is heard only when asked.
        command.args(["--", "--show-output"]);
        if slow {
            command.arg("--include-ignored");
        }
        return tests(&mut with_data(command), Runner::CargoTest, tally);
    }
    let mut command = workspace::cargo(&["nextest", "run", "--workspace", "--no-fail-fast"]);
    if slow {
        command.args(["--run-ignored", "all"]);
    }
    // What passing tests say is not shown but kept here (.config/nextest.toml).
    let record = workspace::target().join("nextest/default/junit.xml");
    if record.is_file() {
        fs::remove_file(&record).with_context(|| format!("cannot remove {}", record.display()))?;
    }
    let ended = tests(&mut with_data(command), Runner::Nextest, tally);
    if let Ok(said) = fs::read_to_string(&record) {
        tally.without_data += tally::without_data(&said);
    }
    ended
}

/// Tells the tests where the data, the oracle's figures and the real tools are, and whether they may do without.
fn with_data(mut command: Command) -> Command {
    if workspace::data().is_some() && workspace::is_ci() {
        command.env("TRUEUP_REQUIRE_DATA", "1");
    }
    oracles::with_figures(&mut command);
    command.envs(tools::variables());
    command
}

/// Runs a test runner and adds what it counted.
fn tests(command: &mut Command, runner: Runner, tally: &mut Tally) -> Result<Outcome> {
    let told = process::tee(command)?;
    *tally = tally.plus(tally::count(&told.text, runner));
    if !told.success {
        bail!("`{}` failed", process::render(command));
    }
    Ok(Outcome::Passed)
}

fn in_page(arguments: &[&str], tally: &mut Tally) -> Result<Outcome> {
    if let Some(outcome) = page::obstacle() {
        return Ok(outcome);
    }
    tests(&mut page::npm(arguments), Runner::Vitest, tally)
}

fn end_to_end(binary: &Path, tally: &mut Tally) -> Result<Outcome> {
    if let Some(outcome) = page::obstacle() {
        return Ok(outcome);
    }
    let find = || BROWSERS.into_iter().find_map(workspace::find);
    if find().is_none() && workspace::is_ci() {
        // Debian's package brings its libraries along. Where this is not allowed, the message below says what is missing.
        for arguments in [["update", "--quiet"].as_slice(), &["install", "--yes", "--quiet", "chromium"]] {
            if let Err(error) =
                process::run(workspace::command("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
            {
                eprintln!("{error:#}");
                break;
            }
        }
    }
    let Some(browser) = find() else {
        let why = format!("none of {} found; on Debian: apt-get install chromium", BROWSERS.join(", "));
        return Ok(Outcome::Skipped { why, required: true });
    };
    let mut command = page::npm(&["run", "e2e"]);
    command.env("CHROMIUM", browser).env("TRUEUP", binary);
    tests(&mut command, Runner::Checks, tally)
}
