//! `trueup eval`.

use std::path::{Path, PathBuf};

use trueup::core::document::Evaluated;
use trueup::core::words;
use trueup::flow;
use trueup::options::{EvalOptions, EvalSource};

use super::{read_options, set_threads};
use crate::args::EvalArgs;
use crate::exit::Outcome;
use crate::output::{inert, print, say, write_or_print};
use crate::printer;
use crate::watch::Watch;

/// Measures, prints and writes.
pub fn run(args: &EvalArgs) -> anyhow::Result<Outcome> {
    set_threads(&args.work)?;
    let source = match (&args.file, &args.gold, &args.predictions) {
        (Some(file), None, None) => EvalSource::File(file.clone()),
        (None, Some(gold), Some(predictions)) => {
            EvalSource::Pair { gold: gold.clone(), predictions: predictions.clone() }
        }
        _ => anyhow::bail!("name one FILE, or --gold and --predictions"),
    };
    let options = EvalOptions {
        source,
        predicted: args.predicted.clone(),
        read: read_options(&args.read)?,
        by: args.by.clone(),
        metrics: args.metrics.clone(),
        compat: args.compat.clone(),
        costs: args.cost.clone(),
        positive: args.positive.clone(),
        intervals: !args.no_intervals,
        seed: args.work.seed,
    };
    let watch = Watch::new(args.quiet);
    let result = flow::eval(&options, &watch);
    let run = watch.finish();
    let evaluated = Evaluated { run: Some(run), ..result? };
    if let Some(path) = &args.json {
        let inputs: Vec<&PathBuf> = [&args.file, &args.gold, &args.predictions].into_iter().flatten().collect();
        write_or_print(path, &inert(&(serde_json::to_string_pretty(&evaluated)? + "\n")), &inputs)?;
    }
    if args.json.as_deref() == Some(Path::new("-")) {
        if !args.quiet {
            let guesses: Vec<&str> = evaluated.data.test.guesses.iter().map(|guess| guess.what.as_str()).collect();
            if !guesses.is_empty() {
                say(&words::printable(&format!("{}: {}", evaluated.data.test.file, guesses.join("; "))));
            }
        }
    } else {
        print(&printer::evaluated(&evaluated, printer::width()))?;
    }
    Ok(Outcome::Fine)
}
