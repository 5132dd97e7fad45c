//! What the chain sees of a token: facts of the words around it, by template.
//!
//! A template is a list of (offset, fact) pairs; a feature is a template with its values, known by a 64-bit hash.
//! [`FeatureMap`] gives the features of the training part dense ids. Most templates look at one word, so their ids are
//! worked out once a distinct word ([`Encoder`]) and not once a token.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

/// A fact of one word.
#[derive(Debug, Clone, Copy)]
enum Fact {
    /// Holds for every token: the weight of the state itself.
    Always,
    /// The word as it stands.
    Word,
    /// In lower case.
    Lower,
    /// In lower case, every digit `0`.
    Masked,
    /// Letters by case, digits, the rest as it stands; runs beyond four cut off.
    Shape,
    /// The shape with runs made one.
    Outline,
    /// Capitals: none, first, all, other.
    Case,
    /// Only digits, some digits, none.
    Digits,
    /// Holds a hyphen.
    Hyphen,
    /// Only punctuation, some, none.
    Punctuation,
    Prefix1,
    Prefix2,
    Prefix3,
    Prefix4,
    Suffix1,
    Suffix2,
    Suffix3,
    Suffix4,
}

use Fact::{
    Always, Case, Digits, Hyphen, Lower, Masked, Outline, Prefix1, Prefix2, Prefix3, Prefix4, Punctuation, Shape,
    Suffix1, Suffix2, Suffix3, Suffix4, Word,
};

const FACTS: usize = Suffix4 as usize + 1;

/// Templates over one word: the facts looked at, by offset.
const SINGLE: [(isize, &[Fact]); 5] = [
    (-2, &[Lower, Outline]),
    (-1, &[Word, Lower, Outline, Suffix3, Case]),
    (
        0,
        &[
            Always,
            Word,
            Lower,
            Masked,
            Shape,
            Outline,
            Case,
            Digits,
            Hyphen,
            Punctuation,
            Prefix1,
            Prefix2,
            Prefix3,
            Prefix4,
            Suffix1,
            Suffix2,
            Suffix3,
            Suffix4,
        ],
    ),
    (1, &[Word, Lower, Outline, Suffix3, Case]),
    (2, &[Lower, Outline]),
];

/// Templates over several words.
const JOINT: [&[(isize, Fact)]; 5] = [
    &[(-1, Lower), (0, Lower)],
    &[(0, Lower), (1, Lower)],
    &[(-1, Outline), (0, Outline)],
    &[(0, Outline), (1, Outline)],
    &[(-1, Outline), (0, Outline), (1, Outline)],
];

/// A joint feature that training did not see.
const UNSEEN: u32 = u32::MAX;

/// The facts of a word as hashes; 0 where it lacks one (a prefix longer than itself).
type Facts = [u64; FACTS];

/// Stirs `value` into `hash`: multiplication and a shift, which the table's own hash stirs again.
fn stir(hash: u64, value: u64) -> u64 {
    let z = (hash.rotate_left(23) ^ value).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 29)
}

/// Facts of the place beyond an end of the sentence.
fn beyond(end: u64) -> Facts {
    let mut facts = [0; FACTS];
    facts[Lower as usize] = stir(1, end);
    facts[Outline as usize] = stir(2, end);
    facts
}

