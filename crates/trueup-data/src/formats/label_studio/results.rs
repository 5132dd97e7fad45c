//! The results of an annotation or prediction become an answer; what an answer does not hold is kept beside it.

use serde_json::{Map, Value};
use trueup_core::offsets::Offsets;

use super::html::{self, Shown};
use super::{COMMENT, Keys, SPANS};
use crate::corpus::{Answer, Choice, Key, Mark, Relation};
use crate::error::quote;
use crate::quoted::{self, Quoted};

/// Fields of a result that become attributes under their own name.
const PLAIN: &[&str] = &["origin", "to_name", "type", "readonly", "hidden", "locked", "parentID", "meta"];
/// Fields of a span's value that say where it lies in hypertext; they are kept as they are.
const HYPERTEXT: &[&str] = &["start", "end", "startOffset", "endOffset", "globalOffsets"];
/// How many spans of one text are looked for elsewhere than where they say they are.
const MOST_REPAIRS: usize = 1_000;

/// The text that results are about.
pub(super) struct Target<'a> {
    pub text: &'a str,
    pub offsets: &'a Offsets<'a>,
    /// The other unit that offsets may count, where it makes a difference.
    pub other: Option<&'a Offsets<'a>>,
    /// The object of results that shows the text.
    pub to_name: &'a str,
    /// The object names that show something else.
    pub is_elsewhere: &'a dyn Fn(&str) -> bool,
}

/// What was found out about the spans of a task.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Spans moved to the text that they quote.
    pub moved: u64,
    /// Spans left out, each a noun phrase.
    pub broken: Vec<String>,
    /// Spans of something else than the text.
    pub elsewhere: u64,
    /// Spans that fit their quote in the unit of the file and not in the other one, and the other way round.
    pub fits: [u64; 2],
}

/// An answer, and the results or parts of them that it does not hold.
pub(super) struct Taken {
    pub answer: Answer,
    pub kept: Vec<Value>,
}

/// Takes results apart.
pub(super) fn take(results: Vec<Value>, target: &Target, keys: &mut Keys, tally: &mut Tally) -> Taken {
    let mut taken = Taken { answer: Answer::default(), kept: Vec::new() };
    let mut shown: Option<Shown> = None;
    for result in results {
        let Value::Object(result) = result else {
            taken.kept.push(result);
            continue;
        };
        let text_of = |key: &str| result.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = text_of("type");
        let value = result.get("value").and_then(Value::as_object);
        let has = |key: &str| value.is_some_and(|value| value.contains_key(key));
        let is_span = matches!(kind, "labels" | "hypertextlabels") || kind.is_empty() && has("labels");
        let labelled = if kind.is_empty() { "labels" } else { kind };
        let labels = value.and_then(|value| value.get(labelled)).and_then(Value::as_array);
        if kind == "relation" && result.contains_key("from_id") && result.contains_key("to_id") {
            taken.answer.relations.push(relation(result, keys));
        } else if is_span && labels.is_some_and(|l| !l.is_empty() && l.iter().all(Value::is_string)) {
            if (target.is_elsewhere)(text_of("to_name")) {
                tally.elsewhere += 1;
                taken.kept.push(Value::Object(result));
            } else {
                let marks = taken.answer.spans.get_or_insert_default();
                span(result, marks, target, &mut shown, keys, tally);
            }
        } else if matches!(kind, "choices" | "taxonomy" | "") && !has("start") && choices(value, kind).is_some() {
            choice(result, &mut taken, target.to_name, keys);
        } else if kind == "textarea" && text_of("from_name") == COMMENT && taken.answer.comment.is_none() {
            comment(result, &mut taken, target.to_name);
        } else {
            taken.kept.push(Value::Object(result));
        }
    }
    // In the order in which they are written.
    let labelled = |entry: &Value| {
        let field = field_of(entry);
        taken.answer.labels.iter().flatten().any(|choice| choice.field.as_deref() == field)
    };
    let rank = |entry: &Value| match entry {
        entry if is_choice(entry) => usize::from(!labelled(entry)),
        entry if is_comment(entry) && taken.answer.comment.is_some() => 2,
        _ => 3,
    };
    taken.kept.sort_by_cached_key(rank);
    taken
}

