//! Augmenting public data sets: nothing of the originals is lost, new examples are what they say, and none is a twin of the
//! test set. The folder is `TRUEUP_DATA`, else `shared/data` beside the workspace. Without it the tests say that they were
//! skipped and pass, unless `TRUEUP_REQUIRE_DATA=1` is set.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use trueup::augment::{AugmentOptions, AugmentReport};
use trueup::core::similarity::{Corpus, NEAR};
use trueup::core::text::normalise;
use trueup::data::corpus::{Record, settle};
use trueup::data::{Format, ReadOptions, read_corpus, read_label_names, text_of};
use trueup::flow;
use trueup::observe::Unobserved;

/// The file of a data set, when it is there.
fn data(file: &str) -> Option<PathBuf> {
    let beside =
        || ["../../../shared/data", "../../../../shared/data"].map(|up| Path::new(env!("CARGO_MANIFEST_DIR")).join(up));
    let folders = match std::env::var_os("TRUEUP_DATA") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => beside().to_vec(),
    };
    let found = folders.into_iter().map(|folder| folder.join(file)).find(|path| path.exists());
    if found.is_none() {
        assert_ne!(std::env::var("TRUEUP_REQUIRE_DATA").as_deref(), Ok("1"), "{file} is not there");
        eprintln!("skipped: {file} is not there");
    }
    found
}

/// Augments a file; the records that were read, those that were written, and the report.
fn augmented(file: &Path, out: &str, options: &AugmentOptions) -> (Vec<Record>, Vec<Record>, AugmentReport) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join(out);
    let report = flow::augment(file, &out, options, &Unobserved).unwrap();
    let before = read_corpus(file, &options.read).unwrap().corpus.records;
    let after = read_corpus(&out, &ReadOptions { unlabelled: true, ..ReadOptions::default() }).unwrap().corpus.records;
    assert_eq!(after.len(), before.len() + report.added as usize);
    (before, after, report)
}

/// What an answer says.
type Said = Vec<(usize, usize, String)>;

/// Texts with their answers, as far as any format keeps them.
fn said(records: &[Record]) -> Vec<(String, Said)> {
    let answer = |record: &Record| {
        let gold = settle(record);
        let said = trueup::data::corpus::said(gold.answer());
        said.into_iter().map(|(start, end, label)| (start, end, label.to_owned())).collect()
    };
    records.iter().map(|record| (record.text().to_owned(), answer(record))).collect()
}

/// The originals stand first as they were, new examples name one of them and hold its labels.
fn origins_hold(before: &[Record], after: &[Record]) {
    let (old, new) = after.split_at(before.len());
    assert_eq!(said(old), said(before));
    let ids: BTreeMap<&str, &Record> = old.iter().map(|record| (record.id.as_deref().unwrap(), record)).collect();
    let mut own = BTreeSet::new();
    for record in new {
        let from = text_of(record.value("augmented_from").unwrap());
        let labels = |record: &Record| -> Vec<String> {
            let answer = record.gold.clone().unwrap();
            answer.labels.into_iter().flatten().map(|choice| choice.label).collect()
        };
        assert_eq!(labels(record), labels(ids[from.as_str()]), "{from}");
        assert_ne!(record.text, ids[from.as_str()].text);
        let id = record.id.as_deref().unwrap();
        assert!(own.insert(id) && !ids.contains_key(id), "{id}");
    }
}

/// No new text is equal to a test text once normalised, or a near-duplicate of one: asked of all pairs at once.
fn no_twins(new: &[Record], test: &[Record]) {
    let texts: Vec<&str> = test.iter().chain(new).map(Record::text).collect();
    let tests = test.len() as u32;
    let corpus = Corpus::new(&texts);
    assert_eq!(corpus.pairs_between(NEAR, |text| text >= tests, |text| text < tests), []);
    let known: BTreeSet<String> = test.iter().map(|record| normalise(record.text())).collect();
    assert!(new.iter().all(|record| !known.contains(&normalise(record.text()))));
}

#[test]
fn banking77_gets_no_twin_of_its_test_set() {
    let (Some(train), Some(test)) = (data("banking77/train.csv"), data("banking77/test.csv")) else { return };
    let options = AugmentOptions { test: Some(test.clone()), ..AugmentOptions::default() };
    let (before, after, report) = augmented(&train, "more.csv", &options);
    assert_eq!((before.len(), report.sources), (10_003, 10_003));
    assert!(report.added > 9_500, "{}", report.added);
    assert!(report.refused.near_test > 0 && report.refused.in_test > 0, "{:?}", report.refused);
    assert!(report.methods.iter().all(|method| method.added > 100), "{:?}", report.methods);
    origins_hold(&before, &after);
    no_twins(&after[before.len()..], &read_corpus(&test, &ReadOptions::default()).unwrap().corpus.records);
}

