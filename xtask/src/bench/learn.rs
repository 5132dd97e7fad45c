//! `bench learn`: learning and answering, side by side with the Python tools that people use for it.
//!
//! `bench learn` runs the four entries `learn-linear`, `learn-crf`, `learn-predict` and `learn-folds`, each a section of the
//! page. `TRUEUP_BENCH_SETS=trec,wikigold` runs these sets alone. Both sides read the same files, made from the real data by
//! `xtask/peers/learn.py prepare` and kept in `target/bench-data/learn`, and both sides' answers are scored by
//! `xtask/peers/learn_score.py`. Peers that take minutes run once, and what they took is kept there too: remove the folder to run
//! them again.

pub mod crf;
pub mod folds;
pub mod linear;
pub mod predict;
mod race;
mod settings;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::{Taken, sorted, timed};
use crate::{process, workspace};

/// Runs of each command of a pair.
const RUNS: usize = 3;

/// A program and its arguments.
type Words = Vec<PathBuf>;

/// Where the binary, the inputs and the outputs are.
pub struct Place<'a> {
    /// The release binary.
    pub binary: &'a Path,
    /// The inputs.
    pub folder: PathBuf,
}

impl<'a> Place<'a> {
    /// Makes the inputs if they are not there yet.
    pub fn new(binary: &'a Path, data: &Path) -> Result<Self> {
        let place = Self { binary, folder: workspace::target().join("bench-data/learn") };
        if !place.folder.join("made").is_file() {
            let words = script("learn.py", "core", &["prepare".into(), data.into(), place.folder.clone()])?;
            process::run(workspace::command(&words[0].to_string_lossy()).args(&words[1..]))?;
        }
        for made in ["out", "models"] {
            fs::create_dir_all(place.folder.join(made))?;
        }
        Ok(place)
    }

    /// A part of a set, such as its `test`; `None` where it has no such part.
    pub fn part(&self, set: &str, part: &str) -> Option<PathBuf> {
        let files = ["jsonl", "conll"].map(|ending| self.folder.join(format!("{set}.{part}.{ending}")));
        files.into_iter().find(|file| file.is_file())
    }

    /// A part that must be there.
    pub fn input(&self, set: &str, part: &str) -> Result<PathBuf> {
        self.part(set, part).ok_or_else(|| anyhow!("there is no part {part} of {set} in {}", self.folder.display()))
    }

    /// A file for answers to a set, in the format of its inputs.
    pub fn answers(&self, set: &str, who: &str) -> Result<PathBuf> {
        let input = self.input(set, "test")?;
        let ending = input.extension().unwrap_or_default().to_string_lossy().into_owned();
        Ok(self.folder.join(format!("out/{set}.{who}.{ending}")))
    }

    /// A kept model, of us or of a peer.
    pub fn model(&self, set: &str, who: &str) -> PathBuf {
        self.folder.join(format!("models/{set}.{who}"))
    }

    /// The command that trains on a set and keeps the model. Where the set has a development part, that is watched.
    pub fn train(&self, set: &str, settings: &[&str]) -> Result<Words> {
        let mut words = vec![self.binary.to_path_buf(), "train".into(), self.input(set, "train")?];
        if let Some(dev) = self.part(set, "dev") {
            words.extend(["--valid".into(), dev]);
        }
        words.extend(["--no-review".into(), "--quiet".into(), "-o".into(), self.model(set, "trueup")]);
        settings.iter().for_each(|setting| words.extend(["--set".into(), PathBuf::from(setting)]));
        Ok(words)
    }

    /// The command that answers a file by the kept model of a set.
    pub fn predict(&self, set: &str, file: PathBuf, out: PathBuf) -> Words {
        let model = self.model(set, "trueup");
        vec![self.binary.to_path_buf(), "predict".into(), model, file, "-o".into(), out, "--quiet".into()]
    }
}

