//! Many files as one input: those that a pattern names, or a folder of files of one format.
//!
//! The first file tells the format, the rest is read in it. Every record knows its file; ids that come again in a later
//! file get the file's name before them, and where all names say a split, it is the records' split.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};
use trueup_core::document::Skipped;

use crate::corpus::{Key, Outline, Record, Split};
use crate::error::{DataError, list, quote, shown};
use crate::formats::Format;
use crate::head::{Confidence, Head};
use crate::input::{Folder, Input};
use crate::options::{ReadOptions, Remarks, count};
use crate::read::{Got, one};
use crate::source;

/// How many files a pattern may name.
const MOST_FILES: usize = 1_000_000;
/// How many notes and decisions that differ from the first file's are said.
const MOST_NOTES: usize = 20;
/// The characters that make a name a pattern.
const WILD: &[char] = &['*', '?', '['];

/// The files of a pattern, sorted; `None` when `path` is no pattern, or when a file of that very name exists.
pub(crate) fn expand(path: &Path) -> Result<Option<Vec<PathBuf>>, DataError> {
    let Some(pattern) = path.to_str().filter(|p| p.contains(WILD) && *p != "-") else {
        return Ok(None);
    };
    if path.symlink_metadata().is_ok() {
        return Ok(None);
    }
    let content = |found: String, hint| {
        let valid = "a file, a folder, or a pattern such as 'data/*.csv' of files that there are".to_owned();
        DataError::Content { path: shown(path), found, valid, hint }
    };
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    if glob::Pattern::new(pattern).is_err() && !pattern.contains(['*', '?']) {
        // A bracket in a name that there is none of.
        return Ok(None);
    }
    let matched = glob::glob_with(pattern, options)
        .map_err(|error| content(format!("a pattern that cannot be read ({})", error.msg), None))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in matched {
        paths.push(
            path.map_err(|error| DataError::io(error.path(), "read", std::io::Error::from(error.error().kind())))?,
        );
        if paths.len() > MOST_FILES {
            return Err(content(format!("a pattern of more than {MOST_FILES} files"), None));
        }
    }
    // Folders are meant only where nothing else is.
    if paths.iter().any(|path| !path.is_dir()) {
        paths.retain(|path| !path.is_dir());
    }
    paths.sort_unstable();
    if paths.is_empty() {
        return Err(content("a pattern that no file fits".to_owned(), nearest(path)));
    }
    Ok(Some(paths))
}

/// The name that fits a pattern best without fitting it.
fn nearest(path: &Path) -> Option<String> {
    let wild = |part: &Path| part.to_string_lossy().contains(WILD);
    let folder = path.ancestors().skip(1).find(|part| !wild(part))?;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if !folder.is_dir() {
        return source::near_name(folder);
    }
    let wanted: String = path.file_name()?.to_string_lossy().replace(WILD, "").to_lowercase();
    let names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .take(2_000)
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| !name.starts_with('.'))
        .collect();
    // What the asterisk stands for counts for nothing.
    let away = |name: &String| {
        let lower = name.to_lowercase();
        source::distance(&lower, &wanted).saturating_sub(lower.chars().count().saturating_sub(wanted.chars().count()))
    };
    let nearest = names.iter().min_by_key(|name| (away(name), *name))?;
    Some(format!("there is {}", quote(&folder.join(nearest).to_string_lossy())))
}

/// Several files that are read as one input.
pub(crate) struct Many<'a> {
    /// Their names, relative to what they have in common.
    names: Vec<String>,
    from: Files<'a>,
}

