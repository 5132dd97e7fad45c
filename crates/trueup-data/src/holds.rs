//! What a format can hold, as a table, and what becomes of a record in a format that cannot hold all of it.
//!
//! The same table makes the loss report of `trueup convert`, the matrix in the docs, and the round-trip tests: a record
//! cut to what a format holds comes back from it as it was.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::corpus::{Answer, Choice, Mark, Place, Record, Status, settle};
use crate::error::quote;

/// How a format holds texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texts {
    /// Any text.
    Any,
    /// A text of one line, without line breaks; outer white space may go.
    Line,
    /// Tokens, joined by one space: other white space is lost.
    Tokens,
    /// None: texts stand elsewhere.
    None,
}

/// How many labels of a text a format holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Labels {
    /// None.
    None,
    /// Exactly one.
    One,
    /// One or more.
    Several,
    /// A set, which may be empty.
    Set,
}

/// Which spans a format holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spans {
    /// None.
    None,
    /// Spans that begin and end at tokens and do not overlap.
    Tokens,
    /// Spans of characters that do not overlap.
    Flat,
    /// Spans of characters that may nest and overlap.
    Any,
    /// And spans with gaps.
    Gaps,
}

/// What metadata a format holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metadata {
    /// None.
    None,
    /// These columns alone, with any JSON value.
    Only(&'static [&'static str]),
    /// Columns of text: numbers, truth values and nested values become text.
    Text,
    /// Any JSON value.
    Any,
}

/// What a format can hold of a [`Record`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // A table of capabilities is what it is.
pub struct Holds {
    /// Texts.
    pub texts: Texts,
    /// Ids.
    pub ids: bool,
    /// The split of a record.
    pub splits: bool,
    /// Where tokens begin and end.
    pub tokens: bool,
    /// Columns of tokens besides the tag.
    pub token_columns: bool,
    /// Labels of the text.
    pub labels: Labels,
    /// Spans.
    pub spans: Spans,
    /// Labels and spans of one record.
    pub both: bool,
    /// Ids of spans.
    pub span_ids: bool,
    /// Attributes of spans and relations.
    pub attributes: bool,
    /// Relations between spans.
    pub relations: bool,
    /// The question that an answer belongs to.
    pub fields: bool,
    /// Remarks in words.
    pub comments: bool,
    /// Answers of several people, with their names.
    pub responses: bool,
    /// When and how long they answered, and what else is said of an answer.
    pub response_details: bool,
    /// Answers that are rejected, ignored, skipped or drafts.
    pub statuses: bool,
    /// Answers of models.
    pub predictions: bool,
    /// Scores of models.
    pub scores: bool,
    /// Records without gold.
    pub unlabelled: bool,
    /// Metadata.
    pub metadata: Metadata,
}

impl Holds {
    /// Everything.
    pub const ALL: Self = Self {
        texts: Texts::Any,
        ids: true,
        splits: true,
        tokens: true,
        token_columns: true,
        labels: Labels::Set,
        spans: Spans::Gaps,
        both: true,
        span_ids: true,
        attributes: true,
        relations: true,
        fields: true,
        comments: true,
        responses: true,
        response_details: true,
        statuses: true,
        predictions: true,
        scores: true,
        unlabelled: true,
        metadata: Metadata::Any,
    };

    /// A text with one label and nothing else.
    pub const LABEL: Self = Self {
        texts: Texts::Any,
        ids: false,
        splits: false,
        tokens: false,
        token_columns: false,
        labels: Labels::One,
        spans: Spans::None,
        both: false,
        span_ids: false,
        attributes: false,
        relations: false,
        fields: false,
        comments: false,
        responses: false,
        response_details: false,
        statuses: false,
        predictions: false,
        scores: false,
        unlabelled: false,
        metadata: Metadata::None,
    };
}

