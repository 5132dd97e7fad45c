//! The chain itself: log Z, marginals and expectations by forward-backward, the best path by Viterbi.
//!
//! Forward-backward runs in probability space with scaling (Rabiner 1989, "A tutorial on hidden Markov models", V.A):
//! one `exp` a token and state instead of one a transition. Rows of states are padded to whole vectors of
//! [`LANES`]; padded lanes hold probability 0 everywhere.

use super::exp::exp;
use super::tags::{Segment, Tags};
use super::transitions::{LANES, Row32, Row64, TransitionCounts, Transitions};

/// A score further below the best of its token counts as this far below (nats), so that no product of two steps leaves
/// the range of f64 and a valid path always keeps some probability. e^-100 is nothing beside any figure shown.
const FLOOR: f32 = -100.0;

/// One sentence over the states. Buffers are kept from sentence to sentence.
#[derive(Debug, Default)]
pub(crate) struct Lattice {
    len: usize,
    vectors: usize,
    /// Log potentials of each token and state.
    scores: Vec<Row32>,
    /// Their exponentials, the best of a token made 1.
    emit: Vec<Row64>,
    /// Probability of the prefix ending in a state, each token's made to sum to 1.
    alpha: Vec<Row64>,
    /// Probability of the suffix after a state over its probability under the model: `alpha * beta` is the marginal.
    beta: Vec<Row64>,
    /// What each token's `alpha` was divided by.
    scale: Vec<f64>,
    /// Best score of a prefix ending in a state, for Viterbi.
    best: Vec<Row32>,
}

impl Lattice {
    /// Prepares for a sentence of `len` tokens.
    pub fn resize(&mut self, len: usize, transitions: &Transitions) {
        (self.len, self.vectors) = (len, transitions.vectors);
        let rows = len * self.vectors;
        self.scores.resize(rows, [0.0; LANES]);
        self.emit.resize(rows, [0.0; LANES]);
        self.alpha.resize(rows, [0.0; LANES]);
        self.beta.resize(rows, [0.0; LANES]);
        self.best.resize(rows, [0.0; LANES]);
        self.scale.resize(len, 0.0);
    }

    /// Tokens.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The potentials of `token` as [`Lattice::forward`] takes them.
    pub fn floored(&self, token: usize, states: usize) -> Vec<f64> {
        let row = &self.scores[self.at(token)].as_flattened()[..states];
        let top = top(row);
        row.iter().map(|score| f64::from(top) + f64::from((score - top).max(FLOOR))).collect()
    }

    fn at(&self, token: usize) -> std::ops::Range<usize> {
        token * self.vectors..(token + 1) * self.vectors
    }

    /// The log potentials of `token`, to be written.
    pub fn scores_mut(&mut self, token: usize) -> &mut [Row32] {
        let at = self.at(token);
        &mut self.scores[at]
    }

    /// Fills `alpha` and answers log Z in nats; 0 for no token.
    pub fn forward(&mut self, transitions: &Transitions) -> f64 {
        let (vectors, mut log_z) = (self.vectors, 0.0);
        for token in 0..self.len {
            let at = self.at(token);
            let scores = &self.scores[at.clone()];
            let emit = &mut self.emit[at.clone()];
            log_z += exponentiate(scores, emit, transitions.states);

            let (done, rest) = self.alpha.split_at_mut(at.start);
            let now = &mut rest[..vectors];
            if token == 0 {
                now.copy_from_slice(&transitions.exp_start);
            } else {
                now.fill([0.0; LANES]);
                let before = done[done.len() - vectors..].as_flattened();
                for (from, &p) in before[..transitions.states].iter().enumerate() {
                    let reach = transitions.reach[from].clone();
                    let steps = &transitions.exp[from * vectors..(from + 1) * vectors];
                    for (now, step) in now[reach.clone()].iter_mut().zip(&steps[reach]) {
                        for l in 0..LANES {
                            now[l] += p * step[l];
                        }
                    }
                }
            }
            let mut sums = [0.0; LANES];
            for (now, emit) in now.iter_mut().zip(emit.iter()) {
                for l in 0..LANES {
                    now[l] *= emit[l];
                    sums[l] += now[l];
                }
            }
            let scale = sum(&sums);
            let factor = 1.0 / scale;
            now.as_flattened_mut().iter_mut().for_each(|p| *p *= factor);
            self.scale[token] = scale;
            log_z += scale.ln();
        }
        if self.len == 0 { 0.0 } else { log_z + self.end(transitions).ln() }
    }

