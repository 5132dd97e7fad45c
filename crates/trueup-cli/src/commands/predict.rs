//! `trueup predict`.

use std::path::Path;

use trueup::data::Destination;
use trueup::flow;
use trueup::options::PredictOptions;

use super::{limit_programs, read_options, set_threads};
use crate::args::PredictArgs;
use crate::exit::Outcome;
use crate::output::{place, say};
use crate::printer;

/// Answers a file, and says on stderr what came of it.
pub fn run(args: &PredictArgs) -> anyhow::Result<Outcome> {
    let to_stdout = args.out == Path::new("-");
    if !to_stdout && place(&args.out) == place(&args.data) {
        anyhow::bail!("{}: this is read, and writing would replace it; valid: another name", args.out.display());
    }
    set_threads(args.threads)?;
    limit_programs(&args.program);
    let options =
        PredictOptions { read: read_options(&args.read)?, to: args.to, scores: args.scores, abstain: args.abstain };
    let to = if to_stdout {
        Destination::Pipe("standard output", Box::new(std::io::stdout().lock()))
    } else {
        Destination::Path(&args.out)
    };
    let answers = flow::predict(&args.model, &args.data, to, &options)?;
    if !args.quiet {
        printer::answered(&answers, &args.data, &args.out, printer::width()).lines().for_each(say);
    }
    Ok(Outcome::Fine)
}
