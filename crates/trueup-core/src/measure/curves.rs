//! Curves over all thresholds: ROC, precision and recall, detection errors, reliability, risk and coverage.
//!
//! Each is exact: a point for every distinct score, with scikit-learn's conventions for thresholds and for the points at
//! the ends. [`thin`] brings one down to what a picture needs.
//!
//! # Example
//!
//! ```
//! use trueup_core::measure::curves::Sweep;
//!
//! let sweep = Sweep::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true], None);
//! let roc = sweep.roc(false).expect("both kinds occur");
//! assert_eq!(roc.false_positive_rate, [0.0, 0.0, 0.5, 0.5, 1.0]);
//! assert_eq!(roc.true_positive_rate, [0.0, 0.5, 0.5, 1.0, 1.0]);
//! assert_eq!(roc.area(), 0.75);
//! ```

/// What lies at or above each distinct score (scikit-learn `confusion_matrix_at_thresholds`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sweep {
    /// Distinct scores, descending.
    pub thresholds: Vec<f64>,
    /// The weight of positives that score at least as much.
    pub true_positives: Vec<f64>,
    /// The weight of negatives that score at least as much.
    pub false_positives: Vec<f64>,
}

/// A ROC curve (scikit-learn `roc_curve`).
#[derive(Debug, Clone, PartialEq)]
pub struct Roc {
    /// FP / negatives, rising from 0 to 1.
    pub false_positive_rate: Vec<f64>,
    /// TP / positives, rising from 0 to 1.
    pub true_positive_rate: Vec<f64>,
    /// The score from which on an example is answered positive; infinite at first.
    pub thresholds: Vec<f64>,
}

/// Precision against recall (scikit-learn `precision_recall_curve`).
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecall {
    /// TP / (TP + FP); 1 at the last point, which has no threshold.
    pub precision: Vec<f64>,
    /// TP / positives, falling to 0 at the last point.
    pub recall: Vec<f64>,
    /// The score from which on an example is answered positive, ascending; one fewer than points.
    pub thresholds: Vec<f64>,
}

/// The two error rates against each other (scikit-learn `det_curve`; Martin and others 1997, "The DET curve in assessment
/// of detection task performance").
#[derive(Debug, Clone, PartialEq)]
pub struct Det {
    /// FP / negatives, falling to 0.
    pub false_positive_rate: Vec<f64>,
    /// FN / positives, rising from 0.
    pub false_negative_rate: Vec<f64>,
    /// The score from which on an example is answered positive, ascending.
    pub thresholds: Vec<f64>,
}

