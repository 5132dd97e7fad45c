//! A table of fields becomes a data set.

use trueup_core::{Annotation, Dataset, Task};

use crate::answers;
use crate::collect::{Collector, Record, check_ids};
use crate::columns::{self, Roles};
use crate::error::{DataError, list, quote};
use crate::formats::delimited::{self, Table};
use crate::formats::{Format, head};
use crate::labels::Cells;
use crate::options::{ReadOptions, Remarks, count};
use crate::source::Source;

/// Reads a delimited text as a data set; also whether ids come from a column.
pub(crate) fn read(
    source: &Source,
    format: Format,
    options: &ReadOptions,
    remarks: &mut Remarks,
) -> Result<(Dataset, bool), DataError> {
    let wanted: Vec<&str> = [&options.text, &options.label, &options.id, &options.group, &options.time]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let table = table(source, format, options.header, &wanted, remarks)?;
    let roles = columns::roles(&table, options, remarks)?;
    let cells = cells(&table, roles.label, options.task, options.label_separator.as_deref(), remarks);
    let dataset = collect(&table, &roles, &cells, options, remarks)?;
    Ok((dataset, roles.id.is_some()))
}

/// The rows under their header.
pub(crate) fn table(
    source: &Source,
    format: Format,
    header: Option<bool>,
    wanted: &[&str],
    remarks: &mut Remarks,
) -> Result<Table, DataError> {
    let text = head(&source.text);
    let dialect = delimited::sniff(text)
        .filter(|dialect| dialect.format() == format)
        .unwrap_or_else(|| delimited::dialect_of(text, format));
    let (mut table, dialect) = delimited::parse(source, dialect, columns::is_name, remarks)?;
    remarks.guess(dialect.describe(), Some("--from"));
    let by_guess = header.is_none();
    if table.rows() > 0 && header.unwrap_or_else(|| columns::has_header(&table, wanted)) {
        table.take_header();
    }
    match &table.header {
        Some(header) if table.rows() == 0 => {
            return Err(DataError::HeaderOnly { path: source.name.clone(), found: list(header) });
        }
        Some(_) if by_guess => remarks.guess("the first row is the header", None),
        None if by_guess => remarks.guess("there is no header: the first row is a record", None),
        _ => {}
    }
    Ok(table)
}

/// How the fields of the label column are written, which is remarked where it is a guess.
pub(crate) fn cells(
    table: &Table,
    label: usize,
    task: Option<Task>,
    separator: Option<&str>,
    remarks: &mut Remarks,
) -> Cells {
    if task == Some(Task::Classification) {
        return Cells::Single;
    }
    if let Some(separator) = separator {
        return Cells::Separated(separator.to_owned());
    }
    match Cells::detect(table.column(label)) {
        Cells::Single if task == Some(Task::Multilabel) => Cells::Separated("|".to_owned()),
        Cells::Separated(by) => {
            let why =
                if by == "," { "commas separate labels, since the pieces repeat" } else { "'|' separates labels" };
            remarks.guess(format!("the task is multilabel: {why}"), Some("--label-separator"));
            Cells::Separated(by)
        }
        Cells::List => {
            remarks.guess("the task is multilabel: each label field is a list", Some("--task"));
            Cells::List
        }
        other => other,
    }
}

fn collect(
    table: &Table,
    roles: &Roles,
    cells: &Cells,
    options: &ReadOptions,
    remarks: &mut Remarks,
) -> Result<Dataset, DataError> {
    let task = match cells {
        Cells::Single => Task::Classification,
        Cells::Separated(_) | Cells::List => Task::Multilabel,
        Cells::Spans => Task::Ner,
    };
    if let Some(asked) = options.task.filter(|&asked| asked != task) {
        return Err(DataError::Content {
            path: remarks.path.clone(),
            found: format!("labels of a {task} task in column {}, while {asked} was asked for", roles.label + 1),
            valid: match asked {
                Task::Ner => format!("{}, as JSON in the label column", answers::SPAN_SHAPE),
                _ => "labels".to_owned(),
            },
            hint: Some("leave --task out, or name another column with --label".to_owned()),
        });
    }
    let mut collector = Collector::new(task, options.label_level);
    let names = columns::names(table);
    collector.has_text = roles.text.is_some();
    collector.columns = roles.metadata.iter().map(|&c| names[c].clone()).collect();
    if let Some(id) = roles.id.filter(|_| roles.id_named) {
        check_ids(&remarks.path, (0..table.rows()).map(|row| (table.cell(row, id), table.lines[row])))?;
    }
    let mut empty_sets = 0;
    for row in 0..table.rows() {
        let at = |column: usize| table.cell(row, column);
        let line = table.lines[row];
        let text = roles.text.map_or("", at);
        let cell = at(roles.label).trim();
        let gold = match cells {
            Cells::Single | Cells::Spans if cell.is_empty() => None,
            Cells::Single => Some(Annotation::Label(collector.label(cell))),
            Cells::Separated(_) | Cells::List => {
                empty_sets += usize::from(cell.is_empty());
                Some(collector.set(cells.split(cell)))
            }
            Cells::Spans => match spans(&mut collector, cell, text) {
                Ok(gold) => gold,
                Err(found) => {
                    remarks.skip_malformed(line, found, answers::SPAN_SHAPE)?;
                    continue;
                }
            },
        };
        let Some(gold) = gold else {
            remarks.skip(line, "an empty label", "a label on every record")?;
            continue;
        };
        let record = Record {
            id: roles.id.map(|c| at(c).to_owned()),
            number: table.numbers[row],
            line,
            text: text.to_owned(),
            group: roles.group.map(|c| at(c).to_owned()),
            time: roles.time.map(|c| at(c).to_owned()),
            metadata: roles.metadata.iter().map(|&c| at(c).to_owned()).collect(),
            tokens: Vec::new(),
        };
        collector.push(record, gold);
    }
    remarks.check_malformed(
        table.rows(),
        answers::SPAN_SHAPE,
        "offsets count code points from 0, the end exclusive",
    )?;
    if empty_sets > 0 {
        remarks.notes.push(format!("{} read as an empty set of labels", count(empty_sets, "empty label field")));
    }
    collector.finish(remarks)
}

fn spans(collector: &mut Collector, cell: &str, text: &str) -> Result<Option<Annotation>, String> {
    let value = serde_json::from_str(cell).map_err(|_| format!("'{}', which is not JSON", quote(cell)))?;
    collector.answer(&answers::answer(&value)?, text)
}
