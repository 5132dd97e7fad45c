//! Planted comparisons: two models' answers to the same examples, with the differences they make.

use std::collections::BTreeMap;

use trueup_core::document::{
    Compared, ComparedLabel, ComparedMetric, Comparison, Contestant, Difference, Flips, ModelAgreement, PairedTest,
    Standing,
};
use trueup_core::stats::{Z95, holm, normal_cdf};
use trueup_core::{Annotation, LabelId};

use super::Plant;
use crate::review::Versus;

/// So many examples with the same gold and the same two answers.
#[derive(Clone, Copy)]
struct Cell {
    gold: LabelId,
    baseline: LabelId,
    candidate: LabelId,
    n: u64,
}

/// Of one label under one model: right, wrongly answered, missed.
#[derive(Clone, Copy, Default)]
struct Tally {
    tp: f64,
    fp: f64,
    fn_: f64,
}

impl Tally {
    fn precision(self) -> Option<f64> {
        (self.tp + self.fp > 0.0).then(|| self.tp / (self.tp + self.fp))
    }

    fn recall(self) -> Option<f64> {
        (self.tp + self.fn_ > 0.0).then(|| self.tp / (self.tp + self.fn_))
    }

    fn f1(self) -> Option<f64> {
        let all = 2.0 * self.tp + self.fp + self.fn_;
        (all > 0.0).then(|| 2.0 * self.tp / all)
    }
}

/// What is made of the tallies of one model.
type Figure<'f> = &'f dyn Fn(&[Tally]) -> Option<f64>;

impl Plant {
    /// A comparison of `(gold, the baseline's answer, the candidate's answer)` with how often each occurs. All figures are
    /// those of these answers; intervals and p-values are of the jackknife. Accuracy decides; within a point is the same.
    /// Two labels have precision, recall and F1 of the second one too.
    pub fn versus(cells: &[(&str, &str, &str, u64)]) -> Self {
        let mut support: BTreeMap<&str, u64> = BTreeMap::new();
        cells.iter().for_each(|&(gold, baseline, candidate, n)| {
            *support.entry(gold).or_default() += n;
            support.entry(baseline).or_default();
            support.entry(candidate).or_default();
        });
        let counts: Vec<(&str, u64)> = support.into_iter().collect();
        let answers: Vec<(&str, &str, u64)> = cells.iter().map(|&(gold, _, answer, n)| (gold, answer, n)).collect();
        let plant = Self::split(&counts, &[]).answers(&answers);
        let id = |name: &str| plant.labels.id(name).expect("a planted label");
        let cells: Vec<Cell> = cells
            .iter()
            .map(|&(gold, baseline, candidate, n)| Cell {
                gold: id(gold),
                baseline: id(baseline),
                candidate: id(candidate),
                n,
            })
            .collect();
        let found = versus(plant.labels.names(), &cells);
        plant.with(move |e| e.versus = Some(found.clone()))
    }

    /// Changes the comparison, whatever it is.
    #[must_use]
    pub fn compared(self, change: impl Fn(&mut Comparison) + 'static) -> Self {
        self.with(move |e| change(&mut e.versus.as_mut().expect("a comparison was planted").comparison))
    }

    /// Lets the metric `name` decide.
    #[must_use]
    pub fn decided_by(self, name: &'static str) -> Self {
        self.compared(move |c| {
            let at = c.metrics.iter().position(|metric| metric.name == name).expect("a planted metric");
            let metric = c.metrics.remove(at);
            c.metric = name.to_owned();
            c.standing = metric.compared.standing;
            c.metrics.insert(0, metric);
        })
    }
}

/// A figure that moved from `baseline` to `candidate`, with the standing and a p-value that goes with it.
pub fn moved(baseline: f64, candidate: f64, standing: Standing) -> Compared {
    let difference = candidate - baseline;
    let half = if matches!(standing, Standing::Better | Standing::Worse) { 0.4 } else { 1.6 } * difference.abs();
    Compared {
        baseline: Some(baseline),
        candidate: Some(candidate),
        difference: Difference {
            value: Some(difference),
            low: Some(difference - half),
            high: Some(difference + half),
            test: PairedTest::Resampling,
        },
        p: Some(if half < difference.abs() { 1e-6 } else { 0.3 }),
        p_adjusted: None,
        standing,
    }
}

