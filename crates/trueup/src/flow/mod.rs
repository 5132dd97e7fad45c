//! The flow: the only place that chains stages. Read it to know what a command does.

mod agreement;
mod augment;
mod calibrate;
mod compare;
mod demo;
mod document;
mod eval;
mod judge;
mod kept;
mod plan;
mod predict;
mod program;
mod review;
mod schema;
mod split;
mod stats;
mod train;
mod tune;

pub use agreement::agreement;
pub use augment::augment;
pub use calibrate::{Calibrated, calibrate};
pub use compare::compare;
pub use demo::{Demo, demo};
pub use eval::{Measured, eval};
pub use predict::{Answers, predict};
pub use review::review;
pub use schema::{Document, schema};
pub use split::split;
pub use stats::stats;
pub use train::{Made, train};
pub use tune::tune;
