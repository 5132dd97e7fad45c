//! The statistics behind every interval and test, each a small function of numbers.
//!
//! Nothing here knows of labels or texts. Distributions come from `statrs`; each result is compared with SciPy's in the
//! tests of this crate.
//!
//! Figures of one system:
//!
//! - [`wilson()`]: a proportion of independent trials; [`clopper_pearson()`] where the level must hold exactly.
//!   [`Ratio`]: a ratio of sums over dependent units, or a mean of losses.
//! - [`bootstrap()`]: any statistic of counts, bias-corrected and accelerated. [`bca()`]: its last step. [`Sampling`]: the
//!   same with the percentile interval and p-values.
//! - [`auc()`] and [`delong()`]: the area under the ROC curve with DeLong's variance.
//! - [`calibration_interval()`], [`greatest_gap_interval()`]: a mean of absolute gaps, and the greatest, which chance alone
//!   makes larger than 0.
//!
//! Two systems on the same examples:
//!
//! - [`McNemar`]: shares of right answers, exactly, with an interval that decides as the test does; [`tango()`].
//! - [`paired_bootstrap()`] and [`approximate_randomisation()`]: any figure of counts; [`PairedTallies`]: those of labels.
//! - [`auc_difference()`]: areas. [`standing()`] and [`tost()`]: non-inferiority and equivalence.
//! - [`Correction`]: many questions at once.
//!
//! Separate examples and tables: [`newcombe()`], [`two_proportions()`], [`chi_squared()`], [`cramers_v()`],
//! [`jensen_shannon()`].
//!
//! Plans: [`examples_for_width()`], [`needed_examples()`], [`mcnemar_power()`], [`paired_detectable()`],
//! [`paired_examples()`], [`unpaired_detectable()`], [`unpaired_examples()`], [`detectable()`].
//!
//! Every interval is of level 95 %, but those of [`Sampling`], which take a level.

mod auc;
mod binomial;
mod bootstrap;
mod calibration;
mod contingency;
mod divergence;
mod figure;
mod mcnemar;
mod multiple;
mod needed;
mod normal;
mod paired;
mod paired_tallies;
mod power;
mod proportions;
mod ratio;
mod sampling;
mod tails;
mod wilson;

pub use auc::{Auc, AucDifference, auc, auc_difference, auc_interval, auc_unseen, delong, precision_unseen};
pub use binomial::binomial;
pub use bootstrap::{Resampled, Statistics, bca, bootstrap};
pub use calibration::{CalibrationBin, calibration_interval, greatest_gap_interval};
pub use contingency::{chi_squared, cramers_v, two_proportions};
pub use divergence::jensen_shannon;
pub use figure::Figure;
pub use mcnemar::{McNemar, mcnemar_chi_squared, tango, tango_interval};
pub use multiple::{Correction, holm};
pub use needed::needed_examples;
pub use normal::{Z95, normal_cdf, normal_quantile, student_cdf, student_quantile};
pub use paired::{Compared, PairedStatistics, Randomised, approximate_randomisation, paired_bootstrap};
pub use paired_tallies::{Cells, PairedCells, PairedTallies};
pub use power::{
    detectable, mcnemar_power, paired_detectable, paired_examples, two_proportions_power, unpaired_detectable,
    unpaired_examples,
};
pub use proportions::{Standing, Tost, newcombe, standing, tost};
pub use ratio::{Ratio, Unit};
pub use sampling::Sampling;
pub use tails::{
    binomial_at_least, binomial_at_most, binomial_probability, binomial_test, clopper_pearson, clopper_pearson_mid_p,
    examples_for_width,
};
pub use wilson::{score_interval, wilson, wilson_effective};
