//! `trueup eval`.

mod tables;

use std::path::{Path, PathBuf};

use trueup::core::document::Evaluated;
use trueup::core::words;
use trueup::data::write::check_file;
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
    set_threads(args.work.threads)?;
    let source = match (&args.file, &args.gold, &args.predictions) {
        (Some(file), None, None) => EvalSource::File(file.clone()),
        (None, Some(gold), Some(predictions)) => {
            EvalSource::Pair { gold: gold.clone(), predictions: predictions.clone() }
        }
        _ => anyhow::bail!("name one FILE, or --gold and --predictions"),
    };
    let outputs: Vec<&PathBuf> = [&args.json, &args.confusion, &args.curves].into_iter().flatten().collect();
    let stdout = outputs.iter().filter(|path| path.as_path() == Path::new("-")).count();
    if stdout > 1 {
        anyhow::bail!("only one of --json, --confusion and --curves can go to stdout (-)");
    }
    outputs.iter().filter(|path| path.as_path() != Path::new("-")).try_for_each(|path| check_file(path))?;
    let options = EvalOptions {
        source,
        predicted: args.predicted.clone(),
        read: read_options(&args.read)?,
        by: args.by.clone(),
        metrics: args.metrics.clone(),
        weights: args.weights.clone(),
        way: args.matching,
        train: args.train.clone(),
        normalise: args.normalize.map(Into::into),
        curves: args.curves.is_some(),
        compat: args.compat.clone(),
        costs: args.cost.clone(),
        positive: args.positive.clone(),
        intervals: !args.no_intervals,
        seed: args.work.seed,
    };
    let watch = Watch::new(args.quiet);
    let result = flow::eval(&options, &watch);
    let run = watch.finish();
    let flow::Measured { document, curves } = result?;
    let evaluated = Evaluated { run: Some(run), ..document };
    let inputs: Vec<&PathBuf> =
        [&args.file, &args.gold, &args.predictions, &args.train].into_iter().flatten().collect();
    if let Some(path) = &args.json {
        write_or_print(path, &inert(&(serde_json::to_string_pretty(&evaluated)? + "\n")), &inputs)?;
    }
    if let Some(path) = &args.confusion {
        write_or_print(path, &tables::confusion(&evaluated), &inputs)?;
    }
    if let (Some(path), Some(curves)) = (&args.curves, &curves) {
        let csv = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
        let text = if csv { tables::curves(curves) } else { inert(&(serde_json::to_string_pretty(curves)? + "\n")) };
        write_or_print(path, &text, &inputs)?;
    }
    if stdout > 0 {
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
