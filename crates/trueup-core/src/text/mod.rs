//! Text as the definitions see it: normalised for comparison, split into tokens, measured in code points.

mod fold;
mod tokens;

pub use fold::normalise;
pub use tokens::{count_tokens, tokenise};

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
}
