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

use std::str::FromStr;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    /// One of `B I O E S L U`.
    pub letter: u8,
    /// The type; `_` for a letter that stands alone.
    pub kind: &'a str,
}

/// A tag outside every chunk.
pub const OUTSIDE: Tag<'static> = Tag { letter: b'O', kind: "" };

/// A chunk: first token, one past the last token, type.
pub type Chunk<'a> = (usize, usize, &'a str);

/// Chunks of one sequence and what did not fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoded<'a> {
    /// Chunks in order; they never overlap.
    pub chunks: Vec<Chunk<'a>>,
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

    fn rows(self) -> &'static [Row] {
        match self {
            Self::Iob1 => IOB1,
            Self::Iob2 => IOB2,
            Self::Ioe1 => IOE1,
            Self::Ioe2 => IOE2,
            Self::Iobes => IOBES,
            Self::Bilou => BILOU,
        }
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
    fn step(self, previous: Tag, current: Tag) -> u8 {
        let kinds = if previous.kind == current.kind { Same } else { Other };
        self.rows()
            .iter()
            .find(|(before, now, k, _)| {
                before.contains(&previous.letter) && now.contains(&current.letter) && (*k == Any || *k == kinds)
            })
            .map_or(0, |row| row.3)
    }
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

impl<'a> Tag<'a> {
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

/// The side on which most of `tags` (each distinct tag once, or all of them) have their letter.
pub fn detect_style<'a>(tags: impl IntoIterator<Item = &'a str>) -> Style {
    let (mut prefix, mut suffix) = (0usize, 0usize);
    for tag in tags.into_iter().filter(|tag| tag.len() > 1) {
        prefix += usize::from(Tag::parse(tag, Style::Prefix).is_some());
        suffix += usize::from(Tag::parse(tag, Style::Suffix).is_some());
    }
    if suffix > prefix { Style::Suffix } else { Style::Prefix }
}

/// The scheme that the letters in use point to, over all `sequences` of a file.
///
/// `L` or `U`: BILOU. `S`, or `B` with `E`: IOBES. `E`: IOE2, or IOE1 where a chunk ends without one. `B`: IOB2, or IOB1
/// where chunks begin with `I` and `B` stands only after a chunk of the same type. `I` alone: IOB1. Nothing: IOB2.
pub fn detect<'a, S: AsRef<[Tag<'a>]>>(sequences: impl IntoIterator<Item = S>) -> Scheme {
    let mut seen = [false; 256];
    let (mut begins_without_b, mut lone_b, mut ends_without_e) = (false, false, false);
    for sequence in sequences {
        let mut previous = OUTSIDE;
        for &tag in sequence.as_ref().iter().chain(std::iter::once(&OUTSIDE)) {
            seen[tag.letter as usize] = true;
            let same = previous.letter != b'O' && previous.kind == tag.kind;
            begins_without_b |= tag.letter == b'I' && !same;
            lone_b |= tag.letter == b'B' && !same;
            ends_without_e |= previous.letter == b'I' && !same;
            previous = tag;
        }
    }
    let has = |letter: u8| seen[letter as usize];
    if has(b'L') || has(b'U') {
        Scheme::Bilou
    } else if has(b'S') || (has(b'B') && has(b'E')) {
        Scheme::Iobes
    } else if has(b'E') {
        if ends_without_e { Scheme::Ioe1 } else { Scheme::Ioe2 }
    } else if has(b'I') && !lone_b && (begins_without_b || !has(b'B')) {
        Scheme::Iob1
    } else {
        Scheme::Iob2
    }
}

/// Reads the chunks of one sequence.
///
/// Strict: a chunk counts only when the scheme allows its first tag to open it, every step in it, and its last tag to
/// end it: under IOB2 `I-X` after `O` is no chunk, and `B-X I-Y` is the chunk `X` and a stray `I-Y`. A tag whose letter
/// the scheme lacks is read as `O`. Lenient: every tag is in a chunk.
pub fn decode<'a>(tags: &[Tag<'a>], scheme: Scheme, strict: bool) -> Decoded<'a> {
    let mut chunks = Vec::new();
    let mut invalid = Vec::new();
    let mut open: Option<usize> = None;
    let mut previous = OUTSIDE;
    for (i, &tag) in tags.iter().chain(std::iter::once(&OUTSIDE)).enumerate() {
        let known = scheme.letters().contains(&tag.letter);
        let current = if known { tag } else { OUTSIDE };
        let step = scheme.step(previous, current);
        if step & INSIDE == 0 || open.is_none() {
            if let Some(start) = open.take() {
                if step & CLOSES != 0 {
                    chunks.push((start, i, previous.kind));
                }
                // A run that nothing opened is counted once, where it begins.
                if step & UNENDED != 0 {
                    invalid.push(i - 1);
                }
            }
            open = (step & OPENS != 0).then_some(i);
            if step & STRAY != 0 || !known {
                invalid.push(i);
            }
        }
        previous = current;
    }
    if !strict && !invalid.is_empty() {
        chunks = decode_leniently(tags);
    }
    Decoded { chunks, invalid }
}

