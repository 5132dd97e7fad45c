//! `trueup eval` of labels: weights, confusion, calibration, curves, plans.

use insta::assert_snapshot;
use serde_json::Value;

use super::eval::{eval, figures, table};
use crate::harness::{CliTest, at, count, number, schema, text};

/// The table with a column of weights: 0, 0.5, 1 and 2.25 in turn.
fn weighted() -> String {
    let column = |(row, line): (usize, &str)| match row {
        0 => format!("{line},w\n"),
        _ => format!("{line},{}\n", ["0", "0.5", "1", "2.25"][(row - 1) % 4]),
    };
    table().lines().enumerate().map(column).collect()
}

/// What scikit-learn 1.9.1 computes of these rows with `sample_weight`.
const SCIKIT_LEARN: [(&str, f64); 10] = [
    ("accuracy", 0.911_111_111_111_111_1),
    ("f1_macro", 0.910_427_673_300_302),
    ("f1_weighted", 0.911_211_756_225_306_4),
    ("balanced_accuracy", 0.911_673_273_757_531_2),
    ("matthews_corrcoef", 0.865_768_946_781_277_8),
    ("cohen_kappa", 0.865_587_383_135_697),
    ("log_loss", 0.497_530_916_906_611_6),
    ("roc_auc_ovr", 0.951_488_593_456_157_1),
    ("jaccard_macro", 0.835_661_375_661_375_8),
    ("zero_one_loss", 0.088_888_888_888_888_9),
];

#[test]
fn weights_are_those_of_scikit_learn() {
    let test = CliTest::with("answers.csv", weighted());
    let document = eval(&test, &["answers.csv", "--weights", "w", "--metrics", "all", "--normalize", "true"]);
    schema::check_as(&document, "eval");
    for (name, expected) in SCIKIT_LEARN {
        let found = number(&document, &format!("/metrics/{name}/value"));
        assert!((found - expected).abs() < 1e-9, "{name}: {found} {expected}");
    }
    let confusion = serde_json::json!([[74.5, 8.0, 0.0], [0.0, 75.0, 7.0], [5.0, 0.0, 55.5]]);
    assert_eq!(*at(&document, "/weights/confusion"), confusion);
    assert_eq!(*at(&document, "/weights/support"), serde_json::json!([82.5, 82.0, 60.5]));
    assert!((number(&document, "/weights/effective") - 225.0 * 225.0 / 378.75).abs() < 1e-9);
    assert_eq!((count(&document, "/weights/zero"), count(&document, "/data/test/examples")), (60, 180));
    assert!((number(&document, "/confusion_shares/shares/0/0") - 74.5 / 82.5).abs() < 1e-12);
    // Weights of one size are none, but for what is said of them.
    let plain = eval(&test, &["answers.csv", "--where", "w = 1"]);
    let mut same = eval(&test, &["answers.csv", "--where", "w = 1", "--weights", "w"]);
    same.as_object_mut().unwrap().remove("weights");
    assert_eq!(figures(plain), figures(same));
}

#[test]
fn weights_come_before_groups() {
    let test = CliTest::with("answers.csv", weighted());
    let document = eval(&test, &["answers.csv", "--weights", "w", "--by", "lang"]);
    let mut examples = 0;
    for (at, lang) in ["de", "en"].iter().enumerate() {
        let part = eval(&test, &["answers.csv", "--weights", "w", "--where", &format!("lang = '{lang}'")]);
        let of = |name: &str| number(&document, &format!("/groups/{at}/metrics/{name}/value"));
        for name in ["accuracy", "f1_macro", "log_loss"] {
            assert!((of(name) - number(&part, &format!("/metrics/{name}/value"))).abs() < 1e-12, "{lang} {name}");
        }
        examples += count(&document, &format!("/groups/{at}/examples"));
    }
    assert_eq!(examples, 180);
}

#[test]
fn what_is_no_weight_is_named_with_its_line() {
    for (cell, found) in [("", "no weight"), ("-1", "'-1'"), ("NaN", "'NaN'"), ("two", "'two'"), ("1e999", "'inf'")] {
        let rows = format!("label,prediction,w\na,a,1\nb,a,1\na,a,{cell}\nb,b,1\n");
        let finished = CliTest::with("answers.csv", rows).run("eval answers.csv --weights w --quiet").ends_with(2);
        let said = format!("answers.csv: line 4: found {found} in column 'w' of weights");
        assert!(finished.stderr.contains(&said) && finished.stderr.contains("hint:"), "{cell}: {}", finished.stderr);
    }
    let test = CliTest::with("answers.csv", "label,prediction,w\na,a,0\nb,a,0\n");
    let finished = test.run("eval answers.csv --weights w --quiet").ends_with(2);
    assert!(finished.stderr.contains("every weight is 0"), "{}", finished.stderr);
    let finished = test.run("eval answers.csv --weights weight --quiet").ends_with(2);
    assert!(finished.stderr.contains("no column 'weight'"), "{}", finished.stderr);
}

