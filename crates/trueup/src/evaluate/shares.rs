//! The shares of confusion matrices, and what sets of labels have in the place of one.

use trueup_core::Pair;
use trueup_core::counts::Tallies;
use trueup_core::document::{Confusion, ConfusionShares, SetConfusion, TwoByTwo};
use trueup_core::measure::confusion::{Normalise, missed_with_spurious, normalised, of_each_label};

/// The shares of a confusion matrix; those of the sums of weights, where there are some.
pub fn shares(confusion: &Confusion, weighted: Option<&Vec<Vec<f64>>>, by: Normalise) -> ConfusionShares {
    let of = match by {
        Normalise::Gold => "true",
        Normalise::Predicted => "pred",
        Normalise::All => "all",
    };
    let shares = weighted.map_or_else(|| normalised(&confusion.counts, by), |cells| of_weights(cells, by));
    ConfusionShares { of: of.to_owned(), shares }
}

fn of_weights(cells: &[Vec<f64>], by: Normalise) -> Vec<Vec<Option<f64>>> {
    let columns: Vec<f64> = (0..cells.len()).map(|at| cells.iter().map(|row| row[at]).sum()).collect();
    let all: f64 = columns.iter().sum();
    let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
    let row = |row: &Vec<f64>| {
        let whole: f64 = row.iter().sum();
        let of = |(at, &cell): (usize, &f64)| match by {
            Normalise::Gold => share(cell, whole),
            Normalise::Predicted => share(cell, columns[at]),
            Normalise::All => share(cell, all),
        };
        row.iter().enumerate().map(of).collect()
    };
    cells.iter().map(row).collect()
}

/// Each label against the rest, and which labels are missed together with which spurious ones.
pub fn set_confusion(pair: &Pair, tallies: &Tallies) -> SetConfusion {
    let tables = of_each_label(tallies, pair.len() as u64);
    let row =
        |(label, [[tn, fp], [fn_, tp]]): (&String, [[u64; 2]; 2])| TwoByTwo { label: label.clone(), tp, fp, fn_, tn };
    SetConfusion {
        labels: pair.labels().names().iter().zip(tables).map(row).collect(),
        together: missed_with_spurious(pair),
    }
}
