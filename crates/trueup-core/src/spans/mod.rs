//! Spans: how predicted entities are held against gold ones, what is counted, and how other tools count.
//!
//! A span has a start, an end (exclusive) and a type. Positions may be bytes, characters or tokens, as long as gold and
//! prediction use the same: the functions here compare them and never look into a text, but for the counts of
//! characters. The spans of a document are a set: equal ones on one side count once, and how many were repeated is told.
//!
//! - [`SpanMatch`]: what counts as right: strict (the default), exact, partial, type. [`SpanCounts`]: the outcomes of
//!   SemEval-2013 (correct, incorrect, partial, missed, spurious) for all four at once, by type, with counts of tokens
//!   and characters beside; mergeable. [`SpanScores`]: the ratios derived from them. [`Way`]: the names of all ways.
//! - [`DocumentUnits`], [`SpanUnits`]: the same counts a document, for intervals that respect what belongs together.
//! - [`TagCounts`]: strict counting from interned tags, millions of tokens a second. [`Decoding`]: how tags become spans.
//! - [`SpanErrors`]: what became of every span (missed, spurious, wrong type, boundary, split, merged), and the
//!   confusion matrix of types, each cell with its spans. [`Mistakes`]: the same as counts with a few examples.
//! - [`TrainingIndex`], [`Breakdown`]: scores on mentions seen and unseen in training, by length, by label consistency.
//! - [`SpanCalibration`]: whether the scores of spans can be believed.
//! - [`Compat`], [`CompatCounts`]: the figures of seqeval, conlleval, spaCy and nervaluate, with the right one beside
//!   where they differ, and why.
//!
//! - [`marks`]: the same for a page that shows a text with its spans.
//!
//! Where spans overlap or nest, gold and predicted spans are matched one to one so that the score is greatest, whatever
//! their order.
//!
//! # Example
//!
//! ```
//! use trueup_core::Span;
//! use trueup_core::spans::{SpanCounts, SpanDocument, SpanMatch, SpanOptions};
//!
//! let span = |start, end, label| Span { start, end, label };
//! // One span is right, one ends too early, one is missed.
//! let gold = [span(0, 4, 0), span(6, 9, 1), span(12, 15, 1)];
//! let predicted = [span(0, 4, 0), span(6, 8, 1)];
//! let mut counts = SpanCounts::new(2, SpanOptions::default());
//! counts.add(&SpanDocument::new(&gold, &predicted));
//! assert_eq!(counts.scores(SpanMatch::Strict).micro.precision, Some(0.5));
//! assert_eq!(counts.scores(SpanMatch::Partial).micro.precision, Some(0.75));
//! assert_eq!(counts.scores(SpanMatch::Type).micro.recall, Some(2.0 / 3.0));
//! ```

mod assign;
mod breakdown;
mod calibration;
mod compat;
mod counts;
mod decoding;
mod document_units;
mod errors;
pub mod marks;
mod matching;
mod mistakes;
mod nervaluate;
mod outcomes;
mod report;
mod scores;
mod tags;
mod training;
mod units;
mod way;

pub use breakdown::{Breakdown, BucketCounts, ConsistencyBucket, LengthBucket};
pub use calibration::{CalibrationReport, ReliabilityBin, RiskPoint, SpanCalibration, SpanScoreError};
pub use compat::{Compat, CompatCounts};
pub use counts::{SpanCounts, SpanDocument, SpanOptions};
pub use decoding::{Decoding, TagTable};
pub use document_units::{DocumentUnits, DocumentUnitsBuilder};
pub use errors::{ConfusionCell, DocumentErrors, Edges, ErrorKind, Extent, PairRef, SpanErrors, SpanRef, SpanSide};
pub use matching::SpanMatch;
pub use mistakes::{FoundPair, MistakeCounts, MistakeKind, Mistakes, PairCounts};
pub use nervaluate::{NervaluateCounts, NervaluateResult, NervaluateVersion};
pub use outcomes::{SideCounts, TypeCounts};
pub use report::{CompatReport, Difference, cats_macro_auc};
pub use scores::{Average, SpanScores};
pub use tags::{TagCounts, TagUnits};
pub use training::{Seen, TrainingIndex};
pub use units::{SPAN_STATISTICS, SpanUnits};
pub use way::Way;
