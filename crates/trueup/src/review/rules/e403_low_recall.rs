//! # E403 low-recall
//!
//! ## What it finds
//!
//! Labels of which the model misses more than half, beyond doubt, and models that do so over all labels together. Labels
//! that E402 names are not repeated.
//!
//! ## Why it matters
//!
//! What is missed is not seen by whoever acts on the answers. Low recall at good precision mostly means that the label
//! has too few or too uniform training examples.
//!
//! ## Example
//!
//! `2 labels are missed more often than found: legal, recall 0.31 (16 of 52); other, recall 0.40 (20 of 50)`
//!
//! ## What to do
//!
//! Read the missed examples, then label more of the kinds that are missed.
//!
//! ## Threshold
//!
//! A warning when the whole 95 % interval of a label's recall lies under 0.5, on 20 gold or more: the model misses more
//! than it finds, and that is not an accident of a small sample. An error when that holds for all labels together and no
//! target was stated: a model that misses more than it finds is not ready for anything that nobody has said.

use trueup_core::document::{Estimate, LabelRow, Severity};
use trueup_core::{LabelId, Task, words};

use super::e402_accuracy_paradox::hidden;
use crate::review::{Draft, Evidence, Place, Rule, SideName};

/// The rule.
pub const RULE: Rule = Rule { code: "E403", name: "low-recall", source: include_str!("e403_low_recall.rs"), check };

const ENOUGH: u64 = 20;
const HALF: f64 = 0.5;

/// Labels of which `figure`, a share of `n`, lies wholly under a half, lowest first.
pub(super) fn under_half(rows: &[LabelRow], figure: impl Fn(&LabelRow) -> (&Estimate, u64)) -> Vec<&LabelRow> {
    let mut low: Vec<&LabelRow> = rows
        .iter()
        .filter(|row| {
            let (estimate, n) = figure(row);
            n >= ENOUGH && estimate.high.is_some_and(|high| high < HALF)
        })
        .collect();
    low.sort_by(|a, b| figure(a).0.value.unwrap_or(0.0).total_cmp(&figure(b).0.value.unwrap_or(0.0)));
    low
}

/// `legal, recall 0.31 (16 of 52)`.
pub(super) fn told(label: &str, name: &str, estimate: &Estimate, n: u64) -> String {
    let value = estimate.value.unwrap_or(0.0);
    let k = (value * n as f64).round() as u64;
    format!("{label}, {name} {value:.2} ({} of {})", words::count(k), words::count(n))
}

/// Rows of the evaluated data where `wrong(gold has the label, answer has the label)` holds for one of `labels`.
pub(super) fn rows_where(
    evidence: &Evidence<'_>,
    labels: &[LabelId],
    wrong: impl Fn(bool, bool) -> bool,
) -> Vec<Place> {
    let of = |row: usize| {
        let gold = evidence.test.data.examples[row].gold.labels();
        let answer = evidence.predicted[row].labels();
        labels.iter().any(|label| wrong(gold.contains(label), answer.contains(label)))
    };
    (0..evidence.predicted.len()).filter(|&row| of(row)).map(|row| Place { side: SideName::Test, row }).collect()
}

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let repeated: Vec<&str> = hidden(evidence).iter().map(|row| row.label.as_str()).collect();
    let mut rows = under_half(&evidence.counting().labels, |row| (&row.recall, row.support));
    rows.retain(|row| !repeated.contains(&row.label.as_str()));
    if rows.is_empty() {
        return Vec::new();
    }
    let n = rows.len() as u64;
    let named: Vec<String> = rows.iter().map(|row| told(&row.label, "recall", &row.recall, row.support)).collect();
    let ids: Vec<LabelId> = rows.iter().filter_map(|row| evidence.labels.id(&row.label)).collect();
    let places = rows_where(evidence, &ids, |gold, answer| gold && !answer);
    let units = words::plural(2, evidence.unit);
    let seen = "Whoever acts on its answers does not see them.";
    let overall = overall(evidence).filter(|recall| recall.high.is_some_and(|high| high < HALF));
    let draft = match overall {
        Some(recall) if evidence.primary.target.is_none() => Draft::new(
            Severity::Error,
            n,
            format!("more than half of all gold is missed, most of {}: {}", words::counted(n, "label"), list(&named)),
            "Read what is missed, and label more of those kinds; or state with --target what is enough",
        )
        .message(format!(
            "The model misses more than it finds: {} of all gold is found. {seen}",
            words::percent(recall.value.unwrap_or(0.0)),
        ))
        .with("overall", recall.value),
        _ => Draft::new(
            Severity::Warning,
            n,
            format!(
                "{} missed more often than found: {}",
                words::agree(n, "1 label is", &format!("{} labels are", words::count(n))),
                list(&named)
            ),
            format!("Read the missed {units} of '{}', and label more of those kinds", rows[0].label),
        )
        .message(format!("The model misses more '{}' than it finds. {seen}", rows[0].label)),
    };
    let shown = |row: &&LabelRow| serde_json::json!({"label": row.label, "support": row.support, "recall": row.recall.value, "high": row.recall.high});
    vec![draft.examples(places).with("labels", rows.iter().map(shown).collect::<Vec<_>>())]
}

/// Recall over all labels together; for single labels that is the accuracy.
fn overall<'e>(evidence: &'e Evidence<'_>) -> Option<&'e Estimate> {
    let name = match evidence.task {
        Task::Classification => "accuracy",
        Task::Multilabel => "recall_micro",
        Task::Ner => "recall",
    };
    evidence.counting().metrics.get(name)
}

/// The first three, separated so that their commas do not mix.
pub(super) fn list(named: &[String]) -> String {
    let rest = named.len().saturating_sub(3);
    let shown = named.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
    if rest > 0 { format!("{shown}; and {rest} more") } else { shown }
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;

    #[test]
    fn names_the_missed_label_with_its_count() {
        let plant = Plant::labels(&[("a", 100), ("b", 50)]).answers(&[("a", "a", 100), ("b", "b", 15), ("b", "a", 35)]);
        let findings = plant.judge(&super::RULE);
        assert_eq!(findings[0].title, "1 label is missed more often than found: b, recall 0.30 (15 of 50)");
        assert_eq!(findings[0].examples.len(), 35);
    }

    #[test]
    fn a_model_that_misses_most_is_an_error_unless_a_target_says_what_is_enough() {
        let plant = Plant::labels(&[("a", 100), ("b", 100)]).answers(&[
            ("a", "b", 70),
            ("a", "a", 30),
            ("b", "b", 40),
            ("b", "a", 60),
        ]);
        let findings = plant.judge(&super::RULE);
        assert_eq!(findings[0].severity, trueup_core::document::Severity::Error);
        assert!(findings[0].message.starts_with("The model misses more than it finds: 35 % of all gold is found."));
        let findings = plant.with(|e| e.primary.target = Some(0.3)).judge(&super::RULE);
        assert_eq!(findings[0].severity, trueup_core::document::Severity::Warning);
    }

    #[test]
    fn silent_when_half_may_be_found_or_e402_has_said_it() {
        let maybe = Plant::labels(&[("a", 100), ("b", 30)]).answers(&[("a", "a", 100), ("b", "b", 12), ("b", "a", 18)]);
        assert!(maybe.judge(&super::RULE).is_empty());
        let said = Plant::labels(&[("a", 950), ("b", 50)]).answers(&[("a", "a", 950), ("b", "b", 10), ("b", "a", 40)]);
        assert!(said.judge(&super::RULE).is_empty());
    }
}
