//! `generate`: files that the binary writes about itself, and the check that they are not stale.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{build, workspace};

/// Whether to write the files or to compare them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Write them.
    Write,
    /// Compare them and fail naming the stale ones.
    Check,
}

/// What to ask the binary, and the file that keeps the answer.
const GENERATED: [(&[&str], &str); 8] = [
    (&["schema"], "docs/schema/review.json"),
    (&["schema", "agreement"], "docs/schema/agreement.json"),
    (&["schema", "augment"], "docs/schema/augment.json"),
    (&["schema", "eval"], "docs/schema/eval.json"),
    (&["schema", "curves"], "docs/schema/curves.json"),
    (&["schema", "policy"], "docs/schema/policy.json"),
    (&["rules", "--markdown"], "docs/rules.md"),
    (&["docs-cli"], "docs/cli.md"),
];

/// Builds the binary, then writes or compares every generated file.
pub fn chore(mode: Mode) -> Result<()> {
    from(&build::binary(false)?, mode)
}

/// Asks `binary` and writes or compares every generated file.
pub fn from(binary: &Path, mode: Mode) -> Result<()> {
    let mut stale = Vec::new();
    for (arguments, file) in GENERATED {
        let shown = format!("trueup {}", arguments.join(" "));
        let output = workspace::command(&binary.to_string_lossy())
            .args(arguments)
            // The reference must not depend on the width or the colours of the terminal that makes it.
            .env("COLUMNS", "100")
            .env("NO_COLOR", "1")
            .output()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{shown}`, which makes {file}, failed ({}): {}", output.status, said.trim());
        }
        if output.stdout.is_empty() {
            bail!("`{shown}`, which makes {file}, wrote nothing");
        }
        let path = workspace::root().join(file);
        if fs::read(&path).ok().as_ref() == Some(&output.stdout) {
            continue;
        }
        match mode {
            Mode::Check => stale.push(file),
            Mode::Write => {
                if let Some(dir) = path.parent() {
                    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
                }
                fs::write(&path, &output.stdout).with_context(|| format!("cannot write {}", path.display()))?;
                eprintln!("wrote {file}");
            }
        }
    }
    if !stale.is_empty() {
        bail!("stale: {}; run `cargo xtask generate`", stale.join(", "));
    }
    Ok(())
}
