//! Figures of label counts for two systems on the same units.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{Figure, PairedStatistics};
use crate::LabelId;
use crate::counts::Tally;

/// The counts by label of a unit under one system, by rising label.
pub type Cells = Vec<(LabelId, Tally)>;

/// Figures of two systems over kinds of units: the counts by label of each kind under A and under B.
///
/// # Example
///
/// ```
/// use trueup_core::stats::{Figure, PairedTallies, approximate_randomisation, paired_bootstrap};
///
/// let gold = [0, 0, 1, 1, 2, 2, 2, 0];
/// let a = [0, 1, 1, 0, 2, 0, 2, 1];
/// let b = [0, 0, 1, 1, 2, 2, 2, 1];
/// let (figures, times) = PairedTallies::of_labels(&gold, &a, &b, 3, vec![Figure::F1Micro]);
/// let compared = &paired_bootstrap(&times, 2_000, 42, &figures)[0];
/// assert_eq!((compared.a, compared.b), (Some(0.5), Some(0.875)));
/// // Three examples are right in B alone, none in A alone: 2 / 2³.
/// assert_eq!(approximate_randomisation(&times, 10_000, 42, &figures)[0].p, Some(0.25));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PairedTallies {
    figures: Vec<Figure>,
    a: Side,
    b: Side,
    /// Whether a kind has the same counts under both.
    same: Vec<bool>,
}

/// The counts of one system: those of all kinds one after another, where each kind's end, and of the sample.
#[derive(Debug, Clone, PartialEq)]
struct Side {
    cells: Cells,
    ends: Vec<usize>,
    sample: Vec<Tally>,
}

impl Side {
    fn new(kinds: impl Iterator<Item = Cells>, times: &[u64], labels: usize) -> Self {
        let mut side = Self { cells: Vec::new(), ends: Vec::new(), sample: vec![Tally::default(); labels] };
        for kind in kinds {
            side.cells.extend(kind);
            side.ends.push(side.cells.len());
        }
        let mut sample = side.sample.clone();
        side.add(times, &mut sample);
        side.sample = sample;
        side
    }

    fn kind(&self, kind: usize) -> &[(LabelId, Tally)] {
        let start = if kind == 0 { 0 } else { self.ends[kind - 1] };
        &self.cells[start..self.ends[kind]]
    }

    /// Adds `times` units of each kind.
    fn add(&self, times: &[u64], tallies: &mut [Tally]) {
        let mut start = 0;
        for (&end, &times) in self.ends.iter().zip(times) {
            if times > 0 {
                for &(label, cell) in &self.cells[start..end] {
                    let tally = &mut tallies[label as usize];
                    tally.tp += times * cell.tp;
                    tally.fp += times * cell.fp;
                    tally.fn_ += times * cell.fn_;
                }
            }
            start = end;
        }
    }
}

impl PairedTallies {
    /// Over units that each have counts under A and under B, such as documents with spans; and how often each kind
    /// occurs. Kinds are in the order of their counts, so the order of the units is of no effect. Cells name labels below
    /// `labels`, by rising label. Panics when a cell or a figure names a label beyond them.
    pub fn of_units(
        units: impl IntoIterator<Item = (Cells, Cells)>,
        labels: usize,
        figures: Vec<Figure>,
    ) -> (Self, Vec<u64>) {
        let mut found: FxHashMap<(Cells, Cells), u64> = FxHashMap::default();
        for unit in units {
            *found.entry(unit).or_insert(0) += 1;
        }
        let mut found: Vec<((Cells, Cells), u64)> = found.into_iter().collect();
        found.sort_unstable();
        let (kinds, times): (Vec<(Cells, Cells)>, Vec<u64>) = found.into_iter().unzip();
        (Self::of_kinds(&kinds, &times, labels, figures), times)
    }

