//! `trueup stats`.

use std::path::Path;

use trueup::flow;
use trueup::stats::Stats;

use super::read_options;
use crate::args::StatsArgs;
use crate::exit::Outcome;
use crate::output::{inert, print, write_or_print};
use crate::printer;

/// Counts what is in a file and prints it.
pub fn run(args: &StatsArgs) -> anyhow::Result<Outcome> {
    let stats = flow::stats(&args.file, &read_options(&args.read)?)?;
    if let Some(path) = &args.json {
        write_or_print(path, &inert(&json(&stats)?), &[&args.file])?;
    }
    if args.json.as_deref() != Some(Path::new("-")) {
        print(&printer::stats(&stats, printer::width()))?;
    }
    Ok(Outcome::Fine)
}

fn json(stats: &Stats) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(stats)? + "\n")
}
