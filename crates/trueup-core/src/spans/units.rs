//! The counts of each document, or group of documents, for intervals over what is independent.

use rustc_hash::FxHashMap;

use super::TypeCounts;
use crate::LabelId;
use crate::counts::Tally;
use crate::stats::{Ratio, Statistics, Unit};

/// The statistics of [`SpanUnits`], in the order of [`Statistics::evaluate`].
pub const SPAN_STATISTICS: [&str; 9] = [
    "precision",
    "recall",
    "f1",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
];

/// The counts of one type in one unit. Credits are in halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
struct Cell {
    label: LabelId,
    possible: u32,
    actual: u32,
    recalled: u32,
    precise: u32,
}

impl Cell {
    fn new(label: LabelId, counts: &TypeCounts) -> Self {
        Self {
            label,
            possible: counts.gold.spans() as u32,
            actual: counts.predicted.spans() as u32,
            recalled: counts.gold.half_credits() as u32,
            precise: counts.predicted.half_credits() as u32,
        }
    }
}

/// The counts of units (documents, or what belongs together), equal units once. The order of units does not matter.
///
/// Resamples of them are what [`crate::stats::bootstrap`] draws: [`Statistics`] is implemented for the names in
/// [`SPAN_STATISTICS`], unit kinds are numbered as in [`SpanUnits::times`].
#[derive(Debug, Clone)]
pub struct SpanUnits {
    labels: usize,
    found: FxHashMap<Box<[Cell]>, u64>,
    kinds: Vec<(Box<[Cell]>, u64)>,
    times: Vec<u64>,
    sums: Vec<Sums>,
    /// Memory for a unit.
    cells: Vec<Cell>,
}

/// Sums over units: possible, actual, recalled and precise halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sums {
    possible: u64,
    actual: u64,
    recalled: u64,
    precise: u64,
}

impl Sums {
    fn add(&mut self, cell: &Cell, times: u64) {
        self.possible += u64::from(cell.possible) * times;
        self.actual += u64::from(cell.actual) * times;
        self.recalled += u64::from(cell.recalled) * times;
        self.precise += u64::from(cell.precise) * times;
    }

    fn remove(&mut self, cell: &Cell) {
        self.possible -= u64::from(cell.possible);
        self.actual -= u64::from(cell.actual);
        self.recalled -= u64::from(cell.recalled);
        self.precise -= u64::from(cell.precise);
    }

    fn occurs(&self) -> bool {
        self.possible + self.actual > 0
    }

    /// Precision, recall, F1 as [`TypeCounts`] has them; NaN for 0/0.
    fn scores(&self) -> [f64; 3] {
        let precision = self.precise as f64 / (2 * self.actual) as f64;
        let recall = self.recalled as f64 / (2 * self.possible) as f64;
        let f1 = if !self.occurs() {
            f64::NAN
        } else if self.actual == 0 || self.possible == 0 || self.recalled + self.precise == 0 {
            0.0
        } else if self.recalled == self.precise {
            self.recalled as f64 / (self.possible + self.actual) as f64
        } else {
            2.0 * precision * recall / (precision + recall)
        };
        [precision, recall, f1]
    }
}

impl SpanUnits {
    /// No unit yet, for `labels` types.
    pub fn new(labels: usize) -> Self {
        Self {
            labels,
            found: FxHashMap::default(),
            kinds: Vec::new(),
            times: Vec::new(),
            sums: vec![Sums::default(); labels],
            cells: Vec::new(),
        }
    }

    /// Adds a unit of the given counts by type. Units are seen by the statistics after [`SpanUnits::finish`].
    pub fn add(&mut self, types: &[TypeCounts]) {
        let types = types.iter().enumerate().map(|(label, &counts)| (label as LabelId, counts));
        self.add_sparse(types.filter(|(_, counts)| counts.occurs()));
    }

    /// The same, of the types that occur, in order of labels.
    pub(super) fn add_sparse(&mut self, types: impl Iterator<Item = (LabelId, TypeCounts)>) {
        let mut cells = std::mem::take(&mut self.cells);
        cells.clear();
        cells.extend(types.map(|(label, counts)| Cell::new(label, &counts)));
        self.add_cells(&cells, 1);
        self.cells = cells;
    }

    fn add_cells(&mut self, cells: &[Cell], times: u64) {
        match self.found.get_mut(cells) {
            Some(known) => *known += times,
            None => {
                self.found.insert(cells.into(), times);
            }
        }
    }

