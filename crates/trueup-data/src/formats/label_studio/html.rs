//! The text that a page shows, with where each byte of it stands in the source: offsets of spans in hypertext count what
//! is shown.

use trueup_core::offsets::OffsetUnit;

/// What a source shows.
pub(super) struct Shown {
    /// The text between tags, entities decoded.
    text: String,
    /// Its characters.
    characters: Vec<Character>,
    units: usize,
}

/// A character that is shown.
struct Character {
    /// Its byte in the text.
    byte: usize,
    /// The UTF-16 unit that it begins at.
    unit: usize,
    /// Its bytes in the source.
    source: (usize, usize),
}

/// Whether a text may be HTML at all.
pub(super) fn may_be(text: &str) -> bool {
    memchr::memchr2(b'<', b'&', text.as_bytes()).is_some()
}

impl Shown {
    /// Of a source.
    pub fn new(source: &str) -> Self {
        let mut shown = Self { text: String::new(), characters: Vec::new(), units: 0 };
        let mut at = 0;
        // Of a tag that is never closed nothing is looked for again: each look would go to the end.
        let mut tags = true;
        while at < source.len() {
            let rest = &source[at..];
            if tags && is_tag(rest) {
                match tag(rest) {
                    Some(length) => at += length,
                    None => tags = false,
                }
            } else if let Some((length, c)) = entity(rest) {
                shown.push(c, at, length);
                at += length;
            } else if let Some(c) = rest.chars().next() {
                shown.push(c, at, c.len_utf8());
                at += c.len_utf8();
            }
        }
        shown
    }

    fn push(&mut self, c: char, at: usize, length: usize) {
        self.characters.push(Character { byte: self.text.len(), unit: self.units, source: (at, at + length) });
        self.text.push(c);
        self.units += c.len_utf16();
    }

    /// What a range of the text shows, and where it stands in the source.
    pub fn range(&self, start: usize, end: usize, unit: OffsetUnit) -> Option<(&str, (usize, usize))> {
        let index = |position: usize| match unit {
            OffsetUnit::Utf16 => self.characters.binary_search_by_key(&position, |c| c.unit).ok(),
            _ => Some(position),
        };
        let first = self.characters.get(index(start)?)?;
        let (after, to) = match self.characters.get(index(end).unwrap_or(self.characters.len())) {
            Some(next) => (index(end)?, next.byte),
            None if unit != OffsetUnit::Utf16 || end == self.units => (self.characters.len(), self.text.len()),
            None => return None,
        };
        let last = self.characters.get(after.checked_sub(1)?)?;
        Some((self.text.get(first.byte..to)?, (first.source.0, last.source.1)))
    }
}

/// Whether a text begins like a tag or comment.
fn is_tag(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('<') else {
        return false;
    };
    let name = rest.strip_prefix('/').unwrap_or(rest);
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?')
}

/// The length of the tag or comment that a text begins with; `None` when it is not closed.
fn tag(text: &str) -> Option<usize> {
    if text.starts_with("<!--") {
        return text.find("-->").map(|end| end + 3);
    }
    let mut quote = None;
    for (i, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, b'>') => return Some(i + 1),
            _ => {}
        }
    }
    None
}

/// The entity that a text begins with: its length and what it stands for.
fn entity(text: &str) -> Option<(usize, char)> {
    let rest = text.strip_prefix('&')?;
    let end = rest.bytes().take(12).position(|b| b == b';')?;
    let name = rest.get(..end)?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "ndash" => '\u{2013}',
        "mdash" => '\u{2014}',
        "hellip" => '\u{2026}',
        "laquo" => '\u{ab}',
        "raquo" => '\u{bb}',
        _ => {
            let number = name.strip_prefix('#')?;
            let hex = number.strip_prefix(['x', 'X']);
            let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())?;
            char::from_u32(code)?
        }
    };
    Some((end + 2, c))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_knows_its_source() {
        let source = "<p a='>'>Anna &amp; <b>Bj\u{f8}rn</b> &#233; 1 < 2<!-- x -->!";
        let shown = Shown::new(source);
        assert_eq!(shown.text, "Anna & Bj\u{f8}rn \u{e9} 1 < 2!");
        let of = |start, end| shown.range(start, end, OffsetUnit::Utf16).map(|(text, (a, b))| (text, &source[a..b]));
        assert_eq!(of(7, 12), Some(("Bj\u{f8}rn", "Bj\u{f8}rn")));
        assert_eq!(of(0, 12), Some(("Anna & Bj\u{f8}rn", "Anna &amp; <b>Bj\u{f8}rn")));
        assert_eq!(of(18, 21), Some((" 2!", " 2<!-- x -->!")));
        assert_eq!((of(0, 0), of(20, 22), of(30, 31)), (None, None, None));
    }
}
