//! Files of predictions, as any tool can write them, before they are matched with the gold.

mod tags;

use std::path::Path;

use serde_json::Value;
use trueup_core::document::Guess;
use trueup_core::{Annotation, LabelSet, Scores, Span, Task};

use crate::answers::{RawAnswer, RawSpan, answer};
use crate::columns::{self, ID_NAMES};
use crate::corpus::dataset;
use crate::error::{DataError, list, quote};
use crate::formats::delimited::{self, Table};
use crate::formats::{self, Format, columnar, conll, is_blank, jsonl, lines};
use crate::input::Input;
use crate::json::{self, scalar, shape};
use crate::labels::{Cells, Interner, at_level};
use crate::options::{PredictionOptions, ReadOptions, Remarks};
use crate::reading::Reading;
use crate::source::Source;
use crate::tabular;

pub use tags::TagRows;

/// Usual names of the predicted label, the likeliest first: a file with `label` and `prediction` has gold in `label`.
pub(crate) const PREDICTED_NAMES: &[&str] = &[
    "prediction",
    "predictions",
    "predicted",
    "predicted_label",
    "pred",
    "pred_label",
    "y_pred",
    "predicted_class",
    "label_pred",
    "label",
    "labels",
    "spans",
    "entities",
    "category",
    "intent",
    "class",
];

/// Predictions as a file gives them, not yet matched with the gold (see [`crate::align`]).
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionFile {
    /// The file's name for messages.
    pub path: String,
    /// The format it was read as.
    pub format: Format,
    /// Every label that is predicted or scored.
    pub labels: LabelSet,
    /// Ids, when the file has them.
    pub ids: Option<Vec<String>>,
    /// 1-based line of each record.
    pub lines: Vec<u64>,
    /// One answer a record. Offsets of spans are code points or bytes, as `has_code_points` says.
    pub answers: Vec<Annotation>,
    /// Whether span offsets are code points (JSON), to become bytes with the gold's text, or bytes (CoNLL).
    pub has_code_points: bool,
    /// Scores of every label, in the order of `labels`.
    pub scores: Option<Scores>,
    /// One score a record, when the file gives no score a label.
    pub single_scores: Option<Vec<f64>>,
    /// Score of each span, in the order of the answer's spans.
    pub span_scores: Option<Vec<Vec<f64>>>,
    /// The texts, when the file holds them (CoNLL), to be compared with the gold's.
    pub texts: Option<Vec<String>>,
    /// The raw tags, when the file has one for each token (CoNLL).
    pub tags: Option<TagRows>,
    /// What was decided from the content.
    pub guesses: Vec<Guess>,
    /// Anything else worth saying.
    pub notes: Vec<String>,
}

/// Reads predictions from `path`; `-` is standard input, gzip and Zstandard are unpacked. A record that cannot be
/// read is always an error: a prediction left out would change every figure.
pub fn read_predictions(path: &Path, options: &PredictionOptions) -> Result<PredictionFile, DataError> {
    let input = Input::open(path)?;
    if !input.paths().is_empty() {
        let found = "a pattern of several files".to_owned();
        let valid = "one file of predictions".to_owned();
        return Err(DataError::Content { path: input.name, found, valid, hint: None });
    }
    if let Some(objects) = columnar::objects(&input) {
        let objects = objects?;
        let format = formats::detect(&input)?[0].format;
        let mut remarks = Remarks::new(&input.name, true);
        let rows = object_rows(&objects, options, &mut remarks)?;
        return rows.finish(format, remarks);
    }
    let source = Source { name: input.name.clone(), text: input.text()?.to_owned() };
    let mut remarks = Remarks::new(&source.name, true);
    let format = match options.from {
        Some(format) => Some(format),
        None => formats::detect(&input).ok().map(|found| found[0].format).filter(|f| *f != Format::LABEL_TEXT),
    };
    match format.map(Format::name) {
        Some("conll" | "conllu" | "spacy-iob") => tokens(&input, format.unwrap_or(Format::CONLL), options, remarks),
        Some("jsonl") => {
            let rows = json_rows(&source, options, &mut remarks)?;
            rows.finish(Format::JSONL, remarks)
        }
        Some("csv" | "tsv") => {
            let format = format.unwrap_or(Format::CSV);
            let rows = table_rows(&source, format, options, &mut remarks)?;
            rows.finish(format, remarks)
        }
        _ => {
            remarks.guess("each line is a label", Some("--from"));
            let mut rows = Rows::new(options);
            let cells = options.label_separator.clone().map_or_else(
                || {
                    if options.task == Some(Task::Multilabel) { Cells::Separated("|".into()) } else { Cells::Single }
                },
                Cells::Separated,
            );
            for (line, label) in lines(&source.text) {
                // A blank line inside is an answer that is missing; one at the end is none.
                if is_blank(label) && cells == Cells::Single {
                    return Err(remarks.error(line, "an empty line", "one label a line"));
                }
                rows.push_cell(label.trim(), &cells, line, &remarks)?;
            }
            rows.finish(Format::LABEL_TEXT, remarks)
        }
    }
}

