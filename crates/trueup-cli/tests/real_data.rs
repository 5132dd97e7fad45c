//! Published data sets through the command, as their sources publish them. The folder is `TRUEUP_DATA`, else
//! `shared/data` beside the workspace. Without it the tests say that they were skipped and pass, unless
//! `TRUEUP_REQUIRE_DATA=1` is set.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "harness/mod.rs"]
mod harness;

use harness::data::folder;
use harness::{CliTest, at, codes, count, finding, number};
use serde_json::Value;

/// Reviews files of a data set, by the words of the command; words with a dot are files. The document is checked
/// against the schema.
fn review(name: &str, args: &str) -> Option<Value> {
    let folder = folder(name)?;
    let args: Vec<String> = args
        .split(' ')
        .map(|word| match folder.join(word) {
            path if path.is_file() => path.to_str().expect("a path in UTF-8").to_owned(),
            _ => word.to_owned(),
        })
        .collect();
    let mut words = vec!["review", "--json", "-", "--quiet"];
    words.extend(args.iter().map(String::as_str));
    let finished = CliTest::new().run_words(&words).ends_with(0);
    let document = serde_json::from_str(&finished.stdout).unwrap();
    harness::schema::check(&document);
    facts(&document);
    Some(document)
}

/// What holds of every document.
fn facts(document: &Value) {
    let evaluated = number(document, "/data/test/examples");
    for (name, metric) in at(document, "/metrics").as_object().unwrap() {
        let get = |key: &str| metric[key].as_f64();
        if let (Some(low), Some(value), Some(high)) = (get("low"), get("value"), get("high")) {
            assert!(low <= value && value <= high, "{name}: {metric}");
        }
    }
    let support: f64 = at(document, "/labels").as_array().unwrap().iter().map(|l| l["support"].as_f64().unwrap()).sum();
    match document["task"].as_str().unwrap() {
        "ner" => assert!((support - number(document, "/data/test/spans")).abs() < 0.5),
        "classification" => {
            assert!((support - evaluated).abs() < 0.5);
            let counts = at(document, "/confusion/counts").as_array().unwrap();
            let cells: f64 = counts.iter().flat_map(|row| row.as_array().unwrap()).map(|n| n.as_f64().unwrap()).sum();
            let right: f64 = counts.iter().enumerate().map(|(i, row)| row[i].as_f64().unwrap()).sum();
            assert!((cells - evaluated).abs() < 0.5);
            assert!((number(document, "/metrics/accuracy/value") - right / cells).abs() < 1e-12);
            let wrong = at(document, "/errors").as_array().unwrap().len();
            assert!(wrong as f64 <= cells - right);
        }
        _ => assert!(support >= 1.0),
    }
    // What findings, errors and leaks name can be looked up.
    let examples = at(document, "/examples").as_object().unwrap();
    let named = document["findings"].as_array().unwrap().iter().flat_map(|f| f["examples"].as_array().unwrap());
    for id in named.chain(document["errors"].as_array().unwrap().iter().map(|error| &error["id"])) {
        assert!(examples.contains_key(id.as_str().unwrap()), "{id} is named and not there");
    }
}

fn state(document: &Value) -> &str {
    document["verdict"]["state"].as_str().unwrap()
}

#[test]
fn banking77_is_learned_and_its_leaks_are_found() {
    let Some(document) = review("banking77", "train.csv --test test.csv") else { return };
    assert_eq!((count(&document, "/data/train/examples"), count(&document, "/data/test/examples")), (10_003, 3_080));
    assert_eq!(at(&document, "/labels").as_array().unwrap().len(), 77);
    assert!(number(&document, "/metrics/accuracy/value") >= 0.90);
    let (exact, near) = (count(&document, "/leakage/exact"), count(&document, "/leakage/near"));
    assert_eq!(exact + near, 103, "{exact} exact, {near} near");
    assert_eq!(count(&document, "/leakage/clean_examples"), 3_080 - 103);
    assert!(codes(&document).contains(&"K202"), "{:?}", codes(&document));
}

#[test]
fn sms_spam_in_folds() {
    let Some(document) = review("sms_spam", "SMSSpamCollection") else { return };
    assert_eq!(count(&document, "/data/test/examples"), 5_574);
    assert_eq!(at(&document, "/data/evaluation"), "out-of-fold");
    assert_eq!(count(&document, "/labels/0/support"), 4_827);
    assert!(number(&document, "/metrics/accuracy/value") > 0.97);
    assert!(count(finding(&document, "D107"), "/count") > 500);
    assert!(codes(&document).contains(&"D104"), "{:?}", codes(&document));
}

