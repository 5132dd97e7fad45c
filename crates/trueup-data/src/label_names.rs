//! Names of labels that a file writes as numbers: `0` becomes `World`.

use std::collections::BTreeSet;
use std::path::Path;

use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::corpus::{Outline, Record};
use crate::error::{DataError, list, quote};
use crate::formats::{is_blank, lines};
use crate::input::Input;
use crate::json::{self, scalar, shape};
use crate::options::{Remarks, count};

/// What a file of names is, for messages.
const VALID: &str = "one name a line, or 'id<TAB>name' a line, or a JSON list of names, or a JSON object {id: name}";

/// Reads the names of label ids, for [`crate::ReadOptions::label_names`]: one name a line counting from 0; or the id,
/// tabs and the name in the last column; or a JSON list of names, or a JSON object of ids and names (either may be the
/// key). A list gives no ids: their place is empty, and the data decide whether it counts from 0 or from 1.
pub fn read_label_names(path: &Path) -> Result<Vec<(String, String)>, DataError> {
    parse(&Input::open(path)?)
}

/// As [`read_label_names`], of an input.
pub(crate) fn parse(input: &Input) -> Result<Vec<(String, String)>, DataError> {
    let text = input.text()?;
    let remarks = Remarks::new(&input.name, true);
    let first = text.trim_start();
    let pairs = if first.starts_with(['[', '{']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        of_json(&json::value(text, &remarks)?).map_err(|found| content(input, found))?
    } else {
        of_lines(text, &remarks)?
    };
    let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (id, name) in &pairs {
        if !id.is_empty() && !ids.insert(id) {
            return Err(content(input, format!("the id '{}' twice", quote(id))));
        }
        if !names.insert(name) {
            return Err(content(input, format!("the name '{}' twice", quote(name))));
        }
    }
    if pairs.is_empty() {
        return Err(content(input, "no name".to_owned()));
    }
    Ok(pairs)
}

fn content(input: &Input, found: String) -> DataError {
    DataError::Content { path: input.name.clone(), found, valid: VALID.to_owned(), hint: None }
}

fn of_lines(text: &str, remarks: &Remarks) -> Result<Vec<(String, String)>, DataError> {
    let text = text.trim_end_matches(|c: char| c.is_ascii_whitespace());
    let tabs = text.contains('\t');
    let mut pairs = Vec::new();
    for (line, content) in lines(text) {
        // Names of a list are told by their place, so a line cannot be passed over.
        if is_blank(content) {
            return Err(remarks.error(line, "an empty line", VALID));
        }
        if !tabs {
            pairs.push((String::new(), content.trim().to_owned()));
            continue;
        }
        let mut columns = content.split('\t').map(str::trim);
        let id = columns.next().unwrap_or_default();
        let name = columns.rfind(|column| !column.is_empty());
        match name {
            Some(name) if !id.is_empty() => pairs.push((id.to_owned(), name.to_owned())),
            _ => return Err(remarks.error(line, format!("'{}'", quote(content)), VALID)),
        }
    }
    Ok(pairs)
}

fn of_json(value: &Value) -> Result<Vec<(String, String)>, String> {
    let is_number = |text: &str| text.parse::<i64>().is_ok();
    match value {
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::String(name) if !name.is_empty() => Ok((String::new(), name.clone())),
                other => Err(format!("{} where a name is needed", shape(other))),
            })
            .collect(),
        Value::Object(map) => {
            let pairs: Vec<(String, String)> = map
                .iter()
                .map(|(id, name)| match scalar(name) {
                    Some(name) if !name.is_empty() && !id.is_empty() => Ok((id.clone(), name)),
                    _ => Err(format!("{} as the name of '{}'", shape(name), quote(id))),
                })
                .collect::<Result<_, _>>()?;
            // `label2id` of model configurations has the names first.
            let turned = pairs.iter().all(|(id, name)| !is_number(id) && is_number(name));
            Ok(if turned { pairs.into_iter().map(|(name, id)| (id, name)).collect() } else { pairs })
        }
        other => Err(shape(other)),
    }
}

