//! How far two categories lie apart.

use super::LabelSets;

/// What kind of values the categories are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Names: two are the same or not.
    Nominal,
    /// Ranks: one is before another.
    Ordinal,
    /// Numbers: their differences count.
    Interval,
}

impl Level {
    /// The word in options, files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nominal => "nominal",
            Self::Ordinal => "ordinal",
            Self::Interval => "interval",
        }
    }
}

/// The distance of categories in Krippendorff's alpha.
#[derive(Debug, Clone, PartialEq)]
pub enum Distance {
    /// 0 when equal, else 1.
    Nominal,
    /// The squared number of answers between two ranks, half of those at the ranks counted in; categories are numbered
    /// in their order.
    Ordinal,
    /// The squared difference of the values, one a category.
    Interval(Vec<f64>),
    /// One less the likeness of two sets of labels, each category being a set.
    Sets(LabelSets),
}
