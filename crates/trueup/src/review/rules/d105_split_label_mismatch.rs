//! # D105 split-label-mismatch
//!
//! ## What it finds
//!
//! A test set whose mix of labels differs from that of training, by more than chance and by more than a little. Each
//! label counts once an example; for entities, once a sentence that holds it. The count is that of the labels that
//! moved.
//!
//! ## Why it matters
//!
//! The model learns how frequent each label is and leans on it. Tested on another mix, the score is neither the one of
//! training's world nor, unless the test mix is production's, that of the world it will serve. Micro averages and
//! accuracy follow the mix of the test set, so a score can rise or fall without the model changing.
//!
//! ## Example
//!
//! `training and test have different label mixes: oos goes from 0.7 % to 18 %`
//!
//! ## What to do
//!
//! Split anew, stratified by label, if both sets come from the same source. If the test set holds the mix of
//! production, or is flat on purpose, keep it, and read the recall of each label, which does not depend on the mix.
//!
//! ## Threshold
//!
//! Both must hold. Chance: a chi-squared test of equal mixes with p under 0.01; its degrees of freedom grow with the
//! labels, so many labels do not make it fire, and labels with an expected count under 5 in either set are pooled (Cochran 1954).
//! Size: a Jensen-Shannon distance (base 2, 0 to 1) over 0.05, about what 50 % against 56 % is for one of two labels;
//! Azimuth warns from 5 points. As two samples of the same mix are at some distance, too, what sampling alone is
//! expected to add, (K - 1)/8 (1/n + 1/m) nats for K labels, is taken off its square first. Evidently's 0.1 for large
//! sets would miss shifts of 10 points. A label has moved when its own share differs at 0.01/K (Bonferroni).

use statrs::distribution::{ChiSquared, ContinuousCDF};
use trueup_core::document::Severity;
use trueup_core::{Task, words};

use crate::review::{Draft, Evidence, Rule, Side};

/// The rule.
pub const RULE: Rule =
    Rule { code: "D105", name: "split-label-mismatch", source: include_str!("d105_split_label_mismatch.rs"), check };

const P_UNDER: f64 = 0.01;
const DISTANCE_OVER: f64 = 0.05;
const LEAST_EXPECTED: f64 = 5.0;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    let Some(train) = evidence.train.as_ref().filter(|_| evidence.has_split()) else {
        return Vec::new();
    };
    let (before, after) = (occurrences(evidence.task, train), occurrences(evidence.task, &evidence.test));
    let Some(shift) = Shift::between(&before, &after) else {
        return Vec::new();
    };
    if shift.p >= P_UNDER || shift.distance <= DISTANCE_OVER {
        return Vec::new();
    }
    let name = |i: usize| evidence.labels.name(i as u32);
    // Without a label that moved for itself, the mix as a whole did.
    let count = if shift.moved == 0 { shift.rows.len() } else { shift.moved };
    let moves: Vec<String> = shift
        .rows
        .iter()
        .take(3)
        .map(|&(i, from, to)| format!("{} from {} to {}", name(i), words::percent(from), words::percent(to)))
        .collect();
    let &(most, from, to) = &shift.rows[0];
    let draft = Draft::new(
        Severity::Warning,
        count as u64,
        format!(
            "training and test have different label mixes: {} goes from {} to {}",
            name(most),
            words::percent(from),
            words::percent(to)
        ),
        "Split anew, stratified by label; or, if the test has the mix of production, keep it and go by the recall of \
         each label",
    )
    .message(format!(
        "The largest moves are {}. A score over all {} follows the mix of the test set, so it does not tell what to \
         expect on a mix like that of training.",
        words::list(&moves, 3),
        words::plural(2, evidence.noun)
    ))
    .with("p", shift.p)
    .with("jensen_shannon_distance", shift.distance)
    .with("labels", shift.rows.iter().map(|&(i, from, to)| serde_json::json!([name(i), from, to])).collect::<Vec<_>>());
    vec![draft]
}

/// How many examples carry each label. Spans of one sentence are not independent, so a type counts once a sentence.
fn occurrences(task: Task, side: &Side<'_>) -> Vec<u64> {
    if task != Task::Ner {
        return side.support.clone();
    }
    let mut counts = vec![0; side.support.len()];
    for example in &side.data.examples {
        for label in example.gold.labels() {
            counts[label as usize] += 1;
        }
    }
    counts
}

/// How far one label mix is from another.
struct Shift {
    /// Of the chi-squared test that both are samples of one mix.
    p: f64,
    /// Jensen-Shannon distance less what sampling adds, 0 to 1.
    distance: f64,
    /// Label, share before and share after, largest move first.
    rows: Vec<(usize, f64, f64)>,
    /// How many of the labels moved by themselves.
    moved: usize,
}

