//! The area under the ROC curve and its variance.
//!
//! DeLong, DeLong and Clarke-Pearson 1988, "Comparing the areas under two or more correlated receiver operating
//! characteristic curves", with the midranks of Sun and Xu 2014, "Fast implementation of DeLong's algorithm": O(n log n).

use super::{Z95, normal_cdf, wilson_effective};

/// An area under the ROC curve with what its variance is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Auc {
    /// The area: the chance that a positive scores above a negative, ties counting half.
    pub value: f64,
    /// DeLong's variance; `None` with fewer than two positives or negatives.
    pub variance: Option<f64>,
    /// Positives.
    pub positives: usize,
    /// Negatives.
    pub negatives: usize,
    /// The influence of each example on the area, in the order given; they sum to 0, and their squares to the
    /// variance but for DeLong's factors m / (m - 1). Sums over clusters, or differences between two scores of the
    /// same examples, have their variance in the same way.
    pub influence: Vec<f64>,
}

/// The area of `scores` for the examples marked `positive`; `None` without a positive or a negative. Scores must be
/// numbers. Panics when the lengths differ.
#[allow(clippy::float_cmp)] // ties are equal scores, to the last bit
pub fn auc(scores: &[f64], positive: &[bool]) -> Option<Auc> {
    assert_eq!(scores.len(), positive.len(), "one mark a score");
    let positives = positive.iter().filter(|&&p| p).count();
    let negatives = positive.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (m, n) = (positives as f64, negatives as f64);
    let mut order: Vec<u32> = (0..scores.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| scores[a as usize].total_cmp(&scores[b as usize]).then(a.cmp(&b)));

    // The placement of a positive is the share of negatives below it, of a negative the share of positives above it;
    // those tied count half.
    let mut placement = vec![0.0; scores.len()];
    let (mut positives_below, mut negatives_below) = (0usize, 0usize);
    let mut at = 0;
    while at < order.len() {
        let score = scores[order[at] as usize];
        let tied = order[at..].iter().take_while(|&&i| scores[i as usize] == score).count();
        let group = &order[at..at + tied];
        let ties = group.iter().filter(|&&i| positive[i as usize]).count();
        for &i in group {
            placement[i as usize] = if positive[i as usize] {
                (negatives_below as f64 + 0.5 * (tied - ties) as f64) / n
            } else {
                1.0 - (positives_below as f64 + 0.5 * ties as f64) / m
            };
        }
        positives_below += ties;
        negatives_below += tied - ties;
        at += tied;
    }

    let of = |wanted: bool| placement.iter().zip(positive).filter(move |&(_, &p)| p == wanted).map(|(v, _)| v);
    let value = of(true).sum::<f64>() / m;
    let squares = |wanted: bool| of(wanted).map(|v| (v - value).powi(2)).sum::<f64>();
    let variance =
        (positives > 1 && negatives > 1).then(|| squares(true) / (m - 1.0) / m + squares(false) / (n - 1.0) / n);
    let influence = placement.iter().zip(positive).map(|(v, &p)| (v - value) / if p { m } else { n }).collect();
    Some(Auc { value, variance, positives, negatives, influence })
}

/// The area and DeLong's 95 % interval (see [`auc_interval`]); `None` without a positive or a negative.
pub fn delong(scores: &[f64], positive: &[bool]) -> Option<(f64, (f64, f64))> {
    let area = auc(scores, positive)?;
    Some((area.value, auc_interval(area.value, area.variance, area.positives.min(area.negatives) as f64)))
}

/// How many trials each of the fewer positives or negatives is worth at most. An area of two normal distributions is
/// worth 1.6 to 2 when there are as many of both, and up to 4 when one kind is far more frequent.
const MOST_WORTH: f64 = 4.0;

/// The share of an example on the wrong side that a sample may well have missed. By simulation (normal scores, and
/// scores of two levels with a few on the wrong side; areas 0.7 to 0.997; 5 to 1,000 of the fewer) this keeps the
/// coverage between 0.93 and 1, where the variance alone went down to 0.43.
const UNSEEN: f64 = 0.4;

