//! The raw tags of predictions that come as tags.

use trueup_core::{Dataset, Example};

/// The raw tags of sentences, one a token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagRows {
    /// The distinct tags.
    pub names: Vec<String>,
    /// For each sentence the place of each token's tag in `names`.
    pub rows: Vec<Vec<u32>>,
}

impl TagRows {
    /// The tags of a data set, when every token has one.
    pub fn of(data: &Dataset) -> Option<Self> {
        let row = |example: &Example| example.tokens.iter().map(|token| token.tag).collect::<Option<Vec<u32>>>();
        let rows: Vec<Vec<u32>> = data.examples.iter().map(row).collect::<Option<_>>()?;
        (!data.tags.is_empty()).then(|| Self { names: data.tags.clone(), rows })
    }
}
