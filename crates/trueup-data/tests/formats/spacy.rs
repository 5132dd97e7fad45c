//! spaCy's files as its tools wrote them. The counts were taken with spaCy 3.8 from the same files.

use std::collections::BTreeMap;

use trueup_data::{Confidence, Read, ReadOptions, read_corpus};

fn load(file: &str) -> Option<Read> {
    let path = crate::data(&format!("formats/spacy/{file}"))?;
    Some(read_corpus(&path, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}")))
}

/// The covered texts with their labels, in order.
fn entities(read: &Read) -> Vec<(&str, &str)> {
    let spans = |record: &'_ trueup_data::corpus::Record| record.gold.clone().and_then(|gold| gold.spans);
    let mut found = Vec::new();
    for record in &read.corpus.records {
        for mark in spans(record).unwrap_or_default() {
            let known = record.gold.as_ref().unwrap().spans.as_ref().unwrap().iter().find(|m| **m == mark).unwrap();
            found.push((&record.text()[mark.start..mark.end], known.label.as_str()));
        }
    }
    found
}

#[test]
fn a_docbin_of_prodigy_has_its_documents_and_entities() {
    for (file, format) in [("ecfr/dev.spacy", "spacy"), ("ecfr", "spacy-folder")] {
        let Some(read) = load(file) else {
            return;
        };
        assert_eq!((read.format.name(), read.confidence), (format, Confidence::Certain));
        assert_eq!((read.skipped.len(), read.notes.as_slice()), (0, &[] as &[String]));
        let records = &read.corpus.records;
        // 30 documents of the 170 do not say whether they hold entities.
        let unknown = records.iter().filter(|record| record.gold.is_none()).count();
        assert_eq!((records.len(), unknown), (170, 30));
        let mut labels: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, label) in entities(&read) {
            *labels.entry(label).or_default() += 1;
        }
        assert_eq!(labels.values().sum::<usize>(), 109);
        assert_eq!(records.iter().map(|record| record.tokens.len()).sum::<usize>(), 22_259);
        let split = (format == "spacy-folder").then_some("dev");
        assert!(records.iter().all(|record| record.split.as_deref() == split));
    }
}

#[test]
fn converted_iob_is_the_same_in_both_formats() {
    let (Some(docbin), Some(json)) = (load("ner-token-per-line.spacy"), load("converted/ner-token-per-line.json"))
    else {
        return;
    };
    assert_eq!((docbin.format.name(), json.format.name()), ("spacy", "spacy-json"));
    assert_eq!(entities(&docbin).len(), 7);
    assert_eq!(entities(&docbin)[..3], [("Sebastian Thrun", "PERSON"), ("Google", "ORG"), ("2007", "DATE")]);
    assert_eq!(entities(&docbin), entities(&json));
    assert_eq!(docbin.corpus.records[0].text, json.corpus.records[0].text);
    let sentences = load("ner-sent-per-line.json").unwrap();
    assert_eq!(sentences.format.name(), "spacy-json");
    assert_eq!(entities(&sentences), entities(&docbin));
}

#[test]
fn categories_are_labels() {
    let Some(read) = load("trec_textcat_sample.spacy") else {
        return;
    };
    assert_eq!(read.corpus.records.len(), 100);
    assert_eq!(read.corpus.outline.declared_labels, ["ABBR", "ENTY", "DESC", "HUM", "LOC", "NUM"]);
    let first = &read.corpus.records[0];
    assert_eq!(first.text(), "How did serfdom develop in and then leave Russia ?");
    assert!(read.corpus.records.iter().all(|record| {
        let gold = record.gold.as_ref().unwrap();
        gold.spans.is_none() && gold.labels.as_ref().is_some_and(|labels| labels.len() == 1)
    }));
    assert_eq!(first.gold.as_ref().unwrap().labels.as_ref().unwrap()[0].label, "DESC");
    // Lines of texts with categories are JSON lines.
    let cooking = load("cooking.jsonl").unwrap();
    assert_eq!(cooking.format.name(), "jsonl");
    let labels = |record: &trueup_data::corpus::Record| record.gold.clone().unwrap().labels.unwrap()[0].label.clone();
    let baking = cooking.corpus.records.iter().filter(|record| labels(record) == "baking").count();
    assert_eq!((cooking.corpus.records.len(), baking), (10, 2));
}
