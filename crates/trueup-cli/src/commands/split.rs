//! `trueup split`.

use std::path::Path;

use trueup::data::write::check_folder;
use trueup::flow;
use trueup::options::SplitOptions;

use super::read_options;
use crate::args::SplitArgs;
use crate::exit::Outcome;
use crate::output::{inert, print, write_or_print};
use crate::printer;

/// Splits, writes and says what came of it.
pub fn run(args: &SplitArgs) -> anyhow::Result<Outcome> {
    check_folder(&args.out)?;
    let options = SplitOptions {
        by: args.by.into(),
        test: args.test,
        valid: args.valid,
        folds: args.folds,
        seed: args.seed,
        ignore_twins: args.ignore_twins,
        to: args.to,
        read: read_options(&args.read)?,
    };
    let report = flow::split(&args.data, &args.out, &options)?;
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&report)? + "\n";
        write_or_print(path, &inert(&json), &[&args.data])?;
    }
    if args.json.as_deref() != Some(Path::new("-")) && !args.quiet {
        print(&printer::split(&report, printer::width()))?;
    }
    Ok(Outcome::Fine)
}
