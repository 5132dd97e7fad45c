//! The demo: two sets with known faults, found.

use crate::harness::{CliTest, Finished};

fn demo(test: &CliTest, args: &str) -> Finished {
    test.run(&format!("demo {args}")).ends_with(0)
}

#[test]
fn it_writes_two_sets_reviews_them_and_says_what_to_try() {
    let test = CliTest::new();
    let finished = demo(&test, "first");
    let files = ["first/FAULTS.md", "first/invoices.jsonl", "first/tickets-test.csv", "first/tickets-train.csv"];
    assert_eq!(test.files(), files);
    for file in files {
        assert!(finished.stderr.contains(&format!("  wrote {file}\n")), "{finished}");
    }
    assert_eq!(finished.stdout.matches("NOT READY").count(), 2, "{finished}");
    let (_, commands) = finished.stdout.split_once("\nTry next:\n").unwrap();
    let commands: Vec<&str> = commands.lines().map(|line| line.trim().strip_prefix("trueup ").unwrap()).collect();
    assert_eq!(commands.len(), 3, "{commands:?}");
    for command in commands.iter().filter(|command| !command.contains("YOUR-DATA")) {
        test.run(command).ends_with(0);
    }
    assert!(test.path("first/review/review.json").exists());
}

#[test]
fn one_seed_writes_one_demo() {
    let test = CliTest::new();
    let first = demo(&test, "first --quiet --threads 1");
    assert_eq!(first.stderr, "");
    demo(&test, "again --quiet --threads 2");
    demo(&test, "other --quiet --seed 7");
    for file in ["FAULTS.md", "invoices.jsonl", "tickets-test.csv", "tickets-train.csv"] {
        let read = |folder: &str| test.read(&format!("{folder}/{file}"));
        assert_eq!(read("first"), read("again"), "{file}");
        assert!(file == "FAULTS.md" || read("first") != read("other"), "{file} is the same for another seed");
    }
}

#[test]
fn a_folder_that_is_a_file_is_refused() {
    let test = CliTest::with("taken", "mine");
    let finished = test.run("demo taken").ends_with(2);
    assert_eq!((finished.stdout.as_str(), test.read("taken")), ("", "mine".to_owned()));
    assert!(finished.stderr.starts_with("error: taken: a file where a folder is needed"), "{finished}");
}
