//! The CSV and TSV exports: the fields of JSON-MIN as columns sorted by name, lists and objects as JSON; text is quoted,
//! numbers are not.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde_json::Value;
use trueup_core::offsets::OffsetUnit;

use super::min::{Columns, by_config, text_column};
use super::rows::{self, By, Kind, OWN, Row};
use super::{Keys, Names, choices_name, integer};
use crate::columns::{self, LABEL_NAMES, TEXT_NAMES};
use crate::corpus::{Outline, Place, Record, Response};
use crate::error::{DataError, list, quote};
use crate::formats::Writer;
use crate::head::{Confidence, Head, Json};
use crate::holds::{Loss, Losses, text_of};
use crate::input::Input;
use crate::options::{ReadOptions, count};
use crate::output::Output;
use crate::reading::Reading;

/// What a row must be, for messages.
const VALID: &str = "as many fields as the header, in double quotes where they hold one, a delimiter or a line break";
/// How many rows are parsed in one piece.
const PIECE: usize = 256;

/// The delimiter, where the header is one of this format.
fn delimiter(header: &str) -> Option<u8> {
    let by = if header.contains('\t') { b'\t' } else { b',' };
    let names: Vec<&str> =
        header.split(by as char).map(|name| name.trim_matches(|c: char| c == '"' || c.is_whitespace())).collect();
    let has = |name: &str| names.contains(&name);
    (has("id") && has("annotator") && (has("annotation_id") || has("lead_time"))).then_some(by)
}

pub(super) fn sniff(head: &Head) -> Confidence {
    let header = head.text.filter(|_| head.json == Json::No).and_then(|text| text.lines().next());
    if header.and_then(delimiter).is_some() { Confidence::Certain } else { Confidence::No }
}

struct Table {
    header: Vec<String>,
    rows: Vec<(u64, csv::StringRecord)>,
}

fn table(text: &str, reading: &mut Reading) -> Result<Table, DataError> {
    let first = text.lines().next().unwrap_or_default();
    let delimiter = delimiter(first).unwrap_or(if first.contains('\t') { b'\t' } else { b',' });
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut header, mut rows, mut n) = (Vec::new(), Vec::new(), 0);
    let mut line = 1;
    let mut counted = 0;
    let mut record = csv::StringRecord::new();
    loop {
        let read = reader.read_record(&mut record);
        let at = record.position().map_or(counted, |place| place.byte() as usize).min(text.len()).max(counted);
        // The reader's position may be that of line ends before the row.
        let begin = at + text.as_bytes()[at..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..begin]).count() as u64;
        counted = begin;
        match read {
            Ok(false) => break,
            Ok(true) => {}
            // The text is UTF-8 and rows may have any width.
            Err(error) => return Err(reading.error(&Place::line(line), quote(&error.to_string()), VALID)),
        }
        if header.is_empty() {
            header = record.iter().map(str::to_owned).collect();
            continue;
        }
        n += 1;
        if record.len() == header.len() {
            // A clone would keep the room that the longest row so far took.
            rows.push((line, record.iter().collect()));
        } else {
            let found = format!("{} where the header has {}", count(record.len(), "field"), header.len());
            reading.remarks.skip_malformed_at(&Place::line(line), found, VALID)?;
        }
    }
    reading.remarks.check_malformed(n, VALID, "is it another format? try --from")?;
    if n == 0 {
        let found = format!("only a header ({}) and no row", list(&header));
        return Err(reading.error(&Place::line(1), found, "at least one row"));
    }
    Ok(Table { header, rows })
}

/// A cell that is JSON as its value.
fn json(cell: &str) -> Option<Value> {
    let nested = cell.starts_with('[') && cell.ends_with(']') || cell.starts_with('{') && cell.ends_with('}');
    nested.then(|| serde_json::from_str(cell).ok()).flatten()
}

