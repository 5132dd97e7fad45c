//! Comparing figures with those of another tool, and keeping count of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The greatest difference allowed: absolute up to 1, relative beyond.
pub const TOLERANCE: f64 = 1e-9;

/// Figures of ours, and theirs.
pub type Sides = (Vec<f64>, Vec<f64>);

/// What a script wrote: the tools' versions, and its cases.
#[derive(Deserialize)]
pub struct Oracle<T> {
    pub peers: BTreeMap<String, String>,
    pub cases: T,
}

/// The committed cases.
pub fn small<T: DeserializeOwned>(text: &str) -> Oracle<T> {
    serde_json::from_str(text).unwrap()
}

/// The folder of the figures that a chore has made.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os("TRUEUP_ORACLES").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// The cases that a chore has made, where it has: the figures of `--full` are not always there.
pub fn live<T: DeserializeOwned>(family: &str) -> Option<Oracle<T>> {
    let path = folder().map(|folder| folder.join(format!("{family}.json")));
    let Some(path) = path.filter(|path| path.is_file()) else {
        println!(
            "1 skipped: no figures of {family}; `cargo xtask test` makes those of scikit-learn, SciPy and seqeval, --full all"
        );
        return None;
    };
    Some(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

/// Whether two figures are the same to 1e-9; no value is the same as no value alone.
pub fn same(ours: Option<f64>, theirs: Option<f64>) -> bool {
    match (ours, theirs) {
        (None, None) => true,
        (Some(ours), Some(theirs)) => difference(ours, theirs) <= TOLERANCE,
        _ => false,
    }
}

fn difference(ours: f64, theirs: f64) -> f64 {
    // Infinity is the same as infinity alone, and what is no number as nothing.
    if ours.total_cmp(&theirs).is_eq() { 0.0 } else { (ours - theirs).abs() / theirs.abs().max(1.0) }
}

/// How much was compared, and how far it was apart.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub cases: u64,
    pub figures: u64,
    pub greatest: f64,
}

impl Tally {
    /// Compares one figure.
    #[track_caller]
    pub fn figure(&mut self, what: impl FnOnce() -> String, ours: Option<f64>, theirs: Option<f64>) {
        assert!(same(ours, theirs), "{}: ours {ours:?}, theirs {theirs:?}", what());
        self.figures += 1;
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            self.greatest = self.greatest.max(difference(ours, theirs));
        }
    }

    /// Compares figures that have a value on both sides.
    #[track_caller]
    pub fn figures(&mut self, what: impl Fn() -> String, ours: &[f64], theirs: &[f64]) {
        assert_eq!(ours.len(), theirs.len(), "{}", what());
        for (&ours, &theirs) in ours.iter().zip(theirs) {
            self.figure(&what, Some(ours), Some(theirs));
        }
    }

    /// Counts what was compared and found equal in another way.
    pub fn equal(&mut self, figures: usize) {
        self.figures += figures as u64;
    }

    /// Leaves the count beside the figures, for the chore that writes `docs/oracles.md`, and says it.
    pub fn record(&self, name: &str, peers: &BTreeMap<String, String>) {
        let peers: Vec<String> = peers.iter().map(|(peer, version)| format!("{peer} {version}")).collect();
        let Self { cases, figures, greatest } = self;
        let peers = peers.join(", ");
        println!("{name}: {figures} figures of {cases} cases, {greatest:e} apart at most from {peers}");
        if let Some(folder) = folder() {
            let folder = folder.join("found");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("{name}.txt")), format!("{peers}\n{cases}\n{figures}\n{greatest:e}\n"))
                .unwrap();
        }
    }
}
