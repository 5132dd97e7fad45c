//! Data that means harm: what acts on a terminal, on Markdown or on a page stays data.

use std::fmt::Write as _;

use serde_json::json;

use crate::harness::{CliTest, make};

/// Escape sequences, bidirectional overrides, line ends, a bell, a null, and markup.
const EVIL: &[&str] = &[
    "\u{1b}[2J\u{1b}[31mred",
    "\u{1b}]0;title\u{7}",
    "right\u{202e}tfel",
    "iso\u{2066}late",
    "two\nlines",
    "back\u{8}\u{8}space\r",
    "next\u{85}line\u{9b}31m",
    "zero\u{200b}width\u{feff}",
    "</script><img src=x onerror=alert(1)>",
    "| pipe | `tick` [link](javascript:alert(1))",
    "=cmd|' /C calc'!A0",
    "nul\u{0}l",
];

/// Characters that act on a terminal; a line end is ours.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[track_caller]
fn inert(text: &str, what: &str) {
    if let Some((at, c)) = text.char_indices().find(|(_, c)| acts(*c)) {
        let from = text[..at].rfind('\n').map_or(0, |end| end + 1);
        panic!("{what}: {c:?} is raw in {:?}", &text[from..at + c.len_utf8()]);
    }
}

/// Labelled lines whose labels, ids, texts and metadata are hostile.
fn lines() -> String {
    let mut out = String::new();
    let mut rng = trueup::core::Rng::new(5);
    for row in 0..200 {
        let label = EVIL[row % 4];
        let words = ["late parcel", "new card", "locked out", "wrong price"][(row + usize::from(row % 17 == 0)) % 4];
        let body = format!("{words} {} {}", make::pick(&mut rng, EVIL), row % 40);
        let line = json!({"id": format!("{row}{}", EVIL[row % EVIL.len()]), "text": body, "label": label,
            "sour\u{1b}[7mce": EVIL[row % 3]});
        writeln!(out, "{line}").unwrap();
    }
    out
}

#[test]
fn nothing_of_the_data_acts_on_the_terminal() {
    let test = CliTest::with("evil.jsonl", lines());
    for args in ["", "--quiet --markdown -", "--fail-on error", "--cost none:miss=1", "--label nowhere", "--json -"] {
        let finished = test.run(&format!("review evil.jsonl {args}"));
        inert(&finished.stderr, args);
        // JSON may hold what JSON escapes; serde escapes what controls, not what turns the direction.
        if !args.contains("--json") {
            inert(&finished.stdout, args);
        }
    }
}

#[test]
fn json_holds_no_control_character_raw() {
    let test = CliTest::with("evil.jsonl", lines());
    let finished = test.run("review evil.jsonl --json - --quiet").ends_with(0);
    assert!(!finished.stdout.contains(|c: char| c.is_control() && c != '\n'));
    let document = test.review("evil.jsonl --quiet");
    // What was in the data is in the document as it was.
    let labels: Vec<&str> =
        document["labels"].as_array().unwrap().iter().map(|l| l["label"].as_str().unwrap()).collect();
    assert!(labels.contains(&EVIL[0]), "{labels:?}");
}

#[test]
fn predictions_and_entities_are_as_inert() {
    let test = CliTest::new();
    let (mut gold, mut answers) = (String::new(), String::new());
    for row in 0..120 {
        let id = format!("{row}\u{1b}[1m");
        let label = EVIL[row % 3];
        writeln!(gold, "{}", json!({"id": id, "label": label})).unwrap();
        writeln!(answers, "{}", json!({"id": id, "label": EVIL[(row + usize::from(row % 5 == 0)) % 3]})).unwrap();
    }
    test.write("gold.jsonl", gold);
    test.write("answers.jsonl", &answers);
    let finished = test.run("review --gold gold.jsonl --predictions answers.jsonl").ends_with(0);
    inert(&format!("{}{}", finished.stdout, finished.stderr), "predictions");
    test.write("cut.jsonl", answers.lines().take(60).collect::<Vec<_>>().join("\n"));
    let finished = test.run("review --gold gold.jsonl --predictions cut.jsonl").ends_with(2);
    inert(&finished.stderr, "a missing id");

    let mut spans = String::new();
    for row in 0..80 {
        let name = ["Ada", "Ben", "Eva"][row % 3];
        let body = format!("{name}\u{202e} met \u{1b}[5m{row}");
        let spans_of_row = json!([{"start": 0, "end": 3, "label": EVIL[row % 2]}]);
        writeln!(spans, "{}", json!({"text": body, "spans": spans_of_row})).unwrap();
    }
    test.write("spans.jsonl", spans);
    let finished = test.run("review spans.jsonl").ends_with(0);
    inert(&format!("{}{}", finished.stdout, finished.stderr), "entities");
}

