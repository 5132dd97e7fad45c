//! The names of features: the n-grams as they stand in normalised texts, words joined by single spaces.
//!
//! A hash can be made of its n-gram, and n-grams that are sorted share their beginnings, so that a model is kept as its
//! sorted names alone: of each what it does not share with the one before, in Huffman codes. That takes about 6 bits for an
//! n-gram of characters, and 30 for one of words. The names themselves are made of it when they are asked for.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::features::{Gram, Growing, KINDS, Scratch, Seen, name};
use super::packed::{Draft, Source};
use super::vocabulary::{Matrix, Vocabulary};
use crate::Array;

/// The names of the features of a vocabulary.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    plain: OnceLock<Plain>,
    packed: Option<Packed>,
}

/// One name a feature, one after the other.
#[derive(Debug, Clone, Default)]
struct Plain {
    text: String,
    /// Where each name ends.
    ends: Vec<u32>,
}

/// Names as they are kept.
#[derive(Debug, Clone)]
struct Packed {
    bytes: Array<u8>,
    counts: [usize; FAMILIES],
}

/// n-grams of characters, those of words, values of columns, and those of which the name is cut off, whose hashes are kept as
/// well.
pub(super) const FAMILIES: usize = KINDS + 1;

/// Longer names, in bytes, are cut off here, at a whole character.
const LONGEST: usize = 200;

/// The tables of a family: characters of the last name that are not shared, new characters, and which.
const TABLES: usize = 3;
const DROP: usize = 0;
const NEW: usize = 1;
const CHARACTER: usize = 2;

/// The symbol of characters that are none of the frequent ones.
const RARE: u8 = 255;

/// Bits of a character.
const CHARACTER_BITS: u32 = 21;

impl Names {
    /// The names of all features, found in the texts that the vocabulary was learnt from; `matrix` holds their rows. Hashed
    /// n-grams have none.
    pub(super) fn of(vocabulary: &Vocabulary, texts: &[Seen], matrix: &Matrix) -> Self {
        if vocabulary.analyser().hashing.is_some() {
            return Self::default();
        }
        // The first text of each feature: few texts are the first of any, and only those are read again.
        let mut first = vec![u32::MAX; vocabulary.len()];
        let mut sources = Vec::new();
        for i in 0..texts.len() {
            let mut new = false;
            for &id in matrix.row(i).0 {
                if first[id as usize] == u32::MAX {
                    first[id as usize] = i as u32;
                    new = true;
                }
            }
            if new {
                sources.push(i as u32);
            }
        }
        let found: Vec<Vec<(u32, String)>> = sources
            .par_chunks(64)
            .map(|sources| {
                let (mut scratch, mut found) = (Scratch::default(), Vec::new());
                for &i in sources {
                    vocabulary.analyser().visit(texts[i as usize], &mut scratch, |hash, kind, chars| {
                        if let Some(id) = vocabulary.id(hash).filter(|&id| first[id as usize] == i) {
                            found.push((id, name(kind, chars)));
                        }
                    });
                }
                found
            })
            .collect();
        let mut names = vec![String::new(); vocabulary.len()];
        for (id, name) in found.into_iter().flatten() {
            names[id as usize] = name;
        }
        Self::plain(names.iter().map(|name| &name[..name.floor_char_boundary(LONGEST)]))
    }

