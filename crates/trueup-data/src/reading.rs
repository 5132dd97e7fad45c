//! What a reader writes to: records one by one, what the input declares, and what was remarked on the way.

use trueup_core::scheme::Scheme;

use crate::corpus::{Outline, Place, Record};
use crate::error::DataError;
use crate::options::Remarks;

/// The receiving end of a reader.
pub(crate) struct Reading<'a> {
    /// Guesses, records left out, notes; and errors at a line.
    pub remarks: &'a mut Remarks,
    /// What the input declares; what occurs is counted as records come.
    pub outline: Outline,
    /// The scheme under which tags became spans, for the formats with tags.
    pub scheme: Option<Scheme>,
    /// Whether ids come from a column that a person named or the content showed.
    pub ids_from_column: bool,
    take: &'a mut dyn FnMut(Record) -> Result<(), DataError>,
}

impl<'a> Reading<'a> {
    /// Hands records to `take`.
    pub fn new(remarks: &'a mut Remarks, take: &'a mut dyn FnMut(Record) -> Result<(), DataError>) -> Self {
        Self { remarks, outline: Outline::default(), scheme: None, ids_from_column: false, take }
    }

    /// Takes a record.
    pub fn push(&mut self, record: Record) -> Result<(), DataError> {
        self.outline.see(&record);
        (self.take)(record)
    }

    /// Leaves a record out (`--strict`: an error): `found`, a noun phrase, stands where `valid` is needed.
    pub fn skip(&mut self, place: &Place, found: impl Into<String>, valid: &str) -> Result<(), DataError> {
        self.remarks.skip_at(place, found, valid)
    }

    /// An error at a place of the input.
    pub fn error(&self, place: &Place, found: impl Into<String>, valid: impl Into<String>) -> DataError {
        self.remarks.error_at(place, found, valid)
    }

    /// States a decision, with the option that overrides it.
    pub fn guess(&mut self, what: impl Into<String>, option: Option<&str>) {
        self.remarks.guess(what, option);
    }

    /// States anything else worth knowing.
    pub fn note(&mut self, what: impl Into<String>) {
        self.remarks.notes.push(what.into());
    }
}
