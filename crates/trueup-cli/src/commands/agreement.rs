//! `trueup agreement`.

use std::path::Path;

use trueup::agreement::AgreementOptions;
use trueup::flow;

use super::read_options;
use crate::args::AgreementArgs;
use crate::exit::Outcome;
use crate::output::{inert, place, print, write_or_print};
use crate::printer;

/// Measures agreement, prints it, and writes the consensus where that is asked for.
pub fn run(args: &AgreementArgs) -> anyhow::Result<Outcome> {
    let mut inputs = vec![&args.file];
    if let Some(out) = &args.out {
        anyhow::ensure!(out != Path::new("-"), "-o -: the consensus goes to a file or folder; valid: its name");
        if place(out) == place(&args.file) {
            anyhow::bail!("{}: this is read, and writing would replace it; valid: another name", out.display());
        }
        inputs.push(out);
    }
    let options = AgreementOptions {
        read: read_options(&args.read)?,
        level: args.level.map(Into::into),
        consensus: args.consensus.map(Into::into),
        out: args.out.clone(),
        to: args.to,
        seed: args.seed,
    };
    let report = flow::agreement(&args.file, &options)?;
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&report)? + "\n";
        write_or_print(path, &inert(&json), &inputs)?;
    }
    if args.json.as_deref() != Some(Path::new("-")) && !args.quiet {
        print(&printer::agreement(&report, printer::width()))?;
    }
    Ok(Outcome::Fine)
}
