//! The weights of a trained model: what is left of them after pruning, in as few bytes as keep the answers.
//!
//! Where there are several columns, a feature's weights are those that stand out, each as one byte times a scale of the
//! feature (compressed sparse rows). Where one label is answered only differences between columns count, so that a row may
//! be moved as a whole: its median is taken away, and most weights become small enough to leave out. A single column has
//! two bytes a feature, the upper half of a 32-bit float.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::vocabulary::Matrix;
use super::weights::{Link, Weights};
use crate::Array;

/// Weights, feature by feature.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) link: Link,
    /// One a column.
    pub(super) bias: Array<f32>,
    pub(super) cells: Cells,
    /// Made of the cells when many texts are to be answered.
    table: OnceLock<Option<Table>>,
}

/// The cells of several columns without gaps: a feature's weights are added up faster than the few that are kept of them
/// are looked for, as long as few are left out.
#[derive(Debug, Clone)]
struct Table {
    /// Cells from one row to the next: columns rounded up to whole tiles.
    stride: usize,
    values: Vec<i8>,
}

/// Columns that are added up together.
const TILE: usize = 16;

/// Bytes that come from memory together.
const LINE: usize = 64;

/// A table pays up to so many cells for each that is kept.
const GAPS: usize = 8;

/// The most bytes that a table may take.
const LARGEST: usize = 1 << 27;

/// What is kept of the weights.
#[derive(Debug, Clone)]
pub(super) enum Cells {
    /// One column: the upper halves of floats, one a feature.
    One(Array<u16>),
    /// Several.
    Sparse {
        /// Where each feature's cells begin, and where the last one's end.
        starts: Array<u32>,
        /// The column of each cell, ascending within a feature.
        columns: Array<u16>,
        /// The weight of each cell, in units of its feature's scale.
        values: Array<i8>,
        /// One a feature: those of [`scale_of`].
        scales: Array<f32>,
    },
}

/// The most columns that fit.
pub(super) const MOST_COLUMNS: usize = 1 << 16;

impl Rows {
    /// Of what is kept.
    pub(super) fn new(link: Link, bias: Array<f32>, cells: Cells) -> Self {
        Self { link, bias, cells, table: OnceLock::new() }
    }

    /// Keeps the weights that are further than `least` from 0, or from the row's median where only differences count.
    pub(super) fn of(weights: &Weights, least: f32) -> Self {
        let (link, columns) = (weights.link, weights.columns);
        let bias = weights.bias[..columns].to_vec().into();
        let features = weights.cells.len() / weights.stride;
        if columns == 1 {
            let cells: Vec<u16> = weights.cells.iter().map(|&w| upper_half(w)).collect();
            return Self::new(link, bias, Cells::One(cells.into()));
        }
        let ids: Vec<u32> = (0..features as u32).collect();
        let blocks: Vec<Block> = ids.par_chunks(1024).map(|ids| Block::of(weights, ids, least)).collect();
        let mut starts = vec![0u32];
        let (mut all, mut values, mut scales) = (Vec::new(), Vec::new(), Vec::new());
        for block in blocks {
            starts.extend(block.ends.iter().map(|end| end + all.len() as u32));
            all.extend(block.columns);
            values.extend(block.values);
            scales.extend(block.scales);
        }
        let cells =
            Cells::Sparse { starts: starts.into(), columns: all.into(), values: values.into(), scales: scales.into() };
        Self::new(link, bias, cells)
    }

    /// Logits a text.
    pub(super) fn columns(&self) -> usize {
        self.bias.len()
    }

    /// What answers texts fast, for one thread.
    pub(super) fn scorer(&self) -> Scorer<'_> {
        Scorer { rows: self, table: self.table.get_or_init(|| Table::of(self)).as_ref(), scaled: Vec::new() }
    }

    /// The logits of every row, one a column each.
    pub(super) fn all_logits(&self, matrix: &Matrix) -> Vec<f32> {
        let columns = self.columns();
        let mut out = vec![0.0; matrix.len() * columns];
        out.par_chunks_mut(columns * 64).enumerate().for_each(|(block, cells)| {
            let mut scorer = self.scorer();
            for (at, to) in cells.chunks_exact_mut(columns).enumerate() {
                let (ids, values) = matrix.row(block * 64 + at);
                scorer.logits(ids, values, to);
            }
        });
        out
    }

    /// The weights of a feature, one a column.
    pub(super) fn row(&self, id: u32) -> Vec<f32> {
        let mut row = vec![0.0; self.columns()];
        match &self.cells {
            Cells::One(cells) => row[0] = whole(cells[id as usize]),
            Cells::Sparse { starts, columns, values, scales } => {
                for at in starts[id as usize] as usize..starts[id as usize + 1] as usize {
                    row[usize::from(columns[at])] = scales[id as usize] * f32::from(values[at]);
                }
            }
        }
        row
    }
}

