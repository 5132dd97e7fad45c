//! # T501 overfitting
//!
//! ## What it finds
//!
//! Training that went on past its best: the training loss kept falling while the validation loss rose.
//!
//! ## Why it matters
//!
//! From that point on the model learns the training examples by heart. Its scores on new text stall or fall, and its
//! probabilities become too sure.
//!
//! ## Example
//!
//! `validation loss rose from 0.31 at pass 4 to 0.52 at pass 12 while training loss fell`
//!
//! ## What to do
//!
//! Keep the best pass (the learners here do), strengthen regularisation, or add training examples.
//!
//! ## Threshold
//!
//! The last pass's validation loss is at least 5 % above the lowest, over at least two later passes, and the training
//! loss fell meanwhile. A warning when the model that was kept is a pass after the lowest; a note when early stopping
//! kept the best one. 5 % is beyond the flutter of stochastic training on the data sets this was tried on.

use trueup_core::document::Severity;
use trueup_core::words;

use super::records::{Record, judge};
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule = Rule { code: "T501", name: "overfitting", source: include_str!("t501_overfitting.rs"), check };

const RISE: f64 = 1.05;
const PASSES: u32 = 2;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    judge(evidence, fault)
}

fn fault(record: &Record<'_>) -> Option<Draft> {
    let training = record.training;
    let mut with_loss = training.curve.iter().filter_map(|point| point.valid_loss.map(|loss| (loss, point)));
    let (lowest, best) = with_loss.clone().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let (last_loss, last) = with_loss.next_back()?;
    let rose = last_loss > lowest * RISE && last.step >= best.step + PASSES && last.train_loss < best.train_loss;
    if !rose {
        return None;
    }
    let kept_best = training.epochs <= best.step;
    let (severity, action) = if kept_best {
        (Severity::Note, "Nothing has to be done: the best pass was kept")
    } else {
        (Severity::Warning, "Keep the pass with the lowest validation loss")
    };
    let loss = |value: f64| words::number(Some(value), if value < 0.1 { 4 } else { 2 });
    Some(
        Draft::new(
            severity,
            1,
            format!(
                "validation loss rose from {} at pass {} to {} at pass {} while training loss fell",
                loss(lowest),
                best.step,
                loss(last_loss),
                last.step
            ),
            action,
        )
        .message(format!(
            "From pass {} on the model learned its training examples by heart. The model reviewed is that of pass {}.",
            best.step, training.epochs
        ))
        .with("best_pass", best.step)
        .with("kept_pass", training.epochs)
        .with("lowest_valid_loss", lowest)
        .with("last_valid_loss", last_loss),
    )
}

#[cfg(test)]
mod tests {
    use crate::review::planted::{Plant, training};
    use trueup_core::document::Severity;

    const RISING: [(f64, f64); 5] = [(1.0, 0.9), (0.6, 0.5), (0.4, 0.55), (0.3, 0.6), (0.2, 0.7)];

    #[test]
    fn past_the_best_pass_is_a_warning_and_stopped_in_time_a_note() {
        for (kept, severity) in [(5, Severity::Warning), (2, Severity::Note)] {
            let plant =
                Plant::labels(&[("a", 100), ("b", 100)]).with(move |e| e.training = Some(training(&RISING, kept)));
            let findings = plant.judge(&super::RULE);
            assert_eq!(findings[0].severity, severity);
            assert_eq!(
                findings[0].title,
                "validation loss rose from 0.50 at pass 2 to 0.70 at pass 5 while training loss fell"
            );
        }
    }

    #[test]
    fn silent_while_validation_loss_falls_or_flutters() {
        let falling = [(1.0, 0.9), (0.6, 0.5), (0.4, 0.45), (0.3, 0.46)];
        let plant = Plant::labels(&[("a", 100), ("b", 100)]).with(move |e| e.training = Some(training(&falling, 4)));
        assert!(plant.judge(&super::RULE).is_empty());
    }
}
