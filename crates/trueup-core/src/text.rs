//! Text as the definitions see it: normalised for comparison, split into tokens, measured in code points.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// NFKC, case-folded, runs of white space made one space, trimmed; punctuation and digits stay.
///
/// Two texts are *exact duplicates* when their normalised texts are equal. Case folding is the full lower-case mapping
/// after NFKC with the two folds that lower-casing misses (`ß` to `ss`, final sigma to sigma).
pub fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    let mut push = |c: char| {
        if c.is_whitespace() {
            space = !out.is_empty();
            return;
        }
        if space {
            out.push(' ');
            space = false;
        }
        match c {
            'ß' => out.push_str("ss"),
            'ς' => out.push('σ'),
            c => out.push(c),
        }
    };
    if text.is_ascii() {
        text.chars().for_each(|c| push(c.to_ascii_lowercase()));
    } else {
        // Lower-casing can leave a sequence that composes anew, so NFKC runs on both sides of it.
        text.nfkc().flat_map(char::to_lowercase).nfkc().for_each(push);
    }
    out
}

/// What a character is, for splitting words where letters, digits and punctuation meet; `None` for marks and joiners,
/// which belong to the character before them.
fn kind(c: char) -> Option<u8> {
    if unicode_normalization::char::is_combining_mark(c) || matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}') {
        None
    } else if c.is_alphabetic() {
        Some(0)
    } else if c.is_numeric() {
        Some(1)
    } else {
        Some(2)
    }
}

/// Byte ranges of the tokens of a raw text: Unicode words (UAX 29), split further where letters, digits and
/// punctuation meet. White space belongs to no token; everything else belongs to exactly one.
pub fn tokenise(text: &str) -> Vec<(u32, u32)> {
    let mut tokens = Vec::with_capacity(text.len() / 5 + 1);
    for (offset, word) in text.split_word_bound_indices() {
        if word.chars().all(char::is_whitespace) {
            continue;
        }
        let mut start = offset;
        let mut last = None;
        for (i, c) in word.char_indices() {
            let now = kind(c).or(last);
            if last.is_some() && last != now {
                tokens.push((start as u32, (offset + i) as u32));
                start = offset + i;
            }
            last = now;
        }
        tokens.push((start as u32, (offset + word.len()) as u32));
    }
    tokens
}

/// How many tokens [`tokenise`] finds.
pub fn count_tokens(text: &str) -> usize {
    if text.is_ascii() { ascii_tokens(text.as_bytes()) } else { tokenise(text).len() }
}

/// In ASCII, words end where letters, digits and punctuation meet, so that every token is a run of letters, of digits or
/// of underscores (which words hold together), or one other character.
fn ascii_tokens(text: &[u8]) -> usize {
    let run = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        b'_' => 3,
        b'\t'..=b'\r' | b' ' => 0,
        _ => 4,
    };
    let (mut tokens, mut last) = (0, 0);
    for &byte in text {
        let now = run(byte);
        tokens += usize::from(now != 0 && (now != last || now == 4));
        last = now;
    }
    tokens
}

/// Whether a text is in Normalisation Form C.
pub fn is_nfc(text: &str) -> bool {
    unicode_normalization::is_nfc(text)
}

/// The length in code points.
pub fn code_points(text: &str) -> usize {
    text.chars().count()
}

/// The code point offset of byte `byte`; `byte` must be a character boundary.
pub fn code_point_of_byte(text: &str, byte: usize) -> usize {
    text[..byte].chars().count()
}

/// The byte offset of code point `point`; `None` beyond the end of the text (its length is allowed).
pub fn byte_of_code_point(text: &str, point: usize) -> Option<usize> {
    text.char_indices().map(|(i, _)| i).chain(std::iter::once(text.len())).nth(point)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokenise(text).iter().map(|&(s, e)| &text[s as usize..e as usize]).collect()
    }

    #[test]
    fn normalising_keeps_punctuation_and_folds_the_rest() {
        assert_eq!(normalise("  Hello,\t\nWORLD!  "), "hello, world!");
        assert_eq!(normalise("Straße ＡＢＣ１"), "strasse abc1");
        assert_eq!(normalise("ﬁne Café"), normalise("fine cafe\u{301}".to_uppercase().as_str()));
        assert_eq!(normalise(" \u{a0} "), "");
    }

    #[test]
    fn tokens_split_where_kinds_meet() {
        assert_eq!(words("It's 20kg, ok?"), ["It", "'", "s", "20", "kg", ",", "ok", "?"]);
        assert_eq!(words("naïve cafe\u{301} 👩‍🔬"), ["naïve", "cafe\u{301}", "👩‍🔬"].to_vec());
    }

    #[test]
    fn offsets_convert_both_ways() {
        let text = "a😀é";
        assert_eq!(code_points(text), 3);
        for (point, byte) in [(0, 0), (1, 1), (2, 5), (3, 7)] {
            assert_eq!(code_point_of_byte(text, byte), point);
            assert_eq!(byte_of_code_point(text, point), Some(byte));
        }
        assert_eq!(byte_of_code_point(text, 4), None);
    }

    proptest::proptest! {
        #[test]
        fn tokens_are_counted_as_they_are_found(text in "([a-c]{1,2}|[0-9]|[_.,:;'\"-]{1,2}|[\\x00-\\x7f]| ){0,20}") {
            proptest::prop_assert_eq!(count_tokens(&text), tokenise(&text).len());
        }

        #[test]
        fn tokens_cover_every_character_but_white_space(text in ".{0,60}") {
            let mut covered = vec![false; text.len()];
            let mut last = 0;
            for (start, end) in tokenise(&text) {
                assert!(start >= last && end > start);
                covered[start as usize..end as usize].iter_mut().for_each(|c| *c = true);
                last = end;
            }
            for (i, c) in text.char_indices() {
                assert!(covered[i] || c.is_whitespace(), "{c:?} at {i}");
            }
        }

        #[test]
        fn normalising_twice_changes_nothing(text in ".{0,60}") {
            let once = normalise(&text);
            proptest::prop_assert_eq!(normalise(&once), once);
        }
    }
}
