//! The weights while they learn: AdaGrad (Duchi, Hazan and Singer 2011), a step a sentence.

use super::CrfParams;
use super::corpus::{Chosen, Corpus};
use super::lattice::Lattice;
use super::tags::Tags;
use super::trainer::judge;
use super::transitions::{LANES, Row32, TransitionCounts, Transitions};
use super::weights::Small;

/// Where the sums of squared gradients start: the first step of a weight is then the learning rate itself for any
/// gradient worth the name, and none divides by 0.
const FIRST_SQUARE: f32 = 1e-8;

/// A token whose gold state has at least 1 minus this probability is left as it is, and so is a sentence whose gold has:
/// what they would still change is little beside its cost. On development data 1e-3 takes a tenth to a sixth longer, for an
/// F1 that is no higher.
const SETTLED: f32 = 1e-2;

/// What learning from a sentence needs, kept from sentence to sentence.
#[derive(Default)]
pub(super) struct Work {
    lattice: Lattice,
    /// Expected minus observed transitions.
    counts: TransitionCounts,
    /// The gradient of the loss by the scores of a token.
    slopes: Vec<Row32>,
}

/// The weights while they learn.
pub(super) struct Learner<'p> {
    params: &'p CrfParams,
    pub transitions: Transitions,
    /// For each feature its weights, then the sums of their squared gradients: side by side, for they are touched
    /// together.
    rows: Vec<Row32>,
    transition_squares: [Vec<f32>; 3],
}

impl<'p> Learner<'p> {
    /// Weights 0.
    pub fn new(params: &'p CrfParams, tags: &Tags, features: usize) -> Self {
        let transitions = Transitions::new(tags);
        let vectors = transitions.vectors();
        let mut rows = vec![[0.0; LANES]; features * 2 * vectors];
        for row in rows.chunks_exact_mut(2 * vectors) {
            row[vectors..].fill([FIRST_SQUARE; LANES]);
        }
        let mut counts = TransitionCounts::default();
        counts.clear(&transitions);
        Self { params, transitions, rows, transition_squares: counts.tables.map(|t| vec![FIRST_SQUARE; t.len()]) }
    }

    /// How many vectors the weights of a feature are from those of the next.
    fn stride(&self) -> usize {
        2 * self.transitions.vectors()
    }

    /// Learns from one sentence. Answers its loss (nats) and its best states as they were before.
    pub fn step(
        &mut self,
        chosen: &Chosen,
        corpus: &Corpus<'_>,
        sentence: usize,
        gold: &[usize],
        work: &mut Work,
    ) -> (f64, Vec<usize>) {
        if gold.is_empty() {
            return (0.0, Vec::new());
        }
        let (vectors, stride) = (self.transitions.vectors(), self.stride());
        let Work { lattice, counts, slopes } = work;
        lattice.resize(gold.len(), &self.transitions);
        for token in 0..gold.len() {
            let lists = chosen.features(corpus, sentence, token);
            for (block, out) in lattice.scores_mut(token).chunks_mut(4).enumerate() {
                let rows = self.rows.get(4 * block..).unwrap_or_default();
                match out {
                    [a] => [*a] = sum(rows, stride, &lists),
                    [a, b] => [*a, *b] = sum(rows, stride, &lists),
                    [a, b, c] => [*a, *b, *c] = sum(rows, stride, &lists),
                    [a, b, c, d] => [*a, *b, *c, *d] = sum(rows, stride, &lists),
                    _ => unreachable!("chunks of 1 to 4"),
                }
            }
        }
        let (loss, states) = judge(lattice, &self.transitions, gold);
        // The gold states of every token are at least as probable as all of them together.
        if loss < f64::from(SETTLED) {
            return (loss, states);
        }
        counts.clear(&self.transitions);
        lattice.backward(&self.transitions, Some(counts));
        counts.observe(&self.transitions, gold);

        let CrfParams { learning_rate: rate, l1, l2, .. } = *self.params;
        slopes.resize(vectors, [0.0; LANES]);
        for (token, &gold) in gold.iter().enumerate() {
            lattice.gradient(token, gold, slopes);
            if slopes.as_flattened()[gold] > -SETTLED {
                continue;
            }
            for &id in chosen.features(corpus, sentence, token).into_iter().flatten() {
                let row = &mut self.rows[id as usize * stride..(id as usize + 1) * stride];
                let (weights, squares) = row.split_at_mut(vectors);
                for ((w, square), g) in weights.iter_mut().zip(squares).zip(slopes.iter()) {
                    if l1 > 0.0 {
                        step_towards_zero(w, square, g, rate, l1, l2);
                    } else {
                        step(w, square, g, rate, l2);
                    }
                }
            }
        }
        let squares = &mut self.transition_squares;
        self.transitions.change(|table, i, weight| {
            let g = counts.tables[table][i] as f32 + l2 * weight;
            squares[table][i] += g * g;
            weight - rate * g / squares[table][i].sqrt()
        });
        (loss, states)
    }

