//! Parquet and Arrow files that Hugging Face `datasets` wrote, counted against pyarrow; and predictions in Parquet.

use std::path::PathBuf;

use trueup_core::Task;
use trueup_core::scheme::Scheme;
use trueup_data::{PredictionOptions, Read, ReadOptions, read_corpus, read_dataset, read_predictions};

fn data(file: &str) -> Option<PathBuf> {
    crate::data(&format!("formats/hf/{file}"))
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

/// One column of text and one of numbers a label, as any tool writes predictions.
fn predictions(named: bool) -> Vec<u8> {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
    let text = |values: &[&str]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let number = |values: &[f64]| Arc::new(Float64Array::from(values.to_vec())) as ArrayRef;
    let mut columns = vec![("id", text(&["1", "2"])), ("label", text(&["spam", "ham"]))];
    if named {
        columns.push(("score:spam", number(&[0.75, 0.25])));
        columns.push(("score:ham", number(&[0.25, 0.75])));
    } else {
        columns.push(("score", number(&[0.75, 0.5])));
    }
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn predictions_in_parquet_are_those_of_csv() {
    let folder = tempfile::tempdir().unwrap();
    let csv = [
        "id,label,score\n1,spam,0.75\n2,ham,0.5\n",
        "id,label,score:spam,score:ham\n1,spam,0.75,0.25\n2,ham,0.25,0.75\n",
    ];
    for (named, csv) in [false, true].into_iter().zip(csv) {
        let (parquet, table) = (folder.path().join("p.parquet"), folder.path().join("p.csv"));
        std::fs::write(&parquet, predictions(named)).unwrap();
        std::fs::write(&table, csv).unwrap();
        let of = |path: &std::path::Path| read_predictions(path, &PredictionOptions::default()).unwrap();
        let (columns, rows) = (of(&parquet), of(&table));
        assert_eq!(columns.format.name(), "parquet");
        assert_eq!((&columns.ids, &columns.labels, &columns.answers), (&rows.ids, &rows.labels, &rows.answers));
        assert_eq!((&columns.scores, &columns.single_scores), (&rows.scores, &rows.single_scores));
        assert_eq!((columns.scores.is_some(), columns.lines), (named, vec![1, 2]));
    }
}