/// The 95 % interval of an area of the given variance, where there are `fewer` positives or negatives, whichever are
/// fewer: Wilson's, for as many independent trials as the variance says the area is worth, A (1 - A) / variance. It
/// cannot leave [0, 1] and keeps its coverage for high areas.
///
/// - An area is worth at least `fewer` trials: its variance is at most A (1 - A) / min(m, n) (Birnbaum and Klose 1957,
///   "Bounds for the variance of the Mann-Whitney statistic"). One of 0 or 1, or of no variance, is worth so many.
/// - Areas near 1 hang on a few examples on the wrong side, and a sample in which they are missing has hardly any
///   variance. So the area is taken to be worth four times as many at most, and the variance is raised by the square
///   of a part of what one more such example would cost, A / `fewer`.
///
/// With `fewer` = 0 it is not known, and the variance alone counts; a mean of areas then adds what [`auc_unseen`] says of
/// each to its variance.
pub fn auc_interval(value: f64, variance: Option<f64>, fewer: f64) -> (f64, f64) {
    let spread = value * (1.0 - value);
    let trials = match variance {
        Some(variance) if variance > 1e-24 && spread > 0.0 && fewer > 0.0 => {
            (spread / (variance + auc_unseen(value, fewer))).clamp(fewer, MOST_WORTH * fewer)
        }
        Some(variance) if variance > 1e-24 && spread > 0.0 => spread / variance,
        _ => fewer,
    };
    wilson_effective(value, trials)
}

/// The variance that an example on the wrong side which the sample does not hold adds to an area of `fewer` positives or
/// negatives, whichever are fewer; above 0.
pub fn auc_unseen(value: f64, fewer: f64) -> f64 {
    (UNSEEN * value / fewer).powi(2)
}

/// The same for an average precision of `positives`; above 0. The dearest example that a sample may not hold is a
/// negative above all positives: it lowers the precision at the k-th of them from 1 to k / (k + 1), and their mean by
/// Σ 1 / (k + 1) / `positives`.
pub fn precision_unseen(value: f64, positives: f64) -> f64 {
    // Σ 1 / (k + 1) for k = 1 to m is about ln m less 0.42; a positive below all negatives costs 1 / m.
    let dearest = (positives.max(1.0).ln() - 0.42).max(1.0);
    (UNSEEN * value * dearest / positives).powi(2)
}

/// The difference of two areas of the same examples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AucDifference {
    /// B less A.
    pub value: f64,
    /// DeLong's variance of the difference.
    pub variance: f64,
    /// The 95 % interval, normal.
    pub interval: (f64, f64),
    /// The two-sided p-value that the areas are equal.
    pub p: f64,
}

