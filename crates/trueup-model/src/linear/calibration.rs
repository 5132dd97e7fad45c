//! Temperature scaling: one number that makes a model's probabilities as sure as its answers are right.
//!
//! Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks": divide all logits by the
//! temperature that has the least loss on validation data. Answers stay as they are; probabilities move.

use super::trainer::Targets;
use super::weights::Link;

/// The natural logarithms of the temperatures searched, 0.05 and 20.
const RANGE: (f64, f64) = (-3.0, 3.0);

/// The temperature with the least loss of `logits` (one row of `columns` an example) against `gold`, by golden-section
/// search over its logarithm.
///
/// The logarithm has a standard normal prior: with a handful of rows that are all right the loss alone would ask for
/// certainty; with a hundred rows the prior no longer shows. Without rows the answer is 1.
pub(super) fn fit_temperature(link: Link, columns: usize, logits: &[f32], gold: &Targets) -> f64 {
    let cost = |log_t: f64| -> f64 {
        let t = log_t.exp();
        let rows = logits.chunks_exact(columns).enumerate();
        // A gold class that training never saw gets probability 0 at any temperature.
        let known = rows.filter(|&(i, _)| link == Link::Independent || gold.unseen(i) == 0);
        known.map(|(i, row)| link.loss(row, gold.row(i), t)).sum::<f64>() + log_t * log_t / 2.0
    };
    let ratio = (5.0f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = RANGE;
    let (mut left, mut right) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_left, mut at_right) = (cost(left), cost(right));
    // 20 steps narrow a range of 6 to 0.0004, which is finer than a validation part can tell.
    for _ in 0..20 {
        if at_left <= at_right {
            high = right;
            (right, at_right) = (left, at_left);
            left = high - ratio * (high - low);
            at_left = cost(left);
        } else {
            low = left;
            (left, at_left) = (right, at_right);
            right = low + ratio * (high - low);
            at_right = cost(right);
        }
    }
    f64::midpoint(low, high).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(classes: &[u32]) -> Targets {
        let mut targets = Targets::default();
        for &c in classes {
            targets.push(&[c], &[Some(0), Some(1)]);
        }
        targets
    }

    #[test]
    fn overconfidence_is_cooled_to_the_rate_of_right_answers() {
        // Logit 4 says 98 %, but one answer in four is wrong: ln 3 is the logit of 75 %.
        let logits = vec![4.0f32; 4000];
        let gold: Vec<u32> = (0..4000).map(|i| u32::from(i % 4 != 0)).collect();
        let t = fit_temperature(Link::Binary, 1, &logits, &targets(&gold));
        assert!((t - 4.0 / 3.0f64.ln()).abs() < 0.01, "{t}");
        // The same as two columns.
        let pairs: Vec<f32> = (0..4000).flat_map(|_| [-1.0, 3.0]).collect();
        let t = fit_temperature(Link::Softmax, 2, &pairs, &targets(&gold));
        assert!((t - 4.0 / 3.0f64.ln()).abs() < 0.01, "{t}");
    }

    #[test]
    fn few_rows_say_little() {
        assert!((fit_temperature(Link::Binary, 1, &[], &targets(&[])) - 1.0).abs() < 1e-3);
        let t = fit_temperature(Link::Binary, 1, &[1.0, 1.0], &targets(&[1, 1]));
        assert!((0.4..1.0).contains(&t), "{t}");
    }
}
