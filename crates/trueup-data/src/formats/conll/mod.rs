//! CoNLL: one token a line with its tag, blank lines between sentences.
//!
//! There is no one definition; this is the shape of the shared tasks of the Conference on Computational Natural Language
//! Learning (CoNLL-2000, -2002, -2003) and of what followed them: columns set apart by tabs or spaces, the token first,
//! the tag last, `-DOCSTART-` where a document begins, here and there comments that begin with `#`.
//!
//! The text of a sentence is its tokens joined by one space. Spans are a view of the tags under a scheme; the raw tags
//! and the other columns are kept beside them, and how the lines were laid out, so that the file can be written again.

pub(crate) mod beside;
mod blocks;
pub(crate) mod codes;
pub(crate) mod crowd;
pub(crate) mod folder;
mod read;
#[cfg(test)]
mod real;
mod write;

use trueup_core::scheme::{Style, Tag};

use crate::formats::Spec;
use crate::formats::{is_blank, lines};
use crate::head::{Confidence, Json};
use crate::holds::{Holds, Labels, Metadata, Spans, Texts};

/// What one file of tokens and tags holds.
pub(super) const HOLDS: Holds = Holds {
    texts: Texts::Tokens,
    tokens: true,
    token_columns: true,
    labels: Labels::None,
    spans: Spans::Tokens,
    metadata: Metadata::Only(&[GROUP, COMMENTS]),
    ..Holds::LABEL
};

/// Takes note that every token gets one more column, after the others.
pub(crate) fn widen(outline: &mut crate::corpus::Outline) {
    read::Layout::widen(outline);
}

/// A token and its tag a line.
pub(crate) const SPEC: Spec = Spec {
    name: "conll",
    aliases: &[],
    title: "a token and its tag a line",
    ending: ".conll",
    holds: HOLDS,
    sniff: |head| match head.text.filter(|_| head.json == Json::No) {
        Some(text) if looks_like(text) => Confidence::Likely,
        Some(_) if head.ends_with(".conll") => Confidence::Possible,
        _ => Confidence::No,
    },
    read: read::read,
    write: Some(|outline| Box::new(write::FileWriter::new(outline))),
    folder: false,
};

/// The metadata column of the document that a sentence is of.
pub(super) const GROUP: &str = "document";
/// The metadata column of the comments above a sentence: a list of lines as they stand.
pub(super) const COMMENTS: &str = "comments";

/// Where the text of one document begins, in CoNLL-2003 and its kin.
const DOCUMENT: &str = "-DOCSTART-";

/// Splits a line at tabs, or at runs of spaces where the file has no tabs.
fn split<'a>(line: &'a str, tabs: bool, into: &mut Vec<&'a str>) {
    into.clear();
    if tabs {
        // Lines are short: byte by byte is quicker here than a search that is made for long texts.
        let bytes = line.as_bytes();
        let end = bytes.iter().rposition(|b| !matches!(b, b'\t' | b' ' | b'\r')).map_or(0, |i| i + 1);
        let mut from = 0;
        for (i, _) in bytes[..end].iter().enumerate().filter(|(_, b)| **b == b'\t') {
            into.push(&line[from..i]);
            from = i + 1;
        }
        into.push(&line[from..end]);
    } else {
        into.extend(line.split_ascii_whitespace());
    }
}

/// Whether the lines are set apart by tabs, and how many columns most of them have.
fn layout(text: &str) -> (bool, usize) {
    let (mut all, mut tabbed) = (0usize, 0usize);
    let rows = || lines(text).map(|(_, line)| line).filter(|line| !is_blank(line) && !line.starts_with(DOCUMENT));
    for line in rows() {
        all += 1;
        tabbed += usize::from(line.contains('\t'));
    }
    let tabs = tabbed * 2 >= all;
    let mut seen = [0usize; 64];
    let mut fields = Vec::new();
    for line in rows() {
        split(line, tabs, &mut fields);
        seen[fields.len().min(63)] += 1;
    }
    let common = (0..64).max_by_key(|&n| (seen[n], std::cmp::Reverse(n))).unwrap_or(0);
    (tabs, common)
}

/// How many columns a file has; `None` of one without two.
pub(crate) fn columns_of(text: &str) -> Option<usize> {
    Some(layout(crate::formats::head(text)).1).filter(|&columns| columns >= 2)
}

