//! # R703 slice-regression
//!
//! ## What it finds
//!
//! Parts of the test set on which the candidate is shown to be worse than the baseline: a channel, a language, long texts.
//!
//! ## Why it matters
//!
//! A better average can be paid for by one group of users. They notice, and the average does not tell.
//!
//! ## Example
//!
//! `channel = phone: accuracy fell from 0.88 to 0.80 (n = 240)`
//!
//! ## What to do
//!
//! Read the slice's answers that broke. Add training examples from the slice, or make it a demand of the gate.
//!
//! ## Threshold
//!
//! The paired difference on the slice is shown to be below 0 after correction for the number of slices that were looked at
//! (Holm, or as the comparison says). A warning; slices that were asked for come first, then the largest falls.

use trueup_core::document::{ComparedSlice, Severity};
use trueup_core::words;

use super::moves::{behind, broken, difference, is_worse, title, went};
use crate::review::{Draft, Evidence, Rule, Versus};

/// The rule.
pub const RULE: Rule =
    Rule { code: "R703", name: "slice-regression", source: include_str!("r703_slice_regression.rs"), check };

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(versus) = &evidence.versus else {
        return Vec::new();
    };
    let mut worse: Vec<&ComparedSlice> =
        versus.comparison.slices.iter().filter(|slice| is_worse(&slice.compared)).collect();
    let fall = |slice: &ComparedSlice| slice.compared.difference.value.unwrap_or(0.0);
    worse.sort_by(|a, b| b.given.cmp(&a.given).then(fall(a).total_cmp(&fall(b))));
    worse.into_iter().map(|slice| draft(evidence, versus, slice)).collect()
}

fn draft(evidence: &Evidence<'_>, versus: &Versus, slice: &ComparedSlice) -> Draft {
    let at = evidence.slices.iter().position(|row| row.name == slice.name && row.by == slice.by);
    let rows = at.and_then(|at| evidence.slice_rows.get(at)).map_or(&[][..], Vec::as_slice);
    let places = broken(versus, |row| rows.binary_search(&row).is_ok());
    let action = match places.len() as u64 {
        0 => format!("Read the answers on '{}'", slice.name),
        n => format!("Read the {} on '{}' that broke", words::counted(n, "answer"), slice.name),
    };
    Draft::new(
        Severity::Warning,
        slice.n,
        format!("{}: {} {} (n = {})", slice.name, title(&slice.metric), went(&slice.compared), words::count(slice.n)),
        action,
    )
    .message(format!(
        "On these {} the difference is {}, beyond chance for all {} that were looked at.",
        words::counted(slice.n, evidence.noun),
        difference(&slice.compared),
        words::counted(versus.comparison.slices.len() as u64, "slice")
    ))
    .examples(places)
    .with("slice", slice.name.as_str())
    .with("by", slice.by.as_str())
    .with("given", slice.given)
    .with("compared", behind(&slice.compared))
}

#[cfg(test)]
mod tests {
    use crate::review::planted::{Plant, moved, share};
    use trueup_core::document::{ComparedSlice, SliceRow, Standing};

    fn slice(name: &str, given: bool, (baseline, candidate): (f64, f64), standing: Standing) -> ComparedSlice {
        ComparedSlice {
            name: name.into(),
            by: "channel".into(),
            given,
            n: 240,
            metric: "accuracy".into(),
            compared: moved(baseline, candidate, standing),
        }
    }

    fn plant(slices: Vec<ComparedSlice>) -> Plant {
        let cells = [("a", "a", "a", 300), ("a", "a", "b", 30), ("b", "b", "b", 300), ("b", "a", "b", 60)];
        Plant::versus(&cells).compared(move |c| c.slices.clone_from(&slices)).with(|e| {
            e.slices = vec![SliceRow {
                name: "channel = phone".into(),
                by: "channel".into(),
                given: false,
                n: 240,
                inside: share(190, 240),
                outside: share(400, 450),
                metric: "accuracy".into(),
                p: None,
            }];
            // The broken answers stand in rows 300 to 329.
            e.slice_rows = vec![(80..320).collect()];
        })
    }

    #[test]
    fn names_the_slice_and_its_broken_answers_those_asked_for_first() {
        let findings = plant(vec![
            slice("channel = phone", false, (0.88, 0.80), Standing::Worse),
            slice("length > 9", true, (0.9, 0.87), Standing::Worse),
            slice("channel = mail", false, (0.9, 0.93), Standing::Better),
        ])
        .judge(&super::RULE);
        let titles: Vec<&str> = findings.iter().map(|finding| finding.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "length > 9: accuracy fell from 0.90 to 0.87 (n = 240)",
                "channel = phone: accuracy fell from 0.88 to 0.80 (n = 240)"
            ]
        );
        assert_eq!(findings[1].examples.len(), 20);
        assert!(findings[1].message.ends_with("beyond chance for all 3 slices that were looked at."));
    }

    #[test]
    fn silent_when_it_is_not_shown() {
        let slices = vec![slice("channel = phone", false, (0.88, 0.86), Standing::Unclear)];
        assert!(plant(slices).judge(&super::RULE).is_empty());
        assert!(Plant::labels(&[("a", 100), ("b", 100)]).judge(&super::RULE).is_empty());
    }
}
