//! Answers as JSON writes them: a label, a list of labels, labels with their scores, spans in several spellings.

use crate::error::quote;
use crate::json::{scalar, shape};
use serde_json::Value;

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
}
