//! One figure on a part of the examples.

use super::{CompareOptions, Duel, Law, MetricLaw};
use crate::Task;
use crate::counts::Tally;
use crate::document::PairedTest;
use crate::stats::Cells;

impl Duel<'_> {
    /// The figure that a part of the examples is judged by: accuracy; F1 of all labels or spans together for sets and spans,
    /// linearised over units.
    pub fn overall(&self) -> MetricLaw {
        let metric = |name: &str, a, b, law| MetricLaw { name: name.to_owned(), higher_is_better: true, a, b, law };
        if self.task() == Task::Classification {
            let share = |pair: &crate::Pair| {
                let weight: f64 = (0..self.len()).map(|row| self.weight(row)).sum();
                let right = (0..self.len()).filter(|&row| pair.predicted()[row] == pair.gold()[row]);
                (weight > 0.0).then(|| right.map(|row| self.weight(row)).sum::<f64>() / weight)
            };
            return metric("accuracy", share(&self.a), share(&self.b), self.of_right());
        }
        let name = if self.task() == Task::Ner { "f1" } else { "f1_micro" };
        let units = self.cells();
        let total = |cells: &Cells| {
            let mut total = Tally::default();
            cells.iter().for_each(|cell| total.merge(cell.1));
            (2.0 * total.tp as f64, (2 * total.tp + total.fp + total.fn_) as f64)
        };
        let sums: Vec<((f64, f64), (f64, f64))> = units.iter().map(|(a, b)| (total(a), total(b))).collect();
        let (mut a, mut b) = ((0.0, 0.0), (0.0, 0.0));
        for (of_a, of_b) in &sums {
            a = (a.0 + of_a.0, a.1 + of_a.1);
            b = (b.0 + of_b.0, b.1 + of_b.1);
        }
        if a.1 <= 0.0 || b.1 <= 0.0 {
            let ratio = |(part, whole): (f64, f64)| (whole > 0.0).then(|| part / whole);
            return metric(name, ratio(a), ratio(b), Law::Undefined);
        }
        let (f_a, f_b) = (a.0 / a.1, b.0 / b.1);
        let moved = |of: (f64, f64), all: (f64, f64), ratio: f64| (of.0 - ratio * of.1) / all.1;
        let squares: f64 = sums.iter().map(|(of_a, of_b)| (moved(*of_b, b, f_b) - moved(*of_a, a, f_a)).powi(2)).sum();
        let n = sums.len() as f64;
        let value = f_b - f_a;
        let law = if squares > 1e-28 && n > 1.0 {
            let error = (squares * n / (n - 1.0)).sqrt();
            Law::Normal { value, error, freedom: n - 1.0, test: PairedTest::Delta }
        } else if value == 0.0 {
            Law::Alike { units: self.units() }
        } else {
            Law::Undefined
        };
        metric(name, Some(f_a), Some(f_b), law)
    }

    /// One figure of counts alone, with few rounds: for simulations that look at nothing else.
    pub fn figure(&self, figure: crate::stats::Figure, options: &CompareOptions) -> Law {
        self.of_counts(&[figure], options).remove(0)
    }
}
