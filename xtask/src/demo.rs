//! `demo`: from a fresh checkout to a first review in one command.

use anyhow::{Context, Result, bail};

use crate::{build, process, workspace};

/// Builds, then runs `trueup demo target/demo` with its own output as ours.
pub fn chore() -> Result<()> {
    let binary = build::all(false)?;
    let mut command = workspace::command(&binary.to_string_lossy());
    // Relative, so that the paths in what it prints are short and the same on every machine.
    let dir = workspace::target().join("demo");
    let dir = dir.strip_prefix(workspace::root()).unwrap_or(&dir);
    command.arg("demo").arg(dir);
    let shown = process::render(&command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}
