//! MessagePack, as far as DocBin files use it. Values are pulled one by one, so that a length in a hostile file makes
//! nothing be reserved.

use serde_json::{Map, Number, Value};

/// How deep values of user data may nest.
const DEPTH: usize = 64;

/// One value, or the head of a list or map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Item<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    /// Beyond the signed range only.
    Big(u64),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// A type of somebody's own; NumPy's values among them.
    Foreign,
    List(u32),
    Map(u32),
}

impl Item<'_> {
    /// The value for a message.
    pub fn shape(self) -> &'static str {
        match self {
            Self::Nil => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Big(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Foreign => "a value of a foreign type",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// A number, or a truth value as one.
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Bool(yes) => Some(f64::from(u8::from(yes))),
            Self::Int(n) => Some(n as f64),
            Self::Big(n) => Some(n as f64),
            Self::Float(x) => Some(x),
            _ => None,
        }
    }
}

/// Pulls values off bytes; errors are noun phrases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unpack<'a> {
    rest: &'a [u8],
}

impl<'a> Unpack<'a> {
    /// From the first of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        match self.rest.split_at_checked(n) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(format!("the end of the data where {n} bytes were announced")),
        }
    }

    fn unsigned(&mut self, bytes: usize) -> Result<u64, String> {
        Ok(self.take(bytes)?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }

    fn signed(&mut self, bytes: usize) -> Result<i64, String> {
        let shift = 64 - 8 * bytes as u32;
        Ok((self.unsigned(bytes)? << shift).cast_signed() >> shift)
    }

    fn text(&mut self, n: u64) -> Result<Item<'a>, String> {
        let bytes = self.take(n as usize)?;
        std::str::from_utf8(bytes).map(Item::Text).map_err(|_| "text that is not UTF-8".to_owned())
    }

    /// The next value; of a list or map, its head.
    pub fn next(&mut self) -> Result<Item<'a>, String> {
        let marker = self.take(1)?[0];
        Ok(match marker {
            0x00..=0x7f => Item::Int(i64::from(marker)),
            0x80..=0x8f => Item::Map(u32::from(marker & 0x0f)),
            0x90..=0x9f => Item::List(u32::from(marker & 0x0f)),
            0xa0..=0xbf => self.text(u64::from(marker & 0x1f))?,
            0xc0 => Item::Nil,
            0xc1 => return Err("a byte that MessagePack does not use".to_owned()),
            0xc2 | 0xc3 => Item::Bool(marker == 0xc3),
            0xc4..=0xc6 => {
                let n = self.unsigned(1 << (marker - 0xc4))?;
                Item::Bytes(self.take(n as usize)?)
            }
            0xc7..=0xc9 => {
                let n = self.unsigned(1 << (marker - 0xc7))?;
                self.take(1 + n as usize)?;
                Item::Foreign
            }
            0xca => Item::Float(f64::from(f32::from_bits(self.unsigned(4)? as u32))),
            0xcb => Item::Float(f64::from_bits(self.unsigned(8)?)),
            0xcc..=0xcf => {
                let n = self.unsigned(1 << (marker - 0xcc))?;
                i64::try_from(n).map_or(Item::Big(n), Item::Int)
            }
            0xd0..=0xd3 => Item::Int(self.signed(1 << (marker - 0xd0))?),
            0xd4..=0xd8 => {
                self.take(1 + (1 << (marker - 0xd4)))?;
                Item::Foreign
            }
            0xd9..=0xdb => {
                let n = self.unsigned(1 << (marker - 0xd9))?;
                self.text(n)?
            }
            0xdc | 0xdd => Item::List(self.unsigned(2 << (marker - 0xdc))? as u32),
            0xde | 0xdf => Item::Map(self.unsigned(2 << (marker - 0xde))? as u32),
            0xe0..=0xff => Item::Int(i64::from(marker.cast_signed())),
        })
    }

    /// Passes over the next value, whole.
    pub fn skip(&mut self) -> Result<(), String> {
        let mut left = 1u64;
        while left > 0 {
            left -= 1;
            match self.next()? {
                Item::List(n) => left += u64::from(n),
                Item::Map(n) => left += 2 * u64::from(n),
                _ => {}
            }
        }
        Ok(())
    }

    /// The bytes of the next value, whole.
    pub fn slice(&mut self) -> Result<&'a [u8], String> {
        let before = self.rest;
        self.skip()?;
        Ok(&before[..before.len() - self.rest.len()])
    }

    /// The length of a list.
    pub fn list(&mut self) -> Result<u32, String> {
        match self.next()? {
            Item::List(n) => Ok(n),
            other => Err(format!("{} where a list is needed", other.shape())),
        }
    }

    /// The length of a map.
    pub fn map(&mut self) -> Result<u32, String> {
        match self.next()? {
            Item::Map(n) => Ok(n),
            other => Err(format!("{} where a map is needed", other.shape())),
        }
    }

    /// A text.
    pub fn string(&mut self) -> Result<&'a str, String> {
        match self.next()? {
            Item::Text(text) => Ok(text),
            other => Err(format!("{} where text is needed", other.shape())),
        }
    }

    /// Bytes; nothing counts as none, and text as its bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8], String> {
        match self.next()? {
            Item::Bytes(bytes) => Ok(bytes),
            Item::Text(text) => Ok(text.as_bytes()),
            Item::Nil => Ok(&[]),
            other => Err(format!("{} where bytes are needed", other.shape())),
        }
    }

    /// The next value as JSON; the inner `None` is a value that JSON has no form for.
    pub fn json(&mut self) -> Result<Option<Value>, String> {
        self.json_at(DEPTH)
    }

    fn json_at(&mut self, depth: usize) -> Result<Option<Value>, String> {
        let Some(inner) = depth.checked_sub(1) else {
            return Err(format!("values nested more than {DEPTH} deep"));
        };
        Ok(match self.next()? {
            Item::Nil => Some(Value::Null),
            Item::Bool(yes) => Some(Value::Bool(yes)),
            Item::Int(n) => Some(n.into()),
            Item::Big(n) => Some(n.into()),
            Item::Float(x) => Number::from_f64(x).map(Value::Number),
            Item::Text(text) => Some(text.into()),
            Item::Bytes(_) | Item::Foreign => None,
            Item::List(n) => {
                let mut values = Some(Vec::new());
                for _ in 0..n {
                    match (self.json_at(inner)?, &mut values) {
                        (Some(value), Some(values)) => values.push(value),
                        _ => values = None,
                    }
                }
                values.map(Value::Array)
            }
            Item::Map(n) => {
                let mut fields = Some(Map::new());
                for _ in 0..n {
                    let key = self.json_at(inner)?;
                    let value = self.json_at(inner)?;
                    match (key, value, &mut fields) {
                        (Some(Value::String(key)), Some(value), Some(fields)) => {
                            fields.insert(key, value);
                        }
                        _ => fields = None,
                    }
                }
                fields.map(Value::Object)
            }
        })
    }
}

