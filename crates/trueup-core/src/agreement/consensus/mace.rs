//! MACE: each annotator knows the answer, or spams with a habit of his own.

use rayon::prelude::*;
use statrs::function::gamma::digamma;

use super::{Consensus, Ratings, mean_posterior, normalise};
use crate::Rng;

/// How MACE is estimated.
#[derive(Debug, Clone, PartialEq)]
pub struct MaceOptions {
    /// Steps of estimation at most.
    pub iterations: u32,
    /// Ends when the log-likelihood moves less than this an answer; a negative number never ends early.
    pub tolerance: f64,
    /// Prior counts of spamming and of knowing (Beta).
    pub prior: (f64, f64),
    /// Prior count of each category that a spammer may give (Dirichlet).
    pub habit: f64,
    /// Where it starts from.
    pub start: MaceStart,
}

/// Where the estimation starts.
#[derive(Debug, Clone, PartialEq)]
pub enum MaceStart {
    /// So many random starts of a seed; the one that ends with the highest likelihood stays.
    Random {
        /// How many.
        restarts: u32,
        /// Of the random numbers.
        seed: u64,
    },
    /// One start given.
    Given {
        /// The chance of spamming of each annotator, in (0, 1).
        spamming: Vec<f64>,
        /// What each annotator gives when spamming: the chance of each category, annotator by annotator, in (0, 1).
        habits: Vec<f64>,
    },
}

impl Default for MaceOptions {
    /// The defaults of Hovy et al. and crowd-kit: 50 steps, 10 starts, prior counts of 0.5 and 10; steps end at 1e-6.
    fn default() -> Self {
        Self {
            iterations: 50,
            tolerance: 1e-6,
            prior: (0.5, 0.5),
            habit: 10.0,
            start: MaceStart::Random { restarts: 10, seed: 42 },
        }
    }
}

/// MACE by variational Bayes: an annotator spams with a chance of his own, and then gives a category by habit whatever the
/// item is; else gives the right one. All categories are equally likely before.
///
/// The posterior is that of Hovy et al. 2013 in log space, so that items of hundreds of answers do not underflow. From the
/// same start it is crowd-kit's after the same number of steps, as far as that is right: crowd-kit 1.4.2 mixes up the
/// habits of annotators whose names do not come in sorted order, and starts all its restarts alike.
pub fn mace(ratings: &Ratings, options: &MaceOptions) -> Consensus {
    let (k, annotators) = (ratings.categories(), ratings.annotators());
    let starts: Vec<State> = match &options.start {
        MaceStart::Given { spamming, habits } => {
            assert!(spamming.len() == annotators && habits.len() == annotators * k, "a start for each annotator");
            vec![State {
                spamming: spamming.clone(),
                knowing: spamming.iter().map(|s| 1.0 - s).collect(),
                habits: habits.clone(),
            }]
        }
        MaceStart::Random { restarts, seed } => (0..u64::from(*restarts).max(1))
            .map(|run| State::random(annotators, k, &mut Rng::stream(*seed, run)))
            .collect(),
    };
    let runs: Vec<Run> = starts.into_par_iter().map(|state| run(ratings, options, state)).collect();
    // Of equal ones the first.
    let best = runs.into_iter().reduce(|best, run| if run.likelihood > best.likelihood { run } else { best });
    let best = best.expect("there is one start at least");
    let priors = mean_posterior(ratings, &best.posterior);
    let mut found = Consensus::new(ratings, best.posterior, priors);
    for (annotator, quality) in found.annotators.iter_mut().enumerate() {
        if let Some(quality) = quality {
            let (spamming, knowing) = (best.state.spamming[annotator], best.state.knowing[annotator]);
            quality.spamming = Some(spamming / (spamming + knowing));
        }
    }
    found.iterations = best.iterations;
    found.converged = best.converged;
    found.log_likelihood = (!ratings.is_empty()).then_some(best.likelihood);
    found
}

/// What is estimated of the annotators. Variational chances need not sum to 1.
struct State {
    spamming: Vec<f64>,
    knowing: Vec<f64>,
    /// By annotator and category.
    habits: Vec<f64>,
}

struct Run {
    state: State,
    posterior: Vec<f64>,
    likelihood: f64,
    iterations: u32,
    converged: bool,
}

