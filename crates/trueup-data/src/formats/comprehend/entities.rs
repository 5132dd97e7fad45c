//! Annotations in a CSV, and the documents that they speak of.

use std::collections::BTreeMap;

use trueup_core::offsets::{OffsetUnit, Offsets};

use crate::corpus::{Answer, Mark, Outline, Place, Record};
use crate::error::{DataError, list, quote};
use crate::formats::Writer;
use crate::formats::project::{FileNames, SpanFaults, TextFiles, stem};
use crate::holds::{Loss, Losses};
use crate::input::{Folder, Input};
use crate::options::{ReadOptions, count};
use crate::output::Output;
use crate::reading::Reading;

const VALID: &str = "a row of File, Line, Begin Offset, End Offset, Type";
const VALID_SPAN: &str = "offsets in characters, the end exclusive, within the document";
/// How many CSV files of a folder are looked into.
const LOOKED: usize = 16;

/// Where each column stands.
struct Columns {
    file: usize,
    line: Option<usize>,
    begin: usize,
    end: usize,
    kind: usize,
    width: usize,
}

fn columns(header: &str) -> Option<Columns> {
    let names: Vec<String> = header.split(',').map(|name| name.trim().trim_matches('"').to_lowercase()).collect();
    let at = |name: &str| names.iter().position(|n| n.replace('_', " ") == name);
    let found = Columns {
        file: at("file")?,
        line: at("line"),
        begin: at("begin offset")?,
        end: at("end offset")?,
        kind: at("type")?,
        width: names.len(),
    };
    (names.len() == 4 + usize::from(found.line.is_some())).then_some(found)
}

/// Whether the text begins with the header of annotations.
pub(super) fn is_header(text: &str) -> bool {
    columns(text.lines().next().unwrap_or_default()).is_some()
}

/// The files of annotations that lie directly in a folder.
pub(super) fn annotation_files(folder: &Folder) -> Vec<String> {
    let names = folder.here().unwrap_or_default();
    let csv = names.into_iter().filter(|name| name.to_lowercase().ends_with(".csv")).take(LOOKED);
    csv.filter(|name| folder.read(name).is_ok_and(|input| input.text_if_any().is_some_and(is_header))).collect()
}

/// An annotation: its line in the CSV, and the span in characters of its document.
struct Row {
    place: Place,
    begin: usize,
    end: usize,
    kind: String,
}

/// Reads annotations, given as their CSV or as the folder that holds it and the documents.
pub(super) fn read(input: &Input, _: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let content = |found: String, valid: &str| DataError::Content {
        path: input.name.clone(),
        found,
        valid: valid.to_owned(),
        hint: None,
    };
    if let Some(folder) = input.folder() {
        let files = annotation_files(folder);
        let valid = "a folder with one CSV File,Line,Begin Offset,End Offset,Type and its documents";
        let [name] = files.as_slice() else {
            return Err(if files.is_empty() {
                content("no annotations file".to_owned(), valid)
            } else {
                content(format!("{} ({})", count(files.len(), "annotations file"), list(&files)), valid)
            });
        };
        let names = folder.names()?;
        return annotations(folder.read(name)?.text()?, Some(name), folder, &names, reading);
    }
    let Some(folder) = input.beside() else {
        let found = "annotations with no folder beside it, so without their documents".to_owned();
        return Err(content(found, "the CSV by its path, beside its documents, or the folder"));
    };
    let mut names = folder.here()?;
    // Not the whole tree below a file's folder, which may be anything.
    names.extend(documents_below(folder));
    annotations(input.text()?, None, folder, &names, reading)
}

fn documents_below(folder: &Folder) -> Vec<String> {
    let Ok(below) = folder.below("documents") else {
        return Vec::new();
    };
    below.into_iter().map(|name| format!("documents/{name}")).collect()
}

fn annotations(
    text: &str,
    name: Option<&str>,
    folder: &Folder,
    names: &[String],
    reading: &mut Reading,
) -> Result<(), DataError> {
    let at = |line: u64| name.map_or_else(|| Place::line(line), |name| Place::in_file(name, line));
    let Some(columns) = columns(text.lines().next().unwrap_or_default()) else {
        return Err(reading.error(&at(1), "another header", "File,Line,Begin Offset,End Offset,Type"));
    };
    let mut rows = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    // By file and line; no line where a file is one document.
    let mut found: BTreeMap<String, BTreeMap<Option<usize>, Vec<Row>>> = BTreeMap::new();
    let mut row = csv::StringRecord::new();
    let mut total = 0;
    loop {
        match rows.read_record(&mut row) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => return Err(reading.error(&at(total as u64 + 2), error.to_string(), VALID)),
        }
        total += 1;
        let place = at(row.position().map_or(0, csv::Position::line));
        let number = |i: usize| row.get(i).and_then(|n| n.parse::<usize>().ok());
        let line = columns.line.and_then(|i| row.get(i)).filter(|line| !line.is_empty());
        let parsed = line.map(|line| line.parse::<usize>().ok());
        let fields = (row.get(columns.file), number(columns.begin), number(columns.end), row.get(columns.kind));
        match (fields, parsed) {
            ((Some(file), Some(begin), Some(end), Some(kind)), None | Some(Some(_)))
                if row.len() == columns.width && !kind.is_empty() =>
            {
                let rows = found.entry(file.to_owned()).or_default().entry(parsed.flatten()).or_default();
                rows.push(Row { place, begin, end, kind: kind.to_owned() });
            }
            _ => {
                let shown: Vec<&str> = row.iter().collect();
                reading.remarks.skip_malformed_at(&place, format!("'{}'", quote(&shown.join(","))), VALID)?;
            }
        }
    }
    reading.remarks.check_malformed(total, VALID, "is it another CSV? --from csv finds its columns")?;
    let by_line = found.values().any(|lines| lines.keys().any(Option::is_some));
    documents(found, total, by_line, folder, names, reading)
}

