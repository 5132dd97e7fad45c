//! The area under the ROC curve and its variance.
//!
//! DeLong, DeLong and Clarke-Pearson 1988, "Comparing the areas under two or more correlated receiver operating
//! characteristic curves", with the midranks of Sun and Xu 2014, "Fast implementation of DeLong's algorithm": O(n log n).

use super::{Z95, wilson_effective};

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

/// The 95 % interval of an area of the given variance, made on the logit scale, where it cannot leave [0, 1] and keeps
/// its coverage for high areas (Pepe 2003, "The statistical evaluation of medical tests", section 5.2).
///
/// An area of 0 or 1, or one of no variance, has Wilson's interval for as many trials as there are positives or
/// negatives, whichever are `fewer`: the variance of an area is at most A (1 - A) / min(m, n) (Birnbaum and Klose
/// 1957, "Bounds for the variance of the Mann-Whitney statistic").
pub fn auc_interval(value: f64, variance: Option<f64>, fewer: f64) -> (f64, f64) {
    let spread = value * (1.0 - value);
    match variance {
        Some(variance) if variance > 1e-24 && spread > 0.0 => {
            let logit = (value / (1.0 - value)).ln();
            let half = Z95 * variance.sqrt() / spread;
            let expit = |x: f64| 1.0 / (1.0 + (-x).exp());
            (expit(logit - half).min(value), expit(logit + half).max(value))
        }
        _ => wilson_effective(value, fewer),
    }
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
    fn perfect_and_empty() {
        let (value, (low, high)) = delong(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true]).unwrap();
        assert_eq!((value, high), (1.0, 1.0));
        assert!((low - 0.342).abs() < 1e-3, "{low}");
        assert_eq!(delong(&[0.1, 0.2], &[true, true]), None);
        assert_eq!(auc(&[], &[]), None);
    }
}
