//! Which new examples are none: repeats of what is there, and twins of the test set.

use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::Serialize;
use trueup_core::fingerprint::text_hash;
use trueup_core::similarity::{Corpus, NEAR};
use trueup_core::text::normalise;

/// New examples that were refused, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Refused {
    /// Equal to a new example made before it.
    pub repeated: u64,
    /// Equal to an example that is there.
    pub in_data: u64,
    /// Equal to a test example once normalised.
    pub in_test: u64,
    /// A near-duplicate of a test example.
    pub near_test: u64,
}

impl Refused {
    /// All together.
    pub fn total(self) -> u64 {
        self.repeated + self.in_data + self.in_test + self.near_test
    }
}

/// Who has a normalised text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Owner {
    /// The source, by its place.
    source: usize,
    /// Whether it is new.
    new: bool,
}

/// Knows the texts that there are.
pub(super) struct Gate<'a> {
    /// Texts as they stand, and whether each is new.
    exact: FxHashMap<u128, bool>,
    /// Normalised texts.
    normalised: FxHashMap<u128, Owner>,
    test: Vec<&'a str>,
    test_exact: FxHashSet<u128>,
    /// What was refused.
    pub refused: Refused,
}

impl<'a> Gate<'a> {
    /// Over the texts of the data, each with its place, and those of the test set.
    pub fn new<'b>(data: impl Iterator<Item = (usize, &'b str)>, test: Vec<&'a str>) -> Self {
        let mut exact = FxHashMap::default();
        let mut normalised = FxHashMap::default();
        for (source, text) in data {
            exact.entry(text_hash(text)).or_insert(false);
            normalised.entry(text_hash(&normalise(text))).or_insert(Owner { source, new: false });
        }
        let test_exact = test.iter().map(|text| text_hash(&normalise(text))).collect();
        Self { exact, normalised, test, test_exact, refused: Refused::default() }
    }

    /// For each of the new texts whether it is a near-duplicate of a test text, and not equal to one.
    pub fn near(&self, texts: &[&str]) -> Vec<bool> {
        let mut near = vec![false; texts.len()];
        if self.test.is_empty() || texts.is_empty() {
            return near;
        }
        let all: Vec<&str> = self.test.iter().chain(texts).copied().collect();
        let tests = self.test.len() as u32;
        let found = Corpus::new(&all).best_partners(NEAR, |text| text >= tests, |text| text < tests);
        found.into_iter().for_each(|pair| near[(pair.a - tests) as usize] = true);
        near
    }

    /// Lets a new text of `source` in, unless it repeats another or is a twin of a test text; then it is counted.
    ///
    /// Spelling is what most methods change, so an example that differs from its own source in case alone is new; one that
    /// equals another example once normalised is not.
    pub fn admits(&mut self, source: usize, text: &str, near_test: bool) -> bool {
        let (as_it_is, plain) = (text_hash(text), text_hash(&normalise(text)));
        let same = self.exact.get(&as_it_is).copied();
        let other = self.normalised.get(&plain).filter(|owner| owner.source != source).map(|owner| owner.new);
        let reason = if self.test_exact.contains(&plain) {
            &mut self.refused.in_test
        } else if near_test {
            &mut self.refused.near_test
        } else {
            match same.or(other) {
                Some(true) => &mut self.refused.repeated,
                Some(false) => &mut self.refused.in_data,
                None => {
                    self.exact.insert(as_it_is, true);
                    self.normalised.entry(plain).or_insert(Owner { source, new: true });
                    return true;
                }
            }
        };
        *reason += 1;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_and_twins_are_refused_and_counted() {
        let data = ["Where is my card?", "I lost it"];
        let test = vec!["please cancel the standing order for my rent in march"];
        let mut gate = Gate::new(data.into_iter().enumerate(), test);
        assert!(gate.admits(0, "where is my card?", false), "another spelling of its own source");
        assert!(!gate.admits(1, "WHERE IS MY CARD?", false), "of another");
        assert!(!gate.admits(0, "I lost it", false));
        assert!(!gate.admits(0, "where is my card?", false));
        assert!(gate.admits(0, "wher is my card?", false));
        assert!(!gate.admits(1, "WHER is my card?", false));
        assert!(!gate.admits(1, "Please cancel the standing order  for my rent in march", false));
        let near = gate.near(&[
            "please cancel the standing ordr for my rent in march",
            "something else",
            "PLEASE cancel the standing order for my rent in march",
        ]);
        assert_eq!(near, [true, false, false]);
        assert!(!gate.admits(1, "please cancel the standing ordr for my rent in march", near[0]));
        assert_eq!(gate.refused, Refused { repeated: 2, in_data: 2, in_test: 1, near_test: 1 });
        assert_eq!(gate.refused.total(), 6);
    }
}
