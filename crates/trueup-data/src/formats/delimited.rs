//! CSV and TSV: which delimiter, whether quotes quote, and the fields as a table.
//!
//! Quoting is decided by evidence: tab-separated exports of chat and web text hold bare quotes that must stay as they
//! are, while spreadsheets quote. A quote that opens a field quotes when the field also closes properly.

use crate::error::{DataError, quote};
use crate::formats::Spec;
use crate::formats::{Format, head};
use crate::head::{Confidence, Head, Json};
use crate::holds::{Holds, Labels, Metadata, Spans};
use crate::input::Input;
use crate::options::ReadOptions;
use crate::options::{Remarks, count};
use crate::reading::Reading;
use crate::source::Source;

/// Comma-separated tables.
pub(crate) const CSV: Spec = Spec {
    name: "csv",
    aliases: &[],
    title: "a table with commas, semicolons or bars",
    ending: ".csv",
    holds: Holds {
        ids: true,
        splits: true,
        labels: Labels::Set,
        spans: Spans::Any,
        metadata: Metadata::Text,
        unlabelled: true,
        ..Holds::LABEL
    },
    sniff: |head| sniff_as(head, false),
    read: |input, options, reading| read_as(input, Format::CSV, options, reading),
    write: None,
    folder: false,
};

/// Tab-separated tables.
pub(crate) const TSV: Spec = Spec {
    name: "tsv",
    title: "a table with tabs",
    ending: ".tsv",
    sniff: |head| sniff_as(head, true),
    read: |input, options, reading| read_as(input, Format::TSV, options, reading),
    ..CSV
};

fn sniff_as(head: &Head, tabs: bool) -> Confidence {
    let Some(text) = head.text.filter(|_| head.json == Json::No) else {
        return Confidence::No;
    };
    let ending = if tabs { ".tsv" } else { ".csv" };
    match sniff(text) {
        Some(dialect) if (dialect.delimiter == b'\t') == tabs => Confidence::Likely,
        _ if head.ends_with(ending) => Confidence::Possible,
        _ => Confidence::No,
    }
}

fn read_as(input: &Input, format: Format, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let source = Source { name: input.name.clone(), text: input.text()?.to_owned() };
    let (data, ids) = crate::tabular::read(&source, format, options, reading.remarks)?;
    crate::bridge::records(data, ids, reading)
}

/// How fields are set apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The byte between fields.
    pub delimiter: u8,
    /// Whether a field may stand in double quotes.
    pub quoting: bool,
}

impl Dialect {
    /// TSV for tabs, CSV for everything else.
    pub fn format(self) -> Format {
        if self.delimiter == b'\t' { Format::TSV } else { Format::CSV }
    }

    /// In words.
    pub fn describe(self) -> String {
        let delimiter = match self.delimiter {
            b'\t' => "tabs".to_owned(),
            b',' => "commas".to_owned(),
            b';' => "semicolons".to_owned(),
            other => format!("'{}'", other as char),
        };
        let quotes = if self.quoting { "double quotes may enclose a field" } else { "quotes are part of the text" };
        format!("fields are set apart by {delimiter}; {quotes}")
    }
}

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
}

impl Table {
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

    fn push<'a>(&mut self, fields: impl Iterator<Item = &'a str>, line: u64, number: u64) {
        for field in fields {
            self.text.push_str(field);
            self.ends.push(self.text.len());
        }
        self.lines.push(line);
        self.numbers.push(number);
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
        self.header = Some(header);
    }
}

/// What the double quotes of a text do under one delimiter.
#[derive(Debug, Default)]
struct Quotes {
    /// Fields that are not empty.
    fields: usize,
    /// Quoted fields closed before a delimiter or line end.
    good: usize,
    /// Of these, those that need their quotes: a delimiter, line break or doubled quote inside.
    needed: usize,
    /// Opened fields with something after the closing quote, or a delimiter and a line break inside.
    bad: usize,
    /// Quotes inside fields that no quote opened.
    bare: usize,
    /// Whether the text ends inside a quoted field.
    open: bool,
}

