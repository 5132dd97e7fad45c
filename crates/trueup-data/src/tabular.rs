//! A table of fields becomes records: decide once what each column is, then take row by row.

use std::cell::{Cell, RefCell};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde_json::Value;
use trueup_core::Task;

use crate::answers::{self, RawAnswer};
use crate::columns::{self, Roles};
use crate::corpus::{self, Answer, Choice, Key, Record, Response};
use crate::error::{DataError, quote};
use crate::formats::delimited::Table;
use crate::ids::check_ids;
use crate::labels::Cells;
use crate::options::{ReadOptions, Remarks, count};
use crate::reading::Reading;

/// What each column is, decided on a part of the table or all of it.
#[derive(Debug)]
pub(crate) struct Plan {
    rules: Rules,
    /// Records of annotators' answers, gathered by item until the table ends.
    gathered: RefCell<Gathered>,
    empty_sets: Cell<usize>,
}

/// How one row becomes a record, whatever the others hold.
#[derive(Debug)]
struct Rules {
    roles: Roles,
    cells: Cells,
    /// Names of the metadata columns, by the place of the column.
    keys: Vec<Key>,
    /// Whether cells that a spreadsheet would run are escaped by an apostrophe.
    escaped: bool,
    /// Whether rows are kept as they stand.
    rows: bool,
}

/// What a row holds: a record without its answer, and the answer, or what is wrong with it.
struct Row {
    made: Result<(Record, Option<Answer>), String>,
    /// Whether its field of labels is empty, where it holds a set.
    empty_set: bool,
}

/// How many rows one thread takes at once.
const ROWS: usize = 512;
/// How many rows become records before these are handed on.
const PIECE: usize = 65_536;

/// Records by the id, else the text, of their item.
#[derive(Debug, Default)]
struct Gathered {
    records: Vec<Record>,
    places: FxHashMap<String, usize>,
}

/// Decides what each column is.
pub(crate) fn decide(table: &Table, options: &ReadOptions, remarks: &mut Remarks) -> Result<Plan, DataError> {
    let roles = columns::roles(table, options, remarks)?;
    let names = columns::names(table);
    let cells = match roles.label {
        Some(label) => {
            let named = table.header.as_ref().map(|_| names[label].as_str());
            cells(table, label, named, options.task, options.label_separator.as_deref(), remarks)
        }
        None => Cells::Single,
    };
    let task = match cells {
        Cells::Single => Task::Classification,
        Cells::Separated(_) | Cells::List => Task::Multilabel,
        Cells::Spans => Task::Ner,
    };
    if let (Some(asked), Some(label)) = (options.task.filter(|&asked| asked != task), roles.label)
        && !(cells == Cells::List && asked == Task::Classification)
    {
        return Err(DataError::Content {
            path: remarks.path.clone(),
            found: format!("labels of a {task} task in column {}, while {asked} was asked for", label + 1),
            valid: match asked {
                Task::Ner => format!("{}, as JSON in the label column", answers::SPAN_SHAPE),
                _ => "labels".to_owned(),
            },
            hint: Some("leave --task out, or name another column with --label".to_owned()),
        });
    }
    let escaped = escaped(table);
    if escaped {
        remarks.guess("apostrophes before =, +, - and @ keep spreadsheets from running a cell: left out", None);
    }
    let keys = names.iter().map(|name| name.as_str().into()).collect();
    let (gathered, empty_sets) = (RefCell::default(), Cell::default());
    Ok(Plan { rules: Rules { roles, cells, keys, escaped, rows: options.rows }, gathered, empty_sets })
}

/// Whether every cell that begins like a formula is escaped by an apostrophe, and there is one.
fn escaped(table: &Table) -> bool {
    let mut found = false;
    for row in 0..table.rows() {
        for column in 0..table.width {
            let cell = table.cell(row, column);
            if crate::write::is_formula(cell) {
                return false;
            }
            found |= unescape(cell).is_some();
        }
    }
    found
}

/// A cell without the apostrophe that [`crate::write::escape_formula`] put before it; `None` when it has none.
fn unescape(cell: &str) -> Option<&str> {
    let rest = cell.strip_prefix('\'')?;
    crate::write::is_formula(rest.trim_start_matches('\'')).then_some(rest)
}

