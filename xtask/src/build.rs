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
pub fn binary(release: bool) -> Result<PathBuf> {
    let mut command = workspace::cargo(&["build", "--package", "trueup-cli"]);
    if release {
        command.arg("--release");
    }
    process::run(&mut command)?;
    let profile = if release { "release" } else { "debug" };
    Ok(workspace::target()
        .join(profile)
        .join(format!("trueup{}", std::env::consts::EXE_SUFFIX)))
}
