//! NumPy arrays, `.npy`, as "NEP 1" and `numpy.lib.format` describe them: versions 1 to 3, either order of axes, either
//! order of bytes.
//!
//! Classifiers leave their probabilities and labels so: a matrix of floats is a row of scores a record, a list of
//! integers a label a record. Labels are numbers; `--label-names` gives them names. Arrays of Python objects are
//! pickles, which can run any program when they are opened, and are refused.

use crate::corpus::{Answer, Place, Prediction, Record};
use crate::error::{DataError, quote};
use crate::formats::Spec;
use crate::formats::label_text::no_columns;
use crate::head::Confidence;
use crate::holds::{Holds, Texts};
use crate::input::Input;
use crate::options::ReadOptions;
use crate::reading::Reading;

/// An array of numbers.
pub(crate) const SPEC: Spec = Spec {
    name: "npy",
    aliases: &["numpy"],
    title: "a NumPy array: a row of scores, or a label, a record",
    ending: ".npy",
    holds: Holds { texts: Texts::None, predictions: true, scores: true, unlabelled: true, ..Holds::LABEL },
    sniff: |head| if head.bytes.starts_with(MAGIC) { Confidence::Certain } else { Confidence::No },
    read,
    write: None,
    folder: false,
};

const MAGIC: &[u8] = b"\x93NUMPY";
/// What is read, for messages.
const VALID: &str = "two axes of floats (a row of scores a record), or one axis of integers (a label a record)";

/// A matrix of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// How many rows.
    pub rows: usize,
    /// How many columns; one where the array has a single axis.
    pub columns: usize,
    /// The numbers, row by row.
    pub values: Vec<f64>,
}

/// Reads a `.npy` file of one or two axes as numbers; an error is a noun phrase that says what was found.
pub fn read_matrix(bytes: &[u8]) -> Result<Matrix, String> {
    let array = Array::parse(bytes)?;
    let (rows, columns) = array.size()?;
    let values = (0..rows * columns).map(|i| array.float(array.position(i / columns, i % columns))).collect();
    Ok(Matrix { rows, columns, values })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Float,
    Signed,
    Unsigned,
}

/// The header of an array, and its bytes.
#[derive(Debug)]
struct Array<'a> {
    kind: Kind,
    /// Bytes of a number.
    width: usize,
    big_endian: bool,
    by_columns: bool,
    shape: Vec<usize>,
    data: &'a [u8],
}

