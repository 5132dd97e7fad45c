//! From one format into another: what both can hold goes over, and what the target cannot hold is reported.

use crate::corpus::{Outline, Record};
use crate::error::DataError;
use crate::formats::{Format, Writer};
use crate::holds::{Losses, restrict};
use crate::output::Output;

/// Writes records of one input, one by one, in a format.
pub(crate) struct Converter {
    format: Format,
    writer: Box<dyn Writer>,
    out: Output,
    /// What was lost so far.
    pub losses: Losses,
}

impl Converter {
    /// Begins to write in `format`, which must be one that can be written.
    pub fn new(format: Format, outline: &Outline, out: Output) -> Option<Self> {
        let writer = format.spec().write?(outline);
        Some(Self { format, writer, out, losses: Losses::default() })
    }

    /// Writes one record.
    pub fn record(&mut self, record: Record) -> Result<(), DataError> {
        match restrict(record, self.format.holds(), &mut self.losses) {
            Some(record) => self.writer.record(&record, &mut self.out, &mut self.losses),
            None => Ok(()),
        }
    }

    /// Writes what comes last and gives the files their names; in memory, hands them out.
    pub fn finish(mut self) -> Result<(std::collections::BTreeMap<String, Vec<u8>>, Losses), DataError> {
        self.writer.finish(&mut self.out, &mut self.losses)?;
        Ok((self.out.commit()?, self.losses))
    }
}
