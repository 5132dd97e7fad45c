//! Spans: figures by what counts as right, mistakes, breakdowns, the tags that they were read from.

mod calibration;
mod figures;
mod matched;
mod mentions;
mod tags;

pub use calibration::calibration;
pub use figures::{mistakes, type_cells};
pub use matched::{document_units, match_row, matched, strict_row};
pub use mentions::{Mentions, mention_rows};
pub use tags::{Tagged, invalid_gold};
