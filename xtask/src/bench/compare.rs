//! `bench compare`: a full comparison of two models, side by side with what Python computes of it.
//!
//! The inputs are drawn by `xtask/peers/compare.py`, seeded, and kept in `target/bench-data`.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::eval::python;
use super::pairs::{self, Pair};
use crate::{process, workspace};

/// A full comparison: all metrics, 100 labels, 20 slices, every difference with its interval.
const OURS: &[&str] = &[
    "compare",
    "--gold",
    "IN/million/gold.parquet",
    "--baseline",
    "IN/million/old.parquet",
    "--candidate",
    "IN/million/new.parquet",
    "--slice-by",
    "source",
    "--json",
    "-",
    "--quiet",
];

/// The difference of the accuracies alone, from the numbers of labels.
const ACCURACY: &[&str] = &["examples/accuracy_duel", "IN/million/numbers.bin", "100"];

const PAIRS: &[Pair] = &[
    Pair {
        what: "1,000,000 examples as numbers, accuracy alone: difference, interval, exact p / SciPy's paired bootstrap: difference and \
               interval (one run)",
        ours: ACCURACY,
        peer: Some(("eval", "bootstrap-numbers", "million")),
        once: true,
    },
    Pair {
        what: "the same / McNemar's exact test by SciPy: p",
        ours: ACCURACY,
        peer: Some(("eval", "mcnemar-numbers", "million")),
        once: false,
    },
    Pair {
        what: "1,000,000 examples in Parquet, 100 labels, 20 slices, all metrics / pandas and SciPy's paired bootstrap of accuracy \
               alone (one run)",
        ours: OURS,
        peer: Some(("eval", "bootstrap", "million")),
        once: true,
    },
    Pair {
        what: "the same / pandas and McNemar's exact test by SciPy, of accuracy alone",
        ours: OURS,
        peer: Some(("eval", "mcnemar", "million")),
        once: false,
    },
];

/// Times every pair and writes the table.
pub fn section(binary: &Path, data: &Path) -> Result<String> {
    let folder = workspace::target().join("bench-data");
    fs::create_dir_all(&folder)?;
    if !folder.join("million/numbers.bin").exists() {
        let script = workspace::root().join("xtask/peers/compare.py");
        let mut command = workspace::command(&python()?.to_string_lossy());
        process::run(command.arg(&script).arg("make").arg(folder.join("million")).env("TRUEUP_DATA", data))?;
    }
    pairs::section(PAIRS, binary, &folder, "compare.py")
}
