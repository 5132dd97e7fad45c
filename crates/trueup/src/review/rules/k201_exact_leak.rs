//! # K201 exact-leak
//!
//! ## What it finds
//!
//! Evaluated examples whose text stands in the training data too, case and white space aside (equal normalised texts).
//! The count is that of the evaluated examples, each once however many twins it has. In a review by folds there are
//! none, because twins are kept on one side. Sentences of entity data with under 4 words do not count.
//!
//! ## Why it matters
//!
//! The model has seen these texts with their answers. That it answers them right shows memory, not skill, and the score
//! is higher than it will be in production.
//!
//! ## Example
//!
//! `11 of 500 evaluated examples have an exact twin in training`
//!
//! ## What to do
//!
//! Go by the score without them, which the finding and the verdict give. Take the twins out of training if they are the
//! better test, or out of the test set if there is enough left; then split by text, so that twins stay together.
//!
//! ## Threshold
//!
//! A warning from one example on: an exact copy is never by intent, and costs nothing to remove. An error from 0.5 % of
//! the evaluated examples, an amount that can decide between two good models, or when the score without the leaked examples lies
//! outside the 95 % interval of the score with them. deepchecks passes up to 5 %.

use trueup_core::document::LeakKind;

use super::leaks;
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule = Rule { code: "K201", name: "exact-leak", source: include_str!("k201_exact_leak.rs"), check };

const ERROR_SHARE: f64 = 0.005;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let how = ["has an exact twin", "have an exact twin"];
    leaks::judge(evidence, LeakKind::Exact, ERROR_SHARE, how).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use trueup_core::document::Severity;

    use super::*;
    use crate::review::planted::Plant;

    fn plant() -> Plant {
        Plant::split(&[("a", 300), ("b", 300)], &[("a", 200), ("b", 200)]).unlike()
    }

    fn copied(rows: &'static [usize]) -> Plant {
        let texts: Vec<String> =
            rows.iter().map(|row| format!("A text that stands in both, number {}", row * 7_919)).collect();
        plant()
            .train(|d| rows.iter().zip(&texts).for_each(|(&row, text)| d.examples[row].text.clone_from(text)))
            .test(|d| rows.iter().zip(&texts).for_each(|(&row, text)| d.examples[row].text = text.to_uppercase()))
            .find_twins()
    }

    #[test]
    fn one_copy_warns_and_half_a_per_cent_is_an_error() {
        let one = &copied(&[4]).judge(&RULE)[0];
        assert_eq!(one.title, "1 of 400 evaluated examples has an exact twin in training");
        assert_eq!((one.severity, one.count), (Severity::Warning, 1));
        assert_eq!(one.examples, ["test/5"]);
        assert_eq!(one.evidence["byte_equal"], 0);
        assert_eq!(one.evidence["pairs"], serde_json::json!([["test/5", "train/5", 1.0]]));
        assert!(one.message.contains("Without the leaked example accuracy is 0.90 as well."), "{}", one.message);
        let two = &copied(&[4, 250]).judge(&RULE)[0];
        assert_eq!((two.severity, two.count), (Severity::Error, 2));
        // Row 250 is 'a' in training and 'b' in the test.
        assert!(two.message.ends_with("1 of them has another gold there."), "{}", two.message);
        assert_eq!(two.examples, ["test/5", "test/251"]);
    }

    #[test]
    fn says_the_score_without_them_and_is_an_error_when_that_leaves_the_interval() {
        // The plant is wrong in every tenth row; without 150 right answers the rest is much worse.
        const RIGHT: &[usize] = &{
            let mut rows = [0; 150];
            let mut i = 0;
            while i < 150 {
                rows[i] = i / 9 * 10 + i % 9;
                i += 1;
            }
            rows
        };
        let finding = &copied(RIGHT).judge(&RULE)[0];
        assert_eq!(finding.severity, Severity::Error);
        assert!(
            finding.message.contains("Without the 150 leaked examples accuracy is 0.84, not 0.90."),
            "{}",
            finding.message
        );
        assert_eq!(
            finding.action.summary,
            "Report accuracy 0.84, and take the twins out of training or out of the test set"
        );
    }

    #[test]
    fn silent_without_twins_and_with_folds() {
        assert!(plant().find_twins().judge(&RULE).is_empty());
        let folds = Plant::labels(&[("a", 20), ("b", 20)]).test(|d| d.examples[1].text = d.examples[0].text.clone());
        assert!(folds.find_twins().judge(&RULE).is_empty());
    }
}
