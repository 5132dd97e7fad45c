//! From one format into another: what both can hold goes over, and what the target cannot hold is reported.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use trueup_core::document::{Guess, Skipped};

use crate::corpus::{Outline, Record};
use crate::error::DataError;
use crate::formats::{Format, Writer};
use crate::head::Confidence;
use crate::holds::{Losses, restrict};
use crate::input::Input;
use crate::mapping;
use crate::options::{ReadOptions, Remarks, count};
use crate::output::Output;
use crate::read::{Read, corpus, each};
use crate::rows::{ROWS, RowWriter};
use crate::write::OutputSet;

/// Where a conversion goes.
pub enum Destination<'a> {
    /// A file, or a folder for the formats that are one. Written whole or not at all.
    Path(&'a Path),
    /// Bytes as they come, such as to standard output; a name for messages.
    Pipe(&'a str, Box<dyn Write>),
}

/// How to convert.
#[derive(Debug, Clone, Default)]
pub struct ConvertOptions {
    /// How the input is read.
    pub read: ReadOptions,
    /// The target's format; by the ending of its name when not given.
    pub to: Option<Format>,
    /// Whether it is that of the input where neither says, and whether records of a table or of JSON lines that go into their
    /// own format stay as they stand, every column under its own name.
    pub as_input: bool,
    /// Whether a loss is an error.
    pub refuse_loss: bool,
}

/// What was converted.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    /// The format it was read as.
    pub from: Format,
    /// How sure that was.
    pub confidence: Confidence,
    /// The format that was written.
    pub to: Format,
    /// Records read.
    pub records: u64,
    /// Records written.
    pub written: u64,
    /// What the target cannot hold.
    pub losses: Losses,
    /// What was decided from the content.
    pub guesses: Vec<Guess>,
    /// Records left out on reading.
    pub skipped: Vec<Skipped>,
    /// Anything else worth saying.
    pub notes: Vec<String>,
}

/// What becomes of records on their way from one file into another.
pub trait Change {
    /// Declares what will be added to records that go into a file of this format.
    ///
    /// # Errors
    ///
    /// When the format cannot hold it.
    fn declare(&mut self, outline: &mut Outline, format: Format) -> Result<(), DataError>;

    /// Changes records, a block of an input at a time.
    ///
    /// # Errors
    ///
    /// What keeps the records from being written.
    fn change(&mut self, records: &mut [Record]) -> Result<(), DataError>;

    /// So many records are changed at once.
    fn block(&self) -> usize {
        BLOCK
    }
}

/// No change.
struct AsIs;

impl Change for AsIs {
    fn declare(&mut self, _: &mut Outline, _: Format) -> Result<(), DataError> {
        Ok(())
    }

    fn change(&mut self, _: &mut [Record]) -> Result<(), DataError> {
        Ok(())
    }
}

/// So many records are changed at once, where the change does not say.
const BLOCK: usize = 4096;

/// Reads `input`, a file or folder, and writes what it holds in another format.
///
/// A large file of lines or rows is read twice, block by block, and never held as a whole.
///
/// # Errors
///
/// When the input cannot be read, the target not written, or when something was lost and that is refused; nothing is
/// left behind then.
pub fn convert(input: &Path, to: Destination, options: &ConvertOptions) -> Result<Conversion, DataError> {
    convert_changed(input, to, options, &mut AsIs)
}

