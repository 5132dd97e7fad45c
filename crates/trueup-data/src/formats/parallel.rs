//! Two parallel files, a text a line in one and its label in the same line of the other: `train_text.txt` and
//! `train_labels.txt` (TweetEval, "Files" of its README), `x.text` and `x.label`, `texts.txt` and `labels.txt`, `seq.in`
//! and `label` (SNIPS and ATIS as slot-filling code has them).
//!
//! Either the file of texts is given, and the other is looked for beside it, or a folder, of which each pair is a split.
//! Labels that are numbers get names where a file of names leaves no doubt.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::corpus::{Answer, Key, Outline, Place, Record};
use crate::error::{DataError, list, quote};
use crate::formats::label_text::{no_columns, no_spans, one_line};
use crate::formats::{Spec, Writer, is_blank, lines};
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Loss, Losses, Texts};
use crate::input::{Folder, Input};
use crate::label_names::{self, Naming};
use crate::options::{ReadOptions, count};
use crate::output::Output;
use crate::reading::Reading;

/// A file of texts and a file of labels.
pub(crate) const SPEC: Spec = Spec {
    name: "parallel",
    aliases: &["tweeteval"],
    title: "a file of texts and a file of labels, line by line",
    ending: "",
    holds: Holds { texts: Texts::Line, splits: true, unlabelled: true, ..Holds::LABEL },
    sniff,
    read,
    write: Some(|_: &Outline| Box::new(Files::default())),
    folder: true,
};

/// Words in the names of files of texts, the longer first, and what stands in their place in those of labels.
const WORDS: &[(&str, &[&str])] = &[
    ("sentences", &["labels", "label"]),
    ("seq.in", &["label", "labels"]),
    ("texts", &["labels", "label"]),
    ("text", &["labels", "label"]),
];
/// Files that name labels written as numbers.
const NAMES: &[&str] = &["mapping.txt", "label_names.txt", "classes.txt", "labels.txt"];
/// Endings that say nothing of the split.
const ENDINGS: &[&str] = &[".txt", ".tsv", ".lst", ".dat", ".raw"];
const COMPRESSED: &[&str] = &["", ".gz", ".zst"];
const VALID: &str = "a pair such as train_text.txt and train_labels.txt, texts.txt and labels.txt, x.text and x.label, or a folder of them";

/// A file of texts with its file of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pair {
    texts: String,
    labels: String,
    /// What the names say besides: `train`.
    split: String,
}

/// The pair that begins with a file of texts of that name, if its partner is there.
fn pair(texts: &str, has: impl Fn(&str) -> bool) -> Option<Pair> {
    let plain = COMPRESSED[1..].iter().find_map(|ending| texts.strip_suffix(ending)).unwrap_or(texts);
    let (folder, file) = plain.rsplit_once('/').map_or(("", plain), |(folder, file)| (folder, file));
    let inside = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    for (word, partners) in WORDS {
        let edge = |c: Option<char>| c.is_none_or(|c| matches!(c, '_' | '-' | '.'));
        let Some((before, after)) = file.rmatch_indices(word).find_map(|(at, _)| {
            let (before, after) = (&file[..at], &file[at + word.len()..]);
            (edge(before.chars().next_back()) && edge(after.chars().next())).then_some((before, after))
        }) else {
            continue;
        };
        let names = partners.iter().flat_map(|partner| {
            COMPRESSED.iter().map(|ending| format!("{inside}{before}{partner}{after}{ending}")).collect::<Vec<_>>()
        });
        if let Some(labels) = names.into_iter().find(|name| has(name)) {
            let bare = ENDINGS.iter().find_map(|ending| after.strip_suffix(ending)).unwrap_or(after);
            let trim = |part: &str| part.trim_matches(['_', '-', '.']).to_owned();
            let parts = [folder.to_owned(), trim(before), trim(bare)];
            let split = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
            return Some(Pair { texts: texts.to_owned(), labels, split });
        }
        return None;
    }
    None
}

/// The pairs of a folder, in the order of their names.
fn pairs(names: &[String]) -> Vec<Pair> {
    let known: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    names.iter().filter_map(|name| pair(name, |name| known.contains(name))).collect()
}

