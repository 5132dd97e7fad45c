//! `bench`: times the release binary on the real data and writes `docs/benchmarks.md`.
//!
//! Each entry runs three times, one after another on an otherwise idle machine; the table gives the fastest and the
//! median. Where a peer tool does the same, both are run in turn on the same file (`data`). A run of one entry
//! leaves the sections of the others in the page as they are; `learn` runs all entries whose names begin so.
//! `TRUEUP_BENCH_BINARY=FILE` times a release binary that is there already, instead of building one.

mod agreement;
mod compare;
mod data;
mod eval;
mod learn;
mod pairs;
mod tune;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};

use crate::{build, workspace};

/// Runs an entry.
const RUNS: usize = 3;

/// A thing to time: its name and the commands it stands for.
struct Entry {
    name: &'static str,
    cases: &'static [Case],
}

/// One command of the release binary; `DATA/` at the head of an argument is the folder of real data.
struct Case {
    what: &'static str,
    arguments: &'static [&'static str],
}

/// An entry that is timed beside peers: the name, and what writes its section.
type Beside = (&'static str, fn(&Path, &Path) -> Result<String>);

/// The entries of pairs, each a module of its own.
const BESIDE: [Beside; 9] = [
    ("data", data::section),
    ("eval", eval::section),
    ("compare", compare::section),
    ("agreement", |_, data| agreement::section(data)),
    ("learn-linear", learn::linear::section),
    ("learn-crf", learn::crf::section),
    ("learn-predict", learn::predict::section),
    ("learn-folds", learn::folds::section),
    ("tune", tune::section),
];

const ENTRIES: [Entry; 1] = [Entry {
    name: "review",
    cases: &[
        Case {
            what: "banking77: 10,003 training and 3,080 test texts, 77 labels, linear model",
            arguments: &[
                "review",
                "DATA/banking77/train.csv",
                "--test",
                "DATA/banking77/test.csv",
                "--json",
                "-",
                "--quiet",
            ],
        },
        Case {
            what: "sms_spam: 5,574 texts, 2 labels, 5 folds, linear model",
            arguments: &["review", "DATA/sms_spam/SMSSpamCollection", "--json", "-", "--quiet"],
        },
    ],
}];

/// What one run took. CPU and memory are known only where GNU time is installed.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// Seconds elapsed.
    pub wall: f64,
    /// Seconds of CPU, user and system, over all threads.
    pub cpu: Option<f64>,
    /// The peak resident set.
    pub megabytes: Option<f64>,
}

/// Times the entry named, or all of them.
pub fn chore(arguments: &[&str]) -> Result<()> {
    let (name, date) = parse(arguments)?;
    let data = workspace::data().ok_or_else(|| anyhow!("there is no real data to time; set TRUEUP_DATA"))?;
    let binary = std::env::var_os("TRUEUP_BENCH_BINARY").map_or_else(|| build::all(true), |built| Ok(built.into()))?;
    let file = workspace::root().join("docs/benchmarks.md");
    let old = fs::read_to_string(&file).unwrap_or_default();
    let mut page = format!(
        "# Benchmarks\n\nWritten by `cargo xtask bench` on a machine with {} cores{}. Release build, {RUNS} runs each, \
         output as JSON to nowhere; CPU is user and system time over all threads, memory is the peak resident set.\n",
        std::thread::available_parallelism()?,
        date.map(|date| format!(", {date}")).unwrap_or_default(),
    );
    if name.is_some_and(|name| name != ENTRIES[0].name) {
        page += &kept(&old, ENTRIES[0].name);
    }
    for entry in ENTRIES.iter().filter(|entry| name.is_none_or(|name| name == entry.name)) {
        write!(
            page,
            "\n## {}\n\n| what | wall min | wall median | CPU median | memory |\n|---|---:|---:|---:|---:|\n",
            entry.name
        )?;
        for case in entry.cases {
            page += &row(case, &binary, &data)?;
        }
    }
    for (entry, section) in BESIDE {
        if name.is_none_or(|name| chosen(name, entry)) {
            page += &format!("\n## {entry}\n\n{}", section(&binary, &data)?);
        } else {
            page += &kept(&old, entry);
        }
    }
    fs::create_dir_all(workspace::root().join("docs"))?;
    fs::write(&file, &page).with_context(|| format!("cannot write {}", file.display()))?;
    print!("{page}");
    Ok(())
}

