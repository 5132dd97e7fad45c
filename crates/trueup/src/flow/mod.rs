//! The flow: the only place that chains stages. Read it to know what a command does.

mod demo;
mod document;
mod eval;
mod judge;
mod plan;
mod review;
mod split;
mod stats;

pub use demo::{Demo, demo};
pub use eval::eval;
pub use review::review;
pub use split::split;
pub use stats::stats;
