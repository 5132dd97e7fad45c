//! L-BFGS over the whole training part (Nocedal 1980, "Updating quasi-Newton matrices with limited storage"; the two
//! loops of Nocedal and Wright 2006, algorithm 7.4).
//!
//! A weight exists for a feature and a state that training shows together, as in CRFsuite, so that vectors stay short. The
//! gradient is that of the sum of losses plus half of the L2 penalty times the squared weights. Sentences are
//! looked at in parallel, in blocks of a fixed size; their gradients are added in the order of sentences, so that
//! nothing depends on the number of threads.

use rayon::prelude::*;

use super::corpus::{Chosen, Corpus};
use super::lattice::Lattice;
use super::tags::Tags;
use super::trainer::judge;
use super::transitions::{TransitionCounts, Transitions};
use super::weights::Small;

/// Steps remembered.
const MEMORY: usize = 6;
/// Sentences a block.
const BLOCK: usize = 64;
/// Halvings of a step before the search gives up.
const HALVINGS: u32 = 30;
/// The loss must fall by this share of what the slope promises (Armijo).
const ENOUGH: f64 = 1e-4;
/// Converged when the loss has fallen by less than this share of itself over [`PERIOD`] steps.
const SETTLED: f64 = 1e-5;
/// See [`SETTLED`].
const PERIOD: usize = 10;

/// Which weights there are: of each feature some states.
struct Pairs {
    /// Where the states of a feature start; they end where those of the next start.
    starts: Vec<u32>,
    states: Vec<u16>,
}

/// What a sentence was answered with.
pub(super) struct Looked {
    /// Negative log likelihood of the gold tags, nats.
    pub loss: f64,
    /// The best states.
    pub states: Vec<usize>,
    /// The gradient by the scores of each token and state.
    slopes: Vec<f64>,
    counts: TransitionCounts,
}

/// The optimisation at hand.
pub(super) struct Lbfgs<'c, 'a> {
    corpus: &'c Corpus<'a>,
    chosen: &'c Chosen,
    train: &'c [usize],
    gold: &'c [Vec<usize>],
    l2: f64,
    pairs: Pairs,
    pub transitions: Transitions,
    /// Weights of the pairs, then those of the transitions that exist.
    weights: Vec<f64>,
    gradient: Vec<f64>,
    /// Penalised loss at `weights`, nats.
    value: f64,
    /// Changes of weights and gradients, oldest first.
    steps: Vec<(Vec<f64>, Vec<f64>)>,
    values: Vec<f64>,
    looked: Vec<Looked>,
}

impl<'c, 'a> Lbfgs<'c, 'a> {
    /// Weights 0, looked at once.
    pub fn new(
        corpus: &'c Corpus<'a>,
        chosen: &'c Chosen,
        train: &'c [usize],
        gold: &'c [Vec<usize>],
        tags: &Tags,
        l2: f64,
    ) -> Self {
        let transitions = Transitions::new(tags);
        let mut seen: Vec<(u32, u16)> = Vec::new();
        for &sentence in train {
            for (token, &state) in gold[sentence].iter().enumerate() {
                let ids = chosen.features(corpus, sentence, token).into_iter().flatten();
                seen.extend(ids.map(|&id| (id, state as u16)));
            }
        }
        seen.sort_unstable();
        seen.dedup();
        let mut starts = vec![0u32; chosen.len() + 1];
        seen.iter().for_each(|&(id, _)| starts[id as usize + 1] += 1);
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let pairs = Pairs { starts, states: seen.into_iter().map(|(_, state)| state).collect() };
        let mut steps = 0;
        transitions.clone().change(|_, _, weight| {
            steps += 1;
            weight
        });
        let weights = vec![0.0; pairs.states.len() + steps];
        let mut problem = Self {
            corpus,
            chosen,
            train,
            gold,
            l2,
            pairs,
            transitions,
            gradient: vec![0.0; weights.len()],
            weights,
            value: 0.0,
            steps: Vec::new(),
            values: Vec::new(),
            looked: Vec::new(),
        };
        problem.look();
        problem
    }

    /// The answers to the sentences of the training part by the weights as they are.
    pub fn looked(&self) -> &[Looked] {
        &self.looked
    }

    /// Takes the loss and its gradient at the weights.
    fn look(&mut self) {
        let pairs = self.pairs.states.len();
        let steps = &self.weights[pairs..];
        let mut next = steps.iter();
        self.transitions.change(|_, _, weight| next.next().map_or(weight, |w| *w as f32));

        let this = &*self;
        let block = |lattice: &mut Lattice, sentences: &'c [usize]| -> Vec<Looked> {
            sentences.iter().map(|&sentence| this.look_at(sentence, lattice)).collect()
        };
        let blocks: Vec<Vec<Looked>> = this.train.par_chunks(BLOCK).map_init(Lattice::default, block).collect();
        self.looked = blocks.into_iter().flatten().collect();

