//! # R702 label-regression
//!
//! ## What it finds
//!
//! Labels whose recall, precision or F1 is shown to be worse under the candidate. A label that lost at least half of its
//! recall has collapsed: an error. Labels that traded one for the other are R704's concern, unless they collapsed.
//!
//! ## Why it matters
//!
//! An average rises while a label collapses: five labels gain two points each and one loses ten. Those who are served by
//! that label see a model that got worse.
//!
//! ## Example
//!
//! `1 label collapsed: fraud, recall 0.79 to 0.21 (58 gold)`
//!
//! ## What to do
//!
//! Read the answers that broke. Look at what changed in the training data of that label: fewer examples, another meaning,
//! a new label beside it that takes its examples.
//!
//! ## Threshold
//!
//! The paired difference is shown to be below 0 after correction for the number of labels (Holm, or as the comparison
//! says). A warning. An error when, beyond that, recall lost at least half of what it had, on 20 gold or more: a label of
//! which the model now misses what it found is not the same product, and under 20 gold a half can be an accident.

use serde_json::json;
use trueup_core::document::{ComparedLabel, Severity};
use trueup_core::words;

use super::moves::{FIGURES, LabelFigure, behind, broken, is_worse, places};
use super::r704_precision_recall_shift::has_traded;
use crate::review::{Draft, Evidence, Place, Rule, Versus};

/// The rule.
pub const RULE: Rule =
    Rule { code: "R702", name: "label-regression", source: include_str!("r702_label_regression.rs"), check };

const ENOUGH: u64 = 20;
const HALF: f64 = 0.5;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(versus) = &evidence.versus else {
        return Vec::new();
    };
    let labels = &versus.comparison.labels;
    let (mut collapsed, mut worse): (Vec<_>, Vec<_>) = labels
        .iter()
        .filter(|row| has_collapsed(row) || !has_traded(row))
        .filter_map(|row| Some((row, worst(row)?)))
        .partition(|(row, _)| has_collapsed(row));
    for rows in [&mut collapsed, &mut worse] {
        rows.sort_by(|a, b| fall(a).total_cmp(&fall(b)));
    }
    [(Severity::Error, "collapsed", collapsed), (Severity::Warning, "got worse", worse)]
        .into_iter()
        .filter(|(.., rows)| !rows.is_empty())
        .map(|(severity, word, rows)| draft(evidence, versus, severity, word, &rows))
        .collect()
}

/// The difference that the label is told by.
fn fall((row, (_, of)): &(&ComparedLabel, LabelFigure)) -> f64 {
    of(row).difference.value.unwrap_or(0.0)
}

fn has_collapsed(row: &ComparedLabel) -> bool {
    let halved = row.recall.baseline.zip(row.recall.candidate).is_some_and(|(was, is)| is <= HALF * was);
    row.support >= ENOUGH && is_worse(&row.recall) && halved
}

/// The figure that fell the most of those that are shown to be worse; recall, where the label collapsed.
fn worst(row: &ComparedLabel) -> Option<LabelFigure> {
    if has_collapsed(row) {
        return Some(FIGURES[0]);
    }
    let shown = FIGURES.into_iter().filter(|(_, of)| is_worse(of(row)));
    shown.min_by(|a, b| fall(&(row, *a)).total_cmp(&fall(&(row, *b))))
}

