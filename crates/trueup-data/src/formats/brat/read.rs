//! Reading brat's folders: one record a text.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::layout::{Item, Layout, canonical};
use super::{ANNOTATION_CONF, CONF, JSON_NOTE, LINES, flat, is_id};
use crate::corpus::{Answer, Key, Mark, Outline, Place, Record, Relation};
use crate::error::{DataError, quote};
use crate::formats::project::{SpanFaults, TextFiles};
use crate::input::{Folder, Input};
use crate::options::ReadOptions;
use crate::quoted::{self, Quoted};
use crate::reading::Reading;

const VALID: &str = "a line of brat's standoff format, such as 'T1<tab>Type 0 5<tab>text'";

/// The name of the file in its folder, as far as it is known.
fn base(input: &Input) -> &str {
    input.name.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// Whether a text has annotations beside it.
pub(super) fn has_annotations(input: &Input) -> bool {
    let name = base(input).strip_suffix(".txt").map(|stem| format!("{stem}.ann"));
    name.is_some_and(|name| input.beside().is_some_and(|folder| folder.has(&name)))
}

/// Reads a folder, or one text with its annotations.
pub(super) fn read(input: &Input, _: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let content = |found: String, valid: &str| DataError::Content {
        path: input.name.clone(),
        found,
        valid: valid.to_owned(),
        hint: None,
    };
    let (folder, names) = match (input.folder(), input.beside()) {
        (Some(folder), _) => (folder, folder.names()?),
        (None, Some(folder)) => {
            let name = base(input);
            let stem = name.strip_suffix(".ann").or_else(|| name.strip_suffix(".txt")).unwrap_or(name);
            let names = [ANNOTATION_CONF.to_owned(), format!("{stem}.ann"), format!("{stem}.txt")];
            (folder, names.into_iter().filter(|name| folder.has(name)).collect())
        }
        (None, None) => {
            let found = "a file with no folder beside it, so without its other half".to_owned();
            return Err(content(found, "a folder of .txt and .ann files, or one of them by its path"));
        }
    };
    reading.ids_from_column = true;
    configuration(folder, &names, reading)?;
    // A text and its annotations by their common name; sorted.
    let mut stems: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for name in &names {
        if let Some(stem) = name.strip_suffix(".txt") {
            stems.entry(stem).or_default().0 = true;
        } else if let Some(stem) = name.strip_suffix(".ann") {
            stems.entry(stem).or_default().1 = true;
        }
    }
    if stems.is_empty() {
        return Err(content("no text".to_owned(), "a folder of .txt and .ann files"));
    }
    let mut reader = Reader { folder, texts: TextFiles::default(), faults: SpanFaults::default(), lines: 0 };
    let mut layouts = Map::new();
    let total = stems.len();
    for (stem, (text, annotations)) in stems {
        let place = Place::in_file(&format!("{stem}.txt"), 1);
        if !text {
            let found = format!("the annotations '{}.ann' without its text", quote(stem));
            reading.remarks.skip_malformed_at(&Place::in_file(&format!("{stem}.ann"), 1), found, "a .txt beside it")?;
            continue;
        }
        let (record, layout) = match reader.record(stem, annotations, place.clone(), reading)? {
            Ok(read) => read,
            Err(found) => {
                reading.remarks.skip_malformed_at(&place, found, "a text")?;
                continue;
            }
        };
        if let Some(layout) = layout {
            layouts.insert(stem.to_owned(), layout.to_json());
        }
        reading.push(record)?;
    }
    reading.remarks.check_malformed(total.max(reader.lines), VALID, "is it brat's format? try --from")?;
    reader.texts.finish(reading);
    reader.faults.finish(reading);
    if !layouts.is_empty() {
        reading.outline.settings.push((LINES.into(), Value::Object(layouts)));
    }
    Ok(())
}

/// Keeps the configuration files, and declares the types that they name.
fn configuration(folder: &Folder, names: &[String], reading: &mut Reading) -> Result<(), DataError> {
    let known = [ANNOTATION_CONF, "visual.conf", "tools.conf", "kb_shortcuts.conf"];
    let mut kept = Map::new();
    for name in names.iter().filter(|name| known.iter().any(|k| name.rsplit('/').next() == Some(k))) {
        let text = TextFiles::default().read(folder, name)?;
        if name.ends_with(ANNOTATION_CONF) {
            declare(&text, &mut reading.outline);
        }
        kept.insert(name.clone(), Value::String(text));
    }
    if !kept.is_empty() {
        reading.outline.settings.push((CONF.into(), Value::Object(kept)));
    }
    Ok(())
}

/// The types of the section `[entities]`: indented ones are kinds of those above, `!` marks those not to be used alone.
fn declare(conf: &str, outline: &mut Outline) {
    let mut entities = false;
    for line in conf.lines().map(str::trim) {
        if line.starts_with('[') {
            entities = line.eq_ignore_ascii_case("[entities]");
        } else if entities && !line.is_empty() && !line.starts_with(['#', '<', '-']) {
            let name = line.split_whitespace().next().unwrap_or_default();
            outline.declare_span(name.strip_prefix('!').unwrap_or(name));
        }
    }
}

struct Reader<'a> {
    folder: &'a Folder,
    texts: TextFiles,
    faults: SpanFaults,
    lines: usize,
}

