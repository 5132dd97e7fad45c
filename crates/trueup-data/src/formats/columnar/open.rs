//! Batches of rows out of Parquet and Arrow files.
//!
//! What a file claims is checked against its length before anything is allocated by it: the byte ranges of Parquet, the
//! lengths of Arrow's messages and of its compressed buffers. The libraries may still panic on damaged input (an
//! out-of-range index, an arithmetic overflow): the calls into them are caught and become an error that says so.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::{FileDecoder, StreamDecoder};
use arrow_ipc::{Block, MessageHeader, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use bytes::{Buf, Bytes};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};

use super::footer;
use crate::error::{DataError, quote};

/// Rows a batch.
pub(super) const BATCH: usize = 8_192;
/// What a compressed buffer may unfold into, whatever the length of the file.
const UNFOLDED: u64 = 1 << 28;
/// How many times the length of the file its buffers may unfold into beyond that.
const FOLD: u64 = 64;
/// Rows that any file may have, and rows a byte beyond that: a column of one value repeated takes no room.
const FREE_ROWS: u64 = 10_000_000;
const ROWS_A_BYTE: u64 = 64;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Parquet.
    Parquet,
    /// Arrow IPC, file or stream.
    Arrow,
}

/// What takes the batches.
pub(super) trait Sink {
    /// The columns, once, before the batches; the metadata is that of the schema.
    fn begin(&mut self, schema: &Schema, metadata: &HashMap<String, String>) -> Result<(), DataError>;
    /// Rows.
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), DataError>;
}

/// Which of the two, by the first bytes.
pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    if bytes.starts_with(b"PAR1") || bytes.starts_with(b"PARE") {
        return Some(Kind::Parquet);
    }
    if bytes.starts_with(b"ARROW1") {
        return Some(Kind::Arrow);
    }
    let (length, at): (_, usize) = match bytes.strip_prefix(&[0xff; 4]) {
        Some(rest) => (rest.get(..4)?, 8),
        None => (bytes.get(..4)?, 4),
    };
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let message = root_as_message(bytes.get(at..at.checked_add(length)?)?).ok()?;
    (message.header_type() == MessageHeader::Schema).then_some(Kind::Arrow)
}

/// Hands the batches of a file on.
pub(super) fn read(name: &str, bytes: &Bytes, kind: Kind, sink: &mut dyn Sink) -> Result<(), DataError> {
    let file = File { name, bytes, what: if kind == Kind::Parquet { "Parquet" } else { "Arrow" } };
    match kind {
        Kind::Parquet => file.parquet(sink),
        Kind::Arrow => file.arrow(sink),
    }
}

struct File<'a> {
    name: &'a str,
    bytes: &'a Bytes,
    what: &'static str,
}

