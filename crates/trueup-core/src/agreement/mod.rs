//! Agreement: how far do people who answered the same items agree, what is the likeliest answer, and how good is each?
//!
//! Everything starts from one of two tables, each sparse: [`Ratings`] (one category an item and annotator) and
//! [`Marks`] (a set an item and annotator, such as spans). Categories are dense numbers; what they stand for is said by
//! a [`Distance`]: names, ranks, numbers, or sets of labels.
//!
//! - [`Votes`]: how many answers of each category an item got, a mergeable state. [`coefficients`] makes percent
//!   agreement, Fleiss' kappa, Krippendorff's alpha, Gwet's AC1 or AC2, and the agreement on each label of it.
//! - [`cohen`]: Cohen's kappa of all pairs of annotators and its mean.
//! - [`pairwise_f1`]: the F1 of all pairs of annotators over sets of marks, and its mean.
//! - [`consensus`]: majority, Dawid and Skene's model, its one-coin form, and MACE, with the quality of each annotator.
//!
//! Each coefficient is a [`Coefficient`]: a figure with its 95 % interval by the bootstrap over items, or no figure and
//! the reason ([`Undefined`]). The order of items and answers changes nothing, that of annotators no figure
//! (the ends of an interval over pairs of annotators may move within the accuracy of resampling).
//!
//! # Example
//!
//! ```
//! use trueup_core::agreement::{Distance, Ratings, Votes, coefficients};
//!
//! // Three people on four items; (item, annotator, category).
//! let answers = [(0, 0, 0), (0, 1, 0), (1, 0, 1), (1, 1, 1), (1, 2, 1), (2, 0, 0), (2, 2, 1), (3, 1, 1), (3, 2, 1)];
//! let ratings = Ratings::new(4, 3, 2, answers)?;
//! let found = coefficients(&Votes::of(&ratings), &Distance::Nominal, None, 42);
//! assert!((found.alpha.value().expect("they overlap") - (1.0 - 8.0 * 2.0 / 36.0)).abs() < 1e-12);
//! # Ok::<(), trueup_core::agreement::RatingsError>(())
//! ```

mod coefficients;
mod cohen;
pub mod consensus;
mod distance;
mod marks;
mod ratings;
mod sets;
mod votes;

pub use coefficients::{Coefficients, LabelAgreement, coefficients};
pub use cohen::{Cohen, KappaPair, Weights, cohen};
pub use consensus::{Consensus, Quality};
pub use distance::{Distance, Level};
pub use marks::{F1Pair, Marks, PairwiseF1, pairwise_f1};
pub use ratings::{Ratings, RatingsError};
pub use sets::{LabelSets, jaccard, masi};
pub use votes::Votes;

use crate::Estimate;
use crate::document::IntervalKind;
use crate::stats::Resampled;

/// A figure of agreement, or the reason why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficient {
    /// The figure with its 95 % interval; `n` is the number of items with two answers or more. It has no interval when
    /// leaving out any item would leave it the same, as with perfect agreement.
    pub estimate: Estimate,
    /// Why there is no figure; `None` where there is one.
    pub undefined: Option<Undefined>,
}

/// Why a coefficient has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undefined {
    /// There is no answer at all.
    NoAnswers,
    /// All answers are one annotator's.
    OneAnnotator,
    /// No two annotators answered the same item.
    NoOverlap,
    /// Only one category was given where they overlap: by chance too they could not but agree, so a coefficient
    /// corrected for chance is 0/0.
    OneLabel,
    /// Nothing was marked by anyone, so there is nothing to agree on.
    NothingMarked,
}

impl Undefined {
    /// The reason in words, as the end of a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoAnswers => "there are no answers",
            Self::OneAnnotator => "there is only one annotator",
            Self::NoOverlap => "no item was answered by two annotators",
            Self::OneLabel => "only one label was given, so that chance alone would agree as well",
            Self::NothingMarked => "nothing was marked by anyone",
        }
    }
}

impl Coefficient {
    /// The value, if there is one; kappas and alphas lie in [-1, 1], shares in [0, 1].
    pub fn value(&self) -> Option<f64> {
        self.estimate.value
    }

    /// No figure, and why.
    fn none(why: Undefined, n: u64) -> Self {
        Self { estimate: Estimate::undefined(n), undefined: Some(why) }
    }

    /// A resampled figure over `n` items; `why` holds where it has no value.
    fn of(resampled: &Resampled, n: u64, why: Undefined) -> Self {
        let Some(value) = resampled.value else {
            return Self::none(why, n);
        };
        let kind = if resampled.jackknife { IntervalKind::Delta } else { IntervalKind::Bootstrap };
        let estimate = match resampled.interval {
            // The jackknife's interval is symmetric and can leave the range.
            Some((low, high)) => Estimate::new(value, (low.max(-1.0), high.min(1.0)), n, kind),
            None => Estimate::point(value, n),
        };
        Self { estimate, undefined: None }
    }
}

/// Resamples for a statistic that costs so many steps to evaluate: 2,000, or fewer (200 at least) where they would
/// take seconds. It depends on the sizes of the data alone.
fn resamples(cost: usize) -> u32 {
    (150_000_000 / cost.max(1)).clamp(200, 2_000) as u32
}

#[cfg(test)]
mod properties;
