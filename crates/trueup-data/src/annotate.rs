//! What a model answered goes beside what a file says, in whatever way the file's format has for it.
//!
//! Tables and JSON get columns: `prediction`, `score`, and one for each label where all scores are asked for
//! (`score:LABEL`; in JSON `scores`). Files of tokens get a last column of tags, under the scheme of the file. The formats
//! of annotation tools have a place for predictions of their own. Each is what the readers of predictions expect.

use serde_json::{Map, Value, json};
use trueup_core::offsets::{OffsetUnit, Offsets};
use trueup_core::{Annotation, LabelId, LabelSet, Predictions, Task};

use crate::convert::Change;
use crate::corpus::{Answer, Choice, Key, Mark, Outline, Prediction, Record, Row};
use crate::error::DataError;
use crate::formats::tagged::Coding;
use crate::formats::{Format, conll};
use crate::holds::Metadata;
use crate::rows::{ROWS, Table};

/// What is written of a model's answers.
#[derive(Debug, Clone)]
pub struct What {
    /// The model's name, where a format keeps it.
    pub model: String,
    /// What kind of answer it gives.
    pub task: Task,
    /// Its labels.
    pub labels: LabelSet,
    /// Whether the scores of all labels are written, not only that of the answer.
    pub scores: bool,
    /// So many records are answered at once; `None` for what suits a model in memory.
    pub block: Option<usize>,
    /// Answers of lower confidence are left to people: no label is written, only the score. Of spans those are left out
    /// whose own score is lower.
    pub abstain: Option<f64>,
}

/// Adds a model's answers to records; `answer` gives them, one a record.
pub struct Answering<'a> {
    what: What,
    answer: &'a mut dyn FnMut(&[Record]) -> Result<Predictions, DataError>,
    way: Way,
}

/// Where answers go.
enum Way {
    /// After the cells of a row, or the fields of an object, as they stand.
    Rows,
    /// Columns whose values are JSON.
    Json,
    /// Columns of text.
    Cells,
    /// The last column of the tokens.
    Tokens(Coding),
    /// The format's own place for predictions.
    Own,
}

/// So many records are answered at once.
const BLOCK: usize = 4096;
/// The column of the answer.
const PREDICTION: &str = "prediction";
/// The column of its score.
const SCORE: &str = "score";
/// The field of all scores.
const SCORES: &str = "scores";
/// Before the name of a label, the column of its score.
const SCORE_OF: &str = "score:";
/// What separates several labels in one cell.
const SEPARATOR: &str = "|";

impl<'a> Answering<'a> {
    /// Lets `answer` answer records.
    pub fn new(what: What, answer: &'a mut dyn FnMut(&[Record]) -> Result<Predictions, DataError>) -> Self {
        Self { what, answer, way: Way::Json }
    }
}

impl Change for Answering<'_> {
    fn block(&self) -> usize {
        self.what.block.unwrap_or(BLOCK)
    }

    fn declare(&mut self, outline: &mut Outline, format: Format) -> Result<(), DataError> {
        let holds = format.holds();
        let names = self.what.columns();
        let own = |name: &str| names.iter().any(|own| own == name) || is_answer(name);
        if outline.setting(ROWS).is_some() {
            if let Some(mut table) = Table::of(outline) {
                if let Some(header) = &mut table.header {
                    // What an earlier model said is answered anew.
                    table.dropped = (0..header.len()).filter(|&at| own(header[at].trim())).collect();
                    header.extend(names);
                }
                table.put(outline);
            }
            self.way = Way::Rows;
            return Ok(());
        }
        self.way = match format.name() {
            "conll" | "conll-folder" => {
                conll::widen(outline);
                Way::Tokens(Coding::of(outline))
            }
            "jsonl" | "parquet" | "arrow" => Way::Json,
            _ if holds.metadata == Metadata::Text => Way::Cells,
            _ if holds.predictions => Way::Own,
            _ if holds.metadata == Metadata::Any => Way::Json,
            name => {
                return Err(DataError::Content {
                    path: name.to_owned(),
                    found: "a format with no place for what a model answered".to_owned(),
                    valid: "csv, tsv, jsonl, parquet, conll, label-studio, prodigy and others".to_owned(),
                    hint: Some("say which with --to".to_owned()),
                });
            }
        };
        if matches!(self.way, Way::Cells | Way::Json) {
            outline.columns.retain(|column| !own(column));
            let json = matches!(self.way, Way::Json);
            let added = self.what.columns().into_iter().filter(|name| !json || !name.starts_with(SCORE_OF));
            outline.columns.extend(added.map(Key::from));
            outline.columns.extend((json && self.what.scores && self.what.task != Task::Ner).then(|| SCORES.into()));
        }
        Ok(())
    }

    fn change(&mut self, records: &mut [Record]) -> Result<(), DataError> {
        let mut answers = (self.answer)(records)?;
        if let Some(least) = self.what.abstain {
            leave_spans(&mut answers, least);
        }
        assert_eq!(answers.len(), records.len(), "one answer a record");
        for (row, record) in records.iter_mut().enumerate() {
            let left = self.what.abstain.is_some_and(|least| is_left(&answers, row, least));
            let one = One { answers: &answers, row, left };
            match &self.way {
                Way::Rows => one.row(record, self.what.scores),
                Way::Json => one.metadata(record, self.what.scores, true),
                Way::Cells => one.metadata(record, self.what.scores, false),
                Way::Tokens(coding) => one.tokens(record, *coding),
                Way::Own => record.predictions.push(one.prediction(&self.what)),
            }
        }
        Ok(())
    }
}

