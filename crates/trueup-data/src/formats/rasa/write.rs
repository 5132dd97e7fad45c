//! Writing training data: examples in their order, those that follow each other with one intent in one block.

use serde_json::{Map, Value};

use super::markup::{self, flow, is_printable, mark, string};
use super::{ASKED, MARK, NO_ENTITIES, NO_INTENT, OF_INTENT, SETTINGS};
use crate::corpus::{Key, Mark, Outline, Record};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::holds::{Loss, Losses};
use crate::output::Output;

/// Begins a file.
pub(super) fn writer(outline: &Outline) -> Box<dyn Writer> {
    let settings = outline.setting(SETTINGS).and_then(Value::as_object).cloned().unwrap_or_default();
    Box::new(Training { settings, asked: outline.occurs.spans > 0, begun: false, block: None })
}

struct Training {
    settings: Map<String, Value>,
    /// Whether entities were asked for anywhere.
    asked: bool,
    begun: bool,
    block: Option<Block>,
}

/// What the examples of a block have in common.
#[derive(PartialEq)]
struct Block {
    intent: Option<String>,
    mark: Option<&'static str>,
    metadata: Option<Value>,
    /// Whether each example is an object, else lines of one text.
    objects: bool,
}

impl Writer for Training {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        if record.text().trim_matches([' ', '\n', '\r']).is_empty() {
            losses.add(Loss::Record, &record.place, || "an example without text".to_owned());
            return Ok(());
        }
        let Some(gold) = &record.gold else {
            return Ok(());
        };
        let intent = gold.labels.as_ref().and_then(|labels| labels.first()).map(|choice| choice.label.clone());
        let intent = intent.filter(|intent| {
            if intent.is_empty() {
                losses.add(Loss::Labels, &record.place, || "a label without a name".to_owned());
            }
            !intent.is_empty()
        });
        let spans = gold.spans.as_deref();
        let marked = fit(record, spans.unwrap_or_default(), losses);
        let not_asked = self.asked && spans.is_none();
        let mark = if intent.is_none() { Some(NO_INTENT) } else { not_asked.then_some(NO_ENTITIES) };
        let own = |(key, _): &&(Key, Value)| &**key != OF_INTENT;
        let objects = record.metadata.iter().any(|entry| own(&entry)) || !marked.chars().all(is_printable);
        let block = Block { intent, mark, metadata: record.value(OF_INTENT).cloned(), objects };
        let mut text = String::new();
        if !self.begun {
            self.begun = true;
            self.head(&mut text);
        }
        if self.block.as_ref() != Some(&block) {
            block.write(&mut text);
            self.block = Some(block);
        }
        if objects {
            text += "  - text: ";
            string(&mut text, &marked, false);
            text.push('\n');
            for (i, (key, value)) in record.metadata.iter().filter(own).enumerate() {
                text += if i == 0 { "    metadata:\n" } else { "" };
                entry(&mut text, 6, key, value);
            }
        } else {
            text += &format!("    - {marked}\n");
        }
        out.buffer().extend_from_slice(text.as_bytes());
        out.flush_if_full()
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        let mut text = String::new();
        if !self.begun {
            self.head(&mut text);
        }
        let sections = self.settings.get("sections").and_then(Value::as_array).cloned().unwrap_or_default();
        if !self.begun && sections.is_empty() {
            text = text.replace("\nnlu:\n", "\nnlu: []\n");
        }
        for section in sections.iter().filter_map(Value::as_object) {
            for (i, (key, value)) in section.iter().enumerate() {
                text += if i == 0 { "\n- " } else { "  " };
                entry_here(&mut text, 2, key, value);
            }
        }
        for (key, value) in self.settings.get("other").and_then(Value::as_object).into_iter().flatten() {
            text.push('\n');
            entry_here(&mut text, 0, key, value);
        }
        out.write(text.as_bytes())
    }
}

impl Training {
    fn head(&self, text: &mut String) {
        if self.asked {
            *text += ASKED;
            text.push('\n');
        }
        let version = self.settings.get("version").cloned().unwrap_or_else(|| "3.1".into());
        entry_here(text, 0, "version", &version);
        *text += "\nnlu:\n";
    }
}

