//! Areas under the ROC curve and average precision: of each label against the rest, their means, and of pairs of labels.
//!
//! Labels are worked through in blocks, whose cells are read in one sweep of the rows; in a block the places of all cells
//! are found by rows in parallel (see `placement`), the figures of each label by labels in parallel, and the influences of
//! each row on the means again by rows. Sums run in the order of labels and rows, whatever the number of threads.

use rayon::prelude::*;

use super::means::{Mean, Means};
use super::placement::{Place, Positives, Precision};
use super::{Context, Metrics};
use crate::document::{Estimate, IntervalKind};
use crate::stats::{auc_interval, precision_unseen, wilson_effective};
use crate::{Annotation, LabelId};

/// Labels whose cells are read in one sweep: eight scores are a line of the cache.
const BLOCK: usize = 8;

/// Rows of a piece of work.
const ROWS: usize = 4_096;

/// Marks the place of a positive.
const POSITIVE: Place = 1 << 31;

/// Adds the areas and the average precisions to `metrics` and returns the areas of the labels; `None` without scores or
/// when no mean of areas is wanted.
pub(super) fn metrics(context: &Context, metrics: &mut Metrics) -> Option<Vec<Estimate>> {
    let mut means = Means::new(context);
    let areas = ["roc_auc", "roc_auc_ovr", "roc_auc_ovr_weighted"].iter().any(|name| context.wants(name));
    let precisions = context.wanted.iter().any(|name| name.starts_with("average_precision"));
    let Some(scores) = context.scores() else {
        let n = context.len;
        for name in context.wanted.iter().filter(|n| n.starts_with("roc_auc") || n.starts_with("average_precision")) {
            let alone = matches!(name.as_str(), "roc_auc" | "average_precision") || name.starts_with("roc_auc_partial");
            if !alone || context.positive().is_some() {
                metrics.insert(name, Estimate::undefined(n));
            }
        }
        return None;
    };
    if !areas && !precisions && means.list.is_empty() {
        return None;
    }
    let positives = positives(context, scores);
    means.prepare(context, &positives);
    let (mut area_rows, mut precision_rows) = (Vec::new(), Vec::new());
    let labels: Vec<LabelId> = context.labels.ids().collect();
    for block in labels.chunks(BLOCK) {
        let places = places(context, scores, block, &positives);
        let wanted = (areas || means.list.iter().any(Mean::is_area), precisions);
        let of_labels: Vec<Label> = block
            .par_iter()
            .enumerate()
            .map(|(column, &label)| {
                Label::new(context, &means, label, &positives[label as usize], &places, column, wanted)
            })
            .collect();
        means.add(context, block, &of_labels, &places);
        for label in of_labels {
            area_rows.push(label.area);
            precision_rows.push(label.precision);
        }
    }
    means.finish(context, metrics);
    if let Some(positive) = context.positive().filter(|_| areas) {
        metrics.insert("roc_auc", area_rows[positive as usize].clone());
    }
    if context.wants("average_precision") {
        metrics.one_of_two(context, "average_precision", precision_rows);
    }
    areas.then_some(area_rows)
}

/// The scores of the positives of every label.
fn positives(context: &Context, scores: &[&[f64]]) -> Vec<Positives> {
    let mut found: Vec<Vec<(f64, f64)>> = vec![Vec::new(); context.labels.len()];
    for (row, (gold, scores)) in context.gold().iter().zip(scores).enumerate() {
        let weight = context.units.weights.as_ref().map_or(1.0, |w| w[row]);
        labels(gold).iter().for_each(|&label| found[label as usize].push((scores[label as usize], weight)));
    }
    found.into_par_iter().map(Positives::new).collect()
}

/// The labels of an answer to a label task.
pub(super) fn labels(answer: &Annotation) -> &[LabelId] {
    match answer {
        Annotation::Label(label) => std::slice::from_ref(label),
        Annotation::Labels(labels) => labels,
        Annotation::Spans(_) => &[],
    }
}

/// The places of the cells of a block of labels: pieces of rows one after another, in each the labels one after another.
pub(super) struct Places {
    places: Vec<Place>,
    columns: usize,
}

impl Places {
    /// The places of one label, by row.
    fn column(&self, column: usize) -> impl Iterator<Item = Place> + '_ {
        self.places.chunks(ROWS * self.columns).flat_map(move |piece| {
            let rows = piece.len() / self.columns;
            piece[column * rows..(column + 1) * rows].iter().copied()
        })
    }

    /// The pieces of rows with the first row of each; in a piece the labels lie one after another.
    pub fn pieces(&self) -> impl IndexedParallelIterator<Item = &[Place]> {
        self.places.par_chunks(ROWS * self.columns)
    }
}

