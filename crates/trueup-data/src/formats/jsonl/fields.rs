//! Which field has which role.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};

use crate::answers::{RawAnswer, answer};
use crate::columns::{self, ID_NAMES, LABEL_NAMES, TEXT_NAMES};
use crate::corpus::Split;
use crate::error::{DataError, list, quote};
use crate::ids::check_ids;
use crate::json::{Object, scalar, shape};
use crate::mapping::Mapping;
use crate::options::{ReadOptions, Remarks};

/// The fields that hold each role.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub text: Option<String>,
    /// Where the text stands further down: the field, and those inside.
    pub nested_text: Option<Vec<String>>,
    pub label: Option<String>,
    pub id: Option<String>,
    pub group: Option<String>,
    pub time: Option<String>,
    pub split: Option<String>,
    /// Whether a record without the label field has no spans: the field holds spans, and is never an empty list.
    pub absent_is_empty: bool,
    /// Where answers stand, as the caller says.
    pub mapping: Mapping,
}

impl Plan {
    /// Whether a field has a role other than metadata.
    pub fn uses(&self, name: &str) -> bool {
        let nested = self.nested_text.as_ref().and_then(|path| path.first());
        let spans = self.mapping.spans.as_ref().map(|spans| &spans.field);
        let answers = self.mapping.answers.iter().flat_map(|answers| &answers.fields);
        let own = [&self.text, &self.label, &self.id, &self.split].into_iter().flatten();
        own.chain(nested).chain(spans).chain(answers).any(|used| used == name)
    }

    /// The text of a record.
    pub fn text(&self, fields: &Map<String, Value>) -> Option<String> {
        self.text_value(fields).and_then(scalar)
    }

    fn text_value<'a>(&self, fields: &'a Map<String, Value>) -> Option<&'a Value> {
        match (&self.text, self.nested_text.as_deref()) {
            (Some(name), _) => fields.get(name),
            (None, Some([outer, inner @ ..])) => {
                inner.iter().try_fold(fields.get(outer)?, |value, name| value.get(name))
            }
            _ => None,
        }
    }

    /// What a record has where its text should be, as a noun phrase; `None` when it has a text, or when none has.
    pub fn lacks_text(&self, fields: &Map<String, Value>) -> Option<String> {
        let name = match (&self.text, &self.nested_text) {
            (Some(name), _) => name.clone(),
            (None, Some(path)) => path.join("."),
            (None, None) => return None,
        };
        match self.text_value(fields) {
            // What says that it has none, as a table of scores does in part, is complete.
            Some(Value::Null) => None,
            None => Some(format!("no '{}'", quote(&name))),
            Some(value) if scalar(value).is_none() => Some(format!("{} in '{}'", shape(value), quote(&name))),
            Some(_) => None,
        }
    }
}

/// Field names in order of first occurrence.
pub(crate) fn names(objects: &[Object]) -> Vec<String> {
    let mut seen = FxHashSet::default();
    let mut names = Vec::new();
    for key in objects.iter().flat_map(|o| o.fields.keys()) {
        if seen.insert(key.as_str()) {
            names.push(key.clone());
        }
    }
    names
}

/// The values of a field that are not null.
fn values<'a>(objects: &'a [Object], name: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter_map(move |o| o.fields.get(name)).filter(|v| !v.is_null())
}

