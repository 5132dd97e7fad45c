//! Agreement: read a file, measure how far its annotators agree, write the consensus where that is asked for.

use std::path::Path;

use trueup_data::read_corpus;

use crate::agreement::{self, AgreementOptions, AgreementReport};
use crate::error::Error;

/// How far the annotators of a file or folder agree; with `options.out` the data is written there with the consensus as
/// gold, whole or not at all.
///
/// # Errors
///
/// When it cannot be read or written, holds no answers of several people, or an option does not fit it.
pub fn agreement(path: &Path, options: &AgreementOptions) -> Result<AgreementReport, Error> {
    let read = read_corpus(path, &options.read)?;
    let (mut report, settled) = agreement::agreement(&path.display().to_string(), &read, options)?;
    if let Some(out) = &options.out {
        agreement::write(out, path, read, settled, options, &mut report)?;
    }
    Ok(report)
}
