//! Examples that tests make.
#![allow(dead_code, reason = "each test takes what it needs")]

use trueup_core::{Annotation, Example};

/// A text with its gold, and nothing else.
pub fn example(text: &str, gold: Annotation) -> Example {
    Example {
        id: String::new(),
        text: text.to_owned(),
        gold,
        tokens: Vec::new(),
        group: None,
        time: None,
        metadata: Vec::new(),
        line: 1,
    }
}

/// The examples as learners take them.
pub fn refs(examples: &[Example]) -> Vec<&Example> {
    examples.iter().collect()
}
