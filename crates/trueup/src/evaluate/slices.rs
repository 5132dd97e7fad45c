//! Scores on parts of the evaluated examples: by length, and by the values of the metadata columns.

use std::collections::{BTreeMap, BTreeSet};

use trueup_core::document::{IntervalKind, SliceRow};
use trueup_core::measure::{MeasureOptions, measure};
use trueup_core::{Dataset, Estimate, Pair, Task, stats, text};

/// A slice must hold so many examples, and leave as many outside, to be measured: under that the interval of a share is
/// wider than 40 points.
const FEWEST: usize = 20;
/// A metadata column with more values than this is an id or free text, not a slice.
const MOST_VALUES: usize = 20;

/// A slice with the rows that are in it.
#[derive(Debug, Clone)]
pub struct Slice {
    /// What the document says of it.
    pub row: SliceRow,
    /// Rows of the evaluated data, ascending.
    pub rows: Vec<usize>,
}

/// Measures every slice of the `counted` rows (those that do not leak, ascending): quarters of the examples by length, and each value of each metadata column. P-values are
/// corrected for their number by Holm's method.
pub fn slices(data: &Dataset, pair: &Pair<'_>, correct: &[bool], counted: &[usize], seed: u64) -> Vec<Slice> {
    let mut parts = Vec::new();
    if data.has_text {
        by_length(data, &mut parts);
    }
    by_column(data, &mut parts);
    let counts: BTreeSet<usize> = counted.iter().copied().collect();
    parts.iter_mut().for_each(|(_, _, rows)| rows.retain(|row| counts.contains(row)));
    parts.retain(|(_, _, rows)| rows.len() >= FEWEST && counted.len() - rows.len() >= FEWEST);
    let mut slices: Vec<Slice> = parts
        .into_iter()
        .map(|(by, name, rows)| {
            let mut inside = vec![false; data.len()];
            rows.iter().for_each(|&row| inside[row] = true);
            let others: Vec<usize> = counted.iter().copied().filter(|&row| !inside[row]).collect();
            let (metric, within, without, p) = if data.task == Task::Ner {
                let f1 = |rows: &[usize]| {
                    let options = MeasureOptions { seed, resamples: 200, ..MeasureOptions::default() };
                    let measures = measure(&pair.select(rows), &options);
                    measures.metrics.get("f1").cloned().unwrap_or_else(|| Estimate::undefined(0))
                };
                let (a, b) = (f1(&rows), f1(&others));
                let p = difference_p(&a, &b);
                ("f1", a, b, p)
            } else {
                let right = |rows: &[usize]| rows.iter().filter(|&&row| correct[row]).count() as u64;
                let (k1, n1, k2, n2) = (right(&rows), rows.len() as u64, right(&others), others.len() as u64);
                let p = Some(stats::two_proportions(k1, n1, k2, n2));
                ("accuracy", share(k1, n1), share(k2, n2), p)
            };
            let n = rows.len() as u64;
            Slice { row: SliceRow { name, by, n, inside: within, outside: without, metric: metric.into(), p }, rows }
        })
        .collect();
    let tested: Vec<usize> = (0..slices.len()).filter(|&i| slices[i].row.p.is_some()).collect();
    let raw: Vec<f64> = tested.iter().filter_map(|&i| slices[i].row.p).collect();
    for (&i, p) in tested.iter().zip(stats::holm(&raw)) {
        slices[i].row.p = Some(p);
    }
    slices
}

/// `k` of `n` right, with Wilson's interval.
fn share(k: u64, n: u64) -> Estimate {
    Estimate::new(k as f64 / n as f64, stats::wilson(k, n), n, IntervalKind::Wilson)
}

/// Two-sided p-value of the difference of two independent estimates, by their intervals' standard errors.
fn difference_p(a: &Estimate, b: &Estimate) -> Option<f64> {
    let error = |e: &Estimate| Some((e.high? - e.low?) / (2.0 * stats::Z95));
    let (ea, eb) = (error(a)?, error(b)?);
    let se = (ea * ea + eb * eb).sqrt();
    let gap = (a.value? - b.value?).abs();
    (se > 0.0).then(|| 2.0 * (1.0 - stats::normal_cdf(gap / se)))
}

type Part = (String, String, Vec<usize>);

/// Quarters by length in characters, cut where the length changes so that equal lengths stay together.
fn by_length(data: &Dataset, parts: &mut Vec<Part>) {
    let lengths: Vec<usize> = data.examples.iter().map(|e| text::code_points(&e.text)).collect();
    let mut sorted = lengths.clone();
    sorted.sort_unstable();
    let Some(&longest) = sorted.last() else { return };
    let mut edges: Vec<usize> = (1..4).map(|q| sorted[(sorted.len() * q / 4).min(sorted.len() - 1)]).collect();
    edges.dedup();
    edges.retain(|&edge| edge < longest);
    let mut from = 0;
    for i in 0..=edges.len() {
        let to = edges.get(i).copied();
        let rows: Vec<usize> =
            (0..lengths.len()).filter(|&r| lengths[r] >= from && to.is_none_or(|to| lengths[r] <= to)).collect();
        let name = match (from, to) {
            (0, Some(to)) => format!("up to {to} characters"),
            (from, Some(to)) => format!("{from} to {to} characters"),
            (from, None) => format!("over {} characters", from.saturating_sub(1)),
        };
        parts.push(("length".into(), name, rows));
        from = to.map_or(usize::MAX, |to| to + 1);
    }
}

fn by_column(data: &Dataset, parts: &mut Vec<Part>) {
    for (i, column) in data.columns.iter().enumerate() {
        let mut values: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (row, example) in data.examples.iter().enumerate() {
            if let Some(value) = example.metadata.get(i).filter(|v| !v.is_empty()) {
                values.entry(value).or_default().push(row);
                if values.len() > MOST_VALUES {
                    break;
                }
            }
        }
        if (2..=MOST_VALUES).contains(&values.len()) {
            for (value, rows) in values {
                parts.push((column.clone(), format!("{column} = {value}"), rows));
            }
        }
    }
}