/// Splits a place into what it is and whether it is that of a positive.
pub(super) fn split(place: Place) -> (usize, bool) {
    ((place & !POSITIVE) as usize, place & POSITIVE != 0)
}

fn places(context: &Context, scores: &[&[f64]], block: &[LabelId], positives: &[Positives]) -> Places {
    let (columns, first) = (block.len(), block[0]);
    let mut places: Vec<Place> = vec![0; scores.len() * columns];
    let gold = context.gold();
    places.par_chunks_mut(ROWS * columns).enumerate().for_each(|(piece, places)| {
        let rows = places.len() / columns;
        let start = piece * ROWS;
        for (column, (places, &label)) in places.chunks_mut(rows).zip(block).enumerate() {
            let positives = &positives[label as usize];
            if positives.len() == 0 {
                continue;
            }
            let at = first as usize + column;
            for (place, scores) in places.iter_mut().zip(&scores[start..start + rows]) {
                *place = positives.place(scores[at]);
            }
        }
        for (row, gold) in gold[start..start + rows].iter().enumerate() {
            for &label in labels(gold) {
                if let Some(column) = label.checked_sub(first).filter(|column| (*column as usize) < columns) {
                    places[column as usize * rows + row] |= POSITIVE;
                }
            }
        }
    });
    Places { places, columns }
}

/// The figures of one label against the rest, with the tables that turn the place of an example into its influence.
pub(super) struct Label {
    pub area: Estimate,
    pub precision: Estimate,
    /// The area and the number of positives or negatives, whichever are fewer; `None` without either.
    pub figure: Option<(f64, f64)>,
    /// Whether the variance of the area is only known by its bound.
    pub bounded: bool,
    /// Influences on the area: of a positive at each distinct score, of a negative at each place.
    pub of_positive: Vec<f64>,
    pub of_negative: Vec<f64>,
    pub average_precision: Option<Precision>,
    /// For each other label: Σ over its examples of the share of positives above them; and the weights of those.
    pub pairs: Vec<f64>,
    /// The share of positives above each place.
    pub above: Vec<f64>,
    /// For each mean over pairs of labels the influence of a positive at each distinct score.
    pub pair_positive: Vec<Vec<f64>>,
}

impl Label {
    fn new(
        context: &Context,
        means: &Means,
        label: LabelId,
        positives: &Positives,
        places: &Places,
        column: usize,
        (areas, precisions): (bool, bool),
    ) -> Self {
        let n = context.len;
        let mut found = Self {
            area: Estimate::undefined(n),
            precision: Estimate::undefined(n),
            figure: None,
            bounded: false,
            of_positive: Vec::new(),
            of_negative: Vec::new(),
            average_precision: None,
            pairs: Vec::new(),
            above: Vec::new(),
            pair_positive: Vec::new(),
        };
        if positives.len() == 0 {
            return found;
        }
        let width = 2 * positives.len() + 1;
        let mut others = vec![0.0; width];
        let weights = context.units.weights.as_deref();
        for (row, place) in places.column(column).enumerate() {
            if let (place, false) = split(place) {
                others[place] += weights.map_or(1.0, |w| w[row]);
            }
        }
        if areas {
            found.area(context, positives, &others, places, column);
        }
        if precisions {
            let m = context.units.counts[label as usize].support() as f64;
            found.average_precision(context, positives, &others, places, column, m);
        }
        if means.pairs() {
            found.above = positives.share_above();
            found.one_versus_one(context, means, label, positives, places, column);
        }
        found
    }

    /// The area under the ROC curve: the chance that a positive scores above a negative, ties counting half.
    fn area(&mut self, context: &Context, positives: &Positives, others: &[f64], places: &Places, column: usize) {
        let (below, n) = positives.others_below(others);
        let m = positives.weight();
        if n <= 0.0 {
            return;
        }
        let above = positives.share_above();
        let value = below.iter().zip(&positives.at).map(|(below, weight)| below * weight).sum::<f64>() / (m * n);
        let plain = context.units.cluster_of.is_none() && context.units.weights.is_none();
        self.of_positive = below.iter().map(|below| (below / n - value) / m).collect();
        self.of_negative = above.iter().map(|above| (above - value) / n).collect();
        let (variance, fewer, kind) = if plain {
            // DeLong's variance, from the numbers of examples at each place.
            let of_positives: f64 = below.iter().zip(&positives.at).map(|(b, w)| w * (b / n - value).powi(2)).sum();
            let of_negatives: f64 = above.iter().zip(others).map(|(a, w)| w * (a - value).powi(2)).sum();
            let variance = of_positives / (m - 1.0) / m + of_negatives / (n - 1.0) / n;
            ((m > 1.0 && n > 1.0).then_some(variance), m.min(n), IntervalKind::Delong)
        } else {
            let fewer = fewer(context, places, column);
            let variance = context.intervals().then(|| {
                variance(
                    context,
                    places.column(column).map(|place| match split(place) {
                        (place, true) => self.of_positive[place / 2],
                        (place, false) => self.of_negative[place],
                    }),
                )
            });
            (variance, fewer, IntervalKind::Delta)
        };
        self.bounded = variance.is_none();
        self.figure = Some((value, fewer));
        self.area = if context.intervals() {
            Estimate::new(value, auc_interval(value, variance, fewer), context.len, kind)
        } else {
            Estimate::point(value, context.len)
        };
    }

