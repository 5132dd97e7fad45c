//! Examples selected by SQL: `--where` for what is read, `--slice` and `--slice-by` for what is measured.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{CliTest, make};
use crate::refused_words;

/// 120 examples and answers to them. Answers to the 40 by phone are wrong three times of four, the others one in ten;
/// the scores of wrong answers are low.
fn answered() -> CliTest {
    let (mut gold, mut answers) = (String::from("text,label,channel,stars,score\n"), String::from("label,score\n"));
    for row in 0..120 {
        let label = ["billing", "login"][row % 2];
        let phone = row % 3 == 0;
        let wrong = if phone { row % 12 != 0 } else { row % 10 == 1 };
        let answer = if wrong { ["login", "billing"][row % 2] } else { label };
        let channel = if phone { "phone" } else { "mail" };
        gold += &format!("text {row} {},{label},{channel},{},{row}\n", "word ".repeat(row % 7), row % 5 + 1);
        answers += &format!("{answer},{}\n", if wrong { 0.55 } else { 0.95 });
    }
    let test = CliTest::with("gold.csv", gold);
    test.write("answers.csv", answers);
    test
}

const ASK: [&str; 5] = ["review", "--gold", "gold.csv", "--predictions", "answers.csv"];

fn document(test: &CliTest, words: &[&str]) -> Value {
    let finished = test.run_words(&[&ASK, words, &["--quiet", "--json", "-"]].concat());
    assert_eq!(finished.code, 0, "{finished}");
    serde_json::from_str(&finished.stdout).unwrap()
}

/// The slices that were asked for: name, examples, share of right answers.
fn given(document: &Value) -> Vec<(String, u64, f64)> {
    let slices = document["slices"].as_array().unwrap();
    let given: Vec<&Value> = slices.iter().take_while(|slice| slice["given"] == true).collect();
    assert!(slices[given.len()..].iter().all(|slice| slice["given"].is_null()), "those given come first");
    let of = |slice: &&Value| {
        let value = (slice["inside"]["value"].as_f64().unwrap_or(-1.0) * 1_000.0).round() / 1_000.0;
        (slice["name"].as_str().unwrap().to_owned(), slice["n"].as_u64().unwrap(), value)
    };
    given.iter().map(of).collect()
}

#[test]
fn where_keeps_a_part_and_says_how_much() {
    let test = CliTest::with("tickets.csv", make::tickets(200, 1));
    let finished = test.run_words(&["review", "tickets.csv", "--where", "channel <> 'mail'", "--quiet", "--json", "-"]);
    assert_eq!(finished.code, 0, "{finished}");
    let document: Value = serde_json::from_str(&finished.stdout).unwrap();
    let data = make::tickets(200, 1);
    let kept = data.lines().skip(1).filter(|line| !line.contains(",mail,")).count();
    assert_eq!(document["data"]["test"]["examples"], kept);
    let said = document["data"]["test"]["guesses"].as_array().unwrap().last().unwrap()["what"].as_str().unwrap();
    assert_eq!(said, format!("--where keeps {kept} of 200 examples"));
    assert_eq!(document["subject"]["command"], "trueup review tickets.csv --where 'channel <> '\\''mail'\\'''");
}

#[test]
fn where_leaves_out_labels_that_no_kept_example_has() {
    let test = CliTest::with("tickets.csv", make::tickets(200, 1));
    let words = ["review", "tickets.csv", "--where", "label <> 'login'", "--quiet", "--json", "-"];
    let document: Value = serde_json::from_str(&test.run_words(&words).ends_with(0).stdout).unwrap();
    let labels: Vec<&str> = document["labels"].as_array().unwrap().iter().filter_map(|l| l["label"].as_str()).collect();
    assert_eq!(labels, ["billing", "delivery"]);
}

#[test]
fn where_with_predictions_by_row_selects_after_they_are_matched() {
    let test = answered();
    let document = document(&test, &["--where", "channel = 'phone'"]);
    assert_eq!(document["data"]["test"]["examples"], 40);
    assert_eq!(document["metrics"]["accuracy"]["value"], 0.25);
}

