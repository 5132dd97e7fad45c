//! # E406 no-better-than-baseline
//!
//! ## What it finds
//!
//! A model that is not shown to beat the best constant answer: always the most frequent label (the cheapest one under
//! stated costs), always the most frequent label set, or never a span.
//!
//! ## Why it matters
//!
//! A score means something only against what costs nothing. 0.90 accuracy is poor where 'ham' alone gets 0.87.
//!
//! ## Example
//!
//! `accuracy is 0.71 (0.67 to 0.75); always answering 'billing' gets 0.71`
//!
//! ## What to do
//!
//! Check that text and label belong together in the file; then look for a signal: more examples, better text, fewer
//! labels.
//!
//! ## Threshold
//!
//! An error when the score is at or below the constant answer's, a warning when it is above but its 95 % interval
//! still contains it. No rule of thumb is needed: the bar is the constant answer itself.

use trueup_core::document::Severity;
use trueup_core::words;

use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    code: "E406",
    name: "no-better-than-baseline",
    source: include_str!("e406_no_better_than_baseline.rs"),
    check,
};

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let primary = &evidence.primary;
    let (Some(value), Some(baseline)) = (primary.estimate.value, primary.baseline) else {
        return Vec::new();
    };
    let beaten = if primary.higher_is_better { value > baseline } else { value < baseline };
    let severity = match (beaten, primary.estimate.contains(baseline)) {
        (false, _) => Severity::Error,
        (true, true) => Severity::Warning,
        (true, false) => return Vec::new(),
    };
    let always = primary.always();
    let message = if beaten {
        format!("The model may be no better than {always}; the interval still contains that score.")
    } else {
        format!("The model is no better than {always}, which needs no model.")
    };
    vec![
        Draft::new(
            severity,
            evidence.evaluated(),
            format!(
                "{} is {}; {always} gets {}",
                primary.title,
                words::figure_with_interval(&primary.estimate),
                words::number(Some(baseline), words::decimals(&primary.estimate)),
            ),
            "Check that text and label belong together in the file, then look for what could tell the labels apart",
        )
        .message(message)
        .with("metric", primary.name.as_str())
        .with("value", value)
        .with("baseline", baseline)
        .with("answer", primary.baseline_answer.as_str()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::review::planted::{Plant, share};
    use trueup_core::document::Severity;

    #[test]
    fn worse_is_an_error_and_perhaps_better_a_warning() {
        let plant = Plant::labels(&[("a", 70), ("b", 30)]).answers(&[
            ("a", "a", 65),
            ("a", "b", 5),
            ("b", "a", 28),
            ("b", "b", 2),
        ]);
        let findings = plant.judge(&super::RULE);
        assert_eq!(findings[0].severity, Severity::Error);
        let plant = Plant::labels(&[("a", 70), ("b", 30)]).with(|e| {
            e.primary.estimate = share(74, 100);
            e.primary.baseline = Some(0.7);
        });
        let findings = plant.judge(&super::RULE);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert_eq!(findings[0].title, "accuracy is 0.74 (0.65 to 0.82); always answering 'a' gets 0.70");
    }

    #[test]
    fn silent_when_clearly_better() {
        assert!(Plant::labels(&[("a", 100), ("b", 100)]).judge(&super::RULE).is_empty());
    }
}