/// What a line that says something of another names.
enum Owner {
    Span(usize),
    Relation(usize),
}

impl Reader<'_> {
    #[allow(clippy::type_complexity)] // Read, and a reason where there is nothing to read.
    fn record(
        &mut self,
        stem: &str,
        annotations: bool,
        place: Place,
        reading: &mut Reading,
    ) -> Result<Result<(Record, Option<Layout>), String>, DataError> {
        let text = match self.texts.read(self.folder, &format!("{stem}.txt")) {
            Ok(text) => text,
            Err(error) => return Ok(Err(format!("a text that cannot be read ({error})"))),
        };
        let mut record = Record { id: Some(stem.to_owned()), place, ..Record::default() };
        let mut layout = None;
        if annotations {
            let name = format!("{stem}.ann");
            match self.texts.read(self.folder, &name) {
                Ok(lines) => {
                    let (answer, kept) = self.annotations(&name, &lines, &text, reading)?;
                    (record.gold, layout) = (Some(answer), kept);
                }
                Err(error) => return Ok(Err(format!("annotations that cannot be read ({error})"))),
            }
        }
        record.text = Some(text);
        Ok(Ok((record, layout)))
    }

    fn annotations(
        &mut self,
        name: &str,
        lines: &str,
        text: &str,
        reading: &mut Reading,
    ) -> Result<(Answer, Option<Layout>), DataError> {
        let offsets = Offsets::new(text, OffsetUnit::CodePoint);
        let file: Key = name.into();
        let place = |line: usize| Place { file: Some(file.clone()), ..Place::line(line as u64 + 1) };
        let lines: Vec<&str> = lines.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        let mut spans: Vec<Mark> = Vec::new();
        let mut relations: Vec<Relation> = Vec::new();
        let mut owners: FxHashMap<&str, Owner> = FxHashMap::default();
        // The items in the order of the lines, with what each line is called.
        let mut items: Vec<Option<(&str, Item)>> = vec![None; lines.len()];
        let mut others: Vec<String> = Vec::new();
        let mut tab = true;
        for (i, line) in lines.iter().enumerate() {
            let (id, rest) = line.split_once('\t').unwrap_or((line, ""));
            if line.trim().is_empty() || id.starts_with(['A', 'M', 'N', '#']) {
                continue;
            }
            self.lines += 1;
            let repeated = owners.contains_key(id);
            let found = if repeated {
                Err(format!("the id '{}' a second time", quote(id)))
            } else if is_id(id, 'T') {
                match span(rest, text, &offsets) {
                    Ok(Quoted2 { mark, moved }) => {
                        if moved {
                            self.faults.moved(&place(i));
                        }
                        owners.insert(id, Owner::Span(spans.len()));
                        items[i] = Some((id, Item::Span(spans.len())));
                        spans.push(Mark { id: Some(id.to_owned()), ..mark });
                        Ok(())
                    }
                    Err(Fault::Placed(found)) => {
                        self.faults.broken(reading, &place(i), found, "a span that covers the text it quotes")?;
                        items[i] = Some((id, Item::Other(others.len())));
                        others.push((*line).to_owned());
                        continue;
                    }
                    Err(Fault::Written) => Err(format!("'{}'", quote(line))),
                }
            } else if let Some(relation) = relation(id, rest) {
                if id != "*" {
                    owners.insert(id, Owner::Relation(relations.len()));
                }
                tab &= !id.starts_with('R') || rest.ends_with('\t');
                items[i] = Some((id, Item::Relation(relations.len())));
                relations.push(relation);
                Ok(())
            } else {
                Err(format!("'{}'", quote(line)))
            };
            if let Err(found) = found {
                reading.remarks.skip_malformed_at(&place(i), found, VALID)?;
                items[i] = Some((id, Item::Other(others.len())));
                others.push((*line).to_owned());
            }
        }
        for (i, line) in lines.iter().enumerate() {
            if line.trim().is_empty() || items[i].is_some() {
                continue;
            }
            self.lines += 1;
            let (id, rest) = line.split_once('\t').unwrap_or((line, ""));
            let said = said(id, rest);
            let owner = said.as_ref().and_then(|(target, ..)| owners.get(target));
            let item = match (owner, said) {
                (Some(Owner::Span(n)), Some((_, key, value))) => {
                    spans[*n].attributes.push((key, value));
                    Item::OfSpan(*n, spans[*n].attributes.len() - 1)
                }
                (Some(Owner::Relation(n)), Some((_, key, value))) => {
                    relations[*n].attributes.push((key, value));
                    Item::OfRelation(*n, relations[*n].attributes.len() - 1)
                }
                // Remarks that belong to nothing, and what is said of attributes, are kept as they stand.
                _ => {
                    others.push((*line).to_owned());
                    Item::Other(others.len() - 1)
                }
            };
            items[i] = Some((id, item));
        }
        let items: Vec<(&str, Item)> = items.into_iter().flatten().collect();
        let layout = layout(&items, &spans, &relations, others, tab);
        Ok((Answer { relations, ..Answer::spans(spans) }, layout))
    }
}

