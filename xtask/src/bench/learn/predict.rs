//! `bench learn-predict`: answering alone, by kept models: texts a second, memory on streams, and how fast a model opens.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::race::Set;
use super::settings::{CRF, LINEAR};
use super::{Check, Place, RUNS, cell, cpu, median, memory, ratios, run, said, script, table, wall, wanted};
use crate::bench::pairs::make;
use crate::bench::timed;
use crate::workspace;

/// Texts that are answered of a set of labels.
const TEXTS: usize = 40_000;
/// Lines that are answered of a set of entities; one a token and one a sentence.
const LINES: usize = 120_000;
/// Lengths of the streams.
const STREAMS: [usize; 3] = [100_000, 1_000_000, 10_000_000];
/// The set whose texts and model the streams have.
const STREAM: &str = "sst2";
/// Starts of a process that answers one text.
const STARTS: usize = 21;

/// A peer that answers.
struct Side {
    sets: &'static [Set],
    /// What is counted.
    unit: &'static str,
    tool: &'static str,
    /// What `learn.py` calls it.
    command: &'static str,
    /// How many times faster ours is to be.
    least: f64,
}

const SIDES: &[Side] = &[
    Side { sets: LINEAR, unit: "texts", tool: "scikit-learn", command: "answer-sklearn", least: 10.0 },
    Side { sets: CRF, unit: "tokens", tool: "python-crfsuite", command: "answer-crfsuite-plain", least: 20.0 },
    Side {
        sets: CRF,
        unit: "tokens",
        tool: "python-crfsuite with the features of a word made once",
        command: "answer-crfsuite",
        least: 20.0,
    },
];

/// Times every set and writes the tables.
pub fn section(binary: &Path, data: &Path) -> Result<String> {
    let place = Place::new(binary, data)?;
    let mut text = format!(
        "Kept models answer a file: whole processes, the opening of the model, reading and writing included. Labels: \
         {TEXTS} texts, of scikit-learn `predict` of the pipeline with LinearSVC. Entities: {LINES} lines of CoNLL, of \
         python-crfsuite its features as well, in two ways: of every token anew, as tutorials write it, and those of a word \
         kept for when it comes again. A ratio is the peer's over ours, median of three runs in turn; in the last column \
         that of the peer's CPU time without start, opening, reading and writing to all of ours.\n\n"
    );
    let (mut rows, mut checks) = (Vec::new(), String::new());
    for side in SIDES {
        let Side { sets, unit, tool, least, .. } = side;
        let mut wall = Check::new(format!("{unit} a second (wall) over those of {tool}, at least {least}"));
        let mut used = Check::new(format!("{unit} a CPU second over those of {tool}, at least {least}"));
        for set in wanted(sets, |set| set.name) {
            let rate = rate(&place, set, side)?;
            wall.add(set.name, rate.wall[1]);
            used.add(set.name, rate.cpu[1]);
            rows.push(rate.row(set.name, side));
        }
        checks += &wall.line(1, |found| found >= *least);
        checks += &used.line(1, |found| found >= *least);
    }
    let head =
        ["set", "peer", "ours, a second", "wall ratio", "CPU ratio", "our memory / its", "the peer without the rest"];
    text += &table(&head, &rows)?;
    text += &opening(&place, &mut checks)?;
    text += &streams(&place, &mut checks)?;
    Ok(text + "\nWhat is asked, and the least and most that was found:\n\n" + &checks)
}

/// How fast a set was answered.
struct Rate {
    /// Texts or tokens.
    units: usize,
    seconds: f64,
    wall: [f64; 3],
    cpu: [f64; 3],
    memory: [f64; 2],
    bare: f64,
}

impl Rate {
    fn row(&self, set: &str, side: &Side) -> Vec<String> {
        vec![
            set.to_owned(),
            side.tool.to_owned(),
            format!("{:.0} thousand {}", self.units as f64 / self.seconds / 1e3, side.unit),
            cell(self.wall),
            cell(self.cpu),
            format!("{:.0} / {:.0} MB", self.memory[0], self.memory[1]),
            format!("{:.1}", self.bare),
        ]
    }
}

/// Times ours and the peer's on a set.
fn rate(place: &Place<'_>, set: &'static Set, side: &Side) -> Result<Rate> {
    let peer = &set.peers[set.kept];
    let theirs = peer.kept(place, set.name)?;
    ours(place, set)?;
    let (file, units) = many(place, set.name)?;
    let words = [side.command.into(), theirs, file.clone(), place.answers(set.name, "many.peer")?];
    let commands =
        [place.predict(set.name, file, place.answers(set.name, "many.trueup")?), script("learn.py", "core", &words)?];
    let (mut runs, mut bare) = ([vec![], vec![]], Vec::new());
    for number in 0..RUNS {
        for turn in if number % 2 == 0 { [0, 1] } else { [1, 0] } {
            runs[turn].push(run(&commands[turn..=turn])?);
            if turn == 1 {
                bare.push(said("cpu")?);
            }
        }
    }
    let [a, b] = runs;
    eprintln!("{}: {a:?} {b:?} {bare:?}", set.name);
    let most = |runs: &[_]| runs.iter().map(memory).fold(0.0, f64::max);
    Ok(Rate {
        units,
        seconds: median(a.iter().map(wall)),
        wall: ratios(&b, &a, wall),
        cpu: ratios(&b, &a, cpu),
        memory: [most(&a), most(&b)],
        bare: median(bare.into_iter()) / median(a.iter().map(cpu)),
    })
}

