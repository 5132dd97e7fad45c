//! What becomes of a record in a format that cannot hold all of it.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use serde_json::Value;

use crate::corpus::{Answer, Choice, Mark, Place, Record, Status, settle};
use crate::error::quote;
use crate::holds::{Holds, Labels, Metadata, Spans};
use crate::losses::{Loss, Losses};

/// Cuts a record to what a format holds, and notes what goes. `None` when nothing is left to write.
pub fn restrict(mut record: Record, holds: &Holds, losses: &mut Losses) -> Option<Record> {
    let place = record.place.clone();
    if !holds.textless && record.text.is_none() {
        losses.add(Loss::Text, &place, || "a record without a text, which became an empty one".to_owned());
        record.text = Some(String::new());
    }
    if !holds.responses {
        reduce(&mut record, losses);
    }
    if !holds.statuses && holds.responses {
        let before = record.responses.len();
        record.responses.retain(|r| r.status == Status::Accepted);
        if record.responses.len() < before {
            losses.add(Loss::Statuses, &place, || "an answer that was not accepted".to_owned());
        }
    }
    if !holds.predictions && !record.predictions.is_empty() {
        losses.add(Loss::Predictions, &place, || "an answer of a model".to_owned());
        record.predictions.clear();
    }
    if !holds.ids && record.id.take().is_some() {
        losses.add(Loss::Ids, &place, || "an id".to_owned());
    }
    if !holds.splits && record.split.take().is_some() {
        losses.add(Loss::Splits, &place, || "the split".to_owned());
    }
    if !holds.tokens && !record.tokens.is_empty() {
        losses.add(Loss::Tokens, &place, || "the edges of tokens".to_owned());
        record.tokens.clear();
    }
    if !holds.token_columns && record.tokens.iter().any(|t| !t.columns.is_empty()) {
        losses.add(Loss::TokenColumns, &place, || "columns of tokens".to_owned());
        record.tokens.iter_mut().for_each(|t| t.columns = Box::default());
    }
    if !holds.response_details {
        for response in &mut record.responses {
            let details = response.time.is_some() || response.seconds.is_some() || response.id.is_some();
            if details || !response.extra.is_empty() {
                losses.add(Loss::ResponseDetails, &place, || "the time or id of an answer".to_owned());
                (response.time, response.seconds, response.id) = (None, None, None);
                response.extra.clear();
            }
        }
    }
    metadata(&mut record, holds, losses);
    for answer in record.answers_mut() {
        cut_answer(answer, holds, &place, losses);
    }
    record.responses.retain(|r| !r.answer.is_empty() || holds.statuses);
    if record.gold.as_ref().is_some_and(Answer::is_empty) {
        record.gold = None;
    }
    if record.gold.is_none() && !holds.unlabelled && record.responses.is_empty() {
        losses.add(Loss::Unlabelled, &place, || "a record without gold, left out".to_owned());
        return None;
    }
    Some(record)
}

/// Several answers become the one that settles the matter.
fn reduce(record: &mut Record, losses: &mut Losses) {
    if record.responses.is_empty() {
        return;
    }
    let place = record.place.clone();
    let gold = settle(record).answer().cloned();
    let n = record.responses.iter().filter(|response| response.status != Status::Draft).count();
    losses.add(Loss::Responses, &place, || {
        let left = if gold.is_some() { "one, without a name" } else { "none, since no answer was given most often" };
        format!("{} became {left}", crate::options::count(n, "annotator's answer"))
    });
    record.gold = gold;
    record.responses.clear();
}