/// The order and names of the lines, where they are not those that lines get by themselves.
fn layout(
    items: &[(&str, Item)],
    spans: &[Mark],
    relations: &[Relation],
    others: Vec<String>,
    tab: bool,
) -> Option<Layout> {
    let spans: Vec<usize> = spans.iter().map(|s| s.attributes.len()).collect();
    let counts: Vec<usize> = relations.iter().map(|r| r.attributes.len()).collect();
    // Where each kind of item begins in the order of its own.
    let begin = |counts: &[usize], first: usize| -> Vec<usize> {
        counts.iter().scan(first, |at, n| Some(std::mem::replace(at, *at + n + 1))).collect()
    };
    let span_at = begin(&spans, 0);
    let rest = spans.iter().sum::<usize>() + spans.len();
    let relation_at = begin(&counts, rest);
    let other_at = rest + counts.iter().sum::<usize>() + counts.len();
    let place = |item: Item| match item {
        Item::Span(i) => span_at[i],
        Item::OfSpan(i, k) => span_at[i] + 1 + k,
        Item::Relation(i) => relation_at[i],
        Item::OfRelation(i, k) => relation_at[i] + 1 + k,
        Item::Other(i) => other_at + i,
    };
    let order: Vec<usize> = items.iter().map(|&(_, item)| place(item)).collect();
    let mut ids = vec![String::new(); items.len()];
    for (&at, (id, _)) in order.iter().zip(items) {
        (*id).clone_into(&mut ids[at]);
    }
    debug_assert_eq!(canonical(&spans, &counts, others.len()).len(), items.len());
    let usual = others.is_empty() && order.is_sorted() && (tab || relations.is_empty());
    let mut numbers: BTreeMap<char, usize> = BTreeMap::new();
    let numbered = ids.iter().all(|id| match id.chars().next() {
        Some(letter @ ('A' | 'N' | '#')) => {
            let n = numbers.entry(letter).or_default();
            *n += 1;
            id[1..] == n.to_string()
        }
        Some('M') | None => false,
        Some(_) => true,
    });
    (!usual || !numbered).then_some(Layout { ids, order, tab, others })
}

struct Quoted2 {
    mark: Mark,
    moved: bool,
}

enum Fault {
    /// The line is none of a span.
    Written,
    /// The span does not fit the text; a noun phrase.
    Placed(String),
}

