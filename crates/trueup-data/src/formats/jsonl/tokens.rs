//! Records of `tokens` with a list of as many tags, as data sets of sentences are published.

use serde_json::Value;

use super::all;
use crate::corpus::{Key, Place, Record};
use crate::error::{DataError, quote};
use crate::formats::tagged::{self, Keys, Unit, VALID_TAG};
use crate::json::{Object, scalar};
use crate::options::{ReadOptions, count};
use crate::reading::Reading;

/// What records of this kind must be, for messages.
const VALID: &str = "as many tags as tokens, none of them empty";
/// Usual names of the list of tags, the likeliest first.
const TAGS: &[&str] = &["ner_tags", "tags", "labels"];

/// The field of the tags when all records hold tokens with tags.
pub(super) fn field(objects: &[Object], options: &ReadOptions) -> Option<String> {
    if objects.is_empty() || !objects.iter().all(|o| o.fields.get("tokens").is_some_and(|v| all(v, Value::is_string))) {
        return None;
    }
    let asked = options.label.as_deref();
    let field = asked.or_else(|| TAGS.iter().copied().find(|name| objects[0].fields.contains_key(*name)))?;
    let is_list = |o: &Object| o.fields.get(field).is_some_and(Value::is_array);
    objects.iter().all(is_list).then(|| field.to_owned())
}

/// Reads such records; their tags are in `field`.
pub(super) fn read(
    objects: Vec<Object>,
    field: &str,
    options: &ReadOptions,
    reading: &mut Reading,
) -> Result<(), DataError> {
    let (mut keys, mut records, mut broken) = (Keys::default(), Vec::new(), Vec::new());
    let total = objects.len();
    for Object { line, number, mut fields } in objects {
        let mut take = |name: &str| match fields.shift_remove(name) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let (tokens, tags) = (take("tokens"), take(field));
        if tokens.len() != tags.len() {
            let found = format!("{} and {}", count(tokens.len(), "token"), count(tags.len(), "tag"));
            broken.push((line, found));
            continue;
        }
        if let Some(tag) = tags.iter().find(|t| !t.is_string()) {
            let name = quote(&scalar(tag).unwrap_or_else(|| tag.to_string()));
            return Err(DataError::Record {
                path: reading.remarks.path.clone(),
                line,
                found: format!("the tag {name} in '{}', a number without its name", quote(field)),
                valid: VALID_TAG.to_owned(),
                hint: Some(
                    "write the names of the tags; they are in the features of the data set it came from".to_owned(),
                ),
            });
        }
        if tokens.iter().any(|token| token.as_str() == Some("")) {
            broken.push((line, "an empty token".to_owned()));
            continue;
        }
        let id = fields.get("id").and_then(scalar);
        if id.is_some() {
            fields.shift_remove("id");
        }
        let strings =
            |items: &'_ [Value]| items.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
        let (tokens, tags) = (strings(&tokens), strings(&tags));
        let (tokens, tags) = (tokens.iter().map(String::as_str), tags.iter().map(String::as_str));
        let record = tagged::record(Place::line(line), tokens, tags, &mut keys);
        let metadata = fields.into_iter().map(|(key, value)| (Key::from(key), value)).collect();
        records.push(Record { id, number, metadata, ..record });
    }
    reading.guess(format!("sentences are lists of tokens with tags in '{}'", quote(field)), Some("--label"));
    tagged::decode(&mut records, Unit::Part, options, reading)?;
    for (line, found) in broken {
        reading.remarks.skip_malformed(line, found, VALID)?;
    }
    reading.remarks.check_malformed(total, VALID, "is it another format? try --from")?;
    // Ids that repeat are not the sentences'.
    let mut seen = rustc_hash::FxHashSet::default();
    let unique = records.iter().all(|r| r.id.as_ref().is_some_and(|id| seen.insert(id.clone())));
    reading.ids_from_column = unique && !records.is_empty();
    for mut record in records {
        if !unique && let Some(id) = record.id.take() {
            record.metadata.insert(0, ("id".into(), Value::String(id)));
        }
        reading.push(record)?;
    }
    Ok(())
}
