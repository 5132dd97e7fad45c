//! Augmenting: what is written, what is refused, what is said, and that the order of a file's rows changes nothing.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::CliTest;

const NOUNS: [&str; 5] = ["parcel", "invoice", "password", "refund", "courier"];

/// 30 tickets of three labels.
fn tickets() -> Vec<String> {
    (0..30)
        .map(|i| {
            let label = if i % 10 == 0 { "fraud" } else { ["billing", "login"][i % 2] };
            let text = format!("I'm still waiting for the {} of order {}?", NOUNS[i % 5], i * 7919 % 1000);
            format!("t{i},{text},{label},c{}\n", i / 4)
        })
        .collect()
}

fn csv(rows: &[String]) -> String {
    String::from("id,text,label,customer\n") + &rows.concat()
}

fn report(test: &CliTest, args: &str) -> Value {
    serde_json::from_str(&test.run(&format!("augment {args} --json -")).ends_with(0).stdout).unwrap()
}

/// The lines of a file, sorted.
fn sorted(test: &CliTest, file: &str) -> Vec<String> {
    let mut lines: Vec<String> = test.read(file).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn new_examples_stand_behind_those_they_come_from() {
    let test = CliTest::with("tickets.csv", csv(&tickets()));
    let finished = test.run("augment tickets.csv -o more.csv --target fraud=6 --methods typo,case-lower").ends_with(0);
    assert_snapshot!(finished, @r"
    exit_code: 0
    ----- stdout -----
    trueup augment tickets.csv                               classification, seed 42

      new          3 examples of 30 examples
      written      more.csv (csv)
      read as      the format is csv; fields are set apart by commas; double quotes
                   may enclose a field; the first row is the header; text is column
                   'text'; label is column 'label'; id is column 'id'

      case-lower      1  i'm still waiting for the parcel of order 0?
                         t0: I'm still waiting for the parcel of order 0?
      typo-neighbour  0
      typo-swap       2  I'm still waiting for the parcle of order 190?
                         t10: I'm still waiting for the parcel of order 190?
      typo-omit       0
      typo-double     0

      examples     before  after
      fraud             3      6

    ----- stderr -----
    ");
    let more = test.read("more.csv");
    assert!(more.starts_with("id,text,label,customer,augmented_from,method\nt0,"), "{more}");
    let read = report(&test, "tickets.csv -o again.csv --target fraud=6 --methods typo,case-lower --seed 1");
    assert_eq!((&read["schema"], &read["added"]), (&Value::from("trueup.augment/1"), &Value::from(3)));
    let finished = test.run("stats more.csv --json -").ends_with(0);
    let stats: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(stats["examples"], 33);
}

#[test]
fn originals_are_written_as_convert_writes_them() {
    let test = CliTest::with("tickets.csv", csv(&tickets()));
    test.run("convert tickets.csv tickets.jsonl").ends_with(0);
    let before = test.read("tickets.jsonl");
    test.run("augment tickets.jsonl -o more.jsonl --per-example 2").ends_with(0);
    let more = test.read("more.jsonl");
    assert!(more.starts_with(&before), "the originals are there, byte for byte");
    for line in more[before.len()..].lines() {
        let new: Value = serde_json::from_str(line).unwrap();
        let from = new["augmented_from"].as_str().unwrap();
        assert!(new["id"].as_str().unwrap().starts_with(&format!("{from}~")), "{line}");
        let old = before.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|old| old["id"] == from);
        let old = old.unwrap();
        assert_eq!((&new["label"], &new["customer"]), (&old["label"], &old["customer"]), "{line}");
        assert_ne!(new["text"], old["text"]);
    }
    test.run("augment tickets.jsonl -o new.jsonl --per-example 2 --new-only").ends_with(0);
    assert_eq!(test.read("new.jsonl"), more[before.len()..]);
}

#[test]
fn the_order_of_rows_and_the_threads_change_nothing_and_the_seed_does() {
    let rows = tickets();
    let test = CliTest::with("a.csv", csv(&rows));
    let mut turned = rows.clone();
    turned.reverse();
    test.write("b.csv", csv(&turned));
    for (args, same) in [("", true), ("--threads 1", true), ("--seed 7", false)] {
        for more in ["--per-example 2", "--factor 1.5", "--target fraud=20"] {
            test.run(&format!("augment a.csv -o a-out.csv {more}")).ends_with(0);
            test.run(&format!("augment b.csv -o b-out.csv {more} {args}")).ends_with(0);
            assert_eq!(sorted(&test, "a-out.csv") == sorted(&test, "b-out.csv"), same, "{more} {args}");
        }
    }
}

#[test]
fn twins_of_the_test_set_are_refused() {
    let mut rows = tickets();
    rows.push("u0,Please unlock the door of my garage tonight,login,c9\n".to_owned());
    let test = CliTest::with("train.csv", csv(&rows));
    test.write("test.csv", csv(&rows[..30]));
    let said = report(&test, "train.csv -o more.csv --test test.csv --methods case,punctuation-question");
    assert!(said["refused"]["in_test"].as_u64() > Some(0), "{}", said["refused"]);
    assert!(said["refused"]["near_test"].as_u64() > Some(0), "{}", said["refused"]);
    let more = test.read("more.csv");
    let new: Vec<&str> = more.lines().skip(32).collect();
    assert!(new.len() == 1 && new[0].starts_with("u0~1,"), "{new:?}");
}

#[test]
fn examples_of_a_test_split_are_no_sources() {
    let rows = tickets();
    let rows: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(i, row)| row.trim_end().to_owned() + if i % 3 == 0 { ",test\n" } else { ",train\n" })
        .collect();
    let test = CliTest::with("all.csv", String::from("id,text,label,customer,split\n") + &rows.concat());
    let said = report(&test, "all.csv -o more.jsonl --to jsonl");
    assert_eq!((&said["examples"], &said["sources"]), (&Value::from(30), &Value::from(20)));
    for line in test.read("more.jsonl").lines().skip(30) {
        let new: Value = serde_json::from_str(line).unwrap();
        assert_eq!(new["split"], "train", "{line}");
    }
    // What was augmented before is no source again.
    let again = report(&test, "more.jsonl -o again.jsonl");
    assert_eq!(again["sources"], 20);
}

