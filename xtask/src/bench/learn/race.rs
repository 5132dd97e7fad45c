//! One set, ours and the peers: timed in turn, scored together.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Place, RUNS, Words, bytes, cell, cpu, median, memory, ratios, run, said, scores, script, settings, wall};
use crate::bench::Taken;

/// A peer with its settings for a set.
pub struct Peer {
    /// What `learn.py` calls it.
    pub name: &'static str,
    /// `NAME=VALUE`, as `learn.py` takes them.
    pub settings: &'static [&'static str],
    /// Whether one run is enough, since it takes so long; it is kept, and not made again while the settings stay.
    pub once: bool,
}

impl Peer {
    /// The environment it lives in.
    fn environment(&self) -> &'static str {
        if self.name == "spacy" { "spacy" } else { "core" }
    }

    /// Where its model is kept; other settings make another model.
    fn model(&self, place: &Place<'_>, set: &str) -> PathBuf {
        place.model(set, &format!("{}.{}", self.name, self.settings.join(".")))
    }

    /// The command that is timed. It keeps the model only where that costs nothing beside the rest: python-crfsuite writes it
    /// to a file anyway, and where LinearSVC runs once it takes minutes.
    fn timed(&self, place: &Place<'_>, set: &str) -> Result<Words> {
        let model = self.model(place, set);
        let keeps = self.name == "crfsuite" || (self.name == "linearsvc" && self.once);
        self.command(place, set, keeps.then_some(&model))
    }

    /// The command that trains on a set and answers its test part.
    fn command(&self, place: &Place<'_>, set: &str, kept: Option<&Path>) -> Result<Words> {
        let answers = place.answers(set, self.name)?;
        let mut words = vec![self.name.into(), place.input(set, "train")?, place.input(set, "test")?, answers];
        words.extend(self.settings.iter().map(PathBuf::from));
        words.extend(kept.map(|file| PathBuf::from(format!("keep={}", file.display()))));
        script("learn.py", self.environment(), &words)
    }

    /// Runs the command that is timed: what it took, and of python-crfsuite the iterations. Of a peer that runs once, this
    /// is kept with its answers.
    fn run(&self, place: &Place<'_>, set: &str, command: Words) -> Result<(Taken, Option<f64>)> {
        let kept = PathBuf::from(format!("{}.run", self.model(place, set).display()));
        let answers = place.answers(set, self.name)?;
        let numbers: Vec<f64> = match fs::read_to_string(&kept) {
            Ok(text) if self.once && answers.is_file() => {
                text.split(' ').filter_map(|word| word.parse().ok()).collect()
            }
            _ => Vec::new(),
        };
        if let [wall, cpu, megabytes, ref iterations @ ..] = numbers[..] {
            let taken = Taken { wall, cpu: Some(cpu), megabytes: Some(megabytes) };
            return Ok((taken, iterations.first().copied()));
        }
        let taken = run(&[command])?;
        let iterations = (self.name == "crfsuite").then(|| said("iterations")).transpose()?;
        if self.once {
            let iterations = iterations.map(|n| format!(" {n}")).unwrap_or_default();
            fs::write(kept, format!("{} {} {}{iterations}", taken.wall, cpu(&taken), memory(&taken)))?;
        }
        Ok((taken, iterations))
    }

    /// Its kept model, made by a run of its own where it is not there.
    pub fn kept(&self, place: &Place<'_>, set: &str) -> Result<PathBuf> {
        let model = self.model(place, set);
        if !model.exists() {
            let part = PathBuf::from(format!("{}.part", model.display()));
            run(&[self.command(place, set, Some(&part))?])?;
            fs::rename(part, &model)?;
        }
        Ok(model)
    }
}

/// Our settings for a set, and the peers with theirs.
pub struct Set {
    /// Its name.
    pub name: &'static str,
    /// `NAME=VALUE`, as `--set` takes them; none for the defaults.
    pub ours: &'static [&'static str],
    /// The peers.
    pub peers: &'static [Peer],
    /// The peer whose kept model ours is compared with.
    pub kept: usize,
}

/// How a peer did.
pub struct Against {
    /// Which peer.
    pub peer: &'static Peer,
    /// Its runs.
    pub runs: Vec<Taken>,
    /// Iterations of python-crfsuite.
    pub iterations: Option<f64>,
    /// Its score in percent.
    pub score: f64,
    /// Our score less its, and the ends of the 95 % interval, in points.
    pub difference: [f64; 3],
}

/// How a set went.
pub struct Raced {
    /// Which set.
    pub set: &'static Set,
    /// Our runs.
    pub ours: Vec<Taken>,
    /// Our runs on one thread, each beside one of `ours`.
    pub alone: Vec<Taken>,
    /// Our score in percent.
    pub score: f64,
    /// The peers.
    pub peers: Vec<Against>,
    /// Bytes of our model on the disk, and of the peer's.
    pub bytes: (u64, u64),
}