#[test]
fn trec_with_fine_and_coarse_labels() {
    let Some(fine) = review("trec", "train_5500.label --test TREC_10.label") else { return };
    assert_eq!((count(&fine, "/data/train/examples"), count(&fine, "/data/test/examples")), (5_452, 500));
    let names: Vec<&str> = fine["labels"].as_array().unwrap().iter().map(|l| l["label"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 50);
    assert!(names.contains(&"DESC:manner"));
    // Fifty labels, of which eight have no test example, and some a few training examples.
    let found = codes(&fine);
    assert!(found.contains(&"D101") && found.contains(&"D102"), "{found:?}");
    assert_eq!(count(finding(&fine, "D102"), "/count"), 8);
    let coarse = review("trec", "train_5500.label --test TREC_10.label --label-level 1").unwrap();
    assert_eq!(at(&coarse, "/labels").as_array().unwrap().len(), 6);
    assert!(number(&coarse, "/metrics/accuracy/value") > number(&fine, "/metrics/accuracy/value"));
}

#[test]
fn ncbi_disease_mentions_are_found() {
    let Some(document) = review("ncbi_disease", "train.tsv --valid devel.tsv --test test.tsv") else { return };
    assert_eq!(at(&document, "/task"), "ner");
    assert_eq!((count(&document, "/data/train/examples"), count(&document, "/data/test/examples")), (5_424, 940));
    assert_eq!(count(&document, "/data/test/spans"), 960);
    assert!(number(&document, "/metrics/f1/value") >= 0.75);
    assert_eq!(at(&document, "/verdict/metric"), "f1");
}

#[test]
fn wnut17_is_hard_and_not_ready() {
    let Some(document) =
        review("wnut17", "wnut17train.conll --valid emerging.dev.conll --test emerging.test.annotated")
    else {
        return;
    };
    assert_eq!((count(&document, "/data/train/examples"), count(&document, "/data/test/examples")), (3_394, 1_287));
    assert_eq!(at(&document, "/labels").as_array().unwrap().len(), 6);
    assert_ne!(state(&document), "ready");
    let f1 = number(&document, "/metrics/f1/value");
    assert!(f1 > 0.1 && f1 < 0.6, "{f1}");
}

#[test]
fn sst2_with_its_columns_of_two_names() {
    let Some(document) = review("sst2", "train.tsv --test dev.tsv") else { return };
    assert_eq!((count(&document, "/data/train/examples"), count(&document, "/data/test/examples")), (67_349, 872));
    assert!(number(&document, "/metrics/accuracy/value") > 0.78);
    assert_eq!(at(&document, "/data/evaluation"), "test");
}

#[test]
fn wikigold_in_folds() {
    let Some(document) = review("wikigold", "wikigold.conll.txt") else { return };
    assert_eq!(count(&document, "/data/test/examples"), 1_696);
    assert_eq!(at(&document, "/labels").as_array().unwrap().len(), 4);
    assert!(number(&document, "/metrics/f1/value") > 0.5);
}

#[test]
fn goemotions_has_several_labels() {
    let Some(document) = review("goemotions", "dev.tsv --test test.tsv --label-names labels.txt") else { return };
    assert_eq!(at(&document, "/task"), "multilabel");
    assert_eq!((count(&document, "/data/train/examples"), count(&document, "/data/test/examples")), (5_426, 5_427));
    let labels = at(&document, "/labels").as_array().unwrap();
    let names: Vec<&str> = labels.iter().map(|label| label["label"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 28);
    assert!(names.contains(&"admiration") && names.contains(&"neutral"), "{names:?}");
    // Several an example: labels counted with a few lines of Python.
    let support: f64 = labels.iter().map(|label| label["support"].as_f64().unwrap()).sum();
    assert!((support - 6_329.0).abs() < 0.5, "{support}");
    assert_eq!(at(&document, "/verdict/metric"), "f1_micro");
    assert!(number(&document, "/metrics/f1_micro/value") > 0.2);
}

#[test]
fn clinc150_is_reviewed_by_the_splits_it_names() {
    let Some(document) = review("clinc150", "data_full.json") else { return };
    let sizes = ["train", "valid", "test"].map(|part| count(&document, &format!("/data/{part}/examples")));
    assert_eq!(sizes, [15_100, 3_100, 5_500]);
    let guesses = document["data"]["train"]["guesses"].as_array().unwrap();
    let said = guesses.last().unwrap();
    let what = said["what"].as_str().unwrap();
    assert!(what.starts_with("the test set is the splits 'oos_test' (1,000) and 'test' (4,500) of the file"), "{what}");
    assert_eq!(said["option"], "--ignore-splits");
    assert_eq!(at(&document, "/labels").as_array().unwrap().len(), 151);
    assert!(number(&document, "/metrics/accuracy/value") > 0.75);
}

#[test]
fn clinc150_is_split_anew() {
    let Some(folder) = folder("clinc150") else { return };
    let test = CliTest::new();
    let data = folder.join("data_full.json");
    let words = ["split", data.to_str().unwrap(), "-o", "parts", "--json", "-"];
    let finished = test.run_words(&words).ends_with(0);
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(test.files(), ["parts/split.csv", "parts/test.json", "parts/train.json"]);
    assert_eq!(count(&report, "/examples"), 23_700);
    let tested = count(&report, "/parts/1/examples");
    assert!(tested.abs_diff(4_740) <= 3, "{tested}");
    let labels = report["labels"].as_array().unwrap();
    assert_eq!(labels.len(), 151);
    assert!(
        labels
            .iter()
            .all(|label| (label["counts"][1].as_f64().unwrap() / label["count"].as_f64().unwrap() - 0.2).abs() < 0.02)
    );
    let again: Value = serde_json::from_str(&test.run("stats parts/test.json --json -").ends_with(0).stdout).unwrap();
    assert_eq!(again["fingerprint"], report["parts"][1]["fingerprint"]);
}
