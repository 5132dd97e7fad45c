//! Results on stdout, talk on stderr; colour only where it shows; no line too long; only what is asked for is written.

use insta::assert_snapshot;
use unicode_width::UnicodeWidthStr;

use crate::harness::{CliTest, Finished, make};

fn tickets() -> CliTest {
    CliTest::with("tickets.csv", make::tickets(300, 1))
}

fn styled(test: &CliTest, args: &str, variables: &[(&str, &str)]) -> Finished {
    let mut command = test.command();
    command.args(args.split_whitespace()).envs(variables.iter().copied());
    command.output().unwrap().into()
}

#[test]
fn a_review_as_it_is_printed() {
    let test = tickets();
    let finished = test.run("review tickets.csv --seed 1").ends_with(0);
    assert_snapshot!(finished, @r"
    exit_code: 0
    ----- stdout -----
    trueup review tickets.csv --seed 1                       5 folds, linear, seed 1
      tickets.csv (300 examples): the format is csv; fields are set apart by commas;
      double quotes may enclose a field; the first row is the header; text is column
      'text'; label is column 'label'; id is column 'id'

      READY       1 note. Accuracy is 0.92 (0.88 to 0.95), clear of the 0.35 that
                  always answering 'billing' would get. No target was stated;
                  nothing was found against it.

      accuracy        0.92    0.88 ──────●─────······ 0.95    always 'billing': 0.35
      macro-F1        0.92    0.89 ·──────●────······ 0.95
      log loss        0.36   0.25 to 0.53
      mean ROC AUC    0.96    0.94 ··········────●─── 0.98

      T501 note     validation loss rose from 0.60 at pass 2 to 0.72 at pass 4 while
                    training loss fell

      label       support   precision      recall         F1
      billing         106   0.90 ±0.06     0.89 ±0.06     0.89 ±0.04
      delivery        102   0.92 ±0.05     0.92 ±0.05     0.92 ±0.04
      login            92   0.95 ±0.05     0.96 ±0.04     0.95 ±0.03

      next 1  Read the 24 wrong answers, the surest first: each is a wrong label, a
              missing kind of example or a real limit
              trueup review tickets.csv --seed 1 --html review.html

      What a code means: trueup explain T501
      [COST]

    ----- stderr -----
    ");
}

#[test]
fn nothing_is_written_that_was_not_asked_for() {
    let test = tickets();
    test.run("review tickets.csv").ends_with(0);
    assert_eq!(test.files(), ["tickets.csv"]);
}

#[test]
fn a_folder_gets_all_forms() {
    let test = tickets();
    let finished = test.run("review tickets.csv -o deep/out").ends_with(0);
    let mut expected = vec!["deep/out/review.json", "deep/out/review.md", "tickets.csv"];
    if test.path("deep/out/review.html").exists() {
        expected.insert(0, "deep/out/review.html");
        assert!(test.read("deep/out/review.html").contains("trueup.review/1"));
    } else {
        assert!(finished.stderr.contains("note: no review.html"), "{finished}");
    }
    assert_eq!(test.files(), expected);
    for name in &expected[..expected.len() - 1] {
        assert!(finished.stderr.contains(&format!("  wrote {name}\n")), "{name}: {finished}");
    }
    // Again into the same folder: it replaces its own files.
    test.run("review tickets.csv -o deep/out --quiet").ends_with(0);
    assert_eq!(test.files(), expected);
}

#[test]
fn json_on_stdout_is_alone_there() {
    let finished = tickets().run("review tickets.csv --json -").ends_with(0);
    let document: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(document["schema"], "trueup.review/1");
    assert!(finished.stdout.starts_with("{\n") && finished.stdout.ends_with("\n}\n"));
    assert_snapshot!(finished.stderr, @"tickets.csv: the format is csv; fields are set apart by commas; double quotes may enclose a field; the first row is the header; text is column 'text'; label is column 'label'; id is column 'id'");
}

#[test]
fn markdown_on_stdout_is_alone_there() {
    let finished = tickets().run("review tickets.csv --markdown - --seed 1").ends_with(0);
    assert!(finished.stdout.starts_with('#') && finished.stdout.ends_with('\n'), "{finished}");
    assert!(finished.stdout.contains("\n## Next\n") && !finished.stdout.contains('\u{1b}'), "{finished}");
}

#[test]
fn quiet_says_nothing_on_stderr() {
    let test = tickets();
    for args in ["", "--json -", "--markdown -", "-o out", "--json a.json"] {
        let finished = test.run(&format!("review tickets.csv --quiet {args}")).ends_with(0);
        assert_eq!(finished.stderr, "", "{args}");
    }
    let (gold, answers) = make::fraud();
    test.write("gold.csv", gold);
    test.write("predictions.csv", answers);
    let finished = test.run("review --gold gold.csv --predictions predictions.csv --quiet").ends_with(0);
    assert_eq!(finished.stderr, "");
}

#[test]
fn quiet_leaves_errors_to_be_heard() {
    let finished = tickets().run("review nowhere.csv --quiet").ends_with(2);
    assert!(finished.stderr.starts_with("error: nowhere.csv"), "{finished}");
}

#[test]
fn colour_only_where_it_shows() {
    let test = tickets();
    for args in ["review tickets.csv --quiet", "review nowhere.csv", "rules", "explain E402", "--help"] {
        let plain = styled(&test, args, &[]);
        assert!(!format!("{plain}").contains('\u{1b}'), "{args}: colour in a pipe");
        let refused = styled(&test, args, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]);
        let dumb = styled(&test, args, &[("TERM", "dumb")]);
        assert!(!format!("{dumb}").contains('\u{1b}'), "{args}: colour for a dumb terminal");
        let forced = styled(&test, args, &[("CLICOLOR_FORCE", "1")]);
        for (stream, forced, plain) in
            [("stdout", &forced.stdout, &plain.stdout), ("stderr", &forced.stderr, &plain.stderr)]
        {
            let stripped = anstream::adapter::strip_str(forced).to_string();
            assert_eq!(without_cost(&stripped), without_cost(plain), "{args}: {stream} stripped of its colour");
        }
        if args.starts_with("review") {
            assert!(format!("{forced}").contains('\u{1b}'), "{args}: no colour although it is forced");
            assert!(!format!("{refused}").contains('\u{1b}'), "{args}: colour under NO_COLOR");
        }
    }
}

