//! `trueup tune`.

use std::path::Path;

use trueup::flow;
use trueup::options::TuneOptions;

use super::{put, read_options, read_words, resource_words, resources, set_threads};
use crate::args::TuneArgs;
use crate::exit::Outcome;
use crate::output::{inert, print, write_or_print};
use crate::printer;
use crate::watch::Watch;

/// Searches and says what was found.
pub fn run(args: &TuneArgs) -> anyhow::Result<Outcome> {
    set_threads(args.work.threads)?;
    let options = TuneOptions {
        data: args.data.clone(),
        read: read_options(&args.read)?,
        model: args.model.clone(),
        settings: args.set.clone(),
        resources: resources(&args.resources),
        ignore_splits: args.ignore_splits,
        budget: args.budget,
        seed: args.work.seed,
    };
    let watch = Watch::new(args.quiet).until(args.deadline);
    let tuned = flow::tune(&options, &watch);
    watch.finish();
    let tuned = tuned?;
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&tuned)? + "\n";
        write_or_print(path, &inert(&json), &[&args.data])?;
    }
    if args.json.as_deref() != Some(Path::new("-")) && !args.quiet {
        print(&printer::tuned(&tuned, &args.data, &next(args), printer::width()))?;
    }
    Ok(Outcome::Fine)
}

/// The command that trains on the same data, up to the settings.
fn next(args: &TuneArgs) -> String {
    let mut words = vec!["trueup".to_owned(), "train".to_owned()];
    put(&mut words, "", Some(args.data.display().to_string()));
    for (name, value) in &args.set {
        put(&mut words, "--set", Some(format!("{name}={value}")));
    }
    resource_words(&args.resources, &mut words);
    read_words(&args.read, &mut words);
    words.join(" ")
}