/// Reads answers in JSON lines from memory, in the shapes of a file of predictions; `name` is used in messages.
///
/// # Errors
///
/// As [`read_predictions`].
pub fn read_prediction_lines(
    name: &str,
    lines: String,
    options: &PredictionOptions,
) -> Result<PredictionFile, DataError> {
    let source = Source { name: name.to_owned(), text: lines };
    let mut remarks = Remarks::new(name, true);
    json_rows(&source, options, &mut remarks)?.finish(Format::JSONL, remarks)
}

/// Records under construction, with provisional label ids.
struct Rows<'a> {
    options: &'a PredictionOptions,
    labels: Interner,
    ids: Option<Vec<String>>,
    lines: Vec<u64>,
    answers: Vec<Annotation>,
    /// Scores by provisional label id.
    scores: Vec<Vec<(u32, f64)>>,
    single: Vec<f64>,
    span_scores: Vec<Vec<f64>>,
}

impl<'a> Rows<'a> {
    fn new(options: &'a PredictionOptions) -> Self {
        Self {
            options,
            labels: Interner::default(),
            ids: None,
            lines: Vec::new(),
            answers: Vec::new(),
            scores: Vec::new(),
            single: Vec::new(),
            span_scores: Vec::new(),
        }
    }

    fn label(&mut self, name: &str) -> u32 {
        self.labels.id(at_level(name, self.options.label_level))
    }

    fn push_cell(&mut self, cell: &str, cells: &Cells, line: u64, remarks: &Remarks) -> Result<(), DataError> {
        let raw = match cells {
            Cells::Single if cell.is_empty() => RawAnswer::Missing,
            Cells::Single => RawAnswer::Label(cell.to_owned()),
            Cells::Separated(_) | Cells::List => {
                RawAnswer::Labels(cells.split(cell).into_iter().map(str::to_owned).collect())
            }
            Cells::Spans => serde_json::from_str(cell)
                .map_err(|_| format!("'{}', which is not JSON", quote(cell)))
                .and_then(|value| answer(&value))
                .map_err(|found| remarks.error(line, found, "a JSON list of spans"))?,
        };
        self.push(&raw, line, remarks)
    }