    /// Probability that the last token's state may end the sentence, weighted by the end weights.
    fn end(&self, transitions: &Transitions) -> f64 {
        let mut sums = [0.0; LANES];
        for (p, end) in self.alpha[self.at(self.len - 1)].iter().zip(&transitions.exp_end) {
            for l in 0..LANES {
                sums[l] += p[l] * end[l];
            }
        }
        sum(&sums)
    }

    /// Fills `beta`; [`Lattice::forward`] must have run. Adds the expected transitions to `expected` when given.
    pub fn backward(&mut self, transitions: &Transitions, mut expected: Option<&mut TransitionCounts>) {
        if self.len == 0 {
            return;
        }
        let vectors = self.vectors;
        let factor = 1.0 / self.end(transitions);
        let last = self.at(self.len - 1);
        for (beta, end) in self.beta[last].iter_mut().zip(&transitions.exp_end) {
            for l in 0..LANES {
                beta[l] = end[l] * factor;
            }
        }
        // The suffix from a token on: its potential times what follows.
        let mut suffix = vec![[0.0; LANES]; vectors];
        for token in (1..self.len).rev() {
            let at = self.at(token);
            let factor = 1.0 / self.scale[token];
            for ((suffix, emit), beta) in suffix.iter_mut().zip(&self.emit[at.clone()]).zip(&self.beta[at.clone()]) {
                for l in 0..LANES {
                    suffix[l] = emit[l] * beta[l] * factor;
                }
            }
            let before = at.start - vectors;
            for from in 0..transitions.states {
                let reach = transitions.reach[from].clone();
                let steps = &transitions.exp[from * vectors + reach.start..from * vectors + reach.end];
                let mut sums = [0.0; LANES];
                for (step, suffix) in steps.iter().zip(&suffix[reach.clone()]) {
                    for l in 0..LANES {
                        sums[l] += step[l] * suffix[l];
                    }
                }
                self.beta[before + from / LANES][from % LANES] = sum(&sums);
                if let Some(expected) = expected.as_deref_mut() {
                    let p = self.alpha[before + from / LANES][from % LANES];
                    let counts = expected.tables[0].as_chunks_mut::<LANES>().0;
                    let counts = &mut counts[from * vectors + reach.start..from * vectors + reach.end];
                    for ((count, step), suffix) in counts.iter_mut().zip(steps).zip(&suffix[reach]) {
                        for l in 0..LANES {
                            count[l] += p * step[l] * suffix[l];
                        }
                    }
                }
            }
        }
        if let Some(expected) = expected {
            for (table, token) in [(1, 0), (2, self.len - 1)] {
                for (state, count) in expected.tables[table][..transitions.states].iter_mut().enumerate() {
                    *count += self.marginal(token, state);
                }
            }
        }
    }

    /// Probability of `state` at `token`; forward and backward must have run.
    pub fn marginal(&self, token: usize, state: usize) -> f64 {
        let at = token * self.vectors + state / LANES;
        self.alpha[at][state % LANES] * self.beta[at][state % LANES]
    }

    /// Writes the marginals of `token` less 1 at `gold` to `out`: the gradient of the loss by its scores.
    pub fn gradient(&self, token: usize, gold: usize, out: &mut [Row32]) {
        let at = self.at(token);
        for ((out, alpha), beta) in out.iter_mut().zip(&self.alpha[at.clone()]).zip(&self.beta[at]) {
            for l in 0..LANES {
                out[l] = (alpha[l] * beta[l]) as f32;
            }
        }
        out[gold / LANES][gold % LANES] -= 1.0;
    }

    /// The log potential of a state sequence, over the same (floored) potentials as [`Lattice::forward`].
    pub fn path_score(&self, transitions: &Transitions, states: &[usize]) -> f64 {
        let mut score = 0.0;
        for (token, &state) in states.iter().enumerate() {
            let row = self.scores[self.at(token)].as_flattened();
            let top = top(&row[..transitions.states]);
            score += f64::from(top) + f64::from((row[state] - top).max(FLOOR));
        }
        for pair in states.windows(2) {
            score += f64::from(transitions.log[pair[0] * self.vectors + pair[1] / LANES][pair[1] % LANES]);
        }
        if let (Some(&first), Some(&last)) = (states.first(), states.last()) {
            score += f64::from(transitions.log_start.as_flattened()[first]);
            score += f64::from(transitions.log_end.as_flattened()[last]);
        }
        score
    }