/// The documents, in the order of their names: those that are annotated, and the others of the folder `documents`.
fn documents(
    mut found: BTreeMap<String, BTreeMap<Option<usize>, Vec<Row>>>,
    rows: usize,
    by_line: bool,
    folder: &Folder,
    names: &[String],
    reading: &mut Reading,
) -> Result<(), DataError> {
    let mut paths: BTreeMap<String, String> = BTreeMap::new();
    for name in names.iter().filter(|name| name.starts_with("documents/")) {
        paths.insert(name["documents/".len()..].to_owned(), name.clone());
    }
    let mut missing: Vec<(String, Place)> = Vec::new();
    let mut by_base: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for name in names {
        by_base.entry(name.rsplit('/').next().unwrap_or_default()).or_default().push(name);
    }
    for (file, lines) in &found {
        if paths.contains_key(file) {
            continue;
        }
        if folder.has(file) {
            paths.insert(file.clone(), file.clone());
        } else if let Some([one]) = by_base.get(file.as_str()).map(Vec::as_slice) {
            paths.insert(file.clone(), (*one).clone());
        } else if let Some(row) = lines.values().flatten().next() {
            missing.push((file.clone(), row.place.clone()));
        }
    }
    for (file, place) in missing {
        found.remove(&file);
        let what = format!("the document '{}', which is not in the folder {}", quote(&file), folder.name);
        reading.remarks.skip_malformed_at(&place, what, "a document that is there")?;
    }
    let total = rows + paths.len();
    let (mut texts, mut faults) = (TextFiles::default(), SpanFaults::default());
    reading.ids_from_column = !by_line;
    for (file, path) in paths {
        let mut rows = found.remove(&file).unwrap_or_default();
        let place = Place::in_file(&path, 1);
        let text = match texts.read(folder, &path) {
            Ok(text) => text,
            Err(error) => {
                reading.remarks.skip_malformed_at(
                    &place,
                    format!("a document that cannot be read ({error})"),
                    "a text",
                )?;
                continue;
            }
        };
        if by_line {
            let whole = rows.remove(&None).unwrap_or_default();
            for row in whole {
                faults.broken(reading, &row.place, "a row without a line number", "a line number, from 0")?;
            }
            for (line, text) in text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate() {
                let rows = rows.remove(&Some(line)).unwrap_or_default();
                if text.is_empty() && rows.is_empty() {
                    continue;
                }
                let place = Place::in_file(&path, line as u64 + 1);
                let gold = Some(spans(text, rows, &mut faults, reading)?);
                reading.push(Record { place, text: Some(text.to_owned()), gold, ..Record::default() })?;
            }
            for row in rows.into_values().flatten() {
                faults.broken(reading, &row.place, "a line number beyond the document", "a line number, from 0")?;
            }
        } else {
            let gold = Some(spans(&text, rows.into_values().flatten().collect(), &mut faults, reading)?);
            let id = Some(stem(&file).to_owned());
            reading.push(Record { id, place, text: Some(text), gold, ..Record::default() })?;
        }
    }
    reading.remarks.check_malformed(total, VALID, "are the documents beside the annotations, or in 'documents'?")?;
    texts.finish(reading);
    faults.finish(reading);
    Ok(())
}

fn spans(text: &str, rows: Vec<Row>, faults: &mut SpanFaults, reading: &mut Reading) -> Result<Answer, DataError> {
    let offsets = Offsets::new(text, OffsetUnit::CodePoint);
    let mut spans = Vec::with_capacity(rows.len());
    for row in rows {
        match offsets.range(row.begin, row.end) {
            Ok((start, end)) => spans.push(Mark::new(start, end, row.kind)),
            Err(found) => faults.broken(reading, &row.place, found, VALID_SPAN)?,
        }
    }
    Ok(Answer::spans(spans))
}

/// Begins a folder: documents of one a file, and their annotations.
pub(super) fn writer(_: &Outline) -> Box<dyn Writer> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    // Writing into memory does not fail.
    let _ = rows.write_record(["File", "Begin Offset", "End Offset", "Type"]);
    Box::new(Documents { rows, names: FileNames::default(), written: 0 })
}

struct Documents {
    rows: csv::Writer<Vec<u8>>,
    names: FileNames,
    written: u64,
}

impl Writer for Documents {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        self.written += 1;
        let name = self.names.take(record.id.as_deref(), self.written);
        if let Some(id) = record.id.as_ref().filter(|id| **id != name) {
            losses.add(Loss::Ids, &record.place, || format!("the id '{}', which became '{name}'", quote(id)));
        }
        let file = format!("{name}.txt");
        out.put(&format!("documents/{file}"), record.text().as_bytes())?;
        let offsets = Offsets::new(record.text(), OffsetUnit::CodePoint);
        for span in record.gold.iter().filter_map(|gold| gold.spans.as_ref()).flatten() {
            let at = |byte| offsets.from_byte(byte).unwrap_or_default().to_string();
            let kind = span.label.trim();
            if kind != span.label || kind.is_empty() {
                losses.add(Loss::Spans, &record.place, || format!("the type '{}'", quote(&span.label)));
            }
            let _ = self.rows.write_record([file.as_str(), &at(span.start), &at(span.end), kind]);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        let rows = std::mem::replace(&mut self.rows, csv::Writer::from_writer(Vec::new()));
        out.put("annotations.csv", &rows.into_inner().unwrap_or_default())
    }
}
