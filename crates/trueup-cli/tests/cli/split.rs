//! Splitting: the parts and the list that are written, what is said, and reviews by the splits that a file names.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::CliTest;

const NOUNS: [&str; 5] = ["parcel", "invoice", "password", "refund", "courier"];

/// 60 tickets of four labels, of 15 customers, in 12 months.
fn tickets() -> String {
    let mut out = String::from("id,text,label,customer,sent\n");
    for i in 0..60 {
        let label = if i % 10 == 0 { "rare" } else { ["billing", "delivery", "login"][i % 3] };
        let text = format!("{} {} is {} {label}", NOUNS[i % 5], i * 7919 % 1000, i * 104_729 % 9973);
        out += &format!("t{i},{text},{label},c{},2024-{:02}-01\n", i / 4, 1 + i / 5);
    }
    out
}

/// 60 examples in the splits `train`, `extra_train`, `test` and, one of them, `fold 3`.
fn named() -> String {
    let mut out = String::from("text,label,split\n");
    for i in 0..60 {
        let split = match i {
            59 => "fold 3",
            i if i % 3 == 0 => "test",
            i if i % 5 == 0 => "extra_train",
            _ => "train",
        };
        let text = format!("{} {} {} {}", NOUNS[i % 5], i * 7919 % 1000, ["paid", "late"][i % 2], i * 104_729 % 9973);
        out += &format!("{text},{},{split}\n", ["billing", "delivery"][i % 2]);
    }
    out
}