impl Shift {
    /// `None` when a side is empty or fewer than two labels occur.
    fn between(before: &[u64], after: &[u64]) -> Option<Self> {
        let (n, m) = (before.iter().sum::<u64>() as f64, after.iter().sum::<u64>() as f64);
        let present: Vec<usize> = (0..before.len()).filter(|&i| before[i] + after[i] > 0).collect();
        if n == 0.0 || m == 0.0 || present.len() < 2 {
            return None;
        }
        let k = present.len() as f64;
        let cells: Vec<(f64, f64)> = present.iter().map(|&i| (before[i] as f64, after[i] as f64)).collect();
        let mut rows: Vec<(usize, f64, f64)> =
            present.iter().zip(&cells).map(|(&i, &(a, b))| (i, a / n, b / m)).collect();
        let expected = (k - 1.0) / 8.0 * (1.0 / n + 1.0 / m) / std::f64::consts::LN_2;
        let distance = (jensen_shannon(&rows) - expected).max(0.0).sqrt();
        rows.sort_by(|x, y| (y.2 - y.1).abs().total_cmp(&(x.2 - x.1).abs()).then(x.0.cmp(&y.0)));
        let alone = |&(a, b): &(f64, f64)| chi_squared(&[(a, b), (n - a, m - b)], n, m) < P_UNDER / k;
        Some(Self {
            p: chi_squared(&pool(&cells, n, m), n, m),
            distance,
            moved: cells.iter().filter(|cell| alone(cell)).count(),
            rows,
        })
    }
}

/// The cells with those of a small expected count on either side made one.
fn pool(cells: &[(f64, f64)], n: f64, m: f64) -> Vec<(f64, f64)> {
    let small = |&(a, b): &(f64, f64)| (a + b) * n.min(m) / (n + m) < LEAST_EXPECTED;
    let mut pooled: Vec<(f64, f64)> = cells.iter().copied().filter(|cell| !small(cell)).collect();
    let rest = cells.iter().filter(|cell| small(cell)).fold((0.0, 0.0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    if rest != (0.0, 0.0) {
        pooled.push(rest);
    }
    pooled
}

/// The p-value of Pearson's test that both columns, with sums `n` and `m`, are samples of one mix; 1 for one cell.
fn chi_squared(cells: &[(f64, f64)], n: f64, m: f64) -> f64 {
    let mut statistic = 0.0;
    for &(a, b) in cells {
        for (observed, sum) in [(a, n), (b, m)] {
            let expected = (a + b) * sum / (n + m);
            if expected > 0.0 {
                statistic += (observed - expected).powi(2) / expected;
            }
        }
    }
    ChiSquared::new(cells.len() as f64 - 1.0).map_or(1.0, |law| law.sf(statistic))
}

/// The Jensen-Shannon divergence in bits of `(_, share, share)` rows (Lin 1991).
fn jensen_shannon(rows: &[(usize, f64, f64)]) -> f64 {
    let mut sum = 0.0;
    for &(_, p, q) in rows {
        for share in [p, q] {
            if share > 0.0 {
                sum += share * (2.0 * share / (p + q)).log2() / 2.0;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::planted::Plant;

    #[test]
    fn fires_on_a_moved_mix_and_names_what_moved_most() {
        let plant = Plant::split(
            &[("billing", 500), ("refund", 400), ("other", 10)],
            &[("billing", 100), ("refund", 80), ("other", 60)],
        );
        let findings = plant.judge(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "training and test have different label mixes: other goes from 1.1 % to 25 %");
        assert_eq!(findings[0].count, 3);
    }

    #[test]
    fn silent_on_a_stratified_split_on_a_small_sample_and_with_folds() {
        let train = [("billing", 500), ("refund", 400), ("other", 100)];
        let same = [("billing", 120), ("refund", 105), ("other", 25)];
        let tiny = [("billing", 3), ("refund", 4), ("other", 1)];
        assert!(Plant::split(&train, &same).judge(&RULE).is_empty());
        assert!(Plant::split(&train, &tiny).judge(&RULE).is_empty());
        assert!(Plant::labels(&train).judge(&RULE).is_empty());
    }

    #[test]
    fn a_proven_but_small_move_is_no_finding() {
        let (before, after) = ([50_000, 50_000], [51_500, 48_500]);
        let shift = Shift::between(&before, &after).unwrap();
        assert!(shift.p < 1e-6 && shift.distance < DISTANCE_OVER, "{} {}", shift.p, shift.distance);
    }

    #[test]
    fn many_labels_in_a_small_test_are_at_a_distance_by_chance_alone() {
        // 100 labels, one test example of every second one: nothing but sampling.
        let before = [50; 100];
        let after: Vec<u64> = (0..100).map(|i| i % 2).collect();
        let shift = Shift::between(&before, &after).unwrap();
        assert!(shift.p > 0.5, "{}", shift.p);
        assert_eq!(shift.moved, 0);
    }

    #[test]
    fn the_sums_agree_with_known_values() {
        // p = 0.5 and q = 0.75: H(0.625) - (H(0.5) + H(0.75)) / 2 = 0.0487949 bits.
        assert!((jensen_shannon(&[(0, 0.5, 0.75), (1, 0.5, 0.25)]) - 0.048_794_9).abs() < 1e-7);
        // A 2 by 2 table by hand: 100 * (20*40 - 30*10)^2 / (50*50*30*70) = 4.7619 and p = 0.0291.
        let p = chi_squared(&[(20.0, 10.0), (30.0, 40.0)], 50.0, 50.0);
        assert!((p - 0.029_096).abs() < 1e-5, "{p}");
    }
}
