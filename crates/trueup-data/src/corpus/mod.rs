//! The hub between formats: what a file of annotations holds, in one shape that can hold all of it.
//!
//! Every reader makes [`Record`]s, every writer takes them. A record keeps what people and models said of one text apart
//! (responses, predictions) from the reference (gold), and keeps what this program does not use (attributes, relations,
//! metadata) so that it can be written again. Offsets are bytes; readers and writers convert them
//! ([`trueup_core::offsets`]).

pub(crate) mod dataset;
mod gold;
mod outline;
mod split;

use std::sync::Arc;

use serde_json::Value;

pub use gold::{Gold, fingerprint, said, settle};
pub use outline::{Occurs, Outline};
pub use split::Split;

/// A name that many records share: a column, a field of an annotation task, a tag.
pub type Key = Arc<str>;

/// The metadata column that names, in an augmented example, the id of the example it was made of. Where no other group is
/// known, both are one group: they are never parted.
pub const AUGMENTED_FROM: &str = "augmented_from";

/// Where in the input a record begins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// The file, where a folder holds several.
    pub file: Option<Key>,
    /// What is counted.
    pub unit: Unit,
    /// From 1.
    pub number: u64,
}

/// What [`Place::number`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Unit {
    /// Lines of a text file.
    #[default]
    Line,
    /// Rows of a table that has no lines.
    Row,
    /// Documents, where each is a file or a block of a binary file.
    Document,
}

impl Place {
    /// A line of the file.
    pub fn line(number: u64) -> Self {
        Self { file: None, unit: Unit::Line, number }
    }

    /// A row of a table without lines.
    pub fn row(number: u64) -> Self {
        Self { file: None, unit: Unit::Row, number }
    }

    /// A document of a binary file.
    pub fn document(number: u64) -> Self {
        Self { file: None, unit: Unit::Document, number }
    }

    /// A line of one file of a folder.
    pub fn in_file(file: &str, number: u64) -> Self {
        Self { file: Some(file.into()), unit: Unit::Line, number }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", crate::error::escape(file))?;
        }
        let unit = match self.unit {
            Unit::Line => "line",
            Unit::Row => "row",
            Unit::Document => "document",
        };
        write!(f, "{unit} {}", self.number)
    }
}

/// One annotated unit: a text with everything that the file says of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// The id, where the file gives one.
    pub id: Option<String>,
    /// Its number from 1 in the input, records left out counted; 0 where it is its place among the records.
    pub number: u64,
    /// Where it begins.
    pub place: Place,
    /// The text as it stands; `None` in a table of scores.
    pub text: Option<String>,
    /// The split that the file assigns it to.
    pub split: Option<Key>,
    /// Its tokens, in order, where the file has them; empty otherwise.
    pub tokens: Vec<TokenMark>,
    /// The reference answer; `None` when the file has none.
    pub gold: Option<Answer>,
    /// What named annotators answered, in file order.
    pub responses: Vec<Response>,
    /// What models answered, in file order.
    pub predictions: Vec<Prediction>,
    /// Everything else that is said of the text, in file order.
    pub metadata: Vec<(Key, Value)>,
    /// The record as its file has it, where that was asked for.
    pub row: Option<Box<Row>>,
}

/// A record as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// The cells of a table's row.
    Cells(Vec<String>),
    /// The fields of an object.
    Object(serde_json::Map<String, Value>),
}

impl Record {
    /// The text; empty when there is none.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// The value of a metadata column.
    pub fn value(&self, column: &str) -> Option<&Value> {
        self.metadata.iter().find(|(key, _)| &**key == column).map(|(_, value)| value)
    }

    /// Every answer in it: gold, responses, predictions.
    pub fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.gold
            .iter()
            .chain(self.responses.iter().map(|r| &r.answer))
            .chain(self.predictions.iter().map(|p| &p.answer))
    }

    /// As [`Self::answers`], to change them.
    pub fn answers_mut(&mut self) -> impl Iterator<Item = &mut Answer> {
        self.gold
            .iter_mut()
            .chain(self.responses.iter_mut().map(|r| &mut r.answer))
            .chain(self.predictions.iter_mut().map(|p| &mut p.answer))
    }
}

