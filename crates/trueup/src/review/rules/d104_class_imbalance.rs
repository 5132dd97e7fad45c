//! # D104 class-imbalance
//!
//! ## What it finds
//!
//! A largest label with over 5 times the training examples of the smallest (warning) or over 3 times (note); for
//! entities, gold spans are counted. Labels without any training example are D103's concern and do not enter. The count
//! is that of the small labels: those that the largest outnumbers so.
//!
//! ## Why it matters
//!
//! A model that learns from an uneven mix leans towards the large labels, and a score over all examples hardly notices
//! when the small ones are missed: on a set that is 98 % one label, always answering it is 98 % accurate. When this rule
//! fires, the review goes by macro-F1, which weighs every label alike, unless another metric or costs are asked for.
//!
//! ## Example
//!
//! `billing has 15 times as many examples as refund (855 against 58)`
//!
//! ## What to do
//!
//! Judge by macro-F1 and by the recall of the small labels, and label more of them first. Leave the mix of the test set
//! as it is in production; what is uneven there is no fault.
//!
//! ## Threshold
//!
//! Azure AI Language flags imbalance without a published limit, cleanlab flags a rarest label under 0.1/K of the
//! examples (K labels), Azimuth one more than half off the mean. Trueup warns under a fifth of the largest, and that
//! includes every label under 0.2/K, a fifth of the mean. It is earlier than cleanlab, because the finding also decides
//! whether accuracy is a fair summary: at 5 to 1 with two labels, answering one label only already scores 0.83. Under
//! 3 to 1 an uneven mix is common and does little harm.

use trueup_core::document::Severity;
use trueup_core::{Task, words};

use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { code: "D104", name: "class-imbalance", source: include_str!("d104_class_imbalance.rs"), check };

const WARNING_OVER: u64 = 5;
const NOTE_OVER: u64 = 3;

/// How uneven a label mix is; labels are positions in the support that was asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Imbalance {
    /// The largest label; the first of equals.
    pub largest: usize,
    /// The smallest label that occurs; the first of equals.
    pub smallest: usize,
    /// How many times as much gold the largest has, over 3.
    pub ratio: f64,
    /// Labels that the largest outnumbers over 5 times (or 3 times, if none 5), smallest first.
    pub small: Vec<usize>,
    /// Warning over 5 times, note over 3.
    pub severity: Severity,
}

