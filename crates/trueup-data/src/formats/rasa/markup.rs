//! Entities marked in the text of an example: `[text](type)`, `[text](type:value)`, `[text]{"entity": ...}`, and, where
//! several entities share a text, `[text][{...}, {...}]`.

use serde_json::{Map, Value};

use crate::corpus::{Key, Mark};
use crate::error::quote;

/// The next place of a byte at or after a position; positions asked for only grow, so that all of it takes one pass.
struct Next<'a> {
    text: &'a [u8],
    byte: u8,
    at: usize,
}

impl<'a> Next<'a> {
    fn new(text: &'a str, byte: u8) -> Self {
        Self { text: text.as_bytes(), byte, at: 0 }
    }

    fn from(&mut self, from: usize) -> Option<usize> {
        if self.at < from || self.text.get(self.at) != Some(&self.byte) {
            let start = from.max(self.at).min(self.text.len());
            self.at = memchr::memchr(self.byte, &self.text[start..]).map_or(self.text.len(), |i| start + i);
        }
        (self.at < self.text.len()).then_some(self.at)
    }
}

/// The text without its marks, and the entities in bytes of it; an error, a noun phrase, is a mark that is none.
pub(super) fn parse(marked: &str) -> Result<(String, Vec<Mark>), String> {
    let mut text = String::with_capacity(marked.len());
    let mut marks = Vec::new();
    let [mut open, mut close, mut round, mut curly] = [b'[', b']', b')', b'}'].map(|byte| Next::new(marked, byte));
    let mut square = Next::new(marked, b']');
    // Up to here it has gone into the text.
    let mut done = 0;
    let mut at = 0;
    while let Some(start) = open.from(at) {
        let Some(end) = close.from(start + 1) else {
            break;
        };
        // `[]` marks nothing, but the next bracket may.
        if end == start + 1 {
            at = start + 1;
            if open.from(at).is_none_or(|next| next > end) {
                at = end + 1;
            }
            continue;
        }
        let after = end + 1;
        let said = match marked.as_bytes().get(after) {
            Some(b'(') => round.from(after + 1).and_then(|stop| short(&marked[after + 1..stop]).map(|s| (stop, Ok(s)))),
            Some(b'{') => curly
                .from(after + 1)
                .filter(|&stop| stop > after + 1)
                .map(|stop| (stop, long(&marked[after..=stop]).map(|one| vec![one]))),
            Some(b'[') if marked[after + 1..].trim_start().starts_with('{') => {
                square.from(after + 1).map(|stop| (stop, several(&marked[after..=stop])))
            }
            _ => None,
        };
        let Some((stop, entities)) = said else {
            at = after;
            continue;
        };
        text.push_str(&marked[done..start]);
        let from = text.len();
        text.push_str(&marked[start + 1..end]);
        for (label, attributes) in entities? {
            marks.push(Mark { attributes, ..Mark::new(from, text.len(), label) });
        }
        done = stop + 1;
        at = done;
    }
    text.push_str(&marked[done..]);
    Ok((text, marks))
}

type Entity = (String, Vec<(Key, Value)>);

/// `type` or `type:value`.
fn short(inside: &str) -> Option<Vec<Entity>> {
    let (label, value) = inside.split_once(':').map_or((inside, None), |(label, value)| (label, Some(value)));
    if label.is_empty() || value == Some("") {
        return None;
    }
    Some(vec![(label.to_owned(), value.map(|v| ("value".into(), Value::String(v.to_owned()))).into_iter().collect())])
}

fn long(braces: &str) -> Result<Entity, String> {
    match serde_json::from_str(braces) {
        Ok(Value::Object(object)) => entity(object),
        _ => Err(format!("the mark '{}', which is no JSON", quote(braces))),
    }
}

fn several(brackets: &str) -> Result<Vec<Entity>, String> {
    let no_json = || format!("the mark '{}', which is no JSON", quote(brackets));
    let Ok(Value::Array(list)) = serde_json::from_str(brackets) else {
        return Err(no_json());
    };
    list.into_iter()
        .map(|value| match value {
            Value::Object(object) => entity(object),
            _ => Err(no_json()),
        })
        .collect()
}

fn entity(mut object: Map<String, Value>) -> Result<Entity, String> {
    match object.shift_remove("entity") {
        Some(Value::String(label)) => Ok((label, object.into_iter().map(|(key, value)| (key.into(), value)).collect())),
        _ => Err(format!("the mark '{}' without 'entity'", quote(&Value::Object(object).to_string()))),
    }
}

/// The text with its entities marked; they do not overlap.
pub(super) fn mark(text: &str, marks: &[Mark]) -> String {
    let mut order: Vec<&Mark> = marks.iter().collect();
    order.sort_by_key(|mark| (mark.start, mark.end));
    let mut out = String::with_capacity(text.len() + 16 * marks.len());
    let mut done = 0;
    for mark in order {
        // Overlaps cannot be marked; the writer sees that the entity is missing.
        if mark.start < done {
            continue;
        }
        out.push_str(&text[done..mark.start]);
        out.push('[');
        out.push_str(&text[mark.start..mark.end]);
        out.push(']');
        done = mark.end;
        if mark.attributes.is_empty() && !mark.label.is_empty() && !mark.label.contains([':', ')', '\n', '\r']) {
            out += &format!("({})", mark.label);
            continue;
        }
        let mut object = Map::new();
        object.insert("entity".to_owned(), Value::String(mark.label.clone()));
        object.extend(mark.attributes.iter().map(|(key, value)| (key.to_string(), value.clone())));
        flow(&mut out, &Value::Object(object), true);
    }
    out.push_str(&text[done..]);
    out
}

/// A JSON value with a space after commas and colons, as Python writes it and every YAML reader takes it. In marks,
/// brackets and braces of texts are escaped, since the first brace ends a mark.
pub(super) fn flow(out: &mut String, value: &Value, in_mark: bool) {
    match value {
        Value::Object(object) => {
            out.push('{');
            for (i, (key, value)) in object.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                string(out, key, in_mark);
                out.push_str(": ");
                flow(out, value, in_mark);
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (i, value) in list.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                flow(out, value, in_mark);
            }
            out.push(']');
        }
        Value::String(text) => string(out, text, in_mark),
        other => *out += &other.to_string(),
    }
}

/// A quoted text, in JSON and YAML alike: what YAML holds unprintable is escaped.
pub(super) fn string(out: &mut String, text: &str, in_mark: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '{' | '}' | '[' | ']' if in_mark => *out += &format!("\\u{:04x}", c as u32),
            c if !is_printable(c) => *out += &format!("\\u{:04x}", c as u32),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Whether a character may stand raw in YAML, and on one line of it.
pub(super) fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
