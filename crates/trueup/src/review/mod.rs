//! Review: evidence is judged by rules, and the judgements make a verdict and next steps.

mod evidence;
#[cfg(test)]
pub(crate) mod planted;
mod rule;
mod rules;

pub use evidence::{
    DuplicateGroup, Evidence, Figures, LeakPair, NearPair, Outcome, Place, Primary, Side, SideName, StatedCosts,
};
pub use rule::{Draft, Rule};
pub use rules::{Imbalance, RULES, by_code, imbalance, recurs_naturally};
