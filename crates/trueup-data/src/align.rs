//! Predictions find their gold: by id, else by row order; offsets become bytes; one label set holds both.

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use trueup_core::{Annotation, Dataset, Example, LabelSet, Predictions, Scores, Span, Task};

use crate::error::{DataError, list, quote};
use crate::ids::check_ids;
use crate::options::count;
use crate::predictions::PredictionFile;
use trueup_core::offsets::{OffsetUnit, Offsets};

/// How predictions found their gold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// By id.
    Ids,
    /// By row order.
    Rows,
    /// By row order, and every sentence has the same tokens.
    Tokens,
}

/// Predictions in the order of the gold, over the labels of both.
#[derive(Debug, Clone, PartialEq)]
pub struct Aligned {
    /// The predictions. Their label set holds the gold's labels too: relabel the gold to it.
    pub predictions: Predictions,
    /// How they were matched.
    pub matching: Matching,
    /// The same in words, and what became of scores.
    pub notes: Vec<String>,
}

/// Matches predictions with the gold they are for.
///
/// # Errors
///
/// Repeated, unknown or missing ids; without ids, another number of records; other tokens; an answer of another kind
/// than the task's; a span outside its text; scores that are no probabilities.
pub fn align(gold: &Dataset, file: PredictionFile) -> Result<Aligned, DataError> {
    let (rows, matching) = rows(gold, &file)?;
    check_scores(gold.task, &file)?;
    let mut notes = file.notes;
    notes.push(match matching {
        Matching::Ids => format!("{} matched by id", count(gold.len(), "prediction")),
        Matching::Rows => format!("{} matched by row order", count(gold.len(), "prediction")),
        Matching::Tokens => format!("{} matched by row order; the tokens agree", count(gold.len(), "sentence")),
    });
    let labels = LabelSet::union([&gold.labels, &file.labels]);
    let map = file.labels.mapping_to(&labels);
    let mut answers = Vec::with_capacity(rows.len());
    for (example, &row) in gold.examples.iter().zip(&rows) {
        let answer = &file.answers[row];
        let fits = matches!(
            (gold.task, answer),
            (Task::Classification, Annotation::Label(_))
                | (Task::Multilabel, Annotation::Labels(_))
                | (Task::Ner, Annotation::Spans(_))
        );
        let error = |found: String, valid: String| DataError::Record {
            path: file.path.clone(),
            line: file.lines[row],
            found,
            valid,
            hint: None,
        };
        if !fits {
            let found = match answer {
                Annotation::Label(_) => "one label",
                Annotation::Labels(_) => "a list of labels",
                Annotation::Spans(_) => "a list of spans",
            };
            return Err(error(found.to_owned(), format!("an answer of a {} task, as the gold has", gold.task)));
        }
        let answer = match answer {
            Annotation::Spans(spans) if file.has_code_points => {
                let offsets = Offsets::new(&example.text, OffsetUnit::CodePoint);
                let resolved = spans
                    .iter()
                    .map(|s| {
                        let (start, end) = offsets.range(s.start as usize, s.end as usize)?;
                        Ok(Span { start: start as u32, end: end as u32, label: s.label })
                    })
                    .collect::<Result<_, String>>()
                    .map_err(|found| error(found, format!("offsets within the text of id '{}'", quote(&example.id))))?;
                Annotation::Spans(resolved)
            }
            other => other.clone(),
        };
        answers.push(answer.relabel(&map));
    }
    let mut predictions = Predictions {
        labels: file.labels.clone(),
        answers: Vec::new(),
        scores: file.scores.as_ref().map(|scores| {
            let mut ordered = Scores::new(scores.labels());
            for &row in &rows {
                ordered.push(scores.row(row));
            }
            ordered
        }),
        span_scores: file.span_scores.as_ref().map(|scores| rows.iter().map(|&row| scores[row].clone()).collect()),
    };
    predictions.relabel(&labels);
    predictions.labels = labels;
    predictions.answers = answers;
    if let Some(single) = &file.single_scores {
        let single: Vec<f64> = rows.iter().map(|&row| single[row]).collect();
        let (scores, note) = from_single(&predictions, &single);
        predictions.scores = scores;
        notes.push(note);
    }
    Ok(Aligned { predictions, matching, notes })
}

/// Scores must be probabilities, and those of one label of several sum to 1: asked here, where the line is known.
fn check_scores(task: Task, file: &PredictionFile) -> Result<(), DataError> {
    let Some(scores) = &file.scores else { return Ok(()) };
    for (row, &line) in file.lines.iter().enumerate() {
        let error = |found: String, valid: &str| DataError::Record {
            path: file.path.clone(),
            line,
            found,
            valid: valid.to_owned(),
            hint: Some("write them with all their digits, or leave the scores out".to_owned()),
        };
        let row = scores.row(row);
        if let Some(at) = row.iter().position(|score| !(0.0..=1.0).contains(score)) {
            let label = quote(file.labels.name(at as u32));
            return Err(error(format!("the score {} of '{label}'", row[at]), "probabilities from 0 to 1"));
        }
        let sum: f64 = row.iter().sum();
        if task == Task::Classification && (sum - 1.0).abs() > 1e-6 {
            let found = format!("scores that sum to {}", (sum * 1e9).round() / 1e9);
            return Err(error(found, "probabilities that sum to 1 within 1e-6"));
        }
    }
    Ok(())
}

