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
    assert_snapshot!(finished.stdout, @r"
    trueup eval out.conll                                           entities, strict

      5 examples, 10 gold spans, 3 types

                    precision          recall             F1                 support
      LOC           0.250 [.007 .938]~ 0.200 [.017 .785]~ 0.222 [.018 .818]~       5
      ORG           0.000 [.000 .793]~ 0.000 [.000 .793]~ 0.000 [.000 .885]~       1
      PER           0.400 [.063 .869]~ 0.500 [.047 .953]~ 0.444 [.097 .856]~       4

      all spans     0.300 [.065 .725]  0.300 [.072 .702]  0.300 [.080 .678]       10
      macro avg     0.217 [.067 .559]~ 0.233 [.167 .530]~ 0.222 [.095 .555]~      10
      weighted avg                                        0.289 [.048 .518]       10

      F1         0.300 [0.080, 0.678]  f1
      precision  0.300 [0.065, 0.725]  precision
      recall     0.300 [0.072, 0.702]  recall

      match         precision          recall             F1
      strict        0.300 [.065 .725]  0.300 [.072 .702]  0.300 [.080 .678]
      exact         0.400 [.117 .770]  0.400 [.117 .770]  0.400 [.151 .714]
      partial       0.600 [.219 .889]  0.600 [.230 .883]  0.600 [.270 .859]
      type          0.700 [.261 .939]  0.700 [.298 .928]  0.700 [.336 .915]
      token         0.706 [.379 .904]  0.750 [.409 .929]  0.727 [.428 .905]

      mistake              times   share  for example
      missed                   1    14 %  PER 'Bob'
      spurious                 1    14 %  PER 'May'
      wrong type               1    14 %  LOC 'Paris' → PER
      boundary                 2    29 %
        left longer            1    14 %  ORG 'Bank of Oslo' → 'the Bank of Oslo'
        right shorter          1    14 %  LOC 'New York City' → 'New York'
      split                    1    14 %  LOC 'Mount Saint Helens' → 'Saint Helens'
      merged                   1    14 %  PER 'Ann' → 'Ann Lee saw'

      gold / pred.  LOC  ORG  PER  (missed)
      LOC             3    0    1         1
      ORG             0    1    0         0
      PER             0    0    3         1
      (spurious)      1    0    1

      tokens           gold  recall             predicted  precision          F1
      1                   7  0.429 [.088 .854]          6  0.500 [.087 .913]  0.462
      2                   0  n/a                        2  0.000 [.000 .658]  0.000
      3                   3  0.000 [.000 .561]          1  0.000 [.000 .793]  0.000
      4-5                 0  n/a                        1  0.000 [.000 .793]  0.000

      plan         5 sentences tell two models whose mistakes have nothing in common
                   apart when F1 differs by 60.4 points or more (80 % power); for an
                   interval of ±20 points, about 12 sentences
      read as      column 2 holds gold and column 3, with the same types, what a
                   model predicted; tags are IOB2
      intervals    95 %, in brackets; ~ rests on a label of fewer than 20 gold; what
                   each metric means: docs/metrics.md
      [COST]
    ");
}

#[test]
fn tags_give_the_document_of_rows() {
    // Among them a type that stands in an invalid tag alone.
    let sentences = format!("{}\nZoe B-PER I-MISC\n", SENTENCES.repeat(30));
    let test = CliTest::with("out.conll", &sentences);
    two(&test, &sentences);
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
    assert_snapshot!(mistakes.join("\n"), @r"
    1 missed - -: Bob, -
    1 spurious - -: -, May
    1 wrong-type - -: Paris, Paris
    1 boundary left longer: Bank of Oslo, the Bank of Oslo
    1 boundary right shorter: New York City, New York
    1 split - -: Mount Saint Helens, Saint Helens
    1 merged - -: Ann, Ann Lee saw
    ");
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
            (1, 2)
        );
        assert!(number(&strict, "/metrics/recall/value").abs() < 1e-12);
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
    assert_eq!(rows("by_length"), ["1 7 6", "2 0 2", "3 3 1", "4-5 0 1"]);
    assert_eq!(rows("by_seen"), ["unseen 6 7", "seen 4 3"]);
    assert_eq!(rows("by_consistency"), ["unseen 6 7", "(0, 0.5] 2 2", "1 2 1"]);
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
    assert!((number(&last, "/risk") - 0.25).abs() < 1e-12 && (number(&last, "/recall") - 0.75).abs() < 1e-12);
}
