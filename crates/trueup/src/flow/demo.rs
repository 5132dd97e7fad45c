//! The demo: two small data sets with known faults, written as files, and the reviews that find the faults.

use std::path::{Path, PathBuf};

use trueup_data::ReadOptions;
use trueup_data::write::OutputSet;

use crate::demo::{faults_markdown, invoices, tickets};
use crate::error::Error;
use crate::options::{ReviewOptions, Source};

/// What the demo wrote and what it reviews.
#[derive(Debug)]
pub struct Demo {
    /// The files written.
    pub files: Vec<PathBuf>,
    /// The list of planted faults.
    pub faults: PathBuf,
    /// One review a data set, ready to run.
    pub reviews: Vec<ReviewOptions>,
    /// Commands to try next.
    pub next: Vec<String>,
}

/// Writes the demo's data sets into `dir`, all or none, and says what to review.
///
/// # Errors
///
/// When the folder cannot be written.
pub fn demo(dir: &Path, seed: u64) -> Result<Demo, Error> {
    let sets = [tickets(seed), invoices(seed)];
    let mut output = OutputSet::new();
    output.create_dir(dir)?;
    let mut files = Vec::new();
    for (name, content) in sets.iter().flat_map(|set| &set.files) {
        let path = dir.join(name);
        output.add(&path, content.as_bytes())?;
        files.push(path);
    }
    let faults = dir.join("FAULTS.md");
    output.add(&faults, faults_markdown(&sets).as_bytes())?;
    output.commit()?;
    files.push(faults.clone());

    let at = |name: &str| dir.join(name);
    let (train, test, notes) = (at("tickets-train.csv"), at("tickets-test.csv"), at("invoices.jsonl"));
    let review = |data: &Path, test: Option<&Path>| {
        let test_option = test.map_or_else(String::new, |test| format!(" --test {}", test.display()));
        ReviewOptions {
            source: Source::Train {
                data: data.to_owned(),
                test: test.map(Path::to_owned),
                valid: None,
                ignore_splits: false,
                learn: Box::default(),
            },
            read: ReadOptions::default(),
            metric: None,
            target: None,
            costs: Vec::new(),
            positive: None,
            select: Vec::new(),
            ignore: Vec::new(),
            slices: Vec::new(),
            slices_by: Vec::new(),
            seed,
            no_text: false,
            command: format!("trueup review {}{test_option}", data.display()),
        }
    };
    let reviews = vec![review(&train, Some(&test)), review(&notes, None)];
    let out = at("review");
    let next = vec![
        format!("{} -o {}", reviews[0].command, out.display()),
        format!("{} --cost fraud:miss=50,false-alarm=1", reviews[0].command),
        "trueup review YOUR-DATA.csv".to_owned(),
    ];
    Ok(Demo { files, faults, reviews, next })
}