#[test]
fn parts_are_written_in_the_input_s_format_with_a_list() {
    let test = CliTest::with("tickets.csv", tickets());
    let finished = test.run("split tickets.csv -o parts --valid 0.2").ends_with(0);
    assert_snapshot!(finished, @r"
    exit_code: 0
    ----- stdout -----
    trueup split tickets.csv                                     stratified, seed 42

      train        36   60.0 %  parts/train.csv
      valid        12   20.0 %  parts/valid.csv
      test         12   20.0 %  parts/test.csv

                   all  train  valid  test
      billing       18     11      3     4
      delivery      18     11      4     3
      login         18     10      4     4
      rare           6      4      1     1

      spread       differs most for billing: 25.00 % of valid, 30.00 % of all
      read as      the format is csv; fields are set apart by commas; double quotes
                   may enclose a field; the first row is the header; text is column
                   'text'; label is column 'label'; id is column 'id'
      by id        parts/split.csv: id, split

      Review a model on it: trueup review parts/train.csv --test parts/test.csv --valid parts/valid.csv

    ----- stderr -----
    ");
    assert_eq!(
        test.files(),
        ["parts/split.csv", "parts/test.csv", "parts/train.csv", "parts/valid.csv", "tickets.csv"]
    );
    let list = test.read("parts/split.csv");
    assert!(list.starts_with("id,split\nt0,") && list.lines().count() == 61, "{list}");
    // Every row is in the part that the list says, as it was.
    for (row, line) in tickets().lines().skip(1).zip(list.lines().skip(1)) {
        let (id, part) = line.split_once(',').unwrap();
        assert!(row.starts_with(&format!("{id},")));
        for name in ["train", "valid", "test"] {
            let there = test.read(&format!("parts/{name}.csv")).lines().any(|line| line == row);
            assert_eq!(there, name == part, "{row}: {name}");
        }
    }
    let before: Vec<String> = test.files().iter().map(|file| test.read(file)).collect();
    test.run("split tickets.csv -o parts --valid 0.2").ends_with(0);
    let after: Vec<String> = test.files().iter().map(|file| test.read(file)).collect();
    assert_eq!(before, after);
    test.run("review parts/train.csv --test parts/test.csv --valid parts/valid.csv --quiet").ends_with(0);
}

#[test]
fn folds_are_a_list() {
    let test = CliTest::with("tickets.csv", tickets());
    let finished = test.run("split tickets.csv -o folds --folds 3 --group customer").ends_with(0);
    assert_snapshot!(finished, @r"
    exit_code: 0
    ----- stdout -----
    trueup split tickets.csv                                     stratified, seed 42

      fold 0       20   33.3 %
      fold 1       20   33.3 %
      fold 2       20   33.3 %

                   all  fold 0  fold 1  fold 2
      billing       18       6       6       6
      delivery      18       5       7       6
      login         18       8       4       6
      rare           6       1       3       2

      together     15 groups (60 examples)
      spread       differs most for login: 40.00 % of fold 0, 30.00 % of all
      read as      the format is csv; fields are set apart by commas; double quotes
                   may enclose a field; the first row is the header; text is column
                   'text'; label is column 'label'; id is column 'id'
      by id        folds/folds.csv: id, fold

    ----- stderr -----
    ");
    assert_eq!(test.files(), ["folds/folds.csv", "tickets.csv"]);
    let list = test.read("folds/folds.csv");
    let folds: Vec<&str> = list.lines().skip(1).map(|line| line.split_once(',').unwrap().1).collect();
    assert!(folds.chunks(4).all(|customer| customer.iter().all(|fold| *fold == customer[0])), "{list}");
}

#[test]
fn added_rows_move_nothing_by_hash() {
    let test = CliTest::with("tickets.csv", tickets());
    let rows: Vec<String> = tickets().lines().map(str::to_owned).collect();
    test.write("fewer.csv", rows[..41].join("\n") + "\n");
    for by in ["hash", "id", "hash --group customer"] {
        test.run(&format!("split tickets.csv -o all --by {by} --quiet")).ends_with(0);
        test.run(&format!("split fewer.csv -o some --by {by} --quiet")).ends_with(0);
        assert!(test.read("all/split.csv").starts_with(&test.read("some/split.csv")), "{by}");
    }
}

#[test]
fn the_newest_are_tested() {
    let test = CliTest::with("tickets.csv", tickets());
    test.run("split tickets.csv -o parts --by time --time sent").ends_with(0);
    let months = |part: &str| {
        let text = test.read(&format!("parts/{part}.csv"));
        text.lines().skip(1).map(|line| line.rsplit_once(',').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    assert!(months("train").iter().max() < months("test").iter().min());
}

#[test]
fn the_file_s_own_splits_are_kept_and_reviewed() {
    let test = CliTest::with("named.csv", named());
    let finished = test.run("split named.csv -o parts --by column").ends_with(0);
    assert_snapshot!(finished, @r"
    exit_code: 0
    ----- stdout -----
    trueup split named.csv                                                 by column

      train        39   66.1 %  parts/train.csv
      test         20   33.9 %  parts/test.csv

                   all  train  test
      billing       30     20    10
      delivery      29     19    10

      spread       differs most for billing: 50.00 % of test, 50.85 % of all
      in no part   'fold 3' (1)
      read as      the format is csv; fields are set apart by commas; double quotes
                   may enclose a field; the first row is the header; text is column
                   'text'; label is column 'label'; split is column 'split'
      by id        parts/split.csv: id, split

      Review a model on it: trueup review parts/train.csv --test parts/test.csv

    ----- stderr -----
    ");
    let document = test.review("named.csv");
    let sizes = ["train", "test"].map(|part| document["data"][part]["examples"].as_u64().unwrap());
    assert_eq!(sizes, [39, 20]);
    assert_eq!(document["data"]["how"], "test set named by the file");
    let said = |document: &Value| document["data"]["train"]["guesses"].as_array().unwrap().last().unwrap().clone();
    assert_snapshot!(said(&document)["what"].as_str().unwrap(), @"the test set is the split 'test' (20) of the file, the training set 'extra_train' (8) and 'train' (31); left out: 'fold 3' (1)");
    let whole = test.review("named.csv --ignore-splits");
    assert_eq!(whole["data"]["evaluation"], "out-of-fold");
    assert_eq!(whole["data"]["test"]["examples"], 60);
    assert_eq!(whole["subject"]["command"], "trueup review named.csv --ignore-splits");
    // A test set that is given counts, and a selection is of all parts.
    let given = test.review("named.csv --test parts/test.csv");
    assert_eq!(given["data"]["train"]["examples"], 60);
    let finished =
        test.run_words(&["review", "named.csv", "--where", "length > 17", "--json", "-", "--quiet"]).ends_with(0);
    let kept: Value = serde_json::from_str(&finished.stdout).unwrap();
    let long = |split: &str| {
        let rows = named();
        let of = |line: &&str| {
            line.split(',').next().unwrap().len() > 17 && line.rsplit(',').next().unwrap().ends_with(split)
        };
        rows.lines().skip(1).filter(of).count()
    };
    assert_eq!(kept["data"]["test"]["examples"], long("test"));
    assert_eq!(kept["data"]["train"]["examples"], long("train"));
}

#[test]
fn what_cannot_be_is_refused_and_leaves_nothing() {
    let test = CliTest::with("tickets.csv", tickets());
    test.write("old/valid.csv", "text,label\n");
    test.write("data/train.csv", tickets());
    test.write("times.csv", "text,label,sent\na,x,2024-01-01\nb,y,soon\n");
    let before = test.files();
    for (args, says) in [
        ("tickets.csv -o p --by time", "it needs --time COLUMN; the columns are customer and sent"),
        ("tickets.csv -o p --by column", "it names no splits"),
        ("tickets.csv -o p --test 1.5", "it is a share above 0 and below 1"),
        ("tickets.csv -o p --test 0.7 --valid 0.3", "nothing is left to learn from"),
        ("tickets.csv -o p --folds 1", "it is a whole number from 2"),
        ("tickets.csv -o p --folds 100", "60 examples; 100 parts need at least one each"),
        ("tickets.csv -o p --by time --time sent --group customer", "groups stay together with --by stratified"),
        ("tickets.csv -o old", "a part that this split does not have"),
        ("data/train.csv -o data", "a place that is read"),
        ("times.csv -o p --by time --time sent", "times.csv: line 3: found the time 'soon'; valid: a date"),
    ] {
        let finished = test.run(&format!("split {args}")).ends_with(2);
        assert!(finished.stderr.contains(says), "{args}: {}", finished.stderr);
        assert_eq!((finished.stdout.as_str(), test.files()), ("", before.clone()), "{args}");
    }
}

#[test]
fn the_report_is_data_too() {
    let test = CliTest::with("tickets.csv", tickets());
    let report: Value =
        serde_json::from_str(&test.run("split tickets.csv -o parts --json -").ends_with(0).stdout).unwrap();
    assert_eq!(report["schema"], "trueup.split/1");
    let stats: Value = serde_json::from_str(&test.run("stats parts/test.csv --json -").ends_with(0).stdout).unwrap();
    assert_eq!(report["parts"][1]["fingerprint"], stats["fingerprint"]);
    assert_eq!(report["parts"][1]["examples"], stats["examples"]);
    assert_eq!(report["missing"], serde_json::json!({}));
}
