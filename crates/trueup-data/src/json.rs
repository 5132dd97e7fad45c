//! JSON on its way in: objects of lines or of an array, with the line where each begins.

use rayon::prelude::*;
use serde_json::{Map, Value};

use crate::error::{DataError, quote};
use crate::options::Remarks;

/// What a record must be, for messages.
pub(crate) const VALID: &str = "one JSON object a line, or one array of objects";

/// A JSON object with the line where it starts and its number, both from 1.
#[derive(Debug)]
pub(crate) struct Object {
    pub line: u64,
    pub number: u64,
    pub fields: Map<String, Value>,
}

/// Whether a text is one array.
pub(crate) fn is_array(text: &str) -> bool {
    text.trim_start().starts_with('[')
}

/// All objects of a text, whether an array or lines; what is none is skipped and listed, or an error where there are
/// many.
pub(crate) fn objects(text: &str, remarks: &mut Remarks) -> Result<Vec<Object>, DataError> {
    let hint = "is it another format? try --from";
    if is_array(text) {
        let mut objects = Vec::new();
        remarks.guess("the file is one JSON array", Some("--from"));
        for (number, element) in (1..).zip(elements(text)) {
            let (line, value) = element.map_err(|(line, found)| remarks.error(line, found, VALID))?;
            match value {
                Value::Object(fields) => objects.push(Object { line, number, fields }),
                other => remarks.skip_malformed(line, format!("{} where an object is needed", shape(&other)), VALID)?,
            }
        }
        remarks.check_malformed(objects.len() + remarks.skipped.len(), VALID, hint)?;
        return Ok(objects);
    }
    Ok(first_lines(text, remarks)?.0)
}

/// The objects of lines, and how many records there are with what was skipped; an error where that is much.
pub(crate) fn first_lines(text: &str, remarks: &mut Remarks) -> Result<(Vec<Object>, u64), DataError> {
    let mut objects = Vec::new();
    let take = |object, _: &mut Remarks| {
        objects.push(object);
        Ok(())
    };
    let number = each_line(text, (1, 0), |_, _| None, |object| object, remarks, take)?;
    let hint = if objects.is_empty() && serde_json::from_str::<Value>(text).is_ok() {
        "this is one JSON object over several lines: write its records as JSON lines"
    } else {
        "is it another format? try --from"
    };
    remarks.check_malformed(number as usize, VALID, hint)?;
    Ok((objects, number))
}

/// How many lines one thread takes at once.
const LINES: usize = 512;
/// How many lines are parsed before what they hold is handed on.
const PIECE: usize = 32_768;

/// Hands on what `quick` makes of each line, given its number and that of its record, and where that is nothing, what
/// `make` makes of its object; in order. Both run side by side. The text begins at a line and after a number of records;
/// answers the number of records with its own.
pub(crate) fn each_line<T: Send>(
    text: &str,
    (line, before): (u64, u64),
    quick: impl Fn(&str, (u64, u64)) -> Option<T> + Sync,
    make: impl Fn(Object) -> T + Sync,
    remarks: &mut Remarks,
    mut take: impl FnMut(T, &mut Remarks) -> Result<(), DataError>,
) -> Result<u64, DataError> {
    // Not `lines`: U+2028 and the like may stand raw in JSON strings, and only `\n` ends a record.
    let lines: Vec<(u64, &str)> =
        (line..).zip(text.split('\n')).filter(|(_, text)| !text.bytes().all(|b| b.is_ascii_whitespace())).collect();
    for (piece, lines) in lines.chunks(PIECE).enumerate() {
        let first = before + (piece * PIECE) as u64 + 1;
        let made: Vec<Result<T, String>> = lines
            .par_iter()
            .enumerate()
            .with_min_len(LINES)
            .map(|(i, &(line, text))| {
                let number = first + i as u64;
                if let Some(made) = quick(text, (line, number)) {
                    return Ok(made);
                }
                match serde_json::from_str(text) {
                    Ok(Value::Object(fields)) => Ok(make(Object { line, number, fields })),
                    Ok(other) => Err(format!("{} where an object is needed", shape(&other))),
                    Err(error) => Err(format!("'{}' ({} at column {})", quote(text), reason(&error), error.column())),
                }
            })
            .collect();
        for ((line, _), made) in lines.iter().zip(made) {
            match made {
                Ok(made) => take(made, remarks)?,
                Err(found) => remarks.skip_malformed(*line, found, VALID)?,
            }
        }
    }
    Ok(before + lines.len() as u64)
}

