//! Stats: read a file, count what is in it.

use std::path::Path;

use trueup_data::{ReadOptions, read_corpus};

use crate::error::Error;
use crate::stats::{self, Stats};

/// What is in a file or folder.
///
/// # Errors
///
/// When it cannot be read.
pub fn stats(path: &Path, options: &ReadOptions) -> Result<Stats, Error> {
    let read = read_corpus(path, options)?;
    Ok(stats::stats(&path.display().to_string(), &read))
}
