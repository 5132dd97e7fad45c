//! How tags become spans: under a scheme, or as another tool reads them.

use crate::scheme::{Decoded, Scheme, Style, Tag, decode_into};
use crate::{LabelId, LabelSet};

/// A table from numbers of distinct raw tags to what they stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagTable {
    /// By number of the raw tag; the kind is a [`LabelId`] of `labels` (0 for `O`, whose kind says nothing).
    pub tags: Vec<Tag<u32>>,
    /// The types that occur.
    pub labels: LabelSet,
    /// Numbers of the raw tags that are no tag: they are read as `O`.
    pub not_tags: Vec<u32>,
    /// The type of letters that stand alone (`_`), if there are any: seqeval and conlleval take `O` to be of that type.
    pub bare: Option<LabelId>,
}

impl TagTable {
    /// Reads distinct raw tags, such as [`crate::Dataset::tags`], their letters on the given side.
    pub fn read<S: AsRef<str>>(raw: &[S], style: Style) -> Self {
        let read: Vec<Option<Tag<&str>>> = raw.iter().map(|raw| Tag::parse(raw.as_ref(), style)).collect();
        let typed = read.iter().flatten().filter(|tag| tag.letter != b'O');
        let labels = LabelSet::new(typed.map(|tag| tag.kind));
        let not_tags = (0..read.len()).filter(|&number| read[number].is_none()).map(|number| number as u32).collect();
        let outside = Tag { letter: b'O', kind: 0 };
        let number = |tag: &Option<Tag<&str>>| {
            let typed = tag.filter(|tag| tag.letter != b'O');
            typed.map_or(outside, |tag| Tag { letter: tag.letter, kind: labels.id(tag.kind).unwrap_or_default() })
        };
        let tags = read.iter().map(number).collect();
        let bare = raw.iter().any(|raw| raw.as_ref().len() == 1 && raw.as_ref() != "O");
        Self { tags, bare: labels.id("_").filter(|_| bare), labels, not_tags }
    }
}

/// How the tags of a sentence are read as spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decoding {
    /// Chunks that the scheme allows; invalid tags are in none. The default, under the scheme of the file.
    Strict(Scheme),
    /// Every tag at its nearest reading, for all letters.
    Lenient(Scheme),
    /// seqeval's default: the rules of conlleval with `S` added.
    Seqeval,
    /// seqeval's strict mode: [`Decoding::Strict`], but for IOE1, whose `E` opens a chunk only after another `E` of its
    /// type there.
    SeqevalStrict(Scheme),
    /// The rules of conlleval (Tjong Kim Sang and Buchholz 2000, the script of the CoNLL-2000 shared task), made for `B`,
    /// `I` and `E`; the same chunks as there unless other letters stand alone, without a type.
    Conlleval,
    /// nervaluate's loaders: a chunk goes on until `O`, `B` or another type.
    Nervaluate,
}

impl Decoding {
    /// Reads the chunks of a sentence into memory that is used again. `invalid` is filled by the first two alone.
    pub fn decode_into(self, tags: &[Tag<u32>], bare: Option<LabelId>, into: &mut Decoded<u32>) {
        match self {
            Self::Strict(scheme) => decode_into(tags, scheme, true, into),
            Self::Lenient(scheme) => decode_into(tags, scheme, false, into),
            Self::SeqevalStrict(scheme) => {
                decode_into(tags, scheme, true, into);
                into.invalid.clear();
                if scheme == Scheme::Ioe1 {
                    let opens = |start: usize| {
                        tags[start].letter != b'E'
                            || (start > 0 && tags[start - 1].letter == b'E' && tags[start - 1].kind == tags[start].kind)
                    };
                    into.chunks.retain(|chunk| opens(chunk.0));
                }
            }
            Self::Seqeval => by_steps(tags, bare, seqeval_step, false, into),
            Self::Conlleval => by_steps(tags, bare, conlleval_step, true, into),
            Self::Nervaluate => nervaluate(tags, into),
        }
    }

