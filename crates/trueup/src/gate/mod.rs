//! The gate: what a policy demands of a candidate, and whether the evidence of a comparison meets it.
//!
//! [`Policy`] is what people write in `[gate]` of a `trueup.toml`, or in a file of its own; [`read_policy`] reads it and
//! [`schema`] describes it to editors.

mod decide;
mod facts;
mod plan;
mod policy;
mod read;
mod say;
mod schema;
#[cfg(test)]
mod tests;

pub use decide::{Decided, decide, decide_first};
pub use facts::{Facts, FirstFacts, FirstSlice, MustPassFacts, SliceFacts};
pub use plan::{GatePlan, PlanRow, plan};
pub use policy::{
    Budget, BudgetRule, CalibrationBudget, FirstModel, LabelFigure, LabelVeto, MustPass, NamedLabelVeto, Policy,
    SliceVeto,
};
pub use read::{PolicyFile, beside, read_policy};
pub use say::{cost_title, describe};
pub use schema::schema;
