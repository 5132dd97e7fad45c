//! Scores into honest probabilities, for any learner: fitted on examples that training has not seen.
//!
//! [`Platt`] bends all scores by one sigmoid, which takes few examples; [`Isotonic`] learns any rising curve, which takes
//! some hundreds. [`reliability`] says what either was worth. Scores of several labels are calibrated label by label.

mod isotonic;
mod platt;

pub use isotonic::Isotonic;
pub use platt::Platt;

/// How far probabilities of one label are from what came true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reliability {
    /// Examples.
    pub n: usize,
    /// Mean squared distance of probability and truth, in [0, 1]: the Brier score (Brier 1950).
    pub brier: f64,
    /// Expected calibration error, in [0, 1] (Naeini, Cooper and Hauskrecht 2015): over equal parts of [0, 1], the distance
    /// of the mean probability and the share that came true, weighted by the examples in the part.
    pub ece: f64,
}

/// How reliable `probabilities` (each in [0, 1]) are against the truth, with `bins` parts of [0, 1] for the calibration error;
/// `None` without examples or bins. A probability on the border of two parts counts in the upper one.
///
/// # Panics
///
/// When there is not one probability an example.
pub fn reliability(probabilities: &[f64], truth: &[bool], bins: usize) -> Option<Reliability> {
    assert_eq!(probabilities.len(), truth.len(), "one probability an example");
    if truth.is_empty() || bins == 0 {
        return None;
    }
    let n = truth.len() as f64;
    let mut parts = vec![0.0f64; bins];
    let mut brier = 0.0;
    for (&p, &came) in probabilities.iter().zip(truth) {
        let off = p - f64::from(u8::from(came));
        brier += off * off;
        // Probability less truth, summed over a part, is its count times the distance of the means.
        parts[((p * bins as f64) as usize).min(bins - 1)] += off;
    }
    Some(Reliability { n: truth.len(), brier: brier / n, ece: parts.iter().map(|d| d.abs()).sum::<f64>() / n })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reliability_by_hand() {
        let found = reliability(&[0.1, 0.3, 0.8, 1.0], &[false, true, true, true], 2).unwrap();
        // (0.01 + 0.49 + 0.04 + 0) / 4; below 0.5 the mean is 0.2 against 0.5, above 0.9 against 1.
        assert!((found.brier - 0.135).abs() < 1e-12 && (found.ece - 0.2).abs() < 1e-12, "{found:?}");
        assert_eq!(reliability(&[], &[], 10), None);
        assert_eq!(reliability(&[0.5], &[true], 0), None);
    }

    #[test]
    fn both_mend_what_is_too_sure() {
        // Scores that promise far more than they hold, in a fixed pattern.
        let scores: Vec<f64> = (0..2000).map(|i| f64::from(i % 200) / 10.0 - 10.0).collect();
        let truth: Vec<bool> = (0..2000u32).map(|i| i * 7919 % 200 < 40 + (i % 200) * 3 / 5).collect();
        let raw: Vec<f64> = scores.iter().map(|s| 1.0 / (1.0 + (-s).exp())).collect();
        let before = reliability(&raw, &truth, 15).unwrap();
        let platt = Platt::fit(&scores, &truth, None).unwrap();
        let isotonic = Isotonic::fit(&scores, &truth, None).unwrap();
        let with = |p: &dyn Fn(f64) -> f64| {
            reliability(&scores.iter().map(|&s| p(s)).collect::<Vec<_>>(), &truth, 15).unwrap()
        };
        for after in [with(&|s| platt.probability(s)), with(&|s| isotonic.probability(s))] {
            assert!(after.ece < before.ece / 4.0 && after.brier < before.brier, "{before:?} {after:?}");
        }
    }
}