/// The question that an entry is about.
pub(super) fn field_of(entry: &Value) -> Option<&str> {
    entry.get("from_name").and_then(Value::as_str)
}

/// Whether an entry says more of the remark in words.
pub(super) fn is_comment(entry: &Value) -> bool {
    entry.get("type").and_then(Value::as_str) == Some("textarea") && field_of(entry) == Some(COMMENT)
}

/// Whether an entry says more of labels of the text.
pub(super) fn is_choice(entry: &Value) -> bool {
    let kind = entry.get("type").and_then(Value::as_str).unwrap_or("choices");
    let read = |value: &Value| value.get("start").is_none() && choices(value.as_object(), kind).is_some();
    entry.is_object() && matches!(kind, "choices" | "taxonomy") && entry.get("value").is_none_or(read)
}

/// The labels of a result of choices, levels joined.
pub(super) fn choices(value: Option<&Map<String, Value>>, kind: &str) -> Option<Vec<String>> {
    let list = value?.get(if kind == "taxonomy" { "taxonomy" } else { "choices" })?;
    let list = match list {
        // Old versions wrote a single choice without a list.
        Value::String(_) => std::slice::from_ref(list),
        Value::Array(list) => list,
        _ => return None,
    };
    let path = |value: &Value| match value {
        Value::String(label) => Some(label.clone()),
        Value::Array(levels) => {
            let levels: Option<Vec<&str>> = levels.iter().map(Value::as_str).collect();
            levels.filter(|levels| !levels.is_empty()).map(|levels| levels.join(":"))
        }
        _ => None,
    };
    list.iter().map(path).collect()
}

/// The value that is written for labels.
pub(super) fn choices_value(kind: &str, labels: &[&str]) -> Value {
    if kind == "taxonomy" {
        let paths: Vec<Vec<&str>> = labels.iter().map(|label| label.split(':').collect()).collect();
        serde_json::json!({ "taxonomy": paths })
    } else {
        serde_json::json!({ "choices": labels })
    }
}

fn choice(mut result: Map<String, Value>, taken: &mut Taken, to_name: &str, keys: &mut Keys) {
    let kind = result.get("type").and_then(Value::as_str).unwrap_or("choices").to_owned();
    let labels = choices(result.get("value").and_then(Value::as_object), &kind).unwrap_or_default();
    let field = result.get("from_name").and_then(Value::as_str).map(|name| keys.get(name));
    let score = result.get("score").and_then(Value::as_f64);
    let all = taken.answer.labels.get_or_insert_default();
    // What is said of a second result for the same question has no place: its labels join those of the first.
    let first = !all.iter().any(|choice| choice.field == field);
    all.extend(labels.iter().map(|label| Choice { label: label.clone(), field: field.clone(), score }));
    let names: Vec<&str> = labels.iter().map(String::as_str).collect();
    if result.get("value") == Some(&choices_value(&kind, &names)) {
        result.shift_remove("value");
    }
    if score.is_some() {
        result.shift_remove("score");
    }
    keep_details(result, "choices", to_name, first, taken);
}

fn comment(mut result: Map<String, Value>, taken: &mut Taken, to_name: &str) {
    let text = result.get("value").and_then(|value| value.get("text"));
    let text = match text {
        Some(Value::String(text)) => Some(text.as_str()),
        Some(Value::Array(list)) => list.first().and_then(Value::as_str).filter(|_| list.len() == 1),
        _ => None,
    };
    let Some(text) = text.map(str::to_owned) else {
        taken.kept.push(Value::Object(result));
        return;
    };
    if result.get("value") == Some(&serde_json::json!({ "text": [&text] })) {
        result.shift_remove("value");
    }
    taken.answer.comment = Some(text);
    keep_details(result, "", to_name, true, taken);
}

/// Keeps what a result says besides its question and its answer, if that is anything.
fn keep_details(mut result: Map<String, Value>, kind: &str, to_name: &str, keep: bool, taken: &mut Taken) {
    let is = |result: &Map<String, Value>, key, usual: &str| result.get(key).and_then(Value::as_str) == Some(usual);
    if is(&result, "to_name", to_name) {
        result.shift_remove("to_name");
    }
    if is(&result, "type", kind) {
        result.shift_remove("type");
    }
    let more = result.keys().any(|key| key != "from_name" && key != "type") || is(&result, "type", "taxonomy");
    if keep && more {
        taken.kept.push(Value::Object(result));
    }
}

