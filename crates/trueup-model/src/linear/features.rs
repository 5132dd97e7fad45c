//! Texts to n-gram hashes: which n-grams a text has, as 64-bit numbers.
//!
//! Two families, which complement each other: n-grams of words carry meaning, and n-grams of characters inside words
//! carry stems, endings, misspellings, and words of languages that write no spaces. The definitions are those of
//! scikit-learn's `CountVectorizer` (`word` with one-character words kept, and `char_wb`), on the normalised text of
//! [`trueup_core::text::normalise`].

use trueup_core::text::normalise;
use unicode_normalization::char::is_combining_mark;

/// What an n-gram is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gram {
    /// Consecutive characters inside one space-padded word.
    Chars,
    /// Consecutive words.
    Words,
}

impl Gram {
    /// What the n-gram of a hash is made of: the lowest bit tells.
    pub(super) fn of(hash: u64) -> Self {
        if hash & 1 == 1 { Self::Words } else { Self::Chars }
    }
}

/// The n-gram ranges in use; an upper end of 0 switches a family off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Analyser {
    /// Shortest and longest n-gram of words.
    pub(super) words: (usize, usize),
    /// Shortest and longest n-gram of characters.
    pub(super) chars: (usize, usize),
    /// Into how many parts n-grams are hashed, as a power of two (10 to 24); every n-gram for itself without.
    pub(super) hashing: Option<u8>,
}

/// Buffers that serve text after text.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    chars: Vec<char>,
    words: Vec<(u64, usize, usize)>,
    hashes: Vec<u64>,
}

// Odd constants with well mixed bits (the golden ratio and two of xxHash's primes).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
const WORDS: u64 = 0xc2b2_ae3d_27d4_eb4f;
const CHARS: u64 = 0x1656_67b1_9e37_79f9;

/// Extends a hash by one symbol. Each step is a bijection of the hash, and carries high bits down so that the next
/// multiplication reaches every bit; what leaves this module has uniform high bits, which the vocabulary relies on.
fn extend(hash: u64, symbol: u64) -> u64 {
    let h = (hash ^ symbol).wrapping_mul(STEP);
    h ^ (h >> 32)
}

/// Letters, digits, marks that modify them, and the underscore: what regular expressions call `\w`.
fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || (!c.is_ascii() && is_combining_mark(c))
}

/// The hash of an n-gram that is read character by character: the one that [`Analyser::visit`] gives it, made of its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growing {
    kind: Gram,
    /// Of the characters so far, or of the words before the last one.
    gram: u64,
    /// Of the last word so far.
    word: u64,
}

impl Growing {
    /// Of nothing yet.
    pub(super) fn new(kind: Gram) -> Self {
        Self { kind, gram: if kind == Gram::Words { WORDS } else { CHARS }, word: 0 }
    }

    /// With one more character; words are parted by a space.
    #[inline]
    pub(super) fn push(self, c: char) -> Self {
        match (self.kind, c) {
            (Gram::Chars, _) => Self { gram: extend(self.gram, c.into()), ..self },
            (Gram::Words, ' ') => Self { gram: extend(self.gram, self.word), word: 0, ..self },
            (Gram::Words, _) => Self { word: extend(self.word, c.into()), ..self },
        }
    }

    /// The hash of what was read.
    #[inline]
    pub(super) fn hash(self) -> u64 {
        match self.kind {
            Gram::Chars => self.gram & !1,
            Gram::Words => extend(self.gram, self.word) | 1,
        }
    }
}

