//! Where a score stands among the scores of a label's positive examples.
//!
//! Everything that the area under the ROC curve, one-versus-one areas and average precision need of an example is its
//! place among the positives: how many score below it, and how many the same. Only the positives are sorted, one label's
//! after the other: of n examples and K labels that are n scores in all and not n K. The place of each of the n K cells is
//! then found through a table of buckets over the bits of the score, in a step or two.

/// The distinct scores of the positives of one label, in ascending order, with the weight that has each.
#[derive(Debug, Clone, Default)]
pub(super) struct Positives {
    /// Distinct scores, ascending.
    scores: Vec<f64>,
    /// The weight of the positives of each score.
    pub at: Vec<f64>,
    /// The weight of the positives of lower scores, and at the end that of all.
    pub below: Vec<f64>,
    /// The first score of each bucket of keys, and at the end their number.
    starts: Vec<u32>,
    first: u64,
    shift: u32,
}

/// The place of a score: 2 i between the scores i - 1 and i of the positives, 2 i + 1 at score i.
pub(super) type Place = u32;

impl Positives {
    /// From (score, weight) of the positives, in any order.
    pub fn new(mut found: Vec<(f64, f64)>) -> Self {
        found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (mut scores, mut at, mut below): (Vec<f64>, Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new(), Vec::new());
        let mut sum = 0.0;
        for (score, weight) in found {
            #[allow(clippy::float_cmp)] // ties are equal scores, to the last bit
            let tied = scores.last() == Some(&score);
            if tied {
                if let Some(at) = at.last_mut() {
                    *at += weight;
                }
            } else {
                scores.push(score);
                at.push(weight);
                below.push(sum);
            }
            sum += weight;
        }
        below.push(sum);
        let mut positives = Self { scores, at, below, ..Self::default() };
        positives.fill_buckets();
        positives
    }

    fn fill_buckets(&mut self) {
        let (Some(&low), Some(&high)) = (self.scores.first(), self.scores.last()) else { return };
        self.first = key(low);
        let span = key(high) - self.first;
        let buckets = (2 * self.scores.len()).next_power_of_two().clamp(16, 1 << 20) as u64;
        while span >> self.shift >= buckets {
            self.shift += 1;
        }
        let last = (span >> self.shift) as usize;
        self.starts = vec![0; last + 2];
        for &score in &self.scores {
            self.starts[((key(score) - self.first) >> self.shift) as usize + 1] += 1;
        }
        for bucket in 1..self.starts.len() {
            self.starts[bucket] += self.starts[bucket - 1];
        }
    }

    /// How many distinct scores there are.
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// The weight of all positives.
    pub fn weight(&self) -> f64 {
        self.below[self.len()]
    }

    /// The place of `score`; there must be a positive.
    #[allow(clippy::float_cmp)]
    pub fn place(&self, score: f64) -> Place {
        let key = key(score);
        let Some(offset) = key.checked_sub(self.first) else { return 0 };
        let bucket = (offset >> self.shift) as usize;
        if bucket + 1 >= self.starts.len() {
            return 2 * self.scores.len() as u32;
        }
        let (start, end) = (self.starts[bucket] as usize, self.starts[bucket + 1] as usize);
        let lower = start + self.scores[start..end].partition_point(|s| *s < score);
        2 * lower as u32 + u32::from(self.scores.get(lower) == Some(&score))
    }

    /// The share of the positives that score above a place, those of its score counting half.
    pub fn share_above(&self) -> Vec<f64> {
        let all = self.weight();
        (0..=2 * self.len())
            .map(|place| {
                let at = place / 2;
                let ties = if place % 2 == 1 { self.at[at] } else { 0.0 };
                (all - self.below[at] - 0.5 * ties) / all
            })
            .collect()
    }

    /// For each distinct score the weight of the other examples below it, those of its score counting half, from the
    /// weight of the others at each place; and the weight of all others.
    pub fn others_below(&self, others: &[f64]) -> (Vec<f64>, f64) {
        let (mut sum, mut below) = (others[0], Vec::with_capacity(self.len()));
        for at in 0..self.len() {
            below.push(sum + 0.5 * others[2 * at + 1]);
            sum += others[2 * at + 1] + others[2 * at + 2];
        }
        (below, sum)
    }
}

/// The bits of a score in an order that is that of the numbers; 0 and -0 alike.
fn key(score: f64) -> u64 {
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// Average precision with what its influences are made of.
///
/// The mean over positives of the precision at their scores (scikit-learn `average_precision_score`). With P(s) and Q(s)
/// the weights of positives, and of all, that score s or more, the influence of an example (y, x) on it is, but for the
/// weight m of all positives,
///
/// y (P(x) / Q(x) + A(x) - AP) - B(x), A(x) = Σ 1 / Q(s), B(x) = Σ P(s) / Q(s)², both over positives of score s up to x:
/// the derivative of AP, a function of the two empirical distributions, towards a mass at (y, x).
#[derive(Debug, Clone, Default)]
pub(super) struct Precision {
    /// The figure.
    pub value: f64,
    /// The influence of a positive at each distinct score, to be multiplied by its weight.
    pub of_positive: Vec<f64>,
    /// The influence of any other example at each place.
    pub of_other: Vec<f64>,
}

impl Precision {
    /// From the weight of the others at each place; `None` without a positive.
    pub fn new(positives: &Positives, others: &[f64]) -> Option<Self> {
        let (len, all) = (positives.len(), positives.weight());
        if len == 0 {
            return None;
        }
        let mut precision = vec![0.0; len];
        let mut scored = vec![0.0; len];
        let mut above = 0.0;
        let mut value = 0.0;
        for at in (0..len).rev() {
            above += others[2 * at + 2] + others[2 * at + 1];
            let found = all - positives.below[at];
            scored[at] = found + above;
            precision[at] = found / scored[at];
            value += positives.at[at] * precision[at];
        }
        value /= all;
        let (mut a, mut b) = (0.0, 0.0);
        let (mut of_positive, mut of_other) = (Vec::with_capacity(len), vec![0.0; 2 * len + 1]);
        for at in 0..len {
            of_other[2 * at] = -b / all;
            a += positives.at[at] / scored[at];
            b += positives.at[at] * precision[at] / scored[at];
            of_other[2 * at + 1] = -b / all;
            of_positive.push((precision[at] + a - b - value) / all);
        }
        of_other[2 * len] = -b / all;
        Some(Self { value, of_positive, of_other })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn places_equal_a_plain_count() {
        let mut rng = Rng::new(3);
        for round in 0..200 {
            let distinct = 1 + rng.below(40);
            let draw = |rng: &mut Rng| match round % 4 {
                0 => rng.below(distinct) as f64 / distinct as f64,
                1 => rng.unit(),
                2 => rng.unit().powi(40),
                _ => [0.0, -0.0, 1.0, 1e-300, -1e-10, 0.5][rng.below(6)],
            };
            let found: Vec<(f64, f64)> = (0..=rng.below(60)).map(|_| (draw(&mut rng), 1.0)).collect();
            let positives = Positives::new(found.clone());
            for _ in 0..80 {
                let score = draw(&mut rng);
                let place = positives.place(score);
                let below = found.iter().filter(|(s, _)| *s < score).count() as f64;
                let ties = found.iter().filter(|(s, _)| *s == score).count() as f64;
                assert_eq!(positives.below[place as usize / 2], below, "{score} {found:?}");
                assert_eq!(if place % 2 == 1 { positives.at[place as usize / 2] } else { 0.0 }, ties);
            }
        }
    }
}
