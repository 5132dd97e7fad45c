//! A text in tokens, for the formats that hold nothing else: what to write when the record has no tokens, when a span
//! begins or ends inside a token, and what is lost by it.
//!
//! Nothing is moved. A token with the edge of a span inside is split there; a text without tokens is tokenised
//! ([`trueup_core::text::tokenise`]); what stands between the tokens of a record becomes tokens as well. What that does
//! to text and tokens is noted as a loss.

use trueup_core::text::tokenise;

use crate::corpus::{Mark, Place, Record};
use crate::error::quote;
use crate::holds::{Loss, Losses};

/// One token to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// First byte in the text.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// Which of the record's tokens it is, or is a part of.
    pub token: Option<usize>,
}

/// A text as tokens.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// The tokens, in order, without overlap, none of them empty.
    pub all: Vec<Piece>,
    /// Whether they are the record's own tokens, one by one.
    pub own: bool,
}

/// The edges of spans, sorted.
pub(super) fn edges<'a>(marks: impl IntoIterator<Item = &'a Mark>) -> Vec<usize> {
    let mut edges: Vec<usize> = marks.into_iter().flat_map(|mark| [mark.start, mark.end]).collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// Cuts the text of a record into tokens: its own where it has some. No token holds a character for which `parts` is
/// true; no edge is inside a token.
pub(super) fn pieces(record: &Record, edges: &[usize], parts: fn(char) -> bool, losses: &mut Losses) -> Pieces {
    let text = record.text();
    let mut all: Vec<Piece> = Vec::with_capacity(record.tokens.len());
    let mut own = !record.tokens.is_empty();
    let mut at = 0;
    let between = |all: &mut Vec<Piece>, from: usize, to: usize| {
        let gap = text.get(from..to).unwrap_or_default();
        let found = tokenise(gap);
        let any = !found.is_empty();
        all.extend(found.into_iter().map(|(s, e)| Piece {
            start: from + s as usize,
            end: from + e as usize,
            token: None,
        }));
        any
    };
    for (i, token) in record.tokens.iter().enumerate() {
        let start = token.start.max(at);
        if start >= token.end || text.get(start..token.end).is_none() {
            own = false;
            continue;
        }
        own &= start == token.start;
        own &= !between(&mut all, at, start);
        all.push(Piece { start, end: token.end, token: Some(i) });
        at = token.end;
    }
    own &= !between(&mut all, at, text.len());
    let mut out = Vec::with_capacity(all.len());
    for piece in all {
        own &= !cut(text, &piece, edges, parts, &mut out);
    }
    if !own && !record.tokens.is_empty() {
        losses.add(Loss::Tokens, &record.place, || "the edges of tokens: one was split, joined or added".to_owned());
    }
    Pieces { all: out, own }
}

/// Cuts one token where an edge is inside, and takes out what parts it; whether anything was cut.
fn cut(text: &str, piece: &Piece, edges: &[usize], parts: fn(char) -> bool, out: &mut Vec<Piece>) -> bool {
    let before = out.len();
    let body = text.get(piece.start..piece.end).unwrap_or_default();
    let mut next = edges.partition_point(|&edge| edge <= piece.start);
    let mut start = piece.start;
    let mut push = |start: usize, end: usize| {
        if start < end {
            out.push(Piece { start, end, token: piece.token });
        }
    };
    for (i, c) in body.char_indices() {
        let at = piece.start + i;
        if edges.get(next) == Some(&at) {
            next += 1;
            push(start, at);
            start = at;
        }
        if parts(c) {
            push(start, at);
            start = at + c.len_utf8();
        }
    }
    push(start, piece.end);
    !matches!(&out[before..], [one] if one == piece)
}

impl Pieces {
    /// Notes when a reader will see another text: not tokens with one of the `joiners` between them.
    pub fn check_text(&self, record: &Record, joiners: &[u8], losses: &mut Losses) {
        let text = record.text();
        let mut at = 0;
        let same = self.all.iter().enumerate().all(|(i, piece)| {
            let space = usize::from(i > 0);
            let as_is = piece.start == at + space
                && (space == 0 || text.as_bytes().get(at).is_some_and(|b| joiners.contains(b)));
            at = piece.end;
            as_is
        });
        if !same || at != text.len() {
            losses.add(Loss::Text, &record.place, || {
                "white space: a reader joins the tokens by one space each".to_owned()
            });
        }
    }

    /// Spans as first token, one past the last, and type; in order. A span of white space alone is lost, and so are the
    /// edges of one that begins or ends with white space.
    pub fn chunks<'a>(&self, marks: &'a [Mark], place: &Place, losses: &mut Losses) -> Vec<(usize, usize, &'a str)> {
        let mut chunks = Vec::with_capacity(marks.len());
        for mark in marks {
            let first = self.all.partition_point(|piece| piece.start < mark.start);
            let last = self.all.partition_point(|piece| piece.end <= mark.end);
            if first >= last {
                losses.add(Loss::Spans, place, || format!("a span '{}' of white space alone", quote(&mark.label)));
                continue;
            }
            if self.all[first].start != mark.start || self.all[last - 1].end != mark.end {
                let what = || format!("a span '{}' that begins or ends with white space", quote(&mark.label));
                losses.add(Loss::SpanEdges, place, what);
            }
            chunks.push((first, last, mark.label.as_str()));
        }
        chunks.sort_unstable();
        // Spans that shared nothing but white space may meet in one token; the first stays.
        let mut end = 0;
        chunks.retain(|&(first, last, label)| {
            let free = first >= end;
            if free {
                end = last;
            } else {
                losses.add(Loss::Spans, place, || format!("a span '{}' that overlaps another", quote(label)));
            }
            free
        });
        chunks
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::corpus::TokenMark;

    fn words<'a>(record: &'a Record, pieces: &Pieces) -> Vec<&'a str> {
        pieces.all.iter().map(|p| &record.text()[p.start..p.end]).collect()
    }

    #[test]
    fn a_span_inside_a_token_splits_it() {
        let token = |start, end| TokenMark { start, end, ..TokenMark::default() };
        let text = Some("Iraqi oil".to_owned());
        let record = Record { text, tokens: vec![token(0, 5), token(6, 9)], ..Record::default() };
        let marks = [Mark::new(0, 4, "LOC")];
        let mut losses = Losses::default();
        let found = pieces(&record, &edges(&marks), char::is_whitespace, &mut losses);
        assert_eq!(words(&record, &found), ["Iraq", "i", "oil"]);
        assert_eq!(found.chunks(&marks, &record.place, &mut losses), [(0, 1, "LOC")]);
        found.check_text(&record, b" ", &mut losses);
        assert_eq!(losses.kinds.keys().copied().collect::<Vec<_>>(), [Loss::Text, Loss::Tokens]);
        assert!(!found.own);
    }

    #[test]
    fn what_has_no_tokens_is_tokenised_and_gaps_are_filled() {
        let mut losses = Losses::default();
        let mut record = Record { text: Some("Ann's cat.".into()), ..Record::default() };
        let found = pieces(&record, &[], char::is_whitespace, &mut losses);
        assert_eq!(words(&record, &found).last(), Some(&"."));
        assert!(losses.is_empty(), "there were no tokens to lose");
        record.tokens = vec![TokenMark { start: 6, end: 9, ..TokenMark::default() }];
        let found = pieces(&record, &[], char::is_whitespace, &mut losses);
        assert_eq!(words(&record, &found).concat(), "Ann'scat.");
        assert!(!found.own && !losses.is_empty());
    }

    #[test]
    fn spans_of_white_space_are_noted() {
        let record = Record { text: Some("a  b".into()), ..Record::default() };
        let mut losses = Losses::default();
        let marks = [Mark::new(0, 2, "X"), Mark::new(2, 3, "Y")];
        let found = pieces(&record, &edges(&marks), char::is_whitespace, &mut losses);
        assert_eq!(found.chunks(&marks, &record.place, &mut losses), [(0, 1, "X")]);
        assert_eq!(losses.kinds.keys().copied().collect::<Vec<_>>(), [Loss::Spans, Loss::SpanEdges]);
    }
}