/// The one JSON value of a text; an error has the place of what is wrong.
pub(crate) fn value(text: &str, remarks: &Remarks) -> Result<Value, DataError> {
    serde_json::from_str(text).map_err(|error| {
        let found = format!("broken JSON ({} at column {})", reason(&error), error.column());
        remarks.error(error.line() as u64, found, "one JSON value")
    })
}

/// What the JSON reader says, without its own place.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    quote(text.split(" at line ").next().unwrap_or_default())
}

/// The elements of a JSON array one by one, with the line where each starts; an error is a line and a noun phrase, and
/// ends the iteration.
pub(crate) fn elements(text: &str) -> impl Iterator<Item = Result<(u64, Value), (u64, String)>> {
    let bytes = text.as_bytes();
    let mut at = text.find('[').map_or(text.len(), |i| i + 1);
    let (mut line, mut counted, mut first, mut over) = (1, 0, true, false);
    let skip_space = move |at: usize| at + bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    std::iter::from_fn(move || {
        if over {
            return None;
        }
        at = skip_space(at);
        line += memchr::memchr_iter(b'\n', &bytes[counted..at]).count() as u64;
        counted = at;
        let end = |at: usize| {
            let rest: String = text[skip_space(at + 1)..].chars().take(61).collect();
            (!rest.is_empty()).then(|| Err((line, format!("'{}' after the array", quote(&rest)))))
        };
        if bytes.get(at) == Some(&b']') && first {
            over = true;
            return end(at);
        }
        let mut stream = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        let value = match stream.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                over = true;
                // The line of the mistake, counted from that of the element.
                let place = line + error.line().saturating_sub(1) as u64;
                return Some(Err((place, format!("broken JSON ({})", reason(&error)))));
            }
            None => {
                over = true;
                return Some(Err((line, "the end of the file inside the array".to_owned())));
            }
        };
        let start = line;
        first = false;
        at = skip_space(at + stream.byte_offset());
        match bytes.get(at) {
            Some(b',') => at += 1,
            Some(b']') => {
                over = true;
                if let Some(error) = end(at) {
                    return Some(error);
                }
            }
            Some(_) => {
                over = true;
                let rest: String = text[at..].chars().take(61).collect();
                return Some(Err((start, format!("'{}' after an element", quote(&rest)))));
            }
            None => {
                over = true;
                return Some(Err((start, "the end of the file inside the array".to_owned())));
            }
        }
        Some(Ok((start, value)))
    })
}

