//! # T503 unstable-across-folds
//!
//! ## What it finds
//!
//! Scores of folds that differ more than chance explains: the model is good on one part of the data and clearly worse on
//! another.
//!
//! ## Why it matters
//!
//! The average hides that the result depends on which examples were learned and which were asked. Training it again on
//! other examples may give another model, and its interval, which takes examples for independent, is too narrow.
//!
//! ## Example
//!
//! `macro-F1 differs between folds more than chance explains: 0.62 to 0.91`
//!
//! ## What to do
//!
//! Look for what examples of a fold have in common: one source, one author, pieces of one document. Name that column with
//! `--group`, so that such examples stay together and count as one. If there is none, train with more examples or a calmer
//! learner (more regularisation, several models answering as one).
//!
//! ## Threshold
//!
//! A warning when the highest and the lowest fold are 0.05 or more apart and the chi-squared test of homogeneity (Cochran
//! 1954, "The combination of estimates from different experiments") has a p-value under 0.001. What chance explains is the
//! variance of the score over examples, from the interval of the same figure over all folds (in a comparison: over the test
//! set), and never less than the binomial variance of as many examples would be for accuracy. 0.001, because nobody asked
//! this question: one healthy review of a thousand is told so. 0.05 is Giskard's margin for a part of the data. Three folds
//! of 30 examples at least; under that a fold's score says nothing.

use statrs::distribution::{ChiSquared, ContinuousCDF};
use trueup_core::document::{Estimate, FoldScore, Severity};
use trueup_core::stats::Z95;
use trueup_core::words;

