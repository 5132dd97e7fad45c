//! Writing brat's folders: a `.txt` and a `.ann` for every record, and the configuration.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::layout::{Item, Layout, canonical};
use super::{ANNOTATION_CONF, CONF, JSON_NOTE, LINES, flat, is_id, is_name};
use crate::corpus::{Answer, Key, Mark, Outline, Record, Relation};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::formats::project::FileNames;
use crate::holds::{Loss, Losses};
use crate::output::Output;

/// Begins a folder.
pub(super) fn writer(outline: &Outline) -> Box<dyn Writer> {
    let object = |key| outline.setting(key).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut types = Types::default();
    types.entities.extend(outline.declared_spans.iter().map(|name| name_of(name)));
    Box::new(Folder { conf: object(CONF), layouts: object(LINES), names: FileNames::default(), written: 0, types })
}

struct Folder {
    conf: Map<String, Value>,
    layouts: Map<String, Value>,
    names: FileNames,
    written: u64,
    types: Types,
}

/// The types that occur, for a configuration where none was kept.
#[derive(Default)]
struct Types {
    entities: BTreeSet<String>,
    relations: BTreeSet<String>,
    events: BTreeMap<String, BTreeSet<String>>,
    /// Attributes with their values; a flag has none.
    attributes: BTreeMap<String, BTreeSet<String>>,
}

/// A text as one of brat's names: what cannot stand in one becomes `_`.
fn name_of(text: &str) -> String {
    if is_name(text) {
        return text.to_owned();
    }
    let bad = |c: char| c.is_whitespace() || c == ':' || c.is_control();
    let name: String = text.chars().map(|c| if bad(c) { '_' } else { c }).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

impl Writer for Folder {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        self.written += 1;
        let name = self.names.take(record.id.as_deref(), self.written);
        if let Some(id) = record.id.as_ref().filter(|id| **id != name) {
            losses.add(Loss::Ids, &record.place, || format!("the id '{}', which became '{name}'", quote(id)));
        }
        out.put(&format!("{name}.txt"), record.text().as_bytes())?;
        if let Some(gold) = &record.gold {
            let layout = record.id.as_ref().and_then(|id| self.layouts.get(id)).and_then(Layout::from_json);
            let mut lines = Lines::new(record, gold, losses);
            let text = lines.write(layout, &mut self.types, losses);
            out.put(&format!("{name}.ann"), text.as_bytes())?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        for (name, text) in &self.conf {
            out.put(name, text.as_str().unwrap_or_default().as_bytes())?;
        }
        if !self.conf.contains_key(ANNOTATION_CONF) {
            out.put(ANNOTATION_CONF, self.types.conf().as_bytes())?;
        }
        Ok(())
    }
}

impl Types {
    fn conf(&self) -> String {
        let mut out = "[entities]\n".to_owned();
        self.entities
            .iter()
            .filter(|name| !self.events.contains_key(*name))
            .for_each(|name| out += &format!("{name}\n"));
        out += "\n[relations]\n";
        self.relations.iter().for_each(|name| out += &format!("{name}\tArg1:<ANY>, Arg2:<ANY>\n"));
        out += "\n[events]\n";
        for (name, roles) in &self.events {
            let roles: Vec<String> = roles.iter().map(|role| format!("{role}*:<ANY>")).collect();
            out += &format!("{name}\t{}\n", roles.join(", "));
        }
        out += "\n[attributes]\n";
        for (name, values) in &self.attributes {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let choice = if values.is_empty() { String::new() } else { format!(", Value:{}", values.join("|")) };
            out += &format!("{name}\tArg:<ANY>{choice}\n");
        }
        out
    }
}

/// What becomes the lines of one file.
struct Lines<'a> {
    record: &'a Record,
    spans: &'a [Mark],
    relations: &'a [Relation],
    offsets: Offsets<'a>,
    /// The ids of spans and relations in the file.
    span_ids: Vec<String>,
    relation_ids: Vec<String>,
    /// What relations call them.
    renamed: FxHashMap<&'a str, String>,
}

/// Ids of one kind: those that are brat's stay, the others are numbered anew.
fn ids<'a>(
    all: impl Iterator<Item = (Option<&'a str>, char)> + Clone,
    taken: &mut FxHashSet<String>,
    mut lost: impl FnMut(&str, &str),
) -> Vec<String> {
    let own = |id: Option<&'a str>, letter| id.filter(|id| is_id(id, letter));
    let mut first: FxHashSet<&str> = FxHashSet::default();
    let keeps: Vec<bool> = all.clone().map(|(id, letter)| own(id, letter).is_some_and(|id| first.insert(id))).collect();
    taken.extend(first.iter().map(|id| (*id).to_owned()));
    let mut next: BTreeMap<char, u64> = BTreeMap::new();
    let mut out = Vec::with_capacity(keeps.len());
    for ((id, letter), keep) in all.zip(keeps) {
        out.push(match id {
            _ if letter == '*' => "*".to_owned(),
            Some(id) if keep => id.to_owned(),
            _ => {
                let n = next.entry(letter).or_insert(0);
                let new = loop {
                    *n += 1;
                    let new = format!("{letter}{n}");
                    if taken.insert(new.clone()) {
                        break new;
                    }
                };
                if let Some(id) = id {
                    lost(id, &new);
                }
                new
            }
        });
    }
    out
}

