//! # T502 underfitting
//!
//! ## What it finds
//!
//! A model that does not even fit the examples it was trained on: it answers them little better than a constant answer
//! would, or it scores low on them and no lower on examples that it has not seen.
//!
//! ## Why it matters
//!
//! More examples of the same kind will not mend it: the model has not taken in what it was given. Either it is too simple
//! or held back too much for the task, it was stopped too early, or texts and labels do not fit together.
//!
//! ## Example
//!
//! `the model scores macro-F1 0.61 even on its own training examples (0.60 on others)`
//!
//! ## What to do
//!
//! Read a few training examples with their labels: could a person tell the label from the text? If so, train for more
//! passes, loosen the regularisation, or choose a model with more features.
//!
//! ## Threshold
//!
//! A warning when the pass that was kept scores under 0.8 on the training part, and either its validation score is within
//! 0.02 of that or above, or it gets right at most a tenth of what the best constant answer gets wrong. A low score on
//! training itself is what underfitting is (Goodfellow, Bengio and Courville 2016, *Deep Learning*, section 5.2), and a gap of next to
//! nothing says that memory is not the trouble: bias, not variance (Geman, Bienenstock and Doursat 1992). 0.8: one answer
//! of five is wrong though the model was shown it; the linear model and the CRF here scored 0.96 or more on their training
//! part on every set they were tried on, banking77's 77 labels and TREC's 50 among them. 0.02 is the flutter between two
//! parts of some hundred examples. A warning.

use trueup_core::document::{CurvePoint, Severity};
use trueup_core::words;

use super::records::{Record, judge};
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule = Rule { code: "T502", name: "underfitting", source: include_str!("t502_underfitting.rs"), check };

const LOW: f64 = 0.8;
const NEAR: f64 = 0.02;
const TENTH: f64 = 0.1;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    // Accuracy of a curve is that of examples, as the bar is; a CRF's is of tokens, most of which have no label.
    let constant = evidence.primary.baseline_accuracy;
    judge(evidence, |record| fault(record, constant))
}

fn fault(record: &Record<'_>, constant: Option<f64>) -> Option<Draft> {
    let training = record.training;
    let kept = training.curve.iter().rfind(|point| point.step <= training.epochs)?;
    let no_gain = constant.filter(|bar| kept.train_accuracy - bar <= TENTH * (1.0 - bar));
    let near = kept.valid_score.is_some_and(|valid| valid >= kept.train_score - NEAR);
    if kept.train_score >= LOW || !(near || no_gain.is_some()) {
        return None;
    }
    let metric = if training.score == "f1" { "F1" } else { "macro-F1" };
    let elsewhere = kept.valid_score.map_or_else(String::new, |valid| format!(" ({valid:.2} on others)"));
    let title =
        format!("the model scores {metric} {:.2} even on its own training examples{elsewhere}", kept.train_score);
    let action = if still_falling(&training.curve, kept) {
        "Train for more passes: the last one was still the best"
    } else {
        "Loosen the regularisation or choose a model with more features, once a look at the data says that the labels can \
         be told from the texts"
    };
    let message = match no_gain {
        Some(bar) => format!(
            "On the examples it was trained on it is right {} of the time; always giving the same answer would get {}. It \
             has learned next to nothing.",
            words::percent(kept.train_accuracy),
            words::percent(bar)
        ),
        None => {
            "It does no better on what it was shown than on what it has not seen, so more examples of the same kind \
                 will not help; what holds it back is the model, its settings, or labels that contradict each other."
                .to_owned()
        }
    };
    Some(
        Draft::new(Severity::Warning, 1, title, action)
            .message(message)
            .with("kept_pass", kept.step)
            .with("train_score", kept.train_score)
            .with("valid_score", kept.valid_score)
            .with("train_accuracy", kept.train_accuracy)
            .with("constant_accuracy", constant),
    )
}

/// Whether training ended at its best: the kept pass is the last, and better than the one before.
fn still_falling(curve: &[CurvePoint], kept: &CurvePoint) -> bool {
    match curve {
        [.., before, last] if last.step == kept.step => match (before.valid_loss, last.valid_loss) {
            (Some(before), Some(last)) => last < before,
            _ => last.train_loss < before.train_loss,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::review::planted::{Plant, training};
    use trueup_core::document::Training;

    const LOSSES: [(f64, f64); 3] = [(1.0, 1.0), (0.9, 0.95), (0.85, 0.9)];

    fn plant(change: impl Fn(&mut Training) + 'static) -> Plant {
        Plant::labels(&[("a", 100), ("b", 100)]).with(move |e| {
            let mut record = training(&LOSSES, 3);
            change(&mut record);
            e.training = Some(record);
        })
    }

    fn scored(train: f64, valid: f64, accuracy: f64) -> Plant {
        plant(move |record| {
            for point in &mut record.curve {
                (point.train_score, point.valid_score, point.train_accuracy) = (train, Some(valid), accuracy);
            }
        })
    }

    #[test]
    fn low_on_its_own_examples_and_no_lower_on_others() {
        let findings = scored(0.61, 0.60, 0.65).judge(&super::RULE);
        assert_eq!(
            findings[0].title,
            "the model scores macro-F1 0.61 even on its own training examples (0.60 on others)"
        );
        // The last pass was the best so far.
        assert!(findings[0].action.summary.starts_with("Train for more passes"), "{}", findings[0].action.summary);
    }

    #[test]
    fn no_better_than_a_constant_answer() {
        // Half of the planted examples are of one label.
        let findings = scored(0.33, 0.10, 0.51).judge(&super::RULE);
        assert!(findings[0].message.contains("right 51 % of the time"), "{}", findings[0].message);
        assert!(findings[0].message.contains("would get 50 %"), "{}", findings[0].message);
    }

    #[test]
    fn the_pass_that_was_kept_is_judged() {
        let first_is_kept = plant(|record| {
            record.epochs = 1;
            (record.curve[0].train_score, record.curve[0].valid_score) = (0.7, Some(0.69));
        });
        let findings = first_is_kept.judge(&super::RULE);
        assert!(findings[0].action.summary.starts_with("Loosen"), "{}", findings[0].action.summary);
        assert!(plant(|_| ()).judge(&super::RULE).is_empty());
    }

    #[test]
    fn silent_when_training_fits_or_the_gap_says_that_it_learns_by_heart() {
        assert!(scored(0.81, 0.81, 0.9).judge(&super::RULE).is_empty());
        assert!(scored(0.75, 0.70, 0.8).judge(&super::RULE).is_empty());
        // Nearly everything is one label: a third of what the constant answer misses is a lot.
        let rare = scored(0.75, 0.70, 0.98).with(|e| e.primary.baseline_accuracy = Some(0.97));
        assert!(rare.judge(&super::RULE).is_empty());
    }
}
