//! Positions in a text: bytes inside, and bytes, UTF-16 units, code points or graphemes in files.

use std::sync::OnceLock;

use unicode_segmentation::UnicodeSegmentation;

/// What a file counts when it says where a span begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OffsetUnit {
    /// Bytes of UTF-8.
    Byte,
    /// UTF-16 code units, as JavaScript, C# and Java count.
    Utf16,
    /// Unicode code points, as Python 3 counts.
    CodePoint,
    /// User-perceived characters (extended grapheme clusters, UAX 29).
    Grapheme,
}

impl OffsetUnit {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Byte, Self::Utf16, Self::CodePoint, Self::Grapheme];

    /// The word in messages and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Byte => "bytes",
            Self::Utf16 => "UTF-16 units",
            Self::CodePoint => "code points",
            Self::Grapheme => "graphemes",
        }
    }
}

/// Converts positions in one text between bytes and another unit, in O(1) or O(log n) after one pass over the text.
#[derive(Debug)]
pub struct Offsets<'a> {
    text: &'a str,
    unit: OffsetUnit,
    /// For units 0, 1, ... the byte each begins at, and the end of the text; empty when units are bytes.
    starts: Vec<u32>,
    /// The same text in each other unit, once somebody asks.
    others: [OnceLock<Box<Self>>; 4],
}

/// Inside a UTF-16 surrogate pair: no byte of the text corresponds.
const INSIDE: u32 = u32::MAX;

impl<'a> Offsets<'a> {
    /// For `text`, counted in `unit`. Texts are at most 4 GiB.
    pub fn new(text: &'a str, unit: OffsetUnit) -> Self {
        let plain = match unit {
            OffsetUnit::Byte => true,
            // CR LF is one grapheme of two bytes.
            OffsetUnit::Grapheme => text.is_ascii() && !text.contains('\r'),
            OffsetUnit::Utf16 | OffsetUnit::CodePoint => text.is_ascii(),
        };
        let mut starts = Vec::new();
        if !plain {
            match unit {
                OffsetUnit::Byte => {}
                OffsetUnit::CodePoint => starts.extend(text.char_indices().map(|(i, _)| i as u32)),
                OffsetUnit::Grapheme => starts.extend(text.grapheme_indices(true).map(|(i, _)| i as u32)),
                OffsetUnit::Utf16 => {
                    for (i, c) in text.char_indices() {
                        starts.push(i as u32);
                        if c.len_utf16() == 2 {
                            starts.push(INSIDE);
                        }
                    }
                }
            }
            starts.push(text.len() as u32);
        }
        Self { text, unit, starts, others: [const { OnceLock::new() }; 4] }
    }

    /// The same text in a unit; the pass over the text is made once.
    pub fn in_unit(&self, unit: OffsetUnit) -> &Self {
        if unit == self.unit {
            return self;
        }
        self.others[unit as usize].get_or_init(|| Box::new(Self::new(self.text, unit)))
    }

