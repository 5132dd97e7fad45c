//! Evaluate: the figures of a set of answers, the metric that decides, and what a model without thought would get.

mod asked;
mod compat;
mod groups;
mod plan;
mod primary;
pub mod probabilities;
mod shares;
mod slices;
pub mod spans;
mod weights;

pub use asked::{Judged, known_slices};
pub use compat::{compat, of_counts, of_spans, sklearn};
pub use groups::{Group, groups};
pub use plan::{metric as planned, plan};
pub use primary::{PrimaryChoice, Trivial, choose, known_metric, trivial};
pub use shares::{set_confusion, shares};
pub use slices::{Part, Slice, parts, slices};
pub use weights::{summary as weight_summary, weights};
