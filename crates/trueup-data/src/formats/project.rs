//! What the formats share whose texts are files of their own: reading a text whatever it holds, names for new files,
//! and the count of spans that did not fit.

use rustc_hash::FxHashSet;

use crate::corpus::Place;
use crate::error::{DataError, quote};
use crate::input::Folder;
use crate::options::{Remarks, count};
use crate::reading::Reading;

/// Reads text files one by one, and says once in which encoding those were that are not UTF-8.
#[derive(Debug, Default)]
pub(crate) struct TextFiles {
    decoded: usize,
    first: Option<String>,
}

impl TextFiles {
    /// The text of a file. One that is empty or blank is a text too.
    pub fn read(&mut self, folder: &Folder, name: &str) -> Result<String, DataError> {
        let input = folder.read(name)?;
        let text = match input.text() {
            Ok(text) => text.to_owned(),
            Err(DataError::Empty { .. }) => crate::source::plain(input.bytes()?).to_owned(),
            Err(error) => return Err(error),
        };
        let mut remarks = Remarks::default();
        input.remark_encoding(&mut remarks);
        if let Some(guess) = remarks.guesses.pop() {
            self.decoded += 1;
            self.first.get_or_insert_with(|| format!("{}: {}", quote(name), guess.what));
        }
        Ok(text)
    }

    /// Says what was decided.
    pub fn finish(self, reading: &mut Reading) {
        if let Some(first) = self.first {
            let what = format!("{} not UTF-8 (the first is {first})", verb(self.decoded, "text", "is", "are"));
            reading.guess(what, None);
        }
    }
}

/// `1 text is`, `2 texts are`.
pub(crate) fn verb(n: usize, noun: &str, one: &str, several: &str) -> String {
    format!("{} {}", count(n, noun), if n == 1 { one } else { several })
}

/// Spans that stood elsewhere than said, and spans that stand nowhere.
#[derive(Debug, Default)]
pub(crate) struct SpanFaults {
    moved: usize,
    first_moved: Option<Place>,
    broken: usize,
    first_broken: Option<Place>,
}

impl SpanFaults {
    /// A span was moved to the text that it quotes.
    pub fn moved(&mut self, place: &Place) {
        self.moved += 1;
        self.first_moved.get_or_insert_with(|| place.clone());
    }

    /// A span is left out; with `--strict` it is an error.
    pub fn broken(
        &mut self,
        reading: &mut Reading,
        place: &Place,
        found: impl Into<String>,
        valid: &str,
    ) -> Result<(), DataError> {
        self.broken += 1;
        self.first_broken.get_or_insert_with(|| place.clone());
        reading.skip(place, found, valid)
    }

    /// Says how many there were of each.
    pub fn finish(self, reading: &mut Reading) {
        if let Some(first) = self.first_moved {
            let (quoted, moved) = if self.moved == 1 { ("its", "was") } else { ("their", "were") };
            let spans = count(self.moved, "span");
            reading
                .note(format!("{spans} did not cover {quoted} quoted text and {moved} moved to it (first at {first})"));
        }
        if let Some(first) = self.first_broken {
            let spans = verb(self.broken, "span", "was", "were");
            reading.note(format!("{spans} left out, the record stays (first at {first})"));
        }
    }
}

/// How long the name of one file or folder may be, in bytes.
const LONGEST: usize = 120;
/// How many folders deep a file may lie.
const DEPTH: usize = 5;

/// Gives every record a file name, without its ending: made from its id, safe on every system, each once.
#[derive(Debug, Default)]
pub(crate) struct FileNames {
    taken: FxHashSet<String>,
}

impl FileNames {
    /// The name for the record of that id, or of that number where there is none.
    pub fn take(&mut self, id: Option<&str>, number: u64) -> String {
        let base = id.map_or_else(|| format!("{number:05}"), safe);
        let mut name = base.clone();
        let mut n = 1u64;
        // Some systems hold `A` and `a` for the same name.
        while !self.taken.insert(name.to_lowercase()) {
            n += 1;
            name = format!("{base}-{n}");
        }
        name
    }
}

fn safe(id: &str) -> String {
    let deep = id.split('/').count() > DEPTH;
    let id = if deep { id.replace('/', "_") } else { id.to_owned() };
    let parts: Vec<&str> = id.split('/').collect();
    let last = parts.len() - 1;
    let part = |(i, part): (usize, &&str)| {
        let bad = |c: char| c.is_control() || "\\:*?\"<>|".contains(c) || trueup_core::words::acts(c);
        let mut out: String = part.chars().map(|c| if bad(c) { '_' } else { c }).collect();
        let cut = (0..=LONGEST.min(out.len())).rev().find(|&i| out.is_char_boundary(i)).unwrap_or(0);
        out.truncate(cut);
        if out.starts_with('.') {
            out.replace_range(..1, "_");
        }
        if out.ends_with(['.', ' ']) {
            out.pop();
            out.push('_');
        }
        // A folder must not have the name of another record's file.
        let is_file = [".txt", ".ann"].iter().any(|ending| out.ends_with(ending));
        if out.is_empty() || (i < last && is_file) {
            out.push('_');
        }
        out
    };
    parts.iter().enumerate().map(part).collect::<Vec<_>>().join("/")
}