    fn plain<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut plain = Plain::default();
        names.for_each(|name| plain.push(name));
        Self { plain: plain.into(), packed: None }
    }

    /// The names of the features of a vocabulary: those that `old` has of an earlier one, and of the others those found.
    pub(super) fn merge(vocabulary: &Vocabulary, found: &Self, old: &Self, of: &Vocabulary) -> Self {
        if vocabulary.analyser().hashing.is_some() {
            return Self::default();
        }
        let name = |id| of.id(vocabulary.hash(id)).map_or_else(|| found.get(id), |known| old.get(known));
        Self::plain((0..vocabulary.len() as u32).map(name))
    }

    /// The name of a feature.
    pub(super) fn get(&self, id: u32) -> &str {
        let plain = self.plain.get_or_init(|| self.packed.as_ref().and_then(Packed::plain).unwrap_or_default());
        plain.get(id as usize)
    }

    /// The names as they are kept, and how many of each family.
    pub(super) fn pack(&self, vocabulary: &Vocabulary) -> (Vec<u8>, [usize; FAMILIES]) {
        if let Some(packed) = &self.packed {
            return (packed.bytes.to_vec(), packed.counts);
        }
        if let Some(bits) = vocabulary.analyser().hashing {
            return (write_hashed(vocabulary.hashes(), bits), [vocabulary.len(), 0, 0, 0]);
        }
        let mut families: [Vec<(&str, u64)>; FAMILIES] = Default::default();
        for (id, &hash) in (0..).zip(vocabulary.hashes()) {
            let (name, kind) = (self.get(id), Gram::of(hash));
            let made = name.chars().fold(Growing::new(kind), Growing::push).hash();
            families[if made == hash { kind as usize } else { FAMILIES - 1 }].push((name, hash));
        }
        let counts = families.each_ref().map(Vec::len);
        families.par_iter_mut().for_each(|names| names.par_sort_unstable());
        let streams: Vec<Vec<u8>> =
            families.par_iter().enumerate().map(|(family, names)| write(names, family == FAMILIES - 1)).collect();
        let mut bytes = Vec::new();
        for stream in &streams {
            bytes.extend_from_slice(&(stream.len() as u32).to_le_bytes());
        }
        bytes.extend(streams.concat());
        (bytes, counts)
    }

    /// The names that [`Names::pack`] wrote, and the hashes of their n-grams, ascending; `None` when the bytes are not of such.
    /// `hashing` is what the analyser has.
    pub(super) fn unpack(bytes: Array<u8>, counts: [usize; FAMILIES], hashing: Option<u8>) -> Option<(Self, Vec<u64>)> {
        if let Some(bits) = hashing {
            return Some((Self::default(), read_hashed(&bytes, counts[0], bits)?))
                .filter(|_| counts[1..] == [0; FAMILIES - 1]);
        }
        let streams = streams(&bytes)?;
        let read = |family: usize| {
            // A name takes a bit at least.
            if counts[family] / 8 > streams[family].len() {
                return None;
            }
            let mut hashes = Vec::with_capacity(counts[family]);
            read(streams[family], family, counts[family], |hash, _| hashes.push(hash))?;
            Some(hashes)
        };
        let ((chars, words), (columns, long)) =
            rayon::join(|| rayon::join(|| read(0), || read(1)), || rayon::join(|| read(2), || read(3)));
        let hashes = in_order(&[chars?, words?, columns?, long?]);
        // Names that are not what they were may be the same, or be no features of their kind.
        let packed = Some(Packed { bytes, counts });
        hashes.is_sorted_by(|a, b| a < b).then(|| (Self { plain: OnceLock::new(), packed }, hashes))
    }
}

impl Plain {
    fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(self.text.len() as u32);
    }

    fn get(&self, id: usize) -> &str {
        let start = id.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |&end| end as usize);
        self.ends.get(id).and_then(|&end| self.text.get(start..end as usize)).unwrap_or_default()
    }
}

impl Packed {
    /// The names, in the order of their hashes.
    fn plain(&self) -> Option<Plain> {
        let streams = streams(&self.bytes)?;
        let (mut text, mut found) = (String::new(), Vec::new());
        for (family, stream) in streams.into_iter().enumerate() {
            read(stream, family, self.counts[family], |hash, name| {
                let start = text.len();
                text.extend(name);
                found.push((hash, start, text.len()));
            })?;
        }
        found.sort_unstable();
        let mut plain = Plain::default();
        found.iter().for_each(|&(_, start, end)| plain.push(&text[start..end]));
        Some(plain)
    }
}

/// The streams of the families.
fn streams(bytes: &[u8]) -> Option<[&[u8]; FAMILIES]> {
    let (sizes, mut rest) = bytes.split_first_chunk::<{ 4 * FAMILIES }>()?;
    let mut streams = [&[][..]; FAMILIES];
    for (stream, size) in streams.iter_mut().zip(sizes.as_chunks::<4>().0) {
        (*stream, rest) = rest.split_at_checked(u32::from_le_bytes(*size) as usize)?;
    }
    rest.is_empty().then_some(streams)
}

