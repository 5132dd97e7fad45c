//! The six tag schemes of sequence labelling, as tables with one small interpreter.
//!
//! Spans are a *view* of tags under a named decoding. A table row says, for the previous and the current tag, whether
//! the step between them closes a chunk, opens one or stays inside, and which of the two the scheme does not allow
//! there. Strict decoding keeps the chunks that are opened and closed by such steps; they equal those of seqeval's
//! strict mode, except under IOE1, where seqeval is marked unfinished: its `E` opens no chunk, so that it misses the
//! chunks of one token that another of the same type follows. Lenient decoding takes every tag at the nearest reading,
//! the way of the CoNLL-2000 evaluation script. On a file without invalid tags both give the same chunks.
//!
//! Sources of the schemes: Ramshaw and Marcus 1995 (IOB1), Ratnaparkhi 1998 (IOB2), Tjong Kim Sang and Veenstra 1999
//! (IOE1, IOE2), Ratinov and Roth 2009 (BILOU, of which IOBES is the same with other letters).

mod decode;

use std::str::FromStr;

pub use decode::{decode, decode_into, detect, detect_pairs, detect_style, encode};

/// How chunks are written as tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `I` inside, `B` only where a chunk follows another of the same type.
    Iob1,
    /// Every chunk begins with `B`.
    Iob2,
    /// `I` inside, `E` only where a chunk is followed by another of the same type.
    Ioe1,
    /// Every chunk ends with `E`.
    Ioe2,
    /// `B` begins, `E` ends, `S` is a chunk of one token.
    Iobes,
    /// As IOBES with `L` (last) for `E` and `U` (unit) for `S`.
    Bilou,
}

/// On which side of the type the letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// `B-PER`
    Prefix,
    /// `PER-B`
    Suffix,
}

/// A tag, read: its letter and the type, which is empty for `O`.
///
/// Types are strings, or numbers that stand for them; the default one (an empty string, 0) is that of `O` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<K> {
    /// One of `B I O E S L U`.
    pub letter: u8,
    /// The type; `_` for a letter that stands alone.
    pub kind: K,
}

/// A tag outside every chunk.
pub const OUTSIDE: Tag<&str> = Tag { letter: b'O', kind: "" };

/// A chunk: first token, one past the last token, type.
pub type Chunk<K> = (usize, usize, K);

/// Chunks of one sequence and what did not fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoded<K> {
    /// Chunks in order; they never overlap.
    pub chunks: Vec<Chunk<K>>,
    /// Ascending positions of the tags that may not stand where they are: a letter the scheme lacks, a tag with nothing
    /// to continue, the last tag of a chunk that has no end. Their neighbours are not counted, though strict decoding
    /// may leave them out with them. The same positions under lenient decoding.
    pub invalid: Vec<usize>,
}

/// A name that is none of the schemes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{found}' is no tag scheme; valid: IOB1, IOB2, IOE1, IOE2, IOBES, BILOU")]
pub struct UnknownScheme {
    /// What was given, with control characters escaped.
    pub found: String,
}

/// Whether a row holds for neighbours of the same type, of different types, or both.
#[derive(Clone, Copy, PartialEq)]
enum Kinds {
    Same,
    Other,
    Any,
}
use Kinds::{Any, Other, Same};

/// The previous tag ends the open chunk, which counts.
const CLOSES: u8 = 1;
/// The current tag opens a chunk.
const OPENS: u8 = 2;
/// The current tag goes on with the open chunk, if there is one.
const INSIDE: u8 = 4;
/// The current tag may not follow the previous one.
const STRAY: u8 = 8;
/// The previous tag may not be the last of a chunk.
const UNENDED: u8 = 16;

/// Previous letters, current letters, whether their types agree, what the step does. The edges of a sequence are `O`.
/// Every step between letters of the scheme has a row, but for `O` to `O`, which does nothing.
type Row = (&'static [u8], &'static [u8], Kinds, u8);

