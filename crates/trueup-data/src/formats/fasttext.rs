//! fastText's lines: `__label__x __label__y text`, as "Text classification" of its documentation describes them and
//! doccano exports them.
//!
//! Labels stand before the text and end at white space. A line without any is a record without gold.

use crate::corpus::{Answer, Choice, Outline, Place, Record};
use crate::error::{DataError, quote};
use crate::formats::label_text::{no_columns, no_spans, one_line, one_word};
use crate::formats::{Spec, Writer, is_blank, lines};
use crate::head::{Confidence, Json};
use crate::holds::{Holds, Labels, Loss, Losses, Texts};
use crate::input::Input;
use crate::options::{ReadOptions, count};
use crate::output::Output;
use crate::reading::Reading;

/// Lines that begin with `__label__`.
pub(crate) const SPEC: Spec = Spec {
    name: "fasttext",
    aliases: &[],
    title: "lines that begin with __label__ and the label",
    ending: ".txt",
    holds: Holds { texts: Texts::Line, labels: Labels::Several, unlabelled: true, ..Holds::LABEL },
    sniff: |head| match head.text.filter(|_| head.json == Json::No) {
        Some(text) if is_fasttext(text) => Confidence::Certain,
        _ => Confidence::No,
    },
    read,
    write: Some(|_: &Outline| Box::new(Lines)),
    folder: false,
};

/// What stands before a label.
const MARK: &str = "__label__";

/// What ends a word in fastText.
pub(crate) fn ends_word(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\0')
}

/// Whether half of the lines or more begin with the mark.
pub(crate) fn is_fasttext(head: &str) -> bool {
    let (mut marked, mut all) = (0usize, 0usize);
    for (_, line) in lines(head).filter(|(_, line)| !is_blank(line)) {
        all += 1;
        marked += usize::from(line.trim_start_matches(ends_word).starts_with(MARK));
    }
    marked > 0 && marked * 2 >= all
}

pub(crate) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    no_columns("labelled lines", options, reading)?;
    no_spans(options, reading)?;
    let text = input.text()?;
    reading.guess("lines begin with __label__ and the label", Some("--from"));
    reading.outline.several = Some(lines(text).any(|(_, line)| marks(line).0.len() > 1));
    let mut without_text = 0;
    for (line, content) in lines(text).filter(|(_, line)| !is_blank(line)) {
        let place = Place::line(line);
        let (labels, text) = marks(content);
        if labels.contains(&"") {
            reading.skip(&place, "'__label__' without a name", "a name after every __label__")?;
            continue;
        }
        without_text += usize::from(text.is_empty());
        let gold = (!labels.is_empty()).then(|| Answer::labels(labels));
        reading.push(Record { place, text: Some(text.to_owned()), gold, ..Record::default() })?;
    }
    if without_text > 0 {
        reading.note(format!("{} without text", count(without_text, "line")));
    }
    Ok(())
}

/// The labels before the text, each once, and the text.
fn marks(line: &str) -> (Vec<&str>, &str) {
    let mut rest = line.trim_start_matches(ends_word);
    let mut labels = Vec::new();
    while let Some(marked) = rest.strip_prefix(MARK) {
        let end = marked.find(ends_word).unwrap_or(marked.len());
        if !labels.contains(&&marked[..end]) {
            labels.push(&marked[..end]);
        }
        rest = marked[end..].trim_start_matches(ends_word);
    }
    (labels, rest)
}

/// Writes a record a line.
struct Lines;

