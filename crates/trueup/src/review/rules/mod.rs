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
mod k201_exact_leak;
mod k202_near_duplicate_leak;
mod leaks;
mod twins;

use super::rule::Rule;

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
    k201_exact_leak::RULE,
    k202_near_duplicate_leak::RULE,
];

/// The rule of `code`, in any case.
pub fn by_code(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_every_page_has_its_headings() {
        assert!(RULES.is_sorted_by_key(|rule| rule.code));
        for rule in RULES {
            let page = rule.page();
            assert!(
                page.starts_with(&format!("# {} {}\n", rule.code, rule.name)),
                "{}: {page}",
                rule.code
            );
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
