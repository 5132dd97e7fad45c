//! The distinct tags of an input, from which it is told what the tags are before any of them becomes a span.

use rustc_hash::{FxHashMap, FxHashSet};
use trueup_core::scheme::{self, Scheme, Style, Tag};

use super::{Unit, VALID_TAG};
use crate::corpus::{Key, Place, TokenMark};
use crate::error::{DataError, list, quote};
use crate::options::{Remarks, count};

/// The distinct raw tags of an input in the order of their first tokens, and which of them are neighbours.
///
/// Inventories of the parts of an input, appended in order, are that of the whole.
#[derive(Debug, Default)]
pub(in crate::formats) struct Inventory {
    names: Vec<Name>,
    numbers: FxHashMap<Key, u32>,
    /// Neighbours in a sequence; [`NONE`] stands before the first token, after the last, and for a token without a tag.
    pairs: FxHashSet<(u32, u32)>,
    /// How many tokens there are.
    tokens: u64,
}

/// A raw tag.
#[derive(Debug)]
struct Name {
    text: Key,
    /// How many tokens have it.
    count: u64,
    /// The first of them.
    first: Place,
}

/// No tag.
const NONE: u32 = u32::MAX;

impl Inventory {
    /// Takes the tokens of a sequence (a sentence) into account.
    pub fn sequence(&mut self, place: &Place, unit: Unit, tokens: &[TokenMark]) {
        self.tags(tokens.iter().map(|token| token.tag.as_deref()), |i| unit.place(place, i));
    }

    /// Takes the tags of a sequence into account; `place` is where the token at a position stands.
    pub fn tags<'a>(&mut self, tags: impl Iterator<Item = Option<&'a str>>, place: impl Fn(usize) -> Place) {
        let (mut last, mut last_number) = (None, NONE);
        let mut seen = (NONE, NONE);
        for (i, tag) in tags.enumerate() {
            self.tokens += 1;
            let number = match tag {
                None => NONE,
                Some(_) if tag == last => last_number,
                Some(tag) => self.number(tag, || place(i)),
            };
            if let Some(name) = self.names.get_mut(number as usize) {
                name.count += 1;
            }
            let pair = (last_number, number);
            if pair != seen {
                self.pairs.insert(pair);
                seen = pair;
            }
            (last, last_number) = (tag, number);
        }
        self.pairs.insert((last_number, NONE));
    }

    fn number(&mut self, text: &str, first: impl FnOnce() -> Place) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(Name { text: text.into(), count: 0, first: first() });
        self.numbers.insert(self.names[number as usize].text.clone(), number);
        number
    }

    /// Adds what comes later in the input.
    pub fn append(&mut self, after: Self) {
        let numbers: Vec<u32> = after
            .names
            .into_iter()
            .map(|Name { text, count, first }| {
                let number = self.number(&text, || first);
                self.names[number as usize].count += count;
                number
            })
            .collect();
        let number = |own: u32| numbers.get(own as usize).copied().unwrap_or(NONE);
        self.pairs.extend(after.pairs.into_iter().map(|(a, b)| (number(a), number(b))));
        self.tokens += after.tokens;
    }

    /// The side on which most tags have their letter.
    pub fn style(&self) -> Style {
        scheme::detect_style(self.names.iter().map(|name| &*name.text))
    }

    /// What the tags stand for, and the scheme that they point to.
    pub(super) fn read(self, style: Style) -> (Tags, Scheme) {
        let mut kinds: Vec<Key> = vec!["".into()];
        let mut known: FxHashMap<&str, u32> = FxHashMap::default();
        let mut read = Vec::with_capacity(self.names.len());
        for name in &self.names {
            read.push(Tag::parse(&name.text, style).map_or(NOTHING, |Tag { letter, kind }| {
                let next = kinds.len() as u32;
                let number = if kind.is_empty() { 0 } else { *known.entry(kind).or_insert(next) };
                if number == next {
                    kinds.push(kind.into());
                }
                Tag { letter, kind: number }
            }));
        }
        let tag = |number: u32| read.get(number as usize).copied().unwrap_or(NOTHING);
        let scheme = scheme::detect_pairs(self.pairs.iter().map(|&(a, b)| (tag(a), tag(b))));
        (Tags { numbers: self.numbers, read, kinds }, scheme)
    }

    /// Counts what stands for a tag and is none; a column full of it has no tags.
    pub fn strays(&self, style: Style, remarks: &mut Remarks) -> Result<(), DataError> {
        let strays: Vec<&Name> = self.names.iter().filter(|name| Tag::parse(&name.text, style).is_none()).collect();
        let Some(Name { text: tag, first: place, .. }) = strays.first() else {
            return Ok(());
        };
        let found: u64 = strays.iter().map(|name| name.count).sum();
        if found > 1 && found * 10 > self.tokens {
            let universal = ["_", "SpaceAfter=No"].iter().all(|&tag| self.numbers.contains_key(tag));
            let hint = if tag.ends_with('\\') {
                "a backslash ends the lines, as after a rich-text editor: take it away"
            } else if universal {
                "this looks like CoNLL-U, which has no entity tags"
            } else {
                "name the column of the tags with --label and its number"
            };
            let file = place.file.as_ref().map_or_else(String::new, |file| format!("/{}", quote(file)));
            return Err(DataError::TooMany {
                path: format!("{}{file}", remarks.path),
                line: place.number,
                found: format!("'{}' in the tag column", quote(tag)),
                count: found as u32,
                of: self.tokens as u32,
                unit: "tags",
                valid: VALID_TAG.to_owned(),
                hint,
            });
        }
        let names: Vec<&str> = strays.iter().map(|name| &*name.text).collect();
        remarks.notes.push(format!(
            "{} in the tag column that no tag scheme knows ({}, first at {place}) read as O",
            count(found as usize, "word"),
            list(&names)
        ));
        Ok(())
    }
}