/// Where they are.
enum Files<'a> {
    Paths(&'a [PathBuf]),
    Folder(&'a Folder),
}

impl<'a> Many<'a> {
    /// Files of a pattern.
    pub fn of_paths(paths: &'a [PathBuf]) -> Self {
        let mut common = paths.first().and_then(|path| path.parent()).unwrap_or(Path::new(""));
        while !paths.iter().all(|path| path.starts_with(common)) {
            common = common.parent().unwrap_or(Path::new(""));
        }
        let name = |path: &PathBuf| path.strip_prefix(common).unwrap_or(path).to_string_lossy().replace('\\', "/");
        Self { names: paths.iter().map(name).collect(), from: Files::Paths(paths) }
    }

    /// The files of a folder that no format of folders claims, when they all end alike; what only goes with data (a
    /// README, a licence) is passed over.
    pub fn of_folder(input: &'a Input, options: &ReadOptions) -> Result<Option<Self>, DataError> {
        let Some(folder) = input.folder() else {
            return Ok(None);
        };
        if let Some(format) = options.from {
            let spec = format.spec();
            let is_folder = spec.folder || spec.ending.is_empty();
            if is_folder || (spec.sniff)(&Head::new(input)?) > Confidence::No {
                return Ok(None);
            }
        }
        let names: Vec<String> = folder.names()?.into_iter().filter(|name| !is_beside(name)).collect();
        let endings: FxHashSet<&str> = names.iter().map(|name| ending(name)).collect();
        let alike = endings.len() == 1 && !endings.contains("");
        Ok(alike.then_some(Self { names, from: Files::Folder(folder) }))
    }

    fn open(&self, place: usize) -> Result<Input, DataError> {
        match self.from {
            Files::Paths(paths) => Input::open(&paths[place]),
            Files::Folder(folder) => folder.read(&self.names[place]),
        }
    }

    /// The split that each file's name says, where all say one and not all the same.
    fn splits(&self) -> Option<Vec<Split>> {
        let splits: Vec<Split> = self.names.iter().map(|name| Split::of(stem(name))).collect::<Option<_>>()?;
        splits.iter().any(|split| *split != splits[0]).then_some(splits)
    }

    /// Whether the first file that holds anything is one that some format takes.
    pub fn is_known(&self, options: &ReadOptions) -> bool {
        let known = |place| match self.open(place).and_then(|file| crate::formats::detect(&file)) {
            Err(DataError::Empty { .. }) => None,
            found => Some(found.is_ok()),
        };
        options.from.is_some() || (0..self.names.len()).find_map(known).unwrap_or(true)
    }

    /// Reads them one after the other.
    pub fn read(
        &self,
        options: &ReadOptions,
        remarks: &mut Remarks,
        take: &mut dyn FnMut(Record) -> Result<(), DataError>,
    ) -> Result<Got, DataError> {
        let splits = self.splits();
        let mut gathered = Gathered::new(self, splits);
        let mut options = options.clone();
        let mut first: Option<Got> = None;
        let mut empty = Vec::new();
        for (place, name) in self.names.iter().enumerate() {
            let input = self.open(place)?;
            let mut own = Remarks::new(&input.name, options.strict);
            let base = gathered.highest;
            let result = one(&input, &options, &mut own, &mut |record| {
                let record = gathered.place(place, base, record);
                gathered.outline.see(&record);
                take(record)
            });
            let got = match result {
                Ok(got) => got,
                Err(DataError::Empty { .. } | DataError::HeaderOnly { .. })
                    if !options.strict && self.names.len() > 1 =>
                {
                    empty.push(name.as_str());
                    continue;
                }
                Err(error) => {
                    return Err(match &first {
                        Some(got) => error.with_hint(&format!("the files before it were read as {}", got.format)),
                        None => error,
                    });
                }
            };
            gathered.merge(&got.outline, first.is_none());
            gathered.say(name, own, first.is_none(), remarks);
            if first.is_none() {
                options.from = Some(got.format);
                options.scheme = options.scheme.or(got.scheme);
                first = Some(got);
            } else if let Some(first) = &mut first {
                first.ids_from_column &= got.ids_from_column;
            }
        }
        let Some(mut got) = first else {
            return Err(DataError::Empty { path: remarks.path.clone(), blank: false });
        };
        if !empty.is_empty() {
            remarks.notes.push(format!("{} without a record: {}", count(empty.len(), "file"), list(&empty)));
        }
        gathered.finish(&self.names, got.format, remarks);
        got.outline = gathered.outline;
        Ok(got)
    }
}

/// What all files together hold, as far as they are read.
struct Gathered<'a> {
    names: Vec<Key>,
    stems: Vec<&'a str>,
    splits: Option<Vec<Split>>,
    outline: Outline,
    /// The file of each id, by its hash.
    ids: FxHashMap<u64, usize>,
    /// How many ids came again, with the first.
    again: (usize, String),
    /// The highest number of a record.
    highest: u64,
    /// What the first file's decisions were.
    decided: FxHashSet<String>,
    /// Decisions and notes of later files that are not said any more.
    unsaid: usize,
    said: usize,
}

