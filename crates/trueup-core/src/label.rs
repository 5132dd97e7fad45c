//! Labels and their ids: names sorted by code point, ids dense from 0.

use std::collections::BTreeSet;

/// The position of a label in its [`LabelSet`].
pub type LabelId = u32;

/// The labels of a task, sorted by code point; an id is a position in that order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSet {
    names: Vec<String>,
}

impl LabelSet {
    /// Sorts and deduplicates `names`.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let set: BTreeSet<String> = names.into_iter().map(Into::into).collect();
        Self { names: set.into_iter().collect() }
    }

    /// The labels of several sets together.
    pub fn union<'a>(sets: impl IntoIterator<Item = &'a LabelSet>) -> Self {
        Self::new(sets.into_iter().flat_map(|set| set.names.iter().cloned()))
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The name of label `id`; panics when `id` is not of this set.
    pub fn name(&self, id: LabelId) -> &str {
        &self.names[id as usize]
    }

    /// The id of `name`, if it is one of the labels.
    pub fn id(&self, name: &str) -> Option<LabelId> {
        self.names.binary_search_by(|n| n.as_str().cmp(name)).ok().map(|i| i as LabelId)
    }

    /// The names in id order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Ids in order.
    pub fn ids(&self) -> std::ops::Range<LabelId> {
        0..self.names.len() as LabelId
    }

    /// For each label of `self`, its id in `target`; `None` where `target` lacks it.
    pub fn mapping_to(&self, target: &LabelSet) -> Vec<Option<LabelId>> {
        self.names.iter().map(|name| target.id(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_by_code_point_and_deduplicated() {
        let set = LabelSet::new(["b", "a", "Z", "b"]);
        assert_eq!(set.names(), ["Z", "a", "b"]);
        assert_eq!(set.id("b"), Some(2));
        assert_eq!(set.id("c"), None);
    }

    #[test]
    fn union_maps_every_label() {
        let one = LabelSet::new(["x", "y"]);
        let two = LabelSet::new(["a", "y"]);
        let both = LabelSet::union([&one, &two]);
        assert_eq!(both.names(), ["a", "x", "y"]);
        assert_eq!(one.mapping_to(&both), [Some(1), Some(2)]);
        assert_eq!(both.mapping_to(&one), [None, Some(0), Some(1)]);
    }
}
