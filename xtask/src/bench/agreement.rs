//! `bench agreement`: the models of annotators, side by side with crowd-kit.
//!
//! Both sides count the CPU time of one fit on the same table; reading, start-up and imports are left out: of ours
//! because a process that fits many times is compared with one that fits once, of crowd-kit's by its script.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::timed;
use crate::{process, workspace};

/// Fits of the longer of our processes.
const TIMES: u32 = 101;

/// Tables of Snow et al. 2008, and what they are.
const TABLES: [(&str, &str); 3] = [
    ("rte", "textual entailment, 8,000 answers by 164 people"),
    ("temp", "temporal order, 4,620 answers by 76 people"),
    ("wsd", "word sense, 1,770 answers by 34 people"),
];

/// Times the models and writes the table.
pub fn section(data: &Path) -> Result<String> {
    process::run(&mut workspace::cargo(&["build", "--release", "-p", "trueup-core", "--example", "consensus"]))?;
    let example = workspace::target().join("release/examples/consensus");
    let mut text = "CPU time of one fit, reading and start-up left out: ours from a release build that fits 101 times less one that fits \
                    once, crowd-kit's the least of three fits (`xtask/peers/agreement.py`). *Right* is the share of items \
                    whose consensus is the gold.\n\n\
                    | table | model | ours | crowd-kit | ratio | right | crowd-kit's |\n|---|---|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for (name, what) in TABLES {
        let table = data.join(format!("snow2008/{name}.standardized.tsv"));
        let theirs = peer(&table)?;
        for method in ["dawid-skene", "one-coin", "mace"] {
            let fit = |times: u32| timed(&example, &[table.as_os_str(), method.as_ref(), times.to_string().as_ref()]);
            let (many, one) = (fit(TIMES)?, fit(1)?);
            let (Some(many), Some(one)) = (many.cpu, one.cpu) else {
                bail!("GNU time is needed: its package is `time`")
            };
            let ours = (many - one) / f64::from(TIMES - 1);
            let mut command = workspace::command(&example.to_string_lossy());
            let output = command.arg(&table).args([method, "1"]).output()?;
            let right = String::from_utf8(output.stdout)?.trim().to_owned();
            let (cpu, peers_right) = theirs
                .iter()
                .find(|(known, ..)| known == method)
                .map_or((String::new(), String::new()), |(_, cpu, right)| {
                    (format!("{:.0} ms", cpu * 1e3), right.clone())
                });
            let ratio = theirs.iter().find(|(known, ..)| known == method).map(|(_, cpu, _)| cpu / ours.max(1e-5));
            let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.0}"));
            writeln!(text, "| {what} | {method} | {:.2} ms | {cpu} | {ratio} | {right} | {peers_right} |", ours * 1e3)?;
        }
    }
    Ok(text)
}

/// What crowd-kit takes: (method, CPU seconds, share right); nothing where it is not installed.
fn peer(table: &Path) -> Result<Vec<(String, f64, String)>> {
    let venvs = std::env::var_os("PEERS_VENVS").map_or_else(|| workspace::target().join("venvs"), Into::into);
    let python = venvs.join("core/bin/python");
    if !python.is_file() {
        eprintln!("crowd-kit is not compared: there is no {}", python.display());
        return Ok(Vec::new());
    }
    let script = workspace::root().join("xtask/peers/agreement.py");
    let output = workspace::command(&python.to_string_lossy()).arg(script).arg(table).output()?;
    if !output.status.success() {
        bail!("crowd-kit failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let read = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, cpu, right] = words[..] else { bail!("crowd-kit's script wrote `{line}`") };
        Ok((name.to_owned(), cpu.parse().context("CPU seconds")?, right.to_owned()))
    };
    String::from_utf8(output.stdout)?.lines().map(read).collect()
}
