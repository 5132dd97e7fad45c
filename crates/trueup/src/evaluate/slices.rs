//! Scores on parts of the evaluated examples: those asked for, by length, and by the values of the metadata columns.

use std::collections::{BTreeMap, BTreeSet};

use trueup_core::document::{IntervalKind, SliceRow};
use trueup_core::measure::{MeasureOptions, measure};
use trueup_core::{Dataset, Estimate, Task, stats, text};

use super::asked::{Judged, parts_asked};
use crate::error::Error;

/// A slice must hold so many examples, and leave as many outside, to be measured: under that the interval of a share is
/// wider than 40 points.
const FEWEST: usize = 20;
/// A metadata column with more values than this is an id or free text, not a slice.
pub(super) const MOST_VALUES: usize = 20;

/// A slice with the rows that are in it.
#[derive(Debug, Clone)]
pub struct Slice {
    /// What the document says of it.
    pub row: SliceRow,
    /// Rows of the evaluated data, ascending.
    pub rows: Vec<usize>,
}

/// Measures every slice of the counted examples: first those asked for, by expressions and by columns, whatever their
/// size; then quarters of the examples by length and each value of each metadata column, where both sides are large
/// enough. P-values are corrected for their number by Holm's method.
///
/// # Errors
///
/// When an expression cannot be evaluated, or a column is none or holds too many values.
pub fn slices(judged: &Judged<'_>, given: &[String], by: &[String], seed: u64) -> Result<Vec<Slice>, Error> {
    let Judged { data, pair, correct, counted, .. } = *judged;
    let (parts, asked) = parts(judged, given, by)?;
    let large = |part: &Part| part.rows.len() >= FEWEST && counted.len() - part.rows.len() >= FEWEST;
    let mut slices: Vec<Slice> = parts
        .into_iter()
        .enumerate()
        .map(|(place, part)| {
            let tested = large(&part);
            let Part { by, name, rows } = part;
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
                let p = tested.then(|| stats::two_proportions(k1, n1, k2, n2));
                ("accuracy", share(k1, n1), share(k2, n2), p)
            };
            let (n, p, given) = (rows.len() as u64, p.filter(|_| tested), place < asked);
            let metric = metric.to_owned();
            Slice { row: SliceRow { name, by, given, n, inside: within, outside: without, metric, p }, rows }
        })
        .collect();
    let tested: Vec<usize> = (0..slices.len()).filter(|&i| slices[i].row.p.is_some()).collect();
    let raw: Vec<f64> = tested.iter().filter_map(|&i| slices[i].row.p).collect();
    for (&i, p) in tested.iter().zip(stats::holm(&raw)) {
        slices[i].row.p = Some(p);
    }
    Ok(slices)
}

/// The parts of the counted examples that are looked at, those asked for first, and how many these are.
///
/// # Errors
///
/// As [`slices`].
pub fn parts(judged: &Judged<'_>, given: &[String], by: &[String]) -> Result<(Vec<Part>, usize), Error> {
    let Judged { data, counted, .. } = *judged;
    let mut parts = parts_asked(judged, given, by)?;
    let asked = parts.len();
    if data.has_text && !by.iter().any(|column| column.eq_ignore_ascii_case("length")) {
        by_length(data, &mut parts);
    }
    by_column(data, by, &mut parts);
    let counts: BTreeSet<usize> = counted.iter().copied().collect();
    parts.iter_mut().for_each(|part| part.rows.retain(|row| counts.contains(row)));
    let large = |part: &Part| part.rows.len() >= FEWEST && counted.len() - part.rows.len() >= FEWEST;
    // What was asked for is not measured a second time under another name.
    let found = parts.split_off(asked);
    let new: Vec<Part> =
        found.into_iter().filter(|part| large(part) && parts.iter().all(|known| known.rows != part.rows)).collect();
    parts.extend(new);
    Ok((parts, asked))
}

/// `k` of `n` right, with Wilson's interval.
fn share(k: u64, n: u64) -> Estimate {
    if n == 0 {
        return Estimate::undefined(0);
    }
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

/// Examples that have something in common.
#[derive(Debug, Clone)]
pub struct Part {
    /// The column or property.
    pub by: String,
    /// In words.
    pub name: String,
    /// Rows, ascending.
    pub rows: Vec<usize>,
}

/// Quarters by length in characters, cut where the length changes so that equal lengths stay together.
pub(super) fn by_length(data: &Dataset, parts: &mut Vec<Part>) {
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
        parts.push(Part { by: "length".into(), name, rows });
        from = to.map_or(usize::MAX, |to| to + 1);
    }
}

/// Each value of each metadata column, but for those that were `asked` for.
fn by_column(data: &Dataset, asked: &[String], parts: &mut Vec<Part>) {
    for (i, column) in data.columns.iter().enumerate() {
        if asked.iter().any(|asked| asked.strip_prefix("meta.").unwrap_or(asked).eq_ignore_ascii_case(column)) {
            continue;
        }
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
                parts.push(Part { by: column.clone(), name: format!("{column} = {value}"), rows });
            }
        }
    }
}
