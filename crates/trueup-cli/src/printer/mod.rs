//! The terminal's form of the review. It shows what the document says, computes nothing, and loses nothing without
//! colour.

mod agreement;
mod augment;
mod comparison;
mod data;
mod eval;
mod layout;
mod learn;
mod review;
mod split;

pub use agreement::agreement;
pub use augment::augment;
pub use comparison::{comparison, gate_plan};
pub use data::{conversion, stats};
pub use eval::evaluated;
pub use layout::{hang, width};
pub use learn::{answered, calibrated, trained, tuned};
pub use review::review;
pub use split::split;
