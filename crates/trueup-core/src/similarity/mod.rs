//! Which texts are the same, nearly the same, or closest to a given one?
//!
//! Everything is exact: no hashing scheme that misses pairs. [`Corpus`] is prepared once for all texts of all splits
//! and answers for exact groups, near-duplicate pairs, best partners across splits and clusters (what keeps twins in one
//! fold). [`NearestIndex`] finds the most similar training text to show next to an error.
//!
//! # Why so
//!
//! MinHash LSH is the usual tool for near-duplicates, and at the sizes people label it loses a third of the pairs of
//! short texts to save a second. A prefix-filtered join needs no more time and finds them all.
//!
//! # Example
//!
//! ```
//! use trueup_core::similarity::{Corpus, NEAR};
//!
//! let corpus = Corpus::new(&["Where is my new card?", "Why was I charged twice", "where is  my new card?", "Where is my new card"]);
//! // Indices into the texts; the lowest stands for its exact duplicates.
//! assert_eq!(corpus.exact_groups()[0].members, [0, 2]);
//! assert_eq!(corpus.near_pairs(NEAR).iter().map(|p| (p.a, p.b)).collect::<Vec<_>>(), [(0, 3)]);
//! assert_eq!(corpus.clusters(NEAR), [0, 1, 0, 0]);
//! ```

mod clusters;
mod corpus;
mod duplicates;
mod jaccard;
mod join;
mod nearest;
mod shingles;

pub use corpus::{Corpus, cross_join, self_join};
pub use duplicates::ExactGroup;
pub use nearest::NearestIndex;
pub use shingles::GRAM;

/// The Jaccard similarity from which two texts that are not equal count as near-duplicates, unless a project says
/// otherwise.
pub const NEAR: f64 = 0.8;

/// Two texts and their similarity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similar {
    /// Index of the first text.
    pub a: u32,
    /// Index of the second text.
    pub b: u32,
    /// Jaccard similarity of the two sets of character 5-grams, above 0 and at most 1. 1 is possible for texts that
    /// differ: `aaaaaa` and `aaaaaaa` have the same set.
    pub similarity: f64,
}
