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
mod contingency;
mod divergence;
mod multiple;
mod needed;
mod normal;
mod ratio;
mod wilson;

pub use auc::{Auc, auc, auc_interval, delong};
pub use binomial::binomial;
pub use bootstrap::{Resampled, Statistics, bca, bootstrap};
pub use contingency::{chi_squared, cramers_v, two_proportions};
pub use divergence::jensen_shannon;
pub use multiple::holm;
pub use needed::needed_examples;
pub use normal::{Z95, normal_cdf, normal_quantile, student_quantile};
pub use ratio::{Ratio, Unit};
pub use wilson::{wilson, wilson_effective};
