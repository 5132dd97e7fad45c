//! Trueup as a library: the stages of the loop, each in a folder, chained by the flow.
#![warn(missing_docs)]

pub mod review;
pub mod split;
