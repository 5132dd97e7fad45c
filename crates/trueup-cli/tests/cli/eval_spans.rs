//! `trueup eval` of spans: what counts as right, mistakes, mentions, scores.

use insta::assert_snapshot;
use serde_json::Value;

use super::eval::{eval, figures};
use crate::harness::{CliTest, at, count, number, schema, text};

/// Sentences with every kind of mistake: token, gold, prediction.
const SENTENCES: &str = "\
Ann B-PER B-PER
met O O
Bob B-PER O
in O O
New B-LOC B-LOC
York I-LOC I-LOC
City I-LOC O

the O B-ORG
Bank B-ORG I-ORG
of I-ORG I-ORG
Oslo I-ORG I-ORG
and O O
Paris B-LOC B-PER

Mount B-LOC B-LOC
Saint I-LOC B-LOC
Helens I-LOC I-LOC
May O B-PER
rises O O

Ann B-PER B-PER
Lee B-LOC I-PER
saw O I-PER
Rome B-LOC B-LOC

Eve B-PER B-PER
ran O O
";

fn conll(sentences: &str, columns: &[usize]) -> String {
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(' ').collect();
        if fields.len() < 3 {
            return line.to_owned() + "\n";
        }
        columns.iter().map(|&column| fields[column]).collect::<Vec<_>>().join(" ") + "\n"
    };
    sentences.lines().map(row).collect()
}

/// The two files that the one stands for.
fn two(test: &CliTest, sentences: &str) {
    test.write("gold.conll", conll(sentences, &[0, 1]));
    test.write("answers.conll", conll(sentences, &[0, 2]));
}

const TWO: [&str; 4] = ["--gold", "gold.conll", "--predictions", "answers.conll"];

#[test]
fn the_report_of_spans_shows_what_became_of_them() {
    let test = CliTest::with("out.conll", SENTENCES);
    let finished = test.run("eval out.conll --quiet").ends_with(0);
    assert_snapshot!(finished.stdout, @"");
}

#[test]
fn tags_give_the_document_of_rows() {
    let test = CliTest::with("out.conll", SENTENCES.repeat(30));
    two(&test, &SENTENCES.repeat(30));
    for options in
        [&[][..], &["--metrics", "f1_macro"], &["--no-intervals"], &["--normalize", "true"], &["--as", "conlleval"]]
    {
        let tags = eval(&test, &[&["out.conll"], options].concat());
        schema::check_as(&tags, "eval");
        let rows = eval(&test, &[&TWO[..], options].concat());
        assert_eq!(figures(tags), figures(rows), "{options:?}");
    }
}

#[test]
fn every_mistake_has_its_kind_and_an_example() {
    let test = CliTest::with("out.conll", SENTENCES);
    let document = eval(&test, &["out.conll"]);
    let mistakes: Vec<String> = at(&document, "/spans/mistakes")
        .as_array()
        .unwrap()
        .iter()
        .map(|mistake| {
            let word = |name: &str| mistake[name].as_str().unwrap_or("-").to_owned();
            let quoted = |side: &str| mistake["examples"][0][side]["text"].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {} {}: {}, {}",
                mistake["count"],
                word("kind"),
                word("edges"),
                word("extent"),
                quoted("gold"),
                quoted("predicted")
            )
        })
        .collect();
    assert_snapshot!(mistakes.join("\n"), @"");
    let cell = |gold: Option<&str>, predicted: Option<&str>| {
        let cells = at(&document, "/spans/types").as_array().unwrap();
        let found = cells.iter().find(|cell| cell["gold"].as_str() == gold && cell["predicted"].as_str() == predicted);
        found.map_or(0, |cell| count(cell, "/count"))
    };
    assert_eq!((cell(Some("LOC"), Some("PER")), cell(Some("PER"), None), cell(None, Some("PER"))), (1, 1, 1));
}