/// Trains our model of a set.
fn ours(place: &Place<'_>, set: &Set) -> Result<()> {
    let model = place.model(set.name, "trueup");
    if model.exists() {
        fs::remove_dir_all(&model)?;
    }
    run(&[place.train(set.name, set.ours)?]).map(|_| ())
}

/// A file of all parts of a set, over and over, and how many texts or tokens it has.
fn many(place: &Place<'_>, set: &str) -> Result<(PathBuf, usize)> {
    let entities = place.input(set, "test")?.extension().is_some_and(|ending| ending == "conll");
    let parts = ["test", "dev", "train"].into_iter().filter_map(|part| place.part(set, part));
    let text = parts.map(fs::read_to_string).collect::<std::io::Result<String>>()?;
    let lines: Vec<&str> = text.lines().collect();
    // Whole sentences: up to the next empty line.
    let least = if entities { LINES } else { TEXTS };
    let most =
        (least..=least + lines.len()).find(|n| !entities || lines[(n - 1) % lines.len()].is_empty()).unwrap_or(least);
    let kept = || (0..most).map(|n| lines[n % lines.len()]);
    let file = place.folder.join(format!("{set}.many.{}", if entities { "conll" } else { "jsonl" }));
    make(&file, |out| kept().try_for_each(|line| writeln!(out, "{line}")))?;
    Ok((file, kept().filter(|line| !line.is_empty()).count()))
}

/// How fast models open: the wall time of processes that answer one text, beside that of one that says its version.
fn opening(place: &Place<'_>, checks: &mut String) -> Result<String> {
    let out = place.folder.join("out");
    let mut rows = Vec::new();
    let mut check =
        Check::new("milliseconds to start, open the model, and answer one text, less those to start, under 10");
    let start = started(&[place.binary.to_path_buf(), "--version".into()])?;
    for set in wanted(LINEAR, |set| set.name).into_iter().chain(wanted(CRF, |set| set.name)) {
        let test = fs::read_to_string(place.input(set.name, "test")?)?;
        let entities = set.peers[set.kept].name == "crfsuite";
        let (one, file) = if entities {
            (test.split("\n\n").next().unwrap_or_default().to_owned() + "\n\n", out.join("one.conll"))
        } else {
            (test.lines().next().unwrap_or_default().to_owned() + "\n", out.join("one.jsonl"))
        };
        fs::write(&file, one)?;
        let answers = out.join(if entities { "answer.conll" } else { "answer.jsonl" });
        let whole = started(&place.predict(set.name, file, answers))?;
        check.add(set.name, whole - start);
        rows.push(vec![set.name.to_owned(), format!("{whole:.1} ms"), format!("{:.1} ms", whole - start)]);
    }
    *checks += &check.line(1, |found| found < 10.0);
    let head =
        format!("`trueup predict` on one text, median of {STARTS} starts; `trueup --version` takes {start:.1} ms.");
    Ok(format!("\n{head}\n\n{}", table(&["set", "wall", "less the start"], &rows)?))
}

/// The median wall time of a command, in milliseconds; without GNU time, which counts in hundredths of a second.
fn started(words: &[PathBuf]) -> Result<f64> {
    let mut taken = Vec::new();
    for _ in 0..STARTS {
        let mut command = workspace::command(&words[0].to_string_lossy());
        command.args(&words[1..]).stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let status = command.status().with_context(|| format!("cannot start {}", words[0].display()))?;
        taken.push(start.elapsed().as_secs_f64() * 1e3);
        if !status.success() {
            bail!("`{}` failed ({status})", crate::process::render(&command));
        }
    }
    Ok(median(taken.into_iter()))
}

/// Memory on ever longer streams.
fn streams(place: &Place<'_>, checks: &mut String) -> Result<String> {
    let Some(set) = wanted(LINEAR, |set| set.name).into_iter().find(|set| set.name == STREAM) else {
        return Ok(String::new());
    };
    let test = fs::read_to_string(place.input(set.name, "test")?)?;
    let lines: Vec<&str> = test.lines().collect();
    let (mut rows, mut peaks) = (Vec::new(), Vec::new());
    for texts in STREAMS {
        let file = place.folder.join(format!("stream-{texts}.jsonl"));
        make(&file, |out| {
            // A number of its own a line, so that no two are equal.
            (0..texts).try_for_each(|i| writeln!(out, "{{\"id\": {i}, {}", &lines[i % lines.len()][1..]))
        })?;
        // To stdout, which goes nowhere: the answers would fill the disk.
        let words = place.predict(set.name, file.clone(), "-".into());
        let taken = timed(&words[0], &words[1..])?;
        fs::remove_file(file)?;
        peaks.push(memory(&taken));
        rows.push(vec![
            format!("{texts}"),
            format!("{:.2} s", taken.wall),
            format!("{:.2} s", cpu(&taken)),
            format!("{:.0} MB", memory(&taken)),
        ]);
    }
    let mut check = Check::new("peak memory on the longest stream over that on the shortest, at most 1.2");
    check.add("streams", peaks[peaks.len() - 1] / peaks[0]);
    *checks += &check.line(2, |found| found <= 1.2);
    let head =
        format!("The same model on ever longer streams of JSON lines ({STREAM}, the answers written to stdout).");
    Ok(format!("\n{head}\n\n{}", table(&["texts", "wall", "CPU", "peak memory"], &rows)?))
}
