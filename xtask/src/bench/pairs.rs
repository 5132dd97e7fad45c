//! Pairs of commands, ours and a peer's, timed side by side.
//!
//! A pair runs A B B A: both see the same load, so that the ratio says more than the seconds on a busy machine.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Taken, sorted, timed};
use crate::{process, workspace};

/// Runs of each command of a pair.
const RUNS: usize = 5;

/// Our command against a peer's; `IN/` and `OUT/` at the head of an argument are the folders of inputs and outputs.
pub struct Pair {
    /// What both do.
    pub what: &'static str,
    /// Arguments of the binary; `examples/NAME` in place of a command is an example of a library, which does what the peers'
    /// scripts do and no more.
    pub ours: &'static [&'static str],
    /// The environment of the peer below `PEERS_VENVS`, what its script is to do, and with which file; `None` when there is none to compare with.
    pub peer: Option<(&'static str, &'static str, &'static str)>,
    /// Whether one run of the peer is enough: it takes minutes. Ours then runs once before, and that does not count: the file is
    /// in memory for both.
    pub once: bool,
}

/// Times every pair and writes the table.
///
/// `folder` holds the inputs, `script` is that of the peers.
pub fn section(pairs: &[Pair], binary: &Path, folder: &Path, script: &str) -> Result<String> {
    process::run(&mut workspace::cargo(&["build", "--release", "--workspace", "--examples"]))?;
    let out = folder.join("out");
    let mut text = format!(
        "Whole processes, start-up included, {RUNS} runs of each in turn (A B B A). The ratio is the peer's wall time over \
         ours, median of the pairs (in brackets: least and most); the machine is shared, so the ratios count, not the \
         seconds. The peers' scripts are in `xtask/peers`.\n\n\
         | ours / theirs | ours | ratio | CPU ratio | our memory | their memory |\n|---|---:|---:|---:|---:|---:|\n"
    );
    for pair in pairs {
        let _ = fs::remove_dir_all(&out);
        fs::create_dir_all(&out)?;
        text += &row(pair, binary, folder, &out, script)?;
    }
    fs::remove_dir_all(&out)?;
    Ok(text)
}

fn row(pair: &Pair, binary: &Path, folder: &Path, out: &Path, script: &str) -> Result<String> {
    let example = pair.ours.first().and_then(|word| word.strip_prefix("examples/"));
    let example = example.map(|name| binary.with_file_name("examples").join(name));
    let ours: Vec<PathBuf> = pair.ours[usize::from(example.is_some())..]
        .iter()
        .map(|word| match (word.strip_prefix("IN/"), word.strip_prefix("OUT/")) {
            (Some(file), _) => folder.join(file),
            (_, Some(file)) => out.join(file),
            _ => PathBuf::from(word),
        })
        .collect();
    let binary = example.as_deref().unwrap_or(binary);
    let theirs = pair.peer.map(|(environment, what, file)| {
        let venvs = std::env::var_os("PEERS_VENVS").map_or_else(|| workspace::target().join("venvs"), PathBuf::from);
        let script = workspace::root().join("xtask/peers").join(script);
        (venvs.join(environment).join("bin/python"), vec![script, PathBuf::from(what), folder.join(file)])
    });
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let runs = if pair.once { 1 } else { RUNS };
    if pair.once {
        timed(binary, &ours)?;
    }
    for run in 0..runs {
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

/// Writes a file under another name first, so that a stopped run leaves no half of it.
pub fn make(file: &Path, write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> Result<()> {
    if file.is_file() {
        return Ok(());
    }
    let part = file.with_extension("part");
    let mut out = BufWriter::new(File::create(&part)?);
    write(&mut out).and_then(|()| out.flush()).with_context(|| format!("cannot write {}", part.display()))?;
    fs::rename(&part, file).with_context(|| format!("cannot write {}", file.display()))
}
