//! Review: evidence is judged by rules, and the judgements make a verdict and next steps.

mod errors;
mod evidence;
mod next;
#[cfg(test)]
pub(crate) mod planted;
mod rule;
mod rules;
mod twins;
mod verdict;

pub use errors::{answer, errors, marked, record};
pub use evidence::{
    DuplicateGroup, Evidence, Figures, LeakPair, NearPair, Outcome, Place, Primary, Side, SideName, StatedCosts, Versus,
};
pub use next::next;
pub use rule::{Draft, Rule};
pub use rules::{Imbalance, RULES, by_code, imbalance, recurs_naturally, rules_of};
pub use twins::Twins;
pub use verdict::verdict;