/// One reading for all letters: `B S U` begin, `E L S U` end, and so does a change of type.
fn decode_leniently<'a>(tags: &[Tag<'a>]) -> Vec<Chunk<'a>> {
    let mut chunks = Vec::new();
    let mut open: Option<usize> = None;
    for (i, tag) in tags.iter().enumerate() {
        let begins = b"BSU".contains(&tag.letter);
        if let Some(start) = open.filter(|&start| begins || tag.letter == b'O' || tags[start].kind != tag.kind) {
            chunks.push((start, i, tags[start].kind));
            open = None;
        }
        if tag.letter == b'O' {
            continue;
        }
        let start = *open.get_or_insert(i);
        if b"ELSU".contains(&tag.letter) {
            chunks.push((start, i + 1, tag.kind));
            open = None;
        }
    }
    chunks.extend(open.map(|start| (start, tags.len(), tags[start].kind)));
    chunks
}

/// Writes chunks (in order, not overlapping, within `tokens`) as tags.
pub fn encode<'a>(chunks: &[Chunk<'a>], tokens: usize, scheme: Scheme) -> Vec<Tag<'a>> {
    let mut tags = vec![OUTSIDE; tokens];
    for (n, &(start, end, kind)) in chunks.iter().enumerate() {
        let touches = |other: Option<&Chunk>, edge: usize| {
            other.is_some_and(|&(s, e, k)| k == kind && (s == edge || e == edge) && s < e)
        };
        let after_same = n > 0 && touches(chunks.get(n - 1), start);
        let before_same = touches(chunks.get(n + 1), end);
        let marked = if scheme == Scheme::Iob1 { after_same } else { before_same };
        let (first, last, single) = match scheme {
            Scheme::Iob1 | Scheme::Ioe1 if !marked => (b'I', b'I', b'I'),
            Scheme::Iob1 | Scheme::Iob2 => (b'B', b'I', b'B'),
            Scheme::Ioe1 | Scheme::Ioe2 => (b'I', b'E', b'E'),
            Scheme::Iobes => (b'B', b'E', b'S'),
            Scheme::Bilou => (b'B', b'L', b'U'),
        };
        for (i, tag) in tags.iter_mut().enumerate().take(end).skip(start) {
            let letter = match (i == start, i + 1 == end) {
                (true, true) => single,
                (true, false) => first,
                (false, true) => last,
                (false, false) => b'I',
            };
            *tag = Tag { letter, kind };
        }
    }
    tags
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Vec<Tag<'_>> {
        text.split(' ').map(|t| Tag::parse(t, Style::Prefix).unwrap()).collect()
    }

    #[test]
    fn an_inside_tag_after_o_is_invalid_under_strict_iob2_and_a_chunk_under_lenient() {
        let tags = tags("O I-X I-X O B-Y I-Y");
        let strict = decode(&tags, Scheme::Iob2, true);
        assert_eq!((strict.chunks, strict.invalid), (vec![(4, 6, "Y")], vec![1]));
        let lenient = decode(&tags, Scheme::Iob2, false);
        assert_eq!((lenient.chunks, lenient.invalid), (vec![(1, 3, "X"), (4, 6, "Y")], vec![1]));
    }

    #[test]
    fn a_stray_tag_is_counted_once_and_its_neighbour_keeps_its_chunk() {
        let of = |text: &'static str, scheme| {
            let decoded = decode(&tags(text), scheme, true);
            (decoded.chunks, decoded.invalid)
        };
        assert_eq!(of("B-X I-Y I-Y O", Scheme::Iob2), (vec![(0, 1, "X")], vec![1]));
        assert_eq!(of("B-X I-X B-Y I-X", Scheme::Iob2), (vec![(0, 2, "X"), (2, 3, "Y")], vec![3]));
        assert_eq!(of("B-X E-X B-Y", Scheme::Iob2), (vec![(0, 1, "X"), (2, 3, "Y")], vec![1]));
        assert_eq!(of("O B-X I-X B-Y", Scheme::Iob1), (vec![(2, 3, "X")], vec![1, 3]));
        assert_eq!(of("I-X I-Y E-Y I-X", Scheme::Ioe2), (vec![(1, 3, "Y")], vec![0, 3]));
        assert_eq!(of("I-X E-X O I-X", Scheme::Ioe1), (vec![(3, 4, "X")], vec![1]));
        assert_eq!(of("S-X I-X E-X B-X I-X O", Scheme::Iobes), (vec![(0, 1, "X")], vec![1, 4]));
        assert_eq!(of("B-X L-Y U-X", Scheme::Bilou), (vec![(2, 3, "X")], vec![0, 1]));
    }

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
    fn a_chunk_without_its_end_is_invalid_where_the_scheme_marks_ends() {
        let tags = tags("B-X I-X O S-X");
        assert_eq!(decode(&tags, Scheme::Iobes, true).chunks, [(3, 4, "X")]);
        assert_eq!(decode(&tags, Scheme::Iobes, false).chunks, [(0, 2, "X"), (3, 4, "X")]);
    }

    #[test]
    fn schemes_are_known_by_their_letters() {
        let of = |text: &str| detect([tags(text)]);
        assert_eq!(of("O I-X I-X O I-Y"), Scheme::Iob1);
        assert_eq!(of("I-X B-X O I-Y"), Scheme::Iob1);
        assert_eq!(of("B-X I-X O B-Y"), Scheme::Iob2);
        assert_eq!(of("B-X B-X O O"), Scheme::Iob2);
        assert_eq!(of("B-X I-X O I-Y"), Scheme::Iob2);
        assert_eq!(of("I-X E-X O E-X"), Scheme::Ioe2);
        assert_eq!(of("I-X E-X I-X O"), Scheme::Ioe1);
        assert_eq!(of("B-X E-X O O"), Scheme::Iobes);
        assert_eq!(of("O S-X"), Scheme::Iobes);
        assert_eq!(of("B-X L-X U-X"), Scheme::Bilou);
        assert_eq!(of("O O"), Scheme::Iob2);
    }

    #[test]
    fn tags_are_read_on_either_side_and_strays_are_none() {
        assert_eq!(Tag::parse("B-creative-work", Style::Prefix), Some(Tag { letter: b'B', kind: "creative-work" }));
        assert_eq!(Tag::parse("creative-work-B", Style::Suffix), Some(Tag { letter: b'B', kind: "creative-work" }));
        assert_eq!(Tag::parse("I", Style::Prefix).unwrap().kind, "_");
        for stray in ["0", "o", "X-PER", "B-", "", "NNP", "O\\"] {
            assert_eq!(Tag::parse(stray, Style::Prefix), None, "{stray}");
        }
        assert_eq!(detect_style(["O", "NP-B", "NP-I"]), Style::Suffix);
        assert_eq!(detect_style(["O", "B-NP"]), Style::Prefix);
    }

    #[test]
    fn names_are_read_and_an_unknown_one_lists_the_valid() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.name().to_lowercase().parse(), Ok(scheme));
        }
        let message = "IOB9\u{1b}".parse::<Scheme>().unwrap_err().to_string();
        assert_eq!(message, "'IOB9\\u{1b}' is no tag scheme; valid: IOB1, IOB2, IOE1, IOE2, IOBES, BILOU");
    }

    proptest::proptest! {
        #[test]
        fn chunks_written_under_a_scheme_are_read_back(
            parts in proptest::collection::vec((0usize..3, 1usize..4, 0usize..3), 0..12)
        ) {
            let (mut chunks, mut at) = (Vec::new(), 0);
            for (gap, length, kind) in parts {
                chunks.push((at + gap, at + gap + length, ["X", "Y", "a-b"][kind]));
                at += gap + length;
            }
            for scheme in Scheme::ALL {
                let tags = encode(&chunks, at + 1, scheme);
                for strict in [true, false] {
                    let decoded = decode(&tags, scheme, strict);
                    proptest::prop_assert_eq!(&decoded.chunks, &chunks, "{} {}", scheme, strict);
                    proptest::prop_assert!(decoded.invalid.is_empty());
                }
            }
        }

        #[test]
        fn invalid_tags_are_in_no_strict_chunk_and_lenient_decoding_loses_none(
            letters in proptest::collection::vec((0usize..7, 0usize..2), 0..20)
        ) {
            let tags: Vec<_> = letters.iter().map(|&(l, k)| match b"BIOESLU"[l] {
                b'O' => OUTSIDE,
                letter => Tag { letter, kind: ["X", "Y"][k] },
            }).collect();
            let marked = tags.iter().filter(|t| t.letter != b'O').count();
            let inside = |decoded: &Decoded| decoded.chunks.iter().map(|c| c.1 - c.0).sum::<usize>();
            for scheme in Scheme::ALL {
                let strict = decode(&tags, scheme, true);
                proptest::prop_assert!(strict.invalid.is_sorted_by(|a, b| a < b));
                for &at in &strict.invalid {
                    proptest::prop_assert!(tags[at].letter != b'O');
                    proptest::prop_assert!(strict.chunks.iter().all(|c| at < c.0 || at >= c.1));
                }
                proptest::prop_assert_eq!(inside(&strict) == marked, strict.invalid.is_empty());
                let lenient = decode(&tags, scheme, false);
                proptest::prop_assert_eq!(inside(&lenient), marked);
                proptest::prop_assert_eq!(lenient.invalid, strict.invalid);
            }
        }
    }
}
