//! The fields of a delimited text as a table.

use rayon::prelude::*;

use super::dialect::{Dialect, quotes, reader, widths};
use crate::corpus::{Place, Unit};
use crate::error::{DataError, quote};
use crate::formats::{Format, head};
use crate::options::{Remarks, count};

/// Fields in rows of equal width, in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Table {
    text: String,
    /// Where each field ends in `text`; it starts where the one before ends.
    ends: Vec<usize>,
    /// Fields a row.
    pub width: usize,
    /// The first row, once it was found to be a header.
    pub header: Option<Vec<String>>,
    /// 1-based line where each row starts.
    pub lines: Vec<u64>,
    /// 1-based number of each record, skipped ones counted, the header not.
    pub numbers: Vec<u64>,
    /// What the lines are: of a text, or rows of a sheet.
    pub unit: Unit,
    /// How many records there are up to the end of the table, skipped ones counted, the header not.
    pub records: u64,
}

impl Table {
    /// An empty table of a sheet.
    pub fn of_rows(width: usize) -> Self {
        Self { width, unit: Unit::Row, ..Self::default() }
    }

    /// Where a row begins.
    pub fn place(&self, row: usize) -> Place {
        Place { file: None, unit: self.unit, number: self.lines[row] }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The field of `row` in `column`, both from 0.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        let at = row * self.width + column;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.text[start..self.ends[at]]
    }

    /// All fields of `column`.
    pub fn column(&self, column: usize) -> impl Iterator<Item = &str> + Clone {
        (0..self.rows()).map(move |row| self.cell(row, column))
    }

    /// Appends a row of as many fields as the table is wide.
    pub fn push<'a>(&mut self, fields: impl Iterator<Item = &'a str>, line: u64, number: u64) {
        for field in fields {
            self.text.push_str(field);
            self.ends.push(self.text.len());
        }
        self.lines.push(line);
        self.numbers.push(number);
        self.records = number;
    }

    /// Makes the first row the header.
    pub fn take_header(&mut self) {
        let header: Vec<String> = (0..self.width).map(|c| self.cell(0, c).trim().to_owned()).collect();
        let length = self.ends[self.width - 1];
        self.text.drain(..length);
        self.ends.drain(..self.width);
        self.ends.iter_mut().for_each(|end| *end -= length);
        self.lines.remove(0);
        self.numbers.pop();
        self.records -= 1;
        self.header = Some(header);
    }
}

/// What a row must look like, for messages.
fn valid_width(width: usize) -> String {
    format!("{} a row, as in most rows", count(width, "field"))
}

/// Takes the text apart. Rows of another width are skipped and listed, or an error where there are many.
/// `is_name` tells whether a field is a usual column name.
pub(crate) fn parse(
    text: &str,
    mut dialect: Dialect,
    is_name: impl Fn(&str) -> bool + Sync,
    remarks: &mut Remarks,
) -> Result<(Table, Dialect), DataError> {
    if dialect.quoting
        && let Some(offset) = unclosed(text, dialect)
    {
        let plain = Dialect { quoting: false, ..dialect };
        let w = widths(text, plain);
        if w.common < 2 || w.agree < w.records {
            let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..offset]).count() as u64 + 1;
            return Err(DataError::Record {
                path: remarks.path.clone(),
                line,
                found: "a double quote that opens a field and is never closed".to_owned(),
                valid: "quotes in pairs, \"\" for a quote inside a quoted field".to_owned(),
                hint: Some("close or double the quote; everything after it was read as one field".to_owned()),
            });
        }
        dialect = plain;
    }
    let width = widths(head(text), dialect).common;
    let mut table = Table { width, ..Table::default() };
    table.records = rows(text, dialect, (1, 0), is_name, &mut table, remarks)?;
    remarks.check_malformed(table.records as usize, &valid_width(width), "is it another format? try --from")?;
    Ok((table, dialect))
}

/// The rows of a later block of a text, which begins at a line and after a number of records.
pub(super) fn parse_more(
    text: &str,
    dialect: Dialect,
    width: usize,
    (line, number): (u64, u64),
    remarks: &mut Remarks,
) -> Result<Table, DataError> {
    let mut table = Table { width, ..Table::default() };
    table.records = rows(text, dialect, (line, number), |_| false, &mut table, remarks)?;
    remarks.check_malformed(table.records as usize, &valid_width(width), "is it another format? try --from")?;
    Ok(table)
}