impl<'a> Array<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let cut = || "a header that is cut off".to_owned();
        let rest = bytes.strip_prefix(MAGIC).ok_or("no NumPy array (its first bytes are another format's)")?;
        let (length, rest) = match *rest {
            [1, _, a, b, ref rest @ ..] => (usize::from(u16::from_le_bytes([a, b])), rest),
            [2 | 3, _, a, b, c, d, ref rest @ ..] => (u32::from_le_bytes([a, b, c, d]) as usize, rest),
            [version @ (0 | 4..), minor, ..] => {
                return Err(format!("version {version}.{minor} of the format, not 1 to 3"));
            }
            _ => return Err(cut()),
        };
        let (header, data) = rest.split_at_checked(length).ok_or_else(cut)?;
        let header = String::from_utf8_lossy(header);
        let missing = |name: &str| format!("a header without '{name}': '{}'", quote(&header));
        let descr = field(&header, "descr").ok_or_else(|| missing("descr"))?;
        let (kind, width, big_endian) = number(descr)?;
        let by_columns = match field(&header, "fortran_order").ok_or_else(|| missing("fortran_order"))? {
            value if value.starts_with("True") => true,
            value if value.starts_with("False") => false,
            value => return Err(format!("'{}' as fortran_order", quote(value))),
        };
        let shape = field(&header, "shape").and_then(shape).ok_or_else(|| missing("shape"))?;
        let array = Self { kind, width, big_endian, by_columns, shape, data };
        let needed = array.shape.iter().try_fold(width, |n, &axis| n.checked_mul(axis));
        match needed {
            Some(needed) if needed == data.len() => Ok(array),
            Some(needed) => Err(format!("{} bytes of numbers where the header tells of {needed}", data.len())),
            None => Err(format!("a shape of more numbers than can be: {:?}", array.shape)),
        }
    }

    /// Rows and columns.
    fn size(&self) -> Result<(usize, usize), String> {
        match *self.shape.as_slice() {
            [rows] => Ok((rows, 1)),
            [_, 0] => Err("rows without a number in them".to_owned()),
            [rows, columns] => Ok((rows, columns)),
            _ => Err(format!("an array of {} axes", self.shape.len())),
        }
    }

    /// Where the number of a row and column stands.
    fn position(&self, row: usize, column: usize) -> usize {
        match *self.shape.as_slice() {
            [rows, _] if self.by_columns => column * rows + row,
            [_, columns] => row * columns + column,
            _ => row,
        }
    }

    /// The bytes of a number, the least first, filled up with what `fill` says for its sign.
    fn bytes(&self, position: usize) -> ([u8; 8], bool) {
        let mut out = [0; 8];
        let at = position * self.width;
        let raw = self.data.get(at..at + self.width).unwrap_or_default();
        for (i, &byte) in raw.iter().enumerate() {
            out[if self.big_endian { self.width - 1 - i } else { i }] = byte;
        }
        let negative = out[self.width - 1] & 0x80 != 0;
        (out, negative)
    }

    fn integer(&self, position: usize) -> i128 {
        let (mut bytes, negative) = self.bytes(position);
        if self.kind == Kind::Signed {
            if negative {
                bytes[self.width..].fill(0xff);
            }
            return i128::from(i64::from_le_bytes(bytes));
        }
        i128::from(u64::from_le_bytes(bytes))
    }

    fn float(&self, position: usize) -> f64 {
        if self.kind != Kind::Float {
            return self.integer(position) as f64;
        }
        let (bytes, _) = self.bytes(position);
        if self.width == 4 {
            return f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        }
        f64::from_le_bytes(bytes)
    }
}

/// What follows the name of a field in the header, a Python dictionary of three fields.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let at = ["'", "\""].iter().find_map(|q| {
        let quoted = format!("{q}{name}{q}");
        header.find(&quoted).map(|at| at + quoted.len())
    })?;
    Some(header[at..].trim_start().strip_prefix(':')?.trim_start())
}

/// Kind, width and order of bytes that a description such as `'<f8'` names.
fn number(descr: &str) -> Result<(Kind, usize, bool), String> {
    let Some(rest) = descr.strip_prefix(['\'', '"']) else {
        return Err(format!("records of several fields ({})", quote(descr)));
    };
    let name = rest.split(['\'', '"']).next().unwrap_or_default();
    let (big_endian, code) = match name.strip_prefix(['<', '>', '|', '=']) {
        Some(code) => (name.starts_with('>'), code),
        None => (false, name),
    };
    let (kind, width) = match code {
        "f4" => (Kind::Float, 4),
        "f8" => (Kind::Float, 8),
        "i1" => (Kind::Signed, 1),
        "i2" => (Kind::Signed, 2),
        "i4" => (Kind::Signed, 4),
        "i8" => (Kind::Signed, 8),
        "u1" | "b1" => (Kind::Unsigned, 1),
        "u2" => (Kind::Unsigned, 2),
        "u4" => (Kind::Unsigned, 4),
        "u8" => (Kind::Unsigned, 8),
        _ if code.starts_with('O') => {
            return Err("an array of Python objects (a pickle), which is not opened: it can run any program".to_owned());
        }
        _ => return Err(format!("numbers of the type '{}', none of f4, f8, i1 to i8, u1 to u8, b1", quote(name))),
    };
    Ok((kind, width, big_endian))
}

/// The axes of a tuple such as `(7532, 20)`.
fn shape(text: &str) -> Option<Vec<usize>> {
    let inside = text.strip_prefix('(')?.split_once(')')?.0;
    let axes = inside.split(',').map(str::trim).filter(|axis| !axis.is_empty());
    // Python 2 wrote long integers as `20L`.
    axes.map(|axis| axis.trim_end_matches('L').parse().ok()).collect()
}

fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    no_columns("arrays", options, reading)?;
    let wrong = |found: String, hint: Option<&str>| DataError::Content {
        path: input.name.clone(),
        found,
        valid: VALID.to_owned(),
        hint: hint.map(str::to_owned),
    };
    let hint = "save the numbers alone: numpy.save(file, numpy.asarray(array, dtype=float), allow_pickle=False)";
    let array = Array::parse(input.bytes()?).map_err(|found| {
        let hint = found.contains("pickle").then_some(hint);
        wrong(found, hint)
    })?;
    let (rows, columns) = array.size().map_err(|found| wrong(found, None))?;
    match (array.kind, columns) {
        (Kind::Float, 1) => return Err(wrong("one column of floats".to_owned(), None)),
        (Kind::Float, _) => {}
        (_, 1) => return labels(&array, rows, reading),
        _ => return Err(wrong(format!("{columns} columns of integers"), None)),
    }
    reading.guess(format!("rows are scores of the labels 0 to {}", columns - 1), None);
    for row in 0..rows {
        let place = Place::row(row as u64 + 1);
        let mut scores = Vec::with_capacity(columns);
        for column in 0..columns {
            let score = array.float(array.position(row, column));
            if !score.is_finite() {
                return Err(reading.error(&place, format!("{score} in column {column}"), "a finite number"));
            }
            scores.push((column.to_string(), score));
        }
        let predictions = vec![Prediction { scores, ..Prediction::default() }];
        reading.push(Record { place, predictions, ..Record::default() })?;
    }
    Ok(())
}

