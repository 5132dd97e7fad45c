//! Which tasks are answers to the same question and become one record.

use rustc_hash::FxHashMap;

use super::read::{Kind, Task};
use crate::corpus::{Choice, Record, Response, Status};
use crate::error::DataError;
use crate::formats::tasks::number_or_text;
use crate::reading::Reading;

/// A text, the hash of the input and who was asked.
type Person<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// Makes label sets of answers to one label each, where every person was asked for each label of a text once.
pub(super) fn merge(tasks: Vec<Task>, labels: &[String]) -> Vec<Task> {
    if labels.len() < 2 || !tasks.iter().all(|task| matches!(task.kind, Kind::Binary(Some(_)))) {
        return tasks;
    }
    let mut groups: FxHashMap<Person, Vec<usize>> = FxHashMap::default();
    for (i, task) in tasks.iter().enumerate() {
        groups.entry((&task.text, task.input.as_deref(), task.annotator.as_deref())).or_default().push(i);
    }
    let mut first: Vec<Option<Vec<usize>>> = vec![None; tasks.len()];
    for i in 0..tasks.len() {
        let task = &tasks[i];
        let Some(group) = groups.remove(&(task.text.as_str(), task.input.as_deref(), task.annotator.as_deref())) else {
            continue;
        };
        let mut asked: Vec<&Kind> = group.iter().map(|&i| &tasks[i].kind).collect();
        asked.sort_unstable_by_key(|kind| match kind {
            Kind::Binary(label) => label.as_deref(),
            _ => None,
        });
        asked.dedup();
        if group.len() != labels.len() || asked.len() != labels.len() {
            return tasks;
        }
        first[i] = Some(group);
    }
    let order: FxHashMap<&str, usize> = labels.iter().enumerate().map(|(i, label)| (label.as_str(), i)).collect();
    let mut tasks: Vec<Option<Task>> = tasks.into_iter().map(Some).collect();
    let mut merged = Vec::with_capacity(tasks.len() / labels.len());
    for group in first.into_iter().flatten() {
        let mut parts: Vec<Task> = group.into_iter().filter_map(|i| tasks[i].take()).collect();
        let open = parts.iter().any(|part| !matches!(part.status, Some(Status::Accepted | Status::Rejected)));
        let accepted = parts.iter_mut().filter(|part| part.status == Some(Status::Accepted));
        let mut choices: Vec<Choice> = accepted.filter_map(|part| part.answer.labels.take()).flatten().collect();
        choices.sort_by_key(|choice| order.get(choice.label.as_str()).copied());
        if let Some(mut task) = parts.into_iter().next() {
            task.answer.labels = Some(choices);
            task.status = Some(if open { Status::Ignored } else { Status::Accepted });
            task.kind = Kind::Choice;
            task.details.retain(|(key, _)| &**key != "_task_hash");
            merged.push(task);
        }
    }
    merged
}

/// What tasks on the same input share.
type Same<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a Kind);

/// Hands tasks on, those of several annotators on the same input as one record.
pub(super) fn records(tasks: Vec<Task>, reading: &mut Reading) -> Result<(), DataError> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    if tasks.iter().any(|task| task.annotator.is_some()) {
        let mut known: FxHashMap<Same, usize> = FxHashMap::default();
        for (i, task) in tasks.iter().enumerate() {
            let same = (task.text.as_str(), task.input.as_deref(), task.id.as_deref(), &task.kind);
            let group = *known.entry(same).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push(i);
        }
    } else {
        groups.extend((0..tasks.len()).map(|i| vec![i]));
    }
    let mut tasks: Vec<Option<Task>> = tasks.into_iter().map(Some).collect();
    // By the first line, also of the tasks that turn out to be records of their own.
    let mut records: Vec<Record> = Vec::new();
    for group in groups {
        let group: Vec<Task> = group.into_iter().filter_map(|i| tasks[i].take()).collect();
        let mut together: Option<Record> = None;
        let named = group.iter().any(|task| task.annotator.is_some());
        for task in group {
            match &mut together {
                Some(record) if named && joins(record, &task) => join(record, task),
                Some(_) => records.push(alone(task)),
                None => together = Some(alone(task)),
            }
        }
        records.extend(together);
    }
    records.sort_by_key(|record| record.place.number);
    records.into_iter().try_for_each(|record| reading.push(record))
}

/// Whether a task is one more answer to a record rather than another reference for the same text.
fn joins(record: &Record, task: &Task) -> bool {
    let gold = task.annotator.is_none() && matches!(task.status, Some(Status::Accepted) | None);
    !gold || (record.gold.is_none() && task.status.is_some())
}

/// A record of one task.
fn alone(mut task: Task) -> Record {
    let mut record = Record {
        id: task.id.take(),
        place: task.place.clone(),
        text: Some(std::mem::take(&mut task.text)),
        tokens: std::mem::take(&mut task.tokens),
        metadata: std::mem::take(&mut task.metadata),
        ..Record::default()
    };
    if task.annotator.is_none() {
        // Without a name the details belong to the record.
        record.metadata.append(&mut task.details);
        record.metadata.extend(task.time.take().map(|time| ("_timestamp".into(), number_or_text(&time))));
    }
    answer(&mut record, task);
    record
}

/// One more answer to a record; what it says of the text in another way stays with it.
fn join(record: &mut Record, mut task: Task) {
    if record.tokens.is_empty() {
        record.tokens = std::mem::take(&mut task.tokens);
    }
    for (key, value) in std::mem::take(&mut task.metadata) {
        if record.value(&key) != Some(&value) {
            task.details.push((key, value));
        }
    }
    answer(record, task);
}

fn answer(record: &mut Record, task: Task) {
    let Some(status) = task.status else {
        return;
    };
    if task.annotator.is_none() && status == Status::Accepted {
        for detail in task.details {
            if record.value(&detail.0).is_none() {
                record.metadata.push(detail);
            }
        }
        record.gold = Some(task.answer).filter(|answer| !answer.is_empty());
        return;
    }
    record.responses.push(Response {
        annotator: task.annotator,
        time: task.time,
        seconds: task.seconds,
        status,
        answer: task.answer,
        id: task.answer_id,
        extra: task.details,
    });
}
