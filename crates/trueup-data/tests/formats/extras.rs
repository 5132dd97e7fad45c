//! Spreadsheets, several files as one input, and where a `trueup.toml` says answers stand, on published files. Counts
//! are those of the sources and of an independent count.

use std::collections::BTreeMap;
use std::fs;

use trueup_data::{ReadOptions, read_corpus};

use crate::data;

#[test]
fn a_sheet_is_read_as_the_table_of_the_same_name() {
    let folder = "formats/doccano/data_import_tests/text_classification";
    let Some(sheet) = data(&format!("{folder}/example.xlsx")) else { return };
    let options = ReadOptions::default();
    let sheet = read_corpus(&sheet, &options).unwrap();
    let table = read_corpus(&data(&format!("{folder}/example.csv")).unwrap(), &options).unwrap();
    assert_eq!((sheet.format.name(), sheet.confidence.name()), ("xlsx", "certain"));
    // Of a row without anything a delimited table has a record, and a sheet nothing.
    let shown = |read: &trueup_data::Read| -> Vec<_> {
        let records = read.corpus.records.iter().map(|r| (r.text().to_owned(), r.gold.clone()));
        records.filter(|(text, gold)| !text.is_empty() || gold.is_some()).collect()
    };
    assert_eq!(shown(&sheet), shown(&table));
    assert_eq!(sheet.corpus.records.len(), 3);
    assert_eq!(sheet.corpus.records[2].place.to_string(), "row 4");
    let one = read_corpus(&data(&format!("{folder}/example_one_column_no_header.xlsx")).unwrap(), &options).unwrap();
    assert_eq!(
        one.corpus.records.iter().map(trueup_data::corpus::Record::text).collect::<Vec<_>>(),
        ["AAA", "BBB", "CCC"]
    );
}

#[test]
fn spans_where_a_mapping_says_are_those_that_are_found() {
    let Some(path) = data("restaurant8k/train_3.json") else { return };
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("train_3.json");
    fs::copy(path, &own).unwrap();
    let options = ReadOptions::default();
    let found = read_corpus(&own, &options).unwrap();
    let said = "[data]\ntext = \"userInput.text\"\n[data.spans]\nfield = \"labels\"\nstart = \"valueSpan.startIndex\"\n\
                end = \"valueSpan.endIndex\"\nlabel = \"slot\"\n";
    fs::write(dir.path().join("trueup.toml"), said).unwrap();
    let mapped = read_corpus(&own, &options).unwrap();
    assert_eq!(mapped.corpus.records.len(), 1_024);
    assert_eq!(mapped.corpus.records, found.corpus.records);
    assert!(mapped.guesses.iter().any(|guess| guess.what.contains("trueup.toml says: text is 'userInput.text'")));
}

#[test]
fn answers_of_annotators_are_read_where_a_mapping_says() {
    let Some(path) = data("varierr_nli/varierr.json") else { return };
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("varierr.json");
    fs::copy(path, &own).unwrap();
    let said = "[data]\ntext = \"statement\"\nid = \"id\"\n\
                [data.answers]\nfields = [\"entailment\", \"neutral\", \"contradiction\"]\n";
    fs::write(dir.path().join("trueup.toml"), said).unwrap();
    let read = read_corpus(&own, &ReadOptions::default()).unwrap();
    assert_eq!((read.corpus.records.len(), read.skipped.len()), (500, 0));
    let (mut by, mut labels, mut reasons) = (BTreeMap::new(), 0, 0);
    for response in read.corpus.records.iter().flat_map(|r| &r.responses) {
        *by.entry(response.annotator.clone().unwrap()).or_insert(0) += 1;
        labels += response.answer.labels.as_ref().unwrap().len();
        reasons += response.extra.iter().map(|(_, value)| value.as_array().map_or(1, Vec::len)).sum::<usize>();
    }
    let by: Vec<(&str, i32)> = by.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    assert_eq!(by, [("0", 457), ("1", 465), ("2", 451), ("3", 483)]);
    assert_eq!((labels, reasons), (1_933, 1_933));
}

#[test]
fn files_of_a_pattern_are_one_corpus() {
    let Some(path) = data("restaurant8k/train_3.json") else { return };
    let pattern = path.with_file_name("t*.json");
    let read = read_corpus(&pattern, &ReadOptions::default()).unwrap();
    assert_eq!(read.corpus.records.len(), 8_198 + 1_024 + 3_731);
    assert_eq!(read.corpus.records[0].place.file.as_deref(), Some("test.json"));
    assert!(read.corpus.records.iter().all(|record| record.split.is_none()));
    let folder = read_corpus(path.parent().unwrap(), &ReadOptions::default()).unwrap();
    assert_eq!(folder.corpus.records, read.corpus.records);
}