/// The name of an n-gram of these characters: words are joined by single spaces, whatever stands between them.
pub(super) fn name(kind: Gram, chars: &[char]) -> String {
    match kind {
        Gram::Chars => chars.iter().collect(),
        Gram::Words => {
            let words = chars.split(|&c| !in_word(c)).filter(|word| !word.is_empty());
            words.map(|word| word.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
        }
    }
}

impl Analyser {
    /// The bits of a hash that count: with hashing the highest and the lowest, which tells the kind.
    fn mask(&self) -> u64 {
        self.hashing.map_or(u64::MAX, |bits| u64::MAX << (65 - bits) | 1)
    }

    /// Calls `emit` with the hash, the kind and the characters of every n-gram of `text`, repeats included.
    pub(super) fn visit(&self, text: &str, scratch: &mut Scratch, mut emit: impl FnMut(u64, Gram, &[char])) {
        let Scratch { chars, words, .. } = scratch;
        let mask = self.mask();
        chars.clear();
        chars.push(' ');
        chars.extend(normalise(text).chars());
        chars.push(' ');
        if self.words.1 > 0 {
            split_words(chars, words);
            for first in 0..words.len() {
                let mut hash = WORDS;
                for (n, &(word, _, end)) in words[first..].iter().take(self.words.1).enumerate() {
                    hash = extend(hash, word);
                    if n + 1 >= self.words.0 {
                        emit((hash & mask) | 1, Gram::Words, &chars[words[first].1..end]);
                    }
                }
            }
        }
        if self.chars.1 > 0 {
            let mut from = 0;
            // Normalised text has single spaces, so each word stands between two of them.
            for to in 1..chars.len() {
                if chars[to] == ' ' {
                    if to > from + 1 {
                        self.visit_chars(&chars[from..=to], mask & !1, &mut emit);
                    }
                    from = to;
                }
            }
        }
    }

    /// The character n-grams of one padded word, of whose hashes the bits of `mask` count. A word shorter than n counts once, as a whole.
    fn visit_chars(&self, word: &[char], mask: u64, emit: &mut impl FnMut(u64, Gram, &[char])) {
        let shortest = self.chars.0.clamp(1, word.len());
        for first in 0..=word.len() - shortest {
            let mut hash = CHARS;
            for (n, &c) in word[first..].iter().take(self.chars.1).enumerate() {
                hash = extend(hash, u64::from(c));
                if n + 1 >= shortest {
                    emit(hash & mask, Gram::Chars, &word[first..=first + n]);
                }
            }
        }
    }

    /// The hashes of all n-grams of `text`, repeats included.
    pub(super) fn hashes<'a>(&self, text: &str, scratch: &'a mut Scratch) -> &'a mut Vec<u64> {
        let mut hashes = std::mem::take(&mut scratch.hashes);
        hashes.clear();
        self.visit(text, scratch, |hash, _, _| hashes.push(hash));
        scratch.hashes = hashes;
        &mut scratch.hashes
    }

    /// The distinct n-grams of `text` in hash order, each with how often it occurs, appended to `out`.
    pub(super) fn counts(&self, text: &str, scratch: &mut Scratch, out: &mut Vec<(u64, u32)>) {
        let hashes = self.hashes(text, scratch);
        hashes.sort_unstable();
        out.extend(hashes.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32)));
    }
}

/// Hash, start and end of each maximal run of word characters.
fn split_words(chars: &[char], words: &mut Vec<(u64, usize, usize)>) {
    words.clear();
    let mut open: Option<(u64, usize)> = None;
    for (i, &c) in chars.iter().enumerate() {
        if in_word(c) {
            let (hash, start) = open.unwrap_or((0, i));
            open = Some((extend(hash, u64::from(c)), start));
        } else if let Some((hash, start)) = open.take() {
            words.push((hash, start, i));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Analyser = Analyser { words: (1, 2), chars: (2, 5), hashing: None };

    fn grams(analyser: Analyser, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        analyser.visit(text, &mut Scratch::default(), |_, _, chars| {
            found.push(chars.iter().collect());
        });
        found
    }

    #[test]
    fn word_grams_keep_single_letters() {
        let words = Analyser { words: (1, 2), chars: (0, 0), hashing: None };
        assert_eq!(grams(words, "Is I, OK?"), ["is", "is i", "i", "i, ok", "ok"]);
        assert_eq!(grams(words, "?! ..."), Vec::<String>::new());
    }

    #[test]
    fn character_grams_stay_inside_padded_words() {
        let chars = Analyser { words: (0, 0), chars: (2, 3), hashing: None };
        assert_eq!(grams(chars, "ab c"), [" a", " ab", "ab", "ab ", "b ", " c", " c ", "c "]);
        // Shorter than the shortest n-gram: once, as a whole.
        let long = Analyser { words: (0, 0), chars: (4, 5), hashing: None };
        assert_eq!(grams(long, "a"), [" a "]);
        assert_eq!(grams(long, ""), Vec::<String>::new());
    }

    #[test]
    fn words_and_characters_never_share_a_hash() {
        let mut kinds = std::collections::BTreeMap::new();
        let text = "x ab abc xab a_b ab ab 你好 a\u{301}b ﬁ";
        ALL.visit(text, &mut Scratch::default(), |hash, kind, chars| {
            let name = (kind == Gram::Words, chars.iter().collect::<String>());
            assert_eq!(kinds.entry(hash).or_insert_with(|| name.clone()), &name);
        });
    }

    #[test]
    fn case_width_and_space_do_not_matter() {
        let counts = |text: &str| {
            let mut out = Vec::new();
            ALL.counts(text, &mut Scratch::default(), &mut out);
            out
        };
        assert_eq!(counts("  Card\n\tLOST "), counts("ｃａｒｄ lost"));
        assert_eq!(counts("to be or to be").iter().map(|c| c.1).max(), Some(2));
        assert!(counts("to be or to be").is_sorted_by(|a, b| a.0 < b.0));
        assert!(counts("").is_empty());
    }
}
