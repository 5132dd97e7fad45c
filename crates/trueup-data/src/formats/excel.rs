//! Spreadsheets: the first sheet that holds anything is a table, read as a delimited one would be.
//!
//! The shapes are Office Open XML (ECMA-376, `.xlsx`), the older binary one (`[MS-XLS]`, `.xls`) and OpenDocument (ISO
//! 26300, `.ods`). A spreadsheet is only read: a table is written as CSV, which every spreadsheet opens.

use std::io::{Cursor, Read, Seek};

use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, SheetType, Sheets, Xls, Xlsx};
use memchr::memmem;

use crate::error::{DataError, quote};
use crate::formats::Spec;
use crate::formats::delimited::{Table, under_header};
use crate::head::{Confidence, Head};
use crate::holds::Holds;
use crate::input::Input;
use crate::options::{ReadOptions, Remarks, count};
use crate::reading::Reading;
use crate::tabular;

/// Spreadsheets.
pub(crate) const SPEC: Spec = Spec {
    name: "xlsx",
    aliases: &["excel", "xls", "ods"],
    title: "the first sheet of a spreadsheet (Excel, OpenDocument)",
    ending: ".xlsx",
    holds: Holds { ..super::delimited::CSV.holds },
    sniff,
    read,
    write: None,
    folder: false,
};

/// How many bytes a spreadsheet may unpack to, and its cells may hold.
const LARGEST: u64 = 1 << 30;
/// How many cells a table may have, empty ones counted.
const MOST_CELLS: usize = 100_000_000;
/// Columns of the widest sheet.
const WIDEST: u32 = 16_384;

/// The first bytes of a ZIP archive.
const ZIP: &[u8] = b"PK\x03\x04";
/// The first bytes of an older Office file.
const OLE: &[u8] = b"\xd0\xcf\x11\xe0";

/// Which shape a spreadsheet has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Xlsx,
    Xls,
    Ods,
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    let has = |piece: &[u8]| memmem::find(bytes, piece).is_some();
    if bytes.starts_with(ZIP) {
        // OpenDocument says what it is in its first file, which is not packed.
        let first = &bytes[..bytes.len().min(200)];
        if memmem::find(first, b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet").is_some() {
            return Some(Kind::Ods);
        }
        let parts: [&[u8]; 5] = [b"xl/workbook", b"xl/worksheets", b"xl/_rels", b"xl/styles", b"xl/theme"];
        return parts.iter().any(|part| has(part)).then_some(Kind::Xlsx);
    }
    let book = b"W\0o\0r\0k\0b\0o\0o\0k\0";
    (bytes.starts_with(OLE) && has(book)).then_some(Kind::Xls)
}

fn sniff(head: &Head) -> Confidence {
    match kind(head.bytes) {
        Some(_) => Confidence::Certain,
        // The list of an older file may stand at its end.
        None if head.bytes.starts_with(OLE) && head.ends_with(".xls") => Confidence::Likely,
        None => Confidence::No,
    }
}

fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let mut table = sheet(input, reading.remarks)?;
    let wanted: Vec<&str> = options.columns().collect();
    under_header(&mut table, options.header, &wanted, reading.remarks)?;
    let plan = tabular::decide(&table, options, reading.remarks)?;
    plan.records(&table, reading)?;
    plan.finish(reading)
}

fn content(remarks: &Remarks, found: String, valid: &str) -> DataError {
    DataError::Content { path: remarks.path.clone(), found, valid: valid.to_owned(), hint: None }
}

