//! `trueup agreement`: what it prints, writes and refuses.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{CliTest, at, schema};

/// Twelve texts answered by three people, the third of whom errs often; gold for all.
fn answers() -> String {
    let mut rows = "id,text,annotator,label,gold\n".to_owned();
    for i in 0..12 {
        let gold = ["refund", "login"][i % 2];
        let other = ["login", "refund"][i % 2];
        for (who, label) in
            [("ann", gold), ("bo", if i == 5 { other } else { gold }), ("cy", if i % 3 == 0 { other } else { gold })]
        {
            rows += &format!("t{i:02},Text number {i},{who},{label},{gold}\n");
        }
    }
    rows
}

fn document(test: &CliTest, args: &str) -> Value {
    let finished = test.run(&format!("{args} --json -")).ends_with(0);
    serde_json::from_str(&finished.stdout).unwrap()
}

#[test]
fn the_report_reads_well() {
    let test = CliTest::with("answers.csv", answers());
    let finished = test.run("agreement answers.csv").ends_with(0);
    assert_snapshot!(finished.stdout, @r#"
    trueup agreement answers.csv                                                 csv

      36 answers by 3 annotators to 12 items, 2 labels; each item answered by two
      people or more

      Krippendorff's alpha  0.46 (0.12 to 0.87)  ·────●─────·  nominal
      Fleiss' kappa         0.44 (0.10 to 0.87)  ·────●─────·  generalised by Gwet
      Cohen's kappa         0.44 (0.08 to 0.78)  ·────●────··  mean of 3 pairs
      Gwet's AC1            0.45 (0.00 to 0.78)  ─────●────··  nominal
      equal answers         0.72 (0.56 to 0.89)  ······──●──·  share of pairs

      Unsure: the interval spans a limit of the convention; more doubly answered
      items would decide. By convention 0.8 or more is high and below 0.667 too low
      (Krippendorff 2004); what is enough depends on what the labels are for.

      Consensus
        majority, by default with fewer than 3 annotators or 20 compared items: 12
        items decided. Against the gold of the file: right in 1.00 (0.76 to 1.00) of
        12.

      Labels  least agreement first
                given    others say so too  alpha
        login      17  0.71 (0.44 to 0.91)   0.46
        refund     19  0.74 (0.46 to 0.92)   0.46

      Annotators  share right by the consensus, worst first
             answers              quality  with others  by gold
        cy        12  0.67 (0.39 to 0.86)         0.62     0.67
        bo        12  0.92 (0.65 to 0.99)         0.75     0.92
        ann       12  1.00 (0.76 to 1.00)         0.79     1.00

      Pairs that agree least  Cohen's kappa over the items that both answered
                    items                 kappa  equal
        bo and cy      12  0.17 (-0.38 to 0.67)   58 %
        ann and cy     12  0.33 (-0.24 to 0.83)   67 %
        ann and bo     12   0.83 (0.43 to 1.00)   92 %

      Most disputed items
        t00            2 × refund, 1 × login → refund (0.67)
                       Text number 0
        t03            2 × login, 1 × refund → login (0.67)
                       Text number 3
        t05            2 × login, 1 × refund → login (0.67)
                       Text number 5
        t06            2 × refund, 1 × login → refund (0.67)
                       Text number 6
        t09            2 × login, 1 × refund → login (0.67)
                       Text number 9

      read as      the format is csv; fields are set apart by commas; double quotes
                   may enclose a field; the first row is the header; text is column
                   'text'; label is column 'label'; annotator is column 'annotator';
                   the reference is column 'gold'; id is column 'id'

      Write the data with the consensus as gold:
        trueup agreement answers.csv -o consensus.jsonl
    "#);
    assert_eq!(finished.stderr, "");
}

#[test]
fn ratings_read_well() {
    let mut rows = "item,annotator,label\n".to_owned();
    for item in 0..8 {
        for (who, shift) in [("ann", 0), ("bo", 3), ("cy", (item * 5) % 7)] {
            rows += &format!("t{item},{who},{}\n", item * 10 + shift);
        }
    }
    let test = CliTest::with("ratings.csv", rows);
    assert_snapshot!(test.run("agreement ratings.csv").ends_with(0).stdout, @r#"
    trueup agreement ratings.csv                                                 csv

      24 answers by 3 annotators to 8 items, 21 ratings as numbers; each item
      answered by two people or more

      Krippendorff's alpha  0.992 (0.983 to 0.996)  ···········●  interval
      Cohen's kappa         0.992 (0.982 to 0.996)  ···········●  quadratic, 3 pairs
      Gwet's AC2            0.991 (0.989 to 0.993)  ···········●  quadratic weights
      equal answers         0.12 (0.04 to 0.25)     ─●──········  share of pairs

      High: annotators mean the same by the labels. By convention 0.8 or more is
      high and below 0.667 too low (Krippendorff 2004); what is enough depends on
      what the labels are for.

      Consensus
        median, by default for ratings: 8 items decided.

      Annotators  correlation with the mean of the others, worst first
             answers                 quality
        cy         8     1.00 (0.98 to 1.00)
        ann        8  0.999 (0.994 to 1.000)
        bo         8  0.999 (0.994 to 1.000)

      Pairs that agree least  Cohen's kappa over the items that both answered
                    items                   kappa  equal
        ann and cy      8     0.99 (0.97 to 1.00)   25 %
        ann and bo      8  0.992 (0.985 to 0.996)    0 %
        bo and cy       8  0.996 (0.990 to 0.998)   12 %

      Most disputed items
        t4             1 × 40, 1 × 43, 1 × 46 → 43
        t1             1 × 10, 1 × 13, 1 × 15 → 13
        t5             1 × 50, 1 × 53, 1 × 54 → 53
        t0             2 × 0, 1 × 3 → 0
        t2             2 × 23, 1 × 20 → 23

      notes        all 21 labels are numbers: taken for ratings, whose differences
                   count; --level nominal if they are names, --level ordinal if they
                   are ranks
      read as      the format is csv; fields are set apart by commas; double quotes
                   may enclose a field; the first row is the header; there is no
                   text column; label is column 'label'; annotator is column
                   'annotator'; id is column 'item'

      Write the data with the consensus as gold:
        trueup agreement ratings.csv -o consensus.jsonl
    "#);
}

#[test]
fn spans_read_well_and_their_consensus_is_written() {
    let mark = |start: usize, end: usize, label: &str| format!(r#"{{"start":{start},"end":{end},"label":"{label}"}}"#);
    let mut lines = String::new();
    for i in 0..6 {
        let ann = [mark(0, 3, "PER"), mark(15, 19, "LOC")].join(",");
        let bo = [mark(0, 3, "PER"), mark(15, 20, "LOC")].join(",");
        let cy = if i % 2 == 0 { mark(0, 3, "PER") } else { [mark(0, 3, "ORG"), mark(15, 19, "LOC")].join(",") };
        let who = [("ann", ann), ("bo", bo), ("cy", cy)]
            .map(|(name, spans)| format!(r#"{{"annotator":"{name}","spans":[{spans}]}}"#));
        lines += &format!("{{\"id\":\"s{i}\",\"text\":\"Ann met Bo, in Rome.\",\"responses\":[{}]}}\n", who.join(","));
    }
    let test = CliTest::with("spans.jsonl", lines);
    assert_snapshot!(test.run("agreement spans.jsonl -o gold.jsonl --consensus majority").ends_with(0).stdout, @r#"
    trueup agreement spans.jsonl                                               jsonl

      18 answers by 3 annotators to 6 items, 3 types; each item answered by two
      people or more

      F1, equal spans          0.45 (0.37 to 0.55)  ····─●─·····  mean of 3 pairs
      F1, equal but for edges  0.71 (0.68 to 0.75)  ·······─●···  mean of 3 pairs
      F1, token by token       0.61 (0.58 to 0.64)  ······─●····  mean of 3 pairs

      Taking one annotator for right, another's spans score F1 0.45; a model can
      hardly be expected to score more against such answers. There is no convention
      of what is enough. Some of the difference is white space and punctuation at
      the edges.

      Consensus
        majority, asked for: 6 items decided.

      Types  F1 of all pairs together, least first
             given                   F1
        ORG      3                 0.00
        LOC     15  0.20 (0.08 to 0.29)
        PER     15  0.80 (0.62 to 0.94)

      Annotators  F1 against the consensus, worst first
             answers                   F1  with others
        bo         6  0.57 (0.52 to 0.63)         0.40
        cy         6  0.67 (0.55 to 0.86)         0.43
        ann        6  0.86 (0.74 to 0.96)         0.53

      Pairs that agree least  F1 over the items that both answered
                    items                   F1
        bo and cy       6  0.29 (0.09 to 0.53)
        ann and bo      6                 0.50
        ann and cy      6  0.57 (0.52 to 0.63)

      Most disputed items
        s1             2 × PER "Ann", 2 × LOC "Rome", 1 × ORG "Ann", 1 × LOC "Rome."
                       Ann met Bo, in Rome.
        s3             2 × PER "Ann", 2 × LOC "Rome", 1 × ORG "Ann", 1 × LOC "Rome."
                       Ann met Bo, in Rome.
        s5             2 × PER "Ann", 2 × LOC "Rome", 1 × ORG "Ann", 1 × LOC "Rome."
                       Ann met Bo, in Rome.
        s0             3 × PER "Ann", 1 × LOC "Rome", 1 × LOC "Rome."
                       Ann met Bo, in Rome.
        s2             3 × PER "Ann", 1 × LOC "Rome", 1 × LOC "Rome."
                       Ann met Bo, in Rome.

      read as      the format is jsonl; text is field 'text'; there is no label
                   field; id is field 'id'

      Written: gold.jsonl, the data with the consensus as gold. Review a model on
      it:
        trueup review gold.jsonl
    "#);
    let first = test.read("gold.jsonl").lines().next().unwrap().to_owned();
    assert_snapshot!(first, @r#"
    {"id":"s0","text":"Ann met Bo, in Rome.","spans":[{"start":0,"end":3,"label":"PER"}]}
    "#);
}

#[test]
fn the_document_matches_its_schema() {
    let test = CliTest::with("answers.csv", answers());
    let root: Value = serde_json::from_str(&test.run("schema agreement").ends_with(0).stdout).unwrap();
    for consensus in ["majority", "dawid-skene", "one-coin", "mace"] {
        let document = document(&test, &format!("agreement answers.csv --consensus {consensus}"));
        assert_eq!(at(&document, "/schema"), "trueup.agreement/1");
        assert_eq!(at(&document, "/consensus/method"), consensus);
        if let Err(fault) = schema::valid(&root, &root, &document, "") {
            panic!("the document does not match the schema: {fault}");
        }
        let right = at(&document, "/consensus/gold/value").as_f64().unwrap();
        assert!(right > 0.9, "{consensus}: {right}");
        assert_eq!(at(&document, "/by_annotator/0/name"), "cy");
    }
}

#[test]
fn the_consensus_is_written_and_can_be_read() {
    let test = CliTest::with("answers.csv", answers());
    let finished = test.run("agreement answers.csv --consensus majority -o out.csv --json -").ends_with(0);
    let document: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(at(&document, "/consensus/written_as"), "csv");
    let written = test.read("out.csv");
    assert_eq!(written.lines().count(), 13);
    assert!(written.contains("t00,Text number 0") && written.contains("refund"), "{written}");
    let stats = test.run("stats out.csv --json -").ends_with(0);
    let stats: Value = serde_json::from_str(&stats.stdout).unwrap();
    assert_eq!((at(&stats, "/examples"), at(&stats, "/unlabelled")), (&Value::from(12), &Value::from(0)));
    // Another format by name, and one by word.
    test.run("agreement answers.csv -o out.jsonl").ends_with(0);
    test.run("agreement answers.csv -o out.bin --to jsonl").ends_with(0);
    assert_eq!(test.read("out.jsonl"), test.read("out.bin"));
}

#[test]
fn the_same_bytes_come_at_any_number_of_threads() {
    let test = CliTest::with("answers.csv", answers());
    let first = test.run("agreement answers.csv --consensus mace --json -").ends_with(0).stdout;
    for _ in 0..3 {
        assert_eq!(test.run("agreement answers.csv --consensus mace --json -").ends_with(0).stdout, first);
    }
}

#[test]
fn what_cannot_be_done_is_refused_and_leaves_nothing() {
    let test = CliTest::with("answers.csv", answers());
    test.write("plain.csv", "text,label\nhi there,a\nho there,b\n");
    let before = test.files();
    for (args, says) in [
        ("agreement plain.csv", "no answers of several people"),
        ("agreement answers.csv -o answers.csv", "this is read"),
        ("agreement answers.csv -o out.xyz", "a name that does not say which format to write"),
        ("agreement answers.csv -o -", "valid: its name"),
        ("agreement answers.csv --level interval", "the labels have to be numbers"),
        ("agreement missing.csv", "missing.csv"),
    ] {
        let finished = test.run(args).ends_with(2);
        assert!(finished.stderr.contains(says), "{args}: {}", finished.stderr);
        assert_eq!((finished.stdout.as_str(), test.files()), ("", before.clone()), "{args}");
    }
}
