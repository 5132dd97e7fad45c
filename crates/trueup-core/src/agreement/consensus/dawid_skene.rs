//! Dawid and Skene's model and its one-coin form, by expectation maximisation.

use super::{Consensus, Ratings, mean_posterior, normalise, shares};

/// How long to estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmOptions {
    /// Steps at most.
    pub iterations: u32,
    /// Ends when the log-likelihood gains less than this an answer; a negative number never ends early.
    pub tolerance: f64,
}

impl Default for EmOptions {
    /// 100 steps and 1e-5, as crowd-kit's `DawidSkene`.
    fn default() -> Self {
        Self { iterations: 100, tolerance: 1e-5 }
    }
}

/// A chance that was estimated as 0 is taken as this, so that one answer against all expectation does not rule a category
/// out for good; crowd-kit's smoothing.
const LEAST: f64 = 1e-10;

/// Dawid and Skene's model: each annotator gives category j to an item of category k with a chance of his own.
///
/// Estimated by EM from the shares of the votes, in log space. A chance of 0 is smoothed to 1e-10, among the
/// categories that the annotator gave at all; there are no other priors. Posterior and confusion matrices are
/// crowd-kit's for the same number of steps; where steps end by tolerance, it is the gain of the log-likelihood itself
/// that counts.
pub fn dawid_skene(ratings: &Ratings, options: EmOptions) -> Consensus {
    let k = ratings.categories();
    let seen = given(ratings);
    // (annotator * k + given) * k + true.
    let mut chances = vec![0.0; ratings.annotators() * k * k];
    let mut logs = chances.clone();
    let mut found = estimate(ratings, options, |ratings, posterior| {
        chances.fill(0.0);
        for (item, row) in ratings.rows().enumerate() {
            for &(annotator, category) in row {
                let at = (annotator as usize * k + category as usize) * k;
                chances[at..at + k].iter_mut().zip(&posterior[item * k..]).for_each(|(c, p)| *c += p);
            }
        }
        for (matrix, seen) in chances.chunks_exact_mut(k * k).zip(seen.chunks_exact(k)) {
            for truth in 0..k {
                let mut sum = 0.0;
                for given in (0..k).filter(|&given| seen[given]) {
                    let cell = &mut matrix[given * k + truth];
                    *cell = cell.max(LEAST);
                    sum += *cell;
                }
                (0..k).filter(|&given| seen[given]).for_each(|given| matrix[given * k + truth] /= sum);
            }
        }
        logs.iter_mut().zip(&chances).for_each(|(log, chance)| *log = chance.ln());
        logs.clone()
    });
    for (annotator, quality) in found.annotators.iter_mut().enumerate() {
        let of = |truth: usize, given: usize| chances[(annotator * k + given) * k + truth];
        if let Some(quality) = quality {
            quality.confusion = Some((0..k * k).map(|at| of(at / k, at % k)).collect());
        }
    }
    found
}

/// The one-coin form: each annotator is right with one chance, and gives each wrong category with an equal one.
///
/// Estimated as [`dawid_skene`]; an accuracy stays 1e-10 away from 0 and 1.
pub fn one_coin(ratings: &Ratings, options: EmOptions) -> Consensus {
    let k = ratings.categories();
    let answers = ratings.by_annotator();
    let mut skills = vec![0.0; ratings.annotators()];
    let wrong = |skill: f64| (1.0 - skill) / (k as f64 - 1.0).max(1.0);
    let mut found = estimate(ratings, options, |ratings, posterior| {
        skills.fill(0.0);
        for (item, row) in ratings.rows().enumerate() {
            for &(annotator, category) in row {
                skills[annotator as usize] += posterior[item * k + category as usize];
            }
        }
        let mut logs = vec![0.0; ratings.annotators() * k * k];
        for ((skill, &n), logs) in skills.iter_mut().zip(&answers).zip(logs.chunks_exact_mut(k * k)) {
            *skill = if n > 0 { *skill / n as f64 } else { 0.0 };
            let (right, off) = (skill.clamp(LEAST, 1.0 - LEAST).ln(), wrong(*skill).clamp(LEAST, 1.0 - LEAST).ln());
            logs.iter_mut().enumerate().for_each(|(at, log)| *log = if at / k == at % k { right } else { off });
        }
        logs
    });
    for (quality, &skill) in found.annotators.iter_mut().zip(&skills) {
        if let Some(quality) = quality {
            let cell = |at: usize| if at / k == at % k { skill } else { wrong(skill) };
            quality.confusion = Some((0..k * k).map(cell).collect());
        }
    }
    found
}

/// Which categories each annotator gave.
fn given(ratings: &Ratings) -> Vec<bool> {
    let k = ratings.categories();
    let mut seen = vec![false; ratings.annotators() * k];
    for row in ratings.rows() {
        row.iter().for_each(|&(annotator, category)| seen[annotator as usize * k + category as usize] = true);
    }
    seen
}

/// EM from the shares of the votes. `learn` makes of a posterior the logarithms of the chances, by annotator, given and
/// true category; it is called once more at the end, with the last posterior.
fn estimate(ratings: &Ratings, options: EmOptions, mut learn: impl FnMut(&Ratings, &[f64]) -> Vec<f64>) -> Consensus {
    let k = ratings.categories();
    let mut posterior = shares(ratings);
    let mut priors = mean_posterior(ratings, &posterior);
    let (mut likelihood, mut iterations, mut converged) = (f64::NEG_INFINITY, 0, false);
    while iterations < options.iterations && !converged && !ratings.is_empty() {
        let logs = learn(ratings, &posterior);
        let now = expect(ratings, &mut posterior, &priors, &logs);
        priors = mean_posterior(ratings, &posterior);
        iterations += 1;
        converged = now - likelihood < options.tolerance * ratings.len() as f64;
        likelihood = now;
    }
    learn(ratings, &posterior);
    debug_assert_eq!(priors.len(), k);
    let mut found = Consensus::new(ratings, posterior, priors);
    found.iterations = iterations;
    found.converged = converged || ratings.is_empty();
    found.log_likelihood = likelihood.is_finite().then_some(likelihood);
    found
}

/// The posterior of every item, and the log-likelihood of all answers.
fn expect(ratings: &Ratings, posterior: &mut [f64], priors: &[f64], logs: &[f64]) -> f64 {
    let k = ratings.categories();
    let priors: Vec<f64> = priors.iter().map(|p| p.max(LEAST).ln()).collect();
    let mut likelihood = 0.0;
    for (row, probabilities) in ratings.rows().zip(posterior.chunks_exact_mut(k)) {
        if row.is_empty() {
            continue;
        }
        probabilities.copy_from_slice(&priors);
        for &(annotator, category) in row {
            let at = (annotator as usize * k + category as usize) * k;
            probabilities.iter_mut().zip(&logs[at..at + k]).for_each(|(p, log)| *p += log);
        }
        likelihood += normalise(probabilities);
    }
    likelihood
}