/// The letter of a relation's line.
fn letter(relation: &Relation) -> char {
    match relation.arguments.first() {
        Some((role, _)) if role == "trigger" => 'E',
        Some(_) if relation.id.is_none() && relation.arguments.iter().all(|(role, _)| role == "member") => '*',
        _ => 'R',
    }
}

impl<'a> Lines<'a> {
    fn new(record: &'a Record, gold: &'a Answer, losses: &mut Losses) -> Self {
        let spans = gold.spans.as_deref().unwrap_or_default();
        let relations = gold.relations.as_slice();
        let mut taken = FxHashSet::default();
        let mut lost = |old: &str, new: &str| {
            losses
                .add(Loss::SpanIds, &record.place, || format!("the id '{}' of a span, which became {new}", quote(old)));
        };
        let span_ids = ids(spans.iter().map(|s| (s.id.as_deref(), 'T')), &mut taken, &mut lost);
        let all = relations.iter().map(|r| (r.id.as_deref(), letter(r)));
        let relation_ids = ids(all, &mut taken, &mut lost);
        let mut renamed = FxHashMap::default();
        let old = spans.iter().map(|s| s.id.as_deref()).chain(relations.iter().map(|r| r.id.as_deref()));
        for (old, new) in old.zip(span_ids.iter().chain(&relation_ids)) {
            if let Some(old) = old {
                renamed.entry(old).or_insert_with(|| new.clone());
            }
        }
        let offsets = Offsets::new(record.text(), OffsetUnit::CodePoint);
        Self { record, spans, relations, offsets, span_ids, relation_ids, renamed }
    }