/// Decides every role.
pub(super) fn decide(objects: &[Object], options: &ReadOptions, remarks: &mut Remarks) -> Result<Plan, DataError> {
    let names = names(objects);
    let path = remarks.path.clone();
    let named = |asked: &Option<String>, role| -> Result<Option<String>, DataError> {
        let place = asked.as_deref().map(|asked| columns::resolve(asked, role, &names, &path)).transpose()?;
        Ok(place.map(|i| names[i].clone()))
    };
    // `userInput.text` is a field inside another, unless a field is called so.
    let mut nested_text = options.text.as_deref().and_then(|asked| path_to(asked, &names, objects));
    let asked_text = if nested_text.is_some() { &None } else { &options.text };
    let (mut text, mut label) = (named(asked_text, "text")?, named(&options.label, "label")?);
    let (mut id, group, time) =
        (named(&options.id, "id")?, named(&options.group, "group")?, named(&options.time, "time")?);
    let mut split = named(&options.split, "split")?;
    let outer = nested_text.as_ref().and_then(|path| path.first());
    let reserved = names.iter().filter(|name| options.reserves(name));
    let taken: Vec<String> = [&text, &label, &id, &group, &time, &split]
        .into_iter()
        .flatten()
        .chain(outer)
        .chain(reserved)
        .cloned()
        .collect();
    let free = |name: &String| !taken.contains(name);
    let pick = |wanted: &[&str], fits: &dyn Fn(&str) -> bool, compound: bool| {
        let candidates = names.iter().enumerate().filter(|(_, n)| free(n) && fits(n)).map(|(i, n)| (i, n.as_str()));
        columns::by_name(candidates, wanted, compound).map(|i| names[i].clone())
    };
    let strings = |name: &str| values(objects, name).next().is_some() && values(objects, name).all(Value::is_string);
    if text.is_none() && nested_text.is_none() {
        // A few records where something else stands in the text's field are listed, not read without a text.
        let mostly = |name: &str| {
            let held = values(objects, name).count();
            held > 0 && values(objects, name).filter(|v| v.is_string()).count() * 2 > held
        };
        text = pick(TEXT_NAMES, &mostly, false);
        if text.is_none() {
            nested_text = nested(objects, &names, &taken);
        }
        if text.is_none() && nested_text.is_none() {
            let prose = |name: &str| strings(name) && is_prose(objects, name);
            text = pick(TEXT_NAMES, &prose, true).or_else(|| {
                // The longest prose, whatever it is called, but not a label of several words.
                let mean = |name: &str| {
                    let lengths: Vec<usize> = values(objects, name).filter_map(Value::as_str).map(str::len).collect();
                    lengths.iter().sum::<usize>() / lengths.len().max(1)
                };
                let unnamed = |n: &&String| free(n) && prose(n) && !columns::is_name(n);
                names.iter().filter(unnamed).max_by_key(|n| mean(n)).cloned()
            });
        }
    }
    let own = |name: &str| matches!(name, "tokens" | "responses" | "predictions" | "relations");
    let mapped = options.mapping.as_ref();
    let answers = mapped.and_then(|mapping| mapping.answers.as_ref());
    let mapped_spans = mapped.and_then(|mapping| mapping.spans.as_ref());
    if label.is_none() && mapped.is_none() {
        // Fields with spans come first: a record with both spans and labels is a record of spans.
        let outer = nested_text.as_ref().and_then(|path| path.first()).map(String::as_str);
        let is_answer = |name: &str| {
            text.as_deref() != Some(name)
                && outer != Some(name)
                && !own(name)
                && values(objects, name).next().is_some()
                && values(objects, name).all(|v| answer(v).is_ok())
        };
        let spans = |name: &str| {
            is_answer(name)
                && values(objects, name).all(Value::is_array)
                && values(objects, name).any(|v| matches!(answer(v), Ok(RawAnswer::Spans(_))))
        };
        let any =
            |name: &str| text.as_deref() != Some(name) && outer != Some(name) && values(objects, name).next().is_some();
        label = pick(&["spans", "entities", "label", "labels"], &spans, false)
            .or_else(|| pick(LABEL_NAMES, &is_answer, false))
            .or_else(|| pick(LABEL_NAMES, &is_answer, true))
            .or_else(|| pick(LABEL_NAMES, &any, false));
    }
    // Trueup's own records may hold nothing but annotators' answers.
    let answered = names.iter().any(|name| name == "responses");
    if label.is_none() && mapped.is_none() && !options.unlabelled && !answered {
        let found = "no field is named like a label".to_owned();
        return Err(DataError::NoColumn { path, role: "label", found, valid: list(&names) });
    }
    if label.is_none()
        && text.is_none()
        && nested_text.is_none()
        && !names.iter().any(|n| own(n) || columns::is_name(n))
    {
        let found = "no field holds a text or a label".to_owned();
        return Err(DataError::NoColumn { path, role: "text or --label", found, valid: list(&names) });
    }
    if options.text.is_none() {
        let what = match (&text, &nested_text) {
            (Some(text), _) => format!("text is field '{}'", quote(text)),
            (None, Some(path)) => format!("text is field '{}'", quote(&path.join("."))),
            (None, None) => "there is no text field".to_owned(),
        };
        remarks.guess(what, Some("--text"));
    }
    if options.label.is_none() && mapped.is_none() {
        let what =
            label.as_ref().map_or("there is no label field".to_owned(), |l| format!("label is field '{}'", quote(l)));
        remarks.guess(what, Some("--label"));
    }
    let names = || values(objects, "split").map(|value| value.as_str());
    // A usual name of a split in most records; other names are splits too, other values are none.
    let known = names().flatten().filter(|name| Split::of(name).is_some()).count();
    if split.is_none() && free(&"split".to_owned()) && names().all(|name| name.is_some()) && 2 * known > names().count()
    {
        split = Some("split".to_owned());
    }
    let ids = |name: &str| -> Vec<(String, u64)> {
        objects.iter().map(|o| (o.fields.get(name).and_then(scalar).unwrap_or_default(), o.line)).collect()
    };
    if let Some(id) = &id {
        check_ids(&path, ids(id).iter().map(|(id, line)| (id.as_str(), *line)))?;
    } else if let Some(guessed) =
        pick(ID_NAMES, &|name| label.as_deref() != Some(name) && text.as_deref() != Some(name), false)
    {
        if check_ids(&path, ids(&guessed).iter().map(|(id, line)| (id.as_str(), *line))).is_ok() {
            remarks.guess(format!("id is field '{}'", quote(&guessed)), Some("--id"));
            id = Some(guessed);
        } else {
            let what =
                format!("'{}' not used as id: it repeats or lacks values; ids are record numbers", quote(&guessed));
            remarks.guess(what, Some("--id"));
        }
    }
    let absent_is_empty = label.as_deref().is_some_and(|label| {
        // Trueup's own records say `[]` where there are none.
        let own =
            |v: &Value| super::all(v, |span| ["start", "end", "label"].iter().all(|name| span.get(name).is_some()));
        let spans = |v: &Value| matches!(answer(v), Ok(RawAnswer::Spans(_))) && !own(v);
        values(objects, label).all(spans) && values(objects, label).count() < objects.len()
    });
    let absent_is_empty = absent_is_empty
        || mapped_spans.is_some_and(|spans| {
            let lists = || objects.iter().filter_map(|o| o.fields.get(&spans.field)).filter(|v| !v.is_null());
            lists().all(|v| v.as_array().is_none_or(|items| !items.is_empty())) && lists().count() < objects.len()
        });
    if absent_is_empty {
        let label = quote(label.as_deref().or(mapped_spans.map(|spans| spans.field.as_str())).unwrap_or_default());
        remarks
            .guess(format!("a record without '{label}' has no spans, since that field is never an empty list"), None);
    }
    let mapping = Mapping { spans: mapped_spans.cloned(), answers: answers.cloned() };
    Ok(Plan { text, nested_text, label, id, group, time, split, absent_is_empty, mapping })
}