impl What {
    /// The columns that are added to a table.
    fn columns(&self) -> Vec<String> {
        let mut names = vec![PREDICTION.to_owned()];
        if self.task != Task::Ner {
            names.push(SCORE.to_owned());
            if self.scores {
                names.extend(self.labels.names().iter().map(|label| format!("{SCORE_OF}{label}")));
            }
        }
        names
    }
}

/// Whether a column holds what a model said.
fn is_answer(name: &str) -> bool {
    matches!(name, PREDICTION | SCORE | SCORES) || name.starts_with(SCORE_OF)
}

/// Whether an answer is left to people where it takes a confidence of `least`; one without a score is not.
pub fn is_left(answers: &Predictions, row: usize, least: f64) -> bool {
    !matches!(answers.answers[row], Annotation::Spans(_)) && answers.confidence(row).is_some_and(|score| score < least)
}

/// Leaves out spans of lower score.
fn leave_spans(answers: &mut Predictions, least: f64) {
    let Predictions { answers, span_scores: Some(scores), .. } = answers else { return };
    for (answer, scores) in answers.iter_mut().zip(scores) {
        let Annotation::Spans(spans) = answer else { continue };
        let mut each = scores.iter();
        spans.retain(|_| each.next().is_none_or(|score| *score >= least));
        scores.retain(|score| *score >= least);
    }
}

/// The answer to one record.
struct One<'a> {
    answers: &'a Predictions,
    row: usize,
    /// Whether it is left to people.
    left: bool,
}

