//! Isotonic regression: any rising curve from scores to probabilities.

use serde::{Deserialize, Serialize};

/// A rising curve through points, straight between them and level beyond the outermost.
///
/// Zadrozny and Elkan 2002, "Transforming classifier scores into accurate multiclass probability estimates"; the curve of
/// the least weighted squares, by joining neighbours that fall (Ayer, Brunk, Ewing, Reid and Silverman 1955). Equal
/// scores are one point with the mean of their truths. As scikit-learn's
/// `IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Isotonic {
    /// Scores of the points, rising.
    scores: Vec<f64>,
    /// Their probabilities in [0, 1], never falling.
    probabilities: Vec<f64>,
}

/// Neighbouring scores at one height.
struct Level {
    first: f64,
    last: f64,
    sum: f64,
    weight: f64,
}

impl Isotonic {
    /// The curve of the least squares; weights are 1 where none are given, and examples of weight 0 are left out. `None` when
    /// no example is left, or when a score or a weight is no number or a weight is below 0.
    ///
    /// # Panics
    ///
    /// When the lengths differ.
    pub fn fit(scores: &[f64], truth: &[bool], weights: Option<&[f64]>) -> Option<Self> {
        assert_eq!(scores.len(), truth.len(), "one score an example");
        assert!(weights.is_none_or(|w| w.len() == scores.len()), "one weight an example");
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        if (0..scores.len()).any(|i| !scores[i].is_finite() || !weight(i).is_finite() || weight(i) < 0.0) {
            return None;
        }
        let mut order: Vec<usize> = (0..scores.len()).filter(|&i| weight(i) > 0.0).collect();
        order.sort_by(|&i, &j| scores[i].total_cmp(&scores[j]));
        let same = order.chunk_by(|&i, &j| scores[i] <= scores[j] && scores[j] <= scores[i]);
        let mut levels: Vec<Level> = Vec::new();
        for ties in same {
            let score = scores[ties[0]];
            let total: f64 = ties.iter().map(|&i| weight(i)).sum();
            let sum = ties.iter().filter(|&&i| truth[i]).map(|&i| weight(i)).sum();
            levels.push(Level { first: score, last: score, sum, weight: total });
            while let [.., left, right] = &levels[..] {
                if left.sum * right.weight < right.sum * left.weight {
                    break;
                }
                let joined = Level {
                    first: left.first,
                    last: right.last,
                    sum: left.sum + right.sum,
                    weight: left.weight + right.weight,
                };
                levels.truncate(levels.len() - 2);
                levels.push(joined);
            }
        }
        let mut curve = Self { scores: Vec::new(), probabilities: Vec::new() };
        for level in &levels {
            let p = level.sum / level.weight;
            curve.scores.push(level.first);
            curve.probabilities.push(p);
            if level.last > level.first {
                curve.scores.push(level.last);
                curve.probabilities.push(p);
            }
        }
        (!levels.is_empty()).then_some(curve)
    }

    /// Whether it is a curve at all: one that was read from a file may not be.
    pub fn is_sound(&self) -> bool {
        !self.scores.is_empty() && self.scores.len() == self.probabilities.len()
    }

    /// The probability of a score, in [0, 1].
    pub fn probability(&self, score: f64) -> f64 {
        let (x, y) = (&self.scores, &self.probabilities);
        let above = x.partition_point(|&s| s <= score);
        match above {
            0 => y[0],
            _ if above == x.len() => y[above - 1],
            _ => {
                let share = (score - x[above - 1]) / (x[above] - x[above - 1]);
                y[above - 1] + share * (y[above] - y[above - 1])
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SCORES: [f64; 10] = [-2.0, -1.5, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5, 3.0];
    const TRUTH: [bool; 10] = [false, false, true, false, false, true, false, true, true, true];

    /// `IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")` of scikit-learn 1.9.
    #[test]
    fn curves_are_those_of_scikit_learn() {
        let curve = Isotonic::fit(&SCORES, &TRUTH, None).unwrap();
        let wanted = [0.0, 0.0, 0.2, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.4, 0.5, 0.5, 0.9, 1.0, 1.0];
        for (score, wanted) in [-3.0, -2.0, -1.2, -1.0, -0.4, 0.0, 0.1, 0.3, 0.5, 0.9, 2.0, 5.0].into_iter().zip(wanted)
        {
            assert!((curve.probability(score) - wanted).abs() < 1e-9, "{score}: {} {wanted}", curve.probability(score));
        }
        // Equal scores.
        let ties = Isotonic::fit(&[1.0, 1.0, 2.0, 2.0, 3.0], &[false, true, true, false, true], None).unwrap();
        let found = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0].map(|s| ties.probability(s));
        assert!(found.iter().zip([0.5, 0.5, 0.5, 0.5, 0.75, 1.0]).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
    }

    #[test]
    fn a_weight_is_a_number_of_examples() {
        let weights = [2.0, 0.0, 1.0, 3.0, 1.0, 1.0, 2.0, 0.0, 1.0, 1.0];
        let (mut scores, mut truth) = (Vec::new(), Vec::new());
        for i in 0..10 {
            for _ in 0..weights[i] as usize {
                scores.push(SCORES[i]);
                truth.push(TRUTH[i]);
            }
        }
        assert_eq!(Isotonic::fit(&SCORES, &TRUTH, Some(&weights)), Isotonic::fit(&scores, &truth, None));
        assert_eq!(Isotonic::fit(&[], &[], None), None);
        assert_eq!(Isotonic::fit(&[f64::INFINITY], &[true], None), None);
    }
}
