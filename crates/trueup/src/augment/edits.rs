//! Changes of a text that carry its spans and tokens with them, exactly.
//!
//! A change replaces a range of bytes, or inserts. No change goes over the boundary of a span: it lies inside of a span,
//! outside of it, or is the whole span. So the text of every span afterwards is the text of the mention with the changes
//! inside of it, whatever came before it.

use std::ops::Range;

use trueup_data::corpus::{Answer, Mark, TokenMark};

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edit {
    /// The bytes that go, at character boundaries; empty where text is put in between.
    pub range: Range<usize>,
    /// What comes instead.
    pub text: String,
    /// Where the text came in tokens and the change is more than the spelling of one: the tokens of the new text, in
    /// bytes of it. Tokens that lie in `range` go.
    pub tokens: Option<Vec<TokenMark>>,
}

impl Edit {
    /// A change of spelling, inside of a token where the text has them.
    pub fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into(), tokens: None }
    }
}

/// What came of the changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edited {
    /// The new text.
    pub text: String,
    /// The same answer about it.
    pub answer: Answer,
    /// Its tokens, without tags: those follow from the spans.
    pub tokens: Vec<TokenMark>,
}

/// A text with what stands in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marked<'a> {
    /// The text.
    pub text: &'a str,
    /// What is said of it.
    pub answer: &'a Answer,
    /// Its tokens, where it came in tokens.
    pub tokens: &'a [TokenMark],
}

impl<'a> Marked<'a> {
    /// Its spans.
    pub fn marks(self) -> impl Iterator<Item = &'a Mark> {
        self.answer.spans.iter().flatten()
    }

    /// Where spans and their pieces begin and end.
    pub fn boundaries(self) -> impl Iterator<Item = usize> {
        self.marks().flat_map(|mark| {
            let pieces = mark.pieces.iter().flat_map(|&(start, end)| [start, end]);
            [mark.start, mark.end].into_iter().chain(pieces)
        })
    }

    /// Whether a span begins or ends inside of `range`, its ends left out.
    pub fn crosses(self, range: &Range<usize>) -> bool {
        self.boundaries().any(|at| range.start < at && at < range.end)
    }

    /// Whether `range` shares a byte with a span; of an insertion, whether it lies inside of one.
    pub fn touches(self, range: &Range<usize>) -> bool {
        self.marks().any(|mark| mark.start < range.end && range.start < mark.end)
    }
}

/// Makes the changes, which are put in order; `None` where two overlap, where one goes over the boundary of a span or of a
/// token, where a span would be left without text, or where nothing changes.
pub(super) fn apply(marked: Marked<'_>, mut edits: Vec<Edit>) -> Option<Edited> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let apart = edits.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start && pair[0].range != pair[1].range);
    if edits.is_empty() || !apart || edits.iter().any(|edit| marked.crosses(&edit.range)) {
        return None;
    }
    let mut text = String::with_capacity(marked.text.len() + 16);
    let mut at = 0;
    // Where the text of each change stands in the new text.
    let mut placed = Vec::with_capacity(edits.len());
    for edit in &edits {
        text += marked.text.get(at..edit.range.start)?;
        placed.push(text.len());
        text += &edit.text;
        at = edit.range.end;
    }
    text += marked.text.get(at..)?;
    if text == marked.text {
        return None;
    }
    let moved = Moved { edits: &edits, placed: &placed };
    let mut answer = marked.answer.clone();
    for mark in answer.spans.iter_mut().flatten() {
        let was = mark.start < mark.end;
        (mark.start, mark.end) = moved.range(mark.start, mark.end)?;
        for piece in &mut mark.pieces {
            *piece = moved.range(piece.0, piece.1)?;
            if piece.0 >= piece.1 {
                return None;
            }
        }
        if was && text[mark.start..mark.end].trim().is_empty() {
            return None;
        }
    }
    let tokens = moved.tokens(marked.tokens)?;
    Some(Edited { text, answer, tokens })
}

/// Where things stand after changes.
struct Moved<'a> {
    edits: &'a [Edit],
    placed: &'a [usize],
}