impl Sweep {
    /// Sorts `scores`, one an example, with its mark and its weight. Scores must be numbers. Panics when the lengths differ.
    pub fn new(scores: &[f64], positive: &[bool], weights: Option<&[f64]>) -> Self {
        assert_eq!(scores.len(), positive.len(), "one mark a score");
        let mut order: Vec<u32> = (0..scores.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b)));
        let mut sweep = Self::default();
        let (mut found, mut wrong) = (0.0, 0.0);
        #[allow(clippy::float_cmp)] // ties are equal scores, to the last bit
        for group in order.chunk_by(|&a, &b| scores[a as usize] == scores[b as usize]) {
            for &row in group {
                let weight = weights.map_or(1.0, |w| w[row as usize]);
                *(if positive[row as usize] { &mut found } else { &mut wrong }) += weight;
            }
            sweep.thresholds.push(scores[group[0] as usize]);
            sweep.true_positives.push(found);
            sweep.false_positives.push(wrong);
        }
        sweep
    }

    /// The weight of all positives, and of all negatives.
    pub fn totals(&self) -> (f64, f64) {
        let last = |counts: &[f64]| counts.last().copied().unwrap_or(0.0);
        (last(&self.true_positives), last(&self.false_positives))
    }

    /// The ROC curve from (0, 0) at an infinite threshold; `None` without a positive or a negative. With
    /// `drop_intermediate`, as scikit-learn does by default, points on a straight line between others are left out.
    pub fn roc(&self, drop_intermediate: bool) -> Option<Roc> {
        let (positives, negatives) = self.totals();
        if positives <= 0.0 || negatives <= 0.0 {
            return None;
        }
        let second = |c: &[f64], i: usize| (c[i + 1] - c[i]) - (c[i] - c[i - 1]) != 0.0;
        let corner = |i: usize| second(&self.false_positives, i) || second(&self.true_positives, i);
        let kept = self.kept(drop_intermediate, corner);
        let rate = |counts: &[f64], all: f64| start(0.0, kept.iter().map(|&i| counts[i] / all));
        Some(Roc {
            false_positive_rate: rate(&self.false_positives, negatives),
            true_positive_rate: rate(&self.true_positives, positives),
            thresholds: start(f64::INFINITY, kept.iter().map(|&i| self.thresholds[i])),
        })
    }

    /// Precision and recall by rising threshold; `None` without a positive. With `drop_intermediate` the first and last
    /// point of each recall alone are kept.
    pub fn precision_recall(&self, drop_intermediate: bool) -> Option<PrecisionRecall> {
        let (positives, _) = self.totals();
        if positives <= 0.0 {
            return None;
        }
        let kept = self.kept(drop_intermediate, |i| step(&self.true_positives, i));
        let mut points: Vec<(f64, f64)> = kept
            .iter()
            .rev()
            .map(|&i| {
                let found = self.true_positives[i];
                (found / (found + self.false_positives[i]), found / positives)
            })
            .collect();
        points.push((1.0, 0.0));
        let (precision, recall) = points.into_iter().unzip();
        Some(PrecisionRecall {
            precision,
            recall,
            thresholds: kept.iter().rev().map(|&i| self.thresholds[i]).collect(),
        })
    }

    /// False positives against false negatives, from the last threshold without false positives to the first without false
    /// negatives, in reverse; `None` without a positive or a negative. With `drop_intermediate` the first and last point of
    /// each false negative rate alone are kept.
    #[allow(clippy::float_cmp)] // sums that did not change are equal to the last bit
    pub fn det(&self, drop_intermediate: bool) -> Option<Det> {
        let (positives, negatives) = self.totals();
        if positives <= 0.0 || negatives <= 0.0 {
            return None;
        }
        let full = Self {
            thresholds: start(f64::INFINITY, self.thresholds.iter().copied()),
            true_positives: start(0.0, self.true_positives.iter().copied()),
            false_positives: start(0.0, self.false_positives.iter().copied()),
        };
        let kept = full.kept(drop_intermediate, |i| step(&full.true_positives, i));
        let first = kept.iter().rposition(|&i| full.false_positives[i] == 0.0).unwrap_or(0);
        let last = kept.iter().position(|&i| full.true_positives[i] == positives).unwrap_or(kept.len() - 1);
        // With ties at the top both ends may be the same point.
        let range = || kept[first..=last.max(first)].iter().rev();
        Some(Det {
            false_positive_rate: range().map(|&i| full.false_positives[i] / negatives).collect(),
            false_negative_rate: range().map(|&i| (positives - full.true_positives[i]) / positives).collect(),
            thresholds: range().map(|&i| full.thresholds[i]).collect(),
        })
    }

    /// The points to keep: all, or the ends and those that `wanted` says.
    fn kept(&self, drop: bool, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        let len = self.thresholds.len();
        (0..len).filter(|&i| !drop || len <= 2 || i == 0 || i == len - 1 || wanted(i)).collect()
    }
}

/// Whether a count changes to, or from, point `i`.
#[allow(clippy::float_cmp)]
fn step(counts: &[f64], i: usize) -> bool {
    counts[i] != counts[i - 1] || counts[i + 1] != counts[i]
}

fn start(first: f64, rest: impl Iterator<Item = f64>) -> Vec<f64> {
    std::iter::once(first).chain(rest).collect()
}

impl Roc {
    /// The area under the curve, by trapezoids.
    pub fn area(&self) -> f64 {
        let points = self.false_positive_rate.windows(2).zip(self.true_positive_rate.windows(2));
        points.map(|(x, y)| (x[1] - x[0]) * (y[0] + y[1]) / 2.0).sum()
    }