/// Precision and recall, as nervaluate 1.2.1 has them for these sentences, in all its ways of matching.
#[test]
fn ways_of_matching_are_those_of_nervaluate() {
    let test = CliTest::with("out.conll", SENTENCES);
    for (way, precision, recall) in
        [("strict", 0.3, 0.3), ("exact", 0.4, 0.4), ("partial", 0.6, 0.6), ("type", 0.7, 0.7)]
    {
        let document = eval(&test, &["out.conll", "--match", way]);
        schema::check_as(&document, "eval");
        assert_eq!(text(&document, "/spans/match"), way);
        assert!((number(&document, "/metrics/precision/value") - precision).abs() < 1e-12, "{way}");
        assert!((number(&document, "/metrics/recall/value") - recall).abs() < 1e-12, "{way}");
        // The table of all ways has the same.
        let rows = at(&document, "/spans/matchings").as_array().unwrap();
        let row = rows.iter().find(|row| text(row, "/match") == way).unwrap();
        assert_eq!(row["f1"], document["metrics"]["f1"], "{way}");
    }
}

#[test]
fn other_ways_have_intervals_groups_and_their_own_metrics() {
    let test = CliTest::with("out.conll", SENTENCES.repeat(12));
    for way in ["exact", "partial", "type", "token", "character"] {
        let document = eval(&test, &["out.conll", "--match", way, "--by", "length > 20"]);
        for name in ["precision", "recall", "f1", "precision_macro", "recall_macro", "f1_macro", "f1_weighted"] {
            let of = |end: &str| number(&document, &format!("/metrics/{name}/{end}"));
            assert!(of("low") <= of("value") && of("value") <= of("high") && of("low") < of("high"), "{way} {name}");
        }
        assert_eq!(document["groups"].as_array().unwrap().len(), 2, "{way}");
        assert!(number(&document, "/groups/0/metrics/f1/value") > 0.0, "{way}");
    }
    let finished = test.run("eval out.conll --match partial --metrics f2 --quiet").ends_with(2);
    assert!(finished.stderr.contains("with --match partial it is one of precision, recall, f1"), "{}", finished.stderr);
    let finished = test.run("eval out.conll --weights w --quiet").ends_with(2);
    assert!(finished.stderr.contains("--weights: weights are for examples with labels"), "{}", finished.stderr);
    let finished = test.run("eval out.conll --curves c.json --quiet").ends_with(2);
    assert!(finished.stderr.contains("JSON lines can have a `score`"), "{}", finished.stderr);
}

#[test]
fn conlleval_reads_invalid_tags() {
    let sentences = "Ann I-PER I-PER\nran O O\n\nBob B-PER I-PER\nLee I-PER I-PER\n\nOslo B-LOC B-LOC\nBay I-LOC O\n";
    let test = CliTest::with("out.conll", sentences);
    two(&test, sentences);
    for files in [&["out.conll"][..], &TWO] {
        let strict = eval(&test, &[files, &["--scheme", "iob2"]].concat());
        assert_eq!(
            (count(&strict, "/spans/invalid_tags/gold"), count(&strict, "/spans/invalid_tags/predicted")),
            (1, 3)
        );
        assert_eq!(number(&strict, "/metrics/recall/value"), 0.0);
        let lenient =
            eval(&test, &[files, &["--scheme", "iob2", "--match", "conlleval", "--as", "conlleval"]].concat());
        assert!((number(&lenient, "/metrics/recall/value") - 2.0 / 3.0).abs() < 1e-12);
        let figures = at(&lenient, "/as/figures").as_array().unwrap();
        let recall = figures.iter().find(|figure| text(figure, "/name") == "recall").unwrap();
        assert!((number(recall, "/value") - 200.0 / 3.0).abs() < 1e-9);
        assert_eq!(text(&lenient, "/spans/matchings/5/match"), "conlleval");
    }
    test.write("spans.jsonl", "{\"text\": \"Ann ran\", \"spans\": [{\"start\": 0, \"end\": 3, \"label\": \"PER\"}]}\n");
    let finished = test.run("eval --gold spans.jsonl --predictions spans.jsonl --match conlleval --quiet").ends_with(2);
    assert!(finished.stderr.contains("'conlleval' is a way to read tags"), "{}", finished.stderr);
}