impl Writer for Lines {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let text = one_line(record, losses);
        let labels: &[Choice] = record.gold.as_ref().and_then(|gold| gold.labels.as_deref()).unwrap_or_default();
        let mut line = String::with_capacity(text.len() + 32);
        for choice in labels {
            if let Some(word) = one_word(&choice.label, &record.place, losses) {
                line.push_str(MARK);
                line.push_str(&word);
                line.push(' ');
            }
        }
        // Either would be read as something else: as a label, or as nothing.
        let leading = text.trim_start_matches(ends_word);
        if leading.starts_with(MARK) || (leading.is_empty() && line.is_empty()) {
            losses.add(Loss::Record, &record.place, || {
                let what = if leading.is_empty() { "nothing at all" } else { "a text that begins with __label__" };
                format!("a record of {what}, left out ('{}')", quote(&text))
            });
            return Ok(());
        }
        line.push_str(&text);
        line.push('\n');
        out.write(line.as_bytes())
    }

    fn finish(&mut self, _: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use trueup_core::{Annotation, Task};

    use super::*;
    use crate::formats::testing;
    use crate::read::read_bytes;

    #[test]
    fn lines_may_have_several_labels_or_none() {
        let text = "__label__a exampleA\n__label__a __label__b exampleB\nexampleC\n__label__b\n";
        for from in [None, Some("fasttext"), Some("label-text")] {
            let from = from.map(|name| name.parse().unwrap());
            let options = ReadOptions { from, ..ReadOptions::default() };
            let loaded = read_bytes("f", text.into(), &options).unwrap();
            let set = loaded.dataset;
            assert_eq!(set.task, Task::Multilabel);
            assert_eq!(set.examples[1].gold, Annotation::Labels(vec![0, 1]));
            assert_eq!((loaded.skipped[0].line, loaded.skipped[0].reason.as_str()), (3, "no label"));
            assert_eq!(set.examples[2].text, "");
            assert_eq!(loaded.notes, ["1 line without text"]);
        }
    }

    #[test]
    fn one_label_a_line_is_classification() {
        let text = b"__label__a x\n__label__b y\nz\n".to_vec();
        let loaded = read_bytes("f", text, &ReadOptions::default()).unwrap();
        assert_eq!((loaded.format.name(), loaded.dataset.task), ("fasttext", Task::Classification));
        assert_eq!((loaded.dataset.len(), loaded.skipped.len()), (2, 1));
    }

    #[test]
    fn labels_end_at_white_space_and_an_empty_one_is_listed() {
        let text = "__label__a\u{a0}b \t __label__c  x  y \n__label__ z\n__label__d __label__d w\n";
        let read = testing::read_text("fasttext", text).unwrap();
        let records = &read.corpus.records;
        assert_eq!(records[0].gold, Some(Answer::labels(["a\u{a0}b", "c"])));
        assert_eq!(records[0].text(), "x  y ");
        assert_eq!(records[1].gold, Some(Answer::labels(["d"])));
        assert_eq!((read.skipped[0].line, read.skipped[0].reason.as_str()), (2, "'__label__' without a name"));
    }

    #[test]
    fn what_a_line_cannot_hold_is_noted() {
        let record = |labels: &[&str], text: &str| Record {
            text: Some(text.to_owned()),
            gold: Some(Answer::labels(labels.iter().copied())),
            ..Record::default()
        };
        let records = vec![
            record(&["very good", "b"], "one\ntwo"),
            record(&[], "no label fits"),
            record(&["b"], "__label__c text"),
            record(&[], " "),
        ];
        let (files, losses) = testing::write("fasttext", &testing::corpus_of(records));
        assert_eq!(files[""], "__label__very_good __label__b one two\nno label fits\n".as_bytes());
        let kinds: Vec<_> = losses.kinds.iter().map(|(kind, lost)| (kind.name(), lost.count)).collect();
        assert_eq!(kinds, [("record", 2), ("text", 1), ("labels", 3)]);
    }

    proptest! {
        #[test]
        fn round_trip(mut records in testing::records(SPEC.holds)) {
            // A label with a space is the one thing that does not survive, and is noted.
            for choice in records.iter_mut().flat_map(Record::answers_mut).flat_map(|a| a.labels.iter_mut().flatten()) {
                choice.label = choice.label.replace(' ', "-");
            }
            testing::assert_round_trip("fasttext", records);
        }
    }
}