    /// The length of the text in the unit.
    pub fn len(&self) -> usize {
        if self.starts.is_empty() { self.text.len() } else { self.starts.len() - 1 }
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The byte of position `position` (the length of the text is allowed); `None` beyond the end and inside a
    /// character.
    pub fn to_byte(&self, position: usize) -> Option<usize> {
        if self.starts.is_empty() {
            return self.text.is_char_boundary(position).then_some(position);
        }
        self.starts.get(position).filter(|&&byte| byte != INSIDE).map(|&byte| byte as usize)
    }

    /// The position of byte `byte`; `None` beyond the end and inside a unit.
    pub fn from_byte(&self, byte: usize) -> Option<usize> {
        if self.starts.is_empty() {
            return self.text.is_char_boundary(byte).then_some(byte);
        }
        // Bytes inside surrogate pairs are out of order: compare by the real ones.
        let mut low = 0;
        let mut high = self.starts.len();
        while low < high {
            let middle = usize::midpoint(low, high);
            let at = if self.starts[middle] == INSIDE { middle - 1 } else { middle };
            match (self.starts[at] as usize).cmp(&byte) {
                std::cmp::Ordering::Equal => return Some(at),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = at,
            }
        }
        None
    }

    /// The unit.
    pub fn unit(&self) -> OffsetUnit {
        self.unit
    }

    /// A range in bytes; an error is a noun phrase that says why it is none.
    ///
    /// # Errors
    ///
    /// When it is empty, reversed, ends beyond the text or cuts a character in two.
    pub fn range(&self, start: usize, end: usize) -> Result<(usize, usize), String> {
        if start >= end {
            return Err(format!("the span {start}..{end}, which is empty or reversed"));
        }
        if end > self.len() {
            return Err(format!("the span {start}..{end} in a text of {} {}", self.len(), self.unit.name()));
        }
        match (self.to_byte(start), self.to_byte(end)) {
            (Some(start), Some(end)) => Ok((start, end)),
            _ => Err(format!("the span {start}..{end} in {}, which cuts a character in two", self.unit.name())),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_counts_its_own() {
        // a, an emoji of two UTF-16 units, e with a combining accent, CR LF.
        let text = "a😀e\u{301}\r\nz";
        let lengths: Vec<usize> = OffsetUnit::ALL.iter().map(|&unit| Offsets::new(text, unit).len()).collect();
        assert_eq!(lengths, [11, 8, 7, 5]);
        let end = |unit, position| Offsets::new(text, unit).to_byte(position);
        assert_eq!((end(OffsetUnit::Utf16, 3), end(OffsetUnit::Utf16, 2)), (Some(5), None));
        assert_eq!((end(OffsetUnit::CodePoint, 4), end(OffsetUnit::Grapheme, 3)), (Some(8), Some(8)));
        assert_eq!(end(OffsetUnit::Grapheme, 4), Some(10));
        assert_eq!((end(OffsetUnit::Byte, 2), end(OffsetUnit::Byte, 11)), (None, Some(11)));
        assert_eq!(end(OffsetUnit::CodePoint, 8), None);
    }

    #[test]
    fn a_range_that_is_none_says_why() {
        let offsets = Offsets::new("a😀b", OffsetUnit::Utf16);
        assert_eq!(offsets.range(1, 3), Ok((1, 5)));
        assert!(offsets.range(1, 2).unwrap_err().contains("cuts a character"));
        assert!(offsets.range(2, 2).unwrap_err().contains("empty or reversed"));
        assert!(offsets.range(0, 5).unwrap_err().contains("in a text of 4 UTF-16 units"));
    }

    fn pieces() -> impl proptest::strategy::Strategy<Value = String> {
        use proptest::prelude::*;
        let piece = prop_oneof![
            Just("a"),
            Just(" "),
            Just("é"),
            Just("e\u{301}"),
            Just("😀"),
            Just("👩‍🔬"),
            Just("🇳🇴"),
            Just("\r\n"),
            Just("\n"),
            Just("\u{feff}"),
            Just("\u{200b}"),
            Just("क्षि"),
            Just("각"),
            Just("\u{1100}\u{1161}"),
            Just("ﬁ"),
        ];
        proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest::proptest! {
        #[test]
        fn every_position_comes_back(text in pieces()) {
            for unit in OffsetUnit::ALL {
                let offsets = Offsets::new(&text, unit);
                assert_eq!(offsets.to_byte(0), Some(0));
                assert_eq!(offsets.to_byte(offsets.len()), Some(text.len()));
                let mut last = None;
                for position in 0..=offsets.len() {
                    if let Some(byte) = offsets.to_byte(position) {
                        assert!(last.is_none_or(|last| byte > last));
                        last = Some(byte);
                        assert_eq!(offsets.from_byte(byte), Some(position), "{unit:?} {position}");
                    }
                }
                assert_eq!(offsets.to_byte(offsets.len() + 1), None);
                let boundaries = (0..=text.len()).filter(|&b| offsets.from_byte(b).is_some()).count();
                let characters = text.chars().count() + 1;
                assert!(if unit == OffsetUnit::Grapheme { boundaries <= characters } else { boundaries == characters });
            }
        }
    }
}
