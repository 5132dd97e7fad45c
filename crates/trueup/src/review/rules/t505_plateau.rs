//! # T505 plateau
//!
//! ## What it finds
//!
//! A learning curve that has gone flat: the second half of the training examples brought next to nothing, and that is
//! shown, not only not seen.
//!
//! ## Why it matters
//!
//! It is the other answer to the question of the next week: more examples of the same kind will not help. Labelling them
//! would cost weeks and bring nothing.
//!
//! ## Example
//!
//! `twice the training examples brought macro-F1 +0.001 (-0.004 to +0.006); the curve is flat`
//!
//! ## What to do
//!
//! Work on something else: mend labels that are wrong, label examples of the kinds that are answered wrongly, or try
//! another model.
//!
//! ## Threshold
//!
//! The model is trained on a half and on all of the training part and scored on the same held-out part. A note when the
//! paired 95 % interval of the gain lies within a point on both sides of 0, on 300 held-out examples or more, by a model that
//! beats the trivial one. A point is the gain from which T504 says that the curve climbs. 300: where not one answer differs,
//! up to 3 in n may still do so (Hanley and Lippman-Hand 1983, "If nothing goes wrong, is everything all right?"), which is
//! a point with 300.

use trueup_core::document::Severity;
use trueup_core::words;

use super::records::{Record, judge};
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule = Rule { code: "T505", name: "plateau", source: include_str!("t505_plateau.rs"), check };

const POINT: f64 = 0.01;
const FEWEST: u64 = 300;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    judge(evidence, |record| fault(record, evidence.noun))
}

fn fault(record: &Record<'_>, noun: &str) -> Option<Draft> {
    let training = record.training;
    let last = training.last_doubling.as_ref()?;
    let (value, low, high) = (last.value?, last.low?, last.high?);
    let [.., half, all] = training.learning.as_slice() else {
        return None;
    };
    if low < -POINT || high > POINT || last.n < FEWEST || !record.beats_constant {
        return None;
    }
    let metric = if training.score == "f1" { "F1" } else { "macro-F1" };
    Some(
        Draft::new(
            Severity::Note,
            training.examples,
            format!("twice the training examples brought {metric} {value:+.3} ({low:+.3} to {high:+.3}); the curve is flat"),
            format!(
                "Label no more {} of the same kind: mend wrong labels, or look for the kinds that are answered wrongly",
                words::plural(2, noun)
            ),
        )
        .message(format!(
            "{metric} was {:.3} with {} and {:.3} with {}: as many again would cost their labelling and bring nothing that \
             can be seen.",
            half.score,
            words::counted(half.examples, noun),
            all.score,
            words::count(all.examples),
        ))
        .with("last_doubling", value)
        .with("low", low)
        .with("high", high),
    )
}

#[cfg(test)]
mod tests {
    use crate::review::planted::{Plant, training};
    use trueup_core::Estimate;
    use trueup_core::document::{IntervalKind, LearningPoint};

    fn plant((value, low, high): (f64, f64, f64), n: u64) -> Plant {
        Plant::labels(&[("a", 1_000), ("b", 1_000)]).with(move |e| {
            let mut record = training(&[(1.0, 0.9)], 1);
            record.learning = [(500, 0.84), (1_000, 0.85), (2_000, 0.85 + value)]
                .map(|(examples, score)| LearningPoint { examples, score })
                .to_vec();
            record.last_doubling = Some(Estimate::new(value, (low, high), n, IntervalKind::Bootstrap));
            e.training = Some(record);
        })
    }

    #[test]
    fn a_flat_curve_is_a_plateau_and_never_a_climb() {
        let plant = plant((0.001, -0.004, 0.006), 2_000);
        let findings = plant.judge(&super::RULE);
        assert_eq!(
            findings[0].title,
            "twice the training examples brought macro-F1 +0.001 (-0.004 to +0.006); the curve is flat"
        );
        assert!(findings[0].message.contains("0.850 with 1,000 examples and 0.851 with 2,000"));
        assert!(plant.judge(super::super::by_code("T504").unwrap()).is_empty());
    }

    #[test]
    fn silent_when_a_gain_is_possible_or_too_few_were_asked() {
        assert!(plant((0.001, -0.02, 0.022), 2_000).judge(&super::RULE).is_empty());
        assert!(plant((0.008, 0.001, 0.015), 2_000).judge(&super::RULE).is_empty());
        // No answer changed, of 100: that shows little.
        assert!(plant((0.0, 0.0, 0.0), 100).judge(&super::RULE).is_empty());
        let no_model = plant((0.001, -0.004, 0.006), 2_000).with(|e| e.primary.baseline = Some(0.95));
        assert!(no_model.judge(&super::RULE).is_empty());
    }
}
