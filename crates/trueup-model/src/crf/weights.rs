//! Weights as they are kept: whole numbers of 8 bits times one scale.
//!
//! Sums of them are whole numbers too, so that a token's scores do not depend on the order of its features.

use super::corpus::{Chosen, Corpus};
use super::lattice::Lattice;
use super::transitions::{LANES, Row32, Transitions};

/// Weights of features, a row of states each.
#[derive(Debug, Clone, Default)]
pub(super) struct Small {
    /// \[features, states\].
    pub weights: Vec<i8>,
    /// What one unit is, nats.
    pub scale: f32,
}

impl Small {
    /// The nearest to the first `vectors` vectors of every `stride` of `rows`.
    pub fn new(rows: &[Row32], stride: usize, transitions: &Transitions) -> Self {
        let (vectors, states) = (transitions.vectors(), transitions.states);
        let rows = || rows.chunks_exact(stride).map(|row| &row[..vectors]);
        let mut most = [0.0f32; LANES];
        for row in rows().flatten() {
            for l in 0..LANES {
                let w = row[l].abs();
                most[l] = if w > most[l] { w } else { most[l] };
            }
        }
        let most = most.into_iter().fold(0.0, f32::max);
        let scale = if most > 0.0 { most / 127.0 } else { 1.0 };
        let units = 1.0 / scale;
        let mut weights = Vec::with_capacity(rows().len() * states);
        for row in rows() {
            weights.extend(row.as_flattened()[..states].iter().map(|w| (w * units).round() as i8));
        }
        Self { weights, scale }
    }

    /// Writes the scores of every token and state of a sentence to `lattice`.
    pub fn score(
        &self,
        corpus: &Corpus<'_>,
        chosen: &Chosen,
        sentence: usize,
        transitions: &Transitions,
        lattice: &mut Lattice,
    ) {
        let len = corpus.placed[sentence].tokens.len();
        lattice.resize(len, transitions);
        let states = transitions.states;
        let mut sums = vec![0i16; transitions.padded()];
        for token in 0..len {
            sums.fill(0);
            for &id in chosen.features(corpus, sentence, token).into_iter().flatten() {
                add(&mut sums, &self.weights[id as usize * states..(id as usize + 1) * states]);
            }
            write(&sums, self.scale, lattice.scores_mut(token));
        }
    }
}

/// Adds a row. A sum of 16 bits holds 258 features of the greatest weight; beyond, it stays at its end.
#[inline]
pub(super) fn add(sums: &mut [i16], row: &[i8]) {
    for (sum, &w) in sums.iter_mut().zip(row) {
        *sum = sum.saturating_add(i16::from(w));
    }
}

/// The scores of a token.
pub(super) fn write(sums: &[i16], scale: f32, out: &mut [Row32]) {
    for (out, sums) in out.iter_mut().zip(sums.as_chunks::<LANES>().0) {
        for l in 0..LANES {
            out[l] = f32::from(sums[l]) * scale;
        }
    }
}
