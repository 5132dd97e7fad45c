//! Reading tags as chunks under a scheme, writing chunks as tags, and telling the scheme.

use super::{CLOSES, Chunk, Decoded, INSIDE, OPENS, STRAY, Scheme, Style, Tag, UNENDED};

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
pub fn detect<K: Copy + Default + PartialEq, S: AsRef<[Tag<K>]>>(sequences: impl IntoIterator<Item = S>) -> Scheme {
    let mut evidence = Evidence::default();
    for sequence in sequences {
        let mut previous = outside();
        for &tag in sequence.as_ref().iter().chain(std::iter::once(&outside())) {
            evidence.step(previous, tag);
            previous = tag;
        }
    }
    evidence.scheme()
}

/// As [`detect`], from the pairs of neighbours in the sequences, each once or more, in any order; before the first tag of a
/// sequence and after its last stands `O`.
pub fn detect_pairs<K: Copy + Default + PartialEq>(pairs: impl IntoIterator<Item = (Tag<K>, Tag<K>)>) -> Scheme {
    let mut evidence = Evidence::default();
    pairs.into_iter().for_each(|(previous, tag)| evidence.step(previous, tag));
    evidence.scheme()
}

/// What the tags of a file show of their scheme.
struct Evidence {
    seen: [bool; 256],
    begins_without_b: bool,
    lone_b: bool,
    ends_without_e: bool,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { seen: [false; 256], begins_without_b: false, lone_b: false, ends_without_e: false }
    }
}

impl Evidence {
    fn step<K: Copy + Default + PartialEq>(&mut self, previous: Tag<K>, tag: Tag<K>) {
        self.seen[tag.letter as usize] = true;
        let same = previous.letter != b'O' && previous.kind == tag.kind;
        self.begins_without_b |= tag.letter == b'I' && !same;
        self.lone_b |= tag.letter == b'B' && !same;
        self.ends_without_e |= previous.letter == b'I' && !same;
    }

    fn scheme(&self) -> Scheme {
        let has = |letter: u8| self.seen[letter as usize];
        if has(b'L') || has(b'U') {
            Scheme::Bilou
        } else if has(b'S') || (has(b'B') && has(b'E')) {
            Scheme::Iobes
        } else if has(b'E') {
            if self.ends_without_e { Scheme::Ioe1 } else { Scheme::Ioe2 }
        } else if has(b'I') && !self.lone_b && (self.begins_without_b || !has(b'B')) {
            Scheme::Iob1
        } else {
            Scheme::Iob2
        }
    }
}

/// Reads the chunks of one sequence.
///
/// Strict: a chunk counts only when the scheme allows its first tag to open it, every step in it, and its last tag to
/// end it: under IOB2 `I-X` after `O` is no chunk, and `B-X I-Y` is the chunk `X` and a stray `I-Y`. A tag whose letter
/// the scheme lacks is read as `O`. Lenient: every tag is in a chunk.
pub fn decode<K: Copy + Default + PartialEq>(tags: &[Tag<K>], scheme: Scheme, strict: bool) -> Decoded<K> {
    let mut decoded = Decoded::default();
    decode_into(tags, scheme, strict, &mut decoded);
    decoded
}

/// As [`decode`], into memory that is used again.
pub fn decode_into<K: Copy + Default + PartialEq>(
    tags: &[Tag<K>],
    scheme: Scheme,
    strict: bool,
    into: &mut Decoded<K>,
) {
    let Decoded { chunks, invalid } = into;
    chunks.clear();
    invalid.clear();
    let outside = outside();
    let mut open: Option<usize> = None;
    let mut previous = outside;
    for (i, &tag) in tags.iter().chain(std::iter::once(&outside)).enumerate() {
        let known = scheme.has(tag.letter);
        let current = if known { tag } else { outside };
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
        chunks.clear();
        decode_leniently(tags, chunks);
    }
}

fn outside<K: Default>() -> Tag<K> {
    Tag { letter: b'O', kind: K::default() }
}

/// One reading for all letters: `B S U` begin, `E L S U` end, and so does a change of type.
fn decode_leniently<K: Copy + PartialEq>(tags: &[Tag<K>], chunks: &mut Vec<Chunk<K>>) {
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
}

/// Writes chunks (in order, not overlapping, within `tokens`) as tags.
pub fn encode<K: Copy + Default + PartialEq>(chunks: &[Chunk<K>], tokens: usize, scheme: Scheme) -> Vec<Tag<K>> {
    let mut tags = vec![outside(); tokens];
    for (n, &(start, end, kind)) in chunks.iter().enumerate() {
        let touches = |other: Option<&Chunk<K>>, edge: usize| {
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
    use super::super::OUTSIDE;
    use super::*;

    fn tags(text: &str) -> Vec<Tag<&str>> {
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
    fn a_chunk_without_its_end_is_invalid_where_the_scheme_marks_ends() {
        let tags = tags("B-X I-X O S-X");
        assert_eq!(decode(&tags, Scheme::Iobes, true).chunks, [(3, 4, "X")]);
        assert_eq!(decode(&tags, Scheme::Iobes, false).chunks, [(0, 2, "X"), (3, 4, "X")]);
    }

    #[test]
    fn the_side_is_known_by_most_tags() {
        assert_eq!(detect_style(["O", "NP-B", "NP-I"]), Style::Suffix);
        assert_eq!(detect_style(["O", "B-NP"]), Style::Prefix);
    }

    #[test]
    fn schemes_are_known_by_their_letters() {
        let of = |text: &str| {
            let tags = tags(text);
            let ends = |by: usize| std::iter::repeat_n(outside(), by);
            let pairs = ends(1).chain(tags.iter().copied()).zip(tags.iter().copied().chain(ends(1)));
            let scheme = detect([&tags]);
            assert_eq!(detect_pairs(pairs), scheme, "{text}");
            scheme
        };
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
            let inside = |decoded: &Decoded<&str>| decoded.chunks.iter().map(|c| c.1 - c.0).sum::<usize>();
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
