//! Normalising for comparison: NFKC, case, white space.

use std::sync::OnceLock;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// NFKC, case-folded, runs of white space made one space, trimmed; punctuation and digits stay.
///
/// Two texts are *exact duplicates* when their normalised texts are equal. Case folding is the full lower-case mapping
/// after NFKC with the two folds that lower-casing misses (`ß` to `ss`, final sigma to sigma).
pub fn normalise(text: &str) -> String {
    let mut out = Out { text: String::with_capacity(text.len()), space: false };
    let mut rest = text;
    while !rest.is_empty() {
        let plain = plain_prefix(rest, &mut out);
        rest = &rest[plain..];
        let slow = slow_prefix(rest);
        // Lower-casing can leave a sequence that composes anew, so NFKC runs on both sides of it.
        rest[..slow].nfkc().flat_map(char::to_lowercase).nfkc().for_each(|c| out.push(c));
        rest = &rest[slow..];
    }
    out.text
}

/// The text so far, and whether white space is owed before the next character.
struct Out {
    text: String,
    space: bool,
}

impl Out {
    fn push(&mut self, c: char) {
        if c.is_whitespace() {
            self.space = !self.text.is_empty();
            return;
        }
        if self.space {
            self.text.push(' ');
            self.space = false;
        }
        match c {
            'ß' => self.text.push_str("ss"),
            'ς' => self.text.push('σ'),
            c => self.text.push(c),
        }
    }
}

/// Normalises the characters at the start of `text` that neither change nor are changed by a neighbour, and answers how
/// many bytes they are. The last one before a character of another kind may be changed by it, and is not among them.
fn plain_prefix(text: &str, out: &mut Out) -> usize {
    let mut held: Option<char> = None;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let Some(folded) = plain(c) else {
            return start;
        };
        if let Some(before) = held.replace(folded) {
            out.push(before);
        }
        start = at;
    }
    if let Some(last) = held {
        out.push(last);
    }
    text.len()
}

/// How many bytes at the start of `text` belong together: up to a character that changes by itself alone, and is followed
/// by one or ends the text.
fn slow_prefix(text: &str) -> usize {
    let mut characters = text.char_indices();
    // The first one is what a neighbour changes, or is such a neighbour.
    characters.next();
    let mut met = false;
    for (at, c) in characters {
        let is_plain = plain(c).is_some();
        if is_plain && met {
            return at;
        }
        met |= !is_plain;
    }
    text.len()
}

/// What a character becomes where that does not depend on its neighbours before it: it is in NFKC and so is its lower
/// case, one character, and neither joins what stands before.
fn plain(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase());
    }
    let code = c as usize;
    // Of the characters beyond the first plane few are letters with cases, and they are rare.
    let block = BLOCKS.get(code / BLOCK)?;
    let folded = block.get_or_init(|| Box::new(std::array::from_fn(|i| look_up((code / BLOCK * BLOCK + i) as u32))));
    char::from_u32(folded[code % BLOCK]).filter(|&c| c != '\0')
}

const BLOCK: usize = 256;

/// What each character of the first plane becomes, made when one of its block is first met; 0 where that depends on its
/// neighbours.
static BLOCKS: [OnceLock<Box<[u32; BLOCK]>>; 256] = [const { OnceLock::new() }; 256];

fn look_up(code: u32) -> u32 {
    let stable = |c: char| is_nfkc_quick(std::iter::once(c)) == IsNormalized::Yes && starts(c);
    let Some(c) = char::from_u32(code).filter(|&c| stable(c)) else {
        return 0;
    };
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) if stable(one) => one as u32,
        _ => 0,
    }
}

/// Whether a character begins a sequence of its own: no mark, and nothing that composes with what stands before it.
fn starts(c: char) -> bool {
    unicode_normalization::char::canonical_combining_class(c) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, character by character.
    fn naive(text: &str) -> String {
        let mut out = Out { text: String::new(), space: false };
        text.nfkc().flat_map(char::to_lowercase).nfkc().for_each(|c| out.push(c));
        out.text
    }

    #[test]
    fn normalising_keeps_punctuation_and_folds_the_rest() {
        assert_eq!(normalise("  Hello,\t\nWORLD!  "), "hello, world!");
        assert_eq!(normalise("Straße ＡＢＣ１"), "strasse abc1");
        assert_eq!(normalise("ﬁne Café"), normalise("fine cafe\u{301}".to_uppercase().as_str()));
        assert_eq!(normalise(" \u{a0} "), "");
    }

    #[test]
    fn every_character_between_letters_and_marks_is_folded_as_the_definition_says() {
        for c in '\0'..=char::MAX {
            for text in [format!("aB{c}Cd"), format!("{c}\u{301}x"), format!("É{c}\u{3099}\u{1161}")] {
                assert_eq!(normalise(&text), naive(&text), "U+{:04X}", c as u32);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn the_fast_path_is_the_definition(
            text in "([a-zA-Z ]{0,4}|\\PC{1,3}|[\u{300}-\u{345}\u{1100}-\u{11ff}\u{ac00}-\u{ac20}\u{3041}-\u{30ff}]{1,3}|[àÉßςΣİﬁ]){0,12}"
        ) {
            proptest::prop_assert_eq!(normalise(&text), naive(&text));
        }

        #[test]
        fn normalising_twice_changes_nothing(text in ".{0,60}") {
            let once = normalise(&text);
            proptest::prop_assert_eq!(normalise(&once), once);
        }
    }
}