/// The text without the line that says what the run cost.
fn without_cost(text: &str) -> String {
    text.lines().filter(|line| !line.ends_with(" MiB")).collect::<Vec<_>>().join("\n")
}

#[test]
fn data_formats_are_never_coloured() {
    let test = tickets();
    for args in ["review tickets.csv --json -", "review tickets.csv --markdown -", "schema", "man", "completions zsh"] {
        let forced = styled(&test, args, &[("CLICOLOR_FORCE", "1")]);
        assert!(!forced.stdout.contains('\u{1b}'), "{args}");
    }
    styled(&test, "review tickets.csv --quiet -o out", &[("CLICOLOR_FORCE", "1")]).ends_with(0);
    assert!(!test.read("out/review.md").contains('\u{1b}') && !test.read("out/review.json").contains('\u{1b}'));
}

/// Whether a line is there to be copied: a command of ours, which is not wrapped.
fn is_command(line: &str) -> bool {
    line.contains("trueup review")
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let test = tickets();
    let long = "a-name-of-a-label-that-goes-on-and-on-until-it-is-wider-than-any-terminal-should-have-to-show-it";
    let wide = test.read("tickets.csv").replace("login", long);
    test.write("wide.csv", wide);
    test.write("names.conll", make::names(60, 1));
    test.write("topics.csv", make::topics(120, 1));
    let (gold, answers) = make::fraud();
    test.write("gold.csv", gold);
    test.write("predictions.csv", answers);
    test.write("other.csv", make::tickets(200, 1));
    for columns in [80, 100, 120] {
        for args in [
            "review tickets.csv",
            "review wide.csv",
            "review names.conll",
            "review topics.csv",
            "review tickets.csv --test other.csv --target accuracy=0.99",
            "review --gold gold.csv --predictions predictions.csv --cost fraud:miss=50,false-alarm=1",
            "rules",
            "review --help",
            "--help",
        ] {
            let finished = styled(&test, args, &[("COLUMNS", &columns.to_string())]).ends_with(0);
            for line in finished.stdout.lines().filter(|line| !is_command(line)) {
                assert!(line.width() <= columns, "{args}: {} of {columns} columns: {line}", line.width());
                // The help is laid out by the parser of arguments.
                let ours = !args.contains("--help");
                assert!(!ours || line == line.trim_end(), "{args}: a line ends in spaces");
            }
        }
    }
}

#[test]
fn a_width_that_is_none_is_not_believed() {
    let test = tickets();
    for columns in ["0", "-3", "wide", "1", "99999999999"] {
        styled(&test, "review tickets.csv --quiet", &[("COLUMNS", columns)]).ends_with(0);
    }
}

#[test]
fn the_command_that_is_printed_makes_the_same_again() {
    let test = CliTest::with("my tickets.csv", make::tickets(120, 1));
    let first =
        test.run_words(&["review", "my tickets.csv", "--seed", "7", "--ignore", "T5", "--json", "-", "--threads", "1"]);
    let document: serde_json::Value = serde_json::from_str(&first.ends_with(0).stdout).unwrap();
    let command = document["subject"]["command"].as_str().unwrap();
    assert_snapshot!(command, @"trueup review 'my tickets.csv' --ignore T5 --seed 7");
    let words = command.replace("trueup review 'my tickets.csv'", "review|my tickets.csv");
    let words: Vec<&str> = words.split([' ']).flat_map(|word| word.split('|')).collect();
    // The one quoted name was split at its space: put it together again.
    let words: Vec<&str> = ["review", "my tickets.csv"].into_iter().chain(words.into_iter().skip(3)).collect();
    let again = test.run_words(&[words.as_slice(), &["--json", "-"]].concat()).ends_with(0);
    let mut again: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    let mut document = document;
    for document in [&mut document, &mut again] {
        document.as_object_mut().unwrap().remove("run");
    }
    assert_eq!(document, again);
}
