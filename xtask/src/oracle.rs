//! The figures of outside oracles (scikit-learn, SciPy and the like) that tests compare ours with.
//!
//! A Python environment of its own is made in `target/oracle-venv` from `requirements.txt`; `generate.py` writes the
//! figures there. Both are kept until what they are made from changes.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::steps::Outcome;
use crate::{process, workspace};

/// The folder of `requirements.txt` and `generate.py`, relative to the root.
const SOURCES: &str = "crates/trueup-core/tests/oracles";

/// What an environment was made from, in a file of its folder.
const INSTALLED: &str = "installed.txt";

/// Where the figures lie once they are made.
pub fn file() -> PathBuf {
    workspace::target().join("oracle.json")
}

/// Makes the figures where Python is installed.
pub fn make() -> Result<Outcome> {
    let sources = workspace::root().join(SOURCES);
    let (requirements, script) = (sources.join("requirements.txt"), sources.join("generate.py"));
    if !script.is_file() {
        return Ok(Outcome::Skipped { why: format!("there is no {SOURCES}/generate.py"), required: false });
    }
    if workspace::find("python3").is_none() {
        let why = "python3 not found; install Python 3.10 or newer with its venv module".into();
        return Ok(Outcome::Skipped { why, required: true });
    }
    let venv = workspace::target().join("oracle-venv");
    environment(&venv, &requirements, &[])?;
    let (python, wanted) = (python(&venv), read(&requirements)?);
    let data = workspace::data().map_or_else(OsString::new, PathBuf::into_os_string);
    // Everything the figures depend on, in one file beside them: equal means that they still hold.
    let mut made_from = format!("{}\n{wanted}", data.to_string_lossy());
    for script in scripts(&sources)? {
        made_from += &read(&script)?;
    }
    let stamp = file().with_extension("made-from.txt");
    if file().is_file() && read(&stamp).ok().as_ref() == Some(&made_from) {
        return Ok(Outcome::Passed);
    }
    let mut generate = Command::new(&python);
    // Python would leave its cache among the sources.
    generate.env("PYTHONDONTWRITEBYTECODE", "1").arg(&script).arg(file());
    if !data.is_empty() {
        generate.arg(data);
    }
    process::run(&mut generate)?;
    fs::write(&stamp, made_from).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(Outcome::Passed)
}

/// Makes a Python environment with what a file of requirements names, unless it is there; `options` go to pip.
pub fn environment(venv: &Path, requirements: &Path, options: &[&str]) -> Result<()> {
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

/// The Python files of `folder`, sorted.
fn scripts(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == "py") {
            scripts.push(path);
        }
    }
    scripts.sort();
    Ok(scripts)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
