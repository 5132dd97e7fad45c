//! Public data sets as they are published, counted against what their sources say and an independent count.

use std::collections::BTreeMap;

use trueup_core::scheme::Scheme;
use trueup_core::{Annotation, Task};
use trueup_data::{Format, Loaded, ReadOptions, read_dataset};

use crate::data;

fn load_with(file: &str, options: &ReadOptions) -> Option<Loaded> {
    let path = data(file)?;
    Some(read_dataset(&path, options).unwrap_or_else(|error| panic!("{error}")))
}

fn load(file: &str) -> Option<Loaded> {
    load_with(file, &ReadOptions::default())
}

fn message(file: &str) -> Option<String> {
    let error = read_dataset(&data(file)?, &ReadOptions::default()).unwrap_err();
    Some(error.to_string())
}

/// File, examples, labels, format.
fn check(file: &str, examples: usize, labels: usize, format: Format) -> Option<Loaded> {
    let loaded = load(file)?;
    let found = (loaded.dataset.len(), loaded.dataset.labels.len(), loaded.format, loaded.skipped.len());
    assert_eq!(found, (examples, labels, format, 0), "{file}");
    Some(loaded)
}

#[test]
fn sms_spam_keeps_its_bare_quotes() {
    let Some(loaded) = check("sms_spam/SMSSpamCollection", 5_574, 2, Format::TSV) else {
        return;
    };
    assert_eq!(loaded.dataset.labels.names(), ["ham", "spam"]);
    assert_eq!(loaded.dataset.support(), [4_827, 747]);
    let quotes: usize = loaded.dataset.examples.iter().map(|e| e.text.matches('"').count()).sum();
    let raw = std::fs::read_to_string(data("sms_spam/SMSSpamCollection").unwrap()).unwrap();
    assert_eq!(quotes, raw.matches('"').count());
    assert!(loaded.dataset.examples.iter().zip(1..).all(|(e, line)| e.line == line));
}

#[test]
fn banking77_has_line_breaks_inside_fields() {
    let Some(loaded) = check("banking77/train.csv", 10_003, 77, Format::CSV) else {
        return;
    };
    assert!(loaded.dataset.examples.iter().any(|e| e.text.contains('\n')));
    let last = loaded.dataset.examples.last().unwrap();
    let raw = std::fs::read_to_string(data("banking77/train.csv").unwrap()).unwrap();
    assert!(raw.lines().nth(last.line as usize - 1).unwrap().contains(last.text.lines().next().unwrap()));
    check("banking77/test.csv", 3_080, 77, Format::CSV);
}

#[test]
fn trec_labels_stay_whole_unless_a_level_is_asked_for() {
    check("trec/train_5500.label", 5_452, 50, Format::LABEL_TEXT);
    check("trec/TREC_10.label", 500, 42, Format::LABEL_TEXT);
    let options = ReadOptions { label_level: Some(1), ..ReadOptions::default() };
    let Some(coarse) = load_with("trec/train_5500.label", &options) else {
        return;
    };
    assert_eq!(coarse.dataset.labels.names(), ["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"]);
}

#[test]
fn tables_without_or_with_unusual_headers() {
    if let Some(loaded) = check("ag_news/test.csv", 7_600, 4, Format::CSV) {
        assert_eq!(loaded.dataset.support(), [1_900; 4]);
        assert_eq!(loaded.dataset.columns, ["column 2"]);
    }
    for (file, n) in [("train", 67_349), ("dev", 872), ("test", 1_821)] {
        check(&format!("sst2/{file}.tsv"), n, 2, Format::TSV);
    }
    for (file, n) in [("train_clean", 2_045), ("train_clean_noisy_labels", 2_045), ("dev", 290), ("test", 582)] {
        if let Some(loaded) = check(&format!("hausa/hausa_newsclass/{file}.tsv"), n, 5, Format::TSV) {
            assert_eq!((loaded.dataset.columns.len(), loaded.ids_from_column), (0, false), "{file}");
        }
    }
    check("formats/doccano/data_import_tests/example.utf16.csv", 3, 2, Format::CSV);
    check("formats/hf/trec_sample/test.csv", 100, 5, Format::CSV);
    check("formats/hf/trec_sample/test.jsonl", 100, 5, Format::JSONL);
}

