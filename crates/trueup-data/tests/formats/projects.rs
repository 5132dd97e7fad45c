//! Projects of other tools as they are published: Azure AI Language and brat, counted against an independent count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use trueup_data::corpus::Record;
use trueup_data::{Confidence, Read, ReadOptions, read_corpus, read_dataset};

fn data(file: &str) -> Option<PathBuf> {
    crate::data(&format!("formats/{file}"))
}

fn read(file: &str, format: &str) -> Option<Read> {
    let read = read_corpus(&data(file)?, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((read.format.name(), read.confidence), (format, Confidence::Certain), "{file}");
    assert_eq!(read.skipped, [], "{file}");
    Some(read)
}

/// Labels of texts, and types of spans, with how often each occurs.
fn counts(records: &[Record]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for gold in records.iter().filter_map(|record| record.gold.as_ref()) {
        let labels = gold.labels.iter().flatten().map(|choice| &choice.label);
        for label in labels.chain(gold.spans.iter().flatten().map(|mark| &mark.label)) {
            *counts.entry(label.clone()).or_default() += 1;
        }
    }
    counts
}

/// Whether every span covers whole words.
fn on_words(records: &[Record]) -> bool {
    records.iter().all(|record| {
        let text = record.text();
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        record.gold.iter().filter_map(|g| g.spans.as_ref()).flatten().all(|mark| {
            let covered = &text[mark.start..mark.end];
            let cut_before = word(text[..mark.start].chars().next_back()) && word(covered.chars().next());
            let cut_after = word(covered.chars().next_back()) && word(text[mark.end..].chars().next());
            covered.trim() == covered && !cut_before && !cut_after
        })
    })
}

#[test]
fn azure_custom_ner_counts_utf16_units_with_their_line_breaks() {
    let Some(read) = read("azure/custom_ner", "azure") else {
        return;
    };
    let counts = counts(&read.corpus.records);
    assert_eq!((read.corpus.records.len(), counts.values().sum::<usize>(), counts.len()), (20, 240, 12));
    assert_eq!(read.corpus.outline.declared_spans.len(), 12);
    assert_eq!(read.corpus.outline.unlisted, 3);
    assert_eq!(read.notes, ["3 texts of the folder are not listed by the project: Test 1.txt, Test 2.txt, Test 3.txt"]);
    assert!(on_words(&read.corpus.records));
    assert!(read.corpus.records.iter().all(|record| record.text().contains("\r\n")));
    // One region over each text as it is stored.
    assert!(read.corpus.records.iter().all(|record| record.value("regions").is_none()));
    let file = read_corpus(&data("azure/custom_ner/loanAgreementsLabels.json").unwrap(), &ReadOptions::default());
    assert_eq!(file.unwrap().corpus, read.corpus);
    let dataset = read_dataset(&data("azure/custom_ner").unwrap(), &ReadOptions::default()).unwrap().dataset;
    assert_eq!((dataset.len(), dataset.labels.len()), (20, 12));
}

#[test]
fn azure_classification_has_its_classes() {
    let Some(single) = read("azure/custom_single_label", "azure") else {
        return;
    };
    let found = counts(&single.corpus.records);
    assert_eq!((single.corpus.records.len(), found.len(), single.corpus.outline.unlisted), (210, 7, 1));
    assert!(found.values().all(|&n| n == 30));
    let multi = read("azure/custom_multi_label", "azure").unwrap();
    let found = counts(&multi.corpus.records);
    assert_eq!((multi.corpus.records.len(), multi.corpus.outline.unlisted), (210, 6));
    let expected = [("Action", 90), ("Comedy", 88), ("Drama", 168), ("Mystery", 60), ("Thriller", 109)];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected.map(|(name, n)| (name.to_owned(), n)));
    assert_eq!((single.corpus.outline.several, multi.corpus.outline.several), (Some(false), Some(true)));
}

#[test]
fn brat_folders_have_their_spans_attributes_and_events() {
    let Some(disease) = read("brat/ncbi_disease", "brat") else {
        return;
    };
    let records = &disease.corpus.records;
    assert_eq!((records.len(), counts(records)["Disease"]), (20, 226));
    let attributes = records.iter().filter_map(|r| r.gold.as_ref()).flat_map(|g| g.spans.iter().flatten());
    let values: BTreeSet<&str> = attributes.filter_map(|m| m.attributes.first()?.1.as_str()).collect();
    assert_eq!(
        values.into_iter().collect::<Vec<_>>(),
        ["CompositeMention", "DiseaseClass", "Modifier", "SpecificDisease"]
    );
    assert!(disease.notes.is_empty(), "{:?}", disease.notes);

    let spanish = read("brat/conll2002_esp", "brat").unwrap();
    assert_eq!((spanish.corpus.records.len(), counts(&spanish.corpus.records).values().sum::<usize>()), (10, 540));
    assert_eq!(spanish.corpus.outline.declared_spans, ["ORG", "PER", "LOC", "MISC"]);

    let tutorial = read("brat/bio_tutorial", "brat").unwrap();
    let gold: Vec<_> = tutorial.corpus.records.iter().filter_map(|r| r.gold.as_ref()).collect();
    let relations: Vec<_> = gold.iter().flat_map(|g| &g.relations).collect();
    let events = relations.iter().filter(|r| r.arguments[0].0 == "trigger").count();
    assert_eq!((counts(&tutorial.corpus.records).values().sum::<usize>(), events, relations.len()), (61, 14, 16));
    let said = relations.iter().map(|r| r.attributes.len()).sum::<usize>();
    let of_spans: usize = gold.iter().flat_map(|g| g.spans.iter().flatten()).map(|m| m.attributes.len()).sum();
    assert_eq!((said, of_spans), (7, 1));
}