fn relation(result: Map<String, Value>, keys: &mut Keys) -> Relation {
    let mut relation = Relation::default();
    let (mut ends, mut roles) = ([None, None], None);
    for (key, value) in result {
        match (key.as_str(), value) {
            ("type", _) => {}
            ("from_id", value) => ends[0] = crate::json::scalar(&value),
            ("to_id", value) => ends[1] = crate::json::scalar(&value),
            ("id", Value::String(id)) => relation.id = Some(id),
            ("direction", Value::String(direction)) if direction == "right" => {}
            ("arguments", Value::Array(list)) => match arguments(&list) {
                Some(list) => roles = Some(list),
                None => relation.attributes.push((keys.get("arguments"), Value::Array(list))),
            },
            ("labels", Value::Array(labels)) => match labels.as_slice() {
                [Value::String(kind)] if !kind.is_empty() => relation.kind.clone_from(kind),
                [Value::String(kind), ..] => {
                    relation.kind.clone_from(kind);
                    relation.attributes.push((keys.get("labels"), Value::Array(labels)));
                }
                _ => relation.attributes.push((keys.get("labels"), Value::Array(labels))),
            },
            (_, value) => relation.attributes.push((keys.get(&key), value)),
        }
    }
    let [from, to] = ends.map(Option::unwrap_or_default);
    relation.arguments = roles.unwrap_or_else(|| vec![("from".to_owned(), from), ("to".to_owned(), to)]);
    relation
}

/// Roles and what fills them, as we write them where a relation has other ones than `from` and `to`.
fn arguments(list: &[Value]) -> Option<Vec<(String, String)>> {
    let pair = |value: &Value| match value.as_array()?.as_slice() {
        [Value::String(role), Value::String(id)] => Some((role.clone(), id.clone())),
        _ => None,
    };
    list.iter().map(pair).collect()
}

fn span(
    mut result: Map<String, Value>,
    marks: &mut Vec<Mark>,
    target: &Target,
    shown: &mut Option<Shown>,
    keys: &mut Keys,
    tally: &mut Tally,
) {
    let Some(Value::Object(mut value)) = result.shift_remove("value") else {
        return;
    };
    let kind = result.get("type").and_then(Value::as_str).filter(|kind| !kind.is_empty()).unwrap_or("labels");
    let hypertext = kind == "hypertextlabels";
    let Some(Value::Array(labels)) = value.shift_remove(kind) else {
        return;
    };
    let quoted = value.get("text").and_then(Value::as_str);
    let place = position(&value, hypertext).and_then(|place| find(target, shown, place, quoted, hypertext, tally));
    let (start, end) = match place {
        Ok(place) => place,
        Err(found) => {
            tally.broken.push(found);
            return;
        }
    };
    let mut mark = Mark { start, end, ..Mark::default() };
    // In the order in which they are written: fields of the result, of its `meta`, of its value.
    let mut details: Vec<(Key, Value)> = Vec::new();
    for (key, field) in result {
        match (key.as_str(), field) {
            ("id", Value::String(id)) => mark.id = Some(id),
            ("from_name", Value::String(name)) => mark.field = (name != SPANS).then(|| keys.get(&name)),
            ("score", Value::Number(n)) => mark.score = n.as_f64(),
            ("to_name", Value::String(name)) if name == target.to_name => {}
            ("type", Value::String(kind)) if kind == "labels" => {}
            ("meta", Value::Object(meta)) if !meta.is_empty() => {
                for (key, value) in meta {
                    let plain = !PLAIN.contains(&key.as_str()) && prefix(&key).is_none();
                    let key = if plain { keys.get(&key) } else { keys.get(&format!("meta.{key}")) };
                    details.push((key, value));
                }
            }
            (name, value) if PLAIN.contains(&name) => mark.attributes.push((keys.get(name), value)),
            (name, value) => mark.attributes.push((keys.get(&format!("result.{name}")), value)),
        }
    }
    mark.attributes.append(&mut details);
    let paged = value.contains_key("globalOffsets");
    for (key, field) in value {
        let known = match key.as_str() {
            // A page shows other characters than its source has.
            "text" => field.as_str().is_some_and(|quoted| !hypertext || target.text.get(start..end) == Some(quoted)),
            "start" | "end" => !hypertext || !paged && field.is_number(),
            _ => false,
        };
        if !known {
            mark.attributes.push((keys.get(&format!("value.{key}")), field));
        }
    }
    // The last label takes the mark itself.
    let mut labels = labels.into_iter().filter_map(|label| match label {
        Value::String(label) => Some(label),
        _ => None,
    });
    let Some(mut label) = labels.next() else {
        return;
    };
    for next in labels {
        marks.push(Mark { label, ..mark.clone() });
        label = next;
    }
    marks.push(Mark { label, ..mark });
}

