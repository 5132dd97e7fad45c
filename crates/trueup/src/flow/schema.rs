//! The JSON schemas of what is written, and of a policy.

use schemars::{JsonSchema, Schema, schema_for};
use trueup_core::document::{Curves, Evaluated};

use crate::agreement::AgreementReport;
use crate::augment::AugmentReport;
use crate::gate;
use crate::models::About;
use crate::stats::Stats;
use crate::tell;
use crate::train::Tuned;

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Document {
    /// What `trueup review` writes.
    #[default]
    Review,
    /// What `trueup stats` writes.
    Stats,
    /// What `trueup agreement` writes.
    Agreement,
    /// What `trueup augment` writes.
    Augment,
    /// What `trueup eval` writes.
    Eval,
    /// What `trueup eval --curves` writes.
    Curves,
    /// The `config.json` of a model that `trueup train` writes.
    Model,
    /// What `trueup tune` writes.
    Tune,
    /// What `trueup gate` reads: a policy.
    Policy,
}

/// The JSON schema of a document, indented, with a line end.
pub fn schema(document: Document) -> String {
    match document {
        Document::Review => tell::schema(),
        Document::Stats => of::<Stats>(),
        Document::Agreement => of::<AgreementReport>(),
        Document::Augment => of::<AugmentReport>(),
        Document::Eval => of::<Evaluated>(),
        Document::Curves => of::<Curves>(),
        Document::Model => of::<About>(),
        Document::Tune => of::<Tuned>(),
        Document::Policy => text(&gate::schema()),
    }
}

fn of<T: JsonSchema>() -> String {
    text(&schema_for!(T))
}

fn text(schema: &Schema) -> String {
    let mut text = serde_json::to_string_pretty(schema).expect("a schema holds only strings, numbers and lists");
    text.push('\n');
    text
}
