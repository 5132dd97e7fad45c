//! Reading training data: the examples, and everything else as it is.

use std::collections::BTreeMap;

use saphyr::MarkedYaml;
use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::{ASKED, MARK, NO_ENTITIES, NO_INTENT, OF_INTENT, SETTINGS, markup, yaml};
use crate::corpus::{Answer, Key, Mark, Place, Record};
use crate::error::{DataError, list, quote};
use crate::formats::project::SpanFaults;
use crate::input::Input;
use crate::json;
use crate::options::{ReadOptions, count};
use crate::reading::Reading;

const VALID: &str = "an example such as '- fly to [Oslo](city)'";
const VALID_SECTION: &str = "a section with 'intent', 'synonym', 'regex' or 'lookup', and 'examples'";
const VALID_JSON: &str = "an example with 'text', 'intent' and 'entities'";

/// Reads a file, YAML or the older JSON.
pub(super) fn read(input: &Input, _: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let text = input.text()?;
    if text.trim_start().starts_with('{') {
        return read_json(text, reading);
    }
    let root = yaml::load(text, reading)?;
    let valid = "a list 'nlu' of intents with their examples";
    let entries = yaml::entries(&root).ok_or_else(|| reading.error(&Place::line(1), "no list 'nlu'", valid))?;
    let mut reader = Reader { lines: text.lines().collect(), records: Vec::new(), total: 0, sections: Vec::new() };
    let mut settings = Map::new();
    let mut other = Map::new();
    let mut found = false;
    for (key, node) in entries {
        match (key.as_str(), yaml::elements(node)) {
            ("nlu", Some(sections)) => {
                found = true;
                for section in sections {
                    reader.section(section, reading)?;
                }
            }
            ("version", _) => _ = settings.insert(key, yaml::json(node)),
            _ => _ = other.insert(key, yaml::json(node)),
        }
    }
    if !found {
        return Err(reading.error(&Place::line(1), "no list 'nlu'", valid));
    }
    reading.remarks.check_malformed(reader.total, VALID, "is it training data of Rasa NLU?")?;
    let mut records = reader.records;
    // Without a single entity nobody is known to have looked for them.
    let some = |record: &Record| record.gold.iter().filter_map(|g| g.spans.as_ref()).any(|s| !s.is_empty());
    if !text.lines().take(5).any(|line| line == ASKED) && !records.iter().any(some) {
        records.iter_mut().filter_map(|r| r.gold.as_mut()).for_each(|gold| gold.spans = None);
    }
    reading.outline.several = Some(false);
    for record in records {
        reading.push(record)?;
    }
    note_rest(&reader.sections, &other, reading);
    for (key, value) in [("sections", Value::Array(reader.sections)), ("other", Value::Object(other))] {
        if value.as_array().is_none_or(|l| !l.is_empty()) && value.as_object().is_none_or(|o| !o.is_empty()) {
            settings.insert(key.to_owned(), value);
        }
    }
    reading.outline.settings.push((SETTINGS.into(), Value::Object(settings)));
    Ok(())
}

fn note_rest(sections: &[Value], other: &Map<String, Value>, reading: &mut Reading) {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for section in sections {
        let first = section.as_object().and_then(|o| o.keys().next());
        *kinds.entry(first.map_or("section", String::as_str)).or_default() += 1;
    }
    let mut parts: Vec<String> = kinds.into_iter().map(|(kind, n)| count(n, &quote(kind))).collect();
    if !other.is_empty() {
        let names: Vec<&String> = other.keys().collect();
        let noun = if names.len() == 1 { "section" } else { "sections" };
        parts.push(format!("and the {noun} '{}'", list(&names)));
    }
    if !parts.is_empty() {
        reading.note(format!("kept beside the examples: {}", parts.join(", ")));
    }
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    records: Vec<Record>,
    total: usize,
    sections: Vec<Value>,
}

/// What is true of all examples of a block.
struct Block {
    intent: Option<String>,
    entities: bool,
    metadata: Option<Value>,
}