impl One<'_> {
    fn name(&self, label: LabelId) -> &str {
        self.answers.labels.name(label)
    }

    /// What is added, by name: values of JSON, or of text alone.
    fn values(&self, text: &str, all: bool, json: bool) -> Vec<(String, Value)> {
        let answer = match &self.answers.answers[self.row] {
            _ if self.left && json => Value::Null,
            _ if self.left => "".into(),
            Annotation::Label(label) => Value::from(self.name(*label)),
            Annotation::Labels(labels) if json => labels.iter().map(|&label| self.name(label)).collect(),
            Annotation::Labels(labels) => {
                let names: Vec<&str> = labels.iter().map(|&label| self.name(label)).collect();
                names.join(SEPARATOR).into()
            }
            Annotation::Spans(_) if json => self.spans(text),
            Annotation::Spans(_) => self.spans(text).to_string().into(),
        };
        let number = |score: f64| if json { number(score) } else { number(score).to_string().into() };
        let mut values = vec![(PREDICTION.to_owned(), answer)];
        // Spans carry their scores, and a text without spans has none.
        if matches!(self.answers.answers[self.row], Annotation::Spans(_)) {
            return values;
        }
        match self.answers.confidence(self.row) {
            Some(score) => values.push((SCORE.to_owned(), number(score))),
            // A table has a cell for it all the same.
            None if !json => values.push((SCORE.to_owned(), "".into())),
            None => {}
        }
        if let Some(scores) = self.answers.scores.as_ref().filter(|_| all) {
            let cells = self.answers.labels.names().iter().zip(scores.row(self.row));
            if json {
                let map: Map<String, Value> = cells.map(|(label, &score)| (label.clone(), number(score))).collect();
                values.push((SCORES.to_owned(), Value::Object(map)));
            } else {
                values.extend(cells.map(|(label, &score)| (format!("{SCORE_OF}{label}"), number(score))));
            }
        }
        values
    }

    fn row(&self, record: &mut Record, all: bool) {
        let text = record.text.take().unwrap_or_default();
        match record.row.as_deref_mut() {
            Some(Row::Cells(cells)) => {
                let values = self.values(&text, all, false).into_iter();
                cells.extend(values.map(|(_, value)| value.as_str().map_or_else(String::new, str::to_owned)));
            }
            Some(Row::Object(object)) => {
                object.retain(|name, _| !is_answer(name));
                object.extend(self.values(&text, all, true));
            }
            None => {}
        }
    }

    fn metadata(&self, record: &mut Record, all: bool, json: bool) {
        record.metadata.retain(|(key, _)| !is_answer(key));
        let values = self.values(record.text(), all, json);
        record.metadata.extend(values.into_iter().map(|(name, value)| (Key::from(name), value)));
    }

    /// The spans as readers of predictions expect them, offsets in code points.
    fn spans(&self, text: &str) -> Value {
        let points = Offsets::new(text, OffsetUnit::CodePoint);
        let at = |byte: u32| points.from_byte(byte as usize).unwrap_or(byte as usize);
        let scores = self.answers.span_scores.as_ref().map(|scores| scores[self.row].as_slice());
        let spans = self.answers.answers[self.row].spans().iter().enumerate().map(|(i, span)| {
            let (start, end) = (at(span.start), at(span.end));
            let mut value = json!({"start": start, "end": end, "label": self.name(span.label)});
            if let (Some(scores), Some(map)) = (scores, value.as_object_mut()) {
                map.insert(SCORE.to_owned(), number(scores[i]));
            }
            value
        });
        spans.collect()
    }

    fn tokens(&self, record: &mut Record, coding: Coding) {
        let spans = self.answers.answers[self.row].spans();
        let chunks: Vec<(usize, usize, &str)> = spans
            .iter()
            .map(|span| {
                let first = record.tokens.partition_point(|token| token.end <= span.start as usize);
                let end = record.tokens.partition_point(|token| token.start < span.end as usize);
                (first, end, self.name(span.label))
            })
            .collect();
        let tags = coding.write(&chunks, record.tokens.len());
        for (token, tag) in record.tokens.iter_mut().zip(tags) {
            let mut columns = std::mem::take(&mut token.columns).into_vec();
            columns.push(tag.into());
            token.columns = columns.into();
        }
    }

    fn prediction(&self, what: &What) -> Prediction {
        let choice = |label: LabelId| Choice {
            label: self.name(label).to_owned(),
            score: self.answers.scores.as_ref().map(|scores| scores.get(self.row, label)),
            ..Choice::default()
        };
        let labels = |labels: &[LabelId]| Answer {
            labels: Some(labels.iter().map(|&label| choice(label)).collect()),
            ..Answer::default()
        };
        let answer = match &self.answers.answers[self.row] {
            _ if self.left => labels(&[]),
            Annotation::Label(label) => labels(&[*label]),
            Annotation::Labels(several) => labels(several),
            Annotation::Spans(spans) => {
                let scores = self.answers.span_scores.as_ref().map(|scores| scores[self.row].as_slice());
                let mark = |(i, span): (usize, &trueup_core::Span)| Mark {
                    score: scores.map(|scores| scores[i]),
                    ..Mark::new(span.start as usize, span.end as usize, self.name(span.label))
                };
                Answer::spans(spans.iter().enumerate().map(mark).collect())
            }
        };
        let scores = self.answers.scores.as_ref().filter(|_| what.scores).map_or_else(Vec::new, |scores| {
            self.answers.labels.names().iter().cloned().zip(scores.row(self.row).iter().copied()).collect()
        });
        let model = Some(what.model.clone()).filter(|model| !model.is_empty());
        Prediction { model, answer, score: self.answers.confidence(self.row), scores, ..Prediction::default() }
    }
}

/// A score to nine digits after the point: a row of hundreds still sums to 1 as near as readers ask.
fn number(score: f64) -> Value {
    Value::from((score * 1e9).round() / 1e9)
}