    /// Takes an answer; its kind must be the task's, where the task is known, and that of the records before.
    fn push(&mut self, raw: &RawAnswer, line: u64, remarks: &Remarks) -> Result<(), DataError> {
        let task = self.options.task.or_else(|| {
            self.answers.first().map(|answer| match answer {
                Annotation::Label(_) => Task::Classification,
                Annotation::Labels(_) => Task::Multilabel,
                Annotation::Spans(_) => Task::Ner,
            })
        });
        let valid = match task {
            Some(Task::Classification) => "one label on every record",
            Some(Task::Multilabel) => "a list of labels on every record",
            Some(Task::Ner) => "a list of spans on every record",
            None => "a label, a list of labels or a list of spans",
        };
        let answer = match (raw, task) {
            (RawAnswer::Label(label), None | Some(Task::Classification)) => Annotation::Label(self.label(label)),
            (RawAnswer::Labels(labels), Some(Task::Classification)) if labels.len() == 1 => {
                Annotation::Label(self.label(&labels[0]))
            }
            (RawAnswer::Labels(labels), Some(Task::Ner)) if labels.is_empty() => Annotation::Spans(Vec::new()),
            (RawAnswer::Spans(spans), None | Some(Task::Ner)) => {
                let (spans, scores) = self.spans(spans);
                self.span_scores.push(scores);
                Annotation::Spans(spans)
            }
            (RawAnswer::Label(label), Some(Task::Multilabel)) => Annotation::Labels(vec![self.label(label)]),
            (RawAnswer::Labels(labels), None | Some(Task::Multilabel)) => {
                let mut ids: Vec<u32> = labels.iter().map(|label| self.label(label)).collect();
                ids.sort_unstable();
                ids.dedup();
                Annotation::Labels(ids)
            }
            (RawAnswer::Missing, _) => return Err(remarks.error(line, "an empty prediction", valid)),
            (RawAnswer::Label(label), _) => {
                return Err(remarks.error(line, format!("the label '{}'", quote(label)), valid));
            }
            (RawAnswer::Labels(labels), _) => {
                return Err(remarks.error(line, format!("the labels {}", list(labels)), valid));
            }
            (RawAnswer::Spans(_), _) => return Err(remarks.error(line, "a list of spans", valid)),
        };
        if matches!(answer, Annotation::Spans(_)) && self.span_scores.len() <= self.answers.len() {
            self.span_scores.push(Vec::new());
        }
        self.answers.push(answer);
        self.lines.push(line);
        Ok(())
    }

    /// Spans with provisional labels, in the order of the file; sorting waits for the final labels.
    fn spans(&mut self, raw: &[RawSpan]) -> (Vec<Span>, Vec<f64>) {
        raw.iter()
            .map(|s| {
                let span = Span { start: s.start as u32, end: s.end as u32, label: self.labels.id(&s.label) };
                (span, s.score.unwrap_or(f64::NAN))
            })
            .unzip()
    }

    /// Sorts labels, answers and scores into their final order.
    fn finish(self, format: Format, mut remarks: Remarks) -> Result<PredictionFile, DataError> {
        if self.answers.is_empty() {
            return Err(DataError::Empty { path: remarks.path, blank: false });
        }
        let (labels, map) = self.labels.finish();
        let place = |id: u32| map[id as usize].expect("the set was made from these names");
        let mut answers = self.answers;
        let scored = !self.span_scores.is_empty()
            && self.span_scores.iter().any(|s| !s.is_empty())
            && self.span_scores.iter().flatten().all(|s| !s.is_nan());
        let partly = !scored && self.span_scores.iter().flatten().any(|s| !s.is_nan());
        if partly {
            remarks.notes.push("only some spans have a score: scores of spans are left out".to_owned());
        }
        let mut span_scores = Vec::new();
        for (row, answer) in answers.iter_mut().enumerate() {
            let Annotation::Spans(spans) = answer else {
                *answer = answer.relabel(&map);
                continue;
            };
            let scores = self.span_scores[row].iter().copied();
            let mut pairs: Vec<(Span, f64)> =
                spans.iter().map(|s| Span { label: place(s.label), ..*s }).zip(scores).collect();
            // Of repeated spans the best score stays.
            pairs.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
            pairs.dedup_by(|later, first| later.0 == first.0);
            let (sorted, scores): (Vec<Span>, Vec<f64>) = pairs.into_iter().unzip();
            *spans = sorted;
            span_scores.push(scores);
        }
        let has_scores = !self.scores.is_empty() && self.scores.len() == answers.len() && !labels.is_empty();
        let scores = has_scores.then(|| {
            let mut table = Scores::new(labels.len());
            let mut row = vec![0.0; labels.len()];
            for cells in &self.scores {
                row.fill(0.0);
                for &(label, score) in cells {
                    row[place(label) as usize] += score;
                }
                table.push(&row);
            }
            table
        });
        let has_code_points = matches!(answers.first(), Some(Annotation::Spans(_)));
        let single = self.single.len() == answers.len() && scores.is_none();
        if !single && !self.single.is_empty() && scores.is_none() {
            remarks.notes.push("only some records have a score: scores are left out".to_owned());
        }
        Ok(PredictionFile {
            path: remarks.path,
            format,
            labels,
            ids: self.ids,
            lines: self.lines,
            has_code_points,
            scores,
            single_scores: single.then_some(self.single),
            span_scores: scored.then_some(span_scores),
            tags: None,
            texts: None,
            answers,
            guesses: remarks.guesses,
            notes: remarks.notes,
        })
    }
}