fn facts(word: &str, lower: &mut String) -> Facts {
    lower.clear();
    if word.is_ascii() {
        lower.push_str(word);
        lower.make_ascii_lowercase();
    } else {
        lower.extend(word.chars().flat_map(char::to_lowercase));
    }
    let mut facts = [0; FACTS];
    facts[Always as usize] = 1;
    facts[Word as usize] = xxh3_64(word.as_bytes());
    facts[Lower as usize] = xxh3_64(lower.as_bytes());

    let (mut shape, mut outline, mut masked) = (3u64, 4u64, 5u64);
    let (mut last, mut run, mut chars) = ('\0', 0, 0u32);
    let (mut upper, mut digits, mut marks, mut first_upper, mut hyphen) = (0u32, 0u32, 0u32, false, false);
    for c in word.chars() {
        let kind = if c.is_uppercase() {
            upper += 1;
            first_upper |= chars == 0;
            'X'
        } else if c.is_alphabetic() {
            'x'
        } else if c.is_numeric() {
            digits += 1;
            '0'
        } else {
            marks += 1;
            hyphen |= matches!(c, '-' | '\u{2010}'..='\u{2015}');
            c
        };
        chars += 1;
        run = if kind == last { run + 1 } else { 1 };
        if run == 1 {
            outline = stir(outline, kind.into());
        }
        if run <= 4 {
            shape = stir(shape, kind.into());
        }
        last = kind;
    }
    for c in lower.chars() {
        masked = stir(masked, if c.is_numeric() { '0' } else { c }.into());
    }
    facts[Masked as usize] = masked;
    facts[Shape as usize] = shape;
    facts[Outline as usize] = outline;
    facts[Case as usize] = match upper {
        0 => 1,
        1 if first_upper => 2,
        n if n == chars => 3,
        _ => 4,
    };
    let amount = |n: u32| if n == 0 { 1 } else { 2 + u64::from(n == chars) };
    facts[Digits as usize] = amount(digits);
    facts[Punctuation as usize] = amount(marks);
    facts[Hyphen as usize] = 1 + u64::from(hyphen);

    let affix = |text: &str| xxh3_64(text.as_bytes());
    for (i, (at, c)) in word.char_indices().take(4).enumerate() {
        facts[Prefix1 as usize + i] = affix(&word[..at + c.len_utf8()]);
    }
    for (i, (at, _)) in word.char_indices().rev().take(4).enumerate() {
        facts[Suffix1 as usize + i] = affix(&word[at..]);
    }
    facts
}

/// Hashes of the features of a word seen from `slot` of [`SINGLE`].
fn single(facts: &Facts, slot: usize) -> impl Iterator<Item = u64> {
    SINGLE[slot]
        .1
        .iter()
        .filter(|&&fact| facts[fact as usize] != 0)
        .map(move |&fact| stir(stir((slot * FACTS + fact as usize) as u64, 0x51), facts[fact as usize]))
}

/// Hash of the feature of a joint template; `None` where a word lacks the fact.
fn joint(template: usize, facts_at: impl Fn(isize) -> usize, words: &[Facts]) -> Option<u64> {
    let mut hash = stir(template as u64, 0x4a);
    for &(offset, fact) in JOINT[template] {
        let value = words[facts_at(offset)][fact as usize];
        if value == 0 {
            return None;
        }
        hash = stir(hash, value);
    }
    Some(hash)
}

/// The distinct words met so far. Words 0 and 1 stand for the places before and after a sentence.
struct Lexicon<'a> {
    ids: FxHashMap<&'a str, u32>,
    facts: Vec<Facts>,
    lower: String,
}

impl<'a> Lexicon<'a> {
    fn new() -> Self {
        Self {
            ids: FxHashMap::default(),
            facts: vec![beyond(1), beyond(2)],
            lower: String::new(),
        }
    }

    fn id(&mut self, word: &'a str) -> u32 {
        let next = self.facts.len() as u32;
        let id = *self.ids.entry(word).or_insert(next);
        if id == next {
            self.facts.push(facts(word, &mut self.lower));
        }
        id
    }
}

/// The word at `offset` from token `at` of a sentence.
fn neighbour(words: &[u32], at: usize, offset: isize) -> usize {
    match at.checked_add_signed(offset) {
        None => 0,
        Some(i) => words.get(i).map_or(1, |&word| word as usize),
    }
}

/// Ids of the features that training saw often enough.
#[derive(Debug, Clone)]
pub(crate) struct FeatureMap {
    ids: FxHashMap<u64, u32>,
}