impl Table {
    /// The table of the rows, where it pays.
    fn of(rows: &Rows) -> Option<Self> {
        let Cells::Sparse { starts, columns, values, scales } = &rows.cells else {
            return None;
        };
        let stride = rows.columns().next_multiple_of(TILE);
        let size = scales.len() * stride;
        if size > values.len() * GAPS || size > LARGEST {
            return None;
        }
        let mut cells = vec![0; size];
        for (row, range) in cells.chunks_exact_mut(stride).zip(starts.windows(2)) {
            let range = range[0] as usize..range[1] as usize;
            for (&column, &value) in columns[range.clone()].iter().zip(&values[range]) {
                row[usize::from(column)] = value;
            }
        }
        Some(Self { stride, values: cells })
    }
}

/// Adds up the weights of texts.
pub(super) struct Scorer<'a> {
    rows: &'a Rows,
    table: Option<&'a Table>,
    /// The factor of each of a text's features times the feature's scale.
    scaled: Vec<f32>,
}

impl Scorer<'_> {
    /// The logits of one text, one a column.
    pub(super) fn logits(&mut self, ids: &[u32], factors: &[f32], to: &mut [f32]) {
        to.copy_from_slice(&self.rows.bias);
        match (&self.rows.cells, self.table) {
            (Cells::One(cells), _) => {
                let cells = &cells[..];
                to[0] += ids.iter().zip(factors).map(|(&id, x)| x * whole(cells[id as usize])).sum::<f32>();
            }
            (Cells::Sparse { scales, .. }, Some(table)) => {
                let scales = &scales[..];
                self.scaled.clear();
                self.scaled.extend(ids.iter().zip(factors).map(|(&id, x)| x * scales[id as usize]));
                table.touch(ids);
                for (tile, to) in to.chunks_mut(TILE).enumerate() {
                    let mut sums = [0.0; TILE];
                    sums[..to.len()].copy_from_slice(to);
                    table.add(ids, &self.scaled, tile * TILE, &mut sums);
                    to.copy_from_slice(&sums[..to.len()]);
                }
            }
            (Cells::Sparse { starts, columns, values, scales }, None) => {
                let (starts, columns, values, scales) = (&starts[..], &columns[..], &values[..], &scales[..]);
                for (&id, &x) in ids.iter().zip(factors) {
                    let id = id as usize;
                    let range = starts[id] as usize..starts[id + 1] as usize;
                    let x = x * scales[id];
                    for (&column, &value) in columns[range.clone()].iter().zip(&values[range]) {
                        to[usize::from(column)] += x * f32::from(value);
                    }
                }
            }
        }
    }
}

impl Table {
    /// Looks at each row, so that the processor brings them all at once: adding one up takes so many steps that it would not
    /// come to see the next ones until the first is there.
    fn touch(&self, ids: &[u32]) {
        let mut seen = 0;
        for &id in ids {
            let row = &self.values[id as usize * self.stride..][..self.stride];
            row.iter().step_by(LINE).for_each(|value| seen ^= value);
        }
        std::hint::black_box(seen);
    }

    /// `sums += sum of factors[i] * row ids[i]` of the columns from `first` on.
    fn add(&self, ids: &[u32], factors: &[f32], first: usize, sums: &mut [f32; TILE]) {
        let mut local = *sums;
        for (&id, &x) in ids.iter().zip(factors) {
            let from = id as usize * self.stride + first;
            for (sum, &value) in local.iter_mut().zip(&self.values[from..from + TILE]) {
                *sum += x * f32::from(value);
            }
        }
        *sums = local;
    }
}

/// The cells of some features.
#[derive(Default)]
struct Block {
    ends: Vec<u32>,
    columns: Vec<u16>,
    values: Vec<i8>,
    scales: Vec<f32>,
}

impl Block {
    fn of(weights: &Weights, ids: &[u32], least: f32) -> Self {
        let mut block = Self::default();
        let mut row = Vec::with_capacity(weights.columns);
        for &id in ids {
            row.clear();
            row.extend_from_slice(weights.row(id));
            if weights.link == Link::Softmax {
                let middle = row.len() / 2;
                let median = *row.select_nth_unstable_by(middle, f32::total_cmp).1;
                row.clear();
                row.extend(weights.row(id).iter().map(|w| w - median));
            }
            let scale = scale_of(scale_code(row.iter().fold(0.0f32, |most, w| most.max(w.abs())) / 127.0));
            for (column, &w) in row.iter().enumerate().filter(|(_, w)| w.abs() > least) {
                let value = (w / scale).round() as i8;
                if value != 0 {
                    block.columns.push(column as u16);
                    block.values.push(value);
                }
            }
            block.scales.push(scale);
            block.ends.push(block.columns.len() as u32);
        }
        block
    }
}

/// Scales are powers of two and seven steps between one and the next, from 2^-26 up to 60, so that one byte tells them.
const LEAST_SCALE: u32 = (127 - 26) << 3;