const IOB1: &[Row] = &[
    (b"O", b"I", Any, OPENS),
    (b"O", b"B", Any, STRAY),
    (b"I", b"I", Same, INSIDE),
    // After a stray `B` there is no chunk to go on with, and `I` may open one anywhere.
    (b"B", b"I", Same, INSIDE | OPENS),
    (b"BI", b"I", Other, CLOSES | OPENS),
    (b"BI", b"B", Same, CLOSES | OPENS),
    (b"I", b"B", Other, CLOSES | STRAY),
    // Not closed, as in seqeval.
    (b"B", b"B", Other, STRAY),
    (b"BI", b"O", Any, CLOSES),
];
const IOB2: &[Row] = &[
    (b"O", b"B", Any, OPENS),
    (b"O", b"I", Any, STRAY),
    (b"BI", b"B", Any, CLOSES | OPENS),
    (b"BI", b"I", Same, INSIDE),
    (b"BI", b"I", Other, CLOSES | STRAY),
    (b"BI", b"O", Any, CLOSES),
];
const IOE1: &[Row] = &[
    (b"O", b"IE", Any, OPENS),
    (b"I", b"IE", Same, INSIDE),
    (b"I", b"IE", Other, CLOSES | OPENS),
    (b"E", b"IE", Same, CLOSES | OPENS),
    (b"E", b"IE", Other, UNENDED | OPENS),
    (b"I", b"O", Any, CLOSES),
    (b"E", b"O", Any, UNENDED),
];
const IOE2: &[Row] = &[
    (b"O", b"IE", Any, OPENS),
    (b"E", b"IE", Any, CLOSES | OPENS),
    (b"I", b"IE", Same, INSIDE),
    (b"I", b"IE", Other, UNENDED | OPENS),
    (b"E", b"O", Any, CLOSES),
    (b"I", b"O", Any, UNENDED),
];
const IOBES: &[Row] = &[
    (b"O", b"BS", Any, OPENS),
    (b"O", b"IE", Any, STRAY),
    (b"ES", b"BS", Any, CLOSES | OPENS),
    (b"ES", b"IE", Any, CLOSES | STRAY),
    (b"ES", b"O", Any, CLOSES),
    (b"BI", b"BS", Any, UNENDED | OPENS),
    (b"BI", b"IE", Same, INSIDE),
    (b"BI", b"IE", Other, UNENDED | STRAY),
    (b"BI", b"O", Any, UNENDED),
];
const BILOU: &[Row] = &[
    (b"O", b"BU", Any, OPENS),
    (b"O", b"IL", Any, STRAY),
    (b"LU", b"BU", Any, CLOSES | OPENS),
    (b"LU", b"IL", Any, CLOSES | STRAY),
    (b"LU", b"O", Any, CLOSES),
    (b"BI", b"BU", Any, UNENDED | OPENS),
    (b"BI", b"IL", Same, INSIDE),
    (b"BI", b"IL", Other, UNENDED | STRAY),
    (b"BI", b"O", Any, UNENDED),
];

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Iob1, Self::Iob2, Self::Ioe1, Self::Ioe2, Self::Iobes, Self::Bilou];

    /// The usual name, in capitals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Iob1 => "IOB1",
            Self::Iob2 => "IOB2",
            Self::Ioe1 => "IOE1",
            Self::Ioe2 => "IOE2",
            Self::Iobes => "IOBES",
            Self::Bilou => "BILOU",
        }
    }

    const fn rows(self) -> &'static [Row] {
        match self {
            Self::Iob1 => IOB1,
            Self::Iob2 => IOB2,
            Self::Ioe1 => IOE1,
            Self::Ioe2 => IOE2,
            Self::Iobes => IOBES,
            Self::Bilou => BILOU,
        }
    }

    /// Whether the scheme uses a letter.
    fn has(self, byte: u8) -> bool {
        self.letters().contains(&byte)
    }

    /// The letters that the scheme uses.
    fn letters(self) -> &'static [u8] {
        match self {
            Self::Iob1 | Self::Iob2 => b"IOB",
            Self::Ioe1 | Self::Ioe2 => b"IOE",
            Self::Iobes => b"IOBES",
            Self::Bilou => b"BILOU",
        }
    }

    /// What the step from `previous` to `current`, both of the scheme's letters, does.
    fn step<K: Copy + PartialEq>(self, previous: Tag<K>, current: Tag<K>) -> u8 {
        STEPS[self as usize][letter(previous.letter)][letter(current.letter)]
            [usize::from(previous.kind == current.kind)]
    }
}

/// The place of a letter in a table of steps; 7 for what is none.
const fn letter(byte: u8) -> usize {
    match byte {
        b'O' => 0,
        b'B' => 1,
        b'I' => 2,
        b'E' => 3,
        b'S' => 4,
        b'L' => 5,
        b'U' => 6,
        _ => 7,
    }
}

