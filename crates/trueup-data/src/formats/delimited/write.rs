//! Writes a table: one row a record, or one row an annotator's answer where records have several.

use serde_json::Value;

use crate::answers;
use crate::corpus::{Answer, Key, Outline, Record};
use crate::error::DataError;
use crate::formats;
use crate::holds::{Loss, Losses, text_of};
use crate::labels::Cells;
use crate::output::Output;
use crate::write::escape_formula;

/// How the answer of a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The label as it is, under `label`.
    Label,
    /// Labels set apart by bars, under `labels`.
    Bars,
    /// A JSON list of labels, under `label` or `labels`.
    List,
    /// A JSON list of spans, under `spans`.
    Spans,
}

/// Names that have a role of their own in a table.
const RESERVED: &[&str] = &["id", "text", "label", "labels", "spans", "split", "annotator", "gold"];

/// Writes a delimited table.
#[allow(clippy::struct_excessive_bools)] // Which columns there are.
pub(super) struct Writer {
    delimiter: u8,
    form: Form,
    several: bool,
    has_text: bool,
    has_ids: bool,
    has_splits: bool,
    has_responses: bool,
    columns: Vec<Key>,
    begun: bool,
    renamed: bool,
    number: u64,
    row: Vec<String>,
}

impl Writer {
    /// For records of such an outline.
    pub fn new(outline: &Outline, delimiter: u8) -> Self {
        let occurs = &outline.occurs;
        let several = outline.is_multilabel();
        let labels = outline.labels();
        let names = || labels.iter().map(|(name, _)| *name);
        let has_responses = occurs.responses > 0;
        let unlabelled = occurs.gold < occurs.records || has_responses;
        let form = if occurs.spans > 0 && (occurs.labels == 0 || !outline.span_labels().is_empty() || labels.is_empty())
        {
            Form::Spans
        } else if several {
            // Bars cannot tell no answer from the answer that nothing holds.
            let plain = names().all(|name| !name.contains('|') && name.trim() == name && !name.is_empty());
            if plain && !unlabelled { Form::Bars } else { Form::List }
        } else {
            // What the reader would make of such cells must be what they are.
            let plain = Cells::detect(names()) == Cells::Single && names().all(|n| n.trim() == n && !n.is_empty());
            if plain { Form::Label } else { Form::List }
        };
        Self {
            delimiter,
            form,
            several,
            has_text: occurs.texts > 0 || occurs.records == 0,
            has_ids: occurs.ids > 0 || has_responses,
            has_splits: occurs.splits > 0,
            has_responses,
            columns: outline.columns.clone(),
            begun: false,
            renamed: false,
            number: 0,
            row: Vec::new(),
        }
    }

    fn header(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) {
        let mut names: Vec<String> = Vec::new();
        let mut put = |wanted: bool, name: &str| {
            if wanted {
                names.push(name.to_owned());
            }
        };
        put(self.has_ids, "id");
        put(self.has_text, "text");
        put(
            true,
            match self.form {
                Form::Label => "label",
                Form::List if !self.several => "label",
                Form::Bars | Form::List => "labels",
                Form::Spans => "spans",
            },
        );
        put(self.has_responses, "annotator");
        put(self.has_responses, "gold");
        put(self.has_splits, "split");
        for column in &self.columns {
            let reserved = RESERVED.iter().any(|name| name.eq_ignore_ascii_case(column));
            if reserved {
                self.renamed = true;
                losses.add(Loss::Metadata, &record.place, || format!("column '{column}' became 'metadata.{column}'"));
            }
            names.push(if reserved { format!("metadata.{column}") } else { column.to_string() });
        }
        self.row = names;
        self.flush(out.buffer());
    }

    /// Appends the row to the bytes.
    fn flush(&mut self, bytes: &mut Vec<u8>) {
        for (i, cell) in self.row.iter().enumerate() {
            if i > 0 {
                bytes.push(self.delimiter);
            }
            let special = |b: &u8| *b == self.delimiter || matches!(b, b'"' | b'\n' | b'\r');
            // An only field that is empty would make a blank line, which readers skip.
            let blank = cell.is_empty() && self.row.len() == 1;
            if blank || cell.as_bytes().iter().any(special) {
                bytes.push(b'"');
                bytes.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
                bytes.push(b'"');
            } else {
                bytes.extend_from_slice(cell.as_bytes());
            }
        }
        bytes.push(b'\n');
        self.row.clear();
    }

    fn cell(&self, answer: Option<&Answer>, text: &str) -> String {
        let Some(answer) = answer else {
            return String::new();
        };
        let labels = || answer.labels.iter().flatten().map(|choice| choice.label.as_str());
        match self.form {
            Form::Label => labels().next().unwrap_or_default().to_owned(),
            Form::Bars => labels().collect::<Vec<_>>().join("|"),
            Form::List => match &answer.labels {
                None => String::new(),
                Some(_) => Value::from(labels().collect::<Vec<_>>()).to_string(),
            },
            Form::Spans => match &answer.spans {
                None => String::new(),
                Some(spans) => answers::spans_value(text, spans).to_string(),
            },
        }
    }

    fn push_row(&mut self, record: &Record, answer: Option<&Answer>, annotator: &str, out: &mut Output) {
        let mut row = std::mem::take(&mut self.row);
        if self.has_ids {
            row.push(record.id.clone().unwrap_or_else(|| self.number.to_string()));
        }
        if self.has_text {
            row.push(record.text().to_owned());
        }
        row.push(self.cell(answer, record.text()));
        if self.has_responses {
            row.push(annotator.to_owned());
            row.push(self.cell(record.gold.as_ref(), record.text()));
        }
        if self.has_splits {
            row.push(record.split.as_deref().unwrap_or_default().to_owned());
        }
        for column in &self.columns {
            row.push(record.value(column).map(text_of).unwrap_or_default());
        }
        for cell in &mut row {
            if let std::borrow::Cow::Owned(escaped) = escape_formula(cell) {
                *cell = escaped;
            }
        }
        self.row = row;
        self.flush(out.buffer());
    }
}

impl formats::Writer for Writer {
    fn record(&mut self, record: &Record, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        if !self.begun {
            self.begun = true;
            self.header(record, out, losses);
        }
        self.number += 1;
        if self.has_text && record.text.is_none() {
            losses.add(Loss::Text, &record.place, || "a record without a text, which became an empty one".to_owned());
        }
        // One column holds the answers: spans where there are any.
        for answer in record.answers() {
            let (labels, spans) = (answer.labels.is_some(), answer.spans.is_some());
            if labels && !spans && matches!(self.form, Form::Spans) {
                losses.add(Loss::Labels, &record.place, || "labels in a table of spans".to_owned());
            } else if spans && !labels && !matches!(self.form, Form::Spans) {
                losses.add(Loss::Spans, &record.place, || "spans in a table of labels".to_owned());
            }
        }
        if record.responses.is_empty() {
            self.push_row(record, record.gold.as_ref(), "", out);
        }
        for response in &record.responses {
            if response.annotator.is_none() {
                let what = || "an answer without a name, which got the name 'annotator'".to_owned();
                losses.add(Loss::Responses, &record.place, what);
            }
            let name = response.annotator.as_deref().unwrap_or("annotator");
            self.push_row(record, Some(&response.answer), name, out);
        }
        out.flush_if_full()
    }

    fn finish(&mut self, out: &mut Output, losses: &mut Losses) -> Result<(), DataError> {
        if !self.begun {
            self.header(&Record::default(), out, losses);
        }
        Ok(())
    }
}
