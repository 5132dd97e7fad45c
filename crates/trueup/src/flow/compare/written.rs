//! What is known of differences, as the document writes it.

use trueup_core::compare::{CompareOptions, Duel, LabelLaws, Law, MetricLaw};
use trueup_core::document::{
    Compared, ComparedCount, ComparedLabel, ComparedMetric, ComparedSlice, Difference, LabelRow,
};
use trueup_core::spans::{SpanErrors, SpanSide};
use trueup_core::{LabelSet, stats};

use crate::evaluate::Part;
use crate::options::CorrectionChoice;

/// What makes no difference in practice: of shares one point of a hundred, of losses and costs a fiftieth.
const WITHIN: f64 = 0.01;
const WITHIN_OF_LOSS: f64 = 0.02;

/// A figure of both models and the law of its difference.
type Both = (Option<f64>, Option<f64>, Law);

/// A part of the test set with what differs there.
pub(super) struct SliceLaw {
    pub part: Part,
    pub given: bool,
    pub figure: MetricLaw,
}

/// What makes no difference in practice, in units of the metric.
pub(super) fn within(metric: &MetricLaw) -> f64 {
    let bounded = trueup_core::measure::catalogue::find(&metric.name).is_some_and(|of| of.high <= 1.0);
    if bounded { WITHIN } else { WITHIN_OF_LOSS * metric.a.map_or(0.0, f64::abs) }
}

fn compared(
    (a, b, law): (Option<f64>, Option<f64>, &Law),
    higher: bool,
    level: f64,
    within: f64,
    p_adjusted: Option<f64>,
) -> Compared {
    let interval = law.interval(level);
    // The figures are those of each model's own measures, to the last bit.
    let value = a.zip(b).map(|(a, b)| b - a);
    Compared {
        baseline: a,
        candidate: b,
        difference: Difference {
            value,
            low: interval.map(|(low, _)| low.min(value.unwrap_or(low))),
            high: interval.map(|(_, high)| high.max(value.unwrap_or(high))),
            test: law.test(),
        },
        p: law.p(),
        p_adjusted,
        standing: law.standing(higher, level, within, p_adjusted),
    }
}

pub(super) fn metric(metric: &MetricLaw, level: f64, power: f64, p_adjusted: Option<f64>) -> ComparedMetric {
    let MetricLaw { name, higher_is_better, a, b, law } = metric;
    ComparedMetric {
        name: name.clone(),
        higher_is_better: *higher_is_better,
        compared: compared((*a, *b, law), *higher_is_better, level, within(metric), p_adjusted),
        detectable: law.detectable(power),
    }
}

/// Every label; the p-values of each figure are corrected over the labels.
pub(super) fn labels(
    laws: &[LabelLaws],
    rows: &[LabelRow],
    level: f64,
    correction: CorrectionChoice,
) -> Vec<ComparedLabel> {
    let adjusted = |of: fn(&LabelLaws) -> &Both| {
        let p: Vec<Option<f64>> = laws.iter().map(|laws| of(laws).2.p()).collect();
        corrected(&p, correction)
    };
    let [precision, recall, f1] = [adjusted(|l| &l.precision), adjusted(|l| &l.recall), adjusted(|l| &l.f1)];
    laws.iter()
        .zip(rows)
        .enumerate()
        .map(|(at, (laws, row))| {
            let of = |(a, b, law): &Both, p: Option<f64>| compared((*a, *b, law), true, level, WITHIN, p);
            ComparedLabel {
                label: row.label.clone(),
                support: laws.a.support(),
                baseline_predicted: laws.a.predicted(),
                candidate_predicted: laws.b.predicted(),
                precision: of(&laws.precision, precision[at]),
                recall: of(&laws.recall, recall[at]),
                f1: of(&laws.f1, f1[at]),
            }
        })
        .collect()
}

pub(super) fn slices(slices: &[SliceLaw], level: f64, correction: CorrectionChoice) -> Vec<ComparedSlice> {
    let p: Vec<Option<f64>> = slices.iter().map(|slice| slice.figure.law.p()).collect();
    let adjusted = corrected(&p, correction);
    slices
        .iter()
        .zip(adjusted)
        .map(|(slice, p)| ComparedSlice {
            name: slice.part.name.clone(),
            by: slice.part.by.clone(),
            given: slice.given,
            n: slice.part.rows.len() as u64,
            metric: slice.figure.name.clone(),
            compared: compared((slice.figure.a, slice.figure.b, &slice.figure.law), true, level, WITHIN, p),
        })
        .collect()
}

/// P-values corrected for their number; those that are none stay so.
pub(super) fn corrected(p: &[Option<f64>], correction: CorrectionChoice) -> Vec<Option<f64>> {
    let known: Vec<f64> = p.iter().copied().flatten().collect();
    let how = match correction {
        CorrectionChoice::Holm => stats::Correction::Holm,
        CorrectionChoice::BenjaminiHochberg => stats::Correction::BenjaminiHochberg,
    };
    let mut adjusted = how.adjust(&known).unwrap_or_default().into_iter();
    p.iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}

/// Wrong spans by kind, with how often each model makes them.
pub(super) fn span_errors(duel: &Duel<'_>, labels: &LabelSet) -> Vec<ComparedCount> {
    let count = |pair: &trueup_core::Pair<'_>| {
        let mut errors = SpanErrors::new(labels.len());
        for (row, (gold, answer)) in pair.gold().iter().zip(pair.predicted()).enumerate() {
            errors.add(row as u32, gold.spans(), answer.spans());
        }
        let kinds = ["missed", "spurious", "wrong-type", "boundary", "type-and-boundary", "split", "merged"];
        kinds.map(|name| {
            // A prediction without gold is counted by itself, every other kind by its gold.
            let side = if name == "spurious" { SpanSide::Predicted } else { SpanSide::Gold };
            (name, errors.count(side, |kind| kind.name() == name))
        })
    };
    let (a, b) = (count(duel.baseline()), count(duel.candidate()));
    a.into_iter()
        .zip(b)
        .map(|((name, baseline), (_, candidate))| ComparedCount { name: name.to_owned(), baseline, candidate })
        .collect()
}

/// How either model is measured and compared.
pub(super) fn how(
    seed: u64,
    positive: Option<trueup_core::LabelId>,
    costs: Option<trueup_core::measure::Costs>,
) -> CompareOptions {
    CompareOptions { seed, positive, costs, ..CompareOptions::default() }
}
