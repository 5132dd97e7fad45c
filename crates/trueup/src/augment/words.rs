//! The words of a text, as its methods see them.

use std::ops::Range;

use trueup_core::Rng;
use trueup_core::text::tokenise;

use super::edits::Marked;

/// The words: the tokens where the text came in tokens, else those of [`tokenise`].
pub(super) fn words(marked: Marked<'_>) -> Vec<Range<usize>> {
    if marked.tokens.is_empty() {
        tokenise(marked.text).into_iter().map(|(start, end)| start as usize..end as usize).collect()
    } else {
        marked.tokens.iter().map(|token| token.start..token.end).collect()
    }
}

/// What stands between white space, or the tokens where the text came in tokens.
pub(super) fn chunks(marked: Marked<'_>) -> Vec<Range<usize>> {
    if !marked.tokens.is_empty() {
        return words(marked);
    }
    let mut chunks = Vec::new();
    let mut start = None;
    for (at, c) in marked.text.char_indices() {
        match (c.is_whitespace(), start) {
            (true, Some(from)) => {
                chunks.push(from..at);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    chunks.extend(start.map(|from| from..marked.text.len()));
    chunks
}

/// `n` of `items`, each set equally likely, in the order of the items.
pub(super) fn some<T>(mut items: Vec<T>, n: usize, rng: &mut Rng) -> Vec<T> {
    while items.len() > n {
        items.remove(rng.below(items.len()));
    }
    items
}
