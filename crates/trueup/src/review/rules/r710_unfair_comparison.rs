//! # R710 unfair-comparison
//!
//! ## What it finds
//!
//! Two models that were not asked the same, or not without help: what was compared is not all that was asked, or the
//! candidate is better only with the test examples that stand in its training data.
//!
//! ## Why it matters
//!
//! More training data is the usual reason to retrain, and the easiest way to let test examples in. The candidate then
//! remembers the answers; the gain is gone on the first new text.
//!
//! ## Example
//!
//! `the candidate is better only with 84 test examples that stand in training: accuracy +0.03 with them, 0.00 without`
//!
//! ## What to do
//!
//! Take the leaked examples out of the test set, or out of training; answer the whole test set with both models; compare
//! again.
//!
//! ## Threshold
//!
//! An error. A leak counts when the metric that decides is shown to be better with the leaked examples (exact or near twins
//! in training, as in K201 and K202) and not shown to be better without them: then what there is of a gain sits on them. All
//! decisions rest on the examples that do not leak, whether or not this fires.

use trueup_core::document::{Severity, Standing};
use trueup_core::words;

use super::moves::{behind, decides, difference, is_better, title};
use crate::review::{Draft, Evidence, Place, Rule, SideName, Versus};

/// The rule.
pub const RULE: Rule =
    Rule { code: "R710", name: "unfair-comparison", source: include_str!("r710_unfair_comparison.rs"), check };

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(versus) = &evidence.versus else {
        return Vec::new();
    };
    let mut drafts = Vec::new();
    if let Some((first, rest)) = versus.unfair.split_first() {
        let draft = Draft::new(
            Severity::Error,
            versus.unfair.len() as u64,
            format!("the two models were not compared fairly: {first}"),
            format!(
                "Answer all {} of the test set with both models, and compare again",
                words::plural(2, evidence.noun)
            ),
        )
        .message(match rest {
            [] => "A difference between them may come from that alone.".to_owned(),
            rest => format!(
                "Besides, {}. A difference between them may come from that alone.",
                words::list(rest, rest.len())
            ),
        })
        .with("unfair", versus.unfair.clone());
        drafts.push(draft);
    }
    drafts.extend(leaked(evidence, versus));
    drafts
}

fn leaked(evidence: &Evidence<'_>, versus: &Versus) -> Option<Draft> {
    let comparison = &versus.comparison;
    let leaked = comparison.leaked.as_ref()?;
    let with = leaked.metrics.iter().find(|metric| metric.name == comparison.metric)?;
    let without = decides(comparison)?;
    if !is_better(&with.compared) || comparison.standing == Standing::Better {
        return None;
    }
    let n = leaked.examples;
    let noun = words::counted(n, &format!("test {}", evidence.noun));
    Some(
        Draft::new(
            Severity::Error,
            n,
            format!(
                "the candidate is better only with {noun} that {} in training: {} {} with them, {} without",
                words::agree(n, "stands", "stand"),
                title(&comparison.metric),
                difference(&with.compared),
                difference(&without.compared)
            ),
            format!("Take the leaked {} out of the test set or out of training, and compare again", words::plural(n, evidence.noun)),
        )
        .message(format!(
            "What there is of a gain sits on {} that the candidate may remember, so nothing shows that it will be better on new \
             text.",
            words::plural(n, evidence.noun)
        ))
        .examples(remembered(evidence, versus))
        .with("leaked", n)
        .with("with_them", behind(&with.compared))
        .with("without_them", behind(&without.compared)),
    )
}

/// The leaked examples, those first that the candidate has right and the baseline wrong.
fn remembered(evidence: &Evidence<'_>, versus: &Versus) -> Vec<Place> {
    let mut rows: Vec<usize> = evidence.leaks.iter().map(|leak| leak.test).collect();
    rows.sort_by_key(|&row| {
        let right = versus.baseline.get(row) == Some(&evidence.test.data.examples[row].gold);
        (right || !evidence.outcomes[row].correct, row)
    });
    rows.into_iter().map(|row| Place { side: SideName::Test, row }).collect()
}

#[cfg(test)]
mod tests {
    use crate::review::LeakPair;
    use crate::review::planted::{Plant, moved};
    use trueup_core::document::{LeakKind, LeakedComparison, Severity, Standing};

    fn plant(clean: Standing) -> Plant {
        let cells = [("a", "a", "a", 400), ("a", "b", "a", 30), ("a", "a", "b", 28), ("b", "b", "b", 400)];
        Plant::versus(&cells)
            .compared(move |c| {
                c.standing = clean;
                let mut with = c.metrics.clone();
                with[0].compared = moved(0.90, 0.93, Standing::Better);
                c.leaked = Some(LeakedComparison { examples: 4, metrics: with });
            })
            .with(|e| {
                // Rows 0 and 1 were right before; 400 and 401 are right since.
                e.leaks = [0, 400, 1, 401]
                    .map(|test| LeakPair {
                        test,
                        train: 0,
                        kind: LeakKind::Exact,
                        similarity: 1.0,
                        byte_equal: true,
                        same_gold: true,
                    })
                    .to_vec();
            })
    }

    #[test]
    fn better_on_the_leaked_worse_or_unclear_on_the_clean() {
        for clean in [Standing::Unclear, Standing::Same, Standing::Worse] {
            let findings = plant(clean).judge(&super::RULE);
            assert_eq!(findings[0].severity, Severity::Error);
            assert!(
                findings[0].title.starts_with(
                    "the candidate is better only with 4 test examples that stand in training: accuracy +0.03 (+0.02 to \
                     +0.04) with them, +0.00"
                ),
                "{}",
                findings[0].title
            );
            assert_eq!(findings[0].examples, ["test/401", "test/402", "test/1", "test/2"]);
        }
        assert!(plant(Standing::Better).judge(&super::RULE).is_empty());
    }

    #[test]
    fn what_was_not_asked_of_both_is_told() {
        let cells = [("a", "a", "a", 400), ("b", "b", "b", 400), ("b", "a", "b", 5)];
        let fair = Plant::versus(&cells);
        assert!(fair.judge(&super::RULE).is_empty());
        let findings = fair
            .with(|e| {
                let versus = e.versus.as_mut().unwrap();
                versus.unfair = vec!["213 of 3,080 examples are answered by both".into(), "two label sets".into()];
            })
            .judge(&super::RULE);
        assert_eq!(
            findings[0].title,
            "the two models were not compared fairly: 213 of 3,080 examples are answered by both"
        );
        assert!(findings[0].message.starts_with("Besides, two label sets."));
    }
}
