//! What a conversion lost, by kind, with the places.

use std::collections::BTreeMap;

use crate::corpus::Place;

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
