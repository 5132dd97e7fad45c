//! The words and the sums of Trueup.
//!
//! Everything here is pure: no files, no clock, no threads of its own beyond `rayon` loops with a fixed order of
//! results, no randomness without a seed. The other crates bring data in ([`Dataset`]), bring models in
//! ([`Predictions`]) and carry the result out ([`document::Review`]).
//!
//! # The principal types
//!
//! - [`Dataset`]: examples with gold annotations over one [`LabelSet`].
//! - [`Predictions`]: what a model answered for the same examples.
//! - [`Pair`]: gold and predictions that have passed the one strict door; every metric starts from it.
//! - [`Estimate`]: a number with its 95 % interval; no metric travels without one.
//! - [`document::Review`]: the review document, the only thing that renderers see.
//!
//! # Example
//!
//! ```
//! use trueup_core::{Annotation, LabelSet};
//!
//! let labels = LabelSet::new(["refund", "billing"]);
//! // Labels sort by code point, whatever the order they came in.
//! assert_eq!(labels.name(0), "billing");
//! assert_eq!(labels.id("refund"), Some(1));
//! let gold = Annotation::Label(1);
//! assert_eq!(gold.labels(), vec![1]);
//! ```
#![warn(missing_docs)]

pub mod agreement;
pub mod compare;
pub mod counts;
pub mod document;
pub mod example;
pub mod fingerprint;
pub mod label;
pub mod measure;
pub mod offsets;
pub mod pair;
pub mod prediction;
pub mod random;
pub mod scheme;
pub mod similarity;
pub mod spans;
pub mod stats;
pub mod task;
pub mod text;
pub mod words;

pub use document::Estimate;
pub use example::{Annotation, Dataset, Example, Span, Token};
pub use label::{LabelId, LabelSet};
pub use pair::{DoorError, Pair};
pub use prediction::{Predictions, Scores};
pub use random::Rng;
pub use spans::marks;
pub use task::Task;
