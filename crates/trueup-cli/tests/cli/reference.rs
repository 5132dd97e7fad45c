//! The commands that tell about Trueup itself.

use insta::assert_snapshot;

use crate::harness::{CliTest, Finished};

fn run(args: &str) -> Finished {
    let finished = CliTest::new().run(args).ends_with(0);
    assert_eq!(finished.stderr, "", "{args}");
    finished
}

#[test]
fn version() {
    assert_eq!(run("--version").stdout, format!("trueup {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help() {
    assert_snapshot!(run("--help").stdout, @r"
    Review and improve text classification and entity recognition models: measure,
    find faults, say what to do next

    Usage: trueup <COMMAND>

    Commands:
      review       Review a model: train a baseline on labelled data, or take
                   predictions, and judge them
      eval         Measure a model's answers: every metric with its interval,
                   nothing judged
      compare      Compare models on the same test set: what moved, and whether that
                   is more than chance
      gate         Decide by a policy whether a candidate replaces the baseline:
                   promote, reject, or undecided
      train        Train a model, measure it, and keep it in a folder with its card
      predict      Answer a file of any size with a model
      tune         Search the settings of a learner on folds, and say what they are
                   worth
      calibrate    Make the scores of a kept model honest, set thresholds, leave
                   doubtful answers to people
      stats        Say what is in a file: sizes, labels, lengths, languages,
                   duplicates, annotators, what is odd
      agreement    Say how far annotators agree, on what, who is how good, and what
                   the likeliest answers are
      convert      Convert between annotation formats, and say what could not be
                   held
      split        Split data into train, valid and test, or into folds, keeping
                   together what belongs together
      augment      Make new training examples of those there are: typos, case, other
                   names, templates
      demo         Write two small data sets with known faults, review them, and say
                   what to try next
      rules        List the rules
      explain      Print the page of a rule
      schema       Print the JSON schema of a document
      completions  Print the completions for a shell
      man          Print the manual page
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn bare_it_prints_its_help_and_asks_for_a_command() {
    let finished = CliTest::new().run("").ends_with(2);
    assert!(finished.stderr.contains("Usage: trueup <COMMAND>"), "{finished}");
}

#[test]
fn rules_lists_every_rule_that_explain_explains() {
    let listed = run("rules").stdout;
    let codes: Vec<&str> = listed
        .lines()
        .filter(|line| line.as_bytes().first().is_some_and(u8::is_ascii_uppercase))
        .filter_map(|line| line.split_once("  ").map(|(code, _)| code))
        .collect();
    let said: usize = listed.lines().last().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert_eq!(codes.len(), said, "{listed}");
    assert!(codes.is_sorted() && codes.contains(&"E402") && codes.contains(&"K201"), "{codes:?}");
    for code in codes {
        let page = run(&format!("explain {code}")).stdout;
        for heading in ["What it finds", "Why it matters", "Example", "What to do"] {
            assert!(page.contains(&format!("\n## {heading}\n")), "{code}: no {heading}");
        }
        assert!(page.starts_with(&format!("# {code} ")), "{page}");
    }
}

#[test]
fn rules_as_markdown_hold_every_page() {
    let pages = run("rules --markdown").stdout;
    assert!(pages.starts_with("# Rules\n"));
    assert_eq!(pages.lines().filter(|line| line.starts_with("# ")).count(), 1);
    let listed = run("rules").stdout;
    let count = listed.lines().last().unwrap().split(' ').next().unwrap().to_owned();
    assert_eq!(pages.lines().filter(|line| line.starts_with("## ")).count().to_string(), count);
}

#[test]
fn explain_reads_a_code_in_any_case() {
    assert_eq!(run("explain e402").stdout, run("explain E402").stdout);
}

#[test]
fn completions_for_every_shell_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = run(&format!("completions {shell}")).stdout;
        assert!(text.contains("review") && text.contains("predictions"), "{shell}");
    }
}

#[test]
fn the_manual_holds_every_command() {
    let page = run("man").stdout;
    assert!(page.contains(".TH trueup 1"));
    for command in ["review", "split", "demo", "rules", "explain", "schema", "completions"] {
        assert!(page.contains(&format!("trueup\\-{command}")), "{command}");
    }
}
