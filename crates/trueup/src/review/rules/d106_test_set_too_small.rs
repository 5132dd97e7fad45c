//! # D106 test-set-too-small
//!
//! ## What it finds
//!
//! Too few evaluated examples for the decision at hand. With a target: the 95 % interval of the primary metric contains
//! it, so the score may lie on either side. Without one: the interval is wider than 0.10, that is more than ±5 points.
//! Leaked examples do not count. The count is that of the evaluated examples that do.
//!
//! ## Why it matters
//!
//! A score of 0.87 that may as well be 0.79 or 0.95 cannot tell a good model from a poor one, nor this lap's model from
//! the last one's. Choosing between models on such a set is choosing by luck.
//!
//! ## Example
//!
//! `58 evaluated examples leave macro-F1 anywhere from 0.79 to 0.95`
//!
//! ## What to do
//!
//! Label more examples for evaluation; the finding says about how many. For a macro average, label the rare labels
//! first: the interval is as wide as theirs. Reviewing by folds evaluates every example that there is.
//!
//! ## Threshold
//!
//! The decision sets the width. With a target the question is on which side of it the score lies. Without one, 0.10 is
//! the least that carries a decision in practice: a lap that improves a model by more than 5 points is a good one, so a
//! wider interval hides every usual gain. An accuracy of 0.9 reaches that width with about 140 examples, one of 0.5 with
//! about 380. Metrics without a fixed top (expected cost, log loss, Brier score) are measured on the scale from 0 to the
//! best trivial model's value (to the value itself if that is unknown), and 0.10 is a tenth of that. A metric without an
//! interval, because there is a single unit to resample, is always too uncertain. The further examples needed come from
//! n ((w / w')² - 1): an interval's width falls with the square root of n. With a target w' is the width that would just leave
//! the target outside, if the score stays where it is.

use trueup_core::document::{Estimate, Severity};
use trueup_core::words;

use crate::review::evidence::Primary;
use crate::review::{Draft, Evidence, Rule, SideName};

/// The rule.
pub const RULE: Rule =
    Rule { code: "D106", name: "test-set-too-small", source: include_str!("d106_test_set_too_small.rs"), check };

const WIDEST: f64 = 0.10;
const WITHOUT_A_TOP: [&str; 3] = ["expected_cost", "log_loss", "brier_score"];

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let primary = &evidence.primary;
    let estimate = &primary.estimate;
    let Some(value) = estimate.value else {
        return Vec::new();
    };
    // A score on leaked examples tells nothing, so they are no evaluated examples here.
    let n = evidence.evaluated() - evidence.leaks.len() as u64;
    let shrink = match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => match too_wide(primary, value, low, high) {
            None => return Vec::new(),
            some => some,
        },
        _ => None,
    };
    let needed = shrink.and_then(|shrink| further(n, shrink));
    let noun = evidence.noun_on(SideName::Test);
    let places = words::decimals(estimate);
    let title = match (primary.target, interval(estimate, places)) {
        (_, None) => format!("{} no interval around {}", subject(n, &noun, "gives", "give"), primary.title),
        (Some(target), Some((low, high))) => format!(
            "{} whether {} reaches {}: anywhere from {low} to {high}",
            subject(n, &noun, "does not tell", "do not tell"),
            primary.title,
            target
        ),
        (None, Some((low, high))) => {
            format!("{} {} anywhere from {low} to {high}", subject(n, &noun, "leaves", "leave"), primary.title)
        }
    };
    let rare_first = if primary.name.ends_with("_macro") { ", of the rare labels first" } else { "" };
    let action = match needed {
        Some(more) => format!("Label about {} more {}{rare_first}", words::count(more), words::plural(more, &noun)),
        None => format!("Label more {}{rare_first}", words::plural(2, &noun)),
    };
    let message = match needed {
        None => "The evidence does not decide, and how many more examples would is not known yet.".to_owned(),
        Some(more) if primary.target.is_some() => format!(
            "We cannot tell yet on which side of the target the score lies: about {} more would decide, if the score stays \
             where it is.",
            words::counted(more, evidence.noun)
        ),
        Some(more) => format!(
            "We cannot tell a good model from a poor one, nor see a gain of a few points. About {} more would bring the \
             interval down to {}.",
            words::counted(more, &noun),
            words::number(Some(WIDEST * scale(primary, value)), 2)
        ),
    };
    let mut draft = Draft::new(Severity::Warning, n, title, action)
        .message(message)
        .with("value", value)
        .with("low", estimate.low)
        .with("high", estimate.high);
    if let Some(target) = primary.target {
        draft = draft.with("target", target);
    }
    if let Some(needed) = needed {
        draft = draft.with("needed", needed);
    }
    vec![draft]
}

fn subject(n: u64, noun: &str, one: &str, many: &str) -> String {
    format!("{} {}", words::counted(n, noun), words::agree(n, one, many))
}

