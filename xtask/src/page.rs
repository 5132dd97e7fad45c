//! The web page of a review: `ui/` is built by Node into the single file `ui/dist/index.html`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::process;
use crate::steps::Outcome;
use crate::workspace;

/// Names in `ui/` that the page is not built from.
const NOT_INPUTS: [&str; 6] = ["node_modules", "dist", "coverage", "fixtures", "test-results", "tests"];

/// The folder of the page's sources.
pub fn folder() -> PathBuf {
    workspace::root().join("ui")
}

/// `npm ARGUMENTS` in `ui/`.
pub fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(folder());
    command
}

/// Why the page cannot be worked on here; `None` when it can.
pub fn obstacle() -> Option<Outcome> {
    if !folder().join("package.json").is_file() {
        return Some(Outcome::Skipped { why: "there is no ui/ folder".into(), required: false });
    }
    let missing: Vec<_> = ["node", "npm"].into_iter().filter(|name| workspace::find(name).is_none()).collect();
    if missing.is_empty() {
        return None;
    }
    let why = format!("{} not found; install Node 20 or newer", missing.join(" and "));
    Some(Outcome::Skipped { why, required: true })
}

/// Installs what the page's build needs, when it is not there or older than the lock file.
pub fn install() -> Result<()> {
    let lock = modified(&folder().join("package-lock.json"))?;
    // npm writes this file last, so an interrupted install does not count as done.
    let installed = modified(&folder().join("node_modules/.package-lock.json"))?;
    if installed.is_some() && installed >= lock {
        return Ok(());
    }
    process::run(&mut npm(&["ci", "--no-audit", "--no-fund", "--prefer-offline"]))
}

/// Builds the page if something it is made of is newer than the page.
pub fn build() -> Result<Outcome> {
    if let Some(outcome) = obstacle() {
        return Ok(outcome);
    }
    install()?;
    let page = modified(&folder().join("dist/index.html"))?;
    if page.is_none() || newest(&folder())? > page {
        process::run(&mut npm(&["run", "build"]))?;
    }
    Ok(Outcome::Passed)
}

/// When `file` was last written; `None` when it is not there.
fn modified(file: &Path) -> Result<Option<SystemTime>> {
    match fs::metadata(file) {
        Ok(metadata) => Ok(Some(metadata.modified()?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot look at {}", file.display())),
    }
}

/// When the newest input under `dir` was written.
fn newest(dir: &Path) -> Result<Option<SystemTime>> {
    let mut latest = None;
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || NOT_INPUTS.contains(&name.as_ref()) {
            continue;
        }
        let time =
            if entry.file_type()?.is_dir() { newest(&entry.path())? } else { Some(entry.metadata()?.modified()?) };
        latest = latest.max(time);
    }
    Ok(latest)
}