/// The number of the least scale of at least `least`.
pub(super) fn scale_code(least: f32) -> u8 {
    // The exponent of a float, which is not below 0, and the first three bits after it.
    (least.to_bits().div_ceil(1 << 20)).saturating_sub(LEAST_SCALE).min(255) as u8
}

/// The scale of that number.
pub(super) fn scale_of(code: u8) -> f32 {
    f32::from_bits((LEAST_SCALE + u32::from(code)) << 20)
}

/// The upper 16 bits of a float, rounded.
fn upper_half(x: f32) -> u16 {
    let bits = x.to_bits();
    // To nearest, ties to even. Weights are finite and far from the largest float.
    ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

/// The float whose upper half it is.
pub(super) fn whole(upper: u16) -> f32 {
    f32::from_bits(u32::from(upper) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_near() {
        for x in [0.0f32, 1.0, -1.0, 0.1, -3.75, 17.3, 1e-6, -48.11] {
            assert!((whole(upper_half(x)) - x).abs() <= x.abs() / 256.0, "{x}");
        }
    }

    #[test]
    fn scales_are_close_and_keep_their_number() {
        for code in 0..=255 {
            assert_eq!(scale_code(scale_of(code)), code);
        }
        for x in [1e-6f32, 0.001, 0.03, 1.0, 1.01, 7.3, 59.0] {
            let scale = scale_of(scale_code(x));
            assert!(scale >= x && scale <= x * 1.126, "{x} {scale}");
        }
        assert!(scale_code(0.0) == 0 && scale_code(1e9) == 255);
    }

    #[test]
    fn what_stands_out_is_kept() {
        let mut weights = Weights::new(Link::Softmax, 5, 2);
        weights.cells[..5].copy_from_slice(&[-0.2, 3.0, -0.2, -0.21, -0.5]);
        weights.cells[weights.stride..weights.stride + 5].copy_from_slice(&[0.0, 0.01, 0.0, 0.02, 0.0]);
        let rows = Rows::of(&weights, 0.1);
        let row = rows.row(0);
        assert!((row[1] - 3.2).abs() < 0.02 && (row[4] + 0.3).abs() < 0.02, "{row:?}");
        assert!(row[0] == 0.0 && row[2] == 0.0 && row[3] == 0.0 && rows.row(1).iter().all(|&w| w == 0.0));
        // Labels of their own are not moved.
        weights.link = Link::Independent;
        let row = Rows::of(&weights, 0.1).row(0);
        assert!((row[0] + 0.2).abs() < 0.02 && (row[1] - 3.0).abs() < 0.02, "{row:?}");
    }

    #[test]
    fn a_table_says_what_the_cells_say() {
        let mut rng = trueup_core::Rng::new(8);
        for columns in [2, 15, 16, 17, 40] {
            let mut weights = Weights::new(Link::Independent, columns, 100);
            let stride = weights.stride;
            for id in 0..100 {
                weights.cells[id * stride..][..columns].fill_with(|| (rng.unit() * 4.0 - 2.0) as f32);
            }
            let rows = Rows::of(&weights, 0.5);
            let (ids, x) = ([3, 4, 50, 99], [0.5, 0.1, 0.7, 0.3]);
            let (mut fast, mut plain) = (vec![0.0; columns], vec![0.0; columns]);
            let mut scorer = rows.scorer();
            assert!(scorer.table.is_some() || columns == 2, "{columns}");
            scorer.logits(&ids, &x, &mut fast);
            Scorer { table: None, ..scorer }.logits(&ids, &x, &mut plain);
            assert_eq!(fast, plain);
        }
    }

    #[test]
    fn logits_hardly_move() {
        for (link, columns) in [(Link::Binary, 1), (Link::Softmax, 7), (Link::Independent, 3)] {
            let mut rng = trueup_core::Rng::new(3);
            let mut weights = Weights::new(link, columns, 200);
            for id in 0..200 {
                let stride = weights.stride;
                weights.cells[id * stride..][..columns].fill_with(|| (rng.unit() * 8.0 - 4.0) as f32);
            }
            let rows = Rows::of(&weights, 0.0);
            let ids: Vec<u32> = (0..200).step_by(4).collect();
            let x = vec![1.0 / 50.0f32.sqrt(); 50];
            let (mut mine, mut wanted) = (vec![0.0; columns], vec![0.0; weights.stride]);
            rows.scorer().logits(&ids, &x, &mut mine);
            weights.logits(&ids, &x, &mut wanted);
            // As far as the first column, where only differences count.
            let base = if link == Link::Softmax { (mine[0], wanted[0]) } else { (0.0, 0.0) };
            for (mine, wanted) in mine.iter().zip(&wanted) {
                assert!(((mine - base.0) - (wanted - base.1)).abs() < 0.05, "{link:?}: {mine} {wanted}");
            }
        }
    }
}
