//! Reading a project: the labels file, then each text that it lists.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};
use trueup_core::offsets::{OffsetUnit, Offsets};

use super::{KINDS, MULTI, NER, SETTINGS, SINGLE};
use crate::corpus::{Answer, Mark, Place, Record};
use crate::error::{DataError, list, quote};
use crate::formats::project::{SpanFaults, TextFiles, stem, verb};
use crate::input::{Folder, Input};
use crate::json;
use crate::options::ReadOptions;
use crate::reading::Reading;

/// What a document must be, for messages.
const VALID: &str = "a document with the 'location' of its text, and 'entities', 'class' or 'classes'";
const VALID_SPAN: &str = "a label with a 'category', and an 'offset' and 'length' within the text";
/// How many JSON files of a folder are looked into, and how much of each.
const LOOKED: usize = 16;
const WINDOW: usize = 64 * 1024;

/// The files of a folder that look like the labels of a project.
pub(super) fn labels_files(folder: &Folder) -> Vec<String> {
    let names = folder.here().unwrap_or_default();
    let json = names.into_iter().filter(|name| name.to_lowercase().ends_with(".json")).take(LOOKED);
    let is_labels = |name: &String| {
        folder.read(name).is_ok_and(|input| {
            let bytes = input.first_bytes();
            let bytes = &bytes[..bytes.len().min(WINDOW)];
            memchr::memmem::find(bytes, b"\"projectFileVersion\"").is_some()
        })
    };
    json.filter(is_labels).collect()
}

/// Reads a project, given as its labels file or as its folder.
pub(super) fn read(input: &Input, _: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let content = |found: String, valid: &str, hint: &str| DataError::Content {
        path: input.name.clone(),
        found,
        valid: valid.to_owned(),
        hint: Some(hint.to_owned()),
    };
    if let Some(folder) = input.folder() {
        let files = labels_files(folder);
        let [name] = files.as_slice() else {
            let valid = "a folder with one labels file (JSON with 'projectFileVersion') and its texts";
            return Err(if files.is_empty() {
                content("a folder without a labels file".to_owned(), valid, "export the project's labels into it")
            } else {
                content(format!("{} labels files ({})", files.len(), list(&files)), valid, "name the one to read")
            });
        };
        let labels = folder.read(name)?;
        let others = folder.names()?.into_iter().filter(|other| other != name).collect();
        return project(labels.text()?, Some(name), folder, others, reading);
    }
    let Some(folder) = input.beside() else {
        let valid = "the labels file in the folder of its texts";
        let found = "a labels file with no folder beside it, so without its texts".to_owned();
        return Err(content(found, valid, "give the labels file by its path, or the folder"));
    };
    project(input.text()?, None, folder, folder.here()?, reading)
}

/// The kind of a project: an error names what is no kind of annotated texts.
fn kind_of(root: &Map<String, Value>, assets: &Map<String, Value>) -> Result<&'static str, String> {
    let named = root.get("metadata").and_then(|metadata| metadata.get("projectKind"));
    let found = named.or_else(|| assets.get("projectKind")).and_then(Value::as_str);
    if let Some(name) = found {
        let kind = KINDS.into_iter().find(|kind| kind.eq_ignore_ascii_case(name));
        return kind.ok_or_else(|| format!("a project of the kind '{}'", quote(name)));
    }
    // Left out: the documents tell.
    let documents = assets.get("documents").and_then(Value::as_array).into_iter().flatten();
    let has = |key: &str| documents.clone().any(|document| document.get(key).is_some());
    let kinds = [("entities", NER), ("class", SINGLE), ("classes", MULTI)];
    kinds.into_iter().find(|(key, _)| has(key)).map(|(_, kind)| kind).ok_or_else(|| "no 'projectKind'".to_owned())
}

fn unit_of(root: &Map<String, Value>) -> Result<OffsetUnit, String> {
    match root.get("stringIndexType").and_then(Value::as_str) {
        None | Some("Utf16CodeUnit") => Ok(OffsetUnit::Utf16),
        Some("UnicodeCodePoint") => Ok(OffsetUnit::CodePoint),
        Some(name) if name.starts_with("TextElement") => Ok(OffsetUnit::Grapheme),
        Some(other) => Err(format!("the stringIndexType '{}'", quote(other))),
    }
}