fn quotes(text: &[u8], delimiter: u8) -> Quotes {
    let mut q = Quotes::default();
    let mut i = 0;
    while i < text.len() {
        if text[i] == b'"' {
            q.fields += 1;
            i += 1;
            let (mut needed, mut newline, mut cut) = (false, false, false);
            q.open = true;
            while i < text.len() {
                match text[i] {
                    b'"' if text.get(i + 1) == Some(&b'"') => {
                        needed = true;
                        i += 1;
                    }
                    b'"' => {
                        q.open = false;
                        i += 1;
                        break;
                    }
                    b'\n' => (needed, newline) = (true, true),
                    c if c == delimiter => (needed, cut) = (true, true),
                    _ => {}
                }
                i += 1;
            }
            let closed = !q.open && text.get(i).is_none_or(|&c| c == delimiter || c == b'\n' || c == b'\r');
            if closed && !(newline && cut && delimiter == b'\t') {
                q.good += 1;
                q.needed += usize::from(needed);
            } else if !q.open {
                q.bad += 1;
            }
        }
        let start = i;
        while i < text.len() && text[i] != delimiter && text[i] != b'\n' {
            q.bare += usize::from(text[i] == b'"');
            i += 1;
        }
        q.fields += usize::from(i > start && text[start] != b'\r');
        i += 1;
    }
    q
}

/// Whether quotes quote. Commas: unless the evidence is against it. Tabs: only on evidence, since most TSV does not.
fn quoting(text: &str, delimiter: u8, whole: bool) -> bool {
    let q = quotes(text.as_bytes(), delimiter);
    if delimiter == b'\t' {
        let proper = q.bad == 0 && q.good > 0 && !(q.open && whole);
        proper && ((q.needed > 0 && q.bare == 0) || q.good * 2 >= q.fields)
    } else {
        q.bad * 10 <= q.good
    }
}

/// How many records have which number of fields: the number of records, the commonest width, the records of that
/// width, and the width of the first record.
struct Widths {
    records: usize,
    common: usize,
    agree: usize,
    first: usize,
}

fn reader(text: &str, dialect: Dialect) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(dialect.delimiter)
        .quoting(dialect.quoting)
        .from_reader(text.as_bytes())
}

fn widths(text: &str, dialect: Dialect) -> Widths {
    let mut seen: Vec<usize> = Vec::new();
    let (mut records, mut first) = (0, 0);
    let mut record = csv::ByteRecord::new();
    let mut reader = reader(text, dialect);
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        let width = record.len().min(10_000);
        if records == 0 {
            first = width;
        }
        records += 1;
        if seen.len() <= width {
            seen.resize(width + 1, 0);
        }
        seen[width] += 1;
    }
    // Of equally common widths the smaller: longer rows are more often the broken ones.
    let common = (0..seen.len()).max_by_key(|&w| (seen[w], std::cmp::Reverse(w))).unwrap_or(0);
    Widths { records, common, agree: seen.get(common).copied().unwrap_or(0), first }
}

const DELIMITERS: [u8; 4] = [b'\t', b',', b';', b'|'];

/// The dialect of a delimited text, if it is one: at least four fifths of the records have the same number of fields,
/// two or more. Of several, the one whose records agree best; of equals, tab before comma before the rest.
pub(crate) fn sniff(text: &str) -> Option<Dialect> {
    let mut best: Option<(f64, Dialect)> = None;
    for delimiter in DELIMITERS {
        if memchr::memchr(delimiter, text.as_bytes()).is_none() {
            continue;
        }
        let dialect = Dialect { delimiter, quoting: quoting(text, delimiter, false) };
        let w = widths(text, dialect);
        let mut share = w.agree as f64 / w.records.max(1) as f64;
        if w.first != w.common && w.first + 1 != w.common {
            share -= 0.1;
        }
        if w.common >= 2 && share >= 0.8 && best.is_none_or(|(s, _)| share > s + 0.02) {
            best = Some((share, dialect));
        }
    }
    best.map(|(_, dialect)| dialect)
}