/// As [`convert`], with records changed on the way.
///
/// # Errors
///
/// As [`convert`], and those of `change`.
pub fn convert_changed(
    input: &Path,
    to: Destination,
    options: &ConvertOptions,
    change: &mut dyn Change,
) -> Result<Conversion, DataError> {
    let input = Input::open(input)?;
    let mut remarks = Remarks::new(&input.name, options.read.strict);
    let mut how = mapping::beside(&input, &options.read, &mut remarks)?;
    how.rows = options.as_input;
    let asked = target(&to, options);
    if !options.as_input
        && let Err(error) = asked
    {
        return Err(error);
    }
    let begin = |read: &mut Read, change: &mut dyn Change| {
        let format = asked.or_else(|error| if read.format.is_written() { Ok(read.format) } else { Err(error) })?;
        // What goes back into its own format stays as it stands, unless several records of an input became one.
        let outline = &mut read.corpus.outline;
        if format != read.format || outline.occurs.responses > 0 {
            outline.settings.retain(|(name, _)| &**name != ROWS);
        }
        change.declare(outline, format)?;
        let out = output(to, format, options.refuse_loss)?;
        if outline.setting(ROWS).is_some() {
            return Ok((format, Converter::of_rows(format, outline, out)));
        }
        Ok::<_, DataError>((format, Converter::new(format, outline, out)?))
    };
    let (mut read, format, (_, losses, written)) = if input.is_large() && !how.needs_all() {
        let mut read = each(&input, &how, &mut |_| Ok(()))?;
        let again = ReadOptions { from: Some(read.format), ..how };
        let (format, mut converter) = begin(&mut read, change)?;
        let size = change.block();
        let mut block = Vec::with_capacity(size);
        each(&input, &again, &mut |record| {
            block.push(record);
            if block.len() < size { Ok(()) } else { converter.block(&mut block, change) }
        })?;
        converter.block(&mut block, change)?;
        (read, format, converter.finish(options.refuse_loss)?)
    } else {
        let mut read = corpus(&input, &how)?;
        let (format, mut converter) = begin(&mut read, change)?;
        let size = change.block();
        let mut block = Vec::with_capacity(size);
        for record in std::mem::take(&mut read.corpus.records) {
            block.push(record);
            if block.len() == size {
                converter.block(&mut block, change)?;
            }
        }
        converter.block(&mut block, change)?;
        (read, format, converter.finish(options.refuse_loss)?)
    };
    read.guesses.splice(0..0, remarks.guesses);
    Ok(Conversion {
        from: read.format,
        confidence: read.confidence,
        to: format,
        records: read.corpus.outline.occurs.records,
        written,
        losses,
        guesses: read.guesses,
        skipped: read.skipped,
        notes: read.notes,
    })
}

/// Writes records of an input that was read with `outline` as a file, or as a folder for the formats that are one, among
/// the files of `set`. What the format cannot hold is told; `refuse_loss` makes it an error.
///
/// # Errors
///
/// When the format is only read, when something was lost and that is refused, or when a folder holds files of something
/// else, which would be taken for a part of this.
pub fn write_corpus(
    records: impl IntoIterator<Item = Record>,
    outline: &Outline,
    format: Format,
    path: &Path,
    refuse_loss: bool,
    set: &mut OutputSet,
) -> Result<Losses, DataError> {
    let mut converter = Converter::new(format, outline, Output::memory_for(&crate::error::shown(path)))?;
    for record in records {
        converter.record(record)?;
    }
    let (files, losses, _) = converter.finish(refuse_loss)?;
    if !format.is_folder() {
        let bytes = files.get("").map_or(&[][..], Vec::as_slice);
        set.add(path, bytes)?;
        return Ok(losses);
    }
    let strange = crate::write::files_below(path)?.into_iter().find(|name| !files.contains_key(name));
    if let Some(name) = strange {
        return Err(DataError::Content {
            path: crate::error::shown(path),
            found: format!("a folder that already holds {}", crate::error::quote(&name)),
            valid: "a folder that is new, empty, or holds the same files".to_owned(),
            hint: None,
        });
    }
    set.create_dir(path)?;
    for (name, bytes) in &files {
        let file = path.join(name);
        if let Some(parent) = file.parent() {
            set.create_dir(parent)?;
        }
        set.add(&file, bytes)?;
    }
    Ok(losses)
}

/// Endings of names that leave no doubt which format is meant.
const BY_ENDING: &[(&str, &str)] = &[
    (".csv", "csv"),
    (".tsv", "tsv"),
    (".jsonl", "jsonl"),
    (".conll", "conll"),
    (".conllu", "conllu"),
    (".spacy", "spacy"),
    (".parquet", "parquet"),
    (".arrow", "arrow"),
];

/// The format that data for `path` is written in: the one asked for, else the one whose files end so.
///
/// # Errors
///
/// When the one asked for is only read, or the name does not say.
pub fn format_to_write(path: &Path, to: Option<Format>) -> Result<Format, DataError> {
    target(&Destination::Path(path), &ConvertOptions { to, ..ConvertOptions::default() })
}

