//! Columnar files: Parquet (<https://parquet.apache.org/docs/file-format/>), Arrow IPC as file and stream
//! (<https://arrow.apache.org/docs/format/Columnar.html>), and the folders that Hugging Face `datasets` writes with
//! `save_to_disk` (<https://huggingface.co/docs/datasets/process#save>).
//!
//! Names of classes stand in the metadata of the schema under `huggingface`, as `datasets` writes and reads them. What
//! is written here says under `trueup` what each column is, so that reading it guesses nothing; other tools keep their
//! own view of the same columns.

mod arrays;
mod cells;
mod features;
mod footer;
mod open;
mod parts;
mod read;
mod roles;
mod said;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod tokens;
mod write;

use std::sync::Arc;

use serde_json::Value;

use self::features::Feature;
use self::open::Kind;
use self::parts::Objects;
use self::read::{FileOf, Rows};
use crate::corpus::Key;
use crate::error::{DataError, quote};
use crate::formats::Spec;
use crate::head::{Confidence, Head};
use crate::holds::Holds;
use crate::input::{Folder, Input};
use crate::json::Object;
use crate::options::ReadOptions;
use crate::reading::Reading;

/// Parquet.
pub(crate) const PARQUET: Spec = Spec {
    name: "parquet",
    aliases: &["hf-parquet"],
    title: "Parquet, a file or a folder of them",
    ending: ".parquet",
    holds: Holds::ALL,
    sniff: |head| sniff(head, Kind::Parquet, ".parquet"),
    read: |input, options, reading| files(input, Kind::Parquet, &[".parquet", ".parq"], options, reading),
    write: Some(|outline| write::begin(outline, write::Target::Parquet)),
    folder: false,
};

/// Arrow IPC.
pub(crate) const ARROW: Spec = Spec {
    name: "arrow",
    aliases: &["feather", "arrow-ipc"],
    title: "Arrow IPC, a file or stream, or a folder of them",
    ending: ".arrow",
    sniff: |head| sniff(head, Kind::Arrow, ".arrow"),
    read: |input, options, reading| files(input, Kind::Arrow, &[".arrow", ".feather"], options, reading),
    write: Some(|outline| write::begin(outline, write::Target::Arrow)),
    ..PARQUET
};

/// A folder written by `save_to_disk`.
pub(crate) const HF_DISK: Spec = Spec {
    name: "hf-disk",
    aliases: &["save-to-disk"],
    title: "a folder that Hugging Face datasets wrote with save_to_disk",
    ending: "",
    sniff: |head| match &head.files {
        Some(files) if is_saved(files) => Confidence::Certain,
        _ => Confidence::No,
    },
    read: saved,
    write: Some(|outline| write::begin(outline, write::Target::Disk)),
    folder: true,
    ..PARQUET
};

fn is_saved(files: &[String]) -> bool {
    let has = |name: &str| files.iter().any(|file| file == name);
    has("dataset_dict.json") || (has("state.json") && has("dataset_info.json"))
}

fn sniff(head: &Head, kind: Kind, ending: &str) -> Confidence {
    let Some(files) = &head.files else {
        return if open::kind(head.bytes) == Some(kind) { Confidence::Certain } else { Confidence::No };
    };
    // What stands beside the data in a repository says nothing.
    let aside = [".md", ".txt", ".json", ".yaml", ".yml", ".py", ".crc", "license"];
    let data =
        |file: &&String| !aside.iter().any(|end| file.to_lowercase().ends_with(end)) && !file.ends_with("_SUCCESS");
    let mut data = files.iter().filter(data).peekable();
    let all = data.peek().is_some() && data.all(|file| file.to_lowercase().ends_with(ending));
    if all && !is_saved(files) { Confidence::Likely } else { Confidence::No }
}

/// Reads a file, or all of a folder whose names end so.
fn files(
    input: &Input,
    kind: Kind,
    endings: &[&str],
    options: &ReadOptions,
    reading: &mut Reading,
) -> Result<(), DataError> {
    let mut rows = Rows::new(reading, options);
    let Some(folder) = input.folder() else {
        rows.file(FileOf { bytes: input.bytes()?.len(), ..FileOf::default() });
        one(input, kind, &mut rows)?;
        return rows.finish();
    };
    let names: Vec<String> =
        folder.names()?.into_iter().filter(|n| endings.iter().any(|end| n.to_lowercase().ends_with(end))).collect();
    if names.is_empty() {
        return Err(none(folder, endings[0]));
    }
    for name in &names {
        let file = folder.read(name)?;
        let (split, said) = place_of(name);
        rows.file(FileOf {
            name: Some(name.as_str().into()),
            split: split.map(Key::from),
            said,
            features: None,
            bytes: file.bytes()?.len(),
        });
        one(&file, kind, &mut rows)?;
    }
    rows.finish()
}

fn none(folder: &Folder, ending: &str) -> DataError {
    DataError::Content {
        path: folder.name.clone(),
        found: format!("no file that ends in {ending}"),
        valid: format!("a folder with {ending} files"),
        hint: None,
    }
}