    /// Probability that exactly this segment is part of the answer, in [0, 1]; forward and backward must have run.
    ///
    /// Exact, not a product of marginals: the prefix up to its first state, the steps through it, the suffix after it.
    pub fn segment(&self, transitions: &Transitions, tags: &Tags, segment: Segment) -> f64 {
        let Segment { first, last, label } = segment;
        let local = Segment { first: 0, last: last - first, label };
        let states = tags.encode(last - first + 1, &[local]);
        let mut p = self.alpha[self.at(first)].as_flattened()[states[0]];
        for (i, pair) in states.windows(2).enumerate() {
            let token = first + 1 + i;
            let emit = self.emit[self.at(token)].as_flattened()[pair[1]];
            p *= transitions.step(pair[0], pair[1]) * emit / self.scale[token];
        }
        p *= self.beta[self.at(last)].as_flattened()[states[states.len() - 1]];
        p.clamp(0.0, 1.0)
    }

    /// Whether the best sequence is surely the one of state 0 (outside) alone. Reads only the scores.
    ///
    /// Another sequence gains at most, for each token that differs, what its best other state has over state 0, and two
    /// steps that differ (`gain` each, [`Transitions::most_gain`]). If no token can gain, there is nothing to find; most sentences hold no span.
    pub fn is_outside(&self, states: usize, gain: f32) -> bool {
        (0..self.len).all(|token| {
            let row = &self.scores[self.at(token)].as_flattened()[..states];
            row[0] > top(&row[1..]) + 2.0 * gain
        })
    }

    /// The valid state sequence of the highest score; of equal ones, that with the lower state where they
    /// last differ. Reads only the scores.
    pub fn viterbi(&mut self, transitions: &Transitions) -> Vec<usize> {
        if self.len == 0 {
            return Vec::new();
        }
        let vectors = self.vectors;
        for token in 0..self.len {
            let at = self.at(token);
            let (done, rest) = self.best.split_at_mut(at.start);
            let now = &mut rest[..vectors];
            if token == 0 {
                now.copy_from_slice(&transitions.log_start);
            } else {
                now.fill([f32::NEG_INFINITY; LANES]);
                let before = done[done.len() - vectors..].as_flattened();
                for (from, &score) in before[..transitions.states].iter().enumerate() {
                    let reach = transitions.reach[from].clone();
                    let steps = &transitions.log[from * vectors..(from + 1) * vectors];
                    for (now, step) in now[reach.clone()].iter_mut().zip(&steps[reach]) {
                        for l in 0..LANES {
                            let through = score + step[l];
                            now[l] = if through > now[l] { through } else { now[l] };
                        }
                    }
                }
            }
            for (now, score) in now.as_flattened_mut().iter_mut().zip(self.scores[at].as_flattened()) {
                *now += score;
            }
            // Only differences matter; the best is kept at 0 so that long texts lose no precision.
            let top = top(&now.as_flattened()[..transitions.states]);
            now.as_flattened_mut().iter_mut().for_each(|x| *x -= top);
        }

        let mut states = vec![0; self.len];
        let last = self.best[self.at(self.len - 1)].as_flattened();
        states[self.len - 1] = argmax(transitions.states, |s| last[s] + transitions.log_end.as_flattened()[s]);
        for token in (1..self.len).rev() {
            let to = states[token];
            let before = self.best[self.at(token - 1)].as_flattened();
            states[token - 1] = argmax(transitions.states, |from| {
                before[from] + transitions.log[from * vectors + to / LANES][to % LANES]
            });
        }
        states
    }
}

/// Writes `exp(score - best)`, floored, and answers the best score.
fn exponentiate(scores: &[Row32], emit: &mut [Row64], states: usize) -> f64 {
    let top = top(&scores.as_flattened()[..states]);
    for (emit, score) in emit.iter_mut().zip(scores) {
        for l in 0..LANES {
            // Nothing is above the best but lanes that only fill the vector.
            emit[l] = exp(f64::from((score[l] - top).clamp(FLOOR, 0.0)));
        }
    }
    f64::from(top)
}

fn top(scores: &[f32]) -> f32 {
    let (rows, rest) = scores.as_chunks::<LANES>();
    let mut tops = [f32::NEG_INFINITY; LANES];
    for row in rows {
        for l in 0..LANES {
            tops[l] = if row[l] > tops[l] { row[l] } else { tops[l] };
        }
    }
    tops.iter().chain(rest).fold(f32::NEG_INFINITY, |top, &x| if x > top { x } else { top })
}

/// The lanes' sum, in a fixed order.
fn sum(lanes: &Row64) -> f64 {
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// The first position of the highest value.
fn argmax(len: usize, value: impl Fn(usize) -> f32) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for i in 0..len {
        let v = value(i);
        if v > best.1 {
            best = (i, v);
        }
    }
    best.0
}

#[cfg(test)]
mod tests;