impl<'a> Gathered<'a> {
    fn new(many: &'a Many, splits: Option<Vec<Split>>) -> Self {
        Self {
            names: many.names.iter().map(|name| name.as_str().into()).collect(),
            stems: many.names.iter().map(|name| stem(name)).collect(),
            splits,
            outline: Outline::default(),
            ids: FxHashMap::default(),
            again: (0, String::new()),
            highest: 0,
            decided: FxHashSet::default(),
            unsaid: 0,
            said: 0,
        }
    }

    /// A record with its file, its split, a number and an id of its own.
    fn place(&mut self, place: usize, base: u64, mut record: Record) -> Record {
        record.place.file = Some(match &record.place.file {
            Some(inner) => format!("{}/{inner}", self.names[place]).into(),
            None => self.names[place].clone(),
        });
        if record.number > 0 {
            record.number += base;
            self.highest = self.highest.max(record.number);
        }
        if let Some(splits) = self.splits.as_ref().filter(|_| record.split.is_none()) {
            record.split = Some(splits[place].name().into());
        }
        if let Some(id) = record.id.take() {
            record.id = Some(self.own_id(place, id));
        }
        record
    }

    /// The id, after the name of its file where an earlier file has it. A file's own repeats are its reader's.
    fn own_id(&mut self, place: usize, id: String) -> String {
        let hash = |id: &str| {
            let mut hasher = DefaultHasher::new();
            id.hash(&mut hasher);
            hasher.finish()
        };
        if *self.ids.entry(hash(&id)).or_insert(place) == place {
            return id;
        }
        if self.again.0 == 0 {
            self.again.1.clone_from(&id);
        }
        self.again.0 += 1;
        let mut own = format!("{}/{id}", self.stems[place]);
        while *self.ids.entry(hash(&own)).or_insert(place) != place {
            own = format!("{}/{own}", self.stems[place]);
        }
        own
    }

