//! `fuzz`: breaks valid files of every format for a while, one format after the other.
//!
//! The harness is the test `fuzz` of trueup-data, which `cargo test` runs with a bounded number of cases. It needs nothing
//! installed: every case is made from its number, so that a failure names what to run again.

use anyhow::{Context, Result, bail};

use crate::{process, workspace};

/// Reads `[FORMAT] [--minutes N]` and runs the harness.
pub fn chore(arguments: &[&str]) -> Result<()> {
    let (mut format, mut minutes) = (None, 1.0);
    let mut rest = arguments.iter();
    while let Some(&argument) = rest.next() {
        match argument {
            "--minutes" => {
                let value = rest.next().context("--minutes needs a number")?;
                minutes = value.parse::<f64>().with_context(|| format!("--minutes {value} is no number"))?;
            }
            name if !name.starts_with('-') && format.is_none() => format = Some(name.replace('-', "_")),
            other => bail!("unknown argument `{other}`; valid: [FORMAT] [--minutes N]"),
        }
    }
    if !(minutes > 0.0 && minutes <= 1e6) {
        bail!("--minutes {minutes} is no time");
    }
    let mut command = workspace::cargo(&["test", "--package", "trueup-data", "--test", "fuzz", "--"]);
    command.args(["--nocapture", "--test-threads", "1"]);
    if let Some(format) = &format {
        command.args(["--exact", format]);
    }
    if let Some(dir) = workspace::data() {
        command.env("TRUEUP_DATA", dir);
    }
    process::run(command.env("TRUEUP_FUZZ_SECONDS", format!("{:.0}", (minutes * 60.0).max(1.0))))
}