impl Reader<'_> {
    fn section(&mut self, section: &MarkedYaml, reading: &mut Reading) -> Result<(), DataError> {
        let place = Place::line(yaml::line(section));
        let Some(entries) = yaml::entries(section) else {
            self.total += 1;
            let found = json::shape(&yaml::json(section));
            return reading.remarks.skip_malformed_at(&place, found, VALID_SECTION);
        };
        let at = |name: &str| entries.iter().find(|(key, _)| key == name).map(|(_, node)| *node);
        let Some(intent) = at("intent") else {
            // Kept, whatever it is.
            self.sections.push(yaml::json(section));
            return Ok(());
        };
        let Some(intent) = yaml::scalar(intent).filter(|intent| !intent.is_empty()) else {
            self.total += 1;
            return reading.remarks.skip_malformed_at(&place, "an intent without a name".to_owned(), VALID_SECTION);
        };
        let mut metadata = at("metadata").map(yaml::json);
        let mut block = Block { intent: Some(intent.clone()), entities: true, metadata: None };
        if let Some(Value::Object(object)) = &mut metadata
            && let Some(Value::String(mark)) = object.get(MARK)
        {
            match mark.as_str() {
                NO_INTENT => block.intent = None,
                NO_ENTITIES => block.entities = false,
                _ => {}
            }
            object.shift_remove(MARK);
            if object.is_empty() {
                metadata = None;
            }
        }
        block.metadata = metadata;
        if let Some(intent) = &block.intent {
            reading.outline.declare_label(intent);
        }
        match at("examples") {
            None => Ok(()),
            Some(examples) => self.examples(&block, examples, reading),
        }
    }

    fn examples(&mut self, block: &Block, examples: &MarkedYaml, reading: &mut Reading) -> Result<(), DataError> {
        let line = yaml::line(examples);
        if let Some(text) = yaml::text(examples) {
            // A block begins below its key.
            let head = self.lines.get(line as usize - 1).copied().unwrap_or_default().trim_start();
            let value =
                head.trim_start_matches("- ").strip_prefix("examples").map(|v| v.trim_start_matches([' ', ':']));
            let below = value.is_some_and(|value| value.starts_with(['|', '>']));
            for (number, example) in (line + u64::from(below)..).zip(text.split('\n')) {
                if example.trim().is_empty() {
                    continue;
                }
                let place = Place::line(number);
                if let Some(example) = example.strip_prefix('-') {
                    self.example(block, example, Vec::new(), place, reading)?;
                } else {
                    self.total += 1;
                    let found = format!("'{}' without a dash", quote(example));
                    reading.remarks.skip_malformed_at(&place, found, VALID)?;
                }
            }
            return Ok(());
        }
        let Some(list) = yaml::elements(examples) else {
            self.total += 1;
            let name = block.intent.as_deref().unwrap_or_default();
            let found = format!("{} as the examples of '{}'", json::shape(&yaml::json(examples)), quote(name));
            return reading.remarks.skip_malformed_at(&Place::line(line), found, VALID);
        };
        for example in list {
            let place = Place::line(yaml::line(example));
            let Some(entries) = yaml::entries(example) else {
                // Not documented, and plain.
                if let Some(text) = yaml::scalar(example) {
                    self.example(block, &text, Vec::new(), place, reading)?;
                } else {
                    self.total += 1;
                    reading.remarks.skip_malformed_at(&place, json::shape(&yaml::json(example)), VALID)?;
                }
                continue;
            };
            let mut metadata = Vec::new();
            let mut text = None;
            for (key, node) in entries {
                match (key.as_str(), yaml::json(node)) {
                    ("text", _) => text = yaml::scalar(node),
                    ("metadata", Value::Object(object)) => {
                        metadata.extend(object.into_iter().map(|(key, value)| (Key::from(key), value)));
                    }
                    (_, value) => metadata.push((key.into(), value)),
                }
            }
            self.example(block, text.as_deref().unwrap_or_default(), metadata, place, reading)?;
        }
        Ok(())
    }

    fn example(
        &mut self,
        block: &Block,
        marked: &str,
        mut metadata: Vec<(Key, Value)>,
        place: Place,
        reading: &mut Reading,
    ) -> Result<(), DataError> {
        self.total += 1;
        let marked = marked.trim_matches([' ', '\n', '\r']);
        if marked.is_empty() {
            return reading.remarks.skip_malformed_at(&place, "an example without text".to_owned(), VALID);
        }
        let (text, marks) = match markup::parse(marked) {
            Ok(parsed) => parsed,
            Err(found) => return reading.remarks.skip_malformed_at(&place, found, VALID),
        };
        if let Some(of_all) = &block.metadata {
            metadata.push((OF_INTENT.into(), of_all.clone()));
        }
        let labels = block.intent.as_ref().and_then(|intent| Answer::labels([intent]).labels);
        let gold =
            Answer { labels, spans: (block.entities || !marks.is_empty()).then_some(marks), ..Answer::default() };
        self.records.push(Record { place, text: Some(text), gold: Some(gold), metadata, ..Record::default() });
        Ok(())
    }
}