fn draft(
    evidence: &Evidence<'_>,
    versus: &Versus,
    severity: Severity,
    word: &str,
    rows: &[(&ComparedLabel, LabelFigure)],
) -> Draft {
    let n = rows.len() as u64;
    let named: Vec<String> = rows
        .iter()
        .map(|(row, (name, of))| {
            let (figure, places) = (of(row), places(of(row)));
            format!(
                "{}, {name} {} to {} ({} gold)",
                row.label,
                words::number(figure.baseline, places),
                words::number(figure.candidate, places),
                words::count(row.support)
            )
        })
        .collect();
    let (first, _) = rows[0];
    let found = |share: Option<f64>| words::count((share.unwrap_or(0.0) * first.support as f64).round() as u64);
    let message = format!(
        "Of {} '{}' {} the baseline finds {} and the candidate {}; an average over all labels does not show it.",
        words::count(first.support),
        first.label,
        words::plural(first.support, evidence.unit),
        found(first.recall.baseline),
        found(first.recall.candidate),
    );
    let places = places_of(evidence, versus, rows);
    let action = match places.len() as u64 {
        0 => format!("Look at what changed in the training data of '{}'", first.label),
        k => format!(
            "Read the {} of these labels that broke, and look at what changed in the training data of '{}'",
            words::counted(k, "answer"),
            first.label
        ),
    };
    let shown: Vec<&str> = named.iter().take(3).map(String::as_str).collect();
    let rest = named.len() - shown.len();
    let more = if rest > 0 { format!("; and {} more", words::count(rest as u64)) } else { String::new() };
    Draft::new(severity, n, format!("{} {word}: {}{more}", words::counted(n, "label"), shown.join("; ")), action)
        .message(message)
        .examples(places)
        .with(
            "labels",
            rows.iter()
                .map(|(row, _)| {
                    json!({
                        "label": row.label, "support": row.support, "recall": behind(&row.recall),
                        "precision": behind(&row.precision), "f1": behind(&row.f1),
                    })
                })
                .collect::<Vec<_>>(),
        )
}

/// The broken answers that have one of the labels as gold or as the candidate's answer.
fn places_of(evidence: &Evidence<'_>, versus: &Versus, rows: &[(&ComparedLabel, LabelFigure)]) -> Vec<Place> {
    let ids: Vec<u32> = rows.iter().filter_map(|(row, _)| evidence.labels.id(&row.label)).collect();
    broken(versus, |row| {
        let has = |labels: Vec<u32>| labels.iter().any(|label| ids.contains(label));
        has(evidence.test.data.examples[row].gold.labels()) || has(evidence.predicted[row].labels())
    })
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;
    use trueup_core::document::Severity;

    /// Macro-F1 goes up: four labels gain while 'fraud' loses `lost` of the 46 of 58 that were found.
    fn plant(lost: u64) -> Plant {
        Plant::versus(&[
            ("fraud", "fraud", "fraud", 46 - lost),
            ("fraud", "fraud", "bill", lost),
            ("fraud", "bill", "bill", 12),
            ("bill", "bill", "bill", 500),
            ("bill", "move", "bill", 150),
            ("move", "move", "move", 500),
            ("move", "bill", "move", 150),
            ("stop", "stop", "stop", 300),
            ("stop", "bill", "stop", 100),
        ])
    }

    #[test]
    fn macro_f1_up_while_one_label_collapses() {
        let plant = plant(34);
        let findings = plant.judge(&super::RULE);
        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].title, "1 label collapsed: fraud, recall 0.79 to 0.21 (58 gold)");
        assert!(
            findings[0].message.starts_with("Of 58 'fraud' examples the baseline finds 46 and the candidate 12;"),
            "{}",
            findings[0].message
        );
        assert_eq!(findings[0].examples.len(), 34);
        let sure = plant.judge(super::super::by_code("R701").unwrap());
        assert!(sure.is_empty(), "the averages rose: {sure:#?}");
    }

    #[test]
    fn a_smaller_loss_is_a_warning_and_chance_is_nothing() {
        let findings = plant(15).judge(&super::RULE);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert!(
            findings[0].title.starts_with("1 label got worse: fraud, recall 0.79 to 0.53"),
            "{}",
            findings[0].title
        );
        assert!(plant(2).judge(&super::RULE).is_empty());
    }

    #[test]
    fn few_gold_do_not_make_a_collapse() {
        let few = Plant::versus(&[
            ("fraud", "fraud", "bill", 15),
            ("fraud", "fraud", "fraud", 1),
            ("bill", "bill", "bill", 500),
            ("bill", "fraud", "bill", 2),
        ]);
        let findings = few.judge(&super::RULE);
        assert_eq!(findings.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Warning]);
    }
}