        self.gradient.fill(0.0);
        let (gradient, states) = (&mut self.gradient, self.transitions.states);
        let mut tables: Option<TransitionCounts> = None;
        let mut value = 0.0;
        for (&sentence, looked) in self.train.iter().zip(&self.looked) {
            value += looked.loss;
            for (token, slopes) in looked.slopes.chunks_exact(states).enumerate() {
                for &id in self.chosen.features(self.corpus, sentence, token).into_iter().flatten() {
                    let at = self.pairs.starts[id as usize] as usize..self.pairs.starts[id as usize + 1] as usize;
                    for (g, &state) in gradient[at.clone()].iter_mut().zip(&self.pairs.states[at]) {
                        *g += slopes[state as usize];
                    }
                }
            }
            match &mut tables {
                _ if looked.states.is_empty() => {}
                None => tables = Some(looked.counts.clone()),
                Some(sum) => {
                    for (sum, counts) in sum.tables.iter_mut().zip(&looked.counts.tables) {
                        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
                    }
                }
            }
        }
        let mut next = gradient[pairs..].iter_mut();
        if let Some(sum) = tables {
            self.transitions.change(|table, i, weight| {
                if let Some(g) = next.next() {
                    *g = sum.tables[table][i];
                }
                weight
            });
        }
        for (g, w) in gradient.iter_mut().zip(&self.weights) {
            *g += self.l2 * w;
            value += 0.5 * self.l2 * w * w;
        }
        self.value = value;
    }

    fn look_at(&self, sentence: usize, lattice: &mut Lattice) -> Looked {
        let (gold, states) = (&self.gold[sentence], self.transitions.states);
        let mut counts = TransitionCounts::default();
        if gold.is_empty() {
            return Looked { loss: 0.0, states: Vec::new(), slopes: Vec::new(), counts };
        }
        lattice.resize(gold.len(), &self.transitions);
        let mut sums = vec![0.0f64; states];
        for token in 0..gold.len() {
            sums.fill(0.0);
            for &id in self.chosen.features(self.corpus, sentence, token).into_iter().flatten() {
                let at = self.pairs.starts[id as usize] as usize..self.pairs.starts[id as usize + 1] as usize;
                for (w, &state) in self.weights[at.clone()].iter().zip(&self.pairs.states[at]) {
                    sums[state as usize] += w;
                }
            }
            let out = lattice.scores_mut(token).as_flattened_mut();
            out.fill(0.0);
            out.iter_mut().zip(&sums).for_each(|(out, sum)| *out = *sum as f32);
        }
        let (loss, best) = judge(lattice, &self.transitions, gold);
        counts.clear(&self.transitions);
        lattice.backward(&self.transitions, Some(&mut counts));
        counts.observe(&self.transitions, gold);
        let mut slopes = Vec::with_capacity(gold.len() * states);
        for (token, &gold) in gold.iter().enumerate() {
            slopes.extend((0..states).map(|s| lattice.marginal(token, s) - f64::from(u8::from(s == gold))));
        }
        Looked { loss, states: best, slopes, counts }
    }

    /// Takes a step down. Answers whether there may be another: not when the loss hardly falls any more.
    pub fn step(&mut self) -> bool {
        let mut direction = self.direction();
        let mut slope = dot(&direction, &self.gradient);
        if slope >= 0.0 {
            // Rounding: what is remembered misleads. Straight down it is.
            self.steps.clear();
            direction = self.gradient.iter().map(|g| -g).collect();
            slope = dot(&direction, &self.gradient);
        }
        let steep = slope.abs().sqrt();
        if steep == 0.0 {
            return false;
        }
        // The first step has no scale yet: one of length 1 at most.
        let mut length = if self.steps.is_empty() { (1.0 / steep).min(1.0) } else { 1.0 };
        let (from, gradient, value) = (self.weights.clone(), self.gradient.clone(), self.value);
        let mut halvings = 0;
        loop {
            for ((w, from), d) in self.weights.iter_mut().zip(&from).zip(&direction) {
                *w = from + length * d;
            }
            self.look();
            if self.value <= value + ENOUGH * length * slope {
                break;
            }
            halvings += 1;
            if halvings == HALVINGS {
                self.weights = from;
                self.look();
                return false;
            }
            length *= 0.5;
        }
        let moved: Vec<f64> = self.weights.iter().zip(&from).map(|(a, b)| a - b).collect();
        let bent: Vec<f64> = self.gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        if dot(&moved, &bent) > 1e-10 * dot(&bent, &bent) {
            if self.steps.len() == MEMORY {
                self.steps.remove(0);
            }
            self.steps.push((moved, bent));
        }
        self.values.push(self.value);
        let before = self.values.len().checked_sub(PERIOD + 1).map(|i| self.values[i]);
        before.is_none_or(|before| before - self.value > SETTLED * self.value)
    }

    /// Minus the gradient times the inverse of the curvature, as far as it is remembered.
    fn direction(&self) -> Vec<f64> {
        let mut q: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
        let mut shares = Vec::with_capacity(self.steps.len());
        for (moved, bent) in self.steps.iter().rev() {
            let share = dot(moved, &q) / dot(moved, bent);
            q.iter_mut().zip(bent).for_each(|(q, bent)| *q -= share * bent);
            shares.push(share);
        }
        if let Some((moved, bent)) = self.steps.last() {
            let scale = dot(moved, bent) / dot(bent, bent);
            q.iter_mut().for_each(|q| *q *= scale);
        }
        for ((moved, bent), share) in self.steps.iter().zip(shares.iter().rev()) {
            let back = share - dot(bent, &q) / dot(moved, bent);
            q.iter_mut().zip(moved).for_each(|(q, moved)| *q += back * moved);
        }
        q
    }

    /// The weights as they would be kept, with `most` a feature on average.
    pub fn small(&self, most: f32) -> Small {
        let states = self.transitions.states;
        let mut rows = vec![0.0; self.chosen.len() * states];
        for (id, row) in rows.chunks_exact_mut(states).enumerate() {
            for at in self.pairs.starts[id] as usize..self.pairs.starts[id + 1] as usize {
                row[usize::from(self.pairs.states[at])] = self.weights[at] as f32;
            }
        }
        Small::new(rows.chunks_exact(states), states, most)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crf::clusters::Clusters;
    use crate::crf::gazetteer::Gazetteer;
    use trueup_core::{Annotation, Example, Span};

    fn example(text: &str, spans: &[(u32, u32, u32)]) -> Example {
        Example {
            id: String::new(),
            text: text.to_owned(),
            gold: Annotation::Spans(spans.iter().map(|&(start, end, label)| Span { start, end, label }).collect()),
            tokens: Vec::new(),
            group: None,
            time: None,
            metadata: Vec::new(),
            line: 0,
        }
    }

    #[test]
    fn the_gradient_is_the_slope_and_the_end_is_the_bottom() {
        let texts = [
            example("Ada lives in New York", &[(0, 3, 1), (13, 21, 0)]),
            example("she saw Kano", &[(8, 12, 0)]),
            example("nothing here", &[]),
            example("Ada saw Ada", &[(0, 3, 1)]),
            example("", &[]),
        ];
        let gazetteer = Gazetteer::new(&std::collections::BTreeMap::new());
        let corpus = Corpus::new(texts.iter().collect(), &gazetteer, &Clusters::default());
        let train: Vec<usize> = (0..texts.len()).collect();
        let chosen = Chosen::new(&corpus, &train, 1);
        let tags = Tags::new(vec![0, 1]);
        let gold: Vec<Vec<usize>> =
            corpus.placed.iter().map(|placed| tags.encode(placed.tokens.len(), &placed.segments)).collect();
        let mut problem = Lbfgs::new(&corpus, &chosen, &train, &gold, &tags, 0.3);
        problem.step();
        problem.step();

        // The slope along some weights, of pairs and of transitions.
        let (weights, gradient) = (problem.weights.clone(), problem.gradient.clone());
        for at in (0..weights.len()).step_by(weights.len() / 40).chain([weights.len() - 1]) {
            let mut value = |by: f64| {
                problem.weights.clone_from(&weights);
                problem.weights[at] += by;
                problem.look();
                problem.value
            };
            let slope = (value(0.05) - value(-0.05)) / 0.1;
            assert!((slope - gradient[at]).abs() < 1e-3, "{at}: {slope} against {}", gradient[at]);
        }

        problem.weights.clone_from(&weights);
        problem.look();
        while problem.step() {}
        // The loss is strictly convex: where nothing slopes there is its only least value.
        let steep = dot(&problem.gradient, &problem.gradient).sqrt();
        assert!(steep < 0.02 * dot(&gradient, &gradient).sqrt().max(1.0), "{steep}");
    }
}