/// The dialect of a text that is known to be of `format`.
pub(crate) fn dialect_of(text: &str, format: Format) -> Dialect {
    let text = head(text);
    if format == Format::TSV {
        return Dialect { delimiter: b'\t', quoting: quoting(text, b'\t', false) };
    }
    let agree = |delimiter: u8| {
        let dialect = Dialect { delimiter, quoting: quoting(text, delimiter, false) };
        let w = widths(text, dialect);
        (if w.common >= 2 { w.agree } else { 0 }, dialect)
    };
    // The first of the best: a comma unless another delimiter agrees in more rows.
    let all: Vec<_> = DELIMITERS[1..].iter().map(|&d| agree(d)).collect();
    let most = all.iter().map(|a| a.0).max().unwrap_or(0);
    all.into_iter().find(|a| a.0 == most).map_or(Dialect { delimiter: b',', quoting: true }, |a| a.1)
}

/// What a row must look like, for messages.
fn valid_width(width: usize) -> String {
    format!("{} a row, as in most rows", count(width, "field"))
}

/// Takes the text apart. Rows of another width are skipped and listed, or an error where there are many.
/// `is_name` tells whether a field is a usual column name.
pub(crate) fn parse(
    source: &Source,
    mut dialect: Dialect,
    is_name: impl Fn(&str) -> bool,
    remarks: &mut Remarks,
) -> Result<(Table, Dialect), DataError> {
    let text = source.text.as_str();
    if dialect.quoting
        && let Some(offset) = unclosed(text, dialect)
    {
        let plain = Dialect { quoting: false, ..dialect };
        let w = widths(text, plain);
        if w.common < 2 || w.agree < w.records {
            let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..offset]).count() as u64 + 1;
            return Err(DataError::Record {
                path: source.name.clone(),
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
    table.text.reserve(text.len());
    let mut lines = LineNumbers::new(text);
    let mut record = csv::StringRecord::new();
    let mut reader = reader(text, dialect);
    let mut number = 0;
    loop {
        let at = reader.position().byte() as usize;
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(remarks.error(lines.at(at), quote(&error.to_string()), "a delimited row")),
        }
        number += 1;
        let line = lines.at(at);
        let found = record.len();
        if found == width {
            table.push(record.iter(), line, number);
        } else if found > width && record.iter().skip(width).all(str::is_empty) {
            table.push(record.iter().take(width), line, number);
        } else if number == 1 && found + 1 == width && record.iter().any(&is_name) {
            // R writes row names without a name for their column.
            table.push(std::iter::once("").chain(record.iter()), line, number);
        } else if number == 1 && record.iter().any(&is_name) {
            let found = format!("a header of {} above rows of {width}", count(found, "field"));
            return Err(remarks.error(line, found, "a header as wide as its rows"));
        } else {
            let what = if dialect.format() == Format::TSV { "tab" } else { "delimiter" };
            let found = format!("{} where most rows have {width} (a stray {what}?)", count(found, "field"));
            remarks.skip_malformed(line, found, &valid_width(width))?;
        }
    }
    remarks.check_malformed(number as usize, &valid_width(width), "is it another format? try --from")?;
    Ok((table, dialect))
}

/// Where the record starts that a never-closed quote swallows, if there is one.
fn unclosed(text: &str, dialect: Dialect) -> Option<usize> {
    if !quotes(text.as_bytes(), dialect.delimiter).open {
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
    fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, line: 1 }
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
    use super::*;

    fn table(text: &str) -> Result<(Table, Dialect, Remarks), DataError> {
        let source = Source { name: "f".into(), text: text.into() };
        let mut remarks = Remarks::new("f", false);
        let dialect = sniff(text).unwrap_or_else(|| dialect_of(text, Format::CSV));
        let (table, dialect) = parse(&source, dialect, |name| name == "text", &mut remarks)?;
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
            let source = Source { name: "f".into(), text };
            let mut remarks = Remarks::new("f", true);
            let dialect = Dialect { delimiter: b',', quoting: true };
            let (t, _) = parse(&source, dialect, |name| name == "text", &mut remarks).unwrap();
            let read: Vec<_> = (1..t.rows()).map(|r| (t.cell(r, 0).to_owned(), t.cell(r, 1).to_owned())).collect();
            proptest::prop_assert_eq!(read, rows);
        }
    }
}
