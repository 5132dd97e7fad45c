//! Records become doccano's tasks, in the shape of the project that fits them.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};
use trueup_core::offsets::{OffsetUnit, Offsets};

use crate::corpus::{Answer, Choice, Mark, Outline, Record};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::formats::tasks::{number_or_text, push_line, put_metadata};
use crate::holds::{Loss, Losses};
use crate::output::Output;

/// Fields with a meaning.
const TAKEN: &[&str] =
    &["id", "text", "data", "label", "labels", "entities", "cats", "annotations", "relations", "Comments", "comments"];

/// Which kind of project the file is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `label`: lists of labels.
    Labels,
    /// `label`: spans as lists.
    Spans,
    /// `entities` as lists, `cats`.
    Both,
    /// `entities` as objects, `relations`, `cats`.
    Relations,
}

/// Begins to write.
pub(super) fn writer(outline: &Outline) -> Box<dyn Writer> {
    let o = &outline.occurs;
    let shape = if o.relations > 0 || o.span_ids > 0 {
        Shape::Relations
    } else if o.spans == 0 {
        Shape::Labels
    } else if o.labels == 0 && o.marks > 0 {
        // Empty lists alone would read as lists of labels.
        Shape::Spans
    } else {
        Shape::Both
    };
    Box::new(Tasks { shape, next: 0 })
}

struct Tasks {
    shape: Shape,
    /// The next number for a span or relation whose id is none.
    next: u64,
}

impl Writer for Tasks {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let mut task = Map::new();
        if let Some(id) = &record.id {
            task.insert("id".to_owned(), number_or_text(id));
        }
        task.insert("text".to_owned(), Value::from(record.text()));
        put_metadata(&mut task, record, TAKEN, losses);
        if let Some(gold) = &record.gold {
            self.answer(record, gold, &mut task, losses);
        }
        push_line(out.buffer(), &task);
        out.flush_if_full()
    }

    fn finish(&mut self, _: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        Ok(())
    }
}

impl Tasks {
    fn answer(&mut self, record: &Record, answer: &Answer, task: &mut Map<String, Value>, losses: &mut Losses) {
        let offsets = Offsets::new(record.text(), OffsetUnit::CodePoint);
        let at = |byte| offsets.from_byte(byte).unwrap_or_default();
        if let Some(marks) = &answer.spans {
            let triple = |mark: &Mark| json!([at(mark.start), at(mark.end), mark.label]);
            if self.shape == Shape::Relations {
                let ids = self.ids(marks.iter().map(|mark| mark.id.as_deref()));
                let spans: Vec<Value> = marks
                    .iter()
                    .map(|mark| {
                        let mut span = Map::new();
                        named(&mut span, mark.id.as_deref(), &ids);
                        span.insert("label".to_owned(), Value::from(mark.label.as_str()));
                        span.insert("start_offset".to_owned(), Value::from(at(mark.start)));
                        span.insert("end_offset".to_owned(), Value::from(at(mark.end)));
                        Value::Object(span)
                    })
                    .collect();
                task.insert("entities".to_owned(), Value::Array(spans));
                let relations = self.relations(record, answer, &ids, losses);
                task.insert("relations".to_owned(), Value::Array(relations));
            } else {
                let key = if self.shape == Shape::Spans { "label" } else { "entities" };
                task.insert(key.to_owned(), marks.iter().map(triple).collect());
            }
        }
        if let Some(labels) = &answer.labels {
            let key = if self.shape == Shape::Labels { "label" } else { "cats" };
            let label = |choice: &Choice| Value::from(choice.label.as_str());
            task.insert(key.to_owned(), labels.iter().map(label).collect());
        }
        if let Some(comment) = &answer.comment {
            task.insert("Comments".to_owned(), json!([comment]));
        }
    }

    /// A number for every id: its own where all of them are numbers.
    fn ids<'a>(&mut self, names: impl Iterator<Item = Option<&'a str>> + Clone) -> FxHashMap<String, Value> {
        let whole = names.clone().flatten().all(|name| number_or_text(name).is_u64());
        let mut ids = FxHashMap::default();
        for name in names.flatten() {
            ids.entry(name.to_owned()).or_insert_with(|| {
                if whole {
                    return number_or_text(name);
                }
                self.next += 1;
                Value::from(self.next - 1)
            });
        }
        ids
    }

    fn relations(
        &mut self,
        record: &Record,
        answer: &Answer,
        spans: &FxHashMap<String, Value>,
        losses: &mut Losses,
    ) -> Vec<Value> {
        let ids = self.ids(answer.relations.iter().map(|relation| relation.id.as_deref()));
        let mut relations = Vec::with_capacity(answer.relations.len());
        for relation in &answer.relations {
            let ends: Vec<&Value> = relation.arguments.iter().filter_map(|(_, id)| spans.get(id)).collect();
            let (&[from, to], 2) = (ends.as_slice(), relation.arguments.len()) else {
                losses.add(Loss::Relations, &record.place, || {
                    format!("'{}', which does not tie two spans", quote(&relation.kind))
                });
                continue;
            };
            if relation.arguments[0].0 != "from" || relation.arguments[1].0 != "to" {
                losses.add(Loss::Relations, &record.place, || {
                    let (from, to) = (quote(&relation.arguments[0].0), quote(&relation.arguments[1].0));
                    format!("the roles '{from}' and '{to}' of '{}' became from and to", quote(&relation.kind))
                });
            }
            let mut item = Map::new();
            named(&mut item, relation.id.as_deref(), &ids);
            item.insert("from_id".to_owned(), from.clone());
            item.insert("to_id".to_owned(), to.clone());
            item.insert("type".to_owned(), Value::from(relation.kind.as_str()));
            relations.push(Value::Object(item));
        }
        relations
    }
}

/// The number of a span or relation, and the name that it has where that is none; doccano leaves the name aside.
fn named(item: &mut Map<String, Value>, name: Option<&str>, ids: &FxHashMap<String, Value>) {
    if let Some((name, id)) = name.and_then(|name| Some((name, ids.get(name)?))) {
        item.insert("id".to_owned(), id.clone());
        if number_or_text(name) != *id {
            item.insert("name".to_owned(), Value::from(name));
        }
    }
}
