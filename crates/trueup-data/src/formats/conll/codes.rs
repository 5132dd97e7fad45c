//! The tags of two columns as codes, without a record a sentence: what an evaluation of millions of tokens counts.

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::read::Layout;
use super::{beside, blocks, layout, split};
use crate::formats::head;

/// How many sentences one thread takes at once.
const SENTENCES: usize = 4_096;
/// So many bytes are looked at first for the words of a few sentences.
const FIRST: usize = 1 << 20;
/// A column of more distinct tags than this holds no tags.
const MOST: usize = 65_536;

/// The raw tags of gold and prediction, token by token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagColumns {
    /// The distinct raw tags, in the order of their first token.
    pub names: Vec<String>,
    /// The gold tag of each token, as a place in `names`.
    pub gold: Vec<u32>,
    /// The predicted tag of each token.
    pub predicted: Vec<u32>,
    /// The length of each token's word in bytes.
    pub lengths: Vec<u32>,
    /// Where each sentence ends among the tokens; it starts where the one before ends.
    pub ends: Vec<usize>,
    /// The columns that were taken, from 1: gold and prediction.
    pub columns: [usize; 2],
}

impl TagColumns {
    /// The tokens of each sentence.
    pub fn sentences(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| start..end)
    }
}

/// Numbers of tags, in the order in which they come.
#[derive(Default)]
struct Names<'a> {
    all: Vec<&'a str>,
    numbers: FxHashMap<&'a str, u32>,
    last: Option<(&'a str, u32)>,
}

impl<'a> Names<'a> {
    fn number(&mut self, name: &'a str) -> u32 {
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == name) {
            return number;
        }
        let next = self.all.len() as u32;
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.all.push(name);
        }
        self.last = Some((name, number));
        number
    }
}

struct Part<'a> {
    names: Names<'a>,
    tags: [Vec<u32>; 2],
    lengths: Vec<u32>,
    ends: Vec<usize>,
}

/// The tags of the last two columns, where they hold gold and prediction; `None` where they do not, where lines are of
/// different widths, and where the file says which document a sentence is of: then the usual way has more to say.
pub(crate) fn tag_columns(text: &str) -> Option<TagColumns> {
    let (tabs, columns) = layout(head(text));
    if !beside::has_predictions(head(text), tabs, columns) {
        return None;
    }
    let mut layout = Layout { tabs, columns, token: 0, tag: columns - 2, ..Layout::default() };
    let (sentences, documents) = blocks::sentences(text, &mut layout);
    if documents || sentences.is_empty() {
        return None;
    }
    let parts: Vec<Part> = sentences
        .par_chunks(SENTENCES)
        .map(|sentences| {
            let mut part =
                Part { names: Names::default(), tags: Default::default(), lengths: Vec::new(), ends: Vec::new() };
            let mut fields = Vec::new();
            for sentence in sentences {
                for line in sentence.each() {
                    split(line, tabs, &mut fields);
                    if fields.len() != columns || fields[0].is_empty() {
                        return None;
                    }
                    for (side, column) in [columns - 2, columns - 1].into_iter().enumerate() {
                        let number = part.names.number(fields[column].trim());
                        part.tags[side].push(number);
                    }
                    part.lengths.push(fields[0].len() as u32);
                }
                part.ends.push(part.tags[0].len());
            }
            (part.names.all.len() <= MOST).then_some(part)
        })
        .collect::<Option<_>>()?;
    let mut names = Names::default();
    let mut found = TagColumns { columns: [columns - 1, columns], ..TagColumns::default() };
    for Part { names: own, tags: [gold, predicted], lengths, ends } in parts {
        let map: Vec<u32> = own.all.iter().map(|name| names.number(name)).collect();
        let before = found.gold.len();
        found.gold.extend(gold.iter().map(|&number| map[number as usize]));
        found.predicted.extend(predicted.iter().map(|&number| map[number as usize]));
        found.lengths.extend(lengths);
        found.ends.extend(ends.iter().map(|end| before + end));
    }
    found.names = names.all.iter().map(|&name| name.to_owned()).collect();
    Some(found)
}

/// The words of these sentences, by their numbers from 0, ascending. Of a large text no more is looked at than holds them.
pub(crate) fn words(text: &str, wanted: &[usize]) -> Vec<Vec<String>> {
    let Some(&last) = wanted.last() else { return Vec::new() };
    let (tabs, columns) = layout(head(text));
    let of = |part| {
        let mut layout = Layout { tabs, columns, token: 0, tag: columns.saturating_sub(2), ..Layout::default() };
        blocks::sentences(part, &mut layout).0
    };
    let mut size = FIRST;
    let sentences = loop {
        let end = text.as_bytes().get(..size).and_then(|part| memchr::memrchr(b'\n', part));
        let sentences = of(end.map_or(text, |end| &text[..=end]));
        // The last one may be cut.
        if end.is_none() || sentences.len() > last + 1 {
            break sentences;
        }
        size *= 8;
    };
    let word = |line: &str| {
        let mut fields = Vec::new();
        split(line, tabs, &mut fields);
        fields.first().map_or_else(String::new, |word| (*word).to_owned())
    };
    let sentences = wanted.iter().filter_map(|&number| sentences.get(number));
    sentences.map(|sentence| sentence.each().map(word).collect()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_numbered_and_sentences_kept_apart() {
        let found = tag_columns("a B-X B-X\nb O O\n\nc B-X O\n# d\n").unwrap_or_default();
        assert_eq!(found, TagColumns::default(), "a line of another width is for the usual way");
        let found = tag_columns("a B-X B-X\nb O O\n\nc B-X O\nd I-X I-X").unwrap();
        assert_eq!(found.names, ["B-X", "O", "I-X"]);
        assert_eq!(
            (found.gold.as_slice(), found.predicted.as_slice()),
            ([0, 1, 0, 2].as_slice(), [0, 1, 1, 2].as_slice())
        );
        assert_eq!(found.lengths, [1; 4]);
        assert_eq!(words("a B-X B-X\nb O O\n\nc B-X O\nd I-X I-X", &[1]), [["c", "d"]]);
        let long = "a B-X B-X\nb O O\n\nc B-X O\n\n".repeat(300_000);
        assert_eq!(words(&long, &[0, 1, 400_000]), [vec!["a", "b"], vec!["c"], vec!["a", "b"]]);
        assert_eq!(words(&long, &[599_999, 600_000]), [["c"]]);
        assert_eq!(found.sentences().collect::<Vec<_>>(), [0..2, 2..4]);
        assert!(tag_columns("-DOCSTART- O O\n\na B-X B-X\n").is_none());
        assert!(tag_columns("a I-NP B-X\nb I-VP O\n").is_none());
    }
}
