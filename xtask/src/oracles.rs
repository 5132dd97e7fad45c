//! The figures of other tools (scikit-learn, SciPy, seqeval, statsmodels, nervaluate, spaCy and the like) that tests
//! compare ours with.
//!
//! Each family of figures is made by `peers/make.py` in a Python environment that has its tools, into `target/oracles`,
//! and kept until what it was made from changes. Families of scikit-learn, SciPy and seqeval are part of every test run,
//! the others of `test --full`, whose result is written into `docs/oracles.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps::{Outcome, Steps};
use crate::{process, tools, venv, workspace};

/// The folder of the tests, relative to the root.
const TESTS: &str = "crates/trueup-core/tests/oracles";

/// The page with the last result of a full run.
const PAGE: &str = "docs/oracles.md";

/// The lines of the page around what is written here.
const MARKS: [&str; 2] = ["<!-- oracles: begin -->\n", "<!-- oracles: end -->\n"];

/// What asks a tool.
struct Family {
    /// The name of its file in `target/oracles`, and of the test's record.
    name: &'static str,
    /// What `make.py` calls it.
    script: &'static str,
    environment: Environment,
    full: bool,
    /// For the page.
    what: &'static str,
}

/// A Python environment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Environment {
    /// scikit-learn, SciPy, seqeval.
    Core,
    /// statsmodels, krippendorff, irrCAC, crowd-kit.
    Agreement,
    /// One version of nervaluate, without pandas, which only its tables need.
    Nervaluate(&'static str),
    /// That of the real tools.
    Spacy,
}

const fn family(name: &'static str, environment: Environment, what: &'static str) -> Family {
    Family { name, script: name, environment, full: !matches!(environment, Environment::Core), what }
}

const fn nervaluate(name: &'static str, version: &'static str) -> Family {
    let what = "random spans in four ways of matching, all and by type; how tags are read";
    Family { name, script: "nervaluate", environment: Environment::Nervaluate(version), full: true, what }
}

static FAMILIES: [Family; 16] = [
    family(
        "labels",
        Environment::Core,
        "every metric of labels and label sets, curves; scores that are no numbers are refused",
    ),
    family("review", Environment::Core, "the figures of a review: labels, label sets, spans; real gold under noise"),
    family(
        "spans",
        Environment::Core,
        "reports of spans, default and strict, under six schemes and mixed; real gold under noise",
    ),
    family("schemes", Environment::Core, "tag sequences, and the spans that strict mode reads"),
    family("statistics", Environment::Core, "intervals, quantiles, tests, DeLong, BCa, divergences"),
    family("comparison", Environment::Core, "paired tests, intervals of differences, bootstrap, permutations"),
    family(
        "real",
        Environment::Core,
        "`trueup eval` on the real sets with a model's predictions, every metric, label and cell",
    ),
    family("statsmodels", Environment::Agreement, "McNemar, corrections, intervals of proportions, equivalence, power"),
    family(
        "agreement",
        Environment::Agreement,
        "coefficients of agreement, kappas, posteriors of three models; the sets of Snow and others",
    ),
    nervaluate("nervaluate-1.0.0", "1.0.0"),
    nervaluate("nervaluate-1.1.0", "1.1.0"),
    nervaluate("nervaluate-1.2.0", "1.2.0"),
    nervaluate("nervaluate-1.2.1", "1.2.1"),
    family("spacy", Environment::Spacy, "scores of random entities, all and by type; areas of labels"),
    family(
        "real-nervaluate",
        Environment::Nervaluate("1.2.1"),
        "`trueup eval --as nervaluate` on the real sets of entities",
    ),
    family("real-spacy", Environment::Spacy, "`trueup eval --as spacy` on the real sets of entities"),
];

impl Environment {
    fn name(self) -> String {
        match self {
            Self::Core => "oracle".into(),
            Self::Agreement => "agreement".into(),
            Self::Nervaluate(version) => format!("nervaluate-{version}"),
            Self::Spacy => "spacy".into(),
        }
    }

    fn requirements(self) -> PathBuf {
        let folder = workspace::root().join(TESTS).join("peers");
        match self {
            Self::Core => folder.join("requirements.txt"),
            Self::Agreement => folder.join("requirements-agreement.txt"),
            Self::Nervaluate(version) => folder.join(format!("requirements-nervaluate-{version}.txt")),
            Self::Spacy => tools::requirements("spacy"),
        }
    }

    fn venv(self) -> PathBuf {
        workspace::target().join(format!("{}-venv", self.name()))
    }

    /// Installs it where it is not; the Python of it.
    fn python(self) -> Result<PathBuf> {
        let options: &[&str] = match self {
            Self::Nervaluate(_) => &["--no-deps"],
            Self::Spacy => &tools::OPTIONS,
            _ => &[],
        };
        venv::make(&self.venv(), &self.requirements(), options)?;
        Ok(venv::python(&self.venv()))
    }
}