/// A token: where it stands, its raw tag, and what else the file says of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenMark {
    /// First byte in the text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The tag as it stands, where the file has tags.
    pub tag: Option<Key>,
    /// The other columns of the token's line, in file order, without the token and the tag.
    pub columns: Box<[Key]>,
}

/// What was answered to one text. A part that was not asked is `None`; one that was asked and found nothing is empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Labels of the whole text.
    pub labels: Option<Vec<Choice>>,
    /// Labelled ranges of it.
    pub spans: Option<Vec<Mark>>,
    /// What ties spans together: relations, events.
    pub relations: Vec<Relation>,
    /// A remark in words.
    pub comment: Option<String>,
}

impl Answer {
    /// An answer of labels alone.
    pub fn labels<S: Into<String>>(labels: impl IntoIterator<Item = S>) -> Self {
        let labels = labels.into_iter().map(|label| Choice { label: label.into(), ..Choice::default() }).collect();
        Self { labels: Some(labels), ..Self::default() }
    }

    /// An answer of spans alone.
    pub fn spans(spans: Vec<Mark>) -> Self {
        Self { spans: Some(spans), ..Self::default() }
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One label of a text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Choice {
    /// The label; levels are joined by `:`.
    pub label: String,
    /// The question it answers, where a task asks several.
    pub field: Option<Key>,
    /// The model's score, in 0 to 1.
    pub score: Option<f64>,
}

/// A labelled range of a text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mark {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Where it has gaps: its pieces in bytes, in order, two or more. Empty when it is one piece.
    pub pieces: Vec<(usize, usize)>,
    /// The type.
    pub label: String,
    /// What relations name it by.
    pub id: Option<String>,
    /// The question it answers, where a task asks several.
    pub field: Option<Key>,
    /// The model's score, in 0 to 1.
    pub score: Option<f64>,
    /// Everything else that is said of it: attributes, notes, links to a knowledge base.
    pub attributes: Vec<(Key, Value)>,
}

impl Mark {
    /// A span in one piece, with nothing else said of it.
    pub fn new(start: usize, end: usize, label: impl Into<String>) -> Self {
        Self { start, end, label: label.into(), ..Self::default() }
    }
}

/// What ties spans together. A plain relation has the arguments `from` and `to`; an event has `trigger` first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Relation {
    /// Its own name, where others refer to it.
    pub id: Option<String>,
    /// The type.
    pub kind: String,
    /// Roles and the ids of the spans or relations that fill them, in file order.
    pub arguments: Vec<(String, String)>,
    /// Everything else that is said of it.
    pub attributes: Vec<(Key, Value)>,
}

/// What became of a request to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub enum Status {
    /// The answer holds.
    #[default]
    Accepted,
    /// What was proposed does not hold; the answer repeats the proposal.
    Rejected,
    /// The person set it aside.
    Ignored,
    /// The person went on without an answer.
    Skipped,
    /// Not handed in.
    Draft,
}

impl Status {
    /// The word in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Ignored => "ignored",
            Self::Skipped => "skipped",
            Self::Draft => "draft",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Accepted, Self::Rejected, Self::Ignored, Self::Skipped, Self::Draft]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

/// What one annotator answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Response {
    /// Who; `None` when the file does not say.
    pub annotator: Option<String>,
    /// When, as the file writes it.
    pub time: Option<String>,
    /// How long it took.
    pub seconds: Option<f64>,
    /// What became of it.
    pub status: Status,
    /// The answer.
    pub answer: Answer,
    /// Its own id.
    pub id: Option<String>,
    /// Everything else that is said of it.
    pub extra: Vec<(Key, Value)>,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prediction {
    /// Which model; `None` when the file does not say.
    pub model: Option<String>,
    /// The answer.
    pub answer: Answer,
    /// The score of the answer as a whole.
    pub score: Option<f64>,
    /// Scores by label, in file order, where the file gives more than that of the answer.
    pub scores: Vec<(String, f64)>,
    /// When, as the file writes it.
    pub time: Option<String>,
    /// Its own id.
    pub id: Option<String>,
    /// Everything else that is said of it.
    pub extra: Vec<(Key, Value)>,
}

/// The records of one input with what is true of all of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Corpus {
    /// What occurs and what was declared.
    pub outline: Outline,
    /// The records in file order.
    pub records: Vec<Record>,
}
