//! The ways to make a new example of an old one, each with a name and a sentence.

use trueup_core::Rng;

use super::edits::{Edit, Edited, Marked, apply};
use super::mentions::Mentions;
use super::{case, contractions, dropout, mentions, punctuation, typos};

/// A way to make a new example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// The name, which `--methods` takes and the column `method` holds. What stands before the first hyphen is its family.
    pub name: &'static str,
    /// What it does and what a model learns from it.
    pub does: &'static str,
}

impl Method {
    /// The part of the name before the first hyphen: `typo` of `typo-swap`.
    pub fn family(&self) -> &'static str {
        self.name.split('-').next().unwrap_or(self.name)
    }
}

/// The name of the method that fills templates.
pub const TEMPLATE: &str = "template";

const fn method(name: &'static str, does: &'static str) -> Method {
    Method { name, does }
}

/// All methods, in the order of documents.
pub const METHODS: [Method; 14] = [
    method("case-lower", "everything in lower case: chats and phones drop capitals"),
    method("case-upper", "everything in upper case: people shout, forms and headlines are set in capitals"),
    method("case-title", "every word with a capital: subjects and headlines"),
    method("case-letter", "a letter of some words in the other case: slips of the shift key"),
    method(
        "punctuation-question",
        "the question mark goes, comes, or becomes a full stop: questions are typed without it",
    ),
    method("punctuation-period", "the full stop goes, comes, or becomes an exclamation mark: messages end without it"),
    method("punctuation-comma", "a comma goes, comes, or becomes a semicolon: commas are the first to be forgotten"),
    method("typo-neighbour", "a letter becomes one that lies beside it on a QWERTY keyboard: the commonest slip"),
    method("typo-swap", "two letters change places"),
    method("typo-omit", "a letter is left out"),
    method("typo-double", "a letter is typed twice"),
    method("contraction-expand", "\"I'm\" becomes \"I am\" (English): formal and spoken spelling mean the same"),
    method("contraction-contract", "\"I am\" becomes \"I'm\" (English)"),
    method("dropout", "some words go, never those of a span nor a negation: no single word should decide"),
];

/// The methods that need more than a text, with what they need said.
pub const SPECIAL: [Method; 2] = [
    method(
        "mention",
        "spans get the text of other spans of their type in the same file: the context should tell (NER)",
    ),
    method(TEMPLATE, "sentences of --templates, their slots filled: examples of what nobody has collected yet"),
];

/// What a method may draw on.
pub(super) struct Means<'a> {
    /// The share of words that a method touches which touches words one by one.
    pub share: f64,
    /// The mentions of the file.
    pub mentions: &'a Mentions,
}

impl Means<'_> {
    /// How many of `words` are touched: the share, at least one; none of none.
    pub fn of(&self, words: usize) -> usize {
        ((words as f64 * self.share).round() as usize).clamp(usize::from(words > 0), words)
    }
}

/// What a method made.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Made {
    /// The new text with its answer.
    pub edited: Edited,
    /// The mentions that were put in, by their numbers in [`Mentions`].
    pub put_in: Vec<u32>,
}

/// What `name` makes of a text; `None` where it does not apply.
pub(super) fn make(name: &str, marked: Marked<'_>, means: &Means<'_>, rng: &mut Rng) -> Option<Made> {
    let edits: Vec<Edit> = match name {
        "case-lower" => case::lower(marked),
        "case-upper" => case::upper(marked),
        "case-title" => case::title(marked),
        "case-letter" => case::letter(marked, means, rng),
        "punctuation-question" => punctuation::question(marked, rng)?,
        "punctuation-period" => punctuation::period(marked, rng)?,
        "punctuation-comma" => punctuation::comma(marked, rng)?,
        "typo-neighbour" => typos::typos(marked, typos::Slip::Neighbour, means, rng),
        "typo-swap" => typos::typos(marked, typos::Slip::Swap, means, rng),
        "typo-omit" => typos::typos(marked, typos::Slip::Omit, means, rng),
        "typo-double" => typos::typos(marked, typos::Slip::Double, means, rng),
        "contraction-expand" => contractions::expand(marked, rng),
        "contraction-contract" => contractions::contract(marked, rng),
        "dropout" => dropout::dropout(marked, means, rng)?,
        "mention" => {
            let (edits, put_in) = mentions::replace(marked, means.mentions, rng);
            return Some(Made { edited: apply(marked, edits)?, put_in });
        }
        _ => return None,
    };
    Some(Made { edited: apply(marked, edits)?, put_in: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_stand_together_and_names_are_unique() {
        let names: std::collections::BTreeSet<&str> = METHODS.iter().chain(&SPECIAL).map(|m| m.name).collect();
        assert_eq!(names.len(), METHODS.len() + SPECIAL.len());
        assert_eq!(METHODS[7].family(), "typo");
        assert_eq!(SPECIAL[0].family(), "mention");
    }

    #[test]
    fn a_share_touches_one_at_least() {
        let mentions = Mentions::default();
        let means = Means { share: 0.1, mentions: &mentions };
        assert_eq!([0, 1, 14, 15, 26].map(|n| means.of(n)), [0, 1, 1, 2, 3]);
    }
}
