//! `trueup schema`.

use trueup::flow;

use crate::args::SchemaArgs;
use crate::exit::Outcome;
use crate::output::print;

/// Prints the JSON schema of a document.
pub fn run(args: &SchemaArgs) -> anyhow::Result<Outcome> {
    print(&flow::schema(args.document.into()))?;
    Ok(Outcome::Fine)
}