#[test]
fn names_of_files_and_options_are_as_inert() {
    let test = CliTest::with("ev\u{1b}[31mil\u{202e}.csv", make::tickets(60, 1));
    let name = "ev\u{1b}[31mil\u{202e}.csv";
    for args in [
        &["review", name][..],
        &["review", name, "-o", "o\u{1b}[1mut"],
        &["review", name, "--json", "-", "--markdown", "-"],
        &["review", "no\u{1b}[31m.csv"],
        &["review", name, "--metric", "\u{1b}[31m"],
        &["review", name, "--select", "\u{1b}[31m"],
        &["review", name, "--cost", "\u{1b}[31m:miss=1"],
        &["review", name, "--cost", "\u{1b}[31m"],
        &["review", name, "--target", "\u{1b}[31m=1"],
        &["review", name, "--positive", "\u{1b}[31m"],
        &["review", name, "--label", "\u{1b}[31m"],
        &["review", name, "--from", "\u{1b}[31m"],
        &["explain", "\u{1b}[31m"],
        &["demo", "d\u{1b}[31mir/\u{0}".trim_end_matches('\0'), "--quiet"],
    ] {
        let finished = test.run_words(args);
        inert(&finished.stderr, &format!("{args:?} on stderr"));
        inert(&finished.stdout, &format!("{args:?} on stdout"));
    }
}

/// Markdown without what does nothing: code in back quotes, and characters with a backslash before them.
fn active(markdown: &str) -> String {
    let mut out = String::new();
    let (mut code, mut chars) = (false, markdown.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' if !code => drop(chars.next()),
            '`' => code = !code,
            '\n' => {
                assert!(!code, "code that does not end on its line: {out}");
                out.push(c);
            }
            c if !code => out.push(c),
            _ => {}
        }
    }
    out
}

#[test]
fn markdown_holds_no_markup_of_the_data() {
    let test = CliTest::with("evil.jsonl", lines());
    let finished = test.run("review evil.jsonl --quiet --markdown -").ends_with(0);
    let active = active(&finished.stdout).replace("<br>", "");
    assert!(!active.contains(['<', '[']), "markup that acts: {active}");
}

#[test]
fn colour_is_ours_alone() {
    let test = CliTest::with("evil.jsonl", lines());
    for args in ["review evil.jsonl", "review evil.jsonl --markdown -", "review evil.jsonl --cost none:miss=1"] {
        let mut command = test.command();
        let finished = command.args(args.split(' ')).env("CLICOLOR_FORCE", "1").output().unwrap();
        let finished = crate::harness::Finished::from(finished);
        let text = format!("{}{}", finished.stdout, finished.stderr);
        for piece in text.split('\u{1b}').skip(1) {
            // Bold, dim, red, yellow, green, and back to plain.
            let ours = ["[0m", "[1m", "[2m", "[31m", "[32m", "[33m"].iter().any(|style| piece.starts_with(style));
            assert!(ours, "{args}: an escape of the data: {piece:?}");
        }
        for word in ["red", "title"] {
            let styled = text.contains(&format!("\u{1b}[31m{word}"));
            assert!(!styled, "{args}: colour of the data before {word}");
        }
    }
}