/// Appends a value's marker and its length or number in the fewest bytes, as Python's msgpack does: `small` is the
/// marker and limit of lengths within it, `markers` those of one, two and four bytes.
fn head(out: &mut Vec<u8>, n: usize, small: Option<(u8, usize)>, markers: [Option<u8>; 3]) {
    if let Some((marker, _)) = small.filter(|&(_, limit)| n < limit) {
        out.push(marker | n as u8);
        return;
    }
    if let Some(marker) = markers[0].filter(|_| n < 1 << 8) {
        out.extend([marker, n as u8]);
    } else if let Some(marker) = markers[1].filter(|_| n < 1 << 16) {
        out.push(marker);
        out.extend((n as u16).to_be_bytes());
    } else {
        out.push(markers[2].unwrap_or_default());
        out.extend((n as u32).to_be_bytes());
    }
}

pub(super) fn list(out: &mut Vec<u8>, n: usize) {
    head(out, n, Some((0x90, 16)), [None, Some(0xdc), Some(0xdd)]);
}

pub(super) fn map(out: &mut Vec<u8>, n: usize) {
    head(out, n, Some((0x80, 16)), [None, Some(0xde), Some(0xdf)]);
}

pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    head(out, text.len(), Some((0xa0, 32)), [Some(0xd9), Some(0xda), Some(0xdb)]);
    out.extend(text.as_bytes());
}

