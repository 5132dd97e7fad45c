//! Answers as JSON writes them: a label, a list of labels, labels with their scores, spans in several spellings.

use crate::corpus::{Key, Mark};
use crate::error::quote;
use crate::json::{scalar, shape};
use crate::quoted::{self, Quoted};
use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

/// A span as a file gives it, in code points.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct RawSpan {
    /// First code point.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// The type.
    pub label: String,
    /// The model's score.
    pub score: Option<f64>,
    /// The text that the file says it covers.
    pub quoted: Option<String>,
    /// Its name.
    pub id: Option<String>,
    /// The question it answers.
    pub field: Option<Key>,
    /// Where it has gaps: its pieces, in code points.
    pub pieces: Vec<(usize, usize)>,
    /// Whatever else the file says of it.
    pub attributes: Vec<(Key, Value)>,
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

/// How files call the first position, the last one and the type of a span.
const START: &[&str] =
    &["start", "start_offset", "startIndex", "startOffset", "begin", "beginOffset", "begin_offset", "offset_start"];
const END: &[&str] = &["end", "end_offset", "endIndex", "endOffset", "offset_end", "stop"];
const LABEL: &[&str] =
    &["label", "type", "tag", "entity", "entity_type", "entity_group", "category", "slot", "class", "name"];

fn position(map: &Map<String, Value>, names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| map.get(*name)).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok())
}

/// Reads `{"start", "end", "label"}` under the usual names of these, one level nested too; an absent start is 0. Also
/// `[start, end, label]`, and a list `labels` of which the first counts (Label Studio's JSON-MIN).
fn span(value: &Value) -> Result<RawSpan, String> {
    let found = || format!("{} where a span is needed", shape(value));
    let number = |value: Option<&Value>| value.and_then(Value::as_u64).map(|n| n as usize);
    let raw = match value {
        Value::Array(parts) => {
            let label = parts.get(2).and_then(scalar);
            match (number(parts.first()), number(parts.get(1)), label) {
                (Some(start), Some(end), Some(label)) => Some(RawSpan { start, end, label, ..RawSpan::default() }),
                _ => None,
            }
        }
        Value::Object(map) => object_span(map),
        _ => None,
    };
    let mut raw = raw.ok_or_else(found)?;
    if raw.label.trim().len() < raw.label.len() {
        raw.label = raw.label.trim().into();
    }
    if raw.label.is_empty() { Err(found()) } else { Ok(raw) }
}

fn object_span(map: &Map<String, Value>) -> Option<RawSpan> {
    let nested = || {
        let inner = map.values().filter_map(Value::as_object).find(|inner| position(inner, END).is_some())?;
        Some((inner, map.iter().find(|(_, v)| v.as_object() == Some(inner)).map(|(key, _)| key.as_str())?))
    };
    let (inner, outer) = match position(map, END) {
        Some(_) => (map, ""),
        None => nested()?,
    };
    let end = position(inner, END)?;
    let start = match START.iter().find_map(|name| inner.get(*name)) {
        Some(value) => usize::try_from(value.as_u64()?).ok()?,
        None => 0,
    };
    let named = LABEL.iter().find(|name| map.get(**name).and_then(scalar).is_some());
    let label = if let Some(name) = named {
        map.get(*name).and_then(scalar)?
    } else {
        let labels = map.get("labels")?;
        labels.as_array().and_then(|l| l.first()).unwrap_or(labels).as_str()?.to_owned()
    };
    let pieces = match map.get("pieces").and_then(Value::as_array) {
        None => Vec::new(),
        Some(pieces) => {
            let end_of = |piece: &Value, at: usize| usize::try_from(piece.get(at)?.as_u64()?).ok();
            pieces.iter().map(|piece| Some((end_of(piece, 0)?, end_of(piece, 1)?))).collect::<Option<_>>()?
        }
    };
    let text = |name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
    let used = |key: &str| {
        key == outer
            || named.map_or(key == "labels", |name| *name == key)
            || (outer.is_empty() && (START.contains(&key) || END.contains(&key)))
            || matches!(key, "score" | "id" | "field" | "pieces" | "text")
    };
    Some(RawSpan {
        start,
        end,
        label,
        score: map.get("score").and_then(Value::as_f64),
        quoted: text("text"),
        id: map.get("id").and_then(scalar),
        field: map.get("field").and_then(Value::as_str).map(Key::from),
        pieces,
        attributes: map.iter().filter(|(k, _)| !used(k)).map(|(k, v)| (k.as_str().into(), v.clone())).collect(),
    })
}