fn metadata(record: &mut Record, holds: &Holds, losses: &mut Losses) {
    if record.metadata.is_empty() {
        return;
    }
    if !matches!(holds.metadata, Metadata::None | Metadata::Only(_)) {
        single(record, losses);
    }
    match holds.metadata {
        Metadata::Any => {}
        Metadata::None => {
            let place = &record.place;
            let first = &record.metadata[0].0;
            losses.add(Loss::Metadata, place, || format!("column '{}'", quote(first)));
            record.metadata.clear();
        }
        Metadata::Only(names) => {
            let place = &record.place;
            record.metadata.retain(|(key, _)| {
                let held = names.contains(&&**key);
                if !held {
                    losses.add(Loss::Metadata, place, || format!("column '{}'", quote(key)));
                }
                held
            });
        }
        Metadata::Text => {
            for (key, value) in &mut record.metadata {
                if !value.is_string() {
                    losses.add(Loss::MetadataTypes, &record.place, || {
                        format!("column '{}' holds {}, which becomes text", quote(key), kind(value))
                    });
                    *value = Value::String(text_of(value));
                }
            }
        }
    }
}

/// Of the values of one column the first stays.
fn single(record: &mut Record, losses: &mut Losses) {
    let mut names = FxHashSet::default();
    if record.metadata.iter().all(|(key, _)| names.insert(&**key)) {
        return;
    }
    names.clear();
    let held: Vec<bool> = record.metadata.iter().map(|(key, _)| names.insert(&**key)).collect();
    let mut held = held.into_iter();
    record.metadata.retain(|(key, _)| {
        let held = held.next().unwrap_or(true);
        if !held {
            losses.add(Loss::Metadata, &record.place, || format!("a second value of '{}'", quote(key)));
        }
        held
    });
}

/// A JSON value as the text of a table's cell: null is empty, lists and objects are JSON.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "truth values",
        Value::Number(_) => "numbers",
        Value::String(_) => "text",
        Value::Array(_) => "lists",
        Value::Object(_) => "objects",
    }
}

fn cut_answer(answer: &mut Answer, holds: &Holds, place: &Place, losses: &mut Losses) {
    if answer.is_empty() {
        return;
    }
    let found_nothing = (answer.labels.as_ref().is_some_and(Vec::is_empty) && holds.labels == Labels::None)
        || (answer.spans.as_ref().is_some_and(Vec::is_empty) && holds.spans == Spans::None);
    if let Some(labels) = &mut answer.labels {
        let before = labels.len();
        labels.retain(|choice| !choice.label.is_empty());
        if labels.len() < before {
            losses.add(Loss::Labels, place, || "an empty label".to_owned());
        }
    }
    if !holds.both && answer.labels.is_some() && answer.spans.is_some() {
        // Of the two the one that says something stays; spans where both do.
        let spans = answer.spans.as_ref().is_some_and(|s| !s.is_empty());
        let labels = answer.labels.as_ref().is_some_and(|l| !l.is_empty());
        let keep_spans = holds.spans > Spans::None && (spans || !labels || holds.labels == Labels::None);
        if keep_spans {
            if labels {
                losses.add(Loss::Labels, place, || "labels beside spans".to_owned());
            }
            answer.labels = None;
        } else {
            if spans {
                losses.add(Loss::Spans, place, || "spans beside labels".to_owned());
            }
            answer.spans = None;
        }
    }
    if let Some(labels) = &mut answer.labels {
        match holds.labels {
            Labels::None => {
                if let Some(first) = labels.first() {
                    losses.add(Loss::Labels, place, || format!("label '{}'", quote(&first.label)));
                }
                answer.labels = None;
            }
            Labels::One if labels.len() != 1 => {
                let n = labels.len();
                losses.add(Loss::Labels, place, || format!("{n} labels where the format holds one"));
                labels.truncate(1);
                if labels.is_empty() {
                    answer.labels = None;
                }
            }
            Labels::Several if labels.is_empty() => {
                losses.add(Loss::Labels, place, || "an empty set of labels, which became none".to_owned());
                answer.labels = None;
            }
            Labels::One | Labels::Several | Labels::Set => {}
        }
    }
    if let Some(spans) = &mut answer.spans {
        if holds.spans == Spans::None {
            if let Some(first) = spans.first() {
                losses.add(Loss::Spans, place, || format!("a span '{}'", quote(&first.label)));
            }
            answer.spans = None;
        } else {
            cut_spans(spans, holds, place, losses);
        }
    }
    // Beside another part it goes without saying that one that holds nothing is not there.
    if found_nothing && answer.labels.is_none() && answer.spans.is_none() {
        let (kind, what) = if holds.spans == Spans::None { (Loss::Spans, "spans") } else { (Loss::Labels, "labels") };
        losses.add(kind, place, || format!("that a text has no {what}"));
    }
    if !holds.relations && !answer.relations.is_empty() {
        let kind = answer.relations[0].kind.clone();
        losses.add(Loss::Relations, place, || format!("the relation '{}'", quote(&kind)));
        answer.relations.clear();
    }
    if !holds.attributes && answer.relations.iter().any(|r| !r.attributes.is_empty()) {
        losses.add(Loss::Attributes, place, || "attributes of a relation".to_owned());
        answer.relations.iter_mut().for_each(|r| r.attributes.clear());
    }
    if !holds.comments && answer.comment.take().is_some() {
        losses.add(Loss::Comments, place, || "a comment".to_owned());
    }
    let drop_field = |choice: &mut Choice| choice.field.take().is_some();
    if !holds.fields && answer.labels.iter_mut().flatten().map(drop_field).fold(false, |a, b| a | b) {
        losses.add(Loss::Fields, place, || "the question a label belongs to".to_owned());
    }
    let drop_score = |choice: &mut Choice| choice.score.take().is_some();
    if !holds.scores && answer.labels.iter_mut().flatten().map(drop_score).fold(false, |a, b| a | b) {
        losses.add(Loss::Scores, place, || "the score of a label".to_owned());
    }
}