impl Family {
    /// The families of real sets share a folder, in which the predictions lie.
    fn is_real(&self) -> bool {
        self.script.starts_with("real")
    }

    fn out(&self) -> PathBuf {
        if self.is_real() { folder().join("real") } else { folder().join(format!("{}.json", self.name)) }
    }

    /// What the test reads, at last.
    fn file(&self) -> PathBuf {
        if self.is_real() { self.out().join(format!("{}.json", self.name)) } else { self.out() }
    }

    fn stamp(&self) -> PathBuf {
        folder().join(format!("{}.made-from.txt", self.name))
    }

    /// Everything that its figures depend on, in one text: equal means that they still hold.
    fn made_from(&self, scripts: &str, data: Option<&Path>) -> Result<String> {
        let data = data.map_or_else(String::new, |dir| dir.display().to_string());
        let mut wanted = read(&self.environment.requirements())?;
        if self.is_real() {
            // The models are trained there.
            wanted += &read(&Environment::Core.requirements())?;
        }
        Ok(format!("{data}\n{wanted}\n{scripts}"))
    }

    fn make(&self, data: Option<&Path>) -> Result<()> {
        let mut make = Command::new(self.environment.python()?);
        // Python would leave its cache among the sources; and two processes work side by side already.
        make.env("PYTHONDONTWRITEBYTECODE", "1").env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
        make.arg(workspace::root().join(TESTS).join("peers/make.py")).arg(self.script).arg(self.out());
        if let Some(data) = data {
            make.arg("--data").arg(data);
        }
        process::run(&mut make)
    }
}

/// Where the figures lie once they are made.
pub fn folder() -> PathBuf {
    workspace::target().join("oracles")
}

/// Makes the figures where Python is installed: those of every run, or of all families. A tool that cannot be had, as
/// without a network, is left out and said.
pub fn make(full: bool) -> Result<Outcome> {
    if workspace::find("python3").is_none() {
        let why = "python3 not found; install Python 3.10 or newer with its venv module".into();
        return Ok(Outcome::Skipped { why, required: true });
    }
    fs::create_dir_all(folder()).with_context(|| format!("cannot make {}", folder().display()))?;
    let data = workspace::data();
    let scripts = scripts(&workspace::root().join(TESTS).join("peers"))?;
    let (mut missing, mut unmade) = (Vec::new(), Vec::new());
    for family in &FAMILIES {
        let made_from = family.made_from(&scripts, data.as_deref())?;
        if family.file().is_file() && read(&family.stamp()).ok().as_ref() == Some(&made_from) {
            continue;
        }
        // What no longer holds is not compared with.
        for old in [family.stamp(), family.file()] {
            if old.is_file() {
                fs::remove_file(&old).with_context(|| format!("cannot remove {}", old.display()))?;
            }
        }
        if family.full && !full || family.is_real() && data.is_none() {
            continue;
        }
        let environment = family.environment;
        if unmade.contains(&environment) {
            missing.push(family.name.to_owned());
            continue;
        }
        if let Err(error) = environment.python() {
            missing.push(format!("{} ({error:#})", family.name));
            unmade.push(environment);
            continue;
        }
        family.make(data.as_deref())?;
        fs::write(family.stamp(), made_from).with_context(|| format!("cannot write for {}", family.name))?;
    }
    if missing.is_empty() {
        return Ok(Outcome::Passed);
    }
    let why = format!("no figures of {}; see the Python error above", missing.join(", "));
    Ok(Outcome::Skipped { why, required: true })
}

/// Makes the figures and runs the tests that compare with them, and no others; a full run writes the page.
pub fn chore(full: bool) -> Result<()> {
    forget()?;
    let mut steps = Steps::new(true, workspace::is_ci());
    steps.run("oracle figures", "look at the Python error above", || make(full))?;
    steps.run("tests", "run one test alone with `cargo test -p CRATE --test oracles NAME`", || {
        let packages = ["test", "--package", "trueup-core", "--package", "trueup-cli", "--test", "oracles"];
        let mut command = workspace::cargo(&[packages.as_slice(), &["--", "--show-output"]].concat());
        process::run(with_figures(&mut command)).map(|()| Outcome::Passed)
    })?;
    if full {
        steps.run("page", "see which figures were not compared", publish)?;
    }
    println!("{}", steps.table());
    Ok(())
}

/// Tells tests where the figures are, and the data.
pub fn with_figures(command: &mut Command) -> &mut Command {
    if let Some(dir) = workspace::data() {
        command.env("TRUEUP_DATA", dir);
    }
    if folder().is_dir() {
        command.env("TRUEUP_ORACLES", folder());
    }
    command
}

