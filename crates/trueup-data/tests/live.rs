//! What the real tools see in the files that `convert` writes: Hugging Face `datasets` in Parquet files and folders,
//! Label Studio's SDK in a JSON export. `TRUEUP_HF_PYTHON` and `TRUEUP_LABELSTUDIO_PYTHON` name a Python with each
//! (`cargo xtask test` installs them); without it a test says that it was skipped. spaCy's test stands with its format.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use trueup_data::corpus::{Corpus, Record};
use trueup_data::{ConvertOptions, Destination, ReadOptions, convert, label_config_for, read_corpus};

/// The Python that a variable names.
fn python(variable: &str) -> Option<PathBuf> {
    let python = std::env::var_os(variable).filter(|python| !python.is_empty());
    if python.is_none() {
        eprintln!("skipped: {variable} is not set");
    }
    python.map(PathBuf::from)
}

fn run(python: &Path, script: &str, arguments: &[&Path]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles").join(script);
    // Nothing is to be fetched.
    let mut command = Command::new(python);
    command.env("HF_HUB_OFFLINE", "1").env("PYTHONUTF8", "1").arg(script).args(arguments);
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

fn to(format: &str, from: &Path, to: &Path) {
    let options = ConvertOptions { to: Some(format.parse().unwrap()), ..ConvertOptions::default() };
    let done = convert(from, Destination::Path(to), &options).unwrap();
    assert!(done.losses.is_empty(), "{format}: {:?}", done.losses);
}

fn corpus(path: &Path) -> Corpus {
    read_corpus(path, &ReadOptions::default()).unwrap().corpus
}

const LABELS: &str = r#"{"id": "a", "text": "Where is my money? 😀", "label": "refund", "split": "train", "n": 1}
{"id": "b", "text": "Zwei\nZeilen", "label": "billing", "split": "train", "n": 2}
{"id": "c", "text": "", "label": "refund", "split": "test", "n": 3}
"#;
const SEVERAL: &str = r#"{"text": "fine", "labels": ["joy", "love"]}
{"text": "so", "labels": []}
{"text": "bad", "labels": ["anger"]}
"#;
const SPANS: &str = r#"{"text": "Anna 😀 met Bob in Zürich", "spans": [{"start": 0, "end": 4, "label": "PER"}, {"start": 11, "end": 14, "label": "PER"}, {"start": 18, "end": 24, "label": "LOC"}]}
{"text": "Nobody", "spans": []}
"#;

#[test]
fn datasets_reads_parquet_and_saved_folders() {
    let Some(python) = python("TRUEUP_HF_PYTHON") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (name, content) in [("labels", LABELS), ("several", SEVERAL), ("spans", SPANS)] {
        std::fs::write(at(&format!("{name}.jsonl")), content).unwrap();
        to("parquet", &at(&format!("{name}.jsonl")), &at(&format!("{name}.parquet")));
        to("hf-disk", &at(&format!("{name}.jsonl")), &at(name));
    }
    let files = ["labels.parquet", "labels", "several.parquet", "several", "spans.parquet", "spans"].map(at);
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let seen: Vec<Value> = serde_json::from_str(&run(&python, "hf_parquet.py", &files)).unwrap();
    let column = |data: &Value, name: &str| -> Vec<Value> {
        data["rows"].as_array().unwrap().iter().map(|row| row[name].clone()).collect()
    };

    let classes = json!({"labels": ["billing", "refund"]});
    let [parquet, saved] = &seen[..2] else { unreachable!() };
    assert_eq!(parquet["features"]["label"], classes);
    assert_eq!(column(parquet, "text"), ["Where is my money? 😀", "Zwei\nZeilen", ""]);
    assert_eq!(column(parquet, "label"), [1, 0, 1]);
    assert_eq!(column(parquet, "n"), [1, 2, 3]);
    assert_eq!((&saved["train"]["features"]["label"], &saved["test"]["features"]["label"]), (&classes, &classes));
    assert_eq!(column(&saved["train"], "id"), ["a", "b"]);
    assert_eq!(column(&saved["test"], "label"), [1]);

    for data in &seen[2..4] {
        assert_eq!(data["features"]["labels"], json!({"list": {"labels": ["anger", "joy", "love"]}}));
        assert_eq!(column(data, "labels"), [json!([1, 2]), json!([]), json!([0])]);
    }
    for data in &seen[4..] {
        let spans = column(data, "spans");
        assert_eq!((spans[0].as_array().unwrap().len(), &spans[1]), (3, &json!([])));
    }
}

/// Spans of a record by offset, and labels; of gold or of the first answer.
fn said(record: &Record) -> (Vec<(usize, usize, String)>, Vec<String>) {
    let first = record.responses.first().map(|response| &response.answer);
    let Some(answer) = record.gold.as_ref().or(first) else { return Default::default() };
    let mut spans: Vec<_> =
        answer.spans.iter().flatten().map(|mark| (mark.start, mark.end, mark.label.clone())).collect();
    spans.sort();
    (spans, answer.labels.iter().flatten().map(|choice| choice.label.clone()).collect())
}

#[test]
fn label_studios_converter_takes_what_is_written() {
    let Some(python) = python("TRUEUP_LABELSTUDIO_PYTHON") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("labels", LABELS), ("several", SEVERAL), ("spans", SPANS)] {
        let at = |file: &str| folder.path().join(format!("{name}{file}"));
        std::fs::write(at(".jsonl"), content).unwrap();
        to("label-studio", &at(".jsonl"), &at(".json"));
        let ours = corpus(&at(".json"));
        let names =
            |labels: Vec<(&str, u64)>| labels.into_iter().map(|(label, _)| label.to_owned()).collect::<Vec<_>>();
        let outline = &ours.outline;
        let config = label_config_for(outline, &names(outline.span_labels()), &names(outline.labels()));
        std::fs::write(at(".xml"), config).unwrap();

        // The SDK's own objects hold the results, and the configuration has nothing against them.
        let seen: Vec<Value> =
            serde_json::from_str(&run(&python, "label_studio_sdk.py", &[&at(".xml"), &at(".json")])).unwrap();
        let tasks = seen[0].as_array().unwrap();
        assert_eq!(tasks.len(), ours.records.len(), "{name}");
        for task in tasks {
            let complaints = task["complaints"].as_array().unwrap();
            assert!(complaints.iter().all(|one| one.as_array().is_some_and(Vec::is_empty)), "{name}: {complaints:?}");
        }

        // What its converter makes of the file holds the same spans and labels.
        let out = at("-converted");
        run(&python, "label_studio_sdk.py", &[Path::new("--convert"), &at(".xml"), &at(".json"), &out]);
        for file in ["result.json", "result.csv"] {
            let theirs = corpus(&out.join(file));
            assert_eq!(theirs.records.len(), ours.records.len(), "{name}: {file}");
            for (ours, theirs) in ours.records.iter().zip(&theirs.records) {
                assert_eq!((ours.text(), said(ours)), (theirs.text(), said(theirs)), "{name}: {file}");
            }
        }
        if name == "spans" {
            let theirs = corpus(&out.join("result.conll"));
            let covered = |corpus: &Corpus| -> Vec<(String, String)> {
                let of = |record: &Record| {
                    let spans = said(record).0;
                    spans.into_iter().map(|(a, b, label)| (record.text()[a..b].to_owned(), label)).collect::<Vec<_>>()
                };
                corpus.records.iter().flat_map(of).collect()
            };
            assert_eq!(covered(&theirs), covered(&ours));
        }
    }
}