fn read_json(text: &str, reading: &mut Reading) -> Result<(), DataError> {
    let mut root = json::value(text, reading.remarks)?;
    let data = root.get_mut("rasa_nlu_data").and_then(Value::as_object_mut);
    let Some((data, Value::Array(examples))) = data.and_then(|d| d.shift_remove("common_examples").map(|e| (d, e)))
    else {
        let valid = "an object 'rasa_nlu_data' with the list 'common_examples'";
        return Err(reading.error(&Place::line(1), "no list 'common_examples'", valid));
    };
    let mut rest = std::mem::take(data);
    let sections = sections_of(&mut rest);
    let mut faults = SpanFaults::default();
    let total = examples.len();
    reading.outline.several = Some(false);
    for (number, example) in (1..).zip(examples) {
        let place = Place::row(number);
        let Value::Object(mut fields) = example else {
            reading.remarks.skip_malformed_at(&place, json::shape(&example), VALID_JSON)?;
            continue;
        };
        let Some(Value::String(text)) = fields.shift_remove("text") else {
            reading.remarks.skip_malformed_at(&place, "an example without 'text'".to_owned(), VALID_JSON)?;
            continue;
        };
        let intent = fields.shift_remove("intent").as_ref().and_then(json::scalar).filter(|intent| !intent.is_empty());
        if let Some(intent) = &intent {
            reading.outline.declare_label(intent);
        }
        let spans = match fields.shift_remove("entities") {
            Some(Value::Array(entities)) => {
                let offsets = Offsets::new(&text, OffsetUnit::CodePoint);
                let mut spans = Vec::with_capacity(entities.len());
                for entity in entities {
                    match span(&entity, &text, &offsets) {
                        Ok(mark) => spans.push(mark),
                        Err(found) => faults.broken(reading, &place, found, "'start', 'end' and 'entity'")?,
                    }
                }
                Some(spans)
            }
            _ => None,
        };
        let gold = Answer { labels: intent.and_then(|i| Answer::labels([i]).labels), spans, ..Answer::default() };
        let metadata = fields.into_iter().map(|(key, value)| (key.into(), value)).collect();
        let gold = Some(gold).filter(|gold| !gold.is_empty());
        reading.push(Record { place, text: Some(text), gold, metadata, ..Record::default() })?;
    }
    reading.remarks.check_malformed(total, VALID_JSON, "is it training data of Rasa NLU?")?;
    faults.finish(reading);
    rest.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
    note_rest(&sections, &rest, reading);
    if !sections.is_empty() {
        reading.outline.settings.push((SETTINGS.into(), serde_json::json!({"sections": sections})));
    }
    if !rest.is_empty() {
        reading.outline.settings.push(("rasa.json".into(), Value::Object(rest)));
    }
    Ok(())
}

/// Synonyms, regular expressions and lookup tables of the older JSON, as sections of YAML; what is none of these stays.
fn sections_of(rest: &mut Map<String, Value>) -> Vec<Value> {
    let kinds = [
        ("entity_synonyms", "synonym", "value", "synonyms"),
        ("regex_features", "regex", "name", "pattern"),
        ("lookup_tables", "lookup", "name", "elements"),
    ];
    let mut sections = Vec::new();
    for (key, kind, name, examples) in kinds {
        let Some(Value::Array(list)) = rest.get_mut(key) else {
            continue;
        };
        list.retain(|item| {
            let lines: Option<Vec<String>> = match item.get(examples) {
                Some(Value::Array(all)) => all.iter().map(json::scalar).collect(),
                // A single text is a pattern, but of a lookup table the name of a file.
                Some(one) if kind == "regex" => json::scalar(one).map(|one| vec![one]),
                _ => None,
            };
            // A line cannot hold a line break.
            let fits = |lines: &Vec<String>| !lines.is_empty() && lines.iter().all(|line| !line.contains(['\n', '\r']));
            let (Some(name), Some(lines)) = (item.get(name).and_then(json::scalar), lines.filter(fits)) else {
                return true;
            };
            let lines = lines.iter().map(|line| format!("- {line}\n")).collect::<Vec<_>>().concat();
            let mut section = Map::new();
            section.insert(kind.to_owned(), Value::String(name));
            section.insert("examples".to_owned(), Value::String(lines));
            sections.push(Value::Object(section));
            false
        });
    }
    sections
}

fn span(entity: &Value, text: &str, offsets: &Offsets) -> Result<Mark, String> {
    let number = |key: &str| entity.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let label = entity.get("entity").and_then(Value::as_str);
    let (Some(start), Some(end), Some(label)) = (number("start"), number("end"), label) else {
        return Err(format!("{} as an entity", json::shape(entity)));
    };
    let (start, end) = offsets.range(start, end)?;
    let mut mark = Mark::new(start, end, label);
    for (key, value) in entity.as_object().into_iter().flatten() {
        // The value is the text itself unless it is a synonym.
        let own = key == "value" && value.as_str() == Some(&text[start..end]);
        if !own && !matches!(key.as_str(), "start" | "end" | "entity") {
            mark.attributes.push((key.as_str().into(), value.clone()));
        }
    }
    Ok(mark)
}