    fn write(&mut self, layout: Option<Layout>, types: &mut Types, losses: &mut Losses) -> String {
        let counts = |attributes: &Vec<(Key, Value)>| attributes.len();
        let spans: Vec<usize> = self.spans.iter().map(|s| counts(&s.attributes)).collect();
        let relations: Vec<usize> = self.relations.iter().map(|r| counts(&r.attributes)).collect();
        let others = layout.as_ref().map_or(0, |layout| layout.others.len());
        let items = canonical(&spans, &relations, others);
        // A layout of other lines than these says nothing about them.
        let fits = |layout: &Layout| {
            layout.order.len() == items.len()
                && items.iter().zip(&layout.ids).all(|(item, id)| match item {
                    Item::Span(i) => *id == self.span_ids[*i],
                    Item::Relation(i) => *id == self.relation_ids[*i],
                    _ => true,
                })
        };
        let layout = layout.filter(fits);
        let items = if layout.is_some() { items } else { canonical(&spans, &relations, 0) };
        let tab = layout.as_ref().is_none_or(|layout| layout.tab);
        let mut numbers: BTreeMap<char, u64> = BTreeMap::new();
        let mut lines: Vec<String> = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let known = layout.as_ref().map(|layout| layout.ids[at].as_str());
            lines.push(match *item {
                Item::Span(i) => self.span(i, types, losses),
                Item::Relation(i) => self.relation(i, tab, types, losses),
                Item::OfSpan(i, k) => said(&self.span_ids[i], &self.spans[i].attributes[k], known, &mut numbers, types),
                Item::OfRelation(i, k) => {
                    said(&self.relation_ids[i], &self.relations[i].attributes[k], known, &mut numbers, types)
                }
                Item::Other(i) => layout.as_ref().map(|layout| layout.others[i].clone()).unwrap_or_default(),
            });
        }
        let mut out = String::new();
        let mut push = |line: &str| {
            out.push_str(line);
            out.push('\n');
        };
        match &layout {
            Some(layout) => layout.order.iter().for_each(|&at| push(&lines[at])),
            None => lines.iter().for_each(|line| push(line)),
        }
        out
    }

    fn span(&self, i: usize, types: &mut Types, losses: &mut Losses) -> String {
        let (span, text) = (&self.spans[i], self.record.text());
        let label = name_of(&span.label);
        if label != span.label {
            losses
                .add(Loss::Spans, &self.record.place, || format!("the type '{}' became '{label}'", quote(&span.label)));
        }
        let whole = [(span.start, span.end)];
        let pieces = if span.pieces.is_empty() { &whole[..] } else { &span.pieces[..] };
        let mut places = Vec::new();
        let mut covered = Vec::new();
        for &(start, end) in pieces {
            let mut rest = start;
            // A piece ends at a line break, and the next begins after it.
            for part in text[start..end].split(['\n', '\r']) {
                if !part.is_empty() {
                    let at = |byte| self.offsets.from_byte(byte).unwrap_or_default();
                    places.push(format!("{} {}", at(rest), at(rest + part.len())));
                    covered.push(flat(part));
                }
                rest += part.len() + 1;
            }
        }
        let line = format!("{}\t{label} {}\t{}", self.span_ids[i], places.join(";"), covered.join(" "));
        types.entities.insert(label);
        line
    }

    fn relation(&self, i: usize, tab: bool, types: &mut Types, losses: &mut Losses) -> String {
        let relation = &self.relations[i];
        let kind = name_of(&relation.kind);
        if kind != relation.kind {
            let what = || format!("the relation '{}' became '{kind}'", quote(&relation.kind));
            losses.add(Loss::Relations, &self.record.place, what);
        }
        let id = |old: &str| self.renamed.get(old).cloned().unwrap_or_else(|| name_of(old));
        let role = |role: &str| match role {
            "from" => "Arg1".to_owned(),
            "to" => "Arg2".to_owned(),
            other => name_of(other),
        };
        let own = &self.relation_ids[i];
        let words = |arguments: &[(String, String)]| -> String {
            arguments.iter().map(|(r, a)| format!(" {}:{}", role(r), id(a))).collect::<Vec<_>>().concat()
        };
        match (own.chars().next(), relation.arguments.as_slice()) {
            (Some('E'), [(_, trigger), arguments @ ..]) => {
                types.events.entry(kind.clone()).or_default().extend(arguments.iter().map(|(r, _)| role(r)));
                format!("{own}\t{kind}:{}{}", id(trigger), words(arguments))
            }
            (Some('*'), arguments) => {
                let members: Vec<String> = arguments.iter().map(|(_, member)| id(member)).collect();
                types.relations.insert(kind.clone());
                format!("*\t{kind} {}", members.join(" "))
            }
            (_, arguments) => {
                types.relations.insert(kind.clone());
                format!("{own}\t{kind}{}{}", words(arguments), if tab { "\t" } else { "" })
            }
        }
    }
}

/// The line of something that is said of a span or relation; `known` is the name that the line had.
fn said(
    target: &str,
    (key, value): &(Key, Value),
    known: Option<&str>,
    numbers: &mut BTreeMap<char, u64>,
    types: &mut Types,
) -> String {
    let mut id = |letters: &[char]| {
        if let Some(id) = known.filter(|id| letters.iter().any(|&letter| is_id(id, letter))) {
            return id.to_owned();
        }
        let n = numbers.entry(letters[0]).or_insert(0);
        *n += 1;
        format!("{}{n}", letters[0])
    };
    let one_line = |text: &str| !text.contains(['\n', '\r', '\t']);
    // The type of a note, where the attribute is one.
    let note_type = key.strip_prefix('#').filter(|kind| is_name(kind) && *kind != JSON_NOTE);
    match value {
        Value::String(note) if note_type.is_some() && !note.contains(['\n', '\r']) => {
            return format!("{}\t{} {target}\t{note}", id(&['#']), note_type.unwrap_or_default());
        }
        Value::String(choice) if is_name(key) && !key.starts_with('#') && !choice.is_empty() && one_line(choice) => {
            let values = types.attributes.entry(key.to_string()).or_default();
            values.insert(choice.clone());
            return format!("{}\t{key} {target} {choice}", id(&['A', 'M']));
        }
        Value::Bool(true) if is_name(key) && !key.starts_with('#') => {
            types.attributes.entry(key.to_string()).or_default();
            return format!("{}\t{key} {target}", id(&['A', 'M']));
        }
        Value::Object(link) if link.len() == 2 && is_name(key) && !key.starts_with('#') => {
            let part = |name: &str| link.get(name).and_then(Value::as_str);
            if let (Some(reference), Some(text)) = (part("reference"), part("text"))
                && one_line(reference)
                && !reference.is_empty()
                && !text.contains(['\n', '\r'])
            {
                return format!("{}\t{key} {target} {reference}\t{text}", id(&['N']));
            }
        }
        _ => {}
    }
    let mut object = Map::new();
    object.insert(key.to_string(), value.clone());
    format!("{}\t{JSON_NOTE} {target}\t{}", id(&['#']), Value::Object(object))
}
