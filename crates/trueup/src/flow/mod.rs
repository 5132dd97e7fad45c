//! The flow: the only place that chains stages. Read it to know what a command does.

mod agreement;
mod demo;
mod document;
mod eval;
mod judge;
mod plan;
mod review;
mod schema;
mod split;
mod stats;

pub use agreement::agreement;
pub use demo::{Demo, demo};
pub use eval::{Measured, eval};
pub use review::review;
pub use schema::{Document, schema};
pub use split::split;
pub use stats::stats;