/// The head of bytes, which follow.
pub(super) fn bytes_head(out: &mut Vec<u8>, n: usize) {
    head(out, n, None, [Some(0xc4), Some(0xc5), Some(0xc6)]);
}

pub(super) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    bytes_head(out, bytes.len());
    out.extend(bytes);
}

pub(super) fn boolean(out: &mut Vec<u8>, yes: bool) {
    out.push(0xc2 + u8::from(yes));
}

pub(super) fn float(out: &mut Vec<u8>, x: f64) {
    out.push(0xcb);
    out.extend(x.to_be_bytes());
}

pub(super) fn nil(out: &mut Vec<u8>) {
    out.push(0xc0);
}

pub(super) fn unsigned(out: &mut Vec<u8>, n: u64) {
    if n < 1 << 32 {
        head(out, n as usize, Some((0, 128)), [Some(0xcc), Some(0xcd), Some(0xce)]);
    } else {
        out.push(0xcf);
        out.extend(n.to_be_bytes());
    }
}

fn signed(out: &mut Vec<u8>, n: i64) {
    match n {
        0.. => unsigned(out, n as u64),
        -32..0 => out.push(n as i8 as u8),
        _ => {
            out.push(0xd3);
            out.extend(n.to_be_bytes());
        }
    }
}

/// A JSON value; what nests deeper than is read becomes nothing.
pub(super) fn json(out: &mut Vec<u8>, value: &Value) {
    json_at(out, value, DEPTH);
}

fn json_at(out: &mut Vec<u8>, value: &Value, depth: usize) {
    let Some(inner) = depth.checked_sub(1) else {
        return nil(out);
    };
    match value {
        Value::Null => nil(out),
        Value::Bool(yes) => boolean(out, *yes),
        Value::Number(n) => match (n.as_u64(), n.as_i64()) {
            (Some(n), _) => unsigned(out, n),
            (None, Some(n)) => signed(out, n),
            (None, None) => float(out, n.as_f64().unwrap_or_default()),
        },
        Value::String(string) => text(out, string),
        Value::Array(values) => {
            list(out, values.len());
            values.iter().for_each(|value| json_at(out, value, inner));
        }
        Value::Object(fields) => {
            map(out, fields.len());
            for (key, value) in fields {
                text(out, key);
                json_at(out, value, inner);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn json_comes_back_and_is_what_rmpv_reads() {
        let long = "x".repeat(70_000);
        let value = serde_json::json!({
            "n": [0, 127, 128, 255, 256, 65_535, 65_536, 4_294_967_296_u64, u64::MAX, -1, -32, -33, -40_000, i64::MIN],
            "x": [0.5, -1e300], "b": [true, false, null], "t": ["", "é", "y".repeat(31), "z".repeat(32), "w".repeat(300)],
            "long": long, "list": vec![1; 70_000], "deep": [[[[[{"a": []}]]]]],
        });
        let mut out = Vec::new();
        json(&mut out, &value);
        assert_eq!(Unpack::new(&out).json().unwrap(), Some(value));
        assert!(rmpv::decode::read_value(&mut out.as_slice()).is_ok());
        let mut unpack = Unpack::new(&out);
        assert_eq!(unpack.slice().unwrap().len(), out.len());
        for cut in [0, 1, 5, 100, out.len() - 1] {
            assert!(Unpack::new(&out[..cut]).json().is_err() && Unpack::new(&out[..cut]).skip().is_err());
        }
    }

    #[test]
    fn hostile_lengths_and_depths_are_errors() {
        for bytes in
            [&[0xdd, 0xff, 0xff, 0xff, 0xff][..], &[0xdf, 0xff, 0xff, 0xff, 0xff], &[0xc6, 0xff, 0xff, 0xff, 0xff]]
        {
            assert!(Unpack::new(bytes).json().is_err() && Unpack::new(bytes).skip().is_err());
        }
        assert!(Unpack::new(&vec![0x91; 100_000]).json().is_err());
        assert!(Unpack::new(&vec![0x91; 100_000]).skip().is_err());
        assert_eq!(Unpack::new(&[0xd4, 1, 2]).json(), Ok(None));
        assert!(Unpack::new(&[0xa1, 0xff]).next().unwrap_err().contains("UTF-8"));
    }
}
