//! `trueup explain`.

use trueup::review::{RULES, by_code};

use crate::args::ExplainArgs;
use crate::exit::Outcome;
use crate::output::print;

/// Prints a rule's page.
pub fn run(args: &ExplainArgs) -> anyhow::Result<Outcome> {
    let Some(rule) = by_code(&args.code) else {
        let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
        anyhow::bail!(
            "'{}' is no rule; the codes are {}",
            trueup::core::words::printable(&args.code),
            codes.join(", ")
        );
    };
    print(&rule.page())?;
    Ok(Outcome::Fine)
}
