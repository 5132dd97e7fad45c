//! Published files through several formats one after another: at the end stand the texts, spans and labels that stood
//! at the beginning.

use std::path::Path;

use trueup_data::corpus::{Answer, Corpus, Record, Status};
use trueup_data::{ConvertOptions, Destination, Loss, Read, ReadOptions, convert, read_corpus, read_label_names};

use crate::data;

/// What was read at the beginning and after each step, and what each step lost.
struct Chain {
    read: Vec<Read>,
    lost: Vec<Vec<Loss>>,
}

impl Chain {
    fn first(&self) -> &Corpus {
        &self.read[0].corpus
    }

    fn last(&self) -> &Corpus {
        &self.read[self.read.len() - 1].corpus
    }
}

/// Converts a file step by step, each a format and the name of a file or folder; what was written is recognised.
fn chain(start: &Path, options: &ReadOptions, steps: &[(&str, &str)]) -> Chain {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain { read: vec![read_corpus(start, options).unwrap()], lost: Vec::new() };
    let (mut from, mut options) = (start.to_path_buf(), options.clone());
    for (i, (format, name)) in steps.iter().enumerate() {
        let to = folder.path().join(i.to_string()).join(name);
        std::fs::create_dir(folder.path().join(i.to_string())).unwrap();
        let how = ConvertOptions { read: options, to: Some(format.parse().unwrap()), ..ConvertOptions::default() };
        let done = convert(&from, Destination::Path(&to), &how).unwrap_or_else(|e| panic!("{format}: {e}"));
        assert_eq!(done.records, done.written, "{format}");
        chain.lost.push(done.losses.kinds.keys().copied().collect());
        options = ReadOptions::default();
        let read = read_corpus(&to, &options).unwrap_or_else(|e| panic!("{format}: {e}"));
        assert_eq!((read.format.name(), read.skipped.len()), (*format, 0));
        chain.read.push(read);
        from = to;
    }
    chain
}

/// Gold, else the first answer that was accepted.
fn answer(record: &Record) -> Option<&Answer> {
    let accepted = record.responses.iter().find(|response| response.status == Status::Accepted);
    record.gold.as_ref().or(accepted.map(|response| &response.answer))
}

/// A text without white space: CoNLL has words alone, and one joined to the next by what is no letter becomes two.
fn joined(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Spans by record, in order: the text that they cover, without white space, and the type.
fn spans(corpus: &Corpus) -> Vec<Vec<(String, String)>> {
    let of = |record: &Record| {
        let mut marks: Vec<_> = answer(record).and_then(|a| a.spans.clone()).unwrap_or_default();
        marks.sort_by(|a, b| (a.start, a.end, &a.label).cmp(&(b.start, b.end, &b.label)));
        marks.into_iter().map(|mark| (joined(&record.text()[mark.start..mark.end]), mark.label)).collect()
    };
    corpus.records.iter().map(of).collect()
}

/// Labels by record, sorted; `None` where none were asked for.
fn labels(corpus: &Corpus) -> Vec<Option<Vec<String>>> {
    let of = |record: &Record| {
        let choices = answer(record)?.labels.as_ref()?;
        let mut labels: Vec<String> = choices.iter().map(|choice| choice.label.clone()).collect();
        labels.sort();
        Some(labels)
    };
    corpus.records.iter().map(of).collect()
}

fn texts(corpus: &Corpus) -> Vec<&str> {
    corpus.records.iter().map(Record::text).collect()
}

fn count<T>(lists: &[Vec<T>]) -> usize {
    lists.iter().map(Vec::len).sum()
}

#[test]
fn label_studio_to_spacy_to_conll_to_jsonl() {
    let Some(start) = data("formats/label_studio/ner_norwegian/export.37df0f5.json") else { return };
    let steps = [("spacy", "a.spacy"), ("conll", "a.conll"), ("jsonl", "a.jsonl")];
    let chain = chain(&start, &ReadOptions::default(), &steps);
    let (first, last) = (spans(chain.first()), spans(chain.last()));
    assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>(), [14, 22, 30, 25, 24]);
    assert_eq!(texts(chain.first()), texts(&chain.read[1].corpus));
    assert_eq!(first, spans(&chain.read[1].corpus));
    assert_eq!(first, last);
    assert!(chain.lost[0].contains(&Loss::Responses) && chain.lost[1].contains(&Loss::Text), "{:?}", chain.lost);
    assert_eq!(chain.lost[2], []);
}

