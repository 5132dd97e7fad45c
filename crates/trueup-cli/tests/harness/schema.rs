//! Checks a document against the schema that the command publishes: every key must be known, every required key there,
//! every value of a type and word that the schema names. It reads the part of JSON Schema 2020-12 that the schema uses,
//! and refuses a schema that uses more.

use std::process::Command;

use serde_json::Value;

/// Words of a schema that say nothing about what is valid.
const ANNOTATIONS: &[&str] = &["$schema", "$defs", "title", "description", "default", "format"];

/// Panics with the place and the fault when `document` is not valid.
#[track_caller]
pub fn check(document: &Value) {
    check_as(document, "review");
}

/// The same of the schema that is published under that name.
#[track_caller]
pub fn check_as(document: &Value, name: &str) {
    let schema = published_as(name);
    if let Err(fault) = valid(&schema, &schema, document, "") {
        panic!("the document does not match the schema: {fault}");
    }
}

/// The schema that the command prints.
pub fn published() -> Value {
    published_as("review")
}

fn published_as(name: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_trueup")).args(["schema", name]).output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether `value` is valid under `schema`, else where and why not.
pub fn valid(root: &Value, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let words = match schema {
        Value::Bool(true) => return Ok(()),
        Value::Object(words) => words,
        other => return Err(format!("{place}: nothing is valid under {other}")),
    };
    for (word, rule) in words {
        let fault = |why: String| Err(format!("{place}: {why}, found {}", shown(value)));
        match word.as_str() {
            "$ref" => {
                let pointer = rule.as_str().and_then(|r| r.strip_prefix('#')).expect("a local reference");
                let target = root.pointer(pointer).ok_or(format!("{place}: no {pointer} in the schema"))?;
                valid(root, target, value, place)?;
            }
            "type" => {
                let types: Vec<&str> = match rule {
                    Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
                    other => other.as_str().into_iter().collect(),
                };
                if !types.iter().any(|name| is(name, value)) {
                    return fault(format!("expected {}", types.join(" or ")));
                }
            }
            "enum" if !rule.as_array().expect("a list").contains(value) => {
                return fault(format!("expected one of {rule}"));
            }
            "const" if rule != value => return fault(format!("expected {rule}")),
            "minimum" if value.as_f64().is_some_and(|n| n < rule.as_f64().expect("a number")) => {
                return fault(format!("expected {rule} or more"));
            }
            "maximum" if value.as_f64().is_some_and(|n| n > rule.as_f64().expect("a number")) => {
                return fault(format!("expected {rule} or less"));
            }
            "anyOf" | "oneOf" => {
                let faults: Vec<String> = rule
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map_while(|choice| valid(root, choice, value, place).err())
                    .collect();
                if faults.len() == rule.as_array().map_or(0, Vec::len) {
                    return Err(faults.join("; nor "));
                }
            }
            "required" => {
                for key in rule.as_array().expect("a list").iter().filter_map(Value::as_str) {
                    if value.is_object() && value.get(key).is_none() {
                        return Err(format!("{place}: no {key}"));
                    }
                }
            }
            "properties" => {
                let Some(object) = value.as_object() else { continue };
                for (key, inner) in object {
                    match (rule.get(key), words.get("additionalProperties")) {
                        (Some(schema), _) => valid(root, schema, inner, &format!("{place}/{key}"))?,
                        (None, Some(_)) => {}
                        (None, None) => return Err(format!("{place}: the schema knows no key {key}")),
                    }
                }
            }
            "additionalProperties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    if words.get("properties").and_then(|p| p.get(key)).is_none() {
                        valid(root, rule, inner, &format!("{place}/{key}"))?;
                    }
                }
            }
            "items" => {
                for (i, inner) in value.as_array().into_iter().flatten().enumerate() {
                    let place = format!("{place}/{i}");
                    match words.get("prefixItems").and_then(|first| first.get(i)) {
                        Some(_) => {}
                        None => valid(root, rule, inner, &place)?,
                    }
                }
            }
            "prefixItems" => {
                for (i, schema) in rule.as_array().expect("a list").iter().enumerate() {
                    if let Some(inner) = value.get(i) {
                        valid(root, schema, inner, &format!("{place}/{i}"))?;
                    }
                }
            }
            "minItems" if value.as_array().is_some_and(|l| (l.len() as u64) < rule.as_u64().expect("a count")) => {
                return fault(format!("expected {rule} items or more"));
            }
            "maxItems" if value.as_array().is_some_and(|l| (l.len() as u64) > rule.as_u64().expect("a count")) => {
                return fault(format!("expected {rule} items at most"));
            }
            "enum" | "const" | "minimum" | "maximum" | "minItems" | "maxItems" => {}
            word if ANNOTATIONS.contains(&word) => {}
            word => return Err(format!("{place}: this check does not know the schema's word {word}")),
        }
    }
    Ok(())
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}