/// The first sheet that holds anything, as a table.
fn sheet(input: &Input, remarks: &mut Remarks) -> Result<Table, DataError> {
    let bytes = input.bytes()?;
    if bytes.is_empty() {
        return Err(DataError::Empty { path: remarks.path.clone(), blank: false });
    }
    if bytes.starts_with(ZIP) {
        check_size(bytes, remarks)?;
    }
    let kind = kind(bytes).or_else(|| bytes.starts_with(OLE).then_some(Kind::Xls));
    let broken = |remarks: &Remarks, error: String| {
        content(
            remarks,
            format!("a spreadsheet that cannot be read ({})", quote(&error)),
            "a whole .xlsx, .xls or .ods file",
        )
    };
    let cursor = Cursor::new(bytes);
    let opened = match kind {
        Some(Kind::Xlsx) => Xlsx::new(cursor).map(Sheets::Xlsx).map_err(|e| e.to_string()),
        Some(Kind::Xls) => Xls::new(cursor).map(Sheets::Xls).map_err(|e| e.to_string()),
        Some(Kind::Ods) => Ods::new(cursor).map(Sheets::Ods).map_err(|e| e.to_string()),
        None => return Err(content(remarks, "no spreadsheet".to_owned(), "an .xlsx, .xls or .ods file")),
    };
    let mut book = opened.map_err(|e| broken(remarks, e))?;
    let names: Vec<String> =
        book.sheets_metadata().iter().filter(|s| s.typ == SheetType::WorkSheet).map(|s| s.name.clone()).collect();
    for (i, name) in names.iter().enumerate() {
        let cells = match cells(&mut book, name) {
            Ok(cells) => cells,
            Err(Broken::Large(found)) => {
                return Err(content(remarks, found, "a sheet of less; save it as CSV, which is read block by block"));
            }
            Err(Broken::Damaged(error)) => return Err(broken(remarks, error)),
        };
        if cells.is_empty() {
            continue;
        }
        if names.len() > 1 {
            let others = count(names.len() - 1, "other sheet");
            let which = if i == 0 { "the first" } else { "the first that holds anything" };
            remarks.notes.push(format!("the table is the sheet '{}', {which}; {others} not read", quote(name)));
        }
        return table(cells).map_err(|found| content(remarks, found, "a sheet of less; save it as CSV"));
    }
    Err(DataError::Empty { path: remarks.path.clone(), blank: true })
}

/// A cell that holds something: its row and column from 0, and what it shows.
type Shown = (u32, u32, String);

/// Why a sheet was not read.
enum Broken {
    /// What was found, as a noun phrase.
    Large(String),
    /// What the reader says.
    Damaged(String),
}

/// The cells of a sheet that show anything.
fn cells<R: Read + Seek + Clone>(book: &mut Sheets<R>, name: &str) -> Result<Vec<Shown>, Broken> {
    let mut found: Vec<Shown> = Vec::new();
    let mut size = 0;
    let mut take = |row: u32, column: u32, text: String| {
        if text.is_empty() {
            return Ok(());
        }
        // One long text may stand in many cells.
        size += text.len() as u64;
        if size > LARGEST {
            return Err(Broken::Large(format!("cells of more than {LARGEST} bytes")));
        }
        found.push((row, column, text));
        Ok(())
    };
    if let Sheets::Xlsx(book) = book {
        // Cell by cell: a sheet with one cell in its last row takes no room for those between.
        let damaged = |e: calamine::XlsxError| Broken::Damaged(e.to_string());
        let mut reader = book.worksheet_cells_reader(name).map_err(damaged)?;
        while let Some(cell) = reader.next_cell().map_err(damaged)? {
            let (row, column) = cell.get_position();
            match cell.get_value() {
                DataRef::SharedString(text) => take(row, column, (*text).to_owned())?,
                value => take(row, column, shown(&Data::from(value.clone())))?,
            }
        }
    } else {
        let range = book.worksheet_range(name).map_err(|e| Broken::Damaged(e.to_string()))?;
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, column, value) in range.used_cells() {
            take(first_row + row as u32, first_column + column as u32, shown(value))?;
        }
    }
    Ok(found)
}

/// What a cell shows: whole numbers without a point, dates as ISO 8601, errors by their names.
fn shown(value: &Data) -> String {
    match value {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(n) => n.to_string(),
        Data::Float(n) => number(*n),
        Data::Bool(holds) => if *holds { "TRUE" } else { "FALSE" }.to_owned(),
        Data::DateTime(time) => date(*time),
        Data::Error(error) => error.to_string(),
    }
}

