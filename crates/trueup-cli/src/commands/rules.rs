//! `trueup rules`.

use std::fmt::Write;

use trueup::core::words;
use trueup::review::RULES;

use crate::args::RulesArgs;
use crate::exit::Outcome;
use crate::output::print;
use crate::printer::{hang, width};

/// Lists the rules, or prints their pages.
pub fn run(args: &RulesArgs) -> anyhow::Result<Outcome> {
    let mut out = String::new();
    if args.markdown {
        writeln!(out, "# Rules\n\nWhat `trueup review` looks for. `trueup explain CODE` prints a page.")?;
        for rule in RULES {
            // The pages' headings go one level down, below the title of this page.
            let page: String = rule
                .page()
                .lines()
                .map(|l| if l.starts_with('#') { format!("#{l}\n") } else { format!("{l}\n") })
                .collect();
            write!(out, "\n{}\n", page.trim_end())?;
        }
    } else {
        let names = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
        for rule in RULES {
            let label = format!("{}  {:names$}  ", rule.code, rule.name);
            out += &hang(&label, &words::printable(&rule.summary()), width());
        }
        writeln!(out, "\n{} rules. Any of them: trueup explain {}", RULES.len(), RULES[0].code)?;
    }
    print(&out)?;
    Ok(Outcome::Fine)
}