#[test]
fn the_report_has_confusion_calibration_and_a_plan() {
    let test = CliTest::with("answers.csv", weighted());
    let finished =
        test.run("eval answers.csv --weights w --normalize pred --metrics ece,accuracy --quiet").ends_with(0);
    assert_snapshot!(finished.stdout, @r"
    trueup eval answers.csv                                     one label an example

      180 examples, 3 labels

                    precision          recall             F1                 support
      billing       0.937 [.826 .979]  0.903 [.785 .960]  0.920 [.842 .961]       66
      login         0.904 [.786 .960]  0.915 [.799 .966]  0.909 [.830 .954]       65
      refund        0.888 [.743 .956]  0.917 [.776 .973]  0.902 [.804 .954]       49

      accuracy           0.911 [0.850, 0.949]  accuracy
      calibration error  0.213 [0.123, 0.285]  ece

      share of pred.  billing  login  refund
      billing           0.937  0.096   0.000
      login             0.000  0.904   0.112
      refund            0.063  0.000   0.888

      confidence      weight  stated   right  ○ stated, ● right
      0.47 - 0.53         24   0.500   0.708  ···············○─────●·········
      0.53 - 0.60         52   0.575   1.000  ·················○────────────●
      0.60 - 0.67         25   0.650   0.762  ····················○──●·······
      0.67 - 0.73         24   0.700   1.000  ·····················○────────●
      0.73 - 0.80         52   0.775   0.865  ·······················○──●····
      0.80 - 0.87         25   0.850   1.000  ··························○───●
      0.87 - 0.93         23   0.900   1.000  ···························○──●

      calibration error (ECE)    0.213 [0.123, 0.285]  of the most probable label
      of the worst bin (MCE)     0.425 [0.275, 0.425]
      risk over coverage (AURC)  0.056 [0.015, 0.213]

      plan         180 examples tell two models that part on 10 % of the examples
                   apart when accuracy differs by 7.9 points or more (80 % power);
                   for an interval of ±2 points, about 1,100 examples
      weights      column 'w', sum 225; the examples are worth 133.7 of equal weight
                   (Kish); 60 examples of weight 0 left out
      read as      the format is csv; fields are set apart by commas; double quotes
                   may enclose a field; the first row is the header; text is column
                   'text'; label is column 'label'; id is column 'id'
      intervals    95 %, in brackets; what each metric means: docs/metrics.md
      [COST]
    ");
}

#[test]
fn curves_are_written_as_json_and_csv() {
    let test = CliTest::with("answers.csv", table());
    test.run("eval answers.csv --quiet --curves curves.json --confusion confusion.csv").ends_with(0);
    let curves: Value = serde_json::from_str(&test.read("curves.json")).unwrap();
    schema::check_as(&curves, "curves");
    assert_eq!(text(&curves, "/schema"), "trueup.curves/1");
    let document = eval(&test, &["answers.csv"]);
    for (label, row) in at(&curves, "/labels").as_array().unwrap().iter().zip(document["labels"].as_array().unwrap()) {
        let roc: Vec<(f64, f64)> = at(label, "/roc")
            .as_array()
            .unwrap()
            .iter()
            .map(|point| (number(point, "/false_positive_rate"), number(point, "/true_positive_rate")))
            .collect();
        let area: f64 = roc.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0).sum();
        assert!((area - number(row, "/roc_auc/value")).abs() < 1e-12, "{}", text(label, "/label"));
        assert!(at(label, "/roc/0/threshold").is_null());
    }
    let last = at(&curves, "/risk_coverage").as_array().unwrap().last().unwrap().clone();
    assert!((number(&last, "/risk") - (1.0 - number(&document, "/metrics/accuracy/value"))).abs() < 1e-12);
    assert_eq!(at(&curves, "/reliability"), at(&document, "/calibration/bins"));
    test.run("eval answers.csv --quiet --curves curves.csv").ends_with(0);
    let csv = test.read("curves.csv");
    let first: Vec<&str> = csv.lines().take(2).collect();
    assert_eq!(
        first,
        ["curve,label,x_name,x,y_name,y,threshold,weight", "roc,billing,false_positive_rate,0,true_positive_rate,0,,"]
    );
    let roc: usize = curves["labels"].as_array().unwrap().iter().map(|l| l["roc"].as_array().unwrap().len()).sum();
    assert_eq!(csv.lines().filter(|line| line.starts_with("roc,")).count(), roc);
    assert_snapshot!(test.read("confusion.csv"), @r"
    gold,billing,login,refund
    billing,72,15,0
    login,0,73,14
    refund,11,0,55
    ");
}

#[test]
fn columns_and_rows_give_the_same_curves_and_shares() {
    let test = CliTest::with("answers.csv", table());
    test.run("convert answers.csv answers.parquet --quiet").ends_with(0);
    for name in ["csv", "parquet"] {
        test.run(&format!("eval answers.{name} --quiet --curves {name}.json --normalize all")).ends_with(0);
    }
    assert_eq!(test.read("csv.json"), test.read("parquet.json"));
    let plain: String =
        table().lines().map(|line| line.split(',').take(6).collect::<Vec<_>>().join(",") + "\n").collect();
    test.write("plain.csv", plain);
    test.run("convert plain.csv plain.parquet --quiet").ends_with(0);
    let options = ["--normalize", "all"];
    let rows = eval(&test, &[&["plain.csv"], options.as_slice()].concat());
    assert_eq!(figures(rows.clone()), figures(eval(&test, &[&["plain.parquet"], options.as_slice()].concat())));
    assert!(at(&rows, "/plan/detectable").is_number() && rows["calibration"].is_null());
    let finished = test.run("eval plain.parquet --curves c.json --quiet").ends_with(2);
    assert!(finished.stderr.contains("--curves: curves go over all thresholds"), "{}", finished.stderr);
    assert!(!test.files().contains(&"c.json".to_owned()));
    // Weights take the way of rows.
    test.write("weighted.csv", weighted());
    test.run("convert weighted.csv weighted.parquet --quiet").ends_with(0);
    let rows = eval(&test, &["weighted.csv", "--weights", "w"]);
    assert_eq!(figures(rows), figures(eval(&test, &["weighted.parquet", "--weights", "w"])));
}

#[test]
fn sets_have_a_table_a_label_and_pairs() {
    let mut gold = String::new();
    let mut answers = String::new();
    let sets: [(&str, &str); 5] = [
        ("\"a\",\"b\"", "\"a\",\"c\""),
        ("\"a\"", ""),
        ("", "\"b\""),
        ("\"c\"", "\"c\""),
        ("\"a\",\"b\"", "\"a\",\"c\""),
    ];
    for (row, (labels, answer)) in sets.iter().enumerate() {
        gold += &format!("{{\"id\": \"{row}\", \"text\": \"text {row}\", \"labels\": [{labels}]}}\n");
        let scores = "{\"a\": 0.75, \"b\": 0.25, \"c\": 0.5}";
        answers += &format!("{{\"id\": \"{row}\", \"labels\": [{answer}], \"scores\": {scores}}}\n");
    }
    let test = CliTest::with("gold.jsonl", gold);
    test.write("answers.jsonl", answers);
    let pair = ["--gold", "gold.jsonl", "--predictions", "answers.jsonl"];
    let document = eval(&test, &[&pair[..], &["--curves", "curves.json"]].concat());
    schema::check_as(&document, "eval");
    let row = |at: usize| at_row(&document, at);
    assert_eq!([row(0), row(1), row(2)], [[2, 0, 1, 2], [0, 1, 2, 2], [1, 2, 0, 2]]);
    assert_eq!(count(&document, "/set_confusion/together/counts/1/2"), 2);
    assert_eq!(text(&document, "/calibration/of"), "cells");
    let finished = test.run_words(&[&["eval"], &pair[..], &["--quiet"]].concat()).ends_with(0);
    assert!(
        finished.stdout.contains("missed  with spurious  in\n  b       c              2 examples"),
        "{}",
        finished.stdout
    );
    let finished = test.run_words(&[&["eval"], &pair[..], &["--normalize", "true"]].concat()).ends_with(2);
    assert!(finished.stderr.contains("--normalize: sets of labels have no confusion matrix"), "{}", finished.stderr);
}

/// TP, FP, FN and TN of a label.
fn at_row(document: &Value, row: usize) -> [u64; 4] {
    ["tp", "fp", "fn", "tn"].map(|name| count(document, &format!("/set_confusion/labels/{row}/{name}")))
}

#[test]
fn options_of_spans_are_refused_for_labels() {
    let test = CliTest::with("answers.csv", table());
    for (options, said) in [
        ("--match partial", "--match: 'partial' says which spans are right, and this is classification data"),
        ("--train answers.csv", "--train: it tells seen mentions from unseen ones"),
        ("--json - --curves -", "only one of --json, --confusion and --curves can go to stdout"),
    ] {
        let finished = test.run(&format!("eval answers.csv --quiet {options}")).ends_with(2);
        assert!(finished.stderr.contains(said), "{options}: {}", finished.stderr);
    }
}