/// Spans in bytes of `text`. Where the file says what a span covers and it covers something else, it is repaired if
/// there is one way to, and `repaired` counts it; an error is a noun phrase.
pub(crate) fn marks(text: &str, spans: Vec<RawSpan>, repaired: &mut usize) -> Result<Vec<Mark>, String> {
    let offsets = Offsets::new(text, OffsetUnit::CodePoint);
    spans
        .into_iter()
        .map(|raw| {
            let (start, end) = match &raw.quoted {
                None => offsets.range(raw.start, raw.end)?,
                Some(quoted) => match quoted::place(text, &offsets, raw.start, raw.end, quoted) {
                    Quoted::Agrees(start, end) => (start, end),
                    Quoted::Repaired(start, end) => {
                        *repaired += 1;
                        (start, end)
                    }
                    Quoted::Broken(found) => return Err(found),
                },
            };
            let pieces = raw.pieces.iter().map(|&(s, e)| offsets.range(s, e)).collect::<Result<Vec<_>, _>>()?;
            if !in_order(start, end, &pieces) {
                return Err(format!("a span {}..{} whose pieces are not in order inside of it", raw.start, raw.end));
            }
            let RawSpan { label, score, id, field, attributes, .. } = raw;
            Ok(Mark { start, end, pieces, label, id, field, score, attributes })
        })
        .collect()
}

/// Whether the pieces of a span are in order and inside of it, none of them empty.
pub(crate) fn in_order(start: usize, end: usize, pieces: &[(usize, usize)]) -> bool {
    pieces.windows(2).all(|pair| pair[0].1 <= pair[1].0)
        && pieces.iter().all(|&(from, to)| start <= from && from < to && to <= end)
}

/// Spans as JSON, in code points.
pub(crate) fn spans_value(text: &str, spans: &[Mark]) -> Value {
    let offsets = Offsets::new(text, OffsetUnit::CodePoint);
    let point = |byte| Value::from(offsets.from_byte(byte).unwrap_or_default());
    let span = |mark: &Mark| {
        let mut map = Map::new();
        map.insert("start".to_owned(), point(mark.start));
        map.insert("end".to_owned(), point(mark.end));
        map.insert("label".to_owned(), mark.label.as_str().into());
        if let Some(id) = &mark.id {
            map.insert("id".to_owned(), id.as_str().into());
        }
        if let Some(field) = &mark.field {
            map.insert("field".to_owned(), (**field).into());
        }
        if let Some(score) = mark.score {
            map.insert("score".to_owned(), score.into());
        }
        if !mark.pieces.is_empty() {
            let pieces: Vec<Value> = mark.pieces.iter().map(|&(s, e)| vec![point(s), point(e)].into()).collect();
            map.insert("pieces".to_owned(), pieces.into());
        }
        for (key, value) in &mark.attributes {
            map.entry(key.to_string()).or_insert_with(|| value.clone());
        }
        Value::Object(map)
    };
    spans.iter().map(span).collect()
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
        let span = |start, end, label: &str| RawSpan { start, end, label: label.into(), ..RawSpan::default() };
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
            "[{\"start\": 3, \"end\": 5, \"labels\": [\"X\"]}]",
            "[{\"slot\": \"X\", \"valueSpan\": {\"startIndex\": 3, \"endIndex\": 5}}]",
        ] {
            assert_eq!(of(object), Ok(RawAnswer::Spans(vec![span(3, 5, "X")])), "{object}");
        }
        let absent = of("[{\"slot\": \"X\", \"valueSpan\": {\"endIndex\": 2}}]");
        assert_eq!(absent, Ok(RawAnswer::Spans(vec![span(0, 2, "X")])));
        assert!(of("[{\"start\": -3, \"end\": 5, \"label\": \"X\"}]").unwrap_err().contains("where a span is needed"));
    }
}
