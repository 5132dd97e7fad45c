//! CoNLL: one token a line with its tag, blank lines between sentences.
//!
//! The text of a sentence is its tokens joined by one space. Spans are a view of the tags under a scheme; the raw tags
//! are kept beside them.

use rustc_hash::FxHashMap;
use serde_json::Value;
use trueup_core::scheme::{self, OUTSIDE, Scheme, Style, Tag};
use trueup_core::{Annotation, Dataset, Span, Task, Token};

use crate::answers::scalar;
use crate::collect::{Collector, Record};
use crate::columns::resolve;
use crate::error::{DataError, list, quote};
use crate::formats::jsonl::Object;
use crate::formats::{head, is_blank, lines};
use crate::options::{ReadOptions, Remarks, count};
use crate::source::Source;

/// What a tag must be, for messages.
const VALID_TAG: &str = "O, or a letter of B I E S L U with a type: B-PER, PER-B";

/// Where the text of one document begins, in CoNLL-2003 and its kin.
const DOCUMENT: &str = "-DOCSTART-";

/// A sentence: its tokens and tags as positions in [`Tokens`].
#[derive(Debug, Clone, Default)]
struct Sentence {
    first: usize,
    last: usize,
    line: u64,
    document: usize,
    /// Its first broken line, and what stands there.
    broken: Option<(u64, String)>,
}

/// All tokens of a file.
#[derive(Debug, Default)]
struct Tokens<'a> {
    tokens: Vec<&'a str>,
    /// The raw tag of each token, as a position in `names`.
    tags: Vec<u32>,
    names: Vec<&'a str>,
    ids: FxHashMap<&'a str, u32>,
    sentences: Vec<Sentence>,
    documents: bool,
}

impl<'a> Tokens<'a> {
    fn push(&mut self, token: &'a str, tag: &'a str) {
        let next = self.names.len() as u32;
        let id = *self.ids.entry(tag).or_insert(next);
        if id == next {
            self.names.push(tag);
        }
        self.tokens.push(token);
        self.tags.push(id);
    }
}

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

fn tokens<'a>(source: &'a Source, options: &ReadOptions, remarks: &Remarks) -> Result<Tokens<'a>, DataError> {
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
    let mut out = Tokens::default();
    let mut current: Option<Sentence> = None;
    let mut document = 1;
    let mut fields = Vec::new();
    let close = |out: &mut Tokens, current: &mut Option<Sentence>| {
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
    dataset(&tokens, options, gold, remarks)
}

/// Sentences and spans out of tokens and tags.
fn dataset(
    tokens: &Tokens,
    options: &ReadOptions,
    gold: bool,
    remarks: &mut Remarks,
) -> Result<(Dataset, Scheme), DataError> {
    let style = scheme::detect_style(tokens.names.iter().copied());
    let read: Vec<Option<Tag>> = tokens.names.iter().map(|name| Tag::parse(name, style)).collect();
    strays(tokens, &read, remarks)?;
    let tags: Vec<Tag> = tokens.tags.iter().map(|&id| read[id as usize].unwrap_or(OUTSIDE)).collect();
    let scheme = options.scheme.unwrap_or_else(|| {
        let detected = scheme::detect(tokens.sentences.iter().map(|s| &tags[s.first..s.last]));
        let side = if style == Style::Suffix { ", the letter after the type" } else { "" };
        remarks.guess(format!("tags are {detected}{side}"), Some("--scheme"));
        detected
    });
    let mut collector = Collector::new(Task::Ner, None);
    collector.tags = tokens.names.iter().map(|&name| name.to_owned()).collect();
    let (mut invalid, mut first_invalid) = (0, None);
    let valid = "the same number of columns on every line";
    for (number, sentence) in (1..).zip(&tokens.sentences) {
        if let Some((line, found)) = &sentence.broken {
            remarks.skip_malformed(*line, found.clone(), valid)?;
            continue;
        }
        let mut text = String::new();
        let places: Vec<Token> = (sentence.first..sentence.last)
            .map(|i| {
                if i > sentence.first {
                    text.push(' ');
                }
                let start = text.len() as u32;
                text.push_str(tokens.tokens[i]);
                Token { start, end: text.len() as u32, tag: Some(tokens.tags[i]) }
            })
            .collect();
        let decoded = scheme::decode(&tags[sentence.first..sentence.last], scheme, !options.lenient_tags);
        invalid += decoded.invalid.len();
        if let Some(at) = decoded.invalid.first().filter(|_| first_invalid.is_none()) {
            first_invalid = Some((sentence.line + *at as u64, tokens.names[tokens.tags[sentence.first + at] as usize]));
        }
        let spans = decoded
            .chunks
            .iter()
            .map(|&(first, last, kind)| Span {
                start: places[first].start,
                end: places[last - 1].end,
                label: collector.kind(kind),
            })
            .collect();
        let record = Record {
            number,
            line: sentence.line,
            text,
            group: tokens.documents.then(|| format!("doc {}", sentence.document)),
            tokens: places,
            ..Record::default()
        };
        collector.push(record, Annotation::Spans(spans));
    }
    remarks.check_malformed(tokens.sentences.len(), valid, "is it another format? try --from")?;
    if let Some((line, tag)) = first_invalid {
        let read = if options.lenient_tags { "read as near as they come" } else { "left out of every span" };
        let what = count(invalid, "tag");
        remarks.notes.push(format!("{what} invalid under {scheme} (first '{}' at line {line}): {read}", quote(tag)));
    }
    let dataset = if gold { collector.finish(remarks)? } else { collector.finish_any(remarks)? };
    Ok((dataset, scheme))
}

