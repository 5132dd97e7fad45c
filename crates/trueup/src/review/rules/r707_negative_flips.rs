//! # R707 negative-flips
//!
//! ## What it finds
//!
//! Examples that the baseline answers rightly and the candidate wrongly, worst first: those of which the candidate is
//! surest.
//!
//! ## Why it matters
//!
//! People trust what worked yesterday. A model that mends 100 answers and breaks 80 others is better by 20 and feels worse,
//! and whatever was built around the old answers breaks with them (Yan and others 2021, "Positive-congruent training:
//! towards regression-free model updates").
//!
//! ## Example
//!
//! `31 answers that were right are wrong now; 44 that were wrong are right`
//!
//! ## What to do
//!
//! Read them, the surest first: each is a changed or wrong label, an example that training has lost, or the price of a gain
//! elsewhere. Those that must never break belong in the gate's must-pass examples.
//!
//! ## Threshold
//!
//! A note when there is any. A warning when more than half as many answers broke as were mended, and at least 1 % of the
//! examples broke: then the gain is small against the unrest, and one answer of a hundred is what users notice.

use trueup_core::document::Severity;
use trueup_core::words;

use super::moves::broken;
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { code: "R707", name: "negative-flips", source: include_str!("r707_negative_flips.rs"), check };

const HALF: f64 = 0.5;
const NOTICED: f64 = 0.01;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(versus) = &evidence.versus else {
        return Vec::new();
    };
    let (flips, n) = (&versus.comparison.flips, versus.comparison.examples);
    let (broke, mended) = (flips.broken_count, flips.fixed_count);
    if broke == 0 {
        return Vec::new();
    }
    let share = broke as f64 / n.max(1) as f64;
    let many = broke as f64 > HALF * mended as f64 && share >= NOTICED;
    let severity = if many { Severity::Warning } else { Severity::Note };
    let (answers, were, are) =
        (words::counted(broke, "answer"), words::agree(broke, "was", "were"), words::agree(broke, "is", "are"));
    let other = match mended {
        0 => "none that was wrong is right".to_owned(),
        mended => format!(
            "{} that {} wrong {} right",
            words::count(mended),
            words::agree(mended, "was", "were"),
            words::agree(mended, "is", "are")
        ),
    };
    vec![
        Draft::new(
            severity,
            broke,
            format!("{answers} that {were} right {are} wrong now; {other}"),
            "Read what broke, the surest first, and make what must never break a must-pass example of the gate",
        )
        .message(format!(
            "That is {} of {}. Whoever relied on them will notice these before any gain.",
            words::percent(share),
            words::counted(n, evidence.noun)
        ))
        .examples(broken(versus, |_| true))
        .with("broken", broke)
        .with("fixed", mended)
        .with("share", share),
    ]
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;
    use trueup_core::document::{Finding, Severity};

    fn judge(fixed: u64, broken: u64, rest: u64) -> Vec<Finding> {
        let cells = [("a", "b", "a", fixed), ("b", "b", "a", broken), ("a", "a", "a", rest), ("b", "b", "b", rest)];
        Plant::versus(&cells).judge(&super::RULE)
    }

    #[test]
    fn many_are_a_warning_and_few_a_note() {
        let findings = judge(44, 31, 400);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert_eq!(findings[0].title, "31 answers that were right are wrong now; 44 that were wrong are right");
        assert_eq!((findings[0].count, findings[0].examples.len()), (31, 31));
        assert!(findings[0].message.starts_with("That is 3.5 % of 875 examples."), "{}", findings[0].message);
        // Half as many as were mended.
        assert_eq!(judge(62, 31, 400)[0].severity, Severity::Note);
        // Under one in a hundred.
        assert_eq!(judge(0, 7, 400)[0].severity, Severity::Note);
        assert_eq!(judge(0, 1, 400)[0].title, "1 answer that was right is wrong now; none that was wrong is right");
    }

    #[test]
    fn silent_when_nothing_broke() {
        assert!(judge(44, 0, 400).is_empty());
        assert!(Plant::labels(&[("a", 100), ("b", 100)]).judge(&super::RULE).is_empty());
    }
}
