//! The data with the consensus as gold.

use std::path::Path;

use trueup_data::corpus::{Answer, Record};
use trueup_data::write::{OutputSet, lies_in};
use trueup_data::{DataError, Format, Read, format_to_write, write_corpus};

use super::{AgreementOptions, AgreementReport};
use crate::error::Error;

/// The format of `out`: as asked, else the input's where the name ends as its files do, else by the ending.
///
/// # Errors
///
/// When the name does not say, or the place is one that is read.
fn target(out: &Path, input: &Path, read: &Read, options: &AgreementOptions) -> Result<Format, Error> {
    if lies_in(out, input) {
        let path = out.display().to_string();
        let (found, valid) = ("a place that is read".to_owned(), "another name".to_owned());
        return Err(DataError::Content { path, found, valid, hint: None }.into());
    }
    let same = read.format.is_written() && !read.format.is_folder();
    let ends = out.display().to_string().to_lowercase().ends_with(&read.format.ending());
    if options.to.is_none() && same && ends && !read.format.ending().is_empty() {
        return Ok(read.format);
    }
    Ok(format_to_write(out, options.to)?)
}

/// Writes the records with their consensus as gold to `out`, and tells the report. Answers of people stay behind: the file
/// is data to learn from. A record without a consensus has no gold.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(
    out: &Path,
    input: &Path,
    mut read: Read,
    settled: Vec<Option<Answer>>,
    options: &AgreementOptions,
    report: &mut AgreementReport,
) -> Result<(), Error> {
    let format = target(out, input, &read, options)?;
    let outline = std::mem::take(&mut read.corpus.outline);
    let mut replaced = 0;
    let records: Vec<Record> = std::mem::take(&mut read.corpus.records)
        .into_iter()
        .zip(settled)
        .map(|(mut record, answer)| {
            replaced += u64::from(record.gold.is_some());
            record.gold = answer;
            record.responses.clear();
            record
        })
        .collect();
    let mut set = OutputSet::new();
    let losses = write_corpus(records, &outline, format, out, options.read.strict, &mut set)?;
    set.commit()?;
    report.consensus.written = Some(out.display().to_string());
    report.consensus.written_as = Some(format.name().to_owned());
    report.consensus.lost =
        losses.kinds.iter().map(|(kind, lost)| format!("{} {}: {}", lost.count, kind.name(), lost.first)).collect();
    if replaced > 0 {
        let examples = trueup_core::words::counted(replaced, "example");
        report.notes.push(format!("in the written file the consensus stands in the place of the gold of {examples}"));
    }
    Ok(())
}