/// What each step does: by scheme, letter before, letter now, and whether the types agree.
type Steps = [[[u8; 2]; 8]; 8];

/// The rows of all schemes, to be looked up.
static STEPS: [Steps; 6] = {
    let mut all = [[[[0; 2]; 8]; 8]; 6];
    let mut i = 0;
    while i < all.len() {
        all[i] = steps(Scheme::ALL[i].rows());
        i += 1;
    }
    all
};

const fn steps(rows: &[Row]) -> Steps {
    let mut steps = [[[0; 2]; 8]; 8];
    let mut row = 0;
    while row < rows.len() {
        let (before, now, kinds, does) = rows[row];
        let mut i = 0;
        while i < before.len() {
            let mut j = 0;
            while j < now.len() {
                let step = &mut steps[letter(before[i])][letter(now[j])];
                if !matches!(kinds, Same) {
                    step[0] = does;
                }
                if !matches!(kinds, Other) {
                    step[1] = does;
                }
                j += 1;
            }
            i += 1;
        }
        row += 1;
    }
    steps
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    /// Any case; `BIO` is taken as IOB2, `BIOES` as IOBES and `BILUO` as BILOU, their other common names.
    fn from_str(name: &str) -> Result<Self, UnknownScheme> {
        match name.to_ascii_uppercase().as_str() {
            "IOB1" | "IOB" => Ok(Self::Iob1),
            "IOB2" | "BIO" => Ok(Self::Iob2),
            "IOE1" => Ok(Self::Ioe1),
            "IOE2" => Ok(Self::Ioe2),
            "IOBES" | "BIOES" => Ok(Self::Iobes),
            "BILOU" | "BILUO" => Ok(Self::Bilou),
            _ => Err(UnknownScheme { found: name.escape_default().take(60).collect() }),
        }
    }
}

impl<'a> Tag<&'a str> {
    /// Reads `raw`; `None` when it is no tag.
    pub fn parse(raw: &'a str, style: Style) -> Option<Self> {
        if raw == "O" {
            return Some(OUTSIDE);
        }
        let letter = |part: &str| match part.as_bytes() {
            [letter] if b"BIESLU".contains(letter) => Some(*letter),
            _ => None,
        };
        if let Some(letter) = letter(raw) {
            return Some(Self { letter, kind: "_" });
        }
        let (part, kind) = match style {
            Style::Prefix => raw.split_once('-')?,
            Style::Suffix => raw.rsplit_once('-').map(|(kind, part)| (part, kind))?,
        };
        letter(part).filter(|_| !kind.is_empty()).map(|letter| Self { letter, kind })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_step_between_letters_of_a_scheme_has_one_row() {
        for scheme in Scheme::ALL {
            let steps = scheme.letters().iter().flat_map(|&a| scheme.letters().iter().map(move |&b| (a, b)));
            for (before, now) in steps.filter(|&step| step != (b'O', b'O')) {
                for kinds in [Same, Other] {
                    let fits =
                        |row: &&Row| row.0.contains(&before) && row.1.contains(&now) && [Any, kinds].contains(&row.2);
                    let rows = scheme.rows().iter().filter(fits).count();
                    assert_eq!(rows, 1, "{scheme} {} {}", before as char, now as char);
                }
            }
        }
    }

    #[test]
    fn tags_are_read_on_either_side_and_strays_are_none() {
        assert_eq!(Tag::parse("B-creative-work", Style::Prefix), Some(Tag { letter: b'B', kind: "creative-work" }));
        assert_eq!(Tag::parse("creative-work-B", Style::Suffix), Some(Tag { letter: b'B', kind: "creative-work" }));
        assert_eq!(Tag::parse("I", Style::Prefix).unwrap().kind, "_");
        for stray in ["0", "o", "X-PER", "B-", "", "NNP", "O\\"] {
            assert_eq!(Tag::parse(stray, Style::Prefix), None, "{stray}");
        }
    }

    #[test]
    fn names_are_read_and_an_unknown_one_lists_the_valid() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.name().to_lowercase().parse(), Ok(scheme));
        }
        let message = "IOB9\u{1b}".parse::<Scheme>().unwrap_err().to_string();
        assert_eq!(message, "'IOB9\\u{1b}' is no tag scheme; valid: IOB1, IOB2, IOE1, IOE2, IOBES, BILOU");
    }
}