    /// How many tags of a sentence the tool would stop at with an error. Each comes with whether it is no tag (read as
    /// `O` here).
    pub(super) fn refused(self, tags: impl Iterator<Item = (Tag<u32>, bool)>, bare: Option<LabelId>) -> u64 {
        let mut refused = 0;
        let mut previous = Tag { letter: b'O', kind: 0 };
        for (tag, no_tag) in tags {
            let stops = match self {
                _ if no_tag => matches!(self, Self::SeqevalStrict(_) | Self::Nervaluate),
                Self::SeqevalStrict(scheme) => !letters(scheme).contains(&tag.letter),
                // Its loaders look at the letter only where a chunk begins.
                Self::Nervaluate if tag.letter == b'O' => false,
                Self::Nervaluate => {
                    let goes_on = previous.letter != b'O' && previous.kind == tag.kind && tag.letter != b'B';
                    !goes_on && (!b"BI".contains(&tag.letter) || Some(tag.kind) == bare)
                }
                _ => false,
            };
            refused += u64::from(stops);
            previous = tag;
        }
        refused
    }
}

fn letters(scheme: Scheme) -> &'static [u8] {
    match scheme {
        Scheme::Iob1 | Scheme::Iob2 => b"OIB",
        Scheme::Ioe1 | Scheme::Ioe2 => b"OIE",
        Scheme::Iobes => b"OIBES",
        Scheme::Bilou => b"OBILU",
    }
}

/// Whether the step between two letters ends a chunk and whether it starts one, when the types are equal. Where types
/// differ, what is inside ends and what follows starts.
fn seqeval_step(before: u8, now: u8) -> (bool, bool) {
    let ends = matches!(before, b'E' | b'S') || (matches!(before, b'B' | b'I') && matches!(now, b'B' | b'S' | b'O'));
    let starts = matches!(now, b'B' | b'S') || (matches!(now, b'I' | b'E') && matches!(before, b'E' | b'S' | b'O'));
    (ends, starts)
}

/// As [`seqeval_step`].
fn conlleval_step(before: u8, now: u8) -> (bool, bool) {
    let ends = matches!((before, now), (b'B' | b'I', b'B' | b'O') | (b'E', b'E' | b'I' | b'O'));
    let starts = matches!((before, now), (b'B' | b'I' | b'O', b'B') | (b'E' | b'O', b'I' | b'E'));
    (ends, starts)
}

/// `started`: what ends without having started is no chunk. seqeval takes it to go back to the last start.
fn by_steps(
    tags: &[Tag<u32>],
    bare: Option<LabelId>,
    step: impl Fn(u8, u8) -> (bool, bool),
    started: bool,
    into: &mut Decoded<u32>,
) {
    into.chunks.clear();
    into.invalid.clear();
    let outside = Tag { letter: b'O', kind: 0 };
    let kind = |tag: Tag<u32>| if tag.letter == b'O' { bare } else { Some(tag.kind) };
    let (mut previous, mut begin, mut open) = (outside, 0, !started);
    for (i, &tag) in tags.iter().chain(std::iter::once(&outside)).enumerate() {
        if previous.letter == b'O' && tag.letter == b'O' {
            continue;
        }
        let (mut ends, mut starts) = step(previous.letter, tag.letter);
        if kind(previous) != kind(tag) {
            ends |= previous.letter != b'O';
            starts |= tag.letter != b'O';
        }
        if ends && open {
            into.chunks.push((begin, i, previous.kind));
            open = !started;
        }
        if starts {
            (begin, open) = (i, true);
        }
        previous = tag;
    }
}

fn nervaluate(tags: &[Tag<u32>], into: &mut Decoded<u32>) {
    into.chunks.clear();
    into.invalid.clear();
    let mut open: Option<usize> = None;
    for (i, tag) in tags.iter().enumerate() {
        let ended = |start: usize| tag.letter == b'O' || tag.letter == b'B' || tags[start].kind != tag.kind;
        if let Some(start) = open.filter(|&start| ended(start)) {
            into.chunks.push((start, i, tags[start].kind));
            open = None;
        }
        if open.is_none() && tag.letter != b'O' {
            open = Some(i);
        }
    }
    into.chunks.extend(open.map(|start| (start, tags.len(), tags[start].kind)));
}
