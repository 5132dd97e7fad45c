//! What a format can hold, as a table, and what becomes of a record in a format that cannot hold all of it.
//!
//! The same table makes the loss report of `trueup convert`, the matrix in the docs, and the round-trip tests: a record
//! cut to what a format holds comes back from it as it was.

pub use crate::losses::{Loss, Losses, Lost};
pub use crate::restrict::{restrict, text_of};

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

/// What a format can hold of a [`Record`](crate::corpus::Record).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // A table of capabilities is what it is.
pub struct Holds {
    /// Texts.
    pub texts: Texts,
    /// Records without a text, such as rows of scores.
    pub textless: bool,
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
        textless: true,
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
        textless: false,
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
