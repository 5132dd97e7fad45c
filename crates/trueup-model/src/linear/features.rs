//! Texts to hashes of features: which n-grams a text has, and which values stand beside it, as 64-bit numbers.
//!
//! Two families, which complement each other: n-grams of words carry meaning, and n-grams of characters inside words
//! carry stems, endings, misspellings, and words of languages that write no spaces. The definitions are those of
//! scikit-learn's `CountVectorizer` (`word` with one-character words kept, and `char_wb`), on the normalised text of
//! [`trueup_core::text::normalise`].
//!
//! Of each column beside the text the value is a feature: `lang=en`. A number is one as it stands, and rounded to two and
//! to one significant digits (`price=1234`, `price~1200`, `price≈1000`), so that numbers that are close have something in
//! common. What a value becomes depends on nothing but itself.

use trueup_core::Example;
use trueup_core::text::normalise;
use unicode_normalization::char::is_combining_mark;

/// What an n-gram is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gram {
    /// Consecutive characters inside one space-padded word.
    Chars,
    /// Consecutive words.
    Words,
    /// No n-gram: the value of a column beside the text.
    Column,
}

/// Kinds of features.
pub(super) const KINDS: usize = 3;

/// The bits of a hash that tell the kind.
const KIND: u64 = 0b11;

impl Gram {
    /// What the feature of a hash is made of: the lowest bits tell.
    pub(super) fn of(hash: u64) -> Self {
        match hash & KIND {
            0 => Self::Chars,
            1 => Self::Words,
            _ => Self::Column,
        }
    }

    /// The hash with the bits of the kind.
    fn mark(self, hash: u64) -> u64 {
        (hash & !KIND) | self as u64
    }

    /// The hash of nothing yet.
    fn seed(self) -> u64 {
        match self {
            Self::Chars => CHARS,
            Self::Words => WORDS,
            Self::Column => COLUMN,
        }
    }
}

/// What is seen of an example: its text, and the values of some columns.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen<'a> {
    pub(super) text: &'a str,
    /// Names of the columns that count.
    pub(super) columns: &'a [String],
    /// Their values.
    pub(super) values: &'a [String],
}

impl<'a> Seen<'a> {
    /// Of an example, whose metadata begin with the values of `columns`.
    pub(super) fn of(example: &'a Example, columns: &'a [String]) -> Self {
        Self { text: &example.text, columns, values: &example.metadata[..columns.len().min(example.metadata.len())] }
    }

    /// Texts alone.
    #[cfg(test)]
    pub(super) fn texts(texts: &[&'a str]) -> Vec<Self> {
        texts.iter().map(|text| Self { text, ..Self::default() }).collect()
    }
}

/// The n-gram ranges in use; an upper end of 0 switches a family off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Analyser {
    /// Shortest and longest n-gram of words.
    pub(super) words: (usize, usize),
    /// Shortest and longest n-gram of characters.
    pub(super) chars: (usize, usize),
    /// Into how many parts n-grams are hashed, as a power of two (10 to 24), and values of columns into half as many; every
    /// feature for itself without.
    pub(super) hashing: Option<u8>,
}

/// Buffers that serve text after text.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    chars: Vec<char>,
    words: Vec<(u64, usize, usize)>,
    hashes: Vec<u64>,
}

// Odd constants with well mixed bits (the golden ratio and three of xxHash's primes).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
const WORDS: u64 = 0xc2b2_ae3d_27d4_eb4f;
const CHARS: u64 = 0x1656_67b1_9e37_79f9;
const COLUMN: u64 = 0x27d4_eb2f_1656_67c5;

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
        Self { kind, gram: kind.seed(), word: 0 }
    }

    /// With one more character; words are parted by a space.
    #[inline]
    pub(super) fn push(self, c: char) -> Self {
        match (self.kind, c) {
            (Gram::Chars | Gram::Column, _) => Self { gram: extend(self.gram, c.into()), ..self },
            (Gram::Words, ' ') => Self { gram: extend(self.gram, self.word), word: 0, ..self },
            (Gram::Words, _) => Self { word: extend(self.word, c.into()), ..self },
        }
    }

    /// The hash of what was read.
    #[inline]
    pub(super) fn hash(self) -> u64 {
        match self.kind {
            Gram::Chars | Gram::Column => self.kind.mark(self.gram),
            Gram::Words => Gram::Words.mark(extend(self.gram, self.word)),
        }
    }
}