/// Appends the rows of a text that begins at a line and after a number of records; the number of records with them.
///
/// The text is cut between rows and its parts are taken apart side by side.
fn rows(
    text: &str,
    dialect: Dialect,
    (mut line, mut number): (u64, u64),
    is_name: impl Fn(&str) -> bool + Sync,
    table: &mut Table,
    remarks: &mut Remarks,
) -> Result<u64, DataError> {
    let width = table.width;
    let parts = parts(text, dialect);
    // A header may stand on the first line alone.
    let first = line == 1;
    let read: Vec<Part> = parts
        .par_iter()
        .enumerate()
        .map(|(i, part)| Part::read(part, dialect, width, (i == 0 && first).then_some(&is_name as &NameTest)))
        .collect();
    table.text.reserve(text.len());
    for (part, text) in read.into_iter().zip(parts) {
        let Part { text: fields, ends, rows, bad, records, broken } = part;
        let before = table.text.len();
        table.text.push_str(&fields);
        table.ends.extend(ends.into_iter().map(|end| before + end));
        table.lines.extend(rows.iter().map(|(at, _)| line + at));
        table.numbers.extend(rows.iter().map(|(_, n)| number + n));
        for (at, fields, is_header) in bad {
            if is_header {
                let found = format!("a header of {} above rows of {width}", count(fields, "field"));
                return Err(remarks.error(line + at, found, "a header as wide as its rows"));
            }
            let what = if dialect.format() == Format::TSV { "tab" } else { "delimiter" };
            let found = format!("{} where most rows have {width} (a stray {what}?)", count(fields, "field"));
            remarks.skip_malformed(line + at, found, &valid_width(width))?;
        }
        if let Some((at, found)) = broken {
            return Err(remarks.error(line + at, found, "a delimited row"));
        }
        number += records;
        line += memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
    }
    Ok(number)
}

/// Whether a field is a usual column name.
type NameTest<'a> = dyn Fn(&str) -> bool + Sync + 'a;

/// How many bytes of a text one thread takes apart at once, about.
const PART: usize = 1 << 20;

/// A text cut between rows into parts of about equal length.
fn parts(text: &str, dialect: Dialect) -> Vec<&str> {
    let mut parts = Vec::with_capacity(text.len() / PART + 1);
    let mut start = 0;
    row_ends(text.as_bytes(), dialect, |end| {
        // A reader takes a byte order mark at the start of its text for none of it.
        if end - start >= PART && !text[end..].starts_with('\u{feff}') {
            parts.push(&text[start..end]);
            start = end;
        }
    });
    if start < text.len() {
        parts.push(&text[start..]);
    }
    parts
}

/// The rows of a part of a text; lines and numbers are counted from its start.
#[derive(Default)]
struct Part {
    text: String,
    ends: Vec<usize>,
    /// The line, from 0, and the number, from 1, of each row.
    rows: Vec<(u64, u64)>,
    /// Rows of another width: the line, the number of fields, whether it is a header.
    bad: Vec<(u64, usize, bool)>,
    records: u64,
    /// What cannot be taken apart at all: the line, and what was found.
    broken: Option<(u64, String)>,
}

impl Part {
    /// Takes a part apart; `is_name` is given for the one that a header may begin.
    fn read(text: &str, dialect: Dialect, width: usize, is_name: Option<&NameTest>) -> Self {
        let mut part = Self { text: String::with_capacity(text.len()), ..Self::default() };
        let mut lines = LineNumbers::new(text, 0);
        let mut record = csv::StringRecord::new();
        let mut reader = reader(text, dialect);
        loop {
            let at = reader.position().byte() as usize;
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return part,
                Err(error) => {
                    part.broken = Some((lines.at(at), quote(&error.to_string())));
                    return part;
                }
            }
            part.records += 1;
            let line = lines.at(at);
            let found = record.len();
            let is_name = is_name.filter(|_| part.records == 1);
            let named = || is_name.is_some_and(|is_name| record.iter().any(is_name));
            if found == width {
                part.push(record.iter(), line);
            } else if found > width && record.iter().skip(width).all(str::is_empty) {
                part.push(record.iter().take(width), line);
            } else if found + 1 == width && named() {
                // R writes row names without a name for their column.
                part.push(std::iter::once("").chain(record.iter()), line);
            } else {
                part.bad.push((line, found, named()));
            }
        }
    }

    fn push<'a>(&mut self, fields: impl Iterator<Item = &'a str>, line: u64) {
        for field in fields {
            self.text.push_str(field);
            self.ends.push(self.text.len());
        }
        self.rows.push((line, self.records));
    }
}

/// Hands the place after each row's line end to `take`, as the reader will see rows: a quote opens a field at its start
/// alone, and two of them inside are one that is meant.
fn row_ends(text: &[u8], dialect: Dialect, mut take: impl FnMut(usize)) {
    if !dialect.quoting || memchr::memchr(b'"', text).is_none() {
        memchr::memchr_iter(b'\n', text).for_each(|i| take(i + 1));
        return;
    }
    let start = if text.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    let mut at = start;
    while let Some(step) = memchr::memchr2(b'"', b'\n', &text[at..]) {
        at += step;
        if text[at] == b'\n' {
            at += 1;
            take(at);
            continue;
        }
        let opens = at == start || matches!(text[at - 1], b'\n' | b'\r') || text[at - 1] == dialect.delimiter;
        at += 1;
        if !opens {
            continue;
        }
        // To the end of the quoted field.
        loop {
            let Some(step) = memchr::memchr(b'"', &text[at..]) else {
                return;
            };
            at += step + 1;
            if text.get(at) != Some(&b'"') {
                break;
            }
            at += 1;
        }
    }
}

