//! Means over labels, or over pairs of labels, of areas under the ROC curve and of average precision.
//!
//! A mean of figures has the mean of their influences as its own. One that weighs labels by support varies with the supports
//! too: an example of a label brings the mean nearer to that label's figure.

use rayon::prelude::*;

use super::areas::{Label, Places, labels, split, variance};
use super::placement::Positives;
use super::{Context, Metrics};
use crate::document::{Estimate, IntervalKind};
use crate::stats::{auc_interval, auc_unseen, precision_unseen, wilson_effective};
use crate::{Annotation, LabelId};

/// Rows of a piece of work, as in `areas`.
const ROWS: usize = 4_096;

/// What is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Areas of labels against the rest.
    Areas,
    /// Average precisions of labels.
    Precisions,
    /// Areas of pairs of labels (Hand and Till 2001, "A simple generalisation of the area under the ROC curve for multiple
    /// class classification problems").
    Pairs,
}

/// One mean.
pub(super) struct Mean {
    name: &'static str,
    of: Of,
    /// Whether labels count by their support.
    by_support: bool,
    /// The share of each label; 0 for those without a figure.
    shares: Vec<f64>,
    /// The shares before they were made to sum to 1.
    weights: Vec<f64>,
    /// What the shares were divided by, so that they sum to 1. The value is divided in the end, once.
    whole: f64,
    value: f64,
    influence: Vec<f64>,
    /// Variance that influences cannot show: of areas with a single positive or negative at its bound, of the others what
    /// an example on the wrong side that the sample does not hold would add.
    hidden: f64,
    /// Squared arms of the labels' own Wilson intervals, for when all figures are perfect.
    below: f64,
    above: f64,
    /// The squared arms of average precisions, and of areas of pairs, that are 1, which influences take to be certain.
    certain: f64,
    absent: Vec<LabelId>,
    /// What an example of each label adds through its support.
    by_label: Vec<f64>,
}

impl Mean {
    /// Whether it needs the areas of the labels against the rest.
    pub fn is_area(&self) -> bool {
        self.of == Of::Areas
    }
}

/// The means that are wanted.
pub(super) struct Means {
    pub list: Vec<Mean>,
    /// The weight of the positives of each label.
    supports: Vec<f64>,
    /// How many labels have positives.
    present: f64,
}

const NAMES: [(&str, Of, bool); 6] = [
    ("roc_auc_ovr", Of::Areas, false),
    ("roc_auc_ovr_weighted", Of::Areas, true),
    ("roc_auc_ovo", Of::Pairs, false),
    ("roc_auc_ovo_weighted", Of::Pairs, true),
    ("average_precision_macro", Of::Precisions, false),
    ("average_precision_weighted", Of::Precisions, true),
];

impl Means {
    pub fn new(context: &Context) -> Self {
        let mean = |&(name, of, by_support): &(&'static str, Of, bool)| Mean {
            name,
            of,
            by_support,
            shares: Vec::new(),
            weights: Vec::new(),
            whole: 1.0,
            value: 0.0,
            influence: Vec::new(),
            hidden: 0.0,
            below: 0.0,
            above: 0.0,
            certain: 0.0,
            absent: Vec::new(),
            by_label: Vec::new(),
        };
        let list = NAMES.iter().filter(|(name, ..)| context.wants(name)).map(mean).collect();
        Self { list, supports: Vec::new(), present: 0.0 }
    }

    /// Whether a mean over pairs of labels is wanted.
    pub fn pairs(&self) -> bool {
        self.list.iter().any(|mean| mean.of == Of::Pairs)
    }

    /// Settles what share each label has.
    pub fn prepare(&mut self, context: &Context, positives: &[Positives]) {
        self.supports = positives.iter().map(Positives::weight).collect();
        self.present = self.supports.iter().filter(|w| **w > 0.0).count() as f64;
        for mean in &mut self.list {
            let takes_part = |(label, &support): (usize, &f64)| {
                let others = context.len > context.units.counts[label].support();
                if support > 0.0 && (others || mean.of != Of::Areas) {
                    return if mean.by_support { support } else { 1.0 };
                }
                0.0
            };
            mean.shares = self.supports.iter().enumerate().map(takes_part).collect();
            let sum: f64 = mean.shares.iter().sum();
            mean.whole = match (mean.of, mean.by_support) {
                (Of::Pairs, true) => 2.0 * self.supports.iter().sum::<f64>() * (self.present - 1.0),
                (Of::Pairs, false) => self.present * (self.present - 1.0),
                _ => sum,
            };
            mean.absent = (0..mean.shares.len()).filter(|&l| mean.shares[l] == 0.0).map(|l| l as LabelId).collect();
            mean.weights = mean.shares.clone();
            mean.shares.iter_mut().for_each(|share| *share /= sum);
            mean.by_label = vec![0.0; mean.shares.len()];
            if context.intervals() {
                mean.influence = vec![0.0; context.len as usize];
            }
        }
    }

