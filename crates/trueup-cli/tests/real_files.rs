//! Every file of the public data sets: the table of docs/formats.md is run and compared with what the command counts,
//! and no file is forgotten. The folder is `TRUEUP_DATA`, else `shared/data` beside the workspace. Without it the tests
//! say that they were skipped and pass, unless `TRUEUP_REQUIRE_DATA=1` is set.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "harness/mod.rs"]
mod harness;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use harness::data::folder;
use rayon::prelude::*;
use serde_json::Value;

/// The page with the table.
fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md")).unwrap()
}

/// The heading above the tables.
const HEADING: &str = "\n## The public data sets this is tested with\n";

/// Commands that must be refused, each with pieces of its message: the place, what was found, what is valid.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "formats/malformed/wikigold-rtf-backslash.conll.txt",
        &[
            "line 2: found 'O\\' in the tag column, and 2033 of 2397 tags",
            "valid: O, or a letter of",
            "a backslash ends",
        ],
    ),
    (
        "formats/doccano/data_import_tests/text_classification/example.invalid.2.csv --strict",
        &["line 2: found 3 fields where most rows have 2", "valid: 2 fields a row"],
    ),
    (
        "formats/doccano/data_import_tests/sequence_labeling/labeling.invalid.conll --strict",
        &["line 1: found 'SOCCERO SOCCERO SOCCERO', 1 column", "valid: the same number of columns"],
    ),
    (
        "formats/doccano/data_import_tests/sequence_labeling/example.jsonl --strict",
        &["line 3: found no 'text'", "valid: "],
    ),
    ("formats/doccano/data_import_tests/intent/example.jsonl --strict", &["line 5: found no 'text'", "valid: "]),
    (
        "formats/doccano/label_types_tests/valid_labels.json",
        &["line 2: found the definition of a label", "valid: the export of the texts"],
    ),
    (
        "formats/doccano/label_types_tests/invalid_labels.json",
        &["line 2: found the definition of a label", "valid: the export of the texts"],
    ),
    (
        "formats/hf/wnut_dev_sample/validation.jsonl",
        &["line 1: found the tag 0 in 'ner_tags', a number without its name", "valid: O, or a letter of", "features"],
    ),
    (
        "formats/label_studio/from_label_studio_tests/previous_export.json",
        &["line 1: found the results 'choices' of 'image': this is not a text task", "valid: a task with a text"],
    ),
    (
        "formats/label_studio/from_label_studio_tests/tasks_annotations_predictions.json",
        &["line 125: found a task without 'data', and 2 of 6", "valid: a task with a text"],
    ),
    (
        "formats/label_studio/converter_tests/test_export_csv/csv_test.json",
        &["found the results 'rectanglelabels' of 'image': this is not a text task", "valid: a task with a text"],
    ),
    (
        "formats/label_studio/converter_tests/test_export_json_min/data.json",
        &["line 2: found the results 'polygonlabels' of 'image': this is not a text task", "valid: a task with a text"],
    ),
    (
        "formats/label_studio/converter_tests/test_export_json_min/data_repeater.json",
        &["line 2: found the results 'rectanglelabels' of 'page_0': this is not a text task", "valid: a task with"],
    ),
];

/// The rows of the tables below the heading: the first cell without its backticks, and the others.
fn rows() -> Vec<(String, Vec<String>)> {
    let page = page();
    let (_, section) = page.split_once(HEADING).expect("the heading");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.split('|').skip(1).map(|cell| cell.trim().replace('`', ""));
        (cells.next().unwrap(), cells.filter(|cell| !cell.is_empty()).collect())
    })
    .collect()
}

/// The rows with counts.
fn counted() -> Vec<(String, [u64; 5])> {
    let number = |cell: &String| cell.replace(',', "").parse::<u64>().ok();
    let counts = |cells: &[String]| cells.iter().map(number).collect::<Option<Vec<u64>>>()?.try_into().ok();
    rows().into_iter().filter_map(|(command, cells)| Some((command, counts(&cells)?))).collect()
}

/// Files that hold no examples, or none that is read, with what they are for.
fn beside() -> Vec<String> {
    let rows = rows().into_iter().filter(|(_, cells)| cells.len() == 1);
    rows.flat_map(|(cell, _)| cell.split(", ").map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn stats(root: &Path, words: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trueup"));
    command.current_dir(root).arg("stats").args(words.split(' ')).args(["--json", "-"]);
    command.output().unwrap()
}

#[test]
fn every_command_of_the_page_counts_what_it_says() {
    let Some(root) = folder("") else { return };
    let rows = counted();
    assert!(rows.len() > 120, "{} rows", rows.len());
    let wrong = rows.par_iter().filter_map(|(command, counts)| {
        let output = stats(&root, command);
        if !output.status.success() {
            return Some(format!("{command}: {}", String::from_utf8_lossy(&output.stderr)));
        }
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let number = |key: &str| found[key].as_u64().unwrap();
        let skipped = found["skipped"].as_array().unwrap().len() as u64;
        let found = [number("examples"), number("labels"), number("spans"), number("answers"), skipped];
        (found != *counts).then(|| format!("{command}: {found:?} where the page says {counts:?}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let Some(root) = folder("") else { return };
    for (command, pieces) in REFUSED {
        let output = stats(&root, command);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command}: {message}");
        for piece in *pieces {
            assert!(message.contains(piece), "{command}: no '{piece}' in {message}");
        }
    }
}

#[test]
fn no_file_is_forgotten() {
    let Some(root) = folder("") else { return };
    let mut files = Vec::new();
    below(&root, "", &mut files);
    assert!(files.len() > 3_000, "{} files", files.len());
    let commands = counted().into_iter().map(|(command, _)| command);
    let words: Vec<String> = commands.flat_map(|c| c.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    let refused = REFUSED.iter().filter_map(|(command, _)| command.split(' ').next());
    let named: Vec<String> = words.into_iter().chain(refused.map(str::to_owned)).chain(beside()).collect();
    let is_named = |file: &String| {
        named.iter().any(|name| {
            let rest = file.strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let forgotten: Vec<String> = files.into_iter().filter(|file| !is_named(file)).collect();
    assert!(forgotten.is_empty(), "no command reads, and docs/formats.md does not name\n{}", forgotten.join("\n"));
    for name in beside() {
        assert!(root.join(&name).exists(), "docs/formats.md names {name}, which is not there");
    }
}

/// Every file below a folder, as a path with slashes.
fn below(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            below(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push(name);
        }
    }
}
