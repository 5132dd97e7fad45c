//! Answers of least expected cost.

use serde::{Deserialize, Serialize};
use trueup_core::LabelId;

/// What mistakes about each label cost: of missing one gold of it, and of a false alarm of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// (miss, false alarm) of each label, each 0 or more; `None` where nothing is stated.
    of: Vec<Option<(f64, f64)>>,
}

impl Costs {
    /// From the costs of each label.
    pub fn new(of: Vec<Option<(f64, f64)>>) -> Self {
        Self { of }
    }

    /// How many labels it knows.
    pub(super) fn len(&self) -> usize {
        self.of.len()
    }

    /// The label of least expected cost under the probabilities of a row, which sum to 1 (Elkan 2001, "The foundations of
    /// cost-sensitive learning"): answering `l` costs the misses of all others, each by its probability, and the false
    /// alarm of `l` where it is wrong. Of equal costs the likelier one.
    pub fn cheapest(&self, row: &[f64]) -> LabelId {
        let cost = |label: usize| self.of.get(label).copied().flatten().unwrap_or((0.0, 0.0));
        let missed: f64 = row.iter().enumerate().map(|(label, p)| p * cost(label).0).sum();
        let mut best: Option<(LabelId, f64, f64)> = None;
        for (label, &p) in row.iter().enumerate() {
            let (miss, alarm) = cost(label);
            let expected = missed - p * miss + (1.0 - p) * alarm;
            // Sums of another order differ in their last digits.
            let tied = |least: f64| (expected - least).abs() <= 1e-12 * (1.0 + least.abs());
            if best.is_none_or(|(_, least, likely)| if tied(least) { p > likely } else { expected < least }) {
                best = Some((label as LabelId, expected, p));
            }
        }
        best.map_or(0, |(label, ..)| label)
    }

    /// From which probability on answering `label` costs less than not answering it, where labels are answered apart; 0.5
    /// where no cost is stated.
    pub fn threshold(&self, label: LabelId) -> f64 {
        match self.of.get(label as usize).copied().flatten() {
            Some((miss, alarm)) if miss + alarm > 0.0 => alarm / (miss + alarm),
            _ => 0.5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_is_that_of_all_costs_by_hand() {
        let costs = Costs::new(vec![None, Some((50.0, 1.0))]);
        // Missing costs 50 p, a false alarm 1 - p: from 1/51 on the label is answered.
        assert_eq!(costs.cheapest(&[0.981, 0.019]), 0);
        assert_eq!(costs.cheapest(&[0.98, 0.02]), 1);
        assert!((costs.threshold(1) - 1.0 / 51.0).abs() < 1e-12);
        // Nothing costs anything: the likeliest.
        assert_eq!(Costs::new(vec![None, None]).cheapest(&[0.3, 0.7]), 1);
    }
}
