//! `bench data`: reading and converting, side by side with the Python tools that people use for it.
//!
//! The inputs are made from the real data, the same on every machine, and kept in `target/bench-data`.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::pairs::{self, Pair, make};
use crate::{process, workspace};

const PAIRS: &[Pair] = &[
    Pair {
        what: "CSV, 10,000 rows: read, labels counted / pandas `read_csv`",
        ours: &["examples/count_labels", "IN/small.csv"],
        peer: Some(("hf", "pandas-csv", "small.csv")),
        once: false,
    },
    Pair {
        what: "CSV, 1,000,000 rows: read, labels counted / pandas `read_csv`",
        ours: &["examples/count_labels", "IN/rows.csv"],
        peer: Some(("hf", "pandas-csv", "rows.csv")),
        once: false,
    },
    Pair {
        what: "CSV, 1,000,000 rows: read, labels counted / `datasets` load",
        ours: &["examples/count_labels", "IN/rows.csv"],
        peer: Some(("hf", "datasets-csv", "rows.csv")),
        once: false,
    },
    Pair {
        what: "JSONL, 1,000,000 lines: read, labels counted / pandas `read_json(lines=True)`",
        ours: &["examples/count_labels", "IN/lines.jsonl"],
        peer: Some(("hf", "pandas-jsonl", "lines.jsonl")),
        once: false,
    },
    Pair {
        what: "JSONL, 1,000,000 lines: read, labels counted / `datasets` load",
        ours: &["examples/count_labels", "IN/lines.jsonl"],
        peer: Some(("hf", "datasets-jsonl", "lines.jsonl")),
        once: false,
    },
    Pair {
        what: "JSONL, 1,000,000 lines: `convert` to CSV / `datasets` load alone",
        ours: &["convert", "IN/lines.jsonl", "OUT/lines.csv", "--quiet"],
        peer: Some(("hf", "datasets-jsonl", "lines.jsonl")),
        once: false,
    },
    Pair {
        what: "CoNLL, 50 MB: read, spans counted / a plain Python reader",
        ours: &["examples/count_labels", "IN/tokens.conll"],
        peer: Some(("hf", "plain-conll", "tokens.conll")),
        once: false,
    },
    Pair {
        what: "CoNLL, 5,000 sentences: `convert` to `.spacy` / spaCy's converter",
        ours: &["convert", "IN/sentences.conll", "OUT/sentences.spacy", "--quiet"],
        peer: Some(("spacy", "spacy-conll", "sentences.conll")),
        once: false,
    },
    Pair {
        what: "Label Studio, 5,000 tasks: `convert` to JSON_MIN / label-studio-sdk's converter",
        ours: &["convert", "IN/tasks-5000.json", "OUT/min.json", "--to", "label-studio-min", "--quiet"],
        peer: Some(("ls-sdk", "ls-json-min", "tasks-5000.json")),
        once: false,
    },
    Pair {
        what: "Label Studio, 5,000 tasks: `convert` to CSV / label-studio-sdk's converter",
        ours: &["convert", "IN/tasks-5000.json", "OUT/tasks.csv", "--to", "label-studio-csv", "--quiet"],
        peer: Some(("ls-sdk", "ls-csv", "tasks-5000.json")),
        once: false,
    },
    Pair {
        what: "Label Studio, 5,000 tasks: `convert` to CoNLL / label-studio-sdk's converter",
        ours: &["convert", "IN/tasks-5000.json", "OUT/tasks.conll", "--quiet"],
        peer: Some(("ls-sdk", "ls-conll", "tasks-5000.json")),
        once: false,
    },
    Pair {
        what: "Label Studio, 50,000 tasks: `convert` to CoNLL",
        ours: &["convert", "IN/tasks-50000.json", "OUT/tasks.conll", "--quiet"],
        peer: None,
        once: false,
    },
    Pair {
        what: "CSV, 1,000,000 rows: `stats`",
        ours: &["stats", "IN/rows.csv", "--json", "-"],
        peer: None,
        once: false,
    },
    Pair {
        what: "JSONL, 1,000,000 lines: `convert` to JSONL",
        ours: &["convert", "IN/lines.jsonl", "OUT/lines.jsonl", "--quiet"],
        peer: None,
        once: false,
    },
    Pair {
        what: "JSONL, 5,000,000 lines: `convert` to JSONL",
        ours: &["convert", "IN/many.jsonl", "OUT/lines.jsonl", "--quiet"],
        peer: None,
        once: false,
    },
];

