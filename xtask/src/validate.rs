//! `validate`: all that a change must pass, cheapest check first, stopping at the first failure.

use anyhow::Result;

use crate::steps::{Outcome, Steps};
use crate::{build, depcheck, generate, process, sources, test, workspace};

/// Runs the checks, then the tests.
pub fn chore() -> Result<()> {
    let mut steps = Steps::new(true, workspace::is_ci());
    let done = checks(&mut steps);
    println!("{}", steps.table());
    done?;
    test::chore(&test::Choice { slow: false, checks: false })?;
    println!("valid: every check and every test passed");
    Ok(())
}

fn checks(steps: &mut Steps) -> Result<()> {
    steps.run("format", "run `cargo fmt`", test::format)?;
    steps.run("dependencies between crates and stages", "move what both need to a lower place", || {
        depcheck::chore().map(|()| Outcome::Passed)
    })?;
    steps.run(
        "file sizes and module docs",
        "cut the file along its topics; open it with what it is for",
        sources::sizes,
    )?;
    steps.run("words", "write a path relative to the project", sources::words)?;
    steps.run("links", "mend the link, or write the page", sources::links)?;
    steps.run("lint", "mend the warnings; an exception needs `reason = \"...\"`", test::lint)?;
    steps.run("docs", "mend the links and code in the doc comments above", docs)?;
    steps.run("licences, sources and advisories", "see deny.toml", deny)?;
    steps.run("generated files", "run `cargo xtask generate` and commit", || {
        // The tests come next and need all of it.
        generate::from(&build::everything()?, generate::Mode::Check).map(|()| Outcome::Passed)
    })
}

fn docs() -> Result<Outcome> {
    // Libraries only: the binary and its library are both called `trueup`, and their pages would overwrite each other.
    let mut command = workspace::cargo(&["doc", "--workspace", "--lib", "--no-deps", "--quiet"]);
    process::run(command.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::Passed)
}

fn deny() -> Result<Outcome> {
    if workspace::find("cargo-deny").is_none() {
        let why = "cargo-deny not found; install it with `cargo install --locked cargo-deny`".into();
        return Ok(Outcome::Skipped { why, required: false });
    }
    process::run(&mut workspace::cargo(&["deny", "--all-features", "check", "bans", "licenses", "sources"]))?;
    Ok(Outcome::Passed)
}
