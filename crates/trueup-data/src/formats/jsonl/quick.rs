//! The short way from a line to a record: an object of plain values alone, of which each has one role. Whatever is more
//! than that, or wrong, goes the long way (`record`), which gives the same records.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Number, Value};

use super::fields::Plan;
use super::record::add_answer;
use crate::corpus::{Answer, Key, Place, Record};
use crate::options::ReadOptions;

/// Fields that the long way looks into whatever role they have.
const OWN: &[&str] =
    &["label", "labels", "spans", "relations", "comment", "tokens", "responses", "predictions", "metadata"];

/// Whether the records of a plan may go the short way at all.
pub(super) fn fits(plan: &Plan) -> bool {
    plan.text.is_some()
        && plan.nested_text.is_none()
        && plan.mapping.spans.is_none()
        && plan.mapping.answers.is_none()
        && !plan.absent_is_empty
}

/// The record of a line; `None` where it must go the long way.
pub(super) fn record(line: &str, at: (u64, u64), plan: &Plan, options: &ReadOptions) -> Option<Record> {
    let mut parser = serde_json::Deserializer::from_str(line);
    let record = parser.deserialize_map(Fields { at, plan, options }).ok()?;
    parser.end().ok()?;
    Some(record)
}

struct Fields<'p> {
    at: (u64, u64),
    plan: &'p Plan,
    options: &'p ReadOptions,
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of plain values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let Self { at: (line, number), plan, options } = self;
        let long = || A::Error::custom("not plain");
        let is = |role: &Option<String>, name: &str| role.as_deref() == Some(name);
        let mut record = Record { number, place: Place::line(line), ..Record::default() };
        let mut label: Option<Value> = None;
        while let Some(Name(name)) = map.next_key::<Name>()? {
            let Plain(value) = map.next_value()?;
            let name = &*name;
            // A field of two roles, or one that comes twice, is for the long way.
            let roles = [&plan.text, &plan.label, &plan.id, &plan.split];
            match roles.iter().filter(|role| is(role, name)).count() {
                0 if OWN.contains(&name) => return Err(long()),
                0 => {
                    if record.metadata.iter().any(|(known, _)| **known == *name) {
                        return Err(long());
                    }
                    record.metadata.push((Key::from(name), value));
                    continue;
                }
                1 => {}
                _ => return Err(long()),
            }
            if is(&plan.text, name) {
                let Value::String(text) = value else {
                    return Err(long());
                };
                if record.text.replace(text).is_some() {
                    return Err(long());
                }
            } else if is(&plan.label, name) {
                if label.replace(value).is_some() {
                    return Err(long());
                }
            } else if is(&plan.id, name) {
                let id = match value {
                    Value::String(text) => text,
                    Value::Number(n) => n.to_string(),
                    _ => return Err(long()),
                };
                if record.id.replace(id).is_some() {
                    return Err(long());
                }
            } else {
                let Value::String(split) = value else {
                    return Err(long());
                };
                if record.split.replace(split.into()).is_some() {
                    return Err(long());
                }
            }
        }
        let text = record.text.as_deref().ok_or_else(long)?;
        if let (Some(value), Some(name)) = (label, &plan.label) {
            let mut gold = Answer::default();
            add_answer(&mut gold, name, &value, text, options, &mut 0).map_err(|_| long())?;
            record.gold = (!gold.is_empty()).then_some(gold);
        }
        Ok(record)
    }
}

/// A name of a field, borrowed where it has no escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OfName;
        impl<'de> Visitor<'de> for OfName {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(OfName)
    }
}

/// A string, number, truth value or null; lists and objects are an error.
struct Plain(Value);

impl<'de> serde::Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OfPlain;
        impl Visitor<'_> for OfPlain {
            type Value = Plain;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a plain value")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Plain, E> {
                Ok(Plain(Value::Bool(value)))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Plain, E> {
                Ok(Plain(Value::Number(value.into())))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Plain, E> {
                Ok(Plain(Value::Number(value.into())))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Plain, E> {
                Number::from_f64(value).map(|n| Plain(Value::Number(n))).ok_or_else(|| E::custom("no number"))
            }
            fn visit_str<E>(self, text: &str) -> Result<Plain, E> {
                Ok(Plain(Value::String(text.to_owned())))
            }
            fn visit_unit<E>(self) -> Result<Plain, E> {
                Ok(Plain(Value::Null))
            }
        }
        from.deserialize_any(OfPlain)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::Object;

    /// The record that the long way makes of a line; `None` where it makes none.
    fn long_way(line: &str, plan: &Plan, options: &ReadOptions) -> Option<Record> {
        let fields = serde_json::from_str(line).ok()?;
        super::super::make(Object { line: 3, number: 2, fields }, plan, options).record.ok()
    }

    fn plan() -> Plan {
        let some = |name: &str| Some(name.to_owned());
        Plan { text: some("text"), label: some("label"), id: some("id"), split: some("split"), ..Plan::default() }
    }

    #[test]
    fn plain_lines_go_the_short_way_and_all_others_the_long_one() {
        let (plan, options) = (plan(), ReadOptions::default());
        for (line, short) in [
            (r#"{"text": "a \"b\"", "label": "x", "id": 7, "n": 1.5, "b": true, "z": null}"#, true),
            (r#"{"label": null, "text": "\u00e9", "id": "i", "split": "train"}"#, true),
            (r#"{"text": "a", "label": 3}"#, true),
            (r#"{"text": "a", "label": ["x", "y"]}"#, false),
            (r#"{"text": "a", "label": "x", "comment": "c"}"#, false),
            (r#"{"text": "a", "text": "b", "label": "x"}"#, false),
            (r#"{"text": "a", "n": 1, "n": 2}"#, false),
            (r#"{"text": 5, "label": "x"}"#, false),
            (r#"{"label": "x"}"#, false),
            (r#"{"text": "a"} x"#, false),
            (r#"{"text": "a", "m": {"k": 1}}"#, false),
        ] {
            let made = record(line, (3, 2), &plan, &options);
            assert_eq!(made.is_some(), short, "{line}");
            if let Some(made) = made {
                assert_eq!(Some(made), long_way(line, &plan, &options), "{line}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_gives_what_the_long_one_gives(
            pairs in proptest::collection::vec((
                proptest::sample::select(vec!["text", "label", "id", "split", "n", "m", "labels", "comment", "a\"b"]),
                proptest::sample::select(vec![
                    "\"x\"", "\"a b\\n\"", "\"\"", "1", "-2", "1.5", "1e400", "true", "null", "[]", "[\"x\"]", "{}", "\" x \"",
                ]),
            ), 0..6)
        ) {
            let fields: Vec<String> =
                pairs.iter().map(|(name, value)| format!("{}: {value}", Value::from(*name))).collect();
            let line = format!("{{{}}}", fields.join(", "));
            let (plan, options) = (plan(), ReadOptions::default());
            if let Some(made) = record(&line, (3, 2), &plan, &options) {
                proptest::prop_assert_eq!(Some(made), long_way(&line, &plan, &options), "{}", line);
            }
        }
    }
}