fn score(text: &str, line: u64, remarks: &Remarks) -> Result<f64, DataError> {
    let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    number.ok_or_else(|| remarks.error(line, format!("the score '{}'", quote(text)), "a number"))
}

fn table_rows<'a>(
    source: &Source,
    format: Format,
    options: &'a PredictionOptions,
    remarks: &mut Remarks,
) -> Result<Rows<'a>, DataError> {
    let wanted: Vec<&str> = [&options.label, &options.id].into_iter().flatten().map(String::as_str).collect();
    let table = delimited::parse(&source.text, format, options.header, &wanted, remarks)?;
    let names = columns::names(&table);
    let scored: Vec<(usize, String)> = names
        .iter()
        .enumerate()
        .filter_map(|(c, name)| name.strip_prefix("score:").map(|label| (c, label.trim().to_owned())))
        .collect();
    let single = names.iter().position(|name| name.eq_ignore_ascii_case("score"));
    let free = || names.iter().enumerate().map(|(i, n)| (i, n.as_str())).filter(|(_, n)| !n.starts_with("score:"));
    let id = match &options.id {
        Some(asked) => Some(columns::resolve(asked, "id", &names, &remarks.path)?),
        None => columns::by_name(free(), ID_NAMES, false).filter(|_| table.header.is_some()),
    };
    let label = match &options.label {
        Some(asked) => columns::resolve(asked, "predicted", &names, &remarks.path)?,
        None => label_column(&table, &names, id, remarks)?,
    };
    if options.label.is_none() {
        remarks.guess(format!("the prediction is '{}'", quote(&names[label])), Some("--predicted"));
    }
    let named = table.header.as_ref().map(|_| names[label].as_str());
    let cells = tabular::cells(&table, label, named, options.task, options.label_separator.as_deref(), remarks);
    let mut rows = Rows::new(options);
    rows.ids = id.map(|c| table.column(c).map(str::to_owned).collect());
    let score_ids: Vec<u32> = scored.iter().map(|(_, name)| rows.label(name)).collect();
    for row in 0..table.rows() {
        let line = table.lines[row];
        rows.push_cell(table.cell(row, label).trim(), &cells, line, remarks)?;
        if !scored.is_empty() {
            let cell = |&(c, _): &(usize, String)| score(table.cell(row, c), line, remarks);
            let values = scored.iter().map(cell).collect::<Result<Vec<_>, _>>()?;
            rows.scores.push(score_ids.iter().copied().zip(values).collect());
        } else if let Some(column) = single {
            rows.single.push(score(table.cell(row, column), line, remarks)?);
        }
    }
    Ok(rows)
}

fn label_column(table: &Table, names: &[String], id: Option<usize>, remarks: &Remarks) -> Result<usize, DataError> {
    let free = || (0..table.width).filter(|&c| Some(c) != id);
    let named = columns::by_name(free().map(|c| (c, names[c].as_str())), PREDICTED_NAMES, false);
    let found = match named.filter(|_| table.header.is_some()) {
        Some(column) => return Ok(column),
        None if table.width == 2 && table.header.is_none() => "two columns without names".to_owned(),
        None => "no column is named like a prediction".to_owned(),
    };
    Err(DataError::NoColumn { path: remarks.path.clone(), role: "predicted", found, valid: list(names) })
}

fn json_rows<'a>(
    source: &Source,
    options: &'a PredictionOptions,
    remarks: &mut Remarks,
) -> Result<Rows<'a>, DataError> {
    object_rows(&json::objects(&source.text, remarks)?, options, remarks)
}