/// What was lost, by kind; the order is that of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// A record was left out whole.
    Record,
    /// The text was changed.
    Text,
    /// A record without gold became one with an empty answer, or was left out.
    Unlabelled,
    /// Labels of a text.
    Labels,
    /// Spans.
    Spans,
    /// A span was moved to the edges of tokens.
    SpanEdges,
    /// Spans with gaps became one piece.
    Gaps,
    /// Relations and events.
    Relations,
    /// Attributes of spans.
    Attributes,
    /// Ids of spans.
    SpanIds,
    /// The questions that answers belong to.
    Fields,
    /// Remarks in words.
    Comments,
    /// Several people's answers became one, or none.
    Responses,
    /// Times and the like of answers.
    ResponseDetails,
    /// Rejected, ignored, skipped answers and drafts.
    Statuses,
    /// Models' answers.
    Predictions,
    /// Models' scores.
    Scores,
    /// Splits.
    Splits,
    /// Ids.
    Ids,
    /// Tokens.
    Tokens,
    /// Columns of tokens.
    TokenColumns,
    /// Metadata columns.
    Metadata,
    /// Values of metadata became text.
    MetadataTypes,
    /// What the input declares or sets for the whole project.
    Settings,
}

impl Loss {
    /// The name in the JSON report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Text => "text",
            Self::Unlabelled => "unlabelled",
            Self::Labels => "labels",
            Self::Spans => "spans",
            Self::SpanEdges => "span-edges",
            Self::Gaps => "gaps",
            Self::Relations => "relations",
            Self::Attributes => "attributes",
            Self::SpanIds => "span-ids",
            Self::Fields => "fields",
            Self::Comments => "comments",
            Self::Responses => "responses",
            Self::ResponseDetails => "response-details",
            Self::Statuses => "statuses",
            Self::Predictions => "predictions",
            Self::Scores => "scores",
            Self::Splits => "splits",
            Self::Ids => "ids",
            Self::Tokens => "tokens",
            Self::TokenColumns => "token-columns",
            Self::Metadata => "metadata",
            Self::MetadataTypes => "metadata-types",
            Self::Settings => "settings",
        }
    }
}

/// How many places of a kind are kept.
const PLACES: usize = 10;

/// What was lost of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lost {
    /// How often.
    pub count: u64,
    /// The first few places.
    pub places: Vec<Place>,
    /// What the first one was, in words.
    pub first: String,
}

/// All that was lost in a conversion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Losses {
    /// By kind.
    pub kinds: BTreeMap<Loss, Lost>,
}

impl Losses {
    /// Notes a loss at a place; `what` says in words what it was, and is asked for the first of a kind only.
    pub fn add(&mut self, kind: Loss, place: &Place, what: impl FnOnce() -> String) {
        let lost = self.kinds.entry(kind).or_default();
        if lost.count == 0 {
            lost.first = what();
        }
        lost.count += 1;
        if lost.places.len() < PLACES && lost.places.last() != Some(place) {
            lost.places.push(place.clone());
        }
    }

    /// Adds what was lost elsewhere.
    pub fn merge(&mut self, other: Self) {
        for (kind, lost) in other.kinds {
            let known = self.kinds.entry(kind).or_default();
            if known.count == 0 {
                known.first = lost.first;
            }
            known.count += lost.count;
            let room = PLACES.saturating_sub(known.places.len());
            known.places.extend(lost.places.into_iter().take(room));
        }
    }

    /// Whether nothing was lost.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// Cuts a record to what a format holds, and notes what goes. `None` when nothing is left to write.
pub fn restrict(mut record: Record, holds: &Holds, losses: &mut Losses) -> Option<Record> {
    let place = record.place.clone();
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
    let n = record.responses.len();
    losses.add(Loss::Responses, &place, || {
        let left = if gold.is_some() { "one, without a name" } else { "none, since no answer was given most often" };
        format!("answers of {n} annotators became {left}")
    });
    record.gold = gold;
    record.responses.clear();
}

fn metadata(record: &mut Record, holds: &Holds, losses: &mut Losses) {
    if record.metadata.is_empty() {
        return;
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
