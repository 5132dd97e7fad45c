//! Lines that begin with their label, `DESC:manner How did ...`: the first space of a line ends its label.
//!
//! So the TREC question data are published ("Experimental Data for Question Classification", Li and Roth, University
//! of Illinois). A file of fastText's lines ([`super::fasttext`]) is read as such under this name too.

use std::borrow::Cow;

use rustc_hash::FxHashSet;
use trueup_core::Task;

use crate::corpus::{Answer, Outline, Place, Record};
use crate::error::{DataError, quote};
use crate::formats::{Spec, Writer, fasttext, is_blank, lines};
use crate::head::{Confidence, Json};
use crate::holds::{Holds, Loss, Losses, Texts};
use crate::input::Input;
use crate::options::{ReadOptions, count};
use crate::output::Output;
use crate::reading::Reading;

/// Lines that begin with their label.
pub(crate) const SPEC: Spec = Spec {
    name: "label-text",
    aliases: &["trec"],
    title: "lines that begin with their label",
    ending: ".txt",
    holds: Holds { texts: Texts::Line, ..Holds::LABEL },
    sniff: |head| match head.text.filter(|_| head.json == Json::No) {
        Some(text) if !fasttext::is_fasttext(text) && looks_like(text) => Confidence::Possible,
        _ => Confidence::No,
    },
    read,
    write: Some(|_: &Outline| Box::new(Lines)),
    folder: false,
};

/// Whether first words look like labels: nearly every line has one, they repeat, they are few, and most are written
/// as no word that begins a sentence is (capitals, a colon, an underscore, digits).
pub(crate) fn looks_like(head: &str) -> bool {
    let (mut all, mut split, mut marked) = (0usize, 0usize, 0usize);
    let mut labels: FxHashSet<&str> = FxHashSet::default();
    for (_, line) in lines(head).filter(|(_, line)| !is_blank(line)) {
        all += 1;
        let Some((label, _)) = line.split_once(' ') else {
            continue;
        };
        split += 1;
        labels.insert(label);
        let capitals = label.len() > 1 && label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let inner = label.trim_end_matches(':').contains([':', '_']);
        marked += usize::from(!label.is_empty() && (capitals || inner));
    }
    split * 100 >= all * 95 && labels.len() >= 2 && labels.len() <= (all * 2 / 3).max(2) && marked * 10 >= all * 9
}

/// Fails when a column was asked for in a format that has none; `what` is its name in the plural.
pub(crate) fn no_columns(what: &str, options: &ReadOptions, reading: &Reading) -> Result<(), DataError> {
    for (asked, role) in [
        (&options.text, "text"),
        (&options.label, "label"),
        (&options.id, "id"),
        (&options.group, "group"),
        (&options.time, "time"),
    ] {
        if let Some(asked) = asked {
            let valid = format!("none: {what} have no columns");
            let path = reading.remarks.path.clone();
            return Err(DataError::UnknownColumn { path, role, found: quote(asked), valid });
        }
    }
    Ok(())
}

/// Fails when spans were asked for in lines that hold labels.
pub(crate) fn no_spans(options: &ReadOptions, reading: &Reading) -> Result<(), DataError> {
    if options.task != Some(Task::Ner) {
        return Ok(());
    }
    let valid = "JSON lines with spans, or CoNLL".to_owned();
    let found = "labelled lines, which hold no spans".to_owned();
    Err(DataError::Content { path: reading.remarks.path.clone(), found, valid, hint: None })
}

fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let text = input.text()?;
    if fasttext::is_fasttext(text) {
        return fasttext::read(input, options, reading);
    }
    no_columns("labelled lines", options, reading)?;
    no_spans(options, reading)?;
    reading.guess("the first space of a line ends its label", Some("--from"));
    reading.outline.several = Some(false);
    let mut without_text = 0;
    for (line, content) in lines(text).filter(|(_, line)| !is_blank(line)) {
        let place = Place::line(line);
        let (label, text) = content.split_once(' ').unwrap_or((content, ""));
        if label.is_empty() {
            reading.skip(&place, "no label", "a label on every line")?;
            continue;
        }
        without_text += usize::from(text.is_empty());
        let gold = Some(Answer::labels([label]));
        reading.push(Record { place, text: Some(text.to_owned()), gold, ..Record::default() })?;
    }
    if without_text > 0 {
        reading.note(format!("{} without text", count(without_text, "line")));
    }
    Ok(())
}

/// The text of a record in one line; what that changes is noted.
pub(crate) fn one_line<'a>(record: &'a Record, losses: &mut Losses) -> Cow<'a, str> {
    let Some(text) = &record.text else {
        losses.add(Loss::Text, &record.place, || "a record without text got an empty one".to_owned());
        return Cow::Borrowed("");
    };
    // A lone carriage return ends a line for some readers, though not for this one.
    if !text.contains(['\n', '\r']) {
        return Cow::Borrowed(text);
    }
    losses.add(Loss::Text, &record.place, || "line breaks became spaces".to_owned());
    Cow::Owned(text.replace("\r\n", " ").replace(['\n', '\r'], " "))
}

/// A label as one word; what that changes is noted. `None` for an empty one.
pub(crate) fn one_word<'a>(label: &'a str, place: &Place, losses: &mut Losses) -> Option<Cow<'a, str>> {
    if label.is_empty() {
        losses.add(Loss::Labels, place, || "an empty label".to_owned());
        return None;
    }
    if !label.contains(fasttext::ends_word) {
        return Some(Cow::Borrowed(label));
    }
    let word = label.replace(fasttext::ends_word, "_");
    losses.add(Loss::Labels, place, || format!("label '{}' was written '{}'", quote(label), quote(&word)));
    Some(Cow::Owned(word))
}

