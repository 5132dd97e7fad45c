//! Every document that is written matches the schema that is published, and the schema check can fail.

use serde_json::{Value, json};

use crate::harness::{CliTest, at, make, schema};

#[test]
fn every_kind_of_review_matches_the_schema() {
    let test = CliTest::with("tickets.csv", make::tickets(200, 1));
    test.write("other.csv", make::tickets(150, 1));
    test.write("names.conll", make::names(80, 1));
    test.write("topics.csv", make::topics(150, 1));
    let (gold, answers) = make::fraud();
    test.write("gold.csv", gold);
    test.write("predictions.csv", answers);
    // Each is checked against the schema where it is made.
    let folds = test.review("tickets.csv --group customer --target accuracy=0.9");
    assert_eq!(at(&folds, "/data/evaluation"), "out-of-fold");
    let given = test.review("tickets.csv --test other.csv --valid other.csv");
    assert_eq!(at(&given, "/data/evaluation"), "test");
    assert!(at(&given, "/leakage/exact").as_u64().unwrap() > 0);
    let entities = test.review("names.conll");
    assert_eq!(at(&entities, "/task"), "ner");
    let sets = test.review("topics.csv");
    assert_eq!(at(&sets, "/task"), "multilabel");
    assert!(sets.get("confusion").is_none());
    let answered = test.review("--gold gold.csv --predictions predictions.csv --cost fraud:miss=50,false-alarm=1");
    assert_eq!(at(&answered, "/data/evaluation"), "predictions");
    assert!(answered.get("training").is_none());
    test.review("tickets.csv --no-text");
}

#[test]
fn without_text_no_text_is_written() {
    let test = CliTest::with("tickets.csv", make::tickets(120, 1));
    let finished = test.run("review tickets.csv --no-text --quiet -o out").ends_with(0);
    for text in [&finished.stdout, &test.read("out/review.json"), &test.read("out/review.md")] {
        for line in make::tickets(120, 1).lines().skip(1) {
            let body = line.split(',').nth(1).unwrap();
            assert!(!text.contains(body), "{body}");
        }
    }
}

#[test]
fn the_check_refuses_what_the_schema_does_not_know() {
    let test = CliTest::with("tickets.csv", make::tickets(60, 1));
    let document = test.review("tickets.csv");
    let root = schema::published();
    let faults = |change: &dyn Fn(&mut Value)| {
        let mut changed = document.clone();
        change(&mut changed);
        schema::valid(&root, &root, &changed, "").unwrap_err()
    };
    assert!(faults(&|d| d["extra"] = json!(1)).contains("knows no key extra"));
    assert!(faults(&|d| d["verdict"]["state"] = json!("good")).contains("/verdict/state"));
    assert!(faults(&|d| d["labels"][0]["support"] = json!("many")).contains("/labels/0/support"));
    assert!(faults(&|d| d["metrics"]["accuracy"]["interval"] = json!("guess")).contains("/metrics/accuracy/interval"));
    assert!(faults(&|d| drop(d.as_object_mut().unwrap().remove("task"))).contains("no task"));
}

#[test]
fn the_keys_of_a_document_stand_in_the_order_of_the_contract() {
    let document = CliTest::with("tickets.csv", make::tickets(60, 1)).review("tickets.csv");
    let keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "schema",
        "tool",
        "subject",
        "task",
        "data",
        "verdict",
        "metrics",
        "labels",
        "confusion",
        "findings",
        "errors",
        "examples",
        "slices",
        "training",
        "next",
        "run",
    ];
    assert_eq!(keys, expected);
}
