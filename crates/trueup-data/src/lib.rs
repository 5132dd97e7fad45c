//! Tables and files for Trueup: reading labelled data in the formats people have, and writing files whole or not at all.
#![warn(missing_docs)]

mod answers;
mod collect;
mod columns;
mod error;
mod formats;
mod labels;
mod options;
mod read;
mod source;
mod tabular;

pub use error::{DataError, escape, quote};
pub use formats::{Format, UnknownFormatName};
pub use options::{PredictionOptions, ReadOptions};
pub use read::{Loaded, read_bytes, read_dataset};