/// Reads the tables.
pub(super) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let table = table(input.text()?, reading)?;
    let columns = plan(&table, input, options, reading)?;
    let all = |unit| -> Vec<(Place, Row)> {
        let pieces = table.rows.par_chunks(PIECE).map(|piece| {
            let mut keys = Keys::default();
            let one = |(line, cells): &(u64, csv::StringRecord)| {
                (Place::line(*line), row(&table.header, cells, &columns, unit, &mut keys))
            };
            piece.iter().map(one).collect::<Vec<_>>()
        });
        pieces.collect::<Vec<_>>().into_iter().flatten().collect()
    };
    let mut rows = all(OffsetUnit::Utf16);
    let fits = rows.iter().fold([0, 0], |sum, (_, row)| [sum[0] + row.tally.fits[0], sum[1] + row.tally.fits[1]]);
    if fits[1] > fits[0] {
        reading.guess("offsets count code points, in which the spans cover what they quote, not UTF-16 units", None);
        rows = all(OffsetUnit::CodePoint);
    }
    rows::push(rows, reading)?;
    Names { text: columns.text, ..Names::default() }.keep(&mut reading.outline);
    Ok(())
}

/// Decides what the columns are: the answers are in those that hold JSON of answers, that a configuration names, that
/// differ between rows of one task, or that are called like labels.
fn plan(table: &Table, input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<Columns, DataError> {
    let names = &table.header;
    let own = |name: &String| OWN.contains(&name.as_str());
    let configured = by_config(input, names, reading);
    let mut outputs = match &configured {
        Some((_, outputs)) => outputs.clone(),
        None => Vec::new(),
    };
    let mut lengths = Vec::new();
    let id = names.iter().position(|name| name == "id");
    for (i, name) in names.iter().enumerate().filter(|(_, name)| !own(name)) {
        let mut kinds: Vec<Kind> = Vec::new();
        let (mut plain, mut length) = (0usize, 0usize);
        for (_, cells) in &table.rows {
            let cell = cells.get(i).unwrap_or_default();
            match json(cell) {
                // Lists of plain texts are data.
                Some(value) if value.get(0).is_some_and(Value::is_string) => kinds.push(Kind::Other),
                Some(value) => kinds.extend(rows::kind(&value)),
                None => plain += usize::from(!cell.is_empty()),
            }
            length += cell.len();
        }
        let answers = !kinds.is_empty() && kinds.iter().all(|kind| *kind != Kind::Other);
        if configured.is_none() && answers && (plain == 0 || kinds.contains(&Kind::Labels)) {
            outputs.push((name.clone(), kinds[0]));
        } else if !outputs.iter().any(|(known, _)| known == name)
            // A text may look like an object.
            && (kinds.is_empty() || columns::by_name([(i, name.as_str())].into_iter(), TEXT_NAMES, false).is_some())
        {
            lengths.push((name.clone(), length));
        }
    }
    let text = text_column(&lengths, configured.as_ref().map(|(config, _)| config), input, options, reading)?;
    if configured.is_none() {
        let free: Vec<usize> = (0..names.len())
            .filter(|&i| !own(&names[i]) && names[i] != text && !outputs.iter().any(|(known, _)| *known == names[i]))
            .collect();
        let asked =
            options.label.as_deref().map(|asked| columns::resolve(asked, "label", names, &input.name)).transpose()?;
        // Columns named as we name them are those of answers; beside spans no other column is one.
        let named: Vec<usize> =
            free.iter().copied().filter(|&i| [super::SPANS, choices_name(true)].contains(&names[i].as_str())).collect();
        let differing = || free.iter().copied().find(|&i| id.is_some_and(|id| differs(&table.rows, id, i)));
        let labelled = || columns::by_name(free.iter().map(|&i| (i, names[i].as_str())), LABEL_NAMES, false);
        let guessed = || if outputs.is_empty() && named.is_empty() { differing().or_else(labelled) } else { None };
        let more = match asked.or_else(guessed) {
            Some(i) => vec![i],
            None => named,
        };
        for i in more {
            if outputs.iter().any(|(known, _)| *known == names[i]) {
                continue;
            }
            let empty = table.rows.iter().all(|(_, cells)| matches!(cells.get(i), None | Some("" | "[]")));
            let kind = if names[i] == super::SPANS && empty { Kind::Spans } else { Kind::Labels };
            outputs.push((names[i].clone(), kind));
        }
        let shown: Vec<&String> = outputs.iter().map(|(name, _)| name).collect();
        if !shown.is_empty() {
            reading.guess(format!("answers are in {}", list(&shown)), Some("--label"));
        }
    }
    Ok(Columns { text, outputs })
}

/// Whether a column differs between rows of one task.
fn differs(rows: &[(u64, csv::StringRecord)], id: usize, column: usize) -> bool {
    let mut first: FxHashMap<&str, &str> = FxHashMap::default();
    rows.iter().any(|(_, cells)| {
        let (id, cell) = (cells.get(id).unwrap_or_default(), cells.get(column).unwrap_or_default());
        *first.entry(id).or_insert(cell) != cell
    })
}

fn row(header: &[String], cells: &csv::StringRecord, columns: &Columns, unit: OffsetUnit, keys: &mut Keys) -> Row {
    let mut row = Row::default();
    let mut outputs = Vec::new();
    for (name, cell) in header.iter().zip(cells) {
        if *name == columns.text {
            cell.clone_into(&mut row.text);
        } else if OWN.contains(&name.as_str()) {
            let value = match name.as_str() {
                "lead_time" => cell.parse::<f64>().map_or(Value::Null, Value::from),
                // Numbers of people and annotations that are missing elsewhere become fractions on the way.
                _ => Value::from(cell.strip_suffix(".0").filter(|whole| integer(whole).is_some()).unwrap_or(cell)),
            };
            let nested = (name == "annotator").then(|| json(cell)).flatten();
            rows::own(&mut row, name, &nested.unwrap_or(value), keys);
        } else if let Some((_, kind)) = columns.outputs.iter().find(|(known, _)| known == name) {
            if !cell.is_empty() {
                let value = json(cell).filter(|value| rows::kind(value).is_none_or(|kind| kind != Kind::Other));
                let value = value.unwrap_or_else(|| Value::from(cell));
                let shown = rows::kind(&value).filter(|_| *kind != Kind::Other);
                let name = if columns.is_alone(*kind) { usual(columns, *kind).to_owned() } else { name.clone() };
                outputs.push((name, shown.unwrap_or(*kind), value));
            }
        } else {
            row.metadata.push((keys.get(name), Value::from(cell)));
        }
    }
    if row.id.as_deref() == Some("") {
        row.id = None;
    }
    rows::take(outputs, &mut row, unit, keys);
    row
}

/// The name of answers of a kind that belong to no field.
fn usual(columns: &Columns, kind: Kind) -> &'static str {
    let spans = columns.outputs.iter().any(|(_, kind)| *kind == Kind::Spans);
    if kind == Kind::Spans { super::SPANS } else { choices_name(spans) }
}

