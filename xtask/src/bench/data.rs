//! `bench data`: reading and converting, side by side with the Python tools that people use for it.
//!
//! The inputs are made from the real data, the same on every machine, and kept in `target/bench-data`. A pair of
//! commands runs A B B A: both see the same load, so that the ratio says more than the seconds on a busy machine.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::bench::{Taken, sorted, timed};
use crate::{process, workspace};

/// Runs of each command of a pair.
const RUNS: usize = 5;

/// Our command against a peer's; `IN/` and `OUT/` at the head of an argument are the folders of inputs and outputs.
struct Pair {
    what: &'static str,
    /// Arguments of the binary; `READ` in place of a command is the program that only reads and counts, as the peers'
    /// scripts do (`crates/trueup-data/examples/count_labels.rs`).
    ours: &'static [&'static str],
    /// The environment of the peer below `PEERS_VENVS`; `None` when there is none to compare with.
    peer: Option<(&'static str, &'static str, &'static str)>,
}

const PAIRS: &[Pair] = &[
    Pair {
        what: "CSV, 10,000 rows: read, labels counted / pandas `read_csv`",
        ours: &["READ", "IN/small.csv"],
        peer: Some(("hf", "pandas-csv", "small.csv")),
    },
    Pair {
        what: "CSV, 1,000,000 rows: read, labels counted / pandas `read_csv`",
        ours: &["READ", "IN/rows.csv"],
        peer: Some(("hf", "pandas-csv", "rows.csv")),
    },
    Pair {
        what: "CSV, 1,000,000 rows: read, labels counted / `datasets` load",
        ours: &["READ", "IN/rows.csv"],
        peer: Some(("hf", "datasets-csv", "rows.csv")),
    },
    Pair {
        what: "JSONL, 1,000,000 lines: read, labels counted / pandas `read_json(lines=True)`",
        ours: &["READ", "IN/lines.jsonl"],
        peer: Some(("hf", "pandas-jsonl", "lines.jsonl")),
    },
    Pair {
        what: "JSONL, 1,000,000 lines: read, labels counted / `datasets` load",
        ours: &["READ", "IN/lines.jsonl"],
        peer: Some(("hf", "datasets-jsonl", "lines.jsonl")),
    },
    Pair {
        what: "JSONL, 1,000,000 lines: `convert` to CSV / `datasets` load alone",
        ours: &["convert", "IN/lines.jsonl", "OUT/lines.csv", "--quiet"],
        peer: Some(("hf", "datasets-jsonl", "lines.jsonl")),
    },
    Pair {
        what: "CoNLL, 50 MB: read, spans counted / a plain Python reader",
        ours: &["READ", "IN/tokens.conll"],
        peer: Some(("hf", "plain-conll", "tokens.conll")),
    },
    Pair {
        what: "CoNLL, 5,000 sentences: `convert` to `.spacy` / spaCy's converter",
        ours: &["convert", "IN/sentences.conll", "OUT/sentences.spacy", "--quiet"],
        peer: Some(("spacy", "spacy-conll", "sentences.conll")),
    },
    Pair {
        what: "Label Studio, 5,000 tasks: `convert` to JSON_MIN / label-studio-sdk's converter",
        ours: &["convert", "IN/tasks-5000.json", "OUT/min.json", "--to", "label-studio-min", "--quiet"],
        peer: Some(("ls-sdk", "ls-json-min", "tasks-5000.json")),
    },
    Pair {
        what: "Label Studio, 5,000 tasks: `convert` to CSV / label-studio-sdk's converter",
        ours: &["convert", "IN/tasks-5000.json", "OUT/tasks.csv", "--to", "label-studio-csv", "--quiet"],
        peer: Some(("ls-sdk", "ls-csv", "tasks-5000.json")),
    },
    Pair {
        what: "Label Studio, 5,000 tasks: `convert` to CoNLL / label-studio-sdk's converter",
        ours: &["convert", "IN/tasks-5000.json", "OUT/tasks.conll", "--quiet"],
        peer: Some(("ls-sdk", "ls-conll", "tasks-5000.json")),
    },
    Pair {
        what: "Label Studio, 50,000 tasks: `convert` to CoNLL",
        ours: &["convert", "IN/tasks-50000.json", "OUT/tasks.conll", "--quiet"],
        peer: None,
    },
    Pair { what: "CSV, 1,000,000 rows: `stats`", ours: &["stats", "IN/rows.csv", "--json", "-"], peer: None },
    Pair {
        what: "JSONL, 1,000,000 lines: `convert` to JSONL",
        ours: &["convert", "IN/lines.jsonl", "OUT/lines.jsonl", "--quiet"],
        peer: None,
    },
    Pair {
        what: "JSONL, 5,000,000 lines: `convert` to JSONL",
        ours: &["convert", "IN/many.jsonl", "OUT/lines.jsonl", "--quiet"],
        peer: None,
    },
];