#[test]
fn an_example_and_what_was_made_of_it_stay_in_one_part() {
    let rows: Vec<String> = tickets().iter().map(|row| row.rsplit_once(',').unwrap().0.to_owned() + "\n").collect();
    let test = CliTest::with("tickets.csv", String::from("id,text,label\n") + &rows.concat());
    test.run("augment tickets.csv -o more.csv --per-example 3").ends_with(0);
    test.run("split more.csv -o parts --ignore-twins").ends_with(0);
    let part: std::collections::BTreeMap<String, String> = test
        .read("parts/split.csv")
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').map(|(id, part)| (id.to_owned(), part.to_owned())).unwrap())
        .collect();
    let new: Vec<&String> = part.keys().filter(|id| id.contains('~')).collect();
    assert!(new.len() > 60);
    for id in new {
        assert_eq!(part[id], part[id.split('~').next().unwrap()], "{id}");
    }
}

#[test]
fn templates_make_examples_of_labels_and_of_spans() {
    let test = CliTest::with("tickets.csv", csv(&tickets()));
    test.write("slots.tsv", "{verb}\tclose|stop|end\nfraud\tI want to {verb} my account\n");
    let said = report(&test, "tickets.csv -o more.csv --templates slots.tsv");
    assert_eq!(said["added"], 3, "as many as the slots can be filled");
    let more = test.read("more.csv");
    assert!(more.contains("template2~1,I want to ") && more.contains(",fraud,,slots.tsv:2,template\n"), "{more}");
    test.write(
        "names.jsonl",
        "{\"id\":\"1\",\"text\":\"Ann met Zo\u{e9} 😀\",\"spans\":[{\"start\":0,\"end\":3,\"label\":\"PER\"},{\"start\":8,\"end\":11,\"label\":\"PER\"}]}\n",
    );
    test.write("trips.tsv", "{PER} went home\n");
    let said = report(&test, "names.jsonl -o trips.jsonl --templates trips.tsv --new-only");
    assert_eq!(said["labels"][0]["after"], 3);
    let trips = test.read("trips.jsonl");
    assert!(
        trips.contains("\"text\":\"Zo\u{e9} went home\",\"spans\":[{\"start\":0,\"end\":3,\"label\":\"PER\"}]"),
        "{trips}"
    );
}

#[test]
fn the_gain_is_measured_and_said_as_it_is() {
    let test = CliTest::with("tickets.csv", csv(&tickets()));
    let finished = test.run("augment tickets.csv -o more.csv --measure").ends_with(0);
    assert!(finished.stdout.contains("no gain shown: "), "{finished}");
    assert!(finished.stdout.contains(" with; 5 folds, linear"), "{finished}");
    let said = report(&test, "tickets.csv -o again.csv --measure");
    let difference = &said["gain"]["difference"];
    let (with, without) = (said["gain"]["with"].as_f64().unwrap(), said["gain"]["without"].as_f64().unwrap());
    assert!((difference["value"].as_f64().unwrap() - (with - without)).abs() < 1e-12, "{difference}");
    assert_eq!(test.read("again.csv"), test.read("more.csv"), "measuring changes nothing that is written");
}

#[test]
fn what_cannot_be_is_refused_and_leaves_nothing() {
    let test = CliTest::with("tickets.csv", csv(&tickets()));
    test.write("bad.tsv", "fraud\tI want to {verb}\n");
    let before = test.files();
    for (args, says) in [
        ("-o m.csv --methods typos", "the methods are case-lower, "),
        ("-o m.csv --methods mention", "it is for data with spans"),
        ("-o m.csv --target theft=5", "the labels are billing, fraud and login"),
        ("-o m.csv --only theft", "the labels are billing, fraud and login"),
        ("-o m.csv --target fraud", "it is LABEL=NUMBER"),
        ("-o m.csv --factor 1", "it is a number above 1"),
        ("-o m.csv --share 2", "it is a share above 0"),
        ("-o m.csv --templates bad.tsv", "bad.tsv: line 1: found the slot '{verb}', which nothing fills"),
        ("-o m.csv --templates none.tsv", "none.tsv"),
        ("-o m.csv --group team", "no column"),
        ("-o tickets.csv", "this is read, and writing would replace it"),
        ("-o m.what --to excel", "a format that is only read"),
    ] {
        let finished = test.run(&format!("augment tickets.csv {args}")).ends_with(2);
        assert!(finished.stderr.contains(says), "{args}: {}", finished.stderr);
        assert_eq!((finished.stdout.as_str(), test.files()), ("", before.clone()), "{args}");
    }
}