/// Begins to write.
pub(super) fn begin(outline: &Outline) -> Box<dyn Writer> {
    let names = Names::of(outline);
    let (labels, spans) = (outline.occurs.labels > 0, outline.occurs.spans > 0);
    let mut columns: Vec<String> = OWN.iter().map(|name| (*name).to_owned()).collect();
    columns.push(names.text.clone());
    if spans {
        columns.push(super::SPANS.to_owned());
    }
    if labels {
        columns.push(choices_name(spans).to_owned());
    }
    let taken = columns.clone();
    columns.extend(outline.columns.iter().map(ToString::to_string).filter(|column| !taken.contains(column)));
    columns.sort_unstable();
    columns.dedup();
    Box::new(Csv { names, spans, columns, taken, n: 0 })
}

struct Csv {
    names: Names,
    spans: bool,
    columns: Vec<String>,
    /// Those that are not metadata.
    taken: Vec<String>,
    n: u64,
}

/// Appends a quoted cell.
fn quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

/// Appends a cell: a whole number as it is, anything else quoted.
fn number(out: &mut Vec<u8>, text: &str) {
    if integer(text).is_some() { out.extend_from_slice(text.as_bytes()) } else { quoted(out, text) }
}

impl Writer for Csv {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        if self.n == 0 {
            self.header(out.buffer());
        }
        self.n += 1;
        for (key, _) in record.metadata.iter().filter(|(key, _)| self.taken.iter().any(|taken| **taken == **key)) {
            losses.add(Loss::Metadata, &record.place, || format!("column '{}', whose name is taken", quote(key)));
        }
        let gold = record.gold.as_ref().map(|gold| Response { answer: gold.clone(), ..Response::default() });
        let rows: Vec<(&Response, By)> = gold
            .iter()
            .map(|gold| (gold, By::Nobody))
            .chain(record.responses.iter().map(|r| (r, r.annotator.clone().map_or(By::Unknown, By::Name))))
            .collect();
        let none = Response::default();
        let buffer = out.buffer();
        if rows.is_empty() {
            self.row(record, &none, &By::Nobody, buffer, losses);
        }
        for (response, by) in &rows {
            self.row(record, response, by, buffer, losses);
        }
        out.flush_if_full()
    }

    fn finish(&mut self, out: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        if self.n == 0 {
            self.header(out.buffer());
        }
        Ok(())
    }
}