/// The format that is asked for, else the one whose files end so.
fn target(to: &Destination, options: &ConvertOptions) -> Result<Format, DataError> {
    let written = || {
        let names: Vec<_> = Format::all().filter(|f| f.is_written()).map(Format::name).collect();
        names.join(", ")
    };
    let name = match to {
        Destination::Path(path) => crate::error::shown(path),
        Destination::Pipe(name, _) => (*name).to_owned(),
    };
    if let Some(format) = options.to {
        if format.is_written() {
            return Ok(format);
        }
        let found = format!("--to {format}, a format that is only read");
        return Err(DataError::Content { path: name, found, valid: written(), hint: None });
    }
    let lower = name.to_lowercase();
    let by_ending =
        BY_ENDING.iter().find(|(ending, _)| lower.ends_with(ending)).and_then(|(_, format)| format.parse().ok());
    by_ending.filter(|_| matches!(to, Destination::Path(_))).ok_or_else(|| {
        let found = "a name that does not say which format to write".to_owned();
        DataError::Content { path: name, found, valid: format!("--to with one of {}", written()), hint: None }
    })
}

/// Where the writer's bytes go. What may be refused goes to standard output only when it is known not to be.
fn output(to: Destination, format: Format, hold: bool) -> Result<Output, DataError> {
    match to {
        Destination::Path(path) if format.is_folder() => Output::folder(path),
        Destination::Path(path) => Output::file(path),
        Destination::Pipe(name, _) if format.is_folder() => {
            let found = format!("--to {format}, which is a folder of files");
            let valid = "the name of a folder".to_owned();
            Err(DataError::Content { path: name.to_owned(), found, valid, hint: None })
        }
        Destination::Pipe(name, to) => Ok(Output::pipe(name, to, hold)),
    }
}

/// Writes records of one input, one by one, in a format.
pub(crate) struct Converter {
    format: Format,
    writer: Box<dyn Writer>,
    /// Whether records are written as their file had them.
    rows: bool,
    out: Output,
    losses: Losses,
    written: u64,
}

/// The files written to memory, what was lost, and how many records were written.
type Written = (BTreeMap<String, Vec<u8>>, Losses, u64);

impl Converter {
    /// Begins to write in `format`.
    pub fn new(format: Format, outline: &Outline, out: Output) -> Result<Self, DataError> {
        let Some(write) = format.spec().write else {
            let found = format!("the format {format}, which is only read");
            let valid = "a format that is written".to_owned();
            return Err(DataError::Content { path: out.name(), found, valid, hint: None });
        };
        Ok(Self { format, writer: write(outline), rows: false, out, losses: Losses::default(), written: 0 })
    }

    /// Begins to write records as their file had them.
    fn of_rows(format: Format, outline: &Outline, out: Output) -> Self {
        let writer = Box::new(RowWriter::new(outline));
        Self { format, writer, rows: true, out, losses: Losses::default(), written: 0 }
    }

    /// Changes and writes records, which are taken.
    fn block(&mut self, block: &mut Vec<Record>, change: &mut dyn Change) -> Result<(), DataError> {
        change.change(block)?;
        block.drain(..).try_for_each(|record| self.record(record))
    }

    /// Writes one record.
    pub fn record(&mut self, record: Record) -> Result<(), DataError> {
        if self.rows {
            self.written += 1;
            return self.writer.record(&record, &mut self.out, &mut self.losses);
        }
        match restrict(record, self.format.holds(), &mut self.losses) {
            Some(record) => {
                self.written += 1;
                self.writer.record(&record, &mut self.out, &mut self.losses)
            }
            None => Ok(()),
        }
    }

    /// Writes what comes last and gives the files their names; in memory, hands them out. Also the losses, and how many
    /// records were written.
    pub fn finish(mut self, refuse_loss: bool) -> Result<Written, DataError> {
        self.writer.finish(&mut self.out, &mut self.losses)?;
        if let Some((kind, lost)) = self.losses.kinds.iter().next().filter(|_| refuse_loss) {
            let place = lost.places.first().map(|place| format!(" at {place}")).unwrap_or_default();
            let others = self.losses.kinds.len() - 1;
            let more = if others > 0 { format!(", and {}", count(others, "other kind")) } else { String::new() };
            let found = format!("a loss of {} ({}{place}; {} in all{more})", kind.name(), lost.first, lost.count);
            let valid = format!("what {} can hold", self.format);
            let hint = Some("without --strict it is converted and the losses are listed".to_owned());
            return Err(DataError::Content { path: self.out.name(), found, valid, hint });
        }
        Ok((self.out.commit()?, self.losses, self.written))
    }
}