/// The area of scores `b` less that of scores `a` for the same examples, with DeLong's variance of the difference.
/// `None` with fewer than two positives or negatives. Panics when the lengths differ.
pub fn auc_difference(a: &[f64], b: &[f64], positive: &[bool]) -> Option<AucDifference> {
    let (a, b) = (auc(a, positive)?, auc(b, positive)?);
    let (m, n) = (a.positives as f64, a.negatives as f64);
    if m < 2.0 || n < 2.0 {
        return None;
    }
    let value = b.value - a.value;
    // An influence is a placement less the area over its number: squares of their differences make the variance.
    let squares = |wanted: bool| {
        let both = a.influence.iter().zip(&b.influence).zip(positive);
        both.filter(|&(_, &p)| p == wanted).map(|((x, y), _)| (y - x).powi(2)).sum::<f64>()
    };
    let variance = squares(true) * m / (m - 1.0) + squares(false) * n / (n - 1.0);
    let error = variance.sqrt();
    let p = if error > 0.0 {
        (2.0 * normal_cdf(-value.abs() / error)).min(1.0)
    } else {
        f64::from(u8::from(value.abs() < 1e-15))
    };
    Some(AucDifference { value, variance, interval: (value - Z95 * error, value + Z95 * error), p })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::Rng;

    /// The definition: all pairs.
    fn slow(scores: &[f64], positive: &[bool]) -> (f64, f64) {
        let pick =
            |wanted| -> Vec<f64> { scores.iter().zip(positive).filter(|p| *p.1 == wanted).map(|p| *p.0).collect() };
        let (xs, ys) = (pick(true), pick(false));
        let kernel = |x: f64, y: f64| {
            if x > y {
                1.0
            } else if x == y {
                0.5
            } else {
                0.0
            }
        };
        let (m, n) = (xs.len() as f64, ys.len() as f64);
        let v10: Vec<f64> = xs.iter().map(|&x| ys.iter().map(|&y| kernel(x, y)).sum::<f64>() / n).collect();
        let v01: Vec<f64> = ys.iter().map(|&y| xs.iter().map(|&x| kernel(x, y)).sum::<f64>() / m).collect();
        let a = v10.iter().sum::<f64>() / m;
        let s = |v: &[f64]| v.iter().map(|x| (x - a).powi(2)).sum::<f64>() / (v.len() as f64 - 1.0);
        (a, s(&v10) / m + s(&v01) / n)
    }

    #[test]
    fn midranks_equal_all_pairs() {
        let mut rng = Rng::new(5);
        for _ in 0..20 {
            let n = 20 + rng.below(60);
            // Few distinct scores, so that ties are many.
            let scores: Vec<f64> = (0..n).map(|_| rng.below(12) as f64 / 12.0).collect();
            let positive: Vec<bool> = (0..n).map(|i| i < 3 || (i > 5 && rng.below(3) == 0)).collect();
            let (value, variance) = slow(&scores, &positive);
            let area = auc(&scores, &positive).unwrap();
            assert!((area.value - value).abs() < 1e-12);
            assert!((area.variance.unwrap() - variance).abs() < 1e-12);
            assert!(area.influence.iter().sum::<f64>().abs() < 1e-12);
            let (low, high) = delong(&scores, &positive).unwrap().1;
            assert!(0.0 <= low && low <= value && value <= high && high <= 1.0);
        }
    }

    #[test]
    fn a_difference_has_the_variance_of_all_pairs() {
        let mut rng = Rng::new(8);
        for _ in 0..20 {
            let n = 20 + rng.below(40);
            let positive: Vec<bool> = (0..n).map(|i| i < 3 || (i > 5 && rng.below(3) == 0)).collect();
            let draw = |rng: &mut Rng| -> Vec<f64> { (0..n).map(|_| rng.below(12) as f64 / 12.0).collect() };
            let (a, b) = (draw(&mut rng), draw(&mut rng));
            let found = auc_difference(&a, &b, &positive).unwrap();
            // Var(A) + Var(B) - 2 Cov(A, B), the covariance from the sum of the placements.
            let placements = |scores: &[f64], wanted: bool| -> Vec<f64> {
                let of = |i: usize, j: usize| {
                    let (x, y) = if wanted { (scores[i], scores[j]) } else { (scores[j], scores[i]) };
                    if x > y { 1.0 } else { 0.5 * f64::from(u8::from(x == y)) }
                };
                let others: Vec<usize> = (0..n).filter(|&j| positive[j] != wanted).collect();
                let mine = (0..n).filter(|&i| positive[i] == wanted);
                mine.map(|i| others.iter().map(|&j| of(i, j)).sum::<f64>() / others.len() as f64).collect()
            };
            let variance: f64 = [true, false]
                .map(|wanted| {
                    let gaps: Vec<f64> =
                        placements(&b, wanted).iter().zip(placements(&a, wanted)).map(|(b, a)| b - a).collect();
                    let m = gaps.len() as f64;
                    let mean = gaps.iter().sum::<f64>() / m;
                    gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / (m - 1.0) / m
                })
                .iter()
                .sum();
            assert!((found.variance - variance).abs() < 1e-12);
            assert_eq!(auc_difference(&a, &a, &positive).unwrap().p, 1.0);
        }
        assert_eq!(auc_difference(&[0.1, 0.2, 0.3], &[0.1, 0.2, 0.3], &[true, false, false]), None);
    }

    #[test]
    fn an_area_is_worth_one_to_four_times_the_fewer() {
        assert_eq!(auc_interval(0.9, Some(1.0), 30.0), wilson_effective(0.9, 30.0));
        let (low, high) = auc_interval(0.9, Some(1e-12), 1e6);
        let (expected_low, expected_high) = wilson_effective(0.9, 4e6);
        assert!((low - expected_low).abs() < 1e-12 && (high - expected_high).abs() < 1e-12);
        assert_eq!(auc_interval(0.9, Some(0.001), 0.0), wilson_effective(0.9, 0.9 * (1.0 - 0.9) / 0.001));
        assert_eq!(auc_interval(1.0, None, 1.0), wilson_effective(1.0, 1.0));
    }

    #[test]
    fn perfect_and_empty() {
        let (value, (low, high)) = delong(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true]).unwrap();
        assert_eq!((value, high), (1.0, 1.0));
        assert!((low - 0.342).abs() < 1e-3, "{low}");
        assert_eq!(delong(&[0.1, 0.2], &[true, true]), None);
        assert_eq!(auc(&[], &[]), None);
    }
}
