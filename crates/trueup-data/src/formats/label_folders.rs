//! A folder of text files a label, `pos/1.txt` and `neg/2.txt`, and one more level above for splits, `train/pos/1.txt`:
//! the layout of the IMDb reviews ("Large Movie Review Dataset", its README), which scikit-learn's `load_files` and
//! Keras' `text_dataset_from_directory` read as well.
//!
//! A file's name without its ending is the id, where no two are alike, else its path. The folder `unsup` holds texts
//! without label, as in the IMDb reviews.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::corpus::{Answer, Key, Outline, Place, Record};
use crate::error::{DataError, list, quote};
use crate::formats::label_text::{no_columns, no_spans};
use crate::formats::parallel::file_safe;
use crate::formats::{Spec, Writer, conll};
use crate::head::{self, Confidence, Head};
use crate::holds::{Holds, Loss, Losses};
use crate::input::Input;
use crate::options::{ReadOptions, Remarks, count};
use crate::output::Output;
use crate::reading::Reading;

/// A folder of texts a label.
pub(crate) const SPEC: Spec = Spec {
    name: "label-folders",
    aliases: &["folders", "imdb"],
    title: "a folder of .txt files for each label",
    ending: "",
    holds: Holds { ids: true, splits: true, unlabelled: true, ..Holds::LABEL },
    sniff,
    read,
    write: Some(|outline| Box::new(Folders::new(outline))),
    folder: true,
};

const ENDING: &str = ".txt";
/// The folder of texts without label.
const UNLABELLED: &str = "unsup";
/// Where records without a split go when others have one.
const NO_SPLIT: &str = "all";
/// Usual names of splits.
const SPLITS: &[&str] = &["train", "training", "test", "testing", "dev", "val", "valid", "validation"];
const VALID: &str = "folders of text files: LABEL/NAME.txt, or SPLIT/LABEL/NAME.txt";

/// A text file in a folder of its label.
struct Text<'a> {
    path: &'a str,
    split: Option<&'a str>,
    label: &'a str,
    /// The name without folders and ending.
    stem: &'a str,
}

/// The text files of a folder by their labels, and those that lie elsewhere.
struct Plan<'a> {
    texts: Vec<Text<'a>>,
    elsewhere: Vec<&'a str>,
}

impl<'a> Plan<'a> {
    fn new(names: &'a [String]) -> Self {
        // Names without any ending are texts where nothing ends in .txt: 20 Newsgroups has them so.
        let bare = !names.iter().any(|name| stem(name, false).is_some());
        let texts: Vec<(&str, &str)> = names.iter().filter_map(|name| Some((&**name, stem(name, bare)?))).collect();
        let depth = |path: &str| path.bytes().filter(|&b| b == b'/').count();
        let at = |wanted| texts.iter().filter(|(path, _)| depth(path) == wanted).count();
        let deep = if at(2) > at(1) { 2 } else { 1 };
        let mut plan = Self { texts: Vec::new(), elsewhere: Vec::new() };
        for (path, stem) in texts {
            let parts: Vec<&str> = path.split('/').collect();
            let (split, label) = match parts.as_slice() {
                [label, _] if deep == 1 => (None, *label),
                [split, label, _] if deep == 2 => (Some(*split), *label),
                _ => {
                    plan.elsewhere.push(path);
                    continue;
                }
            };
            plan.texts.push(Text { path, split, label, stem });
        }
        plan
    }

    /// The distinct labels, in the order of their first file.
    fn labels(&self) -> Vec<&'a str> {
        let mut seen = FxHashSet::default();
        self.texts.iter().map(|text| text.label).filter(|label| seen.insert(*label)).collect()
    }

    /// An id for each text: its name where all are distinct, else its path.
    fn ids(&self) -> Vec<&'a str> {
        let distinct = |ids: &[&str]| ids.iter().collect::<FxHashSet<_>>().len() == ids.len();
        let names: Vec<&str> = self.texts.iter().map(|text| text.stem).collect();
        if distinct(&names) {
            return names;
        }
        let paths: Vec<&str> =
            self.texts.iter().map(|t| &t.path[..t.path.rfind(t.stem).unwrap_or(0) + t.stem.len()]).collect();
        if distinct(&paths) { paths } else { self.texts.iter().map(|text| text.path).collect() }
    }
}

/// The name of a text file without folders and ending; `bare` names have none.
fn stem(path: &str, bare: bool) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if bare {
        return (!name.contains('.')).then_some(name);
    }
    let cut = name.len().checked_sub(ENDING.len()).filter(|&cut| name.is_char_boundary(cut))?;
    (cut > 0 && name[cut..].eq_ignore_ascii_case(ENDING)).then_some(&name[..cut])
}

