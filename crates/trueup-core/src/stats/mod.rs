//! The statistics behind every interval and test, each a small function of numbers.
//!
//! Nothing here knows of labels or texts. Distributions come from `statrs`; each result is compared with SciPy's in the
//! tests of this crate.
//!
//! - [`wilson()`]: a proportion of independent trials. [`Ratio`]: a ratio of sums over dependent units.
//! - [`bootstrap()`]: any statistic of counts, bias-corrected and accelerated. [`bca()`]: its last step.
//! - [`auc()`] and [`delong()`]: the area under the ROC curve with DeLong's variance.
//! - [`two_proportions()`], [`chi_squared()`], [`cramers_v()`], [`holm()`]: differences and associations.
//! - [`jensen_shannon()`]: how far two distributions lie apart. [`needed_examples()`]: how much more data decides.
//!
//! Every interval is of level 95 %.

mod auc;
mod binomial;
mod bootstrap;
mod calibration;
mod contingency;
mod divergence;
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

pub use auc::{Auc, AucDifference, auc, auc_difference, auc_interval, auc_unseen, delong};
pub use binomial::binomial;
pub use bootstrap::{Resampled, Statistics, bca, bootstrap};
pub use calibration::{CalibrationBin, calibration_interval};
pub use contingency::{chi_squared, cramers_v, two_proportions};
pub use divergence::jensen_shannon;
pub use mcnemar::{McNemar, mcnemar_chi_squared, tango, tango_interval};
pub use multiple::{Correction, holm};
pub use needed::needed_examples;
pub use normal::{Z95, normal_cdf, normal_quantile, student_quantile};
pub use paired::{Compared, PairedStatistics, Randomised, approximate_randomisation, paired_bootstrap};
pub use paired_tallies::{Cells, Figure, PairedTallies};
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
pub use wilson::{wilson, wilson_effective};