    /// The area up to the false positive rate `most`, in (0, 1], the last point being interpolated: 0 to `most`.
    pub fn area_up_to(&self, most: f64) -> f64 {
        let mut area = 0.0;
        for (x, y) in self.false_positive_rate.windows(2).zip(self.true_positive_rate.windows(2)) {
            if x[0] >= most {
                break;
            }
            let end = x[1].min(most);
            let height = if x[1] > x[0] { y[0] + (y[1] - y[0]) * (end - x[0]) / (x[1] - x[0]) } else { y[1] };
            area += (end - x[0]) * (y[0] + height) / 2.0;
        }
        area
    }
}

/// How bins of confidence are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bins {
    /// Of equal width, open below and closed above; the first holds 0 too.
    EqualWidth,
    /// Of as many examples each: an example is in the bin of its rank from the least confident, tied ones in that of their
    /// middle rank.
    EqualMass,
}

/// One bin of a reliability curve.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ReliabilityBin {
    /// The weight of the examples in it.
    pub weight: f64,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of them that is right.
    pub accuracy: f64,
}

/// Confidence against the share of right answers (Guo and others 2017, "On calibration of modern neural networks";
/// scikit-learn `calibration_curve`, whose bins are closed below): the bins that hold an example, of `count`, by rising
/// confidence.
pub fn reliability(
    confidence: &[f64],
    right: &[bool],
    weights: Option<&[f64]>,
    count: usize,
    bins: Bins,
) -> Vec<ReliabilityBin> {
    assert_eq!(confidence.len(), right.len(), "one mark a confidence");
    let mut found = vec![ReliabilityBin::default(); count];
    for (row, bin) in bins_of(confidence, weights, count, bins).into_iter().enumerate() {
        let (bin, weight) = (&mut found[bin as usize], weights.map_or(1.0, |w| w[row]));
        bin.weight += weight;
        bin.confidence += weight * confidence[row];
        bin.accuracy += if right[row] { weight } else { 0.0 };
    }
    found.retain(|bin| bin.weight > 0.0);
    for bin in &mut found {
        bin.confidence /= bin.weight;
        bin.accuracy /= bin.weight;
    }
    found
}

/// The bin of each confidence in [0, 1], of `count`.
pub(crate) fn bins_of(confidence: &[f64], weights: Option<&[f64]>, count: usize, bins: Bins) -> Vec<u32> {
    if bins == Bins::EqualWidth {
        let bin = |confidence: &f64| ((confidence * count as f64).ceil() as usize).clamp(1, count) as u32 - 1;
        return confidence.iter().map(bin).collect();
    }
    let weight = |row: u32| weights.map_or(1.0, |w| w[row as usize]);
    let mut order: Vec<u32> = (0..confidence.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| confidence[a as usize].total_cmp(&confidence[b as usize]).then(a.cmp(&b)));
    let all: f64 = (0..confidence.len() as u32).map(weight).sum();
    let mut of = vec![0; confidence.len()];
    let mut below = 0.0;
    #[allow(clippy::float_cmp)] // ties are equal confidences, to the last bit
    for group in order.chunk_by(|&a, &b| confidence[a as usize] == confidence[b as usize]) {
        let here: f64 = group.iter().map(|&row| weight(row)).sum();
        // A rank on the border of two bins is in the upper, whatever the rounding of weights.
        let bin = ((below + 0.5 * here) / all * count as f64 + 1e-9) as usize;
        group.iter().for_each(|&row| of[row as usize] = bin.min(count - 1) as u32);
        below += here;
    }
    of
}

/// The error rate among the most confident answers, by their share (El-Yaniv and Wiener 2010, "On the foundations of
/// noise-free selective classification").
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RiskCoverage {
    /// The share of the examples that are at least as confident as the threshold, rising to 1.
    pub coverage: Vec<f64>,
    /// The share of those that are wrong.
    pub risk: Vec<f64>,
    /// Distinct confidences, descending.
    pub thresholds: Vec<f64>,
}

