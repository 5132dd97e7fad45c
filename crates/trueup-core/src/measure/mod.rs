//! Every metric of a checked pair, each with its 95 % interval.
//!
//! The answers are counted once, into a [`Tally`] a label and unit (see `units`); every ratio
//! derives from those counts:
//!
//! - **Ratios** of counts: accuracy, micro averages, a label's precision, recall and F1. Wilson's interval where the
//!   trials are independent examples; else the cluster-robust delta method in Wilson's shape ([`Ratio`]). F1 is a
//!   rising function of Jaccard's index J = TP / (TP + FP + FN), F1 = 2J / (1 + J), and J is a proportion, so F1 has
//!   the interval of J carried over.
//! - **Averages** over labels, Matthews' and Cohen's coefficients (`averages`): the BCa bootstrap over units; with very
//!   many units the jackknife's standard error (a delta method).
//! - **Scores**: means of losses by the delta method, areas under the ROC curve by DeLong (`scores`, `areas`), average
//!   precision, risk and coverage by the delta method from the influence of each example (`placement`, `confidence`).
//!
//! [`measure`] starts from rows, [`measure_counts`] from a confusion matrix. Which metrics are measured says [`Selection`];
//! [`catalogue`] lists them. Curves over all thresholds are in [`curves`], shares of confusion matrices in [`confusion`].
//!
//! The unit is the example; the cluster where the pair has clusters; the sentence for NER.
//!
//! # Weights
//!
//! With weights ([`Pair::with_weights`]) every count is a sum of weights. They are importance, not repetition: the figures
//! are those of as many copies, the intervals those of the examples there are. Weights count relative to each other and are
//! brought to the mean 1 first; Wilson's intervals give way to the delta method's, and where trials are counted, those of
//! weights w are worth (Σ w)² / Σ w² of one weight (Kish 1965, "Survey sampling").
//!
//! # When the data cannot show how a figure varies
//!
//! All right on 40 examples, every resample is all right too, and a bootstrap interval would be [1, 1]. Then:
//!
//! - a ratio counts each unit as one trial of Wilson's interval (40 of 40: 0.912 to 1);
//! - in an average, a label whose term is 0 or 1 has the arms of its own interval, which are joined to those of the
//!   bootstrap: the squares of the arms add up (the method of variance estimates recovery; Zou and Donner 2008,
//!   "Construction of confidence limits about effect measures"). Without this, macro averages over rare labels that
//!   happen to be all right cover too seldom (0.84 to 0.90 in the simulations of this crate's tests);
//! - the chance-corrected coefficients and the means of losses move by what Wilson's interval leaves unseen, a share
//!   z² / (n + z²) of the units, taken as wrong (or right) as can be. For 40 units this is 8.8 %, and about 4 / n for
//!   many: the rule of three, two-sided.
//!
//! With a single cluster or sentence there is no interval at all.

mod areas;
mod averages;
mod calibration;
pub mod catalogue;
mod coefficients;
mod confidence;
pub mod confusion;
pub mod curves;
mod labels;
mod means;
mod placement;
mod ratios;
mod resample;
mod scores;
mod selection;
mod sets;
mod thresholds;
mod units;

use std::collections::{BTreeMap, BTreeSet};

use crate::counts::{ConfusionCounts, Tallies, Tally, WeightedTally};
use crate::document::{Confusion, ConfusionAxes, Estimate, IntervalKind, LabelRow};
use crate::stats::{Ratio, wilson_effective};
use crate::{Annotation, LabelId, LabelSet, Pair, Task};
pub(crate) use curves::{Bins, bins_of};
pub(crate) use scores::log_loss_cell;
pub use selection::{Names, Selection, SelectionError};
use units::{Extra, Units};

/// What to measure, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureOptions {
    /// Seed of the resamples.
    pub seed: u64,
    /// How many resamples the bootstrap draws.
    pub resamples: u32,
    /// The positive label of a task of two labels; the rarer in gold when not given (of two as rare, the later). Of no
    /// effect with other numbers of labels.
    pub positive: Option<LabelId>,
    /// What mistakes cost, when stated; adds the metric `expected_cost`.
    pub costs: Option<Costs>,
    /// Leave undefined terms out of macro precision and recall, and examples without any label out of the sample
    /// averages, instead of counting them 0.
    pub macro_defined: bool,
    /// Whether to make intervals; without, only the figures.
    pub intervals: bool,
    /// Which metrics to measure.
    pub metrics: Selection,
}

impl Default for MeasureOptions {
    fn default() -> Self {
        Self {
            seed: 42,
            resamples: 2_000,
            positive: None,
            costs: None,
            macro_defined: false,
            intervals: true,
            metrics: Selection::Default,
        }
    }
}

