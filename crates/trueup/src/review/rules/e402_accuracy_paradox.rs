//! # E402 accuracy-paradox
//!
//! ## What it finds
//!
//! High accuracy that hides a missed label: one label makes up most of the data, accuracy is high because of it, and
//! more than half of another label is missed.
//!
//! ## Why it matters
//!
//! With 97 % of one label, answering nothing else is 97 % accurate and catches nothing. The rare label is usually the
//! one that the model was made for: fraud, a complaint, an illness.
//!
//! ## Example
//!
//! `accuracy hides a missed label: refund, recall 0.19 (11 of 58)`
//!
//! ## What to do
//!
//! Judge by the recall of the missed label, or by what mistakes cost (`--cost refund:miss=50,false-alarm=1`). Then label
//! more examples of it, or move its threshold.
//!
//! ## Threshold
//!
//! An error when the largest label has at least 80 % of the gold, accuracy is at least 0.9, and another label with 20
//! gold examples or more has a recall whose interval lies wholly under 0.5: under 20, the interval of a recall is wider
//! than 40 points, and a missed half could be an accident.

use trueup_core::document::{LabelRow, Severity};
use trueup_core::{Task, words};

use crate::review::{Draft, Evidence, Place, Rule, SideName};

/// The rule.
pub const RULE: Rule =
    Rule { code: "E402", name: "accuracy-paradox", source: include_str!("e402_accuracy_paradox.rs"), check };

const MAJORITY: f64 = 0.8;
const ACCURATE: f64 = 0.9;
const ENOUGH: u64 = 20;
const MISSED: f64 = 0.5;

/// The labels that accuracy hides, most gold first; empty when the rule does not fire.
pub(super) fn hidden<'e>(evidence: &'e Evidence<'_>) -> Vec<&'e LabelRow> {
    let figures = evidence.counting();
    let total: u64 = figures.labels.iter().map(|row| row.support).sum();
    let Some(largest) = figures.labels.iter().max_by_key(|row| row.support) else {
        return Vec::new();
    };
    let accurate = figures.metrics.get("accuracy").and_then(|accuracy| accuracy.value).is_some_and(|a| a >= ACCURATE);
    if evidence.task != Task::Classification || !accurate || (largest.support as f64) < MAJORITY * total as f64 {
        return Vec::new();
    }
    let missed = |row: &&LabelRow| {
        row.label != largest.label && row.support >= ENOUGH && row.recall.high.is_some_and(|high| high < MISSED)
    };
    let mut rows: Vec<&LabelRow> = figures.labels.iter().filter(missed).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.support));
    rows
}

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let rows = hidden(evidence);
    let Some(worst) = rows.first() else { return Vec::new() };
    let figures = evidence.counting();
    let caught = |row: &LabelRow| (row.recall.value.unwrap_or(0.0) * row.support as f64).round() as u64;
    let named: Vec<String> = rows
        .iter()
        .map(|row| {
            let (k, n) = (words::count(caught(row)), words::count(row.support));
            format!("{}, recall {} ({k} of {n})", row.label, words::number(row.recall.value, 2))
        })
        .collect();
    let total: u64 = figures.labels.iter().map(|row| row.support).sum();
    let largest = figures.labels.iter().max_by_key(|row| row.support).expect("a hidden label has a larger one");
    let share = largest.support as f64 / total as f64;
    let missed: Vec<u32> = rows.iter().filter_map(|row| evidence.labels.id(&row.label)).collect();
    let places = (0..evidence.predicted.len())
        .filter(|&row| evidence.labels_of(row).is_some_and(|(gold, answer)| gold != answer && missed.contains(&gold)))
        .map(|row| Place { side: SideName::Test, row });
    let n = rows.len() as u64;
    let accuracy = figures.metrics.get("accuracy").and_then(|accuracy| accuracy.value);
    vec![
        Draft::new(
            Severity::Error,
            n,
            format!(
                "accuracy hides {}: {}",
                words::agree(n, "a missed label", "missed labels"),
                words::list(&named, 3)
            ),
            format!("Say what a missed '{}' costs, and judge by that instead of accuracy", worst.label),
        )
        .message(format!(
            "Of {} '{}' {} {} caught, although accuracy is {}. Accuracy is high because {} of the examples are '{}': a \
             model that always answers '{}' would get {:.2}.",
            words::count(worst.support),
            worst.label,
            words::plural(2, "example"),
            match caught(worst) {
                0 => "none is".to_owned(),
                1 => "only 1 is".to_owned(),
                k => format!("only {} are", words::count(k)),
            },
            words::number(accuracy, 2),
            words::percent(share),
            largest.label,
            largest.label,
            share,
        ))
        .examples(places)
        .command(format!("{} --cost '{}:miss=50,false-alarm=1'", evidence.command, worst.label.replace('\'', "'\\''")))
        .with("accuracy", accuracy)
        .with("majority", largest.label.as_str())
        .with("majority_share", share)
        .with(
            "labels",
            rows.iter()
                .map(|row| serde_json::json!({"label": row.label, "support": row.support, "recall": row.recall.value}))
                .collect::<Vec<_>>(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;

    #[test]
    fn ninety_eight_per_cent_with_twelve_per_cent_recall() {
        let plant = Plant::labels(&[("ok", 2_900), ("fraud", 58)]).answers(&[
            ("ok", "ok", 2_890),
            ("ok", "fraud", 10),
            ("fraud", "fraud", 7),
            ("fraud", "ok", 51),
        ]);
        let findings = plant.judge(&super::RULE);
        assert_eq!(findings[0].title, "accuracy hides a missed label: fraud, recall 0.12 (7 of 58)");
        assert!(
            findings[0].message.starts_with("Of 58 'fraud' examples only 7 are caught, although accuracy is 0.98.")
        );
        assert_eq!(findings[0].examples.len(), 51);
    }

    #[test]
    fn silent_when_the_rare_label_is_found_or_too_rare_to_say() {
        let found = Plant::labels(&[("ok", 900), ("fraud", 50)]).answers(&[
            ("ok", "ok", 900),
            ("fraud", "fraud", 40),
            ("fraud", "ok", 10),
        ]);
        assert!(found.judge(&super::RULE).is_empty());
        let rare = Plant::labels(&[("ok", 900), ("fraud", 10)]).answers(&[("ok", "ok", 900), ("fraud", "ok", 10)]);
        assert!(rare.judge(&super::RULE).is_empty());
    }
}
