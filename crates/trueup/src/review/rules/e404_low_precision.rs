//! # E404 low-precision
//!
//! ## What it finds
//!
//! Labels whose predictions are wrong more often than right, beyond doubt.
//!
//! ## Why it matters
//!
//! Each false alarm costs somebody's time, and answers that are mostly wrong are soon ignored, the right ones with
//! them.
//!
//! ## Example
//!
//! `1 label is wrong more often than right where answered: urgent, precision 0.35 (28 of 80)`
//!
//! ## What to do
//!
//! Read what was called so and is not; label more examples of what it is taken from, or raise the label's threshold.
//!
//! ## Threshold
//!
//! A warning when the whole 95 % interval of the precision lies under 0.5, on 20 predictions or more.

use trueup_core::document::Severity;
use trueup_core::{LabelId, words};

use super::e403_low_recall::{list, rows_where, told, under_half};
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { code: "E404", name: "low-precision", source: include_str!("e404_low_precision.rs"), check };

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let rows = under_half(&evidence.counting().labels, |row| (&row.precision, row.predicted));
    if rows.is_empty() {
        return Vec::new();
    }
    let n = rows.len() as u64;
    let named: Vec<String> =
        rows.iter().map(|row| told(&row.label, "precision", &row.precision, row.predicted)).collect();
    let ids: Vec<LabelId> = rows.iter().filter_map(|row| evidence.labels.id(&row.label)).collect();
    vec![
        Draft::new(
            Severity::Warning,
            n,
            format!(
                "{} wrong more often than right where answered: {}",
                words::agree(n, "1 label is", &format!("{} labels are", words::count(n))),
                list(&named)
            ),
            format!("Read what was called '{}' and is not, and label more of what it is taken from", rows[0].label),
        )
        .message(format!("An answer '{}' is wrong more often than right, so it cannot be acted on.", rows[0].label))
        .examples(rows_where(evidence, &ids, |gold, answer| answer && !gold))
        .with("labels", rows.iter().map(|row| serde_json::json!({"label": row.label, "predicted": row.predicted, "precision": row.precision.value, "high": row.precision.high})).collect::<Vec<_>>()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;

    #[test]
    fn names_the_label_that_is_mostly_false_alarms() {
        let plant = Plant::labels(&[("a", 100), ("b", 50)]).answers(&[
            ("a", "a", 50),
            ("a", "b", 50),
            ("b", "b", 20),
            ("b", "a", 5),
        ]);
        let findings = plant.judge(&super::RULE);
        assert_eq!(
            findings[0].title,
            "1 label is wrong more often than right where answered: b, precision 0.29 (20 of 70)"
        );
        assert_eq!(findings[0].examples.len(), 50);
    }

    #[test]
    fn silent_on_ordinary_answers() {
        assert!(Plant::labels(&[("a", 100), ("b", 100)]).judge(&super::RULE).is_empty());
    }
}