impl State {
    /// Near even: numbers of 1 to 2.5, normalised.
    fn random(annotators: usize, k: usize, rng: &mut Rng) -> Self {
        let mut draw = |n: usize| -> Vec<f64> {
            let drawn: Vec<f64> = (0..n).map(|_| 1.0 + 1.5 * rng.unit()).collect();
            let sum: f64 = drawn.iter().sum();
            drawn.into_iter().map(|x| x / sum).collect()
        };
        let spamming: Vec<f64> = (0..annotators).map(|_| draw(2)[0]).collect();
        let habits = (0..annotators).flat_map(|_| draw(k)).collect();
        Self { knowing: spamming.iter().map(|s| 1.0 - s).collect(), spamming, habits }
    }
}

fn run(ratings: &Ratings, options: &MaceOptions, mut state: State) -> Run {
    let k = ratings.categories();
    let mut posterior = vec![0.0; ratings.items() * k];
    let mut counts = Counts::new(ratings);
    let mut likelihood = expect(ratings, &state, &mut posterior, &mut counts);
    let (mut iterations, mut converged) = (0, ratings.is_empty());
    while iterations < options.iterations && !converged {
        learn(&mut state, &counts, options, k);
        let now = expect(ratings, &state, &mut posterior, &mut counts);
        iterations += 1;
        // Variational steps raise a bound and not the likelihood, which may sink a little.
        converged = (now - likelihood).abs() < options.tolerance * ratings.len() as f64;
        likelihood = now;
    }
    Run { state, posterior, likelihood, iterations, converged }
}

/// Expected numbers of answers.
struct Counts {
    spammed: Vec<f64>,
    known: Vec<f64>,
    /// Spammed, by annotator and category.
    habits: Vec<f64>,
}

impl Counts {
    fn new(ratings: &Ratings) -> Self {
        let (n, k) = (ratings.annotators(), ratings.categories());
        Self { spammed: vec![0.0; n], known: vec![0.0; n], habits: vec![0.0; n * k] }
    }
}

/// The posterior of every item, what each annotator is expected to have spammed, and the log-likelihood.
fn expect(ratings: &Ratings, state: &State, posterior: &mut [f64], counts: &mut Counts) -> f64 {
    let k = ratings.categories();
    counts.spammed.fill(0.0);
    counts.known.fill(0.0);
    counts.habits.fill(0.0);
    // For an annotator and an answer: the logarithm of giving it by spamming, what is added to that when it is the right
    // one, and the share of spamming when it is.
    let cells: Vec<(f64, f64, f64)> = state
        .habits
        .iter()
        .enumerate()
        .map(|(at, habit)| {
            let spammed = state.spamming[at / k] * habit;
            let either = spammed + state.knowing[at / k];
            (spammed.ln(), (either / spammed).ln(), spammed / either)
        })
        .collect();
    let even = -(k as f64).ln();
    let mut likelihood = 0.0;
    for (row, probabilities) in ratings.rows().zip(posterior.chunks_exact_mut(k.max(1))) {
        if row.is_empty() {
            continue;
        }
        probabilities.fill(0.0);
        let mut base = even;
        for &(annotator, category) in row {
            let (spammed, more, _) = cells[annotator as usize * k + category as usize];
            base += spammed;
            probabilities[category as usize] += more;
        }
        likelihood += base + normalise(probabilities);
        for &(annotator, category) in row {
            let (annotator, at) = (annotator as usize, annotator as usize * k + category as usize);
            let right = probabilities[category as usize];
            let spammed = (1.0 - right) + right * cells[at].2;
            counts.spammed[annotator] += spammed;
            counts.habits[at] += spammed;
            counts.known[annotator] += right * (1.0 - cells[at].2);
        }
    }
    likelihood
}

/// The variational step: chances from expected counts and their priors.
fn learn(state: &mut State, counts: &Counts, options: &MaceOptions, k: usize) {
    for annotator in 0..state.spamming.len() {
        let (spammed, known) = (counts.spammed[annotator] + options.prior.0, counts.known[annotator] + options.prior.1);
        let all = digamma(spammed + known);
        state.spamming[annotator] = (digamma(spammed) - all).exp();
        state.knowing[annotator] = (digamma(known) - all).exp();
        let of = annotator * k..(annotator + 1) * k;
        let all = digamma(counts.habits[of.clone()].iter().map(|n| n + options.habit).sum());
        for (habit, n) in state.habits[of.clone()].iter_mut().zip(&counts.habits[of]) {
            *habit = (digamma(n + options.habit) - all).exp();
        }
    }
}
