//! # R709 not-better
//!
//! ## What it finds
//!
//! A retraining that brought nothing: on the metric that decides, the candidate is shown to be as good as the baseline, or
//! worse.
//!
//! ## Why it matters
//!
//! A new model is a risk of its own: other answers change, and whoever relied on them is surprised. Without a gain there is
//! nothing to set against that. It also says something of the work: what was added to the training data, or changed in the
//! settings, did not help.
//!
//! ## Example
//!
//! `the candidate is no better: accuracy +0.001 (-0.004 to +0.006)`
//!
//! ## What to do
//!
//! Keep the baseline. Look at what the baseline answers wrongly, and add training examples of that kind rather than more
//! of all.
//!
//! ## Threshold
//!
//! The interval of the paired difference lies within what makes no difference in practice, or wholly on the worse side. A
//! warning. Not where the gate promotes all the same: a policy that asks only for no loss (`non_inferior`) has its reason
//! elsewhere, in cost or in fresher data. A difference that is not settled is R708's concern.

use trueup_core::document::{Decision, Severity, Standing};
use trueup_core::words;

use super::moves::{behind, decides, difference, title};
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule = Rule { code: "R709", name: "not-better", source: include_str!("r709_not_better.rs"), check };

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(versus) = &evidence.versus else {
        return Vec::new();
    };
    let comparison = &versus.comparison;
    let settled = matches!(comparison.standing, Standing::Same | Standing::Worse);
    let Some(metric) = decides(comparison).filter(|_| settled && comparison.decision != Some(Decision::Promote)) else {
        return Vec::new();
    };
    let flips = &comparison.flips;
    let word = if comparison.standing == Standing::Same { "no better" } else { "worse" };
    vec![
        Draft::new(
            Severity::Warning,
            comparison.examples,
            format!("the candidate is {word}: {} {}", title(&metric.name), difference(&metric.compared)),
            "Keep the baseline, and add training examples of the kinds that it answers wrongly",
        )
        .message(format!(
            "That is settled by {}. Of what was wrong before, {} {} right now, and {} that {} right {} wrong.",
            words::counted(comparison.examples, &format!("test {}", evidence.noun)),
            words::counted(flips.fixed_count, "answer"),
            words::agree(flips.fixed_count, "is", "are"),
            words::count(flips.broken_count),
            words::agree(flips.broken_count, "was", "were"),
            words::agree(flips.broken_count, "is", "are"),
        ))
        .with("metric", metric.name.as_str())
        .with("compared", behind(&metric.compared)),
    ]
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;
    use trueup_core::document::{Decision, Severity};

    fn plant(fixed: u64, broken: u64) -> Plant {
        Plant::versus(&[
            ("a", "a", "a", 2_000 - broken),
            ("a", "a", "b", broken),
            ("a", "b", "a", fixed),
            ("b", "b", "b", 2_000),
            ("b", "a", "a", 400),
        ])
    }

    #[test]
    fn the_same_and_worse_are_named() {
        let findings = plant(12, 10).judge(&super::RULE);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert_eq!(findings[0].title, "the candidate is no better: accuracy +0.0005 (-0.0016 to +0.0025)");
        let worse = plant(10, 90).judge(&super::RULE);
        assert!(worse[0].title.starts_with("the candidate is worse: accuracy -0.018 (-0.0"), "{}", worse[0].title);
    }

    #[test]
    fn silent_when_better_unsettled_or_promoted_as_no_worse() {
        assert!(plant(90, 10).judge(&super::RULE).is_empty());
        assert!(plant(70, 60).compared(|c| c.standing = super::Standing::Unclear).judge(&super::RULE).is_empty());
        assert!(plant(12, 10).compared(|c| c.decision = Some(Decision::Promote)).judge(&super::RULE).is_empty());
        assert!(!plant(12, 10).compared(|c| c.decision = Some(Decision::Reject)).judge(&super::RULE).is_empty());
    }
}