impl FeatureMap {
    /// Features with at least `min_count` uses in the sentences (each a list of words). Ids go by first use.
    pub fn build<'a>(sentences: &[Vec<&'a str>], min_count: u32) -> Self {
        let mut lexicon = Lexicon::new();
        let encoded: Vec<Vec<u32>> = sentences
            .iter()
            .map(|words| words.iter().map(|word| lexicon.id(word)).collect())
            .collect();
        let mut uses = vec![[0u32; SINGLE.len()]; lexicon.facts.len()];
        for words in &encoded {
            for at in 0..words.len() {
                for (slot, (offset, _)) in SINGLE.iter().enumerate() {
                    uses[neighbour(words, at, *offset)][slot] += 1;
                }
            }
        }

        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        let mut order = Vec::new();
        let mut count = |hash: u64, n: u32| {
            let sum = counts.entry(hash).or_insert(0);
            if *sum == 0 {
                order.push(hash);
            }
            *sum += n;
        };
        for (facts, uses) in lexicon.facts.iter().zip(&uses) {
            for (slot, &n) in uses.iter().enumerate().filter(|&(_, &n)| n > 0) {
                single(facts, slot).for_each(|hash| count(hash, n));
            }
        }
        for words in &encoded {
            for at in 0..words.len() {
                for template in 0..JOINT.len() {
                    if let Some(hash) = joint(template, |offset| neighbour(words, at, offset), &lexicon.facts) {
                        count(hash, 1);
                    }
                }
            }
        }
        order.retain(|hash| counts[hash] >= min_count);
        Self {
            ids: order.into_iter().zip(0..).collect(),
        }
    }

    /// How many features there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }
}

/// A sentence ready for [`Encoder::features`].
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    words: Vec<u32>,
    /// Ids of the joint features, one a token and template.
    joint: Vec<u32>,
}

impl Encoded {
    /// Tokens.
    pub fn len(&self) -> usize {
        self.words.len()
    }
}

/// Turns words into feature ids, remembering each distinct word.
pub(crate) struct Encoder<'m, 'a> {
    map: &'m FeatureMap,
    lexicon: Lexicon<'a>,
    /// Ids of each word's features, slot by slot.
    ids: Vec<u32>,
    /// Where the list of (word, slot) ends in `ids`; it starts where the one before ends.
    ends: Vec<u32>,
}

impl<'m, 'a> Encoder<'m, 'a> {
    /// An encoder that has met no word.
    pub fn new(map: &'m FeatureMap) -> Self {
        Self {
            map,
            lexicon: Lexicon::new(),
            ids: Vec::new(),
            ends: vec![0],
        }
    }

    /// How many distinct words it remembers.
    pub fn words(&self) -> usize {
        self.lexicon.facts.len()
    }

    /// Looks up everything about a sentence that the map knows.
    pub fn encode(&mut self, words: &[&'a str]) -> Encoded {
        let words: Vec<u32> = words.iter().map(|word| self.lexicon.id(word)).collect();
        let known = self.ends.len() / SINGLE.len();
        for facts in &self.lexicon.facts[known..] {
            for slot in 0..SINGLE.len() {
                self.ids
                    .extend(single(facts, slot).filter_map(|hash| self.map.ids.get(&hash)));
                self.ends.push(self.ids.len() as u32);
            }
        }
        let mut ids = Vec::with_capacity(words.len() * JOINT.len());
        for at in 0..words.len() {
            for template in 0..JOINT.len() {
                let hash = joint(template, |offset| neighbour(&words, at, offset), &self.lexicon.facts);
                ids.push(hash.and_then(|hash| self.map.ids.get(&hash).copied()).unwrap_or(UNSEEN));
            }
        }
        Encoded { words, joint: ids }
    }

    /// Writes the ids of the features of token `at` to `out`.
    pub fn features(&self, sentence: &Encoded, at: usize, out: &mut Vec<u32>) {
        for (slot, (offset, _)) in SINGLE.iter().enumerate() {
            let list = neighbour(&sentence.words, at, *offset) * SINGLE.len() + slot;
            out.extend_from_slice(&self.ids[self.ends[list] as usize..self.ends[list + 1] as usize]);
        }
        let joint = &sentence.joint[at * JOINT.len()..(at + 1) * JOINT.len()];
        out.extend(joint.iter().copied().filter(|&id| id != UNSEEN));
    }
}
