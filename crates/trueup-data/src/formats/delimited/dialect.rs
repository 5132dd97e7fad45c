//! Which delimiter, and whether quotes quote.
//!
//! Quoting is decided by evidence: tab-separated exports of chat and web text hold bare quotes that must stay as they
//! are, while spreadsheets quote. A quote that opens a field quotes when the field also closes properly.

use crate::formats::{Format, head};

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

/// What the double quotes of a text do under one delimiter.
#[derive(Debug, Default)]
pub(super) struct Quotes {
    /// Fields that are not empty.
    fields: usize,
    /// Quoted fields closed before a delimiter or line end.
    good: usize,
    /// Of these, those that need their quotes: a delimiter, line break or doubled quote inside.
    needed: usize,
    /// Opened fields with something after the closing quote.
    bad: usize,
    /// Closed fields with both a tab and a line break inside: a text with bare quotes looks so too.
    doubtful: usize,
    /// Quotes inside fields that no quote opened.
    bare: usize,
    /// Whether the text ends inside a quoted field.
    pub open: bool,
}

pub(super) fn quotes(text: &[u8], delimiter: u8) -> Quotes {
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
            if closed {
                q.good += 1;
                q.needed += usize::from(needed);
                q.doubtful += usize::from(newline && cut && delimiter == b'\t');
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
        if q.doubtful > 0 {
            // Then only rows of one width, which there are not without quoting, show that quotes quote.
            let even = |quoting| {
                let w = widths(text, Dialect { delimiter, quoting });
                w.common >= 2 && w.agree == w.records
            };
            return proper && even(true) && !even(false);
        }
        proper && ((q.needed > 0 && q.bare == 0) || q.good * 2 >= q.fields)
    } else {
        q.bad * 10 <= q.good
    }
}

/// How many records have which number of fields: the number of records, the commonest width, the records of that
/// width, and the width of the first record.
pub(super) struct Widths {
    pub records: usize,
    pub common: usize,
    pub agree: usize,
    pub first: usize,
}

pub(super) fn reader(text: &str, dialect: Dialect) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(dialect.delimiter)
        .quoting(dialect.quoting)
        .from_reader(text.as_bytes())
}

pub(super) fn widths(text: &str, dialect: Dialect) -> Widths {
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