/// How the fields of the label column are written, which is remarked where it is a guess.
pub(crate) fn cells(
    table: &Table,
    label: usize,
    name: Option<&str>,
    task: Option<Task>,
    separator: Option<&str>,
    remarks: &mut Remarks,
) -> Cells {
    if let Some(separator) = separator.filter(|_| task != Some(Task::Classification)) {
        return Cells::Separated(separator.to_owned());
    }
    match Cells::detect(table.column(label)) {
        // Nothing but empty lists in a column of spans.
        Cells::List if name.is_some_and(|n| ["spans", "entities"].iter().any(|s| n.eq_ignore_ascii_case(s))) => {
            Cells::Spans
        }
        Cells::List => {
            if task.is_none() {
                remarks.guess("each label field is a list", Some("--task"));
            }
            Cells::List
        }
        _ if task == Some(Task::Classification) => Cells::Single,
        Cells::Single if task == Some(Task::Multilabel) => Cells::Separated("|".to_owned()),
        Cells::Single if name.is_some_and(|name| name.eq_ignore_ascii_case("labels")) => {
            remarks.guess(
                "the task is multilabel: the column 'labels' may hold several, separated by '|'",
                Some("--task"),
            );
            Cells::Separated("|".to_owned())
        }
        Cells::Separated(by) => {
            let why =
                if by == "," { "commas separate labels, since the pieces repeat" } else { "'|' separates labels" };
            remarks.guess(format!("the task is multilabel: {why}"), Some("--label-separator"));
            Cells::Separated(by)
        }
        other => other,
    }
}

impl Plan {
    /// Hands the rows of a table, or of a part of one, on as records. Rows of one item by several annotators are
    /// gathered, and handed on by [`Self::finish`].
    pub fn records(&self, table: &Table, reading: &mut Reading) -> Result<(), DataError> {
        let rules = &self.rules;
        let Rules { roles, cells, keys, .. } = rules;
        if let Some(id) = roles.id.filter(|_| roles.id_named && roles.annotator.is_none()) {
            let path = reading.remarks.path.clone();
            check_ids(&path, (0..table.rows()).map(|row| (table.cell(row, id), table.lines[row])))?;
        }
        reading.ids_from_column = roles.id.is_some();
        reading.outline.group = roles.group.map(|c| keys[c].clone());
        reading.outline.time = roles.time.map(|c| keys[c].clone());
        if reading.outline.several.is_none() {
            reading.outline.several = match cells {
                Cells::Separated(_) => Some(true),
                Cells::Single => Some(false),
                Cells::List | Cells::Spans => None,
            };
        }
        for start in (0..table.rows()).step_by(PIECE) {
            let piece = start..table.rows().min(start + PIECE);
            let rows: Vec<Row> =
                piece.clone().into_par_iter().with_min_len(ROWS).map(|row| rules.row(table, row)).collect();
            for (row, Row { made, empty_set }) in piece.zip(rows) {
                self.empty_sets.set(self.empty_sets.get() + usize::from(empty_set));
                let (record, answer) = match made {
                    Ok(made) => made,
                    Err(found) => {
                        reading.remarks.skip_malformed_at(&table.place(row), found, answers::SPAN_SHAPE)?;
                        continue;
                    }
                };
                match roles.annotator {
                    None => {
                        let cells = || (0..table.width).map(|column| table.cell(row, column).to_owned()).collect();
                        let row = rules.rows.then(|| Box::new(corpus::Row::Cells(cells())));
                        reading.push(Record { gold: answer, row, ..record })?;
                    }
                    Some(annotator) => self.gather(table, row, annotator, record, answer, reading)?,
                }
            }
        }
        Ok(())
    }