fn project(
    text: &str,
    name: Option<&str>,
    folder: &Folder,
    files: Vec<String>,
    reading: &mut Reading,
) -> Result<(), DataError> {
    let at = |line: u64| name.map_or_else(|| Place::line(line), |name| Place::in_file(name, line));
    let root: Value = serde_json::from_str(text).map_err(|error| {
        let found = format!("broken JSON ({} at column {})", json::reason(&error), error.column());
        reading.error(&at(error.line() as u64), found, "one JSON object")
    })?;
    let valid = "an object with 'projectFileVersion', 'metadata' and 'assets'";
    let Value::Object(mut root) = root else {
        return Err(reading.error(&at(1), json::shape(&root), valid));
    };
    let Some(Value::Object(mut assets)) = root.shift_remove("assets") else {
        return Err(reading.error(&at(1), "no object 'assets'", valid));
    };
    let kind = kind_of(&root, &assets).map_err(|found| reading.error(&at(1), found, KINDS.join(", ")))?;
    let units = "Utf16CodeUnit, UnicodeCodePoint, TextElements_v8";
    let unit = unit_of(&root).map_err(|found| reading.error(&at(1), found, units))?;
    let Some(Value::Array(documents)) = assets.shift_remove("documents") else {
        return Err(reading.error(&at(1), "no list 'documents' in 'assets'", "the documents of the project"));
    };
    let categories = |key: &str| -> Vec<String> {
        let declared = assets.get(key).and_then(Value::as_array).into_iter().flatten();
        declared.filter_map(|c| c.get("category")?.as_str().map(str::to_owned)).collect()
    };
    categories("entities").iter().for_each(|name| reading.outline.declare_span(name));
    categories("classes").iter().for_each(|name| reading.outline.declare_label(name));
    if kind != NER {
        reading.outline.several = Some(kind == MULTI);
    }
    let language = root.get("metadata").and_then(|m| m.get("language")).and_then(Value::as_str).map(str::to_owned);
    root.insert("assets".to_owned(), Value::Object(assets));
    reading.outline.settings.push((SETTINGS.into(), Value::Object(root)));
    reading.ids_from_column = true;

    let mut project = Project {
        kind,
        unit,
        language,
        folder,
        texts: TextFiles::default(),
        faults: SpanFaults::default(),
        listed: FxHashSet::default(),
    };
    let total = documents.len();
    for (number, document) in (1..).zip(documents) {
        let place = Place::document(number);
        match project.document(document, &place, reading)? {
            Ok(record) => reading.push(record)?,
            Err(found) => reading.remarks.skip_malformed_at(&place, found, VALID)?,
        }
    }
    let hint = "are the texts in the folder of the labels file?";
    reading.remarks.check_malformed(total, VALID, hint)?;
    project.texts.finish(reading);
    project.faults.finish(reading);
    let is_text = |name: &String| name.to_lowercase().ends_with(".txt");
    let unlisted: Vec<String> =
        files.into_iter().filter(|name| is_text(name) && !project.listed.contains(name)).collect();
    reading.outline.unlisted = unlisted.len() as u64;
    if !unlisted.is_empty() {
        let texts = verb(unlisted.len(), "text", "of the folder is", "of the folder are");
        reading.note(format!("{texts} not listed by the project: {}", list(&unlisted)));
    }
    Ok(())
}

struct Project<'a> {
    kind: &'static str,
    unit: OffsetUnit,
    /// The project's language, which documents need not repeat.
    language: Option<String>,
    folder: &'a Folder,
    texts: TextFiles,
    faults: SpanFaults,
    listed: FxHashSet<String>,
}