#[test]
fn a_wrong_where_names_the_columns() {
    let test = answered();
    let refused = |expression: &str| {
        refused_words(&test, &["--gold", "gold.csv", "--predictions", "answers.csv", "--where", expression])
    };
    assert_snapshot!(refused("chanel = 'phone'"), @"error: gold.csv: --where: no column 'chanel' (character 1); valid: id, text, length, label, labels, channel, stars, score; hint: channel is nearly that name");
    assert_snapshot!(refused("length > 3 AN stars = 1"), @r#"error: gold.csv: --where: near "AN": syntax error (character 12); valid: an SQL expression over id, text, length, label, labels, channel, stars, score, such as length > 200 AND label <> 'other'"#);
    assert_snapshot!(refused("stars > 5"), @"error: gold.csv: --where: true for none of 120 examples; valid: an expression that is true for at least one");
    assert_snapshot!(refused("text IN (SELECT 1)"), @"error: gold.csv: --where: a query inside the expression; valid: an SQL expression over id, text, length, label, labels, channel, stars, score, such as length > 200 AND label <> 'other'");
    assert_snapshot!(refused("prediction = 'login'"), @"error: gold.csv: --where: no column 'prediction' (character 1); valid: id, text, length, label, labels, channel, stars, score");
}

#[test]
fn slices_by_expression_and_by_column() {
    let test = answered();
    let words = [
        "--slice",
        "channel = 'phone'",
        "--slice",
        "score < 0.6",
        "--slice",
        "meta.score < 12",
        "--slice-by",
        "channel",
    ];
    let document = document(&test, &words);
    let wrong = (0..120).filter(|row| if row % 3 == 0 { row % 12 != 0 } else { row % 10 == 1 }).count() as u64;
    let first = (0..12).filter(|row| if row % 3 == 0 { row % 12 != 0 } else { row % 10 == 1 }).count() as f64;
    let mail = 1.0 - (wrong - 30) as f64 / 80.0;
    assert_eq!(
        given(&document),
        [
            ("channel = 'phone'".to_owned(), 40, 0.25),
            ("score < 0.6".to_owned(), wrong, 0.0),
            ("meta.score < 12".to_owned(), 12, ((1.0 - first / 12.0) * 1_000.0).round() / 1_000.0),
            ("channel = mail".to_owned(), 80, (mail * 1_000.0).round() / 1_000.0),
            ("channel = phone".to_owned(), 40, 0.25),
        ]
    );
    // Twelve examples are shown, and too few to compare.
    assert_eq!(document["slices"][2]["p"], Value::Null);
    let findings = document["findings"].as_array().unwrap();
    let weak: Vec<&Value> = findings.iter().filter(|f| f["code"] == "S601").collect();
    assert!(weak.iter().any(|f| f["evidence"]["slice"] == "channel = 'phone'" && f["evidence"]["given"] == true));
}

#[test]
fn slices_by_numbers_are_quarters_and_by_labels_are_labels() {
    let test = answered();
    let names = |words: &[&str]| given(&document(&test, words)).into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
    assert_eq!(names(&["--slice-by", "stars"]), ["stars = 1", "stars = 2", "stars = 3", "stars = 4", "stars = 5"]);
    let quarters =
        ["meta.score up to 30", "meta.score over 30 up to 60", "meta.score over 60 up to 90", "meta.score over 90"];
    assert_eq!(names(&["--slice-by", "meta.score"]), quarters);
    assert_eq!(names(&["--slice-by", "label"]), ["label = billing", "label = login"]);
    assert_eq!(names(&["--slice-by", "prediction"]), ["prediction = billing", "prediction = login"]);
    assert_eq!(names(&["--slice-by", "length"]).len(), 4);
}

#[test]
fn slices_are_printed_and_written() {
    let test = answered();
    let finished = test
        .run_words(&[&ASK[..], &["--slice", "channel = 'phone'", "--slice", "stars > 9", "--markdown", "-"]].concat());
    assert!(finished.stdout.contains("| `channel = 'phone'` | 40 | 0.25 (0.14 to 0.40) |"), "{finished}");
    assert!(finished.stdout.contains("| `stars > 9` | 0 | n/a |"), "{finished}");
    assert!(finished.stderr.contains("note: the slice stars > 9 holds no example"), "{finished}");
    let shown = test.run_words(&[&ASK[..], &["--slice", "channel = 'phone'"]].concat()).stdout;
    let table: Vec<&str> = shown.lines().skip_while(|line| !line.trim().starts_with("slice ")).take(2).collect();
    assert_snapshot!(table.join("\n"), @r"
    slice                    n   accuracy       elsewhere    p
    channel = 'phone'       40   0.25 ±0.13     0.90 ±0.07   <0.001
    ");
}

#[test]
fn a_wrong_slice_is_refused_before_the_work() {
    let test = CliTest::with("tickets.csv", make::tickets(60, 1));
    let refused = |option: &str, value: &str| refused_words(&test, &["tickets.csv", option, value]);
    assert_snapshot!(refused("--slice", "chanel = 'phone'"), @"error: --slice: no column 'chanel' (character 1); valid: id, text, length, label, labels, channel, customer, prediction, score, correct; hint: channel is nearly that name");
    assert_snapshot!(refused("--slice", "date(text) > date('now')"), @"error: --slice: the time of now, or of this place ('now', 'localtime', 'utc') in a date; valid: what is the same at every run, such as a date in quotes: '2026-01-31'");
    assert_snapshot!(refused("--slice-by", "shop"), @"error: --slice-by: no column 'shop'; valid: id, text, length, label, labels, channel, customer, prediction, score, correct");
    let test = CliTest::with("tickets.csv", make::tickets(200, 1));
    let many = refused_words(&test, &["tickets.csv", "--slice-by", "text"]);
    assert!(
        many.contains("different values of 'text'; valid: a column of numbers, or of at most 100 values"),
        "{many}"
    );
}