/// Rows of JSON lines, and of columnar files as objects of the same shape.
fn object_rows<'a>(
    objects: &[json::Object],
    options: &'a PredictionOptions,
    remarks: &mut Remarks,
) -> Result<Rows<'a>, DataError> {
    let names = jsonl::names(objects);
    let candidates = || names.iter().enumerate().map(|(i, n)| (i, n.as_str()));
    let label = match &options.label {
        Some(asked) => columns::resolve(asked, "predicted", &names, &remarks.path)?,
        None => columns::by_name(candidates(), PREDICTED_NAMES, false).ok_or_else(|| DataError::NoColumn {
            path: remarks.path.clone(),
            role: "predicted",
            found: "no field is named like a prediction".to_owned(),
            valid: list(&names),
        })?,
    };
    let id = match &options.id {
        Some(asked) => Some(columns::resolve(asked, "id", &names, &remarks.path)?),
        None => columns::by_name(candidates(), ID_NAMES, false),
    };
    let mut rows = Rows::new(options);
    let mut ids = Vec::new();
    for object in objects {
        let raw = object.fields.get(&names[label]).map_or(Ok(RawAnswer::Missing), answer);
        let raw =
            raw.map_err(|found| remarks.error(object.line, found, "a label, a list of labels or a list of spans"))?;
        rows.push(&raw, object.line, remarks)?;
        if let Some(id) = id {
            let value = object.fields.get(&names[id]).and_then(scalar);
            ids.push(value.ok_or_else(|| remarks.error(object.line, "no id", "an id on every record"))?);
        }
        match object.fields.get("scores") {
            Some(Value::Object(map)) => {
                let mut cells = Vec::with_capacity(map.len());
                for (name, value) in map {
                    // A table that was made from texts holds numbers as texts.
                    let written = || value.as_str().and_then(|text| text.trim().parse().ok());
                    let number = value.as_f64().or_else(written).ok_or_else(|| {
                        remarks.error(
                            object.line,
                            format!("{} as score of '{}'", shape(value), quote(name)),
                            "a number",
                        )
                    })?;
                    cells.push((rows.label(name), number));
                }
                rows.scores.push(cells);
            }
            Some(other) => {
                let valid = "\"scores\": {label: number, ...}";
                return Err(remarks.error(object.line, format!("{} as scores", shape(other)), valid));
            }
            None => {}
        }
        if let Some(number) = object.fields.get("score").and_then(Value::as_f64) {
            rows.single.push(number);
        }
    }
    let n = rows.answers.len();
    if !rows.scores.is_empty() && rows.scores.len() < n {
        let line = objects.iter().find(|o| !o.fields.contains_key("scores")).map_or(1, |o| o.line);
        return Err(remarks.error(line, "a record without scores among records with scores", "scores on all or none"));
    }
    rows.ids = id.map(|_| ids);
    Ok(rows)
}

/// CoNLL and its kin: the same tokens as the gold, the predicted tag in the last column.
fn tokens(
    input: &Input,
    format: Format,
    options: &PredictionOptions,
    mut remarks: Remarks,
) -> Result<PredictionFile, DataError> {
    // Where gold stands beside it, the prediction is the last column.
    let last = || (format == Format::CONLL).then(|| conll::columns_of(input.text_if_any()?).map(|n| n.to_string()))?;
    let read = ReadOptions {
        label: options.label.clone().or_else(last),
        scheme: options.scheme,
        lenient_tags: options.lenient_tags,
        task: options.task,
        strict: true,
        ..ReadOptions::default()
    };
    let mut records = Vec::new();
    let mut take = |record| {
        records.push(record);
        Ok(())
    };
    let mut reading = Reading::new(&mut remarks, &mut take);
    (format.spec().read)(input, &read, &mut reading)?;
    let outline = std::mem::take(&mut reading.outline);
    let read = ReadOptions { task: Some(Task::Ner), ..read };
    let dataset = dataset::dataset(records, &outline, &read, false, &mut remarks)?;
    let lines = dataset.examples.iter().map(|e| e.line).collect();
    let tags = TagRows::of(&dataset);
    let (answers, texts) = dataset.examples.into_iter().map(|e| (e.gold, e.text)).unzip();
    Ok(PredictionFile {
        path: remarks.path,
        format,
        labels: dataset.labels,
        ids: None,
        lines,
        answers,
        has_code_points: false,
        scores: None,
        single_scores: None,
        span_scores: None,
        texts: Some(texts),
        tags,
        guesses: remarks.guesses,
        notes: remarks.notes,
    })
}