fn is_prose(objects: &[Object], name: &str) -> bool {
    let (mut n, mut spaced) = (0usize, 0usize);
    values(objects, name).filter_map(Value::as_str).for_each(|s| {
        n += 1;
        spaced += usize::from(s.contains(' ') || !s.is_ascii());
    });
    spaced * 5 >= n
}

/// The fields that a name such as `userInput.text` leads through, where a record has them and no field is called so.
fn path_to(asked: &str, names: &[String], objects: &[Object]) -> Option<Vec<String>> {
    if !asked.contains('.') || names.iter().any(|name| name == asked) {
        return None;
    }
    let path: Vec<String> = asked.split('.').map(str::to_owned).collect();
    let plan = Plan { nested_text: Some(path), ..Plan::default() };
    let leads = objects.iter().any(|o| plan.text(&o.fields).is_some());
    plan.nested_text.filter(|_| leads)
}

/// A text one level down: `{"userInput": {"text": ...}}`.
fn nested(objects: &[Object], names: &[String], taken: &[String]) -> Option<Vec<String>> {
    for outer in names.iter().filter(|name| !taken.contains(name) && !matches!(name.as_str(), "meta" | "metadata")) {
        for inner in TEXT_NAMES {
            let held = |o: &Object| o.fields.get(outer).and_then(|v| v.get(inner)).is_some_and(Value::is_string);
            if !objects.is_empty() && objects.iter().all(held) {
                return Some(vec![outer.clone(), (*inner).to_owned()]);
            }
        }
    }
    None
}
