//! JSON objects and lists, written piece by piece without building them first.

use serde_json::Value;

use crate::corpus::Relation;

/// A JSON object that is written field by field.
pub(super) struct Fields<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Fields<'a> {
    /// Opens it.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Writes a key; its value is appended to what is returned.
    pub fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        crate::json::push_string(self.out, key);
        self.out.push(b':');
        self.out
    }

    /// Writes a value.
    pub fn value(&mut self, key: &str, value: &Value) {
        // Writing JSON into memory does not fail.
        let _ = serde_json::to_writer(self.key(key), value);
    }

    /// Writes a text.
    pub fn text(&mut self, key: &str, text: &str) {
        crate::json::push_string(self.key(key), text);
    }

    /// Writes a number, if there is one.
    pub fn some(&mut self, key: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.value(key, &Value::from(value));
        }
    }

    /// Closes it.
    pub fn end(self) {
        self.out.push(b'}');
    }
}

/// Appends the members of a list.
pub(super) fn list<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut one: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        one(out, item);
    }
    out.push(b']');
}

/// Writes the result of a relation; roles other than `from` and `to` are kept beside its two ends.
pub(super) fn relation(tie: &Relation, out: &mut Vec<u8>) {
    let mut result = Fields::new(out);
    if let Some(id) = &tie.id {
        result.text("id", id);
    }
    let ends = [tie.arguments.first(), tie.arguments.last()];
    for (key, end) in ["from_id", "to_id"].into_iter().zip(ends) {
        result.text(key, end.map(|(_, id)| id.as_str()).unwrap_or_default());
    }
    let has = |name: &str| tie.attributes.iter().any(|(key, _)| &**key == name);
    result.text("type", "relation");
    if !has("direction") {
        result.text("direction", "right");
    }
    if !tie.kind.is_empty() && !has("labels") {
        list(result.key("labels"), [&tie.kind], |out, kind| crate::json::push_string(out, kind));
    }
    let roles: Vec<&str> = tie.arguments.iter().map(|(role, _)| role.as_str()).collect();
    if roles != ["from", "to"] && !has("arguments") {
        list(result.key("arguments"), &tie.arguments, |out, (role, id)| {
            list(out, [role, id], |out, text| crate::json::push_string(out, text));
        });
    }
    for (key, value) in &tie.attributes {
        if !matches!(&**key, "id" | "from_id" | "to_id" | "type") {
            result.value(key, value);
        }
    }
    result.end();
}
