//! The weights of the linear model and how its sums become probabilities.

use rayon::prelude::*;

use super::vocabulary::Matrix;

/// How logits become probabilities and what the columns of weights stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Exactly two classes share one column: the logit of the second.
    Binary,
    /// One column a class, probabilities sum to 1.
    Softmax,
    /// One column a label, each a yes or no of its own.
    Independent,
}

/// Weights, feature by feature: a text touches a few whole rows, and each row is contiguous.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    pub(super) link: Link,
    /// Logits an example.
    pub(super) columns: usize,
    /// Cells from one row to the next: columns rounded up to whole vectors of 8, unless there is but one.
    pub(super) stride: usize,
    pub(super) cells: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

impl Weights {
    /// All zero.
    pub(super) fn new(link: Link, columns: usize, features: usize) -> Self {
        let stride = stride_of(columns);
        Self { link, columns, stride, cells: vec![0.0; features * stride], bias: vec![0.0; stride] }
    }

    /// The weights of a feature, one a column.
    pub(super) fn row(&self, id: u32) -> &[f32] {
        &self.cells[id as usize * self.stride..][..self.columns]
    }

    /// The logits of one text. `buffer` holds `stride` cells; its first `columns` are the answer.
    pub(super) fn logits(&self, ids: &[u32], values: &[f32], buffer: &mut [f32]) {
        buffer.copy_from_slice(&self.bias);
        if self.stride == 1 {
            buffer[0] += ids.iter().zip(values).map(|(&id, x)| x * self.cells[id as usize]).sum::<f32>();
        } else {
            add_rows(&self.cells, self.stride, ids, values, buffer);
        }
    }

    /// The logits of every row, `columns` cells each.
    pub(super) fn all_logits(&self, matrix: &Matrix) -> Vec<f32> {
        let mut out = vec![0.0; matrix.len() * self.columns];
        out.par_chunks_mut(self.columns * 64).enumerate().for_each(|(block, cells)| {
            let mut buffer = vec![0.0; self.stride];
            for (at, cells) in cells.chunks_mut(self.columns).enumerate() {
                let (ids, values) = matrix.row(block * 64 + at);
                self.logits(ids, values, &mut buffer);
                cells.copy_from_slice(&buffer[..self.columns]);
            }
        });
        out
    }
}

/// `to += sum of factors[i] * row ids[i]` of rows of `stride` cells.
///
/// Column tile by column tile, each over all rows: a tile's sums stay in registers, and the few instructions a row
/// let the processor fetch many rows ahead, which is what this waits for.
pub(super) fn add_rows(cells: &[f32], stride: usize, ids: &[u32], factors: &[f32], to: &mut [f32]) {
    let (wide, rest) = to.as_chunks_mut::<16>();
    for (tile, to) in wide.iter_mut().enumerate() {
        add_tile(cells, stride, ids, factors, tile * 16, to);
    }
    for to in rest.as_chunks_mut::<8>().0 {
        add_tile(cells, stride, ids, factors, stride - 8, to);
    }
}

fn add_tile<const N: usize>(
    cells: &[f32],
    stride: usize,
    ids: &[u32],
    factors: &[f32],
    column: usize,
    to: &mut [f32; N],
) {
    let mut sums = *to;
    for (&id, &x) in ids.iter().zip(factors) {
        let from = id as usize * stride + column;
        for (sum, w) in sums.iter_mut().zip(&cells[from..from + N]) {
            *sum += x * w;
        }
    }
    *to = sums;
}

/// Cells a row of `columns` takes.
pub(super) fn stride_of(columns: usize) -> usize {
    if columns == 1 { 1 } else { columns.next_multiple_of(8) }
}

impl Link {
    /// Its name in a kept model.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Softmax => "softmax",
            Self::Independent => "independent",
        }
    }

    /// The link of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Binary, Self::Softmax, Self::Independent].into_iter().find(|link| link.name() == name)
    }

    /// Probabilities of every class or label from the logits divided by `temperature`, written to `out`.
    ///
    /// `out` has one cell a class: 2 for [`Link::Binary`], otherwise as many as there are logits.
    pub(super) fn probabilities(self, logits: &[f32], temperature: f64, out: &mut [f64]) {
        match self {
            Self::Binary => {
                let p = sigmoid(f64::from(logits[0]) / temperature);
                out[0] = 1.0 - p;
                out[1] = p;
            }
            Self::Softmax => {
                let most = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
                let mut sum = 0.0;
                for (o, &z) in out.iter_mut().zip(logits) {
                    *o = ((f64::from(z) - most) / temperature).exp();
                    sum += *o;
                }
                for o in out.iter_mut() {
                    *o /= sum;
                }
            }
            Self::Independent => {
                for (o, &z) in out.iter_mut().zip(logits) {
                    *o = sigmoid(f64::from(z) / temperature);
                }
            }
        }
    }

    /// The loss in nats of the classes `gold` given the logits divided by `temperature`: the negative log-likelihood,
    /// for [`Link::Independent`] summed over the labels.
    pub(super) fn loss(self, logits: &[f32], gold: &[u32], temperature: f64) -> f64 {
        let z = |i: usize| f64::from(logits[i]) / temperature;
        match self {
            Self::Binary => softplus(if gold == [1] { -z(0) } else { z(0) }),
            Self::Softmax => {
                let most = (0..logits.len()).map(z).fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = (0..logits.len()).map(|i| (z(i) - most).exp()).sum();
                gold.iter().map(|&g| most + sum.ln() - z(g as usize)).sum()
            }
            Self::Independent => {
                let all: f64 = (0..logits.len()).map(|i| softplus(z(i))).sum();
                all - gold.iter().map(|&g| z(g as usize)).sum::<f64>()
            }
        }
    }

    /// The predicted classes, ascending, appended to `out`: the likeliest (the first of equals), or every label at
    /// or above probability 0.5. No temperature changes them.
    pub(super) fn decide(self, logits: &[f32], out: &mut Vec<u32>) {
        match self {
            Self::Binary => out.push(u32::from(logits[0] > 0.0)),
            Self::Softmax => {
                let best = (1..logits.len()).fold(0, |best, i| if logits[i] > logits[best] { i } else { best });
                out.push(best as u32);
            }
            Self::Independent => out.extend((0..logits.len() as u32).filter(|&i| logits[i as usize] >= 0.0)),
        }
    }
}

pub(super) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// `ln(1 + e^z)` without overflow.
pub(super) fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}