/// Counts what stands in the tag column and is no tag; a file full of it has no tags.
fn strays(tokens: &Tokens, read: &[Option<Tag>], remarks: &mut Remarks) -> Result<(), DataError> {
    let is_stray = |i: usize| read[tokens.tags[i] as usize].is_none();
    let strays = (0..tokens.tags.len()).filter(|&i| is_stray(i)).count();
    let Some(first) = (0..tokens.tags.len()).find(|&i| is_stray(i)) else { return Ok(()) };
    let sentence = tokens.sentences.iter().find(|s| s.last > first).cloned().unwrap_or_default();
    let line = sentence.line + (first - sentence.first) as u64;
    let tag = tokens.names[tokens.tags[first] as usize];
    if strays > 1 && strays * 10 > tokens.tags.len() {
        let universal = ["_", "SpaceAfter=No"].iter().all(|t| tokens.names.contains(t));
        let hint = if tag.ends_with('\\') {
            "a backslash ends the lines, as after a rich-text editor: take it away"
        } else if universal {
            "this looks like CoNLL-U, which has no entity tags"
        } else {
            "name the column of the tags with --label and its number"
        };
        return Err(DataError::TooMany {
            path: remarks.path.clone(),
            line,
            found: format!("'{}' in the tag column", quote(tag)),
            count: strays,
            of: tokens.tags.len(),
            unit: "tags",
            valid: VALID_TAG.to_owned(),
            hint: hint.to_owned(),
        });
    }
    let names: Vec<_> = tokens.names.iter().zip(read).filter(|(_, r)| r.is_none()).map(|(name, _)| *name).collect();
    remarks.notes.push(format!(
        "{} in the tag column that no tag scheme knows ({}, first at line {line}) read as O",
        count(strays, "word"),
        list(&names)
    ));
    Ok(())
}

/// Reads JSON records with `tokens` and a list of as many tags; `None` when the records are not of that kind.
pub(crate) fn read_token_lists(
    objects: &[Object],
    options: &ReadOptions,
    remarks: &mut Remarks,
) -> Result<Option<Dataset>, DataError> {
    let strings = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    if objects.is_empty() || !objects.iter().all(|o| o.fields.get("tokens").is_some_and(strings)) {
        return Ok(None);
    }
    let wanted = ["ner_tags", "tags", "labels"];
    let asked = options.label.as_deref();
    let Some(field) = asked.or_else(|| wanted.into_iter().find(|f| objects[0].fields.contains_key(*f))) else {
        return Ok(None);
    };
    if !objects.iter().all(|o| o.fields.get(field).is_some_and(Value::is_array)) {
        return Ok(None);
    }
    let mut out = Tokens::default();
    for object in objects {
        let items = |name: &str| object.fields.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let (tokens, tags) = (items("tokens"), items(field));
        let first = out.tokens.len();
        let mut broken = None;
        if tokens.len() != tags.len() {
            let found = format!("{} and {}", count(tokens.len(), "token"), count(tags.len(), "tag"));
            broken = Some((object.line, found));
        } else if let Some(tag) = tags.iter().find(|t| !t.is_string()) {
            let name = quote(&scalar(tag).unwrap_or_else(|| tag.to_string()));
            return Err(DataError::Record {
                path: remarks.path.clone(),
                line: object.line,
                found: format!("the tag {name} in '{}', a number without its name", quote(field)),
                valid: VALID_TAG.to_owned(),
                hint: Some("write the names of the tags; they are in the features of the data set it came from".to_owned()),
            });
        } else {
            for (token, tag) in tokens.iter().zip(tags) {
                if let (Some(token), Some(tag)) = (token.as_str(), tag.as_str()) {
                    out.push(token, tag);
                }
            }
        }
        out.sentences.push(Sentence { first, last: out.tokens.len(), line: object.line, document: 1, broken });
    }
    remarks.guess(format!("sentences are lists of tokens with tags in '{}'", quote(field)), Some("--label"));
    dataset(&out, options, true, remarks).map(|(dataset, _)| Some(dataset))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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
