//! The same input and seed give the same bytes, whatever the number of threads; another seed does not.

use crate::harness::{CliTest, Finished, make};

/// The document as it is written, without `run`, which is its last key.
fn document(test: &CliTest, args: &str) -> String {
    let Finished { code, stdout, stderr } = test.run(&format!("review {args} --json -"));
    assert_eq!(code, 0, "{stderr}");
    let (document, run) = stdout.split_once("\n  \"run\": {").expect("a run");
    assert!(run.ends_with("}\n}\n") && !run[..run.len() - 2].contains("\n}"), "{run}");
    document.to_owned()
}

/// Panics at the first line that differs.
#[track_caller]
fn same(one: &str, other: &str, what: &str) {
    if one != other {
        let lines = one.lines().zip(other.lines()).enumerate().find(|(_, (a, b))| a != b);
        panic!("{what}: the documents differ: {lines:?}");
    }
}

#[track_caller]
fn check(test: &CliTest, args: &str) {
    let one = document(test, &format!("{args} --threads 1"));
    same(&one, &document(test, &format!("{args} --threads 1")), "two runs");
    same(&one, &document(test, &format!("{args} --threads 2")), "1 and 2 threads");
    same(&one, &document(test, &format!("{args} --threads 7")), "1 and 7 threads");
}

#[test]
fn folds() {
    check(&CliTest::with("tickets.csv", make::tickets(300, 1)), "tickets.csv");
}

#[test]
fn a_given_test_set() {
    let test = CliTest::with("train.csv", make::tickets(300, 1));
    test.write("test.csv", make::tickets(200, 2));
    test.write("valid.csv", make::tickets(100, 3));
    check(&test, "train.csv --test test.csv");
    check(&test, "train.csv --test test.csv --valid valid.csv --cost login:miss=20 --seed 7");
}

#[test]
fn groups() {
    check(&CliTest::with("tickets.csv", make::tickets(300, 1)), "tickets.csv --group customer");
}

#[test]
fn entities() {
    let test = CliTest::with("train.conll", make::names(120, 1));
    test.write("test.conll", make::names(60, 2));
    check(&test, "train.conll");
    check(&test, "train.conll --test test.conll");
}

#[test]
fn label_sets() {
    check(&CliTest::with("topics.csv", make::topics(240, 1)), "topics.csv");
}

#[test]
fn predictions() {
    let (gold, answers) = make::fraud();
    let test = CliTest::with("gold.csv", gold);
    test.write("predictions.csv", answers);
    check(&test, "--gold gold.csv --predictions predictions.csv --cost fraud:miss=50,false-alarm=1");
}

#[test]
fn another_seed_draws_other_folds() {
    let test = CliTest::with("tickets.csv", make::tickets(300, 1));
    let metrics = |seed: u32| {
        let document = test.review(&format!("tickets.csv --seed {seed}"));
        (document["metrics"]["log_loss"].clone(), document["subject"]["seed"].clone())
    };
    let ((one, first), (other, second)) = (metrics(1), metrics(2));
    assert_ne!(one, other);
    assert_eq!((first, second), (1.into(), 2.into()));
}

#[test]
fn files_and_streams_hold_the_same() {
    let test = CliTest::with("tickets.csv", make::tickets(120, 1));
    test.run("review tickets.csv --quiet -o out --json review.json").ends_with(0);
    let without_run = |text: &str| text.split_once("\n  \"run\": {").unwrap().0.to_owned();
    let streamed = document(&test, "tickets.csv");
    same(&without_run(&test.read("review.json")), &streamed, "--json FILE");
    same(&without_run(&test.read("out/review.json")), &streamed, "-o DIR");
}

#[test]
fn the_folder_the_data_is_in_changes_nothing_but_its_name() {
    let one = CliTest::with("tickets.csv", make::tickets(120, 1));
    let other = CliTest::with("tickets.csv", make::tickets(120, 1));
    same(&document(&one, "tickets.csv"), &document(&other, "tickets.csv"), "two folders");
}
