//! Evaluate: the figures of a set of answers, the metric that decides, and what a model without thought would get.

mod asked;
mod compat;
mod groups;
mod primary;
mod slices;

pub use asked::{Judged, known_slices};
pub use compat::{compat, of_counts, of_spans, sklearn};
pub use groups::{Group, groups};
pub use primary::{PrimaryChoice, Trivial, choose, known_metric, trivial};
pub use slices::{Slice, slices};
