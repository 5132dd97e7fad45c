//! `trueup schema`.

use crate::exit::Outcome;
use crate::output::print;

/// Prints the JSON schema of the review document.
pub fn run() -> anyhow::Result<Outcome> {
    print(&trueup::tell::schema())?;
    Ok(Outcome::Fine)
}
