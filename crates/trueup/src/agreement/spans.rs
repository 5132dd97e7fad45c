//! Marks of three kinds made of spans and labels, so that sets of them can be compared.

use trueup_core::text::tokenise;
use trueup_data::corpus::Record;

/// (start, end, label): bytes for spans, both 0 for labels of the whole text, both the number of the token for tokens.
pub(super) type Mark = (u32, u32, u32);

/// The mark without white space and punctuation at its edges; as it is where nothing else is in it.
pub(super) fn trimmed(text: &str, (start, end, label): Mark) -> Mark {
    let Some(inside) = text.get(start as usize..end as usize) else {
        return (start, end, label);
    };
    let edge = |c: char| !c.is_alphanumeric();
    let left = inside.trim_start_matches(edge);
    if left.is_empty() {
        return (start, end, label);
    }
    let from = start + (inside.len() - left.len()) as u32;
    (from, from + left.trim_end_matches(edge).len() as u32, label)
}

/// Byte ranges of a record's tokens: the file's, else Unicode words.
pub(super) fn tokens(record: &Record) -> Vec<(u32, u32)> {
    if record.tokens.is_empty() {
        return tokenise(record.text());
    }
    record.tokens.iter().map(|token| (token.start as u32, token.end as u32)).collect()
}

/// The tokens that marks touch, each with the label.
pub(super) fn touched(tokens: &[(u32, u32)], marks: &[Mark]) -> Vec<Mark> {
    let mut found = Vec::new();
    for &(start, end, label) in marks {
        let first = tokens.partition_point(|token| token.1 <= start);
        let inside = tokens[first..].iter().take_while(|token| token.0 < end);
        found.extend(inside.enumerate().map(|(at, _)| ((first + at) as u32, (first + at) as u32, label)));
    }
    found
}

/// Whether two marks of a sorted list overlap.
pub(super) fn overlap(marks: &[Mark]) -> bool {
    let mut end = 0;
    marks.iter().any(|mark| {
        let overlaps = mark.0 < end;
        end = end.max(mark.1);
        overlaps
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_trimmed_and_nothing_else() {
        let text = "by «Acme, Inc.» !! ok";
        let at = |what: &str| text.find(what).map_or(0, |i| i as u32);
        let acme = (at("Acme"), at(".»"), 0);
        assert_eq!(trimmed(text, (at("«"), at(" !!") + 1, 0)), acme);
        assert_eq!(trimmed(text, acme), acme);
        assert_eq!(trimmed(text, (at("!!"), at(" ok"), 0)), (at("!!"), at(" ok"), 0));
        assert_eq!(trimmed(text, (4, 9_999, 0)), (4, 9_999, 0));
    }

    #[test]
    fn touched_tokens_are_those_that_share_a_character() {
        let tokens = [(0, 2), (3, 7), (8, 9)];
        assert_eq!(touched(&tokens, &[(1, 4, 5)]), [(0, 0, 5), (1, 1, 5)]);
        assert_eq!(touched(&tokens, &[(2, 3, 5)]), []);
        assert!(overlap(&[(0, 4, 0), (3, 5, 0)]) && !overlap(&[(0, 4, 0), (4, 5, 0)]));
    }
}
