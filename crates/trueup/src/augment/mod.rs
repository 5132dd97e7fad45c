//! Augment: new training examples made of those there are, and of templates, each with the name of its source.
//!
//! [`augment`] takes the records of a file and leaves new ones: texts changed by one of the [`METHODS`], spans carried
//! exactly, ids and origins of their own, in the group and split of their source. Nothing is drawn that does not follow
//! from the seed and the source's id and text. What repeats an example, or is a twin of the test set, is refused and
//! counted. [`fn@write`] writes them behind the data they come from.
//!
//! Whether it helped is not assumed: `flow` measures it in folds, for which [`New`] names all the records that an example
//! owes something to.

mod case;
mod contractions;
mod draw;
mod dropout;
mod edits;
mod mentions;
mod methods;
mod options;
#[cfg(test)]
mod properties;
mod punctuation;
mod records;
mod refuse;
mod report;
mod templates;
mod typos;
mod words;
mod write;

pub use methods::{METHODS, Method, SPECIAL};
pub use options::{AugmentOptions, LabelTarget};
pub use records::{Augmented, METHOD, New, augment};
pub use refuse::Refused;
pub use report::{AugmentReport, Gain, LabelGrowth, LossCount, MethodCount, Sample, Short};
pub use templates::Templates;
pub use write::write;