/// Whether a name that was typed asks for an entry: it is its name, or what comes before the hyphen in it.
fn chosen(name: &str, entry: &str) -> bool {
    entry.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The section of that name of an earlier page, with its heading; empty where it has none.
fn kept(page: &str, name: &str) -> String {
    let section = page.split("\n## ").skip(1).find(|section| section.lines().next() == Some(name));
    section.map_or_else(String::new, |section| format!("\n## {}\n", section.trim_end()))
}

fn parse<'a>(arguments: &[&'a str]) -> Result<(Option<&'a str>, Option<&'a str>)> {
    let (name, rest) = match arguments {
        [name, rest @ ..] if !name.starts_with('-') => (Some(*name), rest),
        rest => (None, rest),
    };
    let known: Vec<_> = ENTRIES.iter().map(|entry| entry.name).chain(BESIDE.map(|(name, _)| name)).collect();
    if let Some(name) = name.filter(|name| !known.iter().any(|entry| chosen(name, entry))) {
        bail!("nothing to time is called `{name}`; known: {}", known.join(", "));
    }
    match rest {
        [] => Ok((name, None)),
        ["--date", date] => Ok((name, Some(date))),
        _ => bail!("cannot read `{}`; usage: cargo xtask bench [NAME] [--date YYYY-MM-DD]", rest.join(" ")),
    }
}

fn row(case: &Case, binary: &Path, data: &Path) -> Result<String> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        runs.push(once(case, binary, data)?);
    }
    let walls = sorted(runs.iter().map(|run| run.wall));
    let cpus = sorted(runs.iter().filter_map(|run| run.cpu));
    let memory = sorted(runs.iter().filter_map(|run| run.megabytes));
    let show = |value: Option<&f64>, unit: &str| value.map_or("n/a".into(), |value| format!("{value:.2} {unit}"));
    Ok(format!(
        "| {} | {} | {} | {} | {} |\n",
        case.what,
        show(walls.first(), "s"),
        show(walls.get(walls.len() / 2), "s"),
        show(cpus.get(cpus.len() / 2), "s"),
        show(memory.last(), "MB"),
    ))
}

/// Numbers from the least to the greatest.
pub fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Runs the case once.
fn once(case: &Case, binary: &Path, data: &Path) -> Result<Taken> {
    let arguments = case.arguments.iter().map(|argument| match argument.strip_prefix("DATA/") {
        Some(file) => data.join(file),
        None => PathBuf::from(argument),
    });
    timed(binary, &arguments.collect::<Vec<_>>())
}

/// Runs a program once, through GNU time where it is installed.
pub fn timed(binary: &Path, arguments: &[impl AsRef<OsStr>]) -> Result<Taken> {
    let measured = workspace::target().join("bench-time.txt");
    let timer = workspace::find("time");
    let mut command = workspace::command(&timer.as_deref().unwrap_or(binary).to_string_lossy());
    if timer.is_some() {
        command.args(["-f", "%e %U %S %M", "-o"]).arg(&measured).arg(binary);
    }
    command.args(arguments);
    let errors = workspace::target().join("bench-stderr.txt");
    command.stdout(Stdio::null()).stderr(File::create(&errors)?);
    let start = Instant::now();
    let status = command.status().with_context(|| format!("cannot start {}", binary.display()))?;
    let wall = start.elapsed().as_secs_f64();
    if !status.success() {
        let said = fs::read_to_string(&errors)?;
        bail!("`{}` failed ({status}): {}", crate::process::render(&command), said.trim());
    }
    if timer.is_none() {
        return Ok(Taken { wall, cpu: None, megabytes: None });
    }
    read_time(&fs::read_to_string(&measured)?)
}

/// Reads `%e %U %S %M` of GNU time: seconds elapsed, user, system; kilobytes.
fn read_time(line: &str) -> Result<Taken> {
    let numbers: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [wall, user, system, kilobytes] = numbers[..] else { bail!("GNU time wrote `{}`", line.trim()) };
    Ok(Taken { wall, cpu: Some(user + system), megabytes: Some(kilobytes / 1000.0) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        assert_eq!(parse(&[]).unwrap(), (None, None));
        assert_eq!(parse(&["review", "--date", "2030-01-02"]).unwrap(), (Some("review"), Some("2030-01-02")));
        assert!(parse(&["revue"]).unwrap_err().to_string().contains("known: review, data, eval, compare, agreement"));
        assert_eq!(parse(&["learn"]).unwrap().0, Some("learn"));
        assert!(chosen("learn", "learn-crf") && chosen("learn-crf", "learn-crf") && !chosen("learn-c", "learn-crf"));
        assert!(parse(&["--fast"]).is_err());
    }

    #[test]
    fn sections_of_other_entries_stay() {
        let page = "# B\n\nintro\n\n## review\n\n| a |\n\n## data\n\n| b |\n";
        assert_eq!(kept(page, "review"), "\n## review\n\n| a |\n");
        assert_eq!(kept(page, "data"), "\n## data\n\n| b |\n");
        assert_eq!(kept(page, "other"), "");
    }

    #[test]
    fn gnu_time() {
        let taken = read_time("1.50 2.25 0.25 128000\n").unwrap();
        assert_eq!((taken.wall, taken.cpu, taken.megabytes), (1.5, Some(2.5), Some(128.0)));
        assert!(read_time("no numbers").is_err());
    }
}