/// The name without `.txt`.
pub(crate) fn stem(name: &str) -> &str {
    name.strip_suffix(".txt").unwrap_or(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::formats::testing;
    use crate::input::Input;

    #[test]
    fn file_names_are_safe_and_each_is_given_once() {
        let mut names = FileNames::default();
        let mut take = |id: &str| names.take(Some(id), 1);
        assert_eq!(take("a/b"), "a/b");
        assert_eq!(take("A/B"), "A/B-2");
        assert_eq!(take("../x"), "__/x");
        assert_eq!(take("/etc"), "_/etc");
        assert_eq!(take("c:\\d?.\u{202e}"), "c__d_._");
        assert_eq!(take(""), "_");
        assert_eq!(take("a.txt/b"), "a.txt_/b");
        assert_eq!(take("1/2/3/4/5/6"), "1_2_3_4_5_6");
        assert!(take(&"é".repeat(200)).len() <= LONGEST);
        assert_eq!(names.take(None, 7), "00007");
    }

    /// Real projects, where they are: see `tests/formats/projects.rs`.
    fn real(folder: &str) -> Option<Input> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/formats");
        let path = std::path::Path::new(path).join(folder);
        path.exists().then(|| Input::open(&path).unwrap())
    }

    #[test]
    fn brat_folders_come_back_byte_for_byte() {
        for name in ["brat/ncbi_disease", "brat/conll2002_esp", "brat/bio_tutorial"] {
            let Some(input) = real(name) else {
                continue;
            };
            let (files, losses) = testing::write("brat", &testing::read("brat", &input).unwrap().corpus);
            assert!(losses.is_empty(), "{losses:?}");
            let folder = input.folder().unwrap();
            let names: Vec<String> = folder.names().unwrap().into_iter().filter(|name| name != "README").collect();
            assert_eq!(files.keys().cloned().collect::<Vec<_>>(), names);
            for (name, bytes) in files {
                assert!(folder.read(&name).unwrap().bytes().unwrap() == bytes, "{name}");
            }
        }
    }

    #[test]
    fn azure_projects_come_back_with_their_texts() {
        for name in ["azure/custom_ner", "azure/custom_single_label", "azure/custom_multi_label"] {
            let Some(input) = real(name) else {
                continue;
            };
            let read = testing::read("azure", &input).unwrap();
            let (files, losses) = testing::write("azure", &read.corpus);
            assert!(losses.is_empty(), "{losses:?}");
            let folder = input.folder().unwrap();
            for (name, bytes) in files.iter().filter(|(name, _)| name.strip_suffix(".txt").is_some()) {
                assert!(folder.read(name).unwrap().bytes().unwrap() == bytes, "{name}");
            }
            // The labels file says the same, whatever its white space and the order of its keys.
            let labels = |bytes: &[u8]| -> serde_json::Value { serde_json::from_slice(bytes).unwrap() };
            let own = folder.here().unwrap().into_iter().find(|name| name.strip_suffix(".json").is_some()).unwrap();
            assert_eq!(labels(&files["labels.json"]), labels(folder.read(&own).unwrap().bytes().unwrap()));
            let again = testing::read("azure", &testing::input(files)).unwrap().corpus;
            assert_eq!(again.records, read.corpus.records);
            assert_eq!(again.outline.settings, read.corpus.outline.settings);
        }
    }

    #[test]
    fn nothing_else_is_claimed() {
        let ours = ["azure", "brat", "rasa", "comprehend", "comprehend-entities", "comprehend-manifest"];
        for folder in ["conllu", "doccano", "hf", "iobes", "label_studio", "malformed", "prodigy", "seqeval", "spacy"] {
            let Some(input) = real(folder) else {
                continue;
            };
            let names = input.folder().unwrap().names().unwrap();
            let files = names.iter().map(|name| input.folder().unwrap().read(name).unwrap());
            for input in std::iter::once(real(folder).unwrap()).chain(files) {
                let found = crate::formats::detect(&input).unwrap_or_default();
                assert!(found.iter().all(|c| !ours.contains(&c.format.name())), "{}: {found:?}", input.name);
            }
        }
    }
}