#[test]
fn banking77_brings_rare_labels_to_their_target() {
    let Some(train) = data("banking77/train.csv") else { return };
    let targets = vec!["card_swallowed=150".parse().unwrap(), "virtual_card_not_working=100".parse().unwrap()];
    let (before, after, report) =
        augmented(&train, "more.csv", &AugmentOptions { targets, ..AugmentOptions::default() });
    origins_hold(&before, &after);
    let grown: Vec<(&str, u64)> =
        report.labels.iter().filter(|label| label.after > label.before).map(|l| (l.label.as_str(), l.after)).collect();
    assert_eq!(grown, [("card_swallowed", 150), ("virtual_card_not_working", 100)]);
}

#[test]
fn sms_spam_gets_more_spam_alone() {
    let Some(file) = data("sms_spam/SMSSpamCollection") else { return };
    let only = vec!["spam".to_owned()];
    let options = AugmentOptions { only, per_example: Some(2), ..AugmentOptions::default() };
    for out in ["more.tsv", "more.jsonl"] {
        let to = out.ends_with("jsonl").then_some(Format::JSONL);
        let (before, after, report) = augmented(&file, out, &AugmentOptions { to, ..options.clone() });
        assert_eq!((before.len(), report.sources), (5_574, 747));
        origins_hold(&before, &after);
        assert!(report.added > 1_400, "{}", report.added);
        let ham: Vec<u64> = report.labels.iter().filter(|l| l.label == "ham").map(|l| l.after - l.before).collect();
        assert_eq!(ham, [0]);
    }
}

#[test]
fn goemotions_keeps_sets_of_labels() {
    let (Some(train), Some(names)) = (data("goemotions/train.tsv"), data("goemotions/labels.txt")) else { return };
    let read = ReadOptions { label_names: Some(read_label_names(&names).unwrap()), ..ReadOptions::default() };
    let targets = vec!["grief=200".parse().unwrap()];
    let options = AugmentOptions { read, targets, to: Some(Format::JSONL), ..AugmentOptions::default() };
    let (before, after, report) = augmented(&train, "more.jsonl", &options);
    assert_eq!((report.task.as_str(), before.len()), ("multilabel", 43_410));
    origins_hold(&before, &after);
    let grief = report.labels.iter().find(|label| label.label == "grief").unwrap();
    assert_eq!((grief.before, grief.after, report.added), (77, 200, 123));
}

#[test]
fn wnut17_carries_mentions_and_tokens() {
    let (Some(train), Some(test)) = (data("wnut17/wnut17train.conll"), data("wnut17/emerging.test.annotated")) else {
        return;
    };
    let methods = vec!["mention".to_owned(), "punctuation".to_owned(), "typo".to_owned(), "dropout".to_owned()];
    let options = AugmentOptions { test: Some(test.clone()), methods, ..AugmentOptions::default() };
    let (before, after, report) = augmented(&train, "more.conll", &options);
    assert_eq!(said(&after[..before.len()]), said(&before));
    assert!(report.notes.iter().any(|note| note.contains("--to jsonl keeps")), "{:?}", report.notes);
    let new = &after[before.len()..];
    no_twins(new, &read_corpus(&test, &ReadOptions::default()).unwrap().corpus.records);
    let mention = |record: &Record| -> Vec<(String, String)> {
        let spans = record.gold.clone().and_then(|gold| gold.spans).unwrap_or_default();
        spans.into_iter().map(|mark| (mark.label, record.text()[mark.start..mark.end].to_owned())).collect()
    };
    // In JSON lines every example says how it was made, so mentions can be held against those of the file.
    let kept = AugmentOptions { to: Some(Format::JSONL), ..options };
    let (_, all, again) = augmented(&train, "more.jsonl", &kept);
    assert_eq!((report.added, &report.refused), (again.added, &again.refused));
    assert_eq!(said(new), said(&all[before.len()..]), "CoNLL holds what was made");
    let known: BTreeSet<(String, String)> = before.iter().flat_map(mention).collect();
    let ids: BTreeMap<&str, &Record> = all[..before.len()].iter().map(|r| (r.id.as_deref().unwrap(), r)).collect();
    let mut moved = 0;
    for record in &all[before.len()..] {
        let from = ids[text_of(record.value("augmented_from").unwrap()).as_str()];
        let (was, is) = (mention(from), mention(record));
        let types = |of: &[(String, String)]| of.iter().map(|(label, _)| label.clone()).collect::<Vec<_>>();
        assert_eq!(types(&was), types(&is));
        match text_of(record.value("method").unwrap()).as_str() {
            "mention" => {
                assert!(is.iter().all(|said| known.contains(said)) && was != is, "{is:?}");
                moved += 1;
            }
            "dropout" | "punctuation-question" | "punctuation-period" | "punctuation-comma" => assert_eq!(was, is),
            _ => {}
        }
    }
    assert!(moved > 300, "{moved}");
}
