//! Facts of one word, as hashes: its form, its case, its shape, its ends.

use xxhash_rust::xxh3::xxh3_64;

/// A fact of one word.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fact {
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
    /// The first character; the next three reach further.
    Prefix1,
    Prefix2,
    Prefix3,
    Prefix4,
    /// The last character; the next three reach further.
    Suffix1,
    Suffix2,
    Suffix3,
    Suffix4,
    /// Its class, where classes of words were learnt.
    Cluster,
}

use Fact::{
    Always, Case, Cluster, Digits, Hyphen, Lower, Masked, Outline, Prefix1, Punctuation, Shape, Suffix1, Suffix4, Word,
};

impl Fact {
    /// Its name in an explanation.
    pub fn name(self) -> &'static str {
        match self {
            Always => "always",
            Word => "word",
            Lower => "lower",
            Masked => "masked",
            Shape => "shape",
            Outline => "outline",
            Case => "case",
            Digits => "digits",
            Hyphen => "hyphen",
            Punctuation => "punctuation",
            Prefix1 | Fact::Prefix2 | Fact::Prefix3 | Fact::Prefix4 => "prefix",
            Suffix1 | Fact::Suffix2 | Fact::Suffix3 | Suffix4 => "suffix",
            Cluster => "cluster",
        }
    }

    /// What it says of `word`, in words; `None` for [`Fact::Always`], which says nothing, and
    /// for [`Fact::Cluster`], which the word alone does not tell.
    pub fn shown(self, word: &str) -> Option<String> {
        let kind = |c: char| match c {
            c if c.is_uppercase() => 'X',
            c if c.is_alphabetic() => 'x',
            c if c.is_numeric() => '0',
            c => c,
        };
        // Runs of one kind longer than this are cut.
        let runs = |most: usize| {
            let (mut out, mut last, mut run) = (String::new(), '\0', 0);
            for c in word.chars().map(kind) {
                run = if c == last { run + 1 } else { 1 };
                if run <= most {
                    out.push(c);
                }
                last = c;
            }
            out
        };
        let amount = |is: fn(char) -> bool| {
            let n = word.chars().filter(|&c| is(c)).count();
            (if n == 0 {
                "none"
            } else if n == word.chars().count() {
                "all"
            } else {
                "some"
            })
            .to_owned()
        };
        let prefix = |n: usize| word.chars().take(n).collect::<String>();
        let suffix = |n: usize| word.chars().skip(word.chars().count().saturating_sub(n)).collect::<String>();
        Some(match self {
            Always | Cluster => return None,
            Word => word.to_owned(),
            Lower => word.to_lowercase(),
            Masked => word.to_lowercase().chars().map(|c| if c.is_numeric() { '0' } else { c }).collect(),
            Shape => runs(4),
            Outline => runs(1),
            Case => {
                let upper = word.chars().filter(|c| c.is_uppercase()).count();
                let first = word.chars().next().is_some_and(char::is_uppercase);
                match upper {
                    0 => "no capital",
                    1 if first => "first capital",
                    n if n == word.chars().count() => "all capitals",
                    _ => "some capitals",
                }
                .to_owned()
            }
            Digits => amount(char::is_numeric),
            Hyphen => (if word.contains(is_hyphen) { "yes" } else { "no" }).to_owned(),
            Punctuation => amount(|c| !c.is_alphabetic() && !c.is_numeric() && !c.is_uppercase()),
            Prefix1 => prefix(1),
            Fact::Prefix2 => prefix(2),
            Fact::Prefix3 => prefix(3),
            Fact::Prefix4 => prefix(4),
            Suffix1 => suffix(1),
            Fact::Suffix2 => suffix(2),
            Fact::Suffix3 => suffix(3),
            Suffix4 => suffix(4),
        })
    }
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}')
}

/// How many facts a word has.
pub(super) const FACTS: usize = Cluster as usize + 1;

/// The facts of a word as hashes; 0 where it lacks one (a prefix longer than itself).
pub(super) type Facts = [u64; FACTS];

/// Stirs `value` into `hash`: multiplication and a shift, which the table's own hash stirs again.
pub(super) const fn stir(hash: u64, value: u64) -> u64 {
    let z = (hash.rotate_left(23) ^ value).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 29)
}

/// Facts of the place beyond an end of the sentence.
pub(super) fn beyond(end: u64) -> Facts {
    let mut facts = [0; FACTS];
    facts[Lower as usize] = stir(1, end);
    facts[Outline as usize] = stir(2, end);
    facts
}

/// The facts of `word`; `lower` is a buffer.
pub(super) fn facts(word: &str, lower: &mut String) -> Facts {
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
            hyphen |= is_hyphen(c);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> Facts {
        facts(word, &mut String::new())
    }

    fn same(a: &str, b: &str, fact: Fact) -> bool {
        of(a)[fact as usize] == of(b)[fact as usize]
    }

    #[test]
    fn facts_join_words_that_share_them_and_part_the_rest() {
        for (a, b, fact, expected) in [
            ("Lagos", "lagos", Word, false),
            ("Lagos", "lagos", Lower, true),
            ("STRASSE", "Straße", Lower, false),
            ("ÉTÉ", "été", Lower, true),
            ("BRCA1", "brca2", Masked, true),
            ("BRCA1", "TP53", Shape, false),
            ("BRCA1", "TP53", Outline, true),
            ("Aaaaaaa", "Bbbbb", Shape, true),
            ("Abb", "Abbb", Shape, false),
            ("p-53", "q-1", Outline, true),
            ("DNA", "RNA", Case, true),
            ("DNA", "Dna", Case, false),
            ("mRNA", "iPhone", Case, true),
            ("123", "4", Digits, true),
            ("123", "1a", Digits, false),
            ("a-b", "a\u{2013}b", Hyphen, true),
            ("...", "!", Punctuation, true),
            ("carcinoma", "lymphoma", Fact::Suffix3, true),
            ("carcinoma", "lymphoma", Fact::Prefix2, false),
        ] {
            assert_eq!(same(a, b, fact), expected, "{fact:?} of {a} and {b}");
        }
    }

    #[test]
    fn words_of_a_shape_share_what_it_settles() {
        let words = "Lagos Kano-City mRNA DNA RNA-2 1,000 2,500 iPhone eBay . ... McDonald O'Neill été Été a-b a\u{2013}b x1 AAAAAA AAAA"
            .split(' ');
        let words: Vec<&str> = words.chain(["aaaaaaa", "bbbb", "Straße", "BBBB1", "CCCCC1"]).collect();
        for a in &words {
            for b in words.iter().filter(|b| same(a, b, Shape)) {
                for fact in [Outline, Case, Digits, Hyphen, Punctuation] {
                    assert!(same(a, b, fact), "{fact:?} of {a} and {b}");
                }
            }
        }
    }

    #[test]
    fn a_word_lacks_affixes_longer_than_itself() {
        let facts = of("né");
        assert_ne!(facts[Fact::Suffix2 as usize], 0);
        assert_eq!((facts[Fact::Suffix3 as usize], facts[Fact::Prefix4 as usize]), (0, 0));
    }

    #[test]
    fn the_places_beyond_the_ends_differ() {
        assert_ne!(beyond(1)[Lower as usize], beyond(2)[Lower as usize]);
    }
}