/// The curve of risk and coverage of answers that are `right` or not; empty without examples.
pub fn risk_coverage(confidence: &[f64], right: &[bool], weights: Option<&[f64]>) -> RiskCoverage {
    let sweep = Sweep::new(confidence, right, weights);
    let (found, wrong) = sweep.totals();
    let counts = || sweep.true_positives.iter().zip(&sweep.false_positives);
    RiskCoverage {
        coverage: counts().map(|(right, not)| (right + not) / (found + wrong)).collect(),
        risk: counts().map(|(right, not)| not / (right + not)).collect(),
        thresholds: sweep.thresholds,
    }
}

/// The numbers of the points to show when there shall be at most `most`, of a curve through (x, y): the ends, and points
/// that lie about evenly along its length, both axes counting by their ranges. Two at the least; all when `most` suffices.
pub fn thin(x: &[f64], y: &[f64], most: usize) -> Vec<usize> {
    assert_eq!(x.len(), y.len(), "points have two numbers");
    if x.len() <= most.max(2) {
        return (0..x.len()).collect();
    }
    let range = |values: &[f64]| {
        let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
        if high > low { high - low } else { 1.0 }
    };
    let (wide, high) = (range(x), range(y));
    let step = |i: usize| ((x[i] - x[i - 1]) / wide).abs() + ((y[i] - y[i - 1]) / high).abs();
    let length: f64 = (1..x.len()).map(step).sum();
    let (mut kept, mut walked) = (vec![0], 0.0);
    let steps = (most.max(2) - 1) as f64;
    for i in 1..x.len() - 1 {
        walked += step(i);
        if kept.len() + 1 < most && walked >= length * kept.len() as f64 / steps {
            kept.push(i);
        }
    }
    kept.push(x.len() - 1);
    kept
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn curves_without_both_kinds_have_no_points() {
        let sweep = Sweep::new(&[0.2, 0.7], &[true, true], None);
        assert!(sweep.roc(true).is_none() && sweep.det(false).is_none() && sweep.precision_recall(false).is_some());
        let empty = Sweep::new(&[], &[], None);
        assert!(empty.roc(true).is_none() && empty.precision_recall(true).is_none());
        assert!(risk_coverage(&[], &[], None).coverage.is_empty());
        assert!(reliability(&[], &[], None, 15, Bins::EqualMass).is_empty());
    }

    #[test]
    fn thinning_keeps_the_ends_and_the_shape() {
        let mut rng = Rng::new(1);
        let scores: Vec<f64> = (0..5_000).map(|_| rng.unit()).collect();
        let positive: Vec<bool> = scores.iter().map(|s| rng.unit() < *s).collect();
        let roc = Sweep::new(&scores, &positive, None).roc(false).unwrap();
        let kept = thin(&roc.false_positive_rate, &roc.true_positive_rate, 100);
        assert!(kept.len() <= 100 && kept.len() > 90, "{}", kept.len());
        assert!(kept.windows(2).all(|w| w[0] < w[1]) && kept[0] == 0);
        assert_eq!(*kept.last().unwrap(), roc.thresholds.len() - 1);
        let pick = |v: &[f64]| kept.iter().map(|&i| v[i]).collect::<Vec<_>>();
        let thinned = Roc {
            false_positive_rate: pick(&roc.false_positive_rate),
            true_positive_rate: pick(&roc.true_positive_rate),
            thresholds: pick(&roc.thresholds),
        };
        assert!((thinned.area() - roc.area()).abs() < 2e-3);
        assert_eq!(thin(&[0.0, 1.0], &[0.0, 1.0], 1), [0, 1]);
    }

    #[test]
    fn bins_of_equal_mass_share_the_examples() {
        let mut rng = Rng::new(2);
        let confidence: Vec<f64> = (0..1_500).map(|_| rng.unit().sqrt()).collect();
        let right: Vec<bool> = confidence.iter().map(|c| rng.unit() < *c).collect();
        let bins = reliability(&confidence, &right, None, 15, Bins::EqualMass);
        assert!(bins.len() == 15 && bins.iter().all(|bin| bin.weight == 100.0));
        // Ties stay together.
        let level = reliability(&[0.5; 40], &[true; 40], None, 15, Bins::EqualMass);
        assert_eq!(level, [ReliabilityBin { weight: 40.0, confidence: 0.5, accuracy: 1.0 }]);
    }
}
