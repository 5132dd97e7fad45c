//! The rules: one file each, whose module doc is the rule's page, and one line each in [`RULES`].
//!
//! A rule reads [`Evidence`](super::Evidence), compares with a threshold and drafts a finding. It computes nothing
//! heavy, so testing a changed rule takes seconds.

mod d101_too_few_examples;
mod d102_label_missing_from_test;
mod d103_label_missing_from_train;
mod d104_class_imbalance;
mod d105_split_label_mismatch;
mod d106_test_set_too_small;
mod d107_exact_duplicate;
mod d108_near_duplicate;
mod d109_conflicting_duplicate;
mod d111_degenerate_text;
mod damage;
mod e401_perfect_score;
mod e402_accuracy_paradox;
mod e403_low_recall;
mod e404_low_precision;
mod e405_confused_pair;
mod e406_no_better_than_baseline;
mod k201_exact_leak;
mod k202_near_duplicate_leak;
mod leaks;
mod moves;
mod r701_metric_regression;
mod r702_label_regression;
mod r703_slice_regression;
mod r704_precision_recall_shift;
mod r705_loss_up;
mod r706_cost_jump;
mod r707_negative_flips;
mod r708_undecided;
mod r709_not_better;
mod r710_unfair_comparison;
mod records;
mod s601_weak_slice;
mod t501_overfitting;
mod t502_underfitting;
mod t503_unstable_across_folds;
mod t504_still_learning;
mod t505_plateau;
mod t506_loss_diverged;
mod twins;

use super::rule::Rule;
use crate::error::Error;

pub use d104_class_imbalance::{Imbalance, imbalance};
pub use twins::recurs_naturally;

/// Every rule, by code.
pub const RULES: &[Rule] = &[
    d101_too_few_examples::RULE,
    d102_label_missing_from_test::RULE,
    d103_label_missing_from_train::RULE,
    d104_class_imbalance::RULE,
    d105_split_label_mismatch::RULE,
    d106_test_set_too_small::RULE,
    d107_exact_duplicate::RULE,
    d108_near_duplicate::RULE,
    d109_conflicting_duplicate::RULE,
    d111_degenerate_text::RULE,
    e401_perfect_score::RULE,
    e402_accuracy_paradox::RULE,
    e403_low_recall::RULE,
    e404_low_precision::RULE,
    e405_confused_pair::RULE,
    e406_no_better_than_baseline::RULE,
    k201_exact_leak::RULE,
    k202_near_duplicate_leak::RULE,
    r701_metric_regression::RULE,
    r702_label_regression::RULE,
    r703_slice_regression::RULE,
    r704_precision_recall_shift::RULE,
    r705_loss_up::RULE,
    r706_cost_jump::RULE,
    r707_negative_flips::RULE,
    r708_undecided::RULE,
    r709_not_better::RULE,
    r710_unfair_comparison::RULE,
    s601_weak_slice::RULE,
    t501_overfitting::RULE,
    t502_underfitting::RULE,
    t503_unstable_across_folds::RULE,
    t504_still_learning::RULE,
    t505_plateau::RULE,
    t506_loss_diverged::RULE,
];

/// The rule of `code`, in any case.
pub fn by_code(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(code))
}

/// The rules whose code begins with one of `select` (all when it is empty) and with none of `ignore`.
///
/// # Errors
///
/// When a beginning fits no rule; the message lists the codes.
pub fn rules_of(select: &[String], ignore: &[String]) -> Result<Vec<&'static Rule>, Error> {
    let fits = |rule: &Rule, start: &str| rule.code.starts_with(&start.to_uppercase()) && !start.is_empty();
    for (option, starts) in [("--select", select), ("--ignore", ignore)] {
        if let Some(unknown) = starts.iter().find(|start| !RULES.iter().any(|rule| fits(rule, start))) {
            let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
            let valid = format!("the codes are {} (or a beginning: E4, K)", codes.join(", "));
            return Err(Error::Option { option, found: unknown.clone(), valid });
        }
    }
    let chosen = |rule: &&Rule| {
        (select.is_empty() || select.iter().any(|start| fits(rule, start)))
            && !ignore.iter().any(|start| fits(rule, start))
    };
    Ok(RULES.iter().filter(chosen).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_every_page_has_its_headings() {
        assert!(RULES.is_sorted_by_key(|rule| rule.code));
        for rule in RULES {
            let page = rule.page();
            assert!(page.starts_with(&format!("# {} {}\n", rule.code, rule.name)), "{}: {page}", rule.code);
            let mut last = 0;
            for heading in ["What it finds", "Why it matters", "Example", "What to do", "Threshold"] {
                let at = page.find(&format!("\n## {heading}\n"));
                assert!(
                    at.is_some_and(|at| at > last),
                    "{}: heading '{heading}' is missing or out of order",
                    rule.code
                );
                last = at.unwrap_or_default();
            }
        }
    }
}
