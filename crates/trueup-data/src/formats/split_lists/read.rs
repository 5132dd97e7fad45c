//! Split lists on their way in.

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::WHOLE;
use crate::corpus::{Answer, Key, Place, Record};
use crate::error::{DataError, quote};
use crate::input::Input;
use crate::json::{reason, scalar, shape};
use crate::options::ReadOptions;
use crate::reading::Reading;

/// What an element must be, for messages.
const VALID: &str = "[text, label], or an object with \"text\" and \"label\"";
/// What the whole must be, for messages.
const WHOLE_VALID: &str = "one JSON object: {split: [[text, label], ...], ...}";

/// Walks over a JSON object of arrays.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// The line of `counted`.
    line: u64,
    counted: usize,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, counted: 0 }
    }

    /// The next byte that is no white space, and its line.
    fn peek(&mut self) -> (Option<u8>, u64) {
        let bytes = self.text.as_bytes();
        self.at += bytes[self.at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.line += memchr::memchr_iter(b'\n', &bytes[self.counted..self.at]).count() as u64;
        self.counted = self.at;
        (bytes.get(self.at).copied(), self.line)
    }

    /// Steps over one of `wanted`, and says which.
    fn step(&mut self, wanted: &[u8], reading: &Reading) -> Result<u8, DataError> {
        let (next, line) = self.peek();
        if let Some(byte) = next.filter(|byte| wanted.contains(byte)) {
            self.at += 1;
            return Ok(byte);
        }
        let found = if next.is_none() {
            "the end of the file".to_owned()
        } else {
            let rest: String = self.text[self.at..].chars().take(61).collect();
            format!("'{}'", quote(&rest))
        };
        let wanted: Vec<String> = wanted.iter().map(|&byte| format!("'{}'", char::from(byte))).collect();
        let found = format!("{found} where {} is needed", wanted.join(" or "));
        Err(reading.error(&Place::line(line), found, WHOLE_VALID))
    }

    /// The next value, and its line.
    fn value<T: for<'de> Deserialize<'de>>(&mut self, reading: &Reading) -> Result<(u64, T), DataError> {
        let (_, line) = self.peek();
        let mut stream = serde_json::Deserializer::from_str(&self.text[self.at..]).into_iter::<T>();
        let found = match stream.next() {
            Some(Ok(value)) => {
                self.at += stream.byte_offset();
                return Ok((line, value));
            }
            Some(Err(error)) => {
                // The line of the mistake, counted from that of the value.
                let line = line + error.line().saturating_sub(1) as u64;
                return Err(reading.error(
                    &Place::line(line),
                    format!("broken JSON ({})", reason(&error)),
                    WHOLE_VALID,
                ));
            }
            None => "the end of the file",
        };
        Err(reading.error(&Place::line(line), found, WHOLE_VALID))
    }
}

/// The fields of records that are objects.
struct Fields<'a> {
    text: &'a str,
    label: &'a str,
    id: &'a str,
    /// The metadata columns seen, shared by all records.
    columns: FxHashMap<String, Key>,
}

pub(super) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let mut scan = Scan::new(input.text()?);
    let name = |asked: &'static str, option: &'_ Option<String>| option.clone().unwrap_or_else(|| asked.to_owned());
    let (text, label, id) = (name("text", &options.text), name("label", &options.label), name("id", &options.id));
    let mut fields = Fields { text: &text, label: &label, id: &id, columns: FxHashMap::default() };
    reading.outline.several = Some(false);
    scan.step(b"{", reading)?;
    let mut splits: Vec<(String, usize)> = Vec::new();
    let mut records = Vec::new();
    let mut all = 0;
    let mut next = if scan.peek().0 == Some(b'}') { scan.step(b"}", reading)? } else { b',' };
    while next == b',' {
        let (_, split) = scan.value::<String>(reading)?;
        scan.step(b":", reading)?;
        scan.step(b"[", reading)?;
        let key: Key = split.as_str().into();
        let first = records.len();
        let mut after = if scan.peek().0 == Some(b']') { scan.step(b"]", reading)? } else { b',' };
        while after == b',' {
            let (line, value) = scan.value::<Value>(reading)?;
            all += 1;
            match record(line, value, &mut fields) {
                Ok(record) => records.push(Record { split: Some(key.clone()), ..record }),
                Err(found) => reading.remarks.skip_malformed_at(&Place::line(line), found, VALID)?,
            }
            after = scan.step(b",]", reading)?;
        }
        splits.push((split, records.len() - first));
        next = scan.step(b",}", reading)?;
    }
    if let (Some(_), line) = scan.peek() {
        let rest: String = scan.text[scan.at..].chars().take(61).collect();
        let found = format!("'{}' after the object", quote(&rest));
        return Err(reading.error(&Place::line(line), found, WHOLE_VALID));
    }
    reading.remarks.check_malformed(all, VALID, "is it another format? try --from")?;
    let whole = matches!(splits.as_slice(), [(name, _)] if name == WHOLE);
    if !whole && !splits.is_empty() {
        let names: Vec<String> = splits.iter().map(|(name, n)| format!("{name} ({n})")).collect();
        reading.guess(format!("the keys are splits: {}", crate::error::list(&names)), Some("--from"));
    }
    for mut record in records {
        if whole {
            record.split = None;
        }
        reading.ids_from_column |= record.id.is_some();
        reading.push(record)?;
    }
    Ok(())
}

/// A record of an element; an error is a noun phrase.
fn record(line: u64, value: Value, names: &mut Fields) -> Result<Record, String> {
    let place = Place::line(line);
    let gold = |value: Option<&Value>| match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match scalar(value) {
            Some(label) => Ok(Some(Answer::labels([label]))),
            None => Err(format!("{} where a label is needed", shape(value))),
        },
    };
    match value {
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(_), label] => {
                let gold = gold(Some(label))?;
                let text = parts.into_iter().next().and_then(|text| scalar(&text));
                Ok(Record { place, text, gold, ..Record::default() })
            }
            _ => Err(shape(&Value::Array(parts))),
        },
        Value::Object(fields) if !matches!(fields.get(names.text), Some(Value::String(_))) => {
            Err(format!("{} without '{}'", shape(&Value::Object(fields)), quote(names.text)))
        }
        Value::Object(fields) => object(place, fields, names, gold),
        other => Err(shape(&other)),
    }
}

fn object(
    place: Place,
    fields: Map<String, Value>,
    names: &mut Fields,
    gold: impl Fn(Option<&Value>) -> Result<Option<Answer>, String>,
) -> Result<Record, String> {
    let mut record = Record { place, ..Record::default() };
    for (key, value) in fields {
        if key == names.text {
            record.text = scalar(&value);
        } else if key == names.label {
            record.gold = gold(Some(&value))?;
        } else if key == names.id && scalar(&value).is_some() {
            record.id = scalar(&value);
        } else {
            let column = names.columns.entry(key).or_insert_with_key(|key| key.as_str().into());
            record.metadata.push((column.clone(), value));
        }
    }
    Ok(record)
}
