//! What the formats of annotation tools share: a JSON object a task, spans counted in code points, metadata at two
//! levels, and what is said of spans that do not fit their text.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};
use trueup_core::offsets::Offsets;

use crate::corpus::{Key, Place, Record};
use crate::error::{DataError, quote};
use crate::holds::{Loss, Losses};
use crate::json::{self, Object, shape};
use crate::options::{Remarks, count};
use crate::quoted::{self, Quoted};
use crate::reading::Reading;

/// What a span must be, for messages.
pub(crate) const VALID_SPAN: &str = "a span inside the text, in code points, the end exclusive";

/// The objects of a text: one a line, one array, or objects over several lines one after the other.
pub(crate) fn objects(text: &str, remarks: &mut Remarks) -> Result<Vec<Object>, DataError> {
    let first = text.trim_start().lines().next().unwrap_or_default();
    if !first.starts_with('{') || serde_json::from_str::<Value>(first).is_ok() {
        return json::objects(text, remarks);
    }
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let (mut line, mut at) = (1, 0);
    let mut found: Vec<Object> = Vec::new();
    loop {
        let start = at + text[at..].len() - text[at..].trim_start().len();
        line += memchr::memchr_iter(b'\n', &text.as_bytes()[at..start]).count() as u64;
        at = start;
        match stream.next() {
            None => return Ok(found),
            Some(Ok(Value::Object(fields))) => found.push(Object { line, number: found.len() as u64 + 1, fields }),
            // The first one is broken: lines, of which the first is broken, have better messages.
            Some(_) if found.is_empty() => return json::objects(text, remarks),
            Some(Ok(other)) => {
                return Err(remarks.error(line, format!("{} where an object is needed", shape(&other)), json::VALID));
            }
            Some(Err(error)) => {
                let found = format!("broken JSON ({})", json::reason(&error));
                return Err(remarks.error((error.line() as u64).max(line), found, json::VALID));
            }
        }
        let end = stream.byte_offset();
        line += memchr::memchr_iter(b'\n', &text.as_bytes()[at..end]).count() as u64;
        at = end;
    }
}

/// A position: a whole number that is not negative, also where a table turned it into `5.0`.
pub(crate) fn position(value: Option<&Value>) -> Option<usize> {
    let value = value?;
    let whole = |x: f64| (x >= 0.0 && x.fract() == 0.0 && x < 4_294_967_296.0).then_some(x as usize);
    value.as_u64().and_then(|n| usize::try_from(n).ok()).or_else(|| value.as_f64().and_then(whole))
}

/// Names that many records share.
#[derive(Debug, Default)]
pub(crate) struct Keys(FxHashMap<String, Key>);

impl Keys {
    /// The shared name.
    pub fn get(&mut self, name: &str) -> Key {
        if let Some(key) = self.0.get(name) {
            return key.clone();
        }
        let key: Key = name.into();
        self.0.insert(name.to_owned(), key.clone());
        key
    }

    /// Takes a field of a task as metadata: the entries of the object `meta` one by one, anything else as it is.
    pub fn take(&mut self, name: &str, value: Value, metadata: &mut Vec<(Key, Value)>) {
        match value {
            Value::Object(inner) if name == "meta" => {
                for (key, value) in inner {
                    metadata.push((self.get(&format!("meta.{key}")), value));
                }
            }
            value => metadata.push((self.get(name), value)),
        }
    }
}

/// Puts a record's metadata into a task: `meta.x` into the object `meta`, the rest beside the text. What would take the
/// place of a field with a meaning goes into `meta` too, which is noted.
pub(crate) fn put_metadata(task: &mut Map<String, Value>, record: &Record, taken: &[&str], losses: &mut Losses) {
    for (key, value) in &record.metadata {
        let inner = key.strip_prefix("meta.");
        if inner.is_none() && !taken.contains(&&**key) && !task.contains_key(&**key) {
            task.insert(key.to_string(), value.clone());
            continue;
        }
        if inner.is_none() {
            losses.add(Loss::Metadata, &record.place, || {
                format!("the column '{0}', whose name has a meaning in the format, became 'meta.{0}'", quote(key))
            });
        }
        let name = inner.unwrap_or(key).to_owned();
        match task.entry("meta").or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(meta) => {
                meta.insert(name, value.clone());
            }
            _ => losses.add(Loss::Metadata, &record.place, || format!("the column '{}'", quote(key))),
        }
    }
}

/// Places the spans of a file, and counts those that had to be moved or left out.
#[derive(Debug, Default)]
pub(crate) struct SpanCheck {
    seen: usize,
    moved: usize,
    first_moved: Option<Place>,
    left_out: usize,
    first_left_out: Option<(Place, String)>,
}

impl SpanCheck {
    /// The bytes of a span in `offsets`' unit; `None` when it is left out. `quoted` is the text that comes with it.
    pub fn range(
        &mut self,
        text: &str,
        offsets: &Offsets,
        span: (Option<usize>, Option<usize>, Option<&str>),
        place: &Place,
        reading: &mut Reading,
    ) -> Result<Option<(usize, usize)>, DataError> {
        let (Some(start), Some(end)) = (span.0, span.1) else {
            self.leave_out(place, "a span without whole numbers for its start and end".to_owned(), reading)?;
            return Ok(None);
        };
        let placed = match span.2 {
            Some(quoted) => quoted::place(text, offsets, start, end, quoted),
            None => match offsets.range(start, end) {
                Ok((from, to)) => Quoted::Agrees(from, to),
                Err(found) => Quoted::Broken(found),
            },
        };
        self.seen += 1;
        match placed {
            Quoted::Agrees(from, to) => Ok(Some((from, to))),
            Quoted::Repaired(from, to) => {
                self.moved += 1;
                self.first_moved.get_or_insert_with(|| place.clone());
                Ok(Some((from, to)))
            }
            Quoted::Broken(found) => {
                self.seen -= 1;
                self.leave_out(place, found, reading)?;
                Ok(None)
            }
        }
    }

