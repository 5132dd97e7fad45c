//! Two models on the same examples: what differs, by how much, and whether that is more than chance.
//!
//! The difference is that of B, the candidate, less A, the baseline. Everything is paired: what both models answer alike
//! cancels, so that far fewer examples tell two models apart than tell how good either is.
//!
//! - [`Duel`]: two checked pairs over the same gold. [`Law`]: what is known of one difference.
//! - Right or wrong as a whole (accuracy; recall of a label): McNemar's exact test, with the interval that agrees with it.
//! - Figures of counts of all labels (macro and micro means, coefficients): the paired bootstrap (BCa) over units, together
//!   with approximate randomisation, which keeps its level whatever the number of units; the jackknife of very many.
//! - Means of losses and costs: Student's t over units. Areas: DeLong. Calibration, and the figures of a label: the
//!   linearised difference, with the spread of its influences over units.
//!
//! The unit is the example; the cluster where pairs have clusters; the sentence for spans. Weights count as in
//! [`measure`](crate::measure).

mod duel;
mod flips;
mod labels;
mod law;
mod metrics;
mod overall;
mod scores;
mod slices;

pub use duel::{Duel, DuelError};
pub use flips::{Flip, Flipped};
pub use labels::LabelLaws;
pub use law::Law;
pub use metrics::{CompareOptions, MetricLaw};