impl Moved<'_> {
    /// Where a beginning stands: what is put in before it stays before it.
    fn start(&self, at: usize) -> usize {
        let before = self.edits.partition_point(|edit| edit.range.end <= at && edit.range.start <= at);
        match self.edits.get(before) {
            Some(next) if next.range.start <= at => self.placed[before],
            _ => self.after(before, at),
        }
    }

    /// Where an end stands: what is put in behind it stays behind it.
    fn end(&self, at: usize) -> usize {
        let before = self.edits.partition_point(|edit| edit.range.end <= at && edit.range.start < at);
        self.after(before, at)
    }

    /// Where `at` stands, of which the first `before` changes lie before it.
    fn after(&self, before: usize, at: usize) -> usize {
        match before.checked_sub(1) {
            None => at,
            Some(last) => self.placed[last] + self.edits[last].text.len() + (at - self.edits[last].range.end),
        }
    }

    fn range(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let moved = (self.start(start), self.end(end));
        (moved.0 <= moved.1).then_some(moved)
    }

    /// The tokens afterwards; `None` where a change goes over the boundary of one.
    fn tokens(&self, tokens: &[TokenMark]) -> Option<Vec<TokenMark>> {
        let mut all = Vec::with_capacity(tokens.len() + 2);
        for token in tokens {
            let inside = |at: usize| token.start < at && at < token.end;
            let mut gone = false;
            for edit in self.edits.iter().filter(|e| e.range.start <= token.end && token.start <= e.range.end) {
                let Range { start, end } = edit.range;
                let covers = start <= token.start && token.end <= end;
                if edit.tokens.is_some() && (inside(start) || inside(end)) {
                    return None;
                }
                if edit.tokens.is_none()
                    && (start < token.start && token.start < end || start < token.end && token.end < end)
                {
                    return None;
                }
                gone |= edit.tokens.is_some() && covers;
            }
            if gone {
                continue;
            }
            let (start, end) = self.range(token.start, token.end)?;
            if start < end {
                all.push(TokenMark { start, end, tag: None, columns: token.columns.clone() });
            }
        }
        if !tokens.is_empty() {
            for (edit, &placed) in self.edits.iter().zip(self.placed) {
                let put = edit.tokens.iter().flatten();
                all.extend(put.map(|t| TokenMark { start: placed + t.start, end: placed + t.end, ..t.clone() }));
            }
            all.sort_by_key(|token| (token.start, token.end));
        }
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked<'a>(text: &'a str, answer: &'a Answer) -> Marked<'a> {
        Marked { text, answer, tokens: &[] }
    }

    fn spans(edited: &Edited) -> Vec<&str> {
        edited.answer.spans.iter().flatten().map(|mark| &edited.text[mark.start..mark.end]).collect()
    }

    #[test]
    fn spans_move_with_what_changes_before_and_inside_of_them() {
        let text = "I met Ann in Rome.";
        let answer = Answer::spans(vec![Mark::new(6, 9, "PER"), Mark::new(13, 17, "LOC")]);
        let edits =
            vec![Edit::new(13..13, "old "), Edit::new(0..1, "We"), Edit::new(7..8, "nn"), Edit::new(17..18, "")];
        let edited = apply(marked(text, &answer), edits).unwrap();
        assert_eq!(edited.text, "We met Annn in old Rome");
        assert_eq!(spans(&edited), ["Annn", "Rome"]);
    }

    #[test]
    fn what_is_put_in_at_a_boundary_stays_outside() {
        let answer = Answer::spans(vec![Mark::new(0, 3, "PER")]);
        let edits = vec![Edit::new(0..0, "Mr "), Edit::new(3..3, ",")];
        let edited = apply(marked("Ann", &answer), edits).unwrap();
        assert_eq!((edited.text.as_str(), spans(&edited)), ("Mr Ann,", vec!["Ann"]));
    }

    #[test]
    fn a_change_over_a_boundary_is_none() {
        let answer = Answer::spans(vec![Mark::new(2, 5, "PER")]);
        let change = |range: Range<usize>, text: &str| apply(marked("I Ann x", &answer), vec![Edit::new(range, text)]);
        assert_eq!(change(1..3, "z"), None);
        assert_eq!(change(0..7, "z"), None);
        assert_eq!(change(2..5, ""), None, "a span needs a text");
        assert_eq!(change(2..5, " "), None);
        assert_eq!(change(0..1, "I"), None, "nothing changes");
        assert_eq!(spans(&change(2..5, "Bo").unwrap()), ["Bo"]);
        let two = vec![Edit::new(2..4, "x"), Edit::new(3..5, "y")];
        assert_eq!(apply(marked("I Ann x", &answer), two), None);
    }

    #[test]
    fn pieces_move_too() {
        let mut mark = Mark::new(0, 11, "SYMPTOM");
        mark.pieces = vec![(0, 4), (8, 11)];
        let answer = Answer::spans(vec![mark]);
        let edited = apply(marked("arms hurt, legs", &Answer::spans(vec![])), vec![Edit::new(0..1, "A")]).unwrap();
        assert_eq!(edited.text, "Arms hurt, legs");
        let edited = apply(marked("pain in arm", &answer), vec![Edit::new(5..7, "inside")]).unwrap();
        let mark = &edited.answer.spans.as_ref().unwrap()[0];
        let pieces: Vec<&str> = mark.pieces.iter().map(|&(s, e)| &edited.text[s..e]).collect();
        assert_eq!((pieces, mark.end), (vec!["pain", "arm"], 15));
    }

    #[test]
    fn tokens_change_go_and_come() {
        let token = |start, end| TokenMark { start, end, ..TokenMark::default() };
        let tokens = [token(0, 1), token(2, 5), token(6, 7)];
        let answer = Answer::spans(vec![Mark::new(2, 5, "PER")]);
        let marked = Marked { text: "I Ann x", answer: &answer, tokens: &tokens };
        let words = |edited: &Edited| -> Vec<String> {
            edited.tokens.iter().map(|t| edited.text[t.start..t.end].to_owned()).collect()
        };
        let mention = Edit { range: 2..5, text: "Bo Li".into(), tokens: Some(vec![token(0, 2), token(3, 5)]) };
        let end = Edit { range: 7..7, text: " .".into(), tokens: Some(vec![token(1, 2)]) };
        let edited = apply(marked, vec![mention, end, Edit::new(0..1, "We")]).unwrap();
        assert_eq!(
            (words(&edited), edited.text.as_str()),
            (["We", "Bo", "Li", "x", "."].map(String::from).to_vec(), "We Bo Li x .")
        );
        let drop = Edit { range: 5..7, text: String::new(), tokens: Some(Vec::new()) };
        assert_eq!(words(&apply(marked, vec![drop]).unwrap()), ["I", "Ann"]);
        let inside = Edit { range: 3..3, text: " ,".into(), tokens: Some(vec![token(1, 2)]) };
        assert_eq!(apply(marked, vec![inside]), None);
        assert_eq!(apply(marked, vec![Edit::new(0..2, "")]), None, "over the end of a token");
    }
}
