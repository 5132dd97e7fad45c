//! Python environments: made from a file of requirements, and kept until that changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// What an environment was made from, in a file of its folder.
const INSTALLED: &str = "installed.txt";

/// Makes a Python environment with what a file of requirements names, unless it is there; `options` go to pip.
pub fn make(venv: &Path, requirements: &Path, options: &[&str]) -> Result<()> {
    if is_made(venv, requirements) {
        return Ok(());
    }
    let mut create = workspace::command("python3");
    create.args(["-m", "venv"]).arg(venv);
    process::run(&mut create)?;
    let mut install = Command::new(python(venv));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(options);
    install.arg("--requirement").arg(requirements);
    process::run(&mut install)?;
    let installed = venv.join(INSTALLED);
    fs::write(&installed, read(requirements)?).with_context(|| format!("cannot write {}", installed.display()))
}

/// Whether an environment holds what the file of requirements names now.
pub fn is_made(venv: &Path, requirements: &Path) -> bool {
    let installed = read(&venv.join(INSTALLED));
    installed.is_ok_and(|installed| read(requirements).is_ok_and(|wanted| wanted == installed))
}

/// The Python of an environment.
pub fn python(venv: &Path) -> PathBuf {
    venv.join("bin/python")
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
