//! # E405 confused-pair
//!
//! ## What it finds
//!
//! Pairs of labels that are taken for each other in more than 15 % of their examples.
//!
//! ## Why it matters
//!
//! When two labels are confused in both directions, people mostly disagree on them too: the guideline is unclear or
//! the two are one thing. More data of the same kind does not mend that.
//!
//! ## Example
//!
//! `billing and refund are confused 41 times (18 % of their 228 examples)`
//!
//! ## What to do
//!
//! Read the confused examples side by side. Then write down what tells the two apart and correct the labels, or merge
//! them.
//!
//! ## Threshold
//!
//! Confusions in both directions over the gold of both labels: above 15 %, with the low end of the 95 % interval above
//! 5 %, and at least 5 of them, where there are three labels or more. Azimuth hides confusion under 10 % and deepchecks flags cells above 20 %; 15 % lies
//! between, and the interval keeps rare labels from raising it by accident.

use trueup_core::document::{IntervalKind, Severity};
use trueup_core::{Estimate, stats, words};

use crate::review::{Draft, Evidence, Place, Rule, SideName};

/// The rule.
pub const RULE: Rule =
    Rule { code: "E405", name: "confused-pair", source: include_str!("e405_confused_pair.rs"), check };

const SHARE: f64 = 0.15;
const CERTAIN: f64 = 0.05;
const FEWEST: u64 = 5;

struct Pair {
    a: usize,
    b: usize,
    times: u64,
    of: u64,
}

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(confusion) = &evidence.figures.confusion else {
        return Vec::new();
    };
    let rows = &evidence.figures.labels;
    // Of two labels every mistake is a confusion of the pair: the score says it already.
    if rows.iter().filter(|row| row.support > 0).count() < 3 {
        return Vec::new();
    }
    let mut pairs = Vec::new();
    for a in 0..rows.len() {
        for b in a + 1..rows.len() {
            let times = confusion.counts[a][b] + confusion.counts[b][a];
            let of = rows[a].support + rows[b].support;
            if times < FEWEST || of == 0 {
                continue;
            }
            let share = Estimate::new(times as f64 / of as f64, stats::wilson(times, of), of, IntervalKind::Wilson);
            if share.value.is_some_and(|v| v > SHARE) && share.low.is_some_and(|low| low > CERTAIN) {
                pairs.push(Pair { a, b, times, of });
            }
        }
    }
    pairs.sort_by_key(|pair| (std::cmp::Reverse(pair.times), pair.a, pair.b));
    let Some(first) = pairs.first() else { return Vec::new() };
    let name = |label: usize| rows[label].label.as_str();
    let n = pairs.len() as u64;
    let title = if n == 1 {
        let share = words::percent(first.times as f64 / first.of as f64);
        let (times, of) = (words::count(first.times), words::counted(first.of, evidence.unit));
        format!("{} and {} are confused {times} times ({share} of their {of})", name(first.a), name(first.b))
    } else {
        let named: Vec<String> = pairs
            .iter()
            .map(|pair| format!("{} and {} ({})", name(pair.a), name(pair.b), words::count(pair.times)))
            .collect();
        format!("{} pairs of labels are confused: {}", words::count(n), super::e403_low_recall::list(&named))
    };
    let confused = |gold: u32, answer: u32| {
        pairs.iter().any(|pair| {
            let (a, b) = (pair.a as u32, pair.b as u32);
            (gold, answer) == (a, b) || (gold, answer) == (b, a)
        })
    };
    let of_row = |row: usize| {
        if let Some((gold, answer)) = evidence.labels_of(row) {
            return confused(gold, answer);
        }
        let (gold, answer) = (&evidence.test.data.examples[row].gold, &evidence.predicted[row]);
        let same = |a: &trueup_core::Span, b: &trueup_core::Span| (a.start, a.end) == (b.start, b.end);
        gold.spans().iter().any(|g| answer.spans().iter().any(|p| same(g, p) && confused(g.label, p.label)))
    };
    let places =
        (0..evidence.predicted.len()).filter(|&row| of_row(row)).map(|row| Place { side: SideName::Test, row });
    vec![
        Draft::new(
            Severity::Warning,
            n,
            title,
            format!("Write down what tells '{}' from '{}', and correct the labels or merge the two", name(first.a), name(first.b)),
        )
        .message("Labels that a model takes for each other in both directions are mostly unclear to people too; more data of the same kind does not mend that.")
        .examples(places)
        .with("pairs", pairs.iter().map(|pair| serde_json::json!({"a": name(pair.a), "b": name(pair.b), "times": pair.times, "of": pair.of})).collect::<Vec<_>>()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::review::planted::Plant;

    #[test]
    fn names_the_pair_and_how_often() {
        let plant = Plant::labels(&[("billing", 128), ("other", 300), ("refund", 100)]).answers(&[
            ("billing", "billing", 107),
            ("billing", "refund", 21),
            ("refund", "billing", 20),
            ("refund", "refund", 80),
            ("other", "other", 300),
        ]);
        let findings = plant.judge(&super::RULE);
        assert_eq!(findings[0].title, "billing and refund are confused 41 times (18 % of their 228 examples)");
        assert_eq!(findings[0].examples.len(), 41);
    }

    #[test]
    fn silent_when_confusion_is_rare_or_rests_on_a_handful() {
        assert!(Plant::labels(&[("a", 100), ("b", 100)]).judge(&super::RULE).is_empty());
        let cells = [("a", "a", 6), ("a", "b", 4), ("b", "b", 10), ("c", "c", 10)];
        let handful = Plant::labels(&[("a", 10), ("b", 10), ("c", 10)]).answers(&cells);
        assert!(handful.judge(&super::RULE).is_empty());
        let two = Plant::labels(&[("a", 100), ("b", 100)]).answers(&[("a", "a", 60), ("a", "b", 40), ("b", "b", 100)]);
        assert!(two.judge(&super::RULE).is_empty());
    }
}
