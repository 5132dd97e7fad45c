//! What the spans of a file say, by type, and texts in which they take each other's place.

use std::collections::BTreeMap;

use trueup_core::Rng;
use trueup_data::corpus::{Key, Mark, TokenMark};

use super::edits::{Edit, Marked};

/// A text that some span of a type has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mention {
    /// The text.
    pub text: String,
    /// Its tokens in bytes of it, with their other columns; empty where the file has no tokens.
    pub tokens: Vec<(usize, usize, Box<[Key]>)>,
}

/// The mentions of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Mentions {
    all: Vec<Mention>,
    /// The records, by their places, in which each occurs.
    holders: Vec<Vec<usize>>,
    /// The numbers of the mentions of each type, in the order of their texts.
    by_type: BTreeMap<String, Vec<u32>>,
}

impl Mentions {
    /// Those of some records, each with its place. Spans with gaps, at the edge of white space or over several lines, and
    /// spans that cut tokens, are no mentions that could stand elsewhere.
    pub fn new<'a>(records: impl Iterator<Item = (usize, Marked<'a>)>) -> Self {
        let mut found: BTreeMap<(&'a str, Mention), Vec<usize>> = BTreeMap::new();
        for (place, marked) in records {
            for mark in marked.marks() {
                if let Some(mention) = mention(marked, mark) {
                    let holders = found.entry((&mark.label, mention)).or_default();
                    if holders.last() != Some(&place) {
                        holders.push(place);
                    }
                }
            }
        }
        let mut mentions = Self::default();
        for ((label, mention), holders) in found {
            mentions.by_type.entry(label.to_owned()).or_default().push(mentions.all.len() as u32);
            mentions.all.push(mention);
            mentions.holders.push(holders);
        }
        mentions
    }

    /// The types that there are, in their order.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.by_type.keys().map(String::as_str)
    }

    /// The numbers of the mentions of a type.
    pub fn of(&self, label: &str) -> &[u32] {
        self.by_type.get(label).map_or(&[], Vec::as_slice)
    }

    /// A mention by its number.
    pub fn get(&self, number: u32) -> &Mention {
        &self.all[number as usize]
    }

    /// The places of the records in which a mention occurs, ascending.
    pub fn holders(&self, number: u32) -> &[usize] {
        &self.holders[number as usize]
    }
}

/// What a span says, where that could stand elsewhere.
fn mention(marked: Marked<'_>, mark: &Mark) -> Option<Mention> {
    let text = marked.text.get(mark.start..mark.end)?;
    if !mark.pieces.is_empty() || text.is_empty() || text.trim() != text || text.contains(['\n', '\r']) {
        return None;
    }
    let inside: Vec<&TokenMark> =
        marked.tokens.iter().filter(|token| token.start < mark.end && mark.start < token.end).collect();
    let whole = inside.first().is_none_or(|token| token.start == mark.start)
        && inside.last().is_none_or(|token| token.end == mark.end);
    if !whole || inside.is_empty() != marked.tokens.is_empty() {
        return None;
    }
    let token = |token: &&TokenMark| (token.start - mark.start, token.end - mark.start, token.columns.clone());
    Some(Mention { text: text.to_owned(), tokens: inside.iter().map(token).collect() })
}

