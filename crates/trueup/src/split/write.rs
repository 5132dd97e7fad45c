//! The files of a split: each part in the input's format, and which example is in which part.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use trueup_core::words;
use trueup_data::corpus::{Key, Record};
use trueup_data::write::{OutputSet, escape_formula, is_there, lies_in};
use trueup_data::{DataError, Format, Losses, Read, write_corpus};

use super::{Assignment, SplitReport};
use crate::error::Error;
use crate::options::SplitOptions;

/// Writes the parts and the list of the assignment into `dir`, all or nothing, and tells `report` of it.
///
/// # Errors
///
/// When something cannot be written, would replace what was read, or would leave a part of another split beside this one.
pub fn write(
    dir: &Path,
    input: &Path,
    mut read: Read,
    assignment: &Assignment,
    options: &SplitOptions,
    report: &mut SplitReport,
) -> Result<(), Error> {
    let list = dir.join(if report.folds { "folds.csv" } else { "split.csv" });
    let format = target(&read, options, report);
    let path = |name: &str| dir.join(format!("{name}{}", ending(format)));
    let mut files: Vec<PathBuf> = vec![list.clone()];
    if !report.folds {
        files.extend(assignment.parts.iter().map(|name| path(name)));
        // A part of an earlier split beside these would be taken for one of them.
        let others = ["train", "valid", "test"].into_iter().filter(|name| !assignment.parts.iter().any(|p| p == name));
        if let Some(stale) = others.map(path).find(|path| is_there(path)) {
            return Err(refused(&stale, "a part that this split does not have", "another folder, or one without it"));
        }
    }
    if let Some(file) = files.iter().find(|file| lies_in(file, input)) {
        return Err(refused(file, "a place that is read", "another folder"));
    }
    let mut set = OutputSet::new();
    set.create_dir(dir)?;
    let ids = ids(&read.corpus.records, report);
    set.add(&list, csv(&ids, assignment, report.folds).as_bytes())?;
    report.assignment = list.display().to_string();
    if !report.folds {
        let outline = std::mem::take(&mut read.corpus.outline);
        let mut parts: Vec<Vec<Record>> = assignment.parts.iter().map(|_| Vec::new()).collect();
        for (mut record, part) in read.corpus.records.into_iter().zip(&assignment.of) {
            if let Some(part) = *part {
                // What the file said of its splits holds no longer, unless it decided.
                if record.split.is_some() && options.by != crate::options::SplitBy::Column {
                    record.split = Some(Key::from(assignment.parts[part].as_str()));
                }
                parts[part].push(record);
            }
        }
        let mut losses = Losses::default();
        for ((records, name), part) in parts.into_iter().zip(&assignment.parts).zip(&mut report.parts) {
            let path = path(name);
            losses.merge(write_corpus(records, &outline, format, &path, options.read.strict, &mut set)?);
            part.file = Some(path.display().to_string());
        }
        report.written_as = Some(format.name().to_owned());
        report.lose(&losses);
    }
    set.commit()?;
    Ok(())
}

fn refused(path: &Path, found: &str, valid: &str) -> Error {
    let (path, found, valid) = (path.display().to_string(), found.to_owned(), valid.to_owned());
    DataError::Content { path, found, valid, hint: None }.into()
}

/// The format of the parts: as asked, else the input's, else JSON lines, which is said.
fn target(read: &Read, options: &SplitOptions, report: &mut SplitReport) -> Format {
    let format = options.to.unwrap_or(read.format);
    if format.is_written() || report.folds {
        return format;
    }
    report
        .notes
        .push(format!("{} is only read, so the parts are JSON lines; --to names another format", format.name()));
    Format::JSONL
}

fn ending(format: Format) -> &'static str {
    match format.ending() {
        "" if !format.is_folder() => ".txt",
        ending => ending,
    }
}

/// The ids of the records: the file's, else their numbers.
fn ids(records: &[Record], report: &mut SplitReport) -> Vec<String> {
    let id = |(number, record): (u64, &Record)| {
        let number = if record.number > 0 { record.number } else { number };
        record.id.clone().unwrap_or_else(|| number.to_string())
    };
    let ids: Vec<String> = (1u64..).zip(records).map(id).collect();
    let distinct: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    if distinct.len() < ids.len() {
        let again = (ids.len() - distinct.len()) as u64;
        let repeat = words::agree(again, "id repeats", "ids repeat");
        report.notes.push(format!("{} {repeat}: the list of the assignment is in file order", words::count(again)));
    }
    ids
}

/// `id,split` of each record in file order; records in no part have an empty cell.
fn csv(ids: &[String], assignment: &Assignment, folds: bool) -> String {
    let mut out = String::from(if folds { "id,fold\n" } else { "id,split\n" });
    for (id, part) in ids.iter().zip(&assignment.of) {
        let id = escape_formula(id);
        if id.contains(['"', ',', '\n', '\r']) || id.trim() != id {
            out.push('"');
            out += &id.replace('"', "\"\"");
            out.push('"');
        } else {
            out += &id;
        }
        out.push(',');
        out += part.map_or("", |part| &assignment.parts[part]);
        out.push('\n');
    }
    out
}
