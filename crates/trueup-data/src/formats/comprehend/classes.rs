//! Classes and texts in a CSV without header.

use crate::corpus::{Answer, Outline, Place, Record};
use crate::error::{DataError, quote};
use crate::formats::Writer;
use crate::holds::{Loss, Losses};
use crate::input::Input;
use crate::options::{ReadOptions, count};
use crate::output::Output;
use crate::reading::Reading;

const VALID: &str = "two fields: a class (several with '|' between them) and a text";

/// Reads a file of classes and texts.
pub(super) fn read(input: &Input, options: &ReadOptions, reading: &mut Reading) -> Result<(), DataError> {
    let text = input.text()?;
    let first = text.lines().next().unwrap_or_default().trim();
    if first == "Text,Type" || first == "Text, Type" {
        return Err(DataError::Content {
            path: input.name.clone(),
            found: "an entity list (Text,Type), which holds no annotated text".to_owned(),
            valid: "annotations (File,Line,Begin Offset,End Offset,Type) with their documents".to_owned(),
            hint: Some("an entity list names words to look for, not where they stand".to_owned()),
        });
    }
    let separator = options.label_separator.as_deref().unwrap_or("|");
    let mut rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut row = csv::StringRecord::new();
    let (mut total, mut several) = (0, 0usize);
    loop {
        match rows.read_record(&mut row) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => return Err(reading.error(&Place::line(total as u64 + 1), error.to_string(), VALID)),
        }
        total += 1;
        let place = Place::line(row.position().map_or(0, csv::Position::line));
        if row.len() != 2 {
            reading.remarks.skip_malformed_at(&place, count(row.len(), "field"), VALID)?;
            continue;
        }
        let (classes, text) = (row[0].trim(), &row[1]);
        if classes.is_empty() {
            reading.skip(&place, "no class", VALID)?;
            continue;
        }
        several += usize::from(classes.contains(separator));
        let classes = classes.split(separator).map(str::trim).filter(|class| !class.is_empty());
        let gold = Some(Answer::labels(classes));
        reading.push(Record { place, text: Some(text.to_owned()), gold, ..Record::default() })?;
    }
    reading.remarks.check_malformed(total, VALID, "is it another CSV? --from csv finds its columns")?;
    reading.outline.several = Some(several > 0);
    if several > 0 {
        let rows = count(several, "row");
        let what = format!("classes are set apart by '{}' ({rows} hold it)", quote(separator));
        reading.guess(what, Some("--label-separator"));
    }
    Ok(())
}

/// Begins a file.
pub(super) fn writer(_: &Outline) -> Box<dyn Writer> {
    Box::new(Classes)
}

struct Classes;

impl Writer for Classes {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        let labels = record.gold.as_ref().and_then(|gold| gold.labels.as_deref()).unwrap_or_default();
        let mut cell = String::new();
        for (i, choice) in labels.iter().enumerate() {
            if i > 0 {
                cell.push('|');
            }
            let class = choice.label.replace('|', "/");
            let class = class.trim();
            if class != choice.label {
                let what = || format!("the class '{}', which became '{}'", quote(&choice.label), quote(class));
                losses.add(Loss::Labels, &record.place, what);
            }
            cell.push_str(class);
        }
        if cell.is_empty() {
            // A separator alone says that there is no class; an empty cell, that it is missing.
            cell.push('|');
        }
        let mut row = csv::WriterBuilder::new().flexible(true).from_writer(out.buffer());
        // Writing into memory does not fail.
        let _ = row.write_record([cell.as_str(), record.text()]);
        drop(row);
        out.flush_if_full()
    }

    fn finish(&mut self, _: &mut Output, _: &mut Losses) -> Result<(), DataError> {
        Ok(())
    }
}