    /// Leaves a span out.
    pub fn leave_out(&mut self, place: &Place, found: String, reading: &mut Reading) -> Result<(), DataError> {
        self.seen += 1;
        self.left_out += 1;
        self.first_left_out.get_or_insert_with(|| (place.clone(), found.clone()));
        reading.skip(place, found, VALID_SPAN)
    }

    /// Says what happened; an error when more than a tenth of the spans (and more than one) do not fit.
    pub fn say(self, reading: &mut Reading) -> Result<(), DataError> {
        if let Some(place) = self.first_moved {
            let what = if self.moved == 1 { "did not cover its" } else { "did not cover their" };
            let moved = if self.moved == 1 { "was moved" } else { "were moved" };
            reading
                .note(format!("{} {what} quoted text and {moved} to it (first at {place})", count(self.moved, "span")));
        }
        if let Some((place, found)) = self.first_left_out {
            if self.left_out > 1.max(self.seen / 10) {
                return Err(DataError::TooMany {
                    path: reading.remarks.path.clone(),
                    line: place.number,
                    found,
                    count: self.left_out as u32,
                    of: self.seen as u32,
                    unit: "spans",
                    valid: VALID_SPAN.to_owned(),
                    hint: "do the spans belong to these texts, and are they counted in code points?",
                });
            }
            let were = if self.left_out == 1 { "was" } else { "were" };
            reading.note(format!("{} {were} left out (first at {place}: {found})", count(self.left_out, "span")));
        }
        Ok(())
    }
}

/// The records of a file that are no text tasks: what they hold instead.
pub(crate) fn medium(task: &Map<String, Value>) -> Option<&'static str> {
    [("image", "an image"), ("audio", "a sound"), ("video", "a video")]
        .into_iter()
        .find(|(key, _)| task.contains_key(*key))
        .map(|(_, what)| what)
}

/// Appends a task as a line.
pub(crate) fn push_line(out: &mut Vec<u8>, task: &Map<String, Value>) {
    // Writing into memory does not fail.
    let _ = serde_json::to_writer(&mut *out, task);
    out.push(b'\n');
}

/// A number where the text is one as JSON writes it, so that it comes back the same; else the text.
pub(crate) fn number_or_text(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(n) if n.to_string() == text => Value::from(n),
        _ => Value::from(text),
    }
}

#[cfg(test)]
pub(crate) mod real {
    use std::path::PathBuf;

    use crate::corpus::Corpus;
    use crate::formats::testing;
    use crate::input::Input;
    use crate::options::ReadOptions;
    use crate::read::{Read, corpus};

    /// The input of a file of the public data, where it is there.
    pub(crate) fn open(file: &str) -> Option<Input> {
        let folder = std::env::var_os("TRUEUP_DATA")
            .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
        let path = folder.join(file);
        path.exists().then(|| Input::open(&path).expect("a file that can be read"))
    }

    /// Reads a real file in the format that its content shows, and demands that it comes back from what is written.
    pub(crate) fn round_trip(format: &str, file: &str) -> Option<Read> {
        let input = open(file)?;
        let read = corpus(&input, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(read.format.name(), format, "{file}");
        let records = testing::cut(read.corpus.records.clone(), read.format.holds());
        let cut = Corpus { records: records.clone(), outline: read.corpus.outline.clone() };
        let (files, losses) = testing::write(format, &cut);
        assert!(losses.is_empty(), "{file}: {losses:?}");
        let back = testing::read(format, &testing::input(files)).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(testing::bare(back.corpus.records), testing::bare(records), "{file}");
        Some(read)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<(u64, usize)>, String> {
        let found = objects(text, &mut Remarks::new("f", false)).map_err(|e| e.to_string())?;
        Ok(found.into_iter().map(|o| (o.line, o.fields.len())).collect())
    }

    #[test]
    fn objects_of_lines_arrays_and_several_lines_are_read() {
        assert_eq!(of("{\"a\": 1}\n\n{\"a\": 2}\n"), Ok(vec![(1, 1), (3, 1)]));
        assert_eq!(of("[{\"a\": 1},\n{\"a\": 2, \"b\": 3}]"), Ok(vec![(1, 1), (2, 2)]));
        assert_eq!(of("\n{\n \"a\": 1\n}\n{\n \"a\":\n 2}\n"), Ok(vec![(2, 1), (5, 1)]));
        assert!(of("{\n \"a\": 1\n}\n{\n \"a\": }\n").unwrap_err().contains("line 5: found broken JSON"));
        assert!(of("{\n \"a\": 1\n").is_err());
        assert!(of(&"{\"a\":".repeat(1_000)).is_err());
    }

    #[test]
    fn positions_are_whole_numbers_that_are_not_negative() {
        let of = |json: &str| position(Some(&serde_json::from_str(json).unwrap()));
        assert_eq!(
            [of("3"), of("3.0"), of("-1"), of("0.5"), of("1e300"), of("\"3\"")],
            [Some(3), Some(3), None, None, None, None]
        );
    }
}