    /// Leaves the share [`CrfParams::keep`] of the features, those with the greatest weights, and what they have learnt.
    pub fn narrow(&mut self, chosen: &mut Chosen) {
        let (vectors, stride) = (self.transitions.vectors(), self.stride());
        let norm = |row: &[Row32]| row[..vectors].as_flattened().iter().map(|w| w * w).sum::<f32>();
        // Of features of one norm the lower hash stays, so that nothing depends on the order of ids.
        let mut ranked: Vec<(f32, u64, u32)> = self
            .rows
            .chunks_exact(stride)
            .zip(&chosen.hashes)
            .zip(0u32..)
            .map(|((row, &hash), id)| (norm(row), hash, id))
            .filter(|(norm, ..)| *norm > 0.0)
            .collect();
        let wanted = (chosen.len() as f64 * f64::from(self.params.keep)).ceil() as usize;
        if wanted < ranked.len() {
            ranked.select_nth_unstable_by(wanted, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            ranked.truncate(wanted);
        }
        let mut keep: Vec<u32> = ranked.iter().map(|&(.., id)| id).collect();
        keep.sort_unstable();
        self.rows = keep.iter().flat_map(|&id| &self.rows[id as usize * stride..][..stride]).copied().collect();
        chosen.narrow(&keep);
    }

    /// The weights as they would be kept.
    pub fn small(&self) -> Small {
        let states = self.transitions.states;
        let rows = self.rows.chunks_exact(self.stride()).map(|row| &row.as_flattened()[..states]);
        Small::new(rows, states, self.params.weights)
    }
}

/// Sums the first `V` vectors of these rows; so many that the sums stay in registers.
#[inline]
fn sum<const V: usize>(rows: &[Row32], stride: usize, lists: &[&[u32]]) -> [Row32; V] {
    let mut sums = [[0.0; LANES]; V];
    for &id in lists.iter().copied().flatten() {
        let row = &rows[id as usize * stride..][..V];
        for (sum, row) in sums.iter_mut().zip(row) {
            for l in 0..LANES {
                sum[l] += row[l];
            }
        }
    }
    sums
}

#[inline]
fn step(w: &mut Row32, square: &mut Row32, g: &Row32, rate: f32, l2: f32) {
    for l in 0..LANES {
        let g = g[l] + l2 * w[l];
        square[l] += g * g;
        w[l] -= rate * g / square[l].sqrt();
    }
}

/// The same, then the step towards 0 that the L1 penalty asks for, of the same length (a proximal step).
#[inline]
fn step_towards_zero(w: &mut Row32, square: &mut Row32, g: &Row32, rate: f32, l1: f32, l2: f32) {
    for l in 0..LANES {
        let g = g[l] + l2 * w[l];
        square[l] += g * g;
        let rate = rate / square[l].sqrt();
        let (moved, cut) = (w[l] - rate * g, rate * l1);
        let shrunk = if moved.abs() > cut { moved.abs() - cut } else { 0.0 };
        w[l] = shrunk.copysign(moved);
    }
}