/// For each gold example the row of its prediction.
fn rows(gold: &Dataset, file: &PredictionFile) -> Result<(Vec<usize>, Matching), DataError> {
    let path = || file.path.clone();
    let Some(ids) = &file.ids else {
        if file.answers.len() != gold.len() {
            return Err(DataError::Lengths { path: path(), found: file.answers.len(), gold: gold.len() });
        }
        if let Some(texts) = &file.texts {
            if let Some(row) = (0..texts.len()).find(|&row| texts[row] != gold.examples[row].text) {
                let (found, gold) = (&texts[row], &gold.examples[row]);
                return Err(DataError::Record {
                    path: path(),
                    line: file.lines[row],
                    found: format!("the sentence '{}'", around(found, &gold.text)),
                    valid: format!("the tokens of the gold's line {}: '{}'", gold.line, around(&gold.text, found)),
                    hint: Some("both files must hold the same tokens in the same order".to_owned()),
                });
            }
            return Ok(((0..gold.len()).collect(), Matching::Tokens));
        }
        return Ok(((0..gold.len()).collect(), Matching::Rows));
    };
    if let Some(rows) = matched(gold, ids) {
        return Ok((rows, Matching::Ids));
    }
    // They do not match: what is wrong is found out.
    check_ids(&file.path, ids.iter().map(String::as_str).zip(file.lines.iter().copied()))?;
    check_ids("the gold", gold.examples.iter().map(|e| (e.id.as_str(), e.line)))?;
    let by_id: FxHashMap<&str, usize> = ids.iter().enumerate().map(|(row, id)| (id.as_str(), row)).collect();
    let known: FxHashSet<&str> = gold.examples.iter().map(|e| e.id.as_str()).collect();
    if let Some(row) = (0..ids.len()).find(|&row| !known.contains(ids[row].as_str())) {
        let first: Vec<_> = gold.examples.iter().take(3).map(|e| e.id.as_str()).collect();
        let valid = format!("{}, ...", list(&first));
        return Err(DataError::UnknownId { path: path(), line: file.lines[row], id: quote(&ids[row]), valid });
    }
    let rows: Vec<Option<usize>> = gold.examples.iter().map(|e| by_id.get(e.id.as_str()).copied()).collect();
    let missing = rows.iter().filter(|row| row.is_none()).count();
    if let Some(first) = rows.iter().position(Option::is_none) {
        let example = &gold.examples[first];
        return Err(DataError::MissingId { path: path(), id: quote(&example.id), gold_line: example.line, missing });
    }
    Ok((rows.into_iter().flatten().collect(), Matching::Ids))
}

/// For each gold example the row of its prediction, where every id of either side stands once on the other; else `None`.
fn matched(gold: &Dataset, ids: &[String]) -> Option<Vec<usize>> {
    if gold.len() != ids.len() {
        return None;
    }
    let mut by_id: FxHashMap<&str, usize> = FxHashMap::with_capacity_and_hasher(ids.len(), FxBuildHasher);
    if !ids.iter().enumerate().all(|(row, id)| !id.is_empty() && by_id.insert(id, row).is_none()) {
        return None;
    }
    // Most files are in the order of the gold: then nothing is looked up.
    if gold.examples.iter().zip(ids).all(|(example, id)| example.id == *id) {
        return Some((0..ids.len()).collect());
    }
    let mut taken = vec![false; ids.len()];
    let row = |example: &Example| {
        let row = *by_id.get(example.id.as_str())?;
        (!std::mem::replace(&mut taken[row], true)).then_some(row)
    };
    gold.examples.iter().map(row).collect()
}

/// `text` from shortly before its first difference from `other`.
fn around(text: &str, other: &str) -> String {
    let same = text.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let tail: String = text.chars().skip(same.saturating_sub(20)).collect();
    if same > 20 { format!("…{}", quote(&tail)) } else { quote(&tail) }
}

/// Scores of both labels from one score a record. It is the predicted label's, unless the predictions show that it is
/// always that of the same label: it lies at or above one half exactly where that label is predicted.
fn from_single(predictions: &Predictions, single: &[f64]) -> (Option<Scores>, String) {
    let labels = &predictions.labels;
    let answers: Option<Vec<u32>> =
        predictions.answers.iter().map(|a| if let Annotation::Label(l) = a { Some(*l) } else { None }).collect();
    let Some(answers) = answers.filter(|_| labels.len() == 2) else {
        let note = format!(
            "one score a record says too little over {}: left out; give score:LABEL columns to measure calibration",
            count(labels.len(), "label")
        );
        return (None, note);
    };
    if let Some(bad) = single.iter().position(|p| !(0.0..=1.0).contains(p)) {
        let note = format!("score {} of record {} is no probability: scores are left out", single[bad], bad + 1);
        return (None, note);
    }
    let always_of = |label: u32| {
        let agrees = |(&a, &p): (&u32, &f64)| if a == label { p >= 0.5 } else { p <= 0.5 };
        answers.iter().zip(single).all(agrees) && answers.iter().zip(single).any(|(&a, &p)| a != label && p < 0.5)
    };
    let fixed = [1, 0].into_iter().find(|&label| always_of(label));
    let mut scores = Scores::new(2);
    for (&answer, &p) in answers.iter().zip(single) {
        let of = fixed.unwrap_or(answer);
        scores.push(&if of == 0 { [p, 1.0 - p] } else { [1.0 - p, p] });
    }
    let whose = fixed.map_or("the predicted label".to_owned(), |label| format!("'{}'", quote(labels.name(label))));
    (Some(scores), format!("the score column is read as the probability of {whose}"))
}