/// Gives some spans the text of another mention of their type: each half of the time, one at least. Spans that overlap
/// others stay. Also the numbers of what was put in.
pub(super) fn replace(marked: Marked<'_>, mentions: &Mentions, rng: &mut Rng) -> (Vec<Edit>, Vec<u32>) {
    let alone = |mark: &&Mark| {
        marked.marks().filter(|other| other.start < mark.end && mark.start < other.end).count() == 1
            && mention(marked, mark).is_some()
    };
    let others = |mark: &Mark| -> Vec<u32> {
        let text = &marked.text[mark.start..mark.end];
        let of = mentions.of(&mark.label).iter().copied();
        of.filter(|&number| mentions.get(number).text != text).collect()
    };
    let spans: Vec<(&Mark, Vec<u32>)> =
        marked.marks().filter(alone).map(|mark| (mark, others(mark))).filter(|(_, all)| !all.is_empty()).collect();
    if spans.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let always = rng.below(spans.len());
    let mut edits = Vec::new();
    let mut put_in = Vec::new();
    for (i, (mark, others)) in spans.iter().enumerate() {
        if i != always && rng.below(2) == 0 {
            continue;
        }
        let number = others[rng.below(others.len())];
        let Mention { text, tokens } = mentions.get(number);
        let token = |(start, end, columns): &(usize, usize, Box<[Key]>)| TokenMark {
            start: *start,
            end: *end,
            tag: None,
            columns: columns.clone(),
        };
        let tokens = (!marked.tokens.is_empty()).then(|| tokens.iter().map(token).collect());
        edits.push(Edit { range: mark.start..mark.end, text: text.clone(), tokens });
        put_in.push(number);
    }
    (edits, put_in)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::edits::apply;
    use super::*;
    use trueup_data::corpus::Answer;

    fn answer(marks: &[(usize, usize, &str)]) -> Answer {
        Answer::spans(marks.iter().map(|&(start, end, label)| Mark::new(start, end, label)).collect())
    }

    #[test]
    fn spans_take_the_texts_of_others_of_their_type() {
        let (first, second) = (answer(&[(0, 3, "PER"), (7, 11, "LOC")]), answer(&[(0, 10, "PER"), (14, 20, "LOC")]));
        let a = Marked { text: "Ann in Rome", answer: &first, tokens: &[] };
        let b = Marked { text: "Bo de Groß in Zürich", answer: &second, tokens: &[] };
        // "Groß" takes five bytes.
        let second = answer(&[(0, 11, "PER"), (15, 22, "LOC")]);
        let b = Marked { answer: &second, ..b };
        let mentions = Mentions::new([(0, a), (1, b), (2, a)].into_iter());
        assert_eq!(mentions.types().collect::<Vec<_>>(), ["LOC", "PER"]);
        assert_eq!(mentions.holders(mentions.of("PER")[0]), [0, 2]);
        let texts: BTreeSet<String> = (0..40)
            .map(|seed| {
                let (edits, put_in) = replace(a, &mentions, &mut Rng::new(seed));
                assert_eq!(edits.len(), put_in.len());
                let edited = apply(a, edits).unwrap();
                let said: Vec<(&str, &str)> = edited
                    .answer
                    .spans
                    .iter()
                    .flatten()
                    .map(|m| (&edited.text[m.start..m.end], m.label.as_str()))
                    .collect();
                assert!([("Ann", "PER"), ("Bo de Groß", "PER")].contains(&said[0]), "{said:?}");
                assert!([("Rome", "LOC"), ("Zürich", "LOC")].contains(&said[1]), "{said:?}");
                edited.text
            })
            .collect();
        assert_eq!(
            texts.iter().map(String::as_str).collect::<Vec<_>>(),
            ["Ann in Zürich", "Bo de Groß in Rome", "Bo de Groß in Zürich"]
        );
    }

    #[test]
    fn nested_spans_and_spans_that_cut_tokens_stay() {
        let nested = answer(&[(0, 12, "ORG"), (8, 12, "LOC")]);
        let a = Marked { text: "Bank of Rome", answer: &nested, tokens: &[] };
        let other = answer(&[(0, 3, "ORG"), (4, 8, "LOC")]);
        let b = Marked { text: "BNP Oslo", answer: &other, tokens: &[] };
        let mentions = Mentions::new([(0, a), (1, b)].into_iter());
        assert!(replace(a, &mentions, &mut Rng::new(1)).0.is_empty());
        let tokens = [TokenMark { start: 0, end: 8, ..TokenMark::default() }];
        assert!(replace(Marked { tokens: &tokens, ..b }, &mentions, &mut Rng::new(1)).0.is_empty());
    }

    #[test]
    fn tokens_come_with_the_mention() {
        let token = |start, end| TokenMark { start, end, ..TokenMark::default() };
        let (tokens_a, tokens_b) = ([token(0, 3), token(4, 8)], [token(0, 2), token(3, 5), token(6, 10)]);
        let (first, second) = (answer(&[(0, 3, "PER")]), answer(&[(0, 5, "PER")]));
        let a = Marked { text: "Ann left", answer: &first, tokens: &tokens_a };
        let b = Marked { text: "Bo Li left", answer: &second, tokens: &tokens_b };
        let mentions = Mentions::new([(0, a), (1, b)].into_iter());
        let edited = apply(a, replace(a, &mentions, &mut Rng::new(1)).0).unwrap();
        let words: Vec<&str> = edited.tokens.iter().map(|t| &edited.text[t.start..t.end]).collect();
        assert_eq!((edited.text.as_str(), words), ("Bo Li left", vec!["Bo", "Li", "left"]));
    }
}
