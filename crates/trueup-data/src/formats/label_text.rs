//! Lines that begin with their label: `DESC:manner How did ...` and fastText's `__label__x text`.

use rustc_hash::FxHashSet;
use trueup_core::{Annotation, Dataset, Task};

use crate::collect::{Collector, Record};
use crate::error::{DataError, quote};
use crate::formats::Spec;
use crate::formats::{is_blank, lines};
use crate::head::{Confidence, Json};
use crate::holds::{Holds, Texts};
use crate::options::{ReadOptions, Remarks, count};
use crate::source::Source;

/// Lines that begin with their label.
pub(crate) const SPEC: Spec = Spec {
    name: "label-text",
    aliases: &["trec", "fasttext"],
    title: "lines that begin with their label",
    ending: ".txt",
    holds: Holds { texts: Texts::Line, ..Holds::LABEL },
    sniff: |head| match head.text.filter(|_| head.json == Json::No) {
        Some(text) if is_fasttext(text) => Confidence::Certain,
        Some(text) if looks_like(text) => Confidence::Possible,
        _ => Confidence::No,
    },
    read: |input, options, reading| {
        let source = Source { name: input.name.clone(), text: input.text()?.to_owned() };
        let data = read(&source, options, reading.remarks)?;
        crate::bridge::records(data, false, reading)
    },
    write: None,
    folder: false,
};

/// What fastText writes before a label.
const MARK: &str = "__label__";

/// Whether half of the lines or more begin with fastText's mark.
pub(crate) fn is_fasttext(head: &str) -> bool {
    let (mut marked, mut all) = (0usize, 0usize);
    for (_, line) in lines(head).filter(|(_, line)| !is_blank(line)) {
        all += 1;
        marked += usize::from(line.trim_start().starts_with(MARK));
    }
    marked > 0 && marked * 2 >= all
}

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

/// Reads labelled lines as a data set.
pub(crate) fn read(source: &Source, options: &ReadOptions, remarks: &mut Remarks) -> Result<Dataset, DataError> {
    for (asked, role) in [
        (&options.text, "text"),
        (&options.label, "label"),
        (&options.id, "id"),
        (&options.group, "group"),
        (&options.time, "time"),
    ] {
        if let Some(asked) = asked {
            let valid = "none: labelled lines have no columns".to_owned();
            return Err(DataError::UnknownColumn { path: remarks.path.clone(), role, found: quote(asked), valid });
        }
    }
    let fasttext = is_fasttext(&source.text);
    let several = fasttext && lines(&source.text).any(|(_, line)| marks(line).0.len() > 1);
    let task = options.task.unwrap_or(if several { Task::Multilabel } else { Task::Classification });
    if several && options.task.is_none() {
        remarks.guess("the task is multilabel: lines have several labels", Some("--task"));
    }
    if task == Task::Ner {
        let valid = "JSON lines with spans, or CoNLL".to_owned();
        let found = "labelled lines, which hold no spans".to_owned();
        return Err(DataError::Content { path: remarks.path.clone(), found, valid, hint: None });
    }
    let what =
        if fasttext { "lines begin with __label__ and the label" } else { "the first space of a line ends its label" };
    remarks.guess(what, Some("--from"));
    let mut collector = Collector::new(task, options.label_level);
    let (mut number, mut without_text) = (0, 0);
    for (line, content) in lines(&source.text).filter(|(_, line)| !is_blank(line)) {
        number += 1;
        let (labels, text) = if fasttext {
            marks(content)
        } else {
            let (label, text) = content.split_once(' ').unwrap_or((content, ""));
            (if label.is_empty() { Vec::new() } else { vec![label] }, text)
        };
        let gold = match (task, labels.as_slice()) {
            (_, []) => {
                remarks.skip(line, "no label", "a label on every line")?;
                continue;
            }
            (Task::Classification, [one]) => Annotation::Label(collector.label(one)),
            (Task::Classification, several) => {
                let found = count(several.len(), "label");
                remarks.skip_malformed(line, found, "one label a line")?;
                continue;
            }
            (_, several) => collector.set(several.iter().copied()),
        };
        without_text += usize::from(text.is_empty());
        collector.push(Record { number, line, text: text.to_owned(), ..Record::default() }, gold);
    }
    remarks.check_malformed(number as usize, "one label a line", "leave --task out")?;
    if without_text > 0 {
        remarks.notes.push(format!("{} without text", count(without_text, "line")));
    }
    collector.finish(remarks)
}

/// The labels before the text, and the text.
fn marks(line: &str) -> (Vec<&str>, &str) {
    let mut rest = line.trim_start();
    let mut labels = Vec::new();
    while let Some(marked) = rest.strip_prefix(MARK) {
        let end = marked.find(char::is_whitespace).unwrap_or(marked.len());
        if end > 0 {
            labels.push(&marked[..end]);
        }
        rest = marked[end..].trim_start();
    }
    (labels, rest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn dataset(text: &str, options: &ReadOptions) -> (Dataset, Remarks) {
        let mut remarks = Remarks::new("f", options.strict);
        let source = Source { name: "f".into(), text: text.into() };
        (read(&source, options, &mut remarks).unwrap(), remarks)
    }

    #[test]
    fn the_first_space_ends_the_label_and_a_level_cuts_it() {
        let text = "DESC:manner How is it ?\r\nNUM:date When ?\n\nDESC:def What: this ?\n";
        let (set, _) = dataset(text, &ReadOptions::default());
        assert_eq!(set.labels.names(), ["DESC:def", "DESC:manner", "NUM:date"]);
        assert_eq!((set.examples[2].text.as_str(), set.examples[2].line), ("What: this ?", 4));
        let (set, _) = dataset(text, &ReadOptions { label_level: Some(1), ..ReadOptions::default() });
        assert_eq!(set.labels.names(), ["DESC", "NUM"]);
    }

    #[test]
    fn fasttext_lines_may_have_several_labels_or_none() {
        let text = "__label__a exampleA\n__label__a __label__b exampleB\nexampleC\n__label__b\n";
        let (set, remarks) = dataset(text, &ReadOptions::default());
        assert_eq!(set.task, Task::Multilabel);
        assert_eq!(set.examples[1].gold, Annotation::Labels(vec![0, 1]));
        assert_eq!((remarks.skipped[0].line, remarks.skipped[0].reason.as_str()), (3, "no label"));
        assert_eq!(set.examples[2].text, "");
        assert_eq!(remarks.notes, ["1 line without text"]);
    }

    #[test]
    fn sentences_are_not_taken_for_labelled_lines() {
        assert!(!looks_like("I like it\nI do not\nThe best\nThe worst\nI think so\n"));
        assert!(looks_like("HUM:ind Who ?\nLOC:city Where ?\nHUM:ind Who else ?\n"));
    }
}
