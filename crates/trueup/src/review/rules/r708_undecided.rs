//! # R708 undecided
//!
//! ## What it finds
//!
//! A comparison that does not decide: the gate says so or, without a gate, the metric that decides may as well be better as
//! worse. The count is that of the further test examples that would decide, 0 when no number of them would.
//!
//! ## Why it matters
//!
//! Promoting on such evidence is a toss of a coin that looks like a measurement, and so is rejecting. It is no fault of the
//! candidate; the test set is too small for a difference of this size.
//!
//! ## Example
//!
//! `210 test examples do not tell whether the candidate is better: macro-F1 +0.012 (-0.010 to +0.034)`
//!
//! ## What to do
//!
//! Label as many more test examples as it says, and compare again. They must be new, and drawn as the old ones were.
//!
//! ## Threshold
//!
//! The gate's own: the interval holds both a gain and a loss, or a demand of the policy is neither shown to be met nor
//! shown to be missed. The number of examples has the power asked for (80 % if none was) to find the difference that is
//! seen now. A note.

use trueup_core::document::{CheckState, Comparison, Decision, Severity, Standing};
use trueup_core::words;

use super::moves::{decides, difference, title};
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule = Rule { code: "R708", name: "undecided", source: include_str!("r708_undecided.rs"), check };

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(versus) = &evidence.versus else {
        return Vec::new();
    };
    let comparison = &versus.comparison;
    let open = match comparison.decision {
        Some(decision) => decision == Decision::Undecided,
        None => comparison.standing == Standing::Unclear,
    };
    if !open {
        return Vec::new();
    }
    let noun = format!("test {}", evidence.noun);
    let unclear = unclear(comparison);
    let moved = decides(comparison)
        .map_or_else(String::new, |metric| format!(": {} {}", title(&metric.name), difference(&metric.compared)));
    let headline = match (comparison.standing, unclear.first()) {
        // The metric is settled; something else that the policy asks for is not.
        (Standing::Better, Some(first)) => format!("the gate cannot decide yet: {first}"),
        _ => format!(
            "{} {} not tell whether the candidate is better{moved}",
            words::counted(comparison.examples, &noun),
            words::agree(comparison.examples, "does", "do")
        ),
    };
    let mut message = match unclear.len() as u64 {
        0 => "The interval holds a gain as well as a loss, so neither can be acted on.".to_owned(),
        n => format!(
            "{} neither shown to be met nor shown to be missed: {}.",
            words::agree(n, "One demand is", &format!("{} demands are", words::count(n))),
            words::list(&unclear, 3)
        ),
    };
    let (count, action) = if let Some(needed) = comparison.needed {
        (
            needed,
            format!(
                "Label about {} more test {} and compare again",
                words::count(needed),
                words::plural(needed, evidence.noun)
            ),
        )
    } else {
        message += " The two models are so much alike, or what is asked so hard to show, that no number of test examples \
                    that anyone can label would decide it.";
        (0, "Decide by something else, such as cost, or ask the gate only that the candidate be no worse (`non_inferior`)".to_owned())
    };
    let mut draft = Draft::new(Severity::Note, count, headline, action)
        .message(message)
        .with("examples", comparison.examples)
        .with("needed", comparison.needed)
        .with("detectable", decides(comparison).and_then(|metric| metric.detectable))
        .with("unclear", unclear);
    if let Some(needed) = comparison.needed {
        draft = draft.price(format!("about {}", words::counted(needed, "label")));
    }
    vec![draft]
}

/// The demands of the gate that are open, in words: `recall of fraud (may fall by 0.02 at most)`.
fn unclear(comparison: &Comparison) -> Vec<String> {
    let checks = comparison.gate.iter().flat_map(|gate| &gate.checks);
    checks
        .filter(|check| check.state == CheckState::Unclear)
        .map(|check| format!("{} ({})", check.name, check.asked))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;
    use serde_json::Map;
    use trueup_core::document::{Check, CheckKind, CheckState, Decision, Gate, Standing};

    /// Forty test examples.
    fn forty() -> Plant {
        Plant::versus(&[
            ("a", "a", "a", 15),
            ("a", "b", "a", 3),
            ("a", "a", "b", 2),
            ("b", "b", "b", 17),
            ("b", "a", "a", 3),
        ])
    }

    #[test]
    fn forty_examples_do_not_tell_and_it_says_how_many_would() {
        let findings = forty().compared(|c| c.needed = Some(1_900)).judge(&super::RULE);
        assert!(
            findings[0]
                .title
                .starts_with("40 test examples do not tell whether the candidate is better: accuracy +0.03 (-0.0"),
            "{}",
            findings[0].title
        );
        assert_eq!(findings[0].count, 1_900);
        assert_eq!(findings[0].action.summary, "Label about 1,900 more test examples and compare again");
        assert_eq!(findings[0].action.price.as_deref(), Some("about 1,900 labels"));
        let never = forty().judge(&super::RULE);
        assert_eq!((never[0].count, never[0].action.price.as_deref()), (0, None));
        assert!(never[0].action.summary.starts_with("Decide by something else"));
    }

    #[test]
    fn a_gate_that_waits_for_one_demand_names_it() {
        let findings = forty()
            .compared(|c| {
                (c.decision, c.standing) = (Some(Decision::Undecided), Standing::Better);
                let check = |name: &str, state| Check {
                    kind: CheckKind::Label,
                    name: name.into(),
                    asked: "may fall by 0.02 at most".into(),
                    found: "-0.01 (-0.08 to +0.06)".into(),
                    baseline: None,
                    candidate: None,
                    low: None,
                    high: None,
                    p: None,
                    state,
                    examples: Vec::new(),
                };
                c.gate = Some(Gate {
                    policy: Map::new(),
                    source: "default".into(),
                    alpha: 0.05,
                    power: 0.8,
                    checks: vec![check("f1 of a", CheckState::Passed), check("recall of b", CheckState::Unclear)],
                });
            })
            .judge(&super::RULE);
        assert_eq!(findings[0].title, "the gate cannot decide yet: recall of b (may fall by 0.02 at most)");
        assert!(
            findings[0]
                .message
                .starts_with("One demand is neither shown to be met nor shown to be missed: recall of b")
        );
    }

    #[test]
    fn silent_once_it_is_decided() {
        assert!(forty().compared(|c| c.decision = Some(Decision::Reject)).judge(&super::RULE).is_empty());
        assert!(forty().compared(|c| c.standing = Standing::Better).judge(&super::RULE).is_empty());
    }
}
