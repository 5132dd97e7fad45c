//! Long texts cut into pieces, each a chain of its own.
//!
//! A text of up to [`LONG`] tokens is one piece. A longer one is cut wherever a sentence surely ends, and where pieces are
//! still too long, at the best place there is: after punctuation, at a line's end, else anywhere. What is looked at are the
//! text and its tokens alone, never the gold, so that training cuts as prediction does. A gold span across a cut is
//! learnt up to the cut.

use std::ops::Range;

/// Tokens of the longest piece. The lattice of a piece takes some 30 bytes a token and state.
pub(super) const LONG: usize = 512;

/// How well a text can be cut at a place; better ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Within a phrase.
    Anywhere,
    /// After a comma.
    Clause,
    /// After other punctuation, or at the end of a line.
    Maybe,
    /// A sentence ends here.
    Sure,
}

/// The pieces of a text, as ranges of its tokens, in order; none for a text without a token.
pub(super) fn pieces(text: &str, tokens: &[(u32, u32)]) -> Vec<Range<usize>> {
    if tokens.is_empty() {
        return Vec::new();
    }
    let mut pieces = Vec::new();
    let mut start = 0;
    if tokens.len() > LONG {
        // The best place so far to cut this piece, in its second half once there is one.
        let mut best = (Place::Anywhere, 0);
        for at in 1..tokens.len() {
            let place = place(text, tokens, at);
            if place == Place::Sure {
                pieces.push(start..at);
                (start, best) = (at, (Place::Anywhere, 0));
                continue;
            }
            if at - start >= LONG / 2 && (best.1 == 0 || place >= best.0) {
                best = (place, at);
            }
            if at - start == LONG {
                pieces.push(start..best.1);
                start = best.1;
                // What lies behind the cut is less than half a piece.
                best = (Place::Anywhere, 0);
            }
        }
    }
    pieces.push(start..tokens.len());
    pieces
}

/// How well the text can be cut before token `at`, from 1 on.
fn place(text: &str, tokens: &[(u32, u32)], at: usize) -> Place {
    let word = |i: usize| &text[tokens[i].0 as usize..tokens[i].1 as usize];
    let gap = &text[tokens[at - 1].1 as usize..tokens[at].0 as usize];
    if gap.matches('\n').count() > 1 {
        return Place::Sure;
    }
    // What closes a quotation or a bracket goes with the sentence that it ends.
    let is_closing = |word: &str| word.chars().all(|c| matches!(c, '"' | '\'' | '”' | '’' | ')' | ']' | '»'));
    let before = at - 1;
    let mark = if before > 0 && is_closing(word(before)) { before - 1 } else { before };
    let (stem, end) = match word(mark).char_indices().last() {
        Some((i, c)) => (&word(mark)[..i], c),
        None => ("", ' '),
    };
    let stem = if stem.is_empty() && mark > 0 { word(mark - 1) } else { stem };
    let opens = |c: char| c.is_alphanumeric() && !c.is_lowercase() || matches!(c, '"' | '“' | '‘' | '(' | '[' | '«');
    let is_abbreviation =
        stem.contains(char::is_alphabetic) && (stem.chars().count() <= 2 || stem.starts_with(char::is_uppercase));
    let goes_on = gap.is_empty() || !word(at).chars().next().is_some_and(opens);
    match end {
        '。' | '！' | '？' | '｡' | '।' | '॥' | '؟' | '۔' => Place::Sure,
        '!' | '?' if !goes_on => Place::Sure,
        // A short word or a name before a full stop may be an abbreviation ("St. Louis", "U.S. Army").
        '.' if !goes_on && !is_abbreviation => Place::Sure,
        '.' | '!' | '?' | ';' | ':' => Place::Maybe,
        _ if gap.contains('\n') => Place::Maybe,
        ',' | '،' | '、' => Place::Clause,
        _ => Place::Anywhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use trueup_core::text::tokenise;

    /// The text of each piece.
    fn cut(text: &str) -> Vec<&str> {
        let tokens = tokenise(text);
        let pieces = pieces(text, &tokens);
        pieces.iter().map(|p| &text[tokens[p.start].0 as usize..tokens[p.end - 1].1 as usize]).collect()
    }

    #[test]
    fn a_short_text_is_one_piece() {
        assert_eq!(cut("She left. He stayed."), ["She left. He stayed."]);
        assert!(cut("  ").is_empty());
    }

    #[test]
    fn a_long_text_is_cut_where_sentences_end() {
        let sentences = [
            "He moved to St. Louis in May.",
            "\"It works!\"",
            "The U.S. Army paid 3.5 million (a lot).",
            "Was it so?",
            "東京です。",
            "and so it went on",
        ];
        let text = sentences.join(" ").replace("です。 ", "です。") + "\n\n";
        let long = text.repeat(40);
        assert!(tokenise(&long).len() > LONG);
        let found = cut(&long);
        assert_eq!(
            found[..6],
            [
                "He moved to St. Louis in May. \"It works!\"",
                sentences[2],
                sentences[3],
                sentences[4],
                sentences[5],
                "He moved to St. Louis in May. \"It works!\""
            ]
        );
    }

    #[test]
    fn without_a_sentence_end_it_is_cut_at_the_best_place() {
        let clause = "one two three four five six seven, ";
        let found = cut(&clause.repeat(300)).iter().map(|piece| piece.ends_with(',')).collect::<Vec<_>>();
        assert!(found.len() >= 300 * 8 / LONG && found.iter().all(|comma| *comma), "{found:?}");
        assert_eq!(cut(&"word ".repeat(2 * LONG)).len(), 2);
    }

    proptest! {
        #[test]
        fn pieces_are_the_tokens_in_order_and_none_is_too_long(words in prop::collection::vec("[a-zA-Z]{1,6}[.,;!?\n]?|。|\n\n|\\(", 0..3_000)) {
            let text = words.join(" ");
            let tokens = tokenise(&text);
            let pieces = pieces(&text, &tokens);
            let all: Vec<usize> = pieces.iter().cloned().flatten().collect();
            prop_assert_eq!(all, (0..tokens.len()).collect::<Vec<_>>());
            prop_assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.len() <= LONG));
            prop_assert!(tokens.len() > LONG || pieces.len() <= 1);
        }
    }
}
