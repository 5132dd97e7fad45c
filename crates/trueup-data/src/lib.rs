//! Tables and files for Trueup: reading labelled data in the formats people have, and writing files whole or not at all.
//!
//! - [`read_dataset`] reads CSV, TSV, JSON lines, labelled lines and CoNLL, plain or compressed. What it decides from
//!   the content it says ([`Loaded::guesses`]), and every decision can be overridden ([`ReadOptions`]).
//! - [`read_corpus`] reads everything that a file of any format holds, [`read_each`] record by record.
//! - [`read_label_names`] gives names to labels that a file writes as numbers; [`read_matrix`] reads a NumPy array.
//! - [`read_predictions`] reads what a model answered; [`align`] matches it with the gold.
//! - [`settings`] reads a `trueup.toml`, every mistake with its place.
//! - [`query`] selects examples by an SQL expression.
//! - [`write`](mod@write) puts files on the disk whole or not at all.
//! - [`DataError`] names the file, the line, what was found, what is valid and what to try.
//!
//! Nothing is dropped silently: a record that is left out stands in [`Loaded::skipped`] with its line and the reason.
//!
//! # Example
//!
//! ```
//! use trueup_data::{ReadOptions, read_bytes};
//!
//! let file = b"text,label\nWhere is my money?,refund\nI was charged twice,billing\n";
//! let loaded = read_bytes("mails.csv", file.to_vec(), &ReadOptions::default())?;
//! assert_eq!(loaded.format.name(), "csv");
//! assert_eq!(loaded.dataset.labels.names(), ["billing", "refund"]);
//! assert_eq!(loaded.dataset.examples[1].line, 3);
//!
//! let error = read_bytes("mails.csv", b"text,label\n".to_vec(), &ReadOptions::default()).unwrap_err();
//! assert!(error.to_string().starts_with("mails.csv: only a header (text, label) and no record below it"));
//! # Ok::<(), trueup_data::DataError>(())
//! ```
#![warn(missing_docs)]

mod align;
mod annotate;
mod answers;
mod columns;
mod convert;
pub mod corpus;
mod entries;
mod error;
mod formats;
mod head;
mod holds;
mod ids;
mod input;
mod json;
mod label_names;
mod labels;
mod losses;
mod many;
mod mapping;
#[doc(hidden)]
pub mod memory;
mod options;
mod output;
mod predictions;
pub mod query;
mod quoted;
mod read;
mod reading;
mod restrict;
mod rows;
pub mod scan;
pub mod settings;
mod source;
mod tabular;
pub mod write;

pub use align::{Aligned, Matching, align};
pub use annotate::{Answering, What, is_left};
pub use convert::{
    Change, Conversion, ConvertOptions, Destination, convert, convert_changed, format_to_write, write_corpus,
};
pub use entries::read_entries;
pub use error::{DataError, escape, mask, quote};
pub use formats::label_studio::{
    Config as LabelConfig, Control as LabelControl, Object as LabelObject, config_for as label_config_for,
    read_config as read_label_config,
};
pub use formats::numpy::{Matrix, read_matrix};
pub use formats::{Candidate, Format, UnknownFormatName};
pub use head::Confidence;
pub use holds::{Holds, Labels, Loss, Losses, Lost, Metadata, Spans, Texts, restrict, text_of};
pub use label_names::read_label_names;
pub use mapping::{AnswerFields, Mapping, SpanFields};
pub use options::{PredictionOptions, ReadOptions};
pub use predictions::{PredictionFile, TagRows, read_prediction_lines, read_predictions};
pub use read::{Loaded, Read, dataset_of, read_bytes, read_corpus, read_corpus_bytes, read_dataset, read_each};
