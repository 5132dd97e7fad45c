//! Agreement: how far do the annotators of a file agree, on what, who is how good, and what is the likeliest answer?
//!
//! Only accepted answers count, of each person the last to an example. Three kinds of data are told apart: one label an
//! example (`single`, numbers as ratings), sets of labels and spans (`sets`). The figures are the core's
//! ([`trueup_core::agreement`]); here they are given names, put in order and made sense of.

mod answers;
mod options;
mod reading;
mod report;
mod scale;
mod sets;
mod single;
mod spans;
mod write;

use trueup_core::Task;
use trueup_core::agreement::consensus::{EmOptions, MaceOptions, MaceStart, dawid_skene, mace, majority, one_coin};
use trueup_core::agreement::{Consensus, Level, Ratings};
use trueup_data::Read;
use trueup_data::corpus::Answer;

use crate::error::Error;
use answers::Answers;

pub use options::{AgreementOptions, Method};
pub use report::{AgreementReport, AnnotatorRow, ConsensusReport, Figure, ItemRow, LabelRow, PairRow, Reading, Vote};
pub use write::write;

/// Pairs and their mean take those that share so many items, if there are any.
const SHARED: u64 = 5;
/// With fewer annotators, or fewer items that several answered, a model of annotators has too little to learn from.
const MODEL_ANNOTATORS: usize = 3;
const MODEL_ITEMS: u64 = 20;
/// Rows of a list in the report.
const MOST_PAIRS: usize = 1_000;
const MOST_DISPUTED: usize = 100;
/// Pairs that are given an interval.
const PAIR_INTERVALS: usize = 50;

/// The report on what was read of `file`, and the consensus of each record (`None` where there is none).
///
/// # Errors
///
/// When there are no answers of several people, or an option does not fit the labels.
pub fn agreement(
    file: &str,
    read: &Read,
    options: &AgreementOptions,
) -> Result<(AgreementReport, Vec<Option<Answer>>), Error> {
    let answers = answers::collect(file, read, options)?;
    let mut report = begin(file, read, &answers);
    let settled = match answers.task {
        Task::Classification => single::measure(&answers, read, options, &mut report)?,
        Task::Multilabel | Task::Ner => {
            if let Some(level) = options.level {
                return Err(Error::Option {
                    option: "--level",
                    found: level.name().to_owned(),
                    valid: "levels are those of single labels; sets of labels and spans have distances of their own"
                        .to_owned(),
                });
            }
            sets::measure(&answers, options, &mut report)?
        }
    };
    let mut of_record = vec![None; read.corpus.records.len()];
    for (item, answer) in answers.items.iter().zip(settled) {
        of_record[item.index] = answer;
    }
    Ok((report, of_record))
}

fn begin(file: &str, read: &Read, answers: &Answers) -> AgreementReport {
    AgreementReport {
        schema: "trueup.agreement/1".to_owned(),
        file: file.to_owned(),
        format: read.format.name().to_owned(),
        task: answers.task,
        level: String::new(),
        labels: 0,
        examples: read.corpus.records.len() as u64,
        items: answers.items.len() as u64,
        compared: answers.items.iter().filter(|item| item.answers.len() > 1).count() as u64,
        answers: answers.items.iter().map(|item| item.answers.len() as u64).sum(),
        annotators: answers.annotators.len() as u64,
        coefficients: Vec::new(),
        reading: Reading { band: "none".to_owned(), words: String::new() },
        by_label: Vec::new(),
        by_annotator: Vec::new(),
        pairs: Vec::new(),
        disputed: Vec::new(),
        consensus: ConsensusReport {
            method: String::new(),
            why: String::new(),
            decided: 0,
            ties: 0,
            iterations: None,
            converged: true,
            gold_items: 0,
            measure: String::new(),
            gold: None,
            majority: None,
            written: None,
            written_as: None,
            lost: Vec::new(),
        },
        guesses: read.guesses.clone(),
        skipped: read.skipped.clone(),
        notes: read.notes.iter().cloned().chain(answers.notes.iter().cloned()).collect(),
    }
}

/// The method asked for, else the one that the size of the data allows; and why.
fn method(options: &AgreementOptions, report: &AgreementReport, level: Level) -> (Method, String) {
    if let Some(method) = options.consensus {
        return (method, "asked for".to_owned());
    }
    if level == Level::Interval {
        return (Method::Median, "by default for ratings".to_owned());
    }
    if report.annotators as usize >= MODEL_ANNOTATORS && report.compared >= MODEL_ITEMS {
        let why = format!("by default with {MODEL_ANNOTATORS} annotators and {MODEL_ITEMS} compared items or more");
        // Whether a mark is right is asked of marks alone that somebody made. MACE, which lets annotators err in one way,
        // holds its own there; a confusion matrix has little to hold on to (crowd-conll: F1 0.69 against 0.63).
        return (if report.task == Task::Classification { Method::DawidSkene } else { Method::Mace }, why);
    }
    let why = format!("by default with fewer than {MODEL_ANNOTATORS} annotators or {MODEL_ITEMS} compared items");
    (Method::Majority, why)
}

/// The consensus by a method; for the median, which is no choice of categories, the majority.
fn consensus(method: Method, ratings: &Ratings, seed: u64) -> Consensus {
    match method {
        Method::Majority | Method::Median => majority(ratings),
        Method::DawidSkene => dawid_skene(ratings, EmOptions::default()),
        Method::OneCoin => one_coin(ratings, EmOptions::default()),
        Method::Mace => {
            mace(ratings, &MaceOptions { start: MaceStart::Random { restarts: 10, seed }, ..MaceOptions::default() })
        }
    }
}

/// Worst first: by the high end of the interval, so that who is surely bad comes before who answered little.
fn worst_first(rows: &mut [AnnotatorRow]) {
    let key = |row: &AnnotatorRow| {
        let high = row.quality.high.or(row.quality.value).unwrap_or(f64::INFINITY);
        (high, row.quality.value.unwrap_or(f64::INFINITY))
    };
    rows.sort_by(|a, b| {
        let ((ah, av), (bh, bv)) = (key(a), key(b));
        ah.total_cmp(&bh).then(av.total_cmp(&bv)).then_with(|| a.name.cmp(&b.name))
    });
}

/// Where a pair stands among those that agree least: few shared items prove little.
fn pair_key(figure: f64, shared: u64) -> f64 {
    figure + 1.0 / (shared as f64).sqrt()
}

#[cfg(test)]
mod tests;
