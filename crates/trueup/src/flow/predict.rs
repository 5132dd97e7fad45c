//! Prediction: a model answers the records of a file, block by block, and its answers go beside what the file says.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use trueup_core::{Annotation, Example, LabelSet, Predictions, Task, Token, words};
use trueup_data::corpus::Record;
use trueup_data::{
    Answering, Conversion, ConvertOptions, DataError, Destination, Format, ReadOptions, What, convert_changed, is_left,
};

use crate::error::Error;
use crate::external::External;
use crate::models;
use crate::options::{ModelChoice, PredictOptions};

/// What was answered.
#[derive(Debug)]
pub struct Answers {
    /// What the model is: its learner, or the command.
    pub model: String,
    /// How the file was read and written.
    pub conversion: Conversion,
    /// How often each label (type of spans) was answered, by name; of a model that was kept all its labels.
    pub counts: Vec<(String, u64)>,
    /// Answers of too low a confidence, left to people; of entities, the texts with such ones.
    pub left: Option<u64>,
    /// Records without a text.
    pub without_text: u64,
}

/// A program is started anew for each block, so blocks are large.
const PROGRAM_BLOCK: usize = 32_768;

/// What answers.
enum Answerer {
    Kept(Box<models::Kept>),
    Program(Box<External>, Task),
}

/// Answers a file, of any size, by a model: one that was kept in a folder, or a program.
///
/// # Errors
///
/// When the model cannot be opened, the file cannot be read, or the answers not be written.
pub fn predict(model: &ModelChoice, input: &Path, to: Destination, options: &PredictOptions) -> Result<Answers, Error> {
    let answerer = Answerer::new(model, options)?;
    let (task, labels) = answerer.task_and_labels();
    let abstain = options.abstain.or(answerer.abstain());
    let mut counts: BTreeMap<String, u64> = labels.names().iter().map(|name| (name.clone(), 0)).collect();
    let (mut without_text, mut left, mut looked) = (0, 0, false);
    let mut answer = |records: &[Record]| {
        without_text += records.iter().filter(|record| record.text.is_none()).count() as u64;
        // A program gets what the file says beside the text; a model kept here asks for it by name.
        let columns = match &answerer {
            Answerer::Program(..) => columns(records),
            Answerer::Kept(kept) => {
                let asked = kept.model.reserved();
                // Of objects a field may be left out; a table has its columns or not.
                if !std::mem::replace(&mut looked, true) && !of_objects(input, &options.read) {
                    has(input, records, &asked)?;
                }
                asked
            }
        };
        let examples: Vec<Example> = records.iter().map(|record| example(record, task, &columns)).collect();
        let answers = answerer.predict(&columns, &examples.iter().collect::<Vec<_>>())?;
        left += abstain.map_or(0, |least| count(&answers, least, &mut counts));
        if abstain.is_none() {
            count(&answers, 0.0, &mut counts);
        }
        Ok(answers)
    };
    let what = What {
        model: answerer.name(),
        task,
        labels,
        scores: options.scores,
        block: answerer.runs().then_some(PROGRAM_BLOCK),
        abstain,
    };
    let read = ReadOptions { reserved: answerer.reserved(), ..options.read.clone() };
    let how = ConvertOptions { read, to: options.to, as_input: true, refuse_loss: options.read.strict };
    let conversion = convert_changed(input, to, &how, &mut Answering::new(what, &mut answer))?;
    let counts = counts.into_iter().collect();
    let left = abstain.is_some().then_some(left);
    Ok(Answers { model: answerer.name(), counts, conversion, left, without_text })
}

impl Answerer {
    fn new(model: &ModelChoice, options: &PredictOptions) -> Result<Self, Error> {
        match model {
            ModelChoice::Kept(folder) => Ok(Self::Kept(Box::new(models::open(folder)?))),
            ModelChoice::Command(name) => {
                if options.scores {
                    return Err(Error::Option {
                        option: "--scores",
                        found: name.clone(),
                        valid: "of a model that was kept in a folder: a program does not say beforehand which labels it has"
                            .to_owned(),
                    });
                }
                let task = options.read.task.unwrap_or(Task::Classification);
                Ok(Self::Program(Box::new(External::parse(name)?), task))
            }
            choice => Err(Error::Option {
                option: "MODEL",
                found: choice.name(),
                valid: "the folder of a model that `trueup train` wrote, or command:PROGRAM".to_owned(),
            }),
        }
    }

    /// The columns that it reads.
    fn reserved(&self) -> Vec<String> {
        match self {
            Self::Kept(kept) => kept.model.reserved(),
            Self::Program(..) => Vec::new(),
        }
    }

    /// Whether a program is started for each block.
    fn runs(&self) -> bool {
        match self {
            Self::Kept(kept) => !kept.model.programs().is_empty(),
            Self::Program(..) => true,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Kept(kept) => kept.about.learner.clone(),
            Self::Program(program, _) => program.name(),
        }
    }

