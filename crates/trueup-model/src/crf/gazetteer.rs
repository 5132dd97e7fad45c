//! Lists of names: where the words of a sentence are an entry of a list.
//!
//! Every list is looked through on its own, from left to right, the longest entry first; finds of a list do not overlap.
//! Case does not count. A token inside a find has a feature of the list and of its place in the find (alone, first,
//! inside, last). Entries are kept as hashes of their words, so that a model with large lists is loaded without building
//! anything.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::facts::{Fact, facts, stir};
use super::table::{ENTRY_BITS, Table};
use crate::{Array, ModelError, Parts};

/// There are longer entries that start so.
const GOES_ON: u8 = 1;
/// An entry ends here.
const ENDS: u8 = 2;

/// Lists of names, ready to be searched for.
#[derive(Debug, Clone)]
pub(crate) struct Gazetteer {
    /// Names of the lists, ascending.
    names: Vec<String>,
    /// What every entry starts with, word by word.
    starts: Table,
    /// By id of `starts`.
    flags: Array<u8>,
}

/// A place in a find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Alone,
    First,
    Inside,
    Last,
}

impl Gazetteer {
    /// The lists with the tokens of their entries. An entry without a word is left out.
    pub fn new(lists: &BTreeMap<String, Vec<String>>) -> Self {
        let mut all: BTreeMap<u64, u8> = BTreeMap::new();
        let mut lower = String::new();
        for (name, entries) in lists {
            for entry in entries {
                let tokens = trueup_core::text::tokenise(entry);
                let mut hash = seed(name);
                for (i, &(start, end)) in tokens.iter().enumerate() {
                    let word = &entry[start as usize..end as usize];
                    hash = stir(hash, facts(word, &mut lower)[Fact::Lower as usize]);
                    *all.entry(hash).or_default() |= if i + 1 == tokens.len() { ENDS } else { GOES_ON };
                }
            }
        }
        let (starts, flags) = Table::new(all.into_iter().collect(), ENTRY_BITS);
        Self { names: lists.keys().cloned().collect(), starts, flags: flags.into() }
    }

    /// Adds the features of a sentence of `len` words to `out`, as (token, hash). `lower` gives the hash of a word's
    /// lower-case form.
    pub fn find(&self, len: usize, lower: impl Fn(usize) -> u64, out: &mut Vec<(u32, u64)>) {
        for name in &self.names {
            self.find_in(name, len, &lower, |token, place| out.push((token as u32, feature(name, place))));
        }
    }

    /// The lists that token `at` is found in, with its place there.
    pub fn found_at(&self, len: usize, lower: impl Fn(usize) -> u64, at: usize) -> Vec<(&str, Place)> {
        let mut found = Vec::new();
        for name in &self.names {
            self.find_in(name, len, &lower, |token, place| {
                if token == at {
                    found.push((name.as_str(), place));
                }
            });
        }
        found
    }

    fn find_in(&self, name: &str, len: usize, lower: &impl Fn(usize) -> u64, mut found: impl FnMut(usize, Place)) {
        let (seed, mut first) = (seed(name), 0);
        while first < len {
            let (mut hash, mut last) = (seed, None);
            for token in first..len {
                hash = stir(hash, lower(token));
                let flags = self.starts.id(hash).and_then(|id| self.flags.get(id as usize)).copied().unwrap_or(0);
                if flags & ENDS != 0 {
                    last = Some(token);
                }
                if flags & GOES_ON == 0 {
                    break;
                }
            }
            let Some(last) = last else {
                first += 1;
                continue;
            };
            for token in first..=last {
                found(
                    token,
                    match (token == first, token == last) {
                        (true, true) => Place::Alone,
                        (true, false) => Place::First,
                        (false, false) => Place::Inside,
                        (false, true) => Place::Last,
                    },
                );
            }
            first = last + 1;
        }
    }

    /// The names of the lists as a setting.
    pub fn names(&self) -> Value {
        json!(self.names)
    }

    /// Writes its arrays to `parts`.
    pub fn put(&self, parts: &mut Parts) {
        self.starts.put(parts, "entry");
        parts.put("entry_flags", &[self.flags.len()], &self.flags);
    }

    /// The lists that [`Gazetteer::put`] wrote.
    pub fn take(parts: &mut Parts) -> Result<Self, ModelError> {
        let names = parts.setting("gazetteer")?;
        let starts = Table::take(parts, "entry", ENTRY_BITS)?;
        let flags = parts.take("entry_flags", &[Some(starts.len())])?;
        Ok(Self { names, starts, flags })
    }
}

/// What the hashes of a list's entries start from.
fn seed(name: &str) -> u64 {
    stir(xxh3_64(name.as_bytes()), 0x6a)
}

/// The feature of a token in a find of the list of that name.
pub(crate) fn feature(name: &str, place: Place) -> u64 {
    stir(stir(xxh3_64(name.as_bytes()), 0x67), place as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(lists: &[(&str, &[&str])], words: &[&str]) -> Vec<Vec<(String, Place)>> {
        let lists = lists.iter().map(|(n, e)| ((*n).to_owned(), e.iter().map(|e| (*e).to_owned()).collect())).collect();
        let gazetteer = Gazetteer::new(&lists);
        let lower: Vec<u64> = words.iter().map(|w| facts(w, &mut String::new())[Fact::Lower as usize]).collect();
        let at = |at| gazetteer.found_at(words.len(), |i| lower[i], at);
        let places: Vec<Vec<(String, Place)>> = (0..words.len())
            .map(|i| at(i).into_iter().map(|(name, place)| (name.to_owned(), place)).collect())
            .collect();
        // What `find` gives are the features of exactly these.
        let mut found = Vec::new();
        gazetteer.find(words.len(), |i| lower[i], &mut found);
        found.sort_unstable();
        let mut expected: Vec<(u32, u64)> = (0u32..)
            .zip(&places)
            .flat_map(|(token, p)| p.iter().map(move |(name, place)| (token, feature(name, *place))))
            .collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
        places
    }

    #[test]
    fn the_longest_entry_is_found_whatever_its_case() {
        let lists: &[(&str, &[&str])] =
            &[("city", &["New York", "York", "new york city", "Rio de Janeiro"]), ("name", &["york"])];
        let found = places(lists, &["from", "NEW", "York", "City", "to", "York", "Rio", "de"]);
        let of = |list: &str, place| (list.to_owned(), place);
        assert_eq!(found[0], []);
        assert_eq!(found[1], [of("city", Place::First)]);
        assert_eq!(found[2], [of("city", Place::Inside), of("name", Place::Alone)]);
        assert_eq!(found[3], [of("city", Place::Last)]);
        assert_eq!(found[5], [of("city", Place::Alone), of("name", Place::Alone)]);
        // The start of an entry is not the entry.
        assert_eq!((&found[6][..], &found[7][..]), (&[][..], &[][..]));
    }

    #[test]
    fn no_list_finds_nothing() {
        assert_eq!(places(&[], &["a", "b"]), [[], []]);
        assert_eq!(places(&[("x", &["", "  "])], &["a"]), [[]]);
        assert_eq!(places(&[("x", &["a"])], &[]), [[]; 0]);
    }
}