    /// Adds a unit of strict counts, those of the types that occur, in order of labels.
    pub(super) fn add_strict(&mut self, types: impl Iterator<Item = (LabelId, Tally)>) {
        self.add_items(types, 1);
    }

    /// Adds `times` units of such counts.
    pub(super) fn add_tallies(&mut self, types: &[(LabelId, Tally)], times: u64) {
        self.add_items(types.iter().copied(), times);
    }

    fn add_items(&mut self, types: impl Iterator<Item = (LabelId, Tally)>, times: u64) {
        let mut cells = std::mem::take(&mut self.cells);
        cells.clear();
        cells.extend(types.map(|(label, tally)| Cell {
            label,
            possible: tally.support() as u32,
            actual: tally.predicted() as u32,
            recalled: 2 * tally.tp as u32,
            precise: 2 * tally.tp as u32,
        }));
        self.add_cells(&cells, times);
        self.cells = cells;
    }

    /// Adds another part's units.
    pub fn merge(&mut self, other: &Self) {
        // The order of the map reaches nothing: units are sorted before they are seen.
        #[allow(clippy::iter_over_hash_type)]
        for (cells, &times) in &other.found {
            self.add_cells(cells, times);
        }
    }

    /// The units ready for statistics: sorted, so that the resamples depend on the counts alone.
    #[must_use]
    pub fn finish(mut self) -> Self {
        self.kinds = self.found.iter().map(|(cells, &times)| (cells.clone(), times)).collect();
        self.kinds.sort_unstable();
        self.times = self.kinds.iter().map(|(_, times)| *times).collect();
        self.sums = vec![Sums::default(); self.labels];
        for (cells, times) in &self.kinds {
            for cell in cells {
                self.sums[cell.label as usize].add(cell, *times);
            }
        }
        self
    }

    /// How often each kind of unit occurs.
    pub fn times(&self) -> &[u64] {
        &self.times
    }

    /// How many units there are.
    pub fn units(&self) -> u64 {
        self.times.iter().sum()
    }

    /// How many types there are.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// Gold spans of a type, and predicted ones.
    pub fn spans(&self, label: LabelId) -> (u64, u64) {
        let sums = self.sums[label as usize];
        (sums.possible, sums.actual)
    }

    /// Precision of all types as a ratio over units; `None` without predictions.
    pub fn precision(&self) -> Option<Ratio> {
        self.ratio(None, |cell| cell.precise, |cell| 2 * cell.actual)
    }

    /// Recall of all types as a ratio over units; `None` without gold.
    pub fn recall(&self) -> Option<Ratio> {
        self.ratio(None, |cell| cell.recalled, |cell| 2 * cell.possible)
    }

    /// Precision of one type; `None` where it is never predicted.
    pub fn label_precision(&self, label: LabelId) -> Option<Ratio> {
        self.ratio(Some(label), |cell| cell.precise, |cell| 2 * cell.actual)
    }

    /// Recall of one type; `None` where it has no gold.
    pub fn label_recall(&self, label: LabelId) -> Option<Ratio> {
        self.ratio(Some(label), |cell| cell.recalled, |cell| 2 * cell.possible)
    }

    /// F1 of all types with its spread over units; `None` without spans.
    pub fn f1(&self) -> Option<Ratio> {
        self.harmonic(None)
    }

    /// F1 of one type; `None` where it has no span.
    pub fn label_f1(&self, label: LabelId) -> Option<Ratio> {
        self.harmonic(Some(label))
    }

