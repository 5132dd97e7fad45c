//! Platt scaling: one sigmoid for all scores.

use serde::{Deserialize, Serialize};

/// The probability `1 / (1 + exp(a f + b))` of a score `f`.
///
/// Platt 1999, "Probabilistic outputs for support vector machines", as scikit-learn's `_SigmoidCalibration`: the truth is
/// taken to be `(n1 + 1) / (n1 + 2)` for the `n1` examples that came true and `1 / (n0 + 2)` for the others (weights
/// count in place of examples), so that a few examples do not ask for certainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Platt {
    /// Slope; below 0 where higher scores are likelier.
    pub a: f64,
    /// Offset.
    pub b: f64,
}

impl Platt {
    /// The sigmoid of the least weighted log loss; weights are 1 where none are given. `None` without examples, or when a
    /// score or a weight is no number or the weights sum to 0.
    ///
    /// Newton's method with halved steps (Lin, Lin and Weng 2007, "A note on Platt's probabilistic outputs for support
    /// vector machines").
    ///
    /// # Panics
    ///
    /// When the lengths differ.
    pub fn fit(scores: &[f64], truth: &[bool], weights: Option<&[f64]>) -> Option<Self> {
        assert_eq!(scores.len(), truth.len(), "one score an example");
        assert!(weights.is_none_or(|w| w.len() == scores.len()), "one weight an example");
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let valid = (0..scores.len()).all(|i| scores[i].is_finite() && weight(i).is_finite() && weight(i) >= 0.0);
        let of = |came: bool| (0..truth.len()).filter(|&i| truth[i] == came).map(weight).sum::<f64>();
        let (yes, no) = (of(true), of(false));
        if !valid || yes + no <= 0.0 {
            return None;
        }
        let target = |i: usize| if truth[i] { (yes + 1.0) / (yes + 2.0) } else { 1.0 / (no + 2.0) };
        // The loss with g = a f + b: t g + ln(1 + e^-g).
        let loss = |a: f64, b: f64| -> f64 {
            let one = |i: usize| {
                let g = a * scores[i] + b;
                weight(i) * (target(i) * g + (-g).max(0.0) + (-g.abs()).exp().ln_1p())
            };
            (0..scores.len()).map(one).sum()
        };
        let (mut a, mut b) = (0.0, ((no + 1.0) / (yes + 1.0)).ln());
        let mut at = loss(a, b);
        for _ in 0..100 {
            // A little is added to the diagonal so that equal scores have a step too.
            let (mut aa, mut ab, mut bb, mut da, mut db) = (1e-12, 0.0, 1e-12, 0.0, 0.0);
            for (i, &f) in scores.iter().enumerate() {
                let p = probability(a * f + b);
                let (first, second) = (weight(i) * (target(i) - p), weight(i) * p * (1.0 - p));
                da += first * f;
                db += first;
                aa += second * f * f;
                ab += second * f;
                bb += second;
            }
            let determinant = aa * bb - ab * ab;
            if determinant <= 0.0 || da.hypot(db) < 1e-12 * (yes + no) {
                break;
            }
            let (step_a, step_b) = (-(bb * da - ab * db) / determinant, -(aa * db - ab * da) / determinant);
            let mut size = 1.0;
            while size > 1e-10 && loss(a + size * step_a, b + size * step_b) > at {
                size /= 2.0;
            }
            if size <= 1e-10 {
                break;
            }
            (a, b) = (a + size * step_a, b + size * step_b);
            at = loss(a, b);
        }
        Some(Self { a, b })
    }

    /// The probability of a score.
    pub fn probability(&self, score: f64) -> f64 {
        probability(self.a * score + self.b)
    }
}

fn probability(g: f64) -> f64 {
    1.0 / (1.0 + g.exp())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SCORES: [f64; 10] = [-2.0, -1.5, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5, 3.0];
    const TRUTH: [bool; 10] = [false, false, true, false, false, true, false, true, true, true];

    /// `_SigmoidCalibration().fit` of scikit-learn 1.9, which stops where its search does: hence the tolerance.
    #[test]
    fn sigmoids_are_those_of_scikit_learn() {
        let plain = Platt::fit(&SCORES, &TRUTH, None).unwrap();
        assert!((plain.a + 0.705_841_6).abs() < 1e-5 && (plain.b - 0.064_325_3).abs() < 1e-5, "{plain:?}");
        assert!((plain.probability(-2.0) - 0.186_031_07).abs() < 1e-5);
        let weights = [1.0, 2.0, 1.0, 1.0, 3.0, 1.0, 2.0, 1.0, 1.0, 1.0];
        let weighted = Platt::fit(&SCORES, &TRUTH, Some(&weights)).unwrap();
        assert!((weighted.a + 0.802_095_7).abs() < 1e-5 && (weighted.b - 0.661_583_3).abs() < 1e-5, "{weighted:?}");
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(Platt::fit(&[], &[], None), None);
        assert_eq!(Platt::fit(&[f64::NAN], &[true], None), None);
        assert_eq!(Platt::fit(&[1.0], &[true], Some(&[0.0])), None);
        // One example, or scores that are all equal, give the smoothed rate.
        let one = Platt::fit(&[3.0, 3.0], &[true, true], None).unwrap();
        assert!((one.probability(3.0) - 0.75).abs() < 1e-6);
    }
}
