//! # D101 too-few-examples
//!
//! ## What it finds
//!
//! Labels with under 15 training examples (error) or under 50 (warning); for entities, gold spans are counted.
//!
//! ## Why it matters
//!
//! A label that is seen a handful of times is learned from accidents of wording. Its score rests on so few test
//! examples, too, that neither a good nor a bad figure means much.
//!
//! ## Example
//!
//! `2 labels have under 50 examples: refund (31), legal (44)`
//!
//! ## What to do
//!
//! Label more examples of these labels, starting with the rarest. When there are no more, merge the label with the one
//! it is most often taken for, or leave it to a rule or a person.
//!
//! ## Threshold
//!
//! 15 is the limit under which Azure AI Language warns in its model guidance, and 50 is the number that its FAQ and
//! spaCy's `debug data` (`NEW_LABEL_THRESHOLD`) recommend. A label without any training example is D103's concern.

use trueup_core::document::Severity;
use trueup_core::words;

use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { code: "D101", name: "too-few-examples", source: include_str!("d101_too_few_examples.rs"), check };

const ERROR_UNDER: u64 = 15;
const WARNING_UNDER: u64 = 50;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(support) = evidence.train_support() else {
        return Vec::new();
    };
    let mut few: Vec<(u64, &str)> = evidence
        .labels
        .ids()
        .map(|id| (support[id as usize], evidence.labels.name(id)))
        .filter(|&(n, _)| n > 0 && n < WARNING_UNDER)
        .collect();
    few.sort_unstable();
    let Some(&(rarest, _)) = few.first() else {
        return Vec::new();
    };
    let n = few.len() as u64;
    let severe = few.iter().filter(|&&(n, _)| n < ERROR_UNDER).count() as u64;
    let severity = if rarest < ERROR_UNDER { Severity::Error } else { Severity::Warning };
    let named: Vec<String> = few.iter().map(|(n, label)| format!("{label} ({n})")).collect();
    let limit = if severe > 0 { ERROR_UNDER } else { WARNING_UNDER };
    let counted = if severe > 0 { severe } else { n };
    let missing: u64 = few.iter().map(|&(n, _)| WARNING_UNDER - n).sum();
    let draft = Draft::new(
        severity,
        n,
        format!(
            "{} {} under {limit} training {}: {}",
            words::counted(counted, "label"),
            words::agree(counted, "has", "have"),
            words::plural(2, evidence.unit),
            words::list(&named[..counted as usize], 5),
        ),
        format!(
            "Label more {} of {} until each has {WARNING_UNDER}",
            words::plural(2, evidence.unit),
            words::list(&few.iter().map(|&(_, label)| label).collect::<Vec<_>>(), 3)
        ),
    )
    .message(format!(
        "{} of {} labels {} learned from under {limit} {} each. What the model knows of them, and what the score says of \
         them, rests on a few accidents of wording.",
        words::count(counted),
        words::count(evidence.labels.len() as u64),
        words::agree(counted, "is", "are"),
        words::plural(2, evidence.unit),
    ))
    .price(format!("about {}", words::counted(missing, evidence.unit)))
    .with("under_15", severe)
    .with("under_50", n)
    .with(
        "labels",
        few.iter()
            .map(|&(n, label)| serde_json::json!([label, n]))
            .collect::<Vec<_>>(),
    );
    vec![draft]
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;

    #[test]
    fn fires_by_the_rarest_label_and_names_it() {
        let plant = Plant::labels(&[("billing", 200), ("refund", 31), ("legal", 14)]);
        let drafts = plant.judge(&super::RULE);
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].title, "1 label has under 15 training examples: legal (14)");
        assert_eq!(drafts[0].severity, trueup_core::document::Severity::Error);
        assert_eq!(drafts[0].count, 2);
    }

    #[test]
    fn silent_when_every_label_has_fifty() {
        assert!(Plant::labels(&[("billing", 200), ("refund", 50)]).judge(&super::RULE).is_empty());
    }
}
