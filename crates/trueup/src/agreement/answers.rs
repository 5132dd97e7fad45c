//! Who answered what: the accepted answers of a file, one each an item and annotator.

use std::collections::BTreeMap;

use trueup_core::Task;
use trueup_data::Read;
use trueup_data::corpus::{Answer, Choice, Key, Mark, Record, Status};

use super::AgreementOptions;
use crate::error::Error;

/// The answers to compare.
pub(super) struct Answers<'a> {
    pub task: Task,
    /// Names, sorted.
    pub annotators: Vec<String>,
    /// Records with an answer, in file order.
    pub items: Vec<Item<'a>>,
    /// The question whose answers are taken, where there are several.
    pub field: Option<Key>,
    pub notes: Vec<String>,
}

/// A record and who answered it.
pub(super) struct Item<'a> {
    /// Its place among the records.
    pub index: usize,
    pub record: &'a Record,
    /// (annotator, answer), by annotator.
    pub answers: Vec<(u32, &'a Answer)>,
}

impl Item<'_> {
    /// Its id, else its number.
    pub fn id(&self) -> String {
        let number = if self.record.number > 0 { self.record.number } else { self.index as u64 + 1 };
        self.record.id.clone().unwrap_or_else(|| number.to_string())
    }
}

impl Answers<'_> {
    /// The labels of an answer to the question, sorted, each once; `None` where it was not asked.
    pub fn labels<'b>(&self, answer: &'b Answer) -> Option<Vec<&'b str>> {
        let wanted = |choice: &&Choice| self.field.is_none() || choice.field == self.field;
        let all = answer.labels.as_ref()?;
        let mut labels: Vec<&str> = all.iter().filter(wanted).map(|choice| choice.label.as_str()).collect();
        labels.sort_unstable();
        labels.dedup();
        Some(labels)
    }

    /// The spans of an answer to the question; `None` where it was not asked.
    pub fn spans<'b>(&self, answer: &'b Answer) -> Option<Vec<&'b Mark>> {
        let wanted = |mark: &&Mark| self.field.is_none() || mark.field == self.field;
        answer.spans.as_ref().map(|spans| spans.iter().filter(wanted).collect())
    }

    /// Whether an answer answers the task.
    fn counts(&self, answer: &Answer) -> bool {
        match self.task {
            Task::Ner => answer.spans.is_some(),
            Task::Multilabel => answer.labels.is_some(),
            Task::Classification => self.labels(answer).is_some_and(|labels| labels.len() == 1),
        }
    }
}

/// The accepted answers of what was read.
///
/// # Errors
///
/// When there are none, or the question named with `--label` is not there.
pub(super) fn collect<'a>(file: &str, read: &'a Read, options: &AgreementOptions) -> Result<Answers<'a>, Error> {
    let records = &read.corpus.records;
    let accepted = || records.iter().flat_map(|r| &r.responses).filter(|r| r.status == Status::Accepted);
    if accepted().next().is_none() {
        let found = if records.iter().any(|r| !r.responses.is_empty()) {
            "no accepted answer of a named person".to_owned()
        } else {
            "no answers of several people".to_owned()
        };
        return Err(Error::TooLittle {
            file: file.to_owned(),
            found,
            needed: "agreement needs at least two people's accepted answers to the same examples".to_owned(),
            hint:
                "in a table of one answer a row, --annotator COLUMN, --id COLUMN and --label COLUMN say who answered \
                   what"
                    .to_owned(),
        });
    }
    let mut answers =
        Answers { task: Task::Ner, annotators: Vec::new(), items: Vec::new(), field: None, notes: Vec::new() };
    let (marks, labels) = accepted().fold((0, 0), |(marks, labels), r| {
        (marks + usize::from(r.answer.spans.is_some()), labels + usize::from(r.answer.labels.is_some()))
    });
    let spans = match options.read.task {
        Some(task) => task == Task::Ner,
        None => marks > 0 && marks >= labels,
    };
    answers.field = field(&mut answers.notes, records, spans, options)?;
    answers.task = match options.read.task {
        Some(task) => task,
        None if spans => Task::Ner,
        None => {
            let several = accepted().any(|r| answers.labels(&r.answer).is_some_and(|labels| labels.len() > 1));
            let declared = read.corpus.outline.several == Some(true);
            if several || declared { Task::Multilabel } else { Task::Classification }
        }
    };
    if options.read.task.is_none() && marks > 0 && labels > 0 {
        let (taken, other) = if spans { ("spans", "labels") } else { ("labels", "spans") };
        let task = if spans { "classification" } else { "ner" };
        answers.notes.push(format!("{taken} are compared; the {other} of the same answers with --task {task}"));
    }
    gather(&mut answers, records);
    if answers.items.is_empty() {
        let what = match answers.task {
            Task::Ner => "spans",
            Task::Classification => "one label",
            Task::Multilabel => "labels",
        };
        return Err(Error::TooLittle {
            file: file.to_owned(),
            found: format!("no accepted answer with {what}"),
            needed: "agreement needs at least two people's answers to the same examples".to_owned(),
            hint: "--task says what the answers are".to_owned(),
        });
    }
    Ok(answers)
}