    /// Adds what a file declares.
    fn merge(&mut self, own: &Outline, is_first: bool) {
        let all = &mut self.outline;
        own.declared_labels.iter().for_each(|label| all.declare_label(label));
        own.declared_spans.iter().for_each(|label| all.declare_span(label));
        // One file in which texts have several labels shows that they may.
        all.several = match (all.several, own.several) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (a, b) => a.or(b),
        };
        all.group = all.group.take().or_else(|| own.group.clone());
        all.time = all.time.take().or_else(|| own.time.clone());
        all.unlisted += own.unlisted;
        if is_first {
            all.settings.clone_from(&own.settings);
            all.token_columns.clone_from(&own.token_columns);
        } else {
            all.settings.retain(|setting| own.settings.contains(setting));
            if all.token_columns != own.token_columns {
                all.token_columns.clear();
            }
        }
    }

    /// Says what was decided in a file: of the first all, of the others what differs.
    fn say(&mut self, name: &str, own: Remarks, is_first: bool, remarks: &mut Remarks) {
        let Remarks { guesses, skipped, notes, .. } = own;
        let name = quote(name);
        for guess in guesses {
            if is_first {
                self.decided.insert(guess.what.clone());
                remarks.guesses.push(guess);
            } else if !self.decided.contains(&guess.what) && self.room() {
                remarks.guess(format!("in {name}: {}", guess.what), guess.option.as_deref());
            }
        }
        for note in notes {
            if self.room() {
                remarks.notes.push(format!("{name}: {note}"));
            }
        }
        let placed = |s: Skipped| Skipped { line: s.line, reason: format!("{} ({name}: line {})", s.reason, s.line) };
        remarks.skipped.extend(skipped.into_iter().map(placed));
    }

    fn room(&mut self) -> bool {
        self.said += 1;
        let room = self.said <= MOST_NOTES;
        self.unsaid += usize::from(!room);
        room
    }

    /// Says what is true of all files.
    fn finish(&self, names: &[String], format: Format, remarks: &mut Remarks) {
        if names.len() > 1 {
            let what = format!("{} are one corpus, read as {format}: {}", count(names.len(), "file"), list(names));
            remarks.guess(what, None);
        }
        if self.splits.is_some() {
            remarks.guess("the split of a record is the one that its file is named after", None);
        }
        if self.again.0 > 0 {
            let (n, first) = (count(self.again.0, "id"), quote(&self.again.1));
            let stand = if self.again.0 == 1 { "stands" } else { "stand" };
            remarks.notes.push(format!(
                "{n} {stand} in an earlier file too (first '{first}'): the name of the file was put before"
            ));
        }
        if self.unsaid > 0 {
            remarks.notes.push(format!("{} on other files", count(self.unsaid, "more note")));
        }
    }
}

/// A name without its ending, and without the numbers of a part: `data/train-00000-of-00002.parquet` is `data/train`.
fn stem(name: &str) -> &str {
    let plain = uncompressed(name);
    let start = plain.rfind('/').map_or(0, |i| i + 1);
    let stem = plain[start..].rfind('.').filter(|&i| i > 0).map_or(plain, |i| &plain[..start + i]);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let whole = stem.rsplit_once("-of-").filter(|(_, of)| digits(of)).and_then(|(rest, _)| rest.rsplit_once('-'));
    whole.filter(|(_, part)| digits(part)).map_or(stem, |(rest, _)| rest)
}

fn uncompressed(name: &str) -> &str {
    name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name)
}

