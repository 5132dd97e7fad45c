//! CSV and TSV: tables of fields set apart by a delimiter.

mod dialect;
mod table;
mod write;

use dialect::Dialect;
pub(crate) use table::Table;

use std::cell::OnceCell;

use serde_json::json;

use crate::columns;
use crate::error::{DataError, list};
use crate::formats::{Format, Spec, head};
use crate::head::{Confidence, Head, Json, WINDOW};
use crate::holds::{Holds, Labels, Metadata, Spans};
use crate::input::Input;
use crate::options::{ReadOptions, Remarks};
use crate::reading::Reading;
use crate::rows::ROWS;
use crate::tabular;

/// Comma-separated tables.
pub(crate) const CSV: Spec = Spec {
    name: "csv",
    aliases: &[],
    title: "a table with commas, semicolons or bars",
    ending: ".csv",
    holds: Holds {
        textless: true,
        ids: true,
        splits: true,
        labels: Labels::Set,
        spans: Spans::Gaps,
        span_ids: true,
        attributes: true,
        responses: true,
        metadata: Metadata::Text,
        unlabelled: true,
        ..Holds::LABEL
    },
    sniff: |head| sniff_as(head, false),
    read: |input, options, reading| read(input, Format::CSV, options, reading),
    write: Some(|outline| Box::new(write::Writer::new(outline, b','))),
    folder: false,
};

/// Tab-separated tables.
pub(crate) const TSV: Spec = Spec {
    name: "tsv",
    title: "a table with tabs",
    ending: ".tsv",
    sniff: |head| sniff_as(head, true),
    read: |input, options, reading| read(input, Format::TSV, options, reading),
    write: Some(|outline| Box::new(write::Writer::new(outline, b'\t'))),
    ..CSV
};

fn sniff_as(head: &Head, tabs: bool) -> Confidence {
    let Some(text) = head.text.filter(|_| head.json == Json::No) else {
        return Confidence::No;
    };
    let ending = if tabs { ".tsv" } else { ".csv" };
    match dialect::sniff(text) {
        Some(dialect) if (dialect.delimiter == b'\t') == tabs => Confidence::Likely,
        _ if head.ends_with(ending) => Confidence::Possible,
        _ => Confidence::No,
    }
}

fn read(input: &Input, format: Format, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let wanted: Vec<&str> = options.columns().collect();
    let seen: OnceCell<Dialect> = OnceCell::new();
    let cut = |block: &[u8]| {
        let dialect = *seen.get_or_init(|| {
            let first = String::from_utf8_lossy(&block[..block.len().min(WINDOW)]);
            dialect_of(&first, format)
        });
        table::after_last_row(block, dialect)
    };
    let mut pieces = input.pieces(cut)?;
    let mut decided: Option<(tabular::Plan, Dialect, usize)> = None;
    let (mut number, mut header) = (0, None);
    while let Some((text, line)) = pieces.next()? {
        let (plan, table) = match &decided {
            None => {
                let (table, dialect) = parse_first(text, format, options.header, &wanted, reading.remarks)?;
                input.expect(table.rows(), text.len());
                let plan = tabular::decide(&table, options, reading.remarks)?;
                header.clone_from(&table.header);
                (&decided.insert((plan, dialect, table.width)).0, table)
            }
            Some((plan, dialect, width)) => {
                (plan, table::parse_more(text, *dialect, *width, (line, number), reading.remarks)?)
            }
        };
        number = table.records;
        plan.records(&table, reading)?;
    }
    let Some((plan, dialect, _)) = decided else {
        return Ok(());
    };
    if options.rows {
        let layout = json!({"delimiter": char::from(dialect.delimiter).to_string(), "header": header});
        reading.outline.settings.push((ROWS.into(), layout));
    }
    plan.finish(reading)
}

/// The dialect that a text has, or would have as `format`.
fn dialect_of(text: &str, format: Format) -> Dialect {
    let first = head(text);
    dialect::sniff(first)
        .filter(|dialect| dialect.format() == format)
        .unwrap_or_else(|| dialect::dialect_of(first, format))
}

/// The rows of a delimited text under their header. `wanted` are column names that the caller asked for.
pub(crate) fn parse(
    text: &str,
    format: Format,
    header: Option<bool>,
    wanted: &[&str],
    remarks: &mut Remarks,
) -> Result<Table, DataError> {
    parse_first(text, format, header, wanted, remarks).map(|(table, _)| table)
}

fn parse_first(
    text: &str,
    format: Format,
    header: Option<bool>,
    wanted: &[&str],
    remarks: &mut Remarks,
) -> Result<(Table, Dialect), DataError> {
    let (mut table, dialect) = table::parse(text, dialect_of(text, format), columns::is_name, remarks)?;
    remarks.guess(dialect.describe(), Some("--from"));
    under_header(&mut table, header, wanted, remarks)?;
    Ok((table, dialect))
}

/// Takes the header off a table that has one.
pub(crate) fn under_header(
    table: &mut Table,
    header: Option<bool>,
    wanted: &[&str],
    remarks: &mut Remarks,
) -> Result<(), DataError> {
    let by_guess = header.is_none();
    if table.rows() > 0 && header.unwrap_or_else(|| columns::has_header(table, wanted)) {
        table.take_header();
    }
    match &table.header {
        Some(header) if table.rows() == 0 => {
            return Err(DataError::HeaderOnly { path: remarks.path.clone(), found: list(header) });
        }
        Some(_) if by_guess => remarks.guess("the first row is the header", None),
        None if by_guess => remarks.guess("there is no header: the first row is a record", None),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{assert_round_trip, records};

    proptest::proptest! {
        #[test]
        fn what_a_table_holds_comes_back(records in records(CSV.holds)) {
            assert_round_trip("csv", records.clone());
            assert_round_trip("tsv", records);
        }
    }
}
