//! `trueup convert`.

use std::path::Path;

use serde_json::{Value, json};
use trueup::data::{Conversion, ConvertOptions, Destination, convert};

use super::read_options;
use crate::args::ConvertArgs;
use crate::exit::Outcome;
use crate::output::{inert, place, say, write_or_print};
use crate::printer;

/// Converts, and says on stderr what was lost.
pub fn run(args: &ConvertArgs) -> anyhow::Result<Outcome> {
    let to_stdout = args.output == Path::new("-");
    if !to_stdout && place(&args.output) == place(&args.input) {
        anyhow::bail!("{}: this is read, and writing would replace it; valid: another name", args.output.display());
    }
    let read = read_options(&args.read)?;
    let options = ConvertOptions { read, to: args.to, as_input: false, refuse_loss: args.read.strict };
    let to = if to_stdout {
        Destination::Pipe("standard output", Box::new(std::io::stdout().lock()))
    } else {
        Destination::Path(&args.output)
    };
    let conversion = convert(&args.input, to, &options)?;
    if let Some(path) = &args.report {
        let report = serde_json::to_string_pretty(&report(&conversion))? + "\n";
        write_or_print(path, &inert(&report), &[&args.input, &args.output])?;
    }
    if !args.quiet {
        let (from, to) = (args.input.display().to_string(), args.output.display().to_string());
        printer::conversion(&conversion, &from, &to, printer::width()).lines().for_each(say);
    }
    Ok(Outcome::Fine)
}

/// The loss report as JSON.
fn report(conversion: &Conversion) -> Value {
    let losses: Vec<Value> = conversion
        .losses
        .kinds
        .iter()
        .map(|(kind, lost)| {
            let places: Vec<String> = lost.places.iter().map(ToString::to_string).collect();
            json!({ "kind": kind.name(), "count": lost.count, "first": lost.first, "places": places })
        })
        .collect();
    json!({
        "schema": "trueup.conversion/1",
        "from": conversion.from.name(),
        "to": conversion.to.name(),
        "records": conversion.records,
        "written": conversion.written,
        "losses": losses,
        "guesses": conversion.guesses,
        "skipped": conversion.skipped,
        "notes": conversion.notes,
    })
}