/// The name of an n-gram of these characters: words are joined by single spaces, whatever stands between them.
pub(super) fn name(kind: Gram, chars: &[char]) -> String {
    match kind {
        Gram::Chars | Gram::Column => chars.iter().collect(),
        Gram::Words => {
            let words = chars.split(|&c| !in_word(c)).filter(|word| !word.is_empty());
            words.map(|word| word.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
        }
    }
}

impl Analyser {
    /// The bits of a hash that count: with hashing the highest, beside those that tell the kind.
    fn mask(&self) -> u64 {
        self.hashing.map_or(u64::MAX, |bits| u64::MAX << (65 - bits))
    }

    /// Calls `emit` with the hash, the kind and the characters of every n-gram of the text, repeats included, and of every
    /// value of a column.
    pub(super) fn visit(&self, seen: Seen, scratch: &mut Scratch, mut emit: impl FnMut(u64, Gram, &[char])) {
        let Scratch { chars, words, .. } = scratch;
        let mask = self.mask();
        for (column, value) in seen.columns.iter().zip(seen.values) {
            of_column(column, &normalise(value), chars, &mut |chars| {
                let hash = chars.iter().fold(COLUMN, |hash, &c| extend(hash, u64::from(c)));
                emit(Gram::Column.mark(hash & mask), Gram::Column, chars);
            });
        }
        chars.clear();
        chars.push(' ');
        chars.extend(normalise(seen.text).chars());
        chars.push(' ');
        if self.words.1 > 0 {
            split_words(chars, words);
            for first in 0..words.len() {
                let mut hash = WORDS;
                for (n, &(word, _, end)) in words[first..].iter().take(self.words.1).enumerate() {
                    hash = extend(hash, word);
                    if n + 1 >= self.words.0 {
                        emit(Gram::Words.mark(hash & mask), Gram::Words, &chars[words[first].1..end]);
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
                        self.visit_chars(&chars[from..=to], mask & !KIND, &mut emit);
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

    /// The hashes of all features of what is seen, repeats included.
    pub(super) fn hashes<'a>(&self, seen: Seen, scratch: &'a mut Scratch) -> &'a mut Vec<u64> {
        let mut hashes = std::mem::take(&mut scratch.hashes);
        hashes.clear();
        self.visit(seen, scratch, |hash, _, _| hashes.push(hash));
        scratch.hashes = hashes;
        &mut scratch.hashes
    }

    /// The distinct features of what is seen in hash order, each with how often it occurs, appended to `out`.
    pub(super) fn counts(&self, seen: Seen, scratch: &mut Scratch, out: &mut Vec<(u64, u32)>) {
        let hashes = self.hashes(seen, scratch);
        hashes.sort_unstable();
        out.extend(hashes.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32)));
    }
}

/// Calls `emit` with the name of each feature of a column's value; an empty one has none.
fn of_column(column: &str, value: &str, chars: &mut Vec<char>, emit: &mut impl FnMut(&[char])) {
    let value = value.trim();
    let mut put = |sign: char, value: &str| {
        chars.clear();
        chars.extend(column.chars().chain(std::iter::once(sign)).chain(value.chars()));
        emit(chars);
    };
    if value.is_empty() {
        return;
    }
    put('=', value);
    if let Some(number) = value.parse::<f64>().ok().filter(|number| number.is_finite()) {
        for (sign, text) in [('~', format!("{number:.1e}")), ('≈', format!("{number:.0e}"))] {
            let rounded: f64 = text.parse().unwrap_or(number);
            put(sign, &rounded.to_string());
        }
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
        analyser.visit(Seen { text, ..Seen::default() }, &mut Scratch::default(), |_, _, chars| {
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
        ALL.visit(Seen { text, ..Seen::default() }, &mut Scratch::default(), |hash, kind, chars| {
            let name = (kind == Gram::Words, chars.iter().collect::<String>());
            assert_eq!(kinds.entry(hash).or_insert_with(|| name.clone()), &name);
        });
    }

    #[test]
    fn case_width_and_space_do_not_matter() {
        let counts = |text: &str| {
            let mut out = Vec::new();
            ALL.counts(Seen { text, ..Seen::default() }, &mut Scratch::default(), &mut out);
            out
        };
        assert_eq!(counts("  Card\n\tLOST "), counts("ｃａｒｄ lost"));
        assert_eq!(counts("to be or to be").iter().map(|c| c.1).max(), Some(2));
        assert!(counts("to be or to be").is_sorted_by(|a, b| a.0 < b.0));
        assert!(counts("").is_empty());
    }

    #[test]
    fn values_beside_the_text_are_features_of_their_own() {
        let columns = ["lang".to_owned(), "price".to_owned(), "none".to_owned()];
        let values = [" EN ".to_owned(), "1234.5".to_owned(), String::new()];
        let seen = Seen { text: "", columns: &columns, values: &values };
        let mut found: Vec<(Gram, String)> = Vec::new();
        ALL.visit(seen, &mut Scratch::default(), |hash, kind, chars| {
            assert_eq!(chars.iter().fold(Growing::new(kind), |so_far, &c| so_far.push(c)).hash(), hash);
            assert_eq!(Gram::of(hash), kind);
            found.push((kind, name(kind, chars)));
        });
        let names: Vec<&str> = found.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["lang=en", "price=1234.5", "price~1200", "price≈1000"]);
        assert!(found.iter().all(|(kind, _)| *kind == Gram::Column));
        // A word is not the value that looks like it.
        let hash = |seen| ALL.hashes(seen, &mut Scratch::default()).clone();
        let text = hash(Seen { text: "lang=en", ..Seen::default() });
        assert!(hash(seen).iter().all(|hash| !text.contains(hash)));
    }
}