/// The name of a file without its folders.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn sniff(head: &Head) -> Confidence {
    let found = match (&head.files, head.input.beside(), head.json) {
        // A folder of much else holds several data sets, of which pairs are but one.
        (Some(files), ..) => pairs(files).len() * 4 >= files.len().max(1),
        (None, Some(beside), Json::No) if head.text.is_some() => {
            pair(file_name(&head.input.name), |name| beside.has(name)).is_some()
        }
        _ => false,
    };
    if found { Confidence::Likely } else { Confidence::No }
}

fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    no_columns("parallel files", options, reading)?;
    no_spans(options, reading)?;
    let wrong =
        |found: String| DataError::Content { path: input.name.clone(), found, valid: VALID.to_owned(), hint: None };
    reading.outline.several = Some(false);
    if let Some(folder) = input.folder() {
        let names = folder.names()?;
        let pairs = pairs(&names);
        if pairs.is_empty() {
            return Err(wrong(format!("no pair of files of texts and labels among {}", list(&names))));
        }
        let shown: Vec<String> = pairs.iter().map(|p| format!("{} with {}", p.texts, p.labels)).collect();
        let splits = if pairs.iter().any(|p| !p.split.is_empty()) { ", each pair a split" } else { "" };
        reading.guess(format!("texts and labels stand in parallel files: {}{splits}", list(&shown)), Some("--from"));
        let files: Vec<(Input, Input)> = pairs
            .iter()
            .map(|pair| Ok((folder.read(&pair.texts)?, folder.read(&pair.labels)?)))
            .collect::<Result<_, DataError>>()?;
        let joined: Vec<Lines> = files
            .iter()
            .zip(&pairs)
            .map(|((texts, labels), pair)| Lines::join(&input.name, pair, texts, labels))
            .collect::<Result<_, _>>()?;
        let used: BTreeSet<&str> = pairs.iter().map(|pair| pair.labels.as_str()).collect();
        let naming = naming(folder, &used, &joined, options, reading);
        for (lines, pair) in joined.iter().zip(&pairs) {
            push(lines, Some(pair), naming.as_ref(), reading)?;
        }
        for (texts, labels) in &files {
            texts.remark_encoding(reading.remarks);
            labels.remark_encoding(reading.remarks);
        }
        return Ok(());
    }
    let name = file_name(&input.name);
    let Some((folder, pair)) = input.beside().and_then(|beside| Some((beside, pair(name, |name| beside.has(name))?)))
    else {
        return Err(wrong(format!("no file of labels beside '{}'", quote(name))));
    };
    reading.guess(format!("labels are the lines of {}", quote(&pair.labels)), Some("--from"));
    let labels = folder.read(&pair.labels)?;
    let lines = Lines::join(&input.name, &pair, input, &labels)?;
    let used = BTreeSet::from([pair.labels.as_str()]);
    let naming = naming(folder, &used, std::slice::from_ref(&lines), options, reading);
    push(&lines, None, naming.as_ref(), reading)?;
    labels.remark_encoding(reading.remarks);
    Ok(())
}

/// The lines of both files, as many of one as of the other.
struct Lines<'a> {
    texts: Vec<&'a str>,
    labels: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    fn join(path: &str, pair: &Pair, texts: &'a Input, labels: &'a Input) -> Result<Self, DataError> {
        let mut texts: Vec<&str> = lines(texts.text_or_blank()?).map(|(_, line)| line).collect();
        let mut labels: Vec<&str> = lines(labels.text_or_blank()?).map(|(_, line)| line.trim()).collect();
        let (n, m) = (texts.len(), labels.len());
        // Empty lines at the end of the longer file are no records.
        let surplus = if n > m { &texts[m..] } else { &labels[n..] };
        if surplus.iter().any(|line| !is_blank(line)) {
            let (text_file, label_file) = (quote(&pair.texts), quote(&pair.labels));
            return Err(DataError::Content {
                path: path.to_owned(),
                found: format!("{} in {text_file} and {} in {label_file}", count(n, "text"), count(m, "label")),
                valid: "as many labels as texts, line by line".to_owned(),
                hint: Some(
                    "a line break inside a text, or a line that one of the files lost, shifts all that follow"
                        .to_owned(),
                ),
            });
        }
        texts.truncate(n.min(m));
        labels.truncate(n.min(m));
        Ok(Self { texts, labels })
    }
}

