//! The JSON schema of a policy file, for editors and checks that run before the gate does.

use std::collections::BTreeMap;

use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, schema_for};
use serde_json::Value;

use super::policy::Policy;

/// A policy: a `trueup.toml`, or a file of its own.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "the form of a file that is read by hand, for its messages; only its schema is made")]
#[schemars(deny_unknown_fields, rename = "PolicyFile")]
struct Sections {
    /// The demands of the gate.
    gate: Option<Policy>,
    /// What mistakes about a label cost, by label; with it the expected cost is the metric that decides.
    costs: Option<BTreeMap<String, Costs>>,
    /// How the data are read.
    data: Option<Value>,
    /// For other commands.
    monitor: Option<Value>,
    /// For other commands.
    retrain: Option<Value>,
    /// For other commands.
    rules: Option<Value>,
    /// For other commands.
    task: Option<Value>,
    /// For other commands.
    triggers: Option<Value>,
}

/// What mistakes about one label cost; at least one of the two is said.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "see `Sections`")]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct Costs {
    /// The cost of missing one gold of it; 0 when not stated.
    #[schemars(range(min = 0.0))]
    miss: Option<f64>,
    /// The cost of one false alarm of it; 0 when not stated.
    #[schemars(range(min = 0.0))]
    false_alarm: Option<f64>,
}

/// The JSON schema of a policy file.
pub fn schema() -> Schema {
    let mut schema = schema_for!(Sections);
    RecursiveTransform(without_null).transform(&mut schema);
    schema
}

/// TOML has no null: what may be absent is left out.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    if let Some(Value::Object(defaults)) = object.get_mut("default") {
        defaults.retain(|_, value| !value.is_null());
        // What has no default of its own parts has none at all: to say nothing there is an error.
        if defaults.is_empty() && object.contains_key("$ref") {
            object.remove("default");
        }
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            object.insert("type".to_owned(), one);
        }
    }
    let is_null = |schema: &Value| schema.get("type").is_some_and(|name| name == "null");
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| !is_null(choice));
        if let [Value::Object(one)] = choices.as_slice() {
            let one = one.clone();
            object.remove("anyOf");
            object.extend(one);
        }
    }
}
