//! Tokens of raw texts.

use unicode_segmentation::UnicodeSegmentation;

/// What a character is, for splitting words where letters, digits and punctuation meet; `None` for marks and joiners,
/// which belong to the character before them.
fn kind(c: char) -> Option<u8> {
    if c.is_ascii_alphabetic() {
        return Some(0);
    }
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

/// Byte ranges of the tokens of a raw text: between white spaces, Unicode words (UAX 29), split further where letters,
/// digits and punctuation meet. White space belongs to no token; everything else belongs to exactly one.
pub fn tokenise(text: &str) -> Vec<(u32, u32)> {
    let mut tokens = Vec::with_capacity(text.len() / 5 + 1);
    each_token(text, |start, end| tokens.push((start as u32, end as u32)));
    tokens
}

/// How many tokens [`tokenise`] finds.
pub fn count_tokens(text: &str) -> usize {
    let mut count = 0;
    each_token(text, |_, _| count += 1);
    count
}

/// Hands on the ranges of tokens. Between white spaces of ASCII, a stretch in ASCII alone has simple rules; the others
/// are cut into words by those of Unicode.
fn each_token(text: &str, mut take: impl FnMut(usize, usize)) {
    let bytes = text.as_bytes();
    let is_space = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
    let mut at = 0;
    while at < bytes.len() {
        let start = at + bytes[at..].iter().take_while(|b| is_space(b)).count();
        let length = bytes[start..].iter().position(is_space).unwrap_or(bytes.len() - start);
        let end = start + length;
        if bytes[start..end].is_ascii() {
            ascii_tokens(&bytes[start..end], |from, to| take(start + from, start + to));
        } else {
            unicode_tokens(&text[start..end], |from, to| take(start + from, start + to));
        }
        at = end;
    }
}

/// In ASCII, words end where letters, digits and punctuation meet, so that every token is a run of letters, of digits or
/// of underscores (which words hold together), or one other character.
fn ascii_tokens(text: &[u8], mut take: impl FnMut(usize, usize)) {
    let run = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        b'_' => 3,
        _ => 4,
    };
    let (mut start, mut last) = (0, 0);
    for (at, &byte) in text.iter().enumerate() {
        let now = run(byte);
        if now != last || now == 4 {
            if at > start {
                take(start, at);
            }
            (start, last) = (at, now);
        }
    }
    if start < text.len() {
        take(start, text.len());
    }
}

fn unicode_tokens(text: &str, mut take: impl FnMut(usize, usize)) {
    for (offset, word) in text.split_word_bound_indices() {
        if word.chars().all(char::is_whitespace) {
            continue;
        }
        let mut start = offset;
        let mut last = None;
        for (i, c) in word.char_indices() {
            let now = kind(c).or(last);
            if last.is_some() && last != now {
                take(start, offset + i);
                start = offset + i;
            }
            last = now;
        }
        take(start, offset + word.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokenise(text).iter().map(|&(s, e)| &text[s as usize..e as usize]).collect()
    }

    /// The definition.
    fn naive(text: &str) -> Vec<(u32, u32)> {
        let mut tokens = Vec::new();
        let mut start = 0;
        for stretch in text.split(['\t', '\n', '\u{b}', '\u{c}', '\r', ' ']) {
            unicode_tokens(stretch, |from, to| tokens.push(((start + from) as u32, (start + to) as u32)));
            start += stretch.len() + 1;
        }
        tokens
    }

    #[test]
    fn tokens_split_where_kinds_meet() {
        assert_eq!(words("It's 20kg, ok?"), ["It", "'", "s", "20", "kg", ",", "ok", "?"]);
        assert_eq!(words("naïve cafe\u{301} 👩‍🔬"), ["naïve", "cafe\u{301}", "👩‍🔬"].to_vec());
    }

    #[test]
    fn every_character_beside_others_is_cut_as_the_definition_says() {
        for c in '\0'..=char::MAX {
            for text in [format!("a {c} b"), format!("a{c}b 1{c}2"), format!("a \u{301}{c}{c} _{c}_")] {
                assert_eq!(tokenise(&text), naive(&text), "U+{:04X}", c as u32);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn the_fast_path_is_the_definition(
            text in "([a-c]{1,2}|[0-9]|[_.,:;'\"-]{1,2}|[\\x00-\\x7f]| |\\s|\\PC|[\u{300}\u{200d}\u{fe0f}\u{ad}👩🇩é]){0,20}"
        ) {
            proptest::prop_assert_eq!(tokenise(&text), naive(&text));
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
    }
}
