//! `depcheck`: what may use what, and the proof that nothing uses more.
//!
//! Crates depend downward only ([`crates`]). Top-level modules of the core form no circle, and the stages of
//! `crates/trueup` never import each other ([`modules`]): they exchange data, and only the modules that chain them may
//! know several. All of it is read from the sources ([`paths`]), so it holds before anything compiles.

mod crates;
mod modules;
mod paths;

use anyhow::{Result, bail};

/// Crates, lowest first, each with the crates of this workspace that it may depend on.
const CRATES: [(&str, &[&str]); 6] = [
    ("trueup-core", &[]),
    ("trueup-data", &["trueup-core"]),
    ("trueup-model", &["trueup-core"]),
    ("trueup", &["trueup-core", "trueup-data", "trueup-model"]),
    ("trueup-cli", &["trueup-core", "trueup"]),
    // The chores build the rest, so they must not need it.
    ("xtask", &[]),
];

/// The stages: folders of `crates/trueup/src` that never import each other.
const STAGES: [&str; 11] =
    ["agreement", "augment", "load", "stats", "split", "train", "evaluate", "gate", "review", "tell", "demo"];

/// Modules of `crates/trueup/src` that may use several stages.
const CHAINS: [&str; 2] = ["flow", "lib"];

/// Other folders of `crates/trueup/src`, with the reason why they are no stage: stages may use them, and they use no
/// stage. Single files beside `lib.rs` are such shared ground without a line here.
const SHARED: [(&str, &str); 3] = [
    ("models", "what a learner leaves: training makes it, telling describes it, the flow keeps and opens it"),
    ("options", "what is asked for, after what was typed has been checked"),
    ("external", "a program as a model: whoever wants answers of one asks it"),
];

/// Imports from one stage to another that are allowed all the same: (importing, imported, reason).
const EXCEPTIONS: [(&str, &str, &str); 0] = [];

/// Crates whose top-level modules form no circle: the words and sums that all others stand on, and these chores. (In
/// `trueup` the rule for stages says more; a format and the reader that calls it may know each other.)
const ACYCLIC: [&str; 2] = ["trueup-core", "xtask"];

/// Runs every check and lists all that is wrong.
pub fn chore() -> Result<()> {
    let mut faults = crates::check()?;
    for (name, _) in CRATES {
        faults.extend(modules::check(name)?);
    }
    if !faults.is_empty() {
        bail!("\n  {}", faults.join("\n  "));
    }
    eprintln!("{} crates, {} stages: every dependency points downward", CRATES.len(), STAGES.len());
    Ok(())
}