use super::records::{Record, judge};
use crate::review::{Draft, Evidence, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { code: "T503", name: "unstable-across-folds", source: include_str!("t503_unstable_across_folds.rs"), check };

const ALPHA: f64 = 0.001;
const APART: f64 = 0.05;
const FOLDS: usize = 3;
const SMALLEST: u64 = 30;

fn check(evidence: &Evidence<'_>) -> Vec<Draft> {
    judge(evidence, |record| {
        let figure = evidence.counting().metrics.get(&record.training.score);
        let examples = evidence.evaluated() - evidence.leaks.len() as u64;
        fault(record, figure.and_then(|figure| variance(figure, examples)))
    })
}

/// The variance of the figure that one example stands for: that of its interval times the examples it rests on.
fn variance(figure: &Estimate, examples: u64) -> Option<f64> {
    let error = (figure.high? - figure.low?) / (2.0 * Z95);
    Some(error * error * examples as f64)
}

/// Cochran's Q of scores, each with the variance of sampling, and its p-value.
fn homogeneity(scores: &[(f64, f64)]) -> Option<(f64, f64)> {
    let weights: f64 = scores.iter().map(|(_, variance)| 1.0 / variance).sum();
    let mean = scores.iter().map(|(score, variance)| score / variance).sum::<f64>() / weights;
    let q: f64 = scores.iter().map(|(score, variance)| (score - mean).powi(2) / variance).sum();
    let p = ChiSquared::new(scores.len() as f64 - 1.0).ok()?.sf(q);
    Some((q, p))
}

fn fault(record: &Record<'_>, of_one: Option<f64>) -> Option<Draft> {
    let training = record.training;
    let folds: Vec<(&FoldScore, f64)> = training
        .folds
        .iter()
        .filter_map(|fold| Some((fold, fold.score?)))
        .filter(|(f, _)| f.examples >= SMALLEST)
        .collect();
    if folds.len() < FOLDS {
        return None;
    }
    let mean = folds.iter().map(|(_, score)| score).sum::<f64>() / folds.len() as f64;
    let least = mean * (1.0 - mean);
    let of_one = of_one.map_or(least, |variance| variance.max(least));
    if of_one <= 0.0 {
        return None;
    }
    let scores: Vec<(f64, f64)> = folds.iter().map(|(fold, score)| (*score, of_one / fold.examples as f64)).collect();
    let (q, p) = homogeneity(&scores)?;
    let (worst, low) = *folds.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let high = folds.iter().map(|(_, score)| *score).fold(low, f64::max);
    if p >= ALPHA || high - low < APART {
        return None;
    }
    let metric = if training.score == "f1" { "F1" } else { "macro-F1" };
    let listed: Vec<String> = folds.iter().map(|(_, score)| format!("{score:.2}")).collect();
    Some(
        Draft::new(
            Severity::Warning,
            folds.len() as u64,
            format!("{metric} differs between folds more than chance explains: {low:.2} to {high:.2}"),
            "Look for what the examples of a fold have in common, and keep them together with `--group`; else train with more \
             examples",
        )
        .message(format!(
            "The folds score {}. With examples that are independent of each other they would lie within {:.2} of their \
             mean, nearly always. Either some examples belong together, or the model depends on which examples it \
             learned from.",
            words::list(&listed, listed.len()),
            // Three standard errors of a fold of middle size.
            3.0 * (of_one * folds.len() as f64 / folds.iter().map(|(f, _)| f.examples as f64).sum::<f64>()).sqrt(),
        ))
        .with("scores", folds.iter().map(|(_, score)| *score).collect::<Vec<f64>>())
        .with("worst_fold", worst.fold)
        .with("q", q)
        .with("p", p),
    )
}

#[cfg(test)]
mod tests {
    use super::{homogeneity, variance};
    use crate::review::planted::{Plant, training};
    use trueup_core::Rng;
    use trueup_core::document::{Estimate, FoldScore, IntervalKind};
    use trueup_core::stats::{binomial, wilson};

    fn plant(scores: &[f64], examples: u64) -> Plant {
        let folds: Vec<FoldScore> = scores
            .iter()
            .enumerate()
            .map(|(i, &score)| FoldScore { fold: i as u32 + 1, examples, score: Some(score) })
            .collect();
        Plant::labels(&[("a", 500), ("b", 500)]).with(move |e| {
            let mut record = training(&[(1.0, 0.9)], 1);
            record.folds.clone_from(&folds);
            e.training = Some(record);
        })
    }

    #[test]
    fn folds_far_apart_are_named() {
        let findings = plant(&[0.91, 0.90, 0.62, 0.89, 0.91], 200).judge(&super::RULE);
        assert_eq!(findings[0].title, "macro-F1 differs between folds more than chance explains: 0.62 to 0.91");
        assert!(findings[0].message.starts_with("The folds score 0.91, 0.90, 0.62, 0.89 and 0.91."));
        assert_eq!(findings[0].evidence["worst_fold"], 3);
    }

    #[test]
    fn silent_on_chance_on_small_folds_and_on_small_differences() {
        assert!(plant(&[0.93, 0.90, 0.86, 0.89, 0.91], 200).judge(&super::RULE).is_empty());
        assert!(plant(&[0.91, 0.90, 0.62, 0.89, 0.91], 20).judge(&super::RULE).is_empty());
        assert!(plant(&[0.91, 0.62], 200).judge(&super::RULE).is_empty());
        // Beyond chance in very large folds, and of no consequence.
        assert!(plant(&[0.92, 0.90, 0.88, 0.90, 0.90], 1_000_000).judge(&super::RULE).is_empty());
    }

    #[test]
    fn q_by_hand() {
        // Weights 1 and 1, mean 0.5: (0.5^2 + 0.5^2) / 0.25 = 2, one degree of freedom: p = 0.1573.
        let (q, p) = homogeneity(&[(0.0, 0.25), (1.0, 0.25)]).unwrap();
        assert!((q - 2.0).abs() < 1e-12 && (p - 0.157_299).abs() < 1e-6, "{q} {p}");
        let figure = Estimate::new(0.5, (0.402, 0.598), 100, IntervalKind::Wilson);
        // An error of 0.05 over 100 examples: the 0.25 of one toss.
        assert!((variance(&figure, 100).unwrap() - 0.25).abs() < 1e-4);
    }

    #[test]
    fn folds_that_are_alike_are_told_apart_as_seldom_as_the_level_says() {
        // Five folds of 200 with one accuracy, judged by the interval over all of them.
        let mut rng = Rng::new(7);
        let mut small = [0u32; 2];
        for _ in 0..20_000 {
            let right: Vec<u64> = (0..5).map(|_| binomial(&mut rng, 200, 0.85)).collect();
            let (low, high) = wilson(right.iter().sum(), 1_000);
            let of_one = variance(&Estimate::new(0.85, (low, high), 1_000, IntervalKind::Wilson), 1_000).unwrap();
            let scores: Vec<(f64, f64)> = right.iter().map(|&k| (k as f64 / 200.0, of_one / 200.0)).collect();
            let (_, p) = homogeneity(&scores).unwrap();
            small[0] += u32::from(p < 0.05);
            small[1] += u32::from(p < 0.001);
        }
        assert!((850..1_150).contains(&small[0]) && small[1] <= 45, "{small:?}");
    }
}
