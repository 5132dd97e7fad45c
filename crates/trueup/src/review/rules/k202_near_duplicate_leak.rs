//! # K202 near-duplicate-leak
//!
//! ## What it finds
//!
//! Evaluated examples with a near twin in the training data: the Jaccard similarity of their sets of character 5-grams,
//! after normalising, is at or above 0.8. An example that has an exact twin, too, counts under K201 only. The count is
//! that of the evaluated examples. In a review by folds there are none, because twins are kept on one side.
//!
//! ## Why it matters
//!
//! The model has seen all but a few characters of these texts, with their answers. Templates, quoted mails and
//! paraphrases by one person make a test easier than production will be, and the score higher.
//!
//! ## Example
//!
//! `38 of 1,204 evaluated examples have a near twin in training`
//!
//! ## What to do
//!
//! Go by the score without them, which the finding and the verdict give. Look at the pairs: if the texts come from the
//! same template, thread or person, split by that (`--group`), so that all of a kind stay on one side.
//!
//! ## Threshold
//!
//! A warning from one example on. An error from 5 % of the evaluated examples, ten times the share of K201, because
//! short texts about the same thing are alike by chance now and then and some twins come in production as well; or when
//! the score without the leaked examples lies outside the 95 % interval of the score with them.

use trueup_core::document::LeakKind;

use super::leaks;
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { code: "K202", name: "near-duplicate-leak", source: include_str!("k202_near_duplicate_leak.rs"), check };

const ERROR_SHARE: f64 = 0.05;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let how = ["has a near twin", "have a near twin"];
    leaks::judge(evidence, LeakKind::Near, ERROR_SHARE, how).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use trueup_core::document::Severity;

    use super::*;
    use crate::review::planted::Plant;

    fn parcels(rows: std::ops::Range<usize>, digit: char) -> impl Fn(&mut trueup_core::Dataset) {
        move |data| {
            for row in rows.clone() {
                // One letter a row that fills the text keeps rows apart; one digit at its end makes twins.
                let filling = char::from(b'a' + row as u8).to_string().repeat(4);
                let words: Vec<String> = (0..12).map(|i| format!("{filling}{i}")).collect();
                data.examples[row].text = format!("{} parcel {digit}", words.join(" "));
            }
        }
    }

    fn plant(twins: usize) -> Plant {
        Plant::split(&[("a", 60), ("b", 60)], &[("a", 50), ("b", 50)])
            .unlike()
            .train(parcels(0..twins, '1'))
            .test(parcels(0..twins, '2'))
    }

    #[test]
    fn warns_from_one_and_is_an_error_from_five_per_cent() {
        let one = &plant(1).find_twins().judge(&RULE)[0];
        assert_eq!(one.title, "1 of 100 evaluated examples has a near twin in training");
        assert_eq!(one.severity, Severity::Warning);
        let five = &plant(5).find_twins().judge(&RULE)[0];
        assert_eq!((five.severity, five.count), (Severity::Error, 5));
        assert!(five.message.contains("Without the 5 leaked examples accuracy is 0.89, not 0.90."), "{}", five.message);
    }

    #[test]
    fn an_exact_twin_counts_elsewhere_and_none_is_silence() {
        assert!(plant(0).find_twins().judge(&RULE).is_empty());
        let exact = plant(0).train(parcels(3..4, '1')).test(parcels(3..4, '1')).find_twins();
        assert!(exact.judge(&RULE).is_empty());
        assert_eq!(exact.judge(&super::super::k201_exact_leak::RULE).len(), 1);
    }
}
