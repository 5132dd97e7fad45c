//! How long texts are.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use trueup_core::text::{code_points, count_tokens};
use trueup_data::corpus::Record;

/// The spread of a length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Lengths {
    /// The shortest.
    pub min: u64,
    /// The middle one; of two the lower.
    pub median: u64,
    /// The average.
    pub mean: f64,
    /// 95 % are at most this long.
    pub p95: u64,
    /// The longest.
    pub max: u64,
}

impl Lengths {
    /// Of a list of lengths; `None` of an empty one.
    fn of(mut lengths: Vec<u64>) -> Option<Self> {
        lengths.sort_unstable();
        let n = lengths.len();
        let at = |share: f64| lengths[(((n as f64) * share).ceil() as usize).clamp(1, n) - 1];
        let (first, last) = (*lengths.first()?, *lengths.last()?);
        let mean = lengths.iter().sum::<u64>() as f64 / n as f64;
        Some(Self { min: first, median: at(0.5), mean, p95: at(0.95), max: last })
    }
}

/// Code points of the texts.
pub(super) fn characters(records: &[Record]) -> Option<Lengths> {
    Lengths::of(records.par_iter().filter_map(|r| r.text.as_deref()).map(|text| code_points(text) as u64).collect())
}

/// Tokens of the texts: the file's where it has them, else Unicode words.
pub(super) fn words(records: &[Record]) -> Option<Lengths> {
    let words = |record: &Record| {
        let text = record.text.as_deref()?;
        Some(if record.tokens.is_empty() { count_tokens(text) } else { record.tokens.len() } as u64)
    };
    Lengths::of(records.par_iter().filter_map(words).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_lengths_that_occur() {
        let spread = Lengths::of((1..=100).rev().collect()).unwrap();
        assert_eq!((spread.min, spread.median, spread.p95, spread.max), (1, 50, 95, 100));
        assert!((spread.mean - 50.5).abs() < 1e-12);
        assert_eq!(Lengths::of(vec![7]).unwrap().p95, 7);
        assert!(Lengths::of(vec![]).is_none());
    }
}