/// A script of `xtask/peers` with its arguments, in the environment of that name.
pub fn script(script: &str, environment: &str, arguments: &[PathBuf]) -> Result<Words> {
    let venvs = std::env::var_os("PEERS_VENVS").map_or_else(|| workspace::target().join("venvs"), PathBuf::from);
    let python = venvs.join(environment).join("bin/python");
    if !python.is_file() {
        bail!(
            "there is no {}: make it with `python3 -m venv {}`; `core` needs numpy, scipy, scikit-learn, seqeval, \
             fasttext-wheel and python-crfsuite, `spacy` needs spacy; PEERS_VENVS names the folder they are in",
            python.display(),
            venvs.join(environment).display()
        );
    }
    let script = workspace::root().join("xtask/peers").join(script);
    Ok([python, script].into_iter().chain(arguments.iter().cloned()).collect())
}

/// Those of the sets that `TRUEUP_BENCH_SETS` names; all where it names none.
pub fn wanted<T>(sets: &'static [T], name: impl Fn(&T) -> &str) -> Vec<&'static T> {
    let named = std::env::var("TRUEUP_BENCH_SETS").unwrap_or_default();
    let named: Vec<&str> = named.split(',').filter(|set| !set.is_empty()).collect();
    sets.iter().filter(|set| named.is_empty() || named.contains(&name(set))).collect()
}

/// Runs commands one after another, and adds up what they took; of memory, the most.
fn run(commands: &[Words]) -> Result<Taken> {
    let mut sum = Taken { wall: 0.0, cpu: Some(0.0), megabytes: Some(0.0) };
    for command in commands {
        let taken = timed(&command[0], &command[1..])?;
        let (Some(cpu), Some(megabytes)) = (taken.cpu, taken.megabytes) else {
            bail!("GNU time is needed: its package is `time`");
        };
        sum = Taken {
            wall: sum.wall + taken.wall,
            cpu: sum.cpu.map(|sum| sum + cpu),
            megabytes: sum.megabytes.map(|most| most.max(megabytes)),
        };
    }
    Ok(sum)
}

/// A figure that the last command wrote on stderr as a line `NAME VALUE`.
fn said(name: &str) -> Result<f64> {
    let text = fs::read_to_string(workspace::target().join("bench-stderr.txt"))?;
    figure(&text, name).ok_or_else(|| anyhow!("the script did not say `{name}`: {}", text.trim()))
}

fn figure(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

/// CPU seconds of a run.
fn cpu(taken: &Taken) -> f64 {
    taken.cpu.unwrap_or(f64::NAN)
}

/// Wall seconds of a run.
fn wall(taken: &Taken) -> f64 {
    taken.wall
}

/// Peak memory of a run, in megabytes.
fn memory(taken: &Taken) -> f64 {
    taken.megabytes.unwrap_or(f64::NAN)
}

/// Median of numbers; not a number of none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let values = sorted(values);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What theirs took over what ours took, run by run: least, median, most. A run without a fellow is compared with the
/// median of the others.
fn ratios(theirs: &[Taken], ours: &[Taken], of: fn(&Taken) -> f64) -> [f64; 3] {
    let middle = median(ours.iter().map(of));
    let one = |(i, their): (usize, &Taken)| {
        let ours = if theirs.len() == ours.len() { of(&ours[i]) } else { middle };
        of(their) / ours.max(0.001)
    };
    let all = sorted(theirs.iter().enumerate().map(one));
    [all.first(), all.get(all.len() / 2), all.last()].map(|value| value.copied().unwrap_or(f64::NAN))
}

/// Three ratios as a cell: the median, and least and most where they differ.
fn cell([least, middle, most]: [f64; 3]) -> String {
    if least < most { format!("{middle:.1} ({least:.1} to {most:.1})") } else { format!("{middle:.1}") }
}

/// Something that is asked for, and what was found: (where, figure).
pub struct Check {
    asked: String,
    found: Vec<(String, f64)>,
}

impl Check {
    pub fn new(asked: impl Into<String>) -> Self {
        Self { asked: asked.into(), found: Vec::new() }
    }

    pub fn add(&mut self, place: impl Into<String>, found: f64) {
        self.found.push((place.into(), found));
    }

    /// A line of the page: the range found, and where it does not hold.
    pub fn line(&self, digits: usize, holds: impl Fn(f64) -> bool) -> String {
        if self.found.is_empty() {
            return String::new();
        }
        let all = sorted(self.found.iter().map(|&(_, found)| found));
        let not: Vec<String> = self
            .found
            .iter()
            .filter(|&&(_, found)| !holds(found))
            .map(|(place, found)| format!("{place} {found:.digits$}"))
            .collect();
        let verdict =
            if not.is_empty() { "holds".to_owned() } else { format!("**does not hold**: {}", not.join(", ")) };
        let range = match all[..] {
            [one] => format!("{one:.digits$}"),
            [least, .., most] => format!("{least:.digits$} to {most:.digits$}"),
            [] => String::new(),
        };
        format!("- {}: {range}; {verdict}\n", self.asked)
    }
}

/// Bytes of a file or of all files of a folder.
fn bytes(path: &Path) -> Result<u64> {
    let meta = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !meta.is_dir() {
        return Ok(meta.len());
    }
    let mut sum = 0;
    for entry in fs::read_dir(path)? {
        sum += bytes(&entry?.path())?;
    }
    Ok(sum)
}

/// Scores of files of answers: for each its score in percent, and the score of the first less it with the ends of a 95 %
/// interval, in points.
fn scores(files: &[PathBuf]) -> Result<Vec<[f64; 4]>> {
    let words = script("learn_score.py", "core", files)?;
    let output = workspace::command(&words[0].to_string_lossy()).args(&words[1..]).output()?;
    if !output.status.success() {
        bail!("the answers cannot be scored: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let line = |line: &str| {
        let numbers: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
        <[f64; 4]>::try_from(numbers).map_err(|_| anyhow!("the scores are `{line}`"))
    };
    String::from_utf8(output.stdout)?.lines().map(line).collect()
}

/// Settings as a cell.
fn settings(words: &[&str]) -> String {
    if words.is_empty() { "defaults".to_owned() } else { words.join(" ") }
}

/// The rows of a table, under a head.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> Result<String> {
    let mut text = format!("| {} |\n|---", head.join(" | "));
    head.iter().skip(1).for_each(|_| text += "|---:");
    text += "|\n";
    for row in rows {
        writeln!(text, "| {} |", row.join(" | "))?;
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the figures are exact in binary")]
mod tests {
    use super::*;

    fn taken(cpu: f64) -> Taken {
        Taken { wall: 1.0, cpu: Some(cpu), megabytes: Some(10.0) }
    }

    #[test]
    fn ratios_are_of_runs_side_by_side_or_of_one_with_the_median() {
        let ours = [taken(1.0), taken(2.0), taken(4.0)];
        assert_eq!(ratios(&[taken(2.0), taken(8.0), taken(4.0)], &ours, cpu), [1.0, 2.0, 4.0]);
        assert_eq!(ratios(&[taken(8.0)], &ours, cpu), [4.0, 4.0, 4.0]);
        assert_eq!(cell([1.0, 2.0, 4.0]), "2.0 (1.0 to 4.0)");
        assert_eq!(cell([4.0; 3]), "4.0");
    }

    #[test]
    fn a_check_says_where_it_does_not_hold() {
        let mut check = Check::new("at least 3");
        assert_eq!(check.line(1, |found| found >= 3.0), "");
        check.add("a", 3.5);
        check.add("b", 4.0);
        assert_eq!(check.line(1, |found| found >= 3.0), "- at least 3: 3.5 to 4.0; holds\n");
        assert_eq!(check.line(1, |found| found >= 3.8), "- at least 3: 3.5 to 4.0; **does not hold**: a 3.5\n");
    }

    #[test]
    fn figures_are_read_by_their_names() {
        let text = "a warning\nwall 1.5\ncpu 2\n";
        assert_eq!((figure(text, "wall"), figure(text, "cpu"), figure(text, "c")), (Some(1.5), Some(2.0), None));
    }
}