fn gather<'a>(answers: &mut Answers<'a>, records: &'a [Record]) {
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    let mut found: Vec<(usize, Vec<(String, &'a Answer)>)> = Vec::new();
    let (mut again, mut unsigned, mut left) = (0u64, 0u64, 0u64);
    for (index, record) in records.iter().enumerate() {
        let mut of: Vec<(String, &Answer)> = Vec::new();
        let mut unnamed = 0;
        for response in record.responses.iter().filter(|r| r.status == Status::Accepted) {
            if !answers.counts(&response.answer) {
                left += 1;
                continue;
            }
            let name = response.annotator.clone().unwrap_or_else(|| {
                unnamed += 1;
                unsigned += 1;
                format!("(unnamed {unnamed})")
            });
            match of.iter_mut().find(|(known, _)| *known == name) {
                Some(earlier) => {
                    again += 1;
                    earlier.1 = &response.answer;
                }
                None => of.push((name, &response.answer)),
            }
        }
        if !of.is_empty() {
            of.iter().for_each(|(name, _)| _ = numbers.entry(name.clone()).or_default());
            found.push((index, of));
        }
    }
    numbers.values_mut().enumerate().for_each(|(number, at)| *at = number as u32);
    answers.items = found
        .into_iter()
        .map(|(index, of)| {
            let mut of: Vec<(u32, &Answer)> = of.into_iter().map(|(name, answer)| (numbers[&name], answer)).collect();
            of.sort_by_key(|(annotator, _)| *annotator);
            Item { index, record: &records[index], answers: of }
        })
        .collect();
    answers.annotators = numbers.into_keys().collect();
    let mut note = |n: u64, one: &str, many: &str| {
        if n > 0 {
            let what = trueup_core::words::agree(n, one, many);
            answers.notes.push(format!("{} {what}", trueup_core::words::count(n)));
        }
    };
    note(
        again,
        "answer was replaced by a later one of the same person",
        "answers were replaced by later ones of the same person",
    );
    note(
        unsigned,
        "answer has no name; it is told apart by its place",
        "answers have no name; they are told apart by their place, so that figures of annotators mean little",
    );
    let what = if answers.task == Task::Classification { "one label" } else { "such an answer" };
    note(
        left,
        &format!("accepted answer without {what} was left out"),
        &format!("accepted answers without {what} were left out"),
    );
}

/// The question whose answers are taken, where there are several: the one asked for, else the first.
fn field(
    notes: &mut Vec<String>,
    records: &[Record],
    spans: bool,
    options: &AgreementOptions,
) -> Result<Option<Key>, Error> {
    let mut fields: Vec<Key> = Vec::new();
    let mut see = |field: &Option<Key>| {
        if let Some(field) = field.as_ref().filter(|field| !fields.contains(field)) {
            fields.push(field.clone());
        }
    };
    for answer in records.iter().flat_map(|r| &r.responses).map(|r| &r.answer) {
        if spans {
            answer.spans.iter().flatten().for_each(|mark| see(&mark.field));
        } else {
            answer.labels.iter().flatten().for_each(|choice| see(&choice.field));
        }
    }
    if let Some(asked) = options.read.label.as_ref().filter(|_| !fields.is_empty()) {
        return match fields.iter().find(|field| field.eq_ignore_ascii_case(asked)) {
            Some(field) => Ok(Some(field.clone())),
            None => Err(Error::Option {
                option: "--label",
                found: asked.clone(),
                valid: format!("the answers are to {}", trueup_core::words::list(&fields, 10)),
            }),
        };
    }
    if fields.len() > 1 {
        let others = trueup_core::words::list(&fields[1..], 5);
        notes.push(format!("the answers are those to '{}'; with --label those to {others}", fields[0]));
        return Ok(Some(fields[0].clone()));
    }
    Ok(None)
}