    /// Over examples of a single label each: one kind for each triple of `gold`, answer of A, answer of B that occurs.
    /// Panics when the lengths differ, or a label is not below `labels`.
    pub fn of_labels(
        gold: &[LabelId],
        a: &[LabelId],
        b: &[LabelId],
        labels: usize,
        figures: Vec<Figure>,
    ) -> (Self, Vec<u64>) {
        assert!(gold.len() == a.len() && gold.len() == b.len(), "one answer of each system an example");
        let k = labels as u64;
        let below = |label: LabelId| {
            assert!(u64::from(label) < k, "label {label} of {k}");
            u64::from(label)
        };
        let key = |i: usize| (below(gold[i]) * k + below(a[i])) * k + below(b[i]);
        let found: Vec<(u64, u64)> = match k.checked_pow(3) {
            // A table of all triples, when there are few enough of them.
            Some(all) if all <= 1 << 22 => {
                let mut table = vec![0u64; all as usize];
                (0..gold.len()).for_each(|i| table[key(i) as usize] += 1);
                (0..all).zip(table).filter(|(_, times)| *times > 0).collect()
            }
            _ => {
                assert!(k < 1 << 21, "fewer labels than 2^21");
                let mut keys: Vec<u64> = (0..gold.len()).map(key).collect();
                keys.sort_unstable();
                keys.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect()
            }
        };
        let triple = |key: u64| ((key / k / k) as LabelId, (key / k % k) as LabelId, (key % k) as LabelId);
        Self::of_triples(found.into_iter().map(|(key, times)| (triple(key), times)), labels, figures)
    }

    /// Over distinct triples of gold, answer of A, answer of B, with how often each occurs, in rising order.
    fn of_triples(
        found: impl Iterator<Item = ((LabelId, LabelId, LabelId), u64)>,
        labels: usize,
        figures: Vec<Figure>,
    ) -> (Self, Vec<u64>) {
        let cells = |gold: LabelId, answer: LabelId| -> Cells {
            let tally = |tp, fp, fn_| Tally { tp, fp, fn_ };
            if gold == answer {
                return vec![(gold, tally(1, 0, 0))];
            }
            let mut cells = vec![(gold, tally(0, 0, 1)), (answer, tally(0, 1, 0))];
            cells.sort_unstable_by_key(|cell| cell.0);
            cells
        };
        let (kinds, times): (Vec<(Cells, Cells)>, Vec<u64>) =
            found.map(|((gold, a, b), times)| ((cells(gold, a), cells(gold, b)), times)).unzip();
        (Self::of_kinds(&kinds, &times, labels, figures), times)
    }

    fn of_kinds(kinds: &[(Cells, Cells)], times: &[u64], labels: usize, figures: Vec<Figure>) -> Self {
        for figure in &figures {
            if let Figure::Precision(label) | Figure::Recall(label) | Figure::F1(label) = figure {
                assert!((*label as usize) < labels, "label {label} of {labels}");
            }
        }
        Self {
            figures,
            a: Side::new(kinds.iter().map(|kind| kind.0.clone()), times, labels),
            b: Side::new(kinds.iter().map(|kind| kind.1.clone()), times, labels),
            same: kinds.iter().map(|(a, b)| a == b).collect(),
        }
    }

    fn write(&self, tallies: &[Tally], sample: Option<&[Tally]>, out: &mut [f64]) {
        for (figure, out) in self.figures.iter().zip(out) {
            *out = figure.of(tallies, sample);
        }
    }
}

/// Counts of gold, answer of A and answer of B, for examples that come piece by piece: pieces counted apart and merged
/// give what all give at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairedCells {
    labels: usize,
    counts: BTreeMap<(LabelId, LabelId, LabelId), u64>,
}

impl PairedCells {
    /// Nothing counted yet, for `labels` labels.
    pub fn empty(labels: usize) -> Self {
        Self { labels, counts: BTreeMap::new() }
    }

    /// Counts one example. Panics when a label is not below the number of labels.
    pub fn add(&mut self, gold: LabelId, a: LabelId, b: LabelId) {
        for label in [gold, a, b] {
            assert!((label as usize) < self.labels, "label {label} of {}", self.labels);
        }
        *self.counts.entry((gold, a, b)).or_insert(0) += 1;
    }

