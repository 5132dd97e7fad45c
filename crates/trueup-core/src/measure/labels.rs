//! The row of each label.

use rayon::prelude::*;

use super::{Context, ratios};
use crate::document::{Estimate, LabelRow};

/// A row for every label of the set, in label order.
pub(super) fn rows(context: &Context, areas: Option<Vec<Estimate>>) -> Vec<LabelRow> {
    let labels = context.labels;
    let mut rows: Vec<LabelRow> = (0..labels.len() as u32)
        .into_par_iter()
        .map(|label| {
            let tally = context.units.counts[label as usize];
            let [precision, recall, f1] = ratios::label(context, label);
            LabelRow {
                label: labels.name(label).to_owned(),
                support: tally.support(),
                predicted: tally.predicted(),
                train_support: None,
                precision,
                recall,
                f1,
                roc_auc: None,
            }
        })
        .collect();
    for (row, area) in rows.iter_mut().zip(areas.into_iter().flatten()) {
        row.roc_auc = Some(area);
    }
    rows
}