/// A number in the fifteen digits that a spreadsheet shows.
fn number(n: f64) -> String {
    let rounded = format!("{n:.14e}").parse().unwrap_or(n);
    if rounded == 0.0 { "0".to_owned() } else { format!("{rounded}") }
}

/// A date, a time of day or both; a length of time as hours, minutes and seconds.
fn date(time: ExcelDateTime) -> String {
    let value = time.as_f64();
    if time.is_duration() {
        let seconds = (value * 86_400.0).round();
        let (sign, seconds) = (if seconds < 0.0 { "-" } else { "" }, seconds.abs() as u64);
        return format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
    let clock = if milli == 0 {
        format!("{hour:02}:{minute:02}:{second:02}")
    } else {
        format!("{hour:02}:{minute:02}:{second:02}.{milli:03}")
    };
    if (0.0..1.0).contains(&value) {
        clock
    } else if (hour, minute, second, milli) == (0, 0, 0, 0) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02}T{clock}")
    }
}

/// Rows that show anything, and the columns from the first to the last that do.
fn table(mut cells: Vec<Shown>) -> Result<Table, String> {
    cells.sort_unstable_by_key(|(row, column, _)| (*row, *column));
    cells.dedup_by_key(|(row, column, _)| (*row, *column));
    let first = cells.iter().map(|(_, column, _)| *column).min().unwrap_or(0);
    let last = cells.iter().map(|(_, column, _)| *column).max().unwrap_or(0);
    if last >= WIDEST {
        return Err(format!("a cell in column {}, while a sheet has {WIDEST}", u64::from(last) + 1));
    }
    let width = (last - first + 1) as usize;
    let rows = cells.chunk_by(|a, b| a.0 == b.0).count();
    if rows.saturating_mul(width) > MOST_CELLS {
        return Err(format!("a sheet of {} and {}", count(rows, "row"), count(width, "column")));
    }
    let mut table = Table::of_rows(width);
    let mut row: Vec<&str> = vec![""; width];
    for (number, line) in (1..).zip(cells.chunk_by(|a, b| a.0 == b.0)) {
        row.fill("");
        for (_, column, text) in line {
            row[(column - first) as usize] = text;
        }
        table.push(row.iter().copied(), u64::from(line[0].0) + 1, number);
    }
    Ok(table)
}

/// Fails on an archive that unpacks to more than a spreadsheet has, whatever it says of its size.
fn check_size(bytes: &[u8], remarks: &Remarks) -> Result<(), DataError> {
    let mut left = LARGEST;
    for (start, packed) in members(bytes) {
        let data = bytes.get(start..).unwrap_or_default();
        if !packed {
            continue;
        }
        let mut unpacked = flate2::read::DeflateDecoder::new(data).take(left + 1);
        // What is damaged is said by the reader of the sheet.
        left = left.saturating_sub(std::io::copy(&mut unpacked, &mut std::io::sink()).unwrap_or(0));
        if left == 0 {
            let found = format!("a spreadsheet that unpacks to more than {LARGEST} bytes");
            return Err(content(remarks, found, "a smaller one; save it as CSV"));
        }
    }
    Ok(())
}