    /// Adds another piece's counts, of the same labels.
    pub fn merge(&mut self, other: &Self) {
        self.labels = self.labels.max(other.labels);
        for (&cell, &times) in &other.counts {
            *self.counts.entry(cell).or_insert(0) += times;
        }
    }

    /// The figures over all that was counted, and how often each kind occurs: as [`PairedTallies::of_labels`].
    pub fn finish(&self, figures: Vec<Figure>) -> (PairedTallies, Vec<u64>) {
        PairedTallies::of_triples(self.counts.iter().map(|(&cell, &times)| (cell, times)), self.labels, figures)
    }
}

impl PairedStatistics for PairedTallies {
    fn count(&self) -> usize {
        self.figures.len()
    }

    /// A label that a resample loses keeps its term in a mean; exchanging answers loses no gold, and there a label that
    /// was only ever predicted may well go.
    fn evaluate(&self, kept: &[u64], swapped: &[u64], a: &mut [f64], b: &mut [f64]) {
        let exchanged = swapped.iter().any(|&times| times > 0);
        let mut tallies = vec![Tally::default(); self.a.sample.len()];
        for (side, other, out) in [(&self.a, &self.b, a), (&self.b, &self.a, b)] {
            tallies.fill(Tally::default());
            side.add(kept, &mut tallies);
            if exchanged {
                other.add(swapped, &mut tallies);
            }
            self.write(&tallies, (!exchanged).then_some(&side.sample), out);
        }
    }

    fn without(&self, _: &[u64], kind: usize, a: &mut [f64], b: &mut [f64]) {
        for (side, out) in [(&self.a, a), (&self.b, b)] {
            let mut tallies = side.sample.clone();
            for &(label, cell) in side.kind(kind) {
                let tally = &mut tallies[label as usize];
                tally.tp -= cell.tp;
                tally.fp -= cell.fp;
                tally.fn_ -= cell.fn_;
            }
            self.write(&tallies, Some(&side.sample), out);
        }
    }