fn versus(names: &[String], cells: &[Cell]) -> Versus {
    let k = names.len();
    let n: u64 = cells.iter().map(|cell| cell.n).sum();
    let share_right = |tallies: &[Tally]| Some(tallies.iter().map(|t| t.tp).sum::<f64>() / total(tallies));
    let mean = |of: fn(Tally) -> Option<f64>| {
        move |tallies: &[Tally]| {
            let occurring = tallies.iter().filter(|t| t.f1().is_some());
            Some(occurring.clone().map(|&t| of(t).unwrap_or(0.0)).sum::<f64>() / occurring.count() as f64)
        }
    };
    let (f1, precision, recall) = (mean(Tally::f1), mean(Tally::precision), mean(Tally::recall));
    let mut wanted: Vec<(&str, Figure<'_>)> =
        vec![("accuracy", &share_right), ("f1_macro", &f1), ("precision_macro", &precision), ("recall_macro", &recall)];
    if k == 2 {
        wanted.extend([
            ("precision", &(|t: &[Tally]| t[1].precision()) as Figure<'_>),
            ("recall", &|t: &[Tally]| t[1].recall()),
            ("f1", &|t: &[Tally]| t[1].f1()),
        ]);
    }
    let metrics: Vec<ComparedMetric> = wanted
        .into_iter()
        .map(|(name, figure)| ComparedMetric {
            name: name.to_owned(),
            higher_is_better: true,
            compared: compared(k, cells, figure),
            detectable: Some(0.02),
        })
        .collect();
    let mut labels: Vec<ComparedLabel> = (0..k).map(|label| label_row(k, cells, label, &names[label])).collect();
    correct(&mut labels);
    let count = |keep: &dyn Fn(&Cell) -> bool| cells.iter().filter(|cell| keep(cell)).map(|cell| cell.n).sum::<u64>();
    let rows = |keep: &dyn Fn(&Cell) -> bool| {
        let each = cells.iter().flat_map(|cell| (0..cell.n).map(move |_| cell));
        each.enumerate().filter(|(_, cell)| keep(cell)).map(|(row, _)| row).collect::<Vec<usize>>()
    };
    let fixed = |c: &Cell| c.baseline != c.gold && c.candidate == c.gold;
    let broken = |c: &Cell| c.baseline == c.gold && c.candidate != c.gold;
    let contestant = |name: &str| Contestant { name: name.into(), kind: "predictions".into() };
    Versus {
        comparison: Comparison {
            baseline: contestant("old.csv"),
            candidate: contestant("new.csv"),
            rivals: Vec::new(),
            examples: n,
            units: n,
            metric: "accuracy".into(),
            level: 0.95,
            standing: metrics[0].compared.standing,
            metrics,
            labels,
            correction: "holm".into(),
            slices: Vec::new(),
            confusion: None,
            flips: Flips {
                fixed: Vec::new(),
                broken: Vec::new(),
                fixed_count: count(&fixed),
                broken_count: count(&broken),
                both_right: count(&|c| c.baseline == c.gold && c.candidate == c.gold),
                both_wrong: count(&|c| c.baseline != c.gold && c.candidate != c.gold),
                changed: count(&|c| c.baseline != c.gold && c.candidate != c.gold && c.baseline != c.candidate),
            },
            agreement: ModelAgreement {
                same: Some(count(&|c| c.baseline == c.candidate) as f64 / n as f64),
                chance_corrected: None,
                measure: "cohen_kappa".into(),
            },
            span_errors: Vec::new(),
            costs: Vec::new(),
            training: None,
            leaked: None,
            decision: None,
            needed: None,
            gate: None,
            reproducible: true,
        },
        baseline: cells.iter().flat_map(|cell| (0..cell.n).map(move |_| Annotation::Label(cell.baseline))).collect(),
        fixed: rows(&fixed),
        broken: rows(&broken),
        unfair: Vec::new(),
    }
}

/// Examples behind the tallies: each is right or missed of its gold label.
fn total(tallies: &[Tally]) -> f64 {
    tallies.iter().map(|t| t.tp + t.fn_).sum()
}

/// The tallies of both models, with one example fewer in cell `without`.
fn tallies(k: usize, cells: &[Cell], without: Option<usize>) -> [Vec<Tally>; 2] {
    let mut both = [vec![Tally::default(); k], vec![Tally::default(); k]];
    for (i, cell) in cells.iter().enumerate() {
        let n = cell.n as f64 - if without == Some(i) { 1.0 } else { 0.0 };
        for (tallies, answer) in both.iter_mut().zip([cell.baseline, cell.candidate]) {
            if answer == cell.gold {
                tallies[answer as usize].tp += n;
            } else {
                tallies[answer as usize].fp += n;
                tallies[cell.gold as usize].fn_ += n;
            }
        }
    }
    both
}

/// The paired difference by the delete-one jackknife (Efron and Tibshirani 1993, chapter 11).
fn compared(k: usize, cells: &[Cell], figure: Figure<'_>) -> Compared {
    let of = |without: Option<usize>| {
        let [baseline, candidate] = tallies(k, cells, without);
        (figure(&baseline), figure(&candidate))
    };
    let (baseline, candidate) = of(None);
    let less = |(baseline, candidate): (Option<f64>, Option<f64>)| Some(candidate? - baseline?);
    let n: f64 = cells.iter().map(|cell| cell.n as f64).sum();
    let parts: Vec<(f64, f64)> = (0..cells.len())
        .filter(|&i| cells[i].n > 0)
        .filter_map(|i| Some((less(of(Some(i)))?, cells[i].n as f64)))
        .collect();
    let mean = parts.iter().map(|(value, n)| value * n).sum::<f64>() / n;
    let error = ((n - 1.0) / n * parts.iter().map(|(value, n)| n * (value - mean).powi(2)).sum::<f64>()).sqrt();
    let value = less((baseline, candidate));
    let p = value.map(|value| if error > 0.0 { 2.0 * normal_cdf(-value.abs() / error) } else { 1.0 });
    let end = |sign: f64| value.map(|value| value + sign * Z95 * error);
    let (low, high) = (end(-1.0), end(1.0));
    let standing = match (low, high) {
        (Some(low), _) if low > 0.0 => Standing::Better,
        (_, Some(high)) if high < 0.0 => Standing::Worse,
        (Some(low), Some(high)) if low > -0.01 && high < 0.01 => Standing::Same,
        _ => Standing::Unclear,
    };
    Compared {
        baseline,
        candidate,
        difference: Difference { value, low, high, test: PairedTest::Delta },
        p,
        p_adjusted: None,
        standing,
    }
}

fn label_row(k: usize, cells: &[Cell], label: usize, name: &str) -> ComparedLabel {
    let [baseline, candidate] = tallies(k, cells, None);
    let predicted = |tally: &Tally| (tally.tp + tally.fp) as u64;
    ComparedLabel {
        label: name.to_owned(),
        support: (baseline[label].tp + baseline[label].fn_) as u64,
        baseline_predicted: predicted(&baseline[label]),
        candidate_predicted: predicted(&candidate[label]),
        precision: compared(k, cells, &|t| t[label].precision()),
        recall: compared(k, cells, &|t| t[label].recall()),
        f1: compared(k, cells, &|t| t[label].f1()),
    }
}

/// Corrects the p-values of each figure for the number of labels, by Holm; standings follow them.
fn correct(labels: &mut [ComparedLabel]) {
    for figure in [
        (|row| &mut row.precision) as fn(&mut ComparedLabel) -> &mut Compared,
        |row| &mut row.recall,
        |row| &mut row.f1,
    ] {
        let known: Vec<usize> = (0..labels.len()).filter(|&i| figure(&mut labels[i]).p.is_some()).collect();
        let p: Vec<f64> = known.iter().filter_map(|&i| figure(&mut labels[i]).p).collect();
        for (i, p) in known.into_iter().zip(holm(&p)) {
            let of = figure(&mut labels[i]);
            of.p_adjusted = Some(p);
            if p > 0.05 && matches!(of.standing, Standing::Better | Standing::Worse) {
                of.standing = Standing::Unclear;
            }
        }
    }
}