impl File<'_> {
    fn damaged(&self, why: &str) -> DataError {
        let why = quote(why.lines().next().unwrap_or_default());
        DataError::Content {
            path: self.name.to_owned(),
            found: format!("a damaged {} file ({why})", self.what),
            valid: format!("a whole {} file", self.what),
            hint: Some("copy or export it again".to_owned()),
        }
    }

    /// Calls into a library that may panic on damaged input.
    fn guarded<T, E: std::fmt::Display>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, DataError> {
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.damaged(&error.to_string())),
            Err(_) => Err(self.damaged("its reader gave up")),
        }
    }

    fn check_rows(&self, rows: u64) -> Result<(), DataError> {
        let most = FREE_ROWS.max((self.bytes.len() as u64).saturating_mul(ROWS_A_BYTE));
        if rows <= most {
            return Ok(());
        }
        Err(self.damaged(&format!("{rows} rows in {} bytes", self.bytes.len())))
    }

    fn parquet(&self, sink: &mut dyn Sink) -> Result<(), DataError> {
        if self.bytes.starts_with(b"PARE") || self.bytes.ends_with(b"PARE") {
            return Err(DataError::Content {
                path: self.name.to_owned(),
                found: "an encrypted Parquet file".to_owned(),
                valid: "a Parquet file without encryption".to_owned(),
                hint: None,
            });
        }
        footer::check(self.bytes).map_err(|why| self.damaged(&why))?;
        let whole = Whole(self.bytes.clone());
        // Without the Arrow schema that writers embed: the types of Parquet are all that is needed, and fewer.
        let options = || ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let plain = self.guarded(|| ArrowReaderMetadata::load(&whole, options()))?;
        let meta = plain.metadata();
        let rows = meta.row_groups().iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(u64::MAX));
        self.check_rows(rows.fold(0, u64::saturating_add))?;
        // Texts as views, so that a dictionary's values are not copied for every row.
        let viewed = Arc::new(viewed(plain.schema()));
        let views = self.guarded(|| ArrowReaderMetadata::try_new(meta.clone(), options().with_schema(viewed)));
        let chosen = views.unwrap_or_else(|_| plain.clone());
        let mut metadata = HashMap::new();
        for pair in meta.file_metadata().key_value_metadata().into_iter().flatten() {
            if let Some(value) = &pair.value {
                metadata.insert(pair.key.clone(), value.clone());
            }
        }
        sink.begin(chosen.schema(), &metadata)?;
        if chosen.schema().fields().is_empty() {
            return Ok(());
        }
        let mut reader = self.guarded(|| {
            ParquetRecordBatchReaderBuilder::new_with_metadata(whole, chosen).with_batch_size(BATCH).build()
        })?;
        let mut rows = 0u64;
        while let Some(batch) = self.guarded(|| reader.next().transpose())? {
            rows += batch.num_rows() as u64;
            self.check_rows(rows)?;
            sink.batch(&batch)?;
        }
        Ok(())
    }

    fn arrow(&self, sink: &mut dyn Sink) -> Result<(), DataError> {
        if self.bytes.starts_with(b"ARROW1") {
            return self.arrow_file(sink);
        }
        let mut rest = self.bytes.clone();
        let mut decoder = StreamDecoder::new();
        let (mut begun, mut rows) = (false, 0u64);
        while let Some(message) = self.message(&mut rest)? {
            let mut piece = message.into();
            let batch = self.guarded(|| decoder.decode(&mut piece))?;
            if !begun && let Some(schema) = decoder.schema() {
                sink.begin(&schema, schema.metadata())?;
                begun = true;
                if schema.fields().is_empty() {
                    return Ok(());
                }
            }
            if let Some(batch) = batch {
                rows += batch.num_rows() as u64;
                self.check_rows(rows)?;
                sink.batch(&batch)?;
            }
        }
        if begun { Ok(()) } else { Err(self.damaged("it has no schema")) }
    }

    /// The file format: the footer says where the messages are.
    fn arrow_file(&self, sink: &mut dyn Sink) -> Result<(), DataError> {
        let cut_off = || self.damaged("its end is missing");
        let end = self.bytes.len().checked_sub(10).filter(|_| self.bytes.ends_with(b"ARROW1")).ok_or_else(cut_off)?;
        let length = self.bytes.get(end..end + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
        let start = length.and_then(|n| end.checked_sub(n as usize)).filter(|&at| at >= 8).ok_or_else(cut_off)?;
        let footer = root_as_footer(&self.bytes[start..end]).map_err(|error| self.damaged(&error.to_string()))?;
        let schema = footer.schema().ok_or_else(|| self.damaged("it has no schema"))?;
        let schema: SchemaRef = Arc::new(self.guarded(|| Ok::<_, ArrowError>(fb_to_schema(schema)))?);
        sink.begin(&schema, schema.metadata())?;
        if schema.fields().is_empty() {
            return Ok(());
        }
        let mut decoder = FileDecoder::new(schema, footer.version());
        let piece = |block: &Block| {
            let from = usize::try_from(block.offset()).ok();
            let size = usize::try_from(block.metaDataLength()).ok().zip(usize::try_from(block.bodyLength()).ok());
            let size = size.and_then(|(header, body)| header.checked_add(body));
            let range = from.zip(size).and_then(|(from, size)| Some(from..from.checked_add(size)?));
            let piece = range.filter(|r| r.end <= start).map(|r| self.bytes.slice(r));
            let mut rest = piece.clone().ok_or_else(|| self.damaged("a message beyond its end"))?;
            self.message(&mut rest)?;
            piece.ok_or_else(cut_off)
        };
        for block in footer.dictionaries().into_iter().flatten() {
            let bytes = piece(block)?.into();
            self.guarded(|| decoder.read_dictionary(block, &bytes))?;
        }
        let mut rows = 0u64;
        for block in footer.recordBatches().into_iter().flatten() {
            let bytes = piece(block)?.into();
            if let Some(batch) = self.guarded(|| decoder.read_record_batch(block, &bytes))? {
                rows += batch.num_rows() as u64;
                self.check_rows(rows)?;
                sink.batch(&batch)?;
            }
        }
        Ok(())
    }

    /// The next message with its body; `None` at the end.
    fn message(&self, rest: &mut Bytes) -> Result<Option<Bytes>, DataError> {
        let word = |at: usize| rest.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
        let cut_off = || self.damaged("it is cut off");
        if rest.is_empty() {
            return Ok(None);
        }
        let (length, at) = match word(0).ok_or_else(cut_off)? {
            u32::MAX => (word(4).ok_or_else(cut_off)?, 8),
            length => (length, 4),
        };
        if length == 0 {
            return Ok(None);
        }
        let body = at + length as usize;
        let header = rest.get(at..body).ok_or_else(cut_off)?;
        let message = root_as_message(header).map_err(|error| self.damaged(&error.to_string()))?;
        let size = usize::try_from(message.bodyLength()).ok();
        let end = size.and_then(|size| body.checked_add(size)).filter(|&end| end <= rest.len()).ok_or_else(cut_off)?;
        let batch = match message.header_type() {
            MessageHeader::RecordBatch => message.header_as_record_batch(),
            MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|d| d.data()),
            _ => None,
        };
        if let Some(batch) = batch {
            self.check_rows(u64::try_from(batch.length()).unwrap_or(u64::MAX))?;
            let most = UNFOLDED.max((self.bytes.len() as u64).saturating_mul(FOLD));
            let mut unfolded = 0u64;
            for buffer in batch.buffers().into_iter().flatten() {
                let range = usize::try_from(buffer.offset()).ok().zip(usize::try_from(buffer.length()).ok());
                let range =
                    range.and_then(|(from, n)| Some(body.checked_add(from)?..body.checked_add(from)?.checked_add(n)?));
                let piece = range.filter(|r| r.end <= end).and_then(|r| rest.get(r));
                let piece = piece.ok_or_else(|| self.damaged("a buffer beyond its message"))?;
                if batch.compression().is_some() && !piece.is_empty() {
                    let length = piece.get(..8).and_then(|b| b.try_into().ok()).map(i64::from_le_bytes);
                    let length = length.ok_or_else(cut_off)?;
                    unfolded = unfolded.saturating_add(if length == -1 {
                        0
                    } else {
                        u64::try_from(length).unwrap_or(u64::MAX)
                    });
                }
            }
            if unfolded > most {
                return Err(self.damaged(&format!("buffers of {unfolded} bytes in a file of {}", self.bytes.len())));
            }
        }
        let message = rest.slice(..end);
        rest.advance(end);
        Ok(Some(message))
    }
}