/// With fewer gold examples of a label than this, intervals that rest on it are marked [`wide`](Estimate::wide): their
/// measured coverage is below that of the others.
const FEW_GOLD: u64 = 20;

/// What mistakes cost, in any unit, by label id.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    /// The cost of missing the label: it is gold and not predicted.
    pub miss: Vec<f64>,
    /// The cost of a false alarm: the label is predicted and not gold.
    pub false_alarm: Vec<f64>,
}

/// Every figure of a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// The metrics by name; each is described in [`catalogue`]. A metric that has no value, such as log loss without
    /// scores, is there without a value.
    pub metrics: BTreeMap<String, Estimate>,
    /// Precision, recall and F1 of every label of the set, in label order, without training support. The area under the
    /// ROC curve is there when a mean of areas is measured.
    pub labels: Vec<LabelRow>,
    /// Other metrics of each label, in label order, where they are named: `specificity`, `npv`, `jaccard`, F-beta,
    /// `average_precision`, `mce` and the like, by the name of the metric.
    pub by_label: BTreeMap<String, Vec<Estimate>>,
    /// Who is taken for whom; `None` for multi-label tasks.
    pub confusion: Option<Confusion>,
    /// The counts behind the ratios, each example counted once.
    pub tallies: Tallies,
    /// The sums of weights behind the ratios, by label, when examples have weights.
    pub weighted: Option<Vec<WeightedTally>>,
}

/// Measures `pair`. Panics when stated costs are not one a label.
///
/// # Example
///
/// ```
/// use trueup_core::measure::{MeasureOptions, measure};
/// use trueup_core::{Annotation, LabelSet, Pair, Predictions, Task};
///
/// let labels = LabelSet::new(["ham", "spam"]);
/// let gold: Vec<_> = [0, 0, 0, 1].map(Annotation::Label).into();
/// let answers = [0, 0, 1, 1].map(Annotation::Label).into();
/// let predictions = Predictions { labels: labels.clone(), answers, scores: None, span_scores: None };
/// let pair = Pair::new(Task::Classification, &labels, &gold, &predictions, None)?;
/// let measures = measure(&pair, &MeasureOptions::default());
/// assert_eq!(measures.metrics["accuracy"].value, Some(0.75));
/// assert_eq!(measures.metrics["precision"].value, Some(0.5));
/// assert_eq!(measures.metrics["log_loss"].value, None);
/// # Ok::<(), trueup_core::DoorError>(())
/// ```
pub fn measure(pair: &Pair, options: &MeasureOptions) -> Measures {
    let context = Context {
        task: pair.task(),
        labels: pair.labels(),
        len: pair.len() as u64,
        source: Source::Pair(pair),
        options,
        units: Units::new(pair, None),
        wanted: options.metrics.names(pair.task()).into_iter().collect(),
    };
    context.measures(confusion::confusion(pair))
}

/// Measures a single-label task of which only the counts of gold against prediction are known, with no pass over rows:
/// what [`measure`] gives for those rows without scores, to the last bit. `confusion` counts by the ids of `labels`.
/// Panics when it is of another number of labels, or when stated costs are not one a label.
///
/// # Example
///
/// ```
/// use trueup_core::LabelSet;
/// use trueup_core::counts::ConfusionCounts;
/// use trueup_core::measure::{MeasureOptions, measure_counts};
///
/// let counts = ConfusionCounts::from_cells(2, vec![2, 1, 0, 1]);
/// let measures = measure_counts(&LabelSet::new(["ham", "spam"]), &counts, &MeasureOptions::default());
/// assert_eq!(measures.metrics["accuracy"].value, Some(0.75));
/// assert_eq!(measures.metrics["precision"].value, Some(0.5));
/// ```
pub fn measure_counts(labels: &LabelSet, confusion: &ConfusionCounts, options: &MeasureOptions) -> Measures {
    assert_eq!(labels.len(), confusion.labels(), "counts of as many labels as there are names");
    let context = Context {
        task: Task::Classification,
        labels,
        len: confusion.total(),
        source: Source::Counts(confusion),
        options,
        units: Units::of_counts(confusion, None),
        wanted: options.metrics.names(Task::Classification).into_iter().collect(),
    };
    let (names, axes) = (labels.names().to_vec(), ConfusionAxes::default());
    context.measures(Some(Confusion { labels: names, counts: confusion.rows(), axes }))
}

/// The counts of a unit of a task of spans, a sentence or document: of the labels that occur in it, by label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnitCounts {
    /// True positives, false positives and false negatives of each label, labels ascending.
    pub cells: Vec<(LabelId, Tally)>,
}