#[test]
fn goemotions_is_multilabel_by_repeating_pieces() {
    let Some(loaded) = check("goemotions/train.tsv", 43_410, 28, Format::TSV) else {
        return;
    };
    assert_eq!(loaded.dataset.task, Task::Multilabel);
    assert!(loaded.guesses.iter().any(|g| g.what.contains("the pieces repeat")));
    // The published table: 36,308 texts with one label, 6,541 with two, 532 with three, 28 with four, 1 with five.
    let mut sizes = BTreeMap::new();
    for example in &loaded.dataset.examples {
        let Annotation::Labels(labels) = &example.gold else { panic!("{:?}", example.gold) };
        *sizes.entry(labels.len()).or_insert(0) += 1;
    }
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [(1, 36_308), (2, 6_541), (3, 532), (4, 28), (5, 1)]);
}

/// Tags whose prefix is one of `letters`, by type, counted without the reader.
fn count_tags(file: &str, letters: &[&str]) -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(data(file).unwrap()).unwrap();
    let mut counts = BTreeMap::new();
    for (letter, kind) in text.lines().filter_map(|line| line.rsplit(['\t', ' ']).next()?.split_once('-')) {
        if letters.contains(&letter) {
            *counts.entry(kind.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

fn support(loaded: &Loaded) -> BTreeMap<String, u64> {
    loaded.dataset.labels.names().iter().cloned().zip(loaded.dataset.support()).collect()
}

/// File, sentences, tokens, scheme, letters that begin a chunk.
const CONLL: &[(&str, usize, usize, Scheme, &[&str])] = &[
    ("wnut17/wnut17train.conll", 3_394, 62_730, Scheme::Iob2, &["B"]),
    ("wnut17/emerging.dev.conll", 1_009, 15_733, Scheme::Iob2, &["B"]),
    ("wnut17/emerging.test.annotated", 1_287, 23_394, Scheme::Iob2, &["B"]),
    ("ncbi_disease/train.tsv", 5_424, 135_701, Scheme::Iob2, &["B"]),
    ("ncbi_disease/devel.tsv", 923, 23_969, Scheme::Iob2, &["B"]),
    ("ncbi_disease/test.tsv", 940, 24_497, Scheme::Iob2, &["B"]),
    ("bc5cdr/train.tsv", 4_560, 118_170, Scheme::Iob2, &["B"]),
    ("bc5cdr/devel.tsv", 4_581, 117_453, Scheme::Iob2, &["B"]),
    ("bc5cdr/test.tsv", 4_797, 124_750, Scheme::Iob2, &["B"]),
    ("hausa/hausa_ner/train_clean.tsv", 1_014, 28_660, Scheme::Iob2, &["B"]),
    ("hausa/hausa_ner/train_clean_noisy_labels.tsv", 1_014, 28_660, Scheme::Iob2, &["B"]),
    ("hausa/hausa_ner/dev.tsv", 145, 4_121, Scheme::Iob2, &["B"]),
    ("hausa/hausa_ner/test.tsv", 291, 8_239, Scheme::Iob2, &["B"]),
    ("formats/iobes/ncbi-disease-devel.iobes.tsv", 923, 23_969, Scheme::Iobes, &["B", "S"]),
];

#[test]
fn conll_sentences_tokens_and_spans_agree_with_a_count_of_tags() {
    for &(file, sentences, tokens, scheme, letters) in CONLL {
        let Some(loaded) = load(file) else { continue };
        let read: usize = loaded.dataset.examples.iter().map(|e| e.tokens.len()).sum();
        let found = (loaded.dataset.len(), read, loaded.scheme, loaded.skipped.len());
        assert_eq!(found, (sentences, tokens, Some(scheme), 0), "{file}");
        assert_eq!(loaded.notes, Vec::<String>::new(), "{file} has no invalid tag");
        assert_eq!(support(&loaded), count_tags(file, letters), "{file}");
        let lenient = load_with(file, &ReadOptions { lenient_tags: true, ..ReadOptions::default() }).unwrap();
        assert_eq!(lenient.dataset, loaded.dataset, "{file}: strict and lenient differ on a valid file");
        for example in &loaded.dataset.examples {
            let joined: Vec<_> = example.tokens.iter().map(|t| &example.text[t.range()]).collect();
            assert_eq!(joined.join(" "), example.text);
        }
    }
}

#[test]
fn the_same_spans_in_iob2_and_iobes() {
    let (Some(iob2), Some(iobes)) =
        (load("ncbi_disease/devel.tsv"), load("formats/iobes/ncbi-disease-devel.iobes.tsv"))
    else {
        return;
    };
    for (a, b) in iob2.dataset.examples.iter().zip(&iobes.dataset.examples) {
        assert_eq!((&a.text, &a.gold), (&b.text, &b.gold));
    }
}

#[test]
fn wikigold_has_inside_tags_only_and_one_stray() {
    let file = "wikigold/wikigold.conll.txt";
    let Some(loaded) = load(file) else { return };
    let tokens: usize = loaded.dataset.examples.iter().map(|e| e.tokens.len()).sum();
    assert_eq!((loaded.dataset.len(), tokens, loaded.scheme), (1_696, 39_007, Some(Scheme::Iob1)));
    assert_eq!(loaded.notes, ["1 word in the tag column that no tag scheme knows (0, first at line 7461) read as O"]);
    // Runs of one tag, counted without the reader.
    let text = std::fs::read_to_string(data(file).unwrap()).unwrap();
    let (mut runs, mut last) = (BTreeMap::new(), "");
    for line in text.lines() {
        let tag = line.rsplit(' ').next().unwrap_or("");
        if tag != last && tag.starts_with("I-") {
            *runs.entry(tag[2..].to_owned()).or_insert(0) += 1;
        }
        last = tag;
    }
    assert_eq!(support(&loaded), runs);
    assert_eq!(loaded.dataset.examples[0].group.as_deref(), Some("doc 1"));
    assert_eq!(loaded.dataset.examples.last().unwrap().group.as_deref(), Some("doc 145"));
}

#[test]
fn both_styles_of_tags_give_the_same_spans() {
    let gold = ReadOptions { label: Some("3".into()), ..ReadOptions::default() };
    let (Some(prefix), Some(suffix)) = (
        load_with("formats/seqeval/ground_truth.txt", &gold),
        load_with("formats/seqeval/ground_truth_inv.txt", &gold),
    ) else {
        return;
    };
    assert_eq!(prefix.dataset.len(), 40);
    assert_eq!(support(&prefix), support(&suffix));
    for (a, b) in prefix.dataset.examples.iter().zip(&suffix.dataset.examples) {
        assert_eq!((&a.text, &a.gold), (&b.text, &b.gold));
    }
}

#[test]
fn files_that_cannot_be_read_name_the_place_and_the_remedy() {
    let expected = [
        ("formats/conllu/en_pud-ud-test.head60.conllu", vec!["at line 5,", "CoNLL-U, which has no entity tags"]),
        ("formats/malformed/wikigold-rtf-backslash.conll.txt", vec!["line ", "\\' in the tag column", "rich-text"]),
        ("formats/hf/wnut_dev_sample/validation.jsonl", vec!["line 1:", "a number without its name"]),
        ("goemotions/labels.txt", vec!["line 1: cannot tell the format from 'admiration'", "--from"]),
        ("snow2008/rte1.tsv", vec!["several columns could hold the labels: value, task", "--label"]),
    ];
    for (file, pieces) in expected {
        let Some(message) = message(file) else { continue };
        for piece in pieces {
            assert!(message.contains(piece), "{file}: {message}");
        }
    }
}

#[test]
fn annotation_tools_exports_that_are_plain_records_are_read() {
    let folder = "formats/doccano/data_export_examples";
    if let Some(loaded) = check(&format!("{folder}/sequence_labeling/example.jsonl"), 3, 3, "doccano".parse().unwrap())
    {
        assert_eq!((loaded.dataset.task, loaded.dataset.support()), (Task::Ner, vec![1, 1, 2]));
    }
    if let Some(loaded) = check(&format!("{folder}/text_classification/example.json"), 3, 2, Format::JSONL) {
        assert_eq!(loaded.dataset.task, Task::Classification);
    }
    check(&format!("{folder}/text_classification/example.txt"), 3, 2, "fasttext".parse().unwrap());
    check("formats/doccano/data_import_examples/text_classification/example.csv", 3, 2, Format::CSV);
    let table = "label-studio-csv".parse().unwrap();
    if let Some(loaded) = check("formats/label_studio/ner_norwegian/converted/result.csv", 5, 7, table) {
        let spans: u64 = loaded.dataset.support().iter().sum();
        let json = load("formats/label_studio/ner_norwegian/converted/json_min.json").unwrap();
        assert_eq!(spans, json.dataset.support().iter().sum::<u64>());
        for (a, b) in loaded.dataset.examples.iter().zip(&json.dataset.examples) {
            assert_eq!((&a.text, &a.gold), (&b.text, &b.gold));
        }
    }
}
