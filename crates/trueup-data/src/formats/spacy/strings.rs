//! How spaCy numbers strings: some hundred names have small fixed numbers, every other string has its hash.

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::corpus::Key;

/// Names by number where numbers run on, as in `spacy.symbols`; gaps between the runs are numbered names.
const FLAGS: &[&str] = &[
    "",
    "IS_ALPHA",
    "IS_ASCII",
    "IS_DIGIT",
    "IS_LOWER",
    "IS_PUNCT",
    "IS_SPACE",
    "IS_TITLE",
    "IS_UPPER",
    "LIKE_URL",
    "LIKE_NUM",
    "LIKE_EMAIL",
    "IS_STOP",
    "IS_OOV_DEPRECATED",
    "IS_BRACKET",
    "IS_QUOTE",
    "IS_LEFT_PUNCT",
    "IS_RIGHT_PUNCT",
    "IS_CURRENCY",
];
/// From 64.
const ATTRIBUTES: &[&str] = &[
    "ID",
    "ORTH",
    "LOWER",
    "NORM",
    "SHAPE",
    "PREFIX",
    "SUFFIX",
    "LENGTH",
    "CLUSTER",
    "LEMMA",
    "POS",
    "TAG",
    "DEP",
    "ENT_IOB",
    "ENT_TYPE",
    "HEAD",
    "SENT_START",
    "SPACY",
    "PROB",
    "LANG",
    "ADJ",
    "ADP",
    "ADV",
    "AUX",
    "CONJ",
    "CCONJ",
    "DET",
    "INTJ",
    "NOUN",
    "NUM",
    "PART",
    "PRON",
    "PROPN",
    "PUNCT",
    "SCONJ",
    "SYM",
    "VERB",
    "X",
    "EOL",
    "SPACE",
];
/// From 380.
const LABELS: &[&str] = &[
    "PERSON",
    "NORP",
    "FACILITY",
    "ORG",
    "GPE",
    "LOC",
    "PRODUCT",
    "EVENT",
    "WORK_OF_ART",
    "LANGUAGE",
    "LAW",
    "DATE",
    "TIME",
    "PERCENT",
    "MONEY",
    "QUANTITY",
    "ORDINAL",
    "CARDINAL",
    "acomp",
    "advcl",
    "advmod",
    "agent",
    "amod",
    "appos",
    "attr",
    "aux",
    "auxpass",
    "cc",
    "ccomp",
    "complm",
    "conj",
    "cop",
    "csubj",
    "csubjpass",
    "dep",
    "det",
    "dobj",
    "expl",
    "hmod",
    "hyph",
    "infmod",
    "intj",
    "iobj",
    "mark",
    "meta",
    "neg",
    "nmod",
    "nn",
    "npadvmod",
    "nsubj",
    "nsubjpass",
    "num",
    "number",
    "oprd",
    "obj",
    "obl",
    "parataxis",
    "partmod",
    "pcomp",
    "pobj",
    "poss",
    "possessive",
    "preconj",
    "prep",
    "prt",
    "punct",
    "quantmod",
    "relcl",
    "rcmod",
    "root",
    "xcomp",
    "acl",
    "ENT_KB_ID",
    "MORPH",
    "ENT_ID",
    "IDX",
    "_",
];

/// Numbers of the attributes of tokens.
pub(super) const ORTH: u64 = 65;
pub(super) const NORM: u64 = 67;
pub(super) const LEMMA: u64 = 73;
pub(super) const POS: u64 = 74;
pub(super) const TAG: u64 = 75;
pub(super) const DEP: u64 = 76;
pub(super) const ENT_IOB: u64 = 77;
pub(super) const ENT_TYPE: u64 = 78;
pub(super) const HEAD: u64 = 79;
pub(super) const SENT_START: u64 = 80;
pub(super) const ENT_KB_ID: u64 = 452;
pub(super) const MORPH: u64 = 453;
pub(super) const ENT_ID: u64 = 454;

/// The numbers of the universal parts of speech, the only ones that POS can hold.
pub(super) const PARTS_OF_SPEECH: std::ops::RangeInclusive<u64> = 84..=103;

static SYMBOLS: LazyLock<Vec<Cow<'static, str>>> = LazyLock::new(|| {
    let fixed = |names: &[&'static str]| names.iter().map(|&name| Cow::Borrowed(name)).collect::<Vec<_>>();
    let mut names = fixed(FLAGS);
    names.extend((19..=63).map(|n| Cow::Owned(format!("FLAG{n}"))));
    names.extend(fixed(ATTRIBUTES));
    names.extend((1..=276).map(|n| Cow::Owned(format!("DEPRECATED{n:03}"))));
    names.extend(fixed(LABELS));
    names
});

static NUMBERS: LazyLock<FxHashMap<&'static str, u64>> =
    LazyLock::new(|| SYMBOLS.iter().zip(0..).map(|(name, number)| (name.as_ref(), number)).collect());

/// The name with a small number.
pub(super) fn symbol(number: u64) -> Option<&'static str> {
    SYMBOLS.get(usize::try_from(number).ok()?).map(AsRef::as_ref)
}

/// As [`symbol`], to keep.
pub(super) fn symbol_key(number: u64) -> Option<Key> {
    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| SYMBOLS.iter().map(|name| name.as_ref().into()).collect());
    KEYS.get(usize::try_from(number).ok()?).cloned()
}

/// The number of a string.
pub(super) fn number(text: &str) -> u64 {
    NUMBERS.get(text).copied().unwrap_or_else(|| hash(text.as_bytes()))
}

/// MurmurHash64A by Austin Appleby, with seed 1.
fn hash(bytes: &[u8]) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    const SEED: u64 = 1;
    let mut h = SEED ^ (bytes.len() as u64).wrapping_mul(M);
    let (blocks, tail) = bytes.as_chunks::<8>();
    for &block in blocks {
        let mut k = u64::from_le_bytes(block).wrapping_mul(M);
        k ^= k >> 47;
        h = (h ^ k.wrapping_mul(M)).wrapping_mul(M);
    }
    if !tail.is_empty() {
        h ^= tail.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        h = h.wrapping_mul(M);
    }
    h ^= h >> 47;
    h = h.wrapping_mul(M);
    h ^ (h >> 47)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_have_the_numbers_that_spacy_gives_them() {
        assert_eq!(SYMBOLS.len(), 457);
        let known = [
            ("", 0),
            ("FLAG19", 19),
            ("ORTH", ORTH),
            ("SPACE", 103),
            ("DEPRECATED276", 379),
            ("PERSON", 380),
            ("LAW", 390),
            ("DATE", 391),
            ("_", 456),
            ("MORPH", MORPH),
        ];
        for (text, expected) in known {
            assert_eq!((number(text), symbol(expected)), (expected, Some(text)), "{text}");
        }
        // spacy.strings.hash_string of 3.8
        assert_eq!(number("coffee"), 3_197_928_453_018_144_401);
        assert_eq!(number("a"), 11_901_859_001_352_538_922);
        assert_eq!(number("Zürich"), 9_452_955_988_637_137_518);
        assert_eq!(number("東京 in 2024"), 6_356_365_460_981_394_315);
        assert_eq!(number("1234567"), 11_906_548_768_923_648_808);
        assert_eq!(number("12345678"), 9_871_996_032_675_327_904);
        assert_eq!(number("123456789"), 2_056_675_840_866_671_865);
        assert_eq!(symbol(457), None);
    }
}