/// What a name ends in, after its last dot; empty without one.
fn ending(name: &str) -> &str {
    let name = uncompressed(name);
    let name = name.rsplit('/').next().unwrap_or(name);
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Whether a file goes with data without being data.
fn is_beside(name: &str) -> bool {
    let lower = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let words = ["readme", "license", "licence", "citation", "notice", "changelog"];
    words.iter().any(|word| lower.starts_with(word))
        || matches!(ending(&lower), "md" | "toml" | "yaml" | "yml" | "py" | "html" | "pdf" | "sh" | "bib")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;
    use crate::read::{Read, corpus, read_corpus, read_dataset};

    fn folder(files: &[(&str, &str)]) -> Result<Read, DataError> {
        let files: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(n, c)| ((*n).to_owned(), c.as_bytes().to_vec())).collect();
        corpus(&Input::memory_folder("d", files), &ReadOptions::default())
    }

    fn ids(read: &Read) -> Vec<&str> {
        read.corpus.records.iter().map(|r| r.id.as_deref().unwrap_or("-")).collect()
    }

    #[test]
    fn a_folder_of_one_format_is_one_corpus() {
        let read = folder(&[
            ("README.md", "# x"),
            ("b/test.csv", "id,text,label\n1,one two,a\n9,three four,b\n"),
            ("b/train.csv", "id,text,label,extra\n1,five six,c,\n2,seven eight,a,z\n3,nine,b,y\n"),
            ("dev.csv", ""),
        ])
        .unwrap();
        assert_eq!(read.format.name(), "csv");
        assert_eq!(ids(&read), ["1", "9", "b/train/1", "2", "3"]);
        let splits: Vec<&str> = read.corpus.records.iter().map(|r| r.split.as_deref().unwrap()).collect();
        assert_eq!(splits, ["test", "test", "train", "train", "train"]);
        assert_eq!(read.corpus.records[3].place.to_string(), "b/train.csv: line 3");
        assert_eq!(read.corpus.outline.occurs.records, 5);
        assert_eq!(read.corpus.outline.columns.iter().map(|c| &**c).collect::<Vec<_>>(), ["extra"]);
        let said = read.notes.join("; ");
        assert!(said.contains("1 id stands in an earlier file too (first '1')"), "{said}");
        assert!(said.contains("1 file without a record: dev.csv"), "{said}");
    }

    #[test]
    fn names_that_say_no_split_say_none() {
        let line = "{\"text\": \"a b\", \"label\": \"x\"}\n{\"text\": \"c d\", \"label\": \"y\"}\n";
        let read = folder(&[("train.jsonl", line), ("more.jsonl", line)]).unwrap();
        assert!(read.corpus.records.iter().all(|r| r.split.is_none()));
        assert_eq!(read.corpus.records.iter().map(|r| r.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        let same = folder(&[("a_train.jsonl", line), ("b_train.jsonl", line)]).unwrap();
        assert!(same.corpus.records.iter().all(|r| r.split.is_none()));
        let parts = folder(&[("train-00000-of-00002.jsonl", line), ("test-00000-of-00001.jsonl", line)]).unwrap();
        assert_eq!(parts.corpus.records[0].split.as_deref(), Some("test"));
    }

    #[test]
    fn what_is_wrong_is_said_of_the_file() {
        let good = "{\"text\": \"a b\", \"label\": \"x\"}\n{\"text\": \"c d\", \"label\": \"y\"}\n";
        let message = folder(&[("a.jsonl", good), ("b.jsonl", "text,label\none,a\ntwo,b\n")]).unwrap_err().to_string();
        assert!(message.starts_with("d/b.jsonl: line 1"), "{message}");
        let one_bad = format!("{}{{broken\n", good.repeat(10));
        let read = folder(&[("a.jsonl", good), ("b.jsonl", &one_bad)]).unwrap();
        assert_eq!(read.skipped[0].line, 21);
        assert!(read.skipped[0].reason.contains("(b.jsonl: line 21)"), "{}", read.skipped[0].reason);
        let mixed = folder(&[("a.jsonl", good), ("b.csv", "text,label\na b,x\n")]).unwrap_err().to_string();
        assert!(mixed.contains("a folder of a.jsonl, b.csv"), "{mixed}");
        assert!(folder(&[("a.jsonl", ""), ("b.jsonl", "")]).unwrap_err().to_string().contains("empty"));
    }

    #[test]
    fn a_pattern_names_files() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("a.csv"), "text,label\none two,x\nthree four,y\n").unwrap();
        fs::write(at("b.csv"), "text,label\nfive six,x\n").unwrap();
        fs::write(at(".hidden.csv"), "text,label\nseven,x\n").unwrap();
        fs::write(at("c.txt"), "x").unwrap();
        let options = ReadOptions::default();
        let read = read_corpus(&at("*.csv"), &options).unwrap();
        let places: Vec<String> = read.corpus.records.iter().map(|r| r.place.to_string()).collect();
        assert_eq!(places, ["a.csv: line 2", "a.csv: line 3", "b.csv: line 2"]);
        let loaded = read_dataset(&at("*.csv"), &options).unwrap();
        let ids: Vec<&str> = loaded.dataset.examples.iter().map(|e| e.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "3"]);
        let message = read_corpus(&at("*.cvs"), &options).unwrap_err().to_string();
        assert!(message.contains("a pattern that no file fits") && message.contains("a.csv"), "{message}");
        // A file of that very name wins.
        fs::write(at("[ab].csv"), "text,label\nonly this,x\n").unwrap();
        assert_eq!(read_corpus(&at("[ab].csv"), &options).unwrap().corpus.records.len(), 1);
        assert!(read_corpus(&at("***"), &options).unwrap_err().to_string().contains("a pattern that cannot be read"));
    }
}
