//! # T504 still-learning
//!
//! ## What it finds
//!
//! A learning curve that still climbs: the second half of the training examples brought a clear gain, so more examples
//! will bring more.
//!
//! ## Why it matters
//!
//! It answers the question that decides the next week: label more, or work on something else? A curve that still climbs
//! says label; a flat one says that more of the same will not help.
//!
//! ## Example
//!
//! `twice the training examples brought macro-F1 +0.031 (+0.012 to +0.049); the curve still climbs`
//!
//! ## What to do
//!
//! Label more examples, of the labels that do worst first.
//!
//! ## Threshold
//!
//! The model is trained on a quarter, a half and all of the training part and scored on the same held-out part. A note
//! when the gain of the last doubling is at least one point with a paired 95 % interval above 0, on 50 held-out examples or
//! more, along a curve that never fell, by a model that beats the trivial one. The gain named for the
//! next doubling is the last one, shortened by how much it shrank against the one before (learning curves follow a power
//! law: Hestness and others 2017), and its interval is scaled alike.

use trueup_core::document::{Gain, Severity};
use trueup_core::words;

use super::records::{Record, judge};
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { code: "T504", name: "still-learning", source: include_str!("t504_still_learning.rs"), check };

const POINT: f64 = 0.01;
const FEWEST: u64 = 50;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    judge(evidence, |record| fault(record, evidence.noun))
}

fn fault(record: &Record<'_>, noun: &str) -> Option<Draft> {
    let training = record.training;
    let last = training.last_doubling.as_ref()?;
    let (value, low, high) = (last.value?, last.low?, last.high?);
    let [quarter, half, all] = training.learning.as_slice() else {
        return None;
    };
    let before = half.score - quarter.score;
    if value < POINT || low <= 0.0 || last.n < FEWEST || before < 0.0 || !record.beats_constant {
        return None;
    }
    // How much of the gain is left after a doubling: at most all of it, and no more than is left to gain.
    let room = ((1.0 - all.score) / value).max(0.0);
    let shrink = if before > value { value / before } else { 1.0 }.min(room);
    let metric = if training.score == "f1" { "F1" } else { "macro-F1" };
    let n = training.examples;
    Some(
        Draft::new(
            Severity::Note,
            n,
            format!("twice the training examples brought {metric} {value:+.3} ({low:+.3} to {high:+.3}); the curve still climbs"),
            format!("Label as many {} again, those of the labels that do worst first", words::plural(2, noun)),
        )
    .message(format!(
            "{metric} was {:.2} with {} {}, {:.2} with {} and {:.2} with {}.",
            quarter.score,
            words::count(quarter.examples),
            words::plural(2, noun),
            half.score,
            words::count(half.examples),
            all.score,
            words::count(all.examples),
        ))
        .price(format!("about {}", words::counted(n, noun)))
        .gain(Gain { metric: training.score.clone(), value: value * shrink, low: low * shrink, high: high * shrink })
        .with("last_doubling", value)
        .with("low", low)
        .with("high", high)
        .with("shrink", shrink),
    )
}

#[cfg(test)]
mod tests {
    use crate::review::planted::{Plant, training};
    use trueup_core::Estimate;
    use trueup_core::document::{IntervalKind, LearningPoint};

    fn plant(last: (f64, f64, f64)) -> Plant {
        Plant::labels(&[("a", 100), ("b", 100)]).with(move |e| {
            let mut record = training(&[(1.0, 0.9)], 1);
            record.learning = [(50, 0.6), (100, 0.7), (200, 0.7 + last.0)]
                .map(|(examples, score)| LearningPoint { examples, score })
                .to_vec();
            record.last_doubling = Some(Estimate::new(last.0, (last.1, last.2), 100, IntervalKind::Bootstrap));
            e.training = Some(record);
        })
    }

    #[test]
    fn a_climbing_curve_names_what_the_next_doubling_should_bring() {
        let findings = plant((0.05, 0.02, 0.08)).judge(&super::RULE);
        let gain = findings[0].action.gain.clone().expect("a measured gain");
        // The gain halved from 0.1 to 0.05, so half of it is promised.
        assert!((gain.value - 0.025).abs() < 1e-12 && (gain.low - 0.01).abs() < 1e-12, "{gain:?}");
        assert!(findings[0].title.contains("+0.050 (+0.020 to +0.080)"), "{}", findings[0].title);
    }

    #[test]
    fn promises_no_more_than_is_left_to_gain() {
        let findings = plant((0.25, 0.1, 0.3)).judge(&super::RULE);
        let gain = findings[0].action.gain.clone().expect("a measured gain");
        assert!(gain.value <= 0.05 + 1e-12, "{gain:?}");
    }

    #[test]
    fn silent_when_the_gain_is_small_or_not_shown() {
        assert!(plant((0.005, 0.001, 0.009)).judge(&super::RULE).is_empty());
        assert!(plant((0.05, -0.01, 0.11)).judge(&super::RULE).is_empty());
    }
}