fn sniff(head: &Head) -> Confidence {
    let (Some(files), Some(folder)) = (&head.files, head.input.folder()) else {
        return Confidence::No;
    };
    let plan = Plan::new(files);
    let n = plan.texts.len();
    // A readme at the top says nothing.
    let elsewhere = plan.elsewhere.iter().filter(|path| path.contains('/')).count();
    if plan.labels().len() < 2 || elsewhere * 10 > n {
        return Confidence::No;
    }
    // Other files beside the texts say that they are annotated in another way.
    let parent = |path: &'_ str| path.rsplit_once('/').map_or(String::new(), |(parent, _)| parent.to_owned());
    let labelled: FxHashSet<String> = plan.texts.iter().map(|text| parent(text.path)).collect();
    let texts: FxHashSet<&str> = plan.texts.iter().map(|text| text.path).collect();
    if files.iter().any(|file| !texts.contains(file.as_str()) && labelled.contains(&parent(file))) {
        return Confidence::No;
    }
    for text in [0, n / 2, n - 1].into_iter().filter_map(|i| plan.texts.get(i)) {
        let Ok(file) = folder.read(text.path) else {
            return Confidence::No;
        };
        match file.text_or_blank() {
            Ok(text) if !conll::looks_like(head::head(text)) => {}
            _ => return Confidence::No,
        }
    }
    let is_split = |split: &str| SPLITS.contains(&&*split.to_lowercase());
    if plan.texts.iter().all(|text| text.split.is_some_and(is_split)) {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    no_columns("label folders", options, reading)?;
    no_spans(options, reading)?;
    let wrong =
        |found: String| DataError::Content { path: input.name.clone(), found, valid: VALID.to_owned(), hint: None };
    let Some(folder) = input.folder() else {
        return Err(wrong("a file".to_owned()));
    };
    let names = folder.names()?;
    let plan = Plan::new(&names);
    if plan.texts.is_empty() {
        let found = if names.is_empty() { "an empty folder".to_owned() } else { list(&names) };
        return Err(wrong(found));
    }
    let above = if plan.texts[0].split.is_some() { ", and the folders above them splits" } else { "" };
    reading.guess(format!("folders are labels ({}){above}", list(&plan.labels())), Some("--from"));
    if plan.texts.iter().any(|text| text.label == UNLABELLED) {
        reading.guess(format!("texts in '{UNLABELLED}' have no label"), None);
    }
    if let Some(first) = plan.elsewhere.first() {
        let n = count(plan.elsewhere.len(), "text file");
        reading.note(format!("{n} in no folder of a label left out (first {})", quote(first)));
    }
    reading.outline.several = Some(false);
    reading.ids_from_column = true;
    let mut keys: FxHashMap<&str, Key> = FxHashMap::default();
    // Encodings other than UTF-8: what was decided for the first, and how many files.
    let mut encodings: Option<(String, &str, usize)> = None;
    for (text, id) in plan.texts.iter().zip(plan.ids()) {
        let place = Place::in_file(text.path, 1);
        let file = folder.read(text.path)?;
        let content = match file.text_or_blank() {
            Ok(content) => content.to_owned(),
            Err(error) => {
                let found = match error {
                    DataError::Binary { looks_like, .. } => looks_like.to_owned(),
                    DataError::Encoding { found, line, .. } => format!("{found} (line {line})"),
                    other => return Err(other),
                };
                reading.remarks.skip_malformed_at(&place, found, "text")?;
                continue;
            }
        };
        let mut remarks = Remarks::default();
        file.remark_encoding(&mut remarks);
        if let Some(guess) = remarks.guesses.pop() {
            encodings.get_or_insert((guess.what, text.path, 0)).2 += 1;
        }
        let split = text.split.map(|split| keys.entry(split).or_insert_with(|| split.into()).clone());
        let gold = (text.label != UNLABELLED).then(|| Answer::labels([text.label]));
        let (id, text) = (Some(id.to_owned()), Some(content));
        reading.push(Record { id, place, text, split, gold, ..Record::default() })?;
    }
    reading.remarks.check_malformed(plan.texts.len(), "text", "is it another format? try --from")?;
    if let Some((what, first, n)) = encodings {
        reading.guess(format!("{what}, in {} (first {})", count(n, "file"), quote(first)), None);
    }
    Ok(())
}

/// Writes a file a record.
struct Folders {
    with_splits: bool,
    paths: FxHashSet<String>,
    /// Names without folders, to know whether the reader will take them for ids.
    stems: FxHashSet<String>,
    repeated: bool,
    /// The first id that was a path, and the first that was a name.
    path_id: Option<Place>,
    name_id: Option<Place>,
    /// How many records came.
    number: u64,
}

impl Folders {
    fn new(outline: &Outline) -> Self {
        Self {
            with_splits: outline.occurs.splits > 0,
            paths: FxHashSet::default(),
            stems: FxHashSet::default(),
            repeated: false,
            path_id: None,
            name_id: None,
            number: 0,
        }
    }

    /// The folder of a record.
    fn folder(&self, record: &Record, losses: &mut Losses) -> String {
        let label = record.gold.as_ref().and_then(|gold| gold.labels.as_ref()).and_then(|labels| labels.first());
        let folder = match label {
            None => UNLABELLED.to_owned(),
            Some(choice) => {
                let mut name = file_safe(&choice.label);
                if name == UNLABELLED {
                    name.push('_');
                }
                if name != choice.label {
                    let what = || format!("label '{}', whose folder is '{}'", quote(&choice.label), quote(&name));
                    losses.add(Loss::Labels, &record.place, what);
                }
                name
            }
        };
        if !self.with_splits {
            return folder;
        }
        let split = record.split.as_deref().unwrap_or(NO_SPLIT);
        let name = file_safe(split);
        if record.split.is_none() || name != split {
            let what = || match &record.split {
                None => format!("a record without split, written in '{NO_SPLIT}'"),
                Some(split) => format!("the split '{}', whose folder is '{}'", quote(split), quote(&name)),
            };
            losses.add(Loss::Splits, &record.place, what);
        }
        format!("{name}/{folder}")
    }
}

impl Writer for Folders {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        self.number += 1;
        let folder = self.folder(record, losses);
        let name = match &record.id {
            None => self.number.to_string(),
            Some(id) => {
                let inside = id.strip_prefix(&folder).and_then(|rest| rest.strip_prefix('/'));
                let kept = if inside.is_some() { &mut self.path_id } else { &mut self.name_id };
                kept.get_or_insert_with(|| record.place.clone());
                file_safe(inside.unwrap_or(id))
            }
        };
        let mut unique = name.clone();
        let mut again = 1;
        while !self.paths.insert(format!("{folder}/{unique}")) {
            again += 1;
            unique = format!("{name}-{again}");
        }
        let kept = record.id.as_ref().is_none_or(|id| *id == unique || *id == format!("{folder}/{unique}"));
        if !kept {
            let id = record.id.as_deref().unwrap_or_default();
            losses.add(Loss::Ids, &record.place, || format!("id '{}', whose file is '{}'", quote(id), quote(&unique)));
        }
        self.repeated |= !self.stems.insert(unique.clone());
        if record.text.is_none() {
            losses.add(Loss::Text, &record.place, || "a record without text got an empty one".to_owned());
        }
        // A byte order mark that belongs to the text would go, were there not another before it.
        let mark = if record.text().starts_with('\u{feff}') { "\u{feff}" } else { "" };
        out.put(&format!("{folder}/{unique}{ENDING}"), format!("{mark}{}", record.text()).as_bytes())
    }

    fn finish(&mut self, _: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let (changed, what) = if self.repeated {
            (&self.name_id, "an id that is read as a path, since names of files repeat in other folders")
        } else {
            (&self.path_id, "an id that is read without its folders, since no name of a file repeats")
        };
        if let Some(place) = changed {
            losses.add(Loss::Ids, place, || what.to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::formats::{detect, testing};
    use crate::read::Read;

    fn folder(files: &[(&str, &[u8])]) -> Input {
        let files: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(name, text)| ((*name).to_owned(), text.to_vec())).collect();
        Input::memory_folder("f", files)
    }

    fn seen(read: &Read) -> Vec<String> {
        let one = |r: &'_ Record| -> String {
            let label = r.gold.as_ref().and_then(|g| g.labels.as_ref()).map_or("", |labels| &labels[0].label);
            [r.id.as_deref().unwrap_or(""), r.split.as_deref().unwrap_or(""), label, r.text()].join("|")
        };
        read.corpus.records.iter().map(one).collect()
    }

    #[test]
    fn folders_are_labels_and_names_are_ids() {
        let input =
            folder(&[("neg/2.txt", b"bad\n"), ("pos/1.TXT", b" good "), ("pos/3.txt", b""), ("readme.txt", b"x")]);
        let found = detect(&input).unwrap()[0];
        assert_eq!((found.format.name(), found.confidence), ("label-folders", Confidence::Possible));
        let read = testing::read("label-folders", &input).unwrap();
        assert_eq!(seen(&read), ["2||neg|bad\n", "1||pos| good ", "3||pos|"]);
        assert_eq!(read.guesses[0].what, "folders are labels (neg, pos)");
        assert_eq!(read.corpus.records[1].place.to_string(), "pos/1.TXT: line 1");
    }

    #[test]
    fn one_more_level_is_splits_and_ids_are_paths_where_names_repeat() {
        let input = folder(&[
            ("test/neg/1.txt", b"a"),
            ("train/pos/1.txt", b"b"),
            ("train/unsup/0.txt", b"c"),
            ("train/urls.txt", b"http"),
        ]);
        let read = testing::read("label-folders", &input).unwrap();
        let expected = ["test/neg/1|test|neg|a", "train/pos/1|train|pos|b", "train/unsup/0|train||c"];
        assert_eq!(seen(&read), expected);
        assert_eq!(read.notes, ["1 text file in no folder of a label left out (first train/urls.txt)"]);
        let (files, losses) = testing::write("label-folders", &read.corpus);
        assert!(losses.is_empty(), "{losses:?}");
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["test/neg/1.txt", "train/pos/1.txt", "train/unsup/0.txt"]);
        let usual = folder(&[("test/neg/1.txt", b"a"), ("train/pos/1.txt", b"b")]);
        assert_eq!(detect(&usual).unwrap()[0].confidence, Confidence::Likely);
    }

    #[test]
    fn other_folders_are_left_alone() {
        let tokens = b"EU B-ORG\nrejects O\n\nPeter B-PER\nB. I-PER\n";
        for files in [
            folder(&[("a/1.txt", b"x"), ("a/1.ann", b""), ("b/2.txt", b"y"), ("b/2.ann", b"")]),
            folder(&[("worker1/1.txt", tokens), ("worker2/1.txt", tokens)]),
            folder(&[("a/1.txt", b"x"), ("a/2.txt", b"y")]),
            folder(&[("1.txt", b"x"), ("2.txt", b"y")]),
            folder(&[("gold/1.txt", b"x"), ("a/b/1.txt", b"y"), ("a/c/1.txt", b"z")]),
            folder(&[]),
        ] {
            let found = detect(&files).unwrap_or_default();
            assert!(found.iter().all(|one| one.format.name() != "label-folders"), "{found:?}");
        }
    }

    #[test]
    fn names_without_ending_and_other_encodings_are_read() {
        let input = folder(&[("alt.atheism/49960", b"caf\xe9"), ("sci.med/5", b"ok")]);
        let read = testing::read("label-folders", &input).unwrap();
        assert_eq!(read.corpus.records[0].text(), "café");
        let last = &read.guesses.last().unwrap().what;
        assert!(last.starts_with("the text is Windows-1252") && last.ends_with("in 1 file (first alt.atheism/49960)"));
    }

    #[test]
    fn what_is_no_text_is_listed_or_refused() {
        let mut files: Vec<(String, Vec<u8>)> = (0..30).map(|i| (format!("a/{i}.txt"), b"x".to_vec())).collect();
        files.push(("b/bin.txt".to_owned(), vec![0, 1, 2]));
        let read = testing::read("label-folders", &Input::memory_folder("f", files.into_iter().collect())).unwrap();
        assert_eq!(read.skipped[0].reason, "binary data (it holds NUL bytes) (b/bin.txt: line 1)");
        let message = |input: &Input| testing::read("label-folders", input).unwrap_err().to_string();
        assert!(
            message(&folder(&[("a/x.txt", b"%PDF-1"), ("b/y.txt", b"\0")])).contains("2 of 2 records are like that")
        );
        assert!(message(&folder(&[("x.txt", b"a")])).starts_with("f: x.txt; valid: folders of text files"));
        assert!(message(&Input::memory("f", b"a".to_vec())).starts_with("f: a file; valid: folders"));
        assert!(message(&folder(&[])).starts_with("f: an empty folder"));
    }

    #[test]
    fn what_names_of_files_cannot_say_is_noted() {
        let record = |id: &str, label: &str, split: Option<&str>| Record {
            id: Some(id.to_owned()),
            text: Some(String::new()),
            split: split.map(Into::into),
            gold: Some(Answer::labels([label])),
            ..Record::default()
        };
        let records = vec![
            record("a/b", "x/y", Some("train")),
            record("a/b", "x/y", Some("train")),
            record("..", "unsup", None),
            record("train/z/8", "z", Some("train")),
            record(&"é".repeat(150), "z", Some("train")),
        ];
        let (files, losses) = testing::write("label-folders", &testing::corpus_of(records));
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        let long = format!("train/z/{}.txt", "é".repeat(100));
        let expected = ["all/unsup_/_...txt", "train/x_y/a_b-2.txt", "train/x_y/a_b.txt", "train/z/8.txt", &long];
        assert_eq!(names, expected);
        let kinds: Vec<_> = losses.kinds.iter().map(|(kind, lost)| (kind.name(), lost.count)).collect();
        assert_eq!(kinds, [("labels", 3), ("splits", 1), ("ids", 5)]);
    }

    proptest! {
        #[test]
        fn round_trip(records in testing::records(SPEC.holds)) {
            testing::assert_round_trip_by("label-folders", records, |r| r.id.clone());
        }
    }
}