fn labels(array: &Array, rows: usize, reading: &mut Reading) -> Result<(), DataError> {
    reading.guess("numbers are labels", None);
    reading.outline.several = Some(false);
    for row in 0..rows {
        let gold = Some(Answer::labels([array.integer(array.position(row, 0)).to_string()]));
        reading.push(Record { place: Place::row(row as u64 + 1), gold, ..Record::default() })?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::formats::testing;
    use crate::read::Read;

    /// A file of a version, with its header padded as NumPy does.
    fn file(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend([version, 0]);
        let header = format!("{header}   \n");
        if version == 1 {
            out.extend((header.len() as u16).to_le_bytes());
        } else {
            out.extend((header.len() as u32).to_le_bytes());
        }
        out.extend(header.as_bytes());
        out.extend(data);
        out
    }

    fn dict(descr: &str, fortran: &str, shape: &str) -> String {
        format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}")
    }

    fn read(bytes: Vec<u8>) -> Result<Read, DataError> {
        testing::read("npy", &Input::memory("f.npy", bytes))
    }

    fn message(bytes: Vec<u8>) -> String {
        read(bytes).unwrap_err().to_string()
    }

    #[test]
    fn either_order_of_axes_and_bytes_gives_the_same_matrix() {
        let rows = [[0.25f32, 0.75, 0.0], [1.0, 0.0, -2.0]];
        let by_rows: Vec<u8> = rows.as_flattened().iter().flat_map(|x| x.to_le_bytes()).collect();
        let by_columns: Vec<u8> =
            (0..3).flat_map(|c| [rows[0][c], rows[1][c]]).flat_map(|x| f64::from(x).to_be_bytes()).collect();
        let expected =
            Matrix { rows: 2, columns: 3, values: rows.as_flattened().iter().map(|&x| f64::from(x)).collect() };
        let c = file(1, &dict("'<f4'", "False", "(2, 3)"), &by_rows);
        assert_eq!(read_matrix(&c), Ok(expected.clone()));
        let fortran = file(3, &dict("'>f8'", "True", "(2L, 3L)"), &by_columns);
        assert_eq!(read_matrix(&fortran), Ok(expected));
        let read = read(fortran).unwrap();
        let scores = &read.corpus.records[1].predictions[0].scores;
        assert_eq!(scores, &[("0".into(), 1.0), ("1".into(), 0.0), ("2".into(), -2.0)]);
        assert_eq!(read.corpus.records[1].place, Place::row(2));
        assert_eq!(read.guesses[0].what, "rows are scores of the labels 0 to 2");
    }

    #[test]
    fn integers_of_every_width_are_labels() {
        let of = |descr: &str, data: &[u8], n: usize| {
            let read = read(file(2, &dict(descr, "False", &format!("({n},)")), data)).unwrap();
            let label = |r: Record| r.gold.unwrap().labels.unwrap()[0].label.clone();
            read.corpus.records.into_iter().map(label).collect::<Vec<_>>()
        };
        assert_eq!(of("'|i1'", &[0xff, 3], 2), ["-1", "3"]);
        assert_eq!(of("'|u1'", &[0xff, 3], 2), ["255", "3"]);
        assert_eq!(of("'|b1'", &[0, 1], 2), ["0", "1"]);
        assert_eq!(of("'>u2'", &[1, 2], 1), ["258"]);
        assert_eq!(of("'<i4'", &(-7i32).to_le_bytes(), 1), ["-7"]);
        assert_eq!(of("'>i8'", &i64::MIN.to_be_bytes(), 1), ["-9223372036854775808"]);
        assert_eq!(of("\"<u8\"", &u64::MAX.to_le_bytes(), 1), ["18446744073709551615"]);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let of = |descr: &str, shape: &str, n: usize| message(file(1, &dict(descr, "False", shape), &vec![0; n]));
        assert!(of("'|O'", "(2,)", 30).contains("an array of Python objects (a pickle)"));
        assert!(of("'|O'", "(2,)", 30).contains("hint: save the numbers alone"));
        assert!(of("[('a', '<f4')]", "(2,)", 8).contains("records of several fields"));
        assert!(of("'<f2'", "(2, 2)", 8).contains("numbers of the type '<f2'"));
        assert!(of("'<U7'", "(2,)", 56).contains("numbers of the type '<U7'"));
        assert!(of("'<f8'", "(2, 2)", 31).contains("31 bytes of numbers where the header tells of 32"));
        assert!(of("'<f8'", "(2,)", 16).contains("one column of floats; valid: two axes of floats"));
        assert!(of("'<i8'", "(1, 2)", 16).contains("2 columns of integers"));
        assert!(of("'<f8'", "(1, 1, 2)", 16).contains("an array of 3 axes"));
        assert!(of("'<f8'", "()", 8).contains("an array of 0 axes"));
        assert!(of("'<f8'", "(-1, 2)", 8).contains("a header without 'shape'"));
        assert!(of("'<f8'", "(4611686018427387904, 4611686018427387904)", 0).contains("more numbers than can be"));
        assert!(of("'<f8'", "(1000000000000, 0)", 0).contains("rows without a number"));
        assert!(of(&"[".repeat(60_000), "(1,)", 0).contains("records of several fields"));
        let nan = [0.5f64.to_le_bytes(), f64::NAN.to_le_bytes()].concat();
        let found = message(file(1, &dict("'<f8'", "False", "(1, 2)"), &nan));
        assert_eq!(found, "f.npy: row 1: found NaN in column 1; valid: a finite number");
        assert!(message(b"\x93NUMPY\x09\0\0\0".to_vec()).contains("version 9.0 of the format"));
        assert!(message(b"\x93NUMPY\x02\0\xff\xff\xff\xff{".to_vec()).contains("cut off"));
        assert!(message(b"\x93NUMPY".to_vec()).contains("cut off"));
        assert!(message(b"text".to_vec()).contains("no NumPy array"));
    }

    proptest! {
        #[test]
        fn nothing_panics(
            version in 0u8..5, descr in "'[<>|]?[fiubO][0-9]'", shape in "\\([0-9]{0,3}(, ?[0-9]{0,2}){0,2}\\)",
            data in proptest::collection::vec(any::<u8>(), 0..64), cut in 0usize..200
        ) {
            let mut bytes = file(version, &dict(&descr, "True", &shape), &data);
            bytes.truncate(cut);
            let _ = read(bytes);
        }
    }
}