/// Measures a task of spans from the counts of its units alone: `units` are the kinds of units, each with how many there
/// are, and `confusion` is handed on. Every figure and interval is that of [`measure`] on the documents.
///
/// This is the way of millions of sentences: memory is that of the kinds, however many sentences there are.
pub fn measure_units(
    labels: &LabelSet,
    units: impl IntoIterator<Item = (UnitCounts, u64)>,
    confusion: Option<Confusion>,
    options: &MeasureOptions,
) -> Measures {
    let units = Units::of_spans(units, labels.len());
    let context = Context {
        task: Task::Ner,
        labels,
        len: units.total,
        source: Source::Units,
        options,
        units,
        wanted: options.metrics.names(Task::Ner).into_iter().collect(),
    };
    context.measures(confusion)
}

/// The metrics measured so far.
struct Metrics<'a> {
    wanted: &'a BTreeSet<String>,
    found: BTreeMap<String, Estimate>,
    by_label: BTreeMap<String, Vec<Estimate>>,
}

impl Metrics<'_> {
    /// Notes a figure, if it is wanted.
    fn insert(&mut self, name: &str, estimate: Estimate) {
        if self.wanted.contains(name) {
            self.found.insert(name.to_owned(), estimate);
        }
    }

    /// Notes a figure of each label, and that of the positive one of two.
    fn one_of_two(&mut self, context: &Context, name: &str, rows: Vec<Estimate>) {
        if let Some(positive) = context.positive() {
            self.insert(name, rows[positive as usize].clone());
        }
        self.by_label.insert(name.to_owned(), rows);
    }
}

/// Where the counts come from.
enum Source<'a> {
    Pair(&'a Pair<'a>),
    Counts(&'a ConfusionCounts),
    /// Only the units are known.
    Units,
}

/// What every family of metrics works from.
struct Context<'a> {
    task: Task,
    labels: &'a LabelSet,
    /// How many examples there are.
    len: u64,
    source: Source<'a>,
    options: &'a MeasureOptions,
    units: Units,
    /// The names of the metrics to measure.
    wanted: BTreeSet<String>,
}