    /// The harmonic mean F of precision p and recall r, with the error of its linearised form: a unit moves it by
    /// F² / 2p² of what it moves p and F² / 2r² of what it moves r. Where both sides have the same credit that is the
    /// ratio of the credit to the spans of both sides.
    fn harmonic(&self, label: Option<LabelId>) -> Option<Ratio> {
        let of = |cells: &[Cell]| {
            let mut sums = Sums::default();
            cells
                .iter()
                .filter(|cell| label.is_none_or(|label| label == cell.label))
                .for_each(|cell| sums.add(cell, 1));
            sums
        };
        let mut all = Sums::default();
        let mut count = 0u64;
        for (cells, times) in &self.kinds {
            let here = of(cells);
            all.possible += here.possible * times;
            all.actual += here.actual * times;
            all.recalled += here.recalled * times;
            all.precise += here.precise * times;
            count += if here.occurs() { *times } else { 0 };
        }
        if !all.occurs() {
            return None;
        }
        let [precision, recall, value] = all.scores();
        // In whole spans: those of either side, a pair that is right once.
        let whole = (all.possible + all.actual) as f64 - 0.25 * (all.recalled + all.precise) as f64;
        let units = count as f64;
        let error = (count > 1 && value > 0.0).then(|| {
            let (of_precision, of_recall) = (0.5 * (value / precision).powi(2), 0.5 * (value / recall).powi(2));
            let squares: f64 = (self.kinds.iter())
                .map(|(cells, times)| {
                    let here = of(cells);
                    let p = (0.5 * here.precise as f64 - precision * here.actual as f64) / all.actual as f64;
                    let r = (0.5 * here.recalled as f64 - recall * here.possible as f64) / all.possible as f64;
                    *times as f64 * (of_precision * p + of_recall * r).powi(2)
                })
                .sum();
            (squares * units / (units - 1.0)).sqrt()
        });
        // Without any credit the error says nothing, and is not asked for.
        Some(Ratio { value, error: error.or((count > 1).then_some(0.0)), units, whole })
    }

    fn ratio(&self, label: Option<LabelId>, part: fn(&Cell) -> u32, whole: fn(&Cell) -> u32) -> Option<Ratio> {
        let sum = |cells: &[Cell], of: fn(&Cell) -> u32| -> f64 {
            cells
                .iter()
                .filter(|cell| label.is_none_or(|label| label == cell.label))
                .map(|cell| f64::from(of(cell)))
                .sum()
        };
        // In whole spans, not halves: the denominator bounds how many trials the units are worth.
        Ratio::new(self.kinds.iter().map(|(cells, times)| Unit {
            part: sum(cells, part) / 2.0,
            whole: sum(cells, whole) / 2.0,
            times: *times as f64,
        }))
    }

    fn write(&self, sums: &[Sums], out: &mut [f64]) {
        let mut total = Sums::default();
        let (mut plain, mut weighted) = ([0.0; 3], [0.0; 3]);
        let (mut types, mut weights) = (0.0, 0.0);
        for (resampled, sample) in sums.iter().zip(&self.sums) {
            total.possible += resampled.possible;
            total.actual += resampled.actual;
            total.recalled += resampled.recalled;
            total.precise += resampled.precise;
            if !sample.occurs() {
                continue;
            }
            // The types of a mean are those of the sample: one that vanishes from a resample keeps its scores there.
            let here = if resampled.occurs() { resampled } else { sample };
            let support = if sample.possible > 0 { resampled.possible.max(1) as f64 } else { 0.0 };
            let terms = (if support > 0.0 && resampled.possible == 0 { sample } else { resampled }).scores();
            for (i, term) in here.scores().into_iter().enumerate() {
                plain[i] += if term.is_nan() { 0.0 } else { term };
                weighted[i] += if terms[i].is_nan() { 0.0 } else { support * terms[i] };
            }
            types += 1.0;
            weights += support;
        }
        out[..3].copy_from_slice(&total.scores());
        for i in 0..3 {
            out[3 + i] = if types > 0.0 { plain[i] / types } else { f64::NAN };
            out[6 + i] = if weights > 0.0 { weighted[i] / weights } else { f64::NAN };
        }
    }
}

impl Statistics for SpanUnits {
    fn count(&self) -> usize {
        SPAN_STATISTICS.len()
    }

    fn evaluate(&self, counts: &[u64], out: &mut [f64]) {
        let mut sums = vec![Sums::default(); self.labels];
        for ((cells, _), &times) in self.kinds.iter().zip(counts).filter(|(_, times)| **times > 0) {
            for cell in cells {
                sums[cell.label as usize].add(cell, times);
            }
        }
        self.write(&sums, out);
    }

    fn without(&self, counts: &[u64], kind: usize, out: &mut [f64]) {
        // The bootstrap hands over these very counts, of which there may be many.
        if !std::ptr::eq(counts, self.times.as_slice()) && counts != self.times {
            let mut fewer = counts.to_vec();
            fewer[kind] -= 1;
            return self.evaluate(&fewer, out);
        }
        let mut sums = self.sums.clone();
        for cell in &self.kinds[kind].0 {
            sums[cell.label as usize].remove(cell);
        }
        self.write(&sums, out);
    }
}
