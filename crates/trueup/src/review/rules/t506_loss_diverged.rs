//! # T506 loss-diverged
//!
//! ## What it finds
//!
//! Training that went astray: the training loss stopped being a number, or grew by half over its least and stayed there.
//!
//! ## Why it matters
//!
//! Training should bring the training loss down, whatever it does for new texts. Where the loss grows, the steps are too
//! large or the numbers ran over, and the model after that is worth less than the one before.
//!
//! ## Example
//!
//! `training loss grew from 0.21 at pass 3 to 1.84 at pass 8: training went astray`
//!
//! ## What to do
//!
//! Train with a smaller learning rate, and look for examples that are out of all proportion: texts of a million
//! characters, weights that are no numbers.
//!
//! ## Threshold
//!
//! A loss that is infinite or no number: an error when the model that was kept is of that pass or a later one, else a
//! warning. Or a loss that is at least half above its least, and at least 0.05 nats, from some pass to the last and in two
//! passes at least: a warning when the model that was kept is one of them, a note when an earlier one was kept. A rise of a
//! half, because a stochastic learner's loss flutters by up to a third from pass to pass near its end (a CRF on a few
//! hundred sentences went from 0.008 to 0.010 and back); 0.05 nats, because near 0 a loss doubles over nothing.

use trueup_core::document::{CurvePoint, Severity};
use trueup_core::words;

use super::records::{Record, judge};
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { code: "T506", name: "loss-diverged", source: include_str!("t506_loss_diverged.rs"), check };

const RISE: f64 = 1.5;
const NATS: f64 = 0.05;
const PASSES: usize = 2;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    judge(evidence, fault)
}

fn fault(record: &Record<'_>) -> Option<Draft> {
    let (curve, kept) = (&record.training.curve, record.training.epochs);
    match curve.iter().find(|point| !point.train_loss.is_finite()) {
        Some(first) => Some(no_number(first, kept)),
        None => grown(curve, kept),
    }
}

fn no_number(first: &CurvePoint, kept: u32) -> Draft {
    let lost = kept >= first.step;
    let (severity, action) = if lost {
        (Severity::Error, "Train again with a smaller learning rate: this model's numbers are void")
    } else {
        (Severity::Warning, "Train again with a smaller learning rate: the passes after the kept one are void")
    };
    Draft::new(
        severity,
        1,
        format!("training loss is no number from pass {} on: training went astray", first.step),
        action,
    )
    .message(format!(
        "A number ran over in training. The model that was kept is that of pass {kept}{}",
        if lost { ", so its answers mean nothing." } else { ", before it happened." }
    ))
    .with("first_pass", first.step)
    .with("kept_pass", kept)
}

fn grown(curve: &[CurvePoint], kept: u32) -> Option<Draft> {
    let (at, least) = curve.iter().enumerate().min_by(|a, b| a.1.train_loss.total_cmp(&b.1.train_loss))?;
    let high = |point: &&CurvePoint| {
        point.train_loss >= RISE * least.train_loss && point.train_loss - least.train_loss >= NATS
    };
    let astray = curve[at..].iter().rev().take_while(high).count();
    if astray < PASSES {
        return None;
    }
    let (first, last) = (&curve[curve.len() - astray], curve.last()?);
    let (severity, action) = if kept >= first.step {
        (Severity::Warning, "Train again with a smaller learning rate")
    } else {
        (Severity::Note, "Nothing has to be done: a pass before that was kept")
    };
    let loss = |value: f64| words::number(Some(value), if value < 0.1 { 4 } else { 2 });
    Some(
        Draft::new(
            severity,
            1,
            format!(
                "training loss grew from {} at pass {} to {} at pass {}: training went astray",
                loss(least.train_loss),
                least.step,
                loss(last.train_loss),
                last.step
            ),
            action,
        )
        .message(format!(
            "From pass {} on the model forgot what it had learned. The model reviewed is that of pass {kept}.",
            first.step
        ))
        .with("least_pass", least.step)
        .with("first_pass", first.step)
        .with("kept_pass", kept)
        .with("least_train_loss", least.train_loss)
        .with("last_train_loss", last.train_loss),
    )
}

#[cfg(test)]
mod tests {
    use crate::review::planted::{Plant, training};
    use trueup_core::document::{Finding, Severity};

    fn judge(losses: &[f64], kept: u32) -> Vec<Finding> {
        let points: Vec<(f64, f64)> = losses.iter().map(|&loss| (loss, 0.5)).collect();
        let plant = Plant::labels(&[("a", 100), ("b", 100)]).with(move |e| e.training = Some(training(&points, kept)));
        plant.judge(&super::RULE)
    }

    #[test]
    fn a_loss_that_grows_and_stays() {
        for (kept, severity) in [(5, Severity::Warning), (2, Severity::Note)] {
            let findings = judge(&[0.9, 0.21, 0.8, 1.2, 1.84], kept);
            assert_eq!(findings[0].severity, severity);
            assert_eq!(
                findings[0].title,
                "training loss grew from 0.21 at pass 2 to 1.84 at pass 5: training went astray"
            );
            assert_eq!(findings[0].evidence["first_pass"], 3);
        }
    }

    #[test]
    fn a_loss_that_is_no_number() {
        for (kept, severity) in [(4, Severity::Error), (2, Severity::Warning)] {
            for loss in [f64::NAN, f64::INFINITY] {
                let findings = judge(&[0.9, 0.4, loss, loss], kept);
                assert_eq!(findings[0].severity, severity);
                assert_eq!(findings[0].title, "training loss is no number from pass 3 on: training went astray");
            }
        }
    }

    #[test]
    fn silent_while_it_falls_flutters_near_nothing_or_comes_back() {
        assert!(judge(&[0.9, 0.5, 0.3, 0.25, 0.2], 5).is_empty());
        assert!(judge(&[0.079, 0.011, 0.008, 0.013, 0.014], 3).is_empty());
        assert!(judge(&[0.9, 0.3, 0.8, 0.7, 0.25], 5).is_empty());
        // One bad pass at the end is not yet staying there.
        assert!(judge(&[0.9, 0.3, 0.25, 0.5], 3).is_empty());
        assert!(judge(&[], 0).is_empty());
    }
}
