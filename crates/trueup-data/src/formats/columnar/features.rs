//! The types of columns as Hugging Face `datasets` states them: JSON under the key `huggingface` of a schema
//! (<https://huggingface.co/docs/datasets/about_dataset_features>).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::corpus::Key;

/// The key of the schema's metadata.
pub(super) const KEY: &str = "huggingface";

/// What a column's features say beyond its type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Feature {
    /// Numbers that stand for names.
    Class(Arc<[Key]>),
    /// A list of something.
    List(Box<Feature>),
    /// Named parts.
    Fields(Vec<(String, Feature)>),
    /// Pictures, sound and film.
    Media,
    /// Nothing that is not in the type.
    Plain,
}

impl Feature {
    /// The feature of a part.
    pub fn field(&self, name: &str) -> Self {
        let of = |fields: &[(String, Self)]| fields.iter().find(|(n, _)| n == name).map(|(_, f)| f.clone());
        match self {
            Self::Fields(fields) => of(fields).unwrap_or(Self::Plain),
            // A sequence of parts is stored as parts that are sequences.
            Self::List(item) => match &**item {
                Self::Fields(fields) => of(fields).map_or(Self::Plain, |f| Self::List(Box::new(f))),
                _ => Self::Plain,
            },
            _ => Self::Plain,
        }
    }

    /// The feature of a list's items.
    pub fn item(&self) -> Self {
        match self {
            Self::List(item) => (**item).clone(),
            _ => Self::Plain,
        }
    }

    /// The names of classes, of the column itself or of the items of its lists.
    pub fn names(&self) -> Option<&[Key]> {
        match self {
            Self::Class(names) => Some(names),
            Self::List(item) => item.names(),
            _ => None,
        }
    }
}

/// The features of the columns, by name, out of the JSON of a schema or of `dataset_info.json`.
pub(super) fn parse(text: &str) -> Feature {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Feature::Plain;
    };
    let info = value.get("info").unwrap_or(&value);
    match info.get("features") {
        Some(Value::Object(columns)) => fields(columns),
        _ => Feature::Plain,
    }
}

fn fields(map: &Map<String, Value>) -> Feature {
    Feature::Fields(map.iter().map(|(name, value)| (name.clone(), feature(value))).collect())
}

fn feature(value: &Value) -> Feature {
    let list = |item: Option<&Value>| Feature::List(Box::new(item.map_or(Feature::Plain, feature)));
    match value {
        Value::Array(items) => list(items.first()),
        Value::Object(map) => match map.get("_type").and_then(Value::as_str) {
            Some("ClassLabel") => match map.get("names").and_then(Value::as_array) {
                Some(names) => Feature::Class(
                    names.iter().map(|n| n.as_str().map_or_else(|| n.to_string(), str::to_owned).into()).collect(),
                ),
                None => Feature::Plain,
            },
            Some("Sequence" | "List" | "LargeList") => list(map.get("feature")),
            Some("Image" | "Audio" | "Video" | "Pdf") => Feature::Media,
            Some(_) => Feature::Plain,
            None => fields(map),
        },
        _ => Feature::Plain,
    }
}

/// A plain value of a type of Arrow, as `datasets` writes it.
pub(super) fn value(dtype: &str) -> Value {
    json!({"dtype": dtype, "_type": "Value"})
}

/// Classes by name; names that there are none of leave plain text.
pub(super) fn class(names: &[String]) -> Value {
    json!({"names": names, "_type": "ClassLabel"})
}

/// A list. `Sequence` is read by old and new versions, `List` by new ones only.
pub(super) fn list(item: &Value) -> Value {
    json!({"feature": item, "_type": "Sequence"})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_features_is_read() {
        let of = |json: &str| parse(&format!("{{\"info\": {{\"features\": {{\"x\": {json}}}}}}}")).field("x");
        let class = Feature::Class(["a".into(), "b".into()].into());
        assert_eq!(of("{\"names\": [\"a\", \"b\"], \"_type\": \"ClassLabel\"}"), class);
        for list in [
            "{\"feature\": {\"names\": [\"a\", \"b\"], \"_type\": \"ClassLabel\"}, \"_type\": \"Sequence\"}",
            "{\"feature\": {\"names\": [\"a\", \"b\"], \"_type\": \"ClassLabel\"}, \"length\": -1, \"_type\": \"List\"}",
            "[{\"names\": [\"a\", \"b\"], \"_type\": \"ClassLabel\"}]",
        ] {
            assert_eq!(of(list), Feature::List(Box::new(class.clone())), "{list}");
        }
        let parts = of(
            "{\"feature\": {\"s\": {\"names\": [\"a\", \"b\"], \"_type\": \"ClassLabel\"}}, \"_type\": \"Sequence\"}",
        );
        assert_eq!(parts.item().field("s"), class);
        assert_eq!(parts.field("s"), Feature::List(Box::new(class)));
        assert_eq!(of("{\"_type\": \"Image\"}"), Feature::Media);
        for broken in ["5", "{\"_type\": \"ClassLabel\"}", "null", "{\"_type\": 5}"] {
            assert!(!matches!(of(broken), Feature::Class(_)), "{broken}");
        }
        assert_eq!(parse("{"), Feature::Plain);
    }
}
