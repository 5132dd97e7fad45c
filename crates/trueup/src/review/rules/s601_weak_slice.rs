//! # S601 weak-slice
//!
//! ## What it finds
//!
//! Parts of the evaluated examples on which the model does clearly worse than on the rest: those given with `--slice`
//! and `--slice-by`, quarters by length, and each value of a metadata column with 2 to 20 values.
//!
//! ## Why it matters
//!
//! An average hides who is served badly: one channel, one language, the long texts. Production may be full of them.
//!
//! ## Example
//!
//! `channel = phone: accuracy 0.69 against 0.88 elsewhere (n = 143)`
//!
//! ## What to do
//!
//! Read the slice's wrong answers. Add training examples from the slice, or treat it apart.
//!
//! ## Threshold
//!
//! At least 20 examples, a score at least 5 points under the rest's (Giskard's default margin), and a difference whose
//! p-value stays under 0.05 after Holm's correction for all slices that were looked at. Slices that were given are
//! measured and shown whatever their size, come first, and are found weak by the same threshold.

use trueup_core::document::Severity;
use trueup_core::words;

use crate::review::{Draft, Evidence, Place, Rule, SideName};

/// The rule.
pub const RULE: Rule = Rule { code: "S601", name: "weak-slice", source: include_str!("s601_weak_slice.rs"), check };

const MARGIN: f64 = 0.05;
const ALPHA: f64 = 0.05;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let mut weak = Vec::new();
    for (slice, rows) in evidence.slices.iter().zip(&evidence.slice_rows) {
        let (Some(inside), Some(outside), Some(p)) = (slice.inside.value, slice.outside.value, slice.p) else {
            continue;
        };
        if outside - inside < MARGIN || p >= ALPHA {
            continue;
        }
        let metric = if slice.metric == "f1" { "F1" } else { "accuracy" };
        let wrong = rows.iter().filter(|&&row| !evidence.outcomes[row].correct);
        let places: Vec<Place> = wrong.map(|&row| Place { side: SideName::Test, row }).collect();
        let draft = Draft::new(
            Severity::Warning,
            slice.n,
            format!(
                "{}: {metric} {} against {} elsewhere (n = {})",
                slice.name,
                words::number(Some(inside), 2),
                words::number(Some(outside), 2),
                words::count(slice.n)
            ),
            format!(
                "Read the {} on '{}', and add training {} like them",
                words::counted(places.len() as u64, "wrong answer"),
                slice.name,
                words::plural(2, evidence.noun)
            ),
        )
        .message(format!(
            "The average hides it: on '{}' {metric} is {}.",
            slice.name,
            words::figure_with_interval(&slice.inside)
        ))
        .examples(places)
        .with("slice", slice.name.as_str())
        .with("by", slice.by.as_str())
        .with("given", slice.given)
        .with("inside", inside)
        .with("outside", outside)
        .with("p", p);
        weak.push((!slice.given, inside - outside, draft));
    }
    // What was asked about comes first, then the worst.
    weak.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    weak.into_iter().map(|(.., draft)| draft).collect()
}

#[cfg(test)]
mod tests {
    use crate::review::planted::{Plant, share};
    use trueup_core::document::SliceRow;

    fn plant(right: u64, p: f64) -> Plant {
        Plant::labels(&[("a", 100), ("b", 100)]).with(move |e| {
            e.slices = vec![SliceRow {
                name: "channel = phone".into(),
                by: "channel".into(),
                given: false,
                n: 50,
                inside: share(right, 50),
                outside: share(135, 150),
                metric: "accuracy".into(),
                p: Some(p),
            }];
            e.slice_rows = vec![(0..50).collect()];
        })
    }

    #[test]
    fn names_the_slice_with_both_scores_and_lists_its_wrong_answers() {
        let findings = plant(35, 0.002).judge(&super::RULE);
        assert_eq!(findings[0].title, "channel = phone: accuracy 0.70 against 0.90 elsewhere (n = 50)");
        // One in ten of the planted answers is wrong.
        assert_eq!(findings[0].examples.len(), 5);
    }

    #[test]
    fn slices_that_were_given_come_first() {
        let findings = plant(25, 0.002)
            .with(|e| {
                let given =
                    SliceRow { name: "length > 9".into(), given: true, inside: share(35, 50), ..e.slices[0].clone() };
                e.slices.push(given);
                e.slice_rows.push((50..100).collect());
            })
            .judge(&super::RULE);
        let titles: Vec<&str> = findings.iter().map(|f| f.title.split(':').next().unwrap()).collect();
        assert_eq!(titles, ["length > 9", "channel = phone"]);
    }

    #[test]
    fn silent_when_the_gap_is_small_or_by_chance() {
        assert!(plant(44, 0.002).judge(&super::RULE).is_empty());
        assert!(plant(35, 0.2).judge(&super::RULE).is_empty());
    }
}