impl Project<'_> {
    /// A document with its text; the inner error, a noun phrase, says why it is none.
    fn document(
        &mut self,
        document: Value,
        place: &Place,
        reading: &mut Reading,
    ) -> Result<Result<Record, String>, DataError> {
        let Value::Object(mut fields) = document else {
            return Ok(Err(format!("{} where a document is needed", json::shape(&document))));
        };
        let Some(Value::String(location)) = fields.shift_remove("location") else {
            return Ok(Err("a document without 'location'".to_owned()));
        };
        if !self.listed.insert(location.clone()) {
            return Ok(Err(format!("the text '{}' a second time", quote(&location))));
        }
        if !self.folder.has(&location) {
            return Ok(Err(format!(
                "the text '{}', which is not in the folder {}",
                quote(&location),
                self.folder.name
            )));
        }
        let text = match self.texts.read(self.folder, &location) {
            Ok(text) => text,
            Err(error) => return Ok(Err(format!("the text '{}', which cannot be read ({error})", quote(&location)))),
        };
        let mut record = Record { id: Some(stem(&location).to_owned()), place: place.clone(), ..Record::default() };
        let gold = match self.kind {
            NER => match fields.shift_remove("entities") {
                None | Some(Value::Null) => None,
                Some(Value::Array(regions)) => {
                    let offsets = Offsets::new(&text, self.unit);
                    let mut kept = Vec::new();
                    let mut spans = Vec::new();
                    for region in &regions {
                        let Some(labels) = region.get("labels").and_then(Value::as_array) else {
                            return Ok(Err("a region without the list 'labels'".to_owned()));
                        };
                        let number = |key: &str| region.get(key).cloned().unwrap_or(Value::Null);
                        kept.push((number("regionOffset"), number("regionLength")));
                        for label in labels {
                            match span(label, &offsets) {
                                Ok(mark) => spans.push(mark),
                                Err(found) => self.faults.broken(reading, place, found, VALID_SPAN)?,
                            }
                        }
                    }
                    // One region over all of the text is what the writer makes anew.
                    if kept != [(Value::from(0), Value::from(offsets.len()))] {
                        let region = |(offset, length)| serde_json::json!({"offset": offset, "length": length});
                        let regions = kept.into_iter().map(region).collect();
                        record.metadata.push(("regions".into(), Value::Array(regions)));
                    }
                    Some(Answer::spans(spans))
                }
                Some(other) => return Ok(Err(format!("{} as 'entities'", json::shape(&other)))),
            },
            SINGLE => match fields.shift_remove("class") {
                None | Some(Value::Null) => None,
                Some(class) => match category(&class) {
                    Some(label) => Some(Answer::labels([label])),
                    None => return Ok(Err(format!("{} as 'class'", json::shape(&class)))),
                },
            },
            _ => match fields.shift_remove("classes") {
                None | Some(Value::Null) => None,
                Some(Value::Array(classes)) => match classes.iter().map(category).collect::<Option<Vec<_>>>() {
                    Some(labels) => Some(Answer::labels(labels)),
                    None => return Ok(Err(format!("{} as 'classes'", json::shape(&Value::Array(classes))))),
                },
                Some(other) => return Ok(Err(format!("{} as 'classes'", json::shape(&other)))),
            },
        };
        (record.gold, record.text) = (gold, Some(text));
        match fields.get("dataset").and_then(Value::as_str) {
            Some("") => _ = fields.shift_remove("dataset"),
            Some(split) => {
                let usual = ["train", "test"].into_iter().find(|usual| split.eq_ignore_ascii_case(usual));
                record.split = Some(usual.unwrap_or(split).into());
                fields.shift_remove("dataset");
            }
            None => {}
        }
        if fields.get("language").and_then(Value::as_str) == self.language.as_deref() {
            fields.shift_remove("language");
        }
        record.metadata.extend(fields.into_iter().map(|(key, value)| (key.into(), value)));
        Ok(Ok(record))
    }
}

fn category(value: &Value) -> Option<&str> {
    value.get("category").and_then(Value::as_str)
}

fn span(label: &Value, offsets: &Offsets) -> Result<Mark, String> {
    let number = |key: &str| label.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let (Some(kind), Some(start), Some(length)) = (category(label), number("offset"), number("length")) else {
        return Err(format!("{} as the label of a span", json::shape(label)));
    };
    let (start, end) = offsets.range(start, start.saturating_add(length))?;
    Ok(Mark::new(start, end, kind))
}
