//! A folder of CoNLL files: each is a split, where its name says so (`train.tsv`, `devel.tsv`, `test.tsv`), else a document.
//!
//! The tags of all files are read under one scheme; the columns of each file are its own.

use super::read::{check, finish, part};
use super::write::Lines;
use super::{GROUP, HOLDS, looks_like};
use crate::corpus::{Outline, Record};
use crate::error::{DataError, list, quote};
use crate::formats::{Spec, Writer, head};
use crate::head::{Confidence, Head};
use crate::holds::{Holds, Loss, Losses};
use crate::input::Input;
use crate::options::{ReadOptions, count};
use crate::output::Output;
use crate::reading::Reading;

/// CoNLL files by split or document.
pub(crate) const SPEC: Spec = Spec {
    name: "conll-folder",
    aliases: &[],
    title: "a folder of CoNLL files, each a split or a document",
    ending: "",
    holds: Holds { splits: true, ..HOLDS },
    sniff,
    read,
    write: Some(|outline| Box::new(FolderWriter { outline: outline.clone(), files: Vec::new() })),
    folder: true,
};

/// What the names of such files end in.
const ENDINGS: &[&str] = &[
    ".conll",
    ".conll.txt",
    ".conll03",
    ".conll2003",
    ".annotated",
    ".tsv",
    ".txt",
    ".iob",
    ".iob2",
    ".bio",
    ".bioes",
];
/// Words in the names of files that say which split they are, in the order of splits.
const SPLITS: &[&[&str]] = &[
    &["train", "training"],
    &["dev", "devel", "development", "val", "valid", "validation"],
    &["test", "testing", "eval"],
];

/// A name without its ending; `None` when no such file has that ending.
fn stem(name: &str) -> Option<&str> {
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    let ending = |e: &&&str| name.len() > e.len() && name.is_char_boundary(name.len() - e.len());
    let cut = |e: &&str| name[name.len() - e.len()..].eq_ignore_ascii_case(e);
    let found = ENDINGS.iter().filter(ending).filter(|e| cut(e)).max_by_key(|e| e.len());
    found.map(|e| &name[..name.len() - e.len()])
}

/// The split that a file's name says, and its rank.
fn split_of(stem: &str) -> Option<(usize, &str)> {
    let file = stem.rsplit('/').next().unwrap_or(stem);
    let words = || file.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    SPLITS.iter().enumerate().find_map(|(rank, names)| {
        let is = |word: &&str| names.iter().any(|name| word.eq_ignore_ascii_case(name));
        words().find(is).map(|word| (rank, word))
    })
}

fn sniff(head: &Head) -> Confidence {
    let (Some(files), Some(folder)) = (&head.files, head.input.folder()) else {
        return Confidence::No;
    };
    let found: Vec<&String> = files.iter().filter(|name| stem(name).is_some()).collect();
    if found.is_empty() || found.len() * 2 < files.len() || files.iter().any(|name| name.contains('/')) {
        return Confidence::No;
    }
    // The first and the last of them, so that a folder of a thousand files is not read twice.
    let is = |name: &&String| {
        folder
            .read(name)
            .is_ok_and(|input| input.text_if_any().is_some_and(|text| looks_like(crate::formats::head(text))))
    };
    let ends = [found.first(), found.last()];
    if ends.into_iter().flatten().all(is) { Confidence::Likely } else { Confidence::No }
}

fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    check(options, reading.remarks)?;
    let Some(folder) = input.folder() else {
        let (path, found) = (input.name.clone(), "a file".to_owned());
        let hint = Some("a single file is read with --from conll".to_owned());
        return Err(DataError::Content { path, found, valid: "a folder of CoNLL files".to_owned(), hint });
    };
    let names = folder.names()?;
    let mut files: Vec<(usize, Option<&str>, &str, &str)> = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    for name in &names {
        match stem(name) {
            Some(stem) => {
                let (rank, split) = split_of(stem).map_or((SPLITS.len(), None), |(rank, split)| (rank, Some(split)));
                files.push((rank, split, stem, name));
            }
            None => others.push(name),
        }
    }
    files.sort_unstable_by_key(|&(rank, _, stem, name)| (rank, stem, name));
    let inputs = files.iter().map(|(.., name)| folder.read(name)).collect::<Result<Vec<Input>, _>>()?;
    let mut parts = Vec::new();
    for (&(_, split, stem, name), file) in files.iter().zip(&inputs) {
        let text = file.text()?;
        if !looks_like(head(text)) && options.from.is_none() || text.trim().is_empty() {
            others.push(name);
            continue;
        }
        file.remark_encoding(reading.remarks);
        let mut part = part(text, Some(name.into()), options, reading.remarks)?;
        let alone = split.is_some() && files.iter().filter(|(_, other, ..)| *other == split).count() == 1;
        part.split = split.map(Into::into);
        part.stem = (part.documents || !alone).then(|| stem.to_owned());
        if part.stem.is_some() && part.records() > 0 {
            reading.outline.group = Some(GROUP.into());
        }
        parts.push(part);
    }
    if parts.is_empty() {
        let found = format!("a folder without a CoNLL file ({})", list(&others));
        let valid = format!("files of tokens and tags, ending in {}", list(ENDINGS));
        return Err(DataError::Content { path: input.name.clone(), found, valid, hint: None });
    }
    if !others.is_empty() {
        reading.note(format!("{} of the folder left out, not CoNLL: {}", count(others.len(), "file"), list(&others)));
    }
    finish(parts, options, reading)
}

/// One file of a split or document, and its bytes so far.
struct File {
    name: String,
    lines: Lines,
    bytes: Vec<u8>,
}

struct FolderWriter {
    outline: Outline,
    files: Vec<File>,
}

impl Writer for FolderWriter {
    fn record(&mut self, record: &Record, _: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        // A file holds a split; without splits there is one file for all, in which documents are set apart.
        let name = record.split.as_deref().unwrap_or("data");
        let mut safe: String =
            name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
        if safe.starts_with('.') || safe.is_empty() {
            safe.insert(0, '_');
        }
        let as_is =
            record.split.is_none() || split_of(&safe).is_some_and(|(_, split)| Some(split) == record.split.as_deref());
        if !as_is {
            losses.add(Loss::Splits, &record.place, || format!("the split '{}', a document's name", quote(name)));
        }
        let place = self.files.iter().position(|file| file.name == safe).unwrap_or_else(|| {
            self.files.push(File { name: safe, lines: Lines::new(&self.outline), bytes: Vec::new() });
            self.files.len() - 1
        });
        let file = &mut self.files[place];
        file.lines.record(record, &mut file.bytes, losses);
        Ok(())
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        for file in &mut self.files {
            file.lines.finish(&mut file.bytes);
            out.put(&format!("{}.conll", file.name), &file.bytes)?;
        }
        Ok(())
    }
}