    fn same(&self, kind: usize) -> bool {
        self.same[kind]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::Rng;
    use crate::stats::{McNemar, approximate_randomisation, paired_bootstrap};

    /// Gold and two systems' answers: each right with its own chance, otherwise any label.
    fn drawn(seed: u64, n: usize, k: usize, right: [f64; 2]) -> [Vec<LabelId>; 3] {
        let mut rng = Rng::new(seed);
        let mut rows = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..n {
            let gold = rng.below(k);
            rows[0].push(gold as LabelId);
            for system in 0..2 {
                let answer = if rng.unit() < right[system] { gold } else { rng.below(k) };
                rows[1 + system].push(answer as LabelId);
            }
        }
        rows
    }

    const ALL: [Figure; 13] = [
        Figure::Precision(0),
        Figure::Recall(1),
        Figure::F1(0),
        Figure::PrecisionMicro,
        Figure::RecallMicro,
        Figure::F1Micro,
        Figure::PrecisionMacro,
        Figure::RecallMacro,
        Figure::F1Macro,
        Figure::F1Weighted,
        Figure::BalancedAccuracy,
        Figure::Matthews,
        Figure::Kappa,
    ];

    #[test]
    fn exact_randomisation_of_accuracy_is_mcnemar() {
        for seed in 0..40 {
            let [gold, a, b] = drawn(seed, 30, 2, [0.6, 0.8]);
            let (figures, times) = PairedTallies::of_labels(&gold, &a, &b, 2, vec![Figure::RecallMicro]);
            let found = approximate_randomisation(&times, 100, seed, &figures)[0];
            let only =
                |x: &[LabelId], y: &[LabelId]| (0..30).filter(|&i| x[i] == gold[i] && y[i] != gold[i]).count() as u64;
            let p = McNemar::Exact.p_value(only(&a, &b), only(&b, &a));
            assert!(found.exact && (found.p.unwrap() - p).abs() < 1e-12, "{seed}: {found:?} {p}");
        }
    }

    #[test]
    fn tosses_stand_in_for_all_ways_when_these_are_many() {
        let [gold, a, b] = drawn(5, 40, 8, [0.5, 0.8]);
        let (figures, times) = PairedTallies::of_labels(&gold, &a, &b, 8, vec![Figure::F1Macro, Figure::F1Micro]);
        let exact = approximate_randomisation(&times, 1, 1, &figures);
        // Beyond the limit of ways: every unit thrice.
        let thrice = |rows: &[LabelId]| rows.repeat(3);
        let (more, times) = PairedTallies::of_labels(
            &thrice(&gold),
            &thrice(&a),
            &thrice(&b),
            8,
            vec![Figure::F1Macro, Figure::F1Micro],
        );
        let tossed = approximate_randomisation(&times, 4_000, 1, &more);
        let again = approximate_randomisation(&times, 4_000, 2, &more);
        assert!(!tossed[0].exact && (tossed[0].p.unwrap() - again[0].p.unwrap()).abs() < 0.03);
        assert!(exact.iter().chain(&tossed).all(|found| found.p.unwrap() > 0.0));
        assert!(tossed[1].p.unwrap() < exact[1].p.unwrap());
        // The tosses of the share of right answers against the exact value of all ways.
        let only =
            |x: &[LabelId], y: &[LabelId]| 3 * (0..40).filter(|&i| x[i] == gold[i] && y[i] != gold[i]).count() as u64;
        let p = McNemar::Exact.p_value(only(&a, &b), only(&b, &a));
        assert!((tossed[1].p.unwrap() - p).abs() < 4.0 * (p / 4_000.0).sqrt() + 1e-3, "{tossed:?} {p}");
    }

    #[test]
    fn units_and_labels_give_the_same_kinds() {
        let [gold, a, b] = drawn(9, 300, 4, [0.7, 0.8]);
        let cells = |gold: LabelId, answer: LabelId| {
            let mut tallies = crate::counts::Tallies::new(4);
            tallies.add(&crate::Annotation::Label(gold), &crate::Annotation::Label(answer));
            (0..4).map(|l| (l, tallies.labels()[l as usize])).filter(|cell| cell.1.occurs()).collect::<Cells>()
        };
        let units: Vec<(Cells, Cells)> = (0..300).map(|i| (cells(gold[i], a[i]), cells(gold[i], b[i]))).collect();
        let (by_unit, unit_times) = PairedTallies::of_units(units.iter().cloned(), 4, ALL.to_vec());
        let (by_unit_reversed, _) = PairedTallies::of_units(units.into_iter().rev(), 4, ALL.to_vec());
        let (by_label, label_times) = PairedTallies::of_labels(&gold, &a, &b, 4, ALL.to_vec());
        assert_eq!(by_unit, by_unit_reversed);
        assert_eq!((&by_unit.a.sample, &by_unit.b.sample), (&by_label.a.sample, &by_label.b.sample));
        let (x, y) = (paired_bootstrap(&unit_times, 50, 1, &by_unit), paired_bootstrap(&label_times, 50, 1, &by_label));
        for (x, y) in x.iter().zip(&y) {
            assert_eq!((x.a, x.b), (y.a, y.b));
            let (x, y) = (x.difference.as_ref().unwrap(), y.difference.as_ref().unwrap());
            assert!((x.error() - y.error()).abs() < 1e-12 && (x.acceleration() - y.acceleration()).abs() < 1e-9);
        }
    }

    proptest::proptest! {
        #[test]
        fn pieces_merged_are_the_whole(
            rows in proptest::collection::vec((0u32..4, 0u32..4, 0u32..4), 1..50),
            cut in 0usize..50,
        ) {
            let count = |rows: &[(u32, u32, u32)]| {
                let mut cells = PairedCells::empty(4);
                rows.iter().for_each(|&(gold, a, b)| cells.add(gold, a, b));
                cells
            };
            let cut = cut.min(rows.len());
            let mut merged = count(&rows[cut..]);
            merged.merge(&count(&rows[..cut]));
            proptest::prop_assert_eq!(&merged, &count(&rows));
            let column = |of: fn(&(u32, u32, u32)) -> u32| rows.iter().map(of).collect::<Vec<u32>>();
            let (gold, a, b) = (column(|r| r.0), column(|r| r.1), column(|r| r.2));
            proptest::prop_assert_eq!(merged.finish(ALL.to_vec()), PairedTallies::of_labels(&gold, &a, &b, 4, ALL.to_vec()));
        }
    }

    #[test]
    fn the_fast_jackknife_is_the_plain_one() {
        struct Plain<'a>(&'a PairedTallies);
        impl PairedStatistics for Plain<'_> {
            fn count(&self) -> usize {
                self.0.count()
            }
            fn evaluate(&self, kept: &[u64], swapped: &[u64], a: &mut [f64], b: &mut [f64]) {
                self.0.evaluate(kept, swapped, a, b);
            }
            fn same(&self, kind: usize) -> bool {
                self.0.same(kind)
            }
        }
        let [gold, a, b] = drawn(3, 60, 5, [0.5, 0.7]);
        let (figures, times) = PairedTallies::of_labels(&gold, &a, &b, 5, ALL.to_vec());
        assert_eq!(paired_bootstrap(&times, 200, 7, &figures), paired_bootstrap(&times, 200, 7, &Plain(&figures)));
    }

    #[test]
    fn exchanging_the_systems_mirrors_everything() {
        let [gold, a, b] = drawn(11, 200, 3, [0.6, 0.75]);
        let (there, times) = PairedTallies::of_labels(&gold, &a, &b, 3, ALL.to_vec());
        let (mut a_side, mut b_side) = (vec![0.0; 13], vec![0.0; 13]);
        there.evaluate(&vec![0; times.len()], &times, &mut a_side, &mut b_side);
        for (i, compared) in paired_bootstrap(&times, 100, 1, &there).iter().enumerate() {
            assert_eq!((compared.a, compared.b), (Some(b_side[i]), Some(a_side[i])), "{:?}", ALL[i]);
        }
    }

    #[test]
    fn alike_systems_have_no_difference_and_none_is_found() {
        let [gold, a, _] = drawn(1, 100, 3, [0.6, 0.6]);
        let (figures, times) = PairedTallies::of_labels(&gold, &a, &a, 3, vec![Figure::F1Macro]);
        assert_eq!(paired_bootstrap(&times, 100, 1, &figures)[0].difference, None);
        let found = approximate_randomisation(&times, 100, 1, &figures)[0];
        assert_eq!((found.difference, found.p, found.exact), (Some(0.0), Some(1.0), true));
        let (figures, times) = PairedTallies::of_labels(&[], &[], &[], 3, vec![Figure::F1Macro]);
        assert_eq!(paired_bootstrap(&times, 10, 1, &figures)[0].a, None);
        assert_eq!(approximate_randomisation(&times, 10, 1, &figures)[0].p, None);
    }

    #[test]
    fn a_million_examples_of_many_labels_are_cells() {
        let [gold, a, b] = drawn(2, 1_000_000, 77, [0.88, 0.9]);
        let (figures, times) = PairedTallies::of_labels(&gold, &a, &b, 77, vec![Figure::F1Macro]);
        let compared = &paired_bootstrap(&times, 2_000, 42, &figures)[0];
        assert!(compared.jackknife && times.len() < 300_000);
        let difference = compared.difference.as_ref().unwrap();
        assert!((difference.value() - 0.02).abs() < 0.003 && difference.p_value(0.0) < 1e-9);
    }

    #[test]
    fn the_number_of_threads_is_of_no_effect() {
        let [gold, a, b] = drawn(21, 400, 5, [0.7, 0.75]);
        let (figures, times) = PairedTallies::of_labels(&gold, &a, &b, 5, ALL.to_vec());
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                (paired_bootstrap(&times, 200, 3, &figures), approximate_randomisation(&times, 200, 3, &figures))
            })
        };
        assert_eq!(with(1), with(3));
    }
}
