//! Question marks, full stops and commas: forgotten, put in, taken for others. Marks inside of spans stay.

use std::ops::Range;

use trueup_core::Rng;
use trueup_data::corpus::TokenMark;

use super::edits::{Edit, Marked};
use super::words::chunks;

/// The marks at the end of the text, `?!` as one: their place, empty where there are none.
fn last(marked: Marked<'_>) -> Option<Range<usize>> {
    let end = marked.text.trim_end().len();
    let start = marked.text[..end].trim_end_matches(['.', '?', '!']).len();
    // Texts that end with another mark (a quote, an emoji, an ideographic full stop) are left alone.
    let before = marked.text[..start].trim_end().chars().next_back()?;
    (before.is_alphanumeric() && !marked.touches(&(start..end))).then_some(start..end)
}

/// Whether the range is made of whole tokens, where the text has them.
fn is_whole(marked: Marked<'_>, range: &Range<usize>) -> bool {
    let cut = |at: usize| marked.tokens.iter().any(|token| token.start < at && at < token.end);
    !cut(range.start) && !cut(range.end)
}

/// Takes the marks away, with the white space before them where they are tokens.
fn without(marked: Marked<'_>, range: Range<usize>) -> Option<Edit> {
    if marked.tokens.is_empty() {
        return Some(Edit::new(range, ""));
    }
    let start = marked.text[..range.start].trim_end().len();
    let whole = is_whole(marked, &range) && start > 0;
    whole.then(|| Edit { range: start..range.end, text: String::new(), tokens: Some(Vec::new()) })
}

/// Puts a mark behind a word; it is a token of its own where the text has tokens.
fn put(marked: Marked<'_>, at: usize, mark: &str) -> Option<Edit> {
    if marked.tokens.is_empty() {
        return Some(Edit::new(at..at, mark));
    }
    let columns = marked.tokens.first().map(|token| token.columns.iter().map(|_| "_".into()).collect());
    let token = TokenMark { start: 1, end: 1 + mark.len(), tag: None, columns: columns.unwrap_or_default() };
    is_whole(marked, &(at..at)).then(|| Edit { range: at..at, text: format!(" {mark}"), tokens: Some(vec![token]) })
}

/// One mark for another.
fn instead(marked: Marked<'_>, range: Range<usize>, mark: &str) -> Option<Edit> {
    let one = marked.tokens.is_empty() || marked.tokens.iter().any(|t| t.start == range.start && t.end == range.end);
    one.then(|| Edit::new(range, mark))
}

/// The question mark at the end goes or becomes a full stop; without one, it comes.
pub(super) fn question(marked: Marked<'_>, rng: &mut Rng) -> Option<Vec<Edit>> {
    let range = last(marked)?;
    let edit = match &marked.text[range.clone()] {
        "" => put(marked, range.end, "?"),
        found if found.contains('?') => {
            if rng.below(2) == 0 {
                without(marked, range)
            } else {
                instead(marked, range, ".")
            }
        }
        "." | "!" => instead(marked, range, "?"),
        _ => None,
    };
    Some(vec![edit?])
}

/// The full stop at the end goes or becomes an exclamation mark; without one, it comes.
pub(super) fn period(marked: Marked<'_>, rng: &mut Rng) -> Option<Vec<Edit>> {
    let range = last(marked)?;
    let edit = match &marked.text[range.clone()] {
        "" => put(marked, range.end, "."),
        "." => {
            if rng.below(2) == 0 {
                without(marked, range)
            } else {
                instead(marked, range, "!")
            }
        }
        "!" => instead(marked, range, "."),
        _ => None,
    };
    Some(vec![edit?])
}

