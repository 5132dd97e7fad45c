//! Worked cases: what the verdict must be on data whose truth is known.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{CliTest, at, codes, finding, make, number, text};

fn fraud() -> CliTest {
    let (gold, answers) = make::fraud();
    let test = CliTest::with("gold.csv", gold);
    test.write("predictions.csv", answers);
    test
}

const FRAUD: &str = "--gold gold.csv --predictions predictions.csv";

#[test]
fn high_accuracy_that_misses_what_matters_is_not_ready() {
    let test = fraud();
    let document = test.review(FRAUD);
    assert!((number(&document, "/metrics/accuracy/value") - 0.98).abs() < 1e-12);
    assert!((number(&document, "/labels/0/recall/value") - 0.12).abs() < 1e-12);
    assert_eq!(at(&document, "/verdict/state"), "not-ready");
    assert!(at(&document, "/verdict/reasons").as_array().unwrap().contains(&Value::from("E402")));
    let paradox = finding(&document, "E402");
    assert_eq!(paradox["severity"], "error");
    assert_snapshot!(text(&document, "/verdict/summary"), @"Of 100 'fraud' examples only 12 are caught, although accuracy is 0.98.");
    assert_snapshot!(text(paradox, "/message"), @"Of 100 'fraud' examples only 12 are caught, although accuracy is 0.98. Accuracy is high because 98 % of the examples are 'legit': a model that always answers 'legit' would get 0.98.");
    let printed = test.run(&format!("review {FRAUD} --quiet")).ends_with(0);
    assert_snapshot!(printed.stdout, @r"
    trueup review --gold gold.csv --predictions predictions.csv
      predictions for gold.csv, predictions.csv, seed 42
      gold.csv (5,000 examples): the format is csv; fields are set apart by commas;
      double quotes may enclose a field; the first row is the header; there is no
      text column; label is column 'label'; id is column 'id'

      NOT READY   1 error, 1 warning. Of 100 'fraud' examples only 12 are caught,
                  although accuracy is 0.98.

      macro-F1    0.59    0.55 ·──●──············ 0.64    always 'legit': 0.49
      accuracy   0.980   0.976 ·················● 0.984   always 'legit': 0.98
      log loss    0.12   0.10 to 0.14
      ROC AUC     0.56    0.51 ──●─·············· 0.61

      E402 error    accuracy hides a missed label: fraud, recall 0.12 (12 of 100)
      D104 warning  legit has 49 times as many examples as fraud (4,900 against 100)

      label    support   precision      recall         F1
      fraud        100   0.50 ±0.19     0.12 ±0.06     0.19 ±0.09
      legit      4,900   0.98 ±0.00     1.00 ±0.00     0.99 ±0.00

      next 1  Say what a missed 'fraud' costs, and judge by that instead of accuracy
              [E402]
              trueup review --gold gold.csv --predictions predictions.csv --cost 'fraud:miss=50,false-alarm=1'
           2  Label more examples of fraud first, and go by macro-F1, not by
              accuracy [D104]
           3  Read the 100 wrong answers, the surest first: each is a wrong label, a
              missing kind of example or a real limit
              trueup review --gold gold.csv --predictions predictions.csv --html review.html

      Any code: trueup explain E402
      [COST]
    ");
}

#[test]
fn a_perfect_score_on_forty_examples_is_never_ready() {
    let (mut gold, mut answers) = (String::from("id,label\n"), String::from("id,label\n"));
    for row in 0..40 {
        let label = if row % 2 == 0 { "yes" } else { "no" };
        writeln!(gold, "{row},{label}").unwrap();
        writeln!(answers, "{row},{label}").unwrap();
    }
    let test = CliTest::with("gold.csv", gold);
    test.write("predictions.csv", answers);
    let document = test.review(FRAUD);
    assert!((number(&document, "/metrics/accuracy/value") - 1.0).abs() < 1e-12);
    assert!(number(&document, "/metrics/accuracy/low") < 0.93);
    assert_ne!(at(&document, "/verdict/state"), "ready");
    assert!(codes(&document).contains(&"E401"), "{:?}", codes(&document));
    // Not by any way of asking for the rules: with none at all the interval stands for itself.
    let document = test.review(&format!("{FRAUD} --target accuracy=0.95"));
    assert_ne!(at(&document, "/verdict/state"), "ready");
}

#[test]
fn stated_costs_decide() {
    let test = fraud();
    let document = test.review(&format!("{FRAUD} --cost fraud:miss=50,false-alarm=1"));
    assert_eq!(at(&document, "/verdict/metric"), "expected_cost");
    // 88 missed at 50 and 12 false alarms at 1, over 5,000 payments.
    let expected = (88.0 * 50.0 + 12.0) / 5_000.0;
    assert!((number(&document, "/metrics/expected_cost/value") - expected).abs() < 1e-12);
    // Always answering fraud costs 4,900 false alarms: dearer than this; always legit misses 100.
    assert_eq!(at(&document, "/verdict/baseline/answer"), "fraud");
    assert!((number(&document, "/verdict/baseline/value") - 4_900.0 / 5_000.0).abs() < 1e-12);
    assert!(text(&document, "/subject/command").ends_with("--cost fraud:miss=50,false-alarm=1"));
}

#[test]
fn predictions_need_no_texts_and_no_scores() {
    let test = fraud();
    let bare: String = test
        .read("predictions.csv")
        .lines()
        .fold(String::new(), |out, line| out + line.rsplit_once(',').unwrap().0 + "\n");
    test.write("bare.csv", bare);
    let document = test.review("--gold gold.csv --predictions bare.csv");
    assert!((number(&document, "/metrics/accuracy/value") - 0.98).abs() < 1e-12);
    let scored: Vec<&str> = ["log_loss", "brier_score", "roc_auc", "ece"]
        .into_iter()
        .filter(|name| document["metrics"].get(*name).is_some_and(|m| !m["value"].is_null()))
        .collect();
    assert!(scored.is_empty(), "figures from scores that are not there: {scored:?}");
    assert!(codes(&document).iter().all(|code| !code.starts_with('K')), "{:?}", codes(&document));
}

#[test]
fn fail_on_answers_with_one() {
    let test = fraud();
    test.run(&format!("review {FRAUD} --quiet")).ends_with(0);
    test.run(&format!("review {FRAUD} --quiet --fail-on warning")).ends_with(1);
    let finished = test.run(&format!("review {FRAUD} --fail-on error -o out")).ends_with(1);
    // The answer is no, and the review is there all the same.
    assert!(finished.stdout.contains("NOT READY") && test.path("out/review.json").exists());
    test.run(&format!("review {FRAUD} --quiet --fail-on error --select D1")).ends_with(0);
}

#[test]
fn select_and_ignore_choose_rules_by_the_beginning_of_their_codes() {
    let test = CliTest::with("tickets.csv", make::tickets(120, 1));
    let mut csv = test.read("tickets.csv");
    let again = csv.lines().nth(5).unwrap().replace("t4,", "t900,");
    writeln!(csv, "{again}").unwrap();
    test.write("tickets.csv", csv);
    let all = test.review("tickets.csv");
    assert!(codes(&all).contains(&"D107"), "{:?}", codes(&all));
    let some = test.review("tickets.csv --select D107");
    assert_eq!(codes(&some), ["D107"]);
    let data = test.review("tickets.csv --select d");
    assert!(!codes(&data).is_empty() && codes(&data).iter().all(|code| code.starts_with('D')), "{:?}", codes(&data));
    let rest = test.review("tickets.csv --ignore D,T5");
    assert!(codes(&rest).iter().all(|code| !code.starts_with('D') && !code.starts_with("T5")), "{:?}", codes(&rest));
    let none = test.review("tickets.csv --select D107 --ignore D107");
    assert!(codes(&none).is_empty());
    assert_eq!(at(&all, "/metrics"), at(&some, "/metrics"));
}

#[test]
fn a_leaked_test_is_scored_without_its_leaks_and_says_so() {
    let train = make::tickets(300, 1);
    let mut leaked = make::tickets(100, 2);
    // Forty training examples stand in the test too, some in other letters.
    for (i, line) in train.lines().skip(1).take(40).enumerate() {
        let line = if i % 2 == 0 {
            line.to_owned()
        } else {
            line.to_uppercase()
                .replace(",BILLING,", ",billing,")
                .replace(",DELIVERY,", ",delivery,")
                .replace(",LOGIN,", ",login,")
        };
        let line = line.replacen(['t', 'T'], "x", 1);
        writeln!(leaked, "{line}").unwrap();
    }
    let test = CliTest::with("train.csv", train);
    test.write("test.csv", leaked);
    let document = test.review("train.csv --test test.csv");
    assert_eq!(at(&document, "/leakage/exact"), 40);
    let clean = 140 - 40 - at(&document, "/leakage/near").as_u64().unwrap();
    assert_eq!(at(&document, "/leakage/clean_examples"), clean);
    assert_eq!(at(&document, "/leakage/clean_metrics/accuracy/n"), clean);
    assert_eq!(at(&document, "/metrics/accuracy/n"), 140);
    let leak = finding(&document, "K201");
    assert_eq!((&leak["severity"], &leak["count"]), (&Value::from("error"), &Value::from(40)));
    assert_eq!(at(&document, "/verdict/state"), "not-ready");
    let printed = test.run("review train.csv --test test.csv --quiet").ends_with(0);
    assert!(printed.stdout.contains("without leaks"), "{printed}");
    // The clean part is what a review of the clean part says.
    let twins: Vec<&str> =
        document["leakage"]["pairs"].as_array().unwrap().iter().map(|p| p["test"].as_str().unwrap()).collect();
    let kept: String = test
        .read("test.csv")
        .lines()
        .filter(|line| !twins.contains(&format!("test/{}", line.split(',').next().unwrap()).as_str()))
        .fold(String::new(), |out, line| out + line + "\n");
    test.write("clean.csv", kept);
    let alone = test.review("train.csv --test clean.csv");
    assert_eq!(at(&alone, "/metrics"), at(&document, "/leakage/clean_metrics"));
}

#[test]
fn random_labels_are_not_ready_or_undecided() {
    let mut rng = trueup::core::Rng::new(4);
    let mut csv = String::from("text,label\n");
    for line in make::tickets(400, 9).lines().skip(1) {
        let body = line.split(',').nth(1).unwrap();
        writeln!(csv, "{body},{}", make::pick(&mut rng, &["a", "b"])).unwrap();
    }
    let document = CliTest::with("coin.csv", csv).review("coin.csv");
    assert_ne!(at(&document, "/verdict/state"), "ready");
    assert!(codes(&document).contains(&"E406"), "{:?}", codes(&document));
}

#[test]
fn a_target_out_of_reach_is_not_ready_and_one_within_is_undecided() {
    let test = fraud();
    let far = test.review(&format!("{FRAUD} --target f1_macro=0.99 --select D"));
    assert_eq!((at(&far, "/verdict/state"), at(&far, "/verdict/target")), (&"not-ready".into(), &0.99.into()));
    let value = number(&far, "/metrics/f1_macro/value");
    let near = test.review(&format!("{FRAUD} --target f1_macro={value:.3} --select E"));
    assert_eq!(at(&near, "/verdict/metric"), "f1_macro");
    let near = test.review(&format!("{FRAUD} --target f1_macro={value:.3} --select D104"));
    assert_eq!(at(&near, "/verdict/state"), "undecided");
    assert_snapshot!(text(&near, "/verdict/summary"), @"We cannot tell yet: macro-F1 is 0.59 (0.55 to 0.64), and the target 0.592 lies within that. 34 rules were not run.");
}

#[test]
fn a_good_model_on_enough_examples_is_ready() {
    let (mut gold, mut answers) = (String::from("id,label\n"), String::from("id,label\n"));
    for row in 0..4_000 {
        let label = ["a", "b", "c"][row % 3];
        writeln!(gold, "{row},{label}").unwrap();
        writeln!(answers, "{row},{}", if row % 25 == 0 { ["b", "c", "a"][row % 3] } else { label }).unwrap();
    }
    let test = CliTest::with("gold.csv", gold);
    test.write("predictions.csv", answers);
    let document = test.review(FRAUD);
    assert_eq!((at(&document, "/verdict/state"), codes(&document)), (&"ready".into(), vec![]));
    assert_snapshot!(text(&document, "/verdict/summary"), @"Accuracy is 0.960 (0.953 to 0.966), clear of the 0.33 that always answering 'a' would get. No target was stated; nothing was found against it.");
}

#[test]
fn next_to_no_data_is_never_ready() {
    let test = CliTest::with("ten.csv", make::tickets(10, 1));
    test.write("signs.csv", format!("text,label\n{}", "!,a\n?,b\n...,a\n;,b\n".repeat(5)));
    test.write("ten.conll", make::names(10, 1));
    test.write("two.csv", "text,label\nlate parcel,delivery\nnew card,billing\n");
    for args in ["ten.csv", "signs.csv", "ten.conll", "two.csv --test ten.csv", "ten.csv --test two.csv"] {
        assert_ne!(at(&test.review(args), "/verdict/state"), "ready", "{args}");
    }
}