impl Csv {
    fn header(&self, out: &mut Vec<u8>) {
        for (i, column) in self.columns.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            quoted(out, column);
        }
        out.push(b'\n');
    }

    fn row(&self, record: &Record, response: &Response, by: &By, out: &mut Vec<u8>, losses: &mut Losses) {
        let details = response.id.is_some() || response.time.is_some() || response.seconds.is_some();
        if *by == By::Unknown && !details {
            losses.add(Loss::Responses, &record.place, || {
                "an answer without a name, which stands where the reference does".to_owned()
            });
        }
        for (key, _) in response.extra.iter().filter(|(key, _)| &**key != "updated_at") {
            losses.add(Loss::ResponseDetails, &record.place, || format!("'{}' of an answer", quote(key)));
        }
        let outputs = rows::outputs(&response.answer, record.text(), false, self.spans);
        for (i, column) in self.columns.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            match column.as_str() {
                "id" => number(out, record.id.as_deref().unwrap_or(&self.n.to_string())),
                "annotator" => quoted(out, if let By::Name(name) = by { name } else { "" }),
                "annotation_id" => number(out, response.id.as_deref().unwrap_or_default()),
                "created_at" => quoted(out, response.time.as_deref().unwrap_or_default()),
                "updated_at" => {
                    let updated = response.extra.iter().find(|(key, _)| &**key == "updated_at");
                    quoted(out, &updated.map(|(_, value)| text_of(value)).unwrap_or_default());
                }
                "lead_time" => {
                    let seconds = response.seconds.map(Value::from).filter(|seconds| !seconds.is_null());
                    match seconds {
                        Some(seconds) => out.extend_from_slice(seconds.to_string().as_bytes()),
                        None => quoted(out, ""),
                    }
                }
                name if name == self.names.text => quoted(out, record.text()),
                name if self.taken.iter().any(|taken| taken == name) => {
                    let value = outputs.iter().find(|(output, _)| output == name).map(|(_, value)| value);
                    quoted(out, &value.map(cell).unwrap_or_default());
                }
                name => quoted(out, &record.value(name).map(text_of).unwrap_or_default()),
            }
        }
        out.push(b'\n');
    }
}

/// The cell of an output; a label that would be read as something else stands in a list.
fn cell(value: &Value) -> String {
    match value {
        Value::String(label) if label.is_empty() || json(label).is_some() => {
            super::results::choices_value("choices", &[label]).to_string()
        }
        other => text_of(other),
    }
}
