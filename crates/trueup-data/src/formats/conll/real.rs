//! Real files of the family, read and written back. They are not part of the repository: the folder is `TRUEUP_DATA`, else
//! `shared/data` beside the workspace; without it every test passes.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use crate::formats::testing::{self, bare};
use crate::options::ReadOptions;
use crate::read::{Read, read_corpus, read_corpus_bytes};

fn data(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TRUEUP_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    Some(folder.join(file)).filter(|path| path.exists())
}

fn load(file: &str) -> Option<Read> {
    Some(read_corpus(&data(file)?, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}")))
}

/// File, format, sentences, tokens, whether it comes back byte by byte.
const FILES: &[(&str, &str, usize, usize, bool)] = &[
    // Two kinds of blank lines: empty ones and ones with a tab.
    ("wnut17/wnut17train.conll", "conll", 3_394, 62_730, false),
    ("wnut17/emerging.dev.conll", "conll", 1_009, 15_733, true),
    ("wnut17/emerging.test.annotated", "conll", 1_287, 23_394, true),
    ("ncbi_disease/train.tsv", "conll", 5_424, 135_701, true),
    ("ncbi_disease/devel.tsv", "conll", 923, 23_969, true),
    ("ncbi_disease/test.tsv", "conll", 940, 24_497, true),
    ("bc5cdr/train.tsv", "conll", 4_560, 118_170, true),
    ("bc5cdr/devel.tsv", "conll", 4_581, 117_453, true),
    ("bc5cdr/test.tsv", "conll", 4_797, 124_750, true),
    ("wikigold/wikigold.conll.txt", "conll", 1_696, 39_007, true),
    ("hausa/hausa_ner/train_clean.tsv", "conll", 1_014, 28_660, true),
    ("hausa/hausa_ner/train_clean_noisy_labels.tsv", "conll", 1_014, 28_660, true),
    ("hausa/hausa_ner/dev.tsv", "conll", 145, 4_121, true),
    ("hausa/hausa_ner/test.tsv", "conll", 291, 8_239, true),
    ("formats/iobes/ncbi-disease-devel.iobes.tsv", "conll", 923, 23_969, true),
    ("formats/seqeval/ground_truth.txt", "conll", 40, 961, true),
    ("formats/seqeval/ground_truth_inv.txt", "conll", 40, 961, true),
    ("formats/spacy/ner-token-per-line.iob", "conll", 1, 66, true),
    ("formats/label_studio/ner_norwegian/converted/result.conll", "conll", 5, 1_646, true),
    ("formats/conllu/en_pud-ud-test.head60.conllu", "conllu", 60, 1_321, true),
];

#[test]
fn files_come_back() {
    for &(file, format, sentences, tokens, whole) in FILES {
        let Some(read) = load(file) else { continue };
        let found: usize = read.corpus.records.iter().map(|r| r.tokens.len()).sum();
        assert_eq!((read.format.name(), read.corpus.records.len(), found), (format, sentences, tokens), "{file}");
        let (files, losses) = testing::write(format, &read.corpus);
        assert!(losses.is_empty(), "{file}: {losses:?}");
        let raw = std::fs::read(data(file).unwrap()).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (raw, now) = (text(&raw), text(&files[""]));
        let first = raw.lines().zip(now.lines()).enumerate().find(|(_, (a, b))| a != b);
        assert_eq!(raw == now, whole, "{file}: first other line {first:?}, {} and {} bytes", raw.len(), now.len());
        let lines = |text: &str| text.lines().map(str::trim_end).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&raw), lines(&now), "{file}: white space at the ends of lines apart");
        let options = ReadOptions { from: Some(read.format), ..ReadOptions::default() };
        let again = read_corpus_bytes("f", now.into_bytes(), &options).unwrap();
        assert_eq!(bare(again.corpus.records), bare(read.corpus.records), "{file}");
    }
}

/// Folder, documents, tokens, answers, answers whose characters are not those of the text.
const CROWD: &[(&str, usize, usize, usize, usize)] =
    &[("crowd_conll2003/val", 200, 40_360, 983, 2), ("crowd_conll2003/test", 199, 42_598, 981, 6)];