/// `Type 0 5;10 15<tab>text`.
fn span(rest: &str, text: &str, offsets: &Offsets) -> Result<Quoted2, Fault> {
    let (head, quoted) = rest.split_once('\t').map_or((rest, None), |(head, quoted)| (head, Some(quoted)));
    let (label, places) = head.split_once(' ').ok_or(Fault::Written)?;
    let piece = |piece: &str| {
        let (start, end) = piece.trim().split_once(' ')?;
        Some((start.parse::<usize>().ok()?, end.trim().parse::<usize>().ok()?))
    };
    let given: Vec<(usize, usize)> = places.split(';').map(piece).collect::<Option<_>>().ok_or(Fault::Written)?;
    if label.is_empty() {
        return Err(Fault::Written);
    }
    let ranges: Result<Vec<(usize, usize)>, String> = given.iter().map(|&(s, e)| offsets.range(s, e)).collect();
    if let Ok(ranges) = &ranges
        && ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0)
    {
        let covered: Vec<String> = ranges.iter().map(|&(s, e)| flat(&text[s..e])).collect();
        if quoted.is_none_or(|quoted| covered.join(" ") == flat(quoted)) {
            return Ok(Quoted2 { mark: mark(ranges, text, label), moved: false });
        }
    }
    let quoted = quoted.unwrap_or_default();
    if let [(start, end)] = given[..] {
        return match quoted::place(text, offsets, start, end, quoted) {
            Quoted::Agrees(start, end) => Ok(Quoted2 { mark: Mark::new(start, end, label), moved: false }),
            Quoted::Repaired(start, end) => Ok(Quoted2 { mark: Mark::new(start, end, label), moved: true }),
            Quoted::Broken(found) => Err(Fault::Placed(found)),
        };
    }
    let found =
        ranges.err().unwrap_or_else(|| format!("the pieces {}, which are not '{}'", quote(places), quote(quoted)));
    Err(Fault::Placed(found))
}

/// A span of one piece or several; pieces with nothing but line breaks between them are one.
fn mark(ranges: &[(usize, usize)], text: &str, label: &str) -> Mark {
    let mut pieces: Vec<(usize, usize)> = Vec::with_capacity(ranges.len());
    for &(start, end) in ranges {
        match pieces.last_mut() {
            Some(last) if start > last.1 && text[last.1..start].bytes().all(|b| b == b'\n' || b == b'\r') => {
                last.1 = end;
            }
            _ => pieces.push((start, end)),
        }
    }
    let (start, end) = (pieces[0].0, pieces[pieces.len() - 1].1);
    let pieces = if pieces.len() > 1 { pieces } else { Vec::new() };
    Mark { pieces, ..Mark::new(start, end, label) }
}

/// A relation, an event or an equivalence.
fn relation(id: &str, rest: &str) -> Option<Relation> {
    let mut words = rest.split('\t').next()?.split(' ').filter(|word| !word.is_empty());
    let first = words.next()?;
    let argument = |word: &str| word.split_once(':').map(|(role, id)| (role.to_owned(), id.to_owned()));
    let mut relation = Relation { id: Some(id.to_owned()), ..Relation::default() };
    if id == "*" {
        relation.id = None;
        first.clone_into(&mut relation.kind);
        relation.arguments = words.map(|word| ("member".to_owned(), word.to_owned())).collect();
    } else if is_id(id, 'R') {
        first.clone_into(&mut relation.kind);
        relation.arguments = words.map(argument).collect::<Option<_>>()?;
        if let [(a, _), (b, _)] = relation.arguments.as_mut_slice()
            && a == "Arg1"
            && b == "Arg2"
        {
            "from".clone_into(a);
            "to".clone_into(b);
        }
    } else if is_id(id, 'E') {
        let (kind, trigger) = first.split_once(':')?;
        kind.clone_into(&mut relation.kind);
        relation.arguments.push(("trigger".to_owned(), trigger.to_owned()));
        for word in words {
            relation.arguments.push(argument(word)?);
        }
    } else {
        return None;
    }
    (!relation.arguments.is_empty()).then_some(relation)
}

/// What a line says of another: the other's id, an attribute's name and its value.
fn said<'a>(id: &str, rest: &'a str) -> Option<(&'a str, Key, Value)> {
    let (head, tail) = rest.split_once('\t').map_or((rest, None), |(head, tail)| (head, Some(tail)));
    let mut words = head.splitn(3, ' ');
    let (kind, target, value) = (words.next()?, words.next()?, words.next());
    if kind.is_empty() || target.is_empty() {
        return None;
    }
    if is_id(id, '#') && value.is_none() {
        let note = tail?;
        if kind == JSON_NOTE
            && let Ok(Value::Object(object)) = serde_json::from_str(note)
            && object.len() == 1
        {
            return object.into_iter().next().map(|(key, value)| (target, key.into(), value));
        }
        return Some((target, format!("#{kind}").into(), Value::String(note.to_owned())));
    }
    if is_id(id, 'N') {
        let link = serde_json::json!({"reference": value?, "text": tail?});
        return Some((target, kind.into(), link));
    }
    if (is_id(id, 'A') || is_id(id, 'M')) && tail.is_none() && value != Some("") {
        return Some((target, kind.into(), value.map_or(Value::Bool(true), |value| Value::String(value.to_owned()))));
    }
    None
}
