//! What kind of answer an example has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of task that a data set poses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// One label an example.
    Classification,
    /// Any number of labels an example, none included.
    Multilabel,
    /// Named-entity recognition: typed spans of the text.
    Ner,
}

impl Task {
    /// The word used in the CLI, the document and the docs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Multilabel => "multilabel",
            Self::Ner => "ner",
        }
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