fn interval(estimate: &Estimate, places: usize) -> Option<(String, String)> {
    estimate.low?;
    estimate.high?;
    Some((words::number(estimate.low, places), words::number(estimate.high, places)))
}

/// By what factor the interval must shrink for the decision; `None` when it is narrow enough.
fn too_wide(primary: &Primary, value: f64, low: f64, high: f64) -> Option<f64> {
    let (width, allowed) = match primary.target {
        Some(target) if !(low..=high).contains(&target) => return None,
        Some(target) if target <= value => (value - low, value - target),
        Some(target) => (high - value, target - value),
        None => (high - low, WIDEST * scale(primary, value)),
    };
    (primary.target.is_some() || width > allowed).then(|| width / allowed)
}

/// What plays the part of 1 on the metric's scale.
fn scale(primary: &Primary, value: f64) -> f64 {
    if !WITHOUT_A_TOP.contains(&primary.name.as_str()) {
        return 1.0;
    }
    primary.baseline.filter(|&baseline| baseline > 0.0).unwrap_or(value.abs())
}

/// Further examples until the interval is `1 / shrink` as wide; `None` when no realistic number would do.
fn further(n: u64, shrink: f64) -> Option<u64> {
    // Nobody labels a hundred times as much as there is to narrow an interval.
    const BEYOND_REACH: f64 = 100.0;
    // At the target itself no number decides: the factor is infinite.
    let more = (n as f64 * (shrink * shrink - 1.0)).ceil().max(1.0);
    (more < BEYOND_REACH * n.max(100) as f64).then_some(more as u64)
}

#[cfg(test)]
mod tests {
    use trueup_core::document::IntervalKind;

    use super::*;
    use crate::review::planted::Plant;

    fn plant(n: u64) -> Plant {
        Plant::labels(&[("a", n / 2), ("b", n / 2)])
    }

    #[test]
    fn fires_when_the_interval_is_wider_than_ten_points_and_says_how_many_would_do() {
        let findings = plant(60).judge(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.title, "60 examples leave accuracy anywhere from 0.80 to 0.95");
        let (low, high) = (finding.evidence["low"].as_f64().unwrap(), finding.evidence["high"].as_f64().unwrap());
        let by_hand = (60.0 * (((high - low) / 0.10).powi(2) - 1.0)).ceil() as u64;
        assert_eq!(finding.evidence["needed"], by_hand);
        assert_eq!(finding.action.summary, format!("Label about {by_hand} more examples"));
        // As many as it asked for are enough.
        assert!(plant(60 + by_hand.next_multiple_of(20)).judge(&RULE).is_empty());
    }

    #[test]
    fn silent_when_the_interval_is_narrow() {
        assert!(plant(400).judge(&RULE).is_empty());
        let sure = plant(60).answers(&[("a", "a", 60), ("b", "b", 60)]);
        assert!(sure.judge(&RULE).is_empty(), "nothing wrong in 120 leaves little doubt");
    }

    #[test]
    fn a_target_decides_instead_of_the_width() {
        let aim = |n: u64, target: f64| plant(n).with(move |e| e.primary.target = Some(target)).judge(&RULE);
        assert!(aim(60, 0.5).is_empty(), "wide, but clearly above");
        let inside = &aim(400, 0.88)[0];
        assert!(inside.title.starts_with("400 examples do not tell whether accuracy reaches 0.88: anywhere from 0.87"));
        assert!(inside.evidence["needed"].as_u64().unwrap() > 300);
        let at_it = &aim(400, 0.9)[0];
        assert!(!at_it.evidence.contains_key("needed"), "no number decides");
    }

    #[test]
    fn a_cost_is_measured_against_doing_without_a_model() {
        let cost = |low: f64, high: f64, baseline: Option<f64>| {
            plant(400)
                .with(move |e| {
                    e.primary.name = "expected_cost".into();
                    e.primary.title = "expected cost".into();
                    e.primary.higher_is_better = false;
                    e.primary.baseline = baseline;
                    e.primary.estimate = Estimate::new(30.0, (low, high), 400, IntervalKind::Bootstrap);
                })
                .judge(&RULE)
        };
        assert!(cost(27.0, 33.0, Some(100.0)).is_empty());
        assert_eq!(cost(27.0, 33.0, Some(50.0)).len(), 1);
        assert_eq!(cost(27.0, 33.0, None).len(), 1);
    }

    #[test]
    fn a_single_unit_has_no_interval_and_is_too_little() {
        let single = plant(400).with(|e| e.primary.estimate = Estimate::point(0.9, 1));
        assert_eq!(single.judge(&RULE)[0].title, "400 examples give no interval around accuracy");
        assert!(plant(400).with(|e| e.primary.estimate = Estimate::undefined(0)).judge(&RULE).is_empty());
    }
}