/// Times every pair and writes the table.
pub fn section(binary: &Path, data: &Path) -> Result<String> {
    process::run(&mut workspace::cargo(&["build", "--release", "--workspace", "--examples"]))?;
    let folder = workspace::target().join("bench-data");
    inputs(&folder, data, binary)?;
    let out = folder.join("out");
    let mut text = format!(
        "Whole processes, start-up included, {RUNS} runs of each in turn (A B B A). The ratio is the peer's wall time over \
         ours, median of the pairs (in brackets: least and most); the machine is shared, so the ratios count, not the \
         seconds. The peers' scripts are in `xtask/peers`.\n\n\
         | ours / theirs | ours | ratio | CPU ratio | our memory | their memory |\n|---|---:|---:|---:|---:|---:|\n"
    );
    for pair in PAIRS {
        let _ = fs::remove_dir_all(&out);
        fs::create_dir_all(&out)?;
        text += &row(pair, binary, &folder, &out)?;
    }
    fs::remove_dir_all(&out)?;
    Ok(text)
}

fn row(pair: &Pair, binary: &Path, folder: &Path, out: &Path) -> Result<String> {
    let reads = pair.ours.first() == Some(&"READ");
    let reader = binary.with_file_name("examples").join("count_labels");
    let binary = if reads { &reader } else { binary };
    let ours: Vec<PathBuf> = pair.ours[usize::from(reads)..]
        .iter()
        .map(|word| match (word.strip_prefix("IN/"), word.strip_prefix("OUT/")) {
            (Some(file), _) => folder.join(file),
            (_, Some(file)) => out.join(file),
            _ => PathBuf::from(word),
        })
        .collect();
    let theirs = pair.peer.map(|(environment, what, file)| {
        let venvs = std::env::var_os("PEERS_VENVS").map_or_else(|| workspace::target().join("venvs"), PathBuf::from);
        let script = workspace::root().join("xtask/peers/data.py");
        (venvs.join(environment).join("bin/python"), vec![script, PathBuf::from(what), folder.join(file)])
    });
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        if run % 2 == 0 {
            a.push(timed(binary, &ours)?);
        }
        if let Some((python, arguments)) = theirs.as_ref().filter(|(python, _)| python.is_file()) {
            b.push(timed(python, arguments)?);
        }
        if run % 2 == 1 {
            a.push(timed(binary, &ours)?);
        }
    }
    eprintln!("{}: {a:?} {b:?}", pair.what);
    let ratio = |of: &dyn Fn(&Taken) -> Option<f64>| {
        let ratios = sorted(b.iter().zip(&a).filter_map(|(b, a)| Some(of(b)? / of(a)?.max(0.001))));
        match ratios[..] {
            [] => String::new(),
            [least, .., most] => format!("{:.1} ({least:.1} to {most:.1})", ratios[ratios.len() / 2]),
            [one] => format!("{one:.1}"),
        }
    };
    let megabytes = |runs: &[Taken]| {
        let all = sorted(runs.iter().filter_map(|run| run.megabytes));
        all.last().map(|most| format!("{most:.0} MB")).unwrap_or_default()
    };
    let walls = sorted(a.iter().map(|run| run.wall));
    Ok(format!(
        "| {} | {:.2} s | {} | {} | {} | {} |\n",
        pair.what,
        walls[walls.len() / 2],
        ratio(&|taken| Some(taken.wall)),
        ratio(&|taken| taken.cpu),
        megabytes(&a),
        megabytes(&b)
    ))
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

/// Writes a file under another name first, so that a stopped run leaves no half of it.
fn make(file: &Path, write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> Result<()> {
    if file.is_file() {
        return Ok(());
    }
    let part = file.with_extension("part");
    let mut out = BufWriter::new(File::create(&part)?);
    write(&mut out).and_then(|()| out.flush()).with_context(|| format!("cannot write {}", part.display()))?;
    fs::rename(&part, file).with_context(|| format!("cannot write {}", file.display()))
}