    /// How much the area of the ordered pair (a, b) counts in a mean over pairs, to be divided by its `whole`. Each pair
    /// has two areas, whose mean is its own.
    fn pair_share(&self, by_support: bool, a: usize, b: usize) -> f64 {
        let (m, n) = (self.supports[a], self.supports[b]);
        if a == b || m <= 0.0 || n <= 0.0 {
            return 0.0;
        }
        if by_support { m + n } else { 1.0 }
    }

    /// For each mean over pairs and each label b, the share of the pair (`label`, b) divided by the support of b.
    pub fn pair_coefficients(&self, context: &Context, label: LabelId) -> Vec<Vec<f64>> {
        let of_mean = |mean: &Mean| {
            let share = |b: usize| match self.pair_share(mean.by_support, label as usize, b) {
                share if share > 0.0 => share / mean.whole / self.supports[b],
                _ => 0.0,
            };
            (0..context.labels.len()).map(share).collect()
        };
        self.list.iter().filter(|mean| mean.of == Of::Pairs).map(of_mean).collect()
    }

    /// Adds the figures of a block of labels.
    pub fn add(&mut self, context: &Context, block: &[LabelId], found: &[Label], places: &Places) {
        let mut at_pair = 0;
        for i in 0..self.list.len() {
            match self.list[i].of {
                Of::Areas => {
                    for (&label, found) in block.iter().zip(found) {
                        let Some((value, fewer)) = found.figure else { continue };
                        self.list[i].add(label, value, fewer, found.bounded);
                    }
                }
                Of::Precisions => {
                    for (&label, found) in block.iter().zip(found) {
                        let Some(precision) = &found.average_precision else { continue };
                        let positives = context.units.counts[label as usize].support() as f64;
                        self.list[i].add(label, precision.value, positives, false);
                    }
                }
                Of::Pairs => {
                    self.add_pairs(context, i, at_pair, block, found, places);
                    at_pair += 1;
                    continue;
                }
            }
            let mean = &mut self.list[i];
            let (of, shares) = (mean.of, &mean.shares);
            let tables: Vec<Option<(&[f64], &[f64])>> = found
                .iter()
                .map(|found| match of {
                    Of::Precisions => {
                        found.average_precision.as_ref().map(|p| (p.of_positive.as_slice(), p.of_other.as_slice()))
                    }
                    _ => found.figure.map(|_| (found.of_positive.as_slice(), found.of_negative.as_slice())),
                })
                .collect();
            mean.influence.par_chunks_mut(ROWS).zip(places.pieces()).for_each(|(sums, places)| {
                let rows = sums.len();
                for (column, table) in tables.iter().enumerate() {
                    let Some((of_positive, of_other)) = *table else { continue };
                    let share = shares[block[column] as usize];
                    for (sum, &place) in sums.iter_mut().zip(&places[column * rows..(column + 1) * rows]) {
                        *sum += share
                            * match split(place) {
                                (place, true) => of_positive[place / 2],
                                (place, false) => of_other[place],
                            };
                    }
                }
            });
        }
    }

    fn add_pairs(
        &mut self,
        context: &Context,
        i: usize,
        at_pair: usize,
        block: &[LabelId],
        found: &[Label],
        places: &Places,
    ) {
        if self.present < 2.0 {
            return;
        }
        let k = context.labels.len();
        let (by_support, whole) = (self.list[i].by_support, self.list[i].whole);
        // For each label of the block and each other label, the influence of one of the other's examples, c (above - area).
        let mut coefficients: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        let mut of_positives: Vec<Vec<f64>> = Vec::new();
        for (&label, found) in block.iter().zip(found) {
            let (mut scale, mut constant) = (vec![0.0; k], vec![0.0; k]);
            let (mut sum, a) = (0.0, label as usize);
            for b in 0..k {
                let share = self.pair_share(by_support, a, b);
                if share > 0.0 {
                    let area = found.pairs[b] / self.supports[b];
                    sum += share * area;
                    let count = |label: usize| context.units.counts[label].support() as f64;
                    let (share_of_pair, fewer) = (share / whole, count(a).min(count(b)));
                    // The pair's other area mostly errs with this one.
                    self.list[i].hidden += 2.0 * share_of_pair * share_of_pair * auc_unseen(area, fewer);
                    if area >= 1.0 {
                        let arm = share_of_pair * (1.0 - wilson_effective(1.0, fewer).0);
                        self.list[i].certain += 2.0 * arm * arm;
                    }
                    scale[b] = share / whole / self.supports[b];
                    constant[b] = -area * scale[b];
                    self.list[i].by_label[a] += 0.5 * area;
                    self.list[i].by_label[b] += 0.5 * area;
                }
            }
            self.list[i].value += sum;
            let support = self.supports[a];
            let table = found.pair_positive.get(at_pair);
            of_positives
                .push(table.map_or(Vec::new(), |t| t.iter().map(|below| (below - sum / whole) / support).collect()));
            coefficients.push((scale, constant));
        }
        let gold = context.gold();
        self.list[i].influence.par_chunks_mut(ROWS).zip(places.pieces()).enumerate().for_each(
            |(piece, (sums, places))| {
                let rows = sums.len();
                let gold = &gold[piece * ROWS..piece * ROWS + rows];
                for (column, found) in found.iter().enumerate() {
                    if found.pairs.is_empty() {
                        continue;
                    }
                    let ((scale, constant), of_positive) = (&coefficients[column], &of_positives[column]);
                    let places = &places[column * rows..(column + 1) * rows];
                    for ((sum, &place), gold) in sums.iter_mut().zip(places).zip(gold) {
                        let Annotation::Label(gold) = gold else { continue };
                        *sum += match split(place) {
                            (place, true) => of_positive[place / 2],
                            (place, false) => found.above[place] * scale[*gold as usize] + constant[*gold as usize],
                        };
                    }
                }
            },
        );
    }

