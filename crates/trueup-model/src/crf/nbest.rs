//! The best tag sequences of a text, with their probabilities.

use trueup_core::{Example, Span};

use super::lattice::Lattice;
use super::model::{CrfModel, Workspace};
use super::tags::to_spans;
use super::transitions::Transitions;

/// One of the best answers to a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Its spans, in order.
    pub spans: Vec<Span>,
    /// Probability of exactly these spans under the model, in \[0, 1\].
    pub probability: f64,
}

/// A way to reach a state: score, the state before, and which of that state's ways.
type Way = (f64, u32, u32);

/// Better first: a higher score, then lower states.
fn rank(a: &Way, b: &Way) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2)))
}

impl CrfModel {
    /// The `n` most probable answers to `example`, best first; fewer when there are not so many. Time and memory grow with
    /// tokens times `n`.
    ///
    /// List Viterbi: every state keeps its `n` best ways (Seshadri and Sundberg 1994, "List Viterbi decoding algorithms
    /// with applications", the parallel algorithm). Of answers of equal score the order is fixed. The probability of
    /// an answer is that of its tags, as spans and valid tags stand for each other.
    pub fn n_best(&self, example: &Example, n: usize) -> Vec<Ranked> {
        let mut work = Workspace::new(self);
        work.score(example);
        let paths = work.lattice.n_best(&self.transitions, n);
        let log_z = work.lattice.forward(&self.transitions);
        let ranked = |states: Vec<usize>| {
            // 0 at most but for rounding.
            let log_p = work.lattice.path_score(&self.transitions, &states) - log_z;
            Ranked { spans: to_spans(&self.tags.decode(&states), &work.tokens), probability: log_p.min(0.0).exp() }
        };
        paths.into_iter().map(ranked).collect()
    }
}

impl Lattice {
    /// The `n` valid state sequences of the highest scores, best first. Reads only the scores.
    pub fn n_best(&self, transitions: &Transitions, n: usize) -> Vec<Vec<usize>> {
        let (states, len) = (transitions.states, self.len());
        if n == 0 || len == 0 {
            return vec![Vec::new(); n.min(1)];
        }
        // By token and state, where its ways start in `ways`.
        let mut ways: Vec<Way> = Vec::new();
        let mut starts: Vec<usize> = Vec::with_capacity(len * states + 1);
        let mut candidates: Vec<Way> = Vec::new();
        for token in 0..len {
            let scores = self.floored(token, states);
            for (to, score) in scores.iter().enumerate() {
                starts.push(ways.len());
                candidates.clear();
                if token == 0 {
                    let start = f64::from(transitions.log_start.as_flattened()[to]);
                    candidates.extend(start.is_finite().then_some((start + score, 0, 0)));
                } else {
                    let before = (token - 1) * states;
                    for from in (0..states).filter(|&from| transitions.weight(from, to).is_finite()) {
                        let step = f64::from(transitions.weight(from, to)) + score;
                        let of = &ways[starts[before + from]..starts[before + from + 1]];
                        candidates.extend((0u32..).zip(of).map(|(i, way)| (way.0 + step, from as u32, i)));
                    }
                }
                candidates.sort_unstable_by(rank);
                ways.extend(candidates.iter().take(n));
            }
        }
        starts.push(ways.len());
        let of = |token: usize, state: usize| {
            let at = token * states + state;
            &ways[starts[at]..starts[at + 1]]
        };
        candidates.clear();
        for state in 0..states {
            let end = f64::from(transitions.log_end.as_flattened()[state]);
            if end.is_finite() {
                let last = (0u32..).zip(of(len - 1, state));
                candidates.extend(last.map(|(i, way)| (way.0 + end, state as u32, i)));
            }
        }
        candidates.sort_unstable_by(rank);
        let path = |&(_, state, way): &Way| {
            let (mut state, mut way, mut path) = (state, way, vec![0; len]);
            for token in (0..len).rev() {
                path[token] = state as usize;
                (_, state, way) = of(token, state as usize)[way as usize];
            }
            path
        };
        candidates.iter().take(n).map(path).collect()
    }
}
