//! CoNLL: one token a line with its tag, blank lines between sentences.
//!
//! The text of a sentence is its tokens joined by one space. Spans are a view of the tags under a scheme; the raw tags
//! are kept beside them.

use trueup_core::scheme::{Scheme, Style, Tag};
use trueup_core::{Dataset, Task};

use crate::columns::resolve;
use crate::error::{DataError, quote};
use crate::formats::Spec;
use crate::formats::tagged::{self, Sentence, Tagged};
use crate::formats::{head, is_blank, lines};
use crate::head::{Confidence, Json};
use crate::holds::{Holds, Labels, Spans, Texts};
use crate::options::{ReadOptions, Remarks, count};
use crate::source::Source;

/// A token and its tag a line.
pub(crate) const SPEC: Spec = Spec {
    name: "conll",
    aliases: &[],
    title: "a token and its tag a line",
    ending: ".conll",
    holds: Holds { texts: Texts::Tokens, tokens: true, labels: Labels::None, spans: Spans::Tokens, ..Holds::LABEL },
    sniff: |head| match head.text.filter(|_| head.json == Json::No) {
        Some(text) if looks_like(text) => Confidence::Likely,
        Some(_) if head.ends_with(".conll") => Confidence::Possible,
        _ => Confidence::No,
    },
    read: |input, options, reading| {
        let source = Source { name: input.name.clone(), text: input.text()?.to_owned() };
        let (data, scheme) = read(&source, options, !options.unlabelled, reading.remarks)?;
        reading.scheme = Some(scheme);
        crate::bridge::records(data, false, reading)
    },
    write: None,
    folder: false,
};

/// Where the text of one document begins, in CoNLL-2003 and its kin.
const DOCUMENT: &str = "-DOCSTART-";

/// Splits a line at tabs, or at runs of spaces where the file has no tabs.
fn split<'a>(line: &'a str, tabs: bool, into: &mut Vec<&'a str>) {
    into.clear();
    if tabs {
        into.extend(line.trim_end_matches(['\t', ' ', '\r']).split('\t'));
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

fn tokens<'a>(source: &'a Source, options: &ReadOptions, remarks: &Remarks) -> Result<Tagged<'a>, DataError> {
    let (tabs, columns) = layout(head(&source.text));
    if columns < 2 {
        let (line, found) = lines(&source.text).find(|(_, line)| !is_blank(line)).unwrap_or((1, ""));
        let found = format!("'{}', one column", quote(found));
        return Err(remarks.error(line, found, "a token and its tag, set apart by a tab or a space"));
    }
    let names: Vec<String> = (1..=columns).map(|n| format!("column {n}")).collect();
    let column = |asked: &Option<String>, role, default| match asked {
        Some(asked) => resolve(asked, role, &names, &remarks.path),
        None => Ok(default),
    };
    let token_column = column(&options.text, "text", 0)?;
    let tag_column = column(&options.label, "label", columns - 1)?;
    for (asked, role) in [(&options.id, "id"), (&options.group, "group"), (&options.time, "time")] {
        if let Some(asked) = asked {
            let valid = "none: CoNLL has columns for tokens, not for sentences".to_owned();
            return Err(DataError::UnknownColumn { path: remarks.path.clone(), role, found: quote(asked), valid });
        }
    }
    let mut out = Tagged::default();
    let mut current: Option<Sentence> = None;
    let mut document = 1;
    let mut fields = Vec::new();
    let close = |out: &mut Tagged, current: &mut Option<Sentence>| {
        if let Some(mut sentence) = current.take() {
            sentence.last = out.tokens.len();
            out.sentences.push(sentence);
        }
    };
    for (number, line) in lines(&source.text) {
        if is_blank(line) {
            close(&mut out, &mut current);
            continue;
        }
        split(line, tabs, &mut fields);
        if fields[0] == DOCUMENT {
            close(&mut out, &mut current);
            out.documents = true;
            document += usize::from(out.sentences.last().is_some_and(|s| s.document == document));
            continue;
        }
        let comment = line.starts_with('#')
            && current.is_none()
            && (fields.len() != columns || (columns > 1 && !tabs && !like_tag(fields[columns - 1])));
        if comment {
            continue;
        }
        let sentence = current.get_or_insert_with(|| Sentence {
            first: out.tokens.len(),
            line: number,
            document,
            ..Sentence::default()
        });
        if fields.len() == columns && !fields[token_column].is_empty() {
            out.push(fields[token_column], fields[tag_column].trim());
        } else if sentence.broken.is_none() {
            let found = format!("'{}', {} where most lines have {columns}", quote(line), count(fields.len(), "column"));
            sentence.broken = Some((number, found));
        }
    }
    close(&mut out, &mut current);
    Ok(out)
}

/// Reads CoNLL as a data set; `gold` demands at least one span. Also the scheme the tags were read under.
pub(crate) fn read(
    source: &Source,
    options: &ReadOptions,
    gold: bool,
    remarks: &mut Remarks,
) -> Result<(Dataset, Scheme), DataError> {
    if let Some(task) = options.task.filter(|&task| task != Task::Ner) {
        let found = format!("CoNLL, tags of tokens, while a {task} task was asked for");
        let valid = "--task ner, or another format".to_owned();
        return Err(DataError::Content { path: remarks.path.clone(), found, valid, hint: None });
    }
    let tokens = tokens(source, options, remarks)?;
    tagged::dataset(&tokens, options, gold, remarks)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use trueup_core::Token;

    fn of(text: &str, options: &ReadOptions) -> Result<(Dataset, Scheme, Remarks), DataError> {
        let source = Source { name: "f".into(), text: text.into() };
        let mut remarks = Remarks::new("f", options.strict);
        let (dataset, scheme) = read(&source, options, true, &mut remarks)?;
        Ok((dataset, scheme, remarks))
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
}
