//! The likeliest answer to each item, and how good each annotator is.
//!
//! - [`majority()`]: the category given most often.
//! - [`dawid_skene()`]: each annotator has a confusion matrix (Dawid and Skene 1979, "Maximum likelihood estimation of
//!   observer error-rates using the EM algorithm").
//! - [`one_coin()`]: each annotator has one accuracy, and errs evenly (Zhang, Chen, Zhou and Jordan 2016, "Spectral
//!   methods meet EM").
//! - [`mace()`]: each annotator knows or spams (Hovy, Berg-Kirkpatrick, Vaswani and Hovy 2013, "Learning whom to trust with
//!   MACE").
//!
//! All work on [`Ratings`] and leave a [`Consensus`]. They are deterministic; MACE draws its starts from a seed.

mod dawid_skene;
mod mace;
mod majority;

pub use dawid_skene::{EmOptions, dawid_skene, one_coin};
pub use mace::{MaceOptions, MaceStart, mace};
pub use majority::majority;

use super::Ratings;

/// Two posterior probabilities closer than this are a tie: data that speaks for two answers alike gives them equal
/// probabilities but for rounding.
const TIE: f64 = 1e-9;

/// The likeliest answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Consensus {
    /// Categories.
    pub categories: usize,
    /// The probability of each category for each item, row by row; a row sums to 1, that of an item without an answer
    /// is all 0. For majority the shares of the votes.
    pub posterior: Vec<f64>,
    /// The likeliest category of each item; `None` where there is no answer or a tie.
    pub decided: Vec<Option<u32>>,
    /// Items of which two or more categories are equally likely.
    pub ties: Vec<u32>,
    /// How common each category is among the items, as estimated; for majority and MACE the mean posterior.
    pub priors: Vec<f64>,
    /// Each annotator; `None` for one without an answer.
    pub annotators: Vec<Option<Quality>>,
    /// Steps of estimation; 0 for majority.
    pub iterations: u32,
    /// Whether the steps ended because nothing moved any more, and not by their number.
    pub converged: bool,
    /// Log-likelihood of the answers, for the models.
    pub log_likelihood: Option<f64>,
}

/// How good an annotator is, as the consensus sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// Answers.
    pub answers: u64,
    /// The expected share of right ones: the mean posterior of the answers. For majority the share of the answers to
    /// decided items that are the decided one; `None` when no item was decided.
    pub accuracy: Option<f64>,
    /// `confusion[true * categories + given]`: the chance of each answer where the truth is known to the model; of
    /// Dawid and Skene's models.
    pub confusion: Option<Vec<f64>>,
    /// The chance that an answer is given without looking at the item; of MACE.
    pub spamming: Option<f64>,
}

impl Consensus {
    /// The probabilities of an item's categories.
    pub fn of_item(&self, item: usize) -> &[f64] {
        &self.posterior[item * self.categories..(item + 1) * self.categories]
    }

    /// The probability of the decided category, or of those that tie; `None` without an answer.
    pub fn confidence(&self, item: usize) -> Option<f64> {
        self.of_item(item).iter().copied().filter(|p| *p > 0.0).max_by(f64::total_cmp)
    }

    /// How undecided an item is: the entropy of its posterior in nats, 0 to ln(categories); 0 without an answer.
    pub fn entropy(&self, item: usize) -> f64 {
        // Of 0 the term is 0, its limit.
        self.of_item(item).iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum()
    }

    /// Decides every item by its posterior and takes stock of the annotators.
    fn new(ratings: &Ratings, posterior: Vec<f64>, priors: Vec<f64>) -> Self {
        let k = ratings.categories();
        let mut ties = Vec::new();
        let decided = (0..ratings.items())
            .map(|item| {
                if ratings.of_item(item).is_empty() {
                    return None;
                }
                let row = &posterior[item * k..(item + 1) * k];
                let most = row.iter().copied().fold(0.0, f64::max);
                let mut best = (0..k).filter(|&c| row[c] >= most - TIE);
                if let (Some(one), None) = (best.next(), best.next()) {
                    return Some(one as u32);
                }
                ties.push(item as u32);
                None
            })
            .collect();
        let mut right = vec![0.0; ratings.annotators()];
        for (item, row) in ratings.rows().enumerate() {
            row.iter().for_each(|&(a, c)| right[a as usize] += posterior[item * k + c as usize]);
        }
        let annotators = ratings
            .by_annotator()
            .into_iter()
            .zip(right)
            .map(|(answers, right)| {
                let accuracy = Some(right / answers as f64);
                (answers > 0).then_some(Quality { answers, accuracy, confusion: None, spamming: None })
            })
            .collect();
        Self {
            categories: k,
            posterior,
            decided,
            ties,
            priors,
            annotators,
            iterations: 0,
            converged: true,
            log_likelihood: None,
        }
    }
}

/// Shares of the votes, item by item.
fn shares(ratings: &Ratings) -> Vec<f64> {
    let k = ratings.categories();
    let mut posterior = vec![0.0; ratings.items() * k];
    for (item, row) in ratings.rows().enumerate() {
        for &(_, category) in row {
            posterior[item * k + category as usize] += 1.0 / row.len() as f64;
        }
    }
    posterior
}

/// The mean posterior over items with an answer.
fn mean_posterior(ratings: &Ratings, posterior: &[f64]) -> Vec<f64> {
    let k = ratings.categories();
    let mut mean = vec![0.0; k];
    let mut answered = 0.0;
    for (item, row) in ratings.rows().enumerate() {
        if !row.is_empty() {
            answered += 1.0;
            mean.iter_mut().zip(&posterior[item * k..]).for_each(|(m, p)| *m += p);
        }
    }
    if answered > 0.0 {
        mean.iter_mut().for_each(|m| *m /= answered);
    }
    mean
}

/// Makes log-probabilities probabilities that sum to 1, and returns the logarithm of what they summed to.
fn normalise(row: &mut [f64]) -> f64 {
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for x in row.iter_mut() {
        *x = (*x - most).exp();
        sum += *x;
    }
    row.iter_mut().for_each(|x| *x /= sum);
    most + sum.ln()
}

#[cfg(test)]
mod tests;