#[test]
fn mentions_are_told_apart_by_length_and_by_training() {
    let test = CliTest::with("out.conll", SENTENCES);
    test.write("train.conll", "Ann B-PER\nin O\nParis B-PER\n\nRome B-LOC\nRome O\n\nParis B-LOC\n");
    let document = eval(&test, &["out.conll", "--train", "train.conll"]);
    schema::check_as(&document, "eval");
    let rows = |name: &str| -> Vec<String> {
        let row = |row: &Value| format!("{} {} {}", text(row, "/part"), row["gold"], row["predicted"]);
        at(&document, &format!("/spans/{name}")).as_array().unwrap().iter().map(row).collect()
    };
    assert_eq!(rows("by_length"), ["1 7 4", "2 0 2", "3 3 1", "4-5 0 1"]);
    assert_eq!(rows("by_seen"), ["unseen 6 6", "seen 4 3"]);
    assert_eq!(rows("by_consistency"), ["unseen 6 6", "(0, 0.5] 2 2", "1 2 1"]);
    assert_eq!(text(&document, "/data/train/file"), "train.conll");
    let finished = test.run("eval out.conll --train train.conll --quiet").ends_with(0);
    assert!(finished.stdout.contains("in training") && finished.stdout.contains("consistency"), "{}", finished.stdout);
}

#[test]
fn scores_of_spans_are_held_against_what_is_right() {
    let (mut gold, mut answers) = (String::new(), String::new());
    for row in 0..120 {
        let right = row % 4 != 0;
        let end = if right { 3 } else { 2 };
        let score = if right { 0.5 + f64::from(row % 10) / 20.0 } else { 0.4 };
        gold += "{\"text\": \"Ann ran\", \"spans\": [{\"start\": 0, \"end\": 3, \"label\": \"PER\"}]}\n";
        answers +=
            &format!("{{\"spans\": [{{\"start\": 0, \"end\": {end}, \"label\": \"PER\", \"score\": {score}}}]}}\n");
    }
    let test = CliTest::with("gold.jsonl", gold);
    test.write("answers.jsonl", answers);
    let files = ["--gold", "gold.jsonl", "--predictions", "answers.jsonl"];
    let document = eval(&test, &[&files[..], &["--curves", "curves.json"]].concat());
    schema::check_as(&document, "eval");
    let of = |name: &str| number(&document, &format!("/spans/calibration/{name}/value"));
    // 30 of 120 at 0.4 are wrong; the 90 others are right at 0.5 to 0.95, on average at 0.725.
    assert!((of("ece") - (30.0 * 0.4 + 90.0 * 0.275) / 120.0).abs() < 0.02, "{}", of("ece"));
    assert!((of("mce") - 0.5).abs() < 0.04 || of("mce") > 0.4, "{}", of("mce"));
    // Right ones come first: of 120 the last 30 are wrong.
    let area: f64 = (91..=120).map(|k| f64::from(k - 90) / f64::from(k)).sum::<f64>() / 120.0;
    assert!((of("aurc") - area).abs() < 1e-12, "{} {area}", of("aurc"));
    assert!(number(&document, "/spans/calibration/aurc/high") > of("aurc"));
    let curves: Value = serde_json::from_str(&test.read("curves.json")).unwrap();
    schema::check_as(&curves, "curves");
    let last = at(&curves, "/risk_coverage").as_array().unwrap().last().unwrap().clone();
    assert_eq!((number(&last, "/risk"), number(&last, "/recall")), (0.25, 0.75));
}
