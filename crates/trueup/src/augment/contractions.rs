//! English contractions, and what they stand for. Where a contraction may stand for several things (`he's`, `I'd`), it is
//! left alone.

use std::ops::Range;

use trueup_core::Rng;

use super::edits::{Edit, Marked};

/// The short form and the long one. Both begin with the same letter, whose case stays.
const FORMS: [(&str, &str); 52] = [
    ("aren't", "are not"),
    ("can't", "cannot"),
    ("couldn't", "could not"),
    ("didn't", "did not"),
    ("doesn't", "does not"),
    ("don't", "do not"),
    ("hadn't", "had not"),
    ("hasn't", "has not"),
    ("haven't", "have not"),
    ("isn't", "is not"),
    ("mustn't", "must not"),
    ("needn't", "need not"),
    ("shouldn't", "should not"),
    ("wasn't", "was not"),
    ("weren't", "were not"),
    ("won't", "will not"),
    ("wouldn't", "would not"),
    ("i'm", "i am"),
    ("you're", "you are"),
    ("we're", "we are"),
    ("they're", "they are"),
    ("i've", "i have"),
    ("you've", "you have"),
    ("we've", "we have"),
    ("they've", "they have"),
    ("i'll", "i will"),
    ("you'll", "you will"),
    ("he'll", "he will"),
    ("she'll", "she will"),
    ("it'll", "it will"),
    ("we'll", "we will"),
    ("they'll", "they will"),
    ("that'll", "that will"),
    ("there'll", "there will"),
    ("it's", "it is"),
    ("that's", "that is"),
    ("there's", "there is"),
    ("here's", "here is"),
    ("what's", "what is"),
    ("where's", "where is"),
    ("who's", "who is"),
    ("how's", "how is"),
    ("let's", "let us"),
    ("could've", "could have"),
    ("should've", "should have"),
    ("would've", "would have"),
    ("might've", "might have"),
    ("must've", "must have"),
    ("what're", "what are"),
    ("who're", "who are"),
    ("gonna", "going to"),
    ("gotta", "got to"),
];

/// Where `form` stands in `text` as whole words, whatever the case and the apostrophe.
fn find(text: &str, lower: &str, form: &str) -> Vec<Range<usize>> {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '\'' | '’' | '_'));
    lower
        .match_indices(form)
        .map(|(at, _)| at..at + form.len())
        .filter(|range| !word(text[..range.start].chars().next_back()) && !word(text[range.end..].chars().next()))
        .collect()
}

/// `form` in the case of `found`, of which the first letter stays.
fn alike(found: &str, form: &str) -> String {
    let letters = || found.chars().filter(|c| c.is_alphabetic());
    let loud = letters().count() > 2 && letters().all(char::is_uppercase);
    let rest: String = form.chars().skip(1).collect();
    found.chars().take(1).chain(if loud { rest.to_uppercase() } else { rest }.chars()).collect()
}

fn change(
    marked: Marked<'_>,
    rng: &mut Rng,
    pair: impl Fn(&(&'static str, &'static str)) -> (&'static str, &'static str),
) -> Vec<Edit> {
    // In a text that came in tokens, a contraction is one token or two, as its makers chose; it is left alone.
    if !marked.tokens.is_empty() {
        return Vec::new();
    }
    // Both apostrophes take one byte here, so that places are those of the text; ASCII case takes as many bytes.
    let lower = marked.text.to_ascii_lowercase();
    let mut found: Vec<(Range<usize>, &str)> = Vec::new();
    for forms in &FORMS {
        let (from, to) = pair(forms);
        let curly = from.replace('\'', "’");
        let spellings = if curly == from { vec![from.to_owned()] } else { vec![from.to_owned(), curly] };
        for spelling in spellings {
            found.extend(find(marked.text, &lower, &spelling).into_iter().map(|range| (range, to)));
        }
    }
    found.retain(|(range, _)| !marked.crosses(range));
    found.sort_by_key(|(range, _)| range.start);
    // "can not" and the like never overlap by the table, but a text is free: the first stays.
    found.dedup_by(|later, first| later.0.start < first.0.end);
    if found.is_empty() {
        return Vec::new();
    }
    let always = rng.below(found.len());
    let chosen = found.into_iter().enumerate().filter(|(i, _)| *i == always || rng.below(2) == 0);
    chosen.map(|(_, (range, to))| Edit::new(range.clone(), alike(&marked.text[range], to))).collect()
}

/// Writes some contractions out.
pub(super) fn expand(marked: Marked<'_>, rng: &mut Rng) -> Vec<Edit> {
    change(marked, rng, |&(short, long)| (short, long))
}

/// Contracts some words; never to slang.
pub(super) fn contract(marked: Marked<'_>, rng: &mut Rng) -> Vec<Edit> {
    change(marked, rng, |&(short, long)| if short.contains('\'') { (long, short) } else { ("\u{0}", short) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::edits::apply;
    use super::*;
    use trueup_data::corpus::{Answer, Mark};

    fn all(text: &str, change: fn(Marked<'_>, &mut Rng) -> Vec<Edit>) -> Vec<String> {
        let answer = Answer::default();
        let marked = Marked { text, answer: &answer, tokens: &[] };
        let texts: BTreeSet<String> =
            (0..40).filter_map(|seed| apply(marked, change(marked, &mut Rng::new(seed)))).map(|e| e.text).collect();
        texts.into_iter().collect()
    }

    #[test]
    fn contractions_are_written_out_in_their_case() {
        assert_eq!(all("I'm here", expand), ["I am here"]);
        assert_eq!(all("Won’t it", expand), ["Will not it"]);
        assert_eq!(all("I CAN'T", expand), ["I CANNOT"]);
        assert_eq!(all("the dog's bone, he's", expand), [""; 0]);
        assert_eq!(all("I don't, I can't", expand), ["I do not, I can't", "I do not, I cannot", "I don't, I cannot"]);
    }

    #[test]
    fn words_are_contracted() {
        assert_eq!(all("I am what it is", contract), ["I am what it's", "I'm what it is", "I'm what it's"]);
        assert_eq!(all("we are going to pay", contract), ["we're going to pay"]);
        assert_eq!(all("Iamb is not", contract), ["Iamb isn't"]);
        assert_eq!(all("é I will 😀", contract), ["é I'll 😀"]);
    }

    #[test]
    fn every_pair_begins_alike_and_goes_both_ways() {
        for (short, long) in FORMS {
            assert_eq!(short.chars().next(), long.chars().next(), "{short}");
            assert_eq!(all(short, expand), [long], "{short}");
            if short.contains('\'') {
                assert_eq!(all(long, contract), [short], "{short}");
            }
        }
    }

    #[test]
    fn a_span_is_not_cut() {
        let answer = Answer::spans(vec![Mark::new(0, 4, "X")]);
        let marked = Marked { text: "does not", answer: &answer, tokens: &[] };
        assert!(contract(marked, &mut Rng::new(1)).is_empty());
    }
}
