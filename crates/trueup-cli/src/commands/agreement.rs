//! `trueup agreement`.

use std::path::Path;

use clap::ValueEnum;
use trueup::agreement::AgreementOptions;
use trueup::flow;

use super::{put, read_options, read_words};
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
        print(&printer::agreement(&report, &command(args), printer::width()))?;
    }
    Ok(Outcome::Fine)
}

/// What was typed, without output, as it can be typed again.
fn command(args: &AgreementArgs) -> String {
    let mut words = vec!["trueup".to_owned(), "agreement".to_owned()];
    put(&mut words, "", Some(args.file.display().to_string()));
    let name = |value: &dyn Fn() -> Option<clap::builder::PossibleValue>| value().map(|v| v.get_name().to_owned());
    put(&mut words, "--level", name(&|| args.level?.to_possible_value()));
    put(&mut words, "--consensus", name(&|| args.consensus?.to_possible_value()));
    read_words(&args.read, &mut words);
    words.join(" ")
}
