//! The CoNLL family through the public interface: what is real is counted against an independent count, what is broken is
//! named.

use trueup_core::scheme::Scheme;
use trueup_data::{ReadOptions, read_bytes, read_corpus, read_corpus_bytes, read_dataset};

use crate::data;

#[test]
fn universal_dependencies_have_words_ranges_and_texts() {
    let Some(path) = data("formats/conllu/en_pud-ud-test.head60.conllu") else { return };
    let read = read_corpus(&path, &ReadOptions::default()).unwrap();
    assert_eq!((read.format.name(), read.corpus.records.len(), read.notes.len()), ("conllu", 60, 0));
    let raw = std::fs::read_to_string(&path).unwrap();
    let texts: Vec<&str> = raw.lines().filter_map(|line| line.strip_prefix("# text = ")).collect();
    let ids: Vec<&str> = raw.lines().filter_map(|line| line.strip_prefix("# sent_id = ")).collect();
    for ((record, text), id) in read.corpus.records.iter().zip(texts).zip(ids) {
        assert_eq!((record.text(), record.id.as_deref(), &record.gold), (text, Some(id), &None));
        assert!(record.tokens.iter().all(|t| !record.text()[t.start..t.end].contains(' ')));
    }
    let rows = |r: &trueup_data::corpus::Record| r.value("rows").and_then(|v| v.as_array()).map_or(0, Vec::len);
    let kept: usize = read.corpus.records.iter().map(rows).sum();
    let ids = raw.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split('\t').next());
    assert_eq!(kept, ids.filter(|id| id.contains(['-', '.'])).count());
}

#[test]
fn workers_answers_stand_beside_gold() {
    let Some(path) = data("crowd_conll2003/val") else { return };
    let read = read_corpus(&path, &ReadOptions::default()).unwrap();
    assert_eq!((read.scheme, read.corpus.records.len()), (Some(Scheme::Iob2), 200));
    // Spans of gold are as many as the `B-` tags of its files, but for tags that the scheme refuses.
    let begins = |folder: &std::path::Path| -> usize {
        let files = std::fs::read_dir(folder).unwrap().map(|e| std::fs::read_to_string(e.unwrap().path()).unwrap());
        files.map(|text| text.lines().filter(|line| line.contains(" B-")).count()).sum()
    };
    let gold: usize = read.corpus.records.iter().map(|r| r.gold.as_ref().unwrap().spans.as_ref().unwrap().len()).sum();
    assert_eq!(gold, begins(&path.join("ground_truth")));
    let loaded = read_dataset(&path, &ReadOptions::default()).unwrap();
    assert_eq!((loaded.dataset.len(), loaded.dataset.labels.names().len()), (200, 4));
}

#[test]
fn broken_input_is_an_error_or_is_listed() {
    for (format, text) in [
        ("conll", ""),
        ("conll", "\n\n"),
        ("conll", "one\ntwo\n"),
        ("conll", "a\t\n\tO\n"),
        ("conllu", "1\ta\n"),
        ("conllu", "1-2\ta\t_\t_\t_\t_\t_\t_\t_\t_\n"),
        ("conllu", "-1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n"),
        ("conllu", "99999999999999999999999\ta\t_\t_\t_\t_\t_\t_\t_\t_\n"),
        ("spacy-iob", "a|\n"),
        ("spacy-iob", "|||| |\n"),
        ("conll-folder", "a\tO\n"),
        ("crowd-conll", "a O\n"),
    ] {
        let options = ReadOptions { from: Some(format.parse().unwrap()), ..ReadOptions::default() };
        let found = read_corpus_bytes("f", text.into(), &options);
        assert!(
            found.as_ref().is_err() || found.as_ref().is_ok_and(|r| r.corpus.records.is_empty()),
            "{format}: {text:?}: {found:?}"
        );
        assert!(read_bytes("f", text.into(), &options).is_err(), "{format}: {text:?}");
    }
}
