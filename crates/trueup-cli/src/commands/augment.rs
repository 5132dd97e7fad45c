//! `trueup augment`.

use std::path::Path;

use trueup::augment::AugmentOptions;
use trueup::flow;

use super::{read_options, set_threads};
use crate::args::AugmentArgs;
use crate::exit::Outcome;
use crate::output::{inert, place, print, write_or_print};
use crate::printer;
use crate::watch::Watch;

/// Makes new examples, writes them and says what came of it.
pub fn run(args: &AugmentArgs) -> anyhow::Result<Outcome> {
    set_threads(args.work.threads)?;
    anyhow::ensure!(args.out != Path::new("-"), "-o -: the data goes to a file or folder; valid: its name");
    let mut inputs = vec![&args.data];
    inputs.extend(args.test.iter().chain(&args.templates));
    if let Some(input) = inputs.iter().find(|input| place(input) == place(&args.out)) {
        anyhow::bail!("{}: this is read, and writing would replace it; valid: another name", input.display());
    }
    inputs.push(&args.out);
    let options = AugmentOptions {
        methods: args.methods.clone(),
        per_example: args.per_example.map(|n| n as u64),
        factor: args.factor,
        only: args.only.clone(),
        targets: args.target.clone(),
        share: args.share,
        templates: args.templates.clone(),
        test: args.test.clone(),
        measure: args.measure,
        new_only: args.new_only,
        seed: args.work.seed,
        to: args.to,
        read: read_options(&args.read)?,
    };
    let watch = Watch::new(args.quiet);
    let report = flow::augment(&args.data, &args.out, &options, &watch);
    watch.finish();
    let report = report?;
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&report)? + "\n";
        write_or_print(path, &inert(&json), &inputs)?;
    }
    if args.json.as_deref() != Some(Path::new("-")) && !args.quiet {
        print(&printer::augment(&report, printer::width()))?;
    }
    Ok(Outcome::Fine)
}