/// How many bytes of a block are whole rows.
pub(super) fn after_last_row(block: &[u8], dialect: Dialect) -> usize {
    if !dialect.quoting {
        return memchr::memrchr(b'\n', block).map_or(0, |i| i + 1);
    }
    let mut last = 0;
    row_ends(block, dialect, |end| last = end);
    last
}

/// Where the record starts that a never-closed quote swallows, if there is one.
fn unclosed(text: &str, dialect: Dialect) -> Option<usize> {
    if memchr::memchr(b'"', text.as_bytes()).is_none() || !quotes(text.as_bytes(), dialect.delimiter).open {
        return None;
    }
    let mut reader = reader(text, dialect);
    let mut record = csv::ByteRecord::new();
    let mut last = 0;
    loop {
        let at = reader.position().byte() as usize;
        if !reader.read_byte_record(&mut record).unwrap_or(false) {
            break;
        }
        last = at;
    }
    let skip = text.as_bytes()[last..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    Some(last + skip)
}

/// Line numbers of growing byte offsets.
struct LineNumbers<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> LineNumbers<'a> {
    fn new(text: &'a str, line: u64) -> Self {
        Self { bytes: text.as_bytes(), at: 0, line }
    }

    /// The line of the first byte at or after `offset` that is no line end.
    fn at(&mut self, mut offset: usize) -> u64 {
        while matches!(self.bytes.get(offset), Some(b'\r' | b'\n')) {
            offset += 1;
        }
        self.line += memchr::memchr_iter(b'\n', &self.bytes[self.at..offset]).count() as u64;
        self.at = offset;
        self.line
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::dialect::{dialect_of, sniff};
    use super::*;

    fn table(text: &str) -> Result<(Table, Dialect, Remarks), DataError> {
        let mut remarks = Remarks::new("f", false);
        let dialect = sniff(text).unwrap_or_else(|| dialect_of(text, Format::CSV));
        let (table, dialect) = parse(text, dialect, |name| name == "text", &mut remarks)?;
        Ok((table, dialect, remarks))
    }

    #[test]
    fn bare_quotes_of_a_tsv_stay_and_proper_ones_go() {
        let (t, d, _) = table("ham\t\"Hi there\nspam\twin \"now\"\nham\t\"quoted\"\n").unwrap();
        assert!(!d.quoting);
        assert_eq!((t.cell(0, 1), t.cell(2, 1)), ("\"Hi there", "\"quoted\""));
        let (t, d, _) = table("ham\t\"say \"\"hi\"\"\"\nspam\twin\n").unwrap();
        assert!(d.quoting);
        assert_eq!(t.cell(0, 1), "say \"hi\"");
    }

    #[test]
    fn quoted_newlines_and_crlf_keep_their_lines() {
        let (t, _, _) = table("text,label\r\n\"two\nlines, here\",a\r\n\r\nnext,b\r\n").unwrap();
        assert_eq!(t.cell(1, 0), "two\nlines, here");
        assert_eq!(t.lines, [1, 2, 5]);
    }

    #[test]
    fn other_delimiters_are_seen() {
        assert_eq!(table("text;label\none, two;a\nthree;b\n").unwrap().1.delimiter, b';');
        assert_eq!(table("text|label\none, two|a\nthree|b\n").unwrap().1.delimiter, b'|');
    }

    #[test]
    fn ragged_rows_are_listed_and_many_are_an_error() {
        let mut text = "text,label\n".to_owned();
        text.push_str(&"row,a\n".repeat(30));
        text.push_str("one, too many,a\nmore,b,\n");
        let (t, _, remarks) = table(&text).unwrap();
        assert_eq!((t.rows(), remarks.skipped.len(), remarks.skipped[0].line), (32, 1, 32));
        let message = table("text,label\na,b\nc\nd,e\nf\ng,h\ni,j\n").unwrap_err().to_string();
        assert!(message.contains("f: line 3: found 1 field where most rows have 2"), "{message}");
        assert!(message.contains("2 of 7 records are like that") && message.contains("try --from"), "{message}");
    }

    #[test]
    fn a_quote_never_closed_is_named_by_its_line() {
        let message = table("text,label\n\"a, b\",x\n\"c, d\",y\n\"open, e,x\nf,y\n").unwrap_err().to_string();
        assert!(message.contains("line 4") && message.contains("never closed"), "{message}");
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(rows in proptest::collection::vec(("[^\0\u{feff}]{0,20}", "[a-c]{1,2}"), 2..12)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["text", "label"]).unwrap();
            for (t, l) in &rows {
                writer.write_record([t, l]).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let mut remarks = Remarks::new("f", true);
            let dialect = Dialect { delimiter: b',', quoting: true };
            let (t, _) = parse(&text, dialect, |name| name == "text", &mut remarks).unwrap();
            let read: Vec<_> = (1..t.rows()).map(|r| (t.cell(r, 0).to_owned(), t.cell(r, 1).to_owned())).collect();
            proptest::prop_assert_eq!(read, rows);
        }
    }
}