/// A tag on either side, or one that a stray backslash follows: near enough to say what is wrong with the file.
fn like_tag(field: &str) -> bool {
    let field = field.trim_end_matches('\\');
    Tag::parse(field, Style::Prefix).is_some() || Tag::parse(field, Style::Suffix).is_some()
}

/// Whether a text is CoNLL: nearly all lines end in a tag; or, so that the message can name what is missing, blank
/// lines set apart blocks of short columns of equal number.
pub(crate) fn looks_like(head: &str) -> bool {
    let (tabs, columns) = layout(head);
    if columns < 2 {
        return false;
    }
    let (mut all, mut equal, mut tagged, mut words, mut blanks) = (0usize, 0usize, 0usize, 0usize, 0usize);
    let mut fields = Vec::new();
    for (_, line) in lines(head) {
        if is_blank(line) {
            blanks += usize::from(all > 0);
            continue;
        }
        if line.starts_with(DOCUMENT) || (line.starts_with('#') && !line.contains('\t')) {
            continue;
        }
        split(line, tabs, &mut fields);
        all += 1;
        equal += usize::from(fields.len() == columns);
        tagged += usize::from(fields.len() > 1 && fields.last().is_some_and(|tag| like_tag(tag)));
        words += usize::from(fields.iter().all(|f| !f.contains(' ') && f.len() < 80));
    }
    let mostly = |n: usize| n * 10 >= all * 9;
    (mostly(tagged) && mostly(words)) || (mostly(equal) && mostly(words) && blanks > 0 && blanks * 200 >= all)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::corpus::{Answer, Mark, Record};
    use crate::error::DataError;
    use crate::formats::testing;
    use crate::holds::{Loss, Losses};
    use crate::options::ReadOptions;
    use crate::read::{Loaded, read_bytes};
    use proptest::prelude::*;
    use trueup_core::scheme::Scheme;
    use trueup_core::{Dataset, Token};

    fn of(text: &str, options: &ReadOptions) -> Result<(Dataset, Scheme, Loaded), DataError> {
        let options = ReadOptions { from: Some("conll".parse().unwrap()), ..options.clone() };
        let loaded = read_bytes("f", text.into(), &options)?;
        Ok((loaded.dataset.clone(), loaded.scheme.unwrap(), loaded))
    }

    fn spans(dataset: &Dataset, example: usize) -> Vec<(&str, &str)> {
        let example = &dataset.examples[example];
        example.gold.spans().iter().map(|s| (&example.text[s.range()], dataset.labels.name(s.label))).collect()
    }

    #[test]
    fn tokens_are_joined_and_tags_kept() {
        let text = "EU NNP B-ORG\nrejects VBZ O\n\n-DOCSTART- -X- O\n\n# a comment here\nPeter NNP B-PER\n# NN I-PER\n";
        let (set, scheme, _) = of(text, &ReadOptions::default()).unwrap();
        assert_eq!(scheme, Scheme::Iob2);
        assert_eq!(set.examples[1].text, "Peter #");
        assert_eq!(spans(&set, 1), [("Peter #", "PER")]);
        assert_eq!(set.tags, ["B-ORG", "O", "B-PER", "I-PER"]);
        assert_eq!(set.examples[1].tokens[1], Token { start: 6, end: 7, tag: Some(3) });
        let groups: Vec<_> = set.examples.iter().map(|e| (e.group.as_deref().unwrap(), e.line)).collect();
        assert_eq!(groups, [("doc 1", 1), ("doc 2", 7)]);
    }

    #[test]
    fn invalid_tags_and_strays_are_counted() {
        let mut text = "a\tB-X\nb\tO\n\t\nc\tI-X\nd\t0\n".to_owned();
        (0..10).for_each(|_| text.push_str("e\tO\n"));
        let (set, _, remarks) = of(&text, &ReadOptions::default()).unwrap();
        assert_eq!(set.support(), [1]);
        assert_eq!(
            remarks.notes,
            [
                "1 word in the tag column that no tag scheme knows (0, first at line 5) read as O",
                "1 tag invalid under IOB2 (first 'I-X' at line 4): left out of every span"
            ]
        );
        let lenient = ReadOptions { lenient_tags: true, ..ReadOptions::default() };
        assert_eq!(of(&text, &lenient).unwrap().0.support(), [2]);
    }

    #[test]
    fn a_broken_line_leaves_its_sentence_out() {
        let mut text = "a\tO\nbroken\nb\tB-X\n\n".to_owned();
        (0..20).for_each(|_| text.push_str("c\tB-X\n\n"));
        let (set, _, remarks) = of(&text, &ReadOptions::default()).unwrap();
        assert_eq!((set.len(), set.examples[0].id.as_str(), remarks.skipped[0].line), (20, "2", 2));
        let strict = ReadOptions { strict: true, ..ReadOptions::default() };
        let message = of(&text, &strict).unwrap_err().to_string();
        assert!(message.starts_with("f: line 2: found 'broken', 1 column where most lines have 2"), "{message}");
    }

    #[test]
    fn a_file_without_tags_says_so() {
        let message = of("The DT\ncat NN\n\nIt PRP\nsat VBD\n", &ReadOptions::default()).unwrap_err().to_string();
        assert!(message.contains("line 1: found 'DT' in the tag column") && message.contains("--label"), "{message}");
        let message = of("The O\ncat O\n", &ReadOptions::default()).unwrap_err().to_string();
        assert!(message.contains("no span in 1 record"), "{message}");
    }

    #[test]
    fn backslashes_of_a_text_editor_are_named() {
        let message = of("010 I-MISC\\\nis O\\\nthe O\\\n\\\n", &ReadOptions::default()).unwrap_err().to_string();
        assert!(message.contains("rich-text editor"), "{message}");
    }

    fn written(text: &str) -> (String, Losses) {
        let read = testing::read_text("conll", text).unwrap();
        let (files, losses) = testing::write("conll", &read.corpus);
        (String::from_utf8(files[""].clone()).unwrap(), losses)
    }

    #[test]
    fn a_regular_file_comes_back_byte_by_byte() {
        for text in [
            "EU\tNNP\tB-ORG\nrejects\tVBZ\tO\n\nPeter\tNNP\tB-PER\n\n",
            "EU I-ORG\nrejects O\n\t\nPeter I-PER\nBlack I-PER\nAnn B-PER\n",
            "-DOCSTART- -X- O\n\n# c\nEU NNP S-ORG\n\n-DOCSTART- -X- O\n\nAnn NNP B-PER\nB. NNP E-PER\n",
            "EU O\n\n-DOCSTART- O\n\nAnn I-PER\n\n-DOCSTART- O\n\n",
            "EU\tORG-B\r\nPeter\tPER-B\r\nB.\tPER-I\r\n\r\n",
            "a\tB-X\nb\tI-Y\nc\tO\n",
        ] {
            let (again, losses) = written(text);
            assert_eq!(again, text);
            assert!(losses.is_empty(), "{losses:?}");
        }
    }

    #[test]
    fn changed_spans_are_encoded_under_the_scheme_of_the_file() {
        let mut read = testing::read_text("conll", "a B-X\nb E-X\nc S-X\nd O\n").unwrap();
        let spans = read.corpus.records[0].gold.as_mut().unwrap().spans.as_mut().unwrap();
        spans[1] = Mark::new(4, 7, "Y");
        let (files, _) = testing::write("conll", &read.corpus);
        assert_eq!(files[""], b"a B-X\nb E-X\nc B-Y\nd E-Y\n");
    }

    #[test]
    fn what_cannot_be_written_is_noted() {
        let text = Some("-DOCSTART-\tis\nIraqi".to_owned());
        let marks = vec![Mark::new(14, 18, "a\tb")];
        let record = Record { text, gold: Some(Answer::spans(marks)), ..Record::default() };
        let empty = Record { text: Some(" ".into()), gold: Some(Answer::spans(vec![])), ..Record::default() };
        let (files, losses) = testing::write("conll", &testing::corpus_of(vec![record, empty]));
        let kinds: Vec<_> = losses.kinds.keys().copied().collect();
        assert_eq!(kinds, [Loss::Record, Loss::Text, Loss::Spans]);
        let text = String::from_utf8(files[""].clone()).unwrap();
        assert!(text.contains("Iraq\tB-a_b\ni\tO\n"), "{text}");
    }

    proptest! {
        #[test]
        fn round_trip(records in testing::records(SPEC.holds)) {
            testing::assert_round_trip("conll", records);
        }

        #[test]
        fn round_trip_of_a_folder(mut records in testing::records(folder::SPEC.holds)) {
            records.sort_by_key(|r| r.split.as_deref() != Some("train"));
            testing::assert_round_trip("conll-folder", records);
        }

        #[test]
        fn round_trip_of_answers(mut records in testing::records(crowd::SPEC.holds)) {
            records.sort_by_key(|r| r.split.as_deref() != Some("test"));
            testing::assert_round_trip("crowd-conll", records);
        }
    }
}