impl Context<'_> {
    fn measures(&self, confusion: Option<Confusion>) -> Measures {
        if let Some(costs) = &self.options.costs {
            let k = self.labels.len();
            assert!(costs.miss.len() == k && costs.false_alarm.len() == k, "one cost of each kind a label");
        }
        let mut metrics = Metrics { wanted: &self.wanted, found: BTreeMap::new(), by_label: BTreeMap::new() };
        ratios::metrics(self, &mut metrics);
        averages::metrics(self, &mut metrics);
        let areas = match self.task {
            Task::Ner => None,
            Task::Classification => {
                scores::metrics(self, &mut metrics);
                thresholds::metrics(self, &mut metrics);
                areas::metrics(self, &mut metrics)
            }
            Task::Multilabel => {
                sets::metrics(self, &mut metrics);
                areas::metrics(self, &mut metrics)
            }
        };
        let mut labels = labels::rows(self, areas);
        self.mark_wide(&mut metrics, &mut labels);
        Measures {
            metrics: metrics.found,
            by_label: metrics.by_label,
            labels,
            confusion,
            tallies: Tallies::from_labels(self.units.counts.clone()),
            weighted: self.units.weighted(),
        }
    }

    /// Marks the figures that rest on a label of few gold examples: those of the label itself, and those in which every
    /// label counts the same or shapes the whole.
    fn mark_wide(&self, metrics: &mut Metrics, labels: &mut [LabelRow]) {
        let few = |support: u64| support > 0 && support < FEW_GOLD;
        let rarest = self.units.counts.iter().map(Tally::support).any(few);
        let shares = |name: &str| {
            ["_macro", "matthews", "cohen", "balanced", "roc_auc", "average_precision"]
                .iter()
                .any(|part| name.contains(part))
        };
        for (name, estimate) in &mut metrics.found {
            let of_positive = catalogue::find(name).is_some_and(|metric| metric.two);
            let positive = if of_positive { self.positive() } else { None };
            let own = positive.is_some_and(|label| few(self.units.counts[label as usize].support()));
            estimate.wide = estimate.low.is_some() && (own || rarest && shares(name));
        }
        for rows in metrics.by_label.values_mut() {
            for (estimate, counts) in rows.iter_mut().zip(&self.units.counts) {
                estimate.wide = estimate.low.is_some() && few(counts.support());
            }
        }
        for row in labels.iter_mut().filter(|row| few(row.support)) {
            for estimate in [&mut row.precision, &mut row.recall, &mut row.f1].into_iter().chain(&mut row.roc_auc) {
                estimate.wide = estimate.low.is_some();
            }
        }
    }

    /// The counts of all labels together: with weights, and each example once.
    fn total(&self) -> (WeightedTally, Tally) {
        let (mut all, mut counts) = (WeightedTally::default(), Tally::default());
        self.units.tallies.iter().for_each(|&tally| all.merge(tally, 1.0));
        self.units.counts.iter().for_each(|&tally| counts.merge(tally));
        (all, counts)
    }

    /// The rows of scores, when there are any.
    fn scores(&self) -> Option<&[&[f64]]> {
        self.pair().and_then(Pair::scores)
    }

    /// The gold answers of the rows, when there are any.
    fn gold(&self) -> &[&Annotation] {
        self.pair().map_or(&[], Pair::gold)
    }

    /// The rows, when there are any.
    fn pair(&self) -> Option<&Pair<'_>> {
        match self.source {
            Source::Pair(pair) => Some(pair),
            Source::Counts(_) | Source::Units => None,
        }
    }

    /// Whether the metric called `name` is to be measured.
    fn wants(&self, name: &str) -> bool {
        self.wanted.contains(name)
    }

    /// The members of the family called `name` that are to be measured, with their numbers.
    fn family(&self, name: &str) -> Vec<(String, f64)> {
        let Some(metric) = catalogue::find(name) else { return Vec::new() };
        let of = |wanted: &String| catalogue::find(wanted).is_some_and(|found| found.name == metric.name);
        let member = |wanted: &String| Some((wanted.clone(), metric.number(wanted)?));
        self.wanted.iter().filter(|wanted| of(wanted)).filter_map(member).collect()
    }

    /// The units with sums that the counts of labels do not tell.
    fn units_with(&self, extra: Extra) -> Units {
        match self.source {
            Source::Pair(pair) => Units::new(pair, Some(extra)),
            Source::Counts(counts) => Units::of_counts(counts, Some(extra)),
            Source::Units => self.units.clone(),
        }
    }

    /// Whether an interval can and shall be made: a single dependent unit has none.
    fn intervals(&self) -> bool {
        self.options.intervals && (self.units.independent || self.units.total > 1)
    }

    /// The figure `value` with the interval of the proportion `ratio`, carried over by the rising function `map`.
    ///
    /// `trials` tells that the denominator counts independent examples, one each.
    fn proportion(
        &self,
        value: Option<f64>,
        n: u64,
        ratio: Option<Ratio>,
        trials: bool,
        map: fn(f64) -> f64,
    ) -> Estimate {
        let (Some(value), Some(ratio)) = (value, ratio) else {
            return Estimate::undefined(n);
        };
        if !self.intervals() {
            return Estimate::point(value, n);
        }
        let ((low, high), kind) = if trials && self.units.independent {
            (wilson_effective(ratio.value, ratio.whole), IntervalKind::Wilson)
        } else {
            (ratio.proportion(), IntervalKind::Delta)
        };
        Estimate::new(value, (map(low).min(value), map(high).max(value)), n, kind)
    }

    /// A mean of losses, which are not negative, with its interval. `ends` are the least and the greatest that the mean could be if every
    /// example were as right or as wrong as can be; they serve when the losses are all equal.
    fn mean(&self, ratio: Option<Ratio>, n: u64, ends: (f64, f64)) -> Estimate {
        let Some(ratio) = ratio else {
            return Estimate::undefined(n);
        };
        let value = ratio.value;
        match ratio.mean() {
            Some((low, high)) if self.intervals() => {
                let (low, high) = if high > low { (low.max(0.0), high) } else { self.unseen(value, ends) };
                Estimate::new(value, (low.min(value), high.max(value)), n, IntervalKind::Delta)
            }
            _ => Estimate::point(value, n),
        }
    }

    /// How far a figure moves when the share of units that could go unseen is as bad, or as good, as can be.
    fn unseen(&self, value: f64, (least, greatest): (f64, f64)) -> (f64, f64) {
        let share = self.unseen_share();
        (value - share * (value - least).max(0.0), value + share * (greatest - value).max(0.0))
    }

    /// The share of units that Wilson's interval leaves to what none of them showed.
    fn unseen_share(&self) -> f64 {
        1.0 - wilson_effective(1.0, self.units.effective).0
    }

    /// The names of `labels`.
    fn names(&self, labels: impl IntoIterator<Item = LabelId>) -> Vec<String> {
        labels.into_iter().map(|label| self.labels.name(label).to_owned()).collect()
    }

    /// The positive label of a task of two labels.
    fn positive(&self) -> Option<LabelId> {
        if self.task != Task::Classification || self.labels.len() != 2 {
            return None;
        }
        let support = |label: usize| self.units.tallies[label].support();
        Some(self.options.positive.unwrap_or_else(|| LabelId::from(support(1) <= support(0))))
    }
}

#[cfg(test)]
mod tests;
