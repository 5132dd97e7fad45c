//! Writing a project: a text file for every record, and at the end the labels file that lists them.

use serde_json::{Map, Value, json};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::{MULTI, NER, SETTINGS, SINGLE};
use crate::corpus::{Mark, Outline, Record};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::formats::project::FileNames;
use crate::holds::{Loss, Losses};
use crate::output::Output;

/// Fields of a document that a column of metadata must not take.
const RESERVED: [&str; 5] = ["location", "dataset", "entities", "class", "classes"];

/// Begins a project.
pub(super) fn writer(outline: &Outline) -> Box<dyn Writer> {
    let settings = outline.setting(SETTINGS).and_then(Value::as_object).cloned().unwrap_or_default();
    let language = settings.get("metadata").and_then(|m| m.get("language")).and_then(Value::as_str);
    Box::new(Project {
        language: language.unwrap_or("en").to_owned(),
        settings,
        several: outline.several,
        labels: outline.declared_labels.clone(),
        spans: outline.declared_spans.clone(),
        names: FileNames::default(),
        documents: Vec::new(),
    })
}

struct Document {
    fields: Map<String, Value>,
    labels: Option<Vec<String>>,
    regions: Option<Vec<Value>>,
    place: crate::corpus::Place,
}

struct Project {
    language: String,
    settings: Map<String, Value>,
    several: Option<bool>,
    labels: Vec<String>,
    spans: Vec<String>,
    names: FileNames,
    documents: Vec<Document>,
}

impl Writer for Project {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let name = self.names.take(record.id.as_deref(), self.documents.len() as u64 + 1);
        if let Some(id) = record.id.as_ref().filter(|id| **id != name) {
            losses.add(Loss::Ids, &record.place, || format!("the id '{}', which became '{name}'", quote(id)));
        }
        let location = format!("{name}.txt");
        out.put(&location, record.text().as_bytes())?;
        let mut fields = Map::new();
        fields.insert("location".to_owned(), Value::String(location));
        let language = record.value("language").filter(|value| value.is_string());
        fields.insert("language".to_owned(), language.cloned().unwrap_or_else(|| self.language.clone().into()));
        match record.split.as_deref() {
            Some("train") => _ = fields.insert("dataset".to_owned(), "Train".into()),
            Some("test") => _ = fields.insert("dataset".to_owned(), "Test".into()),
            Some(other) => {
                let what = || format!("the split '{}', since a project has Train and Test", quote(other));
                losses.add(Loss::Splits, &record.place, what);
            }
            None => {}
        }
        let gold = record.gold.as_ref();
        let spans = gold.and_then(|gold| gold.spans.as_deref());
        let known = record.value("regions").and_then(regions_of);
        for (key, value) in &record.metadata {
            let used = (&**key == "language" && language.is_some()) || (&**key == "regions" && known.is_some());
            if RESERVED.contains(&&**key) || (&**key == "language" && !used) {
                let what = || format!("the column '{}', whose name the format needs itself", quote(key));
                losses.add(Loss::Metadata, &record.place, what);
            } else if !used {
                fields.insert(key.to_string(), value.clone());
            }
        }
        self.documents.push(Document {
            fields,
            labels: gold.and_then(|gold| gold.labels.as_ref()).map(|l| l.iter().map(|c| c.label.clone()).collect()),
            regions: spans.map(|spans| regions(record.text(), spans, known)),
            place: record.place.clone(),
        });
        for span in spans.unwrap_or_default() {
            remember(&mut self.spans, &span.label);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let documents = std::mem::take(&mut self.documents);
        let kind = self.kind(&documents);
        let mut listed = Vec::with_capacity(documents.len());
        for mut document in documents {
            let asked = document.labels.is_some();
            let labels = document.labels.unwrap_or_default();
            if kind == NER {
                if let Some(first) = labels.first() {
                    let what = || format!("label '{}' in a project of spans", quote(first));
                    losses.add(Loss::Labels, &document.place, what);
                }
                if let Some(regions) = document.regions {
                    document.fields.insert("entities".to_owned(), Value::Array(regions));
                }
            } else {
                labels.iter().for_each(|label| remember(&mut self.labels, label));
                let mut categories = labels.into_iter().map(|label| json!({"category": label}));
                if kind == SINGLE {
                    if let Some(class) = categories.next() {
                        document.fields.insert("class".to_owned(), class);
                    }
                } else if asked {
                    document.fields.insert("classes".to_owned(), categories.collect());
                }
            }
            listed.push(Value::Object(document.fields));
        }
        let mut text = serde_json::to_string_pretty(&self.project(kind, listed)).unwrap_or_default();
        text.push('\n');
        out.put("labels.json", text.as_bytes())
    }
}

