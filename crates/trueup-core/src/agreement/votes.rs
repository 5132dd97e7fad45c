//! How many answers of each category each item got: all that the coefficients without names of annotators need.

use rustc_hash::FxHashMap;

use super::{Ratings, Undefined};

/// (category, how many answers) of an item, by category.
pub(super) type Kind<'a> = &'a [(u32, u32)];

/// Items counted by their votes. Items with equal votes are one kind, so that a thousand items of ten yes-or-no answers
/// are eleven kinds at most. Halves merged equal the whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Votes {
    categories: usize,
    several_annotators: bool,
    kinds: FxHashMap<Box<[(u32, u32)]>, u64>,
}

impl Votes {
    /// No items, of so many categories. `several_annotators` says whether more than one person answered at all; it only
    /// words the reason where there is no overlap.
    pub fn empty(categories: usize, several_annotators: bool) -> Self {
        Self { categories, several_annotators, kinds: FxHashMap::default() }
    }

    /// The votes of a table. Items without an answer do not count.
    pub fn of(ratings: &Ratings) -> Self {
        let several = ratings.by_annotator().iter().filter(|&&n| n > 0).count() > 1;
        let mut votes = Self::empty(ratings.categories(), several);
        let mut categories = Vec::new();
        for row in ratings.rows() {
            categories.clear();
            categories.extend(row.iter().map(|&(_, category)| category));
            votes.add(&mut categories);
        }
        votes
    }

    /// Adds an item with the categories that it was given; their order is not kept.
    pub fn add(&mut self, categories: &mut [u32]) {
        if categories.is_empty() {
            return;
        }
        categories.sort_unstable();
        let kind: Box<[(u32, u32)]> =
            categories.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32)).collect();
        *self.kinds.entry(kind).or_default() += 1;
    }

    /// Adds the items of another state.
    pub fn merge(&mut self, other: &Self) {
        self.categories = self.categories.max(other.categories);
        self.several_annotators |= other.several_annotators;
        // Sums of whole numbers: the order does not matter.
        #[allow(clippy::iter_over_hash_type)]
        for (kind, times) in &other.kinds {
            *self.kinds.entry(kind.clone()).or_default() += times;
        }
    }

    /// How many categories there are.
    pub fn categories(&self) -> usize {
        self.categories
    }

    /// The kinds, sorted, each with how many items are of it.
    pub(super) fn sorted(&self) -> (Vec<Kind<'_>>, Vec<u64>) {
        let mut all: Vec<(Kind, u64)> = self.kinds.iter().map(|(kind, &times)| (&**kind, times)).collect();
        all.sort_unstable();
        all.into_iter().unzip()
    }

    /// Why no coefficient has a value, if so; `None` where two answers or more to one item are there.
    pub(super) fn undefined(&self) -> Option<Undefined> {
        if self.kinds.is_empty() {
            Some(Undefined::NoAnswers)
        } else if self.kinds.keys().any(|kind| answers(kind) > 1) {
            None
        } else if self.several_annotators {
            Some(Undefined::NoOverlap)
        } else {
            Some(Undefined::OneAnnotator)
        }
    }
}

/// How many answers an item with such votes got.
pub(super) fn answers(kind: &[(u32, u32)]) -> u32 {
    kind.iter().map(|(_, count)| count).sum()
}