/// Times all sides on a set, in turn and back (A B B A), and scores their answers.
pub fn race(place: &Place<'_>, set: &'static Set) -> Result<Raced> {
    let (model, answers) = (place.model(set.name, "trueup"), place.answers(set.name, "trueup")?);
    let train = place.train(set.name, set.ours)?;
    let predict = place.predict(set.name, place.input(set.name, "test")?, answers.clone());
    let ours = |threads: Option<&str>| {
        if model.exists() {
            fs::remove_dir_all(&model)?;
        }
        let with = |words: &Words| {
            let threads = threads.into_iter().flat_map(|n| [PathBuf::from("--threads"), n.into()]);
            words.iter().cloned().chain(threads).collect::<Words>()
        };
        run(&[with(&train), with(&predict)])
    };
    let commands: Vec<Words> = set.peers.iter().map(|peer| peer.timed(place, set.name)).collect::<Result<_>>()?;
    let mut raced = Raced { set, ours: vec![], alone: vec![], score: 0.0, peers: vec![], bytes: (0, 0) };
    let mut runs: Vec<Vec<Taken>> = vec![Vec::new(); set.peers.len()];
    let mut iterations = vec![None; set.peers.len()];
    for number in 0..RUNS {
        // Side 0 and 1 are ours, on one thread and on all.
        let mut sides: Vec<usize> = (0..set.peers.len() + 2).collect();
        if number % 2 == 1 {
            sides.reverse();
        }
        for side in sides {
            match side.checked_sub(2) {
                None if side == 0 => raced.alone.push(ours(Some("1"))?),
                None => raced.ours.push(ours(None)?),
                Some(peer) if number > 0 && set.peers[peer].once => (),
                Some(peer) => {
                    let (taken, steps) = set.peers[peer].run(place, set.name, commands[peer].clone())?;
                    runs[peer].push(taken);
                    iterations[peer] = steps;
                }
            }
        }
    }
    let files = set.peers.iter().map(|peer| place.answers(set.name, peer.name));
    let files = [Ok(answers)].into_iter().chain(files).collect::<Result<Vec<_>>>()?;
    let scored = scores(&files)?;
    raced.score = scored[0][0];
    raced.bytes = (bytes(&model)?, bytes(&set.peers[set.kept].kept(place, set.name)?)?);
    let sides = set.peers.iter().zip(runs).zip(iterations);
    for (((peer, runs), iterations), [score, difference, low, high]) in sides.zip(scored.into_iter().skip(1)) {
        raced.peers.push(Against { peer, runs, iterations, score, difference: [difference, low, high] });
    }
    eprintln!("{}: {:?}", set.name, raced.ours);
    raced.peers.iter().for_each(|peer| eprintln!("  {}: {:?} {:?}", peer.peer.name, peer.runs, peer.difference));
    Ok(raced)
}

/// The head of the table of [`Raced::rows`].
pub const HEAD: [&str; 10] = [
    "set",
    "peer",
    "its settings",
    "CPU ratio",
    "wall ratio",
    "our CPU",
    "our memory / its",
    "our F1",
    "its F1",
    "difference",
];

/// The head of the table of [`Raced::own`].
pub const OWN: [&str; 9] =
    ["set", "our settings", "CPU", "wall, 1 thread", "wall", "ratio", "our model", "the peer's", "share of it"];

impl Raced {
    /// A row a peer.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let ours = median(self.ours.iter().map(cpu));
        let row = |against: &Against| {
            let [difference, low, high] = against.difference;
            vec![
                self.set.name.to_owned(),
                against.peer.name.to_owned(),
                settings(against.peer.settings)
                    + &against.iterations.map(|n| format!(" ({n} iterations)")).unwrap_or_default(),
                cell(ratios(&against.runs, &self.ours, cpu)),
                cell(ratios(&against.runs, &self.ours, wall)),
                format!("{ours:.2} s"),
                format!("{:.0} / {:.0} MB", self.memory(), against.memory()),
                format!("{:.2}", self.score),
                format!("{:.2}", against.score),
                format!("{difference:+.2} ({low:+.2} to {high:+.2})"),
            ]
        };
        self.peers.iter().map(row).collect()
    }

    /// How ours did alone, and what is kept.
    pub fn own(&self) -> Vec<String> {
        let (ours, theirs) = self.bytes;
        vec![
            self.set.name.to_owned(),
            settings(self.set.ours),
            format!("{:.2} s", median(self.ours.iter().map(cpu))),
            format!("{:.2} s", median(self.alone.iter().map(wall))),
            format!("{:.2} s", median(self.ours.iter().map(wall))),
            cell(self.threads()),
            format!("{:.2} MB", ours as f64 / 1e6),
            format!("{:.1} MB", theirs as f64 / 1e6),
            format!("{:.3}", ours as f64 / theirs as f64),
        ]
    }

    /// Wall time on one thread over that on all: least, median, most.
    pub fn threads(&self) -> [f64; 3] {
        ratios(&self.alone, &self.ours, wall)
    }

    /// The most memory of our runs, in megabytes.
    pub fn memory(&self) -> f64 {
        self.ours.iter().map(memory).fold(0.0, f64::max)
    }

    /// How a peer did, by its name.
    pub fn against(&self, name: &str) -> Option<&Against> {
        self.peers.iter().find(|against| against.peer.name == name)
    }

    /// How much less CPU than a peer ours took, the median of the pairs.
    pub fn faster(&self, against: &Against) -> f64 {
        ratios(&against.runs, &self.ours, cpu)[1]
    }
}

impl Against {
    /// The most memory of its runs, in megabytes.
    pub fn memory(&self) -> f64 {
        self.runs.iter().map(memory).fold(0.0, f64::max)
    }
}
