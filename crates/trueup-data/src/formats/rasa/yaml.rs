//! YAML as far as training data needs it: the parsed tree, JSON made from it, and a guard against trees too deep.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde_json::{Map, Number, Value};

use crate::corpus::Place;
use crate::error::{DataError, quote};
use crate::reading::Reading;

/// How far lines may be indented, and how many levels one line may open: a tree is dropped by recursion.
const INDENT: usize = 200;
const OPENED: usize = 40;

/// The first document of a text.
pub(super) fn load<'a>(text: &'a str, reading: &Reading) -> Result<MarkedYaml<'a>, DataError> {
    let valid = "YAML with a list 'nlu'";
    for (line, content) in (1..).zip(text.lines()) {
        let indent = content.bytes().take_while(|b| *b == b' ').count();
        let opened = content.as_bytes()[indent..].chunks(2).take_while(|c| *c == b"- " || *c == b"? ").count();
        if indent > INDENT || opened > OPENED {
            let found = format!("a line of more than {} levels", if indent > INDENT { INDENT } else { OPENED });
            return Err(reading.error(&Place::line(line), found, valid));
        }
    }
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        let found = format!("broken YAML ({})", quote(error.info()));
        reading.error(&Place::line(error.marker().line() as u64), found, valid)
    })?;
    documents.into_iter().next().ok_or_else(|| reading.error(&Place::line(1), "no document", valid))
}

/// The line where a value begins.
pub(super) fn line(node: &MarkedYaml) -> u64 {
    node.span.start.line() as u64
}

/// The node without its tag.
fn bare<'a, 'b>(node: &'b MarkedYaml<'a>) -> &'b YamlData<'a, MarkedYaml<'a>> {
    match &node.data {
        YamlData::Tagged(_, inner) => &inner.data,
        data => data,
    }
}

/// The entries of a mapping, keys as texts; `None` when it is none.
pub(super) fn entries<'a, 'b>(node: &'b MarkedYaml<'a>) -> Option<Vec<(String, &'b MarkedYaml<'a>)>> {
    match bare(node) {
        YamlData::Mapping(map) => Some(map.iter().map(|(k, v)| (scalar(k).unwrap_or_default(), v)).collect()),
        _ => None,
    }
}

/// The elements of a sequence.
pub(super) fn elements<'a, 'b>(node: &'b MarkedYaml<'a>) -> Option<&'b [MarkedYaml<'a>]> {
    match bare(node) {
        YamlData::Sequence(list) => Some(list),
        _ => None,
    }
}

/// A text; what YAML takes for a number or a truth value is none.
pub(super) fn text<'b>(node: &'b MarkedYaml) -> Option<&'b str> {
    match bare(node) {
        YamlData::Value(Scalar::String(text)) => Some(text),
        _ => None,
    }
}

/// Any single value as text.
pub(super) fn scalar(node: &MarkedYaml) -> Option<String> {
    match json(node) {
        Value::String(text) => Some(text),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// A node as JSON.
pub(super) fn json(node: &MarkedYaml) -> Value {
    match bare(node) {
        YamlData::Value(Scalar::Boolean(b)) => Value::Bool(*b),
        YamlData::Value(Scalar::Integer(n)) => Value::from(*n),
        YamlData::Value(Scalar::FloatingPoint(f)) => {
            Number::from_f64(f.into_inner()).map_or_else(|| Value::String(f.to_string()), Value::Number)
        }
        YamlData::Value(Scalar::String(text)) | YamlData::Representation(text, ..) => Value::String(text.to_string()),
        YamlData::Sequence(list) => Value::Array(list.iter().map(json).collect()),
        YamlData::Mapping(map) => {
            let key = |node: &MarkedYaml| match json(node) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            Value::Object(map.iter().map(|(k, v)| (key(k), json(v))).collect::<Map<_, _>>())
        }
        YamlData::Tagged(_, inner) => json(inner),
        YamlData::Value(Scalar::Null) | YamlData::Alias(_) | YamlData::BadValue => Value::Null,
    }
}