/// The imbalance of the labels with this much gold each, zeros left out; `None` when the largest has at most 3 times
/// the gold of the smallest, or fewer than two labels occur.
pub fn imbalance(support: &[u64]) -> Option<Imbalance> {
    let mut present: Vec<usize> = (0..support.len()).filter(|&i| support[i] > 0).collect();
    present.sort_by_key(|&i| (support[i], i));
    let &smallest = present.first()?;
    let largest = present.iter().copied().max_by_key(|&i| (support[i], std::cmp::Reverse(i)))?;
    let over = |times: u64, i: usize| support[largest] > times * support[i];
    let (limit, severity) = if over(WARNING_OVER, smallest) {
        (WARNING_OVER, Severity::Warning)
    } else if over(NOTE_OVER, smallest) {
        (NOTE_OVER, Severity::Note)
    } else {
        return None;
    };
    Some(Imbalance {
        largest,
        smallest,
        ratio: support[largest] as f64 / support[smallest] as f64,
        small: present.into_iter().filter(|&i| over(limit, i)).collect(),
        severity,
    })
}

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let support = evidence.train_support().unwrap_or(&evidence.test.support);
    let Some(found) = imbalance(support) else {
        return Vec::new();
    };
    let name = |i: usize| evidence.labels.name(i as u32);
    let small: Vec<&str> = found.small.iter().map(|&i| name(i)).collect();
    let units = words::plural(2, evidence.unit);
    let (action, message) = if evidence.task == Task::Classification {
        let always = evidence.test.support[found.largest] as f64 / evidence.evaluated().max(1) as f64;
        let message = format!(
            "Always answering '{}' would be right in {} of the evaluated {}, so accuracy says little about the small \
             labels. The model leans towards the large ones.",
            name(found.largest),
            words::percent(always),
            words::plural(2, evidence.noun)
        );
        ("and go by macro-F1, not by accuracy", message)
    } else {
        let message = format!(
            "A figure over all {} is decided by '{}': missing '{}' every time would hardly move it. The model leans \
             towards the large labels.",
            if evidence.task == Task::Ner { "spans" } else { "labels" },
            name(found.largest),
            name(found.smallest)
        );
        ("and read the F1 of each label beside the overall figure", message)
    };
    let places = usize::from(found.ratio < 9.95);
    let draft = Draft::new(
        found.severity,
        found.small.len() as u64,
        format!(
            "{} has {:.places$} times as many {units} as {} ({} against {})",
            name(found.largest),
            found.ratio,
            name(found.smallest),
            words::count(support[found.largest]),
            words::count(support[found.smallest]),
        ),
        format!("Label more {units} of {} first, {action}", words::list(&small, 3)),
    )
    .message(message)
    .with("ratio", found.ratio)
    .with("largest", name(found.largest))
    .with("smallest", name(found.smallest))
    .with("small", found.small.iter().map(|&i| serde_json::json!([name(i), support[i]])).collect::<Vec<_>>());
    vec![draft]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::planted::Plant;

    #[test]
    fn warns_when_a_label_is_outnumbered_five_times() {
        let findings = Plant::labels(&[("ham", 4_827), ("spam", 747)]).judge(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert_eq!(findings[0].title, "ham has 6.5 times as many examples as spam (4,827 against 747)");
        assert!(findings[0].message.contains("right in 87 %"), "{}", findings[0].message);
    }

    #[test]
    fn a_milder_mix_is_a_note_and_an_even_one_nothing() {
        let note = Plant::labels(&[("a", 401), ("b", 100), ("c", 200)]).judge(&RULE);
        assert_eq!((note[0].severity, note[0].count), (Severity::Note, 1));
        assert!(Plant::labels(&[("a", 300), ("b", 100)]).judge(&RULE).is_empty());
    }

    #[test]
    fn limits_are_exclusive_and_zeros_do_not_enter() {
        assert_eq!(imbalance(&[15, 5]), None);
        assert_eq!(imbalance(&[16, 5]).map(|i| i.severity), Some(Severity::Note));
        assert_eq!(imbalance(&[25, 5]).map(|i| i.severity), Some(Severity::Note));
        assert_eq!(imbalance(&[26, 5]).map(|i| i.severity), Some(Severity::Warning));
        assert_eq!(imbalance(&[0, 10, 0, 12]), None);
        assert_eq!(imbalance(&[0, 7]), None);
        assert_eq!(imbalance(&[]), None);
        let found = imbalance(&[9, 100, 100, 3, 50]).unwrap();
        assert_eq!((found.largest, found.smallest, found.small), (1, 3, vec![3, 0]));
    }

    #[test]
    fn counts_spans_of_entities() {
        let many = [(
            "Paris and Rome and Oslo and Bern",
            &[("Paris", "LOC"), ("Rome", "LOC"), ("Oslo", "LOC"), ("Bern", "LOC")][..],
        )];
        let findings = Plant::sentences(&[many[0], ("Ada left", &[("Ada", "PER")])]).judge(&RULE);
        assert_eq!(findings[0].title, "LOC has 4.0 times as many spans as PER (4 against 1)");
        assert!(findings[0].action.summary.contains("F1 of each label"));
    }

    proptest::proptest! {
        #[test]
        fn a_label_under_a_fifth_of_the_mean_always_warns(support in proptest::collection::vec(0u64..500, 1..20)) {
            let present: Vec<u64> = support.iter().copied().filter(|&n| n > 0).collect();
            let mean = present.iter().sum::<u64>() as f64 / present.len().max(1) as f64;
            if present.iter().any(|&n| (n as f64) < 0.2 * mean) {
                let found = imbalance(&support);
                proptest::prop_assert_eq!(found.map(|i| i.severity), Some(Severity::Warning));
            }
        }
    }
}