/// The stream of sorted names; with their hashes where those cannot be made of them.
fn write(names: &[(&str, u64)], hashes: bool) -> Vec<u8> {
    let mut counts = std::collections::BTreeMap::<char, u64>::new();
    let mut draft = Draft::<TABLES>::new();
    let mut steps = Vec::new();
    let mut last: Vec<char> = Vec::new();
    for &(name, hash) in names {
        let name: Vec<char> = name.chars().collect();
        let shared = name.iter().zip(&last).take_while(|(a, b)| a == b).count();
        steps.push((last.len() - shared, shared, name.clone(), hash));
        name[shared..].iter().for_each(|&c| *counts.entry(c).or_default() += 1);
        last = name;
    }
    let mut alphabet: Vec<(u64, char)> = counts.into_iter().map(|(c, n)| (n, c)).collect();
    alphabet.sort_unstable_by_key(|&(n, c)| (std::cmp::Reverse(n), c));
    alphabet.truncate(usize::from(RARE));
    draft.bits(alphabet.len() as u32, 8);
    alphabet.iter().for_each(|&(_, c)| draft.bits(c.into(), CHARACTER_BITS));
    let mut symbols: Vec<(char, u8)> = (0..).zip(&alphabet).map(|(symbol, &(_, c))| (c, symbol)).collect();
    symbols.sort_unstable();
    for (drop, shared, name, hash) in steps {
        draft.number(DROP, drop as u32);
        draft.number(NEW, (name.len() - shared) as u32);
        for &c in &name[shared..] {
            if let Ok(at) = symbols.binary_search_by_key(&c, |s| s.0) {
                draft.symbol(CHARACTER, symbols[at].1);
            } else {
                draft.symbol(CHARACTER, RARE);
                draft.bits(c.into(), CHARACTER_BITS);
            }
        }
        if hashes {
            draft.bits(hash as u32, 32);
            draft.bits((hash >> 32) as u32, 32);
        }
    }
    draft.finish()
}

/// Reads `count` names of a family; `None` when they are not there.
fn read(bytes: &[u8], family: usize, count: usize, mut emit: impl FnMut(u64, &[char])) -> Option<()> {
    // Of names that are cut off the hashes are kept, and nothing is made of them.
    let kind = [Gram::Chars, Gram::Words, Gram::Column][family.min(KINDS - 1)];
    let mut source = Source::<TABLES>::new(bytes)?;
    let mut alphabet = ['\0'; 256];
    for c in &mut alphabet[..source.bits(8)? as usize] {
        *c = char::from_u32(source.bits(CHARACTER_BITS)?)?;
    }
    let mut name: Vec<char> = Vec::with_capacity(LONGEST);
    // The hash so far before each character and after the last.
    let mut grown = vec![Growing::new(kind)];
    for _ in 0..count {
        let kept = name.len().checked_sub(source.number(DROP)? as usize)?;
        name.truncate(kept);
        grown.truncate(kept + 1);
        let new = source.number(NEW)? as usize;
        if kept + new > LONGEST {
            return None;
        }
        let mut last = *grown.last()?;
        for _ in 0..new {
            let c = match source.symbol(CHARACTER)? {
                RARE => char::from_u32(source.bits(CHARACTER_BITS)?)?,
                symbol => alphabet[usize::from(symbol)],
            };
            name.push(c);
            last = last.push(c);
            grown.push(last);
        }
        let hash = if family == FAMILIES - 1 {
            u64::from(source.bits(32)?) | u64::from(source.bits(32)?) << 32
        } else {
            last.hash()
        };
        emit(hash, &name);
    }
    Some(())
}

/// The stream of hashes of which the first bits and the kind are left, ascending: the gaps between them.
fn write_hashed(hashes: &[u64], bits: u8) -> Vec<u8> {
    let (mut draft, mut next) = (Draft::<1>::new(), 0);
    for hash in hashes {
        let number = ((hash >> (65 - bits)) * KINDS as u64 + Gram::of(*hash) as u64) as u32;
        draft.number(0, number - next);
        next = number + 1;
    }
    draft.finish()
}

/// The `count` hashes that [`write_hashed`] wrote.
fn read_hashed(bytes: &[u8], count: usize, bits: u8) -> Option<Vec<u64>> {
    let (mut source, mut next) = (Source::<1>::new(bytes)?, 0u32);
    let mut hashes = Vec::with_capacity(count.min(1 << bits));
    for _ in 0..count {
        let number = next.checked_add(source.number(0)?).filter(|number| (number / KINDS as u32) >> (bits - 1) == 0)?;
        let (first, kind) = (number / KINDS as u32, number % KINDS as u32);
        hashes.push(u64::from(first) << (65 - bits) | u64::from(kind));
        next = number + 1;
    }
    Some(hashes)
}

