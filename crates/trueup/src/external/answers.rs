//! What a program answered, read as a file of predictions is, and checked.

use std::collections::BTreeMap;

use trueup_core::{Annotation, Dataset, Example, LabelSet, Predictions, Task, words};
use trueup_data::{DataError, PredictionFile, PredictionOptions, align, read_prediction_lines};

/// The answers to `examples`, which the program knows by `ids`.
pub(super) fn read(
    command: &str,
    output: Vec<u8>,
    labels: Option<&LabelSet>,
    task: Task,
    ids: &[String],
    examples: &[&Example],
) -> Result<Predictions, Box<DataError>> {
    let name = format!("the output of '{}'", words::printable(command));
    let error = |line: u64, found: String, valid: &str| {
        let (path, valid) = (name.clone(), valid.to_owned());
        Box::new(DataError::Record { path, line, found, valid, hint: None })
    };
    let text = String::from_utf8(output).map_err(|bad| {
        let before = &bad.as_bytes()[..bad.utf8_error().valid_up_to()];
        let line = before.split(|&byte| byte == b'\n').count() as u64;
        error(line, "bytes that are not UTF-8".to_owned(), "JSON lines in UTF-8")
    })?;
    if text.trim().is_empty() {
        return Err(error(1, "nothing".to_owned(), "a line an example, such as {\"id\": \"17\", \"label\": \"spam\"}"));
    }
    // Only lines are answers: a program that prints one JSON array has its first line refused.
    if text.trim_start().starts_with('[') {
        return Err(error(1, "a JSON array".to_owned(), "JSON lines: one object a line"));
    }
    let options = PredictionOptions { task: Some(task), id: Some("id".to_owned()), ..PredictionOptions::default() };
    let file = read_prediction_lines(&name, text, &options)?;
    if let Some(labels) = labels {
        known(&file, labels).map_err(|(line, found)| {
            let valid = format!("one of {}", words::printable(&words::list(labels.names(), 20)));
            error(line, found, &valid)
        })?;
    }
    let labels = labels.unwrap_or(&file.labels).clone();
    asked(&file, ids).map_err(|(line, found, valid)| error(line, found, valid))?;
    let plain = |(example, id): (&&Example, &String)| Example {
        id: id.clone(),
        metadata: Vec::new(),
        tokens: Vec::new(),
        ..(*example).clone()
    };
    let gold = Dataset {
        task,
        labels,
        examples: examples.iter().zip(ids).map(plain).collect(),
        columns: Vec::new(),
        tags: Vec::new(),
        has_text: true,
    };
    Ok(align(&gold, file)?.predictions)
}

/// Whether all labels are known; else the first line with one that is not.
fn known(file: &PredictionFile, labels: &LabelSet) -> Result<(), (u64, String)> {
    let strange: Vec<u32> = file.labels.ids().filter(|&label| labels.id(file.labels.name(label)).is_none()).collect();
    if strange.is_empty() {
        return Ok(());
    }
    let shown = |label: u32| words::shorten(&words::printable(file.labels.name(label)), 60);
    let answered = |answer: &Annotation| answer.labels().into_iter().find(|label| strange.contains(label));
    for (row, answer) in file.answers.iter().enumerate() {
        if let Some(label) = answered(answer) {
            return Err((file.lines[row], format!("the label '{}'", shown(label))));
        }
        let scored =
            file.scores.as_ref().and_then(|scores| strange.iter().find(|&&label| scores.get(row, label) > 0.0));
        if let Some(&label) = scored {
            return Err((file.lines[row], format!("a score of the label '{}'", shown(label))));
        }
    }
    // Scores of 0 alone: any line that has scores names it.
    Err((file.lines.first().copied().unwrap_or(1), format!("a score of the label '{}'", shown(strange[0]))))
}

/// Whether each id was answered once; else the line and what is wrong.
fn asked(file: &PredictionFile, ids: &[String]) -> Result<(), (u64, String, &'static str)> {
    let mut lines: BTreeMap<&str, Option<u64>> = ids.iter().map(|id| (id.as_str(), None)).collect();
    let shown = |id: &str| words::shorten(&words::printable(id), 60);
    for (id, &line) in file.ids.iter().flatten().zip(&file.lines) {
        match lines.get_mut(id.as_str()) {
            None => return Err((line, format!("the id '{}', which was not asked", shown(id)), "the ids of the input")),
            Some(Some(first)) => {
                let found = format!("a second answer to id '{}', first answered in line {first}", shown(id));
                return Err((line, found, "one answer an id"));
            }
            Some(none) => *none = Some(line),
        }
    }
    let mut missing = ids.iter().filter(|id| lines.get(id.as_str()).is_some_and(Option::is_none));
    match missing.next() {
        None => Ok(()),
        Some(first) => {
            let others = match missing.count() {
                0 => String::new(),
                n => format!(" and {} more", words::count(n as u64)),
            };
            let last = file.lines.last().copied().unwrap_or(1);
            Err((
                last,
                format!("the end, without an answer to id '{}'{others}", shown(first)),
                "an answer to each line",
            ))
        }
    }
}