/// The part of a span that an attribute of such a name belongs to, and its name there.
pub(super) fn prefix(attribute: &str) -> Option<(&str, &str)> {
    let (part, name) = attribute.split_once('.')?;
    matches!(part, "value" | "result" | "meta").then_some((part, name))
}

/// Whether an attribute of such a name is a field of the result.
pub(super) fn is_plain(attribute: &str) -> bool {
    PLAIN.contains(&attribute)
}

/// Whether an attribute says where a span of hypertext lies.
pub(super) fn is_place(attribute: &Key) -> bool {
    attribute.strip_prefix("value.").is_some_and(|name| HYPERTEXT.contains(&name))
}

/// Where a span says it is; hypertext counts in the text that is shown.
fn position(value: &Map<String, Value>, hypertext: bool) -> Result<(usize, usize), String> {
    let place = if hypertext { value.get("globalOffsets").and_then(Value::as_object) } else { None }.unwrap_or(value);
    let number = |key: &str| {
        let found = place.get(key)?;
        let n = found.as_u64().or_else(|| found.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0).map(|n| n as u64));
        n.and_then(|n| usize::try_from(n).ok())
    };
    match (number("start"), number("end")) {
        (Some(start), Some(end)) => Ok((start, end)),
        // The place in the page's tree alone: the quote must tell.
        _ if hypertext && value.get("text").is_some_and(Value::is_string) => Ok((0, 0)),
        _ => {
            let shown = |key: &str| place.get(key).map_or_else(|| "nothing".to_owned(), crate::json::shape);
            Err(format!("a span from {} to {}", shown("start"), shown("end")))
        }
    }
}

/// The bytes that a span covers; an error is a noun phrase.
fn find(
    target: &Target,
    shown: &mut Option<Shown>,
    (start, end): (usize, usize),
    quoted: Option<&str>,
    hypertext: bool,
    tally: &mut Tally,
) -> Result<(usize, usize), String> {
    let given = target.offsets.range(start, end);
    let Some(quoted) = quoted.filter(|text| !text.is_empty()) else {
        return given;
    };
    let covers = |place: &Result<(usize, usize), String>| {
        place.as_ref().is_ok_and(|&(start, end)| target.text.get(start..end) == Some(quoted))
    };
    let fits = covers(&given);
    if let Some(other) = target.other {
        let fits_other = covers(&other.range(start, end));
        tally.fits[0] += u64::from(fits && !fits_other);
        tally.fits[1] += u64::from(fits_other && !fits);
    }
    if fits {
        return given;
    }
    if hypertext && html::may_be(target.text) {
        let shown = shown.get_or_insert_with(|| Shown::new(target.text));
        if let Some((covered, place)) = shown.range(start, end, target.offsets.unit())
            && same_words(covered, quoted)
        {
            return Ok(place);
        }
    }
    if tally.moved as usize + tally.broken.len() >= MOST_REPAIRS {
        return Err(format!("the span {start}..{end}, which does not cover '{}'", quote(quoted)));
    }
    match quoted::place(target.text, target.offsets, start, end, quoted) {
        Quoted::Agrees(start, end) => Ok((start, end)),
        Quoted::Repaired(start, end) => {
            tally.moved += 1;
            Ok((start, end))
        }
        Quoted::Broken(found) => Err(found),
    }
}

/// Whether two texts are the same but for white space, which a page shows as it likes.
fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}