/// All hashes, ascending. They are spread evenly, so that each is put close to its place at once.
fn in_order(parts: &[Vec<u64>]) -> Vec<u64> {
    let all = || parts.iter().flatten().copied();
    let n: usize = parts.iter().map(Vec::len).sum();
    let shift = 64 - n.next_power_of_two().trailing_zeros().clamp(1, 32);
    let mut ends = vec![0u32; (1 << (64 - shift)) + 1];
    all().for_each(|hash| ends[(hash >> shift) as usize + 1] += 1);
    for i in 1..ends.len() {
        ends[i] += ends[i - 1];
    }
    let mut sorted = vec![0; n];
    for hash in all() {
        let next = &mut ends[(hash >> shift) as usize];
        sorted[*next as usize] = hash;
        *next += 1;
    }
    let mut start = 0;
    for &end in &ends[..ends.len() - 1] {
        let part = &mut sorted[start as usize..end as usize];
        if part.len() > 1 {
            part.sort_unstable();
        }
        start = end;
    }
    sorted
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::features::Analyser;
    use super::*;
    use proptest::prelude::*;

    /// Names kept and read are the names and the hashes of the features.
    fn check(analyser: Analyser, texts: &[&str]) {
        let (columns, values) = (["lang".to_owned(), "price".to_owned()], ["EN".to_owned(), "12.5".to_owned()]);
        let mut seen = Seen::texts(texts);
        seen.push(Seen { text: "", columns: &columns, values: &values });
        let (vocabulary, matrix) = Vocabulary::learn(analyser, &seen, 1, usize::MAX);
        let names = Names::of(&vocabulary, &seen, &matrix);
        let (bytes, counts) = names.pack(&vocabulary);
        assert_eq!(counts.iter().sum::<usize>(), vocabulary.len());
        let (again, hashes) = Names::unpack(bytes.clone().into(), counts, analyser.hashing).unwrap();
        assert_eq!(hashes, vocabulary.hashes());
        for id in 0..vocabulary.len() as u32 {
            assert_eq!(again.get(id), names.get(id));
        }
        assert_eq!(again.pack(&vocabulary), (bytes, counts));
    }

    #[test]
    fn kept_names_are_the_names() {
        let both = Analyser { words: (1, 2), chars: (2, 5), hashing: None };
        check(both, &["the card, the CARD", "a cat", "你好 世界 ﬁn", "x"]);
        check(both, &["!?"]);
        // Neither shorter n-grams beside, nor names as long as their n-grams.
        check(Analyser { words: (3, 3), chars: (0, 0), hashing: None }, &["a b c d"]);
        let long = "longword".repeat(80);
        check(both, &[&long, &format!("{long} {long}"), "b"]);
    }

    #[test]
    fn hashed_features_come_back_without_names() {
        let hashed = Analyser { words: (1, 2), chars: (2, 5), hashing: Some(10) };
        check(hashed, &["the card, the CARD", "a cat", "你好 世界 ﬁn", "x"]);
        let many = (0..2_000).map(|i| format!("w{i}")).collect::<Vec<_>>().join(" ");
        check(hashed, &[&many]);
        let (vocabulary, _) = Vocabulary::learn(hashed, &Seen::texts(&[&many]), 1, usize::MAX);
        assert!(vocabulary.len() > 900 && vocabulary.len() <= 1024, "{}", vocabulary.len());
    }

    #[test]
    fn words_are_joined_by_spaces() {
        let texts = Seen::texts(&["card, please"]);
        let words = Analyser { words: (2, 2), chars: (0, 0), hashing: None };
        let (vocabulary, matrix) = Vocabulary::learn(words, &texts, 1, usize::MAX);
        assert_eq!(Names::of(&vocabulary, &texts, &matrix).get(0), "card please");
    }

    proptest! {
        #[test]
        fn any_texts_names_are_kept(texts in prop::collection::vec("\\PC{0,30}", 1..20)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            if texts.iter().any(|text| text.chars().any(char::is_alphanumeric)) {
                check(Analyser { words: (1, 3), chars: (1, 4), hashing: None }, &texts);
            }
        }
    }
}
