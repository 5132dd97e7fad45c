//! `bench eval`: metrics with their intervals, side by side with the Python tools that compute them without.
//!
//! The inputs are drawn by `xtask/peers/eval.py`, seeded, and kept in `target/bench-data`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::pairs::{self, Pair};
use crate::{process, workspace};

const PAIRS: &[Pair] = &[
    Pair {
        what: "1,000 rows of CSV / scikit-learn: `classification_report` and confusion matrix",
        ours: &["eval", "IN/thousand.csv", "--json", "-", "--quiet"],
        peer: Some(("eval", "report-csv", "thousand.csv")),
        once: false,
    },
    Pair {
        what: "10,000,000 rows of Parquet, 12 labels / pandas, factorised, scikit-learn's report and confusion matrix",
        ours: &["eval", "IN/ten.parquet", "--json", "-", "--quiet"],
        peer: Some(("eval", "report-factorised", "ten.parquet")),
        once: false,
    },
    Pair {
        what: "the same / pyarrow's dictionaries and one `bincount`, no metrics",
        ours: &["eval", "IN/ten.parquet", "--json", "-", "--quiet"],
        peer: Some(("eval", "bincount", "ten.parquet")),
        once: false,
    },
    Pair {
        what: "the same / scikit-learn's `classification_report` on the strings (one run)",
        ours: &["eval", "IN/ten.parquet", "--json", "-", "--quiet"],
        peer: Some(("eval", "report-strings", "ten.parquet")),
        once: true,
    },
    Pair {
        what: "100,000,000 rows of Parquet in 20 files, by day and language, all metrics / DuckDB, the counts alone",
        ours: &["eval", "IN/hundred", "--by", "date(ts)", "--by", "lang", "--json", "-", "--quiet"],
        peer: Some(("eval", "duckdb-counts", "hundred")),
        once: false,
    },
    Pair {
        what: "1,000,000 rows of 77 probabilities: log loss, AUC ovr and ovo, AP, ECE / scikit-learn (one run)",
        ours: &[
            "eval",
            "IN/probabilities.parquet",
            "--metrics",
            "log_loss,brier_score,roc_auc_ovr,roc_auc_ovo,average_precision_macro,ece",
            "--json",
            "-",
            "--quiet",
        ],
        peer: Some(("eval", "probabilities", "probabilities.parquet")),
        once: true,
    },
    Pair {
        what: "5,000,000 tokens of CoNLL / seqeval's report, as it comes",
        ours: &["eval", "IN/tokens-predicted.conll", "--json", "-", "--quiet"],
        peer: Some(("eval", "seqeval", "tokens-predicted.conll")),
        once: true,
    },
    Pair {
        what: "the same / seqeval's report, strict IOB2",
        ours: &["eval", "IN/tokens-predicted.conll", "--json", "-", "--quiet"],
        peer: Some(("eval", "seqeval-strict", "tokens-predicted.conll")),
        once: true,
    },
];

/// The files that the pairs need.
const INPUTS: [&str; 5] = ["thousand.csv", "ten.parquet", "probabilities.parquet", "tokens-predicted.conll", "hundred"];

/// Times every pair and writes the table.
pub fn section(binary: &Path, data: &Path) -> Result<String> {
    let folder = workspace::target().join("bench-data");
    fs::create_dir_all(&folder)?;
    let python = python()?;
    let script = workspace::root().join("xtask/peers/eval.py");
    for input in INPUTS.iter().filter(|input| !folder.join(input).exists()) {
        let mut command = workspace::command(&python.to_string_lossy());
        process::run(command.arg(&script).arg("make").arg(folder.join(input)).env("TRUEUP_DATA", data))?;
    }
    pairs::section(PAIRS, binary, &folder, "eval.py")
}

/// The Python of the environment that draws the inputs and runs the peers.
pub(super) fn python() -> Result<PathBuf> {
    let venvs = std::env::var_os("PEERS_VENVS").map_or_else(|| workspace::target().join("venvs"), PathBuf::from);
    let python = venvs.join("eval/bin/python");
    if !python.is_file() {
        bail!(
            "there is no {}: make it with `python3 -m venv {}` and `pip install pandas pyarrow scikit-learn seqeval duckdb`",
            python.display(),
            venvs.join("eval").display()
        );
    }
    Ok(python)
}
