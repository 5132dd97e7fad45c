//! Split: read a file, decide which part each record goes to, write the parts.

use std::path::Path;

use trueup_data::read_corpus;

use crate::error::Error;
use crate::options::SplitOptions;
use crate::split::{self, SplitReport};

/// Splits a file or folder into parts or folds, written into `dir` whole or not at all.
///
/// # Errors
///
/// When it cannot be read, split as asked, or written.
pub fn split(data: &Path, dir: &Path, options: &SplitOptions) -> Result<SplitReport, Error> {
    let read = read_corpus(data, &options.read)?;
    let file = data.display().to_string();
    let assignment = split::assign(&file, &read, options)?;
    let mut report = split::report(&file, &read, &assignment, options);
    split::write(dir, data, read, &assignment, options, &mut report)?;
    Ok(report)
}
