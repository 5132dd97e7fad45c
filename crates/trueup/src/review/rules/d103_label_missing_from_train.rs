//! # D103 label-missing-from-train
//!
//! ## What it finds
//!
//! Labels that occur in the test set but not once in training; for entities, gold spans are counted. Only a review with
//! separate training and test data can have them. The count is that of the labels; the examples are the evaluated ones
//! that carry them.
//!
//! ## Why it matters
//!
//! The model cannot answer a label that it has never seen. Each of these examples is lost from the start, the score is
//! held down by a fault of the data, and in production the label will be missed every time. Often it is a spelling: the
//! same label written otherwise in one of the files.
//!
//! ## Example
//!
//! `1 test label has no training examples: Refund (12 in the test)`
//!
//! ## What to do
//!
//! Compare the names first: `Refund` and `refund` are two labels. Otherwise label training examples of it, or take the
//! label out of the task and out of the test set.
//!
//! ## Threshold
//!
//! One test example is enough: no model can learn a label from nothing, so there is no amount of it that would do.
//! The 15 that the advice asks for is the limit of D101.

use trueup_core::LabelId;
use trueup_core::document::Severity;
use trueup_core::words;

use crate::review::{Draft, Evidence, Place, Rule, SideName};

/// The rule.
pub const RULE: Rule = Rule {
    code: "D103",
    name: "label-missing-from-train",
    source: include_str!("d103_label_missing_from_train.rs"),
    check,
};

const LEAST_TO_LEARN: u64 = 15;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(train) = evidence.train_support().filter(|_| evidence.has_split()) else {
        return Vec::new();
    };
    let test = &evidence.test.support;
    let mut missing: Vec<LabelId> =
        evidence.labels.ids().filter(|&id| train[id as usize] == 0 && test[id as usize] > 0).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    missing.sort_by_key(|&id| (std::cmp::Reverse(test[id as usize]), id));
    let n = missing.len() as u64;
    let units = words::plural(2, evidence.unit);
    let named: Vec<String> = missing
        .iter()
        .map(|&id| {
            let count = words::count(test[id as usize]);
            format!("{} ({count} in the test)", evidence.labels.name(id))
        })
        .collect();
    let lost: u64 = missing.iter().map(|&id| test[id as usize]).sum();
    let of: u64 = test.iter().sum();
    let carries = |row: usize| {
        let labels = evidence.test.data.examples[row].gold.labels();
        labels.iter().any(|label| missing.contains(label))
    };
    let side = SideName::Test;
    let rows = (0..evidence.test.data.len()).filter(|&row| carries(row));
    let draft = Draft::new(
        Severity::Error,
        n,
        format!(
            "{} {} no training {units}: {}",
            words::counted(n, "test label"),
            words::agree(n, "has", "have"),
            words::list(&named, 5)
        ),
        format!(
            "Check whether {} written otherwise in training; if not, label at least {LEAST_TO_LEARN} training {units} of {}",
            words::agree(n, "the label is", "the labels are"),
            words::agree(n, "it", "each"),
        ),
    )
    .message(format!(
        "A model cannot answer a label that it has never seen, so {} of {} gold {units} of the test ({}) {} missed \
         whatever else it learns. The score is held down by the data, not by the model.",
        words::count(lost),
        words::count(of),
        words::percent(lost as f64 / of as f64),
        words::agree(lost, "is", "are"),
    ))
    .examples(rows.map(|row| Place { side, row }))
    .with("lost", lost)
    .with(
        "labels",
        missing
            .iter()
            .map(|&id| serde_json::json!([evidence.labels.name(id), test[id as usize]]))
            .collect::<Vec<_>>(),
    );
    vec![draft]
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;

    #[test]
    fn names_the_label_and_the_examples_that_are_lost() {
        let plant = Plant::split(&[("billing", 200), ("refund", 90)], &[("billing", 50), ("Refund", 12)]);
        let findings = plant.judge(&super::RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.title, "1 test label has no training examples: Refund (12 in the test)");
        assert_eq!((finding.count, finding.examples.len()), (1, 12));
        assert_eq!(finding.examples[0], "test/51");
        assert_eq!(finding.severity, trueup_core::document::Severity::Error);
        assert!(finding.message.contains("12 of 62 gold examples of the test (19 %)"), "{}", finding.message);
    }

    #[test]
    fn silent_when_training_has_one_of_each() {
        let plant = Plant::split(&[("billing", 200), ("refund", 1)], &[("billing", 50), ("refund", 12)]);
        assert!(plant.judge(&super::RULE).is_empty());
    }
}
