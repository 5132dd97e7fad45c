//! Records written as their file had them: every column or field under its own name and in its own place, with more after
//! them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::corpus::{Outline, Record, Row};
use crate::error::DataError;
use crate::formats::Writer;
use crate::holds::Losses;
use crate::output::Output;

/// The setting of the outline under which readers say how the rows of a table stand, or that there are objects.
pub(crate) const ROWS: &str = "rows";

/// Writes rows or objects.
pub(crate) struct RowWriter {
    /// What separates the cells; `None` of objects.
    delimiter: Option<u8>,
    header: Option<Vec<String>>,
    /// Columns that are left out.
    dropped: BTreeSet<usize>,
}

/// How a table stands, for those who add columns to it.
pub(crate) struct Table {
    delimiter: String,
    /// The names of the columns, where it has a header.
    pub header: Option<Vec<String>>,
    /// The places of columns to leave out.
    pub dropped: BTreeSet<usize>,
}

impl Table {
    /// That of an outline; `None` of objects.
    pub fn of(outline: &Outline) -> Option<Self> {
        let value = outline.setting(ROWS)?;
        let strings = |value: &Value| serde_json::from_value(value.clone()).ok();
        let dropped = value.get("dropped").and_then(|d| serde_json::from_value(d.clone()).ok()).unwrap_or_default();
        let delimiter = value.get("delimiter")?.as_str()?.to_owned();
        Some(Self { delimiter, header: value.get("header").and_then(strings), dropped })
    }

    /// Becomes that of an outline.
    pub fn put(self, outline: &mut Outline) {
        let Self { delimiter, header, dropped } = self;
        let value = serde_json::json!({"delimiter": delimiter, "header": header, "dropped": dropped});
        outline.settings.retain(|(name, _)| &**name != ROWS);
        outline.settings.push((ROWS.into(), value));
    }
}

impl RowWriter {
    /// For the rows of an input with such an outline.
    pub fn new(outline: &Outline) -> Self {
        match Table::of(outline) {
            Some(Table { delimiter, header, dropped }) => {
                Self { delimiter: delimiter.bytes().next().or(Some(b',')), header, dropped }
            }
            None => Self { delimiter: None, header: None, dropped: BTreeSet::new() },
        }
    }

    fn row(&self, cells: &[String], delimiter: u8, bytes: &mut Vec<u8>) {
        let kept = || cells.iter().enumerate().filter(|(at, _)| !self.dropped.contains(at)).map(|(_, cell)| cell);
        let alone = kept().nth(1).is_none();
        for (i, cell) in kept().enumerate() {
            if i > 0 {
                bytes.push(delimiter);
            }
            let special = |b: &u8| *b == delimiter || matches!(b, b'"' | b'\n' | b'\r');
            // An only field that is empty would make a blank line, which readers skip.
            if (cell.is_empty() && alone) || cell.as_bytes().iter().any(special) {
                bytes.push(b'"');
                bytes.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
                bytes.push(b'"');
            } else {
                bytes.extend_from_slice(cell.as_bytes());
            }
        }
        bytes.push(b'\n');
    }
}

impl Writer for RowWriter {
    fn record(&mut self, record: &Record, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        match (record.row.as_deref(), self.delimiter) {
            (Some(Row::Cells(cells)), Some(delimiter)) => {
                if let Some(header) = self.header.take() {
                    self.row(&header, delimiter, out.buffer());
                }
                self.row(cells, delimiter, out.buffer());
            }
            (Some(Row::Object(object)), _) => write_object(object, out.buffer()),
            _ => unreachable!("every record of such an input has its row"),
        }
        out.flush_if_full()
    }

    fn finish(&mut self, _: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        Ok(())
    }
}

fn write_object(object: &Map<String, Value>, bytes: &mut Vec<u8>) {
    // Writing JSON into memory does not fail.
    let _ = serde_json::to_writer(&mut *bytes, object);
    bytes.push(b'\n');
}
