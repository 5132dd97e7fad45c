//! # E401 perfect-score
//!
//! ## What it finds
//!
//! A score that is too good to be taken at its word: 0.99 or more overall, or labels with an F1 of 1.0 on so few
//! examples that the interval of their recall still reaches below 0.9.
//!
//! ## Why it matters
//!
//! Real text is ambiguous and labels are noisy; a perfect score mostly means that the test is too small, that it leaks,
//! or that something other than the content gives the answer away. 40 right answers of 40 are what a model that errs
//! once in fifteen gets about every sixteenth time.
//!
//! ## Example
//!
//! `accuracy is 1.00 on 40 examples: that is also what a model with 0.91 can get`
//!
//! ## What to do
//!
//! Look for leaks (K201, K202) and shortcuts first. If there are none, label a larger and harder test set.
//!
//! ## Threshold
//!
//! 0.99 overall is an error when fewer than 200 different examples were evaluated (the interval then reaches 0.97 or lower) or
//! when the evaluated examples leak from training, else a warning. Labels at 1.0 whose interval reaches below 0.9 are a
//! note: with under 35 examples every perfect label is one, and that is a reason to doubt its figure rather than the
//! model.

use trueup_core::Task;
use trueup_core::document::Severity;
use trueup_core::{stats, words};

use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { code: "E401", name: "perfect-score", source: include_str!("e401_perfect_score.rs"), check };

const PERFECT: f64 = 0.99;
const FEW: u64 = 200;
const PROVEN: f64 = 0.9;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    [overall(evidence), labels(evidence)].into_iter().flatten().collect()
}

fn overall(evidence: &Evidence<'_>) -> Option<Draft> {
    let (name, title) = match evidence.task {
        Task::Classification => ("accuracy", "accuracy"),
        Task::Multilabel => ("f1_micro", "micro-F1"),
        Task::Ner => ("f1", "F1"),
    };
    let estimate = evidence.metric(name)?;
    let value = estimate.value.filter(|&value| value >= PERFECT)?;
    // Accuracy that always giving one answer reaches as well is the business of E402 and E406.
    if name == "accuracy" && evidence.primary.baseline_accuracy.is_some_and(|bar| estimate.contains(bar)) {
        return None;
    }
    let n = evidence.distinct();
    let leaks = evidence.leaks.len() as u64;
    let severity = if n < FEW || leaks > 0 { Severity::Error } else { Severity::Warning };
    let repeats = evidence.evaluated() > n;
    let noun = if repeats { format!("different {}", evidence.noun) } else { evidence.noun.to_owned() };
    let noun = words::counted(n, &noun);
    // Repeated texts prove nothing twice.
    let distinct = || stats::wilson((value * n as f64).floor() as u64, n).0;
    let low = if repeats { Some(distinct()) } else { estimate.low };
    let reach = low.map_or_else(String::new, |low| {
        let places = if low < 0.995 { 2 } else { 4 };
        format!(": that is also what a model with {} can get", words::number(Some(low), places))
    });
    let message = if leaks > 0 {
        format!(
            "A score of {} is no proof here: {} of the {noun} also {} in the training data.",
            words::number(Some(value), 3),
            words::count(leaks),
            words::agree(leaks, "stands", "stand"),
        )
    } else if n < FEW {
        format!("{noun} {} too few to tell a perfect model from a good one.", words::agree(n, "is", "are"))
    } else {
        "Text is rarely this clear. Before the score is believed, make sure that nothing but the content gives the answer away."
            .to_owned()
    };
    Some(
        Draft::new(
            severity,
            n,
            format!("{title} is {} on {noun}{reach}", words::figure(estimate)),
            "Check how the test set was made, and test on new examples that nobody has looked at",
        )
        .message(message)
        .with("metric", name)
        .with("value", value)
        .with("low", estimate.low)
        .with("examples", n)
        .with("leaked", leaks),
    )
}

fn labels(evidence: &Evidence<'_>) -> Option<Draft> {
    let perfect: Vec<String> = evidence
        .figures
        .labels
        .iter()
        .filter(|row| row.f1.value == Some(1.0) && row.recall.low.is_some_and(|low| low < PROVEN))
        .map(|row| format!("{} ({})", row.label, words::count(row.support)))
        .collect();
    let n = perfect.len() as u64;
    (n > 0).then(|| {
        Draft::new(
            Severity::Note,
            n,
            format!(
                "{} a perfect F1 on too few {} to prove it: {}",
                words::agree(n, "1 label has", &format!("{} labels have", words::count(n))),
                words::plural(2, evidence.unit),
                words::list(&perfect, 5)
            ),
            format!("Add test {} of these labels before relying on their figures", words::plural(2, evidence.unit)),
        )
        .message("Their figures say 1.00, and their intervals reach below 0.90.")
        .with("labels", perfect)
    })
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;
    use trueup_core::document::Severity;

    #[test]
    fn forty_right_of_forty_is_an_error() {
        let plant = Plant::labels(&[("a", 20), ("b", 20)]).answers(&[("a", "a", 20), ("b", "b", 20)]);
        let findings = plant.judge(&super::RULE);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].title, "accuracy is 1.00 on 40 examples: that is also what a model with 0.91 can get");
        // Both labels have 20 examples, and 20 of 20 reaches down to 0.84.
        assert_eq!((findings[1].severity, findings[1].count), (Severity::Note, 2));
    }

    #[test]
    fn a_perfect_score_on_many_is_a_warning() {
        let plant = Plant::labels(&[("a", 500), ("b", 500)]).answers(&[("a", "a", 500), ("b", "b", 500)]);
        let findings = plant.judge(&super::RULE);
        assert_eq!((findings.len(), findings[0].severity), (1, Severity::Warning));
    }

    #[test]
    fn silent_on_an_ordinary_score() {
        assert!(Plant::labels(&[("a", 100), ("b", 100)]).judge(&super::RULE).is_empty());
    }
}