/// What no tag, and what is none, stands for: `O`.
const NOTHING: Tag<u32> = Tag { letter: b'O', kind: 0 };

/// What each raw tag of an input stands for.
#[derive(Debug)]
pub(super) struct Tags {
    numbers: FxHashMap<Key, u32>,
    /// Types are places in `kinds`.
    read: Vec<Tag<u32>>,
    /// The types; the first is that of `O`.
    kinds: Vec<Key>,
}

impl Tags {
    /// What the tags of a sequence stand for.
    pub fn of(&self, tokens: &[TokenMark], into: &mut Vec<Tag<u32>>) {
        let (mut last, mut last_read) = (None, NOTHING);
        into.clear();
        into.extend(tokens.iter().map(|token| {
            if token.tag.as_ref() != last {
                last = token.tag.as_ref();
                let number = last.and_then(|tag| self.numbers.get(tag));
                last_read = number.map_or(NOTHING, |&number| self.read[number as usize]);
            }
            last_read
        }));
    }

    /// A type.
    pub fn kind(&self, number: u32) -> &str {
        &self.kinds[number as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(sentences: &[&str]) -> Inventory {
        let mut found = Inventory::default();
        for (line, sentence) in sentences.iter().enumerate() {
            found.tags(sentence.split(' ').map(Some), |i| Place::line((line * 10 + i) as u64));
        }
        found
    }

    fn shown(found: &Inventory) -> String {
        let names: Vec<_> = found.names.iter().map(|n| (&*n.text, n.count, n.first.number)).collect();
        let mut pairs: Vec<_> = found.pairs.iter().collect();
        pairs.sort_unstable();
        format!("{names:?} {pairs:?} {}", found.tokens)
    }

    #[test]
    fn parts_in_order_are_the_whole() {
        let sentences = ["O B-X I-X", "O O", "B-Y", "I-X O B-X", "zz O O B-Y"];
        let whole = inventory(&sentences);
        for cut in 0..=sentences.len() {
            let mut parts = inventory(&sentences[..cut]);
            let mut rest = inventory(&sentences[cut..]);
            for name in &mut rest.names {
                name.first.number += cut as u64 * 10;
            }
            parts.append(rest);
            assert_eq!(shown(&parts), shown(&whole), "{cut}");
        }
        let (tags, scheme) = whole.read(Style::Prefix);
        assert_eq!((tags.kinds.len(), scheme), (3, Scheme::Iob2));
    }
}
