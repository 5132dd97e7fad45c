//! Coefficients of a whole confusion matrix: Matthews' correlation and Cohen's kappa, plain and weighted by distance.

use crate::counts::WeightedTally;

/// A coefficient of the counts of all labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coefficient {
    /// Matthews' correlation coefficient of many labels (Gorodkin 2004, "Comparing two K-category assignments by a
    /// K-category correlation coefficient").
    Matthews,
    /// Cohen's kappa (Cohen 1960, "A coefficient of agreement for nominal scales").
    Kappa,
    /// Cohen's kappa of labels in order, a disagreement weighing as many steps as it goes (Cohen 1968, "Weighted kappa").
    KappaLinear,
    /// The same with the squares of the steps.
    KappaQuadratic,
}

/// Sums of the margins of a confusion matrix.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Margins {
    examples: f64,
    right: f64,
    /// Σ gold².
    gold: f64,
    /// Σ predicted².
    predicted: f64,
    /// Σ gold x predicted.
    both: f64,
}

impl Margins {
    pub fn new(tallies: &[WeightedTally]) -> Self {
        let mut margins = Self::default();
        tallies.iter().for_each(|tally| margins.add(tally, 1.0));
        margins
    }

    /// Adds (`sign` 1) or takes away (-1) the share of one label.
    pub fn add(&mut self, tally: &WeightedTally, sign: f64) {
        let (gold, predicted) = (tally.support(), tally.predicted());
        self.examples += sign * gold;
        self.right += sign * tally.tp;
        self.gold += sign * gold * gold;
        self.predicted += sign * predicted * predicted;
        self.both += sign * gold * predicted;
    }

    /// The share of right answers that chance alone would give.
    pub fn by_chance(&self) -> f64 {
        self.both / (self.examples * self.examples)
    }

    /// NaN for 0/0: all gold and all predictions (Matthews: or either) of one label.
    pub fn coefficient(&self, coefficient: Coefficient) -> f64 {
        let n = self.examples;
        let above = self.right * n - self.both;
        let below = match coefficient {
            Coefficient::Matthews => (rest(n * n, self.gold) * rest(n * n, self.predicted)).sqrt(),
            _ => rest(n * n, self.both),
        };
        if below > 0.0 { above / below } else { f64::NAN }
    }
}

/// What is left of `whole`: nothing where that is no more than the rounding of sums of weights.
fn rest(whole: f64, part: f64) -> f64 {
    let rest = whole - part;
    if rest > 1e-13 * whole { rest } else { 0.0 }
}

/// The steps between two labels, whole and squared.
pub(super) fn steps(gold: u32, predicted: u32) -> [f64; 3] {
    let steps = f64::from(gold.abs_diff(predicted));
    [steps, steps * steps, 0.0]
}

/// The mean steps, or squares of steps, between the gold label of one example and the prediction of another, which chance
/// would give, times the number of examples squared.
fn expected_steps(tallies: &[WeightedTally], squared: bool) -> f64 {
    if squared {
        // Σ (i - j)² g_i p_j = Σ i² g_i Σ p - 2 Σ i g_i Σ j p_j + Σ g Σ j² p_j.
        let mut moments = [[0.0; 3]; 2];
        for (at, tally) in tallies.iter().enumerate() {
            let at = at as f64;
            for (moments, count) in moments.iter_mut().zip([tally.support(), tally.predicted()]) {
                moments[0] += count;
                moments[1] += at * count;
                moments[2] += at * at * count;
            }
        }
        let [g, p] = moments;
        return g[2] * p[0] - 2.0 * g[1] * p[1] + g[0] * p[2];
    }
    // A pair of labels lies on both sides of as many borders as there are steps between them.
    let (gold, predicted): (f64, f64) = tallies.iter().map(|t| (t.support(), t.predicted())).fold((0.0, 0.0), plus);
    let (mut gold_below, mut predicted_below, mut sum) = (0.0, 0.0, 0.0);
    for tally in tallies {
        gold_below += tally.support();
        predicted_below += tally.predicted();
        sum += gold_below * (predicted - predicted_below) + predicted_below * (gold - gold_below);
    }
    sum
}

fn plus(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 + b.0, a.1 + b.1)
}

/// Weighted kappa, 1 - observed steps / expected steps (scikit-learn `cohen_kappa_score(weights=...)`), from the sum of
/// the steps of all examples; NaN for 0/0.
pub(super) fn weighted_kappa(tallies: &[WeightedTally], steps: f64, squared: bool) -> f64 {
    let examples: f64 = tallies.iter().map(WeightedTally::support).sum();
    let expected = expected_steps(tallies, squared);
    if expected > 1e-13 * examples * examples { 1.0 - steps * examples / expected } else { f64::NAN }
}

/// How far weighted kappa falls for each example that goes as wrong as can be, as a share of the examples.
pub(super) fn fall(tallies: &[WeightedTally], squared: bool) -> f64 {
    let examples: f64 = tallies.iter().map(WeightedTally::support).sum();
    let most = tallies.len().saturating_sub(1) as f64;
    let most = if squared { most * most } else { most };
    most * examples * examples / expected_steps(tallies, squared)
}
