//! `trueup completions`, `trueup man` and the CLI reference: all from the arguments themselves.

use std::fmt::Write;

use clap::CommandFactory;

use crate::args::{Arguments, CompletionsArgs};
use crate::exit::Outcome;
use crate::output::print;

/// Prints the completions for a shell.
pub fn completions(args: &CompletionsArgs) -> anyhow::Result<Outcome> {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "trueup", &mut out);
    print(&String::from_utf8(out)?)?;
    Ok(Outcome::Fine)
}

/// Prints the manual page, the commands' sections included.
pub fn man() -> anyhow::Result<Outcome> {
    let mut out = Vec::new();
    let command = Arguments::command();
    clap_mangen::Man::new(command.clone()).render(&mut out)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let name: &'static str = format!("trueup-{}", sub.get_name()).leak();
        clap_mangen::Man::new(sub.clone().name(name)).render(&mut out)?;
    }
    print(&String::from_utf8(out)?)?;
    Ok(Outcome::Fine)
}

/// Prints the reference of all commands in Markdown.
pub fn markdown() -> anyhow::Result<Outcome> {
    let mut out =
        String::from("# Command line\n\nMade from the command itself; `trueup COMMAND --help` says the same.\n");
    let mut command = Arguments::command().term_width(100);
    command.build();
    let names: Vec<String> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for name in names {
        let Some(sub) = command.find_subcommand_mut(&name) else {
            continue;
        };
        let help = sub.clone().term_width(100).render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        write!(out, "\n## trueup {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end())?;
    }
    print(&out)?;
    Ok(Outcome::Fine)
}
