//! Upper and lower case. Case changes the length of texts (`ß` becomes `SS`), so spans move.

use trueup_core::Rng;

use super::edits::{Edit, Marked};
use super::methods::Means;
use super::words::{chunks, some, words};

/// The text cut where spans and tokens begin and end, each piece changed as a whole: the final sigma of Greek depends on
/// what stands beside it.
fn pieces(marked: Marked<'_>, change: impl Fn(&str) -> String) -> Vec<Edit> {
    let tokens = marked.tokens.iter().flat_map(|token| [token.start, token.end]);
    let mut cuts: Vec<usize> = marked.boundaries().chain(tokens).chain([0, marked.text.len()]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let piece = |pair: &[usize]| {
        let piece = &marked.text[pair[0]..pair[1]];
        let changed = change(piece);
        (changed != piece).then(|| Edit::new(pair[0]..pair[1], changed))
    };
    cuts.windows(2).filter_map(piece).collect()
}

/// Everything in lower case.
pub(super) fn lower(marked: Marked<'_>) -> Vec<Edit> {
    pieces(marked, str::to_lowercase)
}

/// Everything in upper case.
pub(super) fn upper(marked: Marked<'_>) -> Vec<Edit> {
    pieces(marked, str::to_uppercase)
}

/// The first letter of every word in upper case; the others stay.
pub(super) fn title(marked: Marked<'_>) -> Vec<Edit> {
    let first = |chunk: std::ops::Range<usize>| {
        let (at, letter) = marked.text[chunk.clone()].char_indices().find(|(_, c)| c.is_alphanumeric())?;
        let start = chunk.start + at;
        let upper: String = letter.to_uppercase().collect();
        letter.is_lowercase().then(|| Edit::new(start..start + letter.len_utf8(), upper))
    };
    chunks(marked).into_iter().filter_map(first).collect()
}

/// One letter of some words in the other case.
pub(super) fn letter(marked: Marked<'_>, means: &Means<'_>, rng: &mut Rng) -> Vec<Edit> {
    let cased = |c: char| c.is_lowercase() || c.is_uppercase();
    let all: Vec<_> = words(marked).into_iter().filter(|word| marked.text[word.clone()].contains(cased)).collect();
    let count = means.of(all.len());
    let other = |word: std::ops::Range<usize>, rng: &mut Rng| {
        let letters: Vec<(usize, char)> = marked.text[word.clone()].char_indices().filter(|(_, c)| cased(*c)).collect();
        let (at, letter) = letters[rng.below(letters.len())];
        let start = word.start + at;
        let text: String =
            if letter.is_lowercase() { letter.to_uppercase().collect() } else { letter.to_lowercase().collect() };
        Edit::new(start..start + letter.len_utf8(), text)
    };
    some(all, count, rng).into_iter().map(|word| other(word, rng)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::edits::apply;
    use super::super::mentions::Mentions;
    use super::*;
    use trueup_data::corpus::{Answer, Mark};

    fn changed(text: &str, edits: fn(Marked<'_>) -> Vec<Edit>) -> String {
        let answer = Answer::default();
        let marked = Marked { text, answer: &answer, tokens: &[] };
        apply(marked, edits(marked)).unwrap().text
    }

    #[test]
    fn cases_are_those_of_unicode() {
        assert_eq!(changed("Straße ΟΔΟΣ", lower), "straße οδος");
        assert_eq!(changed("Straße", upper), "STRASSE");
        assert_eq!(changed("is \"my\" card ok, ATM?", title), "Is \"My\" Card Ok, ATM?");
    }

    #[test]
    fn spans_stay_on_their_mentions_when_lengths_change() {
        let text = "die Straße in Köln";
        let answer = Answer::spans(vec![Mark::new(4, 11, "STREET"), Mark::new(15, 20, "CITY")]);
        let marked = Marked { text, answer: &answer, tokens: &[] };
        let edited = apply(marked, upper(marked)).unwrap();
        let said: Vec<&str> =
            edited.answer.spans.iter().flatten().map(|mark| &edited.text[mark.start..mark.end]).collect();
        assert_eq!(said, ["STRASSE", "KÖLN"]);
    }

    #[test]
    fn one_letter_of_a_tenth_of_the_words_changes() {
        let text = "a b c d e f g h i j";
        let answer = Answer::default();
        let marked = Marked { text, answer: &answer, tokens: &[] };
        let mentions = Mentions::default();
        let means = Means { share: 0.2, mentions: &mentions };
        let edited = apply(marked, letter(marked, &means, &mut Rng::new(1))).unwrap();
        assert_eq!(edited.text.chars().filter(char::is_ascii_uppercase).count(), 2);
        assert_eq!(edited.text.to_lowercase(), text);
    }
}
