//! Texts as spaCy holds them: tokens, each followed by one space or by nothing. Whatever else stands between tokens is a
//! token of its own, made of white space.

use crate::corpus::{Mark, TokenMark};

/// One token as spaCy holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub start: usize,
    pub end: usize,
    /// Whether one space follows, which belongs to no token.
    pub space: bool,
    /// The token of the record that it is, or begins.
    pub token: Option<usize>,
}

/// A text in pieces.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub pieces: Vec<Piece>,
    /// How many of the record's tokens were split at the edge of a span, or could not stay.
    pub changed: usize,
}

impl Layout {
    /// The pieces from the one that begins at `start` to the one that ends at `end`: the first, and one past the last.
    pub fn range(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let first = self.pieces.binary_search_by_key(&start, |piece| piece.start).ok()?;
        let last = self.pieces.binary_search_by_key(&end, |piece| piece.end).ok()?;
        (first <= last).then_some((first, last + 1))
    }
}

/// Whether text is white space and nothing else.
pub(super) fn is_space(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// Lays out a text: by the record's tokens, else by words; every mark begins and ends at a piece.
pub(super) fn lay_out<'a>(text: &str, tokens: &[TokenMark], marks: impl Iterator<Item = &'a Mark>) -> Layout {
    let (mut starts, mut ends): (Vec<usize>, Vec<usize>) = marks.map(|mark| (mark.start, mark.end)).unzip();
    starts.sort_unstable();
    ends.sort_unstable();
    let mut cuts: Vec<usize> = starts.iter().chain(&ends).copied().collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut layout = Layout::default();
    let mut maker = Maker { text, starts: &starts, ends: &ends, cuts: &cuts, at: 0, pieces: Vec::new() };
    if tokens.is_empty() {
        for (start, end) in trueup_core::text::tokenise(text) {
            maker.gap(start as usize);
            maker.token(end as usize, None);
        }
    } else {
        for (i, token) in tokens.iter().enumerate() {
            // Tokens that overlap, or are none, cannot stand in a row.
            let fits = token.start >= maker.at && token.start < token.end && text.get(token.start..token.end).is_some();
            if !fits || is_space(&text[token.start..token.end]) {
                layout.changed += usize::from(!fits);
                continue;
            }
            layout.changed += usize::from(maker.gap(token.start));
            layout.changed += usize::from(maker.token(token.end, Some(i)) > 1);
        }
    }
    layout.changed += usize::from(maker.gap(text.len()) && !tokens.is_empty());
    layout.pieces = maker.pieces;
    layout
}

struct Maker<'a> {
    text: &'a str,
    starts: &'a [usize],
    ends: &'a [usize],
    cuts: &'a [usize],
    at: usize,
    pieces: Vec<Piece>,
}

impl Maker<'_> {
    /// Everything up to `end` is one token, split at the edges of spans; how many pieces that made.
    fn token(&mut self, end: usize, token: Option<usize>) -> usize {
        let first = self.cuts.partition_point(|&cut| cut <= self.at);
        let mut made = 0;
        let mut token = token;
        for &cut in self.cuts[first..].iter().take_while(|&&cut| cut < end).chain([&end]) {
            if cut > self.at {
                self.pieces.push(Piece { start: self.at, end: cut, space: false, token: token.take() });
                self.at = cut;
                made += 1;
            }
        }
        made
    }

    /// Everything up to `end` is no token of the record; whether it holds more than white space.
    fn gap(&mut self, end: usize) -> bool {
        let mut more = false;
        while self.at < end {
            let rest = &self.text[self.at..end];
            let space = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
            if space == 0 {
                more = true;
                let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
                self.token(self.at + word, None);
                continue;
            }
            let until = self.at + space;
            let is_edge = |edges: &[usize], at: usize| edges.binary_search(&at).is_ok();
            if rest.starts_with(' ')
                && !is_edge(self.starts, self.at)
                && !is_edge(self.ends, self.at + 1)
                && let Some(last) = self.pieces.last_mut()
            {
                last.space = true;
                self.at += 1;
            }
            self.token(until, None);
        }
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, tokens: &[(usize, usize)], spans: &[(usize, usize)]) -> (Vec<String>, usize) {
        let tokens: Vec<TokenMark> =
            tokens.iter().map(|&(start, end)| TokenMark { start, end, ..TokenMark::default() }).collect();
        let marks: Vec<Mark> = spans.iter().map(|&(start, end)| Mark::new(start, end, "X")).collect();
        let layout = lay_out(text, &tokens, marks.iter());
        for mark in &marks {
            assert!(layout.range(mark.start, mark.end).is_some(), "{mark:?}");
        }
        let shown = |p: &Piece| format!("{}{}", &text[p.start..p.end], if p.space { "_" } else { "" });
        (layout.pieces.iter().map(shown).collect(), layout.changed)
    }

    #[test]
    fn white_space_beyond_one_space_is_a_token() {
        assert_eq!(of("a b", &[], &[]).0, ["a_", "b"]);
        assert_eq!(of("a  b\nc \nd\n e ", &[], &[]).0, ["a_", " ", "b", "\n", "c_", "\n", "d", "\n ", "e_"]);
        assert_eq!(of(" a", &[], &[]).0, [" ", "a"]);
        assert_eq!(of("", &[], &[]).0, Vec::<String>::new());
        assert_eq!(of("  ", &[], &[]).0, ["  "]);
    }

    #[test]
    fn spans_cut_tokens_and_white_space() {
        assert_eq!(of("20kg x", &[(0, 4), (5, 6)], &[(0, 2)]), (vec!["20".into(), "kg_".into(), "x".into()], 1));
        assert_eq!(of("a b", &[], &[(0, 2)]).0, ["a", " ", "b"]);
        assert_eq!(of("a b", &[], &[(1, 3)]).0, ["a", " ", "b"]);
        assert_eq!(of("a \n\n b", &[], &[(0, 3)]).0, ["a_", "\n", "\n ", "b"]);
    }

    #[test]
    fn what_no_token_covers_becomes_one() {
        assert_eq!(of("a, b!", &[(0, 1), (3, 4)], &[]), (vec!["a".into(), ",_".into(), "b".into(), "!".into()], 2));
        assert_eq!(of("ab", &[(0, 2), (1, 2)], &[]).1, 1);
    }
}