/// Writes the few cases that are committed, after a change of the scripts.
pub fn record() -> Result<()> {
    let small = workspace::root().join(TESTS).join("small");
    for family in FAMILIES.iter().filter(|family| !family.is_real()) {
        let out = small.join(format!("{}.json", family.name));
        // Of nervaluate the first and the last version are enough.
        if !out.is_file() {
            continue;
        }
        let mut make = Command::new(family.environment.python()?);
        make.env("PYTHONDONTWRITEBYTECODE", "1");
        make.arg(workspace::root().join(TESTS).join("peers/make.py")).arg(family.script).arg(out).arg("--small");
        if let Some(data) = workspace::data() {
            make.arg("--data").arg(data);
        }
        process::run(&mut make)?;
    }
    Ok(())
}

/// What a test left, in four lines: the tools, how much it compared, and how far it was apart.
struct Found {
    peers: String,
    cases: u64,
    figures: u64,
    greatest: f64,
}

impl Found {
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let peers = lines.next()?.to_owned();
        let (cases, figures) = (lines.next()?.parse().ok()?, lines.next()?.parse().ok()?);
        Some(Self { peers, cases, figures, greatest: lines.next()?.parse().ok()? })
    }
}

/// Removes what tests of an earlier run have left.
pub fn forget() -> Result<()> {
    let found = folder().join("found");
    if found.is_dir() {
        fs::remove_dir_all(&found).with_context(|| format!("cannot remove {}", found.display()))?;
    }
    Ok(())
}

/// Writes the result of a full run into the page, with the day.
pub fn publish() -> Result<Outcome> {
    let mut rows = Vec::new();
    for family in &FAMILIES {
        let path = folder().join("found").join(format!("{}.txt", family.name));
        let Ok(text) = fs::read_to_string(&path) else {
            let why = format!("{} was not compared, so {PAGE} stays as it is", family.name);
            return Ok(Outcome::Skipped { why, required: false });
        };
        let found = Found::read(&text).with_context(|| format!("{} is broken", path.display()))?;
        rows.push((family, found));
    }
    let page = workspace::root().join(PAGE);
    let text = read(&page)?;
    let Some((before, rest)) = text.split_once(MARKS[0]) else { bail!("{PAGE} has lost the line {}", MARKS[0].trim()) };
    let Some((_, after)) = rest.split_once(MARKS[1]) else { bail!("{PAGE} has lost the line {}", MARKS[1].trim()) };
    let block = table(&rows, &today()?);
    fs::write(&page, format!("{before}{}{block}{}{after}", MARKS[0], MARKS[1]))
        .with_context(|| format!("cannot write {}", page.display()))?;
    Ok(Outcome::Passed)
}

/// The block of the page: the day, and a row a family.
fn table(rows: &[(&Family, Found)], day: &str) -> String {
    let mut out = format!("Last full run: {day}.\n\n");
    out += "| tool and version | what is compared | cases | figures | greatest difference |\n|---|---|--:|--:|--:|\n";
    let (mut cases, mut figures) = (0, 0);
    for (family, found) in rows {
        let greatest = if found.greatest > 0.0 { format!("{:.0e}", found.greatest) } else { "0".into() };
        let numbers = format!("{} | {}", grouped(found.cases), grouped(found.figures));
        let _ = writeln!(out, "| {} | {} | {numbers} | {greatest} |", found.peers, family.what);
        cases += found.cases;
        figures += found.figures;
    }
    let _ = writeln!(out, "| all | | {} | {} | |", grouped(cases), grouped(figures));
    out
}

/// A number with commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The day, in UTC.
fn today() -> Result<String> {
    let since =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).context("the clock is before 1970")?;
    Ok(date(i64::try_from(since.as_secs() / 86_400)?))
}

/// The Gregorian date of a number of days since 1970-01-01, counted in years that begin in March.
fn date(days: i64) -> String {
    let from_march_0 = days + 719_468;
    let era = from_march_0.div_euclid(146_097);
    let of_era = from_march_0.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + later)
}

/// The text of the Python files of `folder`, in the order of their names.
fn scripts(folder: &Path) -> Result<String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == "py") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        let dates = [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_779, "2026-11-22")];
        for (days, expected) in dates {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn the_table_sums_up() {
        let found = |cases, greatest: f64| Found::read(&format!("numpy 2.0\n{cases}\n1234567\n{greatest}\n")).unwrap();
        let table = table(&[(&FAMILIES[0], found(7, 0.0)), (&FAMILIES[1], found(1_000, 2e-16))], "2026-11-22");
        assert!(table.starts_with("Last full run: 2026-11-22.\n"));
        assert!(table.contains("| numpy 2.0 |") && table.contains("| 7 | 1,234,567 | 0 |"));
        assert!(table.contains("| 1,000 | 1,234,567 | 2e-16 |"), "{table}");
        assert!(table.ends_with("| all | | 1,007 | 2,469,134 | |\n"));
    }

    #[test]
    fn every_environment_has_its_requirements() {
        for family in &FAMILIES {
            assert!(family.environment.requirements().is_file(), "{}", family.name);
        }
    }
}