    /// Adds what one annotator answered to the record of its item.
    fn gather(
        &self,
        table: &Table,
        row: usize,
        annotator: usize,
        record: Record,
        answer: Option<Answer>,
        reading: &mut Reading,
    ) -> Result<(), DataError> {
        let mut gathered = self.gathered.borrow_mut();
        let Gathered { records, places } = &mut *gathered;
        let id = record.id.as_ref().filter(|id| !id.trim().is_empty());
        let item = id.cloned().unwrap_or_else(|| record.text().to_owned());
        if let Some(&known) = places.get(&item)
            && !record.text().trim().is_empty()
            && records[known].text != record.text
        {
            // Its spans would mean another text.
            let found = format!("another text for item '{}', whose text came before", quote(&item));
            return reading.remarks.skip_malformed_at(&record.place, found, "one text an item");
        }
        let place = *places.entry(item).or_insert_with(|| {
            records.push(record);
            records.len() - 1
        });
        let record = &mut records[place];
        let name = table.cell(row, annotator).trim();
        if let Some(gold) = self.rules.roles.gold.map(|c| table.cell(row, c).trim()).filter(|g| !g.is_empty()) {
            record.gold = self.rules.answer(gold, record.text()).unwrap_or(None);
        }
        if let Some(answer) = answer {
            if name.is_empty() {
                record.gold = Some(answer);
            } else {
                let annotator = Some(name.to_owned());
                let time = self.rules.roles.time.map(|c| table.cell(row, c).to_owned());
                record.responses.push(Response { annotator, time, answer, ..Response::default() });
            }
        }
        Ok(())
    }

    /// Hands on what was gathered, and says what is to be said of the whole table.
    pub fn finish(self, reading: &mut Reading) -> Result<(), DataError> {
        for record in self.gathered.into_inner().records {
            reading.push(record)?;
        }
        let hint = "offsets count code points from 0, the end exclusive";
        let total = reading.outline.occurs.records as usize + reading.remarks.skipped.len();
        reading.remarks.check_malformed(total, answers::SPAN_SHAPE, hint)?;
        if self.empty_sets.get() > 0 {
            reading
                .note(format!("{} read as an empty set of labels", count(self.empty_sets.get(), "empty label field")));
        }
        Ok(())
    }
}

impl Rules {
    fn cell<'a>(&self, table: &'a Table, row: usize, column: usize) -> &'a str {
        let cell = table.cell(row, column);
        if self.escaped { unescape(cell).unwrap_or(cell) } else { cell }
    }

    fn row(&self, table: &Table, row: usize) -> Row {
        let roles = &self.roles;
        let at = |column: usize| self.cell(table, row, column);
        let text = roles.text.map(at);
        let cell = roles.label.map_or("", at).trim();
        let empty_set = cell.is_empty() && matches!(self.cells, Cells::Separated(_));
        let answer = match self.answer(cell, text.unwrap_or_default()) {
            Ok(answer) => answer.filter(|_| roles.label.is_some()),
            Err(found) => return Row { made: Err(found), empty_set },
        };
        let metadata =
            roles.metadata.iter().chain(&roles.group).chain(roles.time.iter().filter(|_| roles.annotator.is_none()));
        let record = Record {
            id: roles.id.map(|c| at(c).to_owned()),
            number: table.numbers[row],
            place: table.place(row),
            text: text.map(str::to_owned),
            split: roles.split.map(|c| at(c).trim()).filter(|s| !s.is_empty()).map(Key::from),
            metadata: metadata.map(|&c| (self.keys[c].clone(), Value::String(at(c).to_owned()))).collect(),
            ..Record::default()
        };
        Row { made: Ok((record, answer)), empty_set }
    }

    /// What a cell of the label column says; `None` when it is empty.
    fn answer(&self, cell: &str, text: &str) -> Result<Option<Answer>, String> {
        let choices = |labels: Vec<&str>| {
            let choices = labels.into_iter().map(|label| Choice { label: label.to_owned(), ..Choice::default() });
            Answer { labels: Some(choices.collect()), ..Answer::default() }
        };
        match &self.cells {
            Cells::Separated(_) => Ok(Some(choices(self.cells.split(cell)))),
            _ if cell.is_empty() => Ok(None),
            Cells::Single => Ok(Some(choices(vec![cell]))),
            Cells::List => match serde_json::from_str::<Vec<String>>(cell) {
                Ok(labels) => Ok(Some(Answer::labels(labels))),
                Err(_) => Ok(Some(choices(self.cells.split(cell)))),
            },
            Cells::Spans => {
                let value = serde_json::from_str(cell).map_err(|_| format!("'{}', which is not JSON", quote(cell)))?;
                match answers::answer(&value)? {
                    RawAnswer::Labels(labels) if labels.is_empty() => Ok(Some(Answer::spans(Vec::new()))),
                    RawAnswer::Spans(spans) => Ok(Some(Answer::spans(answers::marks(text, spans, &mut 0)?))),
                    _ => Err(format!("'{}', which is no list of spans", quote(cell))),
                }
            }
        }
    }
}