/// Names by label.
type Names = FxHashMap<String, String>;

/// The names of labels that are numbers, if there is a file of names that fits and no doubt how it counts.
fn naming(
    folder: &Folder,
    used: &BTreeSet<&str>,
    all: &[Lines],
    options: &ReadOptions,
    reading: &mut Reading,
) -> Option<Names> {
    let occurring: BTreeSet<&str> =
        all.iter().flat_map(|lines| &lines.labels).copied().filter(|l| !l.is_empty()).collect();
    let numbers = occurring.iter().all(|label| label.bytes().all(|b| b.is_ascii_digit()));
    if options.label_names.is_some() || occurring.is_empty() || !numbers {
        return None;
    }
    for name in NAMES.iter().filter(|name| !used.contains(*name) && folder.has(name)) {
        let Some(pairs) = folder.read(name).ok().and_then(|file| label_names::parse(&file).ok()) else {
            continue;
        };
        let naming = Naming::new(&pairs, &occurring);
        if naming.ambiguous || occurring.iter().any(|label| naming.name(label).is_none()) {
            reading.note(format!("{name} was not used to name the labels: which label is which is not certain"));
            continue;
        }
        let base = naming.base.as_ref().map_or_else(String::new, |base| format!(" ({base})"));
        reading.guess(format!("{name} names the labels{base}"), Some("--label-names"));
        let named = |id: &str| Some((id.to_owned(), naming.name(id)?.to_owned()));
        return Some(occurring.iter().filter_map(|id| named(id)).collect());
    }
    None
}

fn push(lines: &Lines, pair: Option<&Pair>, names: Option<&Names>, reading: &mut Reading) -> Result<(), DataError> {
    let file: Option<Key> = pair.map(|pair| pair.texts.as_str().into());
    let split: Option<Key> = pair.filter(|pair| !pair.split.is_empty()).map(|pair| pair.split.as_str().into());
    for (number, (text, label)) in (1..).zip(lines.texts.iter().zip(&lines.labels)) {
        let gold = (!label.is_empty()).then(|| {
            let name = names.and_then(|names| names.get(*label));
            Answer::labels([name.map_or(*label, String::as_str)])
        });
        reading.push(Record {
            place: Place { file: file.clone(), ..Place::line(number) },
            text: Some((*text).to_owned()),
            split: split.clone(),
            gold,
            ..Record::default()
        })?;
    }
    Ok(())
}

/// A part of a file name that says nothing else to a file system or to the reader.
pub(crate) fn file_safe(name: &str) -> String {
    const LONGEST: usize = 200;
    let safe = |c: char| if c.is_control() || matches!(c, '/' | '\\') { '_' } else { c };
    let mut out: String = name.chars().map(safe).collect();
    if out.len() > LONGEST {
        out.truncate((0..=LONGEST).rfind(|&at| out.is_char_boundary(at)).unwrap_or(0));
    }
    // Names that begin with a dot are hidden.
    if out.is_empty() || out.starts_with('.') {
        out.insert(0, '_');
    }
    out
}

/// Gathers the lines of each split.
#[derive(Default)]
struct Files {
    /// By the name of the split; that of records without one is empty.
    splits: FxHashMap<String, usize>,
    /// Name, texts, labels.
    files: Vec<(String, Vec<u8>, Vec<u8>)>,
}

