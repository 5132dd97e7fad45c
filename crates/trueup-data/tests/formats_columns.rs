//! Parquet and Arrow files that Hugging Face `datasets` wrote, counted against pyarrow; and predictions in Parquet.
//!
//! They are not part of the repository: the folder is `TRUEUP_DATA`, else `shared/data` beside the workspace. Without
//! it every test passes and says that it was skipped.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::PathBuf;

use trueup_core::Task;
use trueup_core::scheme::Scheme;
use trueup_data::{Read, ReadOptions, read_corpus, read_dataset};

fn data(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TRUEUP_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    let path = folder.join("formats/hf").join(file);
    if !path.exists() {
        eprintln!("{file} skipped: no data");
        return None;
    }
    Some(path)
}

fn load(file: &str) -> Option<Read> {
    let path = data(file)?;
    Some(read_corpus(&path, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}")))
}

fn labels(read: &Read, record: usize) -> Vec<&str> {
    let labels = read.corpus.records[record].gold.as_ref().and_then(|gold| gold.labels.as_ref());
    labels.into_iter().flatten().map(|choice| choice.label.as_str()).collect()
}

#[test]
fn classes_are_read_by_name() {
    let Some(read) = load("trec_sample/train-00000-of-00001.parquet") else { return };
    assert_eq!((read.format.name(), read.corpus.records.len(), read.skipped.len()), ("parquet", 400, 0));
    assert_eq!(read.corpus.outline.declared_labels, ["ABBR", "ENTY", "DESC", "HUM", "LOC", "NUM"]);
    let first = &read.corpus.records[0];
    assert_eq!(first.text(), "How did serfdom develop in and then leave Russia ?");
    assert_eq!((labels(&read, 0), first.value("fine_label").unwrap()), (vec!["DESC"], &"DESC:manner".into()));
    let fine = ReadOptions { label: Some("fine_label".into()), ..ReadOptions::default() };
    let loaded = read_dataset(&data("trec_sample/train-00000-of-00001.parquet").unwrap(), &fine).unwrap();
    assert_eq!((loaded.dataset.task, loaded.dataset.len()), (Task::Classification, 400));
    assert!(loaded.dataset.labels.names().iter().all(|name| name.contains(':')));
}

#[test]
fn saved_folders_give_their_splits() {
    let Some(read) = load("trec_sample/save_to_disk") else { return };
    assert_eq!((read.format.name(), read.corpus.records.len()), ("hf-disk", 500));
    let split = |name| read.corpus.records.iter().filter(|r| r.split.as_deref() == Some(name)).count();
    assert_eq!((split("train"), split("test")), (400, 100));
    let (Some(parquet), Some(arrow)) = (
        load("trec_sample/test-00000-of-00001.parquet"),
        load("trec_sample/save_to_disk/test/data-00000-of-00001.arrow"),
    ) else {
        return;
    };
    assert_eq!(arrow.format.name(), "arrow");
    assert_eq!(parquet.corpus.records, arrow.corpus.records);
}

#[test]
fn lists_of_classes_are_sets_of_labels() {
    let Some(read) = load("goemotions_dev_sample/validation-00000-of-00001.parquet") else { return };
    let records = &read.corpus.records;
    assert_eq!((records.len(), read.corpus.outline.declared_labels.len()), (300, 28));
    assert_eq!((labels(&read, 0), labels(&read, 1)), (vec!["neutral"], vec!["approval", "neutral"]));
    assert_eq!((records[0].id.as_deref(), read.corpus.outline.several), (Some("edgurhb"), Some(true)));
}

#[test]
fn tags_are_spans() {
    let Some(read) = load("wnut_dev_sample/validation-00000-of-00001.parquet") else { return };
    assert_eq!((read.corpus.records.len(), read.scheme), (200, Some(Scheme::Iob2)));
    let record = &read.corpus.records[1];
    let spans = record.gold.as_ref().unwrap().spans.as_ref().unwrap();
    let shown: Vec<_> = spans.iter().map(|s| (&record.text()[s.start..s.end], s.label.as_str())).collect();
    assert_eq!(shown, [("Redondo Beach Blvd", "location"), ("Gardena", "location"), ("Compton", "location")]);
    let all: usize = read.corpus.records.iter().map(|r| r.gold.as_ref().unwrap().spans.as_ref().unwrap().len()).sum();
    assert_eq!(all, SPANS);
}

/// Chunks that begin with B in the file, by pyarrow.
const SPANS: usize = 192;
