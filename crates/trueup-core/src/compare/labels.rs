//! Each label under both models.

use super::{Duel, Law};
use crate::counts::{Tallies, Tally};
use crate::document::PairedTest;
use crate::{LabelId, Task};

/// The figures of a label under both models, and their differences.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelLaws {
    /// The label.
    pub label: LabelId,
    /// Its counts under A.
    pub a: Tally,
    /// Its counts under B.
    pub b: Tally,
    /// Precision of A and of B, and the difference.
    pub precision: (Option<f64>, Option<f64>, Law),
    /// Recall.
    pub recall: (Option<f64>, Option<f64>, Law),
    /// F1.
    pub f1: (Option<f64>, Option<f64>, Law),
}

/// Part and whole of a ratio.
type Parts = fn(&Tally) -> (f64, f64);

/// Precision, recall, F1.
const FIGURES: [Parts; 3] = [
    |t| (t.tp as f64, (t.tp + t.fp) as f64),
    |t| (t.tp as f64, (t.tp + t.fn_) as f64),
    |t| (2.0 * t.tp as f64, (2 * t.tp + t.fp + t.fn_) as f64),
];

/// What the units say of one figure of one label.
#[derive(Debug, Clone, Copy, Default)]
struct Spread {
    squares: f64,
    /// Units that have a part in the figure of either model.
    units: u64,
}

impl Duel<'_> {
    /// The figures of every label, in label order.
    ///
    /// Recall of independent examples is decided by McNemar's exact test on the label's gold. Any other difference of ratios
    /// is linearised: a unit moves part / whole by (its part - ratio · its whole) / whole, and the squares of what it moves
    /// one model's less the other's add up to the variance, Student's t having one degree less than there are units with a
    /// part in the figure (the cluster-robust delta method; Cochran 1977, chapter 6).
    pub fn labels(&self) -> Vec<LabelLaws> {
        let k = self.a.labels().len();
        let units = self.cells();
        let (mut a, mut b) = (vec![Tally::default(); k], vec![Tally::default(); k]);
        for (of_a, of_b) in &units {
            of_a.iter().for_each(|&(label, tally)| a[label as usize].merge(tally));
            of_b.iter().for_each(|&(label, tally)| b[label as usize].merge(tally));
        }
        let ratio = |(part, whole): (f64, f64)| if whole > 0.0 { part / whole } else { 0.0 };
        let ratios = |all: &[Tally]| all.iter().map(|t| FIGURES.map(|parts| ratio(parts(t)))).collect::<Vec<_>>();
        let (ratios_a, ratios_b) = (ratios(&a), ratios(&b));
        let mut spreads = vec![[Spread::default(); 3]; k];
        for (of_a, of_b) in &units {
            both(of_a, of_b, |label, in_a, in_b| {
                let l = label as usize;
                for (figure, parts) in FIGURES.iter().enumerate() {
                    let moved = |unit: &Tally, all: &Tally, ratio: f64| {
                        let ((part, whole), (_, of)) = (parts(unit), parts(all));
                        if of > 0.0 { (part - ratio * whole) / of } else { 0.0 }
                    };
                    if parts(&in_a).1 + parts(&in_b).1 > 0.0 {
                        let d = moved(&in_b, &b[l], ratios_b[l][figure]) - moved(&in_a, &a[l], ratios_a[l][figure]);
                        let spread = &mut spreads[l][figure];
                        spread.squares += d * d;
                        spread.units += 1;
                    }
                }
            });
        }
        let exact = (self.independent() && self.task() != Task::Ner).then(|| self.recalls(k));
        let once = self.a.weights().map(|_| (Self::counted(&self.a), Self::counted(&self.b)));
        (0..k)
            .map(|l| {
                let law = |figure: usize| {
                    let (whole_a, whole_b) = (FIGURES[figure](&a[l]).1, FIGURES[figure](&b[l]).1);
                    let Spread { squares, units } = spreads[l][figure];
                    let value = ratios_b[l][figure] - ratios_a[l][figure];
                    let n = units as f64;
                    if whole_a <= 0.0 || whole_b <= 0.0 {
                        Law::Undefined
                    } else if let Some((only_a, only_b, n)) = exact.as_ref().map(|e| e[l]).filter(|_| figure == 1) {
                        Law::Discordant { only_a, only_b, n }
                    } else if squares > 1e-28 && units > 1 {
                        let error = (squares * n / (n - 1.0)).sqrt();
                        Law::Normal { value, error, freedom: n - 1.0, test: PairedTest::Delta }
                    } else if value == 0.0 {
                        Law::Alike { units }
                    } else {
                        Law::Undefined
                    }
                };
                let figure = |f: usize| {
                    let of = |all: &[Tally], ratios: &[[f64; 3]]| (FIGURES[f](&all[l]).1 > 0.0).then_some(ratios[l][f]);
                    (of(&a, &ratios_a), of(&b, &ratios_b), law(f))
                };
                let (in_a, in_b) = once.as_ref().map_or((a[l], b[l]), |(a, b)| (a.labels()[l], b.labels()[l]));
                let [precision, recall, f1] = [figure(0), figure(1), figure(2)];
                LabelLaws { label: l as LabelId, a: in_a, b: in_b, precision, recall, f1 }
            })
            .collect()
    }

    /// The counts of all labels under one model, each example counted once.
    fn counted(pair: &crate::Pair) -> Tallies {
        let mut tallies = Tallies::new(pair.labels().len());
        pair.gold().iter().zip(pair.predicted()).for_each(|(gold, answer)| tallies.add(gold, answer));
        tallies
    }

    /// For each label how often its gold is found by A alone, by B alone, and how often it is gold.
    fn recalls(&self, k: usize) -> Vec<(u64, u64, u64)> {
        let mut found = vec![(0, 0, 0); k];
        let mut add = |label: u32, a: bool, b: bool| {
            let of = &mut found[label as usize];
            of.0 += u64::from(a && !b);
            of.1 += u64::from(b && !a);
            of.2 += 1;
        };
        for row in 0..self.len() {
            if let Some((gold, a, b)) = self.single(row) {
                add(gold, a == gold, b == gold);
                continue;
            }
            let (a, b) = (self.a.predicted()[row].labels(), self.b.predicted()[row].labels());
            for label in self.a.gold()[row].labels() {
                add(label, a.contains(&label), b.contains(&label));
            }
        }
        found
    }
}

/// Tells `each` the counts of every label that occurs in a unit under either model.
fn both(a: &[(LabelId, Tally)], b: &[(LabelId, Tally)], mut each: impl FnMut(LabelId, Tally, Tally)) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let (of_a, of_b) = (a.get(i), b.get(j));
        let label = match (of_a, of_b) {
            (Some(x), Some(y)) => x.0.min(y.0),
            (Some(x), None) => x.0,
            (None, Some(y)) => y.0,
            (None, None) => return,
        };
        let take = |cell: Option<&(LabelId, Tally)>| cell.filter(|cell| cell.0 == label).map(|cell| cell.1);
        let (in_a, in_b) = (take(of_a), take(of_b));
        i += usize::from(in_a.is_some());
        j += usize::from(in_b.is_some());
        each(label, in_a.unwrap_or_default(), in_b.unwrap_or_default());
    }
}