impl Project {
    fn kind(&self, documents: &[Document]) -> &'static str {
        let spans = |d: &Document| d.regions.as_ref().is_some_and(|r| r.iter().any(has_labels));
        let asked = |d: &Document| d.regions.is_some();
        let labels = |d: &Document| d.labels.is_some();
        let several = |d: &Document| d.labels.as_ref().is_some_and(|l| l.len() != 1);
        if documents.iter().any(spans) || (documents.iter().any(asked) && !documents.iter().any(labels)) {
            NER
        } else if self.several == Some(true) || documents.iter().any(several) {
            MULTI
        } else if documents.iter().any(labels) || self.spans.is_empty() {
            SINGLE
        } else {
            NER
        }
    }

    /// The whole file: what was kept of the project, with the kind and the categories as they are now.
    fn project(&mut self, kind: &str, documents: Vec<Value>) -> Value {
        let mut root = Map::new();
        let mut old = std::mem::take(&mut self.settings);
        let mut kept = |key: &str| match old.shift_remove(key) {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let (mut metadata, mut assets) = (kept("metadata"), kept("assets"));
        let defaults = json!({
            "projectKind": kind, "storageInputContainerName": "texts", "projectName": "trueup", "multilingual": false,
            "description": "", "language": self.language, "settings": {}
        });
        for (key, value) in defaults.as_object().into_iter().flatten() {
            metadata.entry(key.as_str()).or_insert_with(|| value.clone());
        }
        // Exports spell the kind in several ways: one that means the same stays.
        for map in [&mut metadata, &mut assets] {
            let same = map.get("projectKind").and_then(Value::as_str).is_some_and(|old| old.eq_ignore_ascii_case(kind));
            if !same {
                map.insert("projectKind".to_owned(), kind.into());
            }
        }
        let (key, names) = if kind == NER { ("entities", &self.spans) } else { ("classes", &self.labels) };
        assets.shift_remove(if kind == NER { "classes" } else { "entities" });
        // A declared category may hold more than its name, such as lists.
        let mut categories: Vec<Value> = match assets.shift_remove(key) {
            Some(Value::Array(declared)) => declared,
            _ => Vec::new(),
        };
        let declared: rustc_hash::FxHashSet<String> =
            categories.iter().filter_map(|c| c.get("category")?.as_str().map(str::to_owned)).collect();
        categories.extend(names.iter().filter(|n| !declared.contains(*n)).map(|n| json!({"category": n})));
        assets.insert(key.to_owned(), Value::Array(categories));
        assets.insert("documents".to_owned(), Value::Array(documents));
        let version = old.shift_remove("projectFileVersion").unwrap_or_else(|| "2022-05-01".into());
        root.insert("projectFileVersion".to_owned(), version);
        root.insert("stringIndexType".to_owned(), "Utf16CodeUnit".into());
        root.insert("metadata".to_owned(), Value::Object(metadata));
        old.shift_remove("stringIndexType");
        root.extend(old);
        root.insert("assets".to_owned(), Value::Object(assets));
        Value::Object(root)
    }
}

fn remember(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn has_labels(region: &Value) -> bool {
    region.get("labels").and_then(Value::as_array).is_some_and(|labels| !labels.is_empty())
}

/// The regions that a column keeps, in UTF-16 units: offset and length.
fn regions_of(value: &Value) -> Option<Vec<(u64, u64)>> {
    let region = |value: &Value| Some((value.get("offset")?.as_u64()?, value.get("length")?.as_u64()?));
    value.as_array()?.iter().map(region).collect()
}

/// The spans, each in the first region that holds all of it; without such a one, in the first.
fn regions(text: &str, spans: &[Mark], known: Option<Vec<(u64, u64)>>) -> Vec<Value> {
    let offsets = Offsets::new(text, OffsetUnit::Utf16);
    let whole = (0, offsets.len() as u64);
    let mut regions = known.unwrap_or_else(|| vec![whole]);
    if regions.is_empty() && !spans.is_empty() {
        regions.push(whole);
    }
    let mut labels: Vec<Vec<Value>> = vec![Vec::new(); regions.len()];
    for span in spans {
        let at = |byte| offsets.from_byte(byte).unwrap_or_default() as u64;
        let (start, end) = (at(span.start), at(span.end));
        let inside = |&(offset, length): &(u64, u64)| offset <= start && end <= offset.saturating_add(length);
        let place = regions.iter().position(inside).unwrap_or(0);
        labels[place].push(json!({"category": span.label, "offset": start, "length": end - start}));
    }
    let region = |((offset, length), labels)| json!({"regionOffset": offset, "regionLength": length, "labels": labels});
    regions.into_iter().zip(labels).map(region).collect()
}