    /// Notes the means.
    pub fn finish(self, context: &Context, metrics: &mut Metrics) {
        let all: f64 = self.supports.iter().sum();
        let fewest = self.supports.iter().enumerate().filter(|(_, w)| **w > 0.0);
        let fewest = fewest.map(|(label, _)| context.units.counts[label].support()).min().unwrap_or(0) as f64;
        for mut mean in self.list {
            mean.value /= mean.whole;
            if mean.by_support {
                let figures = mean.by_label.iter().zip(&mean.shares);
                let by_label: Vec<f64> = if mean.of == Of::Pairs {
                    figures.map(|(sum, _)| (sum / (self.present - 1.0) - mean.value) / all).collect()
                } else {
                    figures.map(|(f, share)| if *share > 0.0 { (f - mean.value) / mean.whole } else { 0.0 }).collect()
                };
                for (sum, gold) in mean.influence.iter_mut().zip(context.gold()) {
                    *sum += labels(gold).iter().map(|&label| by_label[label as usize]).sum::<f64>();
                }
            }
            let defined = match mean.of {
                Of::Pairs => self.present >= 2.0,
                _ => mean.absent.len() < mean.shares.len(),
            };
            if mean.of == Of::Pairs {
                let (low, high) = wilson_effective(mean.value.clamp(0.0, 1.0), fewest);
                (mean.below, mean.above) = ((mean.value - low).powi(2), (high - mean.value).powi(2));
            }
            metrics.insert(mean.name, mean.estimate(context, defined));
        }
    }
}

impl Mean {
    fn add(&mut self, label: LabelId, value: f64, fewer: f64, bounded: bool) {
        let share = self.shares[label as usize];
        self.value += self.weights[label as usize] * value;
        self.by_label[label as usize] = value;
        if bounded {
            self.hidden += share * share * value * (1.0 - value) / fewer;
        } else if self.of == Of::Precisions {
            self.hidden += share * share * precision_unseen(value, fewer);
        } else {
            self.hidden += share * share * auc_unseen(value, fewer);
        }
        let (low, high) = wilson_effective(value, fewer);
        self.below += (share * (value - low)).powi(2);
        if self.of == Of::Precisions && value >= 1.0 {
            self.certain += (share * (value - low)).powi(2);
        }
        self.above += (share * (high - value)).powi(2);
    }

    fn estimate(self, context: &Context, defined: bool) -> Estimate {
        let n = context.len;
        let mut estimate = if !defined {
            Estimate::undefined(n)
        } else if context.intervals() {
            let value = self.value.clamp(0.0, 1.0);
            let variance = variance(context, self.influence.iter().copied()) + self.hidden;
            let plain = context.units.cluster_of.is_none() && context.units.weights.is_none();
            let kind = if plain && self.of != Of::Precisions { IntervalKind::Delong } else { IntervalKind::Delta };
            let ends = if variance > 1e-24 && value > 0.0 && value < 1.0 {
                let (low, high) = auc_interval(value, Some(variance), 0.0);
                ((value - (value - low).hypot(self.certain.sqrt())).max(0.0), high)
            } else {
                ((value - self.below.sqrt()).max(0.0), (value + self.above.sqrt()).min(1.0))
            };
            Estimate::new(value, ends, n, kind)
        } else {
            Estimate::point(self.value.clamp(0.0, 1.0), n)
        };
        estimate.undefined = context.names(self.absent);
        estimate
    }
}
