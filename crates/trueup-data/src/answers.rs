//! Answers as JSON writes them: a label, a list of labels, labels with their scores, spans in several spellings.

use serde_json::Value;
use trueup_core::Span;

use crate::error::quote;

/// A span as a file gives it, in code points.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RawSpan {
    /// First code point.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// The type.
    pub label: String,
    /// The model's score.
    pub score: Option<f64>,
}

/// An answer as a file gives it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RawAnswer {
    /// Nothing there.
    Missing,
    /// One label.
    Label(String),
    /// A list of labels.
    Labels(Vec<String>),
    /// A list of spans.
    Spans(Vec<RawSpan>),
}

/// What a span looks like, for messages.
pub(crate) const SPAN_SHAPE: &str = "spans as {\"start\", \"end\", \"label\"} in code points, the end exclusive";

/// Reads a value of an answer field; an error is a noun phrase that says what was found.
pub(crate) fn answer(value: &Value) -> Result<RawAnswer, String> {
    match value {
        Value::Null => Ok(RawAnswer::Missing),
        Value::Array(items) if items.iter().any(|i| i.is_object() || i.is_array()) => {
            items.iter().map(span).collect::<Result<_, _>>().map(RawAnswer::Spans)
        }
        Value::Array(items) => items
            .iter()
            .map(|item| scalar(item).ok_or_else(|| format!("{} in a list of labels", shape(item))))
            .collect::<Result<_, _>>()
            .map(RawAnswer::Labels),
        // `{"refund": 1.0, "billing": 0.0}`: the labels that hold.
        Value::Object(map) => map
            .iter()
            .filter_map(|(label, holds)| match holds {
                Value::Bool(false) => None,
                Value::Bool(true) => Some(Ok(label.clone())),
                Value::Number(n) => n.as_f64().filter(|&p| p >= 0.5).map(|_| Ok(label.clone())),
                other => Some(Err(format!("{} for label '{}'", shape(other), quote(label)))),
            })
            .collect::<Result<_, _>>()
            .map(RawAnswer::Labels),
        single => match scalar(single) {
            Some(label) if label.trim().is_empty() => Ok(RawAnswer::Missing),
            Some(label) => Ok(RawAnswer::Label(label.trim().to_owned())),
            None => Err(shape(single)),
        },
    }
}

/// Reads `{"start", "end", "label"}`, doccano's `start_offset`, `[start, end, label]`, or Label Studio's `labels` list.
fn span(value: &Value) -> Result<RawSpan, String> {
    let number = |value: Option<&Value>| value.and_then(Value::as_u64).map(|n| n as usize);
    let found = || format!("{} where a span is needed", shape(value));
    let (start, end, label, score) = match value {
        Value::Array(parts) => (number(parts.first()), number(parts.get(1)), parts.get(2), None),
        Value::Object(map) => (
            number(map.get("start").or_else(|| map.get("start_offset"))),
            number(map.get("end").or_else(|| map.get("end_offset"))),
            ["label", "type", "tag", "entity", "entity_type"].iter().find_map(|key| map.get(*key)).or_else(|| {
                map.get("labels").map(|labels| labels.as_array().and_then(|l| l.first()).unwrap_or(labels))
            }),
            map.get("score").and_then(Value::as_f64),
        ),
        _ => return Err(found()),
    };
    let label = label.and_then(scalar).map(|l| l.trim().to_owned()).filter(|l| !l.is_empty());
    match (start, end, label) {
        (Some(start), Some(end), Some(label)) => Ok(RawSpan { start, end, label, score }),
        _ => Err(found()),
    }
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

/// Turns offsets in code points into bytes of one text.
pub(crate) struct Offsets<'a> {
    text: &'a str,
    /// Byte of each code point and the end; empty for ASCII, where both are equal.
    bytes: Vec<u32>,
}

impl<'a> Offsets<'a> {
    /// For `text`.
    pub fn new(text: &'a str) -> Self {
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(i, _)| i as u32).chain(std::iter::once(text.len() as u32)).collect()
        };
        Self { text, bytes }
    }

    /// How many code points the text has.
    pub fn points(&self) -> usize {
        if self.bytes.is_empty() { self.text.len() } else { self.bytes.len() - 1 }
    }

    /// The span in bytes; an error is a noun phrase that says why it is none.
    pub fn resolve(&self, start: usize, end: usize, label: u32) -> Result<Span, String> {
        if start >= end {
            return Err(format!("the span {start}..{end}, which is empty or reversed"));
        }
        if end > self.points() {
            return Err(format!("the span {start}..{end} in a text of {} code points", self.points()));
        }
        let byte = |point: usize| self.bytes.get(point).copied().unwrap_or(point as u32);
        Ok(Span { start: byte(start), end: byte(end), label })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(json: &str) -> Result<RawAnswer, String> {
        answer(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn every_spelling_of_an_answer_is_read() {
        let span = |start, end, label: &str| RawSpan { start, end, label: label.into(), score: None };
        assert_eq!(of("null"), Ok(RawAnswer::Missing));
        assert_eq!(of("\" \""), Ok(RawAnswer::Missing));
        assert_eq!(of("5"), Ok(RawAnswer::Label("5".into())));
        assert_eq!(of("[\"a\", 2]"), Ok(RawAnswer::Labels(vec!["a".into(), "2".into()])));
        assert_eq!(of("[]"), Ok(RawAnswer::Labels(vec![])));
        assert_eq!(of("{\"a\": 0.9, \"b\": 0.1, \"c\": true}"), Ok(RawAnswer::Labels(vec!["a".into(), "c".into()])));
        assert_eq!(of("[[0, 2, \"ORG\"]]"), Ok(RawAnswer::Spans(vec![span(0, 2, "ORG")])));
        for object in [
            "[{\"start\": 3, \"end\": 5, \"label\": \"X\"}]",
            "[{\"start_offset\": 3, \"end_offset\": 5, \"label\": \"X\"}]",
            "[{\"start\": 3, \"end\": 5, \"text\": \"ab\", \"labels\": [\"X\"]}]",
        ] {
            assert_eq!(of(object), Ok(RawAnswer::Spans(vec![span(3, 5, "X")])), "{object}");
        }
        assert!(of("[{\"start\": -3, \"end\": 5, \"label\": \"X\"}]").unwrap_err().contains("where a span is needed"));
    }

    #[test]
    fn code_points_become_bytes_within_bounds() {
        let offsets = Offsets::new("a😀é");
        assert_eq!(offsets.resolve(1, 3, 0), Ok(Span { start: 1, end: 7, label: 0 }));
        assert!(offsets.resolve(1, 4, 0).unwrap_err().contains("in a text of 3 code points"));
        assert!(offsets.resolve(2, 2, 0).unwrap_err().contains("empty or reversed"));
        assert_eq!(Offsets::new("abc").resolve(0, 3, 1), Ok(Span { start: 0, end: 3, label: 1 }));
    }
}
