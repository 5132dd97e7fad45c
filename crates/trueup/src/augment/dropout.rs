//! Words left out. What a span says stays whole, and so do words that turn a meaning round.

use std::ops::Range;

use trueup_core::Rng;

use super::edits::{Edit, Marked};
use super::methods::Means;
use super::words::{chunks, some};

/// Words without which an English text says the opposite.
const NEGATIONS: [&str; 15] = [
    "no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "nowhere", "without", "hardly", "cannot",
    "cant", "dont", "wont",
];

/// Whether a word is a negation.
fn negates(word: &str) -> bool {
    let plain: String = word.chars().filter(|c| c.is_alphabetic() || matches!(c, '\'' | '’')).collect();
    let plain = plain.to_lowercase().replace('’', "'");
    plain.ends_with("n't") || NEGATIONS.contains(&plain.as_str())
}

/// Takes some words away, with the white space beside them. `None` for texts of fewer than four words, or none to spare.
pub(super) fn dropout(marked: Marked<'_>, means: &Means<'_>, rng: &mut Rng) -> Option<Vec<Edit>> {
    let words = chunks(marked);
    if words.len() < 4 {
        return None;
    }
    let spare: Vec<usize> = (0..words.len())
        .filter(|&at| !marked.touches(&words[at]) && !negates(&marked.text[words[at].clone()]))
        .collect();
    let count = means.of(spare.len()).min(words.len() - 2);
    let gone = some(spare, count, rng);
    let edit = |run: &[usize]| {
        let (first, last) = (run[0], run[run.len() - 1]);
        let range: Range<usize> = match words.get(last + 1) {
            Some(next) => words[first].start..next.start,
            None => words[first - 1].end..words[last].end,
        };
        let tokens = (!marked.tokens.is_empty()).then(Vec::new);
        Edit { range, text: String::new(), tokens }
    };
    let runs = gone.chunk_by(|a, b| a + 1 == *b);
    (!gone.is_empty()).then(|| runs.map(edit).collect())
}

#[cfg(test)]
mod tests {
    use super::super::edits::apply;
    use super::super::mentions::Mentions;
    use super::*;
    use trueup_data::corpus::{Answer, Mark, TokenMark};

    #[test]
    fn words_go_whole_and_spans_and_negations_stay() {
        let text = "I can't pay in  New York any more";
        let answer = Answer::spans(vec![Mark::new(16, 24, "LOC")]);
        let marked = Marked { text, answer: &answer, tokens: &[] };
        let mentions = Mentions::default();
        let means = Means { share: 0.5, mentions: &mentions };
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let edited = apply(marked, dropout(marked, &means, &mut Rng::new(seed)).unwrap()).unwrap();
            let mark = &edited.answer.spans.as_ref().unwrap()[0];
            assert_eq!(&edited.text[mark.start..mark.end], "New York");
            assert!(edited.text.contains("can't"), "{}", edited.text);
            assert_eq!(edited.text.split_whitespace().count(), 5, "{}", edited.text);
            seen.insert(edited.text);
        }
        assert!(seen.contains("can't pay New York more") && seen.len() > 5, "{seen:?}");
    }

    #[test]
    fn tokens_go_with_their_words() {
        let token = |start, end| TokenMark { start, end, ..TokenMark::default() };
        let tokens = [token(0, 1), token(2, 5), token(6, 8), token(9, 10)];
        let answer = Answer::default();
        let marked = Marked { text: "I pay in .", answer: &answer, tokens: &tokens };
        let mentions = Mentions::default();
        let means = Means { share: 0.1, mentions: &mentions };
        for seed in 0..20 {
            let edited = apply(marked, dropout(marked, &means, &mut Rng::new(seed)).unwrap()).unwrap();
            let of_tokens: Vec<&str> = edited.tokens.iter().map(|t| &edited.text[t.start..t.end]).collect();
            assert_eq!(of_tokens, edited.text.split(' ').collect::<Vec<_>>());
            assert_eq!(of_tokens.len(), 3);
        }
    }

    #[test]
    fn short_texts_stay() {
        let answer = Answer::default();
        let marked = Marked { text: "card not working", answer: &answer, tokens: &[] };
        let mentions = Mentions::default();
        assert_eq!(dropout(marked, &Means { share: 0.5, mentions: &mentions }, &mut Rng::new(1)), None);
        assert!(negates("don’t,") && negates("NOT") && !negates("note"));
    }
}
