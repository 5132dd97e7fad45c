//! Parity with other tools: scikit-learn, SciPy, seqeval, statsmodels, krippendorff, irrCAC, crowd-kit, nervaluate, spaCy.
//!
//! The scripts in `peers` ask the tools; `cargo xtask test` runs those of scikit-learn, SciPy and seqeval, `--full` the
//! others too, and names the folder of their figures in `TRUEUP_ORACLES`. A few cases of each are committed in `small`
//! and always checked, by the same code. Where Trueup differs on purpose, a test `difference_...` says what and why;
//! `docs/oracles.md` lists them.

#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::print_stdout, clippy::print_stderr)]

mod agreement;
mod compare;
mod comparison;
mod labels;
mod nervaluate;
mod review;
mod schemes;
mod spacy;
mod spans;
mod statistics;