/// The elements of a JSON array as they stand, unparsed, with the line where each starts: a scan of brackets and strings,
/// so that they can be parsed side by side. What is wrong inside an element is left to its parser; an error is a line and
/// a noun phrase.
pub(crate) fn split_elements(text: &str) -> Result<Vec<(u64, &str)>, (u64, String)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let Some(open) = bytes.iter().position(|b| !b.is_ascii_whitespace()).filter(|&at| bytes[at] == b'[') else {
        return Err((1, "no array".to_owned()));
    };
    let (mut depth, mut at, mut line, mut counted) = (0usize, open + 1, 1u64, 0usize);
    let mut start: Option<usize> = None;
    let mut lines = |to: usize| {
        line += memchr::memchr_iter(b'\n', &bytes[counted..to]).count() as u64;
        counted = to;
        line
    };
    // Whether a value must follow: after a comma.
    let mut owed = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                start.get_or_insert(at);
                at += 1;
                loop {
                    let Some(step) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) else {
                        let from = start.unwrap_or(at.min(bytes.len()));
                        return Err((lines(from), "the end of the file inside a string".to_owned()));
                    };
                    at += step;
                    if bytes[at] == b'"' {
                        break;
                    }
                    at += 2;
                }
            }
            b'{' | b'[' => {
                start.get_or_insert(at);
                depth += 1;
            }
            b'}' | b']' if depth > 0 => depth -= 1,
            b',' | b']' if depth == 0 => {
                let end = byte == b']';
                match start.take() {
                    Some(from) => found.push((lines(from), text[from..at].trim_ascii_end())),
                    None if end && !owed => {}
                    None => return Err((lines(at), format!("'{}' where a value is needed", byte as char))),
                }
                owed = true;
                if end {
                    let rest = text[at + 1..].trim_ascii_start();
                    if rest.is_empty() {
                        return Ok(found);
                    }
                    let shown: String = rest.chars().take(61).collect();
                    return Err((lines(text.len() - rest.len()), format!("'{}' after the array", quote(&shown))));
                }
            }
            _ => {
                if !byte.is_ascii_whitespace() {
                    start.get_or_insert(at);
                }
            }
        }
        at += 1;
    }
    Err((lines(start.unwrap_or(bytes.len())), "the end of the file inside the array".to_owned()))
}

/// A string, number or truth value as text.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// A JSON value for a message.
pub(crate) fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Object(_) => format!("the object {}", quote(&value.to_string())),
        Value::Array(_) => format!("the list {}", quote(&value.to_string())),
        other => quote(&other.to_string()),
    }
}

/// Appends a JSON string.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    // Writing a string into memory does not fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_split_as_they_are_parsed() {
        for text in ["[]", " [1,\n\n 2]\n", r#"["a\"]", {"b": ["]", 1]}, [[]]]"#, "[{\"a\":\n\"\\\\\"},\n null ]"] {
            let parsed: Vec<(u64, Value)> = elements(text).map(Result::unwrap_or_default).collect();
            let split = split_elements(text).unwrap_or_default();
            let values: Vec<(u64, Value)> =
                split.iter().map(|(line, text)| (*line, serde_json::from_str(text).unwrap_or_default())).collect();
            assert_eq!(values, parsed, "{text}");
        }
        let wrong = |text| split_elements(text).err().map(|(line, found)| format!("{line}: {found}"));
        assert_eq!(wrong("[1,\n2").as_deref(), Some("2: the end of the file inside the array"));
        assert_eq!(wrong("[1,\n{\"a\": \"").as_deref(), Some("2: the end of the file inside a string"));
        assert_eq!(wrong("[1,]").as_deref(), Some("1: ']' where a value is needed"));
        assert_eq!(wrong("[1]\nx").as_deref(), Some("2: 'x' after the array"));
        assert_eq!(wrong("{}").as_deref(), Some("1: no array"));
        assert_eq!(wrong("[\"\\").as_deref(), Some("1: the end of the file inside a string"));
    }

    #[test]
    fn elements_have_their_lines_and_errors_their_places() {
        let of = |text| elements(text).collect::<Vec<_>>();
        assert_eq!(of("[1,\n\n 2]\n"), [Ok((1, 1.into())), Ok((3, 2.into()))]);
        assert_eq!(of(" []"), []);
        assert!(matches!(&of("[1,\n {\"a\":\n}]")[1], Err((3, found)) if found.starts_with("broken JSON")));
        assert!(matches!(&of("[1")[0], Err((1, found)) if found.contains("inside the array")));
        assert!(matches!(&of("[1 2]")[0], Err((1, found)) if found.contains("after an element")));
        assert!(matches!(&of("[1] x")[0], Err((1, found)) if found.contains("after the array")));
    }
}
