//! `build`: the page, then the binary that carries it.

use std::path::PathBuf;

use anyhow::Result;

use crate::steps::Outcome;
use crate::{page, process, workspace};

/// Builds both and prints the binary's path as the last line.
pub fn chore(release: bool) -> Result<()> {
    println!("{}", all(release)?.display());
    Ok(())
}

/// Builds the page where that is possible, then the binary; the binary's path.
pub fn all(release: bool) -> Result<PathBuf> {
    if let Outcome::Skipped { why, .. } = page::build()? {
        eprintln!("the binary is built without the page, so `--html` will refuse: {why}");
    }
    binary(release)
}

/// Builds the binary with whatever page is there; its path.
///
/// With an example of the whole workspace, since that resolves the features that tests have: `demo` and `test` then share what
/// they compile. The binary alone would have other ones of a few small crates, and with them of all that stands on those.
pub fn binary(release: bool) -> Result<PathBuf> {
    let mut command = workspace::cargo(&["build", "--workspace", "--bin", "trueup", "--example", "count_labels"]);
    if release {
        command.arg("--release");
    }
    process::run(&mut command)?;
    Ok(path(release))
}

/// Builds the binary and every test. The tests' own dependencies switch on features of shared ones, so building the
/// binary apart from them would compile those, and all above them, a second time.
pub fn everything() -> Result<PathBuf> {
    process::run(&mut workspace::cargo(&["build", "--workspace", "--all-targets"]))?;
    Ok(path(false))
}

fn path(release: bool) -> PathBuf {
    let profile = if release { "release" } else { "debug" };
    workspace::target().join(profile).join(format!("trueup{}", std::env::consts::EXE_SUFFIX))
}