    /// Average precision; its interval is made on the logit scale as that of an area.
    fn average_precision(
        &mut self,
        context: &Context,
        positives: &Positives,
        others: &[f64],
        places: &Places,
        column: usize,
        m: f64,
    ) {
        let Some(precision) = Precision::new(positives, others) else { return };
        let value = precision.value;
        self.precision = if context.intervals() {
            let variance = variance(
                context,
                places.column(column).map(|place| match split(place) {
                    (place, true) => precision.of_positive[place / 2],
                    (place, false) => precision.of_other[place],
                }),
            );
            let ends = if value < 1.0 {
                auc_interval(value, Some(variance + precision_unseen(value, m)), 0.0)
            } else {
                wilson_effective(value, m)
            };
            Estimate::new(value, ends, context.len, IntervalKind::Delta)
        } else {
            Estimate::point(value, context.len)
        };
        self.average_precision = Some(precision);
    }

    /// The chance of scoring above an example of each other label, and what a positive adds to the means over pairs.
    fn one_versus_one(
        &mut self,
        context: &Context,
        means: &Means,
        label: LabelId,
        positives: &Positives,
        places: &Places,
        column: usize,
    ) {
        let gold = context.gold();
        let weights = context.units.weights.as_deref();
        self.pairs = vec![0.0; context.labels.len()];
        let coefficients: Vec<Vec<f64>> = means.pair_coefficients(context, label);
        let mut others = vec![vec![0.0; 2 * positives.len() + 1]; coefficients.len()];
        for (row, place) in places.column(column).enumerate() {
            let ((place, false), Annotation::Label(gold)) = (split(place), gold[row]) else { continue };
            let weight = weights.map_or(1.0, |w| w[row]);
            self.pairs[*gold as usize] += weight * self.above[place];
            for (others, coefficients) in others.iter_mut().zip(&coefficients) {
                others[place] += weight * coefficients[*gold as usize];
            }
        }
        self.pair_positive = others.iter().map(|others| positives.others_below(others).0).collect();
    }
}

/// How many examples, or clusters, hold a positive or a negative, whichever are fewer.
fn fewer(context: &Context, places: &Places, column: usize) -> f64 {
    let Some(of) = &context.units.cluster_of else {
        let (mut positives, mut all) = (0.0, 0.0);
        for place in places.column(column) {
            positives += f64::from(u8::from(split(place).1));
            all += 1.0;
        }
        return f64::min(positives, all - positives);
    };
    let mut held = vec![[false; 2]; context.units.clusters];
    of.iter().zip(places.column(column)).for_each(|(&c, place)| held[c as usize][usize::from(split(place).1)] = true);
    let count = |side: usize| held.iter().filter(|held| held[side]).count();
    count(0).min(count(1)) as f64
}

/// The variance of a figure from the influence of each example, summed within units.
pub(super) fn variance(context: &Context, influence: impl Iterator<Item = f64>) -> f64 {
    let weights = context.units.weights.as_deref();
    let weighted = influence.enumerate().map(|(row, i)| i * weights.map_or(1.0, |w| w[row]));
    let squares: f64 = match &context.units.cluster_of {
        None => weighted.map(|i| i * i).sum(),
        Some(of) => {
            let mut sums = vec![0.0; context.units.clusters];
            of.iter().zip(weighted).for_each(|(&cluster, i)| sums[cluster as usize] += i);
            sums.iter().map(|s| s * s).sum()
        }
    };
    let units = context.units.total as f64;
    squares * units / (units - 1.0)
}

/// The interval of a share that `influence` makes vary, and examples that the sample does not hold by the variance
/// `unseen`; or of `trials` trials where it is 0 or 1.
pub(super) fn share(context: &Context, value: f64, influence: &[f64], unseen: f64, trials: f64, n: u64) -> Estimate {
    if !context.intervals() {
        return Estimate::point(value, n);
    }
    let variance = variance(context, influence.iter().copied()) + unseen;
    let ends = if variance > 1e-24 && value > 0.0 && value < 1.0 {
        auc_interval(value, Some(variance), 0.0)
    } else {
        wilson_effective(value.clamp(0.0, 1.0), trials)
    };
    Estimate::new(value, (ends.0.min(value), ends.1.max(value)), n, IntervalKind::Delta)
}