/// A comma inside of the text goes, becomes a semicolon, or comes behind a word.
pub(super) fn comma(marked: Marked<'_>, rng: &mut Rng) -> Option<Vec<Edit>> {
    let text = marked.text;
    let beside = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + 1..].chars().next();
        // The comma of a number belongs to it.
        before.is_some() && after.is_some_and(char::is_whitespace)
    };
    let there: Vec<Range<usize>> = text
        .match_indices(',')
        .map(|(at, _)| at..at + 1)
        .filter(|range| beside(range.start) && !marked.touches(range))
        .collect();
    let choice = if there.is_empty() { 2 } else { rng.below(3) };
    if choice < 2 {
        let range = there[rng.below(there.len())].clone();
        let edit = if choice == 0 { without(marked, range) } else { instead(marked, range, ";") };
        return Some(vec![edit?]);
    }
    let words = chunks(marked);
    let plain = |word: &Range<usize>| text[word.clone()].chars().next_back().is_some_and(char::is_alphanumeric);
    let places: Vec<usize> = words
        .windows(2)
        .filter(|pair| pair[0].end < pair[1].start && plain(&pair[0]))
        .filter(|pair| text[pair[1].clone()].starts_with(char::is_alphanumeric))
        .map(|pair| pair[0].end)
        .filter(|&at| !marked.marks().any(|mark| mark.start < at && at < mark.end))
        .collect();
    // A comma in a text of two or three words is no slip.
    if places.len() < 3 {
        return None;
    }
    Some(vec![put(marked, places[rng.below(places.len())], ",")?])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::edits::apply;
    use super::*;
    use trueup_data::corpus::{Answer, Mark};

    type Change = fn(Marked<'_>, &mut Rng) -> Option<Vec<Edit>>;

    fn all(text: &str, answer: &Answer, tokens: &[TokenMark], change: Change) -> BTreeSet<String> {
        let marked = Marked { text, answer, tokens };
        (0..60).filter_map(|seed| apply(marked, change(marked, &mut Rng::new(seed))?)).map(|e| e.text).collect()
    }

    fn texts(text: &str, change: Change) -> Vec<String> {
        all(text, &Answer::default(), &[], change).into_iter().collect()
    }

    #[test]
    fn marks_at_the_end_go_come_and_change() {
        assert_eq!(texts("where is it?", question), ["where is it", "where is it."]);
        assert_eq!(texts("where is it ", question), ["where is it? "]);
        assert_eq!(texts("where is it!", question), ["where is it?"]);
        assert_eq!(texts("it is here.", period), ["it is here", "it is here!"]);
        assert_eq!(texts("it is here", period), ["it is here."]);
        assert_eq!(texts("what...", period), [""; 0]);
        assert_eq!(texts("是吗。", period), [""; 0]);
    }

    #[test]
    fn commas_go_come_and_change_but_not_those_of_numbers() {
        let found = texts("no, it cost 1,000 so far", comma);
        assert!(
            found.contains(&"no it cost 1,000 so far".to_owned())
                && found.contains(&"no; it cost 1,000 so far".to_owned())
        );
        assert!(found.contains(&"no, it, cost 1,000 so far".to_owned()), "{found:?}");
        assert!(found.iter().all(|text| text.contains("1,000")), "{found:?}");
        assert_eq!(texts("card lost", comma), [""; 0]);
    }

    #[test]
    fn spans_keep_their_marks() {
        let answer = Answer::spans(vec![Mark::new(8, 12, "LOC")]);
        assert!(all("he is in U.S.", &Answer::spans(vec![Mark::new(9, 13, "LOC")]), &[], period).is_empty());
        assert_eq!(all("I am in Rome", &answer, &[], period).into_iter().collect::<Vec<_>>(), ["I am in Rome."]);
    }

    #[test]
    fn a_mark_is_a_token_of_tokens() {
        let token = |start, end| TokenMark { start, end, ..TokenMark::default() };
        let tokens = [token(0, 2), token(3, 5), token(6, 10)];
        let answer = Answer::default();
        let marked = Marked { text: "it is here", answer: &answer, tokens: &tokens };
        let edited = apply(marked, period(marked, &mut Rng::new(1)).unwrap()).unwrap();
        assert_eq!((edited.text.as_str(), edited.tokens.len()), ("it is here .", 4));
        let back = Marked { text: &edited.text, answer: &answer, tokens: &edited.tokens };
        let texts: BTreeSet<(String, usize)> = (0..20)
            .filter_map(|seed| apply(back, period(back, &mut Rng::new(seed))?))
            .map(|e| (e.text, e.tokens.len()))
            .collect();
        assert_eq!(texts, BTreeSet::from([("it is here".to_owned(), 3), ("it is here !".to_owned(), 4)]));
    }
}