#[test]
fn azure_to_brat_to_label_studio_to_azure() {
    let Some(start) = data("formats/azure/custom_ner") else { return };
    let steps = [("brat", "a"), ("label-studio", "a.json"), ("azure", "b")];
    let chain = chain(&start, &ReadOptions::default(), &steps);
    let first = spans(chain.first());
    assert_eq!((first.len(), count(&first)), (20, 240));
    for read in &chain.read {
        assert_eq!(texts(chain.first()), texts(&read.corpus), "{}", read.format);
        assert_eq!(first, spans(&read.corpus), "{}", read.format);
    }
    let ids = |corpus: &Corpus| corpus.records.iter().map(|r| r.id.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(ids(chain.first()), ids(chain.last()));
}

#[test]
fn trec_to_csv_to_parquet_to_jsonl_to_trec() {
    let Some(start) = data("trec/train_5500.label") else { return };
    let steps = [("csv", "a.csv"), ("parquet", "a.parquet"), ("jsonl", "a.jsonl"), ("label-text", "a.label")];
    let chain = chain(&start, &ReadOptions::default(), &steps);
    assert_eq!(chain.first().records.len(), 5_452);
    for (read, lost) in chain.read[1..].iter().zip(&chain.lost) {
        assert_eq!(texts(chain.first()), texts(&read.corpus), "{}", read.format);
        assert_eq!(labels(chain.first()), labels(&read.corpus), "{}", read.format);
        assert_eq!(*lost, [], "{}", read.format);
    }
}

#[test]
fn goemotions_to_jsonl_to_prodigy_to_csv() {
    let (Some(start), Some(names)) = (data("goemotions/train.tsv"), data("goemotions/labels.txt")) else { return };
    let options = ReadOptions { label_names: Some(read_label_names(&names).unwrap()), ..ReadOptions::default() };
    let steps = [("jsonl", "a.jsonl"), ("prodigy", "b.jsonl"), ("csv", "a.csv")];
    let chain = chain(&start, &options, &steps);
    let first = labels(chain.first());
    assert_eq!(first.len(), 43_410);
    let names: std::collections::BTreeSet<&String> = first.iter().flatten().flatten().collect();
    assert_eq!(names.len(), 28);
    assert!(names.iter().any(|name| *name == "admiration"));
    // Counted with a few lines of Python: commas in the second column, and one more a line.
    assert_eq!(first.iter().flatten().map(Vec::len).sum::<usize>(), 51_103);
    for read in &chain.read[1..] {
        assert_eq!(texts(chain.first()), texts(&read.corpus), "{}", read.format);
        assert_eq!(first, labels(&read.corpus), "{}", read.format);
    }
}

#[test]
fn wnut17_to_parquet_to_doccano_to_conll() {
    let Some(start) = data("wnut17/wnut17train.conll") else { return };
    let steps = [("parquet", "a.parquet"), ("doccano", "a.jsonl"), ("conll", "a.conll")];
    let chain = chain(&start, &ReadOptions::default(), &steps);
    let first = spans(chain.first());
    // Tags that begin with B, counted with grep.
    assert_eq!((first.len(), count(&first)), (3_394, 1_975));
    for read in &chain.read[1..] {
        let same = texts(chain.first()).into_iter().zip(texts(&read.corpus)).all(|(a, b)| joined(a) == joined(b));
        assert!(same, "{}", read.format);
        assert_eq!(first, spans(&read.corpus), "{}", read.format);
    }
    assert_eq!(texts(chain.first()), texts(&chain.read[2].corpus));
    // doccano has no tokens, so that the words are found anew.
    assert!(chain.lost[0].is_empty(), "{:?}", chain.lost);
    assert!(chain.lost[1].contains(&Loss::Tokens) && chain.lost[2].contains(&Loss::Text), "{:?}", chain.lost);
}

#[test]
fn three_hundred_answers_to_csv_to_prodigy_to_label_studio() {
    let Some(start) = data("formats/label_studio/choices_rte/export.json") else { return };
    let steps = [("csv", "a.csv"), ("prodigy", "a.jsonl"), ("label-studio", "a.json")];
    let chain = chain(&start, &ReadOptions::default(), &steps);
    let said = |corpus: &Corpus| {
        let of = |record: &Record| {
            let mut said: Vec<(String, String, Vec<String>)> = record
                .responses
                .iter()
                .map(|response| {
                    let labels = response.answer.labels.iter().flatten().map(|choice| choice.label.clone()).collect();
                    (record.text().to_owned(), response.annotator.clone().unwrap(), labels)
                })
                .collect();
            said.sort();
            said
        };
        corpus.records.iter().map(of).collect::<Vec<_>>()
    };
    let first = said(chain.first());
    assert_eq!((first.len(), count(&first)), (30, 300));
    for read in &chain.read[1..] {
        assert_eq!(first, said(&read.corpus), "{}", read.format);
    }
}