fn one(input: &Input, kind: Kind, sink: &mut dyn open::Sink) -> Result<(), DataError> {
    let bytes = input.shared()?;
    let what = if kind == Kind::Parquet { "a Parquet file" } else { "an Arrow file or stream" };
    if bytes.is_empty() {
        return Err(DataError::Empty { path: input.name.clone(), blank: false });
    }
    if open::kind(&bytes) != Some(kind) {
        let first: String = bytes.iter().take(8).map(|b| b.escape_ascii().to_string()).collect();
        return Err(DataError::Content {
            path: input.name.clone(),
            found: format!("a file that begins with '{}'", quote(&first)),
            valid: what.to_owned(),
            hint: Some("leave --from out".to_owned()),
        });
    }
    open::read(&input.name, &bytes, kind, sink)
}

/// The split that a file's name gives, and what the folders named `key=value` say.
fn place_of(name: &str) -> (Option<String>, Vec<(Key, String)>) {
    let mut parts: Vec<&str> = name.split('/').collect();
    let file = parts.pop().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    let (mut split, mut said) = (None, Vec::new());
    let mut plain = Vec::new();
    for part in parts {
        match part.split_once('=') {
            Some(("split", value)) => split = Some(value.to_owned()),
            Some((key, value)) => said.push((key.into(), value.to_owned())),
            None => plain.push(part),
        }
    }
    if split.is_none() {
        // `train-00000-of-00001`
        let numbered = stem.split_once("-of-").and_then(|(head, _)| head.rsplit_once('-'));
        let numbered = numbered.filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit())).map(|(split, _)| split);
        let usual = |part: &str| {
            let lower = part.to_ascii_lowercase();
            let known =
                ["train", "training", "test", "testing", "validation", "valid", "val", "dev", "eval", "unlabelled"];
            let begins = lower.split(['-', '_', '.']).next().unwrap_or_default();
            known.contains(&begins).then(|| begins.to_owned())
        };
        split = numbered
            .filter(|split| !matches!(*split, "data" | "part"))
            .map(str::to_owned)
            .or_else(|| usual(stem))
            .or_else(|| plain.iter().rev().find_map(|part| usual(part)));
    }
    (split, said)
}

/// Reads a folder written by `save_to_disk`: the splits of a dictionary, or one set.
fn saved(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let Some(folder) = input.folder() else {
        return Err(DataError::Content {
            path: input.name.clone(),
            found: "a file".to_owned(),
            valid: "the folder that save_to_disk wrote".to_owned(),
            hint: Some("one of its .arrow files is read with --from arrow".to_owned()),
        });
    };
    let mut rows = Rows::new(reading, options);
    if folder.has("dataset_dict.json") {
        let dict = json(folder, "dataset_dict.json")?;
        let splits: Vec<&str> =
            dict.get("splits").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for split in splits {
            shards(folder, &format!("{split}/"), Some(split), &mut rows)?;
        }
    } else {
        shards(folder, "", None, &mut rows)?;
    }
    rows.finish()
}

fn json(folder: &Folder, name: &str) -> Result<Value, DataError> {
    let file = folder.read(name)?;
    let remarks = crate::options::Remarks::new(&file.name, false);
    crate::json::value(file.text()?, &remarks)
}

fn shards(folder: &Folder, prefix: &str, split: Option<&str>, rows: &mut Rows) -> Result<(), DataError> {
    let state = format!("{prefix}state.json");
    let listed: Vec<String> = if folder.has(&state) {
        let state = json(folder, &state)?;
        let files = state.get("_data_files").and_then(Value::as_array);
        let names = files.into_iter().flatten().filter_map(|file| file.get("filename").and_then(Value::as_str));
        names.map(|name| format!("{prefix}{name}")).collect()
    } else {
        let names = folder.names()?;
        let here = |name: &String| {
            name.strip_prefix(prefix).and_then(|n| n.strip_suffix(".arrow")).is_some_and(|n| !n.contains('/'))
        };
        names.into_iter().filter(here).collect()
    };
    if listed.is_empty() {
        return Err(none(folder, ".arrow"));
    }
    let info = format!("{prefix}dataset_info.json");
    let features = if folder.has(&info) { Some(features::parse(folder.read(&info)?.text()?)) } else { None };
    for name in &listed {
        let file = folder.read(name)?;
        rows.file(FileOf {
            name: Some(name.as_str().into()),
            split: split.map(Key::from),
            said: Vec::new(),
            features: features.clone(),
            bytes: file.bytes()?.len(),
        });
        one(&file, Kind::Arrow, rows)?;
    }
    Ok(())
}

/// The names of the classes of a column, out of the JSON under [`FEATURES`] in a schema's metadata.
pub(crate) fn class_names(json: &str, column: &str) -> Option<Arc<[Key]>> {
    match features::parse(json).field(column) {
        Feature::Class(names) => Some(names),
        _ => None,
    }
}

/// The key of that metadata.
pub(crate) const FEATURES: &str = features::KEY;

/// The rows of a Parquet or Arrow file as objects, for predictions; `None` when the file is neither.
pub(crate) fn objects(input: &Input) -> Option<Result<Vec<Object>, DataError>> {
    let kind = open::kind(input.first_bytes())?;
    let mut sink = Objects::default();
    Some(one(input, kind, &mut sink).map(|()| sink.found))
}