fn cut_spans(spans: &mut Vec<Mark>, holds: &Holds, place: &Place, losses: &mut Losses) {
    spans.retain(|mark| {
        let is_empty = mark.start >= mark.end;
        if is_empty {
            losses.add(Loss::Spans, place, || format!("an empty span '{}'", quote(&mark.label)));
        }
        !is_empty
    });
    for mark in spans.iter_mut() {
        if holds.spans < Spans::Gaps && !mark.pieces.is_empty() {
            mark.pieces.clear();
            losses.add(Loss::Gaps, place, || format!("a span '{}' with a gap", quote(&mark.label)));
        }
        if !holds.span_ids && mark.id.take().is_some() {
            losses.add(Loss::SpanIds, place, || "the id of a span".to_owned());
        }
        if !holds.attributes && !mark.attributes.is_empty() {
            let name = mark.attributes[0].0.clone();
            losses.add(Loss::Attributes, place, || format!("'{}' of a span", quote(&name)));
            mark.attributes.clear();
        }
        if !holds.fields && mark.field.take().is_some() {
            losses.add(Loss::Fields, place, || "the question a span belongs to".to_owned());
        }
        if !holds.scores && mark.score.take().is_some() {
            losses.add(Loss::Scores, place, || "the score of a span".to_owned());
        }
    }
    if holds.spans < Spans::Any {
        flatten(spans, place, losses);
    }
}

/// Of spans that overlap, the longer stays; of equally long ones, the first.
fn flatten(spans: &mut Vec<Mark>, place: &Place, losses: &mut Losses) {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(spans[i].end - spans[i].start), spans[i].start, i));
    let mut kept: Vec<usize> = Vec::with_capacity(spans.len());
    // Kept spans do not overlap, so the neighbours by start are the only ones to compare with.
    let mut by_start: BTreeMap<usize, usize> = BTreeMap::new();
    for i in order {
        let (start, end) = (spans[i].start, spans[i].end);
        let before = by_start.range(..end).next_back();
        if before.is_some_and(|(_, &other)| spans[other].end > start) {
            losses.add(Loss::Spans, place, || format!("a span '{}' that overlaps another", quote(&spans[i].label)));
        } else {
            by_start.insert(start, i);
            kept.push(i);
        }
    }
    kept.sort_unstable();
    let mut i = 0;
    spans.retain(|_| {
        i += 1;
        kept.binary_search(&(i - 1)).is_ok()
    });
}