/// Times every pair and writes the table.
pub fn section(binary: &Path, data: &Path) -> Result<String> {
    let folder = workspace::target().join("bench-data");
    inputs(&folder, data, binary)?;
    pairs::section(PAIRS, binary, &folder, "data.py")
}

/// Makes the inputs that are not there yet.
fn inputs(folder: &Path, data: &Path, binary: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let tweets = read(data, "tweeteval_emoji/train_text.txt")?;
    let labels = read(data, "tweeteval_emoji/train_labels.txt")?;
    let mapping = read(data, "tweeteval_emoji/mapping.txt")?;
    let names: Vec<&str> = mapping.lines().filter_map(|line| line.split('\t').nth(2)).map(str::trim).collect();
    let name = |label: &str| label.parse::<usize>().ok().and_then(|label| names.get(label)).copied();
    let texts: Vec<(&str, &str)> =
        tweets.split('\n').zip(labels.lines()).filter_map(|(text, label)| Some((text.trim(), name(label)?))).collect();
    // Of a text that comes again the number says which time it is, so that no two are equal.
    let text = |i: usize| (format!("{} ({})", texts[i % texts.len()].0, i / texts.len()), texts[i % texts.len()].1);
    for (file, rows) in [("small.csv", 10_000), ("rows.csv", 1_000_000)] {
        make(&folder.join(file), |out| {
            out.write_all(b"id,text,label\n")?;
            (0..rows).try_for_each(|i| {
                let (text, label) = text(i);
                writeln!(out, "{},\"{}\",{label}", i + 1, text.replace('"', "\"\""))
            })
        })?;
    }
    for (file, rows) in [("lines.jsonl", 1_000_000), ("many.jsonl", 5_000_000)] {
        make(&folder.join(file), |out| {
            (0..rows).try_for_each(|i| {
                let (text, label) = text(i);
                let text = text.replace('\\', "\\\\").replace('"', "\\\"");
                writeln!(out, "{{\"id\": {}, \"text\": \"{text}\", \"label\": \"{label}\"}}", i + 1)
            })
        })?;
    }
    let tokens = ["train", "devel", "test"].map(|part| read(data, &format!("bc5cdr/{part}.tsv")));
    let tokens = tokens.into_iter().collect::<Result<String>>()?;
    let sentences: Vec<&str> = tokens.split("\n\n").map(str::trim).filter(|s| !s.is_empty()).collect();
    let sentence = |i: usize| format!("{}\n({})\tO\n\n", sentences[i % sentences.len()], i / sentences.len());
    for (file, n) in [("sentences.conll", 5_000), ("sentences-50000.conll", 50_000), ("tokens.conll", 215_000)] {
        make(&folder.join(file), |out| (0..n).try_for_each(|i| out.write_all(sentence(i).as_bytes())))?;
    }
    for (from, to) in [("sentences", "tasks-5000"), ("sentences-50000", "tasks-50000")] {
        let (from, to) = (folder.join(format!("{from}.conll")), folder.join(format!("{to}.json")));
        if !to.is_file() {
            let mut command = workspace::command(&binary.to_string_lossy());
            process::run(command.arg("convert").args([&from, &to]).args(["--to", "label-studio", "--quiet"]))?;
        }
    }
    Ok(())
}

fn read(data: &Path, name: &str) -> Result<String> {
    let file = data.join(name);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    if text.is_empty() {
        bail!("{} is empty", file.display());
    }
    Ok(text)
}