/// Where the contents of the files of a ZIP archive begin, by its list of them, and whether each is packed.
fn members(bytes: &[u8]) -> Vec<(usize, bool)> {
    let short = |at: usize| bytes.get(at..at + 2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])));
    let long = |at: usize| bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    let mut found = Vec::new();
    let Some(end) = memmem::rfind(bytes, b"PK\x05\x06") else {
        return found;
    };
    let Some(mut at) = long(end + 16) else {
        return found;
    };
    while bytes.get(at..at + 4) == Some(b"PK\x01\x02") {
        let next = || {
            let local = long(at + 42)?;
            let start = local + 30 + short(local + 26)? + short(local + 28)?;
            let after = at + 46 + short(at + 28)? + short(at + 30)? + short(at + 32)?;
            Some((start, short(at + 10)? != 0, after))
        };
        let Some((start, packed, after)) = next() else {
            break;
        };
        found.push((start, packed));
        at = after;
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::corpus::Place;
    use crate::formats::testing;

    const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

    /// A ZIP archive of packed files.
    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut out, mut list) = (Vec::new(), Vec::new());
        for (name, content) in files {
            let at = out.len() as u32;
            let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(content).unwrap();
            let packed = packer.finish().unwrap();
            let mut crc = flate2::Crc::new();
            crc.update(content);
            let mut common = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
            for n in [crc.sum(), packed.len() as u32, content.len() as u32] {
                common.extend(n.to_le_bytes());
            }
            common.extend((name.len() as u16).to_le_bytes());
            common.extend([0, 0]);
            out.extend(b"PK\x03\x04");
            out.extend(&common);
            out.extend(name.as_bytes());
            out.extend(packed);
            list.extend(b"PK\x01\x02\x14\0");
            list.extend(&common);
            list.extend([0; 10]);
            list.extend(at.to_le_bytes());
            list.extend(name.as_bytes());
        }
        let (at, n) = (out.len() as u32, files.len() as u16);
        out.extend(&list);
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend([n.to_le_bytes(), n.to_le_bytes()].concat());
        out.extend((list.len() as u32).to_le_bytes());
        out.extend(at.to_le_bytes());
        out.extend([0, 0]);
        out
    }

    /// An `.xlsx` of sheets, each given by its rows in XML.
    fn book(sheets: &[&str]) -> Vec<u8> {
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let each = |of: &dyn Fn(usize) -> String| (1..=sheets.len()).map(of).collect::<String>();
        let list = each(&|n| format!("<sheet name=\"s{n}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>"));
        let rels = each(&|n| {
            format!("<Relationship Id=\"rId{n}\" Type=\"{rel}/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>")
        });
        let styles = format!(
            "{XML}<styleSheet xmlns=\"{main}\"><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/>\
             <xf numFmtId=\"22\"/></cellXfs></styleSheet>"
        );
        let workbook = format!("{XML}<workbook xmlns=\"{main}\" xmlns:r=\"{rel}\"><sheets>{list}</sheets></workbook>");
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        let rels = format!("{XML}<Relationships xmlns=\"{package}\">{rels}</Relationships>");
        let top = format!(
            "{XML}<Relationships xmlns=\"{package}\"><Relationship Id=\"rId1\" Type=\"{rel}/officeDocument\" \
             Target=\"xl/workbook.xml\"/></Relationships>"
        );
        let mut files = vec![
            ("_rels/.rels".to_owned(), top),
            ("xl/workbook.xml".to_owned(), workbook),
            ("xl/_rels/workbook.xml.rels".to_owned(), rels),
            ("xl/styles.xml".to_owned(), styles),
        ];
        for (n, rows) in (1..).zip(sheets) {
            let sheet = format!("{XML}<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>");
            files.push((format!("xl/worksheets/sheet{n}.xml"), sheet));
        }
        let files: Vec<(&str, &[u8])> = files.iter().map(|(n, c)| (n.as_str(), c.as_bytes())).collect();
        zip(&files)
    }

    fn text(at: &str, text: &str) -> String {
        format!("<c r=\"{at}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>")
    }

    fn of(bytes: Vec<u8>) -> Result<crate::read::Read, DataError> {
        let input = Input::memory("f.xlsx", bytes);
        assert_eq!(crate::formats::detect(&input).unwrap()[0].format.name(), "xlsx");
        testing::read("xlsx", &input)
    }

    #[test]
    fn a_sheet_is_a_table() {
        let head = ["text", "label", "n", "day", "at", "ok", "bad"];
        let head: String = "BCDEFGH".chars().zip(head).map(|(c, name)| text(&format!("{c}3"), name)).collect();
        let rows = format!(
            "<row r=\"3\">{head}</row><row r=\"5\">{}{}<c r=\"D5\"><v>5.0</v></c><c r=\"E5\" s=\"1\"><v>43832</v></c>\
             <c r=\"F5\" s=\"2\"><v>43832.5</v></c><c r=\"G5\" t=\"b\"><v>1</v></c><c r=\"H5\" t=\"e\"><v>#DIV/0!</v></c></row>\
             <row r=\"7\">{}{}<c r=\"D7\"><v>0.30000000000000004</v></c><c r=\"XFD7\" s=\"1\"/></row>",
            text("B5", "=one  two "),
            text("C5", "pos"),
            text("B7", "three four"),
            text("C7", "neg"),
        );
        let read = of(book(&["", &rows])).unwrap();
        let [one, two] = &read.corpus.records[..] else { panic!("{:?}", read.corpus.records) };
        assert_eq!((one.text(), two.text()), ("=one  two ", "three four"));
        assert_eq!((&one.place, two.place.to_string().as_str()), (&Place::row(5), "row 7"));
        let values: Vec<String> =
            one.metadata.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap())).collect();
        assert_eq!(values, ["n=5", "day=2020-01-02", "at=2020-01-02T12:00:00", "ok=TRUE", "bad=#DIV/0!"]);
        assert_eq!(two.value("n").unwrap(), "0.3");
        assert!(read.notes[0].contains("the sheet 's2', the first that holds anything; 1 other sheet not read"));
    }

    #[test]
    fn what_is_no_sheet_is_an_error() {
        let empty = of(book(&[""])).unwrap_err().to_string();
        assert!(empty.contains("empty"), "{empty}");
        let mut cut = book(&["<row r=\"1\"/>"]);
        cut.truncate(cut.len() / 2);
        let cut = of(cut).unwrap_err().to_string();
        assert!(cut.contains("a spreadsheet that cannot be read"), "{cut}");
        let far = book(&[
            "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row><row r=\"1\"><c r=\"A1\"><v>1</v></c></row>",
        ]);
        assert!(of(far).is_ok());
        let word = zip(&[("word/document.xml", b"<w/>")]);
        let message = testing::read("xlsx", &Input::memory("f", word.clone())).unwrap_err().to_string();
        assert!(message.contains("found no spreadsheet") || message.contains("no spreadsheet; valid"), "{message}");
        let message = crate::read::read_corpus_bytes("f", word, &ReadOptions::default()).unwrap_err().to_string();
        assert!(message.contains("a ZIP archive and no spreadsheet"), "{message}");
    }

    #[test]
    fn an_archive_that_unpacks_to_too_much_is_refused() {
        // Many files that share one stretch of packed zeros.
        let zeros = vec![0u8; 64 << 20];
        let one = zip(&[("xl/workbook.xml", &zeros)]);
        let end = memmem::rfind(&one, b"PK\x05\x06").unwrap();
        let start = memmem::find(&one, b"PK\x01\x02").unwrap();
        let mut many = one[..start].to_vec();
        (0..17).for_each(|_| many.extend(&one[start..end]));
        many.extend(&one[end..]);
        let message = of(many).unwrap_err().to_string();
        assert!(message.contains("unpacks to more than"), "{message}");
    }

    #[test]
    fn lengths_of_time_and_large_numbers_are_written_out() {
        let time = |value, kind| date(ExcelDateTime::new(value, kind, false));
        assert_eq!(time(1.5, calamine::ExcelDateTimeType::TimeDelta), "36:00:00");
        assert_eq!(time(0.25, calamine::ExcelDateTimeType::DateTime), "06:00:00");
        assert_eq!(
            (number(1e15), number(-0.0), number(1_234_567.25)),
            ("1000000000000000".into(), "0".into(), "1234567.25".into())
        );
    }
}