    fn task_and_labels(&self) -> (Task, LabelSet) {
        match self {
            Self::Kept(kept) => (kept.about.task, kept.model.labels().clone()),
            Self::Program(_, task) => (*task, LabelSet::default()),
        }
    }

    /// The confidence that the model itself asks for.
    fn abstain(&self) -> Option<f64> {
        match self {
            Self::Kept(kept) => kept.model.decision().and_then(|decision| decision.abstain),
            Self::Program(..) => None,
        }
    }

    fn predict(&self, columns: &[String], examples: &[&Example]) -> Result<Predictions, DataError> {
        match self {
            Self::Kept(kept) => kept.model.predict(columns, examples).map_err(|error| DataError::Content {
                path: self.name(),
                found: error.to_string(),
                valid: "a program that answers each line that it reads".to_owned(),
                hint: None,
            }),
            Self::Program(program, task) => program.predict_any(*task, columns, examples).map_err(|error| {
                let task_hint = "--task says which kind of answers it gives: classification, multilabel or ner";
                DataError::Content {
                    path: program.name(),
                    found: error.to_string(),
                    valid: "a program that answers each line that it reads".to_owned(),
                    hint: Some(task_hint.to_owned()),
                }
            }),
        }
    }
}

/// Counts what is answered, by label; how many texts are left to people, in whole or in part, where an answer takes a
/// confidence of `least`.
fn count(answers: &Predictions, least: f64, counts: &mut BTreeMap<String, u64>) -> u64 {
    let mut left = 0;
    for (row, answer) in answers.answers.iter().enumerate() {
        let mut add = |label: u32| *counts.entry(answers.labels.name(label).to_owned()).or_default() += 1;
        match answer {
            Annotation::Spans(spans) => {
                let scores = answers.span_scores.as_ref().map(|scores| &scores[row]);
                let kept = |i: usize| scores.is_none_or(|scores| scores[i] >= least);
                left += u64::from((0..spans.len()).any(|i| !kept(i)));
                spans.iter().enumerate().filter(|(i, _)| kept(*i)).for_each(|(_, span)| add(span.label));
            }
            _ if is_left(answers, row, least) => left += 1,
            labels => labels.labels().iter().for_each(|&label| add(label)),
        }
    }
    left
}

/// Refuses a file whose first records have nothing in a column that the model reads: its answers would be other ones.
fn has(input: &Path, records: &[Record], columns: &[String]) -> Result<(), DataError> {
    let missing = columns.iter().find(|name| records.iter().all(|record| value(record, name).is_none()));
    missing.filter(|_| !records.is_empty()).map_or(Ok(()), |name| {
        Err(DataError::Content {
            path: input.display().to_string(),
            found: format!("no column '{}', which the model reads beside the text", words::printable(name)),
            valid: format!("the columns that it learned from: {}", words::printable(&columns.join(", "))),
            hint: None,
        })
    })
}

/// The names of what records say beside their texts, in the order in which they come.
fn columns(records: &[Record]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in records.iter().flat_map(|record| &record.metadata) {
        if !names.iter().any(|known| **known == **name) {
            names.push(name.to_string());
        }
    }
    names
}

/// A record as a model sees it: its text, its tokens where it came with them and they matter, and the values of `columns`.
fn example(record: &Record, task: Task, columns: &[String]) -> Example {
    let tokens = if task == Task::Ner { record.tokens.as_slice() } else { &[] };
    Example {
        id: record.id.as_deref().unwrap_or_default().to_owned(),
        text: record.text().to_owned(),
        gold: Annotation::Labels(Vec::new()),
        tokens: tokens.iter().map(|t| Token { start: t.start as u32, end: t.end as u32, tag: None }).collect(),
        group: None,
        time: None,
        metadata: columns.iter().map(|name| said(record, name)).collect(),
        line: record.place.number,
    }
}

/// Whether a file holds objects, as far as its name or the options say; what comes through a pipe may.
fn of_objects(input: &Path, read: &ReadOptions) -> bool {
    let name = input.to_string_lossy().to_ascii_lowercase();
    read.from == Some(Format::JSONL) || name == "-" || name.contains(".json") || name.contains(".ndjson")
}

/// The value of a column; that of `meta.source` stands inside the object `meta`, as where it was learned from.
fn value<'a>(record: &'a Record, column: &str) -> Option<&'a Value> {
    record.value(column).or_else(|| {
        let inside = |at: usize| record.value(&column[..at])?.get(&column[at + 1..]);
        column.match_indices('.').find_map(|(at, _)| inside(at))
    })
}

/// A value as text.
fn said(record: &Record, column: &str) -> String {
    match value(record, column) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}
