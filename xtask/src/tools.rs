//! The real tools that written files are shown to: spaCy, Hugging Face `datasets`, Label Studio's SDK.
//!
//! Each has a Python environment of its own in `target/`, made from its `requirements-NAME.txt` and kept until that
//! changes; the tests find it by a variable, and say that they are skipped without it.

use std::path::PathBuf;

use crate::steps::Outcome;
use crate::{venv, workspace};

/// The folder of the requirements and of the scripts that the tests run, relative to the root.
const SOURCES: &str = "crates/trueup-data/tests/oracles";

/// A tool.
struct Tool {
    /// The name in its file of requirements and of its environment.
    name: &'static str,
    /// The variable that names its Python to the tests.
    variable: &'static str,
}

static TOOLS: [Tool; 3] = [
    Tool { name: "spacy", variable: "TRUEUP_SPACY_PYTHON" },
    Tool { name: "hf", variable: "TRUEUP_HF_PYTHON" },
    Tool { name: "labelstudio", variable: "TRUEUP_LABELSTUDIO_PYTHON" },
];

/// Wheels alone, since what has to be compiled here would take minutes; Python's own code as it is, since little of it
/// runs; and without a network not many tries.
pub const OPTIONS: [&str; 7] = ["--only-binary", ":all:", "--no-compile", "--retries", "1", "--timeout", "15"];

impl Tool {
    fn requirements(&self) -> PathBuf {
        workspace::root().join(SOURCES).join(format!("requirements-{}.txt", self.name))
    }

    fn venv(&self) -> PathBuf {
        workspace::target().join(format!("{}-venv", self.name))
    }

    /// The Python of the variable, where one is named; it is taken as it is.
    fn named(&self) -> bool {
        std::env::var_os(self.variable).is_some_and(|python| !python.is_empty())
    }
}

/// The requirements of the tool of that name.
pub fn requirements(name: &'static str) -> PathBuf {
    Tool { name, variable: "" }.requirements()
}

/// Installs the tools where Python is. A tool that cannot be had, such as without a network, is left out and said.
pub fn install() -> Outcome {
    if workspace::find("python3").is_none() {
        let why = "python3 not found; install Python 3.10 or newer with its venv module".into();
        return Outcome::Skipped { why, required: true };
    }
    // Side by side: most of the time goes by waiting for the network.
    let missing: Vec<String> = std::thread::scope(|scope| {
        let wanted = TOOLS.iter().filter(|tool| !tool.named());
        let install = |tool: &'static Tool| {
            scope.spawn(|| venv::make(&tool.venv(), &tool.requirements(), &OPTIONS).map_err(|e| (tool.name, e)))
        };
        let running: Vec<_> = wanted.map(install).collect();
        let failed = running.into_iter().filter_map(|one| match one.join() {
            Ok(done) => done.err().map(|(name, error)| format!("{name} cannot be installed ({error:#})")),
            Err(_) => Some("a tool cannot be installed".to_owned()),
        });
        failed.collect()
    });
    if missing.is_empty() {
        return Outcome::Passed;
    }
    Outcome::Skipped { why: format!("{}; see the Python error above", missing.join(", ")), required: true }
}

/// The variables that name the installed tools to the tests.
pub fn variables() -> Vec<(&'static str, PathBuf)> {
    let installed = |tool: &&Tool| !tool.named() && venv::is_made(&tool.venv(), &tool.requirements());
    TOOLS.iter().filter(installed).map(|tool| (tool.variable, venv::python(&tool.venv()))).collect()
}
