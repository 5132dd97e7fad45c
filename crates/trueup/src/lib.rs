//! Trueup as a library: the review-and-improve loop for text classification and entity recognition models.
//!
//! Each stage of the loop is a folder that takes data and leaves data: [`load`], [`split`], [`train`], [`evaluate`],
//! [`review`], [`tell`]. Stages never import each other; [`flow`] alone chains them, so it is the page to read first.
//! The library prints nothing and has no clock; an [`observe::Observer`] may watch.
//!
//! # Example
//!
//! ```
//! use trueup::review::by_code;
//!
//! // Every rule's page is its file's documentation.
//! let rule = by_code("D101").expect("a rule of the catalogue");
//! assert_eq!(rule.name, "too-few-examples");
//! assert!(rule.page().starts_with("# D101 too-few-examples"));
//! ```
#![warn(missing_docs)]

pub mod agreement;
pub mod augment;
pub mod demo;
pub mod error;
pub mod evaluate;
pub mod external;
pub mod flow;
pub mod gate;
pub mod load;
pub mod models;
pub mod observe;
pub mod options;
pub mod review;
pub mod split;
pub mod stats;
pub mod tell;
pub mod train;

pub use error::Error;
pub use trueup_core as core;
pub use trueup_data as data;