/// The names of ids, once it is known which ids occur.
pub(crate) struct Naming<'a> {
    names: FxHashMap<String, &'a str>,
    /// Where a list of names begins to count, and why; `None` where ids are written.
    pub base: Option<String>,
    /// Whether a list of names could begin elsewhere as well.
    pub ambiguous: bool,
}

impl<'a> Naming<'a> {
    /// The names of `pairs` for a file in which the labels `occurring` stand. A list of names counts from 0, unless label
    /// 0 never occurs and the last label, counted from 1, does.
    pub fn new(pairs: &'a [(String, String)], occurring: &BTreeSet<&str>) -> Self {
        let listed = pairs.iter().all(|(id, _)| id.is_empty());
        let n = pairs.len();
        let (zero, last) = (occurring.contains("0"), occurring.contains(n.to_string().as_str()));
        let first = usize::from(listed && !zero && last);
        let names = pairs.iter().enumerate().map(|(i, (id, name))| {
            let id = if id.is_empty() { (i + first).to_string() } else { id.clone() };
            (id, name.as_str())
        });
        let base = listed.then(|| match first {
            0 => format!("label 0 is '{}': names count from 0", quote(&pairs[0].1)),
            _ => format!(
                "label 1 is '{}': names count from 1, since label {n} occurs and 0 does not",
                quote(&pairs[0].1)
            ),
        });
        Self { names: names.collect(), base, ambiguous: listed && zero == last }
    }

    /// The name of an id.
    pub fn name(&self, id: &str) -> Option<&'a str> {
        self.names.get(id).copied()
    }

    fn missing(&self, id: &str) -> (String, String) {
        let mut ids: Vec<&String> = self.names.keys().collect();
        ids.sort_unstable_by_key(|id| (id.len(), *id));
        let found = format!("the label '{}', which --label-names has no name for", quote(id));
        (found, format!("one of {} ({})", count(ids.len(), "id"), list(&ids)))
    }
}

/// Gives every label of texts its name; a label without one is an error with its place.
pub(crate) fn apply(
    records: &mut [Record],
    outline: &mut Outline,
    pairs: &[(String, String)],
    remarks: &mut Remarks,
) -> Result<(), DataError> {
    let mut occurring: BTreeSet<&str> = BTreeSet::new();
    for record in &*records {
        occurring.extend(record.answers().flat_map(|a| a.labels.iter().flatten()).map(|choice| choice.label.as_str()));
        occurring.extend(record.predictions.iter().flat_map(|p| &p.scores).map(|(label, _)| label.as_str()));
    }
    let naming = Naming::new(pairs, &occurring);
    for record in records {
        let place = &record.place;
        let named = |label: &mut String| {
            let Some(name) = naming.name(label) else {
                let (found, valid) = naming.missing(label);
                return Err(remarks.error_at(place, found, valid));
            };
            name.clone_into(label);
            Ok(())
        };
        let gold = record.gold.iter_mut();
        let answers = gold
            .chain(record.responses.iter_mut().map(|r| &mut r.answer))
            .chain(record.predictions.iter_mut().map(|p| &mut p.answer));
        for choice in answers.flat_map(|answer| answer.labels.iter_mut().flatten()) {
            named(&mut choice.label)?;
        }
        for (label, _) in record.predictions.iter_mut().flat_map(|p| &mut p.scores) {
            named(label)?;
        }
    }
    // Declared labels may be ids as well; what is none stays.
    for label in &mut outline.declared_labels {
        if let Some(name) = naming.name(label) {
            name.clone_into(label);
        }
    }
    say(&naming, remarks);
    Ok(())
}

fn say(naming: &Naming, remarks: &mut Remarks) {
    if let Some(base) = &naming.base {
        remarks.guess(base.clone(), Some("--label-names"));
    }
}