impl Block {
    fn write(&self, text: &mut String) {
        // The format has no examples without an intent: the mark says that this is none.
        entry_of(text, "- intent: ", self.intent.as_deref().unwrap_or("none"));
        let mut metadata = self.metadata.clone();
        if let Some(mark) = self.mark {
            let old = metadata.take();
            let mut object = Map::new();
            object.insert(MARK.to_owned(), mark.into());
            match old {
                Some(Value::Object(old)) => object.extend(old),
                Some(other) => _ = object.insert("metadata".to_owned(), other),
                None => {}
            }
            metadata = Some(Value::Object(object));
        }
        if let Some(metadata) = metadata {
            entry(text, 2, "metadata", &metadata);
        }
        *text += if self.objects { "  examples:\n" } else { "  examples: |\n" };
    }
}

/// The text with its marks, changed as little as it must be so that the marks are read as they are meant.
fn fit(record: &Record, spans: &[Mark], losses: &mut Losses) -> String {
    let text = record.text();
    let reads = |marked: &str, text: &str, spans: &[Mark]| {
        let mut spans: Vec<&Mark> = spans.iter().collect();
        spans.sort_by_key(|span| (span.start, span.end));
        // `][` is half a mark, at which the real reader stumbles.
        let half = text.contains("][");
        !half
            && markup::parse(marked).is_ok_and(|(back, found)| {
                let said = |m: &Mark| (m.start, m.end, m.label.clone(), m.attributes.clone());
                back == text && found.iter().map(said).eq(spans.iter().map(|span| said(span)))
            })
    };
    let place = &record.place;
    let mut plain: Vec<Mark> = spans.to_vec();
    let mut marked = mark(text, &plain);
    if !reads(&marked, text, &plain) {
        let nested = |value: &Value| value.is_object() || value.is_array();
        for span in &mut plain {
            let before = span.attributes.len();
            span.attributes.retain(|(key, value)| !nested(value) && &**key != "entity");
            if span.attributes.len() < before {
                losses.add(Loss::Attributes, place, || "an attribute that is a list or an object".to_owned());
            }
        }
        marked = mark(text, &plain);
    }
    let mut changed = text.to_owned();
    if !reads(&marked, text, &plain) {
        // Brackets are of one byte, so that spans stay where they are.
        changed = text.replace('[', "(").replace(']', ")");
        losses.add(Loss::Text, place, || format!("brackets in '{}' became round ones", quote(text)));
        marked = mark(&changed, &plain);
    }
    if !reads(&marked, &changed, &plain) {
        losses.add(Loss::Spans, place, || format!("entities that cannot be marked in '{}'", quote(text)));
        marked = changed;
    }
    let trimmed = marked.trim_matches([' ', '\n', '\r']);
    if trimmed.len() < marked.len() {
        losses.add(Loss::Text, place, || format!("outer white space of '{}'", quote(text)));
        return trimmed.to_owned();
    }
    marked
}

/// `key: value` after as many spaces.
fn entry(out: &mut String, indent: usize, key: &str, value: &Value) {
    out.extend(std::iter::repeat_n(' ', indent));
    entry_here(out, indent, key, value);
}

/// As [`entry`], where the line has begun: texts of several lines as blocks, everything else on one line.
fn entry_here(out: &mut String, indent: usize, key: &str, value: &Value) {
    if is_plain(key) {
        out.push_str(key);
    } else {
        string(out, key, false);
    }
    match value {
        Value::String(text) if is_block(text) => {
            *out += ": |\n";
            for line in text.lines() {
                if !line.is_empty() {
                    out.extend(std::iter::repeat_n(' ', indent + 2));
                }
                out.push_str(line);
                out.push('\n');
            }
        }
        value => {
            *out += ": ";
            flow(out, value, false);
            out.push('\n');
        }
    }
}

/// A key with a name, plain where it can be.
fn entry_of(out: &mut String, key: &str, name: &str) {
    out.push_str(key);
    if is_plain(name) {
        out.push_str(name);
    } else {
        string(out, name, false);
    }
    out.push('\n');
}

/// Whether a text comes back from a literal block as it is.
fn is_block(text: &str) -> bool {
    text.ends_with('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\t', '\n'])
        && text.chars().all(|c| c == '\n' || is_printable(c))
}

/// Whether a name needs no quotes in YAML.
fn is_plain(name: &str) -> bool {
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+/-.".contains(c))
        && !words.contains(&name.to_ascii_lowercase().as_str())
}