#[test]
fn answers_of_workers_come_back() {
    for &(folder, documents, tokens, answers, other) in CROWD {
        let Some(read) = load(folder) else { continue };
        let records = &read.corpus.records;
        let found: usize = records.iter().map(|r| r.tokens.len()).sum();
        let responses: usize = records.iter().map(|r| r.responses.len()).sum();
        assert_eq!((read.format.name(), records.len(), found), ("crowd-conll", documents, tokens), "{folder}");
        assert_eq!((responses, read.skipped.len()), (answers - other, other), "{folder}: {:?}", read.skipped);
        let (files, losses) = testing::write("crowd-conll", &read.corpus);
        let name = records[0].id.as_deref().unwrap();
        assert!(files.contains_key(&format!("ground_truth/{name}.txt")));
        assert!(losses.kinds.len() <= 2, "{losses:?}");
        let again = testing::read("crowd-conll", &testing::input(files)).unwrap();
        for (a, b) in bare(again.corpus.records).into_iter().zip(bare(read.corpus.records)) {
            let spans = |r: &crate::corpus::Record| {
                let of = |m: &crate::corpus::Mark| (r.text()[m.start..m.end].replace(' ', ""), m.label.clone());
                r.answers().map(|a| a.spans.iter().flatten().map(of).collect::<Vec<_>>()).collect::<Vec<_>>()
            };
            assert_eq!((spans(&a), &a.id), (spans(&b), &b.id));
        }
    }
    if let Some(read) = load("crowd_conll2003") {
        assert_eq!(
            (read.format.name(), read.corpus.records.len(), read.corpus.outline.occurs.splits),
            ("crowd-conll", 399, 399)
        );
    }
}

#[test]
fn folders_of_files_are_splits() {
    for (folder, sizes) in [
        ("bc5cdr", vec![("train", 4_560), ("devel", 4_581), ("test", 4_797)]),
        ("wnut17", vec![("train", 3_394), ("dev", 1_009), ("test", 1_287)]),
        ("hausa/hausa_ner", vec![("train", 2_028), ("dev", 145), ("test", 291)]),
    ] {
        let Some(read) = load(folder) else { continue };
        assert_eq!(read.format.name(), "conll-folder");
        for (split, size) in sizes {
            let of = |r: &&crate::corpus::Record| r.split.as_deref().unwrap_or("") == split;
            assert_eq!(read.corpus.records.iter().filter(of).count(), size, "{folder} {split}");
        }
        let (files, losses) = testing::write("conll-folder", &read.corpus);
        assert!(losses.is_empty() || folder != "bc5cdr", "{losses:?}");
        if folder == "bc5cdr" {
            let raw = std::fs::read(data("bc5cdr/devel.tsv").unwrap()).unwrap();
            assert!(files["devel.conll"] == raw);
        }
    }
}

#[test]
fn no_other_file_is_taken_for_one_of_these() {
    let Some(root) = data("README.md") else { return };
    let root = root.parent().unwrap().to_path_buf();
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        let name = folder.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        if name != "crowd_conll2003/val" && name != "crowd_conll2003/test" && !name.contains("/mturk") {
            folders.extend(entries.iter().filter(|path| path.is_dir()).cloned());
        }
        for path in entries.into_iter().filter(|p| p.is_file()).chain([folder]) {
            let big = std::fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() > 30_000_000);
            if big {
                continue;
            }
            let Ok(input) = crate::input::Input::open(&path) else { continue };
            let Ok(candidates) = crate::formats::detect(&input) else { continue };
            let ours = ["conll", "conllu", "spacy-iob", "crowd-conll", "conll-folder"];
            if let Some(c) = candidates.iter().find(|c| ours.contains(&c.format.name())) {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                if !FILES.iter().any(|(file, ..)| *file == name) {
                    found.push((name, c.format.name()));
                }
            }
        }
    }
    found.sort();
    let found: Vec<(&str, &str)> = found.iter().map(|(name, format)| (name.as_str(), *format)).collect();
    let doccano = "formats/doccano/data_import_";
    let [examples, tests] = ["examples", "tests"].map(|kind| format!("{doccano}{kind}/sequence_labeling"));
    let file = |folder: &str, name: &str| format!("{folder}/{name}");
    let more = [
        file(&examples, "example.txt"),
        file(&tests, "example.conll"),
        file(&tests, "labeling.invalid.conll"),
        file(&tests, "labeling.trailing.conll"),
    ];
    let mut expected = vec![
        ("bc5cdr", "conll-folder"),
        ("crowd_conll2003", "crowd-conll"),
        ("crowd_conll2003/test", "crowd-conll"),
        ("crowd_conll2003/val", "crowd-conll"),
        (examples.as_str(), "conll-folder"),
        (tests.as_str(), "conll-folder"),
        ("formats/iobes", "conll-folder"),
        ("formats/malformed", "conll-folder"),
        ("formats/malformed/wikigold-rtf-backslash.conll.txt", "conll"),
        ("formats/seqeval", "conll-folder"),
        ("hausa/hausa_ner", "conll-folder"),
        ("ncbi_disease", "conll-folder"),
        ("wikigold", "conll-folder"),
        ("wnut17", "conll-folder"),
    ];
    expected.extend(more.iter().map(|name| (name.as_str(), "conll")));
    expected.sort_unstable();
    assert_eq!(found, expected);
}
