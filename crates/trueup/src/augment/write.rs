//! The data with its new examples, as a file.

use std::path::Path;

use trueup_data::corpus::{AUGMENTED_FROM, Record};
use trueup_data::write::{OutputSet, lies_in};
use trueup_data::{DataError, Format, Lost, Metadata, Read, format_to_write, write_corpus};

use super::AugmentOptions;
use super::records::New;
use super::report::{AugmentReport, LossCount};
use crate::error::Error;

/// The format of `out`: as asked, else the input's where the name ends as its files do, else by the ending.
fn target(out: &Path, input: &Path, read: &Read, options: &AugmentOptions) -> Result<Format, Error> {
    if lies_in(out, input) {
        let path = out.display().to_string();
        let (found, valid) = ("a place that is read".to_owned(), "another name".to_owned());
        return Err(DataError::Content { path, found, valid, hint: None }.into());
    }
    let same = options.to.is_none() && read.format.is_written();
    let ends = out.display().to_string().to_lowercase().ends_with(&read.format.ending());
    if same && (ends || format_to_write(out, None).is_err()) {
        return Ok(read.format);
    }
    Ok(format_to_write(out, options.to)?)
}

/// Writes the records that were read, then the new ones, to `out`; the new ones alone where that is asked for. Whole or
/// not at all. What the format cannot hold is told to `report`.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(
    out: &Path,
    input: &Path,
    mut read: Read,
    new: Vec<New>,
    options: &AugmentOptions,
    report: &mut AugmentReport,
) -> Result<(), Error> {
    let format = target(out, input, &read, options)?;
    let mut outline = std::mem::take(&mut read.corpus.outline);
    let mut records: Vec<Record> = std::mem::take(&mut read.corpus.records);
    // New examples name their source by its id, so where some have none, all get their numbers, as they have them anyway.
    if format.holds().ids {
        for (number, record) in (1u64..).zip(&mut records).filter(|(_, record)| record.id.is_none()) {
            let number = if record.number > 0 { record.number } else { number };
            record.id = Some(number.to_string());
            outline.occurs.ids += 1;
        }
    }
    if options.new_only {
        records.clear();
    }
    for new in new {
        outline.see(&new.record);
        records.push(new.record);
    }
    let mut set = OutputSet::new();
    let losses = write_corpus(records, &outline, format, out, options.read.strict, &mut set)?;
    set.commit()?;
    report.written = Some(out.display().to_string());
    report.written_as = Some(format.name().to_owned());
    let count = |lost: &Lost| LossCount { count: lost.count, first: lost.first.clone() };
    report.losses = losses.kinds.iter().map(|(kind, lost)| (kind.name().to_owned(), count(lost))).collect();
    if !report.losses.is_empty() && matches!(format.holds().metadata, Metadata::None | Metadata::Only(_)) {
        report.notes.push(format!(
            "{} has no place for {AUGMENTED_FROM}; --to jsonl keeps where each new example comes from",
            format.name()
        ));
    }
    Ok(())
}
