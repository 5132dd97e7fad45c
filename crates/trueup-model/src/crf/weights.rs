//! Weights as they are kept: few to a feature, whole numbers of 8 bits times one scale.
//!
//! Adding one number to all weights of a feature changes no probability, so the median of each feature is taken to 0; most
//! weights are then close to it, and those are left out. Sums are whole numbers too, so that a token's scores do not
//! depend on the order of its features.

use super::corpus::{Chosen, Corpus};
use super::lattice::Lattice;
use super::transitions::{LANES, Row32, Transitions};
use crate::bits::{Codes, Reader, Symbols, Writer};

/// The gap that ends a feature's weights.
const END: u8 = 255;
/// The gap to further states that holds no weight.
const FAR: u8 = 254;

/// A row of weights, padded to whole vectors.
pub(super) type Row8 = [i8; LANES];

/// Weights of features, a row of states each.
#[derive(Debug, Clone, Default)]
pub(super) struct Small {
    /// \[features, vectors\].
    pub weights: Vec<Row8>,
    /// What one unit is, nats.
    pub scale: f32,
}

impl Small {
    /// The nearest to `rows`, `states` weights for each of the features, with `most` other than 0 for each on average.
    pub fn new<'r>(rows: impl Iterator<Item = &'r [f32]> + Clone, states: usize, most: f32) -> Self {
        let mut sorted = vec![0.0; states];
        let medians: Vec<f32> = rows
            .clone()
            .map(|row| {
                sorted.copy_from_slice(row);
                *sorted.select_nth_unstable_by(states / 2, f32::total_cmp).1
            })
            .collect();
        let furthest = rows.clone().zip(&medians).fold(0.0f32, |furthest, (row, median)| {
            row.iter().fold(furthest, |furthest, w| furthest.max((w - median).abs()))
        });
        let scale = if furthest > 0.0 { furthest / 127.0 } else { 1.0 };
        let (units, vectors) = (1.0 / scale, states.div_ceil(LANES));
        let mut weights = vec![[0i8; LANES]; medians.len() * vectors];
        for ((row, median), out) in rows.zip(&medians).zip(weights.chunks_exact_mut(vectors)) {
            out.as_flattened_mut().iter_mut().zip(row).for_each(|(out, w)| *out = ((w - median) * units).round() as i8);
        }

        // How many weights are this far from 0.
        let mut counts = [0u64; 128];
        weights.as_flattened().iter().for_each(|w| counts[usize::from(w.unsigned_abs().min(127))] += 1);
        let room = (medians.len() as f64 * f64::from(most)) as u64;
        let mut left: u64 = counts[1..].iter().sum();
        let mut least = 1;
        while left > room && least < 127 {
            left -= counts[usize::from(least)];
            least += 1;
        }
        weights.as_flattened_mut().iter_mut().filter(|w| w.unsigned_abs() < least).for_each(|w| *w = 0);
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
        let vectors = transitions.vectors();
        let mut sums = vec![0i16; transitions.padded()];
        for token in 0..len {
            sums.fill(0);
            for &id in chosen.features(corpus, sentence, token).into_iter().flatten() {
                add(&mut sums, &self.weights[id as usize * vectors..(id as usize + 1) * vectors]);
            }
            write(&sums, self.scale, lattice.scores_mut(token));
        }
    }
}

/// Hands the symbols of a feature's weights to `take`, each with the number of its code.
fn symbols(row: &[i8], mut take: impl FnMut(usize, u8)) {
    let (mut next, mut code) = (0, 0);
    for (state, &w) in row.iter().enumerate().filter(|(_, w)| **w != 0) {
        while state - next >= usize::from(FAR) {
            take(code, FAR);
            next += usize::from(FAR);
            code = 1;
        }
        take(code, (state - next) as u8);
        take(2, w.cast_unsigned());
        (next, code) = (state + 1, 1);
    }
    take(code, END);
}

/// Weights, packed, and the lengths of the codes of gaps before the first weight of a feature, of gaps
/// after another and of the weights.
pub(super) fn pack(weights: &[Row8], vectors: usize) -> (Vec<u8>, [Vec<u8>; 3]) {
    let rows = || weights.chunks_exact(vectors).map(<[Row8]>::as_flattened);
    let mut counts = [[0u64; 256]; 3];
    for row in rows() {
        symbols(row, |code, symbol| counts[code][usize::from(symbol)] += 1);
    }
    let codes = counts.map(|counts| Codes::new(&counts));
    let mut writer = Writer::default();
    for row in rows() {
        symbols(row, |code, symbol| writer.symbol(&codes[code], symbol));
    }
    (writer.finish(), codes.each_ref().map(Codes::lengths))
}

/// The weights of `features` that [`pack`] wrote; `None` when the bytes are not of such.
pub(super) fn unpack(bytes: &[u8], lengths: [&[u8]; 3], features: usize, states: usize) -> Option<Vec<Row8>> {
    // A feature takes a bit at least.
    if features / 8 > bytes.len() {
        return None;
    }
    let [first, later, values] = lengths.map(Symbols::new);
    let (first, later, values) = (first?, later?, values?);
    let vectors = states.div_ceil(LANES);
    let mut weights = vec![[0i8; LANES]; features * vectors];
    let mut reader = Reader::new(bytes);
    for row in weights.chunks_exact_mut(vectors) {
        let row = row.as_flattened_mut();
        let mut next = 0;
        let mut gap = reader.symbol(&first)?;
        while gap != END {
            next += usize::from(gap);
            if gap != FAR {
                *row.get_mut(next).filter(|_| next < states)? = reader.symbol(&values)?.cast_signed();
                next += 1;
            }
            gap = reader.symbol(&later)?;
        }
    }
    Some(weights)
}

/// Adds a row. A sum of 16 bits holds 258 features of the greatest weight; beyond, it stays at its end.
#[inline]
pub(super) fn add(sums: &mut [i16], row: &[Row8]) {
    for (sums, row) in sums.as_chunks_mut::<LANES>().0.iter_mut().zip(row) {
        for l in 0..LANES {
            sums[l] = sums[l].saturating_add(i16::from(row[l]));
        }
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