impl Writer for Files {
    fn record(&mut self, record: &Record, _: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let split = record.split.as_deref().unwrap_or_default();
        let place = if let Some(&place) = self.splits.get(split) {
            place
        } else {
            let mut name = if split.is_empty() { String::new() } else { file_safe(split) };
            while self.files.iter().any(|(other, ..)| *other == name) {
                name.push('_');
            }
            if name != split || split.trim_matches(['_', '-', '.']) != split {
                let what = || format!("the split '{}', whose files are named '{}'", quote(split), quote(&name));
                losses.add(Loss::Splits, &record.place, what);
            }
            self.files.push((name, Vec::new(), Vec::new()));
            self.splits.insert(split.to_owned(), self.files.len() - 1);
            self.files.len() - 1
        };
        let text = one_line(record, losses);
        let label = record.gold.as_ref().and_then(|gold| gold.labels.as_ref()).and_then(|labels| labels.first());
        let label = label.map_or("", |choice| choice.label.as_str());
        let line = label.trim().replace("\r\n", " ").replace(['\n', '\r'], " ");
        if line != label {
            losses.add(Loss::Labels, &record.place, || format!("label '{}' was written '{line}'", quote(label)));
        }
        let (_, texts, labels) = &mut self.files[place];
        for (file, line) in [(texts, &*text), (labels, line.as_str())] {
            file.extend_from_slice(line.as_bytes());
            file.push(b'\n');
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        for (split, texts, labels) in self.files.drain(..) {
            let before = if split.is_empty() { String::new() } else { format!("{split}_") };
            out.put(&format!("{before}text.txt"), &texts)?;
            out.put(&format!("{before}labels.txt"), &labels)?;
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

    fn folder(files: &[(&str, &str)]) -> Input {
        let files: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        Input::memory_folder("f", files)
    }

    fn read(files: &[(&str, &str)]) -> Read {
        testing::read("parallel", &folder(files)).unwrap()
    }

    fn labels(read: &Read) -> Vec<String> {
        let label = |r: &Record| r.gold.as_ref().map_or(String::new(), |g| g.labels.as_ref().unwrap()[0].label.clone());
        read.corpus.records.iter().map(label).collect()
    }

    #[test]
    fn names_of_pairs() {
        let of = |texts: &str, labels: &str| pair(texts, |name| name == labels).map(|pair| pair.split);
        assert_eq!(of("train_text.txt", "train_labels.txt").as_deref(), Some("train"));
        assert_eq!(of("text_dev.txt", "label_dev.txt").as_deref(), Some("dev"));
        assert_eq!(of("x.text", "x.label").as_deref(), Some("x"));
        assert_eq!(of("texts.txt", "labels.txt").as_deref(), Some(""));
        assert_eq!(of("train/seq.in", "train/label").as_deref(), Some("train"));
        assert_eq!(of("test_text.txt.gz", "test_labels.txt").as_deref(), Some("test"));
        assert_eq!(of("text_text.txt", "text_labels.txt").as_deref(), Some("text"));
        assert_eq!(of("context.txt", "conlabels.txt"), None);
        assert_eq!(of("train_text.txt", "test_labels.txt"), None);
        assert_eq!(of("labels.txt", "labels.txt"), None);
    }

    #[test]
    fn each_pair_of_a_folder_is_a_split() {
        let input = folder(&[
            ("train_text.txt", "one \n\n  three\n"),
            ("train_labels.txt", "1\r\n0\r\n\r\n"),
            ("test_text.txt", "four"),
            ("test_labels.txt", "1\n\n"),
            ("mapping.txt", "0\tx\tno\t\n1\ty\tyes\t\n"),
        ]);
        let found = detect(&input).unwrap()[0];
        assert_eq!((found.format.name(), found.confidence), ("parallel", Confidence::Likely));
        let read = testing::read("parallel", &input).unwrap();
        let seen: Vec<_> = read.corpus.records.iter().map(|r| (r.split.as_deref(), r.text())).collect();
        let train = Some("train");
        assert_eq!(seen, [(Some("test"), "four"), (train, "one "), (train, ""), (train, "  three")]);
        assert_eq!(labels(&read), ["yes", "yes", "no", ""]);
        assert_eq!(read.corpus.records[3].place.to_string(), "train_text.txt: line 3");
        assert_eq!(read.guesses[1].what, "mapping.txt names the labels");
    }

    #[test]
    fn labels_are_named_only_without_doubt() {
        let with = |file: (&str, &str), labels_of: &str| {
            let texts = "a\n".repeat(labels_of.lines().count());
            let read = read(&[("texts.txt", &texts), ("x_labels.txt", ""), ("labels.txt", labels_of), file]);
            (labels(&read).join(" "), read.notes.join(""))
        };
        assert_eq!(with(("classes.txt", "no\nyes\n"), "0\n1\n"), ("no yes".into(), String::new()));
        assert_eq!(with(("classes.txt", "no\nyes\n"), "1\n2\n"), ("no yes".into(), String::new()));
        let doubt = "classes.txt was not used to name the labels: which label is which is not certain";
        assert_eq!(with(("classes.txt", "no\nyes\n"), "1\n1\n"), ("1 1".into(), doubt.into()));
        assert_eq!(with(("classes.txt", "no\nyes\n"), "0\n2\n"), ("0 2".into(), doubt.into()));
        assert_eq!(with(("classes.txt", "no\nno\n"), "0\n1\n"), ("0 1".into(), String::new()));
        assert_eq!(with(("mapping.txt", "1\tno\n7\tyes\n"), "7\n1\n"), ("yes no".into(), String::new()));
        assert_eq!(with(("classes.txt", "no\nyes\n"), "a\nb\n"), ("a b".into(), String::new()));
    }

    #[test]
    fn a_file_of_texts_finds_its_partner() {
        let beside = BTreeMap::from([("x.label".to_owned(), b"spam\nham\n".to_vec())]);
        let input = Input::memory("some/x.text", b"a\nb\n".to_vec()).beside_memory(beside);
        assert_eq!(detect(&input).unwrap()[0].format.name(), "parallel");
        let read = testing::read("parallel", &input).unwrap();
        assert_eq!(labels(&read), ["spam", "ham"]);
        assert_eq!(
            (read.corpus.records[1].split.clone(), read.corpus.records[1].place.clone()),
            (None, Place::line(2))
        );
        let alone = testing::read("parallel", &Input::memory("x.text", b"a\n".to_vec())).unwrap_err().to_string();
        assert!(alone.starts_with("x.text: no file of labels beside 'x.text'; valid: a pair such as"), "{alone}");
    }

    #[test]
    fn unequal_files_are_an_error_with_both_counts() {
        let input = folder(&[("dev_text.txt", "a\nb\nc\n"), ("dev_labels.txt", "1\n0\n")]);
        let message = testing::read("parallel", &input).unwrap_err().to_string();
        assert!(
            message.starts_with("f: 3 texts in dev_text.txt and 2 labels in dev_labels.txt; valid: as many"),
            "{message}"
        );
        let message = testing::read("parallel", &folder(&[("a.txt", "x")])).unwrap_err().to_string();
        assert!(message.starts_with("f: no pair of files of texts and labels among a.txt"), "{message}");
        assert!(testing::read("parallel", &folder(&[])).is_err());
        let much_else = folder(&[("a/text.txt", ""), ("a/labels.txt", ""), ("b/1", ""), ("b/2", ""), ("b/3", "")]);
        assert!(detect(&much_else).is_err());
    }

    #[test]
    fn what_two_files_cannot_hold_is_noted() {
        let record = |split: &str, label: &str| Record {
            text: Some("a\nb".to_owned()),
            split: Some(split.into()),
            gold: Some(Answer::labels([label])),
            ..Record::default()
        };
        let records = vec![record("../x", "a\nb"), record(".._x", "c")];
        let (files, losses) = testing::write("parallel", &testing::corpus_of(records));
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["_.._x__labels.txt", "_.._x__text.txt", "_.._x_labels.txt", "_.._x_text.txt"]);
        let kinds: Vec<_> = losses.kinds.iter().map(|(kind, lost)| (kind.name(), lost.count)).collect();
        assert_eq!(kinds, [("text", 2), ("labels", 1), ("splits", 2)]);
    }

    proptest! {
        #[test]
        fn round_trip(records in testing::records(SPEC.holds)) {
            testing::assert_round_trip_by("parallel", records, |r| r.split.clone());
        }
    }
}
