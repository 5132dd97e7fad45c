//! # D102 label-missing-from-test
//!
//! ## What it finds
//!
//! Labels that have training examples but not one in the test set; for entities, gold spans are counted. Only a review
//! with separate training and test data can have them. The count is that of the labels.
//!
//! ## Why it matters
//!
//! Nothing can be said of such a label: its recall has no value, and the model may miss it every time without moving
//! the score. Worse, it drops out of the averages quietly, so a macro-F1 looks complete and is not.
//!
//! ## Example
//!
//! `2 labels have no test examples: legal (44 in training) and refund (31 in training)`
//!
//! ## What to do
//!
//! Put labelled examples of these labels in the test set: move some over from training, or label new ones. With very
//! few, review by folds instead, so that every example is evaluated once.
//!
//! ## Threshold
//!
//! No test example at all, as in Azure AI Language's model guidance. The 20 that the advice asks for is the number
//! under which Azimuth warns of a label in the evaluation set, and the least that E402 draws a conclusion from: with 20
//! the 95 % interval of a recall is still about 0.4 wide.

use trueup_core::document::Severity;
use trueup_core::words;

use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    code: "D102",
    name: "label-missing-from-test",
    source: include_str!("d102_label_missing_from_test.rs"),
    check,
};

const ENOUGH_FOR_A_RECALL: u64 = 20;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(train) = evidence.train_support().filter(|_| evidence.has_split()) else {
        return Vec::new();
    };
    let mut missing: Vec<(u64, &str)> = evidence
        .labels
        .ids()
        .filter(|&id| train[id as usize] > 0 && evidence.test.support[id as usize] == 0)
        .map(|id| (train[id as usize], evidence.labels.name(id)))
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    // The largest first: it is the one whose absence says least about the test and most about the split.
    missing.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let n = missing.len() as u64;
    let units = words::plural(2, evidence.unit);
    let named: Vec<String> =
        missing.iter().map(|&(count, label)| format!("{label} ({} in training)", words::count(count))).collect();
    let draft = Draft::new(
        Severity::Warning,
        n,
        format!(
            "{} {} no test {units}: {}",
            words::counted(n, "label"),
            words::agree(n, "has", "have"),
            words::list(&named, 5)
        ),
        format!(
            "Put at least {ENOUGH_FOR_A_RECALL} labelled {units} of {} in the test set",
            if n == 1 { format!("'{}'", missing[0].1) } else { format!("each of {}", words::list(&missing.iter().map(|&(_, label)| label).collect::<Vec<_>>(), 3)) }
        ),
    )
    .message(format!(
        "{} of {} labels {} not tested: no recall or F1 can be measured for {}. The model may miss {} every time without \
         any figure showing it.",
        words::count(n),
        words::count(evidence.labels.len() as u64),
        words::agree(n, "is", "are"),
        words::agree(n, "it", "them"),
        words::agree(n, "it", "them"),
    ))
    .with(
        "labels",
        missing
            .iter()
            .map(|&(count, label)| serde_json::json!([label, count]))
            .collect::<Vec<_>>(),
    );
    vec![draft]
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;

    #[test]
    fn names_the_labels_that_training_alone_has() {
        let plant = Plant::split(&[("billing", 200), ("refund", 31), ("legal", 44)], &[("billing", 50), ("refund", 0)]);
        let findings = plant.judge(&super::RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].title,
            "2 labels have no test examples: legal (44 in training) and refund (31 in training)"
        );
        assert_eq!(findings[0].count, 2);
        assert_eq!(findings[0].severity, trueup_core::document::Severity::Warning);
    }

    #[test]
    fn silent_when_all_are_tested_and_when_folds_evaluate_everything() {
        let all = [("billing", 200), ("refund", 31)];
        assert!(Plant::split(&all, &[("billing", 9), ("refund", 1)]).judge(&super::RULE).is_empty());
        assert!(Plant::labels(&[("billing", 200), ("refund", 0)]).judge(&super::RULE).is_empty());
    }
}