/// The schema with columns of text as views.
fn viewed(schema: &SchemaRef) -> Schema {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(Field::clone(field).with_data_type(DataType::Utf8View)),
        _ => field.clone(),
    });
    Schema::new(fields.collect::<Vec<_>>())
}

/// A file in memory whose ranges are checked: that of the library cuts without looking.
struct Whole(Bytes);

impl Length for Whole {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
}

impl ChunkReader for Whole {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        let start = usize::try_from(start).ok().filter(|&start| start <= self.0.len());
        start.map(|start| self.0.slice(start..).reader()).ok_or_else(beyond)
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let start = usize::try_from(start).ok();
        let end = start.and_then(|start| start.checked_add(length)).filter(|&end| end <= self.0.len());
        match (start, end) {
            (Some(start), Some(end)) => Ok(self.0.slice(start..end)),
            _ => Err(beyond()),
        }
    }
}

fn beyond() -> ParquetError {
    ParquetError::EOF("a range beyond the end of the file".to_owned())
}

/// For messages about writing, where nothing depends on the input.
pub(super) fn broken_write(error: &dyn std::fmt::Display) -> DataError {
    DataError::Content {
        path: "the output".to_owned(),
        found: format!("columns that cannot be written ({})", quote(&error.to_string())),
        valid: "columns of at most 2 GiB a batch".to_owned(),
        hint: None,
    }
}