/// Writes a record a line.
struct Lines;

impl Writer for Lines {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let labels = record.gold.as_ref().and_then(|gold| gold.labels.as_ref());
        let Some(label) = labels.and_then(|l| l.first()).and_then(|l| one_word(&l.label, &record.place, losses)) else {
            losses.add(Loss::Record, &record.place, || "a record without a label, left out".to_owned());
            return Ok(());
        };
        let text = one_line(record, losses);
        out.write(format!("{label} {text}\n").as_bytes())
    }

    fn finish(&mut self, _: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::corpus::{Corpus, Record};
    use crate::formats::testing;
    use crate::read::{Loaded, read_bytes};

    fn load(text: &str, label_level: Option<usize>) -> Loaded {
        let from = Some("trec".parse().unwrap());
        read_bytes("f", text.into(), &ReadOptions { from, label_level, ..ReadOptions::default() }).unwrap()
    }

    /// A label of the shared records has a space, which this format cannot hold; it says so when it is written.
    fn words(mut records: Vec<Record>) -> Vec<Record> {
        for choice in records.iter_mut().flat_map(Record::answers_mut).flat_map(|a| a.labels.iter_mut().flatten()) {
            choice.label = choice.label.replace(' ', "-");
        }
        records
    }

    #[test]
    fn the_first_space_ends_the_label_and_a_level_cuts_it() {
        let text = "DESC:manner How is it ?\r\nNUM:date When ?\n\nDESC:def What: this ?\n";
        let set = load(text, None).dataset;
        assert_eq!(set.labels.names(), ["DESC:def", "DESC:manner", "NUM:date"]);
        assert_eq!((set.examples[2].text.as_str(), set.examples[2].line), ("What: this ?", 4));
        assert_eq!(load(text, Some(1)).dataset.labels.names(), ["DESC", "NUM"]);
    }

    #[test]
    fn sentences_are_not_taken_for_labelled_lines() {
        assert!(!looks_like("I like it\nI do not\nThe best\nThe worst\nI think so\n"));
        assert!(looks_like("HUM:ind Who ?\nLOC:city Where ?\nHUM:ind Who else ?\n"));
    }

    #[test]
    fn the_text_is_kept_as_it_is_and_a_line_without_label_is_listed() {
        let read = testing::read_text("label-text", "A:a  two  spaces \n text alone\nB\n").unwrap();
        let texts: Vec<&str> = read.corpus.records.iter().map(Record::text).collect();
        assert_eq!(texts, [" two  spaces ", ""]);
        assert_eq!((read.skipped[0].line, read.skipped[0].reason.as_str()), (2, "no label"));
        assert_eq!(read.notes, ["1 line without text"]);
    }

    #[test]
    fn what_a_line_cannot_hold_is_noted() {
        let record = |label: &str, text: &str| Record {
            text: Some(text.to_owned()),
            gold: Some(Answer::labels([label])),
            ..Record::default()
        };
        let records = vec![record("a b", "one\r\ntwo"), record("", "three"), record("c", "four")];
        let (files, losses) = testing::write("label-text", &testing::corpus_of(records));
        assert_eq!(files[""], b"a_b one two\nc four\n");
        let kinds: Vec<_> = losses.kinds.iter().map(|(kind, lost)| (kind.name(), lost.first.as_str())).collect();
        let expected = [
            ("text", "line breaks became spaces"),
            ("unlabelled", "a record without gold, left out"),
            ("labels", "label 'a b' was written 'a_b'"),
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn columns_and_spans_are_refused() {
        let refused = |options: ReadOptions| {
            let from = Some("label-text".parse().unwrap());
            read_bytes("f", b"A:a x\n".to_vec(), &ReadOptions { from, ..options }).unwrap_err().to_string()
        };
        let message = refused(ReadOptions { label: Some("x".into()), ..ReadOptions::default() });
        assert_eq!(message, "f: found no column 'x' for --label; valid: none: labelled lines have no columns");
        let message = refused(ReadOptions { task: Some(Task::Ner), ..ReadOptions::default() });
        assert!(message.starts_with("f: labelled lines, which hold no spans; valid: JSON lines"), "{message}");
        assert!(testing::read_text("label-text", "").unwrap_err().to_string().contains("the file is empty"));
    }

    proptest! {
        #[test]
        fn round_trip(records in testing::records(SPEC.holds)) {
            testing::assert_round_trip("label-text", words(records));
        }
    }

    /// Real files, written and read again, for all formats of lines; skipped without the data.
    #[test]
    fn real_files_come_back() {
        let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
        for (format, file) in [
            ("label-text", "trec/train_5500.label"),
            ("label-text", "trec/TREC_10.label"),
            ("fasttext", "formats/doccano/data_import_examples/text_classification/example.txt"),
            ("fasttext", "formats/doccano/data_import_tests/text_classification/example_fasttext.txt"),
            ("split-lists", "clinc150/data_full.json"),
            ("split-lists", "clinc150/data_imbalanced.json"),
            ("parallel", "tweeteval_emoji"),
            ("label-folders", "formats/azure"),
        ] {
            let Ok(input) = Input::open(&root.join(file)) else {
                continue;
            };
            let read = testing::read(format, &input).unwrap();
            let (files, losses) = testing::write(format, &read.corpus);
            assert!(losses.is_empty(), "{file}: {losses:?}");
            let again = testing::read(format, &testing::input(files)).unwrap();
            assert!(testing::bare(again.corpus.records) == testing::bare(read.corpus.records), "{file}");
        }
    }

    #[test]
    fn nothing_is_written_of_nothing() {
        let (files, losses) = testing::write("label-text", &Corpus::default());
        assert!(losses.is_empty() && files.values().all(Vec::is_empty));
    }
}
